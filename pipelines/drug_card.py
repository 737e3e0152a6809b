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
from numpy.typing import NDArray

from cohort.compounds import TARGETS
from cohort.drugs import Drug
from cohort.interactions import share_gone
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

__all__ = ["draw_card", "target_curves", "write_card"]

_COLORS: Final = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#56B4E9",
    "#E69F00",
    "#000000",
    "#882255",
    "#44AA99",
    "#999933",
    "#661100",
    "#6699CC",
)
_GRAY: Final = "#707070"
_STYLE: Final[Any] = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "neurocohort",
}
_N_DOSES: Final = 30
_MOST_LINES: Final = 12
_LINE_HEIGHT: Final = 0.055  # of the panel, for a name of 7 points
_ROOM_A_LINE: Final = 0.09  # above the levels, for a line of the legend
_VANISHES: Final = 0.1  # of the highest median: below it a compound hugs the axis
_LOG_BELOW: Final = 30.0  # decades are endless: so far below the lowest peak
_LOG_ROOM: Final = 8.0
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
        figure = Figure(figsize=(11.5, 3.6), dpi=110, layout="constrained")
        grid = figure.add_gridspec(1, 3, width_ratios=(1, 1, 1.25))
        first = figure.add_subplot(grid[0])
        last = figure.add_subplot(grid[1], sharey=first)
        held = figure.add_subplot(grid[2])
        days = course.hours[-1] / _DAY_H
        _levels(first, course, 0.0)
        _levels(last, course, course.hours[-1] - _DAY_H)
        _scale_levels(first, course)
        first.set_title("first day", loc="left")
        last.set_title(f"day {days:.0f}", loc="left")
        first.set_ylabel("total in plasma [ng/mL]")
        first.legend(frameon=False, fontsize=7, loc="upper left")
        _occupancy(held, drug, response, verdicts)
    return figure


def _level_names(course: ExposureCourse) -> list[str]:
    return [name for name in course.levels if name.startswith("concentration_")]


def _levels(panel: Axes, course: ExposureCourse, start: float) -> None:
    inside = (course.hours >= start) & (course.hours <= start + _DAY_H)
    hours = course.hours[inside] - start
    for name, color in zip(_level_names(course), _COLORS, strict=False):
        low, median, high = np.maximum(course.levels[name][:, inside], 0.0)
        panel.fill_between(hours, low, high, color=color, alpha=0.15, linewidth=0)
        panel.plot(hours, median, color=color, label=name.removeprefix("concentration_"))
    panel.set_xlabel("time after the first dose of the day [h]")
    panel.set_xlim(0, _DAY_H)
    panel.set_xticks(range(0, 25, 6))


def _scale_levels(panel: Axes, course: ExposureCourse) -> None:
    """Scale both days alike: by logarithm if a compound would vanish beside another."""
    names = _level_names(course)
    top = max(float(course.levels[name][2].max()) for name in names)
    peaks = [float(course.levels[name][1].max()) for name in names]
    if min(peaks) < _VANISHES * max(peaks):
        panel.set_yscale("log")
        panel.set_ylim(min(peaks) / _LOG_BELOW, top * _LOG_ROOM)
    else:
        panel.set_ylim(0, top * (1 + _ROOM_A_LINE * len(names)))


