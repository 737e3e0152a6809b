"""The whole chemistry: from its table, held to a referee, at rest, conserved, positive."""

from functools import cache

import chemistry_printed_model as printed
import numpy as np
import pytest
import sympy
from chemistry_printed_rows import PRINTED_ROWS
from chemistry_referee import first_printing
from chemistry_runs import DAY, draw, run
from cohort_tolerances import (
    PRINTED_RTOL,
    REFEREE_RTOL,
    REST_RATE,
    ROUND_OFF_RTOL,
    SETTLED_RTOL,
)

from cohort.chemistry import (
    WHOLE,
    Setting,
    biomarkers,
    chemistry,
    chemistry_model,
    find_system,
    system_names,
    with_needs,
)
from cohort.errors import UnknownNameError
from cohort.model import evaluate
from cohort.physiology.crosstalk import COUPLINGS, without

EVERYTHING = system_names()


# -- the table of systems ------------------------------------------------------------------------


def test_the_whole_has_forty_to_eighty_states_of_systems_that_are_all_there():
    assert 40 <= len(chemistry_model().system.states) <= 80
    assert set(WHOLE) < set(EVERYTHING)
    for name in EVERYTHING:
        assert set(find_system(name).needs) <= set(EVERYTHING)


@pytest.mark.parametrize("name", EVERYTHING)
def test_every_system_stands_alone_with_what_it_needs(name):
    """cofactors and spinal fluid have no states, so serotonin comes with them."""
    model = chemistry_model((name, "serotonin"))
    observed = set(model.system.observables)
    assert {*find_system(name).reports} <= observed
    assert {marker.quantity for marker in biomarkers([name])} <= {*observed, *model.parameters}


def test_a_trial_of_depression_does_not_pay_for_acetylcholine():
    states = chemistry_model(("serotonin",)).system.states
    assert "serotonin_extracellular" in states
    assert not [name for name in states if "choline" in name or "dopamine" in name]


def test_asking_for_one_brings_what_it_needs_once():
    assert with_needs(["cortical_dopamine", "dopamine"]) == with_needs(["cortical_dopamine"])
    assert {"dopamine", "noradrenaline", "brain_tyrosine", "precursors"} <= set(
        with_needs(["cortical_dopamine"])
    )


def test_an_unknown_system_is_named_with_the_nearest():
    with pytest.raises(UnknownNameError, match=r"unknown system 'seratonin'.*'serotonin'"):
        chemistry(["seratonin"])


# -- the first printing --------------------------------------------------------------------------


OTHER_STEPS = (  # controls that no printed row has, and steps that end a treatment
    [({"kirrA": 0.02, "kirrB": 0.01}, 336), ({}, 168)],
    [({"uSERT": 0.8}, 336), ({}, 26)],
    [({"uAADC": 0.5, "uVMAT": 0.3, "uCOMT": 0.5, "uMAOB": 0.7}, 12)],
    [({"fire5": 1.5, "ftrploss": 0.1, "ftyr": 2.0, "cho": 0.5, "uGAT1": 0.5}, 24)],
    [({"uMAOA": 0.9, "uSERT": 0.9}, 48)],
    [({"fireD": 0.5, "fireN": 1.5, "fireA": 1.2, "fireG": 0.8, "fireB": 1.3}, 24)],
)


@cache
def printed_model(*, is_circadian):
    return printed.printed_model("circadian" if is_circadian else "none")


@pytest.mark.parametrize(
    ("steps", "values"),
    [*PRINTED_ROWS, *((steps, {}) for steps in OTHER_STEPS)],
    ids=lambda item: str(item)[:40],
)
def test_with_the_printed_numbers_every_state_is_the_referees(steps, values):
    is_circadian = any(controls.get("circ") for controls, _ in steps)
    ours = run(
        printed_model(is_circadian=is_circadian),
        [
            ({printed.CONTROLS[key]: value for key, value in controls.items() if key != "circ"}, h)
            for controls, h in steps
        ],
    )[-1]
    for short, value in values.items():
        assert ours[printed.STATES[short]][0] == pytest.approx(value, rel=PRINTED_RTOL), short
    for short, value in first_printing().follow(steps).items():
        assert ours[printed.STATES[short]][0] == pytest.approx(value, rel=REFEREE_RTOL), short


# -- rest ----------------------------------------------------------------------------------------


def test_every_patient_rests_at_their_own_set_point():
    model = chemistry_model(EVERYTHING)
    n_lane = 10_000
    values = draw(model, n_lane, seed=4)
    feasible = ~model.infeasible(values, n_lane)
    assert feasible.mean() > 0.99
    columns = model.columns(values, n_lane)
    columns |= dict(zip(model.system.states, model.lanes(values, n_lane).states, strict=True))
    for name, rate in evaluate(model.system.rhs, columns, n_lane).items():
        level = np.where(columns[name] == 0, 1, columns[name])  # no levodopa, nothing eaten
        assert np.abs(rate / level)[feasible].max() < REST_RATE, name


def test_no_state_drifts_over_a_year_without_treatment():
    model = chemistry_model(EVERYTHING)
    values = draw(model, 50, seed=5)
    start = dict(zip(model.system.states, model.lanes(values, 50).states, strict=True))
    (end,) = run(model, [(values, 52 * 7 * DAY)], 50)
    for name, level in start.items():
        assert end[name] == pytest.approx(level, rel=SETTLED_RTOL), name


