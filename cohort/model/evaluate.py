"""Evaluate a formula of parameters on columns of patients, one value a lane.

Set points, capacities and feasibility conditions are computed here, before a solver starts. Only
`kernels.arithmetic` and IEEE operations are used, in a fixed order, so that one patient gets the
same bits in every block; NumPy's own exp, log and power are refused for that reason.
"""

from collections.abc import Callable, Mapping

import numpy as np
import sympy
from numpy.typing import NDArray
from sympy.logic.boolalg import Boolean, BooleanFalse, BooleanTrue

from cohort.errors import ModelError, UnknownNameError
from kernels import arithmetic

__all__ = ["evaluate"]

Lane = NDArray[np.float64]

_FUNCTIONS: Mapping[type, Callable[[Lane], Lane]] = {
    sympy.exp: arithmetic.exp,
    sympy.log: arithmetic.log,
    sympy.sin: arithmetic.sin,
    sympy.cos: arithmetic.cos,
    sympy.Abs: np.abs,
}
_RELATIONS: Mapping[type, Callable[[Lane, Lane], NDArray[np.bool_]]] = {
    sympy.StrictGreaterThan: np.greater,
    sympy.GreaterThan: np.greater_equal,
    sympy.StrictLessThan: np.less,
    sympy.LessThan: np.less_equal,
}
_LONGEST_CHAIN = 8  # whole powers up to this are products: exact where a power rounds


def evaluate(
    expressions: Mapping[str, sympy.Expr], columns: Mapping[str, Lane], n_lane: int
) -> dict[str, Lane]:
    """Return the value of each formula for each lane.

    Parameters
    ----------
    expressions
        Formulas by name.
    columns
        Value of every symbol by name, each of shape ``(n_lane,)``.
    n_lane
        Number of lanes.

    Returns
    -------
    Arrays by name, each of shape ``(n_lane,)``. Where a formula divides by zero the value is
    infinite or not a number, as IEEE says.

    Raises
    ------
    UnknownNameError
        If a formula names something without a column.
    ModelError
        If a formula uses a function that has no lane arithmetic.

    Examples
    --------
    >>> v_max = sympy.Symbol("flux") * (sympy.Symbol("k_m") + 1)
    >>> columns = {"flux": np.array([4.0, 8.0]), "k_m": np.array([160.0, 40.0])}
    >>> evaluate({"v_max": v_max}, columns, n_lane=2)
    {'v_max': array([644., 328.])}
    """
    memo: dict[sympy.Basic, Lane] = {}
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return {
            name: np.ascontiguousarray(np.broadcast_to(_value(item, columns, memo), (n_lane,)))
            for name, item in expressions.items()
        }


def _value(node: sympy.Expr, columns: Mapping[str, Lane], memo: dict[sympy.Basic, Lane]) -> Lane:
    if node not in memo:
        memo[node] = _compute(node, columns, memo)
    return memo[node]


def _compute(node: sympy.Expr, columns: Mapping[str, Lane], memo: dict[sympy.Basic, Lane]) -> Lane:
    if node.is_number:
        return np.array([float(node)])
    if isinstance(node, sympy.Symbol):
        if node.name not in columns:
            raise UnknownNameError("evaluate", node.name, columns, "symbol")
        return columns[node.name]
    if isinstance(node, sympy.Pow):
        return _power(_value(node.args[0], columns, memo), node.args[1], columns, memo)
    if isinstance(node, sympy.Piecewise):
        return _piecewise(node, columns, memo)
    values = [_value(item, columns, memo) for item in _ordered(node)]
    folds: Mapping[type, Callable[[Lane, Lane], Lane]] = {
        sympy.Add: np.add,
        sympy.Mul: np.multiply,
        sympy.Max: np.maximum,
        sympy.Min: np.minimum,
    }
    if type(node) in folds:
        total = values[0]
        for value in values[1:]:
            total = folds[type(node)](total, value)
        return total
    if type(node) in _FUNCTIONS:
        return _FUNCTIONS[type(node)](values[0])
    raise ModelError(
        f"evaluate: {node} uses {type(node).__name__}; sums, products, powers, exp, log, sin, "
        "cos, Abs, Max, Min and Piecewise are allowed. Write it with these."
    )


def _ordered(node: sympy.Expr) -> list[sympy.Expr]:
    """Arguments in an order that does not depend on the process; it fixes the rounding."""
    return sorted(node.args, key=sympy.default_sort_key)


def _power(
    base: Lane, exponent: sympy.Expr, columns: Mapping[str, Lane], memo: dict[sympy.Basic, Lane]
) -> Lane:
    if exponent.is_Integer and abs(int(exponent)) <= _LONGEST_CHAIN:
        product = base
        for _ in range(abs(int(exponent)) - 1):
            product = product * base
        return product if exponent > 0 else 1.0 / product
    if exponent == sympy.Rational(1, 2):
        return np.sqrt(base)
    lane = _value(exponent, columns, memo)
    base, lane = np.broadcast_arrays(base, lane)
    return arithmetic.power(base, lane)


def _piecewise(
    node: sympy.Piecewise, columns: Mapping[str, Lane], memo: dict[sympy.Basic, Lane]
) -> Lane:
    result = np.array([np.nan])  # no branch applies
    for branch, condition in reversed(node.args):
        chosen = _truth(condition, columns, memo)
        result = np.where(chosen, _value(branch, columns, memo), result)
    return result


def _truth(
    condition: Boolean, columns: Mapping[str, Lane], memo: dict[sympy.Basic, Lane]
) -> NDArray[np.bool_]:
    if isinstance(condition, BooleanTrue | BooleanFalse):
        return np.array([bool(condition)])
    if type(condition) in _RELATIONS:
        left, right = (_value(side, columns, memo) for side in condition.args)
        return _RELATIONS[type(condition)](left, right)
    parts = [_truth(part, columns, memo) for part in condition.args]
    if isinstance(condition, sympy.Not):
        return ~parts[0]
    result = parts[0]
    for part in parts[1:]:
        result = result & part if isinstance(condition, sympy.And) else result | part
    return result
