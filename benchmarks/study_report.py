"""Time, memory and size of a report: python benchmarks/study_report.py 250000 FOLDER.

Makes up a run of that many patients in each of four arms, or finds it in the folder: subject-level
tables as `tests/made_trial.py` draws them, and every summary as a run makes it. Then makes each
form of the report in a process of its own, and prints a row a form. No patient is simulated.
Results are in `benchmarks/tables/REPORT.md`.
"""

import argparse
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import polars as pl  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402
from made_run import MANY_ARMS, write_papers, write_subjects  # noqa: E402
from made_trial import trial  # noqa: E402

from pipelines.memory import peak_memory  # noqa: E402
from pipelines.report.counts import COLUMNS_READ  # noqa: E402
from pipelines.report.make import FORMATS, report_document, write_report  # noqa: E402
from pipelines.report.run_data import read_run  # noqa: E402
from pipelines.tables import _MAKERS  # noqa: E402

ROW_GROUP = 122_880


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("patients", type=int, help="patients in each arm")
    parser.add_argument("folder", type=Path, help="the run; made up if it is not there")
    parser.add_argument("--arms", type=int, default=4, help="arms, 12 at most")
    parser.add_argument("--only", help="make this form, or this summary, in this process")
    given = parser.parse_args()
    facts = trial(arms=MANY_ARMS[: given.arms])
    tables = given.folder / "tables"
    if given.only in FORMATS:
        print(json.dumps(measure(given.only, given.folder)))
        return
    if given.only:
        made = _MAKERS[given.only](tables, facts).lazy().collect()
        made.write_parquet(tables / f"{given.only}.parquet")
        return
    if not (given.folder / "settings.json").exists():
        tables.mkdir(parents=True, exist_ok=True)
        if not (tables / "adae.parquet").exists():
            write_subjects(tables, facts, given.patients, row_group_size=ROW_GROUP)
        for name in (one for one in _MAKERS if one in facts.tables):
            began = time.perf_counter()
            again(given, name)
            print(f"made {name} in {time.perf_counter() - began:.0f} s", flush=True)
        write_papers(given.folder, facts, given.patients)
    for path in sorted(tables.glob("*.parquet")):
        rows = pl.scan_parquet(path).select(pl.len()).collect().item()
        print(f"{path.name}: {rows:,} rows, {path.stat().st_size / 1e6:,.1f} MB", flush=True)
    read, whole = share_read(given.folder)
    print(f"columns read: {read / 1e6:,.1f} of {whole / 1e6:,.1f} MB of these tables", flush=True)
    for form in FORMATS:
        print(form, again(given, form), flush=True)


def again(given, only):
    """Run this script for one thing, in a process of its own, and return what it printed."""
    command = [sys.executable, __file__, str(given.patients), str(given.folder)]
    command += ["--arms", str(given.arms), "--only", only]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def measure(form, folder):
    """Make one form of the report."""
    before = peak_memory() // 2**20
    began = time.perf_counter()
    run = read_run(folder)
    summaries = time.perf_counter()
    report_document(run)
    counted = time.perf_counter()
    out = folder / f"report-{form}"
    for path in (out, out.with_name(f"{out.stem}-figures")):
        shutil.rmtree(path, ignore_errors=True)
        if path.is_file():
            path.unlink()
    start, cpu = time.perf_counter(), time.process_time()
    files = write_report(folder, out=out, kind=form)
    return {
        "read summaries [s]": round(summaries - began, 2),
        "chapters [s]": round(counted - summaries, 2),
        "whole report [s]": round(time.perf_counter() - start, 2),
        "CPU [s]": round(time.process_time() - cpu, 2),
        "peak [MB]": peak_memory() // 2**20,
        "peak of the imports [MB]": before,
        "files": len(files),
        "size [MB]": round(sum(path.stat().st_size for path in files) / 1e6, 2),
    }


def share_read(folder):
    """Return the compressed size of the columns that are read, and of the tables they are in."""
    read = whole = 0
    for name, columns in COLUMNS_READ.items():
        metadata = pq.read_metadata(folder / "tables" / f"{name}.parquet")
        for group in range(metadata.num_row_groups):
            for place in range(metadata.num_columns):
                one = metadata.row_group(group).column(place)
                whole += one.total_compressed_size
                read += one.total_compressed_size * (one.path_in_schema in columns)
    return read, whole


if __name__ == "__main__":
    main()
