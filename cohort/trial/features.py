"""Features of a trial's design that are known before it starts.

They are the only covariates of a trial, beside its length, arms and entry criterion, that a
prediction of its placebo arm may read. What no source says is left out, which means unknown.
"""

from typing import Literal

from pydantic import Field, StrictBool

from cohort.trial.arms import ProtocolRecord
from cohort.trial.quantities import Sites, Year

__all__ = ["TrialFeatures"]


class TrialFeatures(ProtocolRecord):
    """How a trial was designed; nothing reads it when the trial runs.

    Parameters
    ----------
    year
        Of publication.
    placebo_run_in
        Whether everybody took placebo before randomization.
    setting
        Where patients were seen.
    blinding
        ``double``, ``single`` or ``open``.
    dosing
        ``fixed`` doses, or ``flexible`` ones that follow the patient.
    sites
        Number of centres.

    Examples
    --------
    >>> TrialFeatures(year=2002, setting="outpatients").placebo_run_in is None
    True
    """

    year: Year | None = Field(default=None, examples=[2002])
    placebo_run_in: StrictBool | None = Field(default=None, examples=[True])
    setting: Literal["outpatients", "inpatients", "primary care", "mixed"] | None = Field(
        default=None, examples=["outpatients"]
    )
    blinding: Literal["double", "single", "open"] | None = Field(default=None, examples=["double"])
    dosing: Literal["fixed", "flexible"] | None = Field(default=None, examples=["fixed"])
    sites: Sites | None = Field(default=None, examples=[35])
