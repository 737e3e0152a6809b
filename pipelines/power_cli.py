"""The command `cohort power`: how often trials of a design succeed, and how large they must be.

Libraries are imported inside the command, as in `pipelines.cli`, so that help is quick.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli_errors import EXIT_BAD_INPUT, EXIT_FAILED, answer, complain

if TYPE_CHECKING:
    from pipelines.power import Power, PowerRequest

__all__ = ["describe_power", "power"]


def power(
    protocol: Annotated[
        str, typer.Argument(metavar="PROTOCOL", help="A packaged protocol or a YAML file.")
    ],
    replicates: Annotated[int, typer.Option("--replicates", help="Trials that are drawn.")] = 2000,
    pool: Annotated[
        int, typer.Option("--pool", help="Patients that are simulated in every arm.")
    ] = 2000,
    sizes: Annotated[
        str,
        typer.Option(
            "--sizes", help="Patients an arm, as 50,100,150; the protocol's, half and twice."
        ),
    ] = "",
    target: Annotated[
        float, typer.Option("--target", help="Power for which the size is wanted.")
    ] = 0.9,
    assurance: Annotated[
        bool,
        typer.Option(
            "--assurance", help="Average over what is not known and what differs between trials."
        ),
    ] = False,
    relevant: Annotated[
        float,
        typer.Option(
            "--relevant", help="Points over control that are enough, when a dose is looked for."
        ),
    ] = 2.0,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for the tables; none are written without.")
    ] = None,
    device: Annotated[str, typer.Option("--device", help="As of 'cohort run'.")] = "auto",
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress.")] = False,
) -> None:
    """Say how often trials of a design succeed, and how many patients a power needs.

    Examples
    --------
    >>> power.__name__
    'power'
    """
    with answer(otherwise=EXIT_BAD_INPUT):
        from cohort.trial import load_protocol
        from pipelines.power import PowerRequest, power_of
        from pipelines.trial_warnings import refuse_of_a_file

        trial = load_protocol(protocol)
        refuse_of_a_file(trial, "cohort power")
        request = PowerRequest(
            protocol=trial,
            replicates=replicates,
            pool=pool,
            sizes=_sizes(sizes),
            target=target,
            with_assurance=assurance,
            relevant=relevant,
            device=device,
        )
        request.checked_sizes()
    with answer(otherwise=EXIT_FAILED):

        def report(done: int, n: int) -> None:
            if not quiet:
                complain(f"{done} of {n} replicates")

        found = power_of(request, report)
        if out is not None:
            found.write(out)
    print(describe_power(found, request))


def _sizes(text: str) -> tuple[int, ...]:
    from pipelines.errors import InputError

    found = []
    for part in filter(None, (one.strip() for one in text.split(","))):
        if not part.isdecimal():
            raise InputError(
                f"--sizes: '{part}'; whole numbers with commas between them are allowed. Write "
                "for example --sizes 50,100,150."
            )
        found.append(int(part))
    return tuple(found)


def describe_power(found: "Power", request: "PowerRequest") -> str:
    """Return the table that the command prints.

    Parameters
    ----------
    found
        Power of the design.
    request
        What was asked for.

    Returns
    -------
    Text.

    Examples
    --------
    >>> describe_power.__name__  # run by tests/pipelines/test_power.py
    'describe_power'
    """
    from cohort.trial import Analysis

    analysis = request.protocol.analysis or Analysis()
    looks = ", ".join(f"{100 * share:g} %" for share in analysis.plan.fractions)
    what = "Assurance" if request.with_assurance else "Power"
    lines = [
        f"{request.protocol.name}, {request.protocol.primary_endpoint}: {what.lower()} over "
        f"{request.replicates:,} replicates from {request.pool:,} simulated patients",
        f"success: better than {request.protocol.control.name} at a two-sided level of "
        f"{analysis.alpha:g}; {analysis.estimand.replace('_', ' ')}, {analysis.missing_data}, "
        f"multiplicity {analysis.multiplicity.replace('_', ' ')}, looks at {looks}",
        "",
        f"{'':24}{'patients an arm':>16}{what.lower():>12}{'95 % interval':>20}{'difference':>12}",
    ]
    for row in found.table.sort("arm", "patients_per_arm", maintain_order=True).to_dicts():
        span = f"{100 * row['power_low']:.1f} to {100 * row['power_high']:.1f}"
        shown = "" if row["mean_estimate"] is None else f"{row['mean_estimate']:.2f}"
        lines.append(
            f"{row['arm']:24}{row['patients_per_arm']:>16,}{100 * row['power']:>10.1f} %"
            f"{span:>20}{shown:>12}"
        )
    lines += ["", f"Patients an arm for {100 * request.target:g} % (Monte Carlo 95 % interval):"]
    for row in found.required.to_dicts():
        if row["patients_per_arm"] is None:
            lines.append(f"{row['arm']:24}none: {row['note']}")
            continue
        high = "any number" if row["high"] is None else f"{row['high']:,}"
        note = f" ({row['note']})" if row["note"] else ""
        lines.append(f"{row['arm']:24}{row['patients_per_arm']:,} ({row['low']:,} to {high}){note}")
    return "\n".join(lines + _dose_lines(found))


def _dose_lines(found: "Power") -> list[str]:
    """Return what MCP-Mod found, where a drug has several doses."""
    if found.dose_finding is None:
        return []
    lines = ["", "Dose response by MCP-Mod (one-sided at half the level):"]
    for row in found.dose_finding.to_dicts():
        lines.append(
            f"{row['drug']} {row['doses_mg']} mg, {row['patients_per_arm']:,} an arm: shown in "
            f"{100 * row['power']:.1f} % ({100 * row['power_low']:.1f} to "
            f"{100 * row['power_high']:.1f})"
        )
        if row["dose_median_mg"] is not None:
            lines[-1] += (
                f"; {row['relevant_points']:g} points at {row['dose_median_mg']:.3g} mg "
                f"({row['dose_q1_mg']:.3g} to {row['dose_q3_mg']:.3g}, quartiles), reached in "
                f"{100 * row['finds_dose']:.0f} % of them"
            )
    return lines
