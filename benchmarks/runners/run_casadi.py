"""CasADi: CVODES with exact sparse Jacobian, one integrator call a tablet, mapped over tablets.

Variant ``jit`` compiles right-hand side and Jacobian with the C compiler, ``vm`` interprets them.
"""

import casadi
import numpy as np
from engine import sert29
from engine.measure import Runner, Solved, measure

JIT = {
    "jit": True,
    "compiler": "shell",
    "jit_options": {"compiler": "cc", "flags": ["-O3", "-march=native"], "verbose": False},
}


def setup(options):
    trial = _trial(options)

    def solve(parameters):
        n = len(parameters)
        daily = np.repeat(parameters.T[:, :, None], sert29.N_DOSE, axis=2)
        if options.threads > 1:
            starts = np.tile(sert29.START[:, None], (1, n))
            flat = daily.reshape(sert29.N_PARAMETER, n * sert29.N_DOSE)
            states = np.array(trial.map(n, "thread", options.threads)(starts, flat))
        else:
            each = [np.array(trial(sert29.START, daily[:, i, :])) for i in range(n)]
            states = np.concatenate(each, axis=1)
        return Solved(final=states.reshape(sert29.N_STATE, n, sert29.N_DOSE)[:, :, -1].T)

    solve(sert29.patients(1))
    method = f"CVODES BDF, sparse, {options.variant}"
    return Runner(solve=solve, facts={"version": casadi.__version__, "method": method})


def _trial(options):
    states = casadi.SX.sym("y", sert29.N_STATE)
    parameters = casadi.SX.sym("p", sert29.N_PARAMETER)
    rates = sert29.rates(casadi.vertsplit(states), casadi.vertsplit(parameters))
    settings = {
        "reltol": options.rtol,
        "abstol": sert29.absolute_tolerance(options.rtol),
        "max_num_steps": 100_000,
        "newton_scheme": "direct",
        "linear_solver": "csparse",
        "nonlinear_solver_iteration": "newton",
        "linear_multistep_method": "bdf",
        **(JIT if options.variant == "jit" else {}),
    }
    equations = {"x": states, "p": parameters, "ode": casadi.vertcat(*rates)}
    day = casadi.integrator("day", "cvodes", equations, 0.0, sert29.INTERVAL_H, settings)
    before, own = casadi.MX.sym("x", sert29.N_STATE), casadi.MX.sym("p", sert29.N_PARAMETER)
    tablet = np.zeros(sert29.N_STATE)
    tablet[sert29.DEPOT] = sert29.DOSE
    after = before + casadi.DM(tablet) * own[sert29.BIOAVAILABILITY]
    step = casadi.Function("step", [before, own], [day(x0=after, p=own)["xf"]])
    return step.mapaccum("trial", sert29.N_DOSE)


if __name__ == "__main__":
    measure(setup)
