"""Every file of a run folder, set beside what was written: ok, missing, damaged, extra, unchecked.

The seal is the first witness. Where it is absent or damaged, each receipt still vouches for its
shard and the provenance for tables, protocol and settings; what no witness names is unchecked.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pipelines.files import file_sha256, text_sha256
from pipelines.seal import SEAL, SealError, is_part_of_run, read_seal, run_files
from pipelines.shards import RECEIPT, Receipt

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelines.run_folder import RunFolder

__all__ = ["FileFinding", "State", "check_files", "read_receipts"]

State = Literal["ok", "missing", "damaged", "extra", "unchecked"]
"""What a file is found to be."""

_LOCK = "run.lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFinding:
    """One file and what it is found to be.

    Parameters
    ----------
    path
        In the run folder, with slashes.
    state
        What was found.
    why
        The reason; empty where the file is ok.

    Examples
    --------
    >>> FileFinding(path="tables/adsl.parquet", state="ok").is_fault
    False
    """

    path: str
    state: State
    why: str = ""

    @property
    def is_fault(self) -> bool:
        """Whether whoever reads the folder would be misled.

        A strange file among shards or tables is taken in by whoever reads them all; elsewhere it
        misleads nobody.
        """
        if self.state == "extra":
            return self.path.startswith(("shards/", "tables/"))
        return self.state in ("missing", "damaged")


def read_receipts(folder: "RunFolder") -> dict[str, Receipt]:
    """Return the whole receipts of a run by the name of their shard.

    Parameters
    ----------
    folder
        The run folder.

    Examples
    --------
    >>> from pipelines.run_folder import RunFolder
    >>> read_receipts(RunFolder(Path("no/folder")))
    {}
    """
    receipts = {}
    for path in sorted(folder.shards.glob(f"*/{RECEIPT}")):
        try:
            receipt = Receipt.from_json(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, TypeError, KeyError):
            continue
        if receipt.unit == path.parent.name:
            receipts[receipt.unit] = receipt
    return receipts


def check_files(folder: "RunFolder") -> tuple[list[FileFinding], bool]:
    """Compare every file of a run folder with its checksum.

    Parameters
    ----------
    folder
        The run folder.

    Returns
    -------
    A finding a file, sorted by path, and whether the run was sealed.

    Examples
    --------
    >>> from pipelines.run_folder import RunFolder
    >>> check_files(RunFolder(Path("no/folder")))
    ([], False)
    """
    findings = []
    try:
        sealed = read_seal(folder.root)
        is_sealed = sealed is not None
    except SealError:
        sealed, is_sealed = None, True
        why = "it does not match its own checksum; receipts and provenance were asked instead"
        findings.append(FileFinding(path=SEAL, state="damaged", why=why))
    else:
        if is_sealed:
            findings.append(FileFinding(path=SEAL, state="ok"))
    expected = _from_witnesses(folder) if sealed is None else sealed
    there = [name for name in run_files(folder.root) if name not in (SEAL, _LOCK)]
    findings += [
        _compare(folder.root, name, expected.get(name), is_whole=sealed is not None)
        for name in sorted({*there, *expected})
    ]
    return findings, is_sealed


def _compare(root: Path, name: str, digest: str | None, *, is_whole: bool) -> FileFinding:
    path = root / name
    if digest is None:
        return _unexpected(name, is_whole=is_whole)
    if not path.is_file() or path.is_symlink():
        return FileFinding(path=name, state="missing", why="no such file")
    try:
        found = file_sha256(path)
    except OSError as error:
        return FileFinding(path=name, state="damaged", why=str(error.strerror))
    if found != digest:
        why = f"its SHA-256 is {found[:12]}..., {digest[:12]}... was written"
        return FileFinding(path=name, state="damaged", why=why)
    return FileFinding(path=name, state="ok")


def _unexpected(name: str, *, is_whole: bool) -> FileFinding:
    if not is_part_of_run(name):
        why = "no part of the run: an export, or what a killed run left half-written"
        return FileFinding(path=name, state="extra", why=why)
    if is_whole:
        return FileFinding(path=name, state="extra", why="no run wrote it")
    if name.endswith(f"/{RECEIPT}"):
        return FileFinding(path=name, state="damaged", why="it does not match its own checksum")
    if name.startswith("shards/"):
        return FileFinding(path=name, state="unchecked", why="no whole receipt names it")
    return FileFinding(path=name, state="unchecked", why="no witness names it")


def _from_witnesses(folder: "RunFolder") -> dict[str, str]:
    """Return the checksums that receipts and provenance name."""
    expected = {}
    for unit, receipt in read_receipts(folder).items():
        expected[f"shards/{unit}/{RECEIPT}"] = text_sha256(receipt.to_json() + "\n")
        for table, stored in receipt.files.items():
            expected[f"shards/{unit}/{table}.parquet"] = stored.sha256
    try:
        found: Mapping[str, Any] = json.loads(folder.provenance.read_text(encoding="utf-8"))
        expected |= {
            f"tables/{name}.parquet": str(table["sha256"])
            for name, table in found["tables"].items()
        }
        expected |= {
            folder.protocol_as_given.name: str(found["protocol_file_sha256"]),
            folder.protocol_resolved.name: str(found["protocol_resolved_sha256"]),
            folder.settings.name: str(found["settings_sha256"]),
        }
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        pass  # damaged or absent: it stays unchecked, and so does what it would have named
    return expected
