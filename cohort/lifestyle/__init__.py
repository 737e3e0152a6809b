"""Lifestyle: what people do besides taking drugs, as inputs to mechanisms, one YAML file each.

A lifestyle shifts parameters of the model, all day or in a window of the day, and says what people
are (a smoker). It never holds a score: what it does to severity follows from the states, and from
one expectation that all unblinded treatments share. May import `cohort.chemistry`, `cohort.facts`,
`cohort.model` and `cohort.yaml_files`; `cohort.trial` and `cohort.simulate` read it.
"""

from cohort.lifestyle.lifestyle import (
    Finding,
    Lifestyle,
    LifestyleInput,
    lifestyle_names,
    load_lifestyle,
)

__all__ = ["Finding", "Lifestyle", "LifestyleInput", "lifestyle_names", "load_lifestyle"]
