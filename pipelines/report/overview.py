"""The first chapter: what was studied, what came out, on one screen."""

from collections.abc import Mapping
from typing import Any

from pipelines.report.bands import MOST_SHOWN, looks_of
from pipelines.report.counts import disposition
from pipelines.report.document import (
    Block,
    Bullets,
    Columns,
    Facts,
    Grid,
    Paragraph,
    Picture,
    Row,
    Section,
)
from pipelines.report.draw_efficacy import ForestLine, draw_forest
from pipelines.report.model_numbers import mark_counts
from pipelines.report.names import ESTIMANDS, MISSING_DATA, treatment
from pipelines.report.run_data import Cell, RunData
from pipelines.report.words import (
    count,
    estimate,
    interval,
    joined,
    number,
    p_value,
    plain,
    share,
    significant,
)
from pipelines.summaries import ANY_EVENT

__all__ = ["arms_table", "finding", "glance_table", "overview"]

_SAID = {
    "better": "was better than {control}",
    "worse": "was worse than {control}",
    "not shown": "was not shown to differ from {control}",
    "futile": "was dropped for futility against {control}",
    "go on": "goes on against {control}",
}
_MOST_LINES = 12
_MOST_NAMED = 6
"""Arms that a sentence names."""
_MOST_WITH_INTERVALS = 4
"""Arms that a sentence names with their intervals."""


def overview(run: RunData) -> Section:
    """Return the chapter.

    Parameters
    ----------
    run
        A run.

    Examples
    --------
    >>> overview.__name__  # run by tests/pipelines/report: it needs a run
    'overview'
    """
    counts = disposition(run)
    more: tuple[Block, ...] = ()
    if len(run.cells) > MOST_SHOWN:
        more = (
            Paragraph(
                f"Pictures and their tables show the first {MOST_SHOWN} of {len(run.cells)} "
                f"{'arms in their variants' if run.is_crossed else 'arms'}; the others are in the "
                "tables of the run.",
                "note",
            ),
        )
    return Section(
        key="overview",
        title="At a glance",
        blocks=(
            Columns(
                (Paragraph(_question(run)),),
                (Paragraph(finding(run), "finding"), *_result(run), _around(run, counts)),
                (_facts(run), *more),
            ),
        ),
    )


def _question(run: RunData) -> str:
    protocol = run.protocol
    others = list(dict.fromkeys(cell.arm for cell in run.others)) or [run.cells[0].arm]
    if len(others) > _MOST_NAMED:
        others = [*others[: _MOST_NAMED - 1], f"{len(others) - _MOST_NAMED + 1} more arms"]
    against = f" against {run.control.arm}" if run.control and run.others else ""
    crossed = f", each in {len(run.variants)} variants of life" if run.is_crossed else ""
    person = (
        f"Each patient is the model of {plain(run.model_file)} with parameters of their own."
        if run.model_file
        else "Each patient is a mechanistic model of neurotransmitters with a body, genes and luck "
        "of its own."
    )
    return (
        f"How {run.endpoint} changes in {_plural(protocol['duration'])} of {joined(others)}"
        f"{against}{crossed}, in {run.patients}. {person}"
    )


def _plural(span: object) -> str:
    """Return '8 week' as '8 weeks'."""
    text = plain(span)
    return text if text.startswith("1 ") or text.endswith(("s", "h")) else f"{text}s"


def _facts(run: RunData) -> Facts:
    protocol, provenance = run.protocol, run.provenance
    design = {
        "parallel": "Parallel groups: every arm has other patients",
        "counterfactual": "Counterfactual: every arm has the same patients",
    }.get(str(protocol["design"]), str(protocol["design"]))
    arms = [
        f"{plain(arm['name'])} (n\u00a0=\u00a0{count(arm['patients'])})" for arm in protocol["arms"]
    ]
    visits = [plain(one["name"]) for one in protocol["visits"]]
    others = [one for one in run.endpoints if one != run.endpoint]
    marks = mark_counts(run.numbers)
    pairs = [
        ("Trial", plain(protocol["name"])),
        ("Design", design),
        ("Arms", "; ".join(arms)),
        ("Duration", f"{_plural(protocol['duration'])}; {len(visits)} visits"),
        ("Primary endpoint", f"{run.endpoint}, change from baseline at {plain(run.visit)}"),
        ("Others", ", ".join(map(plain, others)) or "none"),
        ("Published as", plain(protocol.get("source") or "")),
        ("Model", _numbers(marks)),
        ("Seed, device", f"{protocol['seed']}; {plain(provenance.get('device', 'not recorded'))}"),
        ("Version", _version(provenance)),
    ]
    return Facts(tuple((name, value) for name, value in pairs if value))


