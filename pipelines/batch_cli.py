"""The command `cohort batch`: many protocols, or a sweep of one, in one submission."""

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.cli_errors import EXIT_BAD_INPUT, EXIT_FAILED, answer, complain
from pipelines.cluster_cli import (
    ClusterFile,
    Scheduler,
    TlsAuthority,
    TlsCertificate,
    TlsKey,
    choose_workplace,
)
from pipelines.seal import SEAL

if TYPE_CHECKING:
    from pipelines.batch import BatchRequest, BatchResult
    from pipelines.batch_file import BatchFile, Point

__all__ = ["EXAMPLE", "HELP", "batch", "describe_batch", "describe_result", "sensitivity_warnings"]

EXIT_INTERRUPTED = 130
_N_SHOWN = 10
_N_NAMED = 4

HELP = "Run many protocols, or a sweep of one, to tables by point; run it again to resume."
EXAMPLE = """Example of a FILE, to be run by  cohort batch doses.yaml --out sweeps/doses :

\b
protocol: sct-md-01   # or, without a sweep, protocols: \\[smile, my-trial.yaml]
sweep:
  method: saltelli    # for sensitivity indices; grid, latin hypercube, sobol
  samples: 16         # makes 16 x (keys + 2) points
  keys:
    arms\\[escitalopram 10 mg].regimens\\[0].dose: {from: 5 mg, to: 20 mg}
    arms\\[*].patients: {from: 50, to: 200, step: 50}
    meals: \\[usual, high_protein]

All points share one set of workers: of this machine, of --scheduler, or jobs of --cluster;
'cohort submit doses.yaml --cluster PROFILE --out DIR' puts the driver into the queue as well.

A grid takes lists, or ranges with a 'step'; 'scale: log' spreads a range by its logarithm. Exit
codes: 0 all is well; 1 points failed and are set aside; 2 bad input, nothing was written; 130
interrupted, the same command resumes.
"""


def batch(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A batch file, YAML.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder of the batch; an existing one is resumed.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check, say what would run, and write nothing.")
    ] = False,
    workers: Annotated[
        int | None,
        typer.Option("--workers", help="Worker processes; one a core (or CUDA card) if left out."),
    ] = None,
    block_size: Annotated[
        int | None, typer.Option("--block-size", help="Patients in a unit of work.")
    ] = None,
    device: Annotated[str, typer.Option("--device", help="As of 'cohort run'.")] = "auto",
    seed: Annotated[int | None, typer.Option("--seed", help="Instead of the protocols'.")] = None,
    trajectories: Annotated[
        int | None,
        typer.Option("--trajectories", help="Patients of each arm whose course is kept; 3."),
    ] = None,
    patients_per_arm: Annotated[
        int | None, typer.Option("--patients-per-arm", help="Instead of the protocols' arm sizes.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object instead of text.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress, no text.")] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse arms that combine contraindicated drugs.")
    ] = False,
    scheduler: Scheduler = None,
    tls_ca: TlsAuthority = None,
    tls_cert: TlsCertificate = None,
    tls_key: TlsKey = None,
    cluster: ClusterFile = None,
) -> None:
    """Run many protocols, or a sweep of one, to tables by point; run it again to resume.

    Examples
    --------
    >>> batch.__name__
    'batch'
    """
    with answer(otherwise=EXIT_BAD_INPUT):
        from pipelines.batch import BatchRequest, prepare_batch, run_batch
        from pipelines.batch_file import read_batch
        from pipelines.errors import InputError, InterruptedRunError
        from pipelines.progress import LINE_S
        from pipelines.worker import SIMULATOR

        if out is None and not dry_run:
            raise InputError("--out: no folder was given; one is needed. Add --out DIR.")
        folder = out or Path("cohort-batch-without-folder")
        tls = {"ca": tls_ca, "cert": tls_cert, "key": tls_key}
        open_workplace = choose_workplace(
            out=folder, scheduler=scheduler, tls=tls, cluster=cluster, workers=workers
        )
        read = read_batch(file, seed=seed, patients_per_arm=patients_per_arm)
        _warn(read, strict=strict)
        request = BatchRequest(
            batch=read,
            out=folder,
            device=device,
            block_size=block_size,
            n_trajectories=trajectories,
            n_workers=workers,
            simulator=context.obj or SIMULATOR,
            open_workplace=open_workplace,
        )
        prepare_batch(request)
    if dry_run:
        facts = _facts(request)
        print(json.dumps(facts) if as_json else describe_batch(read, n_done=facts["points_done"]))
        return
    begun, said = 0, float("-inf")

    def begin(point: "Point") -> None:
        nonlocal begun, said
        begun += 1
        if not quiet and time.monotonic() - said > LINE_S:
            said = time.monotonic()
            complain(
                f"point {point.number}: run {begun} of {len(read.to_run)}{_values(read, point)}"
            )

    from pipelines.cluster.chain import chained

    try:
        with answer(otherwise=EXIT_FAILED), chained(request.out):
            result = run_batch(request, begin)
    except InterruptedRunError as error:
        complain(f"{error}: stopped. {out} can be resumed: run the same command again.")
        raise typer.Exit(EXIT_INTERRUPTED) from error
    _tell(request, result, as_json=as_json, quiet=quiet)
    if result.failures:
        raise typer.Exit(EXIT_FAILED)


