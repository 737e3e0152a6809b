"""The table `results` as a report looks things up in it: statistics of one thing together.

`results` has a row a statistic. Here the statistics of the same groups, variable and context are
one `Entry`; entries come in the order of the table, which is that of a report.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from pipelines.report.words import plain

__all__ = ["Entry", "Statistics", "text_of"]

_IDENTITY: Final = (
    *("variant_number", "group1", "group1_level", "group2", "group2_level", "group3"),
    *("group3_level", "variable", "variable_label", "variable_level", "context"),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """The statistics of one thing.

    Parameters
    ----------
    about
        Its groups, variable and context, by the columns of `results`.
    stats
        Statistics by their name; None where there is none.

    Examples
    --------
    >>> Entry({"variable": "AGE"}, {"mean": 40.5}).get("mean")
    40.5
    """

    about: Mapping[str, Any]
    stats: Mapping[str, float | None]

    def get(self, name: str) -> float | None:
        """Return a statistic, None if there is none."""
        return self.stats.get(name)

    def count(self, name: str = "n") -> int | None:
        """Return a statistic that is a whole number."""
        found = self.stats.get(name)
        return None if found is None else int(found)

    def interval(self, name: str = "estimate") -> tuple[float | None, float | None, float | None]:
        """Return an estimate and the ends of its interval."""
        return self.get(name), self.get("conf.low"), self.get("conf.high")


NOTHING: Final = Entry({}, {})
"""What stands where nothing was found."""


class Statistics:
    """Statistics of a run by what they are about.

    Parameters
    ----------
    frame
        The table `results`.

    Examples
    --------
    >>> frame = pl.DataFrame(
    ...     {"analysis": ["baseline"] * 2, "group1_level": ["a"] * 2, "stat_name": ["n", "mean"],
    ...      "stat": [3.0, 30.5]}
    ... )
    >>> Statistics(frame).first("baseline", group1_level="a").get("mean")
    30.5
    """

    def __init__(self, frame: pl.DataFrame) -> None:
        missing = [pl.lit(None).alias(name) for name in (*_IDENTITY, "method", "warning")
                   if name not in frame.columns]  # fmt: skip
        self._frame = frame.with_columns(missing).with_columns(
            pl.col("variant_number").fill_null(1)
        )
        self._entries: dict[str, tuple[Entry, ...]] = {}
        self._of_cells: dict[str, dict[tuple[str, int], list[Entry]]] = {}
        self._labels: dict[str, dict[str, str]] = {}

    def of(self, analysis: str) -> tuple[Entry, ...]:
        """Return all entries of an analysis."""
        if analysis not in self._entries:
            entries = tuple(self._read(analysis))
            self._entries[analysis] = entries
            cells = self._of_cells.setdefault(analysis, {})
            for one in entries:
                cell = one.about["group1_level"], one.about["variant_number"]
                cells.setdefault(cell, []).append(one)
        return self._entries[analysis]

    def _read(self, analysis: str) -> list[Entry]:
        found: dict[tuple[Any, ...], Entry] = {}
        columns = [*_IDENTITY, "method", "warning", "stat_name", "stat"]
        rows = self._frame.filter(pl.col("analysis") == analysis).select(columns)
        for row in rows.iter_rows(named=True):
            key = tuple(row[name] for name in _IDENTITY)
            if key not in found:
                about = {name: row[name] for name in (*_IDENTITY, "method", "warning")}
                for name in ("group1_level", "variable_label", "variable_level", "group2_level"):
                    about[name] = None if about[name] is None else plain(about[name])
                found[key] = Entry(about, {})
            stats: dict[str, float | None] = found[key].stats  # type: ignore[assignment]
            stats[row["stat_name"]] = row["stat"]
        return list(found.values())

    def labels(self, analysis: str) -> dict[str, str]:
        """Return the label of each variable of an analysis, the first that it has."""
        if analysis not in self._labels:
            mine = self._labels.setdefault(analysis, {})
            for one in self.of(analysis):
                mine.setdefault(one.about["variable"], text_of(one, "variable_label"))
        return self._labels[analysis]

    def find(self, analysis: str, **wanted: object) -> list[Entry]:
        """Return the entries with the values wanted."""
        entries = self.of(analysis)
        if {"group1_level", "variant_number"} <= wanted.keys():  # of a cell: fewer to look at
            cell: Any = (wanted.pop("group1_level"), wanted.pop("variant_number"))
            entries = tuple(self._of_cells[analysis].get(cell, ()))
        asked = wanted.items()
        return [one for one in entries if all(one.about[name] == it for name, it in asked)]

    def first(self, analysis: str, **wanted: object) -> Entry:
        """Return the first such entry, one without statistics if there is none."""
        return next(iter(self.find(analysis, **wanted)), NOTHING)


def text_of(entry: Entry, name: str) -> str:
    """Return a text of what an entry is about, empty where it has none.

    Examples
    --------
    >>> text_of(NOTHING, "variable")
    ''
    """
    found = entry.about.get(name)
    return "" if found is None else str(found)
