"""How figures look: a palette that the colour-blind can read, and SVG that follows the page.

Arms differ in colour, marker and line at once. Figures are drawn with the light colours; inside
a page each becomes a variable of its style sheet, so dark pages have dark figures, and text stays
text. The same data give the same bytes: no dates, no random names.
"""

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from pipelines.report.document import Picture
from pipelines.report.words import plain

__all__ = [
    "DARK",
    "LIGHT",
    "Look",
    "canvas",
    "legend",
    "page_svg",
    "panels",
    "picture_bytes",
    "tidy",
]

LIGHT: Final = {
    "ink": "#1b2026",
    "muted": "#59636e",
    "rule": "#d3d9df",
    "paper": "#fefefe",
    "series-0": "#5f6770",  # the control
    "series-1": "#0072b2",
    "series-2": "#d05400",
    "series-3": "#00805d",
    "series-4": "#a8528c",
    "series-5": "#7a6a00",
    "series-6": "#2f8fc4",
    "series-7": "#2b2b7f",
    "heat-1": "#d9e8f2",
    "heat-2": "#a9cbe2",
    "heat-3": "#6fa9cf",
    "heat-4": "#2f80b3",
    "heat-5": "#07568a",
}
"""Colours of figures on white: those of Okabe and Ito, darker where white would drown them."""

DARK: Final = {
    "ink": "#e7eaed",
    "muted": "#a4adb7",
    "rule": "#3a434c",
    "paper": "#15191d",
    "series-0": "#b4bcc4",
    "series-1": "#5cb8f0",
    "series-2": "#f2954f",
    "series-3": "#35c79b",
    "series-4": "#dd9ac4",
    "series-5": "#d9c64a",
    "series-6": "#9cd3f5",
    "series-7": "#a5a5f0",
    "heat-1": "#17324a",
    "heat-2": "#1d4c70",
    "heat-3": "#2a7199",
    "heat-4": "#58a5cf",
    "heat-5": "#b5dcf2",
}
"""The same colours on a dark page."""

_MARKERS: Final = ("o", "s", "^", "D", "v", "P", "X", "*")
_LINES: Final[tuple[Any, ...]] = (
    (0, (4, 2)),
    "solid",
    (0, (6, 1.5, 1.5, 1.5)),
    (0, (1.5, 1)),
    (0, (8, 2)),
    (0, (3, 1, 1, 1, 1, 1)),
    (0, (5, 1)),
    (0, (1, 2)),
)
_PARAMETERS: Final[dict[Any, Any]] = {
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "svg.fonttype": "none",
    "text.parse_math": False,  # a name may hold a dollar sign
    "axes.edgecolor": LIGHT["muted"],
    "axes.labelcolor": LIGHT["ink"],
    "axes.titlecolor": LIGHT["ink"],
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": LIGHT["rule"],
    "grid.linewidth": 0.6,
    "text.color": LIGHT["ink"],
    "xtick.color": LIGHT["muted"],
    "ytick.color": LIGHT["muted"],
    "xtick.labelcolor": LIGHT["ink"],
    "ytick.labelcolor": LIGHT["ink"],
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "axes.unicode_minus": True,
}
_PNG_DPI = 160
_WIDTH = 7.6
"""Inches; at 72 points an inch about the width of a column of text."""
_N_COLUMNS = 2
_PANEL_HEIGHT = 2.5


class Look:
    """Colour, marker and line of a series.

    Parameters
    ----------
    place
        Number of the series; 0 is the control.

    Examples
    --------
    >>> Look(0).marker, Look(1).marker
    ('o', 's')
    """

    def __init__(self, place: int) -> None:
        self.color = LIGHT[f"series-{place % len(_MARKERS)}"]
        self.marker = _MARKERS[place % len(_MARKERS)]
        self.line = _LINES[place % len(_LINES)]


@contextmanager
def _drawing() -> Iterator[None]:
    """Draw by the rules of this module; a letter that the font lacks is the reader's to show."""
    with mpl.rc_context(_PARAMETERS), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        yield


@contextmanager
def canvas(height: float, width: float = _WIDTH) -> Iterator[Figure]:
    """Give a figure to draw on.

    Parameters
    ----------
    height, width
        Inches.

    Examples
    --------
    >>> with canvas(2.0) as figure:
    ...     float(figure.get_figheight())
    2.0
    """
    with _drawing():
        yield Figure(figsize=(width, height), layout="constrained")


