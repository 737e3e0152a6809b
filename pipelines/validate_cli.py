"""The command `cohort validate`: simulate published trials, and judge them.

Libraries are imported inside the command, as in `pipelines.cli`, so that help is quick.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli_errors import EXIT_FAILED, answer, complain

if TYPE_CHECKING:
    from pipelines.trial_validation import TrialResult

__all__ = ["validate_trials"]


def validate_trials(
    trials: Annotated[
        list[str] | None,
        typer.Argument(metavar="[TRIAL]...", help="Packaged protocols; all that were published."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for table, report and picture.")
    ] = None,
    replicates: Annotated[
        int, typer.Option("--replicates", help="Replicates of each trial.")
    ] = 500,
    patients: Annotated[int, typer.Option("--patients", help="Bodies in each pool.")] = 300,
    leave_one_trial_out: Annotated[
        bool,
        typer.Option("--leave-one-trial-out", help="Judge each trial by a link fitted without it."),
    ] = False,
    leave_one_drug_out: Annotated[
        bool,
        typer.Option("--leave-one-drug-out", help="And by one fitted without its drugs too."),
    ] = False,
    cache: Annotated[
        Path | None, typer.Option("--cache", help="Folder that keeps the patients of the fits.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="Processes; one a core if left out.")
    ] = None,
    device: Annotated[str, typer.Option("--device", help="As of 'cohort run'.")] = "auto",
) -> None:
    """Simulate published trials at their own sizes and set them beside what was published.

    Both ways of leaving out unless one is asked for.

    Examples
    --------
    >>> validate_trials.__name__
    'validate_trials'
    """
    with answer(otherwise=EXIT_FAILED):
        import os

        from pipelines.trial_validation import WAYS, Request, validate
        from pipelines.trial_validation_report import (
            summary_numbers,
            verdict_text,
            write_validation,
        )

        chosen = {"trial": leave_one_trial_out, "drug": leave_one_drug_out}
        ways = tuple(way for way in WAYS if chosen[way]) or WAYS
        request = Request(
            trials=tuple(trials or ()),
            replicates=replicates,
            patients=patients,
            ways=ways,
            workers=workers or os.cpu_count() or 1,
            device=device,
            cache_folder=cache,
        )
        result = validate(request, _tell)
        print(verdict_text(summary_numbers(result)))
        if out is not None:
            for path in write_validation(result, out):
                print(f"wrote {path}")


def _tell(result: "TrialResult") -> None:
    pool, whole = result.seconds
    complain(
        f"{result.trial}: {len(result.records)} values, pool {pool:.0f} s, in all {whole:.0f} s"
    )
