"""Randomisation in permuted blocks within strata: who comes to which arm."""

import numpy as np
import pytest
from scipy import stats

from cohort.simulate import simulate
from cohort.trial import Protocol, allocate, load_protocol, stratum_labels

PACKAGED = load_protocol("sct-md-01").model_dump(mode="json", exclude_none=True)
DRUG = {"drug": "citalopram", "dose": "40 mg"}  # the packaged trial's compounds and equations
STRATA = ["sex == 'M'", "baseline >= 30"]


def trial(sizes=(120, 120), **rule):
    arms = [
        {"name": f"arm {position}", "control": not position, "patients": size, "regimens": [DRUG]}
        for position, size in enumerate(sizes)
    ]
    record = {**PACKAGED, "arms": arms, "published": [], "randomisation": rule}
    return Protocol.model_validate(record)


def arms_of(protocol):
    """Return the arm of every patient, in the order in which they come."""
    found = [allocate(protocol, arm.name) for arm in protocol.arms]
    arms = np.full(sum(map(len, found)), -1)
    for position, ids in enumerate(found):
        assert (np.diff(ids) > 0).all()
        arms[ids - 1] = position
    assert (arms >= 0).all()  # everybody once
    return arms


def test_every_block_has_the_ratio():
    arms = arms_of(trial(sizes=(80, 40), ratio=[2, 1], block=6)).reshape(-1, 6)
    assert (arms.sum(axis=1) == 2).all()
    assert len({tuple(block) for block in arms.tolist()}) > 8  # of 15


def test_strata_are_balanced_each_by_its_own_blocks():
    protocol = trial(strata=STRATA, block=4)
    arms, labels = arms_of(protocol), stratum_labels(protocol, np.arange(1, 241))
    assert len(set(labels)) == 4
    for label in set(labels):
        own = arms[labels == label]
        counts = np.cumsum(2 * own - 1)
        assert np.abs(counts).max() <= 2
        assert (counts[3::4] == 0).all()
    # without strata the same blocks do not balance them
    loose = arms_of(trial(block=4))
    assert loose.tolist() != arms.tolist()


def test_strata_are_what_the_patients_of_the_simulation_are():
    protocol = trial(sizes=(8, 8), strata=STRATA)
    for arm in protocol.arms:
        ids = allocate(protocol, arm.name)
        tables = simulate(protocol, arm.name, ids)
        subjects, scores = tables["adsl"], tables["adqs"]
        base = scores["is_baseline"] & (scores["endpoint"] == protocol.primary_endpoint)
        high = scores["value"][base] >= 30
        expected = [
            f"sex == 'M': {'Y' if sex == 'M' else 'N'}; baseline >= 30: {'Y' if up else 'N'}"
            for sex, up in zip(subjects["sex"], high, strict=True)
        ]
        assert subjects["stratum"].tolist() == expected


def test_all_orders_of_a_block_are_equally_likely():
    arms = arms_of(trial(sizes=(1200, 1200), block=4)).reshape(-1, 4)
    codes = arms @ (2 ** np.arange(4))
    _, counts = np.unique(codes, return_counts=True)
    assert len(counts) == 6
    assert stats.chisquare(counts).pvalue > 0.001


def test_another_seed_randomises_otherwise_and_the_same_the_same():
    one = trial(strata=STRATA)
    other = one.model_copy(update={"seed": one.seed + 1})
    assert arms_of(one).tolist() == arms_of(trial(strata=STRATA)).tolist()
    assert arms_of(one).tolist() != arms_of(other).tolist()


def test_sizes_are_near_those_of_the_protocol():
    protocol = trial(sizes=(127, 124), strata=STRATA)
    sizes = [len(allocate(protocol, arm.name)) for arm in protocol.arms]
    assert sum(sizes) == 251
    assert sizes[0] == pytest.approx(125.5, abs=8)


def test_without_randomisation_there_are_no_strata():
    assert stratum_labels(load_protocol("sct-md-01"), np.array([1, 2])).tolist() == ["", ""]
