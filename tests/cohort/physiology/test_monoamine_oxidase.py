import numpy as np
import pytest
from cohort_tolerances import REFEREE_RTOL, SOLVER_ATOL, SOLVER_RTOL

from cohort.model import assemble
from cohort.physiology import monoamine_oxidase
from kernels import Schedule, Solver, integrate, symbol

HOUR = 3600
DAY = 24 * HOUR
TURNOVER = 0.0058


@pytest.fixture(scope="module")
def model():
    seen = {"mao_a": symbol("mao_a"), "activity": symbol("mao_a_activity")}
    return assemble("enzyme", [monoamine_oxidase()], seen)


def follow(model, values, n_lane, days):
    times = np.arange(0, days * DAY + 1, DAY)
    lanes = model.lanes(values, n_lane)
    solver = Solver(rtol=SOLVER_RTOL, atol=SOLVER_ATOL)
    solution = integrate(model.system, lanes, Schedule(t0=0, t1=days * DAY), times, solver)
    return solution, times / HOUR


def test_irreversible_inactivation_follows_its_formula(model):
    rate = 0.02
    solution, hours = follow(model, {"mao_a_inactivation": rate}, 1, 14)
    rest = TURNOVER / (TURNOVER + rate)
    exact = rest + (1 - rest) * np.exp(-(TURNOVER + rate) * hours)
    assert solution["mao_a"][:, 0] == pytest.approx(exact, rel=REFEREE_RTOL)


def test_a_reversible_inhibitor_blocks_at_once_and_leaves_the_pool(model):
    solution, _ = follow(model, {"mao_a_inhibition": [0.0, 0.8]}, 2, 1)
    assert (solution["mao_a"] == 1).all()
    assert solution["activity"][0].tolist() == pytest.approx([1.0, 0.2])


def test_another_capacity_is_another_rest(model):
    solution, _ = follow(model, {"mao_a_capacity": 0.72}, 1, 7)
    assert solution["activity"][:, 0] == pytest.approx(0.72)


def test_half_of_the_pool_is_made_in_five_days():
    assert np.log(2) / TURNOVER / 24 == pytest.approx(5, abs=0.05)
