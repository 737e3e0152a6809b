"""Simulate one block of patients of an imported model: the walk of `cohort.simulate`, much shorter.

1. population: ids and seed become covariates; covariates and draws become the model's parameters
2. trial: regimens and adherence become streams of doses
3. kernels integrate from the start of the run-in to the end in one piece
4. everything becomes columns, one dictionary a table

Nobody leaves, and no visit decides anything: what a file does not hold does not happen.
Pure, as the other walk is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cohort.errors import CohortError
from cohort.imported.patients import draw_patients
from cohort.imported.trial_model import trial_model
from cohort.population import PatientHistory, sample_people
from cohort.table_rows import (
    course_rows,
    exposure_rows,
    parameter_rows,
    solver_columns,
    stacked,
    subject_columns,
)
from cohort.trial import (
    beside_streams,
    dose_streams,
    dosing_record,
    eligibility_criteria,
    population_spec,
    schedule_time,
)
from cohort.trial.quantities import HOUR_S
from kernels import ResultCode, Schedule, Solver, integrate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from cohort.imported.trial_model import TrialModel
    from cohort.trial import DosingRecord, ImportedModel, Protocol, Variant
    from kernels import Lanes, Solution, Stream

    Columns = dict[str, NDArray[np.generic]]
    Floats = NDArray[np.float64]

__all__ = ["ImportedBlock", "model_solver", "simulate_imported", "tiny_levels"]

MOST = 1e9
"""Largest level of a table: sums are of fixed point, see `pipelines.summaries`."""
_TINY = 1e-6  # levels below it lose digits in these sums, whose steps are 2.3e-10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ImportedBlock:
    """Hold what one block of patients went through.

    Parameters
    ----------
    patient_ids
        Shape ``(n_lane,)``.
    people
        Covariates by name.
    drawn
        Parameters that differ between patients, by name in the system.
    solution
        Of the whole trial, saved at the visits.
    shown
        That of the patients whose course is reported.
    shown_ids
        Who they are.
    dosing
        Doses planned and taken.

    Examples
    --------
    >>> ImportedBlock.__slots__[0]
    'patient_ids'
    """

    patient_ids: NDArray[np.int64]
    people: Mapping[str, NDArray[np.float64] | NDArray[np.str_]]
    drawn: Mapping[str, Floats]
    solution: Solution
    shown: Solution
    shown_ids: NDArray[np.int64]
    dosing: DosingRecord


def model_solver(choice: ImportedModel) -> Solver:
    """Return the solver of an imported model.

    Examples
    --------
    >>> from cohort.trial import ImportedModel
    >>> model_solver(ImportedModel(file="a.xml")).rtol
    1e-06
    """
    return Solver(rtol=choice.tolerance.relative, atol=choice.tolerance.absolute)


def simulate_imported(
    protocol: Protocol,
    arm: str,
    patient_ids: NDArray[np.int64],
    *,
    variant: Variant,
    device: str,
    trajectory_ids: frozenset[int],
) -> dict[str, Columns]:
    """Simulate a block of patients of one arm and return its columns.

    Parameters
    ----------
    protocol, arm, patient_ids, variant, device, trajectory_ids
        As in `cohort.simulate.simulate`; the protocol has a model, and the variant is found.

    Returns
    -------
    Columns by table: ``adsl``, ``adlb``, ``adex`` and ``trajectories``; the other tables have none.

    Examples
    --------
    >>> simulate_imported.__name__  # shown by tests/cohort/imported/test_simulate_imported.py
    'simulate_imported'
    """
    choice = _choice(protocol)
    model = trial_model(choice)
    people = sample_people(
        patient_ids,
        protocol.seed,
        population_spec(protocol.population, None),
        PatientHistory(),
        eligibility_criteria(protocol, None),
    )
    drawn = draw_patients(model, choice, protocol.seed, patient_ids, people)
    visits = [schedule_time(protocol, visit.time) for visit in protocol.visits]
    walk = _Walk(protocol, arm, variant, model, device)
    lane = np.flatnonzero(np.isin(patient_ids, sorted(trajectory_ids)))
    shown_ids = patient_ids[lane]
    end = schedule_time(protocol, protocol.duration)
    points = np.arange(0, end + 1, choice.courses_every, dtype=np.int64)
    block = ImportedBlock(
        patient_ids=patient_ids,
        people=people,
        drawn=drawn,
        solution=walk.integrate(patient_ids, drawn, np.array(visits, np.int64)),
        shown=walk.integrate(shown_ids, {k: v[lane] for k, v in drawn.items()}, points),
        shown_ids=shown_ids,
        dosing=dosing_record(protocol, arm, patient_ids, variant=variant),
    )
    return {
        "adsl": _subjects(protocol, arm, model, block),
        "adlb": _levels(protocol, arm, model, block),
        "adex": exposure_rows(protocol, arm, patient_ids, block.dosing),
        "trajectories": _courses(protocol, arm, model, block),
    }


def tiny_levels(model: TrialModel) -> tuple[str, ...]:
    """Return the ids whose typical level at the start is so small that tables lose its digits.

    Examples
    --------
    >>> tiny_levels.__name__  # shown by tests/cohort/imported/test_simulate_imported.py
    'tiny_levels'
    """
    start = integrate(
        model.system,
        model.sbml.lanes(1),
        Schedule(t0=0, t1=0),
        np.zeros(1, np.int64),
        device="numpy",
    )
    levels = {
        code: _in_unit(model, code, start[name])[0, 0] for code, name in model.reported.items()
    }
    return tuple(code for code, level in levels.items() if 0.0 < abs(level) < _TINY)


def _choice(protocol: Protocol) -> ImportedModel:
    if protocol.model is None:
        raise ValueError("simulate_imported: a protocol with 'model' is needed")
    return protocol.model


class _Walk:
    """Integrate some patients of an arm from the start to the end."""

    def __init__(
        self, protocol: Protocol, arm: str, variant: Variant, model: TrialModel, device: str
    ) -> None:
        self.protocol, self.arm, self.variant = protocol, arm, variant
        self.model, self.device = model, device

    def integrate(
        self, ids: NDArray[np.int64], drawn: Mapping[str, Floats], saves: NDArray[np.int64]
    ) -> Solution:
        lanes = self.model.sbml.lanes(len(ids), drawn, seed=self.protocol.seed, ids=ids)
        schedule = Schedule(
            t0=0,
            t1=schedule_time(self.protocol, self.protocol.duration),
            streams=self._doses(ids, lanes),
        )
        return integrate(
            self.model.system,
            lanes,
            schedule,
            saves,
            model_solver(_choice(self.protocol)),
            self.device,
            threads=1,  # the parallelism is that of the workers, one core each
        )

    def _doses(self, ids: NDArray[np.int64], lanes: Lanes) -> tuple[Stream, ...]:
        routes = self.model.routes
        scales = {
            name: 1.0 / lanes.parameters[self.model.system.parameters.index(route.divisor)]
            for name, route in routes.items()
            if route.divisor
        }
        given = dose_streams(
            self.protocol,
            self.arm,
            ids,
            drugs=routes,
            lags={},
            scales=scales,
            variant=self.variant,
        )
        return (*given, *beside_streams(self.protocol, ids, drugs=routes, lags={}, scales=scales))


def _subjects(protocol: Protocol, arm: str, model: TrialModel, block: ImportedBlock) -> Columns:
    n_lane, solution = len(block.patient_ids), block.solution
    works = solution.codes == ResultCode.SUCCESS
    nobody, never = np.full(n_lane, ""), np.full(n_lane, np.nan)
    failed_h = solution.failure_times * (model.seconds_per_time_unit / HOUR_S)
    return {
        **subject_columns(protocol, arm, block.patient_ids, block.people, block.dosing),
        **solver_columns(protocol, solution.codes, failed_h, solution.accepted, solution.rejected),
        "completed": works,
        "discontinuation_reason": nobody,
        "discontinuation_day": never,
        "completed_treatment": works,
        "treatment_end_reason": nobody,
        "treatment_end_day": never,
        "rescue_day": never,
    }


def _levels(protocol: Protocol, arm: str, model: TrialModel, block: ImportedBlock) -> Columns:
    ids = block.patient_ids
    rows: list[Columns] = []
    treated = [np.full(len(ids), index > 0) for index in range(len(protocol.visits))]
    for code, name in model.reported.items():
        found = _in_unit(model, code, block.solution[name])
        values = list(np.where(np.isfinite(found), found, np.nan))  # also of who failed at once
        rows += parameter_rows(protocol, arm, ids, code, model.unit(code), values, treated)
    for code, own in model.parameter_codes.items():  # known at the baseline, and they stay
        rows += parameter_rows(
            protocol, arm, ids, code, model.unit(code), [block.drawn[own]], treated[:1]
        )
    return stacked(rows)


def _in_unit(model: TrialModel, code: str, values: Floats) -> Floats:
    """Return levels in the unit of the tables; refuse what their sums cannot hold."""
    factor = model.scales[code][0] if code in model.scales else 1.0
    found = values if factor == 1.0 else values * factor
    known = np.abs(found[np.isfinite(found)])
    if known.size and known.max() > MOST:
        raise CohortError(
            f"{code}: a level of {known.max():g} [{model.unit(code)}]; up to {MOST:g} fits the "
            "sums of tables. Report it in another unit under 'model', "
            f"'units: {{{code}: ...}}', or name others under 'observe'."
        )
    return found


def _courses(protocol: Protocol, arm: str, model: TrialModel, block: ImportedBlock) -> Columns:
    rows: list[Columns] = []
    for code, name in model.reported.items():
        values = _in_unit(model, code, block.shown[name])
        unit = model.unit(code)
        rows += course_rows(protocol, arm, block.shown_ids, code, unit, block.shown, values)
    return stacked(rows)
