"""Events: when they fire, in what order they are executed, and what ends a lane.

Referees are closed forms and counts by hand, and SciPy for a system without one; most run on NumPy,
whose bits the compiled text has to give for every kind of event.
"""

import dataclasses
import itertools
import pickle

import numpy as np
import pytest
import sympy as sp
from kernels_compare import assert_same, bits, run_both
from kernels_tolerances import CLOSED_FORM, STIFF_REFEREE
from kernels_zoo import HOUR, every_event, every_operation, zoo_lanes, zoo_saves, zoo_schedule
from scipy import stats
from scipy.integrate import solve_ivp

from kernels import (
    TIME,
    BuildError,
    DeclarationError,
    Event,
    Lanes,
    OdeSystem,
    Program,
    ResultCode,
    Schedule,
    ShapeError,
    Solver,
    Stream,
    UnknownNameError,
    integrate,
    lower,
    replay,
    symbol,
)
from kernels.backends.kernel_text import kernel_text
from kernels.philox import philox4x32
from kernels.triggers import MOST_DELAYED

SOLVER = Solver(rtol=1e-8, atol=1e-10)
K, N, X, Y = map(symbol, ("k", "n", "x", "y"))
GRAVITY = 9.81


def run(
    events,
    states,
    end,
    saves=(),
    *,
    rhs=None,
    parameters=None,
    streams=(),
    solver=SOLVER,
    keys=0,
):
    """Integrate events on states that rest, or have the rates given; time in hours."""
    names = tuple(states)
    rates = dict.fromkeys(names, 0) | (rhs or {})
    parameters = parameters or {}
    values = np.atleast_2d(
        np.array(
            [np.atleast_1d(v) for v in np.broadcast_arrays(*states.values(), *parameters.values())],
            np.float64,
        )
    )
    system = OdeSystem(
        name="events",
        states=names,
        parameters=tuple(parameters),
        inputs=tuple({s.target for s in streams if s.durations is not None}),
        rhs=rates,
        observables={name: symbol(name) for name in names},
        events=tuple(events),
    )
    lanes = Lanes(
        parameters=values[len(names) :],
        states=values[: len(names)],
        keys=np.broadcast_to(keys, values.shape[1]).copy(),
    )
    schedule = Schedule(t0=0, t1=round(end * HOUR), streams=tuple(streams))
    saves = np.round(np.array(saves or (end,)) * HOUR).astype(np.int64)
    return integrate(system, lanes, schedule, saves, solver, device="numpy")


def event(name, trigger, **more):
    """Return an event; keywords that are no fields are assignments."""
    fields = {f.name for f in dataclasses.fields(Event)}
    given = {key: more.pop(key) for key in list(more) if key in fields}
    return Event(name=name, trigger=trigger, assignments=more, **given)


# when


def ball(height, times, restitution):
    """Height of a ball dropped at rest, by the sums of its flights."""
    landing = np.sqrt(2 * height / GRAVITY)
    speed = restitution * GRAVITY * landing
    heights = []
    for time in times:
        at, up = landing, speed
        if time < at:
            heights.append(height - GRAVITY * time**2 / 2)
            continue
        while time > at + 2 * up / GRAVITY:
            at, up = at + 2 * up / GRAVITY, up * restitution
        heights.append(up * (time - at) - GRAVITY * (time - at) ** 2 / 2)
    return np.array(heights)


@pytest.mark.parametrize("method", ["rodas5p", "rodas4"])
def test_a_bouncing_ball_bounces_when_the_sum_of_its_flights_says(method):
    times = np.arange(0.25, 4.3, 0.25)
    heights, restitution = np.array([5.0, 7.5, 10.0]), np.array([0.8, 0.7, 0.9])
    bounce = event("bounce", sp.And(X <= 0, Y < 0), y=-K * Y)
    solution = run(
        [bounce],
        {"x": heights, "y": 0.0},
        4.25,
        tuple(times),
        rhs={"x": Y, "y": -GRAVITY},
        parameters={"k": restitution},
        solver=dataclasses.replace(SOLVER, method=method),
    )
    wanted = [ball(h, times, k) for h, k in zip(heights, restitution, strict=True)]
    assert np.abs(solution["x"].T - np.array(wanted)).max() < CLOSED_FORM
    assert solution.accepted.max() < 40


