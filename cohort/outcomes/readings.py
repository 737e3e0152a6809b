"""What outcomes read of the model: daily means, as departures from the untreated patient."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cohort.compounds import TARGETS

__all__ = ["DayDrivers", "rests_at_zero"]

Floats = NDArray[np.float64]

_OF_TARGETS: Final = frozenset(
    name
    for target in TARGETS.values()
    for name in (target.occupancy, target.net_block, *target.doors, *target.agonist_doors)
    if name
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DayDrivers:
    """Hold the daily means that outcomes read, as departures from the untreated patient.

    Parameters
    ----------
    readings
        By name of a state or rule of the model, shape ``(n_day, n_lane)`` [1]: the log ratio to the
        untreated level, or the level itself where that is 0 (`rests_at_zero`).

    Examples
    --------
    >>> DayDrivers(readings={"serotonin_extracellular": np.zeros((2, 3))}).n_day
    2
    """

    readings: Mapping[str, Floats]

    @property
    def shape(self) -> tuple[int, int]:
        """Number of days and of lanes.

        Examples
        --------
        >>> DayDrivers(readings={"serotonin_firing": np.zeros((7, 1))}).shape
        (7, 1)
        """
        n_day, n_lane = next(iter(self.readings.values())).shape
        return n_day, n_lane

    @property
    def n_day(self) -> int:
        """Number of days.

        Examples
        --------
        >>> DayDrivers(readings={"serotonin_firing": np.zeros((7, 1))}).n_day
        7
        """
        return self.shape[0]

    def get(self, name: str) -> Floats:
        """Return a reading; that of something the trial does not simulate is at rest, 0.

        Examples
        --------
        >>> DayDrivers(readings={"serotonin_firing": np.zeros((7, 1))}).get("motor_drive").shape
        (7, 1)
        """
        found = self.readings.get(name)
        return np.zeros(self.shape) if found is None else found


def rests_at_zero(name: str) -> bool:
    """Tell whether a quantity is 0 without treatment: what drugs do to a target.

    Parameters
    ----------
    name
        A state or rule of the model.

    Returns
    -------
    True for occupancies and doors of targets, which are read as they are; others as log ratios.

    Examples
    --------
    >>> [rests_at_zero(name) for name in ("occupancy_h1", "serotonin_extracellular")]
    [True, False]
    """
    return name in _OF_TARGETS
