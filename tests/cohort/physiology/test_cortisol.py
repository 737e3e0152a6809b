"""The stress axis over a day, under stress, under inflammation."""

import numpy as np
import pytest
from chemistry_runs import DAY, HOUR, SOLVER, ratios
from cohort_tolerances import PRINTED_THREE_DIGITS, REFEREE_RTOL

from cohort.chemistry import Setting, chemistry_model
from kernels import Schedule, integrate


def day_curve(rhythm, every=HOUR // 4):
    """Clock hours and cortisol [ug/dL] of the twentieth day."""
    model = chemistry_model(("cortisol",), Setting(rhythm=rhythm))
    start, end = 20 * DAY * HOUR, 21 * DAY * HOUR
    times = np.arange(start, end, every)
    solution = integrate(model.system, model.lanes({}, 1), Schedule(t0=0, t1=end), times, SOLVER)
    return (times - start) / HOUR, 6.3 * solution["cortisol"][:, 0]


def test_the_daily_curve_peaks_in_the_morning_and_rests_at_midnight():
    """33 healthy: peak 15.5 (11.7-20.6) at 08:32, nadir 2.0 (1.5-2.5) at 00:18."""
    hours, level = day_curve("circadian")
    assert 11.7 < level.max() < 20.6
    assert hours[level.argmax()] == pytest.approx(8.5, abs=1.0)
    assert 1.5 < level.min() < 2.5
    assert min(hours[level.argmin()], 24 - hours[level.argmin()]) < 2.5


def test_the_rhythm_leaves_the_daily_mean_near_rest():
    for rhythm in ("circadian", "ultradian"):
        assert day_curve(rhythm)[1].mean() / 6.3 == pytest.approx(1, abs=0.06)


def test_ultradian_pulses_are_nine_a_day():
    """9 (7-13) secretory episodes in 24 h (Weitzman 1971)."""
    _, level = day_curve("ultradian", every=HOUR // 12)
    inner = level[1:-1]
    peaks = ((inner > level[:-2]) & (inner > level[2:])).sum()
    assert 7 <= peaks <= 13


def test_without_a_drive_cortisol_falls_with_its_half_life():
    """76 min (Vinther 2011); 66 and 93 min measured."""
    model = chemistry_model(("cortisol",))
    values = {"stress": 0.0, "axis_feedback": 1e-9}
    times = np.array([6, 7]) * HOUR
    solution = integrate(
        model.system, model.lanes(values, 1), Schedule(t0=0, t1=7 * HOUR), times, SOLVER
    )
    a, b = solution["cortisol"][:, 0]
    assert np.log(2) / np.log(a / b) * 60 == pytest.approx(76.45, rel=PRINTED_THREE_DIGITS)


def test_chronic_stress_raises_cortisol_and_costs_receptor():
    """High-cortisol depression has about 1.5 x the controls' cortisol (Carroll 2007)."""
    (end,) = ratios(chemistry_model(("cortisol",)), [({"stress": 2.0}, 28 * DAY)])
    assert 1.3 < end["cortisol"][0] < 1.6
    assert end["glucocorticoid_receptor"][0] < 0.95


def test_lost_sleep_raises_cortisol_and_cytokines():
    model = chemistry_model(("cortisol", "inflammation"))
    (end,) = ratios(model, [({"sleep_debt": [0.0, 1.0]}, 7 * DAY)], 2)
    assert end["cortisol"][0] == pytest.approx(1, rel=REFEREE_RTOL)
    assert end["cortisol"][1] > 1.03
    assert end["il6"][1] > 1.2
