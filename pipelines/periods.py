"""Cross-over trials: the treatment of every record, and back to the arm.

Workers give every record the treatment of its period, see `pipelines.schema.periods`. Summaries
compare arms, which are sequences here: they read subject-level tables by `scan_subjects`, where
TRTP and its twins name the arm as in all other trials.
"""

from datetime import timedelta
from pathlib import Path
from typing import Final, TypeVar

import polars as pl

from pipelines.schema.periods import treatment_columns
from pipelines.schema.subjects import REFERENCE_DATE
from pipelines.trial_facts import TrialFacts

__all__ = ["by_arm", "scan_subjects", "with_periods"]

Frame = TypeVar("Frame", pl.DataFrame, pl.LazyFrame)

_DAYS_PER_WEEK = 7.0
_TREATMENTS: Final = (("TRT01P", "P"), ("TRT01A", "A"), ("TRTP", "P"), ("TRTA", "A"))


def with_periods(name: str, frame: pl.DataFrame, arm: str, facts: TrialFacts) -> pl.DataFrame:
    """Return a table of one arm of a cross-over with its periods.

    Parameters
    ----------
    name
        Name of the table.
    frame
        The table with the arm as treatment.
    arm
        The arm.
    facts
        Periods and sequences of the trial.

    Examples
    --------
    >>> with_periods.__name__  # run by tests/pipelines/test_periods.py
    'with_periods'
    """
    if name == "adsl":
        return _subjects(frame, arm, facts)
    kind = "A" if name == "adae" else "P"
    own = f"TRT{kind}"
    if own not in frame.columns:
        return frame  # trajectories name the arm alone
    sequence = facts.sequences[facts.arm_number(arm) - 1]
    numbers = list(range(1, len(sequence) + 1))
    period = _period(name, facts)
    return frame.with_columns(
        pl.col(own).alias(f"TRTSEQ{kind}"),
        pl.col(f"{own}N").alias(f"TRTSEQ{kind}N"),
        period.alias("APERIOD"),
    ).with_columns(
        pl.col("APERIOD")
        .replace_strict(numbers, [f"Period {one:02d}" for one in numbers], return_dtype=pl.String)
        .alias("APERIODC"),
        pl.col("APERIOD")
        .replace_strict(numbers, list(sequence), return_dtype=pl.String)
        .alias(own),
        pl.col("APERIOD")
        .replace_strict(numbers, _numbers(sequence, facts), return_dtype=pl.Int64)
        .alias(f"{own}N"),
    )


def _numbers(sequence: tuple[str, ...], facts: TrialFacts) -> list[int]:
    """Return the numbers of treatments, from 1 in the order in which the arms name them."""
    known = list(dict.fromkeys(one for arm in facts.sequences for one in arm))
    return [known.index(one) + 1 for one in sequence]


def _period(name: str, facts: TrialFacts) -> pl.Expr:
    found = pl.lit(1, dtype=pl.Int64)
    for (_, stop), (start, _) in zip(facts.periods, facts.periods[1:], strict=False):
        if name == "adae":
            later = pl.col("ASTDY") > start * _DAYS_PER_WEEK
        elif name == "adex" or start <= stop:  # a time before its visit, or nothing between
            later = pl.col("AVISITN") > start
        else:
            later = pl.col("AVISITN") >= start
        found = found + later.cast(pl.Int64)
    if name == "adtte":
        return pl.lit(None, dtype=pl.Int64)
    if name == "adex":
        return pl.when(pl.col("PARCAT1") != "OVERALL").then(found)
    return found


def _subjects(frame: pl.DataFrame, arm: str, facts: TrialFacts) -> pl.DataFrame:
    sequence = facts.sequences[facts.arm_number(arm) - 1]
    columns: list[pl.Expr] = [
        pl.col("TRT01P").alias("TRTSEQP"),
        pl.col("TRT01PN").alias("TRTSEQPN"),
        pl.col("TRT01A").alias("TRTSEQA"),
        pl.col("TRT01AN").alias("TRTSEQAN"),
    ]
    for period, (treatment, number) in enumerate(
        zip(sequence, _numbers(sequence, facts), strict=True), start=1
    ):
        names = treatment_columns(period)
        columns += [pl.lit(treatment).alias(one) for one in (names[0], names[2])]
        columns += [pl.lit(number).alias(one) for one in (names[1], names[3])]
        start, stop = (week * _DAYS_PER_WEEK for week in facts.periods[period - 1])
        # repeated: where TRTEDT is one date in all rows Polars does not spread a literal beside it
        first, last = (
            pl.repeat(REFERENCE_DATE + timedelta(days=int(day)), pl.len(), dtype=pl.Date)
            for day in (start, stop - 1)
        )
        treated = first <= pl.col("TRTEDT")
        columns += [
            pl.when(treated).then(first).alias(f"TR{period:02d}SDT"),
            pl.when(treated)
            .then(pl.min_horizontal(last, pl.col("TRTEDT")))
            .alias(f"TR{period:02d}EDT"),
        ]
    return frame.with_columns(columns)


def by_arm(frame: Frame) -> Frame:
    """Return a subject-level table whose treatment is the arm, in a cross-over too.

    Parameters
    ----------
    frame
        The table as it is written.

    Examples
    --------
    >>> crossed = pl.DataFrame({"TRTP": ["drug"], "TRTPN": [1], "TRTSEQP": ["b"], "TRTSEQPN": [2]})
    >>> by_arm(crossed).select("TRTP", "TRTPN").row(0)
    ('b', 2)
    """
    names = frame.collect_schema().names()
    return frame.with_columns(
        pl.col(f"TRTSEQ{kind}{n}").alias(f"{name}{n}")
        for name, kind in _TREATMENTS
        for n in ("", "N")
        if f"TRTSEQ{kind}" in names and f"{name}{n}" in names
    )


def scan_subjects(tables: Path, name: str) -> pl.LazyFrame:
    """Return a subject-level table, not read yet, whose treatment is the arm.

    Parameters
    ----------
    tables
        Folder with the tables.
    name
        The table.

    Examples
    --------
    >>> scan_subjects.__name__  # run by tests/pipelines/test_periods.py: it reads files
    'scan_subjects'
    """
    return by_arm(pl.scan_parquet(tables / f"{name}.parquet"))
