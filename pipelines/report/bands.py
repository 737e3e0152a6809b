"""Arms of a report in bands: as many side by side as can be told apart and read.

A picture has at most eight looks, and a table about as many columns. More arms come in several
pictures and tables, the control arm first in each, so that no arm is left out.
"""

from dataclasses import dataclass
from typing import Final

from pipelines.report.run_data import Cell, RunData
from pipelines.report.style import Look

__all__ = [
    "COLUMNS",
    "MOST_SHOWN",
    "WIDE_COLUMNS",
    "Band",
    "bands",
    "looks_of",
    "shown_cells",
]

_WIDTH: Final = 8
"""Arms of a picture, control among them: there are no more looks."""

COLUMNS: Final = 6
"""Arms of a table, control among them: more are cut off on a desk."""

WIDE_COLUMNS: Final = 4
"""The same where a cell holds an interval."""

MOST_SHOWN: Final = 24
"""Arms, or arms in a variant, that pictures and their tables show.

More make a page that no reader gets through, and that is larger than mail takes (5 MB).
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """Arms that are shown together.

    Parameters
    ----------
    looks
        Arms with their looks.
    number, total
        Which band it is, of how many.

    Examples
    --------
    >>> Band(looks=(), number=2, total=3).key("flow"), Band(looks=(), number=1, total=3).title("A")
    ('flow-2', 'A, part 1 of 3')
    """

    looks: tuple[tuple[Cell, Look], ...]
    number: int
    total: int

    @property
    def cells(self) -> tuple[Cell, ...]:
        """Its arms."""
        return tuple(cell for cell, _ in self.looks)

    def key(self, key: str) -> str:
        """Return the key of a picture or table of the band."""
        return key if self.number == 1 else f"{key}-{self.number}"

    def title(self, title: str) -> str:
        """Return the title of a picture or table of the band."""
        return title if self.total == 1 else f"{title}, part {self.number} of {self.total}"


def shown_cells(run: RunData) -> list[Cell]:
    """Return the arms that are shown, control first; with variants, variant after variant.

    Parameters
    ----------
    run
        A run.

    Examples
    --------
    >>> shown_cells.__name__  # run by tests/pipelines/report: it needs a run
    'shown_cells'
    """
    if run.is_crossed:
        ordered = sorted(run.cells, key=lambda cell: (cell.variant_number, cell.arm_number))
    else:
        ordered = sorted(run.cells, key=lambda cell: not cell.is_control)
    return ordered[:MOST_SHOWN]


def bands(run: RunData, width: int = _WIDTH) -> tuple[Band, ...]:
    """Return the arms of a run in bands.

    Parameters
    ----------
    run
        A run.
    width
        Most arms of a band.

    Notes
    -----
    An arm looks the same in every figure. With several variants an arm is there in each, so looks
    go by place, and bands do not repeat the control arm: it has one in every variant.

    Examples
    --------
    >>> bands.__name__  # run by tests/pipelines/report: it needs a run
    'bands'
    """
    cells = shown_cells(run)
    repeated = [] if run.is_crossed else [one for one in cells if one.is_control]
    others = [one for one in cells if one not in repeated]
    room = width - len(repeated)
    total = max(1, -(-len(others) // room))
    size = -(-len(others) // total) if others else 1
    found = []
    for number in range(total):
        mine = [*repeated, *others[number * size : (number + 1) * size]]
        first = 0 if repeated or run.is_crossed else 1  # 0 is the look of a control arm
        looks = tuple((cell, Look(first + place)) for place, cell in enumerate(mine))
        found.append(Band(looks=looks, number=number + 1, total=total))
    return tuple(found)


def looks_of(run: RunData) -> dict[Cell, Look]:
    """Return how each arm looks.

    Parameters
    ----------
    run
        A run.

    Examples
    --------
    >>> looks_of.__name__  # run by tests/pipelines/report: it needs a run
    'looks_of'
    """
    return {cell: style for band in bands(run) for cell, style in band.looks}
