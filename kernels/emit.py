"""Expressions become operations: value numbering, hoisting, signs and reciprocals.

`Emitter` turns SymPy expressions into instructions of one section. Equal operations are written
once. What depends on parameters alone is handed to `HoistedValues`, which computes it once per
lane. Sums are written with subtractions where a term is negative, quotients share the reciprocal
of a denominator that occurs more than once, and small or half-integer powers are products.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

import sympy
from sympy.core.sorting import default_sort_key

from kernels.errors import LoweringError
from kernels.moments import MIDDLE
from kernels.program import Instruction, Op, Operand, Section
from kernels.system import TIME, OdeSystem, symbol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["Emitter", "Flat", "HoistedValues", "Power", "SignedPower", "combine_symbols"]

_COMBINE = "combine__"
_MOST_MULTIPLICATIONS = 16
_ZERO = Operand("c", value=0.0)
_ONE = Operand("c", value=1.0)

_UNARY: dict[type[sympy.Basic], Op] = {
    sympy.exp: Op.EXP,
    sympy.log: Op.LOG,
    sympy.sin: Op.SIN,
    sympy.cos: Op.COS,
    sympy.Abs: Op.ABS,
    sympy.tan: Op.TAN,
    sympy.asin: Op.ASIN,
    sympy.acos: Op.ACOS,
    sympy.atan: Op.ATAN,
    sympy.sinh: Op.SINH,
    sympy.cosh: Op.COSH,
    sympy.tanh: Op.TANH,
    sympy.asinh: Op.ASINH,
    sympy.acosh: Op.ACOSH,
    sympy.atanh: Op.ATANH,
    sympy.floor: Op.FLOOR,
    sympy.factorial: Op.FACTORIAL,
}
_OF_RECIPROCAL: dict[type[sympy.Basic], Op] = {  # acot(x) = atan(1 / x), and so on
    sympy.acot: Op.ATAN,
    sympy.asec: Op.ACOS,
    sympy.acsc: Op.ASIN,
    sympy.acoth: Op.ATANH,
    sympy.asech: Op.ACOSH,
    sympy.acsch: Op.ASINH,
}
_RECIPROCAL_OF: dict[type[sympy.Basic], Op] = {  # cot(x) = 1 / tan(x), and so on
    sympy.cot: Op.TAN,
    sympy.sec: Op.COS,
    sympy.csc: Op.SIN,
    sympy.coth: Op.TANH,
    sympy.sech: Op.COSH,
    sympy.csch: Op.SINH,
}
_OF_BOOLEANS = (sympy.ITE, sympy.Xor, sympy.Implies, sympy.Equivalent)
_FOLDED: dict[type[sympy.Basic], Op] = {
    sympy.Max: Op.MAX,
    sympy.Min: Op.MIN,
    sympy.And: Op.AND,
    sympy.Or: Op.OR,
}
_RELATIONS: dict[type[sympy.Basic], Op] = {
    sympy.StrictLessThan: Op.LT,
    sympy.LessThan: Op.LE,
    sympy.StrictGreaterThan: Op.GT,
    sympy.GreaterThan: Op.GE,
    sympy.Equality: Op.EQ,
    sympy.Unequality: Op.NE,
}


class Power(sympy.Function):  # type: ignore[misc]  # SymPy has no types
    """A power whose slope in the base b is e b**(e - 1), which is defined at b = 0.

    SymPy writes the slope of b**e as e b**e / b: 0 / 0 where a state is zero, as it is before a
    first dose, and one such entry makes every step of the lane fail.

    Examples
    --------
    >>> x, n = symbol("x"), symbol("n")
    >>> Power(x, n).diff(x)
    n*Power(x, n - 1)
    """

    nargs = 2

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """Return the slope in the base (1) or in the exponent (2)."""
        base, exponent = self.args
        if argindex == 1:
            return exponent * Power(base, exponent - 1)
        return self * sympy.log(base)


class SignedPower(sympy.Function):  # type: ignore[misc]
    """A power that is taken of a negative base too, where the exponent is a whole number.

    A power of SymPy with an exponent that is no number is computed by logarithms, so a negative
    base gives NaN. This one gives what the function pow of C does, and the same bits where the base
    is not negative.

    Examples
    --------
    >>> x, n = symbol("x"), symbol("n")
    >>> power = SignedPower(x, n)
    >>> power.diff(x)
    n*SignedPower(x, n - 1)
    """

    nargs = 2

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """Return the slope in the base (1) or in the exponent (2)."""
        base, exponent = self.args
        if argindex == 1:
            return exponent * SignedPower(base, exponent - 1)
        return self * sympy.log(base)


class Flat(sympy.Function):  # type: ignore[misc]  # SymPy has no types
    """A value whose slope is zero wherever it has one: floor and its kin.

    SymPy leaves the slope of floor(x) unevaluated, and that of factorial(x) needs functions that no
    program has; factorial is taken of whole numbers only.

    Examples
    --------
    >>> Flat(sympy.floor(symbol("x"))).diff(symbol("x"))
    0
    """

    nargs = 1

    def _eval_derivative(self, s: sympy.Symbol) -> sympy.Expr:
        del s
        return sympy.S.Zero


def combine_symbols() -> Iterator[sympy.Symbol]:
    """Yield the names of common subexpressions; no system may use them.

    Examples
    --------
    >>> next(combine_symbols())
    combine__0
    """
    return sympy.numbered_symbols(_COMBINE, real=True)  # type: ignore[no-any-return]


class HoistedValues:
    """Collect what depends on parameters alone: computed once per lane, read as ``h``.

    Parameters
    ----------
    system
        Names of the parameters.

    Examples
    --------
    >>> k, x = symbol("k"), symbol("x")
    >>> system = OdeSystem(name="a", states=("x",), parameters=("k",), rhs={"x": -k * x})
    >>> values = HoistedValues(system)
    >>> str(values.operand(sympy.sqrt(k))), str(values.operand(k))
    ('h0', 'p0')
    """

    def __init__(self, system: OdeSystem) -> None:
        self._emitter = Emitter(system, {}, (), None, where=f"{system.name}.hoist")
        self._slots: dict[Operand, int] = {}

    def operand(self, expression: sympy.Expr, where: str = "") -> Operand:
        """Return where the value of a parameter-only expression is read."""
        self._emitter.where = where or self._emitter.where
        value = self._emitter.emit(expression)
        if value.kind != "v":
            return value
        return Operand("h", self._slots.setdefault(value, len(self._slots)))

    def section(self) -> Section:
        """Return the section that computes everything asked for so far."""
        return Section("hoist", tuple(self._emitter.instructions), tuple(self._slots))


class Emitter:
    """Write the instructions of one section.

    Parameters
    ----------
    system
        Names and their positions.
    definitions
        Common subexpressions by symbol.
    outputs
        The expressions that will be emitted, to count shared denominators.
    hoisted
        Collector of parameter-only values; None writes them in place.
    where
        The equation being written, for messages; may be set anew for each.

    Examples
    --------
    >>> x = symbol("x")
    >>> system = OdeSystem(name="a", states=("x",), parameters=(), rhs={"x": -x})
    >>> emitter = Emitter(system, {}, (), None, where="a.rhs")
    >>> str(emitter.emit(1 - x)), [str(line) for line in emitter.instructions]
    ('v0', ['sub c1.0 y0'])
    """

    def __init__(
        self,
        system: OdeSystem,
        definitions: Mapping[sympy.Symbol, sympy.Expr],
        outputs: Sequence[sympy.Expr],
        hoisted: HoistedValues | None,
        *,
        where: str,
    ) -> None:
        self.instructions: list[Instruction] = []
        self.where = where
        self._hoisted = hoisted
        self._definitions = dict(definitions)
        self._numbers: dict[Instruction, Operand] = {}
        self._memo: dict[sympy.Basic, Operand] = {}
        self._atoms: dict[sympy.Symbol, Operand] = {TIME: Operand("t"), MIDDLE: Operand("s")}
        rows = (*system.states, *system.quadratures)
        for kind, names in (("y", rows), ("p", system.parameters), ("u", system.inputs)):
            for index, name in enumerate(names):
                self._atoms[symbol(name)] = Operand(kind, index)
        self._parameters = frozenset(symbol(name) for name in system.parameters)
        self._constant: dict[sympy.Symbol, bool] = {}
        self._denominators = Counter(
            base for tree in (*self._definitions.values(), *outputs) for base in _denominators(tree)
        )

    def emit(self, expression: sympy.Basic) -> Operand:
        """Return the operand that holds the value of ``expression``."""
        if expression not in self._memo:
            self._memo[expression] = self._emit(expression)
        return self._memo[expression]

    def _emit(self, expression: sympy.Basic) -> Operand:
        if isinstance(expression, sympy.Number | sympy.NumberSymbol):
            return Operand("c", value=float(expression))
        if isinstance(expression, sympy.Symbol):
            if expression in self._definitions:
                return self.emit(self._definitions[expression])
            return self._atoms[expression]
        if self._hoisted is not None and self._is_constant(expression):
            return self._hoisted.operand(self._expanded(expression), self.where)
        if isinstance(expression, sympy.Add):
            return self._sum(expression)
        if isinstance(expression, sympy.Mul):
            return self._product(expression)
        if isinstance(expression, sympy.Pow | Power):
            return self._power(*expression.args)
        if isinstance(expression, SignedPower):
            return self._signed_power(expression)
        return self._function(expression)

    # what depends on parameters alone

    def _is_constant(self, expression: sympy.Basic) -> bool:
        return all(
            self._is_constant_symbol(name) for name in expression.free_symbols
        ) and isinstance(expression, sympy.Expr)

    def _is_constant_symbol(self, name: sympy.Symbol) -> bool:
        if name not in self._definitions:
            return name in self._parameters
        if name not in self._constant:
            self._constant[name] = self._is_constant(self._definitions[name])
        return self._constant[name]

    def _expanded(self, expression: sympy.Basic) -> sympy.Expr:
        names = {
            name: self._definitions[name]
            for name in expression.free_symbols & set(self._definitions)
        }
        if not names:
            return expression
        expanded = {name: self._expanded(value) for name, value in names.items()}
        return expression.xreplace(expanded)

    def _grouped(self, expression: sympy.Expr) -> list[sympy.Basic]:
        """Return the arguments in a fixed order, the parameter-only ones as one."""
        arguments = sorted(expression.args, key=default_sort_key)
        if self._hoisted is None:
            return arguments
        constant = [a for a in arguments if self._is_constant(a)]
        if not any(a.free_symbols for a in constant):
            return arguments
        rest = [a for a in arguments if not self._is_constant(a)]
        return [expression.func(*constant), *rest] if rest else arguments

    # sums, products and powers

    def _sum(self, expression: sympy.Add) -> Operand:
        terms = []
        for argument in self._grouped(expression):
            negative = argument.could_extract_minus_sign() and not isinstance(argument, sympy.Add)
            terms.append((negative, self.emit(-argument if negative else argument)))
        terms.sort(key=lambda term: term[0])  # stable: positive terms first, in their order
        negative, total = terms[0]
        if negative:
            total = self.operation(Op.NEG, total)
        for negative, term in terms[1:]:
            total = self.operation(Op.SUB if negative else Op.ADD, total, term)
        return total

    def _product(self, expression: sympy.Mul) -> Operand:
        numerators: list[Operand] = []
        divisors: list[Operand] = []
        is_negative = False
        for argument in self._grouped(expression):
            if argument is sympy.S.NegativeOne:
                is_negative = True
            elif self._divides_once(argument):
                divisors.append(self.emit(argument.args[0]))
            else:
                numerators.append(self.emit(argument))
        total = numerators[0] if numerators else _ONE
        for factor in numerators[1:]:
            total = self.operation(Op.MUL, total, factor)
        for divisor in divisors:
            total = self.operation(Op.DIV, total, divisor)
        return self.operation(Op.NEG, total) if is_negative else total

    def _divides_once(self, argument: sympy.Basic) -> bool:
        if not (isinstance(argument, sympy.Pow) and argument.exp is sympy.S.NegativeOne):
            return False
        if self._hoisted is not None and self._is_constant(argument):
            return False
        return self._denominators[argument.base] <= 1

    def _power(self, base: sympy.Expr, exponent: sympy.Expr) -> Operand:
        twice = _whole(2 * exponent)
        if twice is None or abs(twice) > 2 * _MOST_MULTIPLICATIONS:
            if base is sympy.E:
                return self.operation(Op.EXP, self.emit(exponent))
            return self.operation(Op.POW, self.emit(base), self.emit(exponent))
        value = self.emit(base)
        if twice < 0:
            value = self.operation(Op.DIV, _ONE, value)
        result = self._whole_power(value, abs(twice) // 2)
        if twice % 2:
            root = self.operation(Op.SQRT, value)
            result = root if abs(twice) == 1 else self.operation(Op.MUL, result, root)
        return result

    def _signed_power(self, expression: SignedPower) -> Operand:
        base, exponent = expression.args
        whole = _whole(exponent)
        if whole is not None and abs(whole) <= _MOST_MULTIPLICATIONS:
            return self._power(base, exponent)
        return self.operation(Op.SIGNED_POWER, self.emit(base), self.emit(exponent))

    def _whole_power(self, value: Operand, exponent: int) -> Operand:
        if exponent == 0:
            return _ONE
        half = self._whole_power(value, exponent // 2)
        square = self.operation(Op.MUL, half, half)
        return self.operation(Op.MUL, square, value) if exponent % 2 else square

    # functions, choices and comparisons

    def _function(self, expression: sympy.Basic) -> Operand:
        kind = type(expression)
        if kind in _UNARY:
            return self.operation(_UNARY[kind], self.emit(expression.args[0]))
        if kind in _FOLDED:
            arguments = [self.emit(a) for a in sorted(expression.args, key=default_sort_key)]
            total = arguments[0]
            for argument in arguments[1:]:
                total = self.operation(_FOLDED[kind], total, argument)
            return total
        if kind in _RELATIONS:
            return self.operation(_RELATIONS[kind], *map(self.emit, expression.args))
        if kind in _OF_BOOLEANS:  # differentiation makes ITE of nested choices
            return self.emit(expression.to_nnf())
        if kind is sympy.Not:
            return self.operation(Op.NOT, self.emit(expression.args[0]))
        if kind in _OF_RECIPROCAL:
            inverse = self.operation(Op.DIV, _ONE, self.emit(expression.args[0]))
            return self.operation(_OF_RECIPROCAL[kind], inverse)
        if kind in _RECIPROCAL_OF:
            value = self.operation(_RECIPROCAL_OF[kind], self.emit(expression.args[0]))
            return self.operation(Op.DIV, _ONE, value)
        return self._step_function(expression)

    def _step_function(self, expression: sympy.Basic) -> Operand:
        kind = type(expression)
        if kind is Flat:
            return self.emit(expression.args[0])
        if kind is sympy.ceiling:
            negative = self.operation(Op.NEG, self.emit(expression.args[0]))
            return self.operation(Op.NEG, self.operation(Op.FLOOR, negative))
        if kind is sympy.Mod:
            dividend, divisor = map(self.emit, expression.args)
            times = self.operation(Op.FLOOR, self.operation(Op.DIV, dividend, divisor))
            return self.operation(Op.SUB, dividend, self.operation(Op.MUL, divisor, times))
        if kind is sympy.Heaviside:
            above = self.operation(Op.GT, self.emit(expression.args[0]), _ZERO)
            return self.operation(Op.SELECT, above, _ONE, _ZERO)
        if kind is sympy.sign:
            return self._sign(self.emit(expression.args[0]))
        if isinstance(expression, sympy.Piecewise):
            return self._piecewise(expression)
        raise LoweringError(
            self.where,
            f"'{self._expanded(expression)}' uses {kind.__name__}",
            "sums, products, powers, exp, log, sqrt, circular and hyperbolic functions and their "
            "inverses, Abs, sign, Max, Min, floor, ceiling, Mod, factorial, Piecewise, comparisons "
            "and And, Or, Not, Xor are known",
            "Write it with these",
        )

    def _sign(self, value: Operand) -> Operand:
        above = self.operation(Op.GT, value, _ZERO)
        below = self.operation(Op.LT, value, _ZERO)
        minus = Operand("c", value=-1.0)
        negative = self.operation(Op.SELECT, below, minus, _ZERO)
        return self.operation(Op.SELECT, above, _ONE, negative)

    def _piecewise(self, expression: sympy.Piecewise) -> Operand:
        *pieces, (last, condition) = expression.args
        if condition is not sympy.true:
            raise LoweringError(
                self.where,
                f"'{self._expanded(expression)}' has no value where no condition holds",
                "the last piece has the condition True",
                "Add (value, True)",
            )
        value = self.emit(last)
        for piece, condition in reversed(pieces):
            value = self.operation(Op.SELECT, self.emit(condition), self.emit(piece), value)
        return value

    def operation(self, op: Op, *args: Operand) -> Operand:
        """Return the operand of an operation, written only if it is new."""
        simple = _simplified(op, args)
        if simple is not None:
            return simple
        instruction = Instruction(op, args)
        if instruction not in self._numbers:
            self.instructions.append(instruction)
            self._numbers[instruction] = Operand("v", len(self.instructions) - 1)
        return self._numbers[instruction]


def _simplified(op: Op, args: tuple[Operand, ...]) -> Operand | None:
    """Return the result of operations that need no instruction."""
    if op in (Op.NEG, Op.SQRT) and args[0].kind == "c" and args[0].value >= 0.0:
        value = -args[0].value if op is Op.NEG else math.sqrt(args[0].value)
        return Operand("c", value=value)
    if op is Op.MUL and _ONE in args:
        return args[1] if args[0] == _ONE else args[0]
    if op is Op.DIV and args[1] == _ONE:
        return args[0]
    if op in (Op.ADD, Op.SUB) and args[1] == _ZERO:
        return args[0]
    return args[1] if op is Op.ADD and args[0] == _ZERO else None


def _whole(expression: sympy.Basic) -> int | None:
    number = expression if isinstance(expression, sympy.Number) else None
    if number is None or float(number) != int(float(number)):
        return None
    return int(float(number))


def _denominators(expression: sympy.Basic) -> list[sympy.Basic]:
    return [
        node.base
        for node in sympy.preorder_traversal(expression)
        if isinstance(node, sympy.Pow) and node.exp.is_number and node.exp.is_negative
    ]
