"""Tolerances of the tests of the engine, each with its reason."""

ULP_ELEMENTARY = 1.0
"""exp, log, sin, cos, power: error in units in the last place, as documented."""

ULP_FURTHER = {"tan": 3.0, "sinh": 3.0, "cosh": 3.0, "tanh": 3.0, "factorial": 8.0}
ULP_FURTHER |= {"asinh": 2.0, "acosh": 2.0, "atanh": 2.0, "asin": 1.0, "acos": 1.0, "atan": 1.0}
"""Further functions: error in units in the last place, as documented."""

RELATIVE_ROUND_OFF = 1e-12
"""Linear algebra of well-scaled random matrices in float64."""

CLOSED_FORM = 2e-8
"""Integration at rtol 1e-8 against a formula, relative to the largest value."""

STIFF_REFEREE = 2e-6
"""Integration at rtol 1e-8 against SciPy Radau at rtol 1e-10, relative."""

CONSERVED = 1e-12
"""Linear invariants are kept by every Rosenbrock step up to round-off, relative."""

ORDER_SLACK = 0.25
"""Observed order of convergence against the theoretical one, by regression over four steps."""

ERROR_PER_RTOL = 30.0
"""Delivered error on a stiff problem in units of rtol: the local errors of a run add up."""

FLOAT32_FLOOR = 1e-4
"""Error of float32 at rtol 1e-6, relative: thousands of roundings of 6e-8 add up."""

MIXED_FLOOR = 2e-5
"""Error of float64 states with float32 increments at rtol 1e-6: that of the step control alone."""
