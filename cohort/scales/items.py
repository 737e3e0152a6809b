r"""Scores as sums of items: the graded response model of one scale.

Item :math:`j` has the scores 0 to :math:`K_j`. At the level :math:`u` of the patient it is scored
:math:`k` or more with probability

.. math:: P(X_j \ge k) = \frac{1}{1 + e^{-(u - b_{jk}) / s}}

and items are independent given the level. So sums are whole, stay on the scale, and their noise
shrinks towards both ends, where every item is at its end. Thresholds are even steps, shifted from
item to item; the one free number, the width :math:`s`, is solved from the rating noise that the
scale declares at one score. The level is solved from the wanted mean, so a mean score is the same
as without items. `cohort.scales.score_items` enters here.
"""

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from kernels.arithmetic import exp, log

__all__ = ["ItemModel", "item_model"]

Floats = NDArray[np.float64]

SPREAD: Final = 0.3
"""Share of the range over which the difficulty of items is spread; design, no item data."""
_N_LEVEL: Final = 1001
_FURTHEST: Final = 16.0  # widths beyond the outermost thresholds: the ends to 1e-7 of an item
_NARROWEST, _WIDEST = 1e-3, 30.0
_N_HALVING: Final = 40
_N_CELL, _N_REFINEMENT = 32, 5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ItemModel:
    """Hold the solved items of one scale.

    Parameters
    ----------
    thresholds
        Level at which an item is scored this high as often as not, one array an item [1].
    width
        Width of the step [1].
    levels, means
        Table of the mean sum at each level, both rising.

    Examples
    --------
    >>> model = item_model((6,) * 10, 2.75, 30.0)
    >>> round(float(model.moments(model.level(np.array([30.0])))[1][0]), 6)
    2.75
    """

    thresholds: tuple[Floats, ...]
    width: float
    levels: Floats
    means: Floats

    def level(self, mean: Floats) -> Floats:
        """Return the level at which sums have a mean.

        Parameters
        ----------
        mean
            Wanted mean of the sum [points], any shape; beyond the range it is the end.

        Returns
        -------
        Level [1], same shape.

        Examples
        --------
        >>> model = item_model((4,) * 7, 2.0, 14.0)
        >>> model.level(np.array([14.0])).round(3).tolist()
        [0.5]
        """
        return np.interp(mean, self.means, self.levels)

    def moments(self, level: Floats) -> tuple[Floats, Floats]:
        """Return mean and standard deviation of the sum [points] at levels of any shape.

        Examples
        --------
        >>> model = item_model((4,) * 7, 2.0, 14.0)
        >>> ends = model.moments(np.array([-9.0, 9.0]))
        >>> ends[0].round(6).tolist(), ends[1].round(2).tolist()
        ([0.0, 28.0], [0.0, 0.0])
        """
        return _moments(self.thresholds, self.width, level)

    def draw(self, level: Floats, chances: Floats) -> Floats:
        """Return sums of drawn items.

        Parameters
        ----------
        level
            Level of each patient [1], shape ``(n_lane,)``.
        chances
            Uniform numbers, shape ``(n_item, n_lane)``.

        Returns
        -------
        Sums [points], shape ``(n_lane,)``; NaN where the level is NaN.

        Examples
        --------
        >>> model = item_model((4,) * 7, 2.0, 14.0)
        >>> model.draw(np.array([0.5, -9.0]), np.full((7, 2), 0.5)).tolist()
        [14.0, 0.0]
        """
        total = np.zeros_like(level)
        for steps, chance in zip(self.thresholds, chances, strict=True):
            place = level + self.width * log(chance / (1.0 - chance))
            total = total + np.searchsorted(steps, place, side="right")
        return np.where(np.isnan(level), np.nan, total)


@functools.cache
def item_model(highest: tuple[int, ...], noise_sd: float, noise_at: float) -> ItemModel:
    """Return the items whose sum has a standard deviation at a score.

    Parameters
    ----------
    highest
        Highest score of each item; the lowest is 0.
    noise_sd
        Standard deviation of the sum [points], greater than 0.
    noise_at
        Mean of the sum at which it holds [points].

    Returns
    -------
    The solved items.

    Examples
    --------
    >>> item_model((3,) * 9, 2.0, 15.0).width > 0.0
    True
    """
    n_item = len(highest)
    # coprime with any number of items up to 30: neighbours, often of one kind, lie far apart
    places = [(31 * j) % n_item for j in range(n_item)]
    shifts = [SPREAD * ((place + 0.5) / n_item - 0.5) for place in places]
    thresholds = tuple(
        (np.arange(1, top + 1) - 0.5) / top + shift
        for top, shift in zip(highest, shifts, strict=True)
    )

    def sd(width: float) -> float:
        low, high = _range(thresholds, width)
        spread = 0.0
        for _ in range(_N_REFINEMENT):  # a grid in the cell that holds the mean, finer each time
            levels = np.linspace(low, high, _N_CELL + 1)
            means, spreads = _moments(thresholds, width, levels)
            cell = min(max(int(np.searchsorted(means, noise_at)), 1), _N_CELL)
            low, high = levels[cell - 1], levels[cell]
            spread = float(spreads[cell])
        return spread

    width = _solved(sd, noise_sd)
    levels = np.linspace(*_range(thresholds, width), _N_LEVEL)
    means, _ = _moments(thresholds, width, levels)
    return ItemModel(thresholds=thresholds, width=width, levels=levels, means=means)


def _solved(sd: Callable[[float], float], wanted: float) -> float:
    low, high = math.log(_NARROWEST), math.log(_WIDEST)
    for _ in range(_N_HALVING):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if sd(math.exp(middle)) < wanted else (low, middle)
    return math.exp(0.5 * (low + high))


def _range(thresholds: tuple[Floats, ...], width: float) -> tuple[float, float]:
    lowest = min(float(steps[0]) for steps in thresholds)
    highest = max(float(steps[-1]) for steps in thresholds)
    return lowest - _FURTHEST * width, highest + _FURTHEST * width


def _moments(thresholds: tuple[Floats, ...], width: float, level: Floats) -> tuple[Floats, Floats]:
    steps, starts, odd = _flat(thresholds)
    reached = 1.0 / (1.0 + exp((steps[:, None] - np.reshape(level, (1, -1))) / width))
    first = np.add.reduceat(reached, starts)
    second = np.add.reduceat(odd[:, None] * reached, starts)
    variance = np.maximum((second - first * first).sum(axis=0), 0.0)
    return first.sum(axis=0).reshape(level.shape), np.sqrt(variance).reshape(level.shape)


def _flat(thresholds: tuple[Floats, ...]) -> tuple[Floats, NDArray[np.int64], Floats]:
    """Return all thresholds in a row, where each item begins, and 2 k - 1 of each."""
    counts = np.array([len(steps) for steps in thresholds])
    odd = np.concatenate([2.0 * np.arange(1, n + 1) - 1.0 for n in counts])
    return np.concatenate(thresholds), np.cumsum(counts) - counts, odd
