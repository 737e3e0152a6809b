"""The chemistry written out for other packages: one text that Python, CasADi and DiffSL all read.

States are in units of their scale, so that packages with one absolute tolerance for all states get
the same as ours. What depends on parameters alone is worked out once a patient and given to the
packages as numbers, so that none of them pays for it at every step; what equations have in common
is named once. Names are letters only, since DiffSL reserves many.
"""

import functools
from dataclasses import dataclass

import numpy as np
import sympy
from sympy.printing.pycode import PythonCodePrinter

from engine import chemistry
from kernels import TIME, symbol


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The equations with per-patient constants.

    Parameters
    ----------
    states
        Symbols of the states, in units of their scale.
    constants
        Formula by symbol of every constant that differs between people.
    common
        Symbol and formula of what several equations read, in order.
    rates
        Time derivatives [scale of the state / h].
    """

    states: tuple[sympy.Symbol, ...]
    constants: dict[sympy.Symbol, sympy.Expr]
    common: tuple[tuple[sympy.Symbol, sympy.Expr], ...]
    rates: tuple[sympy.Expr, ...]


@functools.cache
def form():
    """Return the equations as other packages get them."""
    states, constants, rates = _hoisted()
    common, reduced = sympy.cse(rates, _symbols("v"))
    return Form(states=states, constants=constants, common=tuple(common), rates=tuple(reduced))


def scaled(people):
    """Return the states at rest in units of their scales, shape ``(n, n_state)``."""
    return people.starts / chemistry.scales()


def boluses(stretch):
    """Return row and amount [scale of the state] of what a stretch begins with."""
    scales = chemistry.scales()
    return [(row, amount / scales[row]) for row, amount in stretch.boluses]


def follow(start, solve, days=chemistry.DAYS):
    """Do as `chemistry.follow` where ``start`` and ``solve`` are in units of the scales."""
    scales = chemistry.scales()

    def in_scales(state, stretch):
        return solve(state / scales, stretch) * scales

    return chemistry.follow(start * scales, in_scales, days)


def constants(people):
    """Return the numbers of every patient, shape ``(n, n_constant)``."""
    names = [symbol(name) for name in chemistry.system().parameters]
    formulas = list(form().constants.values())
    values = sympy.lambdify(names, formulas, "numpy", cse=True)(*people.parameters.T)
    columns = [np.broadcast_to(value, len(people)) for value in values]
    return np.ascontiguousarray(np.stack(columns, axis=1))


def python_rates(name):
    """Return the text of ``name(t, y, p, d)``, which writes derivatives into ``d``.

    It calls exp, cos, sqrt, pow and max of two numbers; whoever runs it brings them.
    """
    lines = [f"def {name}(t, y, p, d):", *_unpacked()]
    lines += [f"    {key} = {written(value)}" for key, value in form().common]
    lines += [f"    d[{i}] = {written(rate)}" for i, rate in enumerate(form().rates)]
    return "\n".join(lines)


def python_jacobian(name):
    """Return the text of ``name(t, y, p, J)``, which writes the nonzeros into ``J``."""
    states, _, rates = _hoisted()
    places, entries = [], []
    for i, rate in enumerate(rates):
        for j, state in enumerate(states):
            if rate.has(state):
                places.append((i, j))
                entries.append(rate.diff(state))
    common, reduced = sympy.cse(entries, _symbols("w"))
    lines = [f"def {name}(t, y, p, J):", *_unpacked()]
    lines += [f"    {key} = {written(value)}" for key, value in common]
    lines += [
        f"    J[{i}, {j}] = {written(value)}" for (i, j), value in zip(places, reduced, strict=True)
    ]
    return "\n".join(lines)


def diffsl():
    """Return DiffSL, whose inputs are the constants and then the state at the start."""
    starts = [str(state).replace("x", "z", 1) for state in form().states]
    lines = ["in_i {", *(f"  {name} = 1.0," for name in (*form().constants, *starts)), "}"]
    pairs = zip(form().states, starts, strict=True)
    lines += ["u_i {", *(f"  {state} = {start}," for state, start in pairs), "}"]
    lines += [f"{name} {{ {written(value)} }}" for name, value in form().common]
    lines += ["F_i {", *(f"  {written(rate)}," for rate in form().rates), "}"]
    return "\n".join(lines)


def _unpacked():
    lines = [f"    {name} = y[{i}]" for i, name in enumerate(form().states)]
    return lines + [f"    {name} = p[{i}]" for i, name in enumerate(form().constants)]


def _symbols(prefix):
    for number in range(100_000):
        letters = "".join("abcdefghij"[int(digit)] for digit in f"{number:04d}")
        yield sympy.Symbol(prefix + letters, real=True)


@functools.cache
def _hoisted():
    """Return symbols of states, constants by symbol, and rates that read nothing else but time."""
    system, scales = chemistry.system(), chemistry.scales()
    states = tuple(state for state, _ in zip(_symbols("x"), system.states, strict=False))
    values = {name: item.value for name, item in chemistry.model().parameters.items()}
    fixed = {
        symbol(name): sympy.Float(value, 17)
        for name, value in values.items()
        if name not in chemistry.varied()
    }
    in_scales = {
        symbol(name): sympy.Float(scale, 17) * state
        for name, scale, state in zip(system.states, scales, states, strict=True)
    }
    hoist = _Hoist({*states, TIME})
    rates = tuple(
        hoist(system.rhs[name].xreplace(fixed).xreplace(in_scales) / sympy.Float(scale, 17))
        for name, scale in zip(system.states, scales, strict=True)
    )
    return states, {name: formula for formula, name in hoist.named.items()}, rates


class _Hoist:
    """Replace every largest part of an expression that reads parameters alone by a constant."""

    def __init__(self, moving):
        self.moving, self.named, self.names = moving, {}, _symbols("c")

    def __call__(self, expression):
        if not expression.free_symbols & self.moving:
            return self._constant(expression)
        if expression.is_Add or expression.is_Mul:
            still = [part for part in expression.args if not part.free_symbols & self.moving]
            others = [self(part) for part in expression.args if part.free_symbols & self.moving]
            if still:
                others.append(self._constant(expression.func(*still)))
            return expression.func(*others)
        return expression.func(*map(self, expression.args)) if expression.args else expression

    def _constant(self, expression):
        if not expression.free_symbols:
            return expression
        if expression not in self.named:
            self.named[expression] = next(self.names)
        return self.named[expression]


class _Plain(PythonCodePrinter):
    """Products for whole powers, square roots for halves, functions by their bare names."""

    def _print_Pow(self, expression, **_):  # noqa: N802  SymPy's name
        base, power = expression.base, expression.exp
        text = self._print(base)
        text = text if base.is_Symbol else f"({text})"
        if not (power.is_Rational and (2 * power).is_Integer and abs(power) <= 4):
            return f"pow({text}, {self._print(power)})"
        whole, half = divmod(abs(power), 1)
        product = "*".join([text] * int(whole) + ([f"sqrt({text})"] if half else []))
        return f"({product})" if power > 0 else f"(1.0/({product}))"

    def _print_Max(self, expression):  # noqa: N802
        first, *others = map(self._print, expression.args)
        text = first
        for other in others:
            text = f"max({text}, {other})"
        return text

    def _print_Float(self, expression):  # noqa: N802  as many digits as a double has
        return repr(float(expression))

    def _print_Rational(self, expression):  # noqa: N802
        return repr(float(expression))

    def _print_Heaviside(self, expression):  # noqa: N802  the slope of a maximum
        return f"(1.0 if {self._print(expression.args[0])} > 0.0 else 0.0)"

    _print_Integer = _print_Rational  # noqa: N815

    def _print_Function(self, expression):  # noqa: N802
        arguments = ", ".join(map(self._print, expression.args))
        return f"{expression.func.__name__}({arguments})"

    _print_exp = _print_cos = _print_sin = _print_log = _print_Function


written = _Plain({"fully_qualified_modules": False, "allow_unknown_functions": True}).doprint
