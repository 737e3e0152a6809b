"""Backgrounds of adverse events that differ by condition."""

import math

import numpy as np
import pytest
from cohort_events import SAID, made_event, walk
from cohort_outcomes_tolerances import EXACT
from pydantic import ValidationError

from cohort.outcomes import adverse_event_names, load_adverse_event
from cohort.outcomes.adverse_events.hazards import hazard_per_day

ELSEWHERE = {"share": 0.4, "over": "56 day", **SAID}
DIFFERING = [
    event for name in adverse_event_names() if (event := load_adverse_event(name)).background_in
]
STILL = {"serotonin_extracellular": np.zeros((56, 3))}


def test_the_untreated_have_the_background_of_their_condition():
    differing = made_event(share=0.1, background_in={"major_depression": ELSEWHERE})
    usual = made_event(share=0.1, background_in={"schizophrenia": ELSEWHERE})
    hazards = walk([differing, usual], STILL).hazard
    assert hazards[0] == pytest.approx(-math.log(0.6), rel=1e3 * EXACT)
    assert hazards[1] == pytest.approx(-math.log(0.9), rel=1e3 * EXACT)
    assert walk([made_event(share=0.1)], STILL).hazard[0].tolist() == hazards[1].tolist()


def test_an_event_without_a_background_for_a_condition_is_the_same_there():
    other = made_event(background_in={"schizophrenia": ELSEWHERE})
    assert other.in_condition("major_depression") is other
    assert other.in_condition("schizophrenia").background.share == 0.4
    assert other.background.share != 0.4  # not changed in place


def test_movement_events_are_seldom_where_nobody_was_on_neuroleptics():
    for name in ("akathisia", "parkinsonism", "extrapyramidal_disorder"):
        event = load_adverse_event(name)
        here, there = event.in_condition("major_depression"), event.in_condition("schizophrenia")
        assert there.background.share > 5.0 * here.background.share
        assert there.background.over == here.background.over


@pytest.mark.parametrize(
    "event",
    [event for event in DIFFERING if event.background.gain_factor is not None],
    ids=lambda event: event.name,
)
def test_a_driver_adds_as_many_events_where_they_are_seldom(event):
    zero = np.zeros(1)
    added = {}
    for name in ("major_depression", "schizophrenia"):
        own = event.in_condition(name)
        rest, driven = (
            hazard_per_day(
                own,
                {reads: zero + value * (reads == own.drivers[0].reads) for reads in own.reads},
                [zero + value * (driver.sensitisation is not None) for driver in own.drivers],
                zero,
                0.0,
            )
            for value in (0.0, 0.8)
        )
        added[name] = float(driven[0] - rest[0])
    assert added["schizophrenia"] > 0.0
    assert added["major_depression"] == pytest.approx(added["schizophrenia"], rel=0.02)


def test_backgrounds_of_conditions_need_one_for_the_others():
    with pytest.raises(ValidationError, match="which the others have; it is missing"):
        made_event(
            background=None,
            backgrounds={"spontaneous": ELSEWHERE},
            background_in={"schizophrenia": ELSEWHERE},
        )


def test_a_condition_that_nobody_knows_is_refused():
    with pytest.raises(ValidationError, match=r"'schizofrenia' is no condition.*'schizophrenia'"):
        made_event(background_in={"schizofrenia": ELSEWHERE})


def test_an_event_by_its_measure_has_no_background_anywhere():
    with pytest.raises(ValidationError, match="'background_in' says nothing then"):
        made_event(
            background=None,
            frailty_sd=None,
            severity=None,
            measure="QTCF",
            background_in={"schizophrenia": ELSEWHERE},
        )
