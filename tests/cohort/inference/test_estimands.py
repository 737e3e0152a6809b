"""Strategies for intercurrent events and single imputation, on patients written out by hand."""

import numpy as np
import pytest

from cohort.errors import ShapeError
from cohort.inference.estimands import STRATEGIES, IntercurrentEvents, Scores
from cohort.inference.missing import (
    baseline_carried_forward,
    carry_forward,
    last_observation_carried_forward,
)

NAN = np.nan
# 0 stays; 1 leaves for lack of efficacy on day 10; 2 leaves for other reasons on day 14, the day of
# a visit; 3 is rescued on day 8 and stays; 4 leaves before the first visit
SCORES = Scores(
    visit_days=np.array([7.0, 14.0, 28.0]),
    baseline=np.array([30.0, 31.0, 32.0, 33.0, 34.0]),
    seen=np.array(
        [
            [25.0, 20.0, 15.0],
            [30.0, 29.0, NAN],  # retrieved once after leaving
            [27.0, NAN, NAN],
            [32.0, 18.0, 16.0],
            [NAN, NAN, NAN],
        ]
    ),
    continued=np.array(
        [
            [25.0, 20.0, 15.0],
            [30.0, 28.0, 27.0],
            [27.0, 26.0, 25.0],
            [32.0, 31.0, 30.0],
            [33.0, 32.0, 31.0],
        ]
    ),
)
EVENTS = IntercurrentEvents(
    left_day=np.array([NAN, 10.0, 14.0, NAN, 3.0]),
    is_failure=np.array([False, True, False, False, True]),
    rescue_day=np.array([NAN, NAN, NAN, 8.0, NAN]),
)
EXPECTED = {
    "treatment_policy": SCORES.seen,
    "hypothetical": SCORES.continued,
    "while_on_treatment": [
        [25, 20, 15],
        [30, 30, 30],
        [27, 27, 27],
        [32, 32, 32],
        [34, 34, 34],
    ],
    "composite": [
        [25, 20, 15],
        [30, 31, 31],
        [27, NAN, NAN],
        [32, 33, 33],
        [34, 34, 34],
    ],
}


@pytest.mark.parametrize("name", STRATEGIES)
def test_each_strategy_gives_its_values(name):
    assert np.array_equal(STRATEGIES[name](SCORES, EVENTS), EXPECTED[name], equal_nan=True)


def test_in_life_the_hypothetical_course_is_missing():
    in_life = Scores(visit_days=SCORES.visit_days, baseline=SCORES.baseline, seen=SCORES.seen)
    values = STRATEGIES["hypothetical"](in_life, EVENTS)
    assert np.isnan(values).sum(axis=1).tolist() == [0, 2, 2, 2, 3]


@pytest.mark.parametrize("name", STRATEGIES)
def test_without_events_all_strategies_are_what_was_seen(name):
    none = IntercurrentEvents(left_day=np.full(5, NAN), is_failure=np.zeros(5, dtype=bool))
    assert np.array_equal(STRATEGIES[name](SCORES, none), SCORES.seen, equal_nan=True)


def test_strategies_take_replicates():
    both = Scores(
        visit_days=SCORES.visit_days,
        baseline=np.stack([SCORES.baseline] * 2),
        seen=np.stack([SCORES.seen] * 2),
        continued=np.stack([SCORES.continued] * 2),
    )
    events = IntercurrentEvents(
        left_day=np.stack([EVENTS.left_day] * 2),
        is_failure=np.stack([EVENTS.is_failure] * 2),
        rescue_day=np.stack([EVENTS.rescue_day] * 2),
    )
    for name, strategy in STRATEGIES.items():
        assert np.array_equal(strategy(both, events)[1], EXPECTED[name], equal_nan=True)


def test_carrying_forward_fills_gaps_and_not_what_was_never_seen():
    rows = [[NAN, 2.0, NAN, 3.0, NAN], [NAN] * 5]
    expected = [[NAN, 2.0, 2.0, 3.0, 3.0], [NAN] * 5]
    assert np.array_equal(carry_forward(rows), expected, equal_nan=True)
    assert np.array_equal(last_observation_carried_forward(rows), expected, equal_nan=True)
    assert baseline_carried_forward(rows, [9.0, 8.0]).tolist() == [
        [9.0, 2.0, 9.0, 3.0, 9.0],
        [8.0] * 5,
    ]


def test_scores_of_the_wrong_shape_are_refused():
    with pytest.raises(ShapeError, match="scores, seen"):
        Scores(visit_days=np.array([7.0]), baseline=np.ones(2), seen=np.ones((2, 2)))
