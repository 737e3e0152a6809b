"""Scores of predictive distributions, against closed forms and SciPy."""

import numpy as np
import pytest
from scipy import stats

from pipelines.errors import InputError
from pipelines.trial_scores import (
    cluster_bootstrap,
    coverage,
    crps,
    interval,
    is_inside,
    joint_test,
    pit,
)

RNG = np.random.default_rng(20261125)


def crps_of_normal(mean, sd, observed):
    """Closed form of a normal distribution (Gneiting and Raftery 2007, equation 5)."""
    z = (observed - mean) / sd
    return sd * (z * (2 * stats.norm.cdf(z) - 1) + 2 * stats.norm.pdf(z) - 1 / np.sqrt(np.pi))


@pytest.mark.parametrize("observed", [-3.0, 0.4, 1.0, 6.0])
def test_crps_is_that_of_a_normal_distribution(observed):
    quantiles = stats.norm.ppf((np.arange(20_000) + 0.5) / 20_000, 1.0, 2.0)
    assert crps(quantiles, observed) == pytest.approx(crps_of_normal(1.0, 2.0, observed), abs=3e-4)


def test_crps_is_the_mean_over_pairs_and_unbiased_in_the_number_of_draws():
    draws = RNG.normal(size=7)
    pairs = [abs(a - b) for i, a in enumerate(draws) for j, b in enumerate(draws) if i != j]
    by_hand = np.abs(draws - 0.3).mean() - 0.5 * np.mean(pairs)
    assert crps(draws, 0.3) == pytest.approx(by_hand, rel=1e-12)
    few = np.mean([crps(row, 0.7) for row in RNG.normal(size=(5000, 3))])
    assert few == pytest.approx(crps_of_normal(0.0, 1.0, 0.7), abs=4 * 0.6 / 5000**0.5)


def test_crps_prefers_the_distribution_the_truth_came_from():
    truth = RNG.normal(size=400)
    own, wide, moved = RNG.normal(size=500), 2 * RNG.normal(size=500), 1 + RNG.normal(size=500)
    scores = [np.mean([crps(draws, y) for y in truth]) for draws in (own, wide, moved)]
    assert scores[0] == min(scores)


def test_intervals_cover_as_often_as_they_say():
    truth = RNG.normal(size=1500)
    draws = stats.norm.ppf((np.arange(1000) + 0.5) / 1000)
    for level in (0.5, 0.95):
        share = np.mean([is_inside(draws, y, level) for y in truth])
        assert share == pytest.approx(level, abs=4 * (level * (1 - level) / 1500) ** 0.5)
    assert interval(draws, 0.95)[0] == pytest.approx(np.quantile(draws, 0.025))


def test_the_transform_is_uniform_for_counts_too():
    draws, truth = RNG.binomial(12, 0.2, 4000), RNG.binomial(12, 0.2, 4000)
    values = [pit(draws / 12, y / 12, tie) for y, tie in zip(truth, RNG.random(4000), strict=True)]
    assert stats.kstest(values, "uniform").pvalue > 0.001
    assert pit(np.array([0.0, 1.0]), 2.0, 0.3) == 1.0


def test_a_share_that_is_equal_up_to_round_off_is_inside():
    assert is_inside(np.full(50, 0.1 + 0.2), 0.3, 0.95)


@pytest.mark.parametrize(("k", "n"), [(0, 9), (9, 9), (44, 50)])
def test_coverage_has_the_exact_binomial_interval(k, n):
    found = coverage(np.arange(n) < k)
    expected = stats.binomtest(k, n).proportion_ci(method="exact")
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
    assert found.share == k / n


def test_the_joint_test_is_the_chi_square_of_a_normal_distribution():
    covariance = np.array([[2.0, 1.0, 1.0], [1.0, 2.0, 1.0], [1.0, 1.0, 2.0]])
    draws = RNG.multivariate_normal(np.zeros(3), covariance, 40_000).T
    observed = np.array([1.0, -1.0, 2.0])
    exact = observed @ np.linalg.solve(covariance, observed)
    found = joint_test(draws, observed)
    assert found.distance == pytest.approx(exact, rel=0.03)
    assert found.p == pytest.approx(stats.chi2.sf(exact, 3), abs=0.01)


def test_the_bootstrap_takes_whole_clusters():
    """Ten clusters of equal values are ten values: the interval is that of ten."""
    means = RNG.normal(size=10)
    values, clusters = np.repeat(means, 30), np.repeat(np.arange(10), 30)
    low, high = cluster_bootstrap(values, clusters, seed=3)
    expected = 2 * 1.96 * means.std() / 10**0.5
    assert high - low == pytest.approx(expected, rel=0.1)
    assert np.isnan(cluster_bootstrap(np.array([]), np.array([]), 1)).all()


@pytest.mark.parametrize(
    "call",
    [
        lambda: crps(np.array([]), 1.0),
        lambda: crps(np.array([1.0, np.nan]), 1.0),
        lambda: interval(np.arange(3.0), 1.0),
        lambda: interval(np.arange(3.0), 0.0),
        lambda: pit(np.zeros((2, 2)), 1.0, 0.5),
        lambda: joint_test(np.zeros((3, 3)), np.zeros(3)),
        lambda: joint_test(np.full((1, 30), np.nan), np.zeros(1)),
    ],
)
def test_nonsense_is_refused(call):
    with pytest.raises(InputError, match=r"allowed|needed"):
        call()
