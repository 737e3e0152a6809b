"""Compiled kernels on disk, addressed by content, shared by all processes of a user.

A file lock lets one process build while the others wait; a finished file appears by an atomic
rename and is checked against its checksum before it is used. A folder that cannot be written costs
a build in every process, never the result.
"""

from __future__ import annotations

import contextlib
import hashlib
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from kernels.program_cache import cache_folder

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["built_file", "is_whole"]

Result = TypeVar("Result")


def built_file(
    key: str, suffix: str, build: Callable[[Path], None], use: Callable[[Path], Result]
) -> Result:
    """Return what ``use`` makes of a file that is built only if no process has built it.

    Parameters
    ----------
    key
        Hash of all that the content depends on.
    suffix
        Of the file.
    build
        Writes the file where it is told, in a folder of its own.
    use
        Reads the file; it may be gone afterwards.

    Returns
    -------
    The result of ``use``.

    Examples
    --------
    >>> def build(path):
    ...     _ = path.write_text("built", encoding="utf-8")
    >>> built_file("example", ".txt", build, lambda path: path.read_text(encoding="utf-8"))
    'built'
    """
    with contextlib.ExitStack() as stack:
        try:
            folder = cache_folder()
            if is_whole(folder / f"{key}{suffix}"):  # without a lock: the folder may be read-only
                return use(folder / f"{key}{suffix}")
            folder.mkdir(parents=True, exist_ok=True)
            stack.enter_context(_locked(folder / f"{key}.lock"))
        except (OSError, RuntimeError):  # not writable, or no home: build for this process alone
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        path = folder / f"{key}{suffix}"
        if not is_whole(path):
            with tempfile.TemporaryDirectory(dir=folder, prefix="build-") as scratch:
                part, checksum = Path(scratch) / f"kernel{suffix}", Path(scratch) / "checksum"
                build(part)
                checksum.write_text(_digest(part), encoding="ascii")
                part.replace(path)
                checksum.replace(_checksum_path(path))
        return use(path)


def is_whole(path: Path) -> bool:
    """Return whether a file has the checksum that stands beside it.

    Examples
    --------
    >>> is_whole(Path("nowhere.so"))
    False
    """
    try:
        return _digest(path) == _checksum_path(path).read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        return False


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        if sys.platform != "win32":  # there two processes may both build: the rename decides
            fcntl.flock(file, fcntl.LOCK_EX)  # the system opens it when its holder dies
        yield


def _checksum_path(path: Path) -> Path:
    return path.with_suffix(".sha256")


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
