"""What published rows and design features may say, and what they must agree on."""

import json

import pydantic
import pytest

from cohort.errors import FileContentError, ProtocolError
from cohort.trial import (
    BiomarkerChange,
    PublishedResult,
    ResponseRule,
    TrialFeatures,
    parse_protocol,
    write_protocol,
)
from cohort.yaml_files import parse_yaml_model

WHOLE = {
    "arm": "active",
    "variant": "usual",
    "scale": "PANSS",
    "reported_on": "BPRS",
    "visit": "week 8",
    "n_randomized": 100,
    "n_analyzed": 98,
    "n_safety": 99,
    "pool": "two studies",
    "mean_change": -16.1,
    "sd_change": 19.2,
    "mean_percent_change": -27.4,
    "mean_baseline": 93.8,
    "sd_baseline": 15,
    "sd_provenance": "computed",
    "responders": 58,
    "remitters": 20,
    "denominator": "randomized",
    "response_rule": {"fall": "20 %", "above": "minimum"},
    "remission_rule": {"at_most": 7},
    "dropouts": 45,
    "dropouts_adverse_event": 9,
    "any_adverse_event": 60,
    "adverse_events": {"nausea": 15, "somnolence": 2},
    "percents": {"responders": "58 %", "nausea": "15 %", "insomnia": 0.04},
    "biomarkers": {"prolactin": {"mean_change": 19, "sd_change": 11, "unit": "ng/mL"}},
    "missing_data": "LOCF",
    "mark": "read",
    "recalled": ["sd_change", "insomnia"],
    "source": "a table",
}
ENDS = {"mean_change", "sd_change", "mean_percent_change"}

# what is broken: (changes of the row, key path of the mistake, part of the message)
WRONG = {
    "end score and change": (
        {"mean_end": 77},
        "mean_end",
        "a row has the one that was published",
    ),
    "SD without its mean": (
        {"sd_end": 9},
        "sd_end",
        "without its mean; 'mean_end' is needed",
    ),
    "SD of zero": ({"sd_change": 0}, "sd_change", "a standard deviation is greater than 0"),
    "origin without SD": (
        {"sd_change": None, "sd_baseline": None, "recalled": []},
        "sd_provenance",
        "the origin of a standard deviation was given without one",
    ),
    "more analyzed than randomized": (
        {"n_analyzed": 101},
        "n_analyzed",
        "101 of 100 randomized patients",
    ),
    "more assessed than randomized": ({"n_safety": 101}, "n_safety", "101 of 100 randomized"),
    "more who left for events than who left": (
        {"dropouts_adverse_event": 46},
        "dropouts_adverse_event",
        "46 of 45 dropped-out patients",
    ),
    "more with one event than with any": (
        {"any_adverse_event": 14},
        "adverse_events.nausea",
        "15 of 14 affected patients",
    ),
    "more with an event than assessed": (
        {"any_adverse_event": 100},
        "any_adverse_event",
        "100 of 99 assessed patients",
    ),
    "responders of the analyzed without their number": (
        {"denominator": "analyzed", "n_analyzed": None},
        "denominator",
        "Add 'n_analyzed', or write 'denominator: randomized'.",
    ),
    "more responders than analyzed": (
        {"denominator": "analyzed", "responders": 99, "percents": {}, "recalled": []},
        "responders",
        "99 of 98 analyzed patients",
    ),
    "percentage that contradicts its count": (
        {"percents": {"responders": "57 %"}, "recalled": []},
        "percents.responders",
        "57 % was given; 58 of 100 patients are 58.0 %",
    ),
    "score without scale": (
        {
            "scale": None,
            "reported_on": None,
            "mean_percent_change": None,
            "mean_baseline": None,
            "sd_baseline": None,
            "responders": None,
            "remitters": None,
            "percents": {},
            "recalled": [],
        },
        "mean_change",
        "without a scale; it belongs to one. Add 'scale'.",
    ),
    "recalled number that the row has not": (
        {"recalled": ["sd_chnage"]},
        "recalled[0]",
        "Did you mean 'sd_change'",
    ),
    "key of the row as an event": (
        {"adverse_events": {"dropouts": 3}, "percents": {}, "recalled": []},
        "adverse_events.dropouts",
        "is no adverse event but a key of the row",
    ),
    "event counted in percent": (
        {"adverse_events": {"nausea": "15 %"}, "percents": {}, "recalled": []},
        "adverse_events.nausea",
        "'15 %' was given; a whole number is wanted",
    ),
    "percentage without its sign": (
        {"percents": {"responders": 58}, "recalled": []},
        "percents.responders",
        "Write 'responders: 58 %'",
    ),
    "event of a name that is none": (
        {"adverse_events": {"Nausea!": 15}, "percents": {}, "recalled": []},
        "adverse_events.Nausea!",
        "'Nausea!' was given; a name",
    ),
    "biomarker without unit": (
        {"biomarkers": {"prolactin": {"mean_change": 19}}},
        "biomarkers.prolactin.unit",
        "the key 'unit' is missing; it is needed. Add the line 'unit: ng/mL'.",
    ),
    "biomarker with an SD below zero": (
        {"biomarkers": {"prolactin": {"mean_change": 19, "sd_change": -11, "unit": "ng/mL"}}},
        "biomarkers.prolactin.sd_change",
        "a standard deviation is greater than 0",
    ),
    "two rules of response": (
        {"response_rule": {"fall": "20 %", "points": 4}},
        "response_rule",
        "fall and points was given; exactly one of",
    ),
    "no rule of response": ({"response_rule": {}}, "response_rule", "no rule was given"),
    "fall of nothing": ({"response_rule": {"fall": 0}}, "response_rule.fall", "greater than 0"),
}
NONSENSE = [None, "x", -1, 1e9, float("nan"), True, [1], {"x": 1}]