def test_decay_with_a_reset_keeps_its_period_over_many_events():
    rates = np.array([0.5, 1.0, 3.7])
    reset = event("reset", X < 1, x=10, n=N + 1, y=TIME)
    solution = run(
        [reset], {"x": 10.0, "n": 0.0, "y": 0.0}, 50, rhs={"x": -K * X}, parameters={"k": rates}
    )
    period = np.log(10) / rates
    count = np.floor(50 / period)
    assert solution["n"][-1].tolist() == count.tolist()
    assert solution["y"][-1] == pytest.approx(count * period, rel=CLOSED_FORM)
    assert solution["x"][-1] == pytest.approx(
        10 * np.exp(-rates * (50 - count * period)), rel=50 * CLOSED_FORM
    )


def test_the_moment_is_as_exact_as_the_tolerance():
    errors = []
    for rtol in (1e-5, 1e-7, 1e-9):
        solver = Solver(rtol=rtol, atol=rtol)
        cross = event("cross", 3 * X < 1, y=TIME)
        late = run([cross], {"x": 1.0, "y": 0.0}, 9, rhs={"x": -X * X / 2}, solver=solver)
        errors.append(abs(late["y"][-1, 0] - 4.0))  # x = 1 / (1 + t / 2)
    assert errors[0] < 1e-3
    assert errors[2] < 1e-7
    assert errors[0] > errors[1] > errors[2]


def test_times_are_met_to_the_last_bit_and_a_pulse_is_not_jumped_over():
    pulse = sp.And(TIME >= K, TIME < K + 1e-4)
    events = [event("pulse", pulse, n=N + 1, y=TIME), event("power", TIME**2 > K, x=TIME)]
    starts = np.array([0.1, 1.0 / 3.0, 5.0, 7.7])
    states = {"n": 0.0, "y": 0.0, "x": 0.0}
    solution = run(events, states, 9, parameters={"k": starts})
    assert solution["n"][-1].tolist() == [1.0] * 4
    assert np.array_equal(solution["y"][-1], starts)
    assert solution["x"][-1] == pytest.approx(np.sqrt(starts), rel=4 * np.finfo(float).eps)


def test_an_excursion_within_a_step_is_seen():
    arch = event("arch", X > 0.9, n=N + 1)
    wave = {"x": Y, "y": -X}  # a sine, above 0.9 for a seventh of its period
    solution = run([arch], {"x": 0.0, "y": 1.0, "n": 0.0}, 63, rhs=wave)
    assert solution["n"][-1, 0] == 10.0


def test_saves_at_the_moment_of_an_event_are_of_what_it_left():
    events = [event("at", TIME >= 2, x=X + 1), event("after", TIME > 3, x=X + 10)]
    solution = run(events, {"x": 0.0}, 5, (1, 2, 3, 4, 5))
    assert solution["x"][:, 0].tolist() == [0, 1, 1, 11, 11]


def test_an_event_at_the_end_of_the_schedule_is_executed():
    assert run([event("end", TIME >= 5, x=1)], {"x": 0.0}, 5)["x"].tolist() == [[1.0]]


def test_the_start_fires_only_where_the_trigger_was_false_before_it():
    events = [
        event("was_true", X > 0, x=X + 1),
        event("was_false", X > 0, y=Y + 1, initial_value=False),
        event("always", sp.true, n=N + 1, initial_value=False),
        event("never", sp.false, n=N + 100, initial_value=False),
    ]
    solution = run(events, {"x": 1.0, "y": 0.0, "n": 0.0}, 2, (0, 2))
    for name, wanted in (("x", 1.0), ("y", 1.0), ("n", 1.0)):
        assert solution[name].tolist() == [[wanted], [wanted]]


