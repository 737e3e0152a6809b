"""What is decided for each patient at each visit: next dose, rescue, and whether they come at all.

`cohort.simulate` asks it after every segment. Everything is keyed by patient and day of the trial,
so neither the block nor the other visits of the grid matter. May import `cohort.outcomes`,
`cohort.population` and `cohort.trial`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from cohort.outcomes import load_scale
from cohort.population.draws import uniforms
from cohort.trial.endpoints import leading_scale, rated_endpoints
from cohort.trial.quantities import DAY_S
from cohort.trial.titration import DoseSteps, first_steps
from cohort.trial.visit_rules import EVENT_LEVELS, parse_visit_rule, shown_scores
from kernels.arithmetic import exp, log

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from cohort.conditions import Condition
    from cohort.outcomes import ClinicalCourse
    from cohort.trial import Protocol

    Column = NDArray[np.float64] | NDArray[np.str_]

__all__ = ["NEVER_S", "Conduct", "at_visit", "start_conduct"]

NEVER_S: Final = 10_000_000 * DAY_S
"""A time that no trial reaches [s]."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Conduct:
    """Hold what was decided for each patient so far.

    Parameters
    ----------
    follows
        Who goes on coming to visits after stopping the treatment, shape ``(n_lane,)``.
    missed
        Who missed each visit so far, shape ``(n_visit, n_lane)``.
    steps
        Doses of the regimens that are titrated, by position in the arm.
    rescue_s
        When rescue began [s, trial time], `NEVER_S` if it did not, shape ``(n_lane,)``, int64.
    reduced_s
        From when on doses that are not titrated are halved for an adverse event, likewise.
    pauses_s
        Of each visit so far, until when the drug is interrupted from it on, int64, shape
        ``(n_visit, n_lane)``; the time of the visit itself if it is not.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> start_conduct(load_protocol("sct-md-01"), "placebo", np.array([1, 2])).follows.tolist()
    [False, False]
    """

    follows: NDArray[np.bool_]
    missed: NDArray[np.bool_]
    steps: Mapping[int, DoseSteps]
    rescue_s: NDArray[np.int64]
    reduced_s: NDArray[np.int64]
    pauses_s: NDArray[np.int64]

    def is_seen(
        self, visit: int, day: float | NDArray[np.int64], last: ClinicalCourse
    ) -> NDArray[np.bool_]:
        """Return who is seen at a visit.

        Parameters
        ----------
        visit
            Number of the visit.
        day
            Its day [d], or that of each patient, shape ``(n_lane,)``.
        last
            A course that is not before it.

        Returns
        -------
        Those who are in the trial and did not miss it, shape ``(n_lane,)``.

        Examples
        --------
        >>> from cohort.conditions import load_condition
        >>> from cohort.outcomes import start_course
        >>> from cohort.trial import load_protocol
        >>> conduct = start_conduct(load_protocol("sct-md-01"), "placebo", np.array([1, 2]))
        >>> course = start_course(np.array([1, 2]), 7, load_condition("major_depression"), ())
        >>> conduct.is_seen(0, 0.0, course).tolist()
        [True, True]
        """
        present = np.isnan(last.left_day) | (last.left_day > day) | self.follows
        seen: NDArray[np.bool_] = present & ~self.missed[visit]
        return seen


def start_conduct(protocol: Protocol, arm: str, patient_ids: NDArray[np.int64]) -> Conduct:
    """Return what is known at the baseline.

    Parameters
    ----------
    protocol
        The trial.
    arm
        Name of the arm.
    patient_ids
        Shape ``(n_lane,)``.

    Returns
    -------
    Nobody missed the baseline or needs rescue, and doses are at their start.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> start_conduct(load_protocol("sct-md-01"), "placebo", np.array([1])).missed.tolist()
    [[False]]
    """
    n_lane = len(patient_ids)
    share = 0.0 if protocol.follow_up is None else protocol.follow_up.share
    return Conduct(
        follows=uniforms(protocol.seed, patient_ids, "follow-up") < share,
        missed=np.zeros((1, n_lane), np.bool_),
        steps=first_steps(protocol.arm(arm), n_lane),
        rescue_s=np.full(n_lane, NEVER_S, np.int64),
        reduced_s=np.full(n_lane, NEVER_S, np.int64),
        pauses_s=np.zeros((1, n_lane), np.int64),
    )


