"""Made-up adverse events and conditions for tests of their engine."""

from itertools import pairwise

import numpy as np

from cohort.conditions import load_condition
from cohort.facts import Fact
from cohort.outcomes import AdverseEvent, DayDrivers, TrialVariation, follow_days, start_course

SAID = {"mark": "design", "source": "made up for a test"}
RATES = ("other", "efficacy", "adverse_event", "adverse_event_burden")


def fact(value):
    return {"value": value, **SAID}


def made_event(name="made", *, share=0.3, over="56 day", sd=0.0, **changes):
    """Return an event with a hazard, that of its background where no driver is given."""
    record = {
        "name": name,
        "term": name.capitalize(),
        "organ_class": "Nervous system disorders",
        "background": {"share": share, "over": over, **SAID},
        "frailty_sd": fact(sd),
        "severity": {"mild": 0.5, "moderate": 0.3, "severe": 0.2, **SAID},
        "duration": None,
        "serious": False,
        **changes,
    }
    return AdverseEvent.model_validate(record)


def driver(reads="serotonin_extracellular", gain=5.0, **changes):
    return {"reads": reads, "shape": {"kind": "linear"}, "gain": fact(gain), **changes}


def condition(**rates):
    """Return depression with rates of leaving as given [1/d], 0 where not."""
    depression = load_condition("major_depression")
    changed = {
        key: Fact(value=f"{rates.get(key, 0.0)} 1/day", mark="design", source="made up")
        for key in RATES
    }
    return depression.model_copy(update={"dropout": depression.dropout.model_copy(update=changed)})


def walk(events, readings, *, cuts=None, rates=None, seed=77, covariates=None, first_id=1):
    """Return the course over all days, visits on the days of ``cuts``."""
    n_day, n_lane = next(iter(readings.values())).shape
    ill = condition(**(rates or {}))
    ids = np.arange(first_id, first_id + n_lane)
    course = start_course(ids, seed, ill, tuple(events), covariates=covariates)
    days = [0, *(cuts or ()), n_day]
    for begin, end in pairwise(days):
        part = DayDrivers(readings={name: x[begin:end] for name, x in readings.items()})
        course = follow_days(course, part, ill, tuple(events), TrialVariation())
    return course
