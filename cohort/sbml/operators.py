"""What each operator of MathML means, argument by argument, in SymPy.

Imports SymPy only. `cohort.sbml.formula` enters at `BUILDERS`.
"""

from __future__ import annotations

import math
from functools import reduce
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import sympy
from sympy.logic.boolalg import Boolean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["BUILDERS", "number", "numeric", "truth"]

_MOST_WHOLE: Final = 2**53
_MOST_FACTORIAL: Final = 170


def number(value: float) -> sympy.Number:
    """Return a number as SymPy's: whole ones exact, others as their float.

    Examples
    --------
    >>> number(2.0), number(0.5)
    (2, 0.500000000000000)
    """
    if isinstance(value, float) and not math.isfinite(value):
        if math.isnan(value):
            return sympy.nan
        return sympy.oo if value > 0 else -sympy.oo
    if value == int(value) and abs(value) < _MOST_WHOLE:
        return sympy.Integer(int(value))
    return sympy.Float(float(value))


def numeric(value: sympy.Basic) -> sympy.Expr:
    """Return a value as a number: true is 1, false is 0.

    Examples
    --------
    >>> numeric(sympy.true), numeric(sympy.Symbol("x") > 1)
    (1, Piecewise((1, x > 1), (0, True)))
    """
    if isinstance(value, Boolean) and not isinstance(value, sympy.Expr):  # a Symbol is both
        return sympy.Piecewise((1, value), (0, True))
    return value


def truth(value: sympy.Basic) -> Boolean:
    """Return a value as a condition: a number is true unless it is 0.

    Examples
    --------
    >>> truth(sympy.Integer(2)), truth(sympy.Symbol("x"))
    (True, Ne(x, 0))
    """
    if isinstance(value, Boolean) and not isinstance(value, sympy.Expr):  # a Symbol is both
        return value
    return sympy.Ne(value, 0)


def _numbers(function: Callable[..., sympy.Basic]) -> Callable[..., sympy.Basic]:
    return lambda *arguments: function(*map(numeric, arguments))


def _truths(function: Callable[..., sympy.Basic]) -> Callable[..., sympy.Basic]:
    return lambda *arguments: function(*map(truth, arguments))


def _minus(first: sympy.Expr, *rest: sympy.Expr) -> sympy.Expr:
    return reduce(lambda a, b: a - b, rest, first) if rest else -first


def _divide(above: sympy.Expr, below: sympy.Expr) -> sympy.Expr:
    if below != 0:
        return above / below
    if isinstance(above, sympy.Number):
        return number(math.copysign(math.inf, float(above)) if above else math.nan)
    raise ZeroDivisionError("it divides by 0")


def _power(base: sympy.Expr, exponent: sympy.Expr) -> sympy.Expr:
    if isinstance(base, sympy.Number) and isinstance(exponent, sympy.Number):
        # not SymPy's exact power: 10^(10^9) would fill the memory
        value = float(base) ** float(exponent)
        if isinstance(value, complex):
            raise ValueError("a negative number to a fraction is no real number")  # noqa: TRY004  # its value, not its type, is wrong
        return number(value)
    return sympy.Pow(base, exponent)


def _root(*arguments: sympy.Expr) -> sympy.Expr:
    degree, radicand = arguments if len(arguments) > 1 else (sympy.Integer(2), *arguments)
    return _power(
        radicand,
        1 / degree
        if not degree.is_number
        else number(1 / float(degree))
        if (
            degree != 2  # noqa: PLR2004  # a square root is an operation of its own
        )
        else sympy.Rational(1, 2),
    )


def _log(*arguments: sympy.Expr) -> sympy.Expr:
    base, value = arguments if len(arguments) > 1 else (sympy.Integer(10), *arguments)
    return _ln(value) / _ln(base)


