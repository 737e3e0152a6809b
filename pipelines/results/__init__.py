"""Analysis-results data: tables of a run -> one statistic a row.

1. `scope`: what every analysis reads
2. `quantiles`, `summarise`: numbers and categories of groups, from sums and counts that merge
3. one file an analysis: `demographics`, `disposition`, ...
4. `rows`: statistics become rows
5. `make_results`: all analyses, in the order of a report

Imports Polars, `pipelines.intervals`, `pipelines.schema` and `cohort.inference`.
"""
