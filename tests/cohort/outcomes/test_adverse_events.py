"""Adverse events: hazards from states, tolerance, background rates and negative controls."""

import numpy as np
import pytest
from cohort_events import driver, fact, made_event, walk
from cohort_outcomes_tolerances import EXACT, SAMPLED_MEAN
from scipy.stats import binomtest

from cohort.conditions import load_condition
from cohort.errors import UnknownNameError
from cohort.outcomes import (
    DayDrivers,
    TrialVariation,
    adverse_event_names,
    follow_days,
    hazard_per_day,
    load_adverse_event,
    start_course,
)
from cohort.outcomes.adverse_events import event_rules
from cohort.population import PatientHistory, PopulationSpec, draw_candidates

CONDITION = load_condition("major_depression")
IDS = np.arange(1, 4001)
ZERO = np.zeros(1)
RISE, FIRING = "serotonin_extracellular", "serotonin_firing"
WITH_HAZARD = [name for name in adverse_event_names() if load_adverse_event(name).measure is None]
WRITTEN = {  # share over 8 weeks, reading and sign, gain, tolerance, duration [d]
    "nausea": (0.07, RISE, 1, 12.0, 7.0, 8.0),
    "insomnia": (0.04, RISE, 1, 5.2, 21.0, 14.0),
    "somnolence": (0.02, FIRING, -1, 22.0, 14.0, 14.0),
    "sexual_dysfunction": (0.01, RISE, 1, 9.1, None, None),
}
SPREAD = 0.7


def written(name):
    """Return an event with one driver, as a table of rates describes it."""
    share, reads, sign, gain, tolerance, duration = WRITTEN[name]
    time = None if tolerance is None else fact(f"{tolerance} day")
    return made_event(
        name,
        share=share,
        sd=SPREAD,
        drivers=[driver(reads, gain, sign=sign, tolerance=time)],
        duration=None if duration is None else fact(f"{duration} day"),
        frailty_class=name,
    )


def run(level, days=56, names=tuple(WRITTEN)):
    events = tuple(written(name) for name in names)
    rise = np.full((days, len(IDS)), level)
    course = start_course(IDS, 77, CONDITION, events)
    drivers = DayDrivers(readings={RISE: rise, FIRING: -rise})
    return events, follow_days(course, drivers, CONDITION, events, TrialVariation())


def test_untreated_patients_have_the_background_rates():
    # g(0) is subtracted, so nothing but background, frailty and factors is left: given those, each
    # patient has an event with a probability of its own
    without = {"action": None, "needs_signs": None, "recurs": False}
    events = [load_adverse_event(name).model_copy(update=without) for name in WITH_HAZARD]
    spec = PopulationSpec(age_min_y=18, age_max_y=80)
    people = draw_candidates(IDS[:1500], 77, spec, PatientHistory())
    course = walk(events, {RISE: np.zeros((56, 1500))}, covariates=people)
    stays = np.isnan(course.left_day)  # an event may be fatal
    assert stays.mean() > 0.99
    for row, event in enumerate(events):
        rate = event.background_for("spontaneous").rate_per_day(0.0)
        chance = 1 - np.exp(-56 * rate * course.events.susceptibility[row])
        n = np.isfinite(course.onset_day[row])[stays].sum()
        spread = (chance * (1 - chance)).sum() ** 0.5
        assert abs(n - chance[stays].sum()) < 4 * spread + 1, event.name


@pytest.mark.parametrize("name", WITH_HAZARD)
def test_a_hazard_at_rest_is_the_background_hazard(name):
    event = load_adverse_event(name)
    spread = event.frailty_sd.number("1")
    still = dict.fromkeys(event.reads, ZERO)
    rest = hazard_per_day(event, still, [ZERO] * len(event.drivers), ZERO, 0.0)[0]
    background = event.background_for("spontaneous")
    expected = background.rate_per_day(0.0) * np.exp(-(spread**2) / 2)
    assert rest == pytest.approx(expected, rel=EXACT)


def test_the_frailty_keeps_the_mean_hazard():
    event = written("nausea")
    draws = np.random.default_rng(1).normal(size=200_000)
    mean = hazard_per_day(event, {RISE: ZERO}, [ZERO], draws, 0.0).mean()
    rate = event.background_for("spontaneous").rate_per_day(0.0)
    assert mean == pytest.approx(rate, rel=SAMPLED_MEAN)


@pytest.mark.parametrize("name", [*WRITTEN, "serotonin_syndrome"])
def test_a_cumulated_hazard_is_the_sum_of_its_formula(name):
    rng = np.random.default_rng(4)
    moves = np.cumsum(rng.normal(0.02, 0.1, (42, 50)), axis=0)
    if name == "serotonin_syndrome":
        event = load_adverse_event(name)
        share, reads, sign, gain, tolerance, days = 0.0005, RISE, 1, 25000.0, None, 365
    else:
        event = written(name)
        share, reads, sign, gain, tolerance, _ = WRITTEN[name]
        days = 56
    course = walk([event], {reads: sign * moves})
    assert np.isnan(course.left_day).all()
    used_to, total = np.zeros(50), np.zeros(50)
    for today in moves:
        u = today - used_to
        if name == "serotonin_syndrome":
            excess = 1 / (1 + (10 / np.exp(u)) ** 6) - 1 / (1 + 10.0**6)
        else:
            excess = np.maximum(u, 0)
        background = -np.log(1 - share) / days
        total += background * course.events.susceptibility[0] * (1 + gain * excess)
        if tolerance is not None:
            used_to = today + (used_to - today) * np.exp(-1 / tolerance)
    assert course.hazard[0] == pytest.approx(total, rel=1e3 * EXACT)


def test_the_background_allows_for_patients_who_leave():
    background = written("nausea").background_for("spontaneous")
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


@pytest.mark.parametrize("other_class", ["gut", "sleep"])
def test_events_cluster_in_patients_by_the_correlation_of_their_frailties(other_class):
    sd, shares = 1.0, (0.3, 0.2)
    events = [
        made_event("nausea", share=shares[0], sd=sd, frailty_class="gut"),
        made_event("insomnia", share=shares[1], sd=sd, frailty_class=other_class),
    ]
    course = walk(events, {RISE: np.zeros((56, len(IDS)))})
    both = int(np.isfinite(course.onset_day).all(axis=0).sum())
    declared = event_rules().class_correlation.number("1")
    rho = 1.0 if other_class == "gut" else declared
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    one = nodes[:, None]
    two = rho * one + (1 - rho**2) ** 0.5 * nodes
    has = [
        1 - (1 - share) ** np.exp(sd * eta - sd**2 / 2)
        for share, eta in zip(shares, (one, two), strict=True)
    ]
    joint = np.outer(weights, weights) / weights.sum() ** 2
    assert binomtest(both, len(IDS), (joint * has[0] * has[1]).sum()).pvalue > 0.01
    independent = (joint * has[0]).sum() * (joint * has[1]).sum()
    assert binomtest(both, len(IDS), independent).pvalue < 1e-6


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
    rise = np.full((7, 3), 0.5)
    rise[3:, 1] = np.nan
    course = walk([written("nausea")], {RISE: rise})
    assert np.isnan(course.latent(CONDITION, TrialVariation())).tolist() == [False, True, False]
    assert not (course.onset_day[0, 1] > 3)


def test_an_unknown_event_offers_the_nearest():
    with pytest.raises(UnknownNameError, match="nausea"):
        load_adverse_event("nausae")
