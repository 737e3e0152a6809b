"""The picture of `cohort validate`: published values on their prediction intervals, by trial."""

from pathlib import Path
from typing import Final

import matplotlib as mpl
import polars as pl
from matplotlib.figure import Figure

from pipelines.trial_validation_judge import CONTRAST

__all__ = ["draw_validation"]

mpl.use("Agg")

_PANELS: Final = (
    ("absolute", "score", "Mean score at the end of the trial,\nstandardised by the prediction"),
    (CONTRAST, "score", "Difference from control\n[SD; left is better]"),
    ("absolute", "response", "Response [%]"),
    ("absolute", "dropout", "Drop-out [%]"),
    ("absolute", "dropout_adverse_event", "Drop-out for\nadverse events [%]"),
)
_WIDE, _NARROW = "#9ecae1", "#3182bd"
_INSIDE, _OUTSIDE, _SEEN = "#111111", "#d62728", "#999999"


def draw_validation(table: pl.DataFrame, folder: Path) -> list[Path]:
    """Draw the published values on their 50 % and 95 % prediction intervals.

    Parameters
    ----------
    table
        Records of `pipelines.trial_validation`.
    folder
        Where the pictures go.

    Returns
    -------
    Paths of a PNG and an SVG file; none if there is nothing to draw.

    Examples
    --------
    >>> draw_validation(pl.DataFrame(), Path("."))
    []
    """
    if table.is_empty():
        return []
    way = table["left_out_is"][0]
    rows = table.filter((pl.col("left_out_is") == way) & (pl.col("left_out") == ""))
    rows = rows.filter(pl.col("outcome").is_in([outcome for _, outcome, _ in _PANELS]))
    last = pl.col("week") == pl.col("week").max().over("trial", "arm", "variant", "kind", "outcome")
    rows = rows.filter(last)
    cells = list(dict.fromkeys(rows.select("trial", "arm", "variant").iter_rows()))
    place = {cell: index for index, cell in enumerate(cells)}
    figure = Figure(figsize=(17, 1.8 + 0.21 * len(cells)), layout="constrained")
    axes = figure.subplots(1, len(_PANELS), sharey=True)
    for axis, (kind, outcome, title) in zip(axes, _PANELS, strict=True):
        part = rows.filter((pl.col("kind") == kind) & (pl.col("outcome") == outcome))
        for row in part.iter_rows(named=True):
            y = place[row["trial"], row["arm"], row["variant"]]
            centre, unit = 0.0, 1.0
            if row["unit"] == "1":
                unit = 0.01
            elif kind != CONTRAST:  # points of many scales: put on that of the prediction
                centre, unit = row["mean"], row["sd"]
            ends = [
                (row[name] - centre) / unit for name in ("low_95", "high_95", "low_50", "high_50")
            ]
            axis.plot(ends[:2], (y, y), color=_WIDE, linewidth=3, solid_capstyle="butt")
            axis.plot(ends[2:], (y, y), color=_NARROW, linewidth=5, solid_capstyle="butt")
            colour = _SEEN if row["seen"] else _INSIDE if row["inside_95"] else _OUTSIDE
            recalled = row["mark"] == "assumed"
            axis.plot(
                (row["published"] - centre) / unit,
                y,
                marker="o",
                markersize=4.5,
                markeredgecolor=colour,
                markerfacecolor="white" if recalled else colour,
            )
        axis.set_title(title, fontsize=9)
        axis.grid(axis="x", color="#dddddd", linewidth=0.6)
        if kind == CONTRAST or outcome == "score":
            axis.axvline(0.0, color="#888888", linewidth=0.8)
    _label(axes, cells)
    figure.suptitle(
        "Published values (dots) on 50 % and 95 % prediction intervals (bars). "
        "Red: outside; grey: seen before; hollow: recalled",
        fontsize=10,
    )
    written = []
    for suffix in ("png", "svg"):
        path = folder / f"validation.{suffix}"
        figure.savefig(path, dpi=110)
        written.append(path)
    return written


def _label(axes: "list[object]", cells: list[tuple[str, str, str]]) -> None:
    first = axes[0]
    trials = [trial for trial, _, _ in cells]
    words = []
    for index, (trial, arm, variant) in enumerate(cells):
        start = f"{trial}   " if index == 0 or trials[index - 1] != trial else ""
        words.append(f"{start}{variant or arm}")
    first.set_yticks(range(len(cells)), words, fontsize=7)  # type: ignore[attr-defined]
    first.set_ylim(len(cells) - 0.4, -0.6)  # type: ignore[attr-defined]
    for axis in axes:
        for index in range(1, len(cells)):
            if trials[index] != trials[index - 1]:
                axis.axhline(index - 0.5, color="#cccccc", linewidth=0.6)  # type: ignore[attr-defined]
