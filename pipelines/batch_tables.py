"""Run folders of a batch -> one table of points, one of outcomes, one of sensitivity indices."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from pipelines.batch_values import number_and_unit
from pipelines.errors import ShardError
from pipelines.files import write_atomically
from pipelines.run_folder import RunFolder
from pipelines.schema.batch import OUTCOMES_BY_POINT, SENSITIVITY, points_table
from pipelines.schema.columns import (
    Column,
    Table,
    arrow_schema,
    number_column,
    polars_schema,
    text_column,
)
from pipelines.sensitivity import FEW, FEWEST, indices_of

if TYPE_CHECKING:
    from pipelines.batch_file import BatchFile, Point

__all__ = ["key_columns", "outcomes_of", "sensitivity_frame", "write_batch_tables"]

_OUTPUT = ("source", "variant", "arm", "endpoint", "visit", "visit_week", "statistic")
_READ: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "outcomes_by_arm": (
        "endpoint",
        (
            "n_randomised",
            "n_analysed",
            "n_observed",
            "n_missing",
            "n_failed",
            "mean",
            "sd",
            "change_mean",
            "change_sd",
            "responders_percent",
            "remitters_percent",
        ),
    ),
    "contrasts": (
        "endpoint",
        (
            "difference",
            "difference_se",
            "difference_low",
            "difference_high",
            "smd",
            "response_difference",
            "remission_difference",
        ),
    ),
    "ae_rates_by_arm": ("term", ("percent", "n_events", "n_serious", "risk_difference")),
}
_INDEXED: Mapping[str, tuple[str, ...]] = {
    "outcomes_by_arm": ("change_mean", "responders_percent", "remitters_percent", "n_observed"),
    "contrasts": ("difference", "smd"),
    "ae_rates_by_arm": ("percent",),
}
"""Statistics of which indices are asked for; those of others follow from them."""


def key_columns(batch: "BatchFile") -> tuple[tuple[Column, ...], dict[str, list[Any]]]:
    """Return a column for every key of a batch, and its values by point.

    Parameters
    ----------
    batch
        The batch.

    Returns
    -------
    Columns named by key and unit, numbers where all values are numbers in one unit; values by the
    name of the column.

    Examples
    --------
    >>> from pipelines.batch_file import BatchFile
    >>> key_columns(BatchFile(text="", method="", keys=(), points=()))
    ((), {})
    """
    columns: list[Column] = []
    data: dict[str, list[Any]] = {}
    for index, key in enumerate(batch.keys):
        given = [point.values[index] for point in batch.points]
        read = [number_and_unit(value) for value in given]
        units = {one[1:] for one in read if one is not None}
        meaning = f"Value of {key}."
        if None in read or len(units) != 1:
            columns.append(text_column(key, "Value of a key", meaning, nullable=False))
            data[key] = [_text(value) for value in given]
            continue
        unit, word = units.pop()
        shown = unit or word or "1"
        name = f"{key} ({shown})" if shown != "1" else key
        columns.append(number_column(name, shown, "Value of a key", meaning, nullable=False))
        data[name] = [one[0] for one in read if one is not None]
    return tuple(columns), data


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def outcomes_of(folder: RunFolder, number: int) -> pl.DataFrame:
    """Return the long table of outcomes of one run.

    Parameters
    ----------
    folder
        A finished run folder.
    number
        Number of the point.

    Examples
    --------
    >>> outcomes_of.__name__  # run by tests/pipelines/test_batch.py: it needs a run
    'outcomes_of'
    """
    parts = []
    for source, (name, statistics) in _READ.items():
        frame = pl.read_parquet(folder.tables / f"{source}.parquet")
        given = [one for one in statistics if one in frame.columns]
        variant = pl.col("variant") if "variant" in frame.columns else pl.lit(None, pl.String)
        visit = pl.col("visit") if "visit" in frame.columns else pl.lit(None, pl.String)
        week = pl.col("visit_week") if "visit" in frame.columns else pl.lit(None, pl.Float64)
        long = frame.select(
            pl.lit(number, pl.Int64).alias("point"),
            pl.lit(source).alias("source"),
            variant.alias("variant"),
            "arm",
            pl.col(name).alias("endpoint"),
            visit.alias("visit"),
            week.alias("visit_week"),
            *(pl.col(one).cast(pl.Float64) for one in given),
        ).unpivot(
            given, index=["point", *_OUTPUT[:-1]], variable_name="statistic", value_name="value"
        )
        parts.append(long.filter(pl.col("value").is_not_null()))
    order = ["point", *_OUTPUT]
    return pl.concat(parts).select(*order, "value").sort(order, nulls_last=False)


def sensitivity_frame(outcomes: pl.DataFrame, batch: "BatchFile") -> pl.DataFrame:
    """Return the indices of every outcome at its last visit.

    Parameters
    ----------
    outcomes
        Of all points that have a run, those with an equal protocol included.
    batch
        A batch with a Saltelli design.

    Returns
    -------
    One row an outcome and key. An outcome that some points lack, as an adverse event that nobody
    had there, has rows without indices and a reason.

    Examples
    --------
    >>> sensitivity_frame.__name__  # run by tests/pipelines/test_batch.py: it needs runs
    'sensitivity_frame'
    """
    asked = pl.any_horizontal(
        pl.col("source").eq(source) & pl.col("statistic").is_in(names)
        for source, names in _INDEXED.items()
    )
    group = ("source", "variant", "arm", "endpoint")
    last = pl.col("visit_week").is_null() | (
        pl.col("visit_week") == pl.col("visit_week").max().over(*group, "point")
    )
    # a sweep of the length of a trial has another last visit at every point
    kept = outcomes.filter(asked & last).with_columns(
        pl.when(pl.col("visit").n_unique().over(*group) == 1).then("visit").alias("visit"),
        pl.when(pl.col("visit").n_unique().over(*group) == 1)
        .then("visit_week")
        .alias("visit_week"),
    )
    n_done = outcomes["point"].n_unique()
    names: list[dict[str, Any]] = []
    values: list[np.ndarray[Any, np.dtype[np.float64]]] = []
    for name, part in kept.group_by(*_OUTPUT, maintain_order=True):
        row = np.full(len(batch.points), np.nan)
        row[part["point"].to_numpy() - 1] = part["value"].to_numpy()
        names.append(dict(zip(_OUTPUT, name, strict=True)))
        values.append(row)
    if not values:
        return pl.DataFrame(schema=polars_schema(SENSITIVITY))
    outputs = np.stack(values)
    n_points = np.isfinite(outputs).sum(axis=1)
    # an event that some points never saw has no number there, and would take their samples from all
    is_whole = n_points == n_done
    rows: list[dict[str, Any]] = []
    whole = indices_of(outputs[is_whole], len(batch.keys))
    at_whole = np.cumsum(is_whole) - 1
    for at, output in enumerate(names):
        shared = {
            **output,
            "mean": float(np.nanmean(outputs[at])),
            "sd": float(np.nanstd(outputs[at])),
            "n": whole.n_samples if is_whole[at] else 0,
            "n_points": int(n_points[at]),
        }
        for index, key in enumerate(batch.keys):
            found = dict.fromkeys(_ESTIMATES, math.nan)
            if is_whole[at]:
                found = {one: float(getattr(whole, one)[at_whole[at], index]) for one in _ESTIMATES}
            reason = _reason(found, shared, n_done)
            rows.append({**shared, "key": key, **found, "reason": reason})
    frame = pl.DataFrame(rows, schema=polars_schema(SENSITIVITY), orient="row")
    return frame.with_columns(pl.col(pl.Float64).fill_nan(None))


_ESTIMATES = (
    *("first_order", "first_order_low", "first_order_high"),
    *("total", "total_low", "total_high"),
)


def _reason(found: Mapping[str, float], output: Mapping[str, Any], n_done: int) -> str | None:
    """Return why an outcome has no indices, or why not to rely on their intervals."""
    if output["n_points"] < n_done:
        n_without = n_done - output["n_points"]
        return f"{n_without} of {n_done} points do not have it"
    n = output["n"]
    if math.isnan(found["total"]):
        return "it does not vary" if n > 1 else f"{n} whole samples; 2 or more are needed"
    if n < FEWEST:
        return f"{n} whole samples; intervals need {FEWEST}"
    return f"{n} whole samples; intervals from fewer than {FEW} are rough" if n < FEW else None


def write_batch_tables(
    root: Path, batch: "BatchFile", failures: Mapping[int, str]
) -> dict[str, pl.DataFrame]:
    """Write the tables of a batch whose runs are over.

    Parameters
    ----------
    root
        Folder of the batch.
    batch
        The batch.
    failures
        Why points failed, by their number.

    Returns
    -------
    The tables by name.

    Raises
    ------
    ShardError
        If the disk refuses.

    Examples
    --------
    >>> write_batch_tables.__name__  # run by tests/pipelines/test_batch.py: it needs runs
    'write_batch_tables'
    """
    of_runs = {
        point.number: outcomes_of(RunFolder(root / "points" / point.folder), point.number)
        for point in batch.to_run
        if point.number not in failures
    }
    parts = [
        of_runs[point.same_as].with_columns(pl.lit(point.number, pl.Int64).alias("point"))
        for point in batch.points
        if point.same_as in of_runs
    ]
    outcomes = pl.concat(parts) if parts else pl.DataFrame(schema=polars_schema(OUTCOMES_BY_POINT))
    columns, data = key_columns(batch)
    points = pl.DataFrame([_row(point, of_runs, failures) for point in batch.points])
    table = points_table(columns)
    points = points.with_columns(
        pl.Series(name, values, strict=False) for name, values in data.items()
    ).select(pl.col(name).cast(kind) for name, kind in polars_schema(table).items())
    frames: dict[str, tuple[Table, pl.DataFrame]] = {
        "points": (table, points),
        "outcomes_by_point": (OUTCOMES_BY_POINT, outcomes),
    }
    if batch.method == "saltelli":
        frames["sensitivity"] = (SENSITIVITY, sensitivity_frame(outcomes, batch))
    folder = root / "tables"
    folder.mkdir(exist_ok=True)
    for one, frame in frames.values():
        _write(folder, one, frame)
    return {name: frame for name, (_, frame) in frames.items()}


def _row(
    point: "Point", of_runs: Mapping[int, pl.DataFrame], failures: Mapping[int, str]
) -> dict[str, Any]:
    n_cells = max(len(point.protocol.variants), 1)
    outcomes = of_runs.get(point.same_as)
    return {
        "point": point.number,
        "protocol": point.protocol.name,
        "folder": f"points/{point.folder}",
        "status": "done" if outcomes is not None else "failed",
        "failure": failures.get(point.same_as),
        "protocol_sha256": point.protocol.content_hash(),
        "patient_seed": point.protocol.seed,
        "n_patients": n_cells * sum(arm.patients for arm in point.protocol.arms),
        "n_failed": None if outcomes is None else _n_failed(outcomes),
    }


def _n_failed(outcomes: pl.DataFrame) -> int:
    counts = outcomes.filter(
        (pl.col("source") == "outcomes_by_arm") & (pl.col("statistic") == "n_failed")
    )
    return int(counts.group_by("variant", "arm").agg(pl.col("value").first())["value"].sum())


def _write(folder: Path, table: Table, frame: pl.DataFrame) -> None:
    path = folder / f"{table.name}.parquet"
    try:
        write_atomically(
            path,
            lambda temporary: frame.lazy().sink_parquet(
                temporary,
                compression="zstd",
                maintain_order=True,
                metadata={"name": table.name, "label": table.label, "meaning": table.meaning},
                arrow_schema=arrow_schema(table),
            ),
        )
    except (OSError, pl.exceptions.PolarsError) as error:
        raise ShardError(
            f"table {path}: {error}; a folder with room is needed. Make room, then run the same "
            "command again."
        ) from error
