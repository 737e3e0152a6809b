"""Units -> the workers of one cluster, one unit at a time each, and what became of them.

`pipelines.execute` gives a cluster and the units that are left; this is the loop between the two.
"""

import math
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Literal

from distributed import Client, KilledWorker
from distributed.client import ClosedClientError
from distributed.scheduler import NoValidWorkerError, NoWorkerError

from pipelines.departures import N_DEPARTURES, Places
from pipelines.errors import ExecutionError, ShardError
from pipelines.failures import HUNG, N_ATTEMPTS, WORKER_DEATH, WORKER_LEFT, Failure, failure_of
from pipelines.shards import Receipt, append_to_manifest
from pipelines.time_limit import LOST_SCHEDULER, Watch, replace_worker, time_limit
from pipelines.worker import Job, run_unit

if TYPE_CHECKING:
    from distributed import Future

    from pipelines.execute import Execution, Report
    from pipelines.plan import Unit
    from pipelines.run_folder import RunFolder

__all__ = ["AnyWorkers", "Driver", "OwnWorkers"]

_GAP_S = 1.0
"""Time between two looks for the worker that a nanny starts anew [s]."""
_N_HOPELESS = 50
"""Units that failed before any went well, after which the others are not tried."""

Loss = Literal["nothing", "worker", "cluster"]
"""What was lost with a unit."""


def _refuse_hopeless(execution: "Execution") -> None:
    """Stop where the fault is not in single units: that need not be found out unit by unit."""
    if not execution.receipts and len(execution.failures) >= _N_HOPELESS:
        failure = list(execution.failures.values())[-1][-1]
        raise ExecutionError(
            f"{len(execution.failures)} units failed and none went well (last: {failure}); units "
            "that can be computed are needed. Read the traceback in the provenance, mend what it "
            "names, then run the same command again."
        )


@dataclass(slots=True, kw_only=True)
class Driver:
    """Gives units to the workers of one cluster after another and notes what became of them.

    Parameters
    ----------
    job
        What the units share.
    folder
        The run folder.
    execution
        What to note it in.
    report
        Called with every finished unit.
    unit_timeout_s
        How long a unit may take [s]; None for what `pipelines.time_limit` finds usual.
    places
        Tells which workers left with the place they ran in.

    Examples
    --------
    >>> Driver.__name__  # run by tests/pipelines/test_execute.py: it needs a cluster
    'Driver'
    """

    job: Job
    folder: "RunFolder"
    execution: "Execution"
    report: "Report"
    unit_timeout_s: float | None
    places: Places = field(default_factory=Places)

    def use(
        self, client: Client, workers: "OwnWorkers | AnyWorkers", pending: Sequence["Unit"]
    ) -> None:
        """Run units on one cluster until they are done or it has lost all its workers.

        Parameters
        ----------
        client
            Of the cluster.
        workers
            Its workers.
        pending
            The units.
        """
        waiting = deque(pending)
        running: dict[Future[Receipt], tuple[Unit, str]] = {}
        finished: SimpleQueue[Future[Receipt]] = SimpleQueue()
        watch = Watch()
        while True:
            for worker in workers.take(len(waiting)):
                unit = waiting.popleft()
                try:
                    future = self._submit(client, unit, worker)
                except (OSError, ClosedClientError):
                    workers.note("cluster", worker)  # its scheduler was lost a moment ago
                    break
                running[future] = unit, worker
                future.add_done_callback(finished.put)  # type: ignore[no-untyped-call]
            if not running:
                return
            for future, loss in self._ended(client, running, finished, watch, workers.patience_s):
                unit, worker = running.pop(future)
                workers.note(loss, worker)
                if loss != "cluster" and self._is_open(unit):
                    waiting.append(unit)

    def _ended(
        self,
        client: Client,
        running: "Mapping[Future[Receipt], tuple[Unit, str]]",
        finished: "SimpleQueue[Future[Receipt]]",
        watch: Watch,
        patience_s: float,
    ) -> "Iterator[tuple[Future[Receipt], Loss]]":
        """Wait a while; yield what ended by itself and what never would, with what it cost."""
        if watch.is_due:
            for future, worker in self._hanging(client, running, watch).items():
                _give_up(client, future, worker)
                yield future, "worker"
        with suppress(Empty):
            future = finished.get(timeout=min(watch.pace_s, patience_s))
            if future in running:  # else it hung, and was told of then
                loss = self._note(running[future][0], future)
                future.release()  # type: ignore[no-untyped-call]
                yield future, loss

    def _submit(self, client: Client, unit: "Unit", worker: str) -> "Future[Receipt]":
        # another key for another attempt: Dask would give back the failure it knows
        n_before = self.execution.n_failures(unit.digest) + self.execution.departures[unit.digest]
        future: Future[Receipt] = client.submit(
            run_unit,
            self.job,
            unit,
            key=f"unit-{unit.digest}-{n_before}",
            pure=False,
            workers=[worker] if worker else None,
        )
        return future

    def _is_open(self, unit: "Unit") -> bool:
        """Return whether a unit is to be tried again."""
        is_done = unit.digest in self.execution.receipts
        return not is_done and self.execution.n_failures(unit.digest) < N_ATTEMPTS

    def _note(self, unit: "Unit", future: "Future[Receipt]") -> Loss:
        """Note what became of a unit; return what was lost with it."""
        if future.status == "finished":
            try:
                receipt: Receipt = future.result()
            except LOST_SCHEDULER:
                return "cluster"  # lost before it told the result; the shard is there
            append_to_manifest(self.folder.manifest, receipt)
            self.execution.receipts[receipt.unit] = receipt
            self.execution.n_computed += 1
            self.report(receipt, False)
            return "nothing"
        if future.status == "error":
            return self._note_failure(unit, future)
        return "cluster"  # cancelled or lost with its scheduler

    def _note_failure(self, unit: "Unit", future: "Future[Receipt]") -> Loss:
        """Note a failed attempt; return what was lost with it. Raise what is no unit's fault."""
        error = future.exception()  # type: ignore[no-untyped-call]
        if isinstance(error, NoWorkerError | NoValidWorkerError):  # none left, or not the named
            return "cluster"
        if isinstance(error, KilledWorker):
            self._note_loss(unit, error)
            return "worker"
        if isinstance(error, ShardError):
            error.add_note(f"in {unit}, shard {unit.digest}")
            raise error
        trace = future.traceback()  # type: ignore[no-untyped-call]
        self.execution.fail(unit.digest, failure_of(error, trace))
        _refuse_hopeless(self.execution)
        return "nothing"

    def _note_loss(self, unit: "Unit", error: KilledWorker) -> None:
        kind = WORKER_DEATH
        message = "the process that computed it died, as it does when memory runs out"
        if self.places.is_gone(error):
            self.execution.departures[unit.digest] += 1
            n_departures = self.execution.departures[unit.digest]
            if n_departures <= N_DEPARTURES:
                return
            kind = WORKER_LEFT
            message = f"the job or node that computed it went away, {n_departures} times by now"
        self.execution.fail(unit.digest, Failure(kind=kind, message=message, traceback=""))

    def _hanging(
        self,
        client: Client,
        running: "Mapping[Future[Receipt], tuple[Unit, str]]",
        watch: Watch,
    ) -> "dict[Future[Receipt], str]":
        """Note which units take too long; return them with their workers."""
        limit = time_limit(
            (receipt.seconds for receipt in self.execution.receipts.values()), self.unit_timeout_s
        )
        watch.set_pace(limit)
        where = _whereabouts(client)
        futures = {future.key: future for future in running}
        ages = watch.look({key: worker for key, worker in where.items() if key in futures})
        hanging = {}
        for key, age in ages.items():
            if age > limit:
                unit, _ = running[futures[key]]
                message = f"no result after {age:.3g} s; {limit:.3g} s are allowed"
                self.execution.fail(unit.digest, Failure(kind=HUNG, message=message, traceback=""))
                hanging[futures[key]] = where[key]
        return hanging


