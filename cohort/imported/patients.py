"""The parameters of patients in an imported model, drawn so that a number is one person.

Who somebody is comes from `cohort.population`; here the numbers of the model follow from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cohort.compounds import CovariateEffect
from cohort.imported.trial_model import reference_value
from cohort.population import covariate_factors
from cohort.population.draws import normals
from kernels.arithmetic import exp, log

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from cohort.imported.trial_model import TrialModel
    from cohort.trial.model_choice import ImportedModel

__all__ = ["draw_patients"]


def draw_patients(
    model: TrialModel,
    choice: ImportedModel,
    seed: int,
    patient_ids: NDArray[np.int64],
    columns: Mapping[str, NDArray[np.float64] | NDArray[np.str_]],
) -> dict[str, NDArray[np.float64]]:
    """Return the parameters of patients that differ between them.

    Parameters
    ----------
    model, choice
        From `trial_model`, and what it was made of.
    seed
        Of the trial.
    patient_ids
        Shape ``(n_lane,)``.
    columns
        Covariates of the patients.

    Returns
    -------
    Values by name in the system, shape ``(n_lane,)``.

    Notes
    -----
    Normal scores are drawn for each parameter by its name and made correlated by a Cholesky factor,
    computed here in a fixed order so that every machine gives the same bits. A lognormal parameter
    is the typical value times exp(sigma z) with sigma^2 = ln(1 + CV^2), a normal one the typical
    value times 1 + CV z; covariates multiply it.

    Examples
    --------
    >>> draw_patients.__name__  # shown by tests/cohort/imported/test_patients.py
    'draw_patients'
    """
    names = [one.parameter for one in choice.variability]
    scores = [normals(seed, patient_ids, f"imported parameter: {name}") for name in names]
    factor = _cholesky(_correlations(choice, names))
    values = {
        name: np.full(len(patient_ids), model.sbml.parameters[own])
        for name, own in model.varied.items()
    }
    for row, one in enumerate(choice.variability):
        z = np.zeros(len(patient_ids))
        for column in range(row + 1):
            if factor[row][column]:
                z = z + factor[row][column] * scores[column]
        if one.distribution == "normal":
            change = 1.0 + one.cv * z
        else:
            sigma = np.sqrt(log(np.array(1.0 + one.cv * one.cv)))
            change = exp(sigma * z)
        values[one.parameter] = values[one.parameter] * change
    effects = [
        CovariateEffect(
            parameter=one.parameter,
            covariate=one.covariate,
            source="protocol",
            **(
                {"levels": one.levels}
                if one.levels is not None
                else {"exponent": one.exponent or 0.0, "reference": reference_value(one)}
            ),
        )
        for one in choice.covariates
    ]
    for name, factors in covariate_factors(columns, effects).items():
        values[name] = values[name] * factors
    return {model.varied[name]: value for name, value in values.items()}


def _correlations(choice: ImportedModel, names: list[str]) -> list[list[float]]:
    matrix = [[float(row == column) for column in names] for row in names]
    for one in choice.correlations:
        row, column = (names.index(name) for name in one.between)
        matrix[row][column] = matrix[column][row] = one.r
    return matrix


def _cholesky(matrix: list[list[float]]) -> list[list[float]]:
    """Return the lower factor of a correlation matrix, in plain floats."""
    size = len(matrix)
    lower = [[0.0] * size for _ in range(size)]
    for row in range(size):
        for column in range(row + 1):
            rest = matrix[row][column]
            for k in range(column):
                rest -= lower[row][k] * lower[column][k]
            lower[row][column] = rest**0.5 if row == column else rest / lower[column][column]
    return lower
