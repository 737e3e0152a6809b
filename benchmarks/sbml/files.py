"""Published models as libRoadRunner integrates them: load, change, run, and say where they rest."""

import importlib
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parents[2] / "tests" / "data" / "sbml"
RTOL, ATOL = 1e-10, 1e-14
"""Asked of CVODE: far below what the comparisons tell apart; the smallest level is 2e-9 uM."""
RESTING = 1e-6
"""Largest relative change over the last tenth of a run that still counts as rest."""


def roadrunner():
    """Return the module, imported late so that tables can be read without it."""
    try:
        return importlib.import_module("roadrunner")
    except ImportError as error:
        raise SystemExit(
            "compare_with_sbml: libroadrunner is not installed; version 2.10 or later is needed. "
            "Run: pip install libroadrunner"
        ) from error


def path_of(name):
    """Return the file of a BioModels identifier."""
    paths = sorted(FOLDER.glob(f"{name}_*.xml"))
    if len(paths) != 1:
        raise SystemExit(
            f"compare_with_sbml: {name}: {len(paths)} files in {FOLDER}; 1 is allowed. "
            "Name it <BioModels identifier>_<what it is>.xml."
        )
    return paths[0]


def load(name):
    """Return the model of a file, given its BioModels identifier, ready for stiff integration."""
    engine = roadrunner()
    engine.Logger.setLevel(engine.Logger.LOG_CRITICAL)
    return prepare(engine.RoadRunner(str(path_of(name))))


def local(name, reaction, parameter):
    """Return a constant that a reaction keeps to itself: libRoadRunner gives it no name."""
    for law in ET.parse(path_of(name)).iterfind(f".//{{*}}reaction[@id='{reaction}']"):
        for entry in law.iterfind(f".//{{*}}parameter[@id='{parameter}']"):
            return float(entry.get("value"))
    raise SystemExit(
        f"compare_with_sbml: {name}: reaction {reaction!r} has no {parameter!r}; its own "
        "parameters are allowed. Read their names in the file."
    )


def prepare(model):
    """Set the integrator of a loaded or regenerated model."""
    integrator = model.getIntegrator()
    integrator.setValue("stiff", True)
    integrator.setValue("relative_tolerance", RTOL)
    integrator.setValue("absolute_tolerance", ATOL)
    integrator.setValue("maximum_num_steps", 100_000)
    return model


def course(model, times, names, changes=None):
    """Return the named quantities from the file's start on, one row a time.

    ``changes`` are set once the start is there: values by name, ``[x]`` for a concentration.
    """
    model.resetAll()  # constants too: reset keeps what a change before has set
    for name, value in (changes or {}).items():
        model.setValue(name, value)
    model.timeCourseSelections = ["time", *names]
    return np.asarray(model.simulate(times=[float(t) for t in times]))[:, 1:]


def moved(levels):
    """Return the largest relative change between the last two rows."""
    return float(np.max(np.abs(levels[-1] - levels[-2]) / np.maximum(np.abs(levels[-1]), 1e-300)))


def run_on(model, end, names, unit, changes=None):
    """Return the levels at the end, and what the model did, in words."""
    levels = course(model, [0, 0.9 * end, end], names, changes)
    change = moved(levels)
    state = "rests" if change < RESTING else f"moves by {change:.0e} over its last tenth"
    return levels[-1], f"{end:,.10g} {unit}, {state}"


def half_time(times, levels):
    """Return when a falling quantity has lost half of where it started."""
    return float(np.interp(-levels[0] / 2, -levels, times))
