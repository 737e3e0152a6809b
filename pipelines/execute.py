"""RunPlan -> shards: Dask workers, one unit at a time each, until every unit has its shard.

Results live in files; a task returns a receipt. Four things make it survive:

1. units whose shard is whole are skipped, damaged shards are computed again;
2. every worker has one unit in flight, so a million patients never queue in the scheduler and a
   dead worker names the one unit it was computing;
3. a unit that raises, or whose worker dies, is tried again after the others (Dask's own retries
   count exceptions only, and repeated deaths can leave a cluster without workers for ever, so a
   cluster that has lost them is replaced); after `pipelines.failures.N_ATTEMPTS` failures it is
   set aside and the others go on;
4. Ctrl-C and SIGTERM (`pipelines.interruption`) close the cluster and leave a folder that the
   same command resumes.

A disk that refuses is no fault of a unit: it ends the run at once.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import dask
from distributed import Client, KilledWorker, as_completed
from distributed.scheduler import NoWorkerError

from pipelines.errors import ExecutionError, ShardError
from pipelines.failures import N_ATTEMPTS, WORKER_DEATH, Failure, failure_of
from pipelines.local_cluster import DASK_SETTINGS, ClusterStartError, local_cluster
from pipelines.shards import (
    Receipt,
    append_to_manifest,
    check_shard,
    clean_temporary,
    mend_manifest,
    read_manifest,
)
from pipelines.worker import Job, run_unit

if TYPE_CHECKING:
    from distributed import Future

    from pipelines.local_cluster import Connect
    from pipelines.plan import RunPlan, Unit
    from pipelines.run_folder import RunFolder

__all__ = [
    "Execution",
    "execute",
    "take_stock",
]

_N_LOST_CLUSTERS = 3
_N_HOPELESS = 50
"""Units that failed before any went well, after which the others are not tried."""

Report = Callable[[Receipt, bool], None]
"""Called with every finished unit, and whether it was there before."""


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
    failures
        Failed attempts by hash of the unit, also of those that went well later.

    Examples
    --------
    >>> Execution().n_computed
    0
    """

    receipts: dict[str, Receipt] = field(default_factory=dict)
    n_reused: int = 0
    n_computed: int = 0
    damaged: list[str] = field(default_factory=list)
    failures: dict[str, list[Failure]] = field(default_factory=dict)

    @property
    def deaths(self) -> dict[str, int]:
        """Worker deaths by hash of the unit."""
        counts = {
            unit: sum(failure.kind == WORKER_DEATH for failure in failures)
            for unit, failures in self.failures.items()
        }
        return {unit: count for unit, count in counts.items() if count}

    def n_failures(self, unit: str) -> int:
        """Return how often a unit failed."""
        return len(self.failures.get(unit, ()))

    def fail(self, unit: str, failure: Failure) -> None:
        """Note a failed attempt."""
        self.failures.setdefault(unit, []).append(failure)


def _ignore(receipt: Receipt, was_there: bool) -> None:  # noqa: FBT001 - the form of `Report`
    """Report to nobody."""


def take_stock(
    plan: "RunPlan",
    folder: "RunFolder",
    report: Report = _ignore,
    execution: Execution | None = None,
) -> Execution:
    """Return which units are done, every file of theirs checked.

    Parameters
    ----------
    plan
        All units.
    folder
        A run folder that this process holds.
    report
        Called with every unit that is done.
    execution
        What to note it in; a new one if left out.

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
    execution = Execution() if execution is None else execution
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
    connect: "Connect | None" = None,
    execution: Execution | None = None,
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
    execution
        What to note it in, so that it is known however this ends; a new one if left out.

    Returns
    -------
    Receipts of all units but those that are set aside.

    Raises
    ------
    ShardError
        If the disk refuses.
    ExecutionError
        If no cluster could be kept, or every unit that was tried failed.
    InterruptedRunError
        On Ctrl-C or SIGTERM, inside `pipelines.interruption.interruptible`.

    Examples
    --------
    >>> execute.__name__  # run by tests/pipelines/test_execute.py: it starts processes
    'execute'
    """
    execution = take_stock(plan, folder, report, execution)
    n_lost = 0
    while pending := _pending(plan, execution):
        before = _moves(execution)
        why = ""
        try:
            with dask.config.set(DASK_SETTINGS):
                _one_cluster(pending, job, folder, n_workers, execution, report, connect)
        except ClusterStartError as error:
            why = f" (last: {error})"
        n_lost = 0 if _moves(execution) != before else n_lost + 1
        if n_lost == _N_LOST_CLUSTERS:
            raise ExecutionError(
                f"{folder.root}: {n_lost} clusters in a row lost their workers before any unit "
                f"was done{why}; workers that live are needed. Look at the memory of this machine, "
                "use fewer --workers, then run the same command again."
            )
    return execution


def _moves(execution: Execution) -> int:
    return len(execution.receipts) + sum(map(len, execution.failures.values()))


def _pending(plan: "RunPlan", execution: Execution) -> list["Unit"]:
    return [
        unit
        for unit in plan.units
        if unit.digest not in execution.receipts and execution.n_failures(unit.digest) < N_ATTEMPTS
    ]


