"""Quantities that are measured at visits, and grades of adverse events by their value.

A measure is a patient's own value, what readings of the model add to it, and noise of the day. The
walk enters at `own_values` and `measured`.
"""

import functools
from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Annotated, Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, Field, model_validator

from cohort.errors import CohortError, ConditionError, ExpressionError, UnknownNameError
from cohort.facts import Declaration, Fact, quantity_in
from cohort.outcomes.readings import rests_at_zero
from cohort.outcomes.shape import Shape
from cohort.population.criteria import parse_criterion
from cohort.population.draws import normals
from cohort.units import parse_quantity
from cohort.yaml_files import Contradiction, is_read, read_yaml_model, refuse_contradictions
from kernels.arithmetic import exp, log

__all__ = [
    "Grade",
    "Measure",
    "Offset",
    "Term",
    "grade_of",
    "load_measure",
    "measure_names",
    "measured",
    "own_values",
    "read_measures",
    "term_effects",
]

Floats = NDArray[np.float64]
Columns = Mapping[str, NDArray[np.generic]]

_SHORTEST_D: Final = 1e-3  # time constants divide
_HIGHEST_GRADE: Final = 5
_TRIGGERS: Final = ("above", "below", "rise", "fall", "rise_share", "fall_share")


def _criterion(text: str) -> str:
    try:
        parse_criterion(text)
    except ExpressionError as error:
        raise ValueError(str(error)) from error
    return text


class Term(Declaration):
    """What one reading of the model adds to a measure.

    Parameters
    ----------
    reads
        A state or rule of the model, as of `cohort.outcomes.adverse_events.Driver`.
    sign
        -1 where a fall acts.
    shape
        How the measure depends on it.
    change
        What is added at g = 1, in the unit of the measure; on a log scale a change of the natural
        logarithm [1].
    builds_up
        Time constant with which the reading takes effect [d]; at once if left out.
    tolerance
        Time constant of getting used to it [d].

    Examples
    --------
    >>> load_measure("QTCF").terms[0].reads
    'occupancy_herg'
    """

    reads: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    sign: Literal[1, -1] = 1
    shape: Shape
    change: Fact
    builds_up: Annotated[Fact, quantity_in("day", minimum=_SHORTEST_D)] | None = None
    tolerance: Annotated[Fact, quantity_in("day", minimum=_SHORTEST_D)] | None = None

    def contradictions(self) -> Iterator[Contradiction]:
        """List what cannot stand together.

        Examples
        --------
        >>> list(load_measure("QTCF").terms[0].contradictions())
        []
        """
        if self.builds_up is not None and self.tolerance is not None:
            yield Contradiction(
                path=("builds_up",),
                message="a term builds up, or the patient gets used to it, not both. Delete one, "
                "or write a second term.",
            )

    _refuse = model_validator(mode="after")(refuse_contradictions)


class Offset(Declaration):
    """Who has a higher or lower value of their own.

    Parameters
    ----------
    where
        A condition on covariates, in the language of `cohort.population.criteria`.
    plus
        What is added, as `Term.change`.

    Examples
    --------
    >>> load_measure("QTCF").offsets[0].where
    "sex == 'F'"
    """

    where: Annotated[str, AfterValidator(_criterion)]
    plus: Fact


class Grade(Declaration):
    """One grade of an adverse event, by any of its limits.

    Parameters
    ----------
    grade
        From 1 to 5.
    above, below
        Limits of the value, in the unit of the measure; beyond them the grade is reached.
    rise, fall
        Limits of the change from the patient's first value, in the same unit.
    rise_share, fall_share
        The same as shares of the first value [1].

    Examples
    --------
    >>> load_measure("QTCF").grades[2].rise
    '60 ms'
    """

    grade: Annotated[int, Field(ge=1, le=_HIGHEST_GRADE)]
    above: str | None = None
    below: str | None = None
    rise: str | None = None
    fall: str | None = None
    rise_share: Annotated[float, Field(gt=0.0)] | None = None
    fall_share: Annotated[float, Field(gt=0.0, le=1.0)] | None = None

    def contradictions(self) -> Iterator[Contradiction]:
        """List a grade without a limit.

        Examples
        --------
        >>> list(load_measure("QTCF").grades[0].contradictions())
        []
        """
        if all(getattr(self, name) is None for name in _TRIGGERS):
            yield Contradiction(
                path=("grade",),
                message=f"no limit reaches it; one of {', '.join(_TRIGGERS)} is wanted. Add one.",
                unless=_TRIGGERS,
            )

    _refuse = model_validator(mode="after")(refuse_contradictions)


