"""Elementary functions: accuracy against mpmath, edges, and independence from array layout."""

import mpmath
import numpy as np
import pytest
from kernels_tolerances import ULP_ELEMENTARY

from kernels import arithmetic

mpmath.mp.prec = 160
RNG = np.random.default_rng(20)
POINTS = {
    "exp": np.concatenate((RNG.uniform(-700, 709, 2000), RNG.uniform(-1, 1, 1000))),
    "log": np.concatenate((10.0 ** RNG.uniform(-300, 300, 2000), RNG.uniform(0.5, 2, 1000))),
    "sin": np.concatenate((RNG.uniform(-1e5, 1e5, 2000), RNG.uniform(-4, 4, 1000))),
    "cos": np.concatenate((RNG.uniform(-1e5, 1e5, 2000), RNG.uniform(-4, 4, 1000))),
}


def ulps(value, exact):
    return float(abs(mpmath.mpf(float(value)) - exact) / mpmath.mpf(float(np.spacing(abs(value)))))


@pytest.mark.parametrize("name", POINTS)
def test_values_are_within_the_documented_error(name):
    points = POINTS[name]
    values = getattr(arithmetic, name)(points)
    exact = [getattr(mpmath, name)(mpmath.mpf(float(x))) for x in points]
    assert max(map(ulps, values, exact)) < ULP_ELEMENTARY


@pytest.mark.parametrize(("spread", "most"), [(1.0, 3.0), (20.0, 14.0)])
def test_powers_are_within_the_documented_error(spread, most):
    base, exponent = 10.0 ** RNG.uniform(-spread, spread, 2000), RNG.uniform(-most, most, 2000)
    values = arithmetic.power(base, exponent)
    exact = [
        mpmath.power(mpmath.mpf(float(b)), mpmath.mpf(float(e)))
        for b, e in zip(base, exponent, strict=True)
    ]
    assert max(map(ulps, values, exact)) < ULP_ELEMENTARY


EDGES = [
    (arithmetic.exp, (800.0,), np.inf),
    (arithmetic.exp, (-800.0,), 0.0),
    (arithmetic.exp, (-np.inf,), 0.0),
    (arithmetic.exp, (np.nan,), np.nan),
    (arithmetic.log, (0.0,), -np.inf),
    (arithmetic.log, (-1.0,), np.nan),
    (arithmetic.log, (np.inf,), np.inf),
    (arithmetic.power, (2.0, 0.0), 1.0),
    (arithmetic.power, (np.nan, 0.0), 1.0),
    (arithmetic.power, (0.0, -1.0), np.inf),
    (arithmetic.power, (0.0, 0.5), 0.0),
    (arithmetic.power, (-1.0, 0.5), np.nan),
    (arithmetic.power, (np.inf, -2.0), 0.0),
    (arithmetic.power, (2.0, 1e9), np.inf),
    (arithmetic.power, (0.5, np.inf), 0.0),
    (arithmetic.sqrt, (-1.0,), np.nan),
    (arithmetic.sin, (np.inf,), np.nan),
    (arithmetic.cos, (np.nan,), np.nan),
]


@pytest.mark.parametrize(("function", "arguments", "expected"), EDGES)
def test_edges_give_the_limits_without_a_warning(function, arguments, expected):
    assert np.array_equal(function(*arguments), expected, equal_nan=True)


@pytest.mark.parametrize("name", POINTS)
def test_bits_do_not_depend_on_length_stride_or_alignment(name):
    function, points = getattr(arithmetic, name), POINTS[name]
    whole = function(points)
    assert np.array_equal(whole[::3], function(points[::3]))
    assert np.array_equal(whole[1:], function(points[1:]))
    assert np.array_equal(whole[:50], [float(function(x)) for x in points[:50]])
    assert np.array_equal(whole.reshape(3, -1), function(points.reshape(3, -1)))
