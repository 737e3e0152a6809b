"""Each patient's own numbers: reference value, covariates, and lognormal spread between patients.

Draws without a resting state are drawn again. `cohort.population.population` enters here with the
assembled model. Imports NumPy and kernels.arithmetic.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cohort.errors import RangeError, ShapeError, UnknownNameError
from cohort.model import Bounds, Model, Parameter
from cohort.population.draws import lognormals, normals
from cohort.units import conversion_factor, parse_unit
from kernels.arithmetic import exp

__all__ = ["REDRAW_LIMIT", "ParameterDraw", "sample_lags", "sample_parameters"]

REDRAW_LIMIT = 100
"""Times a patient's parameters are drawn again before the run stops."""

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ParameterDraw:
    """Parameters of patients, and how often they had to be drawn again.

    Parameters
    ----------
    values
        Every parameter that differs between patients [unit of the parameter], shape ``(n_lane,)``.
    redraws
        Rejected draws of each patient, int64, shape ``(n_lane,)``.

    Examples
    --------
    >>> ParameterDraw(values={}, redraws=np.zeros(2, np.int64)).redraws.tolist()
    [0, 0]
    """

    values: Mapping[str, Values]
    redraws: NDArray[np.int64]


def sample_parameters(
    patient_ids: ArrayLike,
    seed: int,
    model: Model,
    factors: Mapping[str, ArrayLike] | None = None,
    typical: Mapping[str, ArrayLike] | None = None,
) -> ParameterDraw:
    r"""Return the parameters of patients for `cohort.model.Model.lanes`.

    Parameters
    ----------
    patient_ids
        Patients, integers from 0 to 2^32 - 1, shape ``(n_lane,)``.
    seed
        Seed of the trial.
    model
        The assembled model.
    factors
        Product of covariate effects by parameter [1], shape ``(n_lane,)``.
    typical
        What stands in the place of the reference value [unit of the parameter], by parameter,
        shape ``(n_lane,)``; a disease gives it.

    Returns
    -------
    Values of every parameter with a spread, a factor or a typical value of its own; the others
    keep their reference value.

    Raises
    ------
    UnknownNameError
        If a factor or a typical value names no parameter of the model.
    ShapeError
        If a factor or a typical value has another shape than the patients.
    RangeError
        If a patient has no resting state after `REDRAW_LIMIT` redraws, or an id or the seed is out
        of range.

    Notes
    -----
    :math:`\theta_i = \theta \, f(covariates_i) \, e^{s \eta_i}` with :math:`\eta \sim N(0, 1)`, so
    the reference is the median. Spreads are independent between parameters, but for one that
    follows another with correlation :math:`\rho`: :math:`\eta = \rho\,\eta_{other} +
    \sqrt{1 - \rho^2}\,\eta_{own}`. A patient whose draw
    leaves a parameter's bounds or breaks a condition of the model gets all spreads drawn anew; the
    accepted population is therefore slightly narrower than declared, by the share in ``redraws``.

    Examples
    --------
    >>> from cohort.model import assemble
    >>> from cohort.transmitters.serotonin import serotonin
    >>> model = assemble("brain", [serotonin()])
    >>> draw = sample_parameters(np.arange(500), 7, model)
    >>> round(float(np.median(draw.values["serotonin_synthesis_flux"])))
    4
    """
    patients = np.atleast_1d(np.asarray(patient_ids))
    columns = _check_factors(factors or {}, model, patients.shape)
    middle = _check_factors(typical or {}, model, patients.shape, "typical value")
    varied = [
        item
        for name, item in model.parameters.items()
        if item.sd_log or name in columns or name in middle
    ]
    values = {item.name: np.empty(patients.shape) for item in varied}
    redraws = np.zeros(patients.shape, dtype=np.int64)
    pending = np.arange(len(patients))
    for draw in range(REDRAW_LIMIT + 1):
        trial = {
            item.name: _draw(item, seed, patients[pending], draw, columns, middle, pending)
            for item in varied
        }
        for name, drawn in trial.items():
            values[name][pending] = drawn
        pending = pending[_rejected(model, trial, len(pending))]
        if not pending.size:
            return ParameterDraw(values=values, redraws=redraws)
        redraws[pending] = draw + 1
    raise RangeError(
        f"model {model.system.name!r}: patient {patients[pending[0]]} and {len(pending) - 1} more "
        f"have no resting state after {REDRAW_LIMIT} redraws; a feasible draw is needed. Lower "
        "sd_log, or weaken the covariate effects."
    )


