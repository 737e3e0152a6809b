"""Our side: every number that a submodel declares, and what follows from it at rest."""

import importlib
import inspect
import pkgutil
from functools import cache

import cohort.physiology
import cohort.transmitters
from cohort.model import Submodel, assemble


@cache
def submodels():
    """Return every submodel that builds without arguments, by name of its builder."""
    found = {}
    for package in (cohort.transmitters, cohort.physiology):
        for entry in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            module = importlib.import_module(entry.name)
            for name in module.__all__:
                builder = getattr(module, name)
                if not inspect.isfunction(builder):
                    continue
                signature = inspect.signature(builder)
                if signature.return_annotation is Submodel and not any(
                    p.default is p.empty for p in signature.parameters.values()
                ):
                    found[name] = builder()
    return found


@cache
def declared():
    """Return every declared number by (builder, name)."""
    return {
        (builder, number.name): number.value
        for builder, part in submodels().items()
        for number in (*part.parameters, *part.constants)
    }


def number(builder, name):
    """Return a declared number."""
    if (builder, name) not in declared():
        raise SystemExit(
            f"compare_with_sbml: {builder!r} declares no {name!r}; its parameters and constants "
            "are allowed. Read it under its present name in benchmarks/sbml/rows.py."
        )
    return declared()[builder, name]


@cache
def capacities(builder):
    """Return what a submodel solves from its set points, for the reference patient."""
    return {
        name: float(values[0])
        for name, values in assemble(builder, [submodels()[builder]]).solved({}, 1).items()
    }
