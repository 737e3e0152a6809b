"""What the arms of a trial take: regimens, and how reliably doses are taken.

An arm without regimens takes placebo. A titration is several regimens of one drug, each from a
start to a stop.
"""

import itertools
from collections.abc import Iterator, Sequence
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field, StrictBool, model_validator

from cohort.trial.quantities import (
    DAY_S,
    HOUR_S,
    ArmSize,
    Clock,
    Dose,
    Fraction,
    Interval,
    Label,
    Moment,
    Number,
    Words,
    write_span,
)
from cohort.yaml_files import UNREAD, Contradiction, is_read, refuse_contradictions

__all__ = [
    "Adherence",
    "AdherencePatterns",
    "Arm",
    "ProtocolRecord",
    "Regimen",
    "ShorthandRecord",
    "SupplementRegimen",
    "Titration",
    "dose_times",
]

_SHARES_ROUND_OFF = 1e-9  # of written percentages
_MAX_SD_LOGIT = 5.0  # beyond it nearly everyone takes all doses or none
_MORNING_S = 8 * HOUR_S


class ProtocolRecord(BaseModel):
    """Base of every record of a protocol: frozen, no unknown keys.

    Examples
    --------
    >>> Adherence.model_config["extra"]
    'forbid'
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True, extra="forbid")


class ShorthandRecord(ProtocolRecord):
    """Base of records that a plain value may stand for: that of the key `shorthand`.

    Examples
    --------
    >>> class Share(ShorthandRecord):
    ...     shorthand = "share"
    ...     share: Fraction
    >>> Share.model_validate("60 %").share
    0.6
    """

    shorthand: ClassVar[str]

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, given: object) -> object:
        return given if isinstance(given, dict | cls) else cls.expand_shorthand(given)

    @classmethod
    def expand_shorthand(cls, given: object) -> dict[str, object]:
        """Return the keys of the record that a plain value stands for."""
        return {cls.shorthand: given}


class AdherencePatterns(ProtocolRecord):
    """Shares of patients who take their doses in one way or another [1]; they add up to 1.

    Parameters
    ----------
    full
        Every dose.
    partial
        Each dose with the patient's own probability.
    holidays
        Every dose but for runs of three to seven days without any.
    early_stop
        Every dose until they stop for good, and tell nobody.
    white_coat
        Like ``partial``, but every dose in the three days before a visit.

    Examples
    --------
    >>> AdherencePatterns(full="60 %", partial="40 %").shares
    (0.6, 0.4, 0.0, 0.0, 0.0)
    """

    full: Fraction = Field(default=0.0, examples=["50 %"])
    partial: Fraction = Field(default=0.0, examples=["30 %"])
    holidays: Fraction = Field(default=0.0, examples=["10 %"])
    early_stop: Fraction = Field(default=0.0, examples=["5 %"])
    white_coat: Fraction = Field(default=0.0, examples=["5 %"])

    @property
    def shares(self) -> tuple[float, ...]:
        """All shares in the order of the fields [1].

        Examples
        --------
        >>> AdherencePatterns(full=1.0).shares
        (1.0, 0.0, 0.0, 0.0, 0.0)
        """
        return (self.full, self.partial, self.holidays, self.early_stop, self.white_coat)

    def contradictions(self) -> Iterator[Contradiction]:
        """List what cannot stand together.

        Examples
        --------
        >>> list(AdherencePatterns(full="60 %", partial="40 %").contradictions())
        []
        """
        total = sum(self.shares) if all(map(is_read, self.shares)) else 1.0
        if abs(total - 1.0) > _SHARES_ROUND_OFF:
            yield Contradiction(
                path=(),
                message=f"the shares add up to {100 * total:g} %; exactly 100 % is allowed. Change "
                "one; those that are left out are 0 %.",
            )

    _refuse = model_validator(mode="after")(refuse_contradictions)


class Adherence(ProtocolRecord):
    """How reliably doses are taken; without it every dose is.

    Patients differ: the logit of the probability is normal between them, with the standard
    deviation ``sd_logit`` [1]; ``probability`` is the mean over patients [1]. With ``patterns``
    they differ in kind as well; without, all are ``partial``.

    Examples
    --------
    >>> Adherence(probability="90 %", sd_logit=1).probability
    0.9
    """

    probability: Fraction = Field(default=1.0, examples=["90 %"])
    sd_logit: Number = Field(default=0.0, examples=[1.0])
    patterns: AdherencePatterns | None = Field(
        default=None,
        examples=["{full: 60 %, partial: 30 %, holidays: 10 %}"],
        exclude_if=lambda patterns: patterns is None,
    )

    def contradictions(self) -> Iterator[Contradiction]:
        """List what cannot stand together.

        Examples
        --------
        >>> list(Adherence().contradictions())
        []
        """
        if self.sd_logit < 0 or self.sd_logit > _MAX_SD_LOGIT:
            yield Contradiction(
                path=("sd_logit",),
                message=f"{self.sd_logit:g} was given; from 0 (all patients alike) to "
                f"{_MAX_SD_LOGIT:g} is allowed. Change the value.",
            )

    _refuse = model_validator(mode="after")(refuse_contradictions)


class Titration(ProtocolRecord):
    """How the dose of a regimen is changed at visits, by a rule on the patient.

    Parameters
    ----------
    steps
        Doses [mg], rising; the patient starts at that of the regimen and moves one step a visit.
    at
        Times of the visits at which it is decided [s]; all visits of the regimen if left out.
    up_if, down_if
        Conditions on the patient of that visit, see `cohort.trial.visit_rules`. The way down wins,
        and whose dose was lowered once is not raised again.

    Examples
    --------
    >>> Titration(steps=["20 mg", "40 mg"], up_if="response < 50 %").steps
    (20.0, 40.0)
    """

    steps: tuple[Dose, ...] = Field(examples=["[20 mg, 40 mg, 60 mg]"])
    at: tuple[Moment, ...] | None = Field(default=None, examples=["[week 2, week 4]"])
    up_if: Words | None = Field(default=None, examples=["response < 50 %"])
    down_if: Words | None = Field(default=None, examples=["adverse_event == 'severe'"])

    def contradictions(self) -> Iterator[Contradiction]:
        """List what cannot stand together.

        Examples
        --------
        >>> list(Titration(steps=["20 mg", "40 mg"], up_if="response < 50 %").contradictions())
        []
        """
        if is_read(self.steps) and len(self.steps) <= 1:
            yield Contradiction(
                path=("steps",),
                message=f"{len(self.steps)} of steps; two or more doses are wanted. Write the "
                "doses that a patient may come to, such as '[20 mg, 40 mg]'.",
            )
        for key in ("steps", "at"):
            values = getattr(self, key)
            if values is None or not is_read(values):
                continue
            for position, (before, after) in enumerate(itertools.pairwise(values), start=1):
                if after <= before:
                    yield Contradiction(
                        path=(key, position),
                        message="it is not greater than the one before; they are written from low "
                        "to high, each once. Put them in order.",
                    )
        if self.up_if is None and self.down_if is None:
            yield Contradiction(
                path=(),
                message="nothing says when the dose changes; 'up_if', 'down_if' or both are wanted."
                " Write 'up_if: response < 50 %'.",
            )

    _refuse = model_validator(mode="after")(refuse_contradictions)


class Regimen(ProtocolRecord):
    """One drug at one dose, from a start to a stop.

    Times are seconds since midnight before the first dose of the trial. Doses fall on the clock
    time ``at`` (08:00 if absent) and then every ``every`` (1 day if absent), from ``start``
    (week 0) until just before ``stop`` (end of the trial). With ``titrate`` it is the dose at which
    patients start.

    Examples
    --------
    >>> regimen = Regimen(drug="escitalopram", dose="10 mg", stop="week 1")
    >>> regimen.dose, regimen.every, regimen.at, regimen.stop
    (10.0, 86400, 28800, 604800)
    """

    drug: Words = Field(examples=["escitalopram"])
    dose: Dose = Field(examples=["10 mg"])
    every: Interval = Field(default=DAY_S, examples=["1 day"])
    at: Clock = Field(default=_MORNING_S, examples=["08:00"])
    start: Moment = Field(default=0, examples=["week 0"])
    stop: Moment | None = Field(default=None, examples=["week 8"])
    titrate: Titration | None = Field(
        default=None,
        examples=["{steps: [10 mg, 20 mg], up_if: response < 50 %}"],
        exclude_if=lambda titration: titration is None,
    )

    def contradictions(self) -> Iterator[Contradiction]:
        """List what cannot stand together.

        Examples
        --------
        >>> list(Regimen(drug="sertraline", dose="50 mg").contradictions())
        []
        """
        yield from self._titration_contradictions()
        if self.stop is None or not is_read(self.stop):
            return
        if self.stop <= self.start:
            yield Contradiction(
                path=("stop",),
                message=f"the regimen stops at {write_span(self.stop)} and starts at "
                f"{write_span(self.start)}; a stop comes after the start. Move one of them.",
            )
        elif is_read(self.at) and is_read(self.start) and self._first() >= self.stop:
            yield Contradiction(
                path=("stop",),
                message=f"no dose falls between {write_span(self.start)} and "
                f"{write_span(self.stop)}; a regimen has at least one. Move the stop.",
            )

    def _first(self) -> int:
        return self.start + (self.at - self.start) % DAY_S

    def _titration_contradictions(self) -> Iterator[Contradiction]:
        if self.titrate is None or not is_read(self.titrate):
            return
        steps = self.titrate.steps
        if steps and all(map(is_read, (self.dose, *steps))) and self.dose not in steps:
            shown = ", ".join(f"{step:g} mg" for step in steps)
            yield Contradiction(
                path=("dose",),
                message=f"{self.dose:g} mg is no step of its titration ({shown}); patients start "
                f"at one of them. Write 'dose: {steps[0]:g} mg', or add the step.",
            )

    _refuse = model_validator(mode="after")(refuse_contradictions)


class SupplementRegimen(ProtocolRecord):
    """One supplement at one dose, from a start to a stop; times are those of a `Regimen`.

    Examples
    --------
    >>> thrice = SupplementRegimen(supplement="l_tryptophan", dose="1 g", every="8 h")
    >>> thrice.dose, thrice.daily_mg
    (1000.0, 3000.0)
    """

    supplement: Words = Field(examples=["l_tryptophan"])
    dose: Dose = Field(examples=["1 g"])
    every: Interval = Field(default=DAY_S, examples=["8 h"])
    at: Clock = Field(default=_MORNING_S, examples=["08:00"])
    start: Moment = Field(default=0, examples=["week 0"])
    stop: Moment | None = Field(default=None, examples=["week 8"])

    @property
    def regimen(self) -> Regimen:
        """The same as a regimen of a drug of that name.

        Examples
        --------
        >>> SupplementRegimen(supplement="choline", dose="1 g").regimen.drug
        'choline'
        """
        return Regimen.model_construct(
            drug=self.supplement,
            dose=self.dose,
            every=self.every,
            at=self.at,
            start=self.start,
            stop=self.stop,
        )

    @property
    def daily_mg(self) -> float:
        """Daily dose [mg].

        Examples
        --------
        >>> SupplementRegimen(supplement="choline", dose="1 g", every="12 h").daily_mg
        2000.0
        """
        return self.dose * DAY_S / self.every

    def contradictions(self) -> Iterator[Contradiction]:
        """List what cannot stand together.

        Examples
        --------
        >>> list(SupplementRegimen(supplement="choline", dose="1 g").contradictions())
        []
        """
        yield from self.regimen.contradictions()

    _refuse = model_validator(mode="after")(refuse_contradictions)


class Arm(ProtocolRecord):
    """One arm: how many patients, and what they take; in a cross-over, in which ``sequence``.

    Examples
    --------
    >>> Arm(name="placebo", control=True, patients=127).regimens
    ()
    """

    name: Label = Field(examples=["placebo"])
    control: StrictBool = Field(default=False, examples=[True])
    patients: ArmSize = Field(examples=[120])
    regimens: tuple[Regimen, ...] = ()
    supplements: tuple[SupplementRegimen, ...] = ()
    adherence: Adherence | None = None
    sequence: tuple[Label, ...] = Field(
        default=(), examples=["[drug, placebo]"], exclude_if=lambda names: not names
    )

    def contradictions(self) -> Iterator[Contradiction]:
        """List what cannot stand together.

        Examples
        --------
        >>> twice = (Regimen(drug="sertraline", dose="50 mg"),) * 2
        >>> arm = Arm.model_construct(name="low", patients=5, regimens=twice)
        >>> [one.path for one in arm.contradictions()]
        [('regimens', 1)]
        """
        yield from _overlaps("regimens", self.regimens, "drug")
        if is_read(self.supplements):
            taken = [getattr(one, "regimen", UNREAD) for one in self.supplements]
            yield from _overlaps("supplements", taken, "supplement")

    _refuse = model_validator(mode="after")(refuse_contradictions)


def _overlaps(key: str, regimens: Sequence[Regimen], kind: str) -> Iterator[Contradiction]:
    """Note regimens of one drug or supplement that go on at the same time."""
    for later, regimen in enumerate(regimens):
        for earlier in regimens[:later]:
            if not is_read(regimen) or not is_read(earlier) or not _overlap(earlier, regimen):
                continue
            yield Contradiction(
                path=(key, later),
                message=f"{regimen.drug} from {write_span(regimen.start)} overlaps the "
                f"regimen of {earlier.drug} from {write_span(earlier.start)}; one regimen of a "
                f"{kind} at a time is allowed. Write 'stop: {write_span(regimen.start)}' in the "
                "earlier one."
                if regimen.start > earlier.start
                else f"{regimen.drug} is given twice from {write_span(regimen.start)} on; one "
                f"regimen of a {kind} at a time is allowed. Add up the doses, or stop one.",
            )
            break


def _overlap(one: Regimen, other: Regimen) -> bool:
    """Tell whether two regimens of one drug overlap; false where a time is unread."""
    read = all(map(is_read, (one.drug, other.drug, one.start, other.start)))
    if not read or one.drug != other.drug:
        return False
    before = one.stop is None or other.start < one.stop
    after = other.stop is None or one.start < other.stop
    return before and after


def dose_times(regimen: Regimen, duration: int) -> range:
    """Return when a regimen is due.

    Parameters
    ----------
    regimen
        The regimen.
    duration
        End of the trial [s].

    Returns
    -------
    Times since midnight before the first dose of the trial [s]; a dose at the end is none.

    Examples
    --------
    >>> twice = Regimen(drug="sertraline", dose="25 mg", every="12 h", start="day 2")
    >>> [time / 3600 for time in dose_times(twice, 3 * 86400)]
    [32.0, 44.0, 56.0, 68.0]
    """
    first = regimen.start + (regimen.at - regimen.start) % DAY_S
    stop = duration if regimen.stop is None else min(regimen.stop, duration)
    return range(first, stop, regimen.every)
