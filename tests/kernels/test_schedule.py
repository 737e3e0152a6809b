"""Streams, schedules and dose records: what they mean, and what they refuse."""

import numpy as np
import pytest
from kernels_tolerances import CLOSED_FORM

from kernels import (
    DoseRecord,
    KernelError,
    Lanes,
    OdeSystem,
    RangeError,
    Schedule,
    Solver,
    Stream,
    integrate,
    streams_from_records,
    symbol,
)

pytestmark = pytest.mark.usefixtures("every_backend")
HOUR = 3600
TIGHT = Solver(rtol=1e-9, atol=1e-11)


def held():
    x, y, rate = symbol("x"), symbol("y"), symbol("rate")
    return OdeSystem(
        name="held",
        states=("x", "y"),
        parameters=(),
        inputs=("rate",),
        rhs={"x": rate, "y": 0},
        observables={"x_": x, "y_": y, "rate_": rate},
    )


def run(*streams, n_lane=1, t0=0, t1=10 * HOUR, saves=None):
    lanes = Lanes(parameters=np.zeros((0, n_lane)), states=np.zeros((2, n_lane)))
    saves = np.array([t1]) if saves is None else np.asarray(saves)
    return integrate(held(), lanes, Schedule(t0=t0, t1=t1, streams=streams), saves, TIGHT)


def test_events_at_one_instant_add_up_within_and_across_streams():
    one = Stream(name="a", target="y", times=[HOUR, HOUR], amounts=[1.0, 2.0])
    two = Stream(name="b", target="y", times=[HOUR], amounts=[4.0])
    assert run(one, two)["y_"][0, 0] == 7.0


def test_ties_are_applied_in_the_order_of_streams_then_events():
    big, small = 1e16, 1.0  # 1e16 + 1 rounds back to 1e16, so that the order shows in the bits
    added = Stream(name="a", target="y", times=[HOUR, HOUR], amounts=[small, big])
    removed = Stream(name="r", target="y", times=[HOUR], amounts=[-big])
    assert run(added, removed)["y_"][0, 0] == (small + big) - big
    assert run(removed, added)["y_"][0, 0] == (-big + small) + big


def test_scale_by_segment_and_lane_and_adherence_choose_the_amount():
    stream = Stream(
        name="a",
        target="y",
        times=[HOUR, 2 * HOUR, 3 * HOUR],
        amounts=[1.0, 10.0, 100.0],
        scale=[[1.0, 2.0], [3.0, 4.0]],
        segments=[0, 1, 1],
        taken=[[True, True], [False, True], [True, False]],
    )
    assert run(stream, n_lane=2)["y_"][0].tolist() == [301.0, 42.0]


def test_lag_decides_in_which_segment_an_event_falls():
    stream = Stream(name="a", target="y", times=[0], amounts=[1.0], lag=[HOUR - 1, HOUR])
    assert run(stream, n_lane=2, t1=HOUR)["y_"][0].tolist() == [1.0, 0.0]
    assert run(stream, n_lane=2, t0=HOUR, t1=2 * HOUR)["y_"][0].tolist() == [0.0, 1.0]


def test_infusions_of_several_streams_add_up_with_lag_and_end_at_exactly_zero():
    first = Stream(name="a", target="rate", times=[0], amounts=[0.1], durations=[4 * HOUR])
    second = Stream(
        name="b", target="rate", times=[0], amounts=[0.2], durations=[2 * HOUR], lag=[HOUR]
    )
    seen = run(first, second, t1=6 * HOUR, saves=np.arange(7) * HOUR)["rate_"][:, 0]
    assert seen.tolist() == [0.0, 0.1, 0.1 + 0.2, 0.1 + 0.2, 0.1, 0.0, 0.0]


def test_an_infusion_begun_before_the_start_is_in_force_at_the_start():
    stream = Stream(name="a", target="rate", times=[0], amounts=[2.0], durations=[4 * HOUR])
    solution = run(stream, t0=3 * HOUR, t1=6 * HOUR, saves=[3 * HOUR, 4 * HOUR, 6 * HOUR])
    assert solution["rate_"][:, 0].tolist() == [2.0, 2.0, 0.0]
    assert abs(solution["x_"][-1, 0] - 2.0) < CLOSED_FORM


