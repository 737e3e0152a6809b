"""What is measured, section by section; each gives rows, one measurement each."""

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engine import catalogue, environment, launch, roofline

RTOL = 1e-5
TIGHT_RTOL, REFEREE_RTOL = 1e-9, 1e-10
RTOLS = (1e-3, 1e-4, 1e-5, 1e-6, 1e-7)
LEAST_RTOL_FLOAT32 = 1e-6
"""Below it `kernels.Solver` refuses float32."""
LANES = (1_000, 10_000, 100_000, 1_000_000)
SCALING_THREADS = (1, 2)
CURVE_PATIENTS = 2048
"""Patients of one point of a work-precision curve of ours; of peers, those of the reference."""
TRIAL_PATIENTS = {"cuda": 20_000, "native": 1024, "numpy": 512}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the command line asked for, and what was found on this machine.

    Parameters
    ----------
    rounds
        How often each runner is measured in turn.
    only
        Parts of labels that are measured; empty for all.
    patients
        Patients by label, instead of the catalogue's.
    has_peers
        Whether other packages are measured.
    python, peers_python
        Interpreters.
    cache
        Empty folder for everything that runners compile.
    budget_s, timeout_s
        Wall time one scaling measurement may be expected to take, and any process may take [s].
    present, own_devices
        As in `catalogue.missing`.
    peaks
        `roofline.Peak` by precision, or None.
    """

    rounds: int
    only: tuple[str, ...]
    patients: Mapping[str, int]
    has_peers: bool
    python: Path
    peers_python: Path
    cache: Path
    budget_s: float
    timeout_s: float
    present: set[str] = field(default_factory=set)
    own_devices: Mapping[str, str | None] = field(default_factory=dict)
    peaks: Mapping[str, roofline.Peak] | None = None

    def wanted(self, entry):
        """Return whether an entry is to be measured at all."""
        is_named = not self.only or any(part in entry.label for part in self.only)
        return is_named and (entry.is_ours or self.has_peers)

    def patients_of(self, entry, prefix=""):
        """Return how many patients an entry times."""
        return self.patients.get(prefix + entry.label, entry.patients)


def sert29(settings):
    """Yield every runner at rtol 1e-5, rounds interleaved."""
    entries = [e for e in (*catalogue.all_ours(), *catalogue.PEERS) if settings.wanted(e)]
    for round_number in range(settings.rounds):
        for entry in entries:
            for threads in entry.threads:
                row = _measured(settings, entry, settings.patients_of(entry), threads, RTOL)
                yield {"section": "sert29", "round": round_number, **row}
                if row["status"] != "ok" and round_number == 0:
                    entries = [e for e in entries if e is not entry]
                    break


def chemistry(settings):
    """Yield the tight solution, its referee, and every runner, rounds interleaved."""
    tight = catalogue.chemistry_tight(settings.own_devices)
    for entry, rtol in ((tight, TIGHT_RTOL), (catalogue.REFEREE, REFEREE_RTOL)):
        row = _chemistry_of(settings, entry, rtol)
        yield {"section": "chemistry", "round": 0, **row}
        if row["status"] not in ("ok", "not installed"):  # there is nothing to compare with
            return
    entries = [*catalogue.chemistry_ours(), *catalogue.CHEMISTRY_PEERS]
    entries = [entry for entry in entries if settings.wanted(entry)]
    for round_number in range(settings.rounds):
        for entry in list(entries):
            row = _chemistry_of(settings, entry, RTOL)
            yield {"section": "chemistry", "round": round_number, **row}
            if row["status"] != "ok" or entry.is_slow:
                entries.remove(entry)


def _chemistry_of(settings, entry, rtol):
    n = settings.patients_of(entry, "chemistry-")
    return _measured(settings, entry, n, 1, rtol, settings.cache / "chemistry.npz")


def work_precision(settings):
    """Yield every curve, a point at each tolerance, rounds interleaved."""
    peers = [e for e in catalogue.PEERS if e.label in catalogue.WORK_PRECISION_PEERS]
    mine = [
        catalogue.ours(device, precision, method)
        for device, precision, method in itertools.product(
            ("cuda:0", "native"), ("float64", "float32"), catalogue.METHODS
        )
    ]
    if settings.own_devices.get("native", "") is not None:
        mine += [catalogue.ours("numpy", "float64", method) for method in catalogue.METHODS]
    entries = [entry for entry in (*mine, *peers) if settings.wanted(entry)]
    for round_number in range(settings.rounds):
        for entry in list(entries):
            for row in _curve(settings, entry):
                yield {"section": "work-precision", "round": round_number, **row}
                if row["status"] not in ("ok", "wrong answer"):
                    entries.remove(entry)


def _curve(settings, entry):
    patients = CURVE_PATIENTS if entry.is_ours else min(24, entry.patients)
    for rtol in RTOLS:
        if "float32" in entry.label and rtol < LEAST_RTOL_FLOAT32:
            continue
        row = _measured(settings, entry, patients, 1, rtol)
        yield row
        if row["status"] not in ("ok", "wrong answer"):
            return


def scaling(settings):
    """Yield our engine at growing numbers of lanes until the time budget would be passed."""
    for device in ("cuda:0", "native", "numpy"):
        entry = catalogue.ours(device, "float64")
        if not settings.wanted(entry):
            continue
        for threads in SCALING_THREADS if device == "native" else (1,):
            yield from _scaling_of(settings, entry, threads)


def _scaling_of(settings, entry, threads):
    rate = math.inf
    for n in LANES:
        if n / rate > settings.budget_s:
            reason = f"would take {n / rate:.0f} s, over the budget of {settings.budget_s:g} s"
            row = {**_named(entry, threads, RTOL), "n": n, "status": "cut", "reason": reason}
        else:
            row = _measured(settings, entry, n, threads, RTOL)
            rate = row.get("per_s", rate)
        yield {"section": "scaling", "round": 0, **row}
        if row["status"] not in ("ok", "cut"):
            return


def trial(settings):
    """Yield the packaged trial on every device, rounds interleaved."""
    entries = [catalogue.ours(device, "float64") for device in ("cuda:0", "native", "numpy")]
    entries = [entry for entry in entries if settings.wanted(entry)]
    for round_number in range(settings.rounds):
        for entry in entries:
            row = _named(entry, 1, None) | _trial_of(settings, entry)
            yield {"section": "trial", "round": round_number, **row}
            if row["status"] != "ok" and round_number == 0:
                entries = [e for e in entries if e is not entry]


def _trial_of(settings, entry):
    lack = catalogue.missing(entry, settings.present, settings.own_devices)
    if lack:
        return dict(zip(("status", "reason"), lack, strict=True))
    kind = entry.device.partition(":")[0]
    n = settings.patients.get(f"trial-{kind}", TRIAL_PATIENTS[kind])
    row = launch.run(
        "run_trial.py",
        ["--patients", n, "--variant", entry.device],
        python=settings.python,
        threads=1,
        cache=settings.cache / "trial" / entry.label,
        timeout_s=settings.timeout_s,
    )
    return row | _roofline(settings, entry, row)


SECTIONS = {
    "sert29": sert29,
    "chemistry": chemistry,
    "trial": trial,
    "work-precision": work_precision,
    "scaling": scaling,
}


def _named(entry, threads, rtol):
    return {
        "label": entry.label,
        "is_ours": entry.is_ours,
        "device": entry.device,
        "threads": threads,
        "rtol": rtol,
    }


def _measured(settings, entry, patients, threads, rtol, reference=None):
    """Return the row of one run of one entry, or of why there is none.

    ``reference`` is the file of the tight solution, where that is no part of the problem.
    """
    row = _named(entry, threads, rtol) | {"n": patients}
    lack = catalogue.missing(entry, settings.present, settings.own_devices)
    if not lack and threads > len(environment.cores()):
        lack = ("skipped", f"{threads} threads on {len(environment.cores())} core")
    if lack:
        return row | dict(zip(("status", "reason"), lack, strict=True))
    arguments = {
        "--patients": patients,
        "--threads": threads,
        "--rtol": rtol,
        "--variant": entry.variant,
    }
    if reference:
        arguments["--reference"] = reference
    found = launch.run(
        entry.script,
        itertools.chain.from_iterable(arguments.items()),
        python=settings.python if entry.is_ours else settings.peers_python,
        threads=threads,
        cache=settings.cache / (reference.stem if reference else "") / entry.label,
        timeout_s=settings.timeout_s,
    )
    return row | found | _roofline(settings, entry, found)


def _roofline(settings, entry, row):
    """Return how much of a core's peak a row of our own engine reached."""
    if not (settings.peaks and row.get("steps") and row.get("step")) or entry.needs_cuda():
        return {}
    attempts = (row["steps"] + row["rejected"]) * row["n"]
    seconds = row.get("engine_cpu_s", row["cpu_s"])
    return roofline.reached(row["step"], attempts, seconds, settings.peaks[row["precision"]])
