"""GABA and glutamate: vigabatrin over hours and weeks, vitamin B6, and their balance."""

import pytest
from chemistry_runs import DAY, ratios

from cohort.chemistry import WHOLE, chemistry_model


@pytest.fixture(scope="module")
def model():
    return chemistry_model(WHOLE)


def test_destroyed_transaminase_raises_gaba_and_grows_again_with_its_half_life(model):
    """One dose of vigabatrin: back near rest after 8 days (Petroff 1996)."""
    gone, later = ratios(model, [({"gaba_transaminase_inactivation": 0.5}, 4), ({}, 8 * DAY - 4)])
    assert gone["gaba_transaminase"][0] < 0.2
    assert gone["gaba_total"][0] > 1.3
    assert later["gaba_total"][0] == pytest.approx(1.08, abs=0.05)


def test_chronic_vigabatrin_doubles_brain_gaba(model):
    """2.0 to 2.4 x (Petroff 1996)."""
    (end,) = ratios(model, [({"gaba_transaminase_inactivation": 0.15}, 30 * DAY)])
    assert 2.0 < end["gaba_total"][0] < 2.4
    assert end["excitation_inhibition"][0] < 0.8


def test_a_positive_modulator_lowers_the_index_at_once(model):
    (end,) = ratios(model, [({"gaba_a_modulation": [1.0, 1.5]}, 1)], 2)
    assert end["excitation_inhibition"][1] < 0.75
    assert end["serotonin_firing"][1] < 1


def test_an_nmda_blocker_and_a_release_inhibitor_lower_excitation(model):
    values = {"antagonist_nmda": [0.5, 0.0], "glutamate_release_inhibition": [0.0, 0.3]}
    (end,) = ratios(model, [(values, 12)], 2)
    assert (end["glutamate_tone"] < 0.95).all()


def test_blocked_uptake_raises_gaba_outside_and_not_in_the_store(model):
    (end,) = ratios(model, [({"gat1_occupancy": 0.8}, 2)])
    assert end["gaba_extracellular"][0] > 1.5
    assert end["gaba_total"][0] < 1.05
