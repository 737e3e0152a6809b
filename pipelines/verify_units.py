"""A random sample of units, computed again from the stored protocol, compared byte for byte.

The stored settings say what to compute and where. If the code here is the code of the run, bytes
must agree. If it is not (another NumPy, other sources, another compiler), they usually agree and
may legitimately differ in the last digits: then a difference is no proof of damage, and the
finding is ``undecided``.
"""

import filecmp
import random
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import polars as pl
from pydantic import ValidationError

from cohort.errors import CohortError
from cohort.trial import Protocol, trial_event_names
from cohort.trial_equations import model_texts, trial_solver
from kernels import KernelError
from pipelines.definitions import read_definitions
from pipelines.errors import FolderError, PipelineError
from pipelines.origin import kernel_record
from pipelines.plan import Unit, make_plan, trial_facts
from pipelines.provenance import choose_device
from pipelines.run_folder import differences
from pipelines.schema import SUBJECT_TABLES
from pipelines.worker import Job, find_simulator, run_unit

if TYPE_CHECKING:
    from pipelines.plan import RunPlan
    from pipelines.run_folder import RunFolder, Settings
    from pipelines.shards import Receipt

__all__ = ["Recomputation", "UnitFinding", "UnitState", "prepare_recomputation", "recompute"]

_FAILURES = (
    *(CohortError, KernelError, PipelineError),
    *(ArithmeticError, LookupError, RuntimeError, TypeError, ValueError),
)
"""What a unit raises if it cannot be computed here; anything else ends the verification."""

