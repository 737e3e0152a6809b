"""Numbers of compound and drug files: a fact with its role, checked for dimension and sign.

The role says what a number may be used for: an input, a value fitted to other data, or an
independent observation that the model did not see. Imports `cohort.facts` and `cohort.units`.
"""

import math
from typing import Annotated, Literal

from pydantic import AfterValidator

from cohort.errors import CohortError
from cohort.facts import Fact
from cohort.units import parse_quantity

__all__ = [
    "Clearance",
    "Concentration",
    "Count",
    "Efficacy",
    "Fraction",
    "Mass",
    "MolarConcentration",
    "MolarMass",
    "Number",
    "PositiveTime",
    "Quantity",
    "RateConstant",
    "Share",
    "Spread",
    "Time",
    "Volume",
]


class Quantity(Fact):
    """A number with unit, source and mark, and the role that it plays.

    Parameters
    ----------
    tag
        ``input`` of the model, ``fitted`` to reproduce another number, or ``independent``: an
        observation for judging, which nothing was chosen by.

    Examples
    --------
    >>> cl = Quantity(value="25 L/h", mark="computed", tag="input", source="Areberg 2006")
    >>> cl.number("mL/min")
    416.6666666666667
    """

    tag: Literal["input", "fitted", "independent"]


def _within(
    unit: str, low: float = 0.0, high: float = math.inf, *, is_low_open: bool = True
) -> AfterValidator:
    """Check the dimension of a quantity and its range [``unit``]."""

    def check(quantity: Quantity) -> Quantity:
        try:
            value = parse_quantity(str(quantity.value), unit, where="value")
        except CohortError as error:
            raise ValueError(str(error)) from error
        if value < low or value > high or (is_low_open and value == low):
            start = "greater than" if is_low_open else "at least"
            end = "" if high == math.inf else f" and at most {high:g}"
            raise ValueError(
                f"{quantity.value!r} is {value:g} [{unit}]; {start} {low:g}{end} [{unit}] is "
                "allowed. Change the value."
            )
        return quantity

    return AfterValidator(check)


def _whole(quantity: Quantity) -> Quantity:
    value = quantity.number("1")
    if value != round(value):
        raise ValueError(f"{value:g} is no whole number; 1, 2, 3 ... are allowed. Round it.")
    return quantity


_MOST_A_DAY = 24  # one dose an hour

Clearance = Annotated[Quantity, _within("L/h")]
Concentration = Annotated[Quantity, _within("ng/mL")]
Count = Annotated[
    Quantity, _within("1", 1.0, _MOST_A_DAY, is_low_open=False), AfterValidator(_whole)
]
Efficacy = Annotated[Quantity, _within("1", 0.0, 1.0, is_low_open=False)]
Fraction = Annotated[Quantity, _within("1", 0.0, 1.0)]
Mass = Annotated[Quantity, _within("mg")]
MolarConcentration = Annotated[Quantity, _within("uM")]
MolarMass = Annotated[Quantity, _within("g/mol")]
Number = Annotated[Quantity, _within("1", -math.inf)]
PositiveTime = Annotated[Quantity, _within("h")]
RateConstant = Annotated[Quantity, _within("1/h")]
Share = Annotated[Quantity, _within("1", 0.0, is_low_open=False)]
Spread = Annotated[Quantity, _within("1", 0.0)]
Time = Annotated[Quantity, _within("h", 0.0, is_low_open=False)]
Volume = Annotated[Quantity, _within("L")]
