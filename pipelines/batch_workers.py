"""The workers of a batch: one set for all its points, units handed out from one queue.

A point asks for places when it has units to compute; places that are free go to the point with the
lowest number that waits. So the last units of a point and the first of the next run side by side,
and every worker has one unit at most, as in `pipelines.execute`.

Where the workers are is the business of ``connect``: this machine, a scheduler, jobs.
"""

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import dask
from distributed import Client, Future

from pipelines.errors import ExecutionError
from pipelines.local_cluster import DASK_SETTINGS, ClusterStartError, local_cluster

if TYPE_CHECKING:
    from types import TracebackType

    from pipelines.local_cluster import Connect

__all__ = ["PointPlaces", "SharedWorkers", "own_workers"]

_N_STARTS = 3
_LOOK_S = 0.2
_FRESH_S = 60.0
"""How long a worker that died may take to be started anew; then all are replaced [s]."""


class SharedWorkers:
    """Workers that many points use at once.

    Parameters
    ----------
    connect
        Gives a client; called at the first unit, and again only when its workers are lost.
    n_workers
        Units in flight at most.
    root
        Existing folder of the batch.
    are_named
        Whether a unit is given to a worker by its name, as the workers of this machine are.
    ask
        Called with `serve` when workers are needed: the main thread, which hears signals, has to
        call it.

    Examples
    --------
    >>> with SharedWorkers(
    ...     own_workers, n_workers=2, root=Path("no/folder"), are_named=True, ask=print
    ... ) as workers:
    ...     workers.fault is None
    True
    """

    def __init__(
        self,
        connect: "Connect",
        *,
        n_workers: int,
        root: Path,
        are_named: bool,
        ask: Callable[[Callable[[], None]], None],
    ) -> None:
        self.fault: BaseException | None = None
        """Why no worker can be had; None while they can."""
        self._connect, self._n_workers, self._root = connect, n_workers, root
        self._are_named, self._ask = are_named, ask
        self._changed = threading.Condition()
        self._stack = ExitStack()
        self._client: Client | None = None
        self._n_generation = 0
        self._known: set[str] = set()
        self._free: deque[str] = deque()
        self._has_gaps = self._is_wanted = False
        self._waiting: set[int] = set()
        self._in_flight: Counter[int] = Counter()

    def __enter__(self) -> "SharedWorkers":
        """Start nothing yet: no worker is needed before the first unit."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: "TracebackType | None",
    ) -> None:
        """Let go of the workers; at once if the block was left by an error."""
        self.stop(error or ExecutionError("the batch is over"))
        self._stack.__exit__(kind, error, trace)

    def stop(self, fault: BaseException) -> None:
        """Let every point that waits for a place or a unit end with an error.

        Parameters
        ----------
        fault
            The error.
        """
        with self._changed:
            self.fault = self.fault or fault
            client, self._client = self._client, None
            self._changed.notify_all()
        if client is not None and client.status == "running":
            units: list[Future[object]] = [Future(key, client) for key in list(client.futures)]
            with suppress(OSError, TimeoutError):  # a scheduler that is gone has lost them all
                client.cancel(units)  # type: ignore[no-untyped-call]

    def of_point(self, number: int) -> "Connect":
        """Return what `pipelines.execute.execute` takes as ``connect`` for one point.

        Parameters
        ----------
        number
            Of the point; lower ones come first.
        """
        used = [0]

        @contextmanager
        def connect(n_units: int, folder: Path) -> Iterator[Client]:
            client, used[0] = self._reach(used[0])
            places = PointPlaces(self, number, used[0])
            try:
                yield cast("Client", _PointClient(client, places))
            finally:
                places.give_back()

        return connect

    def _reach(self, used: int) -> tuple[Client, int]:
        """Return the client; a point that asks again for the one it used has lost its workers."""
        with self._changed:
            while True:
                self._refuse()
                is_alive = self._client is not None and self._client.status == "running"
                if is_alive and used < self._n_generation and not self._is_wanted:
                    return cast("Client", self._client), self._n_generation
                if not self._is_wanted:
                    self._is_wanted = True
                    self._ask(self.serve)
                self._changed.wait()

    def serve(self) -> None:
        """Start workers if they are wanted, in the place of those that are lost.

        Raises
        ------
        ExecutionError
            If none can be had; every point that waits for them has the same error.
        """
        with self._changed:
            if not self._is_wanted or self.fault is not None:
                return
            self._client = None
        self._stack.close()
        try:
            client = self._started()
        except BaseException as error:
            with self._changed:
                self.fault = error
                self._changed.notify_all()
            raise
        with self._changed:
            self._client = client
            self._n_generation += 1
            self._in_flight.clear()
            self._has_gaps = self._is_wanted = False
            self._known = set(client.nthreads()) if self._are_named else set()  # type: ignore[no-untyped-call]
            self._free = deque(sorted(self._known) or [""] * self._n_workers)
            self._changed.notify_all()

    def _started(self) -> Client:
        for _ in range(_N_STARTS - 1):
            with suppress(ClusterStartError):
                return self._stack.enter_context(self._connect(self._n_workers, self._root))
        return self._stack.enter_context(self._connect(self._n_workers, self._root))

    def _refuse(self) -> None:
        if self.fault is not None:
            raise self.fault

    def take(self, number: int, generation: int, n_wanted: int) -> list[str]:
        """Return places for units of a point; waits for one if it has no unit in flight.

        Parameters
        ----------
        number
            Of the point.
        generation
            Of the workers that it uses.
        n_wanted
            Units that it has.

        Returns
        -------
        Names of workers, empty where Dask chooses; nothing if the workers are lost.
        """
        with self._changed:
            self._waiting.add(number)
            since = time.monotonic()
            try:
                while True:
                    self._refuse()
                    if generation != self._n_generation or n_wanted < 1:
                        return []
                    self._look_for_fresh()
                    is_next = min(self._waiting) == number
                    if is_next and self._free:
                        n_taken = min(n_wanted, len(self._free))
                        self._in_flight[number] += n_taken
                        return [self._free.popleft() for _ in range(n_taken)]
                    if self._in_flight[number]:
                        return []
                    if self._in_flight.total():
                        since = time.monotonic()
                    elif is_next and time.monotonic() - since > _FRESH_S:
                        return []
                    self._changed.wait(_LOOK_S if self._has_gaps else None)
            finally:
                self._waiting.discard(number)
                self._changed.notify_all()

    def _look_for_fresh(self) -> None:
        """Let workers join that were started in the place of dead ones."""
        if self._has_gaps and self._client is not None:
            fresh = set(self._client.nthreads()) - self._known  # type: ignore[no-untyped-call]
            self._known |= fresh
            self._free.extend(sorted(fresh))
            self._has_gaps = len(self._free) + self._in_flight.total() < self._n_workers

    def put_back(self, number: int, generation: int, worker: str, *, is_lost: bool) -> None:
        """Take a place back.

        Parameters
        ----------
        number
            Of the point.
        generation
            Of the workers that it uses.
        worker
            Name of the worker, as it was given.
        is_lost
            Whether the worker died.
        """
        with self._changed:
            if generation != self._n_generation:
                return
            self._in_flight[number] -= 1
            if is_lost and self._are_named:
                self._has_gaps = True
            else:
                self._free.append(worker)
            self._changed.notify_all()


class PointPlaces:
    """The places of one point, in the form that `pipelines.execute` asks workers for.

    Parameters
    ----------
    shared
        The workers of the batch.
    number
        Of the point.
    generation
        Of the workers.

    Examples
    --------
    >>> PointPlaces.__name__  # run by tests/pipelines/test_batch_workers.py
    'PointPlaces'
    """

    patience_s = 1.0
    """How long to wait before `take` is asked again: other points free places [s]."""

    def __init__(self, shared: SharedWorkers, number: int, generation: int) -> None:
        self._shared, self._number, self._generation = shared, number, generation
        self._held: list[str] = []
        self._is_lost = False

    def take(self, n_wanted: int) -> list[str]:
        """Return places for units; waits for one if no unit of the point is in flight."""
        if self._is_lost:
            return []
        taken = self._shared.take(self._number, self._generation, n_wanted)
        self._held += taken
        return taken

    def note(self, loss: str, worker: str) -> None:
        """Note what was lost with a unit: ``nothing``, ``worker`` or ``cluster``."""
        self._is_lost = self._is_lost or loss == "cluster"
        self._held.remove(worker)
        self._shared.put_back(self._number, self._generation, worker, is_lost=loss == "worker")

    def give_back(self) -> None:
        """Give back the places of units that nobody waits for any more."""
        for worker in self._held:
            self._shared.put_back(self._number, self._generation, worker, is_lost=False)
        self._held.clear()


class _PointClient:
    """The client of all points, with the places of one."""

    def __init__(self, client: Client, places: PointPlaces) -> None:
        self._client = client
        self.places = places

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever a client has
        return getattr(self._client, name)


@contextmanager
def own_workers(n_workers: int, root: Path) -> Iterator[Client]:
    """Start workers on this machine under our settings, which hold for as long as they live.

    Parameters
    ----------
    n_workers
        Worker processes.
    root
        Existing folder for what they leave while they live.

    Examples
    --------
    >>> own_workers.__name__  # run by tests/pipelines/test_batch.py: it starts processes
    'own_workers'
    """
    with dask.config.set(DASK_SETTINGS), local_cluster(n_workers, root) as client:
        yield client
