"""Multiple imputation: many values for one that is missing, under a stated assumption.

After a patient's last value the mean goes on as in the own arm (`MAR`, missing at random), jumps to
that of a reference arm (`J2R`), copies the reference from the start (`CR`), or runs parallel to it
(`CIR`). Estimates of the completed data sets are joined by Rubin's rules.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cohort.errors import RangeError, ShapeError
from cohort.inference.ancova import Contrasts, ancova, check_arms
from cohort.population.draws import normals

__all__ = ["ASSUMPTIONS", "TippingPoint", "draw_imputations", "rubin", "tipping_point"]

Floats = NDArray[np.float64]

ASSUMPTIONS: Final = ("MAR", "J2R", "CR", "CIR")
"""What the mean does after a patient's last value, by the name that protocols use."""

_FEWEST: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Steps:
    """One draw a data set of the regressions of each visit on arm, baseline and earlier visits.

    means (n_imputation, n_arm, 1 + n_visit); slopes, by visit (n_imputation, 1 + visit); spreads
    (n_visit, n_imputation). Column 0 is the baseline.
    """

    means: Floats
    slopes: tuple[Floats, ...]
    spreads: Floats


def draw_imputations(
    values: ArrayLike,
    baseline: ArrayLike,
    arm: ArrayLike,
    patient_ids: ArrayLike,
    *,
    assumption: str,
    reference: int,
    seed: int,
    n_imputation: int = 50,
    first: int = 0,
) -> Floats:
    r"""Return completed data sets.

    Parameters
    ----------
    values
        Scores or changes, shape ``(n_patient, n_visit)``, NaN where missing.
    baseline
        Shape ``(n_patient,)``, no gaps.
    arm
        Number of each patient's arm.
    patient_ids
        Whom the random numbers belong to, integers.
    assumption
        One of `ASSUMPTIONS`. Gaps before a patient's last value are filled by the path that leads
        to it.
    reference
        Number of the reference arm, as a rule the control.
    seed
        Seed of the draws.
    n_imputation
        Data sets.
    first
        Number of the first of them, so that many can be made in parts.

    Returns
    -------
    Values, shape ``(n_imputation, n_patient, n_visit)``; observed ones untouched.

    Raises
    ------
    RangeError
        If a visit has too few values for its regression.

    Notes
    -----
    Visits are normal given arm, baseline and earlier visits, with slopes and variances shared by
    the arms. Each data set draws :math:`\sigma^2 = RSS / \chi^2`, then the coefficients, then

    .. math:: y_t = \mu^*_t + c_t (y_{<t} - \mu^*_{<t}) + \sigma_t z

    where :math:`\mu^*` is the mean path of the assumption. The regression of a visit uses patients
    without an earlier gap.

    References
    ----------
    Carpenter JR, Roger JH, Kenward MG, J Biopharm Stat 2013;23:1352.

    Examples
    --------
    >>> scores = np.random.default_rng(1).normal(size=(40, 2))
    >>> scores[:5, 1] = np.nan
    >>> filled = draw_imputations(
    ...     scores, np.zeros(40), np.arange(40) % 2, np.arange(40),
    ...     assumption="J2R", reference=0, seed=7, n_imputation=3,
    ... )
    >>> filled.shape, bool(np.isfinite(filled).all())
    ((3, 40, 2), True)
    """
    y, x = np.asarray(values, dtype=float), np.asarray(baseline, dtype=float)
    numbers, ids = np.asarray(arm), np.asarray(patient_ids)
    _check(y, x, ids, assumption, n_imputation)
    arms = check_arms(numbers, reference, len(y))
    rising = np.sort(arms)
    place = np.searchsorted(rising, numbers)
    draw = np.arange(first, first + n_imputation)[:, None]
    steps = _draw_steps(y, x, place, len(arms), seed, draw)
    paths = _paths(y, place, int(np.searchsorted(rising, reference)), assumption, steps)
    filled = np.empty((n_imputation, len(y), y.shape[1] + 1))
    filled[..., 0] = x
    for visit in range(y.shape[1]):
        filled[..., visit + 1] = y[:, visit]
        for number in arms:
            gap = np.flatnonzero(np.isnan(y[:, visit]) & (numbers == number))
            if not len(gap):
                continue
            off = filled[:, gap, : visit + 1] - paths[:, gap, : visit + 1]
            mean = paths[:, gap, visit + 1] + np.einsum("mnk,mk->mn", off, steps.slopes[visit])
            noise = normals(seed, ids[gap], f"imputation: arm {number}, visit {visit}", draw)
            filled[:, gap, visit + 1] = mean + steps.spreads[visit][:, None] * noise
    return filled[..., 1:]


