"""Field types of a protocol: quantities that people write with their unit.

Each type reads text, holds one plain number in one unit, and writes canonical text back, so that
'56 day' and '8 week' are the same value and give the same hash. Imports `cohort.units`,
`cohort.yaml_files` and pydantic.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from cohort.errors import CohortError
from cohort.population.population_spec import HEAVIEST_KG, LIGHTEST_KG
from cohort.units import parse_quantity
from cohort.yaml_files import CorrectableError

__all__ = [
    "DAY_S",
    "HOUR_S",
    "MAX_DURATION_S",
    "Age",
    "ArmSize",
    "Clock",
    "Count",
    "Days",
    "Dose",
    "Fraction",
    "Grams",
    "Identifier",
    "Interval",
    "Kilograms",
    "Label",
    "Lasting",
    "MolarMass",
    "Moment",
    "MomentBefore",
    "Number",
    "Parts",
    "RatePerHour",
    "RaterCount",
    "RunIn",
    "Seed",
    "Sites",
    "Span",
    "Spread",
    "Words",
    "Written",
    "Year",
    "write_clock",
    "write_span",
]

MINUTE_S = 60
HOUR_S = 3600
DAY_S = 86_400
WEEK_S = 7 * DAY_S
MAX_DURATION_S = 520 * WEEK_S
"""Longest trial [s]: ten years."""
MAX_COUNT = 10_000_000
"""Most patients of one arm."""
MAX_RATERS = 10_000
"""Most raters of a trial."""
MAX_SITES = 10_000
"""Most centres of a trial."""
YEARS = (1900, 2100)
"""First and last year of publication."""
MAX_SEED = 2**63 - 1
"""Largest seed."""
_LONGEST_BEFORE_S = 52 * WEEK_S
_MAX_DOSE_MG = 1e6
_MAX_SPREAD = 10.0  # a coefficient of variation of 1000 % is beyond any parameter of people
_MAX_RATE_H = 3600.0  # once a second: faster is at once
_MAX_MOLAR_MASS = 1e7
_MAX_PARTS = 1000
_MAX_MEAL_G = 2000.0
_MIN_AGE_Y, _MAX_AGE_Y = 18.0, 80.0  # the people that `cohort.population` draws from
_LABEL_LENGTH = 64
_WORDS_LENGTH = 2000
_HOURS_RATHER_THAN_DAYS = 6  # a bare interval of 6, 8, 12 or 24 means hours
_TO_SECOND = 1e-6  # round-off of written fractions of a day
_UNITS = (("week", WEEK_S), ("day", DAY_S), ("h", HOUR_S), ("min", MINUTE_S), ("s", 1))
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})")
_CLOCK_MINUTES = re.compile(r"\d{3,4}")
_TRIAL_TIME = re.compile(r"(week|day|hour)\s*(-?\d+(?:\.\d+)?)", re.IGNORECASE)
_PLAIN_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)")
_IDENTIFIER = re.compile(r"[a-z0-9][a-z0-9_-]*")
_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _.+/%-]*")


Reader = Callable[[object], Any]
Writer = Callable[[Any], str]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Written:
    """How a field is read from a file, written back, and described to an editor.

    Parameters
    ----------
    read
        Turns what the file holds into the plain value, or raises ValueError.
    write
        Turns the plain value into canonical text; None for values that JSON has itself.
    schema
        JSON schema of what may be written.

    Examples
    --------
    >>> from pydantic import TypeAdapter
    >>> span = TypeAdapter(Span)
    >>> span.validate_python("56 day"), span.dump_json(4_838_400).decode()
    (4838400, '"8 week"')
    """

    read: Reader
    write: Writer | None = None
    schema: Mapping[str, Any]

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        writer = (
            core_schema.plain_serializer_function_ser_schema(
                self.write, return_schema=core_schema.str_schema(), when_used="json"
            )
            if self.write
            else None
        )
        return core_schema.no_info_plain_validator_function(self.read, serialization=writer)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return dict(self.schema)


def write_span(seconds: int) -> str:
    """Return a length of time as people write it, in its largest whole unit.

    Parameters
    ----------
    seconds
        Length [s].

    Returns
    -------
    Number and unit.

    Examples
    --------
    >>> write_span(4_838_400), write_span(36 * 3600), write_span(0)
    ('8 week', '36 h', '0 week')
    """
    name, size = next(unit for unit in _UNITS if seconds % unit[1] == 0)
    return f"{seconds // size} {name}"


def write_clock(seconds: int) -> str:
    """Return a time of day as people write it.

    Parameters
    ----------
    seconds
        Time since midnight [s], whole minutes.

    Returns
    -------
    Hours and minutes.

    Examples
    --------
    >>> write_clock(8 * 3600)
    '08:00'
    """
    return f"{seconds // HOUR_S:02d}:{seconds % HOUR_S // MINUTE_S:02d}"


def _write_number(value: float) -> str:
    return repr(int(value)) if value.is_integer() else repr(value)


def _shown(value: object) -> str:
    """Return a value as the file has it."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple | dict):
        return "a list" if not isinstance(value, dict) else "a mapping"
    return repr(value)


