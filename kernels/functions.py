"""Further elementary functions whose bits are the same on every machine.

Tangent, inverse circular, hyperbolic and inverse hyperbolic functions, `floor` and `factorial`, in
the manner of `kernels.arithmetic`: the same steps stand in ``source/functions.hpp``, which enters a
kernel only where a program uses one of them. Reductions and coefficients are those of fdlibm (Sun
Microsystems 1993: s_atan.c, e_asin.c, e_acos.c, s_expm1.c, e_sinh.c, s_tanh.c, s_asinh.c,
e_acosh.c, e_atanh.c); the tangent is a quotient, and the logarithm of 1 + x is corrected for the
rounding of the sum.
"""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kernels import arithmetic
from kernels.arithmetic import exp, log

__all__ = [
    "acos",
    "acosh",
    "asin",
    "asinh",
    "atan",
    "atanh",
    "cosh",
    "factorial",
    "floor",
    "sinh",
    "tan",
    "tanh",
]

Floats = NDArray[np.float64]

_ATAN: Final = (
    3.33333333333329318027e-01,
    -1.99999999998764832476e-01,
    1.42857142725034663711e-01,
    -1.11111104054623557880e-01,
    9.09088713343650656196e-02,
    -7.69187620504482999495e-02,
    6.66107313738753120669e-02,
    -5.83357013379057348645e-02,
    4.97687799461593236017e-02,
    -3.65315727442169155270e-02,
    1.62858201153657823623e-02,
)
_ATAN_HIGH: Final = (
    4.63647609000806093515e-01,
    7.85398163397448278999e-01,
    9.82793723247329054082e-01,
    1.57079632679489655800e00,
)
_ATAN_LOW: Final = (
    2.26987774529616870924e-17,
    3.06161699786838301793e-17,
    1.39033110312309984516e-17,
    6.12323399573676603587e-17,
)
_ARC_P: Final = (
    1.66666666666666657415e-01,
    -3.25565818622400915405e-01,
    2.01212532134862925881e-01,
    -4.00555345006794114027e-02,
    7.91534994289814532176e-04,
    3.47933107596021167570e-05,
)
_ARC_Q: Final = (
    1.0,
    -2.40339491173441421878e00,
    2.02094576023350569471e00,
    -6.88283971605453293030e-01,
    7.70381505559019352791e-02,
)
_PI: Final = 3.14159265358979311600e00
_HALF_PI_LOW: Final = 6.12323399573676603587e-17
_QUARTER_PI: Final = 7.85398163397448278999e-01
_EXPM1_Q: Final = (
    1.0,
    -3.33333333333331316428e-02,
    1.58730158725481460165e-03,
    -7.93650757867487942473e-05,
    4.00821782732936239552e-06,
    -2.01099218183624371326e-07,
)
_LN2: Final = 6.93147180559945286227e-01
_FEWEST_EXPM1: Final = -40.0  # below, exp(x) - 1 is -1
_MOST_HALVED: Final = 22.0  # above, sinh and cosh are exp / 2 and take exp in two factors
_LARGE: Final = 268435456.0  # 2^28: above, the square and one are the square
_HALF: Final = 0.5  # up to here the series is in the argument itself
_MIDDLE: Final = 2.0  # up to here the inverse hyperbolic functions need log(1 + x)
_MOST_FRACTION: Final = 2251799813685248.0  # 2^51: from here on numbers are their own floor
_MOST_FACTORIAL: Final = 170


def tan(x: ArrayLike) -> Floats:
    """Return the tangent, within three units in the last place for angles up to 1e5.

    Parameters
    ----------
    x
        Angle [rad], any shape; beyond 2^30 the reduction has no digits left and gives NaN.

    Returns
    -------
    Same shape.

    Examples
    --------
    >>> float(tan(0.5))
    0.5463024898437905
    """
    with np.errstate(all="ignore"):
        return arithmetic.sin(x) / arithmetic.cos(x)


def atan(x: ArrayLike) -> Floats:
    """Return the angle whose tangent is ``x`` [rad], within one unit in the last place.

    Parameters
    ----------
    x
        Any shape.

    Returns
    -------
    Same shape, between -pi/2 and pi/2.

    Examples
    --------
    >>> float(atan(1.0))
    0.7853981633974483
    """
    x = np.asarray(x, np.float64)
    with np.errstate(all="ignore"):
        a = np.abs(x)
        above, below = a, np.ones_like(a)
        high, low = np.zeros_like(a), np.zeros_like(a)
        # x is taken to a point near it whose angle is known: 1/2, 1, 3/2, infinity
        bounds = (0.4375, 0.6875, 1.1875, 2.4375)
        tops = (2.0 * a - 1.0, a - 1.0, a - 1.5, np.full_like(a, -1.0))
        bottoms = (2.0 + a, a + 1.0, 1.0 + 1.5 * a, a)
        for index, bound in enumerate(bounds):
            beyond = a >= bound
            above = np.where(beyond, tops[index], above)
            below = np.where(beyond, bottoms[index], below)
            high = np.where(beyond, _ATAN_HIGH[index], high)
            low = np.where(beyond, _ATAN_LOW[index], low)
        r = above / below
        z = r * r
        w = z * z
        odd = z * _horner(w, _ATAN[0::2])
        even = w * _horner(w, _ATAN[1::2])
        value: Floats = high - ((r * (odd + even) - low) - r)
        return np.where(x < 0.0, -value, value)


