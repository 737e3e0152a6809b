"""Tables of trials that have more than arms: variants, or periods in a cross-over."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from pipelines.schema.columns import (
    Table,
    count_column,
    text_column,
)
from pipelines.schema.run_tables import (
    TABLES,
)
from pipelines.schema.subjects import (
    SUBJECT_KEY,
)
from pipelines.schema.summaries import (
    CROSSOVER,
)

__all__ = [
    "CROSSED_TABLES",
    "CROSSOVER_TABLES",
    "crossover_tables",
]

_SUBJECT_VARIANT = (
    text_column(
        "VARIANT",
        "Variant of the Trial",
        "Name of the variant; the patients of an arm are the same people in all its variants.",
        nullable=False,
    ),
    count_column(
        "VARIANTN",
        "Variant of the Trial (N)",
        "Number of the variant, from 1, in the order of the protocol.",
        "",
        nullable=False,
    ),
)
_SUMMARY_VARIANT = (
    text_column("variant", "Variant", "Name of the variant.", cdisc="VARIANT", nullable=False),
    count_column(
        "variant_number",
        "Number of the variant",
        "Number of the variant, from 1.",
        "",
        cdisc="VARIANTN",
        nullable=False,
    ),
)
_COMPARISON = (
    text_column(
        "comparison",
        "Comparison",
        "control: with the control arm of the same variant; first variant: with the same arm in "
        "the first variant, always within patients, because they are the same people.",
        allowed=("control", "first variant"),
        nullable=False,
    ),
    text_column(
        "control_variant",
        "Variant of the control",
        "Name of the variant that it is compared with.",
        nullable=False,
    ),
)
_CROSSED_COLUMNS = {
    "USUBJID": replace(
        SUBJECT_KEY[1],
        meaning="Study, number of the arm, number of the variant, patient id. The same person has "
        "one USUBJID a variant and the same SUBJID in all.",
    )
}
_ARM_NUMBERS = ("TRT01PN", "TRTPN", "TRTAN", "ARMN", "arm_number")


def _crossed(table: Table) -> Table:
    """Return a table of a trial whose arms are crossed with variants."""
    number = next((column for column in table.key if column in _ARM_NUMBERS), None)
    if number is None:  # arms together
        columns = (*_SUMMARY_VARIANT, *table.columns)
        return replace(table, columns=columns, key=(_SUMMARY_VARIANT[1].name, *table.key))
    is_summary = number == "arm_number"
    variant = _SUMMARY_VARIANT if is_summary else _SUBJECT_VARIANT
    changed = [_CROSSED_COLUMNS.get(column.name, column) for column in table.columns]
    place = [column.name for column in changed].index(number) + 1
    changed[place:place] = variant
    key = list(table.key)
    key.insert(key.index(number) + 1, variant[1].name)
    if table.name == "contrasts":
        control = next(i for i, column in enumerate(changed) if column.name == "control") + 1
        changed[control:control] = _COMPARISON
        key.insert(key.index(number), "comparison")
    return replace(table, columns=tuple(changed), key=tuple(key))


CROSSED_TABLES: Mapping[str, Table] = MappingProxyType(
    {name: _crossed(table) for name, table in TABLES.items()}
)
"""The same tables of a trial with variants: one more name and number in each, and in its key."""


CROSSOVER_TABLES: Mapping[str, Table] = MappingProxyType({CROSSOVER.name: CROSSOVER})
"""Tables that only cross-over trials have beside the others, by name."""


def crossover_tables(*, is_crossed: bool) -> Mapping[str, Table]:
    """Return the further tables of a cross-over trial, with variants or without.

    Examples
    --------
    >>> crossover_tables(is_crossed=True)["crossover_contrasts"].key
    ('variant_number', 'endpoint', 'measure')
    """
    if not is_crossed:
        return CROSSOVER_TABLES
    return {
        name: replace(
            table,
            columns=(*_SUMMARY_VARIANT, *table.columns),
            key=("variant_number", *table.key),
        )
        for name, table in CROSSOVER_TABLES.items()
    }
