"""The emitted Python: every operation means what the program says, in any process."""

import os
import subprocess
import sys

import numpy as np
import pytest

from kernels.backends.numpy_source import compile_section
from kernels.program import Instruction, Op, Operand, Section

PROGRAM_TEXT = """
from kernels import OdeSystem, lower, symbol
from kernels.backends.numpy_source import compile_section
a, b, k = symbol("a"), symbol("b"), symbol("k")
system = OdeSystem(name="pair", states=("a", "b"), parameters=("k",),
                   rhs={"a": -k * a / (1 + b), "b": k * a / (1 + b) - b**2})
for section in lower(system).sections:
    print(compile_section(section, n_copied=0).text)
"""


def call(section, rows, n_output=None):
    source = compile_section(section, n_copied=len(section.outputs))
    n_lane = len(next(iter(rows.values()))[0])
    out = list(np.full((n_output or len(section.outputs), n_lane), np.nan))
    work = list(np.full((source.n_register, n_lane), np.nan))
    kinds = {kind: list(rows.get(kind, ())) for kind in "ypuhjmb"}
    with np.errstate(all="ignore"):
        source.function(None, None, *(kinds[kind] for kind in "ypuhjmb"), out, work)
    return np.array(out)


ARITHMETIC = [op for op in Op if op not in (Op.SELECT, Op.AND, Op.OR, Op.NOT)]
COMPARISONS = (Op.LT, Op.LE, Op.GT, Op.GE, Op.EQ, Op.NE)
FLOATING = [op for op in ARITHMETIC if op not in COMPARISONS]
LEFT = (0.75, 2.0, 3.5)
RIGHT = (1.5, 2.0, 0.25)
INSIDE = {  # of functions that are not defined everywhere
    **dict.fromkeys((Op.ASIN, Op.ACOS, Op.ATANH), (0.75, -0.25, 0.5)),
    Op.ACOSH: (1.5, 2.0, 3.5),
    Op.FACTORIAL: (0.0, 4.0, 9.0),
}
ULPS = 4 * np.finfo(float).eps  # `math` and `kernels.arithmetic` are each within about 1 ulp


@pytest.mark.parametrize("op", ARITHMETIC, ids=str)
def test_an_operation_means_what_the_program_says(op):
    args = tuple(Operand("y", i) for i in range(op.n_args))
    first = Instruction(op, args)
    section = Section("rhs", (first,), (Operand("v", 0),))
    if op in COMPARISONS:
        choose = Instruction(Op.SELECT, (Operand("v", 0), Operand("y", 0), Operand("y", 1)))
        section = Section("rhs", (first, choose), (Operand("v", 1),))
    left = INSIDE.get(op, LEFT)
    seen = call(section, {"y": np.array([left, RIGHT])})[0]
    wanted = [section.evaluate({"y": pair})[0] for pair in zip(left, RIGHT, strict=True)]
    assert (np.abs(seen - wanted) <= ULPS * np.abs(wanted)).all()


@pytest.mark.parametrize(("op", "wanted"), [(Op.AND, 2.0), (Op.OR, 1.0), (Op.NOT, 1.0)])
def test_logical_operations_steer_a_choice(op, wanted):
    less = Instruction(Op.LT, (Operand("y", 0), Operand("y", 1)))
    more = Instruction(Op.GT, (Operand("y", 0), Operand("y", 1)))
    args = (Operand("v", 1),) if op is Op.NOT else (Operand("v", 0), Operand("v", 1))
    choose = Instruction(
        Op.SELECT, (Operand("v", 2), Operand("c", value=1.0), Operand("c", value=2.0))
    )
    section = Section("rhs", (less, more, Instruction(op, args), choose), (Operand("v", 3),))
    assert call(section, {"y": np.array([[1.0], [5.0]])})[0, 0] == wanted


def test_a_choice_never_writes_a_row_that_it_still_reads():
    text = ("add y0 y1", "mul y0 y1", "lt y0 y1", "select v2 v1 v0", "add v3 v3")
    section = Section("rhs", tuple(map(Instruction.from_text, text)), (Operand("v", 4),))
    y = np.array([[1.0, 4.0], [3.0, 2.0]])
    wanted = np.where(y[0] < y[1], y[0] * y[1], y[0] + y[1]) * 2
    assert np.array_equal(call(section, {"y": y})[0], wanted)


def test_one_value_may_leave_twice_and_be_read_after_it_left():
    text = ("add y0 y1", "mul v0 v0")
    outputs = (Operand("v", 0), Operand("v", 1), Operand("v", 0), Operand("y", 1), Operand("c"))
    section = Section("rhs", tuple(map(Instruction.from_text, text)), outputs)
    seen = call(section, {"y": np.array([[1.0], [2.0]])})
    assert seen[:, 0].tolist() == [3.0, 9.0, 3.0, 2.0, 0.0]


@pytest.mark.parametrize("op", FLOATING, ids=str)
def test_the_bits_of_a_lane_do_not_depend_on_where_it_stands(op):
    rng = np.random.default_rng(11)
    y = rng.uniform(0.1, 5.0, (2, 67))
    if op in INSIDE:
        y = rng.choice(INSIDE[op], (2, 67))
    args = tuple(Operand("y", i) for i in range(op.n_args))
    section = Section("rhs", (Instruction(op, args),), (Operand("v", 0),))
    whole = call(section, {"y": y})[0]
    assert np.isfinite(whole).all()
    for start, stop in ((0, 1), (3, 8), (5, 22), (66, 67)):
        assert np.array_equal(call(section, {"y": y[:, start:stop]})[0], whole[start:stop])


@pytest.mark.parametrize("op", [Op.MAX, Op.MIN], ids=str)
@pytest.mark.parametrize("n_lane", [1, 3, 8, 67])
def test_the_sign_of_zero_is_the_one_the_program_says(op, n_lane):
    section = Section(
        "rhs", (Instruction(op, (Operand("y", 0), Operand("y", 1))),), (Operand("v", 0),)
    )
    for pair in ((0.0, -0.0), (-0.0, 0.0)):
        seen = call(section, {"y": np.repeat(np.array(pair)[:, None], n_lane, axis=1)})[0]
        wanted = section.evaluate({"y": pair})[0]
        assert (np.signbit(seen) == np.signbit(wanted)).all()


def test_the_text_is_the_same_in_every_process():
    texts = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM_TEXT],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "4711")
    }
    assert len(texts) == 1
    assert "def solve(" in texts.pop()
