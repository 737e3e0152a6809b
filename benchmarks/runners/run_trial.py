"""The whole patient model of the packaged trial sct-md-01: one block of one arm, as a run does it.

    python benchmarks/runners/run_trial.py --patients 256 --variant numpy

checks the saved observables of some patients against the same block at rtol 1e-9, then times the
block: the whole of it (population, streams of doses and meals, engine, outcomes) and the calls of
the engine in it.
"""

import argparse
import json
import time
from dataclasses import replace

import numpy as np
from engine.measure import number, peak_mb

import cohort.simulate
from cohort.simulate import simulate_block
from cohort.trial import load_protocol
from kernels import integrate, lower
from kernels.cost import of_step

TRIAL, ARM = "sct-md-01", "escitalopram 20 mg"
TIGHT_RTOL, TIGHT_ATOL = 1e-9, 1e-10
FLOOR = 1e-3
"""Share of an observable's largest value below which its error counts as absolute."""
LOOSEST = 10.0
"""Error, in units of rtol, beyond which nothing is timed."""


class Watched:
    """Stand in for `kernels.integrate`: note times, or solve more tightly than asked."""

    def __init__(self, *, is_tight):
        self.is_tight = is_tight
        self.wall_s = self.cpu_s = 0.0
        self.rtol = np.nan

    def __call__(self, system, lanes, schedule, save_times, solver, *more, **named):
        """Integrate as `kernels.integrate` does."""
        self.rtol = solver.rtol
        if self.is_tight:
            solver = replace(solver, rtol=TIGHT_RTOL, atol=TIGHT_ATOL)
        wall, cpu = time.perf_counter(), time.process_time()
        solution = integrate(system, lanes, schedule, save_times, solver, *more, **named)
        self.wall_s += time.perf_counter() - wall
        self.cpu_s += time.process_time() - cpu
        return solution


def block(n, device, *, is_tight=False):
    """Return what happened to patients 1 to n, and the watch."""
    watch = cohort.simulate.integrate = Watched(is_tight=is_tight)
    ids = np.arange(1, n + 1)
    return simulate_block(load_protocol(TRIAL), ARM, ids, device=device), watch


def error(found, tight):
    """Return the largest error of all saved observables; NaN if one of them is."""
    worst = 0.0
    for a, b in zip(found.solutions, tight.solutions, strict=True):
        for name in b.names:
            wanted = b[name]
            largest = np.abs(wanted).max(initial=0.0) or 1.0  # 0 before the first tablet
            difference = np.abs(a[name] - wanted) / (np.abs(wanted) + FLOOR * largest)
            # not max(): it drops NaN
            worst = np.maximum(worst, difference.max(initial=0.0))
    return float(worst)


def main():
    options = _options()
    started = time.perf_counter()
    block(1, options.variant)
    row = {"n": options.patients, "start_s": time.perf_counter() - started}
    first, watch = block(options.checked, options.variant)
    tight, _ = block(options.checked, options.variant, is_tight=True)
    found, allowed = error(first, tight), LOOSEST * watch.rtol
    row |= {"error_worst": number(found), "n_checked": options.checked, "rtol": watch.rtol}
    if found <= allowed:
        row |= timed(options)
    else:
        reason = f"worst error {found:.1e}; at most {allowed:.1e} is allowed"
        row |= {"status": "wrong answer", "reason": reason}
    print(json.dumps(row), flush=True)


def timed(options):
    wall, cpu = time.perf_counter(), time.process_time()
    result, watch = block(options.patients, options.variant)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    n = options.patients
    system = result.model.system
    days = (result.solutions[-1].times[-1] - result.solutions[0].times[0]) / 86400.0
    step = of_step(lower(system), "rodas5p")
    n_failed = int(result.failed_before(-1).sum())
    if n_failed:
        return {"status": "wrong answer", "reason": f"{n_failed} of {n} patients failed"}
    return {
        "status": "ok",
        "method": f"{len(system.states)} states, {len(system.quadratures)} quadratures",
        "wall_s": wall,
        "cpu_s": cpu,
        "per_s": n / wall,
        "per_cpu_s": n / cpu,
        "engine_wall_s": watch.wall_s,
        "engine_cpu_s": watch.cpu_s,
        "engine_per_cpu_s": n / watch.cpu_s,
        "steps": sum(int(s.accepted.sum()) for s in result.solutions) / n,
        "rejected": sum(int(s.rejected.sum()) for s in result.solutions) / n,
        "days": days,
        "peak_mb": peak_mb(),
        "step": step.as_dict(),
        "precision": "float64",
    }


def _options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--patients", type=int, default=256)
    parser.add_argument("--checked", type=int, default=16)
    parser.add_argument("--variant", default="auto", help="device")
    parser.add_argument("--threads", type=int, default=1, help="cores the process is pinned to")
    return parser.parse_args()


if __name__ == "__main__":
    main()