def _quantity(value: object, unit: str, thing: str, example: str) -> float:
    """Return a written quantity in ``unit``, or say how it is written."""
    shown = _shown(value)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number or (isinstance(value, str) and _PLAIN_NUMBER.fullmatch(value.strip())):
        raise CorrectableError(
            f"{shown} has no unit; {thing} is written with its unit.", f"{value} {unit}"
        )
    if not isinstance(value, str):
        raise CorrectableError(f"{shown} was given; {thing} is wanted.", example)
    try:
        return parse_quantity(value, unit, where="value")
    except CohortError as error:
        message = str(error).removeprefix("value: ")
        if "is not a unit" in message or "not a number with a unit" in message:
            raise CorrectableError(
                f"{shown} was given; {thing} is wanted, with its unit.", example
            ) from error
        raise ValueError(message) from error


def _within(value: float, shown: object, low: float, high: float, bounds: tuple[str, str]) -> float:
    if not low <= value <= high:
        raise ValueError(
            f"{_shown(shown)} was given; from {bounds[0]} to {bounds[1]} is allowed. "
            "Change the value."
        )
    return value


def _seconds(value: object, thing: str, example: str) -> int:
    seconds = _quantity(value, "s", thing, example)
    if not math.isfinite(seconds) or abs(seconds - round(seconds)) > _TO_SECOND:
        raise ValueError(f"{value!r} is no whole number of seconds; whole ones are. Round it.")
    return round(seconds)


def _span(low: int, high: int, example: str, *, whole_days: bool = False) -> Reader:
    def read(value: object) -> int:
        trial_time = isinstance(value, str) and _TRIAL_TIME.fullmatch(value.strip())
        if trial_time:
            unit, number = trial_time.groups()
            raise CorrectableError(
                f"{value!r} is a time in the trial; a length of time is wanted.",
                f"{number} {unit.lower()}",
            )
        if isinstance(value, int | float) and not isinstance(value, bool):
            unit = example.split()[1]
            if low == HOUR_S and value >= _HOURS_RATHER_THAN_DAYS:
                unit = "h"
            raise CorrectableError(
                f"{value} has no unit; a length of time is written with its unit.",
                f"{value} {unit}",
            )
        seconds = _seconds(value, "a length of time", example)
        _within(seconds, value, low, high, (write_span(low), write_span(high)))
        if whole_days and seconds % DAY_S:
            raise ValueError(f"{value!r} was given; whole days are allowed. Round it.")
        return seconds

    return read


def _read_moment(value: object) -> int:
    match = _TRIAL_TIME.fullmatch(value.strip()) if isinstance(value, str) else None
    if match:
        unit, number = match.groups()
        if unit.lower() == "day":
            return _read_day(value, number)
        value = f"{number} {unit.lower()}"
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise CorrectableError(
            f"{value} has no unit; a time in the trial is written with its unit.", f"week {value}"
        )
    seconds = _seconds(value, "a time in the trial", "week 4")
    _within(seconds, value, 0, MAX_DURATION_S, ("week 0", write_span(MAX_DURATION_S)))
    return seconds


def _read_moment_before(value: object) -> int:
    shown = value
    match = _TRIAL_TIME.fullmatch(value.strip()) if isinstance(value, str) else None
    if match:
        unit, number = match.groups()
        value = f"{number} {unit.lower()}"
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise CorrectableError(
            f"{value} has no unit; a time before the first dose is written with its unit.",
            f"week {-abs(value)}",
        )
    seconds = _seconds(value, "a time before the first dose", "week -4")
    _within(seconds, shown, -_LONGEST_BEFORE_S, 0, (write_span(-_LONGEST_BEFORE_S), "week 0"))
    return seconds


