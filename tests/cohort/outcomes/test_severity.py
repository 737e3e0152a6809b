"""Latent severity, scales and the link, against formulas and published courses."""

import numpy as np
import pytest
from cohort_outcomes_tolerances import EXACT, SAMPLED_MEAN, SAMPLED_SHARE
from scipy.integrate import solve_ivp
from scipy.stats import norm

from cohort.conditions import load_condition
from cohort.errors import UnknownNameError
from cohort.outcomes import (
    DayDrivers,
    TrialVariation,
    drug_benefit,
    follow_days,
    load_scale,
    placebo_improvement,
    relax,
    scale_names,
    score,
    start_course,
)
from cohort.scales import scales_of
from cohort.trial import load_protocol, trial_events

CONDITION = load_condition("major_depression")
IDS = np.arange(1, 4001)


def drivers(level, days, n_lane):
    rise = np.full((days, n_lane), level)
    return DayDrivers(
        readings={"serotonin_extracellular": rise, "serotonin_firing": -rise},
    )


def test_the_placebo_course_is_that_of_the_published_pool():
    # Merlo-Pich and Gomeni: 33, 51, 74, 90 and 100 % of the gain at week 8
    weeks = np.array([1.0, 2, 4, 6, 8])
    gain = placebo_improvement(CONDITION.placebo, 7 * weeks)
    assert gain / gain[-1] == pytest.approx([0.33, 0.51, 0.74, 0.90, 1.0], abs=0.015)


def test_the_placebo_course_is_held_after_twelve_weeks():
    late = placebo_improvement(CONDITION.placebo, np.array([84.0, 364.0]))
    assert late[0] == late[1]


def test_relaxation_is_the_solution_of_its_equation():
    referee = solve_ivp(lambda _, x: 0.06 * (1.3 - x), (0, 9), [0.2], rtol=1e-12, atol=1e-14)
    slow = np.array([0.2])
    for _ in range(9):
        slow = relax(slow, np.array([1.3]), 0.06, 1.0)
    assert slow[0] == pytest.approx(referee.y[0, -1], rel=1e-9)


def test_the_benefit_is_a_hyperbolic_tangent_below_its_ceiling():
    link = CONDITION.link
    levels = np.linspace(-3, 3, 13)
    share, ceiling = link.fast_share.number("1"), link.ceiling.number("1")
    expected = ceiling * np.tanh(share * levels + (1 - share) * 0.5 * levels)
    assert drug_benefit(link, levels, 0.5 * levels) == pytest.approx(expected, abs=EXACT)


def test_a_third_of_the_difference_is_there_in_week_one():
    # Taylor 2006: about one third of the week-6 difference in week 1; no delayed onset
    course = start_course(IDS[:1], 1, CONDITION, ())
    seen = []
    for day in range(42):
        rise = 0.6 + 0.35 * (1 - np.exp(-day / 10))  # ln ratio as the serotonin system gives it
        course = follow_days(course, drivers(rise, 1, 1), CONDITION, (), TrialVariation())
        seen.append(drug_benefit(CONDITION.link, course.now, course.slow)[0])
    assert 0.28 < seen[6] / seen[-1] < 0.42


def test_nobody_enters_below_the_criterion_and_baselines_are_as_declared():
    course = start_course(IDS, 11, CONDITION, ())
    scale = load_scale("MADRS")
    mean = CONDITION.severity.baseline_mean.number("1")
    sd = CONDITION.severity.baseline_sd.number("1")
    # of a normal severity screened once with a noisy rating of 22 or more: the selected mean
    loading, noise = scale.loading.number("1"), scale.noise_sd.number("1")
    rated_sd = ((loading * sd) ** 2 + noise**2) ** 0.5
    z = (21.5 - loading * mean) / rated_sd
    expected = mean + loading * sd**2 / rated_sd * norm.pdf(z) / norm.sf(z)
    assert course.severity.baseline.mean() == pytest.approx(expected, rel=0.01)
    assert course.severity.sensitivity.mean() == pytest.approx(1.0, rel=SAMPLED_MEAN)