def _folded(
    function: type[sympy.Function], by_float: Callable[[float], float]
) -> Callable[..., sympy.Expr]:
    def build(value: sympy.Expr) -> sympy.Expr:
        if isinstance(value, sympy.Float | sympy.Integer | sympy.Rational):
            return number(by_float(float(value)))
        return function(value)

    return build


def _ln_of_number(value: float) -> float:
    if value == 0.0:
        return -math.inf
    return math.log(value)


_ln: Final = _folded(sympy.log, _ln_of_number)


def _exp_of_number(value: float) -> float:
    try:
        return math.exp(value)
    except OverflowError:
        return math.inf


def _factorial(value: sympy.Expr) -> sympy.Expr:
    if not isinstance(value, sympy.Number):
        return sympy.exp(_log_gamma(value + 1))
    if value < 0 or value > _MOST_FACTORIAL or value != int(value):
        raise ValueError(f"factorial of {value}; whole numbers from 0 to 170 are allowed")
    return number(float(math.factorial(int(value))))


def _log_gamma(x: sympy.Expr) -> sympy.Expr:
    """Return the logarithm of the gamma function for x of 1 or more, to 1e-13.

    Stirling's series (Abramowitz and Stegun 1964, 6.1.41) at x + 9, and the recurrence 6.1.15.
    """
    shifted = x + _SHIFT
    product = sympy.Mul(*(x + k for k in range(_SHIFT)), evaluate=False)
    series = sympy.Add(*(number(c) / shifted ** (2 * k + 1) for k, c in enumerate(_STIRLING)))
    half_log = number(0.5 * math.log(2.0 * math.pi))
    return (
        (shifted - number(0.5)) * sympy.log(shifted)
        - shifted
        + half_log
        + series
        - (sympy.log(product))
    )


_SHIFT: Final = 9
_STIRLING: Final = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188)


def _quotient(above: sympy.Expr, below: sympy.Expr) -> sympy.Expr:
    share = _divide(above, below)
    return sympy.sign(share) * sympy.floor(sympy.Abs(share))


def _remainder(above: sympy.Expr, below: sympy.Expr) -> sympy.Expr:
    return above - below * _quotient(above, below)


def _chain(relation: Callable[..., sympy.Basic]) -> Callable[..., sympy.Basic]:
    def build(*arguments: sympy.Basic) -> sympy.Basic:
        if len(arguments) < 2:  # noqa: PLR2004
            return sympy.true
        values = [numeric(argument) for argument in arguments]
        return sympy.And(*(relation(a, b) for a, b in pairwise(values)))

    return build


def _xor(*arguments: Boolean) -> Boolean:
    return reduce(lambda a, b: (a & ~b) | (~a & b), arguments, sympy.false)


def _implies(first: Boolean, second: Boolean) -> Boolean:
    return ~first | second


