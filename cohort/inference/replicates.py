"""The analysis of thousands of replicate trials at once: what each of them would claim.

Patients of all arms stand side by side on the patient axis; leading axes are replicates.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cohort.errors import RangeError
from cohort.inference.ancova import Contrasts, ancova
from cohort.inference.decisions import Decisions, Plan, Sizes, decide
from cohort.inference.estimands import STRATEGIES, IntercurrentEvents, Scores
from cohort.inference.missing import baseline_carried_forward, last_observation_carried_forward
from cohort.inference.mmrm import fit_repeated_measures
from cohort.inference.reference_based import ASSUMPTIONS, draw_imputations, rubin

__all__ = ["MISSING_DATA", "ReplicateClaims", "claims_of_replicates", "contrasts_at_end"]

Floats = NDArray[np.float64]

MISSING_DATA: Final = ("LOCF", "BOCF", "observed", "MMRM", *ASSUMPTIONS)
"""Methods for missing values by the name that protocols use."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReplicateClaims:
    """What replicates of a trial claim.

    Parameters
    ----------
    decisions
        Shape ``(n_contrast, n_replicate)``.
    at_end
        Contrasts of all patients, shape ``(n_replicate, n_contrast)``.
    patients
        Patients of all arms when the trial stopped, shape ``(n_replicate,)``: it stops at the look
        by which every hypothesis was rejected or dropped.

    Examples
    --------
    >>> sorted(ReplicateClaims.__dataclass_fields__)
    ['at_end', 'decisions', 'patients']
    """

    decisions: Decisions
    at_end: Contrasts
    patients: NDArray[np.int64]


def contrasts_at_end(
    values: ArrayLike,
    baseline: ArrayLike,
    arm: ArrayLike,
    control: int,
    *,
    missing_data: str,
    seed: int = 0,
    n_imputation: int = 20,
) -> Contrasts:
    """Return arms minus control at the last visit.

    Parameters
    ----------
    values
        Shape ``(..., n_patient, n_visit)``, NaN where missing.
    baseline
        Shape ``(..., n_patient)``.
    arm, control
        Number of each patient's arm, and of the control.
    missing_data
        One of `MISSING_DATA`.
    seed, n_imputation
        Of multiple imputation, replicate by replicate.

    Returns
    -------
    Contrasts, shape ``(..., n_contrast)``.

    Raises
    ------
    RangeError
        If the method is not known.

    Examples
    --------
    >>> values = np.array([[9.0], [8.0], [6.0], [np.nan], [5.0]])
    >>> contrasts_at_end(
    ...     values, np.full(5, 10.0), [0, 0, 1, 1, 1], 0, missing_data="BOCF"
    ... ).estimate.tolist()
    [-1.5]
    """
    y, x = np.asarray(values, dtype=float), np.asarray(baseline, dtype=float)
    if missing_data not in MISSING_DATA:
        raise RangeError(
            f"missing data by {missing_data!r}; one of {', '.join(MISSING_DATA)} is allowed. "
            "Choose one."
        )
    if missing_data == "MMRM":
        fitted = fit_repeated_measures(y, x, arm, control).contrasts
        return replace(
            fitted,
            **{
                name: getattr(fitted, name)[..., -1, :]
                for name in ("estimate", "standard_error", "freedom", "n_arm", "n_control")
            },
        )
    if missing_data in ASSUMPTIONS:
        return _imputed(y, x, arm, control, missing_data, seed, n_imputation)
    if missing_data == "LOCF":
        y = last_observation_carried_forward(y)
    elif missing_data == "BOCF":
        y = baseline_carried_forward(y, x)
    return ancova(y[..., -1], x, arm, control)


def _imputed(
    y: Floats,
    x: Floats,
    arm: ArrayLike,
    control: int,
    assumption: str,
    seed: int,
    n_imputation: int,
) -> Contrasts:
    lead = y.shape[:-2]
    flat_y, flat_x = y.reshape(-1, *y.shape[-2:]), x.reshape(-1, x.shape[-1])
    found = []
    for number, (value, base) in enumerate(zip(flat_y, flat_x, strict=True)):
        completed = draw_imputations(
            value,
            base,
            arm,
            np.arange(len(base)),
            assumption=assumption,
            reference=control,
            seed=seed + number,
            n_imputation=n_imputation,
        )
        each = ancova(completed[..., -1], base, arm, control)
        found.append(rubin(each.estimate, each.standard_error, each.freedom[0]))
    estimate, error, freedom = (
        np.array(part).reshape(*lead, -1) for part in zip(*found, strict=True)
    )
    return Contrasts(
        arms=each.arms,
        estimate=estimate,
        standard_error=error,
        freedom=freedom,
        n_arm=np.broadcast_to(each.n_arm[0], estimate.shape),
        n_control=np.broadcast_to(each.n_control[0], estimate.shape),
    )


