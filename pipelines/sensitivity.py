"""Sobol' indices of outputs that were computed elsewhere, with bootstrap intervals, by SciPy.

First-order index: the share of an output's variance that a key explains by itself; total index:
with all its interactions. Keys are independent of each other in the designs that ask for them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import bootstrap, sobol_indices

from pipelines.batch_design import saltelli_blocks

__all__ = ["FEW", "FEWEST", "Indices", "indices_of"]

Floats = NDArray[np.float64]

N_RESAMPLES = 999
LEVEL = 0.95
"""Of the intervals [1]."""
_SEED = 20010101  # of the bootstrap: the same outputs, the same table
FEWEST = 4
"""Fewest samples for which an interval is given."""
FEW = 64
"""Samples below which a bootstrap interval is said to be rough (our choice): percentiles of few
resampled samples are too narrow, and an outlying sample moves both ends."""
_RELATIVE_ROUND_OFF = 1e-12  # of an output that does not vary


@dataclass(frozen=True, slots=True, kw_only=True)
class Indices:
    """Indices of outputs, all shaped ``(n_output, n_key)``; NaN where an output does not vary.

    Parameters
    ----------
    first_order, total
        The estimates [1].
    first_order_low, first_order_high, total_low, total_high
        95 % bootstrap percentiles over samples [1].
    n_samples
        Samples behind them.

    Examples
    --------
    >>> sorted(Indices.__dataclass_fields__)[:2]
    ['first_order', 'first_order_high']
    """

    first_order: Floats
    first_order_low: Floats
    first_order_high: Floats
    total: Floats
    total_low: Floats
    total_high: Floats
    n_samples: int


def indices_of(outputs: Floats, n_keys: int) -> Indices:
    """Return the Sobol' indices of outputs at the points of a Saltelli design.

    Parameters
    ----------
    outputs
        One column a point in the order of `pipelines.batch_design.unit_points`, shape
        ``(n_output, n_point)``; a sample of which any output is NaN is left out.
    n_keys
        Keys that are varied.

    Returns
    -------
    Estimates by the formulas of Saltelli 2010 (first order, table 2 row b) and Jansen (total, row
    f). SciPy asks for a power of 2 of samples: of what is whole, the first so many are used.

    References
    ----------
    Saltelli A et al. Comput Phys Commun 2010;181:259-270, table 2, doi:10.1016/j.cpc.2009.09.018.

    Examples
    --------
    >>> from pipelines.batch_design import unit_points
    >>> u = unit_points("saltelli", 2, 256, 1)
    >>> found = indices_of((2 * u[:, 0] + u[:, 1])[np.newaxis], 2)
    >>> found.total.round(1).tolist()
    [[0.8, 0.2]]
    """
    blocks = saltelli_blocks(outputs, n_keys)
    a, b, ab = _whole_samples(*blocks)
    n = a.shape[1]
    shape = (len(outputs), n_keys)
    estimates = np.full((2, *shape), np.nan)
    spans = np.full((2, 2, *shape), np.nan)
    spread = np.ptp(np.concatenate([a, b], axis=1), axis=1) if n else np.zeros(len(outputs))
    scale = np.abs(a).max(axis=1, initial=0.0)
    varies = np.flatnonzero(spread > _RELATIVE_ROUND_OFF * scale)
    if n > 1 and len(varies):
        a, b, ab = a[varies], b[varies], ab[:, varies]
        estimates[:, varies] = _estimate(a, b, ab)
        if n >= FEWEST:
            spans[:, :, varies] = _intervals(a, b, ab)
    return Indices(
        first_order=estimates[0],
        first_order_low=spans[0, 0],
        first_order_high=spans[1, 0],
        total=estimates[1],
        total_low=spans[0, 1],
        total_high=spans[1, 1],
        n_samples=n,
    )


def _whole_samples(a: Floats, b: Floats, ab: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the first samples that have every output, a power of 2 of them."""
    is_whole = np.isfinite(a).all(0) & np.isfinite(b).all(0) & np.isfinite(ab).all((0, 1))
    kept = np.flatnonzero(is_whole)
    n = 1 << (len(kept).bit_length() - 1) if len(kept) else 0
    return a[:, kept[:n]], b[:, kept[:n]], ab[..., kept[:n]]


def _estimate(a: Floats, b: Floats, ab: Floats) -> Floats:
    found = sobol_indices(func={"f_A": a, "f_B": b, "f_AB": ab}, n=a.shape[1])
    shape = (2, a.shape[0], ab.shape[0])  # SciPy drops the axis of a single output
    return np.stack([found.first_order, found.total_order]).reshape(shape)


def _intervals(a: Floats, b: Floats, ab: Floats) -> Floats:
    """Return percentiles over resampled samples, lower then upper.

    Not the result's own `bootstrap`: it draws from a generator that nobody can seed.
    """

    def statistic(kept: NDArray[np.int64]) -> Floats:
        return _estimate(a[:, kept], b[:, kept], ab[..., kept])

    found = bootstrap(
        [np.arange(a.shape[1])],
        statistic,
        n_resamples=N_RESAMPLES,
        vectorized=False,
        confidence_level=LEVEL,
        method="percentile",
        rng=np.random.default_rng(_SEED),
    )
    return np.stack([found.confidence_interval.low, found.confidence_interval.high])
