"""Lowering of events: triggers, delays, priorities and assignments to sections of a program."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sympy
from sympy.core.relational import Relational

from kernels.emit import Emitter
from kernels.event_program import EventProgram, ProgramEvent
from kernels.instructions import Op, Operand, Section
from kernels.moments import constant_symbols, moment_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from kernels.emit import HoistedValues
    from kernels.system import OdeSystem
    from kernels.triggers import Event

__all__ = ["lower_events"]

_INEQUALITIES = (
    sympy.StrictLessThan,
    sympy.LessThan,
    sympy.StrictGreaterThan,
    sympy.GreaterThan,
)
_ONE, _ZERO = Operand("c", value=1.0), Operand("c", value=0.0)


def lower_events(
    system: OdeSystem,
    hoisted: HoistedValues,
    section: Callable[[str, Sequence[sympy.Expr], Sequence[str]], Section],
) -> EventProgram | None:
    """Return the events of a system as part of a program, None where it has none.

    Parameters
    ----------
    system
        The equations.
    hoisted
        Collector of parameter-only values.
    section
        Writes a section: its name, its expressions and their places.

    Raises
    ------
    LoweringError
        If an expression uses a function that no backend has.

    Examples
    --------
    >>> lower_events.__name__
    'lower_events'
    """
    if not system.events:
        return None
    priorities = [-sympy.oo if e.priority is None else e.priority for e in system.events]
    assigned = [
        (f"event '{e.name}', assignments['{name}']", value)
        for e in system.events
        for name, value in e.assignments.items()
    ]
    stops = list(dict.fromkeys(stop for e in system.events for stop in _stops(system, e)))
    margins = list(dict.fromkeys(margin for e in system.events for margin in _margins(system, e)))
    return EventProgram(
        events=tuple(_program_event(system, event) for event in system.events),
        trigger=_trigger_section(system, hoisted),
        delay=section("delay", [e.delay for e in system.events], _places(system, "delay")),
        priority=section("priority", priorities, _places(system, "priority")),
        assign=section("assign", [v for _, v in assigned], [place for place, _ in assigned]),
        stop=section("stop", stops, ["events, times of triggers"] * len(stops)),
        margin=section("margin", margins, ["events, margins of triggers"] * len(margins)),
    )


def _places(system: OdeSystem, attribute: str) -> list[str]:
    return [f"event '{event.name}', {attribute}" for event in system.events]


def _program_event(system: OdeSystem, event: Event) -> ProgramEvent:
    return ProgramEvent(
        name=event.name,
        targets=tuple(system.states.index(name) for name in event.assignments),
        n_slot=event.most_pending,
        initial_value=event.initial_value,
        is_persistent=event.persistent,
        is_stored=event.values_from_trigger_time,
        is_by_chance=event.by_chance,
    )


def _trigger_section(system: OdeSystem, hoisted: HoistedValues) -> Section:
    triggers = [event.trigger for event in system.events]
    emitter = Emitter(system, {}, triggers, hoisted, where="")
    outputs = []
    for event, place in zip(system.events, _places(system, "trigger"), strict=True):
        emitter.where = f"system '{system.name}', {place}"
        if event.trigger in (sympy.true, sympy.false):
            outputs.append(_ONE if event.trigger is sympy.true else _ZERO)
        else:
            holds = emitter.emit(event.trigger)
            outputs.append(emitter.operation(Op.SELECT, holds, _ONE, _ZERO))
    return Section("trigger", tuple(emitter.instructions), tuple(outputs))


def _stops(system: OdeSystem, event: Event) -> Iterator[sympy.Expr]:
    """Yield the moments at which comparisons of time with what is constant between events change.

    Only comparisons that are linear in time: a step that ends there cannot jump over a pulse, and
    the moment is met to the last bit.
    """
    for relation in _relations(event):
        moment = moment_of(system, relation)
        if moment is not None:
            yield moment


def _margins(system: OdeSystem, event: Event) -> Iterator[sympy.Expr]:
    """Yield by how much inequalities hold or fail, of those that change at no moment known before.

    An equality of what moves has no margin: it holds for no length of time.
    """
    for relation in _relations(event):
        difference = relation.lhs - relation.rhs
        moves = difference.free_symbols - constant_symbols(system)
        is_inequality = isinstance(relation, _INEQUALITIES)
        if moves and is_inequality and moment_of(system, relation) is None:
            yield difference


def _relations(event: Event) -> list[Relational]:
    return sorted(event.trigger.atoms(Relational), key=sympy.default_sort_key)
