"""Numbers of the summary tables against DuckDB, NumPy and SciPy on the subject-level ones."""

import duckdb
import numpy as np
import polars as pl
import pytest
from pipelines_tolerances import FIXED_POINT, QUANTILE
from scipy import stats

from pipelines import summaries
from pipelines.definitions import read_definitions
from pipelines.plan import trial_facts

CHANGES = """
select q.CHG as change from '{tables}/adqs.parquet' q
where q.PARAMCD = 'MADRS' and q.AVISIT = 'week 8' and q.ANL01FL = 'Y' and q.TRTP = '{arm}'
order by q.USUBJID
"""


@pytest.fixture(scope="module")
def tables(finished):
    return finished.folder.tables


def query(text, **names):
    return duckdb.sql(text.format(**names)).fetchall()


def changes(tables, arm):
    return np.array([row[0] for row in query(CHANGES, tables=tables, arm=arm)])


def rows(tables, name, **wanted):
    frame = pl.read_parquet(tables / f"{name}.parquet")
    for column, value in wanted.items():
        frame = frame.filter(pl.col(column) == value)
    return frame.to_dicts()


def test_outcomes_agree_with_duckdb(tables):
    for row in rows(tables, "outcomes_by_arm"):
        expected = query(
            """
            select count(AVAL), avg(AVAL), stddev_samp(AVAL), avg(CHG), stddev_samp(CHG),
                   count(*) filter (DTYPE is null)
            from '{tables}/adqs.parquet'
            where TRTP = '{arm}' and PARAMCD = '{endpoint}' and AVISIT = '{visit}'
              and ANL01FL = 'Y'
            """,
            tables=tables,
            **{key: row[key] for key in ("arm", "endpoint", "visit")},
        )[0]
        got = [row[key] for key in ("n_analysed", "mean", "sd", "change_mean", "change_sd")]
        assert got == pytest.approx(expected[:5], abs=FIXED_POINT)
        assert row["n_observed"] == expected[5]
        assert row["n_randomised"] == 40
        assert row["n_missing"] == 40 - row["n_analysed"]


def test_responders_are_counted_over_all_randomised(tables):
    for row in rows(tables, "outcomes_by_arm", endpoint="HAMD24", visit="week 8"):
        n = query(
            """
            select count(*) from '{tables}/adqs.parquet' where TRTP = '{arm}'
            and PARAMCD = 'HAMD24' and AVISIT = 'week 8' and AVAL <= BASE / 2
            """,
            tables=tables,
            arm=row["arm"],
        )[0][0]
        assert row["n_responders"] == n
        assert row["responders_percent"] == pytest.approx(100 * n / 40)
        assert row["n_analysed"] < 40


def test_failed_patients_are_counted_per_arm(tables):
    for row in rows(tables, "outcomes_by_arm", visit="week 8"):
        failed = query(
            "select count(*) from '{tables}/adsl.parquet' where RESCODE <> 0 and ARM = '{arm}'",
            tables=tables,
            arm=row["arm"],
        )[0][0]
        assert row["n_failed"] == failed > 0


def test_baseline_rows_have_no_change_and_no_responders(tables):
    for row in rows(tables, "outcomes_by_arm", visit="week 0"):
        assert row["change_mean"] is None
        assert row["n_responders"] is None
        assert row["mean"] is not None


def test_parallel_contrasts_agree_with_scipy(tables):
    found = rows(tables, "contrasts", endpoint="MADRS", visit="week 8")
    assert [row["arm"] for row in found] == [
        "escitalopram 10 mg",
        "escitalopram 20 mg",
        "citalopram 40 mg",
    ]
    control = changes(tables, "placebo")
    for row in found:
        mine = changes(tables, row["arm"])
        result = stats.ttest_ind(mine, control, equal_var=False)
        expected = result.confidence_interval(0.95)
        assert row["difference"] == pytest.approx(mine.mean() - control.mean(), abs=FIXED_POINT)
        assert (row["difference_low"], row["difference_high"]) == pytest.approx(
            (expected.low, expected.high), rel=QUANTILE
        )
        assert row["degrees_of_freedom"] == pytest.approx(result.df, rel=QUANTILE)
        assert row["response_nnt"] == pytest.approx(1 / row["response_difference"])


