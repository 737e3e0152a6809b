"""Acetylcholine: esterase inhibitors, M2 control, choline, and D2 on its cells."""

import numpy as np
import pytest
from chemistry_runs import DAY, ratios, run

from cohort.chemistry import WHOLE, chemistry_model


@pytest.fixture(scope="module")
def model():
    return chemistry_model(WHOLE)


def test_inhibited_esterase_raises_the_level_almost_as_one_over_what_is_left(model):
    """Far below saturation the sink is linear; M2 feedback takes the rest."""
    blocked = np.array([0.4, 0.8, 0.95])
    (end,) = ratios(model, [({"ache_inhibition": blocked}, 2)], 3)
    level = end["acetylcholine_extracellular"]
    assert (level < 1 / (1 - blocked)).all()
    assert (level > 0.6 / (1 - blocked)).all()
    assert (np.diff(level) > 0).all()


def test_an_m2_antagonist_raises_output(model):
    (end,) = ratios(model, [({"antagonist_m2": [0.0, 1.0]}, 2)], 2)
    assert end["acetylcholine_extracellular"][1] > 1.05


def test_a_d2_blocker_raises_striatal_acetylcholine(model):
    """Postsynaptic block takes the restraint of D2 off cholinergic interneurons, weakly here."""
    (end,) = ratios(model, [({"antagonist_dopamine": 0.8}, DAY)])
    assert end["acetylcholine_extracellular"][0] > 1.03


def test_choline_of_blood_reaches_the_terminal_and_hardly_moves_release(model):
    (end,) = ratios(model, [({"choline_supply": [1.0, 2.0]}, DAY)], 2)
    assert end["choline_plasma"][1] == pytest.approx(2)
    assert end["choline_cytosol"][1] > 1.05
    assert end["acetylcholine_extracellular"][1] == pytest.approx(1, abs=0.15)


def test_high_affinity_uptake_carries_most_choline(model):
    (rest,) = run(model, [({}, 1)])
    solved = model.solved({}, 1)
    high = solved["cht_v_max"][0] * 5.0 / 6.0
    low = solved["choline_low_affinity_rate"][0] * rest["choline_extracellular"][0]
    assert high / (high + low) == pytest.approx(0.95)
    assert high + low == pytest.approx(200)
