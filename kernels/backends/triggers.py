"""Follow the events of lanes on NumPy: look for changes in a step, locate them, execute.

The steps are those of ``source/events.hpp``, in the same order. A trigger is looked at in four
places of every step, a quarter of it apart, on the dense output of the method; where one differs
from what the lane remembers, the first change is bisected down to the resolution of time. Nothing
between two looks is seen that comes and goes there, except moments that triggers name themselves by
comparing time with something constant: there every lane ends a step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from kernels.backends.events import NO_EVENT
from kernels.backends.numpy_source import compile_section
from kernels.solution import ResultCode
from kernels.triggers import MOST_EXECUTIONS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kernels.backends.numpy_source import SectionSource
    from kernels.event_program import EventProgram, ProgramEvent
    from kernels.program import Program
    from kernels.tableaus import RosenbrockTableau

__all__ = ["NEAR_ULPS", "Place", "TriggerFollower"]

Floats: TypeAlias = "NDArray[np.float64]"
Integers: TypeAlias = "NDArray[np.int64]"

_LOOKS: Final = 4
NEAR_ULPS: Final = 4.0
"""Moments nearer than this many ulps of time are one moment."""


@dataclass(slots=True, eq=False)
class Place:
    """Where some lanes are: time, rows of states, parameters, inputs and hoisted values.

    Parameters
    ----------
    time
        Time of each lane [time unit].
    y, p, u, h
        Rows that sections read.

    Examples
    --------
    >>> rows = [np.arange(3.0)]
    >>> Place(np.zeros(3), rows, rows, rows, rows).take(np.array([2])).y
    [array([2.])]
    """

    time: Floats
    y: list[Floats]
    p: list[Floats]
    u: list[Floats]
    h: list[Floats]

    def take(self, index: Integers) -> Place:
        """Return the place of some of the lanes.

        Examples
        --------
        >>> Place(np.zeros(3), [], [], [], []).take(np.array([0, 1])).time
        array([0., 0.])
        """
        rows = ([row[index] for row in group] for group in (self.y, self.p, self.u, self.h))
        return Place(self.time[index], *rows)


class TriggerFollower:
    """Hold what every lane remembers of its events.

    Parameters
    ----------
    program
        Program with events.
    table
        Method, for its dense output.
    memory
        What lanes remember, shape ``(n_memory, n_lane)``; changed in place.

    Examples
    --------
    >>> from kernels import Event, OdeSystem, lower, symbol
    >>> from kernels.tableaus import RODAS4
    >>> x = symbol("x")
    >>> half = Event(name="half", trigger=x > 1, assignments={"x": x / 2})
    >>> grown = OdeSystem(name="g", states=("x",), parameters=(), rhs={"x": x}, events=(half,))
    >>> program = lower(grown)
    >>> memory = np.array([program.events.fresh_memory()]).T
    >>> TriggerFollower(program, RODAS4, memory).due.tolist()
    [inf]
    """

    def __init__(self, program: Program, table: RosenbrockTableau, memory: Floats) -> None:
        assert program.events is not None
        self._events: EventProgram = program.events
        self._bases, self._firsts = program.events.bases, program.events.firsts
        self._n_row = program.n_row
        self._first_kind = program.n_state + 2 * len(program.inputs)
        self._n_stage = table.n_stage
        self._dense = [(*row, *[0.0] * (table.n_stage - len(row))) for row in table.dense]
        self._rows = self._events.trigger_rows
        self._sections: dict[str, SectionSource] = {
            section.name: compile_section(section, n_copied=len(section.outputs))
            for section in self._events.sections
        }
        self._n_output = {s.name: len(s.outputs) for s in self._events.sections}
        self.memory = memory
        self.due = self._earliest(np.arange(memory.shape[1]))

    def _evaluate(self, name: str, place: Place) -> Floats:
        n = len(place.time)
        values = np.empty((self._n_output[name], n))
        registers = list(np.empty((self._sections[name].n_register, n)))
        none: list[Floats] = []
        self._sections[name].function(
            place.time,
            None,
            place.y,
            place.p,
            place.u,
            place.h,
            none,
            none,
            none,
            list(values),
            registers,
        )
        return values

    # looking and locating

    def _combined(self, k: NDArray[np.float64], row: int) -> list[Floats]:
        """Return the coefficients of one row's dense output."""
        combined = []
        for weights in self._dense:
            total = k[0][row] * weights[0]
            for j in range(1, self._n_stage):
                total = total + k[j][row] * weights[j]
            combined.append(total)
        return combined

    @staticmethod
    def _between(y0: Floats, y1: Floats, combined: list[Floats], share: Floats | float) -> Floats:
        # written from y0 on, so that a state that rests keeps its bits
        rest = 1.0 - share
        inner = combined[-1]
        for coefficient in combined[-2::-1]:
            inner = coefficient + share * inner
        value: Floats = y0 + share * ((y1 - y0) + rest * inner)
        return value

    def look(
        self,
        place: Place,
        lanes: Integers,
        k: NDArray[np.float64],
        new: list[Floats],
        step: tuple[Floats, ...],
    ) -> NDArray[np.bool_]:
        """Return in which lanes a trigger differs from what is remembered, at any look.

        Parameters
        ----------
        place
            At the beginning of the step.
        lanes
            Their numbers.
        k
            Stage increments, shape ``(n_stage, n_row, n)``.
        new
            Rows of the state at the end of the step.
        step
            Start of the interval, time within it at the beginning, step size, and time within it at
            the end [time unit].

        Examples
        --------
        >>> TriggerFollower.look.__name__
        'look'
        """
        start, local, h, end = step
        remembered = self.memory[: len(self._events.events)][:, lanes]
        combined = {row: self._combined(k, row) for row in self._rows}
        at = Place(place.time, list(place.y), place.p, place.u, place.h)
        changed = np.zeros(len(lanes), bool)
        for number in range(1, _LOOKS):
            share = number / _LOOKS
            at.time = start + (local + h * share)
            for row in self._rows:
                at.y[row] = self._between(place.y[row], new[row], combined[row], share)
            changed |= (self._evaluate("trigger", at) != remembered).any(axis=0)
        at.time, at.y = start + end, new
        changed |= (self._evaluate("trigger", at) != remembered).any(axis=0)
        return changed

    def locate(
        self,
        place: Place,
        lanes: Integers,
        k: NDArray[np.float64],
        new: list[Floats],
        step: tuple[Floats, ...],
    ) -> tuple[NDArray[np.bool_], Floats, list[Floats]]:
        """Return which steps end at a change before their end, when within the interval, and where.

        Parameters
        ----------
        place, lanes, k, new, step
            As given to `look`, of lanes where something changed.

        Examples
        --------
        >>> TriggerFollower.locate.__name__
        'locate'
        """
        start, begin, h, end = step
        remembered = self.memory[: len(self._events.events)][:, lanes]
        combined = [self._combined(k, row) for row in range(self._n_row)]
        at = Place(place.time, list(place.y), place.p, place.u, place.h)

        def differs(x: Floats) -> NDArray[np.bool_]:
            share = (x - begin) / h
            at.time = start + x
            for row in self._rows:
                at.y[row] = self._between(place.y[row], new[row], combined[row], share)
            here: NDArray[np.bool_] = (self._evaluate("trigger", at) != remembered).any(axis=0)
            return here

        low, high = begin.copy(), end.copy()
        found = np.zeros(len(lanes), bool)
        # first at the very beginning: what a rounding kept from changing at its own moment is there
        soon = begin + NEAR_ULPS * np.spacing(np.abs(start + begin))
        for number in range(_LOOKS):
            x = np.where(soon < end, soon, end) if number == 0 else begin + h * (number / _LOOKS)
            here = differs(x) & ~found
            high = np.where(here, x, high)
            found |= here
            low = np.where(found, low, x)
        last = Place(start + end, new, place.p, place.u, place.h)
        found |= (self._evaluate("trigger", last) != remembered).any(axis=0)
        while True:
            middle = low + (high - low) * 0.5
            fine = high - low <= 0.5 * np.spacing(np.abs(start + high))
            goes_on = found & (low < middle) & (middle < high) & ~fine
            if not goes_on.any():
                break
            here = differs(middle)
            high = np.where(goes_on & here, middle, high)
            low = np.where(goes_on & ~here, middle, low)
        cut = found & (high != end)
        share = (high - begin) / h
        rows = [
            self._between(place.y[row], new[row], combined[row], share)
            for row in range(self._n_row)
        ]
        return cut, high, rows

    # firing and executing

    def fire(self, place: Place, lanes: Integers) -> tuple[Integers, Integers]:
        """Execute what is due, changing rows ``place.y`` in place, until nothing is.

        Returns
        -------
        Kind of the first execution of each lane, `NO_EVENT` without any, and result codes.

        Examples
        --------
        >>> TriggerFollower.fire.__name__
        'fire'
        """
        kind = np.full(len(lanes), NO_EVENT)
        codes = np.zeros(len(lanes), np.int64)
        active = np.arange(len(lanes))
        done = 0
        while len(active):
            some = place.take(active)
            codes[active] = self._notice(some, lanes[active])
            works = codes[active] == ResultCode.SUCCESS
            active, some = active[works], some.take(np.flatnonzero(works))
            event, slot = self._most_urgent(some, lanes[active])
            due = event != NO_EVENT
            active, event, slot = active[due], event[due], slot[due]
            if done == MOST_EXECUTIONS:
                codes[active] = ResultCode.ENDLESS_EVENTS
                break
            for index in np.unique(event).tolist():
                which = event == index
                self._execute(place, active[which], lanes, index, slot[which])
            first = kind[active] == NO_EVENT
            kind[active] = np.where(first, self._first_kind + event, kind[active])
            done += 1
        self.due[lanes] = self._earliest(lanes)
        return kind, codes

    def _slots(self, index: int, lanes: Integers) -> Floats:
        """Return the pending executions of one event, shape ``(n_slot, stride, n)``, copied."""
        event, base = self._events.events[index], self._bases[index]
        rows = self.memory[base : base + event.n_slot * event.stride][:, lanes]
        return rows.reshape(event.n_slot, event.stride, len(lanes))

    def _keep_slots(self, index: int, lanes: Integers, slots: Floats) -> None:
        event, base = self._events.events[index], self._bases[index]
        size = event.n_slot * event.stride
        self.memory[base : base + size, lanes] = slots.reshape(size, len(lanes))

    def _earliest(self, lanes: Integers) -> Floats:
        earliest = np.full(len(lanes), np.inf)
        for index in range(len(self._events.events)):
            earliest = np.minimum(earliest, self._slots(index, lanes)[:, 0].min(axis=0))
        return earliest

    def _notice(self, place: Place, lanes: Integers) -> Integers:
        """Remember triggers anew: what rises is pending, what falls may be dropped."""
        codes = np.zeros(len(lanes), np.int64)
        truth = self._evaluate("trigger", place)
        before = self.memory[: len(truth)][:, lanes]
        rises, falls = (truth != 0.0) & (before == 0.0), (truth == 0.0) & (before != 0.0)
        delays = values = truth
        if rises.any():
            delays, values = self._evaluate("delay", place), self._evaluate("assign", place)
        for index, event in enumerate(self._events.events):
            rising = np.flatnonzero(rises[index] & (codes == ResultCode.SUCCESS))
            if len(rising):
                first = self._firsts[index]
                some = values[first : first + len(event.targets), rising]
                due = place.time[rising] + delays[index, rising]
                codes[rising] = self._add(index, lanes[rising], delays[index, rising], due, some)
            works = codes == ResultCode.SUCCESS
            falling = np.flatnonzero(falls[index] & works)
            if len(falling) and not event.is_persistent:
                self._keep_slots(index, lanes[falling], _empty(event, len(falling)))
            self.memory[index, lanes[works]] = truth[index, works]
        return codes

    def _add(
        self, index: int, lanes: Integers, delay: Floats, due: Floats, values: Floats
    ) -> Integers:
        event = self._events.events[index]
        slots = self._slots(index, lanes)
        is_free = slots[:, 0] == np.inf
        free = is_free.argmax(axis=0)
        bad = ~(delay >= 0.0)
        full = ~bad & (due < np.inf) & ~is_free.any(axis=0)
        taken = np.flatnonzero(~bad & ~full & (due < np.inf))
        slots[free[taken], 0, taken] = due[taken]
        if event.is_stored:
            slots[free[taken], 1:, taken] = values[:, taken].T
        self._keep_slots(index, lanes, slots)
        codes = np.where(full, ResultCode.TOO_MANY_PENDING, ResultCode.SUCCESS)
        return np.where(bad, ResultCode.BAD_DELAY, codes).astype(np.int64)

    def _most_urgent(self, place: Place, lanes: Integers) -> tuple[Integers, Integers]:
        best = np.full(len(lanes), NO_EVENT)
        slot = np.zeros(len(lanes), np.int64)
        if not len(lanes):
            return best, slot
        latest = place.time + NEAR_ULPS * np.spacing(np.abs(place.time))
        priority = self._evaluate("priority", place)
        greatest = np.full(len(lanes), -np.inf)
        for index in range(len(self._events.events)):
            due = self._slots(index, lanes)[:, 0]
            earliest = due.argmin(axis=0)
            rank = np.where(np.isnan(priority[index]), -np.inf, priority[index])
            is_due = due[earliest, np.arange(len(lanes))] <= latest
            better = is_due & ((best == NO_EVENT) | (rank > greatest))
            best = np.where(better, index, best)
            slot = np.where(better, earliest, slot)
            greatest = np.where(better, rank, greatest)
        return best, slot

    def _execute(
        self, place: Place, at: Integers, lanes: Integers, index: int, slot: Integers
    ) -> None:
        event, first = self._events.events[index], self._firsts[index]
        slots = self._slots(index, lanes[at])
        if event.is_stored:
            values = slots[slot, 1:, np.arange(len(at))].T
        else:
            values = self._evaluate("assign", place.take(at))[first : first + len(event.targets)]
        for row, value in zip(event.targets, values, strict=True):
            place.y[row][at] = value
        padded = np.concatenate((slots, _empty(event, len(at))[:1]))
        number = np.arange(event.n_slot)[:, None]
        kept = padded[number + (number >= slot), :, np.arange(len(at))]
        self._keep_slots(index, lanes[at], np.moveaxis(kept, 2, 1))

    def limits(
        self, place: Place, lanes: Integers, start: Floats, local: Floats, length: Floats
    ) -> Floats:
        """Return where in the interval each lane must end a step at the latest [time unit].

        Parameters
        ----------
        place
            Where the lanes are.
        lanes
            Their numbers.
        start, local, length
            Start of the interval, time within it, and its length [time unit].

        Examples
        --------
        >>> TriggerFollower.limits.__name__
        'limits'
        """
        now = place.time + NEAR_ULPS * np.spacing(np.abs(place.time))
        most = length - NEAR_ULPS * np.spacing(np.abs(start + length))
        limit = length.copy()
        for moment in (self.due[lanes], *self._evaluate("stop", place)):
            x = moment - start
            sooner = (moment > now) & (x > local) & (x < most) & (x < limit)
            limit = np.where(sooner, x, limit)
        return limit


def _empty(event: ProgramEvent, n: int) -> Floats:
    slots = np.zeros((event.n_slot, event.stride, n))
    slots[:, 0] = np.inf
    return slots
