"""Simulate one block of patients of one arm in one variant: the heart of the walk.

1. population: ids and seed become covariates, genotypes and model parameters
2. trial: regimens, adherence, meals and lifestyles become streams of events
3. model: compounds and systems become one system of equations, the same for all blocks
4. run-in: the untreated patient settles into the daily rhythm; its last day is the reference.
   Patients whom a disease moved off the healthy rest come to their own rest before it, and who
   takes background or previous drugs gets used to them after it
5. segment by segment, lifestyles acting from week 0 on: kernels integrate to the next visit,
   outcomes follow the days in between, the visit decides on doses and rescue (`cohort.conduct`),
   and whoever has left takes no more doses
6. everything becomes columns, one dictionary a table

Pure: the same block gives the same bytes on any worker, in any order. May import every room of
`cohort` and `kernels`; `pipelines` calls `simulate`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cohort.compounds import covariate_effects
from cohort.conditions import Condition
from cohort.conduct import Conduct, at_visit, start_conduct
from cohort.drugs import load_drug
from cohort.errors import CohortError, RangeError
from cohort.imported.simulate import simulate_imported
from cohort.model import Model
from cohort.outcomes import (
    ClinicalCourse,
    DayDrivers,
    TrialVariation,
    accustom,
    enter_trial,
    expectation_share,
    follow_days,
    rests_at_zero,
    start_course,
)
from cohort.physiology.enzymes import enzyme_effects
from cohort.physiology.pharmacokinetics import absorption_lag
from cohort.population import (
    Population,
    genotype_effects,
    sample_population,
    shift_values,
)
from cohort.settle import EVEN_SUPPLY, settle
from cohort.tables import block_columns, rated_score
from cohort.trial import (
    AS_PLANNED,
    DosingRecord,
    EventActions,
    Protocol,
    Segment,
    Variant,
    beside_streams,
    dose_streams,
    dosing_record,
    eligibility_criteria,
    intake_means,
    is_expected_to_help,
    lasting_shifts,
    leading_scale,
    load_diet,
    meal_streams,
    placebo_lead_in,
    population_spec,
    rated_endpoints,
    schedule_time,
    segments,
    shift_streams,
    status_factors,
    supplement_streams,
    trial_condition,
    trial_events,
    trial_systems,
    variant_covariates,
    variant_diet,
    variant_shifts,
)
from cohort.trial.quantities import DAY_S
from cohort.trial_equations import SOLVER, our_model, protocol_compounds, wanted_means
from kernels import (
    Lanes,
    ResultCode,
    Schedule,
    Solution,
    Stream,
    integrate,
)
from kernels.arithmetic import log

__all__ = [
    "BlockResult",
    "simulate",
    "simulate_block",
    "trial_condition",
]

Floats = NDArray[np.float64]

NEVER_D: Final = 10_000_000.0
"""A day that no trial reaches."""


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
        One integration a segment: one up to baseline, then one between each two visits.
    drivers
        Daily means since the first dose.
    dosing
        Doses planned and taken.
    conduct
        Who comes to which visit, and what was decided there.
    model, condition, systems
        The equations that were solved, the patient group, and the systems that were asked for.
    variation
        What the variant adds to the course on placebo.
    earlier
        The untreated run-in, where others than the arms' drugs are taken between it and baseline.
    used_to
        Daily means of the days between it and baseline; None where there are none.

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
    dosing: DosingRecord
    conduct: Conduct
    model: Model
    condition: Condition
    systems: tuple[str, ...]
    variation: TrialVariation
    earlier: tuple[Solution, ...] = ()
    used_to: DayDrivers | None = None

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
    variant: str = AS_PLANNED.name,
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
    variant
        Name of the variant, where the protocol has variants.
    device
        Where to integrate, as in `kernels.integrate`.
    trajectory_ids
        Patients whose course over time is reported in full.

    Returns
    -------
    Columns by table (``adsl``, ``adqs``, ``adlb``, ``adpc``, ``adex``, ``adae``,
    ``trajectories``), arrays of equal length within a table.

    Raises
    ------
    UnknownNameError
        If the protocol has no such arm or variant.
    RangeError
        If a patient is given twice.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> tables = simulate(load_protocol("sct-md-01"), "placebo", np.array([1, 2]))
    >>> tables["adsl"]["patient_id"].tolist()
    [1, 2]
    """
    if protocol.model is not None:
        return simulate_imported(
            protocol,
            protocol.arm(arm).name,
            _once(patient_ids),
            variant=protocol.variant(variant),
            device=device,
            trajectory_ids=trajectory_ids,
        )
    result = simulate_block(protocol, arm, patient_ids, variant=variant, device=device)
    return block_columns(protocol, arm, result, trajectory_ids)


