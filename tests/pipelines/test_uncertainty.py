"""The three parts of the uncertainty of a run, kept apart."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy import stats

from cohort.replicate import TrialSpread, replicate_trials, simulate_pool
from cohort.trial import load_protocol
from pipelines.errors import InputError
from pipelines.uncertainty import mean_spreads, uncertainty_table, write_uncertainty

TRIAL = load_protocol("sct-md-01")
ARM = "escitalopram 20 mg"


@pytest.fixture(scope="module")
def pool():
    return simulate_pool(TRIAL, 30, arms=("placebo", ARM))


def test_the_spread_between_trials_is_that_of_replicates_without_sampling(pool):
    """Large replicates, whose sampling is small and known, have the same spread."""
    found = mean_spreads(pool, ARM, draws=64)["MADRS"]["between_trials"][1][-1]
    condition = pool.condition
    spread = TrialSpread(
        placebo_sd=condition.placebo.trial_sd.number("1"),
        benefit_sd=condition.link.trial_sd.number("1"),
        dropout_sd_log=condition.dropout.trial_sd_log.number("1"),
    )
    n = 150
    arms = replicate_trials(pool, {ARM: n}, 150, 3, spread, endpoint="MADRS", adverse_events=())
    sampling = (arms[ARM].sd_change ** 2 / arms[ARM].n_analyzed).mean()
    between = np.sqrt(arms[ARM].mean_change.var(ddof=1) - sampling)
    assert found == pytest.approx(between, rel=0.3)  # two SDs of 64 and 150 numbers


def test_parameters_move_drugs_alone_and_as_much_as_their_errors(pool):
    assert (mean_spreads(pool, "placebo", draws=8)["MADRS"]["parameter"][1] == 0.0).all()
    plain = mean_spreads(pool, ARM, draws=16)["MADRS"]["parameter"][1][-1]
    assert plain > 0.0
    record = pool.condition.model_dump()
    record["link"] |= {"fitted": None, "signal_relative_error": None, "drug_sd": None}
    sure = replace(pool, condition=type(pool.condition).model_validate(record))
    assert (mean_spreads(sure, ARM, draws=8)["MADRS"]["parameter"][1] == 0.0).all()


def test_the_residual_of_a_drug_is_among_the_parameters_and_moves_the_benefit_alone(pool):
    record = pool.condition.model_dump()
    residual = {"value": 0.4, "mark": "assumed", "source": "example"}
    record["link"] |= {"fitted": None, "signal_relative_error": None, "drug_sd": residual}
    known = replace(pool, condition=type(pool.condition).model_validate(record))
    changes, spread = mean_spreads(known, ARM, draws=64)["HAMD17"]["parameter"]
    still = mean_spreads(known, "placebo", draws=8)["HAMD17"]["parameter"]
    assert (still[1] == 0.0).all()
    benefit = abs(changes[-1].mean() - still[0][-1].mean())
    # scores are whole points with an end, and an SD of 64 mirrored draws is known to an eighth
    assert spread[-1] == pytest.approx(0.4 * benefit, rel=0.35)


def test_mirrored_draws_leave_the_mean_where_it_is(pool):
    changes, _ = mean_spreads(pool, ARM, draws=32)["HAMD17"]["parameter"]
    halves = changes[-1].reshape(2, -1)
    assert np.corrcoef(halves)[0, 1] < -0.8


def test_the_table_adds_the_parts_up():
    two = TRIAL.model_copy(update={"arms": TRIAL.arms[:2]})
    names = [arm.name for arm in two.arms]
    outcomes = pl.DataFrame(
        [
            {
                "arm": arm,
                "endpoint": "MADRS",
                "visit": visit.name,
                "visit_week": float(week),
                "change_mean": None if week == 0 else -10.0,
                "change_se": None if week == 0 else 0.9,
            }
            for arm in names
            for week, visit in enumerate(TRIAL.visits)
        ]
    )
    table = uncertainty_table(two, outcomes, patients=8, draws=8)
    assert table.height == 2 * (len(TRIAL.visits) - 1)
    row = table.row(-1, named=True)
    total = (
        row["sampling_se"] ** 2 + row["between_trial_sd"] ** 2 + row["parameter_sd"] ** 2
    ) ** 0.5
    for level, z in ((50, stats.norm.ppf(0.75)), (95, stats.norm.ppf(0.975))):
        assert row[f"high_{level}"] - row["estimate"] == pytest.approx(z * total)
        assert row["estimate"] - row[f"low_{level}"] == pytest.approx(z * total)
    assert row["between_trial_sd"] > row["parameter_sd"] > 0.0


@pytest.mark.parametrize("draws", [0, 3, 5])
def test_nonsense_is_refused(pool, draws):
    with pytest.raises(InputError, match="even number"):
        mean_spreads(pool, ARM, draws=draws)


def test_a_folder_without_tables_is_refused(tmp_path):
    with pytest.raises(InputError, match="finished run"):
        write_uncertainty(tmp_path, TRIAL)
