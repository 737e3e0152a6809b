"""Where units are computed: this machine, a scheduler that runs, or jobs of a batch system.

A workplace gives the driver one thing, a client for a number of units; `pipelines.execute` does
the rest and does not know where it is. What a workplace holds (scheduler, jobs, certificates) is
let go of when its block ends, however it ends.
"""

import math
import re
import socket
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import dask
import psutil
from distributed import CancelledError, Client, Future, LocalCluster, wait
from distributed.utils import get_ip

from pipelines.cluster.certificates import certificates, security_of
from pipelines.cluster.keeper import Keeper
from pipelines.cluster.same_program import PLUGIN, SameProgram
from pipelines.cluster.scripts import render, worker_command
from pipelines.cluster.systems import BatchJob, alive_jobs, cancel_jobs, submit_script
from pipelines.errors import ExecutionError, InputError, WalltimeError
from pipelines.local_cluster import quiet_dask
from pipelines.plan import code_versions
from pipelines.time_limit import LOST_SCHEDULER

if TYPE_CHECKING:
    from distributed.scheduler import WorkerState

    from pipelines.cluster.profile import Profile
    from pipelines.cluster.walltime import Deadline
    from pipelines.local_cluster import Connect
    from pipelines.run_folder import RunFolder

__all__ = [
    "CANCELLED",
    "CLUSTER",
    "OpenWorkplace",
    "Workplace",
    "check_address",
    "jobs_wanted",
    "open_jobs",
    "open_scheduler",
    "private_folder",
    "this_machine",
    "worker_job",
]

CLUSTER = "cluster"
"""Folder of scripts and logs in a run folder."""
CANCELLED = "cancelled"
"""File in it that tells a driver to stop."""

_CLOSE_S = 5
_OWNER_ONLY = 0o700
_CONNECT_S = 30
_FIRST_WORKER_S = 60
_LOOK_S = 1.0
_N_TRIES = 5
_RETRY_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Workplace:
    """Where units are computed.

    Parameters
    ----------
    connect
        Gives a client; None for workers on this machine.
    n_workers
        Units in flight at most; None for what was asked for.
    note_progress
        Called with every finished unit.

    Examples
    --------
    >>> Workplace().connect is None
    True
    """

    connect: "Connect | None" = None
    n_workers: int | None = None
    note_progress: Callable[[], None] = lambda: None


OpenWorkplace = Callable[["RunFolder", int], AbstractContextManager[Workplace]]
"""Opens a workplace for a held run folder and its number of units."""


@contextmanager
def this_machine(folder: "RunFolder", n_units: int) -> Iterator[Workplace]:
    """Yield the workplace of workers on this machine, which `pipelines.execute` starts itself.

    Examples
    --------
    >>> from pipelines.run_folder import RunFolder
    >>> with this_machine(RunFolder(Path("no/folder")), 4) as place:
    ...     place.n_workers is None
    True
    """
    yield Workplace()


@contextmanager
def open_scheduler(
    folder: "RunFolder",
    n_units: int,
    *,
    address: str,
    tls_files: Mapping[str, Path] | None = None,
    n_workers: int | None = None,
) -> Iterator[Workplace]:
    """Yield the workplace of a scheduler that runs already.

    Parameters
    ----------
    folder
        The run folder; its workers must see it.
    n_units
        Units of the run.
    address
        ``tcp://host:port``, or ``tls://host:port`` with ``tls_files``.
    tls_files
        ``ca``, ``cert`` and ``key``.
    n_workers
        Units in flight at most; None for the threads of the workers that are there.

    Raises
    ------
    InputError
        If the address cannot be one.
    ExecutionError
        If nobody answers, or no worker is there.

    Notes
    -----
    How often a task may lose its worker is the scheduler's own setting
    (``distributed.scheduler.allowed-failures``). A minute without any worker ends the run.

    Examples
    --------
    >>> open_scheduler.__name__  # run by tests/pipelines/cluster/test_workplaces.py
    'open_scheduler'
    """
    check_address(address, has_tls=tls_files is not None)
    with _checked_folder(folder) as mark, quiet_dask():
        with _client(address, tls_files) as client:
            n_threads = _wait_for_worker(client, _FIRST_WORKER_S, lambda: None)
            _admit_same_program(client, mark)

        @contextmanager
        def connect(n_workers: int, root: Path) -> Iterator[Client]:
            with _client(address, tls_files) as client:
                _wait_for_worker(client, _FIRST_WORKER_S, lambda: None)
                # again: the scheduler may be another one, started after the first was lost
                _admit_same_program(client, mark)
                with _watched(client, _FIRST_WORKER_S):
                    yield client

        try:
            yield Workplace(connect=connect, n_workers=n_workers or n_threads)
        finally:
            _unregister(address, tls_files)


