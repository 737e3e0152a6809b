"""Elementary functions whose bits are the same on every machine.

Only additions, multiplications, divisions, square roots, comparisons and bit manipulation of
float64, in a written order: the same steps can be emitted for C++ and CUDA and then agree bit for
bit. NumPy's own ``exp``, ``log`` and ``power`` may differ between machines and array lengths.

The reductions and coefficients are those of fdlibm (Sun Microsystems 1993: e_exp.c, e_log.c,
e_pow.c, k_sin.c, k_cos.c). Imports NumPy only; the NumPy backend and patient columns enter here.
"""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["cos", "exp", "log", "power", "signed_power", "sin", "sqrt"]

Floats = NDArray[np.float64]

_LN2_HI: Final = 6.93147180369123816490e-01
_LN2_LO: Final = 1.90821492927058770002e-10
_INV_LN2: Final = 1.44269504088896338700e00
_EXP_OVERFLOW: Final = 7.09782712893383973096e02
_EXP_UNDERFLOW: Final = -7.45133219101941108420e02
_EXP_P: Final = (
    1.66666666666666019037e-01,
    -2.77777777770155933842e-03,
    6.61375632143793436117e-05,
    -1.65339022054652515390e-06,
    4.13813679705723846039e-08,
)
_LOG_EVEN: Final = (3.999999999940941908e-01, 2.222219843214978396e-01, 1.531383769920937332e-01)
_LOG_ODD: Final = (
    6.666666666666735130e-01,
    2.857142874366239149e-01,
    1.818357216161805012e-01,
    1.479819860511658591e-01,
)
_POW_L: Final = (
    5.99999999999994648725e-01,
    4.28571428578550184252e-01,
    3.33333329818377432918e-01,
    2.72728123808534006489e-01,
    2.30660745775561754067e-01,
    2.06975017800338417784e-01,
)
_CP: Final = 9.61796693925975554329e-01
_CP_HI: Final = 9.61796700954437255859e-01
_CP_LO: Final = -7.02846165095275826516e-09
_DP_HI: Final = 5.84962487220764160156e-01
_DP_LO: Final = 1.35003920212974897128e-08
_LG2: Final = 6.93147180559945286227e-01
_LG2_HI: Final = 6.93147182464599609375e-01
_LG2_LO: Final = -1.90465429995776804525e-09
_SIN: Final = (
    -1.66666666666666324348e-01,
    8.33333333332248946124e-03,
    -1.98412698298579493134e-04,
    2.75573137070700676789e-06,
    -2.50507602534068634195e-08,
    1.58969099521155010221e-10,
)
_COS: Final = (
    4.16666666666666019037e-02,
    -1.38888888888741095749e-03,
    2.48015872894767294178e-05,
    -2.75573143513906633035e-07,
    2.08757232129817482790e-09,
    -1.13596475577881948265e-11,
)
_HALF_PI: Final = (
    1.57079632673412561417e00,
    6.07710050630396597660e-11,
    2.02226624879595063154e-21,
)
_TWO_OVER_PI: Final = 6.36619772367581382433e-01
_MOST_ANGLE: Final = 1073741824.0
_TWO_54: Final = 18014398509481984.0
_SMALLEST_NORMAL: Final = 2.2250738585072014e-308
_SQRT_HALF: Final = 0.70710678118654757
_SQRT_3_4: Final = 0.8660254037844386
_SQRT_3: Final = 1.7320508075688772
_MANTISSA: Final = np.int64(0x000FFFFFFFFFFFFF)
_HIGH_WORD: Final = np.int64(-0x100000000)
_ONE_BITS: Final = np.int64(0x3FF0000000000000)
_BIAS: Final = 1023
_MANTISSA_WIDTH: Final = 52
_POW_OVERFLOW: Final = 1025.0
_POW_UNDERFLOW: Final = -1080.0


