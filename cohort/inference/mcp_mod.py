"""Dose finding by MCP-Mod: whether dose matters, in which shape, and which dose is enough.

Candidate shapes become contrasts of the arms' means; the largest statistic is judged against the
multivariate t distribution; shapes are then fitted and averaged over to a dose. Leading axes are
replicates of the trial.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cohort.errors import RangeError, ShapeError
from cohort.population.draws import normals

__all__ = [
    "SHAPES",
    "DoseFit",
    "adjusted_p",
    "candidate_contrasts",
    "contrast_statistics",
    "fit_shapes",
    "maxima",
    "optimal_contrast",
]

Floats = NDArray[np.float64]

_N_DRAW: Final = 100_000  # of the maximum: p values near 0.05 are right to 0.0014 (two errors)
_N_GRID: Final = 40  # values of a shape's parameter
_N_DOSE: Final = 401  # doses at which a fitted curve is read
_FEWEST_DOSES: Final = 3
_TWICE: Final = 2.0


def _linear(dose: Floats, _: float) -> Floats:
    return dose


def _emax(dose: Floats, ed50: float) -> Floats:
    return dose / (ed50 + dose)


def _sigmoid_emax(dose: Floats, ed50: float) -> Floats:
    hill = 3.0  # steep beside emax, whose Hill coefficient is 1
    return np.asarray(dose**hill / (ed50**hill + dose**hill))


def _exponential(dose: Floats, delta: float) -> Floats:
    return np.asarray(np.expm1(dose / delta))


def _quadratic(dose: Floats, top: float) -> Floats:
    return dose - dose**2 / (_TWICE * top)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A dose response but for its level and size.

    Parameters
    ----------
    curve
        Doses and one parameter to values [1].
    guess
        Parameter of the candidate, as a share of the largest dose [1].
    low, high
        Range in which it is fitted, likewise.

    Examples
    --------
    >>> SHAPES["emax"].guess
    0.25
    """

    curve: Callable[[Floats, float], Floats]
    guess: float
    low: float
    high: float


SHAPES: Final[Mapping[str, Shape]] = MappingProxyType(
    {
        "linear": Shape(curve=_linear, guess=1.0, low=1.0, high=1.0),
        "emax": Shape(curve=_emax, guess=0.25, low=0.01, high=1.5),
        "sigmoid_emax": Shape(curve=_sigmoid_emax, guess=0.5, low=0.05, high=1.0),
        "exponential": Shape(curve=_exponential, guess=0.4, low=0.1, high=2.0),
        "quadratic": Shape(curve=_quadratic, guess=0.7, low=0.5, high=1.5),
    }
)
"""Candidate shapes by name; parameters are our choice, spread over what curves may look like."""


def _checked_doses(doses: ArrayLike) -> Floats:
    found = np.asarray(doses, dtype=float)
    is_bad = found.ndim != 1 or len(found) < _FEWEST_DOSES or not np.all(np.isfinite(found))
    if is_bad or found[0] != 0 or len(np.unique(found)) != len(found) or found.min() < 0:
        raise RangeError(
            f"doses {found.tolist()}; 0 for the control first, then at least two different doses "
            "above it are allowed. Leave MCP-Mod out where a drug has one dose."
        )
    return found


def optimal_contrast(means: ArrayLike, covariance: ArrayLike) -> Floats:
    r"""Return the contrast with the most power for a pattern of means.

    Parameters
    ----------
    means
        Expected means of the arms, any unit, shape ``(n_arm,)``, not all equal.
    covariance
        Of the estimated means, in the unit's square up to a factor, shape ``(n_arm, n_arm)``.

    Returns
    -------
    Coefficients of length 1 that add up to 0.

    Notes
    -----
    .. math:: c \propto S^{-1} (\mu - \bar\mu 1), \quad
       \bar\mu = 1' S^{-1} \mu / 1' S^{-1} 1

    References
    ----------
    Bretz F, Pinheiro JC, Branson M, Biometrics 2005;61:738.

    Examples
    --------
    >>> doses = np.array([0, 0.05, 0.2, 0.6, 1.0])
    >>> optimal_contrast(doses / (0.2 + doses), np.eye(5)).round(3).tolist()
    [-0.643, -0.361, 0.061, 0.413, 0.53]
    """
    mu, spread = np.asarray(means, dtype=float), np.asarray(covariance, dtype=float)
    if spread.shape != (len(mu), len(mu)) or np.ptp(mu) == 0:
        raise ShapeError(
            f"optimal_contrast: means {mu.tolist()} and covariance of shape {spread.shape}; means "
            "that differ and a square matrix of their number are allowed. Check the shape."
        )
    ones = np.linalg.solve(spread, np.ones(len(mu)))
    weighted = np.linalg.solve(spread, mu)
    found = weighted - ones * weighted.sum() / ones.sum()
    return np.asarray(found / np.sqrt(found @ found))


