"""Tables -> what people read on the terminal, and the same as one JSON object."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from cohort.trial import rated_endpoints
from pipelines.parameters import trial_codes
from pipelines.periods import scan_subjects
from pipelines.summaries import ANY_EVENT

if TYPE_CHECKING:
    from cohort.trial import Protocol
    from pipelines.run_folder import RunFolder
    from pipelines.tables import TableFile

__all__ = ["NOTICE", "render", "summarise"]

NOTICE = "Simulated patients. A research tool, not medical advice."
"""Stands under every summary."""

N_EVENTS = 8
"""Adverse events shown, by falling frequency over all arms."""
N_COLUMNS = 6
"""Most columns side by side; a trial with more cells gets one block of lines a variant."""

_DASH = "-"


def summarise(
    folder: "RunFolder", protocol: "Protocol", tables: Iterable["TableFile"]
) -> dict[str, Any]:
    """Return the summary of a finished run as plain values.

    Parameters
    ----------
    folder
        A run folder with tables.
    protocol
        The trial.
    tables
        Its tables.

    Returns
    -------
    Title, endpoint, arms in the order of the protocol (once a variant, if it has variants), and
    where the tables are.

    Examples
    --------
    >>> summarise.__name__  # run by tests/pipelines/test_run_trial.py: it reads files
    'summarise'
    """
    endpoint, visit = protocol.primary_endpoint, protocol.visits[-1].name
    names = [variant.name for variant in protocol.variants]
    subjects = _subject_counts(folder)
    code = trial_codes(protocol).get(endpoint, endpoint)
    outcomes = _by_cell(folder, "outcomes_by_arm", endpoint=code, visit=visit)
    contrasts = _by_cell(folder, "contrasts", endpoint=code, visit=visit)
    events = _by_cell(folder, "ae_rates_by_arm")
    biomarkers = _by_cell(folder, "biomarkers_by_arm", visit=visit)
    arms = []
    for arm in protocol.arms:
        for variant in names or [""]:
            cell = (arm.name, variant)
            compared = {row.get("comparison", "control"): row for row in contrasts.get(cell, [])}
            arms.append(
                {
                    "arm": arm.name,
                    **({"variant": variant} if names else {}),
                    "is_control": arm.control,
                    **subjects[cell],
                    "outcome": outcomes.get(cell, [None])[0],
                    "contrast": compared.get("control"),
                    **({"contrast_of_variants": compared.get("first variant")} if names else {}),
                    "adverse_events": events.get(cell, []),
                    "biomarkers": biomarkers.get(cell, []),
                }
            )
    return {
        "trial": protocol.name,
        "title": protocol.title,
        "design": protocol.design,
        "primary_endpoint": endpoint,
        "is_rated": endpoint in rated_endpoints(protocol),
        "has_events": bool(protocol.adverse_events),
        "visit": visit,
        **({"variants": names} if names else {}),
        "n_patients": sum(arm["n"] for arm in arms),
        "n_failed": sum(arm["n_failed"] for arm in arms),
        "arms": arms,
        "folder": str(folder.root),
        "tables": {
            table.name: {
                "path": str(folder.tables / f"{table.name}.parquet"),
                "rows": table.rows,
                "sha256": table.sha256,
            }
            for table in tables
        },
        "notice": NOTICE,
    }


def _subject_counts(folder: "RunFolder") -> dict[tuple[str, str], dict[str, Any]]:
    subjects = scan_subjects(folder.tables, "adsl")
    if "VARIANT" not in subjects.collect_schema():
        subjects = subjects.with_columns(pl.lit("").alias("VARIANT"))
    counts = (
        subjects.group_by("TRT01P", "VARIANT")
        .agg(
            pl.len().alias("n"),
            (pl.col("COMPLFL") == "Y").sum().alias("n_completed"),
            (pl.col("DCSREAS") == "ADVERSE EVENT").sum().alias("n_left_adverse_event"),
            (pl.col("RESCODE") != 0).sum().alias("n_failed"),
        )
        .collect(engine="streaming")
    )
    found = {}
    for row in counts.to_dicts():
        cell = row.pop("TRT01P"), row.pop("VARIANT")
        row["n_dropped_out"] = row["n"] - row["n_completed"] - row["n_failed"]
        found[cell] = row
    return found


def _by_cell(
    folder: "RunFolder", table: str, **wanted: str
) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """Return rows by arm and variant; the variant is empty in a trial without variants."""
    frame = pl.read_parquet(folder.tables / f"{table}.parquet")
    for column, value in wanted.items():
        frame = frame.filter(pl.col(column) == value)
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in frame.to_dicts():
        found.setdefault((row["arm"], row.get("variant", "")), []).append(row)
    return found


def render(summary: dict[str, Any]) -> str:
    """Return the summary as text.

    Parameters
    ----------
    summary
        From `summarise`.

    Examples
    --------
    >>> render.__name__  # run by tests/pipelines/test_run_trial.py: it needs a summary
    'render'
    """
    variants = summary.get("variants", [])
    crossed = f" in {len(variants)} variants" if variants else ""
    blocks = [
        f"{summary['title']}\n({summary['trial']}, {summary['design']} design, "
        f"{summary['n_patients']:,} patients{crossed})"
    ]
    if len(summary["arms"]) <= N_COLUMNS or not variants:
        blocks += _grids(_parts(summary, summary["arms"]))
    else:
        for variant in variants:
            arms = [arm for arm in summary["arms"] if arm["variant"] == variant]
            blocks += [f"Variant: {variant}", *_grids(_parts(summary, arms, is_named=False))]
    if summary["n_failed"]:
        blocks.append(
            f"{summary['n_failed']} of {summary['n_patients']:,} patients could not be solved to "
            "the end; they are kept in the tables with their code (adsl: RESCODE, RESTXT)."
        )
    if summary.get("n_missing"):
        blocks.append(
            f"{summary['n_missing']:,} patients are missing from every table: their units failed "
            f"at every attempt, see {summary['folder']}/failures.json."
        )
    blocks.append(
        f"Tables: {summary['folder']}/tables (Parquet; for CSV: "
        f"cohort export {summary['folder']} --to csv)\n{NOTICE}"
    )
    return "\n\n".join(blocks)


def _parts(
    summary: dict[str, Any], arms: Sequence[dict[str, Any]], *, is_named: bool = True
) -> list[list[list[str]]]:
    """Return the lines of each part, one column a cell; ``is_named`` puts variants in the head."""
    none = ["" for _ in arms]
    names = [
        f"{arm['arm']} / {arm['variant']}" if is_named and "variant" in arm else arm["arm"]
        for arm in arms
    ]
    first = summary.get("variants", [""])[0]
    events = [["Adverse events, % of treated", *none], *_event_rows(arms)]
    return [
        [["", *names], *_patient_rows(arms)],
        [
            [f"{summary['primary_endpoint']} at {summary['visit']}", *none],
            *_outcome_rows(arms, first, is_rated=summary["is_rated"]),
        ],
        *([events] if summary["has_events"] else []),
        [[f"Biomarkers at {summary['visit']}, mean", *none], *_biomarker_rows(arms)],
    ]


def _patient_rows(arms: Sequence[dict[str, Any]]) -> list[list[str]]:
    rows = [["Patients", *(f"{arm['n']:,}" for arm in arms)]]
    rows.append(["Completed", *(_share(arm["n_completed"], arm["n"]) for arm in arms)])
    rows.append(["Dropped out", *(_share(arm["n_dropped_out"], arm["n"]) for arm in arms)])
    rows.append(
        ["  adverse event", *(_share(arm["n_left_adverse_event"], arm["n"]) for arm in arms)]
    )
    rows.append(["Solver failures", *(f"{arm['n_failed']}" for arm in arms)])
    return rows


def _outcome_rows(
    arms: Sequence[dict[str, Any]], first_variant: str, *, is_rated: bool
) -> list[list[str]]:
    """Return the lines of the primary endpoint; a biomarker can be of any size."""
    number = _number if is_rated else _significant
    rows: list[list[str]] = [["Mean change (SD)"], ["Difference vs control"], ["  95 % CI"]]
    shares = [["Response"], ["Remission"]]
    variants: list[list[str]] = [[f"Difference vs {first_variant}"], ["  95 % CI, paired"]]
    for arm in arms:
        outcome, contrast = arm["outcome"] or {}, arm["contrast"] or {}
        n = outcome.get("n_randomised")
        cells = [
            f"{number(outcome.get('change_mean'))} ({number(outcome.get('change_sd'))})",
            "control" if arm["is_control"] else number(contrast.get("difference")),
            _interval(number, contrast.get("difference_low"), contrast.get("difference_high")),
            _share(outcome.get("n_responders"), n),
            _share(outcome.get("n_remitters"), n),
        ]
        other = arm.get("contrast_of_variants") or {}
        cells_of_variants = [
            number(other.get("difference")) if other else "first",
            _interval(number, other.get("difference_low"), other.get("difference_high")),
        ]
        for row, cell in zip(
            [*rows, *shares, *variants], [*cells, *cells_of_variants], strict=True
        ):
            row.append(cell)
    is_crossed = any(arm.get("contrast_of_variants") for arm in arms)
    return [*rows, *(variants if is_crossed else []), *(shares if is_rated else [])]


def _event_rows(arms: Sequence[dict[str, Any]]) -> list[list[str]]:
    counts: dict[str, int] = {}
    for arm in arms:
        for event in arm["adverse_events"]:
            counts[event["term"]] = counts.get(event["term"], 0) + event["n_with_event"]
    specific = sorted(
        (term for term in counts if term != ANY_EVENT), key=lambda term: (-counts[term], term)
    )
    rows = []
    for term in (ANY_EVENT, *specific[:N_EVENTS]):
        percents = [
            next((one["percent"] for one in arm["adverse_events"] if one["term"] == term), None)
            for arm in arms
        ]
        rows.append([term, *(_number(percent) for percent in percents)])
    return rows


def _biomarker_rows(arms: Sequence[dict[str, Any]]) -> list[list[str]]:
    names = dict.fromkeys(
        (one["biomarker"], one["unit"]) for arm in arms for one in arm["biomarkers"]
    )
    rows = []
    for name, unit in names:
        means = [
            next((one["mean"] for one in arm["biomarkers"] if one["biomarker"] == name), None)
            for arm in arms
        ]
        label = name if unit == "1" else f"{name} [{unit}]"
        rows.append([label, *(_significant(mean) for mean in means)])
    return rows


def _grids(parts: Sequence[Sequence[Sequence[str]]]) -> list[str]:
    """Return blocks of lines whose columns stand under one another, across all blocks."""
    lines = [line for part in parts for line in part]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]

    def text(line: Sequence[str]) -> str:
        cells = [cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True)]
        return "  ".join([line[0].ljust(widths[0]), *cells]).rstrip()

    return ["\n".join(text(line) for line in part) for part in parts]


def _number(value: float | None) -> str:
    return _DASH if value is None else f"{value:.1f}"


def _significant(value: float | None) -> str:
    return _DASH if value is None else f"{value:.3g}"


def _interval(number: Callable[[float | None], str], low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"{number(low)} to {number(high)}"


def _share(count: int | None, n: int | None) -> str:
    return _DASH if count is None or not n else f"{count:,} ({100 * count / n:.0f} %)"
