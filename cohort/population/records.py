"""People of one's own: a CSV file of covariates, read whole or refused with all its mistakes.

The columns are those of the packaged people (`cohort.population.people`). `cohort.population`
draws from such a file where a `PopulationSpec` names it. Imports NumPy.
"""

import csv
import functools
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cohort.errors import FileContentError, Mistake
from cohort.population.people import ANCESTRIES, SEXES, SMOKER_LEVELS, People
from cohort.population.population_spec import HEAVIEST_KG, LIGHTEST_KG
from cohort.yaml_files import nearest_hint

__all__ = ["load_people_file"]

_NUMBERS = {  # column: unit, smallest, largest
    "age_y": ("y", 18.0, 80.0),
    "weight_kg": ("kg", LIGHTEST_KG, HEAVIEST_KG),
    "height_cm": ("cm", 100.0, 250.0),
}
_TEXTS = {"sex": SEXES, "ancestry": ANCESTRIES, "smoker": SMOKER_LEVELS}
_OPTIONAL = ("ancestry", "smoker")
_COLUMNS = ("age_y", "sex", "weight_kg", "height_cm", *_OPTIONAL)
_FEWEST_PEOPLE = 30  # the fewest that raking leans on
_MOST_MISTAKES = 50
_SHOWN_LENGTH = 40

_Row = dict[str, str | float]


def load_people_file(path: str | Path) -> People:
    """Return the people of a CSV file.

    Parameters
    ----------
    path
        UTF-8 file with a head. Columns ``age_y`` [y, from 18 to 80, which stands for 80 and older],
        ``sex`` (``F`` or ``M``), ``weight_kg`` [kg] and ``height_cm`` [cm] are needed; ``ancestry``
        and ``smoker`` (``yes`` or ``no``) may be left out. Lines that start with ``#`` are comments.

    Returns
    -------
    Read-only columns, sorted by sex, ancestry, age, weight, height and smoking: the order of the
    file means nothing.

    Raises
    ------
    FileContentError
        If the file has mistakes; all of them are listed with their row, the first 50 of many.

    Examples
    --------
    >>> load_people_file("no-such.csv")
    Traceback (most recent call last):
    ...
    cohort.errors.FileContentError: no-such.csv: no such file; a CSV file of people is wanted. Check the path.
    """  # noqa: E501
    name = str(path)
    try:
        content = Path(path).read_bytes()
    except FileNotFoundError as error:
        raise _refusal(
            name, "no such file; a CSV file of people is wanted. Check the path."
        ) from error
    except (OSError, ValueError) as error:  # ValueError: a path with a null character
        raise _refusal(
            name, f"cannot be read ({error}); a CSV file is wanted. Check it."
        ) from error
    return _parse(name, content)


def _refusal(name: str, message: str) -> FileContentError:
    return FileContentError([Mistake(file=name, line=None, key_path="", message=message)])


