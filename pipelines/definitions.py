"""What the tables need to know about endpoints and events: labels, classes, criteria.

Taken once from `cohort.outcomes` by the driver and carried by every unit as plain values, so that
a worker makes ADaM rows without loading the catalogues.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from cohort.outcomes import load_adverse_event, load_scale

__all__ = ["Definitions", "Endpoint", "EventTerm", "read_definitions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A rating scale with its criteria.

    Parameters
    ----------
    name, label
        Parameter code and name for people.
    responder_fall
        Share of the baseline by which a responder falls at least [1].
    remission_at_most
        Highest score in remission [points].

    Examples
    --------
    >>> Endpoint(name="MADRS", label="M", responder_fall=0.5, remission_at_most=10.0).name
    'MADRS'
    """

    name: str
    label: str
    responder_fall: float
    remission_at_most: float

    @property
    def response_text(self) -> str:
        """The definition of response, for CRIT1."""
        return f"Fall of at least {100 * self.responder_fall:g} % from baseline"

    @property
    def remission_text(self) -> str:
        """The definition of remission, for CRIT2."""
        return f"Score of {self.remission_at_most:g} or less"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTerm:
    """A preferred term with its organ class.

    Examples
    --------
    >>> EventTerm(term="Nausea", organ_class="Gastrointestinal disorders").term
    'Nausea'
    """

    term: str
    organ_class: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Definitions:
    """The endpoints and the events of one trial; the first endpoint is the primary one.

    Examples
    --------
    >>> Definitions(endpoints=(), events=()).endpoints
    ()
    """

    endpoints: tuple[Endpoint, ...]
    events: tuple[EventTerm, ...]


def read_definitions(endpoints: Iterable[str], events: Iterable[str]) -> Definitions:
    """Return what the catalogues say of these endpoints and adverse events.

    Parameters
    ----------
    endpoints
        Names of scales, the primary one first.
    events
        Names of adverse events.

    Returns
    -------
    The definitions, in the order given.

    Examples
    --------
    >>> read_definitions(["MADRS"], ["nausea"]).events[0].organ_class
    'Gastrointestinal disorders'
    """
    scales = [load_scale(name) for name in endpoints]
    declared = [load_adverse_event(name) for name in events]
    return Definitions(
        endpoints=tuple(
            Endpoint(
                name=scale.name,
                label=scale.label,
                responder_fall=scale.responder_fall.number("1"),
                remission_at_most=scale.remission_at_most.number("1"),
            )
            for scale in scales
        ),
        events=tuple(EventTerm(term=e.term, organ_class=e.organ_class) for e in declared),
    )
