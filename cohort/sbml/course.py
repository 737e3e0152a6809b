"""A time course of a model that was read: whole seconds are chosen so that its times fall on them.

The engine counts time in whole seconds; equations know only their own unit. A unit of the model is
counted as as many seconds as its times need.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import numpy as np

from cohort.errors import RangeError
from kernels import Schedule, Solver, integrate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from cohort.sbml.model import SbmlModel
    from kernels import Solution

__all__ = ["SOLVER", "Course", "even_times", "time_course", "whole_seconds"]

SOLVER: Final = Solver(rtol=1e-8, atol=1e-10)
"""Tolerances of a course: those at which two programs agree to six digits."""

_MOST_SECONDS: Final = 2**53
_MOST_STEPS: Final = 1_000_000
_LONGEST_NUMBER: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Course:
    """Hold what was seen of a model over time.

    Parameters
    ----------
    times
        In the model's unit of time, shape ``(n_time,)``.
    values
        Shape ``(n_time, n_lane)`` by name.
    solution
        Of the engine.

    Examples
    --------
    >>> Course.__slots__[0]  # shown by the example of time_course
    'times'
    """

    times: NDArray[np.float64]
    values: Mapping[str, NDArray[np.float64]]
    solution: Solution


def even_times(end: float | str | Fraction, steps: int) -> tuple[Fraction, ...]:
    """Return evenly spaced times from 0 to an end, exactly.

    Parameters
    ----------
    end
        In the model's unit of time, greater than zero; a decimal number is taken as written.
    steps
        Number of intervals, from 1 to a million.

    Raises
    ------
    RangeError
        If either is out of range.

    Examples
    --------
    >>> even_times("0.3", 3)[1]
    Fraction(1, 10)
    """
    length = end if isinstance(end, Fraction) else _exact(str(end))
    if length <= 0:
        raise RangeError(
            f"end: {end}; a finite number greater than zero is allowed. Give the length of the run."
        )
    if isinstance(steps, bool) or not isinstance(steps, int) or not 1 <= steps <= _MOST_STEPS:
        raise RangeError(
            f"steps: {steps}; a whole number from 1 to {_MOST_STEPS:,} is allowed. Change it."
        )
    return tuple(length * i / steps for i in range(steps + 1))


def _exact(text: str) -> Fraction:
    """Return a number as written; 0 for none, or one that no float holds: 1e999999999 is long."""
    try:
        is_quotient = "/" in text and len(text) <= _LONGEST_NUMBER
        return Fraction(text) if is_quotient or 0 < float(text) < math.inf else Fraction(0)
    except (ValueError, ZeroDivisionError):
        return Fraction(0)


def whole_seconds(times: Sequence[Fraction]) -> int:
    """Return how many seconds a unit of time is counted as, so that all times are whole.

    Parameters
    ----------
    times
        In the model's unit of time, not negative.

    Raises
    ------
    RangeError
        If no whole number of seconds suits them.

    Examples
    --------
    >>> whole_seconds((Fraction(0), Fraction(1, 4), Fraction(1, 6)))
    12
    """
    seconds = math.lcm(*(time.denominator for time in times))
    if seconds * max(times, default=Fraction(0)) > _MOST_SECONDS:
        raise RangeError(
            f"times: their smallest common part is 1/{seconds} and the last is "
            f"{float(max(times)):g}; at most 2^53 parts are allowed. Round them."
        )
    return seconds


def time_course(
    model: SbmlModel,
    times: Sequence[Fraction],
    *,
    n_lane: int = 1,
    values: Mapping[str, ArrayLike] | None = None,
    seed: int = 1,
    solver: Solver = SOLVER,
    device: str = "auto",
) -> Course:
    """Integrate a model from time 0 and return its observables.

    Parameters
    ----------
    model
        From `cohort.sbml.read_sbml`.
    times
        When to look, in the model's unit of time, increasing, not before 0.
    n_lane, values, seed
        As given to `SbmlModel.lanes`.
    solver, device
        As given to `kernels.integrate`.

    Raises
    ------
    RangeError
        If no whole number of seconds suits the times.

    Examples
    --------
    >>> from cohort.sbml import parse_sbml
    >>> from cohort.sbml.example import DECAY
    >>> course = time_course(parse_sbml(DECAY), even_times(2, 2), device="numpy")
    >>> course.values["S"][:, 0].round(6).tolist()
    [3.0, 1.819592, 1.103638]
    """
    seconds = whole_seconds(times)
    counted = model.counting(seconds)
    saves = np.array([int(time * seconds) for time in times], np.int64)
    solution = integrate(
        counted.system,
        counted.lanes(n_lane, values, seed=seed),
        Schedule(t0=0, t1=int(saves[-1])),
        saves,
        solver,
        device,
    )
    return Course(
        times=np.array([float(time) for time in times]),
        values={name: solution[name] for name in counted.system.observables},
        solution=solution,
    )
