"""What several generators read, read once: observations, experiments, the whole chemistry."""

import functools

from cohort.chemistry import system_names
from cohort.experiments import Experiment, experiment_topics, load_experiments
from cohort.observations import Observation, load_observations
from pipelines.model_view import SystemView, view_systems

__all__ = ["CHEMISTRY_PARTS", "chemistry_views", "experiments", "observations"]

CHEMISTRY_PARTS = (*system_names(), "crosstalk", "balance")
"""Every system, those outside of the whole too, then what joins them."""


@functools.cache
def chemistry_views() -> tuple[SystemView, ...]:
    """Return the record of every part of the chemistry.

    Examples
    --------
    >>> chemistry_views()[0].name
    'precursors'
    """
    return view_systems(CHEMISTRY_PARTS)


@functools.cache
def observations() -> tuple[Observation, ...]:
    """Return the published observations of all drugs.

    Examples
    --------
    >>> observations.__name__  # reading all takes seconds
    'observations'
    """
    return load_observations()


@functools.cache
def experiments() -> tuple[Experiment, ...]:
    """Return the published experiments on the chemistry.

    Examples
    --------
    >>> experiments.__name__  # reading all takes seconds
    'experiments'
    """
    return tuple(one for topic in experiment_topics() for one in load_experiments(topic))
