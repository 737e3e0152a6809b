"""The chapter on exposure: levels, occupancy, biomarkers, and what goes with them."""

from collections.abc import Iterator
from typing import Final

import polars as pl

from pipelines.report.bands import COLUMNS, Band, bands
from pipelines.report.counts import Together, together
from pipelines.report.document import (
    Block,
    Details,
    Grid,
    Heading,
    Paragraph,
    Picture,
    Row,
    Section,
)
from pipelines.report.draw_efficacy import Course, Panel, draw_courses
from pipelines.report.draw_exposure import Quartiles, draw_quartiles, draw_together
from pipelines.report.efficacy import mean_course
from pipelines.report.names import CENTRAL, marker_name, unit_name
from pipelines.report.run_data import RunData
from pipelines.report.words import MISSING, count, joined, number, plain, significant

__all__ = ["exposure"]

_MOST_PANELS: Final = 8
_LEVELS: Final = "C_"
_OCCUPANCIES: Final = ("O_", "SERTOCC")
_NUMBERS: Final = "P_"  # of parameters of patients, which have no course
_LEAST: Final = 1e-6
_OFF: Final = 0.02
"""Ratios to baseline nearer to 1 than this in all arms are not drawn."""


def exposure(run: RunData) -> Section:
    """Return the chapter.

    Parameters
    ----------
    run
        A run.

    Examples
    --------
    >>> exposure.__name__  # run by tests/pipelines/report: it needs a run
    'exposure'
    """
    codes = sorted(run.summaries["biomarkers_by_arm"]["biomarker"].unique().to_list())
    levels = [code for code in codes if code.startswith(_LEVELS)]
    occupancies = [code for code in codes if code.startswith(_OCCUPANCIES)]
    numbers = [code for code in codes if run.model_file and code.startswith(_NUMBERS)]
    others = [code for code in codes if code not in {*levels, *occupancies, *numbers}]
    blocks: list[Block] = []
    for band in bands(run):
        blocks += _group(run, band, "levels", "Levels in plasma", levels)
    for band in bands(run):
        blocks += _group(run, band, "occupancy", "Occupancy of targets", occupancies)
    for band in bands(run):
        blocks += _ratios(run, band, others)
    blocks += _correlations(run, codes)
    blocks += _responses(run)
    tables = tuple(_table(run, band, codes) for band in bands(run, COLUMNS))
    blocks.append(Details("All levels, occupancies and biomarkers", tables))
    if not codes:
        blocks = [Paragraph("The run has no biomarkers.")]
    return Section(key="exposure", title="Exposure and biomarkers", blocks=tuple(blocks))


def _courses(
    run: RunData, band: Band, code: str, column: str, factor: float = 1.0
) -> tuple[Course, ...]:
    courses = []
    for cell, style in band.looks:
        rows = run.rows("biomarkers_by_arm", cell, biomarker=code)
        rows = sorted(
            (row for row in rows if row[column] is not None), key=lambda row: row["visit_week"]
        )
        if not rows:
            continue
        spread = [row["sd"] if column == "mean" else None for row in rows]
        points = [
            mean_course(row["n"], row[column], sd) for row, sd in zip(rows, spread, strict=True)
        ]
        scaled = [tuple(None if one is None else factor * one for one in point) for point in points]
        means, lows, highs = zip(*scaled, strict=True)
        courses.append(
            Course(
                name=cell.label,
                look=style,
                times=tuple(row["visit_week"] for row in rows),
                means=means,
                lows=lows,
                highs=highs,
            )
        )
    return tuple(courses)


def _group(run: RunData, band: Band, key: str, title: str, codes: list[str]) -> Iterator[Block]:
    is_share = key == "occupancy"
    shown = []
    said = []
    for code in codes[:_MOST_PANELS]:
        unit = plain(run.row("biomarkers_by_arm", biomarker=code).get("unit", ""))
        courses = _courses(run, band, code, "mean", 100.0 if is_share else 1.0)
        if all(abs(one.means[-1] or 0.0) < _LEAST for one in courses):
            continue
        shown.append(
            Panel(
                title=_name(run, code),
                unit="mean [%]" if is_share else f"mean [{unit}]",
                courses=courses,
                top=102 if is_share else None,
            )
        )
        ends = [
            f"{one.name} {f'{number(last, 0)} %' if is_share else significant(last)}"
            for one in courses
            if (last := one.means[-1] or 0.0) > _LEAST
        ]
        said.append(f"{_name(run, code)}: {', '.join(ends)}{'' if is_share else ' ' + unit}.")
    if shown:
        yield Picture(
            key=band.key(key),
            title=band.title(f"{title} by visit"),
            finding=f"At {plain(run.visit)}. {' '.join(said)}",
            note="Means of the patients with a value, 95 % intervals; at the time of the visit, "
            "not at peak or trough by design.",
            draw=lambda: draw_courses(shown),
        )


