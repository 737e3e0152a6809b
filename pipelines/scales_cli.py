"""The command group `cohort scales`: list and show the rating scales that endpoints can name.

Libraries are imported inside commands, as in `pipelines.cli`, so that help is quick.
"""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli_errors import EXIT_BAD_INPUT, answer

if TYPE_CHECKING:
    from cohort.facts import Fact
    from cohort.scales import Scale

__all__ = ["scales_app"]

scales_app = typer.Typer(
    help="The rating scales: range, noise, items, response and remission, what they measure.",
    no_args_is_help=True,
)


@scales_app.command("list")
def list_scales(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """List the rating scales with their range and the conditions that they measure."""
    with answer(otherwise=EXIT_BAD_INPUT):
        from cohort.conditions import condition_names, load_condition
        from cohort.scales import load_scale, scale_names

        scales = [load_scale(name) for name in scale_names()]
        conditions = {name: load_condition(name).scales for name in condition_names()}
        measured = {
            scale.name: [one for one, names in conditions.items() if scale.name in names]
            for scale in scales
        }
    if as_json:
        keys = ("name", "label", "minimum", "maximum", "unit")
        rows = [
            {key: getattr(scale, key) for key in keys} | {"conditions": measured[scale.name]}
            for scale in scales
        ]
        print(json.dumps(rows))
        return
    for scale in scales:
        span = f"{scale.minimum:g} to {scale.maximum:g} {scale.unit}"
        print(f"{scale.name:<10} {scale.label}, {span} ({', '.join(measured[scale.name])})")


@scales_app.command("show")
def show_scale(
    name: Annotated[str, typer.Argument(help="A rating scale.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """Print a scale: every number with its mark and source, response and remission."""
    with answer(otherwise=EXIT_BAD_INPUT):
        from cohort.scales import load_scale

        scale = load_scale(name)
    if as_json:
        print(json.dumps(scale.model_dump(exclude_none=True)))
        return
    print("\n".join(_lines(scale)))


def _lines(scale: "Scale") -> list[str]:
    """Return what people read of a scale."""
    from pipelines.definitions import read_definitions

    criteria = read_definitions([scale.name], []).endpoints[0]
    rated = "by the patients themselves" if scale.self_report else "by a rater"
    lines = [
        f"{scale.name}  {scale.label}",
        f"  range       {scale.minimum:g} to {scale.maximum:g} {scale.unit}, steps of "
        f"{scale.step:g}, {rated}",
        f"  response    {criteria.response_text}",
        f"  remission   {criteria.remission_text or 'Not defined for this scale'}",
        f"  noise SD    {_fact(scale.noise_sd)}",
    ]
    if scale.items is not None:
        groups = " + ".join(f"{one.items} of 0 to {one.highest}" for one in scale.items.groups)
        lines += [f"  items       {groups}", f"  noise is of {_fact(scale.items.noise_at)}"]
    for latent in scale.latents:
        one = scale.reading(latent)
        lines.append(f"  reads severity in points of {latent}")
        lines.append(f"    loading   {_fact(one.loading)}")
        if one.offset is not None:
            lines.append(f"    offset    {_fact(one.offset)}")
    if scale.on_request:
        lines.append("  measures only conditions that name it in further_scales")
    return lines


def _fact(fact: "Fact") -> str:
    return f"{fact.value} ({fact.mark}: {fact.source})"
