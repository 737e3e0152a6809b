"""The card of a drug: one page with its curves, its numbers and what judges them.

A picture (levels in people over time, occupancy against dose with published points) inside a
self-contained HTML page. `cohort drugs card` enters here.
"""

import html
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cohort.drugs import Drug
from cohort.observations import (
    DoseResponse,
    ExposureCourse,
    Observation,
    Verdict,
    dose_response,
    follow_people,
    run_observations,
    settling_days,
)
from pipelines.drug_report import describe_observation
from pipelines.drug_view import drug_record, number_rows, observations_of
from pipelines.files import write_atomically, write_text
from pipelines.report_text import NOTICE

__all__ = ["draw_card", "write_card"]

_COLORS: Final = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
_GRAY: Final = "#707070"
_STYLE: Final[Any] = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "neurocohort",
}
_N_DOSES: Final = 30
_MOST_LINES: Final = 6
_DAY_H: Final = 24.0
_STEADY_DOSES: Final = 3  # from so many doses on, an observation is set at its daily dose
_N_PEOPLE: Final = 200

_CSS = """\
body{font:14px/1.4 system-ui,sans-serif;margin:2em auto;max-width:60em;color:#222}
h1{font-size:1.5em;margin:0}h2{font-size:1.1em;margin:1.4em 0 .3em}
table{border-collapse:collapse;width:100%;font-size:.85em}
th,td{text-align:left;vertical-align:top;padding:.2em .6em .2em 0;border-bottom:1px solid #ddd}
.miss{color:#b00020;font-weight:600}.note{color:#666}svg{width:100%;height:auto}
"""


def draw_card(
    drug: Drug, course: ExposureCourse, response: DoseResponse, verdicts: Sequence[Verdict]
) -> Figure:
    """Return the picture of a card.

    Parameters
    ----------
    drug
        The drug.
    course
        Levels in people on the usual dose.
    response
        Occupancies against dose.
    verdicts
        Published observations of the drug; those of an occupancy are drawn.

    Returns
    -------
    Figure with three panels: first day, last day, occupancy against dose.

    Examples
    --------
    >>> from cohort.drugs import load_drug
    >>> drug = load_drug("sertraline")
    >>> course = follow_people(drug, 50, days=3, n_people=10)
    >>> len(draw_card(drug, course, dose_response(drug, [50], days=3), []).axes)
    3
    """
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(10.5, 3.4), dpi=110, layout="constrained")
        first, last, held = figure.subplots(1, 3)
        days = course.hours[-1] / _DAY_H
        _levels(first, course, 0.0)
        _levels(last, course, course.hours[-1] - _DAY_H)
        first.set_title("first day", loc="left")
        last.set_title(f"day {days:.0f}", loc="left")
        first.set_ylabel("total in plasma [ng/mL]")
        last.legend(frameon=False, fontsize=7)
        _occupancy(held, response, verdicts)
    return figure


def _levels(panel: Axes, course: ExposureCourse, start: float) -> None:
    inside = (course.hours >= start) & (course.hours <= start + _DAY_H)
    hours = course.hours[inside] - start
    names = [name for name in course.levels if name.startswith("concentration_")]
    for name, color in zip(names, _COLORS, strict=False):
        low, median, high = course.levels[name][:, inside]
        panel.fill_between(hours, low, high, color=color, alpha=0.15, linewidth=0)
        panel.plot(hours, median, color=color, label=name.removeprefix("concentration_"))
    panel.set_xlabel("time after the dose [h]")
    panel.set_xlim(0, _DAY_H)
    panel.set_xticks(range(0, 25, 6))
    panel.set_ylim(bottom=0)


def _occupancy(panel: Axes, response: DoseResponse, verdicts: Sequence[Verdict]) -> None:
    names = [name for name in response.means if not name.startswith("concentration_")]
    names.sort(key=lambda name: -float(response.means[name][-1]))
    panel.set_title("occupancy against daily dose", loc="left")
    panel.set_xlabel("daily dose [mg]")
    if not names:
        panel.text(0.5, 0.5, "no reversible target", ha="center", transform=panel.transAxes)
        return
    colors = dict(zip(names[:_MOST_LINES], _COLORS, strict=False))
    for name, color in colors.items():
        label = name.replace("occupancy_", "").replace("_occupancy", "")
        panel.plot(response.doses_mg, response.means[name], color=color, label=label)
    for verdict in verdicts:
        one = verdict.observation
        drawn = one.of in colors and one.relative_to is None and one.doses[0].count >= _STEADY_DOSES
        if not drawn or not np.isfinite([verdict.low, verdict.high]).all():
            continue
        daily = one.doses[0].dose * _DAY_H * 3600 / one.doses[0].every
        panel.plot([daily] * 2, [verdict.low, verdict.high], color=colors[one.of], linewidth=3)
    panel.set_ylim(0, 1)
    panel.legend(frameon=False, fontsize=7)


