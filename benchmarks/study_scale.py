"""Scale on one machine: how long many patients take, where the time goes, what memory they need.

::

    python benchmarks/study_scale.py light --patients-per-arm 1000000
    python benchmarks/study_scale.py whole --patients-per-arm 100000

Runs `cohort run` on ``cluster/light.yaml`` or ``cluster/whole.yaml`` in a process of its own and
watches the memory of the driver and of every worker from outside. Times by stage and by kind of
work, and what each process says of its own memory, are in the provenance of the run; a run that was
stopped and resumed (``--out``) counts with all its starts. Adds the run to ``cluster/scale.json``
and writes ``cluster/SCALE.md``.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import psutil

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from kernels.cores import available_cores  # noqa: E402
from pipelines.provenance import library_versions  # noqa: E402

RESULTS = HERE / "cluster" / "scale.json"
PAGE = HERE / "cluster" / "SCALE.md"
SAMPLE_S = 0.5
LIMITS_GB = {"driver": 2.0, "worker": 3.0}
WORKER_WORDS = ("spawn_main", "forkserver")


def peak_bytes(process):
    """Return the peak resident memory of a process, 0 when it is gone."""
    try:
        text = Path(f"/proc/{process.pid}/status").read_text()
    except OSError:
        return 0
    lines = [line for line in text.splitlines() if line.startswith("VmHWM:")]
    return int(lines[0].split()[1]) * 1024 if lines else 0


def is_worker(process):
    try:
        return any(word in " ".join(process.cmdline()) for word in WORKER_WORDS)
    except psutil.Error:
        return False


def watch(command, log):
    """Run a command; return its exit code, its peaks of memory and the mean load."""
    peaks = {"driver": 0, "worker": 0}
    loads = []
    with log.open("wb") as stream:
        child = subprocess.Popen(command, stdout=stream, stderr=subprocess.STDOUT)
        driver = psutil.Process(child.pid)
        while True:
            pid, status = os.waitpid(child.pid, os.WNOHANG)
            if pid:
                break
            peaks["driver"] = max(peaks["driver"], peak_bytes(driver))
            try:
                children = driver.children(recursive=True)
            except psutil.Error:
                children = []
            for process in children:
                if is_worker(process):
                    peaks["worker"] = max(peaks["worker"], peak_bytes(process))
            loads.append(os.getloadavg()[0])
            time.sleep(SAMPLE_S)
        child.returncode = os.waitstatus_to_exitcode(status)
    return {
        "exit_code": child.returncode,
        "peak_bytes": peaks,
        "load": sum(loads) / max(len(loads), 1),
    }


def machine():
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = {line.partition(":")[2].strip() for line in lines if line.startswith("model name")}
    memory = psutil.virtual_memory().total / 1e9
    return f"{available_cores()} cores of {', '.join(sorted(names))}, {memory:.0f} GB"


def measure(which, patients_per_arm, n_workers, block_size, out, note):
    protocol = HERE / "cluster" / f"{which}.yaml"
    command = [sys.executable, "-m", "pipelines.cli", "run", str(protocol), "--out", str(out)]
    command += ["--patients-per-arm", str(patients_per_arm), "--workers", str(n_workers)]
    command += ["--block-size", str(block_size)] if block_size else []
    seen = watch(command, out.with_suffix(".log"))
    if seen["exit_code"]:
        raise SystemExit(out.with_suffix(".log").read_text()[-4000:])
    provenance = json.loads((out / "provenance.json").read_text())
    stages = {}
    for start in provenance["runs"]:
        for stage, seconds in start["seconds"].items():
            stages[stage] = stages.get(stage, 0.0) + seconds
    run = provenance["runs"][-1]
    own = [start["peak_memory"] for start in provenance["runs"] if start["peak_memory"]]
    seen["peak_bytes"]["driver"] = max(seen["peak_bytes"]["driver"], *own)
    seen["peak_bytes"]["worker"] = max(seen["peak_bytes"]["worker"], run["units"]["peak_memory"])
    tables = provenance["tables"]
    n_patients = tables["adsl"]["rows"]
    n_failed = sum(
        json.loads(line)["n_failed"] for line in (out / "manifest.jsonl").read_text().splitlines()
    )
    return {
        "trial": which,
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "machine": machine(),
        "versions": library_versions(),
        "command": "cohort "
        + " ".join(command[3:]).replace(str(protocol), f"{which}.yaml").replace(str(out), "RUN"),
        "workers": n_workers,
        "block_size": provenance["block_size"],
        "units": len(provenance["shards"]),
        "patients": n_patients,
        "failed": n_failed,
        "commit": provenance["commit"],
        "starts": len(provenance["runs"]),
        "stages": stages,
        "units_s": run["units"],
        "note": note,
        "table_bytes": sum(table["bytes"] for table in tables.values()),
        "shard_bytes": sum(path.stat().st_size for path in (out / "shards").rglob("*.parquet")),
        **seen,
    }


def _share(part, whole):
    return f"{100 * part / whole:.1f} %"


def page(results):
    """Return the page of all runs."""
    lines = [
        "# Scale on one machine",
        "",
        "Written by `benchmarks/study_scale.py`; the numbers are in `scale.json`. Time of workers",
        "is wall time x workers while units are computed: kernel (integration), host (people,",
        "doses, outcomes), tables (shaping and writing shards), waiting (the rest: start and end).",
        "Memory is the peak resident memory that Linux counts,",
        f"shared pages included; limits: driver {LIMITS_GB['driver']:g} GB, each worker "
        f"{LIMITS_GB['worker']:g} GB.",
        "",
    ]
    for one in results:
        unit, stages = one["units_s"], one["stages"]
        worker_s = stages["units"] * one["workers"]
        host = unit["seconds"] - unit["seconds_kernel"] - unit["seconds_tables"]
        total = sum(stages.values())
        peaks = {name: value / 1e9 for name, value in one["peak_bytes"].items()}
        rows = [
            ("patients in all arms", f"{one['patients']:,}"),
            ("solver failures", f"{one['failed']:,}"),
            ("units", f"{one['units']:,} of at most {one['block_size']:,} patients"),
            ("wall time of all stages", f"{total / 60:.1f} min"),
            ("patients a second", f"{one['patients'] / total:,.0f}"),
            (
                "patients a second and core, kernel",
                f"{one['patients'] / unit['seconds_kernel']:,.0f}",
            ),
            ("workers: kernel", _share(unit["seconds_kernel"], worker_s)),
            ("workers: host", _share(host, worker_s)),
            ("workers: tables", _share(unit["seconds_tables"], worker_s)),
            ("workers: waiting", _share(worker_s - unit["seconds"], worker_s)),
            (
                "tables and summaries at the end",
                f"{stages['tables']:.0f} s, {_share(stages['tables'], total)} of the wall time",
            ),
            ("starts of the run", f"{one['starts']}"),
            ("peak memory of the driver", f"{peaks['driver']:.2f} GB"),
            ("peak memory of a worker", f"{peaks['worker']:.2f} GB"),
            (
                "shards, tables",
                f"{one['shard_bytes'] / 1e9:.2f} GB, {one['table_bytes'] / 1e9:.2f} GB",
            ),
        ]
        lines += [
            f"## {one['trial']}: {one['patients']:,} patients",
            "",
            f"`{one['command']}`, {one['date']}, {one['machine']}, {one['workers']} workers, "
            f"commit {one['commit'][:12]}. {one['note']}".rstrip(),
            "",
            "| | |",
            "| --- | ---: |",
            *(f"| {name} | {value} |" for name, value in rows),
            "",
        ]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("trial", choices=["light", "whole"])
    parser.add_argument("--patients-per-arm", type=int, required=True)
    parser.add_argument("--workers", type=int, default=available_cores())
    parser.add_argument("--block-size", type=int, default=None)
    parser.add_argument("--out", type=Path, help="run folder that is kept; else a temporary one")
    parser.add_argument("--note", default="", help="what else the machine did meanwhile")
    parser.add_argument("--try", dest="is_trial", action="store_true", help="print, write nothing")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="study-scale-") as scratch:
        out = options.out or Path(scratch) / options.trial
        found = measure(
            options.trial,
            options.patients_per_arm,
            options.workers,
            options.block_size,
            out,
            options.note,
        )
    if options.is_trial:
        print(page([found]))
        return
    earlier = json.loads(RESULTS.read_text()) if RESULTS.exists() else []
    results = [one for one in earlier if one["trial"] != found["trial"]] + [found]
    results.sort(key=lambda one: one["trial"])
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    PAGE.write_text(page(results))
    print(PAGE.read_text())


if __name__ == "__main__":
    main()