def _whereabouts(client: Client) -> dict[str, str]:
    """Return which worker has each task; nothing if the scheduler cannot be asked now."""
    try:
        by_worker = client.processing()  # type: ignore[no-untyped-call]
    except LOST_SCHEDULER:
        return {}
    return {key: worker for worker, keys in by_worker.items() for key in keys}


def _give_up(client: Client, future: "Future[Receipt]", worker: str) -> None:
    """Take a unit from a worker that never gives it back, and have the worker replaced."""
    with suppress(*LOST_SCHEDULER):
        future.cancel()  # type: ignore[no-untyped-call]
    replace_worker(client, worker)


class AnyWorkers:
    """Places for units on workers that come and go: Dask chooses the worker.

    Parameters
    ----------
    n_place
        Units in flight at most.

    Examples
    --------
    >>> workers = AnyWorkers(2)
    >>> workers.take(3), workers.take(1)
    (['', ''], [])
    >>> workers.note("worker", "")
    >>> workers.take(1)
    ['']
    """

    patience_s = math.inf
    """How long to wait before `take` is asked again [s]."""

    def __init__(self, n_place: int) -> None:
        self.n_free = n_place
        self.is_lost = False

    def note(self, loss: Loss, worker: str) -> None:
        """Take back the place of a unit, and note what was lost with it."""
        self.is_lost = self.is_lost or loss == "cluster"
        self.n_free += 1

    def take(self, n_wanted: int) -> list[str]:
        """Return a worker for each unit that can start now; empty names where Dask chooses."""
        n_taken = 0 if self.is_lost else min(n_wanted, self.n_free)
        self.n_free -= n_taken
        return n_taken * [""]


class OwnWorkers:
    """The workers of this machine that have nothing to do; those that a nanny starts anew join.

    Each is given its unit by name: Dask may give one worker two, and both would have its death.

    Parameters
    ----------
    client
        Of their cluster.

    Examples
    --------
    >>> OwnWorkers.__name__  # run by tests/pipelines/test_execute.py: it needs a cluster
    'OwnWorkers'
    """

    def __init__(self, client: Client) -> None:
        self.client = client
        self.known = set(client.nthreads())  # type: ignore[no-untyped-call]
        self.idle = deque(sorted(self.known))
        self.n_gaps = 0
        self.is_lost = False

    @property
    def patience_s(self) -> float:
        """How long to wait before `take` is asked again [s]."""
        return _GAP_S if self.n_gaps > 0 else math.inf

    def note(self, loss: Loss, worker: str) -> None:
        """Take back the worker of a unit, and note what was lost with it."""
        self.is_lost = self.is_lost or loss == "cluster"
        self.n_gaps += loss == "worker"
        if loss == "nothing":
            self.idle.append(worker)

    def take(self, n_wanted: int) -> list[str]:
        """Return a worker for each unit that can start now."""
        if self.is_lost:
            return []
        if self.n_gaps > 0:
            fresh = set(self.client.nthreads()) - self.known  # type: ignore[no-untyped-call]
            self.known |= fresh
            self.n_gaps -= len(fresh)
            self.idle.extend(sorted(fresh))
        return [self.idle.popleft() for _ in range(min(n_wanted, len(self.idle)))]
