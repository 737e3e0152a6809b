"""Counts and exact sums over the subject-level tables, as many rows as there may be.

Scans are lazy and streaming. Only whole numbers are added, and order statistics do not depend on
an order of rows, so two reports of one run have the same bytes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.errors import ShardError
from pipelines.intervals import Moments
from pipelines.report.run_data import RunData
from pipelines.report.survival import Curve, kaplan_meier
from pipelines.report.words import plain

__all__ = [
    "NO_CARE",
    "Spread",
    "Together",
    "category_counts",
    "changes",
    "disposition",
    "event_free",
    "on_treatment",
    "severities",
    "spreads",
    "together",
]

Key = tuple[int, int]
"""Number of the arm and of the variant."""

NO_CARE: Final = "SOLVER FAILURE"
"""Reason of those whose equations could not be solved: they are censored, they did not leave."""

SCALE: Final = 2**32
TENTHS: Final = 10
"""Changes are counted in tenths of a point."""
N_BINS: Final = 36
"""Bins along each axis of two quantities together."""

_BY_SUBJECT: Final = ("TRT01PN", "VARIANTN")
_BY_RECORD: Final = ("TRTPN", "VARIANTN")


def _collect(frame: pl.LazyFrame, run: RunData) -> list[dict[str, Any]]:
    try:
        return frame.collect(engine="streaming").to_dicts()
    except (OSError, pl.exceptions.PolarsError) as error:
        raise ShardError(
            f"{run.root / 'tables'}: cannot be read ({plain(error)}); tables as 'cohort run' "
            f"writes them are needed. 'cohort verify {run.root}' names what is damaged."
        ) from error


def disposition(run: RunData) -> dict[Key, dict[str, Any]]:
    """Return how many were randomised, treated, completed, left and why, by cell.

    Parameters
    ----------
    run
        A run.

    Returns
    -------
    Counts by name; ``reasons`` counts reasons for leaving the study.

    Examples
    --------
    >>> disposition.__name__  # run by tests/pipelines/report: it reads files
    'disposition'
    """
    subjects = run.scan("adsl")
    failed = pl.col("RESCODE") != 0
    left = (pl.col("EOSSTT") == "DISCONTINUED") & ~failed
    counts = {
        "n": pl.len(),
        "treated": (pl.col("SAFFL") == "Y").sum(),
        "completed": (pl.col("COMPLFL") == "Y").sum(),
        "left": left.sum(),
        "left_treatment": ((pl.col("EOTSTT") == "DISCONTINUED") & ~failed).sum(),
        "failed": failed.sum(),
        "rescued": pl.col("RESCDAY").is_not_null().sum(),
        "doses_planned": pl.col("DOSEPLN").sum(),
        "doses_taken": pl.col("DOSETKN").sum(),
    }
    found: dict[Key, dict[str, Any]] = {}
    totals = subjects.group_by(_BY_SUBJECT).agg(**counts)
    for row in _collect(totals, run):
        key = row.pop("TRT01PN"), row.pop("VARIANTN")
        found[key] = {**row, "reasons": {}, "failures": {}}
    why = subjects.filter(left).group_by(*_BY_SUBJECT, "DCSREAS").len()
    for row in sorted(_collect(why, run), key=lambda row: str(row["DCSREAS"])):
        name = "not said" if row["DCSREAS"] is None else str(row["DCSREAS"]).lower()
        found[row["TRT01PN"], row["VARIANTN"]]["reasons"][name] = row["len"]
    codes = subjects.filter(failed).group_by(*_BY_SUBJECT, "RESTXT").len()
    for row in sorted(_collect(codes, run), key=lambda row: str(row["RESTXT"])):
        name = plain(row["RESTXT"])
        found[row["TRT01PN"], row["VARIANTN"]]["failures"][name] = row["len"]
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How a quantity is spread over the patients of a cell.

    Examples
    --------
    >>> Spread(
    ...     n=2, mean=1.5, sd=0.7, median=1.5, first=1.2, third=1.8, least=1.0, most=2.0
    ... ).median
    1.5
    """

    n: int
    mean: float | None
    sd: float | None
    median: float | None
    first: float | None
    third: float | None
    least: float | None
    most: float | None


