"""What a patient is before treatment: age, sex, ancestry, weight, height, smoking, kidneys.

A patient is one real person of the table, chosen by a keyed uniform number through the raked
weights. `cohort.population.population` enters here. Imports NumPy.
"""

import functools

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cohort.errors import RangeError
from cohort.population.draws import categorical, uniforms
from cohort.population.kidney import cockcroft_gault, sample_creatinine
from cohort.population.people import ANCESTRIES, SMOKER_LEVELS, People, load_people
from cohort.population.population_spec import PopulationSpec
from cohort.population.raking import rake
from cohort.population.records import load_people_file

__all__ = ["sample_covariates"]

_PERSON = "person"


def sample_covariates(
    patient_ids: ArrayLike, seed: int, spec: PopulationSpec, draw: ArrayLike = 0
) -> dict[str, NDArray[np.float64] | NDArray[np.str_]]:
    """Return covariates of patients, with the correlations of real people.

    Parameters
    ----------
    patient_ids
        Patients, integers from 0 to 2^32 - 1, shape ``(n_lane,)``.
    seed
        Seed of the trial.
    spec
        Margins of the population.
    draw
        Which candidate for the patient's place, as in `cohort.population.draws.uniforms`.

    Returns
    -------
    Arrays of shape ``(n_lane,)``: age_y [y], sex, ancestry, weight_kg [kg], height_cm [cm],
    bmi [kg/m^2], smoker, creatinine_mg_dl [mg/dL], crcl_ml_min [mL/min].

    Raises
    ------
    RangeError
        If the margins cannot be met, what the people do not tell is not stated either, or an id or
        the seed is out of range.
    FileContentError
        If the spec names a file of people that has mistakes.

    Notes
    -----
    Ancestry or smoking that a file of people does not tell is drawn by its stated share, apart from
    all else. The inverse distribution function over people sorted by sex, ancestry, age, weight: the same
    number under a slightly different population gives a similar person. In a trial larger than
    the table people repeat; their genotypes and parameters differ.

    Examples
    --------
    >>> spec = PopulationSpec(
    ...     age_min_y=18, age_max_y=65, age_mean_y=41, age_sd_y=12, female_fraction=0.62
    ... )
    >>> columns = sample_covariates(np.arange(2000), 7, spec)
    >>> sorted(columns)
    ['age_y', 'ancestry', 'bmi', 'crcl_ml_min', 'creatinine_mg_dl', 'height_cm', 'sex', 'smoker', 'weight_kg']
    >>> round(float((columns["sex"] == "F").mean()), 1)
    0.6
    """  # noqa: E501
    people = _people(spec)
    bounds = _bounds(people, spec)
    chosen = np.searchsorted(bounds, uniforms(seed, patient_ids, _PERSON, draw), side="right")
    weight, age, sex = people.weight_kg[chosen], people.age_y[chosen], people.sex[chosen]
    creatinine = sample_creatinine(patient_ids, seed, sex, draw)
    told = {"ancestry": people.ancestry[chosen], "smoker": people.smoker[chosen]}
    for name in people.untold:
        levels, shares = _stated_shares(name, spec)
        told[name] = np.array(levels)[categorical(seed, patient_ids, name, shares, draw)]
    return {
        "age_y": age,
        "sex": sex,
        "ancestry": told["ancestry"],
        "weight_kg": weight,
        "height_cm": people.height_cm[chosen],
        "bmi": people.bmi[chosen],
        "smoker": told["smoker"],
        "creatinine_mg_dl": creatinine,
        "crcl_ml_min": cockcroft_gault(age, sex, weight, creatinine),
    }


def _people(spec: PopulationSpec) -> People:
    return load_people() if spec.records is None else load_people_file(spec.records)


@functools.lru_cache(maxsize=64)
def _bounds(people: People, spec: PopulationSpec) -> NDArray[np.float64]:
    bounds = np.cumsum(rake(people, spec))
    return np.asarray(bounds / bounds[-1])


def _stated_shares(name: str, spec: PopulationSpec) -> tuple[tuple[str, ...], tuple[float, ...]]:
    """Return levels and shares of what the people do not tell."""
    if name == "ancestry" and spec.ancestry_shares is not None:
        return ANCESTRIES, tuple(spec.ancestry_shares[level] for level in ANCESTRIES)
    if name == "smoker" and spec.smoker_fraction is not None:
        return SMOKER_LEVELS, (spec.smoker_fraction, 1.0 - spec.smoker_fraction)
    margin = "ancestry_shares" if name == "ancestry" else "smoker_fraction"
    raise RangeError(
        f"population, records: {spec.records!r} has no column {name!r} and {margin} is not stated; "
        f"one of the two is needed. Add the column, or state {margin}."
    )
