r"""How far contrasts stand from a link beyond their sampling errors: between drugs, and the rest.

The benefit of drug *d* is that of the link times :math:`1 + u_d`, with :math:`u_d` normal of mean 0
and SD ``drug_sd``: what the mechanisms of the link do not say of a drug. It is a factor, not an
addition in SDs, because it belongs to the drug: it is there at every dose, grows with the benefit
from the first day, and is nothing where the drug does nothing. Whatever is left over is an
addition to each contrast by itself, its SD the ``heterogeneity`` [measure].
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq, minimize, minimize_scalar

from cohort.replicate import residual_of
from pipelines.calibration_contrasts import Contrast, contrast_covariance

__all__ = [
    "FEWEST_DRUGS",
    "Evidence",
    "Spread",
    "count_drugs",
    "estimate_spread",
    "spread_covariance",
]

Floats = NDArray[np.float64]

FEWEST_DRUGS: Final = 6
"""Drugs from which an SD between them is estimated: with n of them it is known to a share of
1 / sqrt(2 (n - 1)), a third."""

_LARGEST_DRUG_SD: Final = 5.0
_CRITICAL: Final = 3.841458820694124  # 95 % quantile of chi-squared with one degree of freedom
_TRIED: Final = (0.1, 0.5)  # starts, of the SD between drugs and as shares of the mean benefit
_STEP: Final = 0.02  # of an SD, for the curvature of the profile
_AT_ZERO: Final = 1e-4


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Hold how contrasts stand about a link.

    Parameters
    ----------
    drug_sd
        SD between drugs of the benefit over that of the link [1].
    heterogeneity
        SD of each contrast by itself beyond sampling error and drug [measure].
    se
        Standard error of ``drug_sd``; None if it was given, or is 0.
    interval
        Its 95 % interval by profile likelihood; None if it was given.

    Examples
    --------
    >>> Spread(drug_sd=0.3, heterogeneity=0.0).interval is None
    True
    """

    drug_sd: float
    heterogeneity: float
    se: float | None = None
    interval: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evidence:
    """Hold contrasts beside a model that is linear near its fit.

    Parameters
    ----------
    rows
        The contrasts.
    benefit
        What the model says of them at its fit, shape ``(n_row,)``.
    design
        What each fitted number adds to them, shape ``(n_row, n_parameter)``.
    at
        Numbers of the fit, shape ``(n_parameter,)``.
    prior, spread
        Mean and SD of the numbers' priors, same shape; an infinite SD is no prior.

    Examples
    --------
    >>> Evidence.__slots__[1]
    'benefit'
    """

    rows: Sequence[Contrast]
    benefit: Floats
    design: Floats
    at: Floats
    prior: Floats
    spread: Floats


def count_drugs(rows: Sequence[Contrast]) -> int:
    """Return how many drugs contrasts are of; products of one compound are one.

    Examples
    --------
    >>> from pipelines.calibration_contrasts import plan_contrasts
    >>> from pipelines.calibration_plan import load_plan
    >>> count_drugs(plan_contrasts(load_plan("parkinsons_disease_advanced")))
    2
    """
    return len({residual_of(row.drug) for row in rows})


def spread_covariance(rows: Sequence[Contrast], benefit: Floats, spread: Spread) -> Floats:
    r"""Return the covariance of contrasts about a link.

    Parameters
    ----------
    rows
        The contrasts.
    benefit
        What the link says of them.
    spread
        How they stand about it.

    Returns
    -------
    :math:`S + \tau^2 I + \sigma^2 m_i m_j` for rows *i*, *j* of one drug, shape ``(n_row, n_row)``.

    Examples
    --------
    >>> from pipelines.calibration_contrasts import plan_contrasts
    >>> from pipelines.calibration_plan import load_plan
    >>> rows = plan_contrasts(load_plan("major_depression"))[:2]  # escitalopram twice
    >>> whole = spread_covariance(rows, np.array([-0.1, -0.2]), Spread(drug_sd=1, heterogeneity=0))
    >>> round(float(whole[0, 1]), 3)
    0.02
    """
    names = np.array([residual_of(row.drug) for row in rows])
    shared = np.outer(benefit, benefit) * (names[:, None] == names[None, :])
    whole: Floats = contrast_covariance(rows, spread.heterogeneity) + spread.drug_sd**2 * shared
    return whole


