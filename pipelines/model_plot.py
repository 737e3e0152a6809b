"""One picture of one patient: a small panel a quantity, relative to rest.

The only place that draws. Figures are made without pyplot, so nothing global changes, and hold no
date and no random name: the same course gives the same bytes. `pipelines.model_output` enters here.
"""

import textwrap
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import Locator, MaxNLocator, MultipleLocator
from numpy.typing import NDArray

from pipelines.files import write_atomically
from pipelines.model_request import DAY_S, HOUR_S
from pipelines.model_run import Course, Quantity, reported
from pipelines.report_text import NOTICE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["MOST_PANELS", "choose_panels", "draw", "save_figure"]

MOST_PANELS: Final = 30
"""More become too small to read."""

_N_COLUMNS: Final = 5
_FEWEST_COLUMNS: Final = 3  # room for the title
# sizes [inch]: a panel, and the cell that holds it with its title and ticks
_PANEL: Final = (2.15, 1.25)
_CELL: Final = (2.7, 1.82)
_PAD_LEFT: Final = 0.5
_PAD_BELOW: Final = 0.1
_LEFT: Final = 0.2
_EDGE: Final = 0.08
_TICKS: Final = 0.25
_LINE: Final = 0.18
_LETTERS_PER_INCH: Final = (11, 14)  # of the title, of the notes
_DPI: Final = 100
_LONGEST_IN_HOURS_S: Final = 4 * DAY_S
_LEAST_SPAN: Final = 0.1  # of rest: a flat line stays flat
_FLAT: Final = 1e-3  # range, relative to rest, of what does not move
_HOUR_STEPS: Final = (0.1, 0.25, 0.5, 1, 2, 3, 6, 12, 24)
_MOST_TICKS: Final = 5
_AIR: Final = 0.08  # of the span, above and below the line

Series = NDArray[np.float64]

# Okabe and Ito's palette without its yellow, which is pale on white; safe for the color-blind.
_COLORS: Final = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
_GRAY: Final = "#707070"

_STYLE: Final[Any] = {
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.labelsize": 9,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "lines.linewidth": 1.5,
    "axes.formatter.useoffset": False,
    "svg.fonttype": "none",  # letters stay letters
    "svg.hashsalt": "neurocohort",
    "path.simplify": True,
}


def choose_panels(
    quantities: Sequence[Quantity], flat: Collection[str] = (), most: int = MOST_PANELS
) -> list[Quantity]:
    """Return the quantities that get a panel.

    Parameters
    ----------
    quantities
        What people look at first, system by system.
    flat
        Names of those that do not move; they give way first.
    most
        Number of panels there is room for.

    Returns
    -------
    All of them if they fit; else the first of every system, then the second of every system, and
    so on until the room is full, in the given order.

    Examples
    --------
    >>> def of(system, name):
    ...     return Quantity(name=name, unit="1", system=system, baseline=1.0, is_reported=True)
    >>> three = [of("a", "a1"), of("a", "a2"), of("b", "b1")]
    >>> [item.name for item in choose_panels(three, most=2)]
    ['a1', 'b1']
    >>> [item.name for item in choose_panels(three, flat=["b1"], most=2)]
    ['a1', 'a2']
    """
    seen: dict[str, int] = {}
    order = []
    for place, item in enumerate(quantities):
        order.append((item.name in flat, seen.get(item.system, 0), place))
        seen[item.system] = seen.get(item.system, 0) + 1
    kept = sorted(place for _, _, place in sorted(order)[:most])
    return [quantities[place] for place in kept]


