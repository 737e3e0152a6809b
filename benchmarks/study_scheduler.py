"""What cutting a run into units costs: the driver, its files, its tables; the model of a unit.

::

    python benchmarks/study_scheduler.py files --units 10000      # stock, manifest, seal, tables
    python benchmarks/study_scheduler.py dask --units 10000 --workers 2 --unit-ms 30
    python benchmarks/study_scheduler.py unit-costs               # -> pipelines/unit_costs.json
    python benchmarks/study_scheduler.py page                     # -> cluster/SCHEDULER.md

``files`` makes shards of one patient each (the arms of a stand-in for the simulator, cut apart)
and times every stage of the driver that grows with their number. ``dask`` runs
`pipelines.execute` on worker processes whose unit is a sleep and the copy of a shard. Seconds of
the driver are CPU seconds of its process, scheduler included: on a machine that others load, wall
time says little, and stands beside them with the load average. Every stage is kept in
``cluster/scheduler.json``.
"""

import argparse
import json
import os
import pickle
import platform
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "tests" / "pipelines")]

import dask  # noqa: E402
import numpy as np  # noqa: E402

from cohort.protocols import protocol_text  # noqa: E402
from cohort.trial import load_protocol  # noqa: E402
from cohort.trial_equations import model_texts, step_operations  # noqa: E402
from pipelines import execute, local_cluster  # noqa: E402
from pipelines.adam import adam_tables  # noqa: E402
from pipelines.execute import Execution, _pending, take_stock  # noqa: E402
from pipelines.files import text_sha256  # noqa: E402
from pipelines.memory import peak_memory  # noqa: E402
from pipelines.plan import Unit, override  # noqa: E402
from pipelines.provenance import RunRecord, record_run  # noqa: E402
from pipelines.run_trial import Request, _known_sums, prepare  # noqa: E402
from pipelines.seal import write_seal  # noqa: E402
from pipelines.shards import Receipt, append_to_manifest, write_shard  # noqa: E402
from pipelines.tables import write_tables  # noqa: E402
from pipelines.worker import find_simulator, run_unit  # noqa: E402

RESULTS = HERE / "cluster" / "scheduler.json"
PAGE = HERE / "cluster" / "SCHEDULER.md"
COSTS = HERE.parent / "pipelines" / "unit_costs.json"
ENVIRONMENT = "STUDY_SCHEDULER"
UNIT_S = (1.0, 5.0, 10.0)


def machine():
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "processor": names[0] if names else platform.processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "load_average": [round(one, 1) for one in os.getloadavg()],
    }


def kept():
    return json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}


def keep(name, found):
    everything = kept()
    everything[name] = {**machine(), **found}
    RESULTS.write_text(json.dumps(everything, indent=1) + "\n")
    write_page(everything)


class Clock:
    """CPU and wall seconds of stages, as they come."""

    def __init__(self):
        self.stages = {}

    @contextmanager
    def stage(self, name):
        """Time what happens inside."""
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.stages[name] = {
            "cpu_s": round(time.process_time() - cpu, 4),
            "wall_s": round(time.perf_counter() - wall, 4),
        }
        print(f"{name}: {self.stages[name]}", flush=True)


