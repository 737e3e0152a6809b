"""Individual treatment effects of counterfactual designs: how much persons differ in benefit.

The effect of a person is the change in the arm minus the change of the same person in control.
The noise of both ratings is in it, so its spread is wider than that of the benefit itself.
"""

import math
from collections.abc import Iterator
from typing import Any, Final

import polars as pl

from pipelines.results.contrasts import product_columns
from pipelines.results.rows import Row, statistic_rows
from pipelines.results.scope import Scope
from pipelines.results.summarise import describe, level_rows, number_rows
from pipelines.roster import subject_ranges

__all__ = ["individual_effects"]

_KEYS: Final = ["TRTPN", "PARAMCD"]
_NOISE: Final = "the noise of both ratings is part of the spread"


def individual_effects(scope: Scope) -> Iterator[Row]:
    """Return what describes the effects of persons at the last visit; nothing in other designs.

    Examples
    --------
    >>> individual_effects.__module__  # run by tests/pipelines/results/test_individuals.py
    'pipelines.results.individuals'
    """
    if scope.control is None or not scope.facts.is_paired:
        return
    control, visit = scope.control, scope.last_visit()
    if visit is None:
        return
    counted = scope.added(lambda some: _sums(_pairs(scope, control, visit, some)), _KEYS)
    rows = {tuple(row[key] for key in _KEYS): row for row in counted.to_dicts()}
    found = describe(_effects(scope, control, visit).lazy(), _KEYS, "EFFECT")
    names = [one.name for one in scope.facts.definitions.endpoints]
    for key in sorted(found, key=lambda one: (names.index(one[1]), one[0])):
        about = {
            "analysis": "individual effects",
            "population": "pairs",
            **scope.arm_group(key[0]),
            "group2": "PARAMCD",
            "group2_level": key[1],
            "group3": "AVISIT",
            "group3_level": visit,
            "variable": "EFFECT",
            "variable_label": "Change in the arm minus change of the same person in control",
            "reference": scope.facts.control,
            "warning": _NOISE,
        }
        yield from number_rows(about, found[key], unit="points", digits=0)
        row = rows[key]
        n = row["n"]
        for level, count in (
            ("lower score in the arm", row["lower"]),
            ("equal", n - row["lower"] - row["higher"]),
            ("higher score in the arm", row["higher"]),
        ):
            yield from level_rows(about, level, count, n)
        yield from statistic_rows(
            {
                **about,
                "variable_label": "Changes of a person in the arm and in control",
                "context": "correlation",
                "method": "Pearson",
            },
            {"correlation": _correlation(row)},
            reason="no spread",
        )


def _pairs(scope: Scope, control: int, visit: str, some: pl.Expr) -> pl.LazyFrame:
    """Return the changes of some persons in each arm and in control."""
    changes = (
        scope.scan("adqs")
        .filter(some & (pl.col("ANL01FL") == "Y") & (pl.col("AVISIT") == visit))
        .select(pl.col("SUBJID").cast(pl.Int64), *_KEYS, "CHG")
    )
    return (
        changes.filter(pl.col("TRTPN") != control)
        .join(
            changes.filter(pl.col("TRTPN") == control).select("SUBJID", "PARAMCD", "CHG"),
            on=["SUBJID", "PARAMCD"],
            suffix="_c",
        )
        .with_columns(EFFECT=pl.col("CHG") - pl.col("CHG_c"))
    )


def _sums(pairs: pl.LazyFrame) -> pl.LazyFrame:
    return pairs.group_by(_KEYS).agg(
        *product_columns("CHG_c", "CHG"),
        (pl.col("EFFECT") < 0).sum().cast(pl.Int64).alias("lower"),
        (pl.col("EFFECT") > 0).sum().cast(pl.Int64).alias("higher"),
    )


def _effects(scope: Scope, control: int, visit: str) -> pl.DataFrame:
    """Return the effect of every person, in ten bytes each."""
    names = [one.name for one in scope.facts.definitions.endpoints]
    parts = [
        _pairs(scope, control, visit, some)
        .select(
            pl.col("TRTPN").cast(pl.Int8),
            pl.col("PARAMCD").cast(pl.Enum(names)),
            "EFFECT",
        )
        .collect(engine="streaming")
        for some in subject_ranges(scope.tables)
    ]
    return pl.concat(parts)


def _correlation(row: dict[str, Any]) -> float | None:
    n = int(row["n"])
    products = {
        name: n * int(row[f"s{name}"]) - int(row[f"s{name[0]}"]) * int(row[f"s{name[1]}"])
        for name in ("xx", "xy", "yy")
    }
    if products["xx"] <= 0 or products["yy"] <= 0:
        return None
    # square roots apart: the product of the two integers may be beyond floats
    return products["xy"] / math.sqrt(products["xx"]) / math.sqrt(products["yy"])
