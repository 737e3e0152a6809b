"""The chapter on efficacy: the primary endpoint, courses, contrasts, responders, subgroups."""

from collections.abc import Iterator
from typing import Any, Final

import polars as pl

from cohort.inference.distributions import student_quantile
from pipelines.report.bands import COLUMNS, Band, bands, looks_of
from pipelines.report.counts import changes
from pipelines.report.curves import Kind, curve_pictures, times_table
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
from pipelines.report.draw_efficacy import (
    Course,
    ForestLine,
    Panel,
    draw_courses,
    draw_forest,
    draw_waterfall,
)
from pipelines.report.genotypes import genotypes
from pipelines.report.names import ESTIMANDS, MISSING_DATA, marker_name
from pipelines.report.overview import finding
from pipelines.report.run_data import RunData
from pipelines.report.who_benefits import who_benefits
from pipelines.report.words import (
    MISSING,
    count,
    estimate,
    interval,
    joined,
    measured,
    number,
    p_value,
    percent_points,
    plain,
    share,
    significant,
)

__all__ = ["efficacy", "mean_course"]

_MOST_LINES: Final = 24
_LEVEL: Final = 0.95
_FEWEST: Final = 2
_N_BARS: Final = 100


def efficacy(run: RunData) -> Section:
    """Return the chapter.

    Parameters
    ----------
    run
        A run.

    Examples
    --------
    >>> efficacy.__name__  # run by tests/pipelines/report: it needs a run
    'efficacy'
    """
    blocks: list[Block] = [*_primary(run), *_courses(run), *_waterfall(run)]
    blocks += _contrasts(run)
    if run.is_rated():
        blocks += _responders(run)
    blocks += _achievements(run)
    blocks += who_benefits(run)
    blocks += genotypes(run)
    blocks += _further(run)
    return Section(key="efficacy", title="Efficacy", blocks=tuple(blocks))


# -- the primary endpoint --------------------------------------------------------------------------


def _primary(run: RunData) -> Iterator[Block]:
    yield Paragraph(finding(run), "finding")
    rows = []
    first: dict[str, Any] = {}
    for cell in run.others[:_MOST_LINES]:
        row = run.analysis(cell)
        if not row:
            continue
        first = first or row
        rows.append(
            Row(
                cell.label,
                (
                    f"{count(row.get('n_arm'))} / {count(row.get('n_control'))}",
                    number(row.get("estimate"), 2),
                    interval(row.get("low"), row.get("high"), 2),
                    p_value(row.get("p")),
                    p_value(row.get("p_adjusted")),
                    plain(row.get("claim") or MISSING),
                ),
            )
        )
    if run.control is None:
        yield Paragraph("The trial has no control arm, so no contrast was estimated.", "note")
        return
    if not rows:
        measured_text = (
            f"{plain(run.endpoint)} is measured, not rated: no analysis of covariance was made and "
            "nothing is claimed. Its differences from control stand below, with Welch's interval."
        )
        yield Paragraph(
            "No contrast was analysed." if run.is_rated() else measured_text,
            "note",
        )
        return
    yield Paragraph(_estimand_words(run, first))
    analysis = run.protocol.get("analysis") or {}
    many = str(analysis.get("multiplicity", "none")).replace("_", " ")
    many = "not adjusted for several arms" if many == "none" else f"several arms by {many}"
    level = 100 * float(first.get("level") or analysis.get("alpha") or 1 - _LEVEL)
    look_words = f" Look {first['look']} of the plan." if first.get("look", 1) > 1 else ""
    yield Grid(
        key="primary",
        caption=f"{plain(run.endpoint)} at {plain(run.visit)}: difference from {run.control.arm}",
        head=("Arm", "n, arm / control", "Difference [points]", "95 % CI", "p", "p, adjusted",
              "Claim"),
        rows=tuple(rows),
        note=f"Negative is better. Claims at a two-sided level of {level:g} %, "
        f"{many}.{look_words}",
    )  # fmt: skip


def _estimand_words(run: RunData, row: dict[str, Any]) -> str:
    """Return the five parts of the estimand."""
    name = str(row["estimand"])
    assert run.control is not None
    return (
        f"Estimand. Population: {run.patients} who fulfil the entry "
        f"criteria. Treatments: each arm against {run.control.arm}. Variable: change of "
        f"{plain(run.endpoint)} from baseline to {plain(run.visit)}. Intercurrent events: "
        f"{name.replace('_', ' ')}, {ESTIMANDS.get(name, '')}. Summary: difference of means, by "
        f"{row['model']}. Missing values: {MISSING_DATA.get(row['missing_data'], '')}."
    )


# -- courses ---------------------------------------------------------------------------------------


def mean_course(n: int, mean: float | None, sd: float | None) -> tuple[float | None, ...]:
    """Return a mean and the ends of its 95 % interval by Student's t.

    Parameters
    ----------
    n
        Patients.
    mean, sd
        Mean and standard deviation, None where there is none.

    Examples
    --------
    >>> [round(one, 3) for one in mean_course(4, 10.0, 2.0)]
    [10.0, 6.818, 13.182]
    """
    if mean is None or sd is None or n < _FEWEST:
        return mean, None, None
    half = student_quantile(0.5 + _LEVEL / 2, n - 1) * sd / n**0.5
    return mean, mean - half, mean + half


