"""Rules on times to events (ADTTE)."""

from collections.abc import Iterator
from typing import Final

import polars as pl

from pipelines.validate_tables.checks import GroupCheck, RowCheck
from pipelines.validate_tables.datasets import Dataset
from pipelines.validate_tables.findings import OWN, Rule

__all__ = ["TIME_RULES", "time_checks"]

CENSOR = Rule(
    id="NC090", title="CNSR is a whole number from 0 on, on every row.", cites="AD0169, IG 3.3.6"
)
AFTER_START = Rule(id="NC091", title="ADT is not before STARTDT.", cites="IG 3.3.6")
DURATION = Rule(
    id="NC092",
    title="A time in days is ADT - STARTDT + 1.",
    cites=OWN,
)
POSITIVE = Rule(id="NC093", title="A time to an event is not negative.", cites=OWN)
DESCRIBED = Rule(id="NC094", title="An event has a description, EVNTDESC.", cites="IG 3.3.6")
CENSOR_DATE = Rule(
    id="NC095", title="CNSDTDSC is filled for censored records only.", cites="IG 3.3.6"
)
ONE_TIME = Rule(id="NC096", title="A subject has one record of a parameter.", cites=OWN)
SOURCE = Rule(id="NC097", title="SRCVAR and SRCSEQ come with SRCDOM.", cites="IG 3.3.9")
ORIGIN = Rule(id="NC098", title="STARTDT is filled where AVAL is.", cites="IG 3.3.6")

TIME_RULES: Final = (
    *(CENSOR, AFTER_START, DURATION, POSITIVE, DESCRIBED, CENSOR_DATE, ONE_TIME, SOURCE, ORIGIN),
)


def time_checks(dataset: Dataset) -> Iterator[RowCheck | GroupCheck]:
    """Yield the rules on a dataset of times to events, of those with CNSR.

    Parameters
    ----------
    dataset
        The dataset.

    Examples
    --------
    >>> from pipelines.validate_tables.datasets import dataset_of
    >>> [one.rule.id for one in time_checks(dataset_of("adtte", pl.DataFrame({"CNSR": [0]})))]
    ['NC090']
    """
    censor = pl.col("CNSR")
    yield RowCheck(
        rule=CENSOR,
        variable="CNSR",
        broken=censor.is_null() | (censor < 0) | (censor != censor.round()),
        allowed="0 for an event, whole numbers above for censoring",
    )
    if dataset.has("STARTDT", "ADT"):
        days = (pl.col("ADT") - pl.col("STARTDT")).dt.total_days()
        yield RowCheck(
            rule=AFTER_START, variable="ADT", broken=days < 0, allowed="a date from STARTDT on"
        )
        if dataset.has("AVAL", "PARAM"):
            in_days = pl.col("PARAM").str.to_lowercase().str.contains("(days)", literal=True)
            yield RowCheck(
                rule=DURATION,
                variable="AVAL",
                broken=in_days & (pl.col("AVAL") != days + 1),
                allowed="ADT - STARTDT + 1 days",
            )
    if dataset.has("AVAL"):
        yield RowCheck(
            rule=POSITIVE, variable="AVAL", broken=pl.col("AVAL") < 0, allowed="0 or more"
        )
        if dataset.has("STARTDT"):
            yield RowCheck(
                rule=ORIGIN,
                variable="STARTDT",
                broken=pl.col("AVAL").is_not_null() & pl.col("STARTDT").is_null(),
                allowed="the date that time counts from",
            )
    if dataset.has("EVNTDESC"):
        yield RowCheck(
            rule=DESCRIBED,
            variable="EVNTDESC",
            broken=(censor == 0) & pl.col("EVNTDESC").is_null(),
            allowed="a description of the event",
        )
    if dataset.has("CNSDTDSC"):
        yield RowCheck(
            rule=CENSOR_DATE,
            variable="CNSDTDSC",
            broken=(censor == 0) & pl.col("CNSDTDSC").is_not_null(),
            allowed="missing for events",
        )
    if dataset.has("USUBJID", "PARAMCD"):
        yield GroupCheck(
            rule=ONE_TIME,
            variable="PARAMCD",
            key=("USUBJID", "PARAMCD"),
            broken=pl.col("n") > 1,
            allowed="one record; keep the first event",
        )
    for name in ("SRCVAR", "SRCSEQ"):
        if dataset.has("SRCDOM", name):
            yield RowCheck(
                rule=SOURCE,
                variable=name,
                broken=pl.col(name).is_not_null() & pl.col("SRCDOM").is_null(),
                allowed="SRCDOM filled too",
            )