def test_regression_to_the_mean_follows_selection():
    lowest = 31.0  # near the mean, so that selection is strong
    course = start_course(IDS, 11, entered_at("MADRS", lowest), ())
    scale = load_scale("MADRS")
    rng = np.random.default_rng(3)
    again = score(scale, course.severity.baseline, rng.normal(size=len(IDS)))
    # latent severity and rating noise are normal: the second rating of those whose first met it
    loading, noise = scale.loading.number("1"), scale.noise_sd.number("1")
    spread = loading * CONDITION.severity.baseline_sd.number("1")
    true = rng.normal(loading * CONDITION.severity.baseline_mean.number("1"), spread, 400_000)
    first, second = (np.rint(true + noise * rng.normal(size=true.size)) for _ in range(2))
    expected = (second[first >= lowest] < lowest).mean()
    assert expected > 0.1
    assert (again < lowest).mean() == pytest.approx(expected, abs=SAMPLED_SHARE)


@pytest.mark.parametrize(
    ("name", "latent"), [(name, one) for name in scale_names() for one in load_scale(name).latents]
)
def test_scores_are_whole_steps_and_within_the_scale(name, latent):
    scale = load_scale(name, latent)
    severity = np.array([-50.0, 0.0, 3.2, 22.0, 300.0, np.nan])
    values = score(scale, severity, np.zeros(6))
    offset = 0.0 if scale.offset is None else scale.offset.number("1")
    assert values[:2].tolist() == [scale.minimum, scale.minimum + max(offset, 0.0)]
    assert values[4] == scale.maximum
    assert np.isnan(values[5])
    assert (values[:5] % scale.step == 0.0).all()
    assert (np.diff(values[:5]) >= 0.0).all()


@pytest.mark.parametrize("name", scale_names())
def test_a_scale_that_others_are_read_by_reads_itself_as_it_is(name):
    latent = load_scale(load_scale(name).latent)
    assert latent.latent == latent.name
    assert latent.loading.number("1") == 1.0
    scale = load_scale(name)
    assert all(name in scales_of(one) or scale.on_request for one in scale.latents)


def test_a_scale_reads_each_severity_by_its_own_line():
    sleep, pain = load_scale("ISI"), load_scale("ISI", "NRS")
    assert sleep.expected(np.array([0.0, 22.0])) == pytest.approx([0.0, 16.06])
    assert pain.expected(np.array([0.0, 6.0])) == pytest.approx([6.0, 15.0])
    assert pain.remission_at_most == sleep.remission_at_most
    with pytest.raises(UnknownNameError, match=r"'ISI', latent.*'UPDRS'"):
        load_scale("ISI", "UPDRS")


def test_off_time_is_measured_in_half_hours_where_a_condition_asks_for_it():
    off = load_scale("OFFTIME")
    # without treatment 12 of 16 h, on levodopa (40 % better) 6 h, nothing off below 14 points
    severity = np.array([62.0, 0.6 * 62.0, 10.0, 90.0])
    assert score(off, severity, np.zeros(4)).tolist() == [12.0, 6.0, 0.0, 16.0]
    assert "OFFTIME" in load_condition("parkinsons_disease_advanced").scales
    assert "OFFTIME" not in load_condition("parkinsons_disease_early").scales


def test_a_scale_that_starts_above_zero_counts_severity_from_there():
    panss = load_scale("PANSS")
    assert score(panss, np.array([0.0, 64.0]), np.zeros(2)).tolist() == [30.0, 94.0]
    noise = score(panss, np.array([64.0]), np.array([-20.0]))
    assert noise.tolist() == [30.0]  # 94 - 90, held at the minimum


