r"""Which doses patients take and which they miss.

Each patient has a probability of taking a dose, and each dose is one independent draw with it. Both
are keyed by patient, so a patient forgets the same dose of the same day in every arm, whatever the
drug. Missing several days in a row more often than by chance is left out.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np

from cohort.errors import RangeError
from cohort.population.draws import normals, uniforms
from cohort.population.normal_quantile import normal_quantile
from cohort.trial.quantities import DAY_S
from kernels.arithmetic import exp

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cohort.trial.arms import Adherence

__all__ = ["adherence_probability", "doses_taken", "logit_center"]

_N_QUANTILE = 256  # equal-probability points of the normal; mean within 1e-4 up to sd_logit 5
_N_HALVING = 60  # of an interval of 80 logits: below the round-off of the result
_FARTHEST_LOGIT = 40.0
_SLOTS_A_DAY = 24  # doses are at least one hour apart
_N_DRAW = 1 << 32  # numbers that one decision of a patient has


@functools.lru_cache(maxsize=64)
def logit_center(probability: float, sd_logit: float) -> float:
    r"""Return the mean of the logits whose patients have a given mean probability.

    Parameters
    ----------
    probability
        Mean probability over patients [1], greater than 0 and less than 1.
    sd_logit
        Standard deviation of the logit between patients [1], not negative.

    Returns
    -------
    Mean logit [1].

    Raises
    ------
    RangeError
        If a number is out of its range.

    Notes
    -----
    Solves :math:`E[1 / (1 + e^{-(\mu + \sigma z)})] = p` for :math:`\mu` by bisection, with the
    expectation over equally likely quantiles of the normal z.

    Examples
    --------
    >>> abs(logit_center(0.5, 1.0)) < 1e-9
    True
    >>> logit_center(0.9, 1.0) > logit_center(0.9, 0.0)
    True
    """
    if not 0 < probability < 1 or not 0 <= sd_logit < np.inf:
        raise RangeError(
            f"logit_center: probability {probability!r} and sd_logit {sd_logit!r}; a probability "
            "within 0 and 1 and an sd_logit of at least 0 are allowed. Change them."
        )
    deviations = sd_logit * normal_quantile((np.arange(_N_QUANTILE) + 0.5) / _N_QUANTILE)
    low, high = -_FARTHEST_LOGIT, _FARTHEST_LOGIT
    for _ in range(_N_HALVING):
        middle = (low + high) / 2
        # cumsum adds in written order; sum() would depend on the CPU
        mean = np.cumsum(1 / (1 + exp(-(middle + deviations))))[-1] / _N_QUANTILE
        if mean == probability:
            return middle
        low, high = (middle, high) if mean < probability else (low, middle)
    return (low + high) / 2


def adherence_probability(
    adherence: Adherence, seed: int, patient_ids: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return each patient's probability of taking a dose.

    Parameters
    ----------
    adherence
        Mean and spread.
    seed
        Seed of the trial.
    patient_ids
        Patients, shape ``(n_lane,)``.

    Returns
    -------
    Probability [1], shape ``(n_lane,)``.

    Examples
    --------
    >>> from cohort.trial import Adherence
    >>> usual = Adherence(probability=0.9, sd_logit=1.0)
    >>> round(float(adherence_probability(usual, 1, np.arange(20_000)).mean()), 2)
    0.9
    """
    p = adherence.probability
    if p in {0.0, 1.0} or adherence.sd_logit == 0:
        return np.full(len(patient_ids), p)
    center = logit_center(p, adherence.sd_logit)
    deviation = adherence.sd_logit * normals(seed, patient_ids, "adherence.patient")
    return np.asarray(1 / (1 + exp(-(center + deviation))))


def doses_taken(
    adherence: Adherence, seed: int, patient_ids: NDArray[np.int64], times: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Return which doses are taken.

    Parameters
    ----------
    adherence
        Mean and spread.
    seed
        Seed of the trial.
    patient_ids
        Patients, shape ``(n_lane,)``.
    times
        Due times of the doses of one drug [s, trial time], shape ``(n_event,)``, rising.

    Returns
    -------
    Whether a patient takes a dose, shape ``(n_event, n_lane)``.

    Notes
    -----
    A draw is keyed by the day and by which dose of that drug on that day it is, so moving the clock
    time of a dose does not change who forgets it.

    Examples
    --------
    >>> from cohort.trial import Adherence
    >>> days = 86_400 * np.arange(56)
    >>> taken = doses_taken(Adherence(probability=0.8), 1, np.arange(1000), days)
    >>> taken.shape, round(float(taken.mean()), 2)
    ((56, 1000), 0.8)
    """
    chance = adherence_probability(adherence, seed, patient_ids)
    day = times // DAY_S
    slot = np.arange(len(times)) - np.searchsorted(day, day, side="left")
    # days before the first dose are negative: they count down from the last draw there is
    draw = ((day * _SLOTS_A_DAY + slot) % _N_DRAW)[:, None]
    return np.asarray(uniforms(seed, patient_ids, "adherence.dose", draw) < chance)