def _panel(run: RunData, band: Band, endpoint: str) -> Panel:
    courses = []
    for cell, style in band.looks:
        rows = run.rows("outcomes_by_arm", cell, endpoint=endpoint)
        rows.sort(key=lambda row: row["visit_week"])
        points = [mean_course(row["n_analysed"], row["mean"], row["sd"]) for row in rows]
        if points:
            means, lows, highs = zip(*points, strict=True)
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
    unit = "mean score" if run.is_rated(endpoint) else "mean"
    return Panel(title=marker_name(plain(endpoint)), unit=unit, courses=tuple(courses))


def _courses(run: RunData) -> Iterator[Block]:
    yield Heading("Course over the visits")
    for key, names in (("course", run.endpoints[:1]), ("courses", run.endpoints[1:5])):
        is_rated = all(map(run.is_rated, names))
        shown_as = number if is_rated else significant
        for band in bands(run):
            shown = [_panel(run, band, name) for name in names]
            shown = [one for one in shown if one.courses]
            if not shown:
                continue
            said = []
            for panel in shown:
                ends = [
                    f"{one.name} {shown_as(one.means[0])} to {shown_as(one.means[-1])}"
                    for one in panel.courses
                ]
                said.append(f"{panel.title}: {'; '.join(ends)}.")
            yield Picture(
                key=band.key(key),
                title=band.title(
                    f"{joined([one.title for one in shown])}: mean{' score' * is_rated} by visit"
                ),
                finding=f"From first to last visit. {' '.join(said)}",
                note="Bars are 95 % intervals; arms stand a little apart so that they can be seen."
                " Lower is better." * (key == "course" and is_rated),
                draw=lambda shown=shown: draw_courses(shown),  # type: ignore[misc]
            )
    title = "Scores by visit" if run.is_rated() else "Means by visit"
    yield Details(title, tuple(_visit_tables(run)))


def _visit_tables(run: RunData) -> Iterator[Block]:
    for place, endpoint in enumerate(run.endpoints, start=1):
        names = {row["visit_week"]: row["visit"]
                 for row in run.rows("outcomes_by_arm", endpoint=endpoint)}  # fmt: skip
        shown_as = number if run.is_rated(endpoint) else significant
        for band in bands(run, COLUMNS):
            rows = []
            for week in sorted(names):
                texts = []
                for cell in band.cells:
                    row = run.row("outcomes_by_arm", cell, endpoint=endpoint, visit_week=week)
                    shown = f"{shown_as(row.get('mean'))} ({shown_as(row.get('sd'))})"
                    texts.append(f"{shown}, n {count(row.get('n_analysed'))}")
                rows.append(Row(plain(names[week]), tuple(texts)))
            yield Grid(
                key=band.key(f"visits-{place}"),
                caption=band.title(f"{marker_name(plain(endpoint))}: mean (SD) of the analysed"),
                head=("Visit", *(cell.label for cell in band.cells)),
                rows=tuple(rows),
            )


# -- changes of patients ---------------------------------------------------------------------------


def _waterfall(run: RunData) -> Iterator[Block]:
    found = changes(run)
    for band in bands(run):
        columns = [
            (cell.label, style, found[cell.key]) for cell, style in band.looks if cell.key in found
        ]
        if not columns:
            continue
        parts = []
        for name, _, counts in columns:
            total, improved = int(counts[1].sum()), int(counts[1][counts[0] < 0].sum())
            parts.append(f"{name} {share(improved, total)}")
        many = any(int(counts[1].sum()) > _N_BARS for _, _, counts in columns)
        title = f"Change of {plain(run.endpoint)} at {plain(run.visit)} in each patient"
        yield Picture(
            key=band.key("waterfall"),
            title=band.title(title),
            finding=f"Patients whose score fell: {'; '.join(parts)}.",
            note="Patients from worst to best; below 0 is better."
            + f" Where there are more than {_N_BARS}, a bar is a hundredth of them." * many,
            draw=lambda columns=columns: draw_waterfall(  # type: ignore[misc]
                columns, unit="points", response=None
            ),
        )


# -- contrasts -------------------------------------------------------------------------------------


def _contrasts(run: RunData) -> Iterator[Block]:
    if run.control is None or not run.others:
        return
    yield Heading("All endpoints against control")
    looks = looks_of(run)
    lines: list[ForestLine] = []
    said = []
    for endpoint in run.endpoints:
        lines.append(ForestLine(label=marker_name(plain(endpoint)), is_title=True))
        for cell in run.others:
            row = run.contrast(cell, endpoint, run.visit)
            if row.get("smd") is None:
                continue
            text = estimate(row["smd"], row["smd_low"], row["smd_high"], 2)
            lines.append(
                ForestLine(
                    label=cell.label, value=row["smd"], low=row["smd_low"], high=row["smd_high"],
                    look=looks.get(cell), note=text,
                )
            )  # fmt: skip
            said.append(f"{plain(endpoint)}, {cell.label} {text}")
    if said:
        better = ("better", "worse") if run.is_rated() else ("lower", "higher")
        shown = lines[: _MOST_LINES + len(run.endpoints)]
        yield Picture(
            key="forest",
            title=f"Standardised difference from {run.control.arm} at {plain(run.visit)}",
            finding=f"Hedges' g with 95 % CI: {'; '.join(said[:_MOST_LINES])}.",
            note="Differences in mean change over the pooled SD, not adjusted for baseline. "
            "As a rule of thumb 0.2 is small, 0.5 medium, 0.8 large.",
            draw=lambda: draw_forest(shown, axis_label="SD", digits=2, better=better),
        )
    yield _contrast_table(run)


