"""Philox4x32-10, the counter-based random number generator.

A block of four 32-bit words is a fixed function of a counter and a key: nothing is advanced, so
every number can be drawn alone, in any order. `cohort.population.draws` enters here, and events
that go by chance (`kernels.backends.triggers`; ``source/events.hpp`` has the function once more).
Imports NumPy.
"""

import numpy as np
from numpy.typing import NDArray

from kernels.errors import ShapeError

__all__ = ["philox4x32"]

_N_ROUND = 10
_N_WORD = 4
_N_KEY_WORD = 2
_MULTIPLIER_0 = np.uint64(0xD2511F53)  # multipliers and key steps: Salmon 2011, section 3.3
_MULTIPLIER_1 = np.uint64(0xCD9E8D57)
_KEY_STEP_0 = 0x9E3779B9  # golden ratio
_KEY_STEP_1 = 0xBB67AE85  # sqrt(3) - 1
_MASK = 0xFFFFFFFF
_LOW_HALF = np.uint64(_MASK)
_HALF_WIDTH = np.uint64(32)


def philox4x32(counter: NDArray[np.uint32], key: NDArray[np.uint32]) -> NDArray[np.uint32]:
    r"""Return one block of random words for each counter, after ten rounds.

    Parameters
    ----------
    counter
        Counter words, uint32, shape ``(n, 4)``.
    key
        Key words, uint32, shape ``(2,)``.

    Returns
    -------
    Random words, uint32, shape ``(n, 4)``; a row depends on its counter and the key alone.

    Raises
    ------
    ShapeError
        If an array has another shape or dtype.

    Notes
    -----
    One round with counter :math:`c` and key :math:`k`, where :math:`hi, lo` are the halves of a
    64-bit product:

    .. math::

        c \leftarrow (hi(M_1 c_2) \oplus c_1 \oplus k_0,\; lo(M_1 c_2),\;
        hi(M_0 c_0) \oplus c_3 \oplus k_1,\; lo(M_0 c_0))

    References
    ----------
    Salmon, Moraes, Dror, Shaw 2011, Parallel random numbers: as easy as 1, 2, 3,
    doi:10.1145/2063384.2063405, section 3.3; known answers of the Random123 library.

    Examples
    --------
    >>> words = philox4x32(np.zeros((1, 4), np.uint32), np.zeros(2, np.uint32))
    >>> [f"{word:08x}" for word in words[0]]
    ['6627e8d5', 'e169c58d', 'bc57ac4c', '9b00dbd8']
    """
    _check(counter, key)
    first, second, third, fourth = counter.T.astype(np.uint64)
    key_0, key_1 = (int(word) for word in key)
    for _ in range(_N_ROUND):
        product_0 = first * _MULTIPLIER_0
        product_1 = third * _MULTIPLIER_1
        first = (product_1 >> _HALF_WIDTH) ^ second ^ np.uint64(key_0)
        second = product_1 & _LOW_HALF
        third = (product_0 >> _HALF_WIDTH) ^ fourth ^ np.uint64(key_1)
        fourth = product_0 & _LOW_HALF
        key_0 = (key_0 + _KEY_STEP_0) & _MASK
        key_1 = (key_1 + _KEY_STEP_1) & _MASK
    return np.stack([first, second, third, fourth], axis=1).astype(np.uint32)


def _check(counter: NDArray[np.uint32], key: NDArray[np.uint32]) -> None:
    for name, words, n_axis, last in (
        ("counter", counter, 2, _N_WORD),
        ("key", key, 1, _N_KEY_WORD),
    ):
        right = (
            isinstance(words, np.ndarray)
            and words.dtype == np.uint32
            and words.ndim == n_axis
            and words.shape[-1] == last
        )
        if not right:
            given = (
                f"{words.dtype} array of shape {words.shape}"
                if isinstance(words, np.ndarray)
                else f"{type(words).__name__}"
            )
            allowed = f"(n, {last})" if n_axis > 1 else f"({last},)"
            raise ShapeError(
                f"philox4x32, {name}",
                given,
                f"a uint32 array of shape {allowed} is allowed",
                "Convert it",
            )
