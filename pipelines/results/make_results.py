"""Every analysis of a run, one statistic a row, in the order of a report."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import polars as pl

from pipelines.adam import TrialFacts
from pipelines.results.adverse_events import event_groups, event_overview, events_by_term
from pipelines.results.biomarkers import biomarkers
from pipelines.results.contrasts import contrasts, protocol_analysis
from pipelines.results.demographics import baseline, demographics
from pipelines.results.disposition import disposition
from pipelines.results.dosing import dosing
from pipelines.results.efficacy import efficacy, responses
from pipelines.results.exposures import exposures
from pipelines.results.individuals import individual_effects
from pipelines.results.rows import Row
from pipelines.results.scope import Scope
from pipelines.results.shifts import shifts
from pipelines.results.subgroups import genotype_by_dose, subgroup_effects
from pipelines.results.times import times_to_event
from pipelines.schema import polars_schema

__all__ = ["make_results"]

_ANALYSES: Final[tuple[Callable[[Scope], Iterator[Row]], ...]] = (
    demographics,
    baseline,
    disposition,
    dosing,
    efficacy,
    responses,
    contrasts,
    protocol_analysis,
    times_to_event,
    event_overview,
    events_by_term,
    event_groups,
    shifts,
    biomarkers,
    subgroup_effects,
    genotype_by_dose,
    exposures,
    individual_effects,
)


def make_results(tables: Path, facts: TrialFacts) -> pl.DataFrame:
    """Return the analysis-results data of a run.

    Parameters
    ----------
    tables
        Folder with the subject-level tables and the other summaries.
    facts
        Arms, variants, endpoints and events of the trial.

    Returns
    -------
    The table `results` of `pipelines.schema`.

    Examples
    --------
    >>> make_results.__name__  # run by tests/pipelines/results/test_make_results.py: reads files
    'make_results'
    """
    table = facts.tables["results"]
    schema = polars_schema(table)
    rows: list[Row] = []
    for variant in range(1, max(len(facts.variants), 1) + 1):
        scope = Scope(tables=tables, facts=facts, variant=variant)
        name = facts.variants[variant - 1] if facts.variants else ""
        for analysis in _ANALYSES:
            for row in analysis(scope):
                about = {"number": len(rows) + 1, "variant": name, "variant_number": variant}
                rows.append({key: (about | row).get(key) for key in schema})
    return pl.DataFrame(rows, schema=schema).sort(table.key)
