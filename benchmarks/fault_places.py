"""Runs, nodes and schedulers that the study of faults disturbs, each a process of its own.

A process is forked from one that has loaded the program, and so is every worker, by way of servers
of `multiprocessing` (one a run, one a node): starting costs no time. What runs then is the
program's own code: the command line, `dask scheduler`, and `dask worker` with nannies.
"""

import multiprocessing.forkserver
import os
import shutil
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import resource_tracker
from multiprocessing.connection import arbitrary_address
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "tests" / "pipelines")]

OFFSET_S = [0.0]
_real_time = time.time


def _clock():
    return _real_time() + OFFSET_S[0]


# before Dask is imported: its modules keep the function that they find then
time.time = _clock

import dask  # noqa: E402
import psutil  # noqa: E402
import standin  # noqa: E402
from distributed import Client, LocalCluster  # noqa: E402
from distributed.cli import dask_scheduler, dask_worker  # noqa: E402

from cohort.trial_equations import model_texts  # noqa: E402
from pipelines import execute  # noqa: E402
from pipelines.cli import main as cohort  # noqa: E402
from pipelines.cli import read_protocol  # noqa: E402
from pipelines.cluster import workplaces  # noqa: E402
from pipelines.run_trial import Request, prepare  # noqa: E402
from pipelines.worker import WORKER_ENVIRONMENT  # noqa: E402

SIMULATOR = "fault_places:simulate"
PROTOCOL, N_PATIENTS, BLOCK_SIZE, DEVICE = "sct-md-01", 40, 20, "numpy"
WORDS = (
    *("run", PROTOCOL, "--patients-per-arm", str(N_PATIENTS)),
    *("--block-size", str(BLOCK_SIZE), "--device", DEVICE),
)
N_UNITS = 8
UNIT_S = 0.2
N_NODE_WORKERS = 2
FAILS, HANGS, HANG_HOW, HANG_MARK = (
    f"COHORT_STUDY_{name}" for name in ("FAILS", "HANGS", "HANG_HOW", "HANG_MARK")
)
_FAULT_OF_OURS = 99


def simulate(protocol, arm, patient_ids, **options):
    """Simulate with the stand-in, slowly; fail or hang in the unit that the environment names."""
    first_id = str(patient_ids[0])
    if os.environ.get(FAILS) == first_id:
        raise ZeroDivisionError("planted")
    if os.environ.get(HANGS) == first_id:
        _hang()
    time.sleep(UNIT_S)
    return standin.simulate(protocol, arm, patient_ids, **options)


