"""Protocol -> RunPlan: arms x variants x blocks of patient ids, each with a content hash.

The hash of a unit is over everything that its bytes depend on: the protocol, the cell, the
patients, the device, whose trajectories are kept, and the versions of the code and of the
libraries that compute and encode. Equal hash means equal shard, so resume is: skip the hashes
that are there. Enters with a validated `cohort.trial.Protocol`, leaves with a frozen `RunPlan`.
"""

import functools
import importlib.metadata
import platform
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cohort.trial import (
    Analysis,
    allocate,
    nutrition_names,
    parse_protocol,
    write_protocol,
)
from pipelines.adam import TrialFacts, study_id
from pipelines.errors import InputError
from pipelines.files import canonical_json, file_sha256, text_sha256
from pipelines.parameters import trial_codes, trial_names
from pipelines.shards import is_stored

if TYPE_CHECKING:
    from cohort.trial import Protocol
    from pipelines.definitions import Definitions

__all__ = [
    "DEFAULT_BLOCK_SIZE",
    "RunPlan",
    "Unit",
    "UnitState",
    "code_versions",
    "make_plan",
    "override",
    "trial_facts",
    "unit_ids",
    "unit_states",
]

DEFAULT_BLOCK_SIZE = 512
"""Patients in a unit of a plan that is made without `pipelines.unit_size`, as tests do."""

