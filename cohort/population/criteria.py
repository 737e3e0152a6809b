"""Who may take part: conditions on covariates, written as ``18 y <= age_y and smoker == 'no'``.

A small language of its own, read by hand and never run as Python: comparisons of columns with
numbers and texts, joined by ``and``, ``or``, ``not`` and parentheses. `cohort.trial.content` checks
the criteria of a protocol, `cohort.population.screening` asks them of candidates, and
`cohort.outcomes.adverse_events` whom an event strikes. Imports NumPy, `cohort.units` and the kinds
of columns of `cohort.population`.
"""

import math
import operator
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final, NoReturn

import numpy as np
from numpy.typing import NDArray

from cohort.errors import ExpressionError, UnitError, UnknownNameError
from cohort.population.columns import ColumnKind, column_kinds
from cohort.units import conversion_factor, parse_unit
from cohort.yaml_files import nearest_hint

__all__ = ["CriterionText", "parse_criterion"]

Column = NDArray[np.float64] | NDArray[np.str_]
Truth = NDArray[np.bool_]

_LONGEST: Final = 2000  # characters
_DEEPEST: Final = 40  # parentheses and negations within one another
_N_WRITTEN_DIGIT: Final = 12  # significant digits that a written number has at most
_KEYWORDS: Final = ("and", "or", "not", "in")
_COMPARE: Final[Mapping[str, Callable[[Column, Column], Truth]]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
}
_EQUALITY: Final = ("==", "!=")
# what people write from other languages, and what is written here
_OTHER_WORDS: Final = {
    "=": "==",
    "<>": "!=",
    "=<": "<=",
    "=>": ">=",
    "&&": "and",
    "&": "and",
    "||": "or",
    "|": "or",
    "!": "not",
    "~": "not",
    "\N{LESS-THAN OR EQUAL TO}": "<=",
    "\N{GREATER-THAN OR EQUAL TO}": ">=",
    "\N{NOT EQUAL TO}": "!=",
    "\N{LOGICAL AND}": "and",
    "\N{LOGICAL OR}": "or",
    "\N{NOT SIGN}": "not",
}
_SPACE = re.compile(r"[ \t]*")
_NUMBER = re.compile(r"-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
# one digit an exponent: a tower of powers would keep the reader of units busy for ever
_UNIT = re.compile(
    r"[ \t]*((?:[A-Za-z%]+(?:(?:\^|\*\*)?[0-9])?)(?:[/*][A-Za-z%]+(?:(?:\^|\*\*)?[0-9])?)*)"
)
_LONGEST_UNIT: Final = 24
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"")
_SIGN = re.compile(r"<=|>=|==|!=|<>|=<|=>|&&|\|\||[^\w\s'\"]")


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str  # name, number, text, sign, word, end
    text: str
    position: int  # from 1
    number: float = math.nan
    unit: str = ""


_NO_COLUMN: Final = ColumnKind(unit="1")


@dataclass(frozen=True, slots=True)
class _Operand:
    """One side of a comparison: a column, or a value."""

    token: _Token
    column: str | None = None
    kind: ColumnKind = _NO_COLUMN


@dataclass(frozen=True, slots=True)
class _Side:
    """A side that is ready: a column times a factor, or a value in the unit of the other side."""

    column: str | None
    value: float | str = 0.0
    factor: float = 1.0

    def of(self, columns: Mapping[str, Column]) -> Column:
        if self.column is None:
            return np.asarray(self.value)
        found = columns[self.column]
        return found if self.factor == 1.0 else self.factor * found.astype(np.float64)


@dataclass(frozen=True, slots=True)
class _Compare:
    left: _Side
    sign: str
    right: _Side

    def of(self, columns: Mapping[str, Column]) -> Truth:
        found = _COMPARE[self.sign](self.left.of(columns), self.right.of(columns))
        return np.asarray(found, dtype=np.bool_)


@dataclass(frozen=True, slots=True)
class _Among:
    column: str
    values: tuple[float | str, ...]

    def of(self, columns: Mapping[str, Column]) -> Truth:
        return np.isin(columns[self.column], np.array(self.values))