def _contrast_table(run: RunData) -> Grid:
    assert run.control is not None
    rows: list[Row] = []
    for endpoint in run.endpoints:
        rows.append(Row(marker_name(plain(endpoint))))
        for cell in run.others[:_MOST_LINES]:
            row = run.contrast(cell, endpoint, run.visit)
            shown_as = estimate if run.is_rated(endpoint) else measured
            difference = shown_as(
                row.get("difference"), row.get("difference_low"), row.get("difference_high")
            )
            smd = estimate(row.get("smd"), row.get("smd_low"), row.get("smd_high"), 2)
            rows.append(
                Row(
                    cell.label,
                    (difference, smd, plain(row.get("method") or MISSING)),
                    is_inner=True,
                )
            )
    return Grid(
        key="contrasts",
        caption=f"Difference in mean change from {run.control.arm} at {plain(run.visit)}, 95 % CI",
        head=("", "Difference", "Hedges' g", "Patients"),
        rows=tuple(rows),
        note="Parallel: other patients in each arm, Welch's interval. Paired: the same patients in "
        "both arms.",
    )


def _responders(run: RunData) -> Iterator[Block]:
    rows = []
    for cell in run.cells[:_MOST_LINES]:
        outcome = run.row("outcomes_by_arm", cell, endpoint=run.endpoint, visit=run.visit)
        contrast = {} if cell.is_control else run.contrast(cell, run.endpoint, run.visit)
        texts = []
        for name, plural in (("response", "responders"), ("remission", "remitters")):
            texts += [
                share(outcome.get(f"n_{plural}"), outcome.get("n_randomised"), 1),
                "control" if cell.is_control else percent_points(contrast, f"{name}_difference"),
                MISSING if cell.is_control else significant(contrast.get(f"{name}_nnt"), 2),
            ]
        rows.append(Row(cell.label, tuple(texts)))
    yield Grid(
        key="responders",
        caption=f"Response and remission, {plain(run.endpoint)} at {plain(run.visit)}",
        head=("Arm", "Response", "Difference [% points], 95 % CI", "NNT", "Remission",
              "Difference [% points], 95 % CI", "NNT"),
        rows=tuple(rows),
        note="Of all randomised: a patient without a value has not responded. NNT: number needed "
        "to treat for one more; negative where control does better.",
    )  # fmt: skip


def _achievements(run: RunData) -> Iterator[Block]:
    name = plain(run.endpoint)
    kinds = tuple(
        Kind(
            name=f"{code}, {run.endpoint}",
            key=what,
            title=f"Time to first {what} on {name}",
            what=f"with a {what} on {name}",
            is_falling=False,
        )
        for code, what in (("TTRESP", "response"), ("TTREMIS", "remission"))
    )
    for kind in kinds:
        yield from curve_pictures(run, kind)
    table = times_table(
        run,
        "achievements",
        "Time to response and remission",
        {kind.name: kind.title for kind in kinds},
    )
    if table is not None:
        yield table


# -- what else a run has ------------------------------------------------------------------------


_FURTHER: Final = (
    ("crossover_contrasts", "Contrasts within patients of the cross-over"),
    ("tipping_point", "Tipping point: imputed values made worse step by step"),
    ("uncertainty", "Uncertainty by its source"),
)
_HIDDEN: Final = frozenset({"arm_number", "variant_number", "visit_week", "look"})


def _further(run: RunData) -> Iterator[Block]:
    for name, caption in _FURTHER:
        frame = run.summaries.get(name)
        if frame is None or frame.is_empty():
            continue
        if {"endpoint", "visit"} <= set(frame.columns):
            frame = frame.filter(
                (pl.col("endpoint") == pl.lit(run.endpoint))
                & (pl.col("visit") == pl.lit(run.visit))
            )
        kept = [column for column in frame.columns if column not in _HIDDEN]
        rows = []
        for row in frame.select(kept).head(60).to_dicts():
            texts = [_cell(row[column]) for column in kept]
            rows.append(Row(texts[0], tuple(texts[1:])))
        head = tuple(column.replace("_", " ") for column in kept)
        yield Details(caption, (Grid(key=name.replace("_", "-"), caption=caption, head=head,
                                     rows=tuple(rows)),))  # fmt: skip


def _cell(value: object) -> str:
    if isinstance(value, float):
        return significant(value)
    if isinstance(value, int):
        return count(value)
    return MISSING if value is None else plain(value)
