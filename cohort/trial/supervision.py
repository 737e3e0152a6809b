"""What patients do with their doses when no clinician follows them up.

Week by week a patient may stop for good, change the dose, or take it as needed. Every draw is keyed
by patient and week, so it is the same in every arm and block. `cohort.trial.doses` enters here.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING

import numpy as np

from cohort.errors import ProtocolError
from cohort.facts import Declaration, PureNumber
from cohort.population.draws import uniforms
from cohort.trial.quantities import DAY_S, WEEK_S
from cohort.yaml_files import read_yaml_model

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["SelfDirection", "self_directed"]

_FIRST_MONTH_WEEKS = 4
_DAYS_A_WEEK = 7
_SLOTS_A_DAY = 24  # doses are at least one hour apart
_HALF, _DOUBLE = 0.5, 2.0


class _Numbers(Declaration):
    stop_first_month: PureNumber
    stop_later: PureNumber
    change: PureNumber
    halved: PureNumber
    intermittent: PureNumber
    intermittent_share: PureNumber


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SelfDirection:
    """What patients make of the doses of one drug.

    Parameters
    ----------
    taken
        Whether a dose would be taken, adherence aside, shape ``(n_event, n_lane)``.
    factors
        Multiple of the written dose [1] by week, shape ``(n_week, n_lane)``: 0.5, 1 or 2.
    weeks
        Week of each dose, shape ``(n_event,)``, int64.

    Examples
    --------
    >>> found = self_directed(7, np.arange(1000), 86_400 * np.arange(56))
    >>> found.factors.shape, bool(found.taken[0].mean() > found.taken[-1].mean())
    ((8, 1000), True)
    """

    taken: NDArray[np.bool_]
    factors: NDArray[np.float64]
    weeks: NDArray[np.int64]


def self_directed(
    seed: int, patient_ids: NDArray[np.int64], times: NDArray[np.int64]
) -> SelfDirection:
    """Return what patients make of the doses of one drug when nobody follows them up.

    Parameters
    ----------
    seed
        Seed of the trial.
    patient_ids
        Patients, shape ``(n_lane,)``.
    times
        Due times of the doses [s, trial time], shape ``(n_event,)``, rising.

    Returns
    -------
    Doses taken, and by how much they differ from what is written.

    Notes
    -----
    A patient who stops does so on one day of the week that is drawn, for all drugs. A dose that
    was changed goes back to the written one at the next change. The numbers are in
    ``self_directed.yaml``; a second product bought without a clinician is left out.

    Examples
    --------
    >>> alone = self_directed(7, np.array([17]), 86_400 * np.arange(56))
    >>> together = self_directed(7, np.arange(30), 86_400 * np.arange(56))
    >>> bool((alone.taken[:, 0] == together.taken[:, 17]).all())
    True
    """
    numbers = _numbers()
    n_week = int(times[-1] // WEEK_S) + 1 if len(times) else 1
    weeks = np.arange(n_week)[:, None]
    stops = np.where(
        weeks < _FIRST_MONTH_WEEKS,
        numbers.stop_first_month.number("1"),
        numbers.stop_later.number("1"),
    )
    stopping = uniforms(seed, patient_ids, "self-directed: stop", weeks) < stops
    first = np.argmax(stopping, axis=0)
    day = np.floor(_DAYS_A_WEEK * uniforms(seed, patient_ids, "self-directed: day of stop"))
    stop_s = np.where(
        stopping.any(axis=0), first * WEEK_S + day.astype(np.int64) * DAY_S, n_week * WEEK_S
    )
    week, days = times // WEEK_S, times // DAY_S
    slot = np.arange(len(times)) - np.searchsorted(days, days, side="left")
    draw = (days * _SLOTS_A_DAY + slot)[:, None]
    as_needed = uniforms(seed, patient_ids, "self-directed: as needed", weeks)
    is_loose = (as_needed < numbers.intermittent.number("1"))[week]
    share = numbers.intermittent_share.number("1")
    wanted = uniforms(seed, patient_ids, "self-directed: dose", draw) < share
    return SelfDirection(
        taken=(times[:, None] < stop_s) & (wanted | ~is_loose),
        factors=_factors(seed, patient_ids, n_week, numbers),
        weeks=week,
    )


def _factors(
    seed: int, patient_ids: NDArray[np.int64], n_week: int, numbers: _Numbers
) -> NDArray[np.float64]:
    weeks = np.arange(n_week)[:, None]
    changes = uniforms(seed, patient_ids, "self-directed: change", weeks)
    direction = uniforms(seed, patient_ids, "self-directed: direction", weeks)
    now = np.ones(len(patient_ids))
    factors = np.empty((n_week, len(patient_ids)))
    for week in range(n_week):
        away = np.where(direction[week] < numbers.halved.number("1"), _HALF, _DOUBLE)
        changed = np.where(now == 1.0, away, 1.0)
        now = np.where(changes[week] < numbers.change.number("1"), changed, now)
        factors[week] = now
    return factors


@functools.cache
def _numbers() -> _Numbers:
    file = resources.files("cohort.trial") / "self_directed.yaml"
    with resources.as_file(file) as path:
        return read_yaml_model(path, _Numbers, error=ProtocolError)
