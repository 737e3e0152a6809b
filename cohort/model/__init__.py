"""How a system of the body is declared, and how systems are joined into one model.

Content files declare a `Submodel` of species, parameters, reactions, rules and ports; `assemble`
connects ports by name and returns a `Model`; `Model.lanes` turns patients' numbers into lanes for
`kernels.integrate`. Dimensions are checked when a submodel is made. Imports kernels, NumPy, SymPy
and pint.
"""

from cohort.model.assemble import assemble
from cohort.model.declarations import (
    ANY,
    FRACTION,
    NOT_NEGATIVE,
    POSITIVE,
    Bounds,
    Constant,
    Derived,
    Feasibility,
    Input,
    Mark,
    Parameter,
    Port,
    Reaction,
    Rule,
    Source,
    Species,
)
from cohort.model.driven import settling, shift_of, with_shifts
from cohort.model.evaluate import evaluate
from cohort.model.model import Model, ParameterRow, ParameterTable
from cohort.model.submodel import Submodel
from cohort.model.variants import with_numbers, with_suffix

__all__ = [
    "ANY",
    "FRACTION",
    "NOT_NEGATIVE",
    "POSITIVE",
    "Bounds",
    "Constant",
    "Derived",
    "Feasibility",
    "Input",
    "Mark",
    "Model",
    "Parameter",
    "ParameterRow",
    "ParameterTable",
    "Port",
    "Reaction",
    "Rule",
    "Source",
    "Species",
    "Submodel",
    "assemble",
    "evaluate",
    "settling",
    "shift_of",
    "with_numbers",
    "with_shifts",
    "with_suffix",
]
