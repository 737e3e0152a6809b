"""The report of `cohort validate`: coverage, scores, misses, and every value in a table."""

import json
from collections.abc import Mapping
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from pipelines.trial_scores import cluster_bootstrap, coverage
from pipelines.trial_validation_judge import ABSOLUTE, CONTRAST
from pipelines.trial_validation_nulls import NULLS
from pipelines.trial_validation_picture import draw_validation

if TYPE_CHECKING:
    from pipelines.trial_validation import ValidationResult

__all__ = ["summary_numbers", "validation_text", "verdict_text", "write_validation"]

Numbers = dict[str, object]

_WANTED: Final = {"95": (0.88, 0.99), "50": (0.35, 0.65)}
_WAY_TITLES: Final = {"trial": "Leave one trial out", "drug": "Leave one drug out"}
_N_CLASS: Final = 10
_PARTS: Final = ("sampling", "between_trials", "drug", "parameter")


def write_validation(result: "ValidationResult", folder: Path) -> list[Path]:
    """Write table, numbers, report and picture into a folder.

    Parameters
    ----------
    result
        What was judged.
    folder
        Made if it is not there.

    Returns
    -------
    Paths that were written.

    Examples
    --------
    >>> write_validation.__name__  # run by tests/pipelines/test_trial_validation.py
    'write_validation'
    """
    folder.mkdir(parents=True, exist_ok=True)
    table = result.table
    numbers = summary_numbers(result)
    table.write_parquet(folder / "validation.parquet")
    (folder / "validation.json").write_text(json.dumps(numbers, indent=1) + "\n", encoding="utf-8")
    (folder / "VALIDATION.md").write_text(validation_text(result, numbers), encoding="utf-8")
    written = [folder / name for name in ("validation.parquet", "validation.json", "VALIDATION.md")]
    return [*written, *draw_validation(table, folder)]


def summary_numbers(result: "ValidationResult") -> Numbers:
    """Return the scores of a validation, by way of leaving out.

    Parameters
    ----------
    result
        What was judged.

    Returns
    -------
    Numbers that can be written as JSON.

    Examples
    --------
    >>> from pipelines.trial_validation import Request, ValidationResult
    >>> summary_numbers(ValidationResult(request=Request(), trials=[], seconds=0.0))["ways"]
    {}
    """
    ways: Numbers = {}
    for way in result.request.ways if result.trials else ():
        rows = result.table.filter(pl.col("left_out_is") == way)
        judged = rows.filter(pl.col("left_out") == "")
        primary = judged.filter(pl.col("is_primary"))
        unseen = judged.filter(pl.col("seen") == "")
        ways[way] = {
            "coverage": {
                kind: _coverages(primary.filter(pl.col("kind") == kind), result.seed)
                for kind in (ABSOLUTE, CONTRAST)
            },
            "by_outcome": _groups(primary, ("kind", "outcome"), result.seed),
            "by_condition": _groups(primary, ("kind", "condition"), result.seed),
            "secondary": _groups(unseen, ("kind",), result.seed),
            "crps": _skill(primary, result.seed),
            "joint": _joint(result, way),
            "variance_shares": _shares(primary),
            "misses": [
                f"{row['trial']}, {_cell(row)}: {row['kind']} {row['outcome']}"
                for row in primary.filter(~pl.col("inside_95")).iter_rows(named=True)
            ],
        }
    return {
        "replicates": result.request.replicates,
        "patients_in_pool": result.request.patients,
        "seed": result.seed,
        "trials": [trial.trial for trial in result.trials],
        "seconds": round(result.seconds, 1),
        "seconds_by_trial": {t.trial: [round(s, 1) for s in t.seconds] for t in result.trials},
        "ways": ways,
    }


