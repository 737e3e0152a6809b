"""Checks of finished tables against the rules of CDISC ADaM that a simulation can break.

The open rules engine of CDISC ships no ADaM rules, so these are written here; ids in brackets are
of the draft ADaM rules of CDISC where one exists. Holds the key columns of one table at a time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipelines.schema import CROSSED_TABLES, SUBJECT_TABLES, TABLES, Table, polars_schema

__all__ = ["Finding", "validate_tables"]

N_NAME_CHARACTERS = 8
N_LABEL_CHARACTERS = 40
N_TEXT_BYTES = 200

_BASIC_DATA_STRUCTURES = ("adqs", "adlb")
_CRITERIA_OF_SERIOUSNESS = ("AESDTH", "AESLIFE", "AESHOSP", "AESDISAB", "AESMIE")
_ARM_NUMBERS = {"adsl": "TRT01PN", "adqs": "TRTPN", "adlb": "TRTPN", "adae": "TRTAN"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A broken rule.

    Examples
    --------
    >>> print(Finding(table="adsl", rule="one row a subject", n_rows=2))
    adsl: one row a subject; broken by 2 rows
    """

    table: str
    rule: str
    n_rows: int

    def __str__(self) -> str:
        rows = "1 row" if self.n_rows == 1 else f"{self.n_rows} rows"
        return f"{self.table}: {self.rule}; broken by {rows}"


def validate_tables(tables: Path) -> tuple[Finding, ...]:
    """Return every rule that the subject-level tables of a run break.

    Parameters
    ----------
    tables
        Folder with the tables.

    Returns
    -------
    Findings, empty if all is well.

    Examples
    --------
    >>> validate_tables.__name__  # run by tests/pipelines/test_validate.py: it reads files
    'validate_tables'
    """
    frames = {name: pl.scan_parquet(tables / f"{name}.parquet") for name in SUBJECT_TABLES}
    is_crossed = "VARIANTN" in frames["adsl"].collect_schema()
    findings: list[Finding] = []
    for name, frame in frames.items():
        table = (CROSSED_TABLES if is_crossed else TABLES)[name]
        findings += _columns(table, frame)
        if any(finding.table == name for finding in findings):
            continue  # without its columns a table cannot be checked further
        findings += _count_rules(name, frame, _value_rules(table))
        findings += _key(table, frame)
        findings += _subjects(name, frame, frames["adsl"])
    for name in _BASIC_DATA_STRUCTURES:
        findings += _count_rules(name, frames[name], _record_rules())
    findings += _count_rules("adae", frames["adae"], _event_rules())
    return tuple(findings)


def _columns(table: Table, frame: pl.LazyFrame) -> Iterator[Finding]:
    schema = frame.collect_schema()
    if dict(schema) != polars_schema(table):
        yield Finding(table=table.name, rule="columns and types are those of the schema", n_rows=0)
    for column in table.columns:
        if len(column.label) > N_LABEL_CHARACTERS or not column.label.isascii():
            yield Finding(table=table.name, rule=f"label of {column.name} fits SAS", n_rows=0)
        if len(column.name) > N_NAME_CHARACTERS:
            yield Finding(table=table.name, rule=f"name of {column.name} fits SAS", n_rows=0)


def _value_rules(table: Table) -> Iterator[tuple[str, pl.Expr]]:
    for column in table.columns:
        value = pl.col(column.name)
        if not column.nullable:
            yield f"{column.name} is never null", value.is_null()
        if column.allowed:
            rule = f"{column.name} is one of {', '.join(column.allowed)} [AD0005, AD0023]"
            yield rule, value.is_not_null() & ~value.is_in(column.allowed)
        if column.kind == "text":
            rule = f"{column.name} has at most {N_TEXT_BYTES} bytes"
            yield rule, value.str.len_bytes() > N_TEXT_BYTES
        if column.kind == "number":
            yield f"{column.name} is finite or null", ~value.is_finite()


def _record_rules() -> Iterator[tuple[str, pl.Expr]]:
    value, base, change = pl.col("AVAL"), pl.col("BASE"), pl.col("CHG")
    baseline = pl.col("ABLFL").is_not_null()
    yield "CHG = AVAL - BASE", change.is_not_null() & (change != value - base)
    known = value.is_not_null() & base.is_not_null()
    yield "CHG is there after baseline", ~baseline & known & change.is_null()
    yield "CHG is on post-baseline rows only", baseline & change.is_not_null()
    yield "BASE is AVAL on the baseline row", baseline & ~value.eq_missing(base)
    yield "ADY is not 0", pl.col("ADY") == 0


def _event_rules() -> Iterator[tuple[str, pl.Expr]]:
    start, end = pl.col("ASTDY"), pl.col("AENDY")
    yield "ASTDY is not 0", start == 0
    yield "AENDY is not 0", end == 0
    yield "AENDY is not before ASTDY", end < start
    emergent = pl.col("TRTEMFL").is_not_null()
    yield "TRTEMFL is Y from day 1 on", (start >= 1) != emergent
    criteria = [pl.col(name) == "Y" for name in _CRITERIA_OF_SERIOUSNESS]
    is_serious = pl.col("AESER") == "Y"
    yield (
        "AESER is Y where a criterion of seriousness is",
        is_serious != pl.any_horizontal(criteria),
    )
    fatal = pl.col("AEOUT") == "FATAL"
    yield "AEOUT is FATAL where AESDTH is Y", fatal != (pl.col("AESDTH") == "Y")
    resolved = pl.col("AEOUT") == "RECOVERED/RESOLVED"
    yield "AENDY is there for resolved events", ~fatal & (resolved != end.is_not_null())


def _count_rules(
    name: str, frame: pl.LazyFrame, rules: Iterator[tuple[str, pl.Expr]]
) -> Iterator[Finding]:
    named = list(rules)
    counts = frame.select(
        broken.fill_null(value=False).sum().alias(str(index))
        for index, (_, broken) in enumerate(named)
    ).collect(engine="streaming")
    for (rule, _), count in zip(named, counts.row(0), strict=True):
        if count:
            yield Finding(table=name, rule=rule, n_rows=int(count))


def _key(table: Table, frame: pl.LazyFrame) -> Iterator[Finding]:
    key = frame.select(pl.struct(table.key).alias("key")).collect()["key"]
    n_repeated = len(key) - key.n_unique()
    if n_repeated:
        rule = "one row a subject" if table.name == "adsl" else "the key names one row"
        yield Finding(table=table.name, rule=rule, n_rows=n_repeated)
    if (
        not frame.select(table.key)
        .collect()
        .equals(frame.select(table.key).sort(table.key, maintain_order=True).collect())
    ):
        yield Finding(table=table.name, rule="rows are sorted by the key", n_rows=0)


def _subjects(name: str, frame: pl.LazyFrame, subjects: pl.LazyFrame) -> Iterator[Finding]:
    strangers = frame.join(subjects.select("USUBJID"), on="USUBJID", how="anti")
    n = strangers.select(pl.len()).collect(engine="streaming").item()
    if n:
        yield Finding(table=name, rule="every USUBJID is in ADSL", n_rows=int(n))
    if name in _ARM_NUMBERS and name != "adsl":
        other = frame.select("USUBJID", pl.col(_ARM_NUMBERS[name]).alias("here")).join(
            subjects.select("USUBJID", pl.col("TRT01PN").alias("there")), on="USUBJID"
        )
        n = other.filter(pl.col("here") != pl.col("there")).select(pl.len()).collect().item()
        if n:
            yield Finding(table=name, rule="treatment is that of ADSL", n_rows=int(n))
