"""Faults on one machine, injected at random moments: what is recovered, lost, wrong or hung.

::

    python benchmarks/study_faults.py --moments 20 --seed 20261125

Each moment is a run of its own by the command line in a process of its own, with a quick stand-in
for the simulator, disturbed, then run again by the same command where it did not finish. A moment
counts as recovered if in the end every table has the bytes of an undisturbed run, every unit is
there once, and `cohort verify` finds the folder sound. A killed worker and Ctrl-C meet worker
processes; the other faults meet threads as workers, which start at once. Writes
``cluster/FAULTS.md`` and ``cluster/faults.json`` beside this file, anew after every moment.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "tests" / "pipelines")]

_OFFSET_S = [0.0]
_real_time = time.time


def _clock():
    return _real_time() + _OFFSET_S[0]


# before Dask is imported: its modules keep the function that they find then
time.time = _clock

import psutil  # noqa: E402
import standin  # noqa: E402
from distributed import Client, LocalCluster  # noqa: E402

from pipelines import execute  # noqa: E402
from pipelines.cli import main as cohort  # noqa: E402
from pipelines.files import file_sha256  # noqa: E402
from pipelines.outlook import describe_machine  # noqa: E402
from pipelines.run_folder import RunFolder  # noqa: E402
from pipelines.run_trial import Request  # noqa: E402, F401 - loads what a run needs before forking
from pipelines.shards import read_manifest  # noqa: E402
from pipelines.verify import verify_run  # noqa: E402

SIMULATOR = "study_faults:simulate"
WORDS = ("run", "sct-md-01", "--patients-per-arm", "40", "--block-size", "16", "--workers", "2")
N_UNITS = 12
UNIT_S = 0.2
_FAULT_OF_OURS = 99
HUNG_S = 240
FAILS = "COHORT_STUDY_FAILS"
TMPFS_KB = (60, 420)
"""Sizes of a full disk [kB]: from too small for a shard to too small for the tables."""


def simulate(protocol, arm, patient_ids, **options):
    """Simulate with the stand-in, slowly; always fail in the unit that the environment names."""
    if os.environ.get(FAILS) == str(patient_ids[0]):
        raise ZeroDivisionError("planted")
    time.sleep(UNIT_S)
    return standin.simulate(protocol, arm, patient_ids, **options)


@dataclass
class Run:
    """A run in a process of its own."""

    folder: Path
    has_threads: bool = False
    jump: tuple[float, float] | None = None
    environment: dict[str, str] = field(default_factory=dict)
    pid: int = 0
    started: float = 0.0

    def start(self):
        """Start the command line in a child."""
        self.started = time.monotonic()
        self.pid = os.fork()
        if not self.pid:
            self._become()
        return self

    def _become(self):
        """Be the child: it leaves through the exit code of the command line."""
        code = _FAULT_OF_OURS
        try:
            os.setsid()
            # a shell starts what it puts into the background deaf to Ctrl-C
            signal.signal(signal.SIGINT, signal.default_int_handler)
            log = os.open(self.folder.with_suffix(".log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.dup2(log, 1)
            os.dup2(log, 2)
            os.environ.update(self.environment)
            if self.has_threads:
                execute.local_cluster = _threads
            if self.jump is not None:
                moment, seconds = self.jump
                threading.Timer(moment, _OFFSET_S.__setitem__, (0, seconds)).start()
            cohort([*WORDS, "--out", str(self.folder)], simulator=SIMULATOR)
        except SystemExit as left:
            code = left.code or 0
        finally:
            if code == _FAULT_OF_OURS:
                traceback.print_exc()
            sys.stdout.flush()
            for process in psutil.Process().children(recursive=True):
                process.kill()
            os._exit(code)

    def wait(self, timeout=HUNG_S):
        """Return the exit code; None if it hung and was killed."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.02)
        os.killpg(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        return None

    def workers(self):
        """Return the worker processes that live."""
        try:
            return [
                process
                for process in psutil.Process(self.pid).children(recursive=True)
                if "spawn_main" in " ".join(process.cmdline())
            ]
        except psutil.Error:
            return []


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
class Undisturbed:
    """The run that every other is compared with."""

    folder: Path
    tables: dict[str, str]
    seconds: float
    seconds_of_threads: float


def table_hashes(folder):
    return {path.name: file_sha256(path) for path in sorted((folder / "tables").iterdir())}


def undisturbed(scratch):
    first = Run(scratch / "threads", has_threads=True).start()
    if first.wait() != 0:
        raise SystemExit(first.folder.with_suffix(".log").read_text())
    seconds_of_threads = time.monotonic() - first.started
    second = Run(scratch / "undisturbed").start()
    if second.wait() != 0:
        raise SystemExit(second.folder.with_suffix(".log").read_text())
    seconds = time.monotonic() - second.started
    tables = table_hashes(second.folder)
    if tables != table_hashes(first.folder):
        raise SystemExit("threads and processes gave other bytes")
    return Undisturbed(second.folder, tables, seconds, seconds_of_threads)


# one function a fault: it disturbs a run at a moment and returns its last exit code and a remark


def worker_killed(folder, base, numbers):
    run = Run(folder).start()
    _let_go_on(run, base.seconds, numbers)
    remark = "after the end"
    deadline = time.monotonic() + base.seconds
    while time.monotonic() < deadline and not (workers := run.workers()):
        time.sleep(0.05)
    if workers:
        numbers.choice(workers).kill()
        remark = f"after {time.monotonic() - run.started:.1f} s"
    return run.wait(), remark


def driver_killed(folder, base, numbers):
    run = Run(folder, has_threads=True)
    return _stopped(run, base.seconds_of_threads, numbers, [signal.SIGKILL])


def _let_go_on(run, seconds, numbers):
    """Wait for a moment: one in four while it starts, else when some units are done.

    Not a time alone: other work on the machine makes the same time mean another stage.
    """
    if numbers.random() < 1 / 4:
        time.sleep(numbers.uniform(0, seconds / 2))
        return
    n_done = numbers.randint(0, N_UNITS)
    deadline = time.monotonic() + HUNG_S
    while time.monotonic() < deadline and psutil.pid_exists(run.pid):
        if len(read_manifest(run.folder / "manifest.jsonl")) >= n_done:
            break
        time.sleep(0.02)
    time.sleep(numbers.uniform(0, 2 * UNIT_S))


def interrupted_twice(folder, base, numbers):
    return _stopped(Run(folder), base.seconds, numbers, [signal.SIGINT, signal.SIGINT])


def _stopped(run, seconds, numbers, names):
    run.start()
    _let_go_on(run, seconds, numbers)
    moment = time.monotonic() - run.started
    for name in names:
        with_group = name == signal.SIGINT  # a terminal's Ctrl-C reaches the workers as well
        try:
            (os.killpg if with_group else os.kill)(run.pid, name)
        except ProcessLookupError:
            break
        time.sleep(numbers.uniform(0, 0.3))
    code = run.wait()
    if code is None:
        return None, "did not stop"
    n_logged = len(read_manifest(run.folder / "manifest.jsonl"))
    again = Run(run.folder, has_threads=run.has_threads).start()
    return again.wait(), f"after {moment:.1f} s, exit code {code}, {n_logged} units logged"


def clock_jump(folder, base, numbers):
    moment = numbers.uniform(0, base.seconds_of_threads)
    seconds = numbers.choice([-1, 1]) * 10 ** numbers.uniform(1.8, 6)
    code = Run(folder, has_threads=True, jump=(moment, seconds)).start().wait()
    return code, f"by {seconds / 3600:+.2f} h after {moment:.1f} s"


def disk_full(folder, base, numbers):
    n_kb = numbers.randint(*TMPFS_KB)
    mounted = folder.with_suffix(".disk")
    mounted.mkdir()
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={n_kb}k", "tmpfs", str(mounted)], check=True
    )
    try:
        first = Run(mounted / "run", has_threads=True)
        first_code = _logging_elsewhere(first, folder)
        subprocess.run(["mount", "-o", "remount,size=64m", str(mounted)], check=True)
        code = None
        if first_code is not None:
            code = _logging_elsewhere(Run(mounted / "run", has_threads=True), folder)
        shutil.copytree(mounted / "run", folder)
    finally:
        subprocess.run(["umount", "-l", str(mounted)], check=True)
    return code, f"{n_kb} kB, exit code {first_code}"