def _arc_ratio(z: Floats) -> Floats:
    ratio: Floats = z * _horner(z, _ARC_P) / _horner(z, _ARC_Q)
    return ratio


def asin(x: ArrayLike) -> Floats:
    """Return the angle whose sine is ``x`` [rad], within one unit in the last place.

    Parameters
    ----------
    x
        Any shape; NaN outside -1 to 1.

    Returns
    -------
    Same shape, between -pi/2 and pi/2.

    Examples
    --------
    >>> float(asin(1.0))
    1.5707963267948966
    """
    x = np.asarray(x, np.float64)
    with np.errstate(all="ignore"):
        a = np.abs(x)
        small = a < _HALF
        z = np.where(small, a * a, (1.0 - a) * 0.5)
        r = _arc_ratio(z)
        root = np.sqrt(z)
        w = _truncated(root)
        c = (z - w * w) / (root + w)
        p = 2.0 * root * r - (_HALF_PI_LOW - 2.0 * c)
        q = _QUARTER_PI - 2.0 * w
        value = np.where(small, a + a * r, _QUARTER_PI - (p - q))
        value = np.where(a == 1.0, 2.0 * _QUARTER_PI, value)
        return np.where(x < 0.0, -value, value)


def acos(x: ArrayLike) -> Floats:
    """Return the angle whose cosine is ``x`` [rad], within one unit in the last place.

    Parameters
    ----------
    x
        Any shape; NaN outside -1 to 1.

    Returns
    -------
    Same shape, between 0 and pi.

    Examples
    --------
    >>> float(acos(0.0))
    1.5707963267948966
    """
    x = np.asarray(x, np.float64)
    with np.errstate(all="ignore"):
        a = np.abs(x)
        small = a < _HALF
        z = np.where(small, x * x, (1.0 - a) * 0.5)
        r = _arc_ratio(z)
        root = np.sqrt(z)
        w = _truncated(root)
        c = (z - w * w) / (root + w)
        middle = 2.0 * _QUARTER_PI - (x - (_HALF_PI_LOW - x * r))
        right = np.where(x == 1.0, 0.0, 2.0 * (w + (r * root + c)))
        left = _PI - 2.0 * (root + (r * root - _HALF_PI_LOW))
        return np.where(small, middle, np.where(x < 0.0, left, right))


def _expm1(x: Floats) -> Floats:
    """Return exp(x) - 1 (s_expm1.c); all cases of its scaling in one."""
    inside = np.where(x < _FEWEST_EXPM1, _FEWEST_EXPM1, x)
    inside = np.where(inside > arithmetic._EXP_OVERFLOW, arithmetic._EXP_OVERFLOW, inside)
    inside = np.where(np.isnan(inside), 0.0, inside)
    n = np.rint(inside * arithmetic._INV_LN2) + 0.0
    high = inside - n * arithmetic._LN2_HI
    low = n * arithmetic._LN2_LO
    r = high - low
    c = (high - r) - low
    half = 0.5 * r
    square = r * half
    r1 = _horner(square, _EXPM1_Q)
    t = 3.0 - r1 * half
    e = square * ((r1 - t) / (6.0 - r * t))
    e = (r * (e - c) - c) - square
    offset = 1.0 - arithmetic._scale(np.ones_like(n), -n)
    value = arithmetic._scale(offset - (e - r), n)
    value = np.where(x > arithmetic._EXP_OVERFLOW, np.inf, value)
    return np.where(np.isnan(x), x, value)


def _log1p(x: Floats) -> Floats:
    """Return log(1 + x): what the sum has lost is put back."""
    u = 1.0 + x
    return log(u) + np.where(u == np.inf, 0.0, (x - (u - 1.0)) / u)


def sinh(x: ArrayLike) -> Floats:
    """Return the hyperbolic sine, within three units in the last place.

    Parameters
    ----------
    x
        Any shape.

    Returns
    -------
    Same shape.

    Examples
    --------
    >>> float(sinh(1.0))
    1.1752011936438014
    """
    x = np.asarray(x, np.float64)
    with np.errstate(all="ignore"):
        a = np.abs(x)
        t = _expm1(a)
        ratio = t / (t + 1.0)
        value = 0.5 * np.where(a < 1.0, 2.0 * t - t * ratio, t + ratio)
        root = exp(0.5 * a)
        value = np.where(a >= _MOST_HALVED, (0.5 * root) * root, value)
        return np.where(x < 0.0, -value, value)


def cosh(x: ArrayLike) -> Floats:
    """Return the hyperbolic cosine, within three units in the last place.

    Parameters
    ----------
    x
        Any shape.

    Returns
    -------
    Same shape.

    Examples
    --------
    >>> float(cosh(0.0))
    1.0
    """
    x = np.asarray(x, np.float64)
    with np.errstate(all="ignore"):
        a = np.abs(x)
        is_large = a >= _MOST_HALVED
        w = exp(np.where(is_large, 0.5 * a, a))
        return np.where(is_large, (0.5 * w) * w, 0.5 * w + 0.5 / w)


