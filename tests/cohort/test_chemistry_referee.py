"""The whole chemistry against equations that were written out by hand: names, rates, courses."""

import math
from functools import cache
from pathlib import Path

import chemistry_printed_model as printed
import numpy as np
import pytest
from chemistry_referee import read
from chemistry_runs import DAY, run
from cohort_tolerances import REFEREE_ATOL, REFEREE_RTOL, RIGHT_HAND_SIDE_RTOL

from cohort.chemistry import Setting, chemistry, chemistry_model, system_names
from cohort.model import evaluate
from kernels import TIME

TEXT = Path(__file__).parent / "referees" / "chemistry.txt"
EVERYTHING = system_names()
FULL = Setting(meals=True, rhythm="circadian")
PLAIN = Setting()
SWITCHES = {FULL: {"circ": 1.0, "meals": 1.0}, PLAIN: {"circ": 0.0, "meals": 0.0}}
N_POINT = 300
SPREAD = 0.7  # of ln(level) and of ln(control) about rest

STATES = printed.STATES | {
    "PheP": "phe_plasma",
    "BCAA": "bcaa",
    "Ins": "insulin",
    "Pgut": "protein_gut",
    "Cgut": "carbohydrate_gut",
    "Tgut": "trp_gut",
    "Ygut": "tyr_gut",
    "Fgut": "phe_gut",
    "Lgut": "bcaa_gut",
    "Hgut": "htp_gut",
    "HTPp": "htp_plasma",
    "DOPAC": "dopac_brain",
    "MT3": "methoxytyramine_brain",
    "DOPAm": "dopa_dopamine_mesolimbic",
    "Dcm": "dopamine_cytosol_mesolimbic",
    "Dvm": "dopamine_vesicle_mesolimbic",
    "Dem": "dopamine_extracellular_mesolimbic",
    "sD2m": "sensitivity_d2_mesolimbic",
    "DATm": "dat_density_mesolimbic",
    "rDm": "sensitivity_dopamine_mesolimbic",
    "Dctx": "dopamine_cortical",
    "LDb": "levodopa_brain",
    "LD5": "levodopa_5ht",
    "D5c": "dopamine_5ht_cytosol",
    "D5v": "dopamine_5ht_vesicle",
    "HAc": "histamine_cytosol",
    "HAv": "histamine_vesicle",
    "HAe": "histamine_extracellular",
    "sH3": "sensitivity_h3",
    "G5": "serotonin_gut",
    "P5": "serotonin_platelet",
    "Nsym": "noradrenaline_sympathetic",
    "Dper": "dopamine_peripheral",
    "HVAp": "hva_plasma",
    "MHPGp": "mhpg_plasma",
}
CONTROLS = {key: name for key, name in printed.CONTROLS.items() if key != "ldopaB"} | {
    "uGrel": "glutamate_release_inhibition",
    "aM2": "antagonist_m2",
    "aH3": "antagonist_h3",
    "aD": "antagonist_dopamine",
    "aNMDA": "antagonist_nmda",
    "lossD": "receptor_loss_dopamine",
    "lossNMDA": "nmda_current_loss",
    "g1A": "agonist_1a",
    "g1B": "agonist_1b",
    "gA2": "agonist_alpha2",
    "gD2": "agonist_d2",
    "revD": "dopamine_reverse_transport",
    "revN": "noradrenaline_reverse_transport",
    "gM2": "agonist_m2",
    "gD": "agonist_dopamine",
    "gabaA": "gaba_a_modulation",
    "gabaL": "gaba_a_potentiation",
    "fphe": "phenylalanine_supply",
    "fgln": "glutamine_supply",
    "LDp": "levodopa_plasma",
    "pAADC": "aadc_activity",
    "sleep": "sleep_debt",
    "symp": "sympathetic_drive",
    "fireH": "afferent_firing_histamine",
    "drvH": "histamine_drive",
    "R5m": "dopamine_foreign_release_mesolimbic",
    "fD": "dopamine_terminals",
    "fDm": "dopamine_terminals_mesolimbic",
    "fN": "noradrenaline_terminals",
    "fA": "acetylcholine_terminals",
    "cTPH": "tph_capacity",
    "cTH": "th_capacity",
    "cSERT": "sert_capacity",
    "cDAT": "dat_capacity",
    "cNET": "net_capacity",
    "cChAT": "chat_capacity",
    "cGAD": "gad_capacity",
    "cMAOA": "mao_a_capacity",
    "cMAOB": "mao_b_capacity",
}
STATUS = {  # parameters of the package that the text also lets vary
    "PLP": "plp_status",
    "SAM": "same_status",
    "Fe": "iron_status",
    "csf": "csf_factor",
}
NOT_IN_TEXT = {
    "antagonist_m1": "moves the reported muscarinic tone alone, which no rate reads",
    "agonist_m1": "moves the same tone alone",
    "antagonist_h1": "moves the reported histamine tone alone, which no rate reads",
}


@cache
def referee():
    return read(TEXT)


# -- names ---------------------------------------------------------------------------------------


def open_ports():
    """Names of the ports that no system of the whole provides."""
    parts = chemistry(EVERYTHING, FULL)
    read_names = {port.name for part in parts for port in part.ports}
    given = {name for part in parts for name in part.provides}
    return read_names - given


def test_every_state_has_one_name_in_the_text_and_one_in_the_package():
    assert set(STATES) == set(referee().states)
    assert sorted(STATES.values()) == sorted(chemistry_model(EVERYTHING, FULL).system.states)


