"""RunPlan -> shards: Dask workers, one unit at a time each, until every unit has its shard.

Results live in files; a task returns a receipt. Four things make it survive:

1. units whose shard is whole are skipped, damaged shards are computed again;
2. as many units are in flight as there are workers, so a million patients never queue in the
   scheduler and a dead worker names the one unit it was computing;
3. a unit whose worker dies is tried again on a new cluster, and given up after two deaths
   (Dask's own retries count exceptions only, and repeated deaths can leave a cluster without
   workers for ever, so a cluster that loses its workers is replaced as well);
4. Ctrl-C and SIGTERM close the cluster and leave a folder that the same command resumes.

An exception inside a unit is not tried again: units are pure, it would come back.
"""

import logging
import multiprocessing
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import dask
from distributed import Client, KilledWorker, LocalCluster, as_completed
from distributed.scheduler import NoWorkerError

from pipelines.errors import ExecutionError, InterruptedRunError, ShardError, WorkerDeathError
from pipelines.files import TEMPORARY_PREFIX
from pipelines.shards import (
    Receipt,
    append_to_manifest,
    check_shard,
    clean_temporary,
    mend_manifest,
    read_manifest,
)
from pipelines.worker import WORKER_ENVIRONMENT, Job, run_unit

if TYPE_CHECKING:
    from distributed import Future

    from pipelines.plan import RunPlan, Unit
    from pipelines.run_folder import RunFolder

__all__ = [
    "Connect",
    "Execution",
    "execute",
    "interruptible",
    "quiet_dask",
    "shared_cluster",
    "take_stock",
]

N_DEATHS = 2
"""Worker deaths after which a unit is given up."""

_N_LOST_CLUSTERS = 3
_CLOSE_S = 5
_START_S = 120

_DASK_SETTINGS = {
    "distributed.scheduler.allowed-failures": 0,
    # without it, a cluster that lost its workers waits for ever
    "distributed.scheduler.no-workers-timeout": "60s",
    "distributed.scheduler.work-stealing": False,
    "distributed.worker.daemon": True,
    "distributed.admin.log-format": "%(message)s",
    "distributed.nanny.pre-spawn-environ": dict(WORKER_ENVIRONMENT),
}

Report = Callable[[Receipt, bool], None]
"""Called with every finished unit, and whether it was there before."""

Connect = Callable[[int, Path], AbstractContextManager[Client]]
"""Gives a client with workers for a number of units, for as long as its block lasts."""


@dataclass(slots=True, kw_only=True)
class Execution:
    """What executing a plan came to; grows while it runs.

    Parameters
    ----------
    receipts
        By hash of the unit.
    n_reused, n_computed
        Units that were there, and units computed now.
    damaged
        Why shards had to be computed again.
    deaths
        Worker deaths by hash of the unit.

    Examples
    --------
    >>> Execution().n_computed
    0
    """

    receipts: dict[str, Receipt] = field(default_factory=dict)
    n_reused: int = 0
    n_computed: int = 0
    damaged: list[str] = field(default_factory=list)
    deaths: dict[str, int] = field(default_factory=dict)


def _ignore(receipt: Receipt, was_there: bool) -> None:  # noqa: FBT001 - the form of `Report`
    """Report to nobody."""


def take_stock(plan: "RunPlan", folder: "RunFolder", report: Report = _ignore) -> Execution:
    """Return which units are done, every file of theirs checked.

    Parameters
    ----------
    plan
        All units.
    folder
        A run folder that this process holds.
    report
        Called with every unit that is done.

    Notes
    -----
    Removes what killed runs left half-written, and logs shards that a killed run wrote but did
    not log.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from cohort.trial import load_protocol
    >>> from pipelines.plan import make_plan
    >>> from pipelines.run_folder import RunFolder
    >>> with tempfile.TemporaryDirectory() as name:
    ...     plan = make_plan(load_protocol("sct-md-01"), device="numpy")
    ...     take_stock(plan, RunFolder(Path(name))).n_reused
    0
    """
    clean_temporary(folder.shards)
    clean_temporary(folder.tables)
    clean_temporary(folder.root)
    mend_manifest(folder.manifest)
    logged = {receipt.unit for receipt in read_manifest(folder.manifest)}
    execution = Execution()
    for unit in plan.units:
        if not (folder.shards / unit.digest).exists():
            continue
        try:
            receipt = check_shard(folder.shards, unit.digest)
        except ShardError as error:
            execution.damaged.append(str(error))
            continue
        if unit.digest not in logged:
            append_to_manifest(folder.manifest, receipt)
        execution.receipts[unit.digest] = receipt
        execution.n_reused += 1
        report(receipt, True)
    return execution