def _read_day(value: object, number: str) -> int:
    day = float(number)
    if not day.is_integer() or day < 1:
        raise CorrectableError(
            f"{value!r} was given; the day of the first dose is day 1, and there is no day 0.",
            "day 1",
        )
    seconds = (int(day) - 1) * DAY_S
    _within(seconds, value, 0, MAX_DURATION_S, ("day 1", write_span(MAX_DURATION_S)))
    return seconds


def _read_clock(value: object) -> int:
    match = _CLOCK.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise CorrectableError(
            f"{_shown(value)} was given; a time of day is wanted, hours:minutes.",
            _corrected_clock(value),
        )
    hours, minutes = int(match[1]), int(match[2])
    if hours >= DAY_S // HOUR_S or minutes >= HOUR_S // MINUTE_S:
        raise ValueError(f"{value!r} was given; from 00:00 to 23:59 is allowed. Correct the time.")
    return hours * HOUR_S + minutes * MINUTE_S


def _corrected_clock(value: object) -> str:
    text = str(value).strip()
    if text.isdigit() and int(text) < DAY_S // HOUR_S:
        return write_clock(int(text) * HOUR_S)
    if _CLOCK_MINUTES.fullmatch(text):
        return f"{int(text[:-2]):02d}:{text[-2:]}"
    return "08:00"


def _read_dose(value: object) -> float:
    dose_mg = _quantity(value, "mg", "a dose", "10 mg")
    if not dose_mg > 0:
        raise ValueError(
            f"{value!r} was given; a dose is greater than 0 mg. Write a positive dose, or leave "
            "the regimen out: an arm without regimens takes placebo."
        )
    return _within(dose_mg, value, 0.0, _MAX_DOSE_MG, ("0 mg", "1 kg"))


def _read_grams(value: object) -> float:
    grams = _quantity(value, "g", "an amount of food", "20 g")
    return _within(grams, value, 0.0, _MAX_MEAL_G, ("0 g", f"{_MAX_MEAL_G:g} g"))


def _read_kilograms(value: object) -> float:
    weight_kg = _quantity(value, "kg", "a weight", "80 kg")
    bounds = (f"{LIGHTEST_KG:g} kg", f"{HEAVIEST_KG:g} kg")
    return _within(weight_kg, value, LIGHTEST_KG, HEAVIEST_KG, bounds)


def _read_age(value: object) -> float:
    age_y = _quantity(value, "y", "an age", "18 y")
    return _within(age_y, value, _MIN_AGE_Y, _MAX_AGE_Y, (f"{_MIN_AGE_Y:g} y", f"{_MAX_AGE_Y:g} y"))


def _read_number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(  # noqa: TRY004  (pydantic collects ValueError)
            f"{_shown(value)} was given; a number is wanted. Write it without unit and quotes."
        )
    if not math.isfinite(value):
        raise ValueError(f"{value!r} was given; a finite number is wanted. Change the value.")
    return float(value)


def _read_fraction(value: object) -> float:
    if isinstance(value, str) and value.strip().endswith("%"):
        try:
            number = float(value.strip()[:-1]) / 100
        except ValueError:
            number = math.nan
        shown: object = value
    else:
        number, shown = _read_number(value), value
        if 10 <= number <= 100:  # noqa: PLR2004  (percent without its sign; 1.9 is anything)
            raise CorrectableError(
                f"{value} was given; from 0 (0 %) to 1 (100 %) is allowed.", f"{value} %"
            )
    return _within(number, shown, 0.0, 1.0, ("0 (0 %)", "1 (100 %)"))


def _read_spread(value: object) -> float:
    if isinstance(value, str) and value.strip().endswith("%"):
        try:
            number = float(value.strip()[:-1]) / 100
        except ValueError:
            number = math.nan
    else:
        number = _read_number(value)
        if number > _MAX_SPREAD:
            raise CorrectableError(
                f"{value} was given; a coefficient of variation from 0 to {_MAX_SPREAD:g} is "
                "allowed.",
                f"{value} %",
            )
    return _within(number, value, 0.0, _MAX_SPREAD, ("0 %", f"{100 * _MAX_SPREAD:g} %"))


