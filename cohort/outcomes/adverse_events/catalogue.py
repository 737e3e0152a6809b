"""The packaged adverse events, by name, and readers of a user's own files of them."""

import functools
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from cohort.chemistry import system_names
from cohort.conditions.shift import quantities_of
from cohort.errors import ConditionError, Mistake, UnknownNameError
from cohort.facts import Declaration
from cohort.outcomes.adverse_events.event import AdverseEvent, Driver
from cohort.outcomes.readings import rests_at_zero
from cohort.yaml_files import (
    Contradiction,
    is_read,
    nearest_hint,
    packaged_names,
    read_yaml_model,
)

if TYPE_CHECKING:
    from cohort.outcomes.adverse_events.signs import NeededSigns

__all__ = ["adverse_event_names", "load_adverse_event", "read_adverse_events"]

_PACKAGE = "cohort.outcomes.adverse_events"


class _EventFile(Declaration):
    events: tuple[AdverseEvent, ...]


def read_adverse_events(
    path: Path | str, *, check_readings: bool = True
) -> tuple[AdverseEvent, ...]:
    """Return the adverse events of a file.

    Parameters
    ----------
    path
        YAML file that holds ``events: [...]``.
    check_readings
        Whether to refuse readings that no system and no target of the model has; building all
        systems takes a second or two.

    Returns
    -------
    The events, in the order of the file.

    Raises
    ------
    ConditionError
        If the file has mistakes; all of them are listed, by line.

    Examples
    --------
    >>> read_adverse_events("no-such.yaml")
    Traceback (most recent call last):
    ...
    cohort.errors.ConditionError: no-such.yaml: no such file; an existing YAML file is wanted. Check the path.
    """  # noqa: E501
    checks = (_twice, _readings) if check_readings else (_twice,)
    return read_yaml_model(path, _EventFile, error=ConditionError, checks=checks).events


def _twice(file: _EventFile) -> list[Contradiction]:
    names = [event.name for event in file.events if isinstance(event, AdverseEvent)]
    return [
        Contradiction(
            path=("events", position, "name"),
            message=f"'{event.name}' is declared twice; once is allowed. Rename or delete one.",
        )
        for position, event in enumerate(file.events)
        if isinstance(event, AdverseEvent) and names.count(event.name) > 1
    ]


def _readings(file: _EventFile) -> list[Contradiction]:
    found = []
    for i, event in enumerate(file.events):
        places: list[tuple[tuple[str | int, ...], Driver | NeededSigns]] = [
            (("drivers", j), one) for j, one in enumerate(event.drivers) if is_read(one)
        ]
        if event.needs_signs is not None and is_read(event.needs_signs):
            places.append((("needs_signs",), event.needs_signs))
        for path, one in places:
            name = one.reads
            if is_read(name) and name not in _readable() and not rests_at_zero(name):
                found.append(
                    Contradiction(
                        path=("events", i, *path, "reads"),
                        message=f"'{name}' is no state or rule of a system, nor an occupancy; "
                        f"{len(_readable())} are known. {nearest_hint(name, _readable())}",
                    )
                )
    return found


@functools.cache
def _readable() -> frozenset[str]:
    return quantities_of(tuple(system_names())).readable


@functools.cache
def _events() -> dict[str, AdverseEvent]:
    found: dict[str, AdverseEvent] = {}
    for file in packaged_names(_PACKAGE):
        with resources.as_file(resources.files(_PACKAGE) / f"{file}.yaml") as path:
            for event in read_adverse_events(path, check_readings=False):
                if event.name in found:
                    raise ConditionError(
                        [
                            Mistake(
                                file=f"{file}.yaml",
                                line=None,
                                key_path=f"events.{event.name}",
                                message="another packaged file declares it too; once is allowed. "
                                "Rename or delete one.",
                            )
                        ]
                    )
                found[event.name] = event
    return found


def adverse_event_names() -> tuple[str, ...]:
    """Return the names of all packaged adverse events, by file and place in it.

    Examples
    --------
    >>> "nausea" in adverse_event_names()
    True
    """
    return tuple(_events())


def load_adverse_event(name: str) -> AdverseEvent:
    """Return a packaged adverse event by name.

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
