import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pipelines_tolerances import PRINTED, QUANTILE, ROUND_OFF
from scipy import stats
from scipy.stats import contingency

from pipelines.intervals import (
    Moments,
    newcombe,
    newcombe_paired,
    number_needed,
    one_sample,
    risk_ratio,
    risk_ratio_paired,
    standardised_difference,
    student_quantile,
    welch,
    wilson,
)


def moments(values, scale=2**32):
    fixed = [round(value * scale) for value in values]
    return Moments(
        n=len(fixed), total=sum(fixed), total_of_squares=sum(x * x for x in fixed), scale=scale
    )


@pytest.mark.parametrize("freedom", [1, 1.5, 2, 7.3, 30, 250.5, 9_000, 1_000_000])
@pytest.mark.parametrize("probability", [0.9, 0.975, 0.995])
def test_student_quantile_agrees_with_scipy(freedom, probability):
    expected = stats.t.ppf(probability, freedom)
    assert student_quantile(probability, freedom) == pytest.approx(expected, rel=QUANTILE)


@pytest.mark.parametrize(
    ("count", "n", "low", "high"),
    # Newcombe 1998, Stat Med 17:857, Table I, method 3
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_gives_the_printed_examples(count, n, low, high):
    share = wilson(count, n)
    assert (share.low, share.high) == pytest.approx((low, high), abs=PRINTED)


@given(n=st.integers(1, 500), data=st.data())
def test_wilson_agrees_with_scipy_and_holds_the_share(n, data):
    count = data.draw(st.integers(0, n))
    share = wilson(count, n)
    expected = stats.binomtest(count, n).proportion_ci(method="wilson")
    assert (share.low, share.high) == pytest.approx((expected.low, expected.high), abs=ROUND_OFF)
    assert 0 <= share.low <= share.estimate <= share.high <= 1


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    # Newcombe 1998, Stat Med 17:873, Table II, method 10
    [
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((5, 56, 0, 29), -0.0381, 0.1926),
        ((0, 10, 0, 10), -0.2775, 0.2775),
        ((10, 10, 0, 10), 0.6075, 1.0),
    ],
)
def test_newcombe_gives_the_printed_examples(counts, low, high):
    difference = newcombe(*counts)
    assert (difference.low, difference.high) == pytest.approx((low, high), abs=PRINTED)


def test_paired_newcombe_without_correlation_is_the_independent_one():
    # the four cells of independent halves: ad - bc is 0
    paired, independent = newcombe_paired(10, 10, 10, 10), newcombe(20, 40, 20, 40)
    assert (paired.low, paired.high) == pytest.approx((independent.low, independent.high))


def test_paired_newcombe_is_narrower_when_pairs_agree():
    paired, independent = newcombe_paired(20, 12, 2, 16), newcombe(32, 50, 22, 50)
    assert paired.estimate == pytest.approx(independent.estimate)
    assert paired.high - paired.low < independent.high - independent.low


@pytest.mark.parametrize("counts", [(20, 100, 10, 90), (1, 30, 4, 31), (30, 30, 10, 30)])
def test_risk_ratio_agrees_with_scipy(counts):
    ratio = risk_ratio(*counts)
    result = contingency.relative_risk(*counts)
    expected = result.confidence_interval(0.95)
    assert ratio.estimate == pytest.approx(result.relative_risk, rel=ROUND_OFF)
    assert (ratio.low, ratio.high) == pytest.approx((expected.low, expected.high), rel=QUANTILE)


def test_a_zero_count_gives_no_ratio():
    assert risk_ratio(0, 10, 3, 10).estimate is None
    assert risk_ratio_paired(0, 0, 3).estimate is None


def test_welch_agrees_with_scipy():
    rng = np.random.default_rng(1)
    a, b = rng.normal(-3, 8, 57).tolist(), rng.normal(0, 5, 41).tolist()
    result = stats.ttest_ind(a, b, equal_var=False)
    expected = result.confidence_interval(0.95)
    difference = welch(moments(a), moments(b))
    assert difference.degrees_of_freedom == pytest.approx(result.df, rel=QUANTILE)
    assert (difference.low, difference.high) == pytest.approx(
        (expected.low, expected.high), rel=QUANTILE
    )


def test_one_sample_agrees_with_scipy():
    values = np.random.default_rng(2).normal(1, 3, 25).tolist()
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    difference = one_sample(moments(values))
    assert (difference.low, difference.high) == pytest.approx(
        (expected.low, expected.high), rel=QUANTILE
    )


def test_hedges_g_is_the_corrected_cohens_d():
    a, b = [1.0, 2.0, 3.0, 6.0], [0.0, 1.0, 1.0, 2.0]
    pooled = math.sqrt((np.var(a, ddof=1) + np.var(b, ddof=1)) / 2)
    expected = (np.mean(a) - np.mean(b)) / pooled * (1 - 3 / (4 * 6 - 1))
    g = standardised_difference(welch(moments(a), moments(b)), moments(a), moments(b), paired=False)
    assert g.estimate == pytest.approx(expected, rel=QUANTILE)
    assert g.low < g.estimate < g.high


def test_too_few_numbers_give_nothing_instead_of_an_error():
    one, none = moments([3.0]), moments([])
    assert welch(one, one).estimate == 0
    assert welch(one, one).low is None
    assert welch(none, one).estimate is None
    assert one_sample(none).estimate is None
    assert one_sample(one).low is None
    assert wilson(0, 0).low is None
    assert newcombe(0, 0, 1, 2).estimate is None
    assert number_needed(None) is None


def test_equal_numbers_have_no_spread():
    same = moments([2.0, 2.0, 2.0])
    assert same.sd == 0
    assert welch(same, same).low is None
    assert standardised_difference(welch(same, same), same, same, paired=False).estimate is None


@given(st.lists(st.floats(-1e4, 1e4), min_size=2, max_size=50))
def test_moments_do_not_depend_on_the_order_and_agree_with_numpy(values):
    forward, backward = moments(values), moments(values[::-1])
    assert (forward.mean, forward.sd) == (backward.mean, backward.sd)
    assert forward.mean == pytest.approx(np.mean(values), abs=1e-9)
    assert forward.sd == pytest.approx(np.std(values, ddof=1), abs=1e-6)
