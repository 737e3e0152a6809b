"""Follow a schedule lane by lane: where the next boundary is, and what happens at it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kernels.schedule import Schedule, Stream
    from kernels.system import OdeSystem

__all__ = ["NO_EVENT", "EventFollower"]

NO_EVENT = -1
"""Kind of event where there is none."""

_NEVER = np.iinfo(np.int64).max


@dataclass(slots=True, eq=False)
class _Track:
    """One stream with its change points and the next one of every lane."""

    stream: Stream
    row: int
    times: NDArray[np.int64]
    active: tuple[tuple[int, ...], ...] | None  # infusions running after each change point
    lag: NDArray[np.int64]
    pointer: NDArray[np.int64]
    rate: NDArray[np.float64]
    following: NDArray[np.int32]  # first point at or after each one that changes something

    def next_times(self, lanes: NDArray[np.int64]) -> NDArray[np.int64]:
        pointer = self.pointer[lanes]
        inside = pointer < len(self.times)
        if not len(self.times):
            return np.full(len(lanes), _NEVER)
        nominal = self.times[np.where(inside, pointer, 0)]
        return np.where(inside, nominal + self.lag[lanes], _NEVER)

    def effective_points(self, n_lane: int) -> NDArray[np.int32]:
        lanes = np.arange(n_lane)
        n_point = len(self.times)
        points = np.full((n_point + 1, n_lane), n_point, np.int32)
        before = np.zeros(n_lane)
        for point in range(n_point):
            if self.active is None:
                changes = self.stream.factors(point, lanes) != 0.0
            else:
                rate = self.rate_after(point, lanes)
                changes, before = rate != before, rate
            points[point] = np.where(changes, point, n_point)
        earliest: NDArray[np.int32] = np.minimum.accumulate(points[::-1])[::-1]
        return earliest

    def rate_after(self, point: int, lanes: NDArray[np.int64]) -> NDArray[np.float64]:
        total = np.zeros(len(lanes))
        assert self.active is not None
        for event in self.active[point]:
            total = total + self.stream.factors(event, lanes)
        return total


class EventFollower:
    """Hold the position of every lane in every stream.

    Parameters
    ----------
    system
        Names of states and inputs.
    schedule
        Streams and the start.
    save_times
        Save times [s], increasing.
    n_lane
        Number of lanes.

    Examples
    --------
    >>> from kernels import OdeSystem, Schedule, Stream
    >>> system = OdeSystem(name="a", states=("x",), parameters=(), rhs={"x": 0})
    >>> dose = Stream(name="d", target="x", times=[60], amounts=[2.0])
    >>> events = EventFollower(system, Schedule(t0=0, t1=90, streams=(dose,)), np.array([30]), 1)
    >>> lane = np.array([0])
    >>> events.next_boundary(lane, np.array([0])).tolist()
    [30]
    """

    def __init__(
        self,
        system: OdeSystem,
        schedule: Schedule,
        save_times: NDArray[np.int64],
        n_lane: int,
    ) -> None:
        self._t1 = int(schedule.t1)
        self._save_times = save_times
        self._save_pointer = np.zeros(n_lane, np.int64)
        self._n_input = len(system.inputs)
        self._n_state = len(system.states)
        self._tracks = [self._track(s, system, schedule, n_lane) for s in schedule.streams]

    def _track(self, stream: Stream, system: OdeSystem, schedule: Schedule, n_lane: int) -> _Track:
        lag = np.zeros(n_lane, np.int64) if stream.lag is None else stream.lag
        if stream.durations is None:
            times, active = stream.times, None
            row = system.states.index(stream.target)
        else:
            ends = stream.times + stream.durations
            times = np.unique(np.concatenate((stream.times, ends)))
            running = (stream.times[:, None] <= times) & (times < ends[:, None])
            active = tuple(tuple(np.flatnonzero(column).tolist()) for column in running.T)
            row = system.inputs.index(stream.target)
        pointer = np.searchsorted(times, schedule.t0 - lag, side="left").astype(np.int64)
        nothing = np.zeros((len(times) + 1, n_lane), np.int32)
        track = _Track(stream, row, times, active, lag, pointer, np.zeros(n_lane), nothing)
        if active is not None:
            for point in np.unique(pointer[pointer > 0]).tolist():
                lanes = np.flatnonzero(pointer == point)
                track.rate[lanes] = track.rate_after(point - 1, lanes)
        track.following = track.effective_points(n_lane)
        track.pointer[:] = track.following[pointer, np.arange(n_lane)]
        return track

    def inputs(self, lanes: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the inputs in force, shape ``(n_input, len(lanes))``."""
        values = np.zeros((self._n_input, len(lanes)))
        for track in self._tracks:
            if track.active is not None:
                values[track.row] = values[track.row] + track.rate[lanes]
        return values

    def next_boundary(self, lanes: NDArray[np.int64], now: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the next save, event or end of each lane [s], not before ``now``."""
        boundary = np.full(len(lanes), self._t1)
        n_save = len(self._save_times)
        if n_save:
            pointer = self._save_pointer[lanes]
            inside = pointer < n_save
            save = self._save_times[np.where(inside, pointer, 0)]
            boundary = np.where(inside, np.minimum(boundary, save), boundary)
        for track in self._tracks:
            boundary = np.minimum(boundary, track.next_times(lanes))
        later: NDArray[np.int64] = np.maximum(boundary, now)
        return later

    def due_saves(
        self, lanes: NDArray[np.int64], now: NDArray[np.int64]
    ) -> list[tuple[int, NDArray[np.bool_]]]:
        """Return the saves that are due now, with the lanes they are due in, and tick them off."""
        n_save = len(self._save_times)
        if not n_save:
            return []
        pointer = self._save_pointer[lanes]
        inside = pointer < n_save
        due = inside & (self._save_times[np.where(inside, pointer, 0)] <= now)
        self._save_pointer[lanes[due]] += 1
        return [(int(k), due & (pointer == k)) for k in np.unique(pointer[due])]

    def apply(
        self, lanes: NDArray[np.int64], now: NDArray[np.int64], states: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Apply every event due now, changing ``states`` in place.

        Returns
        -------
        The kind of event that came first in each lane, -1 without any (boluses by state, infusions
        by input, those that end apart); and in which lanes an input changed.
        """
        kind = np.full(len(lanes), NO_EVENT)
        inputs_changed = np.zeros(len(lanes), bool)
        for track in self._tracks:
            while True:
                due = (track.next_times(lanes) <= now) & (now < self._t1)
                if not due.any():
                    break
                self._apply_one(track, lanes, due, states)
                this = np.full(len(lanes), track.row)
                if track.active is not None:
                    inputs_changed |= due
                    this = self._n_state + 2 * this + (track.rate[lanes] == 0.0)
                kind = np.where(due & (kind == NO_EVENT), this, kind)
        return kind, inputs_changed

    @staticmethod
    def _apply_one(
        track: _Track,
        lanes: NDArray[np.int64],
        due: NDArray[np.bool_],
        states: NDArray[np.float64],
    ) -> None:
        pointer = track.pointer[lanes]
        for point in np.unique(pointer[due]).tolist():
            at = np.flatnonzero(due & (pointer == point))
            if track.active is None:
                states[track.row, at] = states[track.row, at] + track.stream.factors(
                    point, lanes[at]
                )
            else:
                track.rate[lanes[at]] = track.rate_after(point, lanes[at])
        track.pointer[lanes[due]] = track.following[pointer[due] + 1, lanes[due]]
