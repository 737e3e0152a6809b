"""The subject-level tables under plain words, as Parquet or CSV; summary tables as they are.

- names are those of `pipelines.schema.plain_names`;
- flags (``Y`` or ``N``, ``Y`` or null) are true or false; a null ``Y`` or ``N`` stays null;
- texts of which few are allowed are categories in Parquet, in their order (mild before severe);
- nothing else changes: the same rows in the same order, the same numbers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.exchange.contents import MARK, RunTable, with_mark
from pipelines.exchange.dictionary import DictionaryEntry
from pipelines.schema import Column, Table, arrow_schema
from pipelines.schema.columns import SIMULATED
from pipelines.schema.plain_names import PLAIN_TABLES, crossover_words, plain_word

__all__ = ["PlainTable", "plain_table", "write_plain", "write_plain_comma"]

_FLAGS = ({"Y"}, {"Y", "N"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainTable:
    """A table under plain words.

    Parameters
    ----------
    name
        Plain name.
    source
        The table of the run, with the mark of simulated data.
    names
        Plain name by the name in the run, in the order of the file.

    Examples
    --------
    >>> from pipelines.schema import TABLES
    >>> plain_table(TABLES["adsl"]).names["AGE"]
    'age_y'
    """

    name: str
    source: Table
    names: Mapping[str, str]

    def entries(self) -> list[DictionaryEntry]:
        """Return the entries of the data dictionary."""
        key = [name for name in self.source.key if name in self.names]
        return [
            DictionaryEntry(
                table=self.name,
                table_label=self.source.label,
                name=plain,
                column=self.source.column(name),
                kind=_kind(self.source.column(name)),
                key_position=key.index(name) + 1 if name in key else None,
                source_table=self.source.name,
            )
            for name, plain in self.names.items()
        ]

    def expressions(self, *, with_categories: bool) -> list[pl.Expr]:
        """Return the columns of the file from those of the run."""
        return [
            _values(self.source.column(name), with_categories=with_categories).alias(plain)
            for name, plain in self.names.items()
        ]


def _is_flag(column: Column) -> bool:
    return set(column.allowed) in _FLAGS


def _kind(column: Column) -> str:
    if _is_flag(column):
        return "boolean"
    return "category" if column.allowed else column.kind


def _values(column: Column, *, with_categories: bool) -> pl.Expr:
    value = pl.col(column.name)
    if _is_flag(column):
        is_yes = value == "Y"
        # a record flag is Y or null: null says no
        return is_yes.fill_null(value=False) if "N" not in column.allowed else is_yes
    if column.allowed and with_categories:
        return value.cast(pl.Enum(column.allowed))
    return value.fill_nan(None) if column.kind == "number" else value


def plain_table(table: Table) -> PlainTable:
    """Return a table under plain words.

    Parameters
    ----------
    table
        A table of a run.

    Examples
    --------
    >>> from pipelines.schema import TABLES
    >>> plain_table(TABLES["adqs"]).name
    'scores'
    """
    marked = with_mark(table)
    words = {column.name: plain_word(table.name, column.name) for column in marked.columns}
    words |= crossover_words(list(words))
    return PlainTable(
        name=PLAIN_TABLES.get(table.name, table.name),
        source=marked,
        names={name: word for name, word in words.items() if word is not None},
    )


def write_plain(source: RunTable, path: Path, facts: Mapping[str, str]) -> None:
    """Write one table under plain words as Parquet, a batch of rows at a time.

    Parameters
    ----------
    source
        A table of a run.
    path
        The file.
    facts
        What the metadata of the file says of the run.

    Examples
    --------
    >>> write_plain.__name__  # run by tests/pipelines/exchange/test_plain.py: it reads a file
    'write_plain'
    """
    plain = plain_table(source.table)
    schema = _arrow(plain, facts)
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for frame in source.batches():
            marked = frame.with_columns(pl.lit(MARK.allowed[0]).alias(MARK.name))
            table = marked.select(plain.expressions(with_categories=True)).to_arrow()
            writer.write_table(table.cast(schema))


def _arrow(plain: PlainTable, facts: Mapping[str, str]) -> pa.Schema:
    described = arrow_schema(
        replace(plain.source, columns=tuple(plain.source.column(name) for name in plain.names))
    )
    fields = []
    for field in described:
        column = plain.source.column(field.name)
        kind = field.type
        said = {**field.metadata, b"adam_name": column.cdisc.encode()}
        if _is_flag(column):
            kind = pa.bool_()
        elif column.allowed:
            kind = pa.dictionary(pa.uint8(), pa.large_string(), ordered=True)
            said |= _categories(column.allowed)
        fields.append(pa.field(plain.names[field.name], kind, metadata=said))
    return pa.schema(
        fields,
        metadata={
            **facts,
            "name": plain.name,
            "label": plain.source.label,
            "meaning": plain.source.meaning,
            "simulated": SIMULATED,
        },
    )


def _categories(allowed: tuple[str, ...]) -> dict[bytes, bytes]:
    """Return what Polars writes beside a field to read it as the same categories again."""
    empty = pl.DataFrame(schema={"": pl.Enum(allowed)}).to_arrow()
    return empty.schema.field("").metadata or {}


def write_plain_comma(source: RunTable, path: Path) -> None:
    """Write one table under plain words as CSV, as a stream.

    Parameters
    ----------
    source
        A table of a run.
    path
        The file.

    Examples
    --------
    >>> write_plain_comma.__name__  # run by tests/pipelines/exchange/test_plain.py
    'write_plain_comma'
    """
    plain = plain_table(source.table)
    marked = source.scan().with_columns(pl.lit(MARK.allowed[0]).alias(MARK.name))
    selected = marked.select(plain.expressions(with_categories=False))
    selected.sink_csv(path, maintain_order=True, engine="streaming")
