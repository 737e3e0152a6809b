"""The command `cohort calibrate`: fit the weights of a link, and say how well they are known.

Libraries are imported inside the command, as in `pipelines.cli`, so that help is quick.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli_errors import EXIT_BAD_INPUT, EXIT_FAILED, answer

if TYPE_CHECKING:
    from cohort.calibration import FittedLink
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
    with answer(otherwise=EXIT_BAD_INPUT):
        from pipelines.calibration_plan import load_plan

        chosen = load_plan(plan)
    with answer(otherwise=EXIT_FAILED):
        import os

        from pipelines.calibrate import fit, write_fit

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
    from cohort.trial.quantities import write_span

    link = found.link
    free = link.n_row - plan.n_parameter
    lines = [
        f"{plan.title}: {link.n_row} contrasts, {plan.n_parameter} fitted, {link.patients} "
        f"patients, seed {link.seed}",
        "",
        f"{'reading':30s}{'weight':>8s}{'SE':>8s}",
    ]
    lines += [
        f"{name:30s}{weight:8.3f}{link.standard_errors[name]:8.3f}"
        for name, weight in link.weights.items()
    ]
    names = list(link.weights) if plan.common_factor is None else ["common factor"]
    lines += ["", f"{'fitted':30s}{'value':>8s}{'SE':>8s}  prior        shrinkage  correlations"]
    for i, name in enumerate(names):
        mean, spread = plan.prior[0][i], plan.prior[1][i]
        others = " ".join(f"{value:+.2f}" for value in found.correlation[i, :i])
        lines.append(
            f"{name:30s}{found.numbers[i]:8.3f}{found.errors[i]:8.3f}  {mean:+.2f} ({spread:.2f})  "
            f"{found.shrinkage[i]:9.2f}  {others}".rstrip()
        )
    lines += [
        "",
        f"chi2 {link.chi2:.1f} on {free} degrees of freedom with sampling errors alone",
        _spread_words(link),
        f"beyond that {link.heterogeneity:.3f} (SD of a contrast); over the mean contrast "
        f"{link.trial_sd:.3f}, SD between trials",
        f"condition number {found.condition_number:.0f}, of the data alone "
        f"{found.without_prior:.3g}",
    ]
    for title, rows, values in (
        ("fitted", found.rows, found.predicted),
        ("left out", found.judged, found.forecast),
    ):
        if not rows:
            continue
        lines += ["", f"{title:48s}{'published':>10s}{'SE':>7s}{'model':>8s}{'off [SE]':>10s}"]
        for row, value in zip(rows, values.tolist(), strict=True):
            lines.append(
                f"{f'{row.trial}: {row.label}, {write_span(row.at)}':48s}{row.value:10.2f}"
                f"{row.se:7.2f}{value:8.2f}"
                f"{(value - row.value) / row.se:10.1f}"
            )
    return "\n".join(lines)


def _spread_words(link: "FittedLink") -> str:
    """Return the SD between drugs in words."""
    words = f"SD between drugs {link.drug_sd:.3f} of the benefit; drugs compared: {link.n_drug}"
    if link.drug_sd_from:
        return f"{words}, too few, borrowed from {link.drug_sd_from}"
    error = "" if link.drug_sd_se is None else f", SE {link.drug_sd_se:.3f}"
    interval = link.drug_sd_interval
    if interval is not None:
        error += f", 95 % interval {interval[0]:.3f} to {interval[1]:.3f} (profile likelihood)"
    return words + error