def sample_lags(
    patient_ids: ArrayLike, seed: int, lags: Mapping[str, Parameter]
) -> dict[str, NDArray[np.int64]]:
    """Return absorption lags for the dose schedule.

    Parameters
    ----------
    patient_ids
        Patients, integers from 0 to 2^32 - 1, shape ``(n_lane,)``.
    seed
        Seed of the trial.
    lags
        Lag by compound, a time with its spread between patients.

    Returns
    -------
    Lags by compound in whole seconds [s], int64, shape ``(n_lane,)``.

    Raises
    ------
    RangeError
        If a lag is no time or negative, or an id or the seed is out of range.

    Examples
    --------
    >>> from cohort.model import Source
    >>> lag = Parameter("lag_escitalopram", 0.93, "h", "lag", Source("Areberg 2006", "read"))
    >>> sample_lags(np.arange(2), 7, {"s_citalopram": lag})["s_citalopram"]
    array([3348, 3348])
    """
    seconds = {}
    for compound, lag in lags.items():
        factor = conversion_factor(parse_unit(lag.unit), parse_unit("s"))
        if factor is None or lag.value < 0:
            raise RangeError(
                f"lag of {compound!r}: {lag.value:g} [{lag.unit}]; a time of at least 0 is "
                "allowed. Declare it in [h]."
            )
        typical = np.full(np.shape(patient_ids), lag.value * factor)
        if lag.sd_log:
            decision = f"lag:{compound}"
            typical = typical * lognormals(seed, patient_ids, decision, sd_log=lag.sd_log)
        seconds[compound] = np.rint(typical).astype(np.int64)
    return seconds


def _check_factors(
    factors: Mapping[str, ArrayLike], model: Model, shape: tuple[int, ...], kind: str = "factor"
) -> dict[str, Values]:
    where = f"model {model.system.name!r}"
    columns = {}
    for name, factor in factors.items():
        if name not in model.parameters:
            raise UnknownNameError(where, name, model.parameters, "parameter")
        columns[name] = np.asarray(factor, dtype=np.float64)
        if columns[name].shape != shape:
            raise ShapeError(
                f"{where}, {kind} of {name!r}: shape {columns[name].shape}; {shape} is allowed. "
                f"Give one {kind} a patient."
            )
    return columns


def _draw(
    parameter: Parameter,
    seed: int,
    patients: NDArray[np.int64],
    draw: int,
    columns: Mapping[str, Values],
    middle: Mapping[str, Values],
    pending: NDArray[np.int64],
) -> Values:
    name = parameter.name
    typical = middle[name][pending] if name in middle else np.full(patients.shape, parameter.value)
    if name in columns:
        typical = typical * columns[name][pending]
    if not parameter.sd_log:
        return typical
    decision = f"parameter:{name}"
    if parameter.follows is None:
        return typical * lognormals(seed, patients, decision, draw, sd_log=parameter.sd_log)
    other, correlation = parameter.follows
    shared = normals(seed, patients, f"parameter:{other}", draw)
    own = normals(seed, patients, decision, draw)
    eta = correlation * shared + math.sqrt(1.0 - correlation * correlation) * own
    drawn: Values = typical * exp(parameter.sd_log * eta)
    return drawn


def _rejected(model: Model, trial: Mapping[str, Values], n_lane: int) -> NDArray[np.bool_]:
    outside = np.zeros(n_lane, dtype=np.bool_)
    for name, drawn in trial.items():
        outside |= ~_within(model.parameters[name].bounds, drawn)
    # Model.infeasible refuses values out of bounds, so those lanes are shown the reference
    shown = {
        name: np.where(outside, model.parameters[name].value, drawn)
        for name, drawn in trial.items()
    }
    return outside | model.infeasible(shown, n_lane)


def _within(bounds: Bounds, drawn: Values) -> NDArray[np.bool_]:
    above = drawn > bounds.low if bounds.is_low_open else drawn >= bounds.low
    return np.asarray(np.isfinite(drawn) & above & (drawn <= bounds.high))
