"""Dose finding against published coefficients, SciPy and curves that are known."""

import numpy as np
import pytest
from scipy import optimize, stats

from cohort.errors import RangeError, ShapeError
from cohort.inference.mcp_mod import (
    SHAPES,
    adjusted_p,
    candidate_contrasts,
    contrast_statistics,
    fit_shapes,
    maxima,
    optimal_contrast,
)

PRINTED = 6e-4
"""Three decimals."""
DOSES = np.array([0.0, 0.05, 0.2, 0.6, 1.0])


def test_contrasts_are_those_of_the_published_example():
    # Bretz, Pinheiro and Branson 2005, their example with five doses; recalled
    linear = [-0.437, -0.378, -0.201, 0.271, 0.743]
    emax = [-0.643, -0.361, 0.061, 0.413, 0.530]
    assert optimal_contrast(DOSES, np.eye(5)) == pytest.approx(linear, abs=PRINTED)
    assert optimal_contrast(DOSES / (0.2 + DOSES), np.eye(5)) == pytest.approx(emax, abs=PRINTED)


@pytest.mark.parametrize("name", SHAPES)
def test_no_contrast_has_more_power(name):
    """SciPy maximises the noncentrality over all contrasts, from three starts."""
    sizes = np.array([60, 30, 40, 30, 50])
    shape = SHAPES[name]
    means = shape.curve(DOSES, shape.guess)
    ours = optimal_contrast(means, np.diag(1 / sizes))

    def noncentrality(free):
        c = np.append(free, -np.sum(free))
        return -(c @ means) / np.sqrt(np.sum(c**2 / sizes))

    rng = np.random.default_rng(1)
    best = min(optimize.minimize(noncentrality, rng.normal(size=4)).fun for _ in range(3))
    assert noncentrality(ours[:4]) == pytest.approx(best, rel=1e-6)
    assert ours.sum() == pytest.approx(0, abs=1e-12)
    assert ours @ ours == pytest.approx(1)


def test_the_largest_statistic_has_the_multivariate_t_distribution():
    sizes = [50, 40, 30, 30, 40]
    contrasts = candidate_contrasts(DOSES, sizes)[:3]  # not singular, so that SciPy can integrate
    spread = contrasts @ np.diag(1 / np.array(sizes)) @ contrasts.T
    root = np.sqrt(np.diag(spread))
    correlation = spread / np.outer(root, root)
    draws = maxima(contrasts, sizes, 20.0, seed=5)
    for level in (1.5, 2.0, 2.5):
        inside = stats.multivariate_t.cdf(
            np.full(3, level), shape=correlation, df=20, random_state=np.random.default_rng(2)
        )
        assert adjusted_p(level, draws) == pytest.approx(1 - inside, abs=0.004)


def test_one_contrast_is_students_test():
    contrasts = candidate_contrasts([0.0, 1.0, 2.0], [20, 20, 20])[:1]
    draws = maxima(contrasts, [20, 20, 20], 57.0, seed=1)
    assert adjusted_p(2.0, draws) == pytest.approx(stats.t.sf(2.0, 57), abs=0.002)


def test_the_level_is_held_and_a_slope_is_found():
    rng = np.random.default_rng(3)
    sizes = np.array([40, 40, 40])
    contrasts = candidate_contrasts([0.0, 10.0, 20.0], sizes)
    draws = maxima(contrasts, sizes, 117.0, seed=2)

    def claims(means):
        drawn = means + 8 * rng.standard_normal((4000, 3)) / np.sqrt(sizes)
        sd = 8 * np.sqrt(rng.chisquare(117, 4000) / 117)
        best = contrast_statistics(drawn - drawn[:, :1], sd, sizes, contrasts).max(axis=1)
        return int((adjusted_p(best, draws) <= 0.025).sum())

    assert stats.binomtest(claims(np.zeros(3)), 4000, 0.025).pvalue > 1e-3
    assert claims(np.array([0.0, 2.5, 5.0])) > 0.7 * 4000


@pytest.mark.parametrize("name", SHAPES)
def test_a_known_curve_is_fitted_and_its_dose_found(name):
    shape = SHAPES[name]
    doses = np.array([0.0, 5.0, 10.0, 15.0, 20.0])
    top = shape.guess * 20
    size = 5.0 / (shape.curve(doses, top).max() - shape.curve(doses, top)[0])
    means = size * shape.curve(doses, top)
    fit = fit_shapes(np.stack([means, means]), doses, np.full(2, 0.5), [500] * 5, (name,))
    target = optimize.brentq(lambda dose: size * shape.curve(dose, top) - 2.0, 1e-6, 13.9)
    assert fit.target_dose(2.0) == pytest.approx([target, target], abs=0.6)
    assert np.isnan(fit.target_dose(50.0)).all()


def test_the_right_shape_has_the_most_weight():
    doses = np.array([0.0, 2.0, 5.0, 10.0, 20.0])
    means = 6 * doses / (1.0 + doses)
    fit = fit_shapes(means, doses, 1.0, [400] * 5)
    assert fit.names[int(np.argmax(fit.weights))] == "emax"


@pytest.mark.parametrize("doses", [[0.0, 10.0], [1.0, 2.0, 3.0], [0.0, 5.0, 5.0], [0.0, -1.0, 2.0]])
def test_doses_that_show_no_curve_are_refused(doses):
    with pytest.raises(RangeError, match="0 for the control first"):
        candidate_contrasts(doses, [10] * len(doses))


def test_other_nonsense_is_refused():
    with pytest.raises(ShapeError, match="means that differ"):
        optimal_contrast([1.0, 1.0], np.eye(2))
    with pytest.raises(ShapeError, match="one above 0 a dose"):
        candidate_contrasts([0.0, 1.0, 2.0], [10, 10])
    with pytest.raises(RangeError, match="degrees of freedom"):
        maxima(np.ones((1, 3)), [1, 1, 1], 0.0, 1)