def _tell(request: "BatchRequest", result: "BatchResult", *, as_json: bool, quiet: bool) -> None:
    """Print what a batch came to."""
    for number, why in result.failures.items():
        complain(f"set aside: point {number}: {why}")
    for warning in sensitivity_warnings(result):
        complain(f"warning: {warning}")
    if as_json:
        failed = {str(number): why for number, why in result.failures.items()}
        units = {"units_computed": result.n_computed, "units_reused": result.n_reused}
        print(json.dumps({**_facts(request), **units, "failures": failed}))
    elif not quiet:
        print(describe_result(request.batch, result, request.out))


def _warn(read: "BatchFile", *, strict: bool) -> None:
    """Print every warning of the points once."""
    from pipelines.trial_warnings import refuse_contraindicated, trial_warnings

    seen: dict[str, list[int]] = {}
    for point in read.to_run:
        if strict:
            refuse_contraindicated(point.protocol)
        for warning in trial_warnings(point.protocol):
            seen.setdefault(warning, []).append(point.number)
    for warning, numbers in seen.items():
        more = f" and {len(numbers) - 1} more points" if len(numbers) > 1 else ""
        complain(f"warning: point {numbers[0]}{more}: {warning}")


def _facts(request: "BatchRequest") -> dict[str, Any]:
    read = request.batch
    return {
        "points": len(read.points),
        "runs": len(read.to_run),
        "points_done": sum(_is_done(request.out, point) for point in read.points),
        "patients": _n_patients(read),
        "method": read.method,
        "keys": list(read.keys),
        "common_patients": read.has_common_patients,
        "out": str(request.out),
    }


def _is_done(out: Path, point: "Point") -> bool:
    return (out / "points" / point.folder / SEAL).is_file()


def _n_patients(read: "BatchFile") -> int:
    return sum(
        max(len(point.protocol.variants), 1) * sum(arm.patients for arm in point.protocol.arms)
        for point in read.to_run
    )


def _values(read: "BatchFile", point: "Point") -> str:
    if not read.keys:
        return f", {point.protocol.name}"
    return "".join(f", {key} {value}" for key, value in zip(read.keys, point.values, strict=True))


def describe_batch(read: "BatchFile", *, n_done: int = 0) -> str:
    """Return what a batch would run, as text.

    Parameters
    ----------
    read
        The batch.
    n_done
        Points that are done in its folder.

    Examples
    --------
    >>> describe_batch.__name__  # run by tests/pipelines/test_batch.py
    'describe_batch'
    """
    kind = f"{read.method} over {len(read.keys)} keys" if read.keys else "a list of protocols"
    lines = [
        f"{len(read.points):,} points, {kind}; {len(read.to_run):,} different runs of "
        f"{_n_patients(read):,} patients in all; {n_done:,} points done"
    ]
    if read.keys:
        lines.append(_about_patients(read))
    lines += [f"point {point.number:>4}{_values(read, point)}" for point in read.points[:_N_SHOWN]]
    if len(read.points) > _N_SHOWN:
        lines.append(f"... and {len(read.points) - _N_SHOWN:,} more")
    return "\n".join(lines)