def test_rest_is_stable_every_small_disturbance_fades():
    """All eigenvalues of the Jacobian at rest have negative real parts."""
    model = chemistry_model(EVERYTHING)
    values = {name: column[0] for name, column in model.columns({}, 1).items()}
    states = dict(zip(model.system.states, model.lanes({}, 1).states[:, 0], strict=True))
    scale = {name: model.species[name].scale for name in states}
    n = len(states)
    columns = {name: np.full(2 * n, value) for name, value in values.items()}
    for row, name in enumerate(states):
        column = np.full(2 * n, states[name])
        step = 1e-6 * scale[name]
        column[2 * row] += step
        column[2 * row + 1] -= step * (states[name] > 0)  # one-sided where rest is 0
        columns[name] = column
    slopes = evaluate(model.system.rhs, columns, 2 * n)
    jacobian = np.empty((n, n))
    for j, name in enumerate(states):
        width = (1 + (states[name] > 0)) * 1e-6 * scale[name]
        for i, target in enumerate(states):
            difference = slopes[target][2 * j] - slopes[target][2 * j + 1]
            jacobian[i, j] = difference / width * scale[name] / scale[target]
    assert np.linalg.eigvals(jacobian).real.max() < 0


# -- what must hold ------------------------------------------------------------------------------


def total(parts, names):
    """Sum of the reactions over some species, where what stays inside cancels."""
    change = {}
    for part in parts:
        for reaction in part.reactions:
            net = sum(reaction.stoichiometry.get(name, 0) for name in names)
            if net:
                change[reaction.name] = net
        assert not set(part.rates) & set(names)
    return change


def test_amino_groups_of_glutamate_and_gaba_stay_but_for_exchange_with_blood():
    parts = [part for part in chemistry() if part.name == "gaba_glutamate"]
    names = {item.name for item in parts[0].species} - {"gaba_transaminase", "sensitivity_gaba"}
    assert total(parts, names) == {"glutamine_supply_flux": 1, "gaba_neuron_exchange_flux": 1}


def test_choline_stays_but_for_exchange_with_blood():
    """With all terminals alive, what leaves a cell arrives outside, and the other way round."""
    (part,) = (part for part in chemistry() if part.name == "acetylcholine")
    inside = [item.name for item in part.species if item.name != "choline_plasma"]
    rates = dict.fromkeys(inside, sympy.S.Zero)
    for reaction in part.reactions:
        for name, count in reaction.stoichiometry.items():
            rates[name] += count * reaction.rate
    left = sympy.Add(*rates.values()).subs(sympy.Symbol("acetylcholine_terminals", real=True), 1)
    exchange = next(r.rate for r in part.reactions if r.name == "choline_exchange_flux")
    assert sympy.expand(left - exchange) == 0


@pytest.mark.parametrize(
    ("system", "pools", "open_ends"),
    [
        (
            "serotonin",
            ("htp", "serotonin_cytosol", "serotonin_vesicle", "serotonin_extracellular"),
            {
                "hydroxylation": 1,
                "htp_entry": 1,
                "oxidation": -1,
                "escape_oxidized": -1,
                "escape_other": -1,
            },
        ),
        (
            "histamine",
            ("histamine_cytosol", "histamine_vesicle", "histamine_extracellular"),
            {"synthesis": 1, "methylation_outside": -1, "methylation_inside": -1},
        ),
    ],
)
def test_a_transmitter_leaves_its_terminal_by_named_ways_only(system, pools, open_ends):
    parts = [part for part in chemistry() if part.name == system]
    assert total(parts, pools) == open_ends


def test_no_concentration_can_turn_negative():
    """At zero every rate points up or stands still, whatever the other states are."""
    model = chemistry_model(EVERYTHING)
    n_lane = 200
    rng = np.random.default_rng(6)
    columns = model.columns(draw(model, n_lane, seed=7), n_lane)
    rest = dict(zip(model.system.states, model.lanes({}, n_lane).states, strict=True))
    for name in model.system.states:
        spread = np.exp(1.5 * rng.standard_normal(n_lane))
        columns[name] = np.where(rest[name] > 0, rest[name], model.species[name].scale) * spread
    for name in model.system.states:
        at_zero = {**columns, name: np.zeros(n_lane)}
        slope = evaluate({name: model.system.rhs[name]}, at_zero, n_lane)[name]
        assert (slope >= -ROUND_OFF_RTOL * model.species[name].scale).all(), name


# -- crosstalk -----------------------------------------------------------------------------------


@pytest.mark.parametrize("coupling", COUPLINGS, ids=lambda item: item.name)
def test_every_coupling_is_one_at_rest_and_can_be_switched_off(coupling):
    factor = coupling.factor.subs(sympy.Symbol(coupling.source, real=True), 1)
    assert factor == 1
    setting = Setting(couplings=without(COUPLINGS, [coupling.name]))
    names = {name for part in chemistry(EVERYTHING, setting) for name in part.units}
    assert f"coupling_{coupling.name}" not in names
    whole = {name for part in chemistry(EVERYTHING) for name in part.units}
    assert f"coupling_{coupling.name}" in whole


def test_without_a_coupling_or_with_strength_zero_is_the_same():
    model = chemistry_model(("serotonin", "noradrenaline"))
    name = "serotonin_on_noradrenaline"
    cut = chemistry_model(
        ("serotonin", "noradrenaline"), Setting(couplings=without(COUPLINGS, [name]))
    )
    blocked = {"sert_occupancy": 0.8}
    (zero,) = run(model, [(blocked | {f"coupling_{name}": 0.0}, 3 * DAY)])
    (gone,) = run(cut, [(blocked, 3 * DAY)])
    (coupled,) = run(model, [(blocked, 3 * DAY)])
    level = "noradrenaline_extracellular"
    assert zero[level] == pytest.approx(gone[level], rel=SETTLED_RTOL)
    assert coupled[level][0] < 0.95 * gone[level][0]
