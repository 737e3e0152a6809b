"""How much treatment the patients had: days, doses, adherence, amounts."""

from collections.abc import Iterator
from typing import Final

import polars as pl

from pipelines.results.demographics import numbers
from pipelines.results.rows import Row, statistic_rows
from pipelines.results.scope import Scope
from pipelines.results.summarise import SCALE

__all__ = ["dosing"]

_DAYS_PER_YEAR: Final = 365.25

_NUMBERS: Final = (
    ("TRTDURD", "d", 0),
    ("DOSEPLN", "1", 0),
    ("DOSETKN", "1", 0),
    ("DOSECUM", "mg", 0),
)


def dosing(scope: Scope) -> Iterator[Row]:
    """Return days on treatment, doses planned and taken, adherence and amounts of the treated.

    Examples
    --------
    >>> dosing.__module__  # run by tests/pipelines/results/test_make_results.py: it reads files
    'pipelines.results.dosing'
    """
    treated = scope.scan("adsl").filter(pl.col("SAFFL") == "Y")
    labels = {column.name: column.label for column in scope.facts.tables["adsl"].columns}
    shared = {"analysis": "exposure", "population": "treated"}
    for name, unit, digits in _NUMBERS:
        about = {**shared, "variable": name, "variable_label": labels[name]}
        frame = treated.with_columns(pl.col(name).cast(pl.Float64))
        yield from numbers(scope, frame, "TRT01PN", name, about, unit=unit, digits=digits)
    about = {**shared, "variable": "ADHERENC", "variable_label": "Doses Taken of Planned (%)"}
    share = pl.when(pl.col("DOSEPLN") > 0).then(100 * pl.col("DOSETKN") / pl.col("DOSEPLN"))
    frame = treated.with_columns(share.alias("ADHERENC"))
    yield from numbers(scope, frame, "TRT01PN", "ADHERENC", about, unit="%", digits=0)
    yield from _patient_years(scope, treated, shared)


def _patient_years(scope: Scope, treated: pl.LazyFrame, shared: Row) -> Iterator[Row]:
    fixed = (pl.col("TRTDURD") * SCALE).round().cast(pl.Int128)
    rows = treated.group_by("TRT01PN").agg(fixed.sum()).collect(engine="streaming").iter_rows()
    days = {arm: int(total or 0) for arm, total in rows}
    for group in (*scope.arms, None):
        total = sum(days.values()) if group is None else days.get(group, 0)
        about = {
            **shared,
            **scope.arm_group(group),
            "variable": "TRTDURD",
            "variable_label": "Patient-years on treatment",
            "context": "total",
        }
        years = total / SCALE / _DAYS_PER_YEAR
        yield from statistic_rows(about, {"estimate": years}, unit="y", digits=1)
