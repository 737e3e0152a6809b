"""MathML becomes SymPy: a walk over libSBML's tree, function definitions written in place.

Numbers are folded as floats, never as exact integers of any size, and the walk counts what it
makes: a few nested definitions can stand for more operations than a machine holds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NoReturn

import sympy

from cohort.sbml.errors import SbmlError, UnsupportedSbmlError, mistake
from cohort.sbml.operators import BUILDERS, number, numeric, truth
from kernels import TIME, symbol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cohort.sbml.names import Names

__all__ = ["FormulaReader", "FunctionDefinition", "rate_symbol"]

MOST_NODES: Final = 2_000_000
"""Operations of all mathematics of a model, function definitions written out."""

MOST_WRITTEN_OUT: Final = 20_000
"""Operations of one expression once function definitions are written out."""

DEEPEST: Final = 150
"""Levels of one expression, function definitions written out: SymPy recurses."""

AVOGADRO: Final = 6.02214179e23
"""As SBML Level 3 fixes it [1/mol] (CODATA 2006), whatever is known since."""

_RATE_OF: Final = "rateOf({})"


def rate_symbol(name: str) -> sympy.Symbol:
    """Return the symbol that stands for the rate of change of a name until rates are known.

    Examples
    --------
    >>> rate_symbol("S1")
    rateOf(S1)
    """
    return symbol(_RATE_OF.format(name))


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionDefinition:
    """Hold a function definition: arguments, and libSBML's tree of its body.

    Examples
    --------
    >>> FunctionDefinition(arguments=("x",), body=None).arguments
    ('x',)
    """

    arguments: tuple[str, ...]
    body: Any


@dataclass(frozen=True, slots=True)
class _Scope:
    """What names mean at a place: local ones first, then those of the model."""

    place: str
    local: Mapping[str, sympy.Basic] = field(default_factory=dict)
    calls: tuple[str, ...] = ()
    depth: int = 0


class FormulaReader:
    """Read the mathematics of one model.

    Parameters
    ----------
    library
        The module libSBML.
    file
        What messages call the file.
    names
        Names of all ids that mathematics may read.
    functions
        Function definitions by id.

    Examples
    --------
    >>> from cohort.sbml.library import libsbml
    >>> from cohort.sbml.names import Names
    >>> reader = FormulaReader(libsbml(), "m.xml", Names(["k", "S"]), {})
    >>> reader.read(libsbml().parseL3Formula("-k * S^2"), "R1")
    -S**2*k
    """

    def __init__(
        self,
        library: Any,  # noqa: ANN401  # the module has no types
        file: str,
        names: Names,
        functions: Mapping[str, FunctionDefinition],
    ) -> None:
        self.file = file
        self.names = names
        self.notes: list[str] = []
        self._functions = functions
        self._n_nodes = self._n_called = 0
        self._builders = {
            getattr(library, name): builder
            for name, builder in BUILDERS.items()
            if hasattr(library, name)
        }
        self._special = {
            getattr(library, name): method
            for name, method in {
                "AST_NAME": self._name,
                "AST_NAME_TIME": lambda *_: TIME,
                "AST_NAME_AVOGADRO": lambda *_: number(AVOGADRO),
                "AST_INTEGER": lambda node, _: number(node.getInteger()),
                "AST_REAL": self._real,
                "AST_REAL_E": self._real,
                "AST_RATIONAL": lambda node, _: (
                    number(node.getNumerator()) / number(node.getDenominator())
                ),
                "AST_FUNCTION": self._call,
                "AST_FUNCTION_DELAY": self._delay,
                "AST_FUNCTION_RATE_OF": self._rate_of,
                "AST_FUNCTION_PIECEWISE": self._piecewise,
            }.items()
        }

    def read(
        self,
        node: Any,  # noqa: ANN401  # libSBML's tree
        place: str,
        local: Mapping[str, sympy.Basic] | None = None,
    ) -> sympy.Expr:
        """Return a tree as an expression; a condition counts as 1 or 0.

        Parameters
        ----------
        node
            The tree.
        place
            What messages call it.
        local
            Meaning of names that hold here alone.

        Raises
        ------
        SbmlError
            If a name is unknown, a function has other arguments, or it is too large or deep.
        UnsupportedSbmlError
            If it uses a function that the engine does not have.

        Examples
        --------
        >>> from cohort.sbml.library import libsbml
        >>> from cohort.sbml.names import Names
        >>> reader = FormulaReader(libsbml(), "m.xml", Names([]), {})
        >>> reader.read(libsbml().parseL3Formula("2 > 1"), "x")
        1
        """
        self._n_called = 0
        return numeric(self._read(node, _Scope(place, local or {})))

    def read_condition(self, node: Any, place: str) -> sympy.logic.boolalg.Boolean:  # noqa: ANN401
        """Return a tree as a condition; a number counts as true unless it is 0.

        Raises
        ------
        SbmlError, UnsupportedSbmlError
            As `read`.

        Examples
        --------
        >>> from cohort.sbml.library import libsbml
        >>> from cohort.sbml.names import Names
        >>> reader = FormulaReader(libsbml(), "m.xml", Names(["x"]), {})
        >>> reader.read_condition(libsbml().parseL3Formula("x > 1"), "x")
        x > 1
        """
        self._n_called = 0
        return truth(self._read(node, _Scope(place)))

    def _read(self, node: Any, scope: _Scope) -> sympy.Basic:  # noqa: ANN401
        self._n_nodes += 1
        self._n_called += bool(scope.calls)
        if self._n_nodes > MOST_NODES or self._n_called > MOST_WRITTEN_OUT:
            self._refuse(
                scope,
                f"more operations than {MOST_WRITTEN_OUT:,} in an expression once function "
                f"definitions are written out, or than {MOST_NODES:,} in all; so many are allowed",
                "Name parts of it by assignment rules",
            )
        if scope.depth > DEEPEST:
            self._refuse(
                scope,
                f"an expression of more than {DEEPEST} levels; {DEEPEST} are allowed",
                "Name parts of it by assignment rules",
            )
        inner = _Scope(scope.place, scope.local, scope.calls, scope.depth + 1)
        kind = node.getType()
        if kind in self._special:
            return self._special[kind](node, inner)
        if kind not in self._builders:
            self._unsupported(
                inner,
                node.getName() or node.getOperatorName() or f"node type {kind}",
                "it is not among the mathematics of SBML core",
            )
        arguments = [self._read(child, inner) for child in _children(node)]
        try:
            return self._builders[kind](*arguments)
        except NotImplementedError as error:
            self._unsupported(inner, node.getName() or str(kind), str(error))
        except (TypeError, ValueError, OverflowError, ZeroDivisionError) as error:
            self._refuse(
                inner,
                f"'{node.getName() or node.getOperatorName() or kind}' of "
                f"{len(arguments)} arguments: {error}",
                "Mend the mathematics",
            )

    def _name(self, node: Any, scope: _Scope) -> sympy.Basic:  # noqa: ANN401
        name = node.getName()
        if name in scope.local:
            return scope.local[name]
        if scope.calls or name not in self.names:
            self._refuse(
                scope, f"'{name}' is not declared; ids of the model are allowed", "Declare it"
            )
        return symbol(self.names[name])

    def _real(self, node: Any, scope: _Scope) -> sympy.Basic:  # noqa: ANN401
        if node.isNaN():
            return sympy.nan
        value = node.getReal()
        if math.isinf(value):
            return sympy.oo if value > 0 else -sympy.oo
        return number(value)

    def _call(self, node: Any, scope: _Scope) -> sympy.Basic:  # noqa: ANN401
        name = node.getName()
        if name not in self._functions:
            self._refuse(
                scope, f"function '{name}' is not defined; defined ones are allowed", "Define it"
            )
        if name in scope.calls:
            chain = " -> ".join((*scope.calls, name))
            self._refuse(
                scope,
                f"function '{name}' calls itself ({chain}); SBML allows no recursion",
                "Write it without",
            )
        function = self._functions[name]
        arguments = [self._read(child, scope) for child in _children(node)]
        if len(arguments) != len(function.arguments):
            self._refuse(
                scope,
                f"function '{name}' is given {len(arguments)} arguments; it has "
                f"{len(function.arguments)}",
                "Match them",
            )
        local = dict(zip(function.arguments, arguments, strict=True))
        return self._read(
            function.body, _Scope(scope.place, local, (*scope.calls, name), scope.depth)
        )

    def _piecewise(self, node: Any, scope: _Scope) -> sympy.Basic:  # noqa: ANN401
        arguments = [self._read(child, scope) for child in _children(node)]
        pairs = [
            (numeric(arguments[i]), truth(arguments[i + 1]))
            for i in range(0, len(arguments) - 1, 2)
        ]
        if len(arguments) % 2:
            pairs.append((numeric(arguments[-1]), sympy.true))
        elif pairs:
            self.notes.append(
                f"{scope.place}: a piecewise without otherwise; its last piece also holds where no "
                "condition does"
            )
            pairs[-1] = (pairs[-1][0], sympy.true)
        else:
            self._refuse(scope, "a piecewise without pieces; one is needed", "Give it a value")
        return sympy.Piecewise(*pairs)

    def _rate_of(self, node: Any, scope: _Scope) -> sympy.Basic:  # noqa: ANN401
        (child,) = _children(node)
        target = self._read(child, scope)
        if not isinstance(target, sympy.Symbol) or target == TIME:
            if isinstance(target, sympy.Number):
                return sympy.S.Zero
            self._refuse(scope, "rateOf of an expression; an id is allowed", "Name the expression")
        return rate_symbol(target.name)

    def _delay(self, node: Any, scope: _Scope) -> NoReturn:  # noqa: ANN401
        self._unsupported(scope, "delay", "equations read the present only")

    def _refuse(self, scope: _Scope, given: str, remedy: str) -> NoReturn:
        raise SbmlError([mistake(self.file, scope.place, given, remedy)])

    def _unsupported(self, scope: _Scope, feature: str, why: str) -> NoReturn:
        raise UnsupportedSbmlError(
            [
                mistake(
                    self.file,
                    scope.place,
                    f"it uses '{feature}'; {why}",
                    "Write the model without it",
                )
            ],
            [feature],
        )


def _children(node: Any) -> list[Any]:  # noqa: ANN401
    return [node.getChild(i) for i in range(node.getNumChildren())]
