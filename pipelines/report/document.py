"""What a report is made of, as plain data: sections of paragraphs, tables, facts and pictures.

Chapters make it, writers turn it into HTML or Markdown. All text here is plain text: a writer
escapes every character of it, so a name from a protocol can hold anything.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from matplotlib.figure import Figure

__all__ = [
    "Block",
    "Bullets",
    "Columns",
    "Details",
    "Document",
    "Facts",
    "Grid",
    "Heading",
    "Paragraph",
    "Picture",
    "Row",
    "Section",
    "grids_of",
    "pictures_of",
]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph.

    Parameters
    ----------
    text
        Plain text.
    kind
        How much it stands out: ``finding`` is what came out, ``warning`` must not be missed.

    Examples
    --------
    >>> Paragraph("Nothing.").kind
    'text'
    """

    text: str
    kind: Literal["text", "finding", "note", "warning"] = "text"


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading inside a section.

    Examples
    --------
    >>> Heading("Flow").text
    'Flow'
    """

    text: str


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list.

    Examples
    --------
    >>> Bullets(("one", "two")).items
    ('one', 'two')
    """

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """Names with their values.

    Examples
    --------
    >>> Facts((("Seed", "1"),)).pairs[0]
    ('Seed', '1')
    """

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table.

    Parameters
    ----------
    label
        Head of the line.
    cells
        One text a column; none for a line that names a group.
    is_inner
        Whether it belongs to the group above it.

    Examples
    --------
    >>> Row("Women", ("79 (62 %)",)).is_inner
    False
    """

    label: str
    cells: tuple[str, ...] = ()
    is_inner: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A table.

    Parameters
    ----------
    key
        Short name, once in a document.
    caption
        What it shows.
    head
        Names of the columns, that of the labels first.
    rows
        Its lines.
    note
        What is to be known about its numbers.
    is_text
        Whether its cells are words, so that they stand at the left.

    Examples
    --------
    >>> Grid(key="a", caption="A", head=("", "n"), rows=(Row("all", ("5",)),)).note
    ''
    """

    key: str
    caption: str
    head: tuple[str, ...]
    rows: tuple[Row, ...]
    note: str = ""
    is_text: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A figure, drawn when a writer asks for it.

    Parameters
    ----------
    key
        Short name, once in a document; names its files.
    title
        What it shows.
    finding
        What is to be seen in it, with numbers; those who cannot see it read this.
    note
        How to read it.
    draw
        Makes the figure.
    is_told
        Whether the text beside it says the finding already.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> Picture(key="a", title="A", finding="Nothing.", draw=Figure).note
    ''
    """

    key: str
    title: str
    finding: str
    draw: "Callable[[], Figure]"
    note: str = ""
    is_told: bool = False


@dataclass(frozen=True, slots=True)
class Columns:
    """What is asked, what came out beside it, and facts below the question.

    Where there is no room for two columns they stand below one another, in this order.

    Examples
    --------
    >>> Columns((), (), ()).facts
    ()
    """

    question: "tuple[Block, ...]"
    answer: "tuple[Block, ...]"
    facts: "tuple[Block, ...]"


@dataclass(frozen=True, slots=True)
class Details:
    """Blocks that are folded away until they are asked for.

    Examples
    --------
    >>> Details("All of them", ()).summary
    'All of them'
    """

    summary: str
    blocks: "tuple[Block, ...]"


Block = Paragraph | Heading | Bullets | Facts | Grid | Picture | Columns | Details


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A chapter.

    Examples
    --------
    >>> Section(key="safety", title="Safety", blocks=()).title
    'Safety'
    """

    key: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A whole report.

    Parameters
    ----------
    title
        Its title.
    subtitle
        One line under it.
    notice
        What must be known before a number is read.
    sections
        Its chapters.
    foot
        Last line.

    Examples
    --------
    >>> Document(title="A", subtitle="", notice="", sections=(), foot="").sections
    ()
    """

    title: str
    subtitle: str
    notice: str
    sections: tuple[Section, ...]
    foot: str


def _inside(blocks: tuple[Block, ...]) -> "Iterator[Block]":
    """Yield blocks and what is in them."""
    for block in blocks:
        yield block
        if isinstance(block, Columns):
            yield from _inside((*block.question, *block.answer, *block.facts))
        elif isinstance(block, Details):
            yield from _inside(block.blocks)


def pictures_of(document: Document) -> tuple[Picture, ...]:
    """Return all figures of a report, in their order.

    Examples
    --------
    >>> pictures_of(Document(title="A", subtitle="", notice="", sections=(), foot=""))
    ()
    """
    found = (block for one in document.sections for block in _inside(one.blocks))
    return tuple(block for block in found if isinstance(block, Picture))


def grids_of(document: Document) -> tuple[Grid, ...]:
    """Return all tables of a report, in their order.

    Examples
    --------
    >>> grids_of(Document(title="A", subtitle="", notice="", sections=(), foot=""))
    ()
    """
    found = (block for one in document.sections for block in _inside(one.blocks))
    return tuple(block for block in found if isinstance(block, Grid))
