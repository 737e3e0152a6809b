"""Compounds, one a file: how a substance moves through the body and what it binds.

Content, not framework: a YAML file a compound, each number with unit, source, mark and role. Drugs
(`cohort.drugs`) say which compounds a dose holds; `cohort.physiology` turns compounds into
submodels; the population room reads `covariate_effects`. A compound never names a drug.
"""

from cohort.compounds.compound import (
    Binding,
    Compound,
    CovariateRule,
    Disposition,
    Formation,
    Induction,
    Inhibition,
    Route,
    Transit,
    compound_names,
    covariate_effects,
    load_compound,
)
from cohort.compounds.covariates import CovariateEffect
from cohort.compounds.quantity import Quantity
from cohort.compounds.targets import SUPPLIES, TARGETS, Target

__all__ = [
    "SUPPLIES",
    "TARGETS",
    "Binding",
    "Compound",
    "CovariateEffect",
    "CovariateRule",
    "Disposition",
    "Formation",
    "Induction",
    "Inhibition",
    "Quantity",
    "Route",
    "Target",
    "Transit",
    "compound_names",
    "covariate_effects",
    "load_compound",
]
