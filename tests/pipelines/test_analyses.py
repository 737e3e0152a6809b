"""The analysis of a run against statsmodels and DuckDB on the subject-level tables."""

from dataclasses import replace

import duckdb
import numpy as np
import polars as pl
import pytest
from pipelines_tolerances import FIXED_POINT, QUANTILE
from scipy import stats
from statsmodels.regression.linear_model import OLS

from cohort.inference.group_sequential import boundaries
from cohort.inference.multiplicity import holm
from cohort.trial import Analysis
from pipelines.analyses import analyses, intercurrent_events, tipping_points
from pipelines.definitions import read_definitions
from pipelines.plan import trial_facts
from pipelines.schema import polars_schema

ARMS = ["escitalopram 10 mg", "escitalopram 20 mg", "citalopram 40 mg"]


@pytest.fixture(scope="module")
def tables(finished):
    return finished.folder.tables


@pytest.fixture(scope="module")
def facts(protocol):
    return trial_facts(protocol, read_definitions(protocol.endpoints, protocol.adverse_events))


def analysed(tables, facts, **choices):
    return analyses(tables, replace(facts, analysis=Analysis(**choices)))


def at_end(frame, endpoint="MADRS"):
    return frame.filter(endpoint=endpoint, visit="week 8").sort("look", "arm_number").to_dicts()


def subjects(tables, value):
    """Return arm, baseline and a value at the last visit of every patient without failure."""
    text = f"""
        select q.TRTPN, q.BASE, {value} from '{tables}/adqs.parquet' q
        join '{tables}/adsl.parquet' s using (USUBJID)
        where q.PARAMCD = 'MADRS' and q.AVISIT = 'week 8' and s.RESCODE = 0 order by q.USUBJID
    """
    return np.array(duckdb.sql(text).fetchall(), dtype=float)


def by_least_squares(found):
    keep = np.isfinite(found).all(axis=1)
    arm, baseline, value = found[keep].T
    design = np.column_stack([np.ones(len(arm)), arm == 2, arm == 3, arm == 4, baseline])
    return OLS(value, design).fit()


# the last observed value of those with one after baseline; the same, or the baseline; observed only
REFEREES = {
    "LOCF": "case when q.ANL01FL = 'Y' then q.AVAL end",
    "BOCF": "case when q.DTYPE is null then q.AVAL else q.BASE end",
    "observed": "case when q.DTYPE is null then q.AVAL end",
}


@pytest.mark.parametrize("method", REFEREES)
def test_covariance_analysis_agrees_with_statsmodels(tables, facts, method):
    rows = at_end(analysed(tables, facts, missing_data=method))
    found = subjects(tables, REFEREES[method])
    theirs = by_least_squares(found)
    assert [row["arm"] for row in rows] == ARMS
    for column, row in enumerate(rows, start=1):
        assert row["estimate"] == pytest.approx(theirs.params[column], abs=FIXED_POINT)
        assert row["standard_error"] == pytest.approx(theirs.bse[column], rel=QUANTILE)
        assert row["p"] == pytest.approx(theirs.pvalues[column], rel=1e-6)
        assert (row["low"], row["high"]) == pytest.approx(theirs.conf_int()[column], abs=1e-6)
        assert row["degrees_of_freedom"] == theirs.df_resid
        n = np.isfinite(found[found[:, 0] == column + 1]).all(axis=1).sum()
        assert row["n_arm"] == n


def test_the_composite_gives_failures_their_baseline(tables, facts):
    rows = at_end(analysed(tables, facts, estimand="composite", missing_data="observed"))
    value = (
        "case when s.DCSREAS in ('ADVERSE EVENT', 'LACK OF EFFICACY') and s.DCDAY <= 56 "
        "then q.BASE when q.DTYPE is null then q.AVAL end"
    )
    theirs = by_least_squares(subjects(tables, value))
    assert [row["estimate"] for row in rows] == pytest.approx(theirs.params[1:4], abs=FIXED_POINT)


def test_while_on_treatment_is_the_last_value_before_leaving(tables, facts):
    rows = at_end(analysed(tables, facts, estimand="while_on_treatment", missing_data="observed"))
    theirs = by_least_squares(subjects(tables, "q.AVAL"))
    assert [row["estimate"] for row in rows] == pytest.approx(theirs.params[1:4], abs=FIXED_POINT)


