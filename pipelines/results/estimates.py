"""Intervals -> rows: estimates with their bounds, tests, shares, differences of shares."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pipelines.intervals import Interval, newcombe, number_needed, risk_ratio, wilson
from pipelines.results.rows import Row, statistic_rows

__all__ = ["comparison_rows", "interval_rows", "share_rows"]

_POINTS: Final = "xx.x%"


def interval_rows(
    shared: Mapping[str, Any],
    interval: Interval,
    *,
    context: str,
    method: str,
    unit: str = "1",
    digits: int = 1,
    fmt: str | None = None,
    further: Mapping[str, float | None] | None = None,
    reason: str = "too few values",
) -> Iterator[Row]:
    """Return an estimate and its 95 % interval, with what else belongs to it.

    Parameters
    ----------
    shared
        Groups and variable.
    interval
        Estimate and bounds; standard error and degrees of freedom where they are known.
    context, method
        How it was made.
    unit, digits, fmt
        Unit, decimals and pattern of the estimate.
    further
        More statistics of the same context, after the interval.
    reason
        Why something is not there.

    Examples
    --------
    >>> one = Interval(estimate=1.0, low=0.5, high=1.5)
    >>> [row["stat"] for row in interval_rows({}, one, context="t", method="t")]
    [1.0, 0.5, 1.5]
    """
    stats: dict[str, float | None] = {"estimate": interval.estimate}
    if interval.standard_error is not None:
        stats["std.error"] = interval.standard_error
    stats |= {"conf.low": interval.low, "conf.high": interval.high}
    if interval.degrees_of_freedom is not None:
        stats["parameter"] = interval.degrees_of_freedom
    about = {**shared, "context": context, "method": method}
    yield from statistic_rows(
        about, {**stats, **(further or {})}, unit=unit, digits=digits, fmt=fmt, reason=reason
    )


def share_rows(
    shared: Mapping[str, Any], level: str, count: int, n: int, context: str = "tabulate_value"
) -> Iterator[Row]:
    """Return how many have a level, of how many, the share, and Wilson's interval.

    Examples
    --------
    >>> [round(row["stat"], 4) for row in share_rows({}, "Y", 81, 263)]
    [81.0, 263.0, 0.308, 0.2553, 0.3662]
    """
    share = wilson(count, n)
    stats = {
        "n": count,
        "N": n,
        "p": share.estimate,
        "conf.low": share.low,
        "conf.high": share.high,
    }
    about = {**shared, "variable_level": level, "context": context, "method": "Wilson"}
    yield from statistic_rows(about, stats, fmt=_POINTS, reason="nobody in the group")


def comparison_rows(
    shared: Mapping[str, Any], level: str, count: int, n: int, control_count: int, control_n: int
) -> Iterator[Row]:
    """Return risk difference, number needed and risk ratio of two independent shares.

    Examples
    --------
    >>> rows = list(comparison_rows({}, "Y", 20, 100, 10, 100))
    >>> [round(row["stat"], 3) for row in rows if row["stat_name"] in ("estimate", "number_needed")]
    [0.1, 10.0, 2.0]
    """
    about = {**shared, "variable_level": level}
    difference = newcombe(count, n, control_count, control_n)
    yield from interval_rows(
        about,
        difference,
        context="risk_difference",
        method="Newcombe, independent shares",
        fmt=_POINTS,
        further={"number_needed": number_needed(difference.estimate)},
        reason="equal shares" if difference.estimate == 0 else "nobody in a group",
    )
    yield from interval_rows(
        about,
        risk_ratio(count, n, control_count, control_n),
        context="risk_ratio",
        method="Katz, log scale",
        fmt="xx.xx",
        reason="no event in a group",
    )
