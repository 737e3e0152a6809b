"""Operations of one expression: values of every function, few instructions, slopes at zero."""

import math
from collections import Counter

import numpy as np
import pytest
import sympy
from kernels_tolerances import RELATIVE_ROUND_OFF

from kernels import (
    TIME,
    Lanes,
    LoweringError,
    OdeSystem,
    Schedule,
    Solver,
    integrate,
    lower,
    program_cache,
    symbol,
)
from kernels.program import Op

X, Y, K, N = map(symbol, ("x", "y", "k", "n"))
HALF = sympy.Rational(1, 2)


@pytest.fixture(autouse=True)
def no_cache_of_earlier_lowerings(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(program_cache, "_MEMORY", {})


def lowered(expression, **more):
    fields = {"name": "one", "states": ("x", "y"), "parameters": ("k", "n")}
    return lower(OdeSystem(**fields, rhs={"x": expression, "y": 0}, **more))


def evaluate(program, section, x, y=1.0, k=1.5, n=2.0, t=0.7):
    values = {"t": [t], "y": [x, y], "p": [k, n], "u": []}
    values["h"] = list(program.hoist.evaluate(values))
    return section.evaluate(values)


FUNCTIONS = [
    sympy.exp(X) * K,
    sympy.log(X),
    sympy.sqrt(X) / (K + X),
    sympy.sin(X) + sympy.cos(K * X),
    X**3 - X**-2 + X ** (5 * HALF) - X ** (-3 * HALF),
    X**N / (K**N + X**N),
    X ** sympy.Rational(1, 3),
    X**40,
    X**-40,
    K**X,
    X**Y,
    sympy.Abs(X - 1),
    sympy.Max(X - 1, 0) * K,
    sympy.Min(X, K, Y),
    sympy.Piecewise((X**2, X < 1), (K * X, X < 2), (0, True)),
    sympy.Piecewise((X, sympy.And(X > K, Y > 0)), (Y, sympy.Or(X <= 1, Y >= 3)), (K, True)),
    sympy.Piecewise((X, sympy.Not(sympy.And(X > K, Y > K))), (K, True)),
    sympy.Piecewise((X, sympy.Ne(Y, 1)), (K * X, True)),
    sympy.pi * X + sympy.E + sympy.GoldenRatio,
    -X - Y - K,
    -(X - Y) * (K - X) / (N - X),
    TIME * X,
    sympy.tan(X) + sympy.cot(K * X) + sympy.sec(X) * sympy.csc(X),
    sympy.asin(X / 3) * sympy.acos(X / 4) + sympy.atan(X) - sympy.acot(X),
    sympy.asec(X + 2) - sympy.acsc(X + 2),
    sympy.sinh(X) / sympy.cosh(Y) + sympy.tanh(X) * sympy.coth(X + K),
    sympy.sech(X) - sympy.csch(X),
    sympy.asinh(X) * sympy.acosh(X + 1) + sympy.atanh(X / 2),
    sympy.acoth(X + 1) + sympy.asech(X / 2) + sympy.acsch(X),
    sympy.log(X, 10) + sympy.log(X, K) + sympy.root(X, 3) + sympy.cbrt(Y),
    sympy.Piecewise((X, sympy.Xor(X > K, Y > 0, X < 1)), (Y * X, True)),
    sympy.Piecewise((X, sympy.Implies(X > K, Y > 2)), (Y * X, True)),
    sympy.Piecewise((X, sympy.Equivalent(X > K, Y > 2)), (Y * X, True)),
    sympy.Piecewise((X, sympy.Eq(Y, 1)), (K * X, True)),
]


@pytest.mark.parametrize("expression", FUNCTIONS, ids=str)
@pytest.mark.parametrize("x", [0.4, 1.3, 1.7])
def test_values_and_slopes_are_those_of_the_expression(expression, x):
    program = lowered(expression)
    place = {X: x, Y: 1.0, K: 1.5, N: 2.0, TIME: 0.7}
    value, _, *slopes = evaluate(program, program.step, x)
    near = {"rel": RELATIVE_ROUND_OFF, "abs": RELATIVE_ROUND_OFF}
    assert value == pytest.approx(float(expression.subs(place)), **near)
    assert evaluate(program, program.rhs, x)[0] == pytest.approx(value, **near)
    found = dict(zip(program.jacobian, slopes, strict=False))
    for column, state in enumerate((X, Y)):
        plain = expression.rewrite(sympy.Piecewise) if expression.has(sympy.Min) else expression
        plain = plain.replace(sympy.Max, lambda *args: sympy.Max(*args).rewrite(sympy.Piecewise))
        slope = plain.diff(state).subs(place).doit()
        assert found.get((0, column), 0.0) == pytest.approx(float(slope), **near)


STEPPED = [
    sympy.floor(5 * X) * X - sympy.ceiling(X / K),
    sympy.Mod(7 * X, 2) * X + sympy.Mod(-X, K),
    sympy.factorial(N) * X + sympy.factorial(sympy.floor(4 * X)),
]


@pytest.mark.parametrize("expression", STEPPED, ids=str)
@pytest.mark.parametrize("x", [0.42, 1.31, 1.73])
def test_step_functions_have_their_value_and_the_slope_between_steps(expression, x):
    program = lowered(expression)
    place = {Y: 1.0, K: 1.5, N: 2.0, TIME: 0.7}
    step = 1e-6  # no step of these expressions is so near
    value, _, slope, *_ = evaluate(program, program.step, x)
    around = [float(expression.subs(place).subs(X, x + d)) for d in (-step, 0, step)]
    assert value == pytest.approx(around[1], rel=RELATIVE_ROUND_OFF)
    assert slope == pytest.approx((around[2] - around[0]) / (2 * step), rel=1e-6)


COUNTS = [
    (X - Y, {"sub": 1}),
    (-X, {"neg": 1}),
    (Y - K * X, {"mul": 1, "sub": 1}),
    (-K * X, {"mul": 1}),
    (X / K, {"mul": 1}),
    (X / (K + N) + Y / (K + N), {"add": 1, "mul": 2}),
    (X**2, {"mul": 1}),
    (X**4, {"mul": 2}),
    (sympy.sqrt(X), {"sqrt": 1}),
    (X ** (3 * HALF), {"sqrt": 1, "mul": 1}),
    (1 / X, {"div": 1}),
    (X / (X + Y), {"add": 1, "div": 1}),
    (1.0 * X, {}),
    (K * N * sympy.exp(K) * X, {"mul": 1}),
    (sympy.sqrt(2) * X, {"mul": 1}),
]


@pytest.mark.parametrize(("expression", "expected"), COUNTS, ids=str)
def test_no_instruction_is_wasted(expression, expected):
    program = lowered(expression)
    assert Counter(line.op.value for line in program.rhs.instructions) == expected


def test_a_shared_denominator_is_divided_once():
    program = lowered(X / (1 + X) + Y / (1 + X) ** 2)
    assert sum(line.op is Op.DIV for line in program.step.instructions) == 1


def test_a_choice_of_parameters_alone_is_hoisted():
    program = lowered(X * sympy.Max(K - N, 0) * sympy.Piecewise((K, K > N), (N, True)))
    assert [line.op for line in program.rhs.instructions] == [Op.MUL]


def test_a_state_may_bear_the_name_of_a_common_subexpression():
    clash = symbol("combine__0")
    shared = sympy.exp(X + 1)
    system = OdeSystem(
        name="clash",
        states=("x", "combine__0"),
        parameters=(),
        rhs={"x": shared + clash * sympy.sin(X + 1), "combine__0": shared},
    )
    result = lower(system).rhs.evaluate({"y": [0.0, 5.0]})
    assert result == pytest.approx((math.e + 5 * math.sin(1), math.e), rel=RELATIVE_ROUND_OFF)


def test_time_slopes_that_are_absent_are_the_constant_zero():
    program = lowered(TIME * X)
    assert list(map(str, program.step.outputs[-2:])) == ["y0", "c0.0"]


@pytest.mark.parametrize("function", [sympy.gamma, sympy.erf, sympy.frac])
def test_an_unknown_function_is_refused_and_named(function):
    with pytest.raises(LoweringError, match=f"uses {function.__name__}; sums, products"):
        lowered(function(X))


@pytest.mark.parametrize("expression", [sympy.gamma(X), X * sympy.gamma(K)])
def test_an_unknown_function_is_refused_with_its_equation(expression):
    with pytest.raises(LoweringError, match=r"system 'one', rhs\['x'\]: 'gamma\("):
        lowered(expression)


def test_an_unknown_function_in_an_observable_is_refused_with_its_name():
    with pytest.raises(LoweringError, match=r"system 'one', observables\['o'\]: 'gamma\("):
        lowered(-X, observables={"o": sympy.gamma(X + Y) + (X + Y)})


@pytest.mark.parametrize(
    ("expression", "value", "slope"),
    [(X * sympy.sign(X), 2.0, 1.0), (X * sympy.Heaviside(TIME - 0.5), 2.0, 1.0)],
    ids=str,
)
def test_a_jump_has_a_slope_beside_it(expression, value, slope):
    program = lowered(expression)
    assert evaluate(program, program.step, 2.0)[::2] == (value, slope, 0.0)


@pytest.mark.parametrize(("n", "slope"), [(2.0, 0.0), (1.0, 1 / 1.5)])
def test_a_saturation_curve_has_a_slope_at_zero(n, slope):
    program = lowered(X**N / (K**N + X**N))
    assert evaluate(program, program.step, 0.0, n=n)[2] == pytest.approx(slope, rel=1e-15)


def test_a_lane_that_starts_before_the_first_dose_runs():
    system = OdeSystem(
        name="effect",
        states=("x", "y"),
        parameters=("k", "n"),
        rhs={"x": -K * X, "y": X**N / (1 + X**N) - Y},
    )
    lanes = Lanes(parameters=np.array([[0.5], [2.0]]), states=np.zeros((2, 1)))
    hour = np.array([3600])
    solution = integrate(system, lanes, Schedule(t0=0, t1=7200), hour, Solver())
    assert solution.codes.tolist() == [0]
    assert solution.end.states.tolist() == [[0.0], [0.0]]
