"""What a column and a table are, and their types in Polars and Arrow."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import polars as pl
import pyarrow as pa

__all__ = [
    "Column",
    "Table",
    "arrow_schema",
    "cdisc_columns",
    "count_column",
    "flag_column",
    "number_column",
    "polars_schema",
    "text_column",
]

N_LABEL_CHARACTERS = 40
"""Longest label of a SAS version 5 transport file."""

_POLARS_TYPES: Mapping[str, type[pl.DataType]] = MappingProxyType(
    {"text": pl.String, "integer": pl.Int64, "number": pl.Float64}
)
_ARROW_TYPES: Mapping[str, pa.DataType] = MappingProxyType(
    {"text": pa.large_string(), "integer": pa.int64(), "number": pa.float64()}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    name
        Column name.
    kind
        ``text``, ``integer`` (64 bits) or ``number`` (float64).
    unit
        Unit of the values, ``1`` for pure numbers, empty for text and codes.
    label
        Short label, at most 40 characters, ASCII.
    meaning
        One sentence for the documentation.
    cdisc
        Name of the CDISC twin (an ADaM variable, in subject-level tables the same name), empty
        for a column of our own.
    allowed
        The values a text column may take, empty for free text.
    nullable
        Whether the value may be missing.

    Examples
    --------
    >>> Column(name="AGE", kind="number", unit="y", label="Age", meaning="Age.").nullable
    True
    """

    name: str
    kind: str
    unit: str = ""
    label: str
    meaning: str
    cdisc: str = ""
    allowed: tuple[str, ...] = ()
    nullable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table: its columns and the key its rows are sorted by.

    Parameters
    ----------
    name
        File name without ending.
    label
        Short label, at most 40 characters.
    meaning
        What one row is.
    key
        Columns that name a row; rows are stored in this order.
    columns
        The columns in their stored order.

    Examples
    --------
    >>> from pipelines.schema import TABLES
    >>> TABLES["adsl"].key
    ('TRT01PN', 'USUBJID')
    >>> TABLES["adsl"].column("AGE").unit
    'y'
    """

    name: str
    label: str
    meaning: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    def column(self, name: str) -> Column:
        """Return the column of this name."""
        return next(column for column in self.columns if column.name == name)


def text_column(
    name: str,
    label: str,
    meaning: str,
    *,
    cdisc: str = "",
    allowed: tuple[str, ...] = (),
    nullable: bool = True,
) -> Column:
    """Return a column of text or codes.

    Examples
    --------
    >>> text_column("arm", "Arm", "Name of the arm.").kind
    'text'
    """
    return Column(
        name=name,
        kind="text",
        label=label,
        meaning=meaning,
        cdisc=cdisc,
        allowed=allowed,
        nullable=nullable,
    )


def number_column(
    name: str, unit: str, label: str, meaning: str, *, cdisc: str = "", nullable: bool = True
) -> Column:
    """Return a column of float64 numbers in a unit.

    Examples
    --------
    >>> number_column("AGE", "y", "Age", "Age.").unit
    'y'
    """
    return Column(
        name=name,
        kind="number",
        unit=unit,
        label=label,
        meaning=meaning,
        cdisc=cdisc,
        nullable=nullable,
    )


def count_column(
    name: str,
    label: str,
    meaning: str,
    unit: str = "1",
    *,
    cdisc: str = "",
    nullable: bool = True,
) -> Column:
    """Return a column of integers.

    Examples
    --------
    >>> count_column("n", "Patients", "Number of patients.").kind
    'integer'
    """
    return Column(
        name=name,
        kind="integer",
        unit=unit,
        label=label,
        meaning=meaning,
        cdisc=cdisc,
        nullable=nullable,
    )


def flag_column(name: str, label: str, meaning: str, *, population: bool) -> Column:
    """Return a flag: Y or N and never null for populations, Y or null for records.

    Examples
    --------
    >>> flag_column("SAFFL", "Safety Population Flag", "Y if treated.", population=True).allowed
    ('Y', 'N')
    """
    return Column(
        name=name,
        kind="text",
        label=label,
        meaning=meaning,
        cdisc=name,
        allowed=("Y", "N") if population else ("Y",),
        nullable=not population,
    )


def cdisc_columns(*columns: Column) -> tuple[Column, ...]:
    """Return the columns marked as carrying the name and the meaning of a CDISC variable.

    Examples
    --------
    >>> cdisc_columns(text_column("STUDYID", "Study Identifier", "Name of the protocol."))[0].cdisc
    'STUDYID'
    """
    return tuple(replace(column, cdisc=column.name) for column in columns)


def polars_schema(table: Table) -> dict[str, type[pl.DataType]]:
    """Return the Polars types of a table, in the stored order of its columns.

    Examples
    --------
    >>> from pipelines.schema import TABLES
    >>> polars_schema(TABLES["adsl"])["AGE"]
    Float64
    """
    return {column.name: _POLARS_TYPES[column.kind] for column in table.columns}


def arrow_schema(table: Table) -> pa.Schema:
    """Return the Arrow schema of a table, with label, unit and meaning on every field.

    Examples
    --------
    >>> from pipelines.schema import TABLES
    >>> arrow_schema(TABLES["adsl"]).field("AGE").metadata[b"unit"]
    b'y'
    """
    fields = [
        pa.field(
            column.name,
            _ARROW_TYPES[column.kind],
            metadata={
                "label": column.label,
                "unit": column.unit,
                "meaning": column.meaning,
                "cdisc": column.cdisc,
            },
        )
        for column in table.columns
    ]
    return pa.schema(
        fields,
        metadata={"name": table.name, "label": table.label, "meaning": table.meaning},
    )
