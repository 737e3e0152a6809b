"""Biomarkers, levels and occupancies at every visit."""

from collections.abc import Iterator

import polars as pl

from pipelines.results.efficacy import mean_interval
from pipelines.results.rows import Row, statistic_rows
from pipelines.results.scope import Scope
from pipelines.results.summarise import describe, moments, number_rows, sums

__all__ = ["biomarkers"]

_KEYS = ["TRTPN", "PARAMCD", "AVALU", "AVISIT", "AVISITN"]
_DIGITS = 2


def biomarkers(scope: Scope) -> Iterator[Row]:
    """Return what describes every biomarker, its change and its ratio to baseline.

    Examples
    --------
    >>> biomarkers.__module__  # run by tests/pipelines/results/test_biomarkers.py: it reads files
    'pipelines.results.biomarkers'
    """
    values = scope.markers(*_KEYS, "PARAM", "ABLFL", "AVAL", "CHG", "R2BASE")
    labels = dict(
        values.select("PARAMCD", "PARAM").unique().collect(engine="streaming").iter_rows()
    )
    found = describe(values, _KEYS, "AVAL")
    later = sums(values.filter(pl.col("ABLFL").is_null()), _KEYS, "CHG", "R2BASE")
    for code, label in sorted(labels.items()):
        mine = (key for key in found if key[1] == code)
        for key in sorted(mine, key=lambda one: (one[4], one[0])):
            about = {
                "analysis": "biomarkers",
                "population": "randomised",
                **scope.arm_group(key[0]),
                "group2": "AVISIT",
                "group2_level": key[3],
            }
            value = {**about, "variable": code, "variable_label": label}
            yield from number_rows(value, found[key], unit=key[2], digits=_DIGITS)
            if key not in later:
                continue
            change = moments(later[key], "CHG")
            own = {**value, "variable_label": f"{label}: change from baseline"}
            shared = {**own, "group3": "derivation", "group3_level": "CHG"}
            stats = {"N": change.n, "mean": change.mean, "sd": change.sd}
            yield from statistic_rows(
                {**shared, "context": "summary"}, stats, unit=key[2], digits=_DIGITS
            )
            yield from mean_interval(shared, change, key[2])
            ratio = moments(later[key], "R2BASE")
            yield from statistic_rows(
                {**value, "group3": "derivation", "group3_level": "R2BASE", "context": "summary"},
                {"mean_ratio": ratio.mean},
                reason="no baseline above zero",
            )
