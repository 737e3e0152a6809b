"""Random numbers that belong to a seed, a patient and a decision, never to an order of calls.

A decision is a text such as ``parameter:cl_sertraline``. The same seed, patient and decision give
the same number in every arm, block, process and machine; other decisions give independent ones.
Every room that needs chance enters here. Imports NumPy and kernels.arithmetic.
"""

import functools
import hashlib

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cohort.errors import RangeError, ShapeError
from cohort.population.normal_quantile import normal_quantile
from kernels.arithmetic import exp, log
from kernels.philox import philox4x32

__all__ = ["categorical", "exponentials", "keys", "lognormals", "normals", "uniforms"]

_WORD_BITS = 32
_WORD_LIMIT = 1 << _WORD_BITS
_SEED_LIMIT = 1 << (2 * _WORD_BITS)
_N_HASH_BYTE = 8
_SHARES_ROUND_OFF = 1e-9  # sum of written shares against 1
# The upper 52 of 64 random bits choose a cell of width 2^-52; the number is its centre, an odd
# multiple of 2^-53. So 0 and 1 cannot occur, 1 - u is as likely as u, and all 53 bits are exact.
_DROPPED_BITS = np.uint64(12)
_CELL_WIDTH = 2.0**-52
_HALF_CELL = 2.0**-53

Values = NDArray[np.float64]


def uniforms(seed: int, patient_ids: ArrayLike, decision: str, draw: ArrayLike = 0) -> Values:
    """Return uniform numbers strictly between 0 and 1.

    Parameters
    ----------
    seed
        Seed of the trial, from 0 to 2^64 - 1.
    patient_ids
        Patients, integers from 0 to 2^32 - 1, for example of shape ``(n_lane,)``.
    decision
        What the number decides.
    draw
        Which of the decision's numbers, integers from 0 to 2^32 - 1; an array broadcasts with the
        patients, so days of shape ``(n_day, 1)`` give one number a day and patient.

    Returns
    -------
    Numbers [1] of the broadcast shape.

    Raises
    ------
    RangeError
        If the seed, an id or a draw is no integer of its range, or the decision is empty.
    ShapeError
        If the shapes of patients and draws do not broadcast.

    Notes
    -----
    The key of Philox4x32-10 is the seed; its counter is patient, draw and a 64-bit BLAKE2b hash of
    the decision, so distinct triples never share a counter unless two texts share a hash.

    Examples
    --------
    >>> alone = uniforms(7, [17], "adherence")
    >>> bool(uniforms(7, np.arange(100), "adherence")[17] == alone[0])
    True
    >>> uniforms(7, np.arange(5), "adherence", np.arange(56)[:, None]).shape
    (56, 5)
    """
    patients = _words(patient_ids, "patient_ids")
    draws = _words(draw, "draw")
    try:
        shape = np.broadcast_shapes(patients.shape, draws.shape)
    except ValueError as error:
        raise ShapeError(
            f"draws: patient_ids of shape {patients.shape} and draw of shape {draws.shape}; "
            "shapes that broadcast are allowed. Put days on a leading axis, draw[:, None]."
        ) from error
    patients, draws = np.broadcast_to(patients, shape), np.broadcast_to(draws, shape)
    bits = _bits(seed, patients, decision, draws) >> _DROPPED_BITS
    return bits.astype(np.float64) * _CELL_WIDTH + _HALF_CELL


def keys(seed: int, patient_ids: ArrayLike, decision: str) -> NDArray[np.uint64]:
    """Return 64 random bits a patient, what chance belongs to in a lane (`kernels.Lanes.keys`).

    Parameters
    ----------
    seed, patient_ids, decision
        As in `uniforms`.

    Returns
    -------
    Whole numbers from 0 to 2^64 - 1, uint64, of the shape of the patients.

    Raises
    ------
    RangeError
        As in `uniforms`.

    Examples
    --------
    >>> alone = keys(7, [17], "order of events")
    >>> bool(keys(7, np.arange(100), "order of events")[17] == alone[0])
    True
    """
    patients = _words(patient_ids, "patient_ids")
    return _bits(seed, patients, decision, np.zeros_like(patients))


def normals(seed: int, patient_ids: ArrayLike, decision: str, draw: ArrayLike = 0) -> Values:
    """Return standard normal numbers, by the inverse of the distribution function.

    Parameters
    ----------
    seed, patient_ids, decision, draw
        As in `uniforms`.

    Returns
    -------
    Numbers [1] of the broadcast shape.

    Raises
    ------
    RangeError, ShapeError
        As in `uniforms`.

    Examples
    --------
    >>> sample = normals(7, np.arange(10_000), "parameter:cl")
    >>> bool(abs(sample.mean()) < 0.03), bool(abs(sample.std() - 1) < 0.03)
    (True, True)
    """
    return normal_quantile(uniforms(seed, patient_ids, decision, draw))


def lognormals(
    seed: int,
    patient_ids: ArrayLike,
    decision: str,
    draw: ArrayLike = 0,
    *,
    median: float = 1.0,
    sd_log: float,
) -> Values:
    """Return lognormal numbers.

    Parameters
    ----------
    seed, patient_ids, decision, draw
        As in `uniforms`.
    median
        Median of the numbers [any unit], greater than zero.
    sd_log
        Standard deviation of their logarithm [1], not negative.

    Returns
    -------
    Numbers in the unit of ``median``.

    Raises
    ------
    RangeError, ShapeError
        As in `uniforms`; RangeError also if ``median`` or ``sd_log`` is out of its range.

    Examples
    --------
    >>> sample = lognormals(7, np.arange(10_000), "lag", median=2.0, sd_log=0.3)
    >>> round(float(np.median(sample)), 1)
    2.0
    """
    if not 0 < median < np.inf or not 0 <= sd_log < np.inf:
        raise RangeError(
            f"lognormals: median {median!r} and sd_log {sd_log!r}; a median greater than 0 and an "
            "sd_log of at least 0 are allowed. Change them."
        )
    return median * exp(sd_log * normals(seed, patient_ids, decision, draw))