def _numbers(marks: Mapping[str, int]) -> str:
    total = sum(marks.values())
    return f"{total} numbers, {share(marks['assumed'], total)} of them assumed" if total else ""


def _version(provenance: Mapping[str, Any]) -> str:
    versions = provenance.get("versions") or provenance.get("code") or {}
    commit = plain(provenance.get("commit") or "")[:10]
    text = f"neurocohort {plain(versions.get('neurocohort', 'not recorded'))}"
    return f"{text}, commit {commit}" if commit else text


def finding(run: RunData) -> str:
    """Return what came out, in one or two sentences.

    Parameters
    ----------
    run
        A run.

    Examples
    --------
    >>> finding.__name__  # run by tests/pipelines/report: it needs a run
    'finding'
    """
    rows = [(cell, run.analysis(cell)) for cell in run.others]
    rows = [(cell, row) for cell, row in rows if row.get("estimate") is not None]
    where = f"on {plain(run.endpoint)} at {plain(run.visit)}"
    if not rows or run.control is None:
        said = [_mean(run, cell, run.row("outcomes_by_arm", cell, endpoint=run.endpoint,
                                         visit=run.visit)) for cell in run.cells]  # fmt: skip
        return f"Mean change {where}: {'; '.join(said[:_MOST_LINES])}."
    groups: dict[str, list[tuple[Cell, dict[str, Any]]]] = {}
    for cell, row in rows:
        groups.setdefault(str(row.get("claim") or "not judged"), []).append((cell, row))
    sentences = []
    for claim in (*_SAID, "not judged"):
        found = groups.get(claim, [])
        if not found:
            continue
        verdict = _SAID.get(claim, "was compared with {control}, without a claim")
        verdict = verdict.replace("was", "were", 1) if len(found) > 1 else verdict
        names, more = _named(found)
        sentences.append(f"{names} {verdict.format(control=run.control.arm)} {where}{more}.")
    return " ".join(one[0].upper() + one[1:] for one in sentences)


def _named(found: list[tuple[Cell, dict[str, Any]]]) -> tuple[str, str]:
    """Return arms with their differences; of many arms the range of these stands at the end."""
    if len(found) > _MOST_WITH_INTERVALS:
        values = sorted(float(row["estimate"]) for _, row in found)
        ends = f"{number(values[0])} to {number(values[-1])}"
        return joined([cell.label for cell, _ in found]), f" (differences from {ends})"
    named = [
        f"{cell.label} ({number(row['estimate'])}, "
        f"95 % CI {interval(row.get('low'), row.get('high'))})"
        for cell, row in found
    ]
    return joined(named), ""


def _mean(run: RunData, cell: Cell, row: dict[str, Any]) -> str:
    shown = number if run.is_rated() else significant
    return f"{cell.label} {shown(row.get('change_mean'))} (SD {shown(row.get('change_sd'))})"


def _result(run: RunData) -> list[Block]:
    blocks: list[Block] = []
    looks = looks_of(run)
    lines = []
    for cell in run.others:
        row = run.analysis(cell)
        if row.get("estimate") is not None:
            lines.append(
                ForestLine(
                    label=cell.label,
                    value=row["estimate"],
                    low=row.get("low"),
                    high=row.get("high"),
                    look=looks.get(cell),
                )
            )
    if lines and run.control is not None:
        shown = lines[:_MOST_LINES]
        said = "; ".join(f"{one.label} {estimate(one.value, one.low, one.high)}" for one in shown)
        blocks.append(
            Picture(
                key="primary",
                title=f"Difference from {run.control.arm} in change of {plain(run.endpoint)} at "
                f"{plain(run.visit)}, 95 % CI",
                finding=f"Differences in points, 95 % CI: {said}. Below 0 is better.",
                draw=lambda: draw_forest(shown, axis_label="points", width=6.4),
                is_told=True,
            )
        )
    blocks.append(glance_table(run))
    return blocks


