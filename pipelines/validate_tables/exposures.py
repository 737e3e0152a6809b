"""Rules on exposure (ADEX): spans, and parameters that follow from one another."""

from collections.abc import Iterator
from typing import Final

import polars as pl

from pipelines.validate_tables.checks import GroupCheck, RowCheck
from pipelines.validate_tables.datasets import Dataset
from pipelines.validate_tables.findings import OWN, Rule
from pipelines.validate_tables.records import differs

__all__ = ["EXPOSURE_RULES", "exposure_checks"]

SPAN = Rule(id="NC130", title="The end of a span is not before its start.", cites="IG 3.3.3")
TOTAL = Rule(id="NC131", title="The total dose is the sum of the doses between visits.", cites=OWN)
INTENSITY = Rule(
    id="NC132",
    title="The dose intensity is the total dose as a percentage of the planned one.",
    cites=OWN,
)
OVERALL_DURATION = Rule(id="NC133", title="TDURD is TRTEDT - TRTSDT + 1.", cites=OWN)
NOT_NEGATIVE = Rule(id="NC134", title="An exposure is not negative.", cites=OWN)
ANSWER = Rule(id="NC135", title="AVALC is Y for 1 and N for 0.", cites=OWN)

EXPOSURE_RULES: Final = (SPAN, TOTAL, INTENSITY, OVERALL_DURATION, NOT_NEGATIVE, ANSWER)


def exposure_checks(dataset: Dataset) -> Iterator[RowCheck | GroupCheck]:
    """Yield the rules on ADEX; those on parameters that it does not have are kept by none.

    Parameters
    ----------
    dataset
        A dataset of exposures.

    Examples
    --------
    >>> from pipelines.validate_tables.datasets import dataset_of
    >>> frame = pl.DataFrame({"PARAMCD": ["DOSE"], "AVAL": [1.0]})
    >>> [check.rule.id for check in exposure_checks(dataset_of("adex", frame))]
    ['NC134']
    """
    if dataset.has("ASTDT", "AENDT"):
        yield RowCheck(
            rule=SPAN,
            variable="AENDT",
            broken=pl.col("AENDT") < pl.col("ASTDT"),
            allowed="a date from ASTDT on",
        )
    if not dataset.has("PARAMCD", "AVAL"):
        return
    value = pl.col("AVAL")
    yield RowCheck(rule=NOT_NEGATIVE, variable="AVAL", broken=value < 0, allowed="0 or more")
    if dataset.has("AVALC"):
        yield RowCheck(
            rule=ANSWER,
            variable="AVALC",
            broken=((pl.col("AVALC") == "Y") & (value != 1))
            | ((pl.col("AVALC") == "N") & (value != 0)),
            allowed="Y with 1, N with 0",
        )
    if dataset.has("TRTSDT", "TRTEDT"):
        days = (pl.col("TRTEDT") - pl.col("TRTSDT")).dt.total_days() + 1
        yield RowCheck(
            rule=OVERALL_DURATION,
            variable="AVAL",
            broken=(pl.col("PARAMCD") == "TDURD") & (value != days),
            allowed="TRTEDT - TRTSDT + 1 days",
        )
    if dataset.table is None or not dataset.has("USUBJID"):
        return

    def of(code: str) -> pl.Expr:
        return value.filter(pl.col("PARAMCD") == code)

    yield GroupCheck(
        rule=TOTAL,
        variable="AVAL",
        key=("USUBJID",),
        of={"total": of("TDOSE").first(), "sum": of("DOSE").sum()},
        broken=differs(pl.col("total"), pl.col("sum")),
        allowed="TDOSE is the sum of DOSE",
    )
    yield GroupCheck(
        rule=INTENSITY,
        variable="AVAL",
        key=("USUBJID",),
        of={
            "total": of("TDOSE").first(),
            "planned": of("TPDOSE").first(),
            "intensity": of("TDOSINT").first(),
        },
        broken=(pl.col("planned") > 0)
        & differs(pl.col("intensity"), 100 * pl.col("total") / pl.col("planned")),
        allowed="100 TDOSE / TPDOSE",
    )