def _check(y: Floats, x: Floats, ids: NDArray[np.generic], assumption: str, n: int) -> None:
    if y.ndim != 2 or x.shape != y.shape[:1] or ids.shape != x.shape:  # noqa: PLR2004
        raise ShapeError(
            f"draw_imputations: values {y.shape}, baseline {x.shape}, ids {ids.shape}; "
            "(n_patient, n_visit) and twice (n_patient,) are allowed. Impute one trial at a time."
        )
    if assumption not in ASSUMPTIONS or n < _FEWEST or not np.all(np.isfinite(x)):
        raise RangeError(
            f"draw_imputations: assumption {assumption!r}, {n} imputations, "
            f"{int(np.sum(~np.isfinite(x)))} missing baselines; one of {', '.join(ASSUMPTIONS)}, "
            "at least 2 imputations and no missing baseline are allowed. Leave out patients "
            "without baseline."
        )


def _draw_steps(
    y: Floats,
    x: Floats,
    place: NDArray[np.int64],
    n_arm: int,
    seed: int,
    draw: NDArray[np.int64],
) -> _Steps:
    n_visit, n_imputation = y.shape[1], len(draw)
    dummies = (place[:, None] == np.arange(n_arm)).astype(float)
    centre = x.mean()
    means = np.full((n_imputation, n_arm, n_visit + 1), centre)
    slopes, spreads = [], np.empty((n_visit, n_imputation))
    history = np.column_stack([x, y])
    for visit in range(n_visit):
        # without a spread the baseline is the same as the arms' intercepts, and has no slope
        is_flat = np.ptp(x) == 0
        rows = np.isfinite(history[:, : visit + 2]).all(axis=1)
        design = np.column_stack([dummies, history[:, int(is_flat) : visit + 1]])[rows]
        n_column = design.shape[1]
        freedom = len(design) - n_column
        if freedom < 1 or np.any(design[:, :n_arm].sum(axis=0) < 1):
            raise RangeError(
                f"draw_imputations: {len(design)} patients of {n_arm} arms have all values up to "
                f"visit {visit + 1} after baseline; more than {n_column} and one an arm are "
                "needed. Analyse earlier visits or larger arms."
            )
        factor = np.linalg.cholesky(design.T @ design)
        target = history[rows, visit + 1]
        found = np.linalg.solve(factor.T, np.linalg.solve(factor, design.T @ target))
        residual = target - design @ found
        chi = normals(seed, np.arange(freedom), f"imputation: variance, visit {visit}", draw)
        spread = np.sqrt(residual @ residual / np.sum(chi * chi, axis=1))
        z = normals(seed, np.arange(n_column), f"imputation: coefficients, visit {visit}", draw)
        drawn = found + spread[:, None] * np.linalg.solve(factor.T, z.T).T
        own = drawn[:, n_arm:]
        if is_flat:
            own = np.column_stack([np.zeros(n_imputation), own])
        slopes.append(own)
        spreads[visit] = spread
        means[..., visit + 1] = drawn[:, :n_arm] + np.einsum(
            "mak,mk->ma", means[..., : visit + 1], own
        )
    return _Steps(means=means, slopes=tuple(slopes), spreads=spreads)


def _paths(
    y: Floats, place: NDArray[np.int64], reference: int, assumption: str, steps: _Steps
) -> Floats:
    """Return each patient's mean path, shape (n_imputation, n_patient, 1 + n_visit)."""
    own = steps.means[:, place]
    if assumption == "MAR":
        return own
    copied = np.broadcast_to(steps.means[:, reference][:, None], own.shape)
    n_visit = y.shape[1]
    seen = np.where(np.isfinite(y), np.arange(1, n_visit + 1), 0)
    last = seen.max(axis=1, initial=0)
    after = np.arange(n_visit + 1) > last[:, None]
    if assumption == "CR":
        return np.where((last < n_visit)[:, None], copied, own)
    if assumption == "J2R":
        return np.where(after, copied, own)
    at_last = last[None, :, None]
    lead = np.take_along_axis(own - copied, np.broadcast_to(at_last, (*own.shape[:2], 1)), axis=2)
    return np.where(after, copied + lead, own)


