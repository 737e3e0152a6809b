"""The program: text that can be read back, refusals of damaged text, the meaning of operations."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernels import BuildError, OdeSystem, lower, symbol
from kernels.program import Instruction, Op, Operand, Program, Section

X, Y, K = map(symbol, ("x", "y", "k"))


@pytest.fixture(scope="module")
def program():
    flux = K * X / (1 + X)
    return lower(
        OdeSystem(
            name="flux through",
            states=("x", "y"),
            parameters=("k",),
            rhs={"x": -flux, "y": flux - Y / 3},
            quadratures={"area": Y},
            observables={"sum": X + Y},
        )
    )


def test_the_text_can_be_read_back(program):
    assert Program.from_text(program.to_text()) == program
    assert Program.from_text(program.to_text()).to_text() == program.to_text()


def test_every_line_cut_off_is_noticed(program):
    lines = program.to_text().splitlines()
    for n_line in range(len(lines)):
        with pytest.raises(BuildError, match="program text, line"):
            Program.from_text("\n".join(lines[:n_line]))


DAMAGES = [
    ("neurocohort-program 1", "neurocohort-program 0", "line 1"),
    ("section solve", "section sole", "section sole"),
    ("v0 = mul", "v0 = mull", "mull"),
    ("v0 = mul", "v1 = mul", "v1 = mul"),
    ("add y0 y1", "add z0 y1", "add z0 y1"),
    ("add y0 y1", "add y y1", "add y y1"),
    ("add y0 y1", "add y0 y1 y1", "add y0 y1 y1"),
    ("add y0 y1", "add cone y1", "cone"),
    ("jacobian 0,0", "jacobian 0;0", "jacobian 0;0"),
    ("ordering ", "ordering x ", "ordering x"),
    ("  return", "  returns", "returns"),
    ("\nend\n", "\nfin\n", "fin"),
]


@pytest.mark.parametrize(("good", "bad", "shown"), DAMAGES)
def test_damaged_text_is_refused_and_the_line_is_shown(program, good, bad, shown):
    text = program.to_text()
    assert good in text
    with pytest.raises(BuildError, match=r"program text, line \d+") as caught:
        Program.from_text(text.replace(good, bad, 1))
    assert shown in str(caught.value)


@given(st.floats(allow_nan=False))
def test_constants_keep_every_bit(value):
    again = Operand.from_text(str(Operand("c", value=value)))
    assert again.value.hex() == value.hex()


@pytest.mark.parametrize(
    "text", [
        "", "y", "y-1", "x1", "y1.0", "c",
        "t3", "g0",
    ],
)  # fmt: skip
def test_what_names_no_operand_is_refused(text):
    with pytest.raises(ValueError, match=r".*"):
        Operand.from_text(text)


OPERATIONS = [
    (Op.ADD, (2.0, 3.0), 5.0),
    (Op.SUB, (2.0, 3.0), -1.0),
    (Op.MUL, (2.0, 3.0), 6.0),
    (Op.DIV, (3.0, 2.0), 1.5),
    (Op.NEG, (2.0,), -2.0),
    (Op.SQRT, (9.0,), 3.0),
    (Op.EXP, (0.0,), 1.0),
    (Op.LOG, (1.0,), 0.0),
    (Op.POW, (2.0, 3.0), 8.0),
    (Op.SIGNED_POWER, (-2.0, 3.0), -8.0),
    (Op.SIN, (0.0,), 0.0),
    (Op.COS, (0.0,), 1.0),
    (Op.TAN, (0.0,), 0.0),
    (Op.ASIN, (1.0,), math.pi / 2),
    (Op.ACOS, (1.0,), 0.0),
    (Op.ATAN, (1.0,), math.pi / 4),
    (Op.SINH, (0.0,), 0.0),
    (Op.COSH, (0.0,), 1.0),
    (Op.TANH, (math.inf,), 1.0),
    (Op.ASINH, (0.0,), 0.0),
    (Op.ACOSH, (1.0,), 0.0),
    (Op.ATANH, (0.0,), 0.0),
    (Op.FLOOR, (-1.5,), -2.0),
    (Op.FACTORIAL, (5.0,), 120.0),
    (Op.ABS, (-2.0,), 2.0),
    (Op.MAX, (2.0, 3.0), 3.0),
    (Op.MIN, (2.0, 3.0), 2.0),
    (Op.LT, (2.0, 2.0), False),
    (Op.LE, (2.0, 2.0), True),
    (Op.GT, (2.0, 2.0), False),
    (Op.GE, (2.0, 2.0), True),
    (Op.EQ, (2.0, 2.0), True),
    (Op.NE, (2.0, 2.0), False),
    (Op.AND, (True, False), False),
    (Op.OR, (True, False), True),
    (Op.NOT, (True,), False),
    (Op.SELECT, (True, 2.0, 3.0), 2.0),
    (Op.SELECT, (False, 2.0, 3.0), 3.0),
]


def result(op, arguments):
    operands = tuple(Operand("y", i) for i in range(len(arguments)))
    section = Section("one", (Instruction(op, operands),), (Operand("v", 0),))
    return section.evaluate({"y": list(arguments)})[0]


@pytest.mark.parametrize(("op", "arguments", "expected"), OPERATIONS)
def test_every_operation_means_what_it_says(op, arguments, expected):
    assert result(op, arguments) == expected


def test_no_operation_is_without_a_test_of_its_meaning():
    assert {op for op, *_ in OPERATIONS} == set(Op)


@pytest.mark.parametrize("op", [Op.MAX, Op.MIN])
@pytest.mark.parametrize("arguments", [(math.nan, 1.0), (1.0, math.nan)])
def test_max_and_min_pass_a_nan_on(op, arguments):
    assert math.isnan(result(op, arguments))


def test_reads_are_from_outside_and_listed_once(program):
    for section in program.sections:
        reads = section.reads()
        assert len(set(reads)) == len(reads)
        assert not {operand.kind for operand in reads} & {"v", "c"}


KINDS = {
    "hoist": "p", "rhs": "typuh", "step": "typuh", "lu": "jg", "solve": "mb", "observe": "typuh"
}  # fmt: skip


def test_sections_read_only_what_is_theirs(program):
    for section in program.sections:
        assert {operand.kind for operand in section.reads()} <= set(KINDS[section.name])


def test_sections_give_as_many_values_as_declared(program):
    n, n_j = program.n_row, len(program.jacobian)
    expected = {"rhs": n, "step": 2 * n + n_j, "lu": len(program.lu_pattern), "solve": n}
    for name, n_output in expected.items():
        assert len(getattr(program, name).outputs) == n_output
    assert len(program.observe.outputs) == len(program.observables)


def test_no_instruction_reads_a_later_one_or_is_never_read(program):
    for section in program.sections:
        read = {operand.index for operand in section.outputs if operand.kind == "v"}
        for i, instruction in enumerate(section.instructions):
            used = {operand.index for operand in instruction.args if operand.kind == "v"}
            assert max(used, default=-1) < i
            read |= used
        assert read == set(range(len(section.instructions)))
