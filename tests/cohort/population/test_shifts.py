"""Shifted parameters: a lognormal cut off at bounds, correlated with severity, keyed by patient."""

import numpy as np
import pytest
from cohort_population_tolerances import QUANTILE_RELATIVE, STANDARD_ERRORS
from scipy.stats import norm

from cohort.conditions import Shift
from cohort.errors import RangeError, ShapeError, UnknownNameError
from cohort.model import assemble
from cohort.population import sample_parameters, shift_values
from cohort.transmitters.dopamine import dopamine

MODEL = assemble("brain", [dopamine()])
IDS = np.arange(20_000)
NONE = np.zeros(len(IDS))


def number(value):
    return {"value": value, "mark": "design", "source": "example"}


def shift(parameter, **numbers):
    return Shift(parameter=parameter, **{name: number(value) for name, value in numbers.items()})


def only(one, severity=NONE, ids=IDS, seed=7):
    return shift_values(ids, seed, (one,), MODEL, severity)[one.parameter]


def test_without_a_spread_all_patients_are_alike():
    assert set(only(shift("dopamine_terminals", factor=0.5))) == {0.5}
    # 2.65 uM at rest: a factor multiplies, a value replaces, in whatever unit it is written
    assert set(only(shift("dopamine_cytosol_baseline", factor=2.0))) == {5.3}
    half = only(shift("dopamine_cytosol_baseline", value="500 nM"))
    assert half == pytest.approx(0.5, rel=QUANTILE_RELATIVE)


def test_a_spread_is_lognormal_about_the_median():
    logs = np.log(only(shift("th_capacity", factor=1.2, sd_log=0.3)) / 1.2)
    error = 0.3 / np.sqrt(len(IDS))
    assert abs(logs.mean()) < STANDARD_ERRORS * error
    assert abs(logs.std() - 0.3) < STANDARD_ERRORS * error / np.sqrt(2)


def test_bounds_cut_the_distribution_off_without_a_heap_at_the_end():
    # one in five of a lognormal with median 0.7 and spread 0.4 is above 1; the rest keeps its shape
    values = only(shift("dopamine_terminals", factor=0.7, sd_log=0.4))
    assert values.max() < 1.0
    edge = np.log(1 / 0.7) / 0.4
    below_median = 0.5 / norm.cdf(edge)
    error = np.sqrt(below_median * (1 - below_median) / len(IDS))
    assert abs((values < 0.7).mean() - below_median) < STANDARD_ERRORS * error


@pytest.mark.parametrize("rho", [-0.6, 0.3])
def test_the_correlation_with_severity_is_as_stated(rho):
    severity = np.random.default_rng(1).normal(size=len(IDS))
    one = shift("th_capacity", factor=0.8, sd_log=0.3, severity_correlation=rho)
    found = np.corrcoef(np.log(only(one, severity)), severity)[0, 1]
    assert abs(found - rho) < STANDARD_ERRORS * (1 - rho**2) / np.sqrt(len(IDS))


def test_a_patient_is_as_far_gone_whoever_stands_beside():
    one = shift("dopamine_terminals", factor=0.7, sd_log=0.4)
    few = np.array([17, 3])
    assert np.array_equal(only(one, NONE[:2], few), only(one)[few])
    assert not np.array_equal(only(one, NONE[:2], few, seed=8), only(one)[few])
    other = only(shift("th_capacity", factor=0.7, sd_log=0.4))  # another number, other luck
    assert abs(np.corrcoef(other, only(one))[0, 1]) < STANDARD_ERRORS / np.sqrt(len(IDS))


def test_typical_values_take_the_place_of_the_reference_and_leave_the_rest():
    ids = np.arange(500)
    usual = sample_parameters(ids, 7, MODEL)
    moved = sample_parameters(
        ids,
        7,
        MODEL,
        typical={
            "dopamine_terminals": np.full(500, 0.5),
            "dopamine_release_flux": np.full(500, 40.5),
        },
    )
    assert set(moved.values["dopamine_terminals"]) == {0.5}
    assert "dopamine_terminals" not in usual.values
    ratio = moved.values["dopamine_release_flux"] / usual.values["dopamine_release_flux"]
    same = moved.redraws == usual.redraws
    assert ratio[same] == pytest.approx(0.5)  # 81 uM/h halved; the patient's own spread is kept
    for name in ("dopamine_vesicle_baseline", "adaptation_time_d2"):
        assert np.array_equal(moved.values[name][same], usual.values[name][same])


def test_nonsense_is_refused():
    with pytest.raises(UnknownNameError, match="Did you mean 'dopamine_terminals'"):
        only(shift("dopamine_terminal", factor=0.5))
    with pytest.raises(RangeError, match=r"100 times.*Lower sd_log"):
        only(
            shift("dopamine_terminals", factor=0.99, sd_log=0.5, severity_correlation=0.9), NONE + 9
        )
    with pytest.raises(ShapeError, match="typical value of 'th_capacity'"):
        sample_parameters(IDS[:3], 7, MODEL, typical={"th_capacity": np.ones(2)})
    with pytest.raises(UnknownNameError):
        sample_parameters(IDS[:3], 7, MODEL, typical={"th_capacty": np.ones(3)})
