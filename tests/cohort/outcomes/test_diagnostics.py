"""ROC area, DeLong's interval and cut-offs against SciPy, brute force and closed forms."""

import numpy as np
import pytest
from scipy.stats import mannwhitneyu, norm, pearsonr, spearmanr

from cohort.errors import RangeError, ShapeError
from cohort.outcomes.diagnostics import area_under_curve, judge_test


def sample(n=120, ties=False, seed=3):
    rng = np.random.default_rng(seed)
    state = rng.normal(size=n)
    test = 0.6 * state + rng.normal(size=n)
    return (np.round(test, 1) if ties else test), state


@pytest.mark.parametrize("ties", [False, True])
def test_the_area_is_the_mann_whitney_share(ties):
    test, state = sample(ties=ties)
    case = state < -0.3
    statistic = mannwhitneyu(test[~case], test[case]).statistic
    assert area_under_curve(test, case).area == pytest.approx(
        statistic / (case.sum() * (~case).sum()), rel=1e-12
    )


@pytest.mark.parametrize("ties", [False, True])
def test_the_error_is_that_of_delong_by_brute_force(ties):
    test, state = sample(ties=ties)
    case = state < -0.3
    x, y = test[case], test[~case]
    kernel = (x[:, None] < y) + 0.5 * (x[:, None] == y)  # 1 where a case is lower
    variance = kernel.mean(axis=1).var(ddof=1) / len(x) + kernel.mean(axis=0).var(ddof=1) / len(y)
    assert area_under_curve(test, case).standard_error == pytest.approx(variance**0.5, rel=1e-12)


def test_the_interval_covers_the_true_area():
    # binormal: cases N(-1, 1), others N(0, 1): the area is Phi(1 / sqrt 2)
    rng, truth, n = np.random.default_rng(11), norm.cdf(0.5**0.5), 2000
    case = np.arange(100) < 40
    inside = 0
    for _ in range(n):
        found = area_under_curve(rng.normal(size=100) - case, case)
        inside += found.low <= truth <= found.high
    # DeLong's interval is a little short in small samples; 99 % bounds of 95 % are 0.937-0.963
    assert 0.93 < inside / n < 0.963


def test_cut_offs_are_those_of_a_search_through_all():
    test, state = sample(ties=True)
    verdict = judge_test(test, state, cut_off=0.05)
    case = state <= np.sort(state)[39]
    assert (verdict.n, verdict.n_case) == (120, 40)
    points = [
        ((test <= cut)[case].mean() + (test > cut)[~case].mean(), -cut) for cut in np.unique(test)
    ]
    most, cut = max(points)
    assert verdict.best.cut_off == -cut
    assert verdict.best.sensitivity + verdict.best.specificity == pytest.approx(most)
    assert verdict.reference.sensitivity == pytest.approx((test[case] <= 0.05).mean())
    assert verdict.reference.specificity == pytest.approx((test[~case] > 0.05).mean())
    assert verdict.correlation == pytest.approx(pearsonr(test, state)[0])
    assert verdict.rank_correlation == pytest.approx(spearmanr(test, state)[0])


def test_who_lacks_a_value_is_left_out():
    test, state = sample()
    test[:5], state[5:9] = np.nan, np.nan
    verdict = judge_test(test, state)
    assert verdict.n == 111
    assert verdict == judge_test(test[9:], state[9:])


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((np.zeros(3), np.zeros(4)), ShapeError, r"\(3,\) and state of shape \(4,\)"),
        ((np.arange(4.0), np.arange(4.0)), RangeError, "4 people with both values make 1 cases"),
        ((np.arange(9.0), np.zeros(9)), RangeError, "in all but 0 of 9 people"),
        ((np.full(9, np.nan), np.arange(9.0)), RangeError, "0 people"),
    ],
)
def test_what_cannot_be_judged_is_refused(arguments, error, words):
    with pytest.raises(error, match=words):
        judge_test(*arguments)


@pytest.mark.parametrize("share", [0.0, 1.0, -1.0, float("nan")])
def test_a_share_lies_between_nothing_and_everybody(share):
    with pytest.raises(RangeError, match="share"):
        judge_test(np.arange(9.0), np.arange(9.0), share=share)
