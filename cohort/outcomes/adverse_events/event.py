"""The schema of an adverse event: what drives its hazard, whom it strikes, what follows from it.

    h(t) = background * frailty * factors * [1 + sum_k gain_k * (g_k(u_k) - g_k(0))]

u_k is a reading of the model, log ratio or occupancy, less what the patient has become used to.
"""

from collections.abc import Iterator
from typing import Annotated, Final, Literal, get_args

import numpy as np
from pydantic import AfterValidator, Field, model_validator

from cohort.errors import CohortError, ExpressionError
from cohort.facts import Declaration, Fact, Mark, PureNumber, quantity_in
from cohort.outcomes.adverse_events.consequences import (
    SEVERITIES,
    ActionModel,
    Seriousness,
    SeverityShares,
    SeverityWord,
)
from cohort.outcomes.adverse_events.signs import NeededSigns
from cohort.outcomes.measures import load_measure, measure_names
from cohort.outcomes.readings import rests_at_zero
from cohort.outcomes.shape import Shape
from cohort.population.criteria import parse_criterion
from cohort.units import parse_quantity
from cohort.yaml_files import (
    Contradiction,
    is_read,
    nearest_hint,
    packaged_names,
    refuse_contradictions,
)
from kernels.arithmetic import exp, log

__all__ = [
    "ASCERTAINMENTS",
    "AdverseEvent",
    "Ascertainment",
    "Background",
    "Driver",
    "Duration",
    "Factor",
]

Ascertainment = Literal["spontaneous", "checklist", "laboratory"]
ASCERTAINMENTS: Final[tuple[str, ...]] = get_args(Ascertainment)
"""Ways in which events are found."""

_SHORTEST_D: Final = 1e-3  # time constants divide
_MOST_FRAILTY: Final = 3.0
_HIGHEST_GRADE: Final = 5
_ORGAN_CLASSES: Final = (
    "Blood and lymphatic system disorders",
    "Cardiac disorders",
    "Congenital, familial and genetic disorders",
    "Ear and labyrinth disorders",
    "Endocrine disorders",
    "Eye disorders",
    "Gastrointestinal disorders",
    "General disorders and administration site conditions",
    "Hepatobiliary disorders",
    "Immune system disorders",
    "Infections and infestations",
    "Injury, poisoning and procedural complications",
    "Investigations",
    "Metabolism and nutrition disorders",
    "Musculoskeletal and connective tissue disorders",
    "Neoplasms benign, malignant and unspecified (incl cysts and polyps)",
    "Nervous system disorders",
    "Pregnancy, puerperium and perinatal conditions",
    "Product issues",
    "Psychiatric disorders",
    "Renal and urinary disorders",
    "Reproductive system and breast disorders",
    "Respiratory, thoracic and mediastinal disorders",
    "Skin and subcutaneous tissue disorders",
    "Social circumstances",
    "Surgical and medical procedures",
    "Vascular disorders",
)
"""System organ classes, in the spelling of MedDRA."""


def _measure(code: str) -> str:
    if code not in measure_names():
        raise ValueError(
            f"'{code}' is no measure; {len(measure_names())} are known. "
            f"{nearest_hint(code, measure_names())}"
        )
    return code


def _condition(name: str) -> str:
    known = packaged_names("cohort.conditions")
    if name not in known:
        raise ValueError(
            f"'{name}' is no condition; {len(known)} are known. {nearest_hint(name, known)}"
        )
    return name


def _criterion(text: str) -> str:
    try:
        parse_criterion(text)
    except ExpressionError as error:
        raise ValueError(str(error)) from error
    return text


def _organ_class(name: str) -> str:
    if name not in _ORGAN_CLASSES:
        raise ValueError(
            f"'{name}' is no system organ class; {len(_ORGAN_CLASSES)} are known. "
            f"{nearest_hint(name, _ORGAN_CLASSES)}"
        )
    return name


def _period(text: str) -> str:
    try:
        parse_quantity(text, "day", where="over", minimum=_SHORTEST_D)
    except CohortError as error:
        raise ValueError(str(error)) from error
    return text


def _frailty(fact: Fact) -> Fact:
    value = fact.number("1")
    if not 0.0 <= value <= _MOST_FRAILTY:
        raise ValueError(f"{value:g} was given; from 0 to {_MOST_FRAILTY:g} is wanted. Change it.")
    return fact


