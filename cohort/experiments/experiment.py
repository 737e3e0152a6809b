"""One published experiment: who, on which chemistry, what was given when, and what was measured."""

import itertools
from collections.abc import Iterable, Iterator
from typing import Literal

from pydantic import ConfigDict, Field, model_validator

from cohort.chemistry import WHOLE, Setting, chemistry_model, system_names, with_needs
from cohort.errors import CohortError, UnknownNameError
from cohort.experiments.comparison import Comparison, Length
from cohort.facts import Declaration
from cohort.model import Model
from cohort.nutrition import MIXED, load_food, load_supplement, supplement_names
from cohort.physiology.cortisol import Rhythm
from cohort.trial.quantities import Clock, Dose, Grams, Identifier, Number, Words, write_span
from cohort.units import conversion_factor, parse_unit
from cohort.yaml_files import Contradiction, is_read, refuse_contradictions

__all__ = ["Experiment", "ExperimentIntake", "ExperimentMeal", "Step"]

_EVERYTHING = "whole"
_MAX_REPEATS = 1000
_TWICE = 2
_MORNING_S = 8 * 3600


class Step(Declaration):
    """Parameters that hold for a while; what a step does not set is at rest.

    Parameters
    ----------
    duration
        Written ``for``.
    values
        Written ``set``: values of parameters, in the units of the model.
    every, times
        The step is repeated so many times, at this interval, with rest between.

    Examples
    --------
    >>> daily = Step(duration="8 h", values={"net_occupancy": 0.9}, every="1 day", times=2)
    >>> daily.pieces()
    ((28800, {'net_occupancy': 0.9}), (57600, {}), (28800, {'net_occupancy': 0.9}), (57600, {}))
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    duration: Length = Field(alias="for", examples=["3 h"])
    values: dict[str, Number] = Field(default_factory=dict, alias="set")
    every: Length | None = None
    times: int = Field(default=1, ge=1, le=_MAX_REPEATS)

    def pieces(self) -> tuple[tuple[int, dict[str, float]], ...]:
        """Return lengths [s] and values, one after another.

        Examples
        --------
        >>> Step(duration="1 h").pieces()
        ((3600, {}),)
        """
        given = (self.duration, dict(self.values))
        if self.every is None:
            return (given,)
        pause: tuple[int, dict[str, float]] = (self.every - self.duration, {})
        pair = (given, pause) if pause[0] else (given,)
        return pair * self.times

    def contradictions(self) -> Iterator[Contradiction]:
        """List what cannot stand together.

        Examples
        --------
        >>> list(Step(duration="1 h").contradictions())
        []
        """
        if is_read(self.duration) and self.duration == 0:
            yield Contradiction(path=("for",), message="0 s; longer is allowed. Change it.")
        if self.every is not None and is_read(self.every) and self.every < self.duration:
            yield Contradiction(
                path=("every",),
                message=f"{write_span(self.every)} is shorter than the step; it begins again "
                "before it ends. Lengthen 'every'.",
            )
        if self.every is None and self.times >= _TWICE:
            yield Contradiction(
                path=("times",), message="repeats need an interval. Write 'every: 1 day'."
            )

    _refuse = model_validator(mode="after")(refuse_contradictions)


class ExperimentMeal(Declaration):
    """A meal at a time after the start; ``source`` is what its protein is of.

    Examples
    --------
    >>> ExperimentMeal(at="0 h", protein="46.8 g", carbohydrate="15.4 g").protein
    46.8
    """

    at: Length = Field(examples=["0 h"])
    protein: Grams = 0.0
    carbohydrate: Grams = 0.0
    source: str = MIXED


class ExperimentIntake(Declaration):
    """A supplement that is swallowed once, at a time after the start.

    Examples
    --------
    >>> ExperimentIntake(at="0 h", supplement="l_tryptophan", dose="5 g").amounts
    {'trp_gut': 5.0}
    """

    at: Length = Field(examples=["0 h"])
    supplement: str = Field(examples=["l_tryptophan"])
    dose: Dose = Field(examples=["5 g"])

    @property
    def amounts(self) -> dict[str, float]:
        """What it adds to states of the gut, in their units.

        Examples
        --------
        >>> ExperimentIntake(at="0 h", supplement="l_tyrosine", dose="500 mg").amounts
        {'tyr_gut': 0.23}
        """
        return load_supplement(self.supplement).amounts(self.dose)


class Experiment(Declaration):
    """One published experiment.

    Parameters
    ----------
    name, title
        Identifier, and words for people.
    species
        Who was measured.
    source
        Authors, journal and year, or an identifier of the paper.
    systems
        Systems of the chemistry; ``whole`` stands for all usual ones.
    rhythm
        Daily course of the stress axis.
    meals
        Meals after the start; nothing else is eaten from then on. Before it there are ordinary
        days. Without any, supply is even.
    intakes
        Supplements after the start.
    start
        Time of day at which treatment begins.
    settle
        Untreated time before it.
    steps
        What was given, one step after another.
    comparisons
        What was measured.
    note
        Which input was assumed.
    topic
        What reports group it under; filled in from the name of its file.

    Examples
    --------
    >>> from cohort.experiments import load_experiments
    >>> one = load_experiments("precursors")[0]
    >>> one.name, one.topic
    ('trp_supply_halved', 'precursors')
    """

    name: Identifier = Field(examples=["citalopram_acute"])
    title: Words = Field(examples=["Citalopram 10 umol/kg, amygdala"])
    species: Literal["human", "monkey", "rat", "mouse", "model"] = Field(examples=["rat"])
    source: Words = Field(examples=["J Neurochem 2001;76:1645"])
    systems: tuple[str, ...] = Field(default=(_EVERYTHING,), min_length=1)
    rhythm: Rhythm = "none"
    meals: tuple[ExperimentMeal, ...] = ()
    intakes: tuple[ExperimentIntake, ...] = ()
    start: Clock = _MORNING_S
    settle: Length = 0
    steps: tuple[Step, ...] = Field(min_length=1, examples=["[{for: 3 h, set: {...}}]"])
    comparisons: tuple[Comparison, ...] = Field(min_length=1, examples=["[{quantity: ...}]"])
    note: Words | None = None
    topic: str = ""

    @property
    def duration(self) -> int:
        """Length of all steps [s].

        Examples
        --------
        >>> from cohort.experiments import load_experiments
        >>> load_experiments("precursors")[0].duration // 86400
        14
        """
        return sum(length for length, _ in self.pieces())

    def pieces(self) -> tuple[tuple[int, dict[str, float]], ...]:
        """Return lengths [s] and parameter values of what was given, one after another.

        Examples
        --------
        >>> from cohort.experiments import load_experiments
        >>> load_experiments("precursors")[0].pieces()
        ((1209600, {'tryptophan_supply': 0.5}),)
        """
        return tuple(itertools.chain.from_iterable(step.pieces() for step in self.steps))

    def model(self) -> Model:
        """Return the chemistry that the experiment runs on.

        Raises
        ------
        UnknownNameError
            If a system does not exist.

        Examples
        --------
        >>> from cohort.experiments import load_experiments
        >>> "trp_plasma" in load_experiments("precursors")[0].model().system.states
        True
        """
        named = itertools.chain.from_iterable(
            WHOLE if name == _EVERYTHING else (name,) for name in (*self.systems, *self._eaten())
        )
        setting = Setting(meals=bool(self.meals), rhythm=self.rhythm)
        return chemistry_model(with_needs(named), setting)

    def _eaten(self) -> Iterator[str]:
        """Yield the systems that special food and supplements need."""
        if any(meal.source != MIXED for meal in self.meals):
            yield "amino_acids"
        for intake in self.intakes:
            yield from load_supplement(intake.supplement).systems

    def contradictions(self) -> Iterator[Contradiction]:
        """List what cannot stand together, and names that the chemistry does not have.

        Examples
        --------
        >>> from cohort.experiments import load_experiments
        >>> list(load_experiments("precursors")[0].contradictions())
        []
        """
        yield from self._unknown_systems()
        yield from self._late_comparisons()
        unknown_food = list(self._unknown_food())
        yield from unknown_food
        given = (self.systems, self.rhythm, self.meals, self.intakes)
        if unknown_food or not all(map(is_read, (*given, *self.systems))):
            return
        if not all(map(is_read, (*self.meals, *self.intakes))):
            return
        if any(True for _ in self._unknown_systems()):
            return
        model = self.model()
        yield from self._unknown_parameters(model)
        yield from self._unknown_quantities(model)

    def _unknown_systems(self) -> Iterator[Contradiction]:
        known = (_EVERYTHING, *system_names())
        for i, name in enumerate(self.systems):
            if is_read(name) and name not in known:
                yield Contradiction(
                    path=("systems", i), message=_unknown("systems", name, known, "system")
                )

    def _unknown_food(self) -> Iterator[Contradiction]:
        for key, name, load in (
            ("meals", "source", load_food),
            ("intakes", "supplement", load_supplement),
        ):
            for i, one in enumerate(getattr(self, key)):
                if not is_read(one) or not is_read(getattr(one, name)):
                    continue
                try:
                    load(getattr(one, name))
                except CohortError as error:
                    yield Contradiction(path=(key, i, name), message=str(error))
        yield from self._vain_intakes()

    def _vain_intakes(self) -> Iterator[Contradiction]:
        """Note supplements that change nothing before the experiment ends."""
        for i, intake in enumerate(self.intakes):
            if not is_read(intake) or not is_read(intake.supplement) or not is_read(intake.dose):
                continue
            if intake.supplement in supplement_names() and not intake.amounts:
                yield Contradiction(
                    path=("intakes", i, "supplement"),
                    message=f"{intake.supplement} adds no bolus to the gut; one that does is "
                    "allowed. Write its status into 'set:' of a step.",
                )
            if is_read(intake.at) and self._is_timed() and intake.at >= self.duration:
                yield Contradiction(
                    path=("intakes", i, "at"),
                    message=f"{write_span(intake.at)} after the start; the steps end at "
                    f"{write_span(self.duration)}. Move it, or lengthen a step.",
                )

    def _is_timed(self) -> bool:
        """Tell whether all steps were read, so that their length is what was meant."""
        times = (item for step in self.steps for item in (step.duration, step.every, step.times))
        if not is_read(self.steps) or not all(map(is_read, times)):
            return False
        return not any(True for step in self.steps for _ in step.contradictions())

    def _late_comparisons(self) -> Iterator[Contradiction]:
        if not self._is_timed():
            return
        for i, comparison in enumerate(self.comparisons):
            for key, moment in (
                ("at", comparison.at),
                ("from", comparison.begin),
                ("to", comparison.end),
                ("relative_to", comparison.relative_to),
            ):
                if isinstance(moment, int) and moment > self.duration:
                    yield Contradiction(
                        path=("comparisons", i, key),
                        message=f"{write_span(moment)} after the start; the steps end at "
                        f"{write_span(self.duration)}. Move it, or lengthen a step.",
                    )

    def _unknown_parameters(self, model: Model) -> Iterator[Contradiction]:
        for i, step in enumerate(self.steps):
            for name, value in step.values.items() if is_read(step.values) else ():
                if not is_read(value) or _is_allowed(model, name, value):
                    continue
                try:
                    model.columns({name: value}, 1)
                except CohortError as error:
                    yield Contradiction(path=("steps", i, "set", name), message=str(error))

    def _unknown_quantities(self, model: Model) -> Iterator[Contradiction]:
        known = model.system.observables
        for i, comparison in enumerate(self.comparisons):
            for key in ("quantity", "over"):
                name = getattr(comparison, key)
                if isinstance(name, str) and name not in known:
                    yield Contradiction(
                        path=("comparisons", i, key),
                        message=_unknown("chemistry", name, known, "quantity"),
                    )
            if is_read(comparison.quantity) and comparison.quantity in known:
                yield from _unit_mismatch(model, comparison, ("comparisons", i, "unit"))

    _refuse = model_validator(mode="after")(refuse_contradictions)


def _is_allowed(model: Model, name: str, value: float) -> bool:
    """Tell quickly whether a value is fine; what is not, the model itself explains."""
    if name not in model.parameters:
        return False
    bounds = model.parameters[name].bounds
    above = value > bounds.low if bounds.is_low_open else value >= bounds.low
    return above and value <= bounds.high


def _unknown(where: str, name: str, known: Iterable[str], kind: str) -> str:
    return str(UnknownNameError(where, name, known, kind))


def _unit_mismatch(
    model: Model, comparison: Comparison, path: tuple[str | int, ...]
) -> Iterator[Contradiction]:
    """Note a value whose unit the model cannot give without a factor."""
    is_plain = comparison.factor is None and not comparison.over and not comparison.direction
    if comparison.measure != "value" or not is_plain:
        return
    given = model.units[comparison.quantity]
    try:
        factor = conversion_factor(parse_unit(given), parse_unit(comparison.unit))
    except CohortError:  # the comparison itself has said so
        return
    if factor is None:
        yield Contradiction(
            path=path,
            message=f"{comparison.unit!r}, but the model counts {comparison.quantity!r} in "
            f"[{given}]; the same dimension is allowed. Write 'factor:', the number that turns "
            "one into the other.",
        )
