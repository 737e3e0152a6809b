"""Conditions: what a patient group brings to a trial, one YAML file each.

A condition holds who the patients are, how severe, how they change on placebo, how transmitter
states become severity, and why they leave. May import `cohort.facts`, `cohort.yaml_files` and
below; `cohort.population`, `cohort.outcomes` and `cohort.simulate` read it.
"""

from cohort.conditions.condition import (
    Condition,
    DropoutModel,
    EntryCriterion,
    LinkModel,
    PlaceboModel,
    PopulationDefaults,
    SeverityModel,
    condition_names,
    load_condition,
)

__all__ = [
    "Condition",
    "DropoutModel",
    "EntryCriterion",
    "LinkModel",
    "PlaceboModel",
    "PopulationDefaults",
    "SeverityModel",
    "condition_names",
    "load_condition",
]