def write_card(drug: Drug, observations: Sequence[Observation], out: Path) -> tuple[Path, ...]:
    """Write the card of a drug: an HTML page and its picture as PNG.

    Parameters
    ----------
    drug
        The drug.
    observations
        Published observations of all drugs; those of this one are run.
    out
        Folder; made if it is not there.

    Returns
    -------
    The files.

    Examples
    --------
    >>> write_card.__name__  # run by tests/pipelines/test_drug_cli.py: it takes a while
    'write_card'
    """
    low, usual, high = (
        getattr(drug.dosing, key).number("mg") for key in ("lowest", "usual", "highest")
    )
    days = settling_days(drug)
    course = follow_people(drug, usual, days=days, n_people=_N_PEOPLE)
    top = high * 1.1 if high > low else high
    response = dose_response(drug, np.linspace(top / _N_DOSES, top, _N_DOSES), days=days)
    verdicts = run_observations(observations_of(drug, observations))
    figure = draw_card(drug, course, response, verdicts)
    out.mkdir(parents=True, exist_ok=True)
    png, page = out / f"{drug.name}.png", out / f"{drug.name}.html"

    def write(path: Path) -> None:
        with mpl.rc_context(_STYLE):
            figure.savefig(path, format="png", metadata={"Software": None})

    write_atomically(png, write)
    write_text(page, _page(drug, course, verdicts, _svg(figure)))
    return png, page


def _svg(figure: Figure) -> str:
    text = io.StringIO()
    with mpl.rc_context(_STYLE):
        figure.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()[text.getvalue().index("<svg") :]


def _page(drug: Drug, course: ExposureCourse, verdicts: Sequence[Verdict], svg: str) -> str:
    record = drug_record(drug, [verdict.observation for verdict in verdicts])
    low, usual, high = record["dose_mg"]
    n_days = course.hours[-1] / _DAY_H
    rows = number_rows(drug)
    return "\n".join(
        [
            "<!doctype html>",
            f'<html lang="en"><head><meta charset="utf-8"><title>{html.escape(drug.title)}'
            f"</title><style>{_CSS}</style></head><body>",
            f"<h1>{html.escape(drug.title)}</h1>",
            f"<p>{drug.route}, {low:g} to {high:g} mg a day; acts on "
            f"{', '.join(record['targets']) or 'no target'}; removed by "
            f"{', '.join(record['enzymes']) or 'other ways'}; inhibits "
            f"{', '.join(record['inhibits']) or 'no enzyme'}.</p>",
            svg,
            f'<p class="note">{usual:g} mg once a day in {course.n_people} adults (median, 5th to '
            f"95th percentile) on the first day and on day {n_days:.0f}; occupancy is the mean of "
            "that day in the reference patient, bars are published intervals after repeated "
            "doses.</p>",
            "<h2>Exposure and effect against published observations</h2>",
            _verdict_table(verdicts),
            "<h2>Numbers</h2>",
            f"<p>{record['assumed']} of {record['numbers']} are assumed: recalled or guessed.</p>",
            "<table><tr><th>number</th><th>value</th><th>mark</th><th>role</th><th>source</th>"
            "</tr>",
            *(
                "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>"
                for row in rows
            ),
            "</table>",
            f'<p class="note">{NOTICE}</p></body></html>',
            "",
        ]
    )


def _verdict_table(verdicts: Sequence[Verdict]) -> str:
    if not verdicts:
        return "<p>None yet.</p>"
    lines = [
        "<table><tr><th>what</th><th>published</th><th>model</th><th></th><th>role</th>"
        "<th>source</th></tr>"
    ]
    for verdict in verdicts:
        one = verdict.observation
        unit = "" if verdict.unit == "1" else f" {verdict.unit}"
        doses = ", ".join(f"{c.drug} {c.dose:g} mg x {c.count}" for c in one.doses)
        word = "agrees" if verdict.agrees else f'<span class="miss">{verdict.miss:+.0%}</span>'
        lines.append(
            f"<tr><td>{html.escape(describe_observation(one))}<br>"
            f'<span class="note">{html.escape(doses)}</span></td>'
            f"<td>{verdict.low:.3g} to {verdict.high:.3g}{unit}</td>"
            f"<td>{verdict.value:.3g}{unit}</td><td>{word}</td><td>{one.tag}</td>"
            f"<td>{html.escape(one.source)} ({html.escape(one.interval)}), {one.mark}</td></tr>"
        )
    return "\n".join([*lines, "</table>"])
