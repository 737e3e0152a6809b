"""Histamine: H3 control and its restraint on serotonin."""

import pytest
from chemistry_runs import ratios

from cohort.chemistry import chemistry_model


@pytest.fixture(scope="module")
def model():
    return chemistry_model(("serotonin", "histamine"))


def test_an_h3_antagonist_raises_histamine(model):
    (end,) = ratios(model, [({"antagonist_h3": 0.9}, 2)])
    assert end["histamine_extracellular"][0] > 1.2


def test_histamine_restrains_serotonin_release(model):
    (end,) = ratios(model, [({"afferent_firing_histamine": [1.0, 3.0]}, 2)], 2)
    assert end["histamine_extracellular"][1] > 1.4
    assert end["serotonin_extracellular"][1] < 0.995


def test_an_h1_blocker_lowers_tone_and_not_the_level(model):
    (end,) = ratios(model, [({"antagonist_h1": 0.8}, 2)])
    assert end["histamine_tone"][0] == pytest.approx(0.2, rel=0.05)
    assert end["histamine_extracellular"][0] == pytest.approx(1, abs=0.02)
