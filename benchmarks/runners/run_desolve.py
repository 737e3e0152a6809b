"""R's deSolve: right-hand side and Jacobian in compiled C, tablets as an events table.

Variant is the method: ``radau``, ``bdf`` or ``lsoda``. Python writes the C, R solves.
"""

import resource
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from engine import sert29
from engine.measure import Runner, Solved, measure

C = """
#include <R.h>
static double parms[{n_parameter}];
{source}
void initmod(void (*odeparms)(int *, double *)) {{ int N = {n_parameter}; odeparms(&N, parms); }}
void derivs(int *neq, double *t, double *y, double *ydot, double *yout, int *ip) {{
  sert_rhs(y, parms, ydot);
}}
void jacf(int *neq, double *t, double *y, int *ml, int *mu, double *pd, int *nrowpd,
          double *yout, int *ip) {{
  static double J[{n_state} * {n_state}]; /* structural zeros stay zero */
  sert_jac(y, parms, J);
  for (int i = 0; i < {n_state}; ++i)
    for (int j = 0; j < {n_state}; ++j) pd[i + j * (*nrowpd)] = J[i * {n_state} + j];
}}
"""


def setup(options):
    folder = Path(tempfile.mkdtemp(prefix="sert29"))
    source = C.format(
        source=sert29.c_source(), n_parameter=sert29.N_PARAMETER, n_state=sert29.N_STATE
    )
    (folder / "sert.c").write_text(source)
    (folder / "names.txt").write_text("\n".join(sert29.STATES))
    np.savetxt(folder / "start.txt", sert29.START, fmt="%.17g")
    subprocess.run(["R", "CMD", "SHLIB", "sert.c"], cwd=folder, check=True, capture_output=True)
    script = Path(__file__).with_name("solve_with_desolve.R")
    tolerances = [repr(options.rtol), repr(sert29.absolute_tolerance(options.rtol))]
    facts = {"method": f"{options.variant}, compiled right-hand side and Jacobian"}

    def solve(parameters):
        header = ",".join(sert29.PARAMETERS)
        table = folder / "patients.csv"
        np.savetxt(table, parameters, delimiter=",", header=header, comments="", fmt="%.17g")
        command = ["Rscript", str(script), str(folder), options.variant, *tolerances]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        wall_s, cpu_s, facts["version"] = done.stdout.split()
        return Solved(
            final=np.loadtxt(folder / "final.txt", ndmin=2),
            wall_s=float(wall_s),
            cpu_s=float(cpu_s),
            peak_mb=resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
        )

    solve(sert29.patients(1))
    return Runner(solve=solve, facts=facts)


if __name__ == "__main__":
    measure(setup)
