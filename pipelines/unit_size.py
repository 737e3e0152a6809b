"""How many patients a unit holds: what a unit costs, by a model with measured constants.

A unit costs a fixed time (the host code of a block) and a time a patient: the operations of a step
of the lowered equations x the steps of the trial, and host code by the day. Constants are in
``unit_costs.json``, written by ``benchmarks/study_scheduler.py unit-costs``. `choose_block_size`
takes the smallest unit that costs hardly more time than the best: small units lose less to a kill
and keep all workers busy to the end, large ones pay the fixed time less often. Nothing is timed
here, so the same trial on as many workers is always cut the same way; tables do not depend on it.
"""

import functools
import heapq
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cohort.trial import Protocol

__all__ = [
    "CARD_LANES",
    "UnitCosts",
    "choose_block_size",
    "expected_seconds",
    "largest_block_size",
    "unit_costs",
]

CARD_LANES = 65_536
"""Most patients in a unit on a GPU, which holds some 30,000 at once."""

SLACK = 0.05
"""Share of the best time that smaller units may cost more."""
LOSS_S = 60.0
"""Time of one core that a kill may cost [s]."""
MEMORY_BYTES = 2_500_000_000
"""Memory that a worker may need [byte]."""
SMALLEST = 64
"""Patients in the smallest unit that is tried; the others are its doubles."""
SPREAD = 0.25
"""Share by which the longest unit may take longer than the model says, at the end of a run."""

