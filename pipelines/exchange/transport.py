"""SAS transport files (XPT), version 5 or 8, written a batch of rows at a time.

Written here, not by a library: those at hand take a whole table in memory and give a text the
width of the longest that they see, so the files of a run could not be written in pieces.

What the format cannot hold:

- null text is a blank one, and so is an empty text;
- NaN and null numbers are missing (``.``);
- numbers nearer to 0 than 5.4e-79 become 0, and `Findings.notes` counts them;
- everything else is refused by name: infinite numbers and those above 7.2e75, integers beyond
  2^53, texts beyond ASCII, longer than 200 bytes (version 5) or 32,767 (version 8), or ending in
  a blank, names of more than 8 (32) characters and labels of more than 40.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.errors import InputError
from pipelines.exchange.contents import MARK, RunTable, TextFacts, with_mark
from pipelines.exchange.transport_records import (
    LARGEST,
    SMALLEST,
    TransportVariable,
    headers,
    ibm_floats,
    padding,
)
from pipelines.schema import Column, Table
from pipelines.schema.transport_names import transport_name

__all__ = ["Findings", "Version", "fits_names", "survey", "write_transport"]

Version: TypeAlias = Literal[5, 8]

SAS_EPOCH = date(1960, 1, 1)
"""Day 0 of SAS dates."""

_N_NAME = {5: 8, 8: 32}
_N_TEXT = {5: 200, 8: 32_767}
_N_LABEL = 40
_LARGEST_INTEGER = 2**53
_DATE_FORMAT = ("DATE", 9)
_DAYS_BEFORE_UNIX = (date(1970, 1, 1) - SAS_EPOCH).days


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What a table asks of a transport file.

    Parameters
    ----------
    variables
        The variables, the mark of simulated data last.
    mistakes
        What the format cannot hold, one sentence each.
    notes
        What it holds otherwise than the table.

    Examples
    --------
    >>> Findings(variables=(), mistakes=["too long"]).notes
    []
    """

    variables: tuple[TransportVariable, ...]
    mistakes: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def fits_names(table: Table, version: Version) -> bool:
    """Return whether the names of a table and its columns are short enough.

    Parameters
    ----------
    table
        A table of a run.
    version
        Of transport files: 5 or 8.

    Examples
    --------
    >>> from pipelines.schema import TABLES
    >>> fits_names(TABLES["adsl"], 5), fits_names(TABLES["contrasts"], 5)
    (True, False)
    """
    names = [transport_name(table.name), *(column.name for column in table.columns)]
    return all(len(name) <= _N_NAME[version] for name in names)


def survey(source: RunTable, version: Version) -> Findings:
    """Return what a table asks of a transport file; reads it once, as a stream.

    Parameters
    ----------
    source
        A table of a run.
    version
        Of transport files: 5 or 8.

    Examples
    --------
    >>> survey.__name__  # run by tests/pipelines/exchange/test_transport.py: it reads a file
    'survey'
    """
    texts = source.text_facts()
    mistakes = _label_mistakes(f"table {source.table.name}", source.table.label)
    for column in with_mark(source.table).columns:
        where = f"table {source.table.name}, column {column.name}"
        if len(column.name) > _N_NAME[version]:
            mistakes.append(
                f"{where}: a name of {len(column.name)} characters; {_N_NAME[version]} are "
                f"allowed in version {version}."
            )
        if not column.name.isascii():
            mistakes.append(f"{where}: a name beyond ASCII; ASCII is allowed.")
        mistakes += _label_mistakes(where, column.label)
        if column.name in texts:
            mistakes += _text_mistakes(where, texts[column.name], version)
    number_mistakes, notes = _number_findings(source)
    return Findings(
        variables=_variables(source.table, texts), mistakes=mistakes + number_mistakes, notes=notes
    )


def _label_mistakes(where: str, label: str) -> list[str]:
    if len(label) <= _N_LABEL and label.isascii():
        return []
    return [f"{where}: the label '{label}'; {_N_LABEL} ASCII characters are allowed."]


def _text_mistakes(where: str, facts: TextFacts, version: Version) -> list[str]:
    mistakes = []
    if facts.n_bytes > _N_TEXT[version]:
        mistakes.append(
            f"{where}: a text of {facts.n_bytes} bytes; {_N_TEXT[version]} are allowed in "
            f"version {version}."
        )
    if facts.n_not_ascii:
        mistakes.append(f"{where}: {facts.n_not_ascii} texts beyond ASCII; ASCII is allowed.")
    if facts.n_trailing:
        mistakes.append(
            f"{where}: {facts.n_trailing} texts that end in a blank, which would be lost; texts "
            "without one are allowed."
        )
    return mistakes


