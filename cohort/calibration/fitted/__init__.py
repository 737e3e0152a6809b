"""Fitted links, one YAML file a fit, as `cohort calibrate` wrote them; not edited by hand."""
