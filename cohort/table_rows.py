"""Rows of subject-level tables that every kind of model fills alike: visits, levels, doses, course.

`cohort.tables` enters with our patients, `cohort.imported.simulate` with those of a model from a
file. Plain NumPy columns; names and types are agreed with `pipelines.schema`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cohort.trial.quantities import DAY_S, HOUR_S, WEEK_S
from cohort.trial.visits import schedule_time, study_day

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cohort.trial.doses import DosingRecord
    from cohort.trial.protocol import Protocol
    from kernels import Solution

    Column = NDArray[np.generic]
    Columns = dict[str, Column]
    Floats = NDArray[np.float64]

__all__ = ["course_rows", "exposure_rows", "parameter_rows", "stacked", "visit_columns"]


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
