"""How raters turn a latent severity into the scores of a trial.

`rate` draws the ratings of one visit: by plain noise or item by item, by raters of whom some are
lenient and some strict. `entry_ratings` is the screening that lets patients in, by the same raters,
who may round up what falls short. `cohort.outcomes.course` starts with those let in,
`cohort.tables` rates at the visits. May import `cohort.scales`, `cohort.conditions` and
`cohort.population.draws`.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cohort.conditions import Condition
from cohort.errors import CohortError, RangeError
from cohort.population.draws import normals, uniforms
from cohort.scales import Scale, load_scale, score, score_items

__all__ = ["RatingRules", "entry_ratings", "rate", "visit_ratings"]

Floats = NDArray[np.float64]

_MOST_SCREENINGS: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingRules:
    """Say how a trial takes its scores.

    Parameters
    ----------
    by_items
        Whether a score of a scale with items is their sum; else noise is normal and rounded.
    n_rater
        Raters among whom the patients are shared out; 0 for raters who are all alike.
    rater_sd
        Standard deviation between raters over the noise of one rating [1].
    entry_inflation
        Points below the entry criterion from which a screening score is still written down as
        meeting it [points].
    entry_is_baseline
        Whether the score that let a patient in is also the baseline score on that scale.

    Raises
    ------
    RangeError
        If a number is negative.

    Examples
    --------
    >>> RatingRules().by_items
    False
    """

    by_items: bool = False
    n_rater: int = 0
    rater_sd: float = 0.0
    entry_inflation: float = 0.0
    entry_is_baseline: bool = False

    def __post_init__(self) -> None:
        for name in ("n_rater", "rater_sd", "entry_inflation"):
            value = getattr(self, name)
            if not 0.0 <= value < float("inf"):
                raise RangeError(
                    f"rating rules, {name}: {value:g} was given; a number not below 0 is allowed. "
                    "Change it."
                )


def rate(
    scale: Scale,
    severity: Floats,
    rules: RatingRules,
    seed: int,
    patient_ids: NDArray[np.int64],
    purpose: str,
    draw: int = 0,
) -> Floats:
    """Return the scores of one visit.

    Parameters
    ----------
    scale
        The scale, as it reads the severity.
    severity
        Latent severity [points of ``scale.latent``, above its minimum], shape ``(n_lane,)``.
    rules
        How the trial takes its scores.
    seed
        Seed of the trial.
    patient_ids
        Shape ``(n_lane,)``.
    purpose, draw
        What is rated, and the how many-th time.

    Returns
    -------
    Scores, shape ``(n_lane,)``; NaN where severity is NaN.

    Notes
    -----
    A rater's leniency moves what is rated, before noise, by the same number of noise standard
    deviations on every scale and at every visit; self-reports have no rater.

    Examples
    --------
    >>> scale, ids = load_scale("MADRS"), np.arange(1, 4)
    >>> rate(scale, np.zeros(3), RatingRules(by_items=True), 7, ids, "rating: MADRS").tolist()
    [0.0, 0.0, 0.0]
    """
    seen = severity
    if rules.n_rater and not scale.self_report:
        points = scale.noise_sd.number("1") * _leniency(rules, seed, patient_ids)
        seen = severity + points / scale.loading.number("1")
    if rules.by_items and scale.items is not None:
        names = [f"{purpose}: item {item}" for item in range(len(scale.items.highest))]
        chances = np.array([uniforms(seed, patient_ids, name, draw) for name in names])
        return score_items(scale, seen, chances)
    return score(scale, seen, normals(seed, patient_ids, purpose, draw))


def _leniency(rules: RatingRules, seed: int, patient_ids: NDArray[np.int64]) -> Floats:
    """Return how much more each patient's rater sees, in noise SDs, shape ``(n_lane,)``."""
    place = uniforms(seed, patient_ids, "rater of the patient")
    rater = np.floor(place * rules.n_rater).astype(np.int64)
    return rules.rater_sd * normals(seed, rater, "leniency of the rater")


def entry_ratings(
    patient_ids: NDArray[np.int64],
    seed: int,
    condition: Condition,
    rules: RatingRules | None = None,
) -> tuple[Floats, Floats]:
    """Screen candidates until one is let in for every patient.

    Parameters
    ----------
    patient_ids
        Shape ``(n_lane,)``.
    seed
        Seed of the trial.
    condition
        Severity and entry criterion.
    rules
        How the trial takes its scores; plain noise if left out.

    Returns
    -------
    Severity at entry [points of the condition's scale] and the score that let them in, each of
    shape ``(n_lane,)``.

    Raises
    ------
    CohortError
        If the entry criterion refuses a patient too often.

    Examples
    --------
    >>> from cohort.conditions import load_condition
    >>> _, rated = entry_ratings(np.arange(200), 7, load_condition("major_depression"))
    >>> float(rated.min())
    22.0
    """
    rules = RatingRules() if rules is None else rules
    scale = load_scale(condition.entry.scale, condition.severity.scale)
    lowest = condition.entry.at_least.number("1")
    mean = condition.severity.baseline_mean.number("1")
    spread = condition.severity.baseline_sd.number("1")
    baseline = np.full(len(patient_ids), np.nan)
    entered = np.full(len(patient_ids), np.nan)
    for screening in range(_MOST_SCREENINGS):
        waiting = np.flatnonzero(np.isnan(baseline))
        if not len(waiting):
            return baseline, entered
        ids = patient_ids[waiting]
        latent = mean + spread * normals(seed, ids, "baseline severity", screening)
        rated = rate(scale, latent, rules, seed, ids, "screening rating", screening)
        admitted = rated >= lowest - rules.entry_inflation
        baseline[waiting[admitted]] = latent[admitted]
        entered[waiting[admitted]] = np.maximum(rated[admitted], lowest)
    raise CohortError(
        f"condition '{condition.name}', entry: {scale.name} of {lowest:g} or more was missed "
        f"{_MOST_SCREENINGS} times by one patient; most patients should meet it. Lower the "
        "criterion or raise severity.baseline_mean."
    )


def visit_ratings(
    patient_ids: NDArray[np.int64],
    seed: int,
    condition: Condition,
    rules: RatingRules,
    endpoint: str,
    severity: Floats,
    day: int,
) -> Floats:
    """Return what is written down on one day, whoever comes.

    Parameters
    ----------
    patient_ids
        Shape ``(n_lane,)``.
    seed
        Seed of the trial.
    condition
        The condition, whose severity the scale reads.
    rules
        How the trial takes its scores.
    endpoint
        Name of the scale.
    severity
        Latent severity on that day [points of the condition's scale], shape ``(n_lane,)``.
    day
        Days since the first dose [d].

    Returns
    -------
    Scores, shape ``(n_lane,)``; the same wherever they are asked for.

    Examples
    --------
    >>> from cohort.conditions import load_condition
    >>> condition, severity = load_condition("major_depression"), np.full(3, 22.0)
    >>> visit_ratings(np.arange(3), 7, condition, RatingRules(), "HAMD17", severity, 0).shape
    (3,)
    """
    if day == 0 and rules.entry_is_baseline and endpoint == condition.entry.scale:
        return entry_ratings(patient_ids, seed, condition, rules)[1]
    scale = load_scale(endpoint, condition.severity.scale)
    return rate(scale, severity, rules, seed, patient_ids, f"rating: {endpoint}", day)
