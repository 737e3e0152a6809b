"""A YAML file as a frozen record, or all its mistakes at once.

The record is read key by key, so that a mistake in one place hides none in another; what cannot
be read is `UNREAD` and takes part in no further check. The record that is returned comes from one
plain pydantic validation of the whole.
"""

import types
import typing
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any, TypeVar, Union

import pydantic
from pydantic import BaseModel, RootModel, TypeAdapter
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from cohort.errors import FileContentError, Mistake
from cohort.yaml_files.contradictions import UNREAD, Contradiction, KeyPath, SelfChecking
from cohort.yaml_files.tree import Tree, parse_text, read_text
from cohort.yaml_files.wording import describe, explain, nearest_hint

__all__ = ["parse_yaml_model", "read_yaml_model"]

ModelT = TypeVar("ModelT", bound=BaseModel)
Check = Callable[[Any], Iterable[Contradiction]]


def read_yaml_model(
    path: Path | str,
    model: type[ModelT],
    *,
    where: str | None = None,
    error: type[FileContentError] = FileContentError,
    checks: Iterable[Check] = (),
) -> ModelT:
    """Return the record that a YAML file holds.

    Parameters
    ----------
    path
        The file: UTF-8, one document.
    model
        Pydantic class of the record; a ``RootModel`` of a list for a file that is a list.
    where
        Name of the file in messages; its path if None.
    error
        Class of the error to raise.
    checks
        Functions that list contradictions of a record with the world, such as names that are not
        known; they also see partly read records.

    Returns
    -------
    The validated record.

    Raises
    ------
    FileContentError
        If the file has mistakes; all of them are listed, by line.

    Examples
    --------
    >>> class Pair(BaseModel):
    ...     left: int
    >>> read_yaml_model("no-such.yaml", Pair)
    Traceback (most recent call last):
    ...
    cohort.errors.FileContentError: no-such.yaml: no such file; an existing YAML file is wanted. Check the path.
    """  # noqa: E501
    file = str(path) if where is None else where
    text = read_text(Path(path), file)
    if isinstance(text, Mistake):
        raise error([text])
    return parse_yaml_model(text, model, where=file, error=error, checks=checks)


def parse_yaml_model(
    text: str,
    model: type[ModelT],
    *,
    where: str = "text",
    error: type[FileContentError] = FileContentError,
    checks: Iterable[Check] = (),
) -> ModelT:
    """Return the record that a YAML text holds.

    Parameters
    ----------
    text
        One YAML document.
    model, error, checks
        As in `read_yaml_model`.
    where
        Name of the text in messages.

    Returns
    -------
    The validated record.

    Raises
    ------
    FileContentError
        If the text has mistakes; all of them are listed, by line.

    Examples
    --------
    >>> class Pair(pydantic.BaseModel):
    ...     model_config = pydantic.ConfigDict(extra="forbid")
    ...     left: int
    >>> parse_yaml_model("left: 3", Pair)
    Pair(left=3)
    >>> parse_yaml_model("lefd: 3", Pair, where="a.yaml")
    Traceback (most recent call last):
    ...
    cohort.errors.FileContentError: a.yaml:1, lefd: unknown key 'lefd'; allowed: left. Did you mean 'left'?
    """  # noqa: E501
    tree = parse_text(text, where)
    if tree.is_broken:
        raise error(tree.mistakes)
    reader = _Reader(tree)
    record = reader.top(model)
    for check in checks:
        reader.note(check(record), ())
    reader.settle()
    if reader.mistakes:
        raise error(sorted(reader.mistakes, key=lambda mistake: mistake.line or 0))
    return typing.cast("ModelT", record)