def sqrt(x: ArrayLike) -> Floats:
    """Return the square root, correctly rounded as IEEE 754 demands.

    Parameters
    ----------
    x
        Any shape; NaN where negative.

    Returns
    -------
    Same shape.

    Examples
    --------
    >>> float(sqrt(9.0))
    3.0
    """
    with np.errstate(invalid="ignore"):
        return np.sqrt(np.asarray(x, np.float64))


def exp(x: ArrayLike) -> Floats:
    """Return e to the power of ``x``, within one unit in the last place.

    Parameters
    ----------
    x
        Exponent [1], any shape; overflow gives infinity, underflow zero, NaN stays NaN.

    Returns
    -------
    Same shape.

    Examples
    --------
    >>> round(float(exp(1.0)), 14), float(exp(-1000.0))
    (2.71828182845905, 0.0)
    """
    x = np.asarray(x, np.float64)
    with np.errstate(all="ignore"):
        inside = np.where((x <= _EXP_OVERFLOW) & (x >= _EXP_UNDERFLOW), x, 0.0)
        n = np.rint(inside * _INV_LN2)
        hi = inside - n * _LN2_HI
        lo = n * _LN2_LO
        r = hi - lo
        square = r * r
        c = r - square * _horner(square, _EXP_P)
        value = 1.0 - ((lo - (r * c) / (2.0 - c)) - hi)
        value = _scale(value, n)
        value = np.where(x > _EXP_OVERFLOW, np.inf, value)
        value = np.where(x < _EXP_UNDERFLOW, 0.0, value)
        return np.where(np.isnan(x), x, value)


def log(x: ArrayLike) -> Floats:
    """Return the natural logarithm, within one unit in the last place.

    Parameters
    ----------
    x
        Any shape; zero gives minus infinity, negative numbers NaN.

    Returns
    -------
    Same shape.

    Examples
    --------
    >>> float(log(1.0)), float(log(0.0))
    (0.0, -inf)
    """
    x = np.asarray(x, np.float64)
    with np.errstate(all="ignore"):
        positive = np.where((x > 0.0) & (x < np.inf), x, 1.0)
        mantissa, exponent = _split(positive, _SQRT_HALF)
        f = mantissa - 1.0
        s = f / (2.0 + f)
        z = s * s
        w = z * z
        remainder = w * _horner(w, _LOG_EVEN) + z * _horner(w, _LOG_ODD)
        half_square = 0.5 * f * f
        correction = s * (half_square + remainder) + exponent * _LN2_LO
        value = exponent * _LN2_HI - ((half_square - correction) - f)
        value = np.where(x == 0.0, -np.inf, value)
        value = np.where(x == np.inf, np.inf, value)
        return np.where((x < 0.0) | np.isnan(x), np.nan, value)


def power(x: ArrayLike, y: ArrayLike) -> Floats:
    """Return ``x`` to the power ``y`` for ``x`` not negative, within two units in the last place.

    Parameters
    ----------
    x
        Base, not negative (a negative base gives NaN unless ``y`` is 0), any shape.
    y
        Exponent, broadcast against ``x``.

    Returns
    -------
    Broadcast shape; anything to the power 0 is 1.

    Examples
    --------
    >>> round(float(power(4.0, 0.5)), 14), float(power(0.0, 2.0))
    (2.0, 0.0)
    """
    x, y = np.broadcast_arrays(np.asarray(x, np.float64), np.asarray(y, np.float64))
    with np.errstate(all="ignore"):
        regular = (x > 0.0) & (x < np.inf) & np.isfinite(y)
        base = np.where(regular, x, 1.0)
        exponent = np.where(regular, y, 1.0)
        log_hi, log_lo = _log2_in_two(base)
        y_hi = _truncate(exponent)
        low = (exponent - y_hi) * log_hi + exponent * log_lo
        high = y_hi * log_hi
        value = _exp2_in_two(high, low)
        grows = (x > 1.0) == (y > 0.0)
        value = np.where(np.isinf(y), np.where(x == 1.0, 1.0, np.where(grows, np.inf, 0.0)), value)
        edge = (x == 0.0) | (x == np.inf)
        edge_value = np.where((x == 0.0) == (y < 0.0), np.inf, 0.0)
        value = np.where(edge, edge_value, value)
        value = np.where((x < 0.0) | np.isnan(x) | np.isnan(y), np.nan, value)
        return np.where(y == 0.0, 1.0, value)


