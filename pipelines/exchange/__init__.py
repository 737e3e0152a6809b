"""The tables of a finished run in other forms: CSV, SAS transport, Dataset-JSON, plain words.

Enters with a run folder (`contents`), leaves with files (`export.export_run`). Everything that a
file says about a column is read from `pipelines.schema`; values come from the Parquet tables, some
ten thousand rows at a time, so memory does not grow with the number of patients.

1. `contents`: what a finished run holds, and what its values are like
2. `comma`, `transport`, `dataset_json`, `plain`: one form each
3. `define_xml`, `dictionary`: what is said about the columns
4. `export`: all of it, and what was left out
"""
