"""Simulate one patient of the chemistry.

A run goes segment by segment, from one change to the next: new parameters, the state carried over.
`pipelines.model_cli` enters at `simulate`; the course goes on to `pipelines.model_output`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cohort.chemistry import chemistry_model, find_system, system_names, with_needs
from cohort.model import Model, evaluate
from cohort.population.parameters import sample_parameters
from cohort.trial import daily_meals, mean_intake
from cohort.trial.protocol import DEFAULT_MEALS
from kernels import TIME, ResultCode, Schedule, Solver, Stream, integrate, prepare
from kernels.errors import BuildError, DeviceError
from pipelines.errors import InputError
from pipelines.model_request import HOUR_S, SimulationRequest

__all__ = ["SOLVER", "Course", "Quantity", "meal_boluses", "reported", "simulate"]

SOLVER: Final = Solver(rtol=1e-6, atol=1e-8)
"""Tolerances of one patient: a picture and a table, where time is no matter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """Something that is observed.

    Parameters
    ----------
    name, unit
        As declared.
    system
        System that it belongs to.
    baseline
        Value of the patient at rest [``unit``].
    is_reported
        Whether it is among what people look at first, `cohort.chemistry.System.reports`.

    Examples
    --------
    >>> Quantity(name="crh", unit="1", system="cortisol", baseline=1.0, is_reported=False).unit
    '1'
    """

    name: str
    unit: str
    system: str
    baseline: float
    is_reported: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Course:
    """What one patient went through.

    Parameters
    ----------
    request
        What was asked for.
    quantities
        What was observed.
    times_s
        Times since the start [s], shape ``(n_time,)``; after a failure only those before it.
    values
        Shape ``(n_time, n_quantity)``.
    drawn
        Parameters of a sampled patient, by name; empty for the reference patient.
    accepted, rejected
        Steps of the solver.
    code, failure_h
        How it ended, and the time of a failure [h].
    device, passed_over
        Where it ran, and why other devices did not.

    Examples
    --------
    >>> from pathlib import Path
    >>> from pipelines.model_request import read_request
    >>> course = simulate(read_request(out=Path("a"), systems="cortisol", days=1, device="numpy"))
    >>> course.code.name, course.series("cortisol").round(6)[-1]
    ('SUCCESS', np.float64(1.0))
    """

    request: SimulationRequest
    quantities: tuple[Quantity, ...]
    times_s: NDArray[np.int64]
    values: NDArray[np.float64]
    drawn: Mapping[str, float]
    accepted: int
    rejected: int
    code: ResultCode
    failure_h: float | None
    device: str
    passed_over: Mapping[str, str]

    def series(self, name: str) -> NDArray[np.float64]:
        """Return the values of a quantity, shape ``(n_time,)``.

        Examples
        --------
        >>> Course.series.__name__  # shown by the example of the class
        'series'
        """
        place = [item.name for item in self.quantities].index(name)
        return self.values[:, place]


def simulate(request: SimulationRequest) -> Course:
    """Return the course of the patient of a request.

    Parameters
    ----------
    request
        From `pipelines.model_request.read_request`.

    Returns
    -------
    Every state and rule at every save time, up to a failure if there was one.

    Raises
    ------
    InputError
        If the device cannot be used, or the parameters leave the patient without a rest.
    RangeError
        If no feasible patient can be drawn.

    Examples
    --------
    >>> from pathlib import Path
    >>> from pipelines.model_request import read_request
    >>> asked = read_request(out=Path("a"), systems="cortisol", days=1, sets=["stress=2"])
    >>> bool(simulate(asked).series("cortisol")[-1] > 1)
    True
    """
    model = request.model
    drawn = _drawn(request, model)
    usual = {**_diet(request), **drawn}
    device, passed_over = _prepared(request, model)
    times, streams = _save_times(request), meal_boluses(request.duration_s, request.setting.meals)
    values = {**usual, **request.values}
    lanes = None
    parts, accepted, rejected = [], 0, 0
    for begin, end, changed in _segments(request):
        values = {**values, **changed}
        _require_rest(model, values, begin)
        fresh = model.lanes(values, 1)
        lanes = fresh if lanes is None else replace(lanes, parameters=fresh.parameters)
        wanted = times[(times > begin) & (times <= end)] if begin else times[times <= end]
        schedule = Schedule(t0=begin, t1=end, streams=streams)
        solution = integrate(model.system, lanes, schedule, wanted, SOLVER, device)
        lanes = solution.end
        parts.append(solution.observables[:, :, 0])
        accepted += int(solution.accepted[0])
        rejected += int(solution.rejected[0])
        if solution.codes[0]:
            break
    table = np.concatenate(parts)
    code = ResultCode(int(solution.codes[0]))
    failure_h = float(solution.failure_times[0]) if code else None
    n_kept = len(table) if failure_h is None else int((times < failure_h * HOUR_S).sum())
    return Course(
        request=request,
        quantities=_quantities(request, usual),
        times_s=times[:n_kept],
        values=table[:n_kept],
        drawn=drawn,
        accepted=accepted,
        rejected=rejected,
        code=code,
        failure_h=failure_h,
        device=device,
        passed_over=passed_over,
    )


