"""Rules on the basic data structure: parameters, baselines, changes, visits, windows, criteria."""

import re
from collections.abc import Iterator
from typing import Final

import polars as pl

from pipelines.schema.columns import N_NAME_CHARACTERS
from pipelines.validate_tables.checks import GroupCheck, RowCheck
from pipelines.validate_tables.datasets import Dataset
from pipelines.validate_tables.findings import OWN, Rule

__all__ = ["RECORD_RULES", "differs", "record_checks"]

PARAMETER_CODE = Rule(
    id="NC060",
    title="PARAMCD has at most 8 letters, digits and underscores, a letter first.",
    cites="AD0143, IG 3.3.4.1",
)
PARAMETER_TWINS = Rule(
    id="NC061", title="PARAM and PARAMCD go together, one to one.", cites="IG 3.3.4.1"
)
CHANGE = Rule(id="NC062", title="CHG is AVAL - BASE.", cites="IG 3.3.4")
PERCENT_CHANGE = Rule(id="NC063", title="PCHG is 100 CHG / BASE.", cites="IG 3.3.4")
RATIO = Rule(id="NC064", title="R2BASE is AVAL / BASE.", cites="IG 3.3.4")
RANGE = Rule(id="NC104", title="ANRIND follows from AVAL, ANRLO and ANRHI.", cites="IG 3.3.4")
BASE_RANGE = Rule(id="NC105", title="BNRIND is ANRIND of the baseline record.", cites="IG 3.3.4")
ONE_BASE = Rule(
    id="NC065",
    title="BASE is the same on all records of a subject, parameter and type of baseline.",
    cites="IG 3.3.4",
)
BASE_IS_VALUE = Rule(id="NC066", title="BASE is AVAL of the baseline record.", cites="IG 3.3.4")
ONE_BASELINE = Rule(
    id="NC067",
    title="A subject has at most one baseline record of a parameter and type of baseline.",
    cites="IG 3.3.8",
)
BASE_HAS_RECORD = Rule(
    id="NC068", title="Where BASE is filled, a record is flagged as the baseline.", cites="IG 3.3.8"
)
CHANGE_HAS_BASE = Rule(id="NC069", title="CHG is filled only with AVAL and BASE.", cites="IG 3.3.4")
DERIVED_VALUE = Rule(id="NC070", title="A record with DTYPE has a value.", cites="IG 3.3.4")
ANALYSED_VALUE = Rule(id="NC071", title="A record that is analysed (ANL01FL) has a value.")
TARGET = Rule(id="NC072", title="AWTDIFF is filled only with AWTARGET.", cites="AD0159, IG 3.3.5")
WINDOW = Rule(
    id="NC073",
    title="AWTDIFF is the absolute difference of ADY and AWTARGET.",
    cites="AD0159, IG 3.3.5",
)
WINDOW_UNIT = Rule(id="NC074", title="AWTARGET comes with its unit, AWU.", cites="IG 3.3.5")
CRITERION = Rule(
    id="NC075", title="A flag of a criterion is filled only with its criterion.", cites="IG 3.3.4"
)
CRITERION_TEXT = Rule(
    id="NC076", title="A criterion has one text within a parameter.", cites="IG 3.3.4"
)
DAY_OF_DATE = Rule(
    id="NC077",
    title="ADY is ADT - TRTSDT, plus 1 from TRTSDT on.",
    cites="IG 3.1.2 and 3.3.3",
)
SEQUENCE = Rule(
    id="NC078",
    title="A sequence number (ASEQ) is there once a subject.",
    cites="IG 3.3.1",
)
ONE_UNIT = Rule(id="NC079", title="A parameter has one unit (AVALU).", cites=OWN)
CODED_VALUE = Rule(
    id="NC080",
    title="AVALC and AVAL go together one to one within a parameter, where both are filled.",
    cites="IG 3.3.4.1",
)
ORDERED_VISITS = Rule(id="NC081", title="A later AVISITN is not on an earlier day.", cites=OWN)

