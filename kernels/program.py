"""The target-neutral program: what every backend computes, operation by operation.

A `Program` is the seam between lowering and the backends. It knows no NumPy and no SymPy: sections
of operations in static single assignment, in a fixed written order, so that every backend does the
same floating-point operations in the same order. Its text is canonical: it is the disk cache, the
golden test and the thing a reader looks at.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from kernels.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["Instruction", "Op", "Operand", "Program", "Section"]

FORMAT = "neurocohort-program 1"
"""First line of every program text; the number grows when the format changes."""

_INDEXED = "vypuhjmb"
_UNINDEXED = "tg"


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


_UNARY = frozenset({Op.NEG, Op.SQRT, Op.EXP, Op.LOG, Op.SIN, Op.COS, Op.ABS, Op.NOT})


@dataclass(frozen=True, slots=True)
class Operand:
    """Point at a value that an instruction reads.

    Parameters
    ----------
    kind
        ``v`` result of instruction ``index`` of this section, ``c`` the constant ``value``, ``y``
        state ``index`` (quadratures follow the states), ``p`` parameter, ``u`` input, ``h`` hoisted
        value, ``t`` absolute time, ``j`` Jacobian nonzero, ``m`` LU nonzero, ``g`` the number
        1 / (h gamma) of the step, ``b`` row of the right-hand side of a linear solve.
    index
        Position within the kind; 0 for ``c``, ``t`` and ``g``.
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
        if text in ("t", "g"):
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
            For each kind that the section reads, its values by index; ``t`` and ``g`` at index 0.

        Returns
        -------
        One float for each output. The meaning of a program, for tests and for replaying one
        instruction; exp, log, pow, sin and cos are those of `math` and may differ from a backend's
        in the last bits.

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
    Op.SIN: math.sin,
    Op.COS: math.cos,
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

SECTION_NAMES = ("hoist", "rhs", "step", "lu", "solve", "observe")


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """Hold everything a backend needs to integrate one system.

    Parameters
    ----------
    system_name, system_hash
        Which `OdeSystem` was lowered.
    states, quadratures, parameters, inputs, observables
        Names in the order of the rows of the arrays.
    jacobian
        Pattern of the nonzeros, (row, column) in the order of ``j``; rows include quadratures.
    ordering
        Row eliminated at each step of the LU, a permutation of ``range(n_row)``.
    lu_pattern
        (row, column) of each ``m``, rows and columns in the numbering of the states; a diagonal
        entry is the *reciprocal* of the pivot of W, the others are the factors of -W (they keep the
        sign of J, which saves negations): unit L left of it and U right of it, where left and right
        follow ``ordering``.
    hoist
        Reads ``p``; gives the values ``h`` that are the same for a whole integration.
    rhs
        Reads ``t y p u h``; gives ``n_row`` derivatives.
    step
        Reads ``t y p u h``; gives ``n_row`` derivatives, then the Jacobian nonzeros, then
        ``n_row`` time derivatives of the right-hand side.
    lu
        Reads ``j g``; gives ``m``, the factors of W = g I - J.
    solve
        Reads ``m b``; gives x with W x = b, ``n_row`` rows.
    observe
        Reads ``t y p u h``; gives the observables.

    Examples
    --------
    >>> from kernels import OdeSystem, lower, symbol
    >>> k, x = symbol("k"), symbol("x")
    >>> decay = OdeSystem(name="decay", states=("x",), parameters=("k",), rhs={"x": -k * x})
    >>> program = lower(decay)
    >>> program.n_row, program.jacobian
    (1, ((0, 0),))
    """

    system_name: str
    system_hash: str
    states: tuple[str, ...]
    quadratures: tuple[str, ...]
    parameters: tuple[str, ...]
    inputs: tuple[str, ...]
    observables: tuple[str, ...]
    jacobian: tuple[tuple[int, int], ...]
    ordering: tuple[int, ...]
    lu_pattern: tuple[tuple[int, int], ...]
    hoist: Section
    rhs: Section
    step: Section
    lu: Section
    solve: Section
    observe: Section

    @property
    def n_state(self) -> int:
        """Number of states.

        Examples
        --------
        >>> from kernels import OdeSystem, lower
        >>> lower(OdeSystem(name="a", states=("x",), parameters=(), rhs={"x": 1})).n_state
        1
        """
        return len(self.states)

    @property
    def n_row(self) -> int:
        """Number of states and quadratures together.

        Examples
        --------
        >>> from kernels import OdeSystem, lower
        >>> once = OdeSystem(
        ...     name="a", states=("x",), parameters=(), rhs={"x": 1}, quadratures={"q": 2}
        ... )
        >>> lower(once).n_row
        2
        """
        return len(self.states) + len(self.quadratures)

    @property
    def sections(self) -> tuple[Section, ...]:
        """All sections, in the order of the text.

        Examples
        --------
        >>> from kernels import OdeSystem, lower
        >>> program = lower(OdeSystem(name="a", states=("x",), parameters=(), rhs={"x": 1}))
        >>> [section.name for section in program.sections]
        ['hoist', 'rhs', 'step', 'lu', 'solve', 'observe']
        """
        return (self.hoist, self.rhs, self.step, self.lu, self.solve, self.observe)

    def to_text(self) -> str:
        """Return the canonical text, the same under any hash seed.

        Examples
        --------
        >>> from kernels import OdeSystem, lower
        >>> text = lower(OdeSystem(name="a", states=("x",), parameters=(), rhs={"x": 1})).to_text()
        >>> text.splitlines()[0]
        'neurocohort-program 1'
        """
        lines = [FORMAT, f"system {self.system_name}", f"hash {self.system_hash}"]
        lines += [" ".join((key, *getattr(self, key))) for key in _NAME_KEYS]
        lines += [" ".join((key, *_pairs_text(getattr(self, key)))) for key in _PAIR_KEYS]
        lines.append(" ".join(("ordering", *map(str, self.ordering))))
        for section in self.sections:
            lines.append(f"section {section.name}")
            lines += [f"  v{i} = {line}" for i, line in enumerate(section.instructions)]
            lines.append(" ".join(("  return", *map(str, section.outputs))))
        return "\n".join([*lines, "end", ""])

    @staticmethod
    def from_text(text: str) -> Program:
        """Read a program back from its canonical text.

        Raises
        ------
        BuildError
            If the text is not a program of this format, or is cut off.

        Examples
        --------
        >>> from kernels import OdeSystem, lower
        >>> program = lower(OdeSystem(name="a", states=("x",), parameters=(), rhs={"x": 1}))
        >>> Program.from_text(program.to_text()) == program
        True
        """
        reader = _Reader(text.split("\n"))
        try:
            program = _read_program(reader)
        except (ValueError, IndexError) as error:
            raise BuildError(
                f"program text, line {reader.position}",
                f"{reader.last!r}",
                f"the format is '{FORMAT}'",
                "Lower the system again",
            ) from error
        return program


