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

from kernels.errors import BuildError
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

    Raises
    ------
    BuildError
        If it can be written nowhere; and whatever ``build`` and ``use`` raise, other than
        `OSError` from ``build``.

    Examples
    --------
    >>> def build(path):
    ...     _ = path.write_text("built", encoding="utf-8")
    >>> built_file("example", ".txt", build, lambda path: path.read_text(encoding="utf-8"))
    'built'
    """
    path = _shared(f"{key}{suffix}", build)
    if path is not None:
        return use(path)
    with tempfile.TemporaryDirectory() as private:
        path = Path(private) / f"{key}{suffix}"
        try:
            _build_whole(path, build)
        except OSError as error:
            raise BuildError(
                "kernel cache",
                f"the kernel cannot be written ({error})",
                "some megabytes in the cache folder or the temporary folder are needed",
                "Make room, or set XDG_CACHE_HOME or TMPDIR to a folder that has it",
            ) from error
        return use(path)


def _shared(name: str, build: Callable[[Path], None]) -> Path | None:
    """Return the whole file in the user's cache, None where it cannot be put there."""
    try:
        folder = cache_folder()
    except RuntimeError:  # no home
        return None
    path = folder / name
    if is_whole(path):  # without a lock: the folder may be read-only
        return path
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _locked(path.with_suffix(".lock")):
            if not is_whole(path):
                _build_whole(path, build)
    except OSError:
        return None
    return path


def _build_whole(path: Path, build: Callable[[Path], None]) -> None:
    with tempfile.TemporaryDirectory(dir=path.parent, prefix="build-") as scratch:
        part, checksum = Path(scratch) / f"kernel{path.suffix}", Path(scratch) / "checksum"
        build(part)
        checksum.write_text(_digest(part), encoding="ascii")
        part.replace(path)
        checksum.replace(_checksum_path(path))


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
