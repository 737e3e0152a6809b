"""The course of adverse events against closed forms, time changes and independent integrations."""

import itertools

import numpy as np
import pytest
from cohort_events import SAID, driver, fact, made_event, walk
from cohort_outcomes_tolerances import EXACT
from scipy.integrate import solve_ivp
from scipy.stats import binomtest, chisquare, kstest, norm

from cohort.errors import CohortError, UnknownNameError
from cohort.outcomes import load_adverse_event, load_measure
from cohort.outcomes.adverse_events import SIGNS, event_rules
from cohort.outcomes.event_records import ACTIONS, EventRecords

RISE = "serotonin_extracellular"
N = 4000
UNLIKELY = 1e-3
"""A p-value below it refutes: seeds are fixed, so a test that passes goes on passing."""


def wandering(n_day, n_lane, seed=5):
    """Return log ratios that rise, fall and differ between patients."""
    rng = np.random.default_rng(seed)
    return np.abs(np.cumsum(rng.normal(0.01, 0.15, (n_day, n_lane)), axis=0))


def expected_hazard(rise, susceptibility, *, background, gain, tolerance):
    """Return the cumulated hazard at the end of every day, written out without the engine."""
    used_to, total = np.zeros(rise.shape[1]), [np.zeros(rise.shape[1])]
    for today in rise:
        excess = np.maximum(today - used_to, 0.0)
        total.append(total[-1] + background * susceptibility * (1 + gain * excess))
        used_to = used_to * np.exp(-1 / tolerance) + today * (1 - np.exp(-1 / tolerance))
    return np.array(total)


def test_hazards_cumulated_at_onset_are_exponential():
    # the time change of a counting process: with drivers that vary, tolerance and frailty
    event = made_event(share=0.9, sd=0.7, drivers=[driver(gain=4.0, tolerance=fact("9 day"))])
    rise = wandering(56, N)
    course = walk([event], {RISE: rise}, cuts=[7, 14, 28])
    total = expected_hazard(
        rise,
        course.events.susceptibility[0],
        background=-np.log(0.1) / 56,
        gain=4.0,
        tolerance=9.0,
    )
    records = course.events.records
    days = records.onset_time.astype(int)
    within = records.onset_time - days
    lane = records.lane
    reached = total[days, lane] + within * (total[days + 1, lane] - total[days, lane])
    assert len(reached) > 2000
    # given that it came before the end, 1 - exp(-H) is uniform up to its value there
    scaled = np.expm1(-reached) / np.expm1(-total[-1, lane])
    assert kstest(scaled, "uniform").pvalue > 0.01
    # the test has power: hazards at the end of the day of onset are not uniform
    late = np.expm1(-total[records.onset_day, lane]) / np.expm1(-total[-1, lane])
    assert kstest(late, "uniform").pvalue < UNLIKELY


def test_onsets_do_not_depend_on_the_visits():
    events = [
        made_event("lasting", sd=0.7, drivers=[driver(tolerance=fact("9 day"))]),
        made_event("again", share=0.8, recurs=True, duration=fact("3 day"), drivers=[driver()]),
        made_event("fading", ends_with_driver=True, drivers=[driver(reads="occupancy_h1")]),
        made_event(
            "acted_on",
            duration=fact("9 day"),
            action={"SEVERE": {"withdrawn": 0.4, "reduced": 0.2, "interrupted": 0.2}, **SAID},
        ),
        load_adverse_event("serotonin_syndrome"),
    ]
    readings = {RISE: 2.0 * wandering(56, 500), "occupancy_h1": wandering(56, 500, 6) % 1.0}
    rates = {"other": 0.005, "efficacy": 0.003, "adverse_event_burden": 0.004}
    plans = {
        "weekly": range(7, 56, 7),
        "monthly": [28],
        "daily": range(1, 56),
        "at the end": [],
    }
    found = {
        name: walk(events, readings, cuts=list(cuts), rates=rates) for name, cuts in plans.items()
    }
    first = found.pop("weekly")
    assert len(set(first.events.records.event.tolist())) == len(events)
    for name, course in found.items():
        for column in EventRecords.__slots__:
            mine, other = (getattr(one.events.records, column) for one in (first, course))
            np.testing.assert_array_equal(mine, other, err_msg=f"{name}, {column}")
        np.testing.assert_array_equal(first.left_day, course.left_day)


