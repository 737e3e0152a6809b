"""A unit that never comes back: how long is too long, and how its worker is replaced.

A unit may take `N_TIMES` as long as the longest that is finished, `LEAST_LIMIT_S` at least, and
`FIRST_LIMIT_S` where none is; or what the user allows. Only time that the driver saw pass counts,
by the monotonic clock: a driver that was stopped or asleep blames nobody for it.
"""

import math
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from distributed import CancelledError
from distributed.client import ClosedClientError

from pipelines.errors import InputError

if TYPE_CHECKING:
    from distributed import Client

__all__ = [
    "FIRST_LIMIT_S",
    "LEAST_LIMIT_S",
    "LOST_SCHEDULER",
    "N_TIMES",
    "Watch",
    "check_unit_timeout",
    "replace_worker",
    "time_limit",
]

N_TIMES = 20
"""How often the longest finished unit fits into the limit: arms and nodes differ by less."""
LEAST_LIMIT_S = 600.0
"""Shortest limit that is not asked for [s]: a compiler, a cold file system, a busy node."""
FIRST_LIMIT_S = 86_400.0
"""Limit while nothing is known of how long a unit takes [s]."""

LOST_SCHEDULER = (
    *(OSError, ValueError, RuntimeError, TimeoutError, KeyError, AttributeError),
    *(CancelledError, ClosedClientError),
)
"""What a client raises whose scheduler or worker is gone; a closed client misses attributes."""

_LOOKS = 10  # in a limit: a hanging unit is noticed at most a tenth of it late
_LEAST_PACE_S = 0.1
_MOST_PACE_S = 15.0
_REPLACE_S = 60.0


def check_unit_timeout(seconds: float | None) -> None:
    """Refuse what cannot be a time limit.

    Parameters
    ----------
    seconds
        Time that a unit may take [s]; None for the usual limit.

    Raises
    ------
    InputError
        If it is not a number greater than zero.

    Examples
    --------
    >>> check_unit_timeout(90.0)
    >>> check_unit_timeout(0.0)
    Traceback (most recent call last):
    ...
    pipelines.errors.InputError: --unit-timeout: 0 s; more than 0 s is allowed. Leave it out to ...
    """
    if seconds is not None and not (seconds > 0 and math.isfinite(seconds)):
        raise InputError(
            f"--unit-timeout: {seconds:g} s; more than 0 s is allowed. Leave it out to allow "
            f"{N_TIMES} times the longest unit, {LEAST_LIMIT_S:.0f} s at least."
        )


def time_limit(finished_s: Iterable[float], asked_s: float | None = None) -> float:
    """Return how long a unit may take [s].

    Parameters
    ----------
    finished_s
        What the finished units took [s].
    asked_s
        The limit that the user gives [s].

    Examples
    --------
    >>> time_limit([2.0, 90.0]), time_limit([2.0]), time_limit([]), time_limit([90.0], 5.0)
    (1800.0, 600.0, 86400.0, 5.0)
    """
    if asked_s is not None:
        return asked_s
    longest = max(finished_s, default=None)
    return FIRST_LIMIT_S if longest is None else max(N_TIMES * longest, LEAST_LIMIT_S)


@dataclass(slots=True, kw_only=True)
class Watch:
    """How long each unit has been with the worker that has it now.

    Parameters
    ----------
    pace_s
        Time between two looks [s].
    clock
        Returns the time [s].

    Examples
    --------
    >>> now = iter([0.0, 1.0, 900.0]).__next__
    >>> watch = Watch(pace_s=1.0, clock=now)
    >>> watch.look({"a": "w1"}), watch.look({"a": "w1", "b": "w2"})
    ({'a': 0.0}, {'a': 1.0, 'b': 0.0})
    >>> watch.look({"a": "w1", "b": "w2"})  # this process slept for most of the 899 s
    {'a': 3.0, 'b': 2.0}
    """

    pace_s: float = _MOST_PACE_S
    clock: Callable[[], float] = time.monotonic
    _ages: dict[str, tuple[str, float]] = field(default_factory=dict)
    _looked: float | None = None

    def set_pace(self, limit_s: float) -> None:
        """Look often enough for a limit.

        Examples
        --------
        >>> watch = Watch()
        >>> watch.set_pace(2.0)
        >>> watch.pace_s
        0.2
        """
        self.pace_s = min(max(limit_s / _LOOKS, _LEAST_PACE_S), _MOST_PACE_S)

    @property
    def is_due(self) -> bool:
        """Whether it is time to look."""
        return self._looked is None or self.clock() - self._looked >= self.pace_s

    def look(self, workers: Mapping[str, str]) -> dict[str, float]:
        """Return how long units have been where they are [s].

        Parameters
        ----------
        workers
            The worker of each unit; those that wait in the scheduler have none.
        """
        now = self.clock()
        passed = 0.0 if self._looked is None else min(now - self._looked, 2 * self.pace_s)
        self._looked = now
        before = self._ages
        self._ages = {}
        for unit, worker in workers.items():
            was, age = before.get(unit, ("", 0.0))
            self._ages[unit] = (worker, age + passed if was == worker else 0.0)
        return {unit: age for unit, (_, age) in self._ages.items()}


def replace_worker(client: "Client", worker: str) -> None:
    """Kill a worker whose unit hangs; its nanny starts another, without nanny it has to leave.

    Parameters
    ----------
    client
        Of its scheduler.
    worker
        Its address.

    Notes
    -----
    Returns after a minute at most where neither helps: then the next unit that this worker is
    given is told of as hanging as well.

    Examples
    --------
    >>> replace_worker.__name__  # run by tests/pipelines/test_lost_workers.py: it needs a worker
    'replace_worker'
    """
    try:
        client.restart_workers([worker], timeout=_REPLACE_S, raise_for_error=False)
    except LOST_SCHEDULER:
        # without nanny, or gone since: nothing that another attempt would mend
        with suppress(*LOST_SCHEDULER):
            client.retire_workers([worker], close_workers=True)
