"""The command line: `cohort`.

Prints for people: progress on standard error, the answer on standard output. Libraries are
imported inside commands, so that `cohort --help` is quick. Errors of our three trees print in one
line a mistake; anything else is a fault of this program and shows its traceback.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.batch_cli import EXAMPLE, HELP, batch
from pipelines.calibrate_cli import calibrate
from pipelines.cli_errors import EXIT_BAD_INPUT, EXIT_FAILED, answer, complain
from pipelines.cluster_cli import (
    ClusterFile,
    Scheduler,
    TlsAuthority,
    TlsCertificate,
    TlsKey,
    add_commands,
    choose_workplace,
    cluster_app,
    compute_share,
)
from pipelines.conditions_cli import conditions_app
from pipelines.content_cli import content_app
from pipelines.drug_cli import drugs_app
from pipelines.events_cli import events_app
from pipelines.export_cli import HELP as EXPORT_HELP
from pipelines.export_cli import export
from pipelines.model_cli import model_app
from pipelines.power_cli import power
from pipelines.report_cli import report
from pipelines.scales_cli import scales_app
from pipelines.validate_cli import validate_trials
from pipelines.validate_tables_cli import validate_run_tables
from pipelines.verify_cli import verify

if TYPE_CHECKING:
    from cohort.trial import Protocol

__all__ = ["main", "read_protocol"]

EXIT_SET_ASIDE = 4
EXIT_INTERRUPTED = 130

_EXIT_CODES = (
    "Exit codes: 0 all is well; 1 the run failed; 2 bad input, nothing was written; "
    "4 units failed at every attempt, the others are done; "
    "130 interrupted, the same command resumes."
)

app = typer.Typer(
    name="cohort",
    help="Simulate virtual-patient cohorts: from a trial protocol to outcome tables. "
    "A research tool, not medical advice.",
    epilog=_EXIT_CODES,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=True,
)
protocols_app = typer.Typer(help="The packaged protocols.", no_args_is_help=True)
app.add_typer(protocols_app, name="protocols")
app.add_typer(conditions_app, name="conditions")
app.add_typer(scales_app, name="scales")
app.add_typer(content_app, name="content")
app.add_typer(model_app, name="model")
app.add_typer(drugs_app, name="drugs")
app.add_typer(events_app, name="events")
app.add_typer(cluster_app, name="cluster")

ProtocolName = Annotated[
    str, typer.Argument(metavar="PROTOCOL", help="A packaged protocol or a YAML file.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
Workers = Annotated[
    int | None,
    typer.Option("--workers", help="Worker processes; one a core (or CUDA card) if left out."),
]
BlockSize = Annotated[
    int | None,
    typer.Option("--block-size", help="Patients in a unit of work; tables do not depend on it."),
]
Device = Annotated[
    str,
    typer.Option(
        "--device", help="'auto', a device that 'cohort doctor' lists, or 'cuda': every card."
    ),
]
Strict = Annotated[
    bool, typer.Option("--strict", help="Refuse arms that combine contraindicated drugs.")
]
Seed = Annotated[int | None, typer.Option("--seed", help="Instead of the protocol's seed.")]
PatientsPerArm = Annotated[
    int | None, typer.Option("--patients-per-arm", help="Instead of the protocol's arm sizes.")
]


def main(arguments: list[str] | None = None, *, simulator: str | None = None) -> None:
    """Run the command line and leave with its exit code.

    Parameters
    ----------
    arguments
        Words after the command; None takes those of the process.
    simulator
        Another function that simulates, ``module:name``; tests use a quick one.

    Examples
    --------
    >>> main(["protocols", "list"])
    Traceback (most recent call last):
    ...
    SystemExit: 0
    """
    app(args=arguments, obj=simulator, prog_name="cohort")


def _warn(protocol: "Protocol", *, strict: bool, uncertainty: bool = False) -> None:
    """Print the warnings of a protocol; with ``strict`` refuse contraindicated combinations."""
    from pipelines.trial_warnings import refuse_contraindicated, refuse_of_a_file, trial_warnings

    if uncertainty:
        refuse_of_a_file(protocol, "--uncertainty")
    if strict:
        refuse_contraindicated(protocol)
    for warning in trial_warnings(protocol):
        complain(f"warning: {warning}")


def read_protocol(name: str, seed: int | None, patients: int | None) -> tuple["Protocol", str]:
    """Return the protocol, overrides applied, and its text as given.

    Parameters
    ----------
    name
        A packaged protocol or a YAML file.
    seed, patients
        Instead of the protocol's seed and arm sizes; None keeps them.

    Examples
    --------
    >>> read_protocol("sct-md-01", 7, None)[0].seed
    7
    """
    from cohort.protocols import protocol_names, protocol_text
    from cohort.trial import load_protocol
    from pipelines.plan import override

    protocol = load_protocol(name)
    is_packaged = name in protocol_names()
    text = protocol_text(name) if is_packaged else Path(name).read_text(encoding="utf-8")
    return override(protocol, seed=seed, patients_per_arm=patients), text


@app.command(epilog=_EXIT_CODES)
def run(
    context: typer.Context,
    protocol: ProtocolName,
    out: Annotated[Path, typer.Option("--out", help="Run folder; an existing one is resumed.")],
    workers: Workers = None,
    block_size: BlockSize = None,
    device: Device = "auto",
    seed: Seed = None,
    trajectories: Annotated[
        int | None,
        typer.Option("--trajectories", help="Patients of each arm whose course is kept; 3."),
    ] = None,
    patients_per_arm: PatientsPerArm = None,
    as_json: Json = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress, no text.")] = False,
    strict: Strict = False,
    uncertainty: Annotated[
        bool,
        typer.Option(
            "--uncertainty",
            help="Also write the table 'uncertainty': sampling, between trials, parameters.",
        ),
    ] = False,
    scheduler: Scheduler = None,
    tls_ca: TlsAuthority = None,
    tls_cert: TlsCertificate = None,
    tls_key: TlsKey = None,
    cluster: ClusterFile = None,
    share: Annotated[
        str | None,
        typer.Option("--share", help="i/n: compute that share of the units, make no tables."),
    ] = None,
    allow_missing: Annotated[
        bool,
        typer.Option(
            "--allow-missing",
            help="Make tables without units that failed at every attempt; each table says so.",
        ),
    ] = False,
    unit_timeout: Annotated[
        float | None,
        typer.Option(
            "--unit-timeout",
            metavar="SECONDS",
            help="Time after which the worker of a unit is replaced; 20 times the longest unit, "
            "10 minutes at least, if left out.",
        ),
    ] = None,
) -> None:
    """Run a trial to its tables; run the same command again to resume it."""
    if not quiet:
        complain(f"reading {protocol}")  # at once: what follows imports for seconds
    with answer(otherwise=EXIT_BAD_INPUT):
        given, text = read_protocol(protocol, seed, patients_per_arm)
        _warn(given, strict=strict, uncertainty=uncertainty)
        tls = {"ca": tls_ca, "cert": tls_cert, "key": tls_key}
        open_workplace = choose_workplace(
            out=out, scheduler=scheduler, tls=tls, cluster=cluster, workers=workers, share=share
        )
    from pipelines.cluster.chain import chained
    from pipelines.errors import InterruptedRunError, SetAsideError
    from pipelines.progress import RunProgress
    from pipelines.report_text import render
    from pipelines.run_trial import Request, run_trial
    from pipelines.worker import SIMULATOR

    request = Request(
        protocol=given,
        protocol_text=text,
        out=out,
        device=device,
        block_size=block_size,
        n_trajectories=trajectories,
        n_workers=workers,
        simulator=context.obj or SIMULATOR,
        open_workplace=open_workplace,
        allow_missing=allow_missing,
        unit_timeout_s=unit_timeout,
    )
    if share is not None:
        compute_share(request, share, is_quiet=quiet)
        return
    n_patients = sum(arm.patients for arm in given.arms) * max(len(given.variants), 1)
    try:
        with (
            answer(otherwise=EXIT_FAILED),
            chained(out),
            RunProgress(n_patients, is_quiet=quiet) as progress,
        ):
            try:
                result = run_trial(request, progress.report, progress.tell)
            except SetAsideError as error:
                complain(f"{type(error).__name__}: {error}")
                raise typer.Exit(EXIT_SET_ASIDE) from error
    except InterruptedRunError as error:
        complain(f"{error}: stopped. {out} can be resumed: run the same command again.")
        raise typer.Exit(EXIT_INTERRUPTED) from error
    if uncertainty:
        _add_uncertainty(out, given, device)
    for damage in result.execution.damaged:
        complain(f"computed again: {damage}")
    if result.set_aside:
        complain(
            f"warning: {len(result.set_aside)} units failed at every attempt; "
            f"{result.summary['n_missing']:,} patients are missing from every table, see "
            f"{result.folder.failures}."
        )
    if as_json:
        print(json.dumps(result.summary))
    elif not quiet:
        print(render(result.summary))


def _add_uncertainty(out: Path, protocol: "Protocol", device: str) -> None:
    from pipelines.seal import seal_file
    from pipelines.uncertainty import write_uncertainty

    with answer(otherwise=EXIT_FAILED):
        path = write_uncertainty(out, protocol, device=device)
        seal_file(out, path.relative_to(out).as_posix())


@app.command(epilog=_EXIT_CODES)
def plan(
    context: typer.Context,
    protocol: ProtocolName,
    out: Annotated[
        Path | None, typer.Option("--out", help="Run folder to compare with; left untouched.")
    ] = None,
    workers: Workers = None,
    block_size: BlockSize = None,
    device: Device = "auto",
    seed: Seed = None,
    patients_per_arm: PatientsPerArm = None,
    pilot: Annotated[
        bool, typer.Option(help="Simulate some patients to estimate time, memory and disk.")
    ] = True,
    files: Annotated[
        int | None,
        typer.Option("--files", min=1, help="Most files and folders that the run may make."),
    ] = None,
    as_json: Json = False,
    strict: Strict = False,
) -> None:
    """Say what would run, what is done, how long it takes and how much it needs."""
    with answer(otherwise=EXIT_BAD_INPUT):
        given, text = read_protocol(protocol, seed, patients_per_arm)
        _warn(given, strict=strict)
        from pipelines.file_budget import check_files
        from pipelines.outlook import describe_plan, render_outlook
        from pipelines.run_trial import Request, prepare
        from pipelines.worker import SIMULATOR

        ready = prepare(
            Request(
                protocol=given,
                protocol_text=text,
                out=out or Path("cohort-plan-without-folder"),
                device=device,
                block_size=block_size,
                n_workers=workers,
                simulator=context.obj or SIMULATOR,
            )
        )
        n_files = check_files(given, ready.plan.block_size, files)
    with answer(otherwise=EXIT_FAILED):
        outlook = {**describe_plan(ready, with_pilot=pilot), "files": n_files}
    said = f"{render_outlook(outlook)}\n  files       about {n_files:,}, folders among them"
    print(json.dumps(outlook) if as_json else said)


@protocols_app.command("list")
def list_protocols(as_json: Json = False) -> None:
    """List the packaged protocols."""
    with answer(otherwise=EXIT_BAD_INPUT):
        from cohort.protocols import protocol_names, protocol_title

        titles = {name: protocol_title(name) for name in protocol_names()}
    if as_json:
        print(json.dumps(titles))
        return
    width = max(map(len, titles))
    for name, title in titles.items():
        print(f"{name:{width}}  {title}")


@protocols_app.command("show")
def show_protocol(name: Annotated[str, typer.Argument(help="A packaged protocol.")]) -> None:
    """Print a packaged protocol, a start for one's own."""
    with answer(otherwise=EXIT_BAD_INPUT):
        from cohort.protocols import protocol_text

        print(protocol_text(name), end="")


