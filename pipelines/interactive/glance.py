"""What a run looks like at a prompt: a few lines of text, or a small page in a notebook."""

from html import escape

import polars as pl

from pipelines.errors import PipelineError
from pipelines.exchange.contents import RunContents
from pipelines.report.document import Grid, Paragraph
from pipelines.report.overview import finding, glance_table
from pipelines.report.run_data import read_run
from pipelines.report.words import count, plain
from pipelines.report_text import NOTICE

__all__ = ["glance_html", "glance_text", "table_html"]

_LINE = 76
_CELL = "padding: 0.15em 0.8em; text-align: "


def glance_text(contents: RunContents) -> str:
    """Return a run in a few lines.

    Parameters
    ----------
    contents
        What a run holds.

    Examples
    --------
    >>> glance_text.__name__  # run by tests/pipelines/interactive: it needs a run
    'glance_text'
    """
    tables = [f"{name} {count(one.n_rows)}" for name, one in contents.tables.items()]
    lines = [f"Run of {plain(contents.title)}", f"  {_numbers(contents)}"]
    lines += [f"  folder  {contents.folder.root}"]
    head = "  tables  "
    for one in tables:
        if len(head) + len(one) > _LINE:
            lines.append(head.rstrip())
            head = " " * 10
        head += f"{one}, "
    lines.append(head.rstrip(", "))
    return "\n".join([*lines, f"  {NOTICE}"])


def _numbers(contents: RunContents) -> str:
    n = contents.tables["adsl"].n_rows
    missing = f", {count(contents.n_missing)} more missing" if contents.n_missing else ""
    return f"{contents.study}: {count(n)} simulated patients{missing}, made {contents.made}"


def glance_html(contents: RunContents) -> str:
    """Return a run as a piece of a page: what came out, by arm, and its tables.

    Parameters
    ----------
    contents
        What a run holds; every text of it is escaped.

    Examples
    --------
    >>> glance_html.__name__  # run by tests/pipelines/interactive: it needs a run
    'glance_html'
    """
    try:
        run = read_run(contents.folder.root)
        found: list[Paragraph | Grid] = [Paragraph(finding(run)), glance_table(run)]
    except (PipelineError, pl.exceptions.PolarsError) as error:
        # a prompt that shows a run must not fail for what a report lacks
        found = [Paragraph(str(error))]
    tables = ", ".join(f"{name} ({count(one.n_rows)})" for name, one in contents.tables.items())
    parts = [
        f"<strong>{escape(plain(contents.title))}</strong>",
        f"<div>{escape(_numbers(contents))}</div>",
        *(table_html(one) if isinstance(one, Grid) else f"<p>{escape(one.text)}</p>"
          for one in found),
        f"<details><summary>{len(contents.tables)} tables in "
        f"{escape(str(contents.folder.root))}</summary>{escape(tables)}</details>",
        f"<div><em>{escape(NOTICE)}</em></div>",
    ]  # fmt: skip
    return f"<div>{''.join(parts)}</div>"


def table_html(grid: Grid) -> str:
    """Return a table without names, so that one page can hold it twice.

    Parameters
    ----------
    grid
        A table of a report.

    Examples
    --------
    >>> from pipelines.report.document import Row
    >>> "&lt;b&gt;" in table_html(Grid(key="a", caption="<b>", head=("", "n"), rows=(
    ...     Row("all", ("5",)),)))
    True
    """
    head = "".join(f'<th scope="col" style="{_CELL}right">{escape(one)}</th>'
                   for one in grid.head[1:])  # fmt: skip
    first = f'<th scope="col" style="{_CELL}left">{escape(grid.head[0])}</th>'
    rows = []
    for row in grid.rows:
        cells = "".join(f'<td style="{_CELL}right">{escape(one)}</td>' for one in row.cells)
        rows.append(f'<tr><th scope="row" style="{_CELL}left">{escape(row.label)}</th>{cells}</tr>')
    return (
        f"<table><caption>{escape(grid.caption)}</caption><thead><tr>{first}{head}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table>"
    )