def _once(patient_ids: NDArray[np.int64]) -> NDArray[np.int64]:
    ids = np.asarray(patient_ids, dtype=np.int64)
    if len(np.unique(ids)) != len(ids):
        raise RangeError("patient_ids: a patient is there twice; once is allowed. Drop one.")
    return ids


def simulate_block(
    protocol: Protocol,
    arm: str,
    patient_ids: NDArray[np.int64],
    *,
    variant: str = AS_PLANNED.name,
    device: str = "auto",
    leavers_go_on: bool = False,
    everybody_stays: bool = False,
) -> BlockResult:
    """Simulate a block of patients of one arm.

    Parameters
    ----------
    protocol, arm, patient_ids, variant, device
        As in `simulate`.
    leavers_go_on
        Whether those who leave take their doses to the end, so that the drivers of the block are
        those of everybody; the courses know when they left.
    everybody_stays
        As if nobody ever stopped the treatment, see `cohort.latent`.

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
    if protocol.model is not None:
        raise CohortError(
            f"protocol '{protocol.name}': its patients are a model from a file; trials of our "
            "patient with a condition are allowed here. Use 'simulate' or 'cohort run'."
        )
    ids = _once(patient_ids)
    chosen = protocol.variant(variant)
    condition = trial_condition(protocol)
    model = our_model(protocol)
    population = _population(protocol, chosen, condition, model, ids)
    values: dict[str, Floats | float] = {**population.parameters, **_diet(protocol)}
    if isinstance(protocol.meals, str):
        inputs = load_diet(protocol.meals).inputs
        values |= {name: value for name, value in inputs.items() if name in model.parameters}
    habits = lasting_shifts(variant_shifts(chosen, model), is_habit=True)
    for name, amount in habits.items():
        values[name] = values.get(name, model.parameters[name].value) + amount
    if condition.settling is None:
        lanes = model.lanes(values, len(ids))
    else:
        days = condition.settling.number("day")
        lanes = settle(model, values, len(ids), days=days, solver=SOLVER, device=device)
    walk = _Walk(protocol, arm, chosen, condition, model, population, device)
    walk.leavers_go_on = leavers_go_on
    return walk.result(ids, lanes, everybody_stays=everybody_stays)


def _diet(protocol: Protocol) -> dict[str, float]:
    return intake_means(protocol) if protocol.meals else EVEN_SUPPLY


def _population(
    protocol: Protocol,
    variant: Variant,
    condition: Condition,
    model: Model,
    ids: NDArray[np.int64],
) -> Population:
    compounds = protocol_compounds(protocol)
    effects = [effect for compound in compounds for effect in covariate_effects(compound)]
    effects += genotype_effects(model)
    effects += enzyme_effects(model.parameters)
    lags = {compound.name: absorption_lag(compound) for compound in compounds}
    return sample_population(
        ids,
        protocol.seed,
        population_spec(protocol.population, condition),
        model,
        effects,
        lags,
        condition.population.history,
        _moved(protocol, condition, model, ids),
        eligibility_criteria(protocol, condition),
        variant_covariates(variant),
    )


def _moved(
    protocol: Protocol, condition: Condition, model: Model, ids: NDArray[np.int64]
) -> dict[str, Floats]:
    """Return the typical values that the disease gives each patient."""
    if not condition.shifts:
        return {}
    mean = condition.severity.baseline_mean.number("1")
    spread = condition.severity.baseline_sd.number("1")
    entered = enter_trial(
        ids, protocol.seed, condition, placebo_lead_in(protocol), protocol.ratings.rules
    )
    deviation = entered.screened - mean
    severity = deviation / spread if spread else np.zeros(len(ids))
    return shift_values(ids, protocol.seed, condition.shifts, model, severity)


class _Walk:
    """Go from run-in to the last visit; see the docstring of the module."""

    def __init__(
        self,
        protocol: Protocol,
        arm: str,
        variant: Variant,
        condition: Condition,
        model: Model,
        population: Population,
        device: str,
    ) -> None:
        self.protocol, self.arm, self.condition = protocol, arm, condition
        self.variant = variant
        self.model, self.population, self.device = model, population, device
        self.events = trial_events(protocol)
        self.meals = meal_streams(protocol, variant)
        shifts = variant_shifts(variant, model)
        self.lasting = lasting_shifts(shifts, is_habit=False)
        self.windows = shift_streams(shifts, protocol)
        expectation = expectation_share() if is_expected_to_help(variant) else 0.0
        self.variation = TrialVariation(expectation=expectation)
        given = {regimen.drug for regimen in protocol.arm(arm).regimens}
        given |= {one.drug for one in variant.adds} | {one.drug for one in protocol.beside}
        given |= set() if protocol.rescue is None else {protocol.rescue.drug}
        self.drugs = {name: load_drug(name) for name in given}
        self.leavers_go_on = False

    def result(self, ids: NDArray[np.int64], lanes: Lanes, *, everybody_stays: bool) -> BlockResult:
        """Return everything that happened."""
        first, *others = segments(self.protocol)
        solutions = [self._integrate(lanes, first, ())]
        names = [
            name for name in wanted_means(self.protocol) if f"total_{name}" in solutions[0].names
        ]
        reference = {
            name: _daily_means(solutions[0], name)[-1] for name in names if not rests_at_zero(name)
        }
        _refuse_absent(reference, self.condition, ids, solutions[0])
        courses = [self._start(ids)]
        if everybody_stays:  # limits that no hazard reaches
            limits = np.full_like(courses[0].leave_limit, np.inf)
            courses = [replace(courses[0], leave_limit=limits)]
        earlier: tuple[Solution, ...] = ()
        used_to: DayDrivers | None = None
        if self.protocol.prior:
            prior, *others = others
            earlier = (solutions[0],)
            solutions = [self._integrate(earlier[0].end, prior, self._beside(ids))]
            means = {name: _daily_means(solutions[0], name, earlier[0]) for name in names}
            used_to = _drivers(means, reference)
            courses = [accustom(courses[0], used_to, self.condition, self.events)]
        days = []
        conduct = start_conduct(self.protocol, self.arm, ids)
        now = self._shifted(solutions[0].end)
        living = now.parameters
        for segment in others:
            before = solutions[-1]
            doses = self._doses(ids, courses[-1], conduct)
            taking = self._with_statuses(now, living, segment)
            solutions.append(self._integrate(taking, segment, doses))
            now = solutions[-1].end
            means = {name: _daily_means(solutions[-1], name, before) for name in names}
            days.append(_drivers(means, reference))
            courses.append(
                follow_days(
                    courses[-1],
                    days[-1],
                    self.condition,
                    self.events,
                    self.variation,
                    is_visit=segment.visit is not None,
                )
            )
            if everybody_stays:  # not even for an adverse event
                still = np.full_like(courses[-1].left_day, np.nan)
                courses[-1] = replace(courses[-1], left_day=still)
            if segment.visit is not None:
                conduct = self._decided(ids, segment.visit, courses, conduct)
        return BlockResult(
            patient_ids=ids,
            population=self.population,
            courses=tuple(courses),
            solutions=tuple(solutions),
            drivers=_joined(days),
            dosing=dosing_record(
                self.protocol,
                self.arm,
                ids,
                _stop_times(courses[-1]),
                self.variant,
                conduct.steps,
                conduct.rescue_s,
                self._actions(conduct),
            ),
            conduct=conduct,
            model=self.model,
            condition=self.condition,
            systems=trial_systems(self.protocol),
            variation=self.variation,
            earlier=earlier,
            used_to=used_to,
        )

    def _start(self, ids: NDArray[np.int64]) -> ClinicalCourse:
        return start_course(
            ids,
            self.protocol.seed,
            self.condition,
            self.events,
            placebo_lead_in(self.protocol),
            self.protocol.ratings.rules,
            covariates=self.population.columns,
            ascertainment=self.protocol.ascertainment,
            measures=self.protocol.measures,
            modifies_disease=self.protocol.assumptions.disease_modification,
        )

    def _shifted(self, lanes: Lanes) -> Lanes:
        """Return lanes with the lifestyles and the eating pattern that act from week 0 on."""
        diet = variant_diet(self.variant)
        statuses = {} if diet is None else diet.inputs
        if not self.lasting and not statuses:
            return lanes
        parameters = lanes.parameters.copy()
        for name, value in statuses.items():
            if name in self.model.system.parameters:
                parameters[self.model.system.parameters.index(name)] = value
        for name, amount in self.lasting.items():
            parameters[self.model.system.parameters.index(name)] += amount
        return replace(lanes, parameters=parameters)

    def _decided(
        self,
        ids: NDArray[np.int64],
        visit: int,
        courses: list[ClinicalCourse],
        conduct: Conduct,
    ) -> Conduct:
        """Return what is known after a visit: the scores rated there, and what they lead to."""
        first, course = courses[0], courses[-1]
        arguments = (self.protocol, self.condition, self.variation, ids)
        scales = rated_endpoints(self.protocol)
        shown = {name: rated_score(*arguments, name, course) for name in scales}
        if scales:
            shown["baseline"] = rated_score(*arguments, leading_scale(self.protocol), first)
        return at_visit(
            conduct,
            self.protocol,
            self.arm,
            self.condition,
            ids,
            visit,
            course,
            course.latent(self.condition, self.variation),
            {**self.population.columns, **shown},
        )

    def _actions(self, conduct: Conduct) -> EventActions:
        times = [visit.time for visit in self.protocol.visits[: len(conduct.pauses_s)]]
        return EventActions(
            reduced_s=conduct.reduced_s,
            from_s=np.array(times, np.int64),
            until_s=conduct.pauses_s,
        )

    def _doses(
        self, ids: NDArray[np.int64], course: ClinicalCourse, conduct: Conduct
    ) -> tuple[Stream, ...]:
        stop_times = _stop_times(course)
        if self.leavers_go_on:
            stop_times = np.full_like(stop_times, int(NEVER_D) * DAY_S)
        drugs = dose_streams(
            self.protocol,
            self.arm,
            ids,
            drugs=self.drugs,
            lags=self.population.lags_s,
            stop_times=stop_times,
            variant=self.variant,
            steps=conduct.steps,
            rescue_times=conduct.rescue_s,
            actions=self._actions(conduct),
        )
        supplements = supplement_streams(self.protocol, self.arm, ids, stop_times)
        return (*drugs, *self._beside(ids), *supplements)

    def _beside(self, ids: NDArray[np.int64]) -> tuple[Stream, ...]:
        return beside_streams(self.protocol, ids, drugs=self.drugs, lags=self.population.lags_s)

    def _with_statuses(self, lanes: Lanes, living: Floats, segment: Segment) -> Lanes:
        """Return the lanes with the statuses that supplements of the arm have changed."""
        if not self.protocol.arm(self.arm).supplements:
            return lanes
        week_0 = schedule_time(self.protocol, 0)
        begin, end = (time - week_0 for time in (segment.t0, segment.t1))
        factors = status_factors(self.protocol, self.arm, begin, end)
        parameters = living.copy()
        for name, factor in factors.items():
            parameters[self.model.system.parameters.index(name)] *= factor
        return replace(lanes, parameters=parameters)

    def _integrate(self, lanes: Lanes, segment: Segment, doses: tuple[Stream, ...]) -> Solution:
        schedule = Schedule(
            t0=segment.t0, t1=segment.t1, streams=(*self.meals, *self.windows, *doses)
        )
        return integrate(
            self.model.system,
            lanes,
            schedule,
            segment.save_times,
            SOLVER,
            self.device,
            threads=1,  # the parallelism is that of the workers, one core each
        )


def _stop_times(course: ClinicalCourse) -> NDArray[np.int64]:
    """Return the trial time from which a patient takes no more doses [s]."""
    left = np.where(np.isnan(course.left_day), NEVER_D, course.left_day)
    return left.astype(np.int64) * DAY_S


def _daily_means(solution: Solution, name: str, before: Solution | None = None) -> Floats:
    """Return the mean over each day that ends in the solution, shape ``(n_day, n_lane)``."""
    totals = solution[f"total_{name}"]
    first = np.zeros_like(totals[:1]) if before is None else before[f"total_{name}"][-1:]
    return np.diff(np.concatenate((first, totals)), axis=0) / 24.0


def _refuse_absent(
    reference: Mapping[str, Floats],
    condition: Condition,
    ids: NDArray[np.int64],
    run_in: Solution,
) -> None:
    """Refuse a signal that is not there without treatment: its log ratio says nothing."""
    works = run_in.codes == ResultCode.SUCCESS
    for name, level in reference.items():
        absent = np.flatnonzero(works & ~(level > 0.0))
        if absent.size:
            raise CohortError(
                f"condition '{condition.name}', link.signals.{name}: its daily mean is "
                f"{level[absent[0]]:g} in untreated patient {ids[absent[0]]}; levels greater than "
                "0 have a log ratio. Use another state or rule."
            )


def _drivers(means: Mapping[str, Floats], reference: Mapping[str, Floats]) -> DayDrivers:
    return DayDrivers(
        readings={
            name: log(mean / reference[name]) if name in reference else mean
            for name, mean in means.items()
        }
    )


def _joined(parts: list[DayDrivers]) -> DayDrivers:
    return DayDrivers(
        readings={
            name: np.concatenate([part.readings[name] for part in parts])
            for name in parts[0].readings
        }
    )
