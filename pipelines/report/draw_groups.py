"""Means of groups of patients beside one another, an arm beside the other in each group."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipelines.report.style import LIGHT, Look, legend, panels, tidy

__all__ = ["Group", "GroupPanel", "draw_groups"]

_SPREAD: Final = 0.66
"""Width that the arms of a group take, of the distance between two groups."""
_LONG: Final = 9
"""Letters of a group's name from which names are turned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A mean of an arm in a group.

    Parameters
    ----------
    name, look
        Of the arm.
    place
        Number of the group, from 0.
    value, low, high
        Mean and ends of its interval.
    second
        Another estimate, drawn hollow beside it.

    Examples
    --------
    >>> Group(name="a", look=Look(0), place=0, value=1.0).second is None
    True
    """

    name: str
    look: Look
    place: int
    value: float
    low: float | None = None
    high: float | None = None
    second: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupPanel:
    """A panel of groups.

    Examples
    --------
    >>> GroupPanel(title="a", unit="points", levels=("x",), groups=()).levels
    ('x',)
    """

    title: str
    unit: str
    levels: tuple[str, ...]
    groups: tuple[Group, ...]


def draw_groups(shown: Sequence[GroupPanel]) -> Figure:
    """Draw means with 95 % intervals by group, a panel what divides the patients.

    Parameters
    ----------
    shown
        Panels, in their order.

    Examples
    --------
    >>> group = Group(name="a", look=Look(0), place=0, value=-3.0, low=-5.0, high=-1.0)
    >>> panel = GroupPanel(title="CYP2C19", unit="points", levels=("poor",), groups=(group,))
    >>> len(draw_groups([panel]).axes)
    1
    """
    with panels([one.title for one in shown], height=2.5) as (figure, axes):
        entries: dict[str, Look] = {}
        ends = _ends(shown)
        for panel, axis in zip(shown, axes, strict=True):
            _draw_panel(axis, panel)
            axis.set_ylim(ends)
            for one in panel.groups:
                entries.setdefault(one.name, one.look)
        legend(figure, list(entries.items()))
    return figure


def _ends(shown: Sequence[GroupPanel]) -> tuple[float, float]:
    """Return an axis that holds all means and most intervals.

    That of a group of two patients says nothing, and would make all others unreadable.
    """
    groups = [one for panel in shown for one in panel.groups]
    values = [one.value for one in groups]
    halves = sorted(
        (one.high - one.low) / 2 for one in groups if one.low is not None and one.high is not None
    )
    room = 2 * halves[len(halves) // 2] if halves else 1.0
    return min(values) - room, max(values) + room


def _draw_panel(axis: Axes, panel: GroupPanel) -> None:
    names = list(dict.fromkeys(one.name for one in panel.groups))
    step = _SPREAD / max(len(names), 1)
    for one in panel.groups:
        x = one.place + (names.index(one.name) - (len(names) - 1) / 2) * step
        color = one.look.color
        if one.low is not None and one.high is not None:
            axis.plot((x, x), (one.low, one.high), color=color, linewidth=1.1, zorder=2)
        axis.plot(
            x, one.value, color=color, marker=one.look.marker, linestyle="none", markersize=4.6,
            markeredgecolor=LIGHT["paper"], markeredgewidth=0.6, zorder=3,
        )  # fmt: skip
        if one.second is not None:
            axis.plot(
                x + 0.3 * step, one.second, marker=one.look.marker, linestyle="none",
                markersize=4.0, markerfacecolor=LIGHT["paper"], markeredgecolor=color,
                markeredgewidth=0.9, zorder=4,
            )  # fmt: skip
    for place in range(1, len(panel.levels)):
        axis.axvline(place - 0.5, color=LIGHT["rule"], linewidth=0.5, zorder=0)
    axis.set_xlim(-0.5, len(panel.levels) - 0.5)
    axis.set_xticks(range(len(panel.levels)), panel.levels)
    if len(panel.levels) > 1 and max(map(len, panel.levels)) * len(panel.levels) > 4 * _LONG:
        axis.tick_params(axis="x", labelrotation=20)
    axis.set_ylabel(panel.unit)
    tidy(axis)
