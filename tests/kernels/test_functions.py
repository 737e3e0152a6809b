"""Further elementary functions: accuracy against mpmath, edges, the bits of the compiled text."""

import mpmath
import numpy as np
import pytest
from kernels_compare import assert_same, run_both
from kernels_tolerances import ULP_FURTHER
from kernels_zoo import HOUR, further_functions

from kernels import Lanes, Schedule, Solver, functions

mpmath.mp.prec = 160
RNG = np.random.default_rng(21)
SIGNS = RNG.choice([-1.0, 1.0], 1000)
WIDE = 10.0 ** RNG.uniform(-10, 2.8, 1000) * SIGNS
NEAR = RNG.uniform(-3, 3, 1000)
UNIT = np.concatenate((RNG.uniform(-1, 1, 1000), 10.0 ** RNG.uniform(-10, 0, 1000) * SIGNS))
POINTS = {
    "tan": np.concatenate((RNG.uniform(-1e5, 1e5, 1000), NEAR)),
    "atan": np.concatenate((WIDE, NEAR)),
    "asin": UNIT,
    "acos": UNIT,
    "sinh": np.concatenate((WIDE, 10 * NEAR)),
    "cosh": np.concatenate((WIDE, 10 * NEAR)),
    "tanh": np.concatenate((WIDE, NEAR)),
    "asinh": np.concatenate((WIDE, NEAR, 1e12 * NEAR)),
    "acosh": np.concatenate((1 + np.abs(WIDE), 1 + np.abs(NEAR), 1 + 1e12 * np.abs(NEAR))),
    "atanh": UNIT,
    "factorial": np.arange(171.0),
}


def ulps(value, exact):
    return float(abs(mpmath.mpf(float(value)) - exact) / mpmath.mpf(float(np.spacing(abs(value)))))


@pytest.mark.parametrize("name", POINTS)
def test_values_are_within_the_documented_error(name):
    points = POINTS[name]
    values = getattr(functions, name)(points)
    exact = [getattr(mpmath, name)(mpmath.mpf(float(x))) for x in points]
    assert max(map(ulps, values, exact)) < ULP_FURTHER[name]


EDGES = [
    ("tan", np.inf, np.nan),
    ("atan", -np.inf, -np.pi / 2),
    ("atan", np.nan, np.nan),
    ("asin", -1.0, -np.pi / 2),
    ("asin", 1.0000000000000002, np.nan),
    ("acos", 1.0, 0.0),
    ("acos", -1.0, np.pi),
    ("acos", -2.0, np.nan),
    ("sinh", -800.0, -np.inf),
    ("sinh", np.nan, np.nan),
    ("cosh", -np.inf, np.inf),
    ("tanh", -np.inf, -1.0),
    ("tanh", np.nan, np.nan),
    ("asinh", -np.inf, -np.inf),
    ("asinh", 1e300, float(np.log(2) + np.log(1e300))),
    ("acosh", 0.999, np.nan),
    ("acosh", -np.inf, np.nan),
    ("acosh", np.inf, np.inf),
    ("atanh", 1.0, np.inf),
    ("atanh", -1.0, -np.inf),
    ("atanh", 1.5, np.nan),
    ("floor", -0.5, -1.0),
    ("floor", 1e300, 1e300),
    ("floor", np.nan, np.nan),
    ("floor", -np.inf, -np.inf),
    ("factorial", 171.0, np.inf),
    ("factorial", 2.5, np.nan),
    ("factorial", -1.0, np.nan),
    ("factorial", np.nan, np.nan),
]


@pytest.mark.parametrize(("name", "argument", "expected"), EDGES)
def test_edges_give_the_limits_without_a_warning(name, argument, expected):
    value = float(getattr(functions, name)(argument))
    assert value == pytest.approx(expected, rel=4e-16, abs=0.0, nan_ok=True)


def test_whole_numbers_are_below_their_number_by_less_than_one():
    points = np.concatenate((NEAR, WIDE, np.arange(-5.0, 5.0), [2.0**51 - 0.5, -(2.0**50) - 0.25]))
    assert np.array_equal(functions.floor(points), np.floor(points))


@pytest.mark.parametrize("n_double", [1, 8])
def test_registers_compute_the_bits_of_numpy(n_double):
    edges = [argument for _, argument, _ in EDGES if np.isfinite(argument)]
    points = np.concatenate((*POINTS.values(), edges, [0.0, -0.0, 5e-324, 1e-310]))
    lanes = Lanes(parameters=points[None], states=points[None])
    solver = Solver(fixed_step=1.0, max_steps=2)
    schedule = Schedule(t0=0, t1=HOUR)
    given, wanted = run_both(further_functions(), lanes, schedule, np.array([0]), solver, n_double)
    assert np.isfinite(wanted.observables).mean() > 0.5
    assert_same(given, wanted)