def entered_at(scale, lowest):
    record = CONDITION.model_dump()
    at_least = {"value": lowest, "mark": "design", "source": "a test"}
    record["entry"] = {"scale": scale, "at_least": at_least}
    return type(CONDITION).model_validate(record)


EVENTS = trial_events(load_protocol("sct-md-01"))


def people(n):
    """Return covariates that adverse events ask for, as in trials of depression."""
    rng = np.random.default_rng(3)
    return {
        "age_y": np.clip(rng.normal(41.0, 12.0, n), 18.0, 65.0),
        "sex": np.where(rng.random(n) < 0.62, "F", "M"),
    }


def test_placebo_arms_are_those_of_the_pool():
    """GRISELDA without the judged trials: 5 arms of 4 weeks, 57 of 6, 86 of 8, 7 of 12."""
    condition, scale, ids = entered_at("HAMD17", 18.0), load_scale("HAMD17"), IDS[:2500]
    rng, plain = np.random.default_rng(9), TrialVariation()
    course = start_course(ids, 5, condition, EVENTS, covariates=people(len(ids)))
    base = score(scale, course.latent(condition, plain), rng.normal(size=len(ids)))
    held, week, found = base, 0, np.zeros(5)
    for until, arms in ((1, 0), (2, 0), (4, 5), (6, 57), (8, 86), (12, 7)):
        days = drivers(0.0, 7 * (until - week), len(ids))
        course, week = follow_days(course, days, condition, EVENTS, plain), until
        rated = score(scale, course.latent(condition, plain), rng.normal(size=len(ids)))
        held = np.where(np.isnan(course.left_day), rated, held)
        analysed = ~(course.left_day <= 7)
        change = (held - base)[analysed]
        response, remission = analysed & (held <= 0.5 * base), analysed & (held <= 7)
        left = np.isfinite(course.left_day)
        numbers = [change.mean(), change.std(), response.mean(), remission.mean(), left.mean()]
        found += arms / 155 * np.array(numbers)
    assert found[0] == pytest.approx(-9.71, abs=0.4)
    assert found[1] == pytest.approx(7.8, abs=0.3)
    assert found[2] == pytest.approx(0.369, abs=0.025)
    assert found[3] == pytest.approx(0.208, abs=0.025)  # no number was fitted to it
    assert found[4] == pytest.approx(0.259, abs=0.025)


def test_a_trial_may_differ_from_the_mean_trial():
    course = start_course(IDS, 5, CONDITION, ())
    after = follow_days(course, drivers(0.9, 56, len(IDS)), CONDITION, (), TrialVariation())
    plain = after.latent(CONDITION, TrialVariation())
    better = after.latent(CONDITION, TrialVariation(placebo_shift=2.0))
    without = after.latent(CONDITION, TrialVariation(benefit_factor=0.0))
    free = better > 0  # severity is not below zero
    assert (plain - better)[free] == pytest.approx(2.0, abs=1e-9)
    assert without.mean() > plain.mean() + 1.0


def test_dropout_on_placebo_is_that_of_the_pool_and_has_reasons():
    # placebo arms: 26 % over eight weeks, 4.6 % for adverse events (GRISELDA 1.3)
    ids = IDS[:2500]
    course = start_course(ids, 5, CONDITION, EVENTS, covariates=people(len(ids)))
    after = follow_days(course, drivers(0.0, 56, len(ids)), CONDITION, EVENTS, TrialVariation())
    left = ~np.isnan(after.left_day)
    assert left.mean() == pytest.approx(0.27, abs=SAMPLED_SHARE + 0.01)
    assert (after.left_reason == 2).mean() == pytest.approx(0.046, abs=0.015)
    assert ((after.left_reason >= 0) == left).all()
    worse = after.severity.placebo_factor < 0
    assert left[worse].mean() > left[~worse].mean() + 0.1  # missing not at random


def test_an_unknown_scale_offers_the_nearest():
    with pytest.raises(UnknownNameError, match="MADRS"):
        load_scale("MARDS")
