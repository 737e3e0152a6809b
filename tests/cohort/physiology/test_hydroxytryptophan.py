"""Swallowed 5-HTP against the closed forms of one compartment, and what it does to serotonin."""

import numpy as np
import pytest
from cohort_tolerances import SOLVER_ATOL, SOLVER_RTOL

from cohort.chemistry import chemistry_model
from kernels import Schedule, Solver, Stream, integrate

HOUR = 3600
UMOL_PER_MG = 1e3 / 220.2
SOLVER = Solver(rtol=SOLVER_RTOL, atol=SOLVER_ATOL)
MODEL = chemistry_model(("hydroxytryptophan", "serotonin"))


def swallow(dose_mg, activity, hours):
    times = np.array([HOUR])
    dose = Stream(name="5-HTP", target="htp_gut", times=times, amounts=np.array([dose_mg]))
    saves = np.arange(0, hours * HOUR + 1, HOUR // 20)
    schedule = Schedule(t0=0, t1=hours * HOUR, streams=(dose,))
    lanes = MODEL.lanes({"aadc_activity": activity}, 1)
    solution = integrate(MODEL.system, lanes, schedule, saves, SOLVER)
    assert not solution.codes.any()
    return {name: solution[name][:, 0] for name in MODEL.system.observables}, saves / HOUR


@pytest.mark.parametrize(("activity", "share"), [(1.0, 1 / 6), (0.1, 1 / 1.5), (0.0, 1.0)])
def test_exposure_is_what_passes_the_wall_over_clearance(activity, share):
    seen, hours = swallow(200.0, activity, 96)
    clearance = 18.0 * (0.3 + 0.7 * activity)
    area = np.trapezoid(seen["htp_plasma"], hours)
    assert area == pytest.approx(share * 200 * UMOL_PER_MG / clearance, rel=1e-3)


def test_half_lives_are_those_that_were_entered():
    """1.6 h without inhibitor, 4.3 h with a tenth of the enzyme at work: entered, not predicted."""
    for activity, low, high in ((1.0, 1.5, 1.8), (0.1, 4.0, 4.7)):
        rate = 18.0 / 42.0 * (0.3 + 0.7 * activity)
        assert low < np.log(2) / rate < high


def test_an_inhibitor_raises_plasma_5_to_15_fold():
    """Magnussen 1981."""
    alone, helped = (swallow(200.0, activity, 48)[0]["htp_plasma"] for activity in (1.0, 0.1))
    assert 5 < helped.max() / alone.max() < 15


def test_it_raises_serotonin_and_its_metabolite_and_both_come_back():
    seen, _ = swallow(200.0, 0.1, 14 * 24)
    assert seen["serotonin_extracellular"].max() > 1.1 * 0.005
    assert seen["hiaa_csf"].max() > 1.3 * 0.125
    assert seen["hiaa_csf"][-1] == pytest.approx(0.125, rel=0.01)


def test_none_swallowed_changes_nothing():
    seen, _ = swallow(0.0, 0.1, 24)
    assert not seen["htp_plasma"].any()
    assert seen["hiaa_csf"] == pytest.approx(0.125, rel=1e-9)
