"""Laboratory values and vital signs: baseline against later by range, and notable changes."""

from collections.abc import Iterator
from typing import Final

import polars as pl

from pipelines.reference_ranges import NOTABLE, RANGES
from pipelines.results.estimates import share_rows
from pipelines.results.first_events import person_key
from pipelines.results.rows import Row
from pipelines.results.scope import Scope
from pipelines.results.summarise import level_rows

__all__ = ["shifts"]

_CATEGORIES: Final = ("LOW", "NORMAL", "HIGH")
_AFTER: Final = {
    "last": "last value",
    "lowest": "lowest value",
    "highest": "highest value",
}


def shifts(scope: Scope) -> Iterator[Row]:
    """Return shift tables and counts of notable values, of the treated with both values.

    Examples
    --------
    >>> shifts.__module__  # run by tests/pipelines/results/test_shifts.py: it reads files
    'pipelines.results.shifts'
    """
    codes = [*RANGES, *(code for code in NOTABLE if code not in RANGES)]
    values = scope.scan("adlb").filter(pl.col("PARAMCD").is_in(codes))
    found = dict(values.group_by("PARAMCD").agg(pl.len()).collect(engine="streaming").iter_rows())
    for code in codes:
        if code not in found:
            continue
        if code in RANGES:
            yield from _shift_rows(scope, code)
        if code in NOTABLE:
            yield from _notable_rows(scope, code)


def _people(scope: Scope, code: str, some: pl.Expr) -> pl.LazyFrame:
    """Return baseline, last, lowest and highest later value of some of the treated persons."""
    treated = (
        scope.scan("adsl")
        .filter(some & (pl.col("SAFFL") == "Y"))
        .select(person_key("TRT01PN"), "SEX")
    )
    return (
        scope.scan("adlb")
        .filter(
            some
            & (pl.col("PARAMCD") == code)
            & pl.col("ABLFL").is_null()
            & pl.col("AVAL").is_not_null()
            & pl.col("BASE").is_not_null()
        )
        .group_by(person_key("TRTPN"), pl.col("TRTPN").alias("arm"))
        .agg(
            pl.col("BASE").max(),
            pl.col("AVAL").sort_by("AVISITN").last().alias("last"),
            pl.col("AVAL").min().alias("lowest"),
            pl.col("AVAL").max().alias("highest"),
        )
        .join(treated, on="PERSON")
    )


def _shift_rows(scope: Scope, code: str) -> Iterator[Row]:
    normal = RANGES[code]
    names = ["BASE", *_AFTER]

    def counts(some: pl.Expr) -> pl.LazyFrame:
        people = _people(scope, code, some)
        levels = people.with_columns(normal.category(name) for name in names)
        return levels.group_by("arm", *names).agg(pl.len().cast(pl.Int64))

    counted = scope.added(counts, ["arm", *names])
    for after, label in _AFTER.items():
        if after == "lowest" and normal.low is None:
            continue
        table: dict[tuple[int, str, str], int] = {}
        for arm, before, later, count in counted.select("arm", "BASE", after, "len").iter_rows():
            table[arm, before, later] = table.get((arm, before, later), 0) + count
        for arm in scope.arms:
            n = sum(count for key, count in table.items() if key[0] == arm)
            for before in _CATEGORIES:
                for later in _CATEGORIES:
                    if normal.low is None and "LOW" in (before, later):
                        continue
                    about = {
                        "analysis": "shifts",
                        "population": "treated",
                        **scope.arm_group(arm),
                        "group2": "BNRIND",
                        "group2_level": before,
                        "group3": "after baseline",
                        "group3_level": label,
                        "variable": code,
                        "variable_label": f"{normal.title} ({normal.text})",
                        "method": f"normal range {normal.text}; {normal.mark}: {normal.source}",
                    }
                    count = table.get((arm, before, later), 0)
                    yield from level_rows(about, later, count, n)


def _notable_rows(scope: Scope, code: str) -> Iterator[Row]:
    rules = NOTABLE[code]

    def counts(some: pl.Expr) -> pl.LazyFrame:
        conditions = (
            rule.condition().sum().cast(pl.Int64).alias(f"rule_{place}")
            for place, rule in enumerate(rules)
        )
        n = pl.len().cast(pl.Int64).alias("n")
        return _people(scope, code, some).group_by("arm").agg(n, *conditions)

    counted = scope.added(counts, ["arm"]).to_dicts()
    by_arm = {row["arm"]: row for row in counted}
    for place, rule in enumerate(rules):
        for arm in scope.arms:
            row = by_arm.get(arm, {"n": 0, f"rule_{place}": 0})
            about = {
                "analysis": "shifts",
                "population": "treated",
                **scope.arm_group(arm),
                "variable": code,
                "variable_label": rule.label,
            }
            for one in share_rows(about, rule.label, row[f"rule_{place}"], row["n"]):
                yield {**one, "method": f"Wilson; limit {rule.mark}: {rule.source}"}
