"""The NumPy backend: the fallback that always works, and the referee of the others.

Every lane has its own time, step size and schedule position; one pass of the loop advances every
lane by one attempted step. Lanes that are done leave the working arrays. Only operations whose
result does not depend on array length are used on lanes, so a lane never sees its neighbours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from kernels.arithmetic import exp, log
from kernels.backends.equation_moments import MomentFollower
from kernels.backends.events import NO_EVENT, EventFollower
from kernels.backends.interface import AbstractBackend, DeviceReport
from kernels.backends.looks import NEAR_ULPS, Place
from kernels.backends.numpy_work import Work, compile_sections
from kernels.backends.triggers import TriggerFollower
from kernels.errors import DeviceError
from kernels.lanes import Lanes
from kernels.solution import ResultCode, Solution
from kernels.tableaus import RosenbrockTableau, tableau
from kernels.triggers import MOST_EXECUTIONS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kernels.backends.numpy_source import SectionSource
    from kernels.program import Program
    from kernels.schedule import Schedule
    from kernels.solver import Solver
    from kernels.system import OdeSystem

__all__ = ["NumpyBackend"]

Floats: TypeAlias = "NDArray[np.float64]"

_WORKING_SET_BYTES: Final = 6_000_000  # some 1,000 lanes of 30 rows; fewer pay for Python
_FEWEST_LANES: Final = 64
_MOST_LANES: Final = 2048
_SAFETY: Final = (
    0.95  # a plain controller after smooth restarts: few rejections pay for longer steps
)
_GROWTH_MOST: Final = 6.0
_GROWTH_LEAST: Final = 0.2
_SHRINK_NON_FINITE: Final = 0.25
_ERROR_FLOOR: Final = 1e-10
_STRETCH: Final = 1.001  # a step that would leave a sliver before a boundary takes it along
_RESTART: Final = 0.3  # of the last good step, after the first event of its kind
_AFTER_MOMENT: Final = 0.1  # of the last good step, where a comparison of time has changed
_FIRST_STEP: Final = 0.01
_FEWEST_ULPS: Final = 16.0
_COMPACT_SHARE: Final = 8  # compact when one lane in eight is done


class NumpyBackend(AbstractBackend):
    """Run programs with NumPy.

    Examples
    --------
    >>> NumpyBackend().name
    'numpy'
    """

    name = "numpy"

    def report(self) -> DeviceReport:
        """Say that it is there: NumPy is always installed.

        Examples
        --------
        >>> NumpyBackend().report().is_available
        True
        """
        return DeviceReport(
            name=self.name, is_available=True, reason="NumPy is installed", remedy=""
        )

    def prepare(self, program: Program, solver: Solver) -> None:
        """Compile the sections to bytecode.

        Raises
        ------
        DeviceError
            If another precision than float64 is asked for.

        Examples
        --------
        >>> from kernels import OdeSystem, Solver, lower
        >>> small = lower(OdeSystem(name="a", states=("x",), parameters=(), rhs={"x": 0}))
        >>> NumpyBackend().prepare(small, Solver())
        """
        if solver.precision != "float64":
            raise DeviceError(
                "solver.precision",
                f"'{solver.precision}' was asked for and NumPy has only float64",
                "'native' and CUDA devices have it",
                "Use precision='float64' here",
            )
        compile_sections(program)

    def block_lanes(self, program: Program) -> int:
        """Return how many lanes keep the working set near the cache.

        Examples
        --------
        >>> from kernels import OdeSystem, lower
        >>> small = lower(OdeSystem(name="a", states=("x",), parameters=(), rhs={"x": 0}))
        >>> NumpyBackend().block_lanes(small)
        2048
        """
        rows = 16 * program.n_row + len(program.jacobian) + len(program.lu_pattern)
        rows += len(program.parameters) + len(program.hoist.outputs)
        return int(np.clip(_WORKING_SET_BYTES // (8 * rows), _FEWEST_LANES, _MOST_LANES))

    def run(
        self,
        system: OdeSystem,
        program: Program,
        lanes: Lanes,
        schedule: Schedule,
        save_times: NDArray[np.int64],
        solver: Solver,
    ) -> Solution:
        """Integrate one block of lanes.

        Examples
        --------
        >>> from kernels import OdeSystem, Schedule, Solver, lower
        >>> system = OdeSystem(name="a", states=("x",), parameters=(), rhs={"x": 1})
        >>> lanes = Lanes(parameters=np.ones((0, 1)), states=np.zeros((1, 1)))
        >>> none = np.zeros(0, np.int64)
        >>> end = Schedule(t0=0, t1=7200)
        >>> run = NumpyBackend().run(system, lower(system), lanes, end, none, Solver())
        >>> run.end.states.round(9)
        array([[2.]])
        """
        with np.errstate(all="ignore"):  # a lane that overflows gets a result code, not a warning
            return _Run(system, program, lanes, schedule, save_times, solver).solve()


class _Run:
    """One integration: see `solve` for the order of events."""

    def __init__(
        self,
        system: OdeSystem,
        program: Program,
        lanes: Lanes,
        schedule: Schedule,
        save_times: NDArray[np.int64],
        solver: Solver,
    ) -> None:
        n_lane = lanes.n_lane
        self.program, self.schedule, self.solver = program, schedule, solver
        self.table: RosenbrockTableau = tableau(solver.method)
        self.sections = compile_sections(program)
        self.parameters = lanes.parameters
        self.save_times = save_times
        self.unit = float(system.seconds_per_time_unit)
        scales = np.array([system.scales.get(name, 1.0) for name in program.states])
        self.atol = (solver.atol * scales)[:, None]
        self.events = EventFollower(system, schedule, save_times, n_lane)
        self.rows = np.concatenate((lanes.states, lanes.quadratures))
        self.sizes = lanes.step_sizes.copy()
        self.restart_sizes = lanes.restart_sizes.copy()
        self.event_memory, self.keys = lanes.event_memory.copy(), lanes.keys
        self.triggers = (
            None
            if program.events is None
            else TriggerFollower(program, self.table, self.event_memory, lanes.keys)
        )
        self.moments = None if program.moments is None else MomentFollower(program.moments)
        self.codes = lanes.codes.copy()
        self.failure_times = np.full(n_lane, np.nan)
        self.accepted = np.zeros(n_lane, np.int64)
        self.rejected = np.zeros(n_lane, np.int64)
        shape = (len(save_times), len(program.observables), n_lane)
        self.observed = np.full(shape, np.nan)
        gradient = program.step.outputs[program.n_row + len(program.jacobian) :]
        self.gradient_rows = [
            i
            for i, operand in enumerate(gradient)
            if not (operand.kind == "c" and operand.value == 0.0)
        ]

    def solve(self) -> Solution:
        """Advance all lanes from boundary to boundary until every one is at the end or failed."""
        alive = np.flatnonzero(self.codes == ResultCode.SUCCESS)
        self._start(alive)
        n_state = self.program.n_state
        end = Lanes(
            parameters=self.parameters,
            states=self.rows[:n_state],
            quadratures=self.rows[n_state:],
            step_sizes=self.sizes,
            codes=self.codes,
            restart_sizes=self.restart_sizes,
            event_memory=self.event_memory,
            keys=self.keys,
        )
        return Solution(
            times=self.save_times,
            names=self.program.observables,
            observables=self.observed,
            end=end,
            codes=self.codes,
            failure_times=self.failure_times,
            accepted=self.accepted,
            rejected=self.rejected,
            device=NumpyBackend.name,
            reasons={},
        )

    def _start(self, alive: NDArray[np.int64]) -> None:
        finite = np.isfinite(np.concatenate((self.rows, self.parameters)))
        broken: NDArray[np.bool_] = ~np.all(finite, axis=0) | ~(self.sizes >= 0.0)
        for lane in alive[broken[alive]]:
            self._fail(np.array([lane]), ResultCode.NON_FINITE, self.schedule.t0 / self.unit)
        alive = alive[~broken[alive]]
        if not len(alive):
            return
        work = self._work(alive, np.ascontiguousarray(self.rows[:, alive]), self.sizes[alive])
        n = len(alive)
        self.now = np.full(n, self.schedule.t0, np.int64)
        self.local = np.zeros(n)
        self.length = np.zeros(n)
        self.limit = np.zeros(n)  # where in the interval a step must end at the latest
        self.done = np.zeros(n, bool)
        self.tries = np.zeros(n, np.int64)
        self.kind = np.full(n, NO_EVENT)
        self.crowd = np.zeros(n, np.int64)
        self._cross(work, np.ones(n, bool))
        while True:
            work = self._compact(work)
            if not work.n:
                return
            self._advance(work)

    def _work(self, lanes: NDArray[np.int64], y: Floats, size: Floats) -> Work:
        parameters, inputs = self.parameters[:, lanes], self.events.inputs(lanes)
        return Work(self.program, self.table.n_stage, lanes, y, size, parameters, inputs)

    # boundaries: saves first, then events, then the next interval

    def _cross(self, work: Work, at: NDArray[np.bool_]) -> None:
        index = np.flatnonzero(at)
        fired = np.full(len(index), NO_EVENT)
        if self.triggers is not None:  # a save at the moment of an event is of what it left
            self.local[index] = 0.0
            fired = self._fire(work, index)
            fired, index = fired[~self.done[index]], index[~self.done[index]]
        lanes, now = work.lanes[index], self.now[index]
        for save, due in self.events.due_saves(lanes, now):
            self._observe(work, save, index[due])
        states = np.ascontiguousarray(work.y[:, index])
        kind, inputs_changed = self.events.apply(lanes, now, states)
        touched = kind != NO_EVENT
        if touched.any():
            work.y[:, index] = states
            if inputs_changed.any():
                work.inputs[:, index] = self.events.inputs(lanes)
        if self.triggers is not None and touched.any():
            self._fire(work, index[touched])
            alive = ~self.done[index]
            index, lanes, now = index[alive], lanes[alive], now[alive]
            fired, kind = fired[alive], kind[alive]
        kind = np.where(fired == NO_EVENT, kind, fired)
        touched = kind != NO_EVENT
        self._restart(work, index[touched], kind[touched])
        end = now >= self.schedule.t1
        self.done[index] |= end
        boundary = self.events.next_boundary(lanes, now)
        self.length[index] = (boundary - now) / self.unit
        self.local[index] = 0.0
        self._limit(work, index)
        again = index[~end & (boundary == now)]
        if len(again):  # an event at the start of the schedule: its interval has no length
            repeat = np.zeros(work.n, bool)
            repeat[again] = True
            self._cross(work, repeat)

    def _place(self, work: Work, index: NDArray[np.int64]) -> Place:
        rows = (work.y, work.parameters, work.inputs, work.hoisted)
        time = self.now[index] / self.unit + self.local[index]
        return Place(time, *([row[index] for row in block] for block in rows))

    def _fire(self, work: Work, index: NDArray[np.int64]) -> NDArray[np.int64]:
        """Execute events that are due in some lanes and return the kind of the first of each."""
        assert self.triggers is not None
        place = self._place(work, index)
        kind, codes = self.triggers.fire(place, work.lanes[index])
        happened = np.flatnonzero(kind != NO_EVENT)
        for row, values in enumerate(place.y):
            work.y[row, index[happened]] = values[happened]
        for code in np.unique(codes[codes != ResultCode.SUCCESS]).tolist():
            failed = codes == code
            self._fail(work.lanes[index[failed]], ResultCode(code), place.time[failed])
            self.done[index[failed]] = True
        return kind

    def _limit(self, work: Work, index: NDArray[np.int64]) -> None:
        self.limit[index] = self.length[index]
        if self.triggers is None and self.moments is None:
            return
        place, lanes = self._place(work, index), work.lanes[index]
        where = (self.now[index] / self.unit, self.local[index], self.length[index])
        if self.triggers is not None:
            self.limit[index] = self.triggers.limits(place, lanes, *where)
        if self.moments is not None:
            rows = (place.y, place.p, place.u, place.h)
            self.limit[index] = self.moments.limits(rows, *where, self.limit[index])

    def _stop_stuck(self, work: Work, accept: NDArray[np.bool_]) -> NDArray[np.bool_]:
        stuck: NDArray[np.bool_] = accept & (self.crowd > MOST_EXECUTIONS)
        index = np.flatnonzero(stuck)
        if len(index):
            time = self.now[index] / self.unit + self.local[index]
            self._fail(work.lanes[index], ResultCode.ENDLESS_EVENTS, time)
            self.done[index] = True
        return stuck

    def _look(
        self,
        work: Work,
        start: Floats,
        h: Floats,
        accept: NDArray[np.bool_],
        last: NDArray[np.bool_],
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_], Floats]:
        """Return where triggers have changed, which steps that cuts short, and where steps end."""
        cut = np.zeros(work.n, bool)
        end = np.where(last, self.limit, self.local + h)
        if self.triggers is None:
            return cut, cut, end
        place = Place(start, work.y_rows, work.rows["p"], work.rows["u"], work.rows["h"])
        step = (start, self.local, h, end)
        looks = self.triggers.looks(place, work.lanes, work.k, work.u_rows, step)
        changed = accept & looks.changed()
        index = np.flatnonzero(changed)
        if len(index):
            some = tuple(values[index] for values in step)
            new = [row[index] for row in work.u_rows]
            before, lanes = place.take(index), work.lanes[index]
            looks = self.triggers.looks(before, lanes, work.k[:, :, index], new, some)
            is_cut, at, rows = looks.locate()
            sooner = np.flatnonzero(is_cut)
            for row, values in enumerate(rows):
                work.u[row, index[sooner]] = values[sooner]
            cut[index[sooner]] = True
            end[index[sooner]] = at[sooner]
        # steps in a row over which time has hardly moved: events that accumulate
        tiny = accept & (end - self.local <= NEAR_ULPS * np.spacing(np.abs(start + self.local)))
        self.crowd = np.where(tiny, self.crowd + 1, np.where(accept, 0, self.crowd))
        return changed, cut, end

    def _restart(self, work: Work, index: NDArray[np.int64], kind: NDArray[np.int64]) -> None:
        """Take the step that served after the last event of the same kind."""
        served = self.restart_sizes[kind, work.lanes[index]]
        work.size[index] = np.where(served > 0.0, served, work.size[index] * _RESTART)
        self.kind[index] = kind

    def _remember_restart(self, work: Work, accept: NDArray[np.bool_]) -> None:
        served = np.flatnonzero(accept & (self.kind != NO_EVENT))
        if len(served):
            self.restart_sizes[self.kind[served], work.lanes[served]] = work.size[served]
            self.kind[served] = NO_EVENT

    def _observe(self, work: Work, save: int, index: NDArray[np.int64]) -> None:
        n_observable = len(self.program.observables)
        if not n_observable:
            return
        values = list(np.empty((n_observable, len(index))))
        registers = list(np.empty((self.sections.observe.n_register, len(index))))
        none: list[Floats] = []
        self.sections.observe.function(
            self.now[index] / self.unit,
            None,
            list(np.ascontiguousarray(work.y[:, index])),
            list(np.ascontiguousarray(work.parameters[:, index])),
            list(np.ascontiguousarray(work.inputs[:, index])),
            list(np.ascontiguousarray(work.hoisted[:, index])),
            none,
            none,
            none,
            values,
            registers,
        )
        self.observed[save][:, work.lanes[index]] = values

    # one attempted step of every lane

    def _advance(self, work: Work) -> None:
        if self.solver.fixed_step is not None:
            work.size[...] = self.solver.fixed_step
        start = self.now / self.unit
        left = self.limit - self.local
        if (work.size == 0.0).any():
            self._choose_first(work, start)
        last = work.size * _STRETCH >= left
        h = np.where(last, left, work.size)
        h = np.where(self.done, 1.0, h)
        np.add(start, self.local, work.time)
        error = self._step(work, h, start)
        finite = np.isfinite(error)
        if self.solver.fixed_step is not None:
            accept = finite & ~self.done
        else:
            accept = finite & (error <= 1.0) & ~self.done
        changed, cut, end = self._look(work, start, h, accept, last)
        np.copyto(work.y, work.u, where=accept)
        self._control(work, h, error, accept, last)
        self._remember_restart(work, accept)
        self.local = np.where(accept, end, self.local)
        self.accepted[work.lanes] += accept
        self.rejected[work.lanes] += ~accept & ~self.done
        self.tries += ~self.done
        self._arrive(work, accept, last, changed, cut)
        self._stop_failures(work, finite, h)

    def _arrive(
        self,
        work: Work,
        accept: NDArray[np.bool_],
        last: NDArray[np.bool_],
        changed: NDArray[np.bool_],
        cut: NDArray[np.bool_],
    ) -> None:
        """Do what is due where steps end: events, moments, boundaries at the end of intervals."""
        if self.triggers is not None:
            accept = accept & ~self._stop_stuck(work, accept)
        at_end = accept & last & ~cut & (self.limit == self.length)
        within = np.flatnonzero(accept & ~at_end & (changed | last))
        if len(within):
            if self.triggers is None:
                work.size[within] = work.size[within] * _AFTER_MOMENT
            else:
                kind = self._fire(work, within)
                happened = kind != NO_EVENT
                self._restart(work, within[happened], kind[happened])
            self._limit(work, within)
        if at_end.any():
            steps = np.rint(self.length * self.unit).astype(np.int64)
            self.now = np.where(at_end, self.now + steps, self.now)
            self._cross(work, at_end)

    def _choose_first(self, work: Work, start: Floats) -> None:
        np.add(start, self.local, work.time)
        np.copyto(work.middle, work.time)
        self._evaluate(self.sections.rhs, work, work.y_rows, work.f_rows)
        weight = self.solver.rtol * np.abs(work.y[: self.program.n_state]) + self.atol
        size = _rms(work.y[: self.program.n_state] / weight)
        speed = _rms(work.f[: self.program.n_state] / weight)
        first = _FIRST_STEP * np.maximum(size, 1.0) / np.maximum(speed, _FIRST_STEP)
        first = np.where(np.isfinite(first), first, _FIRST_STEP)
        work.size[...] = np.where(work.size == 0.0, first, work.size)

    def _evaluate(
        self, section: SectionSource, work: Work, y: list[Floats], out: list[Floats]
    ) -> None:
        rows = work.rows
        section.function(
            work.time,
            work.g,
            y,
            rows["p"],
            rows["u"],
            rows["h"],
            work.j,
            work.m,
            work.b_rows,
            out,
            work.w,
        )

    def _step(self, work: Work, h: Floats, start: Floats) -> Floats:
        """Leave the new state in ``work.u`` and return the error norm of every lane."""
        table, program = self.table, self.program
        inverse = 1.0 / h
        np.divide(inverse, table.gamma, work.g)
        origin = start + self.local
        np.add(origin, h * 0.5, work.middle)
        self._evaluate(self.sections.step, work, work.y_rows, work.step_rows)
        self._evaluate(self.sections.lu, work, [], work.lu_rows)
        b = work.b
        for stage in range(table.n_stage):
            if stage:
                self._stage_state(work, stage)
                np.add(origin, h * table.alpha[stage], work.time)
                self._evaluate(self.sections.rhs, work, work.u_rows, work.f_rows)
                self._stage_right_side(work, stage, inverse)
            else:
                np.copyto(b, work.f)
            slope = table.gamma_sums[stage]
            if slope != 0.0:
                scaled = h * slope
                for row in self.gradient_rows:
                    b[row] += scaled * work.step_rows[program.n_row + len(program.jacobian) + row]
            self._evaluate(self.sections.solve, work, [], work.k_rows[stage])
        np.add(work.u, work.k[-1], work.u)
        return self._error_norm(work)

    def _stage_state(self, work: Work, stage: int) -> None:
        table, k, u, tmp = self.table, work.k, work.u, work.tmp
        if stage > len(table.a):  # the last rows repeat the one before and add one increment
            np.add(u, k[stage - 1], u)
            return
        source = work.y
        for j, coefficient in enumerate(table.a[stage - 1]):
            np.multiply(k[j], coefficient, tmp)
            np.add(source, tmp, u)
            source = u

    def _stage_right_side(self, work: Work, stage: int, inverse: Floats) -> None:
        total, tmp = work.sum, work.tmp
        for j, coefficient in enumerate(self.table.c[stage - 1]):
            if j == 0:
                np.multiply(work.k[0], coefficient, total)
            else:
                np.multiply(work.k[j], coefficient, tmp)
                np.add(total, tmp, total)
        np.multiply(total, inverse, total)
        np.add(work.f, total, work.b)

    def _error_norm(self, work: Work) -> Floats:
        n_state = self.program.n_state
        weight, tmp = work.sum[:n_state], work.tmp[:n_state]
        np.maximum(np.abs(work.y[:n_state]), np.abs(work.u[:n_state]), out=weight)
        np.multiply(weight, self.solver.rtol, weight)
        np.add(weight, self.atol, weight)
        np.divide(work.k[-1][:n_state], weight, tmp)
        norm = _rms(tmp)
        broken = ~np.isfinite(work.u[n_state:]).all(axis=0)  # quadratures are outside the norm
        return np.where(broken, np.nan, norm)

    def _control(
        self,
        work: Work,
        h: Floats,
        error: Floats,
        accept: NDArray[np.bool_],
        last: NDArray[np.bool_],
    ) -> None:
        if self.solver.fixed_step is not None:
            return
        # no PI control: with a restart at every meal its slow regrowth costs 48 steps a day, not 29
        order = self.table.error_order + 1
        finite = np.isfinite(error)
        size = np.maximum(np.where(finite, error, 1.0), _ERROR_FLOOR)
        factor = _SAFETY * exp(-log(size) / order)
        factor = np.where(accept, factor, np.minimum(factor, _SAFETY))
        factor = np.minimum(np.maximum(factor, _GROWTH_LEAST), _GROWTH_MOST)
        factor = np.where(finite, factor, _SHRINK_NON_FINITE)
        wish = h * factor
        # a step cut short by a boundary says nothing against the size that was wished for
        wish = np.where(accept & last, np.maximum(wish, work.size), wish)
        work.size[...] = np.where(self.done, work.size, wish)

    # lanes that end

    def _stop_failures(self, work: Work, finite: NDArray[np.bool_], h: Floats) -> None:
        time = self.now / self.unit + self.local
        # time within the interval is what must still move: the start of the interval stands apart
        smallest = _FEWEST_ULPS * np.spacing(np.maximum(self.local, 1.0 / self.unit))
        small = (work.size < smallest) & ~self.done
        many = (self.tries >= self.solver.max_steps) & ~self.done
        if self.solver.fixed_step is not None:
            small = ~finite & ~self.done
        if not (small.any() or many.any()):
            return
        groups = (
            (small & ~finite, ResultCode.NON_FINITE),
            (small & finite, ResultCode.STEP_TOO_SMALL),
            (many & ~small, ResultCode.TOO_MANY_STEPS),
        )
        for mask, code in groups:
            index = np.flatnonzero(mask)
            if len(index):
                self._fail(work.lanes[index], code, time[index])
                self.done[index] = True

    def _fail(self, lanes: NDArray[np.int64], code: ResultCode, time: Floats | float) -> None:
        self.codes[lanes] = code
        self.failure_times[lanes] = time

    def _compact(self, work: Work) -> Work:
        n_done = int(np.count_nonzero(self.done))
        if not n_done or (n_done < work.n and n_done * _COMPACT_SHARE < work.n):
            return work
        self.rows[:, work.lanes] = work.y
        self.sizes[work.lanes] = work.size
        stay = np.flatnonzero(~self.done)
        for name in ("now", "local", "length", "limit", "done", "tries", "kind", "crowd"):
            setattr(self, name, getattr(self, name)[stay])
        return self._work(
            work.lanes[stay], np.ascontiguousarray(work.y[:, stay]), work.size[stay].copy()
        )


def _rms(rows: Floats) -> Floats:
    """Return the root mean square over rows, added in their order."""
    total = rows[0] * rows[0]
    for row in rows[1:]:
        total = total + row * row
    norm: Floats = np.sqrt(total / len(rows))
    return norm
