"""Pictures of efficacy: courses with intervals, forests, waterfalls, subgroups."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from pipelines.report.style import LIGHT, Look, canvas, legend, panels, tidy
from pipelines.report.words import estimate

__all__ = [
    "Course",
    "ForestLine",
    "Panel",
    "draw_courses",
    "draw_forest",
    "draw_waterfall",
]

_DODGE: Final = 0.006
"""Share of the axis by which arms stand beside one another."""
_LINE_INCHES: Final = 0.27
_N_BARS: Final = 100
_MARGIN: Final = 1.3
_FARTHEST: Final = 3.0  # times the usual end of an interval, which the axis still shows whole
_FORESTS: Final = (1.0, 0.85)


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """A mean over time with its interval.

    Parameters
    ----------
    name
        Of the arm.
    look
        How it looks.
    times
        Visits [week].
    means, lows, highs
        Means and ends of their intervals; None where there is none.

    Examples
    --------
    >>> Course(name="a", look=Look(0), times=(0.0,), means=(1.0,), lows=(None,), highs=(None,)).name
    'a'
    """

    name: str
    look: Look
    times: tuple[float, ...]
    means: tuple[float | None, ...]
    lows: tuple[float | None, ...]
    highs: tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A panel of courses.

    Examples
    --------
    >>> Panel(title="a", unit="points", courses=()).reference is None
    True
    """

    title: str
    unit: str
    courses: tuple[Course, ...]
    reference: float | None = None
    top: float | None = None


def draw_courses(shown: Sequence[Panel], *, height: float = 2.6) -> Figure:
    """Draw means with 95 % intervals over weeks, a panel a quantity.

    Parameters
    ----------
    shown
        Panels, in their order.
    height
        Of a panel [inch].

    Examples
    --------
    >>> course = Course(
    ...     name="a", look=Look(0), times=(0.0, 8.0), means=(30.0, 20.0), lows=(29.0, 18.0),
    ...     highs=(31.0, 22.0),
    ... )
    >>> figure = draw_courses([Panel(title="MADRS", unit="points", courses=(course,))])
    >>> len(figure.axes)
    1
    """
    single = len(shown) == 1
    titles = [panel.title for panel in shown]
    with panels(titles, height=height * (1.25 if single else 1.0)) as (figure, axes):
        for panel, axis in zip(shown, axes, strict=True):
            _draw_panel(axis, panel)
        names = dict.fromkeys((one.name, one.look) for panel in shown for one in panel.courses)
        entries: dict[str, Look] = {}
        for name, one in names:
            entries.setdefault(name, one)
        legend(figure, list(entries.items()))
    return figure


def _draw_panel(axis: Axes, panel: Panel) -> None:
    times = [time for course in panel.courses for time in course.times]
    width = max(times, default=1.0) - min(times, default=0.0) or 1.0
    for place, course in enumerate(panel.courses):
        shift = (place - (len(panel.courses) - 1) / 2) * _DODGE * width
        known = [
            (time + shift, mean, low, high)
            for time, mean, low, high in zip(
                course.times, course.means, course.lows, course.highs, strict=True
            )
            if mean is not None
        ]
        if not known:
            continue
        x, y = [row[0] for row in known], [row[1] for row in known]
        style = course.look
        axis.plot(x, y, color=style.color, linestyle=style.line, linewidth=1.4, zorder=3)
        axis.plot(
            x,
            y,
            color=style.color,
            marker=style.marker,
            linestyle="none",
            markersize=4.6,
            markeredgecolor=LIGHT["paper"],
            markeredgewidth=0.6,
            zorder=4,
        )
        for here, _, low, high in known:
            if low is not None and high is not None:
                axis.plot((here, here), (low, high), color=style.color, linewidth=1.0, zorder=2)
    if panel.reference is not None:
        axis.axhline(panel.reference, color=LIGHT["muted"], linewidth=0.8)
    if panel.top is not None:
        axis.set_ylim(0, panel.top)
    axis.set_xticks(sorted({round(time, 3) for time in times}))
    axis.set_xlabel("week")
    axis.set_ylabel(panel.unit)
    tidy(axis)
    _thin_ticks(axis)


