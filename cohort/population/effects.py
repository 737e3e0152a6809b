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
from cohort.model import Model
from cohort.population.genotypes import load_genotypes
from kernels.arithmetic import power

__all__ = [
    "comt_effects",
    "covariate_factors",
    "genotype_effects",
    "maoa_effect",
    "slc6a4_effect",
]

_SEROTONIN_REST = "serotonin_extracellular_baseline"
_CORTICAL_SHARE = "cortical_comt_share"

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


def comt_effects(model: Model) -> tuple[CovariateEffect, ...]:
    """Return the effects of COMT Val158Met on the dopamine systems that a model has.

    Parameters
    ----------
    model
        The assembled model.

    Returns
    -------
    Effects of the covariate ``comt`` on capacities of COMT, and on dopamine in prefrontal cortex
    at rest; none where the model has no dopamine.

    Notes
    -----
    In striatum COMT carries little: its capacity moves, the set points stay, and the transporter,
    solved from them, makes up for it. In cortex a relative activity *g* on a share *c* of clearance
    moves the resting level by :math:`1 / (1 - c + c g)`, the share of COMT by
    :math:`g / (1 - c + c g)` and that of the transporter by :math:`1 / (1 - c + c g)`; release and
    the other capacities stay, and the patient rests.

    Examples
    --------
    >>> from cohort.chemistry import chemistry_model
    >>> model = chemistry_model(("cortical_dopamine",))
    >>> effects = {effect.parameter: effect.levels for effect in comt_effects(model)}
    >>> round(effects["dopamine_cortical_baseline"]["MetMet"], 4)
    1.0256
    >>> effects["comt_v_max"]["MetMet"]
    0.75
    """
    facts = load_genotypes().comt.activities
    source = f"assumed: {facts['MetMet'].source}"
    activity = {str(genotype): fact.number("1") for genotype, fact in facts.items()}
    levels = dict.fromkeys(("comt_v_max", "comt_v_max_mesolimbic"), activity)
    if _CORTICAL_SHARE in model.parameters:
        share = model.parameters[_CORTICAL_SHARE].value
        cleared = {name: 1.0 - share + share * level for name, level in activity.items()}
        level = {name: 1.0 / whole for name, whole in cleared.items()}
        levels["dopamine_cortical_baseline"] = level
        levels["cortical_net_share"] = level  # its capacity stays: a lower level, a lower share
        levels[_CORTICAL_SHARE] = {name: activity[name] / whole for name, whole in cleared.items()}
    return tuple(
        CovariateEffect(parameter=name, covariate="comt", source=source, levels=factors)
        for name, factors in levels.items()
        if name in model.parameters
    )


def maoa_effect(parameter: str) -> CovariateEffect:
    """Return the effect of the MAOA uVNTR on the enzyme in brain: none, as PET shows.

    Parameters
    ----------
    parameter
        Name of a rate constant of MAO-A from which capacities are solved, for example
        ``dopamine_mao_rate``. Not ``mao_a_capacity``: at another capacity transmitters that were
        solved at 1 would not rest.

    Returns
    -------
    Effect of the covariate ``maoa``; every factor is that of the file, which is 1.

    Examples
    --------
    >>> sorted(maoa_effect("dopamine_mao_rate").levels.items())
    [('3R', 1.0), ('3R3R', 1.0), ('3R4R', 1.0), ('4R', 1.0), ('4R4R', 1.0)]
    """
    facts = load_genotypes().maoa.activities
    three, four = facts["3R"].number("1"), facts["4R"].number("1")
    return CovariateEffect(
        parameter=parameter,
        covariate="maoa",
        source=f"{facts['3R'].mark}: {facts['3R'].source}",
        levels={
            "3R": three,
            "4R": four,
            "3R3R": three,
            "3R4R": (three + four) / 2.0,
            "4R4R": four,
        },
    )


def genotype_effects(model: Model) -> tuple[CovariateEffect, ...]:
    """Return the effects of all genes of transmitters on the parameters that a model has.

    Parameters
    ----------
    model
        The assembled model.

    Returns
    -------
    Effects of ``slc6a4`` and ``comt``. That of ``maoa`` is left out: it is none (`maoa_effect`).

    Examples
    --------
    >>> from cohort.chemistry import chemistry_model
    >>> [effect.covariate for effect in genotype_effects(chemistry_model(("serotonin",)))]
    ['slc6a4']
    """
    serotonin = (slc6a4_effect(_SEROTONIN_REST),) if _SEROTONIN_REST in model.parameters else ()
    return (*serotonin, *comt_effects(model))


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
