"""Estimands: which values answer the question when something comes between treatment and outcome.

An intercurrent event is a discontinuation or a rescue. Each strategy of ICH E9(R1) turns what was
seen, and what would have been seen had nobody stopped, into the values to analyse; what stays NaN
is missing, and another choice (`cohort.inference.missing`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cohort.errors import ShapeError
from cohort.inference.missing import carry_forward

__all__ = [
    "STRATEGIES",
    "IntercurrentEvents",
    "Scores",
    "composite",
    "hypothetical",
    "treatment_policy",
    "while_on_treatment",
]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scores:
    """The scores of a trial's patients on one scale.

    Parameters
    ----------
    visit_days
        Days of the visits after baseline [d], shape ``(n_visit,)``.
    baseline
        Shape ``(..., n_patient)`` [points].
    seen
        What was measured, also off treatment or under rescue; NaN where nobody measured. Shape
        ``(..., n_patient, n_visit)`` [points].
    continued
        What would have been measured had everybody stayed on treatment without rescue, same shape;
        None where nobody knows, as in life.

    Examples
    --------
    >>> Scores(visit_days=np.array([7.0]), baseline=np.ones(1), seen=np.ones((1, 1))).continued
    """

    visit_days: Floats
    baseline: Floats
    seen: Floats
    continued: Floats | None = None

    def __post_init__(self) -> None:
        shape = (*self.baseline.shape, *self.visit_days.shape)
        for name in ("seen", "continued"):
            given = getattr(self, name)
            if given is not None and given.shape != shape:
                raise ShapeError(
                    f"scores, {name}: shape {given.shape}; {shape}, patients then visits, is "
                    "allowed. Give one column a visit after baseline."
                )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class IntercurrentEvents:
    """What came between treatment and outcome, a patient each.

    Parameters
    ----------
    left_day
        Day of discontinuation [d], NaN for none, shape ``(..., n_patient)``.
    is_failure
        Whether the reason speaks of the treatment (an adverse event, lack of efficacy), same shape.
    rescue_day
        Day on which rescue treatment began [d], NaN for none; None where there is no rescue.

    Examples
    --------
    >>> events = IntercurrentEvents(
    ...     left_day=np.array([np.nan, 20.0]), is_failure=np.array([False, True])
    ... )
    >>> events.day.tolist()
    [nan, 20.0]
    """

    left_day: Floats
    is_failure: NDArray[np.bool_]
    rescue_day: Floats | None = None

    @property
    def day(self) -> Floats:
        """Day of the first event [d], NaN for none.

        Examples
        --------
        >>> IntercurrentEvents(
        ...     left_day=np.array([20.0]), is_failure=np.array([False]), rescue_day=np.array([8.0])
        ... ).day.tolist()
        [8.0]
        """
        return self.left_day if self.rescue_day is None else np.fmin(self.left_day, self.rescue_day)

    @property
    def failure_day(self) -> Floats:
        """Day of the first event that counts as failure: rescue, or leaving because of treatment.

        Examples
        --------
        >>> IntercurrentEvents(
        ...     left_day=np.array([20.0]), is_failure=np.array([False])
        ... ).failure_day.tolist()
        [nan]
        """
        left = np.where(self.is_failure, self.left_day, np.nan)
        return left if self.rescue_day is None else np.fmin(left, self.rescue_day)


def _after(day: Floats, scores: Scores) -> NDArray[np.bool_]:
    # who leaves on the day of a visit is not seen there
    return np.asarray(scores.visit_days >= day[..., None])


def treatment_policy(scores: Scores, events: IntercurrentEvents) -> Floats:
    """Return the values as they were seen, whatever happened before.

    Parameters
    ----------
    scores, events
        The trial.

    Returns
    -------
    Values [points], shape ``(..., n_patient, n_visit)``; NaN where nobody measured.

    Examples
    --------
    >>> scores = Scores(
    ...     visit_days=np.array([7.0, 14.0]),
    ...     baseline=np.array([30.0]),
    ...     seen=np.array([[25.0, 28.0]]),
    ... )
    >>> left = IntercurrentEvents(left_day=np.array([10.0]), is_failure=np.array([True]))
    >>> treatment_policy(scores, left).tolist()
    [[25.0, 28.0]]
    """
    del events
    return scores.seen


def hypothetical(scores: Scores, events: IntercurrentEvents) -> Floats:
    """Return the values as if nobody had stopped or needed rescue.

    Parameters
    ----------
    scores, events
        The trial.

    Returns
    -------
    Values [points]; after an event those of the continued course, NaN where it is not known.

    Examples
    --------
    >>> scores = Scores(
    ...     visit_days=np.array([7.0, 14.0]),
    ...     baseline=np.array([30.0]),
    ...     seen=np.array([[25.0, 28.0]]),
    ... )
    >>> left = IntercurrentEvents(left_day=np.array([10.0]), is_failure=np.array([True]))
    >>> hypothetical(scores, left).tolist()
    [[25.0, nan]]
    """
    continued = np.nan if scores.continued is None else scores.continued
    return np.where(_after(events.day, scores), continued, scores.seen)


def while_on_treatment(scores: Scores, events: IntercurrentEvents) -> Floats:
    """Return after an event the last value before it; the baseline where there was none.

    Parameters
    ----------
    scores, events
        The trial.

    Returns
    -------
    Values [points]; NaN only where a visit was missed on treatment.

    Examples
    --------
    >>> scores = Scores(
    ...     visit_days=np.array([7.0, 14.0]),
    ...     baseline=np.array([30.0]),
    ...     seen=np.array([[25.0, 28.0]]),
    ... )
    >>> left = IntercurrentEvents(left_day=np.array([10.0]), is_failure=np.array([True]))
    >>> while_on_treatment(scores, left).tolist()
    [[25.0, 25.0]]
    """
    after = _after(events.day, scores)
    before = np.where(after, np.nan, scores.seen)
    carried = carry_forward(np.concatenate([scores.baseline[..., None], before], axis=-1))[..., 1:]
    return np.where(after, carried, scores.seen)


def composite(scores: Scores, events: IntercurrentEvents) -> Floats:
    """Return the baseline, no gain, after an event that counts as failure of the treatment.

    Parameters
    ----------
    scores, events
        The trial. Leaving for another reason is no failure; what follows is as it was seen.

    Returns
    -------
    Values [points].

    Examples
    --------
    >>> scores = Scores(
    ...     visit_days=np.array([7.0, 14.0]),
    ...     baseline=np.array([30.0]),
    ...     seen=np.array([[25.0, 28.0]]),
    ... )
    >>> left = IntercurrentEvents(left_day=np.array([10.0]), is_failure=np.array([True]))
    >>> composite(scores, left).tolist()
    [[25.0, 30.0]]
    """
    failed = _after(events.failure_day, scores)
    return np.where(failed, scores.baseline[..., None], scores.seen)


STRATEGIES: Final[Mapping[str, Callable[[Scores, IntercurrentEvents], Floats]]] = MappingProxyType(
    {
        "treatment_policy": treatment_policy,
        "hypothetical": hypothetical,
        "while_on_treatment": while_on_treatment,
        "composite": composite,
    }
)
"""Strategies by the name that protocols use."""