def _occupancy(
    panel: Axes, drug: Drug, response: DoseResponse, verdicts: Sequence[Verdict]
) -> None:
    panel.set_title("occupancy against dose", loc="left")
    panel.set_xlabel("daily dose [mg]")
    panel.set_ylim(0, 1)
    curves = target_curves(drug, response)
    if not curves:
        panel.text(0.5, 0.5, "no target in the brain", ha="center", transform=panel.transAxes)
        panel.set_axis_off()
        return
    usual = drug.dosing.usual.number("mg")
    doses, widest = np.insert(response.doses_mg, 0, 0.0), float(response.doses_mg[-1])
    panel.axvline(usual, color=_GRAY, linewidth=0.8, linestyle=":")
    colors: dict[str, str] = {}
    ends, destroyed = [], share_gone(drug, response.means)
    for name, (values, efficacy) in list(curves.items())[:_MOST_LINES]:
        color = _COLORS[len(colors) % len(_COLORS)]
        colors[name] = color
        style = "--" if efficacy > 0 else "-"
        panel.plot(doses, np.insert(values, 0, 0.0), style, color=color, linewidth=1.3)
        ends.append((float(values[-1]), f"{name} gone" if name in destroyed else name, color))
    _label_ends(panel, ends)
    for verdict in verdicts:
        one, name = verdict.observation, _target_of(verdict.observation.of)
        if name not in colors or one.relative_to is not None:
            continue
        alone = {dose.drug for dose in one.doses} == {drug.name}
        if not alone or one.doses[0].count < _STEADY_DOSES:
            continue
        low, high = max(verdict.low, 0.0), min(verdict.high, 1.0)
        daily = one.doses[0].dose * _DAY_H * 3600 / one.doses[0].every
        panel.plot([daily] * 2, [low, high], color=colors[name], linewidth=3, alpha=0.7)
        widest = max(widest, daily * 1.02)
    panel.set_xlim(0, widest)


def _label_ends(panel: Axes, ends: Sequence[tuple[float, str, str]]) -> None:
    """Write names right of their curves, pushed apart so that none covers another."""
    ceiling = 1.0
    places = []
    for value, _, _ in sorted(ends, reverse=True):
        ceiling = min(ceiling, value)
        places.append(ceiling)
        ceiling -= _LINE_HEIGHT
    lift = max(0.0, -places[-1])
    for place, (_, text, color) in zip(places, sorted(ends, reverse=True), strict=True):
        panel.annotate(
            text,
            (1.0, place + lift),
            xycoords="axes fraction",
            xytext=(4, 0),
            textcoords="offset points",
            color=color,
            fontsize=7,
            va="center",
            annotation_clip=False,
        )


def _target_of(name: str) -> str:
    return name.replace("occupancy_", "").replace("_occupancy", "")


def target_curves(
    drug: Drug, response: DoseResponse
) -> dict[str, tuple[NDArray[np.float64], float]]:
    """Return what a drug holds or has destroyed of each target, most at the usual dose first.

    Parameters
    ----------
    drug
        The drug.
    response
        Its levels and occupancies by dose.

    Returns
    -------
    By target: share held or gone [1], shape ``(n_dose,)``, and the largest intrinsic activity [1].

    Examples
    --------
    >>> from cohort.drugs import load_drug
    >>> drug = load_drug("sertraline")
    >>> list(target_curves(drug, dose_response(drug, [50], days=3)))
    ['sert', 'dat']
    """
    curves = {
        _target_of(name): values
        for name, values in response.means.items()
        if not name.startswith("concentration_")
    }
    for name, gone in share_gone(drug, response.means).items():
        curves[name] = 1 - (1 - curves.get(name, np.zeros_like(gone))) * (1 - gone)
    efficacy = dict.fromkeys(curves, 0.0)
    for compound in drug.compounds:
        for binding in compound.binds:
            if binding.efficacy is not None:
                value = binding.efficacy.number("1")
                efficacy[binding.target] = max(value, efficacy[binding.target])
    usual = drug.dosing.usual.number("mg")
    here = int(np.abs(response.doses_mg - usual).argmin())
    order = sorted(curves, key=lambda name: -float(curves[name][here]))
    return {name: (curves[name], efficacy[name]) for name in order}


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
    per_day = drug.dosing.doses_a_day
    course = follow_people(drug, usual, days=days, per_day=per_day, n_people=_N_PEOPLE)
    top = high * 1.1 if high > low else high
    doses = np.union1d(np.linspace(top / _N_DOSES, top, _N_DOSES), [usual])
    response = dose_response(drug, doses, days=days, per_day=per_day)
    verdicts = run_observations(observations_of(drug, observations))
    figure = draw_card(drug, course, response, verdicts)
    out.mkdir(parents=True, exist_ok=True)
    png, page = out / f"{drug.name}.png", out / f"{drug.name}.html"

    def write(path: Path) -> None:
        with mpl.rc_context(_STYLE):
            figure.savefig(path, format="png", metadata={"Software": None})

    write_atomically(png, write)
    write_text(page, _page(drug, course, response, verdicts, _svg(figure)))
    return png, page


