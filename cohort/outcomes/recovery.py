"""How long a disturbance lasts: when a deviation from the set point is small for good."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cohort.errors import RangeError, ShapeError

__all__ = ["recovery_time"]


def recovery_time(
    hours: ArrayLike, deviation: ArrayLike, tolerance: float = 0.05
) -> NDArray[np.float64]:
    """Return when a deviation has come back within a tolerance for good.

    Parameters
    ----------
    hours
        Times since the end of the disturbance [h], increasing, shape ``(n_time,)``.
    deviation
        Log ratio to the set point [1], as ``deviation_<transmitter>`` or ``imbalance`` of
        `cohort.physiology.balance`, shape ``(n_time,)`` or ``(n_time, n_lane)``.
    tolerance
        Largest deviation that counts as recovered [1], greater than zero; 0.05 is 5 %.

    Returns
    -------
    Time from which on the deviation stays within the tolerance [h], linear between times, shape
    ``(n_lane,)``; 0 where it never left, not a number where it is still outside at the end.

    Raises
    ------
    ShapeError
        If times and deviations do not fit, or there are none.
    RangeError
        If times do not increase or the tolerance is not greater than zero.

    Examples
    --------
    >>> float(recovery_time([0, 1, 2, 3], [0.4, 0.2, 0.0, 0.0], tolerance=0.1)[0])
    1.5
    """
    times = np.asarray(hours, dtype=np.float64)
    values = np.asarray(deviation, dtype=np.float64)
    if times.ndim != 1 or not times.size or values.shape[:1] != times.shape or values.ndim > 2:  # noqa: PLR2004 -- time and lane
        raise ShapeError(
            f"recovery_time: hours of shape {times.shape}, deviation of shape {values.shape}; "
            "(n_time,) and (n_time,) or (n_time, n_lane) are allowed. Give one row a time."
        )
    if not (np.diff(times) > 0).all():
        raise RangeError("recovery_time: hours that do not increase; increasing ones are allowed.")
    if not tolerance > 0:
        raise RangeError(
            f"recovery_time: tolerance {tolerance!r} [1]; greater than zero is allowed. Use 0.05."
        )
    size = np.abs(values.reshape(len(times), -1))
    outside = ~(size <= tolerance)  # what is not a number is outside
    found = np.zeros(size.shape[1])
    for lane in np.flatnonzero(outside.any(axis=0)):
        last = int(np.flatnonzero(outside[:, lane])[-1])
        if last == len(times) - 1:
            found[lane] = np.nan
            continue
        above, below = size[last, lane], size[last + 1, lane]
        share = (above - tolerance) / (above - below)
        found[lane] = times[last] + share * (times[last + 1] - times[last])
    return found
