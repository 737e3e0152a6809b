"""Null models that know no chemistry: no effect, one effect for all drugs, one for each class."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.calibrate import LENDER
from pipelines.calibration_contrasts import Contrast, plan_contrasts
from pipelines.calibration_plan import load_plan
from pipelines.calibration_spread import (
    FEWEST_DRUGS,
    Evidence,
    Spread,
    count_drugs,
    estimate_spread,
    spread_covariance,
)

__all__ = ["DRUG_CLASSES", "NULLS", "NullConstant", "drug_class", "null_constant", "null_draws"]

Floats = NDArray[np.float64]

NULLS: Final = ("no effect", "one effect", "class means")
"""Names of the null models."""

_ROUNDS: Final = 20
_SETTLED: Final = 1e-3

_SSRI, _SNRI, _TRICYCLIC, _OTHER = "SSRI", "SNRI", "tricyclic", "other antidepressants"
DRUG_CLASSES: Final = {
    "citalopram": _SSRI,
    "escitalopram": _SSRI,
    "fluoxetine": _SSRI,
    "fluvoxamine": _SSRI,
    "paroxetine": _SSRI,
    "sertraline": _SSRI,
    "desvenlafaxine": _SNRI,
    "duloxetine": _SNRI,
    "venlafaxine": _SNRI,
    "venlafaxine_immediate": _SNRI,
    "amitriptyline": _TRICYCLIC,
    "desipramine": _TRICYCLIC,
    "nortriptyline": _TRICYCLIC,
    "bupropion": _OTHER,
    "mirtazapine": _OTHER,
    "moclobemide": _OTHER,
    "trazodone": _OTHER,
    "vortioxetine": _OTHER,
    "haloperidol": "antipsychotics",
    "olanzapine": "antipsychotics",
    "quetiapine": "antipsychotics",
    "risperidone": "antipsychotics",
    "donepezil": "acetylcholinesterase inhibitors",
    "rivastigmine": "acetylcholinesterase inhibitors",
    "levodopa": "levodopa",
    "levodopa_carbidopa": "levodopa",
    "pramipexole": "dopamine agonists",
    "ropinirole": "dopamine agonists",
    "ropinirole_prolonged": "dopamine agonists",
    "pregabalin": "gabapentinoids",
    "lorazepam": "benzodiazepines",
}
"""Class of a drug: its pharmacological group, fixed before the judging."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NullConstant:
    """Mean difference that a null model predicts, and its standard error.

    Parameters
    ----------
    value, se
        In the measure of the contrasts.
    n
        Contrasts it was estimated on.
    drug_sd, heterogeneity
        SD between drugs about it, and of each contrast by itself beyond that, in the measure.

    Examples
    --------
    >>> NullConstant(value=0.0, se=0.0, n=0).value
    0.0
    """

    value: float
    se: float
    n: int
    drug_sd: float = 0.0
    heterogeneity: float = 0.0


def drug_class(drug: str) -> str:
    """Return the class of a drug; a drug without one is a class of its own.

    Parameters
    ----------
    drug
        Name of a packaged drug.

    Returns
    -------
    Name of the class.

    Examples
    --------
    >>> drug_class("sertraline"), drug_class("caffeine")
    ('SSRI', 'caffeine')
    """
    return DRUG_CLASSES.get(drug, drug)


def null_constant(name: str, rows: Sequence[Contrast], drugs: Sequence[str]) -> NullConstant | None:
    """Return what a null model says of a contrast.

    Parameters
    ----------
    name
        One of `NULLS`.
    rows
        Contrasts on which the link was fitted, under the same leaving out.
    drugs
        Drugs of the arm that is judged.

    Returns
    -------
    Mean of the contrasts (of the class; of all where none of the class is there), with its SD
    between drugs. None where there is no contrast at all.

    Notes
    -----
    A null model is a link too, one that says the same of all drugs, or of all of a class: the
    spread about it is estimated as that of the link, from the same contrasts, by
    `pipelines.calibration_spread.estimate_spread` without priors, and the mean is weighted with
    the covariance that results. Of fewer than `FEWEST_DRUGS` drugs the SD between drugs, as a
    share of the mean, is that of the same null model on the contrasts of the plan that lends the
    link its own. Where every class has one contrast, nothing tells how far contrasts stand from the
    mean of their class: the spread is that about one mean of all.

    Examples
    --------
    >>> null_constant("no effect", (), ("sertraline",)).value
    0.0
    >>> null_constant("one effect", (), ("sertraline",)) is None
    True
    """
    if name == NULLS[0]:
        return NullConstant(value=0.0, se=0.0, n=0)
    if not rows:
        return None
    classes = {drug_class(drug) for drug in drugs} & {drug_class(row.drug) for row in rows}
    if name == NULLS[1] or not classes:
        return _means(tuple(rows), by_class=False)[""]
    found = _means(tuple(rows), by_class=True)
    if len(classes) == 1:
        return found[classes.pop()]
    # drugs of several classes together: as one mean over the contrasts of these classes
    return _means(tuple(row for row in rows if drug_class(row.drug) in classes), by_class=False)[""]


