"""Time to event from `results`: curves with intervals and numbers at risk, and their table."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from pipelines.report.bands import bands
from pipelines.report.document import Block, Grid, Picture, Row
from pipelines.report.draw_curves import Curve, draw_curves
from pipelines.report.run_data import Cell, RunData
from pipelines.report.statistics import Entry
from pipelines.report.words import MISSING, count, estimate, number, p_value

__all__ = [
    "Kind",
    "curve_pictures",
    "is_same_event",
    "read_curve",
    "times_table",
    "visit_days",
]

_ANALYSIS: Final = "time to event"
_DAYS_PER_WEEK: Final = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """An event that a report draws a curve of.

    Parameters
    ----------
    name
        Its variable in `results`.
    key, title
        Of the picture.
    what
        What the share is, as in a sentence.
    is_falling
        Whether the share without the event is shown, else that with it.

    Examples
    --------
    >>> Kind(name="TTAE", key="a", title="A", what="with an event", is_falling=False).name
    'TTAE'
    """

    name: str
    key: str
    title: str
    what: str
    is_falling: bool


def visit_days(run: RunData) -> dict[str, int]:
    """Return the study day of every visit, baseline on day 1.

    Parameters
    ----------
    run
        A run.

    Examples
    --------
    >>> visit_days.__name__  # run by tests/pipelines/report: it needs a run
    'visit_days'
    """
    rows = run.summaries["outcomes_by_arm"].select("visit", "visit_week").unique()
    return {
        name: round(week * _DAYS_PER_WEEK) + 1 for name, week in rows.sort("visit_week").iter_rows()
    }


def read_curve(run: RunData, cell: Cell, name: str, days: Mapping[str, int]) -> Curve | None:
    """Return the curve of an arm; None where nobody was followed.

    Parameters
    ----------
    run
        A run.
    cell
        The arm.
    name
        The event, a variable of `results`.
    days
        Study days of the visits.

    Examples
    --------
    >>> read_curve.__name__  # run by tests/pipelines/report: it needs a run
    'read_curve'
    """
    found = run.found(_ANALYSIS, cell, variable=name)
    whole = next((one for one in found if one.about["context"] == "survival"), None)
    if whole is None:
        return None
    n, n_events = whole.count("N") or 0, whole.count("n_event") or 0
    points = [(1, 1.0, 1.0, 1.0)]
    at_risk = [(1, n)]
    for one in found:
        place, level = one.about["group2"], one.about["group2_level"]
        if place == "ADY":
            points.append((int(level), *_ends(one)))
        elif place == "AVISIT" and level in days:
            at_risk.append((days[level], one.count("n.risk") or 0))
    if len(points) > 1 and points[1][0] == 1:
        points = points[1:]  # who had it on the first day
    columns = tuple(zip(*points, strict=True))
    return Curve(
        days=columns[0],
        survival=columns[1],
        low=columns[2],
        high=columns[3],
        at_risk=tuple(at_risk),
        n=n,
        n_events=n_events,
    )


def _ends(one: Entry) -> tuple[float, float, float]:
    share, low, high = one.interval()
    share = 0.0 if share is None else share
    return share, share if low is None else low, share if high is None else high


def curve_pictures(run: RunData, kind: Kind) -> Iterator[Block]:
    """Yield Kaplan-Meier curves, a picture a band of arms; none where nobody had the event.

    Parameters
    ----------
    run
        A run.
    kind
        The event.

    Examples
    --------
    >>> curve_pictures.__name__  # run by tests/pipelines/report: it needs a run
    'curve_pictures'
    """
    days = visit_days(run)
    last = max(days.values())
    for band in bands(run):
        drawn = [
            (cell.label, style, curve)
            for cell, style in band.looks
            if (curve := read_curve(run, cell, kind.name, days)) is not None
        ]
        if not any(curve.n_events for _, _, curve in drawn):
            continue
        parts = [f"{name} {_share(curve, last, kind)}" for name, _, curve in drawn]
        title = band.title(kind.title)
        yield Picture(
            key=band.key(kind.key),
            title=title,
            finding=f"{kind.what[0].upper()}{kind.what[1:]} on day {last}, with 95 % CI: "
            f"{'; '.join(parts)}.",
            note="Kaplan-Meier estimates of the randomised; bands are 95 % intervals, numbers "
            "below the patients at risk at the visits.",
            draw=lambda drawn=drawn, title=title: draw_curves(  # type: ignore[misc]
                drawn, last_day=last, title=title, is_falling=kind.is_falling
            ),
        )


def is_same_event(run: RunData, first: str, second: str) -> bool:
    """Return whether two events have the same curve in every arm, so that one says it all.

    Parameters
    ----------
    run
        A run.
    first, second
        The events, variables of `results`.

    Examples
    --------
    >>> is_same_event.__name__  # run by tests/pipelines/report: it needs a run
    'is_same_event'
    """
    days = visit_days(run)
    return all(
        read_curve(run, cell, first, days) == read_curve(run, cell, second, days)
        for cell in run.cells
    )


def _share(curve: Curve, day: int, kind: Kind) -> str:
    value, low, high = (100 * one for one in curve.at(day))
    if not kind.is_falling:
        value, low, high = 100 - value, 100 - high, 100 - low
    return f"{estimate(value, low, high, 0)}\u00a0%"


def times_table(run: RunData, key: str, caption: str, names: Mapping[str, str]) -> Grid | None:
    """Return events, medians, hazard ratios and tests, an arm a line; None without events.

    Parameters
    ----------
    run
        A run.
    key, caption
        Of the table.
    names
        What is shown of each event, by its variable in `results`.

    Examples
    --------
    >>> times_table.__name__  # run by tests/pipelines/report: it needs a run
    'times_table'
    """
    rows: list[Row] = []
    for name, label in names.items():
        lines = [line for cell in run.cells if (line := _line(run, cell, name)) is not None]
        if any(line.cells[1] != "0" for line in lines):  # somebody had the event
            rows += [Row(label), *lines]
    if not rows:
        return None
    return Grid(
        key=key,
        caption=caption,
        head=("", "Patients", "With the event", "Median [day], 95 % CI", "Hazard ratio, 95 % CI",
              "Log-rank p"),
        rows=tuple(rows),
        note="Of the randomised. Hazard ratios against control by Cox, ties by Efron; not adjusted "
        "for the number of comparisons. Where both arms are the same patients there is none.",
    )  # fmt: skip


def _line(run: RunData, cell: Cell, name: str) -> Row | None:
    found = run.found(_ANALYSIS, cell, variable=name)
    by_context = {(one.about["context"], one.about["group2"]): one for one in found}
    whole = by_context.get(("survival", None))
    if whole is None:
        return None
    median = by_context.get(("survival_survfit", "prob"))
    ratio = by_context.get(("survival_coxph", None))
    test = by_context.get(("survival_survdiff", None))
    return Row(
        cell.label,
        (
            count(whole.count("N")),
            count(whole.count("n_event")),
            "not reached" if median is None or median.get("estimate") is None else _median(median),
            "control" if cell.is_control else MISSING if ratio is None
            else estimate(*ratio.interval(), 2),
            MISSING if test is None else p_value(test.get("p.value")),
        ),
        is_inner=True,
    )  # fmt: skip


def _median(one: Entry) -> str:
    middle, low, high = one.interval()
    ends = " to ".join(MISSING if end is None else number(end, 0) for end in (low, high))
    return f"{number(middle, 0)} ({ends})"
