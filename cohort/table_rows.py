"""Rows of subject-level tables that every kind of model fills alike: visits, levels, doses, course.

`cohort.tables` enters with our patients, `cohort.imported.simulate` with those of a model from a
file. Plain NumPy columns; names and types are agreed with `pipelines.schema`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cohort.trial.allocation import stratum_labels
from cohort.trial.quantities import DAY_S, HOUR_S, WEEK_S
from cohort.trial.visits import schedule_time, study_day
from kernels import ResultCode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from cohort.trial.doses import DosingRecord
    from cohort.trial.protocol import Protocol
    from kernels import Solution

    Column = NDArray[np.generic]
    Columns = dict[str, Column]
    Floats = NDArray[np.float64]

__all__ = [
    "course_rows",
    "exposure_rows",
    "parameter_rows",
    "solver_columns",
    "stacked",
    "subject_columns",
    "visit_columns",
]

_COVARIATES = (
    *("age_y", "sex", "ancestry", "weight_kg", "height_cm", "bmi", "smoker", "crcl_ml_min"),
    *("cyp2c19", "cyp2d6", "slc6a4", "comt", "maoa"),
)


def stacked(rows: Sequence[Columns]) -> Columns:
    """Return sets of columns one below the other; nothing where there are none.

    Examples
    --------
    >>> stacked([{"a": np.array([1])}, {"a": np.array([2, 3])}])["a"].tolist(), stacked([])
    ([1, 2, 3], {})
    """
    if not rows:
        return {}
    return {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}


def visit_columns(
    protocol: Protocol, arm: str, patient_ids: NDArray[np.int64], index: int
) -> Columns:
    """Return who is meant and at which visit, a row a patient.

    Parameters
    ----------
    protocol, arm
        The trial and the name of the arm.
    patient_ids
        Shape ``(n_lane,)``.
    index
        Number of the visit, from 0.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> columns = visit_columns(load_protocol("sct-md-01"), "placebo", np.array([7]), 3)
    >>> columns["visit"].tolist(), columns["day"].tolist()
    (['week 4'], [29])
    """
    visit = protocol.visits[index]
    n_lane = len(patient_ids)
    return {
        "patient_id": patient_ids,
        "arm": np.full(n_lane, arm),
        "visit": np.full(n_lane, visit.name),
        "visit_number": np.full(n_lane, visit.time / WEEK_S),
        "day": np.full(n_lane, study_day(visit), np.int64),
    }


def subject_columns(
    protocol: Protocol,
    arm: str,
    patient_ids: NDArray[np.int64],
    covariates: Mapping[str, NDArray[np.float64] | NDArray[np.str_]],
    dosing: DosingRecord,
) -> Columns:
    """Return who the patients are and what they took, a row a patient.

    Parameters
    ----------
    protocol, arm, patient_ids
        As in `visit_columns`.
    covariates
        Columns of the population.
    dosing
        Doses planned and taken.

    Examples
    --------
    >>> subject_columns.__name__  # shown by the example of cohort.tables.block_columns
    'subject_columns'
    """
    return {
        "patient_id": patient_ids,
        "arm": np.full(len(patient_ids), arm),
        **{name: np.asarray(covariates[name]) for name in _COVARIATES},
        "stratum": stratum_labels(protocol, patient_ids),
        "doses_planned": dosing.planned,
        "doses_taken": dosing.taken,
        "cumulative_dose_mg": dosing.cumulative_mg,
        "rescue_doses_taken": dosing.rescue,
    }


def solver_columns(
    protocol: Protocol,
    codes: NDArray[np.uint8],
    failure_h: Floats,
    accepted: NDArray[np.int64],
    rejected: NDArray[np.int64],
) -> Columns:
    """Return how the equations of each patient fared, a row a patient.

    Parameters
    ----------
    protocol
        The trial.
    codes
        `ResultCode` of each patient, shape ``(n_lane,)``.
    failure_h
        Time of failure since the start of the run-in [h]; NaN where none. The column counts from
        the first dose, so it is below 0 in the run-in.
    accepted, rejected
        Steps.

    Examples
    --------
    >>> solver_columns.__name__  # shown by the example of cohort.tables.block_columns
    'solver_columns'
    """
    return {
        "result_code": codes.astype(np.int16),
        "result_message": np.array([ResultCode(int(code)).message for code in codes]),
        "failure_time_h": failure_h - schedule_time(protocol, 0) / HOUR_S,
        "accepted_steps": accepted,
        "rejected_steps": rejected,
    }


def parameter_rows(
    protocol: Protocol,
    arm: str,
    patient_ids: NDArray[np.int64],
    code: str,
    unit: str,
    values: Sequence[Floats],
    on_treatment: Sequence[NDArray[np.bool_]],
) -> list[Columns]:
    """Return the rows of one biomarker, a set of columns a visit.

    Parameters
    ----------
    protocol, arm, patient_ids
        As in `visit_columns`.
    code, unit
        Of the biomarker.
    values, on_treatment
        At each visit, shape ``(n_lane,)``; NaN where nothing was measured. The first is the
        baseline. Visits after the last are left out.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> rows = parameter_rows(
    ...     load_protocol("sct-md-01"), "placebo", np.array([7]), "TRPPL", "uM",
    ...     [np.array([50.0]), np.array([40.0])], [np.array([False]), np.array([True])],
    ... )
    >>> rows[1]["change"].tolist(), rows[1]["ratio"].tolist()
    ([-10.0], [0.8])
    """
    baseline = values[0]
    rows: list[Columns] = []
    for index, (value, treated) in enumerate(zip(values, on_treatment, strict=True)):
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = value / baseline
        rows.append(
            {
                **visit_columns(protocol, arm, patient_ids, index),
                "biomarker": np.full(len(value), code),
                "unit": np.full(len(value), unit),
                "value": value,
                "baseline": baseline,
                "change": value - baseline,
                "ratio": np.where(np.isfinite(ratio), ratio, np.nan),
                "on_treatment": treated,
            }
        )
    return rows


def exposure_rows(
    protocol: Protocol, arm: str, patient_ids: NDArray[np.int64], dosing: DosingRecord
) -> Columns:
    """Return the doses between visits.

    Parameters
    ----------
    protocol, arm, patient_ids
        As in `visit_columns`.
    dosing
        Doses planned and taken.

    Examples
    --------
    >>> from cohort.trial import dosing_record, load_protocol
    >>> trial, ids = load_protocol("sct-md-01"), np.array([20000001])
    >>> rows = exposure_rows(
    ...     trial, "escitalopram 10 mg", ids, dosing_record(trial, "escitalopram 10 mg", ids)
    ... )
    >>> rows["end_day"].tolist()
    [7, 14, 28, 42, 56]
    """
    doses = dosing.intervals
    names = {visit.time: visit.name for visit in protocol.visits}
    n_lane = len(patient_ids)
    begins = (0, *doses.ends[:-1])
    return stacked(
        [
            {
                "patient_id": patient_ids,
                "arm": np.full(n_lane, arm),
                "visit": np.full(n_lane, names.get(end, "end of trial")),
                "visit_number": np.full(n_lane, end / WEEK_S),
                "start_day": np.full(n_lane, begin // DAY_S + 1, np.int64),
                "end_day": np.full(n_lane, -(-end // DAY_S), np.int64),
                "planned_mg": doses.planned_mg[place],
                "taken_mg": doses.taken_mg[place],
                "due": doses.due[place],
                "adjusted": doses.is_adjusted[place],
            }
            for place, (begin, end) in enumerate(zip(begins, doses.ends, strict=True))
        ]
    )


def course_rows(
    protocol: Protocol,
    arm: str,
    patient_ids: NDArray[np.int64],
    code: str,
    unit: str,
    solution: Solution,
    values: Floats,
) -> list[Columns]:
    """Return the course of one quantity, a set of columns a save time.

    Parameters
    ----------
    protocol, arm, patient_ids
        As in `visit_columns`.
    code, unit
        Of the quantity.
    solution
        It tells the times.
    values
        Shape ``(n_time, n_lane)``.

    Examples
    --------
    >>> course_rows.__name__  # shown by the example of cohort.tables.block_columns
    'course_rows'
    """
    rows: list[Columns] = []
    for save, time_s in enumerate(solution.times):
        hours = (time_s - schedule_time(protocol, 0)) / HOUR_S
        rows.append(
            {
                "patient_id": patient_ids,
                "arm": np.full(len(patient_ids), arm),
                "time_h": np.full(len(patient_ids), hours),
                "quantity": np.full(len(patient_ids), code),
                "unit": np.full(len(patient_ids), unit),
                "value": values[save],
            }
        )
    return rows
