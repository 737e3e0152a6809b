"""Repeated measures: all visits of a patient together, with an unstructured covariance.

Valid where values are missing at random given what was seen. Means are arm by visit with a slope of
the baseline at each visit; the covariance of the visits is shared by the arms. Leading axes are
replicates of the trial.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cohort.errors import RangeError, ShapeError
from cohort.inference.ancova import Contrasts, check_arms

__all__ = ["RepeatedMeasures", "fit_repeated_measures"]

Floats = NDArray[np.float64]

_TOLERANCE: Final = 1e-9  # relative change of the covariance
_MOST_ITERATIONS: Final = 2000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RepeatedMeasures:
    """A fitted model of repeated measures.

    Parameters
    ----------
    contrasts
        Arms minus control at every visit, shapes ``(..., n_visit, n_contrast)``.
    covariance
        Of the visits given arm and baseline, shape ``(..., n_visit, n_visit)``.
    is_converged
        Whether the iteration settled, shape ``(...)``.

    Examples
    --------
    >>> sorted(RepeatedMeasures.__dataclass_fields__)
    ['contrasts', 'covariance', 'is_converged']
    """

    contrasts: Contrasts
    covariance: Floats
    is_converged: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Pattern:
    """Sums over the patients who were seen at the same visits: design, cross, values, count."""

    seen: NDArray[np.bool_]
    zz: Floats
    zy: Floats
    yy: Floats
    n: Floats


def fit_repeated_measures(
    values: ArrayLike, baseline: ArrayLike, arm: ArrayLike, control: int = 0
) -> RepeatedMeasures:
    r"""Fit arm by visit means with an unstructured covariance by restricted maximum likelihood.

    Parameters
    ----------
    values
        Scores or changes, shape ``(..., n_patient, n_visit)``, NaN where missing.
    baseline
        Shape ``(..., n_patient)``, no gaps.
    arm
        Number of each patient's arm, shape ``(n_patient,)``.
    control
        Number of the control arm.

    Returns
    -------
    Contrasts at each visit, covariance, and whether the iteration settled.

    Raises
    ------
    RangeError
        If a visit has too few values.

    Notes
    -----
    Expectation and maximisation with a flat prior on the coefficients, which maximises the
    restricted likelihood; sums by pattern of missing visits are formed once, so an iteration does
    not see the patients. Standard errors are those of generalised least squares at the fitted
    covariance, and degrees of freedom are the patients seen at the visit less the coefficients of
    the visit: exact without missing values, close with them; Kenward and Roger's correction
    is not made.

    References
    ----------
    Laird NM, Ware JH, Biometrics 1982;38:963.

    Examples
    --------
    >>> rng = np.random.default_rng(3)
    >>> arm = np.arange(60) % 2
    >>> scores = rng.normal(size=(60, 3)) + rng.normal(size=(60, 1)) - arm[:, None]
    >>> fit = fit_repeated_measures(scores, rng.normal(size=60), arm)
    >>> fit.contrasts.estimate.shape, bool(fit.is_converged)
    ((3, 1), True)
    """
    y = np.asarray(values, dtype=float)
    x = np.broadcast_to(np.asarray(baseline, dtype=float), y.shape[:-1])
    if y.ndim < 2 or not np.all(np.isfinite(x)):  # noqa: PLR2004 - patients and visits
        raise ShapeError(
            f"fit_repeated_measures: values of shape {y.shape}, {int(np.sum(~np.isfinite(x)))} "
            "missing baselines; (..., n_patient, n_visit) and no missing baseline are allowed. "
            "Leave out patients without baseline."
        )
    arms = check_arms(arm, control, y.shape[-2])
    lead = y.shape[:-2]
    flat_y, flat_x = y.reshape(-1, *y.shape[-2:]), x.reshape(-1, y.shape[-2])
    design = _design(flat_x, np.asarray(arm), arms)
    patterns = _patterns(flat_y, design)
    _check_counts(flat_y, np.asarray(arm), arms, design.shape[-1])
    covariance, is_converged = _iterate(flat_y, patterns)
    coefficients, errors = _solve(covariance, patterns)
    n_visit, n_column = flat_y.shape[-1], design.shape[-1]
    variance = np.diagonal(errors, axis1=-2, axis2=-1).reshape(-1, n_visit, n_column)
    effects = slice(1, len(arms))
    seen = np.isfinite(flat_y)
    n_by_arm = np.stack([seen[:, np.asarray(arm) == one].sum(axis=1) for one in arms], axis=-1)
    shape = (*lead, n_visit, len(arms) - 1)
    freedom = n_by_arm.sum(axis=-1, keepdims=True) - n_column
    contrasts = Contrasts(
        arms=arms[1:],
        estimate=coefficients[..., effects].reshape(shape),
        standard_error=np.sqrt(variance[..., effects]).reshape(shape),
        freedom=np.broadcast_to(freedom, n_by_arm[..., 1:].shape).astype(float).reshape(shape),
        n_arm=n_by_arm[..., 1:].reshape(shape),
        n_control=np.broadcast_to(n_by_arm[..., :1], n_by_arm[..., 1:].shape).reshape(shape),
    )
    return RepeatedMeasures(
        contrasts=contrasts,
        covariance=covariance.reshape(*lead, n_visit, n_visit),
        is_converged=is_converged.reshape(lead),
    )


def _design(x: Floats, arm: NDArray[np.generic], arms: NDArray[np.int64]) -> Floats:
    """Return intercept, arms and centred baseline, shape (n_replicate, n_patient, n_column)."""
    dummies = (arm[:, None] == arms[1:]).astype(float)
    fixed = np.column_stack([np.ones(len(arm)), dummies])
    columns = [np.broadcast_to(fixed, (len(x), *fixed.shape))]
    if np.all(np.ptp(x, axis=1) > 0):  # a baseline without spread has no slope
        columns.append((x - x.mean(axis=1, keepdims=True))[..., None])
    return np.concatenate(columns, axis=-1)


def _patterns(y: Floats, design: Floats) -> list[_Pattern]:
    seen = np.isfinite(y)
    codes = seen @ (1 << np.arange(y.shape[-1]))
    filled = np.where(seen, y, 0.0)
    found = []
    for code in np.unique(codes):
        if code == 0:
            continue  # never seen after baseline: nothing to learn under missing at random
        mask = (code >> np.arange(y.shape[-1]) & 1).astype(bool)
        mine = (codes == code).astype(float)
        weighted = design * mine[..., None]
        own = filled * mine[..., None]
        found.append(
            _Pattern(
                seen=mask,
                zz=np.swapaxes(weighted, 1, 2) @ design,
                zy=np.swapaxes(weighted, 1, 2) @ filled,
                yy=np.swapaxes(own, 1, 2) @ filled,
                n=mine.sum(axis=1),
            )
        )
    return found


def _check_counts(
    y: Floats, arm: NDArray[np.generic], arms: NDArray[np.int64], n_column: int
) -> None:
    seen = np.isfinite(y)
    fewest = min(int(seen[:, arm == one].sum(axis=1).min()) for one in arms)
    total = int(seen.sum(axis=1).min())
    if fewest < 1 or total <= n_column:
        raise RangeError(
            f"fit_repeated_measures: a visit has {total} values, {fewest} in one of the arms; more "
            f"than {n_column} and one an arm are needed. Analyse earlier visits or larger arms."
        )


def _solve(covariance: Floats, patterns: list[_Pattern]) -> tuple[Floats, Floats]:
    """Return coefficients (n_replicate, n_visit, n_column) and their covariance."""
    n_replicate, n_visit = covariance.shape[:2]
    n_column = patterns[0].zz.shape[-1]
    size = n_visit * n_column
    information = np.zeros((n_replicate, size, size))
    right = np.zeros((n_replicate, n_visit, n_column))
    for one in patterns:
        weight = _inverse(covariance, one.seen)
        product = np.einsum("rst,rij->rsitj", weight, one.zz)
        information += product.reshape(n_replicate, size, size)
        right += np.einsum("rst,rit->rsi", weight, one.zy)
    errors = np.linalg.inv(information)
    found = np.einsum("rij,rj->ri", errors, right.reshape(n_replicate, size))
    return found.reshape(n_replicate, n_visit, n_column), errors


def _inverse(covariance: Floats, seen: NDArray[np.bool_]) -> Floats:
    """Return the inverse of the seen part, zeros elsewhere."""
    inverse = np.zeros_like(covariance)
    places = np.flatnonzero(seen)
    both = np.ix_(np.arange(len(covariance)), places, places)
    inverse[both] = np.linalg.inv(covariance[both])
    return inverse


def _iterate(y: Floats, patterns: list[_Pattern]) -> tuple[Floats, NDArray[np.bool_]]:
    n_visit = y.shape[-1]
    covariance = np.nanvar(y, axis=1)[..., None] * np.eye(n_visit)
    n = sum(one.n for one in patterns)
    change = np.full(len(y), np.inf)
    for _ in range(_MOST_ITERATIONS):
        updated = _expected(covariance, patterns) / np.asarray(n)[:, None, None]
        scale = np.abs(np.diagonal(updated, axis1=1, axis2=2)).max(axis=1)
        change = np.abs(updated - covariance).max(axis=(1, 2)) / scale
        covariance = updated
        if np.all(change < _TOLERANCE):
            break
    return covariance, change < _TOLERANCE


def _expected(covariance: Floats, patterns: list[_Pattern]) -> Floats:
    """Return the expected sum of squares of all residuals, seen or not."""
    coefficients, errors = _solve(covariance, patterns)
    n_replicate, n_visit, n_column = coefficients.shape
    blocks = errors.reshape(n_replicate, n_visit, n_column, n_visit, n_column)
    total = np.zeros_like(covariance)
    for one in patterns:
        mask = one.seen.astype(float)
        weight = _inverse(covariance, one.seen)
        predict = covariance @ weight  # seen residuals -> expected residuals at all visits
        own = coefficients * mask[:, None]
        cross = own @ one.zy
        residual = one.yy - cross - np.swapaxes(cross, 1, 2)
        residual += own @ one.zz @ np.swapaxes(own, 1, 2)
        unsure = np.einsum("rsitj,rij->rst", blocks, one.zz) * mask * mask[:, None]
        hidden = covariance - predict @ covariance
        total += predict @ (residual + unsure) @ np.swapaxes(predict, 1, 2)
        total += one.n[:, None, None] * hidden
    return total
