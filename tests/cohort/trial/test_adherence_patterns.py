"""Patterns of adherence: how often each is met, and what marks it."""

import numpy as np
import pytest
from scipy import stats

from cohort.trial import Adherence, Protocol, dosing_record, load_protocol
from cohort.trial.adherence import doses_taken

DAY = 86_400
IDS = np.arange(1, 1001)
TIMES = DAY * np.arange(112) + 8 * 3600
WEEKS = [7 * DAY * week for week in (4, 8, 16)]


def taken(ids=IDS, visits=WEEKS, probability=0.7, **shares):
    adherence = Adherence(probability=probability, sd_logit=0.0, patterns=shares)
    return doses_taken(adherence, 11, ids, TIMES, visits)


def lengths_of_gaps(row):
    """Return lengths of runs of missed doses that lie within the trial."""
    edges = np.flatnonzero(np.diff(np.concatenate(([1], row.astype(int), [1]))))
    starts, ends = edges[::2], edges[1::2]
    inner = (starts > 0) & (ends < len(row))
    return (ends - starts)[inner]


def test_patients_are_of_each_pattern_as_often_as_is_said():
    bits = taken(probability=0.0, full="60 %", partial="40 %")
    all_of_them, none = bits.all(axis=0), ~bits.any(axis=0)
    assert (all_of_them | none).all()
    assert stats.binomtest(int(all_of_them.sum()), len(IDS), 0.6).pvalue > 0.001


def test_everybody_partial_is_as_without_patterns():
    plain = doses_taken(Adherence(probability=0.7), 11, IDS, TIMES)
    assert (taken(partial=1.0) == plain).all()


def test_holidays_are_three_to_seven_days_and_as_frequent_as_their_numbers_say():
    bits = taken(holidays=1.0)
    gaps = np.concatenate([lengths_of_gaps(bits[:, lane]) for lane in range(300)])
    assert gaps.min() == 3
    assert np.mean(gaps <= 7) > 0.85  # longer ones are two that meet
    start, kept = 0.0476, 1.0
    for ago in range(7):
        kept *= 1 - start * min(1.0, (7 - ago) / 5)
    share = bits[20:].mean()
    assert share == pytest.approx(kept, abs=0.01)


def test_early_stoppers_take_every_dose_until_they_stop_for_good():
    bits = taken(early_stop=1.0)
    days = bits.sum(axis=0)
    assert (bits == (np.arange(112)[:, None] < days)).all()
    assert days.min() >= 1
    assert (days <= 28).mean() == pytest.approx(1 - np.exp(-28 * 0.0248), abs=0.05)


def test_white_coat_takers_miss_nothing_in_the_days_before_a_visit():
    bits, plain = taken(white_coat=1.0), taken(partial=1.0)
    near = np.zeros(112, bool)
    for visit in WEEKS:
        near[visit // DAY - 3 : visit // DAY] = True
    assert bits[near].all()
    assert (bits[~near] == plain[~near]).all()
    assert not plain[near].all()


def test_a_patient_takes_the_same_doses_whatever_the_block_or_the_drug():
    shares = {"full": 0.2, "partial": 0.2, "holidays": 0.2, "early_stop": 0.2, "white_coat": 0.2}
    some = np.array([999, 5, 77])
    assert (taken(some, **shares) == taken(**shares)[:, some - 1]).all()


def test_the_record_of_a_trial_follows_the_patterns():
    record = load_protocol("sct-md-01").model_dump(mode="json", exclude_none=True)
    stopping = {**record, "adherence": {"patterns": {"early_stop": 1}}}
    counts = dosing_record(Protocol.model_validate(stopping), "escitalopram 10 mg", IDS)
    assert counts.planned.tolist() == [56] * len(IDS)
    assert np.median(counts.taken) == pytest.approx(28, abs=3)
