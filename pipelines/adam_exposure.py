"""Doses of a unit between visits -> ADEX.

Codes of parameters are those that admiral's template has where it has one.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.adam_columns import on_day, treatment
from pipelines.trial_facts import TrialFacts

__all__ = ["EXPOSURE_PARAMETERS", "ExposureParameter", "adex"]

_DAYS_PER_WEEK = 7.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureParameter:
    """A parameter of ADEX.

    Parameters
    ----------
    code, name
        PARAMCD and PARAM.
    category
        PARCAT1.
    is_question
        Whether AVALC answers with Y or N.

    Examples
    --------
    >>> EXPOSURE_PARAMETERS[0].code
    'TDURD'
    """

    code: str
    name: str
    category: str = "OVERALL"
    is_question: bool = False


EXPOSURE_PARAMETERS: tuple[ExposureParameter, ...] = (
    ExposureParameter(code="TDURD", name="Overall duration (days)"),
    ExposureParameter(code="TNDUE", name="Doses due until the treatment ended"),
    ExposureParameter(code="TNDOSE", name="Doses taken"),
    ExposureParameter(code="TADHER", name="Share of the doses due that were taken (%)"),
    ExposureParameter(code="TPDOSE", name="Total planned dose (mg)"),
    ExposureParameter(code="TDOSE", name="Total dose administered (mg)"),
    ExposureParameter(code="TDOSINT", name="Overall dose intensity (%)"),
    ExposureParameter(code="AVDDSE", name="Average daily dose administered (mg/day)"),
    ExposureParameter(code="TADJ", name="Dose adjusted during study", is_question=True),
    ExposureParameter(
        code="PLDOSE", name="Planned dose between two visits (mg)", category="INDIVIDUAL"
    ),
    ExposureParameter(
        code="DOSE", name="Dose administered between two visits (mg)", category="INDIVIDUAL"
    ),
    ExposureParameter(
        code="ADJ",
        name="Dose adjusted between two visits",
        category="INDIVIDUAL",
        is_question=True,
    ),
)
"""Every parameter of ADEX, in the order of PARAMN."""


def adex(frame: pl.DataFrame, arm: str, facts: TrialFacts) -> pl.DataFrame:
    """Return the columns of ADEX beside those that identify a subject.

    Parameters
    ----------
    frame
        Doses by subject and time between two visits, with what is copied from ADSL.
    arm, facts
        As in `pipelines.adam.adam_tables`.

    Examples
    --------
    >>> adex.__name__  # run by tests/pipelines/test_adam.py
    'adex'
    """
    treated = frame.filter(pl.col("SAFFL") == "Y")
    values = {**_overall(treated, facts), **_between(treated)}
    rows = [
        values[one.code].with_columns(
            pl.lit(one.code).alias("PARAMCD"),
            pl.lit(one.name).alias("PARAM"),
            pl.lit(number).alias("PARAMN"),
            pl.lit(one.category).alias("PARCAT1"),
            _answer(is_question=one.is_question).alias("AVALC"),
        )
        for number, one in enumerate(EXPOSURE_PARAMETERS, start=1)
    ]
    return pl.concat(rows).with_columns(
        *treatment(arm, facts, ("TRTP", "TRTPN")),
        on_day(pl.col("ASTDY")).alias("ASTDT"),
        on_day(pl.col("AENDY")).alias("AENDT"),
    )


def _answer(*, is_question: bool) -> pl.Expr:
    if not is_question:
        return pl.lit(None, dtype=pl.String)
    return pl.when(pl.col("AVAL") == 1.0).then(pl.lit("Y")).otherwise(pl.lit("N"))


_KEPT = ("patient_id", "TRTSDT", "TRTEDT", "SAFFL", "AVISIT", "AVISITN", "ASTDY", "AENDY")


def _between(treated: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Return the rows between two visits, as long as the treatment went on."""
    mine = treated.filter(pl.col("start_day") <= pl.col("TRTDURD")).with_columns(
        pl.col("visit").alias("AVISIT"),
        pl.col("visit_number").alias("AVISITN"),
        pl.col("start_day").alias("ASTDY"),
        pl.min_horizontal("end_day", "TRTDURD").alias("AENDY"),
    )
    return {
        code: mine.select(*_KEPT, pl.col(source).cast(pl.Float64).alias("AVAL"))
        for code, source in (("PLDOSE", "planned_mg"), ("DOSE", "taken_mg"), ("ADJ", "adjusted"))
    }


def _overall(treated: pl.DataFrame, facts: TrialFacts) -> dict[str, pl.DataFrame]:
    """Return the rows over the whole treatment.

    Sums go interval by interval, each of the same patients in the same order: a grouped float sum
    has no order to rely on.
    """
    first, *others = treated.partition_by("visit_number", maintain_order=True)
    planned, due, adjusted = first["planned_mg"], first["due"], first["adjusted"]
    for part in others:
        planned, due = planned + part["planned_mg"], due + part["due"]
        adjusted = adjusted | part["adjusted"]
    mine = first.with_columns(
        planned.alias("planned_mg"),
        due.alias("due"),
        adjusted.alias("adjusted"),
        pl.lit("OVERALL").alias("AVISIT"),
        pl.lit(facts.duration_days / _DAYS_PER_WEEK).alias("AVISITN"),
        pl.lit(1, dtype=pl.Int64).alias("ASTDY"),
        pl.col("TRTDURD").alias("AENDY"),
    )
    values: dict[str, pl.Expr | pl.Series] = {
        "TDURD": pl.col("TRTDURD"),
        "TNDUE": pl.col("due"),
        "TNDOSE": pl.col("DOSETKN"),
        "TADHER": _ratio(mine, "DOSETKN", "due", 100.0),
        "TPDOSE": pl.col("planned_mg"),
        "TDOSE": pl.col("DOSECUM"),
        "TDOSINT": _ratio(mine, "DOSECUM", "planned_mg", 100.0),
        "AVDDSE": _ratio(mine, "DOSECUM", "TRTDURD"),
        "TADJ": pl.col("adjusted"),
    }
    return {
        code: mine.select(
            *_KEPT,
            (pl.lit(value) if isinstance(value, pl.Series) else value)
            .cast(pl.Float64)
            .alias("AVAL"),
        )
        for code, value in values.items()
    }


def _ratio(frame: pl.DataFrame, part: str, whole: str, scale: float = 1.0) -> pl.Series:
    """Return a ratio of columns, null where the whole is nothing.

    By NumPy: Polars divides by a column that is one number by multiplying with its reciprocal, and
    whether it is one number depends on who shares the block.
    """
    over = frame[part].cast(pl.Float64).to_numpy()
    under = frame[whole].cast(pl.Float64).to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(under > 0, scale * over / under, np.nan)
    return pl.Series(ratio).fill_nan(None)
