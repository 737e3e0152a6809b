"""The run folder: what it was begun with, who holds it now, where everything lies.

::

    protocol.yaml            as the user gave it
    protocol.resolved.json   validated, with overrides
    settings.json            what the folder was begun with; a resumed run must agree
    provenance.json          versions, commit, seeds, device, kernel, hashes, times, hosts, failures
    program.txt, kernel.*    the lowered equations, and the text that the device compiled
    parameters.txt           every number of the model with its source
    inputs/                  copies of the user's files that the protocol names
    manifest.jsonl           one line a finished shard
    failures.json            units that are set aside; absent if there are none
    shards/  tables/
    cluster/                 scripts and logs of a batch system's jobs
    ro-crate-metadata.json   what a finished run's files are, see `pipelines.crate`
    SHA256SUMS               the seal of a finished run, see `pipelines.seal`
    run.lock                 held (flock) by the live run, names its process and host

Nothing here is created before all input has been checked.
"""

import errno
import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.errors import FolderError, LockError
from pipelines.exclusive import EXCLUSIVE, NO_LOCKS, exclusive_file, refuse_if_taken
from pipelines.failures import FAILURES
from pipelines.files import file_sha256, write_json, write_text
from pipelines.seal import SealError, read_seal
from pipelines.shards import MANIFEST, SHARDS

if TYPE_CHECKING:
    from pipelines.plan import RunPlan

__all__ = [
    "RunFolder",
    "Settings",
    "create_folder",
    "differences",
    "hold",
    "read_settings",
    "refuse_if_held",
    "settings_of",
]

_N_SHOWN = 5
_HELD_BY_ANOTHER = frozenset({errno.EWOULDBLOCK, errno.EACCES})


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Paths inside a run folder.

    Parameters
    ----------
    root
        The folder.

    Examples
    --------
    >>> RunFolder(Path("runs/a")).tables.as_posix()
    'runs/a/tables'
    """

    root: Path

    @property
    def shards(self) -> Path:
        """Folder of shards."""
        return self.root / SHARDS

    @property
    def tables(self) -> Path:
        """Folder of tables."""
        return self.root / "tables"

    @property
    def manifest(self) -> Path:
        """Log of finished shards."""
        return self.root / MANIFEST

    @property
    def settings(self) -> Path:
        """What the folder was begun with."""
        return self.root / "settings.json"

    @property
    def provenance(self) -> Path:
        """Versions, seeds, device, times."""
        return self.root / "provenance.json"

    @property
    def protocol_as_given(self) -> Path:
        """The user's file."""
        return self.root / "protocol.yaml"

    @property
    def protocol_resolved(self) -> Path:
        """The validated protocol."""
        return self.root / "protocol.resolved.json"

    @property
    def failures(self) -> Path:
        """Units that are set aside."""
        return self.root / FAILURES

    @property
    def lock(self) -> Path:
        """The lock file."""
        return self.root / "run.lock"

    @property
    def exclusive(self) -> Path:
        """What holds the folder where its file system has no locks."""
        return self.root / EXCLUSIVE

    def begin(self, settings: "Settings", protocol_text: str) -> None:
        """Create the folder, or check that it was begun with the same settings.

        Of a folder that was begun before, files that came to harm since are written anew.

        Raises
        ------
        FolderError
            If it was begun with others, or holds other things than a run.
        """
        self.check(settings)
        self.shards.mkdir(parents=True, exist_ok=True)
        self.tables.mkdir(exist_ok=True)
        if not self.settings.exists() or self._has_changed(self.protocol_as_given):
            write_text(self.protocol_as_given, protocol_text)
        write_json(self.protocol_resolved, settings.protocol)
        write_json(self.settings, settings.to_json())  # last: its presence says "begun"

    def _has_changed(self, path: Path) -> bool:
        """Return whether a file is not what the folder was sealed with."""
        try:
            sums = read_seal(self.root)
        except SealError:
            sums = None
        if sums is None:
            return not path.is_file()
        return not path.is_file() or sums.get(path.name) != file_sha256(path)

    def check(self, settings: "Settings") -> None:
        """Refuse a folder that was begun with something else; writes nothing.

        Raises
        ------
        FolderError
            Naming what differs: key path, old value, new value.
        """
        begun = read_settings(self)
        if begun is None:
            return
        changed = differences(begun.protocol, settings.protocol)
        if changed:
            raise FolderError(
                f"{self.root}: was begun with another protocol; the same one is allowed. "
                f"{_listed(changed)} Use another --out, or give the protocol and the overrides "
                "that the folder was begun with."
            )
        changed = differences(begun.conduct(), settings.conduct())
        if changed:
            raise FolderError(
                f"{self.root}: was begun with other settings; a resumed run keeps its device, "
                f"block size, trajectories and versions. {_listed(changed)} Use another --out."
            )


