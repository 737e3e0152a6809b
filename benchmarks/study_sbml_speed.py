"""Three published models over 10,000 parameter draws: ours beside libRoadRunner and AMICI.

    python benchmarks/study_sbml_speed.py DIR [--draws 10000] [--checked 2000]
        [--amici-python PYTHON] [--amici-models FOLDER]

Each draw varies every global parameter of the file log-normally (coefficient of variation 0.1) and
is looked at twelve times on its course. Processor time is compared, so that it is one core each
whoever shares the machine. All programs run at the same tolerances, and what each delivers is
measured on the checked draws, against AMICI at tight tolerances, or libRoadRunner without it;
speeds are then compared where errors are alike. AMICI runs in its own
interpreter, `sbml/amici_courses.py`; without the option its columns are empty. Writes
benchmarks/results/sbml_speed.json and benchmarks/sbml/SPEED.md; ``--report`` writes the latter
alone.
"""

import argparse
import json
import math
import subprocess
import sys
import tempfile
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
ADAPTER = HERE / "sbml" / "amici_courses.py"
MODELS = {
    "BIOMD0000000698_Reed2004_methionine": 48,
    "MODEL1172200168_Bingzheng1990_HPA": 2000,
    "BIOMD0000000576_Kolodkin2013_cortisol_receptor": 1000,
}
SPREAD = 0.1
LOOKS = 12
RTOLS = (1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5, 3e-6, 1e-6, 3e-7, 1e-7)
ATOL_PER_RTOL = 1e-3
ATOLS = tuple(rtol * ATOL_PER_RTOL for rtol in RTOLS)
ALIKE = (1e-3, 1e-4, 1e-5)
"""Errors at which speeds are compared: each program at its fastest setting within them."""
ROUNDS_BEFORE, ROUNDS_BETWEEN, ROUNDS_AFTER = 2, 1, 2
LEAST_SHARE, LEAST_LEVEL = 1e-6, 1e-9
"""A level counts as at least this share of the largest of its kind, and as at least this much."""
PROGRAMS = ("ours", "libRoadRunner", "AMICI")


def drawn(model, n):
    sigma = math.sqrt(math.log1p(SPREAD**2))
    return {
        name: value * np.exp(sigma * normals(1, np.arange(n), f"sbml {name}"))
        for name, value in model.parameters.items()
    }


