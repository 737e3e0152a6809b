"""Exact quantiles of groups in bounded memory: count coarse bins, then look into a few of them.

The bins are the leading bits of a number as it is stored, so they need no range beforehand, are as
fine everywhere relative to the numbers, and their counts add in any order. A first pass counts; a
second one counts the distinct values in the bins that hold an order statistic, unless all values
of a bin are one. The result is exact and the same for any order of the rows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

__all__ = ["QUARTILES", "Bins", "Spread", "count_bins", "spreads"]

QUARTILES: Final = (Fraction(1, 4), Fraction(1, 2), Fraction(3, 4))

_BIN: Final = 2**44
"""Bits that a bin leaves out: it keeps sign, exponent and 8 bits, 256 bins an octave."""

_VALUE, _BIN_NAME, _COUNT = "_value", "_bin", "_count"

Key = tuple[Any, ...]
Columns = tuple[NDArray[Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Least, quartiles and greatest of some numbers.

    Examples
    --------
    >>> frame = pl.LazyFrame({"g": ["a"] * 4, "x": [4.0, 1.0, 2.0, 3.0]})
    >>> spread = spreads(frame, ["g"], "x")["a",]
    >>> spread.low, spread.quartiles, spread.high
    (1.0, (1.5, 2.5, 3.5), 4.0)
    """

    n: int
    low: float
    quartiles: tuple[float, float, float]
    high: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bins:
    """A column counted in bins, by group.

    Parameters
    ----------
    frame
        The rows, with their bin.
    keys
        Columns that name the group.
    counted
        One row a group and bin; the bin is null for missing numbers. Further columns are sums that
        were asked for.

    Examples
    --------
    >>> bins = count_bins(pl.LazyFrame({"x": [1.0, 1.0, None]}), [], "x")
    >>> bins.counted["_count"].to_list()
    [1, 2]
    """

    frame: pl.LazyFrame
    keys: tuple[str, ...]
    counted: pl.DataFrame

    def spreads(self) -> dict[Key, Spread]:
        """Return the spread of every group that has numbers.

        Examples
        --------
        >>> count_bins(pl.LazyFrame({"x": [2.0]}), [], "x").spreads()[()].high
        2.0
        """
        known = self.counted.filter(pl.col(_BIN_NAME).is_not_null())
        groups = _groups(known, self.keys, (_BIN_NAME, _COUNT, "_low", "_high"))
        wanted = {(*key, place) for key, group in groups.items() for place in _mixed_bins(group)}
        inside: dict[Key, Columns] = {}
        if wanted:
            inside = _groups(
                _look_inside(self.frame, self.keys, known, list(wanted)),
                (*self.keys, _BIN_NAME),
                (_VALUE, _COUNT),
            )
        return {key: _spread(key, group, inside) for key, group in groups.items()}


def count_bins(frame: pl.LazyFrame, keys: Sequence[str], column: str, *sums: pl.Expr) -> Bins:
    """Return a column counted in bins, in every group.

    Parameters
    ----------
    frame
        Any number of rows.
    keys
        Columns that name the group.
    column
        Column of float64 numbers.
    sums
        Further aggregations of the rows of a bin.

    Examples
    --------
    >>> frame = pl.LazyFrame({"x": [1.0, 1.5]})
    >>> count_bins(frame, [], "x", pl.col("x").sum().alias("s")).counted["s"].to_list()
    [1.0, 1.5]
    """
    names = [*keys, _BIN_NAME]
    # adding zero makes a negative zero positive
    value = pl.col(column) + 0.0
    binned = frame.with_columns(value.alias(_VALUE)).with_columns(
        _bins(pl.col(_VALUE)).alias(_BIN_NAME)
    )
    counted = (
        binned.group_by(names)
        .agg(
            pl.len().cast(pl.Int64).alias(_COUNT),
            pl.col(_VALUE).min().alias("_low"),
            pl.col(_VALUE).max().alias("_high"),
            *sums,
        )
        .collect(engine="streaming")
        .sort(names)
    )
    return Bins(frame=binned.select(*names, _VALUE), keys=tuple(keys), counted=counted)


