"""Errors of the engine: one tree, one message form, all of them survive pickling.

::

    KernelError
    ├── DeclarationError (ValueError)   a system contradicts itself
    ├── UnknownNameError (ValueError)   a name that nobody declared; names the nearest ones
    ├── RangeError (ValueError)         a number outside what is allowed
    ├── ShapeError (ValueError)         an array with the wrong axes or dtype
    ├── DeviceError (RuntimeError)      a device that is not there
    ├── IntegrationError (RuntimeError) lanes that failed, when the caller asked for none to
    └── BuildError (RuntimeError)       a program that cannot be built or read
        └── LoweringError               an expression that no target can compute

Every message reads ``<where>: <what was given>; <what is allowed>. <what to do>.``
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "BuildError",
    "DeclarationError",
    "DeviceError",
    "IntegrationError",
    "KernelError",
    "LoweringError",
    "RangeError",
    "ShapeError",
    "UnknownNameError",
]

N_NEAREST = 3
"""How many near names a message offers."""


class KernelError(Exception):
    """Root of the engine's errors; builds the house message from its four parts.

    Parameters
    ----------
    where
        The place of the mistake: a declaration, an argument, a file.
    given
        What was given, with value and unit.
    allowed
        What is allowed there.
    remedy
        What to do, a sentence without its full stop.

    Examples
    --------
    >>> print(KernelError("solver.rtol", "-1.0 was given", "it is greater than zero", "Use 1e-5"))
    solver.rtol: -1.0 was given; it is greater than zero. Use 1e-5.
    """

    def __init__(self, where: str, given: str, allowed: str, remedy: str) -> None:
        super().__init__(where, given, allowed, remedy)
        self.where = where
        self.given = given
        self.allowed = allowed
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.where}: {self.given}; {self.allowed}. {self.remedy}."


class DeclarationError(KernelError, ValueError):
    """A declaration that contradicts itself.

    Examples
    --------
    >>> print(DeclarationError("system 'a'", "state 'x' twice", "names are unique", "Rename one"))
    system 'a': state 'x' twice; names are unique. Rename one.
    """


class UnknownNameError(KernelError, ValueError):
    """A name that nobody declared, with the nearest declared ones.

    Parameters
    ----------
    where
        The place of the mistake.
    kind
        What the name should have been, for example ``"state"``.
    name
        The name given.
    known
        The names that would have been right.
    listed_in
        Where all of them are listed.

    Examples
    --------
    >>> print(UnknownNameError("scales", "state", "dept", ("depot", "central"), "system.states"))
    scales: unknown state 'dept'; the nearest known is 'depot'. Choose from system.states.
    """

    def __init__(
        self, where: str, kind: str, name: str, known: Iterable[str], listed_in: str
    ) -> None:
        self.kind = kind
        self.name = name
        self.known = tuple(known)
        self.listed_in = listed_in
        super().__init__(
            where,
            f"unknown {kind} '{name}'",
            nearest_names(name, self.known),
            f"Choose from {listed_in}",
        )

    def __reduce__(self) -> tuple[type[UnknownNameError], tuple[object, ...]]:
        return type(self), (self.where, self.kind, self.name, self.known, self.listed_in)


class RangeError(KernelError, ValueError):
    """A number outside what is allowed.

    Examples
    --------
    >>> print(RangeError("solver.rtol", "0.0", "greater than zero", "Use 1e-5"))
    solver.rtol: 0.0; greater than zero. Use 1e-5.
    """


class ShapeError(KernelError, ValueError):
    """An array whose axes or dtype are not the declared ones.

    Examples
    --------
    >>> print(ShapeError("lanes.states", "shape (3,)", "(3, n_lane)", "Add the lane axis"))
    lanes.states: shape (3,); (3, n_lane). Add the lane axis.
    """


class DeviceError(KernelError, RuntimeError):
    """A device that was asked for by name and is not there.

    Examples
    --------
    >>> print(DeviceError("device", "'cuda:1'", "numpy is available", "Use 'auto'"))
    device: 'cuda:1'; numpy is available. Use 'auto'.
    """


class IntegrationError(KernelError, RuntimeError):
    """Lanes that failed in an integration whose caller allowed none to.

    Examples
    --------
    >>> print(IntegrationError("integrate", "2 of 9 lanes failed", "none may", "Loosen rtol"))
    integrate: 2 of 9 lanes failed; none may. Loosen rtol.
    """


class BuildError(KernelError, RuntimeError):
    """A program that cannot be built or read back.

    Examples
    --------
    >>> print(BuildError("program text, line 3", "'ad v0'", "an operation", "Lower again"))
    program text, line 3: 'ad v0'; an operation. Lower again.
    """


class LoweringError(BuildError):
    """An expression that cannot be turned into the operations every target has.

    Examples
    --------
    >>> print(LoweringError("rhs['x']", "gamma(x)", "exp, log, ...", "Rewrite it"))
    rhs['x']: gamma(x); exp, log, .... Rewrite it.
    """


def nearest_names(name: str, known: Iterable[str]) -> str:
    """Return the part of a message that names the nearest known names.

    Examples
    --------
    >>> nearest_names("sertralin", ["sertraline", "citalopram"])
    "the nearest known is 'sertraline'"
    >>> nearest_names("x", [])
    'none is declared'
    """
    candidates = list(dict.fromkeys(known))
    if not candidates:
        return "none is declared"
    near = difflib.get_close_matches(name, candidates, n=N_NEAREST, cutoff=0.5)
    if near:
        verb = "is" if len(near) == 1 else "are"
        return f"the nearest known {verb} {', '.join(repr(n) for n in near)}"
    shown = ", ".join(repr(n) for n in candidates[:N_NEAREST])
    more = ", ..." if len(candidates) > N_NEAREST else ""
    return f"known: {shown}{more}"
