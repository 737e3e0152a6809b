"""AMICI: CVODES with KLU, C++ generated from SBML with 83 events, patients shared by threads.

The compiled model is kept in BENCHMARK_CACHE, so the second start shows the cost without a build.
"""

import os
from pathlib import Path

import amici
import amici.sim.sundials as sundials
import antimony
import numpy as np
from amici.importers.sbml import SbmlImporter
from engine import sert29
from engine.measure import Runner, Solved, measure


def setup(options):
    folder = Path(os.environ["BENCHMARK_CACHE"]) / "sert29"
    if not folder.exists():
        _build(folder)
    model = amici.import_model_module("sert29", str(folder)).get_model()
    solver = model.create_solver()
    solver.set_relative_tolerance(options.rtol)
    solver.set_absolute_tolerance(sert29.absolute_tolerance(options.rtol))
    solver.set_max_steps(1_000_000)
    solver.set_return_data_reporting_mode(sundials.RDataReporting_full)
    model.set_timepoints([sert29.END_H])
    order = [list(model.get_state_ids()).index(name) for name in sert29.STATES]
    names = list(model.get_free_parameter_ids())
    nominal = dict(zip(names, model.get_free_parameters(), strict=True))

    def conditions(parameters):
        condition = sundials.ExpData(model.get())
        own = nominal | dict(zip(sert29.PARAMETERS, parameters, strict=True))
        condition.free_parameters = [own[name] for name in names]
        start = np.zeros(len(order))
        start[order] = sert29.START
        start[order[sert29.DEPOT]] += sert29.DOSE * parameters[sert29.BIOAVAILABILITY]
        condition.x0 = start.tolist()
        return condition

    def solve(parameters):
        planned = [conditions(row) for row in parameters]
        results = sundials.run_simulations(model, solver, planned, num_threads=options.threads)
        final = np.array([np.asarray(result["x"])[-1, order] for result in results])
        steps = sum(int(np.asarray(result["numsteps"]).max()) for result in results)
        return Solved(final=final, steps=steps)

    method = "CVODES BDF, KLU, 83 SBML events"
    return Runner(solve=solve, facts={"version": amici.__version__, "method": method})


def _build(folder):
    if antimony.loadAntimonyString(sert29.antimony(has_events=True)) == -1:
        raise ValueError(antimony.getLastError())
    importer = SbmlImporter(antimony.getSBMLString("sert29"), from_file=False)
    importer.sbml2amici("sert29", str(folder), verbose=False, generate_sensitivity_code=False)


if __name__ == "__main__":
    measure(setup)