RATIOS = """
select R2BASE from '{tables}/adlb.parquet' where PARAMCD = 'EC5HT' and AVISIT = 'week 8'
and ANL01FL = 'Y' and TRTP = '{arm}'
"""


def test_a_biomarker_can_be_an_endpoint_with_change_and_ratio_but_no_response(tables, protocol):
    facts = trial_facts(protocol, read_definitions(["MADRS", "EC5HT"], protocol.adverse_events))
    outcomes = summaries.outcomes_by_arm(tables, facts).to_dicts()
    assert {row["endpoint"] for row in outcomes} == {"MADRS", "HAMD24", "HAMD17", "EC5HT"}
    for row in outcomes:
        if row["endpoint"] != "EC5HT":
            assert row["ratio_to_baseline"] is None
            continue
        expected = query(
            """
            select count(AVAL), avg(AVAL), avg(CHG), exp(avg(ln(R2BASE))) from
            '{tables}/adlb.parquet' where TRTP = '{arm}' and PARAMCD = 'EC5HT'
            and AVISIT = '{visit}' and ANL01FL = 'Y'
            """,
            tables=tables,
            arm=row["arm"],
            visit=row["visit"],
        )[0]
        got = [row[key] for key in ("n_analysed", "mean", "change_mean", "ratio_to_baseline")]
        if row["visit"] == "week 0":
            assert got[2:] == list(expected[2:]) == [None, None]
            got, expected = got[:2], expected[:2]
        assert got == pytest.approx(expected, rel=FIXED_POINT, abs=FIXED_POINT)
        assert row["n_responders"] is None
        assert row["n_remitters"] is None
    found = summaries.contrasts(tables, facts).filter(endpoint="EC5HT", visit="week 8").to_dicts()
    assert len(found) == 3
    logs = {
        arm: np.log([row[0] for row in query(RATIOS, tables=tables, arm=arm)]) for arm in facts.arms
    }
    for row in found:
        mine, control = logs[row["arm"]], logs["placebo"]
        expected = stats.ttest_ind(mine, control, equal_var=False).confidence_interval(0.95)
        assert row["ratio_to_control"] == pytest.approx(np.exp(mine.mean() - control.mean()))
        assert (row["ratio_to_control_low"], row["ratio_to_control_high"]) == pytest.approx(
            np.exp([expected.low, expected.high]), rel=QUANTILE
        )
        assert row["response_difference"] is None
        assert row["remission_nnt"] is None


def test_a_biomarker_is_compared_within_patients_where_they_are_the_same(counterfactual, protocol):
    tables = counterfactual.folder.tables
    trial = protocol.model_copy(update={"design": "counterfactual"})
    facts = trial_facts(trial, read_definitions(["EC5HT"], trial.adverse_events))
    (row,) = (
        summaries.contrasts(tables, facts)
        .filter(endpoint="EC5HT", visit="week 8", arm="citalopram 40 mg")
        .to_dicts()
    )
    pairs = query(
        """
        select ln(a.R2BASE) - ln(c.R2BASE) from '{tables}/adlb.parquet' a
        join '{tables}/adlb.parquet' c on a.SUBJID = c.SUBJID and a.PARAMCD = c.PARAMCD
        and a.AVISIT = c.AVISIT where a.TRTP = 'citalopram 40 mg' and c.TRTP = 'placebo'
        and a.PARAMCD = 'EC5HT' and a.AVISIT = 'week 8' and a.ANL01FL = 'Y' and c.ANL01FL = 'Y'
        """,
        tables=tables,
    )
    logs = np.array(pairs)[:, 0]
    assert row["method"] == "paired"
    assert row["ratio_to_control"] == pytest.approx(np.exp(logs.mean()))


