"""What blood and urine show, and what they do not."""

import numpy as np
import pytest
from chemistry_runs import DAY, draw, ratios, run

from cohort.chemistry import WHOLE, chemistry_model


@pytest.fixture(scope="module")
def model():
    return chemistry_model(WHOLE)


def test_an_ssri_empties_platelets_and_hardly_touches_urine(model):
    (end,) = ratios(model, [({"sert_occupancy": 0.9}, 28 * DAY)])
    assert end["serotonin_platelet"][0] < 0.25
    assert end["urine_hiaa"][0] > 0.95
    assert end["hiaa_csf"][0] < 0.65


def test_a_brain_that_makes_half_the_serotonin_is_not_seen_in_urine(model):
    (end,) = ratios(model, [({"tph_capacity": 0.5}, 60 * DAY)])
    assert end["hiaa_brain"][0] < 0.75
    assert end["urine_hiaa"][0] > 0.97


def test_blocked_hydroxylase_lowers_plasma_metabolites_as_measured(model):
    """AMPT over 25 h: plasma HVA -71 (11) %, MHPG -53 (7) % (Verhoeff 2001)."""
    (end,) = ratios(model, [({"th_inhibition": 0.8}, 26)])
    assert 100 * (1 - end["hva_plasma"][0]) == pytest.approx(71, abs=11)
    assert 100 * (1 - end["mhpg_plasma"][0]) == pytest.approx(53, abs=7)


def test_urine_follows_the_gut_between_people_and_not_the_brain(model):
    values = draw(model, 1000, seed=8)
    (end,) = run(model, [(values, 1)], 1000)
    gut = np.corrcoef(np.log(end["urine_hiaa"]), np.log(end["serotonin_gut"]))[0, 1]
    brain = np.corrcoef(np.log(end["urine_hiaa"]), np.log(end["serotonin_extracellular"]))[0, 1]
    assert gut > 0.8
    assert abs(brain) < 0.1


def test_free_cortisol_in_urine_rises_steeply_once_its_globulin_is_full(model):
    (end,) = ratios(model, [({"stress": [1.0, 3.0, 30.0]}, 2 * DAY)], 3)
    cortisol, urine = end["cortisol"], end["urine_cortisol"]
    assert cortisol[1] < 3.2 < cortisol[2]
    assert urine[1] == pytest.approx(cortisol[1])
    assert urine[2] > 1.2 * cortisol[2]