def _coverages(rows: pl.DataFrame, seed: int) -> Numbers:
    found: Numbers = {"n": rows.height}
    clusters = rows["trial"].to_numpy()
    for level, (low, high) in _WANTED.items():
        inside = rows[f"inside_{level}"].to_numpy()
        own = coverage(inside)
        by_trial = cluster_bootstrap(inside.astype(np.float64), clusters, seed)
        found[level] = {
            "inside": own.inside,
            "share": own.share,
            "binomial": [own.low, own.high],
            "trials_bootstrap": list(by_trial),
            "is_met": bool(low <= own.share <= high) if own.n else None,
        }
    edges = np.linspace(0.0, 1.0, _N_CLASS + 1)
    found["pit"] = np.histogram(rows["pit"].to_numpy(), edges)[0].tolist()
    return found


def _groups(rows: pl.DataFrame, keys: tuple[str, ...], seed: int) -> list[Numbers]:
    return [
        {**dict(zip(keys, names, strict=True)), **_coverages(part, seed)}
        for names, part in rows.sort(*keys).group_by(keys, maintain_order=True)
    ]


def _skill(rows: pl.DataFrame, seed: int) -> Numbers:
    scores = rows.filter((pl.col("kind") == CONTRAST) & (pl.col("outcome") == "score"))
    found: Numbers = {"n": scores.height, "model": _mean(scores["crps"])}
    for name in NULLS:
        column = f"crps_{name.replace(' ', '_')}"
        known = scores.filter(pl.col(column).is_not_null())
        gain = (known[column] - known["crps"]).to_numpy()
        low, high = cluster_bootstrap(gain, known["trial"].to_numpy(), seed)
        found[name] = {
            "n": known.height,
            "model": _mean(known["crps"]),
            "null": _mean(known[column]),
            "gain": float(gain.mean()) if len(gain) else None,
            "trials_bootstrap": [low, high],
            "is_met": bool(gain.mean() > 0.0) if len(gain) else None,
        }
    return found


def _mean(column: pl.Series) -> float | None:
    return None if column.is_empty() else float(column.to_numpy().mean())


def _joint(result: "ValidationResult", way: str) -> list[Numbers]:
    return [
        {
            "trial": trial.trial,
            "contrasts": trial.joint[way].n,
            "distance": trial.joint[way].distance,
            "p": trial.joint[way].p,
        }
        for trial in result.trials
        if way in trial.joint
    ]


def _shares(rows: pl.DataFrame) -> list[Numbers]:
    found = []
    for (kind, outcome), part in rows.sort("kind", "outcome").group_by(
        ("kind", "outcome"), maintain_order=True
    ):
        columns = [part[f"variance_{name}"].to_numpy() for name in _PARTS]
        total = np.sum(columns, axis=0)
        means = [float(np.mean(column / total)) for column in columns]
        found.append({"kind": kind, "outcome": outcome} | dict(zip(_PARTS, means, strict=True)))
    return found


def validation_text(result: "ValidationResult", numbers: Mapping[str, object]) -> str:
    """Return the report as Markdown.

    Parameters
    ----------
    result
        What was judged.
    numbers
        Of `summary_numbers`.

    Returns
    -------
    Text.

    Examples
    --------
    >>> from pipelines.trial_validation import Request, ValidationResult
    >>> nothing = ValidationResult(request=Request(), trials=[], seconds=0.0)
    >>> validation_text(nothing, summary_numbers(nothing)).splitlines()[0]
    '# Simulated trials beside published ones'
    """
    lines = [
        "# Simulated trials beside published ones",
        "",
        "Written by `cohort validate`; not edited by hand. What is judged and how was fixed "
        "before, in [PLAN.md](PLAN.md). A research tool, not medical advice.",
        "",
        f"{len(result.trials)} trials, {result.request.replicates} replicates of each at its own "
        f"size from {result.request.patients} bodies, seed {result.seed}, "
        f"{result.seconds / 60:.0f} minutes.",
        "",
    ]
    for name, reason in result.failed.items():
        lines += [f"**Not simulated: {name}.** {reason}", ""]
    ways = numbers["ways"]
    assert isinstance(ways, dict)
    lines += _verdict(ways)
    for way, found in ways.items():
        lines += _way_text(way, found)
    for way in ways:
        rows = result.table.filter(pl.col("left_out_is") == way)
        lines += [f"## Every value: {_WAY_TITLES[way].lower()}", ""]
        lines += _value_tables(rows)
        break  # the other way is in validation.parquet: absolute values hardly differ
    if len(ways) > 1:
        lines += ["The other way of leaving out is in `validation.parquet`.", ""]
    return "\n".join(lines)


