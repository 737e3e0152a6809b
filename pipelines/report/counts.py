"""Counts: of `results`, and of the few columns of other tables that it does not sum up.

Those are the changes of the primary endpoint (a bar a patient), two biomarkers of the same patient
(correlations), messages of the solver, and deaths. Scans are lazy and streaming. Only whole numbers
are added, and order statistics do not depend on an order of rows, so two reports of one run have
the same bytes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.errors import ShardError
from pipelines.report.run_data import Cell, RunData
from pipelines.report.words import plain

__all__ = [
    "COLUMNS_READ",
    "NO_CARE",
    "Together",
    "changes",
    "deaths",
    "disposition",
    "failures",
    "together",
]

Key = tuple[int, int]
"""Number of the arm and of the variant."""

COLUMNS_READ: Final = {
    "adsl": ("TRT01PN", "VARIANTN", "RESCODE", "RESTXT"),
    "adqs": ("TRTPN", "VARIANTN", "PARAMCD", "AVISIT", "ANL01FL", "CHG"),
    "adlb": ("USUBJID", "TRTPN", "VARIANTN", "PARAMCD", "AVISIT", "AVAL"),
    "adae": ("USUBJID", "TRTAN", "VARIANTN", "TRTEMFL", "AEOUT"),
}
"""All that a report reads of subject-level tables; ``VARIANTN`` where a trial has variants."""

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
    Counts by name; ``reasons`` counts reasons for leaving the study. Whose equations could not be
    solved to the end did not leave.

    Examples
    --------
    >>> disposition.__name__  # run by tests/pipelines/report: it needs a run
    'disposition'
    """
    found: dict[Key, dict[str, Any]] = {}
    for cell in run.cells:
        known: dict[tuple[str, str], int] = {}
        for one in run.found("disposition", cell):
            level = str(one.about["variable_level"])
            known[one.about["variable"], level] = one.count() or 0
        if not known:
            continue
        reasons = {level: n for (name, level), n in known.items() if name == "DCSREAS"}
        stopped = {level: n for (name, level), n in known.items() if name == "DCTREAS"}
        found[cell.key] = {
            "n": known.get(("ITTFL", "Y"), 0),
            "treated": known.get(("SAFFL", "Y"), 0),
            "completed": known.get(("EOSSTT", "COMPLETED"), 0),
            "left": known.get(("EOSSTT", "DISCONTINUED"), 0) - reasons.pop(NO_CARE, 0),
            "left_treatment": known.get(("EOTSTT", "DISCONTINUED"), 0) - stopped.pop(NO_CARE, 0),
            "failed": known.get(("RESCODE", "Y"), 0),
            "rescued": known.get(("RESCDAY", "Y"), 0),
            "doses_planned": _total(run, cell, "DOSEPLN"),
            "doses_taken": _total(run, cell, "DOSETKN"),
            "reasons": {name.lower(): n for name, n in sorted(reasons.items()) if n},
        }
    return found


def _total(run: RunData, cell: Cell, name: str) -> int:
    """Return the sum of a column over the treated, from its mean."""
    one = run.first("exposure", cell, variable=name, context="summary")
    return round((one.get("mean") or 0.0) * (one.get("N") or 0.0))


def failures(run: RunData) -> dict[Key, dict[str, int]]:
    """Return patients whose equations could not be solved to the end, by cell and message.

    Parameters
    ----------
    run
        A run; two columns of `adsl` are read.

    Examples
    --------
    >>> failures.__name__  # run by tests/pipelines/report: it reads files
    'failures'
    """
    found: dict[Key, dict[str, int]] = {}
    codes = run.scan("adsl").filter(pl.col("RESCODE") != 0).group_by(*_BY_SUBJECT, "RESTXT").len()
    for row in sorted(_collect(codes, run), key=lambda row: str(row["RESTXT"])):
        mine = found.setdefault((row["TRT01PN"], row["VARIANTN"]), {})
        mine[plain(row["RESTXT"])] = row["len"]
    return found


def deaths(run: RunData) -> dict[Key, int]:
    """Return patients of each cell who died of an adverse event, those with one.

    Parameters
    ----------
    run
        A run; rows of `adae` with a fatal outcome are read.

    Examples
    --------
    >>> deaths.__name__  # run by tests/pipelines/report: it reads files
    'deaths'
    """
    fatal = run.scan("adae").filter((pl.col("TRTEMFL") == "Y") & (pl.col("AEOUT") == "FATAL"))
    counted = fatal.group_by("TRTAN", "VARIANTN").agg(pl.col("USUBJID").n_unique().alias("n"))
    return {(row["TRTAN"], row["VARIANTN"]): row["n"] for row in _collect(counted, run)}


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
