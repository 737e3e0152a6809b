"""The command ``cohort export``: the tables of a run in other forms.

Libraries are imported inside the command, as in `pipelines.cli`, so that help is quick.
"""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli_errors import EXIT_FAILED, answer, complain

__all__ = ["HELP", "export"]

HELP = """Write the tables of a finished run in other forms.

csv: every table as CSV. plain, plain-csv: the same with plain words for names, true and false for
flags, as Parquet or CSV. xpt, xpt8: SAS transport files of version 5 or 8. dataset-json,
dataset-ndjson: CDISC Dataset-JSON 1.1, whole or a row a line. dictionary: what every column means.
Define-XML 2.1 or a data dictionary lies beside the tables. Every file is marked as simulated.
"""


def export(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="A finished run folder.")],
    to: Annotated[
        list[str] | None,
        typer.Option(
            "--to",
            metavar="FORM",
            help="csv, plain, plain-csv, xpt, xpt8, dataset-json, dataset-ndjson or dictionary; "
            "may be given several times.",
        ),
    ] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Short for --to csv.")] = False,
    table: Annotated[
        list[str] | None,
        typer.Option("--table", help="Only this table; may be given several times."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder to write into, a folder a form; RUN/exports."),
    ] = None,
) -> None:
    """Write the tables of a finished run in other forms.

    Examples
    --------
    >>> export.__name__
    'export'
    """
    with answer(otherwise=EXIT_FAILED):
        from pipelines.errors import InputError
        from pipelines.exchange.export import FORMS, export_run

        forms = [*(to or ()), *(["csv"] if csv else ())]
        unknown = [form for form in forms if form not in FORMS]
        if unknown or not forms:
            given = f"'{unknown[0]}'" if unknown else "no form"
            raise InputError(
                f"--to: {given}; {', '.join(FORMS)} are allowed. Give one, as in --to csv."
            )
        for form in dict.fromkeys(forms):
            exported = export_run(folder, form, out=out, only=table or ())
            for path in exported.paths:
                print(path)
            for note in exported.notes:
                complain(f"{form}: {note}")
