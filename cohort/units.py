"""One unit registry, and the reading of quantities that people write with their unit.

Everything with a unit in this package goes through `ureg`, so two registries never meet.
Imports pint and `cohort.errors`; every reader of files and every declaration enters here.
"""

import functools
import math
import re
import tokenize

import pint

from cohort.errors import RangeError, UnitError

__all__ = ["conversion_factor", "parse_quantity", "parse_unit", "same_unit", "unit_text", "ureg"]

ureg: pint.UnitRegistry[float] = pint.UnitRegistry()
ureg.define("@alias year = y")  # ages are written '18 y'

_NUMBER = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[-+]?nan|[-+]?inf)\s*(.*?)\s*")
# What pint's expression parser lets out on text that is no unit; found by feeding it nonsense.
_PARSER_ERRORS = (
    pint.PintError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    SyntaxError,
    TypeError,
    ValueError,
    RecursionError,
    tokenize.TokenError,
)
_SAME_FACTOR = 1e-12  # round-off of unit factors such as ng/mL against ug/L


@functools.lru_cache(maxsize=1024)
def parse_unit(text: str, where: str = "unit") -> pint.Unit:
    """Return the unit that ``text`` names; ``1`` is the unit of pure numbers.

    Parameters
    ----------
    text
        Unit, for example ``uM/h``, ``ng/mL``, ``1/h`` or ``1``.
    where
        Place of the text, the start of an error message.

    Returns
    -------
    Unit of the one registry of this package.

    Raises
    ------
    UnitError
        If ``text`` is empty or no unit.

    Examples
    --------
    >>> parse_unit("uM/h").dimensionless
    False
    """
    if not text.strip():
        raise UnitError(f"{where}: the unit is empty; pure numbers have unit '1'. Write the unit.")
    try:
        return ureg.parse_units(text)
    except _PARSER_ERRORS as error:
        raise UnitError(
            f"{where}: {text!r} is not a unit; units look like 'mg', 'uM/h' or '1'. "
            "Correct the unit."
        ) from error


@functools.lru_cache(maxsize=4096)
def conversion_factor(given: pint.Unit, wanted: pint.Unit) -> float | None:
    """Return the number that turns ``given`` into ``wanted``, or None if dimensions differ.

    Parameters
    ----------
    given
        Unit that a number has.
    wanted
        Unit that it should have.

    Returns
    -------
    Factor [1]; None where the two measure different things.

    Examples
    --------
    >>> conversion_factor(parse_unit("mg"), parse_unit("ug"))
    1000.0
    >>> conversion_factor(parse_unit("mg"), parse_unit("h")) is None
    True
    """
    if given == wanted:
        return 1.0
    if given.dimensionality != wanted.dimensionality:
        return None
    ratio = ureg.Quantity(1.0, given).to_base_units() / ureg.Quantity(1.0, wanted).to_base_units()
    factor = float(ratio.magnitude)
    nearest = round(factor)  # unit prefixes are powers of ten: 999.9999999999999 is 1000
    return float(nearest) if nearest and abs(factor / nearest - 1) < _SAME_FACTOR else factor


def same_unit(first: pint.Unit, second: pint.Unit) -> bool:
    """Return whether two units are the same size of the same thing.

    Parameters
    ----------
    first, second
        Units to compare.

    Returns
    -------
    True if one can stand for the other without a factor.

    Examples
    --------
    >>> same_unit(parse_unit("ng/mL"), parse_unit("ug/L"))
    True
    >>> same_unit(parse_unit("nM"), parse_unit("uM"))
    False
    """
    return conversion_factor(first, second) == 1.0


def unit_text(unit: pint.Unit) -> str:
    """Return a unit as text that `parse_unit` reads back, in plain letters.

    Parameters
    ----------
    unit
        Unit.

    Returns
    -------
    Short text; ``1`` for pure numbers.

    Examples
    --------
    >>> unit_text(parse_unit("umol/L/h")), unit_text(parse_unit("1"))
    ('umol/h/l', '1')
    """
    # pint writes the micro sign or the Greek letter, by its version
    return (
        f"{unit:~C}".replace("\N{MICRO SIGN}", "u").replace("\N{GREEK SMALL LETTER MU}", "u") or "1"
    )


def parse_quantity(
    text: str,
    unit: str,
    *,
    where: str = "quantity",
    minimum: float = -math.inf,
    maximum: float = math.inf,
) -> float:
    """Return the number of a written quantity in ``unit``.

    Parameters
    ----------
    text
        Number and unit, for example ``10 mg``. A pure number needs a unit only if ``unit`` is
        not ``1``.
    unit
        Unit of the result.
    where
        Place of the text, the start of an error message.
    minimum, maximum
        Allowed range, ends included [``unit``].

    Returns
    -------
    Value [``unit``], finite.

    Raises
    ------
    UnitError
        If there is no number, the unit is missing or unknown, or its dimension is another one.
    RangeError
        If the number is not finite or outside the range.

    Examples
    --------
    >>> parse_quantity("10 mg", "ug")
    10000.0
    >>> parse_quantity("80 %", "1")
    0.8
    >>> parse_quantity("10", "mg", where="regimen.dose")
    Traceback (most recent call last):
    ...
    cohort.errors.UnitError: regimen.dose: '10' has no unit; write a quantity in [mg]. Write '10 mg'.
    """  # noqa: E501
    wanted = parse_unit(unit, where)
    match = _NUMBER.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise UnitError(
            f"{where}: {text!r} is not a number with a unit; write a quantity in [{unit}]. "
            f"Write it like '10 {unit}'."
        )
    number, written = match.groups()
    if not written and not wanted.dimensionless:
        raise UnitError(
            f"{where}: {text!r} has no unit; write a quantity in [{unit}]. Write '{number} {unit}'."
        )
    given = parse_unit(written or "1", where)
    factor = conversion_factor(given, wanted)
    if factor is None:
        raise UnitError(
            f"{where}: {text!r} is given in [{written or '1'}]; the quantity is measured in "
            f"[{unit}]. Write it in [{unit}]."
        )
    return _in_range(float(number) * factor, text, unit, where, minimum, maximum)


def _in_range(
    value: float, text: str, unit: str, where: str, minimum: float, maximum: float
) -> float:
    if not math.isfinite(value):
        raise RangeError(f"{where}: {text!r} is not finite; finite numbers are. Write a number.")
    if not minimum <= value <= maximum:
        raise RangeError(
            f"{where}: {text!r} is {value:g} [{unit}]; from {minimum:g} to {maximum:g} [{unit}] "
            "is allowed. Change the value."
        )
    return value
