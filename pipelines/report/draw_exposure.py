"""Pictures of exposure: two quantities of the same patients, and outcomes along an exposure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from pipelines.report.counts import Together
from pipelines.report.style import LIGHT, Look, panels, tidy

__all__ = ["Quartiles", "draw_quartiles", "draw_together"]

_HEAT: Final = tuple(LIGHT[f"heat-{step}"] for step in range(1, 6))


def draw_together(shown: Sequence[tuple[str, str, str, Together]]) -> Figure:
    """Draw how many patients have which values of two quantities.

    Parameters
    ----------
    shown
        Title, names of the two quantities with units, and the counts of each panel.

    Examples
    --------
    >>> counts = np.zeros((2, 2), np.int64)
    >>> counts[0, 0] = 3
    >>> edges = np.array([1.0, 2.0, 4.0])
    >>> both = Together(counts=counts, x_edges=edges, y_edges=edges, correlations={}, n=3)
    >>> len(draw_together([("a", "x", "y", both)]).axes)
    1
    """
    with panels([title for title, *_ in shown], height=2.9) as (figure, axes):
        for (_, first, second, both), axis in zip(shown, axes, strict=True):
            most = int(both.counts.max())
            levels = sorted({1, *np.geomspace(1, most + 1, len(_HEAT) + 1).round().astype(int)})
            x, y = np.meshgrid(both.x_edges, both.y_edges, indexing="ij")
            n_color = max(min(len(levels) - 1, len(_HEAT)), 1)
            # rectangles, not an image: they follow the colours of the page
            for i, j in zip(*np.nonzero(both.counts), strict=True):
                step = int(np.searchsorted(levels, both.counts[i, j], side="right")) - 1
                color = _HEAT[min(step + len(_HEAT) - n_color, len(_HEAT) - 1)]
                axis.fill(
                    (x[i, j], x[i + 1, j], x[i + 1, j], x[i, j]),
                    (y[i, j], y[i, j], y[i, j + 1], y[i, j + 1]),
                    color=color,
                    linewidth=0.2,
                )
            axis.set_xscale("log")
            axis.set_yscale("log")
            for one in (axis.xaxis, axis.yaxis):
                one.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
                one.set_major_formatter("{x:g}")
                one.set_minor_formatter(NullFormatter())
            axis.set_xlabel(first)
            axis.set_ylabel(second.replace(", ", ",\n"))
            tidy(axis)
            axis.grid(visible=True)
    return figure


@dataclass(frozen=True, slots=True, kw_only=True)
class Quartiles:
    """An outcome along the quartiles of an exposure.

    Parameters
    ----------
    title
        Of the panel.
    exposure
        Name and unit of the exposure.
    outcome
        Name and unit of the outcome.
    points
        Median exposure, value and ends of its 95 % interval, a quartile.

    Examples
    --------
    >>> Quartiles(title="a", exposure="x", outcome="y", points=()).points
    ()
    """

    title: str
    exposure: str
    outcome: str
    points: tuple[tuple[float, float, float | None, float | None], ...]


def draw_quartiles(shown: Sequence[Quartiles]) -> Figure:
    """Draw outcomes by quartile of exposure.

    Parameters
    ----------
    shown
        Panels, in their order.

    Examples
    --------
    >>> one = Quartiles(title="a", exposure="x", outcome="y", points=((1.0, -3.0, -4.0, -2.0),))
    >>> len(draw_quartiles([one]).axes)
    1
    """
    style = Look(1)
    with panels([one.title for one in shown]) as (figure, axes):
        for one, axis in zip(shown, axes, strict=True):
            x = [point[0] for point in one.points]
            axis.plot(x, [point[1] for point in one.points], color=style.color, linewidth=1.2)
            for here, value, low, high in one.points:
                if low is not None and high is not None:
                    axis.plot((here, here), (low, high), color=style.color, linewidth=1.1)
                axis.plot(here, value, color=style.color, marker="o", markersize=5)
            axis.set_xlabel(one.exposure)
            axis.set_ylabel(one.outcome)
            axis.margins(x=0.08, y=0.12)
            tidy(axis)
    return figure
