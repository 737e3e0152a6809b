"""One published number about drugs: who took what, what was measured, and its interval."""

import math
from collections.abc import Iterator
from typing import Literal

from pydantic import ConfigDict, Field, model_validator

from cohort.chemistry import system_names
from cohort.drugs import load_drug
from cohort.errors import CohortError, UnknownNameError
from cohort.experiments.comparison import Length
from cohort.facts import Declaration, Mark
from cohort.trial.quantities import Dose, Identifier, Number, Words, write_span
from cohort.units import parse_quantity
from cohort.yaml_files import Contradiction, is_read, refuse_contradictions

__all__ = ["DoseCourse", "Measure", "Observation", "ObservationFile", "Other", "Person"]

Measure = Literal[
    "c_max", "t_max", "c_min", "mean", "auc", "auc_inf", "half_life", "at", "peak", "trough"
]
Phenotype = Literal["PM", "IM", "NM", "RM", "UM"]

_DAY_S = 86_400
_MOST_DOSES = 2000
_CONCENTRATION = "concentration_"
_UNITS_OF_TIME: tuple[Measure, ...] = ("t_max", "half_life")


class DoseCourse(Declaration):
    """Equal doses of a drug at an interval, from an hour on.

    Examples
    --------
    >>> DoseCourse(drug="sertraline", dose="50 mg", count=14).times()[-1] // 86400
    13
    """

    drug: Words = Field(examples=["escitalopram"])
    dose: Dose = Field(examples=["10 mg"])
    every: Length = Field(default=_DAY_S, examples=["24 h"])
    count: int = Field(default=1, ge=1, le=_MOST_DOSES)
    start: Length = Field(default=0, examples=["0 h"])

    def times(self) -> tuple[int, ...]:
        """Return when doses are taken [s].

        Examples
        --------
        >>> DoseCourse(drug="sertraline", dose="50 mg").times()
        (0,)
        """
        return tuple(self.start + i * self.every for i in range(self.count))


class Person(Declaration):
    """Who was measured, where it matters; what is absent is that of the reference patient.

    Examples
    --------
    >>> Person(cyp2d6="PM").columns()
    {'cyp2d6': 'PM'}
    """

    cyp2d6: Phenotype | None = None
    cyp2c19: Phenotype | None = None
    sex: Literal["F", "M"] | None = None
    smoker: Literal["yes", "no"] | None = None
    age_y: Number | None = None
    weight_kg: Number | None = None
    crcl_ml_min: Number | None = None

    def columns(self) -> dict[str, str | float]:
        """Return what is said, by covariate.

        Examples
        --------
        >>> Person().columns()
        {}
        """
        return {name: value for name, value in self.model_dump().items() if value is not None}


class Other(Declaration):
    """The run that an observation is a ratio to; what is absent is as in the observation.

    Examples
    --------
    >>> Other(person=Person(cyp2d6="NM")).doses is None
    True
    """

    person: Person | None = None
    doses: tuple[DoseCourse, ...] | None = Field(default=None, examples=["[{drug: ...}]"])
    of: str | None = None