def candidate_contrasts(doses: ArrayLike, sizes: Sequence[int]) -> Floats:
    """Return the contrast of each candidate shape.

    Parameters
    ----------
    doses
        Of the arms [mg], the control's 0 first, shape ``(n_arm,)``.
    sizes
        Patients of the arms.

    Returns
    -------
    Shape ``(n_shape, n_arm)``, in the order of `SHAPES`; positive where higher doses do more.

    Examples
    --------
    >>> candidate_contrasts([0.0, 10.0, 20.0], [50, 50, 50]).shape
    (5, 3)
    """
    dose = _checked_doses(doses)
    n = np.asarray(sizes, dtype=float)
    if n.shape != dose.shape or not np.all(n > 0):
        raise ShapeError(
            f"candidate_contrasts: sizes {list(sizes)} for {len(dose)} doses; one above 0 a dose "
            "is allowed. Give as many."
        )
    spread = np.diag(1 / n)
    return np.array(
        [
            optimal_contrast(shape.curve(dose, shape.guess * dose.max()), spread)
            for shape in SHAPES.values()
        ]
    )


def contrast_statistics(
    benefit: ArrayLike, standard_deviation: ArrayLike, sizes: ArrayLike, contrasts: Floats
) -> Floats:
    """Return the statistic of each contrast.

    Parameters
    ----------
    benefit
        Means of the arms less that of the control, larger is better, shape ``(..., n_arm)``.
    standard_deviation
        Residual, same unit, shape ``(...)``.
    sizes
        Patients of the arms, broadcast to the benefit.
    contrasts
        Shape ``(n_shape, n_arm)``.

    Returns
    -------
    Shape ``(..., n_shape)`` [1].

    Examples
    --------
    >>> contrasts = candidate_contrasts([0.0, 10.0, 20.0], [50, 50, 50])
    >>> contrast_statistics([0.0, 2.0, 4.0], 8.0, [50, 50, 50], contrasts).round(2)[0]
    np.float64(2.5)
    """
    mean = np.asarray(benefit, dtype=float)
    n = np.broadcast_to(np.asarray(sizes, dtype=float), mean.shape)
    error = np.sqrt((1 / n) @ (contrasts**2).T)
    return np.asarray(mean @ contrasts.T / (np.asarray(standard_deviation)[..., None] * error))


def maxima(contrasts: Floats, sizes: Sequence[int], freedom: float, seed: int) -> Floats:
    """Return draws of the largest statistic where no dose does anything, smallest first.

    Parameters
    ----------
    contrasts
        Shape ``(n_shape, n_arm)``.
    sizes
        Patients of the arms.
    freedom
        Degrees of freedom of the residual [1]; infinite for a known one.
    seed
        The same seed gives the same draws.

    Returns
    -------
    100,000 numbers of the maximum of the multivariate t distribution [1].

    Examples
    --------
    >>> contrasts = candidate_contrasts([0.0, 10.0, 20.0], [50, 50, 50])
    >>> draws = maxima(contrasts, [50, 50, 50], 147.0, 1)
    >>> 1.65 < np.quantile(draws, 0.95) < 2.2
    np.True_
    """
    if not freedom > 0:
        raise RangeError(
            f"maxima: {freedom:g} degrees of freedom; more than 0 are allowed. Use more patients."
        )
    # statistics from arm means, so their correlation needs no factorisation
    noise = normals(seed, np.arange(len(sizes)), "dose response", np.arange(_N_DRAW)[:, None])
    means = noise / np.sqrt(np.asarray(sizes, dtype=float))
    largest = contrast_statistics(means, np.ones(_N_DRAW), sizes, contrasts).max(axis=1)
    if np.isfinite(freedom):
        z = normals(seed, np.arange(_N_DRAW), "dose response: residual")
        # Wilson and Hilferty: the cube root of chi^2 / freedom is nearly normal
        rest = 2 / (9 * freedom)
        largest = largest / np.sqrt(np.maximum(1 - rest + z * np.sqrt(rest), 1e-3) ** 3)
    return np.sort(largest)


