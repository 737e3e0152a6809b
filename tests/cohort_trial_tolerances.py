"""Tolerances of the trial tests, each with its reason."""

ADHERENCE_MEAN = 0.012
"""Statistics: 5,000 patients whose probabilities have an SD of 0.3 at most, SE 0.004, three SE."""
LOGIT_MEAN = 5e-4
"""256 quantiles stand for the normal distribution; the tails beyond the outermost are left out."""
