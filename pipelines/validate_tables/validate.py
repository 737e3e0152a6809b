"""All rules on all datasets of a folder."""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Final

from pipelines.validate_tables.checks import Fact, GroupCheck, RowCheck, count_checks
from pipelines.validate_tables.datasets import Dataset, read_datasets
from pipelines.validate_tables.exposures import EXPOSURE_RULES, exposure_checks
from pipelines.validate_tables.findings import Finding, Rule
from pipelines.validate_tables.occurrences import OCCURRENCE_RULES, occurrence_checks
from pipelines.validate_tables.records import RECORD_RULES, record_checks
from pipelines.validate_tables.schema_rules import COLUMNS, SCHEMA_RULES, schema_checks
from pipelines.validate_tables.structure import (
    DATE_TYPE,
    FLAG_TYPE,
    NUMBER_TYPE,
    STRUCTURE_RULES,
    structure_checks,
)
from pipelines.validate_tables.subjects import SUBJECT_RULES, across_datasets, subject_checks
from pipelines.validate_tables.times import TIME_RULES, time_checks
from pipelines.validate_tables.values import VALUE_RULES, value_checks

__all__ = ["RULES", "validate_datasets", "validate_tables"]

RULES: Final[tuple[Rule, ...]] = (
    *STRUCTURE_RULES,
    *VALUE_RULES,
    *SUBJECT_RULES,
    *RECORD_RULES,
    *TIME_RULES,
    *OCCURRENCE_RULES,
    *EXPOSURE_RULES,
    *SCHEMA_RULES,
)
"""Every rule, in the order of its id."""

_STOPS: Final = frozenset({COLUMNS, DATE_TYPE, FLAG_TYPE, NUMBER_TYPE})
"""Rules without which a dataset cannot be read further."""


def validate_tables(folder: Path) -> tuple[Finding, ...]:
    """Return every rule that the datasets of a folder break.

    Parameters
    ----------
    folder
        A run folder, or one with Parquet or transport files.

    Returns
    -------
    Findings, empty if all is well.

    Raises
    ------
    InputError
        If there is nothing to check.

    Examples
    --------
    >>> validate_tables.__name__  # run by tests/pipelines/validate_tables: it reads files
    'validate_tables'
    """
    return validate_datasets(read_datasets(folder))


def validate_datasets(
    datasets: Mapping[str, Dataset],
    only: str | None = None,
    rules: Collection[str] | None = None,
) -> tuple[Finding, ...]:
    """Return every rule that datasets break.

    Parameters
    ----------
    datasets
        Datasets by name, upper case.
    only
        Name of the one to check, all if None; the others are what it is held against.
    rules
        Ids of the rules that count, all if None.

    Examples
    --------
    >>> validate_datasets({})
    ()
    """
    found: list[Finding] = []
    for name, dataset in datasets.items():
        if only in (None, name):
            found += _dataset(dataset, datasets, rules)
    return tuple(found)


def _dataset(
    dataset: Dataset, datasets: Mapping[str, Dataset], rules: Collection[str] | None
) -> Iterator[Finding]:
    is_adam = dataset.table is None or bool(dataset.table.structure)
    first = [*(structure_checks(dataset) if is_adam else ()), *schema_checks(dataset)]
    yield from count_checks(dataset, first, rules)
    if any(isinstance(one, Fact) and one.rule in _STOPS for one in first):
        return
    if is_adam:
        yield from count_checks(dataset, _content(dataset), rules)
    yield from across_datasets(dataset, datasets, rules)


def _content(dataset: Dataset) -> Iterator[Fact | RowCheck | GroupCheck]:
    yield from value_checks(dataset)
    if dataset.structure == "SUBJECT LEVEL ANALYSIS DATASET":
        yield from subject_checks(dataset)
    if dataset.structure == "BASIC DATA STRUCTURE":
        yield from record_checks(dataset)
        if dataset.has("CNSR"):
            yield from time_checks(dataset)
        if dataset.name.startswith("ADEX"):
            yield from exposure_checks(dataset)
    if dataset.structure == "OCCURRENCE DATA STRUCTURE":
        yield from occurrence_checks(dataset)
