"""Published models as their authors wrote them: referees for the engine, not parts of a patient.

Each file declares one model with the machinery of `cohort.model`; tests hold its steady state
and its responses against published numbers.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from cohort.model import Model
from cohort.reference.best2009 import best2009
from cohort.reference.best2010 import best2010
from cohort.reference.best2020 import best2020

__all__ = ["best2009", "best2010", "best2020", "reference_systems"]

_SYSTEMS: Mapping[str, Callable[[], Model]] = MappingProxyType(
    {"best2009": best2009, "best2010": best2010, "best2020": best2020}
)


def reference_systems() -> Mapping[str, Callable[[], Model]]:
    """Return the published models by name, each as a function that builds it.

    Returns
    -------
    Builders by name.

    Examples
    --------
    >>> sorted(reference_systems())
    ['best2009', 'best2010', 'best2020']
    >>> len(reference_systems()["best2010"]().system.states)
    9
    """
    return _SYSTEMS
