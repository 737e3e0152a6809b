"""Comparisons of time in the equations: steps end where they change, and see one side of them.

Referees are integrals by hand and SciPy piece by piece; most run on NumPy, whose bits the compiled
text has to give.
"""

import dataclasses

import numpy as np
import pytest
import sympy as sp
from kernels_compare import assert_same, run_both
from kernels_tolerances import CLOSED_FORM, FLOAT32_FLOOR, RELATIVE_ROUND_OFF
from kernels_zoo import HOUR, every_operation
from scipy.integrate import solve_ivp

from kernels import (
    TIME,
    Event,
    Lanes,
    OdeSystem,
    Program,
    Schedule,
    Solver,
    Stream,
    integrate,
    lower,
    symbol,
)
from kernels.backends.kernel_text import kernel_text
from kernels.backends.numpy_backend import NumpyBackend
from kernels.integrate import _fitting
from kernels.moments import MIDDLE

SOLVER = Solver(rtol=1e-8, atol=1e-10)
K, M, X, Y = map(symbol, ("k", "m", "x", "y"))
PRECISE = 2 * RELATIVE_ROUND_OFF


def between(start, end, value=1):
    """Return a value that holds from a start, which belongs to it, to an end, which does not."""
    return sp.Piecewise((value, sp.And(start <= TIME, end > TIME)), (0, True))


def system(rate, **more):
    values = {"parameters": ("k", "m"), "observables": {"x_": X}, **more}
    return OdeSystem(name="jumps", states=("x", "y"), rhs={"x": rate, "y": 0}, **values)


def lanes(k, m=1.0, x=0.0, y=0.0):
    rows = np.array(np.broadcast_arrays(*map(np.atleast_1d, (k, m, x, y))), np.float64)
    return Lanes(parameters=rows[:2], states=rows[2:])


def run(given, some, end, saves=(), solver=SOLVER, streams=()):
    """Integrate on NumPy; time in hours."""
    schedule = Schedule(t0=0, t1=round(end * HOUR), streams=streams)
    saves = np.round(np.array(saves or (end,)) * HOUR).astype(np.int64)
    some = _fitting(given, some)
    return NumpyBackend().run(given, lower(given), some, schedule, saves, solver)


@pytest.mark.parametrize("method", ["rodas5p", "rodas4"])
def test_a_rate_that_jumps_has_its_integral_without_a_rejected_step(method):
    rate = 1 + between(2, 5, 100) + between(5, 5 + 1e-4, 1e6) - between(7 * K, 8 * K, M)
    k, m = np.array([0.5, 1.0, 1.3]), np.array([3.0, 40.0, 500.0])
    solver = dataclasses.replace(SOLVER, method=method)
    solution = run(system(rate), lanes(k, m), 24, solver=solver)
    wanted = 24 + 300 + 100 - m * k
    assert solution["x_"][-1] == pytest.approx(wanted, rel=PRECISE)
    assert solution.rejected.tolist() == [0, 0, 0]


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("turned", [False, True])
def test_the_step_on_either_side_sees_that_side_whatever_the_comparison(strict, turned):
    late = (TIME > 3) if strict else (TIME >= 3)
    late = sp.Not(late) if turned else late
    solution = run(system(sp.Piecewise((5, late), (2, True))), lanes(1.0), 4, saves=(3, 4))
    before, after = (5, 2) if turned else (2, 5)
    wanted = [3 * before, 3 * before + after]
    assert solution["x_"][:, 0] == pytest.approx(wanted, rel=PRECISE)


def test_moments_at_the_start_the_end_a_save_and_twice_at_one_time_are_no_trouble():
    rate = between(0, 1) + 2 * between(1, 4 * K) + 4 * between(4, 6) + 8 * between(6, 10)
    k = np.array([1.0, 1 + 1e-15, 1 - 1e-15, 2.0])  # a moment an ulp beside another
    solution = run(system(rate), lanes(k), 6, saves=(0, 1, 4, 6))
    assert solution["x_"][:3, :3] == pytest.approx(np.array([[0, 1, 7]] * 3).T, rel=PRECISE)
    assert solution["x_"][3] == pytest.approx([15, 15, 15, 19], rel=PRECISE)
    assert not solution.codes.any()


def test_a_moment_that_never_comes_leaves_the_course_alone():
    rate = 1 + sp.Piecewise((X, K * TIME > M), (0, True))
    k, m = [0.0, 0.0, -1.0, 1e-308], [1.0, 0.0, 1.0, 10.0]  # m / k: infinite, no number, before 0
    solution = run(system(rate), lanes(k, m), 3)
    assert solution["x_"][-1] == pytest.approx([3.0] * 4, rel=PRECISE)


def test_a_moment_that_a_bolus_moves_is_met_where_it_then_is():
    rate = sp.Piecewise((1, TIME < Y), (0, True))
    dose = Stream(name="later", target="y", times=[HOUR], amounts=[2.5])
    solution = run(system(rate), lanes(1.0, y=1.5), 6, streams=(dose,))
    assert solution["x_"][-1, 0] == pytest.approx(4, rel=PRECISE)
    assert solution.rejected[0] == 0


