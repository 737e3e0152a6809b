"""What a protocol says of the conduct of a trial: reading, mistakes, and what becomes of it."""

import json
import re

import numpy as np
import pytest
from pydantic import ValidationError

from cohort.errors import ProtocolError
from cohort.interactions import protocol_risks
from cohort.trial import Regimen, parse_protocol, segments, write_protocol

DAY = 86_400

VALID = """\
schema_version: 1
name: conduct
title: A trial that is conducted in every way
seed: 7
condition: major_depression
duration: 8 week
run_in: 2 day
visits: [week 0, week 2, week 4, week 8]
adherence:
  probability: 80 %
  sd_logit: 1
  patterns: {full: 50 %, partial: 25 %, holidays: 10 %, early_stop: 10 %, white_coat: 5 %}
background:
  - {drug: pindolol, dose: 5 mg, every: 12 h, at: 08:00, start: week -4}
previous:
  - {drug: citalopram, dose: 40 mg, start: week -6, stop: week -1}
randomisation: {strata: [sex == 'M', baseline >= 30], ratio: [1, 1], block: 4}
lead_in: {placebo: 1 week, drop_if_improved: 20 %}
rescue: {drug: lorazepam, dose: 1 mg, every: 12 h, if: score >= 30, from: week 2, for: 2 week}
follow_up: 60 %
missed_visits: {share: 5 %, odds_ratio: 2}
arms:
  - {name: placebo, control: true, patients: 10}
  - name: active
    patients: 10
    regimens:
      - drug: escitalopram
        dose: 10 mg
        stop: week 6
        titrate:
          steps: [5 mg, 10 mg, 20 mg]
          at: [week 2, week 4]
          up_if: response < 50 %
          down_if: adverse_event in ('moderate', 'severe')
endpoints: [MADRS, HAMD17]
primary_endpoint: MADRS
adverse_events: [nausea]
"""

