"""The table as a whole: layout, order, repeatability; who the patients are, what became of them."""

import duckdb
import numpy as np
import polars as pl
import pytest
from made_results import finish, make
from made_trial import trial
from pipelines_tolerances import FIXED_POINT, ROUND_OFF

from pipelines.results.make_results import make_results
from pipelines.results.rows import format_stat
from pipelines.schema import TABLES, polars_schema
from pipelines.schema.results import ANALYSES_OF_RESULTS

CARDS = (
    *("group1", "group1_level", "group2", "group2_level", "group3", "group3_level"),
    *("variable", "variable_level", "context", "stat_name", "stat_label", "stat", "stat_fmt"),
    *("fmt_fun", "warning", "error"),
)
GROUP = (
    *("analysis", "group1", "group1_level", "group2", "group2_level", "group3", "group3_level"),
    *("variable", "variable_label", "variable_level", "reference", "context", "stat_name"),
)


def test_the_layout_is_that_of_cards_and_of_the_schema(made):
    assert set(CARDS) <= set(made.results.columns)
    assert dict(made.results.schema) == polars_schema(TABLES["results"])
    for column in TABLES["results"].columns:
        values = made.results[column.name]
        assert column.nullable or not values.null_count(), column.name
        assert not column.allowed or set(values.drop_nulls()) <= set(column.allowed), column.name


def test_every_analysis_is_there_in_the_order_of_the_schema(made, paired):
    def order(one):
        return one.results["analysis"].unique(maintain_order=True).to_list()

    assert order(made) == [one for one in ANALYSES_OF_RESULTS if one != "individual effects"]
    assert order(paired) == list(ANALYSES_OF_RESULTS)
    assert made.results["number"].to_list() == list(range(1, len(made.results) + 1))


def test_no_statistic_is_there_twice(made, paired):
    for one in (made, paired):
        twice = one.results.group_by(GROUP).len().filter(pl.col("len") > 1)
        assert not len(twice), twice


def test_a_statistic_or_the_reason_for_none(made, paired):
    for one in (made, paired):
        missing, reason = one.results["stat"].is_null(), one.results["error"].is_not_null()
        assert (missing == reason).all()
        assert one.results["stat"].is_finite().drop_nulls().all()


def test_the_formatted_statistic_follows_from_the_statistic(made):
    for row in made.results.gather_every(17).iter_rows(named=True):
        assert row["stat_fmt"] == format_stat(row["stat"], row["fmt_fun"])


def test_rows_and_row_groups_in_another_order_give_the_same_bytes(made, tmp_path):
    for name in ("adsl", "adqs", "adlb", "adpc", "adae"):
        shuffled = made.read(name).sample(fraction=1.0, shuffle=True, seed=1)
        shuffled.write_parquet(tmp_path / f"{name}.parquet", row_group_size=101)
    for path in made.tables.glob("*.parquet"):
        if not (tmp_path / path.name).exists():
            (tmp_path / path.name).symlink_to(path)
    again = make_results(tmp_path, made.facts)
    assert again.equals(made.results)


@pytest.mark.parametrize("name", ["AGE", "BMIBL", "CRCL"])
def test_numbers_of_demographics_agree_with_duckdb(made, name):
    for arm in (*made.facts.arms, "Total"):
        where = "true" if arm == "Total" else f"ARM = '{arm}'"
        expected = duckdb.sql(
            f"select count({name}), avg({name}), stddev_samp({name}), min({name}), max({name}), "
            f"count(*) - count({name}) from '{made.tables}/adsl.parquet' where {where}"
        ).fetchall()[0]
        found = made.stats(analysis="demographics", variable=name, group1_level=arm)
        got = [found[one] for one in ("N", "mean", "sd", "min", "max", "N_miss")]
        assert got == pytest.approx(expected, abs=FIXED_POINT)
        values = made.read("adsl").filter(pl.lit(arm == "Total") | (pl.col("ARM") == arm))[name]
        known = values.drop_nulls().to_numpy()
        quartiles = np.quantile(known, [0.25, 0.5, 0.75], method="averaged_inverted_cdf")
        assert [found[one] for one in ("p25", "median", "p75")] == pytest.approx(
            quartiles.tolist(), rel=ROUND_OFF
        )


