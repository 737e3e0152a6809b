"""The measured peak of one core, and the share of it that a measurement reached."""

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).with_name("peak.cpp")
FLAGS = ("-O3", "-march=native", "-ffp-contract=fast")
COMPILERS = ("c++", "g++", "clang++")


@dataclass(frozen=True, slots=True, kw_only=True)
class Peak:
    """Fused multiply-adds (2 operations each) and divisions of one core [GFLOP/s]."""

    fma: float
    divide: float


def peaks():
    """Measure this core: `Peak` by precision, and the command that built the measurement.

    Returns None and the reason where there is no compiler or it fails.
    """
    compiler = os.environ.get("CXX") or next(filter(shutil.which, COMPILERS), None)
    if compiler is None:
        return None, "no C++ compiler among " + ", ".join(COMPILERS) + "; set CXX"
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "peak"
        command = [compiler, *FLAGS, str(SOURCE), "-o", str(program)]
        built = subprocess.run(command, capture_output=True, text=True, check=False)
        if built.returncode:
            return None, f"{' '.join(command)} failed: {built.stderr.strip().splitlines()[-1]}"
        told = subprocess.run([str(program)], capture_output=True, text=True, check=True).stdout
    fma64, fma32, div64, div32 = map(float, told.split())
    found = {"float64": Peak(fma=fma64, divide=div64), "float32": Peak(fma=fma32, divide=div32)}
    return found, f"{compiler} {' '.join(FLAGS)}"


def reached(step, attempts, seconds, peak):
    """Return GFLOP/s, GB/s and two shares of a number of attempted steps in some CPU time.

    ``of_fma`` is the share of the peak of fused multiply-adds; ``of_bound`` is the least time for
    the step (its divisions at the rate of divisions, everything else at the peak) over the time it
    took.
    """
    gflop = step["flop"] * attempts / seconds * 1e-9
    least = step["div"] / peak.divide + (step["flop"] - step["div"]) / peak.fma
    return {
        "gflop_per_s": gflop,
        "gbyte_per_s": step["bytes"] * attempts / seconds * 1e-9,
        "of_fma": gflop / peak.fma,
        "of_bound": least * attempts * 1e-9 / seconds,
    }