# what is broken: (text, its replacement, key path, part of the message)
WRONG = {
    "background of the trial's drug": (
        "drug: pindolol, dose: 5 mg",
        "drug: escitalopram, dose: 5 mg",
        "background[0].drug",
        "is the background of all patients and a drug of the trial as well",
    ),
    "background from week 0": (
        "start: week -4",
        "start: week 0",
        "background[0].start",
        "it starts at week 0",
    ),
    "background after the start": (
        "start: week -4",
        "start: week 2",
        "background[0].start",
        "'week 2' was given; from -52 week to week 0 is allowed",
    ),
    "time before without unit": (
        "start: week -4",
        "start: -4",
        "background[0].start",
        "-4 has no unit; a time before the first dose is written with its unit. Write",
    ),
    "background that nobody gives so high": (
        "dose: 5 mg",
        "dose: 5 g",
        "background[0].dose",
        "pindolol is given from",
    ),
    "unknown background": (
        "drug: pindolol",
        "drug: pindolal",
        "background[0].drug",
        "unknown drug 'pindolal'",
    ),
    "previous drug that stops before it starts": (
        "stop: week -1",
        "stop: week -7",
        "previous[0].stop",
        "it stops at -7 week and starts at -6 week",
    ),
    "previous drug without a dose": (
        "start: week -6, stop: week -1",
        "start: hour -12, stop: hour -6",
        "previous[0].stop",
        "no dose falls between",
    ),
    "dose that is no step": (
        "steps: [5 mg, 10 mg, 20 mg]",
        "steps: [5 mg, 20 mg]",
        "arms.active.regimens[0].dose",
        "10 mg is no step of its titration (5 mg, 20 mg)",
    ),
    "steps out of order": (
        "[5 mg, 10 mg, 20 mg]",
        "[5 mg, 20 mg, 10 mg]",
        "arms.active.regimens[0].titrate.steps[2]",
        "it is not greater than the one before",
    ),
    "one step": (
        "[5 mg, 10 mg, 20 mg]",
        "[10 mg]",
        "arms.active.regimens[0].titrate.steps",
        "1 of steps; two or more doses are wanted",
    ),
    "step that nobody gives": (
        "10 mg, 20 mg]",
        "10 mg, 2 g]",
        "arms.active.regimens[0].titrate.steps[2]",
        "escitalopram is given from",
    ),
    "titration between visits": (
        "at: [week 2, week 4]",
        "at: [week 2, week 3]",
        "arms.active.regimens[0].titrate.at[1]",
        "there is no visit after the baseline at 3 week",
    ),
    "titration after the regimen": (
        "at: [week 2, week 4]",
        "at: [week 2, week 8]",
        "arms.active.regimens[0].titrate.at[1]",
        "the regimen is not given at 8 week",
    ),
    "titration by a scale of another trial": (
        "up_if: response < 50 %",
        "up_if: PANSS > 60",
        "arms.active.regimens[0].titrate.up_if",
        "character 1: unknown covariate 'PANSS'",
    ),
    "titration by an unknown severity": (
        "('moderate', 'severe')",
        "('bad', 'severe')",
        "arms.active.regimens[0].titrate.down_if",
        "'bad' is no level of 'adverse_event'",
    ),
    "titration without a rule": (
        """
          up_if: response < 50 %
          down_if: adverse_event in ('moderate', 'severe')""",
        "",
        "arms.active.regimens[0].titrate",
        "nothing says when the dose changes",
    ),
    "rescue without a rule": ("if: score >= 30, ", "", "rescue.if", "the key 'if' is missing"),
    "rescue by half a rule": (
        "if: score >= 30",
        "if: score >=",
        "rescue.if",
        "'score >=', character 9",
    ),
    "rescue that nobody asks for": (
        "from: week 2, for",
        "from: week 8, for",
        "rescue.from",
        "no visit after 8 week and before the end asks for rescue",
    ),
    "rescue with the background": (
        "drug: lorazepam, dose: 1 mg, every: 12 h, if",
        "drug: pindolol, dose: 5 mg, every: 12 h, if",
        "rescue.drug",
        "pindolol is the background of all patients already",
    ),
    "shares of patterns that are more than all": (
        "full: 50 %",
        "full: 60 %",
        "adherence.patterns",
        "the shares add up to 110 %; exactly 100 % is allowed",
    ),
    "pattern that is none": (
        "holidays: 10 %",
        "holiday: 10 %",
        "adherence.patterns.holiday",
        "unknown key 'holiday'",
    ),
    "block of no whole ratio": (
        "block: 4",
        "block: 5",
        "randomisation.block",
        "5 patients cannot be divided 1:1; a multiple of 2 is wanted. Write 'block: 4'",
    ),
    "ratio of three arms": (
        "ratio: [1, 1]",
        "ratio: [1, 2, 1]",
        "randomisation.ratio",
        "3 numbers for 2 arms; one an arm is wanted",
    ),
    "ratio that the sizes do not have": (
        "ratio: [1, 1], block: 4",
        "ratio: [3, 1], block: 4",
        "randomisation.ratio",
        "arms of 10, 10 patients are not as 3:1; sizes follow from the ratio",
    ),
    "nobody in a block": (
        "block: 4",
        "block: 0",
        "randomisation.block",
        "0 was given; from 1 to 1000 is allowed",
    ),
    "stratum by the outcome": (
        "baseline >= 30",
        "response >= 50 %",
        "randomisation.strata[1]",
        "unknown covariate 'response'",
    ),
    "randomisation of patients who are in every arm": (
        "condition: major_depression",
        "condition: major_depression\ndesign: counterfactual",
        "randomisation",
        "patients of a counterfactual design are in every arm, so nobody is randomised",
    ),
    "everybody is dropped": (
        "drop_if_improved: 20 %",
        "drop_if_improved: 0",
        "lead_in.drop_if_improved",
        "0 was given, so that everybody is dropped who improves at all",
    ),
    "lead-in of half a year": (
        "placebo: 1 week",
        "placebo: 26 week",
        "lead_in.placebo",
        "26 week was given; at most 12 week is allowed",
    ),
    "more than everybody is followed up": (
        "follow_up: 60 %",
        "follow_up: 160 %",
        "follow_up.share",
        "from 0 (0 %) to 1",
    ),
    "odds below zero": (
        "odds_ratio: 2",
        "odds_ratio: -2",
        "missed_visits.odds_ratio",
        "-2 was given; a ratio greater than 0",
    ),
    "previous drug twice": (
        "previous:\n",
        "previous:\n  - {drug: citalopram, dose: 20 mg}\n",
        "previous[1].drug",
        "citalopram is taken twice at the same time",
    ),
}


def mistakes_in(text):
    with pytest.raises(ProtocolError) as caught:
        parse_protocol(text)
    return caught.value.mistakes


def trial(**changes):
    """The valid trial with other keys."""
    whole = json.loads(parse_protocol(VALID).canonical_json())
    return parse_protocol(json.dumps({**whole, **changes}))


