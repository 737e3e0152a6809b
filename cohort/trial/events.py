"""Which adverse events a trial looks for, where it says 'all'."""

from typing import Final

from cohort.compounds import TARGETS
from cohort.conditions.shift import quantities_of
from cohort.drugs import load_drug
from cohort.outcomes import AdverseEvent, adverse_event_names, load_adverse_event
from cohort.trial.protocol import Protocol
from cohort.trial.variants import trial_systems

__all__ = ["ALL_EVENTS", "trial_event_names", "trial_events", "trial_readings"]

ALL_EVENTS: Final = ("all",)
"""What a protocol says that looks for every adverse event that it can bring about."""


def trial_readings(protocol: Protocol) -> frozenset[str]:
    """Return the readings of the model that a trial has for outcomes.

    Parameters
    ----------
    protocol
        The trial.

    Returns
    -------
    States and rules of its systems, and what its drugs do to the targets that they bind.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> readings = trial_readings(load_protocol("sct-md-01"))
    >>> "sert_occupancy" in readings, "occupancy_d2" in readings
    (True, False)
    """
    targets = [
        TARGETS[binding.target]
        for drug in protocol.drugs
        for compound in load_drug(drug).compounds
        for binding in compound.binds
    ]
    bound = {name for one in targets for name in (one.occupancy, one.net_block) if name}
    return quantities_of(trial_systems(protocol)).readable | bound


def trial_event_names(protocol: Protocol) -> tuple[str, ...]:
    """Return the names of the adverse events that a trial looks for.

    Parameters
    ----------
    protocol
        The trial.

    Returns
    -------
    Those it names; for ``all`` those that one of its readings drives, and those that nothing
    drives, which come with any treatment.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> "nausea" in trial_event_names(load_protocol("sct-md-01"))
    True
    """
    if protocol.adverse_events != ALL_EVENTS:
        return protocol.adverse_events
    there = trial_readings(protocol)
    events = (load_adverse_event(name) for name in adverse_event_names())
    return tuple(event.name for event in events if not event.reads or there & set(event.reads))


def trial_events(protocol: Protocol) -> tuple[AdverseEvent, ...]:
    """Return the adverse events that a trial looks for.

    Parameters
    ----------
    protocol
        The trial.

    Returns
    -------
    In the order of `trial_event_names`.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> "nausea" in {event.name for event in trial_events(load_protocol("sct-md-01"))}
    True
    """
    return tuple(load_adverse_event(name) for name in trial_event_names(protocol))
