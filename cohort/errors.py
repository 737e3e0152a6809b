"""The exceptions of this package, each named by the broken rule.

::

    Exception
    └── CohortError                       any mistake this package reports
        ├── UnitError        (ValueError)   a unit is missing, unknown or of the wrong dimension
        ├── RangeError       (ValueError)   a number lies outside what is allowed
        ├── ShapeError       (ValueError)   an array has the wrong shape
        ├── UnknownNameError (LookupError)  a name is not known; carries the nearest known ones
        ├── ExpressionError  (ValueError)   an expression cannot be read
        ├── ModelError       (ValueError)   a declaration or an assembly contradicts itself
        └── FileContentError (ValueError)   a file has mistakes; carries all of them
            ├── ProtocolError               ... a protocol
            ├── DrugError                   ... a drug or a compound
            └── ConditionError              ... a condition

Messages read ``<where>: <what was given, with value and unit>; <what is allowed>. <what to do>.``
Every exception survives pickling with its fields, because a worker raises it and a scheduler
reads it. This file imports the standard library only.
"""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = [
    "CohortError",
    "ConditionError",
    "DrugError",
    "ExpressionError",
    "FileContentError",
    "Mistake",
    "ModelError",
    "ProtocolError",
    "RangeError",
    "ShapeError",
    "UnitError",
    "UnknownNameError",
]

_N_NEAREST = 3
_EXPRESSION_LENGTH = 80  # characters of an expression that a message shows


class CohortError(Exception):
    """Root of every error that this package raises on purpose.

    Examples
    --------
    >>> issubclass(UnitError, CohortError)
    True
    """


class UnitError(CohortError, ValueError):
    """A unit is missing, unknown, or of another dimension than the place allows.

    Examples
    --------
    >>> raise UnitError("dose: 'ten' has no unit; a mass is allowed. Write '10 mg'.")
    Traceback (most recent call last):
    ...
    cohort.errors.UnitError: dose: 'ten' has no unit; a mass is allowed. Write '10 mg'.
    """


class RangeError(CohortError, ValueError):
    """A number lies outside the allowed range, or is not finite.

    Examples
    --------
    >>> isinstance(RangeError("dose: -1 mg; greater than zero. Change it."), ValueError)
    True
    """


class ShapeError(CohortError, ValueError):
    """An array does not have the shape that the lanes ask for.

    Examples
    --------
    >>> isinstance(ShapeError("shape (2,); (3,) is allowed. Give one value a lane."), ValueError)
    True
    """


class ModelError(CohortError, ValueError):
    """A declaration contradicts itself, or submodels do not fit together.

    Examples
    --------
    >>> isinstance(ModelError("two submodels provide 'tnf'; one may. Drop one."), CohortError)
    True
    """


class ExpressionError(CohortError, ValueError):
    """An expression that somebody wrote cannot be read.

    Parameters
    ----------
    expression
        The expression as it was written.
    position
        Character of the mistake, counted from 1.
    message
        What was given, what is allowed, what to do.

    Examples
    --------
    >>> print(ExpressionError("age_y = 18 y", 7, "'=' was given; use '=='."))
    'age_y = 18 y', character 7: '=' was given; use '=='.
    """

    def __init__(self, expression: str, position: int, message: str) -> None:
        self.expression = expression
        self.position = position
        self.message = message
        shown = expression
        if len(expression) > _EXPRESSION_LENGTH:
            start = max(0, position - 1 - _EXPRESSION_LENGTH // 2)
            shown = expression[start : start + _EXPRESSION_LENGTH]
        super().__init__(f"{shown!r}, character {position}: {message}")

    def __reduce__(self) -> tuple[type["ExpressionError"], tuple[str, int, str]]:
        return type(self), (self.expression, self.position, self.message)


class UnknownNameError(CohortError, LookupError):
    """A name is not known; the nearest known names are in the message.

    Parameters
    ----------
    where
        Place of the mistake, the start of the message.
    name
        The unknown name.
    known
        All names that are allowed there.
    kind
        What the name stands for, for example ``parameter``.

    Examples
    --------
    >>> error = UnknownNameError("model 'm'", "serotonni", ["serotonin", "dopamine"], "state")
    >>> error.nearest
    ('serotonin',)
    >>> print(error)
    model 'm': unknown state 'serotonni'; known are 2 names. Did you mean 'serotonin'?
    """

    def __init__(self, where: str, name: str, known: Iterable[str], kind: str = "name") -> None:
        self.where = where
        self.name = name
        self.known = tuple(sorted(known))
        self.kind = kind
        self.nearest = tuple(difflib.get_close_matches(name, self.known, n=_N_NEAREST, cutoff=0.5))
        if self.nearest:
            hint = "Did you mean " + " or ".join(repr(near) for near in self.nearest) + "?"
        elif self.known:
            hint = "Known: " + ", ".join(self.known[:20]) + "."
        else:
            hint = "None is declared there."
        count = len(self.known)
        names = "name" if count == 1 else "names"
        super().__init__(f"{where}: unknown {kind} {name!r}; known are {count} {names}. {hint}")

    def __reduce__(self) -> tuple[type["UnknownNameError"], tuple[str, str, tuple[str, ...], str]]:
        return type(self), (self.where, self.name, self.known, self.kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """One mistake in a file, with the place where it was made.

    Parameters
    ----------
    file
        Name of the file as the reader gave it.
    line
        Line number from 1, or None where the reader knows none.
    key_path
        Dotted path of the key, for example ``arms.low.visits[3]``; empty for the whole file.
    message
        What was given, what is allowed, what to do.

    Examples
    --------
    >>> print(Mistake(file="a.yaml", line=3, key_path="seed", message="'x'; an integer."))
    a.yaml:3, seed: 'x'; an integer.
    """

    file: str
    line: int | None
    key_path: str
    message: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return (
            f"{place}, {self.key_path}: {self.message}"
            if self.key_path
            else (f"{place}: {self.message}")
        )


class FileContentError(CohortError, ValueError):
    """A file holds mistakes; all of them are reported at once.

    Parameters
    ----------
    mistakes
        Every mistake that was found, at least one.

    Examples
    --------
    >>> mistake = Mistake(file="a.yaml", line=1, key_path="name", message="missing. Add it.")
    >>> FileContentError([mistake]).mistakes == (mistake,)
    True
    """

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(str(mistake) for mistake in self.mistakes))

    def __reduce__(self) -> tuple[type["FileContentError"], tuple[tuple[Mistake, ...]]]:
        return type(self), (self.mistakes,)


class ProtocolError(FileContentError):
    """A protocol file holds mistakes.

    Examples
    --------
    >>> mistake = Mistake(file="p.yaml", line=2, key_path="arms", message="empty. Add an arm.")
    >>> print(ProtocolError([mistake]))
    p.yaml:2, arms: empty. Add an arm.
    """


class DrugError(FileContentError):
    """A drug or compound file holds mistakes.

    Examples
    --------
    >>> mistake = Mistake(file="d.yaml", line=None, key_path="", message="empty. Fill it.")
    >>> print(DrugError([mistake]))
    d.yaml: empty. Fill it.
    """


class ConditionError(FileContentError):
    """A condition file holds mistakes.

    Examples
    --------
    >>> mistake = Mistake(file="c.yaml", line=4, key_path="age", message="-1 y; positive.")
    >>> issubclass(ConditionError, FileContentError), ConditionError([mistake]).mistakes[0].line
    (True, 4)
    """