def test_paired_contrasts_use_differences_within_patients(counterfactual):
    tables = counterfactual.folder.tables
    for row in rows(tables, "contrasts", visit="week 8", endpoint="MADRS"):
        pairs = np.array(
            query(
                """
                select a.CHG, c.CHG, coalesce(a.CRIT1FL = 'Y', false),
                       coalesce(c.CRIT1FL = 'Y', false), a.ANL01FL = 'Y' and c.ANL01FL = 'Y'
                from '{tables}/adqs.parquet' a join '{tables}/adqs.parquet' c
                on a.SUBJID = c.SUBJID and a.PARAMCD = c.PARAMCD and a.AVISIT = c.AVISIT
                where a.TRTP = '{arm}' and c.TRTP = 'placebo' and a.PARAMCD = 'MADRS'
                  and a.AVISIT = 'week 8'
                """,
                tables=tables,
                arm=row["arm"],
            ),
            dtype=float,
        )
        both = pairs[pairs[:, 4] == 1]
        difference = both[:, 0] - both[:, 1]
        expected = stats.ttest_1samp(difference, 0).confidence_interval(0.95)
        assert row["method"] == "paired"
        assert row["n_arm"] == row["n_control"] == len(difference)
        assert row["difference"] == pytest.approx(difference.mean(), abs=FIXED_POINT)
        assert (row["difference_low"], row["difference_high"]) == pytest.approx(
            (expected.low, expected.high), rel=QUANTILE
        )
        assert len(pairs) == 40
        response = pairs[:, 2].mean() - pairs[:, 3].mean()
        assert row["response_difference"] == pytest.approx(response)
        assert row["response_difference_low"] <= response <= row["response_difference_high"]


def test_adverse_event_rates_agree_with_duckdb_and_scipy(tables):
    found = rows(tables, "ae_rates_by_arm")
    assert len(found) == 4 * 6  # five terms of the protocol and the row of any event
    for row in found:
        n, exposure = query(
            "select count(*), sum(TRTDURD) from '{tables}/adsl.parquet' "
            "where SAFFL = 'Y' and ARM = '{arm}'",
            tables=tables,
            arm=row["arm"],
        )[0]
        n_with, n_events = query(
            """
            select count(distinct e.USUBJID), count(*) from '{tables}/adae.parquet' e
            join '{tables}/adsl.parquet' s using (USUBJID) where s.SAFFL = 'Y'
            and e.TRTA = '{arm}' and (e.AEDECOD = '{term}' or '{term}' = 'Any adverse event')
            """,
            tables=tables,
            arm=row["arm"],
            term=row["term"],
        )[0]
        assert (row["n_patients"], row["n_with_event"], row["n_events"]) == (n, n_with, n_events)
        assert row["exposure_days"] == pytest.approx(exposure, abs=FIXED_POINT * n)
        interval = stats.binomtest(n_with, n).proportion_ci(method="wilson")
        assert (row["percent_low"], row["percent_high"]) == pytest.approx(
            (100 * interval.low, 100 * interval.high), abs=FIXED_POINT
        )
        assert (row["risk_difference"] is None) == (row["arm"] == "placebo")


def test_a_term_without_events_has_a_row_with_zero(tables):
    (row,) = rows(tables, "ae_rates_by_arm", arm="placebo", term="Serotonin syndrome")
    assert (row["n_with_event"], row["percent"], row["organ_class"]) == (
        0,
        0.0,
        "Nervous system disorders",
    )
    assert row["percent_high"] > 0


def test_biomarkers_and_concentrations_agree_with_duckdb(tables):
    codes = {row["biomarker"] for row in rows(tables, "biomarkers_by_arm")}
    assert codes == {"SERTOCC", "EC5HT", "C_SCITAL", "C_RCITAL"}
    for row in rows(tables, "biomarkers_by_arm"):
        expected = query(
            "select count(AVAL), avg(AVAL), stddev_samp(AVAL), avg(CHG), avg(R2BASE) "
            "from read_parquet(['{tables}/adlb.parquet', '{tables}/adpc.parquet']) "
            "where TRTP = '{arm}' and PARAMCD = '{biomarker}' "
            "and AVISIT = '{visit}'",
            tables=tables,
            **{key: row[key] for key in ("arm", "biomarker", "visit")},
        )[0]
        got = [row[key] for key in ("n", "mean", "sd", "change_mean", "ratio_mean")]
        assert got == pytest.approx(expected, abs=FIXED_POINT)
