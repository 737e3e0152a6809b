"""Cross-over trials: what the two treatments of each patient differ by.

Every patient is their own control, and the order of the treatments is balanced, so what changes
with time alone takes no side. Enters with the subject-level tables, leaves with the table
`crossover_contrasts` of `pipelines.schema`, which only trials with periods have.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.adam import TrialFacts
from pipelines.intervals import Interval, Moments, welch
from pipelines.periods import scan_subjects
from pipelines.schema import polars_schema
from pipelines.summaries import SCALE

__all__ = ["crossover_contrasts"]

_MEASURES = ("value", "change")


def crossover_contrasts(tables: Path, facts: TrialFacts) -> pl.DataFrame:
    """Return how the two treatments differ within patients.

    Parameters
    ----------
    tables
        Folder with the subject-level tables.
    facts
        Periods and sequences of the trial.

    Returns
    -------
    A row an endpoint and measure, in each variant: the value at the end of the periods, and the
    change over them where their starts are rated as well. Patients rated in both periods count;
    values carried forward do not.

    Notes
    -----
    With ``d`` a patient's first period minus the second, the treatments differ by half the
    difference of the mean ``d`` of the two orders, and the periods by half their sum (Hills and
    Armitage 1979); here with Welch's interval. What the first treatment leaves behind in the second
    period biases both; the difference of the orders in the patients' sums shows it, with little
    power.

    Examples
    --------
    >>> crossover_contrasts.__module__  # run by tests/pipelines/test_crossover.py: it reads files
    'pipelines.crossover'
    """
    rows: list[dict[str, Any]] = []
    for number, variant in enumerate(facts.variants or ("",), start=1):
        for endpoint in [one.name for one in facts.definitions.endpoints]:
            for measure in _MEASURES:
                sums = _sums(tables, facts, number, endpoint, measure)
                if sums is None:
                    continue
                one, other = facts.sequences[0]
                named = {"variant": variant, "variant_number": number} if facts.variants else {}
                rows.append(
                    {
                        **named,
                        "endpoint": endpoint,
                        "measure": measure,
                        "treatment": one,
                        "reference": other,
                        **_estimates(sums),
                    }
                )
    table = facts.tables["crossover_contrasts"]
    return pl.DataFrame(rows, schema=polars_schema(table)).sort(table.key)


def _sums(
    tables: Path, facts: TrialFacts, variant: int, endpoint: str, measure: str
) -> Mapping[tuple[int, str], Moments] | None:
    """Return exact moments of halves of differences and sums of the two periods, by arm."""
    is_rated = endpoint in [one.name for one in facts.definitions.endpoints if one.is_rated]
    rows = scan_subjects(tables, "adqs" if is_rated else "adlb")
    if not is_rated:  # measured: nothing is carried forward
        rows = rows.with_columns(pl.lit(None, dtype=pl.String).alias("DTYPE"))
    scores = rows.filter(
        (pl.col("PARAMCD") == endpoint) & pl.col("AVAL").is_not_null() & pl.col("DTYPE").is_null()
    )
    if facts.variants:
        scores = scores.filter(pl.col("VARIANTN") == variant)
    rated = scores.select("USUBJID", "TRTPN", "AVISITN", "AVAL").collect()
    weeks = set(rated["AVISITN"].unique())

    def at(week: float, name: str) -> pl.DataFrame:
        return rated.filter(pl.col("AVISITN") == week).select(
            "USUBJID", "TRTPN", (pl.col("AVAL") * SCALE).round().cast(pl.Int128).alias(name)
        )

    pairs: pl.DataFrame | None = None
    for period, (start, stop) in enumerate(facts.periods, start=1):
        if stop not in weeks or (measure == "change" and start not in weeks):
            return None
        name = f"p{period}"
        end = at(stop, name)
        if measure == "change":
            end = end.join(at(start, "before").drop("TRTPN"), on="USUBJID").select(
                "USUBJID", "TRTPN", (pl.col(name) - pl.col("before")).alias(name)
            )
        pairs = end if pairs is None else pairs.join(end.drop("TRTPN"), on="USUBJID")
    if pairs is None:
        return None
    found = {}
    for arm in (1, 2):
        own = pairs.filter(pl.col("TRTPN") == arm)
        for kind, values in (
            ("difference", own["p1"] - own["p2"]),
            ("sum", own["p1"] + own["p2"]),
        ):
            numbers = [int(value) for value in values]
            found[arm, kind] = Moments(
                n=len(numbers),
                total=sum(numbers),
                total_of_squares=sum(number * number for number in numbers),
                scale=2 * SCALE,
            )
    return found


def _estimates(sums: Mapping[tuple[int, str], Moments]) -> dict[str, float | int | None]:
    first, second = sums[1, "difference"], sums[2, "difference"]
    treatment = welch(first, second)
    period = welch(first, replace(second, total=-second.total))
    carry_over = welch(sums[1, "sum"], sums[2, "sum"])
    return {
        "n_first": first.n,
        "n_second": second.n,
        "difference_se": treatment.standard_error,
        "degrees_of_freedom": treatment.degrees_of_freedom,
        **_bounds("difference", treatment),
        **_bounds("period", period),
        **_bounds("carry_over", carry_over),
    }


def _bounds(name: str, found: Interval) -> dict[str, float | None]:
    return {name: found.estimate, f"{name}_low": found.low, f"{name}_high": found.high}