class Problem:
    """One model, its draws, and what is looked at."""

    def __init__(self, path, end, draws, checked):
        self.path, self.end, self.draws, self.checked = path, end, draws, checked
        self.model = read_sbml(path)
        by_name = {name: sbml_id for sbml_id, name in self.model.names.items()}
        engine = files.roadrunner().RoadRunner(str(path))
        sizes = list(engine.model.getCompartmentIds())
        self.values = drawn(self.model, draws)
        self.ids = {}
        for name in self.values:
            if name in by_name and by_name[name] not in sizes:
                self.ids[name] = by_name[name]
            else:  # local ones have no id, sizes move more than themselves in other programs
                self.values[name] = np.full(draws, self.model.parameters[name])
        self.names = list(self.model.system.observables)
        self.seen = [by_name[name] for name in self.names]

    def ours(self, rtol):
        """Return levels by draw, time and what is seen, the solution and seconds a draw."""
        started = time.process_time()
        course = time_course(
            self.model,
            even_times(self.end, LOOKS),
            n_lane=self.draws,
            values=self.values,
            solver=Solver(rtol=rtol, atol=rtol * ATOL_PER_RTOL),
            device="native",
        )
        seconds = (time.process_time() - started) / self.draws
        levels = np.array([course.values[name][1:] for name in self.names])
        return levels.T, course.solution, seconds

    def libroadrunner(self, rtols, atols):
        """Return levels by run as `ours`, NaN where it fails, and seconds of each run and draw.

        Only global quantities are set. Runs take turns draw by draw, so that what else the machine
        does slows all of them alike.
        """
        models = [self._loaded(rtol, atol) for rtol, atol in zip(rtols, atols, strict=True)]
        engine = files.roadrunner()
        fresh = engine.SelectionRecord.TIME | engine.SelectionRecord.RATE
        levels = np.full((len(models), self.checked, LOOKS, len(self.seen)), np.nan)
        seconds = np.full((len(models), self.checked), np.nan)
        for draw in range(self.checked):
            for run, model in enumerate(models):
                model.resetToOrigin()
                for name, sbml_id in self.ids.items():
                    model.setValue(sbml_id, float(self.values[name][draw]))
                model.reset(fresh)
                started = time.process_time()
                try:
                    course = model.simulate(0, self.end, LOOKS + 1)
                except RuntimeError:  # CVODE gives up after seven failed error tests, as at a jump
                    continue
                seconds[run, draw] = time.process_time() - started
                levels[run, draw] = np.asarray(course)[1:, 1:]
        return levels, seconds

    def _loaded(self, rtol, atol):
        engine = files.roadrunner()
        engine.Logger.setLevel(engine.Logger.LOG_CRITICAL)
        model = engine.RoadRunner(str(self.path))
        integrator = model.getIntegrator()
        integrator.setValue("stiff", True)
        integrator.setValue("relative_tolerance", rtol)
        integrator.setValue("absolute_tolerance", atol)
        integrator.setValue("maximum_num_steps", 100_000)
        model.timeCourseSelections = [
            "time",
            *(f"[{i}]" if self.model.is_concentration(i) else i for i in self.seen),
        ]
        return model

    def amici(self, python, folder):
        """Return what `sbml/amici_courses.py` found at all tolerances, the tight ones last."""
        with tempfile.TemporaryDirectory() as scratch:
            job = Path(scratch) / "job.npz"
            np.savez(
                job,
                path=str(self.path),
                ids=np.array(list(self.ids.values())),
                values=np.array([self.values[name][: self.checked] for name in self.ids]),
                seen=np.array(self.seen),
                times=np.array([float(t) for t in even_times(self.end, LOOKS)[1:]]),
                rtol=np.array([*RTOLS, files.RTOL]),
                atol=np.array([*ATOLS, files.ATOL]),
            )
            command = [str(python), str(ADAPTER), str(job), str(folder)]
            answer = subprocess.run(command, capture_output=True, text=True, check=False)
            if answer.returncode:
                raise SystemExit(
                    f"study_sbml_speed: {self.path.name}: AMICI ended with status "
                    f"{answer.returncode}: {answer.stderr.strip().splitlines()[-1]}"
                )
            with np.load(job.with_suffix(".out.npz")) as found:
                return dict(found)


def error(levels, exact):
    """Return the largest relative difference of a level in draws that both have."""
    largest = np.nanmax(np.abs(exact), axis=(0, 1))
    scale = np.maximum(np.maximum(np.abs(exact), LEAST_SHARE * largest), LEAST_LEVEL)
    return float(np.nanmax(np.abs(levels - exact) / scale))


