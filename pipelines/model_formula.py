"""SymPy expressions as mathematics for people: infix text, wrapped lines, LaTeX.

A product is written group by group, each numerator before the denominator that it belongs to:
``v * s / (k + s) * (1 + c) / (1 + c * x)`` is a capacity, a saturation and a brake. Read from left
to right, as division and multiplication are, the text is the exact formula.
`pipelines.model_view` enters here.
"""

import functools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

import sympy
from sympy.logic.boolalg import Boolean

__all__ = ["infix", "latex", "latex_lines", "latex_name", "product_groups", "wrapped"]

_SUM, _PRODUCT, _POWER, _ATOM = range(4)
_OPERATORS: Final = ("+", "-", "*", "/", "if", "else", "and", "or")
_LEAST_FILL: Final = 0.5  # of a line, before a break is looked for at the outermost operator
_N_DIGITS: Final = 6
_LATEX_WIDTH: Final = 110  # letters of a rendered line
_HALF: Final = sympy.Rational(1, 2)

Group = tuple[tuple[sympy.Expr, ...], tuple[sympy.Expr, ...]]


def infix(expression: sympy.Expr, ranks: Mapping[str, int] | None = None) -> str:
    """Return an expression as text.

    Parameters
    ----------
    expression
        Formula.
    ranks
        Place of a name among the factors of a product, the lowest first; 0 where it is left out.

    Returns
    -------
    Text with ``^`` for powers and spaces around the other operators.

    Examples
    --------
    >>> from kernels import symbol
    >>> v, k, s, c, x = map(symbol, "vkscx")
    >>> infix((1 + c) / (1 + c * x**2) * v * s / (k + s), {"s": 1, "x": 1})
    'v * s / (k + s) * (1 + c) / (1 + c * x^2)'
    >>> infix(1 - x - c), infix(-(x**2)), infix((x - 1) / k)
    ('1 - c - x', '-x^2', '(x - 1) / k')
    """
    return _Infix(ranks or {}).write(expression)


def latex(expression: sympy.Expr, ranks: Mapping[str, int] | None = None) -> str:
    r"""Return an expression as LaTeX, group by group of its outermost product.

    Parameters
    ----------
    expression
        Formula.
    ranks
        As in `infix`.

    Returns
    -------
    LaTeX of SymPy; names stand upright. No backslash stands before punctuation, because Markdown
    takes such a backslash for its own.

    Examples
    --------
    >>> from kernels import symbol
    >>> print(latex(symbol("v_max") * symbol("s") / (2 + symbol("s"))))
    \mathrm{v\ max} \cdot \frac{\mathrm{s}}{\mathrm{s} + 2}
    """
    names = {item: latex_name(item.name) for item in expression.free_symbols}

    def write(part: sympy.Expr) -> str:
        text: str = sympy.latex(part, symbol_names=names, mul_symbol="dot", fold_short_frac=False)
        return text

    plain = _rounded(expression)
    if not isinstance(plain, sympy.Mul):
        return write(plain)
    sign, groups = product_groups(plain, ranks or {})
    parts = []
    for tops, bottoms in groups:
        # single factors one by one, so that their order is that of the text
        pieces = [sympy.Mul(*tops) / sympy.Mul(*bottoms)] if bottoms else list(tops)
        is_alone = len(groups) == len(pieces) == sign
        for piece in pieces:
            is_sum = isinstance(piece, sympy.Add) and not is_alone
            written = rf"\left({write(piece)}\right)" if is_sum else write(piece)
            width = max(len(infix(part)) for part in sympy.fraction(piece))
            parts.append((written, width))
    first, *others = parts
    head = f"- {first[0]}" if sign < 0 else first[0]
    return latex_lines([(head, first[1]), *((rf"\cdot {text}", size) for text, size in others)])


def latex_lines(parts: Sequence[tuple[str, int]]) -> str:
    r"""Return LaTeX in as many aligned lines as it needs.

    Parameters
    ----------
    parts
        Pieces in order, each with its width in letters as rendered.

    Returns
    -------
    One line, or an ``aligned`` block whose lines end in ``\cr``.

    Examples
    --------
    >>> print(latex_lines([("a", 1), ("+ b", 1)]))
    a + b
    >>> print(latex_lines([("a", 80), ("+ b", 80)]))
    \begin{aligned}& a \cr & + b\end{aligned}
    """
    lines: list[list[str]] = [[]]
    filled = 0
    for text, width in parts:
        if lines[-1] and filled + width > _LATEX_WIDTH:
            lines.append([])
            filled = 0
        lines[-1].append(text)
        filled += width + 3  # the operator before the next one
    if len(lines) == 1:
        return " ".join(lines[0])
    joined = r" \cr & ".join(" ".join(line) for line in lines)
    return rf"\begin{{aligned}}& {joined}\end{{aligned}}"


