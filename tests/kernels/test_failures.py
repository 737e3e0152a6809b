"""A failed lane is kept with its code and leaves its neighbours alone; nonsense is refused."""

import numpy as np
import pytest

from kernels import (
    DoseRecord,
    IntegrationError,
    KernelError,
    Lanes,
    OdeSystem,
    RangeError,
    ResultCode,
    Schedule,
    ShapeError,
    Solver,
    Stream,
    UnknownNameError,
    integrate,
    replay,
    symbol,
)

pytestmark = pytest.mark.usefixtures("every_backend")
HOUR = 3600
NONE = np.zeros(0, np.int64)


def system():
    x, k = symbol("x"), symbol("k")
    return OdeSystem(
        name="growth",
        states=("x",),
        parameters=("k",),
        rhs={"x": k * x**2},
        observables={"x_": x},
    )


def lanes(k=(0.1, 5.0, 0.2), start=(1.0, 1.0, 1.0)):
    return Lanes(parameters=np.array([k], float), states=np.array([start], float))


def run(given, **options):
    return integrate(
        system(), given, Schedule(t0=0, t1=2 * HOUR), np.array([HOUR, 2 * HOUR]), **options
    )


def test_a_lane_that_blows_up_fails_alone():
    solution = run(lanes())
    alone = run(lanes(k=(0.1, 0.2), start=(1.0, 1.0)))
    assert solution.codes[1] in (ResultCode.STEP_TOO_SMALL, ResultCode.NON_FINITE)
    assert 0.19 < solution.failure_times[1] < 0.21  # x' = 5 x^2 has its pole at 0.2 h
    assert np.isnan(solution["x_"][:, 1]).all()
    assert np.array_equal(solution["x_"][:, [0, 2]], alone["x_"])
    assert solution.codes[[0, 2]].tolist() == [0, 0]


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_state_that_is_not_finite_fails_at_once(bad):
    solution = run(lanes(k=(0.1, 0.1, 0.1), start=(1.0, bad, 1.0)))
    assert solution.codes.tolist() == [0, ResultCode.NON_FINITE, 0]
    assert solution.failure_times[1] == 0.0
    assert np.isfinite(solution["x_"][:, [0, 2]]).all()


def test_the_limit_on_steps_is_a_code():
    solution = run(lanes(k=(0.1, 0.1, 0.1)), solver=Solver(rtol=1e-10, max_steps=3))
    assert set(solution.codes) == {ResultCode.TOO_MANY_STEPS}


def test_a_failed_lane_stays_failed_in_the_next_segment():
    first = run(lanes())
    second = integrate(
        system(), first.end, Schedule(t0=2 * HOUR, t1=3 * HOUR), np.array([3 * HOUR])
    )
    assert second.codes[1] == first.codes[1]
    assert np.isnan(second["x_"][0, 1])
    assert np.isfinite(second["x_"][0, [0, 2]]).all()


def test_replaying_one_lane_gives_the_same_bits():
    schedule, saves = Schedule(t0=0, t1=2 * HOUR), np.array([HOUR, 2 * HOUR])
    whole = integrate(system(), lanes(), schedule, saves)
    one = replay(system(), lanes(), schedule, saves, lane=2)
    assert np.array_equal(one["x_"][:, 0], whole["x_"][:, 2])


def test_success_can_be_required():
    well = Lanes(parameters=np.full((1, 2), 0.1), states=np.ones((1, 2)))
    solution = run(well)
    assert solution.require_success() is solution
    with pytest.raises(IntegrationError, match=r"lane 1: it failed at .*1 of 3 lanes in all"):
        run(lanes()).require_success()


def test_every_code_has_a_message():
    assert len({code.message for code in ResultCode}) == len(ResultCode)


