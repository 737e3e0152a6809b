"""Raters and screening, against closed forms of the truncated normal distribution."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from cohort.conditions import load_condition
from cohort.errors import RangeError
from cohort.outcomes import RatingRules, baseline_severity, entry_ratings, load_scale, rate

CONDITION = load_condition("major_depression")
SCALE = load_scale("MADRS")
IDS = np.arange(1, 20_001)
SEED = 31
LOADING, NOISE = SCALE.loading.number("1"), SCALE.noise_sd.number("1")
MEAN = LOADING * CONDITION.severity.baseline_mean.number("1")
TRUE_SD = LOADING * CONDITION.severity.baseline_sd.number("1")
RATED_SD = np.hypot(TRUE_SD, NOISE)


def demanding(lowest):
    record = CONDITION.model_dump()
    record["entry"]["at_least"] = {"value": lowest, "mark": "design", "source": "a test"}
    return type(CONDITION).model_validate(record)


def error(values):
    return 4 * values.std() / np.sqrt(len(values))


@pytest.mark.parametrize("lowest", [22, 28, 34])
def test_scores_fall_from_entry_to_the_next_rating_as_the_truncated_normal_says(lowest):
    # rated R ~ N(m, s) of those with R >= c: E R = m + s h, and the true part regresses by the
    # reliability, E T = m + (true variance / rated variance) s h, with h = pdf / sf at c
    latent, entered = entry_ratings(IDS, SEED, demanding(lowest))
    again = rate(SCALE, latent, RatingRules(), SEED, IDS, "rating: MADRS")
    z = (lowest - 0.5 - MEAN) / RATED_SD
    hazard = norm.pdf(z) / norm.sf(z)
    assert abs(entered.mean() - (MEAN + RATED_SD * hazard)) < error(entered)
    assert abs(again.mean() - (MEAN + TRUE_SD**2 / RATED_SD * hazard)) < error(again)
    fall = NOISE**2 / RATED_SD * hazard
    assert abs((entered - again).mean() - fall) < error(entered - again)
    assert entered.min() == lowest


def test_inflation_lets_milder_patients_in_who_are_written_down_at_the_criterion():
    lowest, points = 28, 4
    rules = RatingRules(entry_inflation=points)
    latent, entered = entry_ratings(IDS, SEED, demanding(lowest), rules)
    z = (lowest - points - 0.5 - MEAN) / RATED_SD
    share = norm.sf(z)
    true = MEAN + TRUE_SD**2 / RATED_SD * norm.pdf(z) / share
    above = lowest - 0.5
    written, _ = quad(lambda r: r * norm.pdf(r, MEAN, RATED_SD), above, MEAN + 12 * RATED_SD)
    raised = norm.cdf(above, MEAN, RATED_SD) - norm.cdf(above - points, MEAN, RATED_SD)
    expected = (written + lowest * raised) / share
    assert abs(LOADING * latent.mean() - true) < error(LOADING * latent)
    assert abs(entered.mean() - expected) < error(entered)
    assert (entered == lowest).mean() == pytest.approx(
        (raised + norm.cdf(above + 1, MEAN, RATED_SD) - norm.cdf(above, MEAN, RATED_SD)) / share,
        abs=0.01,
    )


def test_raters_share_patients_out_and_add_their_own_variance():
    rules = RatingRules(n_rater=400, rater_sd=1.5)
    severity = np.full(len(IDS), 20.0)
    plain = rate(SCALE, severity, RatingRules(), SEED, IDS, "rating: MADRS", 3)
    scores = rate(SCALE, severity, rules, SEED, IDS, "rating: MADRS", 3)
    later = rate(SCALE, severity, rules, SEED, IDS, "rating: MADRS", 9)
    lenience = 1.5 * NOISE
    expected = np.hypot(NOISE, lenience) / np.hypot(NOISE, 0.0)
    assert scores.std() / plain.std() == pytest.approx(expected, rel=4 / np.sqrt(2 * 400))
    # two ratings of one patient share the rater: the covariance is the raters' variance
    covariance = np.cov(scores, later)[0, 1]
    assert covariance == pytest.approx(lenience**2, rel=4 * np.sqrt(2 / 400))
    # and so it cancels in the change
    change, alone = later - scores, rate(SCALE, severity, RatingRules(), SEED, IDS, "rating: X", 9)
    assert change.std() == pytest.approx((plain - alone).std(), rel=0.03)


def test_one_rater_moves_everybody_and_no_self_report():
    rules = RatingRules(n_rater=1, rater_sd=2.0)
    severity = np.full(200, 20.0)
    mine, alike = (
        rate(SCALE, severity, one, SEED, IDS[:200], "rating: MADRS")
        for one in (rules, RatingRules())
    )
    moved = mine - alike
    assert moved.std() <= 0.5  # one number but for rounding
    assert abs(moved.mean()) > 0.1
    report = load_scale("PHQ9")
    assert np.array_equal(
        rate(report, severity, rules, SEED, IDS[:200], "rating: PHQ9"),
        rate(report, severity, RatingRules(), SEED, IDS[:200], "rating: PHQ9"),
    )


def test_item_sums_keep_mean_and_noise_of_plain_ratings():
    rules = RatingRules(by_items=True)
    for name, level in (("MADRS", 22.0), ("HAMD17", 22.0), ("NRS", 5.4)):
        scale, severity = load_scale(name), np.full(len(IDS), level)
        sums = rate(scale, severity, rules, SEED, IDS, f"rating: {name}", 7)
        plain = rate(scale, severity, RatingRules(), SEED, IDS, f"rating: {name}", 7)
        assert abs(sums.mean() - plain.mean()) < error(sums) + error(plain)
        assert sums.std() == pytest.approx(plain.std(), abs=0.1)


def test_without_rules_screening_is_what_it_was():
    latent, entered = entry_ratings(IDS[:50], SEED, CONDITION)
    assert np.array_equal(latent, baseline_severity(IDS[:50], SEED, CONDITION))
    assert np.array_equal(latent, entry_ratings(IDS[:50], SEED, CONDITION, RatingRules())[0])
    assert entered.min() >= 22


@pytest.mark.parametrize("wrong", [-1.0, float("nan"), float("inf")])
@pytest.mark.parametrize("name", ["n_rater", "rater_sd", "entry_inflation"])
def test_nonsense_rules_are_refused(name, wrong):
    with pytest.raises(RangeError, match=name):
        RatingRules(**{name: wrong})
