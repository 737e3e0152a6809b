"""Folders -> datasets: lazy frames with what their files say of them.

A run folder holds our tables, which are also held against their schema. Any other folder may hold
Parquet files or SAS transport files of any trial; a folder named ``tables`` in it is looked into.
"""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import polars as pl
import pyarrow.parquet as pq

from pipelines.errors import InputError
from pipelines.schema import CROSSED_TABLES, SUBJECT_TABLES, TABLES, Table
from pipelines.schema.columns import Structure
from pipelines.schema.periods import MOST_PERIODS, period_tables, treatment_columns

__all__ = ["Dataset", "dataset_of", "read_datasets"]

_TABLES: Final = "tables"
_PARQUET, _TRANSPORT = ".parquet", ".xpt"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dataset:
    """One dataset.

    Parameters
    ----------
    name
        Its name, upper case.
    frame
        The rows.
    schema
        The variables and their types, in order.
    label
        Its label; None where the file has no place for one.
    labels
        Labels by variable; None where the file has no place for them.
    metadata
        What else the file says of itself.
    table
        Its schema, for tables of a run.

    Examples
    --------
    >>> dataset_of("adsl", pl.DataFrame({"USUBJID": ["a"]})).structure
    'SUBJECT LEVEL ANALYSIS DATASET'
    """

    name: str
    frame: pl.LazyFrame
    schema: Mapping[str, pl.DataType]
    label: str | None = None
    labels: Mapping[str, str] | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    table: Table | None = None

    @property
    def structure(self) -> Structure:
        """The class in ADaM: that of the schema, else by name and variables."""
        if self.table is not None and self.table.structure:
            return self.table.structure
        if self.name.startswith("ADSL"):
            return "SUBJECT LEVEL ANALYSIS DATASET"
        names = self.schema
        if "PARAMCD" in names:
            return "BASIC DATA STRUCTURE"
        if any(name.endswith(("DECOD", "TERM")) for name in names):
            return "OCCURRENCE DATA STRUCTURE"
        return "ADAM OTHER"

    def has(self, *names: str) -> bool:
        """Whether it has all these variables."""
        return all(name in self.schema for name in names)


def dataset_of(
    name: str,
    frame: pl.DataFrame | pl.LazyFrame,
    *,
    label: str | None = None,
    labels: Mapping[str, str] | None = None,
    metadata: Mapping[str, str] | None = None,
    table: Table | None = None,
) -> Dataset:
    """Return a frame as a dataset; blank texts are missing, as SAS has them.

    Parameters
    ----------
    name
        Its name.
    frame
        Its rows.
    label, labels, metadata, table
        As in `Dataset`.

    Examples
    --------
    >>> dataset_of("adqs", pl.DataFrame({"PARAMCD": [""]})).frame.collect().item() is None
    True
    """
    text = pl.selectors.string()
    cleaned = frame.lazy().with_columns(pl.when(text.str.strip_chars() != "").then(text))
    return Dataset(
        name=name.upper(),
        frame=cleaned,
        schema=dict(cleaned.collect_schema()),
        label=label,
        labels=labels,
        metadata=metadata or {},
        table=table,
    )


