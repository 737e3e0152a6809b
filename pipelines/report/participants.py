"""The chapter on patients: flow, reasons for leaving, who they were, how long they stayed."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pipelines.report.bands import COLUMNS, Band, bands
from pipelines.report.counts import disposition
from pipelines.report.curves import Kind, curve_pictures, is_same_event, times_table
from pipelines.report.document import Block, Details, Grid, Picture, Row, Section
from pipelines.report.draw_flow import FlowColumn, draw_flow
from pipelines.report.names import level_name
from pipelines.report.overview import arms_table
from pipelines.report.run_data import Cell, RunData
from pipelines.report.words import MISSING, count, number, plain, share
from pipelines.results.scope import TOTAL

__all__ = ["participants"]

Counts = Mapping[tuple[int, int], Mapping[str, Any]]

_NUMBERS: Final = (
    ("AGE", "Age [y]", 0),
    ("BMIBL", "Body mass index [kg/m²]", 1),
    ("WEIGHTBL", "Weight [kg]", 1),
    ("CRCL", "Creatinine clearance [mL/min]", 0),
)
_CATEGORIES: Final = (
    ("SEX", "Sex"),
    ("RACE", "Ancestry"),
    ("SMOKER", "Smoker"),
    ("CYP2C19", "CYP2C19 metaboliser"),
    ("CYP2D6", "CYP2D6 metaboliser"),
    ("SLC6A4", "SLC6A4 promoter"),
    ("COMT", "COMT Val158Met"),
    ("MAOA", "MAOA promoter"),
)
_N_DETAILS: Final = 12
_DEPARTURES: Final = (
    Kind(
        name="TTDTRT",
        key="discontinuation",
        title="Patients still on treatment",
        what="still on treatment",
        is_falling=True,
    ),
    Kind(
        name="TTDSTDY",
        key="leaving",
        title="Patients still in the study",
        what="still in the study",
        is_falling=True,
    ),
)


def participants(run: RunData) -> Section:
    """Return the chapter.

    Parameters
    ----------
    run
        A run.

    Examples
    --------
    >>> participants.__name__  # run by tests/pipelines/report: it needs a run
    'participants'
    """
    counts = disposition(run)
    blocks: list[Block] = [arms_table(run)]
    blocks += [_flow(run, band, counts) for band in bands(run)]
    blocks += [_disposition(band, counts) for band in bands(run, COLUMNS)]
    blocks += _demographics(run, counts)
    first, second = _DEPARTURES
    blocks += curve_pictures(run, first)
    if not is_same_event(run, first.name, second.name):
        blocks += curve_pictures(run, second)
    times = times_table(
        run,
        "departures",
        "Time to leaving",
        {"TTDTRT": "Discontinuation of the treatment", "TTDSTDY": "Discontinuation of the study"},
    )
    blocks += [] if times is None else [times]
    return Section(key="participants", title="Patients", blocks=tuple(blocks))


def _flow(run: RunData, band: Band, counts: Counts) -> Picture:
    shown = [cell for cell in band.cells if cell.key in counts]
    looks = dict(band.looks)
    columns = [
        FlowColumn(name=cell.label, look=looks[cell], boxes=tuple(_boxes(cell, counts[cell.key])))
        for cell in shown
    ]
    total = sum(one["n"] for one in counts.values())
    parts = [
        f"{cell.label}: {count(one['n'])} randomised, {count(one['treated'])} treated, "
        f"{count(one['completed'])} completed, {count(one['left'])} left"
        + (f", {count(one['failed'])} solver failures" if one["failed"] else "")
        for cell in shown
        if (one := counts[cell.key])
    ]
    missing = f", {count(run.n_missing)} more missing" if run.n_missing else ""
    head = f"{count(total)} simulated patients{missing}"
    return Picture(
        key=band.key("flow"),
        title=band.title("Flow of patients"),
        finding=f"{head}. {'; '.join(parts)}.",
        note="Numbers in each arm from randomisation to the last visit.",
        draw=lambda: draw_flow(head, columns),
    )


def _boxes(cell: Cell, one: Mapping[str, Any]) -> list[tuple[str, ...]]:
    untreated = one["n"] - one["treated"]
    treated = [f"Treated {count(one['treated'])}"]
    treated += [f"no dose taken {count(untreated)}"] if untreated else []
    left = [f"Left early {share(one['left'], one['n'])}"]
    left += [f"{reason} {count(n)}" for reason, n in one["reasons"].items()]
    ended = [f"Completed {share(one['completed'], one['n'])}"]
    ended += [f"rescue medication {count(one['rescued'])}"] if one["rescued"] else []
    ended += [f"solver failures {count(one['failed'])}"] if one["failed"] else []
    return [
        (cell.label, f"Randomised {count(one['n'])}"),
        tuple(treated),
        tuple(left),
        tuple(ended),
    ]


def _disposition(band: Band, counts: Counts) -> Grid:
    cells = [cell for cell in band.cells if cell.key in counts]
    reasons = sorted({reason for cell in cells for reason in counts[cell.key]["reasons"]})

    def row(label: str, name: str, of: str = "n", *, is_inner: bool = False) -> Row:
        texts = [share(counts[cell.key][name], counts[cell.key][of], 1) for cell in cells]
        return Row(label, tuple(texts), is_inner)

    rows = [
        Row("Randomised", tuple(count(counts[cell.key]["n"]) for cell in cells)),
        row("Treated", "treated"),
        row("Completed the study", "completed"),
        row("Left the study", "left"),
    ]
    for reason in reasons:
        texts = [
            share(counts[cell.key]["reasons"].get(reason, 0), counts[cell.key]["n"], 1)
            for cell in cells
        ]
        rows.append(Row(reason, tuple(texts), is_inner=True))
    rows += [
        *(
            row(label, name)
            for name, label in (
                ("left_treatment", "Left the treatment"),
                ("rescued", "Rescue medication"),
                ("failed", "Solver failure"),
            )
            if name != "rescued" or any(counts[cell.key][name] for cell in cells)
        ),
        row("Doses taken by the treated, of those planned", "doses_taken", "doses_planned"),
    ]
    return Grid(
        key=band.key("disposition"),
        caption=band.title("What became of the patients"),
        head=("", *(cell.label for cell in cells)),
        rows=tuple(rows),
        note="Percentages are of the randomised, those of doses of the doses planned.",
    )


def _demographics(run: RunData, counts: Counts) -> list[Block]:
    blocks: list[Block] = []
    genes: list[Block] = []
    for band in bands(run, COLUMNS):
        cells = [cell for cell in band.cells if cell.key in counts and cell.variant_number == 1]
        if not cells:
            continue
        levels: list[tuple[str, int]] = [(cell.arm, cell.variant_number) for cell in cells]
        levels += [(TOTAL, 1)] if band.number == band.total else []
        numbers = [_counted(cell.arm, counts[cell.key]["n"]) for cell in cells]
        total = sum(one["n"] for key, one in counts.items() if key[1] == 1)
        head = ("", *numbers, *([_counted("all", total)] if len(levels) > len(cells) else []))
        rows: list[Row] = []
        for column, label, digits in _NUMBERS:
            rows += _spread_rows(run, "demographics", column, levels, label, digits)
        if run.is_rated():
            label = f"{plain(run.endpoint)} at baseline"
            rows += _spread_rows(run, "baseline", run.endpoint, levels, label, 1)
        for what in _CATEGORIES[:3]:
            rows += _category(run, what, levels)
        blocks.append(
            Grid(
                key=band.key("demographics"),
                caption=band.title("Who the patients were, at baseline"),
                head=head,
                rows=tuple(rows),
                note="Arms are the same patients in every variant." if run.is_crossed else "",
            )
        )
        genes.append(
            Grid(
                key=band.key("genotypes"),
                caption=band.title("Genotypes and phenotypes"),
                head=head,
                rows=tuple(row for what in _CATEGORIES[3:] for row in _category(run, what, levels)),
            )
        )
    return [*blocks, Details("Genotypes and phenotypes", tuple(genes))]


def _counted(name: str, n: int) -> str:
    return f"{name} (n\u00a0=\u00a0{count(n)})"


def _spread_rows(
    run: RunData,
    analysis: str,
    column: str,
    levels: Sequence[tuple[str, int]],
    label: str,
    digits: int,
) -> list[Row]:
    known = [
        run.first(
            analysis, variable=column, group1_level=arm, variant_number=variant, context="summary"
        )
        for arm, variant in levels
    ]
    means = [f"{number(one.get('mean'), digits + (not digits))} ({number(one.get('sd'), 1)})"
             for one in known]  # fmt: skip
    ranges = [
        f"{number(one.get('median'), digits)} "
        f"[{number(one.get('p25'), digits)}, {number(one.get('p75'), digits)}]"
        for one in known
    ]
    return [
        Row(label),
        Row("mean (SD)", tuple(means), is_inner=True),
        Row("median [quartiles]", tuple(ranges), is_inner=True),
    ]


def _category(run: RunData, what: tuple[str, str], levels: Sequence[tuple[str, int]]) -> list[Row]:
    column, label = what
    found = {
        (one.about["variable_level"], one.about["group1_level"], one.about["variant_number"]): one
        for one in run.found("demographics", variable=column)
    }
    values = sorted(
        {value for value, arm, _ in found if arm == TOTAL},
        key=lambda value: (-(found[value, TOTAL, 1].count() or 0), value),
    )
    rows = [Row(label)]
    for value in values[:_N_DETAILS]:
        entries = [found.get((value, *level)) for level in levels]
        texts = [MISSING if one is None else share(one.count(), one.count("N")) for one in entries]
        rows.append(Row(level_name(column, value), tuple(texts), is_inner=True))
    return rows
