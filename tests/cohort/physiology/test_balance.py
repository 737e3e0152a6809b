"""Deviation from the set point as an output."""

import numpy as np
import pytest
from chemistry_runs import DAY, draw, run
from cohort_tolerances import ROUND_OFF_RTOL, SETTLED_RTOL

from cohort.chemistry import WHOLE, chemistry_model
from cohort.physiology import balance


def test_everybody_is_balanced_at_rest():
    model = chemistry_model(WHOLE)
    (end,) = run(model, [(draw(model, 20, seed=9), DAY)], 20)
    assert np.abs(end["imbalance"]).max() < SETTLED_RTOL
    assert end["excitation_inhibition"] == pytest.approx(np.ones(20), rel=SETTLED_RTOL)


def test_deviations_are_log_ratios_and_their_root_mean_square():
    model = chemistry_model(WHOLE)
    (end,) = run(model, [({"sert_occupancy": 0.8}, 3 * DAY)])
    names = [name for name in end if name.startswith("deviation_")]
    assert len(names) == 7
    level = end["serotonin_extracellular"] / 0.005
    assert end["deviation_serotonin"] == pytest.approx(np.log(level), rel=1e3 * ROUND_OFF_RTOL)
    mean_square = sum(end[name] ** 2 for name in names) / 7
    assert end["imbalance"] == pytest.approx(np.sqrt(mean_square), rel=1e3 * ROUND_OFF_RTOL)


def test_nothing_to_compare_is_no_imbalance():
    assert balance([]).rules["imbalance"].expression == 0