def _about_patients(read: "BatchFile") -> str:
    if read.has_common_patients:
        return (
            "Random numbers: the same in all points, so patients differ by the keys only; the "
            "luck of one cohort is in every point. Vary 'seed' as well to see it."
        )
    return "Random numbers: 'seed' is varied, so points differ by the luck of their cohort as well."


def describe_result(read: "BatchFile", result: "BatchResult", out: Path) -> str:
    """Return what a batch came to, as text.

    Parameters
    ----------
    read
        The batch.
    result
        What it came to.
    out
        Its folder.

    Examples
    --------
    >>> describe_result.__name__  # run by tests/pipelines/test_batch.py
    'describe_result'
    """
    n_failed = (result.tables["points"]["status"] == "failed").sum()
    lines = [
        f"{len(read.points) - n_failed:,} of {len(read.points):,} points done; "
        f"{result.n_computed:,} units computed, {result.n_reused:,} were there"
    ]
    if read.keys:
        lines.append(_about_patients(read))
    lines += [
        f"{out / 'tables' / f'{name}.parquet'}: {frame.height:,} rows"
        for name, frame in result.tables.items()
    ]
    return "\n".join(lines + _sensitivity_lines(read, result))


def _sensitivity_lines(read: "BatchFile", result: "BatchResult") -> list[str]:
    """Return the indices of the differences from control."""
    frame = result.tables.get("sensitivity")
    if frame is None or frame.is_empty():
        return []
    from pipelines.parameters import trial_codes

    protocol = read.points[0].protocol
    endpoint = protocol.primary_endpoint
    code = trial_codes(protocol).get(endpoint, endpoint)
    rows = frame.filter(source="contrasts", statistic="difference", endpoint=code).to_dicts()
    lines = [
        "",
        f"Sensitivity of the difference from control, {endpoint} (total index, 95 % interval):",
    ]
    for row in rows[: 2 * _N_SHOWN]:
        shown = row["reason"] or "no index"
        if row["total"] is not None:
            shown = f"{row['total']:.2f}"
            if row["total_low"] is not None:
                shown += f" ({row['total_low']:.2f} to {row['total_high']:.2f})"
        lines.append(f"{row['arm']}, {row['key']}: {shown}")
    return lines


def sensitivity_warnings(result: "BatchResult") -> list[str]:
    """Return what must be said of the indices of a batch before anybody relies on them.

    Parameters
    ----------
    result
        What the batch came to.

    Examples
    --------
    >>> from pipelines.batch import BatchResult
    >>> sensitivity_warnings(BatchResult(tables={}, failures={}, n_computed=0, n_reused=0))
    []
    """
    from pipelines.sensitivity import FEW

    frame = result.tables.get("sensitivity")
    if frame is None or frame.is_empty():
        return []
    warnings = []
    lacking = frame.filter(n=0).unique(["source", "variant", "arm", "endpoint", "statistic"])
    if not lacking.is_empty():
        names = sorted(set(lacking["endpoint"]))
        shown = ", ".join(names[:_N_NAMED])
        more = f" and {len(names) - _N_NAMED} more" if len(names) > _N_NAMED else ""
        warnings.append(
            f"sensitivity: {lacking.height} outcomes have no indices because some points do not "
            f"have them: {shown}{more}. Larger arms make rare events occur at every point; the "
            "column 'reason' says more."
        )
    n_samples = frame["n"].max()
    if isinstance(n_samples, int) and 0 < n_samples < FEW:
        warnings.append(
            f"sensitivity: {n_samples} whole samples; bootstrap intervals from fewer than {FEW} "
            "are rough. Raise 'samples': a larger design begins with the points that are done."
        )
    return warnings
