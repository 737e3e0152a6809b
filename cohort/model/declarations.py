"""What a submodel is made of: species, parameters, reactions, rules, ports, all checked when made.

A declaration is data: frozen, with unit, meaning and source on every number. Content files
(`cohort.transmitters`, `cohort.physiology`, `cohort.drugs`) write them; `cohort.model.assemble`
joins them into a `Model`. This file holds the small parts, `cohort.model.submodel` their sum. The
small classes take their fields by position, so that a table of numbers reads as a table: one
logical line holds name, value, unit, meaning and source.
"""

import keyword
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import sympy

from cohort.errors import ModelError, RangeError, UnitError
from cohort.units import parse_unit
from kernels import TIME, symbol

__all__ = [
    "ANY",
    "FRACTION",
    "NOT_NEGATIVE",
    "POSITIVE",
    "Bounds",
    "Constant",
    "Derived",
    "Feasibility",
    "Input",
    "Mark",
    "Parameter",
    "Port",
    "Reaction",
    "Rule",
    "Source",
    "Species",
    "check_expression",
    "check_name",
]

Mark = Literal["read", "computed", "assumed", "design"]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a number comes from, and how much that is worth.

    Parameters
    ----------
    text
        Author, year and table of a source, or the reason of an assumption.
    mark
        ``read`` in the source; ``computed`` from numbers that were read; ``assumed`` as recalled
        or guessed, to be verified; ``design`` chosen for this model.

    Raises
    ------
    ModelError
        If the text is empty or the mark unknown.

    Examples
    --------
    >>> Source("Blennow 1993, table 1", "read").mark
    'read'
    """

    text: str
    mark: Mark

    def __post_init__(self) -> None:
        if not isinstance(self.text, str) or not self.text.strip():
            raise ModelError(
                f"source: text {self.text!r}; a citation or a reason is allowed. Write one."
            )
        if self.mark not in get_args(Mark):
            allowed = ", ".join(get_args(Mark))
            raise ModelError(f"source: mark {self.mark!r}; {allowed} are allowed. Choose one.")


@dataclass(frozen=True, slots=True)
class Bounds:
    """Range of values that a parameter may take.

    Parameters
    ----------
    low, high
        Ends of the range [unit of the parameter].
    is_low_open
        Whether ``low`` itself is forbidden.

    Examples
    --------
    >>> POSITIVE.contains(0.0), FRACTION.contains(1.0)
    (False, True)
    >>> print(FRACTION)
    from 0 to 1
    """

    low: float = -math.inf
    high: float = math.inf
    is_low_open: bool = False

    def __post_init__(self) -> None:
        ends = (self.low, self.high)
        is_real = all(isinstance(end, int | float) and not isinstance(end, bool) for end in ends)
        if not is_real or not self.low < self.high or not isinstance(self.is_low_open, bool):
            raise RangeError(
                f"bounds {self.low!r} to {self.high!r}; two numbers, the lower first, are allowed. "
                "Correct them."
            )

    def contains(self, value: float) -> bool:
        """Return whether a finite ``value`` [unit of the parameter] lies in the range.

        Examples
        --------
        >>> NOT_NEGATIVE.contains(-1.0)
        False
        """
        above = value > self.low if self.is_low_open else value >= self.low
        return math.isfinite(value) and above and value <= self.high

    def __str__(self) -> str:
        if self.low == -math.inf:
            return "any finite number"
        if self.high == math.inf:
            return f"{'greater than' if self.is_low_open else 'at least'} {self.low:g}"
        return f"from {self.low:g} to {self.high:g}"


ANY = Bounds()
POSITIVE = Bounds(0.0, math.inf, True)
NOT_NEGATIVE = Bounds(0.0)
FRACTION = Bounds(0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number that may differ between patients.

    Parameters
    ----------
    name
        Identifier, unique in the model.
    value
        Reference value [``unit``].
    unit
        Unit as text.
    meaning
        What it is, in words.
    source
        Where the value comes from.
    sd_log
        Standard deviation of ln(value) between patients [1]; 0 where patients do not differ.
    bounds
        Allowed values.
    follows
        Another parameter and the correlation with it: that of the logarithms between patients [1].

    Raises
    ------
    ModelError
        If the name is no identifier or the meaning empty.
    UnitError
        If the unit is not one.
    RangeError
        If the value is outside ``bounds``, ``sd_log`` is negative, or a correlation is not between
        -1 and 1.

    Examples
    --------
    >>> cl = Parameter("cl", 25.0, "L/h", "clearance", Source("label, 12.3", "read"), 0.3)
    >>> cl.symbol
    cl
    """

    name: str
    value: float
    unit: str
    meaning: str
    source: Source
    sd_log: float = 0.0
    bounds: Bounds = POSITIVE
    follows: tuple[str, float] | None = None

    def __post_init__(self) -> None:
        _check_common("parameter", self.name, self.unit, self.meaning)
        if self.follows is not None and not -1 <= self.follows[1] <= 1:
            raise RangeError(
                f"parameter {self.name!r}: correlation {self.follows[1]:g} [1] with "
                f"{self.follows[0]!r}; from -1 to 1 is allowed. Change it."
            )
        _check_value("parameter", self.name, self.value, self.unit, self.bounds)
        _check_source("parameter", self.name, self.source)
        _check_value("parameter (sd_log)", self.name, self.sd_log, "1", NOT_NEGATIVE)
        if self.sd_log and self.value <= 0:
            raise RangeError(
                f"parameter {self.name!r}: sd_log {self.sd_log:g} [1] with value {self.value:g} "
                f"[{self.unit}]; a lognormal value is greater than zero. Drop sd_log."
            )

    @property
    def symbol(self) -> sympy.Symbol:
        """Symbol that stands for the parameter in expressions.

        Examples
        --------
        >>> Parameter("q", 1.0, "L/h", "flow", Source("guess", "assumed")).symbol
        q
        """
        return symbol(self.name)