def spreads(
    frame: pl.LazyFrame, by: tuple[str, str], column: str, run: RunData
) -> dict[Key, Spread]:
    """Return how a column is spread in each cell.

    Parameters
    ----------
    frame
        A subject-level table.
    by
        Its columns for arm and variant.
    column
        The column.
    run
        The run, for messages.

    Examples
    --------
    >>> spreads.__name__  # run by tests/pipelines/report: it needs a run
    'spreads'
    """
    value = pl.col(column)
    fixed = (value * SCALE).round().cast(pl.Int128)
    ask = frame.group_by(by).agg(
        value.count().alias("n"),
        fixed.sum().alias("total"),
        (fixed * fixed).sum().alias("squares"),
        value.quantile(0.25, "linear").alias("first"),
        value.median().alias("median"),
        value.quantile(0.75, "linear").alias("third"),
        value.min().alias("least"),
        value.max().alias("most"),
    )
    found = {}
    for row in _collect(ask, run):
        moments = Moments(
            n=row["n"],
            total=int(row.pop("total") or 0),
            total_of_squares=int(row.pop("squares") or 0),
            scale=SCALE,
        )
        key = row.pop(by[0]), row.pop(by[1])
        found[key] = Spread(mean=moments.mean, sd=moments.sd, **row)
    return found


def category_counts(run: RunData, column: str) -> dict[str, dict[Key, int]]:
    """Return how many patients of each cell have each value of a column of `adsl`.

    Parameters
    ----------
    run
        A run.
    column
        The column; an absent value is ``not known``.

    Returns
    -------
    Counts by cell, by value; the values by falling frequency.

    Examples
    --------
    >>> category_counts.__name__  # run by tests/pipelines/report: it reads files
    'category_counts'
    """
    found: dict[str, dict[Key, int]] = {}
    for row in _collect(run.scan("adsl").group_by(*_BY_SUBJECT, column).len(), run):
        value = "not known" if row[column] is None else plain(row[column])
        found.setdefault(value, {})[row["TRT01PN"], row["VARIANTN"]] = row["len"]
    ordered = sorted(found.items(), key=lambda item: (-sum(item[1].values()), item[0]))
    return dict(ordered)


def changes(run: RunData) -> dict[Key, NDArray[np.int64]]:
    """Return changes of the primary endpoint at the last visit and how many have each.

    Parameters
    ----------
    run
        A run.

    Returns
    -------
    By cell, changes in tenths of a point, ascending, and their counts, shape ``(2, n)``.

    Examples
    --------
    >>> changes.__name__  # run by tests/pipelines/report: it reads files
    'changes'
    """
    table = "adqs"
    at_end = (pl.col("PARAMCD") == run.endpoint) & (pl.col("AVISIT") == run.visit)
    ask = (
        run.scan(table)
        .filter(at_end & pl.col("ANL01FL").is_not_null() & pl.col("CHG").is_not_null())
        .group_by(*_BY_RECORD, (pl.col("CHG") * TENTHS).round().cast(pl.Int64).alias("tenths"))
        .len()
    )
    lists: dict[Key, list[tuple[int, int]]] = {}
    for row in _collect(ask, run):
        lists.setdefault((row["TRTPN"], row["VARIANTN"]), []).append((row["tenths"], row["len"]))
    return {key: np.array(sorted(rows), dtype=np.int64).T for key, rows in lists.items()}


def _curves(frame: pl.LazyFrame, run: RunData) -> dict[Key, Curve]:
    """Return curves of a frame with the columns TRT01PN, VARIANTN, day and happened."""
    ask = frame.group_by(*_BY_SUBJECT, "day").agg(
        pl.col("happened").sum().alias("events"), (~pl.col("happened")).sum().alias("censored")
    )
    lists: dict[Key, list[tuple[int, int, int]]] = {}
    for row in _collect(ask, run):
        where = row["TRT01PN"], row["VARIANTN"]
        lists.setdefault(where, []).append((row["day"], row["events"], row["censored"]))
    return {
        key: kaplan_meier(*(list(column) for column in zip(*sorted(rows), strict=True)))
        for key, rows in lists.items()
    }


