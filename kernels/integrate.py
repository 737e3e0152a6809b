"""The entry to the engine: check everything, choose a device, run block by block."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from kernels.blocks import join_blocks, take_block
from kernels.devices import choose_backend
from kernels.errors import RangeError, ShapeError
from kernels.lanes import Lanes
from kernels.lower import lower
from kernels.schedule import Schedule
from kernels.solver import Solver

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kernels.solution import Solution
    from kernels.system import OdeSystem

__all__ = ["integrate", "integration_seconds", "prepare", "replay"]

_DEFAULT = Solver()
_spent_s = [0.0]


def integrate(
    system: OdeSystem,
    lanes: Lanes,
    schedule: Schedule,
    save_times: NDArray[np.int64],
    solver: Solver = _DEFAULT,
    device: str = "auto",
    block_lanes: int | None = None,
    threads: int | None = None,
) -> Solution:
    """Integrate many copies of a system over one schedule.

    Parameters
    ----------
    system
        The equations.
    lanes
        Parameters and state of every copy at ``schedule.t0``.
    schedule
        Start, end and events.
    save_times
        When observables are wanted [s], increasing, within the schedule, ends included.
    solver
        Method and tolerances.
    device
        ``auto`` for the fastest that is there, or one of `devices`.
    block_lanes
        Lanes that are worked on together; None lets the backend choose. The result does not
        depend on it, bit for bit.
    threads
        Blocks that run at once on ``native`` and CUDA devices; None takes every core this process
        may use, and two blocks on a CUDA device, so that one is copied while the other computes.
        The result does not depend on it either.

    Returns
    -------
    Observables, codes and end state. A failed lane does not stop the others.

    Raises
    ------
    ShapeError, RangeError, UnknownNameError
        If lanes, schedule or save times do not fit the system.
    DeviceError, BuildError
        If a device is asked for by name that is not there or cannot run the system.

    Examples
    --------
    >>> from kernels import OdeSystem, symbol
    >>> k, x = symbol("k"), symbol("x")
    >>> decay = OdeSystem(
    ...     name="decay", states=("x",), parameters=("k",), rhs={"x": -k * x}, observables={"x_": x}
    ... )
    >>> lanes = Lanes(parameters=np.array([[1.0, 2.0]]), states=np.ones((1, 2)))
    >>> solution = integrate(decay, lanes, Schedule(t0=0, t1=3600), np.array([0, 3600]))
    >>> solution["x_"].round(5).tolist()
    [[1.0, 1.0], [0.36788, 0.13534]]
    """
    for name, value, kind in (
        ("lanes", lanes, Lanes),
        ("schedule", schedule, Schedule),
        ("solver", solver, Solver),
    ):
        if not isinstance(value, kind):
            raise ShapeError(f"integrate, {name}", repr(value), f"a {kind.__name__}", "Give one")
    lanes = _fitting(system, lanes)
    schedule.check(system, lanes.n_lane)
    save_times = _checked_saves(save_times, schedule)
    program = lower(system)
    backend, reasons = choose_backend(device, program, solver)
    n_thread = backend.usual_threads if threads is None else _checked_count("threads", threads)
    n_thread = n_thread if backend.is_threaded else 1
    size = backend.block_lanes(program) if block_lanes is None else block_lanes
    size = _checked_count("block_lanes", size)
    if block_lanes is None and n_thread > 1:  # enough blocks that no thread waits long at the end
        size = min(size, max(backend.fewest_lanes, -(-lanes.n_lane // (4 * n_thread))))

    def run(start: int) -> Solution:
        block = slice(start, min(start + size, lanes.n_lane))
        some, part = take_block(lanes, schedule, block)
        return backend.run(system, program, some, part, save_times, solver)

    started = time.perf_counter()
    starts = range(0, lanes.n_lane, size) or (0,)
    if n_thread == 1 or len(starts) == 1:
        parts = [run(start) for start in starts]
    else:
        with ThreadPoolExecutor(n_thread) as pool:
            parts = list(pool.map(run, starts))
    _spent_s[0] += time.perf_counter() - started
    return join_blocks(parts, reasons)


def integration_seconds() -> float:
    """Return the wall time that this process has spent inside `integrate`'s kernels [s].

    Notes
    -----
    It only grows; two readings tell what lies between them. Copies to and from a device count.

    Examples
    --------
    >>> integration_seconds() >= 0.0
    True
    """
    return _spent_s[0]


def prepare(
    system: OdeSystem, solver: Solver = _DEFAULT, device: str = "auto"
) -> tuple[str, dict[str, str]]:
    """Lower and build a system ahead of time, so that other processes find it in the cache.

    Parameters
    ----------
    system, solver, device
        As given to `integrate`.

    Returns
    -------
    Name of the device that will run it, and why others were passed over.

    Raises
    ------
    DeviceError, BuildError
        If a device is asked for by name that is not there or cannot run the system.

    Examples
    --------
    >>> from kernels import OdeSystem
    >>> rest = OdeSystem(name="rest", states=("x",), parameters=(), rhs={"x": 0})
    >>> prepare(rest, device="numpy")
    ('numpy', {})
    """
    backend, reasons = choose_backend(device, lower(system), solver)
    return backend.report().name, reasons


def replay(
    system: OdeSystem,
    lanes: Lanes,
    schedule: Schedule,
    save_times: NDArray[np.int64],
    lane: int,
    solver: Solver = _DEFAULT,
) -> Solution:
    """Integrate one lane alone on the NumPy backend, to look at a failure.

    Parameters
    ----------
    system, lanes, schedule, save_times, solver
        As given to `integrate`.
    lane
        Number of the lane.

    Returns
    -------
    Solution of that lane, the same bits as among its neighbours.

    Raises
    ------
    RangeError
        If there is no such lane.

    Examples
    --------
    >>> from kernels import OdeSystem
    >>> system = OdeSystem(name="a", states=("x",), parameters=(), rhs={"x": 1})
    >>> lanes = Lanes(parameters=np.ones((0, 3)), states=np.zeros((1, 3)))
    >>> replay(system, lanes, Schedule(t0=0, t1=3600), np.zeros(0, int), 2).end.n_lane
    1
    """
    if isinstance(lane, bool) or not isinstance(lane, int | np.integer):
        raise RangeError("lane", repr(lane), "a whole number", "Choose a lane by its number")
    if not 0 <= lane < lanes.n_lane:
        raise RangeError("lane", repr(lane), f"0 to {lanes.n_lane - 1}", "Choose one of them")
    one, part = take_block(lanes, schedule, slice(lane, lane + 1))
    return integrate(system, one, part, save_times, solver, "numpy")


def _checked_count(name: str, value: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise RangeError(name, repr(value), "a whole number above zero", "Change it")
    return value


def _fitting(system: OdeSystem, lanes: Lanes) -> Lanes:
    wanted = {"parameters": len(system.parameters), "states": len(system.states)}
    for name, rows in wanted.items():
        given = getattr(lanes, name).shape[0]
        if given != rows:
            raise ShapeError(
                f"lanes.{name}",
                f"{given} rows",
                f"'{system.name}' has {rows} {name}",
                f"Give one row for each of system.{name}",
            )
    optional = {
        "quadratures": len(system.quadratures),
        "restart_sizes": len(system.states) + 2 * len(system.inputs) + len(system.events),
    }
    filled: dict[str, Any] = {}
    for name, rows in optional.items():
        given = getattr(lanes, name)
        if given.shape[0] == rows:
            continue
        if given.shape[0]:
            raise ShapeError(
                f"lanes.{name}",
                f"{given.shape[0]} rows",
                f"'{system.name}' has {rows}",
                "Leave them out to start at zero",
            )
        filled[name] = np.zeros((rows, lanes.n_lane))
    filled |= _remembered(system, lanes)
    return replace(lanes, **filled) if filled else lanes


def _remembered(system: OdeSystem, lanes: Lanes) -> dict[str, Any]:
    """Return the memory of events where the lanes have none."""
    events = lower(system).events if system.events else None
    fresh = () if events is None else events.fresh_memory()
    given = lanes.event_memory.shape[0]
    if given == len(fresh):
        return {}
    if given:
        raise ShapeError(
            "lanes.event_memory",
            f"{given} rows",
            f"the events of '{system.name}' have {len(fresh)}",
            "Leave it out where nothing has happened yet",
        )
    return {"event_memory": np.repeat(np.array(fresh)[:, None], lanes.n_lane, axis=1)}


def _checked_saves(save_times: NDArray[np.int64], schedule: Schedule) -> NDArray[np.int64]:
    times = np.asarray(save_times)
    with np.errstate(invalid="ignore"):  # a NaN is refused below, as no whole second
        whole = times.astype(np.int64) if times.dtype.kind in "iuf" else None
    if whole is None or times.ndim != 1 or not np.array_equal(whole, times):
        raise ShapeError(
            "save_times", repr(save_times), "one axis of whole seconds", "Give an int64 array"
        )
    if np.any(np.diff(whole) <= 0):
        raise RangeError("save_times", "they do not increase", "increasing, no time twice", "Sort")
    if len(whole) and (whole[0] < schedule.t0 or whole[-1] > schedule.t1):
        raise RangeError(
            "save_times",
            f"{whole[0]} s to {whole[-1]} s",
            f"within {schedule.t0} s to {schedule.t1} s",
            "Save within the schedule",
        )
    return whole
