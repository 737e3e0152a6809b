"""What became of the patients: treated, completed, discontinued and why, rescued, failed."""

from collections.abc import Iterator
from typing import Final

import polars as pl

from pipelines.results.rows import Row
from pipelines.results.scope import Scope
from pipelines.results.summarise import level_rows

__all__ = ["disposition"]

_FLAGS: Final = (
    ("ITTFL", "Y", "Randomised"),
    ("SAFFL", "Y", "Treated"),
    ("EOSSTT", "COMPLETED", "Completed the study"),
    ("EOSSTT", "DISCONTINUED", "Discontinued the study"),
    ("EOTSTT", "COMPLETED", "Completed the treatment"),
    ("EOTSTT", "DISCONTINUED", "Discontinued the treatment"),
)
_REASONS: Final = {
    "EOSSTT": ("DCSREAS", "Reason for discontinuation of the study"),
    "EOTSTT": ("DCTREAS", "Reason for discontinuation of the treatment"),
}


def disposition(scope: Scope) -> Iterator[Row]:
    """Return how many patients of each arm went which way, of all who were randomised.

    Examples
    --------
    >>> disposition.__module__  # run by tests/pipelines/results/test_make_results.py: reads files
    'pipelines.results.disposition'
    """
    subjects = scope.scan("adsl")
    randomised = scope.patients()
    shared = {"analysis": "disposition", "population": "randomised"}
    wanted = [("RESCDAY", "Y", "Took rescue medication", pl.col("RESCDAY").is_not_null())]
    wanted = [
        *((name, level, label, pl.col(name) == level) for name, level, label in _FLAGS),
        *wanted,
        ("RESCODE", "Y", "Equations not solved to the end", pl.col("RESCODE") != 0),
    ]
    for name, level, label, condition in wanted:
        counts = scope.count(subjects.filter(condition), "TRT01PN")
        for group in (*scope.arms, None):
            about = {**shared, **scope.arm_group(group), "variable": name, "variable_label": label}
            yield from level_rows(about, level, counts[group], randomised[group], "tabulate_value")
        if level == "DISCONTINUED":
            yield from _reasons(scope, subjects, *_REASONS[name], randomised, shared)


def _reasons(
    scope: Scope,
    subjects: pl.LazyFrame,
    name: str,
    label: str,
    randomised: dict[int | None, int],
    shared: Row,
) -> Iterator[Row]:
    """Return each reason as a share of all randomised, most frequent first."""
    found = (
        subjects.filter(pl.col(name).is_not_null())
        .group_by("TRT01PN", name)
        .agg(pl.len())
        .collect(engine="streaming")
    )
    counts = {(number, reason): count for number, reason, count in found.iter_rows()}
    totals = {
        reason: sum(counts.get((number, reason), 0) for number in scope.arms)
        for reason in found[name].unique()
    }
    for group in (*scope.arms, None):
        about = {**shared, **scope.arm_group(group), "variable": name, "variable_label": label}
        for reason in sorted(totals, key=lambda one: (-totals[one], one)):
            count = totals[reason] if group is None else counts.get((group, reason), 0)
            yield from level_rows(about, reason, count, randomised[group])