@contextmanager
def panels(
    titles: list[str], *, height: float = _PANEL_HEIGHT, n_columns: int = _N_COLUMNS
) -> Iterator[tuple[Figure, list[Axes]]]:
    """Give a figure with a panel a title, in columns.

    Parameters
    ----------
    titles
        Titles of the panels.
    height
        Of a panel [inch].
    n_columns
        Most panels side by side.

    Examples
    --------
    >>> with panels(["a", "b", "c"]) as (figure, axes):
    ...     len(axes)
    3
    """
    n_column = min(n_columns, len(titles))
    n_row = -(-len(titles) // n_column)
    with canvas(height * n_row + 0.55) as figure:
        grid = figure.subplots(n_row, n_column, squeeze=False)
        axes = [one for row in grid for one in row]
        for spare in axes[len(titles) :]:
            spare.set_axis_off()
        for axis, title in zip(axes, titles, strict=False):
            axis.set_title(title)
        yield figure, axes[: len(titles)]


def legend(figure: Figure, entries: list[tuple[str, Look]]) -> None:
    """Put names of series with their looks below a figure.

    Examples
    --------
    >>> with canvas(2.0) as figure:
    ...     legend(figure, [("placebo", Look(0))])
    >>> len(figure.legends)
    1
    """
    handles = [
        Line2D([], [], color=one.color, marker=one.marker, linestyle=one.line, markersize=5)
        for _, one in entries
    ]
    # a label that begins with an underscore is none to matplotlib; one of no width goes before it
    labels = [f"\u200b{name}" if name.startswith("_") else name for name, _ in entries]
    n_letter = sum(len(label) + 8 for label in labels)
    figure.legend(
        handles,
        labels,
        loc="outside lower left",
        ncols=max(1, min(len(labels), len(labels) * 100 // max(n_letter, 1))),
        frameon=False,
        fontsize=8.5,
        handlelength=2.6,
    )


def tidy(axis: Axes, *, grid: str = "y") -> None:
    """Take away what frames an axis, and leave rules along one direction.

    Examples
    --------
    >>> with canvas(2.0) as figure:
    ...     tidy(figure.subplots(), grid="x")
    """
    axis.grid(visible=False)
    if grid:
        axis.grid(visible=True, axis=grid)  # type: ignore[arg-type]
    axis.tick_params(length=0)
    for side in ("top", "right", "left" if grid == "y" else "bottom"):
        axis.spines[side].set_visible(False)


def picture_bytes(picture: Picture, kind: str) -> bytes:
    """Return a figure as a file.

    Parameters
    ----------
    picture
        The figure.
    kind
        ``svg`` or ``png``.

    Examples
    --------
    >>> picture_bytes(Picture(key="a", title="A", finding="", draw=Figure), "svg")[:5]
    b'<?xml'
    """
    metadata: dict[str, Any] = (
        {"Date": None, "Creator": None, "Title": plain(picture.title)}
        if kind == "svg"
        else {"Software": None}
    )
    stream = io.BytesIO()
    with _drawing(), mpl.rc_context({"svg.hashsalt": picture.key}):
        figure = picture.draw()
        figure.savefig(
            stream,
            format=kind,
            dpi=_PNG_DPI,
            metadata=metadata,
            facecolor=LIGHT["paper"],
        )
    return stream.getvalue()


_IDS = re.compile(r' id="([^"]*)"')
_REFERENCES = re.compile(r'url\(#([^)]*)\)|href="#([^"]*)"')


def page_svg(picture: Picture) -> str:
    """Return a figure as SVG for a page: without its own colours, fonts and names.

    Parameters
    ----------
    picture
        The figure.

    Returns
    -------
    The content of an ``svg`` element and its view box: ``viewBox|content``.

    Examples
    --------
    >>> page_svg(Picture(key="a", title="A", finding="", draw=Figure)).split("|")[0]
    '0 0 460.8 345.6'
    """
    text = picture_bytes(picture, "svg").decode()
    start = text.index("<svg")
    box = re.search(r'viewBox="([^"]*)"', text[start:])
    assert box is not None
    inner = text[text.index(">", start) + 1 : text.rindex("</svg>")]
    inner = re.sub(r"<metadata>.*?</metadata>", "", inner, flags=re.DOTALL)
    inner = re.sub(r"<style.*?</style>", "", inner, flags=re.DOTALL)
    used = {one or other for one, other in _REFERENCES.findall(inner)}

    def renamed(found: re.Match[str]) -> str:
        return f' id="{picture.key}-{found[1]}"' if found[1] in used else ""

    inner = _IDS.sub(renamed, inner)
    inner = re.sub(r"url\(#", f"url(#{picture.key}-", inner)
    inner = re.sub(r'href="#', f'href="#{picture.key}-', inner)
    inner = inner.replace("xlink:href", "href")
    for name, color in LIGHT.items():
        inner = inner.replace(f": {color}", f": var(--{name})")
    inner = re.sub(r"<!--.*?-->\s*", "", inner, flags=re.DOTALL)
    inner = re.sub(r"font: ([^;\"]*?)'DejaVu Sans'[^;\"]*", r"font: \1var(--font)", inner)
    inner = re.sub(r"\n\s*", "\n", inner)
    return f"{box[1]}|{inner.strip()}"