def rubin(estimates: ArrayLike, errors: ArrayLike, freedom: ArrayLike) -> tuple[Floats, ...]:
    r"""Join the estimates of completed data sets.

    Parameters
    ----------
    estimates, errors
        Estimate and standard error of each data set, any unit, shape ``(n_imputation, ...)``.
    freedom
        Degrees of freedom that complete data would have [1], broadcast to ``(...)``.

    Returns
    -------
    Estimate, standard error and degrees of freedom, each ``(...)``.

    Notes
    -----
    Variance :math:`T = W + (1 + 1/m) B`; degrees of freedom
    :math:`1 / (1 / \nu_m + 1 / \nu_o)` with :math:`\nu_m = (m - 1) / \lambda^2`,
    :math:`\nu_o = (\nu + 1) / (\nu + 3)\, \nu (1 - \lambda)` and
    :math:`\lambda = (1 + 1/m) B / T`.

    References
    ----------
    Rubin DB, Multiple Imputation for Nonresponse in Surveys 1987. Barnard J, Rubin DB, Biometrika
    1999;86:948.

    Examples
    --------
    >>> [float(part.round(4)) for part in rubin([1.0, 2.0, 3.0], [1.0, 1.0, 1.0], 50.0)]
    [2.0, 1.5275, 4.7223]
    """
    q, se = np.asarray(estimates, dtype=float), np.asarray(errors, dtype=float)
    m = len(q)
    if m < _FEWEST or se.shape != q.shape:
        raise ShapeError(
            f"rubin: estimates of shape {q.shape}, errors of shape {se.shape}; equal shapes with "
            "at least 2 imputations first are allowed. Impute more often."
        )
    within, between = np.mean(se * se, axis=0), np.var(q, axis=0, ddof=1)
    total = within + (1 + 1 / m) * between
    complete = np.asarray(freedom, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(total > 0, (1 + 1 / m) * between / total, 0.0)
        of_draws = (m - 1) / (share * share)
        of_data = (complete + 1) / (complete + 3) * complete * (1 - share)
        joined = 1 / (1 / of_draws + 1 / of_data)
    return q.mean(axis=0), np.sqrt(total), joined


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TippingPoint:
    """How much worse unseen values must be before a finding is lost.

    Parameters
    ----------
    deltas
        What was added to the imputed values of the arm [points], shape ``(n_delta,)``.
    estimate, p
        Difference [points] and p value [1] at each, same shape.
    tips_at
        First of them at which the p value is above the level [points]; None if none is.

    Examples
    --------
    >>> sorted(TippingPoint.__dataclass_fields__)
    ['deltas', 'estimate', 'p', 'tips_at']
    """

    deltas: Floats
    estimate: Floats
    p: Floats
    tips_at: float | None


def tipping_point(
    completed: ArrayLike,
    is_imputed: ArrayLike,
    baseline: ArrayLike,
    arm: ArrayLike,
    *,
    active: int,
    control: int,
    deltas: ArrayLike,
    alpha: float = 0.05,
) -> TippingPoint:
    """Return the result as imputed values of one arm are made worse.

    Parameters
    ----------
    completed
        Values at one visit, shape ``(n_imputation, n_patient)``.
    is_imputed
        Whether a patient's value there was imputed, shape ``(n_patient,)``.
    baseline, arm
        As in `ancova`.
    active, control
        Numbers of the two arms.
    deltas
        Shifts in their order [points], positive is worse on rating scales, shape ``(n_delta,)``.
    alpha
        Level of the finding [1].

    Returns
    -------
    Estimates and p values; every other arm stays as it was imputed.

    Examples
    --------
    >>> rng = np.random.default_rng(2)
    >>> arm = np.arange(60) % 2
    >>> values = rng.normal(size=(5, 60)) - arm
    >>> gone = np.arange(60) < 20
    >>> tipping_point(
    ...     values, gone, np.zeros(60), arm, active=1, control=0, deltas=[0.0, 2.0, 4.0]
    ... ).tips_at
    2.0
    """
    y, shifts = np.asarray(completed, dtype=float), np.asarray(deltas, dtype=float)
    moved = np.asarray(is_imputed, dtype=bool) & (np.asarray(arm) == active)
    estimates, p_values = np.empty(len(shifts)), np.empty(len(shifts))
    for place, delta in enumerate(shifts):
        each = ancova(y + delta * moved, baseline, arm, control)
        column = int(np.flatnonzero(each.arms == active)[0])
        joined = _joined(each, column)
        estimates[place], p_values[place] = joined.estimate[0], joined.p[0]
    lost = np.flatnonzero(p_values > alpha)
    return TippingPoint(
        deltas=shifts,
        estimate=estimates,
        p=p_values,
        tips_at=float(shifts[lost[0]]) if len(lost) else None,
    )


def _joined(each: Contrasts, column: int) -> Contrasts:
    one = slice(column, column + 1)
    estimate, error, freedom = rubin(
        each.estimate[:, one], each.standard_error[:, one], each.freedom[0, one]
    )
    return Contrasts(
        arms=each.arms[one],
        estimate=estimate,
        standard_error=error,
        freedom=freedom,
        n_arm=each.n_arm[0, one],
        n_control=each.n_control[0, one],
    )