def mistakes_in(row):
    try:
        parse_yaml_model(json.dumps(row), PublishedResult, where="row")
    except FileContentError as error:
        return error.mistakes
    return ()


def places(node, path=()):
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


def test_the_row_that_is_broken_below_is_valid_and_survives_its_own_text():
    row = PublishedResult.model_validate(WHOLE)
    assert PublishedResult.model_validate(json.loads(row.model_dump_json())) == row
    ends = {key: value for key, value in WHOLE.items() if key not in ENDS}
    changes = {"mean_end": 77, "sd_end": 19, "recalled": ["sd_end"]}
    assert PublishedResult.model_validate({**ends, **changes}).mean_end == 77


@pytest.mark.parametrize(("changes", "key_path", "message"), WRONG.values(), ids=WRONG.keys())
def test_one_thing_broken_in_a_row_gives_one_mistake(changes, key_path, message):
    (mistake,) = mistakes_in({**WHOLE, **changes})
    assert mistake.key_path == key_path
    assert message in mistake.message
    assert mistake.message.endswith((".", "?"))
    assert "Input should" not in mistake.message


@pytest.mark.parametrize("path", list(places(WHOLE)), ids=lambda path: ".".join(map(str, path)))
def test_nonsense_in_a_row_is_refused_or_read_but_never_breaks_the_reader(path):
    for nonsense in NONSENSE:
        for mistake in mistakes_in(replaced(WHOLE, path, nonsense)):
            assert mistake.message.endswith((".", "?")), (nonsense, mistake)
            assert "UNREAD" not in mistake.message
            assert "Input should" not in mistake.message


@pytest.mark.parametrize("key", ["arm", "visit", "n_randomized", "mark", "source"])
def test_a_row_needs_its_place_its_size_and_its_origin(key):
    (mistake,) = mistakes_in({name: value for name, value in WHOLE.items() if name != key})
    assert (mistake.key_path, "is missing" in mistake.message) == (key, True)


def test_a_number_is_as_sure_as_its_own_mark():
    row = PublishedResult.model_validate(WHOLE)
    assert row.mark_of("mean_change") == "read"
    assert row.mark_of("sd_change") == "assumed"
    assert row.mark_of("sd_baseline") == "computed"
    assert row.mark_of("insomnia") == "assumed"


def test_a_share_is_of_the_patients_that_it_was_counted_in():
    row = PublishedResult.model_validate(
        {**WHOLE, "denominator": "analyzed", "percents": {}} | {"recalled": ["sd_change"]}
    )
    assert row.share("responders") == pytest.approx(58 / 98)
    assert row.share("dropouts") == pytest.approx(45 / 100)
    assert row.share("nausea") == pytest.approx(15 / 99)
    assert row.share("headache") is None


