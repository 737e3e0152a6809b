r"""Which doses patients take and which they miss.

Each patient has a probability of taking a dose, and each dose is one independent draw with it. Both
are keyed by patient, so a patient forgets the same dose of the same day in every arm, whatever the
drug. With patterns some take every dose, some leave out days in a row, some stop and tell nobody,
and some take better care before visits; the numbers are in ``adherence_patterns.yaml``.
"""

from __future__ import annotations

import functools
from importlib import resources
from typing import TYPE_CHECKING, Annotated

import numpy as np

from cohort.errors import ProtocolError, RangeError
from cohort.facts import Declaration, Fact, PureNumber, quantity_in
from cohort.population.draws import categorical, exponentials, normals, uniforms
from cohort.population.normal_quantile import normal_quantile
from cohort.trial.quantities import DAY_S
from cohort.yaml_files import read_yaml_model
from kernels.arithmetic import exp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cohort.trial.arms import Adherence

__all__ = ["adherence_probability", "doses_taken", "logit_center"]

Days = Annotated[Fact, quantity_in("day", minimum=1.0)]

_N_QUANTILE = 256  # equal-probability points of the normal; mean within 1e-4 up to sd_logit 5
_N_HALVING = 60  # of an interval of 80 logits: below the round-off of the result
_FARTHEST_LOGIT = 40.0
_SLOTS_A_DAY = 24  # doses are at least one hour apart
_N_DRAW = 1 << 32  # numbers that one decision of a patient has


class _Numbers(Declaration):
    holiday_start: PureNumber
    holiday_shortest: Days
    holiday_longest: Days
    stop_per_day: PureNumber
    visit_days: Days


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
    adherence: Adherence,
    seed: int,
    patient_ids: NDArray[np.int64],
    times: NDArray[np.int64],
    visits: Sequence[int] = (),
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
    visits
        Times of the visits [s, trial time]; only patterns of adherence ask for them.

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
    if adherence.patterns is None:
        return np.asarray(uniforms(seed, patient_ids, "adherence.dose", draw) < chance)
    numbers = _numbers()
    pattern = categorical(seed, patient_ids, "adherence.pattern", adherence.patterns.shares)
    taken = np.ones((len(times), len(patient_ids)), np.bool_)
    lanes = [np.flatnonzero(pattern == kind) for kind in range(len(adherence.patterns.shares))]
    _, partial, holidays, early_stop, white_coat = lanes
    for some in (partial, white_coat):
        taken[:, some] = uniforms(seed, patient_ids[some], "adherence.dose", draw) < chance[some]
    taken[:, holidays] = ~_on_holiday(seed, patient_ids[holidays], day, numbers)
    taken[:, early_stop] = day[:, None] < _last_day(seed, patient_ids[early_stop], numbers)
    taken[:, white_coat] |= _before_visits(times, visits, numbers)[:, None]
    return taken


def _before_visits(
    times: NDArray[np.int64], visits: Sequence[int], numbers: _Numbers
) -> NDArray[np.bool_]:
    """Return which doses are due in the days before a visit."""
    before = numbers.visit_days.number("s")
    near = np.zeros(len(times), np.bool_)
    for visit in visits:
        near |= (times >= visit - before) & (times < visit)
    return near


def _on_holiday(
    seed: int, patient_ids: NDArray[np.int64], days: NDArray[np.int64], numbers: _Numbers
) -> NDArray[np.bool_]:
    """Return whether a holiday that began on a day or shortly before covers it."""
    shortest, longest = (
        round(one.number("day")) for one in (numbers.holiday_shortest, numbers.holiday_longest)
    )
    covered = np.zeros((len(days), len(patient_ids)), np.bool_)
    for ago in range(longest):
        draw = ((days - ago) % _N_DRAW)[:, None]
        begins = uniforms(seed, patient_ids, "adherence.holiday", draw)
        length = uniforms(seed, patient_ids, "adherence.holiday length", draw)
        lasts = shortest + np.floor((longest - shortest + 1) * length)
        covered |= (begins < numbers.holiday_start.number("1")) & (lasts > ago)
    return covered


def _last_day(seed: int, patient_ids: NDArray[np.int64], numbers: _Numbers) -> NDArray[np.float64]:
    """Return the day from which early stoppers take nothing; never before the first dose."""
    mean = 1.0 / numbers.stop_per_day.number("1")
    days: NDArray[np.float64] = np.ceil(mean * exponentials(seed, patient_ids, "adherence.stop"))
    return days


@functools.cache
def _numbers() -> _Numbers:
    file = resources.files("cohort.trial") / "adherence_patterns.yaml"
    with resources.as_file(file) as path:
        return read_yaml_model(path, _Numbers, error=ProtocolError)
