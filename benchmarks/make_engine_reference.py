"""Make the tight reference of sert29: SciPy's Radau at rtol 1e-10, analytic Jacobian, 24 patients.

    python benchmarks/make_engine_reference.py

needs SciPy, SymPy and Numba (benchmarks/requirements-peers.txt), takes some minutes, and writes
benchmarks/engine/reference.npz. The first patient is solved once more at rtol 1e-11; the largest
difference is printed and kept in the file.
"""

import numba
import numpy as np
from engine import sert29
from engine.accuracy import FLOOR, REFERENCE
from scipy.integrate import solve_ivp

N_PATIENT = 24
RTOL = 1e-10
ATOL = 1e-14


def compiled():
    """Return right-hand side and Jacobian as functions of (t, y, p, out)."""
    names: dict[str, object] = {}
    exec(sert29.python_rates("rates"), names)
    exec(sert29.python_jacobian("jacobian"), names)
    return numba.njit(names["rates"]), numba.njit(names["jacobian"])


def solve(parameters, rtol, atol, functions):
    """Return the final state and the daily outcomes of one patient."""
    rates, jacobian = functions

    def f(t, y):
        out = np.empty(sert29.N_STATE)
        rates(t, y, parameters, out)
        return out

    def jac(t, y):
        out = np.zeros((sert29.N_STATE, sert29.N_STATE))
        jacobian(t, y, parameters, out)
        return out

    state, daily = sert29.START.copy(), []
    for _ in range(sert29.N_DOSE):
        state[sert29.DEPOT] += sert29.DOSE * parameters[sert29.BIOAVAILABILITY]
        day = (0.0, sert29.INTERVAL_H)
        solution = solve_ivp(f, day, state, method="Radau", jac=jac, rtol=rtol, atol=atol)
        if not solution.success:
            raise ArithmeticError(solution.message)
        state = solution.y[:, -1].copy()
        daily.append(state[sert29.OUTCOME_ROWS])
    return state, np.array(daily)


def main():
    functions = compiled()
    parameters = sert29.patients(N_PATIENT)
    final, daily = [], []
    for number, patient in enumerate(parameters):
        state, days = solve(patient, RTOL, ATOL, functions)
        final.append(state)
        daily.append(days)
        print(f"patient {number + 1} of {N_PATIENT}", flush=True)
    tighter, _ = solve(parameters[0], RTOL / 10, ATOL / 10, functions)
    doubt = float(np.max(np.abs(tighter - final[0]) / (np.abs(tighter) + FLOOR)))
    print(f"rtol {RTOL:g} against {RTOL / 10:g}, first patient: {doubt:.1e}")
    np.savez_compressed(
        REFERENCE,
        parameters=parameters,
        final=np.array(final),
        daily=np.array(daily),
        doubt=np.array(doubt),
    )


if __name__ == "__main__":
    main()
