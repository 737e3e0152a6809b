"""How records say that their values contradict each other, also when some could not be read.

A file with one unreadable value must still have all its other mistakes found, and the unreadable
value must cause no second one. So it is replaced by `UNREAD`, which behaves like NaN: every
comparison with it is false, arithmetic gives it back, its attributes are itself, and it has no
items. Checks written for whole records then work on partly read ones. Imports the standard
library only.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, runtime_checkable

__all__ = [
    "UNREAD",
    "Contradiction",
    "CorrectableError",
    "KeyPath",
    "SelfChecking",
    "is_read",
    "refuse_contradictions",
]

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """Two values of one record that cannot both stand.

    Parameters
    ----------
    path
        Keys and list positions from the record to the value to change.
    message
        What was given, what is allowed, what to do.
    unless
        Keys whose mistakes would explain this one: it is reported only if they have none.

    Examples
    --------
    >>> Contradiction(path=("stop",), message="day 1; after day 3. Move it.").path
    ('stop',)
    """

    path: KeyPath
    message: str
    unless: tuple[str, ...] = ()


@runtime_checkable
class SelfChecking(Protocol):
    """A record that can list its own contradictions.

    Contract: ``contradictions`` never raises on a record in which values are `UNREAD`, and finds
    nothing in what is unread.

    Examples
    --------
    >>> isinstance(3, SelfChecking)
    False
    """

    def contradictions(self) -> Iterable[Contradiction]:
        """List what cannot stand together; empty if all is well.

        Examples
        --------
        >>> class Quiet:
        ...     def contradictions(self):
        ...         return ()
        >>> isinstance(Quiet(), SelfChecking)
        True
        """
        ...


class CorrectableError(ValueError):
    """A value is wrong, and the right one can be shown.

    Parameters
    ----------
    message
        What was given and what is allowed, with its full stop.
    corrected
        The value as it should be written; a reader that knows the key shows the whole line.

    Examples
    --------
    >>> print(CorrectableError("10 has no unit; a dose is in mass.", "10 mg"))
    10 has no unit; a dose is in mass. Write '10 mg'.
    """

    def __init__(self, message: str, corrected: str) -> None:
        self.message = message
        self.corrected = corrected
        super().__init__(f"{message} Write '{corrected}'.")

    def __reduce__(self) -> tuple[type["CorrectableError"], tuple[str, str]]:
        return type(self), (self.message, self.corrected)

    def with_key(self, key: str) -> str:
        """Return the message with the corrected line of the file.

        Parameters
        ----------
        key
            Key that the value belongs to; empty where there is none.

        Returns
        -------
        Message with the line to write.

        Examples
        --------
        >>> CorrectableError("10 has no unit; a dose is in mass.", "10 mg").with_key("dose")
        "10 has no unit; a dose is in mass. Write 'dose: 10 mg'."
        """
        line = f"{key}: {self.corrected}" if key else self.corrected
        return f"{self.message} Write '{line}'."


class _Unread:
    """The value that stands where a file could not be read."""

    __slots__ = ()

    def __getattr__(self, name: str) -> "_Unread":
        if name.startswith("__"):  # copy and pickle ask for these and must hear no
            raise AttributeError(name)
        return self

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __bool__(self) -> bool:
        return False

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        return "UNREAD"

    def _false(self, other: object) -> bool:
        return False

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __contains__ = _false

    def _itself(self, *others: object) -> "_Unread":
        return self

    __call__ = __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _itself
    __mod__ = __rmod__ = __getitem__ = _itself


UNREAD: Any = _Unread()
"""Stands for a value that could not be read; compares false with everything."""


def is_read(value: object) -> bool:
    """Return whether a value was read.

    Parameters
    ----------
    value
        Value of a field of a partly read record.

    Returns
    -------
    False for `UNREAD` only.

    Examples
    --------
    >>> is_read(0), is_read(UNREAD), UNREAD < 3, UNREAD.start >= 0
    (True, False, False, False)
    """
    return value is not UNREAD


RecordT = TypeVar("RecordT", bound=SelfChecking)


def refuse_contradictions(record: RecordT) -> RecordT:
    """Return the record, or raise one error with all its contradictions.

    Parameters
    ----------
    record
        Whole record; classes use this function as their pydantic "after" validator.

    Returns
    -------
    The same record.

    Raises
    ------
    ValueError
        If the record contradicts itself.

    Examples
    --------
    >>> class Quiet:
    ...     def contradictions(self):
    ...         return ()
    >>> isinstance(refuse_contradictions(Quiet()), Quiet)
    True
    """
    found = tuple(record.contradictions())
    if found:
        raise ValueError(
            " ".join(f"{'.'.join(map(str, one.path))}: {one.message}" for one in found)
        )
    return record
