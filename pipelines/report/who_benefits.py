"""Effects in subgroups as forests, and how much persons differ where each is in both arms."""

from collections.abc import Iterator
from statistics import NormalDist
from typing import Final

from pipelines.report.bands import COLUMNS, Band, bands, looks_of
from pipelines.report.document import Block, Details, Grid, Heading, Paragraph, Picture, Row
from pipelines.report.draw_efficacy import ForestLine, draw_forest
from pipelines.report.names import level_name
from pipelines.report.run_data import Cell, RunData
from pipelines.report.statistics import NOTHING, Entry, text_of
from pipelines.report.style import Look
from pipelines.report.words import MISSING, count, estimate, number, p_value, plain, share
from pipelines.subgroups import EVERYONE

__all__ = ["COVARIATE_NAMES", "who_benefits"]

COVARIATE_NAMES: Final = {
    "SEX": "Sex",
    "RACE": "Ancestry",
    "SMOKER": "Smoker",
    "CYP2C19": "CYP2C19",
    "CYP2D6": "CYP2D6",
    "SLC6A4": "SLC6A4 promoter",
    "COMT": "COMT",
    "MAOA": "MAOA",
    "AGE": "Age [y]",
    "AGEGR1": "Age [y]",
    "BMIBL": "Body mass index",
    "BMIGR1": "Body mass index",
    "CRCL": "Creatinine clearance",
    "BASE": "Score at baseline",
    "BASEGR1": "Score at baseline",
}
"""Columns of patients, for people."""

_Z: Final = NormalDist().inv_cdf(0.975)
_MOST_ARMS: Final = 4
_SMALL: Final = 0.001
_PAIRED: Final = (
    "Each patient was simulated in the arm and in control, so the difference of the two changes is "
    "that patient's own effect, rating noise included."
)
_PARALLEL: Final = (
    "Difference from control within each subgroup, adjusted for baseline. Patients of the two arms "
    "are different people, and no level was compared with another."
)

_ANALYSIS: Final = "subgroups"
_ESTIMATES: Final = ("ancova", "individual_effect")
"""Contexts of an effect: of parallel arms, and of pairs."""


def who_benefits(run: RunData) -> Iterator[Block]:
    """Yield a forest an arm, a table of all arms, and effects of persons where there are any.

    Parameters
    ----------
    run
        A run.

    Examples
    --------
    >>> who_benefits.__name__  # run by tests/pipelines/report: it needs a run
    'who_benefits'
    """
    looks = looks_of(run)
    found = {cell: _levels(run, cell) for cell in run.others}
    found = {cell: levels for cell, levels in found.items() if len(levels) > 1}
    if found:
        is_paired = any(
            one.about["context"] == "individual_effect" for one in run.statistics.of(_ANALYSIS)
        )
        yield Heading("Who benefits")
        yield Paragraph(_PAIRED if is_paired else _PARALLEL)
        rest = len(found) - _MOST_ARMS
        if rest > 0:
            yield Paragraph(
                f"Forests of the first {_MOST_ARMS} arms; the table below has all {len(found)}.",
                "note",
            )
    for cell, levels in list(found.items())[:_MOST_ARMS]:
        lines = list(_lines(run, cell, levels, looks.get(cell)))
        yield Picture(
            key=f"subgroups-{cell.arm_number}-{cell.variant_number}",
            title=f"Effect of {cell.label} on {plain(run.endpoint)} by subgroup",
            finding=_finding(levels),
            note="Filled: estimate with 95 % CI. Hollow: shrunken to the mean of the levels, as "
            "far as their errors explain the spread. An arrow: the interval goes on. p: of all "
            "levels being equal, Cochran's Q.",
            draw=lambda lines=lines: draw_forest(lines, axis_label="points"),  # type: ignore[misc]
        )
    if found:
        grids = tuple(_table(run, band, found) for band in bands(run, COLUMNS))
        yield Details("Effects in subgroups, all arms", tuple(one for one in grids if one.rows))
    yield from _individuals(run)


Level = tuple[Entry, Entry]
"""The effect at a level, and what it is shrunken to."""
Levels = dict[tuple[str, str], Level]
"""By covariate and level."""


def _levels(run: RunData, cell: Cell) -> Levels:
    effects: dict[tuple[str, str], Entry] = {}
    shrunken: dict[tuple[str, str], Entry] = {}
    for one in run.found(_ANALYSIS, cell, group2_level=plain(run.endpoint)):
        place = text_of(one, "variable"), text_of(one, "variable_level")
        if one.about["context"] in _ESTIMATES and one.get("estimate") is not None:
            effects[place] = one
        elif one.about["context"] == "shrinkage":
            shrunken[place] = one
    ordered = sorted(effects, key=lambda place: place[0] != EVERYONE)
    return {place: (effects[place], shrunken.get(place, NOTHING)) for place in ordered}


