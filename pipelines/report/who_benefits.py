"""Effects in subgroups as forests: of pairs where the same patients are in both arms, else of arms.

Individual effects are in the table `effects_by_subgroup`; contrasts within subgroups of parallel
arms are in `results`, where a run has it.
"""

from collections.abc import Iterator, Mapping
from statistics import NormalDist
from typing import Any, Final

import polars as pl

from pipelines.report.document import Block, Heading, Paragraph, Picture
from pipelines.report.draw_efficacy import ForestLine, draw_forest
from pipelines.report.participants import cell_looks
from pipelines.report.run_data import Cell, RunData
from pipelines.report.style import Look
from pipelines.report.words import count, number, plain
from pipelines.subgroups import EVERYONE

__all__ = ["who_benefits"]

_COVARIATES: Final = {
    "SEX": "Sex",
    "RACE": "Ancestry",
    "SMOKER": "Smoker",
    "CYP2C19": "CYP2C19",
    "CYP2D6": "CYP2D6",
    "SLC6A4": "SLC6A4 promoter",
    "COMT": "COMT",
    "MAOA": "MAOA",
    "AGE": "Age [y]",
    "AGEGR1": "Age [y]",
    "BMIBL": "Body mass index",
    "BMIGR1": "Body mass index",
    "CRCL": "Creatinine clearance",
    "BASE": "Score at baseline",
    "BASEGR1": "Score at baseline",
}
_Z: Final = NormalDist().inv_cdf(0.975)
_MOST_ARMS: Final = 4
_PAIRED: Final = (
    "Each patient was simulated in the arm and in control, so the difference of the two changes is "
    "that patient's own effect, rating noise included."
)
_PARALLEL: Final = (
    "Difference from control within each subgroup, adjusted for baseline. Patients of the two arms "
    "are different people, and no level was compared with another."
)

Row = Mapping[str, Any]


def who_benefits(run: RunData) -> Iterator[Block]:
    """Yield a forest an arm; nothing where a run has no effects in subgroups.

    Parameters
    ----------
    run
        A run.

    Examples
    --------
    >>> who_benefits.__name__  # run by tests/pipelines/report: it needs a run
    'who_benefits'
    """
    looks = dict(cell_looks(run))
    is_paired = not run.summaries["effects_by_subgroup"].is_empty()
    is_first = True
    for cell in run.others[:_MOST_ARMS]:
        rows = _paired_rows(run, cell) if is_paired else _parallel_rows(run, cell)
        levels = [row for row in rows if row["covariate"] != EVERYONE]
        if not levels:
            continue
        if is_first:
            yield Heading("Who benefits")
            yield Paragraph(_PAIRED if is_paired else _PARALLEL)
            is_first = False
        lines = list(_lines(rows))
        for place, line in enumerate(lines):
            if not line.is_title:
                lines[place] = _with_look(line, looks.get(cell))
        yield Picture(
            key=f"subgroups-{cell.arm_number}-{cell.variant_number}",
            title=f"Effect of {cell.label} on {plain(run.endpoint)} by subgroup",
            finding=_finding(rows, levels),
            note="Filled: estimate with 95 % CI. Hollow: shrunken to the mean of the levels, as "
            "far as their errors explain the spread.",
            draw=lambda lines=lines: draw_forest(lines, axis_label="points"),  # type: ignore[misc]
        )


def _finding(rows: list[Row], levels: list[Row]) -> str:
    ordered = sorted(levels, key=lambda row: float(row["mean_effect"]))
    said = " and ".join(
        f"{_COVARIATES.get(str(one['covariate']), str(one['covariate']))} {plain(one['level'])} "
        f"({number(one['mean_effect'])}, n = {count(one['n'])})"
        for one in (ordered[0], ordered[-1])
    )
    everyone = [row for row in rows if row["covariate"] == EVERYONE]
    overall = f"{number(everyone[0]['mean_effect'])} points in all. " if everyone else ""
    return f"{overall}Subgroups lie between those of {said}."


def _lines(rows: list[Row]) -> Iterator[ForestLine]:
    last = EVERYONE
    for row in sorted(rows, key=lambda row: row["covariate"] != EVERYONE):
        covariate = str(row["covariate"])
        if covariate != last:
            yield ForestLine(label=_COVARIATES.get(covariate, covariate), is_title=True)
        last = covariate
        yield ForestLine(
            label=f"{plain(row['level'])} (n = {count(row['n'])})",
            value=row["mean_effect"],
            low=row.get("low"),
            high=row.get("high"),
            second=_shrunken(row),
        )


def _with_look(line: ForestLine, style: Look | None) -> ForestLine:
    return ForestLine(
        label=line.label,
        value=line.value,
        low=line.low,
        high=line.high,
        look=style,
        second=line.second,
    )


def _shrunken(row: Row) -> tuple[float, float, float] | None:
    mean, error = row.get("shrunken_effect"), row.get("shrunken_error")
    if mean is None or error is None:
        return None
    return mean, mean - _Z * error, mean + _Z * error


def _paired_rows(run: RunData, cell: Cell) -> list[Row]:
    return list(run.rows("effects_by_subgroup", cell, endpoint=run.endpoint))


def _parallel_rows(run: RunData, cell: Cell) -> list[Row]:
    """Return rows of `results` in the shape of `effects_by_subgroup`."""
    frame = run.summaries.get("results")
    if frame is None or run.is_crossed:
        return []
    mine = frame.filter(
        (pl.col("analysis") == "subgroups")
        & (pl.col("group1_level") == pl.lit(cell.arm))
        & (pl.col("group2_level") == pl.lit(run.endpoint))
    )
    names = {
        "estimate": "mean_effect",
        "conf.low": "low",
        "conf.high": "high",
        "n_arm": "n",
        "shrunken": "shrunken_effect",
        "shrunken.std.error": "shrunken_error",
    }
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in mine.sort("number").to_dicts():
        name = names.get(row["stat_name"])
        if name is None or row["variable_level"] is None or row["stat"] is None:
            continue
        where = row["variable"], row["variable_level"]
        one = found.setdefault(where, {"covariate": where[0], "level": where[1], "n": None})
        one[name] = int(row["stat"]) if name == "n" else row["stat"]
    return [one for one in found.values() if "mean_effect" in one]
