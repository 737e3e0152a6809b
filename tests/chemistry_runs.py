"""Run a chemistry through steps of constant controls, and sample its patients, for tests."""

import numpy as np
from cohort_tolerances import SOLVER_ATOL, SOLVER_RTOL

from kernels import Lanes, Schedule, Solver, integrate

HOUR = 3600
DAY = 24
SOLVER = Solver(rtol=SOLVER_RTOL, atol=SOLVER_ATOL)


def run(model, steps, n_lane=1, base=None):
    """States and observables after each step of (parameter values, hours), dicts of arrays."""
    start, clock, found = None, 0, []
    for values, hours in steps:
        lanes = model.lanes((base or {}) | values, n_lane)
        if start is not None:
            lanes = Lanes(parameters=lanes.parameters, states=start)
        schedule = Schedule(t0=clock * HOUR, t1=(clock + hours) * HOUR)
        clock += hours
        solution = integrate(model.system, lanes, schedule, np.array([clock * HOUR]), SOLVER)
        assert not solution.codes.any()
        start = solution.end.states
        seen = {name: solution[name][0] for name in model.system.observables}
        found.append(seen | dict(zip(model.system.states, start, strict=True)))
    return found


def ratios(model, steps, n_lane=1, base=None):
    """The same over rest, for what is not zero at rest."""
    (rest,) = run(model, [({}, 1)])
    return [
        {name: value / rest[name][0] for name, value in seen.items() if rest[name][0]}
        for seen in run(model, steps, n_lane, base)
    ]


def draw(model, n_lane, seed):
    """Parameters of sampled patients by name."""
    rng = np.random.default_rng(seed)
    return {
        name: parameter.value * np.exp(parameter.sd_log * rng.standard_normal(n_lane))
        for name, parameter in model.parameters.items()
        if parameter.sd_log
    }
