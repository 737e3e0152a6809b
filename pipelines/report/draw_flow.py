"""The flow diagram: who was randomised, treated, left and why, finished."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from pipelines.report.style import LIGHT, Look, canvas

__all__ = ["FlowColumn", "draw_flow"]

_LINE: Final = 0.165
"""Inches of a line of text."""
_PAD: Final = 0.1
_GAP: Final = 0.24
_WIDTH: Final = 7.6
_MOST_COLUMNS: Final = 4
_N_LETTERS: Final = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowColumn:
    """What became of an arm.

    Parameters
    ----------
    name
        Of the arm.
    look
        How it looks.
    boxes
        Lines of each box, from top to bottom; the first line of a box is its head.

    Examples
    --------
    >>> FlowColumn(name="a", look=Look(0), boxes=(("Randomised 5",),)).name
    'a'
    """

    name: str
    look: Look
    boxes: tuple[tuple[str, ...], ...]


def draw_flow(head: str, columns: Sequence[FlowColumn]) -> Figure:
    """Draw the flow of patients, a column an arm, at most four side by side.

    Parameters
    ----------
    head
        Text of the box above all.
    columns
        Arms; each has the same number of boxes.

    Examples
    --------
    >>> column = FlowColumn(name="a", look=Look(0), boxes=(("Randomised 5",), ("Completed 4",)))
    >>> len(draw_flow("5 patients randomised", [column]).axes)
    1
    """
    n_column = min(_MOST_COLUMNS, max(len(columns), 1))
    bands = [columns[i : i + n_column] for i in range(0, len(columns), n_column)]
    width = _WIDTH / n_column
    letters = max(14, int(_N_LETTERS * width / (_WIDTH / _MOST_COLUMNS)))
    wrapped = [[_wrapped(one, letters) for one in band] for band in bands]
    heights = [
        [max(len(boxes[row]) for boxes in band) * _LINE + 2 * _PAD for row in range(len(band[0]))]
        for band in wrapped
    ]
    total = 2 * _PAD + _LINE + sum(sum(rows) + _GAP * (len(rows) + 1) for rows in heights)
    with canvas(total) as figure:
        axis = figure.subplots()
        axis.set_axis_off()
        axis.set_xlim(0, _WIDTH)
        axis.set_ylim(total, 0)
        top = _box(axis, (_WIDTH * 0.2, 0, _WIDTH * 0.6, 2 * _PAD + _LINE), [head], LIGHT["ink"])
        start = top
        for band, texts, rows in zip(bands, wrapped, heights, strict=True):
            for place, (column, boxes) in enumerate(zip(band, texts, strict=True)):
                middle = (place + 0.5) * width
                if start == top:
                    half = top + _GAP / 2
                    axis.plot(
                        (_WIDTH / 2, _WIDTH / 2, middle),
                        (top, half, half),
                        color=LIGHT["muted"],
                        linewidth=0.9,
                    )
                    _arrow(axis, middle, half, top + _GAP)
                y = start + _GAP
                for text, height in zip(boxes, rows, strict=True):
                    if text is not boxes[0]:
                        _arrow(axis, middle, y - _GAP, y)
                    place_of = (place * width + 0.06, y, width - 0.12, height)
                    y = _box(axis, place_of, text, column.look.color) + _GAP
            start = start + sum(rows) + _GAP * (len(rows) + 1)
    return figure


def _wrapped(column: FlowColumn, letters: int) -> list[list[str]]:
    return [
        [
            part
            for line in box
            for part in textwrap.wrap(line, letters, subsequent_indent="   ") or [""]
        ]
        for box in column.boxes
    ]


def _arrow(axis: Axes, x: float, top: float, bottom: float) -> None:
    axis.annotate(
        "",
        (x, bottom),
        (x, top),
        arrowprops={"arrowstyle": "-|>", "color": LIGHT["muted"], "linewidth": 0.9,
                    "shrinkA": 0, "shrinkB": 0},
    )  # fmt: skip


def _box(
    axis: Axes, place: tuple[float, float, float, float], lines: Sequence[str], color: str
) -> float:
    """Draw a box with text and return where it ends."""
    left, top, width, height = place
    axis.add_patch(
        FancyBboxPatch(
            (left, top),
            width,
            height,
            boxstyle="round,pad=0,rounding_size=0.05",
            facecolor=LIGHT["paper"],
            edgecolor=color,
            linewidth=1.3,
        )
    )
    for number, line in enumerate(lines):
        y = top + _PAD + _LINE * (number + 0.5)
        axis.text(
            left + 0.08, y, line, va="center", fontsize=8.0,
            fontweight="bold" if number == 0 else "normal",
        )  # fmt: skip
    return top + height
