"""From the name or the path of a protocol to a validated `Protocol`, and back to text.

The command line and the pipelines enter here. Nothing is written, whatever is wrong.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from cohort.errors import Mistake, ProtocolError
from cohort.protocols import protocol_names
from cohort.trial.content import content_contradictions
from cohort.trial.protocol import Protocol
from cohort.yaml_files import nearest_hint, parse_yaml_model, read_yaml_model

__all__ = ["load_protocol", "parse_protocol", "write_protocol"]

_WIDEST = 10_000  # texts of a protocol are shorter, so none is folded


def load_protocol(name_or_path: str | Path) -> Protocol:
    """Return a packaged protocol by name, or one from a file.

    Parameters
    ----------
    name_or_path
        Packaged name, or path of a YAML file. A packaged name wins; write './name' for a file.

    Returns
    -------
    The validated protocol.

    Raises
    ------
    ProtocolError
        If there is no such protocol, or the file has mistakes; all of them are listed.

    Examples
    --------
    >>> [arm.name for arm in load_protocol("sct-md-01").arms][:2]
    ['placebo', 'escitalopram 10 mg']
    >>> load_protocol("sct-md-1")
    Traceback (most recent call last):
    ...
    cohort.errors.ProtocolError: sct-md-1: no packaged protocol and no file has this name; 27 are \
packaged. Did you mean 'sct-md-01'?
    """
    name = str(name_or_path)
    with _packaged(name) as packaged:
        path = packaged if packaged is not None else Path(name)
        is_path = isinstance(name_or_path, Path) or "/" in name or "\\" in name
        if packaged is None and not (is_path or path.suffix in {".yaml", ".yml"} or path.exists()):
            raise ProtocolError([_unknown(name)])
        return read_yaml_model(
            path, Protocol, where=name, error=ProtocolError, checks=(content_contradictions,)
        )


def parse_protocol(text: str, *, where: str = "text") -> Protocol:
    """Return the protocol that a YAML text holds.

    Parameters
    ----------
    text
        Protocol as YAML.
    where
        Name of the text in messages.

    Returns
    -------
    The validated protocol.

    Raises
    ------
    ProtocolError
        If the text has mistakes; all of them are listed.

    Examples
    --------
    >>> protocol = load_protocol("sct-md-01")
    >>> parse_protocol(write_protocol(protocol)) == protocol
    True
    """
    return parse_yaml_model(
        text, Protocol, where=where, error=ProtocolError, checks=(content_contradictions,)
    )


def write_protocol(protocol: Protocol) -> str:
    """Return a protocol as YAML, with every default written out.

    Parameters
    ----------
    protocol
        The protocol.

    Returns
    -------
    Text that reads back to an equal protocol.

    Examples
    --------
    >>> print(write_protocol(load_protocol("sct-md-01")).splitlines()[1])
    name: sct-md-01
    """
    yaml: Any = YAML(typ="safe", pure=True)  # its options are declared by their initial None
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False
    yaml.width = _WIDEST
    yaml.allow_unicode = True
    stream = io.StringIO()
    yaml.dump(protocol.model_dump(mode="json", exclude_none=True), stream)
    return stream.getvalue()


@contextmanager
def _packaged(name: str) -> Iterator[Path | None]:
    if name not in protocol_names():
        yield None
        return
    with resources.as_file(resources.files("cohort.protocols") / f"{name}.yaml") as path:
        yield path


def _unknown(name: str) -> Mistake:
    known = protocol_names()
    count = f"{len(known)} {'is' if len(known) == 1 else 'are'} packaged"
    message = (
        f"no packaged protocol and no file has this name; {count}. {nearest_hint(name, known)}"
    )
    return Mistake(file=name, line=None, key_path="", message=message)