@dataclass(frozen=True, slots=True)
class Constant:
    """A number that is the same in every patient and is written into the equations.

    Shape exponents are constants: a literal exponent costs a multiplication or a square root, a
    varying one a logarithm and an exponential in every step.

    Parameters
    ----------
    name, value, unit, meaning, source
        As in `Parameter`.

    Examples
    --------
    >>> Constant("hill", 1.5, "1", "steepness", Source("fitted by hand", "design")).number
    3/2
    """

    name: str
    value: float
    unit: str
    meaning: str
    source: Source

    def __post_init__(self) -> None:
        _check_common("constant", self.name, self.unit, self.meaning)
        _check_value("constant", self.name, self.value, self.unit, ANY)
        _check_source("constant", self.name, self.source)

    @property
    def number(self) -> sympy.Number:
        """Value as SymPy writes it: exact for whole and half numbers, else a float.

        Examples
        --------
        >>> Constant("n", 2.0, "1", "steepness", Source("assumed", "assumed")).number
        2
        """
        if (2 * self.value).is_integer():
            return sympy.Rational(int(2 * self.value), 2)
        return sympy.Float(self.value)


@dataclass(frozen=True, slots=True)
class Derived:
    """A constant solved per patient from other parameters, such as a capacity from set points.

    Parameters
    ----------
    name
        Identifier, unique in the model.
    expression
        Formula that reads parameters, constants, unconnected ports and other derived constants.
    unit, meaning
        As in `Parameter`.

    Examples
    --------
    >>> k_e = Derived("k_e", symbol("cl") / symbol("v_c"), "1/h", "elimination rate constant")
    >>> k_e.expression
    cl/v_c
    """

    name: str
    expression: sympy.Expr
    unit: str
    meaning: str

    def __post_init__(self) -> None:
        _check_common("derived constant", self.name, self.unit, self.meaning)
        check_expression(f"derived constant {self.name!r}", self.expression)


