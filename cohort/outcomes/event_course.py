"""The course of adverse events day by day: onset by hazard, diagnosis, end, recurrence, action.

`start_events` says what patients bring; `EventDays` walks over days and is asked for the state
after them; `cohort.outcomes.event_visits` adds what is found by measuring. Onset is when the hazard
that a patient has cumulated reaches an exponential number of their own, so it depends on days,
never on visits.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cohort.errors import UnknownNameError
from cohort.outcomes.adverse_events import (
    SIGNS,
    AdverseEvent,
    event_rules,
)
from cohort.outcomes.adverse_events.hazards import hazard_multiple
from cohort.outcomes.event_consequences import act, consequences
from cohort.outcomes.event_luck import EventLuck
from cohort.outcomes.event_records import EventRecords, extended, no_records
from cohort.outcomes.measures import (
    Measure,
    load_measure,
    measured,
    own_values,
)
from cohort.outcomes.readings import DayDrivers
from cohort.population.criteria import parse_criterion
from cohort.population.draws import normals
from kernels.arithmetic import exp

__all__ = [
    "IDLE",
    "ONGOING",
    "UNDIAGNOSED",
    "EventCourse",
    "EventDays",
    "EventPlan",
    "Track",
    "start_events",
]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Truth = NDArray[np.bool_]
Columns = Mapping[str, NDArray[np.generic]]
Track = tuple[str, float]

IDLE, UNDIAGNOSED, ONGOING = 0, 1, 2
"""Phases of an event in a patient: none, toxic without a diagnosis, going on."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EventPlan:
    """Say which events and measures a trial looks for, and how.

    Parameters
    ----------
    events, ways
        Adverse events, and how each is asked for.
    measures
        What is measured at visits.
    tracks
        Readings that patients get used to, each with its time constant [d].
    luck
        Draws of these patients.

    Examples
    --------
    >>> from cohort.outcomes import load_adverse_event
    >>> events = (load_adverse_event("vertigo"),)
    >>> start_events(np.array([1]), 7, events).plan.tracks
    (('occupancy_alpha2delta', 21.0),)
    """

    events: tuple[AdverseEvent, ...]
    ways: tuple[str, ...]
    measures: tuple[Measure, ...]
    tracks: tuple[Track, ...]
    luck: EventLuck


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EventCourse:
    """Hold where every patient stands with every event, shapes ``(n_event, n_lane)``.

    Parameters
    ----------
    plan
        What is looked for.
    adaptation
        What patients have become used to [1], shape ``(n_track, n_lane)``.
    susceptibility
        Frailty times factors [1]; 0 where a patient cannot have the event.
    hazard
        Hazard cumulated while in the trial [1].
    clock, limit
        Hazard cumulated towards the next episode, and where it begins [1].
    episode, phase
        Episodes so far, and whether one goes on.
    end, excess
        Day after the last of what goes on [d], infinite where not known; effect of the drivers at
        its onset [1].
    open_record
        Record of what goes on, -1 for none.
    records
        All episodes so far.
    own, first, values
        Of each measure: untreated value, first and last measured value, ``(n_measure, n_lane)``.
    reduce_from_day, interrupt_until_day
        First day with a reduced dose, and the day until which the drug is interrupted [d]; NaN for
        none. Shape ``(n_lane,)``.

    Examples
    --------
    >>> start_events(np.array([1, 2]), 7, ()).reduce_from_day.tolist()
    [nan, nan]
    """

    plan: EventPlan
    adaptation: Floats
    susceptibility: Floats
    hazard: Floats
    clock: Floats
    limit: Floats
    episode: Integers
    phase: Integers
    end: Floats
    excess: Floats
    open_record: Integers
    records: EventRecords
    own: Floats
    first: Floats
    values: Floats
    reduce_from_day: Floats
    interrupt_until_day: Floats

    def worst(self) -> Integers:
        """Return the severity of the worst event that goes on, shape ``(n_lane,)``.

        Returns
        -------
        0 for none, 1 and more for the positions of
        `cohort.outcomes.adverse_events.SEVERITIES` from 0.

        Examples
        --------
        >>> start_events(np.array([1, 2]), 7, ()).worst().tolist()
        [0, 0]
        """
        found = np.zeros(self.own.shape[-1], np.int64)
        rows, lanes = np.nonzero(self.phase == ONGOING)
        np.maximum.at(found, lanes, 1 + self.records.severity[self.open_record[rows, lanes]])
        return found


