"""The command `cohort report`: a finished run as one HTML file, as Markdown, or as figures.

Libraries are imported inside the command, as in `pipelines.cli`, so that help is quick.
"""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli_errors import EXIT_FAILED, answer

__all__ = ["report"]


def report(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A finished run folder.")],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help="File to write, or folder of figures; a new name. Left out: RUN/report.",
        ),
    ] = None,
    form: Annotated[
        str, typer.Option("--format", help="html (one file), markdown (and PNG), or figures.")
    ] = "html",
) -> None:
    """Write the report of a run: one HTML file that needs no network.

    Examples
    --------
    >>> report.__name__
    'report'
    """
    with answer(otherwise=EXIT_FAILED):
        from pipelines.report.make import write_report

        written = write_report(run, out=out, kind=form)
    if form == "figures":
        print(f"{len(written)} figures in {written[0].parent}")
        return
    print(written[0])
    if written[1:]:
        print(f"{len(written) - 1} figures in {written[1].parent}")
