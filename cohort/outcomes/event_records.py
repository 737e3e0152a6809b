"""What is noted of adverse events: one record an episode, as columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["ACTIONS", "EventRecords", "concatenated", "extended", "no_records"]

ACTIONS: Final = ("DOSE NOT CHANGED", "DOSE REDUCED", "DRUG INTERRUPTED", "DRUG WITHDRAWN")
"""What is done with the drug for an event."""

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EventRecords:
    """Hold the episodes of all patients of a block, each column of shape ``(n_record,)``.

    Parameters
    ----------
    event, lane, episode
        Position of the event among those of the trial, of the patient, and how many episodes of the
        event the patient had before.
    onset_time, onset_day
        When it began or was diagnosed: time since the first dose [d], and day of the trial [d].
    end_day
        Day after the last [d]; NaN where it is not known yet.
    severity, grade
        Position in `cohort.outcomes.adverse_events.SEVERITIES`, and CTCAE grade, 0 for none.
    action
        Position in `ACTIONS`.
    criteria
        Criteria of seriousness, one bit each in the order of
        `cohort.outcomes.adverse_events.CRITERIA`; 0 where not serious.
    explained
        Share of the hazard at onset that drivers explain [1].
    signs
        Clinical signs at the diagnosis, one bit each in the order of
        `cohort.outcomes.adverse_events.SIGNS`.

    Examples
    --------
    >>> no_records().event.shape
    (0,)
    """

    event: Integers
    lane: Integers
    episode: Integers
    onset_time: Floats
    onset_day: Integers
    end_day: Floats
    severity: Integers
    grade: Integers
    action: Integers
    criteria: Integers
    explained: Floats
    signs: Integers

    def first(self, values: Floats | Integers, n_event: int, n_lane: int) -> Floats:
        """Return a column of the first episode of each event and patient.

        Parameters
        ----------
        values
            One of the columns.
        n_event, n_lane
            Shape of the result.

        Returns
        -------
        Shape ``(n_event, n_lane)``, NaN where there is none.

        Examples
        --------
        >>> no_records().first(no_records().end_day, 1, 2).tolist()
        [[nan, nan]]
        """
        found = np.full((n_event, n_lane), np.nan)
        seen = np.flatnonzero(self.episode == 0)
        found[self.event[seen], self.lane[seen]] = values[seen]
        return found


def no_records() -> EventRecords:
    """Return records of nothing.

    Examples
    --------
    >>> len(no_records().onset_day)
    0
    """
    return _from_columns({})


def concatenated(parts: Sequence[Mapping[str, NDArray[np.generic]]]) -> EventRecords:
    """Return records of columns that come in parts.

    Parameters
    ----------
    parts
        Columns by name; what a part leaves out is 0 there, but ``end_day`` is NaN.

    Examples
    --------
    >>> concatenated([{"event": np.array([3]), "lane": np.array([0])}]).end_day.tolist()
    [nan]
    """
    whole: dict[str, NDArray[np.generic]] = {}
    for one in fields(EventRecords):
        columns = []
        for part in parts:
            length = len(part["event"])
            blank = np.full(length, np.nan) if one.name == "end_day" else np.zeros(length)
            columns.append(part.get(one.name, blank))
        if columns:
            whole[one.name] = np.concatenate(columns)
    return _from_columns(whole)


_NUMBERS: Final = frozenset({"onset_time", "end_day", "explained"})


def _from_columns(columns: Mapping[str, NDArray[np.generic]]) -> EventRecords:
    def column(name: str) -> Any:  # noqa: ANN401  # numbers or integers, by the name
        kind = np.float64 if name in _NUMBERS else np.int64
        return np.asarray(columns.get(name, ()), kind)

    return EventRecords(**{one.name: column(one.name) for one in fields(EventRecords)})


def extended(
    records: EventRecords,
    new: list[dict[str, NDArray[np.generic]]],
    ends: list[tuple[Integers, float]],
) -> EventRecords:
    """Return records with new ones, and with ends that have become known.

    Parameters
    ----------
    records
        Those so far.
    new
        Columns of new records, as of `concatenated`.
    ends
        Positions of records, and the day after their last.

    Examples
    --------
    >>> new = [{"event": np.array([0]), "lane": np.array([2])}]
    >>> extended(no_records(), new, [(np.array([0]), 9.0)]).end_day.tolist()
    [9.0]
    """
    if not new and not ends:
        return records
    known = {name: getattr(records, name) for name in EventRecords.__slots__}
    whole = concatenated([known, *new])
    for rows, day in ends:
        whole.end_day[rows] = day
    return whole