def _logging_elsewhere(run, folder):
    """Run with the log outside the full disk."""
    run.folder.with_suffix(".log").symlink_to(folder.with_suffix(".log"))
    code = run.start().wait()
    run.folder.with_suffix(".log").unlink()
    return code


def shard_truncated(folder, base, numbers):
    path = _one_file(folder, base, numbers, "shards")
    n_bytes = numbers.randrange(path.stat().st_size)
    os.truncate(path, n_bytes)
    return _found_and_run(folder, path, f"{path.name} to {n_bytes} bytes")


def bit_flipped(folder, base, numbers):
    path = _one_file(folder, base, numbers, numbers.choice(["shards", "shards", "tables"]))
    content = bytearray(path.read_bytes())
    bit = numbers.randrange(8 * len(content))
    content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(content)
    return _found_and_run(folder, path, f"bit {bit} of {path.parent.name[:8]}/{path.name}")


def _one_file(folder, base, numbers, room):
    shutil.copytree(base.folder, folder)
    return numbers.choice([one for one in sorted((folder / room).rglob("*")) if one.is_file()])


def _found_and_run(folder, path, remark):
    name = path.relative_to(folder).as_posix()
    found = [file.path for file in verify_run(folder, n_units=0).files if file.is_fault]
    code = Run(folder, has_threads=True).start().wait()
    return code, remark if found == [name] else f"{remark}: not found by verify"