def estimate_spread(
    evidence: Evidence,
    drug_sd: float | None = None,
    *,
    near: Spread | None = None,
    with_interval: bool = False,
) -> Spread:
    r"""Return the spread under which contrasts are most likely, whatever the fitted numbers are.

    Parameters
    ----------
    evidence
        Contrasts, and a model of them.
    drug_sd
        SD between drugs that is taken as known; estimated if None. It is 0 where the model says
        nothing of any drug.
    near
        Where to look first, and alone; from several places if None.
    with_interval
        Whether its standard error and interval are wanted.

    Returns
    -------
    The spread.

    Notes
    -----
    Maximum of the marginal likelihood: the numbers *b*, with design *X*, are integrated out under
    their normal priors of precision *K*. With *V* the covariance of `spread_covariance`, the
    benefits held at the fit, minus twice its logarithm is

    .. math:: \ln|V| + \ln|X^TV^{-1}X + K| + \min_b [(y-Xb)^TV^{-1}(y-Xb) + (b-b_0)^TK(b-b_0)]

    Without priors, *K* = 0, it is restricted maximum likelihood (REML). Signs to which the numbers
    are held are not part of it. The interval is where the profile is above its minimum by less
    than the 95 % quantile of chi-squared with one degree of freedom; the standard error is from
    its curvature.

    References
    ----------
    Harville 1974, Biometrika 61:383 (REML as a marginal likelihood). Viechtbauer 2007, Stat Med
    26:37 (profile intervals of a variance between trials).

    Examples
    --------
    >>> from dataclasses import replace
    >>> from pipelines.calibration_contrasts import plan_contrasts
    >>> from pipelines.calibration_plan import load_plan
    >>> rows = plan_contrasts(load_plan("major_depression"))[:37]
    >>> far = [replace(row, value=-0.1 - 0.3 * (row.drug == "duloxetine")) for row in rows]
    >>> one = np.ones(37)
    >>> mean = Evidence(
    ...     rows=far, benefit=-0.2 * one, design=one[:, None], at=np.array([-0.2]),
    ...     prior=np.zeros(1), spread=np.array([np.inf]),
    ... )
    >>> estimate_spread(mean).drug_sd > 0.1
    True
    """
    size = float(np.abs(evidence.benefit).mean())
    if not size:  # nothing to be a share of
        size, drug_sd = float(np.mean([row.se for row in evidence.rows])), 0.0
    widest = 10.0 * float(np.abs([row.value for row in evidence.rows]).max() + size)
    likelihood = _Likelihood(evidence)

    def profile(known: float) -> tuple[float, float]:
        """Return the smallest deviance with this SD between drugs, and where it is."""
        tried = [
            minimize_scalar(
                lambda other: likelihood(known, other),
                bounds=(0.0, widest * share),
                method="bounded",
                options={"xatol": _AT_ZERO * size},
            )
            for share in (1.0, 0.05)
        ]
        best = min(tried, key=lambda found: float(found.fun))
        here, value = float(best.x), float(best.fun)
        at_zero = likelihood(known, 0.0)
        return (at_zero, 0.0) if at_zero <= value else (value, here)

    if drug_sd is not None:
        return Spread(drug_sd=drug_sd, heterogeneity=profile(drug_sd)[1])
    starts = [(first, second) for first in _TRIED for second in _TRIED]
    if near is not None:  # the slope of an SD is 0 at 0: start beside it
        starts = [(near.drug_sd + _STEP, near.heterogeneity / size + _STEP)]
    found = min(
        (
            minimize(
                lambda both: likelihood(both[0], both[1] * size),
                start,
                method="L-BFGS-B",
                bounds=((0.0, _LARGEST_DRUG_SD), (0.0, widest / size)),
            )
            for start in starts
        ),
        key=lambda answer: float(answer.fun),
    )
    best, heterogeneity = float(found.x[0]), float(found.x[1] * size)
    best = 0.0 if best < _AT_ZERO else best
    heterogeneity = 0.0 if heterogeneity < _AT_ZERO * size else heterogeneity
    spread = Spread(drug_sd=best, heterogeneity=heterogeneity)
    if not with_interval:
        return spread
    lowest = likelihood(best, heterogeneity)

    def above(known: float) -> float:
        return profile(known)[0] - lowest - _CRITICAL

    low = float(brentq(above, 0.0, best, xtol=_AT_ZERO)) if best > 0.0 and above(0.0) > 0.0 else 0.0
    is_open = above(_LARGEST_DRUG_SD) <= 0.0
    high = (
        _LARGEST_DRUG_SD if is_open else float(brentq(above, best, _LARGEST_DRUG_SD, xtol=_AT_ZERO))
    )
    return Spread(
        drug_sd=best,
        heterogeneity=heterogeneity,
        se=_standard_error(lambda known: profile(known)[0], best),
        interval=(low, high),
    )


def _standard_error(profile: Callable[[float], float], best: float) -> float | None:
    """Return the standard error of an SD from the curvature of its deviance; None at 0."""
    step = _STEP * best
    if best <= step:
        return None
    bend = (profile(best + step) - 2.0 * profile(best) + profile(best - step)) / step**2
    return float(np.sqrt(2.0 / bend)) if bend > 0.0 else None


class _Likelihood:
    """Minus twice the logarithm of the marginal likelihood, but for a constant."""

    def __init__(self, evidence: Evidence) -> None:
        rows, benefit = evidence.rows, evidence.benefit
        self._design, self._prior = evidence.design, evidence.prior
        self._precision = np.diag(evidence.spread**-2.0)
        # what the numbers have to explain, were the model linear from 0 on
        values = np.array([row.value for row in rows])
        self._values = values - benefit + self._design @ evidence.at
        self._sampling = contrast_covariance(rows)
        one = Spread(drug_sd=1.0, heterogeneity=0.0)
        self._shared = spread_covariance(rows, benefit, one) - self._sampling
        self._own = np.eye(len(rows))

    def __call__(self, drug_sd: float, heterogeneity: float) -> float:
        whole = self._sampling + drug_sd**2 * self._shared + heterogeneity**2 * self._own
        root = np.linalg.cholesky(whole)
        design = np.linalg.solve(root, self._design)
        values = np.linalg.solve(root, self._values)
        information = design.T @ design + self._precision
        fitted = np.linalg.solve(information, design.T @ values + self._precision @ self._prior)
        misfit, off = values - design @ fitted, fitted - self._prior
        return float(
            2.0 * np.log(np.diag(root)).sum()
            + np.linalg.slogdet(information)[1]
            + misfit @ misfit
            + off @ self._precision @ off
        )
