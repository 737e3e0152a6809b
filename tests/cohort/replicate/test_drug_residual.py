"""The residual of a drug: one number a drug and replicate, whatever the arm."""

import numpy as np
import pytest

from cohort.errors import UnknownNameError
from cohort.replicate import TrialSpread, drug_residuals, residual_of

N = 4000


def test_residuals_are_standard_normal_and_those_of_two_drugs_independent():
    one, other = (drug_residuals([name], N, 7) for name in ("sertraline", "duloxetine"))
    for drawn in (one, other):
        assert abs(drawn.mean()) < 3 / N**0.5
        assert drawn.std() == pytest.approx(1.0, abs=3 / (2 * N) ** 0.5)
    assert abs(np.corrcoef(one, other)[0, 1]) < 3 / N**0.5
    assert not np.array_equal(one, drug_residuals(["sertraline"], N, 8))
    assert np.array_equal(one[:10], drug_residuals(["sertraline"], 10, 7))


def test_drugs_together_are_known_no_better_than_one():
    both = drug_residuals(["sertraline", "mirtazapine"], N, 7)
    assert both.std() == pytest.approx(1.0, abs=3 / (2 * N) ** 0.5)
    # half of its variance is that of each
    shared = np.corrcoef(both, drug_residuals(["sertraline"], N, 7))[0, 1]
    assert shared == pytest.approx(0.5**0.5, abs=0.05)
    twice = drug_residuals(["sertraline", "sertraline"], 5, 7)
    assert np.array_equal(twice, drug_residuals(["sertraline"], 5, 7))


def test_products_of_the_same_compounds_share_a_residual():
    assert residual_of("ropinirole") == residual_of("ropinirole_prolonged")
    assert residual_of("levodopa") != residual_of("levodopa_carbidopa")


def test_a_spread_multiplies_the_residual_into_the_benefit_and_never_below_nothing():
    drawn = TrialSpread(drug_sd=0.8, drugs=("sertraline",)).draws(7, N)["benefit_factor"]
    expected = 1.0 + 0.8 * drug_residuals(["sertraline"], N, 7)
    assert drawn == pytest.approx(np.maximum(expected, 0.0))
    assert (drawn == 0.0).any()
    assert (TrialSpread(drug_sd=0.8).draws(7, 5)["benefit_factor"] == 1.0).all()
    known = TrialSpread(drug_sd=0.8, drugs=("sertraline",), benefit_factor=np.full(N, 2.0))
    assert known.draws(7, N)["benefit_factor"] == pytest.approx(2.0 * drawn)


def test_an_unknown_drug_is_named():
    with pytest.raises(UnknownNameError, match="sertraline"):
        TrialSpread(drug_sd=0.3, drugs=("sertralin",)).draws(7, 5)
