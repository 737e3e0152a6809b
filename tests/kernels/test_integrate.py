"""Whole runs: delivered accuracy, segments, independence of lanes, restarts."""

import numpy as np
import pytest
import sympy
from kernels_tolerances import CLOSED_FORM, ERROR_PER_RTOL
from scipy.integrate import solve_ivp

from kernels import (
    TIME,
    Lanes,
    OdeSystem,
    ResultCode,
    Schedule,
    Solver,
    Stream,
    integrate,
    replay,
    symbol,
)

pytestmark = pytest.mark.usefixtures("every_backend")
HOUR, DAY = 3600, 86_400
TIGHT = Solver(rtol=1e-9, atol=1e-11)


def saturable():
    depot, central, v_max, rate = map(symbol, ("depot", "central", "v_max", "rate"))
    loss = v_max * central / (2 + central)
    return OdeSystem(
        name="saturable",
        states=("depot", "central"),
        parameters=("v_max",),
        inputs=("rate",),
        rhs={"depot": -depot, "central": depot + rate - loss},
        quadratures={"area": central, "given": rate},
        observables={"amount": central, "auc": symbol("area"), "all": symbol("given")},
    )


def streams(n_lane):
    rng = np.random.default_rng(17)
    tablet = Stream(
        name="tablet",
        target="depot",
        times=np.arange(8) * 6 * HOUR,
        amounts=np.full(8, 5.0),
        lag=rng.integers(0, 3000, n_lane),
        taken=rng.random((8, n_lane)) < 0.8,
    )
    drip = Stream(
        name="drip",
        target="rate",
        times=np.array([5, 20, 29]) * HOUR,
        amounts=[1.0, 2.0, 0.5],
        durations=np.array([6, 4, 9]) * HOUR,
        scale=rng.uniform(0.5, 2.0, n_lane),
    )
    return tablet, drip


def lanes_of(n_lane):
    v_max = np.random.default_rng(23).uniform(0.5, 4.0, n_lane)
    return Lanes(parameters=v_max[None], states=np.zeros((2, n_lane)))


def run(lanes, given, t0=0, t1=2 * DAY, every=HOUR, **options):
    saves = np.arange(t0 + every, t1 + 1, every)
    return integrate(saturable(), lanes, Schedule(t0=t0, t1=t1, streams=given), saves, **options)


@pytest.mark.parametrize("cut", [6 * HOUR, 7 * HOUR + 13, 20 * HOUR, 24 * HOUR - 1])
def test_a_cut_at_any_instant_changes_results_only_within_tolerance(cut):
    given = streams(4)
    whole = run(lanes_of(4), given, solver=TIGHT, every=2 * DAY)
    first = run(lanes_of(4), given, t1=cut, solver=TIGHT, every=cut)
    second = run(first.end, given, t0=cut, solver=TIGHT, every=2 * DAY - cut)
    scale = np.abs(whole.observables).max()
    assert np.abs(whole.observables - second.observables).max() < CLOSED_FORM * scale


def test_a_cut_at_a_boundary_without_events_keeps_the_step_size():
    given = streams(4)
    first = run(lanes_of(4), given, t1=19 * HOUR)
    second = run(first.end, given, t0=19 * HOUR)
    whole = run(lanes_of(4), given)
    assert np.array_equal(whole.observables[:19], first.observables)
    assert np.array_equal(whole.observables[19:], second.observables)


def test_an_infused_amount_is_its_rate_times_its_duration():
    given = streams(3)
    solution = run(lanes_of(3), given, solver=TIGHT)
    expected = (6 * 1.0 + 4 * 2.0 + 9 * 0.5) * given[1].scale
    assert np.abs(solution["all"][-1] / expected - 1).max() < CLOSED_FORM


def test_a_quadrature_is_a_state_that_nothing_reads():
    x = symbol("x")
    as_quadrature = OdeSystem(
        name="q", states=("x",), parameters=(), rhs={"x": -x}, quadratures={"q": x}
    )
    as_state = OdeSystem(name="s", states=("x", "q"), parameters=(), rhs={"x": -x, "q": x})
    schedule, none = Schedule(t0=0, t1=5 * HOUR), np.zeros(0, np.int64)
    fixed = Solver(fixed_step=0.25)
    one = Lanes(parameters=np.zeros((0, 1)), states=np.ones((1, 1)))
    two = Lanes(parameters=np.zeros((0, 1)), states=np.array([[1.0], [0.0]]))
    area = integrate(as_quadrature, one, schedule, none, fixed).end.quadratures[0]
    assert np.array_equal(area, integrate(as_state, two, schedule, none, fixed).end.states[1])


def test_neighbours_of_failing_lanes_keep_their_bytes():
    n = 48
    well, (tablet, drip) = lanes_of(n), streams(n)
    parameters, scale = well.parameters.copy(), drip.scale.copy()
    parameters[0, ::5] = np.nan  # fails at the start
    scale[1::7] = np.nan  # fails at the first drip, after 5 h
    broken = Stream(
        name="drip",
        target="rate",
        times=drip.times,
        amounts=drip.amounts,
        durations=drip.durations,
        scale=scale,
    )
    seen = run(Lanes(parameters=parameters, states=well.states), (tablet, broken))
    wanted = run(well, (tablet, drip))
    sick = np.isnan(parameters[0]) | np.isnan(scale)
    assert ((seen.codes == ResultCode.NON_FINITE) == sick).all()
    assert set(seen.failure_times[sick]) == {0.0, 5.0}
    assert np.isfinite(seen["amount"][:5, 1]).all()
    assert np.isnan(seen["amount"][5:, 1]).all()
    assert np.array_equal(seen.observables[:, :, ~sick], wanted.observables[:, :, ~sick])
    assert np.array_equal(seen.accepted[~sick], wanted.accepted[~sick])


