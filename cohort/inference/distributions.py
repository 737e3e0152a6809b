"""Distribution functions that NumPy lacks, in plain double precision.

Scalar arithmetic of the standard library, so the bits are the same on every machine; arrays go
through it number by number. Tested against SciPy.
"""

import functools
import math
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cohort.errors import RangeError

__all__ = [
    "normal_cdf",
    "normal_density",
    "student_quantile",
    "student_tail",
    "two_sided_p",
]

Floats = NDArray[np.float64]

_BETA_TOLERANCE = 1e-15
_N_BETA_TERMS = 10_000
_N_BISECTIONS = 200
_N_NEWTON = 50
_NEWTON_TOLERANCE = 1e-13
_WIDTHS = (2.0**-46, 2.0**-40, 2.0**-30)
"""Relative half widths of the interval around the quantile that are tried, in this order [1]."""
_TINY = 1e-300
_ERFC = np.frompyfunc(math.erfc, 1, 1)


def normal_cdf(z: ArrayLike) -> Floats:
    """Return the probability that a standard normal number is below ``z``.

    Parameters
    ----------
    z
        Numbers [1], any shape.

    Returns
    -------
    Probabilities [1], same shape.

    Examples
    --------
    >>> normal_cdf([0.0, 1.96]).round(4).tolist()
    [0.5, 0.975]
    """
    scaled = -np.asarray(z, dtype=np.float64) / math.sqrt(2)
    return 0.5 * np.asarray(_ERFC(scaled), dtype=np.float64)


def normal_density(z: ArrayLike) -> Floats:
    """Return the standard normal density at ``z``.

    Parameters
    ----------
    z
        Numbers [1], any shape.

    Returns
    -------
    Densities [1], same shape.

    Examples
    --------
    >>> normal_density([0.0]).round(4).tolist()
    [0.3989]
    """
    given = np.asarray(z, dtype=np.float64)
    return np.asarray(np.exp(-0.5 * given * given) / math.sqrt(2 * math.pi))


def two_sided_p(t: ArrayLike, freedom: ArrayLike) -> Floats:
    """Return the two-sided p value of Student's t; NaN where an argument is NaN.

    Parameters
    ----------
    t
        Statistics [1], any shape.
    freedom
        Degrees of freedom [1], greater than zero, broadcast with ``t``; infinite for the normal.

    Returns
    -------
    Probabilities [1] of the broadcast shape.

    Examples
    --------
    >>> two_sided_p([2.2281, 1.96], [10, np.inf]).round(4).tolist()
    [0.05, 0.05]
    """
    return np.asarray(_TWO_SIDED(np.asarray(t, float), np.asarray(freedom, float)), dtype=float)


def _two_sided(t: float, freedom: float) -> float:
    if math.isnan(t) or math.isnan(freedom):
        return math.nan
    if math.isinf(freedom):
        return math.erfc(abs(t) / math.sqrt(2))
    return 2 * student_tail(abs(t), freedom)


_TWO_SIDED = np.frompyfunc(_two_sided, 2, 1)


def student_quantile(probability: float, freedom: float) -> float:
    """Return the quantile of Student's t distribution.

    Parameters
    ----------
    probability
        Probability below the quantile [1], between 0.5 and 1.
    freedom
        Degrees of freedom [1], greater than zero, need not be whole.

    Notes
    -----
    Bisection on the tail ``I_x(freedom / 2, 1 / 2) / 2`` with ``x = freedom / (freedom + t^2)``
    down to adjacent floats, from the narrow interval around where Newton's method ends: a table
    of contrasts asks for hundreds of quantiles.

    Examples
    --------
    >>> round(student_quantile(0.975, 10), 4)
    2.2281
    """
    return _quantile(float(probability), float(freedom))


@functools.lru_cache(maxsize=4096)  # of one table after the other, with the same groups
def _quantile(probability: float, freedom: float) -> float:
    tail = 1 - probability
    low, high = _around_quantile(tail, freedom)
    for _ in range(_N_BISECTIONS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if student_tail(middle, freedom) > tail:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _around_quantile(tail: float, freedom: float) -> tuple[float, float]:
    """Return an interval that the quantile is in, narrow where Newton's method converges."""
    found = _newton_quantile(tail, freedom)
    if found is not None:
        for width in _WIDTHS:
            low, high = found * (1 - width), found * (1 + width)
            if student_tail(low, freedom) > tail >= student_tail(high, freedom):
                return low, high
    low, high = 0.0, 1.0
    while student_tail(high, freedom) > tail:
        high *= 2
    return low, high


def _newton_quantile(tail: float, freedom: float) -> float | None:
    """Return the quantile but for its last digits; None where the steps do not settle.

    The tail is convex and its quantile lies above that of the normal distribution, from where the
    steps go up and never past it.
    """
    if not (0 < tail < 1 / 2 and 0 < freedom < math.inf):
        return None
    t = -NormalDist().inv_cdf(tail)
    half = (freedom + 1) / 2
    log_density_0 = math.lgamma(half) - math.lgamma(freedom / 2) - math.log(freedom * math.pi) / 2
    for _ in range(_N_NEWTON):
        density = math.exp(log_density_0 - half * math.log1p(t * t / freedom))
        step = (student_tail(t, freedom) - tail) / density if density > 0 else math.nan
        t += step
        if not abs(step) > _NEWTON_TOLERANCE * t:
            return t if math.isfinite(step) else None
    return None


def student_tail(t: float, freedom: float) -> float:
    """Return the probability that Student's t is above ``t``.

    Parameters
    ----------
    t
        Statistic [1], not negative.
    freedom
        Degrees of freedom [1], greater than zero, need not be whole.

    Examples
    --------
    >>> round(student_tail(2.2281, 10), 4)
    0.025
    """
    if not freedom > 0 or t < 0:
        raise RangeError(
            f"student_tail: t {t:g} and {freedom:g} degrees of freedom; a t of at least 0 and more "
            "than 0 degrees of freedom are allowed. Give |t|, and check the number of patients."
        )
    return 0.5 * _incomplete_beta(freedom / 2, 0.5, freedom / (freedom + t * t))


def _incomplete_beta(a: float, b: float, x: float) -> float:
    """Regularised incomplete beta function by Lentz's continued fraction (DLMF 8.17.22)."""
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    if x > (a + 1) / (a + b + 2):
        return 1 - _incomplete_beta(b, a, 1 - x)
    log_front = (
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )
    c, d = 1.0, 1 / max(1 - (a + b) * x / (a + 1), _TINY)
    fraction = d
    for m in range(1, _N_BETA_TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1 / (1 + term * d or _TINY)
            c = 1 + term / c or _TINY
            fraction *= c * d
        if abs(c * d - 1) < _BETA_TOLERANCE:
            break
    return math.exp(log_front) / a * fraction