def draw(course: Course) -> Figure:
    """Return the picture of a course.

    Parameters
    ----------
    course
        From `pipelines.model_run.simulate`.

    Returns
    -------
    Figure with a panel a quantity; dashed lines mark changes, listed below.

    Examples
    --------
    >>> from pipelines.model_request import read_request
    >>> from pipelines.model_run import simulate
    >>> asked = read_request(out=Path("a"), systems="cortisol", days=0.5, device="numpy")
    >>> len(draw(simulate(asked)).axes)
    2
    """
    every = reported(course) or list(course.quantities)
    panels = choose_panels(every, [item.name for item in every if _is_flat(course, item)])
    systems = list(dict.fromkeys(item.system for item in panels))
    colors = {name: _COLORS[place % len(_COLORS)] for place, name in enumerate(systems)}
    n_columns = min(_N_COLUMNS, len(panels))
    n_rows = -(-len(panels) // n_columns)
    width = _LEFT + max(n_columns, _FEWEST_COLUMNS) * _CELL[0] + _EDGE
    title = _lines([_title(course)], width * _LETTERS_PER_INCH[0])
    notes = _lines(_notes(course, len(every) - len(panels)), width * _LETTERS_PER_INCH[1])
    top, bottom = _LINE * (len(title) + 1), _LINE * (len(notes) + 1) + 1.5 * _TICKS
    height = top + n_rows * _CELL[1] + bottom
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(width, height), dpi=_DPI)
        for place, item in enumerate(panels):
            row, column = divmod(place, n_columns)
            left = _LEFT + column * _CELL[0] + _PAD_LEFT
            low = height - top - (row + 1) * _CELL[1] + _PAD_BELOW
            frame = (left / width, low / height, _PANEL[0] / width, _PANEL[1] / height)
            panel = figure.add_axes(frame)
            _panel(panel, course, item, colors[item.system])
            panel.tick_params(labelbottom=place + n_columns >= len(panels))
        edge, unit = _EDGE / width, _time_unit(course)[0]
        figure.text(edge, 1 - _EDGE / height, "\n".join(title), fontsize=11, va="top")
        figure.text(edge, _EDGE / height, "\n".join(notes), va="bottom")
        figure.text(
            0.5, (bottom - 0.8 * _TICKS) / height, f"time [{unit}]", ha="center", va="center"
        )
        middle = (bottom + n_rows * _CELL[1] / 2) / height
        figure.text(edge, middle, "level relative to rest [1]", rotation=90, va="center")
    return figure


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure; the ending of the name says how.

    Parameters
    ----------
    figure
        From `draw`.
    path
        File ending in ``.png`` or ``.svg``.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_figure(Figure(), Path(folder, "empty.svg"))
    ...     Path(folder, "empty.svg").read_text()[:5]
    '<?xml'
    """
    kind = path.suffix.removeprefix(".")
    # what differs from one run to the next stays out of the file
    metadata = {"Date": None} if kind == "svg" else {"Software": None}

    def write(temporary: Path) -> None:
        with mpl.rc_context(_STYLE):
            figure.savefig(temporary, format=kind, metadata=metadata)

    write_atomically(path, write)


def _panel(panel: "Axes", course: Course, item: Quantity, color: str) -> None:
    seconds = _time_unit(course)[1]
    is_relative = item.baseline != 0.0
    levels, rest = _levels(course, item), 1.0 if is_relative else 0.0
    panel.axhline(rest, color=_GRAY, linewidth=0.6, alpha=0.6)
    for change in course.request.changes:
        panel.axvline(change.at_s / seconds, color=_GRAY, linewidth=0.9, linestyle=(0, (4, 3)))
    panel.plot(course.times_s / seconds, levels, color=color)
    panel.set_ylim(*_span(levels, rest, is_relative=is_relative))
    panel.set_xlim(0, course.request.duration_s / seconds)
    panel.xaxis.set_major_locator(_time_ticks(course))
    panel.yaxis.set_major_locator(MaxNLocator(4, min_n_ticks=3))
    panel.set_title(item.system, loc="left", color=color, fontweight="bold", fontsize=7.5, pad=15)
    panel.set_title(_level_text(item), loc="right", color=_GRAY, fontsize=7.5, pad=15)
    panel.text(0, 1.03, item.name, transform=panel.transAxes, fontsize=8.5, va="bottom")


def _level_text(item: Quantity) -> str:
    """Return what 1 on the axis stands for; nothing where it stands for itself."""
    if item.baseline == 0.0:
        return f"rest 0; in [{item.unit}]"
    if item.unit != "1":
        return f"1 = {item.baseline:.4g} {item.unit}"
    return "" if item.baseline == 1.0 else f"1 = {item.baseline:.4g}"


def _lines(texts: Iterable[str], width: float) -> list[str]:
    return [line for text in texts for line in textwrap.wrap(text, int(width))]


def _levels(course: Course, item: Quantity) -> Series:
    series = course.series(item.name)
    return series / item.baseline if item.baseline else series


def _is_flat(course: Course, item: Quantity) -> bool:
    levels = _levels(course, item)
    return not len(levels) or bool(np.ptp(levels) < _FLAT)


def _time_ticks(course: Course) -> Locator:
    unit, seconds = _time_unit(course)
    if unit == "d":
        return MaxNLocator(5, integer=True)
    length = course.request.duration_s / seconds
    step = next((step for step in _HOUR_STEPS if length / step <= _MOST_TICKS), _HOUR_STEPS[-1])
    return MultipleLocator(step)


def _span(levels: Series, rest: float, *, is_relative: bool) -> tuple[float, float]:
    """Return limits that show the line and its rest; a flat line is not blown up."""
    finite = levels[np.isfinite(levels)]
    low, high = min(finite.min(initial=rest), rest), max(finite.max(initial=rest), rest)
    least = _LEAST_SPAN if is_relative else 1e-12
    if high - low < least:
        middle = (low + high) / 2
        low, high = middle - least / 2, middle + least / 2
    air = _AIR * (high - low)
    return low - air, high + air


def _time_unit(course: Course) -> tuple[str, int]:
    return ("h", HOUR_S) if course.request.duration_s <= _LONGEST_IN_HOURS_S else ("d", DAY_S)


def _title(course: Course) -> str:
    request = course.request
    who = "Reference patient"
    if request.patient is not None:
        who = f"Patient {request.patient} of seed {request.seed}"
    parts = [who, f"{request.duration_s / DAY_S:g} d from midnight, relative to rest"]
    if request.values:
        parts.append(request.assigned(request.values))
    if request.left_out:
        parts.append(f"without {', '.join(request.left_out)}")
    return "; ".join(parts)


def _notes(course: Course, n_left: int) -> list[str]:
    unit, seconds = _time_unit(course)
    notes = [
        f"dashed at {change.at_s / seconds:g} {unit}: {course.request.assigned(change.values)}"
        for change in course.request.changes
    ]
    if n_left:
        notes.append(f"{n_left} more quantities, flat ones first, are in time_courses.parquet")
    if course.failure_h is not None:
        notes.append(f"FAILED at {course.failure_h:.6g} h: {course.code.message}")
    return [*notes, NOTICE]