def _thin_ticks(axis: Axes, most: int = 9) -> None:
    ticks = list(axis.get_xticks())
    step = -(-len(ticks) // most)
    axis.set_xticks(ticks[::step])
    axis.set_xticklabels([f"{tick:g}" for tick in ticks[::step]])


@dataclass(frozen=True, slots=True, kw_only=True)
class ForestLine:
    """A line of a forest plot; a title of a group has no estimate, but may have a note.

    Examples
    --------
    >>> ForestLine(label="Women", value=-2.0, low=-3.0, high=-1.0).look is None
    True
    """

    label: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    look: Look | None = None
    is_title: bool = False
    note: str = ""
    second: tuple[float, float, float] | None = None


def draw_forest(
    lines: Sequence[ForestLine],
    *,
    axis_label: str,
    better: tuple[str, str] = ("better", "worse"),
    digits: int = 1,
    width: float = 7.6,
    second_label: str = "",
) -> Figure:
    """Draw estimates with intervals below one another, around a line of no difference.

    Parameters
    ----------
    lines
        From top to bottom.
    axis_label
        What is estimated, with its unit.
    better
        What left and right of no difference means.
    digits
        Decimals of the numbers at the right.
    width
        Inches.
    second_label
        What hollow marks are, if there are any.

    Examples
    --------
    >>> line = ForestLine(label="a", value=-2.0, low=-3.0, high=-1.0, look=Look(1))
    >>> len(draw_forest([line], axis_label="points").axes)
    1
    """
    with canvas(1.05 + _LINE_INCHES * len(lines), width) as figure:
        axis = figure.subplots()
        reach = _reach(lines)
        for place, line in enumerate(lines):
            _draw_line(axis, place, line, reach, digits)
        axis.axvline(0, color=LIGHT["muted"], linewidth=1.0, zorder=1)
        axis.set_xlim(-reach, reach)
        axis.set_ylim(len(lines) - 0.4, -0.6)
        axis.set_yticks(range(len(lines)), [line.label for line in lines])
        for label, line in zip(axis.get_yticklabels(), lines, strict=True):
            if line.is_title:
                label.set_fontweight("bold")
        left, right = better
        axis.set_xlabel(axis_label)
        for x, text, side in ((0.0, f"← {left}", "left"), (1.0, f"{right} →", "right")):
            axis.annotate(
                text,
                (x, 0),
                (0, -17),
                xycoords="axes fraction",
                textcoords="offset points",
                ha=side,
                va="top",
                color=LIGHT["muted"],
                annotation_clip=False,
            )
        tidy(axis, grid="x")
        axis.tick_params(axis="y", length=0)
        axis.spines["left"].set_visible(False)
        if second_label:
            axis.set_title(second_label, fontsize=8.5, fontweight="normal")
    return figure


def _reach(lines: Sequence[ForestLine]) -> float:
    """Return how far the axis goes to both sides.

    To the end of the farthest interval, unless it is several times as far as they usually are: that
    of a group of two patients says nothing, and would make all others unreadable.
    """
    ends = sorted(
        max(abs(one) for one in (line.value, line.low, line.high) if one is not None)
        for line in lines
        if line.value is not None
    )
    finite = [one for one in ends if np.isfinite(one)]
    usual = [one for one in finite if one <= _FARTHEST * finite[len(finite) // 2]]
    return _MARGIN * max(usual, default=1.0) or 1.0


def _draw_line(axis: Axes, place: int, line: ForestLine, reach: float, digits: int) -> None:
    if line.value is None:
        if line.note:
            _annotate(axis, place, line.note, LIGHT["muted"])
        return
    style = line.look or Look(1)
    if line.low is not None and line.high is not None:
        axis.plot((line.low, line.high), (place, place), color=style.color, linewidth=1.6)
        for is_beyond, edge, arrow in (
            (line.low < -reach, -reach, "<"),
            (line.high > reach, reach, ">"),
        ):
            if is_beyond:
                axis.plot(
                    edge,
                    place,
                    color=style.color,
                    marker=arrow,
                    markersize=5.0,
                    clip_on=False,
                )
    axis.plot(line.value, place, color=style.color, marker=style.marker, markersize=6.0)
    if line.second is not None:
        value, low, high = line.second
        shift = place + 0.24
        axis.plot((low, high), (shift, shift), color=LIGHT["muted"], linewidth=0.9)
        axis.plot(
            value,
            shift,
            marker="o",
            markersize=4.0,
            markerfacecolor=LIGHT["paper"],
            markeredgecolor=LIGHT["muted"],
        )
    text = line.note or estimate(line.value, line.low, line.high, digits)
    _annotate(axis, place, text, LIGHT["ink"])


def _annotate(axis: Axes, place: int, text: str, color: str) -> None:
    """Write at the right of a line."""
    axis.annotate(
        text,
        (1.02, place),
        xycoords=("axes fraction", "data"),
        va="center",
        fontsize=8.5,
        color=color,
        annotation_clip=False,
    )


def draw_waterfall(
    columns: Sequence[tuple[str, Look, NDArray[np.int64]]], *, unit: str, response: float | None
) -> Figure:
    """Draw the changes of the patients of each arm from worst to best, as bars.

    Parameters
    ----------
    columns
        Name, look, and changes in tenths with their counts, shape ``(2, n)``.
    unit
        Of the changes.
    response
        Change that stands for a marked improvement, or None.

    Examples
    --------
    >>> draw_waterfall([("a", Look(0), np.array([[-100, 20], [3, 1]]))], unit="points",
    ...     response=None).axes[0].get_title(loc="left")
    'a (n = 4)'
    """
    titles = [f"{name} (n = {int(counts[1].sum()):,})" for name, _, counts in columns]
    with panels(titles, height=2.1) as (figure, axes):
        bars = [_bars(counts) for _, _, counts in columns]
        low = min(float(one.min()) for one in bars)
        high = max(float(one.max()) for one in bars)
        room = 0.06 * (high - low or 1.0)
        for (_, style, _), heights, axis in zip(columns, bars, axes, strict=True):
            edges = np.linspace(0, 100, len(heights) + 1)
            axis.stairs(heights, edges, baseline=0, fill=True, color=style.color, alpha=0.85)
            axis.axhline(0, color=LIGHT["ink"], linewidth=0.9)
            if response is not None:
                axis.axhline(response, color=LIGHT["muted"], linewidth=0.8, linestyle=(0, (3, 2)))
            axis.set_ylim(min(low, 0) - room, max(high, 0) + room)
            axis.set_xlim(0, 100)
            axis.set_xlabel("patients, from worst to best [%]")
            axis.set_ylabel(f"change [{unit}]")
            tidy(axis)
    return figure


def _bars(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return changes from worst to best: a bar a patient, of many patients their quantiles."""
    values, numbers = counts[0, ::-1] / 10, counts[1, ::-1]
    total = int(numbers.sum())
    n = min(total, _N_BARS)
    ranks = (np.arange(n) + 0.5) / n * total
    found: NDArray[np.float64] = values[np.searchsorted(np.cumsum(numbers), ranks, side="left")]
    return found
