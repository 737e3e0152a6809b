"""Adverse events: hazards from states, tolerance, background rates and negative controls."""

import numpy as np
import pytest
from cohort_outcomes_tolerances import EXACT, SAMPLED_MEAN, SAMPLED_SHARE

from cohort.conditions import load_condition
from cohort.errors import UnknownNameError
from cohort.facts import Fact
from cohort.outcomes import (
    DayDrivers,
    TrialVariation,
    follow_days,
    hazard_per_day,
    load_adverse_event,
    start_course,
)

CONDITION = load_condition("major_depression")
IDS = np.arange(1, 4001)
PEOPLE = {"age_y": np.full(4000, 40.0), "sex": np.where(IDS % 2, "F", "M")}
FIVE = ("nausea", "insomnia", "somnolence", "sexual_dysfunction", "serotonin_syndrome")
ZERO = np.zeros(1)
RATES = ("other", "efficacy", "adverse_event", "adverse_event_burden")
NEVER = Fact(value="0 1/day", mark="design", source="nobody leaves")


def run(level, days=56, names=None):
    events = tuple(load_adverse_event(name) for name in names or FIVE)
    rise = np.full((days, len(IDS)), level)
    drivers = DayDrivers(
        readings={"serotonin_extracellular": rise, "serotonin_firing": -rise},
    )
    course = start_course(IDS, 77, CONDITION, events, covariates=PEOPLE)
    return events, follow_days(course, drivers, CONDITION, events, TrialVariation())


@pytest.mark.parametrize("name", FIVE)
def test_untreated_patients_have_the_background_rate(name):
    # g(0) is subtracted and the frailty has mean 1, so the label's placebo column comes back
    events, course = run(0.0, names=(name,))
    share = np.isfinite(course.onset_day[0]).mean()
    wanted = events[0].background_for("spontaneous").share if name != "serotonin_syndrome" else 0.0
    assert share == pytest.approx(wanted, abs=SAMPLED_SHARE)


@pytest.mark.parametrize("name", FIVE)
def test_a_hazard_at_rest_is_the_background_hazard(name):
    event = load_adverse_event(name)
    frailty = np.zeros(1)
    spread = event.frailty_sd.number("1")
    still = dict.fromkeys(event.reads, ZERO)
    rest = hazard_per_day(event, still, [ZERO] * len(event.drivers), frailty, 0.0)[0]
    background = event.background_for("spontaneous")
    expected = background.rate_per_day(0.0) * np.exp(-(spread**2) / 2)
    assert rest == pytest.approx(expected, rel=EXACT)


def test_the_frailty_keeps_the_mean_hazard():
    event = load_adverse_event("nausea")
    draws = np.random.default_rng(1).normal(size=200_000)
    still, unused = dict.fromkeys(event.reads, ZERO), [ZERO] * len(event.drivers)
    mean = hazard_per_day(event, still, unused, draws, 0.0).mean()
    rate = event.background_for("spontaneous").rate_per_day(0.0)
    assert mean == pytest.approx(rate, rel=SAMPLED_MEAN)


