"""A run folder -> a report on disk.

1. `read_run`: summaries, protocol, provenance
2. the chapters, as data
3. one of the writers
4. the files, each under its name in one step
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

from pipelines.errors import InputError, PipelineError
from pipelines.files import TEMPORARY_PREFIX, write_text
from pipelines.report.document import Document, Section, pictures_of
from pipelines.report.efficacy import efficacy
from pipelines.report.exposure import exposure
from pipelines.report.methods import conduct, methods
from pipelines.report.overview import overview
from pipelines.report.participants import participants
from pipelines.report.run_data import RunData, read_run
from pipelines.report.safety import safety
from pipelines.report.style import picture_bytes
from pipelines.report.words import count, plain
from pipelines.report.write_html import html_text
from pipelines.report.write_markdown import markdown_text
from pipelines.report_text import NOTICE

__all__ = ["FORMATS", "ReportError", "report_document", "write_report"]

FORMATS: Final = ("html", "markdown", "figures")
"""What a report can be written as."""

REPORT: Final = "report"
"""Folder in a run for its reports; no part of what the run is sealed with."""

_DEFAULTS: Final = {"html": "report.html", "markdown": "report.md", "figures": "figures"}
_FIGURES: Final = "figures"

_CHAPTERS: Final[tuple[Callable[[RunData], Section], ...]] = (
    overview,
    participants,
    efficacy,
    exposure,
    safety,
    methods,
    conduct,
)


class ReportError(PipelineError, OSError):
    """A report cannot be written.

    Examples
    --------
    >>> issubclass(ReportError, PipelineError)
    True
    """


def report_document(run: RunData) -> Document:
    """Return the report of a run as data.

    Parameters
    ----------
    run
        A run.

    Examples
    --------
    >>> report_document.__name__  # run by tests/pipelines/report: it needs a run
    'report_document'
    """
    protocol = run.protocol
    total = sum(one["patients"] for one in protocol["arms"]) * len(run.variants)
    crossed = f" in {len(run.variants)} variants" if run.is_crossed else ""
    return Document(
        title=plain(protocol["title"]),
        subtitle=(
            f"{plain(protocol['name'])}: {_group(run)}, "
            f"{plain(protocol['design'])} design, {count(total)} simulated patients in "
            f"{len(protocol['arms'])} arms{crossed}"
        ),
        notice=NOTICE,
        sections=tuple(chapter(run) for chapter in _CHAPTERS),
        foot=f"Made by 'cohort report' from the tables of the run. {NOTICE}",
    )


def _group(run: RunData) -> str:
    if run.model_file:
        return f"model {plain(run.model_file)}"
    return plain(run.protocol["condition"]).replace("_", " ")


def write_report(root: Path, *, out: Path | None = None, kind: str = "html") -> list[Path]:
    """Write the report of a run.

    Parameters
    ----------
    root
        A finished run folder.
    out
        File, or folder of figures; it must not exist. Left out, the folder ``report`` of the run
        is written anew.
    kind
        One of `FORMATS`.

    Returns
    -------
    The files.

    Raises
    ------
    InputError
        If the format is unknown, the folder is no finished run, or ``out`` is there.
    ReportError
        If the disk refuses.

    Examples
    --------
    >>> write_report(Path("no/folder"), kind="pdf")
    Traceback (most recent call last):
    ...
    pipelines.errors.InputError: --format: 'pdf'; html, markdown or figures is allowed. Choose one.
    """
    if kind not in FORMATS:
        allowed = f"{', '.join(FORMATS[:-1])} or {FORMATS[-1]}"
        raise InputError(f"--format: {kind!r}; {allowed} is allowed. Choose one.")
    if out is not None:
        _refuse(out, kind)
    run = read_run(root)
    target = out or root / REPORT / _DEFAULTS[kind]
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        return _write(report_document(run), target, kind)
    except OSError as error:
        if isinstance(error, PipelineError):
            raise
        raise ReportError(
            f"{target}: cannot be written ({error.strerror or error}); a place that can be written "
            "is needed. Choose another --out."
        ) from error


def _refuse(out: Path, kind: str) -> None:
    beside = _folder_beside(out) if kind == "markdown" else out
    for path in (out, beside):
        if path.exists() or path.is_symlink():
            raise InputError(
                f"--out: {path} is there already; a new name is allowed. Choose another name, or "
                "leave --out away to write it into the run's folder 'report'."
            )


def _folder_beside(path: Path) -> Path:
    return path.with_name(f"{path.stem}-{_FIGURES}")


def _write(document: Document, target: Path, kind: str) -> list[Path]:
    if kind == "html":
        write_text(target, html_text(document))
        return [target]
    folder = target if kind == "figures" else _folder_beside(target)
    suffixes = ("svg", "png") if kind == "figures" else ("png",)
    written = _write_figures(document, folder, suffixes)
    if kind == "figures":
        return written
    write_text(target, markdown_text(document, folder.name))
    return [target, *written]


def _write_figures(document: Document, folder: Path, suffixes: tuple[str, ...]) -> list[Path]:
    """Write all figures under a name that nobody reads, then give the folder its own."""
    temporary = folder.with_name(f"{TEMPORARY_PREFIX}{folder.name}")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    try:
        names = []
        for picture in pictures_of(document):
            for suffix in suffixes:
                name = f"{picture.key}.{suffix}"
                (temporary / name).write_bytes(picture_bytes(picture, suffix))
                names.append(name)
        if folder.exists():
            shutil.rmtree(folder)
        temporary.rename(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return [folder / name for name in names]