BUILDERS: Final[Mapping[str, Callable[..., sympy.Basic]]] = {
    "AST_PLUS": _numbers(sympy.Add),
    "AST_TIMES": _numbers(sympy.Mul),
    "AST_MINUS": _numbers(_minus),
    "AST_DIVIDE": _numbers(_divide),
    "AST_POWER": _numbers(_power),
    "AST_FUNCTION_POWER": _numbers(_power),
    "AST_FUNCTION_ROOT": _numbers(_root),
    "AST_FUNCTION_ABS": _numbers(sympy.Abs),
    "AST_FUNCTION_EXP": _numbers(_folded(sympy.exp, _exp_of_number)),
    "AST_FUNCTION_LN": _numbers(_ln),
    "AST_FUNCTION_LOG": _numbers(_log),
    "AST_FUNCTION_FLOOR": _numbers(sympy.floor),
    "AST_FUNCTION_CEILING": _numbers(sympy.ceiling),
    "AST_FUNCTION_FACTORIAL": _numbers(_factorial),
    "AST_FUNCTION_SIN": _numbers(sympy.sin),
    "AST_FUNCTION_COS": _numbers(sympy.cos),
    "AST_FUNCTION_TAN": _numbers(sympy.tan),
    "AST_FUNCTION_SEC": _numbers(lambda x: 1 / sympy.cos(x)),
    "AST_FUNCTION_CSC": _numbers(lambda x: 1 / sympy.sin(x)),
    "AST_FUNCTION_COT": _numbers(lambda x: sympy.cos(x) / sympy.sin(x)),
    "AST_FUNCTION_SINH": _numbers(sympy.sinh),
    "AST_FUNCTION_COSH": _numbers(sympy.cosh),
    "AST_FUNCTION_TANH": _numbers(sympy.tanh),
    "AST_FUNCTION_SECH": _numbers(lambda x: 1 / sympy.cosh(x)),
    "AST_FUNCTION_CSCH": _numbers(lambda x: 1 / sympy.sinh(x)),
    "AST_FUNCTION_COTH": _numbers(lambda x: 1 / sympy.tanh(x)),
    "AST_FUNCTION_ARCSIN": _numbers(sympy.asin),
    "AST_FUNCTION_ARCCOS": _numbers(sympy.acos),
    "AST_FUNCTION_ARCTAN": _numbers(sympy.atan),
    "AST_FUNCTION_ARCSEC": _numbers(lambda x: sympy.acos(1 / x)),
    "AST_FUNCTION_ARCCSC": _numbers(lambda x: sympy.asin(1 / x)),
    "AST_FUNCTION_ARCCOT": _numbers(lambda x: sympy.atan(1 / x)),
    "AST_FUNCTION_ARCSINH": _numbers(lambda x: sympy.log(x + sympy.sqrt(x**2 + 1))),
    "AST_FUNCTION_ARCCOSH": _numbers(
        lambda x: sympy.log(x + sympy.sqrt(x - 1) * sympy.sqrt(x + 1))
    ),
    "AST_FUNCTION_ARCTANH": _numbers(lambda x: sympy.log((1 + x) / (1 - x)) / 2),
    "AST_FUNCTION_ARCSECH": _numbers(
        lambda x: sympy.log((1 + sympy.sqrt(1 - x) * sympy.sqrt(1 + x)) / x)
    ),
    "AST_FUNCTION_ARCCSCH": _numbers(lambda x: sympy.log(1 / x + sympy.sqrt(1 / x**2 + 1))),
    "AST_FUNCTION_ARCCOTH": _numbers(lambda x: sympy.log((x + 1) / (x - 1)) / 2),
    "AST_FUNCTION_MAX": _numbers(sympy.Max),
    "AST_FUNCTION_MIN": _numbers(sympy.Min),
    "AST_FUNCTION_QUOTIENT": _numbers(_quotient),
    "AST_FUNCTION_REM": _numbers(_remainder),
    "AST_CONSTANT_PI": lambda: sympy.pi,
    "AST_CONSTANT_E": lambda: sympy.E,
    "AST_CONSTANT_TRUE": lambda: sympy.true,
    "AST_CONSTANT_FALSE": lambda: sympy.false,
    "AST_LOGICAL_AND": _truths(sympy.And),
    "AST_LOGICAL_OR": _truths(sympy.Or),
    "AST_LOGICAL_NOT": _truths(sympy.Not),
    "AST_LOGICAL_XOR": _truths(_xor),
    "AST_LOGICAL_IMPLIES": _truths(_implies),
    "AST_RELATIONAL_EQ": _chain(sympy.Eq),
    "AST_RELATIONAL_NEQ": _chain(sympy.Ne),
    "AST_RELATIONAL_GT": _chain(sympy.Gt),
    "AST_RELATIONAL_GEQ": _chain(sympy.Ge),
    "AST_RELATIONAL_LT": _chain(sympy.Lt),
    "AST_RELATIONAL_LEQ": _chain(sympy.Le),
}
"""Builder of each operator, by the name of libSBML's node type."""
