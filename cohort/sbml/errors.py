"""Errors of the SBML reader: mistakes in a file, and features that are refused by name.

Both carry every mistake that was found, as all file errors of this package do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cohort.errors import FileContentError, Mistake

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["SbmlError", "UnsupportedSbmlError", "mistake", "shown"]

_LONGEST_VALUE = 80  # characters of a given value that a message shows


class SbmlError(FileContentError):
    """An SBML file holds mistakes, or is no SBML file.

    Examples
    --------
    >>> print(SbmlError([mistake("m.xml", "S1", "compartment 'c' is not declared", "Declare it")]))
    m.xml, S1: compartment 'c' is not declared. Declare it.
    """


class UnsupportedSbmlError(SbmlError):
    """A file is valid and uses features that this engine does not have.

    Parameters
    ----------
    mistakes
        Where each feature is used and what is allowed instead.
    features
        Name of each feature, in the same order.

    Examples
    --------
    >>> found = mistake("m.xml", "R1", "the reaction is fast; only others are allowed", "Drop it")
    >>> UnsupportedSbmlError([found], ["fast reaction"]).features
    ('fast reaction',)
    """

    def __init__(self, mistakes: Iterable[Mistake], features: Iterable[str]) -> None:
        super().__init__(mistakes)
        self.features = tuple(features)

    def __reduce__(self) -> tuple[type[UnsupportedSbmlError], tuple[object, ...]]:  # type: ignore[override]
        return type(self), (self.mistakes, self.features)


def mistake(file: str, element: str, given: str, remedy: str) -> Mistake:
    """Return a mistake of a file at an element.

    Parameters
    ----------
    file
        Name of the file as it was given.
    element
        Id of the element, or what describes it; empty for the whole file.
    given
        What was found; what is allowed.
    remedy
        What to do, a sentence without its full stop.

    Examples
    --------
    >>> print(mistake("m.xml", "", "it is empty", "Give an SBML file"))
    m.xml: it is empty. Give an SBML file.
    """
    return Mistake(file=file, line=None, key_path=element, message=f"{given}. {remedy}.")


def shown(value: object, most: int = _LONGEST_VALUE) -> str:
    """Return a value as messages show it, cut where it is long.

    Examples
    --------
    >>> shown("a" * 100)[-6:]
    'aaa...'
    """
    text = str(value)
    return text if len(text) <= most else text[: most - 3] + "..."
