"""Kaplan-Meier, log-rank and hazard ratios against statsmodels, on data with many ties."""

import math

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.duration.survfunc import survdiff

from cohort.errors import RangeError, ShapeError
from cohort.inference.survival import hazard_ratio, kaplan_meier, log_rank

ROUND_OFF = 1e-10  # the same formulas in another order
MAXIMUM = 1e-6  # relative: where statsmodels' optimiser stops


def people(seed, n, scale):
    """Times in whole days with many ties, a third censored."""
    rng = np.random.default_rng(seed)
    time = np.ceil(rng.exponential(scale, n)).clip(1, 56)
    event = (rng.random(n) < 0.67) & (time < 56)
    return time, event.astype(int)


def counted(*groups):
    times = np.unique(np.concatenate([time for time, _ in groups]))
    tables = [
        [[int(np.sum((time == t) & (event == kind))) for t in times] for time, event in groups]
        for kind in (1, 0)
    ]
    return times, np.array(tables[0]), np.array(tables[1])


@pytest.fixture(scope="module")
def two():
    return people(1, 150, 30.0), people(2, 130, 45.0)


def test_shares_and_their_errors_are_those_of_statsmodels(two):
    time, event = two[0]
    times, events, censored = counted(two[0])
    curve = kaplan_meier(times, events[0], censored[0])
    expected = sm.SurvfuncRight(time, event)
    place = np.searchsorted(times, expected.surv_times)
    np.testing.assert_allclose(curve.share[place], expected.surv_prob, rtol=ROUND_OFF)
    np.testing.assert_allclose(
        np.sqrt(curve.variance[place]), expected.surv_prob_se, rtol=ROUND_OFF
    )
    np.testing.assert_array_equal(curve.at_risk[place], expected.n_risk)


def test_the_median_and_its_interval_are_those_of_statsmodels(two):
    time, event = two[0]
    times, events, censored = counted(two[0])
    median, low, high = kaplan_meier(times, events[0], censored[0]).quantile(0.5)
    expected = sm.SurvfuncRight(time, event)
    assert median == expected.quantile(0.5)
    first, last = expected.quantile_ci(0.5, method="cloglog")
    assert low == first
    assert high == last


def test_the_interval_at_a_time_is_that_of_log_minus_log(two):
    times, events, censored = counted(two[1])
    curve = kaplan_meier(times, events[0], censored[0])
    share, low, high, n = curve.at(28)
    place = np.searchsorted(times, 28, side="right") - 1
    expected = sm.SurvfuncRight(*two[1])
    here = np.searchsorted(expected.surv_times, times[place], side="right") - 1
    theta, error = np.log(-np.log(share)), expected.surv_prob_se[here] / abs(share * np.log(share))
    z = stats.norm.ppf(0.975)
    assert (low, high) == pytest.approx(
        (math.exp(-math.exp(theta + z * error)), math.exp(-math.exp(theta - z * error))),
        rel=ROUND_OFF,
    )
    assert n == np.sum(two[1][0] >= 28)


def test_log_rank_is_that_of_statsmodels(two):
    times, events, censored = counted(*two)
    time = np.concatenate([one[0] for one in two])
    event = np.concatenate([one[1] for one in two])
    group = np.repeat([1, 0], [len(two[0][0]), len(two[1][0])])
    statistic, p = survdiff(time, event, group)
    found = log_rank(times, events, censored)
    assert (found.statistic, found.p) == pytest.approx((statistic, p), rel=ROUND_OFF)


def test_the_hazard_ratio_is_that_of_statsmodels_with_efrons_ties(two):
    times, events, censored = counted(*two)
    time = np.concatenate([one[0] for one in two])
    event = np.concatenate([one[1] for one in two])
    group = np.repeat([1.0, 0.0], [len(two[0][0]), len(two[1][0])])
    fitted = sm.PHReg(time, group[:, None], status=event, ties="efron").fit()
    found = hazard_ratio(times, events, censored)
    assert math.log(found.ratio) == pytest.approx(fitted.params[0], rel=MAXIMUM)
    assert found.standard_error == pytest.approx(fitted.bse[0], rel=MAXIMUM)
    assert found.p == pytest.approx(fitted.pvalues[0], rel=10 * MAXIMUM)


def test_counts_may_come_in_parts_that_are_added(two):
    whole = counted(*two)
    halves = [
        tuple((time[part], event[part]) for time, event in two)
        for part in (slice(0, 50), slice(50, None))
    ]
    times = whole[0]
    added = np.zeros((2, 2, len(times)), dtype=int)
    for half in halves:
        own, events, censored = counted(*half)
        place = np.searchsorted(times, own)
        added[0][:, place] += events
        added[1][:, place] += censored
    assert hazard_ratio(times, *added) == hazard_ratio(*whole)


def test_swapping_the_groups_inverts_the_ratio(two):
    times, events, censored = counted(*two)
    one, other = (
        hazard_ratio(times, events, censored),
        hazard_ratio(times, events[::-1], censored[::-1]),
    )
    assert one.ratio == pytest.approx(1 / other.ratio, rel=ROUND_OFF)
    assert one.p == pytest.approx(other.p, rel=1e-8)


def test_a_group_without_events_has_no_ratio_and_no_median():
    times, events, censored = [3, 7], [[0, 0], [2, 1]], [[4, 4], [0, 0]]
    assert math.isnan(hazard_ratio(times, events, censored).ratio)
    curve = kaplan_meier(times, events[0], censored[0])
    assert math.isnan(curve.median)
    assert curve.at(7)[:3] == (1.0, 1.0, 1.0)
    assert math.isnan(log_rank(times, [[0, 0]] * 2, censored).p)


def test_a_group_whose_events_all_come_first_has_no_ratio():
    found = hazard_ratio([1, 2], [[5, 0], [0, 5]], [[0, 0], [0, 0]])
    assert math.isnan(found.ratio) or found.ratio > 0
    assert math.isnan(hazard_ratio([1, 2], [[5, 0], [0, 5]], [[0, 0], [0, 0]]).ratio)


@pytest.mark.parametrize(
    ("times", "events", "error", "text"),
    [
        ([2, 1], [1, 1], RangeError, "ascending order"),
        ([1, 1], [1, 1], RangeError, "each once"),
        ([1, math.nan], [1, 1], RangeError, "finite"),
        ([1, 2], [1, -1], RangeError, "-1; 0 or more"),
        ([1, 2], [1, 1, 1], ShapeError, "one a time"),
        ([1, 2], [0.5, 1], ShapeError, "integers"),
    ],
)
def test_nonsense_counts_are_refused(times, events, error, text):
    with pytest.raises(error, match=text):
        kaplan_meier(times, events, [0] * len(times))


def test_log_rank_wants_two_groups():
    with pytest.raises(ShapeError, match=r"\(2, n_time\)"):
        log_rank([1, 2], [[1, 1]] * 3, [[0, 0]] * 3)
