"""Endpoints at every visit: values, changes, responders and remitters of each arm."""

from collections.abc import Iterator
from typing import Final

import polars as pl

from cohort.inference.distributions import student_quantile
from pipelines.definitions import Endpoint
from pipelines.intervals import LEVEL, Moments
from pipelines.results.estimates import share_rows
from pipelines.results.rows import Row, statistic_rows
from pipelines.results.scope import Scope
from pipelines.results.summarise import describe, number_rows

__all__ = ["efficacy", "mean_interval", "responses"]

_COLUMNS: Final = {"AVAL": "Value", "CHG": "Change from baseline"}
_CRITERIA: Final = {
    "CRIT1FL": ("responders", "Response"),
    "CRIT2FL": ("remitters", "Remission"),
}


def efficacy(scope: Scope) -> Iterator[Row]:
    """Return what describes values and changes of each rated endpoint, by visit and arm.

    Examples
    --------
    >>> efficacy.__module__  # run by tests/pipelines/results/test_efficacy.py: it reads files
    'pipelines.results.efficacy'
    """
    scores = scope.scan("adqs").filter(pl.col("ANL01FL") == "Y")
    keys = ["TRTPN", "PARAMCD", "AVISIT", "AVISITN"]
    for column, label in _COLUMNS.items():
        frame = scores if column == "AVAL" else scores.filter(pl.col("ABLFL").is_null())
        found = describe(frame.select(*keys, column), keys, column)
        for one in scope.facts.definitions.endpoints:
            mine = sorted((key for key in found if key[1] == one.name), key=lambda k: (k[3], k[0]))
            for key in mine:
                shared = _shared(scope, key[0], one, key[2])
                about = {**shared, "variable": column, "variable_label": f"{one.label}: {label}"}
                numbers = found[key]
                yield from number_rows(about, numbers, unit="points", digits=0)
                yield from mean_interval(about, numbers.moments)


def _shared(scope: Scope, arm: int, endpoint: Endpoint, visit: str) -> Row:
    return {
        "analysis": "efficacy by visit",
        "population": "analysed",
        **scope.arm_group(arm),
        "group2": "PARAMCD",
        "group2_level": endpoint.name,
        "group3": "AVISIT",
        "group3_level": visit,
    }


def mean_interval(about: Row, numbers: Moments, unit: str = "points") -> Iterator[Row]:
    """Return standard error and Student's interval of a mean.

    Examples
    --------
    >>> one = Moments(n=3, total=6, total_of_squares=14, scale=1)
    >>> [row["stat_name"] for row in mean_interval({}, one)]
    ['std.error', 'conf.low', 'conf.high']
    """
    low = high = None
    if numbers.mean is not None and numbers.se is not None:
        half = student_quantile(0.5 + LEVEL / 2, numbers.n - 1) * numbers.se
        low, high = numbers.mean - half, numbers.mean + half
    stats = {"std.error": numbers.se, "conf.low": low, "conf.high": high}
    shared = {**about, "context": "mean_ci", "method": "Student's t"}
    yield from statistic_rows(shared, stats, unit=unit, digits=0)


def responses(scope: Scope) -> Iterator[Row]:
    """Return shares of responders and remitters of all randomised, by visit and arm.

    Examples
    --------
    >>> responses.__module__  # run by tests/pipelines/results/test_efficacy.py: it reads files
    'pipelines.results.efficacy'
    """
    endpoints = {one.name: one for one in scope.facts.definitions.endpoints}
    numbers = {name: scope.facts.arm_number(name) for name in scope.facts.arms}
    for row in scope.wide("outcomes_by_arm"):
        one = endpoints.get(row["endpoint"])
        if one is None:
            continue
        for flag, (name, label) in _CRITERIA.items():
            count = row[f"n_{name}"]
            if count is None:
                continue
            text = one.response_text if flag == "CRIT1FL" else one.remission_text
            about = {
                **_shared(scope, numbers[row["arm"]], one, row["visit"]),
                "analysis": "response by visit",
                "population": "randomised",
                "variable": flag,
                "variable_label": f"{label}: {text}",
            }
            yield from share_rows(about, "Y", count, row["n_randomised"])
