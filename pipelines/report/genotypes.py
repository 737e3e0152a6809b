"""Outcomes by genotype and dose: means as they are, and shrunken to those of other genotypes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pipelines.report.bands import WIDE_COLUMNS, Band, bands
from pipelines.report.document import Block, Details, Grid, Heading, Picture, Row
from pipelines.report.draw_groups import Group, GroupPanel, draw_groups
from pipelines.report.names import level_name, marker_name
from pipelines.report.run_data import Cell, RunData
from pipelines.report.statistics import NOTHING, Entry, text_of
from pipelines.report.who_benefits import COVARIATE_NAMES
from pipelines.report.words import MISSING, count, estimate, number, plain, share, significant

__all__ = ["genotypes"]

_ANALYSIS: Final = "genotype by dose"
_FEWEST: Final = 2
_ALIKE: Final = 0.1
"""Shrunken means that differ by less [points] are told as alike."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What is known of an arm at a genotype."""

    change: Entry = NOTHING
    ends: Entry = NOTHING
    shrunken: Entry = NOTHING
    response: Entry = NOTHING
    levels: tuple[Entry, ...] = ()


_Table = dict[tuple[Cell, str], _Found]


def genotypes(run: RunData) -> Iterator[Block]:
    """Yield change by genotype and arm as a picture, and everything else as tables.

    Parameters
    ----------
    run
        A run.

    Examples
    --------
    >>> genotypes.__name__  # run by tests/pipelines/report: it needs a run
    'genotypes'
    """
    genes = list(dict.fromkeys(text_of(one, "group2") for one in run.statistics.of(_ANALYSIS)))
    tables = {gene: _read(run, gene) for gene in genes}
    tables = {gene: table for gene, table in tables.items()
              if len({level for _, level in table}) >= _FEWEST}  # fmt: skip
    if not tables:
        return
    yield Heading("Genotype by dose")
    for band in bands(run):
        panels = [_panel(run, band, gene, table) for gene, table in tables.items()]
        panels = [one for one in panels if one.groups]
        if not panels:
            continue
        yield Picture(
            key=band.key("genotypes"),
            title=band.title(f"Change of {plain(run.endpoint)} at {plain(run.visit)} by genotype"),
            finding=_finding(band, tables),
            note="Filled: mean change with 95 % CI. Hollow: shrunken to the mean of the genotypes "
            "in the arm, as far as their errors explain the spread. Intervals beyond the picture "
            "are cut; groups of one patient are in the table.",
            draw=lambda panels=panels: draw_groups(panels),  # type: ignore[misc]
        )
    grids = [
        _grid(run, band, gene, table)
        for gene, table in tables.items()
        for band in bands(run, WIDE_COLUMNS)
    ]
    yield Details("Outcomes and levels by genotype", tuple(grids))


def _read(run: RunData, gene: str) -> _Table:
    found: _Table = {}
    for cell in run.cells:
        mine = run.found(_ANALYSIS, cell, group2=gene)
        by_level: dict[str, list[Entry]] = {}
        for one in mine:
            by_level.setdefault(text_of(one, "group2_level"), []).append(one)
        for level, here in sorted(by_level.items()):
            own = [one for one in here if one.about["variable"] == run.endpoint]
            by_context = {one.about["context"]: one for one in own}
            found[cell, level] = _Found(
                change=by_context.get("summary", NOTHING),
                ends=by_context.get("mean_ci", NOTHING),
                shrunken=by_context.get("shrinkage", NOTHING),
                response=by_context.get("tabulate_value", NOTHING),
                levels=tuple(one for one in here if text_of(one, "variable").startswith("C_")),
            )
    return found


def _panel(run: RunData, band: Band, gene: str, table: _Table) -> GroupPanel:
    levels = tuple(sorted({level for cell, level in table if cell in band.cells}))
    groups = []
    for cell, style in band.looks:
        for place, level in enumerate(levels):
            one = table.get((cell, level))
            mean = None if one is None else one.change.get("mean")
            if one is None or mean is None or one.ends.get("conf.low") is None:
                continue  # of one patient
            groups.append(
                Group(
                    name=cell.label,
                    look=style,
                    place=place,
                    value=mean,
                    low=one.ends.get("conf.low"),
                    high=one.ends.get("conf.high"),
                    second=one.shrunken.get("shrunken"),
                )
            )
    return GroupPanel(
        title=COVARIATE_NAMES.get(gene, gene),
        unit=f"change of {plain(run.endpoint)}",
        levels=tuple(level_name(gene, level) for level in levels),
        groups=tuple(groups),
    )


def _finding(band: Band, tables: dict[str, _Table]) -> str:
    """Return in which arm the genotypes of each gene differ most, shrunken."""
    said = []
    for gene, table in tables.items():
        widest: tuple[float, str] | None = None
        for cell in band.cells:
            mine = sorted(
                (value, level_name(gene, level))
                for (which, level), one in table.items()
                if which == cell and (value := one.shrunken.get("shrunken")) is not None
            )
            if mine and (widest is None or mine[-1][0] - mine[0][0] > widest[0]):
                (low, first), (high, last) = mine[0], mine[-1]
                words = f"{cell.label}, {number(low)} ({first}) to {number(high)} ({last})"
                widest = high - low, words
        if widest is not None:
            words = widest[1] if widest[0] >= _ALIKE else "alike in every arm"
            said.append(f"{COVARIATE_NAMES.get(gene, gene)}: {words}")
    return f"Where shrunken mean changes differ most between genotypes. {'; '.join(said)}."


def _grid(run: RunData, band: Band, gene: str, table: _Table) -> Grid:
    levels = sorted({level for cell, level in table if cell in band.cells})
    rows: list[Row] = []
    for level in levels:
        mine = [table.get((cell, level), _Found()) for cell in band.cells]
        rows.append(Row(level_name(gene, level)))
        rows.append(_inner("patients", [count(one.change.count("N")) for one in mine]))
        changes = [
            estimate(one.change.get("mean"), one.ends.get("conf.low"), one.ends.get("conf.high"))
            for one in mine
        ]
        rows.append(_inner("mean change, 95 % CI", changes))
        rows.append(_inner("shrunken", [number(one.shrunken.get("shrunken")) for one in mine]))
        responses = [share(one.response.count(), one.response.count("N")) for one in mine]
        rows.append(_inner("responders", responses))
        codes = sorted({text_of(one, "variable") for found in mine for one in found.levels})
        rows += [_inner(*_level_texts(run, code, mine)) for code in codes]
    return Grid(
        key=band.key(f"genotype-{gene.lower()}"),
        caption=band.title(f"{COVARIATE_NAMES.get(gene, gene)}: outcomes at {plain(run.visit)}"),
        head=("", *(cell.label for cell in band.cells)),
        rows=tuple(rows),
        note="Of the analysed. Genotypes are not randomised to each other.",
    )


def _inner(label: str, texts: list[str]) -> Row:
    return Row(label, tuple(texts), is_inner=True)


def _level_texts(run: RunData, code: str, mine: list[_Found]) -> tuple[str, list[str]]:
    texts = []
    for found in mine:
        one = next((one for one in found.levels if one.about["variable"] == code), None)
        texts.append(
            MISSING if one is None
            else f"{significant(one.get('mean'))} ({significant(one.get('sd'))})"
        )  # fmt: skip
    unit = plain(run.row("biomarkers_by_arm", biomarker=code).get("unit", ""))
    name = marker_name(code, run.statistics.labels("biomarkers").get(code, ""))
    return f"{name} [{unit}], mean (SD)", texts
