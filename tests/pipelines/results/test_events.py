"""Adverse events and times to events, counted and fitted again from the subject-level rows."""

import math

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
from pipelines_tolerances import QUANTILE
from scipy import stats
from statsmodels.duration.survfunc import survdiff
from statsmodels.stats.proportion import confint_proportions_2indep

from cohort.outcomes import adverse_event_names, load_adverse_event
from pipelines.results.adverse_events import poisson_interval
from pipelines.results.safety_groups import SAFETY_GROUPS

ARM, CONTROL = "drug 40 mg", "placebo"
FITTED = 1e-6  # relative: where the optimiser of statsmodels stops


def treated(made, arm):
    return made.read("adsl").filter(SAFFL="Y", ARM=arm)


def events(made, arm, terms=None):
    rows = (
        made.read("adae")
        .filter(TRTA=arm)
        .join(treated(made, arm).select("USUBJID"), on="USUBJID", how="semi")
    )
    return rows if terms is None else rows.filter(pl.col("AEDECOD").is_in(list(terms)))


def times(made, arm, terms, people=None):
    """Return each person's time and whether it ends with the event, row by row."""
    people = made.read("adsl").filter(ARM=arm) if people is None else people
    first = {}
    for person, term, day in (
        made.read("adae").filter(TRTA=arm).select("USUBJID", "AEDECOD", "ASTDY").iter_rows()
    ):
        if terms is None or term in terms:
            first[person] = min(day, first.get(person, math.inf))
    time, event = [], []
    for person, left in people.select("USUBJID", "DCDAY").iter_rows():
        last = 57 if left is None else math.floor(left) + 1
        time.append(min(first.get(person, last), last))
        event.append(person in first)
    return np.array(time, dtype=float), np.array(event, dtype=int)


@pytest.mark.parametrize("term", ["Nausea", "Suicidal ideation", "Electrocardiogram QT prolonged"])
def test_incidence_counts_persons(made, term):
    for arm in made.facts.arms:
        mine = events(made, arm, [term])
        where = {
            "analysis": "adverse events by term",
            "variable": term,
            "group1_level": arm,
        }
        found = made.stats(context="hierarchical", group3=None, **where)
        assert found["n"] == mine["USUBJID"].n_unique()
        assert found["N"] == len(treated(made, arm))
        total = made.stats(context="hierarchical_count", **where)
        assert total["n_event"] == len(mine)


def test_a_person_with_two_terms_of_a_class_counts_once_in_it(made):
    where = "Gastrointestinal disorders"
    mine = events(made, ARM).filter(AEBODSYS=where)
    found = made.stats(
        analysis="adverse events by term",
        variable="AEBODSYS",
        group2_level=where,
        group1_level=ARM,
        context="hierarchical",
        group3=None,
    )
    assert found["n"] == mine["USUBJID"].n_unique()
    assert found["n"] < mine.unique(["USUBJID", "AEDECOD"]).height


def test_severity_is_the_worst_of_a_person(made):
    order = {"MILD": 0, "MODERATE": 1, "SEVERE": 2}
    worst = {}
    for person, severity in events(made, ARM, ["Nausea"]).select("USUBJID", "AESEV").iter_rows():
        worst[person] = max(order[severity], worst.get(person, 0))
    for severity, place in order.items():
        found = made.stats(
            analysis="adverse events by term",
            variable="Nausea",
            group1_level=ARM,
            group3_level=severity,
        )
        assert found["n"] == sum(one == place for one in worst.values())


@pytest.mark.parametrize(
    ("column", "values"),
    [("AESER", ["Y"]), ("AEREL", ["POSSIBLE", "PROBABLE"]), ("AEACN", ["DRUG WITHDRAWN"])],
)
def test_serious_related_and_withdrawing_events_are_counted_in_persons(made, column, values):
    mine = events(made, ARM).filter(pl.col(column).is_in(values))
    found = made.stats(analysis="adverse events", group1_level=ARM, group3=column)
    assert found["n"] == mine["USUBJID"].n_unique() > 0


def test_rates_are_of_time_until_the_first_event(made):
    time, event = times(made, ARM, {"Headache"}, treated(made, ARM))
    found = made.stats(
        analysis="adverse events by term",
        variable="Headache",
        group1_level=ARM,
        context="incidence_rate",
    )
    years = time.sum() / 36525
    assert found["exposure"] == time.sum()
    assert found["rate"] == pytest.approx(event.sum() / years)
    low = stats.chi2.ppf(0.025, 2 * event.sum()) / 2 / years
    high = stats.chi2.ppf(0.975, 2 * event.sum() + 2) / 2 / years
    assert (found["rate.low"], found["rate.high"]) == pytest.approx((low, high), rel=QUANTILE)


def test_no_event_has_a_rate_of_zero_with_an_upper_bound():
    assert poisson_interval(0, 2.0) == pytest.approx((0.0, -math.log(0.025) / 2))


def test_risk_differences_are_those_of_statsmodels(made):
    counts = [
        number
        for arm in (ARM, CONTROL)
        for number in (
            events(made, arm, ["Insomnia"])["USUBJID"].n_unique(),
            len(treated(made, arm)),
        )
    ]
    where = {"analysis": "adverse events by term", "variable": "Insomnia", "group1_level": ARM}
    found = made.stats(context="risk_difference", **where)
    expected = confint_proportions_2indep(*counts, compare="diff", method="newcomb")
    assert (found["conf.low"], found["conf.high"]) == pytest.approx(expected, rel=QUANTILE)
    assert found["number_needed"] == pytest.approx(
        1 / (counts[0] / counts[1] - counts[2] / counts[3])
    )
    assert not len(made.rows(**{**where, "group1_level": CONTROL}, context="risk_difference"))


