"""The command group `cohort conditions`: list and show the packaged conditions.

Libraries are imported inside commands, as in `pipelines.cli`, so that help is quick.
"""

import json
from typing import Annotated

import typer

from pipelines.cli_errors import EXIT_BAD_INPUT, answer

__all__ = ["conditions_app"]

conditions_app = typer.Typer(
    help="The packaged conditions: who is ill, what the disease moves, how severity runs.",
    no_args_is_help=True,
)


@conditions_app.command("list")
def list_conditions(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """List the packaged conditions, their scales, and whether their link was calibrated."""
    with answer(otherwise=EXIT_BAD_INPUT):
        from cohort.conditions import condition_names, load_condition

        conditions = [load_condition(name) for name in condition_names()]
    if as_json:
        rows = [
            {
                "name": one.name,
                "title": one.title,
                "scales": one.scales,
                "systems": one.systems,
                "is_calibrated": one.link.calibrated,
            }
            for one in conditions
        ]
        print(json.dumps(rows))
        return
    for one in conditions:
        state = "" if one.link.calibrated else "; link not calibrated"
        state = state if one.link.signals else "; no drug moves them"
        print(f"{one.name}  {one.title} ({', '.join(one.scales)}{state})")


@conditions_app.command("show")
def show_condition(name: Annotated[str, typer.Argument(help="A packaged condition.")]) -> None:
    """Print a packaged condition, a start for one's own."""
    with answer(otherwise=EXIT_BAD_INPUT):
        from cohort.conditions import condition_text

        print(condition_text(name), end="")
