"""Three published models over 10,000 parameter draws: ours beside libRoadRunner, one core each.

    python benchmarks/study_sbml_speed.py DIR [--draws 10000]

Each draw varies every global parameter of the file log-normally (coefficient of variation 0.1).
Processor time is compared, so that it is one core each whoever shares the machine. libRoadRunner
(CVODE, stiff) is timed over the first draws and the time taken per draw; ours over all of them,
build apart. Answers are checked first: levels at the end of those draws, of both, against
libRoadRunner's at tight tolerances. Writes benchmarks/results/sbml_speed.json and
benchmarks/sbml/SPEED.md.
"""

import argparse
import json
import math
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import numpy as np  # noqa: E402
from sbml import files  # noqa: E402

from cohort.population.draws import normals  # noqa: E402
from cohort.sbml import read_sbml  # noqa: E402
from cohort.sbml.course import even_times, time_course  # noqa: E402
from kernels import Solver  # noqa: E402

RESULT = HERE / "results" / "sbml_speed.json"
TABLE = HERE / "sbml" / "SPEED.md"
MODELS = {
    "BIOMD0000000698_Reed2004_methionine": 48,
    "MODEL1172200168_Bingzheng1990_HPA": 2000,
    "BIOMD0000000576_Kolodkin2013_cortisol_receptor": 1000,
}
SPREAD = 0.1
SOLVER = Solver(rtol=1e-5, atol=1e-8)
THEIR_RTOL, THEIR_ATOL = 1e-6, 1e-9
AGREE = 1e-3
"""Largest difference of an end level, relative to the level or 1e-6 of the largest."""


def drawn(model, n):
    sigma = math.sqrt(math.log1p(SPREAD**2))
    return {
        name: value * np.exp(sigma * normals(1, np.arange(n), f"sbml {name}"))
        for name, value in model.parameters.items()
    }


def their_ends(path, ids, selections, values, end, n, rtol, atol):
    """Return end levels and seconds a draw; only global quantities are set."""
    engine = files.roadrunner()
    engine.Logger.setLevel(engine.Logger.LOG_CRITICAL)
    model = engine.RoadRunner(str(path))
    integrator = model.getIntegrator()
    integrator.setValue("stiff", True)
    integrator.setValue("relative_tolerance", rtol)
    integrator.setValue("absolute_tolerance", atol)
    integrator.setValue("maximum_num_steps", 100_000)
    model.timeCourseSelections = ["time", *selections]
    ends, spent = [], 0.0
    for i in range(n):
        model.resetToOrigin()
        for name, sbml_id in ids.items():
            model.setValue(sbml_id, float(values[name][i]))
        model.reset(engine.SelectionRecord.TIME | engine.SelectionRecord.RATE)
        started = time.process_time()
        course = model.simulate(0, end, 2)
        spent += time.process_time() - started
        ends.append(np.asarray(course)[-1, 1:])
    return np.array(ends), spent / n


