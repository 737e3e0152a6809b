"""Pictures of safety: dots of events, and differences from control."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipelines.report.style import LIGHT, Look, canvas, legend, tidy

__all__ = ["EventLine", "draw_events"]

_LINE_INCHES: Final = 0.16


@dataclass(frozen=True, slots=True, kw_only=True)
class EventLine:
    """An adverse event: what share of each arm had it, and by how much more than control.

    Parameters
    ----------
    term
        Preferred term.
    percents
        Look and share of each arm [%].
    differences
        Look, risk difference and its interval [percentage points].

    Examples
    --------
    >>> EventLine(term="Nausea", percents=(), differences=()).term
    'Nausea'
    """

    term: str
    percents: tuple[tuple[Look, float], ...]
    differences: tuple[tuple[Look, float, float, float], ...]


def draw_events(lines: Sequence[EventLine], entries: Sequence[tuple[str, Look]]) -> Figure:
    """Draw shares of patients with each event, and differences from control beside them.

    Parameters
    ----------
    lines
        Events from top to bottom.
    entries
        Names and looks of the arms.

    Examples
    --------
    >>> line = EventLine(term="Nausea", percents=((Look(1), 16.9),), differences=())
    >>> len(draw_events([line], [("a", Look(1))]).axes)
    1
    """
    has_control = any(line.differences for line in lines)
    n_arm = max((len(line.percents) for line in lines), default=1)
    height = 1.2 + len(lines) * max(0.28, _LINE_INCHES * (n_arm - 1) * 0.8 + 0.1)
    with canvas(height) as figure:
        found = figure.subplots(1, 2 if has_control else 1, sharey=True, squeeze=False)[0]
        left = found[0]
        for place, line in enumerate(lines):
            shifts = _shifts(line.percents)
            for shift, (style, percent) in zip(shifts, line.percents, strict=True):
                left.plot(
                    percent, place + shift, color=style.color, marker=style.marker,
                    linestyle="none", markersize=5.4, markeredgecolor=LIGHT["paper"],
                    markeredgewidth=0.5,
                )  # fmt: skip
        left.set_xlim(left=0)
        left.set_title("Patients with the event")
        left.set_xlabel("% of treated patients")
        if has_control:
            _draw_differences(found[1], lines)
        for axis in found:
            tidy(axis, grid="x")
            axis.spines["left"].set_visible(False)
            for place in range(1, len(lines)):
                axis.axhline(place - 0.5, color=LIGHT["rule"], linewidth=0.5, zorder=0)
        left.set_yticks(range(len(lines)), [line.term for line in lines])
        left.set_ylim(len(lines) - 0.5, -0.5)
        legend(figure, list(entries))
    return figure


def _shifts(points: Sequence[object]) -> list[float]:
    """Return where points of one line stand, so that none hides another."""
    n = len(points)
    return [0.56 * (place / (n - 1) - 0.5) if n > 1 else 0.0 for place in range(n)]


def _draw_differences(axis: Axes, lines: Sequence[EventLine]) -> None:
    for place, line in enumerate(lines):
        shifts = _shifts(line.differences)
        for shift, (style, value, low, high) in zip(shifts, line.differences, strict=True):
            y = place + shift
            axis.plot((low, high), (y, y), color=style.color, linewidth=1.2)
            axis.plot(
                value, y, color=style.color, marker=style.marker, linestyle="none", markersize=4.6,
                markeredgecolor=LIGHT["paper"], markeredgewidth=0.5,
            )  # fmt: skip
    axis.axvline(0, color=LIGHT["muted"], linewidth=1.0, zorder=1)
    axis.set_title("Difference from control, 95 % CI")
    axis.set_xlabel("percentage points; right is more often")
