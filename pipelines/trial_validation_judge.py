"""Judge the predictive draws of one trial against its published values, one record a value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cohort.population.draws import normals, uniforms
from cohort.replicate import TrialSpread, drug_residuals
from pipelines.trial_scores import JointTest, crps, interval, is_inside, joint_test, pit
from pipelines.trial_validation_fits import JudgingLink
from pipelines.trial_validation_nulls import NULLS, null_constant, null_draws
from pipelines.trial_validation_predict import CellDraws, variance_shares
from pipelines.trial_validation_values import PublishedValue

__all__ = ["ABSOLUTE", "CONTRAST", "Record", "judge"]

Floats = NDArray[np.float64]
Record = dict[str, object]

ABSOLUTE: Final = "absolute"
CONTRAST: Final = "contrast"
_SCORE: Final = "score"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Case:
    """One number that is judged, absolute or contrast."""

    kind: str
    value: PublishedValue
    draws: Floats
    published: float
    unit: str
    is_primary: bool
    scale_of_null: float  # what one point of the condition's scale is in the unit of the contrast
    control: str = ""  # label of the cell that it is compared with


def judge(
    values: Sequence[PublishedValue],
    draws: Sequence[CellDraws],
    links: Mapping[str, JudgingLink],
    spread: TrialSpread,
    drugs: Mapping[str, Sequence[str]],
    seed: int,
) -> tuple[list[Record], JointTest | None]:
    """Judge the values of one trial.

    Parameters
    ----------
    values, draws
        Published values and their predictive draws.
    links
        Link of each cell, by its label.
    spread
        How its trials differ; only the effects of trials are read.
    drugs
        Drugs of each cell, by its label.
    seed
        Of the replicates.

    Returns
    -------
    One record for each absolute value and contrast, and the joint test of the primary contrasts of
    scores; None of none.

    Examples
    --------
    >>> judge([], [], {}, TrialSpread(), {}, seed=1)
    ([], None)
    """
    cases = [_absolute(value, one) for value, one in zip(values, draws, strict=True)]
    cases += _contrasts(values, draws)
    records = []
    for case in cases:
        label = case.value.cell.label
        control = drugs[case.control] if case.control else ()
        residuals = {
            " and ".join(taken): drug_residuals(taken, len(case.draws), seed)
            for taken in (drugs[label], control)
        }
        records.append(_record(case, links[label], spread, drugs[label], residuals, seed))
    together = [
        case
        for case in cases
        if case.kind == CONTRAST and case.value.outcome == _SCORE and case.is_primary
    ]
    if not together:
        return records, None
    joint = joint_test(
        np.array([case.draws for case in together]), np.array([case.published for case in together])
    )
    return records, joint


def _absolute(value: PublishedValue, one: CellDraws) -> _Case:
    points = {"change": "points", "end": "points", "percent": "%", "share": "1"}
    return _Case(
        kind=ABSOLUTE,
        value=value,
        draws=one.draws,
        published=value.value,
        unit=points[value.statistic],
        is_primary=value.is_primary,
        scale_of_null=np.nan,
    )


def _contrasts(values: Sequence[PublishedValue], draws: Sequence[CellDraws]) -> list[_Case]:
    controls = {
        _comparable(value): (value, one)
        for value, one in zip(values, draws, strict=True)
        if value.is_control
    }
    cases = []
    for value, one in zip(values, draws, strict=True):
        found = controls.get(_comparable(value))
        if value.is_control or found is None:
            continue
        control, reference = found
        difference, published = one.draws - reference.draws, value.value - control.value
        scale = np.nan
        if value.outcome == _SCORE:
            spread = np.sqrt(0.5 * (one.sd**2 + reference.sd**2))
            usual = float(np.mean(spread))
            if value.sd is not None and control.sd is not None:
                difference = difference / spread
                published /= float(np.sqrt(0.5 * (value.sd**2 + control.sd**2)))
            else:
                difference, published = difference / usual, published / usual
            scale = 1.0 / usual
        cases.append(
            _Case(
                kind=CONTRAST,
                value=value,
                draws=difference,
                published=published,
                unit="SD" if value.outcome == _SCORE else "1",
                is_primary=value.counts and control.counts and not value.seen,
                scale_of_null=scale,
                control=control.cell.label,
            )
        )
    return cases


def _comparable(value: PublishedValue) -> tuple[object, ...]:
    rule = None if value.rule is None else value.rule.model_dump_json()
    return value.visit, value.outcome, value.statistic, value.scale, value.pool, rule, value.mark


def _record(
    case: _Case,
    link: JudgingLink,
    spread: TrialSpread,
    drugs: Sequence[str],
    residuals: Mapping[str, Floats],
    seed: int,
) -> Record:
    value, draws = case.value, case.draws
    effects = spread.draws(seed, len(draws))
    own = {name: effects[name] for name in effects if name not in link.weights}
    between_drugs = residuals if link.drug_sd > 0.0 else {}
    shares = variance_shares(draws, own, between_drugs, link.weights)
    sampling, between, drug, parameter = shares
    tie = uniforms(seed, [0], f"tie: {case.kind} {_text(value)}")[0]
    low, high = {}, {}
    for level in (0.5, 0.95):
        low[level], high[level] = interval(draws, level)
    return {
        "trial": value.trial,
        "condition": value.condition,
        "arm": value.cell.arm,
        "variant": value.cell.variant,
        "pool": value.pool,
        "patients": value.cell.patients,
        "kind": case.kind,
        "outcome": value.outcome,
        "statistic": value.statistic,
        "scale": value.scale,
        "week": value.week,
        "unit": case.unit,
        "mark": value.mark,
        "seen": value.seen,
        "left_out": value.left_out if case.kind == ABSOLUTE else "",
        "is_primary": case.is_primary,
        "link": link.note,
        "is_fitted": bool(link.rows),
        "published": case.published,
        "mean": float(draws.mean()),
        "sd": float(draws.std(ddof=1)),
        "low_50": low[0.5],
        "high_50": high[0.5],
        "low_95": low[0.95],
        "high_95": high[0.95],
        "inside_50": is_inside(draws, case.published, 0.5),
        "inside_95": is_inside(draws, case.published, 0.95),
        "pit": pit(draws, case.published, float(tie)),
        "crps": crps(draws, case.published),
        "variance_sampling": sampling,
        "variance_between_trials": between,
        "variance_drug": drug,
        "variance_parameter": parameter,
        **_null_scores(
            case, link, drugs, {**link.weights, **between_drugs}, effects["benefit_factor"], seed
        ),
    }


def _null_scores(
    case: _Case,
    link: JudgingLink,
    drugs: Sequence[str],
    of_the_link: Mapping[str, Floats],
    benefit_factor: Floats,
    seed: int,
) -> dict[str, float | None]:
    """Return the CRPS of the null models, where there are any."""
    scores: dict[str, float | None] = {f"crps_{name.replace(' ', '_')}": None for name in NULLS}
    if case.kind != CONTRAST or case.value.outcome != _SCORE:
        return scores
    without_link = _residual(case.draws, of_the_link)
    # the spread of the benefit between trials is the link's too: other constants have their own
    without_benefit = _residual(case.draws, {**of_the_link, "benefit": benefit_factor})
    normal = normals(seed, np.arange(len(case.draws)), "null model")
    for name in NULLS:
        rows = [row for row in link.rows if row.measure in ("smd", "points")]
        constant = null_constant(name, rows, drugs)
        if constant is None:
            continue
        in_points = bool(rows) and rows[0].measure == "points"
        unit = case.scale_of_null if in_points else 1.0
        spread = without_link if name == NULLS[0] else without_benefit
        draws = null_draws(constant, spread, normal, unit)
        scores[f"crps_{name.replace(' ', '_')}"] = crps(draws, case.published)
    return scores


def _residual(draws: Floats, columns: Mapping[str, Floats]) -> Floats:
    """Return the draws without what columns explain, linearly; the mean stays."""
    used = [column for column in columns.values() if np.ptp(column) > 0.0]
    if not used:
        return draws
    centred = np.column_stack([column - column.mean() for column in used])
    slopes, *_ = np.linalg.lstsq(centred, draws - draws.mean(), rcond=None)
    left = draws - centred @ slopes
    # the regression takes a little of the rest along
    n, k = len(draws), centred.shape[1]
    widened: Floats = left.mean() + (left - left.mean()) * np.sqrt((n - 1) / (n - k - 1))
    return widened


def _text(value: PublishedValue) -> str:
    return f"{value.trial}/{value.cell.label}/{value.outcome}/{value.scale}/{value.week:g}"
