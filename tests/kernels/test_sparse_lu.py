"""Factorisation: reciprocal pivots, no work for structural zeros, quadratures cost nothing."""

from itertools import pairwise

import numpy as np
import pytest
from kernels_tolerances import RELATIVE_ROUND_OFF

from kernels.program import Op
from kernels.sparse_lu import factorise


def test_pivots_are_kept_as_reciprocals():
    factors = factorise(1, ((0, 0),))
    assert factors.lu.evaluate({"j": [1.0], "g": [5.0]}) == (0.25,)


def test_the_factors_multiply_back_to_the_matrix():
    rng = np.random.default_rng(3)
    n, g = 8, 30.0
    jacobian = np.where(rng.random((n, n)) < 0.4, rng.normal(size=(n, n)), 0.0)
    pattern = tuple((int(i), int(j)) for i, j in zip(*np.nonzero(jacobian), strict=True))
    factors = factorise(n, pattern)
    m = factors.lu.evaluate({"j": [jacobian[entry] for entry in pattern], "g": [g]})
    place = {row: position for position, row in enumerate(factors.ordering)}
    lower, upper = np.eye(n), np.zeros((n, n))
    for (i, j), value in zip(factors.pattern, m, strict=True):
        if i == j:
            upper[i, i] = 1.0 / value
        elif place[i] > place[j]:
            lower[i, j] = -value  # off-diagonal factors keep the sign of J
        else:
            upper[i, j] = -value
    product = lower @ upper
    assert product == pytest.approx(g * np.eye(n) - jacobian, abs=g * RELATIVE_ROUND_OFF)


def test_a_chain_in_any_order_of_its_links_fills_nothing_in():
    rng = np.random.default_rng(5)
    n = 15
    order = rng.permutation(n)
    pattern = {(int(order[i]), int(order[i])) for i in range(n)}
    for a, b in pairwise(order):
        pattern |= {(int(a), int(b)), (int(b), int(a))}
    factors = factorise(n, tuple(sorted(pattern)))
    assert set(factors.pattern) == pattern


def test_quadratures_add_one_product_and_one_sum_for_each_nonzero():
    n = 5
    states = tuple((i, j) for i in range(n) for j in range(n))
    with_two = (*states, (n, 0), (n, 3), (n + 1, 2))
    plain, more = factorise(n, states), factorise(n + 2, with_two)
    assert set(more.pattern) == {*states, *with_two, (n, n), (n + 1, n + 1)}
    n_mul = sum(line.op is Op.MUL for line in more.lu.instructions)
    assert n_mul == sum(line.op is Op.MUL for line in plain.lu.instructions)
    assert len(more.solve.instructions) == len(plain.solve.instructions) + 2 * 3 + 2


def test_work_grows_with_the_nonzeros_and_not_with_the_square():
    n = 400
    pattern = tuple((i, j) for i in range(n) for j in (i - 1, i, i + 1) if 0 <= j < n)
    factors = factorise(n, pattern)
    assert len(factors.lu.instructions) < 6 * n
    assert len(factors.solve.instructions) < 6 * n


def test_rows_without_a_diagonal_entry_share_one_division():
    factors = factorise(4, ((1, 0), (2, 0), (3, 0)))
    assert sum(line.op is Op.DIV for line in factors.lu.instructions) == 1


def test_the_ordering_is_a_permutation_with_ties_broken_by_row():
    assert factorise(4, ()).ordering == (0, 1, 2, 3)