def meal_boluses(duration_s: int, is_eating: bool = True) -> tuple[Stream, ...]:  # noqa: FBT001
    """Return three ordinary meals a day as streams.

    Parameters
    ----------
    duration_s
        Length of the run, which starts at midnight [s].
    is_eating
        Whether there are meals at all.

    Returns
    -------
    Boluses [g] into ``protein_gut`` and ``carbohydrate_gut``.

    Examples
    --------
    >>> protein, carbohydrate = meal_boluses(2 * 86_400)
    >>> protein.target, protein.amounts.tolist()
    ('protein_gut', [20.0, 25.0, 30.0, 20.0, 25.0, 30.0])
    """
    return daily_meals(DEFAULT_MEALS if is_eating else (), duration_s)


def _diet(request: SimulationRequest) -> dict[str, float]:
    return mean_intake(DEFAULT_MEALS) if request.setting.meals else {}


def _drawn(request: SimulationRequest, model: Model) -> dict[str, float]:
    if request.patient is None or request.seed is None:
        return {}
    draw = sample_parameters(np.array([request.patient]), request.seed, model)
    return {name: float(column[0]) for name, column in draw.values.items()}


def _prepared(request: SimulationRequest, model: Model) -> tuple[str, dict[str, str]]:
    try:
        return prepare(model.system, SOLVER, request.device)
    except (DeviceError, BuildError) as error:
        raise InputError(f"--device: {error.given}; {error.allowed}. {error.remedy}.") from error


def _save_times(request: SimulationRequest) -> NDArray[np.int64]:
    times = np.arange(0, request.duration_s, request.save_every_s, dtype=np.int64)
    return np.append(times, request.duration_s)


def _segments(request: SimulationRequest) -> list[tuple[int, int, Mapping[str, float]]]:
    """Return begin, end [s] and new values of each piece between two changes."""
    changes = {0: {}, **{change.at_s: change.values for change in request.changes}}
    begins = sorted(changes)
    ends = [*begins[1:], request.duration_s]
    return [(begin, end, changes[begin]) for begin, end in zip(begins, ends, strict=True)]


def _require_rest(model: Model, values: Mapping[str, float], begin: int) -> None:
    if not model.infeasible(values, 1)[0]:
        return
    columns = model.columns(values, 1)
    conditions = {item.meaning: item.expression for item in model.feasibility}
    margins = evaluate(conditions, columns, 1)
    broken = [meaning for meaning, margin in margins.items() if not margin[0] > 0]
    raise InputError(
        f"the parameters from {begin / HOUR_S:g} h on: not so that {', '.join(broken)}; a patient "
        "with a rest is needed. Change --set or --change: 'cohort model show' has the condition."
    )


def _quantities(request: SimulationRequest, usual: Mapping[str, float]) -> tuple[Quantity, ...]:
    owners = {
        name: system
        for system, part in request.parts.items()
        for name in (*(item.name for item in part.species), *part.rules)
    }
    reported = {
        name for system in with_needs(request.systems) for name in find_system(system).reports
    }
    baseline = _baseline(request, usual)
    model = request.model
    return tuple(
        Quantity(
            name=name,
            unit=model.units[name],
            system=owners[name],
            baseline=baseline[name],
            is_reported=name in reported,
        )
        for name in model.system.observables
    )


def _baseline(request: SimulationRequest, usual: Mapping[str, float]) -> dict[str, float]:
    """Return every quantity at rest: own parameters, controls neutral, no clock."""
    resting = chemistry_model(with_needs(request.systems), replace(request.setting, rhythm="none"))
    controls = {port.name for part in request.parts.values() for port in part.ports}
    # a port that meets a parameter of another system, such as csf_factor, is the patient's own
    controls -= {item.name for part in request.parts.values() for item in part.parameters}
    own = {**usual, **request.values}
    values = {
        name: value
        for name, value in own.items()
        if name in resting.parameters and name not in controls
    }
    columns = resting.columns(values, 1)
    states = resting.lanes(values, 1).states
    columns |= dict(zip(resting.system.states, states, strict=True))
    columns[TIME.name] = np.zeros(1)
    found = evaluate(resting.system.observables, columns, 1)
    return {name: float(column[0]) for name, column in found.items()}


def reported(course: Course) -> list[Quantity]:
    """Return what people look at first, in the order of the systems and their reports.

    Examples
    --------
    >>> from pathlib import Path
    >>> from pipelines.model_request import read_request
    >>> asked = read_request(out=Path("a"), systems="cortisol", days=0.5, device="numpy")
    >>> [item.name for item in reported(simulate(asked))]
    ['cortisol', 'acth']
    """
    by_name = {item.name: item for item in course.quantities}
    included = with_needs(course.request.systems)
    return [
        by_name[name]
        for system in system_names()
        if system in included
        for name in find_system(system).reports
        if name in by_name
    ]
