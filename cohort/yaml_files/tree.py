"""YAML text as plain data that knows the line of every key.

The nodes of ruamel.yaml are composed, not loaded: its loaders stop at the first duplicate key and
turn some text into dates. Merge keys and tags are refused, aliases are followed.
"""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, ReusedAnchorWarning, YAMLError, YAMLStreamError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from cohort.errors import Mistake
from cohort.yaml_files.contradictions import KeyPath

__all__ = ["Tree", "parse_text", "read_text"]

MAX_BYTES = 2_000_000
"""Largest file that is read [byte]: a thousand times a usual protocol, far below trouble."""
MAX_NODES = 100_000
"""Most values in a file, counted after aliases are followed (they can multiply without end)."""

_PREFIX = "tag:yaml.org,2002:"
_PLAIN = {_PREFIX + kind for kind in ("str", "int", "float", "bool", "null", "timestamp")}
_HINTS = {
    "mapping values": "Align the keys of one mapping, and put a text that holds ': ' in quotes",
    "'\\t'": "Indent with spaces, not with tabs",
    "quoted scalar": "Close the quote",
    "flow sequence": "Close the bracket ']' or add the comma",
    "flow mapping": "Close the brace '}' or add the comma",
    "block collection": "Align the entries of one list, or the keys of one mapping",
    "block mapping": "Align the keys of one mapping",
    "undefined alias": "Define the anchor before it is used, or put the text in quotes",
    "single document": "Keep one document in a file: delete the line '---'",
    "could not find expected ':'": "Write 'key: value'",
    "cannot start": "Put the text in quotes",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    r"""Plain data of a file, the line of every key, and what was wrong with the text.

    Examples
    --------
    >>> tree = parse_text("seed: 1\narms: [a]", "p.yaml")
    >>> tree.data, tree.line(("arms", 0))
    ({'seed': 1, 'arms': ['a']}, 2)
    """

    file: str
    data: object
    lines: Mapping[KeyPath, int] = field(default_factory=dict)
    mistakes: tuple[Mistake, ...] = ()
    is_broken: bool = False

    def line(self, path: KeyPath) -> int:
        """Return the line of a key, or of the nearest key above it.

        Examples
        --------
        >>> parse_text("# a note", "p.yaml").line(("seed",))
        1
        """
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read_text(path: Path, file: str) -> str | Mistake:
    """Return the text of a file, or why it cannot be read.

    Examples
    --------
    >>> read_text(Path("gone.yaml"), "gone.yaml").message
    'no such file; an existing YAML file is wanted. Check the path.'
    """
    try:
        if path.is_dir():
            return _whole(file, "a folder was given; a YAML file is wanted. Name a file in it.")
        if path.stat().st_size > MAX_BYTES:
            return _whole(
                file,
                f"the file has {path.stat().st_size} bytes; at most {MAX_BYTES} are read. "
                "Check that it is the right file.",
            )
        raw = path.read_bytes()
    except FileNotFoundError:
        return _whole(file, "no such file; an existing YAML file is wanted. Check the path.")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return _whole(
            file,
            f"the file cannot be read ({reason}); a readable YAML file is wanted. "
            "Check the path and its permissions.",
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return Mistake(
            file=file,
            line=raw.count(b"\n", 0, error.start) + 1,
            key_path="",
            message=f"byte 0x{raw[error.start]:02x} is no UTF-8 text; files are UTF-8. "
            "Save the file with the encoding UTF-8.",
        )


def parse_text(text: str, file: str) -> Tree:
    """Return the data of a YAML text with the line of every key.

    Examples
    --------
    >>> parse_text("at: 08:00", "p.yaml").data
    {'at': '08:00'}
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ReusedAnchorWarning)  # YAML lets anchors be reused
            yaml = YAML(typ="safe", pure=True)
            node = yaml.compose(text)
    except MarkedYAMLError as error:
        return _broken(file, _explain(error, text, file))
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        shown = f"the control character {text[error.position]!r} was given"
        message = f"{shown}; printable text is wanted. Delete the character."
        return _broken(file, Mistake(file=file, line=line, key_path="", message=message))
    except (YAMLError, YAMLStreamError, RecursionError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        message = f"the text cannot be read ({reason}); YAML is wanted. Simplify the file."
        return _broken(file, _whole(file, message))
    if node is None:
        return _broken(
            file, _whole(file, "the file is empty; keys and values are wanted. Fill it.")
        )
    return _Converter(yaml, file).tree(node)


def _whole(file: str, message: str) -> Mistake:
    return Mistake(file=file, line=None, key_path="", message=message)


def _broken(file: str, mistake: Mistake) -> Tree:
    return Tree(file=file, data=None, mistakes=(mistake,), is_broken=True)


def _explain(error: MarkedYAMLError, text: str, file: str) -> Mistake:
    mark = error.problem_mark or error.context_mark
    lines = text.splitlines() or [""]
    begun = error.context_mark
    since = f" ({error.context}, begun on line {begun.line + 1})" if begun else ""
    words = f"{error.problem} {error.context}"
    if begun and "quoted scalar" in words:
        mark = begun  # a quote that is never closed breaks at the end of the file
    row = min(mark.line if mark else 0, len(lines) - 1)
    column = (mark.column if mark else 0) + 1
    hint = next((hint for part, hint in _HINTS.items() if part in words), "Correct the line")
    message = (
        f"broken YAML at column {column} of the line '{lines[row].strip()}': "
        f"{error.problem}{since}; 'key: value' lines are wanted. {hint}."
    )
    return Mistake(file=file, line=row + 1, key_path="", message=message)


class _Refusal(Exception):  # noqa: N818  (carries a mistake from the depth of a tree, never leaves)
    def __init__(self, mistake: Mistake) -> None:
        self.mistake = mistake


class _Converter:
    """Turns nodes into plain data, noting lines and collecting mistakes."""

    def __init__(self, yaml: YAML, file: str) -> None:
        self._constructor = yaml.constructor
        self._file = file
        self._lines: dict[KeyPath, int] = {}
        self._mistakes: list[Mistake] = []
        self._open: list[Node] = []
        self._n_nodes = 0

    def tree(self, node: Node) -> Tree:
        try:
            data = self._plain(node, ())
        except _Refusal as refusal:
            return _broken(self._file, refusal.mistake)
        return Tree(file=self._file, data=data, lines=self._lines, mistakes=tuple(self._mistakes))

    def _plain(self, node: Node, path: KeyPath) -> object:
        self._lines.setdefault(path, node.start_mark.line + 1)
        self._n_nodes += 1
        if self._n_nodes > MAX_NODES:
            raise _Refusal(
                self._mistake(
                    node,
                    path,
                    f"more than {MAX_NODES} values were given; "
                    "fewer are read. Shorten the file or its aliases.",
                )
            )
        if any(node is above for above in self._open):
            raise _Refusal(
                self._mistake(
                    node, path, "an alias holds itself; a tree is wanted. Write the values out."
                )
            )
        self._open.append(node)
        try:
            return self._by_kind(node, path)
        finally:
            self._open.pop()

    def _by_kind(self, node: Node, path: KeyPath) -> object:
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self._plain(item, (*path, i)) for i, item in enumerate(node.value)]
        return self._scalar(node, path)

    def _mapping(self, node: MappingNode, path: KeyPath) -> dict[str, object]:
        data: dict[str, object] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node, path)
            here = (*path, key)
            if key in data:
                self._mistakes.append(
                    self._mistake(
                        key_node,
                        here,
                        f"'{key}' is written a second time (first on line {self._lines[here]}); "
                        "a key stands once. Delete one of the two.",
                    )
                )
                continue
            self._lines[here] = key_node.start_mark.line + 1
            data[key] = self._plain(value_node, here)
        return data

    def _key(self, node: Node, path: KeyPath) -> str:
        if not isinstance(node, ScalarNode):
            raise _Refusal(
                self._mistake(
                    node,
                    path,
                    "a list or mapping stands as a key; keys are words. Write 'key: value'.",
                )
            )
        if node.tag == _PREFIX + "merge":
            raise _Refusal(
                self._mistake(
                    node,
                    path,
                    "the merge key '<<' was given; keys are written out. Copy the keys here.",
                )
            )
        return str(node.value)

    def _scalar(self, node: Node, path: KeyPath) -> object:
        if node.tag not in _PLAIN:
            raise _Refusal(
                self._mistake(
                    node,
                    path,
                    f"the tag '{node.tag}' was given; plain values are read. Delete the tag.",
                )
            )
        if node.tag in {_PREFIX + "str", _PREFIX + "timestamp"}:
            return node.value
        try:
            return self._constructor.construct_object(node)
        except (ValueError, YAMLError):
            return node.value  # such as an int in an unknown notation: refused as text later

    def _mistake(self, node: Node, path: KeyPath, message: str) -> Mistake:
        parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
        dotted = "".join(parts).removeprefix(".")
        line = node.start_mark.line + 1
        return Mistake(file=self._file, line=line, key_path=dotted, message=message)
