"""R's mrgsolve: LSODA in C++, right-hand side compiled from its model language, doses as records.

Python writes the model, R solves.
"""

import re
import resource
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from engine import sert29
from engine.measure import Runner, Solved, measure


def setup(options):
    folder = Path(tempfile.mkdtemp(prefix="sert29"))
    (folder / "sert29.cpp").write_text(_model())
    script = Path(__file__).with_name("solve_with_mrgsolve.R")
    tolerances = [repr(options.rtol), repr(sert29.absolute_tolerance(options.rtol))]
    facts = {"method": "LSODA, dense, Jacobian by differences"}

    def solve(parameters):
        header = ",".join(f"p_{name}" for name in sert29.PARAMETERS)
        table = folder / "patients.csv"
        np.savetxt(table, parameters, delimiter=",", header=header, comments="", fmt="%.17g")
        command = ["Rscript", str(script), str(folder), *tolerances]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        wall_s, cpu_s, facts["version"] = done.stdout.split()[-3:]
        return Solved(
            final=np.loadtxt(folder / "final.txt", ndmin=2),
            wall_s=float(wall_s),
            cpu_s=float(cpu_s),
            peak_mb=resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
        )

    solve(sert29.patients(1))
    return Runner(solve=solve, facts=facts)


SPELLED = {name: name.upper() for name in sert29.STATES}
SPELLED |= {name: f"p_{name}" for name in sert29.PARAMETERS}


def _spelled(text):
    return re.sub(r"[A-Za-z_]\w*", lambda word: SPELLED.get(word.group(0), word.group(0)), text)


def _model():
    lines = ["$PARAM", *(f"p_{name} = {value!r}" for name, value in sert29.PARAMETERS.items())]
    lines += ["$CMT " + " ".join(SPELLED[name] for name in sert29.STATES), "$MAIN"]
    lines += [f"{SPELLED[name]}_0 = {value!r};" for name, value in sert29.STATES.items()]
    lines += ["F_DEPOT = p_Fb;", "$ODE"]
    lines += [f"double {name} = {_spelled(text)};" for name, text in sert29.ALGEBRA.items()]
    lines += [f"dxdt_{SPELLED[name]} = {_spelled(text)};" for name, text in sert29.RATES.items()]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    measure(setup)
