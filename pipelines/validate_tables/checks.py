"""How rules are counted: all rules on rows of a dataset in one pass, rules on groups one by one.

A rule on rows is an expression that is true where the rule is broken; null counts as kept. A rule
on groups is an expression over the aggregated rows of a key.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import polars as pl

from pipelines.validate_tables.datasets import Dataset
from pipelines.validate_tables.findings import Finding, Rule

__all__ = ["Fact", "GroupCheck", "RowCheck", "count_checks"]

_N_SHOWN: Final = 3
_ROW: Final = "row number"
_WHO: Final = ("USUBJID", "PARAMCD", "AVISIT", "AESEQ")


@dataclass(frozen=True, slots=True, kw_only=True)
class RowCheck:
    """A rule that each row keeps or breaks.

    Parameters
    ----------
    rule
        The rule.
    variable
        The variable that breaks it.
    broken
        True where it is broken.
    allowed
        What is allowed.

    Examples
    --------
    >>> RowCheck.__slots__[0]
    'rule'
    """

    rule: Rule
    variable: str
    broken: pl.Expr
    allowed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupCheck:
    """A rule that each group of rows keeps or breaks.

    Parameters
    ----------
    rule, variable, allowed
        As in `RowCheck`.
    key
        Variables that name a group.
    of
        Aggregates by name.
    broken
        True where it is broken, over the aggregates.
    only
        Rows that count, all if None.

    Examples
    --------
    >>> GroupCheck.__slots__[0]
    'rule'
    """

    rule: Rule
    variable: str
    key: tuple[str, ...]
    broken: pl.Expr
    allowed: str
    of: Mapping[str, pl.Expr] = field(default_factory=dict)
    only: pl.Expr | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A rule that was broken by a dataset as a whole; rows need no count.

    Examples
    --------
    >>> Fact.__slots__[0]
    'rule'
    """

    rule: Rule
    variable: str
    allowed: str
    shown: str = ""


def count_checks(
    dataset: Dataset,
    checks: Iterable[RowCheck | GroupCheck | Fact],
    rules: Collection[str] | None = None,
) -> Iterator[Finding]:
    """Yield a finding for every rule that is broken.

    Parameters
    ----------
    dataset
        The dataset.
    checks
        Rules on its rows, its groups, and facts already found.
    rules
        Ids of the rules that count, all if None.

    Examples
    --------
    >>> from pipelines.validate_tables.datasets import dataset_of
    >>> rule = Rule(id="NC900", title="No threes.")
    >>> check = RowCheck(rule=rule, variable="X", broken=pl.col("X") == 3, allowed="other numbers")
    >>> dataset = dataset_of("ad", pl.DataFrame({"X": [3]}))
    >>> [one.first_rows for one in count_checks(dataset, [check])]
    ['row 1: X 3']
    """
    rows, groups = [], []
    for check in checks:
        if rules is not None and check.rule.id not in rules:
            continue
        if isinstance(check, Fact):
            yield Finding(
                rule=check.rule,
                dataset=dataset.name,
                variable=check.variable,
                first_rows=check.shown,
                allowed=check.allowed,
            )
        elif isinstance(check, RowCheck):
            rows.append(check)
        else:
            groups.append(check)
    yield from _rows(dataset, rows)
    for group in groups:
        yield from _groups(dataset, group)


def _rows(dataset: Dataset, checks: list[RowCheck]) -> Iterator[Finding]:
    if not checks:
        return
    counts = (
        dataset.frame.select(
            check.broken.fill_null(value=False).sum().alias(str(index))
            for index, check in enumerate(checks)
        )
        .collect(engine="streaming")
        .row(0)
    )
    for check, count in zip(checks, counts, strict=True):
        if count:
            yield Finding(
                rule=check.rule,
                dataset=dataset.name,
                variable=check.variable,
                n_rows=int(count),
                first_rows=_shown(dataset, check),
                allowed=check.allowed,
            )


def _shown(dataset: Dataset, check: RowCheck) -> str:
    named = [name for name in _WHO if dataset.has(name) and name != check.variable]
    read = [name for name in check.broken.meta.root_names() if name not in named]
    columns = list(dict.fromkeys([*named, *([check.variable] if check.variable else []), *read]))
    found = (
        dataset.frame.with_row_index(_ROW, offset=1)
        .filter(check.broken.fill_null(value=False))
        .select(_ROW, *columns)
        .head(_N_SHOWN)
        .collect()
    )
    return "; ".join(
        f"row {row[_ROW]}: " + ", ".join(f"{name} {_value(row[name])}" for name in columns)
        for row in found.to_dicts()
    )


def _groups(dataset: Dataset, check: GroupCheck) -> Iterator[Finding]:
    frame = dataset.frame if check.only is None else dataset.frame.filter(check.only)
    grouped = frame.group_by(check.key).agg(
        *(expression.alias(name) for name, expression in check.of.items()), pl.len().alias("n")
    )
    found = grouped.filter(check.broken.fill_null(value=False)).sort(check.key).collect()
    if len(found):
        shown = "; ".join(
            ", ".join(f"{name} {_value(row[name])}" for name in (*check.key, *check.of))
            for row in found.head(_N_SHOWN).to_dicts()
        )
        yield Finding(
            rule=check.rule,
            dataset=dataset.name,
            variable=check.variable,
            n_rows=len(found),
            first_rows=shown,
            allowed=check.allowed,
        )


def _value(value: Any) -> str:  # noqa: ANN401 - of any variable
    if value is None:
        return "null"
    return f"{value:.9g}" if isinstance(value, float) else str(value)
