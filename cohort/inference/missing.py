"""Single imputation: one value for one that is missing.

Arrays end in ``(n_patient, n_visit)``, visits after baseline in order of time, NaN where a value
is missing. None of these is valid without its assumption; `cohort.inference.reference_based` draws
many values instead of one.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["baseline_carried_forward", "carry_forward", "last_observation_carried_forward"]

Floats = NDArray[np.float64]


def carry_forward(values: ArrayLike) -> Floats:
    """Return the values with each gap filled by the last number before it.

    Parameters
    ----------
    values
        Shape ``(..., n_visit)``, any unit.

    Returns
    -------
    Same shape; NaN before the first number.

    Examples
    --------
    >>> carry_forward([np.nan, 2.0, np.nan]).tolist()
    [nan, 2.0, 2.0]
    """
    given = np.asarray(values, dtype=float)
    place = np.where(np.isnan(given), 0, np.arange(given.shape[-1]))
    return np.take_along_axis(given, np.maximum.accumulate(place, axis=-1), axis=-1)


def last_observation_carried_forward(values: ArrayLike) -> Floats:
    """Return the last value after baseline for every later gap.

    Parameters
    ----------
    values
        Shape ``(..., n_patient, n_visit)``, baseline left out.

    Returns
    -------
    Same shape; who was never seen after baseline stays missing and so out of the analysis.

    Examples
    --------
    >>> last_observation_carried_forward([[25.0, np.nan], [np.nan, np.nan]]).tolist()
    [[25.0, 25.0], [nan, nan]]
    """
    return carry_forward(values)


def baseline_carried_forward(values: ArrayLike, baseline: ArrayLike) -> Floats:
    """Return the baseline for every gap: who leaves has gained nothing.

    Parameters
    ----------
    values
        Shape ``(..., n_patient, n_visit)``.
    baseline
        Shape ``(..., n_patient)``, same unit.

    Returns
    -------
    Same shape as the values.

    Examples
    --------
    >>> baseline_carried_forward([[25.0, np.nan]], [30.0]).tolist()
    [[25.0, 30.0]]
    """
    given = np.asarray(values, dtype=float)
    return np.where(np.isnan(given), np.asarray(baseline, dtype=float)[..., None], given)
