"""Compare the compiled kernel with its referee, bit for bit."""

import numpy as np

from kernels import lower
from kernels.backends.native_backend import NativeBackend
from kernels.backends.numpy_backend import NumpyBackend
from kernels.integrate import _fitting


def bits(array):
    """Return the bits of numbers; every NaN counts as the same."""
    return np.where(np.isnan(array), np.nan, array).view(np.int64)


def assert_same(given, wanted):
    """Fail unless two solutions have the same bits."""
    assert np.array_equal(given.codes, wanted.codes)
    assert np.array_equal(given.accepted, wanted.accepted)
    assert np.array_equal(given.rejected, wanted.rejected)
    for name in ("observables", "failure_times"):
        assert np.array_equal(bits(getattr(given, name)), bits(getattr(wanted, name))), name
    for name in ("states", "quadratures", "step_sizes", "restart_sizes"):
        assert np.array_equal(bits(getattr(given.end, name)), bits(getattr(wanted.end, name))), name


def run_both(system, lanes, schedule, saves, solver, n_double=None):
    """Return the solutions of the compiled kernel and of NumPy."""
    program = lower(system)
    lanes = _fitting(system, lanes)
    arguments = (system, program, lanes, schedule, saves, solver)
    return NativeBackend(n_double).run(*arguments), NumpyBackend().run(*arguments)
