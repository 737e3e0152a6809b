"""Endpoints by visit and arms against control, against SciPy and statsmodels."""

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
from pipelines_tolerances import FIXED_POINT, QUANTILE
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from pipelines.results.contrasts import adjusted_difference, product_columns

ARMS = ("drug 10 mg", "drug 20 mg", "drug 40 mg")
PLACE = {"group2_level": "MADRS", "group3_level": "week 8"}


def analysed(made, arm, visit="week 8", endpoint="MADRS"):
    return made.read("adqs").filter(ANL01FL="Y", TRTP=arm, AVISIT=visit, PARAMCD=endpoint)


@pytest.mark.parametrize("visit", ["week 0", "week 4", "week 8"])
def test_values_by_visit_are_those_of_numpy(made, visit):
    for arm in made.facts.arms:
        values = analysed(made, arm, visit)["AVAL"].to_numpy()
        place = {"group2_level": "MADRS", "group3_level": visit, "group1_level": arm}
        found = made.stats(
            analysis="efficacy by visit", variable="AVAL", context="summary", **place
        )
        assert found["N"] == len(values)
        assert found["mean"] == pytest.approx(values.mean(), abs=FIXED_POINT)
        assert found["sd"] == pytest.approx(values.std(ddof=1), abs=FIXED_POINT)
        assert found["median"] == np.quantile(values, 0.5, method="averaged_inverted_cdf")


def test_the_interval_of_a_mean_change_is_students(made):
    changes = analysed(made, ARMS[1])["CHG"].to_numpy()
    found = made.stats(
        analysis="efficacy by visit",
        variable="CHG",
        context="mean_ci",
        group1_level=ARMS[1],
        **PLACE,
    )
    expected = stats.t.interval(0.95, len(changes) - 1, changes.mean(), stats.sem(changes))
    assert (found["conf.low"], found["conf.high"]) == pytest.approx(expected, rel=QUANTILE)


def test_baseline_has_no_change(made):
    assert not len(made.rows(analysis="efficacy by visit", variable="CHG", group3_level="week 0"))


def test_responders_are_of_all_randomised_with_wilsons_interval(made):
    for arm in made.facts.arms:
        rows = made.read("adqs").filter(TRTP=arm, AVISIT="week 8", PARAMCD="HAMD17", CRIT1FL="Y")
        found = made.stats(
            analysis="response by visit",
            variable="CRIT1FL",
            group1_level=arm,
            group2_level="HAMD17",
            group3_level="week 8",
        )
        assert (found["n"], found["N"]) == (len(rows), 150)
        expected = proportion_confint(len(rows), 150, method="wilson")
        assert (found["conf.low"], found["conf.high"]) == pytest.approx(expected, rel=QUANTILE)


def test_welchs_contrast_is_that_of_scipy(made):
    control = analysed(made, "placebo")["CHG"].to_numpy()
    for arm in ARMS:
        mine = analysed(made, arm)["CHG"].to_numpy()
        found = made.stats(analysis="contrasts", context="stats_t_test", group1_level=arm, **PLACE)
        expected = stats.ttest_ind(mine, control, equal_var=False)
        interval = expected.confidence_interval(0.95)
        assert found["p.value"] == pytest.approx(expected.pvalue, rel=QUANTILE)
        assert (found["conf.low"], found["conf.high"]) == pytest.approx(
            (interval.low, interval.high), rel=QUANTILE
        )


def test_risk_difference_ratio_and_number_needed_are_those_of_statsmodels(made):
    counts = {
        arm: made.read("adqs")
        .filter(TRTP=arm, AVISIT="week 8", PARAMCD="MADRS", CRIT1FL="Y")
        .height
        for arm in made.facts.arms
    }
    for arm in ARMS:
        where = {"analysis": "contrasts", "variable": "CRIT1FL", "group1_level": arm, **PLACE}
        difference = made.stats(context="risk_difference", **where)
        ratio = made.stats(context="risk_ratio", **where)
        both = counts[arm], 150, counts["placebo"], 150
        assert difference["estimate"] == pytest.approx((both[0] - both[2]) / 150)
        assert difference["number_needed"] == pytest.approx(150 / (both[0] - both[2]))
        expected = confint_proportions_2indep(*both, compare="diff", method="newcomb")
        assert (difference["conf.low"], difference["conf.high"]) == pytest.approx(
            expected, rel=QUANTILE
        )
        expected = confint_proportions_2indep(*both, compare="ratio", method="log")
        assert (ratio["conf.low"], ratio["conf.high"]) == pytest.approx(expected, rel=QUANTILE)


