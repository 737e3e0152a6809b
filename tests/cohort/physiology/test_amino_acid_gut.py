"""Single amino acids against closed forms and published figures; no food, no change."""

import numpy as np
import pytest
from cohort_tolerances import MIXED_MEAL_RTOL, REFEREE_RTOL, SOLVER_ATOL, SOLVER_RTOL

from cohort.model import assemble
from cohort.nutrition import load_food
from cohort.physiology import amino_acid_gut, precursors
from kernels import Schedule, Solver, Stream, integrate, symbol

HOUR = 3600
SOLVER = Solver(rtol=SOLVER_RTOL, atol=SOLVER_ATOL)
SEEN = ("trp_plasma", "tyr_plasma", "phe_plasma", "bcaa", "trp_brain", "amino_acids_in_gut")
PER_GRAM = {"trp": 1e6 / 204.2, "tyr": 1e6 / 181.2}  # umol
VOLUME = 31.0


def patient(*, meals=False, single=True):
    parts = [precursors(meals=meals), *([amino_acid_gut()] if single else [])]
    seen = SEEN if single else SEEN[:-1]
    return assemble("patient", parts, {name: symbol(name) for name in seen})


def follow(model, boluses, hours, every=HOUR // 10):
    """Observables at equal steps after boluses (hour, {state: amount})."""
    events = {}
    for hour, amounts in boluses:
        for state, amount in amounts.items():
            events.setdefault(state, []).append((int(hour * HOUR), amount))
    streams = tuple(
        Stream(
            name=state,
            target=state,
            times=np.array([time for time, _ in given]),
            amounts=np.array([amount for _, amount in given]),
        )
        for state, given in events.items()
    )
    times = np.arange(0, hours * HOUR + 1, every)
    schedule = Schedule(t0=0, t1=hours * HOUR, streams=streams)
    solution = integrate(model.system, model.lanes({}, 1), schedule, times, SOLVER)
    assert not solution.codes.any()
    return {name: solution[name][:, 0] for name in model.system.observables}, times / HOUR


def test_without_single_amino_acids_plasma_is_that_of_the_model_without_them():
    meal = [(8, {"protein_gut": 30.0, "carbohydrate_gut": 80.0})]
    with_system, _ = follow(patient(meals=True), meal, 24)
    without, _ = follow(patient(meals=True, single=False), meal, 24)
    for name, course in without.items():
        assert with_system[name] == pytest.approx(course, rel=REFEREE_RTOL), name


@pytest.mark.parametrize(("kind", "available"), [("trp", 0.9), ("tyr", 0.28)])
def test_a_small_dose_follows_the_formula_of_one_compartment(kind, available):
    """Bateman: absorption 1/h, loss 0.4/h; the load is far below what slows the gut."""
    grams = 1e-4
    seen, hours = follow(patient(), [(0, {f"{kind}_gut": grams})], 12)
    reach = available * grams * PER_GRAM[kind] / VOLUME
    exact = reach / 0.6 * (np.exp(-0.4 * hours) - np.exp(-hours))
    exact[0] = 0.0
    assert seen[f"{kind}_plasma"] - 60 == pytest.approx(exact, rel=1e-3, abs=1e-3 * reach)


def test_everything_that_is_swallowed_is_absorbed_however_slowly():
    """The area above rest is dose over clearance: 0.9 of 5 g, 31 L, 0.4/h."""
    seen, hours = follow(patient(), [(0, {"trp_gut": 5.0})], 72)
    area = np.trapezoid(seen["trp_plasma"] - 60, hours)
    assert area == pytest.approx(0.9 * 5 * PER_GRAM["trp"] / VOLUME / 0.4, rel=1e-3)
    assert seen["amino_acids_in_gut"][-1] < 1e-6


def test_a_large_load_leaves_the_gut_slowly():
    """Half of a load that is as large as the half load is left when G + 9 ln G falls so far."""
    seen, hours = follow(patient(), [(0, {"bcaa_gut": 9.0})], 12)
    left = seen["amino_acids_in_gut"][1:]  # at 0 h the save is before the bolus
    exact = np.log(9.0 / left) + (9.0 - left) / 9.0  # time [h] at which so much is left
    assert exact == pytest.approx(hours[1:], rel=1e-4)


def test_rivals_alone_start_synthesis_that_empties_plasma():
    seen, _ = follow(patient(), [(0, {"bcaa_gut": 20.0})], 6)
    for name in ("trp_plasma", "tyr_plasma", "phe_plasma"):
        assert seen[name].min() < 0.6 * seen[name][0], name
    assert (seen["phe_plasma"] > 0).all()
    assert seen["bcaa"].max() > 1.5
    assert seen["trp_brain"].min() / 20 < seen["trp_plasma"].min() / 60


@pytest.fixture(scope="module")
def drink():
    food = load_food("amino_acids_without_trp")
    model = patient(meals=True)
    return follow(model, [(13, food.boluses(102.5))], 24)


def test_the_depletion_drink_lowers_plasma_by_83_to_89_percent_5_to_7_h_later(drink):
    """Williams 1999: -86.3 %, lowest at 6 h."""
    seen, hours = drink
    after = hours >= 13
    level = seen["trp_plasma"][after]
    assert -89 < 100 * (level.min() / level[0] - 1) < -83
    assert 5 < hours[after][level.argmin()] - 13 < 7.5


def test_the_depletion_drink_lowers_brain_tryptophan_by_89_to_95_percent(drink):
    """Williams 1999: -92.3 % of tryptophan in spinal fluid."""
    seen, hours = drink
    level = seen["trp_brain"][hours >= 13]
    assert -95 < 100 * (level.min() / level[0] - 1) < -89


def test_mixed_protein_eaten_amino_acid_by_amino_acid_does_what_an_ordinary_meal_does():
    """25 g: the two ways into plasma are separate fits."""
    mixed = load_food("mixed")
    parts = mixed.model_copy(update={"name": "as_parts"}).boluses(25.0)
    model = patient(meals=True)
    start = (13, {"protein_gut": 25.0})
    ordinary, hours = follow(model, [start], 20)
    single, _ = follow(model, [(13, parts)], 20)
    after = hours >= 13
    for name in ("trp_plasma", "tyr_plasma", "phe_plasma"):
        assert single[name][after] == pytest.approx(ordinary[name][after], rel=MIXED_MEAL_RTOL), (
            name
        )
