"""Philox4x32-10 against the known answers of Random123, and refused inputs."""

import numpy as np
import pytest

from kernels import ShapeError
from kernels.philox import philox4x32

KNOWN_ANSWERS = [
    ("00000000 " * 4, "00000000 " * 2, "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff " * 4, "ffffffff " * 2, "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    (
        "243f6a88 85a308d3 13198a2e 03707344",
        "a4093822 299f31d0",
        "d16cfe09 94fdcceb 5001e420 24126ea1",
    ),
]


def _words(text):
    return np.array([int(word, 16) for word in text.split()], dtype=np.uint32)


@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN_ANSWERS)
def test_known_answers_of_random123(counter, key, answer):
    assert np.array_equal(philox4x32(_words(counter)[None], _words(key))[0], _words(answer))


def test_a_row_does_not_depend_on_its_neighbours():
    key = _words("a4093822 299f31d0")
    counters = np.arange(4000, dtype=np.uint32).reshape(1000, 4)
    together = philox4x32(counters, key)
    assert np.array_equal(together[417], philox4x32(counters[417:418], key)[0])


def test_no_rows_give_no_rows():
    assert philox4x32(np.zeros((0, 4), np.uint32), np.zeros(2, np.uint32)).shape == (0, 4)


@pytest.mark.parametrize(
    "counter",
    [None, "x", np.zeros((1, 3), np.uint32), np.zeros(4, np.uint32), np.zeros((1, 4), np.int64)],
)
def test_a_wrong_counter_is_refused(counter):
    with pytest.raises(ShapeError, match=r"philox4x32, counter: .*\(n, 4\) is allowed"):
        philox4x32(counter, np.zeros(2, np.uint32))


@pytest.mark.parametrize("key", [None, 7, np.zeros(3, np.uint32), np.zeros(2)])
def test_a_wrong_key_is_refused(key):
    with pytest.raises(ShapeError, match=r"philox4x32, key: .*\(2,\) is allowed"):
        philox4x32(np.zeros((1, 4), np.uint32), key)
