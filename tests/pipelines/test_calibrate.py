"""The fit, on readings and predictions made of arrays: nothing is simulated here."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from cohort.calibration import load_fitted
from cohort.outcomes import DayDrivers, TrialVariation, follow_days, start_course
from pipelines.calibrate import chosen_rows, fit, fit_contrasts, write_fit
from pipelines.calibration_contrasts import contrast_covariance, plan_contrasts
from pipelines.calibration_model import ContrastModel, Expansion
from pipelines.calibration_plan import load_plan
from pipelines.calibration_pools import plan_condition
from pipelines.errors import InputError

PLANTED = np.array([0.4, 0.2, 0.3, 0.25])
DAYS = 56


def small_plan(patients=24):
    plan = load_plan("major_depression")
    return plan.model_copy(update={"patients": patients, "copies": 1})


def made_up_pools(plan, rows, seed=5):
    """Return readings that rise over a week to a level of each arm and patient."""
    rng = np.random.default_rng(seed)
    rise = 1.0 - np.exp(-np.arange(1, DAYS + 1) / 7.0)
    pools = {}
    for arm in dict.fromkeys(row.arm for row in rows):
        pools[arm] = {
            name: rise[:, None] * rng.uniform(0.0, 1.0) * rng.lognormal(0.0, 0.2, plan.patients)
            for name in plan.weights
        }
    return pools


@pytest.fixture(scope="module")
def planted():
    """A plan whose published contrasts are those of planted weights, known to 0.01."""
    plan = small_plan()
    rows = [row for row in plan_contrasts(plan) if row.trial == "pool"][::3]
    pools = made_up_pools(plan, rows)
    truth = ContrastModel(plan, rows, pools)(PLANTED)
    exact = [
        replace(row, value=float(value), se=0.01) for row, value in zip(rows, truth, strict=True)
    ]
    return plan, exact, pools


def test_the_fit_recovers_planted_weights(planted):
    plan, rows, pools = planted
    model = ContrastModel(plan, rows, pools)
    found = fit_contrasts(plan, rows, Expansion(model, plan.prior[0]))
    again = fit_contrasts(plan, rows, Expansion(model, found.numbers))
    # the priors, 0.2 to 0.3 wide, pull by far less than a standard error
    assert (np.abs(again.numbers - PLANTED) < 0.5 * again.errors).all()
    assert again.link.heterogeneity == 0.0
    assert (again.shrinkage > 0.9).all()


def test_an_expansion_about_the_fit_is_as_good_as_the_model(planted):
    plan, rows, pools = planted
    model = ContrastModel(plan, rows, pools)
    expansion = Expansion(model, PLANTED)
    # a tenth of the smallest standard error that was published
    for weights in (1.2 * PLANTED, 0.8 * PLANTED, PLANTED + np.array([0.05, -0.05, 0.05, -0.05])):
        assert expansion(weights) == pytest.approx(model(weights), abs=0.003)


def linear_case(noise):
    plan = small_plan()
    rows = list(plan_contrasts(plan))
    rng = np.random.default_rng(11)
    slopes = -rng.uniform(0.0, 1.0, (len(rows), 4))
    root = np.linalg.cholesky(contrast_covariance(rows, noise))
    values = slopes @ PLANTED + root @ rng.standard_normal(len(rows))
    rows = [replace(row, value=float(value)) for row, value in zip(rows, values, strict=True)]
    return plan, rows, slopes


def test_a_linear_model_has_the_posterior_of_the_normal_equations():
    plan, rows, slopes = linear_case(0.0)
    found = fit_contrasts(plan, rows, lambda weights: slopes @ weights)
    mean, spread = plan.prior
    weight = np.linalg.inv(contrast_covariance(rows, found.link.heterogeneity))
    information = slopes.T @ weight @ slopes + np.diag(spread**-2)
    published = np.array([row.value for row in rows])
    expected = np.linalg.solve(information, slopes.T @ weight @ published + mean / spread**2)
    assert found.numbers == pytest.approx(expected, abs=1e-3 * spread.min())
    assert np.array(found.link.covariance) == pytest.approx(np.linalg.inv(information), rel=1e-4)


def test_heterogeneity_makes_the_misfit_as_large_as_its_degrees_of_freedom():
    plan, rows, slopes = linear_case(0.3)
    found = fit_contrasts(plan, rows, lambda weights: slopes @ weights)
    assert found.link.heterogeneity == pytest.approx(0.3, abs=0.1)
    misfit = found.predicted - [row.value for row in rows]
    covariance = contrast_covariance(rows, found.link.heterogeneity)
    assert misfit @ np.linalg.solve(covariance, misfit) == pytest.approx(len(rows) - 4, rel=0.01)


def test_data_that_pull_to_the_wrong_sign_leave_the_weight_at_zero():
    plan, rows, slopes = linear_case(0.0)
    wrong = slopes.copy()
    wrong[:, 3] = -wrong[:, 3]
    found = fit_contrasts(plan, rows, lambda weights: wrong @ weights)
    assert found.numbers[3] == pytest.approx(0.0, abs=1e-3)


def test_one_common_factor_moves_all_weights_together():
    plan, rows, slopes = linear_case(0.0)
    weights = {name: prior.model_copy(update={"sd": None}) for name, prior in plan.weights.items()}
    factor = load_plan("fibromyalgia").common_factor
    plan = plan.model_copy(update={"weights": weights, "common_factor": factor})
    means = plan.basis[:, 0]
    found = fit_contrasts(plan, rows, lambda numbers: slopes @ (means * numbers[0]))
    fitted = np.array(list(found.link.weights.values()))
    assert fitted / means == pytest.approx(found.numbers[0])
    covariance = np.array(found.link.covariance)
    assert np.linalg.matrix_rank(covariance, tol=1e-12) == 1
    drawn = np.array(list(found.draws(5, 1).values()))
    assert drawn / means[:, None] == pytest.approx(np.tile(drawn[0] / means[0], (4, 1)))


def test_averaged_leaving_has_the_mean_of_drawn_leaving():
    plan = small_plan(4000)
    row = plan_contrasts(plan)[0]
    rng = np.random.default_rng(3)
    serotonin = np.tile(rng.lognormal(0.0, 0.3, plan.patients), (DAYS, 1))
    pools = {row.arm: {"serotonin_extracellular": serotonin}}
    quiet = plan.model_copy(update={"adverse_events": ()})
    points = replace(row, measure="points")
    averaged = ContrastModel(quiet, [points], pools)(PLANTED)[0]

    condition = plan_condition(plan)
    weights = dict(zip(plan.weights, PLANTED, strict=True))
    signals = {
        name: fact.model_copy(update={"value": float(weights[name])})
        for name, fact in condition.link.signals.items()
    }
    link = condition.link.model_copy(update={"signals": signals})
    condition = condition.model_copy(update={"link": link})
    ids = np.arange(1, plan.patients + 1)
    changes = []
    for readings in (serotonin, np.zeros_like(serotonin)):
        course = start_course(ids, plan.seed, condition, ())
        first = held = course.latent(condition, TrialVariation())
        for begin, end in zip((0, 7, 14, 21, 28, 42), (7, 14, 21, 28, 42, 56), strict=True):
            part = DayDrivers(readings={"serotonin_extracellular": readings[begin:end]})
            course = follow_days(course, part, condition, (), TrialVariation())
            now = course.latent(condition, TrialVariation())
            held = np.where(np.isnan(course.left_day), now, held)
        changes.append(held - first)
    difference = changes[0] - changes[1]
    assert averaged == pytest.approx(
        difference.mean(), abs=4.0 * difference.std() / plan.patients**0.5
    )
    assert averaged < -1.0


def test_more_numbers_than_a_fifth_of_the_contrasts_are_refused():
    drugs = ("escitalopram", "citalopram", "fluoxetine", "paroxetine", "desvenlafaxine")
    more = ("sertraline", "vortioxetine")
    with pytest.raises(InputError, match="4 fitted numbers for 10 contrasts; at most a fifth"):
        fit(load_plan("major_depression"), leave_out_drugs=(*drugs, *more))


def test_one_trial_of_three_doses_decides_nothing():
    with pytest.raises(InputError, match="1 fitted numbers for 3 contrasts"):
        fit(load_plan("generalised_anxiety"))


def test_what_is_left_out_must_be_there():
    rows = plan_contrasts(load_plan("major_depression"))
    with pytest.raises(InputError, match=r"trial 'burke'.*burke_2002"):
        chosen_rows(rows, ["burke"])
    with pytest.raises(InputError, match=r"drug 'water'.*sertraline"):
        chosen_rows(rows, (), ["water"])


def test_a_refit_with_a_drug_left_out_forecasts_it():
    plan, rows, slopes = linear_case(0.0)
    refit = fit(plan, leave_out_drugs=["sertraline"], expansion=lambda weights: slopes @ weights)
    assert {row.drug for row in refit.rows}.isdisjoint({"sertraline"})
    assert {row.drug for row in refit.judged} > {"sertraline"}  # and the trials held out
    assert {row.trial for row in refit.judged} >= set(plan.held_out)
    place = {(row.trial, row.label): index for index, row in enumerate(rows)}
    weights = np.array(list(refit.link.weights.values()))
    expected = [slopes[place[row.trial, row.label]] @ weights for row in refit.judged]
    assert refit.forecast == pytest.approx(expected)
    assert refit.link.left_out_drugs == ("sertraline",)


@pytest.fixture(scope="module")
def found():
    plan, rows, slopes = linear_case(0.1)
    return fit_contrasts(plan, rows, lambda weights: slopes @ weights)


def test_a_written_fit_is_read_again(found, tmp_path):
    fitted, table = write_fit(found, tmp_path / "out")
    again = load_fitted(str(fitted))
    weights = list(found.link.weights.values())
    assert list(again.weights.values()) == pytest.approx(weights, rel=1e-5)
    assert again.rows == found.link.rows
    frame = pl.read_parquet(table)
    assert frame["model"].to_list() == pytest.approx(found.predicted.tolist())
    assert frame["is_fitted"].all()


def test_a_folder_that_cannot_be_written_is_named(found, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match=r"--out: .*cannot be written"):
        write_fit(found, tmp_path / "file")
