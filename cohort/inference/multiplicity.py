"""Several hypotheses at once: p values adjusted so that the chance of any false claim is held.

An adjusted p value at or below the level rejects its hypothesis. Every function takes p values of
shape ``(n_hypothesis, ...)``; further axes are replicates.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cohort.errors import RangeError, ShapeError
from cohort.inference.distributions import normal_cdf, normal_density

__all__ = [
    "ALL_METHODS",
    "METHODS",
    "bonferroni",
    "dunnett",
    "fixed_sequence",
    "graphical",
    "hochberg",
    "holm",
]

Floats = NDArray[np.float64]

_WEIGHT_ROUND_OFF: Final = 1e-9
_N_NORMAL: Final = 201  # points of a trapezoid over the shared control, 8 SD to either side
_N_SCALE: Final = 201  # points of a trapezoid over the shared standard deviation
_FAR: Final = 8.0
_SCALE_SPREAD: Final = 8.0


def _checked(p_values: ArrayLike) -> Floats:
    p = np.asarray(p_values, dtype=np.float64)
    if p.ndim == 0 or not p.shape[0]:
        raise ShapeError(
            f"p_values of shape {p.shape}; (n_hypothesis, ...) is allowed. Give one a hypothesis."
        )
    if not np.all((p >= 0) & (p <= 1)):
        raise RangeError(
            f"p_values: from {np.min(p):g} to {np.max(p):g}; numbers from 0 to 1 are allowed. "
            "Leave out hypotheses that were not tested."
        )
    return p


def _stepwise(p: Floats, factors: Floats, *, is_down: bool) -> Floats:
    """Multiply the sorted p values, then make them monotone from the smallest or the largest."""
    order = np.argsort(p, axis=0, kind="stable")
    shape = (-1,) + (1,) * (p.ndim - 1)
    scaled = np.take_along_axis(p, order, axis=0) * factors.reshape(shape)
    if is_down:
        scaled = np.maximum.accumulate(scaled, axis=0)
    else:
        scaled = np.minimum.accumulate(scaled[::-1], axis=0)[::-1]
    adjusted = np.empty_like(scaled)
    np.put_along_axis(adjusted, order, np.minimum(scaled, 1.0), axis=0)
    return adjusted


def bonferroni(p_values: ArrayLike) -> Floats:
    """Return p values times their number.

    Parameters
    ----------
    p_values
        Shape ``(n_hypothesis, ...)`` [1].

    Returns
    -------
    Adjusted p values [1], same shape; valid for every dependence.

    Examples
    --------
    >>> bonferroni([0.01, 0.04]).tolist()
    [0.02, 0.08]
    """
    p = _checked(p_values)
    return np.minimum(len(p) * p, 1.0)


def holm(p_values: ArrayLike) -> Floats:
    """Return Holm's step-down p values.

    Parameters
    ----------
    p_values
        Shape ``(n_hypothesis, ...)`` [1].

    Returns
    -------
    Adjusted p values [1], same shape; valid for every dependence, never above Bonferroni's.

    References
    ----------
    Holm S, Scand J Stat 1979;6:65.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03]).round(4).tolist()
    [0.03, 0.06, 0.06]
    """
    p = _checked(p_values)
    return _stepwise(p, np.arange(len(p), 0.0, -1.0), is_down=True)


def hochberg(p_values: ArrayLike) -> Floats:
    """Return Hochberg's step-up p values.

    Parameters
    ----------
    p_values
        Shape ``(n_hypothesis, ...)`` [1].

    Returns
    -------
    Adjusted p values [1], same shape; valid for independent or positively dependent statistics,
    as those of several arms against one control are.

    References
    ----------
    Hochberg Y, Biometrika 1988;75:800.

    Examples
    --------
    >>> hochberg([0.04, 0.03]).tolist()
    [0.04, 0.04]
    """
    p = _checked(p_values)
    return _stepwise(p, np.arange(len(p), 0.0, -1.0), is_down=False)


def fixed_sequence(p_values: ArrayLike) -> Floats:
    """Return p values of hypotheses that are tested in their given order until one fails.

    Parameters
    ----------
    p_values
        Shape ``(n_hypothesis, ...)`` [1], the first to be tested first.

    Returns
    -------
    Adjusted p values [1], same shape: each at least the one before it.

    References
    ----------
    Maurer W, Hothorn LA, Lehmacher W, in: Biometrie in der chemisch-pharmazeutischen Industrie
    1995;6:3.

    Examples
    --------
    >>> fixed_sequence([0.01, 0.06, 0.02]).tolist()
    [0.01, 0.06, 0.06]
    """
    return np.maximum.accumulate(_checked(p_values), axis=0)


def graphical(p_values: ArrayLike, weights: ArrayLike, transitions: ArrayLike) -> Floats:
    r"""Return p values of a graph that hands the level of a rejected hypothesis on.

    Parameters
    ----------
    p_values
        Shape ``(n_hypothesis, ...)`` [1].
    weights
        Share of the level that each hypothesis starts with [1], shape ``(n_hypothesis,)``; not
        negative, the sum at most 1.
    transitions
        Share that row hands to column once it is rejected [1], shape
        ``(n_hypothesis, n_hypothesis)``; zero on the diagonal, rows add up to at most 1.

    Returns
    -------
    Adjusted p values [1], same shape as ``p_values``.

    Notes
    -----
    Reject :math:`j = \arg\min p_j / w_j`; then
    :math:`w_l \leftarrow w_l + w_j g_{jl}` and
    :math:`g_{lk} \leftarrow (g_{lk} + g_{lj} g_{jk}) / (1 - g_{lj} g_{jl})`, 0 where the
    denominator is 0.

    References
    ----------
    Bretz F, Maurer W, Brannath W, Posch M, Stat Med 2009;28:586, algorithm 2.

    Examples
    --------
    >>> graphical([0.01, 0.04, 0.03], np.full(3, 1 / 3), (1 - np.eye(3)) / 2).round(4).tolist()
    [0.03, 0.06, 0.06]
    """
    p = _checked(p_values)
    start, graph = _checked_graph(len(p), weights, transitions)
    flat = p.reshape(len(p), -1)
    adjusted = np.empty_like(flat)
    for column in range(flat.shape[1]):
        adjusted[:, column] = _one_graph(flat[:, column], start, graph)
    return adjusted.reshape(p.shape)


def _checked_graph(n: int, weights: ArrayLike, transitions: ArrayLike) -> tuple[Floats, Floats]:
    start, graph = np.asarray(weights, dtype=float), np.asarray(transitions, dtype=float)
    if start.shape != (n,) or graph.shape != (n, n):
        raise ShapeError(
            f"graphical: weights of shape {start.shape} and transitions of shape {graph.shape}; "
            f"({n},) and ({n}, {n}) are allowed. Give one weight and one row a hypothesis."
        )
    sums = np.append(graph.sum(axis=1), start.sum())
    is_bad = np.any(start < 0) or np.any(graph < 0) or np.any(np.diag(graph) != 0)
    if is_bad or not np.all(sums <= 1 + _WEIGHT_ROUND_OFF):
        raise RangeError(
            f"graphical: weights {start.tolist()}, transitions {graph.tolist()}; numbers of at "
            "least 0, zero on the diagonal, weights and each row adding up to at most 1 are "
            "allowed. Change them."
        )
    return start, graph


def _one_graph(p: Floats, weights: Floats, transitions: Floats) -> Floats:
    w, g = weights.copy(), transitions.copy()
    adjusted, highest = np.ones_like(p), 0.0
    open_ones = list(range(len(p)))
    while open_ones:
        ratios = [p[j] / w[j] if w[j] > 0 else math.inf for j in open_ones]
        j = open_ones[int(np.argmin(ratios))]
        highest = max(highest, min(min(ratios), 1.0))
        adjusted[j] = highest
        open_ones.remove(j)
        w = w + w[j] * g[j]
        loops = g[:, j] * g[j]
        kept = 1 - loops[:, None]
        handed = g + np.outer(g[:, j], g[j])
        g = np.divide(handed, kept, out=np.zeros_like(g), where=kept > _WEIGHT_ROUND_OFF)
        np.fill_diagonal(g, 0.0)
        g[j], g[:, j], w[j] = 0.0, 0.0, 0.0
    return adjusted


def dunnett(t: ArrayLike, sizes: Sequence[int], control_size: int, freedom: float) -> Floats:
    r"""Return two-sided p values of several arms against one control with a shared SD.

    Parameters
    ----------
    t
        Statistic of each arm against control [1], shape ``(n_arm,)``.
    sizes, control_size
        Patients of each arm and of the control, greater than zero.
    freedom
        Degrees of freedom of the shared standard deviation [1]; infinite for a known one.

    Returns
    -------
    Single-step adjusted p values [1], shape ``(n_arm,)``.

    Notes
    -----
    .. math:: P(\max |T| \le c) = \int\!\!\int \prod_i
       \left[\Phi\frac{\lambda_i z + c s}{\sqrt{1 - \lambda_i^2}}
       - \Phi\frac{\lambda_i z - c s}{\sqrt{1 - \lambda_i^2}}\right] \phi(z)\,dz\,f(s)\,ds,
       \quad \lambda_i^2 = \frac{n_i}{n_i + n_0}

    by trapezoids.

    References
    ----------
    Dunnett CW, J Am Stat Assoc 1955;50:1096.

    Examples
    --------
    >>> dunnett([2.5, 1.0], [50, 50], 50, 147.0).round(3).tolist()
    [0.025, 0.504]
    """
    statistics, n = np.asarray(t, dtype=float), np.asarray(sizes, dtype=float)
    if n.shape != statistics.shape or not (np.all(n > 0) and control_size > 0 and freedom > 0):
        raise RangeError(
            f"dunnett: {statistics.size} statistics, sizes {list(sizes)}, control {control_size}, "
            f"{freedom:g} degrees of freedom; one size an arm and numbers greater than 0 are "
            "allowed. Change them."
        )
    loading = np.sqrt(n / (n + control_size))
    z = np.linspace(-_FAR, _FAR, _N_NORMAL)
    z_weights = normal_density(z) * (z[1] - z[0])
    scale, scale_weights = _scale_density(freedom)
    own = np.sqrt(1 - loading**2)[:, None, None]
    shift = loading[:, None, None] * z[:, None]
    p = np.empty(len(statistics))
    for arm, value in enumerate(np.abs(statistics)):
        reach = value * scale
        inside = normal_cdf((shift + reach) / own) - normal_cdf((shift - reach) / own)
        p[arm] = 1 - z_weights @ inside.prod(axis=0) @ scale_weights
    return np.clip(p, 0.0, 1.0)


def _scale_density(freedom: float) -> tuple[Floats, Floats]:
    """Return points and weights of chi / sqrt(freedom)."""
    if math.isinf(freedom):
        return np.ones(1), np.ones(1)
    spread = _SCALE_SPREAD / math.sqrt(2 * freedom)
    s = np.linspace(max(1 - spread, 1e-9), 1 + spread, _N_SCALE)
    log_density = (freedom - 1) * np.log(s) - 0.5 * freedom * s * s
    weights = np.exp(log_density - log_density.max())
    return s, weights / weights.sum()


METHODS: Final[Mapping[str, Callable[[ArrayLike], Floats]]] = MappingProxyType(
    {
        "none": _checked,
        "bonferroni": bonferroni,
        "holm": holm,
        "hochberg": hochberg,
        "fixed_sequence": fixed_sequence,
    }
)
"""Methods that need p values only, by the name that protocols use."""

ALL_METHODS: Final = (*METHODS, "dunnett", "graphical")
"""Every name that protocols use: Dunnett needs the sizes of the arms too, the graph its weights."""
