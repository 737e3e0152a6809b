"""What a compiled integrator is given: two records of pointers and numbers, declared once.

The C++ text of the records is written from the same fields as their NumPy types, so both sides
always agree. Every field takes eight bytes: no padding on any platform.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from kernels.lanes import Lanes
from kernels.solution import Solution

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from kernels.program import Program
    from kernels.schedule import Schedule, Stream
    from kernels.solver import Solver
    from kernels.system import OdeSystem

__all__ = ["Arguments", "arguments_source", "pack_arguments", "pack_bits", "unpack_solution"]

_STREAM_FIELDS: Final = (
    ("row", "Integer"),
    ("n_point", "Integer"),
    ("times", "const Integer*"),
    ("amounts", "const double*"),
    ("running_start", "const Integer*"),
    ("running", "const Integer*"),
    ("scale", "const double*"),
    ("segments", "const Integer*"),
    ("taken", "const unsigned int*"),
    ("lag", "const Integer*"),
    ("pointer", "Integer*"),
    ("rate", "double*"),
)
_PROBLEM_FIELDS: Final = (
    ("n_lane", "Integer"),
    ("n_save", "Integer"),
    ("n_stream", "Integer"),
    ("t0", "Integer"),
    ("t1", "Integer"),
    ("max_steps", "Integer"),
    ("unit", "double"),
    ("rtol", "double"),
    ("fixed_step", "double"),
    ("atol", "const double*"),
    ("parameters", "const double*"),
    ("rows", "double*"),
    ("sizes", "double*"),
    ("codes", "Integer*"),
    ("failure_times", "double*"),
    ("accepted", "Integer*"),
    ("rejected", "Integer*"),
    ("observed", "double*"),
    ("restart_sizes", "double*"),
    ("save_times", "const Integer*"),
    ("streams", "const Stream*"),
)
_EVENT_FIELDS: Final = (("event_memory", "double*"), ("keys", "const Integer*"))


def arguments_source(*, has_events: bool) -> str:
    """Return the C++ text of the records.

    Parameters
    ----------
    has_events
        Whether the system has events, which lanes remember.

    Examples
    --------
    >>> print(arguments_source(has_events=False).splitlines()[2])
    struct Stream {
    """
    lines = ["namespace neurocohort {", ""]
    problem = _PROBLEM_FIELDS + (_EVENT_FIELDS if has_events else ())
    for name, fields in (("Stream", _STREAM_FIELDS), ("Problem", problem)):
        lines += [
            f"struct {name} {{",
            *(f"    {kind} {field};" for field, kind in fields),
            "};",
            "",
        ]
    return "\n".join([*lines, "}  // namespace neurocohort", ""])


def _record(fields: tuple[tuple[str, str], ...]) -> np.dtype[Any]:
    kinds = {"Integer": np.int64, "double": np.float64}
    return np.dtype([(name, kinds.get(kind, np.uint64)) for name, kind in fields])


_STREAM: Final = _record(_STREAM_FIELDS)
_PROBLEM: Final = _record(_PROBLEM_FIELDS)
_EVENT_PROBLEM: Final = _record(_PROBLEM_FIELDS + _EVENT_FIELDS)


def pack_bits(flags: NDArray[np.bool_]) -> NDArray[np.uint32]:
    """Return flags as bits, 32 events a word.

    Parameters
    ----------
    flags
        Shape ``(n_event, n_lane)``.

    Returns
    -------
    Shape ``(ceil(n_event / 32), n_lane)``; bit ``i`` of word ``w`` is event ``32 w + i``.

    Examples
    --------
    >>> pack_bits(np.array([[True], [False], [True]])).tolist()
    [[5]]
    """
    n_event, n_lane = flags.shape
    n_word = -(-n_event // 32)
    octets = np.zeros((n_word * 4, n_lane), np.uint8)
    packed = np.packbits(flags, axis=0, bitorder="little")
    octets[: len(packed)] = packed
    words = octets.reshape(n_word, 4, n_lane).astype(np.uint32)
    shifts = np.array([0, 8, 16, 24], np.uint32)[None, :, None]
    return np.ascontiguousarray(np.bitwise_or.reduce(words << shifts, axis=1))


@dataclass(slots=True, eq=False)
class Arguments:
    """Hold the arrays behind the pointers of one call, and the record that points at them.

    Parameters
    ----------
    arrays
        Every array by name, on the host or on a device.
    problem
        The record, shape ``(1,)``.
    kept
        What else the record points at; it must live as long as the call.

    Examples
    --------
    >>> Arguments({}, np.zeros(1)).arrays
    {}
    """

    arrays: dict[str, Any]
    problem: NDArray[Any]
    kept: list[Any] = field(default_factory=list)


def pack_arguments(
    system: OdeSystem,
    program: Program,
    lanes: Lanes,
    schedule: Schedule,
    save_times: NDArray[np.int64],
    solver: Solver,
    place: Callable[[NDArray[Any]], Any] = np.ascontiguousarray,
    address: Callable[[Any], int] = lambda array: int(array.ctypes.data),
) -> Arguments:
    """Gather everything one call of the compiled integrator reads and writes.

    Parameters
    ----------
    system, program, lanes, schedule, save_times, solver
        As given to a backend's ``run``.
    place
        Puts an array where the integrator can reach it; a device's upload.
    address
        Address of what ``place`` returned.

    Returns
    -------
    Arrays and record; ``rows``, ``sizes``, ``codes``, ``failure_times``, ``accepted``,
    ``rejected``, ``observed``, ``restart_sizes`` and, where the system has events,
    ``event_memory`` hold the results after the call.

    Examples
    --------
    >>> from kernels import Lanes, OdeSystem, Schedule, Solver, lower
    >>> system = OdeSystem(name="a", states=("x",), parameters=(), rhs={"x": 1})
    >>> lanes = Lanes(parameters=np.ones((0, 2)), states=np.zeros((1, 2)))
    >>> packed = pack_arguments(
    ...     system, lower(system), lanes, Schedule(t0=0, t1=60), np.zeros(0, np.int64), Solver()
    ... )
    >>> int(packed.problem["n_lane"][0])
    2
    """
    n_lane = lanes.n_lane
    scales = np.array([system.scales.get(name, 1.0) for name in program.states])
    host: dict[str, NDArray[Any]] = {
        "atol": solver.atol * scales,
        "parameters": lanes.parameters,
        "rows": np.concatenate((lanes.states, lanes.quadratures)),
        "sizes": lanes.step_sizes.astype(np.float64),
        "codes": lanes.codes.astype(np.int64),
        "failure_times": np.full(n_lane, np.nan),
        "accepted": np.zeros(n_lane, np.int64),
        "rejected": np.zeros(n_lane, np.int64),
        "observed": np.full((len(save_times), len(program.observables), n_lane), np.nan),
        "restart_sizes": _restart_sizes(program, lanes),
        "save_times": save_times.astype(np.int64),
    }
    if program.events is not None:
        host["event_memory"] = lanes.event_memory.copy()
        host["keys"] = lanes.keys.view(np.int64)  # the bits of an unsigned number
    arrays: dict[str, Any] = {name: place(array) for name, array in host.items()}
    kept: list[Any] = []

    def pointer(array: NDArray[Any] | None) -> int:
        if array is None or not array.size:
            return 0
        placed = place(array)
        kept.append(placed)
        return address(placed)

    streams = np.zeros(len(schedule.streams), _STREAM)
    for index, stream in enumerate(schedule.streams):
        for name, value in _stream_fields(stream, program, n_lane):
            streams[index][name] = value if np.isscalar(value) else pointer(value)  # type: ignore[arg-type]
    problem = np.zeros(1, _PROBLEM if program.events is None else _EVENT_PROBLEM)
    numbers = {
        "n_lane": n_lane,
        "n_save": len(save_times),
        "n_stream": len(streams),
        "t0": int(schedule.t0),
        "t1": int(schedule.t1),
        "max_steps": min(solver.max_steps, np.iinfo(np.int64).max),
        "unit": float(system.seconds_per_time_unit),
        "rtol": solver.rtol,
        "fixed_step": solver.fixed_step or 0.0,
    }
    for name, number in numbers.items():
        problem[name] = number
    for name, array in arrays.items():
        problem[name] = address(array) if array.size else 0
    # as bytes: a structured array has no place on a device
    problem["streams"] = pointer(streams.view(np.uint8)) if len(streams) else 0
    return Arguments(arrays, problem, kept)


def _restart_sizes(program: Program, lanes: Lanes) -> NDArray[np.float64]:
    n_triggered = 0 if program.events is None else len(program.events.events)
    shape = (program.n_state + 2 * len(program.inputs) + n_triggered, lanes.n_lane)
    return lanes.restart_sizes.copy() if lanes.restart_sizes.shape == shape else np.zeros(shape)


def _stream_fields(
    stream: Stream, program: Program, n_lane: int
) -> Iterator[tuple[str, int | NDArray[Any] | None]]:
    if stream.durations is None:
        times = stream.times
        yield "row", program.states.index(stream.target)
    else:
        ends = stream.times + stream.durations
        times = np.unique(np.concatenate((stream.times, ends)))
        running = (stream.times[:, None] <= times) & (times < ends[:, None])
        events = [np.flatnonzero(column) for column in running.T]
        yield "row", program.inputs.index(stream.target)
        starts = np.concatenate(([0], np.cumsum([len(e) for e in events])))
        yield "running_start", starts.astype(np.int64)
        # one entry more, so that the pointer says "infusion" even where none ever runs
        yield "running", np.concatenate([*events, [0]]).astype(np.int64)
        yield "rate", np.zeros(n_lane)
    yield "n_point", len(times)
    yield "times", times.astype(np.int64)
    yield "amounts", stream.amounts
    yield "scale", None if stream.scale is None else np.atleast_2d(stream.scale)
    yield "segments", stream.segments
    yield "taken", None if stream.taken is None else pack_bits(stream.taken)
    yield "lag", stream.lag
    yield "pointer", np.zeros(n_lane, np.int64)


def unpack_solution(
    arrays: dict[str, NDArray[Any]],
    program: Program,
    lanes: Lanes,
    save_times: NDArray[np.int64],
    device: str,
) -> Solution:
    """Make a solution of the arrays that a call has filled, on the host.

    Parameters
    ----------
    arrays
        Those of `Arguments`.
    program, lanes, save_times
        As given to `pack_arguments`.
    device
        Who did it.

    Examples
    --------
    >>> unpack_solution.__name__
    'unpack_solution'
    """
    n_state = program.n_state
    codes = arrays["codes"].astype(np.uint8)
    end = Lanes(
        parameters=lanes.parameters,
        states=arrays["rows"][:n_state],
        quadratures=arrays["rows"][n_state:],
        step_sizes=arrays["sizes"],
        codes=codes,
        restart_sizes=arrays["restart_sizes"],
        event_memory=arrays.get("event_memory", lanes.event_memory),
        keys=lanes.keys,
    )
    return Solution(
        times=save_times,
        names=program.observables,
        observables=arrays["observed"],
        end=end,
        codes=codes,
        failure_times=arrays["failure_times"],
        accepted=arrays["accepted"],
        rejected=arrays["rejected"],
        device=device,
        reasons={},
    )
