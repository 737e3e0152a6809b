"""Tolerances of the tests of outcomes, each with its reason."""

EXACT = 1e-12
"""Closed forms in float64: round-off only."""

SAMPLED_SHARE = 0.02
"""A share over 4,000 draws: more than two standard errors of a proportion near 0.3."""

SAMPLED_MEAN = 0.03
"""A mean over 4,000 draws of spread 0.5 to 1, relative."""