def execute(
    plan: "RunPlan",
    job: Job,
    folder: "RunFolder",
    *,
    n_workers: int,
    report: Report = _ignore,
    connect: Connect | None = None,
) -> Execution:
    """Compute every unit that has no whole shard yet.

    Parameters
    ----------
    plan
        All units.
    job
        What they share.
    folder
        A run folder that this process holds.
    n_workers
        Worker processes.
    report
        Called with every finished unit.
    connect
        Gives a client; None starts workers on this machine.

    Returns
    -------
    Receipts of all units.

    Raises
    ------
    WorkerDeathError
        If units killed their worker twice; all others are done.
    ExecutionError
        If a unit raised something of no tree of ours, or no cluster could be kept.
    InterruptedRunError
        On Ctrl-C or SIGTERM, inside `interruptible`.

    Examples
    --------
    >>> execute.__name__  # run by tests/pipelines/test_execute.py: it starts processes
    'execute'
    """
    execution = take_stock(plan, folder, report)
    n_lost = 0
    while pending := _pending(plan, execution):
        before = (len(execution.receipts), sum(execution.deaths.values()))
        with dask.config.set(_DASK_SETTINGS):
            _one_cluster(pending, job, folder, n_workers, execution, report, connect or _cluster)
        moved = (len(execution.receipts), sum(execution.deaths.values())) != before
        n_lost = 0 if moved else n_lost + 1
        if n_lost == _N_LOST_CLUSTERS:
            raise ExecutionError(
                f"{folder.root}: {n_lost} clusters in a row lost their workers before any unit "
                "was done; workers that live are needed. Look at the memory of this machine, "
                "use fewer --workers, then run the same command again."
            )
    _refuse_quarantined(plan, execution)
    return execution


def _pending(plan: "RunPlan", execution: Execution) -> list["Unit"]:
    return [
        unit
        for unit in plan.units
        if unit.digest not in execution.receipts and execution.deaths.get(unit.digest, 0) < N_DEATHS
    ]


def _refuse_quarantined(plan: "RunPlan", execution: Execution) -> None:
    given_up = [unit for unit in plan.units if unit.digest not in execution.receipts]
    if given_up:
        raise WorkerDeathError(
            f"{len(given_up)} of {len(plan.units)} units: each killed its worker {N_DEATHS} times "
            f"(first: {given_up[0]}, shard {given_up[0].digest}); a unit must fit into the memory "
            "of a worker. All other units are done. Use fewer --workers or, in a new folder, a "
            "smaller --block-size."
        )


def _one_cluster(
    pending: Sequence["Unit"],
    job: Job,
    folder: "RunFolder",
    n_workers: int,
    execution: Execution,
    report: Report,
    connect: Connect,
) -> None:
    """Run units on one cluster until they are done or the cluster has lost a worker."""
    with connect(min(n_workers, len(pending)), folder.root) as client:
        waiting = iter(pending)
        running: dict[Future[Receipt], Unit] = {}
        finished = as_completed()  # type: ignore[no-untyped-call]

        def submit() -> None:
            unit = next(waiting, None)
            if unit is not None:
                future = client.submit(run_unit, job, unit, key=f"unit-{unit.digest}", pure=False)
                running[future] = unit
                finished.add(future)  # type: ignore[no-untyped-call]

        for _ in range(min(n_workers, len(pending))):
            submit()
        is_whole = True
        while running:
            future = next(finished)
            unit = running.pop(future)
            if future.status == "finished":
                receipt: Receipt = future.result()
                _store(receipt, folder, execution)
                report(receipt, False)
            else:
                _explain(unit, future, execution)
                is_whole = False
            future.release()
            if is_whole:
                submit()


def _store(receipt: Receipt, folder: "RunFolder", execution: Execution) -> None:
    append_to_manifest(folder.manifest, receipt)
    execution.receipts[receipt.unit] = receipt
    execution.n_computed += 1


