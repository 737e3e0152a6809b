"""Fit the links of all conditions again and put the results where conditions read them.

Run it after anything that moves a fit: a plan of `cohort/calibration`, chemistry, drop-out,
adverse events.

    python -m benchmarks.refit_links [--cache FOLDER] [PLAN ...]

FOLDER keeps the simulated patients; without it, or where the chemistry changed, they are simulated
again. Depression is fitted first: plans of few drugs borrow its SD between drugs. Plans with
too few contrasts for a fit are named and passed over.
"""

import argparse
import subprocess
import sys
import time
from os import cpu_count
from pathlib import Path

from pipelines.calibrate import LENDER, fit, fitted_text
from pipelines.calibrate_cli import describe_fit
from pipelines.calibration_plan import load_plan, plan_names
from pipelines.errors import InputError

ROOT = Path(__file__).parents[1]
FITTED = ROOT / "cohort" / "calibration" / "fitted"


def refit(name, cache):
    start = time.perf_counter()
    plan = load_plan(name)
    try:
        found = fit(plan, workers=cpu_count() or 1, cache_folder=cache)
    except InputError as error:
        print(f"{name}: not fitted. {error}\n", flush=True)
        return
    path = FITTED / f"{name}.yaml"
    path.write_text(fitted_text(found.link), encoding="utf-8")
    seconds = time.perf_counter() - start
    print(f"{describe_fit(plan, found)}\n\nwrote {path}, {seconds:.0f} s\n", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("plans", nargs="*", metavar="PLAN")
    parser.add_argument("--cache", type=Path)
    options = parser.parse_args()
    names = sorted(options.plans or plan_names(), key=lambda name: name != LENDER)
    if len(names) == 1:
        refit(names[0], options.cache)
        return
    where = [] if options.cache is None else ["--cache", str(options.cache.resolve())]
    for name in names:  # a process each: packaged fits are read once a process
        subprocess.run(
            [sys.executable, "-m", "benchmarks.refit_links", name, *where], cwd=ROOT, check=True
        )


if __name__ == "__main__":
    main()
