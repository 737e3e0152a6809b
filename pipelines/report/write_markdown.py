"""A report as Markdown, its figures beside it as PNG files."""

import re
from typing import Final

from pipelines.report.document import (
    Block,
    Bullets,
    Columns,
    Details,
    Document,
    Facts,
    Grid,
    Heading,
    Paragraph,
    Picture,
)

__all__ = ["markdown_text"]

_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]<>#|~$])")
_STARTS: Final = re.compile(r"^(\s*)([-+=]|\d+[.)])(?=\s|$)")

_INDENT: Final = "\u00a0\u00a0"


def _escape(text: str) -> str:
    plain = _SPECIAL.sub(r"\\\1", text.replace("&", "&amp;"))
    return _STARTS.sub(r"\1\\\2", plain)


def markdown_text(document: Document, figures: str) -> str:
    r"""Return a report as Markdown.

    Parameters
    ----------
    document
        The report.
    figures
        Folder of the figures, as the text names it.

    Examples
    --------
    >>> print(markdown_text(
    ...     Document(title="A_b", subtitle="s", notice="n", sections=(), foot="f"), "figures"
    ... ))
    # A\_b
    <BLANKLINE>
    **n**
    <BLANKLINE>
    s
    <BLANKLINE>
    f
    <BLANKLINE>
    """
    parts = [f"# {_escape(document.title)}", f"**{_escape(document.notice)}**"]
    parts.append(_escape(document.subtitle))
    for section in document.sections:
        parts.append(f"## {_escape(section.title)}")
        parts += [_block(block, figures) for block in section.blocks]
    parts.append(_escape(document.foot))
    return "\n\n".join(part for part in parts if part) + "\n"


def _block(block: Block, figures: str) -> str:
    match block:
        case Paragraph():
            text = _escape(block.text)
            marks = {"finding": f"**{text}**", "warning": f"> {text}", "note": f"*{text}*"}
            return marks.get(block.kind, text)
        case Heading():
            return f"### {_escape(block.text)}"
        case Bullets():
            return "\n".join(f"- {_escape(one)}" for one in block.items)
        case Facts():
            return _table(("", ""), [(name, value) for name, value in block.pairs])
        case Grid():
            return _grid(block)
        case Picture():
            alt = _escape(block.finding)
            note = f" {_escape(block.note)}" if block.note else ""
            image = f"![{alt}]({figures}/{block.key}.png)"
            said = "" if block.is_told else f"\n\n{alt}"
            return f"{image}\n\n**{_escape(block.title)}.**{note}{said}"
        case Columns():
            blocks = (*block.question, *block.answer, *block.facts)
            return "\n\n".join(_block(one, figures) for one in blocks)
        case Details():
            inside = "\n\n".join(_block(one, figures) for one in block.blocks)
            return f"**{_escape(block.summary)}**\n\n{inside}"


def _grid(grid: Grid) -> str:
    n = len(grid.head) - 1
    rows = [
        (
            _INDENT * row.is_inner + row.label,
            *(row.cells or ("",) * n),
        )
        for row in grid.rows
    ]
    note = f"\n\n*{_escape(grid.note)}*" if grid.note else ""
    return f"**{_escape(grid.caption)}**\n\n{_table(grid.head, rows)}{note}"


def _table(head: tuple[str, ...], rows: "list[tuple[str, ...]]") -> str:
    lines = [_line(head), "|" + " --- |" + " ---: |" * (len(head) - 1)]
    return "\n".join([*lines, *map(_line, rows)])


def _line(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(_escape(one) for one in cells)} |"
