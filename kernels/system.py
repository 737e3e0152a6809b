"""The declaration of an ODE system: names and SymPy expressions, checked once, then frozen.

The walk enters here from `cohort.model`, which assembles an `OdeSystem` from submodels, and leaves
through `kernels.lower.lower`, which turns it into a `Program`. Imports SymPy and the standard
library only.
"""

from __future__ import annotations

import functools
import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from kernels.errors import DeclarationError, RangeError, UnknownNameError
from kernels.expressions import (
    TIME,
    check_name,
    checked_expressions,
    digest_text,
    symbol,
)
from kernels.triggers import Event

if TYPE_CHECKING:
    import sympy

__all__ = ["TIME", "OdeSystem", "symbol"]

SECONDS_PER_HOUR = 3600


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OdeSystem:
    """Declare named states and parameters, their equations, and what to report.

    Parameters
    ----------
    name
        What messages and reports call the system.
    states
        Names of the states, in the order of the rows of every state array.
    parameters
        Names of the per-lane constants.
    inputs
        Names of piecewise-constant functions of time, set only by the schedule and 0 before.
    rhs
        Time derivative of each state [unit of the state / time unit]; reads states, parameters,
        inputs and `TIME`.
    quadratures
        Integrands by name [unit of the quadrature / time unit]; the value is the integral since the
        start, and no equation reads it back.
    observables
        Reported expressions by name; may also read quadratures. An observable may carry a declared
        name only if it is that quantity.
    scales
        Typical magnitude of a state [unit of the state], greater than zero, 1 where absent; the
        absolute tolerance of a state is ``solver.atol`` times its scale.
    seconds_per_time_unit
        Length of the time unit of the equations [s], a whole number greater than zero.
    events
        What happens when a condition on states and time comes true; of several at one moment the
        one of greatest priority is first, among equals the one declared first.

    Raises
    ------
    DeclarationError
        If a name is declared twice or is no identifier, an equation is missing, or a value is no
        SymPy expression.
    UnknownNameError
        If an expression reads, or a mapping names, something that is not declared.
    RangeError
        If a scale or ``seconds_per_time_unit`` is out of range.

    Examples
    --------
    >>> k, x = symbol("k"), symbol("x")
    >>> decay = OdeSystem(name="decay", states=("x",), parameters=("k",), rhs={"x": -k * x})
    >>> decay.rhs["x"]
    -k*x
    >>> OdeSystem(name="a", states=("x",), parameters=("kk",), rhs={"x": -k * x})
    ... # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    kernels.errors.UnknownNameError: system 'a', rhs['x']: unknown symbol 'k'; the nearest ...
    """

    name: str
    states: tuple[str, ...]
    parameters: tuple[str, ...]
    inputs: tuple[str, ...] = ()
    rhs: Mapping[str, sympy.Expr]
    quadratures: Mapping[str, sympy.Expr] = field(default_factory=dict)
    observables: Mapping[str, sympy.Expr] = field(default_factory=dict)
    scales: Mapping[str, float] = field(default_factory=dict)
    seconds_per_time_unit: int = SECONDS_PER_HOUR
    events: tuple[Event, ...] = ()
    _digest: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        where = f"system {self.name!r}"
        if not (isinstance(self.name, str) and self.name.isprintable() and self.name.strip()):
            raise DeclarationError(
                where, "its name", "a name is one line of printable text", "Rename the system"
            )
        for attribute in ("states", "parameters", "inputs"):
            _set(self, attribute, _checked_names(where, attribute, getattr(self, attribute)))
        for attribute in ("rhs", "quadratures", "observables"):
            _set(self, attribute, checked_expressions(where, attribute, getattr(self, attribute)))
        if not self.states:
            raise DeclarationError(
                where, "no state", "a system has at least one", "Declare it in states"
            )
        _check_unique(where, self)
        _check_equations(where, self)
        _check_symbols(where, self)
        _check_observable_names(where, self)
        _set(self, "scales", _checked_scales(where, self.scales, self.states))
        _check_time_unit(where, self.seconds_per_time_unit)
        _set(self, "events", _checked_events(where, self))
        _set(self, "_digest", _digest(self))

    def __reduce__(self) -> tuple[Any, tuple[dict[str, Any]]]:
        values = {f.name: getattr(self, f.name) for f in fields(self) if f.init}
        plain = {k: dict(v) if isinstance(v, Mapping) else v for k, v in values.items()}
        return _rebuild, (plain,)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, OdeSystem) and self._digest == other._digest

    def __hash__(self) -> int:
        return hash(self._digest)

    def content_hash(self) -> str:
        """Return the SHA-256 of everything declared, the same in every process.

        Returns
        -------
        64 hexadecimal digits.

        Examples
        --------
        >>> x = symbol("x")
        >>> a = OdeSystem(name="a", states=("x",), parameters=(), rhs={"x": 1 - x})
        >>> b = OdeSystem(name="a", states=("x",), parameters=(), rhs={"x": 2 - x})
        >>> len(a.content_hash()), a.content_hash() == b.content_hash()
        (64, False)
        """
        return self._digest


