"""A number in a data file: value with unit, source and mark.

Drugs, conditions, scales and adverse events are data files; each number in them says where it
comes from. Imports `cohort.units` and pydantic; every reader of data files enters here.
"""

from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from cohort.errors import CohortError
from cohort.units import parse_quantity

__all__ = ["Declaration", "Fact", "Mark", "PureNumber", "count_assumed", "quantity_in"]

Mark = Literal["read", "computed", "assumed", "design"]


class Declaration(BaseModel):
    """Base of every record that is read from a data file: frozen, no unknown keys.

    Examples
    --------
    >>> class Pair(Declaration):
    ...     left: int
    >>> Pair(left=1).left
    1
    """

    model_config = ConfigDict(frozen=True, extra="forbid")


class Fact(Declaration):
    """A number with its unit, its source and how it was obtained.

    Parameters
    ----------
    value
        Number and unit as written, ``0.42 1/week``; a plain number has unit 1.
    mark
        ``read`` at the source, ``computed`` from what was read, ``assumed`` (recalled or
        guessed, to be verified) or ``design`` (chosen by this project).
    source
        Where the number comes from.

    Examples
    --------
    >>> rate = Fact(value="0.42 1/week", mark="computed", source="Taylor 2006")
    >>> round(rate.number("1/day"), 4)
    0.06
    """

    value: str | float
    mark: Mark
    source: Annotated[str, Field(min_length=3)]

    def number(self, unit: str) -> float:
        """Return the value in ``unit``.

        Parameters
        ----------
        unit
            Unit of the result; ``1`` for pure numbers.

        Returns
        -------
        Value [``unit``].

        Raises
        ------
        UnitError
            If the written unit measures something else.

        Examples
        --------
        >>> Fact(value="8 day", mark="assumed", source="guess").number("h")
        192.0
        """
        return parse_quantity(str(self.value), unit, where=f"value {self.value!r}")


def quantity_in(
    unit: str, *, minimum: float = float("-inf"), maximum: float = float("inf")
) -> AfterValidator:
    """Return a validator of facts: the value must have the dimension of ``unit``.

    Parameters
    ----------
    unit
        Unit that the value must be convertible to.
    minimum, maximum
        Smallest and largest value allowed [``unit``].

    Returns
    -------
    Validator to annotate a field of type `Fact` with.

    Examples
    --------
    >>> from pydantic import TypeAdapter
    >>> adapter = TypeAdapter(Annotated[Fact, quantity_in("day")])
    >>> adapter.validate_python({"value": "2 week", "mark": "read", "source": "x, table 1"}).value
    '2 week'
    """

    def check(fact: Fact) -> Fact:
        try:
            parse_quantity(str(fact.value), unit, where="value", minimum=minimum, maximum=maximum)
        except CohortError as error:
            raise ValueError(str(error)) from error
        return fact

    return AfterValidator(check)


PureNumber = Annotated[Fact, quantity_in("1")]
"""A fact without a unit."""


def count_assumed(record: BaseModel) -> tuple[int, int]:
    """Return how many numbers a record declares, and how many of them are assumed.

    Parameters
    ----------
    record
        Any validated record of a data file.

    Returns
    -------
    Number of marked entries, and those marked ``assumed``.

    Examples
    --------
    >>> class Pair(Declaration):
    ...     left: Fact
    >>> count_assumed(Pair(left=Fact(value=1, mark="assumed", source="guess")))
    (1, 1)
    """
    marks = list(_marks(record.model_dump()))
    return len(marks), marks.count("assumed")


def _marks(tree: object) -> list[str]:
    if isinstance(tree, dict):
        own = [tree["mark"]] if tree.get("mark") in get_args(Mark) else []
        return own + [mark for value in tree.values() for mark in _marks(value)]
    if isinstance(tree, list | tuple):
        return [mark for value in tree for mark in _marks(value)]
    return []
