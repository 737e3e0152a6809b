"""Operations, what they read, and sections of them in static single assignment.

The words of a `kernels.program.Program`. Knows no NumPy and no SymPy; every operation has one
meaning, which each backend has to give, and which is written here in Python's own arithmetic.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["Instruction", "Op", "Operand", "Section"]

_INDEXED = "vypuhjmb"
_UNINDEXED = "tgs"


class Op(StrEnum):
    """Name an operation that every backend has.

    Comparisons and ``and``, ``or``, ``not`` give booleans; only they, ``select`` conditions and
    nothing else take booleans. ``select(c, a, b)`` is ``a`` where ``c`` holds and ``b`` elsewhere,
    and both have been computed. ``max`` and ``min`` pass a NaN on.

    Examples
    --------
    >>> Op("add") is Op.ADD, Op.SELECT.n_args
    (True, 3)
    """

    ADD = "add"
    SUB = "sub"
    MUL = "mul"
    DIV = "div"
    NEG = "neg"
    SQRT = "sqrt"
    EXP = "exp"
    LOG = "log"
    POW = "pow"
    SIN = "sin"
    COS = "cos"
    TAN = "tan"
    ASIN = "asin"
    ACOS = "acos"
    ATAN = "atan"
    SINH = "sinh"
    COSH = "cosh"
    TANH = "tanh"
    ASINH = "asinh"
    ACOSH = "acosh"
    ATANH = "atanh"
    FLOOR = "floor"
    FACTORIAL = "factorial"
    SIGNED_POWER = "signed_power"
    ABS = "abs"
    MAX = "max"
    MIN = "min"
    LT = "lt"
    LE = "le"
    GT = "gt"
    GE = "ge"
    EQ = "eq"
    NE = "ne"
    AND = "and"
    OR = "or"
    NOT = "not"
    SELECT = "select"

    @property
    def n_args(self) -> int:
        """Number of operands.

        Examples
        --------
        >>> Op.NEG.n_args, Op.ADD.n_args
        (1, 2)
        """
        if self is Op.SELECT:
            return 3
        return 1 if self in _UNARY else 2


FURTHER = (
    Op.TAN,
    Op.ASIN,
    Op.ACOS,
    Op.ATAN,
    Op.SINH,
    Op.COSH,
    Op.TANH,
    Op.ASINH,
    Op.ACOSH,
    Op.ATANH,
    Op.FLOOR,
    Op.FACTORIAL,
    Op.SIGNED_POWER,
)
"""Operations whose C++ (``functions.hpp``) enters a kernel only where it is used."""

_UNARY = frozenset({Op.NEG, Op.SQRT, Op.EXP, Op.LOG, Op.SIN, Op.COS, Op.ABS, Op.NOT, *FURTHER[:-1]})


@dataclass(frozen=True, slots=True)
class Operand:
    """Point at a value that an instruction reads.

    Parameters
    ----------
    kind
        ``v`` result of instruction ``index`` of this section, ``c`` the constant ``value``, ``y``
        state ``index`` (quadratures follow the states), ``p`` parameter, ``u`` input, ``h`` hoisted
        value, ``t`` absolute time, ``j`` Jacobian nonzero, ``m`` LU nonzero, ``g`` the number
        1 / (h gamma) of the step, ``b`` row of the right-hand side of a linear solve, ``s`` the
        time in the middle of the step, which comparisons of time see (`kernels.moments`).
    index
        Position within the kind; 0 for ``c``, ``t``, ``g`` and ``s``.
    value
        The constant; 0 for all other kinds.

    Examples
    --------
    >>> str(Operand("y", 3)), str(Operand("c", value=0.5)), str(Operand("t"))
    ('y3', 'c0.5', 't')
    """

    kind: str
    index: int = 0
    value: float = 0.0

    def __str__(self) -> str:
        if self.kind == "c":
            return f"c{self.value!r}"
        return self.kind if self.kind in _UNINDEXED else f"{self.kind}{self.index}"

    @staticmethod
    def from_text(text: str) -> Operand:
        """Read back what ``str`` wrote.

        Raises
        ------
        ValueError
            If the text names no operand.

        Examples
        --------
        >>> Operand.from_text("c-1.5")
        Operand(kind='c', index=0, value=-1.5)
        """
        kind, rest = text[:1], text[1:]
        if kind == "c":
            return Operand("c", value=float(rest))
        if text in ("t", "g", "s"):
            return Operand(kind)
        if not kind or kind not in _INDEXED or not rest.isdecimal():
            raise ValueError(text)
        return Operand(kind, int(rest))


@dataclass(frozen=True, slots=True)
class Instruction:
    """Apply one operation to operands that are already there.

    Parameters
    ----------
    op
        The operation.
    args
        Its operands, ``op.n_args`` of them.

    Examples
    --------
    >>> str(Instruction(Op.MUL, (Operand("p", 0), Operand("y", 1))))
    'mul p0 y1'
    """

    op: Op
    args: tuple[Operand, ...]

    def __str__(self) -> str:
        return " ".join((self.op.value, *map(str, self.args)))

    @staticmethod
    def from_text(text: str) -> Instruction:
        """Read back what ``str`` wrote.

        Raises
        ------
        ValueError
            If the operation is unknown or has the wrong number of operands.

        Examples
        --------
        >>> Instruction.from_text("neg y0").op
        <Op.NEG: 'neg'>
        """
        name, *args = text.split()
        op = Op(name)
        if len(args) != op.n_args:
            raise ValueError(text)
        return Instruction(op, tuple(Operand.from_text(arg) for arg in args))


@dataclass(frozen=True, slots=True)
class Section:
    """List instructions in the order they are executed, and which values leave.

    Parameters
    ----------
    name
        Name within the program.
    instructions
        Instruction ``i`` defines ``v<i>`` and reads only earlier ones.
    outputs
        The values that leave, in order; may be constants or things read.

    Examples
    --------
    >>> double = Instruction.from_text("add y0 y0")
    >>> section = Section("rhs", (double,), (Operand("v", 0),))
    >>> section.evaluate({"y": [1.5]})
    (3.0,)
    """

    name: str
    instructions: tuple[Instruction, ...]
    outputs: tuple[Operand, ...]

    def reads(self) -> tuple[Operand, ...]:
        """Return the operands from outside, each once, in the order of first reading.

        Examples
        --------
        >>> section = Section("rhs", (Instruction.from_text("mul p0 y0"),), (Operand("v", 0),))
        >>> [str(operand) for operand in section.reads()]
        ['p0', 'y0']
        """
        used = [a for i in self.instructions for a in i.args] + list(self.outputs)
        return tuple(dict.fromkeys(a for a in used if a.kind not in "vc"))

    def evaluate(self, values: Mapping[str, Sequence[float]]) -> tuple[float, ...]:
        """Return the outputs for one lane, computed with Python floats.

        Parameters
        ----------
        values
            For each kind that the section reads, its values by index; those without one at 0.

        Returns
        -------
        One float for each output. The meaning of a program, for tests and for replaying one
        instruction; elementary functions are those of `math` and may differ from a backend's in the
        last bits.

        Raises
        ------
        ZeroDivisionError, ValueError, OverflowError
            Where Python's arithmetic raises instead of giving inf or NaN.

        Examples
        --------
        >>> decay = Section("rhs", (Instruction.from_text("mul p0 y0"),), (Operand("v", 0),))
        >>> decay.evaluate({"p": [2.0], "y": [3.0]})
        (6.0,)
        """
        results: list[float] = []

        def value(operand: Operand) -> float:
            if operand.kind == "v":
                return results[operand.index]
            if operand.kind == "c":
                return operand.value
            return values[operand.kind][operand.index]

        for instruction in self.instructions:
            arguments = [value(operand) for operand in instruction.args]
            results.append(_MEANING[instruction.op](*arguments))
        return tuple(value(operand) for operand in self.outputs)


_MEANING: dict[Op, Callable[..., float]] = {
    Op.ADD: lambda a, b: a + b,
    Op.SUB: lambda a, b: a - b,
    Op.MUL: lambda a, b: a * b,
    Op.DIV: lambda a, b: a / b,
    Op.NEG: lambda a: -a,
    Op.SQRT: math.sqrt,
    Op.EXP: math.exp,
    Op.LOG: math.log,
    Op.POW: math.pow,
    Op.SIGNED_POWER: math.pow,
    Op.SIN: math.sin,
    Op.COS: math.cos,
    Op.TAN: math.tan,
    Op.ASIN: math.asin,
    Op.ACOS: math.acos,
    Op.ATAN: math.atan,
    Op.SINH: math.sinh,
    Op.COSH: math.cosh,
    Op.TANH: math.tanh,
    Op.ASINH: math.asinh,
    Op.ACOSH: math.acosh,
    Op.ATANH: math.atanh,
    Op.FLOOR: lambda a: float(math.floor(a)),
    Op.FACTORIAL: lambda a: float(math.factorial(int(a))) if a == int(a) else math.nan,
    Op.ABS: abs,
    Op.MAX: lambda a, b: a if a > b or a != a else b,
    Op.MIN: lambda a, b: a if a < b or a != a else b,
    Op.LT: lambda a, b: a < b,
    Op.LE: lambda a, b: a <= b,
    Op.GT: lambda a, b: a > b,
    Op.GE: lambda a, b: a >= b,
    Op.EQ: lambda a, b: a == b,
    Op.NE: lambda a, b: a != b,
    Op.AND: lambda a, b: a and b,
    Op.OR: lambda a, b: a or b,
    Op.NOT: lambda a: not a,
    Op.SELECT: lambda c, a, b: a if c else b,
}
