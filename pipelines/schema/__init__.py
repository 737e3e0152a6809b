"""The single truth of every table: column names, types, units, labels, meanings.

Tables, their Parquet metadata, their checks (`pipelines.validate_tables`) and their documentation
all read `TABLES`. Subject-level tables carry CDISC ADaM names; the columns that are ours have no
twin there and say so by an empty ``cdisc``. Limits of SAS transport files are kept: names of at
most 8 characters in subject-level tables, labels of at most 40, ASCII.

1. `columns`: what a column and a table are; `codelists`: controlled terms
2. `subjects`, `records`, `occurrences`, `summaries`, `analyses`: the tables, by what a row is
3. `run_tables`: all that a run writes
4. `variants`: the same for trials with variants or periods
"""

from pipelines.schema.codelists import CODELISTS, Codelist
from pipelines.schema.columns import SIMULATED, Column, Table, arrow_schema, polars_schema
from pipelines.schema.run_tables import SUBJECT_TABLES, SUMMARY_TABLES, TABLES
from pipelines.schema.variants import CROSSED_TABLES, CROSSOVER_TABLES, crossover_tables

__all__ = [
    "CODELISTS",
    "CROSSED_TABLES",
    "CROSSOVER_TABLES",
    "SIMULATED",
    "SUBJECT_TABLES",
    "SUMMARY_TABLES",
    "TABLES",
    "Codelist",
    "Column",
    "Table",
    "arrow_schema",
    "crossover_tables",
    "polars_schema",
]