def exponentials(seed: int, patient_ids: ArrayLike, decision: str, draw: ArrayLike = 0) -> Values:
    """Return exponential numbers of mean 1, the thresholds of cumulative hazards.

    Parameters
    ----------
    seed, patient_ids, decision, draw
        As in `uniforms`.

    Returns
    -------
    Numbers [1], greater than zero.

    Raises
    ------
    RangeError, ShapeError
        As in `uniforms`.

    Examples
    --------
    >>> sample = exponentials(7, np.arange(10_000), "event:nausea")
    >>> round(float(sample.mean()), 1)
    1.0
    """
    return -log(uniforms(seed, patient_ids, decision, draw))


def categorical(
    seed: int,
    patient_ids: ArrayLike,
    decision: str,
    probabilities: ArrayLike,
    draw: ArrayLike = 0,
) -> NDArray[np.int64]:
    """Return the index of one category for each patient.

    Parameters
    ----------
    seed, patient_ids, decision, draw
        As in `uniforms`.
    probabilities
        Probability of each category [1], shape ``(n_category,)`` for all patients alike, or
        ``(n_category, n_lane)``; not negative, each column adds up to 1.

    Returns
    -------
    Indices, int64, of the broadcast shape of patients and draws.

    Raises
    ------
    RangeError, ShapeError
        As in `uniforms`; also if the probabilities are no distribution, or their lanes are not
        those of the patients.

    Examples
    --------
    >>> chosen = categorical(7, np.arange(10_000), "sex", [0.62, 0.38])
    >>> round(float((chosen == 0).mean()), 1)
    0.6
    """
    chance = uniforms(seed, patient_ids, decision, draw)
    bounds = _cumulative(probabilities)
    if bounds.ndim == 1:
        return np.searchsorted(bounds, chance, side="right").astype(np.int64)
    if chance.shape[-1:] != bounds.shape[-1:]:
        raise ShapeError(
            f"categorical: probabilities of shape {bounds.shape} for patients of shape "
            f"{chance.shape}; one column a patient is allowed. Give (n_category, n_lane)."
        )
    chosen = np.zeros(chance.shape, dtype=np.int64)
    for bound in bounds[:-1]:
        chosen += chance >= bound
    return chosen


def _bits(
    seed: int, patients: NDArray[np.uint32], decision: str, draws: NDArray[np.uint32]
) -> NDArray[np.uint64]:
    counter = np.empty((*patients.shape, 4), dtype=np.uint32)
    counter[..., 0] = patients
    counter[..., 1] = draws
    counter[..., 2:] = _decision_words(decision)
    words = philox4x32(counter.reshape(-1, 4), _key(seed)).astype(np.uint64)
    bits: NDArray[np.uint64] = words[:, 0] << np.uint64(_WORD_BITS) | words[:, 1]
    return bits.reshape(patients.shape)


def _cumulative(probabilities: ArrayLike) -> Values:
    shares = np.asarray(probabilities, dtype=np.float64)
    if shares.ndim not in {1, 2} or not shares.shape[0]:
        raise ShapeError(
            f"categorical: probabilities of shape {shares.shape}; (n_category,) or "
            "(n_category, n_lane) is allowed. Reshape them."
        )
    bounds = np.cumsum(shares, axis=0)  # sums in written order, so the same in every block
    total = bounds[-1]
    if not np.all(shares >= 0) or not np.all(np.abs(total - 1) <= _SHARES_ROUND_OFF):
        raise RangeError(
            f"categorical: probabilities from {shares.min():g} to {shares.max():g} that add up "
            f"to {float(np.max(total)):g}; numbers from 0 to 1 that add up to 1 are allowed. "
            "Divide them by their sum."
        )
    return np.asarray(bounds / total)


def _words(values: ArrayLike, name: str) -> NDArray[np.uint32]:
    array = np.asarray(values)
    if array.size and array.dtype.kind not in "iu":
        raise RangeError(
            f"draws, {name}: {array.dtype} values; integers from 0 to 2^32 - 1 are allowed. "
            "Convert them."
        )
    if array.size and (array.min() < 0 or array.max() >= _WORD_LIMIT):
        raise RangeError(
            f"draws, {name}: values from {array.min()} to {array.max()}; integers from 0 to "
            "2^32 - 1 are allowed. Renumber them."
        )
    return array.astype(np.uint32)


def _key(seed: int) -> NDArray[np.uint32]:
    is_integer = isinstance(seed, int | np.integer) and not isinstance(seed, bool)
    if not is_integer or not 0 <= seed < _SEED_LIMIT:
        raise RangeError(
            f"draws, seed: {seed!r}; an integer from 0 to 2^64 - 1 is allowed. Choose another seed."
        )
    whole = int(seed)
    return np.array([whole % _WORD_LIMIT, whole >> _WORD_BITS], dtype=np.uint32)


@functools.lru_cache(maxsize=4096)
def _decision_words(decision: str) -> tuple[int, int]:
    if not isinstance(decision, str) or not decision:
        raise RangeError(
            f"draws, decision: {decision!r}; a text that names the decision is allowed. Write one."
        )
    # not hash(): Python salts it, so two processes would draw different patients
    digest = hashlib.blake2b(decision.encode(), digest_size=_N_HASH_BYTE).digest()
    whole = int.from_bytes(digest, "little")
    return whole % _WORD_LIMIT, whole >> _WORD_BITS
