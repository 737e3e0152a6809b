"""The command group `cohort content`: lifestyles, food and supplements that a protocol can name.

Libraries are imported inside commands, as in `pipelines.cli`, so that help is quick. Drugs,
conditions and protocols have groups of their own.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from typing import Annotated, Any, Final

import typer

from pipelines.cli_errors import EXIT_BAD_INPUT, answer

__all__ = ["content_app"]

content_app = typer.Typer(
    help="What a protocol can name beside drugs: lifestyles, diets, food, supplements.",
    no_args_is_help=True,
)


@dataclass(frozen=True, slots=True)
class _Kind:
    """One kind of content: where its files are and where a protocol names them."""

    package: str
    place: str


_KINDS: Final = {
    "lifestyles": _Kind("cohort.lifestyle", "variants: [{lifestyle: [...]}]"),
    "diets": _Kind("cohort.nutrition.diets", "meals: NAME, variants: [{nutrition:}]"),
    "foods": _Kind("cohort.nutrition.foods", "meals: [{source: NAME, ...}]"),
    "supplements": _Kind("cohort.nutrition.supplements", "arms: [{supplements: [...]}]"),
}


def _readers() -> dict[str, Callable[[str], Any]]:
    from cohort.lifestyle import load_lifestyle
    from cohort.nutrition import load_food, load_supplement
    from cohort.trial import load_diet

    return {
        "lifestyles": load_lifestyle,
        "diets": load_diet,
        "foods": load_food,
        "supplements": load_supplement,
    }


@content_app.command("list")
def list_content(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """List lifestyles, diets, protein sources and supplements, and where a protocol names them."""
    with answer(otherwise=EXIT_BAD_INPUT):
        from cohort.yaml_files import packaged_names

        titles = {
            kind: {name: read(name).title for name in packaged_names(_KINDS[kind].package)}
            for kind, read in _readers().items()
        }
    if as_json:
        print(json.dumps(titles))
        return
    for kind, found in titles.items():
        print(f"{kind}  ({_KINDS[kind].place})")
        for name, title in found.items():
            print(f"  {name:28}  {title}")
    print("A YAML file of your own may stand for a name; 'cohort content show NAME' prints one.")


@content_app.command("show")
def show_content(
    name: Annotated[str, typer.Argument(help="A lifestyle, diet, food or supplement.")],
) -> None:
    """Print a packaged file, a start for one's own."""
    with answer(otherwise=EXIT_BAD_INPUT):
        from cohort.errors import UnknownNameError
        from cohort.yaml_files import packaged_names

        places = {
            found: kind.package
            for kind in _KINDS.values()
            for found in packaged_names(kind.package)
        }
        if name not in places:
            raise UnknownNameError("content", name, places, "name")
        print((resources.files(places[name]) / f"{name}.yaml").read_text(encoding="utf-8"), end="")