WRITTEN = {  # share over days, reading and sign, Hill, tolerance, duration [d], frailty
    "nausea": (0.07, 56, "serotonin_extracellular", 1, None, 7.0, 8.0, 0.7),
    "insomnia": (0.04, 56, "serotonin_extracellular", 1, None, 21.0, 14.0, 0.7),
    "somnolence": (0.02, 56, "serotonin_firing", -1, None, 14.0, 14.0, 0.7),
    "sexual_dysfunction": (0.01, 56, "serotonin_extracellular", 1, (3.0, 5.0), None, 14.0, 0.7),
    "serotonin_syndrome": (0.0005, 365, "serotonin_extracellular", 1, (10.0, 6.0), None, 3.0, 0.7),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_a_cumulated_hazard_is_the_sum_of_its_formula(name):
    share, days, reads, sign, hill, tolerance, duration, spread = WRITTEN[name]
    event = load_adverse_event(name).model_copy(update={"action": None, "recurs": False})
    gain = event.drivers[event.reads.index(reads)].gain.number("1")
    assert (event.duration and event.duration.number("day")) == duration
    rng = np.random.default_rng(4)
    rise = sign * np.cumsum(rng.normal(0.02, 0.1, (42, 50)), axis=0)
    still = CONDITION.model_copy(
        update={"dropout": CONDITION.dropout.model_copy(update=dict.fromkeys(RATES, NEVER))}
    )
    people = {key: column[:50] for key, column in PEOPLE.items()}
    course = start_course(IDS[:50], 77, still, (event,), covariates=people)
    frailty = np.log(course.events.susceptibility[0]) / spread + spread / 2
    course = follow_days(
        course, DayDrivers(readings={reads: rise}), still, (event,), TrialVariation()
    )
    assert np.isnan(course.left_day).all()
    used_to, total = np.zeros(50), np.zeros(50)
    for today in sign * rise:
        u = today - used_to
        if hill is not None:
            half, steepness = hill
            excess = 1 / (1 + (half / np.exp(u)) ** steepness) - 1 / (1 + half**steepness)
        else:
            excess = np.maximum(u, 0)
        background = -np.log(1 - share) / days
        total += background * np.exp(spread * frailty - spread**2 / 2) * (1 + gain * excess)
        if tolerance is not None:
            used_to = today + (used_to - today) * np.exp(-1 / tolerance)
    assert course.hazard[0] == pytest.approx(total, rel=1e3 * EXACT)


def test_the_background_allows_for_patients_who_leave():
    background = load_adverse_event("nausea").background_for("spontaneous")
    assert background.rate_per_day(0.0) == pytest.approx(-np.log(1 - 0.07) / 56)
    assert background.rate_per_day(0.006) == pytest.approx(
        -np.log(1 - 0.07) * 0.006 / (1 - np.exp(-0.006 * 56))
    )


def test_tolerance_brings_nausea_early_and_ends_it():
    _, course = run(0.8, names=("nausea",))
    onset = course.onset_day[0]
    first, third = (onset <= 7).mean(), ((onset > 14) & (onset <= 21)).mean()
    assert first > 2 * third
    ended = np.isfinite(course.end_day[0]) & (course.end_day[0] <= 56)
    assert ended.sum() > 0.7 * np.isfinite(onset).sum()


def test_sexual_dysfunction_goes_on_arising():
    _, course = run(0.8, names=("sexual_dysfunction",))
    onset = course.onset_day[0]
    early, late = (onset <= 14).sum(), ((onset > 14) & (onset <= 28)).sum()
    assert late > 0.6 * early
    assert np.isnan(course.end_day[0]).all()


def test_events_cluster_in_patients():
    events, course = run(0.8)
    names = [event.name for event in events]
    nausea, insomnia = (
        np.isfinite(course.onset_day[names.index(name)]) for name in ("nausea", "insomnia")
    )
    assert insomnia[nausea].mean() > 1.3 * insomnia[~nausea].mean()


def test_events_raise_dropout_for_adverse_events():
    _, calm = run(0.0)
    _, treated = run(0.9)
    reason = 2
    assert (treated.left_reason == reason).mean() > 1.5 * (calm.left_reason == reason).mean()


@pytest.mark.parametrize(
    ("ratio", "lowest", "highest"),
    [
        (1.0, 0.0, 0.1),  # untreated
        (2.7, 0.3, 1.5),  # weeks of one SSRI: 0.5-0.9 per 1,000 patient-months (recalled)
        (3.5, 0.5, 3.0),  # the highest occupancy an SSRI reaches
        (25.0, 200.0, 5000.0),  # far beyond: an overdose, or with an MAO inhibitor after weeks
    ],
)
def test_serotonin_syndrome_is_graded_and_near_zero_under_one_ssri(ratio, lowest, highest):
    event = load_adverse_event("serotonin_syndrome")
    rise = {"serotonin_extracellular": np.log(np.array([ratio]))}
    hazard = hazard_per_day(event, rise, [ZERO], ZERO + 0.35, 0.0)[0]
    assert lowest <= hazard * 30.4 * 1000 <= highest  # eta of 0.35 is the mean frailty


def test_nobody_has_an_event_after_leaving():
    _, course = run(0.9)
    left = ~np.isnan(course.left_day)
    onset = course.onset_day[:, left]
    assert not (onset > course.left_day[left]).any()


def test_a_failed_patient_has_no_events_and_a_severity_that_says_so():
    names = ("nausea",)
    events = tuple(load_adverse_event(name) for name in names)
    rise = np.full((7, 3), 0.5)
    rise[3:, 1] = np.nan
    drivers = DayDrivers(readings={"serotonin_extracellular": rise})
    people = {key: column[:3] for key, column in PEOPLE.items()}
    course = start_course(IDS[:3], 7, CONDITION, events, covariates=people)
    course = follow_days(course, drivers, CONDITION, events, TrialVariation())
    assert np.isnan(course.latent(CONDITION, TrialVariation())).tolist() == [False, True, False]


def test_an_unknown_event_offers_the_nearest():
    with pytest.raises(UnknownNameError, match="nausea"):
        load_adverse_event("nausae")
