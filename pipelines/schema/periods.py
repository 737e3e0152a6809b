"""Subject-level tables of a cross-over: sequences, and the treatment of every period.

An arm of a cross-over is a sequence of treatments: TRTSEQP. ADSL names the treatment of each period
(TRT01P, TRT02P ...) with its dates; a record carries its period and the treatment of that period.
"""

from collections.abc import Mapping
from dataclasses import replace

from pipelines.schema.columns import (
    Column,
    Table,
    cdisc_columns,
    count_column,
    date_column,
    text_column,
)

__all__ = ["ARM_NUMBERS", "MOST_PERIODS", "period_tables", "treatment_columns"]

MOST_PERIODS = 9
"""Most periods of a cross-over whose tables are described."""

ARM_NUMBERS: Mapping[str, str] = {
    "TRT01PN": "TRTSEQPN",
    "TRTPN": "TRTSEQPN",
    "TRTAN": "TRTSEQAN",
}
"""Column that numbers the arm elsewhere, and the one that does so in a cross-over."""

_RECORDS = frozenset({"adqs", "adlb", "adpc", "adex", "adtte"})
_WHOLE = frozenset({"adex", "adtte"})  # they have rows over all periods
_OF_PERIOD = "Treatment of the period"


def treatment_columns(period: int) -> tuple[str, str, str, str]:
    """Return the names of ADSL for the treatment of a period, planned and actual.

    Examples
    --------
    >>> treatment_columns(2)
    ('TRT02P', 'TRT02PN', 'TRT02A', 'TRT02AN')
    """
    stem = f"TRT{period:02d}"
    return f"{stem}P", f"{stem}PN", f"{stem}A", f"{stem}AN"


def period_tables(tables: Mapping[str, Table], n_periods: int) -> Mapping[str, Table]:
    """Return the tables of a cross-over.

    Parameters
    ----------
    tables
        The tables of a trial of parallel arms, with variants or without.
    n_periods
        Number of periods.

    Examples
    --------
    >>> from pipelines.schema.run_tables import TABLES
    >>> period_tables(TABLES, 2)["adqs"].key
    ('TRTSEQPN', 'USUBJID', 'PARAMCD', 'AVISITN')
    """
    found = dict(tables)
    found["adsl"] = _subjects(tables["adsl"], n_periods)
    for name in (*_RECORDS, "adae"):
        found[name] = _records(tables[name])
    return found


def _subjects(table: Table, n_periods: int) -> Table:
    columns: list[Column] = []
    for column in table.columns:
        if column.name in treatment_columns(1):
            columns.append(replace(column, meaning=f"{_OF_PERIOD} 1."))
        else:
            columns.append(column)
        if column.name == "TRT01AN":
            for period in range(2, n_periods + 1):
                columns += _treatments(table, period)
            columns += _sequence("P") + _sequence("A")
        if column.name == "TRTEDT":
            for period in range(1, n_periods + 1):
                columns += _dates(period)
    return replace(table, columns=tuple(columns), key=_key(table))


def _treatments(table: Table, period: int) -> list[Column]:
    first = [table.column(name) for name in treatment_columns(1)]
    return [
        replace(
            column,
            name=name,
            label=column.label.replace("Period 01", f"Period {period:02d}"),
            meaning=f"{_OF_PERIOD} {period}.",
            derivation=column.derivation.replace("TRT01", f"TRT{period:02d}"),
        )
        for column, name in zip(first, treatment_columns(period), strict=True)
    ]


def _sequence(kind: str) -> list[Column]:
    word = {"P": "Planned", "A": "Actual"}[kind]
    return list(
        cdisc_columns(
            text_column(
                f"TRTSEQ{kind}",
                f"{word} Sequence of Treatments",
                "Name of the arm: the treatments one after another.",
                nullable=False,
            ).with_facts(origin="Protocol" if kind == "P" else "Assigned", core="Cond"),
            count_column(
                f"TRTSEQ{kind}N",
                f"{word} Sequence of Treatments (N)",
                "Number of the arm, from 1, in the order of the protocol.",
                "",
                nullable=False,
            ).with_facts(origin="Assigned", core="Perm"),
        )
    )


def _dates(period: int) -> tuple[Column, ...]:
    stem = f"TR{period:02d}"
    return cdisc_columns(
        date_column(
            f"{stem}SDT",
            f"Date of First Exposure in Period {period:02d}",
            "First day of the period; null for who was not treated in it.",
        ).with_facts(core="Cond", derivation="RANDDT + start of the period, up to TRTEDT."),
        date_column(
            f"{stem}EDT",
            f"Date of Last Exposure in Period {period:02d}",
            "Last day on treatment in the period; null for who was not treated in it.",
        ).with_facts(core="Cond", derivation="End of the period or TRTEDT, the earlier."),
    )


def _records(table: Table) -> Table:
    letter = "A" if table.name == "adae" else "P"
    is_whole = table.name in _WHOLE
    own = (f"TRT{letter}", f"TRT{letter}N")
    over_all = "; null on rows over all periods" if is_whole else ""
    columns: list[Column] = []
    for column in table.columns:
        if column.name not in own:
            columns.append(column)
            continue
        changed = replace(
            column,
            meaning=f"{_OF_PERIOD}{over_all}.",
            nullable=is_whole,
            derivation="Treatment of ADSL of the period APERIOD.",
            origin="Derived",
        )
        columns.append(changed)
        if column.name == own[1]:
            columns += _period(over_all, nullable=is_whole)
            columns += [
                one.with_facts(origin="Predecessor", derivation=f"ADSL.{one.name}")
                for one in _sequence(letter)
            ]
    return replace(table, columns=tuple(columns), key=_key(table))


def _period(over_all: str, *, nullable: bool) -> tuple[Column, ...]:
    return cdisc_columns(
        count_column(
            "APERIOD",
            "Period",
            "Number of the period, from 1, with the wash-out after it; a value taken as the next "
            f"period starts is of the next, unless nothing lies between the two{over_all}.",
            "",
            nullable=nullable,
        ).with_facts(core="Cond", derivation="Analysis visit or day beside the starts of periods."),
        text_column(
            "APERIODC", "Period (C)", f"The period in words{over_all}.", nullable=nullable
        ).with_facts(length=9, core="Perm", derivation="'Period ' and APERIOD, two digits."),
    )


def _key(table: Table) -> tuple[str, ...]:
    return tuple(ARM_NUMBERS.get(name, name) for name in table.key)
