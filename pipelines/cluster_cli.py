"""The commands for batch systems: submit, status, logs, cancel, and the group `cohort cluster`.

Libraries are imported inside commands, as in `pipelines.cli`, so that help is quick.
"""

import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.cli_errors import EXIT_BAD_INPUT, EXIT_FAILED, answer, complain

if TYPE_CHECKING:
    from pipelines.cluster.record import Submission
    from pipelines.cluster.scripts import Script
    from pipelines.cluster.workplaces import OpenWorkplace
    from pipelines.run_trial import Request
    from pipelines.shards import Receipt

__all__ = ["add_commands", "choose_workplace", "cluster_app", "compute_share"]

cluster_app = typer.Typer(help="Cluster profiles: an example, a check.", no_args_is_help=True)

RunDir = Annotated[Path, typer.Argument(metavar="RUN", help="The run folder.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
Scheduler = Annotated[
    str | None,
    typer.Option("--scheduler", help="A running Dask scheduler, tcp://HOST:PORT or tls://..."),
]
TlsAuthority = Annotated[
    Path | None, typer.Option("--tls-ca", help="PEM file of its certificate authority.")
]
TlsCertificate = Annotated[
    Path | None, typer.Option("--tls-cert", help="PEM file of the certificate to show it.")
]
TlsKey = Annotated[
    Path | None, typer.Option("--tls-key", help="PEM file of that certificate's key.")
]
ClusterFile = Annotated[
    Path | None,
    typer.Option(
        "--cluster", help="Cluster profile: workers are jobs; see 'cohort cluster example'."
    ),
]


@cluster_app.command("example")
def example(
    kind: Annotated[str, typer.Argument(help="slurm, pbs, lsf, sge or htcondor.")] = "slurm",
) -> None:
    """Print a profile with every key explained, a start for one's own."""
    with answer(otherwise=EXIT_BAD_INPUT):
        from pipelines.cluster.profile import KINDS, example_profile
        from pipelines.errors import InputError

        if kind not in KINDS:
            raise InputError(
                f"cohort cluster example: '{kind}'; {', '.join(KINDS)} are known. Use one of these."
            )
        print(example_profile(kind), end="")


@cluster_app.command("check")
def check(
    profile: Annotated[Path, typer.Argument(metavar="PROFILE", help="A YAML file.")],
) -> None:
    """Check a cluster profile: all mistakes at once."""
    with answer(otherwise=EXIT_BAD_INPUT):
        from pipelines.cluster.profile import load_profile

        found = load_profile(profile)
    n_jobs = f"{found.most_jobs} jobs"
    if found.adaptive is not None:
        n_jobs = f"{found.fewest_jobs} to {found.most_jobs} jobs"
    print(
        f"{profile}: no mistakes; {found.kind}, {n_jobs} of {found.processes} worker processes, "
        f"{found.memory / 1e9:g} GB and {found.walltime / 3600:g} h each."
    )


def _submit(
    context: typer.Context,
    protocol: Annotated[
        str,
        typer.Argument(
            metavar="PROTOCOL", help="A packaged protocol, a YAML file, or the file of a batch."
        ),
    ],
    cluster: Annotated[
        Path, typer.Option("--cluster", help="Cluster profile; see 'cohort cluster example'.")
    ],
    out: Annotated[
        Path, typer.Option("--out", help="Run folder that all nodes see; resumed if it exists.")
    ],
    mode: Annotated[
        str,
        typer.Option(
            "--mode",
            help="'driver': a job that keeps worker jobs alive. 'array': a job array that needs "
            "only the shared file system, then a job for the tables.",
        ),
    ] = "driver",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the scripts; write and submit nothing.")
    ] = False,
    block_size: Annotated[
        int | None, typer.Option("--block-size", help="Patients in a unit of work.")
    ] = None,
    device: Annotated[str, typer.Option("--device", help="Device on the nodes.")] = "auto",
    seed: Annotated[
        int | None, typer.Option("--seed", help="Instead of the protocol's seed.")
    ] = None,
    trajectories: Annotated[
        int | None,
        typer.Option("--trajectories", help="Patients of each arm whose course is kept; 3."),
    ] = None,
    patients_per_arm: Annotated[
        int | None,
        typer.Option("--patients-per-arm", help="Instead of the protocol's arm sizes."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Put a whole run or batch, driver included, into the batch system."""
    options: Mapping[str, object] = {
        "--block-size": block_size,
        "--device": None if device == "auto" else device,
        "--seed": seed,
        "--trajectories": trajectories,
        "--patients-per-arm": patients_per_arm,
    }
    with answer(otherwise=EXIT_FAILED):
        from pipelines.batch_submission import is_batch_file

        words = [_word_of(protocol)]
        for name, value in options.items():
            words += [] if value is None else [name, str(value)]
        put = _put_batch if is_batch_file(protocol) else _put_run
        submission, scripts = put(
            protocol,
            cluster,
            mode=mode,
            words=words,
            is_dry=dry_run,
            seed=seed,
            patients_per_arm=patients_per_arm,
            out=out,
            device=device,
            block_size=block_size,
            n_trajectories=trajectories,
            **({"simulator": context.obj} if context.obj else {}),
        )
    if dry_run:
        for part, script in scripts.items():
            print(f"# ---- {part}")
            print(script.text, end="")
            if script.description:
                print(f"# ---- {part}, its submit description")
                print(script.description, end="")
        return
    if as_json:
        print(json.dumps({"name": submission.name, "jobs": submission.jobs}))
        return
    jobs = ", ".join(f"{part} {number}" for part, number in submission.jobs.items())
    print(f"submitted to {submission.kind}: {jobs}")
    run = shlex.quote(str(out))
    print(f"follow it: cohort status {run}; cohort logs {run}; cohort cancel {run}")


def _put_run(
    protocol: str,
    cluster: Path,
    *,
    mode: str,
    words: list[str],
    is_dry: bool,
    seed: int | None,
    patients_per_arm: int | None,
    **options: Any,  # noqa: ANN401 - those of the request
) -> "tuple[Submission, dict[str, Script]]":
    from pipelines.cli import read_protocol
    from pipelines.cluster.submission import submit_run
    from pipelines.run_trial import Request

    given, text = read_protocol(protocol, seed, patients_per_arm)
    request = Request(protocol=given, protocol_text=text, **options)
    return submit_run(request, cluster, mode=mode, words=words, is_dry=is_dry)


def _put_batch(
    file: str,
    cluster: Path,
    *,
    mode: str,
    words: list[str],
    is_dry: bool,
    seed: int | None,
    patients_per_arm: int | None,
    **options: Any,  # noqa: ANN401 - those of the request
) -> "tuple[Submission, dict[str, Script]]":
    from pipelines.batch import BatchRequest
    from pipelines.batch_file import read_batch
    from pipelines.batch_submission import submit_batch

    read = read_batch(Path(file), seed=seed, patients_per_arm=patients_per_arm)
    request = BatchRequest(batch=read, **options)
    return submit_batch(request, cluster, mode=mode, words=words, is_dry=is_dry)


def _word_of(protocol: str) -> str:
    """Return the protocol as a job names it: a packaged name, or a path from the root on."""
    from cohort.protocols import protocol_names

    return protocol if protocol in protocol_names() else str(Path(protocol).absolute())


def _status(run: RunDir, as_json: Json = False) -> None:
    """Say how far a run is, and which of its jobs wait or run."""
    with answer(otherwise=EXIT_FAILED):
        from pipelines.cluster.follow import run_status
        from pipelines.run_folder import RunFolder

        found = run_status(RunFolder(run))
    if as_json:
        print(json.dumps(found))
        return
    what = "points" if "points" in found else "units"
    print(f"{run}: {found['state']}, {found[f'{what}_done']:,} of {found[what]:,} {what} done")
    for line in (*_job_lines(found), *_chain_lines(found)):
        print(line)
    if "why" in found:
        complain(found["why"])
    if found["state"] == "stopped":
        print("no job of it is in the queue: the command that began it resumes it")


def _job_lines(found: Mapping[str, Any]) -> list[str]:
    jobs = found["jobs"]
    n_running = sum(state == "running" for state in jobs.values())
    if not jobs:
        return []
    return [
        f"jobs on {found['batch_system']}: {n_running} running, {len(jobs) - n_running} queued",
        *(f"  {number}  {state}" for number, state in jobs.items()),
    ]


def _chain_lines(found: Mapping[str, Any]) -> list[str]:
    chain, end = found.get("chain", []), found.get("chain_end", "")
    lines = []
    if len(chain) > 1:
        lines.append(f"driver jobs, each submitted by the one before: {', '.join(chain)}")
    if end:
        lines.append(f"the driver's walltime ended, and it was not submitted again: {end}")
    return lines


def _logs(
    run: RunDir,
    job: Annotated[
        str | None,
        typer.Option("--job", help="A job's number, or: driver, worker, array, tables."),
    ] = None,
    lines: Annotated[int, typer.Option("--lines", min=1, help="Last lines of each log.")] = 20,
) -> None:
    """Print the last lines of a run's logs: of each part the newest, or of one job."""
    with answer(otherwise=EXIT_FAILED):
        from pipelines.cluster.follow import log_tails
        from pipelines.run_folder import RunFolder

        for name, tail in log_tails(RunFolder(run), n_lines=lines, job=job):
            print(f"==> {name}")
            for line in tail:
                print(line)


def _cancel(run: RunDir) -> None:
    """Cancel every job of a run; what was computed stays, and the run can be resumed."""
    with answer(otherwise=EXIT_FAILED):
        from pipelines.cluster.follow import cancel_run
        from pipelines.run_folder import RunFolder

        cancelled = cancel_run(RunFolder(run))
    print(f"{run}: {len(cancelled)} jobs cancelled ({', '.join(cancelled) or 'none was left'})")


def compute_share(request: "Request", share: str, *, is_quiet: bool) -> None:
    """Compute a share of a run and leave with its exit code.

    Parameters
    ----------
    request
        The whole run.
    share
        ``i/n``.
    is_quiet
        Whether to say nothing.

    Examples
    --------
    >>> compute_share.__name__  # run by tests/pipelines/cluster/test_share.py
    'compute_share'
    """
    with answer(otherwise=EXIT_FAILED):
        from pipelines.cluster.share import run_share

        def report(receipt: "Receipt", was_there: bool) -> None:  # noqa: FBT001 - see `Report`
            if not is_quiet:
                complain(f"share {share}: shard {receipt.unit}, {receipt.n_patients} patients")

        run_share(request, share, report)


def choose_workplace(
    *,
    out: Path,
    scheduler: str | None,
    tls: Mapping[str, Path | None],
    cluster: Path | None,
    workers: int | None,
    share: str | None = None,
) -> "OpenWorkplace | None":
    """Return where `cohort run` computes its units; None for workers on this machine.

    Parameters
    ----------
    out
        The run folder.
    scheduler
        Address of a running scheduler.
    tls
        The files ``ca``, ``cert`` and ``key`` for it.
    cluster
        A cluster profile.
    workers
        Units in flight on the scheduler.
    share
        A share of the units, computed without any.

    Raises
    ------
    InputError
        If options contradict each other.

    Examples
    --------
    >>> choose_workplace(out=Path("r"), scheduler=None, tls={}, cluster=None, workers=2) is None
    True
    """
    if scheduler is None and cluster is None and share is None and not any(tls.values()):
        return None
    import functools

    from pipelines.cluster.submission import open_profile
    from pipelines.cluster.workplaces import check_address, open_scheduler
    from pipelines.errors import InputError

    if share is not None:
        from pipelines.cluster.share import parse_share

        parse_share(share)
        if scheduler is not None or cluster is not None or workers is not None or any(tls.values()):
            raise InputError(
                "--share: was given with --scheduler, --cluster, --workers or --tls-*; a share is "
                "computed in one process. Leave the others out."
            )
        return None
    if cluster is not None:
        if scheduler is not None or workers is not None or any(tls.values()):
            raise InputError(
                "--cluster: was given with --scheduler, --workers or --tls-*; a profile says all "
                "of that itself. Leave the others out."
            )
        return open_profile(cluster, out)
    files = {name: path for name, path in tls.items() if path is not None}
    if scheduler is None:
        raise InputError("--tls-*: are for a running scheduler; give --scheduler tls://HOST:PORT.")
    if 0 < len(files) < len(tls):
        raise InputError(
            f"--tls-*: {', '.join(f'--tls-{name}' for name in files)} alone; --tls-ca, --tls-cert "
            "and --tls-key belong together. Give all three."
        )
    for name, path in files.items():
        if not path.is_file():
            raise InputError(f"--tls-{name}: {path} is no file; a PEM file is needed. Correct it.")
    check_address(scheduler, has_tls=bool(files))
    return functools.partial(
        open_scheduler, address=scheduler, tls_files=files or None, n_workers=workers
    )


def add_commands(app: typer.Typer, *, epilog: str) -> None:
    """Add the commands that put a run into a batch system and follow it.

    Parameters
    ----------
    app
        The command line.
    epilog
        What help says about exit codes.

    Examples
    --------
    >>> app = typer.Typer()
    >>> add_commands(app, epilog="")
    >>> [command.name for command in app.registered_commands]
    ['submit', 'status', 'logs', 'cancel']
    """
    for name, command in (
        ("submit", _submit),
        ("status", _status),
        ("logs", _logs),
        ("cancel", _cancel),
    ):
        app.command(name=name, epilog=epilog)(command)