def _number_findings(source: RunTable) -> tuple[list[str], list[str]]:
    columns = [one for one in source.table.columns if one.kind in {"number", "integer"}]
    if not columns:
        return [], []
    found = source.collect(
        *(
            expression.alias(f"{column.name}/{what}")
            for column in columns
            for what, expression in _number_expressions(column).items()
        )
    ).row(0, named=True)
    mistakes, notes = [], []
    for column in columns:
        where = f"table {source.table.name}, column {column.name}"
        too_large, too_small = found[f"{column.name}/large"], found[f"{column.name}/small"]
        if too_large and column.kind == "integer":
            mistakes.append(f"{where}: {too_large} integers beyond 2^53; smaller ones are allowed.")
        elif too_large:
            mistakes.append(
                f"{where}: {too_large} numbers that are infinite or beyond {LARGEST:.2g}; smaller "
                "ones are allowed."
            )
        if too_small:
            notes.append(f"{where}: {too_small} numbers below {SMALLEST:.1e} are 0 in the file.")
    return mistakes, notes


def _number_expressions(column: Column) -> dict[str, pl.Expr]:
    value = pl.col(column.name)
    if column.kind == "integer":
        beyond = ~value.is_between(-_LARGEST_INTEGER, _LARGEST_INTEGER)
        return {"large": beyond.sum(), "small": pl.lit(0)}
    size = value.abs().fill_nan(None)
    return {
        "large": (size > LARGEST).sum(),
        "small": ((size > 0) & (size < SMALLEST)).sum(),
    }


def _variables(table: Table, texts: dict[str, TextFacts]) -> tuple[TransportVariable, ...]:
    found = []
    for column in with_mark(table).columns:
        is_text = column.kind == "text"
        # a blank one still takes a byte; the mark may be no column of the file that was read
        longest = texts[column.name].n_bytes if column.name in texts else len(MARK.allowed[0])
        found.append(
            TransportVariable(
                name=column.name,
                label=column.label,
                is_text=is_text,
                n_bytes=max(longest, 1) if is_text else column.n_bytes,
                display=_DATE_FORMAT if column.kind == "date" else ("", 0),
            )
        )
    return tuple(found)


def write_transport(
    source: RunTable, findings: Findings, path: Path, *, made: str, version: Version
) -> None:
    """Write one table as a transport file.

    Parameters
    ----------
    source
        A table of a run.
    findings
        What `survey` found in it.
    path
        The file.
    made
        When the run ended, as ISO 8601 has it; the offset is left out.
    version
        5 or 8.

    Raises
    ------
    InputError
        If the format cannot hold the table.

    Examples
    --------
    >>> write_transport.__name__  # run by tests/pipelines/exchange/test_transport.py
    'write_transport'
    """
    if findings.mistakes:
        raise InputError("\n".join(findings.mistakes))
    moment = datetime.fromisoformat(made).strftime("%d%b%y:%H:%M:%S").upper()
    with path.open("wb") as file:
        file.write(
            headers(
                transport_name(source.table.name),
                source.table.label,
                findings.variables,
                n_rows=source.n_rows,
                made=moment,
                version=version,
            )
        )
        n_bytes = 0
        for frame in source.batches():
            n_bytes += file.write(_rows(frame, findings.variables))
        file.write(padding(n_bytes))


def _rows(frame: pl.DataFrame, variables: tuple[TransportVariable, ...]) -> bytes:
    rows = np.empty((len(frame), sum(one.n_bytes for one in variables)), np.uint8)
    start = 0
    for variable in variables:
        end = start + variable.n_bytes
        if variable.name == MARK.name:
            rows[:, start:end] = ord(MARK.allowed[0])
        elif variable.is_text:
            rows[:, start:end] = _text_bytes(frame[variable.name], variable.n_bytes)
        else:
            numbers = _numbers(frame[variable.name])
            bits = ibm_floats(numbers).astype(">u8")
            rows[:, start:end] = bits.view(np.uint8).reshape(-1, variable.n_bytes)
        start = end
    return rows.tobytes()


def _text_bytes(texts: pl.Series, n_bytes: int) -> NDArray[np.uint8]:
    padded = "".join(texts.fill_null("").str.pad_end(n_bytes).to_list()).encode("ascii")
    return np.frombuffer(padded, np.uint8).reshape(-1, n_bytes)


def _numbers(values: pl.Series) -> NDArray[np.float64]:
    if values.dtype == pl.Date:
        values = values.cast(pl.Int32) + _DAYS_BEFORE_UNIX
    return values.cast(pl.Float64).fill_null(float("nan")).to_numpy()
