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
from kernels.philox import philox4x32
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
_SUCCESS: Final = int(ResultCode.SUCCESS)  # compared in every step: an enumeration's lookup is slow
_WORD_BITS: Final = np.uint64(32)
_LOW_WORD: Final = np.uint64(0xFFFFFFFF)
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
    keys
        What chance belongs to in each lane, shape ``(n_lane,)``, uint64.

    Examples
    --------
    >>> from kernels import Event, OdeSystem, lower, symbol
    >>> from kernels.tableaus import RODAS4
    >>> x = symbol("x")
    >>> half = Event(name="half", trigger=x > 1, assignments={"x": x / 2})
    >>> grown = OdeSystem(name="g", states=("x",), parameters=(), rhs={"x": x}, events=(half,))
    >>> program = lower(grown)
    >>> memory = np.array([program.events.fresh_memory()]).T
    >>> TriggerFollower(program, RODAS4, memory, np.zeros(1, np.uint64)).due.tolist()
    [inf]
    """

    def __init__(
        self,
        program: Program,
        table: RosenbrockTableau,
        memory: Floats,
        keys: NDArray[np.uint64],
    ) -> None:
        assert program.events is not None
        self._events: EventProgram = program.events
        self._bases, self._firsts = program.events.bases, program.events.firsts
        events = program.events.events
        self._is_by_chance = np.array([event.is_by_chance for event in events])
        # where every pending execution is: its event, its number there, the row of when it is due
        places = [(i, number) for i, e in enumerate(events) for number in range(e.n_slot)]
        self._slot_event, self._slot_number = np.array(places).T
        self._due_rows = np.array([self._bases[i] + n * events[i].stride for i, n in places])
        self._first_kind = program.n_state + 2 * len(program.inputs)
        self._n_stage = table.n_stage
        self._dense = [(*row, *[0.0] * (table.n_stage - len(row))) for row in table.dense]
        self._rows = list(self._events.trigger_rows)
        self._sections: dict[str, SectionSource] = {
            section.name: compile_section(section, n_copied=len(section.outputs))
            for section in self._events.sections
        }
        self._n_output = {s.name: len(s.outputs) for s in self._events.sections}
        self.memory, self._keys = memory, keys
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

    def _combined(self, k: Floats) -> list[Floats]:
        """Return the coefficients of the dense output of rows, whole blocks of them."""
        combined = []
        for weights in self._dense:
            total = k[0] * weights[0]
            for j in range(1, self._n_stage):
                total = total + k[j] * weights[j]
            combined.append(total)
        return combined

    def _block(self, rows: list[Floats], n: int) -> Floats:
        """Return the rows that triggers read, in one array."""
        return np.array([rows[row] for row in self._rows]).reshape(len(self._rows), n)

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
        combined = self._combined(k[:, self._rows])
        y0, y1 = self._block(place.y, len(lanes)), self._block(new, len(lanes))
        at = Place(place.time, list(place.y), place.p, place.u, place.h)
        differs: NDArray[np.bool_] = np.zeros(remembered.shape, bool)
        for number in range(1, _LOOKS):
            share = number / _LOOKS
            at.time = start + (local + h * share)
            values = self._between(y0, y1, combined, share)
            for index, row in enumerate(self._rows):
                at.y[row] = values[index]
            np.logical_or(differs, self._evaluate("trigger", at) != remembered, out=differs)
        at.time, at.y = start + end, new
        np.logical_or(differs, self._evaluate("trigger", at) != remembered, out=differs)
        return np.asarray(differs.any(axis=0))

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
        combined = self._combined(k[:, self._rows])
        y0, y1 = self._block(place.y, len(lanes)), self._block(new, len(lanes))
        at = Place(place.time, list(place.y), place.p, place.u, place.h)

        def differs(x: Floats) -> NDArray[np.bool_]:
            share = (x - begin) / h
            at.time = start + x
            values = self._between(y0, y1, combined, share)
            for index, row in enumerate(self._rows):
                at.y[row] = values[index]
            here: NDArray[np.bool_] = (self._evaluate("trigger", at) != remembered).any(axis=0)
            return here

        low, high = begin.copy(), end.copy()
        found = np.zeros(len(lanes), bool)
        # first at the very beginning: what a rounding kept from changing at its own moment is there
        soon = begin + NEAR_ULPS * np.spacing(np.abs(start + begin))
        for number in range(_LOOKS):
            if found.all():
                break
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
        if not cut.any():
            return cut, high, new
        share = (high - begin) / h
        rows = self._between(np.array(place.y), np.array(new), self._combined(k), share)
        return cut, high, list(rows)

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
            works = codes[active] == _SUCCESS
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
        earliest: Floats = self.memory[self._due_rows[:, None], lanes].min(axis=0)
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
        for index in np.flatnonzero((rises | falls).any(axis=1)).tolist():
            event = self._events.events[index]
            rising = np.flatnonzero(rises[index] & (codes == _SUCCESS))
            if len(rising):
                first = self._firsts[index]
                some = values[first : first + len(event.targets), rising]
                due = place.time[rising] + delays[index, rising]
                codes[rising] = self._add(index, lanes[rising], delays[index, rising], due, some)
            works = codes == _SUCCESS
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
        codes = np.where(full, ResultCode.TOO_MANY_PENDING, _SUCCESS)
        return np.where(bad, ResultCode.BAD_DELAY, codes).astype(np.int64)

    def _most_urgent(self, place: Place, lanes: Integers) -> tuple[Integers, Integers]:
        """Return the event and slot of the next execution of each lane, `NO_EVENT` without any."""
        best, slot = np.full(len(lanes), NO_EVENT), np.zeros(len(lanes), np.int64)
        latest = place.time + NEAR_ULPS * np.spacing(np.abs(place.time))
        due = self.memory[self._due_rows[:, None], lanes]
        is_due = due <= latest
        has_due = is_due.any(axis=0)
        if not has_due.any():
            return best, slot
        priority = self._evaluate("priority", place)
        priority = np.where(np.isnan(priority), -np.inf, priority)[self._slot_event]
        greatest = np.where(is_due, priority, -np.inf).max(axis=0)
        lots = is_due & (priority == greatest)
        event = self._slot_event[lots.argmax(axis=0)]
        earliest = np.where(self._slot_event[:, None] == event, due, np.inf).argmin(axis=0)
        lots &= self._is_by_chance[self._slot_event][:, None]
        tied = np.flatnonzero(has_due & self._is_by_chance[event] & (lots.sum(axis=0) > 1))
        if len(tied):
            earliest[tied] = self._draw(lanes[tied], lots[:, tied])
        best[has_due] = self._slot_event[earliest[has_due]]
        slot[has_due] = self._slot_number[earliest[has_due]]
        return best, slot

    def _draw(self, lanes: Integers, lots: NDArray[np.bool_]) -> Integers:
        """Return the place of one lot of each lane, each as likely as the others."""
        n_lot = lots.sum(axis=0).astype(np.uint64)
        before = ((self._random_words(lanes) * n_lot) >> _WORD_BITS).astype(np.int64)
        drawn: Integers = (lots & (lots.cumsum(axis=0) == before + 1)).argmax(axis=0)
        return drawn

    def _random_words(self, lanes: Integers) -> NDArray[np.uint64]:
        """Return a random word for the next choice of each lane."""
        made, keys = self.memory[-1, lanes].astype(np.uint64), self._keys[lanes]
        words = (keys & _LOW_WORD, keys >> _WORD_BITS, made & _LOW_WORD, made >> _WORD_BITS)
        counter = np.stack(words, axis=1).astype(np.uint32)
        self.memory[-1, lanes] += 1.0
        return philox4x32(counter, np.zeros(2, np.uint32))[:, 0].astype(np.uint64)

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
