"""Give the doses of publications to the people they describe, and read the same numbers.

One lane is the observation, a second the run that it is a ratio to. The reference patient has
typical parameters; what an observation says of a person moves them by the same effects as in a
trial. Enters from `pipelines`.
"""

import functools
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cohort.chemistry import Setting, chemistry, with_needs
from cohort.compounds import Compound, CovariateEffect, covariate_effects
from cohort.drugs import Drug, drug_streams, load_drug
from cohort.errors import UnknownNameError
from cohort.model import Model, assemble
from cohort.observations.observation import DoseCourse, Observation, Person
from cohort.patient_model import drug_submodels
from cohort.physiology.enzymes import enzyme_effects
from cohort.physiology.pharmacokinetics import absorption_lag
from cohort.population.effects import covariate_factors
from kernels import Schedule, Solver, Stream, integrate, symbol

__all__ = ["REFERENCE_PERSON", "Verdict", "drug_model", "person_factors", "run_observations"]

Floats = NDArray[np.float64]

REFERENCE_PERSON: Final[Mapping[str, str | float]] = {
    "weight_kg": 70.0,
    "age_y": 40.0,
    "cyp2c19": "NM",
    "cyp2d6": "NM",
    "smoker": "no",
    "crcl_ml_min": 100.0,
}
"""The reference patient, whose parameters are the typical ones; of no sex."""