def glance_table(run: RunData) -> Grid:
    """Return the primary endpoint at the last visit, by arm.

    Parameters
    ----------
    run
        A run.

    Examples
    --------
    >>> glance_table.__name__  # run by tests/pipelines/report: it needs a run
    'glance_table'
    """
    rows = []
    is_rated = run.is_rated()
    shown = number if is_rated else significant
    for cell in run.cells[: 2 * _MOST_LINES]:
        outcome = run.row("outcomes_by_arm", cell, endpoint=run.endpoint, visit=run.visit)
        row = run.analysis(cell)
        n = outcome.get("n_randomised")
        texts = [
            count(n),
            f"{shown(outcome.get('change_mean'))} ({shown(outcome.get('change_sd'))})",
        ]
        if is_rated:
            p = row.get("p_adjusted")
            texts += [
                share(outcome.get("n_responders"), n),
                p_value(row.get("p") if p is None else p),
            ]
        rows.append(Row(cell.label, tuple(texts)))
    return Grid(
        key="glance",
        caption=f"{plain(run.endpoint)} at {plain(run.visit)}",
        head=("Arm", "Patients", "Mean change (SD)", *(("Response", "p") if is_rated else ())),
        rows=tuple(rows),
        note=_estimand(run),
    )


def _estimand(run: RunData) -> str:
    row = next((row for cell in run.others if (row := run.analysis(cell))), None)
    if row is None:
        return ""
    how = f"Differences: {row['model']}, estimand {str(row['estimand']).replace('_', ' ')} "
    how += f"({ESTIMANDS.get(row['estimand'], '')}); missing values: "
    how += f"{MISSING_DATA.get(row['missing_data'], row['missing_data'])}. "
    remark = f"Remark: {plain(row['remark'])}. " if row.get("remark") else ""
    return f"{how}{remark}Response is of all randomised."


def _around(run: RunData, counts: dict[tuple[int, int], dict[str, Any]]) -> Bullets:
    n = sum(one["n"] for one in counts.values())
    failed = sum(one["failed"] for one in counts.values())
    left = {
        cell.label: 100 * counts[cell.key]["left_treatment"] / counts[cell.key]["n"]
        for cell in run.cells
        if cell.key in counts
    }
    items = [f"Left the treatment early: {_shares(left)}."]
    events = {
        cell.label: row["percent"]
        for cell in run.cells
        if (row := run.row("ae_rates_by_arm", cell, term=ANY_EVENT)) and row["percent"] is not None
    }
    if events and run.has_events:
        items.append(f"Any adverse event: {_shares(events)}.")
    solved = "All patients' equations were solved to the end."
    if failed:
        solved = (
            f"The equations of {count(failed)} of {count(n)} patients could not be solved to the "
            "end; they stay in the tables with their code."
        )
    items.append(solved)
    if run.n_missing:
        items.append(
            f"{count(run.n_missing)} patients are missing from every number here: their units "
            "failed at every attempt."
        )
    warnings = len(run.provenance.get("warnings") or ())
    if warnings:
        items.append(f"{warnings} warning{'s' * (warnings > 1)} of the protocol: see Conduct.")
    return Bullets(tuple(items))


def _shares(percents: Mapping[str, float]) -> str:
    """Return shares by arm; of many arms the least and the most."""
    if len(percents) <= _MOST_NAMED:
        return ", ".join(f"{name} {number(one, 0)} %" for name, one in percents.items())
    ends = [pick(percents, key=lambda name: percents[name]) for pick in (min, max)]
    return " to ".join(f"{number(percents[name], 0)} % ({name})" for name in ends)


def arms_table(run: RunData) -> Grid:
    """Return what each arm takes.

    Examples
    --------
    >>> arms_table.__name__  # run by tests/pipelines/report: it needs a run
    'arms_table'
    """
    return Grid(
        key="arms",
        caption="Arms and treatments",
        head=("Arm", "Treatment", "Patients"),
        rows=tuple(
            Row(plain(arm["name"]), (treatment(arm), count(arm["patients"])))
            for arm in run.protocol["arms"]
        ),
        is_text=True,
    )
