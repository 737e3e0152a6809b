"""The table that describes the columns of all others."""

from pipelines.schema.columns import Table, count_column, text_column

__all__ = ["DATA_DICTIONARY"]

DATA_DICTIONARY = Table(
    name="data_dictionary",
    label="Data Dictionary",
    meaning="One row per column of every table that lies beside it.",
    key=("table", "position"),
    columns=(
        text_column("table", "Table", "Name of the table, as the file has it.", nullable=False),
        text_column("table_label", "Label of the table", "Short label.", nullable=False),
        count_column("position", "Position", "Place of the column, from 1.", "", nullable=False),
        text_column("column", "Column", "Name of the column.", nullable=False),
        text_column("label", "Label", "Short label of the column.", nullable=False),
        text_column(
            "type",
            "Type",
            "text, category (one of few texts), boolean, integer, number or date.",
            allowed=("text", "category", "boolean", "integer", "number", "date"),
            nullable=False,
        ),
        text_column(
            "unit",
            "Unit",
            "Unit of the values, 1 for pure numbers; a name is that of the column with the unit; "
            "null for text and codes.",
        ),
        text_column("allowed", "Allowed values", "Separated by '; '; null where all are."),
        text_column(
            "nullable",
            "May be missing",
            "Whether values may be missing.",
            allowed=("yes", "no"),
            nullable=False,
        ),
        count_column(
            "key_position", "Place in the key", "Of the columns that name a row; or null.", ""
        ),
        text_column("meaning", "Meaning", "What the column holds."),
        text_column("derivation", "Derivation", "How it comes about; null if the meaning says it."),
        text_column(
            "origin",
            "Origin",
            "In the terms of Define-XML.",
            allowed=("Assigned", "Derived", "Predecessor", "Protocol"),
            nullable=False,
        ),
        text_column("cdisc", "CDISC variable", "Name of the CDISC twin; null for our own."),
        text_column(
            "plain", "Plain name", "Name in the tables with plain words; null if not there."
        ),
    ),
)
"""Written beside exported tables."""
