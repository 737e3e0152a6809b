"""What every analysis reads: the tables of a run in one variant, and its arms."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from pipelines.adam import TrialFacts
from pipelines.results.rows import Row
from pipelines.roster import subject_ranges

__all__ = ["ARM", "TOTAL", "Scope"]

ARM: Final = "ARM"
"""Name of the group that an arm is."""

TOTAL: Final = "Total"
"""Level of the group of all arms together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The tables of one variant of a run.

    Parameters
    ----------
    tables
        Folder with the subject-level tables and the summaries made before.
    facts
        Arms, control, variants and definitions of the trial.
    variant
        Number of the variant, 1 in a trial without variants.

    Examples
    --------
    >>> from pipelines.definitions import Definitions
    >>> facts = TrialFacts(
    ...     study="A",
    ...     arms=("p", "d"),
    ...     duration_days=56.0,
    ...     definitions=Definitions(endpoints=(), events=()),
    ...     control="p",
    ... )
    >>> Scope(tables=Path("no"), facts=facts, variant=1).control
    1
    """

    tables: Path
    facts: TrialFacts
    variant: int

    @property
    def arms(self) -> tuple[int, ...]:
        """Numbers of the arms.

        Examples
        --------
        >>> from pipelines.definitions import Definitions
        >>> nothing = Definitions(endpoints=(), events=())
        >>> facts = TrialFacts(
        ...     study="A", arms=("p", "d"), duration_days=56.0, definitions=nothing
        ... )
        >>> Scope(tables=Path("no"), facts=facts, variant=1).arms
        (1, 2)
        """
        return tuple(range(1, len(self.facts.arms) + 1))

    @property
    def control(self) -> int | None:
        """Number of the control arm, None without one."""
        return None if self.facts.control is None else self.facts.arm_number(self.facts.control)

    def scan(self, name: str) -> pl.LazyFrame:
        """Return a subject-level table of the variant."""
        frame = pl.scan_parquet(self.tables / f"{name}.parquet")
        return frame.filter(pl.col("VARIANTN") == self.variant) if self.facts.variants else frame

    def last_visit(self) -> str | None:
        """Return the last visit at which scores are taken; None without one."""
        later = self.scan("adqs").filter(pl.col("ABLFL").is_null())
        last = later.filter(pl.col("AVISITN") == pl.col("AVISITN").max())
        names = last.select("AVISIT").unique().collect(engine="streaming")["AVISIT"].sort()
        return next(iter(names), None)

    def added(self, make: Callable[[pl.Expr], pl.LazyFrame], keys: Sequence[str]) -> pl.DataFrame:
        """Return sums that are made of some patients after others, added by key.

        Parameters
        ----------
        make
            From a condition on SUBJID to sums of the patients who meet it: the keys, and integers.
        keys
            Columns that name a sum.

        Notes
        -----
        What is counted once a patient needs all patients in memory at once; parts of them bound it.
        """
        parts = [make(some).collect(engine="streaming") for some in subject_ranges(self.tables)]
        return pl.concat(parts).group_by(list(keys)).agg(pl.all().sum()).sort(keys)

    def markers(self, *columns: str) -> pl.LazyFrame:
        """Return columns of biomarkers and concentrations, which are in tables of their own."""
        return pl.concat([self.scan(name).select(columns) for name in ("adlb", "adpc")])

    def wide(self, name: str) -> list[Row]:
        """Return the rows of a summary of the variant, made before."""
        frame = pl.read_parquet(self.tables / f"{name}.parquet")
        if self.facts.variants:
            frame = frame.filter(pl.col("variant_number") == self.variant)
        return frame.to_dicts()

    def arm_group(self, arm: int | None) -> Row:
        """Return the columns of the first group: an arm, or all of them."""
        return {"group1": ARM, "group1_level": TOTAL if arm is None else self.facts.arms[arm - 1]}

    def patients(self) -> dict[int | None, int]:
        """Return how many were randomised, by arm; None is all arms."""
        return self.count(self.scan("adsl"), "TRT01PN")

    def count(self, frame: pl.LazyFrame, arm: str) -> dict[int | None, int]:
        """Return the rows of each arm; None is all arms, an arm without rows has 0."""
        found = dict(frame.group_by(arm).agg(pl.len()).collect(engine="streaming").iter_rows())
        counts: dict[int | None, int] = {number: found.get(number, 0) for number in self.arms}
        return counts | {None: sum(counts.values())}
