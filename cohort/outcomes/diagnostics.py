"""A biomarker judged as a test for a central state of the same people.

`judge_test` is the whole judgement; `area_under_curve` and `operating_points` are its parts. Pure
functions of arrays, no patient model; tables and studies enter here. Imports NumPy and
`cohort.errors`.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cohort.errors import RangeError, ShapeError

__all__ = ["AreaUnderCurve", "OperatingPoint", "TestVerdict", "area_under_curve", "judge_test"]

Floats = NDArray[np.float64]

_Z: Final = 1.959963984540054  # two-sided 95 %


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaUnderCurve:
    """Hold an area under the ROC curve with its interval after DeLong.

    Parameters
    ----------
    area
        Probability that a case has the lower value, ties counted half [1].
    standard_error
        After DeLong, DeLong and Clarke-Pearson 1988 [1].
    low, high
        95 % interval, held within 0 and 1.

    Examples
    --------
    >>> area_under_curve(np.array([1.0, 2.0, 3.0, 4.0]), np.array([True, True, False, False])).area
    1.0
    """

    area: float
    standard_error: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatingPoint:
    """Hold what a test is worth at one cut-off; a value at or below it is called positive.

    Parameters
    ----------
    cut_off
        In the unit of the test.
    sensitivity, specificity
        Shares of cases called positive and of others called negative [1].

    Examples
    --------
    >>> OperatingPoint(cut_off=8.0, sensitivity=0.6, specificity=0.5).specificity
    0.5
    """

    cut_off: float
    sensitivity: float
    specificity: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TestVerdict:
    """Hold how well a test tells those in whom a central state is low.

    Parameters
    ----------
    n, n_case
        People judged, and how many of them are cases.
    threshold
        A state at or below it makes a case, in the unit of the state.
    area
        Under the ROC curve.
    best
        Cut-off at which sensitivity and specificity add up to most (Youden); the lowest of several.
    reference
        At a cut-off that was given, None without one.
    correlation, rank_correlation
        Of test and state, Pearson and Spearman [1].

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> state = rng.normal(size=300)
    >>> verdict = judge_test(state + rng.normal(size=300), state)
    >>> verdict.n_case, 0.7 < verdict.area.area < 0.9
    (100, True)
    """

    __test__ = False  # no test of pytest

    n: int
    n_case: int
    threshold: float
    area: AreaUnderCurve
    best: OperatingPoint
    reference: OperatingPoint | None
    correlation: float
    rank_correlation: float


def judge_test(
    test: Floats, state: Floats, *, share: float = 1 / 3, cut_off: float | None = None
) -> TestVerdict:
    """Judge a test for a low central state.

    Parameters
    ----------
    test
        Values of the test, low where the state is taken to be low, shape ``(n,)``.
    state
        Central state of the same people, shape ``(n,)``; who lacks one of the two is left out.
    share
        Share of the people with the lowest states who are the cases [1].
    cut_off
        A value of the test in use; none if left out.

    Returns
    -------
    The verdict.

    Raises
    ------
    ShapeError
        If the two differ in length.
    RangeError
        If ``share`` is not between 0 and 1, or fewer than two cases or two others remain.

    Examples
    --------
    >>> judge_test(np.arange(9.0), np.arange(9.0)).area.area
    1.0
    """
    if test.shape != state.shape or test.ndim != 1:
        raise ShapeError(
            f"judge_test: test of shape {test.shape} and state of shape {state.shape}; one value "
            "of each a person is allowed. Give both for the same people."
        )
    if not 0.0 < share < 1.0:
        raise RangeError(
            f"judge_test, share: {share!r}; a share between 0 and 1 is allowed. Change it."
        )
    known = np.isfinite(test) & np.isfinite(state)
    values, states = test[known], state[known]
    n_wanted = round(share * len(states))
    if not 1 < n_wanted < len(states) - 1:
        raise RangeError(
            f"judge_test: {len(states)} people with both values make {n_wanted} cases of the "
            f"lowest {100 * share:g} %; at least 2 cases and 2 others are needed. Add people."
        )
    threshold = float(np.sort(states)[n_wanted - 1])
    is_case = states <= threshold
    if np.count_nonzero(~is_case) < 2:  # noqa: PLR2004 - a variance needs two
        raise RangeError(
            f"judge_test: the state is {threshold:g} or less in all but "
            f"{np.count_nonzero(~is_case)} of {len(states)} people; at least 2 above it are "
            "needed. Lower the share."
        )
    return TestVerdict(
        n=len(states),
        n_case=int(is_case.sum()),
        threshold=threshold,
        area=area_under_curve(values, is_case),
        best=_best(values, is_case),
        reference=None if cut_off is None else _at(cut_off, values, is_case),
        correlation=_correlation(values, states),
        rank_correlation=_correlation(_ranks(values), _ranks(states)),
    )


def area_under_curve(values: Floats, is_case: NDArray[np.bool_]) -> AreaUnderCurve:
    r"""Return the area under the ROC curve of a test that is low in cases.

    Parameters
    ----------
    values
        Values of the test, finite, shape ``(n,)``.
    is_case
        Who is a case, same shape; at least two are and two are not.

    Returns
    -------
    Area with its interval.

    Notes
    -----
    With midranks :math:`R` among all and :math:`r` among their own kind, a case's placement is
    :math:`1 - (R_i - r_i) / n_0`, a control's :math:`(R_j - r_j) / n_1`; the area is the mean of
    either, and its variance the sum of the variances of the placements over :math:`n_1` and
    :math:`n_0` (DeLong 1988 in the form of Sun and Xu 2014).

    Examples
    --------
    >>> flat = area_under_curve(np.ones(6), np.arange(6) < 3)
    >>> flat.area, flat.standard_error
    (0.5, 0.0)
    """
    cases, others = values[is_case], values[~is_case]
    n_case, n_other = len(cases), len(others)
    ranks = _ranks(np.concatenate((cases, others)))
    of_cases = 1.0 - (ranks[:n_case] - _ranks(cases)) / n_other
    of_others = (ranks[n_case:] - _ranks(others)) / n_case
    area = float(of_cases.mean())
    variance = of_cases.var(ddof=1) / n_case + of_others.var(ddof=1) / n_other
    error = float(np.sqrt(variance))
    return AreaUnderCurve(
        area=area,
        standard_error=error,
        low=max(area - _Z * error, 0.0),
        high=min(area + _Z * error, 1.0),
    )


def _at(cut_off: float, values: Floats, is_case: NDArray[np.bool_]) -> OperatingPoint:
    positive = values <= cut_off
    return OperatingPoint(
        cut_off=float(cut_off),
        sensitivity=float(positive[is_case].mean()),
        specificity=float((~positive[~is_case]).mean()),
    )


def _best(values: Floats, is_case: NDArray[np.bool_]) -> OperatingPoint:
    cuts = np.unique(values)
    cases, others = np.sort(values[is_case]), np.sort(values[~is_case])
    hits = np.searchsorted(cases, cuts, side="right") / len(cases)
    false_alarms = np.searchsorted(others, cuts, side="right") / len(others)
    return _at(float(cuts[np.argmax(hits - false_alarms)]), values, is_case)


def _ranks(values: Floats) -> Floats:
    """Return ranks from 1; equal values share the mean of theirs."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    middle: Floats = (last - 0.5 * (counts - 1.0))[place]
    return middle


def _correlation(a: Floats, b: Floats) -> float:
    if a.std() == 0.0 or b.std() == 0.0:
        return float("nan")
    return float(np.corrcoef(a, b)[0, 1])