@dataclass(frozen=True, slots=True)
class Species:
    """A state of the model: an amount, a concentration, or a level relative to rest.

    Parameters
    ----------
    name
        Identifier, unique in the model.
    initial
        Value at the start: a number [``unit``], or a formula of parameters and derived constants.
    unit, meaning
        As in `Parameter`.
    scale
        Typical magnitude [``unit``], greater than zero; error control is relative to it.

    Raises
    ------
    RangeError
        If the scale is not greater than zero.

    Examples
    --------
    >>> Species("depot", sympy.Integer(0), "ug", "drug in the gut", 1000.0).symbol
    depot
    """

    name: str
    initial: sympy.Expr
    unit: str
    meaning: str
    scale: float = 1.0

    def __post_init__(self) -> None:
        _check_common("species", self.name, self.unit, self.meaning)
        _check_value("species (scale)", self.name, self.scale, self.unit, POSITIVE)
        check_expression(f"species {self.name!r}, initial", self.initial)

    @property
    def symbol(self) -> sympy.Symbol:
        """Symbol that stands for the species in expressions.

        Examples
        --------
        >>> Species("central", sympy.Integer(0), "ug", "drug in plasma").symbol
        central
        """
        return symbol(self.name)


@dataclass(frozen=True, slots=True)
class Reaction:
    """A flux between species of one submodel.

    Parameters
    ----------
    name
        Identifier, unique in the submodel.
    rate
        Flux [unit of the species / h].
    stoichiometry
        Change of each species by one unit of flux [1]; -1 is consumed, 1 is made.
    meaning
        What happens, in words.

    Examples
    --------
    >>> Reaction("absorption", symbol("k_a") * symbol("depot"), {"depot": -1, "central": 1}).rate
    depot*k_a
    """

    name: str
    rate: sympy.Expr
    stoichiometry: Mapping[str, int | float]
    meaning: str = ""

    def __post_init__(self) -> None:
        check_name("reaction", self.name)
        check_expression(f"reaction {self.name!r}", self.rate)
        if not isinstance(self.stoichiometry, Mapping) or not self.stoichiometry:
            raise ModelError(
                f"reaction {self.name!r}: stoichiometry {self.stoichiometry!r}; a mapping of at "
                "least one species to its change is allowed. Name the species."
            )
        for name, count in self.stoichiometry.items():
            _check_value(f"reaction {self.name!r}, change of", name, count, "1", ANY)


@dataclass(frozen=True, slots=True)
class Rule:
    """A quantity that follows from states and parameters at every instant.

    Parameters
    ----------
    expression
        Formula.
    unit, meaning
        As in `Parameter`.

    Examples
    --------
    >>> Rule(symbol("central") / symbol("v_c"), "ug/L", "plasma concentration").unit
    'ug/L'
    """

    expression: sympy.Expr
    unit: str
    meaning: str

    def __post_init__(self) -> None:
        _check_words("rule", self.meaning)
        _check_unit(f"rule {self.meaning!r}", self.unit)
        check_expression(f"rule {self.meaning!r}", self.expression)


@dataclass(frozen=True, slots=True)
class Port:
    """A quantity that a submodel reads and another one provides.

    Parameters
    ----------
    name
        Identifier; a rule, species, input or derived constant of that name connects to it.
    unit, meaning
        As in `Parameter`.
    default
        Value when nobody provides it; it then becomes a parameter. None requires a provider.
    bounds
        Allowed values of that parameter.

    Examples
    --------
    >>> Port("tnf", "1", "tumor necrosis factor relative to rest", 1.0).default
    1.0
    """

    name: str
    unit: str
    meaning: str
    default: float | None = None
    bounds: Bounds = NOT_NEGATIVE

    def __post_init__(self) -> None:
        _check_common("port", self.name, self.unit, self.meaning)
        _check_bounds("port", self.name, self.bounds)
        if self.default is not None:
            _check_value("port", self.name, self.default, self.unit, self.bounds)


