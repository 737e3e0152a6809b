"""A submodel: one system of the body or one drug, checked whole when it is made.

Names are declared once, every expression reads declared names only, every species moves in one
way, and dimensions agree. `cohort.model.assemble` is the next stop.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import sympy

from cohort.errors import ModelError, UnknownNameError
from cohort.model.declarations import (
    Constant,
    Derived,
    Feasibility,
    Input,
    Parameter,
    Port,
    Reaction,
    Rule,
    Species,
    check_expression,
    check_name,
)
from cohort.model.dimensions import require_unit, unit_of
from cohort.units import parse_unit
from kernels import TIME, symbol

__all__ = ["Submodel", "declared_names", "expressions"]


_Named = Species | Parameter | Constant | Derived | Port | Input


@dataclass(frozen=True, slots=True, kw_only=True)
class Submodel:
    """One system of the body or one drug, closed but for its ports.

    Parameters
    ----------
    name
        Identifier.
    species, parameters, constants, derived, reactions, ports, inputs, feasibility
        Declarations; see their classes.
    rules
        Algebraic quantities by name.
    rates
        Time derivative of each species that no reaction describes [unit of the species / h], for
        levels relative to rest.
    provides
        Names of own rules, species, inputs or derived constants that other submodels may read.

    Raises
    ------
    ModelError
        If a name is declared twice, a species has no rate or both a rate and a reaction.
    UnknownNameError
        If an expression, a stoichiometry or ``provides`` names something undeclared.
    UnitError
        If dimensions do not agree; the message names reaction, terms and their units.

    Examples
    --------
    >>> from cohort.model import Source
    >>> guess = Source("example", "assumed")
    >>> Submodel(
    ...     name="decay",
    ...     species=(Species("x", symbol("x_0"), "uM", "substance"),),
    ...     parameters=(
    ...         Parameter("k", 0.5, "1/h", "rate constant", guess),
    ...         Parameter("x_0", 2.0, "uM", "start", guess),
    ...     ),
    ...     reactions=(Reaction("loss", symbol("k") * symbol("x"), {"x": -1}),),
    ... ).units["k"]
    '1/h'
    """

    name: str
    species: tuple[Species, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    constants: tuple[Constant, ...] = ()
    derived: tuple[Derived, ...] = ()
    reactions: tuple[Reaction, ...] = ()
    rules: Mapping[str, Rule] = field(default_factory=dict)
    rates: Mapping[str, sympy.Expr] = field(default_factory=dict)
    ports: tuple[Port, ...] = ()
    inputs: tuple[Input, ...] = ()
    provides: tuple[str, ...] = ()
    feasibility: tuple[Feasibility, ...] = ()

    def __post_init__(self) -> None:
        check_name("submodel", self.name)
        _check_groups(self)
        _check_names_once(self)
        _check_known_names(self)
        _check_moved(self)
        _check_dimensions(self)

    @property
    def units(self) -> dict[str, str]:
        """Unit of every name that expressions of this submodel may use.

        Examples
        --------
        >>> Submodel(name="m", ports=(Port("tnf", "1", "cytokine", 1.0),)).units
        {'t': 'h', 'tnf': '1'}
        """
        table = {TIME.name: "h"}
        for item in _named(self):
            table[item.name] = item.unit
        return table | {name: rule.unit for name, rule in self.rules.items()}


def declared_names(model: Submodel) -> Iterator[str]:
    """Yield every name that a submodel declares, ports and inputs included.

    Examples
    --------
    >>> list(declared_names(Submodel(name="m", ports=(Port("tnf", "1", "cytokine", 1.0),))))
    ['tnf']
    """
    yield from (item.name for item in _named(model))
    yield from model.rules


def _named(model: Submodel) -> Iterator[_Named]:
    yield from model.species
    yield from model.parameters
    yield from model.constants
    yield from model.derived
    yield from model.ports
    yield from model.inputs


_GROUPS: Mapping[str, type] = {
    "species": Species,
    "parameters": Parameter,
    "constants": Constant,
    "derived": Derived,
    "reactions": Reaction,
    "ports": Port,
    "inputs": Input,
    "provides": str,
    "feasibility": Feasibility,
}


def _check_groups(model: Submodel) -> None:
    for group, kind in _GROUPS.items():
        items = getattr(model, group)
        if not isinstance(items, tuple) or not all(isinstance(item, kind) for item in items):
            raise ModelError(
                f"submodel {model.name!r}: {group} {items!r}; a tuple of {kind.__name__} is "
                "allowed. Write a tuple, with a comma after a single item."
            )
    for group, items in (("rules", model.rules), ("rates", model.rates)):
        if not isinstance(items, Mapping):
            raise ModelError(
                f"submodel {model.name!r}: {group} {items!r}; a mapping by name is allowed. "
                "Write a dict."
            )
    for name, rule in model.rules.items():
        if not isinstance(rule, Rule):
            raise ModelError(
                f"submodel {model.name!r}: rule {name!r} is {rule!r}; a Rule is allowed. "
                "Write Rule(expression, unit, meaning)."
            )


def _check_names_once(model: Submodel) -> None:
    for rule in model.rules:
        check_name(f"submodel {model.name!r}, rule", rule)
    for names, kind in (
        (list(declared_names(model)), "name"),
        ([reaction.name for reaction in model.reactions], "reaction"),
    ):
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ModelError(
                f"submodel {model.name!r}: {kind} {twice[0]!r} is declared twice; once is allowed. "
                "Rename one."
            )


def expressions(model: Submodel) -> Iterator[tuple[str, sympy.Expr]]:
    """Yield every expression of a submodel with the place where it stands.

    Examples
    --------
    >>> rule = Rule(symbol("a") * 2, "1", "double")
    >>> list(expressions(Submodel(name="m", ports=(Port("a", "1", "one"),), rules={"b": rule})))
    [("rule 'b'", 2*a)]
    """
    yield from ((f"species {item.name!r}, initial", item.initial) for item in model.species)
    yield from ((f"derived {item.name!r}", item.expression) for item in model.derived)
    yield from ((f"rule {name!r}", rule.expression) for name, rule in model.rules.items())
    yield from ((f"reaction {item.name!r}", item.rate) for item in model.reactions)
    yield from ((f"rate of {name!r}", rate) for name, rate in model.rates.items())
    yield from ((f"feasibility {item.meaning!r}", item.expression) for item in model.feasibility)


def _check_known_names(model: Submodel) -> None:
    where = f"submodel {model.name!r}"
    known = {*declared_names(model), TIME.name}
    for place, expression in expressions(model):
        _check_symbols(f"{where}, {place}", expression, known)
    species = {item.name for item in model.species}
    for reaction in model.reactions:
        _check_among(f"{where}, {reaction.name!r}", reaction.stoichiometry, species, "species")
    _check_among(f"{where}, rates", model.rates, species, "species")
    own = set(declared_names(model)) - {port.name for port in model.ports}
    _check_among(f"{where}, provides", model.provides, own, "own quantity")


def _check_symbols(where: str, expression: sympy.Expr, known: set[str]) -> None:
    check_expression(where, expression)
    for name in sorted(item.name for item in expression.free_symbols):
        if name not in known:
            raise UnknownNameError(where, name, known, "symbol")
        if symbol(name) not in expression.free_symbols:
            raise ModelError(
                f"{where}: {name!r} is a SymPy symbol of its own; kernels.symbol makes the one "
                f"that names a quantity. Write symbol({name!r})."
            )


def _check_among(where: str, names: Iterable[str], known: set[str], kind: str) -> None:
    for name in names:
        if name not in known:
            raise UnknownNameError(where, name, known, kind)


def _check_moved(model: Submodel) -> None:
    reacting = {name for reaction in model.reactions for name in reaction.stoichiometry}
    for item in model.species:
        ways = (item.name in reacting) + (item.name in model.rates)
        if ways != 1:
            given = "neither a reaction nor a rate" if ways == 0 else "both a reaction and a rate"
            raise ModelError(
                f"submodel {model.name!r}: species {item.name!r} has {given}; one of them is "
                "allowed. Write its reactions or its rate."
            )


def _check_dimensions(model: Submodel) -> None:
    where = f"submodel {model.name!r}"
    units = {name: parse_unit(unit, where) for name, unit in model.units.items()}
    per_hour = parse_unit("1/h")
    for item in model.species:
        if item.initial.is_number:  # a bare number is in the unit of the species
            continue
        require_unit(item.initial, units, item.unit, f"{where}, species {item.name!r}, initial")
    for derived in model.derived:
        require_unit(derived.expression, units, derived.unit, f"{where}, derived {derived.name!r}")
    for name, rule in model.rules.items():
        require_unit(rule.expression, units, rule.unit, f"{where}, rule {name!r}")
    for reaction in model.reactions:
        for name in reaction.stoichiometry:
            place = f"{where}, reaction {reaction.name!r} of {name!r}"
            require_unit(reaction.rate, units, units[name] * per_hour, place)
    for name, rate in model.rates.items():
        require_unit(rate, units, units[name] * per_hour, f"{where}, rate of {name!r}")
    for condition in model.feasibility:
        unit_of(condition.expression, units, f"{where}, feasibility {condition.meaning!r}")
