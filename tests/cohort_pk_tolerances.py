"""Tolerances of the tests of drugs and pharmacokinetics, each with its cause."""

CLOSED_FORM_RTOL = 1e-6
"""Solver at rtol 1e-9 over 300 h and up to six doses, against exact formulas."""

SCIPY_RTOL = 1e-5
"""Two solvers, each with its own error, on a stiff non-linear system."""

ROUND_OFF_RTOL = 1e-9
"""Sums and quotients of the same numbers in another order."""

SOLVER_RTOL = 1e-4
"""Ratios of two solutions at rtol 1e-6."""