WRONG = {
    "parameters of too few rows": (
        lambda: run(Lanes(parameters=np.ones((0, 3)), states=np.ones((1, 3)))),
        ShapeError,
        "0 rows; 'growth' has 1 parameters",
    ),
    "lanes that differ": (
        lambda: Lanes(parameters=np.ones((1, 2)), states=np.ones((1, 3))),
        ShapeError,
        "the last axis has 3 lanes",
    ),
    "text for states": (
        lambda: Lanes(parameters=np.ones((1, 1)), states="many"),
        ShapeError,
        "array of numbers",
    ),
    "one axis": (
        lambda: Lanes(parameters=np.ones((1, 1)), states=np.ones(3)),
        ShapeError,
        "two axes",
    ),
    "an end before the start": (lambda: Schedule(t0=5, t1=4), RangeError, "not before t0"),
    "half a second": (lambda: Schedule(t0=0.5, t1=4), RangeError, "whole seconds"),
    "a save after the end": (
        lambda: integrate(system(), lanes(), Schedule(t0=0, t1=5), np.array([6])),
        RangeError,
        "within 0 s to 5 s",
    ),
    "saves that do not increase": (
        lambda: integrate(system(), lanes(), Schedule(t0=0, t1=5), np.array([3, 3])),
        RangeError,
        "no time twice",
    ),
    "saves of text": (
        lambda: integrate(system(), lanes(), Schedule(t0=0, t1=5), np.array(["x"])),
        ShapeError,
        "whole seconds",
    ),
    "a stream for no state": (
        lambda: integrate(
            system(),
            lanes(),
            Schedule(t0=0, t1=5, streams=(Stream(name="d", target="y", times=[0], amounts=[1]),)),
            NONE,
        ),
        UnknownNameError,
        "unknown state 'y'",
    ),
    "lags of other lanes": (
        lambda: integrate(
            system(),
            lanes(),
            Schedule(
                t0=0,
                t1=5,
                streams=(Stream(name="d", target="x", times=[0], amounts=[1], lag=[0]),),
            ),
            NONE,
        ),
        ShapeError,
        "3 lanes are integrated",
    ),
    "times that decrease": (
        lambda: Stream(name="d", target="x", times=[5, 1], amounts=[1, 1]),
        RangeError,
        "they decrease",
    ),
    "a negative lag": (
        lambda: Stream(name="d", target="x", times=[5], amounts=[1], lag=[-1]),
        RangeError,
        "0 s or more",
    ),
    "an amount that is not finite": (
        lambda: Stream(name="d", target="x", times=[5], amounts=[np.nan]),
        RangeError,
        "not finite",
    ),
    "an infusion of no length": (
        lambda: Stream(name="d", target="x", times=[5], amounts=[1], durations=[0]),
        RangeError,
        "above 0 s",
    ),
    "amounts of another number": (
        lambda: Stream(name="d", target="x", times=[5], amounts=[1, 2]),
        ShapeError,
        "one an event",
    ),
    "a steady-state dose": (
        lambda: DoseRecord(time=0, amt=1, cmt="x", ss=1),
        RangeError,
        "run-in doses",
    ),
    "a negative dose": (lambda: DoseRecord(time=0, amt=-1, cmt="x"), RangeError, "0 or more"),
    "addl without ii": (
        lambda: DoseRecord(time=0, amt=1, cmt="x", addl=3),
        RangeError,
        "where addl is given",
    ),
    "no such method": (lambda: Solver(method="euler"), UnknownNameError, "unknown method 'euler'"),
    "no tolerance": (lambda: Solver(rtol=0.0), RangeError, "greater than zero"),
    "a tolerance below float32": (
        lambda: Solver(rtol=1e-7, precision="float32"),
        RangeError,
        "1e-06 or more in float32",
    ),
    "a limit that no machine counts to": (
        lambda: Solver(max_steps=10**400),
        RangeError,
        "greater than zero and finite",
    ),
    "a time beyond all clocks": (
        lambda: Stream(name="d", target="x", times=[2**62], amounts=[1.0]),
        RangeError,
        "beyond 2.53 s",
    ),
    "an end beyond all clocks": (lambda: Schedule(t0=0, t1=2**63), RangeError, "2.53 s"),
    "a code that is none": (
        lambda: Lanes(
            parameters=np.ones((1, 1)), states=np.ones((1, 1)), codes=np.array([256], np.uint16)
        ),
        RangeError,
        "0 to 6",
    ),
    "a tolerance of text": (lambda: Solver(rtol="fine"), RangeError, "a number is allowed"),
    "a block of no lanes": (lambda: run(lanes(), block_lanes=0), RangeError, "above zero"),
    "a lane that is not there": (
        lambda: replay(system(), lanes(), Schedule(t0=0, t1=5), NONE, 7),
        RangeError,
        "0 to 2",
    ),
    "an unknown observable": (lambda: run(lanes())["y"], UnknownNameError, "unknown observable"),
}


@pytest.mark.parametrize("case", WRONG, ids=str)
def test_nonsense_is_refused_in_house_form(case):
    call, error, words = WRONG[case]
    with pytest.raises(error, match=words) as caught:
        call()
    assert isinstance(caught.value, KernelError)
    assert str(caught.value).count("; ") >= 1
    assert str(caught.value).endswith(".")
