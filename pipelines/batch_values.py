"""The values that a sweep gives to one key: listed ones, or a range with its unit.

Read from the batch file once, asked for by a number between 0 and 1 afterwards, so that designs of
points know nothing of units.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from cohort.yaml_files import nearest_hint

__all__ = ["Choices", "Range", "Scalar", "Values", "number_and_unit", "read_values"]

Scalar = str | int | float | bool

_QUANTITY = re.compile(
    r"\s*([A-Za-z]+\s+)?([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*([A-Za-z%\u00b5/][^:]*)?"
)
_KEYS = ("from", "to", "step", "scale")
_SCALES = ("linear", "log")
_N_DIGITS = 6  # of a sampled value: it is written into a protocol that people read
_ROUND_OFF = 1e-9  # of the number of steps in a range
MAX_LEVELS = 100_000
"""Most values of one range."""


@dataclass(frozen=True, slots=True)
class Choices:
    """Values that were listed; all are as likely.

    Parameters
    ----------
    levels
        The values, at least one.

    Examples
    --------
    >>> Choices(("5 mg", "10 mg")).at(0.7)
    '10 mg'
    """

    levels: tuple[Scalar, ...]

    def at(self, share: float) -> Scalar:
        """Return the value at a share of the way through the list [1]."""
        return self.levels[min(int(share * len(self.levels)), len(self.levels) - 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """All values between two, evenly or by their logarithm; the ends have one unit.

    Parameters
    ----------
    low, high
        The ends [unit].
    word, unit
        What stands before and behind the number; empty if nothing does.
    is_log
        Whether the logarithm is spread evenly.
    is_whole
        Whether numbers are written without decimals.

    Examples
    --------
    >>> Range(low=5, high=20, unit="mg").at(0.5)
    '12.5 mg'
    """

    low: float
    high: float
    word: str = ""
    unit: str = ""
    is_log: bool = False
    is_whole: bool = False

    def at(self, share: float) -> Scalar:
        """Return the value at a share of the way from low to high [1]."""
        if self.is_log:
            return self.write(self.low * (self.high / self.low) ** share)
        return self.write(self.low + (self.high - self.low) * share)

    def write(self, number: float) -> Scalar:
        """Return a number as the protocol's file writes it."""
        short = float(f"{number:.{_N_DIGITS}g}")
        if self.is_whole:
            return round(number)
        if not self.word and not self.unit:
            return short
        return f"{self.word} {short:g} {self.unit}".strip()


Values = Choices | Range


def number_and_unit(value: Scalar) -> tuple[float, str, str] | None:
    """Return the number of a written value, its unit and the word before it.

    Parameters
    ----------
    value
        As a file writes it.

    Returns
    -------
    Number, unit, word; None if it is no number.

    Examples
    --------
    >>> number_and_unit("10 mg"), number_and_unit("week 4"), number_and_unit("08:00")
    ((10.0, 'mg', ''), (4.0, '', 'week'), None)
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value), "", ""
    found = _QUANTITY.fullmatch(value)
    if found is None:
        return None
    return float(found[2]), (found[3] or "").strip(), (found[1] or "").strip()


def read_values(given: object, *, is_count: bool) -> Values:
    """Return the values that a batch file gives to a key.

    Parameters
    ----------
    given
        A list, or a mapping with ``from`` and ``to``.
    is_count
        Whether the key holds a whole number, as a seed does.

    Raises
    ------
    ValueError
        Saying what was given, what is allowed and what to do.

    Examples
    --------
    >>> read_values({"from": "5 mg", "to": "20 mg", "step": "5 mg"}, is_count=False)
    Choices(levels=('5 mg', '10 mg', '15 mg', '20 mg'))
    >>> read_values("5 mg", is_count=False)
    Traceback (most recent call last):
    ...
    ValueError: '5 mg' was given; a list of values or a range is allowed. Write '[5 mg]' or \
