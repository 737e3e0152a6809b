"""Item sums against the graded response model written out, and against what scales declare."""

import itertools

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import kstest, norm

from cohort.errors import RangeError
from cohort.scales import item_model, load_scale, scale_names, score, score_items

SCALES = [name for name in scale_names() if load_scale(name).items is not None]


def model_of(scale):
    at = scale.items.noise_at.number("1")
    return item_model(scale.items.highest, scale.noise_sd.number("1"), at)


@pytest.mark.parametrize("name", SCALES)
def test_noise_is_the_declared_one_at_its_score_and_vanishes_at_both_ends(name):
    scale = load_scale(name)
    model, top = model_of(scale), scale.maximum - scale.minimum
    at, noise = scale.items.noise_at.number("1"), scale.noise_sd.number("1")
    mean, sd = model.moments(model.level(np.array([0.0, at, top])))
    assert mean == pytest.approx([0.0, at, top], abs=1e-3)
    assert sd == pytest.approx([0.0, noise, 0.0], abs=0.01)
    assert sd[1] == pytest.approx(noise, rel=1e-4)


def test_moments_are_those_of_all_patterns_of_answers():
    model = item_model((2, 3, 1), 0.8, 3.0)
    for level in (-0.2, 0.4, 1.1):
        chances = []  # of each score of each item, from differences of the cumulated ones
        for steps in model.thresholds:
            reached = [1.0, *expit((level - steps) / model.width), 0.0]
            chances.append([a - b for a, b in itertools.pairwise(reached)])
        patterns = list(itertools.product(*map(range, map(len, chances))))
        weights = [np.prod([chances[j][k] for j, k in enumerate(one)]) for one in patterns]
        sums = np.array([sum(one) for one in patterns])
        mean = np.dot(weights, sums)
        sd = np.sqrt(np.dot(weights, (sums - mean) ** 2))
        found = model.moments(np.array([level]))
        assert (found[0][0], found[1][0]) == pytest.approx((mean, sd), rel=1e-12)


@pytest.mark.parametrize("name", ["MADRS", "HAMD17", "ADASCOG"])
def test_drawn_sums_have_the_mean_of_the_plain_score_and_the_noise_of_the_model(name):
    scale, n = load_scale(name), 20_000
    rng = np.random.default_rng(4)
    top = (scale.maximum - scale.minimum) / scale.loading.number("1")
    for severity in (0.02 * top, 0.15 * top, 0.4 * top, 0.9 * top):
        sums = score_items(scale, np.full(n, severity), rng.random((len(scale.items.highest), n)))
        sd = model_of(scale).moments(model_of(scale).level(scale.expected(np.array([severity]))))
        assert abs(sums.mean() - scale.expected(severity)) < 4 * sums.std() / np.sqrt(n)
        assert sums.std() == pytest.approx(sd[1][0], rel=0.03)
        assert (sums == np.rint(sums)).all()
        assert sums.min() >= scale.minimum
        assert sums.max() <= scale.maximum


def test_the_middle_of_the_range_is_as_normal_as_plain_noise():
    scale, n = load_scale("MADRS"), 5000
    rng = np.random.default_rng(5)
    severity = np.full(n, 29.0 / 1.3)
    sums = score_items(scale, severity, rng.random((10, n))) + rng.random(n) - 0.5
    sd = np.hypot(scale.noise_sd.number("1"), 12**-0.5)
    assert kstest(sums, norm(29.0, sd).cdf).pvalue > 0.001
    plain = score(scale, severity, rng.normal(size=n))
    assert sums.std() == pytest.approx(plain.std(), rel=0.03)


def test_items_differ_in_how_often_they_are_scored():
    model = model_of(load_scale("MADRS"))
    halves = [float(np.interp(3.5, np.arange(1, 7), steps)) for steps in model.thresholds]
    assert max(halves) - min(halves) == pytest.approx(0.27, abs=1e-9)  # 0.3 of the range, 9 gaps


def test_a_scale_of_one_item_has_no_sum():
    with pytest.raises(RangeError, match="'NRS' has no items"):
        score_items(load_scale("NRS"), np.zeros(1), np.zeros((1, 1)))
    unknown = score_items(load_scale("ISI"), np.array([np.nan]), np.full((7, 1), 0.5))
    assert np.isnan(unknown).all()