@dataclass(frozen=True, slots=True)
class Input:
    """A piecewise-constant function of time that only the schedule sets; 0 before.

    Parameters
    ----------
    name, unit, meaning
        As in `Parameter`.

    Examples
    --------
    >>> Input("infusion", "ug/h", "drug given into a vein").unit
    'ug/h'
    """

    name: str
    unit: str
    meaning: str

    def __post_init__(self) -> None:
        _check_common("input", self.name, self.unit, self.meaning)


@dataclass(frozen=True, slots=True)
class Feasibility:
    """A condition that a patient's parameters must meet; otherwise no rest exists.

    Parameters
    ----------
    expression
        Formula of parameters that must be greater than zero.
    meaning
        The condition in words.

    Examples
    --------
    >>> Feasibility(symbol("synthesis") - symbol("loss"), "synthesis exceeds loss").meaning
    'synthesis exceeds loss'
    """

    expression: sympy.Expr
    meaning: str

    def __post_init__(self) -> None:
        _check_words("feasibility", self.meaning)
        check_expression(f"feasibility {self.meaning!r}", self.expression)


def check_name(kind: str, name: str) -> None:
    """Refuse a name that cannot stand in an expression.

    Examples
    --------
    >>> check_name("species", "5ht")
    Traceback (most recent call last):
    ...
    cohort.errors.ModelError: species '5ht': the name; a Python identifier other than 't' is \
allowed. Rename it.
    """
    is_plain = isinstance(name, str) and name.isidentifier() and not keyword.iskeyword(name)
    if not is_plain or name == TIME.name:
        raise ModelError(
            f"{kind} {name!r}: the name; a Python identifier other than {TIME.name!r} is allowed. "
            "Rename it."
        )


def check_expression(where: str, expression: sympy.Expr) -> None:
    """Refuse what is no SymPy expression, plain Python numbers included.

    Examples
    --------
    >>> check_expression("rate", 1.0)
    Traceback (most recent call last):
    ...
    cohort.errors.ModelError: rate: 1.0; a SymPy expression is allowed. Build it from symbol(...) \
and sympy.Integer or sympy.Float.
    """
    if not isinstance(expression, sympy.Expr):
        raise ModelError(
            f"{where}: {expression!r}; a SymPy expression is allowed. "
            "Build it from symbol(...) and sympy.Integer or sympy.Float."
        )


def _check_common(kind: str, name: str, unit: str, meaning: str) -> None:
    check_name(kind, name)
    _check_unit(f"{kind} {name!r}", unit)
    _check_words(f"{kind} {name!r}", meaning)


def _check_unit(where: str, unit: str) -> None:
    if not isinstance(unit, str):
        raise UnitError(f"{where}: unit {unit!r}; a text is allowed. Write '1' for none.")
    parse_unit(unit, where)


def _check_words(where: str, meaning: str) -> None:
    if not isinstance(meaning, str) or not meaning.strip():
        raise ModelError(f"{where}: meaning {meaning!r}; a few words are allowed. Write them.")


def _check_source(kind: str, name: str, source: Source) -> None:
    if not isinstance(source, Source):
        raise ModelError(
            f"{kind} {name!r}: source {source!r}; a Source is allowed. Say where the value is from."
        )


def _check_bounds(kind: str, name: str, bounds: Bounds) -> None:
    if not isinstance(bounds, Bounds):
        raise ModelError(
            f"{kind} {name!r}: bounds {bounds!r}; Bounds are allowed. Use POSITIVE, NOT_NEGATIVE, "
            "FRACTION or ANY."
        )


def _check_value(kind: str, name: str, value: float, unit: str, bounds: Bounds) -> None:
    _check_bounds(kind, name, bounds)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RangeError(f"{kind} {name!r}: value {value!r}; a number [{unit}] is. Write one.")
    if not bounds.contains(value):
        raise RangeError(
            f"{kind} {name!r}: value {value:g} [{unit}]; {bounds} [{unit}] is allowed. "
            "Change the value or its bounds."
        )
