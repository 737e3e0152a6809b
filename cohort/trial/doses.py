"""From regimens to the streams of doses that the engine applies.

A dose due at a time becomes events of the compounds that it holds (`cohort.drugs.drug_streams`).
Who misses it, and who has left the trial, is one bit per dose and patient. Enters from
`cohort.simulate`; leaves as `kernels.Stream`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

import numpy as np

from cohort.drugs import drug_streams
from cohort.errors import ShapeError, UnknownNameError
from cohort.imported import Route, route_streams
from cohort.population.draws import uniforms
from cohort.trial.adherence import doses_taken
from cohort.trial.arms import dose_times
from cohort.trial.protocol import AS_PLANNED
from cohort.trial.supervision import self_directed
from cohort.trial.visits import schedule_time, visit_times

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Unpack

    from numpy.typing import NDArray

    from cohort.drugs import Drug
    from cohort.trial.arms import Regimen
    from cohort.trial.conduct import Rescue
    from cohort.trial.protocol import OwnAddition, Protocol, Variant
    from cohort.trial.titration import DoseSteps
    from kernels import Stream

__all__ = [
    "DosingRecord",
    "EventActions",
    "IntervalDoses",
    "PlannedDoses",
    "beside_streams",
    "dose_streams",
    "dosing_record",
    "planned_doses",
]


class _How(TypedDict, total=False):
    lags: Mapping[str, NDArray[np.int64]]
    scales: Mapping[str, NDArray[np.float64] | None]
    segments: NDArray[np.int64] | None
    taken: NDArray[np.bool_]


_HALF = 0.5  # of the written dose, where an adverse event has it reduced; our own choice


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlannedDoses:
    """Doses of one drug in one arm, as the protocol asks for them.

    Parameters
    ----------
    drug
        Name of the drug.
    times
        Due times [s, trial time], shape ``(n_event,)``, int64, rising.
    amounts_mg
        Doses [mg], shape ``(n_event,)``.
    positions
        Place of each dose's regimen in the arm, shape ``(n_event,)``, int64.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> (doses,) = planned_doses(load_protocol("sct-md-01"), "escitalopram 20 mg")
    >>> doses.amounts_mg[6:8].tolist()
    [10.0, 20.0]
    """

    drug: str
    times: NDArray[np.int64]
    amounts_mg: NDArray[np.float64]
    positions: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EventActions:
    """What adverse events did to the doses of patients.

    Parameters
    ----------
    reduced_s
        From when on doses are halved [s, trial time], a large number for never, shape
        ``(n_lane,)``, int64. Titrated regimens are not: there the step is lower.
    from_s, until_s
        Pauses: beginnings [s], shape ``(n_pause,)``, and the end of each for each patient, int64,
        shape ``(n_pause, n_lane)``; the beginning for who has none.

    Examples
    --------
    >>> actions = EventActions(
    ...     reduced_s=np.array([10**9]), from_s=np.array([100]), until_s=np.array([[200]])
    ... )
    >>> actions.is_paused(np.array([99, 100, 199, 200]))[:, 0].tolist()
    [False, True, True, False]
    """

    reduced_s: NDArray[np.int64]
    from_s: NDArray[np.int64]
    until_s: NDArray[np.int64]

    def is_paused(self, times: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return which doses fall into a pause.

        Parameters
        ----------
        times
            Due times [s, trial time], shape ``(n_event,)``.

        Returns
        -------
        Shape ``(n_event, n_lane)``.

        Examples
        --------
        >>> never = np.array([10**9])
        >>> none = EventActions(
        ...     reduced_s=never, from_s=np.array([0]), until_s=np.array([[0]])
        ... )
        >>> none.is_paused(np.array([0])).tolist()
        [[False]]
        """
        paused = np.zeros((len(times), self.until_s.shape[1]), np.bool_)
        for begin, end in zip(self.from_s, self.until_s, strict=True):
            paused |= (times >= begin)[:, None] & (times[:, None] < end)
        return paused