def _listed(changed: list[tuple[str, object, object]]) -> str:
    shown = [f"{path}: {old} in the folder, {new} now" for path, old, new in changed[:_N_SHOWN]]
    rest = len(changed) - len(shown)
    return "; ".join(shown) + (f"; and {rest} more." if rest else ".")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a folder is begun with and must be resumed with.

    Parameters
    ----------
    protocol
        The validated protocol as plain values.
    protocol_hash
        Its content hash.
    device
        Where lanes are integrated.
    block_size
        Most patients in a unit.
    n_trajectories
        Patients of each arm whose course is kept.
    simulator
        The function that simulates, ``module:name``.
    code
        Versions that the bytes depend on.

    Examples
    --------
    >>> settings = Settings(
    ...     protocol={},
    ...     protocol_hash="ab",
    ...     device="numpy",
    ...     block_size=512,
    ...     n_trajectories=0,
    ...     simulator="cohort.simulate:simulate",
    ...     code={},
    ... )
    >>> Settings.from_json(settings.to_json()) == settings
    True
    """

    protocol: Mapping[str, Any]
    protocol_hash: str
    device: str
    block_size: int
    n_trajectories: int
    simulator: str
    code: Mapping[str, str]

    def conduct(self) -> dict[str, Any]:
        """Return the settings other than the protocol."""
        whole = self.to_json()
        del whole["protocol"]
        return whole

    def to_json(self) -> dict[str, Any]:
        """Return plain values for a JSON file."""
        return {
            "protocol": dict(self.protocol),
            "protocol_hash": self.protocol_hash,
            "device": self.device,
            "block_size": self.block_size,
            "trajectories": self.n_trajectories,
            "simulator": self.simulator,
            "code": dict(self.code),
        }

    @staticmethod
    def from_json(raw: Mapping[str, Any]) -> "Settings":
        """Read what `to_json` wrote; a KeyError tells of another file."""
        return Settings(
            protocol=raw["protocol"],
            protocol_hash=raw["protocol_hash"],
            device=raw["device"],
            block_size=raw["block_size"],
            n_trajectories=raw["trajectories"],
            simulator=raw["simulator"],
            code=raw["code"],
        )


def settings_of(
    plan: "RunPlan", protocol: Mapping[str, Any], simulator: str, n_trajectories: int
) -> Settings:
    """Return the settings that a plan stands for.

    Parameters
    ----------
    plan
        The plan.
    protocol
        The validated protocol as plain values.
    simulator
        The function that simulates.
    n_trajectories
        Patients of each arm whose course is kept.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> from pipelines.plan import make_plan
    >>> plan = make_plan(load_protocol("sct-md-01"), device="numpy")
    >>> settings_of(plan, {}, "cohort.simulate:simulate", 0).block_size
    512
    """
    return Settings(
        protocol=protocol,
        protocol_hash=plan.protocol_hash,
        device=plan.device,
        block_size=plan.block_size,
        n_trajectories=n_trajectories,
        simulator=simulator,
        code=plan.code,
    )


def read_settings(folder: RunFolder) -> Settings | None:
    """Return what a folder was begun with, None if it is not begun.

    Parameters
    ----------
    folder
        The folder; it need not exist.

    Raises
    ------
    FolderError
        If it holds other things than a run, or a run that cannot be read.

    Examples
    --------
    >>> read_settings(RunFolder(Path("no/folder"))) is None
    True
    """
    root = folder.root
    if not root.exists():
        return None
    if not root.is_dir():
        raise FolderError(f"--out: {root} is a file; a folder is allowed. Choose another name.")
    if not folder.settings.exists():
        own = {folder.lock.name, EXCLUSIVE, SHARDS, "tables", "cluster"}
        own |= {folder.protocol_as_given.name, folder.protocol_resolved.name}
        others = [path.name for path in root.iterdir() if not path.name.startswith(".")]
        if set(others) - own:
            raise FolderError(
                f"--out: {root} holds other files ({sorted(set(others) - own)[0]}); an empty "
                "folder, a new name or the folder of a run is allowed. Choose another name."
            )
        return None
    try:
        return Settings.from_json(json.loads(folder.settings.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise FolderError(
            f"{folder.settings}: cannot be read ({type(error).__name__}: {error}); the settings "
            "that a run wrote are needed. Use another --out."
        ) from error


def differences(old: object, new: object, path: str = "") -> list[tuple[str, object, object]]:
    """Return where two JSON values differ: key path, old value, new value.

    Parameters
    ----------
    old, new
        Plain values.
    path
        Key path of the values; empty at the top.

    Returns
    -------
    One entry a difference. Entries of lists that have a name are named by it.

    Examples
    --------
    >>> differences({"arms": [{"name": "low", "n": 1}]}, {"arms": [{"name": "low", "n": 2}]})
    [('arms.low.n', 1, 2)]
    """
    if isinstance(old, list) and isinstance(new, list):
        return differences(_by_name(old), _by_name(new), path)
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return [] if old == new else [(path, old, new)]
    found = []
    for key in dict.fromkeys((*old, *new)):
        inner = f"{path}.{key}" if path else str(key)
        found += differences(old.get(key, "nothing"), new.get(key, "nothing"), inner)
    return found


def _by_name(values: list[Any]) -> dict[str, Any]:
    names = [
        str(value["name"]) if isinstance(value, dict) and "name" in value else str(index)
        for index, value in enumerate(values)
    ]
    if len(set(names)) < len(names):
        names = [str(index) for index in range(len(values))]
    return dict(zip(names, values, strict=True))


def create_folder(root: Path, inner: str = "") -> None:
    """Create the folder that ``--out`` names, and one in it if that is named.

    Raises
    ------
    FolderError
        If it cannot be created.

    Examples
    --------
    >>> create_folder(Path("/dev/null/run"))
    Traceback (most recent call last):
    ...
    pipelines.errors.FolderError: --out: /dev/null/run cannot be created (Not a directory); a \
