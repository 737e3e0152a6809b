r"""Time to an event: Kaplan-Meier, log-rank and the hazard ratio of two groups, from counts.

Everything is a function of how many persons of a group have the event, and how many are censored,
at each distinct time. Such counts are integers that add, so data of any size are summed first, in
any order, and end here as a few dozen rows.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cohort.errors import RangeError, ShapeError

__all__ = [
    "HazardRatio",
    "LogRank",
    "SurvivalCurve",
    "hazard_ratio",
    "kaplan_meier",
    "log_rank",
]

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

_LEVEL = 0.95
_Z = NormalDist().inv_cdf(0.5 + _LEVEL / 2)
_N_GROUPS = 2
_MOST_NEWTON_STEPS = 50
_NEWTON_TOLERANCE = 1e-12
_LARGEST_LOG_RATIO = 30.0  # exp of it is 1e13: the likelihood has no maximum


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SurvivalCurve:
    """The share of a group without the event, as a step function.

    Parameters
    ----------
    times
        Distinct times at which somebody has the event or is censored, ascending, shape
        ``(n_time,)``.
    at_risk
        Persons under observation just before each time.
    share, low, high
        Share without the event after each time [1], and its 95 % interval on the scale of
        log(-log); NaN where there is none.
    variance
        Greenwood's variance of the share [1].

    Examples
    --------
    >>> curve = kaplan_meier([1, 2, 3], [1, 0, 1], [0, 1, 0])
    >>> curve.share.round(4).tolist(), curve.median
    ([0.6667, 0.6667, 0.0], 3.0)
    """

    times: Floats
    at_risk: Counts
    share: Floats
    low: Floats
    high: Floats
    variance: Floats

    def at(self, time: float) -> tuple[float, float, float, int]:
        """Return share, its interval, and persons at risk at a time.

        Parameters
        ----------
        time
            In the unit of the times; events at this very time have happened.

        Examples
        --------
        >>> kaplan_meier([1, 2, 3], [1, 0, 1], [0, 1, 0]).at(0.5)
        (1.0, 1.0, 1.0, 3)
        """
        place = int(np.searchsorted(self.times, time, side="right")) - 1
        later = int(np.searchsorted(self.times, time, side="left"))
        n = int(self.at_risk[later]) if later < len(self.times) else 0
        if place < 0:
            return 1.0, 1.0, 1.0, n
        return float(self.share[place]), float(self.low[place]), float(self.high[place]), n

    @property
    def median(self) -> float:
        """First time at which the share is at most a half; NaN where it never is.

        Examples
        --------
        >>> kaplan_meier([5], [0], [3]).median
        nan
        """
        return self.quantile(0.5)[0]

    def quantile(self, share: float) -> tuple[float, float, float]:
        """Return the time by which a share have the event, with its 95 % interval.

        Parameters
        ----------
        share
            Between 0 and 1, without the ends.

        Returns
        -------
        Time and the bounds of its interval: where the bounds of the curve cross the same height.
        NaN where a curve never falls so far.

        References
        ----------
        Brookmeyer R, Crowley J, Biometrics 1982;38:29, on the scale of log(-log).

        Examples
        --------
        >>> kaplan_meier([1, 2, 3], [1, 1, 1], [0, 0, 0]).quantile(0.5)[0]
        2.0
        """
        height = 1 - share

        def crossing(curve: Floats) -> float:
            # round-off must not hide an exact half; not `min`: it lets NaN through
            below = np.flatnonzero(curve <= height + 1e-12)
            return float(self.times[below[0]]) if len(below) else math.nan

        return crossing(self.share), crossing(self.low), crossing(self.high)


def _counts(times: ArrayLike, *counts: ArrayLike) -> tuple[Floats, list[Counts]]:
    """Return times and counts, checked."""
    found = np.asarray(times, dtype=np.float64)
    if found.ndim != 1 or np.any(np.diff(found) <= 0) or not np.all(np.isfinite(found)):
        raise RangeError(
            f"times: {found.tolist()}; finite numbers in ascending order, each once, are allowed. "
            "Add the counts of equal times."
        )
    arrays = [np.asarray(one) for one in counts]
    for array in arrays:
        if array.shape[-1:] != found.shape or array.dtype.kind not in "iu":
            raise ShapeError(
                f"counts: shape {array.shape} of {array.dtype} for {len(found)} times; integers, "
                "one a time, are needed. Count persons."
            )
        if np.any(array < 0):
            raise RangeError(
                f"counts: {int(array.min())}; 0 or more persons are allowed. Count persons."
            )
    return found, [array.astype(np.int64) for array in arrays]


def _at_risk(events: Counts, censored: Counts) -> Counts:
    leaving = events + censored
    after = np.cumsum(leaving[..., ::-1], axis=-1)[..., ::-1]
    return np.asarray(after, dtype=np.int64)


def kaplan_meier(times: ArrayLike, events: ArrayLike, censored: ArrayLike) -> SurvivalCurve:
    r"""Return the share without the event over time.

    Parameters
    ----------
    times
        Distinct times, ascending, shape ``(n_time,)``.
    events, censored
        Persons who have the event, and who are censored, at each time; those censored at a time
        are at risk of the events at it.

    Raises
    ------
    RangeError
        If times do not ascend or a count is negative.
    ShapeError
        If counts are not integers, one a time.

    Notes
    -----
    .. math:: S = \prod_{t_i \le t} (1 - d_i / n_i), \quad
       var = S^2 \sum_{t_i \le t} d_i / (n_i (n_i - d_i))

    The interval is :math:`S^{\exp(\pm z \sqrt{var} / (S \ln S))}`.

    References
    ----------
    Kaplan EL, Meier P, J Am Stat Assoc 1958;53:457. Greenwood M, Reports on Public Health and
    Medical Subjects 1926;33. Kalbfleisch JD, Prentice RL, The Statistical Analysis of Failure Time
    Data, 2nd ed., 2002, section 1.4 (interval).

    Examples
    --------
    >>> kaplan_meier([6, 7, 10], [3, 1, 1], [1, 0, 1]).share.round(4).tolist()
    [0.5714, 0.381, 0.1905]
    """
    when, (died, left) = _counts(times, events, censored)
    n = _at_risk(died, left)
    share: Floats = np.cumprod(1 - died / np.maximum(n, 1), dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(died > 0, died / (n * (n - died).astype(np.float64)), 0.0)
        total = np.cumsum(terms)
        spread = np.sqrt(total) / np.abs(np.log(share))
        inside = (share > 0) & (share < 1)
        low = np.where(inside, share ** np.exp(_Z * spread), np.where(share == 1, 1.0, np.nan))
        high = np.where(inside, share ** np.exp(-_Z * spread), np.where(share == 1, 1.0, np.nan))
        variance = np.where(inside, share**2 * total, 0.0)
    return SurvivalCurve(times=when, at_risk=n, share=share, low=low, high=high, variance=variance)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRank:
    """Test of equal hazards.

    Examples
    --------
    >>> log_rank([1, 2], [[1, 0], [0, 1]], [[0, 0], [0, 0]]).freedom
    1
    """

    statistic: float
    freedom: int
    p: float


def log_rank(times: ArrayLike, events: ArrayLike, censored: ArrayLike) -> LogRank:
    r"""Return the log-rank test of two groups.

    Parameters
    ----------
    times
        Distinct times of both groups, ascending, shape ``(n_time,)``.
    events, censored
        Persons by group and time, shape ``(2, n_time)``.

    Returns
    -------
    Chi-squared on one degree of freedom; NaN where nobody, or everybody at once, has the event.

    Notes
    -----
    :math:`(\sum_i d_{1i} - d_i n_{1i} / n_i)^2` over its hypergeometric variance.

    References
    ----------
    Mantel N, Cancer Chemother Rep 1966;50:163.

    Examples
    --------
    >>> same = [[1, 1, 1], [1, 1, 1]]
    >>> log_rank([1, 2, 3], same, [[0, 0, 0], [0, 0, 0]]).p
    1.0
    """
    _, (died, left) = _counts(times, events, censored)
    _two_groups(died)
    n = _at_risk(died, left)
    risk, deaths = n.sum(axis=0).astype(np.float64), died.sum(axis=0).astype(np.float64)
    share = n[0] / np.maximum(risk, 1)
    excess = float(np.sum(died[0] - deaths * share))
    more = np.where(risk > 1, (risk - deaths) / np.maximum(risk - 1, 1), 0.0)
    variance = float(np.sum(deaths * share * (1 - share) * more))
    if variance <= 0:
        return LogRank(statistic=math.nan, freedom=1, p=math.nan)
    statistic = excess**2 / variance
    return LogRank(statistic=statistic, freedom=1, p=math.erfc(math.sqrt(statistic / 2)))


def _two_groups(counts: Counts) -> None:
    if counts.ndim != _N_GROUPS or len(counts) != _N_GROUPS:
        raise ShapeError(
            f"counts: shape {counts.shape}; (2, n_time) is needed: the group, then its reference. "
            "Stack the two."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class HazardRatio:
    """Hazard of a group over that of its reference, with what belongs to it.

    Parameters
    ----------
    ratio, low, high
        Ratio and 95 % interval of Wald [1]; NaN where a group has no event.
    standard_error
        Of the natural logarithm [1].
    p
        Two-sided, of Wald.

    Examples
    --------
    >>> hazard_ratio([1, 2, 3], [[1, 1, 1], [1, 1, 1]], [[0, 0, 0], [0, 0, 0]]).ratio
    1.0
    """

    ratio: float
    low: float
    high: float
    standard_error: float
    p: float


_NO_RATIO = HazardRatio(
    ratio=math.nan, low=math.nan, high=math.nan, standard_error=math.nan, p=math.nan
)


def hazard_ratio(times: ArrayLike, events: ArrayLike, censored: ArrayLike) -> HazardRatio:
    r"""Return the hazard ratio of two groups by Cox's partial likelihood.

    Parameters
    ----------
    times
        Distinct times of both groups, ascending, shape ``(n_time,)``.
    events, censored
        Persons by group and time, shape ``(2, n_time)``: the group, then its reference.

    Notes
    -----
    Ties by Efron: with one covariate of two values the likelihood depends on the counts alone, and
    Newton's steps from 0 find its maximum, which is the only one.

    References
    ----------
    Cox DR, J R Stat Soc B 1972;34:187. Efron B, J Am Stat Assoc 1977;72:557.

    Examples
    --------
    >>> found = hazard_ratio([1, 2, 3, 4], [[1, 0, 1, 1], [0, 1, 0, 1]], [[0, 0, 0, 0]] * 2)
    >>> round(found.ratio, 4)
    1.2153
    """
    _, (died, left) = _counts(times, events, censored)
    _two_groups(died)
    if not died.sum(axis=1).all():
        return _NO_RATIO
    n = _at_risk(died, left)
    log_ratio = 0.0
    for _ in range(_MOST_NEWTON_STEPS):
        score, information = _efron(log_ratio, n, died)
        if information <= 0:
            return _NO_RATIO
        step = max(-1.0, min(1.0, score / information))
        log_ratio += step
        if abs(log_ratio) > _LARGEST_LOG_RATIO:
            return _NO_RATIO
        if abs(step) <= _NEWTON_TOLERANCE * max(1.0, abs(log_ratio)):
            break
    error = 1 / math.sqrt(_efron(log_ratio, n, died)[1])
    return HazardRatio(
        ratio=math.exp(log_ratio),
        low=math.exp(log_ratio - _Z * error),
        high=math.exp(log_ratio + _Z * error),
        standard_error=error,
        p=math.erfc(abs(log_ratio) / error / math.sqrt(2)),
    )


def _efron(log_ratio: float, n: Counts, died: Counts) -> tuple[float, float]:
    """Return score and information of the log ratio.

    Of d tied events the k-th is judged among those at risk less k/d of the tied.
    """
    ratio = math.exp(log_ratio)
    score = information = 0.0
    for risk, deaths in zip(n.T.astype(np.float64), died.T, strict=True):
        total = int(deaths.sum())
        if not total:
            continue
        tied = np.arange(total) / total
        mine = ratio * (risk[0] - tied * deaths[0])
        share = mine / (mine + risk[1] - tied * deaths[1])
        score += float(deaths[0]) - float(np.sum(share))
        information += float(np.sum(share * (1 - share)))
    return score, information
