"""The driver: a protocol becomes a run folder full of tables.

1. everything that was asked for is checked, before anything is written
2. the folder is created, or recognised as begun with the same protocol and settings
3. the folder is locked
4. provenance, program, kernel and parameters are written
5. units without a whole shard are computed; those that fail again and again are set aside
6. shards become tables, unless units are set aside
7. the provenance is completed, the folder is described (`pipelines.crate`) and sealed, the summary
   is read back from the tables
"""

import errno
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cohort.trial import trial_event_names
from cohort.trial_equations import model_texts, step_operations, trial_solver
from kernels.cores import available_cores
from pipelines.adam import TrialFacts
from pipelines.cards import ALL_CARDS, n_cards
from pipelines.cluster.workplaces import this_machine
from pipelines.crate import CRATE, write_crate
from pipelines.definitions import read_definitions
from pipelines.errors import (
    InputError,
    PipelineError,
    SetAsideError,
    ShardError,
    WalltimeError,
)
from pipelines.execute import Execution, Report, execute
from pipelines.failures import set_aside_text, write_failures
from pipelines.files import file_sha256, text_sha256, write_atomically, write_text
from pipelines.interruption import interruptible
from pipelines.origin import kernel_source
from pipelines.plan import RunPlan, Unit, make_plan, trial_facts
from pipelines.provenance import RunRecord, choose_device, record_run, timestamp
from pipelines.report_text import summarise
from pipelines.run_folder import (
    RunFolder,
    Settings,
    create_folder,
    hold,
    read_settings,
    settings_of,
)
from pipelines.seal import SealError, break_seal, read_seal, write_seal
from pipelines.shards import RECEIPT
from pipelines.tables import TableFile, write_tables
from pipelines.time_limit import check_unit_timeout
from pipelines.trial_warnings import trial_warnings
from pipelines.unit_size import UnitCosts, choose_block_size, largest_block_size, unit_costs
from pipelines.worker import SIMULATOR, Job, find_simulator

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cohort.trial import Protocol
    from pipelines.cluster.workplaces import OpenWorkplace
    from pipelines.shards import Receipt

__all__ = ["DEFAULT_TRAJECTORIES", "Preparation", "Request", "Result", "prepare", "run_trial"]

DEFAULT_TRAJECTORIES = 3
"""Patients of each arm whose course over time is kept."""


Tell = Callable[[str], None]
"""Called with what begins now."""


def _keep_quiet(stage: str) -> None:
    """Tell nobody."""