class Observation(Declaration):
    """One published number.

    Parameters
    ----------
    name
        Identifier, once in all files.
    doses
        What was taken, from hour 0 of the model on.
    person
        Who took it.
    systems
        Systems of the chemistry that it needs; none for pharmacokinetics and occupancy.
    measure
        ``c_max``, ``t_max``, ``c_min``, ``mean``, ``auc`` over the window; ``auc_inf`` from its
        start, extrapolated; ``half_life``, by the logarithms over the window; ``at`` a time;
        ``peak`` and ``trough``, the same as ``c_max`` and ``c_min`` for quantities that are no
        concentrations.
    of
        State or rule, for example ``concentration_sertraline`` or ``sert_occupancy``; several,
        joined by ``+``, are added.
    begin, end, at
        Window, written ``from`` and ``to``, or time; from the last dose of the first course to one
        interval later if absent.
    relative_to
        Run that the number is divided by.
    low, high
        Interval of the published number, with its unit; one end may be left open.
    interval
        What it is: ``range``, ``mean ± SD``, ``95 % CI`` ... or ``ours``, with the reason.
    tag
        ``input`` of the files, ``fitted`` by a number of theirs, or ``independent``.
    mark, source, note
        As everywhere; the note says what is known of a miss.
    theme
        What tables group it under; filled in from the name of its file.

    Examples
    --------
    >>> seen = Observation(
    ...     name="example", doses=[{"drug": "sertraline", "dose": "50 mg"}], measure="c_max",
    ...     of="concentration_sertraline", low="5 ng/mL", high="20 ng/mL", interval="ours",
    ...     tag="independent", mark="assumed", source="example",
    ... )
    >>> seen.window(), seen.bounds("ng/mL")
    ((0, 86400), (5.0, 20.0))
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    name: Identifier = Field(examples=["sertraline_50_mg_c_max"])
    doses: tuple[DoseCourse, ...] = Field(min_length=1, examples=["[{drug: x, dose: 1 mg}]"])
    person: Person = Person()
    systems: tuple[str, ...] = ()
    measure: Measure
    of: str = Field(examples=["concentration_sertraline"])
    begin: Length | None = Field(default=None, alias="from", examples=["0 h"])
    end: Length | None = Field(default=None, alias="to", examples=["24 h"])
    at: Length | None = Field(default=None, examples=["4 h"])
    relative_to: Other | None = None
    low: str | float | None = Field(default=None, examples=["17 ng/mL"])
    high: str | float | None = Field(default=None, examples=["25 ng/mL"])
    interval: Words = Field(examples=["mean ± SD"])
    tag: Literal["input", "fitted", "independent"]
    mark: Mark
    source: Words
    note: Words | None = None
    theme: str = ""

    @property
    def quantities(self) -> tuple[str, ...]:
        """What is added up.

        Examples
        --------
        >>> Observation.model_construct(of="a + b").quantities
        ('a', 'b')
        """
        return tuple(part.strip() for part in self.of.split("+"))

    def window(self) -> tuple[int, int]:
        """Return the window of the measure [s].

        Examples
        --------
        >>> from cohort.observations import load_observations
        >>> start, end = load_observations()[0].window()
        >>> start < end
        True
        """
        first = self.doses[0]
        begin = first.times()[-1] if self.begin is None else self.begin
        end = begin + first.every if self.end is None else self.end
        return begin, end

    def moment(self) -> int:
        """Return the time of a measure ``at`` [s].

        Examples
        --------
        >>> Observation.model_construct(at=3600).moment()
        3600
        """
        return self.window()[0] if self.at is None else self.at

    def unit(self, of_quantity: str) -> str:
        """Return the unit that the published number has, given that of the quantity.

        Examples
        --------
        >>> Observation.model_construct(measure="auc", relative_to=None).unit("ng/mL")
        'ng/mL*h'
        """
        if self.relative_to is not None:
            return "1"
        if self.measure in _UNITS_OF_TIME:
            return "h"
        if self.measure in ("auc", "auc_inf"):
            return "h" if of_quantity == "1" else f"{of_quantity}*h"
        return of_quantity

    def bounds(self, unit: str) -> tuple[float, float]:
        """Return the interval in a unit; infinite where an end is open.

        Raises
        ------
        CohortError
            If an end is given in a unit of another dimension.

        Examples
        --------
        >>> Observation.model_construct(low="50 %", high=None, name="a").bounds("1")
        (0.5, inf)
        """
        found = []
        for key, open_end in (("low", -math.inf), ("high", math.inf)):
            given = getattr(self, key)
            where = f"observation {self.name!r}, {key}"
            found.append(
                open_end if given is None else parse_quantity(str(given), unit, where=where)
            )
        return found[0], found[1]

    def contradictions(self) -> Iterator[Contradiction]:
        """List what cannot stand together, and names that nothing has.

        Examples
        --------
        >>> from cohort.observations import load_observations
        >>> list(load_observations()[0].contradictions())
        []
        """
        yield from self._unknown_names()
        if self.low is None and self.high is None:
            yield Contradiction(path=("low",), message="neither low nor high; one end is needed.")
        if self.measure == "at" and self.at is None:
            yield Contradiction(path=("at",), message="measure 'at' needs a time. Write 'at: 4 h'.")
        if self.measure != "at" and self.at is not None:
            yield Contradiction(
                path=("at",), message=f"{self.measure} is taken over a window. Use 'from' and 'to'."
            )
        if all(map(is_read, (self.doses, self.begin, self.end))):
            begin, end = self.window()
            if end <= begin:
                yield Contradiction(
                    path=("to",),
                    message=f"{write_span(end)} is not after {write_span(begin)}. Move one.",
                )

    def _unknown_names(self) -> Iterator[Contradiction]:
        for i, name in enumerate(self.systems):
            if is_read(name) and name not in system_names():
                known = UnknownNameError("systems", name, system_names(), "system")
                yield Contradiction(path=("systems", i), message=str(known))
        for i, course in enumerate(self.doses if is_read(self.doses) else ()):
            if not is_read(course) or not is_read(course.drug):
                continue
            try:
                load_drug(course.drug)
            except CohortError as error:
                yield Contradiction(path=("doses", i, "drug"), message=str(error))

    _refuse = model_validator(mode="after")(refuse_contradictions)


class ObservationFile(Declaration):
    """A file of observations.

    Examples
    --------
    >>> ObservationFile(observations=()).observations
    ()
    """

    observations: tuple[Observation, ...]

    def contradictions(self) -> Iterator[Contradiction]:
        """List names that are there twice.

        Examples
        --------
        >>> list(ObservationFile(observations=()).contradictions())
        []
        """
        seen: set[str] = set()
        for i, one in enumerate(self.observations):
            if not is_read(one) or not is_read(one.name):
                continue
            if one.name in seen:
                yield Contradiction(
                    path=("observations", i, "name"),
                    message=f"'{one.name}' is there twice; once is allowed. Rename one.",
                )
            seen.add(one.name)

    _refuse = model_validator(mode="after")(refuse_contradictions)
