"""The clinical course day by day: benefit, adverse events and drop-out.

`start_course` draws what each patient brings; `follow_days` walks over the days between two
visits; the scores at a visit and the dosing after it follow from the course. All columns, no
patient objects.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cohort.compounds import TARGETS
from cohort.conditions import Condition
from cohort.errors import CohortError
from cohort.outcomes.adverse_events import AdverseEvent, hazard_per_day
from cohort.outcomes.severity import Severity, drug_benefit, relax
from cohort.population.draws import exponentials, normals, uniforms
from cohort.scales import load_scale, score
from kernels.arithmetic import exp

__all__ = [
    "REASONS",
    "ClinicalCourse",
    "DayDrivers",
    "TrialVariation",
    "baseline_severity",
    "follow_days",
    "rests_at_zero",
    "start_course",
]

Floats = NDArray[np.float64]

REASONS: Final = ("OTHER", "LACK OF EFFICACY", "ADVERSE EVENT")
"""Reasons for discontinuation, in the order of the competing hazards."""

_OF_TARGETS: Final = frozenset(
    name
    for target in TARGETS.values()
    for name in (target.occupancy, *target.doors, *target.agonist_doors)
)
_MOST_SCREENINGS: Final = 200
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
class DayDrivers:
    """Hold the daily means that outcomes read, as departures from the untreated patient.

    Parameters
    ----------
    readings
        By name of a state or rule of the model, shape ``(n_day, n_lane)`` [1]: the log ratio to the
        untreated level, or the level itself where that is 0 (`rests_at_zero`).

    Examples
    --------
    >>> DayDrivers(readings={"serotonin_extracellular": np.zeros((2, 3))}).n_day
    2
    """

    readings: Mapping[str, Floats]

    @property
    def shape(self) -> tuple[int, int]:
        """Number of days and of lanes.

        Examples
        --------
        >>> DayDrivers(readings={"serotonin_firing": np.zeros((7, 1))}).shape
        (7, 1)
        """
        n_day, n_lane = next(iter(self.readings.values())).shape
        return n_day, n_lane

    @property
    def n_day(self) -> int:
        """Number of days.

        Examples
        --------
        >>> DayDrivers(readings={"serotonin_firing": np.zeros((7, 1))}).n_day
        7
        """
        return self.shape[0]

    def get(self, name: str) -> Floats:
        """Return a reading; that of something the trial does not simulate is at rest, 0.

        Examples
        --------
        >>> DayDrivers(readings={"serotonin_firing": np.zeros((7, 1))}).get("motor_drive").shape
        (7, 1)
        """
        found = self.readings.get(name)
        return np.zeros(self.shape) if found is None else found


def rests_at_zero(name: str) -> bool:
    """Tell whether a quantity is 0 without treatment: what drugs do to a target.

    Parameters
    ----------
    name
        A state or rule of the model.

    Returns
    -------
    True for occupancies and doors of targets, which are read as they are; others as log ratios.

    Examples
    --------
    >>> [rests_at_zero(name) for name in ("occupancy_h1", "serotonin_extracellular")]
    [True, False]
    """
    return name in _OF_TARGETS


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
    adaptation, hazard
        Adaptation to the driver [1] and cumulated hazard [1] of each event, shape
        ``(n_event, n_lane)``.
    limit, frailty, length, grade
        Draws of each event: cumulated hazard at onset, frailty, length and grade, same shape.
    onset_day, end_day
        First day with the event and day after the last [d]; NaN for none or not ended.
    leave_hazard, leave_limit
        Cumulated hazards of the reasons to leave, and the limits, shape ``(3, n_lane)``.
    left_day, left_reason
        Day of discontinuation [d], NaN for none, and position in `REASONS`.

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
    adaptation: Floats
    hazard: Floats
    limit: Floats
    frailty: Floats
    length: Floats
    grade: Floats
    onset_day: Floats
    end_day: Floats
    leave_hazard: Floats
    leave_limit: Floats
    left_day: Floats
    left_reason: NDArray[np.int64]

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
        benefit = variation.benefit_factor * drug_benefit(condition.link, self.now, self.slow)
        return self.severity.at(
            float(self.day), benefit, condition, variation.placebo_shift, variation.expectation
        )


def start_course(
    patient_ids: NDArray[np.int64],
    seed: int,
    condition: Condition,
    events: tuple[AdverseEvent, ...],
) -> ClinicalCourse:
    """Draw what every patient brings and start at the first dose.

    Parameters
    ----------
    patient_ids
        Shape ``(n_lane,)``.
    seed
        Seed of the trial.
    condition
        Severity, entry criterion and variability.
    events
        Adverse events that are looked for.

    Returns
    -------
    The course on day 0.

    Raises
    ------
    CohortError
        If the entry criterion refuses a patient too often.

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
    n_lane, n_event = len(patient_ids), len(events)
    spread = condition.link.sensitivity_sd_log.number("1")
    eta = normals(seed, patient_ids, "benefit sensitivity")
    placebo = normals(seed, patient_ids, "placebo response")
    severity = Severity(
        baseline=baseline_severity(patient_ids, seed, condition),
        placebo_factor=1.0 + condition.placebo.patient_sd.number("1") * placebo,
        sensitivity=exp(spread * eta - 0.5 * spread * spread),
        slope=_own_slopes(patient_ids, seed, condition),
    )

    def drawn(source: str) -> Floats:
        draws = {"exponential": exponentials, "normal": normals, "uniform": uniforms}
        kind, _, purpose = source.partition(" ")
        rows = [draws[kind](seed, patient_ids, f"{purpose}: {event.name}") for event in events]
        return np.array(rows).reshape(n_event, n_lane)

    shared = normals(seed, patient_ids, "adverse event frailty")
    leave = [exponentials(seed, patient_ids, f"leave: {reason}") for reason in REASONS]
    nothing = np.full((n_event, n_lane), np.nan)
    return ClinicalCourse(
        day=0,
        severity=severity,
        slow=np.zeros(n_lane),
        now=np.zeros(n_lane),
        adaptation=np.zeros((n_event, n_lane)),
        hazard=np.zeros((n_event, n_lane)),
        limit=drawn("exponential adverse event onset"),
        frailty=np.array([shared for _ in events]).reshape(n_event, n_lane),
        length=drawn("exponential adverse event length"),
        grade=drawn("uniform adverse event grade"),
        onset_day=nothing,
        end_day=nothing.copy(),
        leave_hazard=np.zeros((len(REASONS), n_lane)),
        leave_limit=np.array(leave),
        left_day=np.full(n_lane, np.nan),
        left_reason=np.full(n_lane, -1, np.int64),
    )