def _ratios(run: RunData, band: Band, codes: list[str]) -> Iterator[Block]:
    shown: list[Panel] = []
    said, still = [], []
    for code in codes:
        courses = _courses(run, band, code, "ratio_mean")
        ends = [one for course in courses for one in course.means if one is not None]
        if not ends:  # a level that is 0 at baseline has no ratio
            continue
        if max(abs(one - 1) for one in ends) < _OFF:
            still.append(_name(run, code))
            continue
        if len(shown) == _MOST_PANELS:
            continue
        shown.append(
            Panel(title=_name(run, code), unit="mean ratio to baseline", courses=courses,
                  reference=1.0)
        )  # fmt: skip
        last = ", ".join(f"{one.name} {number(one.means[-1], 2)}" for one in courses)
        said.append(f"{_name(run, code)}: {last}.")
    if not shown:
        return
    rest = f" Within 2 % of baseline in all arms, not drawn: {joined(still)}." if still else ""
    yield Picture(
        key=band.key("biomarkers"),
        title=band.title("Biomarkers, ratio to each patient's baseline"),
        finding=f"Mean ratios at {plain(run.visit)}. {' '.join(said)}{rest}",
        note="1 is no change.",
        draw=lambda: draw_courses(shown),
    )


def _correlations(run: RunData, codes: list[str]) -> Iterator[Block]:
    pairs = [
        (central, outside)
        for central, measured in CENTRAL.items()
        for outside in measured
        if central in codes and outside in codes
    ]
    shown = []
    said = []
    columns: list[tuple[str, Together]] = []
    for central, outside in pairs[:_MOST_PANELS]:
        both = together(run, outside, central)
        if both is None:
            continue
        x, y = (_with_unit(run, code) for code in (outside, central))
        shown.append((f"{_name(run, outside)}", x, y, both))
        overall = number(both.correlations.get(None), 2)
        said.append(
            f"{_name(run, central)} with {_name(run, outside)}: r = {overall} over "
            f"{count(both.n)} patients"
        )
        columns.append((f"{_name(run, outside)}, and {_name(run, central).lower()}", both))
    if not shown:
        return
    yield Heading("What measures outside the brain say about the state inside")
    yield Picture(
        key="correlation",
        title=f"Peripheral measures and central state of the same patients at {plain(run.visit)}",
        finding=f"Correlation of logarithms, all arms together. {'; '.join(said)}.",
        note="The stronger the colour, the more patients. Arms together differ by treatment; the "
        "table has each arm alone.",
        draw=lambda: draw_together(shown),
    )
    yield Grid(
        key="correlations",
        caption="Correlation of logarithms",
        head=("Arm", *(name for name, _ in columns)),
        rows=tuple(
            Row(label, tuple(number(both.correlations.get(key), 2) for _, both in columns))
            for label, key in (("all arms", None), *((one.label, one.key) for one in run.cells))
        ),
    )


def _name(run: RunData, code: str) -> str:
    return marker_name(code, run.statistics.labels("biomarkers").get(code, ""))


def _with_unit(run: RunData, code: str) -> str:
    unit = unit_name(plain(run.row("biomarkers_by_arm", biomarker=code).get("unit", "")))
    return f"{_name(run, code)} [{unit}]" if unit else _name(run, code)


def _responses(run: RunData) -> Iterator[Block]:
    frame = run.summaries.get("exposure_response")
    if frame is None or frame.is_empty():
        return
    mine = frame.filter((pl.col("kind") == "change") & (pl.col("outcome") == pl.lit(run.endpoint)))
    shown: list[Quartiles] = []
    said = []
    for code in mine["exposure"].unique(maintain_order=True).to_list():
        rows = mine.filter(pl.col("exposure") == pl.lit(code))
        if run.is_crossed:
            rows = rows.filter(pl.col("variant_number") == 1)
        known = [row for row in rows.sort("quartile").to_dicts() if row["value"] is not None]
        if len(known) < 2 or len(shown) == _MOST_PANELS:  # noqa: PLR2004 - a course needs two points
            continue
        unit = unit_name(plain(known[0]["unit"]))
        shown.append(
            Quartiles(
                title=_name(run, code),
                exposure=f"median of the quartile{f' [{unit}]' if unit else ' [share]'}",
                outcome=f"change of {plain(run.endpoint)}",
                points=tuple(
                    (row["exposure_median"], row["value"], row["low"], row["high"]) for row in known
                ),
            )
        )
        said.append(
            f"{_name(run, code)}: {number(known[0]['value'])} in the lowest quarter, "
            f"{number(known[-1]['value'])} in the highest"
        )
    if not shown:
        return
    yield Heading("Exposure and response")
    yield Picture(
        key="exposure-response",
        title=f"Change of {plain(run.endpoint)} by quarter of exposure",
        finding=f"Mean change. {'; '.join(said)}.",
        note="Quarters of the exposed patients, arms together, 95 % intervals. They differ by "
        "dose, metabolism and chance; they were not randomised.",
        draw=lambda: draw_quartiles(shown),
    )


def _table(run: RunData, band: Band, codes: list[str]) -> Grid:
    cells = band.cells
    rows: list[Row] = []
    for code in codes:
        first = run.row("biomarkers_by_arm", biomarker=code)
        unit = unit_name(plain(first.get("unit", "")))
        texts = []
        for cell in cells:
            row = run.row("biomarkers_by_arm", cell, biomarker=code, visit=run.visit)
            texts.append(
                f"{significant(row['mean'])} ({significant(row['sd'])})"
                if row and row["mean"] is not None
                else MISSING
            )
        name = _name(run, code) + (f" [{unit}]" if unit else "")
        rows.append(Row(f"{name} ({plain(code)})" if _name(run, code) != code else name,
                        tuple(texts)))  # fmt: skip
    return Grid(
        key=band.key("biomarkers"),
        caption=band.title(f"Mean (SD) at {plain(run.visit)}"),
        head=("Quantity (code)", *(cell.label for cell in cells)),
        rows=tuple(rows),
    )
