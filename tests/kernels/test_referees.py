"""The engine against closed forms and against SciPy at tight tolerance."""

from itertools import pairwise

import numpy as np
import pytest
import sympy
from kernels_tolerances import CLOSED_FORM, CONSERVED, ORDER_SLACK, STIFF_REFEREE
from scipy.integrate import solve_ivp
from scipy.special import lambertw

from kernels import (
    TIME,
    DoseRecord,
    Lanes,
    OdeSystem,
    Schedule,
    Solver,
    Stream,
    integrate,
    streams_from_records,
    symbol,
)

pytestmark = pytest.mark.usefixtures("every_backend")
HOUR, DAY = 3600, 86_400
TIGHT = Solver(rtol=1e-9, atol=1e-11)


def lanes_of(states, parameters=None):
    states = np.asarray(states, float)
    if parameters is None:
        parameters = np.zeros((0, states.shape[1]))
    return Lanes(parameters=np.asarray(parameters, float), states=states)


def oral(compartments=1):
    k_a, k_e, k_12, k_21 = map(symbol, ("k_a", "k_e", "k_12", "k_21"))
    depot, central, peripheral = map(symbol, ("depot", "central", "peripheral"))
    if compartments == 1:
        return OdeSystem(
            name="oral",
            states=("depot", "central"),
            parameters=("k_a", "k_e"),
            rhs={"depot": -k_a * depot, "central": k_a * depot - k_e * central},
            quadratures={"auc": central},
            observables={"amount": central, "area": symbol("auc")},
        )
    return OdeSystem(
        name="oral_2",
        states=("depot", "central", "peripheral"),
        parameters=("k_a", "k_e", "k_12", "k_21"),
        rhs={
            "depot": -k_a * depot,
            "central": k_a * depot - (k_e + k_12) * central + k_21 * peripheral,
            "peripheral": k_12 * central - k_21 * peripheral,
        },
        observables={"amount": central},
    )


def test_repeated_oral_doses_with_lag_match_the_closed_form():
    k_a, k_e = np.array([1.0, 2.0, 0.5]), np.array([0.1, 0.2, 0.05])
    lag = np.array([0, 60, 5000])
    times = np.arange(4) * DAY
    stream = Stream(name="tablet", target="depot", times=times, amounts=np.full(4, 10.0), lag=lag)
    saves = np.arange(97) * HOUR
    solution = integrate(
        oral(),
        lanes_of(np.zeros((2, 3)), [k_a, k_e]),
        Schedule(t0=0, t1=96 * HOUR, streams=(stream,)),
        saves,
        TIGHT,
    )
    expected = np.zeros((97, 3))
    for time in times:
        since = np.maximum(saves[:, None] - time - lag, 0) / HOUR
        expected += 10 * k_a / (k_a - k_e) * (np.exp(-k_e * since) - np.exp(-k_a * since))
    assert np.abs(solution["amount"] - expected).max() < CLOSED_FORM * expected.max()


def test_two_compartments_match_the_eigenvalue_solution():
    p = np.array([[1.3], [0.2], [0.4], [0.1]])
    k_a, k_e, k_12, k_21 = p[:, 0]
    matrix = np.array([[-k_a, 0, 0], [k_a, -k_e - k_12, k_21], [0, k_12, -k_21]])
    values, vectors = np.linalg.eig(matrix)
    weights = np.linalg.solve(vectors, [5.0, 0, 0])
    saves = np.arange(0, 49) * HOUR
    expected = ((vectors[1] * weights) * np.exp(np.outer(saves / HOUR, values))).sum(axis=1).real
    dose = Stream(name="d", target="depot", times=[0], amounts=[5.0])
    solution = integrate(
        oral(2),
        lanes_of(np.zeros((3, 1)), p),
        Schedule(t0=0, t1=48 * HOUR, streams=(dose,)),
        saves[1:],
        TIGHT,
    )
    assert np.abs(solution["amount"][:, 0] - expected[1:]).max() < CLOSED_FORM * expected.max()


def test_michaelis_menten_elimination_matches_lambert_w():
    v_max, k_m, x = map(symbol, ("v_max", "k_m", "x"))
    system = OdeSystem(
        name="mm",
        states=("x",),
        parameters=("v_max", "k_m"),
        rhs={"x": -v_max * x / (k_m + x)},
        observables={"x_": x},
    )
    v, k, start = 2.0, 3.0, 20.0
    saves = np.arange(1, 25) * HOUR
    solution = integrate(
        system, lanes_of([[start]], [[v], [k]]), Schedule(t0=0, t1=DAY), saves, TIGHT
    )
    hours = saves / HOUR
    expected = k * lambertw(start / k * np.exp((start - v * hours) / k)).real
    assert np.abs(solution["x_"][:, 0] - expected).max() < CLOSED_FORM * start


