"""The dimension check: walk an expression and find its unit, or say where units disagree.

A sum, a maximum and the branches of a case need one unit, exactly: µM plus nM is refused, because
a number would be off by a thousand. Exponentials, logarithms and exponents take pure numbers. The
number 0 fits every unit; every other literal is a pure number. Called when a submodel is made.
"""

from collections.abc import Mapping, Sequence

import pint
import sympy
from sympy.logic.boolalg import Boolean, BooleanAtom, BooleanFunction

from cohort.errors import UnitError
from cohort.units import parse_unit, same_unit, unit_text, ureg

__all__ = ["require_unit", "unit_of"]

_PURE = parse_unit("1")
_ONE_UNIT = (sympy.Add, sympy.Max, sympy.Min, sympy.Abs)
_PURE_ARGUMENT = (sympy.exp, sympy.log, sympy.sin, sympy.cos)
_TEXT_LENGTH = 60


def unit_of(expression: sympy.Expr, units: Mapping[str, pint.Unit], where: str) -> pint.Unit | None:
    """Return the unit of ``expression``; None for the number 0, which fits every unit.

    Parameters
    ----------
    expression
        Formula of named symbols.
    units
        Unit of every symbol by name.
    where
        Place of the expression, the start of an error message.

    Returns
    -------
    Unit, or None for 0.

    Raises
    ------
    UnitError
        If terms of a sum differ in unit, or a function or an exponent takes more than a number.

    Examples
    --------
    >>> a, b = sympy.symbols("a b")
    >>> unit_text(unit_of(a * b, {"a": parse_unit("uM"), "b": parse_unit("1/h")}, "rate"))
    'uM/h'
    """
    if expression.is_number:
        return None if expression.is_zero else _PURE
    if isinstance(expression, sympy.Symbol):
        return units[expression.name]
    if isinstance(expression, sympy.Mul):
        return _product(expression, units, where)
    if isinstance(expression, sympy.Pow):
        return _power(expression, units, where)
    if isinstance(expression, _ONE_UNIT):
        return _common(expression.args, units, where, "joins")
    if isinstance(expression, _PURE_ARGUMENT):
        _pure(expression.args[0], units, f"{where}, {type(expression).__name__}()")
        return _PURE
    if isinstance(expression, sympy.Piecewise):
        for _, condition in expression.args:
            _check_condition(condition, units, where)
        return _common([branch for branch, _ in expression.args], units, where, "chooses between")
    raise UnitError(
        f"{where}: {_text(expression)} uses {type(expression).__name__}; sums, products, powers, "
        "exp, log, sin, cos, Abs, Max, Min and Piecewise are allowed. Write it with these."
    )


def require_unit(
    expression: sympy.Expr, units: Mapping[str, pint.Unit], wanted: str | pint.Unit, where: str
) -> None:
    """Check that ``expression`` has the unit ``wanted``.

    Parameters
    ----------
    expression, units, where
        As in `unit_of`.
    wanted
        Unit that the place asks for.

    Raises
    ------
    UnitError
        If it has another unit, or none that makes sense.

    Examples
    --------
    >>> cl = sympy.Symbol("cl")
    >>> require_unit(cl, {"cl": parse_unit("L")}, "L/h", "clearance")
    Traceback (most recent call last):
    ...
    cohort.errors.UnitError: clearance: cl has unit [l]; [l/h] is allowed. Correct the formula \
or the unit.
    """
    target = parse_unit(wanted, where) if isinstance(wanted, str) else wanted
    given = unit_of(expression, units, where)
    if given is not None and not same_unit(given, target):
        raise UnitError(
            f"{where}: {_text(expression)} has unit {_name(given)}; {_name(target)} is allowed. "
            "Correct the formula or the unit."
        )


def _product(expression: sympy.Mul, units: Mapping[str, pint.Unit], where: str) -> pint.Unit | None:
    product = _PURE
    for factor in expression.args:
        unit = unit_of(factor, units, where)
        if unit is None:
            return None
        product = product * unit
    return product


def _power(expression: sympy.Pow, units: Mapping[str, pint.Unit], where: str) -> pint.Unit | None:
    base, exponent = expression.args
    unit = unit_of(base, units, where)
    if exponent.is_number:
        return unit if unit is None else ureg.Unit(unit ** float(exponent))
    _pure(exponent, units, f"{where}, exponent of {_text(base)}")
    _pure(base, units, f"{where}, base of the varying exponent {_text(exponent)}")
    return _PURE


def _pure(expression: sympy.Expr, units: Mapping[str, pint.Unit], where: str) -> None:
    require_unit(expression, units, _PURE, where)


def _common(
    terms: Sequence[sympy.Expr], units: Mapping[str, pint.Unit], where: str, verb: str
) -> pint.Unit | None:
    first: tuple[sympy.Expr, pint.Unit] | None = None
    for term in sorted(terms, key=sympy.default_sort_key):
        unit = unit_of(term, units, where)
        if unit is None:
            continue
        if first is None:
            first = (term, unit)
        elif not same_unit(first[1], unit):
            raise UnitError(
                f"{where}: {verb} {_text(first[0])} {_name(first[1])} and {_text(term)} "
                f"{_name(unit)}; one unit is allowed. Convert one of them."
            )
    return None if first is None else first[1]


def _check_condition(condition: Boolean, units: Mapping[str, pint.Unit], where: str) -> None:
    if isinstance(condition, BooleanAtom):
        return
    if isinstance(condition, BooleanFunction):
        for part in condition.args:
            _check_condition(part, units, where)
        return
    _common(condition.args, units, where, "compares")


def _text(expression: sympy.Expr) -> str:
    text = str(expression)
    return text if len(text) <= _TEXT_LENGTH else text[: _TEXT_LENGTH - 3] + "..."


def _name(unit: pint.Unit) -> str:
    return f"[{unit_text(unit)}]"