_DAY_S = 86_400
_N_EXACT = 64
"""Units a worker above which their order no longer matters to the time of all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitCosts:
    """What a unit of one trial costs on one core.

    Parameters
    ----------
    seconds_a_block, seconds_a_patient
        Time of a unit is their line [s].
    base_bytes, bytes_a_patient
        Peak memory of a worker is their line [byte].
    driver_seconds_a_unit
        Time of the driver [s].

    Examples
    --------
    >>> costs = UnitCosts(
    ...     seconds_a_block=1.0, seconds_a_patient=0.002, base_bytes=200_000_000,
    ...     bytes_a_patient=100_000.0, driver_seconds_a_unit=0.01,
    ... )
    >>> costs.seconds(500), costs.bytes(500)
    (2.0, 250000000)
    """

    seconds_a_block: float
    seconds_a_patient: float
    base_bytes: int
    bytes_a_patient: float
    driver_seconds_a_unit: float

    def seconds(self, n_patients: int) -> float:
        """Return the time of a unit [s]."""
        return self.seconds_a_block + self.seconds_a_patient * n_patients

    def bytes(self, n_patients: int) -> int:
        """Return the memory of a worker that computes it [byte]."""
        return round(self.base_bytes + self.bytes_a_patient * n_patients)


def unit_costs(protocol: "Protocol", device: str, n_operations: float) -> UnitCosts:
    """Return what a unit of a trial costs.

    Parameters
    ----------
    protocol
        The trial; its days count, run-in included.
    device
        ``numpy`` or ``native``; another is taken to be as fast as ``native``.
    n_operations
        Floating-point operations of a step of one patient, from
        `cohort.trial_equations.step_operations`.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> protocol = load_protocol("sct-md-01")
    >>> slow, fast = (unit_costs(protocol, name, 5000) for name in ("numpy", "native"))
    >>> slow.seconds_a_patient > 10 * fast.seconds_a_patient
    True
    """
    model = _constants()
    days = (protocol.duration + protocol.run_in) / _DAY_S
    speeds: Mapping[str, float] = model["operations_a_second"]
    speed = speeds.get(device, speeds["native"])
    in_kernel = n_operations * model["steps_a_day"] * days / speed
    return UnitCosts(
        seconds_a_block=model["seconds_a_block"],
        seconds_a_patient=in_kernel + model["host_seconds_a_patient_day"] * days,
        base_bytes=model["base_bytes"],
        bytes_a_patient=model["bytes_a_patient_day"] * days,
        driver_seconds_a_unit=model["driver_seconds_a_unit"],
    )


@functools.cache
def _constants() -> Mapping[str, Any]:
    text = (resources.files("pipelines") / "unit_costs.json").read_text("utf-8")
    constants: Mapping[str, Any] = json.loads(text)["constants"]
    return constants


def expected_seconds(cells: Sequence[int], block_size: int, costs: UnitCosts, n: int) -> float:
    """Return the time that the units of all cells take.

    Parameters
    ----------
    cells
        Patients of every arm, in every variant again.
    block_size
        Most patients in a unit.
    costs
        What a unit costs.
    n
        Workers; each takes the next unit when it is free.

    Notes
    -----
    The driver hands out one unit after another, so many workers with small units wait for it. The
    end is not as even as the model, see `SPREAD`.

    Examples
    --------
    >>> costs = UnitCosts(
    ...     seconds_a_block=1.0, seconds_a_patient=0.01, base_bytes=0, bytes_a_patient=0.0,
    ...     driver_seconds_a_unit=0.0,
    ... )
    >>> expected_seconds([100, 100], 100, costs, 2), expected_seconds([100, 100], 50, costs, 2)
    (2.5, 3.375)
    """
    n_units = sum(-(-size // block_size) for size in cells)
    longest = costs.seconds(min(max(cells), block_size))
    work = costs.seconds_a_block * n_units + costs.seconds_a_patient * sum(cells)
    if n_units > _N_EXACT * n:
        busy = work / n
    else:
        free = [0.0] * n
        for size in cells:
            for start in range(0, size, block_size):
                time = costs.seconds(min(block_size, size - start))
                heapq.heapreplace(free, free[0] + time)
        busy = max(free)
    return max(busy, n_units * costs.driver_seconds_a_unit) + SPREAD * longest


def choose_block_size(cells: Sequence[int], costs: UnitCosts, n_workers: int) -> int:
    """Return the most patients that a unit should hold.

    Parameters
    ----------
    cells
        Patients of every arm, in every variant again.
    costs
        What a unit costs.
    n_workers
        Workers that wait for units.

    Returns
    -------
    The smallest of 64, 128, 256 ... patients that costs at most `SLACK` more time than the best of
    them; none is tried that takes longer than `LOSS_S` or more memory than `MEMORY_BYTES`.

    Examples
    --------
    >>> costs = UnitCosts(
    ...     seconds_a_block=1.0, seconds_a_patient=0.002, base_bytes=200_000_000,
    ...     bytes_a_patient=130_000.0, driver_seconds_a_unit=0.01,
    ... )
    >>> choose_block_size([120, 120], costs, 2), choose_block_size([1_000_000] * 4, costs, 2)
    (128, 8192)
    """
    sizes = [SMALLEST]
    while sizes[-1] < max(cells):
        size = 2 * sizes[-1]
        if costs.seconds(size) > LOSS_S or costs.bytes(size) > MEMORY_BYTES:
            break
        sizes.append(size)
    seconds = [expected_seconds(cells, size, costs, n_workers) for size in sizes]
    enough = (1 + SLACK) * min(seconds)
    return next(size for size, time in zip(sizes, seconds, strict=True) if time <= enough)


def largest_block_size(costs: UnitCosts) -> int:
    """Return the most patients of a unit on a GPU.

    A card wants as many as it can get, and the worker beside it needs memory for the tables of all
    of them: the largest double of `SMALLEST` that `MEMORY_BYTES` holds, `CARD_LANES` at most.

    Parameters
    ----------
    costs
        What a unit costs.

    Examples
    --------
    >>> costs = UnitCosts(
    ...     seconds_a_block=1.0, seconds_a_patient=0.002, base_bytes=200_000_000,
    ...     bytes_a_patient=130_000.0, driver_seconds_a_unit=0.01,
    ... )
    >>> largest_block_size(costs)
    16384
    """
    size = CARD_LANES
    while size > SMALLEST and costs.bytes(size) > MEMORY_BYTES:
        size //= 2
    return size
