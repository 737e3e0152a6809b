"""What a published trial reported for its arms, as it was reported.

Published means and counts differ in scale, denominator and treatment of missing values, and some
SDs were computed or imputed by later authors. Each record says so; nothing here is fitted to or
read by the simulation.
"""

from collections.abc import Iterator
from typing import Literal

from pydantic import Field, model_validator

from cohort.facts import Mark
from cohort.trial.arms import ProtocolRecord
from cohort.trial.quantities import Count, Label, Number, Words
from cohort.yaml_files import Contradiction, refuse_contradictions

__all__ = ["PublishedResult"]

_COUNTS = ("n_analyzed", "responders", "remitters", "dropouts", "dropouts_adverse_event")


class PublishedResult(ProtocolRecord):
    """Result of one published arm on one scale.

    Changes are end minus baseline, in points of ``scale``. ``sd_provenance`` says who computed
    the standard deviation; ``denominator`` is what responders and remitters are a share of.

    Examples
    --------
    >>> row = PublishedResult(
    ...     arm="placebo", scale="HAMD24", visit="week 8", n_randomized=127, n_analyzed=119,
    ...     mean_change=-7.6, sd_change=8.73, sd_provenance="reported", mark="read",
    ...     missing_data="LOCF", source="Burke 2002",
    ... )
    >>> row.responders is None
    True
    """

    arm: Label
    scale: Words = Field(examples=["HAMD24"])
    visit: Label = Field(examples=["week 8"])
    n_randomized: Count
    n_analyzed: Count | None = None
    mean_change: Number | None = None
    sd_change: Number | None = None
    sd_provenance: Literal["reported", "computed", "imputed", "unknown"] | None = None
    responders: Count | None = None
    remitters: Count | None = None
    denominator: Literal["randomized", "analyzed"] = "randomized"
    dropouts: Count | None = None
    dropouts_adverse_event: Count | None = None
    missing_data: Literal["LOCF", "observed cases", "mixed model", "unknown"] = "unknown"
    mark: Mark = Field(examples=["read"])
    source: Words = Field(examples=["Burke 2002, table 2"])

    def contradictions(self) -> Iterator[Contradiction]:
        """List what cannot stand together.

        Examples
        --------
        >>> row = PublishedResult.model_construct(n_randomized=10, responders=11)
        >>> [one.path for one in row.contradictions()]
        [('responders',)]
        """
        for name in _COUNTS:
            count = getattr(self, name)
            if count is not None and count > self.n_randomized:
                yield Contradiction(
                    path=(name,),
                    message=f"{count} of {self.n_randomized} randomized patients; at most all of "
                    "them are allowed. Correct one of the numbers.",
                )
        if self.sd_change is not None and self.sd_change <= 0:
            yield Contradiction(
                path=("sd_change",),
                message=f"{self.sd_change:g} was given; a standard deviation is greater than 0. "
                "Change the value or leave it out.",
            )
        if self.sd_change is not None and self.sd_provenance is None:
            yield Contradiction(
                path=("sd_change",),
                message="a standard deviation was given without its origin; "
                "'sd_provenance' is needed. Add the line 'sd_provenance: reported'.",
            )

    _refuse = model_validator(mode="after")(refuse_contradictions)