def latex_name(name: str) -> str:
    r"""Return a name as upright LaTeX, with spaces for underscores.

    Examples
    --------
    >>> print(latex_name("tph_v_max"))
    \mathrm{tph\ v\ max}
    """
    return rf"\mathrm{{{name.replace('_', chr(92) + ' ')}}}"


def wrapped(text: str, width: int, indent: str) -> str:
    """Return a formula on as many lines as it needs, broken before operators.

    Parameters
    ----------
    text
        Formula on one line.
    width
        Most characters of a line; one long word may exceed it.
    indent
        What the second and later lines begin with.

    Returns
    -------
    Lines that, joined by spaces, are the formula again. A break at an outer operator is preferred.

    Examples
    --------
    >>> print(wrapped("flux = v_max * s / (k + s) - loss * (1 - blocked)", 32, "    "))
    flux = v_max * s / (k + s)
        - loss * (1 - blocked)
    """
    lines, start = [], ""
    while len(start + text) > width:
        place = _best_break(text, width - len(start))
        if place is None:
            break
        lines.append(start + text[:place])
        text, start = text[place + 1 :], indent
    return "\n".join([*lines, start + text])


def _best_break(text: str, room: int) -> int | None:
    """Return the space to break at: the outermost of the later ones that fit, else the first."""
    places = list(_breaks(text))
    fitting = [(place, depth) for place, depth in places if place <= room]
    if not fitting:
        return places[0][0] if places else None
    late = [item for item in fitting if item[0] >= _LEAST_FILL * room] or fitting[-1:]
    outermost = min(depth for _, depth in late)
    return max(place for place, depth in late if depth == outermost)


