"""Boundaries against published tables and an independent Monte Carlo."""

import numpy as np
import pytest
from scipy import stats

from cohort.errors import RangeError, ShapeError
from cohort.inference.group_sequential import (
    boundaries,
    conditional_power,
    crossing_probabilities,
    holm_over_looks,
    stop_at_looks,
)

PRINTED = 1.5e-3
"""Tables print three decimals; some programs differ by one in the last."""
N_TRIALS = 100_000


def equal(n_look):
    return [(k + 1) / n_look for k in range(n_look)]


def simulated_z(fractions, drift=0.0, n=N_TRIALS, seed=2):
    """Z values of looks at Brownian motion, by independent increments."""
    t = np.asarray(fractions)
    steps = np.diff(t, prepend=0.0)[:, None]
    rng = np.random.default_rng(seed)
    path = np.cumsum(drift * steps + np.sqrt(steps) * rng.standard_normal((len(t), n)), axis=0)
    return path / np.sqrt(t)[:, None]


# recalled from ldbounds and gsDesign, one-sided 0.025 on each side
LAN_DEMETS = [
    ("obrien_fleming", 2, [2.963, 1.969]),
    ("obrien_fleming", 3, [3.710, 2.511, 1.993]),
    ("obrien_fleming", 5, [4.877, 3.357, 2.680, 2.290, 2.031]),
    ("pocock", 2, [2.157, 2.201]),
    ("pocock", 5, [2.438, 2.427, 2.410, 2.397, 2.386]),
]


@pytest.mark.parametrize(("spending", "n_look", "expected"), LAN_DEMETS)
def test_spending_boundaries_are_the_known_ones(spending, n_look, expected):
    assert boundaries(equal(n_look), 0.05, spending) == pytest.approx(expected, abs=PRINTED)


# recalled from Jennison and Turnbull 2000, tables 2.1 and 2.3, two-sided level 0.05
@pytest.mark.parametrize(("n_look", "constant"), [(2, 2.178), (3, 2.289), (4, 2.361), (5, 2.413)])
def test_pocock_constants_spend_the_level(n_look, constant):
    upper, lower = crossing_probabilities(equal(n_look), np.full(n_look, constant))
    assert upper.sum() + lower.sum() == pytest.approx(0.05, abs=1e-4)


@pytest.mark.parametrize(("n_look", "constant"), [(2, 1.977), (3, 2.004), (4, 2.024), (5, 2.040)])
def test_obrien_fleming_constants_spend_the_level(n_look, constant):
    t = np.array(equal(n_look))
    upper, lower = crossing_probabilities(t, constant / np.sqrt(t))
    assert upper.sum() + lower.sum() == pytest.approx(0.05, abs=1e-4)


@pytest.mark.parametrize("spending", ["obrien_fleming", "pocock"])
def test_simulated_trials_cross_as_often_as_the_recursion_says(spending):
    t = [0.3, 0.55, 1.0]
    bounds = boundaries(t, 0.05, spending)
    for drift in (0.0, 2.8):
        z = simulated_z(t, drift)
        upper, lower = crossing_probabilities(t, bounds, drift)
        first = np.argmax(np.abs(z) >= bounds[:, None], axis=0)
        hit = (np.abs(z) >= bounds[:, None]).any(axis=0)
        for look in range(3):
            for sign, probability in ((1, upper[look]), (-1, lower[look])):
                count = int((hit & (first == look) & (np.sign(z[look]) == sign)).sum())
                assert stats.binomtest(count, N_TRIALS, probability).pvalue > 1e-4


def test_a_single_look_is_the_usual_test():
    assert boundaries([1.0], 0.05)[0] == pytest.approx(stats.norm.isf(0.025), abs=1e-9)
    upper, _ = crossing_probabilities([1.0], [1.96], drift=2.8)
    assert upper[0] == pytest.approx(stats.norm.sf(1.96 - 2.8), abs=1e-12)


def test_a_look_with_nothing_to_spend_is_never_crossed():
    bounds = boundaries([0.01, 1.0], 0.05)
    assert bounds[0] == np.inf
    assert bounds[1] == pytest.approx(stats.norm.isf(0.025), abs=1e-6)


def test_conditional_power_is_the_share_of_simulated_ends():
    t, z, drift = 0.4, 1.1, 2.0
    rng = np.random.default_rng(4)
    rest = drift * (1 - t) + np.sqrt(1 - t) * rng.standard_normal(N_TRIALS)
    reached = int((z * np.sqrt(t) + rest >= 1.97).sum())
    expected = float(conditional_power(z, t, 1.97, drift))
    assert stats.binomtest(reached, N_TRIALS, expected).pvalue > 1e-3


def test_stopping_holds_the_level_and_futility_does_not_raise_it():
    t = [0.5, 1.0]
    bounds = boundaries(t)
    z = simulated_z(t)
    plain = stop_at_looks(z, t, bounds)
    careful = stop_at_looks(z, t, bounds, futility=0.2)
    assert stats.binomtest(int(plain.is_success.sum()), N_TRIALS, 0.025).pvalue > 1e-3
    assert careful.is_success.sum() <= plain.is_success.sum()
    assert careful.is_futile.mean() > 0.5
    assert not (careful.is_success & careful.is_futile).any()
    assert set(np.unique(careful.look[careful.is_futile])) == {1}


def test_holm_over_looks_holds_the_family_under_partial_nulls():
    """Two arms without effect, one with; all against one control."""
    t = [0.5, 1.0]
    control = simulated_z(t, seed=20)
    drifts = (0.0, 0.0, 4.0)
    z = np.stack(
        [
            (simulated_z(t, drift * np.sqrt(2), seed=21 + k) - control) / np.sqrt(2)
            for k, drift in enumerate(drifts)
        ],
        axis=1,
    )
    rejected = holm_over_looks(2 * stats.norm.sf(np.abs(z)), t)
    false_claims = int((rejected[:2] > 0).any(axis=0).sum())
    assert stats.binomtest(false_claims, N_TRIALS).proportion_ci(0.99).low <= 0.05
    assert (rejected[2] > 0).mean() > 0.9


@pytest.mark.parametrize("nonsense", [[], [0.0, 1.0], [0.5, 0.5], [0.5, 1.2], [-1.0], [np.nan]])
def test_looks_that_do_not_rise_to_one_are_refused(nonsense):
    with pytest.raises(RangeError, match="rising shares"):
        boundaries(nonsense)


def test_other_nonsense_is_refused():
    with pytest.raises(RangeError, match="obrien_fleming, pocock"):
        boundaries([1.0], 0.05, "haybittle")
    with pytest.raises(RangeError, match="between 0 and 1"):
        boundaries([1.0], 1.5)
    with pytest.raises(RangeError, match="less than 1"):
        conditional_power(1.0, 1.0, 1.96)
    with pytest.raises(ShapeError, match="one above 0 a look"):
        crossing_probabilities([1.0], [1.0, 2.0])
    with pytest.raises(ShapeError, match="one each a look"):
        stop_at_looks([[1.0]], [0.5, 1.0], [2.0, 2.0])
    with pytest.raises(ShapeError, match="looks first"):
        holm_over_looks([0.1], [1.0])
