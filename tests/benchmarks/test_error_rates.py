"""The study of error rates in small, on courses whose truth is known: up to 4,000 trials."""

import numpy as np
import pytest

from benchmarks.study_error_rates import Courses, draw, judge, text, truth
from cohort.inference.estimands import IntercurrentEvents, Scores

N_COHORT = 4000
DAYS = np.array([14.0, 28.0, 56.0])


def courses(effect, seed, leaving=0.0):
    """Random walks from a baseline; who is doing badly leaves, by a score that nobody sees."""
    rng = np.random.default_rng(seed)
    baseline = rng.normal(28, 4, N_COHORT)
    steps = rng.normal(-2 - effect / 3, 3, (N_COHORT, 3))
    latent = baseline[:, None] + np.cumsum(steps, axis=1)
    values = latent + rng.normal(0, 2, latent.shape)
    unseen = latent - latent.mean(axis=0)
    hazard = leaving * np.exp(0.15 * unseen)
    leaves = rng.uniform(size=latent.shape) < 1 - np.exp(-hazard)
    gone = np.maximum.accumulate(leaves, axis=1)
    first = np.argmax(gone, axis=1)
    left = np.where(gone.any(axis=1), DAYS[first] - 1, np.nan)
    return Courses(
        scores=Scores(
            visit_days=DAYS,
            baseline=baseline,
            seen=np.where(gone, np.nan, values),
            continued=values,
        ),
        events=IntercurrentEvents(left_day=left, is_failure=np.isfinite(left)),
    )


CONTROL = courses(0.0, 1, leaving=0.12)
ACTIVE = courses(3.0, 2, leaving=0.20)


def test_the_level_is_held_under_the_null():
    cells = [(name, "hypothetical") for name in ("Welch LOCF", "LOCF", "BOCF", "observed")]
    rows = judge(CONTROL, CONTROL, 60, 4000, cells, seed=3)
    rows += judge(CONTROL, CONTROL, 60, 1000, [("MMRM", "hypothetical")], seed=3)
    for row in rows:
        assert row["rejected_99"][0] <= 0.05 <= row["rejected_99"][1], row["method"]


def test_intervals_cover_an_effect_where_nobody_leaves():
    rows = judge(
        CONTROL, ACTIVE, 60, 1000, [("LOCF", "hypothetical"), ("MMRM", "hypothetical")],
        seed=4, complete=True,
    )  # fmt: skip
    for row in rows:
        assert row["covered_99"][0] <= 0.95 <= row["covered_99"][1]
        assert row["truth"] == pytest.approx(-3, abs=0.4)


def test_carrying_the_baseline_forward_misses_the_hypothetical_truth():
    cells = [("BOCF", "hypothetical"), ("MMRM", "hypothetical"), ("LOCF", "while_on_treatment")]
    rows = {row["method"]: row for row in judge(CONTROL, ACTIVE, 60, 500, cells, seed=5)}
    assert rows["BOCF"]["covered_99"][1] < 0.95
    assert abs(rows["MMRM"]["mean_estimate"] - rows["MMRM"]["truth"]) < abs(
        rows["BOCF"]["mean_estimate"] - rows["BOCF"]["truth"]
    )
    assert rows["LOCF"]["covered_99"][0] <= 0.95 <= rows["LOCF"]["covered_99"][1]


def test_truths_differ_by_estimand():
    effects = {
        name: truth(CONTROL, ACTIVE, name)
        for name in ("hypothetical", "while_on_treatment", "composite")
    }
    assert effects["hypothetical"] < effects["while_on_treatment"] < effects["composite"]


def test_patients_of_a_null_trial_are_all_different():
    trials = next(iter(draw(CONTROL, CONTROL, 50, 3, seed=1)))
    for row in trials.scores.baseline:
        assert len(np.unique(row)) == 100


def test_the_report_names_what_does_not_cover():
    rows = judge(CONTROL, ACTIVE, 60, 500, [("BOCF", "hypothetical")], seed=5)
    facts = {"patients": N_COHORT, "bodies": 1, "left_control": 0.3, "left_active": 0.4}
    assert "too rarely" in text({"effect with leaving": rows}, facts)
