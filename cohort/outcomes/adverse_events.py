"""Adverse events: hazards that a patient's own states drive, with adaptation to them."""

import functools
from importlib import resources
from typing import Annotated, Final, Literal

import numpy as np
from numpy.typing import NDArray

from cohort.errors import ConditionError, UnknownNameError
from cohort.facts import Declaration, Fact, Mark, PureNumber, quantity_in
from cohort.yaml_files import read_yaml_model
from kernels.arithmetic import exp, log

__all__ = [
    "AdverseEvent",
    "Background",
    "HillShape",
    "LinearShape",
    "SeverityShares",
    "adverse_event_names",
    "hazard_per_day",
    "load_adverse_event",
]

Floats = NDArray[np.float64]
_DRIVERS: Final = {
    "serotonin_rise": ("serotonin_extracellular", 1.0),
    "firing_fall": ("serotonin_firing", -1.0),
}
Duration = Annotated[Fact, quantity_in("day", minimum=0.0)]


class LinearShape(Declaration):
    """The hazard rises in proportion to a driver above its untreated level.

    Examples
    --------
    >>> LinearShape(kind="linear").value(np.array([-1.0, 0.5])).tolist()
    [0.0, 0.5]
    """

    kind: Literal["linear"]

    def value(self, x: Floats) -> Floats:
        """Return g(x) [1], 0 at 0.

        Examples
        --------
        >>> LinearShape(kind="linear").value(np.zeros(1)).tolist()
        [0.0]
        """
        return np.maximum(x, 0.0)


class HillShape(Declaration):
    """The hazard rises steeply once a state is many times its untreated level.

    Examples
    --------
    >>> event = load_adverse_event("serotonin_syndrome")
    >>> event.shape.value(np.log(np.array([1.0, 10.0]))).round(3).tolist()
    [0.0, 0.5]
    """

    kind: Literal["hill"]
    half_at: PureNumber
    hill: PureNumber

    def value(self, x: Floats) -> Floats:
        """Return g(x) - g(0) [1] for the log ratio ``x``.

        Examples
        --------
        >>> load_adverse_event("serotonin_syndrome").shape.value(np.zeros(1)).tolist()
        [0.0]
        """
        return self._raw(x) - self._raw(np.zeros_like(x))

    def _raw(self, x: Floats) -> Floats:
        half = log(np.array(self.half_at.number("1")))
        return 1.0 / (1.0 + exp(self.hill.number("1") * (half - x)))


class Background(Declaration):
    """Share of untreated patients with the event, and how they were asked.

    Examples
    --------
    >>> round(load_adverse_event("nausea").background.rate_per_day(0.0), 5)
    0.0013
    """

    ascertainment: Literal["spontaneous", "checklist", "laboratory"]
    share: Annotated[float, "between 0 and 1"]
    over: str
    mark: Mark
    source: str

    def rate_per_day(self, dropout_per_day: float) -> float:
        """Return the hazard that gives the share while patients also leave.

        Parameters
        ----------
        dropout_per_day
            Rate of leaving [1/d]; the observed time is shorter by it.

        Returns
        -------
        Hazard [1/d].

        Examples
        --------
        >>> background = load_adverse_event("nausea").background
        >>> bool(background.rate_per_day(0.01) > background.rate_per_day(0.0))
        True
        """
        days = Fact(value=self.over, mark=self.mark, source=self.source).number("day")
        lost = dropout_per_day * days
        observed = days if lost == 0.0 else days * (1.0 - float(exp(np.array(-lost)))) / lost
        return float(-log(np.array(1.0 - self.share))) / observed


class SeverityShares(Declaration):
    """Shares of mild, moderate and severe events.

    Examples
    --------
    >>> load_adverse_event("nausea").severity.mild
    0.65
    """

    mild: float
    moderate: float
    severe: float
    mark: Mark
    source: str