@dataclass(frozen=True, slots=True)
class _Not:
    part: "_Node"

    def of(self, columns: Mapping[str, Column]) -> Truth:
        return ~self.part.of(columns)


@dataclass(frozen=True, slots=True)
class _Join:
    parts: tuple["_Node", ...]
    is_all: bool

    def of(self, columns: Mapping[str, Column]) -> Truth:
        found = self.parts[0].of(columns)
        for part in self.parts[1:]:
            found = found & part.of(columns) if self.is_all else found | part.of(columns)
        return found


_Node = _Compare | _Among | _Not | _Join


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionText:
    """A condition on columns that has been read.

    Parameters
    ----------
    text
        The condition as it was written.
    names
        Columns that it reads, each once, in the order of the text.

    Examples
    --------
    >>> parse_criterion("weight_kg >= 50 kg").names
    ('weight_kg',)
    """

    text: str
    names: tuple[str, ...]
    _node: _Node

    def holds(self, columns: Mapping[str, Column]) -> Truth:
        """Return who meets the condition.

        Parameters
        ----------
        columns
            Covariates of patients, arrays of shape ``(n_lane,)``; those of `names` are read.

        Returns
        -------
        True where it holds, shape ``(n_lane,)``.

        Raises
        ------
        UnknownNameError
            If a column is not there.

        Examples
        --------
        >>> light = parse_criterion("not weight_kg >= 50 kg")
        >>> light.holds({"weight_kg": np.array([45.0, 50.0])}).tolist()
        [True, False]
        """
        for name in self.names:
            if name not in columns:
                raise UnknownNameError(f"criterion {self.text!r}", name, columns, "covariate")
        return self._node.of(columns)


def parse_criterion(
    text: str,
    kinds: Mapping[str, ColumnKind] | None = None,
    scores: Collection[str] = (),
) -> CriterionText:
    """Return the condition that a text says.

    Parameters
    ----------
    text
        Comparisons (``<``, ``<=``, ``==``, ``!=``, ``>=``, ``>``, ``in (...)``) of columns with
        numbers, with or without unit, and quoted texts, joined by ``and``, ``or``, ``not``. A number
        without a unit has that of the column.
    kinds
        Columns that may be read; None takes those of every population.
    scores
        Names of rating scales, which are refused with the place where a score is asked for.

    Returns
    -------
    The condition.

    Raises
    ------
    ExpressionError
        If the text cannot be read: it names the position, what is allowed, and the fix.

    Examples
    --------
    >>> criterion = parse_criterion("18 y <= age_y <= 65 y and not smoker == 'yes'")
    >>> people = {"age_y": np.array([17.0, 40.0, 50.0]), "smoker": np.array(["no", "no", "yes"])}
    >>> criterion.holds(people).tolist()
    [False, True, False]
    >>> parse_criterion("crcl >= 60 mL/min")
    Traceback (most recent call last):
    ...
    cohort.errors.ExpressionError: 'crcl >= 60 mL/min', character 1: unknown covariate 'crcl'; 16 are known. Use one of: age_y, ancestry, bmi, comt, crcl_ml_min, creatinine_mg_dl, cyp2c19, cyp2d6, ....
    """  # noqa: E501
    if not isinstance(text, str):
        raise ExpressionError(repr(text), 1, "a text is wanted. Write one such as 'age_y <= 65 y'.")
    known = column_kinds() if kinds is None else kinds
    return _Parser(text, known, scores).whole()


