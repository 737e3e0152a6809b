"""Shards: what one unit of work leaves on the disk.

::

    shards/<unit hash>/adsl.parquet ... receipt.json      one folder a unit
    manifest.jsonl                                        one line a shard, appended by the driver

A shard folder is filled under a temporary name in the same file system, synced and renamed, so it
is either whole or absent. Its receipt carries the SHA-256 of every file, and a checksum of itself;
a shard that does not match its receipt is damaged and computed again. The manifest is a log for
people and for the proof that a resumed run computed nothing twice; the folders themselves decide
what is done.
"""

import json
import os
import shutil
import socket
import time
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl

from pipelines.errors import ShardError
from pipelines.files import (
    TEMPORARY_PREFIX,
    canonical_json,
    file_sha256,
    sync_file,
    sync_folder,
    text_sha256,
    write_text,
)
from pipelines.memory import peak_memory
from pipelines.schema import SUBJECT_TABLES

__all__ = [
    "MANIFEST",
    "RECEIPT",
    "SHARDS",
    "Receipt",
    "StoredFile",
    "append_to_manifest",
    "check_shard",
    "clean_temporary",
    "is_stored",
    "mend_manifest",
    "read_manifest",
    "write_shard",
]

MANIFEST = "manifest.jsonl"
"""Name of the log of finished shards in a run folder."""
RECEIPT = "receipt.json"
"""Name of the receipt in a shard folder."""
SHARDS = "shards"
"""Name of the folder of shards in a run folder."""

COMPRESSION_LEVEL = 3
"""Level of zstd: smaller levels write larger files, larger ones are slower for little."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """One file of a shard.

    Examples
    --------
    >>> StoredFile(sha256="ab", rows=3, bytes=100).rows
    3
    """

    sha256: str
    rows: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a finished unit reports; small, whatever the unit's size.

    Parameters
    ----------
    unit
        Hash of the unit.
    arm, first_id, n_patients
        Which patients of which arm.
    variant
        In which variant; empty in a trial without variants.
    n_failed
        Patients whose equations were not solved to the end.
    files
        The tables by name.
    seconds
        Time to compute and write [s].
    worker
        Host and process that did it.
    seconds_kernel, seconds_tables
        Of ``seconds``, what passed in the kernel and with shaping and writing tables [s].
    peak_memory
        Most memory that the process had needed by then [byte].

    Examples
    --------
    >>> receipt = Receipt(
    ...     unit="ab",
    ...     arm="placebo",
    ...     first_id=1,
    ...     n_patients=2,
    ...     n_failed=0,
    ...     files={"adsl": StoredFile(sha256="cd", rows=2, bytes=9)},
    ...     seconds=0.5,
    ...     worker="h:1",
    ... )
    >>> Receipt.from_json(receipt.to_json()) == receipt
    True
    """

    unit: str
    arm: str
    first_id: int
    n_patients: int
    n_failed: int
    files: Mapping[str, StoredFile]
    seconds: float
    worker: str
    variant: str = ""
    seconds_kernel: float = 0.0
    seconds_tables: float = 0.0
    peak_memory: int = 0

    def to_json(self) -> str:
        """Return the receipt as one line of JSON, with a checksum of its own."""
        plain = asdict(self)
        checksum = text_sha256(canonical_json(plain))
        return json.dumps({**plain, "checksum": checksum}, sort_keys=True)

    @staticmethod
    def from_json(text: str) -> "Receipt":
        """Read what `to_json` wrote; a ValueError, TypeError or KeyError tells of another text."""
        raw = json.loads(text)
        raw.pop("checksum")
        raw["files"] = {name: StoredFile(**file) for name, file in raw["files"].items()}
        receipt = Receipt(**raw)
        # the text, not only the checksum: some changed characters mean the same to a JSON reader
        if receipt.to_json() != text.removesuffix("\n"):
            raise ValueError("it does not match its own checksum")
        return receipt


