"""A run folder -> what a report knows of it, read once.

Summary tables are read whole, `results` before all: they have a row an arm or a statistic, not a
patient. The resolved protocol is
taken as plain values, so a run of an older version, or one whose input files are gone, has a
report as well.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import polars as pl

from pipelines.errors import InputError, ShardError
from pipelines.failures import FAILURES, read_failures
from pipelines.periods import scan_subjects
from pipelines.report.model_numbers import ModelNumber, read_model_numbers
from pipelines.report.statistics import Entry, Statistics
from pipelines.report.words import plain
from pipelines.run_folder import RunFolder, read_settings, refuse_if_held

__all__ = ["Cell", "RunData", "read_run"]

Record = Mapping[str, Any]

_SUBJECTS: Final = ("adsl", "adqs", "adlb", "adae")
_SUMMARIES: Final = (
    *("outcomes_by_arm", "contrasts", "analyses", "biomarkers_by_arm", "ae_rates_by_arm"),
    *("effects_by_subgroup", "exposure_response"),
)
_OPTIONAL: Final = ("crossover_contrasts", "tipping_point", "uncertainty")
_RESULTS: Final = "results"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """An arm in a variant; in a trial without variants, an arm.

    Examples
    --------
    >>> Cell(arm="low", arm_number=2, variant="", variant_number=1, is_control=False).label
    'low'
    """

    arm: str
    arm_number: int
    variant: str
    variant_number: int
    is_control: bool

    @property
    def key(self) -> tuple[int, int]:
        """Number of the arm and of the variant."""
        return self.arm_number, self.variant_number

    @property
    def label(self) -> str:
        """Name for people."""
        return f"{self.arm}, {self.variant}" if self.variant else self.arm


@dataclass(frozen=True, slots=True, kw_only=True)
class RunData:
    """What a report knows of a run.

    Parameters
    ----------
    root
        The run folder.
    protocol
        The resolved protocol.
    provenance
        Versions, device, times, warnings.
    summaries
        Summary tables by name.
    cells
        Arms, in every variant.
    variants
        Names of the variants; one empty name without them.
    set_aside
        Units that were left out.
    numbers
        Numbers of the model.
    n_missing
        Patients whose units were left out.
    statistics
        The table `results`.
    records
        Rows of summary tables that were asked for.

    Examples
    --------
    >>> sorted(RunData.__dataclass_fields__)[:3]
    ['cells', 'n_missing', 'numbers']
    """

    root: Path
    protocol: Record
    provenance: Record
    summaries: Mapping[str, pl.DataFrame]
    cells: tuple[Cell, ...]
    variants: tuple[str, ...]
    set_aside: tuple[Record, ...]
    numbers: tuple[ModelNumber, ...]
    n_missing: int
    statistics: Statistics
    records: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    @property
    def model_file(self) -> str:
        """Name of the file whose model the patients are; empty where they are ours."""
        model = self.protocol.get("model") or {}
        return Path(str(model.get("file", ""))).name

    @property
    def patients(self) -> str:
        """Who the patients are, in words."""
        if self.model_file:
            return f"simulated patients of the model {plain(self.model_file)}"
        condition = plain(self.protocol["condition"]).replace("_", " ")
        return f"simulated patients with {condition}"

    @property
    def endpoint(self) -> str:
        """The primary endpoint, as tables call it."""
        return self._code(str(self.protocol["primary_endpoint"]))

    def _code(self, name: str) -> str:
        """Return the PARAMCD of what the protocol names; an id of a file may be none itself."""
        if not self.model_file or name in self.summaries["outcomes_by_arm"]["endpoint"].to_list():
            return name
        labels = self.statistics.labels("biomarkers").items()
        called = (code for code, label in labels if label.startswith((f"{name}: ", f"{name} (")))
        return next(called, name)

    @property
    def endpoints(self) -> tuple[str, ...]:
        """Endpoints that were rated or measured, the primary one first."""
        known = self.summaries["outcomes_by_arm"]["endpoint"].unique().to_list()
        named = [one for one in map(self._code, self.protocol["endpoints"]) if one in known]
        return tuple(dict.fromkeys((self.endpoint, *named)))

    def is_rated(self, endpoint: str = "") -> bool:
        """Return whether an endpoint, the primary one if left out, is scored on a rating scale."""
        rows = self.rows("outcomes_by_arm", endpoint=endpoint or self.endpoint)
        return any(row["n_responders"] is not None for row in rows)

    @property
    def has_events(self) -> bool:
        """Whether the trial looked for adverse events."""
        return bool(self.protocol.get("adverse_events"))

    @property
    def visit(self) -> str:
        """The last visit."""
        return str(self.protocol["visits"][-1]["name"])

    @property
    def control(self) -> Cell | None:
        """The control arm, in the first variant; None without one."""
        return next((cell for cell in self.cells if cell.is_control), None)

    @property
    def is_crossed(self) -> bool:
        """Whether the arms are in several variants."""
        return self.variants != ("",)

    @property
    def others(self) -> tuple[Cell, ...]:
        """Cells other than those of the control arm."""
        return tuple(cell for cell in self.cells if not cell.is_control)

    def rows(self, table: str, cell: Cell | None = None, **wanted: object) -> list[dict[str, Any]]:
        """Return rows of a summary table: of a cell, and with the values wanted."""
        if table not in self.summaries:
            return []
        if table not in self.records:
            self.records[table] = self.summaries[table].to_dicts()
        asked: dict[str, object] = dict(wanted)
        if cell is not None:
            asked["arm_number"] = cell.arm_number
            if self.is_crossed:
                asked["variant_number"] = cell.variant_number
        return [
            row
            for row in self.records[table]
            if all(row[name] == value for name, value in asked.items())
        ]

    def row(self, table: str, cell: Cell | None = None, **wanted: object) -> dict[str, Any]:
        """Return the first such row, empty if there is none."""
        found = self.rows(table, cell, **wanted)
        return found[0] if found else {}

    def contrast(self, cell: Cell, endpoint: str, visit: str) -> dict[str, Any]:
        """Return what a cell differs by from the control arm of its variant."""
        kind: dict[str, object] = {"comparison": "control"} if self.is_crossed else {}
        return self.row("contrasts", cell, endpoint=endpoint, visit=visit, **kind)

    def analysis(self, cell: Cell) -> dict[str, Any]:
        """Return the last look at the primary endpoint at the last visit."""
        found = self.rows("analyses", cell, endpoint=self.endpoint, visit=self.visit)
        return max(found, key=lambda row: row["look"], default={})

    def found(self, analysis: str, cell: Cell | None = None, **wanted: object) -> list[Entry]:
        """Return statistics of an analysis: of a cell, and with the values wanted."""
        return self.statistics.find(analysis, **_of_cell(cell), **wanted)

    def first(self, analysis: str, cell: Cell | None = None, **wanted: object) -> Entry:
        """Return the first of them, one that is empty if there is none."""
        return self.statistics.first(analysis, **_of_cell(cell), **wanted)

    def scan(self, table: str) -> pl.LazyFrame:
        """Return a subject-level table, not read yet; its variant is 1 without variants."""
        frame = scan_subjects(self.root / "tables", table)
        if self.is_crossed:
            return frame
        return frame.with_columns(pl.lit(1, dtype=pl.Int64).alias("VARIANTN"))


def _of_cell(cell: Cell | None) -> dict[str, object]:
    if cell is None:
        return {}
    return {"group1_level": cell.arm, "variant_number": cell.variant_number}


def read_run(root: Path) -> RunData:
    """Read what a report needs of a finished run.

    Parameters
    ----------
    root
        The run folder; nothing is written to it.

    Raises
    ------
    InputError
        If there is no run, it has no tables, or it was made before there was `results`.
    LockError
        If a live run writes to it.
    ShardError
        If a table is damaged.

    Examples
    --------
    >>> read_run(Path("no/folder"))
    Traceback (most recent call last):
    ...
    pipelines.errors.InputError: no/folder: no run there; ... Look at the path.
    """
    folder = RunFolder(root)
    settings = read_settings(folder) if root.is_dir() else None
    if settings is None:
        raise InputError(
            f"{root}: no run there; a folder that 'cohort run' has finished is needed. Look at the "
            "path."
        )
    refuse_if_held(folder)
    needed = (*_SUBJECTS, *_SUMMARIES)
    missing = [name for name in needed if not (folder.tables / f"{name}.parquet").is_file()]
    if missing:
        raise InputError(
            f"{root}: no tables there ({missing[0]}.parquet is missing); a folder that 'cohort "
            "run' has finished is needed. Run the same command again to finish it."
        )
    if not (folder.tables / f"{_RESULTS}.parquet").is_file():
        raise InputError(
            f"{root}: made by a version that wrote no table 'results', which a report is made of; "
            "a run of this version is needed. Run the protocol again with another --out."
        )
    names = list(_SUMMARIES)
    names += [name for name in _OPTIONAL if (folder.tables / f"{name}.parquet").is_file()]
    summaries = {name: _read(folder.tables / f"{name}.parquet") for name in names}
    protocol = settings.protocol
    variants = tuple(str(one["name"]) for one in protocol.get("variants", ())) or ("",)
    return RunData(
        root=root,
        protocol=protocol,
        provenance=_json(folder.provenance, {}),
        summaries=summaries,
        cells=_cells(protocol, variants, summaries["contrasts"]),
        variants=variants,
        set_aside=_set_aside(root / FAILURES),
        numbers=read_model_numbers(root / "parameters.txt"),
        n_missing=_missing_patients(folder.tables / "adsl.parquet"),
        statistics=Statistics(_read(folder.tables / f"{_RESULTS}.parquet")),
    )


def _read(path: Path) -> pl.DataFrame:
    try:
        return pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise ShardError(
            f"{path}: cannot be read ({plain(error)}); a table as 'cohort run' writes it is "
            f"needed. 'cohort verify {path.parents[1]}' names what is damaged."
        ) from error


def _damaged(path: Path, error: Exception) -> ShardError:
    return ShardError(
        f"{path}: cannot be read ({plain(error)}); the file that 'cohort run' wrote is needed. "
        f"'cohort verify {path.parent}' names what is damaged."
    )


def _json(path: Path, otherwise: Record) -> Record:
    if not path.is_file():
        return otherwise
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise _damaged(path, error) from error
    return found if isinstance(found, dict) else otherwise


def _set_aside(path: Path) -> tuple[Record, ...]:
    try:
        return tuple(read_failures(path))
    except ValueError as error:
        raise _damaged(path, error) from error


def _missing_patients(path: Path) -> int:
    try:
        return int(pl.read_parquet_metadata(path).get("missing_patients", "0"))
    except (OSError, ValueError, pl.exceptions.PolarsError):
        return 0  # a table that cannot be read is complained of where it is read


def _cells(
    protocol: Record, variants: tuple[str, ...], contrasts: pl.DataFrame
) -> tuple[Cell, ...]:
    arms = protocol["arms"]
    compared = contrasts["control"].to_list()[:1]
    named = [arm["name"] for arm in arms if arm.get("control")] or compared
    return tuple(
        Cell(
            arm=plain(arm["name"]),
            arm_number=number,
            variant=plain(variant),
            variant_number=place,
            is_control=arm["name"] in named and len(arms) > 1,
        )
        for number, arm in enumerate(arms, start=1)
        for place, variant in enumerate(variants, start=1)
    )