def _refuse_hopeless(execution: Execution) -> None:
    """Stop where the fault is not in single units: that need not be found out unit by unit."""
    if not execution.receipts and len(execution.failures) >= _N_HOPELESS:
        failure = list(execution.failures.values())[-1][-1]
        raise ExecutionError(
            f"{len(execution.failures)} units failed and none went well (last: {failure}); units "
            "that can be computed are needed. Read the traceback in the provenance, mend what it "
            "names, then run the same command again."
        )


def _one_cluster(
    pending: Sequence["Unit"],
    job: Job,
    folder: "RunFolder",
    n_workers: int,
    execution: Execution,
    report: Report,
    connect: "Connect | None",
) -> None:
    """Run units on one cluster until they are done or it has lost all its workers."""
    n_wanted = min(n_workers, len(pending))
    with (connect or local_cluster)(n_wanted, folder.root) as client:
        waiting = deque(pending)
        running: dict[Future[Receipt], tuple[Unit, str]] = {}
        finished = as_completed()  # type: ignore[no-untyped-call]
        # the runs of a batch share workers, and each client brings the places of its run
        workers = getattr(client, "places", None) or (
            _OwnWorkers(client) if connect is None else _AnyWorkers(n_wanted)
        )
        while True:
            for worker in workers.take(len(waiting)):
                unit = waiting.popleft()
                # another key for another attempt: Dask would give back the failure it knows
                key = f"unit-{unit.digest}-{execution.n_failures(unit.digest)}"
                named = [worker] if worker else None
                future = client.submit(run_unit, job, unit, key=key, pure=False, workers=named)
                running[future] = unit, worker
                finished.add(future)  # type: ignore[no-untyped-call]
            if not running:
                return
            future = next(finished)
            unit, worker = running.pop(future)
            if future.status == "finished":
                receipt: Receipt = future.result()
                _store(receipt, folder, execution)
                report(receipt, False)
                workers.note("nothing", worker)
            elif future.status == "error":
                workers.note(_note_failure(unit, future, execution), worker)
                if 0 < execution.n_failures(unit.digest) < N_ATTEMPTS:
                    waiting.append(unit)
            else:
                workers.note("cluster", worker)  # cancelled or lost with its scheduler
            future.release()  # type: ignore[no-untyped-call]


_Loss = Literal["nothing", "worker", "cluster"]


class _AnyWorkers:
    """Places for units on workers that come and go: Dask chooses the worker."""

    def __init__(self, n_place: int) -> None:
        self.n_free = n_place
        self.is_lost = False

    def note(self, loss: _Loss, worker: str) -> None:
        self.is_lost = self.is_lost or loss == "cluster"
        self.n_free += 1

    def take(self, n_wanted: int) -> list[str]:
        n_taken = 0 if self.is_lost else min(n_wanted, self.n_free)
        self.n_free -= n_taken
        return n_taken * [""]


class _OwnWorkers:
    """The workers of this machine that have nothing to do; those that a nanny starts anew join.

    Each is given its unit by name: Dask may give one worker two, and both would have its death.
    """

    def __init__(self, client: Client) -> None:
        self.client = client
        self.known = set(client.nthreads())  # type: ignore[no-untyped-call]
        self.idle = deque(sorted(self.known))
        self.has_gaps = self.is_lost = False

    def note(self, loss: _Loss, worker: str) -> None:
        self.is_lost = self.is_lost or loss == "cluster"
        self.has_gaps = self.has_gaps or loss == "worker"
        if loss == "nothing":
            self.idle.append(worker)

    def take(self, n_wanted: int) -> list[str]:
        if self.is_lost:
            return []
        if self.has_gaps:
            fresh = set(self.client.nthreads()) - self.known  # type: ignore[no-untyped-call]
            self.known |= fresh
            self.idle.extend(sorted(fresh))
        return [self.idle.popleft() for _ in range(min(n_wanted, len(self.idle)))]


def _store(receipt: Receipt, folder: "RunFolder", execution: Execution) -> None:
    append_to_manifest(folder.manifest, receipt)
    execution.receipts[receipt.unit] = receipt
    execution.n_computed += 1


def _note_failure(unit: "Unit", future: "Future[Receipt]", execution: Execution) -> _Loss:
    """Note a failed attempt; return what was lost with it. Raise what is no unit's fault."""
    error = future.exception()  # type: ignore[no-untyped-call]
    if isinstance(error, NoWorkerError):
        return "cluster"
    if isinstance(error, KilledWorker):
        message = "the process that computed it died, as it does when memory runs out"
        execution.fail(unit.digest, Failure(kind=WORKER_DEATH, message=message, traceback=""))
        return "worker"
    if isinstance(error, ShardError):
        error.add_note(f"in {unit}, shard {unit.digest}")
        raise error
    trace = future.traceback()  # type: ignore[no-untyped-call]
    execution.fail(unit.digest, failure_of(error, trace))
    _refuse_hopeless(execution)
    return "nothing"
