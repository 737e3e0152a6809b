"""A report as one HTML file: no network, no script, nothing that is not in it.

Every text is escaped here and nowhere else. A content policy forbids what the file does not need,
so even a name that got past the escaping could load and run nothing.
"""

from html import escape
from importlib.resources import files
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
    Section,
)
from pipelines.report.style import DARK, LIGHT, page_svg

__all__ = ["html_text"]

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_STYLES: Final = "report.css"


def html_text(document: Document) -> str:
    """Return a report as HTML.

    Parameters
    ----------
    document
        The report.

    Examples
    --------
    >>> text = html_text(
    ...     Document(title="<script>", subtitle="", notice="", sections=(), foot="")
    ... )
    >>> "<script>" in text, "&lt;script&gt;" in text
    (False, True)
    """
    sheet = files("pipelines.report").joinpath(_STYLES).read_text(encoding="utf-8")
    links = "".join(
        f'<li><a href="#{escape(one.key)}">{escape(one.title)}</a></li>'
        for one in document.sections
    )
    body = "\n".join(map(_section, document.sections))
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(document.title)}: simulated trial report</title>
<style>
{_colors()}
{sheet}</style>
</head>
<body>
<a class="skip" href="#content">Skip to the report</a>
<header>
<p class="notice">{escape(document.notice)}</p>
<h1>{escape(document.title)}</h1>
<p class="subtitle">{escape(document.subtitle)}</p>
</header>
<nav aria-label="Chapters"><ul>{links}</ul></nav>
<main id="content" tabindex="-1">
{body}
</main>
<footer><p>{escape(document.foot)}</p></footer>
</body>
</html>
"""


def _colors() -> str:
    def variables(palette: dict[str, str]) -> str:
        return " ".join(f"--{name}: {color};" for name, color in palette.items())

    dark = f"@media (prefers-color-scheme: dark) {{ :root {{ {variables(DARK)} }} }}"
    paper = f"@media print {{ :root {{ {variables(LIGHT)} }} }}"
    return f":root {{ {variables(LIGHT)} }}\n{dark}\n{paper}"


def _section(section: Section) -> str:
    key = escape(section.key)
    return (
        f'<section id="{key}" aria-labelledby="{key}-title">\n'
        f'<h2 id="{key}-title">{escape(section.title)}</h2>\n'
        f"{_blocks(section.blocks)}\n</section>"
    )


def _blocks(blocks: tuple[Block, ...]) -> str:
    return "\n".join(map(_block, blocks))


def _block(block: Block) -> str:
    match block:
        case Paragraph():
            kind = "" if block.kind == "text" else f' class="{block.kind}"'
            return f"<p{kind}>{escape(block.text)}</p>"
        case Heading():
            return f"<h3>{escape(block.text)}</h3>"
        case Bullets():
            return f"<ul>{''.join(f'<li>{escape(one)}</li>' for one in block.items)}</ul>"
        case Facts():
            pairs = "".join(
                f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>"
                for name, value in block.pairs
            )
            return f"<dl>{pairs}</dl>"
        case Grid():
            return _grid(block)
        case Picture():
            return _picture(block)
        case Columns():
            parts = (block.question, block.answer, block.facts)
            inside = "".join(f"<div>{_blocks(one)}</div>" for one in parts)
            return f'<div class="columns">{inside}</div>'
        case Details():
            inside = _blocks(block.blocks)
            return f"<details><summary>{escape(block.summary)}</summary>{inside}</details>"


def _grid(grid: Grid) -> str:
    key = f"table-{escape(grid.key)}"
    first, *others = grid.head
    corner = f'<th scope="col">{escape(first)}</th>' if first else "<td></td>"
    head = corner + "".join(f'<th scope="col">{escape(one)}</th>' for one in others)
    lines = []
    for row in grid.rows:
        if not row.cells and others:
            lines.append(
                f'<tr class="group"><th scope="rowgroup" colspan="{len(grid.head)}">'
                f"{escape(row.label)}</th></tr>"
            )
            continue
        inner = ' class="inner"' if row.is_inner else ""
        cells = "".join(f"<td>{escape(one)}</td>" for one in row.cells)
        lines.append(f'<tr><th scope="row"{inner}>{escape(row.label)}</th>{cells}</tr>')
    kind = ' class="words"' if grid.is_text else ""
    note = f'<p class="note">{escape(grid.note)}</p>' if grid.note else ""
    return (
        f'<div class="scroll" role="region" aria-labelledby="{key}" tabindex="0">'
        f'<table{kind}><caption id="{key}">{escape(grid.caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>\n" + "\n".join(lines) + "\n</tbody></table></div>"
        f"{note}"
    )


def _picture(picture: Picture) -> str:
    box, _, content = page_svg(picture).partition("|")
    key = f"figure-{escape(picture.key)}"
    note = f" {escape(picture.note)}" if picture.note else ""
    width = float(box.split()[2])
    said = "" if picture.is_told else f'<p class="finding-of">{escape(picture.finding)}</p>'
    return (
        f'<figure id="{key}"><figcaption id="{key}-caption"><strong>{escape(picture.title)}.'
        f"</strong>{note}</figcaption>"
        f'<div class="scroll" role="region" aria-labelledby="{key}-caption" tabindex="0">'
        f'<svg role="img" aria-label="{escape(picture.finding)}" viewBox="{box}" '
        f'style="--width: {width:.0f}px" xmlns="http://www.w3.org/2000/svg">'
        f"{content}</svg></div>"
        f"{said}</figure>"
    )
