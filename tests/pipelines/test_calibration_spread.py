"""The spread between drugs and of contrasts, against closed forms and data of known spread."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import optimize, stats

from cohort.drugs import drug_names
from pipelines.calibrate import LENDER, fit_contrasts
from pipelines.calibration_contrasts import contrast_covariance, plan_contrasts
from pipelines.calibration_plan import load_plan
from pipelines.calibration_spread import (
    FEWEST_DRUGS,
    Evidence,
    Spread,
    count_drugs,
    estimate_spread,
    spread_covariance,
)

PLAN = load_plan("major_depression")
ROW = plan_contrasts(PLAN)[0]
DRUGS = ("amitriptyline", "bupropion", "citalopram", "duloxetine", "escitalopram", "fluoxetine")
DRUGS += ("fluvoxamine", "mirtazapine", "moclobemide", "paroxetine", "sertraline", "trazodone")
SE = 0.05


def rows_of(values, se=SE, drugs=DRUGS):
    """Return pooled contrasts, one row of values a drug."""
    return [
        replace(ROW, drug=drug, dose=f"{place + 1} mg", value=float(value), se=se)
        for drug, own in zip(drugs, values, strict=False)
        for place, value in enumerate(own)
    ]


def one_mean(rows, mean=-1.0):
    """Return a model that says the same of all rows, without a prior."""
    n = len(rows)
    return Evidence(
        rows=rows,
        benefit=np.full(n, mean),
        design=np.ones((n, 1)),
        at=np.array([mean]),
        prior=np.zeros(1),
        spread=np.array([np.inf]),
    )


@pytest.mark.parametrize("mean", [-1.0, -0.25])
def test_balanced_contrasts_have_the_components_of_the_analysis_of_variance(mean):
    """REML of a balanced one-way layout is the ANOVA estimator (Searle 1992, section 4.6)."""
    rng = np.random.default_rng(4)
    n_drug, n_row = 10, 4
    values = -0.3 + rng.normal(0, 0.2, (n_drug, 1)) + rng.normal(0, 0.12, (n_drug, n_row))
    within = values.var(axis=1, ddof=1).mean()
    between = n_row * values.mean(axis=1).var(ddof=1)
    assert between > within > SE**2  # inside the range where both are positive
    found = estimate_spread(one_mean(rows_of(values), mean))
    # the optimiser stops at a slope of 1e-5
    assert found.drug_sd * abs(mean) == pytest.approx(((between - within) / n_row) ** 0.5, rel=1e-3)
    assert found.heterogeneity == pytest.approx((within - SE**2) ** 0.5, rel=1e-3)


def test_equal_errors_give_the_estimate_of_dersimonian_and_laird():
    """With one contrast a drug and equal errors it is Q over its mean, REML and moments alike."""
    values = np.random.default_rng(2).normal(-0.3, 0.15, (12, 1))
    rows = rows_of(values)
    q = ((values - values.mean()) ** 2).sum() / SE**2
    laird = (q - 11) / (12 / SE**2 - 12 / SE**2 / 12)
    assert laird > 0
    # one contrast a drug: the two parts are one; with either known at 0 the other is all of it
    known = estimate_spread(one_mean(rows), 0.0)
    assert known.heterogeneity == pytest.approx(laird**0.5, rel=1e-3)
    both = estimate_spread(one_mean(rows))
    assert np.hypot(both.drug_sd, both.heterogeneity) == pytest.approx(laird**0.5, rel=1e-3)


def test_what_sampling_explains_is_no_spread():
    values = -0.3 + 0.01 * np.random.default_rng(2).normal(size=(10, 3))
    found = estimate_spread(one_mean(rows_of(values)), with_interval=True)
    assert (found.drug_sd, found.heterogeneity, found.se) == (0.0, 0.0, None)
    assert found.interval[0] == 0.0
    assert found.interval[1] > 0.0


def test_a_model_without_benefits_leaves_everything_to_the_contrasts():
    values = np.random.default_rng(2).normal(0.0, 0.15, (12, 1))
    found = estimate_spread(one_mean(rows_of(values), 0.0), with_interval=True)
    assert (found.drug_sd, found.interval) == (0.0, None)
    assert found.heterogeneity == pytest.approx((values.var(ddof=1) - SE**2) ** 0.5, rel=1e-3)


def test_the_marginal_likelihood_is_that_of_a_normal_distribution():
    """Numbers that are integrated out under priors: SciPy's density of what remains."""
    rng = np.random.default_rng(9)
    design = -rng.uniform(0.1, 0.6, (24, 2))
    prior, spread, truth = np.array([0.5, 0.3]), np.array([0.4, 0.2]), np.array([0.7, 0.2])
    benefit = design @ truth
    rows = rows_of((benefit + rng.normal(0, 0.1, 24)).reshape(12, 2))
    evidence = Evidence(
        rows=rows, benefit=benefit, design=design, at=truth, prior=prior, spread=spread
    )
    found = estimate_spread(evidence)
    values = np.array([row.value for row in rows])
    same = np.array([[a.drug == b.drug for a in rows] for b in rows])

    def deviance(sds):
        whole = (
            SE**2 * np.eye(24)
            + sds[0] ** 2 * np.outer(benefit, benefit) * same
            + sds[1] ** 2 * np.eye(24)
            + design @ np.diag(spread**2) @ design.T
        )
        return -2.0 * stats.multivariate_normal.logpdf(values, design @ prior, whole)

    best = optimize.minimize(deviance, (0.3, 0.1), method="Nelder-Mead", bounds=((0, 3), (0, 3)))
    assert found.drug_sd == pytest.approx(best.x[0], abs=0.003)
    assert found.heterogeneity == pytest.approx(best.x[1], abs=0.003)


