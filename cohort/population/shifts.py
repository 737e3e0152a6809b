"""Where a disease puts each patient: the shifted numbers of the model.

`cohort.simulate` enters with the shifts of a condition and leaves with typical values for
`cohort.population.sample_population`. Imports NumPy and kernels.arithmetic.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cohort.errors import RangeError, UnknownNameError
from cohort.population.draws import normals
from kernels.arithmetic import exp

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from cohort.conditions import Shift
    from cohort.model import Model

    Values = NDArray[np.float64]

__all__ = ["shift_values"]

_MOST_DRAWS = 100
"""Times a number outside its bounds is drawn again before the run stops."""


def shift_values(
    patient_ids: NDArray[np.int64],
    seed: int,
    shifts: Iterable[Shift],
    model: Model,
    severity: Values,
) -> dict[str, Values]:
    r"""Return each patient's typical value of every shifted parameter.

    Parameters
    ----------
    patient_ids
        Patients, shape ``(n_lane,)``.
    seed
        Seed of the trial.
    shifts
        What the disease moves.
    model
        The assembled model.
    severity
        Severity at screening in its standard deviations from the mean [1], shape ``(n_lane,)``.

    Returns
    -------
    Values by parameter [unit of the parameter], shape ``(n_lane,)``, within its bounds.

    Raises
    ------
    UnknownNameError
        If the model has no such parameter, as when a drug supplies it.
    RangeError
        If nearly all of what a shift describes is out of bounds.

    Notes
    -----
    :math:`m\,e^{s (\rho z + \sqrt{1 - \rho^2}\,\eta)}`; :math:`\eta` is keyed by the name of the
    parameter, so a patient is as far gone in every arm, and drawn again where bounds are left.

    Examples
    --------
    >>> from cohort.conditions import load_condition
    >>> from cohort.model import assemble
    >>> from cohort.transmitters.dopamine import dopamine
    >>> lost = load_condition("parkinsons_disease_early").shifts[:1]
    >>> ids, model = np.arange(500), assemble("brain", [dopamine()])
    >>> found = shift_values(ids, 7, lost, model, np.zeros(500))["dopamine_terminals"]
    >>> round(float(np.median(found)), 1), bool(found.max() <= 1)
    (0.5, True)
    """
    found: dict[str, Values] = {}
    for shift in shifts:
        where = f"shift of {shift.parameter!r}"
        if shift.parameter not in model.parameters:
            raise UnknownNameError(where, shift.parameter, model.parameters, "parameter")
        found[shift.parameter] = _values(where, patient_ids, seed, shift, model, severity)
    return found


def _values(
    where: str,
    patient_ids: NDArray[np.int64],
    seed: int,
    shift: Shift,
    model: Model,
    severity: Values,
) -> Values:
    parameter = model.parameters[shift.parameter]
    if shift.value is not None:
        median = shift.value.number(parameter.unit)
    else:
        assert shift.factor is not None  # a shift has one of the two
        median = parameter.value * shift.factor.number("1")
    values = np.full(patient_ids.shape, median)
    if shift.sd_log is None:
        return values
    spread = shift.sd_log.number("1")
    related = shift.severity_correlation
    share = 0.0 if related is None else related.number("1")
    pending = np.arange(len(patient_ids))
    for draw in range(_MOST_DRAWS):
        own = normals(seed, patient_ids[pending], f"shift:{shift.parameter}", draw)
        deviation = share * severity[pending] + np.sqrt(1.0 - share * share) * own
        values[pending] = median * exp(spread * deviation)
        inside = np.array([parameter.bounds.contains(float(one)) for one in values[pending]], bool)
        pending = pending[~inside]
        if not pending.size:
            return values
    raise RangeError(
        f"{where}: {len(pending)} of {len(patient_ids)} patients left {parameter.bounds} "
        f"[{parameter.unit}] {_MOST_DRAWS} times, the first with {values[pending[0]]:g}; most "
        "draws should lie within. Lower sd_log or move the median."
    )
