"""libRoadRunner: CVODE, right-hand side compiled from SBML, Jacobian by differences.

Variant ``calls`` sets the depot between 84 calls of one day; variant ``events`` leaves the tablets
to 83 SBML events in one call.
"""

import antimony
import numpy as np
import roadrunner
from engine import sert29
from engine.measure import Runner, Solved, measure

BEFORE_H = 1e-7
"""How long before an event the outcome is read [h]."""


def setup(options):
    has_events = options.variant == "events"
    if antimony.loadAntimonyString(sert29.antimony(has_events=has_events)) == -1:
        raise ValueError(antimony.getLastError())
    model = roadrunner.RoadRunner(antimony.getSBMLString("sert29"))
    integrator = model.getIntegrator()
    integrator.setValue("stiff", True)
    integrator.setValue("relative_tolerance", options.rtol)
    integrator.setValue("absolute_tolerance", sert29.absolute_tolerance(options.rtol))
    integrator.setValue("maximum_num_steps", 200_000)
    model.timeCourseSelections = ["time", *sert29.OUTCOMES]
    names = list(model.model.getGlobalParameterIds())
    parameter_rows = [names.index(name) for name in sert29.PARAMETERS]
    state_rows = [names.index(name) for name in sert29.STATES]

    def one(parameters):
        model.resetToOrigin()
        model.model.setGlobalParameterValues(parameter_rows, parameters)
        tablet = sert29.DOSE * parameters[sert29.BIOAVAILABILITY]
        state = sert29.START.copy()
        state[sert29.DEPOT] += tablet
        model.model.setGlobalParameterValues(state_rows, state)
        if has_events:
            before = [sert29.INTERVAL_H * k - BEFORE_H for k in range(1, sert29.N_DOSE)]
            model.simulate(times=[0.0, *before, sert29.END_H])
        else:
            _day_by_day(model, tablet)
        return model.model.getGlobalParameterValues(state_rows)

    def solve(parameters):
        return Solved(final=np.array([one(row) for row in parameters]))

    one(sert29.patients(1)[0])
    method = f"CVODE BDF, dense, {'83 SBML events' if has_events else '84 calls'}"
    return Runner(solve=solve, facts={"version": roadrunner.__version__, "method": method})


def _day_by_day(model, tablet):
    for day in range(sert29.N_DOSE):
        if day:
            model.model["depot"] = model.model["depot"] + tablet
        model.simulate(sert29.INTERVAL_H * day, sert29.INTERVAL_H * (day + 1), 2)


if __name__ == "__main__":
    measure(setup)
