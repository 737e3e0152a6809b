r"""What the link does not say of a drug: a factor of its benefit, drawn once a replicate.

The benefit of drug *d* is that of the link times :math:`1 + \sigma u_d`. The factor is the drug's
own: every arm and dose of it has the same in one replicate, other drugs have another. Predictions
have it at its mean, 1; its spread is part of what is not known.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from cohort.drugs import load_drug
from cohort.population.draws import normals

__all__ = ["drug_residuals", "residual_of"]

Floats = NDArray[np.float64]


@cache
def residual_of(drug: str) -> str:
    """Return whose residual a drug has: products of the same compounds are one.

    Parameters
    ----------
    drug
        Packaged name, or path of a YAML file.

    Returns
    -------
    The compounds of a dose, in words.

    Raises
    ------
    UnknownNameError
        If no packaged drug has that name and no such file exists.

    Examples
    --------
    >>> residual_of("venlafaxine_immediate") == residual_of("venlafaxine")
    True
    >>> residual_of("citalopram") == residual_of("escitalopram")
    False
    """
    return " and ".join(sorted(content.compound for content in load_drug(drug).contents))


def drug_residuals(drugs: Sequence[str], n: int, seed: int) -> Floats:
    r"""Return the standardised residual of what an arm takes, one a replicate.

    Parameters
    ----------
    drugs
        Drugs of the arm.
    n, seed
        Of the replicates.

    Returns
    -------
    Standard normal numbers, shape ``(n_replicate,)``; zeros of no drug.

    Notes
    -----
    Of *k* drugs together it is :math:`\sum u_d / \sqrt k`: which of them the benefit comes from is
    not asked, and two drugs are known no better than one.

    Examples
    --------
    >>> one, other = (drug_residuals([name], 3, 7) for name in ("sertraline", "paroxetine"))
    >>> both = drug_residuals(["paroxetine", "sertraline"], 3, 7)
    >>> bool(np.allclose(both, (one + other) / 2**0.5))
    True
    >>> drug_residuals([], 3, 7).tolist()
    [0.0, 0.0, 0.0]
    """
    names = sorted({residual_of(drug) for drug in drugs})
    replicates = np.arange(n, dtype=np.int64)
    total = np.zeros(n)
    for name in names:
        total = total + normals(seed, replicates, f"residual of a drug: {name}")
    return np.asarray(total / max(len(names), 1) ** 0.5)
