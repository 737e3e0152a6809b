"""RunPlan -> shards: Dask workers, one unit at a time each, until every unit has its shard.

Results live in files; a task returns a receipt. Five things make it survive:

1. units whose shard is whole are skipped, damaged shards are computed again;
2. every worker has one unit in flight, so a million patients never queue in the scheduler and a
   dead worker names the one unit it was computing;
3. a unit that raises, hangs (`pipelines.time_limit`), or whose worker dies is tried again after
   the others (Dask's own retries count exceptions only, and repeated deaths can leave a cluster
   without workers for ever, so a cluster that has lost them is replaced); after
   `pipelines.failures.N_ATTEMPTS` failures it is set aside and the others go on;
4. a worker that leaves because its job or node went away (`pipelines.departures`) is no failure
   of its unit;
5. Ctrl-C and SIGTERM (`pipelines.interruption`) close the cluster and leave a folder that the
   same command resumes.

A disk that refuses is no fault of a unit: it ends the run at once.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import dask

from pipelines.errors import ExecutionError, ShardError
from pipelines.failures import N_ATTEMPTS, WORKER_DEATH, Failure
from pipelines.hand_out import AnyWorkers, Driver, OwnWorkers
from pipelines.local_cluster import DASK_SETTINGS, ClusterStartError, local_cluster
from pipelines.shards import (
    Receipt,
    append_to_manifest,
    check_shard,
    clean_temporary,
    mend_manifest,
    read_manifest,
)
from pipelines.worker import Job

if TYPE_CHECKING:
    from pipelines.local_cluster import Connect
    from pipelines.plan import RunPlan, Unit
    from pipelines.run_folder import RunFolder

__all__ = [
    "Execution",
    "execute",
    "take_stock",
]

_N_LOST_CLUSTERS = 3
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
    departures
        How often a unit lost its worker through no fault of its own, by hash of the unit.

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
    departures: Counter[str] = field(default_factory=Counter)

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
    unit_timeout_s: float | None = None,
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
    unit_timeout_s
        How long a unit may take [s]; None for what `pipelines.time_limit` finds usual.

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
    driver = Driver(
        job=job,
        folder=folder,
        execution=execution,
        report=report,
        unit_timeout_s=unit_timeout_s,
    )
    n_lost = 0
    while pending := _pending(plan, execution):
        before = _moves(execution)
        why = ""
        n_wanted = min(n_workers, len(pending))
        try:
            with (
                dask.config.set(DASK_SETTINGS),
                (connect or local_cluster)(n_wanted, folder.root) as client,
            ):
                # the runs of a batch share workers, and each client brings the places of its run
                workers = getattr(client, "places", None) or (
                    OwnWorkers(client) if connect is None else AnyWorkers(n_wanted)
                )
                driver.use(client, workers, pending)
        except ClusterStartError as error:
            why = f" (last: {error})"
        n_lost = 0 if _moves(execution) != before else n_lost + 1
        if n_lost == _N_LOST_CLUSTERS:
            raise ExecutionError(
                f"{folder.root}: {n_lost} clusters in a row lost their workers before any unit "
                f"was done{why}; workers that live are needed. Look at the memory of this machine, "
                "use fewer --workers, then run the same command again."
            )
    clean_temporary(folder.shards)  # of workers that were killed while they wrote
    return execution


def _moves(execution: Execution) -> int:
    return len(execution.receipts) + sum(map(len, execution.failures.values()))


def _pending(plan: "RunPlan", execution: Execution) -> list["Unit"]:
    return [
        unit
        for unit in plan.units
        if unit.digest not in execution.receipts and execution.n_failures(unit.digest) < N_ATTEMPTS
    ]
