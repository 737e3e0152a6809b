"""Who the patients are: demographics, genotypes and scores at baseline, by arm and together."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import polars as pl

from pipelines.results.rows import Row
from pipelines.results.scope import Scope
from pipelines.results.summarise import describe, level_rows, number_rows

__all__ = ["baseline", "categories", "demographics", "group_columns", "numbers"]

_NUMBERS: Final = {"AGE": 0, "HEIGHTBL": 0, "WEIGHTBL": 1, "BMIBL": 1, "CRCL": 0}
"""Columns of ADSL and the decimals in which they are usually written down."""

_CATEGORIES: Final = ("SEX", "RACE", "SMOKER", "CYP2C19", "CYP2D6", "SLC6A4", "COMT", "MAOA")

_CUT: Final[dict[str, tuple[str, tuple[float, ...], tuple[str, ...]]]] = {
    # ages as regulators group adults
    "AGEGR1": ("Age Group (y)", (18.0, 65.0), ("<18", "18-64", ">=65")),
    # World Health Organization, Technical Report Series 894 (2000), table 2.1 (recalled)
    "BMIGR1": (
        "BMI Group (kg/m^2)",
        (18.5, 25.0, 30.0),
        ("<18.5", "18.5-<25", "25-<30", ">=30"),
    ),
}
_CUT_FROM: Final = {"AGEGR1": "AGE", "BMIGR1": "BMIBL"}


def demographics(scope: Scope) -> Iterator[Row]:
    """Return numbers and categories of ADSL, by arm and together.

    Examples
    --------
    >>> demographics.__module__  # run by tests/pipelines/results/test_make_results.py: reads files
    'pipelines.results.demographics'
    """
    subjects = scope.scan("adsl").with_columns(group_columns())
    shared = {"analysis": "demographics", "population": "randomised"}
    labels = {column.name: column for column in scope.facts.tables["adsl"].columns}
    for name, digits in _NUMBERS.items():
        about = {**shared, "variable": name, "variable_label": labels[name].label}
        yield from numbers(
            scope, subjects, "TRT01PN", name, about, unit=labels[name].unit, digits=digits
        )
        for cut_name, (label, _, levels) in _CUT.items():
            if _CUT_FROM[cut_name] == name:
                about = {**shared, "variable": cut_name, "variable_label": label}
                yield from categories(scope, subjects, "TRT01PN", cut_name, about, levels)
    for name in _CATEGORIES:
        about = {**shared, "variable": name, "variable_label": labels[name].label}
        yield from categories(scope, subjects, "TRT01PN", name, about)


def group_columns() -> list[pl.Expr]:
    """Return groups of age and body mass index, from columns of ADSL.

    Examples
    --------
    >>> pl.DataFrame({"AGE": [17.5, 65.0], "BMIBL": [18.5, 31.0]}).select(group_columns()).rows()
    [('<18', '18.5-<25'), ('>=65', '>=30')]
    """
    columns = []
    for name, (_, bounds, levels) in _CUT.items():
        value = pl.col(_CUT_FROM[name])
        group = pl.lit(levels[-1])
        for bound, level in reversed(list(zip(bounds, levels, strict=False))):
            group = pl.when(value < bound).then(pl.lit(level)).otherwise(group)
        columns.append(pl.when(value.is_not_null()).then(group).alias(name))
    return columns


def baseline(scope: Scope) -> Iterator[Row]:
    """Return the scores at baseline, by arm and together.

    Examples
    --------
    >>> baseline.__module__  # run by tests/pipelines/results/test_make_results.py: it reads files
    'pipelines.results.demographics'
    """
    scores = scope.scan("adqs").filter(pl.col("ABLFL") == "Y")
    for one in scope.facts.definitions.endpoints:
        if not one.is_rated:
            continue
        about = {
            "analysis": "baseline",
            "population": "randomised",
            "variable": one.name,
            "variable_label": one.label,
        }
        mine = scores.filter(pl.col("PARAMCD") == one.name)
        yield from numbers(scope, mine, "TRTPN", "AVAL", about, unit="points", digits=0)


def numbers(
    scope: Scope,
    frame: pl.LazyFrame,
    arm: str,
    column: str,
    about: dict[str, Any],
    *,
    unit: str,
    digits: int = 1,
) -> Iterator[Row]:
    """Return the rows that describe a column in each arm and in all together.

    Parameters
    ----------
    scope
        The tables.
    frame
        One row a patient.
    arm, column
        Columns with the number of the arm, and with the numbers.
    about
        Analysis, population and variable.
    unit, digits
        Unit and decimals of the numbers.

    Examples
    --------
    >>> numbers.__module__  # run by tests/pipelines/results/test_make_results.py: it reads files
    'pipelines.results.demographics'
    """
    found = describe(frame, [arm], column)
    for number in scope.arms:
        shared = {**about, **scope.arm_group(number)}
        yield from number_rows(shared, found.get((number,)), unit=unit, digits=digits)
    total = describe(frame, [], column)[()]
    yield from number_rows({**about, **scope.arm_group(None)}, total, unit=unit, digits=digits)


def categories(
    scope: Scope,
    frame: pl.LazyFrame,
    arm: str,
    column: str,
    about: dict[str, Any],
    levels: Sequence[str] | None = None,
) -> Iterator[Row]:
    """Return how many patients of each arm, and of all together, have each level of a column.

    Parameters
    ----------
    scope
        The tables.
    frame
        One row a patient.
    arm, column
        Columns with the number of the arm, and with the levels.
    about
        Analysis, population and variable.
    levels
        Levels in the order of the report; those that the data have, if left out.

    Examples
    --------
    >>> categories.__module__  # run by tests/pipelines/results/test_make_results.py: reads files
    'pipelines.results.demographics'
    """
    rows = frame.group_by(arm, column).agg(pl.len()).collect(engine="streaming").iter_rows()
    counts = {(number, level): count for number, level, count in rows}
    if levels is None:
        levels = sorted({level for _, level in counts if level is not None})
    for group in (*scope.arms, None):
        arms = scope.arms if group is None else (group,)
        by_level = {
            level: sum(counts.get((number, level), 0) for number in arms)
            for level in (*levels, None)
        }
        known = sum(by_level[level] for level in levels)
        for level in levels:
            yield from level_rows(
                {**about, **scope.arm_group(group)}, level, by_level[level], known
            )
        if by_level[None]:
            yield from level_rows(
                {**about, **scope.arm_group(group)},
                "Missing",
                by_level[None],
                known + by_level[None],
                "missing",
            )
