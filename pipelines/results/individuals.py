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

__all__ = ["individual_effects"]

_KEYS: Final = ["TRTPN", "PARAMCD", "AVISIT"]
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
    pairs = _pairs(scope, scope.control)
    found = describe(pairs, _KEYS, "EFFECT")
    counted = pairs.group_by(_KEYS).agg(
        *product_columns("CHG_c", "CHG"),
        (pl.col("EFFECT") < 0).sum().cast(pl.Int64).alias("lower"),
        (pl.col("EFFECT") > 0).sum().cast(pl.Int64).alias("higher"),
    )
    rows = {tuple(row[key] for key in _KEYS): row for row in counted.collect().to_dicts()}
    names = [one.name for one in scope.facts.definitions.endpoints]
    for key in sorted(found, key=lambda one: (names.index(one[1]), one[0])):
        about = {
            "analysis": "individual effects",
            "population": "pairs",
            **scope.arm_group(key[0]),
            "group2": "PARAMCD",
            "group2_level": key[1],
            "group3": "AVISIT",
            "group3_level": key[2],
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


def _pairs(scope: Scope, control: int) -> pl.LazyFrame:
    changes = (
        scope.scan("adqs")
        .filter((pl.col("ANL01FL") == "Y") & pl.col("ABLFL").is_null())
        .filter(pl.col("AVISITN") == pl.col("AVISITN").max())
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


def _correlation(row: dict[str, Any]) -> float | None:
    n = row["n"]
    products = {
        name: n * int(row[f"s{name}"]) - int(row[f"s{name[0]}"]) * int(row[f"s{name[1]}"])
        for name in ("xx", "xy", "yy")
    }
    if products["xx"] <= 0 or products["yy"] <= 0:
        return None
    # square roots apart: the product of the two integers may be beyond floats
    return products["xy"] / math.sqrt(products["xx"]) / math.sqrt(products["yy"])
