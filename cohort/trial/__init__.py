"""Trials: the protocol file, who is in which arm, and when what is taken and measured.

A protocol is read once (`load_protocol`), checked whole, frozen, and named by its hash. From it
come the patients of an arm (`allocate`), the segments between visits (`segments`), and the streams
of doses, supplements and meals that the engine applies. May import `cohort.population`,
`cohort.nutrition`, the names of `cohort.drugs`, `cohort.conditions` and `cohort.outcomes`, and
`kernels`.
"""

from cohort.trial.adherence import adherence_probability, doses_taken, logit_center
from cohort.trial.allocation import allocate, stratum_labels
from cohort.trial.analysis import Analysis
from cohort.trial.arms import (
    Adherence,
    AdherencePatterns,
    Arm,
    ProtocolRecord,
    Regimen,
    SupplementRegimen,
    Titration,
    dose_times,
)
from cohort.trial.assumptions import Assumptions
from cohort.trial.conduct import (
    Background,
    FollowUp,
    LeadIn,
    MissedVisits,
    Period,
    PreviousDrug,
    Randomisation,
    Rescue,
)
from cohort.trial.design import trial_design
from cohort.trial.diets import Diet, diet_names, load_diet
from cohort.trial.doses import (
    DosingRecord,
    EventActions,
    IntervalDoses,
    PlannedDoses,
    beside_streams,
    dose_streams,
    dosing_record,
    planned_doses,
)
from cohort.trial.endpoints import biomarker_codes, leading_scale, rated_endpoints
from cohort.trial.events import trial_event_names, trial_events, trial_readings
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
from cohort.trial.model_choice import (
    Correlation,
    CovariateRelation,
    ImportedModel,
    ModelDrug,
    ParameterSpread,
    Tolerance,
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
from cohort.trial.recruitment import (
    eligibility_criteria,
    patient_history,
    placebo_lead_in,
    population_spec,
    trial_condition,
)
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
from cohort.trial.visits import (
    Segment,
    schedule_time,
    segments,
    study_day,
    visit_days,
    visit_times,
)

__all__ = [
    "AS_PLANNED",
    "REPORTED_ONLY",
    "Adherence",
    "AdherencePatterns",
    "Analysis",
    "Arm",
    "Assumptions",
    "Background",
    "BiomarkerChange",
    "Correlation",
    "CovariateRelation",
    "Diet",
    "DosingRecord",
    "EntryCriterion",
    "EventActions",
    "FollowUp",
    "ImportedModel",
    "IntervalDoses",
    "LeadIn",
    "LifestyleChoice",
    "Meal",
    "MissedVisits",
    "ModelDrug",
    "OwnAddition",
    "ParameterSpread",
    "Period",
    "PlannedDoses",
    "PreviousDrug",
    "Protocol",
    "ProtocolRecord",
    "PublishedResult",
    "Randomisation",
    "Regimen",
    "Rescue",
    "ResponseRule",
    "Segment",
    "SelfDirection",
    "Shift",
    "SupplementRegimen",
    "Titration",
    "Tolerance",
    "TrialFeatures",
    "TrialPopulation",
    "Variant",
    "Visit",
    "adherence_probability",
    "allocate",
    "beside_streams",
    "biomarker_codes",
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
    "leading_scale",
    "load_diet",
    "load_protocol",
    "logit_center",
    "meal_streams",
    "mean_intake",
    "nutrition_names",
    "nutrition_systems",
    "parse_protocol",
    "patient_history",
    "placebo_lead_in",
    "planned_doses",
    "population_spec",
    "protocol_meals",
    "protocol_schema",
    "rated_endpoints",
    "schedule_time",
    "segments",
    "self_directed",
    "shift_streams",
    "shifted_parameters",
    "status_factors",
    "stratum_labels",
    "study_day",
    "supplement_streams",
    "trial_condition",
    "trial_design",
    "trial_event_names",
    "trial_events",
    "trial_readings",
    "trial_systems",
    "variant_covariates",
    "variant_diet",
    "variant_shifts",
    "visit_days",
    "visit_times",
    "write_protocol",
]