def test_a_linear_chain_matches_its_gamma_density():
    names = [f"x{i}" for i in range(6)]
    x = [symbol(name) for name in names]
    rhs = {"x0": -2 * x[0]} | {names[i]: 2 * x[i - 1] - 2 * x[i] for i in range(1, 6)}
    system = OdeSystem(
        name="chain", states=tuple(names), parameters=(), rhs=rhs, observables={"end": x[5]}
    )
    saves = np.arange(1, 13) * HOUR
    start = np.zeros((6, 1))
    start[0] = 1.0
    solution = integrate(system, lanes_of(start), Schedule(t0=0, t1=12 * HOUR), saves, TIGHT)
    t = 2 * saves / HOUR
    expected = t**5 * np.exp(-t) / 120
    assert np.abs(solution["end"][:, 0] - expected).max() < CLOSED_FORM


def robertson():
    a, b, c = map(symbol, ("a", "b", "c"))
    return (
        {
            "a": -0.04 * a + 1e4 * b * c,
            "b": 0.04 * a - 1e4 * b * c - 3e7 * b**2,
            "c": 3e7 * b**2,
        },
        {"b": 1e-5},
        [1.0, 0.0, 0.0],
        40_000,
    )


def hires():
    y = sympy.symbols("y1:9", real=True)
    names = [f"y{i}" for i in range(1, 9)]
    y1, y2, y3, y4, y5, y6, y7, y8 = (symbol(name) for name in names)
    del y
    right = [
        -1.71 * y1 + 0.43 * y2 + 8.32 * y3 + 0.0007,
        1.71 * y1 - 8.75 * y2,
        -10.03 * y3 + 0.43 * y4 + 0.035 * y5,
        8.32 * y2 + 1.71 * y3 - 1.12 * y4,
        -1.745 * y5 + 0.43 * y6 + 0.43 * y7,
        -280 * y6 * y8 + 0.69 * y4 + 1.71 * y5 - 0.43 * y6 + 0.69 * y7,
        280 * y6 * y8 - 1.81 * y7,
        -280 * y6 * y8 + 1.81 * y7,
    ]
    start = [1.0, 0, 0, 0, 0, 0, 0, 0.0057]
    return dict(zip(names, right, strict=True)), dict.fromkeys(names, 1e-3), start, 321


def van_der_pol():
    x, v = symbol("x"), symbol("v")
    return {"x": v, "v": 1000 * (1 - x**2) * v - x}, {"v": 1e-3}, [2.0, 0.0], 1500


@pytest.mark.parametrize("problem", [robertson, hires, van_der_pol])
@pytest.mark.parametrize("method", ["rodas5p", "rodas4"])
def test_stiff_problems_match_scipy_radau(problem, method):
    rhs, scales, start, end = problem()
    states = tuple(rhs)
    system = OdeSystem(
        name="stiff",
        states=states,
        parameters=(),
        rhs=rhs,
        scales=scales,
        seconds_per_time_unit=1,
        observables={f"{name}_": symbol(name) for name in states},
    )
    right = sympy.lambdify([[symbol(name) for name in states]], list(rhs.values()))
    referee = solve_ivp(
        lambda _, y: right(y), (0, end), start, method="Radau", rtol=1e-10, atol=1e-13
    ).y[:, -1]
    solution = integrate(
        system,
        lanes_of(np.array(start)[:, None]),
        Schedule(t0=0, t1=end),
        np.array([end]),
        Solver(method=method, rtol=1e-8, atol=1e-9),
    )
    scale = np.abs(referee) + np.array([scales.get(name, 1.0) for name in states])
    assert solution.codes[0] == 0
    assert (np.abs(solution.observables[0, :, 0] - referee) / scale).max() < STIFF_REFEREE


@pytest.mark.parametrize(("method", "order"), [("rodas4", 4), ("rodas5p", 5)])
def test_the_order_of_convergence_is_the_declared_one(method, order):
    x, z = symbol("x"), symbol("z")
    system = OdeSystem(
        name="driven",
        states=("x", "z"),
        parameters=(),
        rhs={"x": -5 * (x - sympy.cos(TIME)) + z**2 / 10, "z": -z * x},
        observables={"x_": x, "z_": z},
    )
    referee = solve_ivp(
        lambda t, y: [-5 * (y[0] - np.cos(t)) + y[1] ** 2 / 10, -y[1] * y[0]],
        (0, 2),
        [1.2, 1.0],
        method="DOP853",
        rtol=1e-13,
        atol=1e-15,
    ).y[:, -1]
    steps = np.array([16, 32, 64, 128])
    errors = []
    for n in steps:
        solution = integrate(
            system,
            lanes_of([[1.2], [1.0]]),
            Schedule(t0=0, t1=2 * HOUR),
            np.array([2 * HOUR]),
            Solver(method=method, fixed_step=2 / n),
        )
        errors.append(np.abs(solution.observables[0, :, 0] - referee).max())
    slope = -np.polyfit(np.log(steps), np.log(errors), 1)[0]
    assert slope > order - ORDER_SLACK
    assert errors[-1] < errors[0] / 2 ** (2 * order)


