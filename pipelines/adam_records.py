"""Values of a unit over time -> ADQS, ADLB, ADPC."""

import polars as pl

from pipelines.adam_columns import on_day, treatment, yes, yes_no
from pipelines.errors import ExecutionError
from pipelines.reference_ranges import RANGES
from pipelines.trial_facts import TrialFacts

__all__ = ["adlb", "adpc", "adqs"]


def _records(frame: pl.DataFrame, arm: str, facts: TrialFacts, parameter: str) -> pl.DataFrame:
    """Add the columns that every basic data structure has."""
    after = ~pl.col("is_baseline")
    seen = (after & pl.col("value").is_not_null() & ~pl.col("is_imputed")).any()
    return frame.with_columns(
        *treatment(arm, facts, ("TRTP", "TRTPN")),
        pl.col(parameter).replace(facts.codes).alias("PARAMCD"),
        pl.col("visit").alias("AVISIT"),
        pl.col("visit_number").alias("AVISITN"),
        pl.col("day").alias("ADY"),
        on_day(pl.col("day")).alias("ADT"),
        pl.col("value").alias("AVAL"),
        pl.col("baseline").alias("BASE"),
        pl.when(after).then(pl.col("value") - pl.col("baseline")).alias("CHG"),
        yes(pl.col("is_baseline")).alias("ABLFL"),
        yes(pl.col("on_treatment")).alias("ONTRTFL"),
        yes(pl.col("value").is_not_null() & seen.over("patient_id", parameter)).alias("ANL01FL"),
    )


def adqs(frame: pl.DataFrame, arm: str, facts: TrialFacts) -> pl.DataFrame:
    """Return the columns of ADQS beside those that identify a subject.

    Parameters
    ----------
    frame
        Scores by subject, scale and visit.
    arm, facts
        As in `pipelines.adam.adam_tables`.

    Raises
    ------
    ExecutionError
        If a scale is none of the protocol.

    Examples
    --------
    >>> adqs.__name__  # run by tests/pipelines/test_adam.py
    'adqs'
    """
    frame = frame.with_columns(pl.col("endpoint").replace(facts.codes))
    endpoints = facts.definitions.endpoints
    criteria = pl.DataFrame(
        {
            "endpoint": [endpoint.name for endpoint in endpoints],
            "PARAM": [endpoint.label for endpoint in endpoints],
            "PARAMN": list(range(1, len(endpoints) + 1)),
            "fall": [endpoint.responder_fall for endpoint in endpoints],
            "points": [endpoint.responder_points for endpoint in endpoints],
            "floor": [endpoint.minimum for endpoint in endpoints],
            "limit": [endpoint.remission_at_most for endpoint in endpoints],
            "CRIT1": [endpoint.response_text for endpoint in endpoints],
            "CRIT2": [endpoint.remission_text for endpoint in endpoints],
        },
        schema={
            **dict.fromkeys(("endpoint", "PARAM"), pl.String),
            "PARAMN": pl.Int64,
            **dict.fromkeys(("fall", "points", "floor", "limit"), pl.Float64),
            **dict.fromkeys(("CRIT1", "CRIT2"), pl.String),
        },
    )
    unknown = sorted(set(frame["endpoint"].unique()) - set(criteria["endpoint"]))
    if unknown:
        raise ExecutionError(
            f"simulation, table adqs: endpoint {', '.join(unknown)}; the protocol names "
            f"{', '.join(criteria['endpoint'])}. Return these only."
        )
    imputed = frame.with_columns(is_imputed=pl.col("imputation").is_not_null())
    records = _records(imputed, arm, facts, "endpoint").join(
        criteria, on="endpoint", how="left", maintain_order="left"
    )
    # value against a share of the baseline, not percent change against -50: scores are whole
    # numbers, and exactly half must count
    valued = ~pl.col("is_baseline") & pl.col("AVAL").is_not_null() & pl.col("BASE").is_not_null()
    allowed = pl.col("floor") + (1 - pl.col("fall")) * (pl.col("BASE") - pl.col("floor"))
    response = pl.col("AVAL") <= allowed - pl.col("points")
    judged = valued & pl.col("limit").is_not_null()
    return records.with_columns(
        pl.when(pl.col("BASE") != 0).then(100 * pl.col("CHG") / pl.col("BASE")).alias("PCHG"),
        pl.col("imputation").alias("DTYPE"),
        pl.col("target_day").alias("AWTARGET"),
        (pl.col("day") - pl.col("target_day")).abs().alias("AWTDIFF"),
        pl.lit("DAYS").alias("AWU"),
        pl.when(valued).then(yes_no(response)).alias("CRIT1FL"),
        pl.when(judged).then(yes_no(pl.col("AVAL") <= pl.col("limit"))).alias("CRIT2FL"),
    )


def adlb(frame: pl.DataFrame, arm: str, facts: TrialFacts) -> pl.DataFrame:
    """Return the columns of ADLB beside those that identify a subject.

    Parameters
    ----------
    frame
        Values by subject, biomarker and visit.
    arm, facts
        As in `pipelines.adam.adam_tables`.

    Examples
    --------
    >>> adlb.__name__  # run by tests/pipelines/test_adam.py
    'adlb'
    """
    first = pl.col("visit_number") == pl.col("visit_number").min().over("patient_id", "biomarker")
    records = frame.with_columns(is_baseline=first, is_imputed=pl.lit(value=False))
    # every unit reports the same parameters in the same order
    numbers = {
        name: number
        for number, name in enumerate(frame["biomarker"].unique(maintain_order=True), start=1)
    }
    made = _records(records, arm, facts, "biomarker").with_columns(
        pl.format("{} ({})", pl.col("biomarker").replace(facts.names), "unit").alias("PARAM"),
        pl.col("biomarker").replace_strict(numbers).alias("PARAMN"),
        pl.col("unit").alias("AVALU"),
        pl.when(~pl.col("is_baseline") & (pl.col("BASE") != 0))
        .then(pl.col("AVAL") / pl.col("BASE"))
        .alias("R2BASE"),
    )
    return made.with_columns(*_ranges()).with_columns(
        pl.col("ANRIND").filter("is_baseline").first().over("patient_id", "PARAMCD").alias("BNRIND")
    )


def _ranges() -> list[pl.Expr]:
    """Return ANRLO, ANRHI and ANRIND."""
    low, high = pl.lit(None, dtype=pl.Float64), pl.lit(None, dtype=pl.Float64)
    indicator = pl.lit(None, dtype=pl.String)
    for code, one in RANGES.items():
        is_this = (pl.col("PARAMCD") == code) & (pl.col("AVALU") == one.unit)
        low = pl.when(is_this).then(pl.lit(one.low, dtype=pl.Float64)).otherwise(low)
        high = pl.when(is_this).then(one.upper()).otherwise(high)
        indicator = pl.when(is_this).then(one.category("AVAL")).otherwise(indicator)
    return [low.alias("ANRLO"), high.alias("ANRHI"), indicator.alias("ANRIND")]


def adpc(frame: pl.DataFrame, arm: str, facts: TrialFacts) -> pl.DataFrame:
    """Return the columns of ADPC beside those that identify a subject.

    Parameters
    ----------
    frame
        Concentrations by subject, compound and visit.
    arm, facts
        As in `pipelines.adam.adam_tables`.

    Examples
    --------
    >>> adpc.__name__  # run by tests/pipelines/test_adam.py
    'adpc'
    """
    return adlb(frame, arm, facts)