def test_scipy_agrees_piece_by_piece_with_a_stiff_input():
    # the fast state follows the input within 0.01 h
    rate, follow = between(2, 5, 3) + between(5, 8, K), -100 * (Y - X)
    given = OdeSystem(
        name="followed",
        states=("x", "y"),
        parameters=("k", "m"),
        rhs={"x": rate - X * Y / 4, "y": follow},
        observables={"x_": X, "y_": Y},
    )
    k = np.array([0.3, 7.0])
    solution = run(given, lanes(k, x=0.5, y=0.1), 12, saves=(3, 8, 12))
    for lane, value in enumerate(k):
        state, found = np.array([0.5, 0.1]), []
        for start, end, level in ((0, 2, 0), (2, 3, 3), (3, 5, 3), (5, 8, value), (8, 12, 0)):
            piece = solve_ivp(
                lambda _, s, level=level: [level - s[0] * s[1] / 4, -100 * (s[1] - s[0])],
                (start, end),
                state,
                "Radau",
                rtol=1e-11,
                atol=1e-13,
            )
            state = piece.y[:, -1]
            if end in (3, 8, 12):
                found.append(state[0])
        assert solution["x_"][:, lane] == pytest.approx(found, rel=CLOSED_FORM)
    assert solution.rejected.max() <= 12  # a few where the fast state is kicked, three times


# what is a moment


def test_only_comparisons_linear_in_time_with_what_is_constant_are_moments():
    given = system(
        sp.Piecewise((1, K * TIME - 3 > Y), (0, True))
        + sp.Piecewise((1, sp.Or(TIME**2 > K, X > TIME)), (0, True))
        + sp.Piecewise((TIME, TIME >= 2), (0, True))
        + sp.Piecewise((1, symbol("drive") > TIME), (0, True)),
        inputs=("drive",),
        quadratures={"q": between(M, 9)},
    )
    program = lower(given)
    place = {"p": [2.0, 4.0], "y": [7.0, 5.0]}
    place["h"] = list(program.hoist.evaluate(place))
    assert sorted(program.moments.evaluate(place)) == [2.0, 4.0, 4.0, 9.0]
    assert "gt p0 s" not in program.to_text()
    assert MIDDLE not in given.rhs["x"].free_symbols
    # of the time itself the slope is 1, of the comparison none
    gradient = program.step.outputs[program.n_row + len(program.jacobian)]
    assert gradient.kind == "v"


def test_a_program_survives_its_text_and_without_moments_there_is_none_of_it():
    program = lower(system(between(K, 5)))
    assert Program.from_text(program.to_text()) == program
    assert program.moments.outputs[1].value == 5
    for plain in (every_operation(), system(K * X + TIME)):
        program = lower(plain)
        assert program.moments is None
        text = kernel_text(program, Solver(), 4)
        assert not [word for word in ("w.limit", "moment", "MOMENT", "INPUTS - 1") if word in text]


# backends


def many(n):
    generator = np.random.default_rng(5)
    k, m, x = generator.uniform(0.4, 1.6, (3, n))
    return lanes(k, m, x)


RATE = between(2 * K, 5 * M, 3 - X) + between(5, 8, Y) - K * X / 9
RATE += sp.Piecewise((K, TIME > 9 + Y), (M, True))
DRIP = Stream(
    name="drip",
    target="drive",
    times=np.array([1, 6]) * HOUR,
    amounts=np.array([0.3, 0.7]),
    durations=np.array([2, 3]) * HOUR,
)
SCHEDULE = Schedule(t0=0, t1=24 * HOUR, streams=(DRIP,))
SAVES = np.arange(0, 25, 3) * HOUR


def driven(**more):
    return system(RATE + symbol("drive"), inputs=("drive",), **more)


def test_moments_give_the_bits_of_numpy_in_registers():
    given = driven(quadratures={"q": between(3, M * 9)})
    compiled, numpy = run_both(given, many(21), SCHEDULE, SAVES, Solver(), 4)
    assert compiled.rejected.sum() > 0
    assert_same(compiled, numpy)


def test_moments_and_events_together_give_the_bits_of_numpy_lane_by_lane():
    events = (
        Event(name="full", trigger=X > 2, assignments={"x": X / 2, "y": Y + 0.3}),
        Event(name="noon", trigger=TIME >= 12 * M, assignments={"x": X + 1}, delay=K),
    )
    solver = Solver(method="rodas4")
    compiled, numpy = run_both(driven(events=events), many(21), SCHEDULE, SAVES, solver, 1)
    assert (numpy.end.states[1] > 0).any()
    assert_same(compiled, numpy)


def test_float32_lanes_end_steps_at_moments_too():
    narrow = Solver(rtol=1e-6, precision="float32")
    arguments = (many(16), SCHEDULE, SAVES)
    given = integrate(driven(), *arguments, narrow, device="native")
    wanted = integrate(driven(), *arguments, SOLVER, device="numpy")
    assert given["x_"] == pytest.approx(wanted["x_"], rel=FLOAT32_FLOOR)
