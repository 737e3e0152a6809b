"""Contrasts within patients of a cross-over, on made-up scores and against SciPy."""

import numpy as np
import polars as pl
import pytest
from pipelines_tolerances import FIXED_POINT, QUANTILE
from scipy import stats

from cohort.trial import Protocol, load_protocol
from pipelines.adam import TrialFacts
from pipelines.crossover import crossover_contrasts
from pipelines.definitions import read_definitions
from pipelines.plan import trial_facts

DEFINITIONS = read_definitions(["MADRS"], [])
FACTS = TrialFacts(
    study="A",
    arms=("drug first", "placebo first"),
    duration_days=70.0,
    definitions=DEFINITIONS,
    control="drug first",
    periods=((0.0, 4.0), (6.0, 10.0)),
    sequences=(("drug", "placebo"), ("placebo", "drug")),
)


def write(folder, scores, **columns):
    """Write values of both periods by arm, each of shape (n_patient, 4 visits)."""
    rows = [
        {
            "USUBJID": f"{arm}-{patient:03d}",
            "TRTPN": arm,
            "PARAMCD": "MADRS",
            "AVISITN": week,
            "AVAL": value,
            "DTYPE": None,
            "VARIANTN": 1,
        }
        for arm, values in scores.items()
        for patient, visits in enumerate(values)
        for week, value in zip((0.0, 4.0, 6.0, 10.0), visits, strict=True)
    ]
    frame = pl.DataFrame(rows, schema_overrides={"DTYPE": pl.String, "AVAL": pl.Float64})
    frame.with_columns(**columns).write_parquet(folder / "adqs.parquet")
    return {row["measure"]: row for row in crossover_contrasts(folder, FACTS).to_dicts()}


def scores_of(drug, period, carry_over, n=9, noise=0.0):
    """Return scores that fall by the drug, by the period, and by what the drug leaves behind."""
    rng = np.random.default_rng(3)
    own = 25 + rng.normal(size=n) * 4
    zero = np.zeros(n)
    first = np.stack([own, own - drug, own, own - period - carry_over], axis=1)
    second = np.stack([own, own + zero, own, own - period - drug], axis=1)
    return {1: first + noise * rng.normal(size=(n, 4)), 2: second + noise * rng.normal(size=(n, 4))}


def test_the_effect_of_the_drug_is_found_whatever_the_period(tmp_path):
    for row in write(tmp_path, scores_of(drug=5.0, period=2.0, carry_over=0.0)).values():
        assert row["difference"] == pytest.approx(-5.0, abs=FIXED_POINT)
        assert row["period"] == pytest.approx(2.0, abs=FIXED_POINT)
        assert row["carry_over"] == pytest.approx(0.0, abs=FIXED_POINT)
        assert (row["treatment"], row["reference"]) == ("drug", "placebo")
        assert (row["n_first"], row["n_second"]) == (9, 9)


def test_what_the_drug_leaves_behind_biases_the_effect_and_shows(tmp_path):
    row = write(tmp_path, scores_of(drug=5.0, period=0.0, carry_over=3.0))["value"]
    assert row["difference"] == pytest.approx(-5.0 + 1.5, abs=FIXED_POINT)
    assert row["carry_over"] == pytest.approx(-1.5, abs=FIXED_POINT)


def test_intervals_agree_with_scipy(tmp_path):
    scores = scores_of(drug=5.0, period=2.0, carry_over=0.0, n=20, noise=3.0)
    rows = write(tmp_path, scores)
    for measure, before in (("value", 0.0), ("change", 1.0)):
        first, second = (
            (one[:, 1] - before * one[:, 0] - one[:, 3] + before * one[:, 2]) / 2
            for one in scores.values()
        )
        test = stats.ttest_ind(first, second, equal_var=False)
        bounds = test.confidence_interval(0.95)
        row = rows[measure]
        got = (row["difference"], row["difference_low"], row["difference_high"])
        expected = (first.mean() - second.mean(), bounds.low, bounds.high)
        assert got == pytest.approx(expected, rel=QUANTILE)


def test_only_patients_rated_in_both_periods_count(tmp_path):
    scores = scores_of(drug=5.0, period=0.0, carry_over=0.0)
    scores[1][0, 3] = np.nan
    missing = pl.when(pl.col("AVAL").is_nan()).then(None).otherwise(pl.col("AVAL"))
    assert write(tmp_path, scores, AVAL=missing)["value"]["n_first"] == 8
    carried = pl.when((pl.col("USUBJID") == "2-003") & (pl.col("AVISITN") == 10.0)).then(
        pl.lit("LOCF")
    )
    assert write(tmp_path, scores, AVAL=missing, DTYPE=carried)["value"]["n_second"] == 8


def test_a_trial_has_the_table_only_with_periods():
    plain = load_protocol("sct-md-01")
    assert "crossover_contrasts" not in trial_facts(plain, DEFINITIONS).tables
    record = plain.model_dump(mode="json", exclude_none=True)
    drug = {"drug": "escitalopram", "dose": "20 mg"}
    arms = [
        {
            "name": "drug first",
            "control": True,
            "patients": 5,
            "sequence": ["drug", "placebo"],
            "regimens": [{**drug, "start": "week 0", "stop": "week 4"}],
        },
        {
            "name": "placebo first",
            "patients": 5,
            "sequence": ["placebo", "drug"],
            "regimens": [{**drug, "start": "week 4", "stop": "week 8"}],
        },
    ]
    periods = [
        {"name": "one", "start": "week 0", "stop": "week 4"},
        {"name": "two", "start": "week 4", "stop": "week 8"},
    ]
    crossed = Protocol.model_validate({**record, "published": [], "arms": arms, "periods": periods})
    facts = trial_facts(crossed, DEFINITIONS)
    assert facts.tables["crossover_contrasts"].key == ("endpoint", "measure")
    assert facts.periods == ((0.0, 4.0), (4.0, 8.0))