def _breaks(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spaces before operators and after commas, each with its depth of nesting."""
    depth = 0
    for place, letter in enumerate(text):
        depth += (letter in "([") - (letter in ")]")
        if letter != " " or place == 0:
            continue
        word = text[place + 1 :].split(" ", 1)[0]
        if word in _OPERATORS:
            # a product binds its factors closer than a sum its terms
            yield place, 2 * depth + (word in "*/")
        elif text[place - 1] == ",":
            yield place, 2 * depth


class _Infix:
    """Write an expression; brackets only where precedence asks for them."""

    def __init__(self, ranks: Mapping[str, int]) -> None:
        self.ranks = ranks

    def write(self, node: sympy.Expr, outer: int = _SUM) -> str:
        """Return the text of a part that stands inside an operation of some precedence."""
        for kind, (usual, writer) in self._writers().items():
            if isinstance(node, kind):
                text, precedence = writer(node), usual
                if isinstance(node, sympy.Pow) and node.exp.could_extract_minus_sign():
                    precedence = _PRODUCT  # it is written as a division
                is_negative = text.startswith("-") and outer > _SUM
                return f"({text})" if precedence < outer or is_negative else text
        return f"{_function_name(node)}({', '.join(map(self.write, node.args))})"

    def _writers(self) -> dict[type, tuple[int, Callable[[sympy.Expr], str]]]:
        return {
            sympy.Symbol: (_ATOM, lambda node: node.name),
            sympy.Rational: (_ATOM, self._rational),
            sympy.Float: (_ATOM, lambda node: _decimal(float(node))),
            sympy.NumberSymbol: (_ATOM, str),
            sympy.Add: (_SUM, self._sum),
            sympy.Mul: (_PRODUCT, self._product),
            sympy.Pow: (_POWER, self._power),
            sympy.Piecewise: (_SUM, self._cases),
        }

    def _rational(self, node: sympy.Rational) -> str:
        text = _decimal(float(node))
        is_exact = sympy.Rational(text) == node
        return text if is_exact else f"({node.p} / {node.q})"

    def _sum(self, node: sympy.Add) -> str:
        terms = sorted(node.args, key=functools.partial(_term_key, self.ranks))
        if (first := next((one for one in terms if not _is_negative(one)), None)) is not None:
            terms.remove(first)
            terms.insert(0, first)
        text = ""
        for term in terms:
            is_negative = _is_negative(term)
            written = self.write(-term if is_negative else term, _PRODUCT)
            if not text:
                text = f"-{written}" if is_negative else written
            else:
                text += f" {'-' if is_negative else '+'} {written}"
        return text

    def _product(self, node: sympy.Mul) -> str:
        sign, groups = product_groups(node, self.ranks)
        words: list[str] = []
        for tops, bottoms in groups:
            for top in tops or ((sympy.S.One,) if not words else ()):
                words += ["*", self.write(top, _PRODUCT)]
            for bottom in bottoms:
                is_product = isinstance(bottom, sympy.Mul)
                words += ["/", self.write(bottom, _POWER if is_product else _PRODUCT)]
        return ("-" if sign < 0 else "") + " ".join(words[1:])

    def _power(self, node: sympy.Pow) -> str:
        base, exponent = node.args
        if exponent == _HALF:
            return f"sqrt({self.write(base)})"
        if exponent.could_extract_minus_sign():
            return f"1 / {self.write(base**-exponent, _POWER)}"
        return f"{self.write(base, _ATOM)}^{self.write(exponent, _ATOM)}"

    def _cases(self, node: sympy.Piecewise) -> str:
        parts = []
        for value, condition in node.args:
            if condition is sympy.true:
                parts.append(self.write(value))
            else:
                parts.append(f"{self.write(value)} if {_condition(condition, self)} else")
        return " ".join(parts)


def product_groups(node: sympy.Mul, ranks: Mapping[str, int]) -> tuple[int, tuple[Group, ...]]:
    """Return a product as its sign and groups of factors over the divisors they belong to.

    Parameters
    ----------
    node
        Product.
    ranks
        As in `infix`.

    Returns
    -------
    Sign, 1 or -1; then groups, each numerators and denominators.

    Examples
    --------
    >>> from kernels import symbol
    >>> v, k, s = map(symbol, "vks")
    >>> product_groups(v * s / (k + s), {})
    (1, (((v,), ()), ((s,), (k + s,))))
    """
    number, factors = node.as_coeff_mul()
    sign = -1 if number.could_extract_minus_sign() else 1
    number = abs(number)
    tops, bottoms = [], []
    for factor in sorted(factors, key=functools.partial(_factor_key, ranks)):
        base, exponent = factor.as_base_exp()
        if exponent.could_extract_minus_sign():
            bottoms.append(base**-exponent)
        else:
            tops.append(factor)
    groups = []
    for bottom in list(bottoms):
        owned = [top for top in tops if _belongs(top, bottom)]
        if owned:
            groups.append((tuple(owned), (bottom,)))
            tops = [top for top in tops if top not in owned]
            bottoms.remove(bottom)
    if number.is_Rational:
        tops = ([sympy.Integer(number.p)] if number.p != 1 else []) + tops
        bottoms = ([sympy.Integer(number.q)] if number.q != 1 else []) + bottoms
    elif number != 1:
        tops = [number, *tops]
    if tops:
        return sign, ((tuple(tops), tuple(bottoms)), *groups)
    if bottoms and groups:  # nothing stands over them: divide the first group by them
        first, *others = groups
        return sign, ((first[0], (*first[1], *bottoms)), *others)
    return sign, (*groups, *([((), tuple(bottoms))] if bottoms else []))


def _belongs(top: sympy.Expr, bottom: sympy.Expr) -> bool:
    """Whether a factor and a divisor are one saturation, one brake, or a level over its rest."""
    if isinstance(bottom, sympy.Add):
        if isinstance(top, sympy.Add):
            return bool(top.free_symbols <= bottom.free_symbols)
        return top in bottom.args
    if isinstance(top, sympy.Symbol) and isinstance(bottom, sympy.Symbol):
        return bool(bottom.name.startswith(f"{top.name}_"))
    return False


def _rank(ranks: Mapping[str, int], node: sympy.Expr) -> int:
    return max((ranks.get(item.name, 0) for item in node.free_symbols), default=-1)


def _factor_key(ranks: Mapping[str, int], node: sympy.Expr) -> tuple[bool, int, str]:
    is_compound = not (node.is_Symbol or node.is_number)
    return is_compound, _rank(ranks, node), str(sympy.default_sort_key(node))


def _is_negative(term: sympy.Expr) -> bool:
    return bool(term.could_extract_minus_sign())


def _term_key(ranks: Mapping[str, int], node: sympy.Expr) -> tuple[bool, int, bool, int, str]:
    """Short terms before long, positive before negative; a negative number last, as in x - 1."""
    is_negative = _is_negative(node)
    return (
        bool(node.is_number) and is_negative,
        len(node.free_symbols),
        is_negative,
        _rank(ranks, node),
        str(sympy.default_sort_key(node)),
    )


def _decimal(value: float) -> str:
    return re.sub(r"e([-+])0+", r"e\1", f"{value:.{_N_DIGITS}g}")


_FUNCTIONS: Final[Mapping[type, str]] = {
    sympy.Max: "max",
    sympy.Min: "min",
    sympy.Abs: "abs",
}


def _function_name(node: sympy.Expr) -> str:
    return _FUNCTIONS.get(type(node), type(node).__name__)


def _condition(condition: Boolean, writer: _Infix) -> str:
    if isinstance(condition, sympy.And | sympy.Or):
        word = " and " if isinstance(condition, sympy.And) else " or "
        parts: Sequence[Boolean] = sorted(condition.args, key=sympy.default_sort_key)
        return word.join(_condition(part, writer) for part in parts)
    left, right = condition.args
    return f"{writer.write(left)} {condition.rel_op} {writer.write(right)}"


def _rounded(expression: sympy.Expr) -> sympy.Expr:
    """Return the expression with floats of as many digits as people read."""
    floats = {item: sympy.Float(float(item), _N_DIGITS) for item in expression.atoms(sympy.Float)}
    return expression.xreplace(floats)