def check_address(address: str, *, has_tls: bool) -> None:
    """Refuse what cannot be the address of a scheduler.

    Raises
    ------
    InputError
        Saying what is allowed.

    Examples
    --------
    >>> check_address("10.0.0.1:8786", has_tls=False)
    Traceback (most recent call last):
    ...
    pipelines.errors.InputError: --scheduler: '10.0.0.1:8786'; tcp://HOST:PORT or tls://HOST:PORT \
is allowed. Write tcp://10.0.0.1:8786.
    """
    found = re.fullmatch(r"(tcp|tls)://(\[[0-9a-fA-F:]+\]|[\w.-]+):(\d{1,5})", address)
    if found is None:
        tail = address.rpartition("/")[2] or "10.0.0.1:8786"
        tail = tail if ":" in tail else f"{tail}:8786"
        raise InputError(
            f"--scheduler: '{address}'; tcp://HOST:PORT or tls://HOST:PORT is allowed. "
            f"Write {'tls' if has_tls else 'tcp'}://{tail}."
        )
    if (found[1] == "tls") != has_tls:
        raise InputError(
            f"--scheduler: '{address}' {'without' if found[1] == 'tls' else 'with'} the options "
            "--tls-ca, --tls-cert and --tls-key; tls:// needs all three, tcp:// none. "
            "Correct the address or the options."
        )


@contextmanager
def open_jobs(
    folder: "RunFolder",
    n_units: int,
    *,
    profile: "Profile",
    name: str,
    deadline: "Deadline | None" = None,
) -> Iterator[Workplace]:
    """Yield the workplace of worker jobs, with a scheduler in this process.

    Parameters
    ----------
    folder
        The run folder; every node must see it.
    n_units
        Units of the run.
    profile
        The cluster.
    name
        Name of the worker jobs in the queue.
    deadline
        When no more units are handed out.

    Raises
    ------
    ExecutionError
        If jobs are refused, end again and again, or none starts in time.
    WalltimeError
        From the first unit that is done after the deadline, once those in flight are done.

    Notes
    -----
    Nothing is started or submitted before the first unit needs a worker.

    Examples
    --------
    >>> open_jobs.__name__  # run by tests/slurm: it needs a batch system
    'open_jobs'
    """
    left = [n_units]
    failing: list[Callable[[], None]] = []
    clients: list[Client] = []
    with ExitStack() as stack:
        started: list[tuple[LocalCluster, Keeper]] = []

        def start(root: Path) -> tuple[LocalCluster, Keeper]:
            if not started:
                mark = stack.enter_context(_checked_folder(folder))
                private = private_folder(folder)
                files = stack.enter_context(certificates(profile, private))
                stack.enter_context(quiet_dask())
                cluster = stack.enter_context(_scheduler(profile, files))
                with Client(cluster) as client:  # type: ignore[no-untyped-call]
                    _admit_same_program(client, mark)
                keeper = _keeper(cluster, profile, files, private, name, left, failing)
                stack.callback(keeper.stop)
                keeper.start()
                started.append((cluster, keeper))
            return started[0]

        @contextmanager
        def connect(n_workers: int, root: Path) -> Iterator[Client]:
            cluster, keeper = start(root)
            client = Client(cluster)  # type: ignore[no-untyped-call]
            clients[:] = [client]
            try:
                _wait_for_worker(client, profile.no_workers_timeout, lambda: keeper.failure)
                # a keeper that gives up ends the wait for units that nobody will compute
                failing[:] = [lambda: _cancel_all(client)]
                yield client
            finally:
                failing.clear()
                clients.clear()
                client.close(timeout=_CLOSE_S)  # type: ignore[no-untyped-call]

        def note_progress() -> None:
            left[0] -= 1
            for _, keeper in started:
                keeper.note_progress()
            if deadline is not None and deadline.is_near and left[0] > 0:
                for client in clients:  # none yet where units of an earlier job are counted
                    _finish(client, deadline.left_s)
                    raise WalltimeError

        yield Workplace(
            connect=connect, n_workers=profile.most_workers, note_progress=note_progress
        )


