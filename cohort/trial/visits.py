"""The clock of a trial: when segments begin and end, and when states are saved.

Two times are in use. *Trial time* counts seconds from midnight before the first dose, as a protocol
does. *Schedule time* counts from the start of the run-in, so it is never negative:
schedule time = trial time + run-in + prior, where prior is the time before week 0 in which patients
take background or previous drugs. Both are whole days, so midnights stay midnights.
`cohort.simulate` walks from segment to segment.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cohort.population.draws import normals
from cohort.trial.protocol import Protocol, Visit
from cohort.trial.quantities import DAY_S

__all__ = ["Segment", "schedule_time", "segments", "study_day", "visit_days", "visit_times"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Segment:
    """Part of a trial that is integrated in one piece: the run-in, what is taken before, a visit.

    Parameters
    ----------
    t0, t1
        Start and end [s, schedule time]; the end belongs to the next segment.
    save_times
        Midnights and the end of the segment [s, schedule time], shape ``(n_time,)``, later than
        ``t0``, so that no time is saved twice.
    visit
        Number of the visit at ``t1``; None if there is none.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> run_in = segments(load_protocol("sct-md-01"))[0]
    >>> run_in.t0, run_in.t1 // 86400, len(run_in.save_times), run_in.visit
    (0, 7, 7, 0)
    """

    t0: int
    t1: int
    save_times: NDArray[np.int64]
    visit: int | None


def schedule_time(protocol: Protocol, trial_time: int) -> int:
    """Return a trial time as schedule time.

    Parameters
    ----------
    protocol
        The protocol.
    trial_time
        Seconds since midnight before the first dose [s].

    Returns
    -------
    Seconds since the start of the run-in [s].

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> schedule_time(load_protocol("sct-md-01"), 0) // 86400
    7
    """
    return trial_time + protocol.run_in + protocol.prior


def visit_times(protocol: Protocol) -> tuple[int, ...]:
    """Return the times of all visits after the baseline.

    Parameters
    ----------
    protocol
        The protocol.

    Returns
    -------
    Trial times [s].

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> [time // 86400 for time in visit_times(load_protocol("sct-md-01"))]
    [7, 14, 28, 42, 56]
    """
    return tuple(visit.time for visit in protocol.visits[1:])


def study_day(visit: Visit) -> int:
    """Return the day of a visit; the first dose is on day 1, and there is no day 0.

    Parameters
    ----------
    visit
        The visit.

    Returns
    -------
    Day, at least 1.

    Examples
    --------
    >>> study_day(Visit.model_validate("week 0")), study_day(Visit.model_validate("week 4"))
    (1, 29)
    """
    return visit.time // DAY_S + 1


def segments(protocol: Protocol) -> tuple[Segment, ...]:
    """Return the segments of a trial, from the start of the run-in to the end.

    Parameters
    ----------
    protocol
        The protocol.

    Returns
    -------
    The run-in; the time in which background or previous drugs are taken, if any are; one segment up
    to each visit after the first, which is where those end; and one to the end, if the last visit
    is before it.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> [(one.t1 - one.t0) // 86400 for one in segments(load_protocol("sct-md-01"))]
    [7, 7, 7, 14, 14, 14]
    """
    ends = [(schedule_time(protocol, visit.time), i) for i, visit in enumerate(protocol.visits)]
    boundaries: list[tuple[int, int | None]] = [*ends]
    if protocol.prior:
        boundaries.insert(0, (protocol.run_in, None))
    end = schedule_time(protocol, protocol.duration)
    if boundaries[-1][0] < end:
        boundaries.append((end, None))
    starts = [0, *(time for time, _ in boundaries)]
    return tuple(
        Segment(t0=t0, t1=t1, save_times=_save_times(t0, t1), visit=visit)
        for t0, (t1, visit) in zip(starts, boundaries, strict=False)
    )


def _save_times(t0: int, t1: int) -> NDArray[np.int64]:
    first = (t0 // DAY_S + 1) * DAY_S
    midnights = np.arange(first, t1 + 1, DAY_S, dtype=np.int64)
    if midnights.size and midnights[-1] == t1:
        return midnights
    return np.append(midnights, np.int64(t1))


def visit_days(protocol: Protocol, patient_ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return on which day each patient comes to each visit.

    Parameters
    ----------
    protocol
        Visits and ``visit_window``.
    patient_ids
        Shape ``(n_lane,)``.

    Returns
    -------
    Days since the first dose [d], shape ``(n_visit, n_lane)``: the planned ones without a window.

    Notes
    -----
    A patient is early or late by a normal number of days whose standard deviation is half the
    window (design: 95 % would be inside), rounded and held within the window. Baseline is on its
    day, and nobody comes after the end of the trial.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> visit_days(load_protocol("sct-md-01"), np.array([1, 2]))[:3].tolist()
    [[0, 0], [7, 7], [14, 14]]
    """
    planned = np.array([visit.time // DAY_S for visit in protocol.visits], dtype=np.int64)
    days = np.repeat(planned[:, None], len(patient_ids), axis=1)
    if protocol.visit_window is None:
        return days
    widest = protocol.visit_window // DAY_S
    number = np.arange(len(planned))[:, None]
    late = normals(protocol.seed, patient_ids, "days late at a visit", number)
    moved = np.clip(np.rint(0.5 * widest * late), -widest, widest).astype(np.int64)
    moved[0] = 0
    held: NDArray[np.int64] = np.minimum(days + moved, protocol.duration // DAY_S)
    return held
