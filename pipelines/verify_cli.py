"""The command `cohort verify`: every checksum of a run, and some of its units computed again.

Libraries are imported inside the command, as in `pipelines.cli`, so that help is quick.
"""

import json
import secrets
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli_errors import EXIT_BAD_INPUT, EXIT_FAILED, answer

__all__ = ["verify"]

_N_SEEDS = 1_000_000
_EXIT_CODES = {"sound": 0, "unsound": EXIT_FAILED, "unfinished": EXIT_FAILED, "undecided": 3}


def verify(
    context: typer.Context,
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder; nothing is written.")],
    units: Annotated[
        int, typer.Option("--units", help="Units to compute again; 0 for checksums only.")
    ] = 3,
    seed: Annotated[
        int | None, typer.Option("--seed", help="Which units; drawn anew if left out.")
    ] = None,
    device: Annotated[
        str | None, typer.Option("--device", help="Where to compute; the device of the run.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Check every file of a run against its checksum, and compute some units again.

    Exit codes: 0 sound; 1 a file is missing, damaged or strange, a unit differs, or the run is
    unfinished; 2 bad input; 3 checksums hold, but units differ where the code here is other code.

    Examples
    --------
    >>> verify.__name__
    'verify'
    """
    with answer(otherwise=EXIT_BAD_INPUT):
        from pipelines.verify import render_verification, verify_run
        from pipelines.worker import SIMULATOR

        chosen = secrets.randbelow(_N_SEEDS) if seed is None else seed
        found = verify_run(
            run, n_units=units, seed=chosen, device=device, simulator=context.obj or SIMULATOR
        )
    print(json.dumps(found.to_json()) if as_json else render_verification(found))
    if code := _EXIT_CODES[found.verdict]:
        raise typer.Exit(code)
