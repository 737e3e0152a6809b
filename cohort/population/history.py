"""What a patient has been through: episodes, failed trials, years of illness, other medicines.

A condition describes each as a distribution; what it leaves out is no column. They are labels for
criteria and strata: nothing in the model reads them. `cohort.conditions` declares a
`PatientHistory`, `cohort.population.population` draws from it. Imports NumPy and pydantic.
"""

import math
from typing import Annotated, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field, model_validator

from cohort.facts import Declaration, Fact, PureNumber, quantity_in
from cohort.population.draws import categorical, lognormals, uniforms

__all__ = ["Categories", "Lognormal", "PatientHistory", "Poisson", "sample_history"]

_MOST_EVENTS = 50.0  # larger means are no counts of episodes; its distribution function still sums
_SHARES_ROUND_OFF = 1e-9  # sum of written shares against 1
_TAIL = 1e-17  # a term of the Poisson sum below it changes no double beside 1

Level = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_ ]*$")]
Years = Annotated[Fact, quantity_in("year", minimum=0.0)]


class Poisson(Declaration):
    """A count whose variance is its mean.

    Examples
    --------
    >>> mean = Fact(value=1.5, mark="assumed", source="example")
    >>> Poisson(poisson_mean=mean).poisson_mean.number("1")
    1.5
    """

    poisson_mean: PureNumber

    @model_validator(mode="after")
    def _check(self) -> Self:
        mean = self.poisson_mean.number("1")
        if not 0 <= mean <= _MOST_EVENTS:
            raise ValueError(
                f"poisson_mean: {mean:g}; from 0 to {_MOST_EVENTS:g} is allowed. Change the value."
            )
        return self


class Lognormal(Declaration):
    """A length of time whose logarithm is normal; half of the patients are below the median.

    Examples
    --------
    >>> median = Fact(value="10 year", mark="assumed", source="example")
    >>> cv = Fact(value="80 %", mark="assumed", source="example")
    >>> Lognormal(lognormal_median=median, cv=cv).cv.number("1")
    0.8
    """

    lognormal_median: Years
    cv: PureNumber

    @model_validator(mode="after")
    def _check(self) -> Self:
        median, cv = self.lognormal_median.number("year"), self.cv.number("1")
        if median <= 0 or cv < 0:
            raise ValueError(
                f"lognormal_median {median:g} year, cv {cv:g}; a median greater than 0 and a cv of "
                "at least 0 are allowed. Change them."
            )
        return self


class Categories(Declaration):
    """Levels with their shares, which add up to 1.

    Examples
    --------
    >>> half = Fact(value=0.5, mark="assumed", source="example")
    >>> tuple(Categories(shares={"none": half, "some": half}).shares)
    ('none', 'some')
    """

    shares: Annotated[dict[Level, PureNumber], Field(min_length=1)]

    @model_validator(mode="after")
    def _check(self) -> Self:
        shares = [fact.number("1") for fact in self.shares.values()]
        if min(shares) < 0 or abs(math.fsum(shares) - 1) > _SHARES_ROUND_OFF:
            raise ValueError(
                f"shares: from {min(shares):g}, {math.fsum(shares):g} in sum; numbers of at least "
                "0 that add up to 1 are allowed. Correct them."
            )
        return self


class PatientHistory(Declaration):
    """What patients of a condition bring with them; None is not described.

    Parameters
    ----------
    previous_episodes
        Episodes before this one.
    earlier_nonresponse
        Adequate trials of treatment that failed.
    disease_duration_y
        Years since the first symptoms.
    comedication
        Other medicines that are taken, as levels such as ``none`` or ``cyp2d6 inhibitor``. They act
        on nothing: a drug that acts is a regimen of its own.

    Examples
    --------
    >>> PatientHistory().previous_episodes is None
    True
    """

    previous_episodes: Poisson | None = None
    earlier_nonresponse: Poisson | None = None
    disease_duration_y: Lognormal | None = None
    comedication: Categories | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Columns that are described.

        Examples
        --------
        >>> PatientHistory().names
        ()
        """
        return tuple(name for name in type(self).model_fields if getattr(self, name) is not None)


def sample_history(
    patient_ids: ArrayLike,
    seed: int,
    history: PatientHistory,
    age_y: ArrayLike,
    draw: ArrayLike = 0,
) -> dict[str, NDArray[np.float64] | NDArray[np.str_]]:
    """Return what patients have been through.

    Parameters
    ----------
    patient_ids, seed, draw
        As in `cohort.population.draws.uniforms`.
    history
        What is described.
    age_y
        Age [y], shape ``(n_lane,)``: nobody has been ill for longer.

    Returns
    -------
    Arrays of shape ``(n_lane,)`` by name, those that are described: previous_episodes [1],
    earlier_nonresponse [1], disease_duration_y [y], comedication.

    Notes
    -----
    Independent of one another; only the years of illness know the age, which cuts them off.

    Examples
    --------
    >>> mean = Fact(value=1.5, mark="assumed", source="example")
    >>> history = PatientHistory(previous_episodes=Poisson(poisson_mean=mean))
    >>> found = sample_history(np.arange(4000), 7, history, np.full(4000, 40.0))
    >>> round(float(found["previous_episodes"].mean()), 1)
    1.5
    """
    columns: dict[str, NDArray[np.float64] | NDArray[np.str_]] = {}
    for name in history.names:
        described = getattr(history, name)
        decision = f"history:{name}"
        if isinstance(described, Poisson):
            bounds = _poisson_bounds(described.poisson_mean.number("1"))
            chance = uniforms(seed, patient_ids, decision, draw)
            columns[name] = np.searchsorted(bounds, chance, side="right").astype(np.float64)
        elif isinstance(described, Lognormal):
            cv = described.cv.number("1")
            years = lognormals(
                seed,
                patient_ids,
                decision,
                draw,
                median=described.lognormal_median.number("year"),
                sd_log=math.sqrt(math.log1p(cv * cv)),
            )
            columns[name] = np.minimum(years, np.asarray(age_y, dtype=np.float64))
        else:
            shares = [fact.number("1") for fact in described.shares.values()]
            chosen = categorical(seed, patient_ids, decision, shares, draw)
            columns[name] = np.array(list(described.shares))[chosen]
    return columns


def _poisson_bounds(mean: float) -> NDArray[np.float64]:
    """Return the distribution function at 0, 1, ... until it no longer grows."""
    term = math.exp(-mean)
    bounds, count = [term], 0
    while count < mean or term > _TAIL:
        count += 1
        term *= mean / count
        bounds.append(bounds[-1] + term)
    return np.array(bounds)
