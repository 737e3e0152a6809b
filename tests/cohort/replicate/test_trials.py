"""Replicate trials: their own patients, their own trial effects, and the numbers of a paper."""

import numpy as np
import pytest
from cohort_outcomes_tolerances import EXACT

from cohort.errors import RangeError, ShapeError, UnknownNameError
from cohort.replicate import (
    Pool,
    TrialSpread,
    follow_pool,
    iterate_replicates,
    replicate_trials,
    simulate_pool,
)
from cohort.trial import load_protocol

TRIAL = load_protocol("sct-md-01")
ARM = "escitalopram 20 mg"
SIZES = {"placebo": 30, ARM: 20}


@pytest.fixture(scope="module")
def pool():
    return simulate_pool(TRIAL, 40, arms=("placebo", ARM))


def replicates(pool, n=40, seed=3, spread=None, **options):
    return replicate_trials(pool, SIZES, n, seed, spread, adverse_events=(), **options)


def test_the_published_numbers_are_those_of_the_patients(pool):
    """Every column once more, patient by patient."""
    chunk = next(iterate_replicates(pool, SIZES, 4, 3))
    arms = replicate_trials(pool, SIZES, 4, 3)
    for arm, size in SIZES.items():
        outcomes, numbers = chunk.arms[arm], arms[arm]
        for replicate in range(4):
            changes, responders, remitters = [], 0, 0
            for lane in range(replicate * size, (replicate + 1) * size):
                seen = outcomes.present[:, lane]
                if not seen[1]:
                    continue
                ratings = outcomes.scores["MADRS"][seen, lane]
                changes.append(ratings[-1] - ratings[0])
                responders += changes[-1] <= -0.5 * ratings[0]
                remitters += ratings[-1] <= 10
            assert numbers.n_randomized[replicate] == size
            assert numbers.n_analyzed[replicate] == len(changes)
            assert numbers.mean_change[replicate] == pytest.approx(np.mean(changes), rel=EXACT)
            assert numbers.sd_change[replicate] == pytest.approx(np.std(changes, ddof=1), rel=EXACT)
            assert numbers.responders[replicate] == responders
            assert numbers.remitters[replicate] == remitters
            lanes = slice(replicate * size, (replicate + 1) * size)
            assert numbers.dropouts[replicate] == np.isfinite(outcomes.left_day[lanes]).sum()
            nausea = np.isfinite(outcomes.onset_day["nausea"][lanes]).sum()
            assert numbers.events["nausea"][replicate] == nausea


def test_replicates_do_not_depend_on_how_many_are_drawn(pool, monkeypatch):
    few, many = replicates(pool, n=3), replicates(pool, n=40)
    assert np.array_equal(few[ARM].mean_change, many[ARM].mean_change[:3])
    monkeypatch.setattr("cohort.replicate.trials._LANES", 60)
    assert np.array_equal(replicates(pool, n=3)[ARM].mean_change, few[ARM].mean_change)
    assert not np.array_equal(replicates(pool, n=3, seed=4)[ARM].mean_change, few[ARM].mean_change)


def test_arms_have_patients_of_their_own_unless_asked(pool):
    apart = next(iterate_replicates(pool, SIZES, 5, 3)).arms
    luck = [set(apart[arm].luck_ids.tolist()) for arm in SIZES]
    assert not luck[0] & luck[1]
    assert len(luck[0]) == 5 * 30
    shared = next(iterate_replicates(pool, {"placebo": 20, ARM: 20}, 5, 3, disjoint=False)).arms
    assert np.array_equal(shared["placebo"].luck_ids, shared[ARM].luck_ids)
    assert np.array_equal(shared["placebo"].scores["MADRS"][0], shared[ARM].scores["MADRS"][0])


def test_a_trial_effect_is_shared_by_the_arms_and_has_its_spread(pool):
    plain = replicates(pool, n=200)
    spread = replicates(pool, n=200, spread=TrialSpread(placebo_sd=6.0))
    moved = {arm: spread[arm].mean_change - plain[arm].mean_change for arm in SIZES}
    assert np.corrcoef(moved["placebo"], moved[ARM])[0, 1] > 0.95
    # MADRS has 1.3 points a point of severity; leavers and the floor of the scale take some
    assert 4.0 < moved["placebo"].std() < 1.3 * 6.0


def test_draws_are_one_a_replicate_and_centred():
    draws = TrialSpread(placebo_sd=2.0, benefit_sd=0.2, dropout_sd_log=0.5).draws(11, 4000)
    assert abs(draws["placebo_shift"].mean()) < 3 * 2.0 / 4000**0.5
    assert abs(draws["placebo_shift"].std() - 2.0) < 0.1
    assert abs(draws["dropout_factor"].mean() - 1.0) < 3 * 0.53 / 4000**0.5
    assert (draws["adverse_dropout_factor"] == 1.0).all()
    known = TrialSpread(benefit_factor=np.array([0.5, 2.0]), weights={"x": np.array([0.1, 0.2])})
    assert known.draws(1, 2)["benefit_factor"].tolist() == [0.5, 2.0]
    assert known.draws(1, 2)["x"].tolist() == [0.1, 0.2]


class _OwnLuck(Pool):
    @property
    def doses_follow_outcomes(self):
        return True


def test_patients_who_keep_their_luck_are_there_once_a_replicate(pool):
    own = _OwnLuck(**{name: getattr(pool, name) for name in Pool.__slots__})
    sizes = {"placebo": 15, ARM: 15}
    arms = next(iterate_replicates(own, sizes, 6, 3)).arms
    drawn = np.concatenate([arms[arm].luck_ids.reshape(6, -1) for arm in sizes], axis=1)
    assert all(len(set(row.tolist())) == 30 for row in drawn)
    assert len({tuple(row) for row in drawn.tolist()}) == 6
    whole = follow_pool(own, ARM)
    lane = int(arms[ARM].luck_ids[0]) - 1
    assert np.array_equal(arms[ARM].scores["MADRS"][:, 0], whole.scores["MADRS"][:, lane])
    with pytest.raises(RangeError, match="Simulate a larger pool"):
        next(iterate_replicates(own, {"placebo": 30, ARM: 30}, 2, 3))


@pytest.mark.parametrize(
    ("sizes", "n", "options", "error", "words"),
    [
        ({}, 3, {}, RangeError, "no arm"),
        ({"placbo": 5}, 3, {}, UnknownNameError, "placebo"),
        ({"placebo": 1}, 3, {}, RangeError, "sizes of 'placebo': 1"),
        ({"placebo": 2.5}, 3, {}, RangeError, "2.5"),
        ({"placebo": 5}, 0, {}, RangeError, "n: 0"),
        ({"placebo": 5}, True, {}, RangeError, "n: True"),
        ({"placebo": 2**20}, 2**13, {}, RangeError, "fewer replicates"),
        ({"placebo": 5}, 3, {"visit": "week 7"}, UnknownNameError, "week 7"),
        ({"placebo": 5}, 3, {"endpoint": "HAMD"}, UnknownNameError, "HAMD17"),
        (
            {"placebo": 5},
            3,
            {"spread": TrialSpread(weights={"x": np.ones(2)})},
            ShapeError,
            "3 replicates",
        ),
    ],
)
def test_nonsense_is_refused(pool, sizes, n, options, error, words):
    with pytest.raises(error, match=words):
        replicate_trials(pool, sizes, n, 1, **options)
