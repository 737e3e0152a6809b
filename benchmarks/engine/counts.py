"""What one step of our engine costs, counted from the `Program` and the tableau.

Floating-point operations are additions, subtractions, maxima, minima, multiplications, divisions
and square roots. Elementary functions (exp, log, pow, sin, cos) are counted beside them and are no
part of the sum; comparisons, selections and changes of sign are not counted. Bytes are what crosses
the border of a section: every operand that a section reads and every value that it leaves, once a
use, and the vectors of the stage sums and the error norm; values that live inside a section are
taken to stay in registers. Left out: `hoist` (once a lane), `observe` (once a save) and the control
of step size (some sixty operations a step).
"""

from collections import Counter
from dataclasses import asdict, dataclass

from kernels.tableaus import tableau

ADDITIONS = ("add", "sub", "max", "min")
ELEMENTARY = ("exp", "log", "pow", "sin", "cos")
BYTES = {"float64": 8, "float32": 4}
"""Of one value, where all values have one size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCost:
    """Operations and bytes of one attempted step of one lane."""

    add: int
    mul: int
    div: int
    sqrt: int
    elementary: int
    bytes: int

    @property
    def flop(self):
        """Floating-point operations."""
        return self.add + self.mul + self.div + self.sqrt

    def as_dict(self):
        """Return all of it, for JSON."""
        return {**asdict(self), "flop": self.flop}


def of_step(program, method, precision="float64"):
    """Return the cost of a step of ``program`` by ``method``."""
    table = tableau(method)
    n_stage = table.n_stage
    operations, moved = Counter(), 0
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


def of_section(section):
    """Return how often one evaluation of a section does each kind of operation."""
    found = Counter()
    for instruction in section.instructions:
        op = instruction.op.value
        if op in ADDITIONS:
            found["add"] += 1
        elif op in ("mul", "div", "sqrt"):
            found[op] += 1
        elif op in ELEMENTARY:
            found["elementary"] += 1
    return found


def _stage_sums(program, table):
    """Return operations and values moved by ``y + sum a k``, ``f + sum c k / h``, ``u + k``."""
    n, found, moved = program.n_row, Counter(), 0
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


def _error_norm(program):
    """Return operations and values moved by ``rms(k / (atol + rtol max(|y|, |u|)))``."""
    n = program.n_state
    found = Counter({"add": 3 * n - 1, "mul": 2 * n, "div": n + 1, "sqrt": 1})
    return found, 4 * n
