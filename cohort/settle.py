"""From healthy rest to the rest of a disease: weeks of an untreated patient, before a trial begins.

Capacities are solved so that a healthy person rests at their own set points; what a disease moves
(terminals that are lost, an enzyme that is raised) takes the patient off that rest. `settle` goes
on until it is found again. `cohort.simulate` enters here. Imports NumPy and kernels.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from cohort.errors import RangeError
from cohort.model import Model
from cohort.trial.quantities import DAY_S
from kernels import Lanes, Schedule, Solver, integrate

__all__ = ["EVEN_SUPPLY", "settle"]

EVEN_SUPPLY: Final = {
    f"{nutrient}_meal_share": 0.0 for nutrient in ("trp", "tyr", "phe", "bcaa", "insulin")
}
"""Parameters of a supply that follows no meals; its daily mean is the same."""


def settle(
    model: Model,
    values: Mapping[str, ArrayLike],
    n_lane: int,
    *,
    days: float,
    solver: Solver,
    device: str = "auto",
) -> Lanes:
    """Return lanes at the rest that their parameters lead to.

    Parameters
    ----------
    model
        The assembled model.
    values
        Numbers, or arrays of shape ``(n_lane,)``, by parameter name.
    n_lane
        Number of lanes.
    days
        How long [d], at least half a day; whole days are simulated, so that the clock can start
        again.
    solver, device
        As in `kernels.integrate`.

    Returns
    -------
    Lanes with the parameters of ``values``; codes of those that failed.

    Raises
    ------
    UnknownNameError, ShapeError, RangeError
        As in `cohort.model.Model.lanes`; RangeError also if no whole day is left.

    Notes
    -----
    Supply is even meanwhile, without meals: the solver then takes a few steps a week instead of
    dozens a day. The run-in of a trial brings the rhythm of meals.

    Examples
    --------
    >>> from cohort.chemistry import chemistry_model
    >>> model = chemistry_model(("dopamine",))
    >>> lanes = settle(model, {"dopamine_terminals": 0.5}, 1, days=180, solver=Solver())
    >>> row = model.system.states.index("hva_csf")
    >>> round(float(lanes.states[row, 0] / model.lanes({}, 1).states[row, 0]), 1)
    0.5
    """
    end = round(days) * DAY_S
    if not end > 0:
        raise RangeError(f"settle: {days:g} d; at least half a day is allowed. Give more days.")
    lanes = model.lanes(values, n_lane)
    shares = {name: share for name, share in EVEN_SUPPLY.items() if name in model.parameters}
    found = integrate(
        model.system,
        model.lanes({**values, **shares}, n_lane),
        Schedule(t0=0, t1=end),
        np.array([end], dtype=np.int64),
        solver,
        device,
        threads=1,  # the parallelism is that of the workers, one core each
    ).end
    return Lanes(parameters=lanes.parameters, states=found.states, codes=found.codes)
