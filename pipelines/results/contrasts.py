"""Arms against control: means, at equal baseline, responders, and what the protocol analyses."""

import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

import polars as pl

from cohort.inference.distributions import student_quantile, two_sided_p
from pipelines.intervals import LEVEL, Interval
from pipelines.results.estimates import interval_rows
from pipelines.results.rows import Row
from pipelines.results.scope import Scope
from pipelines.results.summarise import SCALE

__all__ = ["adjusted_difference", "contrasts", "product_columns", "protocol_analysis"]

_SHARES: Final = {"response": "CRIT1FL", "remission": "CRIT2FL"}


def contrasts(scope: Scope) -> Iterator[Row]:
    """Return every comparison of the table `contrasts`, and differences at equal baseline.

    Examples
    --------
    >>> contrasts.__module__  # run by tests/pipelines/results/test_contrasts.py: it reads files
    'pipelines.results.contrasts'
    """
    units = _units(scope)
    for row in scope.wide("contrasts"):
        yield from _wide_rows(row, units[row["endpoint"]])
    if scope.control is not None and not scope.facts.is_paired:
        yield from _ancova_rows(scope)


def _units(scope: Scope) -> dict[str, str]:
    codes = [one.name for one in scope.facts.definitions.endpoints if not one.is_rated]
    units = {one.name: "points" for one in scope.facts.definitions.endpoints}
    if codes:
        found = scope.scan("adlb").filter(pl.col("PARAMCD").is_in(codes))
        rows = found.select("PARAMCD", "AVALU").unique().collect(engine="streaming").iter_rows()
        units |= dict(rows)
    return units


def _about(row: Mapping[str, Any], analysis: str, population: str) -> Row:
    return {
        "analysis": analysis,
        "population": population,
        "group1": "ARM",
        "group1_level": row["arm"],
        "group2": "PARAMCD",
        "group2_level": row["endpoint"],
        "group3": "AVISIT",
        "group3_level": row["visit"],
        "reference": row["control"],
    }


def _interval(row: Mapping[str, Any], name: str) -> Interval:
    return Interval(estimate=row[name], low=row[f"{name}_low"], high=row[f"{name}_high"])


def _wide_rows(row: Mapping[str, Any], unit: str) -> Iterator[Row]:
    about = _about(row, "contrasts", "analysed")
    if row.get("comparison") == "first variant":
        about["reference"] = f"{row['control']}, {row['control_variant']}"
    paired = row["method"] == "paired"
    change = {**about, "variable": "CHG", "variable_label": "Change from baseline"}
    difference = Interval(
        estimate=row["difference"],
        low=row["difference_low"],
        high=row["difference_high"],
        standard_error=row["difference_se"],
        degrees_of_freedom=row["degrees_of_freedom"],
    )
    yield from interval_rows(
        change,
        difference,
        context="stats_paired_t_test" if paired else "stats_t_test",
        method="differences within persons" if paired else "Welch",
        unit=unit,
        digits=0,
        further={
            "p.value": _p(difference),
            "n_arm": row["n_arm"],
            "n_reference": row["n_control"],
        },
    )
    yield from interval_rows(
        change,
        _interval(row, "smd"),
        context="effectsize_paired_hedges_g" if paired else "effectsize_hedges_g",
        method="Hedges' g",
        fmt="xx.xx",
    )
    if row["ratio_to_control"] is not None:
        yield from interval_rows(
            {**about, "variable": "R2BASE", "variable_label": "Ratio to baseline"},
            _interval(row, "ratio_to_control"),
            context="geom_mean_ratio",
            method="Student's t of logarithms",
            fmt="xx.xxx",
        )
    for name, flag in _SHARES.items():
        if row[f"{name}_difference"] is not None:
            yield from _share_rows(
                {**about, "population": "randomised"}, row, name, flag, paired=paired
            )


