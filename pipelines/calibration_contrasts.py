"""Contrasts of a plan: arms against placebo, and pools without the trials they contain."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cohort.errors import RangeError
from cohort.trial.quantities import DAY_S
from pipelines.calibration_plan import (
    CalibrationPlan,
    Measure,
    PooledContrast,
    TrialArm,
    TrialTable,
)

__all__ = ["POOL", "Contrast", "contrast_covariance", "plan_contrasts"]

POOL = "pool"
"""Trial of contrasts that were pooled over trials."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """Hold one published difference from placebo.

    Parameters
    ----------
    trial
        Name of the trial, or `POOL`.
    drug, dose, every, stop, label
        What is simulated, when tablets end [s], and what was given, in words.
    at
        Time of the comparison [s].
    measure
        How arms were compared.
    value, se
        Difference and its standard error; lower is better.
    shared_variance
        Part of the variance that comes from the placebo arm, shared within the trial.

    Examples
    --------
    >>> from pipelines.calibration_plan import load_plan
    >>> plan_contrasts(load_plan("major_depression"))[0].trial
    'pool'
    """

    trial: str
    drug: str
    dose: str
    every: str
    stop: int | None
    label: str
    at: int
    measure: Measure
    value: float
    se: float
    shared_variance: float = 0.0

    @property
    def arm(self) -> str:
        """Name of the simulated arm.

        Examples
        --------
        >>> from pipelines.calibration_plan import load_plan
        >>> plan_contrasts(load_plan("major_depression"))[0].arm
        'escitalopram 4 mg every 1 day'
        """
        end = "" if self.stop is None else f" until day {self.stop // DAY_S}"
        return f"{self.drug} {self.dose} every {self.every}{end}"


def plan_contrasts(plan: CalibrationPlan) -> tuple[Contrast, ...]:
    r"""Return every contrast of a plan, pools first, then the trials one by one.

    Parameters
    ----------
    plan
        The plan.

    Returns
    -------
    Contrasts; a pool that consists of trials of the plan alone has none left.

    Raises
    ------
    RangeError
        If a trial weighs more than the pool that is said to contain it.

    Notes
    -----
    Trials are taken out of a fixed-effect pool by inverse variance, the way they came in:

    .. math:: w = w_p - \sum w_i, \quad d = (w_p d_p - \sum w_i d_i)/w, \quad w_i = 1/s_i^2

    A standardised difference is :math:`(m_1-m_0)/s` with the pooled SD *s*, and has the variance
    :math:`1/n_1 + 1/n_0 + d^2/(2(n_1+n_0))`. Two arms that share a placebo arm share its part,
    :math:`1/n_0 + d_1 d_2/(2 n)` with *n* the patients of the trial (here the first term is kept,
    the second is below a hundredth of it).

    References
    ----------
    Gleser and Olkin 2009, Stochastically dependent effect sizes, in The Handbook of Research
    Synthesis and Meta-Analysis.

    Examples
    --------
    >>> from pipelines.calibration_plan import load_plan
    >>> rows = plan_contrasts(load_plan("major_depression"))
    >>> round(next(row.value for row in rows if row.trial == "burke_2002"), 3)
    -0.318
    """
    tables = {table.name: _table_contrasts(table) for table in plan.trials}
    pooled = [_without(pool, tables) for pool in plan.pools]
    rows = [row for row in pooled if row is not None]
    return (*rows, *(row for table in tables.values() for row in table))


def _table_contrasts(table: TrialTable) -> tuple[Contrast, ...]:
    (control,) = (arm for arm in table.arms if arm.drug is None)
    return tuple(_against(table, arm, control) for arm in table.arms if arm.drug is not None)


def _against(table: TrialTable, arm: TrialArm, control: TrialArm) -> Contrast:
    assert arm.drug is not None
    assert arm.dose is not None
    difference = arm.mean - control.mean
    if table.measure == "smd":
        free = arm.n + control.n - 2
        pooled = ((arm.n - 1) * arm.sd**2 + (control.n - 1) * control.sd**2) / free
        value = difference / pooled**0.5
        variance = 1 / arm.n + 1 / control.n + value**2 / (2 * (arm.n + control.n))
        shared = 1 / control.n
    else:
        value = difference
        shared = control.sd**2 / control.n
        variance = arm.sd**2 / arm.n + shared
    return Contrast(
        trial=table.name,
        drug=arm.drug,
        dose=arm.dose if arm.taken_as is None else arm.taken_as,
        every=arm.every,
        stop=arm.stop,
        label=f"{arm.drug} {_words(arm.dose, arm.every)}",
        at=table.at,
        measure=table.measure,
        value=value,
        se=variance**0.5,
        shared_variance=shared,
    )


def _words(dose: str, every: str) -> str:
    return dose if every == "1 day" else f"{dose} every {every}"


def _without(pool: PooledContrast, tables: dict[str, tuple[Contrast, ...]]) -> Contrast | None:
    """Return a pool without the trials of the plan; None if nothing is left."""
    own = [
        row
        for name in pool.contains
        for row in tables[name]
        if (row.drug, row.dose, row.every, row.stop)
        == (pool.drug, pool.simulated_dose, pool.every, pool.stop)
    ]
    if len(own) != len(pool.contains):
        raise RangeError(
            f"pool {pool.drug} {pool.dose}: {len(pool.contains)} trials are said to be in it and "
            f"{len(own)} of them have such an arm; each has one. Correct 'contains'."
        )
    if pool.trials == len(own):
        return None
    weight = pool.se**-2 - sum(row.se**-2 for row in own)
    if weight <= 0.0:
        raise RangeError(
            f"pool {pool.drug} {pool.dose}: its standard error {pool.se:g} is larger than that of "
            "the trials in it; a pool is more exact than each of its trials. Correct the pool."
        )
    total = pool.value * pool.se**-2 - sum(row.value * row.se**-2 for row in own)
    return Contrast(
        trial=POOL,
        drug=pool.drug,
        dose=pool.simulated_dose,
        every=pool.every,
        stop=pool.stop,
        label=f"{pool.drug} {_words(pool.dose, pool.every)}",
        at=pool.at,
        measure=pool.measure,
        value=total / weight,
        se=weight**-0.5,
    )


def contrast_covariance(
    rows: Sequence[Contrast], heterogeneity: float = 0.0
) -> NDArray[np.float64]:
    """Return the covariance of published contrasts.

    Parameters
    ----------
    rows
        The contrasts.
    heterogeneity
        SD of what no sampling error explains, of every contrast by itself [measure].

    Returns
    -------
    Covariance, shape ``(n_row, n_row)``; arms of one trial share their placebo arm's variance.

    Examples
    --------
    >>> from pipelines.calibration_plan import load_plan
    >>> rows = [r for r in plan_contrasts(load_plan("major_depression")) if r.trial == "burke_2002"]
    >>> contrast_covariance(rows).round(4)[0, :2].tolist()
    [0.0171, 0.0084]
    """
    found = np.diag([row.se**2 + heterogeneity**2 for row in rows])
    for i, one in enumerate(rows):
        for j, other in enumerate(rows):
            if i != j and one.trial != POOL and one.trial == other.trial and one.at == other.at:
                found[i, j] = (one.shared_variance * other.shared_variance) ** 0.5
    return found
