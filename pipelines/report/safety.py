"""The chapter on safety: adverse events, their severity, and when they came."""

from collections.abc import Iterator
from typing import Final

from pipelines.report.bands import COLUMNS, Band, bands
from pipelines.report.counts import deaths
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
from pipelines.report.draw_safety import EventLine, draw_events
from pipelines.report.run_data import Cell, RunData
from pipelines.report.shifts import shifts
from pipelines.report.statistics import NOTHING, Entry, text_of
from pipelines.report.words import (
    count,
    estimate,
    number,
    percent_points,
    plain,
    share,
    significant,
)
from pipelines.summaries import ANY_EVENT

__all__ = ["safety"]

_MOST_TERMS: Final = 14
_MOST_SAID: Final = 6
_TERM_COLUMNS: Final = 3
"""Arms of a table in which all but control have two columns."""
_KINDS: Final = (
    Kind(
        name="TTAE",
        key="first-event",
        title="Time to the first adverse event",
        what="with at least one adverse event",
        is_falling=False,
    ),
    Kind(
        name="TTSAE",
        key="first-serious-event",
        title="Time to the first serious adverse event",
        what="with at least one serious adverse event",
        is_falling=False,
    ),
)


def safety(run: RunData) -> Section:
    """Return the chapter.

    Parameters
    ----------
    run
        A run.

    Examples
    --------
    >>> safety.__name__  # run by tests/pipelines/report: it needs a run
    'safety'
    """
    terms = _terms(run)
    blocks: list[Block] = []
    if not terms:
        blocks.append(Paragraph("The protocol asks for no adverse events, or none occurred."))
    else:
        for band in bands(run):
            blocks += _dots(run, band, terms)
        blocks += [_severity(run, band) for band in bands(run, COLUMNS)]
        for kind in _KINDS:
            blocks += curve_pictures(run, kind)
        names = {kind.name: kind.title for kind in _KINDS}
        groups = [one for one in _groups(run) if _has_events(run, one)]
        times = times_table(run, "first-events", "Time to adverse events", names)
        blocks += [] if times is None else [times]
        blocks += _grouped(run, groups)
        tables = tuple(_all_terms(run, band, terms) for band in bands(run, _TERM_COLUMNS))
        blocks.append(Details(f"All {len(terms)} terms", tables))
    blocks += shifts(run)
    return Section(key="safety", title="Safety", blocks=tuple(blocks))


def _terms(run: RunData) -> list[str]:
    """Return terms that occurred, the most frequent in any arm first."""
    most: dict[str, float] = {}
    for row in run.rows("ae_rates_by_arm"):
        if row["term"] != ANY_EVENT and row["n_with_event"]:
            most[row["term"]] = max(most.get(row["term"], 0.0), row["percent"] or 0.0)
    return sorted(most, key=lambda term: (-most[term], term))


def _dots(run: RunData, band: Band, terms: list[str]) -> Iterator[Block]:
    looks = band.looks
    lines = []
    for term in terms[:_MOST_TERMS]:
        percents, differences = [], []
        for cell, style in looks:
            row = run.row("ae_rates_by_arm", cell, term=term)
            if row.get("percent") is None:
                continue
            percents.append((style, row["percent"]))
            ends = [row.get(f"risk_difference{end}") for end in ("", "_low", "_high")]
            if None not in ends:
                value, low, high = (100 * float(one) for one in ends if one is not None)
                differences.append((style, value, low, high))
        lines.append(
            EventLine(term=plain(term), percents=tuple(percents), differences=tuple(differences))
        )
    said = []
    for term in terms[:_MOST_SAID]:
        shares = [
            f"{cell.label} {number(row['percent'], 0)} %"
            for cell, _ in looks
            if (row := run.row("ae_rates_by_arm", cell, term=term))
        ]
        said.append(f"{plain(term)}: {', '.join(shares)}")
    entries = [(cell.label, style) for cell, style in looks]
    rest = len(terms) - _MOST_TERMS
    more = f" {rest} rarer terms are in the table at the end of the chapter." if rest > 0 else ""
    yield Picture(
        key=band.key("adverse-events"),
        title=band.title("Adverse events: share of patients, and difference from control"),
        finding=f"The most frequent. {'; '.join(said)}.",
        note=f"By frequency in the arm that has it most.{more}",
        draw=lambda: draw_events(lines, entries),
    )


def _severity(run: RunData, band: Band) -> Grid:
    found: dict[tuple[object, ...], Entry] = {
        (cell, one.about["context"], one.about["group3"], one.about["group3_level"]): one
        for cell in band.cells
        for one in run.found("adverse events", cell)
    }

    def row(label: str, *place: str | None, is_inner: bool = False) -> Row:
        texts = []
        for cell in band.cells:
            one = found.get((cell, "hierarchical", *place), NOTHING)
            texts.append(share(one.count(), one.count("N"), 1))
        return Row(label, tuple(texts), is_inner)

    def numbers(cell: Cell, context: str) -> Entry:
        return found.get((cell, context, None, None), NOTHING)

    died = deaths(run)
    rows = [
        row("Any adverse event", None, None),
        row("worst was mild", "AESEV", "MILD", is_inner=True),
        row("worst was moderate", "AESEV", "MODERATE", is_inner=True),
        row("worst was severe", "AESEV", "SEVERE", is_inner=True),
        row("Serious event", "AESER", "Y"),
        row("Event that treatment may have caused", "AEREL", "POSSIBLE or PROBABLE"),
        row("Event that ended the treatment", "AEACN", "DRUG WITHDRAWN"),
        Row("Death", tuple(count(died.get(cell.key, 0)) for cell in band.cells)),
        Row(
            "Events",
            tuple(count(numbers(cell, "hierarchical_count").count("n_event"))
                  for cell in band.cells),
        ),
        Row(
            "Per 100 patient-years at risk, 95 % CI",
            tuple(_rate(numbers(cell, "incidence_rate")) for cell in band.cells),
        ),
    ]  # fmt: skip
    return Grid(
        key=band.key("severity"),
        caption=band.title("Patients with treatment-emergent adverse events"),
        head=("", *(cell.label for cell in band.cells)),
        rows=tuple(rows),
        note="Percentages are of the treated. A patient is at risk until the first event; "
        "Garwood's intervals.",
    )