def compare(problem, amici_python, amici_models):
    started = time.perf_counter()
    problem.ours(RTOLS[0])
    first = time.perf_counter() - started
    seconds = {rtol: [] for rtol in RTOLS}

    def our_rounds(n):
        for rtol in RTOLS * n:
            seconds[rtol].append(problem.ours(rtol)[2])

    our_rounds(ROUNDS_BEFORE)  # ours are spread over the time that the others take
    theirs, their_s = problem.libroadrunner([*RTOLS, files.RTOL], [*ATOLS, files.ATOL])
    our_rounds(ROUNDS_BETWEEN)
    amici = problem.amici(amici_python, amici_models) if amici_python else None
    our_rounds(ROUNDS_AFTER)
    exact = theirs[-1] if amici is None else amici["courses"][-1]
    row = {
        "file": problem.path.stem,
        "states": len(problem.model.system.states),
        "drawn": len(problem.ids),
        "end": problem.end,
        "draws": problem.draws,
        "checked": problem.checked,
        "first_s": round(first, 2),
        "failed": 0,
        "referee_failed": int(np.isnan(their_s[-1]).sum()),
        "points": [],
    }
    for at, rtol in enumerate(RTOLS):
        levels, solution, _ = problem.ours(rtol)
        row["failed"] += int(np.count_nonzero(solution.codes))
        point = {
            "rtol": rtol,
            "steps": round(float(np.mean(solution.accepted + solution.rejected)), 1),
            "ours_us": float(np.median(seconds[rtol])) * 1e6,
            "ours_error": error(levels[: problem.checked], exact),
            "libRoadRunner_us": float(np.nanmedian(their_s[at])) * 1e6,
            "libRoadRunner_error": error(theirs[at], exact),
            "libRoadRunner_failed": int(np.isnan(their_s[at]).sum()),
        }
        if amici is not None:
            point["AMICI_us"] = float(np.nanmedian(amici["call_s"][at])) * 1e6
            point["AMICI_loop_us"] = float(np.nanmedian(amici["loop_s"][at])) * 1e6
            point["AMICI_python_us"] = float(np.nanmedian(amici["python_s"][at])) * 1e6
            point["AMICI_failed"] = int(np.isnan(amici["call_s"][at]).sum())
            point["AMICI_error"] = error(amici["courses"][at], exact)
        row["points"].append({name: float(f"{value:.4g}") for name, value in point.items()})
    if amici is not None:
        row["referees_differ"] = float(f"{error(theirs[-1], exact):.1e}")
        row["amici_build_s"] = round(float(amici["build_s"]), 1)
        row["amici"] = str(amici["version"])
    return row


def fastest(row, program, most):
    """Return the fastest point of a program within an error, None without any."""
    within = [p for p in row["points"] if p.get(f"{program}_error", math.inf) <= most]
    return min(within, key=lambda p: p[f"{program}_us"], default=None)


def cell(point, column):
    return "-" if point is None else f"{point[column]:.3g} ({point['rtol']:g})"


def ratio(theirs, ours, column):
    if theirs is None or ours is None:
        return "-"
    return f"{theirs[column] / ours['ours_us']:.0f}"


