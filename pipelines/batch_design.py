"""Which points a sweep visits: grid, Latin hypercube, Sobol' sequence, Saltelli's arrangement.

Points are rows of numbers between 0 and 1; `pipelines.batch_values` turns them into values. SciPy
draws them; the seed is that of the batch file. A Sobol' or Saltelli design with twice the samples
begins with the points of the shorter one, so a sweep can grow in its folder.
"""

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from pipelines.batch_values import Choices, Scalar, Values

__all__ = ["SAMPLED", "draw_values", "saltelli_blocks", "unit_points"]

SAMPLED = ("latin hypercube", "sobol", "saltelli")
"""Methods that draw a number of samples."""


def unit_points(method: str, n_keys: int, samples: int, seed: int) -> NDArray[np.float64]:
    """Return the points of a sampled design.

    Parameters
    ----------
    method
        One of `SAMPLED`.
    n_keys
        Keys that are varied.
    samples
        Samples; of ``saltelli`` each makes ``n_keys + 2`` points.
    seed
        Seed of the draws.

    Returns
    -------
    Numbers between 0 and 1, shape ``(n_point, n_keys)``.

    Notes
    -----
    Points of ``saltelli`` come sample by sample: its row of A, of B, then A with one column of B
    after another, as `scipy.stats.sobol_indices` wants them.

    References
    ----------
    Saltelli A et al. Comput Phys Commun 2010;181:259-270, section 3,
    doi:10.1016/j.cpc.2009.09.018.

    Examples
    --------
    >>> unit_points("saltelli", 3, 8, 1).shape
    (40, 3)
    """
    rng = np.random.default_rng(seed)
    if method == "latin hypercube":
        return np.asarray(qmc.LatinHypercube(n_keys, rng=rng).random(samples))
    if method == "sobol":
        return np.asarray(qmc.Sobol(n_keys, rng=rng).random(samples))
    both = np.asarray(qmc.Sobol(2 * n_keys, rng=rng).random(samples))
    first, second = both[:, :n_keys], both[:, n_keys:]
    points = np.repeat(first[:, np.newaxis], n_keys + 2, axis=1)
    points[:, 1] = second
    for key in range(n_keys):
        points[:, 2 + key, key] = second[:, key]
    return points.reshape(-1, n_keys)


def saltelli_blocks(
    outputs: NDArray[np.float64], n_keys: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return outputs at the points of a Saltelli design as the three blocks of the estimators.

    Parameters
    ----------
    outputs
        One column a point, shape ``(n_output, n_point)``.
    n_keys
        Keys that are varied.

    Returns
    -------
    At A and at B, shape ``(n_output, samples)``, and at A with one column of B, shape
    ``(n_keys, n_output, samples)``.

    Examples
    --------
    >>> a, b, ab = saltelli_blocks(np.arange(10.0)[np.newaxis], 3)
    >>> a.tolist(), b.tolist(), ab[:, 0].tolist()
    ([[0.0, 5.0]], [[1.0, 6.0]], [[2.0, 7.0], [3.0, 8.0], [4.0, 9.0]])
    """
    rows = outputs.reshape(len(outputs), -1, n_keys + 2)
    return rows[..., 0], rows[..., 1], np.moveaxis(rows[..., 2:], -1, 0)


def draw_values(
    method: str, values: Sequence[Values], samples: int, seed: int
) -> tuple[tuple[Scalar, ...], ...]:
    """Return the values of every point of a design.

    Parameters
    ----------
    method
        ``grid`` or one of `SAMPLED`.
    values
        What every key may be; of a grid all are `Choices`.
    samples, seed
        As in `unit_points`; a grid reads neither.

    Returns
    -------
    One tuple a point, its values in the order of the keys.

    Examples
    --------
    >>> draw_values("grid", [Choices((1, 2)), Choices(("a", "b"))], 0, 0)
    ((1, 'a'), (1, 'b'), (2, 'a'), (2, 'b'))
    """
    if method == "grid":
        return tuple(itertools.product(*(one.levels for one in values if isinstance(one, Choices))))
    points = unit_points(method, len(values), samples, seed)
    return tuple(
        tuple(one.at(float(share)) for one, share in zip(values, point, strict=True))
        for point in points
    )