def test_a_constant_hazard_gives_the_share_of_its_closed_form():
    gain, level, sd = 3.0, 0.6, 0.8
    event = made_event(share=0.1, sd=sd, drivers=[driver(gain=gain)])
    course = walk([event], {RISE: np.full((56, N), level)})
    hazard = -np.log(0.9) * (1 + gain * level)
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    survives = np.exp(-hazard * np.exp(sd * nodes - sd**2 / 2))
    expected = 1 - (weights * survives).sum() / weights.sum()
    n = int(np.isfinite(course.onset_day[0]).sum())
    assert binomtest(n, N, expected).pvalue > 0.01
    without_frailty = 1 - np.exp(-hazard)
    assert binomtest(n, N, without_frailty).pvalue < UNLIKELY


def test_leaving_is_a_competing_risk():
    event = made_event(share=0.5, drivers=[driver(gain=4.0, tolerance=fact("10 day"))])
    leaving, days = 0.02, 56
    course = walk([event], {RISE: np.full((days, N), 0.8)}, rates={"other": leaving})

    # the background allows for drop-out: more hazard in the shorter time under observation
    background = -np.log(0.5) / ((1 - np.exp(-leaving * days)) / leaving)

    def flow(time, state):
        free, used_to, _ = state
        hazard = background * (1 + 4.0 * (0.8 - used_to))
        return [-(hazard + leaving) * free, (0.8 - used_to) / 10, hazard * free]

    times = np.array([7.0, 28.0, 56.0])
    solved = solve_ivp(flow, (0, days), [1.0, 0.0, 0.0], t_eval=times, rtol=1e-9, atol=1e-12)
    onset = course.onset_day[0]
    for time, expected in zip(times, solved.y[2], strict=True):
        n = int((onset <= time).sum())
        # adaptation and leaving go by whole days, which moves the share by less than 2 %
        low, high = binomtest(n, N).proportion_ci(0.99)
        assert low < 1.02 * expected
        assert high > 0.98 * expected
    alone = 1 - np.exp(-background * (days + 4.0 * 0.8 * 10 * (1 - np.exp(-days / 10))))
    assert binomtest(int(np.isfinite(onset).sum()), N, alone).pvalue < UNLIKELY


def test_an_event_that_recurs_follows_an_alternating_renewal():
    event = made_event(share=0.9, over="20 day", recurs=True, duration=fact("4 day"))
    course = walk([event], {RISE: np.zeros((60, 1000))})
    counts = np.bincount(course.events.records.lane, minlength=1000)
    rng, rate = np.random.default_rng(8), -np.log(0.1) / 20
    referee = np.zeros(4000)
    for patient in range(len(referee)):
        time = rng.exponential(1 / rate)
        while time < 60:
            referee[patient] += 1
            day = np.ceil(time)  # an event takes whole days, its own included
            time = day - 1 + max(np.ceil(rng.exponential(4.0)), 1.0) + rng.exponential(1 / rate)
    spread = np.hypot(counts.std() / 1000**0.5, referee.std() / len(referee) ** 0.5)
    assert abs(counts.mean() - referee.mean()) < 3 * spread
    records = course.events.records
    order = np.lexsort((records.onset_day, records.lane))
    same = np.diff(records.lane[order]) == 0
    assert (np.diff(records.episode[order])[same] == 1).all()
    gaps = records.onset_day[order][1:] - records.end_day[order][:-1]
    assert (gaps[same] >= 0).all()


def test_an_event_ends_with_its_driver_and_its_own_time_after_that():
    level = np.zeros((60, 800))
    level[:30] = 0.8
    plain = made_event(
        "plain", share=0.01, ends_with_driver=True, drivers=[driver("occupancy_h1", 400.0)]
    )
    slow = made_event(
        "slow", share=0.01, ends_with_driver=True, duration=fact("5 day"),
        drivers=[driver("occupancy_h1", 400.0)],
    )  # fmt: skip
    course = walk([plain, slow], {"occupancy_h1": level})
    records = course.events.records
    driven = records.onset_day <= 30
    ends = records.end_day[(records.event == 0) & driven]
    assert (ends == 32).all()  # the first day without the driver is day 31, and the last
    later = records.end_day[(records.event == 1) & driven] - 31
    assert later.min() == 1
    finite = later[np.isfinite(later)]
    # whole days of an exponential of mean 5: a mean of 1 / (1 - exp(-1/5))
    assert finite.mean() == pytest.approx(
        1 / (1 - np.exp(-0.2)), abs=3 * finite.std() / len(finite) ** 0.5
    )


