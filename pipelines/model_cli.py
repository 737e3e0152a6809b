"""The command group `cohort model`: the chemistry shown, run, written; models of others read.

Libraries are imported inside commands, as in `pipelines.cli`, so that help is quick. Enters from
there; what is shown comes from `pipelines.model_view`, what is simulated from
`pipelines.model_run`, what it costs from `pipelines.model_cost`, how it is judged from
`pipelines.chemistry_report`, models from files from `pipelines.sbml_import`.
"""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from pipelines.cli_errors import EXIT_BAD_INPUT, EXIT_FAILED, answer, complain

__all__ = ["model_app"]

_EXIT_CODES = "Exit codes: 0 all is well; 1 the solver failed; 2 bad input, nothing was written."

model_app = typer.Typer(
    help="The chemistry of one virtual patient: what it is made of, what it does, what it costs.",
    no_args_is_help=True,
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Rhythm = Annotated[
    Literal["none", "circadian", "ultradian"],
    typer.Option("--rhythm", help="Daily course of the stress axis, from midnight."),
]
Meals = Annotated[
    bool, typer.Option("--meals/--no-meals", help="Three ordinary meals a day, or an even supply.")
]
Without = Annotated[
    list[str] | None,
    typer.Option("--without", metavar="COUPLING", help="Leave a coupling out; more than once."),
]
Systems = Annotated[
    str | None,
    typer.Option("--systems", metavar="A,B,...", help="With what they need; 'whole' if left out."),
]
Device = Annotated[
    str, typer.Option("--device", help="'auto', or a device that 'cohort doctor' lists.")
]


@model_app.command("list")
def list_systems(as_json: Json = False) -> None:
    """List the systems: states, and what each needs."""
    from cohort.chemistry import WHOLE, Setting, find_system, system_names
    from pipelines.model_text import render_list

    systems: list[dict[str, Any]] = []
    for name in system_names():
        system = find_system(name)
        systems.append(
            {
                "name": name,
                "title": system.title,
                "n_states": len(system.build(Setting()).species),
                "needs": list(system.needs),
                "in_whole": name in WHOLE,
            }
        )
    print(json.dumps(systems) if as_json else render_list(systems))


@model_app.command(epilog=_EXIT_CODES)
def show(
    systems: Annotated[
        list[str] | None,
        typer.Argument(metavar="SYSTEM", help="Systems, 'crosstalk', 'balance'; all if left out."),
    ] = None,
    form: Annotated[
        Literal["text", "markdown", "json"],
        typer.Option("--format", help="Text, Markdown with LaTeX, or JSON."),
    ] = "text",
    rhythm: Rhythm = "none",
    meals: Meals = False,
    without: Without = None,
) -> None:
    """Show states, equations and every number with its source."""
    with answer(otherwise=EXIT_BAD_INPUT):
        from pipelines.model_request import read_setting
        from pipelines.model_text import render_markdown, render_text
        from pipelines.model_view import view_systems

        setting = read_setting(rhythm, meals=meals, left_out=without or ())
        views = view_systems(systems or (), setting)
    if form == "json":
        print(json.dumps([view.as_dict() for view in views], ensure_ascii=False))
    else:
        print(render_text(views) if form == "text" else render_markdown(views))


@model_app.command(epilog=_EXIT_CODES)
def export(
    out: Annotated[Path, typer.Argument(metavar="FILE.xml", help="The file; made or replaced.")],
    systems: Systems = None,
    rhythm: Rhythm = "none",
    without: Without = None,
) -> None:
    """Write systems as one model in SBML Level 3 Version 2, for other simulators.

    The reference patient at rest. Doses and meals are no part of a model: inputs are 0.
    """
    with answer(otherwise=EXIT_BAD_INPUT):
        from cohort.chemistry import chemistry_model, with_needs
        from cohort.sbml import sbml_text
        from pipelines.errors import InputError
        from pipelines.files import write_text
        from pipelines.model_request import read_setting, read_systems

        setting = read_setting(rhythm, meals=False, left_out=without or ())
        model = chemistry_model(with_needs(read_systems(systems, setting)), setting)
        text = sbml_text(model)
        try:
            write_text(out, text)
        except OSError as error:
            raise InputError(
                f"{out}: cannot be written ({error.strerror}); a file in a folder that is there "
                "is needed. Make the folder, or choose another."
            ) from error
    print(
        f"{out}: SBML Level 3 Version 2, {len(model.system.states)} states, "
        f"{len(model.system.parameters)} parameters"
    )


@model_app.command(epilog=_EXIT_CODES)
def simulate(
    out: Annotated[Path, typer.Option("--out", help="Folder for the table and the pictures.")],
    systems: Systems = None,
    days: Annotated[float, typer.Option("--days", help="Length of the run in days.")] = 3.0,
    sets: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="A parameter or control, from the start on; more than once. In the unit of 'show' "
            "if none is written: --set stress=2 --set 'levodopa_plasma=5 uM'.",
        ),
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--change",
            metavar="'TIME: NAME=VALUE, ...'",
            help="The same from some time on: --change '24 h: sert_occupancy=0.8'.",
        ),
    ] = None,
    rhythm: Rhythm = "none",
    meals: Meals = False,
    without: Without = None,
    patient: Annotated[
        int | None,
        typer.Option("--patient", metavar="N", help="A sampled patient instead of the reference."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", help="Seed of the sampled patient; 1 if left out.")
    ] = None,
    save_every: Annotated[
        str, typer.Option("--save-every", help="Time between two saved values.")
    ] = "10 min",
    device: Device = "auto",
    as_json: Json = False,
) -> None:
    """Run one patient: a table and a picture of everything over time."""
    with answer(otherwise=EXIT_BAD_INPUT):
        from pipelines.model_output import (
            render_course,
            require_success,
            summarise_course,
            write_run,
        )
        from pipelines.model_request import read_request
        from pipelines.model_run import simulate as follow

        request = read_request(
            out=out,
            systems=systems,
            days=days,
            sets=sets or (),
            changes=changes or (),
            rhythm=rhythm,
            meals=meals,
            left_out=without or (),
            patient=patient,
            seed=seed,
            save_every=save_every,
            device=device,
        )
        course = follow(request)
        record = write_run(course)
    if as_json:
        print(json.dumps({**record, "quantities": summarise_course(course)}))
    else:
        print(render_course(course))
    with answer(otherwise=EXIT_FAILED):
        require_success(course)


