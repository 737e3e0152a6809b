"""Expressions that several ADaM tables share: flags, treatments, dates."""

from datetime import date

import polars as pl

from pipelines.schema.subjects import REFERENCE_DATE
from pipelines.trial_facts import TrialFacts

__all__ = ["on_day", "treatment", "yes", "yes_no"]

_EPOCH = date(1970, 1, 1)  # from which Polars counts dates
_DAY_0 = (REFERENCE_DATE - _EPOCH).days - 1


def yes_no(condition: pl.Expr) -> pl.Expr:
    """Return Y or N, as flags of populations are.

    Examples
    --------
    >>> pl.select(yes_no(pl.lit(value=False))).item()
    'N'
    """
    return pl.when(condition).then(pl.lit("Y")).otherwise(pl.lit("N"))


def yes(condition: pl.Expr) -> pl.Expr:
    """Return Y or null, as flags of records are.

    Examples
    --------
    >>> pl.select(yes(pl.lit(value=False))).item() is None
    True
    """
    return pl.when(condition).then(pl.lit("Y"))


def on_day(day: pl.Expr) -> pl.Expr:
    """Return the date of a study day; day 1 is the reference date, and there is no day 0.

    Parameters
    ----------
    day
        Study day, at least 1 [d].

    Examples
    --------
    >>> pl.select(on_day(pl.lit(8))).item()
    datetime.date(2001, 1, 8)
    """
    return (day.cast(pl.Int32) + _DAY_0).cast(pl.Date)


def treatment(arm: str, facts: TrialFacts, *pairs: tuple[str, str]) -> list[pl.Expr]:
    """Return the name and the number of an arm under several names.

    Parameters
    ----------
    arm
        Name of the arm.
    facts
        Arms of the trial.
    pairs
        A column for the name and one for the number each.

    Examples
    --------
    >>> from pipelines.definitions import Definitions
    >>> facts = TrialFacts(
    ...     study="A",
    ...     arms=("p",),
    ...     duration_days=56.0,
    ...     definitions=Definitions(endpoints=(), events=()),
    ... )
    >>> pl.select(treatment("p", facts, ("TRTP", "TRTPN"))).row(0)
    ('p', 1)
    """
    number = facts.arm_number(arm)
    return [
        column
        for name, name_n in pairs
        for column in (pl.lit(arm).alias(name), pl.lit(number).alias(name_n))
    ]