def write_shard(
    folder: Path,
    unit: str,
    tables: Mapping[str, pl.DataFrame],
    *,
    arm: str,
    first_id: int,
    started: float,
    simulated: float,
    seconds_kernel: float = 0.0,
    variant: str = "",
) -> Receipt:
    """Write the tables of one unit as a shard.

    Parameters
    ----------
    folder
        The folder of shards.
    unit
        Hash of the unit, the name of the shard.
    tables
        One frame for every name in `pipelines.schema.SUBJECT_TABLES`.
    arm, first_id, variant
        Which patients, in which variant.
    started, simulated
        When the unit was begun and when it was simulated, by `time.perf_counter` [s].
    seconds_kernel
        Time that passed in the kernel [s].

    Returns
    -------
    The receipt that lies in the shard.

    Raises
    ------
    ShardError
        If the disk refuses, for example because it is full.

    Examples
    --------
    >>> import tempfile
    >>> from pipelines.schema import TABLES, polars_schema
    >>> empty = {name: pl.DataFrame(schema=polars_schema(TABLES[name])) for name in SUBJECT_TABLES}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     receipt = write_shard(
    ...         Path(folder), "ab", empty, arm="p", first_id=1, started=0.0, simulated=0.0
    ...     )
    ...     check_shard(Path(folder), "ab") == receipt
    True
    """
    temporary = folder / f"{TEMPORARY_PREFIX}{unit}-{uuid.uuid4().hex}"
    try:
        temporary.mkdir(parents=True)
        files = {}
        for name in SUBJECT_TABLES:
            path = temporary / f"{name}.parquet"
            tables[name].write_parquet(
                path, compression="zstd", compression_level=COMPRESSION_LEVEL, statistics=True
            )
            sync_file(path)
            files[name] = StoredFile(
                sha256=file_sha256(path), rows=len(tables[name]), bytes=path.stat().st_size
            )
        written = time.perf_counter()
        receipt = Receipt(
            unit=unit,
            arm=arm,
            first_id=first_id,
            n_patients=len(tables["adsl"]),
            n_failed=int((tables["adsl"]["RESCODE"] != 0).sum()),
            files=files,
            seconds=round(written - started, 3),
            seconds_kernel=round(seconds_kernel, 3),
            seconds_tables=round(written - simulated, 3),
            peak_memory=peak_memory(),
            worker=f"{socket.gethostname()}:{os.getpid()}",
            variant=variant,
        )
        (temporary / RECEIPT).write_text(receipt.to_json() + "\n", encoding="utf-8")
        sync_file(temporary / RECEIPT)
        sync_folder(temporary)
        earlier = _take_name(temporary, folder / unit)
        sync_folder(folder)
    except (OSError, pl.exceptions.PolarsError) as error:
        why = getattr(error, "strerror", None) or error
        raise ShardError(
            f"shard {folder / unit}: cannot be written ({why}); a folder that can be written and "
            "has room is needed. Make room, then run the same command again."
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return earlier or receipt


def _take_name(temporary: Path, final: Path) -> Receipt | None:
    """Rename; a whole shard that is there already stays, a damaged one makes room.

    Returns the receipt of the shard that stays: a worker that was given up may yet have finished.
    """
    try:
        temporary.rename(final)
    except OSError:
        if not final.exists():
            raise
        try:
            return check_shard(final.parent, final.name)
        except ShardError:
            aside = temporary.with_name(f"{temporary.name}-damaged")
            final.rename(aside)
            temporary.rename(final)
            shutil.rmtree(aside, ignore_errors=True)
    return None


def check_shard(folder: Path, unit: str) -> Receipt:
    """Return the receipt of a shard whose files are what the receipt says.

    Parameters
    ----------
    folder
        The folder of shards.
    unit
        Hash of the unit.

    Raises
    ------
    ShardError
        If the shard is absent or damaged.

    Examples
    --------
    >>> check_shard(Path("."), "ab")
    Traceback (most recent call last):
    ...
    pipelines.errors.ShardError: shard ab: absent; a folder of that name. Run the unit again.
    """
    shard = folder / unit
    if not shard.is_dir():
        raise ShardError(f"shard {unit}: absent; a folder of that name. Run the unit again.")
    try:
        receipt = Receipt.from_json((shard / RECEIPT).read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ShardError(
            f"shard {unit}: its receipt cannot be read ({error}); whole shards only. "
            "Run the unit again."
        ) from error
    if receipt.unit != unit or set(receipt.files) != set(SUBJECT_TABLES):
        raise ShardError(
            f"shard {unit}: its receipt is of another shard; whole shards only. Run the unit again."
        )
    for name, stored in receipt.files.items():
        path = shard / f"{name}.parquet"
        if not path.is_file() or file_sha256(path) != stored.sha256:
            raise ShardError(
                f"shard {unit}: {name}.parquet does not match its checksum; whole shards only. "
                "Run the unit again."
            )
    return receipt


def is_stored(folder: Path, unit: str) -> bool:
    """Return whether the shard is there, without reading its files.

    Examples
    --------
    >>> is_stored(Path("."), "ab")
    False
    """
    return (folder / unit / RECEIPT).is_file()


def clean_temporary(folder: Path) -> int:
    """Remove what killed runs left behind; return how many things that were.

    Parameters
    ----------
    folder
        A folder that no other live run writes to.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Path(folder, ".tmp-x").mkdir()
    ...     clean_temporary(Path(folder))
    1
    """
    stale = sorted(folder.glob(f"{TEMPORARY_PREFIX}*"))
    for path in stale:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return len(stale)


def append_to_manifest(path: Path, receipt: Receipt) -> None:
    """Add one line to the manifest and force it to the disk.

    Parameters
    ----------
    path
        The manifest.
    receipt
        Of a finished shard.

    Raises
    ------
    ShardError
        If the disk refuses; `mend_manifest` removes what was written of the line.

    Examples
    --------
    >>> import tempfile
    >>> receipt = Receipt(
    ...     unit="ab", arm="p", first_id=1, n_patients=1, n_failed=0, files={}, seconds=0.1,
    ...     worker="h:1",
    ... )
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     append_to_manifest(Path(folder, MANIFEST), receipt)
    ...     len(read_manifest(Path(folder, MANIFEST)))
    1
    """
    try:
        with path.open("ab") as stream:
            stream.write(receipt.to_json().encode() + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        raise ShardError(
            f"{path}: {error.strerror or error}; a folder that can be written and has room is "
            "needed. Make room, then run the same command again."
        ) from error


def read_manifest(path: Path) -> list[Receipt]:
    """Return the receipts of the manifest; lines that were cut short or damaged are left out.

    Parameters
    ----------
    path
        The manifest; an absent one is empty.

    Examples
    --------
    >>> read_manifest(Path("no/manifest.jsonl"))
    []
    """
    if not path.exists():
        return []
    receipts = []
    for line in path.read_text(encoding="utf-8", errors="replace").split("\n"):
        try:
            receipts.append(Receipt.from_json(line))
        except (ValueError, TypeError, KeyError):
            continue
    return receipts


def mend_manifest(path: Path) -> None:
    """Rewrite the manifest without lines that were cut short or damaged, so that the next is whole.

    Examples
    --------
    >>> mend_manifest(Path("no/manifest.jsonl"))
    """
    if not path.exists():
        return
    text = "".join(receipt.to_json() + "\n" for receipt in read_manifest(path))
    if path.read_bytes() != text.encode():
        write_text(path, text)
