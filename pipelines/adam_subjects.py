"""Columns of the subjects of a unit -> ADSL."""

from collections.abc import Mapping

import polars as pl

from pipelines.adam_columns import on_day, treatment, yes, yes_no
from pipelines.schema.subjects import AGE_GROUPS, BMI_GROUPS, SITE
from pipelines.trial_facts import TrialFacts

__all__ = ["adsl"]

_HOURS_PER_DAY = 24.0
_HISPANIC = "hispanic"
_RACES: Mapping[str, str] = {
    "white": "WHITE",
    "black": "BLACK OR AFRICAN AMERICAN",
    "asian": "ASIAN",
    "other": "OTHER",
    _HISPANIC: "UNKNOWN",  # the population has Hispanic origin beside race, not across it
}


def adsl(
    frame: pl.DataFrame, events: pl.DataFrame | None, arm: str, facts: TrialFacts
) -> pl.DataFrame:
    """Return the columns of ADSL beside those that identify a subject.

    Parameters
    ----------
    frame
        What the simulation says of the subjects.
    events
        What it says of their adverse events, None if there are none.
    arm, facts
        As in `pipelines.adam.adam_tables`.

    Examples
    --------
    >>> adsl.__name__  # run by tests/pipelines/test_adam.py
    'adsl'
    """
    failed = pl.col("result_code") != 0
    completed = pl.col("completed") & ~failed
    treated = pl.col("completed_treatment") & ~failed
    # a patient who fails during the run-in was in the trial for no time
    failure = (pl.col("failure_time_h") / _HOURS_PER_DAY).clip(lower_bound=0.0)

    def until(day: str) -> pl.Expr:
        return pl.min_horizontal(pl.lit(facts.duration_days), pl.col(day), failure)

    died = pl.Series("patient_id", [], dtype=pl.Int64)
    if events is not None:
        died = events.filter("resulted_in_death")["patient_id"].unique()
    # placebo tablets are not modelled: whoever has no planned dose took them
    is_safe = ((pl.col("doses_taken") > 0) | (pl.col("doses_planned") == 0)) & ~(
        failed & (failure <= 0.0).fill_null(value=False)
    )
    days = until("treatment_end_day").ceil().clip(lower_bound=1.0).cast(pl.Int64)
    in_study = (
        pl.when(completed)
        .then(pl.lit(facts.duration_days).floor() + 1)
        .otherwise(until("discontinuation_day").ceil().clip(lower_bound=1.0))
    )
    return frame.with_columns(
        *treatment(arm, facts, ("TRT01P", "TRT01PN"), ("TRT01A", "TRT01AN")),
        *_person(),
        pl.lit(SITE).alias("SITEID"),
        pl.lit(arm).alias("ARM"),
        on_day(pl.lit(1)).alias("RANDDT"),
        pl.when(is_safe).then(on_day(pl.lit(1))).alias("TRTSDT"),
        pl.when(is_safe).then(on_day(days)).alias("TRTEDT"),
        pl.when(is_safe).then(days).alias("TRTDURD"),
        pl.lit("Y").alias("ITTFL"),
        yes_no(is_safe).alias("SAFFL"),
        yes_no(completed).alias("COMPLFL"),
        yes(pl.col("patient_id").is_in(died.implode())).alias("DTHFL"),
        on_day(in_study).alias("EOSDT"),
        _status(completed).alias("EOSSTT"),
        _reason(failed, completed, "discontinuation_reason").alias("DCSREAS"),
        _status(treated).alias("EOTSTT"),
        _reason(failed, treated, "treatment_end_reason").alias("DCTREAS"),
        pl.when(~completed).then(until("discontinuation_day")).alias("DCDAY"),
        pl.when(~treated).then(until("treatment_end_day")).alias("DCTDAY"),
        pl.col("stratum").alias("STRATAR"),
        pl.col("rescue_day").alias("RESCDAY"),
        pl.col("rescue_doses_taken").alias("RESCTKN"),
        pl.col("doses_planned").alias("DOSEPLN"),
        pl.col("doses_taken").alias("DOSETKN"),
        pl.col("cumulative_dose_mg").alias("DOSECUM"),
        pl.col("result_code").alias("RESCODE"),
        pl.col("result_message").alias("RESTXT"),
        pl.col("failure_time_h").alias("FAILTIME"),
        pl.col("accepted_steps").alias("STEPACC"),
        pl.col("rejected_steps").alias("STEPREJ"),
    )


def _person() -> list[pl.Expr]:
    age, ancestry = pl.col("age_y"), pl.col("ancestry")
    group = _group(age, AGE_GROUPS)
    origin = (
        pl.when(ancestry == _HISPANIC)
        .then(pl.lit("HISPANIC OR LATINO"))
        .when(ancestry.is_not_null())
        .then(pl.lit("NOT HISPANIC OR LATINO"))
    )
    return [
        age.alias("AGE"),
        group.replace_strict(dict(enumerate(AGE_GROUPS, start=1))).alias("AGEGR1"),
        group.alias("AGEGR1N"),
        pl.lit("YEARS").alias("AGEU"),
        pl.col("sex").alias("SEX"),
        ancestry.replace(_RACES).alias("RACE"),
        ancestry.str.to_uppercase().alias("RACEGR1"),
        origin.alias("ETHNIC"),
        pl.col("bmi").alias("BMIBL"),
        _group(pl.col("bmi"), BMI_GROUPS)
        .replace_strict(dict(enumerate(BMI_GROUPS, start=1)))
        .alias("BMIBLGR1"),
        pl.col("height_cm").alias("HEIGHTBL"),
        pl.col("weight_kg").alias("WEIGHTBL"),
        yes_no(pl.col("smoker") == "yes").alias("SMOKER"),
        pl.col("crcl_ml_min").alias("CRCL"),
        pl.col("cyp2c19").alias("CYP2C19"),
        pl.col("cyp2d6").alias("CYP2D6"),
        pl.col("slc6a4").alias("SLC6A4"),
        pl.col("comt").alias("COMT"),
        pl.col("maoa").alias("MAOA"),
    ]


def _group(value: pl.Expr, groups: Mapping[str, float]) -> pl.Expr:
    """Return the number of the group, from 1; null for a null."""
    passed = [(value >= end).cast(pl.Int64) for end in list(groups.values())[:-1]]
    number: pl.Expr = pl.sum_horizontal(passed) + 1
    return pl.when(value.is_not_null()).then(number)


def _status(completed: pl.Expr) -> pl.Expr:
    return pl.when(completed).then(pl.lit("COMPLETED")).otherwise(pl.lit("DISCONTINUED"))


def _reason(failed: pl.Expr, completed: pl.Expr, reason: str) -> pl.Expr:
    return pl.when(failed).then(pl.lit("SOLVER FAILURE")).when(~completed).then(pl.col(reason))