_SOLVER: Final = Solver(rtol=1e-6, atol=1e-8)
_N_POINTS = 481  # of a window: 3 minutes a day
_HOUR_S = 3600.0
_TAIL = 4  # the last quarter of a window gives the terminal slope


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A published number beside that of the model.

    Parameters
    ----------
    observation
        What was published.
    value
        Number of the model [``unit``]; not a number where the model gives none.
    low, high
        Published interval [``unit``].
    unit
        Unit of all three.

    Examples
    --------
    >>> from cohort.observations import load_observations
    >>> verdict = run_observations(load_observations(["ssri"])[:1])[0]
    >>> verdict.low <= verdict.high
    True
    """

    observation: Observation
    value: float
    low: float
    high: float
    unit: str

    @property
    def agrees(self) -> bool:
        """Whether the model is within the interval."""
        return self.low <= self.value <= self.high

    @property
    def miss(self) -> float:
        """How far outside, relative to the nearer end [1]; 0 within, infinite for no number."""
        if math.isnan(self.value):
            return math.inf
        if self.agrees:
            return 0.0
        end = self.low if self.value < self.low else self.high
        return self.value / end - 1 if end else math.copysign(math.inf, self.value)


def run_observations(observations: Iterable[Observation]) -> tuple[Verdict, ...]:
    """Return what the model says to some observations.

    Parameters
    ----------
    observations
        Published numbers.

    Returns
    -------
    One verdict each, in order.

    Raises
    ------
    UnknownNameError
        If an observation reads a quantity that its model does not have.
    CohortError
        If an interval is in a unit of another dimension.

    Examples
    --------
    >>> from cohort.observations import load_observations
    >>> first = load_observations(["ssri"])[0]
    >>> run_observations([first])[0].observation.name == first.name
    True
    """
    return tuple(map(_run, observations))


def drug_model(drugs: Iterable[Drug], systems: Iterable[str] = ()) -> Model:
    """Return the model of drugs in a body, with or without chemistry, observing every rule.

    Parameters
    ----------
    drugs
        What is taken.
    systems
        Systems of the chemistry, without meals or rhythm of the day.

    Returns
    -------
    Model with one observable a rule and a state.

    Examples
    --------
    >>> "sert_occupancy" in drug_model([load_drug("sertraline")]).system.observables
    True
    """
    given = tuple(drugs)
    found = {compound.name: compound for drug in given for compound in drug.compounds}
    texts = tuple(found[name].model_dump_json() for name in sorted(found))
    inputs = tuple(sorted({name for drug in given for name in drug.inputs}))
    return _drug_model(texts, inputs, with_needs(systems))


@functools.cache
def _drug_model(texts: tuple[str, ...], inputs: tuple[str, ...], systems: tuple[str, ...]) -> Model:
    compounds = tuple(Compound.model_validate_json(text) for text in texts)
    parts = list(drug_submodels(compounds, inputs))
    if systems:
        parts = [*chemistry(systems, Setting()), *parts]
    observed = [item.name for part in parts for item in part.species]
    observed += [name for part in parts for name in part.rules]
    return assemble("drugs", parts, {name: symbol(name) for name in observed})


def person_factors(
    model: Model, compounds: Iterable[Compound], people: Iterable[Person]
) -> dict[str, Floats]:
    """Return what people are that moves parameters of a model.

    Parameters
    ----------
    model
        The model.
    compounds
        Its compounds.
    people
        One person a lane.

    Returns
    -------
    Parameters that differ from the reference [unit of the parameter], shape ``(n_lane,)``.

    Examples
    --------
    >>> drug = load_drug("paroxetine")
    >>> values = person_factors(drug_model([drug]), drug.compounds, [Person(cyp2d6="PM")])
    >>> values["cyp2d6_capacity"].tolist()
    [0.0]
    """
    said = [person.columns() for person in people]
    names = {name for columns in said for name in columns}
    if "sex" in names and not all("sex" in columns for columns in said):
        raise UnknownNameError("person", "nothing", ("F", "M"), "sex")
    filled = [{**REFERENCE_PERSON, **columns} for columns in said]
    columns = {name: np.array([one[name] for one in filled]) for name in names}
    effects: list[CovariateEffect] = [
        effect for compound in compounds for effect in covariate_effects(compound)
    ]
    effects += enzyme_effects(model.parameters)
    wanted = [effect for effect in effects if effect.covariate in names]
    return {
        name: model.parameters[name].value * factor
        for name, factor in covariate_factors(columns, wanted).items()
    }


def _run(one: Observation) -> Verdict:
    runs = _both(one)
    drugs = {course.drug: load_drug(course.drug) for courses, _, _ in runs for course in courses}
    model = drug_model(drugs.values(), one.systems)
    asked = dict.fromkeys(name for _, _, names in runs for name in names)
    for name in asked:
        if name not in model.system.observables:
            known = model.system.observables
            raise UnknownNameError(f"observation {one.name!r}, of", name, known, "quantity")
    compounds = tuple(compound for drug in drugs.values() for compound in drug.compounds)
    values = person_factors(model, compounds, [person for _, person, _ in runs])
    saves = _save_times(one)
    streams = tuple(
        stream
        for lane, (courses, _, _) in enumerate(runs)
        for course in courses
        for stream in _streams(course, drugs[course.drug], lane, len(runs))
    )
    solution = integrate(
        model.system,
        model.lanes(values, len(runs)),
        Schedule(t0=0, t1=int(saves[-1]) + 1, streams=streams),
        saves,
        _SOLVER,
        threads=1,
    )
    unit = one.unit(model.units[one.quantities[0]])
    found = []
    for lane, (_, _, names) in enumerate(runs):
        course = np.sum([solution[name][:, lane] for name in names], axis=0)
        found.append(_read(one, saves / _HOUR_S, course))
    value = found[0] if len(found) == 1 else found[0] / found[1]
    low, high = one.bounds(unit)
    return Verdict(observation=one, value=float(value), low=low, high=high, unit=unit)


def _both(one: Observation) -> list[tuple[tuple[DoseCourse, ...], Person, tuple[str, ...]]]:
    """Return doses, person and quantities of the run and of the one it is relative to."""
    runs = [(one.doses, one.person, one.quantities)]
    other = one.relative_to
    if other is not None:
        of = one.quantities if other.of is None else tuple(p.strip() for p in other.of.split("+"))
        doses = one.doses if other.doses is None else other.doses
        runs.append((doses, one.person if other.person is None else other.person, of))
    return runs


def _streams(course: DoseCourse, drug: Drug, lane: int, n_lane: int) -> Iterable[Stream]:
    times = np.array(course.times(), dtype=np.int64)
    taken = np.zeros((len(times), n_lane), dtype=np.bool_)
    taken[:, lane] = True
    lags = {
        compound.name: np.full(n_lane, round(absorption_lag(compound).value), dtype=np.int64)
        for compound in drug.compounds
    }
    amounts = np.full(len(times), course.dose)
    return drug_streams(drug, times, amounts, lags=lags, taken=taken)


def _save_times(one: Observation) -> NDArray[np.int64]:
    if one.measure == "at":
        return np.array([max(1, one.moment())], dtype=np.int64)
    begin, end = one.window()
    grid = np.linspace(max(begin, 1), end, _N_POINTS)
    return np.unique(np.round(grid).astype(np.int64))


def _read(one: Observation, hours: Floats, course: Floats) -> float:
    """Return the measure of a course, in hours and the quantity's unit."""
    if one.measure == "at":
        return float(course[0])
    if one.measure in ("c_max", "peak"):
        return float(course.max())
    if one.measure in ("c_min", "trough"):
        return float(course.min())
    if one.measure == "t_max":
        return float(hours[int(course.argmax())] - one.window()[0] / _HOUR_S)
    area = float(np.trapezoid(course, hours))
    if one.measure == "mean":
        return area / float(hours[-1] - hours[0])
    if one.measure == "auc":
        return area
    if one.measure == "half_life":
        return math.log(2) / _slope(hours, course)
    tail = slice(-(len(hours) // _TAIL), None)
    return area + float(course[-1]) / _slope(hours[tail], course[tail])


def _slope(hours: Floats, course: Floats) -> float:
    """Return the rate of decline by least squares on logarithms [1/h]; nan where it does not."""
    if (course <= 0).any():
        return math.nan
    rate = -float(np.polyfit(hours, np.log(course), 1)[0])
    return rate if rate > 0 else math.nan
