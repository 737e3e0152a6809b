"""Rules on our own tables: they are what their schema says, in full."""

from collections.abc import Iterator
from typing import Final

import polars as pl

from pipelines.schema import Column, Table, polars_schema
from pipelines.validate_tables.checks import Fact, GroupCheck, RowCheck
from pipelines.validate_tables.datasets import Dataset
from pipelines.validate_tables.findings import Rule

__all__ = ["SCHEMA_RULES", "schema_checks"]

COLUMNS = Rule(id="NC150", title="Columns, their order and types are those of the schema.")
LABELS = Rule(id="NC151", title="Labels are those of the schema.")
MARKED = Rule(id="NC152", title="The file says that its data are simulated.")
ALLOWED = Rule(id="NC153", title="A value is one that the schema allows.")
FILLED = Rule(id="NC154", title="A column that may not be missing is filled.")
LENGTH = Rule(id="NC155", title="A text is not longer than the schema says.")
KEY = Rule(id="NC156", title="The key names one row.")
SORTED = Rule(id="NC157", title="Rows are sorted by the key.")
CHANGE_THERE = Rule(id="NC158", title="CHG is there after baseline, and only there.")
FLAG_JUDGED = Rule(
    id="NC159",
    title="A criterion is judged on records after baseline with a value, and only there.",
)

SCHEMA_RULES: Final = (
    *(COLUMNS, LABELS, MARKED, ALLOWED, FILLED, LENGTH, KEY, SORTED, CHANGE_THERE, FLAG_JUDGED),
)


def schema_checks(dataset: Dataset) -> Iterator[Fact | RowCheck | GroupCheck]:
    """Yield the rules on a table of a run.

    Parameters
    ----------
    dataset
        A table with its schema.

    Examples
    --------
    >>> from pipelines.schema import TABLES
    >>> from pipelines.validate_tables.datasets import dataset_of
    >>> empty = pl.DataFrame({"STUDYID": ["a"]})
    >>> [one.rule.id for one in schema_checks(dataset_of("adsl", empty, table=TABLES["adsl"]))]
    ['NC150']
    """
    table = dataset.table
    if table is None:
        return
    wrong = _wrong_columns(dataset, table)
    if wrong:
        yield Fact(
            rule=COLUMNS,
            variable="",
            shown=wrong,
            allowed="the columns of pipelines.schema; make the tables again",
        )
        return
    if dataset.labels is not None:
        for column in table.columns:
            if dataset.labels.get(column.name) != column.label:
                yield Fact(
                    rule=LABELS,
                    variable=column.name,
                    shown=repr(dataset.labels.get(column.name)),
                    allowed=repr(column.label),
                )
    if "simulated" not in dataset.metadata:
        yield Fact(
            rule=MARKED,
            variable="",
            shown="no key 'simulated' in the metadata",
            allowed="files as 'cohort run' writes them; make the tables again",
        )
    for column in table.columns:
        yield from _values(column)
    yield from _order(table)
    yield from _records(dataset)


def _wrong_columns(dataset: Dataset, table: Table) -> str:
    wanted, found = polars_schema(table), dict(dataset.schema)
    said = []
    if missing := [name for name in wanted if name not in found]:
        said.append(f"absent: {', '.join(missing)}")
    if strange := [name for name in found if name not in wanted]:
        said.append(f"not in the schema: {', '.join(strange)}")
    said += [
        f"{name} is {found[name]}, not {kind}"
        for name, kind in wanted.items()
        if name in found and found[name] != kind
    ]
    if not said and list(wanted) != list(found):
        said.append("another order")
    return "; ".join(said)


def _values(column: Column) -> Iterator[RowCheck]:
    value = pl.col(column.name)
    if not column.nullable:
        yield RowCheck(
            rule=FILLED,
            variable=column.name,
            broken=value.is_null(),
            allowed="no missing values",
        )
    if column.allowed:
        yield RowCheck(
            rule=ALLOWED,
            variable=column.name,
            broken=value.is_not_null() & ~value.is_in(list(column.allowed)),
            allowed=f"one of {', '.join(column.allowed)}",
        )
    if column.kind == "text":
        yield RowCheck(
            rule=LENGTH,
            variable=column.name,
            broken=value.str.len_bytes() > column.n_bytes,
            allowed=f"at most {column.n_bytes} bytes",
        )


def _order(table: Table) -> Iterator[RowCheck | GroupCheck]:
    yield GroupCheck(
        rule=KEY,
        variable=table.key[-1],
        key=table.key,
        broken=pl.col("n") > 1,
        allowed="one row a key; delete the others",
    )
    later = pl.lit(value=False)
    for name in reversed(table.key):
        now, before = pl.col(name), pl.col(name).shift(1)
        later = (now < before) | ((now == before) & later)
    yield RowCheck(
        rule=SORTED,
        variable=table.key[0],
        broken=later,
        allowed=f"rows sorted by {', '.join(table.key)}",
    )


def _records(dataset: Dataset) -> Iterator[RowCheck]:
    if not dataset.has("AVAL", "BASE", "CHG", "ABLFL"):
        return
    after = pl.col("ABLFL").is_null()
    known = pl.col("AVAL").is_not_null() & pl.col("BASE").is_not_null()
    yield RowCheck(
        rule=CHANGE_THERE,
        variable="CHG",
        broken=pl.col("CHG").is_not_null() != (after & known),
        allowed="AVAL - BASE after baseline, missing on the baseline record",
    )
    for number in ("1", "2"):
        criterion, flag = f"CRIT{number}", f"CRIT{number}FL"
        if dataset.has(criterion, flag):
            judged = after & known & pl.col(criterion).is_not_null()
            yield RowCheck(
                rule=FLAG_JUDGED,
                variable=flag,
                broken=pl.col(flag).is_not_null() != judged,
                allowed="Y or N on records after baseline with AVAL and BASE, missing elsewhere",
            )
