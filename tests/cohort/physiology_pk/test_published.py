"""What was published of drugs and a single observation cannot say: means over regimens, recovery.

Everything else is in `cohort.observations`, where each number stands with its role and its misses.
"""

import numpy as np
import pytest
from cohort_dosing import swallow
from cohort_pk_tolerances import SOLVER_RTOL

STEADY_DAYS = 60


# Independent: Psychiatry Res Neuroimaging 2016, escitalopram 10 and 20 mg, sertraline 50 mg.
@pytest.mark.parametrize(("hour", "low", "high"), [(4, 0.69, 0.78), (48, 0.53, 0.58)])
def test_mean_occupancy_of_the_three_single_doses_follows_pet(hour, low, high):
    course = swallow({"escitalopram": [10.0, 20.0]}).at("sert_occupancy", hour)
    other = swallow({"sertraline": 50.0}).at("sert_occupancy", hour)
    assert low <= np.mean([*course, *other]) <= high


def test_cyp2c19_multiplies_exposure_as_entered():
    """Input: shares were computed from these ratios (2.63 and 2.68), so this is arithmetic."""
    for drug, compound, ratio in (
        ("escitalopram", "s_citalopram", 2.63),
        ("sertraline", "sertraline", 2.68),
    ):
        values = {f"cyp2c19_activity_{compound}": [0.0, 1.0]}
        course = swallow({drug: [20.0, 20.0]}, days=STEADY_DAYS, values=values)
        poor, normal = course.mean(f"concentration_{compound}")
        assert poor / normal == pytest.approx(ratio, rel=0.01)


def test_fluoxetine_slows_its_own_elimination():
    """Seen, own window: 1-3 d after one dose, 4-6 d at steady state, one parameter set."""
    first = swallow({"fluoxetine": 20}).half_life("concentration_fluoxetine", 48, 72)[0]
    steady = swallow({"fluoxetine": 20}, days=STEADY_DAYS)
    assert steady.half_life("concentration_fluoxetine", 48, 72)[0] > 1.5 * first


def test_paroxetine_accumulates_more_than_superposition_says():
    """Fitted. Label, 30 mg a day: the AUC is 8 times what one dose predicts by superposition."""
    name = "concentration_paroxetine"
    one = swallow({"paroxetine": 30}, tail_h=240)
    steady = swallow({"paroxetine": 30}, days=30)
    auc = np.trapezoid(one[name][:, 0], one.hours)
    assert steady.mean(name)[0] * 24 / auc == pytest.approx(8, rel=0.20)


def test_paroxetine_clearance_falls_with_dose():
    """Kim 2015: CL/F goes with dose to the power -0.363 (20 to 40 mg); own window."""
    mean = swallow({"paroxetine": [20.0, 40.0]}, days=30).mean("concentration_paroxetine")
    exponent = -np.log(mean[1] / mean[0] / 2) / np.log(2)
    assert -0.6 < exponent < -0.2


def test_cyp2d6_returns_within_two_weeks_of_the_last_paroxetine():
    course = swallow({"paroxetine": 20}, days=20, tail_h=14 * 24)
    activity = course["cyp2d6_activity"][:, 0]
    assert activity[0] < 0.1
    assert activity[-1] > 0.85
    assert (np.diff(activity[course.hours > 24]) > 0).all()


def test_an_exposure_is_linear_in_dose_where_no_enzyme_is_inhibited():
    mean = swallow({"escitalopram": [10.0, 20.0]}, days=10).mean("concentration_s_citalopram")
    assert mean[1] == pytest.approx(2 * mean[0], rel=SOLVER_RTOL)
