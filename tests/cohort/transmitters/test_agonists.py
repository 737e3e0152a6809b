"""Agonists at receptors: against competition for one site, at the extremes, and as published."""

from dataclasses import dataclass

import numpy as np
import pytest
import sympy
from chemistry_runs import DAY, ratios
from cohort_tolerances import COMPETITION_RTOL

from cohort.chemistry import WHOLE, chemistry_model
from cohort.model import assemble, evaluate
from cohort.transmitters import acetylcholine, dopamine, noradrenaline, serotonin
from kernels import symbol

N_TONE = 9
TONES = np.geomspace(0.05, 20, N_TONE)


@dataclass(frozen=True)
class Receptor:
    """A quantity that reads one receptor, in a transmitter alone."""

    part: object
    quantity: str
    level: str
    half_saturation: float
    isolated: tuple = ()

    @property
    def model(self):
        return assemble("alone", [self.part()], {self.quantity: symbol(self.quantity)})

    def read(self, port, tones, antagonist=0.0, agonist=0.0, **states):
        model, n = self.model, len(tones)
        drugs = {f"antagonist_{port}": antagonist, f"agonist_{port}": agonist}
        columns = model.columns(dict(self.isolated) | drugs, n)
        columns |= dict(zip(model.system.states, model.lanes({}, n).states, strict=True)) | states
        columns[self.level] = columns[f"{self.level}_baseline"] * tones
        return evaluate(model.system.observables, columns, n)[self.quantity]


# half saturations: where c x^n = 1 in the inhibitions of the mathematics
RECEPTORS = {
    "1a": Receptor(serotonin, "serotonin_firing", "serotonin_extracellular", 1.0),
    "1b": Receptor(
        serotonin,
        "serotonin_release",
        "serotonin_extracellular",
        0.6 ** (-1 / 1.5),
        (("antagonist_1a", 1.0),),
    ),
    "d2": Receptor(dopamine, "dopamine_firing", "dopamine_extracellular", 2.0),
    "dopamine": Receptor(dopamine, "dopamine_tone", "dopamine_extracellular", 2.0),
    "alpha2": Receptor(
        noradrenaline, "noradrenaline_firing", "noradrenaline_extracellular", 0.06 ** (-1 / 2.5)
    ),
    "m2": Receptor(acetylcholine, "acetylcholine_firing", "acetylcholine_extracellular", 2.0),
    "m1": Receptor(acetylcholine, "acetylcholine_tone", "acetylcholine_extracellular", 2.0),
}
RISING = ("dopamine", "m1")


def ports_of(drugs):
    """What the drug side supplies, from EC50 multiples and efficacies."""
    held = sum((1 - efficacy) * dose for dose, efficacy in drugs)
    acting = sum(efficacy * dose for dose, efficacy in drugs)
    return {"antagonist": 1 - 1 / (1 + held), "agonist": acting / (1 + held)}


def same_alone(tones, half, drugs):
    """Tone that activates as many receptors alone: occupancies of one site, counted one by one."""
    bound = [tones / half, *(np.full(N_TONE, dose) for dose, _ in drugs)]
    free = 1 / (1 + sum(bound))
    active = free * (bound[0] + sum(dose * efficacy for dose, efficacy in drugs))
    return half * active / (1 - active)


# -- against the closed form ---------------------------------------------------------------------


@pytest.mark.parametrize("port", RECEPTORS)
@pytest.mark.parametrize(
    "drugs",
    [((3.0, 1.0),), ((3.0, 0.4),), ((2.0, 0.0),), ((2.0, 0.0), (5.0, 0.3), (0.7, 1.0))],
    ids=["full", "partial", "antagonist", "three drugs"],
)
def test_drugs_act_as_the_tone_that_activates_as_many_receptors(port, drugs):
    receptor = RECEPTORS[port]
    with_drugs = receptor.read(port, TONES, **ports_of(drugs))
    alone = receptor.read(port, same_alone(TONES, receptor.half_saturation, drugs))
    assert with_drugs == pytest.approx(alone, rel=COMPETITION_RTOL)


@pytest.mark.parametrize("port", RECEPTORS)
def test_a_partial_agonist_is_one_below_its_crossing_and_an_antagonist_above(port):
    receptor, efficacy = RECEPTORS[port], 0.3
    crossing = receptor.half_saturation * efficacy / (1 - efficacy)
    tones = crossing * np.array([0.3, 1.0, 3.0])
    alone = receptor.read(port, tones)
    with_drug = receptor.read(port, tones, **ports_of([(4.0, efficacy)]))
    sign = 1 if port in RISING else -1
    change = sign * (with_drug - alone)
    assert change[0] > 1e-3
    assert with_drug[1] == pytest.approx(alone[1], rel=COMPETITION_RTOL)
    assert change[2] < -1e-3


