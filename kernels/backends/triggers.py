"""Follow the events of lanes on NumPy: what fires, what is pending, what is executed.

The steps are those of ``source/events.hpp``, in the same order; `kernels.backends.looks` looks for
changes in a step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from kernels.backends.events import NO_EVENT
from kernels.backends.looks import NEAR_ULPS, Place, StepLooks
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

__all__ = ["TriggerFollower"]

Floats: TypeAlias = "NDArray[np.float64]"
Integers: TypeAlias = "NDArray[np.int64]"

_SUCCESS: Final = int(ResultCode.SUCCESS)  # compared in every step: an enumeration's lookup is slow
_WORD_BITS: Final = np.uint64(32)
_LOW_WORD: Final = np.uint64(0xFFFFFFFF)


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
        self.dense = [(*row, *[0.0] * (table.n_stage - len(row))) for row in table.dense]
        self.rows = list(self._events.trigger_rows)
        self._sections: dict[str, SectionSource] = {
            section.name: compile_section(section, n_copied=len(section.outputs))
            for section in self._events.sections
        }
        self._n_output = {s.name: len(s.outputs) for s in self._events.sections}
        self.has_margins = bool(self._events.margin.outputs)
        self.memory, self._keys = memory, keys
        self.due = self._earliest(np.arange(memory.shape[1]))

    def evaluate(self, name: str, place: Place) -> Floats:
        """Return the outputs of a section, shape ``(n_output, n)``.

        Examples
        --------
        >>> TriggerFollower.evaluate.__name__
        'evaluate'
        """
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

    def looks(
        self,
        place: Place,
        lanes: Integers,
        k: NDArray[np.float64],
        new: list[Floats],
        step: tuple[Floats, ...],
    ) -> StepLooks:
        """Return what looks at the triggers of lanes in a step.

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
        >>> TriggerFollower.looks.__name__
        'looks'
        """
        remembered = self.memory[: len(self._events.events)][:, lanes]
        return StepLooks(self, place, remembered, k, new, step)

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
        truth = self.evaluate("trigger", place)
        before = self.memory[: len(truth)][:, lanes]
        rises, falls = (truth != 0.0) & (before == 0.0), (truth == 0.0) & (before != 0.0)
        delays = values = truth
        if rises.any():
            delays, values = self.evaluate("delay", place), self.evaluate("assign", place)
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
        priority = self.evaluate("priority", place)
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
            values = self.evaluate("assign", place.take(at))[first : first + len(event.targets)]
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
        for moment in (self.due[lanes], *self.evaluate("stop", place)):
            x = moment - start
            sooner = (moment > now) & (x > local) & (x < most) & (x < limit)
            limit = np.where(sooner, x, limit)
        return limit


def _empty(event: ProgramEvent, n: int) -> Floats:
    slots = np.zeros((event.n_slot, event.stride, n))
    slots[:, 0] = np.inf
    return slots