def test_a_conserved_total_stays():
    a, b, k, r = map(symbol, ("a", "b", "k", "r"))
    flux = k * a**2 - r * b
    system = OdeSystem(
        name="closed",
        states=("a", "b"),
        parameters=("k", "r"),
        rhs={"a": -flux, "b": flux},
        observables={"total": a + b},
    )
    lanes = lanes_of([[3.0, 5.0], [1.0, 0.0]], [[2.0, 80.0], [0.5, 1.0]])
    solution = integrate(system, lanes, Schedule(t0=0, t1=DAY), np.arange(1, 25) * HOUR)
    assert np.abs(solution["total"] / [4.0, 5.0] - 1).max() < CONSERVED


def run_oral(streams, end=72 * HOUR, saves=None, system=None, n_lane=2, **options):
    saves = np.arange(1, end // HOUR + 1) * HOUR if saves is None else saves
    lanes = lanes_of(np.zeros((2, n_lane)), [np.linspace(0.5, 2, n_lane), np.full(n_lane, 0.2)])
    schedule = Schedule(t0=0, t1=end, streams=tuple(streams))
    return integrate(system or oral(), lanes, schedule, saves, **options)


def test_additional_doses_equal_written_out_doses():
    short = DoseRecord(time=HOUR, amt=3.0, cmt="depot", ii=6 * HOUR, addl=4)
    long = [DoseRecord(time=HOUR + 6 * HOUR * i, amt=3.0, cmt="depot") for i in range(5)]
    first = run_oral(streams_from_records([short], oral(), 2))
    second = run_oral(streams_from_records(long, oral(), 2))
    assert np.array_equal(first.observables, second.observables)


def test_a_lag_shifts_the_course():
    now = Stream(name="d", target="depot", times=[5 * HOUR], amounts=[4.0])
    later = Stream(name="d", target="depot", times=[0], amounts=[4.0], lag=[5 * HOUR] * 2)
    assert np.array_equal(run_oral([now]).observables, run_oral([later]).observables)


def test_a_dose_of_zero_or_not_taken_is_no_dose():
    real = Stream(name="d", target="depot", times=[0], amounts=[4.0])
    skipped = Stream(name="s", target="depot", times=[HOUR], amounts=[9.0], taken=[[False, False]])
    zero = Stream(name="z", target="depot", times=[HOUR], amounts=[0.0])
    alone = run_oral([real], solver=TIGHT)
    for extra in (skipped, zero):
        difference = run_oral([real, extra], solver=TIGHT).observables - alone.observables
        assert np.abs(difference).max() < CLOSED_FORM * np.abs(alone.observables).max()


def test_doubling_a_dose_doubles_the_area():
    streams = [
        Stream(name="d", target="depot", times=[0], amounts=[4.0], scale=np.array([1.0, 2.0]))
    ]
    lanes = lanes_of(np.zeros((2, 2)), [[1.0, 1.0], [0.2, 0.2]])
    solution = integrate(
        oral(), lanes, Schedule(t0=0, t1=DAY, streams=tuple(streams)), np.array([DAY]), TIGHT
    )
    area = solution["area"][0]
    assert abs(area[1] / area[0] - 2) < CLOSED_FORM


def infusion_system():
    x, rate = symbol("x"), symbol("rate")
    return OdeSystem(
        name="infused",
        states=("x",),
        parameters=(),
        inputs=("rate",),
        rhs={"x": rate - x / 5},
        observables={"x_": x, "rate_": rate},
    )


def infuse(streams, segments=(0, 24 * HOUR), saves=None):
    lanes = lanes_of(np.zeros((1, 1)))
    seen = []
    for start, stop in pairwise(segments):
        here = np.arange(start + HOUR, stop + 1, HOUR)
        schedule = Schedule(t0=start, t1=stop, streams=tuple(streams))
        solution = integrate(infusion_system(), lanes, schedule, here, TIGHT)
        lanes = solution.end
        seen.append(solution.observables[:, :, 0])
    return np.concatenate(seen)


def test_two_infusions_back_to_back_act_as_one():
    one = Stream(name="i", target="rate", times=[HOUR], amounts=[3.0], durations=[4 * HOUR])
    two = Stream(
        name="i", target="rate", times=[HOUR, 3 * HOUR], amounts=[3.0] * 2, durations=[2 * HOUR] * 2
    )
    assert np.abs(infuse([one]) - infuse([two])).max() < CLOSED_FORM


def test_an_infusion_matches_its_closed_form_and_ends_at_exactly_zero():
    stream = Stream(name="i", target="rate", times=[0], amounts=[0.3], durations=[6 * HOUR])
    seen = infuse([stream])
    hours = np.arange(1, 25)
    rising = 1.5 * (1 - np.exp(-np.minimum(hours, 6) / 5))
    expected = rising * np.exp(-np.maximum(hours - 6, 0) / 5)
    assert np.abs(seen[:, 0] - expected).max() < CLOSED_FORM * expected.max()
    assert set(seen[:, 1]) == {0.3, 0.0}


def test_an_infusion_goes_on_across_a_segment_boundary():
    stream = Stream(name="i", target="rate", times=[0], amounts=[0.3], durations=[6 * HOUR])
    whole, split = infuse([stream]), infuse([stream], (0, 3 * HOUR, 24 * HOUR))
    assert np.abs(whole - split).max() < CLOSED_FORM


def test_overlapping_infusions_add_up():
    stream = Stream(
        name="i", target="rate", times=[0, HOUR], amounts=[1.0, 2.0], durations=[3 * HOUR] * 2
    )
    assert infuse([stream])[:5, 1].tolist() == [1.0, 3.0, 3.0, 2.0, 0.0]


def test_a_save_at_a_dose_is_its_trough():
    stream = Stream(name="d", target="depot", times=[0, DAY], amounts=[4.0, 4.0])
    system = oral()
    seen = OdeSystem(
        name="oral",
        states=system.states,
        parameters=system.parameters,
        rhs=system.rhs,
        observables={"depot_": symbol("depot")},
    )
    solution = run_oral([stream], saves=np.array([0, DAY]), end=2 * DAY, system=seen)
    assert solution["depot_"][0].tolist() == [0.0, 0.0]
    assert (solution["depot_"][1] < 0.1).all()


def test_events_at_the_end_belong_to_the_next_segment():
    stream = Stream(name="d", target="depot", times=[DAY], amounts=[4.0])
    first = run_oral([stream], end=DAY, saves=np.array([DAY]))
    assert not first.end.states.any()
    second = integrate(
        oral(), first.end, Schedule(t0=DAY, t1=2 * DAY, streams=(stream,)), np.array([2 * DAY])
    )
    assert (second["amount"] > 0).all()


def many_lanes(n):
    rng = np.random.default_rng(3)
    return lanes_of(np.zeros((2, n)), [rng.uniform(0.3, 3, n), rng.uniform(0.05, 0.5, n)]), Stream(
        name="d",
        target="depot",
        times=np.arange(5) * 12 * HOUR,
        amounts=np.full(5, 4.0),
        lag=rng.integers(0, 7200, n),
        taken=rng.random((5, n)) < 0.8,
    )


@pytest.mark.parametrize("block", [1, 7, 64, 1000])
def test_the_block_size_changes_no_bit(block):
    lanes, stream = many_lanes(40)
    schedule = Schedule(t0=0, t1=3 * DAY, streams=(stream,))
    saves = np.arange(1, 73) * HOUR
    whole = integrate(oral(), lanes, schedule, saves)
    parts = integrate(oral(), lanes, schedule, saves, block_lanes=block)
    for name in ("observables", "codes", "accepted", "rejected"):
        assert np.array_equal(getattr(whole, name), getattr(parts, name)), name
    assert np.array_equal(whole.end.states, parts.end.states)


def test_permuting_lanes_permutes_results():
    lanes, stream = many_lanes(30)
    order = np.random.default_rng(5).permutation(30)
    mixed = Lanes(parameters=lanes.parameters[:, order], states=lanes.states[:, order])
    shuffled = Stream(
        name="d",
        target="depot",
        times=stream.times,
        amounts=stream.amounts,
        lag=stream.lag[order],
        taken=stream.taken[:, order],
    )
    saves = np.arange(1, 73) * HOUR
    first = integrate(oral(), lanes, Schedule(t0=0, t1=3 * DAY, streams=(stream,)), saves)
    second = integrate(oral(), mixed, Schedule(t0=0, t1=3 * DAY, streams=(shuffled,)), saves)
    assert np.array_equal(first.observables[:, :, order], second.observables)
