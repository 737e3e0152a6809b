"""The packaged adverse events: what their files may hold, and what they do on made-up readings."""

import json
import math
import re
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from cohort.compounds import TARGETS, compound_names
from cohort.conditions.shift import quantities_of
from cohort.drugs import drug_names
from cohort.outcomes import load_adverse_event
from cohort.outcomes.adverse_events import adverse_event_names
from cohort.outcomes.adverse_events.hazards import hazard_multiple
from cohort.outcomes.severity import relax
from cohort.population.criteria import parse_criterion

EVENTS = [load_adverse_event(name) for name in adverse_event_names()]
WITH_HAZARD = [event for event in EVENTS if event.measure is None]
STUDY = Path(__file__).parents[3] / "benchmarks" / "results" / "adverse_events.json"
SYSTEMS = ("serotonin", "noradrenaline", "dopamine", "acetylcholine", "tyramine")
HALF_LIVES_D = {"short": 0.5, "a day": 1.0, "a week and more": 9.0}


def without_sources(tree):
    """Return everything a declaration says but where its numbers come from."""
    if isinstance(tree, dict):
        return [
            text
            for key, value in tree.items()
            if key != "source"
            for text in (key, *without_sources(value))
        ]
    if isinstance(tree, list | tuple):
        return [text for value in tree for text in without_sources(value)]
    return [str(tree)]


def multiples(event, reading, curve):
    """Return the daily multiples of the background under one reading, all others at rest."""
    states = [np.zeros(1) for _ in event.drivers]
    found = []
    for value in curve:
        readings = {name: np.array([value if name == reading else 0.0]) for name in event.reads}
        found.append(float(hazard_multiple(event, readings, states, event.ascertainment)[0]))
        for row, driver in enumerate(event.drivers):
            time = driver.tolerance or driver.sensitisation
            if time is not None:
                states[row] = relax(
                    states[row], readings[driver.reads], 1.0 / time.number("day"), 1.0
                )
    return np.array(found)


def test_there_are_many_terms_of_many_organ_classes():
    assert len({event.term for event in EVENTS}) >= 35
    assert len({event.organ_class for event in EVENTS}) >= 10


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
def test_no_drug_drives_an_event_by_its_name(event):
    text = " ".join(without_sources(event.model_dump()))
    named = [
        name
        for name in (*drug_names(), *compound_names())
        if re.search(rf"(?<![a-z]){name}(?![a-z])", text)
    ]
    assert not named
    assert "concentration" not in text


def test_every_reading_is_a_quantity_of_the_model():
    of_targets = {
        name
        for target in TARGETS.values()
        for name in (target.occupancy, target.net_block, *target.doors, *target.agonist_doors)
    }
    known = quantities_of(SYSTEMS).readable | of_targets
    unknown = {name for event in EVENTS for name in event.reads} - known
    assert not unknown


@pytest.mark.parametrize("event", WITH_HAZARD, ids=lambda event: event.name)
def test_the_untreated_have_an_event_as_often_as_the_background_says(event):
    rest = {name: np.zeros(1) for name in event.reads}
    multiple = hazard_multiple(event, rest, [np.zeros(1)] * len(event.drivers), event.ascertainment)
    for way in event.ways:
        background = event.background_for(way)
        days = {"week": 7.0, "day": 1.0}[background.over.split()[1]] * float(
            background.over.split()[0]
        )
        total = float(multiple.reshape(-1)[0]) * background.rate_per_day(0.0) * days
        assert 1.0 - math.exp(-total) == pytest.approx(background.share, rel=1e-9)


