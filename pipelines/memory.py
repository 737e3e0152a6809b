"""How much memory a process has needed."""

import resource
import sys
from pathlib import Path

__all__ = ["peak_memory"]

_STATUS = Path("/proc/self/status")


def peak_memory() -> int:
    """Return the most memory that this process has had resident so far [byte].

    Notes
    -----
    Linux counts it for the program that runs (``VmHWM``); ``getrusage`` there starts at what the
    process that started this one had.

    Examples
    --------
    >>> peak_memory() > 10**6
    True
    """
    if _STATUS.exists():
        for line in _STATUS.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
