"""Adjusted p values against statsmodels, SciPy, each other and papers."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from cohort.errors import RangeError, ShapeError
from cohort.inference.multiplicity import (
    METHODS,
    bonferroni,
    dunnett,
    fixed_sequence,
    graphical,
    hochberg,
    holm,
)

ROUND_OFF = 1e-12
MONTE_CARLO = 2e-3
"""SciPy integrates by quasi-Monte Carlo; its error at the default number of points."""

P_VALUES = np.random.default_rng(5).uniform(0, 0.3, (4, 50))


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(bonferroni, "bonferroni"), (hochberg, "simes-hochberg")],
)
def test_step_methods_agree_with_statsmodels(ours, theirs):
    expected = np.array([multipletests(p, method=theirs)[1] for p in P_VALUES.T]).T
    assert ours(P_VALUES) == pytest.approx(expected, abs=ROUND_OFF)


def test_holm_is_the_closed_test_by_bonferroni():
    for p in P_VALUES.T:
        closed = np.zeros(4)
        for mask in range(1, 16):
            kept = [j for j in range(4) if mask >> j & 1]
            closed[kept] = np.maximum(closed[kept], min(1.0, len(kept) * p[kept].min()))
        assert holm(p) == pytest.approx(closed, abs=ROUND_OFF)


def test_a_graph_of_equal_weights_is_holm():
    graph = (1 - np.eye(4)) / 3
    assert graphical(P_VALUES, np.full(4, 0.25), graph) == pytest.approx(
        holm(P_VALUES), abs=ROUND_OFF
    )


def test_a_graph_in_a_row_is_the_fixed_sequence():
    chain = np.eye(4, k=1)
    assert graphical(P_VALUES, [1, 0, 0, 0], chain) == pytest.approx(
        fixed_sequence(P_VALUES), abs=ROUND_OFF
    )


def test_a_graph_equals_its_closed_test():
    """The rejections of the sequential graph by its closure: every intersection by its weights."""
    weights = np.array([0.5, 0.5, 0.0, 0.0])
    graph = np.array([[0, 0.5, 0.5, 0], [0.5, 0, 0, 0.5], [0, 1, 0, 0], [1, 0, 0, 0]], dtype=float)
    adjusted = graphical(P_VALUES, weights, graph)
    for column in range(P_VALUES.shape[1]):
        p = P_VALUES[:, column]
        closed = np.zeros(4)
        for mask in range(1, 16):
            kept = [j for j in range(4) if mask >> j & 1]
            w = _intersection_weights(weights, graph, kept)
            local = min((p[j] / w[j] for j in kept if w[j] > 0), default=1.0)
            closed[kept] = np.maximum(closed[kept], min(local, 1.0))
        assert adjusted[:, column] == pytest.approx(closed, abs=ROUND_OFF)


def _intersection_weights(weights, graph, kept):
    w, g = weights.copy(), graph.copy()
    for j in set(range(len(w))) - set(kept):
        new = np.zeros_like(g)
        for a in range(len(w)):
            for b in range(len(w)):
                if a != b and a != j and b != j and g[a, j] * g[j, a] < 1:
                    new[a, b] = (g[a, b] + g[a, j] * g[j, b]) / (1 - g[a, j] * g[j, a])
        w = w + w[j] * g[j]
        w[j] = 0
        g = new
    return w


def test_dunnett_agrees_with_scipy():
    rng = np.random.default_rng(3)
    sizes, control = [25, 40, 30], rng.normal(0, 1, 50)
    arms = [rng.normal(shift, 1, n) for shift, n in zip((0.6, 0.4, 0.1), sizes, strict=True)]
    expected = stats.dunnett(*arms, control=control, rng=np.random.default_rng(1))
    pooled = sum(((x - x.mean()) ** 2).sum() for x in (*arms, control))
    freedom = sum(sizes) + 50 - 4
    t = [
        (x.mean() - control.mean()) / np.sqrt(pooled / freedom * (1 / len(x) + 1 / 50))
        for x in arms
    ]
    assert t == pytest.approx(expected.statistic, abs=ROUND_OFF)
    assert dunnett(t, sizes, 50, freedom) == pytest.approx(expected.pvalue, abs=MONTE_CARLO)


def test_dunnett_of_one_arm_is_student():
    assert dunnett([2.1], [20], 20, 38.0)[0] == pytest.approx(2 * stats.t.sf(2.1, 38), abs=1e-6)
    assert dunnett([2.1], [20], 20, 5.0)[0] == pytest.approx(2 * stats.t.sf(2.1, 5), abs=1e-5)


@pytest.mark.parametrize("name", ["bonferroni", "holm", "hochberg", "fixed_sequence"])
def test_the_family_wise_error_is_held(name):
    """20,000 trials of three arms without effect against one control."""
    rng = np.random.default_rng(11)
    control = rng.standard_normal(20_000)
    z = (rng.standard_normal((3, 20_000)) - control) / np.sqrt(2)
    any_claim = (METHODS[name](2 * stats.norm.sf(np.abs(z))) <= 0.05).any(axis=0)
    interval = stats.binomtest(int(any_claim.sum()), 20_000).proportion_ci(0.99)
    assert interval.low <= 0.05


@pytest.mark.parametrize("method", [bonferroni, holm, hochberg, fixed_sequence])
@pytest.mark.parametrize("nonsense", [[-0.1, 0.5], [0.5, 1.1], [np.nan, 0.1]])
def test_what_is_no_probability_is_refused(method, nonsense):
    with pytest.raises(RangeError, match="numbers from 0 to 1 are allowed"):
        method(nonsense)


def test_no_hypothesis_and_bad_graphs_are_refused():
    with pytest.raises(ShapeError, match="one a hypothesis"):
        holm([])
    with pytest.raises(ShapeError, match="one weight and one row"):
        graphical([0.1, 0.2], [1.0], np.eye(2))
    with pytest.raises(RangeError, match="zero on the diagonal"):
        graphical([0.1, 0.2], [0.5, 0.5], np.eye(2))
    with pytest.raises(RangeError, match="at most 1"):
        graphical([0.1, 0.2], [0.7, 0.7], np.zeros((2, 2)))
    with pytest.raises(RangeError, match="greater than 0"):
        dunnett([1.0], [0], 10, 5.0)
