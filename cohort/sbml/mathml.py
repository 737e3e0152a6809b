"""SymPy -> MathML, the part of it that SBML Level 3 Version 2 allows.

Written here, not by SymPy's printer: numbers keep all their digits, time is SBML's csymbol, and
what SBML has no operator for is refused by name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

import sympy

from cohort.errors import CohortError
from kernels import TIME

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["MATHML", "ExportError", "math_element"]

MATHML: Final = "http://www.w3.org/1998/Math/MathML"
"""Namespace of MathML."""

_TIME_URL: Final = "http://www.sbml.org/sbml/symbols/time"
_HALF: Final = sympy.Rational(1, 2)

_FUNCTIONS: Final[Mapping[str, str]] = {
    "exp": "exp",
    "log": "ln",
    "Abs": "abs",
    "floor": "floor",
    "ceiling": "ceiling",
    "factorial": "factorial",
    "Max": "max",
    "Min": "min",
    **{name: name for name in ("sin", "cos", "tan", "sec", "csc", "cot")},
    **{name: name for name in ("sinh", "cosh", "tanh", "sech", "csch", "coth")},
    **{f"a{name}": f"arc{name}" for name in ("sin", "cos", "tan", "sec", "csc", "cot")},
    **{f"a{name}": f"arc{name}" for name in ("sinh", "cosh", "tanh", "sech", "csch", "coth")},
    "And": "and",
    "Or": "or",
    "Not": "not",
    "Xor": "xor",
    "Equality": "eq",
    "Unequality": "neq",
    "StrictGreaterThan": "gt",
    "GreaterThan": "geq",
    "StrictLessThan": "lt",
    "LessThan": "leq",
    "Add": "plus",
    "Mul": "times",
}
_CONSTANTS: Final = {
    sympy.pi: "pi",
    sympy.E: "exponentiale",
    sympy.oo: "infinity",
    sympy.true: "true",
    sympy.false: "false",
}


class ExportError(CohortError, ValueError):
    """A system holds something that SBML has no word for.

    Examples
    --------
    >>> issubclass(ExportError, ValueError)
    True
    """


def math_element(expression: sympy.Basic, where: str) -> ET.Element:
    """Return an expression as an element ``math``.

    Parameters
    ----------
    expression
        Over symbols whose names are ids of the model, and `kernels.TIME`.
    where
        Whose expression it is, for messages.

    Raises
    ------
    ExportError
        If SBML has no operator for a part of it.

    Examples
    --------
    >>> x = sympy.Symbol("x")
    >>> text = ET.tostring(math_element(1 / (1 + x), "x"), encoding="unicode")
    >>> text.count("<apply>"), "<divide" in text
    (2, True)
    """
    root = ET.Element("math", {"xmlns": MATHML})
    root.append(_node(expression, where))
    return root


def _node(expression: sympy.Basic, where: str) -> ET.Element:
    if expression == TIME:
        return _text("csymbol", "t", encoding="text", definitionURL=_TIME_URL)
    if isinstance(expression, sympy.Symbol):
        return _text("ci", expression.name)
    if expression in _CONSTANTS:
        return ET.Element(_CONSTANTS[expression])
    if isinstance(expression, sympy.Number):
        return _number(expression)
    if isinstance(expression, sympy.Pow):
        return _power(expression, where)
    if isinstance(expression, sympy.Piecewise):
        return _piecewise(expression, where)
    if isinstance(expression, sympy.sign):
        value = expression.args[0]
        signs = sympy.Piecewise((1, value > 0), (-1, value < 0), (0, True), evaluate=False)
        return _piecewise(signs, where)
    operator = _FUNCTIONS.get(type(expression).__name__)
    if operator is None:
        raise ExportError(
            f"{where}: '{type(expression).__name__}' has no operator in SBML; "
            f"{', '.join(sorted(set(_FUNCTIONS.values())))} are allowed. Write it with those."
        )
    return _apply(operator, *(_node(one, where) for one in expression.args))


def _text(tag: str, text: str, **attributes: str) -> ET.Element:
    element = ET.Element(tag, attributes)
    element.text = text
    return element


def _apply(operator: str, *arguments: ET.Element) -> ET.Element:
    element = ET.Element("apply")
    element.append(ET.Element(operator))
    element.extend(arguments)
    return element


def _number(value: sympy.Number) -> ET.Element:
    if isinstance(value, sympy.Integer):
        return _text("cn", str(int(value)), type="integer")
    if isinstance(value, sympy.Rational):
        element = _text("cn", str(int(value.p)), type="rational")
        separator = ET.SubElement(element, "sep")
        separator.tail = str(int(value.q))
        return element
    if value == -sympy.oo:
        return _apply("minus", ET.Element("infinity"))
    mantissa, _, exponent = repr(float(value)).partition("e")
    if not exponent:
        return _text("cn", mantissa)
    element = _text("cn", mantissa, type="e-notation")
    separator = ET.SubElement(element, "sep")
    separator.tail = str(int(exponent))
    return element


def _power(expression: sympy.Pow, where: str) -> ET.Element:
    base, exponent = expression.args
    if exponent.could_extract_minus_sign():
        return _apply("divide", _number(sympy.Integer(1)), _node(base**-exponent, where))
    if exponent == _HALF:
        return _apply("root", _node(base, where))
    return _apply("power", _node(base, where), _node(exponent, where))


def _piecewise(expression: sympy.Piecewise, where: str) -> ET.Element:
    element = ET.Element("piecewise")
    for value, condition in expression.args:
        if condition == sympy.true:
            ET.SubElement(element, "otherwise").append(_node(value, where))
            break
        piece = ET.SubElement(element, "piece")
        piece.append(_node(value, where))
        piece.append(_node(condition, where))
    return element