def unit_always_failing(folder, base, numbers):
    first_id = numbers.choice(read_manifest(base.folder / "manifest.jsonl")).first_id
    first = Run(folder, has_threads=True, environment={FAILS: str(first_id)}).start()
    code = first.wait()
    n_logged = len(read_manifest(folder / "manifest.jsonl"))
    if code is None:
        return None, "did not end"
    again = Run(folder, has_threads=True).start().wait()
    return again, f"unit of {first_id}, exit code {code}, {n_logged} of {N_UNITS} units done"


FAULTS = {
    "worker killed": worker_killed,
    "driver killed": driver_killed,
    "Ctrl-C twice": interrupted_twice,
    "clock jump": clock_jump,
    "disk full": disk_full,
    "shard truncated": shard_truncated,
    "bit flipped": bit_flipped,
    "unit always failing": unit_always_failing,
}
OUTCOMES = ("recovered", "lost", "wrong", "hung")


@dataclass
class Moment:
    """One injection and what became of it."""

    fault: str
    index: int
    outcome: str
    remark: str
    seconds: float


def inject(fault, index, seed, base, scratch):
    numbers = random.Random(f"{seed} {fault} {index}")
    folder = scratch / f"{fault.replace(' ', '-')}-{index}"
    clock = time.monotonic()
    code, remark = FAULTS[fault](folder, base, numbers)
    outcome = judge(code, folder, base)
    if outcome != "recovered":
        log = folder.with_suffix(".log")
        words = log.read_text().strip().splitlines()[-1:] if log.exists() else []
        remark = " ".join([remark, f"(last exit code {code})", *words])
    else:
        shutil.rmtree(folder)
    return Moment(fault, index, outcome, remark, round(time.monotonic() - clock, 1))