_NAME_KEYS = ("states", "quadratures", "parameters", "inputs", "observables")
_PAIR_KEYS = ("jacobian", "lu_pattern")


def _pairs_text(pairs: tuple[tuple[int, int], ...]) -> list[str]:
    return [f"{row},{column}" for row, column in pairs]


class _Reader:
    """Hand out lines and remember where it is, for messages."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.position = 0

    @property
    def last(self) -> str:
        return self.lines[min(self.position, len(self.lines)) - 1]

    def line(self) -> str:
        self.position += 1
        return self.lines[self.position - 1]

    def after(self, key: str) -> str:
        line = self.line()
        if line != key and not line.startswith(key + " "):
            raise ValueError(line)
        return line[len(key) + 1 :]


def _read_program(reader: _Reader) -> Program:
    if reader.line() != FORMAT:
        raise ValueError(FORMAT)
    name, digest = reader.after("system"), reader.after("hash")
    fields: dict[str, Any] = {key: tuple(reader.after(key).split()) for key in _NAME_KEYS}
    for key in _PAIR_KEYS:
        fields[key] = tuple(map(_read_pair, reader.after(key).split()))
    ordering = tuple(map(int, reader.after("ordering").split()))
    fields |= {section: _read_section(reader, section) for section in SECTION_NAMES}
    if reader.line() != "end":
        raise ValueError(reader.last)
    return Program(system_name=name, system_hash=digest, ordering=ordering, **fields)


def _read_pair(text: str) -> tuple[int, int]:
    row, column = text.split(",")
    return int(row), int(column)


def _read_section(reader: _Reader, name: str) -> Section:
    if reader.after("section") != name:
        raise ValueError(name)
    instructions: list[Instruction] = []
    while (line := reader.line()).startswith("  v"):
        target, _, body = line.partition(" = ")
        if target != f"  v{len(instructions)}":
            raise ValueError(line)
        instructions.append(Instruction.from_text(body))
    if line.split()[:1] != ["return"]:
        raise ValueError(line)
    outputs = tuple(map(Operand.from_text, line.split()[1:]))
    return Section(name, tuple(instructions), outputs)
