"""Copies of a submodel: with other numbers, or with other names so that two of a kind can meet.

A region, a species or an older printing of the same equations is data on one set of declarations,
not a second file. Content files enter here; `cohort.model.assemble` is the next stop.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace

import sympy

from cohort.errors import UnknownNameError
from cohort.model.declarations import Reaction, Rule, Source
from cohort.model.submodel import Submodel, declared_names
from kernels import symbol

__all__ = ["with_numbers", "with_suffix"]


def with_numbers(model: Submodel, numbers: Mapping[str, float], source: Source) -> Submodel:
    """Return a submodel with other values of some parameters, constants or port defaults.

    Parameters
    ----------
    model
        The submodel.
    numbers
        New values by name, in the unit that the submodel declares.
    source
        Where the new values come from.

    Returns
    -------
    Submodel that differs in these numbers only; everything is checked again.

    Raises
    ------
    UnknownNameError
        If a name is no parameter, constant or port with a default.

    Examples
    --------
    >>> from cohort.transmitters import serotonin
    >>> slower = with_numbers(serotonin(), {"sert_k_m": 0.4}, Source("human, recalled", "assumed"))
    >>> next(item.value for item in slower.parameters if item.name == "sert_k_m")
    0.4
    """
    optional = {port.name for port in model.ports if port.default is not None}
    known = optional | {item.name for item in model.parameters}
    known |= {item.name for item in model.constants}
    for name in numbers:
        if name not in known:
            raise UnknownNameError(f"submodel {model.name!r}", name, known, "number")
    return replace(
        model,
        parameters=tuple(
            replace(item, value=numbers[item.name], source=source) if item.name in numbers else item
            for item in model.parameters
        ),
        constants=tuple(
            replace(item, value=numbers[item.name], source=source) if item.name in numbers else item
            for item in model.constants
        ),
        ports=tuple(
            replace(item, default=numbers[item.name]) if item.name in numbers else item
            for item in model.ports
        ),
    )


def with_suffix(model: Submodel, suffix: str, shared: Collection[str] = ()) -> Submodel:
    """Return a submodel whose names end in ``_<suffix>``, so that it can stand beside the first.

    Parameters
    ----------
    model
        The submodel.
    suffix
        What its names get behind an underscore.
    shared
        Ports that keep their name, because both copies read the same quantity.

    Returns
    -------
    The same equations on other names.

    Raises
    ------
    UnknownNameError
        If ``shared`` names no port.

    Examples
    --------
    >>> from cohort.transmitters import serotonin
    >>> dorsal = with_suffix(serotonin(), "dorsal", shared=["bh4"])
    >>> dorsal.species[0].name, [port.name for port in dorsal.ports if port.name == "bh4"]
    ('htp_dorsal', ['bh4'])
    """
    ports = {port.name for port in model.ports}
    for name in shared:
        if name not in ports:
            raise UnknownNameError(f"submodel {model.name!r}, shared", name, ports, "port")
    names = {name: f"{name}_{suffix}" for name in declared_names(model) if name not in shared}
    symbols = {symbol(old): symbol(new) for old, new in names.items()}

    def write(expression: sympy.Expr) -> sympy.Expr:
        return sympy.sympify(expression).xreplace(symbols)

    return replace(
        model,
        name=f"{model.name}_{suffix}",
        species=tuple(
            replace(item, name=names[item.name], initial=write(item.initial))
            for item in model.species
        ),
        parameters=tuple(replace(item, name=names[item.name]) for item in model.parameters),
        constants=tuple(replace(item, name=names[item.name]) for item in model.constants),
        derived=tuple(
            replace(item, name=names[item.name], expression=write(item.expression))
            for item in model.derived
        ),
        ports=tuple(replace(item, name=names.get(item.name, item.name)) for item in model.ports),
        inputs=tuple(replace(item, name=names[item.name]) for item in model.inputs),
        reactions=tuple(
            Reaction(
                item.name,
                write(item.rate),
                {names[name]: count for name, count in item.stoichiometry.items()},
                item.meaning,
            )
            for item in model.reactions
        ),
        rules={
            names[name]: Rule(write(rule.expression), rule.unit, rule.meaning)
            for name, rule in model.rules.items()
        },
        rates={names[name]: write(rate) for name, rate in model.rates.items()},
        provides=tuple(names[name] for name in model.provides),
        feasibility=tuple(
            replace(item, expression=write(item.expression)) for item in model.feasibility
        ),
    )