RECORD_RULES: Final = (
    *(
        PARAMETER_CODE,
        PARAMETER_TWINS,
        CHANGE,
        PERCENT_CHANGE,
        RATIO,
        RANGE,
        BASE_RANGE,
        ONE_BASE,
        BASE_IS_VALUE,
    ),
    *(ONE_BASELINE, BASE_HAS_RECORD, CHANGE_HAS_BASE, DERIVED_VALUE, ANALYSED_VALUE, TARGET),
    *(WINDOW, WINDOW_UNIT, CRITERION, CRITERION_TEXT, DAY_OF_DATE, SEQUENCE, ONE_UNIT),
    *(CODED_VALUE, ORDERED_VISITS),
)

_ROUND_OFF: Final = 1e-9
"""Numbers that went through another format differ by less than that, relative to their size."""


def differs(value: pl.Expr, expected: pl.Expr, *sizes: pl.Expr) -> pl.Expr:
    """Return where a value is not the expected one, round-off aside.

    Parameters
    ----------
    value, expected
        The value and what it should be.
    sizes
        Numbers that the expected one is made of, whose round-off it inherits.

    Examples
    --------
    >>> pl.select(differs(pl.lit(0.3), pl.lit(0.1) + pl.lit(0.2))).item()
    False
    """
    scale = pl.max_horizontal(expected.abs(), *(size.abs() for size in sizes), pl.lit(1e-300))
    return (value - expected).abs() > _ROUND_OFF * scale


def record_checks(dataset: Dataset) -> Iterator[RowCheck | GroupCheck]:
    """Yield the rules on a dataset of records.

    Parameters
    ----------
    dataset
        A dataset with parameters.

    Examples
    --------
    >>> from pipelines.validate_tables.datasets import dataset_of
    >>> frame = pl.DataFrame({"PARAMCD": ["HAMD17"], "PARAM": ["Hamilton"]})
    >>> [check.rule.id for check in record_checks(dataset_of("adqs", frame))]
    ['NC060', 'NC061', 'NC061']
    """
    yield from _parameters(dataset)
    yield from _baselines(dataset)
    yield from _changes(dataset)
    yield from _windows(dataset)
    yield from _criteria(dataset)
    yield from _days(dataset)


def _parameters(dataset: Dataset) -> Iterator[RowCheck | GroupCheck]:
    if dataset.has("PARAMCD"):
        code = pl.col("PARAMCD")
        yield RowCheck(
            rule=PARAMETER_CODE,
            variable="PARAMCD",
            broken=code.is_not_null()
            & ~code.str.contains(rf"^[A-Z][A-Z0-9_]{{0,{N_NAME_CHARACTERS - 1}}}$"),
            allowed="at most 8 letters A-Z, digits and underscores, a letter first",
        )
    if dataset.has("PARAMCD", "PARAM"):
        for one, other in (("PARAM", "PARAMCD"), ("PARAMCD", "PARAM")):
            yield GroupCheck(
                rule=PARAMETER_TWINS,
                variable=other,
                key=(one,),
                of={f"values of {other}": pl.col(other).n_unique()},
                broken=pl.col(f"values of {other}") > 1,
                allowed=f"one {other} for each {one}",
            )
    if dataset.has("PARAMCD", "AVALU"):
        yield GroupCheck(
            rule=ONE_UNIT,
            variable="AVALU",
            key=("PARAMCD",),
            of={"units": pl.col("AVALU").n_unique()},
            broken=pl.col("units") > 1,
            allowed="one unit a parameter; convert the values",
        )
    if dataset.has("PARAMCD", "AVAL", "AVALC"):
        for one, other in (("AVALC", "AVAL"), ("AVAL", "AVALC")):
            yield GroupCheck(
                rule=CODED_VALUE,
                variable="AVALC",
                key=("PARAMCD", one),
                of={f"values of {other}": pl.col(other).n_unique()},
                broken=pl.col(f"values of {other}") > 1,
                only=pl.col("AVAL").is_not_null() & pl.col("AVALC").is_not_null(),
                allowed=f"one {other} for each {one}",
            )
    for name in dataset.schema:
        if name == "ASEQ" and dataset.has("USUBJID"):
            yield GroupCheck(
                rule=SEQUENCE,
                variable=name,
                key=("USUBJID", name),
                broken=pl.col("n") > 1,
                only=pl.col(name).is_not_null(),
                allowed="each number once a subject; number them again",
            )


