"""Exact quantiles against NumPy's averaged order statistics, on nasty numbers."""

import numpy as np
import polars as pl
import pytest
from pipelines_tolerances import ROUND_OFF

from pipelines.results.quantiles import spreads

SHARES = [0.25, 0.5, 0.75]


def expected(values):
    quartiles = np.quantile(values, SHARES, method="averaged_inverted_cdf")
    return (values.min(), *quartiles, values.max())


def found(spread):
    return (spread.low, *spread.quartiles, spread.high)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 7, 8, 100, 4001])
@pytest.mark.parametrize("kind", ["normal", "scores", "wide", "near", "constant"])
def test_quartiles_are_the_averaged_order_statistics(kind, n):
    rng = np.random.default_rng(n)
    values = {
        "normal": rng.normal(0, 3, n),
        "scores": np.round(rng.normal(25, 6, n)).clip(0, 60),
        "wide": rng.choice([-1.0, 1.0], n) * 10.0 ** rng.uniform(-300, 300, n),
        "near": 1.0 + 1e-12 * rng.random(n),
        "constant": np.full(n, -2.5),
    }[kind]
    one = spreads(pl.LazyFrame({"x": values}), [], "x")[()]
    # NumPy halves the gap between two numbers, not their sum
    assert found(one) == pytest.approx(expected(values), rel=ROUND_OFF, abs=0.0)
    assert one.n == n


def test_groups_nulls_and_null_keys_are_kept_apart():
    rng = np.random.default_rng(3)
    frame = pl.DataFrame(
        {
            "g": rng.choice(["a", "b", ""], 900),
            "h": rng.integers(0, 3, 900),
            "x": rng.normal(size=900),
        }
    ).with_columns(pl.col("g").replace("", None))
    frame = frame.with_columns(pl.when(pl.int_range(pl.len()) % 7 > 0).then("x").alias("x"))
    one = spreads(frame.lazy(), ["g", "h"], "x")
    assert len(one) == 9
    for (g, h), spread in one.items():
        mine = frame.filter(pl.col("g").eq_missing(g), h=h)["x"].drop_nulls().to_numpy()
        assert found(spread) == pytest.approx(expected(mine), rel=ROUND_OFF, abs=0.0)


def test_a_group_without_numbers_is_absent():
    frame = pl.LazyFrame({"g": ["a", "b"], "x": [1.0, None]})
    assert list(spreads(frame, ["g"], "x")) == [("a",)]


def test_zeros_of_both_signs_are_one_number():
    one = spreads(pl.LazyFrame({"x": [-0.0, 0.0, -0.0, 0.0, 1e-320]}), [], "x")[()]
    assert one.quartiles == (0.0, 0.0, 0.0)


def test_the_order_of_the_rows_does_not_matter():
    rng = np.random.default_rng(5)
    values = rng.lognormal(size=5000)
    first = spreads(pl.LazyFrame({"x": values}), [], "x")
    assert first == spreads(pl.LazyFrame({"x": rng.permutation(values)}), [], "x")
