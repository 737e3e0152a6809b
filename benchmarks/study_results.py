"""Time and memory of the summaries on made-up tables: python benchmarks/study_results.py 50000 OUT.

Writes subject-level tables of that many patients in each of four arms, as `tests/made_trial.py`
draws them, makes every summary in a process of its own, and prints seconds and highest memory of
each as JSON. No patient is simulated.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

import polars as pl

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from made_trial import trial, write_tables  # noqa: E402

from pipelines.memory import peak_memory  # noqa: E402
from pipelines.results import make_results  # noqa: E402
from pipelines.results.scope import Scope  # noqa: E402
from pipelines.tables import _MAKERS  # noqa: E402

ROW_GROUP = 122_880


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("patients", type=int, help="patients in each arm")
    parser.add_argument("out", type=Path, help="folder of the tables; made if it is not there")
    parser.add_argument("--only", help="make this summary in this process")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    facts = trial()
    if given.only:
        print(json.dumps(measure(given.only, given.out, facts)))
        return
    if not (given.out / "adae.parquet").exists():
        write_tables(given.out, facts, given.patients, row_group_size=ROW_GROUP)
    rows = {}
    for name in (one for one in _MAKERS if one in facts.tables):
        command = [sys.executable, __file__, str(given.patients), str(given.out), "--only", name]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        rows[name] = json.loads(done.stdout)
        print(name, rows[name], flush=True)
    (given.out / "summaries.json").write_text(json.dumps(rows, indent=1) + "\n")


def measure(name, folder, facts):
    """Make one summary; `results` says how long each of its analyses took."""
    before = peak_memory() // 2**20
    wall, cpu = time.perf_counter(), time.process_time()
    parts = {}
    if name == "results":
        scope = Scope(tables=folder, facts=facts, variant=1)
        for analysis in make_results._ANALYSES:
            start, own = time.perf_counter(), time.process_time()
            n = sum(1 for _ in analysis(scope))
            parts[analysis.__name__] = {
                "rows": n,
                "seconds": round(time.perf_counter() - start, 1),
                "cpu_seconds": round(time.process_time() - own, 1),
                "peak_mb": peak_memory() // 2**20,
            }
    wall, cpu = time.perf_counter(), time.process_time()
    frame = _MAKERS[name](folder, facts).lazy().collect()
    found = {
        "rows": len(frame),
        "seconds": round(time.perf_counter() - wall, 1),
        "cpu_seconds": round(time.process_time() - cpu, 1),
        "peak_mb": peak_memory() // 2**20,
        "before_mb": before,
        "threads": pl.thread_pool_size(),
    }
    frame.write_parquet(folder / f"{name}.parquet")
    return found | ({"analyses": parts} if parts else {})


if __name__ == "__main__":
    main()
