"""What follows from new episodes of adverse events: severity, seriousness, action."""

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cohort.outcomes.adverse_events import CRITERIA, SEVERITIES, AdverseEvent, event_rules
from cohort.outcomes.event_luck import EventLuck
from cohort.outcomes.event_records import ACTIONS
from kernels.arithmetic import exp, log

__all__ = ["act", "consequences", "follow_up"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Truth = NDArray[np.bool_]

_WITHDRAWN: Final = ACTIONS.index("DRUG WITHDRAWN")
_INTERRUPTED: Final = ACTIONS.index("DRUG INTERRUPTED")
_REDUCED: Final = ACTIONS.index("DOSE REDUCED")
_FATAL: Final = 1 << CRITERIA.index("DTH")
_LIFE_GRADE, _DEATH_GRADE = 4, 5


def consequences(
    event: AdverseEvent,
    luck: EventLuck,
    lanes: Integers,
    episodes: Integers,
    explained: NDArray[np.generic],
) -> dict[str, NDArray[np.generic]]:
    """Draw severity, grade, seriousness and action of new episodes.

    Parameters
    ----------
    event, luck
        Its declaration, and the draws.
    lanes, episodes, explained
        Of each episode: patient, number, and share of the hazard that drivers explain [1].

    Returns
    -------
    Columns ``severity``, ``criteria``, ``grade`` and ``action`` of
    `cohort.outcomes.event_records.EventRecords`.

    Examples
    --------
    >>> from cohort.outcomes import load_adverse_event
    >>> luck, one = EventLuck(7, np.array([1]), {}), np.array([0])
    >>> sorted(consequences(load_adverse_event("nausea"), luck, one, one, np.array([0.5])))
    ['action', 'criteria', 'grade', 'severity']
    """
    multiple = 1.0 / (1.0 - np.asarray(explained, np.float64))
    severity = _severity(event, luck, lanes, episodes, multiple)
    return {"severity": severity, **follow_up(event, luck, lanes, episodes, severity)}


def _severity(
    event: AdverseEvent, luck: EventLuck, lanes: Integers, episodes: Integers, multiple: Floats
) -> Integers:
    if event.severity is None:
        return np.zeros(len(lanes), np.int64)
    drawn = luck.take("uniform", "grade", event.name, lanes, episodes)
    bounds = (event.severity.mild, event.severity.mild + event.severity.moderate)
    found = np.zeros(len(lanes), np.int64)
    for bound in bounds:
        limit = np.full(len(lanes), bound)
        if event.severity.rises is not None and 0.0 < bound < 1.0:
            # odds of a worse severity times the multiple of the hazard to a power
            odds = (1.0 - bound) / bound * exp(event.severity.rises.number("1") * log(multiple))
            limit = 1.0 / (1.0 + odds)
        found += drawn >= limit
    return found


def follow_up(
    event: AdverseEvent, luck: EventLuck, lanes: Integers, episodes: Integers, severity: Integers
) -> dict[str, NDArray[np.generic]]:
    """Draw CTCAE grade, seriousness and action of episodes of known severity.

    Parameters
    ----------
    event, luck
        Its declaration, and the draws.
    lanes, episodes, severity
        Of each episode: patient, number, and position in `SEVERITIES`.

    Returns
    -------
    Columns ``criteria``, ``grade`` and ``action`` of `EventRecords`.

    Examples
    --------
    >>> from cohort.outcomes import load_adverse_event
    >>> luck, one = EventLuck(7, np.array([1]), {}), np.array([0])
    >>> follow_up(load_adverse_event("nausea"), luck, one, one, one)["action"].tolist()
    [0]
    """
    criteria = np.zeros(len(lanes), np.int64)
    if event.serious.share != 0.0:
        shares = np.array([event.serious.share_of(word) for word in SEVERITIES])[severity]
        serious = luck.take("uniform", "seriousness", event.name, lanes, episodes) < shares
        for code, share in event.serious.criteria.items():
            drawn = luck.take("uniform", f"criterion {code}", event.name, lanes, episodes)
            criteria |= np.where(serious & (drawn < share), 1 << CRITERIA.index(code), 0)
        criteria = np.where(serious & (criteria == 0), 1 << CRITERIA.index("MIE"), criteria)
    grade = np.zeros(len(lanes), np.int64)
    if event.ctcae is not None:
        grade = np.array([event.ctcae[word] for word in SEVERITIES], np.int64)[severity]
        in_danger = (criteria & (1 << CRITERIA.index("LIFE"))) > 0
        grade = np.where(in_danger, np.maximum(grade, _LIFE_GRADE), grade)
        grade = np.where((criteria & _FATAL) > 0, _DEATH_GRADE, grade)
    action = np.zeros(len(lanes), np.int64)
    if event.action is not None:
        drawn = luck.take("uniform", "action", event.name, lanes, episodes)
        by_severity = [event.action.of(word) for word in SEVERITIES]
        bound: Floats = np.zeros(len(lanes))
        for position, name in (
            (_WITHDRAWN, "withdrawn"),
            (_INTERRUPTED, "interrupted"),
            (_REDUCED, "reduced"),
        ):
            above = drawn >= bound
            own: Floats = np.array([getattr(one, name) for one in by_severity])[severity]
            if position == _WITHDRAWN:
                own = np.minimum(own * luck.withdrawal[lanes], 1.0)
            bound = bound + own
            action = np.where(above & (drawn < bound), position, action)
    return {"criteria": criteria, "grade": grade, "action": action}


def act(
    consequences: Mapping[str, NDArray[np.generic]],
    lanes: Integers,
    day: int,
    reduced: Floats,
    interrupted: Floats,
    leaves: Truth,
) -> None:
    """Write into ``reduced``, ``interrupted`` and ``leaves`` what events lead to.

    Parameters
    ----------
    consequences
        Columns ``action`` and ``criteria`` of new episodes.
    lanes, day
        Whose they are, and the day.
    reduced, interrupted, leaves
        Arrays of shape ``(n_lane,)``: first day with a reduced dose, day until which the drug is
        interrupted, who leaves.

    Examples
    --------
    >>> reduced, until, leaves = np.full(2, np.nan), np.full(2, np.nan), np.zeros(2, bool)
    >>> said = {"action": np.array([3]), "criteria": np.array([0])}
    >>> act(said, np.array([1]), 5, reduced, until, leaves)
    >>> leaves.tolist()
    [False, True]
    """
    action = np.asarray(consequences["action"])
    if not action.any() and not np.asarray(consequences["criteria"]).any():
        return
    fatal = (np.asarray(consequences["criteria"], np.int64) & _FATAL) > 0
    lower = lanes[action == _REDUCED]
    reduced[lower] = np.fmin(reduced[lower], float(day))
    pause = lanes[action == _INTERRUPTED]
    if len(pause):
        until = day + event_rules().interruption.number("day")
        interrupted[pause] = np.fmax(interrupted[pause], until)
    leaves[lanes[(action == _WITHDRAWN) | fatal]] = True