@model_app.command(epilog=_EXIT_CODES)
def cost(systems: Systems = None, device: Device = "auto", as_json: Json = False) -> None:
    """Say what each system costs: operations of a step, stiffness, steps a day."""
    with answer(otherwise=EXIT_FAILED):
        from cohort.errors import UnknownNameError
        from pipelines.errors import InputError
        from pipelines.model_cost import measure_costs, render_costs
        from pipelines.model_request import read_setting, read_systems

        try:
            names = read_systems(systems, read_setting())
        except UnknownNameError as error:
            raise InputError(f"--systems: {error}") from error
        complain("counting operations; the first time this takes a minute or two")
        table = measure_costs(names, device)
    print(json.dumps(table.as_dict()) if as_json else render_costs(table))


@model_app.command(epilog=_EXIT_CODES)
def validate(
    out: Annotated[Path, typer.Option("--out", help="Folder for page, tables and picture.")],
    topic: Annotated[
        str | None,
        typer.Option("--topic", help="A packaged topic or a YAML file; all if left out."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Simulate published experiments and set each beside what was measured."""
    with answer(otherwise=EXIT_FAILED):
        from cohort.errors import UnknownNameError
        from cohort.experiments import load_experiments
        from pipelines.chemistry_report import main_validate
        from pipelines.errors import InputError

        try:
            if topic is not None:
                load_experiments(topic)
        except UnknownNameError as error:
            raise InputError(f"--topic: {error}") from error
        main_validate(out, topic, as_json=as_json)


@model_app.command("import", epilog=_EXIT_CODES)
def import_model(
    file: Annotated[Path, typer.Argument(metavar="FILE.xml", help="A model in SBML Level 2 or 3.")],
    simulate_: Annotated[
        bool, typer.Option("--simulate", help="Integrate it, too, and show where it ends.")
    ] = False,
    end: Annotated[
        str | None, typer.Option("--end", help="Length of the run in the model's unit of time.")
    ] = None,
    steps: Annotated[
        int | None, typer.Option("--steps", help="Number of equal intervals to look at; 50.")
    ] = None,
    sets: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="A parameter; more than once."),
    ] = None,
    draws: Annotated[
        int | None, typer.Option("--draws", metavar="N", help="Draw all parameters N times.")
    ] = None,
    spread: Annotated[
        float | None,
        typer.Option("--spread", metavar="CV", help="Coefficient of variation of the draws; 0.3."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", help="Seed of the draws and of what chance decides; 1.")
    ] = None,
    parquet: Annotated[
        Path | None, typer.Option("--parquet", metavar="OUT", help="File for the time courses.")
    ] = None,
    device: Device = "auto",
    as_json: Json = False,
) -> None:
    """Read a model in SBML; say what it holds; follow it over time."""
    with answer(otherwise=EXIT_BAD_INPUT):
        from pipelines import sbml_import
        from pipelines.errors import InputError

        options = {
            "--end": end,
            "--steps": steps,
            "--draws": draws,
            "--spread": spread,
            "--seed": seed,
            "--parquet": parquet,
        }
        stray = [name for name, value in options.items() if value is not None]
        if stray and not simulate_:
            raise InputError(f"{stray[0]}: given without --simulate; add it, or leave this out.")
        if simulate_ and end is None:
            raise InputError(
                "--end: missing; --simulate needs the length of the run. Add --end 100."
            )
        request = (
            sbml_import.read_course_request(
                str(end), 50 if steps is None else steps, draws, spread, seed, device
            )
            if simulate_
            else None
        )
        model, values = sbml_import.read_model(file, sets or ())
        record = sbml_import.describe(model)
        text = sbml_import.render_model(model)
        if request is not None:
            course = sbml_import.run_course(model, values, request)
            text += "\n\n" + sbml_import.render_course(model, course)
            record["course"] = sbml_import.summarise(course)
            if parquet is not None:
                rows = sbml_import.write_course(model, course, parquet)
                text += f"\n\n{parquet}: {rows:,} rows"
    print(json.dumps(record) if as_json else text)
    if request is not None:
        with answer(otherwise=EXIT_FAILED):
            sbml_import.require_success(course)
