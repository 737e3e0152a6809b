"""Kaplan-Meier curves with intervals, and the patients at risk below them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipelines.report.style import LIGHT, Look, canvas, legend, tidy

__all__ = ["Curve", "draw_curves"]

_N_TICKS: Final = 9
"""Most days that are named along an axis."""
_LINE_INCHES: Final = 0.22
_BEYOND: Final = 1.025
"""How far curves go on after the last day, so that a step on it is seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A survival curve, constant between its days.

    Parameters
    ----------
    days
        Study days on which it falls, ascending; the first is 1.
    survival
        Share without the event after each day [1].
    low, high
        Ends of its 95 % interval [1].
    at_risk
        Days, and patients at risk at the beginning of each.
    n, n_events
        Patients, and those with the event.

    Examples
    --------
    >>> Curve(
    ...     days=(1, 8), survival=(1.0, 0.5), low=(1.0, 0.1), high=(1.0, 0.8), at_risk=((1, 2),),
    ...     n=2, n_events=1,
    ... ).at(9)
    (0.5, 0.1, 0.8)
    """

    days: tuple[int, ...]
    survival: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    at_risk: tuple[tuple[int, int], ...]
    n: int
    n_events: int

    def at(self, day: float) -> tuple[float, float, float]:
        """Return the share without the event after a day, and its interval."""
        place = max(place for place, known in enumerate(self.days) if known <= day)
        return self.survival[place], self.low[place], self.high[place]


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
    >>> curve = Curve(
    ...     days=(1, 8), survival=(1.0, 0.5), low=(1.0, 0.1), high=(1.0, 0.8),
    ...     at_risk=((1, 2), (57, 1)), n=2, n_events=1,
    ... )
    >>> figure = draw_curves(
    ...     [("a", Look(0), curve)], last_day=57, title="On treatment", is_falling=True
    ... )
    >>> len(figure.axes)
    2
    """
    ticks = _ticks(curves, last_day)
    below = _LINE_INCHES * (len(curves) + 1)
    with canvas(3.3 + below) as figure:
        ratio = [3.0, below]
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=ratio)
        for _, style, curve in curves:
            _draw_curve(upper, style, curve, last_day, is_falling=is_falling)
        upper.set_title(title)
        upper.set_ylabel("patients [%]")
        upper.set_ylim((0, 102) if is_falling else (0, None))
        upper.set_xlim(0, _BEYOND * last_day)
        upper.set_xticks(ticks)
        upper.tick_params(labelbottom=True)
        upper.set_xlabel("study day; the first dose is on day 1")
        tidy(upper)
        _draw_at_risk(lower, curves, ticks)
        legend(figure, [(name, style) for name, style, _ in curves])
    return figure


def _ticks(curves: Sequence[tuple[str, Look, Curve]], last_day: int) -> list[int]:
    """Return days whose patients at risk are known, far enough apart to be read."""
    known = sorted({day for _, _, curve in curves for day, _ in curve.at_risk}, reverse=True)
    kept: list[int] = []
    for day in known:
        if not kept or kept[-1] - day >= last_day / _N_TICKS:
            kept.append(day)
    if kept and kept[-1] != known[-1]:
        kept[-1] = known[-1]  # the first day, with everybody
    return kept[::-1]


def _draw_curve(axis: Axes, style: Look, curve: Curve, last_day: int, *, is_falling: bool) -> None:
    def shown(shares: Sequence[float]) -> list[float]:
        kept = [*shares, shares[-1]]
        return [100 * one if is_falling else 100 * (1 - one) for one in kept]

    days = [*curve.days, max(_BEYOND * last_day, curve.days[-1])]
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
    axis.annotate("At risk", (1, -0.75), fontsize=8.0, color=LIGHT["muted"], annotation_clip=False)
    for place, (_, _, curve) in enumerate(curves):
        known = dict(curve.at_risk)
        for day in ticks:
            axis.annotate(
                f"{known[day]:,}" if day in known else "",
                (day, place),
                ha="left" if day == ticks[0] else "center",
                va="center",
                fontsize=8.0,
                annotation_clip=False,
            )
