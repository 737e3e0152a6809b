"""How a trial is conducted beside its arms: what everybody takes, before the first dose and after.

Records of a protocol, read and written by `cohort.trial.protocol`. May import the records of arms
and the field types of this room.
"""

from collections.abc import Iterator

from pydantic import ConfigDict, Field, StrictBool, model_validator

from cohort.trial.arms import ProtocolRecord, Regimen, ShorthandRecord
from cohort.trial.quantities import (
    DAY_S,
    HOUR_S,
    WEEK_S,
    Clock,
    Dose,
    Fraction,
    Interval,
    Label,
    Moment,
    MomentBefore,
    Number,
    Parts,
    Span,
    Words,
    write_span,
)
from cohort.yaml_files import Contradiction, is_read, refuse_contradictions

__all__ = [
    "Background",
    "FollowUp",
    "LeadIn",
    "MissedVisits",
    "Period",
    "PreviousDrug",
    "Randomisation",
    "Rescue",
]

_MORNING_S = 8 * HOUR_S
_LONGEST_LEAD_IN_S = 12 * WEEK_S
_MOST_ODDS = 100.0
_MOST_STRATA = 8  # conditions; each doubles the strata
_USUAL_START_S = -4 * WEEK_S  # steady for all but the slowest drugs


class Background(ProtocolRecord):
    """A drug that every patient of every arm takes, from before the baseline to the end.

    Also whoever leaves the trial goes on taking it. The baseline is that of patients who take it:
    scores are as they are on it, and what drugs of the arms add is on top.

    Parameters
    ----------
    drug, dose, every, at
        As in a regimen.
    start
        Since when [s], before week 0; four weeks if left out.

    Examples
    --------
    >>> Background(drug="pramipexole", dose="0.5 mg", every="8 h").start // 86400
    -28
    """

    drug: Words = Field(examples=["levodopa_carbidopa"])
    dose: Dose = Field(examples=["100 mg"])
    every: Interval = Field(default=DAY_S, examples=["8 h"])
    at: Clock = Field(default=_MORNING_S, examples=["08:00"])
    start: MomentBefore = Field(default=_USUAL_START_S, examples=["week -4"])

    @property
    def regimen(self) -> Regimen:
        """The same as a regimen, which starts before the trial.

        Examples
        --------
        >>> Background(drug="levodopa", dose="100 mg").regimen.stop is None
        True
        """
        return Regimen.model_construct(
            drug=self.drug, dose=self.dose, every=self.every, at=self.at, start=self.start
        )

    def contradictions(self) -> Iterator[Contradiction]:
        """List what cannot stand together.

        Examples
        --------
        >>> list(Background(drug="levodopa", dose="100 mg").contradictions())
        []
        """
        if self.start == 0:
            yield Contradiction(
                path=("start",),
                message="it starts at week 0; a start before the trial is allowed, such as "
                "'start: week -4'. Move it, or write the drug as a regimen of the arms.",
            )

    _refuse = model_validator(mode="after")(refuse_contradictions)


class PreviousDrug(ProtocolRecord):
    """A drug that every patient took before the trial, until it was stopped.

    What is left between ``stop`` and week 0 is the wash-out. The baseline is taken after it, with
    whatever of the drug and of its effects is still there.

    Parameters
    ----------
    drug, dose, every, at
        As in a regimen.
    start, stop
        From when to when [s], not after week 0; four weeks until week 0 if left out.

    Examples
    --------
    >>> PreviousDrug(drug="haloperidol", dose="10 mg", stop="week -1").stop // 86400
    -7
    """

    drug: Words = Field(examples=["haloperidol"])
    dose: Dose = Field(examples=["10 mg"])
    every: Interval = Field(default=DAY_S, examples=["1 day"])
    at: Clock = Field(default=_MORNING_S, examples=["08:00"])
    start: MomentBefore = Field(default=_USUAL_START_S, examples=["week -4"])
    stop: MomentBefore = Field(default=0, examples=["week -1"])

    @property
    def regimen(self) -> Regimen:
        """The same as a regimen, which ends before the trial.

        Examples
        --------
        >>> PreviousDrug(drug="haloperidol", dose="10 mg").regimen.stop
        0
        """
        return Regimen.model_construct(
            drug=self.drug,
            dose=self.dose,
            every=self.every,
            at=self.at,
            start=self.start,
            stop=self.stop,
        )

    def contradictions(self) -> Iterator[Contradiction]:
        """List what cannot stand together.

        Examples
        --------
        >>> list(PreviousDrug(drug="haloperidol", dose="10 mg").contradictions())
        []
        """
        if is_read(self.start) and self.stop <= self.start:
            yield Contradiction(
                path=("stop",),
                message=f"it stops at {write_span(self.stop)} and starts at "
                f"{write_span(self.start)}; a stop comes after the start. Move one of them.",
            )
        elif all(map(is_read, (self.start, self.at))) and self._first >= self.stop:
            yield Contradiction(
                path=("stop",),
                message=f"no dose falls between {write_span(self.start)} and "
                f"{write_span(self.stop)}; at least one does. Move the stop.",
            )

    @property
    def _first(self) -> int:
        return self.start + (self.at - self.start) % DAY_S

    _refuse = model_validator(mode="after")(refuse_contradictions)