class _Parser:
    """Reads one expression from left to right."""

    def __init__(self, text: str, kinds: Mapping[str, ColumnKind], scores: Collection[str]) -> None:
        self.text, self.kinds, self.scores = text, kinds, scores
        if len(text) > _LONGEST:
            self.fail(
                _LONGEST, f"{len(text)} characters; at most {_LONGEST} are allowed. Split it."
            )
        self.tokens = self._tokens()
        self.place = 0
        self.depth = 0
        self.names: dict[str, None] = {}

    def fail(self, position: int, message: str) -> NoReturn:
        raise ExpressionError(self.text, position, message)

    # -- words ---------------------------------------------------------------------------------

    def _tokens(self) -> list[_Token]:
        tokens: list[_Token] = []
        at = _skip(self.text, 0)
        while at < len(self.text):
            token, end = self._token(at)
            tokens.append(token)
            at = _skip(self.text, end)
        tokens.append(_Token("end", "the end", len(self.text) + 1))
        return tokens

    def _token(self, at: int) -> tuple[_Token, int]:
        if match := _NUMBER.match(self.text, at):
            return self._number(match)
        if match := _NAME.match(self.text, at):
            word = match[0]
            if word.lower() in _KEYWORDS and word not in _KEYWORDS:
                self.fail(at + 1, f"{word!r}; small letters are wanted. Write '{word.lower()}'.")
            kind = "word" if word in _KEYWORDS else "name"
            return _Token(kind, word, at + 1), match.end()
        if match := _QUOTED.match(self.text, at):
            inner = match[1] if match[1] is not None else match[2]
            return _Token("text", inner, at + 1), match.end()
        if self.text[at] in "'\"":
            quote = self.text[at]
            self.fail(at + 1, f"a text is opened and not closed. Add {quote} at its end.")
        match = _SIGN.match(self.text, at)
        sign = match[0] if match else self.text[at]
        if sign in _COMPARE or sign in ("(", ")", ","):
            return _Token("sign", sign, at + 1), at + len(sign)
        if sign in _OTHER_WORDS:
            self.fail(at + 1, f"{sign!r} is not understood. Write '{_OTHER_WORDS[sign]}'.")
        self.fail(
            at + 1,
            f"{sign!r} is not understood; names, numbers with units, texts in quotes, comparisons, "
            "'and', 'or', 'not', 'in' and parentheses are. Take it out.",
        )

    def _number(self, match: re.Match[str]) -> tuple[_Token, int]:
        number, end, unit = float(match[0]), match.end(), ""
        if not math.isfinite(number):
            self.fail(match.start() + 1, f"{match[0]} is not finite. Write a smaller number.")
        found = _UNIT.match(self.text, end)
        if found and found[1].lower() not in _KEYWORDS:
            unit, end = found[1], found.end()
        if end < len(self.text) and (self.text[end].isalnum() or self.text[end] in "._^*/"):
            self.fail(
                end + 1,
                f"{self.text[end]!r} after a number; a unit such as 'kg/m^2' or a comparison is "
                "allowed. Correct it.",
            )
        if len(unit) > _LONGEST_UNIT:
            self.fail(
                match.end() + 1, f"{unit!r} is no unit; units look like 'mL/min'. Correct it."
            )
        return _Token("number", match[0], match.start() + 1, number, unit), end

    @property
    def now(self) -> _Token:
        return self.tokens[self.place]

    def take(self, kind: str, text: str | None = None) -> _Token | None:
        token = self.now
        if token.kind != kind or (text is not None and token.text != text):
            return None
        self.place += 1
        return token

    # -- grammar -------------------------------------------------------------------------------

    def whole(self) -> CriterionText:
        if self.now.kind == "end":
            self.fail(1, "nothing is written. Write a condition such as 'age_y <= 65 y'.")
        node = self._any()
        if self.now.kind != "end":
            extra = (
                "it closes nothing. Take it out."
                if self.now.text == ")"
                else ("'and' or 'or' is wanted between two conditions. Write it.")
            )
            self.fail(self.now.position, f"{_named(self.now)} after a whole condition; {extra}")
        return CriterionText(text=self.text, names=tuple(self.names), _node=node)

    def _any(self) -> _Node:
        parts = [self._all()]
        while self.take("word", "or"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else _Join(tuple(parts), is_all=False)

    def _all(self) -> _Node:
        parts = [self._not()]
        while self.take("word", "and"):
            parts.append(self._not())
        return parts[0] if len(parts) == 1 else _Join(tuple(parts), is_all=True)

    def _not(self) -> _Node:
        is_negated = False
        while self.take("word", "not"):
            is_negated = not is_negated
        node = self._group() if self.now.text == "(" and self.now.kind == "sign" else self._chain()
        return _Not(node) if is_negated else node

    def _group(self) -> _Node:
        opened = self.now
        self.place += 1
        self.depth += 1
        if self.depth > _DEEPEST:
            self.fail(
                opened.position,
                f"more than {_DEEPEST} parentheses within one another. Split the condition.",
            )
        node = self._any()
        if not self.take("sign", ")"):
            if self.now.kind != "end":
                self.fail(
                    self.now.position,
                    f"{_named(self.now)} within parentheses; 'and', 'or' or ')' is wanted. "
                    "Write one.",
                )
            self.fail(opened.position, "'(' is not closed. Add ')' at its end.")
        self.depth -= 1
        return node

    def _chain(self) -> _Node:
        left = self._operand()
        is_negated = False
        if self.now.kind == "word" and self.now.text in ("not", "in"):
            is_negated = self.take("word", "not") is not None
            if not self.take("word", "in"):
                self.fail(self.now.position, f"{_named(self.now)} after 'not'; 'in' is wanted.")
            node = self._among(left)
            return _Not(node) if is_negated else node
        pairs: list[_Node] = []
        while self.now.kind == "sign" and self.now.text in _COMPARE:
            sign = self.now
            self.place += 1
            right = self._operand(left)
            pairs.append(self._pair(left, sign, right))
            left = right
        if not pairs:
            self._fail_without_sign(left)
        return pairs[0] if len(pairs) == 1 else _Join(tuple(pairs), is_all=True)

    def _fail_without_sign(self, left: _Operand) -> NoReturn:
        example = "age_y <= 65 y"
        if left.column is not None:
            levels = left.kind.levels
            example = f"{left.column} == {levels[0]!r}" if levels else f"{left.column} >= 1"
        self.fail(
            self.now.position,
            f"{_named(self.now)} after {_named(left.token)}; a comparison is wanted. Write one "
            f'such as "{example}".',
        )

    def _operand(self, other: _Operand | None = None) -> _Operand:
        token = self.now
        if token.kind in ("number", "text"):
            self.place += 1
            return _Operand(token)
        if token.kind != "name":
            self.fail(
                token.position,
                f"{_named(token)} where a covariate, a number or a text in quotes is wanted. "
                "Write one.",
            )
        if token.text not in self.kinds:
            self._fail_unknown(token, other)
        self.place += 1
        self.names[token.text] = None
        return _Operand(token, token.text, self.kinds[token.text])

    def _fail_unknown(self, token: _Token, other: _Operand | None) -> NoReturn:
        name = token.text
        if other is not None and name in other.kind.levels:
            self.fail(token.position, f"{name} is a text without quotes. Write '{name}' in quotes.")
        if name in self.scores:
            self.fail(
                token.position,
                f"{name!r} is a score, which is rated after a patient is drawn; covariates are "
                "allowed here. Write it as the entry criterion, 'entry: {scale: "
                f"{name}, at_least: ...}}', in population.",
            )
        self.fail(
            token.position,
            f"unknown covariate {name!r}; {len(self.kinds)} are known. "
            f"{nearest_hint(name, self.kinds)}",
        )

    # -- meaning -------------------------------------------------------------------------------

    def _pair(self, left: _Operand, sign: _Token, right: _Operand) -> _Node:
        if left.column is None and right.column is None:
            self.fail(
                left.token.position,
                f"{_named(left.token)} is compared with {_named(right.token)}; one side is a "
                "covariate. Name one.",
            )
        is_text = any(side.column is not None and side.kind.is_text for side in (left, right))
        if is_text and sign.text not in _EQUALITY:
            self.fail(
                sign.position,
                f"{sign.text!r} with a text; '==' and '!=' are allowed there. Write one of them.",
            )
        if left.column is None:
            return _Compare(self._value(left, right), sign.text, _Side(right.column))
        if right.column is None:
            return _Compare(_Side(left.column), sign.text, self._value(right, left))
        if left.kind.is_text != right.kind.is_text:
            self.fail(
                right.token.position,
                f"{left.column!r} and {right.column!r}, a text and a number, are compared; two of "
                "a kind are allowed. Compare them apart.",
            )
        factor = 1.0
        if right.kind.unit is not None and left.kind.unit is not None:
            fix = "Compare each with a number."
            factor = self._factor(right.token, right.kind.unit, left.column, left.kind.unit, fix)
        return _Compare(_Side(left.column), sign.text, _Side(right.column, factor=factor))

    def _value(self, value: _Operand, column: _Operand) -> _Side:
        return _Side(None, self._plain(value.token, column))

    def _plain(self, token: _Token, column: _Operand) -> float | str:
        """Return a written value in the unit of a column, or one of its levels."""
        name, kind = str(column.column), column.kind
        if kind.unit is None:
            if token.kind != "text":
                self.fail(
                    token.position,
                    f"{_named(token)} for {name!r}, which is a text. Write one of "
                    f"{', '.join(map(repr, kind.levels))}.",
                )
            if token.text not in kind.levels:
                self.fail(
                    token.position,
                    f"{token.text!r} is no level of {name!r}. "
                    f"{nearest_hint(token.text, kind.levels)}",
                )
            return token.text
        if token.kind != "number":
            self.fail(
                token.position,
                f"{_named(token)} for {name!r}, which is a number [{kind.unit}]. Write one such as "
                f"'{name} >= 1'.",
            )
        if not token.unit:
            return token.number
        if kind.unit == "1" and token.unit != "%":  # pint also takes dB, radian and count for one
            self.fail(
                token.position,
                f"{_named(token)} for {name!r}, a pure number. Write it without a unit.",
            )
        converted = token.number * self._factor(token, token.unit, name, kind.unit)
        # 3.6 L/h is 60.00000000000001 mL/min: drop what the factor of units rounded off
        return float(f"{converted:.{_N_WRITTEN_DIGIT}g}")

    def _factor(self, token: _Token, given: str, name: str, wanted: str, fix: str = "") -> float:
        try:
            unit = parse_unit(given)
        except UnitError:
            self.fail(
                token.position,
                f"{given!r} is not a unit; {name!r} is measured in [{wanted}]. Write the number "
                "with it, or without a unit.",
            )
        factor = conversion_factor(unit, parse_unit(wanted))
        if factor is None:
            self.fail(
                token.position,
                f"[{given}] is compared with {name!r}, which is measured in [{wanted}]. "
                f"{fix or f'Write it in [{wanted}].'}",
            )
        return factor

    def _among(self, left: _Operand) -> _Node:
        if left.column is None:
            self.fail(
                left.token.position,
                f"{_named(left.token)} before 'in'; a covariate is wanted. Name one.",
            )
        if not self.take("sign", "("):
            self.fail(
                self.now.position,
                f"{_named(self.now)} after 'in'; a list in parentheses is wanted. Write it as "
                "('PM', 'IM').",
            )
        values: list[float | str] = []
        while not self.take("sign", ")"):
            if values and not self.take("sign", ","):
                self.fail(self.now.position, f"{_named(self.now)} in a list; ',' or ')' is wanted.")
            if values and self.take("sign", ")"):
                break
            if self.now.kind == "name":
                self._fail_in_list(left)
            if self.now.kind not in ("number", "text"):
                self.fail(
                    self.now.position,
                    f"{_named(self.now)} in a list; a number or a text in quotes is wanted.",
                )
            values.append(self._plain(self.now, left))
            self.place += 1
        if not values:
            self.fail(left.token.position, "the list after 'in' is empty. Name at least one.")
        return _Among(left.column, tuple(values))

    def _fail_in_list(self, left: _Operand) -> NoReturn:
        name = self.now.text
        if name in left.kind.levels:
            self._fail_unknown(self.now, left)
        self.fail(
            self.now.position,
            f"{name!r} in a list; numbers and texts in quotes are allowed there. Write one.",
        )


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _named(token: _Token) -> str:
    if token.kind == "end":
        return "the end"
    if token.kind == "number" and token.unit:
        return f"'{token.text} {token.unit}'"
    return repr(token.text)