def _explain(unit: "Unit", future: "Future[Receipt]", execution: Execution) -> None:
    """Count a death, pass over a cluster that is lost, raise anything else."""
    if future.status != "error":
        return  # cancelled or lost with its scheduler
    error = future.exception()  # type: ignore[no-untyped-call]
    if isinstance(error, KilledWorker):
        execution.deaths[unit.digest] = execution.deaths.get(unit.digest, 0) + 1
    elif not isinstance(error, NoWorkerError):
        error.add_note(f"in {unit}, shard {unit.digest}")
        raise error


@contextmanager
def _cluster(n_workers: int, folder: Path) -> Iterator[Client]:
    """Start workers on this machine, and let go of them however the block ends."""
    with (
        # in the run folder, so that a resumed run removes what a killed one left
        tempfile.TemporaryDirectory(
            prefix=f"{TEMPORARY_PREFIX}dask-", dir=folder, ignore_cleanup_errors=True
        ) as scratch,
        quiet_dask(),
    ):
        cluster = LocalCluster(  # type: ignore[no-untyped-call]
            n_workers=n_workers,
            threads_per_worker=1,
            processes=True,
            dashboard_address="127.0.0.1:0",  # any free port: None still claims 8787
            scheduler_kwargs={"dashboard": False},
            local_directory=scratch,
            silence_logs=logging.CRITICAL,
        )
        client = Client(cluster)  # type: ignore[no-untyped-call]
        try:
            _wait_for_workers(client, n_workers)
            yield client
        except BaseException:
            # whatever ended the block: nobody waits for a unit whose result nobody reads
            _kill_workers()
            raise
        finally:
            client.close(timeout=_CLOSE_S)  # type: ignore[no-untyped-call]
            cluster.close(timeout=_CLOSE_S)


def _wait_for_workers(client: Client, n_workers: int) -> None:
    try:
        client.wait_for_workers(n_workers, timeout=_START_S)
    except TimeoutError as error:
        raise ExecutionError(
            f"cluster: fewer than {n_workers} workers after {_START_S} s; all are needed. Look at "
            "the load and the memory of this machine, use fewer --workers, then run the same "
            "command again."
        ) from error


def _kill_workers() -> None:
    for process in multiprocessing.active_children():
        process.kill()


@contextmanager
def quiet_dask() -> Iterator[None]:
    """Keep Dask's log of dying workers off the terminal; what matters is raised or reported.

    Examples
    --------
    >>> with quiet_dask():
    ...     logging.getLogger("distributed").level > logging.CRITICAL
    True
    """
    loggers = [logging.getLogger(name) for name in ("distributed", "tornado", "asyncio")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


@contextmanager
def interruptible() -> Iterator[None]:
    """Turn the first Ctrl-C or SIGTERM into an `InterruptedRunError`, and ignore further ones.

    Notes
    -----
    Only the main thread gets signals; in any other this does nothing.

    Examples
    --------
    >>> try:
    ...     with interruptible():
    ...         signal.raise_signal(signal.SIGTERM)
    ... except InterruptedRunError as interruption:
    ...     print(interruption)
    SIGTERM
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, signal.SIG_IGN)
        raise InterruptedRunError(signal.Signals(number).name)

    before = {name: signal.signal(name, interrupt) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


@contextmanager
def shared_cluster(root: Path, n_workers: int) -> Iterator[Connect]:
    """Keep the workers of this machine for run after run; none start before a unit needs them.

    Parameters
    ----------
    root
        Existing folder for what the workers leave while they live.
    n_workers
        Worker processes.

    Returns
    -------
    What `execute` takes as ``connect``, within the block.

    Notes
    -----
    A run that asks a second time has lost a worker: the workers are replaced. Units of a run that
    raised finish unheard; a shard that is there is taken as it is.

    Examples
    --------
    >>> with shared_cluster(Path("no/folder"), 2) as connect:
    ...     callable(connect)
    True
    """
    with ExitStack() as stack:
        begun: list[tuple[Client, Path]] = []

        @contextmanager
        def connect(n_units: int, folder: Path) -> Iterator[Client]:
            if begun and (begun[0][1] == folder or begun[0][0].status != "running"):
                begun.clear()
                stack.close()
            if not begun:
                begun.append((stack.enter_context(_start(root, n_workers)), folder))
            client = begun[0][0]
            begun[0] = (client, folder)
            yield client

        yield connect


@contextmanager
def _start(root: Path, n_workers: int) -> Iterator[Client]:
    """Start workers under our settings, which must hold for as long as they live."""
    with dask.config.set(_DASK_SETTINGS), _cluster(n_workers, root) as client:
        yield client
