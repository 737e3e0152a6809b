"""Recovery after a disturbance, against closed forms."""

import numpy as np
import pytest
from cohort_tolerances import PRINTED_THREE_DIGITS

from cohort.errors import RangeError, ShapeError
from cohort.outcomes import recovery_time


def test_an_exponential_recovers_when_its_formula_says():
    hours = np.linspace(0, 100, 2001)
    rates = np.array([0.05, 0.2, 1.0])
    deviation = np.exp(-np.outer(hours, rates))
    exact = np.log(1 / 0.05) / rates
    assert recovery_time(hours, deviation) == pytest.approx(exact, rel=PRINTED_THREE_DIGITS)


def test_what_never_left_is_zero_and_what_stays_out_is_not_a_number():
    hours = np.arange(4.0)
    deviation = np.array([[0.01, 0.5], [0.0, 0.4], [-0.02, 0.3], [0.0, 0.2]])
    found = recovery_time(hours, deviation)
    assert found[0] == 0
    assert np.isnan(found[1])


def test_a_second_swing_counts():
    deviation = [0.3, 0.0, -0.2, 0.0, 0.0]
    assert recovery_time(np.arange(5.0), deviation, tolerance=0.1)[0] == pytest.approx(2.5)


@pytest.mark.parametrize(
    ("hours", "deviation", "tolerance", "error", "message"),
    [
        ([0, 1], [0.1], 0.05, ShapeError, r"\(2,\).*\(1,\)"),
        ([], [], 0.05, ShapeError, "recovery_time"),
        ([1, 0], [0.1, 0.1], 0.05, RangeError, "increase"),
        ([0, 1], [0.1, 0.1], 0.0, RangeError, "tolerance 0.0"),
    ],
)
def test_nonsense_is_refused(hours, deviation, tolerance, error, message):
    with pytest.raises(error, match=message):
        recovery_time(hours, deviation, tolerance)
