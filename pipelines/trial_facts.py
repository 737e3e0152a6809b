"""What every row of a trial's tables shares; every unit carries it to its worker."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cohort.trial import Analysis
from pipelines.definitions import Definitions
from pipelines.schema import CROSSED_TABLES, TABLES, Table, crossover_tables
from pipelines.schema.periods import period_tables
from pipelines.tipping_table import TIPPING_POINT, tipping_table

__all__ = ["TrialFacts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialFacts:
    """What every row of a trial shares.

    Parameters
    ----------
    study
        Study identifier.
    arms
        Names of the arms in the order of the protocol; numbers count from 1.
    duration_days
        Length of the trial after the first dose [d].
    definitions
        Endpoints and events.
    control
        Name of the control arm, None without one.
    is_paired
        Whether every arm holds the same patients.
    variants
        Names of the variants in the order of the protocol; empty if it has none.
    periods
        Start and end of the periods of a cross-over [week]; empty in other trials.
    sequences
        Treatments of each arm, one a period.
    analysis
        How the data are analysed.
    primary_endpoint
        Scale on which claims are made.
    seed
        Seed of the trial, for imputations.
    codes
        PARAMCD of what the simulation names otherwise, see `pipelines.parameters`.
    names
        Name for people of each such parameter and biomarker, without its unit.
    has_rescue
        Whether the trial offers rescue medication.

    Examples
    --------
    >>> facts = TrialFacts(
    ...     study="A",
    ...     arms=("p", "d"),
    ...     duration_days=56.0,
    ...     definitions=Definitions(endpoints=(), events=()),
    ... )
    >>> facts.arm_number("d")
    2
    """

    study: str
    arms: tuple[str, ...]
    duration_days: float
    definitions: Definitions
    control: str | None = None
    is_paired: bool = False
    variants: tuple[str, ...] = ()
    periods: tuple[tuple[float, float], ...] = ()
    sequences: tuple[tuple[str, ...], ...] = ()
    analysis: Analysis = field(default_factory=Analysis)
    primary_endpoint: str = ""
    seed: int = 0
    codes: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    has_rescue: bool = False

    def arm_number(self, arm: str) -> int:
        """Return the number of an arm, from 1."""
        return self.arms.index(arm) + 1

    def variant_number(self, variant: str) -> int:
        """Return the number of a variant, from 1; 1 in a trial without variants."""
        return self.variants.index(variant) + 1 if self.variants else 1

    @property
    def tables(self) -> Mapping[str, Table]:
        """The tables of the trial by name: with its variants, periods and tipping point, if any."""
        is_crossed = bool(self.variants)
        found = dict(CROSSED_TABLES if is_crossed else TABLES)
        if self.periods:
            found = dict(period_tables(found, len(self.periods)))
            found |= crossover_tables(is_crossed=is_crossed)
        if self.analysis.tipping_point:
            found[TIPPING_POINT] = tipping_table(is_crossed=is_crossed)
        return found
