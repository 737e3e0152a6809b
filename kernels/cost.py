"""What one step costs, counted from the `Program` and the tableau.

Floating-point operations are additions, subtractions, maxima, minima, multiplications, divisions
and square roots. Elementary functions (exp, log, pow, sin, cos and their kin) are counted beside
them and are no part of the sum; comparisons, selections and changes of sign are not counted. Bytes
are what crosses the border of a section: every operand that a section reads and every value that it
leaves, once a use, and the vectors of the stage sums and the error norm; values that live inside a
section are taken to stay in registers. Left out: `hoist` (once a lane), `observe` (once a save) and
the control of step size (some sixty operations a step).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

from kernels.errors import UnknownNameError
from kernels.instructions import FURTHER
from kernels.tableaus import tableau

if TYPE_CHECKING:
    from kernels.program import Program, Section
    from kernels.tableaus import RosenbrockTableau

__all__ = ["BYTES", "StepCost", "of_section", "of_step"]

ADDITIONS: Final = ("add", "sub", "max", "min")
ELEMENTARY: Final = ("exp", "log", "pow", "sin", "cos", *(op.value for op in FURTHER))
BYTES: Final = {"float64": 8, "float32": 4}
"""Bytes of one value by precision, where all values have one size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCost:
    """Operations and bytes of one attempted step of one lane.

    Parameters
    ----------
    add, mul, div, sqrt
        Floating-point operations by kind.
    elementary
        Calls of elementary functions.
    bytes
        What crosses the borders of sections.

    Examples
    --------
    >>> StepCost(add=3, mul=4, div=1, sqrt=1, elementary=0, bytes=64).flop
    9
    """

    add: int
    mul: int
    div: int
    sqrt: int
    elementary: int
    bytes: int

    @property
    def flop(self) -> int:
        """Number of floating-point operations.

        Examples
        --------
        >>> StepCost(add=1, mul=1, div=0, sqrt=0, elementary=5, bytes=0).flop
        2
        """
        return self.add + self.mul + self.div + self.sqrt

    def as_dict(self) -> dict[str, int]:
        """Return all of it, for JSON.

        Examples
        --------
        >>> StepCost(add=1, mul=2, div=0, sqrt=0, elementary=0, bytes=8).as_dict()["flop"]
        3
        """
        return {**asdict(self), "flop": self.flop}


def of_step(program: Program, method: str, precision: str = "float64") -> StepCost:
    """Return the cost of one step of a program.

    Parameters
    ----------
    program
        What is integrated.
    method
        Name of the tableau, as in `Solver`.
    precision
        ``float64`` or ``float32``.

    Returns
    -------
    Operations and bytes of one attempted step of one lane.

    Raises
    ------
    UnknownNameError
        If there is no such method, or values of the precision have no one size.

    Examples
    --------
    >>> from kernels import OdeSystem, lower, symbol
    >>> decay = OdeSystem(
    ...     name="decay", states=("x",), parameters=("k",), rhs={"x": -symbol("k") * symbol("x")}
    ... )
    >>> of_step(lower(decay), "rodas4").div
    3
    """
    if precision not in BYTES:
        raise UnknownNameError("of_step", "precision", str(precision), BYTES, "kernels.cost.BYTES")
    table = tableau(method)
    n_stage = table.n_stage
    operations: Counter[str] = Counter()
    moved = 0
    uses = ((program.step, 1), (program.lu, 1), (program.rhs, n_stage - 1))
    for section, times in (*uses, (program.solve, n_stage)):
        counted = of_section(section)
        operations.update({name: times * count for name, count in counted.items()})
        moved += times * (len(section.reads()) + len(section.outputs))
    for counted, values in (_stage_sums(program, table), _error_norm(program)):
        operations.update(counted)
        moved += values
    names = ("add", "mul", "div", "sqrt", "elementary")
    return StepCost(bytes=moved * BYTES[precision], **{name: operations[name] for name in names})


def of_section(section: Section) -> Counter[str]:
    """Return how often one evaluation of a section does each kind of operation.

    Parameters
    ----------
    section
        Section of a program.

    Returns
    -------
    Counts by ``add``, ``mul``, ``div``, ``sqrt`` and ``elementary``; kinds that are absent are 0.

    Examples
    --------
    >>> from kernels.program import Instruction, Section
    >>> of_section(Section("double", (Instruction.from_text("add y0 y0"),), ()))["add"]
    1
    """
    found: Counter[str] = Counter()
    for instruction in section.instructions:
        op = instruction.op.value
        if op in ADDITIONS:
            found["add"] += 1
        elif op in ("mul", "div", "sqrt"):
            found[op] += 1
        elif op in ELEMENTARY:
            found["elementary"] += 1
    return found


def _stage_sums(program: Program, table: RosenbrockTableau) -> tuple[Counter[str], int]:
    """Return operations and values moved by ``y + sum a k``, ``f + sum c k / h``, ``u + k``."""
    n, found, moved = program.n_row, Counter[str](), 0
    for stage in range(1, table.n_stage):
        terms = stage if stage <= len(table.a) else 0
        found["mul"] += n * terms
        found["add"] += n * max(terms, 1)  # the last stages add one increment to the state before
        moved += n * (max(terms, 1) + 2)
        found["mul"] += n * (stage + 1)  # c k, and the sum by 1 / h
        found["add"] += n * stage
        moved += n * (stage + 2)
    found["add"] += n
    moved += 3 * n
    slopes = sum(1 for slope in table.gamma_sums if slope)
    gradient = program.step.outputs[program.n_row + len(program.jacobian) :]
    n_slope = sum(1 for operand in gradient if not (operand.kind == "c" and operand.value == 0.0))
    found["mul"] += slopes * n_slope
    found["add"] += slopes * n_slope
    return found, moved + slopes * 3 * n_slope


def _error_norm(program: Program) -> tuple[Counter[str], int]:
    """Return operations and values moved by ``rms(k / (atol + rtol max(|y|, |u|)))``."""
    n = program.n_state
    found = Counter({"add": 3 * n - 1, "mul": 2 * n, "div": n + 1, "sqrt": 1})
    return found, 4 * n