def read_datasets(folder: Path) -> dict[str, Dataset]:
    """Return the datasets of a folder by name.

    Parameters
    ----------
    folder
        A run folder, or one with Parquet or transport files.

    Raises
    ------
    InputError
        If there is no such folder, no dataset in it, or one that cannot be read.

    Examples
    --------
    >>> read_datasets(Path("no/folder"))
    Traceback (most recent call last):
    ...
    pipelines.errors.InputError: no/folder: no folder of that name; a run folder, or one with \
Parquet or transport (.xpt) files is allowed. Check the path.
    """
    if not folder.is_dir():
        raise InputError(
            f"{folder}: no folder of that name; a run folder, or one with Parquet or transport "
            "(.xpt) files is allowed. Check the path."
        )
    place = folder / _TABLES if (folder / _TABLES).is_dir() else folder
    files = sorted(
        path for path in place.iterdir() if path.suffix.lower() in (_PARQUET, _TRANSPORT)
    )
    is_run = {f"{name}{_PARQUET}" for name in SUBJECT_TABLES} <= {path.name for path in files}
    if is_run:
        files = [place / f"{name}{_PARQUET}" for name in SUBJECT_TABLES]
    if not files:
        raise InputError(
            f"{place}: no dataset there; Parquet or transport (.xpt) files are needed. "
            "Finish the run, or name the folder with the files."
        )
    read = [_read(path, is_run=is_run) for path in files]
    names = [one.name for one in read]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(
            f"{place}: {', '.join(twice)} is there in two formats; one file a dataset is allowed. "
            "Move one of them."
        )
    return {one.name: one for one in read}


def _read(path: Path, *, is_run: bool) -> Dataset:
    try:
        if path.suffix.lower() == _TRANSPORT:
            return _transport(path)
        return _parquet(path, is_run=is_run)
    except (OSError, ValueError, pl.exceptions.PolarsError) as error:
        raise InputError(
            f"{path}: cannot be read ({error}); a whole file is needed. Write it again."
        ) from error


def _parquet(path: Path, *, is_run: bool) -> Dataset:
    file = pq.ParquetFile(path)
    said = {key.decode(): text.decode() for key, text in (file.metadata.metadata or {}).items()}
    fields = {
        one.name: {key.decode(): text.decode() for key, text in (one.metadata or {}).items()}
        for one in file.schema_arrow
    }
    labels = {name: facts.get("label", "") for name, facts in fields.items()}
    frame = pl.scan_parquet(path, glob=False)
    table = None
    if is_run:
        is_crossed = "VARIANTN" in frame.collect_schema()
        tables = CROSSED_TABLES if is_crossed else TABLES
        if {"TRTSEQP", "TRTSEQA"} & set(frame.collect_schema()):
            tables = period_tables(tables, _n_periods(frame))
        table = tables[path.stem]
    return dataset_of(
        path.stem,
        frame,
        label=said.get("label"),
        labels=labels if is_run or any(labels.values()) else None,
        metadata=said,
        table=table,
    )


def _n_periods(subjects: pl.LazyFrame) -> int:
    """Return the periods of ADSL; of another table, the fewest."""
    names = set(subjects.collect_schema())
    return max(
        (n for n in range(2, MOST_PERIODS + 1) if treatment_columns(n)[0] in names), default=2
    )


def _transport(path: Path) -> Dataset:
    try:
        reader: Any = importlib.import_module("pyreadstat")
    except ImportError as error:
        raise InputError(
            f"{path}: transport files are read by pyreadstat, which is not installed; Parquet "
            "files need nothing more. Run 'pip install pyreadstat'."
        ) from error
    try:
        frame, facts = reader.read_xport(str(path))
    except reader.ReadstatError as error:
        raise InputError(
            f"{path}: cannot be read ({error}); a SAS transport file of version 5 or 8 is "
            "needed. Write it again."
        ) from error
    return dataset_of(
        facts.table_name or path.stem,
        _typed(frame, facts.column_names),
        label=facts.file_label or "",
        labels={name: label or "" for name, label in facts.column_names_to_labels.items()},
        metadata={"format": "SAS transport"},
    )


def _typed(frame: Any, names: list[str]) -> pl.DataFrame:  # noqa: ANN401 - a pandas frame
    """Return a pandas frame of a transport file with texts, numbers and dates."""
    columns = []
    for name in names:
        values = frame[name]
        if values.dtype.kind in "fiu":
            numbers = pl.Series(name, values.to_numpy(dtype="float64", na_value=float("nan")))
            columns.append(numbers.fill_nan(None))
        else:
            plain = [None if value is None or value != value else value for value in values]
            columns.append(pl.Series(name, plain))
    return pl.DataFrame(columns)
