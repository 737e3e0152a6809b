"""The last chapters: how it was computed, from which numbers, what went wrong, what it is not."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pipelines.report.counts import disposition, failures
from pipelines.report.document import (
    Block,
    Bullets,
    Details,
    Facts,
    Grid,
    Heading,
    Paragraph,
    Row,
    Section,
)
from pipelines.report.model_numbers import MARKS, mark_counts, sources
from pipelines.report.run_data import RunData
from pipelines.report.words import MISSING, count, plain, share

__all__ = ["conduct", "methods"]

_N_SOURCES: Final = 200
_N_SHOWN: Final = 20

_LIMITS: Final = (
    "Every patient here is simulated. Nobody was treated, and nothing here is medical advice.",
    "A contrast of simulated arms is a statement about the model. It is as good as the model's "
    "numbers, of which the table of marks says how many were assumed.",
    "Intervals here hold sampling error: how much another sample of the same size would differ. "
    "They hold neither the error of the model's numbers nor the spread between real trials; "
    "'cohort run --uncertainty' adds both.",
    "Effects, placebo improvement and rates of adverse events were fitted to published "
    "trials; agreement with those trials is no test. What was judged on trials that were left out "
    "is written by 'cohort validate'.",
    "Rare adverse events, interactions that the model does not hold, and patients unlike those of "
    "published trials are outside of what it can say.",
)
_LIMITS_OF_A_FILE: Final = (
    _LIMITS[0],
    "A contrast of simulated arms is a statement about the model in the file and the spread that "
    "the protocol gives its parameters. Nobody leaves, and there are no adverse events, ratings or "
    "placebo response beside it.",
    "Intervals here hold sampling error: how much another sample of the same size would differ. "
    "They do not hold the error of the model's numbers.",
)


_SAME: Final = (
    "The same seed gives the same patients in every arm and the same tables, byte for byte."
)
_OF_OUR_PATIENT: Final = (
    "Each patient is a system of ordinary differential equations of neurotransmitters, their "
    "precursors and the drugs, with a body, genes and luck of its own, integrated from the run-in "
    "to the last visit. Its state drives the severity that is rated at visits, the hazards of "
    f"adverse events and the decision to stay. {_SAME}"
)
_OF_A_FILE: Final = (
    "Each patient is the system of ordinary differential equations of the file, with a body and "
    "parameters of its own as the protocol spreads them, integrated from the start of the file's "
    f"time to the end of the trial; doses go where the protocol says. {_SAME}"
)


def methods(run: RunData) -> Section:
    """Return the chapter on methods and their sources.

    Parameters
    ----------
    run
        A run.

    Examples
    --------
    >>> methods.__name__  # run by tests/pipelines/report: it needs a run
    'methods'
    """
    blocks: list[Block] = [
        Paragraph(_OF_A_FILE if run.model_file else _OF_OUR_PATIENT),
        _solver(run),
        Paragraph(
            "Means are of patients with a value, their intervals by Student's t. Contrasts of the "
            "protocol's analysis are those of the table under Efficacy; other contrasts are not "
            "adjusted. Shares have Wilson's intervals, differences of shares Newcombe's. Time to "
            "event is by Kaplan and Meier with Greenwood's variance on the log(-log) scale."
        ),
        *_marks(run),
    ]
    return Section(key="methods", title="Methods and sources", blocks=tuple(blocks))


def _solver(run: RunData) -> Facts:
    provenance = run.provenance
    kernel = provenance.get("kernel") or {}
    solver = kernel.get("solver") or {}
    population = run.protocol.get("population") or {}
    entry = population.get("entry") or {}
    criteria = [plain(one) for one in population.get("eligibility") or ()]
    if entry:
        criteria.insert(0, f"{plain(entry.get('scale'))} of at least {entry.get('at_least'):g}")
    ages = [plain(population.get(name) or "") for name in ("age_min", "age_max")]
    systems = ", ".join(map(plain, run.protocol.get("systems") or ())) or "those of the condition"
    limits = f"age {ages[0]} to {ages[1]}" if all(ages) else ""
    pairs = [
        ("Who is let in", "; ".join(filter(None, [limits, *criteria]))),
        ("Systems", "" if run.model_file else systems),
        ("Visits", ", ".join(plain(one["name"]) for one in run.protocol["visits"])),
        ("Events asked for", plain(run.protocol.get("ascertainment", "")) * run.has_events),
        ("Solver", _solver_text(solver)),
        ("Precision", plain(provenance.get("precision", ""))),
        ("Device", _device(provenance, kernel)),
    ]  # fmt: skip
    return Facts(tuple((name, value) for name, value in pairs if value))


def _solver_text(solver: Mapping[str, Any]) -> str:
    if not solver:
        return ""
    return (
        f"{plain(solver.get('method', '')).upper()}, each patient its own steps; relative "
        f"tolerance {solver.get('rtol')}, absolute {solver.get('atol')}"
    )


def _device(provenance: Mapping[str, Any], kernel: Mapping[str, Any]) -> str:
    parts = [provenance.get("device"), kernel.get("instruction_set"), kernel.get("compiler")]
    return ", ".join(plain(one) for one in parts if one)


def _marks(run: RunData) -> Iterator[Block]:
    counts = mark_counts(run.numbers)
    total = sum(counts.values())
    yield Heading("Where the numbers of the model come from")
    if run.model_file:
        yield Paragraph(
            f"Equations and numbers are those of {plain(run.model_file)}, whose author vouches for "
            "them, as the protocol changed them; 'parameters.txt' of the run lists all, and which "
            "of them differ between patients.",
            "note",
        )
        return
    if not total:
        yield Paragraph("The run has no list of its numbers (parameters.txt).", "note")
        return
    yield Paragraph(
        f"{share(counts['assumed'], total)} of the {count(total)} numbers of the equations are "
        f"assumed, {share(counts['design'], total)} are choices of design; "
        f"{share(counts['read'] + counts['computed'], total)} were read or computed from what was "
        "read."
    )
    yield Grid(
        key="marks",
        caption="Numbers of the equations by mark",
        head=("Mark", "Numbers", "Meaning"),
        rows=tuple(Row(mark, (share(counts[mark], total), meaning))
                   for mark, meaning in MARKS.items()),
        note="Numbers of hazards, rating scales and conditions carry marks as well; 'cohort events "
        "show', 'cohort conditions show' and 'cohort drugs show' print them.",
        is_text=True,
    )  # fmt: skip
    for mark in MARKS:
        found = sources(run.numbers, mark)
        if found:
            items = tuple(
                f"{plain(source)} ({n} number{'s' * (n > 1)})" for source, n in found[:_N_SOURCES]
            )
            yield Details(f"Sources of numbers marked '{mark}' ({len(found)})", (Bullets(items),))


def conduct(run: RunData) -> Section:
    """Return the chapter on what went wrong in the run, and on what a reader must not conclude.

    Parameters
    ----------
    run
        A run.

    Examples
    --------
    >>> conduct.__name__  # run by tests/pipelines/report: it needs a run
    'conduct'
    """
    blocks: list[Block] = [*_warnings(run), *_failures(run), *_set_aside(run)]
    blocks += [Heading("Versions"), _versions(run), Heading("Limits")]
    blocks.append(Bullets(_LIMITS_OF_A_FILE if run.model_file else _LIMITS))
    return Section(key="conduct", title="Conduct and limits", blocks=tuple(blocks))


def _warnings(run: RunData) -> Iterator[Block]:
    warnings = [plain(one) for one in run.provenance.get("warnings") or ()]
    if not warnings:
        yield Paragraph("The protocol was run without a warning.")
        return
    yield Paragraph(f"The protocol was run with {len(warnings)} warnings:", "warning")
    yield Bullets(tuple(warnings[:_N_SHOWN]))


def _failures(run: RunData) -> Iterator[Block]:
    counts = disposition(run)
    failed = sum(one["failed"] for one in counts.values())
    if not failed:
        yield Paragraph("Solver failures: none.")
        return
    total = sum(one["n"] for one in counts.values())
    yield Paragraph(
        f"Solver failures: {share(failed, total, 2)} patients. They stay in the tables with their "
        "code, are missing from means after the failure, and are censored in time to event.",
        "warning",
    )
    why = failures(run)
    reasons = sorted({reason for one in why.values() for reason in one})
    rows = []
    for cell in run.cells:
        if cell.key in counts:
            one = counts[cell.key]
            texts = [count(why.get(cell.key, {}).get(reason, 0)) for reason in reasons]
            rows.append(Row(cell.label, (share(one["failed"], one["n"], 2), *texts)))
    yield Grid(
        key="failures",
        caption="Patients whose equations could not be solved to the end",
        head=("Arm", "All", *reasons),
        rows=tuple(rows),
    )


def _set_aside(run: RunData) -> Iterator[Block]:
    if not run.set_aside and not run.n_missing:
        yield Paragraph("Units set aside: none; no patient is missing.")
        return
    yield Paragraph(
        f"{count(run.n_missing)} patients of {len(run.set_aside)} units are missing from every "
        "table: the units failed at every attempt. Numbers here are of the others.",
        "warning",
    )
    rows = []
    for unit in run.set_aside[:_N_SHOWN]:
        attempts = unit.get("attempts") or [{}]
        last = attempts[-1]
        why = f"{plain(last.get('kind', ''))}: {plain(last.get('message', ''))}"[:200]
        rows.append(
            Row(plain(unit.get("arm", "")), (count(unit.get("n_patients")),
                                            count(len(attempts)), why))
        )  # fmt: skip
    if rows:
        yield Grid(
            key="set-aside",
            caption="Units that were set aside",
            head=("Arm", "Patients", "Attempts", "Last failure"),
            rows=tuple(rows),
            is_text=True,
        )


def _versions(run: RunData) -> Facts:
    provenance = run.provenance
    versions = provenance.get("versions") or {}
    last = (provenance.get("runs") or [{}])[-1]
    pairs = [
        ("Run", f"{plain(last.get('outcome', MISSING))}, {plain(last.get('ended', ''))}"),
        ("Processor", plain(last.get("processor", ""))),
        ("Platform", plain(last.get("platform", ""))),
        ("Workers", count(last.get("workers"))),
        ("Simulator", plain(provenance.get("simulator", ""))),
        ("Commit", plain(provenance.get("commit") or "")),
        ("Protocol, SHA-256", plain(provenance.get("protocol_sha256", ""))),
        ("Libraries", ", ".join(f"{plain(name)} {plain(one)}" for name, one in versions.items())),
    ]
    return Facts(tuple((name, value) for name, value in pairs if value))
