"""Ctrl-C and SIGTERM become one error that is raised once."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from pipelines.errors import InterruptedRunError

__all__ = ["interruptible"]


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
