"""The command group `cohort events`: list, show and check adverse events.

Libraries are imported inside commands, as in `pipelines.cli`, so that help is quick.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.cli_errors import EXIT_BAD_INPUT, answer

if TYPE_CHECKING:
    from cohort.outcomes import AdverseEvent

__all__ = ["events_app"]

events_app = typer.Typer(
    help="The adverse events: what drives each, how often the untreated have it, what follows.",
    no_args_is_help=True,
)
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


@events_app.command("list")
def list_events(as_json: Json = False) -> None:
    """List the packaged adverse events with what drives them."""
    with answer(otherwise=EXIT_BAD_INPUT):
        from cohort.outcomes import adverse_event_names, load_adverse_event

        events = [load_adverse_event(name) for name in adverse_event_names()]
    if as_json:
        print(json.dumps([_facts(event) for event in events]))
        return
    for event in events:
        print(f"{event.name}  {event.term} ({event.organ_class}; {_driven_by(event)})")


@events_app.command("show")
def show_event(
    name: Annotated[str, typer.Argument(help="A packaged adverse event.")], as_json: Json = False
) -> None:
    """Print all that is declared of an adverse event, each number with its mark and source."""
    with answer(otherwise=EXIT_BAD_INPUT):
        from cohort.facts import count_assumed
        from cohort.outcomes import load_adverse_event

        event = load_adverse_event(name)
    record = event.model_dump(mode="json", exclude_none=True)
    if as_json:
        print(json.dumps(record))
        return
    numbers, assumed = count_assumed(event)
    for line in _lines(record):
        print(line)
    print(f"\n{numbers} numbers, {assumed} of them assumed.")


@events_app.command("check")
def check_events(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A YAML file with 'events: [...]'.")],
) -> None:
    """Check a file of adverse events: all mistakes at once."""
    with answer(otherwise=EXIT_BAD_INPUT):
        from cohort.outcomes import read_adverse_events

        events = read_adverse_events(file)
    reads = sorted({name for event in events for name in event.reads})
    noun = "adverse event" if len(events) == 1 else "adverse events"
    print(
        f"{file.name}: no mistakes; {len(events)} {noun}, reading {', '.join(reads) or 'nothing'}."
    )


def _driven_by(event: "AdverseEvent") -> str:
    if event.measure is not None:
        return f"by its measure {event.measure}"
    parts = [
        ("fall of " if driver.sign < 0 else "withdrawal of " if driver.withdrawal else "")
        + driver.reads
        for driver in event.drivers
    ]
    return ", ".join(parts) or "background only"


def _facts(event: "AdverseEvent") -> dict[str, Any]:
    return {
        "name": event.name,
        "term": event.term,
        "organ_class": event.organ_class,
        "reads": list(event.reads),
        "measure": event.measure,
        "ascertainments": [] if event.measure else list(event.ways),
        "recurs": event.recurs,
    }


def _lines(value: object, depth: int = 0) -> list[str]:
    """Return a record as indented lines, a number with its mark and source on one."""
    pad = "  " * depth
    lines: list[str] = []
    for key, item in value.items() if isinstance(value, dict) else enumerate(_items(value), 1):
        if isinstance(item, dict) and set(item) == {"value", "mark", "source"}:
            lines.append(f"{pad}{key}: {item['value']} [{item['mark']}: {item['source']}]")
        elif isinstance(item, dict) or (isinstance(item, list) and item):
            lines += [f"{pad}{key}:", *_lines(item, depth + 1)]
        elif not isinstance(item, list):
            lines.append(f"{pad}{key}: {item}")
    return lines


def _items(value: object) -> list[object]:
    return value if isinstance(value, list) else []