UnitState = Literal["same", "differs", "undecided", "failed"]
"""How a unit that was computed again compares with its shard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitFinding:
    """One unit that was computed again.

    Parameters
    ----------
    unit
        Name of its shard.
    what
        Its arm and patients, for people.
    state
        How it compares.
    why
        Which tables differ and how; empty where all bytes are the same.

    Examples
    --------
    >>> UnitFinding(unit="ab", what="arm 'placebo', patients 1 to 2", state="same").why
    ''
    """

    unit: str
    what: str
    state: UnitState
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recomputation:
    """What computing again needs, and what is other here than where the run was made.

    Parameters
    ----------
    job
        What all units share; its folder of shards is not used.
    stored
        Units of the run that have a shard, by the name of the shard.
    other
        Versions, sources, kernel and device that differ: key, of the run, here.

    Examples
    --------
    >>> sorted(Recomputation.__dataclass_fields__)
    ['job', 'other', 'stored']
    """

    job: Job
    stored: Mapping[str, Unit]
    other: tuple[tuple[str, object, object], ...]


def prepare_recomputation(
    folder: "RunFolder",
    settings: "Settings",
    receipts: Mapping[str, "Receipt"],
    recorded: Mapping[str, Any],
    *,
    simulator: str,
    device: str | None = None,
) -> Recomputation:
    """Read a run back from its folder.

    Parameters
    ----------
    folder
        The run folder.
    settings
        What it was begun with.
    receipts
        Its whole receipts by shard.
    recorded
        What the provenance says of its kernel; empty if it cannot be read.
    simulator
        The function that simulates, ``module:name``; given, because a name that a file gives
        would let that file choose what is executed.
    device
        Where to compute; None for the device of the run.

    Raises
    ------
    FolderError
        If the stored protocol is not the one whose hash is stored, or the run was simulated by
        another function.
    InputError
        If the device is not there.

    Examples
    --------
    >>> prepare_recomputation.__name__  # run by tests/pipelines/test_verify.py: it needs a run
    'prepare_recomputation'
    """
    try:
        protocol = Protocol.model_validate(settings.protocol)
    except ValidationError as error:
        raise FolderError(
            f"{folder.settings}: its protocol is not valid here ({error.error_count()} mistakes, "
            f"first: {error.errors()[0]['msg']}); a protocol that this version reads is needed. "
            "Verify with the version that made the run."
        ) from error
    if protocol.content_hash() != settings.protocol_hash:
        raise FolderError(
            f"{folder.settings}: its protocol does not match its own hash; the protocol that the "
            "run was begun with is needed. Restore the file from a copy."
        )
    if settings.simulator != simulator:
        raise FolderError(
            f"{folder.settings}: simulated by '{settings.simulator}'; '{simulator}' is allowed. "
            "Verify with the program that made the run."
        )
    find_simulator(simulator)
    chosen, _ = choose_device(device or settings.device, protocol)
    plan = make_plan(
        protocol,
        device=settings.device,
        block_size=settings.block_size,
        n_trajectories=settings.n_trajectories,
    )
    job = Job(
        protocol=protocol,
        facts=trial_facts(
            protocol, read_definitions(protocol.endpoints, trial_event_names(protocol))
        ),
        device=chosen,
        trajectory_ids=plan.trajectory_ids,
        shards=folder.shards,
        simulator=simulator,
    )
    other = differences(dict(settings.code), dict(plan.code), "code")
    if chosen != settings.device:
        other.append(("device", settings.device, chosen))
    elif recorded:
        here = kernel_record(model_texts(protocol)["program.txt"], chosen, trial_solver(protocol))
        other += differences(dict(recorded), here, "kernel")
    return Recomputation(job=job, stored=_stored(plan, receipts), other=tuple(other))


def _stored(plan: "RunPlan", receipts: Mapping[str, "Receipt"]) -> dict[str, Unit]:
    """Return units by the name of their shard: other code gives units other names."""
    names = {
        (receipt.arm, receipt.variant, receipt.first_id, receipt.n_patients): name
        for name, receipt in receipts.items()
    }
    stored = {}
    for unit in plan.units:
        name = names.get((unit.arm, unit.variant, unit.first_id, unit.n_patients))
        if name is not None:
            stored[name] = replace(unit, digest=name)
    return stored


def recompute(
    folder: "RunFolder",
    again: Recomputation,
    *,
    n_units: int,
    seed: int,
    report: Callable[[UnitFinding], None] = lambda finding: None,
) -> list[UnitFinding]:
    """Compute a random sample of units again and compare bytes with the stored shards.

    Parameters
    ----------
    folder
        The run folder; nothing is written to it.
    again
        What `prepare_recomputation` read.
    n_units
        Units to compute; all if there are fewer.
    seed
        Which ones.
    report
        Called with every finding as it comes.

    Returns
    -------
    A finding a unit.

    Examples
    --------
    >>> recompute.__name__  # run by tests/pipelines/test_verify.py: it needs a run
    'recompute'
    """
    names = sorted(again.stored)
    chosen = random.Random(seed).sample(names, min(n_units, len(names)))
    findings = []
    with tempfile.TemporaryDirectory(prefix="cohort-verify-") as scratch:
        job = replace(again.job, shards=Path(scratch))
        for name in chosen:
            findings.append(_compute_one(folder, job, again.stored[name], again.other))
            report(findings[-1])
    return findings


def _compute_one(
    folder: "RunFolder", job: Job, unit: Unit, other: Sequence[tuple[str, object, object]]
) -> UnitFinding:
    try:
        run_unit(job, unit)
    except _FAILURES as error:
        why = f"{type(error).__name__}: {error}"
        return UnitFinding(unit=unit.digest, what=str(unit), state="failed", why=why)
    wrong = []
    for table in SUBJECT_TABLES:
        stored = folder.shards / unit.digest / f"{table}.parquet"
        computed = job.shards / unit.digest / f"{table}.parquet"
        if not stored.is_file():
            wrong.append(f"{table}: no such file")
        elif not filecmp.cmp(stored, computed, shallow=False):
            wrong.append(f"{table}: {_how(stored, computed)}")
    if not wrong:
        return UnitFinding(unit=unit.digest, what=str(unit), state="same")
    state: UnitState = "undecided" if other else "differs"
    return UnitFinding(unit=unit.digest, what=str(unit), state=state, why="; ".join(wrong))


def _how(stored: Path, computed: Path) -> str:
    """Return in what two Parquet files differ, as far as the stored one can be read."""
    try:
        old = pl.read_parquet(stored)
    except (OSError, pl.exceptions.PolarsError) as error:
        return f"the stored file cannot be read ({' '.join(str(error).split())[:80]})"
    new = pl.read_parquet(computed)
    if old.schema != new.schema:
        return "other columns or types"
    if old.height != new.height:
        return f"{old.height} rows stored, {new.height} computed"
    columns = [name for name in old.columns if not old[name].equals(new[name], null_equal=True)]
    if not columns:
        return "the same values in other bytes"
    return f"other values in {', '.join(columns[:5])}"
