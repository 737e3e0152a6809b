"""What happened to a block of patients, as columns of subject-level tables.

Plain NumPy columns, one dictionary a table; names and types are agreed with `pipelines.schema`.
The walk enters at `block_columns`.
"""

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from cohort.chemistry import biomarkers
from cohort.outcomes import load_adverse_event, load_scale, score
from cohort.outcomes.course import REASONS, ClinicalCourse
from cohort.population.draws import normals
from cohort.trial import Protocol, study_day
from cohort.trial.quantities import HOUR_S, WEEK_S
from kernels import ResultCode

if TYPE_CHECKING:
    from cohort.simulate import BlockResult

__all__ = ["block_columns"]

Column = NDArray[np.generic]
Columns = dict[str, Column]
Floats = NDArray[np.float64]

_OF_DRUGS: Final = (("C", "concentration_", "ng/mL"), ("O", "occupancy_", "1"))
"""What is reported of every compound and target: first letter of its code, rule, unit."""


def block_columns(
    protocol: Protocol, arm: str, result: "BlockResult", trajectory_ids: frozenset[int]
) -> dict[str, Columns]:
    """Return the columns of every subject-level table.

    Parameters
    ----------
    protocol
        The trial.
    arm
        Name of the arm.
    result
        What happened.
    trajectory_ids
        Patients whose course is reported day by day.

    Returns
    -------
    Columns by table name.

    Examples
    --------
    >>> from cohort.simulate import simulate_block
    >>> from cohort.trial import load_protocol
    >>> protocol = load_protocol("sct-md-01")
    >>> block = simulate_block(protocol, "placebo", np.array([7]))
    >>> sorted(block_columns(protocol, "placebo", block, frozenset()))
    ['adae', 'adlb', 'adqs', 'adsl', 'trajectories']
    """
    return {
        "adsl": _subjects(protocol, arm, result),
        "adqs": _scores(protocol, arm, result),
        "adlb": _biomarkers(protocol, arm, result),
        "adae": _events(protocol, arm, result),
        "trajectories": _trajectories(protocol, arm, result, trajectory_ids),
    }


def _subjects(protocol: Protocol, arm: str, result: "BlockResult") -> Columns:
    last = result.courses[-1]
    n_lane = len(result.patient_ids)
    codes = result.solutions[-1].codes
    failure = np.full(n_lane, np.nan)
    for solution in result.solutions:
        failure = np.where(np.isnan(failure), solution.failure_times, failure)
    # whoever failed while a disease settled has no time of the schedule: the start of the run-in
    failure = np.where(np.isnan(failure) & (codes != ResultCode.SUCCESS), 0.0, failure)
    reasons = np.array(("", *REASONS))[last.left_reason + 1]
    covariates = result.population.columns
    names = ("age_y", "sex", "ancestry", "weight_kg", "height_cm", "bmi", "smoker", "crcl_ml_min")
    genes = ("cyp2c19", "cyp2d6", "slc6a4", "comt", "maoa")
    return {
        "patient_id": result.patient_ids,
        "arm": np.full(n_lane, arm),
        **{name: np.asarray(covariates[name]) for name in (*names, *genes)},
        "completed": np.isnan(last.left_day) & (codes == ResultCode.SUCCESS),
        "discontinuation_reason": reasons,
        "discontinuation_day": last.left_day,
        "doses_planned": result.dosing.planned,
        "doses_taken": result.dosing.taken,
        "cumulative_dose_mg": result.dosing.cumulative_mg,
        "result_code": codes.astype(np.int16),
        "result_message": np.array([ResultCode(int(code)).message for code in codes]),
        "failure_time_h": failure - protocol.run_in / HOUR_S,  # before 0: in the run-in
        "accepted_steps": sum(solution.accepted for solution in result.solutions),
        "rejected_steps": sum(solution.rejected for solution in result.solutions),
    }


def _present(course: ClinicalCourse, last: ClinicalCourse) -> NDArray[np.bool_]:
    return np.isnan(last.left_day) | (last.left_day > course.day)


def _stacked(rows: list[Columns]) -> Columns:
    if not rows:  # a trial that looks for no adverse events
        return {}
    return {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}


def _visit_columns(protocol: Protocol, arm: str, result: "BlockResult", index: int) -> Columns:
    visit = protocol.visits[index]
    n_lane = len(result.patient_ids)
    return {
        "patient_id": result.patient_ids,
        "arm": np.full(n_lane, arm),
        "visit": np.full(n_lane, visit.name),
        "visit_number": np.full(n_lane, visit.time / WEEK_S),
        "day": np.full(n_lane, study_day(visit), np.int64),
    }


