"""Import BioModels files and compare their courses with libRoadRunner's.

    python benchmarks/study_biomodels.py DIR

Every SBML file of DIR is imported, or refused by name; everything that changes is followed by us
and by libRoadRunner (CVODE, relative tolerance 1e-10) from the file's start over a time that its
authors look at, and compared at 100 times. Writes benchmarks/results/biomodels.json and
benchmarks/sbml/BIOMODELS.md. Needs libRoadRunner (``pip install libroadrunner``).
"""

import argparse
import json
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import numpy as np  # noqa: E402
from sbml import files  # noqa: E402

from cohort.errors import CohortError  # noqa: E402
from cohort.sbml import UnsupportedSbmlError, read_sbml  # noqa: E402
from cohort.sbml.course import even_times, time_course  # noqa: E402
from kernels import ResultCode, Solver  # noqa: E402
from kernels.errors import KernelError  # noqa: E402

RESULT = HERE / "results" / "biomodels.json"
TABLE = HERE / "sbml" / "BIOMODELS.md"
SOLVER = Solver(rtol=1e-9, atol=1e-11, max_steps=1_000_000)
STEPS = 100
TOLERANCE = 1e-5
"""Largest relative difference that counts as equal, relative to the largest value of the course."""
ENDS = {
    "BIOMD0000000552": 2000,
    "BIOMD0000000553": 2000,
    "BIOMD0000000554": 600,
    "BIOMD0000000558": 2000,
    "BIOMD0000000575": 1000,
    "BIOMD0000000576": 1000,
    "BIOMD0000000602": 1000,
    "BIOMD0000000635": 100,
    "BIOMD0000000673": 100,
    "BIOMD0000000698": 48,
    "BIOMD0000000916": 30,
    "BIOMD0000001005": 100,
    "MODEL0478740924": 2000,
    "MODEL0911270004": 500,
    "MODEL0912835813": 500,
    "MODEL1172200168": 2000,
    "MODEL1502230000": 24,
    "MODEL1910240001": 1500,
    "MODEL1912170005": 400,
    "MODEL2003190006": 24,
    "MODEL2205250001": 10000,
}
"""Length of each run in the file's own unit of time: chosen, so that its course is seen."""


def theirs(path, names, times):
    """Return libRoadRunner's columns; ids of species are asked for as concentrations."""
    engine = files.roadrunner()
    engine.Logger.setLevel(engine.Logger.LOG_CRITICAL)
    model = files.prepare(engine.RoadRunner(str(path)))
    return files.course(model, times, names)


def compare(path):
    """Return one row."""
    name = path.name.partition("_")[0]
    row = {"file": path.stem, "outcome": "", "detail": ""}
    started = time.perf_counter()
    try:
        model = read_sbml(path)
    except UnsupportedSbmlError as error:
        return {**row, "outcome": "refused", "detail": str(error)}
    except CohortError as error:
        return {**row, "outcome": "failed", "detail": str(error)}
    row |= {
        "read_s": round(time.perf_counter() - started, 2),
        "states": len(model.system.states),
        "parameters": len(model.parameters),
        "end": ENDS[name],
        "time_unit": model.time_unit,
    }
    times = even_times(ENDS[name], STEPS)
    ids = {value: key for key, value in model.names.items()}
    if not model.system.observables:  # nothing moves: compare what rules give
        ruled = {n: (i, "value") for n, i in ids.items() if n not in model.parameters}
        model = model.observing(ruled)
    wanted = list(model.system.observables)
    selections = [f"[{ids[n]}]" if model.is_concentration(ids[n]) else ids[n] for n in wanted]
    try:
        reference = theirs(path, selections, times)
    except RuntimeError as error:
        reference, row["detail"] = None, f"libRoadRunner: {' '.join(str(error).split())[:150]}"
    try:
        course = time_course(model, times, solver=SOLVER, device="numpy")
    except (CohortError, KernelError) as error:
        return {**row, "outcome": "failed", "detail": str(error)}
    solution = course.solution
    row["steps"] = int(solution.accepted[0])
    if solution.codes[0]:
        code = ResultCode(int(solution.codes[0])).message
        detail = f"ours: {code} at {solution.failure_times[0]:.3g}. {row['detail']}"
        return {**row, "outcome": "neither" if reference is None else "failed", "detail": detail}
    if reference is None:
        return {**row, "outcome": "ours alone"}
    worst, where = 0.0, ""
    for i, column in enumerate(wanted):
        ours, expected = course.values[column][:, 0], reference[:, i]
        scale = np.max(np.abs(expected)) or 1.0
        difference = np.max(np.abs(ours - expected)) / scale
        if not difference <= worst:
            worst, where = float(difference), column
    outcome = "equal" if worst <= TOLERANCE else "differs"
    return {**row, "outcome": outcome, "worst": float(f"{worst:.1e}"), "detail": where}


def text(rows, version):
    """Return the table."""
    counts = {}
    for row in rows:
        counts[row["outcome"]] = counts.get(row["outcome"], 0) + 1
    lines = [
        "# Published models, imported",
        "",
        "Written by `python benchmarks/study_biomodels.py DIR` from "
        "`benchmarks/results/biomodels.json`; not by hand.",
        "",
        f"{len(rows)} files of BioModels that touch neurotransmitters, hormones or their drugs: "
        + ", ".join(f"{n} {key}" for key, n in sorted(counts.items()))
        + f". *Equal*: everything that changes, at {STEPS + 1} times, differs from libRoadRunner "
        f"{version} (CVODE, rtol {files.RTOL:g}, atol {files.ATOL:g}) by at most {TOLERANCE:g} of "
        f"its largest value; ours at rtol {SOLVER.rtol:g}, atol {SOLVER.atol:g} on NumPy. *Worst* "
        "is the largest such difference and where it is.",
        "",
        "| file | states | parameters | end [time unit] | steps | verdict | worst | note |",
        "| --- | ---: | ---: | --- | ---: | --- | ---: | --- |",
    ]
    for row in rows:
        end = f"{row.get('end', '-')} x {row.get('time_unit') or 'not given'}"
        worst = f"{row['worst']:.0e}" if "worst" in row else "-"
        lines.append(
            f"| {row['file']} | {row.get('states', '-')} | {row.get('parameters', '-')} | {end} | "
            f"{row.get('steps', '-')} | {row['outcome']} | {worst} | {row['detail']} |"
        )
    return "\n".join([*lines, ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", help="run files whose name holds this, keep the other rows")
    options = parser.parse_args()
    rows = []
    for path in sorted(options.folder.glob("*.xml")):
        if options.only is None or options.only in path.name:
            rows.append(compare(path))
            print(rows[-1], flush=True)
    version = files.roadrunner().__version__
    if options.only is not None:
        new = {row["file"]: row for row in rows}
        rows = [new.get(row["file"], row) for row in json.loads(RESULT.read_text())["rows"]]
    if rows:
        RESULT.write_text(json.dumps({"libroadrunner": version, "rows": rows}, indent=1) + "\n")
        TABLE.write_text(text(rows, version))


if __name__ == "__main__":
    main()