def _hang():
    mark = os.environ.get(HANG_MARK)
    if mark:
        try:
            os.close(os.open(mark, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return
    if os.environ[HANG_HOW] == "stops":
        os.kill(os.getpid(), signal.SIGSTOP)
    while True:
        time.sleep(0.001 if os.environ[HANG_HOW] == "spins" else 3600)


def load_program():
    """Read the protocol and all content, which processes that are forked from this one keep."""
    protocol, text = read_protocol(PROTOCOL, None, N_PATIENTS)
    prepare(
        Request(
            protocol=protocol,
            protocol_text=text,
            out=Path("no-folder-of-the-study-of-faults"),
            device=DEVICE,
            block_size=BLOCK_SIZE,
            simulator=SIMULATOR,
        )
    )
    model_texts(protocol)


class ForkServer:
    """A server of `multiprocessing` whose children are the workers of one run or one node.

    Itself forked from the process that has loaded the program, where the library would start a
    new interpreter for it.
    """

    def __init__(self):
        self.server = multiprocessing.forkserver.ForkServer()
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(arbitrary_address("AF_UNIX"))
        listener.listen()
        alive_r, alive_w = os.pipe()
        resource_tracker.ensure_running()
        self.pid = os.fork()
        if not self.pid:
            try:
                os.setsid()
                os.close(alive_w)
                nowhere = os.open(os.devnull, os.O_WRONLY)  # workers inherit it: they log at length
                os.dup2(nowhere, 1)
                os.dup2(nowhere, 2)
                multiprocessing.forkserver.main(listener.fileno(), alive_r, [])
            finally:
                os._exit(_FAULT_OF_OURS)
        self.server._forkserver_address = listener.getsockname()
        self.server._forkserver_alive_fd = alive_w
        listener.close()
        os.close(alive_r)

    def use(self):
        """Have this process, forked from the one that started the server, get its workers here."""
        self.server.ensure_running = lambda: None  # it runs
        multiprocessing.forkserver.connect_to_new_process = self.server.connect_to_new_process
        multiprocessing.forkserver.set_forkserver_preload = lambda names: None
        dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"})

    def workers(self):
        """Return the worker processes that live."""
        with suppress(psutil.Error):
            return psutil.Process(self.pid).children(recursive=True)
        return []

    def kill_workers(self):
        """Kill those that live."""
        for process in self.workers():
            with suppress(psutil.Error):
                process.kill()

    def stop(self):
        """Kill the server and its workers."""
        self.kill_workers()
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


@dataclass
class Servers:
    """The servers of one lane of the study."""

    run: ForkServer
    nodes: tuple[ForkServer, ForkServer]

    @staticmethod
    def start():
        """Start the servers."""
        os.environ.update(WORKER_ENVIRONMENT)
        return Servers(ForkServer(), (ForkServer(), ForkServer()))

    def stop(self):
        """Kill the servers and their workers."""
        for server in (self.run, *self.nodes):
            server.stop()


def fork(body, log):
    """Run a function in a process of its own, in a session of its own; return its number."""
    pid = os.fork()
    if pid:
        return pid
    code = _FAULT_OF_OURS
    try:
        os.setsid()
        # a shell starts what it puts into the background deaf to Ctrl-C
        signal.signal(signal.SIGINT, signal.default_int_handler)
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(out, 1)
        os.dup2(out, 2)
        body()
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else 0
    finally:
        if code == _FAULT_OF_OURS:
            traceback.print_exc()
        sys.stdout.flush()
        os._exit(code)


@dataclass
class Run:
    """A run by the command line, on threads unless a server or a scheduler is given."""

    folder: Path
    server: ForkServer | None = None
    scheduler: str = ""
    words: tuple[str, ...] = ()
    jump: tuple[float, float] | None = None
    environment: dict[str, str] = field(default_factory=dict)
    wait_s: float = 10.0
    pid: int = 0
    started: float = 0.0

    def start(self):
        """Start the command line in a child."""
        self.started = time.monotonic()
        self.pid = fork(self._become, self.folder.with_suffix(".log"))
        return self

    def _become(self):
        os.environ.update(self.environment)
        words = [*WORDS, "--out", str(self.folder), *self.words]
        if self.scheduler:
            words += ["--scheduler", self.scheduler, "--workers", str(2 * N_NODE_WORKERS)]
            workplaces._CONNECT_S = workplaces._FIRST_WORKER_S = self.wait_s
        else:
            words += ["--workers", "2"]
        if self.server is not None:
            self.server.use()
            environ = {**dask.config.get("distributed.nanny.environ"), **self.environment}
            dask.config.set({"distributed.nanny.environ": environ})
        elif not self.scheduler:
            execute.local_cluster = _threads
        if self.jump is not None:
            moment, seconds = self.jump
            threading.Timer(moment, OFFSET_S.__setitem__, (0, seconds)).start()
        cohort(words, simulator=SIMULATOR)

    def has_ended(self):
        """Return whether it has; it stays to be waited for."""
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def wait(self, timeout):
        """Return the exit code; None if it hung and was killed."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                if self.server is not None:
                    self.server.kill_workers()
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.02)
        os.killpg(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        if self.server is not None:
            self.server.kill_workers()
        return None

    def signal_all(self, name):
        """Signal the run and its workers, as a terminal does."""
        os.kill(self.pid, name)
        for process in self.server.workers() if self.server is not None else ():
            with suppress(psutil.Error):
                process.send_signal(name)


@contextmanager
def _threads(n_workers, folder):
    with (
        LocalCluster(
            n_workers=n_workers,
            threads_per_worker=1,
            processes=False,
            dashboard_address="127.0.0.1:0",
            scheduler_kwargs={"dashboard": False},
            local_directory=str(folder),
            silence_logs=50,
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


@dataclass
class Cluster:
    """A scheduler and two nodes of two workers each, as `dask scheduler` and `dask worker`."""

    scratch: Path
    servers: tuple[ForkServer, ...]
    allowed_failures: int = 0
    environment: dict[str, str] = field(default_factory=dict)
    port: int = 0
    scheduler: int = 0
    nodes: dict[int, int] = field(default_factory=dict)
    gone: list[int] = field(default_factory=list)

    def start(self):
        """Start the scheduler and both nodes."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.start_scheduler()
        for slot in range(len(self.servers)):
            self.start_node(slot)
        return self

    @property
    def address(self):
        """Where the scheduler listens."""
        return f"tcp://127.0.0.1:{self.port}"

    def start_scheduler(self):
        """Start `dask scheduler`, at the same address every time."""
        words = ["--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard", "--no-show"]
        settings = {"distributed.scheduler.allowed-failures": self.allowed_failures}
        self.scheduler = self._fork(dask_scheduler.main, words, settings)

    def start_node(self, slot):
        """Start `dask worker` on one of the two nodes."""
        words = [self.address, "--nworkers", str(N_NODE_WORKERS), "--nthreads", "1"]
        words += ["--no-dashboard", "--death-timeout", "60", "--memory-limit", "0"]
        words += ["--local-directory", str(self.scratch), "--host", "127.0.0.1"]
        environ = {**dask.config.get("distributed.nanny.environ"), **self.environment}
        settings = {"distributed.nanny.environ": environ}
        self.nodes[slot] = self._fork(dask_worker.main, words, settings, self.servers[slot])

    def _fork(self, main: Callable, words, settings, server=None):
        def body():
            if server is not None:
                server.use()
            dask.config.set(settings)
            main(words)

        return fork(body, self.scratch.with_suffix(".cluster.log"))

    def kill_scheduler(self):
        """Kill the scheduler, as a crash would."""
        os.kill(self.scheduler, signal.SIGKILL)
        os.waitpid(self.scheduler, 0)
        self.scheduler = 0

    def lose_node(self, slot):
        """Kill everything on a node at once."""
        workers = self.servers[slot].workers()
        os.kill(self.nodes[slot], signal.SIGKILL)
        for process in workers:
            with suppress(psutil.Error):
                process.kill()
        self.gone.append(self.nodes.pop(slot))

    def preempt(self, slot, *, with_workers):
        """Tell a node to end; batch systems tell all its processes, or the first."""
        workers = self.servers[slot].workers() if with_workers else []
        os.kill(self.nodes[slot], signal.SIGTERM)
        for process in workers:
            with suppress(psutil.Error):
                process.terminate()
        self.gone.append(self.nodes.pop(slot))

    def stop(self):
        """Kill all that is left."""
        for pid in (self.scheduler, *self.nodes.values(), *self.gone):
            if pid:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
        for server in self.servers:
            server.kill_workers()
        shutil.rmtree(self.scratch, ignore_errors=True)