def without(*keys):
    whole = json.loads(parse_protocol(VALID).canonical_json())
    return parse_protocol(json.dumps({key: whole[key] for key in whole if key not in keys}))


@pytest.mark.parametrize(("given", "broken", "key_path", "message"), WRONG.values(), ids=WRONG)
def test_one_thing_broken_gives_one_mistake(given, broken, key_path, message):
    assert VALID.count(given) >= 1
    (mistake,) = mistakes_in(VALID.replace(given, broken, 1))
    assert mistake.key_path == key_path
    assert message in mistake.message
    assert mistake.message.endswith((".", "?"))
    assert "Input should" not in mistake.message


def test_a_protocol_with_every_key_is_written_and_read_again():
    protocol = parse_protocol(VALID)
    assert parse_protocol(write_protocol(protocol)) == protocol
    assert parse_protocol(write_protocol(protocol)).content_hash() == protocol.content_hash()


def test_keys_of_conduct_that_are_left_out_are_not_in_the_hash():
    plain = json.loads(without(*CONDUCT).canonical_json())
    assert set(CONDUCT).isdisjoint(plain)
    bare = {"drug": "escitalopram", "dose": "10 mg"}
    assert "titrate" not in Regimen.model_validate(bare).model_dump_json()


NONSENSE = [None, True, -7, "nonsense \u2603", [], {"a": {"b": 1}}]


def places(node, path=()):
    """Yield the path of every value of nested data."""
    for key, value in node.items() if isinstance(node, dict) else enumerate(node):
        yield (*path, key)
        if isinstance(value, dict | list):
            yield from places(value, (*path, key))


def replaced(node, path, value):
    if not path:
        return value
    copy = dict(node) if isinstance(node, dict) else list(node)
    copy[path[0]] = replaced(node[path[0]], path[1:], value)
    return copy


def wrong_keys(data):
    """Return the keys of the protocol that have a mistake."""
    try:
        parse_protocol(json.dumps(data))
    except ProtocolError as error:
        return {re.split(r"[.\[]", one.key_path)[0] for one in error.mistakes}
    return set()


WHOLE = json.loads(parse_protocol(VALID).canonical_json())
CONDUCT = (
    "background",
    "previous",
    "randomisation",
    "lead_in",
    "rescue",
    "follow_up",
    "missed_visits",
)


TITRATION = ("arms", 1, "regimens", 0, "titrate")


@pytest.mark.parametrize("key", [*CONDUCT, TITRATION], ids=[*CONDUCT, "titrate"])
def test_nonsense_in_one_place_causes_no_mistake_elsewhere(key):
    start = (key,) if isinstance(key, str) else key
    node, key = WHOLE, start[0]
    for step in start:
        node = node[step]
    for place, path in enumerate([start, *((*start, *path) for path in places(node))]):
        for nonsense in NONSENSE[place % 6 :: 6]:
            assert wrong_keys(replaced(WHOLE, path, nonsense)) <= {key}, (path, nonsense)


def test_the_time_before_is_whole_days_from_the_earliest_dose():
    assert trial().prior == 42 * DAY
    early = [{"drug": "citalopram", "dose": "40 mg", "start": "hour -60", "stop": "hour -24"}]
    assert trial(background=[], previous=early).prior == 3 * DAY
    assert without("background", "previous").prior == 0


