"""Finished tables of a unit -> ADTTE.

Time runs from RANDDT, study day 1, and counts both days: an event on day 1 has AVAL 1. Who is
treated has TRTSDT on the same day.
"""

from collections.abc import Iterator

import polars as pl

from pipelines.adam_columns import on_day
from pipelines.trial_facts import TrialFacts

__all__ = ["adtte"]

EVENT, CENSORED, FAILED = 0, 1, 2
"""Values of CNSR: the event, an end of observation without it, a solver failure."""

_SUBJECT = (
    *("STUDYID", "USUBJID", "SUBJID", "AGE", "RACE", "SEX", "TRTSDT", "TRTEDT", "SAFFL", "ITTFL"),
)
_FIRST_DAY = pl.lit(1, dtype=pl.Int64)


def adtte(
    subjects: pl.DataFrame, scores: pl.DataFrame, events: pl.DataFrame, facts: TrialFacts
) -> pl.DataFrame:
    """Return ADTTE, without ASEQ.

    Parameters
    ----------
    subjects, scores, events
        ADSL, ADQS and ADAE of the unit.
    facts
        As in `pipelines.adam.adam_tables`.

    Examples
    --------
    >>> adtte.__name__  # run by tests/pipelines/test_adam_times.py
    'adtte'
    """
    people = subjects.with_columns(
        (pl.col("EOSDT") - pl.col("RANDDT")).dt.total_days().alias("eos_day") + 1,
        (pl.col("RESCODE") != 0).alias("failed"),
        pl.col("TRT01P").alias("TRTP"),
        pl.col("TRT01PN").alias("TRTPN"),
        pl.col("RANDDT").alias("STARTDT"),
    )
    kept = [*_SUBJECT, "TRTP", "TRTPN", "STARTDT"]
    if facts.variants:
        kept += ["VARIANT", "VARIANTN"]
    rows = [
        times.with_columns(
            pl.lit(code).alias("PARAMCD"),
            pl.lit(name).alias("PARAM"),
            pl.lit(number).alias("PARAMN"),
        )
        for number, (code, name, times) in enumerate(
            _parameters(people, scores, events, facts), start=1
        )
    ]
    return pl.concat(
        one.select(
            *kept,
            *("PARAMCD", "PARAM", "PARAMN", "day", "CNSR", "EVNTDESC", "CNSDTDSC"),
            *("SRCDOM", "SRCVAR", "SRCSEQ"),
        )
        for one in rows
    ).with_columns(
        pl.col("day").alias("ADY"),
        pl.col("day").cast(pl.Float64).alias("AVAL"),
        on_day(pl.col("day")).alias("ADT"),
    )


def _parameters(
    people: pl.DataFrame, scores: pl.DataFrame, events: pl.DataFrame, facts: TrialFacts
) -> Iterator[tuple[str, str, pl.DataFrame]]:
    yield (
        "TTDTRT",
        "Time to Discontinuation of Treatment (Days)",
        _until_end(people, "EOTSTT", "DCTREAS", pl.col("TRTDURD"), "TRTEDT", "TREATMENT"),
    )
    yield (
        "TTDSTDY",
        "Time to Discontinuation of Study (Days)",
        _until_end(people, "EOSSTT", "DCSREAS", pl.col("eos_day"), "EOSDT", "STUDY"),
    )
    emergent = events.filter(pl.col("TRTEMFL") == "Y")
    yield (
        "TTAE",
        "Time to First Adverse Event (Days)",
        _until_event(people, emergent, "ADVERSE EVENT"),
    )
    yield (
        "TTSAE",
        "Time to First Serious Adverse Event (Days)",
        _until_event(people, emergent.filter(pl.col("AESER") == "Y"), "SERIOUS ADVERSE EVENT"),
    )
    rated = [one for one in facts.definitions.endpoints if one.is_rated]
    if rated:
        leading = next((one for one in rated if one.name == facts.primary_endpoint), rated[0])
        mine = scores.filter((pl.col("PARAMCD") == leading.name) & pl.col("DTYPE").is_null())
        yield (
            "TTRESP",
            f"Time to First Response, {leading.name} (Days)",
            _until_criterion(people, mine, "CRIT1FL", "RESPONSE"),
        )
        if leading.remission_at_most is not None:
            yield (
                "TTREMIS",
                f"Time to First Remission, {leading.name} (Days)",
                _until_criterion(people, mine, "CRIT2FL", "REMISSION"),
            )
    if facts.has_rescue:
        rescue = (pl.col("RESCDAY").floor() + 1).cast(pl.Int64)
        had = pl.col("RESCDAY").is_not_null()
        yield (
            "TTRESC",
            "Time to First Rescue Medication (Days)",
            _described(
                people.with_columns(pl.when(had).then(rescue).otherwise("eos_day").alias("day")),
                had,
                pl.lit("RESCUE MEDICATION"),
                "NO RESCUE MEDICATION",
                pl.lit("END OF STUDY"),
                pl.lit("ADSL"),
                pl.when(had).then(pl.lit("RESCDAY")).otherwise(pl.lit("EOSDT")),
            ),
        )


