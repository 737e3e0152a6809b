"""A valid protocol: what its fields hold, its text, its hash, its schema."""

import json
import pickle

import pydantic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cohort.errors import UnknownNameError
from cohort.trial import (
    Protocol,
    Visit,
    load_protocol,
    parse_protocol,
    protocol_schema,
    write_protocol,
)

SMALL = """
schema_version: 1
name: small
title: A small trial
seed: 7
condition: major_depression
duration: 8 week
visits: [week 0, {name: end, time: week 8}]
arms:
  - {name: placebo, control: true, patients: 10}
  - name: active
    patients: 10
    regimens:
      - {drug: escitalopram, dose: 10 mg, stop: week 1}
      - {drug: escitalopram, dose: 20 mg, start: week 1}
endpoints: [MADRS]
primary_endpoint: MADRS
"""

WORDS = st.text(
    st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=40
).filter(lambda text: text.isprintable() and text == text.strip())
NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9 _.+/%-]{0,20}", fullmatch=True).filter(
    lambda text: text == text.strip()
)
SPANS = st.builds("{} {}".format, st.integers(1, 40), st.sampled_from(["day", "week"]))


@st.composite
def protocols(draw):
    """Protocols as people write them, with names and quantities of every kind."""
    visits = sorted(draw(st.sets(st.integers(1, 56), max_size=5)))
    names = draw(st.lists(NAMES, min_size=1, max_size=4, unique_by=str.casefold))
    control = draw(st.integers(0, len(names) - 1))
    arms = []
    for position, name in enumerate(names):
        step = draw(st.integers(1, 50))
        dose = draw(st.floats(0.1, 1000))
        regimens = [
            {"drug": draw(WORDS), "dose": f"{dose!r} mg", "stop": f"{step} day"},
            {
                "drug": "b",
                "dose": f"{draw(st.integers(1, 90_000))} ug",
                "every": draw(st.sampled_from(["6 h", "1 day", "90 min", "1 week"])),
                "at": draw(st.times()).strftime("%H:%M"),
            },
        ]
        arms.append(
            {
                "name": name,
                "control": position == control,
                "patients": draw(st.integers(1, 10_000_000)),
                "regimens": regimens[: draw(st.integers(0, 2))],
                "adherence": draw(
                    st.none()
                    | st.fixed_dictionaries(
                        {"probability": st.floats(0, 1), "sd_logit": st.floats(0, 5)}
                    )
                ),
            }
        )
    return Protocol.model_validate(
        {
            "schema_version": 1,
            "name": draw(st.from_regex(r"[a-z0-9][a-z0-9_-]{0,20}", fullmatch=True)),
            "title": draw(WORDS),
            "source": draw(st.none() | WORDS),
            "seed": draw(st.integers(0, 2**63 - 1)),
            "condition": draw(WORDS),
            "duration": "8 week",
            "run_in": draw(SPANS),
            "visits": ["week 0", *({"name": f"d{day}", "time": f"{day} day"} for day in visits)],
            "arms": arms,
            "endpoints": ["MADRS"],
            "primary_endpoint": "MADRS",
        }
    )


@settings(deadline=None, max_examples=60)
@given(protocols())
def test_a_protocol_written_and_read_is_the_same(protocol):
    from cohort.yaml_files import parse_yaml_model

    again = parse_yaml_model(write_protocol(protocol), Protocol)
    assert again == protocol
    assert again.content_hash() == protocol.content_hash()
    assert Protocol.model_validate(json.loads(protocol.canonical_json())) == protocol


def test_fields_hold_plain_numbers_in_one_unit():
    protocol = parse_protocol(SMALL)
    assert protocol.duration == 56 * 86_400
    assert [visit.time for visit in protocol.visits] == [0, 56 * 86_400]
    first, second = protocol.arm("active").regimens
    assert (first.dose, first.every, first.at) == (10.0, 86_400, 28_800)
    assert (first.start, first.stop, second.start, second.stop) == (0, 604_800, 604_800, None)


