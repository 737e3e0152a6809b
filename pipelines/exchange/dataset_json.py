"""Dataset-JSON 1.1, as one JSON object or as NDJSON, written a batch of rows at a time.

Attributes stand in the order of the specification, rows last, so both forms can be written and
read as a stream. Null, and NaN, are ``null``; infinite numbers are refused, since JSON has none.

References
----------
CDISC, "Dataset-JSON v1.1 Specification" (2024-12-05), tables of attributes, of column metadata and
of supported combinations of types [read].
"""

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import polars as pl

from pipelines.errors import InputError
from pipelines.exchange.contents import MARK, NOTICE, RunContents, RunTable, TextFacts, with_mark
from pipelines.schema import Column, Table
from pipelines.schema.transport_names import transport_name

__all__ = ["METADATA_VERSION", "infinite_numbers", "item_oid", "json_columns", "write_dataset_json"]

METADATA_VERSION = "MDV.1"
"""Identifier of the description of the columns, in Define-XML too."""

_TYPES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "text": {"dataType": "string"},
        "integer": {"dataType": "integer"},
        "number": {"dataType": "double"},
        "date": {"dataType": "date", "targetDataType": "integer", "displayFormat": "E8601DA."},
    }
)


def item_oid(table: str, column: str) -> str:
    """Return the identifier of a column, the same in Dataset-JSON and Define-XML.

    Examples
    --------
    >>> item_oid("adsl", "AGE")
    'IT.ADSL.AGE'
    """
    return f"IT.{transport_name(table)}.{column}"


def json_columns(table: Table, texts: Mapping[str, TextFacts]) -> list[dict[str, Any]]:
    """Return the column metadata of a table, the mark of simulated data last.

    Parameters
    ----------
    table
        A table of a run.
    texts
        What its texts are like, for their lengths.

    Examples
    --------
    >>> from pipelines.schema import TABLES
    >>> json_columns(TABLES["adsl"], {})[0]["name"]
    'STUDYID'
    """
    return [_json_column(table, column, texts) for column in with_mark(table).columns]


def _json_column(table: Table, column: Column, texts: Mapping[str, TextFacts]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "itemOID": item_oid(table.name, column.name),
        "name": column.name,
        "label": column.label,
        **_TYPES[column.kind],
    }
    if column.kind == "text":
        found["length"] = max(texts[column.name].n_bytes, 1) if column.name in texts else 1
    if column.name in table.key:
        found["keySequence"] = table.key.index(column.name) + 1
    return dict(sorted(found.items(), key=lambda item: _ORDER.index(item[0])))


_ORDER = (
    *("itemOID", "name", "label", "dataType", "targetDataType"),
    *("length", "displayFormat", "keySequence"),
)


def infinite_numbers(source: RunTable) -> list[str]:
    """Return a sentence for every column that holds infinite numbers.

    Parameters
    ----------
    source
        A table of a run.

    Examples
    --------
    >>> infinite_numbers.__name__  # run by tests/pipelines/exchange/test_dataset_json.py
    'infinite_numbers'
    """
    names = [column.name for column in source.table.columns if column.kind == "number"]
    if not names:
        return []
    counts = source.collect(*(pl.col(name).is_infinite().sum() for name in names)).row(0)
    return [
        f"table {source.table.name}, column {name}: {count} infinite numbers; finite ones "
        "are allowed in JSON."
        for name, count in zip(names, counts, strict=True)
        if count
    ]


def write_dataset_json(
    contents: RunContents,
    source: RunTable,
    path: Path,
    *,
    as_lines: bool,
    metadata: str = "",
) -> None:
    """Write one table as Dataset-JSON.

    Parameters
    ----------
    contents
        The run.
    source
        One of its tables.
    path
        The file.
    as_lines
        Write NDJSON: the attributes in the first line, then one row a line.
    metadata
        Name of the Define-XML file beside it that describes the table; empty without one.

    Raises
    ------
    InputError
        If a number is infinite.

    Examples
    --------
    >>> write_dataset_json.__name__  # run by tests/pipelines/exchange/test_dataset_json.py
    'write_dataset_json'
    """
    mistakes = infinite_numbers(source)
    if mistakes:
        raise InputError("\n".join(mistakes))
    encoder = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    head = encoder.encode(_attributes(contents, source, metadata))
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(f"{head}\n" if as_lines else f'{head[:-1]},"rows":[\n')
        is_first = True
        for frame in source.batches():
            rows = frame.with_columns(
                pl.selectors.date().cast(pl.String), pl.lit(MARK.allowed[0]).alias(MARK.name)
            ).iter_rows()
            lines = [encoder.encode(row) for row in rows]
            if not lines:
                continue
            file.write("" if as_lines or is_first else ",\n")
            file.write(("\n" if as_lines else ",\n").join(lines))
            file.write("\n" if as_lines else "")
            is_first = False
        file.write("" if as_lines else "\n]}\n")


def _attributes(contents: RunContents, source: RunTable, metadata: str) -> dict[str, Any]:
    name = transport_name(source.table.name)
    return {
        "datasetJSONCreationDateTime": contents.made,
        "datasetJSONVersion": "1.1.0",
        "fileOID": f"{contents.study}.{name}",
        "originator": NOTICE,
        "sourceSystem": {"name": "neurocohort", "version": contents.version},
        "studyOID": contents.study,
        "metaDataVersionOID": METADATA_VERSION,
        **({"metaDataRef": metadata} if metadata else {}),
        "itemGroupOID": f"IG.{name}",
        "records": source.n_rows,
        "name": name,
        "label": source.table.label,
        "columns": json_columns(source.table, source.text_facts()),
    }
