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

import polars as pl

__all__ = ["QUARTILES", "Spread", "spreads"]

QUARTILES: Final = (Fraction(1, 4), Fraction(1, 2), Fraction(3, 4))

_BIN: Final = 2**44
"""Bits that a bin leaves out: it keeps sign, exponent and 8 bits, 256 bins an octave."""

_VALUE, _BIN_NAME, _COUNT = "_value", "_bin", "_count"

Key = tuple[Any, ...]


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
    names = [*keys, _BIN_NAME]
    # adding zero makes a negative zero positive
    value = (pl.col(column) + 0.0).alias(_VALUE)
    known = frame.filter(pl.col(column).is_not_null()).select(*keys, value)
    binned = known.with_columns(_bins(pl.col(_VALUE)).alias(_BIN_NAME))
    counted = (
        binned.group_by(names)
        .agg(
            pl.len().cast(pl.Int64).alias(_COUNT),
            pl.col(_VALUE).min().alias("_low"),
            pl.col(_VALUE).max().alias("_high"),
        )
        .collect(engine="streaming")
        .sort(names)
    )
    groups = {
        key: part
        for key, part in (
            counted.group_by(list(keys), maintain_order=True) if keys else [((), counted)]
        )
        if len(part)
    }
    inside = _look_inside(binned, groups, keys, counted)
    return {key: _spread(part, inside.get(key, {})) for key, part in groups.items()}


def _bins(value: pl.Expr) -> pl.Expr:
    bits = value.reinterpret(dtype=pl.Int64)
    ordered = pl.when(bits < 0).then(bits.xor(pl.lit(2**63 - 1, dtype=pl.Int64))).otherwise(bits)
    return ordered.floordiv(_BIN)


def _ranks(n: int) -> Iterator[tuple[int, int]]:
    """Return the two places, from 1, whose values each quartile is the mean of."""
    for share in QUARTILES:
        whole, rest = divmod(share.numerator * n, share.denominator)
        yield (whole, whole + 1) if not rest and whole else (whole + 1, whole + 1)


def _place(part: pl.DataFrame, rank: int) -> tuple[int, int]:
    """Return the row of the bin that holds a rank, and the rank within it."""
    ends = part[_COUNT].cum_sum()
    row = int(ends.search_sorted(rank, side="left"))  # type: ignore[arg-type]
    return row, rank - (int(ends[row - 1]) if row else 0)


def _look_inside(
    binned: pl.LazyFrame, groups: dict[Key, pl.DataFrame], keys: Sequence[str], like: pl.DataFrame
) -> dict[Key, dict[int, pl.DataFrame]]:
    """Return the distinct values and their counts in the bins that hold quartiles."""
    names = [*keys, _BIN_NAME]
    wanted = set()
    for key, part in groups.items():
        for pair in _ranks(int(part[_COUNT].sum())):
            for rank in pair:
                row, _ = _place(part, rank)
                if part["_low"][row] != part["_high"][row]:
                    wanted.add((*key, int(part[_BIN_NAME][row])))
    if not wanted:
        return {}
    schema = {name: like.schema[name] for name in names}
    bins = pl.LazyFrame(list(wanted), schema=schema, orient="row")
    values = (
        binned.join(bins, on=names, how="semi", nulls_equal=True)
        .group_by([*names, _VALUE])
        .agg(pl.len().cast(pl.Int64).alias(_COUNT))
        .collect(engine="streaming")
        .sort([*names, _VALUE])
    )
    found: dict[Key, dict[int, pl.DataFrame]] = {}
    for key, part in values.group_by(names, maintain_order=True):
        found.setdefault(key[:-1], {})[int(str(key[-1]))] = part
    return found


def _spread(part: pl.DataFrame, inside: dict[int, pl.DataFrame]) -> Spread:
    n = int(part[_COUNT].sum())

    def at(rank: int) -> float:
        row, rest = _place(part, rank)
        if part["_low"][row] == part["_high"][row]:
            return float(part["_low"][row])
        values = inside[int(part[_BIN_NAME][row])]
        return float(values[_VALUE][_place(values, rest)[0]])

    first, middle, last = ((at(low) + at(high)) / 2 for low, high in _ranks(n))
    low, high = part["_low"].min(), part["_high"].max()
    return Spread(
        n=n,
        low=float(low),  # type: ignore[arg-type]
        quartiles=(first, middle, last),
        high=float(high),  # type: ignore[arg-type]
    )
