"""The pool: daily drivers of the same patients in every arm, as if nobody left."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cohort.conditions import Condition
from cohort.errors import RangeError, UnknownNameError
from cohort.outcomes import DayDrivers
from cohort.outcomes.course import TrialVariation
from cohort.simulate import BlockResult, simulate_block
from cohort.trial import AS_PLANNED, Protocol
from cohort.trial.titration import first_steps

__all__ = ["Pool", "days_of", "doses_follow_outcomes", "merge_pools", "simulate_pool"]

Floats = NDArray[np.float64]

_BLOCK: Final = 500
"""Patients in one call of the solver; results do not depend on it."""
_LARGEST_ID: Final = 2**32 - 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pool:
    """Hold the daily drivers of the same patients in every arm.

    Parameters
    ----------
    protocol, condition
        The trial, and its patient group with what the protocol says otherwise.
    patient_ids
        Shape ``(n_lane,)``.
    columns
        Covariates and genotypes of the patients, by name, shape ``(n_lane,)``.
    drivers
        By arm, daily means since the first dose; leaving stops no doses.
    failed_visit
        By arm, position of the first visit at which the solver had failed, or the number of visits
        for patients who were solved to the end, shape ``(n_lane,)``.
    variations
        By arm, what the variant adds to the course on placebo.
    used_to
        By arm, daily means of the days before the first dose, where patients took something.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> pool = simulate_pool(load_protocol("sct-md-01"), 3, arms=("placebo",))
    >>> pool.n_lane, pool.solved.tolist()
    (3, [0, 1, 2])
    """

    protocol: Protocol
    condition: Condition
    patient_ids: NDArray[np.int64]
    columns: Mapping[str, NDArray[np.generic]]
    drivers: Mapping[str, DayDrivers]
    failed_visit: Mapping[str, NDArray[np.int64]]
    variations: Mapping[str, TrialVariation]
    used_to: Mapping[str, DayDrivers] = field(default_factory=dict)

    @property
    def n_lane(self) -> int:
        """Number of patients.

        Examples
        --------
        >>> from cohort.trial import load_protocol
        >>> simulate_pool(load_protocol("sct-md-01"), 2, arms=("placebo",)).n_lane
        2
        """
        return len(self.patient_ids)

    @property
    def solved(self) -> NDArray[np.int64]:
        """Lanes that were solved to the end in every arm.

        Examples
        --------
        >>> from cohort.trial import load_protocol
        >>> simulate_pool(load_protocol("sct-md-01"), 2, arms=("placebo",)).solved.tolist()
        [0, 1]
        """
        n_visit = len(self.protocol.visits)
        good = [failed == n_visit for failed in self.failed_visit.values()]
        return np.flatnonzero(np.all(good, axis=0))

    @property
    def doses_follow_outcomes(self) -> bool:
        """Whether doses depend on scores or events, so that patients must keep their own luck.

        Examples
        --------
        >>> from cohort.trial import load_protocol
        >>> pool = simulate_pool(load_protocol("sct-md-01"), 1, arms=("placebo",))
        >>> pool.doses_follow_outcomes
        False
        """
        return doses_follow_outcomes(self.protocol)


def doses_follow_outcomes(protocol: Protocol) -> bool:
    """Tell whether doses of a trial depend on scores or events.

    Parameters
    ----------
    protocol
        The trial.

    Returns
    -------
    True where doses are titrated by a rule, rescue is given or events change doses: its patients
    then keep their own luck, and nobody can be in a replicate twice.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> [doses_follow_outcomes(load_protocol(name)) for name in ("sct-md-01", "stard-level-1")]
    [False, True]
    """
    titrated = any(first_steps(arm, 1) for arm in protocol.arms)
    return titrated or protocol.rescue is not None or protocol.dose_modification


def simulate_pool(
    protocol: Protocol,
    patients: int,
    *,
    first_id: int = 1,
    arms: tuple[str, ...] | None = None,
    variant: str = AS_PLANNED.name,
    device: str = "auto",
) -> Pool:
    """Simulate the same patients in every arm, doses to the end of the plan.

    Parameters
    ----------
    protocol
        The trial.
    patients
        Number of patients in the pool, at least 1.
    first_id
        Number of the first patient.
    arms
        Names of the arms that are simulated; all if left out.
    variant
        Name of the variant, where the protocol has variants.
    device
        As in `kernels.integrate`.

    Returns
    -------
    The pool.

    Raises
    ------
    RangeError
        If there is no patient, or ids leave their range.
    UnknownNameError
        If the protocol has no such arm or variant.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> pool = simulate_pool(load_protocol("sct-md-01"), 2, arms=("placebo",))
    >>> pool.drivers["placebo"].n_day
    56
    """
    if not isinstance(patients, int | np.integer) or isinstance(patients, bool) or patients < 1:
        raise RangeError(
            f"simulate_pool: patients {patients!r}; a whole number of at least 1 is allowed. "
            "Use 300."
        )
    if not 0 <= first_id <= _LARGEST_ID + 1 - patients:
        raise RangeError(
            f"simulate_pool: ids from {first_id!r} for {patients} patients; ids from 0 to 2^32 - 1 "
            "are allowed. Use first_id=1."
        )
    known = tuple(arm.name for arm in protocol.arms)
    chosen = known if arms is None else arms
    for name in chosen:
        if name not in known:
            raise UnknownNameError(f"protocol '{protocol.name}'", name, known, "arm")
    ids = np.arange(first_id, first_id + patients, dtype=np.int64)
    drivers: dict[str, DayDrivers] = {}
    failed: dict[str, NDArray[np.int64]] = {}
    used_to: dict[str, DayDrivers] = {}
    for name in chosen:
        parts = [
            simulate_block(
                protocol,
                name,
                ids[start : start + _BLOCK],
                variant=variant,
                device=device,
                leavers_go_on=True,
            )
            for start in range(0, patients, _BLOCK)
        ]
        drivers[name] = _side_by_side([part.drivers for part in parts])
        failed[name] = np.concatenate([_failed_visit(part, len(protocol.visits)) for part in parts])
        before = [part.used_to for part in parts if part.used_to is not None]
        if before:
            used_to[name] = _side_by_side(before)
    columns = {
        key: np.concatenate([np.asarray(part.population.columns[key]) for part in parts])
        for key in parts[0].population.columns
    }
    return Pool(
        protocol=protocol,
        condition=parts[0].condition,
        patient_ids=ids,
        columns=columns,
        drivers=drivers,
        failed_visit=failed,
        variations=dict.fromkeys(chosen, parts[0].variation),
        used_to=used_to,
    )


def merge_pools(parts: Mapping[str, tuple[Pool, str]]) -> Pool:
    """Return a pool whose arms come from pools of the same patients, under new names.

    Parameters
    ----------
    parts
        By new name: a pool, and the name of its arm. Pools of several variants, or one arm under
        several names.

    Returns
    -------
    The pool; covariates are those of the first part.

    Raises
    ------
    RangeError
        If there is no part, or the patients differ.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> pool = simulate_pool(load_protocol("sct-md-01"), 2, arms=("placebo",))
    >>> tuple(merge_pools({"small": (pool, "placebo"), "large": (pool, "placebo")}).drivers)
    ('small', 'large')
    """
    if not parts:
        raise RangeError("merge_pools: no arm; at least one is allowed. Name arms.")
    first, _ = next(iter(parts.values()))
    for name, (pool, _) in parts.items():
        if not np.array_equal(pool.patient_ids, first.patient_ids):
            raise RangeError(
                f"merge_pools, '{name}': patients from {pool.patient_ids[0]} on; those of the "
                f"first part, from {first.patient_ids[0]} on, are allowed. Simulate the same ids."
            )
    return replace(
        first,
        drivers={name: pool.drivers[arm] for name, (pool, arm) in parts.items()},
        failed_visit={name: pool.failed_visit[arm] for name, (pool, arm) in parts.items()},
        variations={name: pool.variations[arm] for name, (pool, arm) in parts.items()},
        used_to={name: pool.used_to[arm] for name, (pool, arm) in parts.items() if pool.used_to},
    )


def _failed_visit(part: BlockResult, n_visit: int) -> NDArray[np.int64]:
    failed = np.array([part.failed_before(visit) for visit in range(n_visit)])
    return np.where(failed.any(axis=0), failed.argmax(axis=0), n_visit).astype(np.int64)


def _side_by_side(parts: list[DayDrivers]) -> DayDrivers:
    """Return the drivers of blocks of patients as those of one block."""
    return DayDrivers(
        readings={
            name: np.concatenate([part.readings[name] for part in parts], axis=1)
            for name in parts[0].readings
        }
    )


def days_of(
    drivers: DayDrivers, first: int, last: int, lanes: NDArray[np.int64] | slice = slice(None)
) -> DayDrivers:
    """Return the drivers of some days and lanes.

    Parameters
    ----------
    drivers
        Of the whole trial.
    first, last
        First day and day after the last, counted from 0.
    lanes
        Positions of lanes, any number of times each; all if left out.

    Returns
    -------
    Drivers of shape ``(last - first, n_chosen)``.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> pool = simulate_pool(load_protocol("sct-md-01"), 2, arms=("placebo",))
    >>> days_of(pool.drivers["placebo"], 7, 14, np.array([1, 1, 0])).n_day
    7
    """
    return DayDrivers(
        readings={name: values[first:last][:, lanes] for name, values in drivers.readings.items()}
    )
