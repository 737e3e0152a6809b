"""pydiffsol: BDF compiled from DiffSL by LLVM, one call a tablet.

Variant ``dense`` or ``sparse`` chooses the matrices. DiffSL reserves many names, so every name is
spelled in three neutral letters here.
"""

import re

import numpy as np
import pydiffsol
from engine import sert29
from engine.measure import Runner, Solved, measure

FIRST_STEP_H = 1e-4
MATRICES = {"dense": "nalgebra_dense", "sparse": "faer_sparse"}


def setup(options):
    matrix = getattr(pydiffsol, MATRICES[options.variant])
    model = pydiffsol.Ode(_diffsl(), matrix_type=matrix, ode_solver=pydiffsol.bdf)
    model.rtol, model.atol = options.rtol, sert29.absolute_tolerance(options.rtol)
    model.h0 = FIRST_STEP_H
    end = np.array([sert29.INTERVAL_H])
    varied = [list(sert29.PARAMETERS).index(name) for name in sert29.VARIED]

    def one(parameters):
        state = sert29.START.copy()
        for _ in range(sert29.N_DOSE):
            state[sert29.DEPOT] += sert29.DOSE * parameters[sert29.BIOAVAILABILITY]
            inputs = np.concatenate([parameters[varied], state])
            state = np.array(model.solve_dense(inputs, end).ys)[:, -1].copy()
        return state

    def solve(parameters):
        return Solved(final=np.array([one(row) for row in parameters]))

    one(sert29.patients(1)[0])
    method = f"BDF, {options.variant}, {model.jit_backend}"
    return Runner(solve=solve, facts={"version": pydiffsol.version(), "method": method})


def _letters(prefix, names):
    return {name: prefix + "".join("abcdefghij"[int(c)] for c in f"{i:03d}") for i, name in names}


SPELLED = {
    **_letters("x", list(enumerate(sert29.STATES))),
    **_letters("p", list(enumerate(sert29.PARAMETERS))),
    **_letters("v", list(enumerate(sert29.ALGEBRA))),
}


def _spelled(text):
    return re.sub(r"[A-Za-z_]\w*", lambda word: SPELLED[word.group(0)], text)


def _diffsl():
    starts = _letters("z", list(enumerate(sert29.STATES)))
    lines = ["in_i {"]
    lines += [f"  {SPELLED[name]} = {sert29.PARAMETERS[name]!r}," for name in sert29.VARIED]
    lines += [f"  {starts[name]} = {value!r}," for name, value in sert29.STATES.items()] + ["}"]
    fixed = [name for name in sert29.PARAMETERS if name not in sert29.VARIED]
    lines += [f"{SPELLED[name]} {{ {sert29.PARAMETERS[name]!r} }}" for name in fixed]
    lines += ["u_i {", *(f"  {SPELLED[name]} = {starts[name]}," for name in starts), "}"]
    lines += [f"{SPELLED[name]} {{ {_spelled(text)} }}" for name, text in sert29.ALGEBRA.items()]
    lines += ["F_i {", *(f"  {_spelled(text)}," for text in sert29.RATES.values()), "}"]
    return "\n".join(lines)


if __name__ == "__main__":
    measure(setup)
