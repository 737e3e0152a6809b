"""The command group `cohort drugs`: list, show, check, card and validate.

Libraries are imported inside commands, as in `pipelines.cli`, so that help is quick. Enters from
there; words come from `pipelines.drug_view`, pages from `pipelines.drug_card`, the judgement from
`pipelines.drug_report`.
"""

import json
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli_errors import EXIT_BAD_INPUT, EXIT_FAILED, answer, complain

__all__ = ["drugs_app"]

_EXIT_CODES = "Exit codes: 0 all is well; 1 it failed; 2 bad input, nothing was written."

drugs_app = typer.Typer(
    help="The drugs: what they do in the body, where their numbers come from, how they are judged.",
    no_args_is_help=True,
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
DrugName = Annotated[
    str, typer.Argument(metavar="DRUG", help="A packaged drug or a YAML file of your own.")
]


@drugs_app.command("list")
def list_drugs(as_json: Json = False) -> None:
    """List the packaged drugs."""
    with answer(otherwise=EXIT_FAILED):
        from cohort.drugs import drug_names, load_drug
        from cohort.observations import load_observations
        from pipelines.drug_view import drug_record, render_drugs

        observations = load_observations()
        records = [drug_record(load_drug(name), observations) for name in drug_names()]
    print(json.dumps(records) if as_json else render_drugs(records))


@drugs_app.command(epilog=_EXIT_CODES)
def show(drug: DrugName, as_json: Json = False) -> None:
    """Print one drug: compounds, enzymes, targets, every number with its source."""
    with answer(otherwise=EXIT_BAD_INPUT):
        from cohort.drugs import load_drug
        from cohort.observations import load_observations
        from pipelines.drug_view import drug_record, number_rows, render_drug

        found, observations = load_drug(drug), load_observations()
        if as_json:
            names = ("place", "value", "mark", "role", "source")
            rows = [dict(zip(names, row, strict=True)) for row in number_rows(found)]
            print(json.dumps({**drug_record(found, observations), "numbers": rows}))
            return
        print(render_drug(found, observations))


@drugs_app.command(epilog=_EXIT_CODES)
def check(
    drugs: Annotated[
        list[str] | None,
        typer.Argument(metavar="DRUG", help="Drugs or files; all packaged ones if left out."),
    ] = None,
) -> None:
    """Check drug files: all mistakes at once, then that their equations can be built."""
    with answer(otherwise=EXIT_BAD_INPUT):
        from cohort.drugs import drug_names, load_drug
        from cohort.observations import drug_model

        for name in drugs or drug_names():
            drug = load_drug(name)
            states = len(drug_model([drug]).system.states)
            compounds = ", ".join(compound.name for compound in drug.compounds)
            print(f"{drug.name}: no mistakes; {compounds}; {states} states.")


@drugs_app.command(epilog=_EXIT_CODES)
def card(
    out: Annotated[Path, typer.Option("--out", help="Folder for the pages.")],
    drugs: Annotated[
        list[str] | None,
        typer.Argument(metavar="DRUG", help="Drugs or files; all packaged ones if left out."),
    ] = None,
) -> None:
    """Write the card of drugs: curves, exposure against published values, occupancy, sources."""
    with answer(otherwise=EXIT_BAD_INPUT):
        from cohort.drugs import drug_names, load_drug
        from cohort.observations import load_observations

        found = [load_drug(name) for name in drugs or drug_names()]
        observations = load_observations()
    with answer(otherwise=EXIT_FAILED):
        from pipelines.drug_card import write_card

        for drug in found:
            complain(f"{drug.name} ...")
            for path in write_card(drug, observations, out):
                print(path)


@drugs_app.command(epilog=_EXIT_CODES)
def validate(
    out: Annotated[Path, typer.Option("--out", help="Folder for page and tables.")],
    themes: Annotated[
        list[str] | None,
        typer.Argument(metavar="FILE", help="Packaged files or YAML files; all if left out."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Set every published observation beside the same number of the model."""
    with answer(otherwise=EXIT_FAILED):
        from cohort.errors import UnknownNameError
        from pipelines.drug_report import main_validate_drugs
        from pipelines.errors import InputError

        try:
            main_validate_drugs(out, themes, as_json=as_json)
        except UnknownNameError as error:
            raise InputError(str(error)) from error
