"""Conditions: what a patient group brings to a trial, one YAML file each.

A condition holds who the patients are, how severe, how they change on placebo, how transmitter
states become severity, why they leave, and which numbers of the model the disease moves. May
import `cohort.facts`, `cohort.scales`, `cohort.chemistry`, `cohort.yaml_files` and below;
`cohort.population`, `cohort.outcomes` and `cohort.simulate` read it.
"""

from cohort.conditions.condition import (
    Condition,
    DiseaseModification,
    DropoutModel,
    EntryCriterion,
    LinkModel,
    PlaceboModel,
    PopulationDefaults,
    SeverityModel,
    condition_names,
    condition_text,
    load_condition,
)
from cohort.conditions.design import DesignEffects, TrialDesign, designed_condition
from cohort.conditions.shift import Shift

__all__ = [
    "Condition",
    "DesignEffects",
    "DiseaseModification",
    "DropoutModel",
    "EntryCriterion",
    "LinkModel",
    "PlaceboModel",
    "PopulationDefaults",
    "SeverityModel",
    "Shift",
    "TrialDesign",
    "condition_names",
    "condition_text",
    "designed_condition",
    "load_condition",
]
