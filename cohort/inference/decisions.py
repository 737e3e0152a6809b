"""From p values to what a trial claims: multiplicity and looks in one place.

The analysis of a run and the power of a design read it, so both decide alike. Axes are looks,
hypotheses (arms against control, in the order of the protocol), then replicates.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cohort.errors import RangeError, ShapeError
from cohort.inference.distributions import normal_cdf
from cohort.inference.group_sequential import boundaries, conditional_power, holm_over_looks
from cohort.inference.multiplicity import METHODS

__all__ = ["WITH_LOOKS", "Decisions", "Plan", "decide"]

Floats = NDArray[np.float64]

WITH_LOOKS: Final = ("none", "bonferroni", "holm", "fixed_sequence")
"""Methods for several hypotheses that hold their level over several looks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a trial decides.

    Parameters
    ----------
    multiplicity
        Name in `cohort.inference.multiplicity.METHODS`.
    looks
        Shares of the patients at the interim looks [1]; the end is added.
    spending
        Name in `cohort.inference.group_sequential.SPENDING`.
    futility
        Conditional power below which a hypothesis is dropped at an interim look [1]; 0 never.
    alpha
        Two-sided level of the family [1].

    Examples
    --------
    >>> Plan(looks=(0.5,)).fractions
    (0.5, 1.0)
    """

    multiplicity: str = "none"
    looks: tuple[float, ...] = ()
    spending: str = "obrien_fleming"
    futility: float = 0.0
    alpha: float = 0.05

    def __post_init__(self) -> None:
        if self.multiplicity not in METHODS or (self.looks and self.multiplicity not in WITH_LOOKS):
            allowed = WITH_LOOKS if self.looks else tuple(METHODS)
            raise RangeError(
                f"plan: multiplicity {self.multiplicity!r} with {len(self.looks)} interim looks; "
                f"one of {', '.join(allowed)} is allowed there. Choose one, or drop the looks."
            )

    @property
    def fractions(self) -> tuple[float, ...]:
        """Shares of the patients at all looks, the end included.

        Examples
        --------
        >>> Plan().fractions
        (1.0,)
        """
        return (*self.looks, 1.0)

    def levels(self, n_hypothesis: int) -> Floats:
        """Return the p value that rejects at each look while all hypotheses are open.

        Parameters
        ----------
        n_hypothesis
            How many there are.

        Returns
        -------
        Two-sided levels [1], shape ``(n_look,)``.

        Examples
        --------
        >>> Plan(looks=(0.5,)).levels(1).round(4).tolist()
        [0.0031, 0.049]
        """
        shared = self.multiplicity in {"bonferroni", "holm"}
        alpha = self.alpha / n_hypothesis if shared else self.alpha
        if not self.looks:
            return np.array([alpha])
        return 2 * normal_cdf(-boundaries(self.fractions, alpha, self.spending))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Decisions:
    """What a trial claims about each hypothesis.

    Parameters
    ----------
    rejected_at
        Number of the look at which no difference was rejected, from 1; 0 never. Shape
        ``(n_hypothesis, ...)``.
    dropped_at
        Number of the look at which it was dropped for futility; 0 never.
    is_better
        Whether it was rejected and the arm was better than control.

    Examples
    --------
    >>> decide([[2.5]], [[0.0124]], Plan()).is_better.tolist()
    [True]
    """

    rejected_at: NDArray[np.int64]
    dropped_at: NDArray[np.int64]
    is_better: NDArray[np.bool_]


def decide(benefit: ArrayLike, p_values: ArrayLike, plan: Plan) -> Decisions:
    """Return what is claimed, look by look.

    Parameters
    ----------
    benefit
        Estimate over standard error, positive where the arm is better [1], shape
        ``(n_look, n_hypothesis, ...)``.
    p_values
        Two-sided p values [1], same shape.
    plan
        How the trial decides.

    Returns
    -------
    Decisions, shape ``(n_hypothesis, ...)``.

    Notes
    -----
    A hypothesis that is dropped keeps its share of the level, so dropping never raises the error.

    Examples
    --------
    >>> two = decide([[2.5, 2.2]], [[0.0124, 0.0278]], Plan(multiplicity="holm"))
    >>> two.rejected_at.tolist()
    [1, 1]
    """
    z, p = np.asarray(benefit, dtype=float), np.asarray(p_values, dtype=float)
    n_look = len(plan.fractions)
    if p.ndim < 2 or len(p) != n_look or z.shape != p.shape:  # noqa: PLR2004 - looks, hypotheses
        raise ShapeError(
            f"decide: statistics of shape {z.shape}, p values of shape {p.shape}, {n_look} looks; "
            "(n_look, n_hypothesis, ...) twice is allowed. Put the looks first."
        )
    dropped = _dropped(z, plan)
    look = np.arange(1, n_look + 1).reshape(-1, *[1] * (p.ndim - 1))
    tested = np.where((dropped > 0) & (look > dropped), 1.0, p)
    rejected = _rejected(tested, plan)
    dropped = np.where(rejected > 0, 0, dropped)
    at = np.maximum(rejected - 1, 0)[None]
    better = (rejected > 0) & (np.take_along_axis(z, at, axis=0)[0] > 0)
    return Decisions(rejected_at=rejected, dropped_at=dropped, is_better=better)


def _dropped(z: Floats, plan: Plan) -> NDArray[np.int64]:
    dropped = np.zeros(z.shape[1:], dtype=np.int64)
    if not plan.futility or not plan.looks:
        return dropped
    final = float(boundaries(plan.fractions, plan.alpha, plan.spending)[-1])
    for number, share in enumerate(plan.looks, start=1):
        hopeless = conditional_power(z[number - 1], share, final) < plan.futility
        dropped = np.where((dropped == 0) & hopeless, number, dropped)
    return dropped


def _rejected(p: Floats, plan: Plan) -> NDArray[np.int64]:
    if not plan.looks:
        return (METHODS[plan.multiplicity](p[0]) <= plan.alpha).astype(np.int64)
    if plan.multiplicity == "holm":
        return holm_over_looks(p, plan.fractions, plan.alpha, plan.spending)
    levels = plan.levels(p.shape[1]).reshape(-1, *[1] * (p.ndim - 1))
    crossed = np.maximum.accumulate(p <= levels, axis=0)
    if plan.multiplicity == "fixed_sequence":
        crossed = np.minimum.accumulate(crossed, axis=1)
    first = np.argmax(crossed, axis=0) + 1
    return np.where(crossed.any(axis=0), first, 0).astype(np.int64)
