"""Fit the weights of a link to published contrasts: `cohort calibrate`.

1. contrasts of the plan: pools without the trials they contain, and the trials
   (`pipelines.calibration_contrasts`)
2. daily readings of the same people in every arm, simulated once (`pipelines.calibration_pools`)
3. the outcome layer on them gives the contrasts for any weights (`pipelines.calibration_model`),
   expanded to second order about the current ones until the fit no longer moves
4. weights by SciPy's trust-region least squares within their signs, residuals whitened by the
   covariance of the contrasts, priors as further residuals: the mode of the posterior
5. spread beyond sampling error, between drugs and of each contrast, by maximum marginal likelihood
   (`pipelines.calibration_spread`); weights again with the covariance that results; covariance of
   the weights by Laplace

May import SciPy, `cohort` and the rest of `pipelines`.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from scipy.optimize import least_squares

from cohort.calibration import FittedLink, load_fitted
from cohort.trial.quantities import write_span
from pipelines.calibration_contrasts import Contrast, contrast_covariance, plan_contrasts
from pipelines.calibration_model import ContrastModel, Expansion, Predict
from pipelines.calibration_plan import CalibrationPlan
from pipelines.calibration_pools import Pools, simulate_pools
from pipelines.calibration_spread import (
    FEWEST_DRUGS,
    Evidence,
    Spread,
    count_drugs,
    estimate_spread,
    spread_covariance,
)
from pipelines.errors import InputError

__all__ = [
    "LENDER",
    "Fit",
    "chosen_rows",
    "fit",
    "fit_contrasts",
    "fit_table",
    "fitted_text",
    "refuse_too_many",
    "write_fit",
]

Floats = NDArray[np.float64]

LENDER: Final = "major_depression"
"""Fit from which plans of few drugs borrow the SD between drugs: the only one of many drugs."""

_STEP: Final = 1e-3  # of a prior SD; contrasts are smooth in the weights
_INSIDE: Final = 1e-6  # of a prior SD: SciPy starts within the bounds
_ROUNDS: Final = 30
_NEAR: Final = 0.05  # of a standard error, between a fit and the point it was expanded about
_SETTLED: Final = 1e-3  # of a prior SD, and of the smallest standard error


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fit:
    """Hold a fit and how well its weights are known.

    Parameters
    ----------
    link
        Weights, covariance, fit statistics: what is written.
    rows, predicted
        Contrasts that were fitted, and what the fit says of them.
    judged, forecast
        Contrasts of the plan that were left out, and what the fit says of them.
    numbers, errors
        What was fitted, the weights or their common factor, and standard errors, shape
        ``(n_parameter,)``.
    correlation
        Of these, shape ``(n_parameter, n_parameter)``.
    condition_number
        Of the Hessian of the posterior in units of the prior SD [1].
    shrinkage
        1 - (SE / prior SD)^2: how much of each prior's variance the data removed [1].
    without_prior
        Condition number of the data's own information, in the same units [1].
    expansion
        Of every contrast of the plan about the fit: `fit` takes it to refit in no time.

    Examples
    --------
    >>> Fit.__slots__[0]
    'link'
    """

    link: FittedLink
    rows: tuple[Contrast, ...]
    predicted: Floats
    judged: tuple[Contrast, ...]
    forecast: Floats
    numbers: Floats
    errors: Floats
    correlation: Floats
    condition_number: float
    shrinkage: Floats
    without_prior: float
    expansion: Expansion | None = None

    def draws(self, n: int, seed: int) -> dict[str, Floats]:
        """Return draws of the weights; see `cohort.calibration.FittedLink.draws`.

        Examples
        --------
        >>> Fit.draws.__name__
        'draws'
        """
        return self.link.draws(n, seed)


def chosen_rows(
    rows: Sequence[Contrast],
    leave_out_trials: Sequence[str] = (),
    leave_out_drugs: Sequence[str] = (),
) -> tuple[tuple[Contrast, ...], tuple[Contrast, ...]]:
    """Return the contrasts that are fitted, and those that are left out.

    Parameters
    ----------
    rows
        Contrasts of a plan.
    leave_out_trials, leave_out_drugs
        Names; every contrast of them is left out.

    Returns
    -------
    Fitted and left out.

    Raises
    ------
    InputError
        If nothing of that name is there.

    Examples
    --------
    >>> from pipelines.calibration_plan import load_plan
    >>> rows = plan_contrasts(load_plan("major_depression"))
    >>> [len(part) for part in chosen_rows(rows, ["burke_2002"])]
    [57, 3]
    """
    for kind, names, known in (
        ("trial", leave_out_trials, {row.trial for row in rows}),
        ("drug", leave_out_drugs, {row.drug for row in rows}),
    ):
        for name in names:
            if name not in known:
                raise InputError(
                    f"{kind} '{name}' to leave out: the plan has no contrast of it; "
                    f"{', '.join(sorted(known))} are there. Use one of them."
                )
    inside = [row.trial not in leave_out_trials and row.drug not in leave_out_drugs for row in rows]
    fitted = tuple(row for row, is_in in zip(rows, inside, strict=True) if is_in)
    return fitted, tuple(row for row, is_in in zip(rows, inside, strict=True) if not is_in)


def fit(
    plan: CalibrationPlan,
    *,
    leave_out_trials: Sequence[str] | None = None,
    leave_out_drugs: Sequence[str] = (),
    pools: Pools | None = None,
    expansion: Expansion | None = None,
    workers: int = 1,
    device: str = "auto",
    cache_folder: Path | None = None,
) -> Fit:
    """Fit a plan.

    Parameters
    ----------
    plan
        What is fitted on what.
    leave_out_trials
        Trials that are judged instead; those that the plan holds out if None.
    leave_out_drugs
        Drugs that are judged instead.
    pools
        Readings that were simulated before; simulated now if None.
    expansion
        Of every contrast of the plan, from an earlier `Fit`: refits with other trials or drugs left
        out take a second.
    workers, device, cache_folder
        As in `simulate_pools`.

    Returns
    -------
    The fit.

    Raises
    ------
    InputError
        If the fitted numbers are more than a fifth of the contrasts.

    Examples
    --------
    >>> from pipelines.calibration_plan import load_plan
    >>> fit(load_plan("major_depression"), leave_out_drugs=["sertralin"])
    Traceback (most recent call last):
    ...
    pipelines.errors.InputError: drug 'sertralin' to leave out: the plan has no contrast of it; ...
    """
    rows = plan_contrasts(plan)
    held_out = plan.held_out if leave_out_trials is None else tuple(leave_out_trials)
    inside, outside = chosen_rows(rows, held_out, leave_out_drugs)
    refuse_too_many(plan, len(inside))
    place = {row: index for index, row in enumerate(rows)}
    fitted = np.array([place[row] for row in inside])

    def at_mode(model: Expansion) -> Fit:
        return fit_contrasts(plan, inside, lambda numbers: model(numbers)[fitted])

    if expansion is not None:
        found = at_mode(expansion)
        whole = expansion(found.numbers)
    else:
        if pools is None:
            pools = simulate_pools(
                plan, rows, workers=workers, device=device, cache_folder=cache_folder
            )
        exact = ContrastModel(plan, rows, pools)
        basis = plan.basis
        expansion, found = _expand_until_settled(
            lambda numbers: exact(basis @ numbers), at_mode, plan.prior[0]
        )
        whole = exact(basis @ found.numbers)
    link = found.link.model_copy(
        update={"held_out": held_out, "left_out_drugs": tuple(leave_out_drugs)}
    )
    forecast = whole[[place[row] for row in outside]] if outside else np.zeros(0)
    return replace(
        found,
        link=link,
        predicted=whole[fitted],
        judged=outside,
        forecast=forecast,
        expansion=expansion,
    )


def _expand_until_settled(
    model: Predict, at_mode: Callable[[Expansion], Fit], start: Floats
) -> tuple[Expansion, Fit]:
    """Return the fit on the expansion about itself."""
    at = start
    for _ in range(_ROUNDS):
        expansion = Expansion(model, at)
        found = at_mode(expansion)
        off = np.abs(found.numbers - at) / found.errors
        at = found.numbers
        if (off < _NEAR).all():
            break
    return expansion, found


def refuse_too_many(plan: CalibrationPlan, n_row: int) -> None:
    """Refuse to fit more numbers than a fifth of the contrasts.

    Parameters
    ----------
    plan
        The plan.
    n_row
        Contrasts that are fitted.

    Raises
    ------
    InputError
        If there are too many.

    Examples
    --------
    >>> from pipelines.calibration_plan import load_plan
    >>> refuse_too_many(load_plan("major_depression"), 20)
    """
    if plan.n_parameter > plan.most_parameters(n_row):
        raise InputError(
            f"plan {plan.name}: {plan.n_parameter} fitted numbers for {n_row} contrasts; at most a "
            f"fifth of the contrasts, {plan.most_parameters(n_row)}, is allowed. Fit fewer, or add "
            "contrasts."
        )


def fit_contrasts(plan: CalibrationPlan, rows: Sequence[Contrast], predict: Predict) -> Fit:
    r"""Fit weights to contrasts that a function predicts.

    Parameters
    ----------
    plan
        Weights and their priors.
    rows
        Published contrasts.
    predict
        Contrasts for given numbers: weights, or their common factor.

    Returns
    -------
    The fit, without contrasts to judge.

    Notes
    -----
    With *V* the covariance of `pipelines.calibration_spread.spread_covariance`, in which contrasts
    of one drug share its residual, the residuals are :math:`L^{-1}(m(w) - y)` with
    :math:`LL^T = V`, and :math:`(w - w_0)/s_0`. *V* and the mode are found in turns, *V* at the
    benefits of the mode before. Covariance :math:`(J^TJ)^{-1}`. Contrasts of fewer than
    `pipelines.calibration_spread.FEWEST_DRUGS` drugs say too little of the SD between drugs: it is
    that of the packaged fit `LENDER`, and the file says so. Of one drug alone, link and residual
    say the same: the weight is then that of the drug, and the residual is left to other drugs.

    Examples
    --------
    >>> from pipelines.calibration_plan import load_plan
    >>> plan = load_plan("major_depression")
    >>> rows = plan_contrasts(plan)[:37]
    >>> flat = fit_contrasts(plan, rows, lambda weights: np.zeros(37) + 0.0 * weights.sum())
    >>> [round(weight, 6) for weight in flat.link.weights.values()]  # the data say nothing
    [0.3, 0.3, 0.2, 0.2]
    """
    (prior, spread), signs = plan.prior, plan.signs
    published = np.array([row.value for row in rows])
    smallest = min(row.se for row in rows)
    n_drug = count_drugs(rows)
    lender = LENDER if n_drug < FEWEST_DRUGS and plan.name != LENDER else ""
    borrowed = load_fitted(lender).drug_sd if lender else None
    in_fit = 0.0 if n_drug == 1 else borrowed
    numbers, about = prior.copy(), predict(prior)
    found: Spread | None = None
    for _ in range(_ROUNDS):
        here = found or Spread(drug_sd=0.0, heterogeneity=0.0)
        root = np.asarray(np.linalg.cholesky(spread_covariance(rows, about, here)))
        answer = _mode(predict, published, root, prior, spread, signs, numbers)
        moved = np.abs((answer.x - numbers) / spread).max()
        numbers, about = answer.x, answer.predicted
        evidence = Evidence(
            rows=rows,
            benefit=about,
            design=root @ answer.jacobian[: len(rows)],
            at=numbers,
            prior=prior,
            spread=spread,
        )
        found = estimate_spread(evidence, in_fit, near=found)
        if (
            moved < _SETTLED
            and abs(found.heterogeneity - here.heterogeneity) < _SETTLED * smallest
            and abs(found.drug_sd - here.drug_sd) < _SETTLED
        ):
            break
    assert found is not None
    found = estimate_spread(evidence, in_fit, near=found, with_interval=True)
    own = answer.jacobian[: len(rows)] * spread
    whole = answer.jacobian * spread
    own_covariance = np.linalg.inv(answer.jacobian.T @ answer.jacobian)
    errors = np.sqrt(np.diag(own_covariance))
    covariance = plan.basis @ own_covariance @ plan.basis.T
    link = FittedLink(
        name=plan.name,
        condition=plan.condition,
        weights=dict(zip(plan.weights, (plan.basis @ numbers).tolist(), strict=True)),
        covariance=tuple(map(tuple, (0.5 * (covariance + covariance.T)).tolist())),
        chi2=_chi2(answer.predicted - published, rows),
        n_row=len(rows),
        heterogeneity=found.heterogeneity,
        trial_sd=found.heterogeneity / abs(float(about.mean())) if about.any() else 0.0,
        drug_sd=found.drug_sd if borrowed is None else borrowed,
        drug_sd_se=found.se,
        drug_sd_interval=found.interval,
        drug_sd_from=lender,
        n_drug=n_drug,
        seed=plan.seed,
        patients=plan.patients,
        rows=tuple(f"{row.trial}: {row.label}, {write_span(row.at)}" for row in rows),
        versions={name: version(name) for name in ("neurocohort", "numpy", "scipy")},
    )
    return Fit(
        link=link,
        rows=tuple(rows),
        predicted=answer.predicted,
        judged=(),
        forecast=np.zeros(0),
        numbers=numbers,
        errors=errors,
        correlation=own_covariance / np.outer(errors, errors),
        condition_number=float(np.linalg.cond(whole.T @ whole)),
        shrinkage=1.0 - (errors / spread) ** 2,
        without_prior=float(np.linalg.cond(own.T @ own)),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Mode:
    x: Floats
    jacobian: Floats
    predicted: Floats


def _mode(
    predict: Predict,
    published: Floats,
    root: Floats,
    prior: Floats,
    spread: Floats,
    signs: Floats,
    start: Floats,
) -> _Mode:
    def residuals(weights: Floats) -> Floats:
        own = solve_triangular(root, predict(weights) - published, lower=True)
        return np.concatenate([own, (weights - prior) / spread])

    def jacobian(weights: Floats) -> Floats:
        # SciPy's own step is relative to the weight, and none where a weight ends at 0
        here = residuals(weights)
        steps = _STEP * spread * signs
        columns = [
            (residuals(weights + shift) - here) / step
            for shift, step in zip(np.diag(steps), steps, strict=True)
        ]
        return np.array(columns).T

    low = np.where(signs > 0, 0.0, -np.inf)
    high = np.where(signs > 0, np.inf, 0.0)
    found = least_squares(
        residuals,
        np.clip(start, low + _INSIDE * spread, high - _INSIDE * spread),
        jac=jacobian,
        bounds=(low, high),
        x_scale=spread,
        xtol=_SETTLED * _SETTLED,
        ftol=_SETTLED * _SETTLED,
    )
    return _Mode(found.x, jacobian(found.x), predict(found.x))


def _chi2(misfit: Floats, rows: Sequence[Contrast]) -> float:
    return float(misfit @ np.linalg.solve(contrast_covariance(rows), misfit))


def fit_table(found: Fit) -> list[Mapping[str, object]]:
    """Return published and modelled contrasts, fitted ones first.

    Parameters
    ----------
    found
        The fit.

    Returns
    -------
    One record a contrast.

    Examples
    --------
    >>> fit_table.__name__
    'fit_table'
    """
    table: list[Mapping[str, object]] = []
    for rows, values, is_fitted in (
        (found.rows, found.predicted, True),
        (found.judged, found.forecast, False),
    ):
        for row, value in zip(rows, values.tolist(), strict=True):
            table.append(
                {
                    "trial": row.trial,
                    "treatment": row.label,
                    "at": write_span(row.at),
                    "measure": row.measure,
                    "published": row.value,
                    "standard_error": row.se,
                    "model": value,
                    "residual": value - row.value,
                    "is_fitted": is_fitted,
                }
            )
    return table


def write_fit(found: Fit, folder: Path) -> tuple[Path, Path]:
    """Write what a condition reads, and the table of contrasts.

    Parameters
    ----------
    found
        The fit.
    folder
        Where to write; made if it is not there.

    Returns
    -------
    Paths of ``fitted.yaml`` and ``contrasts.parquet``.

    Raises
    ------
    InputError
        If the folder cannot be written.

    Examples
    --------
    >>> write_fit.__name__
    'write_fit'
    """
    fitted, table = folder / "fitted.yaml", folder / "contrasts.parquet"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        fitted.write_text(fitted_text(found.link), encoding="utf-8")
        pl.DataFrame(fit_table(found)).write_parquet(table)
    except OSError as error:
        raise InputError(
            f"--out: {folder} cannot be written ({error}); a folder of yours is allowed. Choose "
            "another."
        ) from error
    return fitted, table


def fitted_text(link: FittedLink) -> str:
    """Return the YAML text of a fitted link; the same fit gives the same bytes.

    Parameters
    ----------
    link
        The fit.

    Returns
    -------
    Text that `cohort.calibration.load_fitted` reads.

    Examples
    --------
    >>> from cohort.calibration import load_fitted
    >>> fitted_text(load_fitted("major_depression")).splitlines()[1]
    'name: major_depression'
    """
    record = link.model_dump()
    lines = [f"# Written by `cohort calibrate {link.name}`; not edited by hand."]
    for key, value in record.items():
        if key == "weights":
            lines += ["weights:", *(f"  {name}: {weight:.6g}" for name, weight in value.items())]
        elif key == "covariance":
            rows = (", ".join(f"{entry:.6g}" for entry in row) for row in value)
            lines += ["covariance:", *(f"  - [{row}]" for row in rows)]
        elif value is None or value == "":
            continue
        elif key == "drug_sd_interval":
            lines.append(f"{key}: [{value[0]:.6g}, {value[1]:.6g}]")
        elif isinstance(value, tuple):
            lines += [f"{key}:", *(f"  - {json.dumps(one)}" for one in value)] if value else []
        elif isinstance(value, dict):
            lines += [f"{key}:", *(f'  {name}: "{text}"' for name, text in value.items())]
        else:
            lines.append(f"{key}: {value:.6g}" if isinstance(value, float) else f"{key}: {value}")
    return "\n".join(lines) + "\n"
