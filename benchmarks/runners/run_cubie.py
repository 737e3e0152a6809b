"""cubie: Rodas4P in one CUDA kernel, one call a tablet, since it has no events.

Needs a CUDA device (or NUMBA_ENABLE_CUDASIM=1, which is Python and has no meaning as a speed).
"""

import cubie
import numpy as np
from engine import sert29
from engine.measure import Runner, Solved, measure

METHOD = "rodas4p"


def setup(options):
    model = cubie.create_ODE_system(
        [f"{name} = {text}" for name, text in sert29.ALGEBRA.items()]
        + [f"d{name} = {text}" for name, text in sert29.RATES.items()],
        states=dict(sert29.STATES),
        parameters=dict(sert29.PARAMETERS),
        precision=np.float64,
    )
    settings = {
        "method": METHOD,
        "duration": sert29.INTERVAL_H,
        "save_every": sert29.INTERVAL_H,
        "rtol": options.rtol,
        "atol": sert29.absolute_tolerance(options.rtol),
        "grid_type": "verbatim",
    }

    def solve(parameters):
        own = dict(zip(sert29.PARAMETERS, parameters.T, strict=True))
        states = np.tile(sert29.START[:, None], (1, len(parameters)))
        for _ in range(sert29.N_DOSE):
            states[sert29.DEPOT] += sert29.DOSE * own["Fb"]
            before = dict(zip(sert29.STATES, states, strict=True))
            result = cubie.solve_ivp(model, y0=before, parameters=own, **settings)
            rows = {name: row for row, name in result.time_domain_legend.items()}
            last = np.asarray(result.time_domain_array)[-1]
            states = np.array([last[rows[name]] for name in sert29.STATES])
        return Solved(final=states.T)

    solve(sert29.patients(2))
    facts = {"version": cubie.__version__, "method": f"{METHOD}, one call a tablet"}
    return Runner(solve=solve, facts=facts)


if __name__ == "__main__":
    measure(setup)