def _series(dataset: Dataset) -> tuple[str, ...]:
    """Return what names a series of values with one baseline."""
    names = ("USUBJID", "PARAMCD", "BASETYPE")
    return tuple(name for name in names if dataset.has(name))


def _baselines(dataset: Dataset) -> Iterator[RowCheck | GroupCheck]:
    if not dataset.has("USUBJID", "PARAMCD", "ABLFL"):
        return
    key = _series(dataset)
    is_baseline = pl.col("ABLFL") == "Y"
    yield GroupCheck(
        rule=ONE_BASELINE,
        variable="ABLFL",
        key=key,
        broken=pl.col("n") > 1,
        only=is_baseline,
        allowed="one baseline record; flag one of them",
    )
    if not dataset.has("BASE", "AVAL"):
        return
    yield RowCheck(
        rule=BASE_IS_VALUE,
        variable="BASE",
        broken=is_baseline
        & (
            (pl.col("BASE").is_null() != pl.col("AVAL").is_null())
            | differs(pl.col("BASE"), pl.col("AVAL"))
        ),
        allowed="the value of the baseline record",
    )
    yield GroupCheck(
        rule=ONE_BASE,
        variable="BASE",
        key=key,
        of={"least": pl.col("BASE").min(), "most": pl.col("BASE").max()},
        broken=differs(pl.col("most"), pl.col("least")),
        allowed="one BASE; copy that of the baseline record",
    )
    yield GroupCheck(
        rule=BASE_HAS_RECORD,
        variable="ABLFL",
        key=key,
        of={"with BASE": pl.col("BASE").count(), "baselines": is_baseline.sum()},
        broken=(pl.col("with BASE") > 0) & (pl.col("baselines") == 0),
        allowed="a record with ABLFL; flag it, or clear BASE",
    )


def _changes(dataset: Dataset) -> Iterator[RowCheck]:
    value, base, change = pl.col("AVAL"), pl.col("BASE"), pl.col("CHG")
    if dataset.has("AVAL", "BASE", "CHG"):
        yield RowCheck(
            rule=CHANGE,
            variable="CHG",
            broken=differs(change, value - base, value, base),
            allowed="AVAL - BASE",
        )
        yield RowCheck(
            rule=CHANGE_HAS_BASE,
            variable="CHG",
            broken=change.is_not_null() & (value.is_null() | base.is_null()),
            allowed="missing where AVAL or BASE is",
        )
    if dataset.has("AVAL", "BASE", "PCHG"):
        yield RowCheck(
            rule=PERCENT_CHANGE,
            variable="PCHG",
            broken=(base != 0)
            & differs(pl.col("PCHG"), 100 * (value - base) / base, 100 * value / base, pl.lit(100)),
            allowed="100 (AVAL - BASE) / BASE",
        )
    if dataset.has("AVAL", "BASE", "R2BASE"):
        yield RowCheck(
            rule=RATIO,
            variable="R2BASE",
            broken=(base != 0) & differs(pl.col("R2BASE"), value / base),
            allowed="AVAL / BASE",
        )
    yield from _reference_ranges(dataset)
    has_value = [name for name in ("AVAL", "AVALC") if dataset.has(name)]
    if not has_value:
        return
    without = pl.all_horizontal(pl.col(name).is_null() for name in has_value)
    if dataset.has("DTYPE"):
        yield RowCheck(
            rule=DERIVED_VALUE,
            variable="DTYPE",
            broken=pl.col("DTYPE").is_not_null() & without,
            allowed="a derived value in AVAL or AVALC; clear DTYPE or drop the record",
        )
    if dataset.has("ANL01FL"):
        yield RowCheck(
            rule=ANALYSED_VALUE,
            variable="ANL01FL",
            broken=(pl.col("ANL01FL") == "Y") & without,
            allowed="missing on records without a value",
        )


