r"""What each published contrast is in the model, for any weights of the link.

The readings of every arm were simulated before; here the outcome layer of `cohort.outcomes` runs
on them, for the same people in all arms. Leaving is averaged, not drawn (but for those who stop the
drug for an adverse event, which no weight changes): with cumulated hazards *H*
at the visits, the last observation carried forward has the mean
:math:`\sum_v (e^{-H_v} - e^{-H_{v+1}}) y_v + e^{-H_V} y_V`, smooth in the weights.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cohort.conditions import Condition
from cohort.outcomes import (
    AdverseEvent,
    ClinicalCourse,
    DayDrivers,
    TrialVariation,
    accustom,
    adverse_event_names,
    follow_days,
    load_adverse_event,
    start_course,
)
from cohort.population import draw_candidates
from cohort.scales import load_scale
from cohort.trial import TrialPopulation, population_spec
from cohort.trial.events import ALL_EVENTS
from cohort.trial.quantities import DAY_S
from pipelines.calibration_contrasts import Contrast
from pipelines.calibration_plan import CalibrationPlan
from pipelines.calibration_pools import PLACEBO, Pools, plan_condition

__all__ = ["ContrastModel", "Expansion", "Predict"]

Floats = NDArray[np.float64]
Predict = Callable[[Floats], Floats]
"""Contrasts, shape ``(n_row,)``, for given numbers."""

_BACKGROUND_D: Final = 56  # many times the slowest clinical process
_ADVERSE_EVENT: Final = 2  # position in `cohort.outcomes.course.REASONS`


class ContrastModel:
    """Say what each contrast is for any weights, on readings that were simulated before.

    Parameters
    ----------
    plan
        The plan.
    rows
        Contrasts.
    pools
        Readings by arm.

    Examples
    --------
    >>> from pipelines.calibration_contrasts import plan_contrasts
    >>> from pipelines.calibration_plan import load_plan
    >>> plan = load_plan("major_depression")
    >>> row = plan_contrasts(plan)[1]
    >>> still = np.zeros((56, plan.patients))
    >>> pools = {row.arm: {"serotonin_extracellular": still}}
    >>> ContrastModel(plan, [row], pools)(np.array([0.3, 0.3, 0.2, 0.2])).round(6).tolist()
    [0.0]
    """

    def __init__(self, plan: CalibrationPlan, rows: Sequence[Contrast], pools: Pools) -> None:
        self.plan, self.rows = plan, tuple(rows)
        self._condition = plan_condition(plan)
        self._arms = (PLACEBO, *dict.fromkeys(row.arm for row in rows))
        self._days = tuple(visit // DAY_S for visit in plan.visits)
        self._scale = load_scale(plan.scale, self._condition.severity.scale)
        looked_for = plan.adverse_events
        names = adverse_event_names() if looked_for == ALL_EVENTS else looked_for
        events = tuple(load_adverse_event(name) for name in names)
        wanted = (*plan.weights, *(name for event in events for name in event.reads))
        n_day = plan.duration // DAY_S
        self._drivers = _side_by_side(
            self._arms, pools, wanted, (n_day, plan.patients), plan.copies
        )
        ids = np.tile(np.arange(1, plan.patients * plan.copies + 1), len(self._arms))
        self._start = _staying(start_course(ids, plan.seed, self._condition, ()))
        people = _people(plan, self._condition, plan.copies * len(self._arms))
        begin = _staying(start_course(ids, plan.seed, self._condition, events, covariates=people))
        self._before = None
        if plan.background:
            # all arms take the same before the first day, and have been for long
            own = self._drivers_of(PLACEBO, pools, wanted)
            days = {name: np.repeat(own[name][:1], _BACKGROUND_D, axis=0) for name in own}
            self._before = DayDrivers(readings=days)
        begin = self._used_to(begin, self._condition, events)
        # events hang on readings alone: their hazard of leaving, and who stops the drug for one,
        # are the same for all weights
        self._events = tuple(
            (course.leave_hazard[_ADVERSE_EVENT], np.isnan(course.left_day))
            for course in self._follow(begin, self._condition, events)
        )

    def __call__(self, weights: Floats) -> Floats:
        """Return the contrasts, shape ``(n_row,)``.

        Examples
        --------
        >>> ContrastModel.__call__.__name__
        '__call__'
        """
        condition = _with_weights(self._condition, weights)
        courses = self._follow(self._used_to(self._start, condition, ()), condition, ())
        shape = (len(self._arms), self.plan.patients * self.plan.copies)
        scores = [
            self._scale.loading.number("1")
            * course.latent(condition, TrialVariation()).reshape(shape)
            for course in courses
        ]
        staying = [
            (is_on_drug * np.exp(-(_without_events(course) + hazard))).reshape(shape)
            for course, (hazard, is_on_drug) in zip(courses, self._events, strict=True)
        ]
        found = {at: self._moments(at, scores, staying) for at in {row.at for row in self.rows}}
        return np.array([self._contrast(row, *found[row.at]) for row in self.rows])

    def _used_to(
        self, course: ClinicalCourse, condition: Condition, events: tuple[AdverseEvent, ...]
    ) -> ClinicalCourse:
        """Return people who are used to what all arms take."""
        if self._before is None:
            return course
        return accustom(course, self._before, condition, events)

    def _drivers_of(self, arm: str, pools: Pools, wanted: Sequence[str]) -> dict[str, Floats]:
        """Return the readings of one arm on the lanes of all."""
        shape = (self.plan.duration // DAY_S, self.plan.patients)
        arms = [arm] * len(self._arms)
        return _side_by_side(arms, pools, wanted, shape, self.plan.copies)

    def _follow(
        self, course: ClinicalCourse, condition: Condition, events: tuple[AdverseEvent, ...]
    ) -> list[ClinicalCourse]:
        courses = [course]
        for first, last in pairwise(self._days):
            part = DayDrivers(
                readings={name: days[first:last] for name, days in self._drivers.items()}
            )
            courses.append(follow_days(courses[-1], part, condition, events, TrialVariation()))
        return courses

    def _moments(
        self, at: int, scores: list[Floats], staying: list[Floats]
    ) -> tuple[Floats, Floats, float]:
        """Return mean and SD of the change of each arm, last observation carried forward."""
        last = self._days.index(at // DAY_S)
        ends = [*staying[1 : last + 1], np.zeros_like(staying[0])]
        mean = square = np.zeros_like(scores[0])
        for visit in range(last + 1):
            share = staying[visit] - ends[visit] if visit < last else staying[visit]
            change = scores[visit] - scores[0]
            mean = mean + share * change
            square = square + share * change**2
        noise = 2.0 * self._scale.noise_sd.number("1") ** 2
        first = mean.mean(axis=1)
        spread = np.sqrt(square.mean(axis=1) - first**2 + noise)
        return first, spread, float(scores[0].mean())

    def _contrast(self, row: Contrast, mean: Floats, spread: Floats, baseline: float) -> float:
        arm = self._arms.index(row.arm)
        difference = mean[arm] - mean[0]
        if row.measure == "smd":
            return float(difference / np.sqrt(0.5 * (spread[arm] ** 2 + spread[0] ** 2)))
        if row.measure == "percent":
            return float(100.0 * difference / baseline)
        return float(difference)


def _people(
    plan: CalibrationPlan, condition: Condition, times: int
) -> dict[str, NDArray[np.generic]]:
    """Return the covariates of the simulated patients, so often one after another."""
    spec = population_spec(TrialPopulation(), condition)
    ids = np.arange(1, plan.patients + 1)
    columns = draw_candidates(ids, plan.seed, spec, condition.population.history)
    return {name: np.tile(column, times) for name, column in columns.items()}


def _without_events(course: ClinicalCourse) -> Floats:
    """Return the cumulated hazard of leaving for anything but an adverse event."""
    hazard: Floats = course.leave_hazard.sum(axis=0) - course.leave_hazard[_ADVERSE_EVENT]
    return hazard


def _staying(course: ClinicalCourse) -> ClinicalCourse:
    return replace(course, leave_limit=np.full_like(course.leave_limit, np.inf))


def _with_weights(condition: Condition, weights: Floats) -> Condition:
    link = condition.link
    signals = {
        name: fact.model_copy(update={"value": float(weight)})
        for (name, fact), weight in zip(link.signals.items(), weights, strict=True)
    }
    return condition.model_copy(update={"link": link.model_copy(update={"signals": signals})})


def _side_by_side(
    arms: Sequence[str], pools: Pools, wanted: Sequence[str], shape: tuple[int, int], copies: int
) -> dict[str, Floats]:
    """Return the readings of all arms as lanes beside one another; what is missing is at rest."""
    still = np.zeros(shape)
    return {
        name: np.concatenate(
            [np.tile(pools.get(arm, {}).get(name, still), copies) for arm in arms], axis=1
        )
        for name in dict.fromkeys(wanted)
    }


class Expansion:
    r"""A model to second order about one point: refits without its cost.

    Parameters
    ----------
    model
        What is expanded.
    at
        Weights, usually those of the fit to everything.
    step
        Of the central differences, relative to the weight.

    Notes
    -----
    :math:`m(w) \approx m_0 + J d + \tfrac12 d^T H d` with :math:`d = w - w_0`.

    Examples
    --------
    >>> square = lambda weights: np.array([weights[0] ** 2 + weights[0] * weights[1]])
    >>> Expansion(square, np.array([1.0, 2.0]))(np.array([2.0, 1.0])).round(9).tolist()
    [6.0]
    """

    def __init__(self, model: Predict, at: Floats, step: float = 0.1) -> None:
        n, sizes = len(at), np.maximum(step * np.abs(at), 0.2 * step)
        self.at, self.value = at, model(at)
        shifts = np.diag(sizes)
        up = [model(at + shift) for shift in shifts]
        down = [model(at - shift) for shift in shifts]
        self.jacobian = np.array(
            [0.5 * (u - d) / size for u, d, size in zip(up, down, sizes, strict=True)]
        ).T
        self.hessian = np.zeros((len(self.value), n, n))
        for i in range(n):
            self.hessian[:, i, i] = (up[i] + down[i] - 2.0 * self.value) / sizes[i] ** 2
            for j in range(i):
                both = model(at + shifts[i] + shifts[j])
                mixed = (both - up[i] - up[j] + self.value) / (sizes[i] * sizes[j])
                self.hessian[:, i, j] = self.hessian[:, j, i] = mixed

    def __call__(self, weights: Floats) -> Floats:
        """Return the contrasts, shape ``(n_row,)``.

        Examples
        --------
        >>> Expansion.__call__.__name__
        '__call__'
        """
        off = weights - self.at
        return self.value + self.jacobian @ off + 0.5 * (self.hessian @ off) @ off
