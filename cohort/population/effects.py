"""Covariates at work: the factor that a patient's body and genes put on each parameter.

Compounds and genotypes declare a `cohort.compounds.CovariateEffect`; `covariate_factors` gives the
product of all effects per parameter, which `cohort.population.parameters` multiplies into the
patients' numbers. Imports NumPy and kernels.arithmetic.
"""

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from cohort.compounds import CovariateEffect
from cohort.errors import RangeError, UnknownNameError
from cohort.population.genotypes import load_genotypes
from kernels.arithmetic import power

__all__ = ["covariate_factors", "slc6a4_effect"]

Column = NDArray[np.float64] | NDArray[np.str_]
Values = NDArray[np.float64]


def covariate_factors(
    columns: Mapping[str, Column], effects: Iterable[CovariateEffect]
) -> dict[str, Values]:
    """Return the product of all effects on each parameter.

    Parameters
    ----------
    columns
        Covariates of patients, arrays of shape ``(n_lane,)``.
    effects
        Effects to apply; several on one parameter multiply, in the order given.

    Returns
    -------
    Factors [1] by parameter, arrays of shape ``(n_lane,)``.

    Raises
    ------
    UnknownNameError
        If an effect reads a covariate that is not there, or a text without a factor.
    RangeError
        If a power meets a text or a number that is not greater than zero, or levels a number.

    Examples
    --------
    >>> by_weight = CovariateEffect(
    ...     parameter="cl", covariate="weight_kg", source="example", exponent=1.0, reference=70.0
    ... )
    >>> covariate_factors({"weight_kg": np.array([35.0, 70.0])}, [by_weight])["cl"]
    array([0.5, 1. ])
    """
    factors: dict[str, Values] = {}
    for effect in effects:
        where = f"effect of {effect.covariate!r} on {effect.parameter!r}"
        if effect.covariate not in columns:
            raise UnknownNameError(where, effect.covariate, columns, "covariate")
        factor = _factor(where, effect, columns[effect.covariate])
        if effect.parameter in factors:
            factor = factors[effect.parameter] * factor
        factors[effect.parameter] = factor
    return factors


def slc6a4_effect(parameter: str) -> CovariateEffect:
    """Return the weak effect of 5-HTTLPR on the serotonin transporter.

    Parameters
    ----------
    parameter
        Name of the extracellular serotonin at rest, which is divided by the relative density.

    Returns
    -------
    Effect of the covariate ``slc6a4``; its size is assumed.

    Notes
    -----
    Capacities are solved from a patient's set points, so a density that multiplied the capacity
    would move the patient off their own rest. Dividing the resting level *S* by the density *g*
    instead lets the solved capacity :math:`U (K + S/g) / (S/g)` come out near *g* times that of
    the reference genotype, since *S* is far below *K*, and the patient rests.

    Examples
    --------
    >>> effect = slc6a4_effect("serotonin_extracellular_baseline")
    >>> round(effect.levels["LL"], 3), effect.levels["SL"]
    (0.952, 1.0)
    """
    densities = load_genotypes().slc6a4.densities
    return CovariateEffect(
        parameter=parameter,
        covariate="slc6a4",
        source=f"assumed: {densities['LL'].source}",
        levels={str(genotype): 1.0 / fact.number("1") for genotype, fact in densities.items()},
    )


def _factor(where: str, effect: CovariateEffect, column: Column) -> Values:
    is_text = column.dtype.kind == "U"
    if effect.reference is None:
        if not is_text:
            raise RangeError(
                f"{where}: levels for a column of {column.dtype}; text is allowed. Give a "
                "reference and an exponent."
            )
        return _levels(where, effect.levels, column)
    if is_text or not (column.astype(np.float64) > 0).all():
        raise RangeError(
            f"{where}: a power of {column[:3].tolist()}; numbers greater than 0 are allowed. Give "
            "levels, or another covariate."
        )
    return power(column.astype(np.float64) / effect.reference, effect.exponent)


def _levels(where: str, levels: Mapping[str, float], column: Column) -> Values:
    factors = np.full(column.shape, np.nan)
    for level, factor in levels.items():
        factors[column == level] = factor
    missing = np.isnan(factors)
    if missing.any():
        raise UnknownNameError(where, str(column[missing][0]), levels, "level")
    return factors
