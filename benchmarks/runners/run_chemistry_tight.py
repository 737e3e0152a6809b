"""The tight solution of the whole chemistry, by our engine; writes the file ``--reference``."""

import json
import time

import numpy as np
from engine import chemistry
from engine.measure import arguments, peak_mb
from run_chemistry import solve


def main():
    options = arguments()
    people = chemistry.patients(options.patients)
    wall, cpu = time.perf_counter(), time.process_time()
    saved, solution = solve(people, options.variant, options.rtol, options.threads)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    solution.require_success()
    np.savez(options.reference, saved=saved, parameters=people.parameters)
    row = {
        "status": "ok",
        "n": len(people),
        "wall_s": wall,
        "cpu_s": cpu,
        "steps": int(solution.accepted.sum()) / len(people),
        "rejected": int(solution.rejected.sum()) / len(people),
        "peak_mb": peak_mb(),
    }
    print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
