"""numbalsoda: LSODA inside Numba, one call a tablet, patients in parallel with threads."""

import importlib.metadata

import numba
import numpy as np
from engine import sert29
from engine.measure import Runner, Solved, measure
from numbalsoda import lsoda, lsoda_sig

N_STATE, N_PARAMETER, N_DOSE = sert29.N_STATE, sert29.N_PARAMETER, sert29.N_DOSE
DOSE, DEPOT, BIOAVAILABILITY = sert29.DOSE, sert29.DEPOT, sert29.BIOAVAILABILITY
START = sert29.START
MOST_STEPS = 100_000
DAY = np.array([0.0, sert29.INTERVAL_H])


def setup(options):
    names: dict[str, object] = {}
    exec(sert29.python_rates("rates"), names)
    rates = numba.njit(names["rates"])

    @numba.cfunc(lsoda_sig)
    def f(t, state, out, parameters):
        y, d = numba.carray(state, (N_STATE,)), numba.carray(out, (N_STATE,))
        rates(t, y, numba.carray(parameters, (N_PARAMETER,)), d)

    address = f.address
    rtol, atol = options.rtol, sert29.absolute_tolerance(options.rtol)

    @numba.njit(parallel=options.threads > 1)
    def go(parameters):
        final = np.empty((len(parameters), N_STATE))
        for i in numba.prange(len(parameters)):
            own = parameters[i].copy()
            state = START.copy()
            for _ in range(N_DOSE):
                state[DEPOT] += DOSE * own[BIOAVAILABILITY]
                both, _ok = lsoda(address, state, DAY, own, rtol, atol, MOST_STEPS)
                state = both[-1].copy()
            final[i] = state
        return final

    numba.set_num_threads(options.threads)
    go(sert29.patients(1))
    version = importlib.metadata.version("numbalsoda")
    facts = {"version": version, "method": "LSODA, dense, Jacobian by differences"}
    return Runner(solve=lambda parameters: Solved(final=go(parameters)), facts=facts)


if __name__ == "__main__":
    measure(setup)
