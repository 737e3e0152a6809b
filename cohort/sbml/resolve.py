"""Definitions are put into one another, in the order that they need.

What is left reads states, parameters and time alone. A ring of definitions and an expression that
grows without measure (a few lines that double each other) are refused by name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cohort.sbml.errors import SbmlError, UnsupportedSbmlError, mistake

if TYPE_CHECKING:
    from collections.abc import Callable

    import sympy

__all__ = ["Resolver"]

LARGEST: Final = 200_000
"""Operations of one quantity, everything it reads written out."""


class Resolver:
    """Close expressions: replace every defined symbol by its definition, to the bottom.

    Parameters
    ----------
    definition
        Definition of a symbol; None where the symbol stands for itself.
    file
        What messages call the file.

    Examples
    --------
    >>> from kernels import symbol
    >>> a, b, k = symbol("a"), symbol("b"), symbol("k")
    >>> Resolver({a: b + 1, b: 2 * k}.get, "m.xml").close(a * b)
    2*k*(2*k + 1)
    """

    def __init__(self, definition: Callable[[sympy.Symbol], sympy.Basic | None], file: str) -> None:
        self._definition = definition
        self._file = file
        self._closed: dict[sympy.Symbol, sympy.Basic] = {}
        self._definitions: dict[sympy.Symbol, sympy.Basic | None] = {}
        self._open: dict[sympy.Symbol, None] = {}
        self._sizes: dict[sympy.Basic, int] = {}

    def close(self, expression: sympy.Basic) -> sympy.Basic:
        """Return an expression that reads no defined symbol.

        Raises
        ------
        SbmlError
            If definitions need one another in a ring, or the result is too large.

        Examples
        --------
        >>> from kernels import symbol
        >>> x = symbol("x")
        >>> Resolver({x: x + 1}.get, "m.xml").close(x)
        Traceback (most recent call last):
        ...
        cohort.sbml.errors.SbmlError: m.xml, x: it needs its own value (x -> x); ...
        """
        needed = {s: self._symbol(s) for s in _ordered(expression)}
        changed = {s: value for s, value in needed.items() if value != s}
        return self._checked(expression.xreplace(changed) if changed else expression, "mathematics")

    def _symbol(self, wanted: sympy.Symbol) -> sympy.Basic:
        stack = [wanted]
        opened: list[sympy.Symbol] = []
        while stack:
            current = stack[-1]
            if current in self._closed:
                stack.pop()
                continue
            if current not in self._definitions:
                if current in self._open:
                    self._refuse_ring(current)
                self._open[current] = None
                opened.append(current)
                self._definitions[current] = self._definition(current)
            definition = self._definitions[current]
            if definition is None:
                self._close(current, current, stack)
                continue
            missing = [s for s in _ordered(definition) if s not in self._closed]
            for symbol_ in missing:
                if symbol_ in self._open:
                    self._refuse_ring(symbol_)
            if missing:
                stack += missing[:1]
                continue
            values = {s: self._closed[s] for s in definition.free_symbols}
            closed = definition.xreplace({s: v for s, v in values.items() if v != s})
            self._close(current, self._checked(closed, current.name), stack)
        return self._closed[wanted]

    def _close(self, name: sympy.Symbol, value: sympy.Basic, stack: list[sympy.Symbol]) -> None:
        self._closed[name] = value
        self._open.pop(name, None)
        stack.pop()

    def _refuse_ring(self, name: sympy.Symbol) -> None:
        names = [s.name for s in self._open]
        ring = [*names[names.index(name.name) :], name.name]
        raise SbmlError(
            [
                mistake(
                    self._file,
                    name.name,
                    f"it needs its own value ({' -> '.join(ring)}); definitions may form no ring",
                    "Break the ring, or make one of them a rate rule",
                )
            ]
        )

    def _checked(self, expression: sympy.Basic, place: str) -> sympy.Basic:
        try:
            size = self._size(expression)
        except RecursionError as error:
            raise self._too_large(place, "too many levels") from error
        if size > LARGEST:
            raise self._too_large(place, f"{size:,} operations; {LARGEST:,} are allowed")
        return expression

    def _too_large(self, place: str, given: str) -> UnsupportedSbmlError:
        return UnsupportedSbmlError(
            [
                mistake(
                    self._file,
                    place,
                    f"everything it reads written out makes {given}",
                    "Simplify its assignment rules",
                )
            ],
            ["too large"],
        )

    def _size(self, expression: sympy.Basic) -> int:
        known = self._sizes.get(expression)
        if known is None:
            known = 1 + sum(map(self._size, expression.args))
            self._sizes[expression] = known
        return known


def _ordered(expression: sympy.Basic) -> list[sympy.Symbol]:
    return sorted(expression.free_symbols, key=str)