@cache
def _means(rows: tuple[Contrast, ...], *, by_class: bool) -> dict[str, NullConstant]:
    """Return the mean of each class, or of all under the name ''."""
    labels = [drug_class(row.drug) if by_class else "" for row in rows]
    names = list(dict.fromkeys(labels))
    design = np.array([[float(label == name) for name in names] for label in labels])
    values = np.array([row.value for row in rows])
    known = _lent_drug_sd(by_class=by_class) if count_drugs(rows) < FEWEST_DRUGS else None
    spread: Spread | None = None
    benefit = np.zeros(len(rows))
    for _ in range(_ROUNDS):
        here = spread or Spread(drug_sd=0.0, heterogeneity=0.0)
        weight = np.linalg.inv(spread_covariance(rows, benefit, here))
        covariance = np.linalg.inv(design.T @ weight @ design)
        means = covariance @ design.T @ weight @ values
        benefit = design @ means
        evidence = Evidence(
            rows=rows,
            benefit=benefit,
            design=design,
            at=means,
            prior=np.zeros(len(names)),
            spread=np.full(len(names), np.inf),
        )
        spread = estimate_spread(evidence, known, near=spread)
        if abs(spread.drug_sd - here.drug_sd) < _SETTLED:
            break
    assert spread is not None
    if by_class and len(names) == len(rows):
        # a mean for every contrast leaves nothing to see a spread by: that about one mean is taken
        spread = replace(spread, heterogeneity=_means(rows, by_class=False)[""].heterogeneity)
        weight = np.linalg.inv(spread_covariance(rows, benefit, spread))
        covariance = np.linalg.inv(design.T @ weight @ design)  # the means are the contrasts
    return {
        name: NullConstant(
            value=float(mean),
            se=float(covariance[place, place] ** 0.5),
            n=labels.count(name),
            drug_sd=spread.drug_sd * abs(float(mean)),
            heterogeneity=spread.heterogeneity,
        )
        for place, (name, mean) in enumerate(zip(names, means, strict=True))
    }


def _lent_drug_sd(*, by_class: bool) -> float:
    """Return the SD between drugs over the mean of a null model, of the plan that lends it."""
    plan = load_plan(LENDER)
    rows = tuple(row for row in plan_contrasts(plan) if row.trial not in plan.held_out)
    largest = max(_means(rows, by_class=by_class).values(), key=lambda one: abs(one.value))
    return largest.drug_sd / abs(largest.value)


def null_draws(constant: NullConstant, spread: Floats, normal: Floats, unit: float = 1.0) -> Floats:
    """Return the predictive draws of a null model.

    Parameters
    ----------
    constant
        Its mean difference.
    spread
        Draws of the simulation from sampling and between trials, in the unit of the contrast; their
        mean is taken off.
    normal
        Standard normal numbers, same shape.
    unit
        What one of the constant's measure is in the unit of the contrast.

    Returns
    -------
    Draws of the same shape.

    Examples
    --------
    >>> constant = NullConstant(value=-0.2, se=0.1, n=3)
    >>> null_draws(constant, np.zeros(2), np.array([0.0, 1.0])).round(3).tolist()
    [-0.2, -0.1]
    """
    centred: Floats = spread - spread.mean()
    sd = (constant.se**2 + constant.drug_sd**2 + constant.heterogeneity**2) ** 0.5
    drawn: Floats = unit * (constant.value + sd * normal) + centred
    return drawn
