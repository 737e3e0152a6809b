"""Imputation against its closed form means, Rubin's rules by hand, and null coverage."""

import numpy as np
import pytest
from scipy import stats

from cohort.errors import RangeError, ShapeError
from cohort.inference.ancova import ancova
from cohort.inference.mmrm import fit_repeated_measures
from cohort.inference.reference_based import (
    ASSUMPTIONS,
    draw_imputations,
    rubin,
    tipping_point,
)

RNG = np.random.default_rng(12)
N = 4000
ARM = np.arange(N) % 2
MEANS = np.array([[30.0, 26.0, 24.0, 23.0], [30.0, 23.0, 18.0, 15.0]])  # baseline and three visits
SD = np.array([4.0, 6.0, 7.0, 8.0])
CORRELATION = 0.6 ** np.abs(np.subtract.outer(np.arange(4), np.arange(4)))
COVARIANCE = CORRELATION * np.outer(SD, SD)
WHOLE = MEANS[ARM] + RNG.multivariate_normal(np.zeros(4), COVARIANCE, N)
LAST = 1
"""Those who leave are last seen at the first visit after baseline."""


def with_gaps():
    """A third of the active arm leaves after the first visit, by chance."""
    scores = WHOLE[:, 1:].copy()
    leaves = (ARM == 1) & (RNG.uniform(size=N) < 1 / 3)
    scores[leaves, LAST:] = np.nan
    return scores, leaves


def expected_end(assumption, history):
    """Mean of the last visit given baseline and first visit, from the true parameters."""
    weights = np.linalg.solve(COVARIANCE[:2, :2], COVARIANCE[:2, 3])
    own, reference = MEANS[1], MEANS[0]
    before, end = {
        "MAR": (own[:2], own[3]),
        "J2R": (own[:2], reference[3]),
        "CR": (reference[:2], reference[3]),
        "CIR": (own[:2], own[1] + reference[3] - reference[1]),
    }[assumption]
    return end + (history - before) @ weights


@pytest.mark.parametrize("assumption", ASSUMPTIONS)
def test_imputed_values_follow_the_conditional_law_of_the_assumption(assumption):
    scores, leaves = with_gaps()
    filled = draw_imputations(
        scores,
        WHOLE[:, 0],
        ARM,
        np.arange(N),
        assumption=assumption,
        reference=0,
        seed=3,
        n_imputation=20,
    )
    assert np.array_equal(
        filled[:, ~leaves], np.broadcast_to(scores[~leaves], (20, *scores[~leaves].shape))
    )
    history = np.column_stack([WHOLE[leaves, 0], scores[leaves, 0]])
    off = filled[:, leaves, 2] - expected_end(assumption, history)
    weights = np.linalg.solve(COVARIANCE[:2, :2], COVARIANCE[:2, 3])
    spread = np.sqrt(COVARIANCE[3, 3] - COVARIANCE[3, :2] @ weights)
    # sampling error of the parameters: about SD / sqrt(observed of the arm)
    assert abs(off.mean()) < 4 * SD[3] / np.sqrt(N / 3)
    assert off.std() == pytest.approx(spread, rel=0.05)


def test_missing_at_random_imputation_agrees_with_repeated_measures():
    scores, _ = with_gaps()
    filled = draw_imputations(
        scores,
        WHOLE[:, 0],
        ARM,
        np.arange(N),
        assumption="MAR",
        reference=0,
        seed=4,
        n_imputation=60,
    )
    each = ancova(filled[..., 2], WHOLE[:, 0], ARM)
    estimate, error, _ = rubin(each.estimate, each.standard_error, each.freedom[0])
    fit = fit_repeated_measures(scores, WHOLE[:, 0], ARM).contrasts
    assert estimate[0] == pytest.approx(fit.estimate[2, 0], abs=0.25 * error[0])
    assert error[0] == pytest.approx(fit.standard_error[2, 0], rel=0.08)


def test_gaps_between_values_are_filled_too():
    scores = WHOLE[:200, 1:].copy()
    scores[:9, 0] = np.nan
    filled = draw_imputations(
        scores, WHOLE[:200, 0], ARM[:200], np.arange(200), assumption="J2R", reference=0, seed=1
    )
    assert np.isfinite(filled).all()


