"""Doses and infusions as data: shared streams of events with per-lane lag, scale and adherence.

Times are integer seconds, so that equal times are equal. Known times are step boundaries; nothing
searches for them. A schedule covers ``[t0, t1)``: an event at ``t1`` belongs to the next segment,
and at one instant saves come before events, so that a save at a dose is its trough.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from kernels.errors import RangeError, ShapeError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from kernels.system import OdeSystem

__all__ = ["DoseRecord", "Schedule", "Stream", "streams_from_records"]

LATEST = 2**53
"""Largest time [s]: floats still hold every second, and sums of two stay far from overflow."""

MOST_ADDITIONAL = 1_000_000
"""Largest ``addl`` of one record; more is a mistake in the units."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stream:
    """List events that act on one state or one input of every lane.

    Parameters
    ----------
    name
        What messages call the stream.
    target
        A state, which boluses are added to, or an input, which infusions hold at their rate.
    times
        Nominal times [s], shape ``(n_event,)``, int64, not decreasing.
    amounts
        Amount added, or rate held [unit of the target], shape ``(n_event,)``.
    durations
        Length of each infusion [s], shape ``(n_event,)``, greater than zero; None for boluses.
    lag
        Delay of every event of a lane [s], shape ``(n_lane,)``, int64, not negative.
    scale
        Factor on the amounts [1], shape ``(n_lane,)`` or ``(n_segment, n_lane)``.
    segments
        Row of ``scale`` for each event, shape ``(n_event,)``.
    taken
        Whether a lane takes an event, shape ``(n_event, n_lane)``, bool.

    Raises
    ------
    ShapeError, RangeError
        If arrays do not fit together, times decrease, or a number is out of range.

    Examples
    --------
    >>> daily = Stream(
    ...     name="tablet", target="depot", times=[0, 86400], amounts=[10.0, 10.0]
    ... )
    >>> daily.n_event
    2
    """

    name: str
    target: str
    times: NDArray[np.int64]
    amounts: NDArray[np.float64]
    durations: NDArray[np.int64] | None = None
    lag: NDArray[np.int64] | None = None
    scale: NDArray[np.float64] | None = None
    segments: NDArray[np.int64] | None = None
    taken: NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        where = f"stream '{self.name}'"
        for name, kind in _KINDS.items():
            value = getattr(self, name)
            if value is not None or name in ("times", "amounts"):
                object.__setattr__(self, name, _array(f"{where}.{name}", value, kind))
        for name, axes in _AXES.items():
            value = getattr(self, name)
            if value is not None and value.ndim not in axes:
                raise ShapeError(
                    f"{where}.{name}", f"{value.ndim} axes", f"{axes[-1]} at most", "Reshape it"
                )
        n = len(self.times)
        for name in ("amounts", "durations", "segments", "taken"):
            value = getattr(self, name)
            if value is not None and len(value) != n:
                raise ShapeError(
                    f"{where}.{name}", f"{len(value)} entries", f"one an event, {n}", "Match them"
                )
        self._check_numbers(where)
        self._check_segments(where)

    def _check_numbers(self, where: str) -> None:
        if np.any(np.diff(self.times) < 0):
            raise RangeError(f"{where}.times", "they decrease", "not decreasing", "Sort them")
        if not np.all(np.isfinite(self.amounts)):
            raise RangeError(f"{where}.amounts", "one is not finite", "finite numbers", "Mend it")
        if self.durations is not None and np.any(self.durations <= 0):
            raise RangeError(f"{where}.durations", "one is 0 s or less", "above 0 s", "Mend it")
        if self.lag is not None and np.any(self.lag < 0):
            raise RangeError(f"{where}.lag", "one is below 0 s", "0 s or more", "Mend it")

    def _check_segments(self, where: str) -> None:
        if (self.scale is not None and self.scale.ndim == 2) != (self.segments is not None):  # noqa: PLR2004
            raise ShapeError(
                f"{where}.segments",
                "it and a scale of two axes are not both there",
                "both or neither",
                "Say which row of scale each event uses",
            )
        if self.scale is not None and self.segments is not None:
            rows = len(self.scale)
            if np.any((self.segments < 0) | (self.segments >= rows)):
                raise RangeError(
                    f"{where}.segments", "one has no row", f"0 to {rows - 1}", "Mend it"
                )

    @property
    def n_event(self) -> int:
        """Number of events.

        Examples
        --------
        >>> Stream(name="none", target="x", times=[], amounts=[]).n_event
        0
        """
        return len(self.times)

    def factors(self, event: int, lanes: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the amount of one event in some lanes, adherence and scale included.

        Examples
        --------
        >>> half = Stream(name="a", target="x", times=[0], amounts=[8.0], scale=[1.0, 0.5])
        >>> half.factors(0, np.array([1])).tolist()
        [4.0]
        """
        amounts = np.full(len(lanes), self.amounts[event])
        if self.scale is not None:
            row = self.scale if self.segments is None else self.scale[self.segments[event]]
            amounts = amounts * row[lanes]
        if self.taken is not None:
            amounts = np.where(self.taken[event, lanes], amounts, 0.0)
        return amounts

    def lane_axes(self) -> dict[str, int]:
        """Return the number of lanes that each per-lane array has.

        Examples
        --------
        >>> Stream(name="a", target="x", times=[0], amounts=[1.0], lag=[0, 60]).lane_axes()
        {'lag': 2}
        """
        arrays = {"lag": self.lag, "scale": self.scale, "taken": self.taken}
        return {name: value.shape[-1] for name, value in arrays.items() if value is not None}

    def take(self, lanes: slice) -> Stream:
        """Return the stream of some of the lanes.

        Examples
        --------
        >>> two = Stream(name="a", target="x", times=[0], amounts=[1.0], lag=[0, 60])
        >>> two.take(slice(1, 2)).lag.tolist()
        [60]
        """
        per_lane = {
            name: None if (value := getattr(self, name)) is None else value[..., lanes]
            for name in ("lag", "scale", "taken")
        }
        return Stream(
            name=self.name,
            target=self.target,
            times=self.times,
            amounts=self.amounts,
            durations=self.durations,
            segments=self.segments,
            **per_lane,
        )


_AXES: dict[str, tuple[int, ...]] = {
    "times": (1,),
    "amounts": (1,),
    "durations": (1,),
    "lag": (1,),
    "scale": (1, 2),
    "segments": (1,),
    "taken": (2,),
}

_KINDS: dict[str, type[np.generic]] = {
    "times": np.int64,
    "amounts": np.float64,
    "durations": np.int64,
    "lag": np.int64,
    "scale": np.float64,
    "segments": np.int64,
    "taken": np.bool_,
}


def _array(where: str, value: object, kind: type[np.generic]) -> NDArray[Any]:
    try:
        given = np.asarray(value)
        with np.errstate(invalid="ignore"):  # a NaN is refused below, as no whole number
            array = given.astype(kind)
    except (TypeError, ValueError) as error:
        raise ShapeError(
            where, f"{value!r}", f"an array of {kind.__name__} is allowed", "Give one"
        ) from error
    if kind is np.int64 and given.size and not np.array_equal(array, given):
        raise RangeError(where, "one is no whole number", "whole seconds are allowed", "Round it")
    if kind is np.int64 and bool(((array > LATEST) | (array < -LATEST)).any()):
        raise RangeError(where, "one is beyond 2^53 s", "285 million years either way", "Mend it")
    if array.ndim == 0:
        raise ShapeError(where, f"the single value {value!r}", "an array is allowed", "List it")
    return array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Schedule:
    """Say from when to when, and what happens in between.

    Parameters
    ----------
    t0, t1
        Start and end [s]; the end is not before the start.
    streams
        The events; those outside ``[t0, t1)`` after lag are passed over, so that consecutive
        segments can share them.

    Raises
    ------
    RangeError
        If the end is before the start or a time is no whole number.

    Examples
    --------
    >>> Schedule(t0=0, t1=86400).t1
    86400
    """

    t0: int
    t1: int
    streams: tuple[Stream, ...] = ()

    def __post_init__(self) -> None:
        for name in ("t0", "t1"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | np.integer):
                raise RangeError(
                    f"schedule.{name}", repr(value), "whole seconds are allowed", "Round it"
                )
            if not -LATEST <= int(value) <= LATEST:
                raise RangeError(
                    f"schedule.{name}", f"{value} s", "2^53 s either way are allowed", "Mend it"
                )
        if self.t1 < self.t0:
            raise RangeError(
                "schedule.t1", f"{self.t1} s", f"not before t0 = {self.t0} s", "Swap them"
            )
        streams = self.streams
        if not (isinstance(streams, tuple) and all(isinstance(s, Stream) for s in streams)):
            raise ShapeError(
                "schedule.streams", repr(streams), "a tuple of Stream", "Write (stream,)"
            )

    def check(self, system: OdeSystem, n_lane: int) -> None:
        """Refuse streams that do not fit a system and its lanes.

        Parameters
        ----------
        system
            Names of states and inputs.
        n_lane
            Number of lanes.

        Raises
        ------
        UnknownNameError, ShapeError
            If a target is no state or input, or a per-lane array has other lanes.

        Examples
        --------
        >>> from kernels import OdeSystem
        >>> system = OdeSystem(name="a", states=("x",), parameters=(), rhs={"x": 0})
        >>> Schedule(t0=0, t1=1).check(system, 5)
        """
        for stream in self.streams:
            where = f"stream '{stream.name}'"
            known = system.states if stream.durations is None else system.inputs
            kind = "state" if stream.durations is None else "input"
            if stream.target not in known:
                raise UnknownNameError(
                    f"{where}.target", kind, stream.target, known, f"the {kind}s of '{system.name}'"
                )
            for name, n in stream.lane_axes().items():
                if n != n_lane:
                    raise ShapeError(
                        f"{where}.{name}", f"{n} lanes", f"{n_lane} lanes are integrated", "Match"
                    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseRecord:
    """Give one dose, or a row of equal ones, in NONMEM's terms.

    Parameters
    ----------
    time
        Time of the first dose [s].
    amt
        Amount [unit of the state], not negative.
    cmt
        State that receives it; an infusion needs an input named by ``cmt``.
    rate
        Rate of infusion [unit of the state per time unit]; 0 gives a bolus.
    ii
        Interval between doses [s].
    addl
        Doses after the first.
    lag
        Delay [s].
    f_bio
        Bioavailability [1], not negative; it scales the amount, so an infusion gets shorter.
    ss
        Steady-state flag; only 0 is allowed.

    Raises
    ------
    RangeError
        If a number is out of range, or ``ss`` is asked for.

    Examples
    --------
    >>> DoseRecord(time=0, amt=10.0, cmt="depot", ii=86400, addl=6).addl
    6
    """

    time: int
    amt: float
    cmt: str
    rate: float = 0.0
    ii: int = 0
    addl: int = 0
    lag: int = 0
    f_bio: float = 1.0
    ss: int = 0

    def __post_init__(self) -> None:
        if self.ss:
            raise RangeError(
                "dose.ss",
                repr(self.ss),
                "only 0: a non-linear system has no closed steady state",
                "Add run-in doses with ii and addl instead",
            )
        for name in ("amt", "rate", "ii", "addl", "lag", "f_bio"):
            value = getattr(self, name)
            if not (isinstance(value, int | float) and 0 <= value < np.inf):
                raise RangeError(f"dose.{name}", repr(value), "0 or more, finite", "Change it")
        for name in ("time", "ii", "addl", "lag"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | np.integer):
                raise RangeError(f"dose.{name}", repr(value), "a whole number", "Round it")
        if self.addl and not self.ii:
            raise RangeError("dose.ii", "0 s", "above 0 s where addl is given", "Give ii")
        if self.addl > MOST_ADDITIONAL:
            raise RangeError("dose.addl", repr(self.addl), f"at most {MOST_ADDITIONAL}", "Check ii")


def streams_from_records(
    records: Sequence[DoseRecord], system: OdeSystem, n_lane: int
) -> tuple[Stream, ...]:
    """Turn dose records into streams that every lane shares.

    Parameters
    ----------
    records
        The doses, in any order.
    system
        Whose states and inputs they name, and whose time unit ``rate`` is in.
    n_lane
        Number of lanes.

    Returns
    -------
    One stream a record, none for an infusion of nothing.

    Raises
    ------
    RangeError
        If an infusion would last less than a second.

    Examples
    --------
    >>> from kernels import OdeSystem
    >>> system = OdeSystem(name="a", states=("x",), parameters=(), rhs={"x": 0})
    >>> dose = DoseRecord(time=0, amt=2.0, cmt="x", ii=3600, addl=2)
    >>> streams_from_records([dose], system, 1)[0].times.tolist()
    [0, 3600, 7200]
    """
    streams = []
    for number, record in enumerate(records):
        n = record.addl + 1
        times = record.time + record.ii * np.arange(n, dtype=np.int64)
        durations = None
        amount = record.amt * record.f_bio
        if record.rate > 0.0 and amount > 0.0:
            seconds = round(amount / record.rate * system.seconds_per_time_unit)
            if seconds < 1:
                raise RangeError(
                    f"dose {number}.rate", repr(record.rate), "infusions of 1 s or more", "Lower it"
                )
            durations = np.full(n, seconds, dtype=np.int64)
            # not record.rate: the whole seconds hold the whole amount
            amount = amount / seconds * system.seconds_per_time_unit
        elif record.rate > 0.0:
            continue  # an infusion of nothing
        streams.append(
            Stream(
                name=f"dose {number}",
                target=record.cmt,
                times=times,
                amounts=np.full(n, amount),
                durations=durations,
                lag=np.full(n_lane, record.lag, dtype=np.int64) if record.lag else None,
            )
        )
    return tuple(streams)
