"""The commands of `cohort events`: what they print, and every mistake of a file at once."""

import json

import pytest
from typer.testing import CliRunner

from cohort.outcomes import adverse_event_names
from pipelines.cli import app

GOOD = """
events:
  - name: yawning
    term: Yawning
    organ_class: Respiratory, thoracic and mediastinal disorders
    background: {share: 0.01, over: 8 week, mark: assumed, source: a guess}
    drivers:
      - reads: serotonin_extracellular
        shape: {kind: linear}
        gain: {value: 3, mark: assumed, source: a guess}
    frailty_sd: {value: 0.7, mark: assumed, source: a guess}
    severity: {mild: 0.9, moderate: 0.1, severe: 0, mark: assumed, source: a guess}
    serious: false
"""
MISTAKES = {
    "share above one": ("share: 0.01", "share: 1.4", 6, "a number less than 1.0 is wanted"),
    "share in percent": ("share: 0.01", "share: 1 %", 6, "'1 %' was given; a number is wanted"),
    "period without unit": ("over: 8 week", "over: '8'", 6, "'8' has no unit"),
    "unknown organ class": (
        "Respiratory, thoracic and mediastinal disorders",
        "Respiratory disorders",
        5,
        "is no system organ class; 27 are known",
    ),
    "unknown reading": (
        "reads: serotonin_extracellular",
        "reads: serotonin_extracelular",
        8,
        "Did you mean 'serotonin_extracellular'",
    ),
    "shape without numbers": ("kind: linear", "kind: hill", 9, "has no 'half_at'"),
    "number of another shape": (
        "{kind: linear}",
        "{kind: linear, slope: {value: 2, mark: assumed, source: a guess}}",
        9,
        "'slope' was given to a shape of kind 'linear', which takes no number",
    ),
    "steepness below zero": (
        "{kind: linear}",
        "{kind: logistic, midpoint: {value: 0.5, mark: read, source: abc}, "
        "slope: {value: -2, mark: read, source: abc}}",
        9,
        "-2 was given; a number greater than 0 is wanted",
    ),
    "gain with a unit": ("{value: 3,", "{value: 3 mg,", 10, "is given in [mg]"),
    "withdrawal from nothing": (
        "shape: {kind: linear}",
        "shape: {kind: linear}\n        withdrawal: true",
        10,
        "no 'tolerance' says how long getting used to it takes",
    ),
    "frailty too wide": ("{value: 0.7,", "{value: 7,", 11, "from 0 to 3 is wanted"),
    "severities over one": ("mild: 0.9", "mild: 0.95", 12, "add up to 1.05; 1 is wanted"),
    "seriousness without source": ("serious: false", "serious: 0.2", 13, "0.2 was given"),
    "criterion of nobody": (
        "serious: false",
        "serious: false\n    at_risk: sex == 'X'",
        14,
        "'X' is no level of 'sex'",
    ),
    "factor on an unknown column": (
        "serious: false",
        "serious: false\n    factors: [{where: age > 3, times: {value: 2, mark: read, "
        "source: abc}}]",
        14,
        "unknown covariate 'age'",
    ),
    "actions over one": (
        "serious: false",
        "serious: false\n    action: {SEVERE: {reduced: 0.7, withdrawn: 0.7}, mark: read, "
        "source: abc}",
        14,
        "add up to 1.4; at most 1 is possible",
    ),
    "grades that are not all there": (
        "serious: false",
        "serious: false\n    ctcae: {MILD: 1}",
        14,
        "no grade for MODERATE and SEVERE",
    ),
    "two backgrounds": (
        "serious: false",
        "serious: false\n    backgrounds: {spontaneous: {share: 0.1, over: 8 week, mark: read, "
        "source: abc}}",
        14,
        "2 of 'background' and 'backgrounds' are given",
    ),
    "hazard and measure": ("serious: false", "serious: false\n    measure: QTCF", 6, "not by a"),
    "unknown measure": (
        "serious: false",
        "serious: false\n    measure: QTC",
        14,
        "'QTC' is no measure",
    ),
    "a sign that nothing describes": (
        "serious: false",
        "serious: false\n    needs_signs: {reads: serotonin_extracellular, signs: [], "
        "any_of: [[tremor]]}",
        14,
        "'tremor' is not among the signs",
    ),
    "a name twice": (
        "serious: false\n",
        "serious: false\n" + GOOD.partition("events:\n")[2],
        3,
        "'yawning' is declared twice",
    ),
}


def run(*words):
    return CliRunner().invoke(app, ["events", *words])


def test_a_list_names_every_event_and_what_drives_it():
    lines = run("list").stdout.splitlines()
    assert [line.split()[0] for line in lines] == list(adverse_event_names())
    rows = json.loads(run("list", "--json").stdout)
    (nausea,) = [row for row in rows if row["name"] == "nausea"]
    assert "serotonin_extracellular" in nausea["reads"]


def test_an_event_is_shown_with_marks_and_sources():
    shown = run("show", "nausea").stdout
    assert "term: Nausea" in shown
    assert "[read: " in shown or "[computed: " in shown
    assert "of them assumed." in shown
    record = json.loads(run("show", "nausea", "--json").stdout)
    assert record["organ_class"] == "Gastrointestinal disorders"


def test_an_unknown_event_is_refused_with_the_nearest():
    result = run("show", "nausae")
    assert result.exit_code == 2
    assert "Did you mean 'nausea'" in result.stderr


def test_a_good_file_passes(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text(GOOD)
    result = run("check", str(file))
    assert result.exit_code == 0
    assert result.stdout == (
        "mine.yaml: no mistakes; 1 adverse event, reading serotonin_extracellular.\n"
    )


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_named_with_its_line_and_what_to_do(name, tmp_path):
    old, new, line, message = MISTAKES[name]
    assert old in GOOD
    file = tmp_path / "mine.yaml"
    file.write_text(GOOD.replace(old, new))
    result = run("check", str(file))
    assert result.exit_code == 2
    assert f"mine.yaml:{line}, events" in result.stderr
    assert message in result.stderr


def test_all_mistakes_are_listed_at_once(tmp_path):
    file = tmp_path / "mine.yaml"
    wrong = GOOD.replace("0.01", "1.4").replace("kind: linear", "kind: linaer")
    file.write_text(wrong.replace("serious: false", "serious: maybe"))
    assert len(run("check", str(file)).stderr.splitlines()) == 3
