"""The seal of a finished run: one checksum a file, in the format of ``sha256sum``.

::

    SHA256SUMS    a line a file, then the checksum of these lines as a comment

Written last, so a folder with a seal is finished, and removed before tables are written again.
``sha256sum --check SHA256SUMS`` reads it without this program. The checksums are those of what
was written, not of what lies there when the seal is written: damage in between is not sealed in.
The lock, half-written files and the folders ``exports`` and ``report``, which `cohort export` and
`cohort report` can make again, are not part of a run.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from pipelines.errors import ShardError
from pipelines.exclusive import EXCLUSIVE
from pipelines.files import TEMPORARY_PREFIX, file_sha256, sync_folder, text_sha256, write_text

__all__ = [
    "SEAL",
    "SealError",
    "break_seal",
    "is_part_of_run",
    "read_seal",
    "run_files",
    "seal_file",
    "write_seal",
]

SEAL = "SHA256SUMS"
"""Name of the seal in a run folder."""

_SEAL_MARK = "# sha256 of the lines above: "
_N_DIGITS = 64
_SEPARATOR = "  "
_NO_PART = frozenset({SEAL, "run.lock", EXCLUSIVE})
_NO_PART_FOLDERS = frozenset({"exports", "report"})


class SealError(ShardError):
    """The seal itself is damaged.

    Examples
    --------
    >>> issubclass(SealError, ShardError)
    True
    """


def is_part_of_run(name: str) -> bool:
    """Return whether a file belongs to what a run is sealed with.

    Parameters
    ----------
    name
        Path in the run folder, with slashes.

    Examples
    --------
    >>> is_part_of_run("tables/adsl.parquet"), is_part_of_run("exports/csv/adsl.csv")
    (True, False)
    """
    parts = name.split("/")
    if name in _NO_PART or parts[0] in _NO_PART_FOLDERS:
        return False
    return not any(part.startswith(TEMPORARY_PREFIX) for part in parts)


def run_files(root: Path) -> Iterator[str]:
    """Yield the path of every file in a folder, sorted, with slashes.

    Parameters
    ----------
    root
        The folder; links to folders are not followed.

    Examples
    --------
    >>> list(run_files(Path("no/folder")))
    []
    """
    found: list[str] = []
    # paths as text: a run of many units has tens of thousands of files
    for place, folders, files in os.walk(root):
        inner = os.path.relpath(place, root)
        start = "" if inner == "." else inner.replace(os.sep, "/") + "/"
        links = [name for name in folders if os.path.islink(f"{place}/{name}")]  # noqa: PTH114
        found += [start + name for name in (*links, *files)]
    yield from sorted(found, key=lambda name: name.split("/"))


def read_seal(root: Path) -> dict[str, str] | None:
    """Return the checksums of a sealed folder by file, None if it has no seal.

    Parameters
    ----------
    root
        The run folder.

    Raises
    ------
    SealError
        If the seal is damaged.

    Examples
    --------
    >>> read_seal(Path("no/folder")) is None
    True
    """
    path = root / SEAL
    if not path.exists():
        return None
    try:
        body, mark, rest = path.read_text(encoding="utf-8").rpartition(_SEAL_MARK)
    except ValueError as error:
        raise _damaged(path) from error
    if not mark or rest != f"{text_sha256(body)}\n":
        raise _damaged(path)
    sums = {}
    for line in body.splitlines():
        digest, separator, name = line.partition(_SEPARATOR)
        # whoever wrote the checksum of the seal can write names: they stay inside the folder
        is_inside = bool(name) and not name.startswith("/") and ".." not in name.split("/")
        if not separator or len(digest) != _N_DIGITS or not is_inside:
            raise _damaged(path)
        sums[name] = digest
    return sums


def _damaged(path: Path) -> SealError:
    return SealError(
        f"{path}: does not match its own checksum; a seal as 'cohort run' writes it is needed. "
        "Run the same command again to write it anew."
    )


def write_seal(root: Path, known: Mapping[str, str]) -> None:
    """Seal a folder whose files are all written.

    Parameters
    ----------
    root
        The run folder.
    known
        Checksums by file, taken when they were written; files that are not named are read now.

    Raises
    ------
    ShardError
        If a file that is named is not there.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "a").write_bytes(b"")
    ...     write_seal(Path(folder), {})
    ...     {name: digest[:8] for name, digest in read_seal(Path(folder)).items()}
    {'a': 'e3b0c442'}
    """
    there = [name for name in run_files(root) if is_part_of_run(name)]
    gone = sorted(set(known) - set(there))
    if gone:
        raise ShardError(
            f"{root / gone[0]}: went missing before the run was sealed; a folder that nobody "
            "else changes is needed. Run the same command again."
        )
    sums = {name: known.get(name) or file_sha256(root / name) for name in there}
    body = "".join(f"{digest}{_SEPARATOR}{name}\n" for name, digest in sorted(sums.items()))
    write_text(root / SEAL, f"{body}{_SEAL_MARK}{text_sha256(body)}\n")


def seal_file(root: Path, name: str) -> None:
    """Take a file that was written after the run into its seal.

    Parameters
    ----------
    root
        The run folder; nothing is done if it has no seal.
    name
        Path of the file in it.

    Raises
    ------
    SealError
        If the seal is damaged.

    Examples
    --------
    >>> seal_file(Path("no/folder"), "tables/uncertainty.parquet")
    """
    sums = read_seal(root)
    if sums is not None:
        write_seal(root, {**sums, name: file_sha256(root / name)})


def break_seal(root: Path) -> None:
    """Remove the seal, because what it covers is about to change.

    Examples
    --------
    >>> break_seal(Path("no/folder"))
    """
    path = root / SEAL
    if path.exists():
        path.unlink()
        sync_folder(root)
