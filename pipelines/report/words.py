"""Numbers as a reader wants them: rounded, with a minus sign, an interval, a percent sign."""

from collections.abc import Mapping, Sequence
from typing import Final

__all__ = [
    "MISSING",
    "count",
    "estimate",
    "interval",
    "joined",
    "measured",
    "number",
    "p_value",
    "percent_points",
    "plain",
    "share",
    "significant",
]

MISSING: Final = "–"
"""Stands where there is no number."""

_MINUS = "−"
_SPACE = "\u00a0"
_SMALLEST_P = 0.001
_FEW = 2
_LARGE = 1000.0


def plain(text: object) -> str:
    r"""Return a name on one line, without characters that print nothing.

    Examples
    --------
    >>> plain("low\n dose\x00")
    'low dose'
    """
    shown = "".join(one if one.isprintable() else " " for one in str(text))
    return " ".join(shown.split())


def number(value: float | None, digits: int = 1, *, signed: bool = False) -> str:
    """Return a number with a fixed number of decimals.

    Parameters
    ----------
    value
        Any number, or None.
    digits
        Decimals.
    signed
        Whether a number above zero carries a plus.

    Examples
    --------
    >>> number(-3.14159), number(None), number(-0.01), number(2.0, signed=True)
    ('−3.1', '–', '0.0', '+2.0')
    """
    if value is None or value != value:
        return MISSING
    text = f"{value:,.{digits}f}"
    if text.startswith("-"):
        text = text[1:] if float(text.replace(",", "")) == 0 else _MINUS + text[1:]
    elif signed and float(text.replace(",", "")) != 0:
        text = f"+{text}"
    return text


def significant(value: float | None, digits: int = 3) -> str:
    """Return a number with some significant digits.

    Parameters
    ----------
    value
        Any number, or None.
    digits
        How many.

    Examples
    --------
    >>> significant(142.5695), significant(0.012345), significant(-12345.6), significant(0)
    ('143', '0.0123', '−12,346', '0')
    """
    if value is None or value != value:
        return MISSING
    if abs(value) >= _LARGE:
        return number(value, 0)
    return f"{value:.{digits}g}".replace("-", _MINUS)


def count(value: int | None) -> str:
    """Return a count with thousands apart.

    Examples
    --------
    >>> count(1234567)
    '1,234,567'
    """
    return MISSING if value is None else f"{value:,}"


def interval(low: float | None, high: float | None, digits: int = 1) -> str:
    """Return the ends of an interval.

    Examples
    --------
    >>> interval(-5.7, -0.6)
    '−5.7 to −0.6'
    """
    if low is None or high is None:
        return MISSING
    return f"{number(low, digits)} to {number(high, digits)}"


def estimate(value: float | None, low: float | None, high: float | None, digits: int = 1) -> str:
    """Return an estimate with its 95 % interval.

    Examples
    --------
    >>> estimate(-3.1, -5.7, -0.6)
    '−3.1 (−5.7 to −0.6)'
    """
    if low is None or high is None:
        return number(value, digits)
    return f"{number(value, digits)} ({interval(low, high, digits)})"


def measured(value: float | None, low: float | None, high: float | None) -> str:
    """Return an estimate of something of any size with its 95 % interval.

    Examples
    --------
    >>> measured(-0.000314159, -0.00057, -0.00006), measured(3.14159, None, None)
    ('−0.000314 (−0.00057 to −6e−05)', '3.14')
    """
    if low is None or high is None:
        return significant(value)
    return f"{significant(value)} ({significant(low)} to {significant(high)})"


def percent_points(row: Mapping[str, float | None], name: str) -> str:
    """Return a difference of shares with its interval, in percentage points.

    Parameters
    ----------
    row
        Holds the difference and its ends as ``name``, ``name_low`` and ``name_high`` [1].
    name
        Of the difference.

    Examples
    --------
    >>> percent_points({"a": 0.1, "a_low": -0.05, "a_high": 0.25}, "a")
    '10.0 (−5.0 to 25.0)'
    """
    ends = [row.get(f"{name}{end}") for end in ("", "_low", "_high")]
    value, low, high = (None if one is None else 100 * one for one in ends)
    return estimate(value, low, high)


def p_value(value: float | None) -> str:
    """Return a p value.

    Examples
    --------
    >>> p_value(0.0171), p_value(1e-9), p_value(None)
    ('0.017', '<0.001', '–')
    """
    if value is None or value != value:
        return MISSING
    return "<0.001" if value < _SMALLEST_P else f"{value:.3f}"


def share(part: int | None, whole: int | None, digits: int = 0) -> str:
    """Return a count with its percentage.

    Examples
    --------
    >>> share(30, 127).replace(chr(160), " ")
    '30 (24 %)'
    """
    if part is None or not whole:
        return MISSING
    if part == 0:
        return "0"
    return f"{part:,} ({100 * part / whole:.{digits}f}{_SPACE}%)"


def joined(words: Sequence[str], last: str = "and") -> str:
    """Return words as a list in a sentence.

    Examples
    --------
    >>> joined(["a", "b", "c"])
    'a, b and c'
    """
    if len(words) < _FEW:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"