def _reference_ranges(dataset: Dataset) -> Iterator[RowCheck]:
    value, low, high = pl.col("AVAL"), pl.col("ANRLO"), pl.col("ANRHI")
    if dataset.has("AVAL", "ANRLO", "ANRHI", "ANRIND"):
        expected = (
            pl.when(value < low)
            .then(pl.lit("LOW"))
            .when(value > high)
            .then(pl.lit("HIGH"))
            .when(value.is_not_null() & (low.is_not_null() | high.is_not_null()))
            .then(pl.lit("NORMAL"))
        )
        yield RowCheck(
            rule=RANGE,
            variable="ANRIND",
            broken=pl.col("ANRIND").ne_missing(expected),
            allowed="LOW below ANRLO, HIGH above ANRHI, else NORMAL; missing without a range",
        )
    if dataset.has("ABLFL", "ANRIND", "BNRIND"):
        yield RowCheck(
            rule=BASE_RANGE,
            variable="BNRIND",
            broken=(pl.col("ABLFL") == "Y") & pl.col("BNRIND").ne_missing(pl.col("ANRIND")),
            allowed="ANRIND of the record with ABLFL Y",
        )


def _windows(dataset: Dataset) -> Iterator[RowCheck]:
    if dataset.has("AWTDIFF", "AWTARGET"):
        target = pl.col("AWTARGET")
        yield RowCheck(
            rule=TARGET,
            variable="AWTDIFF",
            broken=pl.col("AWTDIFF").is_not_null() & target.is_null(),
            allowed="AWTARGET filled too",
        )
        if dataset.has("ADY"):
            yield RowCheck(
                rule=WINDOW,
                variable="AWTDIFF",
                broken=pl.col("AWTDIFF") != (pl.col("ADY") - target).abs(),
                allowed="|ADY - AWTARGET|",
            )
    if dataset.has("AWTARGET", "AWU"):
        yield RowCheck(
            rule=WINDOW_UNIT,
            variable="AWU",
            broken=pl.col("AWTARGET").is_not_null() & pl.col("AWU").is_null(),
            allowed="the unit of AWTARGET",
        )


def _criteria(dataset: Dataset) -> Iterator[RowCheck | GroupCheck]:
    for name in dataset.schema:
        if not re.fullmatch(r"CRIT\d+", name):
            continue
        if dataset.has(f"{name}FL"):
            yield RowCheck(
                rule=CRITERION,
                variable=f"{name}FL",
                broken=pl.col(f"{name}FL").is_not_null() & pl.col(name).is_null(),
                allowed=f"{name} filled too",
            )
        if dataset.has("PARAMCD"):
            yield GroupCheck(
                rule=CRITERION_TEXT,
                variable=name,
                key=("PARAMCD",),
                of={"texts": pl.col(name).drop_nulls().n_unique()},
                broken=pl.col("texts") > 1,
                allowed="one text a parameter",
            )


def _days(dataset: Dataset) -> Iterator[RowCheck | GroupCheck]:
    schema = dataset.schema
    dated = dataset.has("ADT", "ADY", "TRTSDT") and schema["ADT"] == pl.Date == schema["TRTSDT"]
    if dated:
        apart = (pl.col("ADT") - pl.col("TRTSDT")).dt.total_days()
        yield RowCheck(
            rule=DAY_OF_DATE,
            variable="ADY",
            broken=pl.col("ADY") != apart + (apart >= 0).cast(pl.Int64),
            allowed="ADT - TRTSDT, plus 1 from TRTSDT on",
        )
    if dataset.table is not None and dataset.has("AVISITN", "ADY", "PARAMCD", "USUBJID"):
        order = pl.col("ADY").sort_by("AVISITN").diff().min()
        yield GroupCheck(
            rule=ORDERED_VISITS,
            variable="ADY",
            key=("USUBJID", "PARAMCD"),
            of={"step back": order},
            broken=pl.col("step back") < 0,
            allowed="days that rise with AVISITN",
        )
