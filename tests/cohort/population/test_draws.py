"""Keyed random numbers: distribution, independence of order, block and process, refused inputs."""

import subprocess
import sys

import numpy as np
import pytest
from cohort_population_tolerances import SMALLEST_P, STANDARD_ERRORS
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cohort.errors import CohortError, RangeError, ShapeError
from cohort.population import categorical, exponentials, lognormals, normals, uniforms

IDS = np.arange(100_000)
DECISIONS = ("parameter:cl", "parameter:v_c", "adherence", "adherencf", "a")
# Computed once with plain Python integers: a change here changes every trial that was ever run.
PINNED = {
    (0, 0, "person", 0): "0x1.76c76dce58d46p-2",
    (7, 17, "person", 0): "0x1.dd5e11b6694fbp-1",
    (2**64 - 1, 2**32 - 1, "allele:cyp2d6:mother", 3): "0x1.20e799b081715p-1",
}


def test_numbers_never_change_between_versions():
    found = {
        (seed, patient, decision, draw): float(uniforms(seed, [patient], decision, draw)[0]).hex()
        for seed, patient, decision, draw in PINNED
    }
    assert found == PINNED


@pytest.mark.parametrize("decision", DECISIONS)
def test_uniforms_are_uniform_over_patients(decision):
    assert stats.kstest(uniforms(11, IDS, decision), "uniform").pvalue > SMALLEST_P


def test_uniforms_are_uniform_over_draws_and_seeds():
    assert stats.kstest(uniforms(11, 5, "day", IDS), "uniform").pvalue > SMALLEST_P
    over_seeds = [float(uniforms(seed, 5, "day")) for seed in range(5000)]
    assert stats.kstest(over_seeds, "uniform").pvalue > SMALLEST_P


def test_low_bits_are_uniform_too():
    low = np.bincount(((uniforms(11, IDS, "bits") * 2.0**52) % 16).astype(int), minlength=16)
    assert stats.chisquare(low).pvalue > SMALLEST_P


def test_other_distributions_follow_theirs():
    assert stats.kstest(normals(11, IDS, "n"), "norm").pvalue > SMALLEST_P
    assert stats.kstest(exponentials(11, IDS, "e"), "expon").pvalue > SMALLEST_P
    sample = lognormals(11, IDS, "l", median=3.0, sd_log=0.4)
    assert stats.kstest(sample, stats.lognorm(0.4, scale=3.0).cdf).pvalue > SMALLEST_P


@pytest.mark.parametrize("other", [{"decision": "adherencf"}, {"draw": 1}, {"seed": 12}])
def test_other_decisions_draws_and_seeds_are_independent(other):
    usual = {"seed": 11, "patient_ids": IDS, "decision": "adherence", "draw": 0}
    one, two = normals(**usual), normals(**{**usual, **other})
    assert abs(np.corrcoef(one, two)[0, 1]) < STANDARD_ERRORS / np.sqrt(len(IDS))
    assert not (one == two).any()
    # squares and a joint histogram see dependence that a correlation cannot
    joint = np.histogram2d(uniforms(**usual), uniforms(**{**usual, **other}), bins=10)[0]
    assert stats.chisquare(joint.ravel()).pvalue > SMALLEST_P


def test_neighbouring_patients_are_independent():
    sample = normals(11, IDS, "adherence")
    assert abs(np.corrcoef(sample[:-1], sample[1:])[0, 1]) < STANDARD_ERRORS / np.sqrt(len(IDS))


@given(
    ids=st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=20),
    seed=st.integers(0, 2**64 - 1),
    decision=st.text(min_size=1),
    draw=st.integers(0, 2**32 - 1),
)
@settings(max_examples=50, deadline=None)
def test_a_patient_keeps_the_number_in_any_block_and_order(ids, seed, decision, draw):
    together = normals(seed, ids, decision, draw)
    assert np.array_equal(together[::-1], normals(seed, ids[::-1], decision, draw))
    alone = [float(normals(seed, [patient], decision, draw)[0]) for patient in ids]
    assert together.tolist() == alone


