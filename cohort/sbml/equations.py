"""From declarations to states, parameters, equations and starts.

A species that reactions or events change is held as its amount, which is what SBML conserves when
a compartment grows; its id keeps its meaning, a concentration or an amount, as an expression.
Two worlds are resolved: one over time, and one at the start, where initial assignments hold.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import sympy

from cohort.sbml.algebraic import solve_algebraic
from cohort.sbml.declarations import Declarations, EventRecord, Kind, Quantity
from cohort.sbml.errors import SbmlError, UnsupportedSbmlError, mistake
from cohort.sbml.formula import rate_symbol
from cohort.sbml.operators import number
from cohort.sbml.powers import with_bounded_exponents, with_signed_powers
from cohort.sbml.resolve import Resolver
from kernels import TIME, Event, symbol

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Equations", "assemble_equations"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Equations:
    """Hold a model in the engine's terms.

    Parameters
    ----------
    parameters
        Default by name.
    rhs
        Rate of each state, over states, parameters and time.
    initial
        Start of each state, over parameters.
    meanings, amounts, concentrations
        Value of each id in SBML's sense, and amount and concentration of species, over states,
        parameters and time.
    units
        Unit of names that stand for no id, as text.
    events
        As the engine takes them.
    notes
        What was taken for granted, a sentence each.

    Examples
    --------
    >>> Equations.__slots__[0]
    'parameters'
    """

    parameters: Mapping[str, float]
    rhs: Mapping[str, sympy.Expr]
    initial: Mapping[str, sympy.Expr]
    meanings: Mapping[str, sympy.Expr]
    amounts: Mapping[str, sympy.Expr]
    concentrations: Mapping[str, sympy.Expr]
    units: Mapping[str, str]
    events: tuple[Any, ...] = ()
    notes: tuple[str, ...] = ()


def assemble_equations(declared: Declarations) -> Equations:
    """Return the equations of a model.

    Parameters
    ----------
    declared
        From `cohort.sbml.declare.declare`.

    Raises
    ------
    SbmlError
        If a value is missing, or definitions form a ring.
    UnsupportedSbmlError
        If an algebraic rule cannot be solved, or a value is infinite where equations read it.

    Examples
    --------
    >>> assemble_equations.__name__  # shown by the example of cohort.sbml.read_sbml
    'assemble_equations'
    """
    return _Assembly(declared).equations()


class _Assembly:
    """Decide how each quantity is held, then resolve both worlds."""

    def __init__(self, declared: Declarations) -> None:
        self.declared = declared
        self.file = declared.file
        self.quantities = declared.quantities
        self.by_name = {q.name: q for q in declared.quantities.values()}
        self.assignments = dict(declared.assignments)
        self.event_targets = {target for event in declared.events for target in event.assignments}
        self.reacting = {
            species
            for reaction in declared.reactions
            for species, _ in reaction.changes
            if not (self.quantities[species].is_boundary or self.quantities[species].is_constant)
        }
        self.parameters: dict[str, float] = {}
        self.rates: dict[str, sympy.Expr] = {}
        self.definitions: dict[sympy.Symbol, sympy.Expr] = {}
        self.starts: dict[sympy.Symbol, sympy.Expr] = {}
        self.frozen: dict[sympy.Symbol, sympy.Expr] = {}
        self.stored: dict[str, str] = {}
        self.units: dict[str, str] = dict(declared.local_units)
        self.notes: list[str] = []
        self.start = Resolver(self.start_definition, self.file)
        self.over_time = Resolver(self.definition, self.file)

    def equations(self) -> Equations:
        if self.declared.algebraic:
            self.solve_algebraic()
        for name, value in self.declared.locals.items():
            self.hold_parameter(name, value)
        for reaction in self.declared.reactions:
            self.definitions[symbol(reaction.name)] = reaction.rate
        for quantity in self.quantities.values():
            self.hold(quantity)
        if not self.rates:
            self.rates[self.declared.names.fresh("no_state")] = sympy.S.Zero
            self.notes.append("nothing changes by a rate: one state that stays 0 was added")
        rhs = {
            name: with_bounded_exponents(self.checked(self.over_time.close(rate), name, "rate"))
            for name, rate in self.rates.items()
        }
        initial = {
            name: self.checked(self.start.close(symbol(name)), name, "initial value")
            for name in self.rates
        }
        return Equations(
            parameters=self.parameters,
            rhs=rhs,
            initial=initial,
            meanings=self.meanings(),
            amounts=self.amounts(),
            concentrations=self.concentrations(),
            units=self.units,
            events=self.events(),
            notes=tuple(self.notes),
        )

    def solve_algebraic(self) -> None:
        free = [
            q
            for q in self.quantities.values()
            if not q.is_constant
            and q.id not in self.assignments
            and q.id not in self.declared.rates
            and q.id not in self.reacting
        ]
        free.sort(key=lambda q: (q.id in self.event_targets, self.has_start(q)))
        solutions = solve_algebraic(self.declared, [q.name for q in free])
        for name, value in solutions.items():
            self.assignments[self.by_name[name].id] = value

    def has_start(self, quantity: Quantity) -> bool:
        given = (quantity.value, quantity.amount, quantity.concentration)
        return quantity.id in self.declared.initials or any(v is not None for v in given)

    # how each quantity is held

    def hold(self, quantity: Quantity) -> None:
        own = symbol(quantity.name)
        if quantity.id in self.assignments:
            self.definitions[own] = self.assignments[quantity.id]
        elif quantity.id in self.declared.rates:
            self.hold_rated(quantity)
        elif quantity.id in self.reacting or quantity.id in self.event_targets:
            self.hold_state(quantity)
        elif quantity.kind is Kind.SPECIES:
            self.hold_constant_species(quantity)
        elif quantity.id in self.declared.initials:
            self.freeze(own, self.declared.initials[quantity.id])
        elif quantity.kind is Kind.STOICHIOMETRY:
            self.definitions[own] = self.start_value(quantity)
        else:
            self.hold_parameter(quantity.name, self.literal(quantity))

    def hold_rated(self, quantity: Quantity) -> None:
        own, rate = symbol(quantity.name), self.declared.rates[quantity.id]
        self.starts[own] = self.start_value(quantity)
        is_concentration = quantity.kind is Kind.SPECIES and not quantity.is_amount
        if not (is_concentration and quantity.compartment in self.event_targets):
            self.rates[quantity.name] = rate
            return
        # an event that sets the size keeps the amount: hold that, with the slope of a product
        amount, size = self.new_name(quantity, "amount"), self.size(quantity)
        self.rates[amount] = rate * size + own * rate_symbol(size.name)
        self.definitions[own] = symbol(amount) / size
        self.starts[symbol(amount)] = own * size

    def hold_state(self, quantity: Quantity) -> None:
        own = symbol(quantity.name)
        rate = self.reaction_rate(quantity) if quantity.id in self.reacting else sympy.S.Zero
        value = self.start_value(quantity)
        if quantity.kind is not Kind.SPECIES or quantity.is_amount:
            self.rates[quantity.name] = rate
            self.starts[own] = value
            return
        amount = self.new_name(quantity, "amount")
        size = self.size(quantity)
        self.rates[amount] = rate
        self.definitions[own] = symbol(amount) / size
        self.starts[own] = value
        self.starts[symbol(amount)] = own * size

    def hold_constant_species(self, quantity: Quantity) -> None:
        """Hold a species that nothing changes; its concentration may, with the compartment."""
        own, size = symbol(quantity.name), self.size(quantity)
        varies = self.varies(quantity.compartment) and not quantity.is_amount
        if quantity.id in self.declared.initials:
            value = self.declared.initials[quantity.id]
            if varies:
                amount = symbol(self.new_name(quantity, "amount"))
                self.freeze(amount, value * size)
                self.definitions[own] = amount / size
                self.starts[own] = value
            else:
                self.freeze(own, value)
        elif quantity.amount is not None:
            if quantity.is_amount:
                self.hold_parameter(quantity.name, quantity.amount)
            else:
                amount = symbol(self.new_name(quantity, "amount"))
                self.hold_parameter(amount.name, quantity.amount)
                self.definitions[own] = amount / size
        elif quantity.concentration is not None and not (quantity.is_amount or varies):
            self.hold_parameter(quantity.name, quantity.concentration)
        elif quantity.concentration is not None:
            given = symbol(self.new_name(quantity, "initial_concentration"))
            self.hold_parameter(given.name, quantity.concentration)
            if quantity.is_amount:
                self.freeze(own, given * size)
            else:
                amount = symbol(self.new_name(quantity, "amount"))
                self.freeze(amount, given * size)
                self.definitions[own] = amount / size
                self.starts[own] = given
        else:
            self.definitions[own] = sympy.nan

    def freeze(self, own: sympy.Symbol, value: sympy.Expr) -> None:
        """Keep what an expression gives at the start."""
        self.starts[own] = value
        self.frozen[own] = own

    def hold_parameter(self, name: str, value: float) -> None:
        if math.isfinite(value):
            self.parameters[name] = value
        else:
            self.definitions[symbol(name)] = number(value)

    def new_name(self, quantity: Quantity, suffix: str) -> str:
        name = self.declared.names.fresh(f"{quantity.name}_{suffix}")
        self.units[name] = quantity.amount_unit if suffix == "amount" else quantity.unit
        if suffix == "amount":
            self.stored[quantity.id] = name
        return name

    def size(self, quantity: Quantity) -> sympy.Symbol:
        return symbol(self.quantities[quantity.compartment].name)

    def varies(self, sbml_id: str) -> bool:
        return (
            sbml_id in self.assignments
            or sbml_id in self.declared.rates
            or sbml_id in self.event_targets
        )

    # values at the start

    def literal(self, quantity: Quantity) -> float:
        if quantity.value is not None:
            return quantity.value
        if quantity.kind is Kind.COMPARTMENT:
            self.notes.append(f"{quantity.id}: a compartment without size; taken as 1")
            return 1.0
        return math.nan

    def start_value(self, quantity: Quantity) -> sympy.Expr:
        """Return the start of a meaning, over meanings at the start."""
        if quantity.id in self.declared.initials:
            return self.declared.initials[quantity.id]
        if quantity.kind is not Kind.SPECIES:
            return number(self.literal(quantity))
        size = self.size(quantity)
        if quantity.amount is not None:
            amount = number(quantity.amount)
            return amount if quantity.is_amount else amount / size
        if quantity.concentration is not None:
            concentration = number(quantity.concentration)
            return concentration * size if quantity.is_amount else concentration
        return sympy.nan

    # what changes

    def reaction_rate(self, quantity: Quantity) -> sympy.Expr:
        factor = quantity.conversion or self.declared.conversion
        terms = [
            stoichiometry * symbol(reaction.name)
            for reaction in self.declared.reactions
            for species, stoichiometry in reaction.changes
            if species == quantity.id
        ]
        total = sympy.Add(*terms)
        return total * symbol(self.declared.names[factor]) if factor else total

    def definition(self, name: sympy.Symbol) -> sympy.Basic | None:
        if name in self.definitions:
            return self.definitions[name]
        if name in self.frozen:
            return self.start.close(name)
        return self.rate_definition(name)

    def start_definition(self, name: sympy.Symbol) -> sympy.Basic | None:
        if name == TIME:
            return sympy.S.Zero
        if name in self.starts:
            return self.starts[name]
        if name in self.definitions:
            return self.definitions[name]
        if name.name in self.rates:
            return sympy.S.Zero  # the state that was added where there was none
        return self.rate_definition(name)

    def rate_definition(self, name: sympy.Symbol) -> sympy.Expr | None:
        """Return the rate of change that ``rateOf`` asks for; None for another symbol."""
        text = name.name
        if not text.startswith("rateOf("):
            return None
        inner = text[len("rateOf(") : -1]
        if inner in self.rates:
            return self.rates[inner]
        quantity = self.by_name.get(inner)
        if quantity is None:
            return self.slope(symbol(inner))
        if quantity.id in self.stored and self.stored[quantity.id] in self.rates:
            own, size = symbol(inner), self.size(quantity)
            rate = self.rates[self.stored[quantity.id]] / size
            if self.varies(quantity.compartment):
                rate -= own * rate_symbol(size.name) / size
            return rate
        return self.slope(symbol(inner))

    def slope(self, name: sympy.Symbol) -> sympy.Expr:
        value = self.over_time.close(name)
        total = value.diff(TIME) if TIME in value.free_symbols else sympy.S.Zero
        for state in sorted(value.free_symbols, key=str):
            if state.name in self.rates:
                total += value.diff(state) * rate_symbol(state.name)
        return total

    # events

    def events(self) -> tuple[Event, ...]:
        """Return the events; those whose priority may equal another's go by chance."""
        events = [self.event(record) for record in self.declared.events]
        for i, event in enumerate(events):
            others = (other for j, other in enumerate(events) if j != i)
            if any(_may_tie(event, other) for other in others):
                events[i] = replace(event, by_chance=True)
        names = [event.name for event in events if event.by_chance]
        if names:
            self.notes.append(
                f"events {names[0]} and {len(names) - 1} more: chance decides which is first where "
                "they meet with equal priority"
            )
        return tuple(events)

    def event(self, record: EventRecord) -> Event:
        """Return an event on states: a species held as its amount is given one."""
        assignments: dict[str, sympy.Expr] = {}
        for target, value in record.assignments.items():
            quantity = self.quantities[target]
            if target in self.stored:
                # by the size before: if the event sets the size too, both happen at once
                assignments[self.stored[target]] = value * self.size(quantity)
            else:
                assignments[quantity.name] = value
        closed = {
            name: self.checked(self.over_time.close(value), record.name, f"value of {name}")
            for name, value in assignments.items()
        }
        name = self.declared.names.fresh(record.name)
        options: dict[str, Any] = {}
        if record.delay is not None:
            delay = self.checked(self.over_time.close(record.delay), record.name, "delay")
            if delay.is_negative:
                raise SbmlError(
                    [
                        mistake(
                            self.file,
                            record.name,
                            f"its delay is {delay} [time unit]; 0 or more is allowed",
                            "Change its sign",
                        )
                    ]
                )
            options["delay"] = delay
        if record.priority is not None:
            options["priority"] = self.checked(
                self.over_time.close(record.priority), record.name, "priority"
            )
        return Event(
            name=name,
            trigger=self.checked(self.over_time.close(record.trigger), record.name, "trigger"),
            assignments=closed,
            initial_value=record.initial_value,
            persistent=record.is_persistent,
            values_from_trigger_time=record.uses_trigger_values,
            **options,
        )

    # results

    def meanings(self) -> dict[str, sympy.Expr]:
        ids = [*self.quantities, *(r.id for r in self.declared.reactions)]
        names = self.declared.names
        return {i: with_signed_powers(self.over_time.close(symbol(names[i]))) for i in ids}

    def amounts(self) -> dict[str, sympy.Expr]:
        found = {}
        for quantity in self.quantities.values():
            if quantity.kind is Kind.SPECIES:
                own, size = symbol(quantity.name), self.size(quantity)
                amount = own if quantity.is_amount else own * size
                if quantity.id in self.stored:
                    amount = symbol(self.stored[quantity.id])
                found[quantity.id] = with_signed_powers(self.over_time.close(amount))
        return found

    def concentrations(self) -> dict[str, sympy.Expr]:
        found = {}
        for quantity in self.quantities.values():
            if quantity.kind is Kind.SPECIES:
                own, size = symbol(quantity.name), self.size(quantity)
                value = own / size if quantity.is_amount else own
                found[quantity.id] = with_signed_powers(self.over_time.close(value))
        return found

    def checked(self, expression: sympy.Expr, name: str, what: str) -> sympy.Expr:
        if expression.has(sympy.nan):
            raise SbmlError(
                [
                    mistake(
                        self.file,
                        name,
                        f"its {what} reads something without a value; every value that equations "
                        "read is needed",
                        "Give it a value, an initial assignment or a rule",
                    )
                ]
            )
        if expression.has(sympy.oo, -sympy.oo, sympy.zoo):
            raise UnsupportedSbmlError(
                [
                    mistake(
                        self.file,
                        name,
                        f"its {what} is infinite or divides by 0; finite numbers are allowed",
                        "Give finite values",
                    )
                ],
                ["infinite value"],
            )
        return with_signed_powers(expression)


def _may_tie(one: Event, other: Event) -> bool:
    if one.priority is None or other.priority is None:
        return False
    return one.priority == other.priority or (one.priority - other.priority).is_zero is not False
