"""The conduct of a run: many blocks of patients, files that survive, tables, the command line.

Enters with a validated protocol (`cohort.trial`), leaves with tables in a run folder. In the
order of the walk: `plan` (what would run), `execute` (Dask), `shards` (what a unit leaves
behind), `tables` and `summaries` (what analysts open), `report_text` and `cli` (what people
read). Knows no equations. Imports `cohort` and `kernels`; nothing imports this package.
"""
