"""One number that was measured, and how the same number is read off a run.

The record says when a quantity is looked at, how it is expressed, what was published, with which
interval, and whether that number took part in building the model.
"""

import math
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

from cohort.errors import CohortError
from cohort.facts import Declaration
from cohort.trial.quantities import Number, Words, Written, write_span
from cohort.units import parse_quantity, parse_unit
from cohort.yaml_files import Contradiction, CorrectableError, is_read, refuse_contradictions

__all__ = ["DIRECTION_LEAST", "NONE_WITHIN", "Comparison", "Length", "Moment"]

DIRECTION_LEAST = 0.05
"""Smallest relative change that counts as up or down [1]; by choice."""
NONE_WITHIN = 0.10
"""Largest relative change that counts as none [1]; by choice, as dialysis is no finer."""

_LONGEST_S = 10 * 365 * 86_400

Take = Literal["value", "max", "min", "mean", "time_of_max", "time_of_min"]
Measure = Literal["ratio", "percent_change", "value", "hours", "clock"]


def _read_length(value: object) -> int:
    if not isinstance(value, str):
        raise CorrectableError(
            f"{value!r} was given; a length of time with its unit is wanted.", "3 h"
        )
    try:
        seconds = parse_quantity(value, "s", where="time", minimum=0.0, maximum=_LONGEST_S)
    except CohortError as error:
        raise ValueError(str(error)) from error
    return round(seconds)


def _read_moment(value: object) -> int | None:
    return None if value == "end" or value is None else _read_length(value)


def _read_reference(value: object) -> int | str:
    if value in ("start", "untreated"):
        return 0 if value == "start" else "untreated"
    return _read_length(value)


def _write_moment(value: int | None) -> str:
    return "end" if value is None else write_span(value)


def _write_reference(value: int | str) -> str:
    return value if isinstance(value, str) else write_span(value)


_SCHEMA = {"type": "string", "examples": ["3 h"]}
Length = Annotated[int, Written(read=_read_length, write=write_span, schema=_SCHEMA)]
"""Length of time [s], not negative."""
Moment = Annotated[int | None, Written(read=_read_moment, write=_write_moment, schema=_SCHEMA)]
"""Time after the start of treatment [s]; None for the end of the experiment."""
_Reference = Annotated[
    int | Literal["untreated"],
    Written(read=_read_reference, write=_write_reference, schema=_SCHEMA),
]


