"""The end of a driver's walltime, known to the driver before the batch system acts on it.

A job's script says how much time is left when Python starts (the shell's own ``SECONDS``, so no
clock can jump) and how early the driver is to close. Half of that notice is for units in flight:
no more are handed out. At its other half the driver is interrupted, with SIGUSR1, which Slurm
sends as well (``--signal``) should its limit end earlier than the profile says.
"""

import os
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from pipelines.errors import InputError, WalltimeError

__all__ = [
    "NOTICE_VARIABLE",
    "TIME_LEFT_VARIABLE",
    "Deadline",
    "read_deadline",
    "stopped_in_time",
]

TIME_LEFT_VARIABLE = "COHORT_TIME_LEFT"
"""Variable with the seconds that a driver has left when it starts."""
NOTICE_VARIABLE = "COHORT_NOTICE"
"""Variable with the seconds before its end at which a driver begins to close."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """When a driver hands out no more units, and when it must close; by `time.monotonic` [s].

    Examples
    --------
    >>> Deadline(soft=0.0, hard=1.0).is_near
    True
    """

    soft: float
    hard: float

    @property
    def is_near(self) -> bool:
        """Whether no more units are to be handed out."""
        return time.monotonic() >= self.soft

    @property
    def left_s(self) -> float:
        """Time until the driver must close [s], not negative."""
        return max(self.hard - time.monotonic(), 0.0)


def read_deadline(environment: Mapping[str, str] | None = None) -> Deadline | None:
    """Return the deadline that the script of this job set; None outside of such a job.

    Parameters
    ----------
    environment
        Variables; those of this process if left out.

    Raises
    ------
    InputError
        If a variable is no number of seconds.

    Examples
    --------
    >>> read_deadline({}) is None
    True
    >>> found = read_deadline({"COHORT_TIME_LEFT": "3600", "COHORT_NOTICE": "300"})
    >>> found.hard - found.soft
    150.0
    """
    found = os.environ if environment is None else environment
    if TIME_LEFT_VARIABLE not in found:
        return None
    left, notice = (_seconds(found, name) for name in (TIME_LEFT_VARIABLE, NOTICE_VARIABLE))
    now = time.monotonic()
    return Deadline(soft=now + left - notice, hard=now + left - notice / 2)


def _seconds(environment: Mapping[str, str], name: str) -> int:
    text = environment.get(name, "")
    try:
        return int(text)
    except ValueError as error:
        raise InputError(
            f"{name}: '{text}'; whole seconds are allowed, as 'cohort submit' writes them. "
            f"Unset {TIME_LEFT_VARIABLE} outside of its jobs."
        ) from error


@contextmanager
def stopped_in_time(deadline: Deadline) -> Iterator[None]:
    """Raise a `WalltimeError` in the block at the deadline, or at SIGUSR1 before it.

    Parameters
    ----------
    deadline
        Of this process.

    Notes
    -----
    Once the block has ended, SIGUSR1 is ignored: what is sent a moment later must not kill a driver
    that closes. Only the main thread gets signals; in any other this does nothing.

    Examples
    --------
    >>> try:
    ...     with stopped_in_time(Deadline(soft=0.0, hard=0.0)):
    ...         time.sleep(60)
    ... except WalltimeError as error:
    ...     print(error)
    walltime
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        raise WalltimeError

    signal.signal(signal.SIGUSR1, stop)
    timer = threading.Timer(deadline.left_s, os.kill, (os.getpid(), signal.SIGUSR1))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        timer.cancel()
