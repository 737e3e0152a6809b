"""Rules on adverse events: dates, durations, emergence, seriousness, first occurrences."""

from collections.abc import Iterator
from typing import Final

import polars as pl

from pipelines.validate_tables.checks import GroupCheck, RowCheck
from pipelines.validate_tables.datasets import Dataset
from pipelines.validate_tables.findings import OWN, Rule

__all__ = ["OCCURRENCE_RULES", "occurrence_checks"]

ORDER = Rule(id="NC110", title="AENDT is not before ASTDT.", cites="OCCDS IG 3.2")
START_DAY = Rule(
    id="NC111", title="ASTDY is ASTDT - TRTSDT, plus 1 from TRTSDT on.", cites="IG 3.1.2"
)
END_DAY = Rule(
    id="NC112", title="AENDY is AENDT - TRTSDT, plus 1 from TRTSDT on.", cites="IG 3.1.2"
)
LENGTH = Rule(id="NC113", title="ADURN in days is AENDT - ASTDT + 1.", cites="OCCDS IG 3.2")
LENGTH_UNIT = Rule(
    id="NC114", title="ADURU is filled where ADURN is, and only there.", cites="OCCDS IG 3.2"
)
EMERGENT = Rule(
    id="NC115",
    title="A treatment-emergent event begins on TRTSDT or later.",
    cites="OCCDS IG 3.2",
)
SERIOUS = Rule(
    id="NC116", title="AESER is Y where a criterion of seriousness is, and only there.", cites=OWN
)
FATAL = Rule(id="NC117", title="AEOUT is FATAL where AESDTH is Y, and only there.", cites=OWN)
FIRST = Rule(
    id="NC118",
    title="A flag of the first occurrence is there at most once a subject and group.",
    cites="OCCDS IG 3.2",
)
EVENT_NUMBER = Rule(
    id="NC119", title="A sequence number is there once a subject.", cites="OCCDS IG 3.2"
)
SEVERITY_TWIN = Rule(
    id="NC120", title="ASEVN is 1, 2, 3 for mild, moderate, severe.", cites="OCCDS IG 3.2"
)
ONGOING = Rule(id="NC121", title="An event that is not over has no end date.", cites=OWN)
ALL_FIRSTS = Rule(
    id="NC122", title="Every subject and group with events has a first occurrence.", cites=OWN
)
EMERGES = Rule(
    id="NC123",
    title="An event of a treated subject from TRTSDT on is treatment-emergent.",
    cites=OWN,
)

OCCURRENCE_RULES: Final = (
    *(ORDER, START_DAY, END_DAY, LENGTH, LENGTH_UNIT, EMERGENT, SERIOUS, FATAL, FIRST),
    *(EVENT_NUMBER, SEVERITY_TWIN, ONGOING, ALL_FIRSTS, EMERGES),
)

_CRITERIA: Final = (
    *("AESDTH", "AESLIFE", "AESHOSP", "AESDISAB", "AESMIE", "AESCONG", "AESCAN", "AESOD"),
)
_FIRSTS: Final = {"AOCCFL": (), "AOCCSFL": ("AEBODSYS",), "AOCCPFL": ("AEBODSYS", "AEDECOD")}
_DAYS: Final = ("DAY", "DAYS")


def occurrence_checks(dataset: Dataset) -> Iterator[RowCheck | GroupCheck]:
    """Yield the rules on a dataset of events.

    Parameters
    ----------
    dataset
        A dataset of occurrences.

    Examples
    --------
    >>> from pipelines.validate_tables.datasets import dataset_of
    >>> frame = pl.DataFrame({"AESER": ["Y"], "AESDTH": ["N"], "AEOUT": ["FATAL"]})
    >>> [check.rule.id for check in occurrence_checks(dataset_of("adae", frame))]
    ['NC116', 'NC117']
    """
    yield from _dates(dataset)
    yield from _seriousness(dataset)
    yield from _firsts(dataset)


