"""Trials: the protocol file, who is in which arm, and when what is taken and measured.

A protocol is read once (`load_protocol`), checked whole, frozen, and named by its hash. From it
come the patients of an arm (`allocate`), the segments between visits (`segments`), and the streams
of doses and meals that the engine applies. May import `cohort.population`, the names of
`cohort.drugs`, `cohort.conditions` and `cohort.outcomes`, and `kernels`.
"""

from cohort.trial.adherence import adherence_probability, doses_taken, logit_center
from cohort.trial.allocation import allocate
from cohort.trial.arms import Adherence, Arm, ProtocolRecord, Regimen, dose_times
from cohort.trial.doses import (
    DosingRecord,
    PlannedDoses,
    dose_streams,
    dosing_record,
    planned_doses,
)
from cohort.trial.load_protocol import load_protocol, parse_protocol, write_protocol
from cohort.trial.meals import daily_meals, intake_means, meal_streams, mean_intake
from cohort.trial.protocol import (
    EntryCriterion,
    Meal,
    Protocol,
    TrialPopulation,
    Visit,
    protocol_schema,
)
from cohort.trial.published import PublishedResult
from cohort.trial.recruitment import eligibility_criteria, population_spec
from cohort.trial.visits import Segment, schedule_time, segments, study_day

__all__ = [
    "Adherence",
    "Arm",
    "DosingRecord",
    "EntryCriterion",
    "Meal",
    "PlannedDoses",
    "Protocol",
    "ProtocolRecord",
    "PublishedResult",
    "Regimen",
    "Segment",
    "TrialPopulation",
    "Visit",
    "adherence_probability",
    "allocate",
    "daily_meals",
    "dose_streams",
    "dose_times",
    "doses_taken",
    "dosing_record",
    "eligibility_criteria",
    "intake_means",
    "load_protocol",
    "logit_center",
    "meal_streams",
    "mean_intake",
    "parse_protocol",
    "planned_doses",
    "population_spec",
    "protocol_schema",
    "schedule_time",
    "segments",
    "study_day",
    "write_protocol",
]