def test_days_broadcast_with_patients():
    days = np.arange(56)[:, None]
    bits = uniforms(11, np.arange(30), "adherence", days)
    assert bits.shape == (56, 30)
    assert np.array_equal(bits[9], uniforms(11, np.arange(30), "adherence", 9))
    assert np.array_equal(bits[:, 4], uniforms(11, 4, "adherence", days[:, 0]))


def test_numbers_lie_strictly_between_zero_and_one():
    sample = uniforms(11, np.arange(1_000_000), "ends")
    assert 0 < sample.min() < 1e-5
    assert 1 - 1e-5 < sample.max() < 1
    assert np.array_equal(1 - (1 - sample), sample)


@pytest.mark.parametrize("hash_seed", ["0", "1"])
def test_another_process_draws_the_same_bits(hash_seed):
    code = (
        "import numpy as np; from cohort.population import normals;"
        "print(normals(11, np.arange(1000), 'parameter:cl').tobytes().hex())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONHASHSEED": hash_seed, "PYTHONPATH": ":".join(sys.path)},
    )
    assert done.stdout.strip() == normals(11, np.arange(1000), "parameter:cl").tobytes().hex()


def test_categories_come_in_their_shares():
    shares = [0.1, 0.0, 0.6, 0.3]
    counts = np.bincount(categorical(11, IDS, "c", shares), minlength=4)
    assert counts[1] == 0
    assert stats.chisquare(counts[[0, 2, 3]], np.array(shares)[[0, 2, 3]] * len(IDS)).pvalue > 1e-4


def test_categories_by_patient_agree_with_shared_ones():
    shares = np.array([0.1, 0.0, 0.6, 0.3])
    by_patient = np.repeat(shares[:, None], len(IDS), axis=1)
    assert np.array_equal(categorical(11, IDS, "c", shares), categorical(11, IDS, "c", by_patient))


def test_a_last_category_of_no_share_never_comes():
    assert categorical(11, IDS, "c", [0.3, 0.7, 0.0]).max() == 1


BAD_NUMBERS = [-1, 1.5, "x", None, np.nan, [0.5], 2**32, True]


@pytest.mark.parametrize("bad", [-1, 2**64, 1.5, "x", None, True])
def test_a_seed_that_is_none_is_refused(bad):
    with pytest.raises(RangeError, match=r"draws, seed: .*2\^64"):
        uniforms(bad, [1], "d")


@pytest.mark.parametrize("bad", BAD_NUMBERS)
@pytest.mark.parametrize("name", ["patient_ids", "draw"])
def test_ids_and_draws_out_of_range_are_refused(name, bad):
    arguments = {"patient_ids": [1], "draw": 0, name: bad}
    with pytest.raises(RangeError, match=rf"draws, {name}: .*2\^32"):
        uniforms(1, decision="d", **arguments)


@pytest.mark.parametrize("bad", ["", None, 3, b"d"])
def test_a_decision_without_a_name_is_refused(bad):
    with pytest.raises(RangeError, match="draws, decision"):
        uniforms(1, [1], bad)


def test_shapes_that_do_not_broadcast_are_refused():
    with pytest.raises(ShapeError, match=r"Put days on a leading axis"):
        uniforms(1, np.arange(3), "d", np.arange(4))


@pytest.mark.parametrize(
    "shares", [[0.5, 0.6], [-0.1, 1.1], [np.nan, 1.0], [], 1.0, [[0.5], [0.6]], [[0.5, 0.5]] * 2]
)
def test_shares_that_are_no_distribution_are_refused(shares):
    with pytest.raises(CohortError, match="categorical: probabilities"):
        categorical(1, [1], "d", shares)


@pytest.mark.parametrize("bad", [{"sd_log": -1.0}, {"sd_log": np.nan}, {"median": 0.0}])
def test_a_lognormal_that_is_none_is_refused(bad):
    with pytest.raises(RangeError, match="lognormals: median"):
        lognormals(1, [1], "d", **{"sd_log": 0.1, **bad})
