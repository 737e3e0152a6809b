"""What the conduct of a trial must agree with: its arms, visits and drugs.

Rules like those of `cohort.trial.contradictions`, which asks them with its own. Imports
`cohort.yaml_files` only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cohort.trial.quantities import write_span
from cohort.yaml_files import Contradiction, is_read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cohort.trial.arms import Arm, Regimen
    from cohort.trial.conduct import Background, Period, PreviousDrug
    from cohort.trial.protocol import Protocol
    from cohort.yaml_files.contradictions import KeyPath

__all__ = ["CONDUCT_RULES"]

_SIZE_TOLERANCE = 0.1  # of the size that the ratio gives an arm: what blocks may differ by
_TWO: Final = 2  # periods, treatments and sequences of a cross-over


def _beside(protocol: Protocol) -> Iterator[Contradiction]:
    """Refuse a drug that is taken beside the treatment and by it, or twice beside it."""
    taken = [
        ((key, j), one)
        for key in ("background", "previous")
        for j, one in enumerate(getattr(protocol, key))
    ]
    given = [regimen.drug for arm in protocol.arms for regimen in arm.regimens]
    given += [one.drug for variant in protocol.variants for one in variant.adds]
    for position, (path, one) in enumerate(taken):
        if not is_read(one) or not is_read(one.drug):
            continue
        others = [other for _, other in taken[:position] if is_read(other)]
        if any(_at_once(one, other) for other in others):
            yield Contradiction(
                path=(*path, "drug"),
                message=f"{one.drug} is taken twice at the same time before the trial; once is "
                "allowed. Add up the doses, or stop one.",
            )
        elif path[0] == "background" and one.drug in given:
            yield Contradiction(
                path=(*path, "drug"),
                message=f"{one.drug} is the background of all patients and a drug of the trial as "
                "well; one of them is allowed. Write the whole dose as a regimen of each arm.",
            )


def _titrations(protocol: Protocol) -> Iterator[Contradiction]:
    """Refuse decisions at times without a visit, or while the regimen is not given."""
    times = [visit.time for visit in protocol.visits]
    if not is_read(protocol.visits) or not all(map(is_read, times)):
        return
    for i, arm in enumerate(protocol.arms):
        for j, regimen in enumerate(arm.regimens):
            if not is_read(regimen) or regimen.titrate is None or regimen.titrate.at is None:
                continue
            path: KeyPath = ("arms", i, "regimens", j, "titrate", "at")
            for k, time in enumerate(regimen.titrate.at):
                yield from _decision(protocol, regimen, time, (*path, k))


def _decision(
    protocol: Protocol, regimen: Regimen, time: int, path: KeyPath
) -> Iterator[Contradiction]:
    if not is_read(time):
        return
    if time not in [visit.time for visit in protocol.visits[1:]]:
        yield Contradiction(
            path=path,
            message=f"there is no visit after the baseline at {write_span(time)}; doses are "
            "changed at visits. Add the visit or move the time to one.",
        )
    elif time < regimen.start or (regimen.stop is not None and time >= regimen.stop):
        yield Contradiction(
            path=path,
            message=f"the regimen is not given at {write_span(time)}; its dose is changed while "
            "it is. Move the time.",
        )


def _rescue(protocol: Protocol) -> Iterator[Contradiction]:
    rescue = protocol.rescue
    if rescue is None or not is_read(rescue) or not is_read(protocol.visits):
        return
    times = [visit.time for visit in protocol.visits[1:]]
    if not all(map(is_read, (rescue.since, *times))):
        return
    if not any(rescue.since <= time < protocol.duration for time in times):
        yield Contradiction(
            path=("rescue", "from") if rescue.since else ("rescue",),
            message=f"no visit after {write_span(rescue.since)} and before the end asks for "
            "rescue; at least one does. Move it before a visit, or add one.",
        )
    if rescue.drug in [one.drug for one in protocol.background if is_read(one)]:
        yield Contradiction(
            path=("rescue", "drug"),
            message=f"{rescue.drug} is the background of all patients already; rescue is another "
            "drug. Change one of them.",
        )


def _lead_in(protocol: Protocol) -> Iterator[Contradiction]:
    ratings, lead_in = protocol.ratings, protocol.lead_in
    if lead_in is None or not is_read(lead_in) or not is_read(ratings):
        return
    if getattr(ratings, "entry_is_baseline", False) is True:
        yield Contradiction(
            path=("ratings", "entry_is_baseline"),
            message="the trial has a lead-in, after which the baseline is rated anew; a baseline "
            "that is the entry score goes without one. Delete one of the two.",
        )


def _randomisation(protocol: Protocol) -> Iterator[Contradiction]:
    """Refuse blocks that do not fit the arms."""
    rule, arms = protocol.randomisation, protocol.arms
    if rule is None or not all(map(is_read, (rule, arms, rule.ratio, rule.block))):
        return
    if is_read(protocol.design) and protocol.design != "parallel":
        yield Contradiction(
            path=("randomisation",),
            message=f"patients of a {protocol.design} design are in every arm, so nobody is "
            "randomised; a parallel design is wanted. Delete the key or write 'design: parallel'.",
        )
        return
    shares = rule.shares(len(arms))
    if not all(map(is_read, shares)) or not arms:
        return
    if len(shares) != len(arms):
        yield Contradiction(
            path=("randomisation", "ratio"),
            message=f"{len(shares)} numbers for {len(arms)} arms; one an arm is wanted, in their "
            f"order. Write 'ratio: {list((1,) * len(arms))}'.",
        )
        return
    whole, size = sum(shares), rule.block_size(len(arms))
    if rule.ratio is None and size % whole:
        yield Contradiction(
            path=("randomisation", "block"),
            message=f"{size} patients cannot be divided among {whole} arms; a multiple of {whole} "
            f"is wanted. Write 'block: {2 * whole}'.",
        )
        return
    sizes = [arm.patients for arm in arms]
    if not all(map(is_read, sizes)):
        return
    expected = [sum(sizes) * share / whole for share in shares]
    far = max(abs(n - wanted) / wanted for n, wanted in zip(sizes, expected, strict=True))
    furthest = max(abs(n - wanted) for n, wanted in zip(sizes, expected, strict=True))
    if far > _SIZE_TOLERANCE and furthest > size:
        yield Contradiction(
            path=("randomisation", "ratio") if rule.ratio is not None else ("randomisation",),
            message=f"arms of {', '.join(map(str, sizes))} patients are not as "
            f"{':'.join(map(str, shares))}; sizes follow from the ratio. Change one of them.",
        )


def _at_once(one: Background | PreviousDrug, other: Background | PreviousDrug) -> bool:
    """Tell whether two courses before the trial overlap; false where a time is unread."""
    stops = [getattr(each, "stop", 1) for each in (one, other)]  # background goes on
    read = all(map(is_read, (one.drug, other.drug, one.start, other.start, *stops)))
    same = read and one.drug == other.drug
    return bool(same and one.start < stops[1] and other.start < stops[0])


def _periods(protocol: Protocol) -> Iterator[Contradiction]:
    """Refuse periods that are not two, overlap, or end without a visit."""
    periods = protocol.periods
    if not is_read(periods) or not periods:
        yield from _lone_sequences(protocol)
        return
    if len(periods) != _TWO:
        yield Contradiction(
            path=("periods",),
            message=f"{len(periods)} of periods; two are compared within patients. Write two, or "
            "leave them out.",
        )
        return
    if not all(map(is_read, periods)) or any(one.stop <= one.start for one in periods):
        return  # said of the period
    times = [visit.time for visit in protocol.visits]
    for k, period in enumerate(periods):
        if not all(map(is_read, (period.stop, protocol.visits, *times))):
            continue
        if period.stop not in times:
            yield Contradiction(
                path=("periods", k, "stop"),
                message=f"there is no visit at {write_span(period.stop)}; the end of a period is "
                "rated. Add the visit or move the end.",
            )
            return
    first, second = periods
    if second.start < first.stop:
        yield Contradiction(
            path=("periods", 1, "start"),
            message=f"it starts at {write_span(second.start)}, the first period stops at "
            f"{write_span(first.stop)}; periods follow one another. Move one of them.",
        )
    else:
        yield from _sequences(protocol)


def _lone_sequences(protocol: Protocol) -> Iterator[Contradiction]:
    if not is_read(protocol.periods):
        return
    for i, arm in enumerate(protocol.arms):
        if is_read(arm) and is_read(arm.sequence) and arm.sequence:
            yield Contradiction(
                path=("arms", i, "sequence"),
                message="treatments follow one another in periods, and the protocol names none. "
                "Write 'periods', or delete the line.",
            )


def _sequences(protocol: Protocol) -> Iterator[Contradiction]:
    """Refuse arms that are not the two orders of two treatments."""
    arms = protocol.arms
    if not is_read(arms) or not all(is_read(arm) and is_read(arm.sequence) for arm in arms):
        return
    if len(arms) != _TWO or (is_read(protocol.design) and protocol.design != "parallel"):
        yield Contradiction(
            path=("arms",) if len(arms) != _TWO else ("design",),
            message="a cross-over has two arms with patients of their own, one for each order of "
            "its treatments. Write two arms and 'design: parallel'.",
        )
        return
    for i, arm in enumerate(arms):
        names = arm.sequence
        wanted = tuple(reversed(arms[0].sequence)) if i else names
        if len(names) != _TWO or len(set(names)) != _TWO or names != wanted:
            order = (
                f"[{', '.join(wanted)}]" if i and len(set(wanted)) == _TWO else "[drug, placebo]"
            )
            yield Contradiction(
                path=("arms", i, "sequence"),
                message="the treatments of two periods are wanted, and the other arm has them the "
                f"other way round. Write 'sequence: {order}'.",
            )
            return
    for i, arm in enumerate(arms):
        for j, regimen in enumerate(arm.regimens):
            if is_read(regimen) and not any(_is_within(regimen, one) for one in protocol.periods):
                yield Contradiction(
                    path=("arms", i, "regimens", j),
                    message=f"{regimen.drug} is not given within one period; every regimen of a "
                    "cross-over is. Write its 'start' and 'stop'.",
                )
                return
    yield from _same_treatments(protocol)


def _is_within(regimen: Regimen, period: Period) -> bool:
    """Tell whether a regimen is given in a period only; true where a time is unread."""
    if not all(map(is_read, (regimen.start, regimen.stop, period.start, period.stop))):
        return True
    stop = regimen.stop
    return stop is not None and period.start <= regimen.start and stop <= period.stop


def _same_treatments(protocol: Protocol) -> Iterator[Contradiction]:
    """Refuse a treatment that is not the same in both orders."""
    first, second = protocol.arms
    for k, name in enumerate(first.sequence):
        here = _treatment(first, protocol.periods[k])
        there = _treatment(second, protocol.periods[1 - k])
        if here is not None and there is not None and here != there:
            yield Contradiction(
                path=("arms", 1, "regimens"),
                message=f"'{name}' is not what it is in '{first.name}', counted from the start of "
                "the period; a treatment is the same in both orders. Match the regimens.",
            )
            return


def _treatment(arm: Arm, period: Period) -> list[tuple[object, ...]] | None:
    """Return what is given in a period, times counted from its start; None where unread."""
    given = []
    for one in arm.regimens:
        values = (one.drug, one.dose, one.every, one.at, one.start, one.stop)
        if not all(map(is_read, values)) or one.stop is None:
            return None
        if period.start <= one.start < period.stop:
            times = one.start - period.start, one.stop - period.start
            given.append((one.drug, one.dose, one.every, one.at, *times))
    return sorted(given)


CONDUCT_RULES = (_beside, _titrations, _rescue, _lead_in, _randomisation, _periods)
"""Each lists what cannot stand together in a protocol."""
