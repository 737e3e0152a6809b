"""Drugs that slow progression, where a protocol assumes it: against closed forms, and off."""

import numpy as np
import pytest
from cohort_outcomes_tolerances import EXACT

from cohort.conditions import condition_text, load_condition
from cohort.errors import ConditionError, ProtocolError
from cohort.outcomes import DayDrivers, TrialVariation, accustom, follow_days, start_course
from cohort.protocols import protocol_text
from cohort.trial import (
    Assumptions,
    Protocol,
    load_protocol,
    parse_protocol,
    write_protocol,
)
from pipelines.trial_warnings import trial_warnings

EARLY = load_condition("parkinsons_disease_early")
IDS = np.arange(1, 101)
PLAIN = TrialVariation()
ON_DRUG, WASHED_OUT = 84, 14
KEY = "assumptions: {disease_modification: true}\n"


def days(level, n_day):
    return DayDrivers(readings={"motor_drive": np.full((n_day, len(IDS)), level)})


def untouched_and_modified(level, variation=PLAIN):
    """Return the latent severity after treatment and wash-out, without and with the switch."""
    found = []
    for modifies in (False, True):
        course = start_course(IDS, 7, EARLY, (), modifies_disease=modifies)
        for part in (days(level, ON_DRUG), days(0.0, WASHED_OUT)):
            course = follow_days(course, part, EARLY, (), variation)
        found.append(course.latent(EARLY, variation))
    return (course, *found)


def held_in_closed_form(level, sensitivity):
    """Return the days of drift that are held back: the declared share of each day's benefit."""
    link, severity = EARLY.link, EARLY.severity
    rate, share = link.rate.number("1/day"), link.fast_share.number("1")
    point = 0.64 / (0.4 * severity.baseline_mean.number("1"))
    on = np.arange(1, ON_DRUG + 1)
    slow = level * (1 - np.exp(-rate * on))
    left = slow[-1] * np.exp(-rate * np.arange(1, WASHED_OUT + 1))
    u = np.concatenate((share * level + (1 - share) * slow, (1 - share) * left))
    benefit = link.ceiling.number("1") * np.tanh(u)
    return np.clip(point * sensitivity * benefit[:, None], 0, 1).sum(axis=0)


@pytest.mark.parametrize("level", [0.3, 3.0, -0.5])
def test_what_is_held_back_stays_after_wash_out(level):
    course, plain, modified = untouched_and_modified(level)
    severity = course.severity
    held = held_in_closed_form(level, severity.sensitivity)
    assert course.held_days == pytest.approx(held, abs=EXACT * ON_DRUG)
    inside = (plain > 0) & (modified > 0)  # severity is not less than none
    assert inside.sum() > 60
    gained = (plain - modified)[inside]
    assert gained == pytest.approx((np.maximum(severity.slope, 0) * held)[inside], abs=1e-9)


def test_harm_does_not_speed_progression_up_and_no_drug_turns_it_round():
    _, plain, modified = untouched_and_modified(-0.5)
    assert modified.tolist() == plain.tolist()
    course, _, modified = untouched_and_modified(50.0)
    on_drug = course.held_days
    assert (on_drug <= ON_DRUG + WASHED_OUT).all()
    assert on_drug.max() > 0.9 * ON_DRUG


def test_a_trial_in_which_no_drug_works_modifies_nothing():
    course, plain, modified = untouched_and_modified(0.3, TrialVariation(benefit_factor=0.0))
    assert modified.tolist() == plain.tolist()
    assert not course.held_days.any()


def test_off_is_as_if_the_condition_declared_nothing():
    severity = EARLY.severity.model_copy(update={"disease_modification": None})
    silent = EARLY.model_copy(update={"severity": severity})
    rows = []
    for condition, modifies in ((EARLY, False), (silent, False), (silent, True)):
        start = start_course(IDS, 7, condition, (), modifies_disease=modifies)
        course = follow_days(start, days(0.3, ON_DRUG), condition, (), PLAIN)
        rows.append(course.latent(condition, PLAIN).tolist())
        assert not course.held_days.any()
    assert rows[0] == rows[1] == rows[2]


def test_what_was_held_back_before_the_trial_is_in_the_baseline():
    start = start_course(IDS, 7, EARLY, (), modifies_disease=True)
    used_to = accustom(start, days(0.5, 28), EARLY, ())
    assert not used_to.held_days.any()
    assert used_to.latent(EARLY, PLAIN).tolist() == used_to.severity.baseline.tolist()
    after = follow_days(used_to, days(0.5, 1), EARLY, (), PLAIN)
    assert (after.held_days > 0).all()


def test_the_switch_is_off_by_default_and_then_changes_no_hash():
    plain = load_protocol("elldopa")
    assert plain.assumptions == Assumptions(disease_modification=False)
    assert "assumptions" not in write_protocol(plain)
    record = plain.model_dump(mode="json")
    off, on = (
        Protocol.model_validate({**record, "assumptions": {"disease_modification": switch}})
        for switch in (False, True)
    )
    assert off.content_hash() == plain.content_hash() != on.content_hash()
    assert parse_protocol(write_protocol(on)) == on


def test_a_run_is_told_what_is_assumed():
    plain = load_protocol("elldopa")
    on = plain.model_copy(update={"assumptions": Assumptions(disease_modification=True)})
    assert any("disease_modification is not assumed" in one for one in trial_warnings(plain))
    (said,) = [one for one in trial_warnings(on) if "disease_modification" in one]
    assert "improve severity by 40% slow progression by 64%" in said
    depression = trial_warnings(load_protocol("sct-md-01"))
    assert not any("disease_modification" in one for one in depression)


@pytest.mark.parametrize(
    ("name", "key", "message"),
    [
        ("sct-md-01", KEY, "condition 'major_depression' declares no 'severity.disease_modif"),
        ("elldopa", KEY.replace("true", "0.5"), "assumptions.disease_modification"),
        ("elldopa", KEY.replace("modification", "modificaton"), "disease_modificaton"),
        ("elldopa", "assumptions: true\n", "assumptions"),
    ],
)
def test_nonsense_is_refused_with_its_place(name, key, message):
    with pytest.raises(ProtocolError) as caught:
        parse_protocol(protocol_text(name) + key)
    (mistake,) = caught.value.mistakes
    assert message in str(mistake)
    assert mistake.line


@pytest.mark.parametrize(
    ("text", "broken", "message"),
    [
        ("{value: 0.186 1/week", "{value: 0 1/week", "nothing to slow where progression is 0"),
        ("slowing: {value: 0.64", "slowing: {value: 1.2", "slowing"),
        ("at_improvement: {value: 0.4", "at_improvement: {value: 0", "at_improvement"),
    ],
)
def test_a_condition_that_cannot_be_slowed_is_refused(text, broken, message, tmp_path):
    path = tmp_path / "mine.yaml"
    whole = condition_text("parkinsons_disease_early")
    assert text in whole
    path.write_text(whole.replace(text, broken), "utf-8")
    with pytest.raises(ConditionError) as caught:
        load_condition(str(path))
    (mistake,) = caught.value.mistakes
    assert message in str(mistake)
    assert mistake.line
