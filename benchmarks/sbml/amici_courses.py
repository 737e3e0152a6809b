"""AMICI over parameter draws: courses and seconds a draw. Runs in AMICI's interpreter.

    AMICI_PYTHON benchmarks/sbml/amici_courses.py JOB FOLDER

JOB is an ``.npz`` that `study_sbml_speed.py` writes: ``path`` of the SBML file, ``ids`` that are
drawn, ``values`` (one row each), ``seen`` ids, ``times`` after 0, and ``rtol`` and ``atol``, one
run each. AMICI's compiled model is kept in FOLDER. Beside the job goes ``<job>.out.npz``:
``courses`` (run, draw, time, seen), ``loop_s``, ``call_s`` and ``python_s`` (seconds, shape
(run, draw)), NaN where a run fails, ``build_s`` and ``version``. Runs take turns draw by draw, so
that what else the machine does slows all of them alike.

AMICI writes and compiles C++ (KLU, exact Jacobian, no sensitivities). ``loop_s`` is what it says of
its solver's steps alone (``cpu_time``), ``call_s`` of its whole call in C++ (``cpu_time_total``),
and ``python_s`` is the processor time around the call from Python. swig, which it needs to compile,
is looked for beside its interpreter: 4.3.1 serves, with 4.5.1 models compile and do not load.
"""

import os
import sys
import time
from pathlib import Path

os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

import amici
import numpy as np
from amici.importers.sbml import SbmlImporter
from amici.sim import sundials

MOST_STEPS = 100_000
GOOD = 0
MS = 1e-3


def loaded(path, folder):
    """Return the compiled model and the seconds that compiling took, 0 where it was there."""
    name = "model_" + path.stem.replace("-", "_")
    there = folder / name
    started = time.perf_counter()
    if not (there / name / "__init__.py").exists():
        SbmlImporter(str(path)).sbml2amici(name, str(there), generate_sensitivity_code=False)
        built = time.perf_counter() - started
    else:
        built = 0.0
    return amici.import_model_module(name, str(there)).get_model(), built


def conditions(model, ids, values):
    """Return a function from the number of a draw to AMICI's settings for it."""
    parameters, states = list(model.get_free_parameter_ids()), list(model.get_state_ids())
    nominal = np.array(model.get_free_parameters())
    unknown = [i for i in ids if i not in parameters and i not in states]
    if unknown:
        raise SystemExit(
            f"amici_courses: {', '.join(unknown)}: neither parameter nor state in AMICI."
        )
    rows = list(zip(ids, values, strict=True))
    moved = [(parameters.index(i), row) for i, row in rows if i in parameters]
    started = [(states.index(i), row) for i, row in rows if i in states]

    def condition(draw):
        own = nominal.copy()
        for index, row in moved:
            own[index] = row[draw]
        model.set_free_parameters(own.tolist())
        if started:
            model.set_initial_state([])
            start = np.array(model.get_initial_state())
            for index, row in started:
                start[index] = row[draw]
            model.set_initial_state(start.tolist())

    return condition


def solver_of(model, rtol, atol):
    solver = model.create_solver()
    solver.set_relative_tolerance(float(rtol))
    solver.set_absolute_tolerance(float(atol))
    solver.set_max_steps(MOST_STEPS)
    return solver


def main():
    job_path, folder = map(Path, sys.argv[1:])
    with np.load(job_path) as file:
        job = dict(file)
    model, built = loaded(Path(str(job["path"])), folder)
    seen = list(model.get_observable_ids())
    columns = [seen.index(f"y{i}") for i in job["seen"].tolist()]
    model.set_timepoints(job["times"].tolist())
    condition = conditions(model, job["ids"].tolist(), job["values"])
    solvers = [solver_of(model, *pair) for pair in zip(job["rtol"], job["atol"], strict=True)]
    shape = (len(solvers), job["values"].shape[1])
    courses = np.full((*shape, len(job["times"]), len(columns)), np.nan)
    loop, call, python = np.full((3, *shape), np.nan)
    for draw in range(shape[1]):
        condition(draw)
        for run, solver in enumerate(solvers):
            begun = time.process_time()
            result = sundials.run_simulation(model, solver)
            spent = time.process_time() - begun
            if result.status != GOOD:
                continue
            python[run, draw] = spent
            loop[run, draw] = result.cpu_time * MS
            call[run, draw] = result.cpu_time_total * MS
            courses[run, draw] = np.asarray(result.y)[:, columns]
    np.savez(
        job_path.with_suffix(".out.npz"),
        courses=courses,
        loop_s=loop,
        call_s=call,
        python_s=python,
        build_s=built,
        version=amici.__version__,
    )


if __name__ == "__main__":
    main()
