"""Adverse events of a block of patients as columns, one row an episode.

`cohort.tables` enters at `event_columns`; names and types are agreed with `pipelines.schema`.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from cohort.outcomes.adverse_events import CRITERIA, SEVERITIES, SIGNS, event_rules
from cohort.outcomes.course import REASONS, ClinicalCourse
from cohort.outcomes.event_records import ACTIONS

__all__ = ["event_columns"]

Column = NDArray[np.generic]

_WITHDRAWN: Final = ACTIONS.index("DRUG WITHDRAWN")
_UNCHANGED: Final = ACTIONS.index("DOSE NOT CHANGED")
_FLAGS: Final = {
    "DTH": "resulted_in_death",
    "LIFE": "life_threatening",
    "HOSP": "hospital",
    "DISAB": "disability",
    "MIE": "medically_important",
}


def event_columns(
    arm: str,
    patient_ids: NDArray[np.int64],
    course: ClinicalCourse,
    *,
    doses_change: bool = True,
) -> dict[str, Column]:
    """Return the columns of the table of adverse events.

    Parameters
    ----------
    arm
        Name of the arm.
    patient_ids
        Shape ``(n_lane,)``.
    course
        Where they stand at the end of the trial.
    doses_change
        Whether doses are lowered and paused for events; if not, the drug is withdrawn or goes on.

    Returns
    -------
    Columns of shape ``(n_record,)``; empty for a trial that looks for no adverse events.

    Examples
    --------
    >>> from cohort.conditions import load_condition
    >>> from cohort.outcomes import start_course
    >>> ids = np.array([1, 2])
    >>> event_columns("a", ids, start_course(ids, 7, load_condition("major_depression"), ()))
    {}
    """
    plan, records = course.events.plan, course.events.records
    if not plan.events:
        return {}
    order = np.lexsort((records.onset_day, records.lane, records.event))
    event, lane, end = records.event[order], records.lane[order], records.end_day[order]
    ended = end <= course.day
    criteria = records.criteria[order]
    is_fatal = (criteria & (1 << CRITERIA.index("DTH"))) > 0
    grade = records.grade[order]
    outcome = np.where(ended, "RECOVERED/RESOLVED", "NOT RECOVERED/NOT RESOLVED")
    return {
        "patient_id": patient_ids[lane],
        "arm": np.full(len(lane), arm),
        "term": np.array([one.term for one in plan.events])[event],
        "organ_class": np.array([one.organ_class for one in plan.events])[event],
        "onset_day": records.onset_day[order],
        "end_day": np.where(ended, end - 1.0, np.nan),
        "severity": np.array(SEVERITIES)[records.severity[order]],
        "toxicity_grade": np.where(grade > 0, grade.astype(np.float64), np.nan),
        "serious": criteria > 0,
        **{name: (criteria & (1 << CRITERIA.index(code))) > 0 for code, name in _FLAGS.items()},
        "relation": event_rules().relatedness.judge(records.explained[order]),
        "action": np.array(ACTIONS)[_actions(course, doses_change=doses_change)[order]],
        "outcome": np.where(is_fatal, "FATAL", outcome),
        "signs": _signs(records.signs[order]),
        "ascertainment": np.array(plan.ways)[event],
    }


def _signs(bits: NDArray[np.int64]) -> Column:
    return np.array(
        ["; ".join(sign for i, sign in enumerate(SIGNS) if one >> i & 1) for one in bits.tolist()],
        dtype=np.str_,
    ).reshape(bits.shape)


def _actions(course: ClinicalCourse, *, doses_change: bool) -> NDArray[np.int64]:
    """Return what was done for each record.

    Whoever left for adverse events by the hazard of their number stopped the drug for one: the
    worst, of equal ones the latest, that went on that day.
    """
    records = course.events.records
    action = records.action.copy()
    if not doses_change:
        action[action != _WITHDRAWN] = _UNCHANGED
    for_events = course.left_reason == REASONS.index("ADVERSE EVENT")
    settled = np.zeros(len(for_events), np.bool_)
    settled[records.lane[action == _WITHDRAWN]] = True
    left = course.left_day[records.lane]
    open_then = (records.onset_day <= left) & ~(records.end_day <= left)
    waits = np.flatnonzero((for_events & ~settled)[records.lane] & open_then)
    order = waits[np.lexsort((records.onset_day[waits], records.severity[waits]))]
    last = dict(zip(records.lane[order].tolist(), order.tolist(), strict=True))
    action[list(last.values())] = _WITHDRAWN
    return action
