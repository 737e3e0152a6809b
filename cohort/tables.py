"""What happened to a block of patients, as columns of subject-level tables.

Plain NumPy columns, one dictionary a table; names and types are agreed with `pipelines.schema`.
The walk enters at `block_columns`.
"""

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from cohort.chemistry import biomarkers
from cohort.conduct import NEVER_S
from cohort.event_columns import event_columns
from cohort.outcomes import visit_ratings
from cohort.outcomes.course import REASONS, ClinicalCourse, latent_by_day
from cohort.table_rows import (
    course_rows,
    exposure_rows,
    parameter_rows,
    solver_columns,
    stacked,
    subject_columns,
    visit_columns,
)
from cohort.trial import (
    Protocol,
    rated_endpoints,
    visit_days,
)
from cohort.trial.quantities import DAY_S
from kernels import ResultCode

if TYPE_CHECKING:
    from cohort.conditions import Condition
    from cohort.outcomes import TrialVariation
    from cohort.simulate import BlockResult

__all__ = ["block_columns", "rated_score"]

Column = NDArray[np.generic]
Columns = dict[str, Column]
Floats = NDArray[np.float64]

_OF_COMPOUNDS: Final = ("C", "concentration_", "ng/mL")
_OF_TARGETS: Final = ("O", "occupancy_", "1")
# what is reported of every compound and target: first letter of its code, rule, unit


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
    ['adae', 'adex', 'adlb', 'adpc', 'adqs', 'adsl', 'trajectories']
    """
    return {
        "adsl": _subjects(protocol, arm, result),
        "adqs": _scores(protocol, arm, result),
        "adlb": _biomarkers(protocol, arm, result),
        "adpc": stacked(_drug_rows(protocol, arm, result, _OF_COMPOUNDS)),
        "adex": exposure_rows(protocol, arm, result.patient_ids, result.dosing),
        "adae": event_columns(
            arm,
            result.patient_ids,
            result.courses[-1],
            doses_change=protocol.dose_modification,
        ),
        "trajectories": _trajectories(protocol, arm, result, trajectory_ids),
    }


def _subjects(protocol: Protocol, arm: str, result: "BlockResult") -> Columns:
    last = result.courses[-1]
    n_lane = len(result.patient_ids)
    codes = result.solutions[-1].codes
    failure = np.full(n_lane, np.nan)
    solved = (*result.earlier, *result.solutions)
    for solution in solved:
        failure = np.where(np.isnan(failure), solution.failure_times, failure)
    # whoever failed while a disease settled has no time of the schedule: the start of the run-in
    failure = np.where(np.isnan(failure) & (codes != ResultCode.SUCCESS), 0.0, failure)
    reasons = np.array(("", *REASONS))[last.left_reason + 1]
    works, takes, comes = (
        codes == ResultCode.SUCCESS,
        np.isnan(last.left_day),
        result.conduct.follows,
    )
    rescue_s = result.conduct.rescue_s
    covariates, ids = result.population.columns, result.patient_ids
    accepted = np.sum([solution.accepted for solution in solved], axis=0)
    rejected = np.sum([solution.rejected for solution in solved], axis=0)
    return {
        **subject_columns(protocol, arm, ids, covariates, result.dosing),
        **solver_columns(protocol, codes, failure, accepted, rejected),
        "completed": (takes | comes) & works,
        "discontinuation_reason": np.where(comes, "", reasons),
        "discontinuation_day": np.where(comes, np.nan, last.left_day),
        "completed_treatment": takes & works,
        "treatment_end_reason": reasons,
        "treatment_end_day": last.left_day,
        "rescue_day": np.where(rescue_s == NEVER_S, np.nan, rescue_s / DAY_S),
    }


def rated_score(
    protocol: Protocol,
    condition: "Condition",
    variation: "TrialVariation",
    patient_ids: NDArray[np.int64],
    endpoint: str,
    course: ClinicalCourse,
    severity: Floats | None = None,
) -> Floats:
    """Return what is written down at a visit.

    Parameters
    ----------
    protocol, condition, variation
        The trial, its condition and how it differs from the mean trial.
    patient_ids
        Shape ``(n_lane,)``.
    endpoint
        Name of the scale.
    course
        The clinical course at the visit.
    severity
        Latent severity, where it is not that of the course [points of the condition's scale].

    Returns
    -------
    Score [points], whoever comes, shape ``(n_lane,)``; the same wherever it is asked.

    Examples
    --------
    >>> from cohort.simulate import simulate_block
    >>> from cohort.trial import load_protocol
    >>> trial = load_protocol("sct-md-01")
    >>> block = simulate_block(trial, "placebo", np.array([7]))
    >>> rated_score(
    ...     trial, block.condition, block.variation, block.patient_ids, "MADRS", block.courses[0]
    ... ).shape
    (1,)
    """
    latent = course.latent(condition, variation) if severity is None else severity
    rules = protocol.ratings.rules
    return visit_ratings(patient_ids, protocol.seed, condition, rules, endpoint, latent, course.day)


def _seen(
    result: "BlockResult", index: int, days: NDArray[np.int64] | int | None = None
) -> NDArray[np.bool_]:
    """Return who is seen at a visit, on its planned day or on the days that are given."""
    day = result.courses[index].day if days is None else days
    return result.conduct.is_seen(index, day, result.courses[-1])


def _on_treatment(
    result: "BlockResult", index: int, days: NDArray[np.int64] | int | None = None
) -> NDArray[np.bool_]:
    left = result.courses[-1].left_day
    day = result.courses[index].day if days is None else days
    taking: NDArray[np.bool_] = np.isnan(left) | (left > day)
    return taking & (index > 0)


def _scores(protocol: Protocol, arm: str, result: "BlockResult") -> Columns:
    ids = result.patient_ids
    days = visit_days(protocol, ids)
    severities = _severities(protocol, result, days)
    rows: list[Columns] = []
    for endpoint in rated_endpoints(protocol):
        baseline = held = np.full(len(ids), np.nan)
        for index in range(len(protocol.visits)):
            rated = rated_score(
                protocol,
                result.condition,
                result.variation,
                ids,
                endpoint,
                result.courses[index],
                severities[index],
            )
            rated = np.where(_failed(result, index, days[index]), np.nan, rated)
            seen = _seen(result, index, days[index])
            value = np.where(seen, rated, held)
            if index == 0:
                baseline = value
            carried = ~seen & np.isfinite(held)
            held = value
            columns = visit_columns(protocol, arm, ids, index)
            rows.append(
                {
                    **columns,
                    "target_day": columns["day"],
                    "day": days[index] + 1,
                    "endpoint": np.full(len(value), endpoint),
                    "value": value,
                    "baseline": baseline,
                    "change": value - baseline,
                    "percent_change": 100.0 * (value - baseline) / _or_nan(baseline),
                    "is_baseline": np.full(len(value), index == 0),
                    "on_treatment": _on_treatment(result, index, days[index]),
                    "imputation": np.where(carried, "LOCF", ""),
                }
            )
    return stacked(rows)


def _severities(protocol: Protocol, result: "BlockResult", days: NDArray[np.int64]) -> list[Floats]:
    """Return latent severity at each visit, on the day that each patient came."""
    condition, variation = result.condition, result.variation
    planned = [course.latent(condition, variation) for course in result.courses]
    if protocol.visit_window is None:
        return planned
    daily = latent_by_day(result.courses[0], result.drivers, condition, variation)
    return [np.take_along_axis(daily, own[None], axis=0)[0] for own in days]


def _failed(result: "BlockResult", index: int, days: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return whose equations had failed by a visit; who comes late needs the days after it."""
    failed = result.failed_before(index)
    if index + 1 == len(result.solutions):
        return failed
    return failed | ((days > result.courses[index].day) & result.failed_before(index + 1))


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
    rows: list[Columns] = []
    for code, (observable, factor, unit) in _markers(result).items():
        values = [factor * solution[observable][-1] for solution in result.solutions]
        rows += _parameter_rows(protocol, arm, result, code, unit, values)
    rows += _drug_rows(protocol, arm, result, _OF_TARGETS)
    for position, measure in enumerate(result.courses[0].events.plan.measures):
        values = [
            np.where(result.failed_before(index), np.nan, course.events.values[position])
            for index, course in enumerate(result.courses)
        ]
        rows += _parameter_rows(protocol, arm, result, measure.code, measure.unit, values)
    return stacked(rows)


def _drug_rows(
    protocol: Protocol, arm: str, result: "BlockResult", what: tuple[str, str, str]
) -> list[Columns]:
    """Return the rows of all compounds or of all targets."""
    letter, prefix, unit = what
    rows: list[Columns] = []
    for name in result.model.system.observables:
        if name.startswith(prefix):
            code = f"{letter}_{name.removeprefix(prefix).removesuffix('_now')}"
            values = [solution[name][-1] for solution in result.solutions]
            rows += _parameter_rows(protocol, arm, result, code, unit, values)
    return rows


def _parameter_rows(
    protocol: Protocol, arm: str, result: "BlockResult", code: str, unit: str, values: list[Floats]
) -> list[Columns]:
    """Return the rows of one biomarker, a set of columns a visit; nothing of who is not seen."""
    numbers = range(len(protocol.visits))
    measured = [np.where(_seen(result, index), values[index], np.nan) for index in numbers]
    treated = [_on_treatment(result, index) for index in numbers]
    return parameter_rows(protocol, arm, result.patient_ids, code, unit, measured, treated)


def _trajectories(
    protocol: Protocol, arm: str, result: "BlockResult", trajectory_ids: frozenset[int]
) -> Columns:
    lane = np.flatnonzero(np.isin(result.patient_ids, sorted(trajectory_ids)))
    rows: list[Columns] = []
    ids = result.patient_ids[lane]
    for code, (observable, factor, unit) in _markers(result).items():
        for solution in (*result.earlier, *result.solutions):
            values = factor * solution[observable][:, lane]
            rows += course_rows(protocol, arm, ids, code, unit, solution, values)
    return stacked(rows)
