"""Normal quantiles against SciPy."""

import numpy as np
import pytest
from cohort_population_tolerances import QUANTILE_RELATIVE
from scipy.special import ndtri

from cohort.errors import RangeError
from cohort.population import normal_quantile, uniforms

ENDS = [5e-324, 1e-300, 2.0**-53, 1.3e-11, 1.4e-11, 0.075, 0.5, 0.925, 1 - 2.0**-53]


def test_quantiles_agree_with_scipy_in_centre_middle_and_tail():
    logs = np.linspace(-700, -0.7, 20_001)
    given = np.concatenate([ENDS, np.exp(logs), 1 - np.exp(logs[logs > -36])])
    np.testing.assert_allclose(normal_quantile(given), ndtri(given), rtol=QUANTILE_RELATIVE)


def test_draws_agree_with_scipy():
    given = uniforms(3, np.arange(100_000), "normal")
    np.testing.assert_allclose(normal_quantile(given), ndtri(given), rtol=QUANTILE_RELATIVE)


def test_quantiles_are_odd_and_rise():
    given = np.linspace(1, 4095, 4095) / 4096
    found = normal_quantile(given)
    assert np.array_equal(found, -found[::-1])
    assert (np.diff(found) > 0).all()


def test_shape_is_kept_and_no_values_give_none():
    assert normal_quantile(np.full((3, 2), 0.5)).shape == (3, 2)
    assert normal_quantile(np.array(0.5)).shape == ()
    assert normal_quantile(np.zeros((0, 4))).shape == (0, 4)


@pytest.mark.parametrize("given", [0.0, 1.0, -0.1, np.nan, np.inf])
def test_values_that_are_no_open_probability_are_refused(given):
    with pytest.raises(RangeError, match="strictly between 0 and 1"):
        normal_quantile(np.array([0.5, given]))
