"""The part of a program that events add: what happens when, and where a lane remembers it.

A lane remembers of each event whether its trigger held, and the executions that are pending: the
time each is due and, where they were evaluated when the event fired, the values to assign. These
numbers are rows of `Lanes.event_memory`, so that a lane that goes on in another call has lost
nothing. Knows no NumPy and no SymPy.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kernels.instructions import Section

__all__ = ["EVENT_SECTION_NAMES", "EventProgram", "ProgramEvent"]

EVENT_SECTION_NAMES = ("trigger", "delay", "priority", "assign", "stop")

_FLAGS = ("initial_value", "is_persistent", "is_stored")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramEvent:
    """Say what a backend must know of one event beside its expressions.

    Parameters
    ----------
    name
        What messages call it.
    targets
        Rows of the states it assigns, in the order of its values.
    n_slot
        Executions that may be pending at once.
    initial_value
        What its trigger counts as before the start.
    is_persistent
        Whether a pending execution outlives its trigger.
    is_stored
        Whether values are evaluated when the event fires, not when it is executed.

    Examples
    --------
    >>> event = ProgramEvent.from_text("event bounce 4 ttf 0 2")
    >>> event.targets, event.is_stored, event.to_text()
    ((0, 2), False, 'event bounce 4 ttf 0 2')
    """

    name: str
    targets: tuple[int, ...]
    n_slot: int
    initial_value: bool
    is_persistent: bool
    is_stored: bool

    @property
    def stride(self) -> int:
        """Numbers that one pending execution takes.

        Examples
        --------
        >>> ProgramEvent.from_text("event bounce 4 ttt 0 2").stride
        3
        """
        return 1 + (len(self.targets) if self.is_stored else 0)

    def to_text(self) -> str:
        """Return the event as a line of a program's text.

        Examples
        --------
        >>> ProgramEvent.from_text("event e 4 tff").to_text()
        'event e 4 tff'
        """
        flags = "".join("ft"[getattr(self, flag)] for flag in _FLAGS)
        return " ".join(("event", self.name, str(self.n_slot), flags, *map(str, self.targets)))

    @staticmethod
    def from_text(line: str) -> ProgramEvent:
        """Read back what `to_text` wrote.

        Raises
        ------
        ValueError
            If the line is no event.

        Examples
        --------
        >>> ProgramEvent.from_text("event e 4 tff 1").is_persistent
        False
        """
        word, name, n_slot, flags, *targets = line.split()
        if word != "event" or len(flags) != len(_FLAGS) or not set(flags) <= {"f", "t"}:
            raise ValueError(line)
        return ProgramEvent(
            name=name,
            targets=tuple(map(int, targets)),
            n_slot=int(n_slot),
            **{flag: letter == "t" for flag, letter in zip(_FLAGS, flags, strict=True)},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EventProgram:
    """Hold the events of a program and the sections that evaluate them.

    Parameters
    ----------
    events
        In the order of their declaration.
    trigger
        Reads ``t y p u h``; gives 1 where a trigger holds and 0 where not, one an event.
    delay
        Reads ``t y p u h``; gives the time from firing to execution, one an event.
    priority
        Reads ``t y p u h``; gives priorities, minus infinity where there is none.
    assign
        Reads ``t y p u h``; gives the values of all assignments, event by event.
    stop
        Reads ``y p h``; gives times at which a trigger that compares time alone may change, where
        every lane ends a step.

    Examples
    --------
    >>> from kernels import Event, OdeSystem, lower, symbol
    >>> x = symbol("x")
    >>> half = Event(name="half", trigger=x > 1, assignments={"x": x / 2})
    >>> grown = OdeSystem(name="g", states=("x",), parameters=(), rhs={"x": x}, events=(half,))
    >>> lower(grown).events.n_memory
    9
    """

    events: tuple[ProgramEvent, ...]
    trigger: Section
    delay: Section
    priority: Section
    assign: Section
    stop: Section

    @property
    def sections(self) -> tuple[Section, ...]:
        """The sections, in the order of the text.

        Examples
        --------
        >>> EventProgram.sections.__doc__[:12]
        'The sections'
        """
        return (self.trigger, self.delay, self.priority, self.assign, self.stop)

    @property
    def bases(self) -> tuple[int, ...]:
        """Row of a lane's memory where the pending executions of each event begin.

        Examples
        --------
        >>> isinstance(EventProgram.bases, property)
        True
        """
        rows, row = [], len(self.events)
        for event in self.events:
            rows.append(row)
            row += event.n_slot * event.stride
        return tuple(rows)

    @property
    def firsts(self) -> tuple[int, ...]:
        """Index of each event's first value among the outputs of ``assign``.

        Examples
        --------
        >>> isinstance(EventProgram.firsts, property)
        True
        """
        indices, index = [], 0
        for event in self.events:
            indices.append(index)
            index += len(event.targets)
        return tuple(indices)

    @property
    def n_memory(self) -> int:
        """Numbers that a lane remembers.

        Examples
        --------
        >>> isinstance(EventProgram.n_memory, property)
        True
        """
        return len(self.events) + sum(event.n_slot * event.stride for event in self.events)

    @property
    def trigger_rows(self) -> tuple[int, ...]:
        """Rows of the states that triggers read, increasing.

        Examples
        --------
        >>> isinstance(EventProgram.trigger_rows, property)
        True
        """
        return tuple(sorted(o.index for o in self.trigger.reads() if o.kind == "y"))

    def fresh_memory(self) -> tuple[float, ...]:
        """Return what a lane remembers before its start: nothing pending.

        Examples
        --------
        >>> EventProgram.fresh_memory.__name__
        'fresh_memory'
        """
        memory = [float(event.initial_value) for event in self.events]
        for event in self.events:
            memory += ([math.inf] + [0.0] * (event.stride - 1)) * event.n_slot
        return tuple(memory)
