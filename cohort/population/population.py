"""The patients of a block: covariates, genotypes and the model's numbers, all columns.

The top of this room. `cohort.simulate` enters with patient ids and a seed and leaves with a
`Population`. Imports NumPy.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cohort.compounds import CovariateEffect
from cohort.errors import RangeError
from cohort.model import Model, Parameter
from cohort.population.effects import covariate_factors
from cohort.population.history import PatientHistory
from cohort.population.parameters import sample_lags, sample_parameters
from cohort.population.population_spec import PopulationSpec
from cohort.population.screening import Criterion, sample_people

__all__ = ["Population", "sample_population"]

Column = NDArray[np.float64] | NDArray[np.str_]
_NO_HISTORY = PatientHistory()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Population:
    """Columns of virtual patients, one entry a patient.

    Parameters
    ----------
    patient_ids
        Patients, int64, shape ``(n_lane,)``.
    columns
        Covariates by name: age_y [y], sex, ancestry, weight_kg [kg], height_cm [cm], bmi [kg/m^2],
        smoker, creatinine_mg_dl [mg/dL], crcl_ml_min [mL/min], genetic_group, cyp2c19, cyp2d6,
        cyp2d6_activity [1], slc6a4, comt, maoa; those of a described history: previous_episodes
        [1], earlier_nonresponse [1], disease_duration_y [y], comedication.
    parameters
        Parameters of the model that differ between patients [unit of the parameter].
    lags_s
        Absorption lag by compound [s], int64.
    redraws
        Draws of parameters that had no resting state, int64, shape ``(n_lane,)``.

    Examples
    --------
    >>> Population(
    ...     patient_ids=np.arange(2), columns={}, parameters={}, lags_s={},
    ...     redraws=np.zeros(2, np.int64),
    ... ).patient_ids.tolist()
    [0, 1]
    """

    patient_ids: NDArray[np.int64]
    columns: Mapping[str, Column]
    parameters: Mapping[str, NDArray[np.float64]]
    lags_s: Mapping[str, NDArray[np.int64]]
    redraws: NDArray[np.int64]


def sample_population(
    patient_ids: ArrayLike,
    seed: int,
    spec: PopulationSpec,
    model: Model,
    effects: Iterable[CovariateEffect] = (),
    lags: Mapping[str, Parameter] | None = None,
    history: PatientHistory = _NO_HISTORY,
    typical: Mapping[str, ArrayLike] | None = None,
    criteria: Iterable[Criterion] = (),
) -> Population:
    """Return patients: who they are, and the numbers of the model in each of them.

    Parameters
    ----------
    patient_ids
        Patients, integers from 0 to 2^32 - 1, shape ``(n_lane,)``. A patient's columns depend on
        the id alone, not on the block around it.
    seed
        Seed of the trial.
    spec
        Margins of the population.
    model
        The assembled model. A patient's draws are keyed by parameter name, so two arms with other
        drugs share all numbers that both models have, unless a draw was rejected in one of them.
    effects
        Effects of covariates on parameters, from drugs and genotypes.
    lags
        Absorption lag by compound, a time with its spread between patients.
    history
        What patients have been through, as their condition describes it.
    typical
        What stands in the place of a parameter's reference value, as `shift_values` gives it.
    criteria
        Who is let in: a place goes to its first candidate who meets all of them.

    Returns
    -------
    Columns of patients.

    Raises
    ------
    RangeError
        If the margins cannot be met, hardly anybody meets the criteria, a patient has no resting
        state, or an id or the seed is out of range.
    UnknownNameError
        If an effect names an unknown covariate or parameter.

    Examples
    --------
    >>> from cohort.model import assemble
    >>> from cohort.population import slc6a4_effect
    >>> from cohort.transmitters.serotonin import serotonin
    >>> spec = PopulationSpec(
    ...     age_min_y=18, age_max_y=65, age_mean_y=41, age_sd_y=12, female_fraction=0.62
    ... )
    >>> model = assemble("brain", [serotonin()])
    >>> effects = [slc6a4_effect("serotonin_extracellular_baseline")]
    >>> block = sample_population(np.arange(100), 7, spec, model, effects)
    >>> alone = sample_population([17], 7, spec, model, effects)
    >>> bool(alone.columns["weight_kg"][0] == block.columns["weight_kg"][17])
    True
    """
    patients = np.asarray(patient_ids)
    if patients.ndim != 1 or not patients.size:
        raise RangeError(
            f"sample_population: patient_ids of shape {patients.shape}; a list of at least one is "
            "allowed. Write [17] for one patient."
        )
    columns = sample_people(patients, seed, spec, history, tuple(criteria))
    factors = covariate_factors(columns, effects)
    draw = sample_parameters(patients, seed, model, factors, typical)
    return Population(
        patient_ids=patients.astype(np.int64),
        columns=columns,
        parameters=draw.values,
        lags_s=sample_lags(patients, seed, lags or {}),
        redraws=draw.redraws,
    )
