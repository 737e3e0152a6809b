"""A model of our own as SBML Level 3 Version 2.

Every quantity is a parameter of SBML: a state follows a rate rule and starts by an initial
assignment, so that changed parameters change the start as they do here; an observable is an
assignment rule; events are events. Subexpressions that several equations share are written once, as
assignment rules named ``shared_1``, ``shared_2`` ... Units, meanings, marks and sources are notes,
because SBML has no unit for some of ours. Doses and meals are not part of a model: inputs are 0.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

import sympy

from cohort.sbml.mathml import math_element

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cohort.model import Model
    from kernels import Event

__all__ = ["sbml_text"]

_CORE: Final = "http://www.sbml.org/sbml/level3/version2/core"
_XHTML: Final = "http://www.w3.org/1999/xhtml"
_NO_ID: Final = re.compile(r"\W")


def sbml_text(model: Model, values: Mapping[str, float] | None = None) -> str:
    """Return a model as the text of an SBML file.

    Parameters
    ----------
    model
        An assembled model.
    values
        Values of parameters by name [unit of the parameter]; the reference patient's where absent.

    Raises
    ------
    ExportError
        If an expression has a part that SBML has no operator for.

    Examples
    --------
    >>> from cohort.chemistry import chemistry_model
    >>> text = sbml_text(chemistry_model(("cortisol",)))
    >>> text.splitlines()[0], text.count("<rateRule ")
    ("<?xml version='1.0' encoding='UTF-8'?>", 4)
    """
    system = model.system
    root = ET.Element("sbml", {"xmlns": _CORE, "level": "3", "version": "2"})
    name = _NO_ID.sub("_", system.name)
    holder = ET.SubElement(
        root, "model", {"id": name, "name": system.name, "timeUnits": "time_unit"}
    )
    _note(holder, f"Written by neurocohort from its model '{system.name}'.")
    _time_unit(holder, system.seconds_per_time_unit)
    shared, equations = _equations(model)
    numbers = {key: parameter.value for key, parameter in model.parameters.items()}
    _declare(holder, model, numbers | dict(values or {}), [one.name for one, _ in shared])
    starts = ET.SubElement(holder, "listOfInitialAssignments")
    for key in system.states:
        start = ET.SubElement(starts, "initialAssignment", {"symbol": key})
        start.append(math_element(sympy.sympify(model.initial[key]), f"start of {key}"))
    rules = ET.SubElement(holder, "listOfRules")
    for symbol, value in shared:
        _rule(rules, "assignmentRule", symbol.name, value)
    for (kind, key), value in equations.items():
        _rule(rules, kind, key, value)
    if system.events:
        events = ET.SubElement(holder, "listOfEvents")
        for event in system.events:
            _event(events, event)
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="UTF-8", xml_declaration=True)
    return text.decode("utf-8") + "\n"


def _equations(
    model: Model,
) -> tuple[list[tuple[sympy.Symbol, sympy.Expr]], dict[tuple[str, str], sympy.Expr]]:
    """Return what equations share, and each with its kind of rule and its variable."""
    formulas = {
        **{("rateRule", key): value for key, value in model.system.rhs.items()},
        **{("rateRule", key): value for key, value in model.system.quadratures.items()},
        **{("assignmentRule", key): value for key, value in _observables(model).items()},
    }
    shared, reduced = sympy.cse(
        list(formulas.values()), symbols=_numbered(model), optimizations=[], order="none"
    )
    return shared, dict(zip(formulas, reduced, strict=True))


def _declare(
    holder: ET.Element, model: Model, numbers: Mapping[str, float], shared: list[str]
) -> None:
    system, notes = model.system, _notes(model)
    parameters = ET.SubElement(holder, "listOfParameters")
    for key in system.parameters:
        _parameter(parameters, key, notes.get(key, ""), value=numbers[key], constant=True)
    for key in system.inputs:
        note = "input, set by doses and meals; 0 here"
        _parameter(parameters, key, note, value=0.0, constant=False)
    for key in system.quadratures:
        _parameter(parameters, key, notes.get(key, ""), value=0.0, constant=False)
    for key in (*system.states, *_observables(model), *shared):
        _parameter(parameters, key, notes.get(key, ""), value=None, constant=False)


def _observables(model: Model) -> dict[str, sympy.Expr]:
    """Return observables that are not a declared quantity under its own name."""
    system = model.system
    taken = {*system.states, *system.parameters, *system.inputs, *system.quadratures}
    return {key: value for key, value in system.observables.items() if key not in taken}


def _numbered(model: Model) -> Iterator[sympy.Symbol]:
    system = model.system
    names = {*system.states, *system.parameters, *system.inputs, *system.quadratures}
    names |= set(system.observables)
    number = 0
    while True:
        number += 1
        if f"shared_{number}" not in names:
            yield sympy.Symbol(f"shared_{number}", real=True)


def _notes(model: Model) -> dict[str, str]:
    notes = {
        key: f"{one.meaning} [{one.unit}]; {one.source.mark}: {one.source.text}"
        for key, one in model.parameters.items()
    }
    notes |= {key: f"{one.meaning} [{one.unit}]" for key, one in model.species.items()}
    for key, unit in model.units.items():
        notes.setdefault(key, f"[{unit}]")
    return notes


def _time_unit(holder: ET.Element, seconds: int) -> None:
    units = ET.SubElement(holder, "listOfUnitDefinitions")
    definition = ET.SubElement(units, "unitDefinition", {"id": "time_unit"})
    inside = ET.SubElement(definition, "listOfUnits")
    ET.SubElement(
        inside,
        "unit",
        {"kind": "second", "exponent": "1", "scale": "0", "multiplier": str(seconds)},
    )


def _note(element: ET.Element, text: str) -> None:
    if text:
        notes = ET.SubElement(element, "notes")
        ET.SubElement(notes, "p", {"xmlns": _XHTML}).text = text


def _parameter(
    parameters: ET.Element, key: str, note: str, *, value: float | None, constant: bool
) -> None:
    attributes = {"id": key, "constant": "true" if constant else "false"}
    if value is not None:
        attributes["value"] = repr(float(value))
    _note(ET.SubElement(parameters, "parameter", attributes), note)


def _rule(rules: ET.Element, kind: str, key: str, value: sympy.Expr) -> None:
    rule = ET.SubElement(rules, kind, {"variable": key})
    rule.append(math_element(value, f"equation of {key}"))


def _event(events: ET.Element, event: Event) -> None:
    where = f"event {event.name}"
    truth = {True: "true", False: "false"}
    element = ET.SubElement(
        events,
        "event",
        {
            "id": _NO_ID.sub("_", event.name),
            "useValuesFromTriggerTime": truth[event.values_from_trigger_time],
        },
    )
    trigger = ET.SubElement(
        element,
        "trigger",
        {"initialValue": truth[event.initial_value], "persistent": truth[event.persistent]},
    )
    trigger.append(math_element(event.trigger, where))
    if event.priority is not None:
        priority = ET.SubElement(element, "priority")
        priority.append(math_element(sympy.sympify(event.priority), where))
    if event.delay != 0:
        delay = ET.SubElement(element, "delay")
        delay.append(math_element(sympy.sympify(event.delay), where))
    assignments = ET.SubElement(element, "listOfEventAssignments")
    for key, value in event.assignments.items():
        one = ET.SubElement(assignments, "eventAssignment", {"variable": key})
        one.append(math_element(sympy.sympify(value), where))
