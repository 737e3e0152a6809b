"""Verifying a run folder: every checksum, then a random sample of units computed again.

Reads only: whoever cannot write to a folder can verify it. Enters with a folder, leaves with a
`Verification` that says per file and per unit what was found.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from pipelines.errors import FolderError, InputError
from pipelines.failures import FAILURES
from pipelines.run_folder import RunFolder, read_settings, refuse_if_held
from pipelines.seal import is_part_of_run
from pipelines.verify_files import FileFinding, check_files, read_receipts
from pipelines.verify_units import UnitFinding, prepare_recomputation, recompute
from pipelines.worker import SIMULATOR

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["DEFAULT_UNITS", "Verification", "render_verification", "verify_run"]

DEFAULT_UNITS = 3
"""Units that are computed again."""

_N_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What verifying a run folder found.

    Parameters
    ----------
    folder
        The run folder.
    is_sealed
        Whether the run was finished.
    files
        A finding a file.
    units
        A finding a unit that was computed again.
    n_units
        Units of the run that have a shard.
    seed
        Which units were drawn.
    other
        What is other here than where the run was made: key, of the run, here.
    notes
        What stood in the way of checking more.

    Examples
    --------
    >>> Verification(
    ...     folder="runs/a", is_sealed=True, files=(), units=(), n_units=4, seed=1, other=(),
    ...     notes=(),
    ... ).verdict
    'sound'
    """

    folder: str
    is_sealed: bool
    files: tuple[FileFinding, ...]
    units: tuple[UnitFinding, ...]
    n_units: int
    seed: int
    other: tuple[tuple[str, object, object], ...]
    notes: tuple[str, ...]

    @property
    def verdict(self) -> str:
        """``sound``, ``unfinished``, ``undecided`` or ``unsound``; the worst that was found."""
        states = {unit.state for unit in self.units}
        if any(file.is_fault for file in self.files) or states & {"differs", "failed"}:
            return "unsound"
        if self.notes or "undecided" in states:
            return "undecided"
        return "sound" if self.is_sealed else "unfinished"

    def to_json(self) -> dict[str, Any]:
        """Return plain values, with the verdict."""
        return {"verdict": self.verdict, **asdict(self)}


def verify_run(
    root: "Path",
    *,
    n_units: int = DEFAULT_UNITS,
    seed: int = 0,
    device: str | None = None,
    simulator: str = SIMULATOR,
    report: Callable[[UnitFinding], None] = lambda finding: None,
) -> Verification:
    """Verify a run folder.

    Parameters
    ----------
    root
        The run folder; nothing is written to it.
    n_units
        Units to compute again; 0 for none.
    seed
        Which ones.
    device
        Where to compute them; None for the device of the run.
    simulator
        The function that simulates, ``module:name``.
    report
        Called with every unit that was computed again.

    Raises
    ------
    InputError
        If the folder is no run, or an option cannot be used.
    LockError
        If a live run writes to it.

    Examples
    --------
    >>> from pathlib import Path
    >>> verify_run(Path("no/folder"))
    Traceback (most recent call last):
    ...
    pipelines.errors.InputError: no/folder: no run there; ... Look at the path.
    """
    if n_units < 0:
        raise InputError(f"--units: {n_units}; 0 or more is allowed. Use 0 for checksums only.")
    folder = RunFolder(root)
    if not folder.settings.is_file() and not folder.shards.is_dir():
        raise InputError(
            f"{root}: no run there; a folder that 'cohort run' has begun is needed. Look at the "
            "path."
        )
    refuse_if_held(folder)
    files, is_sealed = check_files(folder)
    units: list[UnitFinding] = []
    other: tuple[tuple[str, object, object], ...] = ()
    notes: list[str] = []
    receipts = read_receipts(folder)
    if n_units:
        try:
            settings = read_settings(folder)
            if settings is None:
                raise FolderError(f"{folder.settings}: missing; it says what to compute.")
            again = prepare_recomputation(
                folder,
                settings,
                receipts,
                _recorded_kernel(folder),
                simulator=simulator,
                device=device,
            )
        except InputError as error:
            # a device that was asked for is bad input; that of the run may not be here
            if device is not None and not isinstance(error, FolderError):
                raise
            notes.append(f"no unit was computed again. {error}")
        else:
            other = again.other
            units = recompute(folder, again, n_units=n_units, seed=seed, report=report)
    return Verification(
        folder=str(root),
        is_sealed=is_sealed,
        files=tuple(files),
        units=tuple(units),
        n_units=len(receipts),
        seed=seed,
        other=other,
        notes=tuple(notes),
    )


def _recorded_kernel(folder: RunFolder) -> Mapping[str, Any]:
    try:
        found = json.loads(folder.provenance.read_text(encoding="utf-8"))["kernel"]
    except (OSError, ValueError, TypeError, KeyError):
        return {}
    return found if isinstance(found, dict) else {}


def render_verification(found: Verification) -> str:
    """Return a verification for people.

    Parameters
    ----------
    found
        What was found.

    Examples
    --------
    >>> print(
    ...     render_verification(
    ...         Verification(
    ...             folder="a", is_sealed=True, files=(), units=(), n_units=4, seed=1, other=(),
    ...             notes=(),
    ...         )
    ...     )
    ... )
    files: none
    units: none of 4 was computed again
    a: sound
    """
    counts = Counter(file.state for file in found.files)
    not_ok = [file for file in found.files if file.state != "ok"]
    made_later = [one for one in not_ok if one.state == "extra" and not is_part_of_run(one.path)]
    listed = [file for file in not_ok if file not in made_later]
    lines = [f"{file.state:9}  {file.path}: {file.why}" for file in listed[:_N_SHOWN]]
    if len(listed) > _N_SHOWN:
        lines.append(f"... and {len(listed) - _N_SHOWN} more; --json lists all")
    lines += [
        f"{'extra':9}  {folder}: files that are no part of the run: {n}"
        for folder, n in Counter(one.path.partition("/")[0] for one in made_later).items()
    ]
    lines.append("files: " + (", ".join(f"{n} {state}" for state, n in counts.items()) or "none"))
    lines += [f"{unit.state:9}  {unit.what}: {unit.why}" for unit in found.units if unit.why]
    lines.append(_units_line(found))
    if found.other:
        changed = "; ".join(f"{key}: {old} then, {new} now" for key, old, new in found.other)
        lines.append(f"other here than where the run was made: {changed}")
    lines += [f"note: {note}" for note in found.notes]
    if any(file.path == FAILURES for file in found.files):
        lines.append(f"note: units are set aside, see {FAILURES}; patients are missing")
    lines.append(f"{found.folder}: {found.verdict}{_REMEDIES.get(found.verdict, '')}")
    return "\n".join(lines)


def _units_line(found: Verification) -> str:
    if not found.units:
        return f"units: none of {found.n_units} was computed again"
    states = Counter(unit.state for unit in found.units)
    return (
        f"units: {len(found.units)} of {found.n_units} computed again (--seed {found.seed}): "
        + ", ".join(f"{n} {state}" for state, n in states.items())
    )


_REMEDIES = {
    "unsound": ". Run the command that made it again: damaged shards and tables are made anew.",
    "unfinished": ". What is there is whole; run the command that made it again to finish it.",
    "undecided": (
        ". Every checksum that could be checked holds, and units computed with other code may "
        "differ in their last digits: verify with the versions of the run to decide."
    ),
}