@pytest.mark.parametrize("lane", [0, 13, 39])
def test_a_lane_alone_has_the_bytes_it_has_among_others(lane):
    given = streams(40)
    saves = np.arange(1, 49) * HOUR
    schedule = Schedule(t0=0, t1=2 * DAY, streams=given)
    whole = integrate(saturable(), lanes_of(40), schedule, saves)
    alone = replay(saturable(), lanes_of(40), schedule, saves, lane)
    assert np.array_equal(alone.observables[:, :, 0], whole.observables[:, :, lane])
    assert alone.accepted[0] == whole.accepted[lane]
    assert np.array_equal(alone.end.states[:, 0], whole.end.states[:, lane])


def robertson():
    a, b, c = map(symbol, ("a", "b", "c"))
    fast = 1e4 * b * c
    return {"a": -0.04 * a + fast, "b": 0.04 * a - fast - 3e7 * b**2, "c": 3e7 * b**2}


@pytest.mark.parametrize("method", ["rodas5p", "rodas4"])
@pytest.mark.parametrize("rtol", [1e-4, 1e-6, 1e-8])
def test_the_delivered_error_follows_the_tolerance(method, rtol):
    scales = {"a": 1.0, "b": 1e-5, "c": 1.0}
    rhs = robertson()
    system = OdeSystem(
        name="robertson",
        states=("a", "b", "c"),
        parameters=(),
        rhs=rhs,
        scales=scales,
        seconds_per_time_unit=1,
        observables={f"{name}_": symbol(name) for name in rhs},
    )
    saves = np.array([1, 10, 100, 1000, 10_000])
    right = sympy.lambdify([[symbol(name) for name in rhs]], list(rhs.values()))
    referee = solve_ivp(
        lambda _, y: right(y), (0, 1e4), [1, 0, 0], "BDF", saves, rtol=1e-11, atol=1e-16
    )
    solution = integrate(
        system,
        Lanes(parameters=np.zeros((0, 1)), states=np.array([[1.0], [0.0], [0.0]])),
        Schedule(t0=0, t1=10_000),
        saves,
        Solver(method=method, rtol=rtol, atol=rtol / 10),
    )
    weight = np.abs(referee.y.T) + 0.1 * np.array(list(scales.values()))
    error = np.abs(solution.observables[:, :, 0] - referee.y.T) / weight
    assert error.max() < ERROR_PER_RTOL * rtol


def test_time_in_the_equations_is_absolute_across_events_and_segments():
    x = symbol("x")
    system = OdeSystem(
        name="rhythm",
        states=("x", "z"),
        parameters=(),
        rhs={"x": sympy.cos(TIME), "z": 0},
        observables={"x_": x},
    )
    kick = Stream(name="k", target="z", times=np.arange(9) * 2 * HOUR + 11, amounts=np.ones(9))
    lanes = Lanes(parameters=np.zeros((0, 1)), states=np.zeros((2, 1)))
    seen = []
    for start, stop in ((0, 5 * HOUR), (5 * HOUR, 18 * HOUR)):
        schedule = Schedule(t0=start, t1=stop, streams=(kick,))
        solution = integrate(system, lanes, schedule, np.array([stop]), TIGHT)
        lanes = solution.end
        seen.append(solution["x_"][0, 0])
    assert np.abs(np.array(seen) - np.sin([5.0, 18.0])).max() < CLOSED_FORM


def test_a_restart_costs_a_few_steps_not_a_new_start():
    quiet = Solver(rtol=1e-5)
    lanes = Lanes(parameters=np.full((1, 1), 2.0), states=np.array([[0.0], [4.0]]))
    kicks = Stream(
        name="k", target="depot", times=np.arange(1, 200) * HOUR, amounts=np.full(199, 0.01)
    )
    with_events = run(lanes, (kicks,), t1=200 * HOUR, every=200 * HOUR, solver=quiet)
    tries = with_events.accepted[0] + with_events.rejected[0]
    assert tries < 200 * 4


def test_a_dose_not_taken_costs_no_step_and_changes_no_bit():
    real = Stream(name="d", target="depot", times=[0], amounts=[4.0])
    skipped = Stream(name="s", target="depot", times=[HOUR], amounts=[9.0], taken=[[False]])
    lanes = lanes_of(1)
    alone, extra = run(lanes, (real,), every=DAY), run(lanes, (real, skipped), every=DAY)
    assert np.array_equal(alone.observables, extra.observables)


def test_a_step_size_that_is_no_number_fails_its_lane_at_once():
    lanes = Lanes(
        parameters=np.full((1, 2), 2.0), states=np.ones((2, 2)), step_sizes=np.array([np.nan, 0.0])
    )
    solution = run(lanes, (), solver=Solver(max_steps=500))
    assert solution.codes.tolist() == [ResultCode.NON_FINITE, ResultCode.SUCCESS]


def test_a_slope_that_is_time_itself_is_integrated_exactly():
    y = symbol("y")
    system = OdeSystem(
        name="ramp", states=("x", "y"), parameters=(), rhs={"x": TIME**2 / 2, "y": TIME * y}
    )
    lanes = Lanes(parameters=np.ones((0, 1)), states=np.array([[0.0], [1.0]]))
    end = integrate(system, lanes, Schedule(t0=0, t1=2 * HOUR), np.zeros(0, np.int64), TIGHT).end
    assert end.states[0, 0] == pytest.approx(8 / 6, abs=CLOSED_FORM)
    assert end.states[1, 0] == pytest.approx(np.exp(2.0), rel=CLOSED_FORM)
