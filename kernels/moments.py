"""Moments: times at which a comparison of time in the equations changes, known before the run.

A right-hand side that jumps within a step costs some twenty rejected steps, until one small enough
straddles the jump. So every lane ends a step at such a moment, and the comparison is made with the
time in the middle of the step: the stages of a step all lie on one side, also those at its ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import sympy
from sympy.core.relational import Relational

from kernels.expressions import TIME, symbol

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kernels.system import OdeSystem

__all__ = ["MIDDLE", "at_middle", "constant_symbols", "moment_of", "moments"]

MIDDLE: Final = sympy.Symbol("middle of the step", real=True)
"""Time in the middle of the step; its name is no identifier, so no system declares it."""


def moments(system: OdeSystem, expressions: Iterable[sympy.Basic]) -> tuple[sympy.Expr, ...]:
    """Return when comparisons of time with what is constant between events change.

    Only comparisons that are linear in time: a step that ends there cannot jump over a pulse, and
    the moment is met to the last bit.

    Parameters
    ----------
    system
        Says what is constant: parameters, and states that only events and boluses change.
    expressions
        Right-hand sides.

    Examples
    --------
    >>> from kernels import OdeSystem
    >>> k = symbol("k")
    >>> late = sympy.Piecewise((1, TIME < 2 * k), (0, True))
    >>> system = OdeSystem(name="a", states=("x",), parameters=("k",), rhs={"x": late})
    >>> moments(system, system.rhs.values())
    (2*k,)
    """
    found = (
        moment_of(system, relation)
        for expression in expressions
        for relation in sorted(expression.atoms(Relational), key=sympy.default_sort_key)
    )
    return tuple(dict.fromkeys(moment for moment in found if moment is not None))


def at_middle(system: OdeSystem, expression: sympy.Expr) -> sympy.Expr:
    """Return an expression whose comparisons with a moment see the middle of the step.

    Parameters
    ----------
    system
        As given to `moments`.
    expression
        A right-hand side.

    Examples
    --------
    >>> from kernels import OdeSystem
    >>> late = sympy.Piecewise((TIME, TIME < 5), (0, True))
    >>> system = OdeSystem(name="a", states=("x",), parameters=(), rhs={"x": late})
    >>> at_middle(system, late)
    Piecewise((t, middle of the step < 5), (0, True))
    """
    expression = sympy.sympify(expression)
    compared = {
        relation: relation.xreplace({TIME: MIDDLE})
        for relation in expression.atoms(Relational)
        if moment_of(system, relation) is not None
    }
    return expression.xreplace(compared) if compared else expression


def moment_of(system: OdeSystem, relation: Relational) -> sympy.Expr | None:
    """Return the moment at which a comparison changes, None if it is not known before.

    Parameters
    ----------
    system
        As given to `moments`.
    relation
        The comparison.

    Examples
    --------
    >>> from kernels import OdeSystem
    >>> x = symbol("x")
    >>> system = OdeSystem(name="a", states=("x",), parameters=(), rhs={"x": -x})
    >>> moment_of(system, 2 * TIME > 6), moment_of(system, x > TIME)
    (3, None)
    """
    difference = sympy.expand(relation.lhs - relation.rhs)
    if difference.free_symbols - constant_symbols(system) != {TIME}:
        return None
    if not difference.is_polynomial(TIME) or sympy.degree(difference, TIME) != 1:
        return None
    return -difference.coeff(TIME, 0) / difference.coeff(TIME, 1)


def constant_symbols(system: OdeSystem) -> set[sympy.Symbol]:
    """Return what does not change between events and boluses.

    Examples
    --------
    >>> from kernels import OdeSystem
    >>> rest = OdeSystem(name="a", states=("x",), parameters=("k",), rhs={"x": 0})
    >>> sorted(map(str, constant_symbols(rest)))
    ['k', 'x']
    """
    constant = {symbol(name) for name in system.parameters}
    return constant | {symbol(name) for name in system.states if system.rhs[name] == 0}
