"""Our own engine on sert29; variant ``native/float64/rodas5p`` names device, precision, method."""

import numpy as np
import sympy
from engine import sert29
from engine.measure import Runner, Solved, measure

from kernels import (
    Lanes,
    OdeSystem,
    ResultCode,
    Schedule,
    Solver,
    Stream,
    devices,
    integrate,
    lower,
    symbol,
)
from kernels.cost import BYTES, of_step

HOUR_S = 3600


def system():
    """Return sert29 as an `OdeSystem`, with the outcomes as observables."""
    names = [symbol(name) for name in sert29.STATES]
    rows = sert29.rates(names, [symbol(name) for name in sert29.PARAMETERS])
    return OdeSystem(
        name="sert29",
        states=tuple(sert29.STATES),
        parameters=tuple(sert29.PARAMETERS),
        rhs=dict(zip(sert29.STATES, map(sympy.sympify, rows), strict=True)),
        observables={name: symbol(name) for name in sert29.OUTCOMES},
    )


def lanes(parameters):
    """Return every patient at rest, before the first tablet."""
    return Lanes(
        parameters=np.ascontiguousarray(parameters.T),
        states=np.tile(sert29.START[:, None], (1, len(parameters))),
    )


def schedule(parameters, hours=sert29.END_H):
    """Return a tablet a day."""
    times = np.arange(sert29.N_DOSE) * int(sert29.INTERVAL_H) * HOUR_S
    tablets = Stream(
        name="tablet",
        target="depot",
        times=times,
        amounts=np.full(sert29.N_DOSE, sert29.DOSE),
        scale=np.ascontiguousarray(parameters[:, sert29.BIOAVAILABILITY]),
    )
    return Schedule(t0=0, t1=int(hours * HOUR_S), streams=(tablets,))


def setup(options):
    device, precision, method = options.variant.split("/")
    problem = system()
    solver = Solver(
        method=method,
        rtol=options.rtol,
        atol=sert29.absolute_tolerance(options.rtol),
        precision=precision,
    )
    settings = {"device": device}
    if device == "native":
        settings["threads"] = options.threads
    days = (np.arange(sert29.N_DOSE) + 1) * int(sert29.INTERVAL_H) * HOUR_S

    def solve(parameters):
        planned = schedule(parameters)
        solution = integrate(problem, lanes(parameters), planned, days, solver, **settings)
        final = np.where(solution.codes == ResultCode.SUCCESS, solution.end.states, np.nan).T
        accepted, rejected = int(solution.accepted.sum()), int(solution.rejected.sum())
        return Solved(final=final, steps=accepted, rejected=rejected)

    one = sert29.patients(1)
    integrate(problem, lanes(one), schedule(one, hours=1), days[:0], solver, **settings)
    return Runner(solve=solve, facts=facts(problem, device, precision, method))


def facts(problem, device, precision, method):
    """Return what a row of our own engine tells beside its rate."""
    reason = next(report.reason for report in devices() if report.name == device)
    told = {
        "version": f"NumPy {np.__version__}; {reason}",
        "method": f"{method}, sparse LU, {precision}",
        "precision": precision,
    }
    if precision in BYTES:
        told["step"] = of_step(lower(problem), method, precision).as_dict()
    return told


if __name__ == "__main__":
    measure(setup, is_ours=True)
