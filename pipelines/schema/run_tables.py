"""Every table that a run writes."""

from collections.abc import Mapping
from types import MappingProxyType

from pipelines.schema.analyses import (
    ANALYSES,
    EFFECTS_BY_SUBGROUP,
    EXPOSURE_RESPONSE,
    INTERCURRENT_EVENTS,
)
from pipelines.schema.columns import (
    Table,
)
from pipelines.schema.occurrences import ADAE
from pipelines.schema.records import ADEX, ADLB, ADPC, ADQS, ADTTE
from pipelines.schema.results import RESULTS
from pipelines.schema.subjects import ADSL, TRAJECTORIES
from pipelines.schema.summaries import (
    AE_RATES,
    BIOMARKERS_BY_ARM,
    CONTRASTS,
    OUTCOMES_BY_ARM,
)

__all__ = [
    "SUBJECT_TABLES",
    "SUMMARY_TABLES",
    "TABLES",
]

SUBJECT_TABLES: tuple[str, ...] = (
    *("adsl", "adqs", "adlb", "adpc", "adex", "adae", "adtte"),
    "trajectories",
)
"""Tables with one or more rows per subject; every shard holds its part of each."""

SUMMARY_TABLES: tuple[str, ...] = (
    "outcomes_by_arm",
    "contrasts",
    "ae_rates_by_arm",
    "biomarkers_by_arm",
    "intercurrent_events",
    "analyses",
    "effects_by_subgroup",
    "exposure_response",
    "results",
)
"""Tables computed from the subject-level ones."""

TABLES: Mapping[str, Table] = MappingProxyType(
    {
        table.name: table
        for table in (
            ADSL,
            ADQS,
            ADLB,
            ADPC,
            ADEX,
            ADAE,
            ADTTE,
            TRAJECTORIES,
            OUTCOMES_BY_ARM,
            CONTRASTS,
            AE_RATES,
            BIOMARKERS_BY_ARM,
            INTERCURRENT_EVENTS,
            ANALYSES,
            EFFECTS_BY_SUBGROUP,
            EXPOSURE_RESPONSE,
            RESULTS,
        )
    }
)
"""Every table that a run writes, by name."""
