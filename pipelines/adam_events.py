"""Adverse events of a unit -> ADAE."""

import polars as pl

from pipelines.adam_columns import on_day, treatment, yes, yes_no
from pipelines.trial_facts import TrialFacts

__all__ = ["adae"]

_UNCODED = "UNCODED"
_SEVERITIES = {"MILD": 1, "MODERATE": 2, "SEVERE": 3}


def adae(frame: pl.DataFrame, arm: str, facts: TrialFacts) -> pl.DataFrame:
    """Return the columns of ADAE beside those that identify a subject.

    Parameters
    ----------
    frame
        Episodes.
    arm, facts
        As in `pipelines.adam.adam_tables`.

    Examples
    --------
    >>> adae.__name__  # run by tests/pipelines/test_adam.py
    'adae'
    """
    classes = {event.term: event.organ_class for event in facts.definitions.events}
    ordered = frame.sort("patient_id", "onset_day", "term", maintain_order=True)
    number = pl.int_range(1, pl.len() + 1)
    end = pl.col("end_day").round().cast(pl.Int64)
    duration = end - pl.col("onset_day") + 1
    organ_class = pl.col("term").replace_strict(classes, default=_UNCODED)
    treated = pl.col("SAFFL").eq_missing(pl.lit("N")).not_()
    return ordered.with_columns(
        *treatment(arm, facts, ("TRTA", "TRTAN")),
        number.over("patient_id").alias("AESEQ"),
        pl.col("term").alias("AETERM"),
        pl.col("term").alias("AEDECOD"),
        organ_class.alias("AEBODSYS"),
        pl.col("onset_day").alias("ASTDY"),
        on_day(pl.col("onset_day")).alias("ASTDT"),
        end.alias("AENDY"),
        on_day(end).alias("AENDT"),
        duration.alias("ADURN"),
        pl.when(duration.is_not_null()).then(pl.lit("DAYS")).alias("ADURU"),
        pl.col("severity").alias("AESEV"),
        pl.col("severity").replace_strict(_SEVERITIES).alias("ASEVN"),
        pl.col("toxicity_grade").cast(pl.Int64).cast(pl.String).alias("AETOXGR"),
        *(
            yes_no(pl.col(name)).alias(alias)
            for name, alias in (
                ("serious", "AESER"),
                ("resulted_in_death", "AESDTH"),
                ("life_threatening", "AESLIFE"),
                ("hospital", "AESHOSP"),
                ("disability", "AESDISAB"),
                ("medically_important", "AESMIE"),
            )
        ),
        pl.col("relation").alias("AEREL"),
        pl.col("action").alias("AEACN"),
        pl.col("outcome").alias("AEOUT"),
        pl.col("signs").alias("AESIGNS"),
        yes((pl.col("onset_day") >= 1) & treated).alias("TRTEMFL"),
        yes(number.over("patient_id") == 1).alias("AOCCFL"),
        yes(number.over("patient_id", organ_class) == 1).alias("AOCCSFL"),
        yes(number.over("patient_id", "term") == 1).alias("AOCCPFL"),
        pl.col("ascertainment").alias("AEASCERT"),
    )
