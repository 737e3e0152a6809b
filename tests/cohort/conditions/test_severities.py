"""Severity of the conditions against published figures: entry, course on placebo, leaving.

Half of these figures entered the files, so this is mostly a test that they come out again after
selection, ratings and drop-out; each case says which were not entered.
"""

import numpy as np
import pytest
from scipy.stats import norm

from cohort.conditions import condition_names, load_condition
from cohort.outcomes import (
    DayDrivers,
    TrialVariation,
    baseline_severity,
    follow_days,
    load_scale,
    score,
    start_course,
)
from cohort.population.draws import normals

IDS = np.arange(1, 3001)
SEED = 20
PLAIN = TrialVariation()


def placebo(name, scale_name, weeks):
    """Return scores at entry, last scores seen, scores of completers, and who left by when."""
    condition, scale = load_condition(name), load_scale(scale_name)
    course = start_course(IDS, SEED, condition, ())
    still = np.zeros((7, len(IDS)))
    drivers = DayDrivers(
        readings=dict.fromkeys((*condition.link.signals, "serotonin_extracellular"), still)
    )

    def rated(week):
        return score(scale, course.latent(condition, PLAIN), normals(SEED, IDS, "rating", week))

    first = last = rated(0)
    for week in range(1, weeks + 1):
        course = follow_days(course, drivers, condition, (), PLAIN)
        last = np.where(np.isnan(course.left_day), rated(week), last)
    return first, last, rated(weeks + 1), ~np.isnan(course.left_day)


# name, scale, low and high of the published mean and of the SD at entry (pharmacology of trials)
ENTRY = [
    ("generalised_anxiety", "HAMA", (24, 27), (3.3, 4.5)),
    ("parkinsons_disease_early", "UPDRS", (24, 30), (10, 13)),
    ("parkinsons_disease_early", "UPDRS3", (17, 21), (7, 9)),
    ("alzheimers_disease", "ADASCOG", (22, 27), (10, 12)),
    ("schizophrenia", "PANSS", (91, 96), (13, 16)),
    ("neuropathic_pain", "NRS", (5.6, 5.9), (1.2, 1.6)),
    ("fibromyalgia", "BPI", (5.6, 6.7), (1.3, 1.7)),
    ("adhd", "ADHDRS", (36, 40), (6, 8)),
]


@pytest.mark.parametrize(("name", "scale", "mean", "sd"), ENTRY)
def test_patients_enter_as_severe_as_in_trials(name, scale, mean, sd):
    first, *_ = placebo(name, scale, 0)
    assert mean[0] - 0.1 < first.mean() < mean[1] + 0.1
    assert sd[0] < first.std() < sd[1]


# name, scale, weeks, published mean change and its standard error, SD of change, whether last
# observations are carried forward; * marks what was not entered in the file
COURSES = [
    # ELLDOPA, 90 patients: +7.8 (9.0)
    ("parkinsons_disease_early", "UPDRS", 42, 7.8, 9.0 / 90**0.5, 9.0, False),
    # Rickels 2005, 91 patients, LOCF: -8.4, standard error 0.8, SD 7.6
    ("generalised_anxiety", "HAMA", 4, -8.4, 0.8, 7.6, True),
    # Arnold 2005, 118 women: -1.16 (2.28)
    ("fibromyalgia", "BPI", 12, -1.16, 2.28 / 118**0.5, 2.28, True),
    # Rogers 1998, 162 patients, LOCF: +1.82 (recalled), SD of a pilot trial 4.3-5.8
    ("alzheimers_disease", "ADASCOG", 24, 1.82, 5.0 / 162**0.5, 5.0, True),
    # Marder 1994, Arvanitis 1997, Beasley 1996: +3.3, +1.7, -3.1, SD 14.7-22.2
    ("schizophrenia", "PANSS", 8, 0.6, 1.9, 18.0, True),
]


@pytest.mark.parametrize(("name", "scale", "weeks", "mean", "error", "sd", "is_locf"), COURSES)
def test_the_course_on_placebo_is_that_of_trials(name, scale, weeks, mean, error, sd, is_locf):
    first, last, complete, _ = placebo(name, scale, weeks)
    change = (last if is_locf else complete) - first
    ours = change.std() / np.sqrt(len(IDS))
    assert abs(change.mean() - mean) < 1.96 * np.hypot(error, ours)
    assert change.std() == pytest.approx(sd, rel=0.2)


# name, weeks, published share that left the placebo arm, patients
LEAVING = [
    ("schizophrenia", 8, 45 / 66, 66),
    ("schizophrenia", 6, 35 / 51, 51),  # Arvanitis 1997, not entered in the file
    ("alzheimers_disease", 24, 0.20, 162),
    ("major_depression", 8, 0.26, 5000),
]


@pytest.mark.parametrize(("name", "weeks", "share", "patients"), LEAVING)
def test_as_many_leave_placebo_arms_as_in_trials(name, weeks, share, patients):
    condition = load_condition(name)
    *_, left = placebo(name, condition.scales[0], weeks)
    error = np.sqrt(share * (1 - share) * (1 / patients + 1 / len(IDS)))
    assert abs(left.mean() - share) < 1.96 * error + 0.02


@pytest.mark.parametrize("name", condition_names())
def test_the_baseline_is_a_normal_severity_that_passed_a_noisy_screening(name):
    # closed form: of latent N(m, s) those whose rating, rounded, meets the criterion
    condition = load_condition(name)
    scale = load_scale(condition.entry.scale)
    mean = condition.severity.baseline_mean.number("1")
    sd = condition.severity.baseline_sd.number("1")
    loading, noise = scale.loading.number("1"), scale.noise_sd.number("1")
    rated_sd = np.hypot(loading * sd, noise)
    lowest = condition.entry.at_least.number("1") - 0.5 - scale.minimum
    if condition.entry.at_least.number("1") <= scale.minimum:
        lowest = -np.inf  # held at the minimum, everybody passes
    z = (lowest - loading * mean) / rated_sd
    expected = mean + loading * sd**2 / rated_sd * norm.pdf(z) / norm.sf(z)
    entered = baseline_severity(IDS, SEED, condition)
    assert abs(entered.mean() - expected) < 4 * sd / np.sqrt(len(IDS))


@pytest.mark.parametrize("name", condition_names())
def test_without_treatment_progression_is_the_mean_slope(name):
    condition = load_condition(name)
    course = start_course(IDS, SEED, condition, ())
    slope = condition.severity.progression.number("1/day")
    spread = condition.severity.progression_sd
    if spread is None:
        assert set(course.severity.slope) == {slope}
    else:
        error = spread.number("1/day") / np.sqrt(len(IDS))
        assert abs(course.severity.slope.mean() - slope) < 4 * error


def test_a_trial_shift_moves_nothing_where_there_is_no_placebo_course():
    condition = load_condition("healthy")
    course = start_course(IDS[:50], SEED, condition, ())
    plain = course.severity.at(56.0, np.zeros(50), condition, 0.0)
    assert np.array_equal(course.severity.at(56.0, np.zeros(50), condition, 2.0), plain)
    assert plain == pytest.approx(np.maximum(course.severity.baseline, 0.0))
