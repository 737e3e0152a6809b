"""Powers as SBML means them, and those whose slopes would overflow."""

from __future__ import annotations

from typing import Final

import sympy

from kernels import SignedPower

__all__ = ["with_bounded_exponents", "with_signed_powers"]

_MOST_PRODUCTS: Final = 16  # exponents that the engine writes out; half-integer ones are roots
_LARGEST_EXPONENT: Final = 700  # e^700 is 1e304; what it divides is 0 in every digit


def with_signed_powers(expression: sympy.Basic) -> sympy.Basic:
    """Return it with powers that are defined where a base is negative and its exponent whole.

    Exponents that are small whole numbers are products in the engine, and need no care.

    Examples
    --------
    >>> from kernels import symbol
    >>> x, n = symbol("x"), symbol("n")
    >>> with_signed_powers(x**n + x**2 + 10**n)
    10**n + x**2 + SignedPower(x, n)
    """
    return expression.replace(_may_need_sign, lambda node: SignedPower(*node.args))


def _may_need_sign(node: sympy.Basic) -> bool:
    if not isinstance(node, sympy.Pow) or node.base.is_nonnegative:
        return False
    return not node.exp.is_number or (node.exp == int(node.exp) and abs(node.exp) > _MOST_PRODUCTS)


def with_bounded_exponents(expression: sympy.Expr) -> sympy.Expr:
    """Return it with exponents in sums that divide held below overflow.

    The slope of a / (b + e^u) is e^u / (b + e^u)^2, infinity over infinity once e^u overflows, and
    one such entry makes every step fail. Published models gate by such terms (Cloutier 2009).

    Examples
    --------
    >>> from kernels import symbol
    >>> with_bounded_exponents(1 / (1 + sympy.exp(symbol("u"))))
    1/(exp(Min(700, u)) + 1)
    """

    def bounded(node: sympy.Pow) -> sympy.Expr:
        inner = {
            found: sympy.exp(sympy.Min(found.exp, _LARGEST_EXPONENT))
            for found in node.base.atoms(sympy.exp)
            if found.free_symbols
        }
        return sympy.Pow(node.base.xreplace(inner), node.exp)

    return expression.replace(
        lambda node: (
            isinstance(node, sympy.Pow)
            and node.exp.is_number
            and node.exp.is_negative
            and isinstance(node.base, sympy.Add)
            and node.base.has(sympy.exp)
        ),
        bounded,
    )