def _p(difference: Interval) -> float | None:
    if difference.estimate is None or not difference.standard_error:
        return None
    freedom = difference.degrees_of_freedom or math.nan
    return float(two_sided_p(difference.estimate / difference.standard_error, freedom))


def _share_rows(
    about: Row, row: Mapping[str, Any], name: str, flag: str, *, paired: bool
) -> Iterator[Row]:
    shared = {
        **about,
        "variable": flag,
        "variable_label": name.capitalize(),
        "variable_level": "Y",
    }
    kind = "paired shares" if paired else "independent shares"
    yield from interval_rows(
        shared,
        _interval(row, f"{name}_difference"),
        context="risk_difference",
        method=f"Newcombe, {kind}",
        fmt="xx.x%",
        further={"number_needed": row[f"{name}_nnt"]},
        reason="equal shares",
    )
    yield from interval_rows(
        shared,
        _interval(row, f"{name}_ratio"),
        context="risk_ratio",
        method=f"log scale, {kind}",
        fmt="xx.xx",
        reason="no event in an arm",
    )


def product_columns(x: str, y: str) -> list[pl.Expr]:
    """Return exact sums of two columns, their squares and their product, of complete pairs.

    Parameters
    ----------
    x, y
        Columns of float64 numbers.

    Examples
    --------
    >>> frame = pl.DataFrame({"b": [1.0, 2.0, None], "c": [3.0, 4.0, 5.0]})
    >>> frame.select(product_columns("b", "c"))["n"][0]
    2
    """
    known = pl.col(x).is_not_null() & pl.col(y).is_not_null()
    a, b = ((pl.when(known).then(pl.col(name)) * SCALE).round().cast(pl.Int128) for name in (x, y))
    parts = {"sx": a, "sy": b, "sxx": a * a, "sxy": a * b, "syy": b * b}
    return [
        known.sum().cast(pl.Int64).alias("n"),
        *(part.sum().alias(name) for name, part in parts.items()),
    ]


def adjusted_difference(arm: int, control: int, sums: Mapping[int, Mapping[str, Any]]) -> Interval:
    """Return one arm minus control at equal baseline, from the sums of all arms.

    Parameters
    ----------
    arm, control
        Numbers of the two arms.
    sums
        `product_columns` of baseline and change, by arm; all arms give slope and variance.

    Returns
    -------
    The difference of `cohort.inference.ancova.ancova`; nothing where data do not tell.

    Examples
    --------
    >>> frame = pl.DataFrame(
    ...     {"a": [0, 0, 1, 1, 1], "b": [1.0, 2, 1, 2, 3], "c": [1.0, 2, 4, 6, 5]}
    ... )
    >>> rows = frame.group_by("a").agg(product_columns("b", "c")).to_dicts()
    >>> round(adjusted_difference(1, 0, {row["a"]: row for row in rows}).estimate, 3)
    3.2
    """
    # arms in order: floats are added below, and rows come in any order
    used = {number: sums[number] for number in sorted(sums) if sums[number]["n"]}
    if arm not in used or control not in used:
        return Interval(estimate=None, low=None, high=None)
    within = {
        name: sum(_centred(row, *name) for row in used.values()) for name in ("xx", "xy", "yy")
    }
    freedom = sum(row["n"] for row in used.values()) - len(used) - (within["xx"] > 0)
    slope = within["xy"] / within["xx"] if within["xx"] > 0 else 0.0
    gap, rise = (_mean(used[arm], name) - _mean(used[control], name) for name in ("sx", "sy"))
    estimate = rise - slope * gap
    if freedom <= 0:
        return Interval(estimate=estimate, low=None, high=None)
    variance = max(within["yy"] - slope * within["xy"], 0.0) / freedom
    leverage = gap * gap / within["xx"] if within["xx"] > 0 else 0.0
    error = math.sqrt(variance * (1 / used[arm]["n"] + 1 / used[control]["n"] + leverage))
    half = student_quantile(0.5 + LEVEL / 2, freedom) * error
    return Interval(
        estimate=estimate,
        low=estimate - half,
        high=estimate + half,
        standard_error=error,
        degrees_of_freedom=float(freedom),
    )


