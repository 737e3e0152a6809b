"""What several generators read, read once: observations of drugs, the whole chemistry."""

import functools

from cohort.chemistry import system_names
from cohort.observations import Observation, load_observations
from pipelines.model_view import SystemView, view_systems

__all__ = ["CHEMISTRY_PARTS", "chemistry_views", "observations"]

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
