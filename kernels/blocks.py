"""Cut lanes into blocks and put solutions together again."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np

from kernels.lanes import Lanes
from kernels.schedule import Schedule
from kernels.solution import Solution

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

__all__ = ["join_blocks", "take_block"]


def take_block(lanes: Lanes, schedule: Schedule, block: slice) -> tuple[Lanes, Schedule]:
    """Return some of the lanes with their part of a schedule.

    Parameters
    ----------
    lanes, schedule
        All lanes, and what happens to them.
    block
        Which lanes.

    Examples
    --------
    >>> lanes = Lanes(parameters=np.ones((0, 5)), states=np.zeros((1, 5)))
    >>> take_block(lanes, Schedule(t0=0, t1=1), slice(1, 4))[0].n_lane
    3
    """
    streams = tuple(stream.take(block) for stream in schedule.streams)
    return lanes.take(block), Schedule(t0=schedule.t0, t1=schedule.t1, streams=streams)


def join_blocks(parts: Sequence[Solution], reasons: Mapping[str, str]) -> Solution:
    """Return the solution of all lanes.

    Parameters
    ----------
    parts
        Solutions of consecutive blocks, at least one.
    reasons
        Why other devices were passed over.

    Examples
    --------
    >>> from kernels import OdeSystem, integrate
    >>> rest = OdeSystem(name="rest", states=("x",), parameters=(), rhs={"x": 0})
    >>> lanes = Lanes(parameters=np.ones((0, 2)), states=np.zeros((1, 2)))
    >>> part = integrate(rest, lanes, Schedule(t0=0, t1=1), np.zeros(0, int), device="numpy")
    >>> join_blocks([part, part], {}).end.n_lane
    4
    """

    def join(name: str) -> NDArray[Any]:
        return np.concatenate([getattr(part, name) for part in parts], axis=-1)

    def join_lanes(name: str) -> NDArray[Any]:
        return np.concatenate([getattr(part.end, name) for part in parts], axis=-1)

    first = parts[0]
    per_lane = ("observables", "codes", "failure_times", "accepted", "rejected")
    return Solution(
        times=first.times,
        names=first.names,
        end=Lanes(**{field.name: join_lanes(field.name) for field in fields(Lanes)}),
        device=first.device,
        reasons=dict(reasons),
        **{name: join(name) for name in per_lane},
    )
