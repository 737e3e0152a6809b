"""Checks of datasets against the rules of CDISC ADaM, and of our own against their schema.

The open rules engine of CDISC ships no ADaM rules, so these are written here. Every rule has an id
of ours and cites the conformance rule (AD0000) or the section of the implementation guide that it
comes from, where one exists; the others are marked ``own``. Enters with a folder, leaves with
findings.

1. `findings`: what a rule and a finding are, and the table of findings
2. `datasets`: a run folder, or any folder of Parquet or transport files, as datasets
3. `checks`: how a rule is counted and its first rows are found, lazily
4. `structure`, `values`, `subjects`, `records`, `times`, `occurrences`, `exposures`,
   `schema_rules`: the rules, by what they are about
5. `validate`: all of them on all datasets
"""

from pipelines.validate_tables.datasets import Dataset, dataset_of, read_datasets
from pipelines.validate_tables.findings import Finding, Rule, findings_frame
from pipelines.validate_tables.validate import RULES, validate_datasets, validate_tables

__all__ = [
    "RULES",
    "Dataset",
    "Finding",
    "Rule",
    "dataset_of",
    "findings_frame",
    "read_datasets",
    "validate_datasets",
    "validate_tables",
]