def compare(path, end, draws, checked):
    model = read_sbml(path)
    by_name = {name: sbml_id for sbml_id, name in model.names.items()}
    ids = {name: by_name[name] for name in model.parameters if name in by_name}
    seen = list(model.system.observables)
    values = drawn(model, draws)
    engine = files.roadrunner().RoadRunner(str(path))
    sizes = list(engine.model.getCompartmentIds())
    compartments = [n for n in ids if ids[n] in sizes]
    for name in [*values]:
        if name not in ids or name in compartments:  # local ones and sizes stay: set in ours alone
            values[name] = np.full(draws, model.parameters[name])
    ids = {name: sbml_id for name, sbml_id in ids.items() if name not in compartments}
    times = even_times(end, 1)
    started = time.perf_counter()
    first = {name: column[:1] for name, column in values.items()}
    time_course(model, times, n_lane=1, values=first, solver=SOLVER, device="native")
    build = time.perf_counter() - started
    seconds = []
    for _ in range(3):
        started = time.process_time()
        course = time_course(
            model, times, n_lane=draws, values=values, solver=SOLVER, device="native"
        )
        seconds.append(time.process_time() - started)
    ours = np.array([course.values[n][-1] for n in seen]).T
    selections = [
        f"[{by_name[n]}]" if model.is_concentration(by_name[n]) else by_name[n] for n in seen
    ]
    asked = (path, ids, selections, values, end, checked)
    theirs, each = their_ends(*asked, THEIR_RTOL, THEIR_ATOL)
    exact, _ = their_ends(*asked, files.RTOL, files.ATOL)
    scale = np.maximum(np.abs(exact), 1e-6 * np.abs(exact).max())
    difference = np.abs(ours[:checked] - exact) / scale
    their_difference = np.abs(theirs - exact) / scale
    mine = float(np.median(seconds)) / draws
    row = {
        "file": path.stem,
        "states": len(model.system.states),
        "end": end,
        "draws": draws,
        "failed": int(np.count_nonzero(course.solution.codes)),
        "steps": float(np.mean(course.solution.accepted)),
        "build_s": round(build, 2),
        "ours_us": round(mine * 1e6, 2),
        "theirs_us": round(each * 1e6, 1),
        "checked": checked,
        "worst": float(f"{np.nanmax(difference):.1e}"),
        "their_worst": float(f"{np.nanmax(their_difference):.1e}"),
        "ratio": round(each / mine, 1),
    }
    row["where"] = seen[int(np.nanargmax(np.nanmax(difference, axis=0)))]
    row["agrees"] = bool(np.nanmax(difference) <= AGREE)
    return row


def text(found):
    lines = [
        "# Imported models over a population: speed",
        "",
        "Written by `python benchmarks/study_sbml_speed.py DIR` from "
        "`benchmarks/results/sbml_speed.json`; not by hand.",
        "",
        f"{found['draws']:,} draws of all global parameters (coefficient of variation "
        f"{SPREAD:g}), one core each, device native on {found['cpu']}, processor time. Ours rtol "
        f"{SOLVER.rtol:g}, atol {SOLVER.atol:g}; libRoadRunner {found['libroadrunner']}: CVODE, "
        f"rtol {THEIR_RTOL:g}, atol {THEIR_ATOL:g}, its time in `simulate` alone. *Error*: largest "
        "relative difference of a level at the end from libRoadRunner's at rtol "
        f"{files.RTOL:g} over the checked draws; at most {AGREE:g} agrees. Other work ran on the "
        "machine: the ratio is good to some tens of per cent.",
        "",
        "| model | states | ours, us a draw | libRoadRunner, us a draw | ratio | checked draws | "
        "our error | its error | verdict | build [s] |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- | ---: |",
    ]
    for r in found["rows"]:
        verdict = "agrees" if r["agrees"] else "differs"
        lines.append(
            f"| {r['file']} | {r['states']} | {r['ours_us']:g} | {r['theirs_us']:g} | "
            f"{r['ratio']:g} | {r['checked']} | {r['worst']:.0e} | {r['their_worst']:.0e} | "
            f"{verdict} | {r['build_s']:g} |"
        )
    return "\n".join([*lines, ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--draws", type=int, default=10_000)
    parser.add_argument("--checked", type=int, default=200, help="draws that both programs run")
    options = parser.parse_args()
    rows = []
    for name, end in MODELS.items():
        path = options.folder / f"{name}.xml"
        rows.append(compare(path, end, options.draws, options.checked))
        print(rows[-1], flush=True)
    cpu = next(
        (
            line.split(":")[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        "an unknown processor",
    )
    version = files.roadrunner().__version__
    found = {"draws": options.draws, "cpu": cpu, "libroadrunner": version, "rows": rows}
    RESULT.write_text(json.dumps(found, indent=1) + "\n")
    TABLE.write_text(text(found))


if __name__ == "__main__":
    main()
