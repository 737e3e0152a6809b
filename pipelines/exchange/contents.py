"""What a finished run holds: its tables with their descriptions, and their rows in batches."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.adam import study_id
from pipelines.errors import InputError, ShardError
from pipelines.run_folder import RunFolder, refuse_if_held
from pipelines.schema import CROSSED_TABLES, TABLES, Column, Table, crossover_tables
from pipelines.schema.columns import Kind
from pipelines.schema.periods import MOST_PERIODS, period_tables
from pipelines.schema.subjects import SIMULATED_FLAG
from pipelines.seal import SEAL
from pipelines.tipping_table import tipping_table

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["MARK", "NOTICE", "RunContents", "RunTable", "TextFacts", "read_contents", "with_mark"]

N_BATCH_ROWS = 65_536
"""Rows that are held at a time."""

MARK = SIMULATED_FLAG
"""The column that marks every row as simulated; tables without it get it when they are exported."""

NOTICE = "Simulated data: virtual patients, no person took part"
"""What every file says that has a place for a sentence."""

_KINDS: tuple[tuple[type[pl.DataType], Kind], ...] = (
    (pl.String, "text"),
    (pl.Date, "date"),
    (pl.Float64, "number"),
    (pl.Int64, "integer"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TextFacts:
    """What the texts of a column are like.

    Parameters
    ----------
    n_bytes
        Length of the longest in UTF-8 [byte].
    n_not_ascii
        How many have characters beyond ASCII.
    n_trailing
        How many end in a blank.

    Examples
    --------
    >>> TextFacts(n_bytes=3, n_not_ascii=0, n_trailing=0).n_bytes
    3
    """

    n_bytes: int
    n_not_ascii: int
    n_trailing: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTable:
    """One table of a run.

    Parameters
    ----------
    table
        Its description, in the order of the file.
    path
        Its Parquet file.
    n_rows
        Number of rows.

    Examples
    --------
    >>> RunTable(table=TABLES["adsl"], path=Path("adsl.parquet"), n_rows=3).n_rows
    3
    """

    table: Table
    path: Path
    n_rows: int

    def batches(self) -> Iterator[pl.DataFrame]:
        """Yield the rows in order, at most ``N_BATCH_ROWS`` at a time; NaN as null.

        Raises
        ------
        ShardError
            If the file cannot be read.
        """
        try:
            with pq.ParquetFile(self.path) as file:
                for batch in file.iter_batches(batch_size=N_BATCH_ROWS):
                    frame = pl.from_arrow(batch)
                    if not isinstance(frame, pl.DataFrame):
                        raise TypeError(type(frame))
                    yield frame.with_columns(pl.selectors.float().fill_nan(None))
        except (OSError, pa.ArrowException) as error:
            raise _unreadable(self.path, error) from error

    def scan(self) -> pl.LazyFrame:
        """Return the table as a lazy frame."""
        return pl.scan_parquet(self.path, glob=False)

    def collect(self, *expressions: pl.Expr) -> pl.DataFrame:
        """Return what the expressions find in the table, read as a stream.

        Raises
        ------
        ShardError
            If the file cannot be read.
        """
        try:
            return self.scan().select(*expressions).collect(engine="streaming")
        except (OSError, pl.exceptions.PolarsError) as error:
            raise _unreadable(self.path, error) from error

    def text_facts(self) -> dict[str, TextFacts]:
        """Return what the texts of every text column are like."""
        names = [column.name for column in self.table.columns if column.kind == "text"]
        if not names:
            return {}
        found = self.collect(
            *(
                expression.alias(f"{name}/{index}")
                for name in names
                for index, expression in enumerate(_text_expressions(pl.col(name)))
            )
        ).row(0, named=True)
        return {
            name: TextFacts(
                n_bytes=found[f"{name}/0"] or 0,
                n_not_ascii=found[f"{name}/1"],
                n_trailing=found[f"{name}/2"],
            )
            for name in names
        }


def _text_expressions(text: pl.Expr) -> tuple[pl.Expr, pl.Expr, pl.Expr]:
    return (
        text.str.len_bytes().max(),
        (text.str.len_bytes() != text.str.len_chars()).sum(),
        text.str.ends_with(" ").sum(),
    )


def _unreadable(path: Path, error: Exception) -> ShardError:
    reason = str(error).splitlines()[0]
    return ShardError(
        f"table {path}: cannot be read ({reason}); a table as 'cohort run' writes it is needed. "
        "Run 'cohort verify' on the folder, then the command that made it."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContents:
    """A finished run: its tables and what all of them share.

    Parameters
    ----------
    folder
        The run folder.
    study
        Name of the protocol, upper case.
    title
        Title of the protocol.
    version
        Version of this package that made the run.
    made
        When the run ended, local time with its offset, as ISO 8601 has it.
    n_missing
        Patients of units that were set aside.
    tables
        By name, in the order of the schema.

    Examples
    --------
    >>> RunContents.__name__  # made by `read_contents`
    'RunContents'
    """

    folder: RunFolder
    study: str
    title: str
    version: str
    made: str
    n_missing: int
    tables: Mapping[str, RunTable]


def read_contents(root: Path, only: "Sequence[str]" = ()) -> RunContents:
    """Return what a finished run holds.

    Parameters
    ----------
    root
        The run folder.
    only
        Names of tables to take; all if empty.

    Raises
    ------
    InputError
        If it is no folder of a finished run, or a named table is not in it.
    LockError
        If a live run writes to it.
    ShardError
        If a table cannot be read.

    Examples
    --------
    >>> read_contents(Path("no/folder"))
    Traceback (most recent call last):
    ...
    pipelines.errors.InputError: no/folder: no tables there; a folder that 'cohort run' has \