def _positive(unit: str, thing: str, example: str, highest: float) -> Reader:
    def read(value: object) -> float:
        number = _quantity(value, unit, thing, example)
        if not 0 < number <= highest:
            raise ValueError(
                f"{_shown(value)} was given; more than 0 {unit} and at most {highest:g} {unit} is "
                "allowed. Change the value."
            )
        return number

    return read


def _count(low: int, high: int, thing: str = "") -> Reader:
    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            text = value.strip() if isinstance(value, str) else ""
            message = f"{_shown(value)} was given; a whole number is wanted{thing}."
            if text.isdigit():
                raise CorrectableError(message, text)
            raise ValueError(f"{message} Write it without unit and quotes.")  # noqa: TRY004
        if not low <= value <= high:
            raise ValueError(
                f"{value} was given; from {low} to {high} is allowed{thing}. Change the number."
            )
        return value

    return read


_ALLOWED: dict[re.Pattern[str] | None, str] = {
    _LABEL: "letters, digits, spaces and any of _ . + / % -",
    _IDENTIFIER: "small letters, digits, _ and -",
}


def _text(pattern: re.Pattern[str] | None, longest: int, thing: str) -> Reader:
    def read(value: object) -> str:
        if not isinstance(value, str):
            is_plain = isinstance(value, bool | int | float)
            message = f"{_shown(value)} was given; {thing} is wanted."
            if is_plain:
                raise CorrectableError(message, f'"{_shown(value)}"')
            raise ValueError(f"{message} Write a text.")  # noqa: TRY004
        is_good = pattern.fullmatch(value) if pattern else value.isprintable()
        if not is_good or value != value.strip() or not 0 < len(value) <= longest:
            allowed = _ALLOWED.get(pattern, "on one line, without spaces around it")
            raise ValueError(
                f"{value!r} was given; {thing} of 1 to {longest} characters is wanted, {allowed}. "
                "Change the text."
            )
        return value

    return read


def _in(unit: str) -> Writer:
    return lambda value: f"{_write_number(value)} {unit}"


def _like(example: str) -> Mapping[str, Any]:
    return {"type": "string", "examples": [example]}


_NUMBER_SCHEMA = {"type": "number"}
_FRACTION_SCHEMA = {
    "anyOf": [
        {"type": "number", "minimum": 0, "maximum": 1},
        {"type": "string", "pattern": "%$", "examples": ["90 %"]},
    ]
}