@functools.lru_cache(maxsize=8)
def _parse(name: str, content: bytes) -> People:
    """Return the people of a file's bytes; the same bytes give the same object."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _refusal(
            name, "is no UTF-8 text; a CSV file is wanted. Save it as CSV, UTF-8."
        ) from error
    reader = _Reader(name)
    rows = reader.rows(text)
    if not reader.mistakes and len(rows) < _FEWEST_PEOPLE:
        reader.add(
            None,
            "",
            f"{len(rows)} people; at least {_FEWEST_PEOPLE} are allowed, so that a trial does not "
            "repeat the same bodies. Add people.",
        )
    if reader.mistakes:
        raise FileContentError(reader.listed())
    rows.sort(key=lambda row: tuple(row[one] for one in _ORDER))
    return People(
        age_y=_numbers(rows, "age_y"),
        sex=_texts(rows, "sex"),
        ancestry=_texts(rows, "ancestry"),
        weight_kg=_numbers(rows, "weight_kg"),
        height_cm=_numbers(rows, "height_cm"),
        smoker=_texts(rows, "smoker"),
    )


_ORDER = ("sex", "ancestry", "age_y", "weight_kg", "height_cm", "smoker")


def _numbers(rows: list[_Row], name: str) -> NDArray[np.float64]:
    column = np.array([row[name] for row in rows], dtype=np.float64)
    column.setflags(write=False)
    return column


def _texts(rows: list[_Row], name: str) -> NDArray[np.str_]:
    column = np.array([str(row[name]) for row in rows])
    column.setflags(write=False)
    return column


class _Reader:
    """Reads one file, and collects its mistakes."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.mistakes: list[Mistake] = []

    def add(self, line: int | None, column: str, message: str) -> None:
        self.mistakes.append(Mistake(file=self.name, line=line, key_path=column, message=message))

    def listed(self) -> list[Mistake]:
        more = len(self.mistakes) - _MOST_MISTAKES
        if more <= 0:
            return self.mistakes
        end = f"{more} more mistakes are not listed. Correct these first."
        return [
            *self.mistakes[:_MOST_MISTAKES],
            Mistake(file=self.name, line=None, key_path="", message=end),
        ]

    def rows(self, text: str) -> list[_Row]:
        lines = self._lines(text)
        head = next(lines, None)
        if head is None:
            self.add(None, "", f"is empty; a head is wanted. Write '{','.join(_COLUMNS)}' first.")
            return []
        if not self._is_good_head(*head):
            return []
        names = head[1]
        rows = [self._row(line, names, cells) for line, cells in lines]
        return [row for row in rows if row is not None]

    def _lines(self, text: str) -> Iterator[tuple[int, list[str]]]:
        # not splitlines(): editors do not count a form feed as a new line
        plain = text.replace("\r\n", "\n").replace("\r", "\n")
        for line, written in enumerate(plain.split("\n"), start=1):
            if not written.strip() or written.startswith("#"):
                continue
            try:
                cells = next(csv.reader([written], strict=True, skipinitialspace=True))
            except csv.Error as error:
                self.add(line, "", f"is no row of CSV ({error}); close the quotes on the line.")
                continue
            yield line, [cell.strip() for cell in cells]

    def _is_good_head(self, line: int, names: list[str]) -> bool:
        before = len(self.mistakes)
        for name in dict.fromkeys(names):
            if name not in _COLUMNS:
                self.add(
                    line,
                    _shown(name),
                    f"unknown column; {len(_COLUMNS)} are known. {nearest_hint(name, _COLUMNS)}",
                )
            elif names.count(name) > 1:
                self.add(line, name, "the column is there twice; once is allowed. Drop one.")
        missing = [name for name in _COLUMNS if name not in names and name not in _OPTIONAL]
        for name in missing:
            self.add(line, name, "the column is missing; it is needed. Add it.")
        return len(self.mistakes) == before

    def _row(self, line: int, names: list[str], cells: list[str]) -> _Row | None:
        if len(cells) != len(names):
            self.add(
                line,
                "",
                f"{len(cells)} values; {len(names)} are allowed, as the head has. Correct the row.",
            )
            return None
        row: _Row = dict.fromkeys(_OPTIONAL, "")
        for name, cell in zip(names, cells, strict=True):
            value = self._number(line, name, cell) if name in _NUMBERS else cell
            if name in _TEXTS and cell not in _TEXTS[name]:
                allowed = ", ".join(_TEXTS[name])
                self.add(line, name, f"{_shown(cell)!r}; one of {allowed} is allowed. Correct it.")
            row[name] = value
        return row

    def _number(self, line: int, name: str, cell: str) -> float:
        unit, low, high = _NUMBERS[name]
        try:
            value = math.nan if "_" in cell else float(cell)  # Python reads 7_0 as 70
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            self.add(
                line,
                name,
                f"{_shown(cell)!r} [{unit}]; a number from {low:g} to {high:g} [{unit}] is "
                "allowed. Correct it, or drop the row.",
            )
        return value


def _shown(text: str) -> str:
    return text if len(text) <= _SHOWN_LENGTH else text[:_SHOWN_LENGTH] + "..."
