"""Looks at a trial before its end: how much of the level each may spend, and when to stop.

A look is an analysis of the first patients who have finished, at a share of the planned
information (their share, where variances are equal). Statistics of looks are z values; boundaries
are those of a two-sided test.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cohort.errors import RangeError, ShapeError
from cohort.inference.distributions import normal_cdf, normal_density
from cohort.population.normal_quantile import normal_quantile

__all__ = [
    "SPENDING",
    "Stops",
    "boundaries",
    "conditional_power",
    "crossing_probabilities",
    "holm_over_looks",
    "spent_obrien_fleming",
    "spent_pocock",
    "stop_at_looks",
]

Floats = NDArray[np.float64]

_N_GRID: Final = 401  # points of Simpson's rule over the region where a trial goes on; odd
_HIGHEST: Final = 12.0  # a boundary above this is never crossed
_N_BISECTIONS: Final = 60


def _quantile(probability: float) -> float:
    return float(normal_quantile(np.array([probability]))[0])


def spent_obrien_fleming(fraction: ArrayLike, alpha: float) -> Floats:
    r"""Return the two-sided level spent by a share of information, little at first.

    Parameters
    ----------
    fraction
        Share of the information [1], greater than 0, at most 1.
    alpha
        Two-sided level [1].

    Returns
    -------
    Level spent [1], same shape.

    Notes
    -----
    .. math:: \alpha(t) = 4 - 4 \Phi(z_{1 - \alpha / 4} / \sqrt t)

    References
    ----------
    Lan KKG, DeMets DL, Biometrika 1983;70:659.

    Examples
    --------
    >>> spent_obrien_fleming([0.5, 1.0], 0.05).round(5).tolist()
    [0.00305, 0.05]
    """
    t = np.asarray(fraction, dtype=float)
    return 4.0 * normal_cdf(-_quantile(1 - alpha / 4) / np.sqrt(t))


def spent_pocock(fraction: ArrayLike, alpha: float) -> Floats:
    r"""Return the two-sided level spent by a share of information, nearly evenly.

    Parameters
    ----------
    fraction
        Share of the information [1], greater than 0, at most 1.
    alpha
        Two-sided level [1].

    Returns
    -------
    Level spent [1], same shape.

    Notes
    -----
    .. math:: \alpha(t) = \alpha \ln(1 + (e - 1) t)

    References
    ----------
    Lan KKG, DeMets DL, Biometrika 1983;70:659.

    Examples
    --------
    >>> spent_pocock([0.5, 1.0], 0.05).round(5).tolist()
    [0.03101, 0.05]
    """
    t = np.asarray(fraction, dtype=float)
    return np.asarray(alpha * np.log1p((math.e - 1) * t))


SPENDING: Final[Mapping[str, Callable[[ArrayLike, float], Floats]]] = MappingProxyType(
    {"obrien_fleming": spent_obrien_fleming, "pocock": spent_pocock}
)
"""Spending functions by the name that protocols use."""


def _checked_fractions(fractions: Sequence[float] | Floats) -> Floats:
    t = np.asarray(fractions, dtype=float)
    if t.ndim != 1 or not len(t) or not np.all(np.diff(t, prepend=0.0) > 0) or t[-1] > 1:
        raise RangeError(
            f"looks at shares {t.tolist()} of the information; rising shares greater than 0 and at "
            "most 1 are allowed. Write for example [0.5, 1]."
        )
    return t


def boundaries(
    fractions: Sequence[float] | Floats, alpha: float = 0.05, spending: str = "obrien_fleming"
) -> Floats:
    """Return the z value that stops a trial at each look.

    Parameters
    ----------
    fractions
        Shares of the information [1], rising, the last at most 1.
    alpha
        Two-sided level of the whole trial [1], between 0 and 1.
    spending
        Name in `SPENDING`.

    Returns
    -------
    Boundaries [1], shape ``(n_look,)``; infinite where a look has nothing to spend.

    Notes
    -----
    Recursive integration of the score ``z sqrt(t)`` over the trials that went on (Armitage,
    McPherson, Rowe), by Simpson's rule; each boundary by bisection.

    References
    ----------
    Armitage P, McPherson CK, Rowe BC, J R Stat Soc A 1969;132:235. Jennison C, Turnbull BW, Group
    Sequential Methods 2000, chapters 7 and 19.

    Examples
    --------
    >>> boundaries([0.5, 1.0]).round(3).tolist()
    [2.963, 1.969]
    """
    t = _checked_fractions(fractions)
    if not 0 < alpha < 1 or spending not in SPENDING:
        raise RangeError(
            f"boundaries: level {alpha!r} and spending {spending!r}; a level between 0 and 1 and "
            f"one of {', '.join(SPENDING)} are allowed. Change them."
        )
    to_spend = np.diff(SPENDING[spending](t, alpha), prepend=0.0)
    walk = _Walk()
    found = np.empty(len(t))
    for look, share in enumerate(t):
        found[look] = walk.boundary(float(share), float(to_spend[look]))
        walk.step(float(share), float(found[look]))
    return found


def crossing_probabilities(
    fractions: Sequence[float] | Floats, bounds: ArrayLike, drift: float = 0.0
) -> tuple[Floats, Floats]:
    """Return the probability of a first crossing at each look.

    Parameters
    ----------
    fractions
        Shares of the information [1], rising.
    bounds
        Two-sided boundaries [1], shape ``(n_look,)``.
    drift
        Mean of z at full information [1]: the effect over its standard error.

    Returns
    -------
    Probabilities of crossing the upper and the lower boundary [1], each ``(n_look,)``.

    Examples
    --------
    >>> upper, lower = crossing_probabilities([0.5, 1.0], [2.963, 1.969])
    >>> round(float(upper.sum() + lower.sum()), 3)
    0.05
    """
    t, c = _checked_fractions(fractions), np.asarray(bounds, dtype=float)
    if c.shape != t.shape or not np.all(c > 0):
        raise ShapeError(
            f"crossing_probabilities: boundaries {c.tolist()} for {len(t)} looks; one above 0 a "
            "look is allowed. Take them from boundaries()."
        )
    walk = _Walk(drift)
    both = np.empty((2, len(t)))
    for look, share in enumerate(t):
        both[:, look] = walk.crossing(float(share), float(c[look]))
        walk.step(float(share), float(c[look]))
    return both[0], both[1]


class _Walk:
    """The density of the score among the trials that went on."""

    def __init__(self, drift: float = 0.0) -> None:
        self.drift, self.time = drift, 0.0
        self.score, self.mass = np.zeros(1), np.ones(1)  # everything at 0 before the first look

    def crossing(self, time: float, bound: float) -> tuple[float, float]:
        """Return the probability of being above and below the boundary at a look."""
        spread = math.sqrt(time - self.time)
        mean = self.score + self.drift * (time - self.time)
        reach = bound * math.sqrt(time)
        above = float(self.mass @ normal_cdf((mean - reach) / spread))
        below = float(self.mass @ normal_cdf((-mean - reach) / spread))
        return above, below

    def boundary(self, time: float, level: float) -> float:
        """Return the boundary that is crossed with probability ``level``."""
        if sum(self.crossing(time, _HIGHEST)) >= level:
            return math.inf
        low, high = 0.0, _HIGHEST
        for _ in range(_N_BISECTIONS):
            middle = (low + high) / 2
            if sum(self.crossing(time, middle)) > level:
                low = middle
            else:
                high = middle
        return (low + high) / 2

    def step(self, time: float, bound: float) -> None:
        """Go on to a look, with those inside its boundary."""
        spread = math.sqrt(time - self.time)
        reach = min(bound, _HIGHEST) * math.sqrt(time)
        mean = self.score + self.drift * (time - self.time)
        score = np.linspace(-reach, reach, _N_GRID)
        simpson = np.full(_N_GRID, 2.0)
        simpson[1::2], simpson[0], simpson[-1] = 4.0, 1.0, 1.0
        weight = simpson * (score[1] - score[0]) / 3
        density = normal_density((score[:, None] - mean) / spread) @ self.mass / spread
        self.score, self.mass, self.time = score, weight * density, time


def conditional_power(
    z: ArrayLike, fraction: ArrayLike, final_bound: float, drift: ArrayLike | None = None
) -> Floats:
    r"""Return the chance of success at the end, given the z value at a look.

    Parameters
    ----------
    z
        Statistic of the look [1], positive in the direction of success.
    fraction
        Share of the information at the look [1], greater than 0 and less than 1.
    final_bound
        Boundary of the last look [1].
    drift
        Mean of z at full information that the rest is assumed to follow [1]; None takes the trend
        that was seen, ``z / sqrt(fraction)``.

    Returns
    -------
    Probabilities [1] of the broadcast shape.

    Notes
    -----
    .. math:: 1 - \Phi\left(\frac{c - z \sqrt t - \theta (1 - t)}{\sqrt{1 - t}}\right)

    References
    ----------
    Lan KKG, Wittes J, Biometrics 1988;44:579.

    Examples
    --------
    >>> conditional_power([2.0, 0.0], 0.5, 1.96).round(3).tolist()
    [0.89, 0.003]
    """
    t, seen = np.asarray(fraction, dtype=float), np.asarray(z, dtype=float)
    if not np.all((t > 0) & (t < 1)):
        raise RangeError(
            f"conditional_power: a look at {np.min(t):g} to {np.max(t):g} of the information; "
            "shares greater than 0 and less than 1 are allowed. Give an interim look."
        )
    theta = seen / np.sqrt(t) if drift is None else np.asarray(drift, dtype=float)
    return normal_cdf((seen * np.sqrt(t) + theta * (1 - t) - final_bound) / np.sqrt(1 - t))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stops:
    """How trials with looks ended.

    Parameters
    ----------
    look
        Number of the look at which the trial stopped, from 1, shape of the replicates.
    is_success
        Whether it stopped across the boundary.
    is_futile
        Whether it stopped early for futility.

    Examples
    --------
    >>> stop_at_looks([[3.0], [1.0]], [0.5, 1.0], [2.963, 1.969]).look.tolist()
    [1]
    """

    look: NDArray[np.int64]
    is_success: NDArray[np.bool_]
    is_futile: NDArray[np.bool_]


def stop_at_looks(
    z: ArrayLike, fractions: Sequence[float] | Floats, bounds: ArrayLike, futility: float = 0.0
) -> Stops:
    """Return when and how each replicate of a trial stops.

    Parameters
    ----------
    z
        Statistics [1], positive in the direction of success, shape ``(n_look, ...)``.
    fractions
        Shares of the information [1], rising.
    bounds
        Boundaries [1], shape ``(n_look,)``; success is in the positive direction only.
    futility
        Conditional power by the trend that was seen, below which a trial stops [1]; 0 never.

    Returns
    -------
    Looks and reasons.

    Notes
    -----
    Futility is not binding: the boundaries do not count on it, so the level holds if a trial goes
    on against it, and is not used up if it stops.

    Examples
    --------
    >>> stop_at_looks([[0.0], [2.5]], [0.5, 1.0], [2.963, 1.969], futility=0.1).is_futile.tolist()
    [True]
    """
    t, c = _checked_fractions(fractions), np.asarray(bounds, dtype=float)
    statistics = np.asarray(z, dtype=float)
    if len(statistics) != len(t) or c.shape != t.shape:
        raise ShapeError(
            f"stop_at_looks: {len(statistics)} statistics and {c.size} boundaries for {len(t)} "
            "looks; one each a look is allowed. Give (n_look, ...)."
        )
    look = np.full(statistics.shape[1:], len(t), dtype=np.int64)
    success = np.zeros(look.shape, dtype=bool)
    futile = np.zeros(look.shape, dtype=bool)
    for number, (share, bound, value) in enumerate(zip(t, c, statistics, strict=True), start=1):
        going = ~(success | futile)
        crossed = going & (value >= bound)
        success |= crossed
        stopped = crossed
        if share < 1 and number < len(t) and futility > 0:
            hopeless = going & ~crossed & (conditional_power(value, share, c[-1]) < futility)
            futile |= hopeless
            stopped = stopped | hopeless
        look = np.where(stopped, number, look)
    return Stops(look=look, is_success=success, is_futile=futile)


def holm_over_looks(
    p_values: ArrayLike,
    fractions: Sequence[float] | Floats,
    alpha: float = 0.05,
    spending: str = "obrien_fleming",
) -> NDArray[np.int64]:
    """Return the look at which each of several hypotheses is rejected.

    Parameters
    ----------
    p_values
        Two-sided p values [1], shape ``(n_look, n_hypothesis, ...)``.
    fractions
        Shares of the information [1], rising, shape ``(n_look,)``.
    alpha
        Level of the whole family [1].
    spending
        Name in `SPENDING`.

    Returns
    -------
    Number of the look, from 1; 0 if never, shape ``(n_hypothesis, ...)``.

    Notes
    -----
    Each of ``m`` open hypotheses has the boundaries of level ``alpha / m``; once one is rejected,
    the others have those of ``alpha / (m - 1)`` at this and later looks. This is the closed
    test whose intersections are tested by Bonferroni's inequality, so the level holds.

    References
    ----------
    Maurer W, Bretz F, Stat Biopharm Res 2013;5:311.

    Examples
    --------
    >>> holm_over_looks([[[0.0001], [0.02]], [[0.5], [0.01]]], [0.5, 1.0]).ravel().tolist()
    [1, 2]
    """
    p, t = np.asarray(p_values, dtype=float), _checked_fractions(fractions)
    if p.ndim < 2 or len(p) != len(t):  # noqa: PLR2004 - looks and hypotheses
        raise ShapeError(
            f"holm_over_looks: p values of shape {p.shape} for {len(t)} looks; (n_look, "
            "n_hypothesis, ...) is allowed. Put the looks first."
        )
    n = p.shape[1]
    z = np.array([boundaries(t, alpha / m, spending) for m in range(1, n + 1)])
    nominal = 2 * normal_cdf(-z)
    rejected = np.zeros(p.shape[1:], dtype=np.int64)
    for look in range(len(t)):
        for _ in range(n):
            n_open = np.sum(rejected == 0, axis=0)
            limit = nominal[np.maximum(n_open, 1) - 1, look]
            rejected = np.where((rejected == 0) & (p[look] <= limit), look + 1, rejected)
    return rejected