class Measure(Declaration):
    """One quantity that is measured at visits.

    Parameters
    ----------
    code, title, unit
        Parameter code of the tables, words for people, unit.
    scale
        ``linear``: terms and noise add. ``log``: they multiply; ``sd``, ``noise`` and changes are
        then of the natural logarithm.
    mean, covariate
        Mean of the untreated; or the column of the population that is the patient's own value.
    sd
        Spread between the untreated; none with a ``covariate``.
    noise
        Spread within a patient from day to day.
    offsets, terms, grades
        Who has another value of their own, what readings add, and limits of adverse events.

    Examples
    --------
    >>> load_measure("QTCF").unit
    'ms'
    """

    code: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]{0,7}$")]
    title: Annotated[str, Field(min_length=3)]
    unit: str
    scale: Literal["linear", "log"]
    mean: Fact | None = None
    covariate: str | None = None
    sd: Fact | None = None
    noise: Fact
    offsets: tuple[Offset, ...] = ()
    terms: tuple[Term, ...] = ()
    grades: tuple[Grade, ...] = ()

    @property
    def reads(self) -> tuple[str, ...]:
        """Names of the readings of the model, each once.

        Examples
        --------
        >>> load_measure("QTCF").reads
        ('occupancy_herg',)
        """
        return tuple(dict.fromkeys(term.reads for term in self.terms))

    @property
    def spread_unit(self) -> str:
        """Unit of the spread, the noise, the offsets and the changes.

        Examples
        --------
        >>> load_measure("QTCF").spread_unit
        'ms'
        """
        return self.unit if self.scale == "linear" else "1"

    def contradictions(self) -> Iterator[Contradiction]:
        """List what cannot stand together, and quantities in another unit.

        Examples
        --------
        >>> list(load_measure("QTCF").contradictions())
        []
        """
        if (self.mean is None) == (self.covariate is None):
            yield Contradiction(
                path=("code",),
                message="one of 'mean' and 'covariate' is wanted: what the patient's own value is. "
                "Add one, or delete one.",
                unless=("mean", "covariate"),
            )
        if not is_read(self.unit) or not is_read(self.scale):
            return
        yield from _units(self)
        yield from _limits(self)
        grades = [one.grade for one in self.grades if is_read(one) and is_read(one.grade)]
        if grades != sorted(set(grades)):
            yield Contradiction(
                path=("grades",),
                message=f"grades {', '.join(map(str, grades))}; rising ones, each once, are "
                "wanted. Sort them.",
            )

    _refuse = model_validator(mode="after")(refuse_contradictions)


def _units(measure: Measure) -> Iterator[Contradiction]:
    facts: list[tuple[tuple[str | int, ...], Fact | None, str]] = [
        (("mean",), measure.mean, measure.unit),
        (("sd",), measure.sd, measure.spread_unit),
        (("noise",), measure.noise, measure.spread_unit),
    ]
    facts += [
        (("offsets", i, "plus"), one.plus, measure.spread_unit)
        for i, one in enumerate(measure.offsets)
        if is_read(one)
    ]
    facts += [
        (("terms", i, "change"), one.change, measure.spread_unit)
        for i, one in enumerate(measure.terms)
        if is_read(one)
    ]
    for path, fact, unit in facts:
        if fact is not None and is_read(fact):
            lowest = 0.0 if path[0] in ("sd", "noise") else -np.inf
            yield from _in_unit(str(fact.value), unit, (*path, "value"), lowest)


def _limits(measure: Measure) -> Iterator[Contradiction]:
    for i, one in enumerate(measure.grades):
        for name in ("above", "below", "rise", "fall"):
            text = getattr(one, name)
            if text is not None and is_read(text):
                yield from _in_unit(text, measure.unit, ("grades", i, name), -np.inf)


def _in_unit(
    text: str, unit: str, path: tuple[str | int, ...], lowest: float
) -> Iterator[Contradiction]:
    try:
        parse_quantity(text, unit, where=str(path[-1]), minimum=lowest)
    except CohortError as error:
        yield Contradiction(path=path, message=str(error))


class _MeasureFile(Declaration):
    measures: tuple[Measure, ...]


@functools.cache
def _measures() -> dict[str, Measure]:
    with resources.as_file(resources.files("cohort.outcomes") / "measures.yaml") as path:
        return {one.code: one for one in read_measures(path)}


def read_measures(path: object) -> tuple[Measure, ...]:
    """Return the measures of a file.

    Parameters
    ----------
    path
        YAML file that holds ``measures: [...]``.

    Raises
    ------
    ConditionError
        If the file has mistakes; all of them are listed, by line.

    Examples
    --------
    >>> read_measures("no-such.yaml")
    Traceback (most recent call last):
    ...
    cohort.errors.ConditionError: no-such.yaml: no such file; an existing YAML file is wanted. Check the path.
    """  # noqa: E501
    return read_yaml_model(str(path), _MeasureFile, error=ConditionError).measures


def measure_names() -> tuple[str, ...]:
    """Return the codes of the packaged measures.

    Examples
    --------
    >>> "QTCF" in measure_names()
    True
    """
    return tuple(_measures())


def load_measure(code: str) -> Measure:
    """Return a packaged measure by its code.

    Parameters
    ----------
    code
        One of `measure_names`.

    Raises
    ------
    UnknownNameError
        If there is no such measure.

    Examples
    --------
    >>> load_measure("QTCF").title
    'QT interval corrected by Fridericia'
    """
    if code not in _measures():
        raise UnknownNameError("measure", code, measure_names(), "measure")
    return _measures()[code]


