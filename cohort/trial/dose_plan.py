"""The doses of one arm and who takes them: planned, taken, and as streams of events.

A dose is skipped with a chance of the patient's own, decided by patient and day, so that a patient
skips the same days in every arm. Who has left takes nothing any more.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cohort.drugs import load_drug
from cohort.population.draws import normals, uniforms
from kernels import Stream
from kernels.arithmetic import exp, log

__all__ = ["DosePlan", "PlannedDoses", "plan_doses"]

SECONDS_PER_DAY: Final = 86_400
UG_PER_MG: Final = 1000.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlannedDoses:
    """List the doses of one drug that an arm plans.

    Parameters
    ----------
    drug
        Name of the drug.
    times_s
        Seconds since midnight of the first dose day, increasing, shape ``(n_dose,)``.
    amounts_mg
        Dose [mg], same shape.

    Examples
    --------
    >>> PlannedDoses(
    ...     drug="escitalopram", times_s=np.array([28800]), amounts_mg=np.array([10.0])
    ... ).drug
    'escitalopram'
    """

    drug: str
    times_s: NDArray[np.int64]
    amounts_mg: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DosePlan:
    """Hold the planned doses of some patients of one arm.

    Parameters
    ----------
    planned
        Doses of each drug.
    adhered
        Whether a patient would take the doses of a day, shape ``(n_day, n_lane)``.
    start_s
        Simulation time of midnight of the first dose day [s].
    lags_s
        Absorption lag by compound [s], each of shape ``(n_lane,)``.

    Examples
    --------
    >>> plan = plan_doses((), np.array([1, 2]), 7, 0.9, 0.5, 3, 0, {})
    >>> plan.n_planned().tolist(), plan.streams(np.full(2, np.nan))
    ([0, 0], ())
    """

    planned: tuple[PlannedDoses, ...]
    adhered: NDArray[np.bool_]
    start_s: int
    lags_s: dict[str, NDArray[np.int64]]

    @property
    def n_lane(self) -> int:
        """Number of patients.

        Examples
        --------
        >>> plan_doses((), np.array([1, 2]), 7, 0.9, 0.5, 3, 0, {}).n_lane
        2
        """
        return int(self.adhered.shape[1])

    def taken(self, doses: PlannedDoses, left_day: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return who takes which dose.

        Parameters
        ----------
        doses
            One drug of the plan.
        left_day
            Day on which a patient left [d], NaN for none, shape ``(n_lane,)``; from the end of
            that day on nothing is taken.

        Returns
        -------
        Shape ``(n_dose, n_lane)``.

        Examples
        --------
        >>> daily = PlannedDoses(
        ...     drug="sertraline", times_s=np.arange(4) * 86400, amounts_mg=np.full(4, 50.0)
        ... )
        >>> plan = plan_doses((daily,), np.array([1]), 7, 1.0, 0.0, 4, 0, {})
        >>> plan.taken(daily, np.array([2.0]))[:, 0].tolist()
        [True, True, False, False]
        """
        day = doses.times_s // SECONDS_PER_DAY
        last = np.where(np.isnan(left_day), np.inf, left_day)
        return self.adhered[day] & (day[:, None] < last)

    def streams(self, left_day: NDArray[np.float64]) -> tuple[Stream, ...]:
        """Return the doses as events of the simulation.

        Parameters
        ----------
        left_day
            As in `taken`.

        Returns
        -------
        One stream a swallowed compound and drug: boluses [ug] into ``depot_<compound>``.

        Examples
        --------
        >>> one = PlannedDoses(
        ...     drug="citalopram", times_s=np.array([0]), amounts_mg=np.array([20.0])
        ... )
        >>> plan = plan_doses((one,), np.array([1]), 7, 1.0, 0.0, 1, 0, {})
        >>> [(s.target, s.amounts.tolist()) for s in plan.streams(np.array([np.nan]))]
        [('depot_s_citalopram', [10000.0]), ('depot_r_citalopram', [10000.0])]
        """
        return tuple(
            Stream(
                name=f"{doses.drug}: {compound}",
                target=f"depot_{compound}",
                times=doses.times_s + self.start_s,
                amounts=doses.amounts_mg * (fraction * UG_PER_MG),
                lag=self.lags_s.get(compound),
                taken=self.taken(doses, left_day),
            )
            for doses in self.planned
            for compound, fraction in load_drug(doses.drug).fractions.items()
        )

    def n_planned(self) -> NDArray[np.int64]:
        """Return the number of planned doses of each patient, shape ``(n_lane,)``.

        Examples
        --------
        >>> plan_doses((), np.array([1]), 7, 0.9, 0.5, 3, 0, {}).n_planned().tolist()
        [0]
        """
        return np.full(self.n_lane, sum(len(doses.times_s) for doses in self.planned), np.int64)

    def n_taken(self, left_day: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the number of doses each patient took, shape ``(n_lane,)``.

        Examples
        --------
        >>> plan = plan_doses((), np.array([1]), 7, 0.9, 0.5, 3, 0, {})
        >>> plan.n_taken(np.array([np.nan])).tolist()
        [0]
        """
        total = np.zeros(self.n_lane, np.int64)
        for doses in self.planned:
            for row in self.taken(doses, left_day):
                total = total + row
        return total

    def total_mg(self, left_day: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the dose each patient took in all [mg], shape ``(n_lane,)``.

        Examples
        --------
        >>> plan = plan_doses((), np.array([1]), 7, 0.9, 0.5, 3, 0, {})
        >>> plan.total_mg(np.array([np.nan])).tolist()
        [0.0]
        """
        total = np.zeros(self.n_lane)
        for doses in self.planned:
            for amount, row in zip(doses.amounts_mg, self.taken(doses, left_day), strict=True):
                total = total + np.where(row, amount, 0.0)
        return total


def plan_doses(
    planned: tuple[PlannedDoses, ...],
    patient_ids: NDArray[np.int64],
    seed: int,
    adherence: float,
    adherence_spread: float,
    n_day: int,
    start_s: int,
    lags_s: dict[str, NDArray[np.int64]],
) -> DosePlan:
    """Decide which days each patient adheres, and return the plan.

    Parameters
    ----------
    planned
        Doses of each drug.
    patient_ids
        Shape ``(n_lane,)``.
    seed
        Seed of the trial.
    adherence
        Probability that a typical patient takes the doses of a day [1].
    adherence_spread
        Standard deviation of its logit between patients [1].
    n_day
        Days of the trial.
    start_s, lags_s
        As in `DosePlan`.

    Returns
    -------
    The plan.

    Examples
    --------
    >>> plan = plan_doses((), np.arange(1000), 7, 0.9, 0.0, 50, 0, {})
    >>> bool(0.89 < plan.adhered.mean() < 0.91)
    True
    """
    days = np.arange(n_day)[:, None]
    if adherence >= 1.0:
        adhered = np.ones((n_day, len(patient_ids)), bool)
    else:
        logit = log(np.array(adherence / (1.0 - adherence)))
        own = logit + adherence_spread * normals(seed, patient_ids, "adherence of the patient")
        chance = 1.0 / (1.0 + exp(-own))
        adhered = uniforms(seed, patient_ids[None, :], "dose taken", days) < chance
    return DosePlan(planned=planned, adhered=adhered, start_s=start_s, lags_s=lags_s)
