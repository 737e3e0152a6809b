"""Key paths of a protocol: how a batch file names the value that it varies.

``arms[escitalopram 10 mg].regimens[0].dose``: keys are joined by dots, an entry of a list is named
in brackets by its ``name`` or its number from 0, and ``[*]`` is every entry. A path is matched with
the keys that one protocol can have, so that a wrong one is refused with the nearest right ones.
"""

import copy
import difflib
import re
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from cohort.trial import Protocol

__all__ = ["ProtocolKey", "find_keys", "nearest_keys", "protocol_keys", "set_key"]

_TOKEN = re.compile(r"\.?([A-Za-z_][A-Za-z0-9_]*)|\[([^\[\]]*)\]")
_NOT_VARIED = frozenset({"schema_version", "name", "title", "source", "published"})
_ANY = "*"
_N_NEAREST = 3


@dataclass(frozen=True, slots=True)
class ProtocolKey:
    """One key that a protocol has or can have.

    Parameters
    ----------
    text
        The path as a batch file writes it.
    path
        Keys and list positions in the data of the protocol.
    tokens
        For every step of the path the words that name it.
    is_record
        Whether other keys are below it.

    Examples
    --------
    >>> ProtocolKey("seed", ("seed",), (("seed",),), False).text
    'seed'
    """

    text: str
    path: tuple[str | int, ...]
    tokens: tuple[tuple[str, ...], ...]
    is_record: bool

    def below(self, key: str, *, is_record: bool) -> "ProtocolKey":
        """Return the key of a record."""
        text = f"{self.text}.{key}" if self.text else key
        return ProtocolKey(text, (*self.path, key), (*self.tokens, (key,)), is_record)

    def entry(self, index: int, name: str | None, *, is_record: bool) -> "ProtocolKey":
        """Return the key of an entry of a list."""
        shown = str(index) if name is None else name
        words = tuple(f"[{word}]" for word in dict.fromkeys((shown, str(index), _ANY)))
        return ProtocolKey(
            f"{self.text}[{shown}]", (*self.path, index), (*self.tokens, words), is_record
        )


def protocol_keys(protocol: Protocol) -> tuple[ProtocolKey, ...]:
    """Return every key that can be varied in a protocol, those it leaves out included.

    Parameters
    ----------
    protocol
        The protocol.

    Returns
    -------
    Its keys, in the order of the file.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> keys = [key.text for key in protocol_keys(load_protocol("sct-md-01"))]
    >>> "arms[escitalopram 10 mg].regimens[0].dose" in keys, "population.entry.at_least" in keys
    (True, True)
    """
    top = ProtocolKey("", (), (), True)
    return tuple(
        key for key in _of_record(type(protocol), protocol, top) if key.path[0] not in _NOT_VARIED
    )


def _of_record(
    model: type[BaseModel], record: BaseModel | None, at: ProtocolKey
) -> Iterator[ProtocolKey]:
    for name, field in model.model_fields.items():
        value = None if record is None else getattr(record, name)
        inner = _record_type(field)
        key = at.below(_written_name(model, name, field), is_record=inner is not None)
        yield key
        if isinstance(value, tuple):
            yield from _of_entries(value, key)
        elif isinstance(value, dict):
            yield from (key.below(name, is_record=False) for name in value)
        elif isinstance(value, BaseModel):
            yield from _of_record(type(value), value, key)
        elif inner is not None and value is None and inner is not model and not _is_list(field):
            yield from _of_record(inner, None, key)


def _of_entries(values: tuple[object, ...], at: ProtocolKey) -> Iterator[ProtocolKey]:
    for index, value in enumerate(values):
        name = getattr(value, "name", None)
        is_record = isinstance(value, BaseModel)
        key = at.entry(index, name if isinstance(name, str) else None, is_record=is_record)
        yield key
        if isinstance(value, BaseModel):
            yield from _of_record(type(value), value, key)


def _written_name(model: type[BaseModel], name: str, field: FieldInfo) -> str:
    return field.alias if field.alias and model.model_config.get("serialize_by_alias") else name


def _record_type(field: FieldInfo) -> type[BaseModel] | None:
    """Return the record that a field holds by itself or as an alternative, None if none."""
    for option in _options(field.annotation):
        if isinstance(option, type) and issubclass(option, BaseModel):
            return option
    return None


def _is_list(field: FieldInfo) -> bool:
    return any(typing.get_origin(option) is tuple for option in _options(field.annotation))


def _options(annotation: object) -> tuple[object, ...]:
    if typing.get_origin(annotation) in {typing.Union, types.UnionType}:
        return typing.get_args(annotation)
    return (annotation,)


def find_keys(text: str, known: tuple[ProtocolKey, ...]) -> tuple[ProtocolKey, ...]:
    """Return the keys that a path names: one, or several where it holds ``[*]``.

    Parameters
    ----------
    text
        The path.
    known
        From `protocol_keys`.

    Returns
    -------
    The keys; none if the path is wrong.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> known = protocol_keys(load_protocol("sct-md-01"))
    >>> len(find_keys("arms[*].patients", known)), find_keys("arms.dose", known)
    (4, ())
    """
    tokens = _split(text)
    if tokens is None:
        return ()
    return tuple(
        key
        for key in known
        if len(key.tokens) == len(tokens)
        and all(token in words for token, words in zip(tokens, key.tokens, strict=True))
    )


def _split(text: str) -> tuple[str, ...] | None:
    """Return the steps of a path, entries in their brackets; None if it cannot be one."""
    tokens, at = [], 0
    for found in _TOKEN.finditer(text):
        if found.start() != at:
            return None
        at = found.end()
        tokens.append(found[1] if found[2] is None else f"[{found[2].strip()}]")
    return tuple(tokens) if tokens and at == len(text) and not text.startswith(".") else None


def nearest_keys(text: str, known: tuple[ProtocolKey, ...]) -> str:
    """Return the sentence that offers the right paths nearest to a wrong one.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> nearest_keys("entry.at_least", protocol_keys(load_protocol("sct-md-01")))
    "Did you mean 'population.entry.at_least'?"
    """
    texts = [key.text for key in known]
    # a path that lacks its beginning first, since people write the end that they think of
    near = [one for one in texts if text and one.endswith(f".{text}")][:_N_NEAREST]
    near = near or difflib.get_close_matches(text, texts, n=_N_NEAREST, cutoff=0.6)
    if not near:
        return "'cohort schema' and the protocol list its keys; write for example 'seed'."
    return "Did you mean " + " or ".join(repr(one) for one in near) + "?"


def set_key(data: Mapping[str, Any], key: ProtocolKey, value: object) -> dict[str, Any]:
    """Return the data of a protocol with another value at a key.

    Parameters
    ----------
    data
        JSON data of a protocol.
    key
        Key of that protocol.
    value
        The value, as a file writes it.

    Examples
    --------
    >>> key = ProtocolKey("a.b", ("a", "b"), (("a",), ("b",)), False)
    >>> set_key({"c": 1}, key, "5 mg")
    {'c': 1, 'a': {'b': '5 mg'}}
    """
    changed = copy.deepcopy(dict(data))
    at: Any = changed
    for step in key.path[:-1]:
        if isinstance(step, str) and at.get(step) is None:
            at[step] = {}
        at = at[step]
    at[key.path[-1]] = value
    return changed
