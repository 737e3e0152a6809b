"""Join submodels into one model: connect ports by name, write rules out, sum the reactions.

Ports meet providers by name alone. A port that nobody provides becomes a parameter with its
default, so the same submodel runs alone or in company. The result holds one `kernels.OdeSystem`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

import sympy

from cohort.errors import ModelError, UnitError, UnknownNameError
from cohort.model.declarations import Constant, Derived, Feasibility, Parameter, Port, Source
from cohort.model.dimensions import unit_of
from cohort.model.model import Model
from cohort.model.submodel import Submodel, declared_names
from cohort.units import parse_unit, same_unit, unit_text
from kernels import TIME, OdeSystem, symbol

__all__ = ["assemble"]

_NEUTRAL = Source("neutral value of a port that nothing provides", "design")


def assemble(
    name: str,
    submodels: Iterable[Submodel],
    observables: Mapping[str, sympy.Expr] | None = None,
    quadratures: Mapping[str, sympy.Expr] | None = None,
) -> Model:
    """Return one model made of submodels.

    Parameters
    ----------
    name
        Name of the model, an identifier.
    submodels
        Parts; their own names (not those of their ports) differ between them.
    observables
        What a solution reports, by name; formulas may use every declared name, rules included.
        None reports every species.
    quadratures
        Integrands over time, by name.

    Returns
    -------
    Model with checked names and dimensions.

    Raises
    ------
    ModelError
        If two parts declare or provide one name, a required port has no provider, rules depend on
        each other in a circle, or a start or a derived constant depends on a state.
    UnknownNameError
        If an observable or a quadrature names something undeclared.
    UnitError
        If a port and its provider, or terms of an observable, differ in unit.

    Examples
    --------
    >>> from cohort.model import Reaction, Species
    >>> guess = Source("example", "assumed")
    >>> parts = [
    ...     Submodel(
    ...         name="pool",
    ...         species=(Species("x", sympy.Integer(1), "uM", "substance"),),
    ...         parameters=(Parameter("k", 0.5, "1/h", "rate constant", guess),),
    ...         ports=(Port("activity", "1", "activity of the enzyme", 1.0),),
    ...         reactions=(
    ...             Reaction("loss", symbol("k") * symbol("activity") * symbol("x"), {"x": -1}),
    ...         ),
    ...     )
    ... ]
    >>> model = assemble("example", parts)
    >>> model.system.rhs["x"], model.system.parameters
    (-activity*k*x, ('k', 'activity'))
    """
    parts = tuple(submodels)
    _check_names(name, parts)
    ports = _open_ports(name, parts)
    parameters = {item.name: item for part in parts for item in part.parameters} | ports
    constants = {item.name: item for part in parts for item in part.constants}
    species = {item.name: item for part in parts for item in part.species}
    book = _Book(name, _written_out(name, parts, constants))
    units = _units(parts, parameters)
    quadratures = quadratures or {}
    if observables is None:
        observables = {key: symbol(key) for key in species}

    system = OdeSystem(
        name=name,
        states=tuple(species),
        parameters=tuple(parameters),
        inputs=tuple(item.name for part in parts for item in part.inputs),
        rhs=_rhs(parts, book),
        quadratures=book.all(quadratures, set(units), "quadrature"),
        observables=book.all(observables, {*units, *quadratures}, "observable"),
        scales={item.name: item.scale for item in species.values()},
    )
    return Model(
        system=system,
        parameters=parameters,
        constants=constants,
        species=species,
        derived=_derived(parts, book, parameters),
        initial={
            key: book.constant(item.initial, parameters, f"start of {key!r}")
            for key, item in species.items()
        },
        feasibility=_feasibility(parts, book, parameters),
        units=_all_units(units, observables, quadratures),
        origins=_origins(parts, ports),
    )


@dataclass(frozen=True, slots=True)
class _Book:
    """What each defined name stands for, written out to states, parameters, inputs and time."""

    name: str
    meanings: Mapping[sympy.Symbol, sympy.Expr]

    def write(self, expression: sympy.Expr) -> sympy.Expr:
        return sympy.sympify(expression).xreplace(self.meanings)

    def constant(
        self, expression: sympy.Expr, parameters: Mapping[str, Parameter], place: str
    ) -> sympy.Expr:
        written = self.write(expression)
        varying = sorted({item.name for item in written.free_symbols} - set(parameters))
        if varying:
            raise ModelError(
                f"model {self.name!r}, {place}: depends on {varying[0]!r}, which changes in time; "
                "parameters, constants and derived constants are allowed. Use its set point."
            )
        return written

    def all(
        self, given: Mapping[str, sympy.Expr], known: set[str], kind: str
    ) -> dict[str, sympy.Expr]:
        written = {}
        for key, expression in given.items():
            for item in sorted(item.name for item in expression.free_symbols):
                if item not in known:
                    place = f"model {self.name!r}, {kind} {key!r}"
                    raise UnknownNameError(place, item, known, "symbol")
            written[key] = self.write(expression)
        return written


def _check_names(name: str, parts: Sequence[Submodel]) -> None:
    owners: dict[str, str] = {}
    titles: set[str] = set()
    for part in parts:
        if part.name in titles:
            raise ModelError(
                f"model {name!r}: submodel {part.name!r} is given twice; once is allowed. Drop one."
            )
        titles.add(part.name)
        for item in sorted(set(declared_names(part)) - {port.name for port in part.ports}):
            if item in owners:
                raise ModelError(_clash(name, item, owners[item], part.name, parts))
            owners[item] = part.name
    provided = {item for part in parts for item in part.provides}
    for part in parts:
        for port in part.ports:
            if port.name in owners and port.name not in provided:
                raise ModelError(
                    f"model {name!r}: submodel {part.name!r} has a port {port.name!r}, which "
                    f"{owners[port.name]!r} declares but does not provide; a port meets a "
                    f"provided name. Add it to provides of {owners[port.name]!r} or rename it."
                )


def _clash(name: str, item: str, first: str, second: str, parts: Sequence[Submodel]) -> str:
    both = [part.name for part in parts if item in part.provides]
    verb = "provide" if len(both) > 1 else "declare"
    return (
        f"model {name!r}: submodels {first!r} and {second!r} both {verb} {item!r}; one may. "
        "Rename it in one of them, or let one read it through a port."
    )


def _open_ports(name: str, parts: Sequence[Submodel]) -> dict[str, Parameter]:
    """Check every port against its provider; return a parameter for each that has none."""
    provided = {item: part for part in parts for item in part.provides}
    seen: dict[str, tuple[str, Port]] = {}
    unmet: dict[str, Parameter] = {}
    for part in parts:
        for port in part.ports:
            where = f"model {name!r}, port {port.name!r} of {part.name!r}"
            if port.name in provided:
                owner = provided[port.name]
                _check_port_unit(where, port, owner.name, owner.units[port.name])
            elif port.default is None:
                raise ModelError(
                    f"{where}: nothing provides it and it has no default; required ports are "
                    f"connected. Add a submodel that provides {port.name!r}."
                )
            elif port.name in seen:
                _check_same_port(where, port, *seen[port.name])
            else:
                unmet[port.name] = Parameter(
                    port.name, port.default, port.unit, port.meaning, _NEUTRAL, 0.0, port.bounds
                )
            seen.setdefault(port.name, (part.name, port))
    return unmet


def _check_port_unit(where: str, port: Port, owner: str, unit: str) -> None:
    if not same_unit(parse_unit(unit), parse_unit(port.unit)):
        raise UnitError(
            f"{where}: reads [{port.unit}], {owner!r} provides [{unit}]; one unit is allowed. "
            "Convert it where it is provided."
        )


def _check_same_port(where: str, port: Port, owner: str, other: Port) -> None:
    _check_port_unit(where, port, owner, other.unit)
    if (port.default, port.bounds) != (other.default, other.bounds):
        raise ModelError(
            f"{where}: default {port.default} [{port.unit}], {port.bounds}; {owner!r} declares "
            f"{other.default} [{other.unit}], {other.bounds}. Give both one default and range."
        )


def _written_out(
    name: str, parts: Sequence[Submodel], constants: Mapping[str, Constant]
) -> dict[sympy.Symbol, sympy.Expr]:
    """Write rules and derived constants out, the ones that others need first."""
    definitions: dict[str, sympy.Expr] = {}
    for part in parts:
        definitions |= {item.name: item.expression for item in part.derived}
        definitions |= {key: rule.expression for key, rule in part.rules.items()}
    needs = {
        key: sorted({item.name for item in expression.free_symbols} & set(definitions))
        for key, expression in definitions.items()
    }
    try:
        order = tuple(TopologicalSorter(needs).static_order())
    except CycleError as error:
        circle = " -> ".join(error.args[1])
        raise ModelError(
            f"model {name!r}: rules depend on each other in a circle, {circle}; a rule follows "
            "from states. Make one of them a species."
        ) from error
    meanings = {symbol(key): item.number for key, item in constants.items()}
    for key in order:
        meanings[symbol(key)] = definitions[key].xreplace(meanings)
    return meanings


def _rhs(parts: Sequence[Submodel], book: _Book) -> dict[str, sympy.Expr]:
    terms: dict[str, list[sympy.Expr]] = {item.name: [] for part in parts for item in part.species}
    for part in parts:
        for reaction in part.reactions:
            rate = book.write(reaction.rate)
            for key, count in reaction.stoichiometry.items():
                terms[key].append(sympy.sympify(count) * rate)
        for key, rate in part.rates.items():
            terms[key].append(book.write(rate))
    return {key: sympy.Add(*items) for key, items in terms.items()}


def _derived(
    parts: Sequence[Submodel], book: _Book, parameters: Mapping[str, Parameter]
) -> dict[str, Derived]:
    return {
        item.name: Derived(
            item.name,
            book.constant(item.expression, parameters, f"derived {item.name!r}"),
            item.unit,
            item.meaning,
        )
        for part in parts
        for item in part.derived
    }


def _feasibility(
    parts: Sequence[Submodel], book: _Book, parameters: Mapping[str, Parameter]
) -> tuple[Feasibility, ...]:
    return tuple(
        Feasibility(
            book.constant(item.expression, parameters, f"condition {item.meaning!r}"), item.meaning
        )
        for part in parts
        for item in part.feasibility
    )


def _units(parts: Sequence[Submodel], parameters: Mapping[str, Parameter]) -> dict[str, str]:
    table = {TIME.name: "h"}
    for part in parts:
        ports = {port.name for port in part.ports}
        table |= {key: unit for key, unit in part.units.items() if key not in ports}
    return table | {item.name: item.unit for item in parameters.values()}


def _all_units(
    units: Mapping[str, str],
    observables: Mapping[str, sympy.Expr],
    quadratures: Mapping[str, sympy.Expr],
) -> dict[str, str]:
    parsed = {key: parse_unit(unit) for key, unit in units.items()}
    table = dict(units)
    for given, kind, per in ((quadratures, "quadrature", "h"), (observables, "observable", "1")):
        for key, expression in given.items():
            unit = unit_of(expression, parsed, f"{kind} {key!r}") or parse_unit("1")
            parsed[key] = unit * parse_unit(per)
            same = [name for name in units if expression == symbol(name) and kind == "observable"]
            table[key] = units[same[0]] if same else unit_text(parsed[key])
    return table


def _origins(parts: Sequence[Submodel], ports: Mapping[str, Parameter]) -> dict[str, str]:
    table: dict[str, str] = {}
    for part in parts:
        table |= {item.name: part.name for item in part.parameters}
        table |= {item.name: part.name for item in part.constants}
        for port in part.ports:
            if port.name in ports:
                table.setdefault(port.name, part.name)
    return table
