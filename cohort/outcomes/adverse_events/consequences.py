"""What follows from an adverse event: its severity, its seriousness, what is done about it."""

from collections.abc import Iterator
from typing import Annotated, Final, Literal, get_args

from pydantic import Field, model_validator

from cohort.facts import Declaration, Mark, PureNumber
from cohort.yaml_files import Contradiction, is_read, refuse_contradictions

__all__ = [
    "CRITERIA",
    "SEVERITIES",
    "ActionModel",
    "ActionShares",
    "CriterionCode",
    "Seriousness",
    "SeverityShares",
    "SeverityWord",
]

SeverityWord = Literal["MILD", "MODERATE", "SEVERE"]
CriterionCode = Literal["DTH", "LIFE", "HOSP", "DISAB", "MIE"]

SEVERITIES: Final[tuple[SeverityWord, ...]] = get_args(SeverityWord)
"""Severities, in rising order."""
CRITERIA: Final[tuple[CriterionCode, ...]] = get_args(CriterionCode)
"""Criteria of seriousness: death, danger to life, hospital, disability, medical importance."""

_SHARES_ROUND_OFF: Final = 1e-6

Share = Annotated[float, Field(ge=0.0, le=1.0)]
Source = Annotated[str, Field(min_length=3)]


class SeverityShares(Declaration):
    """Shares of mild, moderate and severe events.

    Parameters
    ----------
    mild, moderate, severe
        Shares [1] of events without driver; they add up to 1.
    rises
        Log odds of a worse severity per unit of the log of the hazard's multiple at onset [1]; none
        if left out.
    mark, source
        Where the shares come from.

    Examples
    --------
    >>> from cohort.outcomes import load_adverse_event
    >>> load_adverse_event("nausea").severity.mild
    0.65
    """

    mild: Share
    moderate: Share
    severe: Share
    rises: PureNumber | None = None
    mark: Mark
    source: Source

    def contradictions(self) -> Iterator[Contradiction]:
        """List shares that do not add up to 1.

        Examples
        --------
        >>> said = {"mark": "design", "source": "an example"}
        >>> list(SeverityShares(mild=0.5, moderate=0.5, severe=0.0, **said).contradictions())
        []
        """
        total = self.mild + self.moderate + self.severe
        if abs(total - 1.0) > _SHARES_ROUND_OFF:
            yield Contradiction(
                path=("severe",),
                message=f"mild, moderate and severe add up to {total:g}; 1 is wanted. Change them.",
            )

    _refuse = model_validator(mode="after")(refuse_contradictions)


class Seriousness(Declaration):
    """Which events are serious, and by which criteria.

    Parameters
    ----------
    share
        Share of events that are serious [1], one number or one by severity.
    criteria
        Share of serious events [1] that meet each criterion: DTH, LIFE, HOSP, DISAB, MIE. A serious
        event that meets none of those drawn is of other medical importance (MIE).
    mark, source
        Where the shares come from.

    Notes
    -----
    ``serious: true`` and ``serious: false`` stand for all and none.

    Examples
    --------
    >>> from cohort.outcomes import load_adverse_event
    >>> load_adverse_event("nausea").serious.share_of("SEVERE")
    0.0
    """

    share: Share | dict[SeverityWord, Share]
    criteria: dict[CriterionCode, Share] = Field(default_factory=dict)
    mark: Mark
    source: Source

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, given: object) -> object:
        return given if isinstance(given, dict | cls) else cls.expand_shorthand(given)

    @staticmethod
    def expand_shorthand(given: object) -> object:
        """Return the record that true or false stands for.

        Parameters
        ----------
        given
            True or false; anything else is given back, to be refused.

        Returns
        -------
        Keys of a seriousness.

        Examples
        --------
        >>> Seriousness.expand_shorthand(False)["share"]
        0.0
        """
        if not isinstance(given, bool):
            return given
        source = "serious by definition" if given else "not serious by definition"
        return {"share": float(given), "mark": "design", "source": source}

    def share_of(self, severity: SeverityWord) -> float:
        """Return the share of serious events among those of a severity [1].

        Parameters
        ----------
        severity
            ``MILD``, ``MODERATE`` or ``SEVERE``.

        Examples
        --------
        >>> Seriousness(share={"SEVERE": 0.2}, mark="design", source="an example").share_of("MILD")
        0.0
        """
        return self.share.get(severity, 0.0) if isinstance(self.share, dict) else self.share


class ActionShares(Declaration):
    """What is done with the drug, as shares of events of one severity.

    Parameters
    ----------
    reduced, interrupted, withdrawn
        Shares [1]; the rest goes on unchanged.

    Examples
    --------
    >>> ActionShares(reduced=0.2, withdrawn=0.1).interrupted
    0.0
    """

    reduced: Share = 0.0
    interrupted: Share = 0.0
    withdrawn: Share = 0.0

    def contradictions(self) -> Iterator[Contradiction]:
        """List shares above 1 together.

        Examples
        --------
        >>> list(ActionShares(reduced=0.2).contradictions())
        []
        """
        total = self.reduced + self.interrupted + self.withdrawn
        if total > 1.0 + _SHARES_ROUND_OFF:
            yield Contradiction(
                path=("withdrawn",),
                message=f"reduced, interrupted and withdrawn add up to {total:g}; at most 1 is "
                "possible. Lower them.",
            )

    _refuse = model_validator(mode="after")(refuse_contradictions)


class ActionModel(Declaration):
    """What is done with the drug, by severity of the event.

    Parameters
    ----------
    MILD, MODERATE, SEVERE
        Shares; nothing is done where left out.
    mark, source
        Where the shares come from.

    Examples
    --------
    >>> said = {"mark": "assumed", "source": "an example"}
    >>> ActionModel(SEVERE={"withdrawn": 0.5}, **said).of("SEVERE").withdrawn
    0.5
    """

    MILD: ActionShares | None = None
    MODERATE: ActionShares | None = None
    SEVERE: ActionShares | None = None
    mark: Mark
    source: Source

    def of(self, severity: SeverityWord) -> ActionShares:
        """Return the shares of a severity.

        Parameters
        ----------
        severity
            ``MILD``, ``MODERATE`` or ``SEVERE``.

        Examples
        --------
        >>> said = {"mark": "assumed", "source": "an example"}
        >>> ActionModel(SEVERE={"reduced": 0.5}, **said).of("MILD").reduced
        0.0
        """
        found: ActionShares | None = getattr(self, severity)
        return ActionShares() if found is None else found

    def contradictions(self) -> Iterator[Contradiction]:
        """List an action of no severity.

        Examples
        --------
        >>> said = {"mark": "assumed", "source": "an example"}
        >>> list(ActionModel(SEVERE={"withdrawn": 0.5}, **said).contradictions())
        []
        """
        if all(getattr(self, word) is None for word in SEVERITIES) and is_read(self.mark):
            yield Contradiction(
                path=("mark",),
                message="no severity has an action; one at least is wanted. Add "
                "'SEVERE: {withdrawn: 0.5}', or write 'action: null'.",
            )

    _refuse = model_validator(mode="after")(refuse_contradictions)
