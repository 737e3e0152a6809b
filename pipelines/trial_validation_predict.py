"""Predictive draws of published values: replicates of a trial at its own size.

1. pools: the bodies of the trial in every arm (`cohort.replicate.simulate_pool`)
2. replicates with the link of each cell, trial effects, and patients of their own
3. every published value of every replicate

Trial effects and luck are the same in every way of leaving out: what differs is the link.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from cohort.conditions import Condition
from cohort.replicate import (
    Pool,
    ReplicateArm,
    TrialSpread,
    iterate_replicates,
    join_arms,
    merge_pools,
    simulate_pool,
    summarize_arm,
)
from cohort.trial import AS_PLANNED, Protocol
from pipelines.trial_validation_fits import JudgingLink
from pipelines.trial_validation_values import Cell, PublishedValue

__all__ = ["CellDraws", "cell_drugs", "cell_pool", "predict", "trial_spread", "variance_shares"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CellDraws:
    """Hold the predictive draws of one published value.

    Parameters
    ----------
    draws
        Of the value, in its unit, shape ``(n_replicate,)``.
    mean_change, sd
        Mean change and SD of what is standardised (change, end score, or percent of baseline) of
        each replicate, same shape; NaN for values that are no scores.

    Examples
    --------
    >>> CellDraws(draws=np.zeros(2), mean_change=np.zeros(2), sd=np.ones(2)).draws.shape
    (2,)
    """

    draws: Floats
    mean_change: Floats
    sd: Floats


def cell_pool(
    protocol: Protocol, cells: Sequence[Cell], patients: int, *, device: str = "auto"
) -> Pool:
    """Simulate the bodies of every cell of a trial.

    Parameters
    ----------
    protocol
        The trial.
    cells
        Arms in variants.
    patients
        Number of bodies.
    device
        As in `kernels.integrate`.

    Returns
    -------
    Pool with one arm a cell, by its label.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> cells = [Cell(arm="placebo", variant="", patients=127)]
    >>> tuple(cell_pool(load_protocol("sct-md-01"), cells, 2).drivers)
    ('placebo (127)',)
    """
    first = protocol.variants[0].name if protocol.variants else AS_PLANNED.name
    pools: dict[str, Pool] = {}
    for variant in dict.fromkeys(cell.variant for cell in cells):
        arms = tuple(dict.fromkeys(cell.arm for cell in cells if cell.variant == variant))
        pools[variant] = simulate_pool(
            protocol, patients, arms=arms, variant=variant or first, device=device
        )
    return merge_pools({cell.label: (pools[cell.variant], cell.arm) for cell in cells})


def cell_drugs(protocol: Protocol, cell: Cell) -> tuple[str, ...]:
    """Return the drugs of a cell, sorted; what all arms take beside them is not among them.

    Parameters
    ----------
    protocol
        The trial.
    cell
        An arm in a variant.

    Returns
    -------
    Names.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> cell = Cell(arm="escitalopram 10 mg", variant="", patients=124)
    >>> cell_drugs(load_protocol("sct-md-01"), cell)
    ('escitalopram',)
    """
    return tuple(sorted({regimen.drug for regimen in protocol.arm(cell.arm).regimens}))


def trial_spread(condition: Condition, link: JudgingLink, drugs: Sequence[str] = ()) -> TrialSpread:
    """Return how trials of a condition differ, with the draws of a link.

    Parameters
    ----------
    condition
        The patient group of the trial.
    link
        Draws of its weights.
    drugs
        Drugs of the arm that it is for.

    Returns
    -------
    Between-trial spreads as declared, weights as drawn, one residual a drug.

    Examples
    --------
    >>> from cohort.conditions import load_condition
    >>> link = JudgingLink(weights={}, trial_sd=0.1, drug_sd=0.3, rows=(), note="")
    >>> trial_spread(load_condition("adhd"), link).placebo_sd
    2.0
    """
    dropout = condition.dropout
    leave, adverse = dropout.trial_sd_log, dropout.adverse_trial_sd_log
    return TrialSpread(
        placebo_sd=condition.placebo.trial_sd.number("1"),
        benefit_sd=link.trial_sd,
        drug_sd=link.drug_sd,
        drugs=tuple(drugs),
        dropout_sd_log=0.0 if leave is None else leave.number("1"),
        adverse_dropout_sd_log=0.0 if adverse is None else adverse.number("1"),
        weights=link.weights,
    )


def predict(
    pool: Pool,
    values: Sequence[PublishedValue],
    links: Mapping[str, JudgingLink],
    n: int,
    seed: int,
    cells: Sequence[Cell] = (),
) -> list[CellDraws]:
    """Return the predictive draws of published values.

    Parameters
    ----------
    pool
        Bodies by cell.
    values
        Published values of one trial.
    links
        Link of each cell, by its label.
    n, seed
        Of the replicates.
    cells
        All cells of the trial, where the values are of some: patients are the same either way.

    Returns
    -------
    Draws in the order of the values.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> from pipelines.trial_validation_values import published_values
    >>> trial = load_protocol("sct-md-01")
    >>> value = published_values(trial)[0]
    >>> pool = cell_pool(trial, [value.cell], 3)
    >>> link = JudgingLink(weights={}, trial_sd=0.0, drug_sd=0.0, rows=(), note="")
    >>> predict(pool, [value], {value.cell.label: link}, n=4, seed=1)[0].draws.shape
    (4,)
    """
    every = cells or tuple(dict.fromkeys(value.cell for value in values))
    spreads = {
        cell.label: trial_spread(pool.condition, links[cell.label], cell_drugs(pool.protocol, cell))
        for cell in every
    }
    asked = {value.cell.label for value in values}
    scales = tuple(dict.fromkeys(value.scale for value in values if value.scale))
    scales = scales or (pool.protocol.primary_endpoint,)
    sizes = {cell.label: cell.patients for cell in every}
    questions = {_question(value, scales[0]): value for value in values}
    parts: dict[object, list[ReplicateArm]] = {key: [] for key in questions}
    for chunk in iterate_replicates(
        pool, sizes, n, seed, spreads, endpoints=scales, followed=asked
    ):
        for key, value in questions.items():
            rule = {value.outcome: value.rule}
            parts[key].append(
                summarize_arm(
                    chunk.arms[value.cell.label],
                    chunk.n_replicate,
                    value.scale or scales[0],
                    value.visit,
                    response=rule.get("response"),
                    remission=rule.get("remission"),
                    observed_only=value.observed_only and value.outcome == "score",
                )
            )
    arms = {key: join_arms(found) for key, found in parts.items()}
    return [_draws(value, arms[_question(value, scales[0])]) for value in values]


def _question(value: PublishedValue, scale: str) -> tuple[object, ...]:
    rule = value.rule if value.outcome in ("response", "remission") else None
    observed = value.observed_only and value.outcome == "score"
    what = value.outcome if rule is not None else ""
    said = None if rule is None else rule.model_dump_json()
    return value.cell.label, value.scale or scale, value.visit, observed, what, said


def _draws(value: PublishedValue, arm: ReplicateArm) -> CellDraws:
    nothing = np.full(len(arm.n_randomized), np.nan)
    if value.outcome != "score":
        counts = {
            "response": arm.responders,
            "remission": arm.remitters,
            "dropout": arm.dropouts,
            "dropout_adverse_event": arm.dropouts_adverse_event,
            **{f"event: {name}": count for name, count in arm.events.items()},
        }[value.outcome]
        total = arm.n_analyzed if value.analyzed_only else arm.n_randomized
        return CellDraws(draws=counts / total, mean_change=nothing, sd=nothing)
    percent = 100.0 / arm.mean_baseline
    by_statistic = {
        "change": (arm.mean_change, arm.sd_change),
        "end": (arm.mean_end, arm.sd_end),
        "percent": (percent * arm.mean_change, percent * arm.sd_change),
    }
    draws, sd = by_statistic[value.statistic]
    return CellDraws(draws=draws, mean_change=arm.mean_change, sd=sd)


def variance_shares(
    draws: Floats,
    effects: Mapping[str, Floats],
    residuals: Mapping[str, Floats],
    weights: Mapping[str, Floats],
) -> tuple[float, float, float, float]:
    """Return the variance of draws from sampling, between trials, drugs, and from parameters.

    Parameters
    ----------
    draws
        Predictive draws, shape ``(n_replicate,)``.
    effects
        Trial effects of each replicate, by name, same shape.
    residuals
        Residuals of the drugs of each replicate, by name, same shape.
    weights
        Draws of the parameters, by name, same shape.

    Returns
    -------
    Four variances in the squared unit of the draws: what a linear regression explains on the
    parameters, on the residuals of drugs besides, and on the trial effects besides, each adjusted
    for the number of regressors, and what is left.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> trial, drug, parameter, own = rng.normal(size=(4, 200_000))
    >>> draws = 2 * trial + 1.5 * drug + parameter + 3 * own
    >>> shares = variance_shares(draws, {"t": trial}, {"d": drug}, {"w": parameter})
    >>> [round(value, 1) for value in shares]
    [9.0, 4.0, 2.2, 1.0]
    """
    total = float(np.var(draws, ddof=1))
    without = [total]
    columns: dict[str, Floats] = {}
    for part in (weights, residuals, effects):
        columns |= part
        without.append(total - _explained(draws, columns))
    parameter, drug, between = (max(more - less, 0.0) for more, less in pairwise(without))
    return max(without[-1], 0.0), between, drug, parameter


def _explained(draws: Floats, columns: Mapping[str, Floats]) -> float:
    """Return the adjusted variance that columns explain."""
    used = [column for column in columns.values() if np.ptp(column) > 0.0]
    if not used:
        return 0.0
    design = np.column_stack([np.ones(len(draws)), *used])
    fit, *_ = np.linalg.lstsq(design, draws, rcond=None)
    left = draws - design @ fit
    return float(np.var(draws, ddof=1) - (left @ left) / (len(draws) - design.shape[1]))