class _Reader:
    """Reads one tree, and collects its mistakes."""

    def __init__(self, tree: Tree) -> None:
        self.mistakes = list(tree.mistakes)
        self._tree = tree
        self._wrong: list[KeyPath] = []
        self._waiting: list[tuple[KeyPath, Contradiction]] = []

    def add(self, path: KeyPath, message: str) -> None:
        """Note a mistake, unless the value already has one."""
        line, dotted = self._tree.line(path), _dotted(self._tree.data, path)
        if all((one.line, one.key_path) != (line, dotted) for one in self.mistakes):
            self._wrong.append(path)
            self.mistakes.append(
                Mistake(file=self._tree.file, line=line, key_path=dotted, message=message)
            )

    def note(self, contradictions: Iterable[Contradiction], path: KeyPath) -> None:
        """Note what records found themselves."""
        for one in contradictions:
            if one.unless:
                self._waiting.append((path, one))
            else:
                self.add((*path, *one.path), one.message)

    def settle(self) -> None:
        """Note the contradictions that nothing else explains."""
        for path, one in self._waiting:
            causes = [(*path, key) for key in one.unless]
            if not any(wrong[: len(cause)] == cause for cause in causes for wrong in self._wrong):
                self.add((*path, *one.path), one.message)

    def top(self, model: type[BaseModel]) -> object:
        if issubclass(model, RootModel):
            clean = len(self.mistakes)
            self.value(model.model_fields["root"].annotation, self._tree.data, ())
            return (
                self._whole(model, self._tree.data, ()) if len(self.mistakes) == clean else UNREAD
            )
        return self.record(model, self._tree.data, ())

    def value(self, annotation: object, node: object, path: KeyPath) -> object:
        """Read a value of any type; types that hold records are read record by record."""
        bare, metadata = _without_metadata(annotation)
        options = _options(bare)
        if node is None and type(None) in options:
            return None
        wanted = [option for option in options if option is not type(None)]
        if len(wanted) > 1:  # a list of records, or the name of one: only one of them fits
            wanted = [one for one in wanted if _holds_records(one) != isinstance(node, str)]
            if len(wanted) == 1:
                return self.value(wanted[0], node, path)
        if len(wanted) != 1 or not _holds_records(wanted[0]):
            return self._leaf(annotation, node, path)
        if wanted[0] is not bare and not metadata:  # an option with metadata of its own
            return self.value(wanted[0], node, path)
        clean = len(self.mistakes)
        read = self._container(wanted[0], node, path)
        if metadata and len(self.mistakes) == clean:
            return self._leaf(annotation, node, path)
        return read

    def _container(self, kind: object, node: object, path: KeyPath) -> object:
        bare, _ = _without_metadata(kind)
        if isinstance(bare, type) and issubclass(bare, BaseModel):
            return self.record(bare, node, path)
        inner = typing.get_args(bare)
        if typing.get_origin(bare) is dict:
            if not isinstance(node, dict):
                self.add(
                    path,
                    f"{describe(node)} was given; a mapping is wanted. "
                    "Write one 'key: value' line per entry.",
                )
                return UNREAD
            return {key: self.value(inner[1], item, (*path, key)) for key, item in node.items()}
        if not isinstance(node, list):
            self.add(
                path,
                f"{describe(node)} was given; a list is wanted. Write one '- ' line per entry.",
            )
            return UNREAD
        return tuple(self.value(inner[0], item, (*path, i)) for i, item in enumerate(node))

    def record(self, model: type[BaseModel], node: object, path: KeyPath) -> object:
        """Read a mapping into a record; a partly read one holds `UNREAD`."""
        expand = getattr(model, "expand_shorthand", None)
        if isinstance(node, str | int | float) and expand is not None:
            node = expand(node)
        if not isinstance(node, dict):
            self.add(
                path,
                f"{describe(node)} was given; a mapping with the keys "
                f"{', '.join(_keys(model))} is wanted. Write 'key: value' lines.",
            )
            return UNREAD
        clean = len(self.mistakes)
        meant = self._unknown_keys(model, node, path)
        values: dict[str, Any] = {
            name: self._field(field, key, node, path, is_typo=key in meant)
            for key, (name, field) in _keys(model).items()
        }
        partial = model.model_construct(**values)
        found = tuple(partial.contradictions()) if isinstance(partial, SelfChecking) else ()
        self.note(found, path)
        is_clean = not found and len(self.mistakes) == clean
        return self._whole(model, node, path) if is_clean else partial

    def _unknown_keys(
        self, model: type[BaseModel], node: dict[str, object], path: KeyPath
    ) -> set[str]:
        """Note unknown keys; return the known ones that were probably meant."""
        known = _keys(model)
        meant: set[str] = set()
        for key in node:
            if key in known:
                continue
            hint = nearest_hint(key, known)
            self.add(
                (*path, key),
                f"unknown key '{key}'; allowed: {', '.join(known)}. "
                f"{hint if hint.startswith('Did') else 'Delete it, or use one of these.'}",
            )
            meant |= {one for one in known if repr(one) in hint and one not in node}
        return meant

    def _field(
        self, field: FieldInfo, key: str, node: dict[str, object], path: KeyPath, *, is_typo: bool
    ) -> object:
        if is_typo:
            return UNREAD
        if key in node:
            return self.value(_annotation(field), node[key], (*path, key))
        if not field.is_required():
            return field.get_default(call_default_factory=True, validated_data={})
        example = field.examples[0] if field.examples else "..."
        self.add(
            (*path, key),
            f"the key '{key}' is missing; it is needed. Add the line '{key}: {example}'.",
        )
        return UNREAD

    def _leaf(self, annotation: object, node: object, path: KeyPath) -> object:
        try:
            return TypeAdapter(typing.cast("Any", annotation)).validate_python(node)
        except pydantic.ValidationError as error:
            self._translate(error.errors(), node, path)
            return UNREAD

    def _whole(self, model: type[BaseModel], node: object, path: KeyPath) -> object:
        try:
            return model.model_validate(node)
        except pydantic.ValidationError as error:
            self._translate(error.errors(), node, path)
            return UNREAD

    def _translate(self, errors: list[ErrorDetails], node: object, path: KeyPath) -> None:
        by_path: dict[KeyPath, list[ErrorDetails]] = {}
        for error in errors:
            by_path.setdefault(_inside(node, error["loc"]), []).append(error)
        for inner, group in by_path.items():
            full = (*path, *inner)
            # entries of lists and what a shorthand stands for have no key of their own
            has_key = full in self._tree.lines and isinstance(full[-1], str) if full else False
            self.add(full, explain(group, str(full[-1]) if has_key else ""))