@dataclass(frozen=True, slots=True, eq=False)
class _Factors:
    """By how much patients' doses differ from the written ones: rows, and the row of each dose."""

    rows: NDArray[np.float64]
    row_of: NDArray[np.int64]

    def times(self, other: _Factors | None) -> _Factors:
        if other is None:
            return self
        both = self.rows[self.row_of] * other.rows[other.row_of]
        return _Factors(both, np.arange(len(both)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class IntervalDoses:
    """What patients were to take and took between visits.

    Parameters
    ----------
    ends
        End of each interval [s, trial time]: the visits after the baseline, and the end of the
        trial where it is later.
    planned_mg
        Mass that the protocol asks for until a patient's treatment ends [mg], shape
        ``(n_interval, n_lane)``; all drugs of the arm added, titrated doses as at their start.
    taken_mg
        Mass taken [mg], same shape.
    due
        Doses due until a patient's treatment ends, int64, same shape.
    is_adjusted
        Whether a dose of the interval differs from the written one, or was left out because of a
        pause; same shape.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> trial = load_protocol("sct-md-01")
    >>> doses = dosing_record(trial, "escitalopram 20 mg", np.array([30000001])).intervals
    >>> [end // 86400 for end in doses.ends]
    [7, 14, 28, 42, 56]
    >>> doses.planned_mg[:2, 0].tolist(), doses.due[:2, 0].tolist()
    ([70.0, 140.0], [7, 7])
    """

    ends: tuple[int, ...]
    planned_mg: NDArray[np.float64]
    taken_mg: NDArray[np.float64]
    due: NDArray[np.int64]
    is_adjusted: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DosingRecord:
    """How many doses each patient of an arm was to take and took.

    Parameters
    ----------
    planned
        Doses that the protocol asks for until the end of the trial, shape ``(n_lane,)``, int64.
    taken
        Doses taken, shape ``(n_lane,)``, int64.
    cumulative_mg
        Mass taken, all drugs added [mg], shape ``(n_lane,)``.
    rescue
        Doses of rescue medication, which the others leave out, shape ``(n_lane,)``, int64.
    intervals
        The same between visits.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> dosing_record(load_protocol("sct-md-01"), "placebo", np.array([1])).planned.tolist()
    [0]
    """

    planned: NDArray[np.int64]
    taken: NDArray[np.int64]
    cumulative_mg: NDArray[np.float64]
    rescue: NDArray[np.int64]
    intervals: IntervalDoses


def planned_doses(protocol: Protocol, arm_name: str) -> tuple[PlannedDoses, ...]:
    """Return the doses of an arm, one entry a drug, in the order in which drugs are first named.

    Parameters
    ----------
    protocol
        The protocol.
    arm_name
        Name of the arm.

    Returns
    -------
    Planned doses; empty for placebo.

    Raises
    ------
    UnknownNameError
        If no arm has that name.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> (doses,) = planned_doses(load_protocol("sct-md-01"), "citalopram 40 mg")
    >>> len(doses.times)
    56
    """
    return _plans(protocol.arm(arm_name).regimens, protocol.duration)


def _plans(regimens: Sequence[Regimen], end: int) -> tuple[PlannedDoses, ...]:
    plans = []
    for drug in dict.fromkeys(regimen.drug for regimen in regimens):
        due = sorted(
            (time, regimen.dose, position)
            for position, regimen in enumerate(regimens)
            if regimen.drug == drug
            for time in dose_times(regimen, end)
        )
        plans.append(
            PlannedDoses(
                drug=drug,
                times=np.array([time for time, _, _ in due], dtype=np.int64),
                amounts_mg=np.array([dose for _, dose, _ in due], dtype=np.float64),
                positions=np.array([position for _, _, position in due], dtype=np.int64),
            )
        )
    return tuple(plans)


def dose_streams(
    protocol: Protocol,
    arm_name: str,
    patient_ids: NDArray[np.int64],
    *,
    drugs: Mapping[str, Drug | Route],
    lags: Mapping[str, NDArray[np.int64]],
    stop_times: NDArray[np.int64] | None = None,
    scales: Mapping[str, NDArray[np.float64]] | None = None,
    variant: Variant = AS_PLANNED,
    steps: Mapping[int, DoseSteps] | None = None,
    rescue_times: NDArray[np.int64] | None = None,
    actions: EventActions | None = None,
) -> tuple[Stream, ...]:
    """Return the streams of doses of some patients of an arm.

    Parameters
    ----------
    protocol
        The protocol.
    arm_name
        Name of the arm.
    patient_ids
        Patients, shape ``(n_lane,)``.
    drugs
        The drugs of the arm, and those that the variant adds, by the name that the protocol gives
        them.
    lags
        For each compound the absorption lag [s], shape ``(n_lane,)``, int64; compounds that are
        absent have none.
    stop_times
        Trial time from which a patient takes no more doses [s], shape ``(n_lane,)``; a large number
        for who stays. None if everybody stays.
    scales
        For each compound a factor on the dose [1], shape ``(n_lane,)``; 1 for compounds that are
        absent.
    variant
        Says whether a clinician follows the patients up.
    steps
        Doses that titrated regimens have come to, by position in the arm; as written without them.
    rescue_times
        When rescue began [s, trial time], shape ``(n_lane,)``, a large number if it did not; nobody
        has it without them.
    actions
        What adverse events did to doses; nothing without them.

    Returns
    -------
    Streams of each drug and compound, amounts in ug, times in schedule time; none for placebo.

    Raises
    ------
    UnknownNameError
        If no arm has that name, or a drug of the arm is not given.
    ShapeError
        If ``stop_times`` does not have one entry a patient.

    Examples
    --------
    >>> from cohort.drugs import load_drug
    >>> from cohort.trial import load_protocol
    >>> left, right = dose_streams(
    ...     load_protocol("sct-md-01"), "citalopram 40 mg", np.array([40000001]),
    ...     drugs={"citalopram": load_drug("citalopram")}, lags={},
    ... )
    >>> left.target, left.amounts[:1].tolist(), left.times[0] - 7 * 86400
    ('depot_s_citalopram', [10000.0], np.int64(28800))
    """
    streams: list[Stream] = []
    for plan, bits, own in _taken(
        protocol, arm_name, patient_ids, stop_times, variant, (steps or {}, actions)
    ):
        if plan.drug not in drugs:
            where = f"dose_streams, arm '{arm_name}'"
            raise UnknownNameError(where, plan.drug, drugs, "drug")
        streams += _streams(
            drugs[plan.drug],
            plan.times + schedule_time(protocol, 0),
            plan.amounts_mg,
            lags=lags,
            scales={
                compound: _scale((scales or {}).get(compound), own)
                for compound in drugs[plan.drug].fractions
            },
            segments=None if own is None else own.row_of,
            taken=bits,
        )
    for one in variant.adds:
        plan, bits = _added(protocol, one, patient_ids, stop_times)
        times = plan.times + schedule_time(protocol, 0)
        streams += _streams(
            drugs[one.drug], times, plan.amounts_mg, lags=lags, scales=scales or {}, taken=bits
        )
    if protocol.rescue is not None and rescue_times is not None:
        times, bits = _rescue(protocol, protocol.rescue, rescue_times, stop_times)
        streams += _streams(
            drugs[protocol.rescue.drug],
            times + schedule_time(protocol, 0),
            np.full(len(times), protocol.rescue.dose),
            lags=lags,
            taken=bits,
        )
    return tuple(streams)


def _rescue(
    protocol: Protocol,
    rescue: Rescue,
    rescue_times: NDArray[np.int64],
    stop_times: NDArray[np.int64] | None,
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return when rescue is due, and who takes it: whoever needs it forgets none."""
    times = np.array(dose_times(rescue.regimen, protocol.duration), dtype=np.int64)
    bits = times[:, None] >= rescue_times
    if rescue.lasts is not None:
        bits &= times[:, None] < rescue_times + rescue.lasts
    if stop_times is not None:
        bits &= times[:, None] < stop_times
    return times, bits


def _added(
    protocol: Protocol,
    one: OwnAddition,
    patient_ids: NDArray[np.int64],
    stop_times: NDArray[np.int64] | None,
) -> tuple[PlannedDoses, NDArray[np.bool_]]:
    """Return the doses of a drug that some patients add by themselves, and who takes them."""
    times = np.array(dose_times(one.regimen, protocol.duration), dtype=np.int64)
    plan = PlannedDoses(
        drug=one.drug,
        times=times,
        amounts_mg=np.full(len(times), one.dose),
        positions=np.zeros(len(times), dtype=np.int64),
    )
    adds = uniforms(protocol.seed, patient_ids, f"adds: {one.drug}") < one.share
    bits = np.broadcast_to(adds, (len(times), len(patient_ids))).copy()
    if stop_times is not None:
        bits &= times[:, None] < stop_times
    return plan, bits


def beside_streams(
    protocol: Protocol,
    patient_ids: NDArray[np.int64],
    *,
    drugs: Mapping[str, Drug | Route],
    lags: Mapping[str, NDArray[np.int64]],
    scales: Mapping[str, NDArray[np.float64]] | None = None,
) -> tuple[Stream, ...]:
    """Return the streams of what everybody takes before the trial or beside it.

    Parameters
    ----------
    protocol, patient_ids
        As in `dose_streams`.
    drugs, lags, scales
        As in `dose_streams`, of the background and the previous drugs.

    Returns
    -------
    Streams, times in schedule time. They are taken as reliably as the drugs of the trial, and
    leaving the trial stops none of them.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> beside_streams(load_protocol("sct-md-01"), np.array([1]), drugs={}, lags={})
    ()
    """
    streams: list[Stream] = []
    for plan in _plans(protocol.beside, protocol.duration):
        taken = doses_taken(
            protocol.adherence, protocol.seed, patient_ids, plan.times, visit_times(protocol)
        )
        times = plan.times + schedule_time(protocol, 0)
        streams += _streams(
            drugs[plan.drug], times, plan.amounts_mg, lags=lags, scales=scales or {}, taken=taken
        )
    return tuple(streams)


def _streams(
    drug: Drug | Route,
    times: NDArray[np.int64],
    amounts_mg: NDArray[np.float64],
    **how: Unpack[_How],
) -> tuple[Stream, ...]:
    """Return the streams of doses of our drug, or of one that a model from a file is given."""
    if isinstance(drug, Route):
        return route_streams(drug, times, amounts_mg, **how)
    return drug_streams(drug, times, amounts_mg, **how)


def dosing_record(
    protocol: Protocol,
    arm_name: str,
    patient_ids: NDArray[np.int64],
    stop_times: NDArray[np.int64] | None = None,
    variant: Variant = AS_PLANNED,
    steps: Mapping[int, DoseSteps] | None = None,
    rescue_times: NDArray[np.int64] | None = None,
    actions: EventActions | None = None,
) -> DosingRecord:
    """Return how many doses some patients of an arm were to take and took.

    Parameters
    ----------
    protocol, arm_name, patient_ids, stop_times, variant, steps, rescue_times, actions
        As in `dose_streams`.

    Returns
    -------
    Counts and masses; what patients add by themselves is not counted.

    Raises
    ------
    UnknownNameError, ShapeError
        As in `dose_streams`.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> ids = np.array([20000001])
    >>> stopped = np.array([14 * 86400])
    >>> record = dosing_record(load_protocol("sct-md-01"), "escitalopram 10 mg", ids, stopped)
    >>> record.planned.tolist(), bool(record.taken[0] <= 14)
    ([56], True)
    """
    n_lane = len(patient_ids)
    planned = np.zeros(n_lane, dtype=np.int64)
    count = np.zeros(n_lane, dtype=np.int64)
    mass = np.zeros(n_lane)
    ends = sorted({*visit_times(protocol), protocol.duration})
    shape = (len(ends), n_lane)
    asked, given = np.zeros(shape), np.zeros(shape)
    due, adjusted = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.bool_)
    for plan, bits, own in _taken(
        protocol, arm_name, patient_ids, stop_times, variant, (steps or {}, actions)
    ):
        planned += len(plan.times)
        count += np.count_nonzero(bits, axis=0)
        interval = np.searchsorted(ends, plan.times, side="right")
        paused = None if actions is None else actions.is_paused(plan.times)
        for event, amount in enumerate(plan.amounts_mg):  # in written order: same bits
            factor = None if own is None else own.rows[own.row_of[event]]
            swallowed = amount if factor is None else amount * factor
            mass += np.where(bits[event], swallowed, 0.0)
            place = interval[event]
            is_due = np.full(n_lane, True) if stop_times is None else plan.times[event] < stop_times
            asked[place] += np.where(is_due, amount, 0.0)
            given[place] += np.where(bits[event], swallowed, 0.0)
            due[place] += is_due
            if factor is not None:
                adjusted[place] |= is_due & (factor != 1.0)
            if paused is not None:
                adjusted[place] |= is_due & paused[event]
    rescue = np.zeros(n_lane, dtype=np.int64)
    if protocol.rescue is not None and rescue_times is not None:
        _, bits = _rescue(protocol, protocol.rescue, rescue_times, stop_times)
        rescue += np.count_nonzero(bits, axis=0)
    return DosingRecord(
        planned=planned,
        taken=count,
        cumulative_mg=mass,
        rescue=rescue,
        intervals=IntervalDoses(
            ends=tuple(ends), planned_mg=asked, taken_mg=given, due=due, is_adjusted=adjusted
        ),
    )


def _scale(scale: NDArray[np.float64] | None, own: _Factors | None) -> NDArray[np.float64] | None:
    if own is None:
        return scale
    return own.rows if scale is None else own.rows * scale


def _halved(
    plan: PlannedDoses, steps: Mapping[int, DoseSteps], actions: EventActions
) -> _Factors | None:
    """Return the doses that adverse events made half of what is written; titrated ones step down.

    Those who have none are multiplied by 1, so that a patient does not depend on the block.
    """
    changes = np.unique(actions.reduced_s[actions.reduced_s <= max(plan.times, default=0)])
    if not len(changes):
        return None
    rows = np.where(actions.reduced_s <= changes[:, None], _HALF, 1.0)
    row_of = np.searchsorted(changes, plan.times, side="right")
    row_of[np.isin(plan.positions, list(steps))] = 0
    return _Factors(np.concatenate((np.ones((1, rows.shape[1])), rows)), row_of)


def _titrated(plan: PlannedDoses, steps: Mapping[int, DoseSteps]) -> _Factors | None:
    """Return the steps that patients have come to as factors on the doses of their regimens."""
    mine = [position for position in np.unique(plan.positions).tolist() if position in steps]
    if not mine:
        return None
    rows = [np.ones((1, steps[mine[0]].levels.shape[1]))]
    row_of = np.zeros(len(plan.times), dtype=np.int64)
    for position in mine:
        one = steps[position]
        doses = np.flatnonzero(plan.positions == position)
        row_of[doses] = sum(map(len, rows)) + one.rows(plan.times[doses])
        rows.append(one.doses_mg / plan.amounts_mg[doses[0]])
    return _Factors(np.concatenate(rows), row_of)


def _taken(
    protocol: Protocol,
    arm_name: str,
    patient_ids: NDArray[np.int64],
    stop_times: NDArray[np.int64] | None,
    variant: Variant,
    decided: tuple[Mapping[int, DoseSteps], EventActions | None],
) -> Iterator[tuple[PlannedDoses, NDArray[np.bool_], _Factors | None]]:
    """Yield the doses of each drug, which are taken, and by how much they are not as written."""
    if stop_times is not None and stop_times.shape != patient_ids.shape:
        raise ShapeError(
            f"stop_times: shape {stop_times.shape}; one entry a patient, {patient_ids.shape}, is "
            "allowed. Match them."
        )
    arm = protocol.arm(arm_name)
    adherence = protocol.adherence if arm.adherence is None else arm.adherence
    for plan in planned_doses(protocol, arm_name):
        taken = doses_taken(
            adherence, protocol.seed, patient_ids, plan.times, visit_times(protocol)
        )
        steps, actions = decided
        factors = _titrated(plan, steps)
        if actions is not None:
            taken &= ~actions.is_paused(plan.times)
            if (halved := _halved(plan, steps, actions)) is not None:
                factors = halved.times(factors)
        if variant.supervision == "self_directed":
            own = self_directed(protocol.seed, patient_ids, plan.times)
            taken &= own.taken
            factors = _Factors(own.factors, own.weeks).times(factors)
        if stop_times is not None:
            taken &= plan.times[:, None] < stop_times
        yield plan, taken, factors
