"""Who may take part: the language of `cohort.population.criteria`, where protocols look for it."""

from cohort.population.criteria import CriterionText, parse_criterion

__all__ = ["CriterionText", "parse_criterion"]
