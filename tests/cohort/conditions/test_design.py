"""Features of a trial's design move its placebo course and drop-out, and nothing else."""

from math import exp, log

import numpy as np
import pytest
from pydantic import ValidationError

from cohort.conditions import (
    DesignEffects,
    TrialDesign,
    condition_names,
    designed_condition,
    load_condition,
)
from cohort.outcomes import placebo_improvement
from cohort.simulate import trial_condition
from cohort.trial import load_protocol, trial_design

TRIAL = load_protocol("sct-md-01")
CONDITION = load_condition("major_depression")


def fact(value):
    return {"value": value, "mark": "assumed", "source": "made up"}


def with_features(**features):
    record = TRIAL.features.model_copy(update={"year": None, "placebo_run_in": None, **features})
    return TRIAL.model_copy(update={"features": record})


def test_effects_add_up_over_what_is_known():
    effects = DesignEffects(
        year={1990: fact(0.1), 2010: fact(-0.3)},
        placebo_run_in=fact(-0.05),
        setting={"inpatients": fact(0.2)},
        active_share=fact(0.5),
        usual_active_share=fact(0.6),
        entry=fact(0.01),
        usual_entry=fact(20),
    )
    design = TrialDesign(
        year=2000, placebo_run_in=True, setting="inpatients", active_share=0.8, entry=25.0
    )
    expected = -0.1 - 0.05 + 0.2 + 0.5 * 0.2 + 0.01 * 5
    assert effects.log_multiple(design) == pytest.approx(expected)
    assert effects.log_multiple(TrialDesign()) == 0.0
    assert effects.log_multiple(TrialDesign(placebo_run_in=False, setting="mixed")) == 0.0


@pytest.mark.parametrize(
    ("year", "expected"), [(1950, 0.1), (1990, 0.1), (1995, 0.0), (2010, -0.3), (2030, -0.3)]
)
def test_years_are_interpolated_and_held_at_both_ends(year, expected):
    effects = DesignEffects(year={1990: fact(0.1), 2010: fact(-0.3)})
    assert effects.log_multiple(TrialDesign(year=year)) == pytest.approx(expected)


def test_the_whole_course_on_placebo_is_multiplied():
    design = TrialDesign(year=2003)
    moved = designed_condition(CONDITION, design)
    multiple = exp(CONDITION.placebo.design.log_multiple(design))
    assert multiple != 1.0
    days = np.array([7.0, 28.0, 56.0, 84.0])
    before, after = (placebo_improvement(c.placebo, days) for c in (CONDITION, moved))
    assert after == pytest.approx(multiple * before, rel=1e-9)
    assert moved.link == CONDITION.link
    assert moved.severity == CONDITION.severity


def test_hazards_are_multiplied_by_their_own_effects():
    design = TrialDesign(year=1986)
    moved = designed_condition(CONDITION, design).dropout
    first, second = CONDITION.dropout.design, CONDITION.dropout.adverse_design
    for name in ("other", "efficacy"):
        ratio = getattr(moved, name).number("1/day") / getattr(CONDITION.dropout, name).number(
            "1/day"
        )
        assert log(ratio) == pytest.approx(first.log_multiple(design))
    ratio = moved.adverse_event.number("1/day") / CONDITION.dropout.adverse_event.number("1/day")
    assert log(ratio) == pytest.approx(second.log_multiple(design))
    usual = CONDITION.dropout.withdrawal.number("1")
    assert moved.withdrawal.number("1") == pytest.approx(ratio * usual)
    assert "design of the trial" in moved.other.source


def test_more_patients_left_in_the_eighties_than_after_2006():
    """The published order (GRISELDA, placebo arms): 41, 33, 22 and 20 %."""
    years = (1986, 1996, 2003, 2010)
    hazards = [
        designed_condition(CONDITION, TrialDesign(year=year)).dropout.other.number("1/day")
        for year in years
    ]
    assert hazards == sorted(hazards, reverse=True)
    assert hazards[0] / hazards[-1] == pytest.approx(log(1 - 0.412) / log(1 - 0.202), rel=0.25)


def test_a_protocol_says_what_is_known_of_its_design():
    design = trial_design(TRIAL, CONDITION)
    assert design.year == 2002
    assert design.placebo_run_in is True
    assert design.active_share == pytest.approx(379 / 506)
    assert design.entry == pytest.approx(22 / 1.3)
    assert trial_condition(TRIAL) == designed_condition(trial_condition(with_no_effects()), design)


def with_no_effects():
    """A trial of which nothing is known but its share on active treatment, put at the usual one."""
    usual = CONDITION.placebo.design.usual_active_share.number("1")
    control = 1000 * (1 - usual)
    sizes = (round(control), round(1000 * usual), 0, 0)
    arms = tuple(
        arm.model_copy(update={"patients": size})
        for arm, size in zip(TRIAL.arms[:2], sizes, strict=False)
    )
    return with_features().model_copy(update={"arms": arms})


def test_unknown_features_change_nothing():
    assert trial_condition(with_no_effects()).placebo.gain.number("1") == pytest.approx(
        CONDITION.placebo.gain.number("1")
    )


def test_only_the_year_tells_two_trials_of_one_design_apart():
    old, new = (trial_condition(with_features(year=year)) for year in (1986, 2010))
    assert old.dropout.other.number("1/day") > new.dropout.other.number("1/day")
    assert old.model_copy(update={"dropout": new.dropout, "placebo": new.placebo}) == new


def test_every_condition_says_how_its_trials_differ():
    for name in condition_names():
        condition = load_condition(name)
        if name != "healthy":
            assert condition.link.trial_sd is not None
            assert condition.link.drug_sd is not None
            assert condition.dropout.trial_sd_log is not None


@pytest.mark.parametrize(
    "record",
    [
        {"year": {1700: fact(0.1)}},
        {"year": {"soon": fact(0.1)}},
        {"active_share": fact("1 week")},
        {"usual_active_share": fact(1.5)},
        {"era": fact(0.1)},
        {"placebo_run_in": 0.1},
    ],
)
def test_nonsense_is_refused(record):
    with pytest.raises(ValidationError):
        DesignEffects.model_validate(record)