def _scores(protocol: Protocol, arm: str, result: "BlockResult") -> Columns:
    condition = result.condition
    last = result.courses[-1]
    rows: list[Columns] = []
    for endpoint in protocol.endpoints:
        scale = load_scale(endpoint, condition.severity.scale)
        baseline = held = np.full(len(result.patient_ids), np.nan)
        for index in range(len(protocol.visits)):
            course = result.courses[index]
            noise = normals(protocol.seed, result.patient_ids, f"rating: {endpoint}", course.day)
            rated = score(scale, course.latent(condition, result.variation), noise)
            rated = np.where(result.failed_before(index), np.nan, rated)
            seen = _present(course, last)
            value = np.where(seen, rated, held)
            if index == 0:
                baseline = value
            carried = ~seen & np.isfinite(held)
            held = value
            rows.append(
                {
                    **_visit_columns(protocol, arm, result, index),
                    "endpoint": np.full(len(value), endpoint),
                    "value": value,
                    "baseline": baseline,
                    "change": value - baseline,
                    "percent_change": 100.0 * (value - baseline) / _or_nan(baseline),
                    "is_baseline": np.full(len(value), index == 0),
                    "imputation": np.where(carried, "LOCF", ""),
                }
            )
    return _stacked(rows)


def _or_nan(baseline: Floats) -> Floats:
    """Return the baseline, NaN where it is 0: nothing is a percentage of that."""
    return np.where(baseline == 0.0, np.nan, baseline)


def _markers(result: "BlockResult") -> dict[str, tuple[str, float, str]]:
    """Return by parameter code: observable, factor from the model's unit, unit of the table."""
    return {
        marker.code: (f"{marker.quantity}_now", marker.factor, marker.unit)
        for marker in biomarkers(result.systems)
    }


def _biomarkers(protocol: Protocol, arm: str, result: "BlockResult") -> Columns:
    of_drugs = {
        f"{letter}_{name.removeprefix(prefix).removesuffix('_now')}": (name, 1.0, unit)
        for letter, prefix, unit in _OF_DRUGS
        for name in result.model.system.observables
        if name.startswith(prefix)
    }
    rows: list[Columns] = []
    last = result.courses[-1]
    for code, (observable, factor, unit) in {**_markers(result), **of_drugs}.items():
        baseline = np.full(len(result.patient_ids), np.nan)
        for index in range(len(protocol.visits)):
            solution = result.solutions[index]
            seen = _present(result.courses[index], last)
            value = np.where(seen, factor * solution[observable][-1], np.nan)
            if index == 0:
                baseline = value
            with np.errstate(divide="ignore", invalid="ignore"):
                ratio = value / baseline
            rows.append(
                {
                    **_visit_columns(protocol, arm, result, index),
                    "biomarker": np.full(len(value), code),
                    "unit": np.full(len(value), unit),
                    "value": value,
                    "baseline": baseline,
                    "change": value - baseline,
                    "ratio": np.where(np.isfinite(ratio), ratio, np.nan),
                }
            )
    return _stacked(rows)


def _events(protocol: Protocol, arm: str, result: "BlockResult") -> Columns:
    last = result.courses[-1]
    rows: list[Columns] = []
    for row, name in enumerate(protocol.adverse_events):
        event = load_adverse_event(name)
        lane = np.flatnonzero(np.isfinite(last.onset_day[row]))
        grade = last.grade[row][lane]
        mild, moderate = event.severity.mild, event.severity.mild + event.severity.moderate
        words = np.where(grade < mild, "MILD", np.where(grade < moderate, "MODERATE", "SEVERE"))
        end = last.end_day[row][lane]
        rows.append(
            {
                "patient_id": result.patient_ids[lane],
                "arm": np.full(len(lane), arm),
                "term": np.full(len(lane), event.term),
                "organ_class": np.full(len(lane), event.organ_class),
                "onset_day": last.onset_day[row][lane].astype(np.int64),
                "end_day": np.where(end <= last.day, end, np.nan),
                "severity": words,
                "serious": np.full(len(lane), event.serious),
                "ascertainment": np.full(len(lane), event.background.ascertainment),
            }
        )
    return _stacked(rows)


def _trajectories(
    protocol: Protocol, arm: str, result: "BlockResult", trajectory_ids: frozenset[int]
) -> Columns:
    lane = np.flatnonzero(np.isin(result.patient_ids, sorted(trajectory_ids)))
    rows: list[Columns] = []
    for code, (observable, factor, unit) in _markers(result).items():
        for solution in result.solutions:
            for save, time_s in enumerate(solution.times):
                hours = (time_s - protocol.run_in) / HOUR_S
                rows.append(
                    {
                        "patient_id": result.patient_ids[lane],
                        "arm": np.full(len(lane), arm),
                        "time_h": np.full(len(lane), hours),
                        "quantity": np.full(len(lane), code),
                        "unit": np.full(len(lane), unit),
                        "value": factor * solution[observable][save, lane],
                    }
                )
    return _stacked(rows)