def test_withdrawal_acts_when_the_drug_goes_and_fades_with_adaptation():
    event = made_event(
        share=0.05,
        over="10 day",
        drivers=[driver("sert_occupancy", 8.0, tolerance=fact("7 day"), withdrawal=True)],
    )
    taken = np.zeros((90, 3))
    taken[:60] = 0.8
    course = walk([event], {"sert_occupancy": taken})
    background = -np.log(0.95) / 10
    used_to = 0.8 * (1 - np.exp(-60 / 7))
    days = np.arange(30)
    expected = 90 * background + background * 8.0 * (used_to * np.exp(-days / 7)).sum()
    assert course.hazard[0] == pytest.approx(expected, rel=1e3 * EXACT)


def test_sensitisation_builds_up():
    event = made_event(
        share=0.01, drivers=[driver("occupancy_d2", 6.0, sensitisation=fact("50 day"))]
    )
    course = walk([event], {"occupancy_d2": np.full((80, 2), 0.7)})
    days = np.arange(80)
    built = 0.7 * (1 - np.exp(-days / 50))
    expected = -np.log(0.99) / 56 * (80 + 6.0 * built.sum())
    assert course.hazard[0] == pytest.approx(expected, rel=1e3 * EXACT)


def test_a_protective_driver_lowers_the_hazard_to_nothing_at_most():
    event = made_event(
        share=0.2, drivers=[driver("occupancy_h1", -5.0), driver("occupancy_d2", 1.0)]
    )
    level = np.full((10, 2), 0.1)
    course = walk([event], {"occupancy_h1": level, "occupancy_d2": level})
    rate = -np.log(0.8) / 56
    assert course.hazard[0] == pytest.approx(10 * rate * (1 - 0.5 + 0.1), rel=1e3 * EXACT)
    none = walk([event], {"occupancy_h1": 3 * level, "occupancy_d2": level})
    assert none.hazard[0].tolist() == [0.0, 0.0]


def test_factors_multiply_and_those_not_at_risk_have_none():
    people = {"age_y": np.array([20.0, 50.0, 20.0]), "sex": np.array(["M", "M", "F"])}
    event = made_event(
        at_risk="sex == 'M'", factors=[{"where": "age_y < 25 y", "times": fact(2.5)}]
    )
    course = walk([event], {RISE: np.zeros((10, 3))}, covariates=people)
    rate = 10 * -np.log(0.7) / 56
    assert course.hazard[0] == pytest.approx([2.5 * rate, rate, 0.0], rel=1e3 * EXACT)
    with pytest.raises(UnknownNameError, match="unknown covariate 'age_y'"):
        walk([event], {RISE: np.zeros((10, 3))})


def test_frailties_are_shared_within_a_class_and_correlated_between_classes():
    events = [
        made_event("nausea", sd=0.8, frailty_class="gut"),
        made_event("vomiting", sd=0.4, frailty_class="gut"),
        made_event("insomnia", sd=0.8, frailty_class="sleep"),
    ]
    course = walk(events, {RISE: np.zeros((1, 20_000))})
    logs = np.log(course.events.susceptibility)
    found = np.corrcoef(logs)
    assert found[0, 1] == pytest.approx(1.0, abs=1e3 * EXACT)
    declared = event_rules().class_correlation.number("1")
    assert found[0, 2] == pytest.approx(declared, abs=3 * (1 - declared**2) / 20_000**0.5)
    means = course.events.susceptibility.mean(axis=1)
    error = np.exp([0.64, 0.16, 0.64]) ** 0.5 / 20_000**0.5
    assert (np.abs(means - 1) < 4 * error).all()


def test_severity_is_worse_under_a_stronger_driver_by_proportional_odds():
    shares = {"mild": 0.6, "moderate": 0.3, "severe": 0.1, "rises": fact(0.7), **SAID}
    event = made_event(share=0.6, severity=shares, drivers=[driver("occupancy_h1", 5.0)])
    for level in (0.0, 0.8):
        course = walk([event], {"occupancy_h1": np.full((56, N), level)})
        odds = (1 + 5.0 * level) ** 0.7
        worse = [o * odds / (1 + o * odds) for o in (0.4 / 0.6, 0.1 / 0.9)]
        expected = np.array([1 - worse[0], worse[0] - worse[1], worse[1]])
        counts = np.bincount(course.events.records.severity, minlength=3)
        assert chisquare(counts, expected * counts.sum()).pvalue > 0.01
    assert chisquare(counts, np.array([0.6, 0.3, 0.1]) * counts.sum()).pvalue < UNLIKELY