@pytest.mark.parametrize("method", ["MAR", "J2R", "CR", "CIR", "MMRM"])
def test_models_of_missing_values_use_every_patient(tables, facts, method):
    frame = analysed(tables, facts, missing_data=method, imputations=20)
    again = analysed(tables, facts, missing_data=method, imputations=20)
    assert frame.equals(again)
    assert frame["remark"].is_null().all()
    n = len(subjects(tables, "q.BASE"))
    if method != "MMRM":
        last = at_end(frame)
        assert last[0]["n_control"] + sum(row["n_arm"] for row in last) == n
    observed = at_end(analysed(tables, facts, missing_data="observed"))
    for one, other in zip(at_end(frame), observed, strict=True):
        assert abs(one["estimate"] - other["estimate"]) < 2 * other["standard_error"]


def test_jumping_to_the_reference_pulls_arms_to_control(tables, facts):
    free = at_end(analysed(tables, facts, missing_data="MAR", imputations=40))
    pulled = at_end(analysed(tables, facts, missing_data="J2R", imputations=40))
    sums = [sum(row["estimate"] for row in rows) for rows in (free, pulled)]
    assert sums[0] < sums[1] < 0


def test_claims_are_for_the_primary_endpoint_at_the_end(tables, facts):
    frame = analysed(tables, facts, multiplicity="holm")
    claimed = frame.filter(pl.col("claim").is_not_null())
    assert set(claimed["visit"]) == {"week 8"}
    assert set(claimed["endpoint"]) == {facts.primary_endpoint}
    assert claimed["p_adjusted"].to_list() == pytest.approx(holm(claimed["p"].to_numpy()).tolist())
    for row in claimed.to_dicts():
        assert (row["claim"] == "better") == (row["p_adjusted"] <= 0.05 and row["estimate"] < 0)


def test_dunnett_counts_in_the_shared_control(tables, facts):
    """Against SciPy's multivariate t of three statistics that share a control."""
    rows = at_end(analysed(tables, facts, multiplicity="dunnett"))
    loading = np.sqrt([row["n_arm"] / (row["n_arm"] + row["n_control"]) for row in rows])
    shape = np.outer(loading, loading)
    np.fill_diagonal(shape, 1.0)
    law = stats.multivariate_t(shape=shape, df=rows[0]["degrees_of_freedom"], seed=1)
    for row in rows:
        t = abs(row["estimate"] / row["standard_error"])
        expected = 1 - law.cdf(np.full(3, t), lower_limit=np.full(3, -t))
        assert row["p_adjusted"] == pytest.approx(expected, abs=1e-3)
        assert row["level"] is None


def test_a_graph_of_equal_shares_claims_as_holm(tables, facts):
    shares = (1 - np.eye(3)) / 2
    graph = {"weights": [1 / 3] * 3, "transitions": shares.tolist()}
    rows = at_end(analysed(tables, facts, multiplicity="graphical", **graph))
    theirs = at_end(analysed(tables, facts, multiplicity="holm"))
    assert [row["claim"] for row in rows] == [row["claim"] for row in theirs]
    assert [row["p_adjusted"] for row in rows] == pytest.approx(
        [row["p_adjusted"] for row in theirs], abs=1e-12
    )


@pytest.mark.parametrize("method", ["MAR", "J2R"])
def test_a_tipping_point_moves_each_arm_by_its_imputed_share(tables, facts, method):
    choices = {"missing_data": method, "imputations": 20}
    asked = Analysis(**choices, tipping_point=[0, 5, 10, 40])
    frame = tipping_points(tables, replace(facts, analysis=asked))
    plain = at_end(analysed(tables, facts, **choices))
    gone = dict(
        duckdb.sql(
            f"select q.TRTPN, count(*) from '{tables}/adqs.parquet' q join '{tables}/adsl.parquet' "
            "s using (USUBJID) where q.PARAMCD = 'MADRS' and q.AVISIT = 'week 8' and s.RESCODE = 0 "
            "and (q.DTYPE is not null or q.AVAL is null) and q.BASE is not null group by q.TRTPN"
        ).fetchall()
    )
    assert len(frame) == 3 * 4
    for row in plain:
        mine = frame.filter(arm=row["arm"]).sort("delta")
        assert mine["estimate"][0] == pytest.approx(row["estimate"], abs=FIXED_POINT)
        assert mine["p"][0] == pytest.approx(row["p"], rel=1e-6)
        assert mine["n_imputed"].to_list() == [gone[row["arm_number"]]] * 4
        slopes = np.diff(mine["estimate"].to_numpy()) / np.diff(mine["delta"].to_numpy())
        assert slopes == pytest.approx(np.full(3, slopes[0]), abs=1e-9)  # it is linear in the shift
        # adjusting for baseline moves it a little from the share of imputed patients
        assert slopes[0] == pytest.approx(gone[row["arm_number"]] / row["n_arm"], rel=0.15)
        assert mine["finding"][3] != "better"
    assert frame.schema == polars_schema(replace(facts, analysis=asked).tables["tipping_point"])
    assert "tipping_point" not in facts.tables


