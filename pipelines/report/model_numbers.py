"""`parameters.txt` of a run -> how many of its numbers are read, computed, assumed or chosen."""

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["MARKS", "ModelNumber", "mark_counts", "read_model_numbers", "sources"]

MARKS: Final = {
    "read": "read at the source",
    "computed": "computed from numbers that were read",
    "assumed": "assumed: recalled or guessed, to be verified",
    "design": "design: a choice of the model's authors",
}
"""Marks of numbers and what they mean, the best founded first."""

_LINE = re.compile(
    r"^(?P<name>\S+) = (?P<value>\S+) \[(?P<unit>[^\]]*)\]  (?P<meaning>.*?)"
    r"  \((?P<mark>read|computed|assumed|design): (?P<source>.*)\)$"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelNumber:
    """A number of the model.

    Examples
    --------
    >>> ModelNumber(
    ...     name="k", value="2", unit="1/h", meaning="rate", mark="read", source="A"
    ... ).mark
    'read'
    """

    name: str
    value: str
    unit: str
    meaning: str
    mark: str
    source: str


def read_model_numbers(path: Path) -> tuple[ModelNumber, ...]:
    """Return the numbers that a run was made with.

    Parameters
    ----------
    path
        ``parameters.txt`` of a run; if it is not there, there are none.

    Examples
    --------
    >>> read_model_numbers(Path("no/parameters.txt"))
    ()
    """
    if not path.is_file():
        return ()
    lines = path.read_text(encoding="utf-8").splitlines()
    return tuple(ModelNumber(**found.groupdict()) for line in lines if (found := _LINE.match(line)))


def mark_counts(numbers: tuple[ModelNumber, ...]) -> dict[str, int]:
    """Return how many numbers carry each mark, in the order of `MARKS`.

    Examples
    --------
    >>> mark_counts(())
    {'read': 0, 'computed': 0, 'assumed': 0, 'design': 0}
    """
    found = Counter(one.mark for one in numbers)
    return {mark: found[mark] for mark in MARKS}


def sources(numbers: tuple[ModelNumber, ...], mark: str) -> list[tuple[str, int]]:
    """Return the sources of numbers with a mark, each with how many it stands behind.

    Parameters
    ----------
    numbers
        Numbers of the model.
    mark
        One of `MARKS`.

    Examples
    --------
    >>> one = ModelNumber(name="k", value="2", unit="1", meaning="m", mark="read", source="A")
    >>> sources((one, one), "read")
    [('A', 2)]
    """
    found = Counter(one.source.removesuffix(" [input]") for one in numbers if one.mark == mark)
    return sorted(found.items(), key=lambda item: (-item[1], item[0]))