def private_folder(folder: "RunFolder") -> Path:
    """Return the folder of scripts, logs and keys in a run folder, readable by its owner only.

    Examples
    --------
    >>> import tempfile
    >>> from pipelines.run_folder import RunFolder
    >>> with tempfile.TemporaryDirectory() as name:
    ...     oct(private_folder(RunFolder(Path(name))).stat().st_mode & 0o777)
    '0o700'
    """
    path = (folder.root / CLUSTER).absolute()
    path.mkdir(parents=True, exist_ok=True, mode=_OWNER_ONLY)
    (path / "logs").mkdir(exist_ok=True, mode=_OWNER_ONLY)
    # a folder that was copied here brings what modes it was copied with
    if path.stat().st_mode & 0o777 != _OWNER_ONLY:
        path.chmod(_OWNER_ONLY)
    return path


def worker_job(profile: "Profile", name: str, logs: Path) -> BatchJob:
    """Return what a worker job asks for.

    Parameters
    ----------
    profile
        The cluster.
    name
        Name in the queue.
    logs
        Folder of logs.

    Examples
    --------
    >>> from pipelines.cluster.profile import example_profile, parse_profile
    >>> worker_job(parse_profile(example_profile()), "nc-1-w", Path("/r/logs")).cores
    4
    """
    return BatchJob(
        name=name,
        log=logs / "worker",
        cores=profile.cores,
        memory_bytes=profile.memory,
        walltime_s=profile.walltime,
        gpus=profile.gpus,
    )


def _keeper(
    cluster: LocalCluster,
    profile: "Profile",
    files: Mapping[str, Path] | None,
    private: Path,
    name: str,
    left: list[int],
    failing: list[Callable[[], None]],
) -> Keeper:
    job = worker_job(profile, name, private / "logs")
    command = worker_command(profile, cluster.scheduler_address, files)
    script = render(job, profile, command, folder=Path.cwd()).write(private / "worker.sh")

    def fail() -> None:
        for cancel in list(failing):
            cancel()

    return Keeper(
        submit=lambda: _leading(submit_script(profile.kind, script)),
        alive=lambda: {
            _leading(number): state for number, state in alive_jobs(profile.kind, name).items()
        },
        cancel=lambda numbers: cancel_jobs(profile.kind, numbers),
        wanted=lambda: jobs_wanted(profile, left[0]),
        release=lambda n_jobs: _release_idle(cluster, n_jobs),
        n_replacements=profile.replacements,
        poll_s=profile.poll_every,
        is_cancelled=(private / CANCELLED).exists,
        hint=lambda: _last_line(private / "logs"),
        on_failure=fail,
    )