def test_classes_and_terms_come_by_falling_frequency(made):
    rows = made.rows(
        analysis="adverse events by term",
        context="hierarchical",
        stat_name="n",
        group3=None,
    )
    totals = rows.group_by("group2_level", "variable", maintain_order=True).agg(
        pl.col("stat").sum()
    )
    classes = totals.filter(variable="AEBODSYS")["stat"].to_list()
    assert classes == sorted(classes, reverse=True)
    for _, part in totals.filter(pl.col("variable") != "AEBODSYS").group_by("group2_level"):
        assert part["stat"].to_list() == sorted(part["stat"], reverse=True)


def test_groups_are_said_to_be_ours_and_hold_terms_of_the_catalogue(made):
    known = {load_adverse_event(name).term for name in adverse_event_names()}
    for name, terms in SAFETY_GROUPS.items():
        assert set(terms) <= known, name
        assert len(set(terms)) == len(terms) > 1
    rows = made.rows(analysis="adverse event groups")
    assert rows["warning"].str.contains("not a MedDRA query").all()
    mine = events(made, ARM, SAFETY_GROUPS["Gastrointestinal upset"])
    found = made.stats(
        analysis="adverse event groups",
        variable="Gastrointestinal upset",
        group1_level=ARM,
        context="hierarchical",
        group3=None,
    )
    assert found["n"] == mine["USUBJID"].n_unique()


@pytest.mark.parametrize("name", ["TTAE", "Nausea"])
def test_curves_are_those_of_statsmodels(made, name):
    time, event = times(made, ARM, None if name == "TTAE" else {name})
    expected = sm.SurvfuncRight(time, event)
    where = {"analysis": "time to event", "variable": name, "group1_level": ARM}
    counts = made.stats(context="survival", **where)
    assert (counts["N"], counts["n_event"]) == (len(time), event.sum())
    for week in (1, 4, 8):
        found = made.stats(group2_level=f"week {week}", **where)
        place = np.searchsorted(expected.surv_times, 7 * week + 1, side="right") - 1
        assert found["estimate"] == pytest.approx(expected.surv_prob[place], rel=QUANTILE)
        assert found["n.risk"] == np.sum(time >= 7 * week + 1)
    median = made.stats(group2="prob", **where)["estimate"]
    at = expected.quantile(0.5)
    assert median == (at if np.isfinite(at) else None)


def leaving(made, arm):
    adsl = made.read("adsl").filter(ARM=arm)
    time = np.array([57 if one is None else math.floor(one) + 1 for one in adsl["DCDAY"]])
    event = (adsl["DCDAY"].is_not_null() & (adsl["RESCODE"] == 0)).to_numpy()
    return time.astype(float), event.astype(int)


def responding(made, arm):
    rows = made.read("adqs").filter(
        pl.col("ABLFL").is_null() & pl.col("AVAL").is_not_null() & pl.col("DTYPE").is_null(),
        TRTP=arm,
        PARAMCD="MADRS",
    )
    time, event = [], []
    for person in made.read("adsl").filter(ARM=arm)["USUBJID"]:
        mine = rows.filter(USUBJID=person).sort("ADY")
        met = mine.filter(CRIT1FL="Y")
        event.append(len(met) > 0)
        days = (met["ADY"].head(1) if len(met) else mine["ADY"].tail(1)).to_list()
        time.append(days[0] if days else 1)
    return np.array(time, dtype=float), np.array(event, dtype=int)


@pytest.mark.parametrize(
    ("name", "of"), [("TTDSTDY", leaving), ("TTRESP, MADRS", responding), ("TTAE", None)]
)
def test_log_rank_and_hazard_ratio_are_those_of_statsmodels(made, name, of):
    of = of or (lambda one, arm: times(one, arm, None))
    (time, event), (other_time, other_event) = of(made, ARM), of(made, CONTROL)
    both, happened = np.concatenate([time, other_time]), np.concatenate([event, other_event])
    group = np.repeat([1.0, 0.0], [len(time), len(other_time)])
    where = {"analysis": "time to event", "variable": name, "group1_level": ARM}
    test = made.stats(context="survival_survdiff", **where)
    statistic, p = survdiff(both, happened, group)
    assert (test["statistic"], test["p.value"]) == pytest.approx((statistic, p), rel=QUANTILE)
    fit = sm.PHReg(both, group[:, None], status=happened, ties="efron").fit()
    found = made.stats(context="survival_coxph", **where)
    assert math.log(found["estimate"]) == pytest.approx(fit.params[0], rel=FITTED)
    assert found["std.error"] == pytest.approx(fit.bse[0], rel=FITTED)
    assert (found["conf.low"], found["conf.high"]) == pytest.approx(
        tuple(np.exp(fit.conf_int()[0])), rel=FITTED
    )


def test_events_that_nobody_had_have_no_ratio_but_say_why(made):
    rows = made.rows(analysis="time to event", variable="QT prolongation and syncope")
    ratio = rows.filter(context="survival_coxph", stat_name="estimate")
    assert ratio["stat"].is_null().all()
    assert ratio["error"].unique().to_list() == ["no event in an arm"]


def test_persons_who_are_in_both_arms_are_not_compared_by_log_rank(paired):
    assert not len(paired.rows(analysis="time to event", context="survival_survdiff"))
    assert len(paired.rows(analysis="time to event", context="survival_survfit"))
