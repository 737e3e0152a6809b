"""A lead-in on placebo: who is dropped, and what is left of the course on placebo after it."""

import numpy as np
import pytest
from scipy import stats

from cohort.conditions import load_condition
from cohort.errors import CohortError
from cohort.outcomes import PlaceboLeadIn, TrialVariation, enter_trial, start_course
from cohort.outcomes.lead_in import candidate_seed

CONDITION = load_condition("major_depression")
IDS = np.arange(1, 3001)
WEEK = PlaceboLeadIn(days=7.0, drop_fall=0.2)
OPEN = PlaceboLeadIn(days=7.0, entry_again=False)


def severity(lead_in, ids=IDS):
    return start_course(ids, 7, CONDITION, (), lead_in).severity


def at(one, day):
    return one.at(day, np.zeros(len(one.baseline)), CONDITION, 0.0)


def test_a_lead_in_that_keeps_everybody_moves_the_clock_of_the_course_on_placebo():
    plain, led = severity(None), severity(OPEN)
    above = at(plain, 70.0) > 0
    for day in (0.0, 14.0, 56.0):
        assert np.allclose(at(led, day)[above], at(plain, day + 7.0)[above], rtol=0, atol=1e-10)
    assert led.placebo_factor.tolist() == plain.placebo_factor.tolist()


def test_who_improves_is_replaced_and_those_who_stay_respond_less():
    entered = enter_trial(IDS, 7, CONDITION, WEEK)
    first = enter_trial(IDS, 7, CONDITION, None)
    stayed = entered.dropped == 0
    assert 0.2 < stayed.mean() < 0.8
    assert entered.screened[stayed].tolist() == first.baseline[stayed].tolist()
    assert entered.placebo[stayed].tolist() == first.placebo[stayed].tolist()
    assert (entered.screened[~stayed] != first.baseline[~stayed]).all()
    # candidates are alike: whoever is let in at first or later is drawn from the same people
    pair = entered.placebo[stayed], entered.placebo[~stayed]
    assert stats.ks_2samp(*pair).pvalue > 0.001
    assert stats.ks_2samp(first.placebo, entered.placebo).pvalue < 1e-6
    assert entered.placebo.mean() < -0.2


def test_the_number_of_candidates_of_a_place_is_geometric():
    dropped = enter_trial(IDS, 7, CONDITION, WEEK).dropped
    share = dropped.sum() / (dropped.sum() + len(IDS))
    expected = len(IDS) * (1 - share) * share ** np.arange(4)
    counts = np.bincount(np.minimum(dropped, 4), minlength=5)
    rest = len(IDS) - expected.sum()
    assert stats.chisquare(counts, [*expected, rest], ddof=1).pvalue > 0.001


def test_a_place_has_the_same_patient_whatever_the_block():
    some = np.array([2999, 5, 77])
    part, whole = severity(WEEK, some), severity(WEEK)
    assert part.baseline.tolist() == whole.baseline[some - 1].tolist()
    assert part.placebo_factor.tolist() == whole.placebo_factor[some - 1].tolist()


def test_the_baseline_of_a_course_is_that_after_the_lead_in():
    course = start_course(IDS[:50], 7, CONDITION, (), WEEK)
    entered = enter_trial(IDS[:50], 7, CONDITION, WEEK)
    latent = course.latent(CONDITION, TrialVariation())
    assert latent.tolist() == course.severity.baseline.tolist() == entered.baseline.tolist()


def test_candidates_have_seeds_of_their_own():
    seeds = {candidate_seed(2**63 - 1, candidate) for candidate in range(200)}
    assert len(seeds) == 200
    assert all(0 <= seed < 2**64 for seed in seeds)


def test_a_lead_in_that_hardly_anybody_passes_is_refused(monkeypatch):
    monkeypatch.setattr("cohort.outcomes.lead_in._MOST_CANDIDATES", 10)
    hopeless = PlaceboLeadIn(days=84.0, drop_fall=0.001)
    with pytest.raises(CohortError, match="candidates of one place were dropped in it"):
        enter_trial(IDS[:300], 7, CONDITION, hopeless)
