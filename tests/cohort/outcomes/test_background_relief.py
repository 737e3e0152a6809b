"""Patients who enter on a background: a severity declared without treatment is not what is met."""

import numpy as np
import pytest
from cohort_outcomes_tolerances import EXACT

from cohort.conditions import condition_text, load_condition
from cohort.errors import ConditionError
from cohort.outcomes import (
    DayDrivers,
    TrialVariation,
    accustom,
    drug_benefit,
    follow_days,
    load_scale,
    score,
    start_course,
)
from cohort.population.draws import normals

ADVANCED = load_condition("parkinsons_disease_advanced")
IDS = np.arange(1, 2001)
PLAIN = TrialVariation()
LEVODOPA = 0.81
"""Log ratio of the motor drive under 800 mg of levodopa a day, as the packaged trials have it."""


def days(level, n_day=28):
    return DayDrivers(readings={"motor_drive": np.full((n_day, len(IDS)), level)})


def entered(level, condition=ADVANCED):
    start = start_course(IDS, 7, condition, ())
    return start, accustom(start, days(level), condition, ())


def off_time(course):
    noise = normals(7, IDS, "rating")
    return score(load_scale("OFFTIME", "UPDRS"), course.latent(ADVANCED, PLAIN), noise).mean()


def test_off_time_at_entry_is_that_of_patients_on_levodopa():
    # recalled: six hours a day in trials of drugs added to levodopa, twelve of sixteen without
    untreated, treated = entered(LEVODOPA)
    assert off_time(untreated) == pytest.approx(12.0, abs=0.7)
    assert off_time(treated) == pytest.approx(6.0, abs=0.7)


@pytest.mark.parametrize("level", [-0.4, 0.0, 0.1, 0.3, LEVODOPA, 4.0])
def test_the_baseline_is_what_the_background_has_left(level):
    untreated, treated = entered(level)
    link = ADVANCED.link
    weight = link.signals["motor_drive"].number("1")
    slow = 1 - np.exp(-28 * link.rate.number("1/day"))
    share = link.fast_share.number("1")
    benefit = 40 * np.tanh(weight * level * (share + (1 - share) * slow))
    left = 1 - min(max(benefit / 62, 0.0), 0.4)
    expected = untreated.severity.baseline * left
    assert treated.severity.baseline == pytest.approx(expected, rel=EXACT)
    assert treated.latent(ADVANCED, PLAIN) == pytest.approx(expected, rel=EXACT)


def test_who_loses_the_background_gets_worse_by_its_benefit():
    _, treated = entered(LEVODOPA)
    kept = follow_days(treated, days(LEVODOPA, 84), ADVANCED, (), PLAIN)
    lost = follow_days(treated, days(0.0, 84), ADVANCED, (), PLAIN)
    gap = lost.latent(ADVANCED, PLAIN) - kept.latent(ADVANCED, PLAIN)
    benefit = drug_benefit(ADVANCED.link, kept.now, kept.slow)
    above = kept.latent(ADVANCED, PLAIN) > 0
    expected = treated.severity.sensitivity * benefit
    assert gap[above] == pytest.approx(expected[above], rel=1e-3)


def test_a_condition_of_patients_as_they_come_keeps_its_baseline():
    condition = load_condition("parkinsons_disease_early")
    untreated, treated = entered(LEVODOPA, condition)
    assert (treated.entry_benefit > 0).all()
    assert treated.severity.baseline.tolist() == untreated.severity.baseline.tolist()


@pytest.mark.parametrize(
    ("text", "broken", "message"),
    [
        ("background_relief: {value: 0.4", "background_relief: {value: 1.4", "background_relief"),
        ("baseline_mean: {value: 62", "baseline_mean: {value: 0", "nothing to relieve where"),
    ],
)
def test_a_relief_of_nothing_or_of_more_than_all_is_refused(text, broken, message, tmp_path):
    whole = condition_text("parkinsons_disease_advanced")
    whole = whole[: whole.index("  # only where")] + whole[whole.index("\nentry:") :]
    assert text in whole
    path = tmp_path / "mine.yaml"
    path.write_text(whole.replace(text, broken), "utf-8")
    with pytest.raises(ConditionError) as caught:
        load_condition(str(path))
    (mistake,) = caught.value.mistakes
    assert message in str(mistake)
    assert mistake.line
