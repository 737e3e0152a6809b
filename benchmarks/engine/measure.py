"""What every runner of sert29 calls: check the answer, then time it, then print one JSON line.

A runner is a process: ``python benchmarks/runners/run_x.py --patients 24 --threads 1 --rtol 1e-5
--variant ...``. Its ``setup(options)`` returns a `Runner` that has nothing left to compile.
"""

import argparse
import json
import math
import os
import resource
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from engine import accuracy, sert29

MOST_CHECKED = 24
"""Patients of the reference; an answer is checked on as many as are timed, up to these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """What a package gives back.

    ``final`` has shape ``(n_lane, n_state)``. ``steps`` and ``rejected`` are totals over patients,
    None where the package does not tell. ``wall_s`` and ``cpu_s`` only if the work was done in
    another process than this one.
    """

    final: np.ndarray
    steps: float | None = None
    rejected: float | None = None
    wall_s: float | None = None
    cpu_s: float | None = None
    peak_mb: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """A package that is ready to solve.

    ``solve`` takes parameters, shape ``(n_lane, n_parameter)``; ``facts`` go into the measurement
    as they are: ``version``, ``method``, and what else is worth knowing.
    """

    solve: Callable[[np.ndarray], Solved]
    facts: Mapping[str, object] = field(default_factory=dict)


def measure(setup, *, is_ours=False):
    """Run ``setup``, check the answer, time it, print the line."""
    options = _options()
    started = time.perf_counter()
    runner = setup(options)
    start_s = time.perf_counter() - started
    row = {"n": options.patients, "start_s": start_s, **runner.facts}
    parameters = sert29.patients(options.patients)
    first = parameters[:MOST_CHECKED]
    found = accuracy.errors(runner.solve(first).final, first)
    is_single = runner.facts.get("precision", "float64") != "float64"
    refused = accuracy.refusal(found, options.rtol, is_ours=is_ours, is_single=is_single)
    if refused:
        row |= {"status": "wrong answer", "reason": refused}
    else:
        row |= _timed(runner, parameters)
    row |= {"error_worst": number(found.worst), "error_median": number(found.median)}
    row["n_checked"] = found.n
    print(json.dumps(row), flush=True)


def number(value):
    """Return a value as JSON can hold it."""
    return value if math.isfinite(value) else None  # JSON has no infinity


def _options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--patients", type=int, default=MOST_CHECKED)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rtol", type=float, default=1e-5)
    parser.add_argument("--variant", default="")
    return parser.parse_args()


def _timed(runner, parameters):
    load = os.getloadavg()[0]
    wall, cpu = time.perf_counter(), time.process_time()
    solved = runner.solve(parameters)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    wall = wall if solved.wall_s is None else solved.wall_s
    cpu = cpu if solved.cpu_s is None else solved.cpu_s
    n = len(parameters)
    n_failed = int((~np.isfinite(np.asarray(solved.final)).all(axis=1)).sum())
    if n_failed:  # those beyond the reference have not been checked
        return {"status": "wrong answer", "reason": f"{n_failed} of {n} patients not finite"}
    return {
        "status": "ok",
        "wall_s": wall,
        "cpu_s": cpu,
        "per_s": n / wall,
        "per_cpu_s": n / cpu,
        "steps": None if solved.steps is None else solved.steps / n,
        "rejected": None if solved.rejected is None else solved.rejected / n,
        "peak_mb": peak_mb() if solved.peak_mb is None else solved.peak_mb,
        "load": load,
    }


def peak_mb():
    """Return the most memory this process has held [MB]."""
    status = Path("/proc/self/status")
    if status.exists():  # getrusage would also count what the parent held when it forked
        line = next(x for x in status.read_text().splitlines() if x.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
