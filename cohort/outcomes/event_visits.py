"""What is found by measuring at visits: values, and the adverse events that they make."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cohort.outcomes.adverse_events import SEVERITIES
from cohort.outcomes.event_consequences import act, follow_up
from cohort.outcomes.event_course import IDLE, ONGOING, EventCourse, Track
from cohort.outcomes.event_records import extended
from cohort.outcomes.measures import Measure, grade_of, measured, term_effects
from cohort.outcomes.readings import DayDrivers
from kernels.arithmetic import log

__all__ = ["at_visit"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Truth = NDArray[np.bool_]


def at_visit(
    course: EventCourse, drivers: DayDrivers, day: int, present: Truth
) -> tuple[EventCourse, Truth]:
    """Measure what is measured at a visit, and note the events that the values make.

    Parameters
    ----------
    course
        Where the patients stand after the day.
    drivers
        Daily means; the last day is that of the visit.
    day
        Day of the trial.
    present
        Who comes to the visit, shape ``(n_lane,)``.

    Returns
    -------
    The course with values and records, and who leaves because of them.

    Examples
    --------
    >>> from cohort.outcomes import DayDrivers
    >>> from cohort.outcomes.event_course import start_events
    >>> people = {"sex": np.array(["F", "M"]), "age_y": np.array([40.0, 70.0])}
    >>> course = start_events(np.array([1, 2]), 7, (), people, measures=("QTCF",))
    >>> still = DayDrivers(readings={"occupancy_herg": np.zeros((7, 2))})
    >>> seen, leaves = at_visit(course, still, 7, np.array([True, True]))
    >>> seen.values.shape, leaves.tolist()
    ((1, 2), [False, False])
    """
    leaves = np.zeros(len(present), np.bool_)
    if not course.plan.measures:
        return course, leaves
    plan, luck = course.plan, course.plan.luck
    rows = {(name, time): row for row, (name, time) in enumerate(plan.tracks)}
    effects = np.array(
        [
            term_effects(one, _acting(one, drivers, course.adaptation, rows), len(present))
            for one in plan.measures
        ]
    )
    values = np.array(
        [
            measured(one, course.own[i], effects[i], luck.patient_ids, luck.seed, day)
            for i, one in enumerate(plan.measures)
        ]
    )
    visit = _Visit(replace(course, values=values), effects, day, present, leaves)
    for row, event in enumerate(plan.events):
        if event.measure is not None:
            visit.judge(row, [one.code for one in plan.measures].index(event.measure))
    return visit.result(), leaves


def _acting(
    measure: Measure, drivers: DayDrivers, used_to: Floats, rows: Mapping[Track, int]
) -> dict[int, Floats]:
    """Return what acts on the last day, of each term that the trial has a reading of."""
    acting = {}
    for position, term in enumerate(measure.terms):
        if term.reads not in drivers.readings:
            continue
        value = drivers.get(term.reads)[-1]
        if term.builds_up is not None:
            value = used_to[rows[term.reads, term.builds_up.number("day")]]
        if term.tolerance is not None:
            value = value - used_to[rows[term.reads, term.tolerance.number("day")]]
        acting[position] = value if term.sign == 1 else -value
    return acting


class _Visit:
    """Judges the values of one visit."""

    def __init__(
        self, course: EventCourse, effects: Floats, day: int, present: Truth, leaves: Truth
    ) -> None:
        self.course, self.effects, self.day = course, effects, day
        self.present, self.leaves = present, leaves
        self.phase, self.episode = course.phase.copy(), course.episode.copy()
        self.open_record = course.open_record.copy()
        self.reduced = course.reduce_from_day.copy()
        self.interrupted = course.interrupt_until_day.copy()
        self.new: list[dict[str, NDArray[np.generic]]] = []
        self.ends: list[tuple[Integers, float]] = []
        self.n_record = len(course.records.event)

    def judge(self, row: int, position: int) -> None:
        """Start and end episodes of an event by its measure."""
        course, event = self.course, self.course.plan.events[row]
        measure = course.plan.measures[position]
        first, value = course.first[position], course.values[position]
        grade, before = grade_of(measure, value, first), grade_of(measure, first, first)
        is_there = (grade >= event.from_grade) & (grade > before)
        over = np.flatnonzero((self.phase[row] == ONGOING) & self.present & ~is_there)
        self.ends.append((self.open_record[row, over], float(self.day)))
        self.phase[row, over] = IDLE
        may_start = (self.phase[row] == IDLE) & (event.recurs | (self.episode[row] == 0))
        at_risk = self.present & (course.susceptibility[row] > 0.0)
        lanes = np.setdiff1d(np.flatnonzero(is_there & may_start & at_risk), over)
        if not len(lanes):
            return
        episodes = self.episode[row, lanes]
        severity = np.minimum(grade[lanes], len(SEVERITIES)) - 1
        said = follow_up(event, course.plan.luck, lanes, episodes, severity)
        moved = (value - first if measure.scale == "linear" else log(value / first))[lanes]
        effect = self.effects[position, lanes]
        self.new.append(
            {
                "event": np.full(len(lanes), row),
                "lane": lanes,
                "episode": episodes,
                "onset_time": np.full(len(lanes), float(self.day)),
                "onset_day": np.full(len(lanes), self.day),
                "severity": severity,
                **said,
                "grade": grade[lanes],
                "explained": _share_of(effect, moved),
            }
        )
        self.phase[row, lanes], self.episode[row, lanes] = ONGOING, episodes + 1
        self.open_record[row, lanes] = np.arange(self.n_record, self.n_record + len(lanes))
        self.n_record += len(lanes)
        act(said, lanes, self.day, self.reduced, self.interrupted, self.leaves)

    def result(self) -> EventCourse:
        """Return the course after the visit."""
        return replace(
            self.course,
            phase=self.phase,
            episode=self.episode,
            open_record=self.open_record,
            records=extended(self.course.records, self.new, self.ends),
            reduce_from_day=self.reduced,
            interrupt_until_day=self.interrupted,
        )


def _share_of(effect: Floats, moved: Floats) -> Floats:
    """Return the share of a change that the model's readings account for, between 0 and 1."""
    with np.errstate(divide="ignore", invalid="ignore"):
        share = effect / moved
    return np.where(np.isfinite(share), np.clip(share, 0.0, 1.0), 0.0)
