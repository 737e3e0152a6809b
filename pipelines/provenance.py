"""Everything that tells one run from another and must not be in a table: times, hosts, reasons.

Written when a run starts, with the outcome ``running``, and again when it ends, so that a run that
was killed has left its versions and its machine as well. Nothing here is read to compute a
patient, so a clock that jumps changes no table. No environment variable and no command line is
kept: they hold secrets.
"""

import functools
import importlib.metadata
import json
import os
import platform
import socket
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cohort.trial_equations import SOLVER, prepare_device
from kernels import BuildError, DeviceError, Solver, devices
from pipelines.cards import ALL_CARDS
from pipelines.errors import InputError
from pipelines.files import file_sha256, write_json
from pipelines.memory import peak_memory
from pipelines.origin import kernel_record, source_commit

if TYPE_CHECKING:
    from cohort.trial import Protocol
    from pipelines.execute import Execution
    from pipelines.run_folder import RunFolder, Settings
    from pipelines.tables import TableFile

__all__ = [
    "RUNNING",
    "RunRecord",
    "choose_device",
    "device_reasons",
    "library_versions",
    "record_run",
    "timestamp",
]

RUNNING = "running"
"""Outcome of a run that has not ended, or was killed."""

_LIBRARIES = (
    *("neurocohort", "numpy", "sympy", "pydantic", "pint", "ruamel.yaml"),
    *("dask", "distributed", "polars", "pyarrow", "typer", "rich", "psutil"),
)


def timestamp() -> str:
    """Return the local time with its offset from UTC.

    Examples
    --------
    >>> len(timestamp())
    24
    """
    return time.strftime("%Y-%m-%dT%H:%M:%S%z")


