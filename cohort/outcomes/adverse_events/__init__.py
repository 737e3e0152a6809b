"""Adverse events: hazards that a patient's own states drive, with adaptation to them.

One YAML file a system organ class or mechanism, each with ``events: [...]``; the schema is in
`event`, its parts in `shape`, `consequences` and `signs`. The walk enters at `hazards`. May import
`cohort.facts`, `cohort.population.criteria` and `cohort.yaml_files`.
"""

from cohort.outcomes.adverse_events.catalogue import (
    adverse_event_names,
    load_adverse_event,
    read_adverse_events,
)
from cohort.outcomes.adverse_events.consequences import (
    CRITERIA,
    SEVERITIES,
    ActionModel,
    ActionShares,
    Seriousness,
    SeverityShares,
)
from cohort.outcomes.adverse_events.event import (
    ASCERTAINMENTS,
    AdverseEvent,
    Background,
    Driver,
    Factor,
)
from cohort.outcomes.adverse_events.hazards import hazard_per_day
from cohort.outcomes.adverse_events.rules import EventRules, Relatedness, event_rules
from cohort.outcomes.adverse_events.signs import SIGNS, NeededSigns, Sign

__all__ = [
    "ASCERTAINMENTS",
    "CRITERIA",
    "SEVERITIES",
    "SIGNS",
    "ActionModel",
    "ActionShares",
    "AdverseEvent",
    "Background",
    "Driver",
    "EventRules",
    "Factor",
    "NeededSigns",
    "Relatedness",
    "Seriousness",
    "SeverityShares",
    "Sign",
    "adverse_event_names",
    "event_rules",
    "hazard_per_day",
    "load_adverse_event",
    "read_adverse_events",
]