def _svg(figure: Figure) -> str:
    text = io.StringIO()
    with mpl.rc_context(_STYLE):
        figure.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()[text.getvalue().index("<svg") :]


def _page(
    drug: Drug,
    course: ExposureCourse,
    response: DoseResponse,
    verdicts: Sequence[Verdict],
    svg: str,
) -> str:
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
            f"<p>{drug.route}, {low:g} to {high:g} mg a day, usually {_doses(drug, usual)}; acts "
            f"on {', '.join(record['targets']) or 'no target'}; removed by "
            f"{', '.join(record['enzymes']) or 'other ways'}; inhibits "
            f"{', '.join(record['inhibits']) or 'no enzyme'}.</p>",
            svg,
            f'<p class="note">{_doses(drug, usual)} in {course.n_people} adults (median, 5th to '
            f"95th percentile) on the first day and on day {n_days:.0f}; occupancy is the mean of "
            "that day in the reference patient, dashed where the drug is an agonist, if only a "
            "partial one; of a target that it destroys the share gone; bars are published "
            "intervals after repeated doses, some of them at the peak or the trough of the day. "
            "The dotted line is the usual dose.</p>",
            _target_table(drug, response),
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


def _doses(drug: Drug, daily_mg: float) -> str:
    per_day = drug.dosing.doses_a_day
    if per_day == 1:
        return f"{daily_mg:g} mg once a day"
    return f"{daily_mg:g} mg a day in {per_day} doses at even intervals"


def _target_table(drug: Drug, response: DoseResponse) -> str:
    curves, destroyed = target_curves(drug, response), share_gone(drug, response.means)
    if not curves:
        return ""
    here = int(np.abs(response.doses_mg - drug.dosing.usual.number("mg")).argmin())
    lines = [
        "<h2>Targets at the usual dose</h2>",
        "<table><tr><th>target</th><th>held or gone, mean of the day</th>"
        "<th>how</th><th>chemistry that follows</th></tr>",
    ]
    for name, (values, efficacy) in curves.items():
        target = TARGETS[name]
        if name in destroyed:
            how = "destroyed"
        elif efficacy > 0:
            how = f"agonist, intrinsic activity {efficacy:g}"
        else:
            how = {"receptor": "antagonist", "modulated": "modulated"}.get(target.kind, "blocked")
        system = target.system.replace("_", " ") or "none, occupancy alone"
        lines.append(
            f"<tr><td>{html.escape(target.title)}</td><td>{values[here]:.0%}</td><td>{how}</td>"
            f"<td>{system}</td></tr>"
        )
    return "\n".join([*lines, "</table>"])


def _published(verdict: Verdict) -> str:
    unit = "" if verdict.unit == "1" else f" {verdict.unit}"
    if not np.isfinite(verdict.low):
        return f"at most {verdict.high:.3g}{unit}"
    if not np.isfinite(verdict.high):
        return f"at least {verdict.low:.3g}{unit}"
    return f"{verdict.low:.3g} to {verdict.high:.3g}{unit}"


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
            f"<td>{_published(verdict)}</td>"
            f"<td>{verdict.value:.3g}{unit}</td><td>{word}</td><td>{one.tag}</td>"
            f"<td>{html.escape(one.source)} ({html.escape(one.interval)}), {one.mark}</td></tr>"
        )
    return "\n".join([*lines, "</table>"])
