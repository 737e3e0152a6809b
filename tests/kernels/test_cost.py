"""Costs of a step, against counts by hand."""

import pytest

from kernels import OdeSystem, UnknownNameError, cost, lower, symbol

K, X = symbol("k"), symbol("x")


def decay():
    return lower(OdeSystem(name="decay", states=("x",), parameters=("k",), rhs={"x": -K * X}))


def test_a_section_is_counted_operation_by_operation():
    program = decay()
    # rhs: h0 y0; lu: 1 / (g - j0); solve: m0 b0
    assert cost.of_section(program.rhs) == {"mul": 1}
    assert cost.of_section(program.lu) == {"add": 1, "div": 1}
    assert cost.of_section(program.solve) == {"mul": 1}


def test_a_step_of_rodas4_is_as_counted_by_hand():
    step = cost.of_step(decay(), "rodas4")
    # sections: step 1 mul, rhs 5 x 1 mul, solve 6 x 1 mul, lu 1 add 1 div
    # states of stages 2 to 6: 1, 2, 3, 4 terms of mul and add, then 1 add; y1 = u + k: 1 add
    # right sides of stages 2 to 6: 1 to 5 terms: mul each, 1 mul by 1 / h, as many adds as terms
    # norm of one state: max, + atol, no sum of squares but the division by n (add 3 - 1),
    # mul by rtol and square (mul 2), by weight and by n (div 2), sqrt
    assert step.mul == 1 + 5 + 6 + (1 + 2 + 3 + 4) + (2 + 3 + 4 + 5 + 6) + 2
    assert step.add == 1 + (1 + 2 + 3 + 4 + 1) + 1 + (1 + 2 + 3 + 4 + 5) + 2
    assert step.div == 1 + 2
    assert step.sqrt == 1
    assert step.elementary == 0
    assert step.flop == step.add + step.mul + step.div + step.sqrt


def test_an_explicit_time_costs_its_slope():
    time = OdeSystem(name="ramp", states=("x",), parameters=(), rhs={"x": symbol("t") - X})
    autonomous = OdeSystem(name="still", states=("x",), parameters=(), rhs={"x": 1 - X})
    more = cost.of_step(lower(time), "rodas4").mul - cost.of_step(lower(autonomous), "rodas4").mul
    assert more == 4  # four stages of rodas4 have a slope


def test_single_precision_moves_half_the_bytes():
    double = cost.of_step(decay(), "rodas5p", "float64").bytes
    assert cost.of_step(decay(), "rodas5p", "float32").bytes * 2 == double


@pytest.mark.parametrize(
    ("method", "precision", "message"),
    [
        ("rodas5", "float64", "'rodas5p'"),
        ("", "float64", "method"),
        ("rodas5p", "mixed", "precision 'mixed'"),
        ("rodas5p", None, "precision 'None'"),
    ],
)
def test_what_cannot_be_counted_is_refused(method, precision, message):
    with pytest.raises(UnknownNameError, match=message):
        cost.of_step(decay(), method, precision)
