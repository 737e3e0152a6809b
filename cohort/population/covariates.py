"""What a patient is before treatment: age, sex, ancestry, weight, height, smoking, kidneys.

A patient is one real person of the table, chosen by a keyed uniform number through the raked
weights. `cohort.population.population` enters here. Imports NumPy.
"""

import functools

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cohort.population.draws import uniforms
from cohort.population.kidney import cockcroft_gault, sample_creatinine
from cohort.population.people import load_people
from cohort.population.population_spec import PopulationSpec
from cohort.population.raking import rake

__all__ = ["sample_covariates"]

_CM_PER_M = 100.0
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
        If the margins cannot be met, or an id or the seed is out of range.

    Notes
    -----
    The inverse distribution function over people sorted by sex, ancestry, age, weight: the same
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
    people = load_people()
    bounds = _bounds(spec)
    chosen = np.searchsorted(bounds, uniforms(seed, patient_ids, _PERSON, draw), side="right")
    weight, height = people.weight_kg[chosen], people.height_cm[chosen]
    height_m = height / _CM_PER_M
    age, sex = people.age_y[chosen], people.sex[chosen]
    creatinine = sample_creatinine(patient_ids, seed, sex, draw)
    return {
        "age_y": age,
        "sex": sex,
        "ancestry": people.ancestry[chosen],
        "weight_kg": weight,
        "height_cm": height,
        "bmi": weight / (height_m * height_m),
        "smoker": people.smoker[chosen],
        "creatinine_mg_dl": creatinine,
        "crcl_ml_min": cockcroft_gault(age, sex, weight, creatinine),
    }


@functools.lru_cache(maxsize=64)
def _bounds(spec: PopulationSpec) -> NDArray[np.float64]:
    bounds = np.cumsum(rake(load_people(), spec))
    return np.asarray(bounds / bounds[-1])