def test_levels_are_counted_over_those_known_and_missing_ones_apart(made):
    adsl = made.read("adsl")
    for arm in made.facts.arms:
        mine = adsl.filter(ARM=arm)
        known = mine["COMT"].drop_nulls()
        found = made.stats(
            analysis="demographics", variable="COMT", group1_level=arm, variable_level="ValMet"
        )
        assert (found["n"], found["N"]) == (known.eq("ValMet").sum(), len(known))
        missing = made.stats(
            analysis="demographics", variable="COMT", group1_level=arm, context="missing"
        )
        assert (missing["n"], missing["N"]) == (len(mine) - len(known), len(mine))


def test_ages_at_a_bound_belong_to_the_higher_group(made):
    adsl = made.read("adsl")
    found = made.stats(
        analysis="demographics", variable="AGEGR1", group1_level="Total", variable_level=">=65"
    )
    assert found["n"] == adsl.filter(pl.col("AGE") >= 65).height


def test_disposition_counts_are_those_of_adsl(made):
    adsl = made.read("adsl")
    for arm in made.facts.arms:
        mine = adsl.filter(ARM=arm)
        for variable, level in (
            *(("SAFFL", "Y"), ("EOSSTT", "COMPLETED"), ("EOSSTT", "DISCONTINUED")),
            *(("DCSREAS", "ADVERSE EVENT"), ("DCTREAS", "OTHER"), ("DCSREAS", "SOLVER FAILURE")),
        ):
            found = made.stats(
                analysis="disposition", variable=variable, variable_level=level, group1_level=arm
            )
            assert found["n"] == mine.filter(pl.col(variable) == level).height
            assert found["N"] == 150
            assert found["p"] == found["n"] / 150
        failed = made.stats(analysis="disposition", variable="RESCODE", group1_level=arm)
        assert failed["n"] == mine.filter(pl.col("RESCODE") != 0).height


def test_those_who_left_are_the_reasons_together(made):
    for arm in (*made.facts.arms, "Total"):
        reasons = made.rows(
            analysis="disposition", variable="DCSREAS", group1_level=arm, stat_name="n"
        )
        left = made.stats(
            analysis="disposition",
            variable="EOSSTT",
            variable_level="DISCONTINUED",
            group1_level=arm,
        )
        assert reasons["stat"].sum() == left["n"] > 0


def test_exposure_is_of_the_treated_and_adherence_in_percent_of_planned(made):
    treated = made.read("adsl").filter(SAFFL="Y", ARM="drug 20 mg")
    share = 100 * treated["DOSETKN"] / treated["DOSEPLN"]
    found = made.stats(analysis="exposure", variable="ADHERENC", group1_level="drug 20 mg")
    assert (found["N"], found["mean"]) == pytest.approx((len(treated), share.mean()))
    nobody = made.stats(analysis="exposure", variable="ADHERENC", group1_level="placebo")
    assert (nobody["N"], nobody["mean"]) == (0, None)
    years = made.stats(
        analysis="exposure", variable="TRTDURD", group1_level="drug 20 mg", context="total"
    )
    assert years["estimate"] == pytest.approx(treated["TRTDURD"].sum() / 365.25)


def test_a_variant_has_the_results_of_a_trial_of_its_own(tmp_path):
    crossed, alone = tmp_path / "crossed", tmp_path / "alone"
    crossed.mkdir()
    alone.mkdir()
    arms, variants = ("placebo", "drug"), ("usual", "training")
    facts = trial(arms=arms, variants=variants)
    both = make(crossed, facts, 60)
    for name in ("adsl", "adqs", "adlb", "adpc", "adae"):
        mine = both.read(name).filter(VARIANTN=2).drop("VARIANT", "VARIANTN")
        mine.write_parquet(alone / f"{name}.parquet")
    one = finish(alone, trial(arms=arms))
    own = both.rows(variant="training").filter(
        pl.col("reference").is_null() | ~pl.col("reference").str.contains("usual")
    )
    assert own.drop("variant", "variant_number", "number").equals(one.results.drop("number"))
    within = both.rows(variant="training", reference="drug, usual", group1_level="drug")
    assert "stats_paired_t_test" in within["context"].to_list()