def start_events(
    patient_ids: Integers,
    seed: int,
    events: tuple[AdverseEvent, ...],
    covariates: Columns | None = None,
    ascertainment: str = "spontaneous",
    measures: tuple[str, ...] = (),
) -> EventCourse:
    """Draw what every patient brings to adverse events.

    Parameters
    ----------
    patient_ids, seed
        Whose, in which trial.
    events
        Adverse events that are looked for.
    covariates
        Columns of the population, for factors, those at risk and own values of measures.
    ascertainment
        How events are asked for; see `AdverseEvent.way_of_asking`.
    measures
        Codes of what is measured beside what the events read.

    Returns
    -------
    The state on day 0.

    Raises
    ------
    UnknownNameError
        If an event or a measure asks for a covariate that is not there.

    Examples
    --------
    >>> from cohort.outcomes import load_adverse_event
    >>> course = start_events(np.arange(4000), 7, (load_adverse_event("vertigo"),))
    >>> bool(abs(course.susceptibility.mean() - 1.0) < 0.05)
    True
    """
    columns = {} if covariates is None else covariates
    n_event, n_lane = len(events), len(patient_ids)
    luck = EventLuck(seed, patient_ids, {event.name: event.recurs for event in events})
    codes = dict.fromkeys([*(event.measure for event in events if event.measure), *measures])
    wanted = tuple(load_measure(code) for code in codes)
    plan = EventPlan(
        events=events,
        ways=tuple("laboratory" if e.measure else e.way_of_asking(ascertainment) for e in events),
        measures=wanted,
        tracks=_tracks(events, wanted),
        luck=luck,
    )
    everyone, zero = np.arange(n_lane), np.zeros(n_lane, np.int64)
    limits = [
        np.full(n_lane, np.inf)
        if event.measure
        else luck.take("exponential", "onset", event.name, everyone, zero)
        for event in events
    ]
    own = np.array([own_values(one, patient_ids, seed, columns) for one in wanted])
    own = own.reshape(len(wanted), n_lane)
    first = np.array(
        [
            measured(one, own[i], np.zeros(n_lane), patient_ids, seed, 0)
            for i, one in enumerate(wanted)
        ]
    ).reshape(own.shape)
    blank = np.zeros((n_event, n_lane))
    return EventCourse(
        plan=plan,
        adaptation=np.zeros((len(plan.tracks), n_lane)),
        susceptibility=_susceptibility(patient_ids, seed, events, columns),
        hazard=blank,
        clock=blank.copy(),
        limit=np.array(limits).reshape(n_event, n_lane),
        episode=np.zeros((n_event, n_lane), np.int64),
        phase=np.full((n_event, n_lane), IDLE, np.int64),
        end=np.full((n_event, n_lane), np.inf),
        excess=blank.copy(),
        open_record=np.full((n_event, n_lane), -1, np.int64),
        records=no_records(),
        own=own,
        first=first,
        values=first.copy(),
        reduce_from_day=np.full(n_lane, np.nan),
        interrupt_until_day=np.full(n_lane, np.nan),
    )


def _tracks(events: tuple[AdverseEvent, ...], measures: tuple[Measure, ...]) -> tuple[Track, ...]:
    found: dict[Track, None] = {}
    for event in events:
        for driver in event.drivers:
            for time in (driver.tolerance, driver.sensitisation):
                if time is not None:
                    found[driver.reads, time.number("day")] = None
    for measure in measures:
        for term in measure.terms:
            for time in (term.tolerance, term.builds_up):
                if time is not None:
                    found[term.reads, time.number("day")] = None
    return tuple(found)


