"""What a protocol names must exist: its condition, drugs, scales and adverse events.

Names are resolved once, when the protocol is read. May import `cohort.chemistry`,
`cohort.conditions`, `cohort.drugs`, `cohort.outcomes` and `cohort.population`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cohort.chemistry import system_names
from cohort.conditions import condition_names, load_condition
from cohort.drugs import drug_names, load_drug
from cohort.errors import CohortError, FileContentError, UnknownNameError
from cohort.outcomes import adverse_event_names, load_adverse_event, load_scale, scale_names
from cohort.trial.margins import population_margins
from cohort.trial.quantities import DAY_S, write_span
from cohort.yaml_files import Contradiction, is_read, nearest_hint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from cohort.conditions import Condition
    from cohort.trial.arms import Regimen
    from cohort.trial.protocol import Protocol
    from cohort.yaml_files.contradictions import KeyPath

__all__ = ["content_contradictions"]


def content_contradictions(protocol: Protocol) -> Iterator[Contradiction]:
    """List names of a protocol that nothing has, and doses that their drug is not given in.

    Parameters
    ----------
    protocol
        Whole or partly read protocol.

    Yields
    ------
    Contradictions with their key paths.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> list(content_contradictions(load_protocol("sct-md-01")))
    []
    """
    yield from _file(protocol.condition, ("condition",), load_condition, condition_names())
    yield from _each(protocol.systems, "systems", system_names(), "system")
    yield from _each(protocol.endpoints, "endpoints", scale_names(), "rating scale")
    yield from _fitting(protocol)
    yield from _each(
        protocol.adverse_events, "adverse_events", adverse_event_names(), "adverse event"
    )
    yield from _ascertainment(protocol)
    if protocol.population.entry is not None:
        scale = protocol.population.entry.scale
        yield from _name(scale, ("population", "entry", "scale"), scale_names(), "rating scale")
    for position, row in enumerate(protocol.published):
        yield from _name(row.scale, ("published", position, "scale"), scale_names(), "rating scale")
    for i, arm in enumerate(protocol.arms):
        for j, regimen in enumerate(arm.regimens):
            yield from _regimen(regimen, ("arms", i, "regimens", j))


def _fitting(protocol: Protocol) -> Iterator[Contradiction]:
    """Refuse scales that do not measure the condition, and limits that leave nobody with it."""
    condition = _condition(protocol)
    if condition is None:
        return
    wanted = protocol.population
    places: list[tuple[KeyPath, str]] = [
        (("endpoints", position), name) for position, name in enumerate(protocol.endpoints)
    ]
    if wanted.entry is not None:
        places.append((("population", "entry", "scale"), wanted.entry.scale))
    for path, name in places:
        if is_read(name) and name in scale_names() and name not in condition.scales:
            yield Contradiction(
                path=path,
                message=f"{name} does not measure {condition.name}; {', '.join(condition.scales)} "
                f"{'does' if len(condition.scales) == 1 else 'do'}. Use one of these.",
            )
    if wanted.entry is not None and wanted.entry.scale in condition.scales:
        scale, lowest = load_scale(wanted.entry.scale), wanted.entry.at_least
        if lowest < scale.minimum or lowest > scale.maximum:
            yield Contradiction(
                path=("population", "entry", "at_least"),
                message=f"{lowest:g} points was given; {scale.name} goes from {scale.minimum:g} to "
                f"{scale.maximum:g}. Change the criterion.",
            )
    limits = (wanted.age_min, wanted.age_max, wanted.female_fraction)
    if not is_read(wanted) or not all(map(is_read, limits)) or list(wanted.contradictions()):
        return  # said elsewhere
    try:
        population_margins(wanted, condition)
    except CohortError as error:
        yield Contradiction(
            path=("population",),
            message=f"{condition.name} does not fit: {str(error).rpartition('. ')[0]}. Change "
            "age_min, age_max or female_fraction.",
        )


def _condition(protocol: Protocol) -> Condition | None:
    """Return the condition, if it can be read: what is wrong with it is said elsewhere."""
    if not is_read(protocol.condition):
        return None
    try:
        return load_condition(protocol.condition)
    except CohortError:
        return None


def _ascertainment(protocol: Protocol) -> Iterator[Contradiction]:
    """Refuse a way of asking that the background rates of the events are not for."""
    if not is_read(protocol.ascertainment):
        return
    known = [name for name in protocol.adverse_events if name in adverse_event_names()]
    for name in known:
        way = load_adverse_event(name).background.ascertainment
        if way != protocol.ascertainment:
            yield Contradiction(
                path=("ascertainment",),
                message=f"'{protocol.ascertainment}' was given; the background rate of '{name}' is "
                f"known for '{way}' reports only. Write 'ascertainment: {way}'.",
            )
            return


def _each(
    names: Sequence[str], key: str, known: Sequence[str], kind: str
) -> Iterator[Contradiction]:
    for position, name in enumerate(names):
        yield from _name(name, (key, position), known, kind)


def _name(name: str, path: KeyPath, known: Sequence[str], kind: str) -> Iterator[Contradiction]:
    if is_read(name) and name not in known:
        yield _unknown(name, path, known, kind)


def _unknown(name: str, path: KeyPath, known: Sequence[str], kind: str) -> Contradiction:
    count = f"{len(known)} {'is' if len(known) == 1 else 'are'} known"
    return Contradiction(
        path=path, message=f"unknown {kind} '{name}'; {count}. {nearest_hint(name, known)}"
    )


def _file(
    name: str, path: KeyPath, load: Callable[[str], object], known: Sequence[str]
) -> Iterator[Contradiction]:
    """Refuse a name of a packaged or a user's own file that cannot be loaded."""
    if not is_read(name):
        return
    try:
        load(name)
    except UnknownNameError:
        kind = str(path[-1])
        if name.endswith((".yaml", ".yml")):
            yield Contradiction(
                path=path,
                message=f"no such file '{name}'; a packaged {kind} or an existing file is wanted. "
                "Paths are relative to the folder where the command runs.",
            )
        else:
            yield _unknown(name, path, known, kind)
    except FileContentError as error:
        yield Contradiction(
            path=path,
            message=f"'{name}' has {len(error.mistakes)} mistakes, the first: {error.mistakes[0]}",
        )


def _regimen(regimen: Regimen, path: KeyPath) -> Iterator[Contradiction]:
    wrong = list(_file(regimen.drug, (*path, "drug"), load_drug, drug_names()))
    yield from wrong
    if wrong or not all(map(is_read, (regimen, regimen.drug, regimen.dose, regimen.every))):
        return
    dosing = load_drug(regimen.drug).dosing
    lowest, highest = dosing.lowest.number("mg"), dosing.highest.number("mg")
    daily = regimen.dose * DAY_S / regimen.every
    if not lowest <= daily <= highest:
        each = "" if regimen.every == DAY_S else f" every {write_span(regimen.every)}"
        total = "" if regimen.every == DAY_S else f" is {daily:g} mg a day"
        yield Contradiction(
            path=(*path, "dose"),
            message=f"{regimen.dose:g} mg{each}{total}; {regimen.drug} is given from {lowest:g} mg "
            f"to {highest:g} mg a day. Change the dose.",
        )
