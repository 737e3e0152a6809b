"""A program as C++: the model functions and constants that the integrator in ``source/`` calls.

The text is the same in every process, and names no compiler, register width or precision: those are
set where it is compiled. Entries of the Jacobian and of the LU that are no results (a constant, a
parameter) are read where they are, not copied.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from kernels.program import Op, Operand
from kernels.tableaus import tableau
from kernels.triggers import MOST_EXECUTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kernels.program import Instruction, Program, Section
    from kernels.tableaus import RosenbrockTableau

__all__ = ["cpp_source"]

_INFIX = {
    Op.ADD: "+",
    Op.SUB: "-",
    Op.MUL: "*",
    Op.DIV: "/",
    Op.LT: "<",
    Op.LE: "<=",
    Op.GT: ">",
    Op.GE: ">=",
    Op.EQ: "==",
    Op.NE: "!=",
}
_FUNCTION = {
    Op.SQRT: "square_root",
    Op.EXP: "exponential",
    Op.LOG: "logarithm",
    Op.POW: "power",
    Op.SIN: "sine",
    Op.COS: "cosine",
    Op.TAN: "tangent",
    Op.ASIN: "arc_sine",
    Op.ACOS: "arc_cosine",
    Op.ATAN: "arc_tangent",
    Op.SINH: "hyperbolic_sine",
    Op.COSH: "hyperbolic_cosine",
    Op.TANH: "hyperbolic_tangent",
    Op.ASINH: "area_sine",
    Op.ACOSH: "area_cosine",
    Op.ATANH: "area_tangent",
    Op.FLOOR: "whole_part",
    Op.FACTORIAL: "product_up_to",
    Op.SIGNED_POWER: "signed_power",
    Op.ABS: "absolute",
    Op.MAX: "maximum",
    Op.MIN: "minimum",
    Op.AND: "both",
    Op.OR: "either",
    Op.NOT: "negate",
    Op.SELECT: "select",
}
_READS = "V t, const V* y, const V* p, const V* u, const V* h"


def cpp_source(program: Program, method: str) -> str:
    """Return constants and model functions of a program.

    Parameters
    ----------
    program
        The operations.
    method
        Name of the tableau.

    Returns
    -------
    C++ text between ``arithmetic.hpp`` and ``rosenbrock.hpp``.

    Examples
    --------
    >>> from kernels import OdeSystem, lower, symbol
    >>> k, x = symbol("k"), symbol("x")
    >>> decay = OdeSystem(name="decay", states=("x",), parameters=("k",), rhs={"x": -k * x})
    >>> "const T v0 = h[0] * y[0];" in cpp_source(lower(decay), "rodas5p")
    True
    """
    writer = _ModelWriter(program)
    functions = writer.functions()
    head = [f"// {program.system_name}", "", "namespace neurocohort {", ""]
    constants = [*_tableau_lines(method), "", *writer.constants()]
    if program.moments is not None:
        constants += ["", f"constexpr int N_MOMENT = {len(program.moments.outputs)};"]
    if program.events is not None:
        constants += ["", *writer.event_constants(tableau(method))]
    parts = [*head, *constants, "", *functions]
    return "\n".join([*parts, "}  // namespace neurocohort", ""])


def _number(value: float) -> str:
    if math.isnan(value):
        return "not_a_number()"
    if math.isinf(value):
        return "infinity()" if value > 0 else "-infinity()"
    return repr(float(value))


def _array(kind: str, name: str, values: Iterable[object]) -> str:
    listed = [str(value) for value in values]
    body = ", ".join(listed) if listed else "0"
    return f"constexpr {kind} {name}[{max(len(listed), 1)}] = {{{body}}};"


def _matrix(name: str, rows: tuple[tuple[float, ...], ...], width: int) -> str:
    body = [
        "{" + ", ".join(_number(x) for x in (*row, *[0.0] * (width - len(row)))) + "}"
        for row in rows
    ]
    return f"constexpr double {name}[{len(rows)}][{width}] = {{{', '.join(body)}}};"


def _tableau_lines(method: str) -> list[str]:
    table = tableau(method)
    n = table.n_stage

    return [
        f"constexpr int STAGES = {n}, A_ROWS = {len(table.a)}, "
        f"CONTROL_ORDER = {table.error_order + 1};",
        f"constexpr double GAMMA = {_number(table.gamma)};",
        _matrix("A", ((), *table.a), n),
        _matrix("C", ((), *table.c), n),
        _array("double", "ALPHA", map(_number, table.alpha)),
        _array("double", "GAMMA_SUM", map(_number, table.gamma_sums)),
    ]


class _ModelWriter:
    """Write the functions, and remember what is stored where."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._slots: dict[str, dict[int, int]] = {"j": {}, "m": {}}
        n_row, n_jacobian = program.n_row, len(program.jacobian)
        outputs = program.step.outputs
        self._j_outputs = outputs[n_row : n_row + n_jacobian]
        gradient = outputs[n_row + n_jacobian :]
        self._gradient = [
            (row, operand)
            for row, operand in enumerate(gradient)
            if not (operand.kind == "c" and operand.value == 0.0)
        ]
        self._j_slot = _slots_of_results(self._j_outputs)
        self._m_slot = _slots_of_results(program.lu.outputs)
        read = [
            operand.index
            for section in self._sections()
            for operand in section.reads()
            if operand.kind == "p"
        ]
        self._loop_parameters = sorted(set(read))
        self._parameter_slot = {index: slot for slot, index in enumerate(self._loop_parameters)}

    def _sections(self) -> tuple[Section, ...]:
        """Return the sections that are evaluated with what a lane holds in its registers."""
        program = self._program
        loop = [program.rhs, program.step, program.lu, program.solve, program.observe]
        loop += () if program.moments is None else (program.moments,)
        return tuple(loop) if program.events is None else (*loop, *program.events.sections)

    def constants(self) -> list[str]:
        program = self._program
        sizes = {
            "ROWS": program.n_row,
            "STATES": program.n_state,
            "N_PARAMETER": len(program.parameters),
            "N_LOOP_PARAMETER": len(self._loop_parameters),
            "N_HOISTED": len(program.hoist.outputs),
            "N_OBSERVABLE": len(program.observables),
            "N_GRADIENT": len(self._gradient),
        }
        at_least_one = {  # sizes of arrays, which C++ wants above zero
            "PARAMETERS": len(program.parameters),
            "LOOP_PARAMETERS": len(self._loop_parameters),
            "HOISTED": len(program.hoist.outputs),
            "INPUTS": len(program.inputs) + (program.moments is not None),
            "OBSERVABLES": len(program.observables),
            "GRADIENT": len(self._gradient),
            "JACOBIAN": max(self._j_slot.values(), default=0) + 1,
            "FACTORS": max(self._m_slot.values(), default=0) + 1,
        }
        sizes |= {name: max(value, 1) for name, value in at_least_one.items()}
        return [
            *(f"constexpr int {name} = {value};" for name, value in sizes.items()),
            _array("int", "LOOP_PARAMETER", self._loop_parameters),
            _array("int", "GRADIENT_ROW", (row for row, _ in self._gradient)),
        ]

    def event_constants(self, table: RosenbrockTableau) -> list[str]:
        """Return the constants of ``events.hpp``."""
        part = self._program.events
        assert part is not None
        events = part.events
        targets = [row for event in events for row in event.targets]
        read: dict[str, set[int]] = {kind: set() for kind in "yphu"}
        for operand in (o for section in part.sections for o in section.reads()):
            if operand.kind in read:
                read[operand.kind].add(operand.index)
        lists = {
            "TRIGGER_ROW": part.trigger_rows,
            "TARGET": sorted(set(targets)),
            "PLACE_Y": sorted(read["y"] | set(targets)),
            "PLACE_P": sorted(self._parameter_slot[index] for index in read["p"]),
            "PLACE_H": sorted(read["h"]),
            "PLACE_U": sorted(read["u"]),
        }
        sizes = {
            "N_EVENT": len(events),
            "VALUES": max(len(targets), 1),
            "N_STOP": len(part.stop.outputs),
            "N_MARGIN": len(part.margin.outputs),
            "MARGINS": max(len(part.margin.outputs), 1),
            "TRIGGER_ROWS": max(len(part.trigger_rows), 1),
            "FIRST_EVENT_KIND": self._program.n_state + 2 * len(self._program.inputs),
            "MOST_EXECUTIONS": MOST_EXECUTIONS,
            "N_DENSE": len(table.dense),
            "HAS_CHANCE": int(part.has_chance),
            "CHOICES": part.n_memory - 1,
            **{f"N_{name}": len(values) for name, values in lists.items()},
        }
        arrays = {
            "EVENT_BASE": part.bases,
            "EVENT_SLOTS": (event.n_slot for event in events),
            "EVENT_STRIDE": (event.stride for event in events),
            "EVENT_STORED": (int(event.is_stored) for event in events),
            "EVENT_PERSISTENT": (int(event.is_persistent) for event in events),
            "EVENT_FIRST": part.firsts,
            "EVENT_TARGETS": (len(event.targets) for event in events),
            "EVENT_BY_CHANCE": (int(event.is_by_chance) for event in events),
            "TARGET_ROW": targets,
            **lists,
        }
        return [
            *(f"constexpr int {name} = {value};" for name, value in sizes.items()),
            *(_array("int", name, values) for name, values in arrays.items()),
            _matrix("DENSE", table.dense, table.n_stage),
        ]

    def functions(self) -> list[str]:
        program = self._program
        n_row = program.n_row
        rows = enumerate(program.rhs.outputs)
        hoist = [f"h[{i}] = @;" for i in range(len(program.hoist.outputs))]
        lines = self._function(
            "FUNCTION void model_hoist(const double* p, double* h)",
            "double",
            program.hoist,
            list(zip(hoist, program.hoist.outputs, strict=True)),
            in_loop=False,
        )
        accumulated = "if constexpr (accumulate) b[{0}] = @ + b[{0}]; else b[{0}] = @;"
        lines += self._function(
            f"template <bool accumulate> FUNCTION void model_rhs({_READS}, V* b)",
            "V",
            program.rhs,
            [(accumulated.format(i), operand) for i, operand in rows],
        )
        stored_j = [(f"j[{slot}] = @;", slot) for slot in sorted(set(self._j_slot.values()))]
        first = {slot: index for index, slot in reversed(self._j_slot.items())}
        step_outputs = [(f"f[{i}] = @;", o) for i, o in enumerate(program.step.outputs[:n_row])]
        step_outputs += [
            (text.replace("@", "lane_cast<Stage>(@)"), self._j_outputs[first[slot]])
            for text, slot in stored_j
        ]
        step_outputs += [
            (f"gradient[{i}] = @;", operand) for i, (_, operand) in enumerate(self._gradient)
        ]
        lines += self._function(
            f"FUNCTION void model_step({_READS}, V* f, Stage* j, V* gradient)",
            "V",
            program.step,
            step_outputs,
        )
        factors = {slot: index for index, slot in reversed(self._m_slot.items())}
        lines += self._function(
            f"FUNCTION void model_lu({_READS}, const Stage* j, Stage g, Stage* m)",
            "Stage",
            program.lu,
            [(f"m[{s}] = @;", program.lu.outputs[factors[s]]) for s in sorted(factors)],
        )
        lines += self._function(
            f"FUNCTION void model_solve({_READS}, const Stage* j, Stage g, const Stage* m, "
            "const V* b, Stage* x)",
            "Stage",
            program.solve,
            [(f"x[{i}] = @;", operand) for i, operand in enumerate(program.solve.outputs)],
        )
        lines += self._function(
            f"FUNCTION void model_observe({_READS}, V* o)".replace("V", "double"),
            "double",
            program.observe,
            [(f"o[{i}] = @;", operand) for i, operand in enumerate(program.observe.outputs)],
        )
        if program.moments is not None:
            lines += self._function(
                f"FUNCTION void model_moments({_READS}, V* o)".replace("V", "Real"),
                "Real",
                program.moments,
                [(f"o[{i}] = @;", operand) for i, operand in enumerate(program.moments.outputs)],
            )
        for section in () if program.events is None else program.events.sections:
            reads = _READS.replace("V", "S")
            lines += self._function(
                f"template <class S> FUNCTION void model_{section.name}({reads}, S* o)",
                "S",
                section,
                [(f"o[{i}] = @;", operand) for i, operand in enumerate(section.outputs)],
            )
        return lines

    def _function(
        self,
        head: str,
        kind: str,
        section: Section,
        outputs: list[tuple[str, Operand]],
        *,
        in_loop: bool = True,
    ) -> list[str]:
        lines = [f"{head} {{", f"    typedef {kind} T;"]
        for index, instruction in enumerate(section.instructions):
            args = [self._text(a, kind, in_loop=in_loop) for a in instruction.args]
            lines.append(
                f"    const {_result_type(instruction)} v{index} = {_call(instruction.op, args)};"
            )
        for template, operand in outputs:
            lines.append("    " + template.replace("@", self._text(operand, kind, in_loop=in_loop)))
        return [*lines, "}", ""]

    def _text(self, operand: Operand, kind: str, *, in_loop: bool) -> str:
        operand = self._resolved(operand)
        if operand.kind == "v":
            return f"v{operand.index}"
        if operand.kind == "c":
            return f"literal<T>({_number(operand.value)})"
        if operand.kind == "g":
            return "g"
        if operand.kind in "jm":
            slots = self._j_slot if operand.kind == "j" else self._m_slot
            return f"{operand.kind}[{slots[operand.index]}]"
        if operand.kind == "t":
            text = "t"
        elif operand.kind == "s":
            text = "u[INPUTS - 1]"
        elif operand.kind == "p" and in_loop:
            text = f"p[{self._parameter_slot[operand.index]}]"
        else:
            text = f"{operand.kind}[{operand.index}]"
        return f"lane_cast<T>({text})" if kind == "Stage" else text

    def _resolved(self, operand: Operand) -> Operand:
        """Follow an entry that is no result to what it stands for."""
        if operand.kind == "m" and operand.index not in self._m_slot:
            return self._resolved(self._program.lu.outputs[operand.index])
        if operand.kind == "j" and operand.index not in self._j_slot:
            return self._resolved(self._j_outputs[operand.index])
        return operand


def _slots_of_results(outputs: Iterable[Operand]) -> dict[int, int]:
    """Return where each output that is a result is stored; equal results share a place."""
    places: dict[int, int] = {}
    slots = {}
    for index, operand in enumerate(outputs):
        if operand.kind == "v":
            slots[index] = places.setdefault(operand.index, len(places))
    return slots


_BOOLEAN = frozenset(
    {Op.LT, Op.LE, Op.GT, Op.GE, Op.EQ, Op.NE, Op.AND, Op.OR, Op.NOT},
)


def _result_type(instruction: Instruction) -> str:
    return "auto" if instruction.op in _BOOLEAN else "T"


def _call(op: Op, args: list[str]) -> str:
    if op is Op.NEG:
        return f"-{args[0]}"
    if op in _INFIX:
        return f"{args[0]} {_INFIX[op]} {args[1]}"
    name = _FUNCTION[op]
    return f"{name}({', '.join(args)})"