Span = Annotated[
    int,
    Written(read=_span(DAY_S, MAX_DURATION_S, "8 week"), write=write_span, schema=_like("8 week")),
]
"""Length of a trial [s], at least one day."""
Days = Annotated[
    int,
    Written(
        read=_span(DAY_S, 52 * WEEK_S, "3 day", whole_days=True),
        write=write_span,
        schema=_like("3 day"),
    ),
]
"""Length of time [s], whole days, at least one."""
RunIn = Annotated[
    int,
    Written(
        read=_span(0, 52 * WEEK_S, "7 day", whole_days=True),
        write=write_span,
        schema=_like("7 day"),
    ),
]
"""Length of the time before the first dose [s], whole days; where 0 is no good, a rule says so."""
Interval = Annotated[
    int,
    Written(read=_span(HOUR_S, 52 * WEEK_S, "1 day"), write=write_span, schema=_like("1 day")),
]
"""Time between doses [s], from one hour to one year."""
Lasting = Annotated[
    int,
    Written(read=_span(MINUTE_S, 52 * WEEK_S, "1 h"), write=write_span, schema=_like("1 h")),
]
"""How long something takes [s], from one minute to one year."""
RatePerHour = Annotated[
    float,
    Written(
        read=_positive("1/h", "a rate", "0.8 1/h", _MAX_RATE_H),
        write=_in("1/h"),
        schema=_like("0.8 1/h"),
    ),
]
"""First-order rate constant [1/h], greater than zero."""
MolarMass = Annotated[
    float,
    Written(
        read=_positive("g/mol", "a molar mass", "324.4 g/mol", _MAX_MOLAR_MASS),
        write=_in("g/mol"),
        schema=_like("324.4 g/mol"),
    ),
]
"""Molar mass [g/mol], greater than zero."""
Moment = Annotated[int, Written(read=_read_moment, write=write_span, schema=_like("week 4"))]
"""Time in the trial [s] since midnight before the first dose: 'week 4', 'day 29', '4 week'."""
MomentBefore = Annotated[
    int, Written(read=_read_moment_before, write=write_span, schema=_like("week -4"))
]
"""Time before the first dose [s], from -52 weeks to 0: 'week -4', 'day -3' is three days before."""
Clock = Annotated[int, Written(read=_read_clock, write=write_clock, schema=_like("08:00"))]
"""Time of day [s] since midnight."""
Dose = Annotated[float, Written(read=_read_dose, write=_in("mg"), schema=_like("10 mg"))]
"""Mass of one dose [mg], greater than zero."""
Grams = Annotated[float, Written(read=_read_grams, write=_in("g"), schema=_like("20 g"))]
"""Mass of food [g], not negative."""
Kilograms = Annotated[float, Written(read=_read_kilograms, write=_in("kg"), schema=_like("80 kg"))]
"""Body weight of an adult [kg]."""
Age = Annotated[float, Written(read=_read_age, write=_in("y"), schema=_like("18 y"))]
"""Age [y], from 18 to 80."""
Number = Annotated[float, Written(read=_read_number, schema=_NUMBER_SCHEMA)]
"""Finite number [1]."""
Fraction = Annotated[float, Written(read=_read_fraction, schema=_FRACTION_SCHEMA)]
"""Number between 0 and 1 [1]; may be written '90 %'."""
Spread = Annotated[
    float,
    Written(
        read=_read_spread,
        schema={
            "anyOf": [
                {"type": "number", "minimum": 0, "maximum": _MAX_SPREAD},
                {"type": "string", "pattern": "%$", "examples": ["30 %"]},
            ]
        },
    ),
]
"""Coefficient of variation [1]; may be written '30 %'."""
Count = Annotated[
    int,
    Written(
        read=_count(0, MAX_COUNT, " (patients)"),
        schema={"type": "integer", "minimum": 0, "maximum": MAX_COUNT},
    ),
]
"""Number of patients, at most ten million."""
RaterCount = Annotated[
    int,
    Written(
        read=_count(0, MAX_RATERS, " (raters)"),
        schema={"type": "integer", "minimum": 0, "maximum": MAX_RATERS},
    ),
]
"""Number of raters, at most ten thousand."""
ArmSize = Annotated[
    int,
    Written(
        read=_count(1, MAX_COUNT, " (patients)"),
        schema={"type": "integer", "minimum": 1, "maximum": MAX_COUNT},
    ),
]
"""Number of patients of an arm, at least one."""
Sites = Annotated[
    int,
    Written(
        read=_count(1, MAX_SITES, " (centres)"),
        schema={"type": "integer", "minimum": 1, "maximum": MAX_SITES},
    ),
]
"""Number of centres of a trial, at least one."""
Year = Annotated[
    int,
    Written(
        read=_count(*YEARS, " (a year)"),
        schema={"type": "integer", "minimum": YEARS[0], "maximum": YEARS[1]},
    ),
]
"""Calendar year."""
Parts = Annotated[
    int,
    Written(
        read=_count(1, _MAX_PARTS, " (patients of a block)"),
        schema={"type": "integer", "minimum": 1, "maximum": _MAX_PARTS},
    ),
]
"""Number of patients in a block of randomisation."""
Seed = Annotated[
    int,
    Written(
        read=_count(0, MAX_SEED),
        schema={"type": "integer", "minimum": 0, "maximum": MAX_SEED},
    ),
]
"""Seed of the random numbers, a whole number that every table format can hold."""
Label = Annotated[
    str,
    Written(
        read=_text(_LABEL, _LABEL_LENGTH, "a name"),
        schema={"type": "string", "maxLength": _LABEL_LENGTH},
    ),
]
"""Name of an arm or a visit."""
Identifier = Annotated[
    str,
    Written(
        read=_text(_IDENTIFIER, _LABEL_LENGTH, "a name"),
        schema={"type": "string", "pattern": f"^{_IDENTIFIER.pattern}$"},
    ),
]
"""Name that can be part of a file name."""
Words = Annotated[
    str,
    Written(
        read=_text(None, _WORDS_LENGTH, "a text"),
        schema={"type": "string", "maxLength": _WORDS_LENGTH},
    ),
]
"""Text on one line."""
