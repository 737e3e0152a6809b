"""Individual effects against DuckDB, and shrinkage against its limits."""

from dataclasses import replace

import duckdb
import numpy as np
import polars as pl
import pytest
from pipelines_tolerances import FIXED_POINT
from scipy import stats

from pipelines.definitions import read_definitions
from pipelines.plan import trial_facts
from pipelines.subgroups import CATEGORIES, NUMBERS, effects_by_subgroup, shrink

PAIRS = """
select c.SUBJID, a.TRTP, a.CHG - c.CHG as effect, s.SEX, s.CYP2C19, s.AGE, a.BASE
from '{tables}/adqs.parquet' a join '{tables}/adqs.parquet' c
on a.SUBJID = c.SUBJID and a.PARAMCD = c.PARAMCD and a.AVISIT = c.AVISIT
join '{tables}/adsl.parquet' s on s.USUBJID = c.USUBJID
where c.TRTP = 'placebo' and a.TRTP = 'citalopram 40 mg' and a.PARAMCD = 'MADRS'
and a.AVISIT = 'week 8' and a.ANL01FL = 'Y' and c.ANL01FL = 'Y'
"""


@pytest.fixture(scope="module")
def tables(counterfactual):
    return counterfactual.folder.tables


@pytest.fixture(scope="module")
def mine(tables):
    frame = pl.read_parquet(tables / "effects_by_subgroup.parquet")
    return frame.filter(endpoint="MADRS", arm="citalopram 40 mg")


@pytest.fixture(scope="module")
def pairs(tables):
    return duckdb.sql(PAIRS.format(tables=tables)).pl()


def test_everyone_is_the_paired_contrast(tables, mine, pairs):
    row = mine.filter(covariate="everyone").to_dicts()[0]
    effects = pairs["effect"].to_numpy()
    expected = stats.ttest_1samp(effects, 0).confidence_interval(0.95)
    assert row["n"] == len(effects)
    assert row["mean_effect"] == pytest.approx(effects.mean(), abs=FIXED_POINT)
    assert row["sd_effect"] == pytest.approx(effects.std(ddof=1), abs=FIXED_POINT)
    assert (row["low"], row["high"]) == pytest.approx((expected.low, expected.high), abs=1e-6)


@pytest.mark.parametrize("covariate", ["SEX", "CYP2C19"])
def test_levels_are_the_groups_of_duckdb(mine, pairs, covariate):
    rows = mine.filter(covariate=covariate).to_dicts()
    expected = pairs.group_by(covariate).agg(pl.len(), pl.col("effect").mean()).sort(covariate)
    assert [row["level"] for row in rows] == expected[covariate].to_list()
    assert [row["n"] for row in rows] == expected["len"].to_list()
    assert [row["mean_effect"] for row in rows] == pytest.approx(expected["effect"].to_list())


@pytest.mark.parametrize("covariate", ["AGE", "BASE"])
def test_numbers_are_cut_into_thirds(mine, pairs, covariate):
    rows = mine.filter(covariate=covariate).sort("level_number").to_dicts()
    assert [row["level"].split(" (")[0] for row in rows] == [
        "lowest third",
        "middle third",
        "highest third",
    ]
    assert sum(row["n"] for row in rows) == len(pairs)
    total = sum(row["n"] * row["mean_effect"] for row in rows)
    assert total == pytest.approx(pairs["effect"].sum(), abs=1e-6)


def test_every_covariate_has_its_rows(mine):
    assert set(mine["covariate"]) == {"everyone", "BASE", *CATEGORIES, *NUMBERS}


def test_other_designs_have_no_individual_effects(finished):
    frame = pl.read_parquet(finished.folder.tables / "effects_by_subgroup.parquet")
    assert len(frame) == 0


def test_a_design_without_control_has_none(tables, protocol):
    definitions = read_definitions(protocol.endpoints, protocol.adverse_events)
    facts = replace(trial_facts(protocol, definitions), is_paired=True, control=None)
    assert len(effects_by_subgroup(tables, facts)) == 0


def test_shrinkage_is_full_without_spread_and_none_with_much():
    means = np.array([1.0, 2.0, 3.0])
    full, errors = shrink(means, np.full(3, 50.0))
    assert full == pytest.approx(np.full(3, 2.0))
    assert errors == pytest.approx(np.full(3, 50 / np.sqrt(3)))
    none, errors = shrink(means, np.full(3, 1e-4))
    assert none == pytest.approx(means, abs=1e-6)
    assert errors == pytest.approx(np.full(3, 1e-4), rel=1e-3)


def test_shrunken_means_are_closer_to_the_truth():
    rng = np.random.default_rng(4)
    raw, better = 0.0, 0.0
    for _ in range(300):
        truth = rng.normal(-2, 1, 8)
        errors = rng.uniform(0.5, 2, 8)
        means = rng.normal(truth, errors)
        raw += np.sum((means - truth) ** 2)
        better += np.sum((shrink(means, errors)[0] - truth) ** 2)
    assert better < 0.8 * raw
