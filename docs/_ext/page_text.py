"""Pieces of Markdown that generated pages are made of."""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

__all__ = ["as_text", "marked_rows", "shortened", "table", "write_if_changed"]

_NOT_VALUES: Final = frozenset({"mark", "source", "tag", "name", "title"})


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    r"""Return a Markdown table.

    Examples
    --------
    >>> print(table(["a"], [["x|y"]]))
    | a |
    | --- |
    | x\|y |
    """
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines)


def _cell(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("|", r"\|")


def as_text(text: str) -> str:
    r"""Return text in which Markdown finds nothing to format.

    Examples
    --------
    >>> print(as_text("a*b <c> {d} 1_2"))
    a\*b \<c\> \{d\} 1\_2
    """
    return re.sub(r"([*_`<>{}\[\]~$])", r"\\\1", text)


def marked_rows(record: object, where: str = "") -> Iterator[tuple[str, str, str, str]]:
    """Yield every number of a record that says where it comes from.

    Parameters
    ----------
    record
        Plain values of a validated data file, ``record.model_dump(mode="json")``.
    where
        Place of the record.

    Yields
    ------
    Place, value, mark and source.

    Examples
    --------
    >>> fact = {"value": "8 day", "mark": "read", "source": "label"}
    >>> list(marked_rows({"duration": fact, "name": "nausea"}))
    [('duration', '8 day', 'read', 'label')]
    """
    if isinstance(record, dict):
        if {"mark", "source"} <= set(record):
            yield where, _value(record), str(record["mark"]), str(record["source"])
            return
        for key, value in record.items():
            yield from marked_rows(value, f"{where}.{key}" if where else str(key))
    elif isinstance(record, list | tuple):
        for i, value in enumerate(record):
            yield from marked_rows(value, f"{where}[{_label(value, i)}]")


def _value(record: dict[str, Any]) -> str:
    if "value" in record:
        return str(record["value"])
    rest = {key: value for key, value in record.items() if key not in _NOT_VALUES}
    return ", ".join(f"{key} {_plain(value)}" for key, value in rest.items() if value is not None)


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return f"({', '.join(f'{key} {_plain(one)}' for key, one in value.items())})"
    if isinstance(value, list | tuple):
        return f"({'; '.join(map(_plain, value))})"
    return str(value)


def _label(value: object, position: int) -> str:
    if isinstance(value, dict):
        for key in ("name", "scale", "reads", "target", "where", "quantity", "parameter"):
            if isinstance(found := value.get(key), str):
                return found
    return str(position + 1)


def shortened(text: str, n_rows: int = 3) -> str:
    """Return a page whose long tables have lost their last rows.

    Parameters
    ----------
    text
        Markdown.
    n_rows
        Rows of a table that stay.

    Examples
    --------
    >>> page = table(["a"], [["1"], ["2"], ["3"], ["4"]])
    >>> shortened(page, 1) == table(["a"], [["1"]])
    True
    """
    kept: list[str] = []
    length = 0
    for line in text.split("\n"):
        length = length + 1 if line.startswith("|") else 0
        if length <= n_rows + 2:  # head and rule
            kept.append(line)
    return "\n".join(kept)


def write_if_changed(path: Path, text: str) -> None:
    """Write a page, unless it stands there already: unchanged pages are not built again.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     write_if_changed(Path(folder) / "a" / "b.md", "x")
    ...     (Path(folder) / "a" / "b.md").read_text()
    'x'
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