def jobs_wanted(profile: "Profile", n_left: int) -> int:
    """Return how many worker jobs are of use for the units that are left.

    Parameters
    ----------
    profile
        The cluster.
    n_left
        Units that are not done.

    Examples
    --------
    >>> from pipelines.cluster.profile import parse_profile
    >>> text = "{kind: slurm, memory: 4 GB, walltime: 1 h, cores: 2, adaptive: {min: 3, max: 9}}"
    >>> [jobs_wanted(parse_profile(text), n_left) for n_left in (100, 9, 2, 0)]
    [9, 5, 1, 1]
    """
    needed = max(math.ceil(n_left / profile.processes), 1)
    return min(max(profile.fewest_jobs, needed), profile.most_jobs, needed)


def _release_idle(cluster: LocalCluster, n_jobs: int) -> list[str]:
    """Let go of the workers of jobs that have nothing to do; return the numbers of the jobs.

    Looking and letting go are one step of the scheduler: no unit can come in between.
    """

    async def release() -> list[str]:
        scheduler = cluster.scheduler
        if scheduler is None or scheduler.queued or scheduler.unrunnable:
            return []
        by_job: dict[str, list[WorkerState]] = {}
        for worker in scheduler.workers.values():
            by_job.setdefault(_leading(str(worker.name)), []).append(worker)
        idle = {
            job: workers
            for job, workers in by_job.items()
            if job.isdecimal() and not any(worker.processing for worker in workers)
        }
        jobs = sorted(idle, key=int)[-n_jobs:]
        addresses = [worker.address for job in jobs for worker in idle[job]]
        if addresses:
            await scheduler.retire_workers(workers=addresses, close_workers=True, remove=True)
        return jobs

    try:
        found: list[str] = cluster.sync(release)  # type: ignore[no-untyped-call]
    except (OSError, RuntimeError):  # the scheduler is closing, and its jobs with it
        return []
    return found


def _leading(number: str) -> str:
    """Return the digits of a job's number, as '12' of '12.server' or '12.0'."""
    found = re.match(r"\d+", number)
    return found[0] if found else number


def _last_line(logs: Path) -> str:
    newest = max(logs.glob("worker-*.log"), key=lambda path: path.stat().st_mtime, default=None)
    if newest is None:
        return ""
    lines = [line for line in newest.read_text(errors="replace").splitlines() if line.strip()]
    return f"{lines[-1].strip()} ({newest.name})." if lines else ""


@contextmanager
def _scheduler(profile: "Profile", files: Mapping[str, Path] | None) -> Iterator[LocalCluster]:
    place: dict[str, object] = {"host": _reachable_ip()}
    if profile.interface:
        known = psutil.net_if_addrs()
        if profile.interface not in known:
            raise InputError(
                f"interface: '{profile.interface}' is not on this machine; "
                f"{', '.join(sorted(known))} are. Correct the profile."
            )
        place = {"interface": profile.interface}
    settings = {
        "distributed.scheduler.allowed-failures": profile.allowed_failures,
        "distributed.scheduler.no-workers-timeout": f"{profile.no_workers_timeout}s",
    }
    with dask.config.set(settings):
        cluster = LocalCluster(  # type: ignore[no-untyped-call]
            n_workers=0,
            processes=True,
            scheduler_port=profile.port,
            dashboard_address="127.0.0.1:0",
            scheduler_kwargs={"dashboard": False},
            protocol="tls://" if files is not None else "tcp://",
            security=security_of(files),
            **place,
        )
    try:
        yield cluster
    finally:
        cluster.close(timeout=_CLOSE_S)


def _reachable_ip() -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an offline node has no way out to look along
        address: str = get_ip()  # type: ignore[no-untyped-call]
    return address


@contextmanager
def _client(address: str, tls_files: Mapping[str, Path] | None) -> Iterator[Client]:
    security = security_of(tls_files)
    options = {} if security is None else {"security": security}
    try:
        client = Client(address, timeout=_CONNECT_S, **options)  # type: ignore[no-untyped-call]
    except (OSError, TimeoutError) as error:
        raise ExecutionError(
            f"--scheduler: {address} does not answer ({error}); a running Dask scheduler of the "
            "same version is needed. Start 'dask scheduler' there, or correct the address."
        ) from error
    try:
        yield client
    finally:
        client.close(timeout=_CLOSE_S)  # type: ignore[no-untyped-call]


