"""The driver: a protocol becomes a run folder full of tables.

1. everything that was asked for is checked, before anything is written
2. the folder is created, or recognised as begun with the same protocol and settings
3. the folder is locked
4. units without a whole shard are computed
5. shards become tables
6. program, parameters and provenance are written, and the summary is read back from the tables
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cohort.simulate import model_texts
from cohort.trial import trial_event_names
from kernels.cores import available_cores
from pipelines.adam import TrialFacts
from pipelines.cards import ALL_CARDS, n_cards
from pipelines.definitions import read_definitions
from pipelines.errors import FolderError, InputError
from pipelines.execute import Connect, Execution, Report, execute, interruptible
from pipelines.files import write_text
from pipelines.plan import RunPlan, make_plan, trial_facts
from pipelines.provenance import choose_device, record_run, timestamp
from pipelines.report_text import summarise
from pipelines.run_folder import RunFolder, Settings, hold, read_settings, settings_of
from pipelines.tables import TableFile, write_tables
from pipelines.trial_warnings import trial_warnings
from pipelines.worker import SIMULATOR, Job, find_simulator

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cohort.trial import Protocol

__all__ = ["DEFAULT_TRAJECTORIES", "Preparation", "Request", "Result", "prepare", "run_trial"]

DEFAULT_TRAJECTORIES = 3
"""Patients of each arm whose course over time is kept."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """A request that has been checked, with its plan.

    Examples
    --------
    >>> sorted(Preparation.__dataclass_fields__)[:2]
    ['facts', 'folder']
    """

    folder: RunFolder
    plan: RunPlan
    facts: TrialFacts
    settings: Settings
    job: Job
    n_workers: int
    passed_over: "Mapping[str, str]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a run came to.

    Examples
    --------
    >>> sorted(Result.__dataclass_fields__)
    ['execution', 'folder', 'summary', 'tables']
    """

    folder: RunFolder
    execution: Execution
    tables: tuple[TableFile, ...]
    summary: dict[str, Any]


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
    ...     protocol=load_protocol("sct-md-01"), protocol_text="", out=Path("no/folder")
    ... )
    >>> len(prepare(request).plan.units)
    4
    """
    protocol = request.protocol
    if request.n_workers is not None and request.n_workers < 1:
        raise InputError(
            f"--workers: {request.n_workers}; 1 or more is allowed. Leave it out to use one a core."
        )
    find_simulator(request.simulator)
    folder = RunFolder(request.out)
    begun = read_settings(folder)
    asked, block_size, n_trajectories = _conduct(request, begun)
    device, passed_over = choose_device(asked, protocol)
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
        n_workers=_usual_workers(device) if request.n_workers is None else request.n_workers,
        passed_over=passed_over,
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


def run_trial(
    request: Request, report: Report | None = None, connect: Connect | None = None
) -> Result:
    """Run a trial to its tables, or resume it.

    Parameters
    ----------
    request
        What is asked for.
    report
        Called with every finished unit, and whether it was there before.
    connect
        Gives a client that several runs share; None starts workers for this run.

    Returns
    -------
    What the run came to.

    Raises
    ------
    InputError
        If an option or the folder cannot be used; nothing was written.
    LockError
        If another live run holds the folder.
    ExecutionError
        If units could not be computed.
    InterruptedRunError
        On Ctrl-C or SIGTERM; the same request resumes.

    Examples
    --------
    >>> run_trial.__name__  # run by tests/pipelines/test_run_trial.py: it starts processes
    'run_trial'
    """
    started = timestamp()
    ready = prepare(request)
    folder = ready.folder
    with interruptible():
        _create(folder.root)
        with hold(folder):
            folder.begin(ready.settings, request.protocol_text)
            execution = execute(
                ready.plan,
                ready.job,
                folder,
                n_workers=ready.n_workers,
                connect=connect,
                **({} if report is None else {"report": report}),
            )
            tables = write_tables(ready.plan, ready.facts, folder)
            for name, text in model_texts(request.protocol).items():
                write_text(folder.root / name, text)
            record_run(
                folder,
                ready.settings,
                execution,
                tables,
                started=started,
                n_workers=ready.n_workers,
                passed_over=ready.passed_over,
                warnings=trial_warnings(request.protocol),
            )
    summary = summarise(folder, request.protocol, tables)
    return Result(folder=folder, execution=execution, tables=tables, summary=summary)


def _create(root: Path) -> None:
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FolderError(
            f"--out: {root} cannot be created ({error.strerror}); a folder that can be written "
            "is needed. Choose another name."
        ) from error
