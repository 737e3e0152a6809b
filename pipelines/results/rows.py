"""Statistics -> rows of analysis-results data, with labels, formats and reasons for gaps."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from types import MappingProxyType
from typing import Any, Final

from pipelines.errors import InputError

__all__ = ["STATISTICS", "Row", "Statistic", "format_stat", "statistic_rows"]

Row = dict[str, Any]

_TOO_FEW: Final = "too few values"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistic:
    """How a statistic is called and shown.

    Parameters
    ----------
    label
        For people.
    fmt
        Pattern of cards, or None: by the digits of the variable.
    more
        Digits beyond those of the variable, where ``fmt`` is None.
    unit
        Unit, or None: that of the variable.

    Examples
    --------
    >>> STATISTICS["p"].fmt
    'xx.x%'
    """

    label: str
    fmt: str | None = None
    more: int = 0
    unit: str | None = None


def _count(label: str) -> Statistic:
    return Statistic(label=label, fmt="xx", unit="1")


def _share(label: str) -> Statistic:
    return Statistic(label=label, fmt="xx.x%", unit="1")


def _pure(label: str, fmt: str = "xx.xx") -> Statistic:
    return Statistic(label=label, fmt=fmt, unit="1")


STATISTICS: Mapping[str, Statistic] = MappingProxyType(
    {
        # names and labels of cards where it has them
        "n": _count("n"),
        "N": _count("N"),
        "N_miss": _count("N Missing"),
        "N_obs": _count("N Observed"),
        "p": _share("%"),
        "mean": Statistic(label="Mean", more=1),
        "sd": Statistic(label="SD", more=2),
        "std.error": Statistic(label="SE", more=2),
        "median": Statistic(label="Median", more=1),
        "p25": Statistic(label="Q1", more=1),
        "p75": Statistic(label="Q3", more=1),
        "min": Statistic(label="Min"),
        "max": Statistic(label="Max"),
        "geom_mean_ratio": _pure("Geometric mean ratio", "xx.xxx"),
        "mean_ratio": _pure("Mean ratio to baseline", "xx.xxx"),
        # estimates, intervals and tests, named as in cardx
        "estimate": Statistic(label="Estimate", more=1),
        "conf.low": Statistic(label="95% CI Lower Bound", more=1),
        "conf.high": Statistic(label="95% CI Upper Bound", more=1),
        "statistic": _pure("Statistic"),
        "parameter": _pure("Degrees of Freedom", "xx.x"),
        "p.value": _pure("p-value", "x.xxxx"),
        "p.adjusted": _pure("Adjusted p-value", "x.xxxx"),
        "level": _pure("Level at the Look", "x.xxxx"),
        "n_arm": _count("n in the Arm"),
        "n_reference": _count("n in the Reference"),
        # events
        "n_event": _count("Events"),
        "n_censor": _count("Censored"),
        "n.risk": _count("Number at Risk"),
        "exposure": Statistic(label="Exposure", fmt="xx.x", unit="d"),
        "rate": Statistic(label="Rate", fmt="xx.x"),
        "rate.low": Statistic(label="Rate, 95% CI Lower Bound", fmt="xx.x"),
        "rate.high": Statistic(label="Rate, 95% CI Upper Bound", fmt="xx.x"),
        "number_needed": _pure("Number Needed", "xx.x"),
        # groups and persons
        "shrunken": Statistic(label="Shrunken Estimate", more=1),
        "shrunken.std.error": Statistic(label="SE of the Shrunken Estimate", more=2),
        "tau": Statistic(label="SD between Levels", more=2),
        "i2": _share("I-squared"),
        "correlation": _pure("Correlation"),
    }
)
"""Every statistic by its name."""


def format_stat(stat: float | None, fmt: str) -> str | None:
    """Return a statistic as a report shows it.

    Parameters
    ----------
    stat
        The statistic, None where there is none.
    fmt
        Pattern of cards: decimals are the x after the point; a closing % multiplies by 100.

    Returns
    -------
    Text without padding, halves rounded away from zero.

    Raises
    ------
    InputError
        If the pattern is none.

    Examples
    --------
    >>> format_stat(0.125, "xx.x%"), format_stat(2.5, "xx"), format_stat(None, "xx")
    ('12.5', '3', None)
    """
    whole, point, decimals = fmt.removesuffix("%").partition(".")
    if not whole or set(whole + decimals) - {"x"} or bool(point) != bool(decimals):
        raise InputError(
            f"format {fmt!r}: x, a point with x behind it, and a closing % are allowed. "
            "Write it as 'xx.x' or 'xx.x%'."
        )
    if stat is None or not math.isfinite(stat):
        return None
    exact = Decimal(repr(float(stat))) * (100 if fmt.endswith("%") else 1)
    rounded = exact.quantize(Decimal(1).scaleb(-len(decimals)), rounding=ROUND_HALF_UP)
    return f"{rounded if rounded else abs(rounded):f}"


def statistic_rows(
    shared: Mapping[str, Any],
    stats: Mapping[str, float | None],
    *,
    unit: str = "1",
    digits: int = 1,
    fmt: str | None = None,
    reason: str = _TOO_FEW,
) -> Iterator[Row]:
    """Return one row a statistic.

    Parameters
    ----------
    shared
        The columns that all rows have: groups, variable, context.
    stats
        Statistics by their name in `STATISTICS`; None or NaN where there is none.
    unit
        Unit of the variable.
    digits
        Decimals of the variable; a mean shows one more.
    fmt
        Pattern of the estimates, in place of the digits.
    reason
        Why a statistic is not there, for the column ``error``.

    Examples
    --------
    >>> rows = list(statistic_rows({"variable": "AGE"}, {"mean": 39.25, "sd": None}, unit="y"))
    >>> rows[0]["stat_fmt"], rows[0]["unit"], rows[1]["error"]
    ('39.25', 'y', 'too few values')
    """
    for name, value in stats.items():
        one = STATISTICS[name]
        pattern = one.fmt or fmt or _pattern(digits + one.more)
        stat = None if value is None or not math.isfinite(value) else float(value)
        yield {
            **shared,
            "stat_name": name,
            "stat_label": one.label,
            "stat": stat,
            "unit": unit if one.unit is None else one.unit,
            "fmt_fun": pattern,
            "stat_fmt": format_stat(stat, pattern),
            "error": reason if stat is None else None,
        }


def _pattern(decimals: int) -> str:
    return "xx." + "x" * decimals if decimals else "xx"