def alike_lines(rows, most):
    lines = [
        f"## Every program at its fastest tolerance with an error of at most {most:g}",
        "",
        "| model | states | drawn | ours, us a draw (rtol) | libRoadRunner, us a draw (rtol) | "
        "ratio | AMICI, us a draw (rtol) | ratio | AMICI, steps alone | ratio |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for row in rows:
        ours, their, amici = (fastest(row, program, most) for program in PROGRAMS)
        cells = [
            row["file"],
            str(row["states"]),
            str(row["drawn"]),
            cell(ours, "ours_us"),
            cell(their, "libRoadRunner_us"),
            ratio(their, ours, "libRoadRunner_us"),
            cell(amici, "AMICI_us"),
            ratio(amici, ours, "AMICI_us"),
            cell(amici, "AMICI_loop_us"),
            ratio(amici, ours, "AMICI_loop_us"),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return [*lines, ""]


def point_lines(rows):
    lines = [
        "## Work and precision",
        "",
        "Time in us a draw.",
        "",
        "| model | rtol | our steps | ours | error | libRoadRunner | error | AMICI | steps alone | "
        "from Python | error |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for row in rows:
        for p in row["points"]:
            amici = ["-"] * 4
            if "AMICI_us" in p:
                times = ("AMICI_us", "AMICI_loop_us", "AMICI_python_us")
                amici = [*(f"{p[name]:.3g}" for name in times), f"{p['AMICI_error']:.0e}"]
            lines.append(
                f"| {row['file']} | {p['rtol']:g} | {p['steps']:g} | {p['ours_us']:.3g} | "
                f"{p['ours_error']:.0e} | {p['libRoadRunner_us']:.3g} | "
                f"{p['libRoadRunner_error']:.0e} | {' | '.join(amici)} |"
            )
    return [*lines, ""]


def failures(rows):
    """Return what programs gave up, at all tolerances together."""
    ours = sum(row["failed"] for row in rows)
    points = [point for row in rows for point in row["points"]]
    their = sum(point["libRoadRunner_failed"] for point in points)
    amici = sum(point.get("AMICI_failed", 0) for point in points)
    runs = f"of {sum(row['draws'] for row in rows) * len(RTOLS):,}"
    checked = f"of {sum(row['checked'] for row in rows) * len(RTOLS):,}"
    return (
        f" Runs that failed: {ours} {runs} of ours, and {checked} {their:g} of libRoadRunner's "
        f"and {amici:g} of AMICI's; they count for nothing else."
    )


def referee(rows):
    """Return what the errors are from, and how far the other program is from that."""
    tight = f"at rtol {files.RTOL:g}, atol {files.ATOL:g}"
    if not all("amici" in row for row in rows):
        return f"libRoadRunner's {tight}"
    apart = ", ".join(f"{row['referees_differ']:.0e}" for row in rows)
    failed = sum(row["referee_failed"] for row in rows)
    return (
        f"AMICI's {tight}, which finds the time of a jump as we do; from it, libRoadRunner at the "
        f"same tolerance differs by at most {apart} in the three models, and fails {failed} times"
    )


def text(found):
    rows = found["rows"]
    versions = {row["amici"] for row in rows if "amici" in row}
    amici = (
        f"AMICI {', '.join(sorted(versions))}: C++ of its own, CVODES with KLU, the time that it "
        "says its whole call in C++ took (`cpu_time_total`; *steps alone* is its `cpu_time`)"
        if versions
        else "AMICI was not there"
    )
    lines = [
        "# Imported models over a population: speed",
        "",
        "Written by `python benchmarks/study_sbml_speed.py DIR --amici-python PYTHON` from "
        "`benchmarks/results/sbml_speed.json`; not by hand.",
        "",
        f"{found['draws']:,} draws of the global parameters (*drawn* of them; coefficient of "
        f"variation {SPREAD:g}), {LOOKS} looks on each course, one core each on {found['cpu']}, "
        "processor time. Ours: device native, the whole call of `time_course` over all draws; the "
        f"first call, which compiles where no cache has it, is apart. libRoadRunner "
        f"{found['libroadrunner']}: CVODE, stiff, its time in `simulate` alone. {amici}. All "
        f"programs: atol {ATOL_PER_RTOL:g} rtol. *Error*: largest relative difference of any level "
        f"at any look of {rows[0]['checked']:,} draws, which all programs ran, from "
        f"{referee(rows)}; a level counts as at least {LEAST_SHARE:g} of the largest of its kind, "
        f"and as at least {LEAST_LEVEL:g}.{failures(rows)} Times are medians: of five rounds "
        "of ours, of the draws of the others. At one and the same rtol ratios are smaller, and "
        "ours has the smaller error. Other work ran on the machine: ratios are good to some tens "
        "of per cent.",
        "",
    ]
    for most in ALIKE:
        lines += alike_lines(rows, most)
    return "\n".join([*lines, *point_lines(rows)])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--draws", type=int, default=10_000)
    parser.add_argument("--checked", type=int, default=2000, help="draws that all programs run")
    parser.add_argument("--amici-python", type=Path, help="interpreter that has AMICI and swig")
    parser.add_argument(
        "--amici-models",
        type=Path,
        default=Path(tempfile.gettempdir()) / "neurocohort-amici",
        help="where AMICI's compiled models are kept",
    )
    parser.add_argument("--report", action="store_true", help="write the table alone")
    options = parser.parse_args()
    if not options.report:
        if options.folder is None:
            parser.error("DIR is needed: the folder of the SBML files")
        rows = []
        for name, end in MODELS.items():
            path = options.folder / f"{name}.xml"
            problem = Problem(path, end, options.draws, min(options.checked, options.draws))
            rows.append(compare(problem, options.amici_python, options.amici_models))
            print(json.dumps(rows[-1]), flush=True)
        found = {
            "draws": options.draws,
            "cpu": cpu_name(),
            "libroadrunner": files.roadrunner().__version__,
            "rows": rows,
        }
        RESULT.write_text(json.dumps(found, indent=1) + "\n")
    TABLE.write_text(text(json.loads(RESULT.read_text())))


def cpu_name():
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else "an unknown processor"


if __name__ == "__main__":
    main()