def test_draws_belong_to_the_patient():
    scores, _ = with_gaps()
    options = {"assumption": "CIR", "reference": 0, "seed": 3, "n_imputation": 2}
    order = RNG.permutation(N)
    one = draw_imputations(scores, WHOLE[:, 0], ARM, np.arange(N), **options)
    other = draw_imputations(scores[order], WHOLE[order, 0], ARM[order], order, **options)
    assert other == pytest.approx(one[:, order], abs=1e-9)


def test_rubins_rules_are_those_of_the_book():
    q = np.array([2.0, 2.5, 1.0, 1.8])
    se = np.array([0.5, 0.6, 0.55, 0.45])
    estimate, error, freedom = rubin(q, se, 60.0)
    within = (0.25 + 0.36 + 0.3025 + 0.2025) / 4
    mean = 7.3 / 4
    between = sum((x - mean) ** 2 for x in q) / 3
    total = within + 1.25 * between
    share = 1.25 * between / total
    of_data = 61 / 63 * 60 * (1 - share)
    assert estimate == pytest.approx(mean)
    assert error == pytest.approx(total**0.5)
    assert freedom == pytest.approx(1 / (share**2 / 3 + 1 / of_data))


def test_without_imputed_values_rubin_keeps_error_and_nearly_the_freedom():
    _, error, freedom = rubin([1.0, 1.0], [0.5, 0.5], 100.0)
    assert error == 0.5
    assert freedom == pytest.approx(100 * 101 / 103)


def test_the_tipping_point_is_where_the_estimate_has_moved_far_enough():
    n = 200
    arm = np.arange(n) % 2
    baseline = RNG.normal(28, 4, n)
    values = RNG.normal(0, 6, (10, n)) * 0.1 + RNG.normal(0, 6, n) - 2.6 * arm
    imputed = (np.arange(n) < 80) & (arm == 1)
    found = tipping_point(
        values, imputed, baseline, arm, active=1, control=0, deltas=np.arange(0, 12.0)
    )
    share = imputed.sum() / (arm == 1).sum()
    slopes = np.diff(found.estimate)
    assert slopes == pytest.approx(np.full(11, slopes[0]))
    assert slopes[0] == pytest.approx(share, rel=0.05)
    place = int(np.flatnonzero(found.deltas == found.tips_at)[0])
    assert found.p[place] > 0.05
    assert np.all(found.p[:place] <= 0.05)


def test_intervals_of_missing_at_random_imputation_cover():
    """120 small trials where leaving depends on the last score that was seen."""
    covered = 0
    n, truth = 80, MEANS[1, 3] - MEANS[0, 3]
    arm = np.arange(n) % 2
    for trial in range(120):
        rng = np.random.default_rng(trial)
        path = MEANS[arm] + rng.multivariate_normal(np.zeros(4), COVARIANCE, n)
        scores = path[:, 1:].copy()
        leaves = rng.uniform(size=n) < 1 / (1 + np.exp(-(scores[:, 0] - 28) / 4))
        scores[leaves, 1:] = np.nan
        filled = draw_imputations(
            scores, path[:, 0], arm, np.arange(n), assumption="MAR", reference=0, seed=trial,
            n_imputation=15,
        )  # fmt: skip
        each = ancova(filled[..., 2], path[:, 0], arm)
        estimate, error, freedom = rubin(each.estimate, each.standard_error, each.freedom[0])
        covered += abs(estimate[0] - truth) <= stats.t.ppf(0.975, freedom[0]) * error[0]
    assert stats.binomtest(int(covered), 120, 0.95).pvalue > 0.01


def test_nonsense_is_refused():
    scores, base, ids = np.zeros((6, 1)), np.zeros(6), np.arange(6)
    options = {"reference": 0, "seed": 1}
    with pytest.raises(RangeError, match="MAR, J2R, CR, CIR"):
        draw_imputations(scores, base, ids % 2, ids, assumption="LOCF", **options)
    with pytest.raises(RangeError, match="6 missing baselines"):
        draw_imputations(scores, base * np.nan, ids % 2, ids, assumption="MAR", **options)
    with pytest.raises(RangeError, match="have all values up to visit 1"):
        draw_imputations(scores * np.nan, base, ids % 2, ids, assumption="MAR", **options)
    with pytest.raises(ShapeError, match="one trial at a time"):
        draw_imputations(scores[None], base, ids % 2, ids, assumption="MAR", **options)
    with pytest.raises(ShapeError, match="at least 2 imputations"):
        rubin([1.0], [1.0], 5.0)
