"""A finished run -> a folder of files in another form, with what describes them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

import polars as pl
import pyarrow as pa

from pipelines.errors import InputError, ShardError
from pipelines.exchange.comma import write_comma
from pipelines.exchange.contents import RunContents, RunTable, read_contents, with_mark
from pipelines.exchange.dataset_json import infinite_numbers, write_dataset_json
from pipelines.exchange.define_xml import DEFINE, described, write_define
from pipelines.exchange.dictionary import (
    DictionaryEntry,
    dictionary_frame,
    dictionary_markdown,
    write_dictionary,
)
from pipelines.exchange.plain import plain_table, write_plain, write_plain_comma
from pipelines.exchange.transport import Version, fits_names, survey, write_transport
from pipelines.files import write_atomically, write_text
from pipelines.run_folder import create_folder
from pipelines.schema.columns import SIMULATED
from pipelines.schema.transport_names import transport_name

__all__ = ["EXPORTS", "FORMS", "Exported", "export_run"]

EXPORTS = "exports"
"""Folder of a run that exports go to; no part of what the run is sealed with."""

_DICTIONARY = "data_dictionary"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What an export wrote.

    Parameters
    ----------
    paths
        The files, in the order of the tables.
    notes
        What was left out, and what a file holds otherwise than the table.

    Examples
    --------
    >>> Exported(paths=(), notes=("nothing",)).notes
    ('nothing',)
    """

    paths: tuple[Path, ...]
    notes: tuple[str, ...] = ()


def export_run(
    root: Path, form: str, *, out: Path | None = None, only: Sequence[str] = ()
) -> Exported:
    """Write the tables of a finished run in another form.

    Parameters
    ----------
    root
        The run folder.
    form
        One of `FORMS`.
    out
        Folder in which the folder of the form is made; that of the run if None.
    only
        Names of tables to write; all if empty.

    Returns
    -------
    The files, and what they do not hold.

    Raises
    ------
    InputError
        If the form is unknown, the folder holds no finished run, or the form cannot hold a table;
        nothing is written then.
    ShardError
        If a table cannot be read or a file not be written.

    Examples
    --------
    >>> export_run(Path("runs/a"), "excel")
    Traceback (most recent call last):
    ...
    pipelines.errors.InputError: --to: 'excel'; csv, plain, plain-csv, xpt, xpt8, dataset-json, \
dataset-ndjson, dictionary are allowed. Choose one of those.
    """
    if form not in FORMS:
        raise InputError(f"--to: '{form}'; {', '.join(FORMS)} are allowed. Choose one of those.")
    contents = read_contents(root, only)
    folder = (out or root / EXPORTS) / form
    plan = FORMS[form](contents)
    create_folder(folder)
    paths = []
    for name, write in plan.files:
        _write(folder / name, write)
        paths.append(folder / name)
    return Exported(paths=tuple(paths), notes=plan.notes)


def _write(path: Path, write: Callable[[Path], object]) -> None:
    try:
        write_atomically(path, write)
    except ShardError:
        raise
    except OSError as error:
        raise ShardError(
            f"{path}: cannot be written ({error.strerror or error}); a folder with room is "
            "needed. Make room, then run the same command again."
        ) from error
    except (pl.exceptions.PolarsError, pa.ArrowException) as error:
        reason = str(error).splitlines()[0]
        raise ShardError(
            f"{path}: cannot be made ({reason}); a whole table is needed. Run 'cohort verify' on "
            "the run folder."
        ) from error


