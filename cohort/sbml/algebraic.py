"""Algebraic rules: solved for the quantities that nothing else determines, where SymPy can.

Each rule is matched with one free quantity that it reads. Rules that are linear in the matched
quantities are solved together; one that is not, alone, if it has one real root.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import sympy

from cohort.sbml.errors import SbmlError, UnsupportedSbmlError, mistake, shown
from cohort.sbml.resolve import Resolver
from kernels import symbol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cohort.sbml.declarations import Declarations

__all__ = ["solve_algebraic"]


def solve_algebraic(declared: Declarations, free: Sequence[str]) -> dict[str, sympy.Expr]:
    """Return what each algebraic rule determines.

    Parameters
    ----------
    declared
        The model.
    free
        Names of quantities that nothing else determines, those to be preferred first.

    Returns
    -------
    Expression by name of the quantity, over meanings.

    Raises
    ------
    SbmlError
        If a rule determines nothing.
    UnsupportedSbmlError
        If a rule cannot be solved.

    Examples
    --------
    >>> from cohort.sbml.declarations import Declarations
    >>> from cohort.sbml.names import Names
    >>> rule = 2 * symbol("x") + symbol("y") - 1
    >>> model = Declarations(file="m.xml", name="m", names=Names([]), algebraic=(rule,))
    >>> solve_algebraic(model, ["x"])
    {'x': 1/2 - y/2}
    """
    rules = _without_assignments(declared, set(free))
    unknowns = [symbol(name) for name in _matched(declared, rules, free)]
    slopes = sympy.Matrix([[rule.diff(u) for u in unknowns] for rule in rules])
    if not slopes.free_symbols & set(unknowns):
        rest = sympy.Matrix(
            [rule.xreplace(dict.fromkeys(unknowns, sympy.S.Zero)) for rule in rules]
        )
        try:
            solved = slopes.LUsolve(-rest)
        except (ValueError, ZeroDivisionError, sympy.matrices.exceptions.NonInvertibleMatrixError):
            _refuse(declared, rules[0], "the rules contradict or repeat each other")
        return {u.name: value for u, value in zip(unknowns, solved, strict=True)}
    if len(rules) > 1:
        _refuse(declared, rules[0], "several rules together are solved if they are linear")
    return {unknowns[0].name: _root(declared, rules[0], unknowns[0])}


def _without_assignments(declared: Declarations, free: set[str]) -> list[sympy.Expr]:
    """Write out assignment rules that read what is to be solved for: they hold at once."""
    by_symbol = {symbol(declared.names[i]): e for i, e in declared.assignments.items()}
    resolver = Resolver(by_symbol.get, declared.file)
    rules = []
    for rule in declared.algebraic:
        reads = {
            s: resolver.close(s)
            for s in rule.free_symbols
            if s in by_symbol and {f.name for f in resolver.close(s).free_symbols} & free
        }
        rules.append(rule.xreplace(reads))
    return rules


def _matched(declared: Declarations, rules: Sequence[sympy.Expr], free: Sequence[str]) -> list[str]:
    """Return one quantity a rule, each of its own (augmenting paths)."""
    reads = [[name for name in free if symbol(name) in rule.free_symbols] for rule in rules]
    rule_of: dict[str, int] = {}

    def find(rule: int, seen: set[str]) -> bool:
        for name in reads[rule]:
            if name not in seen:
                seen.add(name)
                if name not in rule_of or find(rule_of[name], seen):
                    rule_of[name] = rule
                    return True
        return False

    for i, rule in enumerate(rules):
        if not find(i, set()):
            raise SbmlError(
                [
                    mistake(
                        declared.file,
                        f"algebraic rule {i + 1}",
                        f"{shown(rule)} = 0 reads no quantity that is free; one that is not "
                        "constant and that no rule, reaction or other algebraic rule determines is "
                        "needed",
                        "Make a parameter of it not constant",
                    )
                ]
            )
    return sorted(rule_of, key=rule_of.__getitem__)


def _root(declared: Declarations, rule: sympy.Expr, unknown: sympy.Symbol) -> sympy.Expr:
    try:
        roots = sympy.solve(rule, unknown)
    except NotImplementedError:
        roots = []
    if len(roots) != 1:
        _refuse(declared, rule, f"it has {len(roots)} known roots in '{unknown}', one is needed")
    return roots[0]


def _refuse(declared: Declarations, rule: sympy.Expr, why: str) -> NoReturn:
    raise UnsupportedSbmlError(
        [
            mistake(
                declared.file,
                "algebraic rule",
                f"{shown(rule)} = 0; {why}",
                "Solve it by hand and write an assignment rule",
            )
        ],
        ["algebraic rule"],
    )