folder that can be written is needed. Choose another name.
    """
    try:
        (root / inner).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FolderError(
            f"--out: {root} cannot be created ({error.strerror}); a folder that can be written "
            "is needed. Choose another name."
        ) from error


@contextmanager
def hold(folder: RunFolder) -> Iterator[None]:
    """Hold the lock of a run folder.

    Parameters
    ----------
    folder
        An existing folder.

    Raises
    ------
    LockError
        If another live run holds it.

    Notes
    -----
    The kernel drops an flock with its process, so a SIGKILL leaves no stale lock on this host.
    File systems differ in whether they show locks of other hosts, so a lock that names another
    host is believed. Where a file system has no locks, see `pipelines.exclusive`.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as name, hold(RunFolder(Path(name))):
    ...     "pid" in RunFolder(Path(name)).lock.read_text()
    True
    """
    descriptor = os.open(folder.lock, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        written = _owner(descriptor)
        has_locks = _lock(folder, descriptor, fcntl.LOCK_EX, written)
        if written.get("host", socket.gethostname()) != socket.gethostname():
            raise LockError(f"{_held(folder, written)} If that run is dead, delete {folder.lock}.")
        owner = {"pid": os.getpid(), "host": socket.gethostname(), "since": _now()}
        with nullcontext() if has_locks else exclusive_file(folder.exclusive, owner):
            # whatever ends the block, the run is over; another's lock stays, as it came before
            try:
                os.ftruncate(descriptor, 0)
                os.pwrite(descriptor, json.dumps(owner).encode(), 0)
                yield
            finally:
                os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _lock(folder: RunFolder, descriptor: int, how: int, written: Mapping[str, Any]) -> bool:
    """Lock an open file if its file system can; return whether it could."""
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in NO_LOCKS:
            return False
        if error.errno not in _HELD_BY_ANOTHER:
            raise
        raise LockError(_held(folder, written)) from error
    return True


def refuse_if_held(folder: RunFolder) -> None:
    """Refuse a folder that a live run writes to; writes nothing.

    Parameters
    ----------
    folder
        A run folder.

    Raises
    ------
    LockError
        If a live run holds it.

    Examples
    --------
    >>> refuse_if_held(RunFolder(Path("no/folder")))
    """
    if not folder.lock.exists():
        return
    descriptor = os.open(folder.lock, os.O_RDONLY)
    try:
        if not _lock(folder, descriptor, fcntl.LOCK_SH, _owner(descriptor)):
            refuse_if_taken(folder.exclusive)
    finally:
        os.close(descriptor)


def _owner(descriptor: int) -> dict[str, Any]:
    text = os.pread(descriptor, 4096, 0).decode(errors="replace")
    try:
        owner = json.loads(text)
    except ValueError:
        return {}
    return owner if isinstance(owner, dict) else {}


def _held(folder: RunFolder, owner: Mapping[str, Any]) -> str:
    who = (
        f"process {owner.get('pid')} on {owner.get('host')} since {owner.get('since')}"
        if owner
        else "another process"
    )
    return (
        f"{folder.root}: held by {who}; one live run a folder is allowed. Wait for it, stop it, "
        "or use another --out."
    )


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S%z")
