"""What every runner calls: check the answer, time it, print one JSON line.

A runner is a process: ``python benchmarks/runners/run_x.py --patients 24 --threads 1 --rtol 1e-5
--variant ...``. Its ``setup(options)`` returns a `Runner` that has nothing left to compile.
"""

import argparse
import json
import math
import os
import resource
import time
from collections.abc import Callable, Mapping, Sized
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from engine import accuracy, sert29

MOST_CHECKED = 24
"""Patients of the reference; an answer is checked on as many as are timed, up to these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """What a package gives back.

    ``final`` holds states, patient first. ``steps`` and ``rejected`` are totals over patients,
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

    ``solve`` takes patients as the problem gives them; ``facts`` go into the measurement
    as they are: ``version``, ``method``, and what else is worth knowing.
    """

    solve: Callable[[Sized], Solved]
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What a runner is given, and how its answer is judged.

    Parameters
    ----------
    patients
        Gives a number of patients; slices of them are patients too.
    errors
        Compares an answer for patients with the tight one, which ``reference`` names: `Errors`.
    n_checked
        Patients whose tight solution is known.
    is_timed_first
        Whether the answer that is checked is the one that was timed; for a problem that takes too
        long to be solved twice.
    """

    patients: Callable[[int], Sized]
    errors: Callable[[np.ndarray, Sized, str], accuracy.Errors]
    n_checked: int
    is_timed_first: bool = False


SERT29 = Problem(
    patients=sert29.patients,
    errors=lambda final, parameters, _: accuracy.errors(final, parameters),
    n_checked=MOST_CHECKED,
)


def measure(setup, problem=SERT29, *, is_ours=False):
    """Run ``setup``, check the answer, time it, print the line; a wrong answer gets no rate."""
    options = arguments()
    started = time.perf_counter()
    runner = setup(options)
    start_s = time.perf_counter() - started
    row = {"n": options.patients, "start_s": start_s, **runner.facts}
    patients = problem.patients(options.patients)
    first, timed = patients[: problem.n_checked], None
    if problem.is_timed_first:
        answer, timed = _timed(runner, patients)
    else:
        answer = runner.solve(first).final
    found = problem.errors(answer[: len(first)], first, options.reference)
    is_single = runner.facts.get("precision", "float64") != "float64"
    refused = accuracy.refusal(found, options.rtol, is_ours=is_ours, is_single=is_single)
    if refused:
        row |= {"status": "wrong answer", "reason": refused}
    else:
        row |= timed or _timed(runner, patients)[1]
    row |= {"error_worst": number(found.worst), "error_median": number(found.median)}
    row["n_checked"] = found.n
    print(json.dumps(row), flush=True)


def number(value):
    """Return a value as JSON can hold it."""
    return value if math.isfinite(value) else None  # JSON has no infinity


def arguments():
    """Return what a runner was told on its command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--patients", type=int, default=MOST_CHECKED)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rtol", type=float, default=1e-5)
    parser.add_argument("--variant", default="")
    parser.add_argument("--reference", default="", help="file of the tight solution")
    return parser.parse_args()


def _timed(runner, patients):
    """Return the answer for some patients, and what it cost."""
    load = os.getloadavg()[0]
    wall, cpu = time.perf_counter(), time.process_time()
    solved = runner.solve(patients)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    wall = wall if solved.wall_s is None else solved.wall_s
    cpu = cpu if solved.cpu_s is None else solved.cpu_s
    n, final = len(patients), np.asarray(solved.final)
    n_failed = int((~np.isfinite(final.reshape(n, -1)).all(axis=1)).sum())
    if n_failed:  # those beyond the reference have not been checked
        reason = f"{n_failed} of {n} patients not finite"
        return final, {"status": "wrong answer", "reason": reason}
    return final, {
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
