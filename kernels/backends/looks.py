"""Look at triggers within a step on NumPy, and locate the first change.

The steps are those of ``source/events.hpp``, in the same order. A trigger is looked at in four
places of every step, a quarter of it apart, on the dense output of the method; where one differs
from what the lane remembers, the first change is bisected down to the resolution of time. Nothing
between two looks is seen that comes and goes there, except two things: moments that triggers name
themselves by comparing time with something constant, where every lane ends a step; and where an
inequality comes near to changing, by the parabola through three looks, which is looked at too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from kernels.backends.triggers import TriggerFollower

__all__ = ["NEAR_ULPS", "Place", "StepLooks"]

Floats: TypeAlias = "NDArray[np.float64]"
Integers: TypeAlias = "NDArray[np.int64]"
Flags: TypeAlias = "NDArray[np.bool_]"

_LOOKS: Final = 4
_NEAR: Final = 10.0  # a margin that comes down to a tenth is near zero
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


class StepLooks:
    """Hold a step of some lanes: its two ends, its dense output, and what triggers held before.

    Parameters
    ----------
    follower
        Evaluates sections; knows the dense output.
    place
        At the beginning of the step.
    remembered
        Whether triggers held, shape ``(n_event, n)``.
    k
        Stage increments, shape ``(n_stage, n_row, n)``.
    new
        Rows of the state at the end of the step.
    step
        Start of the interval, time within it at the beginning, step size, and time within it at
        the end [time unit].

    Examples
    --------
    >>> StepLooks.__name__  # made by TriggerFollower.looks
    'StepLooks'
    """

    def __init__(
        self,
        follower: TriggerFollower,
        place: Place,
        remembered: Floats,
        k: Floats,
        new: list[Floats],
        step: tuple[Floats, ...],
    ) -> None:
        self._follower, self._rows, self._dense = follower, follower.rows, follower.dense
        self._place, self._remembered, self._k, self._new = place, remembered, k, new
        self._start, self._begin, self._h, self._end = step
        self._combined = self._combine(k[:, self._rows])
        self._y0, self._y1 = self._block(place.y), self._block(new)
        self._at = Place(place.time, list(place.y), place.p, place.u, place.h)
        self._last = Place(self._start + self._end, new, place.p, place.u, place.h)

    def changed(self) -> Flags:
        """Return in which lanes a trigger differs from what is remembered, at any look.

        Examples
        --------
        >>> StepLooks.changed.__name__
        'changed'
        """
        changed = self._differs(self._last)
        margins = [] if not self._has_margins else [self._margin(self._place)]
        for number in range(1, _LOOKS):
            changed |= self._differs(self._at_share(number / _LOOKS))
            if margins:
                margins.append(self._margin(self._at))
        if margins:
            for _, share in self._turns(margins):
                changed |= self._differs(self._at_share(share))
        return changed

    def locate(self) -> tuple[Flags, Floats, list[Floats]]:
        """Return which steps end at a change before their end, when within the interval, and where.

        Examples
        --------
        >>> StepLooks.locate.__name__
        'locate'
        """
        found, low, high = self._first_look()
        if self._has_margins:
            self._look_at_turns(found, low, high)
        while True:
            middle = low + (high - low) * 0.5
            fine = high - low <= 0.5 * np.spacing(np.abs(self._start + high))
            goes_on = found & (low < middle) & (middle < high) & ~fine
            if not goes_on.any():
                break
            here = self._differs(self._at_time(middle))
            high = np.where(goes_on & here, middle, high)
            low = np.where(goes_on & ~here, middle, low)
        cut: Flags = found & (high != self._end)
        if not cut.any():
            return cut, high, self._new
        share = (high - self._begin) / self._h
        y0, y1 = np.array(self._place.y), np.array(self._new)
        return cut, high, list(_between(y0, y1, self._combine(self._k), share))

    def _first_look(self) -> tuple[Flags, Floats, Floats]:
        """Return where a look differs, and the looks before and at the first that does."""
        begin, end = self._begin, self._end
        low, high = begin.copy(), end.copy()
        found = np.zeros(len(begin), bool)
        # first at the very beginning: what a rounding kept from changing at its own moment is there
        soon = begin + NEAR_ULPS * np.spacing(np.abs(self._start + begin))
        for number in range(_LOOKS):
            if found.all():
                break
            x = self._time_of(number) if number else np.where(soon < end, soon, end)
            here = self._differs(self._at_time(x)) & ~found
            high = np.where(here, x, high)
            found |= here
            low = np.where(found, low, x)
        found |= self._differs(self._last)
        return found, low, high

    def _look_at_turns(self, found: Flags, low: Floats, high: Floats) -> None:
        """Look where margins turn; where one differs sooner, change the arguments, in place."""
        margins = [self._margin(self._place)]
        for number in range(1, _LOOKS):
            at = self._at_share(number / _LOOKS)
            at.time = self._start + self._time_of(number)
            margins.append(self._margin(at))
        for turns, share in self._turns(margins):
            x = self._begin + self._h * share
            here = turns & (x < high)
            here &= self._differs(self._at_time(np.where(here, x, self._begin)))
            found |= here
            high[here] = x[here]
            low[here] = self._begin[here]
            for number in range(1, _LOOKS):
                before = self._time_of(number)
                earlier = here & (before < high)
                low[earlier] = before[earlier]

    def _turns(self, margins: list[Floats]) -> Iterator[tuple[Flags, Floats]]:
        """Yield in which lanes a margin turns near zero, and at which share of the step."""
        turns, shares = _turns(np.array([*margins, self._margin(self._last)]))
        for number, margin in np.argwhere(turns.any(axis=2)).tolist():
            yield turns[number, margin], shares[number, margin]

    # places within the step, and what holds there

    @property
    def _has_margins(self) -> bool:
        return self._follower.has_margins

    def _margin(self, place: Place) -> Floats:
        return self._follower.evaluate("margin", place)

    def _differs(self, place: Place) -> Flags:
        differs = self._follower.evaluate("trigger", place) != self._remembered
        return np.asarray(differs.any(axis=0))

    def _time_of(self, number: int) -> Floats:
        return self._begin + self._h * (number / _LOOKS)

    def _at_share(self, share: Floats | float) -> Place:
        self._at.time = self._start + (self._begin + self._h * share)
        values = _between(self._y0, self._y1, self._combined, share)
        for index, row in enumerate(self._rows):
            self._at.y[row] = values[index]
        return self._at

    def _at_time(self, x: Floats) -> Place:
        at = self._at_share((x - self._begin) / self._h)
        at.time = self._start + x
        return at

    def _block(self, rows: list[Floats]) -> Floats:
        """Return the rows that triggers read, in one array."""
        return np.array([rows[row] for row in self._rows]).reshape(len(self._rows), len(self._h))

    def _combine(self, k: Floats) -> list[Floats]:
        """Return the coefficients of the dense output of rows, whole blocks of them."""
        combined = []
        for weights in self._dense:
            total = k[0] * weights[0]
            for j in range(1, len(k)):
                total = total + k[j] * weights[j]
            combined.append(total)
        return combined


def _between(y0: Floats, y1: Floats, combined: list[Floats], share: Floats | float) -> Floats:
    # written from y0 on, so that a state that rests keeps its bits
    rest = 1.0 - share
    inner = combined[-1]
    for coefficient in combined[-2::-1]:
        inner = coefficient + share * inner
    value: Floats = y0 + share * ((y1 - y0) + rest * inner)
    return value


def _turns(margins: Floats) -> tuple[Flags, Floats]:
    """Return where the parabola of a margin at three looks in a row turns near zero, and when.

    Only where no look has another sign; near is within a tenth of the larger outer margin.

    Parameters
    ----------
    margins
        Shape ``(n_look + 1, n_margin, n)``, from the beginning of the step to its end.

    Returns
    -------
    Two arrays of shape ``(n_look - 1, n_margin, n)``: whether, and at which share of the step, that
    of the look in the middle where it does not.
    """
    a, b, c = margins[:-2], margins[1:-1], margins[2:]
    side = np.where(b < 0.0, -1.0, 1.0)
    a, b, c = a * side, b * side, c * side
    bend = (a - b) + (c - b)
    offset = (a - c) / (bend + bend)
    lowest = b - (a - c) * offset * 0.25
    turns = (a >= 0.0) & (b > 0.0) & (c >= 0.0) & (offset > -1.0) & (offset < 1.0) & (bend > 0.0)
    turns &= lowest * _NEAR <= np.maximum(a, c)
    number = np.arange(1.0, _LOOKS)[:, None, None]
    return turns, (np.where(turns, offset, 0.0) + number) * (1.0 / _LOOKS)
