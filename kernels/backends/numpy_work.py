"""The arrays that lanes on NumPy are worked on in, and the compiled sections of their program."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from kernels.backends.numpy_source import SectionSource, compile_section

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kernels.program import Operand, Program

__all__ = ["Sections", "Work", "compile_sections"]

Floats: TypeAlias = "NDArray[np.float64]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sections:
    """Compiled sections of a program.

    Examples
    --------
    >>> Sections.__slots__[0]
    'hoist'
    """

    hoist: SectionSource
    rhs: SectionSource
    step: SectionSource
    lu: SectionSource
    solve: SectionSource
    observe: SectionSource


@functools.lru_cache(maxsize=32)  # a trial runs one program once a segment and block
def compile_sections(program: Program) -> Sections:
    """Return the compiled sections of a program, compiled once a process.

    Examples
    --------
    >>> from kernels import OdeSystem, lower
    >>> rest = OdeSystem(name="rest", states=("x",), parameters=(), rhs={"x": 0})
    >>> compile_sections(lower(rest)).rhs.n_register
    0
    """
    copied = {"lu": 0, "step": program.n_row}  # the stages read whole blocks of rows
    return Sections(
        **{
            section.name: compile_section(
                section, n_copied=copied.get(section.name, len(section.outputs))
            )
            for section in program.sections
        }
    )


class Work:
    """Arrays of the lanes that are still under way; made anew when lanes leave.

    Parameters
    ----------
    program, n_stage
        What is integrated, and the stages of the method.
    lanes
        Numbers of the lanes, shape ``(n,)``.
    y
        States and quadratures, shape ``(n_row, n)``.
    size
        Step sizes [time unit].
    parameters, inputs
        Of these lanes, one column a lane.

    Examples
    --------
    >>> from kernels import OdeSystem, lower
    >>> rest = OdeSystem(name="rest", states=("x",), parameters=(), rhs={"x": 0})
    >>> one, none = np.ones((1, 1)), np.ones((0, 1))
    >>> Work(lower(rest), 6, np.array([0]), one, one[0], none, none).k.shape
    (6, 1, 1)
    """

    def __init__(
        self,
        program: Program,
        n_stage: int,
        lanes: NDArray[np.int64],
        y: Floats,
        size: Floats,
        parameters: Floats,
        inputs: Floats,
    ) -> None:
        sections, n = compile_sections(program), len(lanes)
        self.lanes = lanes
        self.n = n
        self.y = y
        self.parameters = np.ascontiguousarray(parameters)
        self.inputs = inputs
        self.hoisted = np.empty((len(program.hoist.outputs), n))
        self.size = size
        self.k = np.empty((n_stage, program.n_row, n))
        self.u, self.f, self.b, self.sum, self.tmp = np.empty((5, program.n_row, n))
        # rows of the blocks above, sliced once: the loop reads hundreds a step
        self.y_rows, self.u_rows, self.f_rows = list(self.y), list(self.u), list(self.f)
        self.b_rows = list(self.b)
        self.k_rows = [list(block) for block in self.k]
        self.gradient = np.zeros((program.n_row, n))
        self.time, self.middle = np.empty((2, n))
        self.g = np.empty(n)
        registers = max(getattr(sections, s.name).n_register for s in program.sections)
        self.w = list(np.empty((registers, n)))
        self.rows = {"p": list(self.parameters), "h": list(self.hoisted)}
        self.rows["u"] = [*self.inputs, self.middle]
        none: list[Floats] = []
        sections.hoist.function(
            None, None, none, self.rows["p"], none, none, none, none, none, self.rows["h"], self.w
        )
        jacobian = list(np.empty((len(program.jacobian), n)))
        outputs = [*self.f, *jacobian, *self.gradient]
        for index, operand in sections.step.aliases:
            outputs[index] = self._alias(operand, outputs[index])
        self.step_rows = outputs
        self.j = outputs[program.n_row : program.n_row + len(program.jacobian)]
        self.m = list(np.empty((len(program.lu_pattern), n)))
        self.lu_rows = self.m
        for index, operand in sections.lu.aliases:
            self.m[index] = self.g if operand.kind == "g" else self.j[operand.index]

    def _alias(self, operand: Operand, row: Floats) -> Floats:
        if operand.kind == "c":
            row[...] = operand.value
            return row
        rows: dict[str, list[Floats]] = {"t": [self.time], "y": self.y_rows, **self.rows}
        return rows[operand.kind][operand.index]
