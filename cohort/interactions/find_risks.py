"""Find the risks of a protocol: pairs of drugs that overlap in an arm, wash-out counted in.

Enters from the command line before a run starts. May import every room below `cohort.simulate`.
"""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from cohort.drugs import Drug, load_drug
from cohort.interactions.profile import (
    ANTAGONIST_BELOW,
    DrugProfile,
    drug_profile,
    exposure_ratio,
)
from cohort.interactions.risk_rules import Grade, Role, risk_rules
from cohort.trial import Protocol, Regimen
from cohort.trial.quantities import DAY_S, write_span

__all__ = ["Risk", "protocol_risks"]

_TELLING_RATIO: Final = 2.0
"""Change of exposure that is worth a line: from moderate inhibition on, in the FDA's words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """One risk of one arm.

    Parameters
    ----------
    arm
        Name of the arm.
    drugs
        The drugs that meet.
    grade
        ``contraindicated`` or ``caution``.
    text
        What may happen, when, and where that is said.

    Examples
    --------
    >>> risk = Risk(arm="a", drugs=("x", "y"), grade="caution", text="x and y: trouble.")
    >>> str(risk)
    "arm 'a': caution: x and y: trouble."
    """

    arm: str
    drugs: tuple[str, str]
    grade: Grade
    text: str

    def __str__(self) -> str:
        return f"arm '{self.arm}': {self.grade}: {self.text}"


def protocol_risks(protocol: Protocol) -> tuple[Risk, ...]:
    """Return the risks of every arm, contraindications first.

    Parameters
    ----------
    protocol
        The trial.

    Returns
    -------
    One risk a pair of drugs and kind, in the order of arms within a grade; what patients add by
    themselves counts in its variant.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> protocol_risks(load_protocol("sct-md-01"))
    ()
    """
    rescue = () if protocol.rescue is None else (protocol.rescue.regimen,)
    beside = (*protocol.beside, *rescue)
    found = [
        risk
        for arm in protocol.arms
        for risk in _arm_risks(arm.name, (*arm.regimens, *beside), protocol)
    ]
    for variant in protocol.variants:
        added = {one.drug for one in variant.adds}
        taken = tuple(one.regimen for one in variant.adds)
        for arm in protocol.arms if added else ():
            place = f"{arm.name} / {variant.name}"
            risks = _arm_risks(place, (*arm.regimens, *beside, *taken), protocol)
            found += [risk for risk in risks if added & set(risk.drugs)]
    return tuple(sorted(found, key=lambda risk: risk.grade != "contraindicated"))


def _arm_risks(arm: str, regimens: Iterable[Regimen], protocol: Protocol) -> Iterator[Risk]:
    by_drug: dict[str, list[Regimen]] = {}
    for regimen in regimens:
        by_drug.setdefault(regimen.drug, []).append(regimen)
    for first, second in itertools.combinations(by_drug, 2):
        pair = (
            _Course(first, by_drug[first], protocol),
            _Course(second, by_drug[second], protocol),
        )
        meeting = _meeting(*pair)
        if meeting is None:
            continue
        names = (first, second)
        yield from (
            Risk(arm=arm, drugs=names, grade=grade, text=f"{first} and {second} {meeting}: {text}")
            for grade, text in (*_by_rules(*pair), *_by_exposure(*pair))
        )


class _Course:
    """A drug in an arm: from when to when, and what it does at its highest daily dose."""

    def __init__(self, name: str, regimens: list[Regimen], protocol: Protocol) -> None:
        self.name = name
        self.drug: Drug = load_drug(name)
        self.start = min(regimen.start for regimen in regimens)
        self.stop = max(
            protocol.duration if regimen.stop is None else regimen.stop for regimen in regimens
        )
        self.daily_mg = max(_highest_mg(regimen) * DAY_S / regimen.every for regimen in regimens)

    @property
    def profile(self) -> DrugProfile:
        return drug_profile(self.drug, self.daily_mg)

    @property
    def meeting(self) -> tuple[Drug, DrugProfile]:
        return self.drug, self.profile


def _highest_mg(regimen: Regimen) -> float:
    """Return the dose that patients may come to [mg]."""
    return regimen.dose if regimen.titrate is None else max(regimen.titrate.steps)


def _meeting(one: _Course, other: _Course) -> str | None:
    """Return how two drugs meet, in words; None if each is gone when the other comes."""
    if one.start < other.stop and other.start < one.stop:
        return "together"
    first, second = sorted((one, other), key=lambda course: course.start)
    pause, wanted = second.start - first.stop, first.profile.washout_s
    if pause >= wanted:
        return None
    between = "at once" if pause == 0 else f"{write_span(pause)} later"
    days = -(-wanted // DAY_S)
    return f"({second.name} starts {between}; {days} days of wash-out are wanted)"


def _by_rules(one: _Course, other: _Course) -> Iterator[tuple[Grade, str]]:
    met: set[str] = set()
    for rule in risk_rules():
        if rule.unless in met:
            continue
        for left, right in ((one, other), (other, one)):
            if _plays(rule.one, left.profile) and _plays(rule.other, right.profile):
                met.add(rule.name)
                yield rule.grade, f"{rule.risk} ({rule.source})."
                break


def _plays(role: Role, profile: DrugProfile) -> bool:
    if profile.supplies & set(role.supplies):
        return True
    for target in role.targets:
        efficacy = profile.efficacy.get(target, 0.0)
        if role.antagonist and efficacy >= ANTAGONIST_BELOW:
            continue
        if role.agonist and efficacy < ANTAGONIST_BELOW:
            continue
        if profile.occupancy.get(target, 0.0) >= role.at_least:
            return True
    return False


def _by_exposure(one: _Course, other: _Course) -> Iterator[tuple[Grade, str]]:
    for victim, inhibitor in ((one, other), (other, one)):
        for compound in victim.drug.compounds:
            ratio = exposure_ratio(compound, inhibitor.meeting, victim.meeting)
            if ratio >= _TELLING_RATIO or ratio <= 1 / _TELLING_RATIO:
                verb = "raises" if ratio > 1 else "lowers"
                yield (
                    "caution",
                    f"{inhibitor.name} {verb} exposure to {compound.name} about x {ratio:.2g} "
                    "through the enzymes that remove it; the simulation follows it.",
                )
