"""Trials: the protocol file, who is in which arm, and when what is taken and measured.

A protocol is read once (`load_protocol`), checked whole, frozen, and named by its hash. From it
come the patients of an arm (`allocate`), the segments between visits (`segments`), and the streams
of doses, supplements and meals that the engine applies. May import `cohort.population`,
`cohort.nutrition`, the names of `cohort.drugs`, `cohort.conditions` and `cohort.outcomes`, and
`kernels`.
"""

from cohort.trial.adherence import adherence_probability, doses_taken, logit_center
from cohort.trial.allocation import allocate
from cohort.trial.analysis import Analysis
from cohort.trial.arms import (
    Adherence,
    Arm,
    ProtocolRecord,
    Regimen,
    SupplementRegimen,
    dose_times,
)
from cohort.trial.design import trial_design
from cohort.trial.diets import Diet, diet_names, load_diet
from cohort.trial.doses import (
    DosingRecord,
    PlannedDoses,
    dose_streams,
    dosing_record,
    planned_doses,
)
from cohort.trial.features import TrialFeatures
from cohort.trial.load_protocol import load_protocol, parse_protocol, write_protocol
from cohort.trial.meals import (
    daily_meals,
    intake_means,
    meal_streams,
    mean_intake,
    protocol_meals,
    variant_diet,
)
from cohort.trial.protocol import (
    AS_PLANNED,
    EntryCriterion,
    LifestyleChoice,
    Meal,
    OwnAddition,
    Protocol,
    TrialPopulation,
    Variant,
    Visit,
    protocol_schema,
)
from cohort.trial.published import (
    REPORTED_ONLY,
    BiomarkerChange,
    PublishedResult,
    ResponseRule,
)
from cohort.trial.recruitment import eligibility_criteria, population_spec
from cohort.trial.supervision import SelfDirection, self_directed
from cohort.trial.supplements import (
    nutrition_names,
    nutrition_systems,
    status_factors,
    supplement_streams,
)
from cohort.trial.variants import (
    Shift,
    is_expected_to_help,
    lasting_shifts,
    shift_streams,
    shifted_parameters,
    trial_systems,
    variant_covariates,
    variant_shifts,
)
from cohort.trial.visits import Segment, schedule_time, segments, study_day

__all__ = [
    "AS_PLANNED",
    "REPORTED_ONLY",
    "Adherence",
    "Analysis",
    "Arm",
    "BiomarkerChange",
    "Diet",
    "DosingRecord",
    "EntryCriterion",
    "LifestyleChoice",
    "Meal",
    "OwnAddition",
    "PlannedDoses",
    "Protocol",
    "ProtocolRecord",
    "PublishedResult",
    "Regimen",
    "ResponseRule",
    "Segment",
    "SelfDirection",
    "Shift",
    "SupplementRegimen",
    "TrialFeatures",
    "TrialPopulation",
    "Variant",
    "Visit",
    "adherence_probability",
    "allocate",
    "daily_meals",
    "diet_names",
    "dose_streams",
    "dose_times",
    "doses_taken",
    "dosing_record",
    "eligibility_criteria",
    "intake_means",
    "is_expected_to_help",
    "lasting_shifts",
    "load_diet",
    "load_protocol",
    "logit_center",
    "meal_streams",
    "mean_intake",
    "nutrition_names",
    "nutrition_systems",
    "parse_protocol",
    "planned_doses",
    "population_spec",
    "protocol_meals",
    "protocol_schema",
    "schedule_time",
    "segments",
    "self_directed",
    "shift_streams",
    "shifted_parameters",
    "status_factors",
    "study_day",
    "supplement_streams",
    "trial_design",
    "trial_systems",
    "variant_covariates",
    "variant_diet",
    "variant_shifts",
    "write_protocol",
]