def _susceptibility(
    patient_ids: Integers, seed: int, events: tuple[AdverseEvent, ...], columns: Columns
) -> Floats:
    """Return frailty times factors; the frailty has mean 1, whatever its spread."""
    n_lane = len(patient_ids)
    shared = event_rules().class_correlation.number("1")
    common = normals(seed, patient_ids, "adverse event frailty")
    found = np.ones((len(events), n_lane))
    for row, event in enumerate(events):
        if event.frailty_sd is not None:
            own = normals(seed, patient_ids, f"adverse event frailty: {event.class_of_frailty}")
            eta = shared**0.5 * common + (1.0 - shared) ** 0.5 * own
            spread = event.frailty_sd.number("1")
            found[row] = exp(spread * eta - 0.5 * spread * spread)
        for factor in event.factors:
            there = _holds(event, factor.where, columns)
            found[row] *= np.where(there, factor.times.number("1"), 1.0)
        if event.at_risk is not None:
            found[row] *= _holds(event, event.at_risk, columns)
    return found


def _holds(event: AdverseEvent, text: str, columns: Columns) -> Truth:
    criterion = parse_criterion(text)
    for name in criterion.names:
        if name not in columns:
            where = f"adverse event '{event.name}', {text!r}: give the covariates of the patients"
            raise UnknownNameError(where, name, columns, "covariate")
    return criterion.holds(columns)  # type: ignore[arg-type]


def _adapted(
    state: Floats, tracks: tuple[Track, ...], drivers: DayDrivers
) -> tuple[dict[Track, Floats], Floats]:
    """Return what patients are used to at the start of each day, and after the last."""
    readings = np.array([drivers.get(name) for name, _ in tracks])
    kept = exp(np.array([[-1.0 / time] for _, time in tracks]))  # of the distance, after a day
    before = np.empty_like(readings)
    after = state
    for day in range(drivers.n_day if tracks else 0):
        before[:, day] = after
        after = readings[:, day] + (after - readings[:, day]) * kept
    return dict(zip(tracks, before, strict=True)), after


