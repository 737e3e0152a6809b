"""SciPy's solve_ivp on the whole chemistry, restarted at every event; variant is the method.

Right-hand side and exact Jacobian are compiled by Numba.
"""

import math

import numba
import numpy as np
import scipy
from engine import chemistry, peer_text
from engine.measure import Runner, Solved, measure
from scipy.integrate import solve_ivp


def setup(options):
    names: dict[str, object] = {"exp": math.exp, "cos": math.cos, "sqrt": math.sqrt}
    exec(peer_text.python_rates("rates"), names)
    exec(peer_text.python_jacobian("jacobian"), names)
    rates, jacobian = numba.njit(names["rates"]), numba.njit(names["jacobian"])
    tolerances = {"rtol": options.rtol, "atol": chemistry.ATOL_SHARE * options.rtol}

    def one(start, constants, days=chemistry.DAYS):
        n_state, steps = len(start), 0

        def f(t, y):
            out = np.empty(n_state)
            rates(t, y, constants, out)
            return out

        def jac(t, y):
            out = np.zeros((n_state, n_state))
            jacobian(t, y, constants, out)
            return out

        def stretch_of(state, stretch):
            nonlocal steps
            span = (stretch.start_h, stretch.end_h)
            solution = solve_ivp(f, span, state, method=options.variant, jac=jac, **tolerances)
            steps += len(solution.t) - 1
            return solution.y[:, -1]

        return peer_text.follow(start, stretch_of, days), steps

    def solve(people):
        pairs = zip(peer_text.scaled(people), peer_text.constants(people), strict=True)
        saved, steps = zip(*(one(*pair) for pair in pairs), strict=True)
        return Solved(final=np.array(saved), steps=sum(steps))

    first = chemistry.patients(1)
    one(peer_text.scaled(first)[0], peer_text.constants(first)[0], days=1)  # compiles
    method = f"{options.variant}, right-hand side and Jacobian by Numba"
    return Runner(solve=solve, facts={"version": scipy.__version__, "method": method})


if __name__ == "__main__":
    measure(setup, chemistry.PROBLEM)
