"""Who a trial wants to treat: range, mean and spread of age, share of women, shares of ancestry.

A protocol and a condition give these numbers; `cohort.population.raking` meets them. Imports NumPy.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from cohort.errors import RangeError, UnknownNameError
from cohort.population.people import ANCESTRIES

__all__ = ["PopulationSpec"]

_YOUNGEST_Y = 18.0  # the table holds adults
_OLDEST_Y = 80.0  # NHANES reports every older age as 80
_NARROWEST_Y = 1.0  # ages are completed years: a narrower spread is one year or none
_SHARES_ROUND_OFF = 1e-6  # sum of written shares against 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PopulationSpec:
    """Margins of the population that a trial draws from.

    Parameters
    ----------
    age_min_y, age_max_y
        Youngest and oldest completed age let in [y], from 18 to 80; 80 stands for 80 and older.
    age_mean_y, age_sd_y
        Mean and standard deviation of age within that range [y]; at least 1 y of spread, unless
        the range is one age.
    female_fraction
        Share of women [1], from 0 to 1.
    ancestry_shares
        Share of each ancestry [1], those not named being 0, adding up to 1; None leaves ancestry
        as it falls in the unweighted table, which is no country's.

    Raises
    ------
    RangeError
        If a number is out of its range or the numbers contradict one another.
    UnknownNameError
        If an ancestry is not one of `cohort.population.people.ANCESTRIES`.

    Examples
    --------
    >>> spec = PopulationSpec(
    ...     age_min_y=18, age_max_y=65, age_mean_y=41, age_sd_y=12, female_fraction=0.62
    ... )
    >>> spec.ancestry_shares is None
    True
    """

    age_min_y: float
    age_max_y: float
    age_mean_y: float
    age_sd_y: float
    female_fraction: float
    ancestry_shares: Mapping[str, float] | None = None

    def __post_init__(self) -> None:
        _number("age_min_y", self.age_min_y, "y", _YOUNGEST_Y, _OLDEST_Y)
        _number("age_max_y", self.age_max_y, "y", _YOUNGEST_Y, _OLDEST_Y)
        _number("female_fraction", self.female_fraction, "1", 0.0, 1.0)
        if self.age_min_y > self.age_max_y:
            raise RangeError(
                f"population, age_min_y: {self.age_min_y:g} y; at most age_max_y, "
                f"{self.age_max_y:g} y, is allowed. Swap them."
            )
        _number("age_mean_y", self.age_mean_y, "y", self.age_min_y, self.age_max_y)
        # no distribution on the range spreads wider than one with all its weight at the ends
        below, above = self.age_mean_y - self.age_min_y, self.age_max_y - self.age_mean_y
        widest = math.sqrt(below * above)
        _number("age_sd_y", self.age_sd_y, "y", min(_NARROWEST_Y, widest), widest)
        if self.ancestry_shares is not None:
            object.__setattr__(self, "ancestry_shares", _shares(self.ancestry_shares))

    def __hash__(self) -> int:
        shares = None if self.ancestry_shares is None else tuple(self.ancestry_shares.items())
        ages = (self.age_min_y, self.age_max_y, self.age_mean_y, self.age_sd_y)
        return hash((ages, self.female_fraction, shares))


def _number(name: str, value: float, unit: str, low: float, high: float) -> None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not low <= value <= high:
        raise RangeError(
            f"population, {name}: {value!r} [{unit}]; from {low:g} to {high:g} [{unit}] is "
            "allowed. Change the value."
        )


def _shares(given: Mapping[str, float]) -> dict[str, float]:
    where = "population, ancestry_shares"
    if not isinstance(given, Mapping):
        raise RangeError(f"{where}: {given!r}; shares by ancestry are allowed. Write a mapping.")
    for name, share in given.items():
        if name not in ANCESTRIES:
            raise UnknownNameError(where, str(name), ANCESTRIES, "ancestry")
        _number(f"ancestry_shares.{name}", share, "1", 0.0, 1.0)
    total = math.fsum(given.values())
    if abs(total - 1) > _SHARES_ROUND_OFF:
        raise RangeError(
            f"{where}: they add up to {total:g} [1]; exactly 1 is allowed. Add the missing share."
        )
    return {name: given.get(name, 0.0) / total for name in ANCESTRIES}