def judge(code, folder, base):
    if code is None:
        return "hung"
    if not (folder / "tables").is_dir() or set(table_hashes(folder)) != set(base.tables):
        return "lost"
    units = [one.name for one in RunFolder(folder).shards.iterdir()]
    is_sound = verify_run(folder, n_units=0).verdict == "sound"
    if code or len(units) != N_UNITS:
        return "lost"
    return "recovered" if is_sound and table_hashes(folder) == base.tables else "wrong"


def table_text(moments, conditions):
    lines = [
        "# Faults on one machine",
        "",
        "Written by `benchmarks/study_faults.py`; every moment is in `faults.json`.",
        "",
        conditions,
        "",
        "| fault | moments | " + " | ".join(_HEADS) + " |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for fault in FAULTS:
        here = [moment for moment in moments if moment.fault == fault]
        if here:
            counts = [sum(moment.outcome == one for moment in here) for one in OUTCOMES]
            lines.append(f"| {fault} | {len(here)} | " + " | ".join(map(str, counts)) + " |")
    bad = [moment for moment in moments if moment.outcome != "recovered"]
    lines += ["", *(f"- {one.fault}, moment {one.index}: {one.remark}" for one in bad)]
    return "\n".join(lines).rstrip() + "\n"


_HEADS = ("recovered with the same bytes", "lost", "wrong", "hung")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--moments", type=int, default=20, help="moments a fault")
    parser.add_argument("--of-processes", type=int, help="moments of faults that need processes")
    parser.add_argument("--seed", type=int, default=20261125)
    parser.add_argument("--faults", nargs="*", choices=list(FAULTS), default=list(FAULTS))
    parser.add_argument("--out", type=Path, default=HERE / "cluster")
    asked = parser.parse_args()
    if os.geteuid() and "disk full" in asked.faults:
        parser.error("disk full: a small file system is mounted, which needs root; leave it out")
    scratch = Path(tempfile.mkdtemp(prefix="study-faults-"))
    base = undisturbed(scratch)
    print(f"undisturbed: {base.seconds:.1f} s, with threads {base.seconds_of_threads:.1f} s")
    path = asked.out / "faults.json"
    earlier = json.loads(path.read_text())["moments"] if path.exists() else []
    moments = [Moment(**one) for one in earlier if one["fault"] not in asked.faults]
    processes = ("worker killed", "Ctrl-C twice")
    for index in range(asked.moments):
        for fault in asked.faults:
            if fault in processes and index >= (asked.of_processes or asked.moments):
                continue
            moments.append(inject(fault, index, asked.seed, base, scratch))
            print(f"{moments[-1].outcome:9} {fault} {index}: {moments[-1].remark}", flush=True)
            write(asked, base, moments)
    shutil.rmtree(scratch)


def write(asked, base, moments):
    machine = describe_machine()
    conditions = (
        f"Stand-in for the simulator, {N_UNITS} units of at most 16 patients, {UNIT_S} s each, "
        f"2 workers: processes for a killed worker and Ctrl-C (an undisturbed run took "
        f"{base.seconds:.0f} s), threads for the other faults ({base.seconds_of_threads:.0f} s), "
        f"on {machine['cores']} cores that were shared with other work. Moments are drawn (seed "
        f"{asked.seed}) while the run starts, or after a random number of its units. 'Recovered': "
        "after the same command was given again where the first did not finish, every table has "
        "the bytes of the undisturbed run and `cohort verify` finds the folder sound. Clock jumps "
        "come at a random time and move the clock of driver and "
        "scheduler by a minute to 11 days, forwards or backwards. A run longer than "
        f"{HUNG_S} s counts as hung."
    )
    asked.out.mkdir(parents=True, exist_ok=True)
    (asked.out / "FAULTS.md").write_text(table_text(moments, conditions), encoding="utf-8")
    rows = {"seed": asked.seed, "moments": [asdict(moment) for moment in moments]}
    (asked.out / "faults.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
