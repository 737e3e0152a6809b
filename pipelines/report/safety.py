"""The chapter on safety: adverse events, their severity, and when they came."""

from collections.abc import Iterator
from typing import Final

from pipelines.report.counts import disposition, event_free, severities
from pipelines.report.document import Block, Details, Grid, Paragraph, Picture, Row, Section
from pipelines.report.draw_safety import EventLine, draw_events
from pipelines.report.overview import arm_look_number
from pipelines.report.participants import cell_looks, curve_picture
from pipelines.report.run_data import RunData
from pipelines.report.words import count, number, percent_points, plain, share, significant
from pipelines.summaries import ANY_EVENT

__all__ = ["safety"]

_MOST_TERMS: Final = 14
_MOST_SAID: Final = 6


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
    if not terms:
        blocks: tuple[Block, ...] = (Paragraph("The protocol asks for no adverse events."),)
        return Section(key="safety", title="Safety", blocks=blocks)
    return Section(
        key="safety",
        title="Safety",
        blocks=(
            *_dots(run, terms),
            _severity(run),
            curve_picture(
                run,
                event_free(run),
                key="first-event",
                title="Time to the first adverse event",
                what="with at least one adverse event",
                is_falling=False,
            ),
            Details(f"All {len(terms)} terms", (_all_terms(run, terms),)),
        ),
    )


def _terms(run: RunData) -> list[str]:
    """Return terms that occurred, the most frequent in any arm first."""
    most: dict[str, float] = {}
    for row in run.rows("ae_rates_by_arm"):
        if row["term"] != ANY_EVENT and row["n_with_event"]:
            most[row["term"]] = max(most.get(row["term"], 0.0), row["percent"] or 0.0)
    return sorted(most, key=lambda term: (-most[term], term))


def _dots(run: RunData, terms: list[str]) -> Iterator[Block]:
    looks = cell_looks(run)
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
        key="adverse-events",
        title="Adverse events: share of patients, and difference from control",
        finding=f"The most frequent. {'; '.join(said)}.",
        note=f"By frequency in the arm that has it most.{more}",
        draw=lambda: draw_events(lines, entries),
    )


def _severity(run: RunData) -> Grid:
    cells = [cell for cell, _ in cell_looks(run)]
    treated = {key: one["treated"] for key, one in disposition(run).items()}
    found = severities(run)
    names = (
        ("MILD", "worst was mild", True),
        ("MODERATE", "worst was moderate", True),
        ("SEVERE", "worst was severe", True),
        ("serious", "Serious event", False),
        ("withdrawn", "Event that ended the treatment", False),
        ("fatal", "Death", False),
    )

    def row(name: str, label: str, *, is_inner: bool) -> Row:
        texts = [
            share(found.get(cell.key, {}).get(name, 0), treated.get(cell.key), 1) for cell in cells
        ]
        return Row(label, tuple(texts), is_inner)

    any_row = [run.row("ae_rates_by_arm", cell, term=ANY_EVENT) for cell in cells]
    rows = [
        Row(
            "Any adverse event",
            tuple(share(one.get("n_with_event"), one.get("n_patients"), 1) for one in any_row),
        ),
        *(row(name, label, is_inner=inner) for name, label, inner in names),
        Row("Events", tuple(count(one.get("n_events")) for one in any_row)),
        Row(
            "Events per 100 patient-years",
            tuple(significant(one.get("rate_per_100_patient_years")) for one in any_row),
        ),
        Row(
            "Patient-days on treatment",
            tuple(number(one.get("exposure_days"), 0) for one in any_row),
        ),
    ]
    return Grid(
        key="severity",
        caption="Patients with treatment-emergent adverse events",
        head=("", *(cell.label for cell in cells)),
        rows=tuple(rows),
        note="Percentages are of the treated.",
    )


def _all_terms(run: RunData, terms: list[str]) -> Grid:
    cells = [cell for cell, _ in cell_looks(run)]
    has_control = arm_look_number(run) is not None
    rows: list[Row] = []
    classes: dict[str, list[str]] = {}
    for term in terms:
        first = run.row("ae_rates_by_arm", term=term)
        classes.setdefault(plain(first["organ_class"]), []).append(term)
    for name in sorted(classes):
        rows.append(Row(name))
        for term in classes[name]:
            texts = []
            for cell in cells:
                row = run.row("ae_rates_by_arm", cell, term=term)
                texts.append(share(row.get("n_with_event"), row.get("n_patients"), 1))
                if has_control and not cell.is_control:
                    texts.append(percent_points(row, "risk_difference"))
            rows.append(Row(plain(term), tuple(texts), is_inner=True))
    head = [""]
    for cell in cells:
        head.append(cell.label)
        if has_control and not cell.is_control:
            head.append("difference [% points], 95 % CI")
    return Grid(
        key="terms",
        caption="Patients with each event, by organ class",
        head=tuple(head),
        rows=tuple(rows),
        note="Wilson's and Newcombe's intervals; not adjusted for the number of terms.",
    )
