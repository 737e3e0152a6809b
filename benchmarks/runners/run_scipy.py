"""SciPy's solve_ivp, one call a tablet; variant ``BDF``, ``Radau`` or ``LSODA``.

Right-hand side and exact Jacobian are compiled by Numba.
"""

import numba
import numpy as np
import scipy
from engine import sert29
from engine.measure import Runner, Solved, measure
from scipy.integrate import solve_ivp


def setup(options):
    names: dict[str, object] = {}
    exec(sert29.python_rates("rates"), names)
    exec(sert29.python_jacobian("jacobian"), names)
    rates, jacobian = numba.njit(names["rates"]), numba.njit(names["jacobian"])
    tolerances = {"rtol": options.rtol, "atol": sert29.absolute_tolerance(options.rtol)}

    def functions(parameters):
        def f(t, y):
            out = np.empty(sert29.N_STATE)
            rates(t, y, parameters, out)
            return out

        def jac(t, y):
            out = np.zeros((sert29.N_STATE, sert29.N_STATE))
            jacobian(t, y, parameters, out)
            return out

        return f, jac

    def one(parameters):
        f, jac = functions(parameters)
        state, steps = sert29.START.copy(), 0
        for _ in range(sert29.N_DOSE):
            state[sert29.DEPOT] += sert29.DOSE * parameters[sert29.BIOAVAILABILITY]
            day = (0.0, sert29.INTERVAL_H)
            solution = solve_ivp(f, day, state, method=options.variant, jac=jac, **tolerances)
            state = solution.y[:, -1].copy()
            steps += len(solution.t) - 1
        return state, steps

    def solve(parameters):
        final, steps = zip(*map(one, parameters), strict=True)
        return Solved(final=np.array(final), steps=sum(steps))

    f, jac = functions(sert29.patients(1)[0])
    f(0.0, sert29.START), jac(0.0, sert29.START)  # compiles
    method = f"{options.variant}, right-hand side and Jacobian by Numba"
    return Runner(solve=solve, facts={"version": scipy.__version__, "method": method})


if __name__ == "__main__":
    measure(setup)