@pytest.mark.parametrize("port", RECEPTORS)
def test_the_last_of_a_full_agonist_is_the_whole_effect_of_the_receptor(port):
    receptor = RECEPTORS[port]
    most = {"dopamine": 3.0, "m1": 3.0, "m2": 1 / (1 + 0.15 * 2)}.get(port, 0.0)
    reached = receptor.read(port, TONES, agonist=1e9)
    assert reached == pytest.approx(np.full(N_TONE, most), abs=1e-5)


@pytest.mark.parametrize("port", ["1a", "1b", "d2", "alpha2"])
def test_an_autoreceptor_answers_an_agonist_by_its_sensitivity(port):
    receptor, rest = RECEPTORS[port], np.ones(3)
    left = {f"sensitivity_{port}": np.array([0.0, 0.5, 1.0])}
    untreated = receptor.read(port, rest, **left)
    treated = receptor.read(port, rest, agonist=1.0, **left)
    assert treated[0] == untreated[0]
    assert untreated[0] == pytest.approx(untreated[2])
    assert treated[0] > treated[1] > treated[2]


# -- in the whole --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def model():
    return chemistry_model((*WHOLE, "mesolimbic_dopamine"))


def test_an_agonist_at_autoreceptors_lowers_release_and_restrains_less_after_weeks(model):
    """Serotonin under 8-OH-DPAT, dopamine under quinpirole, noradrenaline under clonidine fall."""
    released = {
        "agonist_1a": "serotonin_extracellular",
        "agonist_1b": "serotonin_extracellular",
        "agonist_d2": "dopamine_extracellular",
        "agonist_alpha2": "noradrenaline_extracellular",
    }
    doses = {port: np.eye(4)[i] for i, port in enumerate(released)}
    early, settled, late = ratios(model, [(doses, 2), (doses, 22), (doses, 27 * DAY)], 4)
    for i, name in enumerate(released.values()):
        assert early[name][i] < 0.8, name
        assert settled[name][i] < late[name][i] < 1, name  # stores settle within a day
    assert early["dopamine_extracellular_mesolimbic"][2] < 0.8


def test_serotonin_falls_more_with_every_dose_of_a_5ht1a_agonist(model):
    (end,) = ratios(model, [({"agonist_1a": [0.1, 0.3, 1.0, 3.0, 1e4]}, 2)], 5)
    assert (np.diff(end["serotonin_extracellular"]) < 0).all()
    assert end["serotonin_extracellular"][-1] < 0.01


def test_a_full_agonist_helps_where_terminals_are_lost_and_needs_none(model):
    """Agonists such as pramipexole move people whose terminals are gone; release has no part."""
    lost = {"dopamine_terminals": [0.3, 0.3, 0.01, 0.01]}
    given = lost | {"agonist_dopamine": [0, 0.4, 0, 0.4], "agonist_d2": [0, 0.4, 0, 0.4]}
    _, end = ratios(model, [(lost, 28 * DAY), (given, DAY)], 4)
    gain = np.diff(end["motor_drive"])[[0, 2]]
    assert gain[1] == pytest.approx(2 * 0.4, rel=0.01)
    assert 0.5 < gain[0] < gain[1]  # the autoreceptor takes off some of what is still released


def test_a_partial_d2_agonist_spares_what_an_antagonist_takes(model):
    """Nine tenths of D2 held: by an antagonist, and by a drug of efficacy 0.25 as aripiprazole."""
    held = [ports_of([(9.0, efficacy)]) for efficacy in (0.0, 0.25)]
    doses = {
        f"{kind}_{place}": [one[kind] for one in held]
        for kind in ("antagonist", "agonist")
        for place in ("d2", "dopamine")
    }
    (end,) = ratios(model, [(doses, 4)], 2)
    assert end["dopamine_tone"][0] < 0.4 < end["dopamine_tone"][1] < 1
    assert end["hva_brain"][1] < end["hva_brain"][0]


@pytest.mark.parametrize("system", ["dopamine", "noradrenaline"])
def test_a_carrier_turned_round_takes_inside_what_it_gives_outside(system):
    model = chemistry_model((system,))
    port = symbol(f"{system}_reverse_transport")
    inside, outside = (symbol(f"{system}_{place}") for place in ("cytosol", "extracellular"))
    gained = sympy.diff(model.system.rhs[outside.name], port)
    lost = sympy.diff(model.system.rhs[inside.name], port)
    assert sympy.simplify(lost + inside) == 0
    assert sympy.simplify(gained - symbol(f"{system}_terminals") * inside) == 0
