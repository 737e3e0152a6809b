"""Starting runners: one process each, pinned to as many cores as it has threads."""

import functools
import json
import os
import shutil
import subprocess
import sys

from engine.environment import ROOT, cores

RUNNERS = ROOT / "benchmarks" / "runners"
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
ONE_CORE_XLA = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
LAST_LINES = 3


def run(script, arguments, *, python, threads, cache, timeout_s):
    """Run a runner and return the row it prints, or a row that says why there is none.

    Parameters
    ----------
    script, arguments
        Name of the runner and its options.
    python
        Interpreter.
    threads
        Cores it is pinned to.
    cache
        Folder for everything it compiles; a row says whether it was cold.
    timeout_s
        Wall time after which it is stopped [s].
    """
    is_cold = not cache.exists()
    cache.mkdir(parents=True, exist_ok=True)
    command = [str(python.absolute()), str(RUNNERS / script), *map(str, arguments)]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
            cwd=cache,
            env=_environment(python.absolute(), threads, cache),
            preexec_fn=functools.partial(_pin, threads),
        )
    except subprocess.TimeoutExpired:
        return {"status": "failed", "reason": f"not done after {timeout_s:g} s"}
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode or not lines:
        said = done.stderr.strip().splitlines()[-LAST_LINES:] or ["it said nothing"]
        return {"status": "failed", "reason": f"exit {done.returncode}: {' | '.join(said)}"}
    return {**json.loads(lines[-1]), "is_cold": is_cold}


def _pin(threads):
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cores()[-threads:])


def _environment(python, threads, cache):
    mine = {name: str(threads) for name in THREAD_VARIABLES}
    paths = [str(ROOT / "benchmarks"), str(ROOT)]
    mine |= {
        # build tools that were installed beside the packages come first
        "PATH": os.pathsep.join([str(python.parent), os.environ["PATH"]]),
        "PYTHONPATH": os.pathsep.join(paths),
        "BENCHMARK_CACHE": str(cache),
        "XDG_CACHE_HOME": str(cache),  # where kernels keeps programs and builds
    }
    if threads == 1:
        mine["XLA_FLAGS"] = ONE_CORE_XLA
    return os.environ | mine


def own_devices():
    """Return why each device of our engine is not available, None where it is."""
    text = (
        "import json, kernels; "
        "print(json.dumps({d.name: None if d.is_available else d.reason "
        "for d in kernels.devices()}))"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, check=True, env=environment
    )
    return json.loads(done.stdout)


def present(python, entries):
    """Return which modules, programs and R packages of the entries are there."""
    modules = sorted({name for entry in entries for name in entry.modules})
    text = (
        "import importlib.util, json, sys; "
        "print(json.dumps([n for n in sys.argv[1:] if importlib.util.find_spec(n)]))"
    )
    done = subprocess.run(
        [str(python), "-c", text, *modules], capture_output=True, text=True, check=True, cwd="/"
    )
    found = set(json.loads(done.stdout))
    found |= {name for entry in entries for name in entry.programs if shutil.which(name)}
    packages = sorted({name for entry in entries for name in entry.r_packages})
    return found | _r_packages(packages)


def _r_packages(names):
    if not shutil.which("Rscript"):
        return set()
    quoted = ", ".join(f'"{name}"' for name in names)
    text = f"cat(Filter(function(p) nzchar(system.file(package = p)), c({quoted})))"
    done = subprocess.run(["Rscript", "-e", text], capture_output=True, text=True, check=False)
    return set(done.stdout.split())


def draw(python, arguments):
    """Run the plotting script; return False where matplotlib is missing."""
    script = ROOT / "benchmarks" / "plot_work_precision.py"
    done = subprocess.run(
        [str(python), str(script), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode and "matplotlib" not in done.stderr:
        raise ChildProcessError(done.stderr)
    return done.returncode == 0
