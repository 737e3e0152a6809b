"""The clinical course day by day: benefit, adverse events and drop-out.

`start_course` draws what each patient brings; `follow_days` walks over the days between two
visits; the scores at a visit and the dosing after it follow from the course. All columns, no
patient objects.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cohort.conditions import Condition
from cohort.errors import CohortError
from cohort.outcomes.adverse_events import AdverseEvent
from cohort.outcomes.event_course import EventCourse, EventDays, start_events
from cohort.outcomes.event_visits import at_visit
from cohort.outcomes.lead_in import Entered, PlaceboLeadIn, pass_lead_in
from cohort.outcomes.ratings import RatingRules, entry_ratings
from cohort.outcomes.readings import DayDrivers, rests_at_zero
from cohort.outcomes.severity import Severity, drug_benefit, held_per_point, relax
from cohort.population.draws import exponentials, normals
from kernels.arithmetic import exp

__all__ = [
    "REASONS",
    "ClinicalCourse",
    "DayDrivers",
    "TrialVariation",
    "accustom",
    "baseline_severity",
    "enter_trial",
    "follow_days",
    "latent_by_day",
    "multiply_withdrawal",
    "rests_at_zero",
    "start_course",
]

Floats = NDArray[np.float64]

REASONS: Final = ("OTHER", "LACK OF EFFICACY", "ADVERSE EVENT")
"""Reasons for discontinuation, in the order of the competing hazards."""

_DAYS_AT_ONCE: Final = 28
_EXPECTED_FALL: Final = 3.0  # points below baseline of the efficacy hazard at its base, if not said


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrialVariation:
    """Say how one trial, and one draw of the fitted parameters, differs from the mean.

    Each is one number for all, or one a lane, shape ``(n_lane,)``: lanes of many replicate trials
    are followed in one call.

    Parameters
    ----------
    placebo_shift
        Additional improvement on placebo at week 8 [points of the condition's scale].
    benefit_factor
        Multiple of the benefit of every drug [1].
    expectation
        Improvement that patients owe to knowing that they get a treatment beside their tablets, as
        a share of their own improvement on placebo [1].
    weights
        Weight of a signal in place of that of the condition's link [1], by name of the signal.
    dropout_factor, adverse_dropout_factor
        Multiple of the hazards of leaving for lack of efficacy or other reasons, and of leaving for
        an adverse event [1], not negative.

    Examples
    --------
    >>> TrialVariation().benefit_factor
    1.0
    """

    placebo_shift: float | Floats = 0.0
    benefit_factor: float | Floats = 1.0
    expectation: float | Floats = 0.0
    weights: Mapping[str, float | Floats] = field(default_factory=dict)
    dropout_factor: float | Floats = 1.0
    adverse_dropout_factor: float | Floats = 1.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClinicalCourse:
    """Hold where every patient stands clinically.

    Parameters
    ----------
    day
        Days since the first dose [d].
    severity
        What the patients bring.
    slow, now
        Slow clinical process and today's weighted signal [1], shape ``(n_lane,)``.
    events
        Where they stand with every adverse event.
    leave_hazard, leave_limit
        Cumulated hazards of the reasons to leave, and the limits, shape ``(3, n_lane)``.
    left_day, left_reason
        Day of discontinuation [d], NaN for none, and position in `REASONS`.
    entry_benefit
        Benefit that the baseline has in it already [points], of what was taken before.
    held_days
        Time for which drugs have held the untreated drift back [d], zero unless assumed.

    Examples
    --------
    >>> from cohort.conditions import load_condition
    >>> course = start_course(np.arange(1, 4), 7, load_condition("major_depression"), ())
    >>> course.left_day.tolist()
    [nan, nan, nan]
    """

    day: int
    severity: Severity
    slow: Floats
    now: Floats
    events: EventCourse
    leave_hazard: Floats
    leave_limit: Floats
    left_day: Floats
    left_reason: NDArray[np.int64]
    entry_benefit: Floats
    held_days: Floats

    @property
    def hazard(self) -> Floats:
        """Hazard of each event cumulated while in the trial [1], shape ``(n_event, n_lane)``.

        Examples
        --------
        >>> from cohort.conditions import load_condition
        >>> start_course(np.arange(3), 7, load_condition("major_depression"), ()).hazard.shape
        (0, 3)
        """
        return self.events.hazard

    @property
    def onset_day(self) -> Floats:
        """First day with each event [d], NaN for none, shape ``(n_event, n_lane)``.

        Examples
        --------
        >>> from cohort.conditions import load_condition
        >>> start_course(np.arange(3), 7, load_condition("major_depression"), ()).onset_day.shape
        (0, 3)
        """
        records = self.events.records
        return records.first(records.onset_day, *self.hazard.shape)

    @property
    def end_day(self) -> Floats:
        """Day after the last of the first episode of each event [d], NaN while not known.

        Examples
        --------
        >>> from cohort.conditions import load_condition
        >>> start_course(np.arange(3), 7, load_condition("major_depression"), ()).end_day.shape
        (0, 3)
        """
        records = self.events.records
        return records.first(records.end_day, *self.hazard.shape)

    def latent(self, condition: Condition, variation: TrialVariation) -> Floats:
        """Return today's latent severity [points of its scale], shape ``(n_lane,)``.

        Examples
        --------
        >>> from cohort.conditions import load_condition
        >>> condition = load_condition("major_depression")
        >>> course = start_course(np.arange(1, 4), 7, condition, ())
        >>> bool((course.latent(condition, TrialVariation()) > 12.0).all())
        True
        """
        gained = drug_benefit(condition.link, self.now, self.slow) - self.entry_benefit
        benefit = variation.benefit_factor * gained
        return self.severity.at(
            float(self.day),
            benefit,
            condition,
            variation.placebo_shift,
            variation.expectation,
            self.held_days,
        )


def start_course(
    patient_ids: NDArray[np.int64],
    seed: int,
    condition: Condition,
    events: tuple[AdverseEvent, ...],
    lead_in: PlaceboLeadIn | None = None,
    rules: RatingRules | None = None,
    *,
    covariates: Mapping[str, NDArray[np.generic]] | None = None,
    ascertainment: str = "spontaneous",
    measures: Sequence[str] = (),
    modifies_disease: bool = False,
) -> ClinicalCourse:
    """Draw what every patient brings and start at the first dose.

    Parameters
    ----------
    patient_ids
        Shape ``(n_lane,)``.
    seed
        Seed of the trial.
    condition
        Severity, entry criterion and variability; backgrounds of events that differ in it.
    events
        Adverse events that are looked for.
    lead_in
        Placebo before the baseline; None if the trial has none.
    rules
        How the trial takes its scores; plain noise if left out.
    covariates, ascertainment, measures
        Columns of the population, how events are asked for, and what is measured at visits, as in
        `cohort.outcomes.event_course.start_events`.
    modifies_disease
        Whether drugs slow the untreated drift as the condition declares.

    Returns
    -------
    The course on day 0.

    Raises
    ------
    CohortError
        If the entry criterion refuses a patient too often.
    UnknownNameError
        If an event or a measure asks for a covariate that is not there.

    Notes
    -----
    Candidates are screened until the rated score meets the entry criterion, so baselines carry the
    selection that later regresses to the mean.

    Examples
    --------
    >>> from cohort.conditions import load_condition
    >>> one = start_course(np.array([5]), 7, load_condition("major_depression"), ())
    >>> both = start_course(np.array([4, 5]), 7, load_condition("major_depression"), ())
    >>> bool(one.severity.baseline[0] == both.severity.baseline[1])
    True
    """
    n_lane = len(patient_ids)
    events = tuple(event.in_condition(condition.name) for event in events)
    spread = condition.link.sensitivity_sd_log.number("1")
    eta = normals(seed, patient_ids, "benefit sensitivity")
    entered = enter_trial(patient_ids, seed, condition, lead_in, rules)
    severity = Severity(
        baseline=entered.baseline,
        placebo_factor=1.0 + condition.placebo.patient_sd.number("1") * entered.placebo,
        sensitivity=exp(spread * eta - 0.5 * spread * spread),
        slope=_own_slopes(patient_ids, seed, condition),
        lead_in_days=0.0 if lead_in is None else lead_in.days,
        held_per_point=held_per_point(condition) if modifies_disease else 0.0,
    )
    leave = [exponentials(seed, patient_ids, f"leave: {reason}") for reason in REASONS]
    return ClinicalCourse(
        day=0,
        severity=severity,
        slow=np.zeros(n_lane),
        now=np.zeros(n_lane),
        events=_begun(
            condition,
            start_events(patient_ids, seed, events, covariates, ascertainment, tuple(measures)),
        ),
        leave_hazard=np.zeros((len(REASONS), n_lane)),
        leave_limit=np.array(leave),
        left_day=np.full(n_lane, np.nan),
        left_reason=np.full(n_lane, -1, np.int64),
        entry_benefit=np.zeros(n_lane),
        held_days=np.zeros(n_lane),
    )


def enter_trial(
    patient_ids: NDArray[np.int64],
    seed: int,
    condition: Condition,
    lead_in: PlaceboLeadIn | None = None,
    rules: RatingRules | None = None,
) -> Entered:
    """Draw who is randomised: screened, and through the lead-in where the trial has one.

    Parameters
    ----------
    patient_ids, seed, condition, lead_in, rules
        As in `start_course`.

    Returns
    -------
    Their severities and responses to placebo.

    Raises
    ------
    CohortError
        If a place stays empty.

    Examples
    --------
    >>> from cohort.conditions import load_condition
    >>> condition = load_condition("major_depression")
    >>> strict = PlaceboLeadIn(days=7.0, drop_fall=0.2)
    >>> entered = enter_trial(np.arange(200), 7, condition, strict)
    >>> bool(entered.dropped.sum() > 20), bool(entered.placebo.mean() < 0)
    (True, True)
    """
    return pass_lead_in(
        patient_ids,
        seed,
        condition,
        lead_in,
        lambda ids, own_seed: baseline_severity(ids, own_seed, condition, rules),
        lambda ids, own_seed: _own_slopes(ids, own_seed, condition),
    )


def _begun(condition: Condition, events: EventCourse) -> EventCourse:
    """Return the events, with the trial's multiple of how often they end the treatment."""
    if condition.dropout.withdrawal is not None:
        multiply_withdrawal(events, condition.dropout.withdrawal.number("1"))
    return events


def multiply_withdrawal(events: EventCourse, factor: float | Floats) -> None:
    """Multiply the share of adverse events for which the drug is withdrawn.

    Parameters
    ----------
    events
        Before the first day; changed in place.
    factor
        One number, or one a patient [1].

    Examples
    --------
    >>> from cohort.conditions import load_condition
    >>> course = start_course(np.array([1, 2]), 7, load_condition("healthy"), ())
    >>> multiply_withdrawal(course.events, 2.0)
    >>> course.events.plan.luck.withdrawal.tolist()
    [2.0, 2.0]
    """
    luck = events.plan.luck
    luck.withdrawal = luck.withdrawal * factor


def _own_slopes(patient_ids: NDArray[np.int64], seed: int, condition: Condition) -> Floats:
    """Return each patient's untreated drift [points/d], shape ``(n_lane,)``."""
    mean = condition.severity.progression.number("1/day")
    slopes = np.full(len(patient_ids), mean)
    if condition.severity.progression_sd is None:
        return slopes
    spread = condition.severity.progression_sd.number("1/day")
    return slopes + spread * normals(seed, patient_ids, "progression")


def baseline_severity(
    patient_ids: NDArray[np.int64],
    seed: int,
    condition: Condition,
    rules: RatingRules | None = None,
) -> Floats:
    """Return the first of the two that `entry_ratings` returns, the severity at entry.

    Examples
    --------
    >>> from cohort.conditions import load_condition
    >>> entered = baseline_severity(np.arange(200), 7, load_condition("major_depression"))
    >>> round(float(entered.mean()))
    24
    """
    return entry_ratings(patient_ids, seed, condition, rules)[0]


def accustom(
    course: ClinicalCourse,
    drivers: DayDrivers,
    condition: Condition,
    events: tuple[AdverseEvent, ...],
) -> ClinicalCourse:
    """Let patients get used to what they take before the baseline.

    Parameters
    ----------
    course
        The course on day 0.
    drivers
        Daily means of the days before it.
    condition, events
        As in `follow_days`.

    Returns
    -------
    The course on day 0, with the slow process and the adaptations of those days. Nobody leaves or
    has events meanwhile, and the baseline is that of patients who take it: its benefit is in it.
    Where a condition declares its severity without treatment, the baseline is what they have left.

    Examples
    --------
    >>> from cohort.conditions import load_condition
    >>> condition = load_condition("major_depression")
    >>> rise = np.full((28, 1), 0.5)
    >>> drivers = DayDrivers(readings={"serotonin_extracellular": rise})
    >>> course = accustom(start_course(np.array([1]), 7, condition, ()), drivers, condition, ())
    >>> course.day, bool(course.entry_benefit[0] > 0)
    (0, True)
    >>> bool(course.latent(condition, TrialVariation())[0] == course.severity.baseline[0])
    True
    """
    # as if all had left: then nothing is counted
    away = replace(course, left_day=np.zeros_like(course.left_day))
    after = follow_days(away, drivers, condition, events, TrialVariation(), is_visit=False)
    nobody = np.zeros(len(course.left_day), np.bool_)
    seen, _ = at_visit(after.events, drivers, course.day, nobody)
    benefit = drug_benefit(condition.link, after.now, after.slow)
    return replace(
        after,
        events=replace(seen, first=seen.values),
        day=course.day,
        left_day=course.left_day,
        severity=replace(course.severity, baseline=_relieved(course, benefit, condition)),
        entry_benefit=benefit,
        held_days=course.held_days,
    )


def _relieved(course: ClinicalCourse, benefit: Floats, condition: Condition) -> Floats:
    """Return severity at entry of patients on what they take [points], shape ``(n_lane,)``."""
    most = condition.severity.background_relief
    if most is None:
        return course.severity.baseline
    # in proportion to severity: points would leave those who enter with little below none
    share = np.clip(benefit / condition.severity.baseline_mean.number("1"), 0.0, most.number("1"))
    return course.severity.baseline * (1.0 - share)


def follow_days(
    course: ClinicalCourse,
    drivers: DayDrivers,
    condition: Condition,
    events: tuple[AdverseEvent, ...],
    variation: TrialVariation,
    *,
    is_visit: bool = True,
) -> ClinicalCourse:
    """Walk over the days that ``drivers`` describes.

    Parameters
    ----------
    course
        Where the patients stand.
    drivers
        Daily means of the following days.
    condition, events
        What leads to benefit, events and drop-out.
    variation
        How this trial differs from the mean trial.
    is_visit
        Whether patients are seen, and what is measured is measured, after the last of these days.

    Returns
    -------
    The course after the last of these days.

    Examples
    --------
    >>> from cohort.conditions import load_condition
    >>> condition = load_condition("major_depression")
    >>> still = np.zeros((7, 3))
    >>> drivers = DayDrivers(readings={"serotonin_extracellular": still})
    >>> course = start_course(np.arange(1, 4), 7, condition, ())
    >>> week = follow_days(course, drivers, condition, (), TrialVariation())
    >>> week.day, week.slow.tolist()
    (7, [0.0, 0.0, 0.0])
    """
    if len(events) != len(course.events.plan.events):
        raise CohortError(
            f"follow_days: {len(events)} adverse events; the course was started with "
            f"{len(course.events.plan.events)}. Give the same ones."
        )
    dropout = _base_dropout(condition)
    for first in range(0, drivers.n_day, _DAYS_AT_ONCE):
        part = _window(drivers, first)
        days = EventDays(course.events, part, dropout)
        for index in range(part.n_day):
            course = _one_day(course, part, index, condition, days, variation)
        course = replace(course, events=days.result())
    if not is_visit:
        return course
    present = np.isnan(course.left_day)
    seen, leaves = at_visit(course.events, drivers, course.day, present)
    return _left_for_event(replace(course, events=seen), leaves)


def _window(drivers: DayDrivers, first: int) -> DayDrivers:
    """Return the drivers of some days: the arrays of all days of long visits would not fit."""
    if first == 0 and drivers.n_day <= _DAYS_AT_ONCE:
        return drivers
    last = first + _DAYS_AT_ONCE
    return DayDrivers(readings={name: x[first:last] for name, x in drivers.readings.items()})


def latent_by_day(
    start: ClinicalCourse,
    drivers: DayDrivers,
    condition: Condition,
    variation: TrialVariation,
) -> Floats:
    """Return the latent severity of every day, as if nobody left.

    Parameters
    ----------
    start
        Where the patients stood before the first of these days.
    drivers
        Daily means of the following days.
    condition, variation
        As in `follow_days`.

    Returns
    -------
    Severity [points of its scale], shape ``(1 + n_day, n_lane)``, the first at the start.

    Examples
    --------
    >>> from cohort.conditions import load_condition
    >>> condition = load_condition("major_depression")
    >>> drivers = DayDrivers(readings={"serotonin_extracellular": np.zeros((7, 3))})
    >>> start = start_course(np.arange(1, 4), 7, condition, ())
    >>> daily = latent_by_day(start, drivers, condition, TrialVariation())
    >>> week = follow_days(start, drivers, condition, (), TrialVariation())
    >>> bool((daily[7] == week.latent(condition, TrialVariation())).all())
    True
    """
    course = start
    rows = [course.latent(condition, variation)]
    for index in range(drivers.n_day):
        course = _process_of_day(course, drivers, index, condition, variation)
        rows.append(course.latent(condition, variation))
    return np.array(rows)


def _process_of_day(
    course: ClinicalCourse,
    drivers: DayDrivers,
    index: int,
    condition: Condition,
    variation: TrialVariation,
) -> ClinicalCourse:
    """Return the course after one more day of the slow clinical process."""
    link = condition.link
    now = np.zeros_like(course.now)
    for state, weight in link.signals.items():
        own = variation.weights.get(state, weight.number("1"))
        now = now + own * drivers.get(state)[index]
    slow = relax(course.slow, now, link.rate.number("1/day"), 1.0)
    held = course.held_days
    if course.severity.held_per_point:
        benefit = variation.benefit_factor * drug_benefit(link, now, slow)
        held = held + course.severity.held(benefit)
    return replace(course, day=course.day + 1, now=now, slow=slow, held_days=held)


def _one_day(
    course: ClinicalCourse,
    drivers: DayDrivers,
    index: int,
    condition: Condition,
    days: EventDays,
    variation: TrialVariation,
) -> ClinicalCourse:
    course = _process_of_day(course, drivers, index, condition, variation)
    present = np.isnan(course.left_day)
    leaves = days.advance(index, course.day, present)
    course = _left_for_event(course, leaves)
    return _leavers_of_day(course, condition, variation, present, days.burden())


def _left_for_event(course: ClinicalCourse, leaves: NDArray[np.bool_]) -> ClinicalCourse:
    """Let those leave whose adverse event made the drug be withdrawn."""
    if not leaves.any():
        return course
    reason = REASONS.index("ADVERSE EVENT")
    return replace(
        course,
        left_day=np.where(leaves, float(course.day), course.left_day),
        left_reason=np.where(leaves, reason, course.left_reason),
    )


def _base_dropout(condition: Condition) -> float:
    dropout = condition.dropout
    return sum(
        rate.number("1/day") for rate in (dropout.other, dropout.efficacy, dropout.adverse_event)
    )


def _leavers_of_day(
    course: ClinicalCourse,
    condition: Condition,
    variation: TrialVariation,
    present: NDArray[np.bool_],
    burden: Floats,
) -> ClinicalCourse:
    dropout = condition.dropout
    severity = course.latent(condition, variation)
    fall = _EXPECTED_FALL if dropout.expected_fall is None else dropout.expected_fall.number("1")
    above = severity - (course.severity.baseline - fall)
    slope = dropout.efficacy_slope.number("1") / dropout.severity_unit.number("1")
    rates = (
        np.full_like(severity, dropout.other.number("1/day")),
        dropout.efficacy.number("1/day") * exp(slope * above),
        dropout.adverse_event.number("1/day")
        + dropout.adverse_event_burden.number("1/day") * burden,
    )
    most, adverse = variation.dropout_factor, variation.adverse_dropout_factor
    multiples = np.array([np.broadcast_to(one, severity.shape) for one in (most, most, adverse)])
    hazard = course.leave_hazard + np.where(present, multiples * np.array(rates), 0.0)
    left_day, left_reason = course.left_day.copy(), course.left_reason.copy()
    for reason in range(len(REASONS)):  # the first reason in order wins a tie of days
        leaves = present & np.isnan(left_day) & (hazard[reason] >= course.leave_limit[reason])
        left_day = np.where(leaves, float(course.day), left_day)
        left_reason = np.where(leaves, reason, left_reason)
    return replace(course, leave_hazard=hazard, left_day=left_day, left_reason=left_reason)
