"""Subgroups, genotypes, biomarkers and individual effects against least squares and statsmodels."""

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
from pipelines_tolerances import FIXED_POINT, QUANTILE, ROUND_OFF
from scipy import stats
from statsmodels.stats.meta_analysis import combine_effects

from pipelines.results.subgroups import heterogeneity

ARM = "drug 40 mg"
PLACE = {"group2_level": "MADRS", "group3_level": "week 8", "group1_level": ARM}


def changes(made, **where):
    scores = made.read("adqs").filter(ANL01FL="Y", AVISIT="week 8", PARAMCD="MADRS")
    people = made.read("adsl").select("USUBJID", "CYP2C19", "SLC6A4")
    return scores.join(people, on="USUBJID").filter(**where)


@pytest.mark.parametrize(
    ("covariate", "levels"), [("SEX", "FM"), ("SLC6A4", ["S/S", "S/L", "L/L"])]
)
def test_effects_in_subgroups_use_the_subgroup_only(made, covariate, levels):
    # all four arms give slope and variance, as in the analysis of everybody
    for level in levels:
        frame = changes(made, **{covariate: level})
        dummies = [(frame["TRTPN"] == number).cast(float) for number in (2, 3, 4)]
        design = np.column_stack([np.ones(len(frame)), frame["BASE"], *dummies])
        fit = sm.OLS(frame["CHG"].to_numpy(), design).fit()
        found = made.stats(
            analysis="subgroups",
            context="ancova",
            variable=covariate,
            variable_level=level,
            **PLACE,
        )
        assert found["estimate"] == pytest.approx(fit.params[4], rel=QUANTILE)
        assert found["std.error"] == pytest.approx(fit.bse[4], rel=QUANTILE)
        assert found["n_arm"] == (frame["TRTP"] == ARM).sum()


@pytest.mark.parametrize("covariate", ["SEX", "CYP2C19", "RACE", "AGEGR1", "BASEGR1"])
def test_shrinkage_and_heterogeneity_are_those_of_a_meta_analysis(made, covariate):
    rows = made.rows(analysis="subgroups", variable=covariate, **PLACE)

    def column(name):
        mine = rows.filter(stat_name=name).filter(pl.col("variable_level").is_not_null())
        return dict(mine.select("variable_level", "stat").iter_rows())

    means, errors, shrunken = column("estimate"), column("std.error"), column("shrunken")
    levels = list(shrunken)
    assert len(levels) > 1
    m, v = (np.array([one[level] for level in levels]) for one in (means, errors))
    with np.errstate(invalid="ignore"):  # it takes the root of a spread below zero
        meta = combine_effects(m, v**2, method_re="dl")
    tau2 = max(0.0, meta.tau2)
    found = dict(rows.filter(context="heterogeneity").select("stat_name", "stat").iter_rows())
    assert found["statistic"] == pytest.approx(meta.q, rel=QUANTILE)
    assert found["p.value"] == pytest.approx(stats.chi2.sf(meta.q, len(levels) - 1), rel=QUANTILE)
    assert found["tau"] ** 2 == pytest.approx(tau2, abs=1e-9)
    assert found["i2"] == pytest.approx(max(0.0, meta.i2), abs=1e-9)
    weight = 1 / (v**2 + tau2)
    middle = np.sum(weight * m) / weight.sum()
    expected = middle + tau2 / (tau2 + v**2) * (m - middle)
    assert [shrunken[level] for level in levels] == pytest.approx(expected.tolist(), rel=QUANTILE)


def test_equal_groups_are_not_heterogeneous():
    found = heterogeneity([2.0, 2.0, 2.0], [1.0, 2.0, 0.5])
    assert (found["statistic"], found["tau"], found["i2"], found["p.value"]) == (0.0, 0.0, 0.0, 1.0)


def test_halves_of_baseline_are_cut_at_the_median_of_all_arms(made):
    frame = changes(made)
    middle = np.quantile(frame["BASE"], 0.5, method="averaged_inverted_cdf")
    rows = made.rows(analysis="subgroups", variable="BASEGR1", stat_name="n_arm", **PLACE)
    assert rows["variable_level"].to_list() == [f"up to {middle:g}", f"above {middle:g}"]
    mine = frame.filter(TRTP=ARM)
    assert rows["stat"].to_list() == [
        (mine["BASE"] <= middle).sum(),
        (mine["BASE"] > middle).sum(),
    ]