def _rebuild(values: dict[str, Any]) -> OdeSystem:
    return OdeSystem(**values)


def _set(system: OdeSystem, attribute: str, value: object) -> None:
    object.__setattr__(system, attribute, value)


def _checked_names(where: str, attribute: str, names: object) -> tuple[str, ...]:
    if isinstance(names, str) or not isinstance(names, (tuple, list)):
        raise DeclarationError(
            f"{where}, {attribute}",
            f"{names!r}",
            "a tuple of names is needed",
            f"Write {attribute}=('a', 'b')",
        )
    for name in names:
        check_name(f"{where}, {attribute}", name)
    return tuple(names)


def _check_unique(where: str, system: OdeSystem) -> None:
    seen: dict[str, str] = {}
    declared = (
        ("states", system.states),
        ("parameters", system.parameters),
        ("inputs", system.inputs),
        ("quadratures", tuple(system.quadratures)),
    )
    for attribute, names in declared:
        for name in names:
            if name in seen:
                raise DeclarationError(
                    f"{where}, {attribute}",
                    f"'{name}' is already declared in {seen[name]}",
                    "states, parameters, inputs and quadratures share one set of unique names",
                    "Rename one of the two",
                )
            seen[name] = attribute


def _check_equations(where: str, system: OdeSystem) -> None:
    for name in system.rhs:
        if name not in system.states:
            raise UnknownNameError(f"{where}, rhs", "state", name, system.states, "states")
    missing = [name for name in system.states if name not in system.rhs]
    if missing:
        raise DeclarationError(
            f"{where}, rhs",
            f"no equation for {', '.join(repr(name) for name in missing)}",
            "every state has one",
            f"Add rhs[{missing[0]!r}]",
        )
    ordered = {name: system.rhs[name] for name in system.states}
    _set(system, "rhs", MappingProxyType(ordered))


def _check_symbols(where: str, system: OdeSystem) -> None:
    names = (*system.states, *system.parameters, *system.inputs, TIME.name)
    for attribute in ("rhs", "quadratures"):
        for name, expression in getattr(system, attribute).items():
            place = f"{where}, {attribute}[{name!r}]"
            _check_reads(place, expression, names, "states, parameters, inputs and t", system)
    for name, expression in system.observables.items():
        _check_reads(
            f"{where}, observables[{name!r}]",
            expression,
            (*names, *system.quadratures),
            "states, parameters, inputs, quadratures and t",
            system,
        )


