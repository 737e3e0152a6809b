"""Fits of the links from states to severity: plans, and what came out of them.

A plan (``<name>.yaml``) declares weights with their priors and the published contrasts; ``cohort
calibrate`` fits it and writes ``fitted/<name>.yaml``, from which conditions take their weights.
May import `cohort.facts`, `cohort.yaml_files`, `cohort.population.draws` and below;
`cohort.conditions` and `pipelines.calibrate` read it.
"""

from cohort.calibration.fitted_link import FittedLink, fitted_names, load_fitted

__all__ = ["FittedLink", "fitted_names", "load_fitted"]