def _finding(levels: Levels) -> str:
    divided = {place: one for place, (one, _) in levels.items() if place[0] != EVERYONE}
    ordered = sorted(divided, key=lambda place: divided[place].get("estimate") or 0.0)
    said = " and ".join(
        f"{COVARIATE_NAMES.get(place[0], place[0])}, {level_name(*place)} "
        f"({number(divided[place].get('estimate'))}, n = {count(divided[place].count('n_arm'))})"
        for place in (ordered[0], ordered[-1])
    )
    everyone = [one for place, (one, _) in levels.items() if place[0] == EVERYONE]
    overall = f"{number(everyone[0].get('estimate'))} points in all. " if everyone else ""
    return f"{overall}Subgroups lie between those of {said}."


def _lines(run: RunData, cell: Cell, levels: Levels, look: Look | None) -> Iterator[ForestLine]:
    last = EVERYONE
    for (covariate, level), (one, shrunken) in levels.items():
        if covariate != last:
            name = COVARIATE_NAMES.get(covariate, covariate)
            yield ForestLine(label=name, is_title=True, note=_equal(run, cell, covariate))
        last = covariate
        value, low, high = one.interval()
        yield ForestLine(
            label=f"{level_name(covariate, level)} (n = {count(one.count('n_arm'))})",
            value=value,
            low=low,
            high=high,
            look=look,
            second=_ends(shrunken),
        )


def _equal(run: RunData, cell: Cell, covariate: str) -> str:
    """Return the test of all levels being equal."""
    one = run.first(
        _ANALYSIS,
        cell,
        variable=covariate,
        group2_level=plain(run.endpoint),
        context="heterogeneity",
    )
    p = one.get("p.value")
    return "" if p is None else f"p {'' if p < _SMALL else '= '}{p_value(p)}"


def _ends(one: Entry) -> tuple[float, float, float] | None:
    mean, error = one.get("shrunken"), one.get("shrunken.std.error")
    if mean is None or error is None:
        return None
    return mean, mean - _Z * error, mean + _Z * error


def _table(run: RunData, band: Band, found: dict[Cell, Levels]) -> Grid:
    cells = [cell for cell in band.cells if cell in found]
    places = dict.fromkeys(place for cell in cells for place in found[cell])
    rows: list[Row] = []
    last = EVERYONE
    for covariate, level in places:
        if covariate != last:
            tests = tuple(_equal(run, cell, covariate) or MISSING for cell in cells)
            rows.append(Row(COVARIATE_NAMES.get(covariate, covariate), tests))
        last = covariate
        texts = []
        for cell in cells:
            one = found[cell].get((covariate, level), (NOTHING, NOTHING))[0]
            texts.append(estimate(*one.interval()))
        name = level_name(covariate, level)
        rows.append(Row(name, tuple(texts), is_inner=covariate != EVERYONE))
    return Grid(
        key=band.key("subgroups"),
        caption=band.title(f"Effect on {plain(run.endpoint)} by subgroup, 95 % CI"),
        head=("", *(cell.label for cell in cells)),
        rows=tuple(rows),
        note="p: of all levels of a covariate being equal (Cochran's Q); not adjusted for their "
        "number.",
    )


def _individuals(run: RunData) -> Iterator[Block]:
    """Yield how effects of persons are spread, where each person is in both arms."""
    rows = []
    for cell in run.others:
        mine = run.found("individual effects", cell, group2_level=plain(run.endpoint))
        by_level = {text_of(one, "variable_level"): one for one in mine
                    if one.about["variable_level"] is not None}  # fmt: skip
        by_context = {one.about["context"]: one for one in mine
                      if one.about["variable_level"] is None}  # fmt: skip
        one = by_context.get("summary")
        if one is None:
            continue
        middle = f"{number(one.get('median'))} [{number(one.get('p25'))}, {number(one.get('p75'))}]"
        shares = [
            share(found.count(), found.count("N")) if found is not None else MISSING
            for level in ("lower score in the arm", "equal", "higher score in the arm")
            for found in [by_level.get(level)]
        ]
        together = by_context.get("correlation", NOTHING).get("correlation")
        rows.append(
            Row(
                cell.label,
                (
                    count(one.count("N")),
                    f"{number(one.get('mean'))} ({number(one.get('sd'))})",
                    middle,
                    *shares,
                    number(together, 2),
                ),
            )
        )
    if rows:
        yield Grid(
            key="individual-effects",
            caption=f"Effects of persons on {plain(run.endpoint)} at {plain(run.visit)} [points]",
            head=("Arm", "Pairs", "Mean (SD)", "Median [quartiles]", "Lower in the arm", "Equal",
                  "Higher in the arm", "Correlation of the two changes"),
            rows=tuple(rows),
            note="Change of a person in the arm minus that of the same person in control. The "
            "noise of both ratings is in the spread, which is wider than that of the benefit.",
        )  # fmt: skip
