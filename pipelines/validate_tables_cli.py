"""The command `cohort validate-tables`: datasets against the rules of ADaM.

Libraries are imported inside the command, as in `pipelines.cli`, so that help is quick.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli_errors import EXIT_BAD_INPUT, EXIT_FAILED, answer

if TYPE_CHECKING:
    from pipelines.validate_tables import Finding

__all__ = ["validate_run_tables"]


def validate_run_tables(
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="RUN", help="A run folder, or one with Parquet or transport (.xpt) files."
        ),
    ] = None,
    rules: Annotated[
        bool, typer.Option("--rules", help="List every rule instead of the findings.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", help="Also write the findings, .csv or .parquet.")
    ] = None,
) -> None:
    """Check datasets against the rules of CDISC ADaM; our own also against their schema.

    Each finding names the rule, what it cites, the variable, how many rows break it, the first of
    them, and what is allowed. Nothing is written into the folder.

    Exit codes: 0 no finding; 1 findings; 2 bad input.

    Examples
    --------
    >>> validate_run_tables.__name__
    'validate_run_tables'
    """
    with answer(otherwise=EXIT_BAD_INPUT):
        from pipelines.errors import InputError
        from pipelines.validate_tables import RULES, findings_frame, read_datasets
        from pipelines.validate_tables import validate_datasets as check

        if rules:
            for rule in RULES:
                print(f"{rule.id}  {rule.cites:28}  {rule.title}")
            return
        if folder is None:
            raise InputError(
                "validate-tables: no folder; a run folder, or one with Parquet or transport "
                "files is needed. Name it, or list the rules with --rules."
            )
        if out is not None and out.suffix not in (".csv", ".parquet"):
            raise InputError(
                f"--out {out}: no ending of a table; .csv and .parquet are allowed. Rename it."
            )
        datasets = read_datasets(folder)
        found = check(datasets)
    if out is not None:
        frame = findings_frame(found)
        with answer(otherwise=EXIT_BAD_INPUT):
            try:
                frame.write_csv(out) if out.suffix == ".csv" else frame.write_parquet(out)
            except OSError as error:
                raise InputError(
                    f"--out {out}: cannot be written ({error.strerror}); a folder that is there "
                    "is needed. Make it."
                ) from error
    if as_json:
        print(json.dumps(_summary(folder, sorted(datasets), found)))
    else:
        print(_text(folder, sorted(datasets), found))
    if found:
        raise typer.Exit(EXIT_FAILED)


def _summary(folder: Path, names: list[str], found: "tuple[Finding, ...]") -> dict[str, object]:
    from pipelines.validate_tables import RULES, findings_frame

    return {
        "folder": str(folder),
        "datasets": names,
        "n_rules": len(RULES),
        "n_findings": len(found),
        "findings": findings_frame(found).to_dicts(),
    }


def _text(folder: Path, names: list[str], found: "tuple[Finding, ...]") -> str:
    from pipelines.validate_tables import RULES

    lines = [str(finding) for finding in found]
    what = f"{len(names)} datasets ({', '.join(names)}), {len(RULES)} rules"
    n = "no finding" if not found else "1 finding" if len(found) == 1 else f"{len(found)} findings"
    return "\n".join([*lines, f"{folder}: {n}; {what}."])
