"""Which adverse events and measures a trial looks for, and how it asks."""

import pytest
from cohort_events import made_event

from cohort.errors import ProtocolError
from cohort.outcomes import adverse_event_names, load_adverse_event
from cohort.protocols import protocol_text
from cohort.trial import (
    load_protocol,
    parse_protocol,
    trial_event_names,
    trial_readings,
    write_protocol,
)

NAMED = "adverse_events: [nausea, insomnia, somnolence, sexual_dysfunction, serotonin_syndrome]"
TEXT = protocol_text("sct-md-01").replace("adverse_events: all ", f"{NAMED} #")


def protocol(line):
    assert NAMED in TEXT
    return parse_protocol(TEXT.replace(NAMED, line))


def test_all_means_those_that_a_reading_drives_and_those_that_nothing_drives():
    trial = protocol("adverse_events: all")
    there = trial_readings(trial)
    found = trial_event_names(trial)
    assert set(trial_event_names(protocol(NAMED))) < set(found)
    assert trial_event_names(load_protocol("sct-md-01")) == found
    for name in adverse_event_names():
        reads = load_adverse_event(name).reads
        assert (name in found) == (not reads or any(one in there for one in reads)), name


def test_all_is_written_and_read_again():
    trial = protocol("adverse_events: all")
    assert parse_protocol(write_protocol(trial)) == trial
    assert trial == protocol("adverse_events: [all]")


def test_all_among_names_is_no_event():
    with pytest.raises(ProtocolError, match="unknown adverse event 'all'"):
        protocol("adverse_events: [nausea, all]")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("measures: [QTC]", "unknown measure 'QTC'.* Did you mean 'QTCF'"),
        ("measures: [QTCF, QTCF]", "'QTCF' is the second of this name"),
        ("measures: QTCF", "'QTCF' was given; a list is wanted"),
    ],
)
def test_a_wrong_measure_is_refused(line, message):
    with pytest.raises(ProtocolError, match=message):
        protocol(f"{NAMED}\n{line}")


def test_a_trial_without_measures_is_written_as_it_was():
    assert "measures" not in load_protocol("sct-md-01").model_dump(mode="json")
    assert protocol(f"{NAMED}\nmeasures: [QTCF]").measures == ("QTCF",)


def test_an_event_falls_back_to_spontaneous_reports():
    background = {"share": 0.1, "over": "8 week", "mark": "design", "source": "made up"}
    asked = {**background, "share": 0.4}
    both = made_event(background=None, backgrounds={"spontaneous": background, "checklist": asked})
    assert both.way_of_asking("checklist") == "checklist"
    assert both.background_for("checklist").share == 0.4
    assert made_event(share=0.1).way_of_asking("checklist") == "spontaneous"
    found = made_event(
        ascertainment="laboratory", background=None, backgrounds={"laboratory": background}
    )
    assert found.way_of_asking("checklist") == "laboratory"