def adjusted_p(statistics: ArrayLike, draws: Floats) -> Floats:
    """Return one-sided p values adjusted for all candidate shapes.

    Parameters
    ----------
    statistics
        Any shape [1].
    draws
        From `maxima`.

    Returns
    -------
    Same shape [1], at least one over the number of draws.

    Examples
    --------
    >>> adjusted_p([-5.0, 1.5], np.array([0.0, 1.0, 2.0])).tolist()
    [1.0, 0.5]
    """
    above = len(draws) - np.searchsorted(draws, np.asarray(statistics, dtype=float))
    return np.asarray((above + 1) / (len(draws) + 1))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DoseFit:
    """Shapes fitted to the means of the arms.

    Parameters
    ----------
    names
        Of the shapes.
    weights
        Of the shapes by AIC [1], shape ``(..., n_shape)``.
    doses, benefit
        Doses [mg], ``(n_dose,)``, and the averaged curve over control, ``(..., n_dose)``.

    Examples
    --------
    >>> sorted(DoseFit.__dataclass_fields__)
    ['benefit', 'doses', 'names', 'weights']
    """

    names: tuple[str, ...]
    weights: Floats
    doses: Floats
    benefit: Floats

    def target_dose(self, relevant: float) -> Floats:
        """Return the lowest dose whose benefit is large enough; NaN where none is.

        Parameters
        ----------
        relevant
            Benefit over control that is enough, above 0.

        Returns
        -------
        Doses [mg], shape ``(...)``.

        Examples
        --------
        >>> fit = fit_shapes([0.0, 1.0, 2.0], [0.0, 10.0, 20.0], 5.0, [500] * 3, ("linear",))
        >>> round(float(fit.target_dose(1.5)), 1)
        15.0
        """
        enough = self.benefit >= relevant
        place = np.argmax(enough, axis=-1)
        return np.where(enough.any(axis=-1), self.doses[place], np.nan)


def fit_shapes(
    benefit: ArrayLike,
    doses: ArrayLike,
    standard_deviation: ArrayLike,
    sizes: ArrayLike,
    names: Sequence[str] = tuple(SHAPES),
) -> DoseFit:
    """Fit candidate shapes to the means of the arms and average them.

    Parameters
    ----------
    benefit
        Means of the arms less that of the control, larger is better, shape ``(..., n_arm)``.
    doses
        Of the arms [mg], the control's 0 first.
    standard_deviation
        Residual, same unit, shape ``(...)``.
    sizes
        Patients of the arms, broadcast to the benefit.
    names
        Shapes to fit.

    Returns
    -------
    Weights and the averaged curve.

    Notes
    -----
    Level and size by weighted least squares at each of 40 values of the shape's parameter; AIC is
    the weighted sum of squares plus twice the number of parameters, the shape's included.

    References
    ----------
    Pinheiro J, Bornkamp B, Glimm E, Bretz F, Stat Med 2014;33:1646.

    Examples
    --------
    >>> fit = fit_shapes([0.0, 2.0, 2.5], [0.0, 10.0, 20.0], 4.0, [200, 200, 200])
    >>> fit.weights.sum().round(6)
    np.float64(1.0)
    """
    dose, mean = _checked_doses(doses), np.asarray(benefit, dtype=float)
    precision = np.broadcast_to(np.asarray(sizes, dtype=float), mean.shape)
    precision = precision / (np.asarray(standard_deviation, dtype=float) ** 2)[..., None]
    grid = np.linspace(0.0, dose.max(), _N_DOSE)
    criteria, curves = [], []
    for name in names:
        shape = SHAPES[name]
        is_fixed = shape.low == shape.high
        values = [shape.low] if is_fixed else np.geomspace(shape.low, shape.high, _N_GRID)
        best = np.full(mean.shape[:-1], np.inf)
        curve = np.zeros((*mean.shape[:-1], _N_DOSE))
        for value in values:
            parameter = float(value) * dose.max()
            at = shape.curve(dose, parameter)
            slope, squares = _line(mean, at, precision)
            better = squares < best
            best = np.where(better, squares, best)
            drawn = slope[..., None] * (shape.curve(grid, parameter) - at[0])
            curve = np.where(better[..., None], drawn, curve)
        criteria.append(best + 2 * (2 if is_fixed else 3))
        curves.append(curve)
    aic = np.stack(criteria, axis=-1)
    weights = np.exp(-0.5 * (aic - aic.min(axis=-1, keepdims=True)))
    weights /= weights.sum(axis=-1, keepdims=True)
    averaged = np.einsum("...s,s...d->...d", weights, np.array(curves))
    return DoseFit(names=tuple(names), weights=weights, doses=grid, benefit=averaged)


def _line(mean: Floats, at: Floats, precision: Floats) -> tuple[Floats, Floats]:
    """Return slope and weighted sum of squares of means on a shape."""
    total = precision.sum(axis=-1, keepdims=True)
    x = at - (precision * at).sum(axis=-1, keepdims=True) / total
    y = mean - (precision * mean).sum(axis=-1, keepdims=True) / total
    slope = (precision * x * y).sum(axis=-1) / (precision * x * x).sum(axis=-1)
    return slope, (precision * (y - slope[..., None] * x) ** 2).sum(axis=-1)