def verdict_text(numbers: Mapping[str, object]) -> str:
    """Return what the plan asked for and what came, for the terminal.

    Parameters
    ----------
    numbers
        Of `summary_numbers`.

    Returns
    -------
    One line a demand.

    Examples
    --------
    >>> verdict_text({"ways": {}})
    ''
    """
    ways = numbers["ways"]
    assert isinstance(ways, dict)
    if not ways:
        return ""
    rows = [line.strip("| ").split(" | ") for line in _verdict(ways) if line.startswith("| ")]
    lines = []
    for what, *cells in rows[2:]:
        lines.append(what)
        for way, cell in zip(ways, cells, strict=True):
            lines.append(f"    {_WAY_TITLES[way].lower()}: {cell.replace('**', '')}")
    return "\n".join(lines)


def _verdict(ways: Mapping[str, Any]) -> list[str]:
    lines = [
        "## What the plan asked for",
        "",
        "| | " + " | ".join(_WAY_TITLES[w] for w in ways) + " |",
    ]
    lines.append("| --- |" + " --- |" * len(ways))
    for kind, title in ((ABSOLUTE, "absolute values"), (CONTRAST, "contrasts")):
        for level, (low, high) in _WANTED.items():
            cells = []
            for found in ways.values():
                one = found["coverage"][kind][level]
                n = found["coverage"][kind]["n"]
                cells.append(_met(one["is_met"], f"{_percent(one['share'])} of {n}"))
            wanted = f"{level} % intervals cover {100 * low:.0f}-{100 * high:.0f} % of {title}"
            lines.append(f"| {wanted} | " + " | ".join(cells) + " |")
    for name in NULLS:
        cells = []
        for found in ways.values():
            one = found["crps"][name]
            shown = (
                "none" if one["null"] is None else f"{one['model']:.4f} against {one['null']:.4f}"
            )
            cells.append(_met(one["is_met"], f"{shown} (n {one['n']})"))
        lines.append(
            f"| CRPS of contrasts of scores below '{name}' [SD] | " + " | ".join(cells) + " |"
        )
    return [*lines, ""]


def _met(is_met: object, text: str) -> str:
    word = {True: "met", False: "**missed**", None: "not judged"}[is_met]  # type: ignore[index]
    return f"{word}: {text}"


def _percent(share: object) -> str:
    return f"{100 * share:.0f} %" if isinstance(share, float) and not isnan(share) else "-"


