"""Simulate one block of patients of one arm: the heart of the walk.

1. population: ids and seed become covariates, genotypes and model parameters
2. trial: regimens, adherence and meals become streams of events
3. model: compounds and systems become one system of equations, the same for all blocks
4. run-in: the untreated patient settles into the daily rhythm; its last day is the reference
5. visit by visit: kernels integrate to the next visit, outcomes follow the days in between,
   and whoever has left takes no more doses
6. everything becomes columns, one dictionary a table

Pure: the same block gives the same bytes on any worker, in any order. May import every room of
`cohort` and `kernels`; `pipelines` calls `simulate`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cohort.compounds import Compound, covariate_effects
from cohort.conditions import Condition, load_condition
from cohort.drugs import load_drug
from cohort.errors import RangeError
from cohort.model import Model
from cohort.outcomes import (
    AdverseEvent,
    ClinicalCourse,
    DayDrivers,
    TrialVariation,
    follow_days,
    load_adverse_event,
    start_course,
)
from cohort.patient_model import DAILY_MEANS, patient_model
from cohort.physiology.cyp2d6 import cyp2d6_effects
from cohort.physiology.pharmacokinetics import absorption_lag
from cohort.population import Population, PopulationSpec, sample_population, slc6a4_effect
from cohort.tables import block_columns
from cohort.trial import DosePlan, Protocol, dose_plan, meal_streams
from kernels import Lanes, ResultCode, Schedule, Solution, Solver, Stream, integrate
from kernels.arithmetic import log

__all__ = ["BlockResult", "protocol_compounds", "simulate", "simulate_block"]

Floats = NDArray[np.float64]

SECONDS_PER_DAY: Final = 86_400
SOLVER: Final = Solver(rtol=1e-4, atol=1e-5)
"""Tolerances of a trial: errors of daily means stay below 1e-4, far below any rating."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BlockResult:
    """Hold all that one block of patients went through, before it becomes tables.

    Parameters
    ----------
    patient_ids
        Shape ``(n_lane,)``.
    population
        Who they are.
    courses
        The clinical course at every visit, the first at baseline.
    solutions
        One integration a segment: run-in, then one between each two visits.
    drivers
        Daily means since the first dose.
    plan
        Doses, and which were taken.
    model, condition
        The equations that were solved, and the patient group.

    Examples
    --------
    >>> BlockResult.__slots__[0]
    'patient_ids'
    """

    patient_ids: NDArray[np.int64]
    population: Population
    courses: tuple[ClinicalCourse, ...]
    solutions: tuple[Solution, ...]
    drivers: DayDrivers
    plan: DosePlan
    model: Model
    condition: Condition

    def failed_before(self, visit: int) -> NDArray[np.bool_]:
        """Return which patients had failed by a visit, shape ``(n_lane,)``.

        Examples
        --------
        >>> from cohort.trial import load_protocol
        >>> block = simulate_block(load_protocol("sct-md-01"), "placebo", np.array([1]))
        >>> block.failed_before(0).tolist()
        [False]
        """
        failed: NDArray[np.bool_] = self.solutions[visit].codes != ResultCode.SUCCESS
        return failed


def simulate(
    protocol: Protocol,
    arm: str,
    patient_ids: NDArray[np.int64],
    *,
    device: str = "auto",
    trajectory_ids: frozenset[int] = frozenset(),
) -> dict[str, dict[str, NDArray[np.generic]]]:
    """Simulate a block of patients of one arm and return its columns.

    Parameters
    ----------
    protocol
        The trial.
    arm
        Name of the arm.
    patient_ids
        Numbers of the patients, shape ``(n_lane,)``, each once.
    device
        Where to integrate, as in `kernels.integrate`.
    trajectory_ids
        Patients whose course over time is reported in full.

    Returns
    -------
    Columns by table (``adsl``, ``adqs``, ``adlb``, ``adae``, ``trajectories``), arrays of equal
    length within a table.

    Raises
    ------
    UnknownNameError
        If the protocol has no such arm.
    RangeError
        If a patient is given twice.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> tables = simulate(load_protocol("sct-md-01"), "placebo", np.array([1, 2]))
    >>> tables["adsl"]["patient_id"].tolist()
    [1, 2]
    """
    result = simulate_block(protocol, arm, patient_ids, device=device)
    return block_columns(protocol, arm, result, trajectory_ids)


def simulate_block(
    protocol: Protocol, arm: str, patient_ids: NDArray[np.int64], *, device: str = "auto"
) -> BlockResult:
    """Simulate a block of patients of one arm.

    Parameters
    ----------
    protocol, arm, patient_ids, device
        As in `simulate`.

    Returns
    -------
    What happened, in arrays.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> block = simulate_block(load_protocol("sct-md-01"), "placebo", np.array([1, 2]))
    >>> block.drivers.n_day
    56
    """
    ids = np.asarray(patient_ids, dtype=np.int64)
    if len(np.unique(ids)) != len(ids):
        raise RangeError("patient_ids: a patient is there twice; once is allowed. Drop one.")
    condition = load_condition(protocol.condition)
    events = tuple(load_adverse_event(name) for name in protocol.adverse_events)
    compounds = protocol_compounds(protocol)
    model = patient_model(compounds)
    population = _population(protocol, condition, model, compounds, ids)
    plan = dose_plan(protocol, protocol.arm(arm), ids, population.lags_s)
    lanes = model.lanes(population.parameters, len(ids))
    walk = _Walk(protocol, condition, events, model, plan, device)
    return walk.result(ids, population, lanes)


