"""A single-blind lead-in on placebo: who gets better in it is not randomised.

Everybody takes placebo before the baseline, and knows no better. Whoever improves by a share of the
score, or no longer meets the entry criterion, is dropped, and a new candidate takes the place. What
is left of the improvement on placebo comes after the baseline. `cohort.outcomes.course` enters
here. Imports `cohort.conditions`, `cohort.population` and `cohort.scales`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cohort.conditions import Condition
from cohort.errors import CohortError
from cohort.outcomes.severity import placebo_improvement
from cohort.population.draws import normals
from cohort.scales import load_scale, score

__all__ = ["Entered", "PlaceboLeadIn", "candidate_seed", "pass_lead_in"]

Floats = NDArray[np.float64]

_MOST_CANDIDATES: Final = 200
# odd, so that a multiple of it meets each seed once; the fractional part of the golden ratio
_NEXT_SEED: Final = 0x9E3779B97F4A7C15
_N_SEED: Final = 1 << 64


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceboLeadIn:
    """Say how long placebo is taken before the baseline, and who is dropped.

    Parameters
    ----------
    days
        Length [d].
    drop_fall
        Share of the score above its minimum [1] by which a candidate must not fall; None for any.
    entry_again
        Whether the entry criterion must hold at its end as well.

    Examples
    --------
    >>> PlaceboLeadIn(days=7.0, drop_fall=0.2).entry_again
    True
    """

    days: float
    drop_fall: float | None = None
    entry_again: bool = True


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Entered:
    """Hold the patients who are randomised.

    Parameters
    ----------
    screened
        Latent severity when they came to the trial [points], shape ``(n_lane,)``.
    baseline
        Latent severity at baseline [points].
    placebo
        Standard normal number of the response to placebo.
    dropped
        How many candidates had the place before and were dropped in the lead-in, int64.

    Examples
    --------
    >>> one = np.ones(1)
    >>> Entered(screened=one, baseline=one, placebo=one, dropped=np.zeros(1, np.int64)).dropped
    array([0])
    """

    screened: Floats
    baseline: Floats
    placebo: Floats
    dropped: NDArray[np.int64]


def candidate_seed(seed: int, candidate: int) -> int:
    """Return the seed of the luck of one of the candidates of a place.

    Parameters
    ----------
    seed
        Seed of the trial.
    candidate
        Number of the candidate, from 0; the first has the seed of the trial.

    Returns
    -------
    Seed.

    Examples
    --------
    >>> candidate_seed(7, 0), candidate_seed(7, 1) != candidate_seed(7, 2)
    (7, True)
    """
    return (seed + candidate * _NEXT_SEED) % _N_SEED


def pass_lead_in(
    patient_ids: NDArray[np.int64],
    seed: int,
    condition: Condition,
    lead_in: PlaceboLeadIn | None,
    screen: Callable[[NDArray[np.int64], int], Floats],
    drift: Callable[[NDArray[np.int64], int], Floats],
) -> Entered:
    """Draw who is randomised.

    Parameters
    ----------
    patient_ids
        Places, shape ``(n_lane,)``.
    seed
        Seed of the trial.
    condition
        Entry criterion and course on placebo.
    lead_in
        The lead-in; None if the trial has none.
    screen, drift
        Latent severity [points] of those who pass the screening, and their untreated drift
        [points/d], each of ids and seed.

    Returns
    -------
    The first candidate of each place who stays. Without a lead-in the first is.

    Raises
    ------
    CohortError
        If a place stays empty.

    Notes
    -----
    Rated at both ends of the lead-in, each time anew: the rating that lets a candidate stay is not
    the one that the baseline shows.

    Examples
    --------
    >>> from cohort.conditions import load_condition
    >>> entered = pass_lead_in(
    ...     np.array([1, 2]),
    ...     7,
    ...     load_condition("major_depression"),
    ...     None,
    ...     lambda ids, seed: np.full(len(ids), 22.0),
    ...     lambda ids, seed: np.zeros(len(ids)),
    ... )
    >>> entered.baseline.tolist(), entered.dropped.tolist()
    ([22.0, 22.0], [0, 0])
    """
    screened = screen(patient_ids, seed)
    placebo = normals(seed, patient_ids, "placebo response")
    dropped = np.zeros(len(patient_ids), np.int64)
    if lead_in is None:
        return Entered(screened=screened, baseline=screened, placebo=placebo, dropped=dropped)
    baseline = np.full(len(patient_ids), np.nan)
    gain = float(placebo_improvement(condition.placebo, np.array([lead_in.days]))[0])
    spread = condition.placebo.patient_sd.number("1")
    for candidate in range(_MOST_CANDIDATES):
        waiting = np.flatnonzero(np.isnan(baseline))
        if not len(waiting):
            return Entered(screened=screened, baseline=baseline, placebo=placebo, dropped=dropped)
        ids, own_seed = patient_ids[waiting], candidate_seed(seed, candidate)
        screened[waiting] = screen(ids, own_seed)
        placebo[waiting] = normals(own_seed, ids, "placebo response")
        improved = (1.0 + spread * placebo[waiting]) * gain
        after = np.maximum(screened[waiting] + lead_in.days * drift(ids, own_seed) - improved, 0.0)
        stays = _stays(ids, own_seed, condition, lead_in, (screened[waiting], after))
        baseline[waiting[stays]] = after[stays]
        dropped[waiting[~stays]] += 1
    raise CohortError(
        f"lead_in: {_MOST_CANDIDATES} candidates of one place were dropped in it; most should "
        "stay. Raise 'drop_if_improved', shorten it, or lower the entry criterion."
    )


def _stays(
    ids: NDArray[np.int64],
    seed: int,
    condition: Condition,
    lead_in: PlaceboLeadIn,
    severities: tuple[Floats, Floats],
) -> NDArray[np.bool_]:
    """Return who is randomised after the lead-in, by the ratings at its start and its end."""
    scale = load_scale(condition.entry.scale, condition.severity.scale)
    start, end = (
        score(scale, severity, normals(seed, ids, "lead-in rating", draw))
        for draw, severity in enumerate(severities)
    )
    stays: NDArray[np.bool_] = np.ones(len(ids), np.bool_)
    if lead_in.entry_again:
        stays &= end >= condition.entry.at_least.number("1")
    if lead_in.drop_fall is not None:
        # a fall of no points is none, also of a patient at the minimum
        least = lead_in.drop_fall * (start - scale.minimum)
        stays &= (start - end < least) | (start <= end)
    return stays