def test_the_share_that_drivers_explain_is_what_they_add_over_the_whole():
    event = made_event(share=0.5, drivers=[driver("occupancy_h1", 5.0)])
    course = walk([event], {"occupancy_h1": np.full((56, 200), 0.4)})
    assert course.events.records.explained == pytest.approx(2.0 / 3.0, rel=1e3 * EXACT)
    rest = walk([event], {"occupancy_h1": np.zeros((56, 200))})
    assert not rest.events.records.explained.any()


def test_actions_have_their_shares_and_withdrawal_ends_the_trial_that_day():
    shares = {"reduced": 0.25, "interrupted": 0.35, "withdrawn": 0.3}
    action = dict.fromkeys(("MILD", "MODERATE", "SEVERE"), shares) | SAID
    event = made_event(share=0.9, duration=fact("9 day"), action=action)
    course = walk([event], {RISE: np.zeros((56, N))})
    records = course.events.records
    counts = np.bincount(records.action, minlength=4)
    assert chisquare(counts, np.array([0.1, 0.25, 0.35, 0.3]) * len(records.lane)).pvalue > 0.01
    gone = records.action == ACTIONS.index("DRUG WITHDRAWN")
    lanes = records.lane[gone]
    assert course.left_day[lanes].tolist() == records.onset_day[gone].tolist()
    assert set(course.left_reason[lanes].tolist()) == {2}
    assert np.isnan(np.delete(course.left_day, lanes)).all()  # events with an action add no burden
    for word, days, later in (
        ("DOSE REDUCED", course.events.reduce_from_day, 0),
        ("DRUG INTERRUPTED", course.events.interrupt_until_day, 7),
    ):
        one = records.action == ACTIONS.index(word)
        assert days[records.lane[one]].tolist() == (records.onset_day[one] + later).tolist()
        assert np.isnan(np.delete(days, records.lane[one])).all()


def test_the_worst_event_that_goes_on_is_the_one_that_counts():
    events = [
        made_event(name, share=0.9, recurs=True, duration=fact("6 day")) for name in ("one", "two")
    ]
    course = walk(events, {RISE: np.zeros((30, 500))})
    records, found = course.events.records, np.zeros(500, int)
    ends = np.where(np.isnan(records.end_day), np.inf, records.end_day)
    for lane, severity in zip(records.lane[ends > 30], records.severity[ends > 30], strict=True):
        found[lane] = max(found[lane], severity + 1)
    assert course.events.worst().tolist() == found.tolist()
    assert set(found.tolist()) == {0, 1, 2, 3}


def test_seriousness_comes_by_severity_and_death_ends_the_trial():
    event = made_event(
        share=0.9,
        ctcae={"MILD": 1, "MODERATE": 2, "SEVERE": 3},
        serious={"share": {"SEVERE": 0.5}, "criteria": {"DTH": 0.2, "HOSP": 0.6}, **SAID},
    )
    records = (course := walk([event], {RISE: np.zeros((56, N))})).events.records
    severe = records.severity == 2
    assert not records.criteria[~severe].any()
    n = int((records.criteria > 0).sum())
    assert binomtest(n, int(severe.sum()), 0.5).pvalue > 0.01
    died = (records.criteria & 1) > 0
    assert binomtest(int(died.sum()), n, 0.2).pvalue > 0.01
    assert (records.grade[died] == 5).all()
    assert (records.grade[~died] == records.severity[~died] + 1).all()
    assert (course.left_day[records.lane[died]] == records.onset_day[died]).all()
    # neither death nor hospital: of other medical importance
    alone = (records.criteria & (1 << 4)) > 0
    assert binomtest(int(alone.sum()), n, 0.8 * 0.4).pvalue > 0.01