def prepared(folder, n_units):
    """Return a checked run of the stand-in with so many units of one patient."""
    protocol = override(load_protocol("sct-md-01"), patients_per_arm=n_units // 4)
    return prepare(
        Request(
            protocol=protocol,
            protocol_text=protocol_text("sct-md-01"),
            out=folder,
            block_size=1,
            n_workers=2,
            simulator="standin:simulate",
        )
    )


def copy_shard(pattern, receipt, shards, unit):
    """Copy a shard under the name of another unit; return its receipt."""
    own = replace(receipt, unit=unit.digest, arm=unit.arm, first_id=unit.first_id)
    target = shards / unit.digest
    target.mkdir()
    for name in receipt.files:
        os.link(pattern / f"{name}.parquet", target / f"{name}.parquet")
    (target / "receipt.json").write_text(own.to_json() + "\n")
    return own


def begin(ready):
    """Create the folder of a run and a shard of each arm to copy; return folders and receipts."""
    ready.folder.root.mkdir(parents=True, exist_ok=True)
    ready.folder.begin(ready.settings, "")
    apart = ready.folder.root.parent / "pattern"
    patterns = {}
    for unit in ready.plan.units:
        if unit.arm not in patterns:
            receipt = run_unit(replace(ready.job, shards=apart), unit)
            patterns[unit.arm] = apart / unit.digest, receipt
    return patterns


def cut_shards(ready):
    """Write every unit's shard: its patient, cut from the tables of the whole arm; yield receipts.

    The patients are different people. Were they copies of one, the joins of the summaries would
    pair each with all others.
    """
    for arm in {unit.arm: None for unit in ready.plan.units}:
        units = [unit for unit in ready.plan.units if unit.arm == arm]
        ids = np.array([unit.first_id for unit in units])
        columns = find_simulator(ready.job.simulator)(ready.job.protocol, arm, ids)
        parts = {}
        for name, frame in adam_tables(columns, arm, ready.job.facts).items():
            own = frame.partition_by("SUBJID", as_dict=True) if "SUBJID" in frame.columns else {}
            parts[name] = own, frame.clear()
        for unit in units:
            key = (f"{unit.first_id:09d}",)
            yield write_shard(
                ready.folder.shards,
                unit.digest,
                {name: own.get(key, empty) for name, (own, empty) in parts.items()},
                arm=arm,
                first_id=unit.first_id,
                started=time.perf_counter(),
                simulated=time.perf_counter(),
            )


def study_files(n_units):
    """Time every stage of the driver that grows with the number of units, but for Dask."""
    clock = Clock()
    with tempfile.TemporaryDirectory(prefix="study-scheduler-") as name:
        with clock.stage("prepare and plan"):
            ready = prepared(Path(name) / "run", n_units)
        folder = ready.folder
        folder.root.mkdir(parents=True, exist_ok=True)
        folder.begin(ready.settings, "")
        with clock.stage("(making the shards)"):
            made = list(cut_shards(ready))
        with clock.stage("manifest: append and fsync"):
            for one in made:
                append_to_manifest(folder.manifest, one)
        with clock.stage("take_stock"):
            execution = take_stock(ready.plan, folder)
        assert execution.n_reused == len(ready.plan.units)
        with clock.stage("pending, once a cluster"):
            assert not _pending(ready.plan, execution)
        text = model_texts(ready.job.protocol)["program.txt"]
        record = RunRecord(started="", n_workers=2, passed_over={}, warnings=(), program_text=text)
        with clock.stage("record_run (provenance)"):
            record_run(folder, ready.settings, execution, (), record)
        with clock.stage("seal"):
            write_seal(folder.root, _known_sums(folder, Execution(), (), {}) | sums_of(made))
        with clock.stage("resubmission: pickle of one job"):
            job_bytes = len(pickle.dumps(ready.job))
        with clock.stage("tables"):
            write_tables(ready.plan, ready.facts, folder)
    keep(f"files, {n_units} units", {"units": n_units, "stages": clock.stages, "job": job_bytes})


def sums_of(receipts):
    sums = {}
    for one in receipts:
        for name, stored in one.files.items():
            sums[f"shards/{one.unit}/{name}.parquet"] = stored.sha256
        sums[f"shards/{one.unit}/receipt.json"] = text_sha256(one.to_json() + "\n")
    return sums


def sleep_unit(job, unit):
    """Stand for a unit on a worker: a sleep, then a copy of the shard that was written once."""
    pattern, seconds = os.environ[ENVIRONMENT].rsplit(":", 1)
    started = time.perf_counter()
    time.sleep(float(seconds))
    receipt = Receipt.from_json((Path(pattern) / "receipt.json").read_text())
    own = copy_shard(Path(pattern), receipt, job.shards, unit)
    return replace(own, seconds=time.perf_counter() - started)


def study_dask(n_units, n_workers, unit_ms):
    """Run units that sleep on worker processes; count what the driver and its scheduler need."""
    # a loaded machine starts workers slowly; that is not what is measured
    local_cluster._START_S = 1800
    dask.config.set({"distributed.comm.timeouts.connect": "600s"})
    dask.config.set({"distributed.comm.timeouts.tcp": "600s"})
    with tempfile.TemporaryDirectory(prefix="study-scheduler-") as name:
        ready = prepared(Path(name) / "run", n_units)
        pattern = next(iter(begin(ready).values()))[0]
        os.environ[ENVIRONMENT] = f"{pattern}:{unit_ms / 1000}"
        paths = [str(HERE), str(HERE.parent), str(HERE.parent / "tests" / "pipelines")]
        os.environ["PYTHONPATH"] = os.pathsep.join(paths)
        import study_scheduler  # noqa: PLC0415 - by the name under which workers find it

        execute.run_unit = study_scheduler.sleep_unit
        marks = []

        def report(receipt, was_there):
            marks.append((time.perf_counter(), time.process_time(), receipt.seconds))

        execute.execute(ready.plan, ready.job, ready.folder, n_workers=n_workers, report=report)
    # the first units find workers that import; the start of a cluster is no cost a unit
    first, last = marks[len(marks) // 10], marks[-1]
    n = len(marks) - len(marks) // 10 - 1
    in_units = sum(mark[2] for mark in marks[-n:])
    wall = last[0] - first[0]
    keep(
        f"dask, {n_units} units of {unit_ms:g} ms on {n_workers} workers",
        {
            "units": n_units,
            "workers": n_workers,
            "unit_s": in_units / n,
            "driver_cpu_s_a_unit": (last[1] - first[1]) / n,
            "wall_s": wall,
            "overhead_of_wall": wall * n_workers / in_units - 1,
        },
    )


def study_unit_costs(points):
    """Fit the model of a unit to measured points, and write it for `pipelines.unit_size`."""
    protocol = load_protocol("sct-md-01")
    days = (protocol.duration + protocol.run_in) / 86_400
    operations = step_operations(protocol)
    base, slope = line([(one["n_patients"], one["cpu_s"]) for one in points])
    memory, memory_slope = line([(one["n_patients"], one["peak_mb"] * 1e6) for one in points])
    steps = 1852.5  # read: benchmarks/RESULTS.md, the whole patient model of sct-md-01
    in_kernel = 1 / 675.0  # measured: 600 to 750 patients a CPU second in the kernel of a run
    COSTS.write_text(
        json.dumps(
            {
                "written_by": "benchmarks/study_scheduler.py unit-costs",
                "measured": {
                    **{key: machine()[key] for key in ("processor", "cores", "python")},
                    "date": "2026-11-26",
                    "trial": "sct-md-01, native, one thread, one unit of the arms",
                    "points": points,
                    "kernel_patients_a_cpu_s": [600, 750],
                    "numpy_kernel_patients_a_cpu_s": 36.25,
                    "steps": steps,
                    "driver": "CPU seconds of scheduler.json; an upper bound on a loaded machine",
                    "operations_a_step": operations,
                },
                "constants": {
                    "seconds_a_block": round(base, 3),
                    "host_seconds_a_patient_day": float(f"{(slope - in_kernel) / days:.3g}"),
                    "operations_a_second": {
                        "native": float(f"{steps * operations / in_kernel:.3g}"),
                        "numpy": float(f"{steps * operations * 36.25:.3g}"),
                    },
                    "steps_a_day": round(steps / days, 2),
                    "base_bytes": round(memory),
                    "bytes_a_patient_day": round(memory_slope / days, 1),
                    "driver_seconds_a_unit": driver_seconds(),
                },
            },
            indent=1,
        )
        + "\n"
    )


def line(points):
    """Return the line through points with the least relative squares."""
    a = [(1 / y, x / y) for x, y in points]
    s11, s12, s22 = (sum(u[i] * u[j] for u in a) for i, j in ((0, 0), (0, 1), (1, 1)))
    t1, t2 = (sum(u[i] for u in a) for i in (0, 1))
    det = s11 * s22 - s12 * s12
    return (t1 * s22 - t2 * s12) / det, (s11 * t2 - s12 * t1) / det


def driver_seconds():
    """Return CPU seconds of the driver a unit: Dask with the manifest, as last measured."""
    found = [one for name, one in kept().items() if name.startswith("dask")]
    most = max(found, key=lambda one: one["units"], default=None)
    return 0.01 if most is None else float(f"{most['driver_cpu_s_a_unit']:.2g}")


def measure_point(n_patients):
    """Compute one unit after a small one that pays for imports; return CPU seconds and memory."""
    with tempfile.TemporaryDirectory(prefix="study-scheduler-") as name:
        ready = prepare(
            Request(
                protocol=load_protocol("sct-md-01"),
                protocol_text=protocol_text("sct-md-01"),
                out=Path(name) / "run",
                device="native",
            )
        )
        job = replace(ready.job, shards=Path(name) / "shards", trajectory_ids={})
        first = ready.plan.units[-1]
        run_unit(job, Unit(arm=first.arm, first_id=first.first_id, n_patients=8, digest="warm"))
        started = time.process_time()
        run_unit(
            job, Unit(arm=first.arm, first_id=first.first_id, n_patients=n_patients, digest="one")
        )
        return {
            "n_patients": n_patients,
            "cpu_s": round(time.process_time() - started, 3),
            "peak_mb": round(peak_memory() / 1e6),
        }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    files = commands.add_parser("files")
    files.add_argument("--units", type=int, default=10_000)
    dask = commands.add_parser("dask")
    dask.add_argument("--units", type=int, default=10_000)
    dask.add_argument("--workers", type=int, default=2)
    dask.add_argument("--unit-ms", type=float, default=30.0)
    costs = commands.add_parser("unit-costs")
    costs.add_argument(
        "--point",
        nargs=3,
        type=float,
        action="append",
        metavar=("PATIENTS", "CPU_S", "MB"),
        help="A point that was measured before, instead of measuring now.",
    )
    point = commands.add_parser("point")
    point.add_argument("n_patients", type=int)
    commands.add_parser("page")
    asked = parser.parse_args()
    if asked.command == "files":
        study_files(asked.units)
    elif asked.command == "dask":
        study_dask(asked.units, asked.workers, asked.unit_ms)
    elif asked.command == "point":
        print(json.dumps(measure_point(asked.n_patients)))
    elif asked.command == "unit-costs":
        study_unit_costs(measured_points(asked.point))
    else:
        write_page(kept())


def measured_points(given):
    """Return the points as given, else measured, each in a process of its own for its memory."""
    if given:
        return [
            {"n_patients": int(n), "cpu_s": seconds, "peak_mb": peak} for n, seconds, peak in given
        ]
    found = []
    for n in (512, 2048, 8192):
        words = [sys.executable, str(HERE / "study_scheduler.py"), "point", str(n)]
        ran = subprocess.run(words, capture_output=True, text=True, check=True)
        found.append(json.loads(ran.stdout))
    return found


def write_page(everything):
    """Write the page of what was measured."""
    lines = [
        "# What the driver needs a unit",
        "",
        "Written by `benchmarks/study_scheduler.py`; everything is in `scheduler.json`. CPU "
        "seconds are those of the driver's process (in `dask` its scheduler with it). Wall "
        "seconds were taken under the load average that stands beside them, so they are upper "
        "bounds only.",
    ]
    for name, found in everything.items():
        lines += ["", f"## {name}", "", _where(found), ""]
        lines += _stage_rows(found) if "stages" in found else _dask_rows(found)
    dask = [one for name, one in everything.items() if name.startswith("dask")]
    files = [one for name, one in everything.items() if name.startswith("files")]
    if dask and files:
        lines += ["", *_sum_rows(dask[-1], files[-1])]
    PAGE.write_text("\n".join([*lines, "", *_LIMITS]) + "\n")


_LIMITS = (
    "## What this does not say",
    "",
    "- Scheduler, workers and client wake up many times a second whatever they do, so on a machine "
    "that gives them little time the CPU seconds a unit of `dask` are too large, never too small.",
    "- Shards lie on one local disk; an fsync or a look-up on a shared file system takes longer.",
    "- In a trial that is randomised in blocks every worker draws the strata of the whole trial "
    "once, and looks through the arms of all patients once a unit: that grows with the trial, and "
    "is not in these numbers.",
)


def _where(found):
    load = ", ".join(str(one) for one in found["load_average"])
    return (
        f"{found['processor']}, {found['cores']} cores, Python {found['python']}, {found['date']}; "
        f"load average {load} (1, 5, 15 min)."
    )


def _stage_rows(found):
    rows = ["| stage | CPU s | CPU ms a unit | wall s |", "| --- | ---: | ---: | ---: |"]
    for stage, took in found["stages"].items():
        each = 1000 * took["cpu_s"] / found["units"]
        rows.append(f"| {stage} | {took['cpu_s']:.2f} | {each:.3f} | {took['wall_s']:.1f} |")
    if "job" not in found:  # stopped before its last stage
        return rows
    return [*rows, "", f"A job, sent with every unit: {found['job'] / 1000:.1f} kB."]


def _dask_rows(found):
    return [
        f"- driver and scheduler: {1000 * found['driver_cpu_s_a_unit']:.1f} ms of CPU a unit, "
        "manifest with its fsync included",
        f"- a unit took {1000 * found['unit_s']:.0f} ms of wall time on its worker",
        f"- wall x workers / units - 1: {100 * found['overhead_of_wall']:.0f} %, load included",
    ]


def _sum_rows(dask, files):
    """Return what the driver adds to units of a realistic length."""
    each = {stage: took["cpu_s"] / files["units"] for stage, took in files["stages"].items()}
    after = sum(
        each[stage] for stage in ("take_stock", "record_run (provenance)", "seal", "tables")
    )
    rows = [
        f"## Overhead at realistic units, from {files['units']:,} and {dask['units']:,} units",
        "",
        "Computed from the CPU seconds above. *While units run*: a worker waits for the driver. "
        "*In all*: stock-taking, provenance, seal and tables (of one patient a unit) as well, "
        "during which all workers wait. The driver is full where units are handed out faster than "
        "it notes them.",
        "",
        "| unit | while units run | in all, 2 workers | in all, 64 workers | workers that fill the "
        "driver |",
        "| ---: | ---: | ---: | ---: | ---: |",
    ]
    driver = dask["driver_cpu_s_a_unit"]
    for unit in UNIT_S:
        shares = [100 * (driver + n * after) / unit for n in (2, 64)]
        rows.append(
            f"| {unit:g} s | {100 * driver / unit:.2f} % | {shares[0]:.2f} % | {shares[1]:.1f} % | "
            f"{unit / driver:,.0f} |"
        )
    return rows


if __name__ == "__main__":
    main()
