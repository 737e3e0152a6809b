"""Outcomes of one arm for chosen lanes of a pool, by the outcome layer of `cohort run`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from cohort.conditions import Condition
from cohort.conduct import at_visit, start_conduct
from cohort.errors import RangeError, ShapeError, UnknownNameError
from cohort.outcomes import TrialVariation, follow_days, load_adverse_event, start_course
from cohort.outcomes.course import REASONS, accustom, latent_by_day, multiply_withdrawal
from cohort.outcomes.event_records import EventRecords
from cohort.replicate.pool import Pool, days_of
from cohort.tables import rated_score
from cohort.trial.endpoints import rated_endpoints
from cohort.trial.events import trial_event_names
from cohort.trial.quantities import DAY_S
from cohort.trial.recruitment import placebo_lead_in
from cohort.trial.visits import visit_days

__all__ = ["ArmOutcomes", "follow_pool"]

Floats = NDArray[np.float64]
_ADVERSE = REASONS.index("ADVERSE EVENT")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ArmOutcomes:
    """Hold what happened to some patients of one arm.

    Parameters
    ----------
    luck_ids
        Whose luck each lane had, shape ``(n_lane,)``.
    visit_days
        Days of the visits since the first dose [d], shape ``(n_visit,)``.
    latent
        Severity [points of the condition's scale], also of those who had left, shape
        ``(n_visit, n_lane)``.
    scores
        Ratings by endpoint [points], as if everybody had come to every visit, same shape.
    present
        Whether the patient is seen at the visit, in the trial and not missing it, same shape.
    left_day, left_reason
        Day of discontinuation [d], NaN for none, and position in `cohort.outcomes.course.REASONS`.
    onset_day
        By adverse event, first day with it [d], NaN for none, shape ``(n_lane,)``.

    Examples
    --------
    >>> from cohort.replicate import simulate_pool
    >>> from cohort.trial import load_protocol
    >>> pool = simulate_pool(load_protocol("sct-md-01"), 2, arms=("placebo",))
    >>> follow_pool(pool, "placebo").scores["MADRS"].shape
    (6, 2)
    """

    luck_ids: NDArray[np.int64]
    visit_days: NDArray[np.int64]
    latent: Floats
    scores: Mapping[str, Floats]
    present: NDArray[np.bool_]
    left_day: Floats
    left_reason: NDArray[np.int64]
    onset_day: Mapping[str, Floats]

    def carried_forward(self, endpoint: str) -> Floats:
        """Return the ratings with the last observation of leavers carried forward.

        Examples
        --------
        >>> from cohort.replicate import simulate_pool
        >>> from cohort.trial import load_protocol
        >>> pool = simulate_pool(load_protocol("sct-md-01"), 2, arms=("placebo",))
        >>> follow_pool(pool, "placebo").carried_forward("MADRS").shape
        (6, 2)
        """
        held = [self.scores[endpoint][0]]
        for seen, value in zip(self.present[1:], self.scores[endpoint][1:], strict=True):
            held.append(np.where(seen, value, held[-1]))
        return np.array(held)

    def observed(self, endpoint: str) -> Floats:
        """Return the ratings that were made; NaN after leaving.

        Examples
        --------
        >>> from cohort.replicate import simulate_pool
        >>> from cohort.trial import load_protocol
        >>> pool = simulate_pool(load_protocol("sct-md-01"), 2, arms=("placebo",))
        >>> follow_pool(pool, "placebo").observed("MADRS").shape
        (6, 2)
        """
        return np.where(self.present, self.scores[endpoint], np.nan)

    @property
    def left(self) -> NDArray[np.bool_]:
        """Who left before the end, shape ``(n_lane,)``.

        Examples
        --------
        >>> from cohort.replicate import simulate_pool
        >>> from cohort.trial import load_protocol
        >>> pool = simulate_pool(load_protocol("sct-md-01"), 2, arms=("placebo",))
        >>> follow_pool(pool, "placebo").left.shape
        (2,)
        """
        return ~np.isnan(self.left_day)

    @property
    def left_for_adverse_event(self) -> NDArray[np.bool_]:
        """Who left for an adverse event, shape ``(n_lane,)``.

        Examples
        --------
        >>> from cohort.replicate import simulate_pool
        >>> from cohort.trial import load_protocol
        >>> pool = simulate_pool(load_protocol("sct-md-01"), 2, arms=("placebo",))
        >>> follow_pool(pool, "placebo").left_for_adverse_event.shape
        (2,)
        """
        reasons: NDArray[np.bool_] = self.left_reason == _ADVERSE
        return reasons


def follow_pool(
    pool: Pool,
    arm: str,
    lanes: NDArray[np.int64] | None = None,
    *,
    luck_ids: NDArray[np.int64] | None = None,
    seed: int | None = None,
    condition: Condition | None = None,
    variation: TrialVariation | None = None,
    endpoints: tuple[str, ...] | None = None,
    adverse_events: tuple[str, ...] | None = None,
) -> ArmOutcomes:
    """Follow some patients of a pool through one arm.

    Parameters
    ----------
    pool
        Drivers of all patients in all arms.
    arm
        Name of the arm.
    lanes
        Positions in the pool, any number of times each, shape ``(n_chosen,)``; all if left out.
    luck_ids
        Numbers whose luck the chosen have in place of their own, same shape: severity at entry,
        course on placebo, sensitivity, adverse events, leaving and ratings.
    seed
        Seed of the luck; that of the protocol if left out.
    condition
        In place of that of the pool; its link reads the same states.
    variation
        How the trial differs from the mean trial; numbers or one a chosen lane.
    endpoints, adverse_events
        Which are followed; those of the protocol if left out. Fewer events are quicker, and nobody
        leaves for an event that is not followed.

    Returns
    -------
    What happened.

    Raises
    ------
    UnknownNameError
        If the pool has no such arm.
    ShapeError
        If luck and lanes are not of one length.
    RangeError
        If a lane is not in the pool, or new luck is asked for where doses depend on outcomes.

    Notes
    -----
    With their own luck and seed, patients have the very numbers of `cohort.simulate.simulate`,
    where what happens after leaving plays no part.

    Examples
    --------
    >>> from cohort.replicate import simulate_pool
    >>> from cohort.trial import load_protocol
    >>> pool = simulate_pool(load_protocol("sct-md-01"), 2, arms=("placebo",))
    >>> lucky = follow_pool(pool, "placebo", np.zeros(3, np.int64), luck_ids=np.arange(7, 10))
    >>> len(set(lucky.latent[0].tolist()))
    3
    """
    if arm not in pool.drivers:
        raise UnknownNameError("pool", arm, tuple(pool.drivers), "arm")
    chosen = np.arange(pool.n_lane) if lanes is None else np.asarray(lanes, dtype=np.int64)
    ids = pool.patient_ids[_checked(pool, chosen, luck_ids)]
    if luck_ids is not None:
        ids = np.asarray(luck_ids, dtype=np.int64)
    protocol = pool.protocol
    own_seed = protocol.seed if seed is None else seed
    # nothing is decided here: doses are in the drivers
    lucky = protocol.model_copy(update={"seed": own_seed, "rescue": None})
    group = pool.condition if condition is None else condition
    names = trial_event_names(protocol) if adverse_events is None else adverse_events
    events = tuple(load_adverse_event(name) for name in names)
    differs = pool.variations[arm] if variation is None else variation
    if variation is not None and np.all(variation.expectation == 0.0):
        differs = replace(variation, expectation=pool.variations[arm].expectation)
    days = np.array([visit.time // DAY_S for visit in protocol.visits])
    bodies = {name: column[chosen] for name, column in pool.columns.items()}
    courses = [
        start_course(
            ids,
            own_seed,
            group,
            events,
            placebo_lead_in(protocol),
            protocol.ratings.rules,
            covariates=bodies,
            ascertainment=protocol.ascertainment,
            measures=protocol.measures,
            modifies_disease=protocol.assumptions.disease_modification,
        )
    ]
    multiply_withdrawal(courses[0].events, differs.adverse_dropout_factor)
    if pool.used_to:
        before = days_of(pool.used_to[arm], 0, pool.used_to[arm].n_day, chosen)
        courses = [accustom(courses[0], before, group, events)]
    for first, last in pairwise(days.tolist()):
        part = days_of(pool.drivers[arm], first, last, chosen)
        courses.append(follow_days(courses[-1], part, group, events, differs, is_visit=True))
    own_days = visit_days(lucky, ids)
    severity = np.array([course.latent(group, differs) for course in courses])
    conduct = replace(start_conduct(lucky, protocol.arms[0].name, ids), steps={})
    for visit in range(1, len(days)):
        conduct = at_visit(
            conduct,
            lucky,
            protocol.arms[0].name,
            group,
            ids,
            visit,
            courses[visit],
            severity[visit],
            {},
        )
    latent = severity
    if protocol.visit_window is not None:
        whole = days_of(pool.drivers[arm], 0, int(days[-1]), chosen)
        daily = latent_by_day(courses[0], whole, group, differs)
        latent = np.take_along_axis(daily, own_days, axis=0)
    # who comes late needs the days after the visit
    late = (own_days > days[:, None]) & (np.arange(len(days)) < len(days) - 1)[:, None]
    reached = np.arange(len(days))[:, None] + late
    latent = np.where(reached >= pool.failed_visit[arm][chosen], np.nan, latent)
    wanted = rated_endpoints(protocol) if endpoints is None else endpoints
    final = courses[-1]
    seen = [conduct.is_seen(visit, own_days[visit], final) for visit in range(len(days))]
    return ArmOutcomes(
        luck_ids=ids,
        visit_days=days,
        latent=latent,
        scores={
            name: np.array(
                [
                    rated_score(lucky, group, differs, ids, name, course, row)
                    for course, row in zip(courses, latent, strict=True)
                ]
            )
            for name in wanted
        },
        present=np.array(seen),
        left_day=final.left_day,
        left_reason=final.left_reason,
        onset_day=_first_days(final.events.records, names, len(ids)),
    )


def _first_days(records: EventRecords, names: Sequence[str], n_lane: int) -> dict[str, Floats]:
    """Return the first day of each patient with each event [d], NaN for none."""
    first = np.full((len(names), n_lane), np.inf)
    np.minimum.at(first, (records.event, records.lane), records.onset_day)
    first[np.isinf(first)] = np.nan
    return dict(zip(names, first, strict=True))


def _checked(
    pool: Pool, lanes: NDArray[np.int64], luck_ids: NDArray[np.int64] | None
) -> NDArray[np.int64]:
    if lanes.size and not (lanes.min() >= 0 and lanes.max() < pool.n_lane):
        raise RangeError(
            f"follow_pool: lanes from {lanes.min()} to {lanes.max()}; positions from 0 to "
            f"{pool.n_lane - 1} are in the pool. Choose among them."
        )
    if luck_ids is None:
        return lanes
    if np.shape(luck_ids) != lanes.shape:
        raise ShapeError(
            f"follow_pool: luck_ids of shape {np.shape(luck_ids)} for {len(lanes)} lanes; one a "
            "lane is allowed. Give as many."
        )
    if pool.doses_follow_outcomes:
        raise RangeError(
            f"follow_pool: new luck for protocol '{pool.protocol.name}', whose doses depend on "
            "outcomes; only the patients' own luck is allowed. Leave luck_ids out."
        )
    return lanes
