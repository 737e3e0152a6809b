"""Where a measurement was made: machine, interpreter, commit."""

import ctypes
import datetime
import functools
import os
import platform
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
INSTRUCTION_SETS = ("avx512f", "avx2", "avx", "sse2", "sve", "asimd")


@functools.cache
def machine():
    """Return CPU model, cores this process may use, instruction set, memory, system."""
    info = _cpu_info()
    words = set(info.get("flags", info.get("Features", "")).split())
    return {
        "cpu": info.get("model name", platform.processor() or platform.machine()),
        "cores": len(cores()),
        "instructions": next((name for name in INSTRUCTION_SETS if name in words), "unknown"),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


def cores():
    """Return the numbers of the cores this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def commit():
    """Return commit and whether files differ from it, which no benchmark output does."""
    head = _git("rev-parse", "--short=12", "HEAD")
    written = (":!benchmarks/results", ":!benchmarks/RESULTS.md", ":!benchmarks/*.svg")
    changed = _git("status", "--porcelain", "--", ".", *written)
    return {"commit": head or "unknown", "is_dirty": bool(changed)}


def today():
    return datetime.datetime.now(datetime.UTC).date().isoformat()


@functools.cache
def cuda_refusal():
    """Return why there is no CUDA device, or None if there is one."""
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return "no CUDA driver (libcuda.so.1) on this machine"
    count = ctypes.c_int(0)
    if driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count)) or not count.value:
        return "the CUDA driver finds no device"
    return None


def _git(*arguments):
    done = subprocess.run(
        ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() if done.returncode == 0 else ""


def _cpu_info():
    path = Path("/proc/cpuinfo")
    if not path.exists():
        return {}
    pairs = (line.partition(":") for line in path.read_text().split("\n\n")[0].splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}
