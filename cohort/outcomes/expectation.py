"""The non-specific part of unblinded treatments: one share for all of them."""

import functools
from importlib import resources

from cohort.errors import ConditionError
from cohort.facts import Declaration, PureNumber
from cohort.yaml_files import read_yaml_model

__all__ = ["expectation_share"]


class _Expectation(Declaration):
    share: PureNumber


@functools.cache
def expectation_share() -> float:
    """Return the improvement by expectation alone, over the improvement on placebo.

    Returns
    -------
    Share [1], the same for every unblinded treatment, whatever it is.

    Examples
    --------
    >>> expectation_share()
    0.144
    """
    file = resources.files("cohort.outcomes") / "expectation.yaml"
    with resources.as_file(file) as path:
        return read_yaml_model(path, _Expectation, error=ConditionError).share.number("1")
