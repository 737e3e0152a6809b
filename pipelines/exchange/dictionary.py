"""The data dictionary: every column of every table, for people and for programs.

As Parquet and CSV one row a column; as Markdown one heading a table.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipelines.exchange.contents import NOTICE
from pipelines.schema import Column, Table, arrow_schema, polars_schema
from pipelines.schema.dictionary import DATA_DICTIONARY
from pipelines.schema.plain_names import plain_word

__all__ = ["DictionaryEntry", "dictionary_frame", "dictionary_markdown", "write_dictionary"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DictionaryEntry:
    """One column as a file has it.

    Parameters
    ----------
    table
        Name of the table in the file.
    table_label
        Its label.
    name
        Name of the column in the file.
    column
        Its description.
    kind
        Type in the file.
    key_position
        Place in the key, None outside it.
    source_table
        Name of the table in the run, which the plain word is listed under.

    Examples
    --------
    >>> from pipelines.schema import TABLES
    >>> DictionaryEntry.of(TABLES["adsl"])[0].name
    'STUDYID'
    """

    table: str
    table_label: str
    name: str
    column: Column
    kind: str
    key_position: int | None
    source_table: str

    @staticmethod
    def of(table: Table) -> "list[DictionaryEntry]":
        """Return the entries of a table that is written as it is."""
        return [
            DictionaryEntry(
                table=table.name,
                table_label=table.label,
                name=column.name,
                column=column,
                kind="category" if column.allowed else column.kind,
                key_position=table.key.index(column.name) + 1 if column.name in table.key else None,
                source_table=table.name,
            )
            for column in table.columns
        ]


def dictionary_frame(entries: Iterable[DictionaryEntry]) -> pl.DataFrame:
    """Return the dictionary, one row a column.

    Parameters
    ----------
    entries
        Columns in the order of their files.

    Examples
    --------
    >>> from pipelines.schema import TABLES
    >>> dictionary_frame(DictionaryEntry.of(TABLES["adsl"]))["column"][0]
    'STUDYID'
    """
    rows: list[dict[str, object]] = []
    position, table = 0, ""
    for entry in entries:
        position = position + 1 if entry.table == table else 1
        table = entry.table
        column = entry.column
        rows.append(
            {
                "table": entry.table,
                "table_label": entry.table_label,
                "position": position,
                "column": entry.name,
                "label": column.label,
                "type": entry.kind,
                "unit": column.unit or None,
                "allowed": None if entry.kind == "boolean" else "; ".join(column.allowed) or None,
                "nullable": "yes" if column.nullable and entry.kind != "boolean" else "no",
                "key_position": entry.key_position,
                "meaning": column.meaning or None,
                "derivation": column.derivation or None,
                "origin": column.origin,
                "cdisc": column.cdisc or None,
                "plain": plain_word(entry.source_table, column.name),
            }
        )
    return pl.DataFrame(rows, schema=polars_schema(DATA_DICTIONARY))


def write_dictionary(frame: pl.DataFrame, path: Path, facts: Mapping[str, str]) -> None:
    """Write the dictionary as Parquet.

    Parameters
    ----------
    frame
        What `dictionary_frame` returned.
    path
        The file.
    facts
        What the metadata of the file says of the run.

    Examples
    --------
    >>> write_dictionary.__name__  # run by tests/pipelines/exchange/test_dictionary.py
    'write_dictionary'
    """
    frame.lazy().sink_parquet(
        path,
        metadata={**facts, "name": DATA_DICTIONARY.name, "label": DATA_DICTIONARY.label},
        arrow_schema=arrow_schema(DATA_DICTIONARY),
    )


def dictionary_markdown(frame: pl.DataFrame, study: str) -> str:
    """Return the dictionary as Markdown.

    Parameters
    ----------
    frame
        What `dictionary_frame` returned.
    study
        Name of the study.

    Examples
    --------
    >>> from pipelines.schema import TABLES
    >>> frame = dictionary_frame(DictionaryEntry.of(TABLES["adsl"]))
    >>> dictionary_markdown(frame, "SCT-MD-01").splitlines()[0]
    '# Data dictionary of SCT-MD-01'
    """
    lines = [f"# Data dictionary of {study}", "", f"{NOTICE}.", ""]
    for part in frame.partition_by("table", maintain_order=True):
        lines += [
            f"## {part['table'][0]}: {part['table_label'][0]}",
            "",
            "| column | plain name | type | unit | meaning |",
            "| --- | --- | --- | --- | --- |",
        ]
        lines += [f"| {' | '.join(_cells(row))} |" for row in part.iter_rows(named=True)]
        lines.append("")
    return "\n".join(lines)


def _cells(row: Mapping[str, object]) -> list[str]:
    allowed = f"{row['type']}: {row['allowed']}" if row["allowed"] else row["type"]
    key = f"`{row['column']}`" + (f" (key {row['key_position']})" if row["key_position"] else "")
    plain = f"`{row['plain']}`" if row["plain"] else "left out"
    meaning = " ".join(str(row[name]) for name in ("meaning", "derivation") if row[name])
    cells = (key, plain, allowed, row["unit"] or "", f"{row['label']}. {meaning}")
    return [str(cell).replace("|", "\\|") for cell in cells]
