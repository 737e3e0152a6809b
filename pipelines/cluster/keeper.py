"""Keep the wanted number of worker jobs alive, as often as it helps.

dask-jobqueue never replaces a job that ended, so this small loop does: look at the queue, submit
what is missing, count what was lost. Scheduling, data movement and retries stay Dask's. It gives
up when jobs end again and again with no unit done in between, and says what the last one wrote.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Mapping

from pipelines.errors import ExecutionError

__all__ = ["Keeper"]

_GRACE_S = 5.0  # a job that was just submitted may not be listed yet
_N_REFUSALS = 3


class Keeper:
    """Compares the jobs that are alive with the number that is wanted.

    Parameters
    ----------
    submit
        Submits one job and returns its number.
    alive
        Returns ``queued`` or ``running`` by number of the jobs.
    cancel
        Cancels jobs by number.
    wanted
        Returns how many jobs are wanted now.
    n_replacements
        How often each wanted job may be replaced before another unit is done.
    poll_s
        Time between two looks [s].
    release
        Lets go of the workers of at most so many jobs that have nothing to do, and returns the
        numbers of these jobs.
    hint
        Returns what the last job wrote, for the message.
    is_cancelled
        Whether somebody wants the run to end.
    on_failure
        Called when the keeper has given up, and at every look from then on.
    clock
        Returns the time [s].

    Examples
    --------
    >>> queue = {}
    >>> def submit():
    ...     number = str(len(queue) + 1)
    ...     queue[number] = "running"
    ...     return number
    >>> keeper = Keeper(
    ...     submit=submit, alive=lambda: queue, cancel=queue.pop, wanted=lambda: 2,
    ...     n_replacements=1, poll_s=1.0,
    ... )
    >>> keeper.look()
    >>> sorted(queue), keeper.n_submitted
    (['1', '2'], 2)
    """

    def __init__(
        self,
        *,
        submit: Callable[[], str],
        alive: Callable[[], Mapping[str, str]],
        cancel: Callable[[Iterable[str]], object],
        wanted: Callable[[], int],
        n_replacements: int,
        poll_s: float,
        release: Callable[[int], Iterable[str]] = lambda n_jobs: (),
        hint: Callable[[], str] = lambda: "",
        is_cancelled: Callable[[], bool] = lambda: False,
        on_failure: Callable[[], object] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.n_submitted = 0
        self.n_lost = 0
        self.failure: str | None = None
        self._submit, self._alive, self._cancel, self._wanted = submit, alive, cancel, wanted
        self._n_replacements, self._poll_s, self._hint = n_replacements, poll_s, hint
        self._release = release
        self.n_released = 0
        self._is_cancelled, self._on_failure, self._clock = is_cancelled, on_failure, clock
        self._born: dict[str, float] = {}
        self._n_lost_in_vain = 0
        self._n_refusals = 0
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def look(self) -> None:
        """Look once: submit what is missing, cancel what waits in vain.

        Raises
        ------
        ExecutionError
            If the very first job is refused.

        Examples
        --------
        >>> Keeper.look.__name__  # shown above
        'look'
        """
        if self.failure is not None:
            self._on_failure()  # again: what it ends may have begun since
            return
        if self._is_cancelled():
            self._give_up("the run was cancelled; the same command resumes it.")
            return
        try:
            listed = self._alive()
        except ExecutionError:
            return  # nothing is known of the jobs, so none is replaced
        now = self._clock()
        lost = [
            number
            for number, born in self._born.items()
            if number not in listed and now - born > _GRACE_S
        ]
        for number in lost:
            del self._born[number]
        self.n_lost += len(lost)
        self._n_lost_in_vain += len(lost)
        wanted = self._wanted()
        if self._n_lost_in_vain > self._n_replacements * max(wanted, 1):
            hint = self._hint()
            self._give_up(
                f"{self._n_lost_in_vain} worker jobs ended before another unit was done; jobs that "
                f"live are needed.{f' The last one wrote: {hint}' if hint else ''} "
                "Look at 'cohort logs', mend the profile, then run the same command again."
            )
            return
        missing = wanted - len(self._born)
        self._submit_all(missing, now)
        if missing < 0:
            self._give_back(-missing, listed)

    def _give_back(self, n_jobs: int, listed: Mapping[str, str]) -> None:
        """Cancel jobs that are not needed: those that wait first, then those that are idle."""
        waiting = [number for number in self._born if listed.get(number) == "queued"]
        for number in waiting[-n_jobs:]:
            self._cancel([number])
            del self._born[number]
            n_jobs -= 1
        if n_jobs < 1:
            return
        for number in self._release(n_jobs):
            with contextlib.suppress(ExecutionError):  # without its worker it ends by itself
                self._cancel([number])
            self._born.pop(number, None)
            self.n_released += 1

    def _submit_all(self, n_jobs: int, now: float) -> None:
        for _ in range(n_jobs):
            try:
                number = self._submit()
            except ExecutionError as error:
                if not self.n_submitted:
                    raise
                # limits of users and pauses of a queue pass; with no job left they may not
                self._n_refusals += 1
                if self._n_refusals >= _N_REFUSALS and not self._born:
                    self._give_up(str(error))
                return
            self._n_refusals = 0
            self.n_submitted += 1
            self._born[number] = now

    def note_progress(self) -> None:
        """Note that a unit is done: whatever was lost before was not in vain.

        Examples
        --------
        >>> Keeper.note_progress.__name__
        'note_progress'
        """
        self._n_lost_in_vain = 0

    def _give_up(self, reason: str) -> None:
        self.failure = reason
        self._on_failure()

    def start(self) -> None:
        """Look now, then every ``poll_s`` in a thread of its own until `stop`.

        Raises
        ------
        ExecutionError
            If the very first job is refused.

        Examples
        --------
        >>> Keeper.start.__name__
        'start'
        """
        self.look()
        self._thread = threading.Thread(target=self._watch, name="keeper", daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._stop.wait(self._poll_s):
            self.look()

    def stop(self) -> None:
        """Submit no more, and cancel every job.

        Examples
        --------
        >>> Keeper.stop.__name__
        'stop'
        """
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        # those that are known are cancelled anyway; a worker without scheduler leaves by itself
        with contextlib.suppress(ExecutionError):
            self._born.update(dict.fromkeys(self._alive(), 0.0))
        with contextlib.suppress(ExecutionError):
            self._cancel(list(self._born))
        self._born.clear()