def _own_slopes(patient_ids: NDArray[np.int64], seed: int, condition: Condition) -> Floats:
    """Return each patient's untreated drift [points/d], shape ``(n_lane,)``."""
    mean = condition.severity.progression.number("1/day")
    slopes = np.full(len(patient_ids), mean)
    if condition.severity.progression_sd is None:
        return slopes
    spread = condition.severity.progression_sd.number("1/day")
    return slopes + spread * normals(seed, patient_ids, "progression")


def baseline_severity(patient_ids: NDArray[np.int64], seed: int, condition: Condition) -> Floats:
    """Return the latent severity of those who were let in.

    Parameters
    ----------
    patient_ids
        Shape ``(n_lane,)``.
    seed
        Seed of the trial.
    condition
        Severity and entry criterion.

    Returns
    -------
    Severity at entry [points of the condition's scale], shape ``(n_lane,)``.

    Raises
    ------
    CohortError
        If the entry criterion refuses a patient too often.

    Examples
    --------
    >>> from cohort.conditions import load_condition
    >>> entered = baseline_severity(np.arange(200), 7, load_condition("major_depression"))
    >>> round(float(entered.mean()))
    22
    """
    scale = load_scale(condition.entry.scale, condition.severity.scale)
    lowest = condition.entry.at_least.number("1")
    mean = condition.severity.baseline_mean.number("1")
    spread = condition.severity.baseline_sd.number("1")
    baseline = np.full(len(patient_ids), np.nan)
    for screening in range(_MOST_SCREENINGS):
        waiting = np.flatnonzero(np.isnan(baseline))
        if not len(waiting):
            return baseline
        ids = patient_ids[waiting]
        latent = mean + spread * normals(seed, ids, "baseline severity", screening)
        rated = score(scale, latent, normals(seed, ids, "screening rating", screening))
        admitted = rated >= lowest
        baseline[waiting[admitted]] = latent[admitted]
    raise CohortError(
        f"condition '{condition.name}', entry: {scale.name} of {lowest:g} or more was missed "
        f"{_MOST_SCREENINGS} times by one patient; most patients should meet it. Lower the "
        "criterion or raise severity.baseline_mean."
    )