_LIBRARIES = ("neurocohort", "numpy", "sympy", "polars")
_SHARD_MODULES = (
    "adam.py",
    "adam_columns.py",
    "adam_events.py",
    "adam_exposure.py",
    "adam_records.py",
    "adam_subjects.py",
    "adam_times.py",
    "definitions.py",
    "parameters.py",
    "periods.py",
    "reference_ranges.py",
    "schema/columns.py",
    "schema/occurrences.py",
    "schema/periods.py",
    "schema/records.py",
    "schema/subjects.py",
    "shards.py",
    "trial_facts.py",
)
_SOURCE_SUFFIXES = frozenset({".py", ".yaml", ".csv", ".parquet", ".json", ".hpp"})
_N_HASH_DIGITS = 32
_SECONDS_PER_DAY = 86_400
_SECONDS_PER_WEEK = 7 * _SECONDS_PER_DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A block of patients of one arm in one variant: the unit of work, of storage and of loss.

    Parameters
    ----------
    arm
        Name of the arm.
    first_id, n_patients
        The patients are ``n_patients`` numbers of `cohort.trial.allocate` from ``first_id`` on, see
        `unit_ids`: one after another unless the trial is randomised in blocks.
    digest
        Content hash, the name of the shard.
    variant
        Name of the variant; empty in a trial without variants.

    Examples
    --------
    >>> Unit(arm="placebo", first_id=5, n_patients=3, digest="ab").last_id
    7
    """

    arm: str
    first_id: int
    n_patients: int
    digest: str
    variant: str = ""

    @property
    def last_id(self) -> int:
        """Id of the last patient."""
        return self.first_id + self.n_patients - 1

    def __str__(self) -> str:
        variant = f", variant '{self.variant}'" if self.variant else ""
        return f"arm '{self.arm}'{variant}, patients {self.first_id} to {self.last_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPlan:
    """All units of a run, in the order of its tables.

    Parameters
    ----------
    units
        Arms in the order of the protocol, in each the variants, patients ascending.
    block_size
        Most patients in a unit.
    device
        Where lanes are integrated; a name, never ``auto``.
    trajectory_ids
        Patients of each arm whose course over time is kept.
    protocol_hash
        Content hash of the protocol.
    code
        Versions and source hash of what computes.

    Examples
    --------
    >>> plan = RunPlan(
    ...     units=(Unit(arm="p", first_id=1, n_patients=9, digest="ab"),),
    ...     block_size=512,
    ...     device="numpy",
    ...     trajectory_ids={"p": frozenset({1})},
    ...     protocol_hash="cd",
    ...     code={},
    ... )
    >>> plan.n_patients
    9
    """

    units: tuple[Unit, ...]
    block_size: int
    device: str
    trajectory_ids: Mapping[str, frozenset[int]]
    protocol_hash: str
    code: Mapping[str, str]

    @property
    def n_patients(self) -> int:
        """Patients of all arms, in every variant again."""
        return sum(unit.n_patients for unit in self.units)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitState:
    """A unit, whether its shard is there, and why it would or would not run.

    Examples
    --------
    >>> unit = Unit(arm="p", first_id=1, n_patients=9, digest="ab")
    >>> UnitState(unit=unit, is_done=False, why="no shard yet").why
    'no shard yet'
    """

    unit: Unit
    is_done: bool
    why: str


def unit_ids(protocol: "Protocol", unit: Unit) -> NDArray[np.int64]:
    """Return the patients of a unit.

    Parameters
    ----------
    protocol
        The trial.
    unit
        The unit.

    Returns
    -------
    Patient ids, shape ``(n_lane,)``, rising.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> unit = Unit(arm="placebo", first_id=10000005, n_patients=3, digest="ab")
    >>> unit_ids(load_protocol("sct-md-01"), unit).tolist()
    [10000005, 10000006, 10000007]
    """
    if protocol.randomisation is not None:
        own = allocate(protocol, unit.arm)
        own = own[np.searchsorted(own, unit.first_id) :][: unit.n_patients]
        # a pilot may ask for more patients than an arm has; any others do for its clock
        if len(own) == unit.n_patients:
            return own
    return np.arange(unit.first_id, unit.last_id + 1, dtype=np.int64)


def override(
    protocol: "Protocol", *, seed: int | None = None, patients_per_arm: int | None = None
) -> "Protocol":
    """Return the protocol with another seed or other arm sizes.

    Parameters
    ----------
    protocol
        A validated protocol.
    seed
        Replaces the protocol's; None keeps it.
    patients_per_arm
        Replaces the size of every arm; None keeps them.

    Raises
    ------
    ProtocolError
        If the changed protocol is not valid.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> small = override(load_protocol("sct-md-01"), patients_per_arm=3)
    >>> {arm.patients for arm in small.arms}
    {3}
    """
    changes: dict[str, object] = {}
    if seed is not None:
        changes["seed"] = seed
    if patients_per_arm is not None:
        changes["arms"] = tuple(
            arm.model_copy(update={"patients": patients_per_arm}) for arm in protocol.arms
        )
    if not changes:
        return protocol
    # through text, so that an override is checked as the file is
    text = write_protocol(protocol.model_copy(update=changes))
    return parse_protocol(text, where=f"{protocol.name} with --seed and --patients-per-arm")


def trial_facts(protocol: "Protocol", definitions: "Definitions") -> TrialFacts:
    """Return what every row of a trial's tables shares.

    Parameters
    ----------
    protocol
        The trial.
    definitions
        Its endpoints and events.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> from pipelines.definitions import Definitions
    >>> trial_facts(load_protocol("sct-md-01"), Definitions(endpoints=(), events=())).study
    'SCT-MD-01'
    """
    codes = trial_codes(protocol)
    return TrialFacts(
        study=study_id(protocol.name),
        arms=tuple(arm.name for arm in protocol.arms),
        control=protocol.control.name,
        is_paired=protocol.design == "counterfactual",
        duration_days=protocol.duration / _SECONDS_PER_DAY,
        definitions=replace(
            definitions,
            endpoints=tuple(
                replace(one, name=codes.get(one.name, one.name)) for one in definitions.endpoints
            ),
        ),
        variants=tuple(variant.name for variant in protocol.variants),
        periods=tuple(
            (period.start / _SECONDS_PER_WEEK, period.stop / _SECONDS_PER_WEEK)
            for period in protocol.periods
        ),
        sequences=tuple(arm.sequence for arm in protocol.arms) if protocol.periods else (),
        analysis=protocol.analysis or Analysis(),
        primary_endpoint=codes.get(protocol.primary_endpoint, protocol.primary_endpoint),
        seed=protocol.seed,
        codes=codes,
        names=trial_names(protocol),
        has_rescue=protocol.rescue is not None,
    )


def make_plan(
    protocol: "Protocol",
    *,
    device: str,
    block_size: int | None = None,
    n_trajectories: int = 0,
) -> RunPlan:
    """Return every unit of a trial.

    Parameters
    ----------
    protocol
        A validated protocol.
    device
        Where lanes are integrated; a name, not ``auto``.
    block_size
        Most patients in a unit, 1 or more; None for `DEFAULT_BLOCK_SIZE`, whatever it costs.
    n_trajectories
        Patients of each arm whose course over time is kept, spread evenly over the arm.

    Returns
    -------
    The plan.

    Raises
    ------
    InputError
        If a number is out of range.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> plan = make_plan(load_protocol("sct-md-01"), device="numpy", block_size=100)
    >>> plan.units[1].first_id - plan.units[0].first_id
    100
    """
    if block_size is None:
        block_size = DEFAULT_BLOCK_SIZE
    if block_size < 1:
        raise InputError(
            f"--block-size: {block_size} patients; 1 or more is allowed. Leave it out to have it "
            "chosen."
        )
    if n_trajectories < 0:
        raise InputError(
            f"--trajectories: {n_trajectories} patients; 0 or more is allowed. Use 0 for none."
        )
    code = {**code_versions(), **_named_files(protocol)}
    protocol_hash = protocol.content_hash()
    units: list[Unit] = []
    kept: dict[str, frozenset[int]] = {}
    for arm, variant in _cells(protocol):
        ids = allocate(protocol, arm)  # no list: a large arm would need 36 bytes an id
        shown = _spread(ids, n_trajectories)
        kept[arm] = frozenset(shown)
        for start in range(0, len(ids), block_size):
            block = ids[start : start + block_size]
            first, last = int(block[0]), int(block[-1])
            identity = {
                "protocol": protocol_hash,
                "arm": arm,
                **({"variant": variant} if variant else {}),
                "first_id": first,
                "n_patients": len(block),
                "device": device,
                # ids of an arm rise, and so do those of its blocks
                "trajectories": shown[bisect_left(shown, first) : bisect_right(shown, last)],
                "code": code,
            }
            digest = text_sha256(canonical_json(identity))[:_N_HASH_DIGITS]
            units.append(
                Unit(
                    arm=arm,
                    first_id=first,
                    n_patients=len(block),
                    digest=digest,
                    variant=variant,
                )
            )
    return RunPlan(
        units=tuple(units),
        block_size=block_size,
        device=device,
        trajectory_ids=kept,
        protocol_hash=protocol_hash,
        code=code,
    )


def _cells(protocol: "Protocol") -> list[tuple[str, str]]:
    """Return arm and variant of every cell; the variant is empty where there are none."""
    variants = [variant.name for variant in protocol.variants] or [""]
    return [(arm.name, variant) for arm in protocol.arms for variant in variants]


def _spread(ids: NDArray[np.int64], n_kept: int) -> list[int]:
    n = min(n_kept, len(ids))
    return [int(ids[(index * len(ids)) // n]) for index in range(n)]


def _named_files(protocol: "Protocol") -> dict[str, str]:
    """Return the hashes of all files of content and people that a protocol names."""
    names = {protocol.condition, *protocol.drugs}
    names |= {one.name for variant in protocol.variants for one in variant.lifestyle}
    names |= nutrition_names(protocol)
    files = {name for name in names if _is_file(name)}
    if protocol.population.records is not None:
        files.add(protocol.population.records)
    if protocol.model is not None:
        files.add(protocol.model.file)
    return {f"file {name}": file_sha256(Path(name)) for name in sorted(files)}


def _is_file(name: str) -> bool:
    return Path(name).suffix in {".yaml", ".yml"} and Path(name).is_file()


def unit_states(plan: RunPlan, shards: Path) -> tuple[UnitState, ...]:
    """Return which units are done, without reading their files.

    Parameters
    ----------
    plan
        All units.
    shards
        The folder of shards; need not exist.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> plan = make_plan(load_protocol("sct-md-01"), device="numpy")
    >>> unit_states(plan, Path("no/shards"))[0].why
    'no shard yet'
    """
    states = []
    for unit in plan.units:
        is_done = is_stored(shards, unit.digest)
        why = "its shard is there" if is_done else "no shard yet"
        states.append(UnitState(unit=unit, is_done=is_done, why=why))
    return tuple(states)


@functools.cache
def code_versions() -> Mapping[str, str]:
    """Return the versions that a shard's bytes depend on.

    Returns
    -------
    Versions of Python and of the libraries, and one hash over the sources of `kernels`, of
    `cohort` and of the modules here that shape a shard.

    Examples
    --------
    >>> len(code_versions()["sources"])
    16
    """
    versions = {"python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = "not installed"
    versions["sources"] = text_sha256(canonical_json(_source_hashes()))[:16]
    return versions


def _source_hashes() -> dict[str, str]:
    hashes = {}
    for package in ("kernels", "cohort"):
        with resources.as_file(resources.files(package)) as root:
            hashes.update(_hashes(root, root.rglob("*")))
    with resources.as_file(resources.files("pipelines")) as root:
        hashes.update(_hashes(root, (root / name for name in _SHARD_MODULES)))
    return hashes


def _hashes(root: Path, paths: Iterable[Path]) -> dict[str, str]:
    return {
        f"{root.name}/{path.relative_to(root).as_posix()}": file_sha256(path)
        for path in sorted(paths)
        if path.is_file() and path.suffix in _SOURCE_SUFFIXES
    }
