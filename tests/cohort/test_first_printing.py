"""The referee of the chemistry, held to the numbers printed with its equations."""

import numpy as np
import pytest
from chemistry_printed_rows import PRINTED_ROWS
from chemistry_referee import first_printing, read
from cohort_tolerances import PRINTED_RTOL, REST_RATE, SOLVER_RTOL

DECAY = """
[controls]
k = 1  # 1/h
[baselines]
X = 2
[capacities]
V = double(X)/4
[equations]
double(x) = 2*x
loss = k*V*X^1
X' = -loss
"""


@pytest.fixture
def system(tmp_path):
    def make(text):
        path = tmp_path / "system.txt"
        path.write_text(text, encoding="utf-8")
        return read(path)

    return make


# -- the first printing ------------------------------------------------------------------------


@pytest.mark.parametrize(("steps", "values"), PRINTED_ROWS, ids=lambda item: str(item)[:40])
def test_every_printed_value_is_reproduced(steps, values):
    state = first_printing().follow(steps)
    assert {name: state[name] for name in values} == pytest.approx(values, rel=PRINTED_RTOL)


def test_all_sixty_one_states_rest():
    assert len(first_printing().states) == 61
    assert first_printing().rest_residual() < REST_RATE


# -- the interpreter ---------------------------------------------------------------------------


def test_a_text_becomes_its_solution(system):
    decay = system(DECAY)
    assert decay.states == ("X",)
    assert decay.rhs(0.0, [3.0], {"k": 2.0}) == pytest.approx([-6.0])
    end = decay.follow([({}, 1.0), ({"k": 0.5}, 4.0)])
    assert end["X"] == pytest.approx(2 * np.exp(-3), rel=SOLVER_RTOL)


def test_the_clock_runs_on_from_step_to_step(system):
    clock = system(DECAY.replace("= -loss", "= k*t"))
    assert clock.follow([({}, 1.0), ({}, 2.0)])["X"] == pytest.approx(2 + 9 / 2, rel=SOLVER_RTOL)


def test_unknown_names_are_refused():
    with pytest.raises(ValueError, match="unknown controls \\['uSRT'\\]; known"):
        first_printing().simulate({"uSRT": 0.8}, 1)


@pytest.mark.parametrize(
    ("rate", "message"),
    [
        ("X^2", "after 1000 calls"),
        ("log(0.5-t)", "stopped at"),
        ("(0.5-t)^0.5", "complex"),
        ("0*1e999", "stopped at"),
    ],
)
def test_a_solution_that_ends_early_is_an_error(system, rate, message):
    broken = system(DECAY.replace("-loss", f"k*{rate}"))
    with pytest.raises(RuntimeError, match=message):
        broken.simulate({}, 10, max_calls=1000)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("k = 1", "k : 1", "line 3: not a statement"),
        ("[capacities]", "", "the text needs"),
        ("loss = k*V*X^1", "X = 1", "given twice: \\['X'\\]"),
        ("X' = -loss", "X' = -los", "not explained: \\['los'\\]"),
        ("X' = -loss", "Y' = -loss", "a rate or a baseline is missing: \\['X', 'Y'\\]"),
        ("k*V", "V", "controls that change nothing: \\['k'\\]"),
    ],
)
def test_texts_with_gaps_are_refused(system, old, new, message):
    with pytest.raises(ValueError, match=message):
        system(DECAY.replace(old, new))
