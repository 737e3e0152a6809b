"""Shards -> tables: the files that analysts open.

Subject-level tables are the shards one after another, in the order of the plan: arms as in the
protocol, patients ascending, rows of a patient sorted in the shard. That is the sorted order
already, so nothing is sorted here and memory stays bounded; row groups have a fixed size, so the
bytes do not show where one shard ended and the next began.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from pipelines import analyses, exposure, subgroups, summaries
from pipelines.adam import TrialFacts
from pipelines.crossover import crossover_contrasts
from pipelines.errors import ShardError
from pipelines.files import file_sha256, write_atomically
from pipelines.results.make_results import make_results
from pipelines.schema import SIMULATED, SUBJECT_TABLES, Table, arrow_schema
from pipelines.shards import COMPRESSION_LEVEL

if TYPE_CHECKING:
    from pipelines.plan import RunPlan
    from pipelines.run_folder import RunFolder

__all__ = ["TableFile", "write_tables"]

N_ROW_GROUP = 122_880
"""Rows in a row group; the size DuckDB's readers work in."""

_MAKERS: Mapping[str, Callable[[Path, TrialFacts], pl.DataFrame | pl.LazyFrame]] = {
    "outcomes_by_arm": summaries.outcomes_by_arm,
    "contrasts": summaries.contrasts,
    "ae_rates_by_arm": summaries.ae_rates_by_arm,
    "biomarkers_by_arm": summaries.biomarkers_by_arm,
    "crossover_contrasts": crossover_contrasts,
    "intercurrent_events": analyses.intercurrent_events,
    "analyses": analyses.analyses,
    "tipping_point": analyses.tipping_points,
    "effects_by_subgroup": subgroups.effects_by_subgroup,
    "exposure_response": exposure.exposure_response,
    "results": make_results,  # last: it reads the others
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFile:
    """A finished table.

    Examples
    --------
    >>> TableFile(name="adsl", rows=3, bytes=100, sha256="ab").rows
    3
    """

    name: str
    rows: int
    bytes: int
    sha256: str


def write_tables(
    plan: "RunPlan", facts: TrialFacts, folder: "RunFolder", *, n_missing: int = 0
) -> tuple[TableFile, ...]:
    """Write every table of a run whose shards are complete.

    Parameters
    ----------
    plan
        All units, in the order of the tables.
    facts
        What the trial's tables share.
    folder
        The run folder.
    n_missing
        Patients of units that were set aside and left out of the plan; the metadata of every
        table says so.

    Returns
    -------
    The files, subject-level tables first.

    Raises
    ------
    ShardError
        If a shard went missing or the disk refuses.

    Examples
    --------
    >>> write_tables.__name__  # run by tests/pipelines/test_run_trial.py: it needs shards
    'write_tables'
    """
    marks = {"missing_patients": str(n_missing)} if n_missing else {}
    for name in SUBJECT_TABLES:
        shards = [folder.shards / unit.digest / f"{name}.parquet" for unit in plan.units]
        frame = pl.scan_parquet(shards, glob=False)
        _write(folder.tables, facts.tables[name], frame, facts, marks)
    for name, make in _MAKERS.items():
        if name in facts.tables:
            frame = make(folder.tables, facts).lazy()
            _write(folder.tables, facts.tables[name], frame, facts, marks)
    return tuple(_describe(folder.tables, name) for name in facts.tables)


def _write(
    folder: Path,
    table: Table,
    frame: pl.LazyFrame,
    facts: TrialFacts,
    marks: Mapping[str, str],
) -> None:
    def write(path: Path) -> None:
        frame.sink_parquet(
            path,
            compression="zstd",
            compression_level=COMPRESSION_LEVEL,
            statistics=True,
            row_group_size=N_ROW_GROUP,
            maintain_order=True,
            metadata={
                "name": table.name,
                "label": table.label,
                "meaning": table.meaning,
                "study": facts.study,
                "simulated": SIMULATED,
                **marks,
            },
            arrow_schema=arrow_schema(table),
            engine="streaming",
        )

    path = folder / f"{table.name}.parquet"
    try:
        write_atomically(path, write)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise ShardError(
            f"table {path}: cannot be written ({error}); whole shards and a folder with room are "
            "needed. Make room, then run the same command again."
        ) from error


def _describe(folder: Path, name: str) -> TableFile:
    path = folder / f"{name}.parquet"
    return TableFile(
        name=name,
        rows=pl.scan_parquet(path).select(pl.len()).collect().item(),
        bytes=path.stat().st_size,
        sha256=file_sha256(path),
    )
