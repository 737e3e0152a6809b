"""Null models that know no chemistry: no effect, one effect for all drugs, one for each class."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.calibration_contrasts import Contrast

__all__ = ["DRUG_CLASSES", "NULLS", "NullConstant", "drug_class", "null_constant", "null_draws"]

Floats = NDArray[np.float64]

NULLS: Final = ("no effect", "one effect", "class means")
"""Names of the null models."""

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

    Examples
    --------
    >>> NullConstant(value=0.0, se=0.0, n=0).value
    0.0
    """

    value: float
    se: float
    n: int


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
    Inverse-variance mean of the contrasts; of all where none of the class is there. None where
    there is no contrast at all.

    Examples
    --------
    >>> null_constant("no effect", (), ("sertraline",)).value
    0.0
    >>> null_constant("one effect", (), ("sertraline",)) is None
    True
    """
    if name == NULLS[0]:
        return NullConstant(value=0.0, se=0.0, n=0)
    used = list(rows)
    if name == NULLS[2]:
        classes = {drug_class(drug) for drug in drugs}
        used = [row for row in rows if drug_class(row.drug) in classes] or used
    if not used:
        return None
    weights = np.array([row.se**-2 for row in used])
    values = np.array([row.value for row in used])
    return NullConstant(
        value=float(weights @ values / weights.sum()),
        se=float(weights.sum() ** -0.5),
        n=len(used),
    )


def null_draws(constant: NullConstant, spread: Floats, normal: Floats, unit: float = 1.0) -> Floats:
    """Return the predictive draws of a null model.

    Parameters
    ----------
    constant
        Its mean difference.
    spread
        Draws of the simulation about their mean, from sampling and between trials, in the unit of
        the contrast.
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
    return unit * (constant.value + constant.se * normal) + centred
