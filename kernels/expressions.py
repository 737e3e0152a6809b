"""Names and expressions of a declaration: their symbols, their checks, their digest.

Imports SymPy and the standard library only; `kernels.system` and `kernels.triggers` enter here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from types import MappingProxyType

import sympy

from kernels.errors import DeclarationError

__all__ = [
    "TIME",
    "check_name",
    "checked_expression",
    "checked_expressions",
    "digest_text",
    "expression_digest",
    "symbol",
]


def symbol(name: str) -> sympy.Symbol:
    """Return the symbol by which expressions name a state, parameter, input or quadrature.

    Parameters
    ----------
    name
        The declared name.

    Returns
    -------
    A real SymPy symbol; two calls with one name give equal symbols.

    Examples
    --------
    >>> symbol("k_a") * symbol("depot")
    depot*k_a
    """
    return sympy.Symbol(name, real=True)


TIME = symbol("t")
"""Absolute time [time unit of the system]."""


def check_name(where: str, name: object) -> None:
    """Refuse what is no name.

    Parameters
    ----------
    where
        Place of the name, for the message.
    name
        What was given.

    Raises
    ------
    DeclarationError
        If it is no ASCII identifier, or the name of time.

    Examples
    --------
    >>> check_name("system 'a', states", "x")
    """
    if not (isinstance(name, str) and name.isascii() and name.isidentifier()):
        raise DeclarationError(
            where, f"{name!r} is no name", "names are ASCII identifiers", "Rename it"
        )
    if name == TIME.name:
        raise DeclarationError(
            where, f"the name '{name}'", "it is kept for absolute time", "Rename it"
        )


def checked_expressions(
    where: str, attribute: str, expressions: object
) -> Mapping[str, sympy.Expr]:
    """Return a mapping from names to expressions that cannot be changed.

    Raises
    ------
    DeclarationError
        If it is no such mapping.

    Examples
    --------
    >>> dict(checked_expressions("system 'a'", "rhs", {"x": 1}))
    {'x': 1}
    """
    if not isinstance(expressions, Mapping):
        raise DeclarationError(
            f"{where}, {attribute}",
            f"{expressions!r}",
            "a mapping from name to expression is needed",
            f"Write {attribute}={{'a': expression}}",
        )
    checked = {}
    for name, expression in expressions.items():
        check_name(f"{where}, {attribute}", name)
        checked[name] = checked_expression(f"{where}, {attribute}[{name!r}]", expression)
    return MappingProxyType(checked)


def checked_expression(where: str, expression: object) -> sympy.Expr:
    """Return a real, defined expression; a number becomes one.

    Raises
    ------
    DeclarationError
        If it is neither.

    Examples
    --------
    >>> checked_expression("system 'a', rhs['x']", 2)
    2
    """
    if isinstance(expression, (int, float)) and not isinstance(expression, bool):
        expression = sympy.sympify(expression)
    if not isinstance(expression, sympy.Expr):
        raise DeclarationError(
            where,
            f"{expression!r} of type {type(expression).__name__}",
            "a SymPy expression or a number is needed",
            "Build it from kernels.symbol(...)",
        )
    if expression.has(sympy.nan, sympy.zoo, sympy.I):
        raise DeclarationError(
            where,
            f"{expression}",
            "expressions are real and defined",
            "Remove the division by zero or the imaginary unit",
        )
    return expression


def digest_text(expressions: Mapping[str, sympy.Expr], memo: dict[sympy.Basic, bytes]) -> str:
    """Return names with the digests of their expressions, on one line.

    Examples
    --------
    >>> digest_text({"x": symbol("x")}, {})[:2]
    'x='
    """
    return " ".join(f"{n}={expression_digest(e, memo).hex()}" for n, e in expressions.items())


def expression_digest(expression: sympy.Basic, memo: dict[sympy.Basic, bytes]) -> bytes:
    """Return a digest of an expression that no hash seed and no argument order changes.

    Parameters
    ----------
    expression
        What to digest.
    memo
        Digests of subexpressions seen before; filled as a side effect.

    Returns
    -------
    16 bytes. Written here because SymPy's own ``hash`` depends on ``PYTHONHASHSEED`` and its
    printed forms cost more than the rest of the declaration.

    Examples
    --------
    >>> x, y = symbol("x"), symbol("y")
    >>> expression_digest(x + y, {}) == expression_digest(y + x, {})
    True
    """
    known = memo.get(expression)
    if known is not None:
        return known
    if expression.args:
        children = [expression_digest(argument, memo) for argument in expression.args]
        if isinstance(expression, _ORDERLESS):
            children.sort()
        content = expression.func.__name__.encode() + b"(" + b"".join(children) + b")"
    else:
        content = _atom_text(expression).encode()
    digest = hashlib.blake2b(content, digest_size=16).digest()
    memo[expression] = digest
    return digest


_ORDERLESS = (sympy.Add, sympy.Mul, sympy.Max, sympy.Min, sympy.And, sympy.Or)


def _atom_text(atom: sympy.Basic) -> str:
    if isinstance(atom, sympy.Float):
        return f"float {float(atom).hex()}"
    return f"{type(atom).__name__} {atom}"
