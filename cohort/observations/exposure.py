"""A drug in people: levels over time with their spread, and occupancy against dose.

What the card of a drug shows. People are drawn as in a trial, without a condition; their chemistry
is left out. Enters from `pipelines`.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cohort.compounds import TARGETS, CovariateEffect, covariate_effects
from cohort.drugs import Drug, drug_streams
from cohort.observations.run_observation import drug_model
from cohort.physiology.enzymes import enzyme_effects
from cohort.physiology.pharmacokinetics import absorption_lag
from cohort.population import PopulationSpec, sample_population
from kernels import Schedule, Solver, integrate

__all__ = [
    "DoseResponse",
    "ExposureCourse",
    "dose_response",
    "follow_people",
    "occupancies",
    "settling_days",
]

Floats = NDArray[np.float64]

ADULTS: Final = PopulationSpec(
    age_min_y=18, age_max_y=65, age_mean_y=41, age_sd_y=12, female_fraction=0.5
)
"""Whom a card shows: half women, of the ages of most trials."""

_SOLVER: Final = Solver(rtol=1e-4, atol=1e-6)
_HALF_LIVES: Final = 6.0  # to within 2 % of steady state
_SHORTEST_D, _LONGEST_D = 3, 90
_SELF_INHIBITED_D = 14
_LEAST_SHARE = 0.05  # of the clearance: what inhibition never takes
_DAY_S = 86_400
_HOUR_S = 3600.0
_POINTS_A_DAY = 96
_PERCENTILES = (5.0, 50.0, 95.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ExposureCourse:
    """Levels of a drug in people.

    Parameters
    ----------
    hours
        Time since the first dose [h], shape ``(n_time,)``.
    levels
        By quantity: 5th, 50th and 95th percentile over people, shape ``(3, n_time)``.
    n_people
        How many were drawn.

    Examples
    --------
    >>> ExposureCourse(hours=np.zeros(1), levels={}, n_people=2).n_people
    2
    """

    hours: Floats
    levels: Mapping[str, Floats]
    n_people: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DoseResponse:
    """Mean over a dosing interval at steady state, by dose, in the reference patient.

    Parameters
    ----------
    doses_mg
        Daily doses [mg], shape ``(n_dose,)``.
    means
        By quantity, shape ``(n_dose,)``.

    Examples
    --------
    >>> DoseResponse(doses_mg=np.ones(2), means={}).doses_mg.tolist()
    [1.0, 1.0]
    """

    doses_mg: Floats
    means: Mapping[str, Floats]


def settling_days(drug: Drug) -> int:
    """Return how many days of dosing bring all compounds near their steady state.

    Parameters
    ----------
    drug
        The drug.

    Returns
    -------
    Six half-lives of the slowest compound by its typical clearance and volume [d], 3 to 90; at
    least 14, and by what its own inhibition leaves of the clearance, where it inhibits itself.

    Examples
    --------
    >>> from cohort.drugs import load_drug
    >>> settling_days(load_drug("escitalopram"))
    8
    """
    hours, shortest = 0.0, _SHORTEST_D
    for compound in drug.compounds:
        held = {entry.enzyme for item in drug.compounds for entry in item.inhibits}
        free = sum(
            route.share.number("1") for route in compound.elimination if route.enzyme not in held
        )
        if held & {route.enzyme for route in compound.elimination}:
            shortest = max(shortest, _SELF_INHIBITED_D)
        hours = max(hours, compound.half_life_h(max(free, _LEAST_SHARE)))
    return int(min(max(math.ceil(_HALF_LIVES * hours / 24), shortest), _LONGEST_D))


def occupancies(drug: Drug) -> tuple[str, ...]:
    """Return the names of the occupancies that a drug has.

    Examples
    --------
    >>> from cohort.drugs import load_drug
    >>> occupancies(load_drug("sertraline"))
    ('sert_occupancy', 'occupancy_dat')
    """
    bound = {
        binding.target
        for compound in drug.compounds
        for binding in compound.binds
        if binding.ec50 is not None
    }
    return tuple(target.occupancy for name, target in TARGETS.items() if name in bound)


def follow_people(
    drug: Drug, dose_mg: float, *, days: int, per_day: int = 1, n_people: int = 200, seed: int = 1
) -> ExposureCourse:
    """Give a drug to people, and return the percentiles of what they have in plasma and at targets.

    Parameters
    ----------
    drug
        What they take.
    dose_mg
        Daily dose [mg], in ``per_day`` equal parts.
    days
        For how long; the last day is followed to its end.
    per_day
        Doses a day.
    n_people, seed
        How many people, and which.

    Returns
    -------
    Levels every quarter of an hour on the first and the last day, and once a day between.

    Examples
    --------
    >>> from cohort.drugs import load_drug
    >>> course = follow_people(load_drug("sertraline"), 50, days=3, n_people=20)
    >>> low, median, high = course.levels["concentration_sertraline"][:, -1]
    >>> bool(0 < low < median < high)
    True
    """
    model = drug_model([drug])
    effects: list[CovariateEffect] = [
        effect for compound in drug.compounds for effect in covariate_effects(compound)
    ]
    effects += enzyme_effects(model.parameters)
    lags = {compound.name: absorption_lag(compound) for compound in drug.compounds}
    ids = np.arange(n_people)
    people = sample_population(ids, seed, ADULTS, model, effects, lags)
    times = np.arange(days * per_day, dtype=np.int64) * (_DAY_S // per_day)
    saves = _save_times(days)
    solution = integrate(
        model.system,
        model.lanes(people.parameters, n_people),
        Schedule(
            t0=0,
            t1=int(saves[-1]) + 1,
            streams=drug_streams(
                drug, times, np.full(len(times), dose_mg / per_day), lags=people.lags_s
            ),
        ),
        saves,
        _SOLVER,
        threads=1,
    )
    names = [f"concentration_{compound.name}" for compound in drug.compounds]
    return ExposureCourse(
        hours=saves / _HOUR_S,
        levels={
            name: np.percentile(solution[name], _PERCENTILES, axis=1)
            for name in (*names, *occupancies(drug))
        },
        n_people=n_people,
    )


def _save_times(days: int) -> NDArray[np.int64]:
    day = np.linspace(0, _DAY_S, _POINTS_A_DAY + 1).astype(np.int64)[1:]
    midnights = np.arange(1, days, dtype=np.int64) * _DAY_S
    return np.unique(np.concatenate((day, midnights, (days - 1) * _DAY_S + day)))


def dose_response(
    drug: Drug, doses_mg: Iterable[float], *, days: int, per_day: int = 1
) -> DoseResponse:
    """Return mean levels and occupancies of the last day, for several daily doses.

    Parameters
    ----------
    drug
        What the reference patient takes.
    doses_mg
        Daily doses [mg], each in ``per_day`` equal parts.
    days, per_day
        As in `follow_people`.

    Returns
    -------
    Means over the last day.

    Examples
    --------
    >>> from cohort.drugs import load_drug
    >>> found = dose_response(load_drug("sertraline"), [25, 50], days=7)
    >>> bool(found.means["sert_occupancy"][0] < found.means["sert_occupancy"][1] < 0.88)
    True
    """
    doses = np.asarray(list(doses_mg), dtype=np.float64)
    model = drug_model([drug])
    times = np.arange(days * per_day, dtype=np.int64) * (_DAY_S // per_day)
    lags = {
        c.name: np.full(len(doses), round(absorption_lag(c).value), dtype=np.int64)
        for c in drug.compounds
    }
    scales = dict.fromkeys(drug.fractions, doses)
    saves = (days - 1) * _DAY_S + np.linspace(1, _DAY_S, _POINTS_A_DAY + 1).astype(np.int64)
    solution = integrate(
        model.system,
        model.lanes({}, len(doses)),
        Schedule(
            t0=0,
            t1=int(saves[-1]) + 1,
            streams=drug_streams(
                drug, times, np.full(len(times), 1.0 / per_day), lags=lags, scales=scales
            ),
        ),
        saves,
        _SOLVER,
        threads=1,
    )
    names = [f"concentration_{compound.name}" for compound in drug.compounds]
    span = float(saves[-1] - saves[0])
    return DoseResponse(
        doses_mg=doses,
        means={
            name: np.asarray(np.trapezoid(solution[name], saves, axis=0)) / span
            for name in (*names, *occupancies(drug))
        },
    )
