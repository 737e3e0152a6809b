"""A worker that died: whether its unit killed it, or the place where it ran went away.

Beside every worker of `dask worker` lives its nanny, in the same job on the same node. A unit that
runs out of memory takes the worker and leaves the nanny, which starts another worker. A job that is
preempted or out of walltime, and a node that is lost, take both; a nanny that was told to end
(SIGTERM) listens no more. So a unit is blamed for the death of a worker only if its nanny listens
on. What takes whole jobs with it may still be the unit, so it is forgiven `N_DEPARTURES` times.
"""

import socket
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from distributed import KilledWorker

__all__ = ["N_DEPARTURES", "Places", "is_listening"]

N_DEPARTURES = 5
"""Departures of its worker for which a unit is not blamed; from then on each is a failure."""

_CONNECT_S = 2.0
_GRACE_S = 2.0  # where a whole job gets SIGTERM, the worker may end a moment before its nanny
_LOOK_S = 0.25
_FORGET_S = 60.0


def is_listening(address: str, timeout_s: float = _CONNECT_S) -> bool | None:
    """Return whether a process listens at an address; None if its machine does not answer.

    Parameters
    ----------
    address
        ``tcp://host:port`` or ``tls://host:port``; anything else counts as listening.
    timeout_s
        How long the machine may take [s].

    Examples
    --------
    >>> with socket.create_server(("127.0.0.1", 0)) as server:
    ...     address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
    ...     is_listening(address)
    True
    >>> is_listening(address)
    False
    """
    scheme, _, place = address.partition("://")
    host, _, port = place.rpartition(":")
    if scheme not in ("tcp", "tls") or not port.isdecimal():
        return True
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=timeout_s).close()
    except ConnectionRefusedError:
        return False
    except OSError:
        return None
    return True


class Places:
    """Tells workers that their unit killed from those that left with the place they ran in.

    Parameters
    ----------
    grace_s
        How long a nanny that listens is looked at [s].

    Examples
    --------
    >>> Places().grace_s > 0
    True
    """

    def __init__(self, grace_s: float = _GRACE_S) -> None:
        self.grace_s = grace_s
        self._silent: dict[str, float] = {}

    def is_gone(self, error: "KilledWorker") -> bool:
        """Return whether a dead worker left with its nanny; without nanny nothing tells, so no.

        Parameters
        ----------
        error
            What Dask says of the worker.

        Examples
        --------
        >>> Places.is_gone.__name__  # run by tests/pipelines/test_lost_workers.py
        'is_gone'
        """
        nanny = error.last_worker.nanny
        if not nanny:
            return False
        host = nanny.rpartition(":")[0]
        if time.monotonic() - self._silent.get(host, -_FORGET_S) < _FORGET_S:
            return True  # all workers of a lost node come at once: one wait is enough for them
        until = time.monotonic() + self.grace_s
        while found := is_listening(nanny):
            if time.monotonic() > until:
                return False
            time.sleep(_LOOK_S)
        if found is None:
            self._silent[host] = time.monotonic()
        return True
