"""Our own engine on the whole chemistry; variant as in run_neurocohort.py."""

import numpy as np
from engine import chemistry
from engine.measure import Runner, Solved, measure
from run_neurocohort import HOUR_S, facts

from kernels import Lanes, ResultCode, Schedule, Solver, Stream, integrate

DAY_S = 24 * HOUR_S


def schedule(seconds):
    """Return meals and tablets from midnight on, every patient the same."""
    midnights = np.arange(0, seconds, DAY_S)
    streams = [
        Stream(
            name=f"{state} at {hour:g} h",
            target=state,
            times=midnights + round(hour * HOUR_S),
            amounts=np.full(len(midnights), amount),
        )
        for hour, state, amount in chemistry.daily()
    ]
    return Schedule(t0=0, t1=seconds, streams=tuple(streams))


def solve(people, variant, rtol, threads=1, days=chemistry.DAYS):
    """Return states on the save days, patient first, NaN where a patient failed; the solution."""
    device, precision, method = variant.split("/")
    settings = {"threads": threads} if device == "native" else {}
    saves = [day * DAY_S for day in chemistry.SAVE_DAYS if day <= days]
    solution = integrate(
        chemistry.system(),
        lanes(people),
        schedule(days * DAY_S),
        np.array(saves),
        Solver(method=method, rtol=rtol, atol=chemistry.ATOL_SHARE * rtol, precision=precision),
        device,
        **settings,
    )
    rows = [solution.names.index(name) for name in chemistry.system().states]
    saved = solution.observables[:, rows].transpose(2, 0, 1)
    return np.where((solution.codes == ResultCode.SUCCESS)[:, None, None], saved, np.nan), solution


def lanes(people):
    """Return every patient at rest."""
    return Lanes(
        parameters=np.ascontiguousarray(people.parameters.T),
        states=np.ascontiguousarray(people.starts.T),
    )


def setup(options):
    device, precision, method = options.variant.split("/")
    solver = Solver(method=method, rtol=options.rtol, precision=precision)
    one = lanes(chemistry.patients(1))
    none = np.zeros(0, np.int64)
    integrate(chemistry.system(), one, schedule(HOUR_S), none, solver, device)

    def timed(people):
        saved, solution = solve(people, options.variant, options.rtol, options.threads)
        accepted, rejected = int(solution.accepted.sum()), int(solution.rejected.sum())
        return Solved(final=saved, steps=accepted, rejected=rejected)

    return Runner(solve=timed, facts=facts(chemistry.system(), device, precision, method))


if __name__ == "__main__":
    measure(setup, chemistry.PROBLEM, is_ours=True)
