"""Exposure and response: the table `exposure_response`, one statistic a row."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pipelines.results.rows import Row, statistic_rows
from pipelines.results.scope import Scope

__all__ = ["exposures"]

_CONTEXTS: Final = {
    "change": ("mean_ci", "Student's t"),
    "response": ("tabulate_value", "Wilson"),
    "adverse event": ("hierarchical", "Wilson"),
}


def exposures(scope: Scope) -> Iterator[Row]:
    """Return outcomes by quarter of each level and occupancy.

    Examples
    --------
    >>> exposures.__module__  # run by tests/pipelines/results/test_biomarkers.py: it reads files
    'pipelines.results.exposures'
    """
    seen = set()
    for row in scope.wide("exposure_response"):
        place = row["exposure"], row["quartile"]
        if place not in seen:
            seen.add(place)
            yield from _range_rows(row)
        yield from _outcome_rows(row)


def _about(row: Mapping[str, Any]) -> Row:
    return {
        "analysis": "exposure-response",
        "population": "exposed",
        "group1": "exposure",
        "group1_level": row["exposure"],
        "group2": "quartile",
        "group2_level": str(row["quartile"]),
    }


def _range_rows(row: Mapping[str, Any]) -> Iterator[Row]:
    about = {
        **_about(row),
        "variable": row["exposure"],
        "variable_label": f"Mean {row['exposure']} after baseline",
        "context": "summary",
    }
    stats = {
        "median": row["exposure_median"],
        "min": row["exposure_low"],
        "max": row["exposure_high"],
    }
    yield from statistic_rows(about, stats, unit=row["unit"], digits=2)


def _outcome_rows(row: Mapping[str, Any]) -> Iterator[Row]:
    is_change = row["kind"] == "change"
    context, method = _CONTEXTS[row["kind"]]
    about = {
        **_about(row),
        "group3": "kind",
        "group3_level": row["kind"],
        "variable": row["outcome"],
        "variable_label": row["outcome"],
        "variable_level": None if is_change else "Y",
        "context": context,
        "method": method,
    }
    factor = 1.0 if is_change else 100.0
    values = {
        "mean" if is_change else "p": row["value"],
        "conf.low": row["low"],
        "conf.high": row["high"],
    }
    stats: dict[str, float | None] = {"N": row["n"]}
    stats |= {name: None if one is None else one / factor for name, one in values.items()}
    if is_change:
        yield from statistic_rows(about, stats, unit="points", digits=0)
    else:
        yield from statistic_rows(about, stats, fmt="xx.x%")
