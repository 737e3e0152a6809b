"""The power of a design: how often trials like it succeed, over replicates drawn from one cohort.

Patients of the pool are simulated once in every arm; each replicate draws bodies from the pool and
gives them luck of their own, is analysed as the protocol says, and claims or does not. Smaller
sizes are the first patients of the same replicates, so sizes are compared on the same luck.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cohort.inference.estimands import IntercurrentEvents, Scores
from cohort.inference.replicates import claims_of_replicates
from cohort.outcomes.course import REASONS
from cohort.population.draws import uniforms
from cohort.replicate import TrialSpread, iterate_replicates, simulate_pool
from cohort.trial import Analysis
from pipelines.analyses import FAILURES
from pipelines.dose_finding import dose_finding, dose_series
from pipelines.errors import InputError
from pipelines.files import write_atomically
from pipelines.intervals import wilson

if TYPE_CHECKING:
    from cohort.conditions import Condition
    from cohort.inference.ancova import Contrasts
    from cohort.replicate import ReplicateChunk
    from cohort.trial import Protocol

__all__ = [
    "ALL",
    "ANY",
    "Power",
    "PowerRequest",
    "power_of",
    "required_size",
    "summarise",
    "trial_spread",
]

ANY, ALL = "any arm", "all arms"
"""Rows that count trials with a claim for at least one arm, and for every arm."""

_NORMAL: Final = NormalDist()
_N_BOOTSTRAP: Final = 500
_FEWEST_REPLICATES, _FEWEST_PATIENTS, _FEWEST_SIZE = 100, 20, 5
_MOST_SIZE: Final = 20_000
_LEVEL: Final = 0.95
_FEWEST_SIZES: Final = 2

Floats = NDArray[np.float64]
Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerRequest:
    """What is asked for.

    Parameters
    ----------
    protocol
        The design; its arms' sizes are one of the sizes where none are given.
    replicates
        Trials that are drawn.
    pool
        Patients that are simulated in every arm.
    sizes
        Patients an arm; those of the smallest arm, half and twice as many if empty.
    target
        Power for which the size is wanted [1].
    with_assurance
        Whether trials also differ by what is not known of the weights and of each drug, and by what
        differs between trials: success is then averaged over all.
    relevant
        Benefit over control that is enough when a dose is looked for [points].
    device
        As in `kernels.integrate`.

    Examples
    --------
    >>> PowerRequest.__dataclass_fields__["replicates"].default
    2000
    """

    protocol: "Protocol"
    replicates: int = 2000
    pool: int = 2000
    sizes: tuple[int, ...] = ()
    target: float = 0.9
    with_assurance: bool = False
    relevant: float = 2.0
    device: str = "auto"

    def checked_sizes(self) -> tuple[int, ...]:
        """Return the sizes, smallest first.

        Raises
        ------
        InputError
            If a number is out of its range, or the design has nothing to compare.

        Examples
        --------
        >>> from cohort.trial import load_protocol
        >>> PowerRequest(protocol=load_protocol("sct-md-01")).checked_sizes()
        (62, 124, 248)
        """
        limits = (
            ("--replicates", self.replicates, _FEWEST_REPLICATES, 1_000_000),
            ("--pool", self.pool, _FEWEST_PATIENTS, 1_000_000),
            *(("--sizes", size, _FEWEST_SIZE, _MOST_SIZE) for size in self.sizes),
        )
        for option, value, low, high in limits:
            if not low <= value <= high:
                raise InputError(
                    f"{option}: {value}; {low} to {high:,} is allowed. Change the number."
                )
        if not 0 < self.target < 1:
            raise InputError(
                f"--target: {self.target:g}; more than 0 and less than 1 is allowed. Write 0.9."
            )
        if not 0 < self.relevant < np.inf:
            raise InputError(
                f"--relevant: {self.relevant:g} points; more than 0 is allowed. Write 2."
            )
        if len(self.protocol.arms) < 2:  # noqa: PLR2004 - an arm and its control
            raise InputError(
                f"protocol '{self.protocol.name}': one arm; an arm beside the control is needed. "
                "Add one."
            )
        smallest = min(arm.patients for arm in self.protocol.arms)
        usual = {max(smallest // 2, _FEWEST_SIZE), max(smallest, _FEWEST_SIZE), 2 * smallest}
        return tuple(sorted(set(self.sizes) or {max(size, _FEWEST_SIZE) for size in usual}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Power:
    """The power of a design.

    Parameters
    ----------
    table
        A row an arm (and `ANY`, `ALL`) and size: successes, probability with its 95 % interval,
        mean estimate, patients at the stop.
    required
        A row an arm: size for the target, with its 95 % interval.
    dose_finding
        A row a drug in several doses and size, by MCP-Mod; None without such a drug.

    Examples
    --------
    >>> sorted(Power.__dataclass_fields__)
    ['dose_finding', 'required', 'table']
    """

    table: pl.DataFrame
    required: pl.DataFrame
    dose_finding: pl.DataFrame | None = None

    def write(self, folder: Path) -> tuple[Path, ...]:
        """Write the tables as Parquet.

        Parameters
        ----------
        folder
            Made if it is not there.

        Returns
        -------
        The files.

        Examples
        --------
        >>> nothing = Power(table=pl.DataFrame(), required=pl.DataFrame())
        >>> [path.name for path in nothing.write(Path("power"))]
        ['power.parquet', 'required_sizes.parquet']
        """
        folder.mkdir(parents=True, exist_ok=True)
        frames = {"power": self.table, "required_sizes": self.required}
        if self.dose_finding is not None:
            frames["dose_finding"] = self.dose_finding
        paths = tuple(folder / f"{name}.parquet" for name in frames)
        for path, frame in zip(paths, frames.values(), strict=True):
            write_atomically(path, frame.write_parquet)
        return paths


def trial_spread(
    condition: "Condition", n: int, seed: int, drugs: Sequence[str] = ()
) -> TrialSpread:
    """Return how trials of a condition differ, and how uncertain its link is.

    Parameters
    ----------
    condition
        The patient group.
    n
        Number of replicates.
    seed
        Seed of the draws.
    drugs
        Drugs of the arm that it is for.

    Returns
    -------
    Spreads between trials as declared, one draw of the weights and of each drug's residual a
    replicate.

    Examples
    --------
    >>> from cohort.conditions import load_condition
    >>> trial_spread(load_condition("major_depression"), 10, 1).placebo_sd > 0
    True
    """
    dropout, link = condition.dropout, condition.link

    def number(fact: Any) -> float:  # noqa: ANN401 - a Fact or nothing
        return 0.0 if fact is None else float(fact.number("1"))

    return TrialSpread(
        placebo_sd=number(condition.placebo.trial_sd),
        benefit_sd=number(link.trial_sd),
        drug_sd=number(link.drug_sd),
        drugs=tuple(drugs),
        dropout_sd_log=number(dropout.trial_sd_log),
        adverse_dropout_sd_log=number(dropout.adverse_trial_sd_log),
        weights=link.draws(n, seed),
    )


def power_of(
    request: PowerRequest, report: Callable[[int, int], None] = lambda done, n: None
) -> Power:
    """Return the power of a design at each size.

    Parameters
    ----------
    request
        What is asked for.
    report
        Called with the replicates that are done and their number.

    Returns
    -------
    Power and required sizes.

    Raises
    ------
    InputError
        If a number is out of its range.

    Examples
    --------
    >>> power_of.__name__  # run by tests/pipelines/test_power.py: it simulates
    'power_of'
    """
    sizes = request.checked_sizes()
    protocol = request.protocol
    pool = simulate_pool(protocol, request.pool, device=request.device)
    spread = None
    if request.with_assurance:
        spread = {
            arm.name: trial_spread(
                pool.condition,
                request.replicates,
                protocol.seed,
                [regimen.drug for regimen in arm.regimens],
            )
            for arm in protocol.arms
        }
    chunks = iterate_replicates(
        pool,
        {arm.name: sizes[-1] for arm in protocol.arms},
        request.replicates,
        protocol.seed,
        spread,
        endpoints=(protocol.primary_endpoint,),
    )
    return summarise(request, sizes, _courses(request, chunks, sizes[-1], report))


def _courses(
    request: PowerRequest,
    chunks: Iterator["ReplicateChunk"],
    size: int,
    report: Callable[[int, int], None],
) -> Iterator[tuple[Scores, IntercurrentEvents]]:
    """Yield scores and events of replicates, arms side by side in the order of the protocol."""
    endpoint = request.protocol.primary_endpoint
    failures = [REASONS.index(name) for name in FAILURES]
    for chunk in chunks:
        ratings, left, fails = [], [], []
        for arm in request.protocol.arms:
            one = chunk.arms[arm.name]
            values = one.observed(endpoint).reshape(-1, chunk.n_replicate, size)
            ratings.append(np.moveaxis(values, 0, -1))
            left.append(one.left_day.reshape(chunk.n_replicate, size))
            fails.append(np.isin(one.left_reason, failures).reshape(chunk.n_replicate, size))
        rated = np.concatenate(ratings, axis=1)
        scores = Scores(
            visit_days=one.visit_days[1:].astype(float),
            baseline=rated[..., 0],
            seen=rated[..., 1:],
        )
        yield (
            scores,
            IntercurrentEvents(
                left_day=np.concatenate(left, axis=1), is_failure=np.concatenate(fails, axis=1)
            ),
        )
        report(chunk.last, request.replicates)


def summarise(
    request: PowerRequest,
    sizes: Sequence[int],
    courses: Iterator[tuple[Scores, IntercurrentEvents]],
) -> Power:
    """Analyse replicates at every size and count their claims.

    Parameters
    ----------
    request
        The design.
    sizes
        Patients an arm, smallest first; replicates hold the largest.
    courses
        Scores and events of some replicates at a time, arms side by side.

    Returns
    -------
    Power and required sizes.

    Examples
    --------
    >>> summarise.__name__  # run by tests/pipelines/test_power.py on normal scores
    'summarise'
    """
    protocol = request.protocol
    analysis = protocol.analysis or Analysis()
    names = [arm.name for arm in protocol.arms]
    control = names.index(protocol.control.name)
    arm = np.repeat(np.arange(len(names)), sizes[-1])
    order = [control, *(place for place in range(len(names)) if place != control)]
    success: dict[int, list[NDArray[np.bool_]]] = {size: [] for size in sizes}
    at_end: dict[int, list[Contrasts]] = {size: [] for size in sizes}
    stopped: dict[int, list[NDArray[np.int64]]] = {size: [] for size in sizes}
    for scores, events in courses:
        for size in sizes:
            found = claims_of_replicates(
                scores,
                events,
                arm,
                control,
                estimand=analysis.estimand,
                missing_data=analysis.missing_data,
                plan=analysis.plan,
                size=size,
                seed=protocol.seed,
            )
            success[size].append(found.decisions.is_better)
            at_end[size].append(found.at_end)
            stopped[size].append(found.patients)
    labels = [names[place] for place in order[1:]]
    rows: list[Row] = []
    by_arm: dict[str, list[NDArray[np.bool_]]] = {}
    for size in sizes:
        claimed = np.concatenate(success[size], axis=1)
        mean = np.concatenate([one.estimate for one in at_end[size]]).mean(axis=0)
        patients = float(np.concatenate(stopped[size]).mean())
        both = [*claimed, claimed.any(axis=0), claimed.all(axis=0)]
        for name, won in zip([*labels, ANY, ALL], both, strict=True):
            by_arm.setdefault(name, []).append(won)
            at = labels.index(name) if name in labels else None
            rows.append(_row(name, size, won, None if at is None else float(mean[at]), patients))
    required = [
        {"arm": name, **required_size(sizes, np.array(won), request.target, protocol.seed)}
        for name, won in by_arm.items()
    ]
    found_doses = [
        dose_finding(
            series,
            labels,
            at_end,
            alpha=analysis.alpha,
            relevant=request.relevant,
            seed=protocol.seed,
        )
        for series in dose_series(protocol)
    ]
    return Power(
        table=pl.DataFrame(rows),
        required=pl.DataFrame(required, strict=False, infer_schema_length=None),
        dose_finding=pl.concat(found_doses, how="vertical_relaxed") if found_doses else None,
    )


def _row(
    name: str, size: int, won: NDArray[np.bool_], estimate: float | None, patients: float
) -> Row:
    share = wilson(int(won.sum()), len(won))
    return {
        "arm": name,
        "patients_per_arm": size,
        "replicates": len(won),
        "successes": int(won.sum()),
        "power": share.estimate,
        "power_low": share.low,
        "power_high": share.high,
        "mean_estimate": estimate,
        "mean_patients_at_stop": patients,
    }


def required_size(
    sizes: Sequence[int], won: NDArray[np.bool_], target: float, seed: int
) -> dict[str, Any]:
    r"""Return the patients an arm that reach a power.

    Parameters
    ----------
    sizes
        Patients an arm, smallest first.
    won
        Success of every replicate at every size, shape ``(n_size, n_replicate)``.
    target
        Power that is wanted [1].
    seed
        Seed of the bootstrap.

    Returns
    -------
    ``target``, ``patients_per_arm`` with ``low`` and ``high``, and ``note``: an estimate outside of
    the sizes is extrapolated; without an estimate the note says why.

    Notes
    -----
    The probit of power is a straight line in :math:`\sqrt n` for a test of a mean. The line is
    fitted with the weights of binomial counts; the interval is of 500 bootstraps of the replicates,
    Monte Carlo error only. Sizes where all or no replicates succeed count half a replicate less.

    Examples
    --------
    >>> chance = np.array([[0.5], [0.8], [0.95]])
    >>> won = np.random.default_rng(1).uniform(size=(3, 4000)) < chance
    >>> found = required_size((50, 100, 170), won, 0.9, 1)
    >>> found["low"] < found["patients_per_arm"] < found["high"]
    True
    """
    nothing = {"target": target, "patients_per_arm": None, "low": None, "high": None}
    if len(sizes) < _FEWEST_SIZES:
        return {**nothing, "note": "one size; at least two are needed to see how power rises"}
    n = won.shape[1]
    best = _solve(sizes, won.mean(axis=1), n, target)
    if best is None:
        return {**nothing, "note": "power does not rise with size"}
    draws = uniforms(seed, np.arange(n), "power: bootstrap", np.arange(_N_BOOTSTRAP)[:, None])
    picks = (draws * n).astype(np.int64)
    solved = [_solve(sizes, won[:, pick].mean(axis=1), n, target) for pick in picks]
    known = np.array([np.inf if one is None else one for one in solved])
    low, high = np.quantile(known, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2], method="nearest")
    note = "" if sizes[0] <= best <= sizes[-1] else "extrapolated"
    return {
        "target": target,
        "patients_per_arm": int(np.ceil(best)),
        "low": int(np.ceil(low)),
        "high": int(np.ceil(high)) if np.isfinite(high) else None,
        "note": note,
    }


def _solve(sizes: Sequence[int], power: Floats, n: int, target: float) -> float | None:
    """Return the size at which the fitted line reaches the target; None if it does not rise."""
    inside = np.clip(power, 0.5 / n, 1 - 0.5 / n)
    probit = np.array([_NORMAL.inv_cdf(float(one)) for one in inside])
    density = np.array([_NORMAL.pdf(float(one)) for one in probit])
    weight = density**2 / (inside * (1 - inside))
    root = np.sqrt(np.asarray(sizes, dtype=float))
    centre_x, centre_y = (np.average(one, weights=weight) for one in (root, probit))
    slope = np.sum(weight * (root - centre_x) * (probit - centre_y)) / np.sum(
        weight * (root - centre_x) ** 2
    )
    if not slope > 0:
        return None
    at = centre_x + (_NORMAL.inv_cdf(target) - centre_y) / slope
    return float(max(at, 1.0) ** 2)
