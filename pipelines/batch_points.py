"""The points of a batch, several of them open at once, each in a thread of its own.

What the driver does itself for a point (check, plan, write, tables, seal) is done for one point at
a time: it is Python and would run no faster side by side, and only one run's tables are in memory.
While a point waits for its units, another is prepared or written. The main thread hears signals
and starts workers; points tell it what they do through a queue.
"""

import json
import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING

from pipelines.batch_workers import SharedWorkers
from pipelines.cluster.workplaces import Workplace
from pipelines.origin import source_commit
from pipelines.provenance import library_versions
from pipelines.run_trial import prepare, run_trial
from pipelines.seal import SEAL
from pipelines.verify_files import check_files, read_receipts

if TYPE_CHECKING:
    from pipelines.batch_file import Point
    from pipelines.run_folder import RunFolder
    from pipelines.run_trial import Request
    from pipelines.shards import Receipt

__all__ = ["Driver", "PointEnd", "n_open", "reuse"]

_N_AHEAD = 2
_MOST_OPEN = 64
"""Threads; more points than this in flight would only wait for the driver."""
_END_S = 10.0
"""How long an interrupted batch waits for the tables that are being written [s]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PointEnd:
    """How a point ended.

    Parameters
    ----------
    point
        The point.
    error
        Why it failed; None if it is done.
    n_computed, n_reused
        Units that were computed now, and that were there.

    Examples
    --------
    >>> PointEnd.__dataclass_fields__["error"].default is None
    True
    """

    point: "Point"
    error: BaseException | None = None
    n_computed: int = 0
    n_reused: int = 0


def n_open(n_workers: int, n_units: int) -> int:
    """Return how many points must be open at once to keep all workers busy.

    Parameters
    ----------
    n_workers
        Units in flight at most.
    n_units
        Units of a point.

    Examples
    --------
    >>> n_open(2, 4), n_open(100, 4), n_open(8, 1000)
    (3, 27, 3)
    """
    return min(math.ceil(n_workers / max(n_units, 1)) + _N_AHEAD, _MOST_OPEN)


class Driver:
    """Runs points, several at once, and calls back from the thread that it was started in.

    Parameters
    ----------
    request_of
        Gives what is asked for of a point.
    begin
        Called with every point before it runs.
    end
        Called with how every point ended.
    report
        Called with every finished unit, and whether it was there before.

    Examples
    --------
    >>> Driver.__name__  # run by tests/pipelines/test_batch.py: it starts processes
    'Driver'
    """

    def __init__(
        self,
        *,
        request_of: "Callable[[Point], Request]",
        begin: "Callable[[Point], None]",
        end: Callable[[PointEnd], None],
        report: "Callable[[Receipt, bool], None]",
    ) -> None:
        self._request_of, self._begin, self._end = request_of, begin, end
        self._report = report
        self._events: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._lock = threading.Lock()  # held by the point whose Python runs

    def run(
        self, points: "Iterable[Point]", place: Workplace, n_threads: int, workers: SharedWorkers
    ) -> None:
        """Run points until all have ended.

        Parameters
        ----------
        points
            The points, in their order.
        place
            Where the units are computed.
        n_threads
            Points that are open at once.
        workers
            The workers of all points; asks with `wake`.

        Raises
        ------
        ExecutionError
            If no workers can be had.
        InterruptedRunError
            On Ctrl-C or SIGTERM.
        """
        left = iter(points)
        n_running = [n_threads]
        threads = [
            threading.Thread(
                target=self._run_some,
                args=(left, place, workers, n_running),
                name=f"batch-{number}",
                daemon=True,
            )
            for number in range(n_threads)
        ]
        for thread in threads:
            thread.start()
        try:
            while n_running[0]:
                self._events.get()()
        except BaseException as error:
            workers.stop(error)
            end = time.monotonic() + _END_S
            for thread in threads:
                thread.join(max(end - time.monotonic(), 0))
            raise

    def wake(self, serve: Callable[[], None]) -> None:
        """Let the main thread call a function."""
        self._events.put(serve)

    def _run_some(
        self,
        left: "Iterator[Point]",
        place: Workplace,
        workers: SharedWorkers,
        n_running: list[int],
    ) -> None:
        def leave() -> None:
            n_running[0] -= 1

        while True:
            with self._lock:
                point = None if workers.fault is not None else next(left, None)
                if point is None:
                    self._events.put(leave)
                    return
                self._events.put(partial(self._begin, point))
                ended = self._run_point(point, place, workers)
            if ended is not None:
                self._events.put(partial(self._end, ended))

    def _run_point(
        self, point: "Point", place: Workplace, workers: SharedWorkers
    ) -> PointEnd | None:
        """Run one point, the lock held but while its units are computed; None if all stops."""
        try:
            request = self._request_of(point)
            n_there = reuse(request)
            if n_there is not None:
                return PointEnd(point=point, n_reused=n_there)
            asked = replace(request, open_workplace=self._open(point, place, workers))
            done = run_trial(asked, self._tell_unit).execution
        except BaseException as error:  # noqa: BLE001 - whatever it is, the others go on
            return None if workers.fault is not None else PointEnd(point=point, error=error)
        return PointEnd(point=point, n_computed=done.n_computed, n_reused=done.n_reused)

    def _tell_unit(self, receipt: "Receipt", was_there: bool) -> None:  # noqa: FBT001 - see `Report`
        self._events.put(partial(self._report, receipt, was_there))

    def _open(
        self, point: "Point", place: Workplace, workers: SharedWorkers
    ) -> "Callable[[RunFolder, int], AbstractContextManager[Workplace]]":
        @contextmanager
        def opened(folder: "RunFolder", n_units: int) -> Iterator[Workplace]:
            self._lock.release()
            try:
                yield Workplace(
                    connect=workers.of_point(point.number),
                    n_workers=place.n_workers,
                    note_progress=lambda: self._events.put(place.note_progress),
                )
            finally:
                self._lock.acquire()

        return opened


def reuse(request: "Request") -> int | None:
    """Return how many units a finished run has that need not be looked at again.

    Parameters
    ----------
    request
        What is asked for.

    Returns
    -------
    None if the run has to be run or resumed: it is not sealed, a file of it is damaged, or it was
    made by another version or by sources with changes that no commit names.

    Raises
    ------
    InputError
        If the folder was begun with something else.

    Examples
    --------
    >>> reuse.__name__  # run by tests/pipelines/test_batch.py: it needs a run
    'reuse'
    """
    if not (request.out / SEAL).is_file():
        return None
    folder = prepare(request).folder
    try:
        found = json.loads(folder.provenance.read_text(encoding="utf-8"))
        by_us = (source_commit(), library_versions()) == (found["commit"], found["versions"])
    except (OSError, ValueError, TypeError, KeyError):
        return None
    findings, is_sealed = check_files(folder)
    is_whole = is_sealed and by_us and not source_commit().endswith(", changed")
    if not is_whole or any(finding.is_fault for finding in findings):
        return None
    return len(read_receipts(folder))
