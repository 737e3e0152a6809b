"""pydiffsol on the whole chemistry: BDF compiled from DiffSL by LLVM, restarted at every event.

Variant ``dense``, ``sparse`` or ``klu`` chooses matrices and their factorization.
"""

import numpy as np
import pydiffsol
from engine import chemistry, peer_text
from engine.measure import Runner, Solved, measure

FIRST_STEP_H = 1e-3
MATRICES = {"dense": "nalgebra_dense", "sparse": "faer_sparse", "klu": "faer_sparse"}


def setup(options):
    matrix = getattr(pydiffsol, MATRICES[options.variant])
    more = {"linear_solver": pydiffsol.klu} if options.variant == "klu" else {}
    model = pydiffsol.Ode(peer_text.diffsl(), matrix_type=matrix, ode_solver=pydiffsol.bdf, **more)
    model.rtol, model.atol = options.rtol, chemistry.ATOL_SHARE * options.rtol
    model.h0 = FIRST_STEP_H

    def one(start, constants, days=chemistry.DAYS):
        def stretch_of(state, stretch):
            model.t0 = stretch.start_h
            inputs = np.concatenate([constants, state])
            end = np.array([stretch.end_h])
            return np.array(model.solve_dense(inputs, end).ys)[:, -1].copy()

        return peer_text.follow(start, stretch_of, days)

    def solve(people):
        pairs = zip(peer_text.scaled(people), peer_text.constants(people), strict=True)
        return Solved(final=np.array([one(*pair) for pair in pairs]))

    first = chemistry.patients(1)
    one(peer_text.scaled(first)[0], peer_text.constants(first)[0], days=1)
    method = f"BDF, {options.variant}, {model.jit_backend}"
    return Runner(solve=solve, facts={"version": pydiffsol.version(), "method": method})


if __name__ == "__main__":
    measure(setup, chemistry.PROBLEM)
