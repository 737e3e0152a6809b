"""Lowering: from the equations of a system to a program that any backend can run.

Differentiation and common subexpressions come from SymPy; this room turns the results into
numbered operations (`kernels.emit`), finds an elimination order and writes the unrolled sparse
factorisation and solves (`kernels.sparse_lu`). Lowered programs are kept in memory and on disk
(`kernels.program_cache`). The way enters at `lower` and leaves as a `Program`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sympy

from kernels.emit import Emitter, Flat, HoistedValues, Power, combine_symbols
from kernels.lower_events import lower_events
from kernels.moments import at_middle, moments
from kernels.program import Operand, Program, Section
from kernels.program_cache import cached_program
from kernels.sparse_lu import factorise
from kernels.system import TIME, OdeSystem, symbol

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["lower"]


def lower(system: OdeSystem) -> Program:
    """Return the program of a system, from the cache where it was lowered before.

    Parameters
    ----------
    system
        The equations.

    Returns
    -------
    Program whose text is the same on every machine and under any hash seed.

    Raises
    ------
    LoweringError
        If an expression uses a function that no backend has.

    Examples
    --------
    >>> from kernels import OdeSystem, lower, symbol
    >>> k, x = symbol("k"), symbol("x")
    >>> decay = OdeSystem(name="decay", states=("x",), parameters=("k",), rhs={"x": -k * x})
    >>> [str(line) for line in lower(decay).rhs.instructions]
    ['mul h0 y0']
    """
    return cached_program(system, _lower)


def _lower(system: OdeSystem) -> Program:
    rows = [system.rhs[name] for name in system.states]
    rows += [system.quadratures[name] for name in system.quadratures]
    changes = moments(system, rows)
    rows = [at_middle(system, row) for row in rows]
    columns = [symbol(name) for name in system.states]
    smooth = [_differentiable(row) for row in rows]
    entries = [
        (i, j, smooth[i].diff(columns[j]))
        for i in range(len(rows))
        for j in range(len(columns))
        if columns[j] in smooth[i].free_symbols
    ]
    entries = [(i, j, value) for i, j, value in entries if value != 0]
    gradient = [row.diff(TIME) if TIME in row.free_symbols else sympy.S.Zero for row in smooth]
    pattern = tuple((i, j) for i, j, _ in entries)
    factors = factorise(len(rows), pattern)

    hoisted = HoistedValues(system)
    observables = [sympy.sympify(value) for value in system.observables.values()]
    places = [f"rhs['{name}']" for name in system.states]
    places += [f"quadratures['{name}']" for name in system.quadratures]
    step_places = [*places, *(f"slope of {places[i]}" for i, *_ in entries)]
    step_places += [f"time slope of {place}" for place in places]
    step_rows = [*rows, *(value for *_, value in entries), *gradient]
    watched = [f"observables['{name}']" for name in system.observables]
    rhs = _section("rhs", rows, places, system, hoisted)
    step = _section("step", step_rows, step_places, system, hoisted)
    observe = _section("observe", observables, watched, system, hoisted)
    change = _section("moments", changes, ["a moment"] * len(changes), system, hoisted)
    events = lower_events(
        system, hoisted, lambda name, values, at: _section(name, values, at, system, hoisted)
    )
    return Program(
        system_name=system.name,
        system_hash=system.content_hash(),
        states=system.states,
        quadratures=tuple(system.quadratures),
        parameters=system.parameters,
        inputs=system.inputs,
        observables=tuple(system.observables),
        jacobian=pattern,
        ordering=factors.ordering,
        lu_pattern=factors.pattern,
        hoist=hoisted.section(),
        rhs=rhs,
        step=step,
        lu=factors.lu,
        solve=factors.solve,
        observe=observe,
        moments=change if changes else None,
        events=events,
    )


def _section(
    name: str,
    expressions: Sequence[sympy.Expr],
    places: Sequence[str],
    system: OdeSystem,
    hoisted: HoistedValues,
) -> Section:
    replacements, reduced = sympy.cse(
        list(expressions), symbols=combine_symbols(), order="canonical"
    )
    emitter = Emitter(system, dict(replacements), reduced, hoisted, where=f"{system.name}.{name}")
    outputs: list[Operand] = []
    for place, expression in zip(places, reduced, strict=True):
        emitter.where = f"system '{system.name}', {place}"
        outputs.append(emitter.emit(expression))
    return Section(name, tuple(emitter.instructions), tuple(outputs))


def _differentiable(expression: sympy.Expr) -> sympy.Expr:
    # the derivative of Max, Min and Abs is a step function; of their Piecewise form it is plain
    # (of Heaviside and sign it would be a DiracDelta, which no program has)
    kinked = sympy.Max | sympy.Min | sympy.Abs | sympy.Heaviside | sympy.sign
    plain = expression.replace(
        lambda node: isinstance(node, kinked), lambda node: node.rewrite(sympy.Piecewise)
    )
    stepped = sympy.floor | sympy.ceiling | sympy.factorial
    if plain.has(sympy.Mod, sympy.floor, sympy.ceiling, sympy.factorial):
        plain = plain.replace(sympy.Mod, lambda a, b: a - b * sympy.floor(a / b)).replace(
            lambda node: isinstance(node, stepped), Flat
        )
    return plain.replace(
        lambda node: isinstance(node, sympy.Pow) and not node.exp.is_number,
        lambda node: Power(*node.args),
    )
