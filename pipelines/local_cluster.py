"""The workers of this machine: a Dask cluster of its own processes, and how it ends.

A cluster is let go of however its block ends, and what its workers left on the disk with it.
"""

import logging
import multiprocessing
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from multiprocessing.process import BaseProcess
from pathlib import Path

from distributed import Client, LocalCluster

from pipelines.errors import ExecutionError
from pipelines.files import TEMPORARY_PREFIX
from pipelines.worker import WORKER_ENVIRONMENT

__all__ = [
    "DASK_SETTINGS",
    "ClusterStartError",
    "Connect",
    "local_cluster",
    "quiet_dask",
]

_CLOSE_S = 5
_START_S = 120

DASK_SETTINGS: Mapping[str, object] = {
    "distributed.scheduler.allowed-failures": 0,
    # without it, a cluster that lost its workers waits for ever
    "distributed.scheduler.no-workers-timeout": "60s",
    "distributed.scheduler.work-stealing": False,
    # counted by the wall clock: one that is set forward would look like workers that are silent;
    # a local worker that dies is noticed by its nanny
    "distributed.scheduler.worker-ttl": None,
    "distributed.worker.daemon": True,
    # samples every thread of driver and workers a hundred times a second; nobody looks at it
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "500ms",
    "distributed.admin.log-format": "%(message)s",
    "distributed.nanny.pre-spawn-environ": dict(WORKER_ENVIRONMENT),
}
"""What must hold for as long as a cluster lives."""

Connect = Callable[[int, Path], AbstractContextManager[Client]]
"""Gives a client with workers for a number of units, for as long as its block lasts."""


class ClusterStartError(ExecutionError):
    """A worker died while its cluster started; another cluster may do better.

    Examples
    --------
    >>> issubclass(ClusterStartError, ExecutionError)
    True
    """


@contextmanager
def local_cluster(n_workers: int, folder: Path) -> Iterator[Client]:
    """Start workers on this machine, and let go of them however the block ends.

    Parameters
    ----------
    n_workers
        Worker processes, of one thread each.
    folder
        Existing folder for what they leave while they live.

    Returns
    -------
    A client, within the block.

    Raises
    ------
    ClusterStartError
        If a worker dies while it starts.
    ExecutionError
        If workers do not come.

    Examples
    --------
    >>> local_cluster.__name__  # run by tests/pipelines/test_execute.py: it starts processes
    'local_cluster'
    """
    others = set(multiprocessing.active_children())
    with (
        # in the run folder, so that a resumed run removes what a killed one left
        tempfile.TemporaryDirectory(
            prefix=f"{TEMPORARY_PREFIX}dask-", dir=folder, ignore_cleanup_errors=True
        ) as scratch,
        quiet_dask(),
    ):
        try:
            cluster = LocalCluster(  # type: ignore[no-untyped-call]
                n_workers=n_workers,
                threads_per_worker=1,
                processes=True,
                dashboard_address="127.0.0.1:0",  # any free port: None still claims 8787
                scheduler_kwargs={"dashboard": False},
                local_directory=scratch,
                silence_logs=logging.CRITICAL,
            )
        except RuntimeError as error:
            _kill_workers(others)
            raise ClusterStartError(" ".join(str(error).split())) from error
        client = Client(cluster)  # type: ignore[no-untyped-call]
        try:
            _wait_for_workers(client, n_workers)
            yield client
        except BaseException:
            # whatever ended the block: nobody waits for a unit whose result nobody reads
            _kill_workers(others)
            raise
        finally:
            # a nanny that is starting a worker anew lets its cluster wait for longer than this
            with suppress(TimeoutError):
                client.close(timeout=_CLOSE_S)  # type: ignore[no-untyped-call]
            with suppress(TimeoutError):
                cluster.close(timeout=_CLOSE_S)
            _kill_workers(others)


def _wait_for_workers(client: Client, n_workers: int) -> None:
    try:
        client.wait_for_workers(n_workers, timeout=_START_S)
    except TimeoutError as error:
        raise ExecutionError(
            f"cluster: fewer than {n_workers} workers after {_START_S} s; all are needed. Look at "
            "the load and the memory of this machine, use fewer --workers, then run the same "
            "command again."
        ) from error


def _kill_workers(others: Iterable[BaseProcess]) -> None:
    """Kill the processes that this one started, but for those it had before."""
    for process in set(multiprocessing.active_children()).difference(others):
        process.kill()


@contextmanager
def quiet_dask() -> Iterator[None]:
    """Keep Dask's log of dying workers off the terminal; what matters is raised or reported.

    Examples
    --------
    >>> with quiet_dask():
    ...     logging.getLogger("distributed.client").isEnabledFor(logging.CRITICAL)
    False
    """
    roots = ("distributed", "tornado", "asyncio")
    # Dask gives some of its loggers levels of their own, which do not follow their parent's
    names = [name for name in logging.root.manager.loggerDict if name.split(".")[0] in roots]
    loggers = [logging.getLogger(name) for name in {*roots, *names}]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