def follow_days(
    course: ClinicalCourse,
    drivers: DayDrivers,
    condition: Condition,
    events: tuple[AdverseEvent, ...],
    variation: TrialVariation,
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
    for day in range(drivers.n_day):
        course = _one_day(course, drivers, day, condition, events, variation)
    return course


def _one_day(
    course: ClinicalCourse,
    drivers: DayDrivers,
    index: int,
    condition: Condition,
    events: tuple[AdverseEvent, ...],
    variation: TrialVariation,
) -> ClinicalCourse:
    link = condition.link
    now = np.zeros_like(course.now)
    for state, weight in link.signals.items():
        own = variation.weights.get(state, weight.number("1"))
        now = now + own * drivers.get(state)[index]
    slow = relax(course.slow, now, link.rate.number("1/day"), 1.0)
    course = replace(course, day=course.day + 1, now=now, slow=slow)
    present = np.isnan(course.left_day)
    course = _events_of_day(course, drivers, index, condition, events, present)
    return _leavers_of_day(course, condition, variation, present)


def _base_dropout(condition: Condition) -> float:
    dropout = condition.dropout
    return sum(
        rate.number("1/day") for rate in (dropout.other, dropout.efficacy, dropout.adverse_event)
    )


def _events_of_day(
    course: ClinicalCourse,
    drivers: DayDrivers,
    index: int,
    condition: Condition,
    events: tuple[AdverseEvent, ...],
    present: NDArray[np.bool_],
) -> ClinicalCourse:
    hazard, adaptation = course.hazard.copy(), course.adaptation.copy()
    onset, end = course.onset_day.copy(), course.end_day.copy()
    for row, event in enumerate(events):
        driver = event.sign * drivers.get(event.reads[0])[index]
        rate = hazard_per_day(
            event, driver, adaptation[row], course.frailty[row], _base_dropout(condition)
        )
        hazard[row] = hazard[row] + np.where(present, rate, 0.0)
        starts = present & np.isnan(onset[row]) & (hazard[row] >= course.limit[row])
        onset[row] = np.where(starts, float(course.day), onset[row])
        if event.duration is not None:
            days = np.ceil(event.duration.number("day") * course.length[row])
            end[row] = np.where(starts, course.day + np.maximum(days, 1.0), end[row])
        if event.tolerance is not None:
            rate_of_tolerance = 1.0 / event.tolerance.number("day")
            adaptation[row] = relax(adaptation[row], driver, rate_of_tolerance, 1.0)
    return replace(course, hazard=hazard, adaptation=adaptation, onset_day=onset, end_day=end)


def _leavers_of_day(
    course: ClinicalCourse,
    condition: Condition,
    variation: TrialVariation,
    present: NDArray[np.bool_],
) -> ClinicalCourse:
    dropout = condition.dropout
    severity = course.latent(condition, variation)
    fall = _EXPECTED_FALL if dropout.expected_fall is None else dropout.expected_fall.number("1")
    above = severity - (course.severity.baseline - fall)
    slope = dropout.efficacy_slope.number("1") / dropout.severity_unit.number("1")
    ongoing = (course.onset_day <= course.day) & ~(course.end_day <= course.day)
    burden = np.zeros_like(severity)
    for row in ongoing:
        burden = burden + row
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