_DISK_REFUSES = frozenset(
    {
        *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO),
        *(errno.EACCES, errno.EPERM, errno.ESTALE, errno.ENOENT),
    }
)
"""Numbers of errors that are about the disk; a socket that times out is an OSError as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked for; None takes what the folder was begun with, else the default.

    Parameters
    ----------
    protocol
        The trial, overrides applied.
    protocol_text
        Its text as the user gave it.
    out
        The run folder.
    device
        Device by name, or ``auto``.
    block_size
        Most patients in a unit.
    n_trajectories
        Patients of each arm whose course is kept.
    n_workers
        Worker processes; None for one a core, or one a card on CUDA devices.
    simulator
        The function that simulates, ``module:name``.
    open_workplace
        Where units are computed; None for worker processes on this machine.
    allow_missing
        Whether tables are made without the units that are set aside.
    n_places
        Workers that units are cut for, where they are not the worker processes of this machine.
    unit_timeout_s
        How long a unit may take before its worker is replaced [s]; None for the usual limit.

    Examples
    --------
    >>> Request.__dataclass_fields__["device"].default
    'auto'
    """

    protocol: "Protocol"
    protocol_text: str
    out: Path
    device: str = "auto"
    block_size: int | None = None
    n_trajectories: int | None = None
    n_workers: int | None = None
    simulator: str = SIMULATOR
    open_workplace: "OpenWorkplace | None" = None
    allow_missing: bool = False
    n_places: int | None = None
    unit_timeout_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """A request that has been checked, with its plan.

    Examples
    --------
    >>> sorted(Preparation.__dataclass_fields__)[:2]
    ['costs', 'facts']
    """

    folder: RunFolder
    plan: RunPlan
    facts: TrialFacts
    settings: Settings
    job: Job
    n_workers: int
    passed_over: "Mapping[str, str]"
    costs: UnitCosts


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a run came to.

    Examples
    --------
    >>> sorted(Result.__dataclass_fields__)
    ['execution', 'folder', 'set_aside', 'summary', 'tables']
    """

    folder: RunFolder
    execution: Execution
    tables: tuple[TableFile, ...]
    summary: dict[str, Any]
    set_aside: tuple[Unit, ...] = ()


def prepare(request: Request) -> Preparation:
    """Check a request and plan it; writes nothing.

    Parameters
    ----------
    request
        What is asked for.

    Raises
    ------
    InputError
        If an option cannot be used, or the folder belongs to another run.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> request = Request(
    ...     protocol=load_protocol("sct-md-01"), protocol_text="", out=Path("no/run"), n_workers=2
    ... )
    >>> len(prepare(request).plan.units)
    4
    """
    protocol = request.protocol
    if request.n_workers is not None and request.n_workers < 1:
        raise InputError(
            f"--workers: {request.n_workers}; 1 or more is allowed. Leave it out to use one a core."
        )
    check_unit_timeout(request.unit_timeout_s)
    find_simulator(request.simulator)
    folder = RunFolder(request.out)
    begun = read_settings(folder)
    asked, block_size, n_trajectories = _conduct(request, begun)
    device, passed_over = choose_device(asked, protocol)
    n_workers = _usual_workers(device) if request.n_workers is None else request.n_workers
    costs = unit_costs(protocol, device, step_operations(protocol))
    if block_size is None and device.startswith("cuda"):
        block_size = largest_block_size(costs)
    elif block_size is None:
        cells = [arm.patients for arm in protocol.arms] * max(len(protocol.variants), 1)
        block_size = choose_block_size(cells, costs, request.n_places or n_workers)
    plan = make_plan(protocol, device=device, block_size=block_size, n_trajectories=n_trajectories)
    settings = settings_of(
        plan, protocol.model_dump(mode="json"), request.simulator, n_trajectories
    )
    folder.check(settings)
    facts = trial_facts(protocol, read_definitions(protocol.endpoints, trial_event_names(protocol)))
    job = Job(
        protocol=protocol,
        facts=facts,
        device=device,
        trajectory_ids=plan.trajectory_ids,
        shards=folder.shards.absolute(),
        simulator=request.simulator,
    )
    return Preparation(
        folder=folder,
        plan=plan,
        facts=facts,
        settings=settings,
        job=job,
        n_workers=n_workers,
        passed_over=passed_over,
        costs=costs,
    )


def _usual_workers(device: str) -> int:
    """Return one worker a card where lanes are integrated on cards, else one a core."""
    if device.startswith("cuda"):
        return n_cards() if device == ALL_CARDS else 1
    return available_cores()


def _conduct(request: Request, begun: Settings | None) -> tuple[str, int | None, int]:
    """Return device, block size and trajectories: as asked, else as begun, else the defaults."""
    usual: tuple[str, int | None, int] = ("auto", None, DEFAULT_TRAJECTORIES)
    if begun is not None:
        usual = (begun.device, begun.block_size, begun.n_trajectories)
    asked = usual[0] if request.device == "auto" else request.device
    block_size = usual[1] if request.block_size is None else request.block_size
    n_trajectories = usual[2] if request.n_trajectories is None else request.n_trajectories
    return asked, block_size, n_trajectories


def run_trial(request: Request, report: Report | None = None, tell: Tell = _keep_quiet) -> Result:
    """Run a trial to its tables, or resume it.

    Parameters
    ----------
    request
        What is asked for.
    report
        Called with every finished unit, and whether it was there before.
    tell
        Called with what begins now, in words.

    Returns
    -------
    What the run came to.

    Raises
    ------
    InputError
        If an option or the folder cannot be used; nothing was written.
    LockError
        If another live run holds the folder.
    SetAsideError
        If units failed at every attempt and the request does not allow tables without them; all
        others are done.
    ExecutionError
        If no unit could be computed.
    ShardError
        If the disk refuses.
    InterruptedRunError
        On Ctrl-C or SIGTERM; the same request resumes.

    Examples
    --------
    >>> run_trial.__name__  # run by tests/pipelines/test_run_trial.py: it starts processes
    'run_trial'
    """
    started, clock = timestamp(), time.perf_counter()
    tell("building the equations (kept for the next run of the same model)")
    ready = prepare(request)
    texts = model_texts(request.protocol)
    record = RunRecord(
        started=started,
        n_workers=ready.n_workers,
        passed_over=ready.passed_over,
        warnings=trial_warnings(request.protocol),
        program_text=texts["program.txt"],
        solver=trial_solver(request.protocol),
    )
    record.seconds["prepare"] = time.perf_counter() - clock
    with interruptible(), _disk(ready.folder.root):
        create_folder(ready.folder.root)
        with hold(ready.folder):
            return _run_held(request, ready, texts, record, report, tell)


def _run_held(
    request: Request,
    ready: Preparation,
    texts: "Mapping[str, str]",
    record: RunRecord,
    report: Report | None,
    tell: Tell,
) -> Result:
    folder = ready.folder
    folder.begin(ready.settings, request.protocol_text)
    sealed = _sealed(folder)
    execution = Execution()
    with _recorded(ready, execution, record):
        with _timed(record, "write model"):
            record_run(folder, ready.settings, execution, (), record)
            _write_model(ready, texts)
        tell(
            f"{ready.plan.n_patients:,} patients in {len(ready.plan.units):,} units on "
            f"'{ready.plan.device}'; starting workers"
        )
        with _timed(record, "units"):
            _compute(ready, request, execution, report)
        break_seal(folder.root)
        (folder.root / CRATE).unlink(missing_ok=True)
        set_aside = tuple(
            unit for unit in ready.plan.units if unit.digest not in execution.receipts
        )
        write_failures(folder.failures, set_aside, execution.failures)
        whole = _without(ready.plan, set_aside, request, execution, folder)
        n_missing = ready.plan.n_patients - whole.n_patients
        tell("writing tables")
        with _timed(record, "tables"):
            tables = write_tables(whole, ready.facts, folder, n_missing=n_missing)
        record.outcome = "finished without units that are set aside" if n_missing else "finished"
    record_run(folder, ready.settings, execution, tables, record)
    write_crate(folder, ready.settings, tables, ready.facts.tables, n_missing)
    write_seal(folder.root, _known_sums(folder, execution, tables, sealed))
    summary = summarise(folder, request.protocol, tables)
    if n_missing:
        summary["n_missing"] = n_missing
    return Result(
        folder=folder, execution=execution, tables=tables, summary=summary, set_aside=set_aside
    )


@contextmanager
def _recorded(ready: Preparation, execution: Execution, record: RunRecord) -> Iterator[None]:
    """Leave the outcome in the provenance however the block ends, short of a kill."""
    try:
        yield
    except BaseException as error:
        if isinstance(error, SetAsideError):
            record.outcome = "units set aside"
        elif isinstance(error, WalltimeError):
            record.outcome = "interrupted: walltime"
        elif isinstance(error, KeyboardInterrupt):
            record.outcome = "interrupted"
        else:
            record.outcome = f"failed: {type(error).__name__}"
        # the reason that ends the run is told, also where the disk that refused refuses this
        with suppress(OSError):
            record_run(ready.folder, ready.settings, execution, (), record)
        raise


@contextmanager
def _timed(record: RunRecord, stage: str) -> Iterator[None]:
    clock = time.perf_counter()
    try:
        yield
    finally:
        record.seconds[stage] = time.perf_counter() - clock


@contextmanager
def _disk(root: Path) -> Iterator[None]:
    """Turn what the disk refuses anywhere in a run into one clear error."""
    try:
        yield
    except OSError as error:
        if isinstance(error, PipelineError) or error.errno not in _DISK_REFUSES:
            raise
        raise ShardError(
            f"{error.filename or root}: {error.strerror or error}; a folder that can be written "
            "and has room is needed. Make room, then run the same command again."
        ) from error


def _write_model(ready: Preparation, texts: "Mapping[str, str]") -> None:
    """Write what the run is made of, and copies of the files that its protocol names."""
    root = ready.folder.root
    kernel = kernel_source(texts["program.txt"], ready.plan.device)
    for name, text in {**texts, **kernel}.items():
        write_text(root / name, text)
    for key in ready.plan.code:
        if key.startswith("file "):
            path = Path(key.removeprefix("file "))
            name = re.sub(r"[^A-Za-z0-9._-]", "_", path.name)
            (root / "inputs").mkdir(exist_ok=True)
            copy = root / "inputs" / f"{file_sha256(path)[:16]}-{name}"
            write_atomically(copy, partial(shutil.copyfile, path))


def _sealed(folder: RunFolder) -> dict[str, str]:
    """Return what the folder was sealed with; nothing if it was not, or its seal is damaged."""
    try:
        return read_seal(folder.root) or {}
    except SealError:
        return {}


def _without(
    plan: RunPlan,
    set_aside: tuple[Unit, ...],
    request: Request,
    execution: Execution,
    folder: RunFolder,
) -> RunPlan:
    """Return the plan of what is done; refuse if that is not all and nobody asked for less."""
    if not set_aside:
        return plan
    units = tuple(unit for unit in plan.units if unit.digest in execution.receipts)
    cells = {(unit.arm, unit.variant) for unit in plan.units}
    empty = sorted(cells - {(unit.arm, unit.variant) for unit in units})
    if request.allow_missing and not empty:
        return replace(plan, units=units)
    for path in folder.tables.glob("*.parquet"):
        path.unlink()  # of an earlier run that was allowed to leave patients out
    what = set_aside_text(set_aside, len(plan.units), execution.failures)
    cause = (
        f"arm '{empty[0][0]}' has no patient left, so --allow-missing cannot help"
        if request.allow_missing
        else "--allow-missing makes tables without them"
    )
    raise SetAsideError(
        f"{folder.root}: {what}; tables of all patients are allowed. All other units are done. "
        f"Read {folder.failures}, then run the same command again to try these once more; {cause}."
    )


def _known_sums(
    folder: RunFolder,
    execution: Execution,
    tables: tuple[TableFile, ...],
    sealed: "Mapping[str, str]",
) -> dict[str, str]:
    """Return the checksums of what was checked or written, and of tables that others wrote."""
    shards, own = folder.shards.name, folder.tables.name
    known = {f"{own}/{table.name}.parquet": table.sha256 for table in tables}
    for unit, receipt in execution.receipts.items():
        for name, stored in receipt.files.items():
            known[f"{shards}/{unit}/{name}.parquet"] = stored.sha256
        known[f"{shards}/{unit}/{RECEIPT}"] = text_sha256(receipt.to_json() + "\n")
    for name, digest in sealed.items():
        if name.startswith(f"{own}/") and name not in known and (folder.root / name).is_file():
            known[name] = digest
    return known


def _compute(
    ready: Preparation,
    request: Request,
    execution: Execution,
    report: Report | None,
) -> None:
    """Compute the units that are missing, wherever that is."""
    open_workplace = request.open_workplace or this_machine
    with open_workplace(ready.folder, len(ready.plan.units)) as place:

        def note(receipt: "Receipt", was_there: bool) -> None:  # noqa: FBT001 - see `Report`
            place.note_progress()
            if report is not None:
                report(receipt, was_there)

        execute(
            ready.plan,
            ready.job,
            ready.folder,
            n_workers=place.n_workers or ready.n_workers,
            report=note,
            connect=place.connect,
            execution=execution,
            unit_timeout_s=request.unit_timeout_s,
        )
