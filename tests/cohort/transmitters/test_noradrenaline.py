"""Noradrenaline: alpha-2 control acutely and over weeks, synthesis, metabolites, loss of cells."""

import numpy as np
import pytest
from chemistry_runs import DAY, ratios
from cohort_tolerances import SETTLED_RTOL

from cohort.chemistry import WHOLE, chemistry_model


@pytest.fixture(scope="module")
def model():
    return chemistry_model(WHOLE)


def test_an_alpha2_antagonist_does_little_alone_and_multiplies_an_uptake_inhibitor(model):
    """Rat cortex: idazoxan nothing, reboxetine 3.4 x, both 16.8 x (Sacchetti 1999)."""
    values = {"net_occupancy": [0.0, 0.95, 0.95], "antagonist_alpha2": [0.95, 0.0, 0.95]}
    (end,) = ratios(model, [(values, 3)], 3)
    level = end["noradrenaline_extracellular"]
    assert level[0] < 1.2
    assert level[1] == pytest.approx(3.4, abs=0.4)
    assert level[2] == pytest.approx(16.8, rel=0.15)


def test_steady_uptake_block_grows_over_two_weeks_and_daily_doses_do_not(model):
    """Minipump 263 % at 2 d, 599 % at 14 d (Invernizzi); once daily no growth (Sacchetti)."""
    block = {"net_occupancy": 0.88}
    two, fourteen = ratios(model, [(block, 2 * DAY), (block, 12 * DAY)])
    assert 2.2 < two["noradrenaline_extracellular"][0] < 3.2
    assert fourteen["noradrenaline_extracellular"][0] > 4.0
    daily = ratios(model, [(block, 6), ({}, 18)] * 13 + [(block, 3)])
    first, last = daily[0], daily[-1]
    name = "noradrenaline_extracellular"
    assert last[name][0] == pytest.approx(first[name][0], rel=0.25)
    assert daily[-2][name][0] == pytest.approx(1, abs=0.1)


def test_an_ssri_lowers_mhpg_in_spinal_fluid(model):
    """-9 % (De Bellis 1993) to -48 % (Sheline 1997)."""
    (end,) = ratios(model, [({"sert_occupancy": 0.8}, 42 * DAY)])
    assert 0.52 < end["mhpg_csf"][0] < 0.93


def test_mao_inhibition_lowers_mhpg_and_spares_dopamine_in_these_terminals(model):
    (end,) = ratios(model, [({"mao_a_inhibition": 0.8}, 14 * DAY)])
    assert end["mhpg_csf"][0] < 0.75
    assert end["noradrenaline_cytosol"][0] > 2
    assert end["noradrenaline_extracellular"][0] > 1.1


def test_loss_of_cells_lowers_mhpg_and_hardly_the_extracellular_level(model):
    shares = np.array([1.0, 0.3])
    (end,) = ratios(model, [({"noradrenaline_terminals": shares}, 60 * DAY)], 2)
    assert end["mhpg_csf"][1] < 0.5
    assert end["noradrenaline_extracellular"][1] > 0.75


def test_stress_drives_locus_coeruleus_through_crh(model):
    (end,) = ratios(model, [({"stress": [1.0, 3.0]}, 6)], 2)
    assert end["noradrenaline_extracellular"][0] == pytest.approx(1, rel=SETTLED_RTOL)
    assert end["noradrenaline_extracellular"][1] > 1.05