Duration = Annotated[Fact, quantity_in("day", minimum=_SHORTEST_D)]
Criterion = Annotated[str, AfterValidator(_criterion)]
ConditionName = Annotated[str, AfterValidator(_condition)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class Background(Declaration):
    """Share of untreated patients with the event, for one way of asking.

    Parameters
    ----------
    share
        Share of patients who have it at least once [1].
    over
        In how long a trial.
    gain_factor
        Multiple of the gains of the drivers when asked in this way [1]; 1 if left out.
    mark, source
        Where the share comes from.

    Examples
    --------
    >>> from cohort.outcomes import load_adverse_event
    >>> round(load_adverse_event("nausea").background_for("spontaneous").rate_per_day(0.0), 5)
    0.0013
    """

    share: Annotated[float, Field(ge=0.0, lt=1.0)]
    over: Annotated[str, AfterValidator(_period)]
    gain_factor: Annotated[Fact, quantity_in("1", minimum=0.0)] | None = None
    mark: Mark
    source: Annotated[str, Field(min_length=3)]

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
        >>> from cohort.outcomes import load_adverse_event
        >>> background = load_adverse_event("nausea").background_for("spontaneous")
        >>> bool(background.rate_per_day(0.01) > background.rate_per_day(0.0))
        True
        """
        days = Fact(value=self.over, mark=self.mark, source=self.source).number("day")
        lost = dropout_per_day * days
        observed = days if lost == 0.0 else days * (1.0 - float(exp(np.array(-lost)))) / lost
        return float(-log(np.array(1.0 - self.share))) / observed


class Driver(Declaration):
    """One reading of the model that raises (or, with a negative gain, lowers) the hazard.

    Parameters
    ----------
    reads
        A state or rule of the model: its log ratio to the untreated level, of an occupancy its
        level [1].
    sign
        -1 where a fall acts.
    shape
        How the hazard depends on it.
    gain
        Multiple of the background at g = 1 [1].
    tolerance
        Time constant of getting used to it [d]; the driver is what is beyond that.
    sensitisation
        Time constant of building up [d]; the driver is what has been built up.
    withdrawal
        Whether it acts when it falls below what the patient is used to; ``tolerance`` then is the
        time of getting used to it.

    Examples
    --------
    >>> from cohort.outcomes import load_adverse_event
    >>> load_adverse_event("somnolence").drivers[0].sign
    -1
    """

    reads: Name
    sign: Literal[1, -1] = 1
    shape: Shape
    gain: PureNumber
    tolerance: Duration | None = None
    sensitisation: Duration | None = None
    withdrawal: bool = False

    @property
    def is_level(self) -> bool:
        """Whether the reading is an occupancy, not a log ratio.

        Examples
        --------
        >>> from cohort.outcomes import load_adverse_event
        >>> load_adverse_event("nausea").drivers[0].is_level
        False
        """
        return rests_at_zero(self.reads)

    def contradictions(self) -> Iterator[Contradiction]:
        """List what cannot stand together.

        Examples
        --------
        >>> from cohort.outcomes import load_adverse_event
        >>> list(load_adverse_event("nausea").drivers[0].contradictions())
        []
        """
        if self.withdrawal is True and self.tolerance is None:
            yield Contradiction(
                path=("withdrawal",),
                message="withdrawal acts below what a patient is used to, and no 'tolerance' says "
                "how long getting used to it takes. Add 'tolerance: {value: 14 day, ...}'.",
            )
        if self.sensitisation is not None and (self.tolerance is not None or self.withdrawal):
            yield Contradiction(
                path=("sensitisation",),
                message="a driver builds up, or the patient gets used to it, not both. Delete one, "
                "or write a second driver.",
            )

    _refuse = model_validator(mode="after")(refuse_contradictions)


class Factor(Declaration):
    """Who has it more or less often.

    Parameters
    ----------
    where
        A condition on covariates, in the language of `cohort.population.criteria`.
    times
        Multiple of the hazard of those patients [1].

    Examples
    --------
    >>> Factor(where="age_y < 25", times={"value": 2, "mark": "assumed", "source": "a guess"}).where
    'age_y < 25'
    """

    where: Criterion
    times: Annotated[Fact, quantity_in("1", minimum=0.0)]


class AdverseEvent(Declaration):
    """Declare one adverse event.

    Parameters
    ----------
    name, term, organ_class
        Own name, preferred term and system organ class.
    ascertainment
        How it is found if nothing else is asked for.
    background, backgrounds
        Untreated frequency; or one by way of asking.
    background_in
        Untreated frequency of patients with some conditions, by name, where it differs from
        ``background``.
    drivers
        What raises its hazard; none for an event that treatment does not touch.
    factors, at_risk
        Who has it more or less often, and who alone can have it.
    recurs
        Whether it may start again after it ended.
    duration
        Mean time of an event, of one that ends with its driver the mean time after that [d]; to the
        end of the trial if null.
    ends_with_driver
        Whether it goes on for as long as what drives it.
    frailty_sd, frailty_class
        Spread of the log hazard between patients [1], and the class of events that share it; the
        organ class if left out.
    severity, ctcae, serious, action
        How bad it is, its CTCAE grades, whether it is serious, what is done about it.
    needs_signs
        Clinical signs without which it is not diagnosed.
    measure, from_grade
        A measured quantity of `cohort.outcomes.measures` whose value makes the event, instead of a
        hazard, from a grade on.

    Examples
    --------
    >>> from cohort.outcomes import load_adverse_event
    >>> load_adverse_event("insomnia").term
    'Insomnia'
    """

    name: Name
    term: Annotated[str, Field(min_length=3, max_length=200)]
    organ_class: Annotated[str, AfterValidator(_organ_class)]
    ascertainment: Ascertainment = "spontaneous"
    background: Background | None = None
    backgrounds: dict[Ascertainment, Background] | None = None
    background_in: dict[ConditionName, Background] | None = None
    drivers: tuple[Driver, ...] = ()
    factors: tuple[Factor, ...] = ()
    at_risk: Criterion | None = None
    recurs: bool = False
    duration: Duration | None = None
    ends_with_driver: bool = False
    frailty_sd: Annotated[Fact, quantity_in("1"), AfterValidator(_frailty)] | None = None
    frailty_class: Name | None = None
    severity: SeverityShares | None = None
    ctcae: dict[SeverityWord, Annotated[int, Field(ge=1, le=_HIGHEST_GRADE)]] | None = None
    serious: Seriousness
    action: ActionModel | None = None
    needs_signs: NeededSigns | None = None
    measure: Annotated[str, AfterValidator(_measure)] | None = None
    from_grade: Annotated[int, Field(ge=1, le=_HIGHEST_GRADE)] = 1

    def contradictions(self) -> Iterator[Contradiction]:
        """List what cannot stand together.

        Examples
        --------
        >>> from cohort.outcomes import load_adverse_event
        >>> list(load_adverse_event("nausea").contradictions())
        []
        """
        if self.measure is None:
            yield from _hazard_is_whole(self)
        elif is_read(self.measure):
            yield from _measure_alone(self)
        if self.ends_with_driver is True and is_read(self.drivers) and not self.drivers:
            yield Contradiction(
                path=("ends_with_driver",),
                message="there is no driver that it could end with. Add drivers, or delete the "
                "line.",
            )
        if self.ctcae is not None and is_read(self.ctcae):
            missing = [word for word in SEVERITIES if word not in self.ctcae]
            if missing:
                yield Contradiction(
                    path=("ctcae",),
                    message=f"no grade for {' and '.join(missing)}; each severity has one. Add "
                    f"'{missing[0]}: 1' to 5, or delete ctcae.",
                )

    _refuse = model_validator(mode="after")(refuse_contradictions)

    @property
    def reads(self) -> tuple[str, ...]:
        """Names of the readings of the model that the event asks for, each once.

        Examples
        --------
        >>> from cohort.outcomes import load_adverse_event
        >>> load_adverse_event("vertigo").reads
        ('occupancy_alpha2delta',)
        """
        wanted = [driver.reads for driver in self.drivers]
        if self.needs_signs is not None:
            wanted.append(self.needs_signs.reads)
        if self.measure is not None:
            wanted += load_measure(self.measure).reads
        return tuple(dict.fromkeys(wanted))

    @property
    def class_of_frailty(self) -> str:
        """The class of events that share a frailty.

        Examples
        --------
        >>> from cohort.outcomes import load_adverse_event
        >>> load_adverse_event("nausea").class_of_frailty
        'gastrointestinal'
        """
        return self.organ_class if self.frailty_class is None else self.frailty_class

    @property
    def ways(self) -> tuple[str, ...]:
        """Ways of asking that the event has a background for, its own first.

        Examples
        --------
        >>> from cohort.outcomes import load_adverse_event
        >>> load_adverse_event("nausea").ways
        ('spontaneous',)
        """
        if self.backgrounds is None:
            return (self.ascertainment,)
        first = self.ascertainment
        known = [way for way in ASCERTAINMENTS if way in self.backgrounds]
        return tuple(sorted(known, key=lambda way: way != first))

    def in_condition(self, condition: str) -> "AdverseEvent":
        """Return the event as patients with a condition have it.

        Parameters
        ----------
        condition
            Name of the condition.

        Returns
        -------
        The event with the background of that condition, itself where that does not differ.

        Examples
        --------
        >>> from cohort.outcomes import load_adverse_event
        >>> akathisia = load_adverse_event("akathisia")
        >>> akathisia.in_condition("major_depression").background.share
        0.005
        >>> akathisia.in_condition("schizophrenia").background.share
        0.039
        """
        own = (self.background_in or {}).get(condition)
        return self if own is None else self.model_copy(update={"background": own})

    def way_of_asking(self, wanted: str) -> str:
        """Return how the event is found in a trial that asks in some way.

        Parameters
        ----------
        wanted
            Ascertainment of the protocol.

        Returns
        -------
        The same, if the event has a background for it; else ``spontaneous``, or what it has.

        Examples
        --------
        >>> from cohort.outcomes import load_adverse_event
        >>> load_adverse_event("nausea").way_of_asking("checklist")
        'spontaneous'
        """
        if wanted in self.ways:
            return wanted
        return "spontaneous" if "spontaneous" in self.ways else self.ways[0]

    def background_for(self, wanted: str) -> Background:
        """Return the background for a way of asking, as `way_of_asking` resolves it.

        Parameters
        ----------
        wanted
            Ascertainment of the protocol.

        Examples
        --------
        >>> from cohort.outcomes import load_adverse_event
        >>> load_adverse_event("nausea").background_for("spontaneous").share
        0.07
        """
        by_way = self.backgrounds or {}
        found = self.background or by_way.get(self.way_of_asking(wanted))  # type: ignore[call-overload]
        if found is None:
            raise CohortError(
                f"adverse event '{self.name}': it has no background, it is found by its measure "
                f"{self.measure}. Do not ask for its hazard."
            )
        return found


def _hazard_is_whole(event: AdverseEvent) -> Iterator[Contradiction]:
    given = [key for key in ("background", "backgrounds") if getattr(event, key) is not None]
    if len(given) != 1:
        yield Contradiction(
            path=(given[-1] if given else "name",),
            message=f"{len(given)} of 'background' and 'backgrounds' are given; one is wanted. "
            + ("Delete one." if given else "Add 'background: {share: 0.05, over: 8 week, ...}'."),
            unless=("background", "backgrounds", "measure"),
        )
    if given == ["backgrounds"] and is_read(event.backgrounds) and is_read(event.ascertainment):
        ways = tuple(event.backgrounds or ())
        if event.ascertainment not in ways:
            yield Contradiction(
                path=("backgrounds",),
                message=f"no background for its own ascertainment '{event.ascertainment}'; "
                f"{' and '.join(ways) or 'nothing'} given. Add it, or change 'ascertainment'.",
            )
    if event.background_in is not None and event.background is None:
        yield Contradiction(
            path=("background_in",),
            message="backgrounds of conditions stand beside 'background', which the others have; "
            "it is missing. Add it, or delete 'background_in'.",
            unless=("background", "measure"),
        )
    for key in ("frailty_sd", "severity"):
        if getattr(event, key) is None:
            yield Contradiction(
                path=("name",),
                message=f"the key '{key}' is missing; an event with a hazard has one. Add it.",
                unless=(key, "measure"),
            )


def _measure_alone(event: AdverseEvent) -> Iterator[Contradiction]:
    for key in ("background", "backgrounds", "background_in", "drivers", "needs_signs"):
        if getattr(event, key):
            yield Contradiction(
                path=(key,),
                message=f"the event is found by its measure {event.measure}, not by a hazard; "
                f"'{key}' says nothing then. Delete it, or delete 'measure'.",
            )