def _dates(dataset: Dataset) -> Iterator[RowCheck]:
    start, end, first = pl.col("ASTDT"), pl.col("AENDT"), pl.col("TRTSDT")
    if dataset.has("ASTDT", "AENDT"):
        yield RowCheck(
            rule=ORDER, variable="AENDT", broken=end < start, allowed="a date from ASTDT on"
        )
    for rule, date, day in ((START_DAY, "ASTDT", "ASTDY"), (END_DAY, "AENDT", "AENDY")):
        if dataset.has(date, day, "TRTSDT"):
            apart = (pl.col(date) - first).dt.total_days()
            yield RowCheck(
                rule=rule,
                variable=day,
                broken=pl.col(day) != apart + (apart >= 0).cast(pl.Int64),
                allowed=f"{date} - TRTSDT, plus 1 from TRTSDT on",
            )
    if dataset.has("ASTDT", "AENDT", "ADURN", "ADURU"):
        in_days = pl.col("ADURU").is_in(list(_DAYS))
        yield RowCheck(
            rule=LENGTH,
            variable="ADURN",
            broken=in_days & (pl.col("ADURN") != (end - start).dt.total_days() + 1),
            allowed="AENDT - ASTDT + 1",
        )
    if dataset.has("ADURN", "ADURU"):
        yield RowCheck(
            rule=LENGTH_UNIT,
            variable="ADURU",
            broken=pl.col("ADURN").is_null() != pl.col("ADURU").is_null(),
            allowed="the unit of ADURN, missing without it",
        )
    if dataset.has("TRTEMFL", "ASTDT", "TRTSDT"):
        emergent = pl.col("TRTEMFL") == "Y"
        yield RowCheck(
            rule=EMERGENT,
            variable="TRTEMFL",
            broken=emergent & (start < first).fill_null(value=True),
            allowed="missing on events before TRTSDT",
        )
        if dataset.table is not None:
            yield RowCheck(
                rule=EMERGES,
                variable="TRTEMFL",
                broken=pl.col("TRTEMFL").is_null() & (start >= first),
                allowed="Y from TRTSDT on",
            )
    if dataset.has("AEOUT", "AENDT"):
        goes_on = pl.col("AEOUT") == "NOT RECOVERED/NOT RESOLVED"
        yield RowCheck(
            rule=ONGOING,
            variable="AENDT",
            broken=goes_on & end.is_not_null(),
            allowed="missing while the event goes on; correct AEOUT or clear AENDT",
        )


def _seriousness(dataset: Dataset) -> Iterator[RowCheck]:
    there = [name for name in _CRITERIA if dataset.has(name)]
    if dataset.has("AESER") and there:
        any_criterion = pl.any_horizontal(
            (pl.col(name) == "Y").fill_null(value=False) for name in there
        )
        yield RowCheck(
            rule=SERIOUS,
            variable="AESER",
            broken=(pl.col("AESER") == "Y") != any_criterion,
            allowed=f"Y where one of {', '.join(there)} is Y, N elsewhere",
        )
    if dataset.has("AEOUT", "AESDTH"):
        yield RowCheck(
            rule=FATAL,
            variable="AEOUT",
            broken=(pl.col("AEOUT") == "FATAL") != (pl.col("AESDTH") == "Y"),
            allowed="FATAL where AESDTH is Y, another outcome elsewhere",
        )
    if dataset.has("AESEV", "ASEVN"):
        said = pl.col("AESEV").replace_strict(
            {"MILD": 1, "MODERATE": 2, "SEVERE": 3}, default=None, return_dtype=pl.Int64
        )
        yield RowCheck(
            rule=SEVERITY_TWIN,
            variable="ASEVN",
            broken=~pl.col("ASEVN").cast(pl.Int64).eq_missing(said),
            allowed="1 MILD, 2 MODERATE, 3 SEVERE",
        )


def _firsts(dataset: Dataset) -> Iterator[GroupCheck]:
    if not dataset.has("USUBJID"):
        return
    if dataset.has("AESEQ"):
        yield GroupCheck(
            rule=EVENT_NUMBER,
            variable="AESEQ",
            key=("USUBJID", "AESEQ"),
            broken=pl.col("n") > 1,
            only=pl.col("AESEQ").is_not_null(),
            allowed="each number once a subject; number them again",
        )
    for flag, groups in _FIRSTS.items():
        if not dataset.has(flag, *groups):
            continue
        yield GroupCheck(
            rule=FIRST,
            variable=flag,
            key=("USUBJID", *groups),
            broken=pl.col("n") > 1,
            only=pl.col(flag) == "Y",
            allowed="one flag; clear the later ones",
        )
        if dataset.table is not None:
            yield GroupCheck(
                rule=ALL_FIRSTS,
                variable=flag,
                key=("USUBJID", *groups),
                of={"first occurrences": (pl.col(flag) == "Y").sum()},
                broken=pl.col("first occurrences") == 0,
                allowed="one flag, on the first event",
            )
