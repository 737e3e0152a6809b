"""Running an experiment and judging it: one lane of the reference patient, then the verdicts.

The patient rests, or lives ordinary days where there is a rhythm or there are meals, until
treatment starts; then one segment a step. A verdict is computed, never written down.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from cohort.experiments.comparison import Comparison
from cohort.experiments.experiment import Experiment, ExperimentMeal
from cohort.trial.meals import food_streams
from cohort.trial.protocol import DEFAULT_MEALS, Meal
from cohort.trial.quantities import DAY_S, HOUR_S
from cohort.units import conversion_factor, parse_unit
from kernels import IntegrationError, Lanes, Schedule, Solution, Solver, Stream, integrate

__all__ = ["ExperimentResult", "Verdict", "judge", "run_experiment", "run_experiments"]

Verdict = Literal["agrees", "near", "fails"]
"""``agrees``: inside the interval; ``near``: a little outside; ``fails``."""

_SOLVER: Final = Solver(rtol=1e-6, atol=1e-8)
_LEAST_SETTLE_S = 1  # at rest it changes nothing
_N_WINDOW = 241  # points of a window: 6 min apart in a day
_NEAR_SHARE = 0.15  # of the published number
_NEAR_WIDTH = 0.5  # of half the width of the interval
_NEAR_UP = 0.01  # smallest change that is more than nothing
_NEAR_NONE = 0.20
_HOURS_A_DAY = 24.0

Series = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentResult:
    """A published number beside the simulated one.

    Parameters
    ----------
    experiment, comparison
        What was done, and what was measured.
    simulated
        The counterpart of the published number, in the same measure.
    verdict
        Whether they agree.

    Examples
    --------
    >>> from cohort.experiments import load_experiments
    >>> result = run_experiment(load_experiments("precursors")[0], device="numpy")[0]
    >>> round(result.simulated, 2), result.verdict
    (0.71, 'agrees')
    """

    experiment: Experiment
    comparison: Comparison
    simulated: float
    verdict: Verdict

    @property
    def source(self) -> str:
        """Where the published number comes from.

        Examples
        --------
        >>> ExperimentResult.source.__doc__.split(".")[0]
        'Where the published number comes from'
        """
        return self.comparison.source or self.experiment.source


def judge(simulated: float, comparison: Comparison) -> Verdict:
    """Return the verdict on one number.

    Parameters
    ----------
    simulated
        Number of the run, in the measure of the comparison.
    comparison
        What was published.

    Returns
    -------
    ``agrees`` inside the interval. ``near`` outside it by at most half of half its width or 15 %
    of the published number, whichever is larger; of a direction, a change of the right sign that
    is small, or one of at most 20 % where there was none. Else ``fails``, as what is not finite.

    Examples
    --------
    >>> level = Comparison(
    ...     quantity="hiaa_csf", published=0.6, low=0.5, high=0.7, interval="ours",
    ...     mark="read", use="checked",
    ... )
    >>> [judge(value, level) for value in (0.69, 0.78, 0.8)]
    ['agrees', 'near', 'fails']
    """
    if not math.isfinite(simulated):
        return "fails"
    low, high = comparison.bounds
    if low <= simulated <= high:
        return "agrees"
    change = simulated - 1
    match comparison.direction:
        case "up":
            is_near = change >= _NEAR_UP
        case "down":
            is_near = -change >= _NEAR_UP
        case "none":
            is_near = abs(change) <= _NEAR_NONE
        case _:
            published = comparison.published or 0.0
            width = _NEAR_WIDTH * (high - low) / 2 if math.isfinite(high - low) else 0.0
            margin = max(width, _NEAR_SHARE * abs(published))
            is_near = low - margin <= simulated <= high + margin
    return "near" if is_near else "fails"


def run_experiments(
    experiments: Iterable[Experiment], device: str = "auto"
) -> tuple[ExperimentResult, ...]:
    """Return the results of experiments one after another.

    Parameters
    ----------
    experiments
        Experiments of any topics.
    device
        As in `kernels.integrate`.

    Returns
    -------
    One result a comparison, in order.

    Raises
    ------
    IntegrationError
        If a run cannot be solved.

    Examples
    --------
    >>> run_experiments(())
    ()
    """
    return tuple(result for one in experiments for result in run_experiment(one, device))


def run_experiment(experiment: Experiment, device: str = "auto") -> tuple[ExperimentResult, ...]:
    """Run one experiment on the reference patient, and judge each of its comparisons.

    Parameters
    ----------
    experiment
        What was done and measured.
    device
        As in `kernels.integrate`.

    Returns
    -------
    One result a comparison, in order.

    Raises
    ------
    IntegrationError
        If the run cannot be solved; the experiment is named.

    Examples
    --------
    >>> from cohort.experiments import load_experiments
    >>> len(run_experiment(load_experiments("precursors")[0], device="numpy"))
    2
    """
    treated = _follow(experiment, device, is_treated=True)
    untreated = treated
    if any(one.relative_to == "untreated" for one in experiment.comparisons):
        untreated = _follow(experiment, device, is_treated=False)
    results = []
    for comparison in experiment.comparisons:
        simulated = _simulated(experiment, comparison, treated, untreated)
        results.append(
            ExperimentResult(
                experiment=experiment,
                comparison=comparison,
                simulated=simulated,
                verdict=judge(simulated, comparison),
            )
        )
    return tuple(results)


# -- the run -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Course:
    """Observables of one lane at times after the start [s]."""

    times: NDArray[np.int64]
    series: Mapping[str, Series]

    def at(self, name: str, moments: NDArray[np.int64]) -> Series:
        return self.series[name][np.searchsorted(self.times, moments)]


def _follow(experiment: Experiment, device: str, *, is_treated: bool) -> _Course:
    model = experiment.model()
    wanted = _moments(experiment)
    start = _start(experiment)
    streams = _meals(experiment, start)
    if is_treated:
        streams += _intakes(experiment, start)
    lanes = model.lanes({}, 1)
    # daily repeats ask for the same ones again and again
    parameters: dict[object, NDArray[np.float64]] = {(): lanes.parameters}
    parts = []
    for begin, end, values in _segments(experiment, is_treated=is_treated):
        is_before = end == 0
        saves = np.zeros(1, np.int64) if is_before else wanted[(wanted > begin) & (wanted <= end)]
        key = tuple(values.items())
        if key not in parameters:
            parameters[key] = model.lanes(values, 1).parameters
        solution = integrate(
            model.system,
            Lanes(parameters=parameters[key], states=lanes.states),
            Schedule(t0=start + begin, t1=start + end, streams=streams),
            start + saves,
            _SOLVER,
            device,
        )
        _require_success(solution, experiment)
        lanes = solution.end
        parts.append(solution.observables[:, :, 0])
    table = np.concatenate(parts)
    return _Course(
        times=wanted, series={name: table[:, i] for i, name in enumerate(model.system.observables)}
    )


def _segments(
    experiment: Experiment, *, is_treated: bool
) -> Iterator[tuple[int, int, dict[str, float]]]:
    """Yield begin and end after the start [s], and parameter values; the first ends at the start.

    Levels at the start are those before anything is given, so there is always something before it.
    """
    yield -max(experiment.settle, _LEAST_SETTLE_S), 0, {}
    clock = 0
    for length, values in experiment.pieces():
        yield clock, clock + length, values if is_treated else {}
        clock += length


def _require_success(solution: Solution, experiment: Experiment) -> None:
    try:
        solution.require_success()
    except IntegrationError as error:
        error.add_note(f"experiment {experiment.name!r} of topic {experiment.topic!r}")
        raise


def _start(experiment: Experiment) -> int:
    """Return the start of treatment [s since some midnight] with room for what is before it."""
    settle = max(experiment.settle, _LEAST_SETTLE_S)
    days = -(-max(settle - experiment.start, 0) // DAY_S)
    return experiment.start + days * DAY_S


def _meals(experiment: Experiment, start: int) -> tuple[Stream, ...]:
    if not experiment.meals:
        return ()
    eaten: list[tuple[int, Meal | ExperimentMeal]] = [
        (day * DAY_S + meal.at, meal)
        for day in range(start // DAY_S + 1)
        for meal in DEFAULT_MEALS
        if day * DAY_S + meal.at < start
    ]
    eaten += [
        (start + meal.at, meal) for meal in sorted(experiment.meals, key=lambda meal: meal.at)
    ]
    return food_streams(eaten)


def _intakes(experiment: Experiment, start: int) -> tuple[Stream, ...]:
    return tuple(
        Stream(
            name=f"{intake.supplement}: {state}",
            target=state,
            times=np.array([start + intake.at], np.int64),
            amounts=np.array([amount]),
        )
        for intake in experiment.intakes
        for state, amount in intake.amounts.items()
    )


# -- the comparison --------------------------------------------------------------------------------


def _window(experiment: Experiment, comparison: Comparison) -> NDArray[np.int64]:
    """Return the times after the start that a comparison looks at [s]."""
    last = experiment.duration
    if comparison.take == "value":
        return np.array([last if comparison.at is None else comparison.at], np.int64)
    end = last if comparison.end is None else comparison.end
    return np.unique(np.linspace(comparison.begin, end, _N_WINDOW).round().astype(np.int64))


def _moments(experiment: Experiment) -> NDArray[np.int64]:
    wanted = [_window(experiment, one) for one in experiment.comparisons]
    wanted += [
        np.array([one.relative_to], np.int64)
        for one in experiment.comparisons
        if isinstance(one.relative_to, int)
    ]
    return np.unique(np.concatenate([np.zeros(1, np.int64), *wanted]))


def _levels(course: _Course, comparison: Comparison, moments: NDArray[np.int64]) -> Series:
    level = course.at(comparison.quantity, moments)
    return level / course.at(comparison.over, moments) if comparison.over else level


def _statistic(levels: Series, take: str) -> float:
    if take == "max":
        return float(levels.max())
    return float(levels.min() if take == "min" else levels.mean())


def _simulated(
    experiment: Experiment, comparison: Comparison, treated: _Course, untreated: _Course
) -> float:
    moments = _window(experiment, comparison)
    levels = _levels(treated, comparison, moments)
    if comparison.take.startswith("time_of"):
        find = np.argmax if comparison.take == "time_of_max" else np.argmin
        return _time(experiment, comparison, float(moments[find(levels)]))
    level = _statistic(levels, comparison.take)
    if comparison.measure == "value":
        return level * _factor(experiment, comparison)
    if comparison.relative_to == "untreated":
        reference = _statistic(_levels(untreated, comparison, moments), comparison.take)
    else:
        moment = np.array([comparison.relative_to], np.int64)
        reference = _statistic(_levels(treated, comparison, moment), "value")
    ratio = level / reference if reference else math.nan
    return ratio if comparison.measure == "ratio" else 100 * (ratio - 1)


def _time(experiment: Experiment, comparison: Comparison, seconds: float) -> float:
    if comparison.measure == "hours":
        return seconds / HOUR_S
    hour = (experiment.start + seconds) / HOUR_S
    center = comparison.published or 0.0  # 23:30 is half an hour before midnight, not after noon
    return center + (hour - center + _HOURS_A_DAY / 2) % _HOURS_A_DAY - _HOURS_A_DAY / 2


def _factor(experiment: Experiment, comparison: Comparison) -> float:
    if comparison.factor is not None:
        return comparison.factor
    if comparison.over:
        return 1.0
    given = parse_unit(experiment.model().units[comparison.quantity])
    factor = conversion_factor(given, parse_unit(comparison.unit))
    assert factor is not None  # refused when the experiment was read
    return factor