@pytest.mark.parametrize("event", WITH_HAZARD, ids=lambda event: event.name)
def test_more_of_a_driver_never_acts_the_other_way(event):
    for row, driver in enumerate(event.drivers):
        rises = driver.sign * (-1 if driver.withdrawal else 1) * np.sign(driver.gain.number("1"))
        curve = np.linspace(0.0, 3.0, 31) * (driver.sign * (-1 if driver.withdrawal else 1))
        alone = event.model_copy(update={"drivers": (driver,), "needs_signs": None})
        state = [curve] if driver.sensitisation is not None else [np.zeros_like(curve)]
        multiple = hazard_multiple(alone, {driver.reads: curve}, state, event.ascertainment)
        change = np.diff(multiple) * np.sign(driver.gain.number("1"))
        assert (change >= 0.0).all(), (row, rises)


def test_suicidal_ideation_is_more_frequent_in_the_treated_young_and_less_in_the_old():
    groups = [event for event in EVENTS if event.term == "Suicidal ideation"]
    ages = np.array([17.0, 24.0, 24.9, 25.0, 40.0, 64.9, 65.0, 80.0])
    at_risk = np.array([parse_criterion(event.at_risk).holds({"age_y": ages}) for event in groups])
    assert (at_risk.sum(axis=0) == 1).all()  # everybody is in one group
    under, middle, old = (
        multiples(load_adverse_event(name), "serotonin_extracellular", [0.9])[0]
        for name in ("suicidal_ideation_young", "suicidal_ideation", "suicidal_ideation_old")
    )
    assert under > 1.0 > middle > old


def test_stopping_a_drug_brings_complaints_the_sooner_it_leaves():
    event = load_adverse_event("drug_withdrawal_syndrome")
    total = {}
    for name, half_life in HALF_LIVES_D.items():
        days = np.arange(21)
        level = 4.0 * 0.5 ** (days / half_life)  # four times the level of half occupancy
        curve = [0.8] * 56 + list(level / (1.0 + level))
        total[name] = multiples(event, "sert_occupancy", curve)[56:].sum()
    assert total["short"] > total["a day"] > 3.0 * total["a week and more"]


def test_a_steady_drug_makes_no_complaints_of_stopping():
    event = load_adverse_event("drug_withdrawal_syndrome")
    assert (multiples(event, "sert_occupancy", [0.8] * 100) <= 1.0).all()


def test_nausea_follows_each_rise_of_the_dose_and_passes():
    event = load_adverse_event("nausea")
    steps = multiples(event, "acetylcholine_extracellular", [0.3] * 28 + [0.6] * 28)
    assert steps[0] > 2.0 * steps[27]
    assert steps[28] > 2.0 * steps[27]
    assert steps[28] > 2.0 * steps[55]


def test_tardive_dyskinesia_builds_up_over_months_and_dystonia_is_over_in_weeks():
    blocked = [0.9] * 365
    tardive = multiples(load_adverse_event("tardive_dyskinesia"), "net_block_d2", blocked) - 1.0
    dystonia = multiples(load_adverse_event("dystonia"), "net_block_d2", blocked) - 1.0
    assert tardive[300] > 10.0 * tardive[14]
    assert dystonia[0] > 10.0 * dystonia[28]


def test_extrapyramidal_events_need_more_than_a_partial_agonist_takes_away():
    event = load_adverse_event("extrapyramidal_disorder").in_condition("schizophrenia")
    full, therapeutic, agonist = (
        multiples(event, "net_block_d2", [block])[0] for block in (0.9, 0.65, -0.3)
    )
    assert full > 3.0
    assert therapeutic < 1.0 + 0.2 * (full - 1.0)
    assert agonist == pytest.approx(1.0, abs=1e-4)


def test_the_gains_are_those_of_the_study():
    study = json.loads(STUDY.read_text(encoding="utf-8"))
    for name, gains in study["gains"].items():
        assert [driver.gain.number("1") for driver in load_adverse_event(name).drivers] == gains, (
            name
        )


def test_event_files_hold_the_mark_and_source_of_every_number():
    folder = resources.files("cohort.outcomes.adverse_events")
    for file in folder.iterdir():
        if file.name.endswith(".yaml"):
            text = file.read_text(encoding="utf-8")
            assert text.count("{value:") == len(
                re.findall(r"\{value: [^,{}]+, mark: \w+, source: ", text)
            )
