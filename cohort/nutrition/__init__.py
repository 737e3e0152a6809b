"""What people eat and take beside drugs: protein sources, supplements, eating patterns.

Data files and their readers; each names the inputs of the model that it changes, never a level or a
score. May import `cohort.facts`, `cohort.units`, `cohort.yaml_files` and kernels; `cohort.trial`,
where `load_diet` is, and `cohort.experiments` turn what they find here into streams of boluses.
"""

from cohort.nutrition.food import MIXED, Food, food_names, load_food
from cohort.nutrition.supplement import (
    Bolus,
    Dosing,
    Empirical,
    StatusChange,
    Supplement,
    load_supplement,
    supplement_names,
)

__all__ = [
    "MIXED",
    "Bolus",
    "Dosing",
    "Empirical",
    "Food",
    "StatusChange",
    "Supplement",
    "food_names",
    "load_food",
    "load_supplement",
    "supplement_names",
]