def _treated(run: RunData) -> pl.LazyFrame:
    return run.scan("adsl").filter(pl.col("SAFFL") == "Y")


def on_treatment(run: RunData) -> dict[Key, Curve]:
    """Return the share of treated patients who have not stopped the treatment, by day.

    Parameters
    ----------
    run
        A run.

    Returns
    -------
    A curve a cell; who finished, and whose equations failed, are censored.

    Examples
    --------
    >>> on_treatment.__name__  # run by tests/pipelines/report: it reads files
    'on_treatment'
    """
    stopped = (pl.col("EOTSTT") == "DISCONTINUED") & (pl.col("RESCODE") == 0)
    return _curves(
        _treated(run).select(
            *_BY_SUBJECT,
            pl.coalesce("DCTDAY", "TRTDURD").fill_null(0).floor().cast(pl.Int64).alias("day"),
            stopped.fill_null(value=False).alias("happened"),
        ),
        run,
    )


def event_free(run: RunData) -> dict[Key, Curve]:
    """Return the share of treated patients without a treatment-emergent event, by day.

    Parameters
    ----------
    run
        A run.

    Returns
    -------
    A curve a cell, in days since the first dose; patients are censored where treatment ends.

    Examples
    --------
    >>> event_free.__name__  # run by tests/pipelines/report: it reads files
    'event_free'
    """
    first = (
        run.scan("adae")
        .filter(pl.col("TRTEMFL") == "Y")
        .group_by("USUBJID", "VARIANTN")
        .agg((pl.col("ASTDY").min() - 1).alias("onset"))
    )
    last = pl.col("TRTDURD").fill_null(0).floor().cast(pl.Int64)
    return _curves(
        _treated(run)
        .select("USUBJID", *_BY_SUBJECT, last.alias("last"))
        .join(first, on=["USUBJID", "VARIANTN"], how="left")
        .select(
            *_BY_SUBJECT,
            pl.coalesce("onset", "last").alias("day"),
            pl.col("onset").is_not_null().alias("happened"),
        ),
        run,
    )