def own_values(
    measure: Measure, patient_ids: NDArray[np.int64], seed: int, covariates: Columns
) -> Floats:
    """Return the untreated value of each patient, of a log scale its natural logarithm.

    Parameters
    ----------
    measure
        What is measured.
    patient_ids, seed
        Whose, in which trial.
    covariates
        Columns of the population that offsets and ``covariate`` read.

    Returns
    -------
    Shape ``(n_lane,)``, in the unit of the measure or as a logarithm.

    Examples
    --------
    >>> people = {"sex": np.array(["F", "M"]), "age_y": np.array([40.0, 70.0])}
    >>> own_values(load_measure("QTCF"), np.array([1, 2]), 7, people).shape
    (2,)
    """
    if measure.covariate is not None:
        if measure.covariate not in covariates:
            raise UnknownNameError(
                f"measure {measure.code}", measure.covariate, covariates, "covariate"
            )
        value = np.asarray(covariates[measure.covariate], np.float64)
    else:
        value = np.full(len(patient_ids), measure.mean.number(measure.unit) if measure.mean else 0)
    value = value if measure.scale == "linear" else log(value)
    for offset in measure.offsets:
        plus = offset.plus.number(measure.spread_unit)
        there = parse_criterion(offset.where).holds(covariates)  # type: ignore[arg-type]
        value = value + np.where(there, plus, 0.0)
    if measure.sd is None:
        return value
    spread = measure.sd.number(measure.spread_unit)
    return value + spread * normals(seed, patient_ids, f"measure: {measure.code}")


def term_effects(measure: Measure, acting: Mapping[int, Floats], n_lane: int) -> Floats:
    """Return what readings of the model add to a measure.

    Parameters
    ----------
    measure
        What is measured.
    acting
        The acting reading of each term by its position [1], shape ``(n_lane,)``; a term that is
        left out is at rest.
    n_lane
        Number of patients.

    Returns
    -------
    Sum of the terms in the unit of the measure, or as a logarithm, shape ``(n_lane,)``.

    Examples
    --------
    >>> term_effects(load_measure("QTCF"), {0: np.array([0.02])}, 1).tolist()
    [2.0]
    """
    total = np.zeros(n_lane)
    for position, driver in acting.items():
        term = measure.terms[position]
        excess = term.shape.excess(driver, is_level=rests_at_zero(term.reads))
        total = total + term.change.number(measure.spread_unit) * excess
    return total


def measured(
    measure: Measure,
    own: Floats,
    effects: Floats,
    patient_ids: NDArray[np.int64],
    seed: int,
    day: int,
) -> Floats:
    """Return what is measured on a day.

    Parameters
    ----------
    measure
        What is measured.
    own, effects
        From `own_values` and `term_effects`, shape ``(n_lane,)``.
    patient_ids, seed, day
        Whose noise, of which day.

    Returns
    -------
    Values in the unit of the measure, shape ``(n_lane,)``.

    Examples
    --------
    >>> qtc, ids = load_measure("QTCF"), np.array([1])
    >>> still = measured(qtc, np.array([400.0]), np.zeros(1), ids, 7, 0)
    >>> longer = measured(qtc, np.array([400.0]), np.array([10.0]), ids, 7, 0)
    >>> round(float((longer - still)[0]), 6)
    10.0
    """
    noise = measure.noise.number(measure.spread_unit)
    luck = normals(seed, patient_ids, f"measure of the day: {measure.code}", day)
    value = own + effects + noise * luck
    return value if measure.scale == "linear" else exp(value)


def grade_of(measure: Measure, value: Floats, first: Floats) -> NDArray[np.int64]:
    """Return the highest grade that a value reaches.

    Parameters
    ----------
    measure
        Its limits.
    value, first
        The value and the patient's first one, shape ``(n_lane,)``.

    Returns
    -------
    Grades, 0 where none is reached, shape ``(n_lane,)``.

    Examples
    --------
    >>> values = np.array([440.0, 470.0, 455.0, np.nan])
    >>> grade_of(load_measure("QTCF"), values, np.array([430.0, 430.0, 390.0, 400.0])).tolist()
    [0, 1, 3, 0]
    """
    found = np.zeros(np.shape(value), np.int64)
    for one in measure.grades:
        reached = np.zeros(np.shape(value), np.bool_)
        for name, seen in (("above", value), ("rise", value - first)):
            if (text := getattr(one, name)) is not None:
                reached |= seen > parse_quantity(text, measure.unit, where=name)
        for name, seen in (("below", value), ("fall", value - first)):
            if (text := getattr(one, name)) is not None:
                limit = parse_quantity(text, measure.unit, where=name)
                reached |= seen < (limit if name == "below" else -limit)
        if one.rise_share is not None:
            reached |= value > first * (1.0 + one.rise_share)
        if one.fall_share is not None:
            reached |= value < first * (1.0 - one.fall_share)
        found = np.where(reached, one.grade, found)
    return found
