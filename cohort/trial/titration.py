"""Which dose each patient has come to: steps up and down that were decided at visits.

`cohort.conduct` decides, `cohort.trial.doses` makes amounts of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cohort.errors import RangeError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from cohort.trial.arms import Arm, Titration

__all__ = ["DoseSteps", "first_steps"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DoseSteps:
    """Hold the steps of one regimen that patients have been on.

    Parameters
    ----------
    titration
        Its doses.
    times
        When it was decided [s, trial time], rising.
    levels
        Position of the dose among the steps, first that of the start, then after each decision,
        shape ``(1 + n_decision, n_lane)``, int64.
    lowered
        Who had a lower dose than before at some time, shape ``(n_lane,)``.

    Examples
    --------
    >>> from cohort.trial import Titration
    >>> rule = Titration(steps=["20 mg", "40 mg"], up_if="response < 50 %")
    >>> steps = DoseSteps(
    ...     titration=rule, times=(), levels=np.zeros((1, 2), np.int64), lowered=np.zeros(2, bool)
    ... )
    >>> later = steps.decided(14 * 86_400, np.array([True, False]), np.array([False, False]))
    >>> later.doses_mg.tolist()
    [[20.0, 20.0], [40.0, 20.0]]
    """

    titration: Titration
    times: tuple[int, ...]
    levels: NDArray[np.int64]
    lowered: NDArray[np.bool_]

    @property
    def doses_mg(self) -> NDArray[np.float64]:
        """Dose of each patient from each decision on [mg], shape of ``levels``.

        Examples
        --------
        >>> from cohort.trial import Arm
        >>> rule = {"steps": ["5 mg", "10 mg"], "up_if": "response < 50 %"}
        >>> regimen = {"drug": "escitalopram", "dose": "10 mg", "titrate": rule}
        >>> first_steps(Arm(name="a", patients=9, regimens=[regimen]), 1)[0].doses_mg.tolist()
        [[10.0]]
        """
        return np.array(self.titration.steps)[self.levels]

    def rows(self, times: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the row of ``levels`` that doses at some times have.

        Parameters
        ----------
        times
            Due times [s, trial time], shape ``(n_event,)``.

        Returns
        -------
        Rows, shape ``(n_event,)``; a dose at the time of a decision is a new one.

        Examples
        --------
        >>> from cohort.trial import Titration
        >>> steps = DoseSteps(
        ...     titration=Titration(steps=["1 mg", "2 mg"], up_if="score > 9"),
        ...     times=(100,),
        ...     levels=np.zeros((2, 1), np.int64),
        ...     lowered=np.zeros(1, bool),
        ... )
        >>> steps.rows(np.array([99, 100])).tolist()
        [0, 1]
        """
        return np.searchsorted(np.array(self.times, np.int64), times, side="right")

    def decided(self, time: int, up: NDArray[np.bool_], down: NDArray[np.bool_]) -> DoseSteps:
        """Return the steps after a decision.

        Parameters
        ----------
        time
            When [s, trial time], later than all decisions before.
        up, down
            Whose dose should rise or fall, shape ``(n_lane,)``; the way down wins.

        Returns
        -------
        Steps one row longer.

        Raises
        ------
        RangeError
            If the time is not later than the last.

        Examples
        --------
        >>> from cohort.trial import Titration
        >>> steps = DoseSteps(
        ...     titration=Titration(steps=["1 mg", "2 mg"], up_if="score > 9"),
        ...     times=(),
        ...     levels=np.ones((1, 1), np.int64),
        ...     lowered=np.zeros(1, bool),
        ... )
        >>> yes = np.array([True])
        >>> steps.decided(100, yes, yes).decided(200, yes, ~yes).levels[:, 0].tolist()
        [1, 0, 0]
        """
        if self.times and time <= self.times[-1]:
            raise RangeError(
                f"titration: decided at {time} s after {self.times[-1]} s; decisions follow one "
                "another. Give a later time."
            )
        now = self.levels[-1]
        falls = down & (now > 0)
        rises = up & ~down & ~self.lowered & (now < len(self.titration.steps) - 1)
        later = now + rises.astype(np.int64) - falls.astype(np.int64)
        return DoseSteps(
            titration=self.titration,
            times=(*self.times, time),
            levels=np.vstack((self.levels, later)),
            lowered=self.lowered | falls,
        )


def first_steps(arm: Arm, n_lane: int) -> Mapping[int, DoseSteps]:
    """Return the steps at which the patients of an arm start.

    Parameters
    ----------
    arm
        The arm.
    n_lane
        Number of patients.

    Returns
    -------
    By position of the regimen in the arm; none for regimens that are not titrated.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> first_steps(load_protocol("sct-md-01").arms[1], 3)
    {}
    """
    return {
        position: DoseSteps(
            titration=regimen.titrate,
            times=(),
            levels=np.full((1, n_lane), regimen.titrate.steps.index(regimen.dose), np.int64),
            lowered=np.zeros(n_lane, np.bool_),
        )
        for position, regimen in enumerate(arm.regimens)
        if regimen.titrate is not None
    }
