"""What a finished run folder tells others' tools of itself: an RO-Crate.

``ro-crate-metadata.json`` says in JSON-LD which file is what, and that one command made the tables
of one protocol. Repositories and workflow tools read it; nothing here does. It names no person and
no machine: who ran it, and under which licence the tables are given away, is for people to say.
Times apart, equal runs have equal crates. Files that are written into the folder later, and the
logs of jobs, are named by the seal only.

References
----------
RO-Crate Metadata Specification 1.2, https://w3id.org/ro/crate/1.2; Process Run Crate 0.5,
https://w3id.org/ro/wfrun/process/0.5.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.files import file_sha256, write_json
from pipelines.origin import KERNEL_FILES, source_commit
from pipelines.provenance import library_versions

if TYPE_CHECKING:
    from pipelines.run_folder import RunFolder, Settings
    from pipelines.schema.columns import Table
    from pipelines.tables import TableFile

__all__ = ["CRATE", "crate_of", "write_crate"]

CRATE = "ro-crate-metadata.json"
"""Name of the file in a run folder; the specification sets it."""

_SPECIFICATION = "https://w3id.org/ro/crate/1.2"
_PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
_SOFTWARE_LICENCE = "https://spdx.org/licenses/Apache-2.0"
_COMPLETED = "http://schema.org/CompletedActionStatus"
_SOFTWARE = "neurocohort"

_PARQUET = "application/vnd.apache.parquet"
_FORMATS: Mapping[str, str] = {
    ".json": "application/json",
    ".jsonl": "application/jsonl",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
    ".txt": "text/plain",
    ".cpp": "text/x-c++src",
    ".cu": "text/x-c++src",
    ".csv": "text/csv",
}
"""Media types by ending; whatever a user's file is called else is ``application/octet-stream``."""

_INPUTS: Mapping[str, tuple[str, str]] = {
    "protocol.yaml": ("Protocol as given", "The trial protocol as the user gave it."),
    "protocol.resolved.json": (
        "Protocol as resolved",
        "The validated protocol with defaults and overrides.",
    ),
    "settings.json": ("Settings", "Device, size of units, simulator and versions of the run."),
}
_DESCRIBED: Mapping[str, tuple[str, str]] = {
    "parameters.txt": ("Parameters", "Every number of the model with unit, mark and source."),
    "program.txt": ("Program", "Every operation that was integrated."),
    **dict.fromkeys(KERNEL_FILES.values(), ("Kernel", "The text that the device compiled.")),
}
_LOGS: Mapping[str, tuple[str, str]] = {
    "provenance.json": ("Provenance", "Versions, seeds, device, hashes, times and failures."),
    "manifest.jsonl": ("Manifest", "One line per finished unit."),
    "failures.json": ("Failures", "Units that were set aside, with the reason."),
}
"""Files that hold times: the seal has their checksums."""


def write_crate(
    folder: "RunFolder",
    settings: "Settings",
    tables: "Iterable[TableFile]",
    schema: "Mapping[str, Table]",
    n_missing: int,
) -> None:
    """Describe a run whose files are all written but for the seal.

    Parameters
    ----------
    folder
        The run folder; its provenance says when it ran.
    settings
        What it was begun with.
    tables
        The finished tables.
    schema
        What each of them is.
    n_missing
        Patients that were set aside.

    Examples
    --------
    >>> write_crate.__name__  # run by tests/pipelines/test_crate.py: it needs a run
    'write_crate'
    """
    runs = json.loads(folder.provenance.read_text(encoding="utf-8"))["runs"]
    times = (str(runs[0].get("started") or runs[-1]["started"]), str(runs[-1]["ended"]))
    write_json(
        folder.root / CRATE,
        crate_of(folder.root, settings, tables, schema, times=times, n_missing=n_missing),
    )


def crate_of(
    root: Path,
    settings: "Settings",
    tables: "Iterable[TableFile]",
    schema: "Mapping[str, Table]",
    *,
    times: tuple[str, str],
    n_missing: int = 0,
) -> dict[str, Any]:
    """Return the description of a run folder as JSON-LD.

    Parameters
    ----------
    root
        The run folder.
    settings
        What it was begun with.
    tables
        The finished tables.
    schema
        What each of them is.
    times
        Start of the first and end of the last run in the folder, as `provenance.timestamp` gives.
    n_missing
        Patients that were set aside.

    Examples
    --------
    >>> from pipelines.run_folder import Settings
    >>> settings = Settings(
    ...     protocol={"name": "T", "seed": 1}, protocol_hash="ab", device="numpy", block_size=512,
    ...     n_trajectories=0, simulator="cohort.simulate:simulate", code={},
    ... )
    >>> crate = crate_of(Path("no/folder"), settings, (), {}, times=("", ""))
    >>> [entity["@id"] for entity in crate["@graph"]][:3]
    ['ro-crate-metadata.json', './', '#run']
    """
    name = str(settings.protocol.get("name", "trial"))
    inputs = [*_files(root, _INPUTS), *_users_files(root)]
    others = [*_files(root, _DESCRIBED), *_files(root, _LOGS, has_times=True), *_shards(root)]
    results = [_table(table, schema[table.name]) for table in tables]
    values = list(_values(settings))
    start, end = map(_iso_time, times)
    without = f" {n_missing:,} patients were set aside and are missing." if n_missing else ""
    action = {
        "@id": "#run",
        "@type": "CreateAction",
        "name": "cohort run",
        "description": f"Simulation of the protocol {name} and of its tables.{without}",
        "instrument": _to(f"#{_SOFTWARE}"),
        "object": [_to(one["@id"]) for one in (*inputs, *values)],
        "result": [_to(one["@id"]) for one in results],
        "startTime": start,
        "endTime": end,
        "actionStatus": _COMPLETED,
    }
    dataset = {
        "@id": "./",
        "@type": "Dataset",
        "name": f"Simulated trial: {name}",
        "description": "Simulated data: every patient is virtual and was computed from the "
        f"protocol; none stands for a person.{without} A research tool, not medical advice.",
        "keywords": "simulated data, virtual patients, clinical trial simulation",
        "datePublished": end,
        "license": _to("#licence"),
        "conformsTo": [_to(_PROFILE)],
        "hasPart": [_to(one["@id"]) for one in (*inputs, *results, *others)],
        "mentions": [_to("#run")],
    }
    graph = [_descriptor(), dataset, action, *_context(), *_software()]
    return {
        "@context": [
            f"{_SPECIFICATION}/context",
            "https://w3id.org/ro/terms/workflow-run/context",
        ],
        "@graph": [*graph, *inputs, *values, *results, *others],
    }


