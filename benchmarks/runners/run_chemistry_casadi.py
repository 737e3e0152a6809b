"""CasADi on the whole chemistry: CVODES with exact sparse Jacobian, restarted at every event.

One integrator over a unit of time serves stretches of all lengths; it is mapped over them. Variant
``jit`` compiles right-hand side and Jacobian with the C compiler, ``vm`` interprets them.
"""

import casadi
import numpy as np
from engine import chemistry, peer_text
from engine.measure import Runner, Solved, measure
from run_casadi import JIT


def setup(options):
    stretches = chemistry.stretches()
    n_state, n_constant = len(chemistry.scales()), len(peer_text.form().constants)
    trial = _trial(options, n_state, n_constant).mapaccum("trial", len(stretches))
    added = np.zeros((n_state, len(stretches)))
    for place, stretch in enumerate(stretches):
        for row, amount in peer_text.boluses(stretch):
            added[row, place] += amount
    clock = np.array([(s.start_h, s.end_h - s.start_h) for s in stretches]).T
    ends = [place for place, stretch in enumerate(stretches) if stretch.save is not None]

    def solve(people):
        saved = []
        for start, own in zip(peer_text.scaled(people), peer_text.constants(people), strict=True):
            columns = np.tile(own[:, None], (1, len(stretches)))
            states = np.array(trial(start, np.concatenate([added, clock, columns])))
            saved.append(states[:, ends].T * chemistry.scales())
        return Solved(final=np.array(saved))

    method = f"CVODES BDF, sparse, {options.variant}"
    return Runner(solve=solve, facts={"version": casadi.__version__, "method": method})


def _trial(options, n_state, n_constant):
    """Return the function of state and of (boluses, start and length, constants) for a stretch."""
    names = {"exp": casadi.exp, "cos": casadi.cos, "sqrt": casadi.sqrt, "max": casadi.fmax}
    exec(peer_text.python_rates("rates"), names)
    y, p = casadi.SX.sym("y", n_state), casadi.SX.sym("p", 2 + n_constant)
    share, out = casadi.SX.sym("t"), [None] * n_state
    start, length = p[0], p[1]
    names["rates"](start + length * share, casadi.vertsplit(y), casadi.vertsplit(p)[2:], out)
    settings = {
        "reltol": options.rtol,
        "abstol": chemistry.ATOL_SHARE * options.rtol,
        "max_num_steps": 100_000,
        "newton_scheme": "direct",
        "linear_solver": "csparse",
        "nonlinear_solver_iteration": "newton",
        "linear_multistep_method": "bdf",
        **(JIT if options.variant == "jit" else {}),
    }
    equations = {"x": y, "t": share, "p": p, "ode": length * casadi.vertcat(*out)}
    one = casadi.integrator("one", "cvodes", equations, 0.0, 1.0, settings)
    before, given = casadi.MX.sym("x", n_state), casadi.MX.sym("g", n_state + 2 + n_constant)
    after = one(x0=before + given[:n_state], p=given[n_state:])["xf"]
    return casadi.Function("step", [before, given], [after])


if __name__ == "__main__":
    measure(setup, chemistry.PROBLEM)
