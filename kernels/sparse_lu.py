"""Sparse factorisation without pivoting, found once and written out operation by operation.

For W = g I - J this room chooses an elimination order by Markowitz counts, follows the fill, and
emits the factorisation and the triangular solve as sections. No pivoting: with g = 1 / (h gamma)
the diagonal dominates for small steps, and a step whose pivot fails is rejected by the solver.
"""

from __future__ import annotations

from dataclasses import dataclass

from kernels.program import Instruction, Op, Operand, Section

__all__ = ["Factorisation", "factorise"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Factorisation:
    """Order, pattern and emitted sections of one sparse factorisation.

    Parameters
    ----------
    ordering
        Row eliminated at each step.
    pattern
        (row, column) of each factor ``m``.
    lu, solve
        The emitted sections.

    Examples
    --------
    >>> factorise(3, ((0, 1), (0, 2), (1, 0), (2, 0))).ordering
    (1, 0, 2)
    """

    ordering: tuple[int, ...]
    pattern: tuple[tuple[int, int], ...]
    lu: Section
    solve: Section


def factorise(n_row: int, jacobian: tuple[tuple[int, int], ...]) -> Factorisation:
    """Order, factorise and solve symbolically for a pattern of nonzeros.

    Parameters
    ----------
    n_row
        Rows of the square matrix.
    jacobian
        (row, column) of the nonzeros, in the order of the operands ``j``.

    Returns
    -------
    The factorisation. Off-diagonal factors keep the sign of J, so that no negation is needed.

    Examples
    --------
    >>> result = factorise(1, ((0, 0),))
    >>> [str(line) for line in result.lu.instructions]
    ['sub g j0', 'div c1.0 v0']
    """
    occupied = {(i, i) for i in range(n_row)} | set(jacobian)
    ordering = _markowitz(n_row, occupied)
    pattern = tuple(sorted(occupied))
    lu = _emit_lu(n_row, jacobian, ordering, pattern)
    solve = _emit_solve(n_row, ordering, pattern)
    return Factorisation(ordering=ordering, pattern=pattern, lu=lu, solve=solve)


def _markowitz(n_row: int, occupied: set[tuple[int, int]]) -> tuple[int, ...]:
    """Choose the order with the least fill at each step; add the fill to ``occupied``."""
    rows: list[set[int]] = [set() for _ in range(n_row)]
    columns: list[set[int]] = [set() for _ in range(n_row)]
    for i, j in occupied:
        if i != j:
            rows[i].add(j)
            columns[j].add(i)
    left = set(range(n_row))
    ordering = []
    while left:
        pivot = min(left, key=lambda k: (len(rows[k]) * len(columns[k]), k))
        left.remove(pivot)
        ordering.append(pivot)
        for i in columns[pivot]:
            rows[i].discard(pivot)
            for j in rows[pivot]:
                if i != j:
                    rows[i].add(j)
                    columns[j].add(i)
                occupied.add((i, j))
        for j in rows[pivot]:
            columns[j].discard(pivot)
    return tuple(ordering)


def _emit_lu(
    n_row: int,
    jacobian: tuple[tuple[int, int], ...],
    ordering: tuple[int, ...],
    pattern: tuple[tuple[int, int], ...],
) -> Section:
    lines: dict[Instruction, Operand] = {}  # rows without a diagonal share one 1 / g

    def emit(op: Op, *args: Operand) -> Operand:
        return lines.setdefault(Instruction(op, args), Operand("v", len(lines)))

    value: dict[tuple[int, int], Operand] = {}
    for k, (i, j) in enumerate(jacobian):
        entry = Operand("j", k)
        value[i, j] = emit(Op.SUB, Operand("g"), entry) if i == j else entry
    for i in range(n_row):
        value.setdefault((i, i), Operand("g"))
    done: set[int] = set()
    for pivot in ordering:
        value[pivot, pivot] = emit(Op.DIV, Operand("c", value=1.0), value[pivot, pivot])
        done.add(pivot)
        below = [i for i in range(n_row) if i not in done and (i, pivot) in value]
        right = [j for j in range(n_row) if j not in done and (pivot, j) in value]
        for i in below:
            factor = value[i, pivot] = emit(Op.MUL, value[i, pivot], value[pivot, pivot])
            for j in right:
                update = emit(Op.MUL, factor, value[pivot, j])
                if i == j:  # the diagonal has the sign of W, the rest that of J
                    value[i, j] = emit(Op.SUB, value[i, j], update)
                elif (i, j) in value:
                    value[i, j] = emit(Op.ADD, value[i, j], update)
                else:
                    value[i, j] = update
    return Section("lu", tuple(lines), tuple(value[entry] for entry in pattern))


def _emit_solve(
    n_row: int, ordering: tuple[int, ...], pattern: tuple[tuple[int, int], ...]
) -> Section:
    lines: list[Instruction] = []
    slot = {entry: Operand("m", k) for k, entry in enumerate(pattern)}
    x = [Operand("b", i) for i in range(n_row)]

    def emit(op: Op, *args: Operand) -> Operand:
        lines.append(Instruction(op, args))
        return Operand("v", len(lines) - 1)

    place = {row: position for position, row in enumerate(ordering)}
    for pivot in ordering:
        for i in range(n_row):
            if place[i] > place[pivot] and (i, pivot) in slot:
                x[i] = emit(Op.ADD, x[i], emit(Op.MUL, slot[i, pivot], x[pivot]))
    for pivot in reversed(ordering):
        for j in range(n_row):
            if place[j] > place[pivot] and (pivot, j) in slot:
                x[pivot] = emit(Op.ADD, x[pivot], emit(Op.MUL, slot[pivot, j], x[j]))
        x[pivot] = emit(Op.MUL, x[pivot], slot[pivot, pivot])
    return Section("solve", tuple(lines), tuple(x))
