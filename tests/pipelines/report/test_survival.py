"""Kaplan-Meier from counts a day: SciPy, which takes a patient at a time, is the referee."""

import numpy as np
import pytest
from pipelines_tolerances import ROUND_OFF
from scipy.stats import CensoredData, ecdf

from pipelines.report.survival import kaplan_meier


def counted(days, happened):
    last = int(days.max()) + 1
    events = np.bincount(days[happened], minlength=last)
    censored = np.bincount(days[~happened], minlength=last)
    some = np.flatnonzero(events + censored)
    return some.tolist(), events[some].tolist(), censored[some].tolist()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_share_and_interval_are_those_of_scipy(seed):
    numbers = np.random.default_rng(seed)
    days = numbers.integers(0, 56, 300)
    happened = numbers.random(300) < 0.3
    curve = kaplan_meier(*counted(days, happened))
    found = ecdf(CensoredData(uncensored=days[happened], right=days[~happened])).sf
    interval = found.confidence_interval(0.95, method="log-log")
    for place, day in enumerate(found.quantiles):
        share, low, high = curve.at(day)
        assert share == pytest.approx(found.probabilities[place], rel=ROUND_OFF)
        if 0 < share < 1:
            assert low == pytest.approx(interval.low.probabilities[place], rel=1e-9)
            assert high == pytest.approx(interval.high.probabilities[place], rel=1e-9)
        assert curve.n_at_risk(day) == int((days >= day).sum())
    assert (curve.n, curve.n_events) == (300, int(happened.sum()))


def test_nobody_with_the_event_stays_at_one_and_everybody_ends_at_zero():
    assert kaplan_meier([56], [0], [9]).at(56) == (1.0, 1.0, 1.0)
    assert kaplan_meier([3, 5], [2, 1], [0, 0]).at(5) == (0.0, 0.0, 0.0)


def test_a_day_before_the_first_and_after_the_last_is_read_off_the_steps():
    curve = kaplan_meier([10, 20], [1, 0], [0, 1])
    assert curve.at(9.9)[0] == 1.0
    assert curve.at(100)[0] == 0.5
    assert (curve.n_at_risk(10), curve.n_at_risk(11), curve.n_at_risk(21)) == (2, 1, 0)