def _admit_same_program(client: Client, mark: Path) -> None:
    """Have every worker checked; one that goes away meanwhile fails the call, so it is repeated."""
    for _ in range(_N_TRIES - 1):
        with suppress(OSError):
            client.register_plugin(SameProgram(code_versions(), mark))
            return
        time.sleep(_RETRY_S)
    try:
        client.register_plugin(SameProgram(code_versions(), mark))
    except OSError as error:
        raise ExecutionError(
            f"cluster: workers could not be asked for their versions ({error}); workers that stay "
            "are needed. Look at their logs, then run the same command again."
        ) from error


def _unregister(address: str, tls_files: Mapping[str, Path] | None) -> None:
    """Let others use the workers for other programs again."""
    try:
        with _client(address, tls_files) as client:
            client.unregister_worker_plugin(PLUGIN)  # type: ignore[no-untyped-call]
    except (ExecutionError, ValueError, OSError):
        pass  # the scheduler is gone, and its plugins with it


@contextmanager
def _checked_folder(folder: "RunFolder") -> Iterator[Path]:
    """Yield a file in the run folder by which workers see that it is theirs."""
    mark = private_folder(folder) / f"seen-from-{socket.gethostname()}"
    mark.touch()
    try:
        yield mark
    finally:
        mark.unlink(missing_ok=True)


def _wait_for_worker(client: Client, timeout_s: float, failure: Callable[[], str | None]) -> int:
    """Wait until a worker is there; return how many threads all have."""
    started = time.monotonic()
    while True:
        reason = failure()
        if reason is not None:
            raise ExecutionError(reason)
        workers = client.scheduler_info(n_workers=-1)["workers"]
        if workers:
            return sum(worker["nthreads"] for worker in workers.values())
        if time.monotonic() - started > timeout_s:
            raise ExecutionError(
                f"cluster: no worker after {timeout_s:.0f} s; at least one is needed. Look at the "
                "queue, at 'cohort logs' and at the workers of the scheduler, then run the same "
                "command again."
            )
        time.sleep(_LOOK_S / 4)


@contextmanager
def _watched(client: Client, timeout_s: float) -> Iterator[None]:
    """Cancel all units once no worker was there for a time: a foreign scheduler waits for ever."""
    stop = threading.Event()

    def watch() -> None:
        last_seen = time.monotonic()
        while not stop.wait(_LOOK_S):
            try:
                has_workers = bool(client.scheduler_info(n_workers=-1)["workers"])
            except LOST_SCHEDULER:
                has_workers = False
            if has_workers:
                last_seen = time.monotonic()
            elif time.monotonic() - last_seen > timeout_s:
                _cancel_all(client)
                return

    thread = threading.Thread(target=watch, name="workers-watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _finish(client: Client, timeout_s: float) -> None:
    """Wait for the units that workers have, a while; their shards are found by the next driver."""
    busy = {key for keys in client.processing().values() for key in keys}  # type: ignore[no-untyped-call]
    units: dict[str, Future[object]] = {key: Future(key, client) for key in list(client.futures)}
    client.cancel([unit for key, unit in units.items() if key not in busy])  # type: ignore[no-untyped-call]
    with suppress(TimeoutError, CancelledError):
        wait([unit for key, unit in units.items() if key in busy], timeout=timeout_s)  # type: ignore[no-untyped-call]


def _cancel_all(client: Client) -> None:
    units: list[Future[object]] = [Future(key, client) for key in list(client.futures)]
    with suppress(*LOST_SCHEDULER):  # then they are cancelled already
        client.cancel(units)  # type: ignore[no-untyped-call]
