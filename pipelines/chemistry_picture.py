"""The published experiments as one picture: a row a comparison, bars for intervals, dots for runs.

Ratios and levels stand on logarithmic axes, simulated over published; times of peaks on one of
their own, in hours. Verdicts differ in color and in shape. The same table gives the same bytes: no
dates, a fixed salt, no window system.
"""

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.ticker import NullLocator

__all__ = ["draw_experiments", "save_picture"]

_STYLES: Final = {  # colors of Okabe and Ito, which the color-blind tell apart
    "agrees": {"color": "#0072B2", "marker": "o", "markersize": 4.8},
    "near": {"color": "#E69F00", "marker": "^", "markersize": 6.0},
    "fails": {"color": "#D55E00", "marker": "X", "markersize": 6.4},
}
_BAR = "#B9C6D2"
_BAND = "#F4F6F8"
_GREY, _BLACK = "#8A8A8A", "#000000"
_TICKS: Final[dict[float, str]] = {
    1 / 8: "1/8",
    1 / 4: "1/4",
    1 / 2: "1/2",
    1: "1",
    2: "2",
    4: "4",
    8: "8",
}
_LOW, _HIGH = 1 / 8, 8.0
_TIME_TICKS: Final[dict[float, str]] = {
    float(hour): f"{hour:+d} h" if hour else "0" for hour in range(-6, 7, 2)
}
_MOST_HOURS = 7.0
_FAR = 1e9
_N_COLUMNS = 2
_ROW_INCHES = 0.165
_COLUMN_INCHES = 9.0
_LABEL_SHARE = 0.53  # of a column
_AXIS_SHARE = 0.435
_NAME_X, _QUANTITY_X = -1.19, -0.66  # in widths of the axis
_N_LABEL = 50
_TOP_INCHES, _BOTTOM_INCHES, _GAP_INCHES = 0.85, 0.5, 0.75
_TIME_UNITS = ("h", "h (clock)")
_PARAMETERS: Final[dict[Any, Any]] = {
    "svg.hashsalt": "neurocohort",
    "font.family": "DejaVu Sans",
    "font.size": 7.0,
}
_PNG_DPI = 110

Row = dict[str, Any]
Line = Row | str | None
"""A comparison, a heading, or an empty line."""


def draw_experiments(table: pl.DataFrame, titles: Mapping[str, str]) -> Figure:
    """Return the picture of a table of experiments.

    Parameters
    ----------
    table
        As `pipelines.chemistry_report.validation_table` returns it.
    titles
        Title of every topic.

    Returns
    -------
    Figure without a window system behind it.

    Examples
    --------
    >>> from pipelines.chemistry_report import validation_table
    >>> len(draw_experiments(validation_table([]), {}).axes)
    2
    """
    rows = table.to_dicts()
    levels = [row for row in rows if row["unit"] not in _TIME_UNITS]
    times: list[Line] = [row for row in rows if row["unit"] in _TIME_UNITS]
    extra = len(times) + round(_GAP_INCHES / _ROW_INCHES) + 1 if times else 0
    columns = _in_columns(_with_headings(levels, titles), extra)
    lengths = [len(columns[0]), len(columns[1]) + extra]
    height = _TOP_INCHES + _BOTTOM_INCHES + _ROW_INCHES * (max(lengths) + 1)
    with mpl.rc_context(_PARAMETERS):
        figure = Figure(figsize=(_N_COLUMNS * _COLUMN_INCHES, height))
        for i, column in enumerate(columns):
            axes = _axes(figure, i, 0.0, len(column))
            _draw_lines(axes, column, _ratio_places)
            _scale(axes, _TICKS, "simulated over published", is_log=True)
        if times:
            below = _ROW_INCHES * (len(columns[-1]) + 1) + _GAP_INCHES
            axes = _axes(figure, _N_COLUMNS - 1, below, len(times) + 1)
            _draw_lines(axes, ["Times of peaks and troughs", *times], _time_places)
            _scale(axes, _TIME_TICKS, "simulated minus published", is_log=False)
        _legend(figure, table, height)
    return figure