def signed_power(x: ArrayLike, y: ArrayLike) -> Floats:
    """Return ``x`` to the power ``y``, of a negative ``x`` too where ``y`` is a whole number.

    Parameters
    ----------
    x
        Base, any shape; a negative one gives NaN where ``y`` is not whole.
    y
        Exponent, broadcast against ``x``.

    Returns
    -------
    Broadcast shape, with the bits of `power` where ``x`` is not negative.

    Examples
    --------
    >>> signed_power(-2.0, [2.0, 3.0, 0.5]).round(12).tolist()
    [4.0, -8.0, nan]
    """
    x, y = np.broadcast_arrays(np.asarray(x, np.float64), np.asarray(y, np.float64))
    value = power(np.abs(x), y)
    below = x < 0.0
    if not below.any():
        return value
    with np.errstate(all="ignore"):
        half, whole = y * 0.5, np.floor(y) == y
        turned = np.where(whole & (np.floor(half) != half), -value, value)
        return np.where(below, np.where(whole, turned, np.nan), value)


def sin(x: ArrayLike) -> Floats:
    """Return the sine, within two units in the last place for angles up to 1e5.

    Parameters
    ----------
    x
        Angle [rad], any shape; beyond 2^30 the reduction has no digits left and gives NaN.

    Returns
    -------
    Same shape.

    Examples
    --------
    >>> float(sin(0.5))
    0.479425538604203
    """
    return _circular(np.asarray(x, np.float64), 0)


def cos(x: ArrayLike) -> Floats:
    """Return the cosine, within two units in the last place for angles up to 1e5.

    Parameters
    ----------
    x
        Angle [rad], any shape; beyond 2^30 the reduction has no digits left and gives NaN.

    Returns
    -------
    Same shape.

    Examples
    --------
    >>> float(cos(0.0))
    1.0
    """
    return _circular(np.asarray(x, np.float64), 1)