'{from: 5 mg, to: 10 mg}'.
    """
    if isinstance(given, list | tuple):
        return _read_list(given)
    if isinstance(given, Mapping):
        return _read_range(given, is_count=is_count)
    raise ValueError(
        f"{given!r} was given; a list of values or a range is allowed. "
        f"Write '[{given}]' or '{{from: 5 mg, to: 10 mg}}'."
    )


def _read_list(given: list[object] | tuple[object, ...]) -> Choices:
    if not given:
        raise ValueError(
            "an empty list was given; one value or more is allowed. Write '[a, b]', or delete the "
            "key."
        )
    levels: list[Scalar] = []
    for value in given:
        if not isinstance(value, str | int | float):
            what = "nothing" if value is None else f"a {type(value).__name__}"
            raise ValueError(  # noqa: TRY004 - a mistake of a file, as the others here
                f"{what} stands in the list; plain values are allowed. Write '[5 mg, 10 mg]'."
            )
        if value in levels:
            raise ValueError(f"{value!r} stands in the list twice; once is allowed. Delete one.")
        levels.append(value)
    return Choices(tuple(levels))


def _read_range(given: Mapping[str, object], *, is_count: bool) -> Values:
    for key in given:
        if key not in _KEYS:
            raise ValueError(
                f"unknown key '{key}' in a range; allowed: {', '.join(_KEYS)}. "
                f"{nearest_hint(str(key), _KEYS)}"
            )
    for key in ("from", "to"):
        if key not in given:
            raise ValueError(
                f"the range has no '{key}'; both ends are needed. Write "
                "'{from: 5 mg, to: 20 mg}', or a list."
            )
    (low, unit, word), (high, other, other_word) = (
        _quantity(given[key], key) for key in ("from", "to")
    )
    if (unit, word) != (other, other_word):
        raise ValueError(
            f"from {given['from']!r} to {given['to']!r}; ends in one unit are allowed. Write both "
            "in the same."
        )
    if not low < high:
        raise ValueError(
            f"from {given['from']!r} to {given['to']!r}; 'from' is less than 'to'. Swap them, or "
            "write a list of one value."
        )
    is_log = _is_log(given, low)
    is_whole = is_count and low.is_integer() and high.is_integer() and not unit
    span = Range(low=low, high=high, word=word, unit=unit, is_log=is_log, is_whole=is_whole)
    step: object = given.get("step", 1 if is_whole and not is_log else None)
    if step is None:
        return span
    return _levels(span, step, given)


def _quantity(value: object, key: str) -> tuple[float, str, str]:
    read = number_and_unit(value) if isinstance(value, str | int | float) else None
    if read is None or not math.isfinite(read[0]):
        raise ValueError(
            f"'{key}' is {value!r}; a number with its unit is allowed. Write '{key}: 5 mg', or "
            "list the values."
        )
    return read


def _is_log(given: Mapping[str, object], low: float) -> bool:
    scale = given.get("scale", "linear")
    if scale not in _SCALES:
        raise ValueError(
            f"the scale {scale!r} was given; linear and log are allowed. "
            f"{nearest_hint(str(scale), _SCALES)}"
        )
    if scale == "log" and "step" in given:
        raise ValueError(
            "a step on a scale of logarithms was given; one of the two is allowed. Delete one."
        )
    if scale == "log" and low <= 0:
        raise ValueError(
            f"from {given['from']!r} on a scale of logarithms; more than 0 is allowed. Raise "
            "'from', or delete the scale."
        )
    return scale == "log"


def _levels(span: Range, given_step: object, given: Mapping[str, object]) -> Values:
    """Return the values of a range with a step."""
    step, unit, _ = _quantity(given_step, "step")
    unit_wanted = span.unit or span.word
    if unit != span.unit and not (span.word and unit in {"", span.word}):
        raise ValueError(
            f"'step' is {given_step!r}; a step in the unit of the ends is allowed. Write "
            f"'step: 1 {unit_wanted}'."
        )
    if not 0 < step <= span.high - span.low:
        raise ValueError(
            f"'step' is {given_step!r} from {given['from']!r} to {given['to']!r}; more than 0 and "
            "at most their distance is allowed. Change it."
        )
    n_levels = math.floor((span.high - span.low) / step + _ROUND_OFF) + 1
    if n_levels > MAX_LEVELS:
        if span.is_whole and "step" not in given:
            return span
        raise ValueError(
            f"'step' is {given_step!r}, which makes {n_levels:,} values; at most {MAX_LEVELS:,} "
            "are allowed. Raise it."
        )
    return Choices(tuple(span.write(span.low + step * index) for index in range(n_levels)))
