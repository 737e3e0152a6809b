"""Where lanes on NumPy must end a step before their interval ends.

The steps are those of ``source/moments.hpp``, in the same order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from kernels.backends.numpy_source import compile_section

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from kernels.backends.numpy_source import SectionSource
    from kernels.program import Section

__all__ = ["NEAR_ULPS", "MomentFollower", "Place", "earliest", "evaluate"]

Floats: TypeAlias = "NDArray[np.float64]"
Integers: TypeAlias = "NDArray[np.int64]"

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


class MomentFollower:
    """Say where lanes whose equations compare time must end a step.

    Parameters
    ----------
    stop
        Gives the moments.

    Examples
    --------
    >>> from kernels.program import Operand, Section
    >>> follower = MomentFollower(Section("stop", (), (Operand("c", value=5.0),)))
    >>> start, local, length = np.array([[3.0, 5.0], [0.0, 0.0], [4.0, 4.0]])
    >>> follower.limits(Place(start, [], [], [], []), start, local, length).tolist()
    [2.0, 4.0]
    """

    def __init__(self, stop: Section) -> None:
        self._n_output = len(stop.outputs)
        self._source = compile_section(stop, n_copied=self._n_output)

    def limits(self, place: Place, start: Floats, local: Floats, length: Floats) -> Floats:
        """Return where in the interval each lane must end a step at the latest [time unit].

        Parameters
        ----------
        place
            Where the lanes are.
        start, local, length
            Start of the interval, time within it, and its length [time unit].

        Examples
        --------
        >>> MomentFollower.limits.__name__  # shown by the example of the class
        'limits'
        """
        moments = evaluate(self._source, self._n_output, place)
        return earliest(moments, place.time, start, local, length)


def evaluate(source: SectionSource, n_output: int, place: Place) -> Floats:
    """Return the outputs of a section where some lanes are, shape ``(n_output, n)``.

    Examples
    --------
    >>> from kernels.program import Operand, Section
    >>> source = compile_section(Section("stop", (), (Operand("t"),)), n_copied=1)
    >>> evaluate(source, 1, Place(np.ones(2), [], [], [], []))
    array([[1., 1.]])
    """
    values = np.empty((n_output, len(place.time)))
    registers = list(np.empty((source.n_register, len(place.time))))
    none: list[Floats] = []
    source.function(
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


def earliest(
    moments: Iterable[Floats], time: Floats, start: Floats, local: Floats, length: Floats
) -> Floats:
    """Return the first moment of each lane within its interval, or the length of that.

    Parameters
    ----------
    moments
        Absolute times, a row each.
    time, start, local, length
        Where the lanes are, where their interval starts, time within it, and its length [time
        unit].

    Examples
    --------
    >>> now, length = np.zeros(1), np.array([4.0])
    >>> earliest(np.array([[3.0], [2.0], [5.0]]), now, now, now, length)
    array([2.])
    """
    now = time + NEAR_ULPS * np.spacing(np.abs(time))
    most = length - NEAR_ULPS * np.spacing(np.abs(start + length))
    limit = length.copy()
    for moment in moments:
        x = moment - start
        sooner = (moment > now) & (x > local) & (x < most) & (x < limit)
        limit = np.where(sooner, x, limit)
    return limit
