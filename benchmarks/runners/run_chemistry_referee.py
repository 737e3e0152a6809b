"""SciPy's Radau on the whole chemistry for some days, to judge the tight solution of our engine.

It shares nothing with our engine but the declared equations: SymPy's lambdify turns them and their
exact Jacobian into Python of the module math, and Radau is started again at every event.
"""

import json
import time

import numpy as np
import scipy
import sympy
from engine import accuracy, chemistry
from engine.measure import arguments, number, peak_mb
from scipy.integrate import solve_ivp

from kernels import TIME, symbol

ATOL_SHARE = 1e-3
"""Absolute tolerance in units of rtol and of the scale: tighter than that of the benchmark."""
ALLOWED = 1e-7
"""Largest difference of the two solutions, in units of `chemistry.errors`."""


def compiled():
    """Return right-hand side, and nonzeros of the Jacobian with their places."""
    system = chemistry.system()
    states = [symbol(name) for name in system.states]
    arguments = (TIME, states, [symbol(name) for name in system.parameters])
    rates = list(system.rhs.values())
    found = [
        (i, j, rate.diff(state))
        for i, rate in enumerate(rates)
        for j, state in enumerate(states)
        if rate.has(state)
    ]
    rows, columns, entries = zip(*found, strict=True)
    modules = [{"Heaviside": lambda x, _=0.5: float(x > 0.0)}, "math"]
    f = sympy.lambdify(arguments, rates, modules, cse=True)
    jacobian = sympy.lambdify(arguments, list(entries), modules, cse=True)
    return f, jacobian, (list(rows), list(columns))


def solve(start, parameters, rtol, functions, days=chemistry.REFEREE_DAYS):
    """Return the states of one patient on the save days."""
    f, jacobian, places = functions
    own, n_state = parameters.tolist(), len(start)
    tolerances = {"rtol": rtol, "atol": ATOL_SHARE * rtol * chemistry.scales()}

    def rates(t, y):
        return np.array(f(t, y.tolist(), own))

    def jac(t, y):
        dense = np.zeros((n_state, n_state))
        dense[places] = jacobian(t, y.tolist(), own)
        return dense

    def one(state, stretch):
        span = (stretch.start_h, stretch.end_h)
        solution = solve_ivp(rates, span, state, method="Radau", jac=jac, **tolerances)
        if not solution.success:
            raise ArithmeticError(solution.message)
        return solution.y[:, -1]

    return chemistry.follow(start, one, days)


def main():
    options = arguments()
    people = chemistry.patients(options.patients)
    functions = compiled()
    wall, cpu = time.perf_counter(), time.process_time()
    pairs = zip(people.starts, people.parameters, strict=True)
    saved = np.array([solve(start, own, options.rtol, functions) for start, own in pairs])
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    with np.load(options.reference) as tight:
        wanted = tight["saved"][: len(people), : saved.shape[1]]
    found = accuracy.compare(saved, wanted, chemistry.ATOL_SHARE * chemistry.scales())
    row = {
        "status": "ok",
        "n": len(people),
        "days": chemistry.REFEREE_DAYS,
        "wall_s": wall,
        "cpu_s": cpu,
        "error_worst": number(found.worst),
        "error_median": number(found.median),
        "peak_mb": peak_mb(),
        "version": scipy.__version__,
    }
    if not found.worst <= ALLOWED:
        reason = f"{found.worst:.1e} from Radau; at most {ALLOWED:.1e} is allowed"
        row |= {"status": "wrong answer", "reason": reason}
    print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
