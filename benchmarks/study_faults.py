"""Faults injected at random moments: what is recovered, lost, wrong or hung.

::

    python benchmarks/study_faults.py --moments 20 --seed 20261125

Each moment is a run of its own by the command line in a process of its own, with a quick stand-in
for the simulator, disturbed, then run again by the same command where it did not finish. A moment
counts as recovered if in the end every table has the bytes of an undisturbed run, every unit is
there once, and `cohort verify` finds the folder sound. Faults of workers meet worker processes of
the command; faults of nodes and schedulers meet `dask scheduler` and `dask worker` (see
`fault_places`); the others meet threads as workers, which start at once. Several moments run
beside each other, as most of a moment is waiting. Writes ``cluster/FAULTS.md`` and
``cluster/faults.json`` beside this file, anew after every moment; ``--resume`` goes on from there.
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
import time
import traceback
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import psutil  # noqa: E402
from fault_places import (  # noqa: E402 - first of all: it puts a clock of its own under Dask
    FAILS,
    HANG_HOW,
    HANG_MARK,
    HANGS,
    N_NODE_WORKERS,
    N_UNITS,
    UNIT_S,
    Cluster,
    Run,
    Servers,
    load_program,
)

from pipelines.files import file_sha256  # noqa: E402
from pipelines.outlook import describe_machine  # noqa: E402
from pipelines.run_folder import RunFolder  # noqa: E402
from pipelines.shards import read_manifest  # noqa: E402
from pipelines.verify import verify_run  # noqa: E402

TMPFS_KB = (60, 420)
"""Sizes of a full disk [kB]: from too small for a shard to too small for the tables."""
_LEAST_HUNG_S = 240.0
_LEAST_WAIT_S = 8.0
_LEAST_TIMEOUT_S = 4.0
_GONE_S = 3.0


@dataclass
class Base:
    """The undisturbed runs that every other is compared with, and the workers of a lane."""

    folder: Path
    tables: dict[str, str]
    seconds_of_threads: float
    seconds_of_processes: float
    seconds_of_cluster: float
    servers: Servers | None = None

    @property
    def slowest(self):
        """Time of the slowest undisturbed run [s]."""
        return max(self.seconds_of_threads, self.seconds_of_processes, self.seconds_of_cluster)

    @property
    def hung_s(self):
        """How long a run may take: as this machine is busy, so are the undisturbed runs."""
        return max(_LEAST_HUNG_S, 20 * self.slowest)

    @property
    def wait_s(self):
        """How long the command looks for a scheduler and its workers."""
        return max(_LEAST_WAIT_S, self.seconds_of_cluster)

    @property
    def unit_timeout_s(self):
        """How long a unit may take where one hangs."""
        return max(_LEAST_TIMEOUT_S, self.slowest)


def table_hashes(folder):
    return {path.name: file_sha256(path) for path in sorted((folder / "tables").iterdir())}


def undisturbed(scratch, servers):
    seconds, tables = {}, {}
    for name in ("threads", "processes", "cluster"):
        run = Run(scratch / name)
        cluster = None
        clock = time.monotonic()
        if name == "processes":
            run.server = servers.run
        if name == "cluster":
            cluster = Cluster(scratch / "nodes", servers.nodes).start()
            run.scheduler, run.wait_s = cluster.address, 60.0
        code = run.start().wait(600)
        if cluster is not None:
            cluster.stop()
        if code != 0:
            raise SystemExit(f"{name}: {code}\n{run.folder.with_suffix('.log').read_text()}")
        seconds[name], tables[name] = time.monotonic() - clock, table_hashes(run.folder)
    if not tables["threads"] == tables["processes"] == tables["cluster"]:
        raise SystemExit("threads, processes and nodes gave other bytes")
    return Base(scratch / "processes", tables["threads"], *seconds.values())


# one function a fault: it disturbs a run at a moment and returns its last exit code and a remark


def worker_killed(folder, base, numbers):
    run = Run(folder, server=base.servers.run).start()
    _let_go_on(run, base.seconds_of_processes, numbers)
    remark = "after the end"
    while not run.has_ended():
        with suppress(psutil.Error):
            if workers := run.server.workers():
                numbers.choice(workers).kill()
                remark = f"after {time.monotonic() - run.started:.1f} s"
                break
        time.sleep(0.02)
    return run.wait(base.hung_s), remark


def driver_killed(folder, base, numbers):
    return _stopped(Run(folder), base, base.seconds_of_threads, numbers, [signal.SIGKILL])


def _let_go_on(run, seconds, numbers):
    """Wait for a moment: one in four while it starts, else when some units are done.

    Not a time alone: other work on the machine makes the same time mean another stage.
    """
    if numbers.random() < 1 / 4:
        time.sleep(numbers.uniform(0, seconds / 2))
        return
    n_done = numbers.randint(0, N_UNITS)
    while not run.has_ended():
        if len(read_manifest(run.folder / "manifest.jsonl")) >= n_done:
            break
        time.sleep(0.02)
    time.sleep(numbers.uniform(0, 2 * UNIT_S))


def interrupted_twice(folder, base, numbers):
    run = Run(folder, server=base.servers.run)
    names = [signal.SIGINT, signal.SIGINT]
    return _stopped(run, base, base.seconds_of_processes, numbers, names)


def _stopped(run, base, seconds, numbers, names):
    run.start()
    _let_go_on(run, seconds, numbers)
    moment = time.monotonic() - run.started
    for name in names:
        run.signal_all(name)
        time.sleep(numbers.uniform(0, 0.3))
    code = run.wait(base.hung_s)
    if code is None:
        return None, "did not stop"
    n_logged = len(read_manifest(run.folder / "manifest.jsonl"))
    again = Run(run.folder, server=run.server).start()
    return again.wait(base.hung_s), f"after {moment:.1f} s, exit code {code}, {n_logged} units done"


def clock_jump(folder, base, numbers):
    moment = numbers.uniform(0, base.seconds_of_threads)
    seconds = numbers.choice([-1, 1]) * 10 ** numbers.uniform(1.8, 6)
    code = Run(folder, jump=(moment, seconds)).start().wait(base.hung_s)
    return code, f"by {seconds / 3600:+.2f} h after {moment:.1f} s"


def disk_full(folder, base, numbers):
    n_kb = numbers.randint(*TMPFS_KB)
    mounted = folder.with_suffix(".disk")
    mounted.mkdir()
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={n_kb}k", "tmpfs", str(mounted)], check=True
    )
    try:
        first = Run(mounted / "run")
        first_code = _logging_elsewhere(first, folder, base)
        subprocess.run(["mount", "-o", "remount,size=64m", str(mounted)], check=True)
        code = None
        if first_code is not None:
            code = _logging_elsewhere(Run(mounted / "run"), folder, base)
        shutil.copytree(mounted / "run", folder)
    finally:
        subprocess.run(["umount", "-l", str(mounted)], check=True)
    return code, f"{n_kb} kB, exit code {first_code}"


def _logging_elsewhere(run, folder, base):
    """Run with the log outside the full disk."""
    run.folder.with_suffix(".log").symlink_to(folder.with_suffix(".log"))
    code = run.start().wait(base.hung_s)
    run.folder.with_suffix(".log").unlink()
    return code


def shard_truncated(folder, base, numbers):
    path = _one_file(folder, base, numbers, "shards")
    n_bytes = numbers.randrange(path.stat().st_size)
    os.truncate(path, n_bytes)
    return _found_and_run(folder, base, path, f"{path.name} to {n_bytes} bytes")


def bit_flipped(folder, base, numbers):
    path = _one_file(folder, base, numbers, numbers.choice(["shards", "shards", "tables"]))
    content = bytearray(path.read_bytes())
    bit = numbers.randrange(8 * len(content))
    content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(content)
    return _found_and_run(folder, base, path, f"bit {bit} of {path.parent.name[:8]}/{path.name}")


def _one_file(folder, base, numbers, room):
    shutil.copytree(base.folder, folder)
    return numbers.choice([one for one in sorted((folder / room).rglob("*")) if one.is_file()])


def _found_and_run(folder, base, path, remark):
    name = path.relative_to(folder).as_posix()
    found = [file.path for file in verify_run(folder, n_units=0).files if file.is_fault]
    code = Run(folder).start().wait(base.hung_s)
    return (code, remark) if found == [name] else (1, f"{remark}: not found by verify")


def unit_always_failing(folder, base, numbers):
    first_id = numbers.choice(read_manifest(base.folder / "manifest.jsonl")).first_id
    first = Run(folder, environment={FAILS: str(first_id)}).start()
    code = first.wait(base.hung_s)
    n_logged = len(read_manifest(folder / "manifest.jsonl"))
    if code is None:
        return None, "did not end"
    again = Run(folder).start().wait(base.hung_s)
    return again, f"unit of {first_id}, exit code {code}, {n_logged} of {N_UNITS} units done"


def unit_hanging(folder, base, numbers):
    first_id = numbers.choice(read_manifest(base.folder / "manifest.jsonl")).first_id
    how = numbers.choice(["sleeps", "spins", "stops"])
    is_once, on_nodes = numbers.random() < 0.75, numbers.random() < 0.5
    environment = {HANGS: str(first_id), HANG_HOW: how}
    if is_once:
        environment[HANG_MARK] = str(folder.with_suffix(".mark"))
    words = ("--unit-timeout", f"{base.unit_timeout_s:.1f}")
    remark = f"unit of {first_id} {how} {'once' if is_once else 'always'}"
    run = Run(folder, words=words, wait_s=base.wait_s)
    if on_nodes:
        nodes = folder.with_suffix(".nodes")
        cluster = Cluster(nodes, base.servers.nodes, environment=environment).start()
        run.scheduler = cluster.address
        code = run.start().wait(base.hung_s)
        cluster.stop()
    else:
        run.server, run.environment = base.servers.run, environment
        code = run.start().wait(base.hung_s)
    remark += f" on {'nodes' if on_nodes else 'this machine'}, exit code {code}"
    if is_once or code is None:
        return code, remark
    n_logged = len(read_manifest(folder / "manifest.jsonl"))
    if code != _SET_ASIDE or n_logged != N_UNITS - 1:
        return 1, f"{remark}, {n_logged} units done: not set aside alone"
    return Run(folder).start().wait(base.hung_s), remark


_SET_ASIDE = 4


def _on_nodes(folder, base, numbers):
    """Start nodes and a run on them; some schedulers of others forgive deaths themselves."""
    n_forgiven = numbers.choice([0, 3])
    scratch = folder.with_suffix(".nodes")
    cluster = Cluster(scratch, base.servers.nodes, allowed_failures=n_forgiven).start()
    run = Run(folder, scheduler=cluster.address, wait_s=base.wait_s).start()
    _let_go_on(run, base.seconds_of_cluster, numbers)
    return cluster, run


def node_lost(folder, base, numbers):
    cluster, run = _on_nodes(folder, base, numbers)
    moment = time.monotonic() - run.started
    cluster.lose_node(numbers.randrange(2))
    code = run.wait(base.hung_s)
    cluster.stop()
    return code, f"after {moment:.1f} s, {cluster.allowed_failures} deaths forgiven by Dask"


def preemption(folder, base, numbers):
    cluster, run = _on_nodes(folder, base, numbers)
    moment = time.monotonic() - run.started
    slots = numbers.choice([[0], [1], [0, 1]])
    with_workers = numbers.random() < 0.5
    for slot in slots:
        cluster.preempt(slot, with_workers=with_workers)
    time.sleep(numbers.uniform(0, _GONE_S))
    for slot in slots:
        cluster.start_node(slot)
    code = run.wait(base.hung_s)
    cluster.stop()
    whom = "every process" if with_workers else "dask worker"
    return code, f"of {len(slots)} nodes after {moment:.1f} s, SIGTERM to {whom}"


def scheduler_lost(folder, base, numbers):
    cluster, run = _on_nodes(folder, base, numbers)
    moment = time.monotonic() - run.started
    cluster.kill_scheduler()
    comes_back = numbers.random() < 0.5
    if comes_back:
        time.sleep(numbers.uniform(0, _GONE_S))
        cluster.start_scheduler()
        for slot in range(2):
            cluster.lose_node(slot)
            cluster.start_node(slot)
    code = run.wait(base.hung_s)
    cluster.stop()
    back = "a new one came at once" if comes_back else "no new one"
    remark = f"after {moment:.1f} s, {back}, exit code {code}"
    if not code:
        return code, remark
    log = folder.with_suffix(".log").read_text()
    if "Traceback" in log or "Error: " not in log:
        return 1, f"{remark}: without a clear error"
    fresh = Cluster(cluster.scratch, base.servers.nodes).start()
    again = Run(folder, scheduler=fresh.address, wait_s=base.wait_s).start().wait(base.hung_s)
    fresh.stop()
    return again, remark


FAULTS = {
    "worker killed": worker_killed,
    "driver killed": driver_killed,
    "Ctrl-C twice": interrupted_twice,
    "clock jump": clock_jump,
    "disk full": disk_full,
    "shard truncated": shard_truncated,
    "bit flipped": bit_flipped,
    "unit always failing": unit_always_failing,
    "unit hanging": unit_hanging,
    "node lost": node_lost,
    "scheduler lost": scheduler_lost,
    "preemption": preemption,
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


def lanes(todo, servers, seed, base, scratch):
    """Inject in several processes beside each other; yield moments as they are done."""
    read, write = os.pipe()
    pids = []
    for own in servers:
        pid = os.fork()
        if not pid:
            os.close(read)
            base.servers = own
            _be_lane(todo, seed, base, scratch, write)
        pids.append(pid)
    os.close(write)
    with os.fdopen(read) as lines:
        for line in lines:
            yield Moment(**json.loads(line))
    codes = [os.waitpid(pid, 0)[1] for pid in pids]
    if any(codes):
        raise SystemExit("a lane of the study failed, see above")


def _be_lane(todo, seed, base, scratch, write):
    code = 1
    try:
        for fault, index in todo:
            claim = scratch / f"{fault}-{index}.claim"
            try:
                os.close(os.open(claim, os.O_CREAT | os.O_EXCL))
            except FileExistsError:
                continue
            moment = inject(fault, index, seed, base, scratch)
            # less than a pipe takes at once, so lines of two lanes do not mix
            os.write(write, (json.dumps(asdict(moment))[:4000] + "\n").encode())
        code = 0
    finally:
        if code:
            traceback.print_exc()
        os._exit(code)


def table_text(moments, conditions):
    lines = [
        "# Faults at random moments",
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
    parser.add_argument("--seed", type=int, default=20261125)
    parser.add_argument("--lanes", type=int, default=2, help="moments beside each other")
    parser.add_argument("--faults", nargs="*", choices=list(FAULTS), default=list(FAULTS))
    parser.add_argument("--resume", action="store_true", help="keep the moments that are there")
    parser.add_argument("--out", type=Path, default=HERE / "cluster")
    asked = parser.parse_args()
    if os.geteuid() and "disk full" in asked.faults:
        parser.error("disk full: a small file system is mounted, which needs root; leave it out")
    path = asked.out / "faults.json"
    found = json.loads(path.read_text()) if path.exists() else {"moments": []}
    moments = [Moment(**one) for one in found["moments"] if one["fault"] not in asked.faults]
    if asked.resume and found.get("seed") == asked.seed:
        moments = [Moment(**one) for one in found["moments"]]
    done = {(moment.fault, moment.index) for moment in moments}
    everything = [(fault, index) for index in range(asked.moments) for fault in asked.faults]
    todo = [one for one in everything if one not in done]
    scratch = Path(tempfile.mkdtemp(prefix="study-faults-"))
    clock = time.monotonic()
    load_program()
    servers = [Servers.start() for _ in range(asked.lanes)]
    base = undisturbed(scratch, servers[0])
    print(
        f"undisturbed: {base.seconds_of_threads:.1f} s on threads, "
        f"{base.seconds_of_processes:.1f} s on processes, {base.seconds_of_cluster:.1f} s on nodes",
        flush=True,
    )
    for moment in lanes(todo, servers, asked.seed, base, scratch):
        moments.append(moment)
        print(
            f"{moment.outcome:9} {moment.fault} {moment.index}: {moment.remark}, "
            f"{moment.seconds} s",
            flush=True,
        )
        write(asked, base, sorted(moments, key=_place))
    for one in servers:
        one.stop()
    print(
        f"{len(todo)} moments in {(time.monotonic() - clock) / 60:.1f} min, "
        f"{sum(os.times()[:4]) / 60:.1f} min of processor time"
    )
    if all(moment.outcome == "recovered" for moment in moments):
        shutil.rmtree(scratch)
    else:
        print(f"what was not recovered lies in {scratch}")


def _place(moment):
    return moment.index, list(FAULTS).index(moment.fault)


def write(asked, base, moments):
    machine = describe_machine()
    conditions = (
        f"Stand-in for the simulator, {N_UNITS} units of 20 patients, {UNIT_S} s each, on "
        f"{machine['cores']} cores that were shared with other work. A killed worker and Ctrl-C "
        "meet two worker processes (an undisturbed run took "
        f"{base.seconds_of_processes:.0f} s); a lost node, a lost scheduler and preemption meet "
        f"`dask scheduler` and two `dask worker` of {N_NODE_WORKERS} workers each "
        f"({base.seconds_of_cluster:.0f} s), on a scheduler that forgives no death of a worker or "
        "three; a hanging unit meets either; the other faults meet two threads "
        f"({base.seconds_of_threads:.0f} s). Moments are drawn (seed {asked.seed}) while the run "
        "starts, or after a random number of its units. 'Recovered': after the same command was "
        "given again where the first did not finish, every table has the bytes of the undisturbed "
        "run and `cohort verify` finds the folder sound. Clock jumps come at a random time and "
        "move the clock of driver and scheduler by a minute to 11 days, forwards or backwards. A "
        "lost node is not replaced: its units go to the other. A preempted node (SIGTERM to `dask "
        "worker`, or to all of its processes) is replaced within "
        f"{_GONE_S:.0f} s. A lost scheduler is replaced within that time, or only after the "
        "command has ended with an error of one line. A hanging unit sleeps, spins or has its "
        "process stopped, once or at every attempt; it may take "
        f"{base.unit_timeout_s:.0f} s. The command looks {base.wait_s:.0f} s for a scheduler and "
        f"its workers. A run longer than {base.hung_s:.0f} s counts as hung."
    )
    asked.out.mkdir(parents=True, exist_ok=True)
    (asked.out / "FAULTS.md").write_text(table_text(moments, conditions), encoding="utf-8")
    rows = {"seed": asked.seed, "moments": [asdict(moment) for moment in moments]}
    (asked.out / "faults.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