def test_a_planted_spread_between_drugs_is_found_and_lies_in_its_interval():
    rng = np.random.default_rng(7)
    truth, n, n_asked = 0.35, 20, 8
    benefit = -rng.uniform(0.1, 0.5, (12, 3))
    squares, inside = [], 0
    for number in range(n):
        factor = 1.0 + truth * rng.standard_normal((12, 1))
        rows = rows_of(benefit * factor + SE * rng.standard_normal((12, 3)))
        evidence = Evidence(
            rows=rows,
            benefit=benefit.ravel(),
            design=benefit.reshape(-1, 1),
            at=np.ones(1),
            prior=np.zeros(1),
            spread=np.array([np.inf]),
        )
        near = Spread(drug_sd=0.3, heterogeneity=0.01)  # where to look first, to be quick
        found = estimate_spread(evidence, near=near, with_interval=number < n_asked)
        squares.append(found.drug_sd**2)
        if found.interval is not None:
            inside += found.interval[0] <= truth <= found.interval[1]
    # a variance from 12 drugs is known to 43 %, its mean over 20 data sets to 10 %
    assert np.mean(squares) == pytest.approx(truth**2, rel=0.25)
    assert stats.binom.cdf(inside, n_asked, 0.95) > 0.01


def test_contrasts_of_one_drug_share_its_residual_at_every_dose():
    rows = [replace(ROW, drug="venlafaxine"), replace(ROW, drug="venlafaxine_immediate")]
    rows.append(replace(ROW, drug="duloxetine"))
    benefit = np.array([-0.1, -0.4, -0.2])
    found = spread_covariance(rows, benefit, Spread(drug_sd=0.5, heterogeneity=0.1))
    added = found - contrast_covariance(rows)
    assert added == pytest.approx(
        np.array([[0.0125, 0.01, 0.0], [0.01, 0.05, 0.0], [0.0, 0.0, 0.02]])
    )


def fitted_to(plan, rows, slopes):
    return fit_contrasts(plan, rows, lambda numbers: slopes @ numbers)


def planted(n_drug):
    rng = np.random.default_rng(21)
    slopes = -rng.uniform(0.2, 0.6, (4 * n_drug, 4))
    factor = np.repeat(1.0 + 0.4 * rng.standard_normal(n_drug), 4)
    values = factor * (slopes @ [0.4, 0.2, 0.3, 0.25]) + 0.02 * rng.standard_normal(4 * n_drug)
    return rows_of(values.reshape(n_drug, 4), se=0.02), slopes


def test_the_fit_weighs_with_the_spread_that_it_finds():
    rows, slopes = planted(12)
    found = fitted_to(PLAN, rows, slopes)
    link = found.link
    assert link.drug_sd_interval[0] < 0.4 < link.drug_sd_interval[1]
    assert (link.n_drug, link.drug_sd_from) == (12, "")
    assert link.drug_sd_se == pytest.approx(link.drug_sd / (2 * 11) ** 0.5, rel=0.3)
    spread = Spread(drug_sd=link.drug_sd, heterogeneity=link.heterogeneity)
    weight = np.linalg.inv(spread_covariance(rows, found.predicted, spread))
    mean, sd = PLAN.prior
    information = slopes.T @ weight @ slopes + np.diag(sd**-2)
    published = np.array([row.value for row in rows])
    expected = np.linalg.solve(information, slopes.T @ weight @ published + mean / sd**2)
    assert found.numbers == pytest.approx(expected, abs=2e-3 * sd.min())
    assert np.array(link.covariance) == pytest.approx(np.linalg.inv(information), rel=0.01)


def test_too_few_drugs_borrow_and_say_so():
    rows, slopes = planted(FEWEST_DRUGS - 1)
    other = PLAN.model_copy(update={"name": "of_few"})
    found = fitted_to(other, rows, slopes).link
    lender = fitted_to(PLAN, rows, slopes).link
    assert (found.drug_sd_from, found.n_drug) == (LENDER, FEWEST_DRUGS - 1)
    assert (found.drug_sd_se, found.drug_sd_interval) == (None, None)
    assert lender.drug_sd_from == ""  # nobody borrows from himself
    assert lender.drug_sd != found.drug_sd


def test_products_of_one_compound_are_one_drug():
    rows = [replace(ROW, drug=name) for name in ("ropinirole", "ropinirole_prolonged")]
    assert count_drugs(rows) == 1
    assert count_drugs(rows_of(np.zeros((12, 2)))) == 12
    assert set(DRUGS) <= set(drug_names())
