"""Hostile XML is refused here, before the C library sees it.

The text is walked once by Expat: entities and document types (a few lines can stand for gigabytes),
depth (recursion), the number of elements, and numbers that no float holds. Nothing is fetched.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Final
from xml.parsers import expat

from cohort.sbml.errors import SbmlError, mistake, shown

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["check_text", "read_text"]

MOST_BYTES: Final = 64 * 2**20
"""Largest file; the largest of BioModels is a third of it."""

MOST_ELEMENTS: Final = 2_000_000

DEEPEST: Final = 200
"""Elements within elements; notes in XHTML nest some tens."""

DEEPEST_MATH: Final = 120
"""Elements within one ``math``; the deepest of the suite has 23."""

LONGEST_NUMBER: Final = 64
"""Characters of a ``cn``; 17 digits say every float."""

_MATH: Final = "http://www.w3.org/1998/Math/MathML"
_NUMBER: Final = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?")
_EXPONENT: Final = re.compile(r"[-+]?\d+")
_PAIR: Final = 2  # mantissa and exponent
_NO_REMEDY: Final = "Write the file without it"


def read_text(path: Path) -> str:
    """Return the text of a file; `check_text` comes next.

    Parameters
    ----------
    path
        An SBML file in UTF-8.

    Raises
    ------
    SbmlError
        If it cannot be read, is too large, or no UTF-8.

    Examples
    --------
    >>> from pathlib import Path
    >>> read_text(Path("none.xml"))
    Traceback (most recent call last):
    ...
    cohort.sbml.errors.SbmlError: none.xml: No such file or directory. Give an SBML file.
    """
    name = path.name
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise SbmlError(
                [
                    mistake(
                        name,
                        "",
                        f"it has {size / 2**20:.0f} MiB; {MOST_BYTES // 2**20} MiB are allowed",
                        "Leave out annotations, or split the model",
                    )
                ]
            )
        raw = path.read_bytes()
    except OSError as error:
        raise SbmlError(
            [mistake(name, "", error.strerror or str(error), "Give an SBML file")]
        ) from (error)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SbmlError(
            [
                mistake(
                    name,
                    "",
                    f"byte {error.start + 1} is not UTF-8; SBML is written in UTF-8",
                    "Convert it, or give the XML file itself where this is an archive",
                )
            ]
        ) from error
    return text


def check_text(text: str, file: str) -> None:
    """Refuse a text that is no XML, or that is made to harm.

    Parameters
    ----------
    text
        The document.
    file
        What messages call it.

    Raises
    ------
    SbmlError
        If it is not well formed, has a document type, entity, too many or too deep elements, or
        a number that is out of range.

    Examples
    --------
    >>> check_text("<sbml/>", "m.xml")
    >>> check_text("<!DOCTYPE sbml [<!ENTITY a 'b'>]><sbml>&a;</sbml>", "m.xml")
    ... # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    cohort.sbml.errors.SbmlError: m.xml, line 1: a document type; none is allowed, ...
    """
    _Guard(file).check(text)


class _Guard:
    """Expat's handlers, and where they are."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.depth = self.math_depth = self.n_elements = 0
        self.number: list[str] | None = None
        self.number_type = ""
        self.parser = expat.ParserCreate("utf-8", namespace_separator=" ")
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.characters
        self.parser.StartDoctypeDeclHandler = self.doctype
        self.parser.EntityDeclHandler = self.entity
        self.parser.ExternalEntityRefHandler = self.external

    def check(self, text: str) -> None:
        try:
            self.parser.Parse(text.encode(), True)
        except expat.ExpatError as error:
            raise SbmlError(
                [
                    mistake(
                        self.file,
                        f"line {error.lineno}",
                        f"{expat.ErrorString(error.code)}; well-formed XML is needed",
                        "Mend it, or give the SBML file",
                    )
                ]
            ) from error

    def refuse(self, given: str, remedy: str = _NO_REMEDY) -> None:
        place = f"line {self.parser.CurrentLineNumber}"
        raise SbmlError([mistake(self.file, place, given, remedy)])

    def doctype(self, *_: object) -> None:
        self.refuse("a document type; none is allowed, for it can hold entities")

    def entity(self, *_: object) -> None:
        self.refuse("an entity; none is allowed")

    def external(self, *_: object) -> int:
        self.refuse("an external entity; none is allowed")
        return 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        self.n_elements += 1
        if self.depth > DEEPEST:
            self.refuse(f"more than {DEEPEST} elements within one another; {DEEPEST} are allowed")
        if self.n_elements > MOST_ELEMENTS:
            self.refuse(f"more than {MOST_ELEMENTS:,} elements; so many are allowed")
        space, _, tag = name.rpartition(" ")
        if space == _MATH:
            self.math_depth += 1
            if self.math_depth > DEEPEST_MATH:
                self.refuse(
                    f"mathematics of more than {DEEPEST_MATH} levels; {DEEPEST_MATH} are allowed",
                    "Name parts of it by assignment rules",
                )
            if tag == "cn":
                self.number, self.number_type = [], attributes.get("type", "real").strip()
            elif tag == "sep" and self.number is not None:
                self.number.append(" ")

    def end(self, name: str) -> None:
        self.depth -= 1
        space, _, tag = name.rpartition(" ")
        if space == _MATH:
            self.math_depth -= 1
            if tag == "cn" and self.number is not None:
                self.check_number("".join(self.number))
                self.number = None

    def characters(self, text: str) -> None:
        if self.number is not None:
            self.number.append(text)

    def check_number(self, text: str) -> None:
        parts = text.split()
        if len(text.strip()) > LONGEST_NUMBER:
            self.refuse(
                f"the number {shown(text.strip())}; {LONGEST_NUMBER} characters are allowed",
                "Round it to 17 digits",
            )
        for part in parts:
            if not _NUMBER.fullmatch(part):
                self.refuse(f"'{shown(part)}' in a cn; a number is allowed", "Mend it")
            if not math.isfinite(float(part)):
                self.refuse(f"the number {shown(part)}; at most 1.8e308 is allowed", "Mend it")
        if self.number_type == "e-notation" and len(parts) == _PAIR:
            value = f"{parts[0]}e{parts[1]}"
            if not (_EXPONENT.fullmatch(parts[1]) and math.isfinite(float(value))):
                self.refuse(f"the number {shown(value)}; at most 1.8e308 is allowed", "Mend it")
