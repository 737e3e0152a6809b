"""Numbers and categories of groups -> the statistics that describe them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from pipelines.intervals import Moments
from pipelines.results.quantiles import Spread, count_bins
from pipelines.results.rows import Row, statistic_rows

__all__ = ["Numbers", "describe", "level_rows", "moments", "number_rows", "sum_columns", "sums"]

SCALE = 2**32
"""Fixed point of the sums: steps of 2.3e-10 of the column's unit."""

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """What describes the numbers of one group.

    Examples
    --------
    >>> describe(pl.LazyFrame({"x": [1.0, 3.0, None]}), [], "x")[()].moments.mean
    2.0
    """

    moments: Moments
    n_missing: int
    spread: Spread | None

    def statistics(self) -> dict[str, float | None]:
        """Return N, mean, SD, median, quartiles, least, greatest and how many are missing."""
        spread = self.spread
        first, median, third = spread.quartiles if spread else (None, None, None)
        return {
            "N": self.moments.n,
            "mean": self.moments.mean,
            "sd": self.moments.sd,
            "median": median,
            "p25": first,
            "p75": third,
            "min": spread.low if spread else None,
            "max": spread.high if spread else None,
            "N_miss": self.n_missing,
        }


def sum_columns(column: str) -> list[pl.Expr]:
    """Return the exact count, sum and sum of squares of a column, for an aggregation.

    Examples
    --------
    >>> pl.DataFrame({"x": [1.0, 2.0]}).select(sum_columns("x")).row(0)[0]
    2
    """
    fixed = (pl.col(column) * SCALE).round().cast(pl.Int128)
    return [
        fixed.count().alias(f"{column}_n"),
        fixed.sum().alias(f"{column}_s"),
        (fixed * fixed).sum().alias(f"{column}_q"),
    ]


def moments(row: Mapping[str, Any], column: str) -> Moments:
    """Return the moments of a column from the sums of `sum_columns`.

    Examples
    --------
    >>> moments(pl.DataFrame({"x": [1.0, 2.0]}).select(sum_columns("x")).to_dicts()[0], "x").mean
    1.5
    """
    return Moments(
        n=row[f"{column}_n"],
        total=int(row[f"{column}_s"] or 0),
        total_of_squares=int(row[f"{column}_q"] or 0),
        scale=SCALE,
    )


def sums(frame: pl.LazyFrame, keys: Sequence[str], *columns: str) -> dict[Key, Row]:
    """Return the sums of columns by group, with the rows of the group as ``rows``.

    Examples
    --------
    >>> sums(pl.LazyFrame({"g": [1, 1], "x": [1.0, None]}), ["g"], "x")[1,]["rows"]
    2
    """
    wanted = [pl.len().alias("rows"), *(one for name in columns for one in sum_columns(name))]
    grouped = frame.group_by(list(keys)).agg(wanted) if keys else frame.select(wanted)
    rows = grouped.collect(engine="streaming").to_dicts()
    return {tuple(row[key] for key in keys): row for row in rows}


def describe(frame: pl.LazyFrame, keys: Sequence[str], column: str) -> dict[Key, Numbers]:
    """Return what describes a column in every group.

    Parameters
    ----------
    frame
        Any number of rows.
    keys
        Columns that name the group; none for all rows together.
    column
        Column of float64 numbers.

    Examples
    --------
    >>> one = describe(pl.LazyFrame({"g": [1, 1], "x": [1.0, None]}), ["g"], "x")[1,]
    >>> one.statistics()["N_miss"], one.statistics()["sd"]
    (1, None)
    """
    bins = count_bins(frame, keys, column, *sum_columns(column))
    spread = bins.spreads()
    added = [pl.col(f"{column}_{part}").sum() for part in ("n", "s", "q")]
    rows = pl.col("_count").sum().alias("rows")
    counted = bins.counted
    whole = counted.group_by(list(keys)).agg(rows, *added) if keys else counted.select(rows, *added)
    return {
        key: Numbers(
            moments=moments(row, column),
            n_missing=row["rows"] - row[f"{column}_n"],
            spread=spread.get(key),
        )
        for row in whole.to_dicts()
        for key in [tuple(row[name] for name in keys)]
    }


NOBODY = Numbers(
    moments=Moments(n=0, total=0, total_of_squares=0, scale=SCALE), n_missing=0, spread=None
)
"""Of a group without rows."""


def number_rows(
    shared: Mapping[str, Any], numbers: Numbers | None, *, unit: str, digits: int = 1
) -> Iterator[Row]:
    """Return the rows that describe the numbers of a group.

    Examples
    --------
    >>> numbers = describe(pl.LazyFrame({"x": [1.0, 3.0]}), [], "x")[()]
    >>> [row["stat_name"] for row in number_rows({}, numbers, unit="y")][:3]
    ['N', 'mean', 'sd']
    """
    found = (numbers or NOBODY).statistics()
    return statistic_rows({**shared, "context": "summary"}, found, unit=unit, digits=digits)


def level_rows(
    shared: Mapping[str, Any], level: str, count: int, n: int, context: str = "tabulate"
) -> Iterator[Row]:
    """Return how many of a group have a level: n, N and the share.

    Examples
    --------
    >>> [row["stat"] for row in level_rows({}, "F", 3, 4)]
    [3.0, 4.0, 0.75]
    """
    stats = {"n": count, "N": n, "p": count / n if n else None}
    about = {**shared, "variable_level": level, "context": context}
    return statistic_rows(about, stats, reason="nobody in the group")