def claims_of_replicates(
    scores: Scores,
    events: IntercurrentEvents,
    arm: ArrayLike,
    control: int,
    *,
    estimand: str,
    missing_data: str,
    plan: Plan,
    size: int | None = None,
    seed: int = 0,
    n_imputation: int = 20,
) -> ReplicateClaims:
    """Return what each replicate of a trial claims at its end or a look before.

    Parameters
    ----------
    scores, events
        Of all patients, shape ``(n_replicate, n_patient, ...)``.
    arm, control
        Number of each patient's arm, and of the control.
    estimand, missing_data, plan
        How the trial is analysed; lower scores are better.
    size
        Patients an arm, the first of each; all if left out.
    seed, n_imputation
        Of multiple imputation.

    Returns
    -------
    Claims and the contrasts at the end.

    Raises
    ------
    RangeError
        If an arm has fewer patients than ``size``.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> arm = np.repeat([0, 1], 50)
    >>> scores = Scores(
    ...     visit_days=np.array([56.0]),
    ...     baseline=np.zeros((200, 100)),
    ...     seen=rng.normal(size=(200, 100, 1)) - arm[:, None],
    ... )
    >>> stay = IntercurrentEvents(
    ...     left_day=np.full((200, 100), np.nan), is_failure=np.zeros((200, 100), bool)
    ... )
    >>> found = claims_of_replicates(
    ...     scores, stay, arm, 0, estimand="hypothetical", missing_data="LOCF", plan=Plan()
    ... )
    >>> bool(found.decisions.is_better.mean() > 0.99)
    True
    """
    numbers = np.asarray(arm)
    rank = np.empty(len(numbers), dtype=np.int64)
    counts = np.empty(len(numbers), dtype=np.int64)
    for number in np.unique(numbers):
        mine = numbers == number
        rank[mine], counts[mine] = np.arange(mine.sum()), mine.sum()
    if size is not None and not 0 < size <= counts.min():
        raise RangeError(
            f"claims_of_replicates: {size} patients an arm, the smallest has {counts.min()}; from "
            f"1 to {counts.min()} is allowed. Draw larger trials."
        )
    wanted = counts if size is None else np.full(len(numbers), size)
    values = STRATEGIES[estimand](scores, events)
    looks, patients = [], []
    for share in plan.fractions:
        keep = rank < np.ceil(share * wanted)
        patients.append(int(keep.sum()))
        looks.append(
            contrasts_at_end(
                values[..., keep, :],
                scores.baseline[..., keep],
                numbers[keep],
                control,
                missing_data=missing_data,
                seed=seed,
                n_imputation=n_imputation,
            )
        )
    benefit = np.array([np.moveaxis(-one.estimate / one.standard_error, -1, 0) for one in looks])
    p = np.array([np.moveaxis(one.p, -1, 0) for one in looks])
    known = np.isfinite(p)
    end = looks[-1]
    sizes = Sizes(
        n_arm=np.maximum(np.moveaxis(end.n_arm, -1, 0), 1),
        n_control=np.maximum(np.moveaxis(end.n_control, -1, 0), 1),
        freedom=np.where(
            known[-1],  # an arm without a p value does not lower the others' degrees of freedom
            np.moveaxis(np.broadcast_to(end.freedom, end.estimate.shape), -1, 0),
            np.inf,
        ),
    )
    decisions = decide(np.where(known, benefit, 0.0), np.where(known, p, 1.0), plan, sizes)
    n_look = len(plan.fractions)
    settled = np.maximum(decisions.rejected_at, decisions.dropped_at)
    stop = np.where(settled == 0, n_look, settled).max(axis=0)
    return ReplicateClaims(
        decisions=decisions, at_end=looks[-1], patients=np.array(patients)[stop - 1]
    )
