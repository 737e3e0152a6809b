"""Tolerances of the tests of conditions, each with its reason."""

MONTHLY_DRIFT = 1e-4
"""Settling: what the conditions state; relative change of a state in a further month."""

PATIENT_AGAIN = 1e-4
"""Rhythm: receptors of weeks still adapt to meals a week after an even supply; ln of daily means
moves by 2.5e-5 at most, in scores less than a hundredth of a point."""

STANDARD_ERRORS = 4.0
"""Statistics: sample means against exact or published ones, in standard errors."""

AGE_Y = 1.0
"""Statistics: a mean age of 400 patients of spread 6 to 13 y has a standard error up to 0.65 y."""

SHARE = 0.1
"""Statistics: a share of women of 400 patients has a standard error of 0.025."""