def _to(identifier: str) -> dict[str, str]:
    return {"@id": identifier}


def _iso_time(text: str) -> str:
    """Return a time with a colon in its offset, as XML and ISO 8601's extended form want it."""
    has_offset = len(text) > len("+0000") and text[-5] in "+-"
    return f"{text[:-2]}:{text[-2:]}" if has_offset else text


def _descriptor() -> dict[str, Any]:
    return {
        "@id": CRATE,
        "@type": "CreativeWork",
        "name": "RO-Crate metadata",
        "description": "This file: what the files of the run folder are.",
        "conformsTo": _to(_SPECIFICATION),
        "about": _to("./"),
    }


def _context() -> Iterator[dict[str, Any]]:
    yield {
        "@id": _PROFILE,
        "@type": ["CreativeWork", "Profile"],
        "name": "Process Run Crate",
        "description": "How a crate tells of the run of a program.",
        "version": "0.5",
    }
    yield {
        "@id": "#licence",
        "@type": "CreativeWork",
        "name": "No licence stated",
        "description": "Whoever made the run decides under which licence it is passed on.",
    }
    yield {
        "@id": _SOFTWARE_LICENCE,
        "@type": "CreativeWork",
        "name": "Apache License 2.0",
        "description": "Licence of the software, not of the data.",
    }


def _software() -> Iterator[dict[str, Any]]:
    versions = library_versions()
    own = versions.pop(_SOFTWARE)
    yield {
        "@id": f"#{_SOFTWARE}",
        "@type": "SoftwareApplication",
        "name": _SOFTWARE,
        "description": "Simulates cohorts of virtual patients through the arms of a trial.",
        "softwareVersion": own,
        "identifier": _to("#commit"),
        "license": _to(_SOFTWARE_LICENCE),
        "softwareRequirements": [_to(f"#software-{name}") for name in versions],
    }
    yield {
        "@id": "#commit",
        "@type": "PropertyValue",
        "name": "git commit",
        "description": f"Commit of the sources of {_SOFTWARE} that ran.",
        "value": source_commit(),
    }
    for name, version in versions.items():
        yield {
            "@id": f"#software-{name}",
            "@type": "SoftwareApplication",
            "name": name,
            "description": f"Used by {_SOFTWARE}.",
            "softwareVersion": version,
        }


def _values(settings: "Settings") -> Iterator[dict[str, Any]]:
    given = {
        "seed": (settings.protocol.get("seed"), "Seed of the patients and their luck."),
        "device": (settings.device, "Where the equations were integrated."),
        "block-size": (settings.block_size, "Most patients in a unit; tables do not depend on it."),
        "simulator": (settings.simulator, "The function that simulated."),
    }
    for name, (value, meaning) in given.items():
        yield {
            "@id": f"#{name}",
            "@type": "PropertyValue",
            "name": name,
            "description": meaning,
            "value": value,
        }


def _file(root: Path, path: str, said: tuple[str, str], *, has_times: bool) -> dict[str, Any]:
    name, description = said
    entity: dict[str, Any] = {
        "@id": path,
        "@type": "File",
        "name": name,
        "description": description,
        "encodingFormat": _FORMATS.get(Path(path).suffix.lower(), "application/octet-stream"),
    }
    if not has_times:
        entity["contentSize"] = str((root / path).stat().st_size)
        entity["sha256"] = file_sha256(root / path)
    return entity


def _files(
    root: Path, said: Mapping[str, tuple[str, str]], *, has_times: bool = False
) -> Iterator[dict[str, Any]]:
    for path, words in said.items():
        if (root / path).is_file():
            yield _file(root, path, words, has_times=has_times)


def _users_files(root: Path) -> Iterator[dict[str, Any]]:
    # names in there are letters, digits, dots, hyphens and underscores: no escape is needed
    for path in sorted((root / "inputs").glob("*")):
        words = (path.name, "Copy of a file that the protocol names.")
        yield _file(root, f"inputs/{path.name}", words, has_times=False)


def _table(table: "TableFile", schema: "Table") -> dict[str, Any]:
    return {
        "@id": f"tables/{table.name}.parquet",
        "@type": "File",
        "name": schema.label,
        "description": f"{schema.meaning} {table.rows:,} rows.",
        "encodingFormat": _PARQUET,
        "contentSize": str(table.bytes),
        "sha256": table.sha256,
    }


def _shards(root: Path) -> Iterator[dict[str, Any]]:
    if (root / "shards").is_dir():
        yield {
            "@id": "shards/",
            "@type": "Dataset",
            "name": "Shards",
            "description": "One folder per unit: its rows of the tables, and its receipt.",
        }
