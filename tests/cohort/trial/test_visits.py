"""Segments between visits, and which patients are in which arm."""

import numpy as np
import pytest
from scipy.stats import norm

from cohort.errors import UnknownNameError
from cohort.trial import Protocol, load_protocol, schedule_time, segments, study_day, visit_days
from cohort.trial.allocation import allocate

DAY = 86_400


def trial(**keys):
    return Protocol.model_validate(
        {
            "schema_version": 1,
            "name": "t",
            "title": "t",
            "seed": 11,
            "condition": "major_depression",
            "duration": "4 week",
            "run_in": "3 day",
            "visits": ["week 0", "week 1", "week 4"],
            "arms": [
                {"name": "placebo", "control": True, "patients": 6},
                {"name": "active", "patients": 6},
            ],
            "endpoints": ["MADRS"],
            "primary_endpoint": "MADRS",
            **keys,
        }
    )


def test_segments_follow_one_another_from_the_run_in_to_the_end():
    parts = segments(trial())
    assert [(one.t0 // DAY, one.t1 // DAY, one.visit) for one in parts] == [
        (0, 3, 0),
        (3, 10, 1),
        (10, 31, 2),
    ]


def test_every_midnight_is_saved_once():
    saves = np.concatenate([one.save_times for one in segments(trial())])
    assert saves.tolist() == [day * DAY for day in range(1, 32)]


def test_a_trial_that_outlasts_its_visits_has_a_last_segment_without_one():
    last = segments(trial(visits=["week 0", "week 1"]))[-1]
    assert (last.t0, last.t1, last.visit) == (10 * DAY, 31 * DAY, None)


def test_a_visit_within_a_day_is_saved_beside_the_midnights():
    visits = ["week 0", {"name": "noon", "time": "36 h"}, "week 4"]
    _, second, third = segments(trial(visits=visits))
    assert second.save_times.tolist() == [4 * DAY, 4 * DAY + DAY // 2]
    assert third.save_times[0] == 5 * DAY


def test_a_baseline_alone_gives_the_run_in_and_the_rest():
    assert [one.visit for one in segments(trial(visits=["week 0"]))] == [0, None]


def test_days_count_from_the_first_dose_without_a_day_zero():
    assert [study_day(visit) for visit in load_protocol("sct-md-01").visits] == [
        1,
        8,
        15,
        29,
        43,
        57,
    ]


def test_schedule_time_starts_with_the_run_in():
    assert schedule_time(trial(), 0) == 3 * DAY


def test_parallel_arms_share_no_patient():
    protocol = load_protocol("sct-md-01")
    arms = [allocate(protocol, arm.name) for arm in protocol.arms]
    assert [len(ids) for ids in arms] == [127, 124, 128, 127]
    assert len(np.unique(np.concatenate(arms))) == 506


def test_enlarging_one_arm_leaves_the_patients_of_the_others():
    small, large = (
        trial(),
        trial(
            arms=[
                {"name": "placebo", "control": True, "patients": 6000},
                {"name": "active", "patients": 6},
            ]
        ),
    )
    assert np.array_equal(allocate(small, "active"), allocate(large, "active"))
    assert np.array_equal(allocate(small, "placebo"), allocate(large, "placebo")[:6])


def test_counterfactual_arms_share_every_patient():
    protocol = trial(design="counterfactual")
    assert np.array_equal(allocate(protocol, "placebo"), allocate(protocol, "active"))


def test_an_unknown_arm_has_no_patients():
    with pytest.raises(UnknownNameError, match="Did you mean 'placebo'"):
        allocate(trial(), "placbo")


IDS = np.arange(1, 5001)


def test_without_a_window_everybody_comes_on_the_planned_day():
    assert (visit_days(trial(), IDS) == np.array([0, 7, 28])[:, None]).all()


def test_patients_come_within_the_window_and_not_after_the_end():
    days = visit_days(trial(visit_window="3 day"), IDS)
    assert (days[0] == 0).all()
    late = days[1] - 7
    assert set(late) == set(range(-3, 4))
    assert (days[2] <= 28).all()  # the trial ends at week 4
    assert days[2].min() == 25
    # rounded normal numbers of standard deviation 1.5, held at 3
    cuts = norm.cdf(np.arange(-2.5, 3.0), scale=1.5)
    shares = np.diff(np.concatenate(([0.0], cuts, [1.0])))
    found = np.array([(late == day).mean() for day in range(-3, 4)])
    assert found == pytest.approx(shares, abs=4 * 0.5 / np.sqrt(len(IDS)))


def test_the_day_of_a_visit_belongs_to_the_patient():
    windowed = trial(visit_window="3 day")
    assert np.array_equal(visit_days(windowed, IDS[17:19]), visit_days(windowed, IDS)[:, 17:19])
    late = visit_days(trial(visit_window="3 day", duration="8 week"), IDS)[1:]
    assert abs(np.corrcoef(late)[0, 1]) < 4 / np.sqrt(len(IDS))  # visits are independent
