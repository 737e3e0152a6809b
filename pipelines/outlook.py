"""What would run, and what this machine can do: answers of `cohort plan` and `cohort doctor`."""

import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psutil

from kernels.cores import available_cores
from pipelines.estimate import PILOT_SIZES, estimate, run_pilot
from pipelines.plan import unit_states
from pipelines.progress import duration_text
from pipelines.provenance import device_reasons, library_versions
from pipelines.run_trial import Preparation

__all__ = ["describe_machine", "describe_plan", "render_machine", "render_outlook"]

_MB = 1e6
_GB = 1e9


def describe_plan(ready: Preparation, *, with_pilot: bool) -> dict[str, Any]:
    """Return what would run, and what that needs.

    Parameters
    ----------
    ready
        A checked request.
    with_pilot
        Whether to simulate some patients for the estimate.

    Returns
    -------
    Plain values; ``estimate`` is None without a pilot.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> from pipelines.run_trial import Request, prepare
    >>> request = Request(
    ...     protocol=load_protocol("sct-md-01"), protocol_text="", out=Path("no/run"), n_workers=2
    ... )
    >>> describe_plan(prepare(request), with_pilot=False)["units_to_compute"]
    4
    """
    states = unit_states(ready.plan, ready.folder.shards)
    pending = [state.unit for state in states if not state.is_done]
    largest = max(unit.n_patients for unit in ready.plan.units)
    outlook = {
        "trial": ready.job.protocol.name,
        "n_arms": len(ready.facts.arms),
        "variants": list(ready.facts.variants),
        "n_patients": ready.plan.n_patients,
        "block_size": ready.plan.block_size,
        "device": ready.plan.device,
        "workers": ready.n_workers,
        "unit_seconds": ready.costs.seconds(largest),
        "unit_bytes": ready.costs.bytes(largest),
        "units": [
            {
                "shard": state.unit.digest,
                "arm": state.unit.arm,
                "variant": state.unit.variant,
                "first_id": state.unit.first_id,
                "n_patients": state.unit.n_patients,
                "is_done": state.is_done,
                "why": state.why,
            }
            for state in states
        ],
        "units_done": len(states) - len(pending),
        "units_to_compute": len(pending),
        "patients_to_compute": sum(unit.n_patients for unit in pending),
        "pilot": None,
        "estimate": None,
    }
    if with_pilot:
        pilot = run_pilot(ready.job, ready.plan)
        outlook["pilot"] = asdict(pilot)
        outlook["estimate"] = asdict(estimate(pilot, pending, ready.plan, ready.n_workers))
    return outlook


def render_outlook(outlook: dict[str, Any]) -> str:
    """Return what would run as text.

    Parameters
    ----------
    outlook
        From `describe_plan`.

    Examples
    --------
    >>> print(render_outlook({
    ...     "trial": "a", "n_patients": 20, "n_arms": 2, "variants": [], "block_size": 512,
    ...     "device": "numpy",
    ...     "units": [{}, {}], "units_to_compute": 2, "patients_to_compute": 20, "units_done": 0,
    ...     "workers": 2, "unit_seconds": 2.0, "unit_bytes": 300_000_000, "pilot": None,
    ...     "estimate": None,
    ... }))
    a: 20 patients in 2 arms; 2 units of at most 512 patients on 'numpy'
      to compute  2 units, 20 patients (no shard yet)
      done        0 units (their shards are there; files are checked when the run starts)
      a unit      about 2 s of one core and 0.3 GB by the cost model; a kill loses one a worker
      estimate    none: no pilot was run
    """
    variants = outlook["variants"]
    crossed = f" x {len(variants)} variants ({', '.join(variants)})" if variants else ""
    lines = [
        f"{outlook['trial']}: {outlook['n_patients']:,} patients in {outlook['n_arms']} arms"
        f"{crossed}; "
        f"{len(outlook['units'])} units of at most {outlook['block_size']:,} patients on "
        f"'{outlook['device']}'",
        f"  to compute  {outlook['units_to_compute']} units, "
        f"{outlook['patients_to_compute']:,} patients (no shard yet)",
        f"  done        {outlook['units_done']} units (their shards are there; files are checked "
        "when the run starts)",
    ]
    if not outlook["device"].startswith("cuda"):
        lines.append(
            f"  a unit      about {duration_text(outlook['unit_seconds'])} of one core and "
            f"{outlook['unit_bytes'] / _GB:.1f} GB by the cost model; a kill loses one a worker"
        )
    expected, pilot = outlook["estimate"], outlook["pilot"]
    if expected is None:
        return "\n".join([*lines, "  estimate    none: no pilot was run"])
    sizes = " and ".join(str(size) for size in PILOT_SIZES)
    lines += [
        f"  time        about {duration_text(expected['seconds'])} with {outlook['workers']} "
        "workers",
        f"  memory      about {expected['memory_bytes'] / _GB:.1f} GB, driver and workers together",
        f"  disk        about {expected['disk_bytes'] / _MB:.0f} MB, shards and tables",
        f"  rests on    a pilot of {pilot['n_patients']} patients on one idle core (blocks of "
        f"{sizes}): {pilot['start_seconds']:.1f} s to start a worker, "
        f"{pilot['seconds_a_block']:.2f} s a block, "
        f"{1000 * pilot['seconds_a_patient']:.1f} ms a patient",
    ]
    return "\n".join(lines)


def describe_machine() -> dict[str, Any]:
    """Return devices and reasons, versions, cores, memory and disk.

    Examples
    --------
    >>> describe_machine()["cores"] >= 1
    True
    """
    return {
        "devices": device_reasons(),
        "versions": library_versions(),
        "cores": available_cores(),
        "memory_bytes": psutil.virtual_memory().available,
        "disk_bytes": shutil.disk_usage(Path.cwd()).free,
    }


def render_machine(machine: dict[str, Any]) -> str:
    """Return what this machine can do as text.

    Parameters
    ----------
    machine
        From `describe_machine`.

    Examples
    --------
    >>> render_machine(describe_machine()).splitlines()[0]
    'devices, the preferred first:'
    """
    lines = ["devices, the preferred first:"]
    for device in machine["devices"]:
        state = "there" if device["is_available"] else "not there"
        remedy = f" -> {device['remedy']}" if device["remedy"] else ""
        lines.append(f"  {device['name']:8} {state:10} {device['reason']}{remedy}")
    lines.append(
        f"cores {machine['cores']}, free memory {machine['memory_bytes'] / _GB:.1f} GB, "
        f"free disk here {machine['disk_bytes'] / _GB:.1f} GB"
    )
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    lines.append(f"versions: {versions}")
    return "\n".join(lines)
