"""Decisions at visits on made-up courses: doses, rescue, missed visits, follow-up."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from cohort.conditions import load_condition
from cohort.conduct import NEVER_S, at_visit, start_conduct
from cohort.drugs import load_drug
from cohort.errors import RangeError
from cohort.outcomes import load_adverse_event, start_course
from cohort.outcomes.event_course import ONGOING
from cohort.outcomes.event_records import concatenated
from cohort.trial import (
    EventActions,
    Protocol,
    Titration,
    dose_streams,
    dosing_record,
    load_protocol,
)
from cohort.trial.titration import DoseSteps

DAY = 86_400
CONDITION = load_condition("major_depression")
EVENTS = ["nausea", "insomnia", "somnolence", "sexual_dysfunction", "serotonin_syndrome"]
PACKAGED = load_protocol("sct-md-01").model_dump(mode="json", exclude_none=True)
PACKAGED["adverse_events"] = EVENTS
RULES = {
    "steps": ["5 mg", "10 mg", "20 mg"],
    "up_if": "response < 50 %",
    "down_if": "adverse_event in ('moderate', 'severe')",
}
REGIMEN = {"drug": "escitalopram", "dose": "10 mg", "titrate": RULES}


def trial(**changes):
    arms = [
        {"name": "placebo", "control": True, "patients": 9},
        {"name": "active", "patients": 9, "regimens": [REGIMEN]},
    ]
    record = {**PACKAGED, "published": [], "adherence": {}, "arms": arms, **changes}
    return Protocol.model_validate(record)


def visited(protocol, scores, course=None, conduct=None, visit=1, baseline=30.0):
    """Let patients of made-up scores come to a visit."""
    ids = np.arange(1, len(scores) + 1)
    if course is None:
        course = started(protocol, ids)
    course = replace(course, day=protocol.visits[visit].time // DAY)
    conduct = start_conduct(protocol, "active", ids) if conduct is None else conduct
    shown = {"MADRS": np.array(scores, float), "baseline": np.full(len(ids), baseline)}
    return at_visit(
        conduct, protocol, "active", CONDITION, ids, visit, course, course.severity.baseline, shown
    )


def started(protocol, ids):
    people = {"age_y": np.full(len(ids), 40.0), "sex": np.full(len(ids), "F")}
    events = events_of(protocol)
    return start_course(ids, protocol.seed, CONDITION, events, covariates=people)


def events_of(protocol):
    return tuple(load_adverse_event(name) for name in protocol.adverse_events)


def with_nausea(protocol, severities):
    """Return a course whose patients have nausea of these severities now, -1 for none."""
    severities = np.asarray(severities)
    ids = np.arange(1, len(severities) + 1)
    course = started(protocol, ids)
    row, lanes = protocol.adverse_events.index("nausea"), np.flatnonzero(severities >= 0)
    phase, open_record = course.events.phase.copy(), course.events.open_record.copy()
    phase[row, lanes], open_record[row, lanes] = ONGOING, np.arange(len(lanes))
    records = concatenated(
        [{"event": np.full(len(lanes), row), "lane": lanes, "severity": severities[lanes]}]
    )
    events = replace(course.events, phase=phase, open_record=open_record, records=records)
    return replace(course, events=events)


def test_who_has_not_halved_goes_up_and_who_cannot_bear_it_goes_down_for_good():
    protocol = trial()
    course = with_nausea(protocol, [-1, -1, 2, 0])
    conduct = visited(protocol, [20.0, 15.0, 20.0, 20.0], course)
    assert conduct.steps[0].doses_mg.tolist() == [[10, 10, 10, 10], [20, 10, 5, 20]]
    well = with_nausea(protocol, [-1] * 4)
    later = visited(protocol, [20.0, 20.0, 20.0, 15.0], well, conduct, visit=2)
    assert later.steps[0].doses_mg[-1].tolist() == [20, 20, 5, 20]
    assert visited(protocol, [20.0] * 4, well, later, visit=3).steps[0].levels.max() == 2


def test_nothing_is_decided_for_those_who_left_or_have_no_score():
    protocol = trial()
    course = with_nausea(protocol, [-1] * 3)
    course = replace(course, left_day=np.array([np.nan, 3.0, np.nan]))
    conduct = visited(protocol, [20.0, 20.0, np.nan], course)
    assert conduct.steps[0].doses_mg[-1].tolist() == [20, 10, 10]


def test_doses_are_decided_on_at_the_visits_that_are_named_only():
    at = {**REGIMEN, "titrate": {**RULES, "at": ["week 2"]}}
    arms = [
        *trial().model_dump(mode="json")["arms"][:1],
        {"name": "active", "patients": 9, "regimens": [at]},
    ]
    protocol = trial(arms=arms)
    conduct = visited(protocol, [20.0])
    assert conduct.steps[0].doses_mg[-1].tolist() == [10]
    later = visited(protocol, [20.0], None, conduct, visit=2)
    assert later.steps[0].doses_mg[-1].tolist() == [20]
    assert visited(protocol, [20.0], None, later, visit=3).steps[0].doses_mg[-1].tolist() == [20]


def test_decisions_follow_one_another():
    steps = DoseSteps(
        titration=Titration.model_validate(RULES),
        times=(100,),
        levels=np.zeros((2, 1), np.int64),
        lowered=np.zeros(1, bool),
    )
    with pytest.raises(
        RangeError, match="decided at 100 s after 100 s; decisions follow one another"
    ):
        steps.decided(100, np.array([True]), np.array([False]))


def test_streams_and_the_record_have_the_dose_that_each_patient_came_to():
    protocol, ids = trial(), np.arange(1, 4)
    conduct = visited(protocol, [20.0, 15.0, 20.0], with_nausea(protocol, [-1, -1, 2]))
    (stream,) = dose_streams(
        protocol,
        "active",
        ids,
        drugs={"escitalopram": load_drug("escitalopram")},
        lags={},
        steps=conduct.steps,
    )
    lanes = np.arange(3)
    amounts = np.array([stream.factors(event, lanes) for event in range(stream.n_event)]) / 1000
    share = load_drug("escitalopram").fractions["s_citalopram"]
    assert amounts[6].tolist() == pytest.approx([10 * share] * 3)
    assert amounts[7].tolist() == pytest.approx([20 * share, 10 * share, 5 * share])
    record = dosing_record(protocol, "active", ids, steps=conduct.steps)
    assert record.cumulative_mg.tolist() == [7 * 10 + 49 * 20, 560, 7 * 10 + 49 * 5]
    assert record.planned.tolist() == [56] * 3


def test_titration_and_self_direction_multiply():
    alone = {"name": "on their own", "supervision": "self_directed"}
    protocol, ids = trial(variants=[alone]), np.arange(1, 31)
    conduct = visited(protocol, [20.0] * 30, with_nausea(protocol, [-1] * 30))
    options = {"variant": protocol.variants[0]}
    titrated = dosing_record(protocol, "active", ids, steps=conduct.steps, **options)
    written = dosing_record(protocol, "active", ids, **options)
    week = np.full(30, 7 * DAY)
    first = dosing_record(protocol, "active", ids, week, **options)
    assert titrated.taken.tolist() == written.taken.tolist()
    doubled = first.cumulative_mg + 2 * (written.cumulative_mg - first.cumulative_mg)
    assert np.allclose(titrated.cumulative_mg, doubled, rtol=1e-12)


def with_actions(protocol, reduced, until):
    """Return a course in which events asked for less from a day on, or for a pause until one."""
    course = started(protocol, np.arange(1, len(reduced) + 1))
    days = {"reduce_from_day": np.array(reduced), "interrupt_until_day": np.array(until)}
    return replace(course, events=replace(course.events, **days))


def actions_of(protocol, conduct):
    times = [visit.time for visit in protocol.visits[: len(conduct.pauses_s)]]
    return EventActions(
        reduced_s=conduct.reduced_s, from_s=np.array(times), until_s=conduct.pauses_s
    )


@pytest.mark.parametrize("titrated", [True, False])
def test_a_dose_that_an_event_reduced_is_a_step_lower_or_half_from_the_next_visit(titrated):
    nan = np.nan
    regimen = REGIMEN if titrated else {"drug": "escitalopram", "dose": "10 mg"}
    active = {"name": "active", "patients": 9, "regimens": [regimen]}
    arms = [{"name": "placebo", "control": True, "patients": 9}, active]
    protocol = trial(arms=arms, dose_modification=True)
    course = with_actions(protocol, [nan, 3.0, nan], [nan, nan, 11.0])
    conduct = visited(protocol, [15.0, 15.0, 15.0], course)
    conduct = visited(protocol, [15.0, 15.0, 15.0], course, conduct, visit=2)
    record = dosing_record(
        protocol,
        "active",
        np.arange(1, 4),
        steps=conduct.steps,
        actions=actions_of(protocol, conduct),
    )
    assert record.taken.tolist() == [56, 56, 52]
    assert record.cumulative_mg.tolist() == [560, 70 + 49 * 5, 520]


def test_fixed_doses_stay_whatever_events_ask_for():
    protocol = trial()
    course = with_actions(protocol, [np.nan, 3.0, np.nan], [np.nan, np.nan, 11.0])
    conduct = visited(protocol, [15.0, 15.0, 15.0], course)
    assert (conduct.reduced_s == NEVER_S).all()
    assert (conduct.pauses_s[1] == protocol.visits[1].time).all()  # a pause of no length


def test_streams_follow_what_events_did():
    protocol = trial(
        dose_modification=True,
        arms=[
            {"name": "placebo", "control": True, "patients": 9},
            {
                "name": "active",
                "patients": 9,
                "regimens": [{"drug": "escitalopram", "dose": "10 mg"}],
            },
        ],
    )
    conduct = visited(protocol, [15.0, 15.0], with_actions(protocol, [3.0, np.nan], [np.nan, 9.0]))
    (stream,) = dose_streams(
        protocol,
        "active",
        np.arange(1, 3),
        drugs={"escitalopram": load_drug("escitalopram")},
        lags={},
        actions=actions_of(protocol, conduct),
    )
    amounts = np.array([stream.factors(event, np.arange(2)) for event in range(stream.n_event)])
    assert (amounts[7:, 0] * 2 == amounts[0, 0]).all()
    assert (amounts[:7, 0] == amounts[0, 0]).all()
    assert (~stream.taken[:, 1]).nonzero()[0].tolist() == [7, 8]


RESCUE = {
    "drug": "citalopram",
    "dose": "20 mg",
    "if": "MADRS >= 25 and age_y >= 40 y",
    "from": "week 2",
}


def test_rescue_begins_at_the_first_visit_whose_rule_holds_and_is_counted_apart():
    protocol, ids = trial(rescue={**RESCUE, "if": "MADRS >= 25"}), np.arange(1, 4)
    early = visited(protocol, [40.0, 40.0, 10.0])
    assert (early.rescue_s == NEVER_S).all()  # week 1 is before 'from'
    second = visited(protocol, [40.0, 10.0, 10.0], None, early, visit=2)
    third = visited(protocol, [40.0, 40.0, np.nan], None, second, visit=3)
    assert third.rescue_s.tolist() == [14 * DAY, 28 * DAY, NEVER_S]
    record = dosing_record(protocol, "active", ids, rescue_times=third.rescue_s)
    assert record.rescue.tolist() == [42, 28, 0]
    plain = dosing_record(protocol, "active", ids)
    assert record.cumulative_mg.tolist() == plain.cumulative_mg.tolist()
    left = np.array([21, 21, 21]) * DAY
    assert dosing_record(
        protocol, "active", ids, left, rescue_times=third.rescue_s
    ).rescue.tolist() == [7, 0, 0]
    lasts = trial(rescue={**RESCUE, "if": "MADRS >= 25", "for": "1 week"})
    assert dosing_record(lasts, "active", ids, rescue_times=third.rescue_s).rescue.tolist() == [
        7,
        7,
        0,
    ]


def test_visits_are_missed_as_often_as_is_said_and_more_by_those_who_are_worse():
    ids = np.arange(1, 4001)
    protocol = trial(missed_visits="20 %")
    course = replace(start_course(ids, 7, CONDITION, ()), day=14)

    def missing(trial, severity, day=14):
        later = at_visit(
            start_conduct(trial, "placebo", ids),
            trial,
            "placebo",
            CONDITION,
            ids,
            2,
            replace(course, day=day),
            severity,
            {},
        )
        return later.missed[-1]

    same = missing(protocol, course.severity.baseline)
    assert stats.binomtest(int(same.sum()), len(ids), 0.2).pvalue > 0.001
    assert missing(protocol, course.severity.baseline - 9.0).tolist() == same.tolist()
    # whoever missed one visit misses another day by other luck
    other = missing(protocol, course.severity.baseline, day=28)
    assert abs(np.corrcoef(same, other)[0, 1]) < 0.06
    worse = trial(missed_visits={"share": "20 %", "odds_ratio": 2})
    spread = CONDITION.severity.baseline_sd.number("1")
    above = missing(worse, course.severity.baseline + spread)
    odds = 2 * 0.2 / 0.8
    assert stats.binomtest(int(above.sum()), len(ids), odds / (1 + odds)).pvalue > 0.001
    assert (above | ~same).all()


def test_a_share_of_those_who_stop_is_followed_up():
    ids = np.arange(1, 4001)
    follows = start_conduct(trial(follow_up="60 %"), "active", ids).follows
    assert stats.binomtest(int(follows.sum()), len(ids), 0.6).pvalue > 0.001
    assert not start_conduct(trial(), "active", ids).follows.any()
    few = start_conduct(trial(follow_up="60 %"), "placebo", ids[[70, 9]]).follows
    assert few.tolist() == follows[[70, 9]].tolist()