class EventDays:
    """Walk over days with known drivers; whoever leaves is said day by day.

    Parameters
    ----------
    course
        Where the patients stand.
    drivers
        Daily means of the days.
    dropout_per_day
        Rate of leaving that the backgrounds allow for [1/d].

    Examples
    --------
    >>> from cohort.outcomes import DayDrivers, load_adverse_event
    >>> course = start_events(np.array([1, 2]), 7, (load_adverse_event("vertigo"),))
    >>> still = DayDrivers(readings={"serotonin_extracellular": np.zeros((1, 2))})
    >>> days = EventDays(course, still, 0.0)
    >>> days.advance(0, 1, np.array([True, True])).tolist()
    [False, False]
    """

    def __init__(self, course: EventCourse, drivers: DayDrivers, dropout_per_day: float) -> None:
        self.course, self.plan, self.drivers = course, course.plan, drivers
        self.before, self.after = _adapted(course.adaptation, course.plan.tracks, drivers)
        n_day, n_lane = drivers.shape
        self.multiple = np.ones((n_day, len(self.plan.events), n_lane))
        base = np.zeros(len(self.plan.events))
        for row, event in enumerate(self.plan.events):
            if event.measure is None:
                way = self.plan.ways[row]
                base[row] = event.background_for(way).rate_per_day(dropout_per_day)
                self.multiple[:, row] = self._multiple(event, way)
        self.rate = (base[:, None] * course.susceptibility) * self.multiple
        self.hazard, self.clock, self.limit = (
            course.hazard.copy(),
            course.clock.copy(),
            course.limit.copy(),
        )
        self.episode, self.phase = course.episode.copy(), course.phase.copy()
        self.end, self.excess = course.end.copy(), course.excess.copy()
        self.open_record = course.open_record.copy()
        self.reduced = course.reduce_from_day.copy()
        self.interrupted = course.interrupt_until_day.copy()
        self.n_record = len(course.records.event)
        self.new: list[dict[str, NDArray[np.generic]]] = []
        self.ends: list[tuple[Integers, float]] = []
        self.durations = {e.name: e.duration.number("day") for e in self.plan.events if e.duration}
        self.burdens = np.array([e.action is None for e in self.plan.events], np.bool_)
        self.fading = [row for row, e in enumerate(self.plan.events) if e.ends_with_driver]
        self.diagnosed = [row for row, e in enumerate(self.plan.events) if e.needs_signs]

    def _multiple(self, event: AdverseEvent, way: str) -> Floats:
        zero = np.zeros(self.drivers.shape)
        used_to = []
        for driver in event.drivers:
            time = driver.sensitisation or driver.tolerance
            used_to.append(zero if time is None else self.before[driver.reads, time.number("day")])
        readings = {driver.reads: self.drivers.get(driver.reads) for driver in event.drivers}
        return hazard_multiple(event, readings, used_to, way)

    def advance(self, index: int, day: int, present: Truth) -> Truth:
        """Go through one day.

        Parameters
        ----------
        index, day
            Position among the drivers, and day of the trial.
        present
            Who is in the trial that day, shape ``(n_lane,)``.

        Returns
        -------
        Who leaves because of an event, shape ``(n_lane,)``.

        Examples
        --------
        >>> from cohort.outcomes import DayDrivers
        >>> still = DayDrivers(readings={"serotonin_extracellular": np.zeros((1, 2))})
        >>> days = EventDays(start_events(np.array([1, 2]), 7, ()), still, 0.0)
        >>> days.advance(0, 1, np.array([True, True])).any()
        np.False_
        """
        self._close(day)
        rate = np.where(present, self.rate[index], 0.0)
        self.hazard += rate
        at_risk = self.phase == IDLE
        clock = self.clock + np.where(at_risk, rate, 0.0)
        starts = at_risk & present & (clock >= self.limit)
        leaves = np.zeros(len(present), np.bool_)
        for row in np.flatnonzero(starts.any(axis=1)).tolist():
            lanes = np.flatnonzero(starts[row])
            times = day - 1 + (self.limit[row, lanes] - self.clock[row, lanes]) / rate[row, lanes]
            self._start(row, lanes, times, index, day, leaves)
        self.clock = np.where(starts, 0.0, clock)
        for row in self.diagnosed:
            self._diagnose(row, index, day, present, leaves)
        for row in self.fading:
            self._fade(row, index, day)
        return leaves

    def burden(self) -> Floats:
        """Return how many events go on that say nothing of what is done about them.

        Examples
        --------
        >>> from cohort.outcomes import DayDrivers
        >>> still = DayDrivers(readings={"serotonin_extracellular": np.zeros((1, 2))})
        >>> EventDays(start_events(np.array([1, 2]), 7, ()), still, 0.0).burden().tolist()
        [0.0, 0.0]
        """
        going_on = (self.phase == ONGOING) & self.burdens[:, None]
        number: Floats = going_on.sum(axis=0).astype(np.float64)
        return number

    def result(self) -> EventCourse:
        """Return where the patients stand after these days.

        Examples
        --------
        >>> from cohort.outcomes import DayDrivers
        >>> still = DayDrivers(readings={"serotonin_extracellular": np.zeros((1, 2))})
        >>> EventDays(start_events(np.array([1, 2]), 7, ()), still, 0.0).result().hazard.shape
        (0, 2)
        """
        return replace(
            self.course,
            adaptation=self.after,
            hazard=self.hazard,
            clock=self.clock,
            limit=self.limit,
            episode=self.episode,
            phase=self.phase,
            end=self.end,
            excess=self.excess,
            open_record=self.open_record,
            records=extended(self.course.records, self.new, self.ends),
            reduce_from_day=self.reduced,
            interrupt_until_day=self.interrupted,
        )

    def _close(self, day: int) -> None:
        over = (self.phase != IDLE) & (self.end <= day)
        if over.any():
            self.phase[over] = IDLE
            self.open_record[over] = -1
            self.end[over] = np.inf

    def _start(
        self, row: int, lanes: Integers, times: Floats, index: int, day: int, leaves: Truth
    ) -> None:
        event, luck = self.plan.events[row], self.plan.luck
        episodes = self.episode[row, lanes]
        multiple = self.multiple[index, row, lanes]
        self.episode[row, lanes] = episodes + 1
        self.limit[row, lanes] = (
            luck.take("exponential", "onset", event.name, lanes, episodes + 1)
            if event.recurs
            else np.inf
        )
        self.excess[row, lanes] = np.maximum(multiple - 1.0, 0.0)
        if event.duration is not None:
            # what lasts as long as its driver has its own time only after that
            timed = self.excess[row, lanes] <= 0.0 if event.ends_with_driver else lanes >= 0
            self.end[row, lanes[timed]] = day + self._length(event, lanes[timed], episodes[timed])
        self.phase[row, lanes] = UNDIAGNOSED if event.needs_signs else ONGOING
        if event.needs_signs is None:
            self._note(row, lanes, times, day, {"explained": _explained(multiple)}, leaves)

    def _length(self, event: AdverseEvent, lanes: Integers, episodes: Integers) -> Floats:
        if event.duration is None:
            return np.ones(len(lanes))
        drawn = self.plan.luck.take("exponential", "length", event.name, lanes, episodes)
        return np.maximum(np.ceil(self.durations[event.name] * drawn), 1.0)

    def _note(
        self,
        row: int,
        lanes: Integers,
        times: Floats,
        day: int,
        said: Mapping[str, NDArray[np.generic]],
        leaves: Truth,
    ) -> None:
        """Write the records of episodes, and what is done about them."""
        event, luck = self.plan.events[row], self.plan.luck
        episodes = self.episode[row, lanes] - 1
        follows = consequences(event, luck, lanes, episodes, said["explained"])
        first = self.n_record
        self.n_record += len(lanes)
        self.open_record[row, lanes] = np.arange(first, self.n_record)
        self.new.append(
            {
                "event": np.full(len(lanes), row),
                "lane": lanes,
                "episode": episodes,
                "onset_time": times,
                "onset_day": np.full(len(lanes), day),
                "end_day": np.where(
                    np.isfinite(self.end[row, lanes]), self.end[row, lanes], np.nan
                ),
                **said,
                **follows,
            }
        )
        act(follows, lanes, day, self.reduced, self.interrupted, leaves)

    def _diagnose(self, row: int, index: int, day: int, present: Truth, leaves: Truth) -> None:
        event = self.plan.events[row]
        lanes = np.flatnonzero((self.phase[row] == UNDIAGNOSED) & present)
        if event.needs_signs is None or not len(lanes):
            return
        none = np.zeros(len(lanes), np.int64)
        luck = np.array(
            [
                self.plan.luck.take("uniform", f"sign {one.sign}", event.name, lanes, none)
                for one in event.needs_signs.signs
            ]
        )
        shown = event.needs_signs.shown(
            self.drivers.get(event.needs_signs.reads)[index, lanes], luck
        )
        met = event.needs_signs.met(shown)
        bits = np.array([1 << SIGNS.index(one.sign) for one in event.needs_signs.signs])
        found = lanes[met]
        if not len(found):
            return
        self.phase[row, found] = ONGOING
        said = {
            "explained": _explained(self.multiple[index, row, found]),
            "signs": (shown[:, met] * bits[:, None]).sum(axis=0),
        }
        self._note(row, found, np.full(len(found), float(day)), day, said, leaves)

    def _fade(self, row: int, index: int, day: int) -> None:
        """End what goes on for as long as its driver, once that is gone."""
        event = self.plan.events[row]
        gone = event_rules().driver_gone.number("1") * self.excess[row]
        now = np.maximum(self.multiple[index, row] - 1.0, 0.0)
        over = (self.phase[row] == ONGOING) & np.isinf(self.end[row]) & (self.excess[row] > 0.0)
        lanes = np.flatnonzero(over & (now <= gone))
        if not len(lanes):
            return
        days = self._length(event, lanes, self.episode[row, lanes] - 1)
        self.end[row, lanes] = day + days
        for lane in lanes:
            self.ends.append((self.open_record[row, [lane]], float(self.end[row, lane])))


def _explained(multiple: Floats) -> Floats:
    """Return the share of the hazard that is not background."""
    return np.where(multiple > 1.0, 1.0 - 1.0 / np.maximum(multiple, 1.0), 0.0)