def protocol_compounds(protocol: Protocol) -> tuple[Compound, ...]:
    """Return the compounds of all drugs of a protocol, each once, in order of name.

    Parameters
    ----------
    protocol
        The trial.

    Returns
    -------
    Compounds, metabolites included.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> [compound.name for compound in protocol_compounds(load_protocol("sct-md-01"))]
    ['r_citalopram', 's_citalopram']
    """
    found = {
        compound.name: compound
        for arm in protocol.arms
        for regimen in arm.regimens
        for compound in load_drug(regimen.drug).compounds
    }
    return tuple(found[name] for name in sorted(found))


def _population(
    protocol: Protocol,
    condition: Condition,
    model: Model,
    compounds: Iterable[Compound],
    ids: NDArray[np.int64],
) -> Population:
    usual, wanted = condition.population, protocol.population
    spec = PopulationSpec(
        age_min_y=wanted.age_min_y,
        age_max_y=wanted.age_max_y,
        age_mean_y=usual.age_mean.number("year"),
        age_sd_y=usual.age_sd.number("year"),
        female_fraction=usual.female_fraction.number("1"),
    )
    effects = [effect for compound in compounds for effect in covariate_effects(compound)]
    effects.append(slc6a4_effect("serotonin_extracellular_baseline"))
    if "cyp2d6_capacity" in model.parameters:
        effects += cyp2d6_effects()
    lags = {compound.name: absorption_lag(compound) for compound in compounds}
    return sample_population(ids, protocol.seed, spec, model, effects, lags)


class _Walk:
    """Go from run-in to the last visit; see the docstring of the module."""

    def __init__(
        self,
        protocol: Protocol,
        condition: Condition,
        events: tuple[AdverseEvent, ...],
        model: Model,
        plan: DosePlan,
        device: str,
    ) -> None:
        self.protocol, self.condition, self.events = protocol, condition, events
        self.model, self.plan, self.device = model, plan, device
        self.meals = meal_streams(protocol)
        self.start_s = protocol.run_in_days * SECONDS_PER_DAY

    def result(self, ids: NDArray[np.int64], population: Population, lanes: Lanes) -> BlockResult:
        """Return everything that happened."""
        run_in = self._integrate(lanes, 0, self.start_s, ())
        reference = {name: _daily_means(run_in, name)[-1] for name in DAILY_MEANS}
        course = start_course(ids, self.protocol.seed, self.condition, self.events)
        solutions, courses, days = [run_in], [course], []
        stops = [self.start_s + visit.day * SECONDS_PER_DAY for visit in self.protocol.visits]
        for start, stop in zip(stops[:-1], stops[1:], strict=True):
            streams = self.plan.streams(course.left_day)
            before = solutions[-1]
            solutions.append(self._integrate(before.end, start, stop, streams))
            day_means = {name: _daily_means(solutions[-1], name, before) for name in DAILY_MEANS}
            drivers = _drivers(day_means, reference)
            course = follow_days(course, drivers, self.condition, self.events, TrialVariation())
            courses.append(course)
            days.append(drivers)
        return BlockResult(
            patient_ids=ids,
            population=population,
            courses=tuple(courses),
            solutions=tuple(solutions),
            drivers=_joined(days),
            plan=self.plan,
            model=self.model,
            condition=self.condition,
        )

    def _integrate(
        self, lanes: Lanes, start: int, stop: int, doses: tuple[Stream, ...]
    ) -> Solution:
        saves = np.arange(start + SECONDS_PER_DAY, stop + 1, SECONDS_PER_DAY, dtype=np.int64)
        schedule = Schedule(t0=start, t1=stop, streams=(*self.meals, *doses))
        return integrate(self.model.system, lanes, schedule, saves, SOLVER, self.device)


def _daily_means(solution: Solution, name: str, before: Solution | None = None) -> Floats:
    """Return the mean over each day that ends in the solution, shape ``(n_day, n_lane)``."""
    totals = solution[f"total_{name}"]
    first = np.zeros_like(totals[:1]) if before is None else before[f"total_{name}"][-1:]
    return np.diff(np.concatenate((first, totals)), axis=0) / 24.0


def _drivers(means: Mapping[str, Floats], reference: Mapping[str, Floats]) -> DayDrivers:
    ratios = {name: log(means[name] / reference[name]) for name in DAILY_MEANS}
    serotonin, firing = ratios["serotonin_extracellular"], ratios["serotonin_firing"]
    return DayDrivers(
        signals={"serotonin_extracellular": serotonin},
        events={"serotonin_rise": serotonin, "firing_fall": -firing},
    )


def _joined(parts: list[DayDrivers]) -> DayDrivers:
    def join(group: str) -> dict[str, Floats]:
        return {
            name: np.concatenate([getattr(part, group)[name] for part in parts])
            for name in getattr(parts[0], group)
        }

    return DayDrivers(signals=join("signals"), events=join("events"))
