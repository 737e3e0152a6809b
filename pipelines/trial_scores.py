"""How well predictive distributions fit what was published: pure functions of arrays.

Predictions are draws, one a replicate trial. May import NumPy and SciPy.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from pipelines.errors import InputError

__all__ = [
    "Coverage",
    "JointTest",
    "cluster_bootstrap",
    "coverage",
    "crps",
    "interval",
    "is_inside",
    "joint_test",
    "pit",
]

Floats = NDArray[np.float64]

_TIES: Final = 1e-9  # shares of patients are quotients of whole numbers, equal up to round-off


def crps(draws: Floats, observed: float) -> float:
    r"""Return the continuous ranked probability score of a sample; lower is better.

    Parameters
    ----------
    draws
        Predictive draws, shape ``(n_draw,)``.
    observed
        What was published, in the same unit.

    Returns
    -------
    Score in that unit, not negative.

    Notes
    -----
    .. math:: E|X - y| - \tfrac12 E|X - X'|

    with the unbiased estimate of the second mean, over pairs of different draws.

    References
    ----------
    Gneiting and Raftery 2007, DOI 10.1198/016214506000001437, equation 21.

    Examples
    --------
    >>> crps(np.array([1.0, 1.0, 1.0]), 3.0)
    2.0
    """
    values = np.sort(_draws(draws))
    n = len(values)
    ranks = 2.0 * np.arange(1, n + 1) - n - 1.0
    pairs = float((ranks * values).sum()) / (n * (n - 1)) if n > 1 else 0.0
    return float(np.abs(values - observed).mean()) - pairs


def interval(draws: Floats, level: float) -> tuple[float, float]:
    """Return the equal-tailed interval of a sample.

    Parameters
    ----------
    draws
        Predictive draws, shape ``(n_draw,)``.
    level
        Probability inside [1], between 0 and 1.

    Returns
    -------
    Lower and upper end.

    Examples
    --------
    >>> interval(np.arange(101.0), 0.5)
    (25.0, 75.0)
    """
    if not 0.0 < level < 1.0:
        raise InputError(f"interval: level {level:g} [1]; between 0 and 1 is allowed. Use 0.95.")
    low, high = np.quantile(_draws(draws), [0.5 - 0.5 * level, 0.5 + 0.5 * level])
    return float(low), float(high)


def is_inside(draws: Floats, observed: float, level: float) -> bool:
    """Tell whether what was published lies in the equal-tailed interval, its ends included.

    Parameters
    ----------
    draws, level
        As in `interval`.
    observed
        What was published.

    Returns
    -------
    Whether it is inside, up to round-off.

    Examples
    --------
    >>> is_inside(np.arange(101.0), 25.0, 0.5)
    True
    """
    low, high = interval(draws, level)
    return bool(low - _TIES <= observed <= high + _TIES)


def pit(draws: Floats, observed: float, tie: float) -> float:
    """Return the probability integral transform, randomised where draws equal the observed.

    Parameters
    ----------
    draws
        Predictive draws, shape ``(n_draw,)``.
    observed
        What was published.
    tie
        A uniform number between 0 and 1: where among equal draws it is put.

    Returns
    -------
    Number between 0 and 1, uniform over cases if the predictions are right.

    Examples
    --------
    >>> pit(np.array([1.0, 2.0, 2.0, 3.0]), 2.0, 0.5)
    0.5
    """
    values = _draws(draws)
    below = float((values < observed - _TIES).mean())
    equal = float((np.abs(values - observed) <= _TIES).mean())
    return below + tie * equal


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How many published values lie inside their intervals.

    Parameters
    ----------
    inside, n
        Values inside, and all.
    low, high
        Exact binomial 95 % interval of the share (Clopper and Pearson) [1].

    Examples
    --------
    >>> coverage(np.array([True, True, False, True])).share
    0.75
    """

    inside: int
    n: int
    low: float
    high: float

    @property
    def share(self) -> float:
        """Share inside [1]; NaN of none.

        Examples
        --------
        >>> coverage(np.array([True, False])).share
        0.5
        """
        return self.inside / self.n if self.n else float("nan")


