"""Who a trial wants to treat: age, sex, ancestry, smoking and body, as margins of real people.

A protocol and a condition give these numbers; `cohort.population.raking` meets them. Imports NumPy.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from cohort.errors import RangeError, UnknownNameError
from cohort.population.people import ANCESTRIES, BMI_CLASSES

__all__ = ["HEAVIEST_KG", "LIGHTEST_KG", "PopulationSpec"]

LIGHTEST_KG = 25.0
"""Smallest weight of an adult that is no slip of the pen [kg]."""
HEAVIEST_KG = 350.0
"""Largest weight of an adult that is no slip of the pen [kg]."""

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
        the range is one age. None, both, leaves age as it falls among the people, and so does None
        in every margin below. As the packaged people fall is no country's.
    female_fraction
        Share of women [1], from 0 to 1.
    ancestry_shares
        Share of each ancestry [1], those not named being 0, adding up to 1.
    smoker_fraction
        Share of current smokers [1].
    weight_mean_kg
        Mean weight [kg].
    bmi_shares
        Share of each class of `cohort.population.people.BMI_CLASSES` [1], those not named being 0,
        adding up to 1.
    records
        Path of a file of people, as `cohort.population.records.load_people_file` reads it; None
        takes the packaged people.

    Raises
    ------
    RangeError
        If a number is out of its range or the numbers contradict one another.
    UnknownNameError
        If an ancestry or a class of body mass index is not known.

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
    age_mean_y: float | None = None
    age_sd_y: float | None = None
    female_fraction: float | None = None
    ancestry_shares: Mapping[str, float] | None = None
    smoker_fraction: float | None = None
    weight_mean_kg: float | None = None
    bmi_shares: Mapping[str, float] | None = None
    records: str | None = None

    def __post_init__(self) -> None:
        _number("age_min_y", self.age_min_y, "y", _YOUNGEST_Y, _OLDEST_Y)
        _number("age_max_y", self.age_max_y, "y", _YOUNGEST_Y, _OLDEST_Y)
        if self.age_min_y > self.age_max_y:
            raise RangeError(
                f"population, age_min_y: {self.age_min_y:g} y; at most age_max_y, "
                f"{self.age_max_y:g} y, is allowed. Swap them."
            )
        self._check_age()
        for name in ("female_fraction", "smoker_fraction"):
            if getattr(self, name) is not None:
                _number(name, getattr(self, name), "1", 0.0, 1.0)
        if self.weight_mean_kg is not None:
            _number("weight_mean_kg", self.weight_mean_kg, "kg", LIGHTEST_KG, HEAVIEST_KG)
        for name, known, kind in (
            ("ancestry_shares", ANCESTRIES, "ancestry"),
            ("bmi_shares", tuple(BMI_CLASSES), "class"),
        ):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, _shares(name, getattr(self, name), known, kind))
        if self.records is not None and not (isinstance(self.records, str) and self.records):
            raise RangeError(
                f"population, records: {self.records!r}; the path of a file is allowed. Write it."
            )

    def _check_age(self) -> None:
        mean, spread = self.age_mean_y, self.age_sd_y
        if mean is None and spread is None:
            return
        if mean is None or spread is None:
            given = "age_sd_y" if mean is None else "age_mean_y"
            raise RangeError(
                f"population, {given}: given alone; mean and standard deviation of age are allowed "
                "together. Add or drop one."
            )
        _number("age_mean_y", mean, "y", self.age_min_y, self.age_max_y)
        # no distribution on the range spreads wider than one with all its weight at the ends
        below, above = mean - self.age_min_y, self.age_max_y - mean
        widest = math.sqrt(below * above)
        _number("age_sd_y", spread, "y", min(_NARROWEST_Y, widest), widest)

    def __hash__(self) -> int:
        margins = (getattr(self, name) for name in self.__slots__)
        return hash(
            tuple(tuple(one.items()) if isinstance(one, Mapping) else one for one in margins)
        )


def _number(name: str, value: float, unit: str, low: float, high: float) -> None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not low <= value <= high:
        raise RangeError(
            f"population, {name}: {value!r} [{unit}]; from {low:g} to {high:g} [{unit}] is "
            "allowed. Change the value."
        )


def _shares(
    name: str, given: Mapping[str, float], known: tuple[str, ...], kind: str
) -> dict[str, float]:
    where = f"population, {name}"
    if not isinstance(given, Mapping):
        raise RangeError(f"{where}: {given!r}; shares by {kind} are allowed. Write a mapping.")
    for level, share in given.items():
        if level not in known:
            raise UnknownNameError(where, str(level), known, kind)
        _number(f"{name}.{level}", share, "1", 0.0, 1.0)
    total = math.fsum(given.values())
    if abs(total - 1) > _SHARES_ROUND_OFF:
        raise RangeError(
            f"{where}: they add up to {total:g} [1]; exactly 1 is allowed. "
            f"{'Add the missing share' if total < 1 else 'Lower one of them'}."
        )
    return {level: given.get(level, 0.0) / total for level in known}