def _described(
    people: pl.DataFrame,
    happened: pl.Expr,
    event: pl.Expr,
    without: str,
    date: pl.Expr,
    table: pl.Expr,
    column: pl.Expr,
    sequence: pl.Expr | None = None,
) -> pl.DataFrame:
    """Add what says whether a time ends by the event, and where it comes from."""
    failed = pl.col("failed")
    return people.with_columns(
        pl.when(happened)
        .then(EVENT)
        .when(failed)
        .then(FAILED)
        .otherwise(CENSORED)
        .cast(pl.Int64)
        .alias("CNSR"),
        pl.when(happened)
        .then(event)
        .when(failed)
        .then(pl.lit("SOLVER FAILURE"))
        .otherwise(pl.lit(without))
        .alias("EVNTDESC"),
        pl.when(~happened).then(date).alias("CNSDTDSC"),
        table.alias("SRCDOM"),
        column.alias("SRCVAR"),
        (pl.lit(None, dtype=pl.Int64) if sequence is None else sequence).alias("SRCSEQ"),
    )


def _until_end(
    people: pl.DataFrame, status: str, reason: str, day: pl.Expr, column: str, what: str
) -> pl.DataFrame:
    """Return times to a discontinuation; whoever was never treated stopped on day 1."""
    known = day.is_not_null()
    happened = (pl.col(status) == "DISCONTINUED") & ~pl.col("failed")
    return _described(
        people.with_columns(day.fill_null(_FIRST_DAY).alias("day")),
        happened,
        pl.format(f"{what} DISCONTINUED: {{}}", pl.col(reason).fill_null("OTHER")),
        f"{what} COMPLETED",
        pl.lit(f"LAST DAY OF {what}"),
        pl.lit("ADSL"),
        pl.when(known).then(pl.lit(column)).otherwise(pl.lit("RANDDT")),
    )


def _until_event(people: pl.DataFrame, events: pl.DataFrame, what: str) -> pl.DataFrame:
    """Return times to the first of some adverse events."""
    first = (
        events.sort("USUBJID", "AESEQ")
        .unique("USUBJID", keep="first", maintain_order=True)
        .select("USUBJID", "ASTDY", "AESEQ", "AEDECOD")
    )
    found = people.join(first, on="USUBJID", how="left", maintain_order="left")
    happened = pl.col("ASTDY").is_not_null()
    return _described(
        found.with_columns(pl.col("ASTDY").fill_null(pl.col("eos_day")).alias("day")),
        happened,
        pl.format(f"{what}: {{}}", pl.col("AEDECOD").fill_null("")),
        f"NO {what}",
        pl.lit("END OF STUDY"),
        pl.when(happened).then(pl.lit("ADAE")).otherwise(pl.lit("ADSL")),
        pl.when(happened).then(pl.lit("ASTDT")).otherwise(pl.lit("EOSDT")),
        pl.col("AESEQ"),
    )


def _until_criterion(
    people: pl.DataFrame, scores: pl.DataFrame, flag: str, what: str
) -> pl.DataFrame:
    """Return times to the first observed score that meets a criterion, or to the last observed."""
    seen = scores.filter(pl.col("AVAL").is_not_null() & pl.col("ABLFL").is_null()).sort(
        "USUBJID", "ADY", "ASEQ"
    )
    met = seen.filter(pl.col(flag) == "Y").unique("USUBJID", keep="first", maintain_order=True)
    last = seen.unique("USUBJID", keep="last", maintain_order=True)
    found = people.join(
        met.select("USUBJID", met_day="ADY", met_seq="ASEQ"),
        on="USUBJID",
        how="left",
        maintain_order="left",
    ).join(
        last.select("USUBJID", last_day="ADY", last_seq="ASEQ"),
        on="USUBJID",
        how="left",
        maintain_order="left",
    )
    happened, observed = pl.col("met_day").is_not_null(), pl.col("last_day").is_not_null()
    return _described(
        found.with_columns(
            pl.coalesce("met_day", "last_day", _FIRST_DAY).alias("day"),
        ),
        happened,
        pl.lit(what),
        f"NO {what}",
        pl.when(observed)
        .then(pl.lit("LAST OBSERVED SCORE"))
        .otherwise(pl.lit("RANDOMIZATION, NO SCORE AFTER BASELINE")),
        pl.when(observed).then(pl.lit("ADQS")).otherwise(pl.lit("ADSL")),
        pl.when(observed).then(pl.lit("ADT")).otherwise(pl.lit("RANDDT")),
        pl.coalesce("met_seq", "last_seq"),
    )