def test_the_difference_at_equal_baseline_is_that_of_least_squares(made):
    frame = pl.concat(analysed(made, arm) for arm in made.facts.arms)
    dummies = [frame["TRTPN"] == number for number in (2, 3, 4)]
    design = np.column_stack([np.ones(len(frame)), frame["BASE"], *dummies]).astype(float)
    fit = sm.OLS(frame["CHG"].to_numpy(), design).fit()
    intervals = fit.conf_int()
    for place, arm in enumerate(ARMS, start=2):
        found = made.stats(analysis="contrasts", context="ancova", group1_level=arm, **PLACE)
        assert found["estimate"] == pytest.approx(fit.params[place], rel=QUANTILE)
        assert found["std.error"] == pytest.approx(fit.bse[place], rel=QUANTILE)
        assert found["p.value"] == pytest.approx(fit.pvalues[place], rel=QUANTILE)
        assert (found["conf.low"], found["conf.high"]) == pytest.approx(
            tuple(intervals[place]), rel=QUANTILE
        )
        assert found["parameter"] == fit.df_resid


def test_sums_of_halves_add_to_the_difference_of_the_whole():
    rng = np.random.default_rng(1)
    frame = pl.DataFrame(
        {"a": rng.integers(0, 2, 200), "b": rng.normal(30, 4, 200), "c": rng.normal(size=200)}
    )
    sums = {row["a"]: row for row in frame.group_by("a").agg(product_columns("b", "c")).to_dicts()}
    added = {0: {}, 1: {}}
    for half in (frame[:77], frame[77:]):
        for row in half.group_by("a").agg(product_columns("b", "c")).to_dicts():
            mine = added[row["a"]]
            for name in set(row) - {"a"}:
                mine[name] = mine.get(name, 0) + row[name]
    assert adjusted_difference(1, 0, added) == adjusted_difference(1, 0, sums)


def test_too_few_patients_have_a_difference_without_interval_and_none_have_nothing():
    frame = pl.DataFrame({"a": [0, 1], "b": [1.0, 2.0], "c": [3.0, 5.0]})
    sums = {row["a"]: row for row in frame.group_by("a").agg(product_columns("b", "c")).to_dicts()}
    one = adjusted_difference(1, 0, sums)
    assert (one.estimate, one.low) == (2.0, None)
    assert adjusted_difference(2, 0, sums).estimate is None


def test_the_protocols_analysis_is_the_table_of_analyses(made):
    for row in made.read("analyses").filter(endpoint="MADRS", visit="week 8").to_dicts():
        found = made.stats(analysis="protocol analysis", group1_level=row["arm"], **PLACE)
        for name, column in (
            *(("estimate", "estimate"), ("std.error", "standard_error"), ("conf.low", "low")),
            *(("p.value", "p"), ("p.adjusted", "p_adjusted"), ("n_arm", "n_arm")),
        ):
            assert found[name] == row[column]


def test_paired_contrasts_are_of_differences_within_persons(paired):
    table = paired.read("adqs").filter(AVISIT="week 8", PARAMCD="MADRS", ANL01FL="Y")
    control = table.filter(TRTP="placebo").select("SUBJID", control="CHG")
    both = table.filter(TRTP=ARMS[2]).join(control, on="SUBJID")
    expected = stats.ttest_rel(both["CHG"], both["control"])
    found = paired.stats(
        analysis="contrasts", context="stats_paired_t_test", group1_level=ARMS[2], **PLACE
    )
    assert found["p.value"] == pytest.approx(expected.pvalue, rel=QUANTILE)
    assert not len(paired.rows(analysis="contrasts", context="ancova"))
