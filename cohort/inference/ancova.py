"""Analysis of covariance: arms against control, adjusted for the baseline, in closed form.

Leading axes are replicates, so thousands of trials are one call.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cohort.errors import RangeError, ShapeError
from cohort.inference.distributions import two_sided_p

__all__ = ["Contrasts", "ancova", "check_arms"]

Floats = NDArray[np.float64]

_N_GROUPS: int = 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Contrasts:
    """Arms minus control, with their errors.

    Parameters
    ----------
    arms
        Numbers of the arms, control left out, shape ``(n_contrast,)``.
    estimate, standard_error
        In the unit of the values, shape ``(..., n_contrast)``; NaN where data do not tell.
    freedom
        Degrees of freedom [1], broadcast with the estimate.
    n_arm, n_control
        Patients behind the contrast, shape ``(..., n_contrast)``.

    Examples
    --------
    >>> one = ancova([1.0, 2.0, 4.0, 6.0, 5.0], [1.0, 2.0, 1.0, 2.0, 3.0], [0, 0, 1, 1, 1], 0)
    >>> one.estimate.round(3).tolist(), one.freedom.tolist()
    ([3.2], [2.0])
    """

    arms: NDArray[np.int64]
    estimate: Floats
    standard_error: Floats
    freedom: Floats
    n_arm: NDArray[np.int64]
    n_control: NDArray[np.int64]

    @property
    def p(self) -> Floats:
        """Two-sided p values of no difference [1]; NaN where the standard error is zero.

        Examples
        --------
        >>> one = ancova([1.0, 2.0, 4.0, 6.0, 5.0], [1.0, 2.0, 1.0, 2.0, 3.0], [0, 0, 1, 1, 1], 0)
        >>> one.p.round(4).tolist()
        [0.0658]
        """
        error = np.where(self.standard_error > 0, self.standard_error, np.nan)
        return two_sided_p(self.estimate / error, self.freedom)


def check_arms(arm: ArrayLike, control: int, n_patient: int) -> NDArray[np.int64]:
    """Return the numbers of the arms of the patients, control first.

    Parameters
    ----------
    arm
        Number of each patient's arm, shape ``(n_patient,)``.
    control
        Number of the control arm.
    n_patient
        Patients of the data.

    Raises
    ------
    ShapeError
        If there is not one arm a patient.
    RangeError
        If the control has no patients, or no other arm has any.

    Examples
    --------
    >>> check_arms([2, 1, 3], 1, 3).tolist()
    [1, 2, 3]
    """
    numbers = np.asarray(arm)
    if numbers.shape != (n_patient,):
        raise ShapeError(
            f"arm: shape {numbers.shape} for {n_patient} patients; ({n_patient},) is allowed. "
            "Give one number a patient."
        )
    found = np.unique(numbers)
    if control not in found or len(found) < _N_GROUPS:
        raise RangeError(
            f"arm: patients of the arms {found.tolist()}, control {control}; patients of the "
            "control and of at least one other arm are needed. Check the numbers of the arms."
        )
    return np.array([control, *found[found != control]], dtype=np.int64)


def ancova(values: ArrayLike, baseline: ArrayLike, arm: ArrayLike, control: int = 0) -> Contrasts:
    r"""Return each arm minus control at equal baseline.

    Parameters
    ----------
    values
        Scores or changes, shape ``(..., n_patient)``; NaN leaves a patient out.
    baseline
        Same shape or broadcast to it.
    arm
        Number of each patient's arm, shape ``(n_patient,)``, the same in all replicates.
    control
        Number of the control arm.

    Returns
    -------
    Contrasts; the same for scores as for changes from baseline.

    Notes
    -----
    One slope for all arms, one variance:

    .. math:: \hat\delta = (\bar y_a - \bar y_0) - b (\bar x_a - \bar x_0), \quad
       var = s^2 \left[1 / n_a + 1 / n_0 + (\bar x_a - \bar x_0)^2 / S_{xx}\right]

    with sums of squares within arms and ``N - n_arm - 1`` degrees of freedom. Where all baselines
    of an arm are equal the slope is 0.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> many = ancova(rng.normal(size=(500, 40)), rng.normal(size=(500, 40)), np.arange(40) % 2)
    >>> bool(abs((many.p < 0.05).mean() - 0.05) < 0.03)
    True
    """
    y = np.asarray(values, dtype=float)
    x = np.broadcast_to(np.asarray(baseline, dtype=float), y.shape)
    arms = check_arms(arm, control, y.shape[-1])
    used = np.isfinite(y) & np.isfinite(x)
    numbers = np.asarray(arm)
    shape = (len(arms), *y.shape[:-1])
    n, mean_x, mean_y = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    s_xx, s_xy, s_yy = (np.zeros(y.shape[:-1]) for _ in range(3))
    with np.errstate(divide="ignore", invalid="ignore"):
        for row, number in enumerate(arms):
            mine = numbers == number
            keep = used[..., mine]
            n[row] = keep.sum(axis=-1)
            own_x, own_y = np.where(keep, x[..., mine], 0.0), np.where(keep, y[..., mine], 0.0)
            mean_x[row], mean_y[row] = own_x.sum(-1) / n[row], own_y.sum(-1) / n[row]
            off_x = np.where(keep, own_x - mean_x[row][..., None], 0.0)
            off_y = np.where(keep, own_y - mean_y[row][..., None], 0.0)
            s_xx += (off_x * off_x).sum(-1)
            s_xy += (off_x * off_y).sum(-1)
            s_yy += (off_y * off_y).sum(-1)
        slope = np.where(s_xx > 0, s_xy / s_xx, 0.0)
        freedom = n.sum(axis=0) - np.sum(n > 0, axis=0) - (s_xx > 0)
        freedom = np.where(freedom > 0, freedom, np.nan)
        variance = np.maximum(s_yy - slope * s_xy, 0.0) / freedom
        gap = mean_x[1:] - mean_x[0]
        estimate = mean_y[1:] - mean_y[0] - slope * gap
        leverage = np.where(s_xx > 0, gap * gap / s_xx, 0.0)
        error = np.sqrt(variance * (1 / n[1:] + 1 / n[0] + leverage))
    return Contrasts(
        arms=arms[1:],
        estimate=np.moveaxis(estimate, 0, -1),
        standard_error=np.moveaxis(error, 0, -1),
        freedom=np.broadcast_to(freedom[..., None], np.moveaxis(error, 0, -1).shape),
        n_arm=np.moveaxis(n[1:], 0, -1).astype(np.int64),
        n_control=np.broadcast_to(n[0][..., None], np.moveaxis(error, 0, -1).shape).astype(
            np.int64
        ),
    )