finished is needed. Run it first.
    """
    folder = RunFolder(root)
    refuse_if_held(folder)
    if not (folder.tables / "adsl.parquet").is_file() or not (root / SEAL).is_file():
        raise InputError(
            f"{root}: no tables there; a folder that 'cohort run' has finished is needed. "
            "Run it first."
        )
    found = {path.stem: path for path in sorted(folder.tables.glob("*.parquet"))}
    _refuse_unknown(folder.tables, only, found)
    order = [name for name in TABLES if name in found]
    order += [name for name in found if name not in TABLES]
    provenance, protocol = _read(folder.provenance), _read(folder.protocol_resolved)
    tables = {name: _run_table(found[name]) for name in order if not only or name in only}
    return RunContents(
        folder=folder,
        study=study_id(str(protocol["name"])),
        title=str(protocol["title"]),
        version=str(provenance["versions"]["neurocohort"]),
        made=_iso(_ended(provenance)),
        n_missing=int(_file_facts(found["adsl"]).get("missing_patients", 0)),
        tables=tables,
    )


def _refuse_unknown(tables: Path, only: "Sequence[str]", found: Mapping[str, Path]) -> None:
    unknown = [name for name in only if name not in found]
    if unknown:
        raise InputError(
            f"--table: {', '.join(unknown)}; a table in {tables} is allowed: "
            f"{', '.join(found)}. Name one of those."
        )


def _read(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ShardError(
            f"{path}: cannot be read ({type(error).__name__}: {error}); the file that a finished "
            "run wrote is needed. Run the command that made the run again."
        ) from error
    return found


def _ended(provenance: Mapping[str, Any]) -> str:
    """Return when the run last finished; resuming a finished one changes no table."""
    ended = [run["ended"] for run in provenance["runs"] if run["outcome"].startswith("finished")]
    return str(ended[-1])


def _iso(moment: str) -> str:
    """Return a time stamp with a colon in its offset, as Dataset-JSON and Define-XML ask for."""
    has_colon = moment.endswith("Z") or moment[-3:-2] == ":" or len(moment) < len("+0000")
    return moment if has_colon else f"{moment[:-2]}:{moment[-2:]}"


def _run_table(path: Path) -> RunTable:
    try:
        schema = pq.read_schema(path)
        n_rows = pq.read_metadata(path).num_rows
    except (OSError, pa.ArrowException) as error:
        raise _unreadable(path, error) from error
    known = [
        tables[path.stem]
        for tables in (
            TABLES,
            CROSSED_TABLES,
            *(crossover_tables(is_crossed=crossed) for crossed in (False, True)),
            *({table.name: table} for table in map(_tipping, (False, True))),
            *(
                period_tables(tables, n)
                for tables in (TABLES, CROSSED_TABLES)
                for n in range(2, MOST_PERIODS + 1)
            ),
        )
        if path.stem in tables
    ]
    for table in known:
        if [column.name for column in table.columns] == schema.names:
            return RunTable(table=table, path=path, n_rows=n_rows)
    return RunTable(table=_described_by_file(path, schema), path=path, n_rows=n_rows)


def _tipping(is_crossed: bool) -> Table:  # noqa: FBT001 - called by map
    return tipping_table(is_crossed=is_crossed)


def _file_facts(path: Path) -> dict[str, str]:
    """Return the key-value metadata of a Parquet file."""
    said = pq.read_metadata(path).metadata or {}
    return {key.decode(): value.decode() for key, value in said.items() if key != b"ARROW:schema"}


def _described_by_file(path: Path, schema: pa.Schema) -> Table:
    """Return the description of a table that no schema holds, from what its file says."""
    name = path.stem
    types = dict(pl.from_arrow(schema.empty_table()).schema)  # type: ignore[union-attr]
    columns = []
    for field in schema:
        said = {key.decode(): value.decode() for key, value in (field.metadata or {}).items()}
        kind = next((kind for known, kind in _KINDS if types[field.name] == known), None)
        if kind is None:
            raise InputError(
                f"table {name}, column {field.name}: type {field.type}; text, 64-bit integers, "
                "float64 and dates are allowed. Leave the table out with --table."
            )
        columns.append(
            Column(
                name=field.name,
                kind=kind,
                unit=said.get("unit", "1" if kind == "number" else ""),
                label=said.get("label", field.name.replace("_", " ").capitalize()),
                meaning=said.get("meaning", ""),
                cdisc=said.get("cdisc", ""),
            )
        )
    said = _file_facts(path)
    label = said.get("label", name.replace("_", " ").capitalize())
    return Table(
        name=name, label=label, meaning=said.get("meaning", ""), key=(), columns=tuple(columns)
    )


def with_mark(table: Table) -> Table:
    """Return a table with the column that marks its rows as simulated, last if it had none.

    Parameters
    ----------
    table
        A table of a run.

    Examples
    --------
    >>> with_mark(TABLES["contrasts"]).columns[-1].name
    'SIMFL'
    """
    if any(column.name == MARK.name for column in table.columns):
        return table
    return replace(table, columns=(*table.columns, MARK))
