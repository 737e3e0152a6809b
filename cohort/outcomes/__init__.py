"""Outcomes: from daily means of a patient's states to scores, adverse events and drop-out.

No drug is named here: everything follows from the patient's own transmitter and receptor states
relative to their untreated level. May import `cohort.facts`, `cohort.scales`, `cohort.conditions`
and `cohort.population.draws`; `cohort.simulate` walks through `cohort.outcomes.course`.
"""

from cohort.outcomes.adverse_events import (
    AdverseEvent,
    adverse_event_names,
    hazard_per_day,
    load_adverse_event,
    read_adverse_events,
)
from cohort.outcomes.course import (
    ClinicalCourse,
    DayDrivers,
    TrialVariation,
    accustom,
    baseline_severity,
    enter_trial,
    follow_days,
    latent_by_day,
    rests_at_zero,
    start_course,
)
from cohort.outcomes.expectation import expectation_share
from cohort.outcomes.lead_in import Entered, PlaceboLeadIn
from cohort.outcomes.measures import load_measure, measure_names
from cohort.outcomes.ratings import RatingRules, entry_ratings, rate, visit_ratings
from cohort.outcomes.recovery import recovery_time
from cohort.outcomes.severity import Severity, drug_benefit, placebo_improvement, relax
from cohort.scales import Scale, load_scale, scale_names, score

__all__ = [
    "AdverseEvent",
    "ClinicalCourse",
    "DayDrivers",
    "Entered",
    "PlaceboLeadIn",
    "RatingRules",
    "Scale",
    "Severity",
    "TrialVariation",
    "accustom",
    "adverse_event_names",
    "baseline_severity",
    "drug_benefit",
    "enter_trial",
    "entry_ratings",
    "expectation_share",
    "follow_days",
    "hazard_per_day",
    "latent_by_day",
    "load_adverse_event",
    "load_measure",
    "load_scale",
    "measure_names",
    "placebo_improvement",
    "rate",
    "read_adverse_events",
    "recovery_time",
    "relax",
    "rests_at_zero",
    "scale_names",
    "score",
    "start_course",
    "visit_ratings",
]