def tanh(x: ArrayLike) -> Floats:
    """Return the hyperbolic tangent, within three units in the last place.

    Parameters
    ----------
    x
        Any shape.

    Returns
    -------
    Same shape, between -1 and 1.

    Examples
    --------
    >>> round(float(tanh(0.5)), 15)
    0.46211715726001
    """
    x = np.asarray(x, np.float64)
    with np.errstate(all="ignore"):
        a = np.abs(x)
        is_large = a >= 1.0
        t = _expm1(np.where(is_large, 2.0 * a, -2.0 * a))
        value = np.where(is_large, 1.0 - 2.0 / (t + 2.0), -t / (t + 2.0))
        return np.where(x < 0.0, -value, value)


def asinh(x: ArrayLike) -> Floats:
    """Return the inverse hyperbolic sine, within two units in the last place.

    Parameters
    ----------
    x
        Any shape.

    Returns
    -------
    Same shape.

    Examples
    --------
    >>> float(asinh(1.0))
    0.881373587019543
    """
    x = np.asarray(x, np.float64)
    with np.errstate(all="ignore"):
        a = np.abs(x)
        square = a * a
        root = np.sqrt(square + 1.0)
        middle = 2.0 * a + 1.0 / (root + a)
        argument = np.where(a > _LARGE, a, middle)
        value = log(argument) + np.where(a > _LARGE, _LN2, 0.0)
        near = _log1p(a + square / (1.0 + root))
        value = np.where(a > _MIDDLE, value, near)
        return np.where(x < 0.0, -value, value)


def acosh(x: ArrayLike) -> Floats:
    """Return the inverse hyperbolic cosine, within two units in the last place.

    Parameters
    ----------
    x
        Any shape; NaN below 1.

    Returns
    -------
    Same shape, not negative.

    Examples
    --------
    >>> float(acosh(1.0))
    0.0
    """
    x = np.asarray(x, np.float64)
    with np.errstate(all="ignore"):
        middle = 2.0 * x - 1.0 / (x + np.sqrt(x * x - 1.0))
        argument = np.where(x > _LARGE, x, middle)
        value = log(argument) + np.where(x > _LARGE, _LN2, 0.0)
        t = x - 1.0
        near = _log1p(t + np.sqrt(2.0 * t + t * t))
        value = np.where(x > _MIDDLE, value, near)
        return np.where(x < 1.0, np.nan, value)


def atanh(x: ArrayLike) -> Floats:
    """Return the inverse hyperbolic tangent, within two units in the last place.

    Parameters
    ----------
    x
        Any shape; infinite at -1 and 1, NaN outside.

    Returns
    -------
    Same shape.

    Examples
    --------
    >>> float(atanh(0.5))
    0.5493061443340548
    """
    x = np.asarray(x, np.float64)
    with np.errstate(all="ignore"):
        a = np.abs(x)
        t = a + a
        t = np.where(a < _HALF, t + t * a / (1.0 - a), t / (1.0 - a))
        value = 0.5 * _log1p(t)
        value = np.where(a > 1.0, np.nan, value)
        return np.where(x < 0.0, -value, value)


def floor(x: ArrayLike) -> Floats:
    """Return the greatest whole number that is not above ``x``.

    Parameters
    ----------
    x
        Any shape; from 2^51 on it comes back as it is, though halves remain up to 2^52.

    Returns
    -------
    Same shape.

    Examples
    --------
    >>> floor(np.array([1.5, -1.5])).tolist()
    [1.0, -2.0]
    """
    x = np.asarray(x, np.float64)
    inside = np.abs(x) < _MOST_FRACTION
    bounded = np.where(inside, x, 0.0)
    n = np.rint(bounded) + 0.0
    n = n - np.where(n > bounded, 1.0, 0.0)
    return np.where(inside, n, x)


def factorial(x: ArrayLike) -> Floats:
    """Return the product of the whole numbers up to ``x``.

    Parameters
    ----------
    x
        Any shape; NaN where negative or not whole, infinite above 170. Exact up to 22, within
        eight units in the last place above.

    Returns
    -------
    Same shape.

    Examples
    --------
    >>> factorial(np.array([0.0, 5.0, 2.5])).tolist()
    [1.0, 120.0, nan]
    """
    x = np.asarray(x, np.float64)
    with np.errstate(all="ignore"):
        value = np.ones_like(x)
        for factor in range(2, _MOST_FACTORIAL + 1):
            value = value * np.where(x >= factor, float(factor), 1.0)
        value = np.where(x > _MOST_FACTORIAL, np.inf, value)
        return np.where((x >= 0.0) & (floor(x) == x), value, np.nan)


def _horner(x: Floats, coefficients: tuple[float, ...]) -> Floats:
    return arithmetic._horner(x, coefficients)


def _truncated(x: Floats) -> Floats:
    return arithmetic._truncate(x)
