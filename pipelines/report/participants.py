"""The chapter on patients: flow, reasons for leaving, who they were, how long they stayed."""

from collections.abc import Mapping
from typing import Any, Final

import polars as pl

from pipelines.report.counts import (
    Spread,
    category_counts,
    disposition,
    on_treatment,
    spreads,
)
from pipelines.report.document import Block, Details, Grid, Picture, Row, Section
from pipelines.report.draw_flow import FlowColumn, draw_flow
from pipelines.report.draw_safety import draw_curves
from pipelines.report.overview import MOST_SHOWN, arm_look_number, arms_table
from pipelines.report.run_data import Cell, RunData
from pipelines.report.style import Look, look
from pipelines.report.survival import Curve
from pipelines.report.words import MISSING, count, estimate, number, plain, share

__all__ = ["cell_looks", "curve_picture", "duration_days", "participants"]

Counts = Mapping[tuple[int, int], Mapping[str, Any]]

_SUBJECT: Final = ("TRT01PN", "VARIANTN")
_NUMBERS: Final = (
    ("AGE", "Age [y]", 0),
    ("BMIBL", "Body mass index [kg/m²]", 1),
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
_VALUES: Final = {
    "SEX": {"F": "women", "M": "men"},
    "SMOKER": {"Y": "yes", "N": "no"},
    "CYP2C19": {"PM": "poor", "IM": "intermediate", "NM": "normal", "RM": "rapid",
                "UM": "ultrarapid"},
    "CYP2D6": {"PM": "poor", "IM": "intermediate", "NM": "normal", "UM": "ultrarapid"},
}  # fmt: skip
_MOST_COLUMNS: Final = 8
_N_DETAILS: Final = 12


def duration_days(run: RunData) -> int:
    """Return how long the trial is [d], from the last visit.

    Examples
    --------
    >>> duration_days.__name__  # run by tests/pipelines/report: it needs a run
    'duration_days'
    """
    weeks = run.summaries["outcomes_by_arm"]["visit_week"].max()
    return max(1, round(7 * float(weeks or 0)))  # type: ignore[arg-type]


def cell_looks(run: RunData) -> list[tuple[Cell, Look]]:
    """Return the cells that pictures show, with their looks: `MOST_SHOWN` at most.

    The control arm comes first; in a trial with variants, whole variants come after one another.

    Parameters
    ----------
    run
        A run.

    Examples
    --------
    >>> cell_looks.__name__  # run by tests/pipelines/report: it needs a run
    'cell_looks'
    """
    control = arm_look_number(run)
    if run.is_crossed:  # the same arm in several variants: told apart by place, not by arm
        ordered = sorted(run.cells, key=lambda cell: (cell.variant_number, cell.arm_number))
        return [(cell, Look(place)) for place, cell in enumerate(ordered[:MOST_SHOWN])]
    ordered = sorted(run.cells, key=lambda cell: not cell.is_control)
    return [(cell, look(cell.arm_number, control)) for cell in ordered[:MOST_SHOWN]]


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
    blocks: list[Block] = [arms_table(run), _flow(run, counts), _disposition(run, counts)]
    blocks += _demographics(run, counts)
    curves = on_treatment(run)
    blocks.append(
        curve_picture(
            run,
            curves,
            key="discontinuation",
            title="Patients still on treatment",
            what="still on treatment",
            is_falling=True,
        )
    )
    return Section(key="participants", title="Patients", blocks=tuple(blocks))


def curve_picture(
    run: RunData,
    curves: Mapping[tuple[int, int], Curve],
    *,
    key: str,
    title: str,
    what: str,
    is_falling: bool,
) -> Picture:
    """Return Kaplan-Meier curves as a picture with its finding.

    Parameters
    ----------
    run
        A run.
    curves
        A curve a cell.
    key, title
        Of the picture.
    what
        What the share is, as in a sentence.
    is_falling
        Whether the share without the event is shown, else that with it.

    Examples
    --------
    >>> curve_picture.__name__  # run by tests/pipelines/report: it needs a run
    'curve_picture'
    """
    last = duration_days(run)
    shown = [(cell, style, curves[cell.key]) for cell, style in cell_looks(run)
             if cell.key in curves]  # fmt: skip

    def said(curve: Curve) -> str:
        value, low, high = (100 * one for one in curve.at(last))
        if not is_falling:
            value, low, high = 100 - value, 100 - high, 100 - low
        return f"{estimate(value, low, high, 0)} %"

    parts = [f"{cell.label} {said(curve)}" for cell, _, curve in shown]
    drawn = [(cell.label, style, curve) for cell, style, curve in shown]
    return Picture(
        key=key,
        title=title,
        finding=f"{what.capitalize()} on day {last}, with 95 % CI: {'; '.join(parts)}.",
        note="Kaplan-Meier estimates; bands are 95 % intervals, numbers below the patients at "
        "risk.",
        draw=lambda: draw_curves(drawn, last_day=last, title=title, is_falling=is_falling),
    )


def _flow(run: RunData, counts: Counts) -> Picture:
    looks = dict(cell_looks(run))
    shown = [cell for cell in looks if cell.key in counts]
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
        key="flow",
        title="Flow of patients",
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


def _disposition(run: RunData, counts: Counts) -> Grid:
    cells = [cell for cell in run.cells if cell.key in counts][:_MOST_COLUMNS]
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
        row("Doses taken, of those planned", "doses_taken", "doses_planned"),
    ]
    return Grid(
        key="disposition",
        caption="What became of the patients",
        head=("", *(cell.label for cell in cells)),
        rows=tuple(rows),
        note="Percentages are of the randomised, those of doses of the doses planned."
        + _left_out(run.cells, cells),
    )