class AdverseEvent(Declaration):
    """Declare one adverse event.

    Parameters
    ----------
    name, term, organ_class
        Own name, preferred term and system organ class.
    driver
        Which state signal drives it: ``serotonin_rise`` or ``firing_fall``, log ratios to the
        untreated patient.
    shape
        How the hazard depends on the driver.
    background
        Untreated frequency.
    gain
        Multiple of the background at g = 1 [1].
    tolerance, duration
        Time constants of adaptation and of the event [d]; none if null.
    frailty_sd
        Spread of the log hazard between patients [1].
    severity, serious
        How bad it is.

    Examples
    --------
    >>> load_adverse_event("insomnia").term
    'Insomnia'
    """

    name: str
    term: str
    organ_class: str
    driver: Literal["serotonin_rise", "firing_fall"]
    shape: LinearShape | HillShape
    background: Background
    gain: PureNumber
    tolerance: Duration | None
    duration: Duration | None
    frailty_sd: PureNumber
    severity: SeverityShares
    serious: bool

    @property
    def reads(self) -> tuple[str, ...]:
        """States or rules of the model whose daily means it reads.

        Examples
        --------
        >>> load_adverse_event("somnolence").reads
        ('serotonin_firing',)
        """
        return (_DRIVERS[self.driver][0],)

    @property
    def sign(self) -> float:
        """1 where a rise drives the event, -1 where a fall does.

        Examples
        --------
        >>> load_adverse_event("somnolence").sign
        -1.0
        """
        return _DRIVERS[self.driver][1]


class _Events(Declaration):
    events: tuple[AdverseEvent, ...]


@functools.cache
def _events() -> dict[str, AdverseEvent]:
    folder = resources.files("cohort.outcomes")
    with resources.as_file(folder / "adverse_events.yaml") as path:
        events = read_yaml_model(path, _Events, error=ConditionError).events
    return {event.name: event for event in events}


def adverse_event_names() -> tuple[str, ...]:
    """Return the names of all adverse events.

    Examples
    --------
    >>> len(adverse_event_names())
    5
    """
    return tuple(_events())


def load_adverse_event(name: str) -> AdverseEvent:
    """Return an adverse event by name.

    Parameters
    ----------
    name
        One of `adverse_event_names`.

    Returns
    -------
    The event.

    Raises
    ------
    UnknownNameError
        If there is no such event.

    Examples
    --------
    >>> load_adverse_event("nausea").organ_class
    'Gastrointestinal disorders'
    """
    if name not in _events():
        raise UnknownNameError("adverse event", name, adverse_event_names(), "adverse event")
    return _events()[name]


def hazard_per_day(
    event: AdverseEvent,
    driver: Floats,
    adaptation: Floats,
    frailty: Floats,
    dropout_per_day: float,
) -> Floats:
    r"""Return the hazard of one day.

    Parameters
    ----------
    event
        Its declaration.
    driver, adaptation
        Today's log ratio and what the patient has become used to [1], shape ``(n_lane,)``.
    frailty
        Standard normal number of each patient, shape ``(n_lane,)``.
    dropout_per_day
        Rate of leaving the trial, for the background [1/d].

    Returns
    -------
    Hazard [1/d], shape ``(n_lane,)``.

    Notes
    -----
    .. math:: h = \lambda\, e^{s\eta - s^2/2}\,[1 + \gamma\,(g(x - a) - g(0))]

    The frailty has mean 1.

    Examples
    --------
    >>> nausea, zero = load_adverse_event("nausea"), np.zeros(1)
    >>> rest = hazard_per_day(nausea, zero, zero, zero, 0.0)
    >>> bool(hazard_per_day(nausea, zero + 0.5, zero, zero, 0.0)[0] > rest[0])
    True
    """
    spread = event.frailty_sd.number("1")
    rate = event.background.rate_per_day(dropout_per_day)
    multiple = 1.0 + event.gain.number("1") * event.shape.value(driver - adaptation)
    return rate * exp(spread * frailty - 0.5 * spread * spread) * multiple
