"""What a model declares, as plain records: no libSBML from here on.

Expressions read symbols that carry the names of `cohort.sbml.names`; a symbol means what the id
means in SBML: the concentration of a species, or its amount if it has only substance units.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import sympy

    from cohort.sbml.names import Names

__all__ = ["Declarations", "EventRecord", "Kind", "Quantity", "ReactionRecord"]


class Kind(StrEnum):
    """Name what an id stands for.

    Examples
    --------
    >>> Kind("species").value
    'species'
    """

    COMPARTMENT = "compartment"
    SPECIES = "species"
    PARAMETER = "parameter"
    STOICHIOMETRY = "stoichiometry"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """Declare one quantity with a value over time.

    Parameters
    ----------
    id, name
        Id in SBML, and name in the engine.
    kind
        What it is.
    is_constant
        Whether SBML says that it never changes.
    value
        Size, value or stoichiometry; None where not given. None for species.
    amount, concentration
        Initial amount or concentration of a species; None where not given.
    compartment
        Id of the compartment of a species.
    is_amount
        Whether the id of a species means its amount, not its concentration.
    is_boundary
        Whether reactions leave a species alone.
    conversion
        Id of the conversion factor of a species.
    unit, amount_unit
        Unit as text, and that of the amount of a species.
    title
        What the file calls it for people; empty where it does not.

    Examples
    --------
    >>> Quantity(id="k", name="k", kind=Kind.PARAMETER, is_constant=True, value=2.0).unit
    ''
    """

    id: str
    name: str
    kind: Kind
    is_constant: bool
    value: float | None = None
    amount: float | None = None
    concentration: float | None = None
    compartment: str = ""
    is_amount: bool = False
    is_boundary: bool = False
    conversion: str = ""
    unit: str = ""
    amount_unit: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReactionRecord:
    """Declare a reaction: its rate, and how much of each species it makes.

    Parameters
    ----------
    id, name
        Id in SBML, and name in the engine.
    rate
        Extent per time.
    changes
        Species id and signed stoichiometry, one pair a species reference.

    Examples
    --------
    >>> import sympy
    >>> ReactionRecord(id="r", name="r", rate=sympy.S.One, changes=()).changes
    ()
    """

    id: str
    name: str
    rate: sympy.Expr
    changes: tuple[tuple[str, sympy.Expr], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRecord:
    """Declare an event as SBML does; expressions over meanings.

    Parameters
    ----------
    name
        Id, or a made-up name.
    trigger
        Condition.
    assignments
        New value by id.
    delay, priority
        Expressions; None where not given.
    initial_value, is_persistent, uses_trigger_values
        As in SBML.

    Examples
    --------
    >>> import sympy
    >>> EventRecord(name="e", trigger=sympy.true, assignments={}).is_persistent
    True
    """

    name: str
    trigger: sympy.logic.boolalg.Boolean
    assignments: Mapping[str, sympy.Expr]
    delay: sympy.Expr | None = None
    priority: sympy.Expr | None = None
    initial_value: bool = True
    is_persistent: bool = True
    uses_trigger_values: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Declarations:
    """Hold everything that a model declares.

    Parameters
    ----------
    file, name
        Name of the file and of the model.
    names
        Names of all ids.
    quantities
        By id, in the order of the file.
    reactions, events
        In the order of the file.
    assignments, rates, initials
        Right-hand side of assignment rules, rate rules, initial assignments by id.
    algebraic
        Left-hand sides that are 0.
    locals, local_units
        Value and unit of local parameters by name.
    conversion
        Id of the conversion factor of the model; empty if none.
    time_unit, seconds_per_time_unit
        As text, and its length [s]; None where it is not given.
    notes
        What was taken for granted, a sentence each.

    Examples
    --------
    >>> from cohort.sbml.names import Names
    >>> Declarations(file="m.xml", name="m", names=Names([])).reactions
    ()
    """

    file: str
    name: str
    names: Names
    quantities: Mapping[str, Quantity] = field(default_factory=dict)
    reactions: tuple[ReactionRecord, ...] = ()
    events: tuple[EventRecord, ...] = ()
    assignments: Mapping[str, sympy.Expr] = field(default_factory=dict)
    rates: Mapping[str, sympy.Expr] = field(default_factory=dict)
    initials: Mapping[str, sympy.Expr] = field(default_factory=dict)
    algebraic: tuple[sympy.Expr, ...] = ()
    locals: Mapping[str, float] = field(default_factory=dict)
    local_units: Mapping[str, str] = field(default_factory=dict)
    conversion: str = ""
    time_unit: str = ""
    seconds_per_time_unit: float | None = None
    notes: tuple[str, ...] = ()
