"""The command `cohort calibrate`: fit the weights of a link, and say how well they are known.

Libraries are imported inside the command, as in `pipelines.cli`, so that help is quick.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli_errors import EXIT_FAILED, answer

if TYPE_CHECKING:
    from pipelines.calibrate import Fit
    from pipelines.calibration_plan import CalibrationPlan

__all__ = ["calibrate", "describe_fit"]

TrialNames = Annotated[
    list[str] | None,
    typer.Option(
        "--leave-out-trial",
        help="A trial of the plan to judge instead; in place of those that the plan holds out. "
        "Again for more.",
    ),
]
DrugNames = Annotated[
    list[str] | None,
    typer.Option("--leave-out-drug", help="A drug to judge instead. Again for more."),
]


def calibrate(
    plan: Annotated[
        str, typer.Argument(metavar="PLAN", help="A packaged calibration plan or a YAML file.")
    ],
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for fitted.yaml and contrasts.parquet.")
    ] = None,
    patients: Annotated[
        int | None, typer.Option("--patients", min=8, help="Instead of the number of the plan.")
    ] = None,
    leave_out_trial: TrialNames = None,
    leave_out_drug: DrugNames = None,
    cache: Annotated[
        Path | None, typer.Option("--cache", help="Folder that keeps the simulated patients.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="Processes; one a core if left out.")
    ] = None,
    device: Annotated[str, typer.Option("--device", help="As of 'cohort run'.")] = "auto",
) -> None:
    """Fit the weights of a link to the published contrasts of a calibration plan.

    Examples
    --------
    >>> calibrate.__name__
    'calibrate'
    """
    with answer(otherwise=EXIT_FAILED):
        import os

        from pipelines.calibrate import fit, write_fit
        from pipelines.calibration_plan import load_plan

        chosen = load_plan(plan)
        if patients is not None:
            chosen = chosen.model_copy(update={"patients": patients})
        found = fit(
            chosen,
            leave_out_trials=leave_out_trial,
            leave_out_drugs=leave_out_drug or (),
            workers=workers or os.cpu_count() or 1,
            device=device,
            cache_folder=cache,
        )
        print(describe_fit(chosen, found))
        if out is not None:
            for path in write_fit(found, out):
                print(f"wrote {path}")


def describe_fit(plan: "CalibrationPlan", found: "Fit") -> str:
    """Return a fit in words and tables, for people.

    Parameters
    ----------
    plan
        The plan.
    found
        Its fit.

    Returns
    -------
    Text of several lines.

    Examples
    --------
    >>> describe_fit.__name__
    'describe_fit'
    """
    link = found.link
    free = link.n_row - len(link.weights)
    lines = [
        f"{plan.title}: {link.n_row} contrasts, {len(link.weights)} weights, {link.patients} "
        f"patients, seed {link.seed}",
        "",
        f"{'reading':30s}{'weight':>8s}{'SE':>8s}  prior        shrinkage  correlations",
    ]
    for i, ((name, weight), error) in enumerate(
        zip(link.weights.items(), link.standard_errors.values(), strict=True)
    ):
        prior = plan.weights[name]
        mean, spread = prior.sign * prior.mean.number("1"), prior.sd.number("1")
        others = " ".join(f"{value:+.2f}" for value in found.correlation[i, :i])
        lines.append(
            f"{name:30s}{weight:8.3f}{error:8.3f}  {mean:+.2f} ({spread:.2f})  "
            f"{found.shrinkage[i]:9.2f}  {others}".rstrip()
        )
    lines += [
        "",
        f"chi2 {link.chi2:.1f} on {free} degrees of freedom; beyond sampling error "
        f"{link.heterogeneity:.3f} (SD of a contrast)",
        f"condition number {found.condition_number:.0f}, of the data alone "
        f"{found.without_prior:.3g}",
    ]
    for title, rows, values in (
        ("fitted", found.rows, found.predicted),
        ("left out", found.judged, found.forecast),
    ):
        if not rows:
            continue
        lines += ["", f"{title:44s}{'published':>10s}{'SE':>7s}{'model':>8s}{'off [SE]':>10s}"]
        for row, value in zip(rows, values.tolist(), strict=True):
            lines.append(
                f"{row.trial + ': ' + row.label:44s}{row.value:10.2f}{row.se:7.2f}{value:8.2f}"
                f"{(value - row.value) / row.se:10.1f}"
            )
    return "\n".join(lines)
