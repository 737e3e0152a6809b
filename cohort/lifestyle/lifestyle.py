"""The schema of a lifestyle file, and its reader."""

import re
from collections.abc import Iterator
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from cohort.chemistry import Setting, chemistry_model, find_system
from cohort.errors import CohortError, LifestyleError, UnknownNameError
from cohort.facts import Declaration, Mark
from cohort.model import Model, Parameter, settling
from cohort.units import parse_quantity
from cohort.yaml_files import (
    Contradiction,
    CorrectableError,
    is_read,
    load_named,
    nearest_hint,
    packaged_names,
    refuse_contradictions,
)

__all__ = ["Finding", "Lifestyle", "LifestyleInput", "lifestyle_names", "load_lifestyle"]

_CLOCK: Final = re.compile(r"(\d{1,2}):([0-5]\d)")
_HOUR_S: Final = 3600
_DAY_S: Final = 86_400
_DAYS_A_WEEK: Final = 7
_SETTING: Final = Setting(meals=True, rhythm="circadian")  # as `cohort.patient_model` has it
_COVARIATES: Final = {"smoker": ("yes", "no")}


def _clock(value: object) -> int:
    match = _CLOCK.fullmatch(value.strip()) if isinstance(value, str) else None
    seconds = _DAY_S + 1 if match is None else int(match[1]) * _HOUR_S + int(match[2]) * 60
    if seconds > _DAY_S:
        raise CorrectableError(
            f"{value!r} was given; a time of day from 00:00 to 24:00 is wanted.", '"07:00"'
        )
    return seconds