def test_boluses_and_infusions_make_triggers_true():
    streams = (
        Stream(name="bolus", target="x", times=[2 * HOUR, 4 * HOUR], amounts=[1.0, 1.0]),
        Stream(name="drip", target="u", times=[3 * HOUR], amounts=[2.0], durations=[HOUR // 2]),
    )
    events = [
        event("dosed", X > 1.5, n=N + 1, x=0),
        event("dripping", symbol("u") > 0, y=TIME),
        event("over", sp.And(symbol("u") <= 0, Y > 0), n=N + 10),
    ]
    states = {"x": 0.0, "n": 0.0, "y": 0.0}
    solution = run(events, states, 5, (2, 3, 4, 5), streams=streams)
    assert solution["n"][:, 0].tolist() == [0, 0, 10, 11]  # a save precedes a dose of its moment
    assert solution["y"][:, 0].tolist() == [0, 0, 3, 3]
    assert solution["x"][-1, 0] == 0.0


# how


def test_a_delay_executes_at_its_time_with_the_values_of_either_moment():
    clock = {"x": 1}
    early = event("early", TIME >= 1, y=X, delay=K)
    late = event("late", TIME >= 1, n=X, delay=K, values_from_trigger_time=False)
    solution = run(
        [early, late],
        {"x": 0.0, "y": -1.0, "n": -1.0},
        6,
        (2, 3, 4, 6),
        rhs=clock,
        parameters={"k": [2.0, 2.5, 9.0]},
    )
    first = np.array([[-1, 1, 1, 1], [-1, -1, 1, 1], [-1, -1, -1, -1]])
    assert np.abs(solution["y"].T - first).max() < 1e-13
    later = np.array([[-1, 3, 3, 3], [-1, -1, 3.5, 3.5], [-1, -1, -1, -1]])
    assert np.abs(solution["n"].T - later).max() < 1e-13


def test_several_executions_of_one_event_may_be_pending():
    beat = event("beat", X < 0, n=N + 1, delay=5, values_from_trigger_time=False)
    note = event("note", X < 0, k=TIME, delay=5)
    wave = {"x": sp.pi * Y, "y": -sp.pi * X}  # below zero from 0.5, 2.5, 4.5, 6.5 on
    states = {"x": 1.0, "y": 0.0, "n": 0.0, "k": 0.0}
    solution = run([beat, note], states, 12, (5, 6, 8, 10, 12), rhs=wave)
    assert solution["n"][:, 0].tolist() == [0, 1, 2, 3, 4]
    assert solution["k"][-1, 0] == pytest.approx(6.5, rel=10 * CLOSED_FORM)


def test_the_greater_priority_is_first_and_ties_go_by_declaration():
    at = TIME >= 1
    events = [
        event("none", at, x=10 * X + 1, values_from_trigger_time=False),
        event("low", at, x=10 * X + 2, priority=K, values_from_trigger_time=False),
        event("high", at, x=10 * X + 3, priority=5, values_from_trigger_time=False),
        event("tie", at, x=10 * X + 4, priority=5, values_from_trigger_time=False),
    ]
    solution = run(events, {"x": 0.0}, 2, parameters={"k": [1.0, 9.0]})
    assert solution["x"][-1].tolist() == [3421.0, 2341.0]


def orders(events, n_lane, keys=None):
    """Return the order of execution of each lane, as a number of the digits that events append."""
    keys = np.arange(n_lane) if keys is None else keys
    states = {"x": np.zeros(n_lane)}
    return run(events, states, 4, keys=keys)["x"][-1].astype(int)


def digit(number, trigger=TIME >= 1, **more):
    append = {"x": 10 * X + number}
    return event(f"d{number}", trigger, values_from_trigger_time=False, **append, **more)


def lots(number, **more):
    return digit(number, **{"by_chance": True, "priority": 5} | more)


def chance(found, wanted):
    """Return the probability of frequencies this far from equal ones, by Pearson's statistic."""
    seen = [np.count_nonzero(found == order) for order in wanted]
    assert sum(seen) == len(found)
    return stats.chisquare(seen).pvalue


def test_events_of_equal_priority_that_go_by_chance_come_in_every_order_alike():
    events = [digit(1), lots(2), digit(3, priority=6), lots(4), lots(5), digit(6, priority=5)]
    found = orders(events, 10_000)
    # three first, one last; the draws precede the tie that takes no part, which is declared after
    wanted = [int("3" + "".join(p) + "61") for p in itertools.permutations("245")]
    assert chance(found, wanted) > 0.01
    fair = orders([lots(i) for i in range(1, 5)], 10_000)
    assert chance(fair, [int("".join(p)) for p in itertools.permutations("1234")]) > 0.01


def test_every_pending_execution_has_one_lot():
    twice = sp.Or(sp.And(TIME >= 1, TIME < 1.5), TIME >= 2)
    found = orders([lots(1, trigger=twice, delay=3 - TIME), lots(2, delay=2)], 10_000)
    assert chance(found, [112, 121, 211]) > 0.01


def test_lots_belong_to_a_key_and_to_the_number_of_the_choice():
    events = [lots(1), lots(2), lots(3, trigger=TIME >= 2), lots(4, trigger=TIME >= 2)]
    keys = np.array([5, 6, 2**63, 5, 7], np.uint64)
    found = orders(events, 5, keys)
    assert found[0] == found[3]
    assert orders(events, 5, keys[::-1]).tolist() == found[::-1].tolist()
    counters = [[k & 0xFFFFFFFF, k >> 32, n, 0] for k in keys.tolist() for n in (0, 1)]
    words = philox4x32(np.array(counters, np.uint32), np.zeros(2, np.uint32))[:, 0]
    second = words.reshape(5, 2) >= 2**31
    wanted = np.where(second, [21, 43], [12, 34]) @ [100, 1]
    assert found.tolist() == wanted.tolist()


def test_choices_go_on_where_another_call_left_them():
    system = OdeSystem(
        name="lots",
        states=("x",),
        parameters=(),
        rhs={"x": 0},
        events=(lots(1), lots(2), lots(3, trigger=TIME >= 2), lots(4, trigger=TIME >= 2)),
    )
    lanes = Lanes(parameters=np.zeros((0, 9)), states=np.zeros((1, 9)), keys=np.arange(9))
    whole = integrate(system, lanes, Schedule(t0=0, t1=3 * HOUR), np.zeros(0, int), device="numpy")
    for start, end in ((0, 5400), (5400, 3 * HOUR)):
        part = Schedule(t0=start, t1=end)
        lanes = integrate(system, lanes, part, np.zeros(0, int), device="numpy").end
    assert lanes.states.tolist() == whole.end.states.tolist()
    assert lanes.event_memory[-1].tolist() == [2.0] * 9


def test_one_execution_alone_uses_up_no_choice():
    solution = run([lots(1), lots(2, priority=4)], {"x": 0.0}, 2)
    assert solution["x"][-1, 0] == 12.0
    assert solution.end.event_memory[-1, 0] == 0.0


def test_priorities_are_evaluated_anew_after_each_execution():
    at = TIME >= 1
    events = [
        event("first", at, y=-1, priority=9),
        event("second", at, x=10 * X + 2, priority=Y, values_from_trigger_time=False),
        event("third", at, x=10 * X + 3, priority=1, values_from_trigger_time=False),
    ]
    assert run(events, {"x": 0.0, "y": 4.0}, 2)["x"][-1, 0] == 32.0


def test_all_values_are_evaluated_before_any_is_assigned():
    swap = event("swap", TIME >= 1, x=Y, y=X)
    solution = run([swap], {"x": 1.0, "y": 2.0}, 2)
    assert (solution["x"][-1, 0], solution["y"][-1, 0]) == (2.0, 1.0)


def test_an_execution_may_make_another_trigger_true_or_take_it_back():
    events = [
        event("first", TIME >= 1, x=1, priority=2),
        event("chain", X > 0, n=N + 1, x=X),
        event("kept", TIME >= 1, y=Y + 1, priority=1),
        event("dropped", sp.And(TIME >= 1, X <= 0), y=Y + 10, priority=1, persistent=False),
        event("stays", sp.And(TIME >= 1, X <= 0), y=Y + 100, priority=0,
              values_from_trigger_time=False),
    ]  # fmt: skip
    solution = run(events, {"x": 0.0, "n": 0.0, "y": 0.0}, 2)
    assert solution["n"][-1, 0] == 1.0
    assert solution["y"][-1, 0] == 101.0


def test_a_pending_execution_is_dropped_when_its_trigger_falls_before():
    window = sp.And(TIME >= 1, TIME < K)
    events = [
        event("kept", window, x=X + 1, delay=2),
        event("dropped", window, y=Y + 1, delay=2, persistent=False),
    ]
    solution = run(events, {"x": 0.0, "y": 0.0}, 6, parameters={"k": [2.5, 4.0]})
    assert solution["x"][-1].tolist() == [1.0, 1.0]
    assert solution["y"][-1].tolist() == [0.0, 1.0]


def test_a_trigger_that_falls_and_rises_within_one_step_fires_again():
    event_twice = event("twice", sp.Or(TIME < 1, TIME >= 1 + 1e-9), n=N + 1)
    assert run([event_twice], {"n": 0.0}, 5)["n"][-1, 0] == 1.0


@pytest.mark.parametrize("sliver", [1e-2, 1e-4, 1e-6])
def test_a_peak_that_passes_a_threshold_for_a_moment_fires(sliver):
    # x = cos(t - phase) is above 1 - s for a time of 2 sqrt(2 s), of 0.28 to 0.003
    above = event("above", 1 - sliver < X, n=N + 1)
    turned = event("turned", sp.Or(1 - sliver < Y, 1 - sliver < -Y), k=K + 1)
    phase = np.array([0.7, 0.9, 1.1, 1.3, 2.2, 2.5, 2.8, 3.0, 3.3])  # no peak at either end
    states = {"x": np.cos(phase), "y": np.sin(phase), "n": 0.0, "k": 0.0}
    solution = run([above, turned], states, 19, rhs={"x": Y, "y": -X})
    assert not solution.codes.any()
    peaks = 1 + (19 - phase) // (2 * np.pi)  # at phase, phase + 2 pi, ...
    assert solution["n"][-1].tolist() == peaks.tolist()
    turns = (19 - phase + np.pi / 2) // np.pi - (np.pi / 2 - phase) // np.pi
    assert solution["k"][-1].tolist() == turns.tolist()


def test_a_fall_below_a_threshold_for_a_moment_drops_what_is_pending():
    # 2 + cos(t) is above 1 but for 2 sqrt(2 s) about pi
    wave = {"x": Y, "y": 2 - X}
    late = event("late", X > 1 + 1e-5, n=1, delay=5, persistent=False, initial_value=False)
    again = event("again", X > 1 + 1e-5, k=TIME, initial_value=False)
    solution = run([late, again], {"x": 3.0, "y": 0.0, "n": 0.0, "k": 0.0}, 7, rhs=wave)
    assert solution["k"][-1, 0] == pytest.approx(np.pi + np.sqrt(2e-5), rel=1e-5)
    assert solution["n"][-1, 0] == 0.0


# what ends a lane


def test_an_endless_cascade_ends_its_lane_alone():
    flip = event("flip", X > 0, x=-X)
    flop = event("flop", X < 0, x=-X)
    kick = event("kick", TIME >= 1, x=K)
    solution = run([flip, flop, kick], {"x": 0.0}, 2, parameters={"k": [0.0, 1.0]})
    assert solution.codes.tolist() == [ResultCode.SUCCESS, ResultCode.ENDLESS_EVENTS]
    assert solution.failure_times[1] == 1.0
    assert "did not come to an end" in ResultCode.ENDLESS_EVENTS.message


def test_events_that_accumulate_end_their_lane_at_the_moment_to_which_they_do():
    bounce = event("bounce", sp.And(X <= 0, Y < 0), y=-K * Y)
    system = OdeSystem(
        name="ball",
        states=("x", "y"),
        parameters=("k",),
        rhs={"x": Y, "y": -GRAVITY},
        events=(bounce,),
    )
    lanes = Lanes(parameters=np.array([[0.5, 0.3, 1.0]]), states=np.array([[5.0] * 3, [0.0] * 3]))
    schedule = Schedule(t0=0, t1=5 * HOUR)
    solution = integrate(system, lanes, schedule, np.zeros(0, int), SOLVER, device="native")
    endless = ResultCode.ENDLESS_EVENTS
    assert solution.codes.tolist() == [endless, endless, ResultCode.SUCCESS]
    k = np.array([0.5, 0.3])
    wanted = np.sqrt(2 * 5 / GRAVITY) * (1 + 2 * k / (1 - k))
    assert solution.failure_times[:2] == pytest.approx(wanted, rel=CLOSED_FORM)
    assert solution.accepted.max() < 3000


def test_more_pending_executions_than_a_lane_holds_end_it():
    often = event("often", TIME >= Y, n=N + 1, delay=K, values_from_trigger_time=False)
    tick = event("tick", TIME >= Y + 0.5, y=Y + 1)  # one firing an hour, at 1, 2, 3, ...
    solution = run(
        [often, tick], {"n": 0.0, "y": 1.0}, 30, parameters={"k": [MOST_DELAYED - 0.25, 20.0]}
    )
    assert solution.codes.tolist() == [ResultCode.SUCCESS, ResultCode.TOO_MANY_PENDING]
    assert solution["n"][-1, 0] == np.floor(30 - MOST_DELAYED + 0.25)
    assert solution.failure_times[1] == MOST_DELAYED + 1


def test_a_delay_that_is_negative_or_no_number_ends_a_lane_and_one_without_end_never_comes():
    late = event("late", TIME >= 1, x=1, delay=1 / K)
    solution = run([late], {"x": 0.0}, 4, parameters={"k": [-1.0, np.inf, 0.0]})
    assert solution.codes.tolist() == [ResultCode.BAD_DELAY, ResultCode.NON_FINITE, 0]
    assert solution["x"][-1, 2] == 0.0


# lanes, blocks and backends


def event_arguments(n):
    return every_event(), zoo_lanes(n, 5), zoo_schedule(n), zoo_saves()


@pytest.fixture(scope="module")
def referee():
    return integrate(*event_arguments(21), device="numpy")


def test_the_eventful_system_meets_every_kind_of_event(referee):
    system = every_event()
    assert referee.codes.tolist() == [0] * 21
    first = len(system.states) + 2 * len(system.inputs)
    served = (referee.end.restart_sizes[first:] > 0).any(axis=1)
    names = [e.name for e, was in zip(system.events, served, strict=True) if was]
    assert {"high", "late", "dripping", "start", "often"} <= set(names)
    assert np.ptp(referee.end.event_memory[-1]) > 0  # choices, by how often infusions run
    assert referee["last"].max() <= 3  # or else "chained" has not been executed


@pytest.mark.parametrize(("n_double", "method"), [(1, "rodas4"), (8, "rodas5p")])
def test_every_event_gives_the_bits_of_numpy(n_double, method):
    solver = Solver(method=method)
    given, wanted = run_both(*event_arguments(21), solver, n_double)
    assert_same(given, wanted)
    assert np.array_equal(bits(given.end.event_memory), bits(wanted.end.event_memory))


@pytest.mark.parametrize("lane", [0, 13])
def test_a_lane_alone_has_the_bits_of_the_lane_among_others(referee, lane):
    alone = replay(*event_arguments(21), lane)
    assert np.array_equal(bits(alone.observables[..., 0]), bits(referee.observables[..., lane]))
    assert np.array_equal(alone.end.event_memory[:, 0], referee.end.event_memory[:, lane])


def test_thousands_of_lanes_in_blocks_have_the_bits_of_one_block():
    arguments = event_arguments(3000)
    whole = integrate(*arguments, device="native", threads=1, block_lanes=3000)
    parts = integrate(*arguments, device="native", threads=2, block_lanes=701)
    assert not whole.codes.any()
    assert np.array_equal(bits(parts.observables), bits(whole.observables))
    assert np.array_equal(parts.end.event_memory, whole.end.event_memory)


def test_lanes_that_go_on_in_another_call_have_forgotten_nothing(referee):
    system, lanes, schedule, saves = event_arguments(21)
    half = 13 * HOUR + 1234
    ends = itertools.pairwise((0, half, schedule.t1))
    seen = []
    for start, end in ends:
        part = dataclasses.replace(schedule, t0=start, t1=end)
        now = saves[(saves >= start) & (saves <= end)]
        solution = integrate(system, lanes, part, now, device="native")
        lanes = solution.end
        seen.append(solution.observables)
    assert np.isfinite(lanes.event_memory[: len(system.events)]).all()
    assert np.concatenate(seen) == pytest.approx(referee.observables, rel=1e-3, abs=1e-3)


def test_scipy_finds_the_same_events_in_a_stiff_oscillator():
    mu, threshold = 8.0, 1.2

    def rate(_, y):
        return [y[1], mu * (1 - y[0] ** 2) * y[1] - y[0]]

    def crossing(_, y):
        return y[0] - threshold

    crossing.direction = 1
    crossing.terminal = True
    now, state, kicks = 0.0, [0.5, 0.0], 0
    while now < 70:
        found = solve_ivp(rate, (now, 70), state, "LSODA", events=crossing, rtol=1e-10, atol=1e-12)
        now, state = found.t[-1], found.y[:, -1]
        if found.status == 1:
            state, kicks = [state[0], state[1] / 2 + 0.1], kicks + 1
            crossing(now, state)
            found = solve_ivp(rate, (now, now + 1e-6), state, "LSODA", rtol=1e-10, atol=1e-12)
            now, state = found.t[-1], found.y[:, -1]
    kick = event("kick", threshold < X, y=Y / 2 + 0.1, n=N + 1)
    rates = {"x": Y, "y": mu * (1 - X**2) * Y - X}
    solver = Solver(rtol=1e-9, atol=1e-11)
    solution = run([kick], {"x": 0.5, "y": 0.0, "n": 0.0}, 70, rhs=rates, solver=solver)
    assert solution["n"][-1, 0] == kicks > 2
    given = [solution["x"][-1, 0], solution["y"][-1, 0]]
    assert given == pytest.approx(list(state), rel=10 * STIFF_REFEREE)


# declarations and programs


def test_events_enter_the_digest_and_a_system_without_any_keeps_its_text():
    plain, eventful = every_operation(), every_event()
    assert plain.content_hash() == dataclasses.replace(plain, events=()).content_hash()
    hashes = {eventful.content_hash()}
    for change in (
        {"delay": 1},
        {"priority": 1},
        {"persistent": False},
        {"initial_value": False},
        {"values_from_trigger_time": False},
        {"by_chance": True},
        {"assignments": {"x": X}},
        {"trigger": X > 2},
    ):
        first = dataclasses.replace(eventful.events[0], **change)
        hashes.add(
            dataclasses.replace(eventful, events=(first, *eventful.events[1:])).content_hash()
        )
    assert len(hashes) == 9
    text = kernel_text(lower(plain), Solver(), 4)
    assert "truth" not in text
    assert "EVENT" not in text
    assert "event" not in lower(plain).to_text()


def test_systems_with_events_survive_pickling_and_their_programs_their_text():
    system = every_event()
    assert pickle.loads(pickle.dumps(system)) == system
    assert pickle.loads(pickle.dumps(system)).events == system.events
    program = lower(system)
    assert Program.from_text(program.to_text()) == program
    with pytest.raises(BuildError, match="event high"):
        Program.from_text(program.to_text().replace("event high 4 tttf", "event high 4 tttx"))


def test_comparisons_of_time_with_what_is_constant_are_where_steps_end():
    flag, drive = symbol("flag"), symbol("drive")
    triggers = {
        "a": flag <= TIME - 2 * K,
        "b": sp.And(K * TIME < 3, X > TIME),
        "c": TIME**2 > K,
        "d": TIME + drive > 1,
    }
    events = [Event(name=n, trigger=t, assignments={}) for n, t in triggers.items()]
    system = OdeSystem(
        name="stops",
        states=("x", "flag"),
        parameters=("k",),
        inputs=("drive",),
        rhs={"x": X, "flag": 0},
        events=tuple(events),
    )
    stops = lower(system).events.stop
    place = {"y": [9.0, 0.25], "p": [1.5]}
    place["h"] = list(lower(system).hoist.evaluate(place))
    assert sorted(stops.evaluate(place)) == [2.0, 3.25]


WRONG = [
    ({"trigger": X}, "event 'e', trigger: x of type Symbol; a condition is needed"),
    ({"trigger": X + 1}, "trigger: x [+] 1 of type Add; a condition is needed"),
    ({"trigger": "x > 1"}, "trigger: 'x > 1' of type str; a condition is needed"),
    ({"assignments": [X]}, "assignments: .*; a mapping from name to expression"),
    ({"assignments": {"x": sp.zoo}}, r"assignments\['x'\]: zoo; expressions are real"),
    ({"delay": -1}, r"delay: -1 \[time unit\]; a delay is not negative"),
    ({"delay": None}, "delay: None of type NoneType"),
    ({"priority": "high"}, "priority: 'high' of type str"),
    ({"persistent": 1}, "persistent: 1; True or False is needed"),
    ({"by_chance": None}, "by_chance: None; True or False is needed"),
    ({"name": "an event"}, "'an event' is no name; names are ASCII identifiers"),
]


@pytest.mark.parametrize(("fields", "message"), WRONG)
def test_an_event_that_is_none_is_refused(fields, message):
    with pytest.raises(DeclarationError, match=message):
        Event(**{"name": "e", "trigger": X > 1, "assignments": {"x": 0}} | fields)


def decay(*events):
    return OdeSystem(name="d", states=("x",), parameters=("k",), rhs={"x": -X}, events=events)


def test_events_name_only_what_their_system_has():
    unknown = "system 'd', event 'e', {}: unknown symbol 'y'; known: 'x', 'k'"
    for place, fields in (("trigger", {"trigger": Y > 1}), ("delay", {"delay": Y})):
        with pytest.raises(UnknownNameError, match=unknown.format(place)):
            decay(Event(**{"name": "e", "trigger": X > 1, "assignments": {}} | fields))
    with pytest.raises(UnknownNameError, match="assignments: unknown state 'k'"):
        decay(Event(name="e", trigger=X > 1, assignments={"k": 1}))
    with pytest.raises(DeclarationError, match="'e' is declared twice; events have unique names"):
        decay(*[Event(name="e", trigger=X > 1, assignments={})] * 2)
    with pytest.raises(DeclarationError, match=r"events: .*; a tuple of events is needed"):
        decay(X > 1)


def test_a_memory_of_other_events_is_refused():
    system = decay(Event(name="e", trigger=X > 1, assignments={}))
    lanes = Lanes(parameters=np.ones((1, 1)), states=np.ones((1, 1)), event_memory=np.ones((2, 1)))
    with pytest.raises(ShapeError, match="event_memory: 2 rows; the events of 'd' have 5"):
        integrate(system, lanes, Schedule(t0=0, t1=60), np.zeros(0, int), device="numpy")