def test_defaults_are_an_ordinary_day_and_perfect_adherence():
    protocol = parse_protocol(SMALL)
    assert sum(meal.protein for meal in protocol.meals) == 75.0
    assert sum(meal.carbohydrate for meal in protocol.meals) == 250.0
    assert (protocol.adherence.probability, protocol.adherence.sd_logit) == (1.0, 0.0)
    assert (protocol.design, protocol.ascertainment, protocol.missing_data) == (
        "parallel",
        "spontaneous",
        "LOCF",
    )


@pytest.mark.parametrize("text", ["week 4", "4 week", "28 day", "day 29", "672 h", "Week 4"])
def test_a_time_in_the_trial_may_be_written_in_several_ways(text):
    assert Visit(name="v", time=text).time == 28 * 86_400


def test_the_hash_does_not_depend_on_comments_order_or_units():
    other = """
    # the same trial in other words
    primary_endpoint: MADRS
    endpoints: [MADRS]   # one scale
    duration: 56 day
    seed: 7
    condition: major_depression
    arms:
      - {patients: 10, control: true, name: placebo}
      - regimens:
          - {dose: 0.01 g, stop: day 8, drug: escitalopram, every: 24 h, at: 8:00}
          - {start: 168 h, dose: 20000 ug, drug: escitalopram}
        name: active
        patients: 10
    visits: ['week 0', {time: 8 week, name: end}]
    title: A small trial
    name: small
    schema_version: 1
    design: parallel
    """
    assert parse_protocol(other).content_hash() == parse_protocol(SMALL).content_hash()


@pytest.mark.parametrize(
    ("old", "new"),
    [("seed: 7", "seed: 8"), ("dose: 10 mg", "dose: 11 mg"), ("patients: 10}", "patients: 11}")],
)
def test_the_hash_depends_on_every_value(old, new):
    changed = parse_protocol(SMALL.replace(old, new))
    assert changed.content_hash() != parse_protocol(SMALL).content_hash()


def test_the_order_of_arms_matters():
    protocol = parse_protocol(SMALL)
    turned = protocol.model_copy(update={"arms": protocol.arms[::-1]})
    assert turned.content_hash() != protocol.content_hash()


def test_a_protocol_is_frozen_and_survives_pickling():
    protocol = parse_protocol(SMALL)
    assert pickle.loads(pickle.dumps(protocol)) == protocol
    with pytest.raises(pydantic.ValidationError, match="frozen"):
        protocol.seed = 8


def test_a_contradiction_is_refused_in_python_too():
    data = json.loads(parse_protocol(SMALL).canonical_json())
    data["primary_endpoint"] = "HAMD17"
    with pytest.raises(pydantic.ValidationError, match="'HAMD17' is not among the endpoints"):
        Protocol.model_validate(data)


def test_an_unknown_arm_is_named_with_the_nearest():
    with pytest.raises(UnknownNameError, match="Did you mean 'active'"):
        parse_protocol(SMALL).arm("actve")


def test_the_json_schema_knows_every_key_and_is_json():
    schema = json.loads(json.dumps(protocol_schema()))
    assert set(schema["properties"]) == set(Protocol.model_fields)
    assert schema["additionalProperties"] is False
    assert schema["$defs"]["Visit"]["anyOf"][0]["type"] == "string"
    assert schema["properties"]["run_in"]["default"] == "1 week"


def test_a_path_as_text_is_read(tmp_path):
    path = tmp_path / "small.yaml"
    path.write_text(SMALL, encoding="utf-8")
    assert load_protocol(str(path)) == load_protocol(path) == parse_protocol(SMALL)


def test_a_file_with_a_byte_order_mark_and_windows_lines_is_read(tmp_path):
    path = tmp_path / "small.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + SMALL.replace("\n", "\r\n").encode())
    assert load_protocol(path) == parse_protocol(SMALL)
