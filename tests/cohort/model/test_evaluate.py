import numpy as np
import pytest
import sympy
from cohort_tolerances import ROUND_OFF_RTOL

from cohort.errors import ModelError, UnknownNameError
from cohort.model import evaluate
from kernels import symbol

A, B, C = symbol("a"), symbol("b"), symbol("c")
COLUMNS = {
    "a": np.array([0.5, 1.0, 2.5]),
    "b": np.array([3.0, 0.25, 1.5]),
    "c": np.array([-1.0, 0.0, 2.0]),
}


@pytest.mark.parametrize(
    "expression",
    [
        A + B * C - 2,
        A**3 / B,
        A**-2,
        A ** sympy.Rational(5, 2),
        sympy.sqrt(A),
        A**B,
        A ** sympy.Float(0.1),
        sympy.exp(-A) + sympy.log(B),
        sympy.sin(A) * sympy.cos(B),
        sympy.Abs(C),
        sympy.Max(A, B, C),
        sympy.Min(A, B, 1),
        sympy.Piecewise((A, C < 0), (B, C <= 1), (A * B, True)),
        sympy.Piecewise((A, sympy.And(C > -2, C < 1)), (B, sympy.Or(C >= 2, A > 9)), (C, True)),
        sympy.Piecewise((A, sympy.Not(sympy.And(C > 0, A > 1))), (B, True)),
        sympy.Integer(7),
    ],
    ids=str,
)
def test_a_formula_gives_what_sympy_gives_lane_by_lane(expression):
    found = evaluate({"f": expression}, COLUMNS, 3)["f"]
    for i in range(3):
        exact = expression.subs({symbol(name): column[i] for name, column in COLUMNS.items()})
        assert found[i] == pytest.approx(float(exact), rel=ROUND_OFF_RTOL)


def test_no_branch_is_not_a_number():
    found = evaluate({"f": sympy.Piecewise((A, C < 0))}, COLUMNS, 3)["f"]
    assert np.isnan(found).tolist() == [False, True, True]


def test_division_by_zero_is_infinite_and_warns_nobody():
    assert np.isinf(evaluate({"f": A / C}, COLUMNS, 3)["f"]).tolist() == [False, True, False]


def test_unknown_names_and_functions_are_refused():
    with pytest.raises(UnknownNameError, match="unknown symbol 'd'"):
        evaluate({"f": symbol("d")}, COLUMNS, 3)
    with pytest.raises(ModelError, match="uses tan; sums"):
        evaluate({"f": sympy.tan(A)}, COLUMNS, 3)
