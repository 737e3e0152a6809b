"""Pictures of safety and of staying in the trial: dots of events, curves with numbers at risk."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipelines.report.style import LIGHT, Look, canvas, legend, tidy
from pipelines.report.survival import Curve

__all__ = ["EventLine", "draw_curves", "draw_events"]

_LINE_INCHES: Final = 0.16
_N_TICKS: Final = 8
_STEPS: Final = (1, 2, 7, 14, 28, 56, 84, 182, 364)


def draw_curves(
    curves: Sequence[tuple[str, Look, Curve]], *, last_day: int, title: str, is_falling: bool
) -> Figure:
    """Draw Kaplan-Meier curves with numbers at risk below.

    Parameters
    ----------
    curves
        Name, look and curve of each arm.
    last_day
        End of the axis [d].
    title
        What the share is.
    is_falling
        Whether the share without the event is drawn, else that with it.

    Examples
    --------
    >>> from pipelines.report.survival import kaplan_meier
    >>> curve = kaplan_meier([3, 56], [1, 0], [0, 9])
    >>> figure = draw_curves(
    ...     [("a", Look(0), curve)], last_day=56, title="On treatment", is_falling=True
    ... )
    >>> len(figure.axes)
    2
    """
    step = next((one for one in _STEPS if last_day / one <= _N_TICKS), _STEPS[-1])
    ticks = list(range(0, last_day + 1, step))
    with canvas(3.3 + 0.22 * (len(curves) + 1)) as figure:
        ratio = [3.0, 0.22 * (len(curves) + 1)]
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=ratio)
        for _, style, curve in curves:
            _draw_curve(upper, style, curve, last_day, is_falling=is_falling)
        upper.set_title(title)
        upper.set_ylabel("patients [%]")
        upper.set_ylim((0, 102) if is_falling else (0, None))
        upper.set_xlim(0, last_day)
        upper.set_xticks(ticks)
        upper.tick_params(labelbottom=True)
        upper.set_xlabel("days since the first dose")
        tidy(upper)
        _draw_at_risk(lower, curves, ticks)
        legend(figure, [(name, style) for name, style, _ in curves])
    return figure


def _draw_curve(axis: Axes, style: Look, curve: Curve, last_day: int, *, is_falling: bool) -> None:
    def shown(shares: Sequence[float]) -> list[float]:
        kept = [*shares, shares[-1]]
        return [100 * one if is_falling else 100 * (1 - one) for one in kept]

    days = [*curve.days, max(last_day, curve.days[-1])]
    axis.step(
        days, shown(curve.survival), where="post", color=style.color, linestyle=style.line,
        linewidth=1.6, zorder=3,
    )  # fmt: skip
    axis.fill_between(
        days, shown(curve.low), shown(curve.high), step="post", color=style.color, alpha=0.13,
        linewidth=0,
    )  # fmt: skip


def _draw_at_risk(
    axis: Axes, curves: Sequence[tuple[str, Look, Curve]], ticks: Sequence[int]
) -> None:
    axis.grid(visible=False)
    axis.set_ylim(len(curves) - 0.4, -0.9)
    axis.set_yticks(range(len(curves)), [name for name, _, _ in curves])
    axis.tick_params(length=0, labelbottom=False)
    for spine in axis.spines.values():
        spine.set_visible(False)
    axis.annotate("At risk", (0, -0.75), fontsize=8.0, color=LIGHT["muted"], annotation_clip=False)
    for place, (_, _, curve) in enumerate(curves):
        for day in ticks:
            axis.annotate(
                f"{curve.n_at_risk(day):,}",
                (day, place),
                ha="left" if day == 0 else "center",
                va="center",
                fontsize=8.0,
                annotation_clip=False,
            )


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
