"""How long, how much memory, how much disk: measured on a short pilot of real simulation.

The pilot runs in a process of its own, so that its peak memory is that of a worker. It computes
two blocks of each of two arms (the first and the one with most doses); a line through the two
times separates what a block costs from what a patient costs.
"""

import multiprocessing
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from pipelines.memory import peak_memory
from pipelines.plan import RunPlan, Unit
from pipelines.worker import Job, run_unit

__all__ = ["Estimate", "Pilot", "estimate", "run_pilot"]

PILOT_SIZES = (8, 64)
"""Patients in the pilot's blocks."""

CLUSTER_S = 2.0
"""Time to start a scheduler and to write tables [s], of the order seen on two cores."""

DRIVER_BYTES = 350_000_000
"""Memory of the driver with scheduler and table writing, measured at 40,000 patients."""

_N_PILOT_ARMS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Pilot:
    """What a pilot measured.

    Parameters
    ----------
    start_seconds
        From starting a process to its first finished unit, without the unit's own time [s]:
        imports, and lowering of the equations.
    seconds_a_block, seconds_a_patient
        Time of a unit is their line [s].
    bytes_a_patient
        Size of a shard [bytes a patient].
    first_peak_bytes, peak_bytes
        Peak memory after the smaller and after the larger blocks [bytes].
    n_patients
        Patients simulated.

    Examples
    --------
    >>> Pilot(
    ...     start_seconds=2.0,
    ...     seconds_a_block=1.0, seconds_a_patient=0.1, bytes_a_patient=500.0,
    ...     first_peak_bytes=200_000_000, peak_bytes=210_000_000, n_patients=144,
    ... ).n_patients
    144
    """

    start_seconds: float
    seconds_a_block: float
    seconds_a_patient: float
    bytes_a_patient: float
    first_peak_bytes: int
    peak_bytes: int
    n_patients: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a run would need.

    Parameters
    ----------
    seconds
        Time from the command to the tables [s].
    memory_bytes
        Memory of driver and workers [bytes].
    disk_bytes
        Shards and tables [bytes].

    Examples
    --------
    >>> Estimate(seconds=10.0, memory_bytes=10**9, disk_bytes=10**6).seconds
    10.0
    """

    seconds: float
    memory_bytes: int
    disk_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    n_patients: int
    seconds: float
    bytes: int
    peak_bytes: int


def run_pilot(job: Job, plan: RunPlan) -> Pilot:
    """Simulate a few patients and measure it.

    Parameters
    ----------
    job
        What the units share; its folder of shards is not written to.
    plan
        All units.

    Returns
    -------
    What was measured.

    Examples
    --------
    >>> run_pilot.__name__  # run by tests/pipelines/test_estimate.py: it starts a process
    'run_pilot'
    """
    doses = {arm.name: len(arm.regimens) for arm in job.protocol.arms}
    ordered = sorted(doses, key=lambda name: doses[name])
    arms = list(dict.fromkeys((ordered[0], ordered[-1])))[:_N_PILOT_ARMS]
    first = {unit.arm: unit.first_id for unit in reversed(plan.units)}
    # variants differ in their windows of the day, which cost steps: the first and the last
    variants = {arm: [unit.variant for unit in plan.units if unit.arm == arm] for arm in arms}
    n_most = min(PILOT_SIZES[-1], plan.block_size)
    sizes = sorted({min(PILOT_SIZES[0], n_most), n_most})
    units = [
        Unit(
            arm=arm,
            first_id=first[arm],
            n_patients=size,
            digest=f"pilot-{size}-{number}",
            variant=variants[arm][-1 if number else 0],
        )
        for size in sizes
        for number, arm in enumerate(arms)
    ]
    with (
        tempfile.TemporaryDirectory(prefix="cohort-pilot-") as scratch,
        ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool,
    ):
        here = replace(job, shards=Path(scratch), trajectory_ids={})
        started = time.perf_counter()
        readings = pool.submit(_measure, here, units).result()
        seconds = time.perf_counter() - started
    return _fit(readings, seconds)


def _measure(job: Job, units: Sequence[Unit]) -> list[_Reading]:
    # the first unit pays for imports and for lowering the equations: once a worker, not once a unit
    run_unit(job, replace(units[0], digest="pilot-warm"))
    readings = []
    for unit in units:
        started = time.perf_counter()
        receipt = run_unit(job, unit)
        readings.append(
            _Reading(
                n_patients=unit.n_patients,
                seconds=time.perf_counter() - started,
                bytes=sum(stored.bytes for stored in receipt.files.values()),
                peak_bytes=peak_memory(),
            )
        )
    return readings


def _fit(readings: Sequence[_Reading], seconds: float) -> Pilot:
    few = min(reading.n_patients for reading in readings)
    many = max(reading.n_patients for reading in readings)

    def mean(size: int) -> float:
        times = [reading.seconds for reading in readings if reading.n_patients == size]
        return sum(times) / len(times)

    slope = mean(many) / many if few == many else (mean(many) - mean(few)) / (many - few)
    slope = max(slope, 0.0)
    # all that is not in the readings: the start, and the unmeasured first unit
    start = seconds - sum(reading.seconds for reading in readings) - mean(few)
    largest = [reading for reading in readings if reading.n_patients == many]
    return Pilot(
        start_seconds=max(start, 0.0),
        seconds_a_block=max(mean(many) - slope * many, 0.0),
        seconds_a_patient=slope,
        bytes_a_patient=sum(one.bytes for one in largest) / (many * len(largest)),
        first_peak_bytes=max(one.peak_bytes for one in readings if one.n_patients == few),
        peak_bytes=max(one.peak_bytes for one in readings),
        n_patients=sum(reading.n_patients for reading in readings),
    )


def estimate(pilot: Pilot, units: Sequence[Unit], plan: RunPlan, n_workers: int) -> Estimate:
    """Return what computing these units would need.

    Parameters
    ----------
    pilot
        What a pilot measured.
    units
        Units to compute.
    plan
        All units.
    n_workers
        Worker processes.

    Notes
    -----
    Each worker takes the longest unit that waits; memory grows with the block from the smaller
    to the larger pilot block and on. Tables are counted as large as the shards.

    Examples
    --------
    >>> pilot = Pilot(
    ...     start_seconds=2.0,
    ...     seconds_a_block=1.0, seconds_a_patient=0.1, bytes_a_patient=500.0,
    ...     first_peak_bytes=200_000_000, peak_bytes=200_000_000, n_patients=144,
    ... )
    >>> units = (Unit(arm="p", first_id=1, n_patients=10, digest="ab"),)
    >>> plan = RunPlan(
    ...     units=units, block_size=10, device="numpy", trajectory_ids={}, protocol_hash="", code={}
    ... )
    >>> estimate(pilot, units, plan, n_workers=2).seconds
    6.0
    """
    used = max(1, min(n_workers, len(units)))
    busy = [0.0] * used
    for unit in units:
        index = busy.index(min(busy))
        busy[index] += pilot.seconds_a_block + pilot.seconds_a_patient * unit.n_patients
    largest = max((unit.n_patients for unit in units), default=0)
    growth = (pilot.peak_bytes - pilot.first_peak_bytes) / (PILOT_SIZES[-1] - PILOT_SIZES[0])
    worker = pilot.peak_bytes + growth * max(0, largest - PILOT_SIZES[-1])
    return Estimate(
        seconds=(CLUSTER_S + pilot.start_seconds if units else 0.0) + max(busy),
        memory_bytes=int(DRIVER_BYTES + used * worker),
        disk_bytes=int(2 * pilot.bytes_a_patient * plan.n_patients),
    )