def save_picture(figure: Figure, path: Path, kind: str) -> None:
    """Save a figure without dates and versions.

    Parameters
    ----------
    figure
        As `draw_experiments` returns it.
    path
        File to write.
    kind
        ``svg`` or ``png``.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_picture(Figure(), Path(folder, "a"), "svg")
    ...     Path(folder, "a").read_text()[:5]
    '<?xml'
    """
    metadata = {"Date": None, "Creator": None} if kind == "svg" else {"Software": None}
    with mpl.rc_context(_PARAMETERS):
        figure.savefig(path, format=kind, dpi=_PNG_DPI, metadata=metadata)


# -- layout --------------------------------------------------------------------------------------


def _with_headings(rows: Sequence[Row], titles: Mapping[str, str]) -> list[Line]:
    """Return the rows with the title of each topic before it."""
    lines: list[Line] = []
    for topic, group in itertools.groupby(rows, key=lambda row: str(row["topic"])):
        lines += [None] if lines else []
        lines += [titles.get(topic, topic), *group]
    return lines


def _in_columns(lines: list[Line], extra: int) -> list[list[Line]]:
    """Cut the lines into two columns, at an experiment's end; the second has more below it."""
    middle = min(-(-(len(lines) + extra) // _N_COLUMNS), len(lines))
    while 0 < middle < len(lines) and _is_inside(lines[middle - 1], lines[middle]):
        middle += 1
    rest = lines[middle:]
    if rest and isinstance(rest[0], dict):
        title = next(line for line in reversed(lines[:middle]) if isinstance(line, str))
        rest = [f"{title}, continued", *rest]
    return [lines[:middle], rest[1:] if rest and rest[0] is None else rest]


def _is_inside(one: Line, other: Line) -> bool:
    """Tell whether a cut between two lines would part an experiment, or a title from its group."""
    if isinstance(one, dict) and isinstance(other, dict):
        return bool(one["experiment"] == other["experiment"])
    return isinstance(one, str)


def _axes(figure: Figure, column: int, below: float, n_line: int) -> Axes:
    """Return an axis of some lines in a column, ``below`` its top [inch]."""
    height = float(figure.get_figheight())
    size = _ROW_INCHES * max(n_line, 1)
    bottom = height - _TOP_INCHES - below - size
    axes = figure.add_axes(
        (
            (column + _LABEL_SHARE) / _N_COLUMNS,
            bottom / height,
            _AXIS_SHARE / _N_COLUMNS,
            size / height,
        )
    )
    axes.set_ylim(max(n_line, 1) - 0.5, -0.5)
    return axes


def _scale(axes: Axes, ticks: Mapping[float, str], label: str, *, is_log: bool) -> None:
    if is_log:
        axes.set_xscale("log")
        axes.set_xlim(_LOW, _HIGH)
    else:
        axes.set_xlim(-_MOST_HOURS, _MOST_HOURS)
    axes.set_xticks(list(ticks), list(ticks.values()))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_yticks([])
    axes.tick_params(axis="x", top=True, labeltop=True, length=2)
    axes.set_xlabel(label)
    for side in ("left", "right"):
        axes.spines[side].set_visible(False)
    for tick in ticks:
        is_center = tick == (1 if is_log else 0)
        color = "#666666" if is_center else "#DDE2E7"
        axes.axvline(tick, color=color, linewidth=0.6, zorder=0.5)


# -- rows ----------------------------------------------------------------------------------------

Places = tuple[float, float, float, float, float]
"""Ends of the axis, ends of the bar, and the dot, all on the axis."""


def _draw_lines(axes: Axes, lines: Sequence[Line], places: Callable[[Row], Places]) -> None:
    transform = axes.get_yaxis_transform()
    before, is_shaded = None, False
    for y, line in enumerate(lines):
        if isinstance(line, str):
            axes.text(
                _NAME_X - 0.01, y, line, transform=transform, va="center", weight="bold", fontsize=9
            )
        elif line is not None:
            is_first = line["experiment"] != before
            is_shaded = is_shaded != is_first
            before = line["experiment"]
            if is_shaded:
                corner, width = (_NAME_X - 0.01, y - 0.5), 1.04 - _NAME_X
                band = Rectangle(
                    corner, width, 1.0, transform=transform, color=_BAND, linewidth=0, zorder=0
                )
                band.set_clip_on(False)
                axes.add_patch(band)
            _draw_text(axes, y, line, is_first=is_first)
            _draw_dot(axes, y, line["verdict"], places(line))


def _draw_text(axes: Axes, y: int, row: Row, *, is_first: bool) -> None:
    color = _GREY if row["use"] == "calibrated" else _BLACK
    style: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "va": "center"}
    if is_first:
        axes.text(_NAME_X, y, row["experiment"].replace("_", " "), color=_BLACK, **style)
    axes.text(_QUANTITY_X, y, _label(row), color=color, **style)
    if row["use"] == "held_out":
        axes.text(1.005, y, "h", color=color, style="italic", **style)


def _label(row: Row) -> str:
    arrows = {"up": " \N{UPWARDS ARROW}", "down": " \N{DOWNWARDS ARROW}", "none": " ="}
    moment = row["moment"].split(", over")[0].removeprefix("at end").removeprefix("at ")
    text = " ".join((row["quantity"].replace("_", " "), moment.split(",")[0])).strip()
    text += arrows.get(row["direction"] or "", "")
    return text if len(text) <= _N_LABEL else f"{text[: _N_LABEL - 1]}\N{HORIZONTAL ELLIPSIS}"


def _draw_dot(axes: Axes, y: int, verdict: str, places: Places) -> None:
    first, last, low, high, dot = places
    left, right = max(low, first), min(high, last)
    if left < right:
        axes.plot((left, right), (y, y), color=_BAR, linewidth=5, solid_capstyle="butt", zorder=1)
    if not math.isfinite(dot):
        return
    style: dict[str, Any] = dict(_STYLES[verdict])
    if not first <= dot <= last:  # beyond the axis: an arrow head at its edge
        style["marker"] = ">" if dot > last else "<"
        dot = last if dot > last else first
    axes.plot(
        [dot], [y], linestyle="none", markeredgewidth=0, zorder=2, clip_on=False, **style
    )  # fmt: skip


def _ratio_places(row: Row) -> Places:
    published = 1.0 if row["published"] is None else row["published"]

    def place(number: float) -> float:
        if row["measure"] == "percent_change":
            number, over = 100 + number, 100 + published
        else:
            over = published
        return max(number / over, 0.0) if over else math.nan

    low, high = map(place, _ends(row))
    return _LOW, _HIGH, low, high, place(row["simulated"])


def _time_places(row: Row) -> Places:
    published = row["published"] or 0.0
    low, high = (end - published for end in _ends(row))
    return -_MOST_HOURS, _MOST_HOURS, low, high, row["simulated"] - published


def _ends(row: Row) -> tuple[float, float]:
    if row["direction"]:
        return {"up": (1.05, _FAR), "down": (0.0, 0.95), "none": (0.9, 1.1)}[row["direction"]]
    low = -_FAR if row["low"] is None else row["low"]
    return low, _FAR if row["high"] is None else row["high"]


def _legend(figure: Figure, table: pl.DataFrame, height: float) -> None:
    counts = dict(table.group_by("verdict").len().rows())
    handles = [
        Line2D([], [], linestyle="none", markeredgewidth=0, label=f"{name} ({counts.get(name, 0)})",
               **style)  # type: ignore[arg-type]
        for name, style in _STYLES.items()
    ]  # fmt: skip
    handles.append(Line2D([], [], color=_BAR, linewidth=5, label="published interval"))
    texts = (
        "grey: shaped the model",
        "h: held out",
        "\N{UPWARDS ARROW} \N{DOWNWARDS ARROW} =: only a direction was published",
    )
    handles += [Line2D([], [], linestyle="none", label=text) for text in texts]
    figure.legend(
        handles=handles,
        loc="upper center",
        ncols=len(handles),
        frameon=False,
        fontsize=9,
        bbox_to_anchor=(0.5, 1 - 0.02 / height),
    )