def test_genotypes_are_described_within_each_arm(made):
    for level in ("normal", "poor", "rapid"):
        mine = changes(made, CYP2C19=level, TRTP=ARM)
        where = {
            "analysis": "genotype by dose",
            "group1_level": ARM,
            "group2": "CYP2C19",
            "group2_level": level,
        }
        found = made.stats(variable="MADRS", context="summary", **where)
        assert (found["N"], found["mean"], found["sd"]) == pytest.approx(
            (len(mine), mine["CHG"].mean(), mine["CHG"].std()), abs=FIXED_POINT
        )
        response = made.stats(variable="MADRS", context="tabulate_value", **where)
        assert response["n"] == (mine["CRIT1FL"] == "Y").sum()
        people = made.read("adsl").filter(CYP2C19=level, ARM=ARM).select("USUBJID")
        values = (
            made.read("adpc")
            .filter(PARAMCD="C_DRUG", AVISIT="week 8")
            .join(people, on="USUBJID", how="semi")["AVAL"]
            .drop_nulls()
        )
        drug = made.stats(variable="C_DRUG", **where)
        assert (drug["N"], drug["mean"]) == pytest.approx(
            (len(values), values.mean()), abs=FIXED_POINT
        )


def test_a_level_that_nobody_of_the_arm_has_is_not_described(made):
    rows = made.rows(analysis="genotype by dose", group1_level="placebo", variable="C_DRUG")
    assert not len(rows)


@pytest.mark.parametrize("code", ["EC5HT", "QTCF"])
def test_biomarkers_are_those_of_numpy(made, code):
    rows = made.read("adlb").filter(PARAMCD=code, AVISIT="week 4", TRTP=ARM)
    where = {
        "analysis": "biomarkers",
        "variable": code,
        "group1_level": ARM,
        "group2_level": "week 4",
    }
    found = made.stats(group3=None, **where)
    values = rows["AVAL"].drop_nulls().to_numpy()
    assert (found["N"], found["N_miss"]) == (len(values), rows["AVAL"].null_count())
    assert found["mean"] == pytest.approx(values.mean(), abs=FIXED_POINT)
    quartiles = np.quantile(values, [0.25, 0.5, 0.75], method="averaged_inverted_cdf")
    assert [found[name] for name in ("p25", "median", "p75")] == pytest.approx(
        quartiles.tolist(), rel=ROUND_OFF
    )
    change = made.stats(group3_level="CHG", context="summary", **where)
    assert change["mean"] == pytest.approx(rows["CHG"].mean(), abs=FIXED_POINT)
    ratio = made.stats(group3_level="R2BASE", **where)
    assert ratio["mean_ratio"] == pytest.approx(rows["R2BASE"].mean(), abs=FIXED_POINT)


def test_exposure_and_response_are_the_wide_table(made):
    table = made.read("exposure_response").to_dicts()
    assert table
    for row in table[:: len(table) // 7]:
        found = made.stats(
            analysis="exposure-response",
            group1_level=row["exposure"],
            group2_level=str(row["quartile"]),
            group3_level=row["kind"],
            variable=row["outcome"],
        )
        share = 1.0 if row["kind"] == "change" else 100.0
        name = "mean" if row["kind"] == "change" else "p"
        assert share * found[name] == pytest.approx(row["value"])
        assert found["N"] == row["n"]


def test_individual_effects_are_differences_of_the_same_person(paired):
    table = paired.read("adqs").filter(AVISIT="week 8", PARAMCD="MADRS", ANL01FL="Y")
    control = table.filter(TRTP="placebo").select("SUBJID", control="CHG")
    both = table.filter(TRTP=ARM).join(control, on="SUBJID")
    effects = (both["CHG"] - both["control"]).to_numpy()
    where = {"analysis": "individual effects", **PLACE}
    found = paired.stats(context="summary", **where)
    assert found["N"] == len(effects) > 0
    assert (found["mean"], found["sd"]) == pytest.approx(
        (effects.mean(), effects.std(ddof=1)), abs=FIXED_POINT
    )
    assert found["median"] == np.quantile(effects, 0.5, method="averaged_inverted_cdf")
    better = paired.stats(variable_level="lower score in the arm", **where)
    assert better["n"] == np.sum(effects < 0)
    shared = paired.stats(context="correlation", **where)
    assert shared["correlation"] == pytest.approx(
        np.corrcoef(both["CHG"], both["control"])[0, 1], abs=1e-9
    )


def test_subgroups_of_persons_in_both_arms_are_of_their_own_differences(paired):
    for row in paired.read("effects_by_subgroup").filter(arm=ARM, covariate="SEX").to_dicts():
        found = paired.stats(
            analysis="subgroups",
            context="individual_effect",
            variable="SEX",
            variable_level=row["level"],
            group1_level=ARM,
            group2_level=row["endpoint"],
        )
        assert found["estimate"] == row["mean_effect"]
