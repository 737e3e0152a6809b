"""An imported model and its course, in words and as plain data."""

import math
import re
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from cohort.sbml import SbmlModel
from cohort.sbml.course import Course
from cohort.sbml.short_units import short_unit
from pipelines.model_text import grid

__all__ = ["describe", "render_course", "render_model", "summarise"]

_QUARTILES: Final = (5.0, 50.0, 95.0)
_DIGITS: Final = 6
_SHOWN_UNITS: Final = 3
_SHOWN_FORMULA: Final = 40
_SHOWN_FINDING: Final = 110
_BRIEF: Final = (
    (
        r"The units of the <(\w+)> <math> expression '(.*?)(?:' cannot|$)",
        "{0} {1}: something in it has no unit",
    ),
    (r"The units of the <(\w+)> '(.*?)' cannot", "{0} {1}: it has no unit"),
    (r"The <(\w+)> with id '(.*?)' does not have a 'units' attribute", "{0} {1}: it has no unit"),
    (
        r"The <species> with id '(.*?)' does not have a substanceUnits attribute",
        "species {0}: its substance has no unit",
    ),
    (
        r"The formula '(.*)' in the math element of the <(\w+)>\s+can only act on variables with",
        "{1} {0}: it adds or compares different units",
    ),
    (
        r"The formula '(.*)' in the math element of the <(\w+)>\s+uses a function which can only",
        "{1} {0}: a function of it takes pure numbers alone",
    ),
    (r"In situations where a mathematical expression refers to extent", "extent has no unit"),
    (r"If the attribute 'units' on a Compartment object", "compartment: its size has no unit"),
    (
        r"Expected units are .* of the <(\w+)> with \w+ '(.*?)' are",
        "{0} of {1}: not known to have the unit that it should",
    ),
)


def describe(model: SbmlModel) -> dict[str, Any]:
    """Return what was read, as plain data.

    Examples
    --------
    >>> describe.__name__  # shown by tests/pipelines/test_import_cli.py
    'describe'
    """
    system = model.system
    return {
        "name": system.name,
        "sbml": model.level,
        "time_unit": model.time_unit,
        "states": [
            {"name": name, "initial": str(model.initial[name]), "unit": model.unit(name)}
            for name in system.states
        ],
        "parameters": [
            {"name": name, "value": value, "unit": model.unit(name)}
            for name, value in model.parameters.items()
        ],
        "observables": list(system.observables),
        "events": list(model.events),
        "notes": list(model.notes),
        "unit_findings": list(model.unit_findings),
    }


def render_model(model: SbmlModel) -> str:
    """Return what was read, in words.

    Examples
    --------
    >>> render_model.__name__  # shown by tests/pipelines/test_import_cli.py
    'render_model'
    """
    system, events = model.system, model.events
    lines = [
        f"{system.name}: SBML {model.level}, {_count(len(system.states), 'state')}, "
        f"{_count(len(model.parameters), 'parameter')}, {_count(len(events), 'event')}; "
        f"time in {_time_unit(model.time_unit) or 'a unit that the file does not give'}",
        "",
        "states at the start",
    ]
    start = model.start(model.table(1))[:, 0]
    lines.append(_listed(model, dict(zip(system.states, start.tolist(), strict=True))))
    if model.parameters:
        lines += ["", "parameters", _listed(model, model.parameters)]
    if events:
        lines += ["", "events", *(f"  {name}" for name in events)]
    if model.notes:
        lines += ["", "what was done to it", *(f"  {note}" for note in model.notes)]
    lines += ["", *_unit_lines(model)]
    return "\n".join(line.rstrip() for line in "\n".join(lines).splitlines())


def _time_unit(text: str) -> str:
    return short_unit(f"({text})") if " " in text else short_unit(text)


def _listed(model: SbmlModel, values: Mapping[str, float]) -> str:
    """Return a line a value: name, value, unit, and what the file calls it."""
    ids = {name: sbml_id for sbml_id, name in model.names.items()}
    ids |= {f"{name}_amount": sbml_id for name, sbml_id in ids.items()}
    rows = []
    for name, value in values.items():
        sbml_id = ids.get(name, name)
        title = model.titles.get(sbml_id, "")
        rows.append([name, _number(value), short_unit(model.unit(name)), title * (title != name)])
    return grid(rows, right=[1], indent="  ")


def _unit_lines(model: SbmlModel) -> list[str]:
    found = model.unit_findings
    if not found:
        return ["units: libSBML finds them complete and consistent"]
    lines = list(dict.fromkeys(map(_brief, found)))  # two of them may say the same, in brief
    more = len(lines) - _SHOWN_UNITS
    return [
        f"units: {_count(len(found), 'finding')} of libSBML; numbers are taken as they stand",
        *(f"  {line}" for line in lines[:_SHOWN_UNITS]),
        *([f"  and {more} more"] if more > 0 else []),
        "  (--json gives all of them, whole)",
    ]


def render_course(model: SbmlModel, course: Course) -> str:
    """Return start and end of everything that changes; over draws 5 %, median and 95 %.

    Examples
    --------
    >>> render_course.__name__  # shown by tests/pipelines/test_import_cli.py
    'render_course'
    """
    last = f"at {course.times[-1]:g}"
    many = course.solution.end.n_lane > 1
    heads = ["5 %", "median", "95 %"] if many else [last]
    rows = [["quantity", "unit", "at 0", *(f"{last}, {h}" if many else h for h in heads)]]
    for name, values in course.values.items():
        final = values[-1][np.isfinite(values[-1])]
        levels = _QUARTILES if many else (50.0,)
        ends = [np.percentile(final, q) if len(final) else math.nan for q in levels]
        start = float(np.median(values[0]))
        rows.append([name, short_unit(model.unit(name)), _number(start), *map(_number, ends)])
    return grid(rows, right=range(2, len(rows[0])))


def summarise(course: Course) -> dict[str, Any]:
    """Return what `render_course` shows, as plain data; null where nothing could be solved.

    Examples
    --------
    >>> summarise.__name__  # shown by tests/pipelines/test_import_cli.py
    'summarise'
    """
    rows = {}
    for name, values in course.values.items():
        final = values[-1][np.isfinite(values[-1])]
        quartiles = [float(np.percentile(final, q)) if len(final) else None for q in _QUARTILES]
        rows[name] = dict(zip(("p5", "median", "p95"), quartiles, strict=True))
    return {
        "end": float(course.times[-1]),
        "draws": int(course.solution.end.n_lane),
        "failed": int(np.count_nonzero(course.solution.codes)),
        "device": course.solution.device,
        "quantities": rows,
    }


def _brief(finding: str) -> str:
    """Return where and what in one line: libSBML takes three and repeats itself."""
    where, _, what = finding.partition(": ")
    for pattern, words in _BRIEF:
        found = re.match(pattern, what)
        if found is not None:
            what = words.format(*(_clipped(part, _SHOWN_FORMULA) for part in found.groups()))
            break
    return _clipped(f"{where}: {what}", _SHOWN_FINDING)


def _clipped(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 3]}..."


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def _number(value: float) -> str:
    return f"{value:.{_DIGITS}g}"