def _left_out(all_cells: tuple[Cell, ...], shown: list[Cell]) -> str:
    n = len(all_cells) - len(shown)
    return f" {n} more columns are in the tables of the run." if n > 0 else ""


def _demographics(run: RunData, counts: Counts) -> list[Block]:
    cells = [cell for cell in run.cells if cell.key in counts and cell.variant_number == 1]
    cells = cells[:_MOST_COLUMNS]
    rows: list[Row] = []
    adsl = run.scan("adsl")
    for column, label, digits in _NUMBERS:
        rows += _spread_rows(spreads(adsl, _SUBJECT, column, run), cells, label, digits)
    baseline = run.scan("adqs").filter(
        (pl.col("PARAMCD") == pl.lit(run.endpoint)) & (pl.col("ABLFL") == "Y")
    )
    found = spreads(baseline, ("TRTPN", "VARIANTN"), "AVAL", run)
    rows += _spread_rows(found, cells, f"{plain(run.endpoint)} at baseline", 1)
    some = [_category(run, one, cells, counts) for one in _CATEGORIES[:3]]
    genes = [_category(run, one, cells, counts) for one in _CATEGORIES[3:]]
    head = ("", *(f"{cell.arm} (n\u00a0=\u00a0{count(counts[cell.key]['n'])})" for cell in cells))
    note = "Arms are the same patients in every variant." if run.is_crossed else ""
    return [
        Grid(
            key="demographics",
            caption="Who the patients were, at baseline",
            head=head,
            rows=(*rows, *(row for part in some for row in part)),
            note=note,
        ),
        Details(
            "Genotypes and phenotypes",
            (
                Grid(
                    key="genotypes",
                    caption="Genotypes and phenotypes",
                    head=head,
                    rows=tuple(row for part in genes for row in part),
                ),
            ),
        ),
    ]


def _spread_rows(
    found: Mapping[tuple[int, int], Spread], cells: list[Cell], label: str, digits: int
) -> list[Row]:
    known = [found.get(cell.key) for cell in cells]
    means = [f"{number(one.mean, digits + (not digits))} ({number(one.sd, 1)})" if one else MISSING
             for one in known]  # fmt: skip
    ranges = [
        f"{number(one.median, digits)} [{number(one.first, digits)}, {number(one.third, digits)}]"
        if one
        else MISSING
        for one in known
    ]
    return [
        Row(label),
        Row("mean (SD)", tuple(means), is_inner=True),
        Row("median [quartiles]", tuple(ranges), is_inner=True),
    ]


def _category(run: RunData, what: tuple[str, str], cells: list[Cell], counts: Counts) -> list[Row]:
    column, label = what
    names = _VALUES.get(column, {})
    values = list(category_counts(run, column).items())
    rows = [Row(label)]
    for value, by_cell in values[:_N_DETAILS]:
        texts = [share(by_cell.get(cell.key, 0), counts[cell.key]["n"]) for cell in cells]
        shown = names.get(value, value.lower() if column == "RACE" else value)
        rows.append(Row(shown, tuple(texts), is_inner=True))
    return rows