def test_segments_have_the_time_before_between_the_run_in_and_the_baseline():
    parts = segments(trial())
    assert [(one.t0 // DAY, one.t1 // DAY, one.visit) for one in parts] == [
        (0, 2, None),
        (2, 44, 0),
        (44, 58, 1),
        (58, 72, 2),
        (72, 100, 3),
    ]
    saves = np.concatenate([one.save_times for one in parts])
    assert saves.tolist() == [day * DAY for day in range(1, 101)]


def test_a_contradiction_is_refused_in_python_too():
    with pytest.raises(ValidationError, match="it starts at week 0"):
        trial().background[0].model_validate(
            {"drug": "pindolol", "dose": "5 mg", "start": "week 0"}
        )


def test_a_drug_that_was_washed_out_too_shortly_is_warned_of():
    before = [{"drug": "phenelzine", "dose": "45 mg", "stop": "week -1"}]
    risks = protocol_risks(trial(background=[], previous=before))
    assert {risk.arm for risk in risks if risk.grade == "contraindicated"} == {"active"}
    assert "wash-out are wanted" in str(risks[0])
    long_ago = [{"drug": "phenelzine", "dose": "45 mg", "start": "week -12", "stop": "week -6"}]
    assert not protocol_risks(trial(background=[], previous=long_ago))


def test_drugs_of_rescue_and_of_titration_are_warned_of_at_their_highest_dose():
    rescue = {"drug": "phenelzine", "dose": "15 mg", "if": "score >= 30"}
    risks = protocol_risks(trial(background=[], previous=[], rescue=rescue))
    assert ("active", "contraindicated") in {(risk.arm, risk.grade) for risk in risks}
    assert "phenelzine" in trial(rescue=rescue).drugs


CROSSOVER = """\
schema_version: 1
name: crossover
title: A drug and placebo in the same patients
seed: 7
condition: major_depression
duration: 10 week
visits: [week 0, week 4, week 6, week 10]
periods:
  - {name: one, start: week 0, stop: week 4}
  - {name: two, start: week 6, stop: week 10}
arms:
  - name: drug first
    control: true
    patients: 10
    sequence: [drug, placebo]
    regimens: [{drug: escitalopram, dose: 10 mg, start: week 0, stop: week 4}]
  - name: placebo first
    patients: 10
    sequence: [placebo, drug]
    regimens: [{drug: escitalopram, dose: 10 mg, start: week 6, stop: week 10}]
endpoints: [MADRS]
primary_endpoint: MADRS
"""
WRONG_CROSSOVERS = {
    "period without a visit": (
        "name: one, start: week 0, stop: week 4",
        "name: one, start: week 0, stop: week 3",
        "periods.one.stop",
        "there is no visit at 3 week; the end of a period is rated",
    ),
    "period that stops before it starts": (
        "start: week 6, stop: week 10}\narms",
        "start: week 6, stop: week 4}\narms",
        "periods.two.stop",
        "the period stops at 4 week and starts at 6 week",
    ),
    "periods that overlap": (
        "name: two, start: week 6",
        "name: two, start: week 2",
        "periods.two.start",
        "it starts at 2 week, the first period stops at 4 week",
    ),
    "three periods": (
        "periods:\n",
        "periods:\n  - {name: none, start: week 4, stop: week 6}\n",
        "periods",
        "3 of periods; two are compared within patients",
    ),
    "the same order twice": (
        "[placebo, drug]",
        "[drug, placebo]",
        "arms.placebo first.sequence",
        "the other arm has them the other way round. Write 'sequence: [placebo, drug]'",
    ),
    "one treatment": (
        "[drug, placebo]",
        "[drug]",
        "arms.drug first.sequence",
        "the treatments of two periods are wanted",
    ),
    "regimen across the wash-out": (
        "start: week 0, stop: week 4}]",
        "start: week 0, stop: week 6}]",
        "arms.drug first.regimens[0]",
        "escitalopram is not given within one period",
    ),
    "another dose in the other order": (
        "dose: 10 mg, start: week 6",
        "dose: 20 mg, start: week 6",
        "arms.placebo first.regimens",
        "'drug' is not what it is in 'drug first'",
    ),
}


@pytest.mark.parametrize(
    ("given", "broken", "key_path", "message"), WRONG_CROSSOVERS.values(), ids=WRONG_CROSSOVERS
)
def test_one_thing_broken_in_a_crossover_gives_one_mistake(given, broken, key_path, message):
    assert CROSSOVER.count(given) >= 1
    (mistake,) = mistakes_in(CROSSOVER.replace(given, broken, 1))
    assert message in mistake.message
    assert mistake.key_path == key_path


def test_sequences_need_periods():
    mistakes = mistakes_in(re.sub(r"periods:\n.*\n.*\n", "", CROSSOVER))
    assert {"the protocol names none" in one.message for one in mistakes} == {True}
    assert [one.line for one in mistakes] == [12, 16]


def test_a_crossover_is_written_and_read_again():
    protocol = parse_protocol(CROSSOVER)
    assert parse_protocol(write_protocol(protocol)) == protocol
    assert "sequence" not in trial().arms[0].model_dump_json()


def test_nonsense_in_a_crossover_causes_no_mistake_elsewhere():
    whole = json.loads(parse_protocol(CROSSOVER).canonical_json())
    paths = [("periods", *path) for path in places(whole["periods"])]
    paths += [("periods",), ("arms", 0, "sequence"), ("arms", 1, "sequence", 0)]
    for place, path in enumerate(paths):
        for nonsense in NONSENSE[place % 6 :: 6]:
            assert wrong_keys(replaced(whole, path, nonsense)) <= {"periods", "arms"}, path