def _horner(x: Floats, coefficients: tuple[float, ...]) -> Floats:
    value = np.full_like(x, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        value = coefficient + x * value
    return value


def _power_of_two(n: NDArray[np.int64]) -> Floats:
    return ((n + _BIAS) << _MANTISSA_WIDTH).view(np.float64)


def _scale(x: Floats, n: Floats) -> Floats:
    # two factors: one alone overflows at n = 1024 and loses the subnormal numbers
    whole = np.atleast_1d(n).astype(np.int64)
    first = whole >> 1
    scaled = np.atleast_1d(x) * _power_of_two(first) * _power_of_two(whole - first)
    return scaled.reshape(np.shape(x))


def _split(x: Floats, lowest: float) -> tuple[Floats, Floats]:
    """Return mantissa in [lowest, 2 lowest) and exponent of positive finite numbers."""
    shape = np.shape(x)
    x = np.atleast_1d(x)
    subnormal = x < _SMALLEST_NORMAL
    bits = np.where(subnormal, x * _TWO_54, x).view(np.int64)
    exponent = (bits >> _MANTISSA_WIDTH) - _BIAS - np.where(subnormal, 54, 0)
    mantissa = ((bits & _MANTISSA) | _ONE_BITS).view(np.float64)
    high = mantissa >= 2.0 * lowest
    mantissa = np.where(high, 0.5 * mantissa, mantissa)
    exponent = exponent + high
    return mantissa.reshape(shape), exponent.astype(np.float64).reshape(shape)


def _truncate(x: Floats) -> Floats:
    shape = np.shape(x)
    high = (np.atleast_1d(x).copy().view(np.int64) & _HIGH_WORD).view(np.float64)
    return high.reshape(shape)


def _log2_in_two(x: Floats) -> tuple[Floats, Floats]:
    """Return log2(x) as a short head and a tail (fdlibm e_pow.c)."""
    mantissa, n = _split(x, _SQRT_3_4)
    upper = mantissa >= _SQRT_3 / np.sqrt(2.0)
    anchor = np.where(upper, 1.5, 1.0)
    u = mantissa - anchor
    v = 1.0 / (mantissa + anchor)
    ss = u * v
    s_hi = _truncate(ss)
    t_hi = _truncate(mantissa + anchor)
    t_lo = mantissa - (t_hi - anchor)
    s_lo = v * ((u - s_hi * t_hi) - s_hi * t_lo)
    s2 = ss * ss
    r = s2 * s2 * _horner(s2, _POW_L)
    r = r + s_lo * (s_hi + ss)
    s2 = s_hi * s_hi
    t_hi = _truncate(3.0 + s2 + r)
    t_lo = r - ((t_hi - 3.0) - s2)
    u = s_hi * t_hi
    v = s_lo * t_hi + t_lo * ss
    p_hi = _truncate(u + v)
    p_lo = v - (p_hi - u)
    z_hi = _CP_HI * p_hi
    z_lo = _CP_LO * p_hi + p_lo * _CP + np.where(upper, _DP_LO, 0.0)
    dp_hi = np.where(upper, _DP_HI, 0.0)
    head = _truncate(((z_hi + z_lo) + dp_hi) + n)
    tail = z_lo - (((head - n) - dp_hi) - z_hi)
    return head, tail


def _exp2_in_two(high: Floats, low: Floats) -> Floats:
    """Return 2 to the power ``high + low`` (fdlibm e_pow.c)."""
    z = high + low
    finite = (z < _POW_OVERFLOW) & (z > _POW_UNDERFLOW)
    high, low = np.where(finite, high, 0.0), np.where(finite, low, 0.0)
    n = np.rint(np.where(finite, z, 0.0))
    high = high - n
    t = _truncate(low + high)
    u = t * _LG2_HI
    v = (low - (t - high)) * _LG2 + t * _LG2_LO
    z_sum = u + v
    w = v - (z_sum - u)
    t = z_sum * z_sum
    t1 = z_sum - t * _horner(t, _EXP_P)
    r = (z_sum * t1) / (t1 - 2.0) - (w + z_sum * w)
    value = _scale(1.0 - (r - z_sum), n)
    return np.where(finite, value, np.where(z > 0.0, np.inf, 0.0))


def _circular(x: Floats, quarter: int) -> Floats:
    with np.errstate(all="ignore"):
        inside = np.abs(x) <= _MOST_ANGLE
        angle = np.where(inside, x, 0.0)
        n = np.rint(angle * _TWO_OVER_PI) + 0.0  # never -0.0
        first = angle - n * _HALF_PI[0]
        tail = n * _HALF_PI[1]
        r = first - tail
        low = ((first - r) - tail) - n * _HALF_PI[2]
        quadrant = (n.astype(np.int64) + quarter) & 3
        odd = (quadrant & 1) == 1
        value = np.where(odd, _cos_kernel(r, low), _sin_kernel(r, low))
        value = np.where(quadrant > 1, -value, value)
        return np.where(inside, value, np.nan)


def _sin_kernel(x: Floats, tail: Floats) -> Floats:
    z = x * x
    v = z * x
    r = _horner(z, _SIN[1:])
    return x - ((z * (0.5 * tail - v * r) - tail) - v * _SIN[0])


def _cos_kernel(x: Floats, tail: Floats) -> Floats:
    z = x * x
    r = z * _horner(z, _COS)
    half = 0.5 * z
    w = 1.0 - half
    return w + (((1.0 - w) - half) + (z * r - x * tail))
