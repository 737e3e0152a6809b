"""What runs on a Dask worker: one unit, from patient ids to a shard.

Imported by every worker, so it imports no scheduler and nothing for the command line.
"""

import importlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kernels import integration_seconds
from pipelines.adam import Columns, TrialFacts, adam_tables
from pipelines.cards import ALL_CARDS, card_of, n_cards, worker_number
from pipelines.errors import InputError, ShardError
from pipelines.plan import Unit, unit_ids
from pipelines.shards import Receipt, check_shard, write_shard

if TYPE_CHECKING:
    from cohort.trial import Protocol

__all__ = ["SIMULATOR", "WORKER_ENVIRONMENT", "Job", "find_simulator", "run_unit"]

SIMULATOR = "cohort.simulate:simulate"
"""The function that simulates a unit."""

WORKER_ENVIRONMENT: Mapping[str, str] = {
    # one thread a worker everywhere: the units are the parallelism
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "POLARS_MAX_THREADS": "1",
    "MALLOC_TRIM_THRESHOLD_": "65536",
}
"""What must be set before the process of a worker starts."""

Simulator = Callable[..., Mapping[str, Columns]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What all units of a run share; small, and sent with every unit.

    Parameters
    ----------
    protocol
        The trial.
    facts
        What every row of its tables shares.
    device
        Where lanes are integrated.
    trajectory_ids
        Patients of each arm whose course is kept.
    shards
        Folder of shards.
    simulator
        The function that simulates, ``module:name``.

    Examples
    --------
    >>> Job.__dataclass_fields__["simulator"].default
    'cohort.simulate:simulate'
    """

    protocol: "Protocol"
    facts: TrialFacts
    device: str
    trajectory_ids: Mapping[str, frozenset[int]]
    shards: Path
    simulator: str = SIMULATOR


def find_simulator(name: str) -> Simulator:
    """Return the function that simulates.

    Parameters
    ----------
    name
        ``module:function``.

    Raises
    ------
    InputError
        If there is no such function.

    Examples
    --------
    >>> find_simulator("math:floor")(1.5)
    1
    """
    module, _, function = name.partition(":")
    try:
        found: Simulator = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError, ValueError) as error:
        raise InputError(
            f"simulator: '{name}' ({error}); an importable module:function is allowed. "
            f"Use '{SIMULATOR}'."
        ) from error
    return found


def run_unit(job: Job, unit: Unit) -> Receipt:
    """Simulate one unit and write its shard.

    Parameters
    ----------
    job
        What all units share.
    unit
        The patients.

    Returns
    -------
    The receipt; the patients stay on the disk.

    Raises
    ------
    ShardError
        If the disk refuses.

    Notes
    -----
    A unit that was written but never reported (its scheduler died) is taken as it is.

    Examples
    --------
    >>> import tempfile
    >>> from cohort.trial import load_protocol, trial_event_names
    >>> from pipelines.definitions import read_definitions
    >>> from pipelines.plan import make_plan, trial_facts
    >>> protocol = load_protocol("sct-md-01")
    >>> plan = make_plan(protocol, device="numpy", block_size=2)
    >>> definitions = read_definitions(protocol.endpoints, trial_event_names(protocol))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     job = Job(
    ...         protocol=protocol,
    ...         facts=trial_facts(protocol, definitions),
    ...         device="numpy",
    ...         trajectory_ids={},
    ...         shards=Path(folder),
    ...     )
    ...     run_unit(job, plan.units[0]).n_patients
    2
    """
    started = time.perf_counter()
    try:
        return check_shard(job.shards, unit.digest)
    except ShardError:
        pass  # absent or damaged: compute it
    in_kernel = integration_seconds()
    ids = unit_ids(job.protocol, unit)
    columns = find_simulator(job.simulator)(
        job.protocol,
        unit.arm,
        ids,
        **({"variant": unit.variant} if unit.variant else {}),
        device=_device(job),
        trajectory_ids=job.trajectory_ids.get(unit.arm, frozenset()) & frozenset(ids.tolist()),
    )
    simulated = time.perf_counter()
    tables = adam_tables(columns, unit.arm, job.facts, unit.variant)
    return write_shard(
        job.shards,
        unit.digest,
        tables,
        arm=unit.arm,
        first_id=unit.first_id,
        variant=unit.variant,
        started=started,
        simulated=simulated,
        seconds_kernel=integration_seconds() - in_kernel,
    )


def _device(job: Job) -> str:
    if job.device != ALL_CARDS:
        return job.device
    return card_of(job.device, worker_number(), n_cards())