def at_visit(
    conduct: Conduct,
    protocol: Protocol,
    arm: str,
    condition: Condition,
    patient_ids: NDArray[np.int64],
    visit: int,
    course: ClinicalCourse,
    severity: NDArray[np.float64],
    shown: Mapping[str, Column],
) -> Conduct:
    """Return what is known after a visit.

    Parameters
    ----------
    conduct
        What was decided before.
    protocol, arm, condition, patient_ids
        As in `start_conduct`, and the condition of the trial.
    visit
        Number of the visit, from 1; that of the baseline is 0.
    course
        Clinical course at the visit.
    severity
        Latent severity at the visit [points], shape ``(n_lane,)``.
    shown
        Columns that rules read but for the scores of the leading scale and adverse events:
        covariates, and the rated score of every scale; of the leading scale also that of the
        baseline as ``baseline``.

    Returns
    -------
    Who missed the visit, new doses, new rescue. By rules nothing is decided for those who are not
    seen or take no treatment any more; where the protocol has ``dose_modification``, what an
    adverse event since the last visit asks for is done now, one step down or half the dose, or no
    dose until the day that it names.

    Examples
    --------
    >>> from cohort.conditions import load_condition
    >>> from cohort.outcomes import start_course
    >>> from cohort.trial import load_protocol
    >>> trial, ids = load_protocol("sct-md-01"), np.array([1, 2])
    >>> condition = load_condition(trial.condition)
    >>> course = start_course(ids, 7, condition, ())
    >>> scores = {"MADRS": np.array([30.0, 20.0]), "baseline": np.array([30.0, 30.0])}
    >>> first = start_conduct(trial, "placebo", ids)
    >>> later = at_visit(
    ...     first, trial, "placebo", condition, ids, 1, course, course.severity.baseline, scores
    ... )
    >>> later.missed.tolist()
    [[False, False], [False, False]]
    """
    time = protocol.visits[visit].time
    misses = _misses(protocol, condition, patient_ids, course, severity)
    new = np.isfinite(course.events.reduce_from_day) & (conduct.reduced_s == NEVER_S)
    until = course.events.interrupt_until_day
    if not protocol.dose_modification:
        new, until = np.zeros_like(new), np.full_like(until, np.nan)
    until_s = np.where(np.isfinite(until), until * DAY_S, 0.0).astype(np.int64)
    conduct = replace(
        conduct,
        missed=np.vstack((conduct.missed, misses)),
        reduced_s=np.where(new, time, conduct.reduced_s),
        pauses_s=np.vstack((conduct.pauses_s, np.maximum(until_s, time))),
    )
    rules_asked = conduct.steps or protocol.rescue is not None
    if not rules_asked:
        return conduct
    scale = leading_scale(protocol)
    minimum = load_scale(scale).minimum
    score = np.asarray(shown[scale], np.float64)
    baseline = np.asarray(shown["baseline"], np.float64)
    columns: dict[str, Column] = {
        **shown,
        **shown_scores(score, baseline, minimum),
        "adverse_event": np.array(EVENT_LEVELS)[course.events.worst()],
    }
    treated = ~misses & np.isnan(course.left_day) & np.isfinite(score) & np.isfinite(baseline)

    def holds(rule: str | None) -> NDArray[np.bool_]:
        if rule is None:
            return np.zeros(len(patient_ids), np.bool_)
        parsed = parse_visit_rule(rule, condition.population.history, rated_endpoints(protocol))
        return treated & parsed.holds(columns)

    steps = {}
    for position, one in conduct.steps.items():
        asked = _is_decided(protocol, arm, position, one, time)
        up = holds(one.titration.up_if if asked else None)
        down = holds(one.titration.down_if if asked else None)
        steps[position] = one.decided(time, up, down | new)
    rescue_s = conduct.rescue_s
    if protocol.rescue is not None and time >= protocol.rescue.since:
        needed = holds(protocol.rescue.rule) & (rescue_s == NEVER_S)
        rescue_s = np.where(needed, time, rescue_s)
    return replace(conduct, steps=steps, rescue_s=rescue_s)


def _is_decided(protocol: Protocol, arm: str, position: int, steps: DoseSteps, time: int) -> bool:
    """Tell whether a dose is decided on at this time: at its visits, while it is given."""
    regimen = protocol.arm(arm).regimens[position]
    if steps.titration.at is not None:
        return time in steps.titration.at
    return regimen.start < time and (regimen.stop is None or time < regimen.stop)


def _misses(
    protocol: Protocol,
    condition: Condition,
    patient_ids: NDArray[np.int64],
    course: ClinicalCourse,
    severity: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Return who misses this visit; whether they would still come is another matter."""
    wanted = protocol.missed_visits
    if wanted is None or wanted.share == 0.0:
        return np.zeros(len(patient_ids), np.bool_)
    chance = np.full(len(patient_ids), wanted.share)
    spread = condition.severity.baseline_sd.number("1")
    if wanted.odds_ratio != 1.0 and spread > 0.0 and wanted.share < 1.0:
        above = (severity - course.severity.baseline) / spread
        odds = wanted.share / (1.0 - wanted.share) * exp(log(np.array(wanted.odds_ratio)) * above)
        chance = odds / (1.0 + odds)
    return uniforms(protocol.seed, patient_ids, "missed visit", course.day) < chance
