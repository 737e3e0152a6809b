"""The declaration of an event: a trigger on states and time, and what is assigned when it fires.

Imports SymPy and the standard library only. `kernels.system.OdeSystem` takes events and checks
their names; `kernels.lower_events` turns them into sections of a program.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import sympy
from sympy.logic.boolalg import Boolean

from kernels.errors import DeclarationError
from kernels.expressions import (
    check_name,
    checked_expression,
    checked_expressions,
    digest_text,
    expression_digest,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["MOST_DELAYED", "MOST_EXECUTIONS", "MOST_IMMEDIATE", "Event"]

MOST_DELAYED = 16
"""Executions of one event with a delay that may be pending at once in a lane (own choice)."""

MOST_IMMEDIATE = 4
"""The same without a delay: a second one needs a trigger that falls and rises in one moment."""

MOST_EXECUTIONS = 1000
"""Executions at one moment in a lane, or steps in a row over which time hardly moves, after which
events count as endless (own choice)."""

_FLAGS = ("initial_value", "persistent", "values_from_trigger_time", "by_chance")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Event:
    """Declare what happens when a condition comes true, as the events of SBML Level 3 do.

    Parameters
    ----------
    name
        What messages call the event.
    trigger
        Condition on states, parameters, inputs and `TIME`. The event fires when it goes from false
        to true; the moment is located within each lane's own steps.
    assignments
        New value of a state by name [unit of the state]; all are evaluated before any is assigned.
    delay
        Time from firing to execution [time unit], not negative, evaluated when the event fires.
    priority
        Of executions at one moment the greatest is first [1], evaluated then and anew after each;
        None is below every number. Among equals the event declared first is first, unless it goes
        by chance.
    initial_value
        What the trigger counts as before the start: True cannot fire at the start, False does if
        the trigger holds there.
    persistent
        False drops a pending execution when the trigger goes back to false.
    values_from_trigger_time
        Whether assignments are evaluated when the event fires, or else when it is executed.
    by_chance
        Whether its executions draw lots with the others of equal priority that go by chance, each
        as likely to be first. Lots belong to a lane's key (`Lanes.keys`) and to how many choices
        the lane has made.

    Raises
    ------
    DeclarationError
        If a field has another type, or the delay is negative.

    Notes
    -----
    A trigger is looked at four times a step, where a step ends by its own times, and where the
    parabola of an inequality turns near zero: what comes and goes between is not seen, nor is an
    equality of numbers that move, except with time. Values saved at the moment of an event are
    those after it. At most `MOST_DELAYED` executions of one event wait in a lane, and at most
    `MOST_EXECUTIONS` are done at one moment; more end the lane with a result code.

    Examples
    --------
    >>> from kernels import symbol
    >>> v = symbol("v")
    >>> bounce = Event(name="bounce", trigger=symbol("x") < 0, assignments={"v": -v})
    >>> bounce.assignments["v"], bounce.delay
    (-v, 0)
    """

    name: str
    trigger: Boolean
    assignments: Mapping[str, sympy.Expr]
    delay: sympy.Expr = sympy.S.Zero
    priority: sympy.Expr | None = None
    initial_value: bool = True
    persistent: bool = True
    values_from_trigger_time: bool = True
    by_chance: bool = False

    def __post_init__(self) -> None:
        check_name("event", self.name)
        where = f"event '{self.name}'"
        _set(self, "trigger", _checked_trigger(where, self.trigger))
        _set(self, "assignments", checked_expressions(where, "assignments", self.assignments))
        _set(self, "delay", checked_expression(f"{where}, delay", self.delay))
        if self.delay.is_negative:
            raise DeclarationError(
                f"{where}, delay",
                f"{self.delay} [time unit]",
                "a delay is not negative",
                "Change its sign",
            )
        if self.priority is not None:
            _set(self, "priority", checked_expression(f"{where}, priority", self.priority))
        for flag in _FLAGS:
            value = getattr(self, flag)
            if not isinstance(value, bool):
                raise DeclarationError(
                    f"{where}, {flag}", f"{value!r}", "True or False is needed", "Give one"
                )

    def __reduce__(self) -> tuple[Any, tuple[dict[str, Any]]]:
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return _rebuild, ({**values, "assignments": dict(self.assignments)},)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Event) and self.digest_line({}) == other.digest_line({})

    def __hash__(self) -> int:
        return hash(self.digest_line({}))

    @property
    def most_pending(self) -> int:
        """How many executions may wait in a lane.

        Examples
        --------
        >>> Event(name="e", trigger=sympy.true, assignments={}, delay=2).most_pending
        16
        """
        return MOST_IMMEDIATE if self.delay == 0 else MOST_DELAYED

    def expressions(self) -> Iterator[tuple[str, sympy.Basic]]:
        """Yield each expression with the name of its place.

        Examples
        --------
        >>> event = Event(name="e", trigger=sympy.true, assignments={"x": 1})
        >>> [place for place, _ in event.expressions()]
        ['trigger', "assignments['x']", 'delay']
        """
        yield "trigger", self.trigger
        for name, expression in self.assignments.items():
            yield f"assignments[{name!r}]", expression
        yield "delay", self.delay
        if self.priority is not None:
            yield "priority", self.priority

    def digest_line(self, memo: dict[sympy.Basic, bytes]) -> str:
        """Return one line that says everything declared, the same in every process.

        Examples
        --------
        >>> Event(name="e", trigger=sympy.true, assignments={}).digest_line({})[:7]
        'event e'
        """
        flags = "".join("ft"[getattr(self, flag)] for flag in _FLAGS)
        priority = "" if self.priority is None else expression_digest(self.priority, memo).hex()
        digests = (expression_digest(e, memo).hex() for e in (self.trigger, self.delay))
        values = digest_text(self.assignments, memo)
        return f"event {self.name} {flags} {' '.join(digests)} [{priority}] {values}"


def _rebuild(values: dict[str, Any]) -> Event:
    return Event(**values)


def _set(event: Event, attribute: str, value: object) -> None:
    object.__setattr__(event, attribute, value)


def _checked_trigger(where: str, trigger: object) -> Boolean:
    if isinstance(trigger, bool):
        trigger = sympy.true if trigger else sympy.false
    if not isinstance(trigger, Boolean) or isinstance(trigger, sympy.Symbol):
        raise DeclarationError(
            f"{where}, trigger",
            f"{trigger!r} of type {type(trigger).__name__}",
            "a condition is needed",
            "Compare two expressions, as in symbol('x') > 1",
        )
    if trigger.has(sympy.nan, sympy.zoo, sympy.I):
        raise DeclarationError(
            f"{where}, trigger",
            f"{trigger}",
            "expressions are real and defined",
            "Remove the division by zero or the imaginary unit",
        )
    return trigger
