"""The check of an answer against the tight reference, before anything is timed."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

REFERENCE = Path(__file__).with_name("reference.npz")
FLOOR = 1e-3
"""Magnitude below which an error counts as absolute: atol / rtol of the problem."""
LOOSEST_MEDIAN = 30.0
"""Error of the median patient, in units of rtol, beyond which a package solved another problem."""
LOOSEST_WORST = 10.0
"""The same for the worst patient of our own runs, where we answer for every patient."""
SINGLE_FLOOR = 3e-4
"""What float32 may add to the worst patient's error at any tolerance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errors:
    """How far from the tight solution some patients are, in their worst state.

    ``worst`` and ``median`` are over the patients; one that is not finite makes both infinite.
    """

    worst: float
    median: float
    n: int


def reference():
    """Return the reference: ``parameters``, ``final`` and ``daily``, patient first."""
    with np.load(REFERENCE) as arrays:
        return dict(arrays)


def errors(final, parameters):
    """Compare the final states, shape ``(n_lane, n_state)``, of the first patients."""
    tight = reference()
    n = min(len(final), len(tight["final"]))
    if not np.allclose(parameters[:n], tight["parameters"][:n], rtol=1e-14, atol=0.0):
        raise ValueError(
            "benchmarks/engine/reference.npz: its patients are others than sert29.patients gives "
            "here; the two must agree. Make it again with benchmarks/make_engine_reference.py."
        )
    return compare(np.asarray(final)[:n], tight["final"][:n], FLOOR)


def compare(found, wanted, floor):
    """Compare states, patient first; ``floor`` is the magnitude below which errors are absolute."""
    n = len(wanted)
    relative = (np.abs(found - wanted) / (np.abs(wanted) + floor)).reshape(n, -1)
    worst_state = np.where(np.isfinite(relative).all(axis=1), relative.max(axis=1), np.inf)
    return Errors(worst=float(worst_state.max()), median=float(np.median(worst_state)), n=n)


def refusal(found, rtol, *, is_ours, is_single=False):
    """Return why an answer is refused, or None if it may be timed."""
    allowed = LOOSEST_MEDIAN * rtol + (SINGLE_FLOOR if is_single else 0.0)
    if not found.median <= allowed:
        return f"median error {found.median:.1e}; at most {allowed:.1e} is allowed"
    allowed = LOOSEST_WORST * rtol + (SINGLE_FLOOR if is_single else 0.0)
    if is_ours and not found.worst <= allowed:
        return f"worst error {found.worst:.1e}; at most {allowed:.1e} is allowed"
    return None
