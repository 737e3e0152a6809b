"""How close numbers of tables must be, and why."""

ROUND_OFF = 1e-12
"""Relative: the same formula in float64 in another order."""

FIXED_POINT = 1e-9
"""Absolute, in units of the column: steps of 2^-32 in sums, then a mean."""

QUANTILE = 1e-8
"""Relative: our t quantile against SciPy's; log-gammas of a million lose seven digits."""

PRINTED = 5e-5
"""Absolute: papers print four decimals."""

PRINTED_DIGITS = 1e-4
"""Relative: floats of formulas are printed with six digits, and some enter as differences."""

SAME_COURSE = 1e-5
"""Relative: a run that a change cuts in two takes other steps, each right to 1e-6."""

REST_DRIFT = 1e-6
"""Relative: a patient left alone drifts by round-off of fluxes."""