def test_every_open_port_is_a_control_of_the_text_or_changes_no_rate():
    assert set(CONTROLS) | set(STATUS) | set(SWITCHES[FULL]) == set(referee().controls)
    assert sorted([*CONTROLS.values(), *NOT_IN_TEXT]) == sorted(open_ports())
    rates = chemistry_model(EVERYTHING, FULL).system.rhs.values()
    read_names = {item.name for rate in rates for item in rate.free_symbols}
    assert not read_names & set(NOT_IN_TEXT)
    assert read_names >= {*CONTROLS.values(), *STATUS.values()}


@pytest.mark.parametrize("setting", SWITCHES, ids=["full", "plain"])
def test_rest_and_neutral_controls_are_the_same_numbers(setting):
    model = chemistry_model(EVERYTHING, setting)
    rest = dict(zip(model.system.states, model.lanes({}, 1).states[:, 0], strict=True))
    for short, name in STATES.items():
        if setting.meals or name not in ("protein_gut", "carbohydrate_gut"):
            assert rest[name] == pytest.approx(referee().baseline[short], rel=REFEREE_RTOL), short
    for short, name in (CONTROLS | STATUS).items():
        assert model.parameters[name].value == referee().controls[short], short


# -- rates ---------------------------------------------------------------------------------------


def term_sizes(rates, columns):
    """Sums of the absolute terms of rates, where a difference stands inside a product too."""
    leaves = list({leaf for rate in rates.values() for leaf in leaves_of(rate)})
    values = evaluate({str(i): leaf for i, leaf in enumerate(leaves)}, columns, N_POINT)
    sizes = {leaf: np.abs(values[str(i)]) for i, leaf in enumerate(leaves)}

    def size(node):
        if node.is_Add:
            return sum(size(item) for item in node.args)
        if node.is_Mul:
            return math.prod(size(item) for item in node.args)
        return sizes[node]

    return {name: size(rate) for name, rate in rates.items()}


def leaves_of(rate):
    if rate.is_Add or rate.is_Mul:
        return {leaf for item in rate.args for leaf in leaves_of(item)}
    return {rate}


def points(model, rng):
    """Columns of a model at random levels, controls and clock times."""

    def around(level):
        return level * np.exp(SPREAD * rng.standard_normal(N_POINT))

    columns = model.columns({}, N_POINT)
    rest = dict(zip(model.system.states, model.lanes({}, 1).states[:, 0], strict=True))
    for name, level in rest.items():
        columns[name] = around(level or model.species[name].scale)
    for name in (CONTROLS | STATUS).values():
        parameter = model.parameters[name]
        is_share = parameter.bounds.high == 1
        columns[name] = 1 - rng.random(N_POINT) if is_share else around(parameter.value or 1.0)
    return columns | {TIME.name: rng.uniform(0, 7 * DAY, N_POINT)}


@pytest.mark.parametrize("setting", SWITCHES, ids=["full", "plain"])
def test_every_rate_is_the_referees_at_random_levels_and_controls(setting):
    model = chemistry_model(EVERYTHING, setting)
    columns = points(model, np.random.default_rng(11))
    ours = evaluate(model.system.rhs, columns, N_POINT)
    size = term_sizes(model.system.rhs, columns)
    theirs = np.empty((N_POINT, len(STATES)))
    for i in range(N_POINT):
        levels = [columns[STATES[short]][i] for short in referee().states]
        controls = {short: columns[name][i] for short, name in (CONTROLS | STATUS).items()}
        theirs[i] = referee().rhs(columns[TIME.name][i], levels, controls | SWITCHES[setting])
    for short, column in zip(referee().states, theirs.T, strict=True):
        name = STATES[short]
        assert np.max(np.abs(ours[name] - column) / size[name]) < RIGHT_HAND_SIDE_RTOL, short


# -- courses -------------------------------------------------------------------------------------

COURSES = {
    "uptake inhibitor for weeks": (PLAIN, [({"uSERT": 0.8}, 28 * DAY), ({}, 7 * DAY)]),
    "uptake inhibitor by the clock": (FULL, [({"uSERT": 0.8}, 2 * DAY)]),
    "levodopa in Parkinson's disease": (FULL, [({"fD": 0.2}, 12), ({"fD": 0.2, "LDp": 8.0}, 6)]),
    "interferon and infection": (FULL, [({"ifn": 3.0, "infl": 2.0}, 2 * DAY)]),
    "blocked tyrosine hydroxylase": (FULL, [({"uTH": 0.8}, 26)]),
    "agonists for weeks": (
        PLAIN,
        [({"g1A": 0.5, "gD2": 1.0, "gD": 1.0, "gA2": 0.3, "fD": 0.3}, 14 * DAY), ({}, 2 * DAY)],
    ),
    "partial agonists": (
        PLAIN,
        [({"a1A": 0.6, "g1A": 0.3, "aD2": 0.8, "gD2": 0.2, "aD": 0.8, "gD": 0.2}, 3 * DAY)],
    ),
    "vigabatrin, then none": (FULL, [({"kvgb": 0.05}, 2 * DAY), ({}, 2 * DAY)]),
}


@pytest.mark.parametrize(("setting", "steps"), COURSES.values(), ids=COURSES)
def test_every_state_ends_where_the_referee_ends(setting, steps):
    """Nothing is eaten in these courses: what is in the gut at the start fades on both sides."""
    model = chemistry_model(EVERYTHING, setting)
    ours = run(
        model,
        [({CONTROLS[key]: value for key, value in controls.items()}, h) for controls, h in steps],
    )[-1]
    theirs = referee().follow([(controls | SWITCHES[setting], hours) for controls, hours in steps])
    for short, level in theirs.items():
        name = STATES[short]
        floor = REFEREE_ATOL * model.species[name].scale
        assert ours[name][0] == pytest.approx(level, rel=REFEREE_RTOL, abs=floor), short
