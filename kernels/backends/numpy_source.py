"""Sections of a program as Python source: one ufunc call an operation, rows of lanes as operands.

The source is the same in every process. Values live in rows that are reused as soon as nothing
reads them any more, so that a section works on a few rows that stay in the cache.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from kernels import arithmetic, functions
from kernels.instructions import FURTHER
from kernels.program import Op, Operand

if TYPE_CHECKING:
    from collections.abc import Callable

    from kernels.program import Section

__all__ = ["SectionSource", "compile_section"]

_UFUNC = {
    Op.ADD: "add",
    Op.SUB: "subtract",
    Op.MUL: "multiply",
    Op.DIV: "divide",
    Op.NEG: "negative",
    Op.SQRT: "sqrt",
    Op.ABS: "absolute",
    Op.MAX: "maximum",
    Op.MIN: "minimum",
}
_LOGICAL = {
    Op.LT: "less",
    Op.LE: "less_equal",
    Op.GT: "greater",
    Op.GE: "greater_equal",
    Op.EQ: "equal",
    Op.NE: "not_equal",
    Op.AND: "logical_and",
    Op.OR: "logical_or",
    Op.NOT: "logical_not",
}
_ELEMENTARY = {
    Op.EXP: "exp",
    Op.LOG: "log",
    Op.POW: "power",
    Op.SIN: "sin",
    Op.COS: "cos",
    **{op: op.value for op in FURTHER},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionSource:
    """Hold one compiled section.

    Parameters
    ----------
    text
        Python source of a function ``(t, g, y, p, u, h, j, m, b, o, w)`` of lists of rows; it
        writes output rows ``o`` and uses working rows ``w``.
    function
        The same, compiled.
    n_register
        Rows that ``w`` needs.
    aliases
        Outputs that are no results of this section and need no row: index and operand.

    Examples
    --------
    >>> from kernels.program import Instruction, Section
    >>> twice = Section("rhs", (Instruction.from_text("add y0 y0"),), (Operand("v", 0),))
    >>> print(compile_section(twice, n_copied=1).text.splitlines()[-1].strip())
    add(y[0], y[0], o[0])
    """

    text: str
    function: Callable[..., None]
    n_register: int
    aliases: tuple[tuple[int, Operand], ...]


def compile_section(section: Section, *, n_copied: int) -> SectionSource:
    """Write and compile the source of one section.

    Parameters
    ----------
    section
        The operations.
    n_copied
        First outputs that are copied into their rows where they are no results (constants, things
        read); the others are listed as aliases.

    Returns
    -------
    The compiled section.

    Examples
    --------
    >>> from kernels.program import Section
    >>> compile_section(Section("rhs", (), (Operand("p", 2),)), n_copied=0).aliases
    ((0, Operand(kind='p', index=2, value=0.0)),)
    """
    writer = _Writer(section)
    lines = [writer.line(index) for index in range(len(section.instructions))]
    aliases = []
    for index, output in enumerate(section.outputs):
        if writer.home(output) == f"o[{index}]":
            continue
        # the time is copied too: its row moves on from stage to stage
        if index < n_copied or output.kind in "vt":
            lines.append(f"copyto(o[{index}], {writer.text(output)})")
        else:
            aliases.append((index, output))
    head = f"def {section.name}(t, g, y, p, u, h, j, m, b, o, w):"
    text = "\n".join([head, *(f"    {line}" for line in lines or ["pass"]), ""])
    return SectionSource(
        text=text,
        function=_compiled(section.name, text, writer.constants),
        n_register=writer.n_register,
        aliases=tuple(aliases),
    )


def _compiled(name: str, text: str, constants: dict[str, Any]) -> Callable[..., None]:
    scope: dict[str, Any] = {
        name: getattr(np, name) for name in (*_UFUNC.values(), *_LOGICAL.values())
    }
    scope |= {name: getattr(functions, name) for name in functions.__all__}
    scope |= {name: getattr(arithmetic, name) for name in arithmetic.__all__ if name != "sqrt"}
    scope |= {"copyto": np.copyto} | constants
    exec(compile(text, f"<section {name}>", "exec"), scope)
    function: Callable[..., None] = scope[name]
    return function


class _Writer:
    """Give every value a row and write its line."""

    def __init__(self, section: Section) -> None:
        self._section = section
        self.n_register = 0
        self.constants: dict[str, Any] = {}
        self._constant_names: dict[float, str] = {}
        self._free: list[int] = []
        self._homes: dict[int, str] = {}
        self._uses = Counter(a.index for i in section.instructions for a in i.args if a.kind == "v")
        outputs = [o.index for o in section.outputs if o.kind == "v"]
        self._uses.update(outputs)
        self._output_row: dict[int, int] = {}
        for row, output in enumerate(section.outputs):
            if output.kind == "v":
                self._output_row.setdefault(output.index, row)

    def home(self, operand: Operand) -> str | None:
        return self._homes.get(operand.index) if operand.kind == "v" else None

    def text(self, operand: Operand) -> str:
        if operand.kind == "v":
            return self._homes[operand.index]
        if operand.kind == "c":
            if operand.value not in self._constant_names:
                name = f"c{len(self.constants)}"
                self._constant_names[operand.value] = name
                self.constants[name] = np.array(operand.value)
            return self._constant_names[operand.value]
        if operand.kind == "s":
            return "u[-1]"  # a row more than there are inputs
        return operand.kind if operand.kind in "tg" else f"{operand.kind}[{operand.index}]"

    def line(self, index: int) -> str:
        instruction = self._section.instructions[index]
        args = [self.text(a) for a in instruction.args]
        logical = instruction.op in _LOGICAL
        if instruction.op is Op.SELECT:  # its target must not be a row it still reads
            target = self._target(index)
            self._release(instruction.args)
        else:
            self._release(instruction.args)
            target = f"q{index}" if logical else self._target(index)
        self._homes[index] = target
        if logical:
            return f"{target} = {_LOGICAL[instruction.op]}({', '.join(args)})"
        if instruction.op is Op.SELECT:
            condition, yes, no = args
            return f"copyto({target}, {no}); copyto({target}, {yes}, where={condition})"
        if instruction.op in _ELEMENTARY:
            return f"copyto({target}, {_ELEMENTARY[instruction.op]}({', '.join(args)}))"
        if instruction.op in (Op.MAX, Op.MIN):  # NumPy wants their target by keyword
            target = f"out={target}"
        return f"{_UFUNC[instruction.op]}({', '.join((*args, target))})"

    def _target(self, index: int) -> str:
        if index in self._output_row:
            return f"o[{self._output_row[index]}]"
        if self._free:
            return f"w[{self._free.pop()}]"
        self.n_register += 1
        return f"w[{self.n_register - 1}]"

    def _release(self, args: tuple[Operand, ...]) -> None:
        for operand in args:
            if operand.kind != "v":
                continue
            self._uses[operand.index] -= 1
            home = self._homes[operand.index]
            if self._uses[operand.index] == 0 and home.startswith("w["):
                self._free.append(int(home[2:-1]))
