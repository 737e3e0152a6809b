"""From p values to what a trial claims: multiplicity and looks in one place.

The analysis of a run and the power of a design read it, so both decide alike. Axes are looks,
hypotheses (arms against control, in the order of the protocol), then replicates.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cohort.errors import RangeError, ShapeError
from cohort.inference.distributions import normal_cdf, two_sided_p
from cohort.inference.group_sequential import boundaries, conditional_power, holm_over_looks
from cohort.inference.multiplicity import ALL_METHODS, METHODS, dunnett, graphical

__all__ = ["WITH_LOOKS", "Decisions", "Plan", "Sizes", "adjusted_p", "decide"]

Floats = NDArray[np.float64]

WITH_LOOKS: Final = ("none", "bonferroni", "holm", "fixed_sequence")
"""Methods for several hypotheses that hold their level over several looks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a trial decides.

    Parameters
    ----------
    multiplicity
        Name in `cohort.inference.multiplicity.ALL_METHODS`.
    looks
        Shares of the patients at the interim looks [1]; the end is added.
    spending
        Name in `cohort.inference.group_sequential.SPENDING`.
    futility
        Conditional power below which a hypothesis is dropped at an interim look [1]; 0 never.
    alpha
        Two-sided level of the family [1].
    weights, transitions
        Of ``graphical``, as in `cohort.inference.multiplicity.graphical`.

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
    weights: tuple[float, ...] = ()
    transitions: tuple[tuple[float, ...], ...] = ()

    def __post_init__(self) -> None:
        if self.multiplicity not in ALL_METHODS or (
            self.looks and self.multiplicity not in WITH_LOOKS
        ):
            allowed = WITH_LOOKS if self.looks else ALL_METHODS
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
        Two-sided levels [1], shape ``(n_look,)``; NaN for ``dunnett`` and ``graphical``, whose
        levels differ between the hypotheses.

        Examples
        --------
        >>> Plan(looks=(0.5,)).levels(1).round(4).tolist()
        [0.0031, 0.049]
        """
        if self.multiplicity not in METHODS:
            return np.full(len(self.fractions), np.nan)
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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sizes:
    """What Dunnett's comparison knows beside p values.

    Parameters
    ----------
    n_arm, n_control
        Patients of each arm and of the control, shape ``(n_hypothesis, ...)``.
    freedom
        Degrees of freedom [1], same shape.

    Examples
    --------
    >>> Sizes(n_arm=np.array([50]), n_control=np.array([50]), freedom=np.array([98.0])).n_arm
    array([50])
    """

    n_arm: NDArray[np.int64]
    n_control: NDArray[np.int64]
    freedom: Floats


def adjusted_p(
    benefit: ArrayLike, p_values: ArrayLike, plan: Plan, sizes: Sizes | None = None
) -> Floats:
    """Return p values adjusted for the other hypotheses, without interim looks.

    Parameters
    ----------
    benefit, p_values
        Estimate over standard error and its two-sided p value [1], shape ``(n_hypothesis, ...)``.
    plan
        How the trial decides.
    sizes
        Needed by ``dunnett`` only.

    Returns
    -------
    Adjusted p values [1], same shape.

    Raises
    ------
    RangeError
        If the method is ``dunnett`` and sizes are left out.

    Notes
    -----
    Dunnett's comparison takes the correlation of two arms from their sizes, and the smallest
    degrees of freedom where arms differ. It is exact for a covariance analysis with equal mean
    baselines, close to it otherwise.

    Examples
    --------
    >>> chain = Plan(multiplicity="graphical", weights=(1.0, 0.0), transitions=((0, 1), (0, 0)))
    >>> adjusted_p([2.6, 2.2], [0.01, 0.03], chain).tolist()
    [0.01, 0.03]
    """
    if plan.multiplicity == "graphical":
        return graphical(p_values, plan.weights, plan.transitions)
    if plan.multiplicity != "dunnett":
        return METHODS[plan.multiplicity](p_values)
    if sizes is None:
        raise RangeError(
            "adjusted_p: 'dunnett' without sizes; the patients of the arms are needed. Give "
            "'sizes'."
        )
    t = np.asarray(benefit, dtype=float)
    flat = t.reshape(len(t), -1)
    n_arm, n_control, freedom = (
        np.broadcast_to(part, t.shape).reshape(len(t), -1)
        for part in (sizes.n_arm, sizes.n_control, sizes.freedom)
    )
    adjusted = np.empty_like(flat)
    for column in range(flat.shape[1]):
        adjusted[:, column] = dunnett(
            flat[:, column],
            n_arm[:, column].tolist(),
            int(n_control[:, column].min()),
            float(freedom[:, column].min()),
        )
    return adjusted.reshape(t.shape)


def decide(
    benefit: ArrayLike, p_values: ArrayLike, plan: Plan, sizes: Sizes | None = None
) -> Decisions:
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
    sizes
        Of all patients, needed by ``dunnett`` only.

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
    rejected = _rejected(z, tested, plan, sizes)
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


def _rejected(z: Floats, p: Floats, plan: Plan, sizes: Sizes | None) -> NDArray[np.int64]:
    if not plan.looks:
        if plan.multiplicity == "dunnett" and p.ndim > 2 and sizes is not None:  # noqa: PLR2004
            return _rejected_by_dunnett(z[0], p[0], plan, sizes)
        return (adjusted_p(z[0], p[0], plan, sizes) <= plan.alpha).astype(np.int64)
    if plan.multiplicity == "holm":
        return holm_over_looks(p, plan.fractions, plan.alpha, plan.spending)
    levels = plan.levels(p.shape[1]).reshape(-1, *[1] * (p.ndim - 1))
    crossed = np.maximum.accumulate(p <= levels, axis=0)
    if plan.multiplicity == "fixed_sequence":
        crossed = np.minimum.accumulate(crossed, axis=1)
    first = np.argmax(crossed, axis=0) + 1
    return np.where(crossed.any(axis=0), first, 0).astype(np.int64)


def _rejected_by_dunnett(z: Floats, p: Floats, plan: Plan, sizes: Sizes) -> NDArray[np.int64]:
    """Integrate only where Student's t and Bonferroni disagree: a replicate takes 0.1 s."""
    n_arm = np.broadcast_to(sizes.n_arm, z.shape)
    n_control = np.broadcast_to(sizes.n_control, z.shape)
    freedom = np.broadcast_to(sizes.freedom, z.shape)
    least = two_sided_p(z, freedom.min(axis=0))
    rejected = len(z) * least <= plan.alpha
    doubtful = ((least <= plan.alpha) & ~rejected).any(axis=0)
    if doubtful.any():
        here = Sizes(
            n_arm=n_arm[:, doubtful],
            n_control=n_control[:, doubtful],
            freedom=freedom[:, doubtful],
        )
        found = adjusted_p(z[:, doubtful], p[:, doubtful], plan, here)
        rejected[:, doubtful] = found <= plan.alpha
    return rejected.astype(np.int64)