def spreads(frame: pl.LazyFrame, keys: Sequence[str], column: str) -> dict[Key, Spread]:
    """Return the spread of a column in every group; groups without numbers are absent.

    Parameters
    ----------
    frame
        Any number of rows.
    keys
        Columns that name the group.
    column
        Column of float64 numbers; nulls are left out.

    Returns
    -------
    Spreads by the values of the keys. A quantile between two numbers is their mean.

    References
    ----------
    Hyndman RJ, Fan Y, Am Stat 1996;50:361, definition 2.

    Examples
    --------
    >>> spreads(pl.LazyFrame({"x": [3.0, None, 1.0]}), [], "x")[()].quartiles
    (1.0, 2.0, 3.0)
    """
    return count_bins(frame, keys, column).spreads()


def _groups(frame: pl.DataFrame, keys: Sequence[str], columns: Sequence[str]) -> dict[Key, Columns]:
    """Return columns of every group of a sorted frame."""
    if not len(frame):
        return {}
    arrays = [frame[name].to_numpy() for name in columns]
    names = frame.select(keys)
    starts = [0]
    if keys:
        changed = pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift()) for name in keys)
        place = names.select(changed.fill_null(value=True).arg_true()).to_series()
        starts = sorted({0, *place.to_list()})
    bounds = zip(starts, [*starts[1:], len(frame)], strict=True)
    first = names[starts].rows() if keys else [()]
    return {
        key: tuple(array[start:end] for array in arrays)
        for key, (start, end) in zip(first, bounds, strict=True)
    }


def _bins(value: pl.Expr) -> pl.Expr:
    bits = value.reinterpret(dtype=pl.Int64)
    ordered = pl.when(bits < 0).then(bits.xor(pl.lit(2**63 - 1, dtype=pl.Int64))).otherwise(bits)
    return ordered.floordiv(_BIN)


def _ranks(n: int) -> Iterator[tuple[int, int]]:
    """Return the two places, from 1, whose values each quartile is the mean of."""
    for share in QUARTILES:
        whole, rest = divmod(share.numerator * n, share.denominator)
        yield (whole, whole + 1) if not rest and whole else (whole + 1, whole + 1)


def _place(counts: NDArray[Any], rank: int) -> tuple[int, int]:
    """Return the row that holds a rank, and the rank within it."""
    ends = np.cumsum(counts)
    row = int(np.searchsorted(ends, rank))
    return row, rank - (int(ends[row - 1]) if row else 0)


def _mixed_bins(group: Columns) -> Iterator[int]:
    """Return the bins that hold an order statistic and more than one value."""
    bins, counts, low, high = group
    for rank in {rank for pair in _ranks(int(counts.sum())) for rank in pair}:
        row, _ = _place(counts, rank)
        if low[row] != high[row]:
            yield int(bins[row])


def _look_inside(
    binned: pl.LazyFrame, keys: Sequence[str], like: pl.DataFrame, wanted: list[Key]
) -> pl.DataFrame:
    """Return the distinct values in some bins, and how often each is there."""
    names = [*keys, _BIN_NAME]
    bins = pl.LazyFrame(wanted, schema={name: like.schema[name] for name in names}, orient="row")
    return (
        binned.join(bins, on=names, how="semi", nulls_equal=True)
        .group_by([*names, _VALUE])
        .agg(pl.len().cast(pl.Int64).alias(_COUNT))
        .collect(engine="streaming")
        .sort([*names, _VALUE])
    )


def _spread(key: Key, group: Columns, inside: dict[Key, Columns]) -> Spread:
    bins, counts, low, high = group
    n = int(counts.sum())

    def at(rank: int) -> float:
        row, rest = _place(counts, rank)
        if low[row] == high[row]:
            return float(low[row])
        values, repeats = inside[*key, int(bins[row])]
        return float(values[_place(repeats, rest)[0]])

    first, middle, last = (_middle(at(one), at(other)) for one, other in _ranks(n))
    return Spread(
        n=n, low=float(low.min()), quartiles=(first, middle, last), high=float(high.max())
    )


def _middle(one: float, other: float) -> float:
    # halves first: the sum of two numbers near the largest float is none
    return one if one == other else one / 2 + other / 2