def _not_a_truth(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError(  # noqa: TRY004  (pydantic collects ValueError)
            f"{str(value).lower()} was given; a number with its unit is wanted. Write one."
        )
    return value


def _known(name: str) -> str:
    try:
        return find_system(name).name
    except UnknownNameError as error:
        raise ValueError(str(error)) from error


Clock = Annotated[int, BeforeValidator(_clock)]
SystemName = Annotated[str, AfterValidator(_known)]
Source = Annotated[str, Field(min_length=3)]


class LifestyleInput(Declaration):
    """What a lifestyle makes of one parameter of the model, and when.

    Parameters
    ----------
    parameter
        Name in the model.
    value
        Its value while the input acts, with unit, where nothing else moves it.
    begin, end
        Written ``from`` and ``to``: window of the day; without them it acts all day. An end before
        the begin is of the next day.
    days
        Days of the week, 1 the weekday of the first dose; all if absent.
    mark, source
        As in `cohort.facts.Fact`.

    Examples
    --------
    >>> walk = LifestyleInput.model_validate({
    ...     "parameter": "sympathetic_drive", "value": 2.0, "from": "17:00", "to": "18:00",
    ...     "mark": "assumed", "source": "guess",
    ... })
    >>> walk.window
    (61200, 3600)
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    parameter: str = Field(examples=["stress"])
    value: Annotated[str | float, BeforeValidator(_not_a_truth)] = Field(examples=[1.5])
    begin: Clock | None = Field(default=None, alias="from", examples=['"07:00"'])
    end: Clock | None = Field(default=None, alias="to", examples=['"08:00"'])
    days: tuple[int, ...] = Field(default=(), examples=["[1, 3, 5]"])
    mark: Mark = Field(examples=["assumed"])
    source: Source = Field(examples=["author, journal, year"])

    def number(self, unit: str) -> float:
        """Return the value in ``unit``.

        Raises
        ------
        UnitError, RangeError
            If the written unit measures something else, or the value is not finite.

        Examples
        --------
        >>> LifestyleInput(
        ...     parameter="albumin_k_trp", value="0.2 mM", mark="assumed", source="guess"
        ... ).number("uM")
        200.0
        """
        return parse_quantity(str(self.value), unit, where=f"value {self.value!r}")

    @property
    def window(self) -> tuple[int, int] | None:
        """Begin and length of the window [s]; None if the input acts all day, every day.

        Examples
        --------
        >>> LifestyleInput(
        ...     parameter="stress", value=1.2, days=(6, 7), mark="assumed", source="guess"
        ... ).window
        (0, 86400)
        """
        if self.begin is None or self.end is None:
            return (0, _DAY_S) if self.days else None
        return self.begin, (self.end - self.begin) % _DAY_S or _DAY_S

    def contradictions(self) -> Iterator[Contradiction]:
        """List what cannot stand together.

        Examples
        --------
        >>> always = LifestyleInput(
        ...     parameter="stress", value=1.2, mark="assumed", source="guess"
        ... )
        >>> list(always.contradictions())
        []
        """
        if not (is_read(self.begin) and is_read(self.end) and is_read(self.days)):
            return
        if (self.begin is None) != (self.end is None):
            here, there = ("to", "from") if self.begin is None else ("from", "to")
            yield Contradiction(
                path=(here,),
                message=f"'{here}' stands without '{there}'; a window of the day has both. "
                f"Add '{there}', or delete '{here}' for all day.",
            )
        elif self.begin is not None and self.begin == self.end:
            yield Contradiction(
                path=("to",),
                message="the window ends when it begins; an end at another time is allowed. "
                "Delete both for all day.",
            )
        wrong = [day for day in self.days if not 1 <= day <= _DAYS_A_WEEK]
        if wrong or len(set(self.days)) < len(self.days):
            yield Contradiction(
                path=("days",),
                message=f"{list(self.days)} was given; days from 1 to 7, each once, are allowed. "
                "1 is the weekday of the first dose.",
            )

    _refuse = model_validator(mode="after")(refuse_contradictions)


class Finding(Declaration):
    """Something published that the lifestyle is to be compared with; nothing computes with it.

    Examples
    --------
    >>> Finding(finding="free tryptophan rises", mark="assumed", source="recalled").mark
    'assumed'
    """

    finding: Source
    mark: Mark
    source: Source


class Lifestyle(Declaration):
    """One way of living: what it changes in the model, and what people expect of it.

    Parameters
    ----------
    name, title
        Identifier, and words for people.
    systems
        Systems of the chemistry that the inputs need; they join those of the condition.
    since
        Written ``from``: ``week 0`` if it begins with the treatment, ``always`` for a habit that
        the run-in has as well. A protocol may say otherwise.
    expectation
        ``shared`` for a treatment that people know they get; ``none`` for a habit.
    inputs
        What it makes of parameters.
    covariates
        What it makes people, such as ``smoker: "yes"``.
    empirical, left_out
        What was published, and which mechanisms have no door.

    Examples
    --------
    >>> load_lifestyle("exercise").expectation
    'shared'
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    name: str = Field(examples=["exercise"])
    title: str = Field(examples=["Endurance training"])
    systems: tuple[SystemName, ...] = Field(default=(), examples=["[cortisol]"])
    since: Literal["week 0", "always"] = Field(default="week 0", alias="from")
    expectation: Literal["shared", "none"] = Field(examples=["none"])
    inputs: tuple[LifestyleInput, ...] = ()
    covariates: dict[str, str] = Field(default_factory=dict)
    empirical: tuple[Finding, ...] = ()
    left_out: tuple[str, ...] = ()

    def contradictions(self) -> Iterator[Contradiction]:
        """List inputs that the model does not have, and what cannot be.

        Examples
        --------
        >>> list(load_lifestyle("smoking").contradictions())
        []
        """
        yield from _covariates(self.covariates)
        if not (is_read(self.systems) and all(map(is_read, self.systems)) and self.inputs):
            return
        if not self.systems:
            yield Contradiction(
                path=("systems",),
                message="there are inputs and no systems; the systems that the inputs act on are "
                "needed. Write, for example, 'systems: [cortisol]'.",
            )
            return
        model = chemistry_model(tuple(self.systems), _SETTING)
        for position, one in enumerate(self.inputs):
            yield from _input(one, model, ("inputs", position))

    _refuse = model_validator(mode="after")(refuse_contradictions)


def _covariates(given: dict[str, str]) -> Iterator[Contradiction]:
    if not is_read(given):
        return
    for name, level in given.items():
        if name not in _COVARIATES:
            yield Contradiction(
                path=("covariates", name),
                message=f"unknown covariate '{name}'; allowed: {', '.join(_COVARIATES)}. "
                f"{nearest_hint(name, _COVARIATES)}",
            )
        elif is_read(level) and level not in _COVARIATES[name]:
            yield Contradiction(
                path=("covariates", name),
                message=f"'{level}' was given; one of {', '.join(_COVARIATES[name])} is allowed. "
                "Write it in quotes.",
            )


def _input(
    one: LifestyleInput, model: Model, path: tuple[str | int, ...]
) -> Iterator[Contradiction]:
    name = one.parameter
    if not is_read(one) or not is_read(name):
        return
    if name not in model.parameters:
        yield Contradiction(
            path=(*path, "parameter"),
            message=f"'{name}' is no parameter of the systems of this file; one of "
            f"{len(model.parameters)} is. {nearest_hint(name, model.parameters)} "
            "'cohort model show' lists them; a system that is not in 'systems' can be added.",
        )
        return
    parameter = model.parameters[name]
    if parameter.sd_log or name in settling(model):
        yield Contradiction(
            path=(*path, "parameter"),
            message=f"'{name}' says who the patient is ({parameter.meaning}): it differs between "
            "people or their rest is solved from it; inputs to mechanisms are allowed. Take a "
            "parameter such as 'stress'.",
        )
    elif is_read(one.value):
        yield from _value(one, parameter, path)


def _value(
    one: LifestyleInput, parameter: Parameter, path: tuple[str | int, ...]
) -> Iterator[Contradiction]:
    bounds = parameter.bounds
    try:
        value = one.number(parameter.unit)
    except CohortError as error:
        yield Contradiction(path=(*path, "value"), message=str(error))
        return
    if not bounds.low <= value <= bounds.high or (bounds.is_low_open and value == bounds.low):
        yield Contradiction(
            path=(*path, "value"),
            message=f"{value:g} [{parameter.unit}] was given; {bounds} [{parameter.unit}] is "
            f"allowed for '{parameter.name}'. Change the value.",
        )


def lifestyle_names() -> tuple[str, ...]:
    """Return the packaged lifestyles, sorted.

    Examples
    --------
    >>> "exercise" in lifestyle_names()
    True
    """
    return packaged_names("cohort.lifestyle")


def load_lifestyle(name_or_path: str) -> Lifestyle:
    """Return a packaged lifestyle by name, or one from a file.

    Parameters
    ----------
    name_or_path
        Packaged name, or path of a YAML file.

    Returns
    -------
    The validated lifestyle.

    Raises
    ------
    UnknownNameError
        If no packaged lifestyle has that name and no such file exists.
    LifestyleError
        If the file has mistakes; all of them are listed.

    Examples
    --------
    >>> load_lifestyle("smoking").covariates
    {'smoker': 'yes'}
    """
    return load_named(
        name_or_path, "cohort.lifestyle", Lifestyle, kind="lifestyle", error=LifestyleError
    )