def test_looks_analyse_the_first_patients_at_their_boundaries(tables, facts):
    frame = analysed(tables, facts, looks=["50 %"], multiplicity="bonferroni")
    rows = at_end(frame)
    assert [row["look"] for row in rows] == [1, 1, 1, 2, 2, 2]
    assert frame.filter(pl.col("look") == 1)["visit"].unique().to_list() == ["week 8"]
    nominal = 2 * stats.norm.sf(boundaries([0.5, 1.0], 0.05 / 3))
    assert [rows[0]["level"], rows[3]["level"]] == pytest.approx(nominal.tolist(), rel=1e-9)
    assert rows[0]["claim"] in {"better", "worse", "go on"}
    assert rows[3]["claim"] in {"better", "worse", "not shown"}
    half = analysed(tables, facts)
    assert rows[3]["estimate"] == at_end(half)[0]["estimate"]
    assert rows[0]["n_arm"] + rows[0]["n_control"] <= 40


def test_the_same_patients_are_compared_by_their_differences(counterfactual, facts):
    paired = replace(facts, is_paired=True)
    tables = counterfactual.folder.tables
    rows = at_end(analyses(tables, paired))
    contrasts = pl.read_parquet(tables / "contrasts.parquet").filter(
        endpoint="MADRS", visit="week 8"
    )
    assert [row["model"] for row in rows] == ["paired"] * 3
    for row, other in zip(rows, contrasts.to_dicts(), strict=True):
        assert row["n_arm"] == other["n_arm"]
        assert row["estimate"] == pytest.approx(other["difference"], abs=FIXED_POINT)
        assert row["low"] == pytest.approx(other["difference_low"], abs=1e-6)


def test_events_are_the_discontinuations_of_solved_patients(tables, facts):
    frame = pl.read_parquet(tables / "intercurrent_events.parquet")
    expected = duckdb.sql(
        f"select USUBJID, DCDAY, DCSREAS from '{tables}/adsl.parquet' "
        "where RESCODE = 0 and DCDAY is not null order by USUBJID"
    ).fetchall()
    assert frame.select("USUBJID", "ICEDY", "ICEREAS").rows() == expected
    assert len(expected) > 20
    fails = frame["ICEREAS"].is_in(["ADVERSE EVENT", "LACK OF EFFICACY"])
    assert (frame["ICEFAIL"] == "Y").to_list() == fails.to_list()
    assert frame.schema == polars_schema(facts.tables["intercurrent_events"])


def test_rescue_is_an_event_where_a_trial_has_it(tables, facts, tmp_path):
    for name in ("adsl", "adqs"):
        frame = pl.read_parquet(tables / f"{name}.parquet")
        if name == "adsl":
            first = pl.int_range(pl.len()) < 7
            frame = frame.with_columns(RESCDAY=pl.when(first).then(5.0))
        frame.write_parquet(tmp_path / f"{name}.parquet")
    events = intercurrent_events(tmp_path, facts).collect()
    rescued = events.filter(ICETYPE="RESCUE")
    assert len(rescued) == 7
    assert set(rescued["ICEFAIL"]) == {"Y"}
    before = at_end(analysed(tables, facts, estimand="composite"))
    after = at_end(analysed(tmp_path, facts, estimand="composite"))
    assert before[0]["estimate"] > after[0]["estimate"]  # the first are on placebo


def test_a_trial_too_small_for_its_analysis_says_why(tables, facts, tmp_path):
    two = pl.col("USUBJID").rank("dense").over(pl.col("^TRT(01)?PN$")) <= 2
    for name in ("adsl", "adqs"):
        pl.read_parquet(tables / f"{name}.parquet").filter(two).write_parquet(
            tmp_path / f"{name}.parquet"
        )
    frame = analysed(tmp_path, facts, missing_data="J2R")
    assert len(frame) > 0
    assert frame["estimate"].is_null().all()
    assert "larger arms" in frame["remark"][0]


def test_a_trial_of_control_alone_has_no_rows(tables, facts):
    alone = replace(facts, arms=("placebo",))
    assert len(analyses(tables, alone)) == 0