_File: TypeAlias = tuple[str, Callable[[Path], object]]
"""Name of a file, and what writes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """The files of an export."""

    files: tuple[_File, ...]
    notes: tuple[str, ...] = ()


def _facts(contents: RunContents) -> dict[str, str]:
    missing = {"missing_patients": str(contents.n_missing)} if contents.n_missing else {}
    return {"study": contents.study, "simulated": SIMULATED, **missing}


def _comma(contents: RunContents) -> _Plan:
    entries = [
        entry
        for source in contents.tables.values()
        for entry in DictionaryEntry.of(with_mark(source.table))
    ]
    files = [
        (f"{name}.csv", partial(write_comma, source)) for name, source in contents.tables.items()
    ]
    return _Plan(files=(*files, _dictionary_comma(entries)))


def _dictionary_comma(entries: Iterable[DictionaryEntry]) -> _File:
    return f"{_DICTIONARY}.csv", dictionary_frame(entries).write_csv


def _plain(contents: RunContents) -> _Plan:
    files = [
        (f"{plain_table(source.table).name}.parquet", _plain_writer(source, _facts(contents)))
        for source in contents.tables.values()
    ]
    return _Plan(files=(*files, _dictionary_comma(_plain_entries(contents))))


def _plain_writer(source: RunTable, facts: Mapping[str, str]) -> Callable[[Path], object]:
    return lambda path: write_plain(source, path, facts)


def _plain_entries(contents: RunContents) -> list[DictionaryEntry]:
    return [
        entry
        for source in contents.tables.values()
        for entry in plain_table(source.table).entries()
    ]


def _plain_comma(contents: RunContents) -> _Plan:
    files = [
        (f"{plain_table(source.table).name}.csv", partial(write_plain_comma, source))
        for source in contents.tables.values()
    ]
    return _Plan(files=(*files, _dictionary_comma(_plain_entries(contents))))


def _transport(contents: RunContents, version: Version) -> _Plan:
    fitting = [one for one in contents.tables.values() if fits_names(one.table, version)]
    findings = [survey(one, version) for one in fitting]
    mistakes = [mistake for found in findings for mistake in found.mistakes]
    if mistakes:
        raise InputError(
            "\n".join(mistakes) + "\nLeave the table out with --table, or use --to dataset-json."
        )
    left_out = [name for name, one in contents.tables.items() if one not in fitting]
    notes = [note for found in findings for note in found.notes]
    if left_out:
        notes.append(
            f"left out, because names there are longer than version {version} holds: "
            f"{', '.join(left_out)}. Use --to xpt8, csv or dataset-json for them."
        )
    if not fitting:
        raise InputError(notes[-1])
    files = [
        (
            f"{transport_name(source.table.name).lower()}.xpt",
            partial(write_transport, source, found, made=contents.made, version=version),
        )
        for source, found in zip(fitting, findings, strict=True)
    ]
    return _with_define(contents, files, "xpt", notes)


def _dataset_json(contents: RunContents, *, as_lines: bool) -> _Plan:
    mistakes = [line for one in contents.tables.values() for line in infinite_numbers(one)]
    if mistakes:
        raise InputError("\n".join(mistakes) + "\nLeave the table out with --table.")
    ending = "ndjson" if as_lines else "json"
    in_define = {one.table.name for one in described(contents)}
    files = [
        (
            f"{transport_name(name).lower()}.{ending}",
            _json_writer(contents, source, as_lines=as_lines, is_described=name in in_define),
        )
        for name, source in contents.tables.items()
    ]
    return _with_define(contents, files, ending, [])


def _json_writer(
    contents: RunContents, source: RunTable, *, as_lines: bool, is_described: bool
) -> Callable[[Path], object]:
    metadata = DEFINE if is_described else ""
    return lambda path: write_dataset_json(
        contents, source, path, as_lines=as_lines, metadata=metadata
    )


def _with_define(
    contents: RunContents,
    files: Sequence[_File],
    ending: str,
    notes: Sequence[str],
) -> _Plan:
    define = [(DEFINE, partial(write_define, contents, ending=ending))]
    return _Plan(files=(*files, *(define if described(contents) else ())), notes=tuple(notes))


def _dictionary(contents: RunContents) -> _Plan:
    frame = dictionary_frame(
        entry for source in contents.tables.values() for entry in DictionaryEntry.of(source.table)
    )
    return _Plan(
        files=(
            (
                f"{_DICTIONARY}.parquet",
                lambda path: write_dictionary(frame, path, _facts(contents)),
            ),
            (f"{_DICTIONARY}.csv", frame.write_csv),
            (
                f"{_DICTIONARY}.md",
                lambda path: write_text(path, dictionary_markdown(frame, contents.study)),
            ),
        )
    )


FORMS: Mapping[str, Callable[[RunContents], _Plan]] = MappingProxyType(
    {
        "csv": _comma,
        "plain": _plain,
        "plain-csv": _plain_comma,
        "xpt": partial(_transport, version=5),
        "xpt8": partial(_transport, version=8),
        "dataset-json": partial(_dataset_json, as_lines=False),
        "dataset-ndjson": partial(_dataset_json, as_lines=True),
        "dictionary": _dictionary,
    }
)
"""What a run can be exported to."""
