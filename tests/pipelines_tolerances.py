"""How close numbers of tables must be, and why."""

ROUND_OFF = 1e-12
"""Relative: the same formula in float64 in another order."""

FIXED_POINT = 1e-9
"""Absolute, in units of the column: steps of 2^-32 in sums, then a mean."""

QUANTILE = 1e-8
"""Relative: our t quantile against SciPy's; log-gammas of a million lose seven digits."""

PRINTED = 5e-5
"""Absolute: papers print four decimals."""