def _check_reads(
    where: str, expression: sympy.Expr, names: tuple[str, ...], listed: str, system: OdeSystem
) -> None:
    for free in sorted(expression.free_symbols - _symbols(names), key=str):  # SymPy prints slowly
        name = str(free)
        if name in names:
            raise DeclarationError(
                where,
                f"symbol '{name}' has other assumptions than the declared one",
                "symbols are real",
                f"Make it with kernels.symbol({name!r})",
            )
        if name in system.quadratures:
            raise DeclarationError(
                where,
                f"it reads quadrature '{name}'",
                "only observables read quadratures",
                f"Declare '{name}' as a state",
            )
        raise UnknownNameError(where, "symbol", name, names, listed)


@functools.lru_cache(maxsize=8)  # asked for each expression of a system
def _symbols(names: tuple[str, ...]) -> frozenset[sympy.Symbol]:
    return frozenset(map(symbol, names))


def _check_observable_names(where: str, system: OdeSystem) -> None:
    declared = {*system.states, *system.parameters, *system.inputs, *system.quadratures}
    for name, expression in system.observables.items():
        if name in declared and expression != symbol(name):
            raise DeclarationError(
                f"{where}, observables[{name!r}]",
                f"'{name}' is declared as another quantity",
                "an observable may carry a declared name only if it is that quantity",
                f"Rename it, or write observables[{name!r}] = symbol({name!r})",
            )


def _checked_scales(where: str, scales: object, states: tuple[str, ...]) -> Mapping[str, float]:
    if not isinstance(scales, Mapping):
        raise DeclarationError(
            f"{where}, scales",
            f"{scales!r}",
            "a mapping from state to number is needed",
            "Write scales={'a': 1.0}",
        )
    checked = {}
    for name, scale in scales.items():
        if name not in states:
            raise UnknownNameError(f"{where}, scales", "state", str(name), states, "states")
        is_number = isinstance(scale, (int, float)) and not isinstance(scale, bool)
        if not (is_number and math.isfinite(scale) and scale > 0):
            raise RangeError(
                f"{where}, scales[{name!r}]",
                f"{scale!r}",
                "a scale is a finite number greater than zero",
                "Give the typical magnitude of the state",
            )
        checked[name] = float(scale)
    return MappingProxyType(checked)


def _checked_events(where: str, system: OdeSystem) -> tuple[Event, ...]:
    events = system.events
    if not isinstance(events, (tuple, list)) or not all(isinstance(e, Event) for e in events):
        raise DeclarationError(
            f"{where}, events", f"{events!r}", "a tuple of events is needed", "Write events=(e,)"
        )
    names = (*system.states, *system.parameters, *system.inputs, TIME.name)
    seen: set[str] = set()
    for event in events:
        place = f"{where}, event '{event.name}'"
        if event.name in seen:
            raise DeclarationError(
                f"{where}, events",
                f"'{event.name}' is declared twice",
                "events have unique names",
                "Rename one of the two",
            )
        seen.add(event.name)
        for attribute, expression in event.expressions():
            read = f"{place}, {attribute}"
            _check_reads(read, expression, names, "states, parameters, inputs and t", system)
        for name in event.assignments:
            if name not in system.states:
                raise UnknownNameError(
                    f"{place}, assignments", "state", name, system.states, "states"
                )
    return tuple(events)


def _check_time_unit(where: str, seconds: object) -> None:
    if not isinstance(seconds, int) or isinstance(seconds, bool) or seconds <= 0:
        raise RangeError(
            f"{where}, seconds_per_time_unit",
            f"{seconds!r} [s]",
            "a whole number of seconds greater than zero is needed",
            "Use 3600 for hours",
        )


def _digest(system: OdeSystem) -> str:
    memo: dict[sympy.Basic, bytes] = {}
    name_groups = (system.states, system.parameters, system.inputs)
    expression_groups = (system.rhs, system.quadratures, system.observables)
    parts = [
        system.name,
        str(system.seconds_per_time_unit),
        *(" ".join(names) for names in name_groups),
        *(digest_text(expressions, memo) for expressions in expression_groups),
        " ".join(f"{name}={system.scales[name].hex()}" for name in sorted(system.scales)),
        *(event.digest_line(memo) for event in system.events),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
