"""The fit of leaving for adverse events, on exits whose shares are known."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom, binomtest, norm

from benchmarks import calibrate_leaving as fit
from cohort.conditions import load_condition
from cohort.outcomes import DayDrivers, TrialVariation, follow_days, start_course
from cohort.outcomes.adverse_events import load_adverse_event
from cohort.outcomes.course import REASONS

RESULT = Path(fit.__file__).parent / "results" / "leaving.json"
EVENTS = tuple(map(load_adverse_event, ("nausea", "insomnia", "headache", "dizziness")))


def one_episode(share, stays=1.0, multiple=1.0):
    """A patient with an episode in the second of three weeks; half such episodes are mild."""
    return fit.Exits(
        multiple=np.array([multiple]),
        bounds=np.array([[0.5], [0.8]]),
        shares=np.array([[0.0], [share], [share]]),
        cell=np.array([1]),
        stays=np.full((3, 1), stays),
    )


def test_who_leaves_follows_the_shares():
    assert one_episode(0.4).left(1.0, 0.0, 0.0).tolist() == pytest.approx([0.0, 0.2, 0.2])
    assert one_episode(0.4, stays=0.7).left(0.5, 0.0, 0.0)[-1] == pytest.approx(0.07)
    assert one_episode(0.8).left(3.0, 0.0, 0.0)[-1] == pytest.approx(0.5)  # never above all
    weekly = 7 * 0.01
    both = 1.0 - np.exp(-3 * 2.0 * weekly) * (1.0 - 2.0 * 0.2)
    assert one_episode(0.4).left(1.0, 0.0, 0.01, trial=2.0)[-1] == pytest.approx(both)


def test_severity_that_rises_has_the_odds_of_the_multiple():
    risen = one_episode(1.0, multiple=4.0).left(1.0, 0.5, 0.0)[-1]
    assert risen / (1.0 - risen) == pytest.approx(4.0**0.5)


def test_summed_chances_are_the_shares_of_simulated_leavers():
    patients, copies, weeks = 40, 60, 6
    condition = load_condition("major_depression")
    rate = condition.dropout.adverse_event.number("1/day")
    withdrawal = condition.dropout.withdrawal.number("1")
    readings = {
        name: np.full((7 * weeks, patients), 0.8) for event in EVENTS for name in event.reads
    }
    people = {"age_y": np.full(patients, 40.0), "sex": np.array(["F", "M"] * (patients // 2))}
    chances = fit.exits(condition, EVENTS, readings, people, weeks, copies)
    expected = chances.left(withdrawal, 0.0, rate)[-1]
    ids = np.arange(10_001, 10_001 + patients * copies)
    columns = {name: np.tile(column, copies) for name, column in people.items()}
    course = start_course(ids, 5, condition, EVENTS, covariates=columns)
    drivers = DayDrivers(readings={k: np.tile(v, (1, copies)) for k, v in readings.items()})
    course = follow_days(course, drivers, condition, EVENTS, TrialVariation())
    left = int((course.left_reason == REASONS.index("ADVERSE EVENT")).sum())
    assert expected > 0.05
    assert binomtest(left, len(ids), expected).pvalue > 0.01


def test_the_background_fills_what_events_leave():
    twelve = fit.Exits(
        multiple=np.ones(0),
        bounds=np.ones((2, 0)),
        shares=np.ones((3, 0)),
        cell=np.zeros(0, int),
        stays=np.ones((12, 1)),
    )
    adverse = fit.background(twelve, 0.046, 1.0, 0.0)
    total = sum(fit.LENGTHS.values())
    reached = sum(n * (1 - np.exp(-7 * w * adverse)) for w, n in fit.LENGTHS.items()) / total
    assert reached == pytest.approx(0.046, abs=1e-6)
    assert fit.background(twelve, 0.0, 1.0, 0.0) == 0.0


def test_a_likelihood_without_spread_is_binomial_at_its_mean():
    row = ("a drug", 10, 4, 200, 9.0, 4.0)
    curves = [np.log(0.04) + fit.LOGS, np.log(0.09) + fit.LOGS]
    found = fit.log_likelihood(row, curves[1], curves[0], 0.0, 0.0, 0.0)
    assert found == pytest.approx(binom.logpmf(18, 200, 0.09) + binom.logpmf(8, 200, 0.04))
    wide = fit.log_likelihood(row, curves[1], curves[0], 0.0, 0.5, 0.5)
    assert wide < found  # the row lies at the mean: spread makes it less likely


def test_the_mean_of_a_profile_is_that_of_its_curve():
    multiples = np.exp(np.linspace(-1.0, 1.0, 201))
    mean, low, high = fit.summary(multiples, norm.logpdf(np.log(multiples), 0.1, 0.2))
    assert np.log([mean, low, high]) == pytest.approx([0.1, 0.1 - 0.392, 0.1 + 0.392], abs=2e-3)


def test_the_condition_holds_what_was_fitted():
    result = json.loads(RESULT.read_text(encoding="utf-8"))
    dropout = load_condition("major_depression").dropout
    assert dropout.withdrawal.number("1") == round(result["withdrawal"], 2)
    per_week = dropout.adverse_event.number("1/week")
    assert per_week == pytest.approx(result["adverse_event_per_week"], abs=5e-6)
    low, high = result["withdrawal_95"]
    assert low < result["withdrawal"] < high