def severities(run: RunData) -> dict[Key, dict[str, int]]:
    """Return how many patients of each cell had events, by their worst severity, and what came.

    Parameters
    ----------
    run
        A run.

    Returns
    -------
    Patients by ``MILD``, ``MODERATE``, ``SEVERE``, ``serious``, ``withdrawn``, ``fatal``.

    Examples
    --------
    >>> severities.__name__  # run by tests/pipelines/report: it reads files
    'severities'
    """
    grades = {"MILD": 1, "MODERATE": 2, "SEVERE": 3}
    ask = (
        run.scan("adae")
        .filter(pl.col("TRTEMFL") == "Y")
        .group_by("TRTAN", "VARIANTN", "USUBJID")
        .agg(
            pl.col("AESEV").replace_strict(grades, default=0, return_dtype=pl.Int64).max(),
            (pl.col("AESER") == "Y").any().alias("serious"),
            (pl.col("AEACN") == "DRUG WITHDRAWN").any().alias("withdrawn"),
            (pl.col("AEOUT") == "FATAL").any().alias("fatal"),
        )
        .group_by("TRTAN", "VARIANTN")
        .agg(
            *((pl.col("AESEV") == grade).sum().alias(name) for name, grade in grades.items()),
            *(pl.col(name).sum() for name in ("serious", "withdrawn", "fatal")),
        )
    )
    return {(row.pop("TRTAN"), row.pop("VARIANTN")): row for row in _collect(ask, run)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """Two quantities of the same patients at the last visit, on logarithmic scales.

    Parameters
    ----------
    counts
        Patients by bin, shape ``(n_bin, n_bin)``, the first quantity along the rows.
    x_edges, y_edges
        Edges of the bins, in the units of the quantities, shape ``(n_bin + 1,)``.
    correlations
        Of logarithms, by cell, and of all patients together under None [1].
    n
        Patients.

    Examples
    --------
    >>> sorted(Together.__dataclass_fields__)[:2]
    ['correlations', 'counts']
    """

    counts: NDArray[np.int64]
    x_edges: NDArray[np.float64]
    y_edges: NDArray[np.float64]
    correlations: Mapping[Key | None, float]
    n: int


def together(run: RunData, first: str, second: str) -> Together | None:
    """Return how two biomarkers go together over patients at the last visit.

    Parameters
    ----------
    run
        A run.
    first, second
        Codes of biomarkers.

    Returns
    -------
    Counts in bins and correlations of logarithms; None where fewer than three patients have both
    above 0, or one does not vary.

    Examples
    --------
    >>> together.__name__  # run by tests/pipelines/report: it reads files
    'together'
    """
    at_end = (pl.col("AVISIT") == run.visit) & (pl.col("AVAL") > 0)

    def of(code: str, name: str) -> pl.LazyFrame:
        mine = run.scan("adlb").filter(at_end & (pl.col("PARAMCD") == code))
        return mine.select("USUBJID", *_BY_RECORD, pl.col("AVAL").log().alias(name))

    pairs = of(first, "x").join(of(second, "y"), on=["USUBJID", *_BY_RECORD])
    ends = {
        f"{name}_{end}": getattr(pl.col(name), end)() for name in "xy" for end in ("min", "max")
    }
    (range_of,) = _collect(pairs.select(pl.len().alias("n"), **ends), run)
    if range_of["n"] < 3 or any(  # noqa: PLR2004 - a correlation needs three points
        not range_of[f"{name}_max"] > range_of[f"{name}_min"] for name in "xy"
    ):
        return None
    edges = {
        name: np.linspace(range_of[f"{name}_min"], range_of[f"{name}_max"], N_BINS + 1)
        for name in "xy"
    }
    counts = np.zeros((N_BINS, N_BINS), np.int64)
    for row in _collect(pairs.group_by(*(_bin(name, edges[name]) for name in "xy")).len(), run):
        counts[row["x"], row["y"]] = row["len"]
    return Together(
        counts=counts,
        x_edges=np.exp(edges["x"]),
        y_edges=np.exp(edges["y"]),
        correlations=dict(_correlations(pairs, run)),
        n=range_of["n"],
    )


def _bin(name: str, edges: NDArray[np.float64]) -> pl.Expr:
    low, high = float(edges[0]), float(edges[-1])
    share: pl.Expr = (pl.col(name) - low) / (high - low)
    return (share * N_BINS).floor().clip(0, N_BINS - 1).cast(pl.Int64).alias(name)


def _correlations(pairs: pl.LazyFrame, run: RunData) -> Iterator[tuple[Key | None, float]]:
    x, y = ((pl.col(name) * SCALE).round().cast(pl.Int128) for name in "xy")
    sums = {"n": pl.len(), "x": x.sum(), "y": y.sum()}
    sums |= {"xx": (x * x).sum(), "yy": (y * y).sum(), "xy": (x * y).sum()}
    rows = {
        (row.pop("TRTPN"), row.pop("VARIANTN")): row
        for row in _collect(pairs.group_by(_BY_RECORD).agg(**sums), run)
    }
    total = {name: sum(row[name] for row in rows.values()) for name in sums}
    for key, row in [*sorted(rows.items()), (None, total)]:
        n = row["n"]
        spread_x, spread_y = n * row["xx"] - row["x"] ** 2, n * row["yy"] - row["y"] ** 2
        if spread_x > 0 and spread_y > 0:
            shared = n * row["xy"] - row["x"] * row["y"]
            yield key, float(shared / (float(spread_x) ** 0.5 * float(spread_y) ** 0.5))
