"""Laboratory values and vital signs: notable values, and baseline against later by range."""

from collections.abc import Iterator
from typing import Final

from pipelines.report.bands import COLUMNS, Band, bands
from pipelines.report.document import Block, Details, Grid, Heading, Row
from pipelines.report.run_data import RunData
from pipelines.report.statistics import Entry, text_of
from pipelines.report.words import MISSING, plain, share

__all__ = ["shifts"]

_ANALYSIS: Final = "shifts"
_RANGES: Final = ("LOW", "NORMAL", "HIGH")


def shifts(run: RunData) -> Iterator[Block]:
    """Yield counts of notable values, and shift tables; nothing where no value has a range.

    Parameters
    ----------
    run
        A run.

    Examples
    --------
    >>> shifts.__name__  # run by tests/pipelines/report: it needs a run
    'shifts'
    """
    found = run.statistics.of(_ANALYSIS)
    if not found:
        return
    yield Heading("Laboratory values and vital signs")
    notable = [one for one in found if one.about["group2"] is None]
    for band in bands(run, COLUMNS):
        if notable:
            yield _notable(band, notable)
    limits = {text_of(one, "variable_label"): text_of(one, "method") for one in notable}
    tables: dict[str, list[Entry]] = {}
    for one in found:
        if one.about["group2"] is not None:
            tables.setdefault(text_of(one, "variable"), []).append(one)
    if tables:
        grids = tuple(
            _table(run, place, entries) for place, entries in enumerate(tables.values(), start=1)
        )
        yield Details("Shifts from baseline by normal range", grids)
    if limits:
        yield Details("Limits of notable values and their sources", (_limits(limits),))


def _notable(band: Band, entries: list[Entry]) -> Grid:
    by_rule: dict[str, dict[tuple[str, int], Entry]] = {}
    for one in entries:
        mine = by_rule.setdefault(text_of(one, "variable_label"), {})
        # shares come with their intervals, as entries of another context
        if one.get("n") is not None:
            mine[text_of(one, "group1_level"), one.about["variant_number"]] = one
    rows = []
    for rule, found in by_rule.items():
        texts = []
        for cell in band.cells:
            mine_of = found.get((cell.arm, cell.variant_number))
            texts.append(
                MISSING if mine_of is None else share(mine_of.count(), mine_of.count("N"), 1)
            )
        rows.append(Row(rule, tuple(texts)))
    return Grid(
        key=band.key("notable"),
        caption=band.title("Patients with a notable value after baseline"),
        head=("", *(cell.label for cell in band.cells)),
        rows=tuple(rows),
        note="Of the treated with a value at baseline and later.",
    )


def _limits(limits: dict[str, str]) -> Grid:
    return Grid(
        key="limits",
        caption="Limits of notable values",
        head=("Value", "Mark and source of the limit"),
        rows=tuple(Row(rule, (method.partition("limit ")[2],)) for rule, method in limits.items()),
        is_text=True,
    )


def _table(run: RunData, place: int, entries: list[Entry]) -> Grid:
    """Return one quantity: a group of lines an arm, in it a line a range at baseline."""
    counts = {
        (
            text_of(one, "group1_level"),
            one.about["variant_number"],
            one.about["group2_level"],
            one.about["group3_level"],
            one.about["variable_level"],
        ): one
        for one in entries
    }
    after = list(dict.fromkeys(one.about["group3_level"] for one in entries))
    later = [level for level in _RANGES if any(key[4] == level for key in counts)]
    rows: list[Row] = []
    for cell in run.cells:
        lines = []
        for before in later:
            mine = [counts.get((cell.arm, cell.variant_number, before, when, level))
                    for when in after for level in later]  # fmt: skip
            if not any(one is not None and one.get("n") for one in mine):
                continue
            texts = [MISSING if one is None else share(one.count(), one.count("N"), 1)
                     for one in mine]  # fmt: skip
            lines.append(Row(f"{before.lower()} at baseline", tuple(texts), is_inner=True))
        if lines:
            rows += [Row(cell.label), *lines]
    return Grid(
        key=f"shift-{place}",
        caption=plain(text_of(entries[0], "variable_label")),
        head=("", *(f"{when}: {level.lower()}" for when in after for level in later)),
        rows=tuple(rows),
        note=f"Percentages are of the arm. {plain(text_of(entries[0], 'method'))}.",
    )