SMALL = """
schema_version: 1
name: small
title: A small trial
seed: 7
condition: major_depression
duration: 8 week
visits: [week 0, week 8]
arms:
  - {name: placebo, control: true, patients: 10}
  - {name: active, patients: 10, regimens: [{drug: escitalopram, dose: 10 mg}]}
endpoints: [MADRS]
primary_endpoint: MADRS
"""
ROW = "  - {arm: active, visit: week 8, n_randomized: 10, mark: read, source: a table, %s}\n"
FEATURES = "features: {%s}\n"

# lines added to the small trial, key path of the mistake, part of the message
WRONG_IN_A_TRIAL = {
    "event that is none": (
        "published:\n" + ROW % "adverse_events: {nausae: 3}",
        "published[0].adverse_events.nausae",
        "unknown adverse event 'nausae'; ",
    ),
    "percentage of an event that is none": (
        "published:\n" + ROW % "percents: {nausae: 3 %}",
        "published[0].percents.nausae",
        "Did you mean 'nausea'",
    ),
    "change written as end score": (
        "published:\n" + ROW % "scale: MADRS, mean_end: -12.8",
        "published[0].mean_end",
        "-12.8 points was given; MADRS goes from 0 to 60. Write a change as 'mean_change'.",
    ),
    "variant of a trial without any": (
        "published:\n" + ROW % "scale: MADRS, variant: usual",
        "published[0].variant",
        "'usual' was given; this protocol has no variants. Delete the line.",
    ),
    "variant that is none": (
        "variants: [{name: usual}]\npublished:\n" + ROW % "scale: MADRS, variant: usal",
        "published[0].variant",
        "'usal' is no variant of this protocol",
    ),
    "events of an arm twice": (
        "published:\n" + ROW % "dropouts: 3" + ROW % "dropouts: 4",
        "published[1]",
        "what has no scale of 'active' at 'week 8' is given a second time",
    ),
    "year as a text": (FEATURES % "year: '2002'", "features.year", "Write 'year: 2002'"),
    "year of no trial": (FEATURES % "year: 1066", "features.year", "from 1900 to 2100 is allowed"),
    "setting that is none": (
        FEATURES % "setting: outpatient",
        "features.setting",
        "Did you mean 'outpatients'",
    ),
    "run-in in words": (
        FEATURES % "placebo_run_in: 'yes'",
        "features.placebo_run_in",
        "true or false is wanted",
    ),
    "no centre": (FEATURES % "sites: 0", "features.sites", "from 1 to 10000 is allowed (centres)"),
    "feature that is none": (
        FEATURES % "blindng: double",
        "features.blindng",
        "Did you mean 'blinding'",
    ),
}


@pytest.mark.parametrize(
    ("lines", "key_path", "message"), WRONG_IN_A_TRIAL.values(), ids=WRONG_IN_A_TRIAL.keys()
)
def test_one_thing_broken_in_what_was_published_gives_one_mistake(lines, key_path, message):
    with pytest.raises(ProtocolError) as caught:
        parse_protocol(SMALL + lines)
    (mistake,) = caught.value.mistakes
    assert mistake.key_path == key_path
    assert message in mistake.message


def test_an_end_score_on_a_scale_that_is_not_packaged_keeps_its_points():
    row = ROW % "scale: MADRS, reported_on: a longer scale, mean_end: 72"
    assert parse_protocol(SMALL + "published:\n" + row).published[0].mean_end == 72


def test_features_are_kept_and_their_absence_changes_no_hash():
    plain = parse_protocol(SMALL)
    assert plain.features == TrialFeatures()
    assert "features" not in write_protocol(plain)
    assert parse_protocol(SMALL + "features: {}\n").content_hash() == plain.content_hash()
    named = parse_protocol(SMALL + "features: {sites: 35, blinding: double}\n")
    assert (named.features.sites, named.features.blinding) == (35, "double")
    assert named.content_hash() != plain.content_hash()
    assert parse_protocol(write_protocol(named)) == named


@pytest.mark.parametrize("record", [BiomarkerChange, PublishedResult, ResponseRule])
def test_nonsense_given_to_a_record_is_a_validation_error(record):
    for nonsense in (None, "x", 3, [], {"x": 1}):
        with pytest.raises(pydantic.ValidationError):
            record.model_validate(nonsense)
