"""Reference ranges of laboratory values and vital signs, and notable changes, with sources.

ADLB carries the ranges, `pipelines.results.shifts` counts who leaves them and who changes notably.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import polars as pl

__all__ = ["NOTABLE", "RANGES", "NormalRange", "Notable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NormalRange:
    """Between which values a measure is called normal.

    Parameters
    ----------
    title, unit
        For people, and the unit of the limits.
    low, high
        Limits, which are normal themselves; None where there is none.
    high_of_men
        Upper limit of men, where it is another one.
    mark, source
        Where the limits are from, as everywhere in the project.

    Examples
    --------
    >>> RANGES["SODIUM"].text
    '135-145 mmol/L'
    """

    title: str
    unit: str
    low: float | None = None
    high: float | None = None
    high_of_men: float | None = None
    mark: str
    source: str

    @property
    def text(self) -> str:
        """The range in words."""
        if self.low is None:
            return f"up to {self.high:g} {self.unit}"
        text = f"{self.low:g}-{self.high:g} {self.unit}"
        return text if self.high_of_men is None else f"{text}, men up to {self.high_of_men:g}"

    def upper(self, sex: str = "SEX") -> pl.Expr:
        """Return the upper limit of a patient.

        Parameters
        ----------
        sex
            Column with F or M.

        Examples
        --------
        >>> frame = pl.DataFrame({"SEX": ["F", "M"]})
        >>> frame.select(RANGES["PRLCTN"].upper().alias("high"))["high"].to_list()
        [29.0, 18.0]
        """
        high = pl.lit(self.high, dtype=pl.Float64)
        if self.high_of_men is None:
            return high
        return pl.when(pl.col(sex) == "M").then(pl.lit(self.high_of_men)).otherwise(high)

    def category(self, column: str, sex: str = "SEX") -> pl.Expr:
        """Return LOW, NORMAL or HIGH, null for a missing value.

        Parameters
        ----------
        column
            Column of values.
        sex
            Column with F or M.

        Examples
        --------
        >>> frame = pl.DataFrame({"x": [120.0, 140.0, None], "SEX": ["F", "M", "F"]})
        >>> frame.select(RANGES["SODIUM"].category("x"))["x"].to_list()
        ['LOW', 'NORMAL', None]
        """
        value, high = pl.col(column), self.upper(sex)
        below = pl.lit(value=False) if self.low is None else value < self.low
        return (
            pl.when(value.is_null())
            .then(None)
            .when(below)
            .then(pl.lit("LOW"))
            .when(value > high)
            .then(pl.lit("HIGH"))
            .otherwise(pl.lit("NORMAL"))
            .alias(column)
        )


RANGES: Mapping[str, NormalRange] = MappingProxyType(
    {
        "QTCF": NormalRange(
            title="QT interval corrected by Fridericia",
            unit="ms",
            high=450.0,
            mark="assumed",
            source="ICH E14 (2005), section on categorical analyses: 450, 480, 500 ms (recalled)",
        ),
        "SBPSTND": NormalRange(
            title="Systolic blood pressure, standing",
            unit="mmHg",
            low=90.0,
            high=140.0,
            mark="assumed",
            source="usual limits of hypotension and hypertension in adults (recalled)",
        ),
        "SODIUM": NormalRange(
            title="Sodium in serum",
            unit="mmol/L",
            low=135.0,
            high=145.0,
            mark="assumed",
            source="usual reference range of adults (recalled), as in the packaged measure",
        ),
        "PRLCTN": NormalRange(
            title="Prolactin in plasma",
            unit="ng/mL",
            low=2.0,
            high=29.0,
            high_of_men=18.0,
            mark="assumed",
            source="women 2-29, men 2-18 ng/mL (recalled), as in the packaged measure",
        ),
    }
)
"""Ranges by PARAMCD of ADLB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notable:
    """A value or change after baseline that is counted.

    Parameters
    ----------
    label
        For people.
    of
        ``highest`` or ``lowest``: which value after baseline is judged.
    kind
        ``value``, ``change`` from baseline, or ``share`` of the baseline that the change is.
    limit
        In the unit of the measure; a share is a number. Positive limits are passed upwards,
        negative ones downwards; for ``value`` the end ``of`` says the direction.
    mark, source
        Where the limit is from.

    Examples
    --------
    >>> NOTABLE["WEIGHT"][0].label
    'Weight gain of 7 % or more'
    """

    label: str
    of: str
    kind: str
    limit: float
    mark: str = "assumed"
    source: str

    def condition(self) -> pl.Expr:
        """Return who is counted, from the columns ``highest``, ``lowest`` and ``BASE``.

        Examples
        --------
        >>> frame = pl.DataFrame({"highest": [75.0], "lowest": [60.0], "BASE": [70.0]})
        >>> frame.select(NOTABLE["WEIGHT"][0].condition()).item()
        True
        """
        value, base = pl.col(self.of), pl.col("BASE")
        if self.kind == "value":
            return value > self.limit if self.of == "highest" else value < self.limit
        change = value - base
        if self.kind == "share":
            # not change / base: 7 % of 100 kg must count, whatever the division rounds to
            change, bound = change, self.limit * base
            return change >= bound if self.limit > 0 else change <= bound
        return change > self.limit if self.limit > 0 else change <= self.limit


_E14 = "ICH E14 (2005), section on categorical analyses (recalled)"
_WEIGHT = "7 % is the usual criterion of regulatory reviews (recalled)"

NOTABLE: Mapping[str, tuple[Notable, ...]] = MappingProxyType(
    {
        "WEIGHT": (
            Notable(
                label="Weight gain of 7 % or more",
                of="highest",
                kind="share",
                limit=0.07,
                source=_WEIGHT,
            ),
            Notable(
                label="Weight loss of 7 % or more",
                of="lowest",
                kind="share",
                limit=-0.07,
                source=_WEIGHT,
            ),
        ),
        "QTCF": (
            *(
                Notable(
                    label=f"QTcF above {limit:g} ms",
                    of="highest",
                    kind="value",
                    limit=limit,
                    source=_E14,
                )
                for limit in (450.0, 480.0, 500.0)
            ),
            *(
                Notable(
                    label=f"QTcF rise of more than {limit:g} ms",
                    of="highest",
                    kind="change",
                    limit=limit,
                    source=_E14,
                )
                for limit in (30.0, 60.0)
            ),
        ),
        "SBPSTND": (
            Notable(
                label="Fall of standing systolic pressure of 20 mmHg or more",
                of="lowest",
                kind="change",
                limit=-20.0,
                source="definition of orthostatic hypotension (recalled), here from baseline",
            ),
        ),
        "SODIUM": (
            Notable(
                label="Sodium below 130 mmol/L",
                of="lowest",
                kind="value",
                limit=130.0,
                source="CTCAE 5, hyponatraemia grade 2 (recalled)",
            ),
        ),
    }
)
"""What is counted, by PARAMCD of ADLB."""
