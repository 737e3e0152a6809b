"""What a trial claims: the rules by hand, and their error over looks and hypotheses."""

import numpy as np
import pytest
from scipy import stats

from cohort.errors import RangeError, ShapeError
from cohort.inference.decisions import WITH_LOOKS, Plan, Sizes, adjusted_p, decide

N_TRIALS = 40_000


def simulated(drifts, fractions, seed=1):
    """Benefit of arms against one control, by independent increments, (look, arm, trial)."""
    t = np.asarray(fractions)
    steps = np.diff(t, prepend=0.0)[:, None]
    rng = np.random.default_rng(seed)
    paths = [
        np.cumsum(np.sqrt(steps) * rng.standard_normal((len(t), N_TRIALS)), axis=0)
        for _ in range(len(drifts) + 1)
    ]
    z = [(paths[k + 1] - paths[0]) / np.sqrt(2 * t)[:, None] for k in range(len(drifts))]
    z = np.stack(z, axis=1) + np.array(drifts)[:, None] * np.sqrt(t)[:, None, None]
    return z, 2 * stats.norm.sf(np.abs(z))


@pytest.mark.parametrize("multiplicity", [name for name in WITH_LOOKS if name != "none"])
@pytest.mark.parametrize("looks", [(), (0.4,), (0.3, 0.7)])
def test_any_false_claim_is_as_rare_as_the_level_says(multiplicity, looks):
    plan = Plan(multiplicity=multiplicity, looks=looks, futility=0.05)
    z, p = simulated((0.0, 0.0, 0.0), plan.fractions)
    claims = int((decide(z, p, plan).rejected_at > 0).any(axis=0).sum())
    assert stats.binomtest(claims, N_TRIALS).proportion_ci(0.99).low <= 0.05


def test_one_hypothesis_spends_exactly_the_level():
    plan = Plan(looks=(0.5,), spending="pocock")
    z, p = simulated((0.0,), plan.fractions)
    found = decide(z, p, plan)
    assert stats.binomtest(int((found.rejected_at > 0).sum()), N_TRIALS, 0.05).pvalue > 1e-3
    assert stats.binomtest(int(found.is_better.sum()), N_TRIALS, 0.025).pvalue > 1e-3


def test_looks_cost_little_power_and_stop_early():
    z, p = simulated((3.24,), (0.5, 1.0))  # 90 % power at the end
    once = decide(z[1:], p[1:], Plan()).is_better.mean()
    found = decide(z, p, Plan(looks=(0.5,)))
    assert once == pytest.approx(0.90, abs=0.01)
    assert found.is_better.mean() == pytest.approx(once, abs=0.01)
    assert (found.rejected_at == 1).mean() > 0.2


def test_a_sequence_waits_for_the_one_before():
    p = [[0.2, 0.0001], [0.01, 0.5]]
    found = decide(np.full((2, 2), 3.0), p, Plan(multiplicity="fixed_sequence", looks=(0.5,)))
    assert found.rejected_at.tolist() == [2, 2]


def test_what_was_dropped_is_not_claimed_later():
    found = decide([[-0.5], [4.0]], [[0.6], [0.0001]], Plan(looks=(0.5,), futility=0.1))
    assert found.dropped_at.tolist() == [1]
    assert found.rejected_at.tolist() == [0]


def test_a_worse_arm_is_rejected_and_not_better():
    found = decide([[-3.0]], [[0.0027]], Plan())
    assert (found.rejected_at.tolist(), found.is_better.tolist()) == ([1], [False])


def test_dunnett_claims_on_the_side_of_the_critical_value_that_scipy_says():
    law = stats.multivariate_t(shape=(np.eye(3) + 1) / 2, df=60, seed=1)
    below, above = (1 - law.cdf(np.full(3, c), lower_limit=np.full(3, -c)) for c in (2.40, 2.42))
    assert above < 0.05 < below
    sizes = Sizes(n_arm=np.full(3, 16), n_control=np.full(3, 16), freedom=np.full(3, 60.0))
    plan = Plan(multiplicity="dunnett")
    z = np.array([2.40, 2.42, 0.1])
    p = 2 * stats.t.sf(z, 60)
    assert decide([z], [p], plan, sizes).rejected_at.tolist() == [0, 1, 0]
    many = adjusted_p(
        np.stack([z, z[::-1]], axis=1), np.stack([p, p[::-1]], axis=1), plan, sizes_2(sizes)
    )
    alone = adjusted_p(z, p, plan, sizes)
    assert many[:, 0].tolist() == alone.tolist()
    assert many[::-1, 1].tolist() == pytest.approx(alone.tolist(), abs=1e-12)


def test_replicates_claim_by_dunnett_as_each_of_them_alone():
    rng = np.random.default_rng(4)
    z = rng.normal(2.2, 0.6, (3, 6))
    p = 2 * stats.t.sf(np.abs(z), 60)
    sizes = Sizes(
        n_arm=rng.integers(10, 30, (3, 6)),
        n_control=np.full((3, 6), 20),
        freedom=np.full((3, 6), 60.0),
    )
    plan = Plan(multiplicity="dunnett")
    claimed = decide([z], [p], plan, sizes).rejected_at
    assert claimed.tolist() == (adjusted_p(z, p, plan, sizes) <= 0.05).astype(int).tolist()
    assert 0 < claimed.sum() < (p <= 0.05).sum()


def sizes_2(one):
    return Sizes(
        n_arm=np.stack([one.n_arm] * 2, axis=1),
        n_control=np.stack([one.n_control] * 2, axis=1),
        freedom=np.stack([one.freedom] * 2, axis=1),
    )


def test_a_graph_hands_the_level_of_a_claim_on():
    """By hand: the first at 5 %, then all of it to the second."""
    plan = Plan(multiplicity="graphical", weights=(1.0, 0.0), transitions=((0, 1), (0, 0)))
    assert decide([[3.0, 2.5]], [[0.01, 0.04]], plan).rejected_at.tolist() == [1, 1]
    assert decide([[1.0, 2.5]], [[0.06, 0.04]], plan).rejected_at.tolist() == [0, 0]


def test_what_has_no_rule_is_refused():
    with pytest.raises(RangeError, match="Give 'sizes'"):
        decide([[3.0]], [[0.01]], Plan(multiplicity="dunnett"))
    with pytest.raises(RangeError, match="'graphical' with 1 interim looks"):
        Plan(multiplicity="graphical", looks=(0.5,))
    with pytest.raises(RangeError, match="none, bonferroni, holm, fixed_sequence is allowed"):
        Plan(multiplicity="hochberg", looks=(0.5,))
    with pytest.raises(RangeError, match="'sidak'"):
        Plan(multiplicity="sidak")
    with pytest.raises(ShapeError, match="looks first"):
        decide([0.1], [0.1], Plan())
