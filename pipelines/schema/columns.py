"""What a column and a table are, and their types in Polars and Arrow."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, Literal

import polars as pl
import pyarrow as pa

__all__ = [
    "SIMULATED",
    "Column",
    "Core",
    "Kind",
    "Origin",
    "Structure",
    "Table",
    "arrow_schema",
    "cdisc_columns",
    "count_column",
    "date_column",
    "flag_column",
    "number_column",
    "polars_schema",
    "text_column",
]

N_LABEL_CHARACTERS = 40
"""Longest label of a SAS version 5 transport file."""
N_NAME_CHARACTERS = 8
"""Longest name of a variable or dataset there."""
N_TEXT_BYTES = 200
"""Longest text there [byte]."""
N_NUMBER_BYTES = 8
"""Length of a number and a date there [byte]."""

SIMULATED: Final = "yes: virtual patients, no person took part"
"""What the metadata of every file says under the key ``simulated``."""

Kind = Literal["text", "integer", "number", "date"]
"""What the values are: text, integers of 64 bits, float64, calendar dates."""

Origin = Literal["Assigned", "Derived", "Predecessor", "Protocol"]
"""Where values come from, in the terms of Define-XML 2.1.

``Assigned``: set by a rule that reads no other value; ``Derived``: computed, by the simulation or
from other columns; ``Predecessor``: copied from another table; ``Protocol``: written there.
"""

Core = Literal["", "Req", "Cond", "Perm"]
"""Whether ADaM requires the variable, always or on a condition, or permits it; empty for ours."""

Structure = Literal[
    "",
    "SUBJECT LEVEL ANALYSIS DATASET",
    "BASIC DATA STRUCTURE",
    "OCCURRENCE DATA STRUCTURE",
    "ADAM OTHER",
]
"""Class of a dataset in ADaM; empty for tables that are none of its datasets."""

_POLARS_TYPES: Mapping[str, type[pl.DataType]] = MappingProxyType(
    {"text": pl.String, "integer": pl.Int64, "number": pl.Float64, "date": pl.Date}
)
_ARROW_TYPES: Mapping[str, pa.DataType] = MappingProxyType(
    {
        "text": pa.large_string(),
        "integer": pa.int64(),
        "number": pa.float64(),
        "date": pa.date32(),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    name
        Column name.
    kind
        ``text``, ``integer`` (64 bits), ``number`` (float64) or ``date``.
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
    length
        Most bytes of a text; 0 for the longest of ``allowed``, or 200 without them.
    codelist
        Name in `pipelines.schema.CODELISTS` of the controlled terms, empty without them.
    origin
        Where the values come from.
    derivation
        How a value comes about, for whoever wants to repeat it; empty where ``meaning`` says all.
    core
        What ADaM asks of the variable.

    Examples
    --------
    >>> age = Column(name="AGE", kind="number", unit="y", label="Age", meaning="Age.")
    >>> age.nullable, age.n_bytes
    (True, 8)
    """

    name: str
    kind: Kind
    unit: str = ""
    label: str
    meaning: str
    cdisc: str = ""
    allowed: tuple[str, ...] = ()
    nullable: bool = True
    length: int = 0
    codelist: str = ""
    origin: Origin = "Derived"
    derivation: str = ""
    core: Core = ""

    @property
    def n_bytes(self) -> int:
        """Length in a transport file [byte]: 8 for numbers and dates, that of texts as declared."""
        if self.kind != "text":
            return N_NUMBER_BYTES
        longest = max((len(term.encode()) for term in self.allowed), default=N_TEXT_BYTES)
        return self.length or longest

    def with_facts(
        self,
        *,
        length: int | None = None,
        codelist: str | None = None,
        origin: Origin | None = None,
        derivation: str | None = None,
        core: Core | None = None,
    ) -> "Column":
        """Return the column with more said about it; what is None stays.

        Examples
        --------
        >>> text_column("ARM", "Arm", "Arm.").with_facts(length=40, core="Req").n_bytes
        40
        """
        return replace(
            self,
            length=self.length if length is None else length,
            codelist=self.codelist if codelist is None else codelist,
            origin=self.origin if origin is None else origin,
            derivation=self.derivation if derivation is None else derivation,
            core=self.core if core is None else core,
        )


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
    structure
        Its class in ADaM; empty for tables that are none of its datasets.

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
    structure: Structure = ""

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


def date_column(
    name: str, label: str, meaning: str, *, cdisc: str = "", nullable: bool = True
) -> Column:
    """Return a column of calendar dates.

    Examples
    --------
    >>> date_column("ADT", "Analysis Date", "Date of the value.").kind
    'date'
    """
    return Column(
        name=name, kind="date", label=label, meaning=meaning, cdisc=cdisc, nullable=nullable
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
        codelist="NY",
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
    """Return the Arrow schema of a table, with all that is known of it on every field.

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
                "length": str(column.n_bytes),
                "codelist": column.codelist,
                "origin": column.origin,
                "derivation": column.derivation,
                "core": column.core,
            },
        )
        for column in table.columns
    ]
    return pa.schema(
        fields,
        metadata={
            "name": table.name,
            "label": table.label,
            "meaning": table.meaning,
            "structure": table.structure,
            "simulated": SIMULATED,
        },
    )