def _way_text(way: str, found: dict[str, object]) -> list[str]:
    lines = [f"## {_WAY_TITLES[way]}", "", *_coverage_table(found)]
    skill = found["crps"]
    assert isinstance(skill, dict)
    lines += [
        "",
        "CRPS of contrasts of scores [SD], lower is better; 95 % interval of the gain by "
        "resampling trials:",
        "",
        "| null model | n | simulation | null | gain |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name in NULLS:
        one = skill[name]
        if one["null"] is None:
            continue
        low, high = one["trials_bootstrap"]
        lines.append(
            f"| {name} | {one['n']} | {one['model']:.4f} | {one['null']:.4f} | {one['gain']:+.4f} "
            f"({low:+.4f} to {high:+.4f}) |"
        )
    lines += ["", "Contrasts of scores of a trial together (the control arm is shared):", ""]
    lines += ["| trial | contrasts | squared distance | p |", "| --- | --- | --- | --- |"]
    joint = found["joint"]
    assert isinstance(joint, list)
    for one in joint:
        lines.append(
            f"| {one['trial']} | {one['contrasts']} | {one['distance']:.1f} | {one['p']:.3f} |"
        )
    lines += ["", "Where the variance of predictions comes from, mean share [%]:", ""]
    lines += [
        "| | sampling | between trials | between drugs | parameters |",
        "| --- | --- | --- | --- | --- |",
    ]
    shares = found["variance_shares"]
    assert isinstance(shares, list)
    for one in shares:
        cells = [f"{100 * one[part]:.0f}" for part in _PARTS]
        lines.append(f"| {one['kind']}: {one['outcome']} | " + " | ".join(cells) + " |")
    misses = found["misses"]
    assert isinstance(misses, list)
    lines += ["", f"Outside their 95 % interval ({len(misses)}):", ""]
    return [*lines, *(f"- {miss}" for miss in misses), ""]


def _coverage_table(found: dict[str, object]) -> list[str]:
    lines = [
        "| values | n | in 50 % | in 95 % | binomial 95 % interval | by resampling trials | "
        "PIT, ten classes |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    overall = found["coverage"]
    assert isinstance(overall, dict)
    groups = [(f"**{kind}**", one) for kind, one in overall.items()]
    for key in ("by_outcome", "by_condition"):
        listed = found[key]
        assert isinstance(listed, list)
        groups += [
            (f"{one['kind']}: {one.get('outcome', one.get('condition'))}", one) for one in listed
        ]
    secondary = found["secondary"]
    assert isinstance(secondary, list)
    groups += [(f"{one['kind']}, recalled and all visits too", one) for one in secondary]
    for title, one in groups:
        wide, narrow = one["95"], one["50"]
        low, high = wide["binomial"]
        first, last = wide["trials_bootstrap"]
        lines.append(
            f"| {title} | {one['n']} | {_percent(narrow['share'])} | {_percent(wide['share'])} | "
            f"{_percent(low)} to {_percent(high)} | {_percent(first)} to {_percent(last)} | "
            f"{' '.join(map(str, one['pit']))} |"
        )
    return lines


def _value_tables(rows: pl.DataFrame) -> list[str]:
    lines: list[str] = []
    for (trial,), part in rows.group_by(("trial",), maintain_order=True):
        lines += [
            f"### {trial}",
            "",
            "| | arm | week | published | simulated | 50 % | 95 % | |",
            "| --- | --- | --- | --- | --- | --- | --- | --- |",
        ]
        for row in part.sort("kind", "outcome", "week", maintain_order=True).iter_rows(named=True):
            lines.append(_value_row(row))
        lines.append("")
    return lines


def _value_row(row: Mapping[str, object]) -> str:
    is_share = row["unit"] == "1"

    def shown(value: object) -> str:
        assert isinstance(value, float)
        return f"{100 * value:.1f}" if is_share else f"{value:.2f}"

    remarks = [
        "" if row["inside_95"] else "outside",
        "recalled" if row["mark"] == "assumed" else "",
        "seen" if row["seen"] else "",
        str(row["left_out"]),
    ]
    unit = "%" if is_share else row["unit"]
    what = f"{row['kind']}: {row['outcome']} [{unit}]"
    return (
        f"| {what} | {_cell(row)} | {row['week']:g} | {shown(row['published'])} | "
        f"{shown(row['mean'])} | {shown(row['low_50'])} to {shown(row['high_50'])} | "
        f"{shown(row['low_95'])} to {shown(row['high_95'])} | "
        f"{', '.join(remark for remark in remarks if remark)} |"
    )


def _cell(row: Mapping[str, object]) -> str:
    variant = f", {row['variant']}" if row["variant"] else ""
    pool = f" ({row['pool']})" if row["pool"] else ""
    return f"{row['arm']}{variant}{pool}"
