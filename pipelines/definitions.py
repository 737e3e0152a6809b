"""What the tables need to know about endpoints and events: labels, classes, criteria.

Taken once from `cohort.outcomes` by the driver and carried by every unit as plain values, so that
a worker makes ADaM rows without loading the catalogues.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from cohort.facts import Fact
from cohort.outcomes import load_adverse_event, load_scale, scale_names

__all__ = ["Definitions", "Endpoint", "EventTerm", "read_definitions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A rating scale with its criteria, or a biomarker, which has none.

    Parameters
    ----------
    name, label
        Parameter code and name for people.
    responder_fall
        Share of the baseline above the minimum by which a responder falls at least [1].
    remission_at_most
        Highest score in remission [points]; None where remission is not defined.
    minimum
        Lowest score of the scale [points].
    responder_points
        Points by which a responder falls at least beside that share, 0 for none [points].
    is_rated
        Whether it is a rating scale.

    Examples
    --------
    >>> Endpoint(name="MADRS", label="M", responder_fall=0.5, remission_at_most=10.0).name
    'MADRS'
    """

    name: str
    label: str
    responder_fall: float
    remission_at_most: float | None
    minimum: float = 0.0
    responder_points: float = 0.0
    is_rated: bool = True

    @property
    def response_text(self) -> str:
        """The definition of response, for CRIT1."""
        if self.responder_points:
            return f"Fall of at least {self.responder_points:g} points from baseline"
        above = f", {self.minimum:g} subtracted first" if self.minimum else ""
        return f"Fall of at least {100 * self.responder_fall:g} % from baseline{above}"

    @property
    def remission_text(self) -> str | None:
        """The definition of remission, for CRIT2; None where the scale has none."""
        if self.remission_at_most is None:
            return None
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


def _number(fact: Fact | None) -> float | None:
    return None if fact is None else fact.number("1")


def read_definitions(endpoints: Iterable[str], events: Iterable[str]) -> Definitions:
    """Return what the catalogues say of these endpoints and adverse events.

    Parameters
    ----------
    endpoints
        Names of scales and codes of biomarkers, the primary one first.
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
    declared = [load_adverse_event(name) for name in events]
    return Definitions(
        endpoints=tuple(_endpoint(name) for name in endpoints),
        events=tuple(EventTerm(term=e.term, organ_class=e.organ_class) for e in declared),
    )


def _endpoint(name: str) -> Endpoint:
    if name not in scale_names():  # a protocol that was read names nothing else than biomarkers
        return Endpoint(
            name=name, label=name, responder_fall=0.0, remission_at_most=None, is_rated=False
        )
    scale = load_scale(name)
    return Endpoint(
        name=name,
        label=scale.label,
        responder_fall=_number(scale.responder_fall) or 0.0,
        remission_at_most=_number(scale.remission_at_most),
        minimum=scale.minimum,
        responder_points=_number(scale.responder_points) or 0.0,
    )