def library_versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries that are used.

    Examples
    --------
    >>> "numpy" in library_versions()
    True
    """
    return {"python": platform.python_version(), **{name: _version(name) for name in _LIBRARIES}}


@functools.cache
def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def device_reasons() -> list[dict[str, Any]]:
    """Return what `kernels.devices` says of every device, as plain values.

    Examples
    --------
    >>> device_reasons()[-1]["name"]
    'numpy'
    """
    return [asdict(report) for report in devices()]


def choose_device(asked: str, protocol: "Protocol") -> tuple[str, dict[str, str]]:
    """Return the device that a run uses, its equations built, and why others were passed over.

    Parameters
    ----------
    asked
        ``auto`` for the best that is there, a device by name, or ``cuda`` for every card.
    protocol
        The trial whose equations it will run.

    Raises
    ------
    InputError
        If the device is unknown, not there, or cannot run them; only ``auto`` falls back.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> choose_device("numpy", load_protocol("sct-md-01"))
    ('numpy', {})
    """
    try:
        if asked == ALL_CARDS:
            return asked, prepare_device(protocol, "cuda:0")[1]
        return prepare_device(protocol, asked)
    except (DeviceError, BuildError) as error:
        raise InputError(f"--device: {error.given}; {error.allowed}. {error.remedy}.") from error


@dataclass(slots=True, kw_only=True)
class RunRecord:
    """What one start of a run tells of itself; its outcome and its seconds grow.

    Parameters
    ----------
    started
        When it started.
    n_workers
        Worker processes.
    passed_over
        Why faster devices were not used.
    warnings
        What the protocol was told before it ran.
    program_text
        The lowered equations.
    solver
        What integrates them.
    outcome
        `RUNNING`, ``finished``, ``units set aside``, ``interrupted``,
        ``interrupted: walltime`` or ``failed: ...``.
    seconds
        Wall time by stage [s], on a clock that does not jump.

    Examples
    --------
    >>> RunRecord(
    ...     started="", n_workers=1, passed_over={}, warnings=(), program_text=""
    ... ).outcome
    'running'
    """

    started: str
    n_workers: int
    passed_over: Mapping[str, str]
    warnings: Iterable[str]
    program_text: str
    solver: Solver = SOLVER
    outcome: str = RUNNING
    seconds: dict[str, float] = field(default_factory=dict)


def record_run(
    folder: "RunFolder",
    settings: "Settings",
    execution: "Execution",
    tables: Iterable["TableFile"],
    record: RunRecord,
) -> None:
    """Write the provenance of a run; an earlier run in the same folder stays listed.

    Parameters
    ----------
    folder
        The run folder.
    settings
        What it was begun with.
    execution
        What was computed and what was there.
    tables
        The finished tables.
    record
        This run.

    Examples
    --------
    >>> record_run.__name__  # run by tests/pipelines/test_run_trial.py: it needs a run
    'record_run'
    """
    this = {
        "started": record.started,
        "ended": "" if record.outcome == RUNNING else timestamp(),
        "outcome": record.outcome,
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "platform": platform.platform(),
        "processor": _processor(),
        "workers": record.n_workers,
        "units_reused": execution.n_reused,
        "units_computed": execution.n_computed,
        "seconds": {stage: round(seconds, 3) for stage, seconds in record.seconds.items()},
        "units": _effort(execution),
        "peak_memory": peak_memory(),
        "shards_damaged": execution.damaged,
        "worker_deaths": execution.deaths,
        "worker_departures": dict(sorted(execution.departures.items())),
        "failures": {
            unit: [asdict(failure) for failure in failures]
            for unit, failures in sorted(execution.failures.items())
        },
    }
    runs = [run for run in _earlier_runs(folder) if not _is_same(run, this)]
    write_json(
        folder.provenance,
        {
            "research_tool": "not medical advice",
            "seed": settings.protocol.get("seed"),
            "protocol_sha256": settings.protocol_hash,
            "protocol_file_sha256": file_sha256(folder.protocol_as_given),
            "protocol_resolved_sha256": file_sha256(folder.protocol_resolved),
            "settings_sha256": file_sha256(folder.settings),
            "device": settings.device,
            "precision": "float64",
            "devices": device_reasons(),
            "devices_passed_over": dict(record.passed_over),
            "kernel": kernel_record(record.program_text, settings.device, record.solver),
            "warnings": list(record.warnings),
            "block_size": settings.block_size,
            "trajectories_per_arm": settings.n_trajectories,
            "simulator": settings.simulator,
            "code": dict(settings.code),
            "commit": source_commit(),
            "versions": library_versions(),
            "shards": {
                unit: {name: stored.sha256 for name, stored in receipt.files.items()}
                for unit, receipt in sorted(execution.receipts.items())
            },
            "tables": {table.name: asdict(table) for table in tables},
            "runs": [*runs, this],
        },
    )


def _effort(execution: "Execution") -> dict[str, float]:
    """Return what all units took, those of earlier runs too: seconds by kind of work, memory."""
    receipts = execution.receipts.values()
    kinds = ("seconds", "seconds_kernel", "seconds_tables")
    sums = {kind: round(sum(getattr(one, kind) for one in receipts), 3) for kind in kinds}
    return {**sums, "peak_memory": max((one.peak_memory for one in receipts), default=0)}


def _is_same(run: Mapping[str, Any], this: Mapping[str, Any]) -> bool:
    """Return whether an entry is what this run wrote when it started."""
    keys = ("started", "host", "pid")
    return run.get("outcome") == RUNNING and all(run.get(key) == this[key] for key in keys)


def _earlier_runs(folder: "RunFolder") -> list[Mapping[str, Any]]:
    if not folder.provenance.exists():
        return []
    try:
        found = json.loads(folder.provenance.read_text(encoding="utf-8"))
        runs: list[Mapping[str, Any]] = [run for run in found["runs"] if isinstance(run, dict)]
    except (ValueError, TypeError, KeyError):
        return [{"outcome": "unknown: the provenance of earlier runs could not be read"}]
    return runs


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor()
    lines = [line for line in text.splitlines() if line.startswith("model name")]
    return lines[0].partition(":")[2].strip() if lines else platform.processor()
