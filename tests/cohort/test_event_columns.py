"""Rows of the table of adverse events, from courses of made-up events."""

import numpy as np
from cohort_events import SAID, driver, fact, made_event, walk

from cohort.event_columns import event_columns

RISE = "serotonin_extracellular"
IDS = np.arange(1, 601)


def table(events, *, level=0.0, rates=None, cuts=None, days=28):
    course = walk(events, {RISE: np.full((days, 600), level)}, rates=rates, cuts=cuts)
    return course, event_columns("arm", IDS, course)


def test_columns_are_of_one_length_and_patients_are_named():
    event = made_event(share=0.9, recurs=True, duration=fact("3 day"))
    course, columns = table([event])
    assert {len(column) for column in columns.values()} == {len(course.events.records.event)}
    assert set(columns["patient_id"]) <= set(IDS)
    assert len(columns["patient_id"]) > len(set(columns["patient_id"]))  # it recurs


def test_the_last_day_is_that_before_the_next_without_it():
    _, columns = table([made_event(share=0.9, duration=fact("0.001 day"))])
    ended = np.isfinite(columns["end_day"])
    assert (columns["end_day"][ended] == columns["onset_day"][ended]).all()  # one day each
    assert (columns["outcome"][ended] == "RECOVERED/RESOLVED").all()
    assert (columns["outcome"][~ended] == "NOT RECOVERED/NOT RESOLVED").all()
    assert (columns["onset_day"][~ended] == 28).all()


def test_what_drivers_explain_is_the_relation_to_treatment():
    event = made_event(share=0.5, drivers=[driver(gain=5.0)])
    assert set(table([event])[1]["relation"]) == {"NONE"}
    # multiples 1.15, 2 and 5 of the background: shares of 0.13, 0.5 and 0.8
    for level, word in ((0.03, "REMOTE"), (0.2, "POSSIBLE"), (0.8, "PROBABLE")):
        assert set(table([event], level=level)[1]["relation"]) == {word}


def test_whoever_left_for_an_event_withdrew_the_drug_for_the_worst_that_went_on():
    events = [made_event("one", share=0.9), made_event("two", share=0.9)]
    course, columns = table(events, rates={"adverse_event_burden": 0.05})
    gone = columns["action"] == "DRUG WITHDRAWN"
    left = IDS[course.left_reason == 2]
    assert len(left) > 50
    assert sorted(columns["patient_id"][gone]) == sorted(left)  # one event each
    worst = {"MILD": 0, "MODERATE": 1, "SEVERE": 2}
    for row in np.flatnonzero(gone):
        day = course.left_day[columns["patient_id"][row] - 1]
        mine = (columns["patient_id"] == columns["patient_id"][row]) & (columns["onset_day"] <= day)
        assert worst[columns["severity"][row]] == max(worst[w] for w in columns["severity"][mine])


def test_flags_of_seriousness_and_outcome_agree():
    serious = {"share": 0.5, "criteria": {"DTH": 0.3, "LIFE": 0.5}, **SAID}
    _, columns = table([made_event(share=0.9, serious=serious)])
    flags = ("resulted_in_death", "life_threatening", "hospital", "disability")
    any_flag = np.any([columns[name] for name in (*flags, "medically_important")], axis=0)
    assert (any_flag == columns["serious"]).all()
    assert 0.4 < columns["serious"].mean() < 0.6
    assert ((columns["outcome"] == "FATAL") == columns["resulted_in_death"]).all()
    assert np.isnan(columns["toxicity_grade"]).all()  # none are declared
