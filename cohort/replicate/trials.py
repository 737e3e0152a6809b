"""Thousands of replicates of one trial, each with its own patients and its own trial effects."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cohort.conditions import Condition
from cohort.errors import RangeError, ShapeError, UnknownNameError
from cohort.outcomes import TrialVariation, load_scale
from cohort.population.draws import normals, uniforms
from cohort.replicate.drug_residual import drug_residuals
from cohort.replicate.follow import ArmOutcomes, follow_pool
from cohort.replicate.pool import Pool
from cohort.scales import Scale
from cohort.trial import ResponseRule
from kernels.arithmetic import exp

__all__ = [
    "ReplicateArm",
    "ReplicateChunk",
    "TrialSpread",
    "iterate_replicates",
    "join_arms",
    "replicate_trials",
    "summarize_arm",
]

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

_LANES: Final = 25_000
"""Lanes that are followed together: their arrays stay in the cache of a core."""
_LUCK_LIMIT: Final = 2**32


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrialSpread:
    """Say how trials differ beyond the patients they happen to have.

    Parameters
    ----------
    placebo_sd
        SD between trials of the improvement on placebo at week 8 [points of the condition's scale].
    benefit_sd
        SD between trials of the benefit of drugs over its mean [1].
    drug_sd
        SD between drugs of the benefit over that of the link [1].
    drugs
        Drugs whose residual the arm has: those of a spread that is given for one arm.
    dropout_sd_log, adverse_dropout_sd_log
        SD between trials of the log hazard of leaving, and of leaving for an adverse event [1].
    weights
        Weight of a signal in each replicate [1], by name, shape ``(n_replicate,)``: draws of what
        is not known well. Those of the condition's link if left out.
    benefit_factor
        Multiple of every benefit in each replicate [1], same shape: likewise.

    Examples
    --------
    >>> TrialSpread().placebo_sd
    0.0
    """

    placebo_sd: float = 0.0
    benefit_sd: float = 0.0
    drug_sd: float = 0.0
    drugs: tuple[str, ...] = ()
    dropout_sd_log: float = 0.0
    adverse_dropout_sd_log: float = 0.0
    weights: Mapping[str, Floats] = field(default_factory=dict)
    benefit_factor: Floats | None = None

    def draws(self, seed: int, n: int) -> dict[str, Floats]:
        """Return the trial effects of each replicate, by field of `TrialVariation`.

        Parameters
        ----------
        seed
            Of the replicates.
        n
            Number of replicates.

        Returns
        -------
        Arrays of shape ``(n_replicate,)``; factors of hazards have mean 1. The factor of the
        benefit is that of the trial times that of its drugs, which is held at 0 where it would
        turn benefit into harm.

        Raises
        ------
        ShapeError
            If draws of parameters are not one a replicate.

        Examples
        --------
        >>> sorted(TrialSpread(placebo_sd=2.0).draws(7, 3))[:2]
        ['adverse_dropout_factor', 'benefit_factor']
        """
        replicates = np.arange(n)

        def normal(what: str) -> Floats:
            return normals(seed, replicates, f"between trials: {what}")

        for name, values in (*self.weights.items(), ("benefit_factor", self.benefit_factor)):
            if values is not None and np.shape(values) != (n,):
                raise ShapeError(
                    f"TrialSpread, {name}: draws of shape {np.shape(values)} for {n} replicates; "
                    "one a replicate is allowed. Draw as many."
                )
        known = np.ones(n) if self.benefit_factor is None else self.benefit_factor
        own = np.maximum(1.0 + self.drug_sd * drug_residuals(self.drugs, n, seed), 0.0)
        leave, adverse = self.dropout_sd_log, self.adverse_dropout_sd_log
        return {
            "placebo_shift": self.placebo_sd * normal("placebo"),
            "benefit_factor": known * own * (1.0 + self.benefit_sd * normal("benefit")),
            "dropout_factor": exp(leave * normal("drop-out") - 0.5 * leave * leave),
            "adverse_dropout_factor": exp(
                adverse * normal("adverse drop-out") - 0.5 * adverse * adverse
            ),
            **{name: np.asarray(values) for name, values in self.weights.items()},
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReplicateChunk:
    """Hold some replicates of a trial, patient by patient.

    Parameters
    ----------
    first, last
        First replicate and the one after the last.
    arms
        Outcomes by arm; lanes are those of the first replicate, then of the next ...

    Examples
    --------
    >>> ReplicateChunk(first=0, last=2, arms={}).n_replicate
    2
    """

    first: int
    last: int
    arms: Mapping[str, ArmOutcomes]

    @property
    def n_replicate(self) -> int:
        """Number of replicates.

        Examples
        --------
        >>> ReplicateChunk(first=3, last=4, arms={}).n_replicate
        1
        """
        return self.last - self.first


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReplicateArm:
    """Hold what replicates of one arm would have published, each of shape ``(n_replicate,)``.

    Parameters
    ----------
    n_randomized, n_analyzed
        Patients, and those with a rating after baseline.
    mean_baseline
        Score of the analysed at baseline [points].
    mean_change, sd_change, mean_end, sd_end
        Change from baseline and end score of the analysed [points].
    responders, remitters
        Analysed patients who respond or remit; all others count as failures.
    dropouts, dropouts_adverse_event
        Patients who left, and who left for an adverse event.
    events
        Patients with each adverse event, by name.

    Examples
    --------
    >>> ReplicateArm.__slots__[:2]
    ('n_randomized', 'n_analyzed')
    """

    n_randomized: Counts
    n_analyzed: Counts
    mean_baseline: Floats
    mean_change: Floats
    sd_change: Floats
    mean_end: Floats
    sd_end: Floats
    responders: Counts
    remitters: Counts
    dropouts: Counts
    dropouts_adverse_event: Counts
    events: Mapping[str, Counts]


def iterate_replicates(
    pool: Pool,
    sizes: Mapping[str, int],
    n: int,
    seed: int,
    spread: TrialSpread | Mapping[str, TrialSpread] | None = None,
    *,
    disjoint: bool = True,
    condition: Condition | None = None,
    endpoints: tuple[str, ...] | None = None,
    adverse_events: tuple[str, ...] | None = None,
    followed: Collection[str] | None = None,
) -> Iterator[ReplicateChunk]:
    """Draw replicates of a trial, some at a time.

    Parameters
    ----------
    pool
        Drivers of all patients in all arms.
    sizes
        Patients by arm, at least 2 each.
    n
        Number of replicates, at least 1.
    seed
        Of the replicates: same seed, same trials.
    spread
        How trials differ beyond their patients; not at all if left out. By arm, where arms are
        predicted by different fits; the effects of a trial are the same numbers in all arms.
    disjoint
        Whether every arm has patients of its own; otherwise the same patients are in all arms.
    condition, endpoints, adverse_events
        As in `follow_pool`.
    followed
        Arms that are followed; all if left out. Who is in which arm does not depend on it.

    Yields
    ------
    Chunks in order.

    Raises
    ------
    UnknownNameError
        If the pool has no such arm.
    RangeError
        If a size or number is out of its range, or the pool has too few patients for trials whose
        patients must keep their own luck.

    Notes
    -----
    Bodies are drawn from the pool with replacement and everyone has new luck; where doses depend on
    outcomes, patients are drawn without replacement and keep their own.

    Examples
    --------
    >>> from cohort.replicate import simulate_pool
    >>> from cohort.trial import load_protocol
    >>> pool = simulate_pool(load_protocol("sct-md-01"), 4, arms=("placebo",))
    >>> chunk = next(iterate_replicates(pool, {"placebo": 10}, 3, seed=1))
    >>> chunk.arms["placebo"].left_day.shape
    (30,)
    """
    _check(pool, sizes, n, disjoint=disjoint)
    given = TrialSpread() if spread is None else spread
    by_arm = given if isinstance(given, Mapping) else dict.fromkeys(sizes, given)
    draws = {arm: by_arm[arm].draws(seed, n) for arm in sizes}
    total = sum(sizes.values()) if disjoint else max(sizes.values())
    at_once = max(1, _LANES // total)
    for first in range(0, n, at_once):
        last = min(first + at_once, n)
        arms: dict[str, ArmOutcomes] = {}
        offset = 0
        for arm, size in sizes.items():
            numbers = np.arange(first, last)[:, None] * total + offset + np.arange(size)
            offset += size if disjoint else 0
            if followed is not None and arm not in followed:
                continue
            lanes, luck = _lanes_and_luck(pool, numbers, seed, total)
            arms[arm] = follow_pool(
                pool,
                arm,
                lanes,
                luck_ids=luck,
                seed=None if luck is None else seed,
                condition=condition,
                variation=_variation(draws[arm], first, last, size),
                endpoints=endpoints,
                adverse_events=adverse_events,
            )
        yield ReplicateChunk(first=first, last=last, arms=arms)


def _variation(draws: Mapping[str, Floats], first: int, last: int, size: int) -> TrialVariation:
    every = {name: np.repeat(values[first:last], size) for name, values in draws.items()}
    names = ("placebo_shift", "benefit_factor", "dropout_factor", "adverse_dropout_factor")
    own = {name: every.pop(name) for name in names}
    return TrialVariation(**own, weights=every)


def _lanes_and_luck(
    pool: Pool, numbers: NDArray[np.int64], seed: int, total: int
) -> tuple[NDArray[np.int64], NDArray[np.int64] | None]:
    """Return positions in the pool and ids of new luck, replicate after replicate."""
    solved = pool.solved
    if not pool.doses_follow_outcomes:
        flat = numbers.ravel()
        chance = uniforms(seed, flat, "patient of the pool")
        return solved[(chance * len(solved)).astype(np.int64)], flat
    replicates = numbers[:, 0] // total
    orders = [
        np.argsort(uniforms(seed, np.arange(len(solved)), "order of the pool", int(replicate)))
        for replicate in replicates
    ]
    rows = [
        order[row % total] for order, row in zip(orders, numbers, strict=True)
    ]  # the n-th place of a replicate is the n-th patient in its order
    return solved[np.concatenate(rows)], None


def _check(pool: Pool, sizes: Mapping[str, int], n: int, *, disjoint: bool) -> None:
    if not sizes:
        raise RangeError("replicate_trials, sizes: no arm; at least one is allowed. Name arms.")
    for arm, size in sizes.items():
        if arm not in pool.drivers:
            raise UnknownNameError("replicate_trials, sizes", arm, tuple(pool.drivers), "arm")
        if not isinstance(size, int | np.integer) or size < 2:  # noqa: PLR2004 -- an SD needs two
            raise RangeError(
                f"replicate_trials, sizes of '{arm}': {size!r}; whole numbers of at least 2 are "
                "allowed. Give as many patients."
            )
    total = sum(sizes.values()) if disjoint else max(sizes.values())
    if not isinstance(n, int | np.integer) or isinstance(n, bool) or not n >= 1:
        raise RangeError(
            f"replicate_trials, n: {n!r}; a whole number of at least 1 is allowed. Use 500."
        )
    if n * total >= _LUCK_LIMIT:
        raise RangeError(
            f"replicate_trials, n: {n} replicates of {total} patients; fewer than 2^32 patients "
            "are allowed. Take fewer replicates."
        )
    if not len(pool.solved):
        raise RangeError(
            "replicate_trials, pool: the solver failed for every patient; one who was solved in "
            "all arms is needed. Look at the pool."
        )
    if pool.doses_follow_outcomes and total > len(pool.solved):
        raise RangeError(
            f"replicate_trials, sizes: {total} patients from a pool of {len(pool.solved)}; doses "
            "depend on outcomes, so nobody can be there twice. Simulate a larger pool."
        )


def replicate_trials(
    pool: Pool,
    sizes: Mapping[str, int],
    n: int,
    seed: int,
    spread: TrialSpread | Mapping[str, TrialSpread] | None = None,
    *,
    endpoint: str | None = None,
    visit: str | None = None,
    disjoint: bool = True,
    condition: Condition | None = None,
    adverse_events: tuple[str, ...] | None = None,
) -> dict[str, ReplicateArm]:
    """Return what replicates of a trial would have published.

    Parameters
    ----------
    pool, sizes, n, seed, spread, disjoint, condition, adverse_events
        As in `iterate_replicates`.
    endpoint
        Scale of means, response and remission; the primary endpoint if left out.
    visit
        Name of the visit they are taken at; the last if left out.

    Returns
    -------
    Arms by name.

    Raises
    ------
    UnknownNameError
        If the pool has no such arm, or the protocol no such visit.
    RangeError
        As in `iterate_replicates`.

    Examples
    --------
    >>> from cohort.replicate import simulate_pool
    >>> from cohort.trial import load_protocol
    >>> pool = simulate_pool(load_protocol("sct-md-01"), 4, arms=("placebo",))
    >>> arms = replicate_trials(pool, {"placebo": 20}, 3, seed=1, adverse_events=())
    >>> arms["placebo"].n_randomized.tolist()
    [20, 20, 20]
    """
    protocol = pool.protocol
    scale = load_scale(protocol.primary_endpoint if endpoint is None else endpoint)
    names = [one.name for one in protocol.visits]
    if visit is not None and visit not in names:
        raise UnknownNameError(f"protocol '{protocol.name}'", visit, tuple(names), "visit")
    index = len(names) - 1 if visit is None else names.index(visit)
    parts: dict[str, list[ReplicateArm]] = {arm: [] for arm in sizes}
    for chunk in iterate_replicates(
        pool,
        sizes,
        n,
        seed,
        spread,
        disjoint=disjoint,
        condition=condition,
        endpoints=(scale.name,),
        adverse_events=adverse_events,
    ):
        for arm, outcomes in chunk.arms.items():
            parts[arm].append(summarize_arm(outcomes, chunk.n_replicate, scale.name, index))
    return {arm: join_arms(found) for arm, found in parts.items()}


def join_arms(parts: Sequence[ReplicateArm]) -> ReplicateArm:
    """Return the replicates of several chunks as one.

    Parameters
    ----------
    parts
        Of one arm, in order.

    Returns
    -------
    All replicates.

    Examples
    --------
    >>> join_arms.__module__  # run by `replicate_trials`
    'cohort.replicate.trials'
    """
    names = [name for name in ReplicateArm.__slots__ if name != "events"]
    every = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    events = {
        name: np.concatenate([part.events[name] for part in parts]) for name in parts[0].events
    }
    return ReplicateArm(**every, events=events)


def summarize_arm(
    outcomes: ArmOutcomes,
    n: int,
    endpoint: str,
    visit: int,
    *,
    response: ResponseRule | None = None,
    remission: ResponseRule | None = None,
    observed_only: bool = False,
) -> ReplicateArm:
    """Return what each replicate of a chunk would have published of one arm.

    Parameters
    ----------
    outcomes
        Patient by patient, replicate after replicate.
    n
        Number of replicates.
    endpoint
        Scale of means, response and remission.
    visit
        Position of the visit they are taken at; counts are up to it.
    response, remission
        Their rule, where it is not that of the scale.
    observed_only
        Whether means are of those who came to the visit; otherwise of all with a rating after
        baseline, the last observation carried forward. Response counts as failed without a rating.

    Returns
    -------
    Arrays of shape ``(n_replicate,)``.

    Examples
    --------
    >>> summarize_arm.__module__  # run by `replicate_trials`
    'cohort.replicate.trials'
    """
    scale = load_scale(endpoint)
    carried = outcomes.carried_forward(endpoint)
    baseline, end = carried[0].reshape(n, -1), carried[visit].reshape(n, -1)
    day = outcomes.visit_days[visit]
    rated = visit if observed_only else min(1, len(carried) - 1)
    analyzed = outcomes.present[rated].reshape(n, -1)
    change = end - baseline
    n_analyzed = analyzed.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(analyzed, change, 0.0).sum(axis=1) / n_analyzed
        squares = np.where(analyzed, (change - mean[:, None]) ** 2, 0.0).sum(axis=1)
        ends = np.where(analyzed, end, 0.0).sum(axis=1) / n_analyzed
        starts = np.where(analyzed, baseline, 0.0).sum(axis=1) / n_analyzed
        end_squares = np.where(analyzed, (end - ends[:, None]) ** 2, 0.0).sum(axis=1)
        spread = np.sqrt(squares / (n_analyzed - 1))
        end_spread = np.sqrt(end_squares / (n_analyzed - 1))
    left = outcomes.left & (outcomes.left_day <= day)
    out_for_event = left & outcomes.left_for_adverse_event
    return ReplicateArm(
        n_randomized=np.full(n, analyzed.shape[1]),
        n_analyzed=n_analyzed,
        mean_baseline=starts,
        mean_change=mean,
        sd_change=spread,
        mean_end=ends,
        sd_end=end_spread,
        responders=(analyzed & _responds(scale, response, baseline, end)).sum(axis=1),
        remitters=(analyzed & _remits(scale, remission, baseline, end)).sum(axis=1),
        dropouts=left.reshape(n, -1).sum(axis=1),
        dropouts_adverse_event=out_for_event.reshape(n, -1).sum(axis=1),
        events={
            name: (onset <= day).reshape(n, -1).sum(axis=1)
            for name, onset in outcomes.onset_day.items()
        },
    )


def _responds(
    scale: Scale, rule: ResponseRule | None, baseline: Floats, end: Floats
) -> NDArray[np.bool_]:
    if rule is not None:
        return _by_rule(scale, rule, baseline, end)
    if scale.responder_fall is None:
        assert scale.responder_points is not None  # one of the two is there
        return end - baseline <= -scale.responder_points.number("1")
    return end - baseline <= -scale.responder_fall.number("1") * (baseline - scale.minimum)


def _remits(
    scale: Scale, rule: ResponseRule | None, baseline: Floats, end: Floats
) -> NDArray[np.bool_]:
    if rule is not None:
        return _by_rule(scale, rule, baseline, end)
    if scale.remission_at_most is None:
        return np.zeros(end.shape, np.bool_)
    return end <= scale.remission_at_most.number("1")


def _by_rule(scale: Scale, rule: ResponseRule, baseline: Floats, end: Floats) -> NDArray[np.bool_]:
    if rule.at_most is not None:
        return end <= rule.at_most
    if rule.points is not None:
        return end - baseline <= -rule.points
    assert rule.fall is not None  # one of the three is there
    origin = 0.0 if rule.above == "zero" else scale.minimum
    return end - baseline <= -rule.fall * (baseline - origin)