class Comparison(Declaration):
    """A published number, and how the run gives its counterpart.

    Parameters
    ----------
    quantity
        State, rule or biomarker of the model that is looked at.
    over
        Quantity that it is divided by, as in a ratio of two metabolites.
    take
        ``value`` at the time ``at``, or what the window ``from`` .. ``to`` holds.
    at
        Time after the start of treatment; the end of the experiment if absent.
    begin, end
        Window, written ``from`` and ``to``; the whole treatment if absent.
    measure
        Written ``as``: ``ratio`` to the reference, ``percent_change`` from it, ``value`` in
        ``unit``, ``hours`` after the start, or ``clock``, the time of day [h].
    relative_to
        Reference of ratio and change: a time of the same run (``start`` if absent), or
        ``untreated``, the same clock time of a run in which nothing is given.
    unit, factor
        Unit of a ``value``, and the factor from the unit of the model where the model counts
        relative to rest.
    direction
        Instead of a number: ``up``, ``down`` or ``none``.
    published, low, high
        Number and its interval; one end may be left open.
    interval
        Where the interval comes from: ``published`` (confidence or standard error), ``sd``
        (between people), ``range``, or ``ours``.
    mark
        ``read``, ``computed`` from what was read, or ``assumed`` (recalled, to be verified).
    use
        ``calibrated``: the model was shaped on it; ``checked``: known while the model was built;
        ``held_out``: first looked up after it was built.
    source
        Where the number comes from, if not where the experiment does.
    note
        What was assumed, and why it fails if it does.

    Examples
    --------
    >>> level = Comparison(
    ...     quantity="hiaa_csf", published=0.67, low=0.57, high=0.77, interval="ours",
    ...     mark="read", use="checked",
    ... )
    >>> level.take, level.measure, level.bounds
    ('value', 'ratio', (0.57, 0.77))
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    quantity: str = Field(examples=["hiaa_csf"])
    over: str | None = None
    take: Take = "value"
    at: Moment = None
    begin: Length = Field(default=0, alias="from")
    end: Moment = Field(default=None, alias="to")
    measure: Measure = Field(default="ratio", alias="as")
    relative_to: _Reference = 0
    unit: str = "1"
    factor: Number | None = None
    direction: Literal["up", "down", "none"] | None = None
    published: Number | None = None
    low: Number | None = None
    high: Number | None = None
    interval: Literal["published", "sd", "range", "ours"] | None = None
    mark: Literal["read", "computed", "assumed"] = Field(examples=["read"])
    use: Literal["calibrated", "checked", "held_out"] = Field(examples=["checked"])
    source: Words | None = None
    note: Words | None = None

    @property
    def bounds(self) -> tuple[float, float]:
        """Ends of the interval that agrees; an open end is infinite.

        Examples
        --------
        >>> rise = Comparison(quantity="tnf", direction="up", mark="read", use="checked")
        >>> rise.bounds
        (1.05, inf)
        """
        if self.direction is not None:
            return {
                "up": (1 + DIRECTION_LEAST, math.inf),
                "down": (-math.inf, 1 - DIRECTION_LEAST),
                "none": (1 - NONE_WITHIN, 1 + NONE_WITHIN),
            }[self.direction]
        low = -math.inf if self.low is None else self.low
        return low, math.inf if self.high is None else self.high

    @property
    def shown_unit(self) -> str:
        """Unit of the compared number as tables show it.

        Examples
        --------
        >>> Comparison(quantity="tnf", direction="up", mark="read", use="checked").shown_unit
        'x'
        """
        by_measure = {"ratio": "x", "percent_change": "%", "hours": "h", "clock": "h (clock)"}
        return by_measure.get(self.measure, self.unit)

    def contradictions(self) -> Iterator[Contradiction]:
        """List what cannot stand together.

        Examples
        --------
        >>> level = Comparison(quantity="tnf", direction="up", mark="read", use="checked")
        >>> list(level.contradictions())
        []
        """
        yield from self._number_or_direction()
        yield from self._window()
        yield from self._measure()

    def _number_or_direction(self) -> Iterator[Contradiction]:
        numbers = (self.published, self.low, self.high, self.interval)
        if not all(map(is_read, (*numbers, self.direction))):
            return
        if self.direction is not None:
            if any(number is not None for number in numbers):
                yield _wrong(
                    "direction",
                    "a direction and numbers were given; one of them is allowed. "
                    "Delete 'direction', or 'published', 'low', 'high' and 'interval'.",
                )
            if self.measure in ("percent_change", "value"):  # of the others there is another
                yield _wrong(
                    "direction", f"a direction as {self.measure!r}; it needs a ratio. Drop 'as'."
                )
        elif self.published is None:
            yield _wrong(
                "published",
                "no number and no direction; one is needed. Write 'published: 1.0' with an "
                "interval, or 'direction: up'.",
            )
        else:
            yield from self._interval()

    def _interval(self) -> Iterator[Contradiction]:
        low, high = self.bounds
        if self.low is None and self.high is None:
            yield _wrong(
                "low", "no interval; at least one end is needed. Write 'low:' and 'high:'."
            )
        elif self.interval is None:
            yield _wrong(
                "interval",
                "where the interval comes from is missing; published, sd, range or ours is "
                "allowed. Write 'interval: ours'.",
            )
        if self.published is not None and not low <= self.published <= high:
            yield _wrong(
                "published",
                f"{self.published:g} lies outside its interval from {low:g} to {high:g}; inside "
                "is allowed. Correct one of them.",
            )

    def _window(self) -> Iterator[Contradiction]:
        if not is_read(self.take):
            return
        if self.take == "value" and (self.end is not None or self.begin):
            yield _wrong(
                "take",
                "a window 'from' .. 'to' with 'take: value'; a window needs max, min, mean or a "
                "time of them. Write 'take: mean', or 'at:'.",
            )
        if self.take != "value" and self.at is not None:
            yield _wrong("at", f"'at' with 'take: {self.take}'; a window is allowed. Write 'from'.")
        if self.end is not None and self.begin >= self.end:
            yield _wrong("to", "the window ends before it begins; later is allowed. Change it.")

    def _measure(self) -> Iterator[Contradiction]:
        if not is_read(self.measure) or not is_read(self.take):
            return
        is_time = self.take.startswith("time_of")
        if is_time != (self.measure in ("hours", "clock")):
            allowed = "hours or clock" if is_time else "ratio, percent_change or value"
            yield _wrong(
                "as",
                f"{self.measure!r} of 'take: {self.take}'; {allowed} is allowed. Change one.",
            )
        if self.relative_to and self.measure not in ("ratio", "percent_change"):
            yield _wrong(
                "relative_to",
                f"a reference with 'as: {self.measure}'; ratio and percent_change have one. "
                "Delete it.",
            )
        if self.measure != "value" and (self.factor is not None or self.unit != "1"):
            yield _wrong("unit", f"a unit with 'as: {self.measure}'; value has one. Delete it.")
        if is_read(self.unit):
            try:
                parse_unit(self.unit)
            except CohortError as error:
                yield _wrong("unit", str(error))

    _refuse = model_validator(mode="after")(refuse_contradictions)


def _wrong(key: str, message: str) -> Contradiction:
    return Contradiction(path=(key,), message=message)
