"""Tolerances of the population tests, each with its cause."""

QUANTILE_RELATIVE = 1e-14
"""Round-off: AS 241 claims 1e-16, `log` and SciPy's own quantile add a few ulps each."""

SMALLEST_P = 1e-4
"""Statistics: seeds are fixed, so a test either always passes or always fails; one in 10,000."""

STANDARD_ERRORS = 4.0
"""Statistics: sample means and shares against their exact values, in standard errors."""

MARGIN = 1e-8
"""Iteration: raking stops at 1e-9 in shares and standard deviations; ages are tens of years."""

CORRELATION = 0.03
"""Statistics: 20,000 draws give a standard error of 0.007; raking moves the cells a little."""

CYP2C19_EUROPEAN = 0.01
"""Between samples: 1.7 million Europeans (PMC9318053) against 1000 Genomes, 503 people: the
standard error of its allele shares is 1.3 % and Hardy-Weinberg is exact in neither."""

CYP2C19_ESTONIAN = 0.035
"""Between populations: *17 is commoner in Estonia (PMC6752278) than in 1000 Genomes Europeans."""

CYP2C19_KOREAN = 0.11
"""Between samples: 75 Koreans (PMC9318053), two standard errors of their largest share."""

CYP2D6_ESTONIAN = 0.015
"""Between populations: Estonians by sequencing (PMC6752278) against Europeans of 1000 Genomes."""

SLC6A4_SHARE = 0.05
"""Between samples: German controls (n = 1596) and 64 African Americans against Odgerel 2013; two
standard errors of the smaller sample are 8 %, of the larger 2 %."""

CREATININE_CLEARANCE = 0.10
"""Between samples and methods: measured clearance of Italians of 75 y (942 people, PMC2721425) and
of men of 30 y in Baltimore (Rowe 1976), against Cockcroft-Gault on sampled bodies."""

COMT_COUNTED = 0.04
"""Between samples: 202 White and 195 Black Americans, whose activities were told apart by a mixture
(McLeod 1994); one standard error of a share is 3.5 %, and Hardy-Weinberg smooths them."""

MAOA_SHARE = 0.15
"""Between samples: 38 men (Fowler 2007), two standard errors."""

REST_DRIFT = 1e-6
"""Solver: relative change of any state over four weeks at rest, at the tolerance of the test."""