class LeadIn(ProtocolRecord):
    """A single-blind time on placebo before the baseline; who gets better in it is replaced.

    Parameters
    ----------
    placebo
        Length [s].
    drop_if_improved
        Share of the entry scale's score above its minimum [1]: who falls by as much is not
        randomised. Nobody is dropped for improving if left out.
    entry_again
        Whether the entry criterion must hold at the end of the lead-in as well.

    Examples
    --------
    >>> LeadIn(placebo="1 week", drop_if_improved="20 %").drop_if_improved
    0.2
    """

    placebo: Span = Field(examples=["1 week"])
    drop_if_improved: Fraction | None = Field(default=None, examples=["20 %"])
    entry_again: StrictBool = Field(default=True, examples=[True])

    def contradictions(self) -> Iterator[Contradiction]:
        """List what cannot stand together.

        Examples
        --------
        >>> list(LeadIn(placebo="1 week").contradictions())
        []
        """
        if self.drop_if_improved == 0:
            yield Contradiction(
                path=("drop_if_improved",),
                message="0 was given, so that everybody is dropped who improves at all; more than "
                "0 % is allowed. Write '20 %', or leave it out to keep everybody.",
            )
        if self.placebo > _LONGEST_LEAD_IN_S:
            yield Contradiction(
                path=("placebo",),
                message=f"{write_span(self.placebo)} was given; at most "
                f"{write_span(_LONGEST_LEAD_IN_S)} is allowed, as long as the course on placebo is "
                "known. Shorten it.",
            )

    _refuse = model_validator(mode="after")(refuse_contradictions)


class Randomisation(ProtocolRecord):
    """How patients come to their arms: one after another, in permuted blocks within strata.

    Parameters
    ----------
    strata
        Conditions on the patient at baseline, see `cohort.trial.allocation`; every combination of
        their answers is a stratum with blocks of its own.
    ratio
        Patients of each arm in a block, or a part of it; one of each arm if left out.
    block
        Patients of a block; twice the sum of the ratio if left out.

    Examples
    --------
    >>> Randomisation(strata=["sex == 'M'"], ratio=[2, 1]).block_size(2)
    6
    """

    strata: tuple[Words, ...] = Field(default=(), examples=["[sex == 'M', baseline >= 25]"])
    ratio: tuple[Parts, ...] | None = Field(default=None, examples=["[2, 1]"])
    block: Parts | None = Field(default=None, examples=[6])

    def shares(self, n_arm: int) -> tuple[int, ...]:
        """Return the ratio of the arms, written or not.

        Examples
        --------
        >>> Randomisation().shares(3)
        (1, 1, 1)
        """
        return (1,) * n_arm if self.ratio is None else self.ratio

    def block_size(self, n_arm: int) -> int:
        """Return the patients of a block.

        Examples
        --------
        >>> Randomisation().block_size(4)
        8
        """
        return 2 * sum(self.shares(n_arm)) if self.block is None else self.block

    def contradictions(self) -> Iterator[Contradiction]:
        """List what cannot stand together.

        Examples
        --------
        >>> list(Randomisation(ratio=[2, 1], block=6).contradictions())
        []
        """
        if is_read(self.strata) and len(self.strata) > _MOST_STRATA:
            yield Contradiction(
                path=("strata",),
                message=f"{len(self.strata)} conditions make {2 ** len(self.strata)} strata; at "
                f"most {_MOST_STRATA} are allowed. Leave some out.",
            )
        if self.ratio is None or self.block is None:
            return
        parts = self.ratio
        if is_read(self.block) and all(map(is_read, (parts, *parts))) and parts:
            whole = sum(parts)
            if self.block % whole:
                yield Contradiction(
                    path=("block",),
                    message=f"{self.block} patients cannot be divided {':'.join(map(str, parts))}; "
                    f"a multiple of {whole} is wanted. Write 'block: {2 * whole}'.",
                )

    _refuse = model_validator(mode="after")(refuse_contradictions)