@app.command()
def check(protocol: ProtocolName, strict: Strict = False) -> None:
    """Check a protocol file: all mistakes at once, then what its drugs risk together."""
    with answer(otherwise=EXIT_BAD_INPUT):
        given, _ = read_protocol(protocol, None, None)
        _warn(given, strict=strict)
    n_patients = sum(arm.patients for arm in given.arms)
    n_cells = len(given.arms) * len(given.variants)
    crossed = f"{len(given.variants)} variants ({n_cells} cells), " if n_cells else ""
    arms = "1 arm" if len(given.arms) == 1 else f"{len(given.arms)} arms"
    print(
        f"{given.name}: no mistakes; {arms}, {crossed}{n_patients:,} patients, "
        f"{len(given.visits)} visits."
    )


@app.command()
def schema() -> None:
    """Print the JSON schema of protocol files, for editors."""
    from cohort.trial import protocol_schema

    print(json.dumps(protocol_schema(), indent=2))


@app.command()
def doctor(as_json: Json = False) -> None:
    """Say what this machine can do: devices and why, versions, cores, memory."""
    from pipelines.outlook import describe_machine, render_machine

    machine: dict[str, Any] = describe_machine()
    print(json.dumps(machine) if as_json else render_machine(machine))


# registered last, so that help shows them after what most people want
for _name, _command in (
    ("report", report),
    ("verify", verify),
    ("validate", validate_trials),
    ("validate-tables", validate_run_tables),
    ("calibrate", calibrate),
    ("power", power),
):
    _said = (_command.__doc__ or "").partition("Examples\n")[0]  # those are for readers of the API
    app.command(name=_name, help=_said, epilog=_EXIT_CODES)(_command)
add_commands(app, epilog=_EXIT_CODES)
app.command(name="export", help=EXPORT_HELP, epilog=_EXIT_CODES)(export)
app.command(name="batch", help=HELP, epilog=EXAMPLE)(batch)


if __name__ == "__main__":
    main()