def coverage(inside: NDArray[np.bool_]) -> Coverage:
    """Return the share of values inside their intervals.

    Parameters
    ----------
    inside
        One a value.

    Returns
    -------
    Share with its exact binomial interval, as if values were independent.

    Examples
    --------
    >>> round(coverage(np.ones(10, np.bool_)).low, 3)
    0.692
    """
    n, k = len(inside), int(np.sum(inside))
    low = float(beta.ppf(0.025, k, n - k + 1)) if k else 0.0
    high = float(beta.ppf(0.975, k + 1, n - k)) if k < n else 1.0
    return Coverage(inside=k, n=n, low=low, high=high)


@dataclass(frozen=True, slots=True, kw_only=True)
class JointTest:
    """Squared distance of the published contrasts of a trial from their prediction.

    Parameters
    ----------
    distance
        Squared Mahalanobis distance [1]; its mean is the number of contrasts if all is right.
    n
        Number of contrasts.
    p
        Share of replicates that are farther from their own mean [1].

    Examples
    --------
    >>> draws = np.random.default_rng(1).normal(size=(2, 400))
    >>> joint_test(draws, np.zeros(2)).n
    2
    """

    distance: float
    n: int
    p: float


def joint_test(draws: Floats, observed: Floats) -> JointTest:
    """Judge the contrasts of one trial together: they share the control arm.

    Parameters
    ----------
    draws
        Shape ``(n_contrast, n_draw)``.
    observed
        Published contrasts, shape ``(n_contrast,)``.

    Returns
    -------
    The test, whitened by mean and covariance of the draws.

    Examples
    --------
    >>> shared = np.random.default_rng(1).normal(size=(1, 400))
    >>> own = np.random.default_rng(2).normal(size=(2, 400))
    >>> together = joint_test(own + shared, np.array([3.0, 3.0]))
    >>> apart = joint_test(own + shared, np.array([3.0, -3.0]))
    >>> bool(together.distance < apart.distance)  # what arms share moves them together
    True
    """
    values = np.atleast_2d(np.asarray(draws, dtype=np.float64))
    n, n_draw = values.shape
    if n_draw <= n + 1 or not np.isfinite(values).all():
        raise InputError(
            f"joint_test: {n_draw} draws of {n} contrasts, all of them numbers: "
            f"{bool(np.isfinite(values).all())}; more than {n + 1} draws are needed. Draw more."
        )
    mean = values.mean(axis=1)
    precision = np.linalg.pinv(np.atleast_2d(np.cov(values)), hermitian=True)

    def squared(points: Floats) -> Floats:
        away = points - mean[:, None]
        found: Floats = np.einsum("id,ij,jd->d", away, precision, away)
        return found

    distance = float(squared(np.asarray(observed, dtype=np.float64)[:, None])[0])
    return JointTest(distance=distance, n=n, p=float((squared(values) >= distance).mean()))


def cluster_bootstrap(
    values: Floats, clusters: NDArray[np.generic], seed: int, n: int = 2000
) -> tuple[float, float]:
    """Return a 95 % interval of a mean whose values come in clusters: arms of one trial.

    Parameters
    ----------
    values
        One a case, shape ``(n_case,)``.
    clusters
        Cluster of each case, same shape.
    seed, n
        Of the resampling of whole clusters.

    Returns
    -------
    Lower and upper end, percentiles of the resampled means; NaN of none.

    Examples
    --------
    >>> cluster_bootstrap(np.ones(4), np.array(["a", "a", "b", "b"]), seed=1)
    (1.0, 1.0)
    """
    if not len(values):
        return float("nan"), float("nan")
    names, place = np.unique(clusters, return_inverse=True)
    sums = np.bincount(place, weights=np.asarray(values, dtype=np.float64))
    sizes = np.bincount(place).astype(np.float64)
    chosen = np.random.default_rng(seed).integers(0, len(names), (n, len(names)))
    means = sums[chosen].sum(axis=1) / sizes[chosen].sum(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def _draws(draws: Floats) -> Floats:
    values = np.asarray(draws, dtype=np.float64)
    if values.ndim != 1 or not values.size or not np.isfinite(values).all():
        raise InputError(
            f"predictive draws of shape {values.shape}, "
            f"{int((~np.isfinite(values)).sum())} of them no numbers; one row of numbers is "
            "allowed. Look at the replicates."
        )
    return values