def _mean(row: Mapping[str, Any], name: str) -> float:
    return int(row[name]) / (int(row["n"]) * SCALE)


def _centred(row: Mapping[str, Any], first: str, second: str) -> float:
    """Return a sum of products about the means: integers until the last division."""
    n = int(row["n"])
    exact = n * int(row[f"s{first}{second}"]) - int(row[f"s{first}"]) * int(row[f"s{second}"])
    return exact / (n * SCALE * SCALE)


def _ancova_rows(scope: Scope) -> Iterator[Row]:
    scores = scope.scan("adqs").filter((pl.col("ANL01FL") == "Y") & pl.col("ABLFL").is_null())
    keys = ["PARAMCD", "AVISIT", "AVISITN", "TRTPN"]
    rows = scores.group_by(keys).agg(product_columns("BASE", "CHG")).collect(engine="streaming")
    found: dict[tuple[str, str, float], dict[int, Row]] = {}
    for row in rows.to_dicts():
        place = row["PARAMCD"], row["AVISIT"], row["AVISITN"]
        found.setdefault(place, {})[row["TRTPN"]] = row
    control = scope.control
    assert control is not None
    for endpoint, visit, week in sorted(found, key=lambda one: (one[0], one[2])):
        sums = found[endpoint, visit, week]
        for arm in scope.arms:
            if arm == control:
                continue
            about = _about(
                {
                    "arm": scope.facts.arms[arm - 1],
                    "endpoint": endpoint,
                    "visit": visit,
                    "control": scope.facts.control,
                },
                "contrasts",
                "analysed",
            )
            difference = adjusted_difference(arm, control, sums)
            yield from interval_rows(
                {**about, "variable": "CHG", "variable_label": "Change from baseline"},
                difference,
                context="ancova",
                method="analysis of covariance by baseline, analysed values, all arms in one model",
                unit="points",
                digits=0,
                further={
                    "p.value": _p(difference),
                    "n_arm": sums.get(arm, {}).get("n", 0),
                    "n_reference": sums.get(control, {}).get("n", 0),
                },
            )


_MODELS: Final = {"ANCOVA": "ancova", "MMRM": "mmrm", "paired": "stats_paired_t_test"}


def protocol_analysis(scope: Scope) -> Iterator[Row]:
    """Return the analyses that the protocol names, from the table `analyses`.

    Examples
    --------
    >>> protocol_analysis.__module__  # run by tests/pipelines/results/test_contrasts.py
    'pipelines.results.contrasts'
    """
    last = max((row["look"] for row in scope.wide("analyses")), default=0)
    for row in scope.wide("analyses"):
        about = {
            **_about(row, "protocol analysis", "analysed"),
            "variable": "CHG",
            "variable_label": "Change from baseline",
        }
        if row["look"] < last:
            about["warning"] = f"interim look {row['look']}, {100 * row['information']:g} %"
        interval = Interval(
            estimate=row["estimate"],
            low=row["low"],
            high=row["high"],
            standard_error=row["standard_error"],
            degrees_of_freedom=row["degrees_of_freedom"],
        )
        claims = row["claim"] is not None
        yield from interval_rows(
            about,
            interval,
            context=_MODELS[row["model"]],
            method=f"{row['model']}; estimand: {row['estimand']}; missing data: "
            f"{row['missing_data']}" + (f"; claim: {row['claim']}" if claims else ""),
            unit="points",
            digits=0,
            further={
                "p.value": row["p"],
                **({"p.adjusted": row["p_adjusted"]} if row["p_adjusted"] is not None else {}),
                "n_arm": row["n_arm"],
                "n_reference": row["n_control"],
            },
            reason=row["remark"] or "too few values",
        )