def test_a_scale_that_is_not_finite_fails_its_own_lane():
    stream = Stream(name="a", target="y", times=[HOUR], amounts=[1.0], scale=[np.nan, 1.0])
    solution = run(stream, n_lane=2)
    assert solution.codes.tolist() == [3, 0]
    assert solution["y_"][0, 1] == 1.0


def test_taking_lanes_takes_every_array_of_a_stream():
    stream = Stream(
        name="a", target="y", times=[0], amounts=[1.0], lag=[1, 2, 3], scale=[4.0, 5.0, 6.0],
        taken=[[True, False, True]],
    )  # fmt: skip
    part = stream.take(slice(1, 3))
    assert part.lag.tolist() == [2, 3]
    assert part.scale.tolist() == [5.0, 6.0]
    assert part.taken.tolist() == [[False, True]]


def test_records_keep_the_meaning_of_their_fields():
    bolus, infusion = streams_from_records(
        [
            DoseRecord(time=5, amt=4.0, cmt="y", ii=60, addl=2, lag=7, f_bio=0.5),
            DoseRecord(time=0, amt=6.0, cmt="rate", rate=3.0),
        ],
        held(),
        2,
    )
    assert bolus.times.tolist() == [5, 65, 125]
    assert bolus.amounts.tolist() == [2.0] * 3
    assert bolus.lag.tolist() == [7, 7]
    assert bolus.durations is None
    assert infusion.durations.tolist() == [2 * HOUR]
    assert infusion.amounts.tolist() == [3.0]


def test_an_infusion_shorter_than_a_second_is_refused():
    record = DoseRecord(time=0, amt=1.0, cmt="rate", rate=1e6)
    with pytest.raises(RangeError, match="1 s or more"):
        streams_from_records([record], held(), 1)


def test_bioavailability_shortens_an_infusion_and_keeps_its_rate():
    record = DoseRecord(time=0, amt=10.0, cmt="rate", rate=5.0, f_bio=0.5)
    (stream,) = streams_from_records([record], held(), 1)
    assert stream.amounts.tolist() == [5.0]
    assert stream.durations.tolist() == [HOUR]


def test_an_infusion_of_odd_length_delivers_its_whole_amount():
    record = DoseRecord(time=0, amt=1.0, cmt="rate", rate=700.0)
    (stream,) = streams_from_records([record], held(), 1)
    delivered = stream.amounts * stream.durations / HOUR
    assert abs(delivered[0] - 1.0) < CLOSED_FORM


def with_segments(segments):
    stream = Stream(
        name="a",
        target="y",
        times=[0, HOUR],
        amounts=[1.0, 1.0],
        scale=[[1.0], [9.0]],
        segments=segments,
    )
    return run(stream)


STREAM = {"name": "a", "target": "y", "times": [0, 5], "amounts": [1.0, 1.0]}
UNREFUSED = {
    "a segment below 0 wraps to the last row": lambda: with_segments([0, -1]),
    "a segment without a row": lambda: with_segments([0, 2]),
    "lag of two axes": lambda: run(Stream(**STREAM, lag=[[0], [0]])),
    "taken of one axis": lambda: run(Stream(**STREAM, taken=[True, True]), n_lane=2),
    "times of two axes": lambda: run(Stream(**STREAM | {"times": [[0, 1], [2, 3]]})),
    "times of NaN": lambda: Stream(**STREAM | {"times": [0, np.nan]}),
    "no times": lambda: Stream(**STREAM | {"times": None}),
    "streams that are none": lambda: run("tablet"),
    "addl that is no whole number": lambda: streams_from_records(
        [DoseRecord(time=0, amt=1.0, cmt="y", ii=60, addl=1.5)], held(), 1
    ),
    "a time that is none": lambda: streams_from_records(
        [DoseRecord(time=None, amt=1.0, cmt="y")], held(), 1
    ),
}


@pytest.mark.parametrize("case", UNREFUSED, ids=str)
def test_arrays_that_do_not_fit_are_refused_in_house_form(case):
    with pytest.raises(KernelError):
        UNREFUSED[case]()