class Period(ProtocolRecord):
    """One of the two periods of a cross-over; what is between them is the wash-out.

    Parameters
    ----------
    name
        What it is called.
    start, stop
        From when to when its treatment is given [s]; a visit at the end rates it.

    Examples
    --------
    >>> Period(name="first", start="week 0", stop="week 4").stop // 86400
    28
    """

    name: Label = Field(examples=["period 1"])
    start: Moment = Field(examples=["week 0"])
    stop: Moment = Field(examples=["week 4"])

    def contradictions(self) -> Iterator[Contradiction]:
        """List what cannot stand together.

        Examples
        --------
        >>> list(Period(name="first", start="week 0", stop="week 4").contradictions())
        []
        """
        if self.stop <= self.start:
            yield Contradiction(
                path=("stop",),
                message=f"the period stops at {write_span(self.stop)} and starts at "
                f"{write_span(self.start)}; a stop comes after the start. Move one of them.",
            )

    _refuse = model_validator(mode="after")(refuse_contradictions)


class Rescue(ProtocolRecord):
    """A drug that patients of every arm get beside the treatment once a rule calls for it.

    Parameters
    ----------
    drug, dose, every, at
        As in a regimen.
    rule
        Written ``if``: condition on the patient of a visit, see `cohort.trial.visit_rules`.
    since
        Written ``from``: earliest visit at which it is asked [s]; the first after baseline if left
        out.
    lasts
        Written ``for``: how long it is taken [s]; until the patient leaves if left out.

    Examples
    --------
    >>> rescue = Rescue.model_validate(
    ...     {"drug": "lorazepam", "dose": "1 mg", "if": "score >= 30", "from": "week 2"}
    ... )
    >>> rescue.since // 86400
    14
    """

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    drug: Words = Field(examples=["lorazepam"])
    dose: Dose = Field(examples=["1 mg"])
    every: Interval = Field(default=DAY_S, examples=["8 h"])
    at: Clock = Field(default=_MORNING_S, examples=["08:00"])
    rule: Words = Field(alias="if", examples=["score >= 30"])
    since: Moment = Field(default=0, alias="from", examples=["week 2"])
    lasts: Span | None = Field(default=None, alias="for", examples=["2 week"])

    @property
    def regimen(self) -> Regimen:
        """What those who need it take, from the earliest time on.

        Examples
        --------
        >>> rule = {"if": "score >= 30", "from": "week 2"}
        >>> Rescue(drug="lorazepam", dose="1 mg", **rule).regimen.start // 86400
        14
        """
        return Regimen.model_construct(
            drug=self.drug, dose=self.dose, every=self.every, at=self.at, start=self.since
        )


class FollowUp(ShorthandRecord):
    """Who is still rated after stopping the treatment; a plain share is that of everybody.

    Parameters
    ----------
    share
        Share of those who stop that go on coming to all visits, without the drug [1].

    Examples
    --------
    >>> FollowUp.model_validate("60 %").share
    0.6
    """

    shorthand = "share"

    share: Fraction = Field(examples=["60 %"])


class MissedVisits(ShorthandRecord):
    """How often a patient who is in the trial misses a visit; a plain share is that of everybody.

    Parameters
    ----------
    share
        Probability to miss a visit after baseline, for a patient at the severity of the baseline
        [1].
    odds_ratio
        By how much the odds grow with every standard deviation (that of the condition's baselines)
        that the unseen severity is above the patient's own baseline [1]; 1 if left out.

    Examples
    --------
    >>> MissedVisits.model_validate("5 %").odds_ratio
    1.0
    """

    shorthand = "share"

    share: Fraction = Field(examples=["5 %"])
    odds_ratio: Number = Field(default=1.0, examples=[2])

    def contradictions(self) -> Iterator[Contradiction]:
        """List what cannot stand together.

        Examples
        --------
        >>> list(MissedVisits(share="5 %").contradictions())
        []
        """
        if self.odds_ratio <= 0 or self.odds_ratio > _MOST_ODDS:
            yield Contradiction(
                path=("odds_ratio",),
                message=f"{self.odds_ratio:g} was given; a ratio greater than 0 and at most "
                f"{_MOST_ODDS:g} is allowed, 1 for none. Change the value.",
            )

    _refuse = model_validator(mode="after")(refuse_contradictions)
