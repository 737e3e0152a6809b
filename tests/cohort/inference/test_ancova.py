"""Covariance analysis and repeated measures against statsmodels, SciPy and closed forms."""

import numpy as np
import pytest
from scipy import optimize, stats
from statsmodels.regression.linear_model import OLS

from cohort.errors import RangeError, ShapeError
from cohort.inference.ancova import ancova
from cohort.inference.mmrm import fit_repeated_measures

ROUND_OFF = 1e-9
OPTIMISER = 2e-4
"""Relative: where SciPy stops on a likelihood that is flat at its top."""

RNG = np.random.default_rng(8)
ARM = np.repeat([0, 1, 2], [30, 25, 20])


def trial(n_visit=3, gone=0.0):
    severity = RNG.normal(0, 4, len(ARM))
    baseline = 28 + severity + RNG.normal(0, 2, len(ARM))
    path = np.cumsum(RNG.normal(-2, 3, (len(ARM), n_visit)), axis=1)
    scores = 28 + severity[:, None] + path - ARM[:, None] * np.arange(1, n_visit + 1)
    leaves = RNG.uniform(size=scores.shape) < gone
    scores[np.maximum.accumulate(leaves, axis=1)] = np.nan
    return scores, baseline


def test_ancova_agrees_with_statsmodels():
    scores, baseline = trial(gone=0.15)
    ours = ancova(scores[:, 2], baseline, ARM)
    keep = np.isfinite(scores[:, 2])
    design = np.column_stack([np.ones(len(ARM)), ARM == 1, ARM == 2, baseline])[keep]
    theirs = OLS(scores[keep, 2], design.astype(float)).fit()
    assert ours.estimate == pytest.approx(theirs.params[1:3], abs=ROUND_OFF)
    assert ours.standard_error == pytest.approx(theirs.bse[1:3], abs=ROUND_OFF)
    assert ours.p == pytest.approx(theirs.pvalues[1:3], rel=1e-7)
    assert ours.freedom.tolist() == [theirs.df_resid] * 2
    assert ours.n_arm.tolist() == [keep[ARM == 1].sum(), keep[ARM == 2].sum()]


def test_change_and_score_give_the_same_contrast():
    scores, baseline = trial()
    change = ancova(scores[:, 0] - baseline, baseline, ARM)
    assert ancova(scores[:, 0], baseline, ARM).estimate == pytest.approx(change.estimate)


def test_without_spread_of_baseline_ancova_is_students_test():
    scores, _ = trial()
    two = ARM < 2
    ours = ancova(scores[two, 0], np.full(two.sum(), 28.0), ARM[two])
    theirs = stats.ttest_ind(scores[ARM == 1, 0], scores[ARM == 0, 0])
    assert ours.p[0] == pytest.approx(theirs.pvalue, rel=1e-7)
    assert ours.freedom[0] == theirs.df


def test_replicates_are_independent_of_one_another():
    many = np.stack([trial(gone=0.1)[0][:, 1] for _ in range(4)])
    base = RNG.normal(28, 4, many.shape)
    together = ancova(many, base, ARM)
    for row in range(4):
        alone = ancova(many[row], base[row], ARM)
        assert together.estimate[row] == pytest.approx(alone.estimate, abs=ROUND_OFF)
        assert together.p[row] == pytest.approx(alone.p, abs=ROUND_OFF)


def test_too_few_patients_give_no_number():
    one = ancova([1.0, 2.0], [1.0, 3.0], [0, 1])
    assert np.isnan(one.standard_error).all()


def test_wrong_arms_are_refused():
    with pytest.raises(RangeError, match="patients of the control"):
        ancova([1.0, 2.0], [1.0, 2.0], [1, 2], control=0)
    with pytest.raises(RangeError, match="at least one other arm"):
        ancova([1.0, 2.0], [1.0, 2.0], [0, 0])
    with pytest.raises(ShapeError, match="one number a patient"):
        ancova([1.0, 2.0], [1.0, 2.0], [0])


def test_complete_repeated_measures_are_covariance_analysis_at_each_visit():
    scores, baseline = trial()
    fit = fit_repeated_measures(scores, baseline, ARM)
    for visit in range(3):
        alone = ancova(scores[:, visit], baseline, ARM)
        assert fit.contrasts.estimate[visit] == pytest.approx(alone.estimate, abs=1e-8)
        assert fit.contrasts.standard_error[visit] == pytest.approx(alone.standard_error, rel=1e-7)
        assert fit.contrasts.freedom[visit].tolist() == alone.freedom.tolist()


def restricted_log_likelihood(factor, rows):
    """Written from the density, a patient at a time."""
    triangle = np.zeros((3, 3))
    triangle[np.tril_indices(3)] = factor
    covariance = triangle @ triangle.T
    total, information, right, square = 0.0, 0.0, 0.0, 0.0
    for design, value, seen in rows:
        own = covariance[np.ix_(seen, seen)]
        inverse = np.linalg.inv(own)
        total += np.linalg.slogdet(own)[1]
        information = information + design.T @ inverse @ design
        right = right + design.T @ inverse @ value
        square += value @ inverse @ value
    found = np.linalg.solve(information, right)
    total += np.linalg.slogdet(information)[1] + square - right @ found
    return total / 2, found, np.linalg.inv(information)


def test_repeated_measures_with_gaps_maximise_the_restricted_likelihood():
    scores, baseline = trial(gone=0.2)
    scores[3, 0] = np.nan  # a visit missed by a patient who came back, or not
    fit = fit_repeated_measures(scores, baseline, ARM)
    rows = []
    for one in range(len(ARM)):
        seen = np.flatnonzero(np.isfinite(scores[one]))
        if not len(seen):
            continue
        z = np.array([1, ARM[one] == 1, ARM[one] == 2, baseline[one] - baseline.mean()])
        rows.append((np.kron(np.eye(3)[seen], z), scores[one, seen], seen))
    start = np.linalg.cholesky(fit.covariance)[np.tril_indices(3)]
    best = optimize.minimize(
        lambda factor: restricted_log_likelihood(factor, rows)[0],
        start * 1.1,
        method="BFGS",
    )
    at_ours, found, errors = restricted_log_likelihood(start, rows)
    assert at_ours <= best.fun + 1e-7
    assert fit.is_converged
    variances = np.diag(errors).reshape(3, 4)
    assert fit.contrasts.estimate == pytest.approx(found.reshape(3, 4)[:, 1:3], abs=1e-7)
    assert fit.contrasts.standard_error == pytest.approx(np.sqrt(variances[:, 1:3]), rel=1e-6)
    triangle = np.zeros((3, 3))
    triangle[np.tril_indices(3)] = best.x
    assert fit.covariance == pytest.approx(triangle @ triangle.T, rel=20 * OPTIMISER)


def test_repeated_measures_of_replicates_are_those_of_each():
    scores, baseline = trial(gone=0.2)
    other, other_baseline = trial(gone=0.2)
    both = fit_repeated_measures(
        np.stack([scores, other]), np.stack([baseline, other_baseline]), ARM
    )
    alone = fit_repeated_measures(other, other_baseline, ARM)
    assert both.contrasts.estimate[1] == pytest.approx(alone.contrasts.estimate, abs=1e-6)


def test_an_empty_visit_and_a_missing_baseline_are_refused():
    scores, baseline = trial()
    scores[:, 2] = np.nan
    with pytest.raises(RangeError, match="a visit has 0 values"):
        fit_repeated_measures(scores, baseline, ARM)
    baseline[0] = np.nan
    with pytest.raises(ShapeError, match="1 missing baselines"):
        fit_repeated_measures(scores, baseline, ARM)