def _keys(model: type[BaseModel]) -> dict[str, tuple[str, FieldInfo]]:
    return {field.alias or name: (name, field) for name, field in model.model_fields.items()}


def _annotation(field: FieldInfo) -> object:
    if field.metadata:
        return Annotated[(field.annotation, *field.metadata)]
    return field.annotation


def _without_metadata(annotation: object) -> tuple[object, tuple[object, ...]]:
    if typing.get_origin(annotation) is Annotated:
        bare, *metadata = typing.get_args(annotation)
        return bare, tuple(metadata)
    return annotation, ()


def _options(annotation: object) -> tuple[object, ...]:
    if typing.get_origin(annotation) in {Union, types.UnionType}:
        return typing.get_args(annotation)
    return (annotation,)


def _holds_records(annotation: object) -> bool:
    bare, _ = _without_metadata(annotation)
    if isinstance(bare, type) and issubclass(bare, BaseModel):
        return True
    inner = typing.get_args(bare)
    match typing.get_origin(bare):
        case origin if origin is dict:
            return _holds_records(inner[1])
        case origin if origin in {list, tuple}:
            return _holds_records(inner[0])
    return False


def _inside(node: object, location: tuple[int | str, ...]) -> KeyPath:
    """Drop from a pydantic location what is no key of the data, such as the names of unions."""
    path: list[int | str] = []
    for part in location:
        is_key = isinstance(node, dict) and part in node
        if is_key or (isinstance(node, list) and isinstance(part, int) and part < len(node)):
            node = node[part]  # type: ignore[index]
            path.append(part)
    return tuple(path)


def _dotted(data: object, path: KeyPath) -> str:
    """Return the key path as people read it: entries of lists by their name where they have one."""
    text = ""
    for part in path:
        if isinstance(part, int):
            name = _entry_name(data, part)
            text += f".{name}" if name else f"[{part}]"
        else:
            text += f".{part}" if text else part
        inner = data if isinstance(data, dict | list) else {}
        try:
            data = inner[part]  # type: ignore[index]
        except (KeyError, IndexError, TypeError):
            data = None
    return text


def _entry_name(entries: object, position: int) -> str | None:
    if not isinstance(entries, list):
        return None
    names = [entry.get("name") if isinstance(entry, dict) else None for entry in entries]
    name = names[position]
    return name if isinstance(name, str) and name and names.count(name) == 1 else None