def _rate(one: Entry) -> str:
    value, low, high = (one.get(name) for name in ("rate", "rate.low", "rate.high"))
    if value is None or low is None or high is None:
        return significant(value)
    return f"{significant(value)} ({significant(low)} to {significant(high)})"


# -- groups of terms -------------------------------------------------------------------------------

_GROUPS: Final = "adverse event groups"


def _groups(run: RunData) -> list[str]:
    return list(dict.fromkeys(text_of(one, "variable") for one in run.statistics.of(_GROUPS)))


def _group(run: RunData, cell: Cell, name: str, context: str = "hierarchical") -> Entry:
    return run.first(_GROUPS, cell, variable=name, context=context, group3=None)


def _has_events(run: RunData, name: str) -> bool:
    return any(_group(run, cell, name).get("n") for cell in run.cells)


def _grouped(run: RunData, groups: list[str]) -> Iterator[Block]:
    if not groups:
        return
    yield Heading("Groups of terms that belong together")
    for band in bands(run):
        lines, said = [], []
        for name in groups:
            percents, differences, shares = [], [], []
            for cell, style in band.looks:
                value = _group(run, cell, name).get("p")
                if value is None:
                    continue
                percents.append((style, 100 * value))
                shares.append(f"{cell.label} {number(100 * value, 0)} %")
                ends = _group(run, cell, name, "risk_difference").interval()
                if None not in ends:
                    middle, low, high = (100 * float(one) for one in ends if one is not None)
                    differences.append((style, middle, low, high))
            lines.append(
                EventLine(term=name, percents=tuple(percents), differences=tuple(differences))
            )
            said.append(f"{name}: {', '.join(shares)}")
        entries = [(cell.label, style) for cell, style in band.looks]
        yield Picture(
            key=band.key("event-groups"),
            title=band.title("Groups of adverse events: share, and difference from control"),
            finding=f"Patients with an event of the group. {'; '.join(said)}.",
            note="Groups of this project, not those of MedDRA; a term can be in several.",
            draw=lambda lines=lines, entries=entries: draw_events(  # type: ignore[misc]
                lines, entries
            ),
        )
    members = tuple(
        Row(name, (text_of(one, "warning").partition("terms here: ")[2],))
        for name in groups
        if (one := run.first(_GROUPS, variable=name))
    )
    times = times_table(
        run,
        "first-of-groups",
        "Time to the first event of each group",
        {name: name for name in groups},
    )
    yield Details(
        "Groups of terms",
        (
            *(_group_table(run, band, groups) for band in bands(run, COLUMNS)),
            *(() if times is None else (times,)),
            Grid(
                key="group-terms",
                caption="Terms of each group that the protocol asks for",
                head=("Group", "Terms"),
                rows=members,
                is_text=True,
            ),
        ),
    )


def _group_table(run: RunData, band: Band, groups: list[str]) -> Grid:
    has_control = run.control is not None
    rows = []
    for name in groups:
        rows.append(Row(name))
        texts: list[str] = []
        rates: list[str] = []
        gaps: list[str] = []
        for cell in band.cells:
            one = _group(run, cell, name)
            texts.append(share(one.count(), one.count("N"), 1))
            rates.append(_rate(_group(run, cell, name, "incidence_rate")))
            difference = _group(run, cell, name, "risk_difference").interval()
            value, low, high = (None if end is None else 100 * end for end in difference)
            gaps.append("control" if cell.is_control else estimate(value, low, high))
        rows.append(Row("patients", tuple(texts), is_inner=True))
        if has_control:
            rows.append(Row("difference [% points], 95 % CI", tuple(gaps), is_inner=True))
        rows.append(Row("per 100 patient-years, 95 % CI", tuple(rates), is_inner=True))
    return Grid(
        key=band.key("groups"),
        caption=band.title("Patients with an event of each group"),
        head=("", *(cell.label for cell in band.cells)),
        rows=tuple(rows),
        note="Of the treated; Newcombe's and Garwood's intervals, not adjusted for the number of "
        "groups.",
    )


def _all_terms(run: RunData, band: Band, terms: list[str]) -> Grid:
    has_control = run.control is not None
    rows: list[Row] = []
    classes: dict[str, list[str]] = {}
    for term in terms:
        first = run.row("ae_rates_by_arm", term=term)
        classes.setdefault(plain(first["organ_class"]), []).append(term)
    for name in sorted(classes):
        rows.append(Row(name))
        for term in classes[name]:
            texts = []
            for cell in band.cells:
                row = run.row("ae_rates_by_arm", cell, term=term)
                texts.append(share(row.get("n_with_event"), row.get("n_patients"), 1))
                if has_control and not cell.is_control:
                    texts.append(percent_points(row, "risk_difference"))
            rows.append(Row(plain(term), tuple(texts), is_inner=True))
    head = [""]
    for cell in band.cells:
        head.append(cell.label)
        if has_control and not cell.is_control:
            head.append("difference, 95 % CI")
    return Grid(
        key=band.key("terms"),
        caption=band.title("Patients with each event, by organ class"),
        head=tuple(head),
        rows=tuple(rows),
        note="Differences in percentage points, Newcombe's intervals; not adjusted for the "
        "number of terms.",
    )
