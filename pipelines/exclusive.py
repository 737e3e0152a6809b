"""Holding a folder on a file system without locks: a file that only one process can create.

Some file systems of clusters answer `flock` with an error (NFS without its lock service, Lustre
mounted without ``flock``). Creating a file that must not exist yet is atomic on them (NFS from its
version 3 on). Unlike a lock, the file stays when its process is killed: one that names a process of
this host that is gone is taken over, one of another host is believed.
"""

import errno
import json
import os
import shlex
import socket
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipelines.errors import LockError

__all__ = ["EXCLUSIVE", "NO_LOCKS", "exclusive_file", "refuse_if_taken"]

EXCLUSIVE = "run.lock.held"
"""Name of the file in a run folder."""
NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS})
"""Numbers of errors by which `flock` says that there are no locks here."""


@contextmanager
def exclusive_file(path: Path, owner: Mapping[str, Any]) -> Iterator[None]:
    """Hold a file that no other process can hold within the block.

    Parameters
    ----------
    path
        The file.
    owner
        Who holds it: ``pid``, ``host``, ``since``.

    Raises
    ------
    LockError
        If another process holds it, or one of another host does or did.

    Examples
    --------
    >>> import tempfile
    >>> owner = {"pid": os.getpid(), "host": socket.gethostname(), "since": "now"}
    >>> with tempfile.TemporaryDirectory() as name, exclusive_file(Path(name, "a"), owner):
    ...     with exclusive_file(Path(name, "a"), owner):
    ...         pass
    Traceback (most recent call last):
    ...
    pipelines.errors.LockError: ...
    """
    mark = json.dumps({**owner, "token": uuid.uuid4().hex})
    if not _create(path, mark):
        _remove_if_dead(path)
        if not _create(path, mark):
            raise _taken(path, _read(path))
    try:
        yield
    finally:
        # somebody who thought it dead may have deleted it, and another holds it now
        if _text(path) == mark:
            path.unlink(missing_ok=True)


def refuse_if_taken(path: Path) -> None:
    """Refuse a file that a live process holds; writes nothing.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    LockError
        If it is held, or was by a process of another host.

    Examples
    --------
    >>> refuse_if_taken(Path("no/file"))
    """
    if path.exists():
        owner = _read(path)
        if not _is_dead(owner):
            raise _taken(path, owner)


def _create(path: Path, mark: str) -> bool:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except FileExistsError:
        return False
    try:
        os.write(descriptor, mark.encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return True


def _remove_if_dead(path: Path) -> None:
    """Remove the file of a process that is gone, and no file that came in its place since."""
    text = _text(path)
    if not _is_dead(_owner_of(text)):
        return
    aside = path.with_name(f"{path.name}-{uuid.uuid4().hex}")
    try:
        path.rename(aside)
    except FileNotFoundError:
        return  # another process was faster
    if _text(aside) != text:
        aside.rename(path)
        return
    aside.unlink(missing_ok=True)


def _is_dead(owner: Mapping[str, Any]) -> bool:
    pid = owner.get("pid")
    if owner.get("host") != socket.gethostname() or not isinstance(pid, int) or pid < 1:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _read(path: Path) -> Mapping[str, Any]:
    return _owner_of(_text(path))


def _owner_of(text: str) -> Mapping[str, Any]:
    try:
        owner = json.loads(text)
    except ValueError:
        return {}
    return owner if isinstance(owner, dict) else {}


def _taken(path: Path, owner: Mapping[str, Any]) -> LockError:
    who = (
        f"process {owner.get('pid')} on {owner.get('host')} since {owner.get('since')}"
        if owner
        else "another process"
    )
    return LockError(
        f"{path.parent}: held by {who}; one live run a folder is allowed (its file system has no "
        "locks, so a killed run of another host cannot be told from a live one). Wait for it, or "
        f"if that run is dead, call: rm {shlex.quote(str(path))}"
    )