def test_a_diagnosis_is_made_where_the_signs_meet_the_criteria_of_hunter():
    event = load_adverse_event("serotonin_syndrome")
    toxic = event.model_copy(
        update={"background": event.background.model_copy(update={"share": 0.999, "over": "1 day"})}
    )
    ratio = 2.2
    course = walk([toxic], {RISE: np.full((6, N), np.log(ratio))})
    records = course.events.records

    def hunter(there):
        clonus = there["inducible_clonus"] or there["ocular_clonus"]
        restless = there["agitation"] or there["diaphoresis"]
        return (
            there["spontaneous_clonus"]
            or (clonus and restless)
            or (there["tremor"] and there["hyperreflexia"])
            or (there["hypertonia"] and there["temperature"] and clonus)
        )

    signs = event.needs_signs.signs
    chance = [1 / (1 + (one.half_at.number("1") / ratio) ** one.hill.number("1")) for one in signs]
    expected = 0.0
    for combination in itertools.product((True, False), repeat=len(signs)):
        there = {one.sign: shown for one, shown in zip(signs, combination, strict=True)}
        if hunter(there):
            expected += np.prod(
                [c if s else 1 - c for c, s in zip(chance, combination, strict=True)]
            )
    assert 0.3 < expected < 0.7
    assert binomtest(len(records.lane), N, expected).pvalue > 0.01
    for bits in records.signs.tolist():
        assert hunter({sign: bool(bits >> i & 1) for i, sign in enumerate(SIGNS)})


def test_a_diagnosis_waits_for_the_signs():
    event = load_adverse_event("serotonin_syndrome").model_copy(update={"duration": None})
    toxic = event.model_copy(
        update={"background": event.background.model_copy(update={"share": 0.999, "over": "1 day"})}
    )
    level = np.zeros((20, 300))
    level[10:] = np.log(60.0)
    records = walk([toxic], {RISE: level}).events.records
    quiet = records.onset_day <= 10
    assert quiet.mean() < 0.1
    assert set(records.onset_day[~quiet].tolist()) == {11}


def test_a_fall_of_a_reading_drives_where_the_sign_says_so():
    # a meal with tyramine: its chance of being enough rises as the patient's threshold falls
    shape = {"kind": "hill", "half_at": fact(8.0), "hill": fact(3.0)}
    meal = made_event(
        share=0.001, drivers=[driver("tyramine_threshold", 900.0, sign=-1, shape=shape)]
    )
    falls = np.array([[1.0, 2.0, 8.0, 50.0]]).repeat(10, axis=0)
    course = walk([meal], {"tyramine_threshold": -np.log(falls)})
    reached = 1 / (1 + (8 / falls[0]) ** 3) - 1 / (1 + 8.0**3)
    expected = 10 * -np.log(0.999) / 56 * (1 + 900 * reached)
    assert course.hazard[0] == pytest.approx(expected, rel=1e3 * EXACT)


def test_a_course_refuses_other_events_than_it_was_started_with():
    from cohort.outcomes import DayDrivers, TrialVariation, follow_days

    course = walk([made_event()], {RISE: np.zeros((1, 2))})
    with pytest.raises(CohortError, match="0 adverse events; the course was started with 1"):
        follow_days(
            course, DayDrivers(readings={RISE: np.zeros((1, 2))}), None, (), TrialVariation()
        )


def test_qtc_is_an_event_by_its_value_at_visits():
    event = made_event("long_qt").model_copy(
        update={"measure": "QTCF", "background": None, "frailty_sd": None, "severity": None}
    )
    qtc = load_measure("QTCF")
    mean, sd, noise = (one.number("ms") for one in (qtc.mean, qtc.sd, qtc.noise))
    rise = 30.0
    people = {"sex": np.array(["F", "M"] * (N // 2)), "age_y": np.full(N, 40.0)}
    level = np.full((28, N), rise / qtc.terms[0].change.number("ms"))
    course = walk([event], {"occupancy_herg": level}, cuts=[14], covariates=people)
    first, now = course.events.first[0], course.events.values[0]
    shift = (now - first).mean()
    assert shift == pytest.approx(rise, abs=3 * noise * 2**0.5 / N**0.5)
    men = people["sex"] == "M"
    over = norm.sf(450, mean + rise, np.hypot(sd, noise))
    assert binomtest(int((now > 450)[men].sum()), int(men.sum()), over).pvalue > 0.01
    records = course.events.records
    assert set(records.onset_day.tolist()) == {14, 28}
    second = records.lane[records.onset_day == 28]
    assert ((now[second] > 450) | (now[second] - first[second] > 60)).all()
    assert set(records.grade.tolist()) <= {1, 2, 3}
    assert (first[records.lane[records.grade == 1]] <= 450).all()  # emergent, not there before
