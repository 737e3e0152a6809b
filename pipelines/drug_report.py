"""Published observations of drugs -> a table, a page to read and JSON, from one command.

Counts stand apart by role: what was entered or fitted says that the files are consistent, what is
independent says how well they predict. Misses stay listed.
"""

import json
import math
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import polars as pl
import typer

from cohort.observations import Observation, Verdict, load_observations, run_observations
from cohort.trial.quantities import HOUR_S, write_span
from pipelines.files import write_atomically, write_json, write_text
from pipelines.report_text import NOTICE

__all__ = [
    "TAGS",
    "count_agreement",
    "describe_observation",
    "main_validate_drugs",
    "observation_markdown",
    "observation_table",
    "write_observations",
]

TAGS = ("independent", "fitted", "input")

_SCHEMA = {
    "theme": pl.String,
    "observation": pl.String,
    "what": pl.String,
    "doses": pl.String,
    "person": pl.String,
    "unit": pl.String,
    "low": pl.Float64,
    "high": pl.Float64,
    "interval": pl.String,
    "simulated": pl.Float64,
    "agrees": pl.Boolean,
    "miss": pl.Float64,
    "tag": pl.String,
    "mark": pl.String,
    "source": pl.String,
    "note": pl.String,
}
_N_DIGITS = 4  # the solver's tolerance is finer; a published number is not
_DAGGERS = {"read": "", "computed": "", "design": "", "assumed": "\N{DAGGER}"}

_HEAD = """\
# Drugs against published observations

Each line is a published number beside that of this model: the reference patient (70 kg, 40 years,
normal metabolizer, non-smoker), or the person that the line describes, takes the doses of the
publication. *Independent*: no number of the model was chosen by it; *fitted*: one was; *input*: it
follows from what was entered. A line agrees if it is inside the interval, and else shows how far it
is outside, relative to the nearer end. A dagger marks numbers that were recalled, not read.
`cohort drugs validate` runs them all.

{notice}
"""


def describe_observation(one: Observation) -> str:
    """Return what an observation measures, in words.

    Examples
    --------
    >>> from cohort.observations import load_observations
    >>> len(describe_observation(load_observations()[0])) > 5
    True
    """
    name = one.of.replace("concentration_", "")
    if one.measure == "at":
        text = f"{name} at {write_span(one.moment())}"
    else:
        text = f"{one.measure.replace('_', ' ')} of {name}"
    return f"ratio of {text}" if one.relative_to is not None else text


def observation_table(verdicts: Iterable[Verdict]) -> pl.DataFrame:
    """Return verdicts as a table, one row each.

    Parameters
    ----------
    verdicts
        From `cohort.observations.run_observations`.

    Examples
    --------
    >>> observation_table([]).columns[:2]
    ['theme', 'observation']
    """
    return pl.DataFrame([_row(verdict) for verdict in verdicts], schema=_SCHEMA)


def _row(verdict: Verdict) -> dict[str, Any]:
    one = verdict.observation
    return {
        "theme": one.theme,
        "observation": one.name,
        "what": describe_observation(one),
        "doses": _doses(one),
        "person": _person(one),
        "unit": verdict.unit,
        "low": None if math.isinf(verdict.low) else verdict.low,
        "high": None if math.isinf(verdict.high) else verdict.high,
        "interval": one.interval,
        "simulated": None if math.isnan(verdict.value) else _rounded(verdict.value),
        "agrees": verdict.agrees,
        "miss": _rounded(verdict.miss),
        "tag": one.tag,
        "mark": one.mark,
        "source": one.source,
        "note": one.note or "",
    }


def _rounded(number: float) -> float:
    return float(f"{number:.{_N_DIGITS}g}")


def _doses(one: Observation) -> str:
    parts = []
    for course in one.doses:
        times = (
            "once" if course.count == 1 else f"x {course.count} every {write_span(course.every)}"
        )
        start = f" from {course.start / HOUR_S:g} h" if course.start else ""
        parts.append(f"{course.drug} {course.dose:g} mg {times}{start}")
    return " + ".join(parts)


def _person(one: Observation) -> str:
    def words(columns: dict[str, str | float]) -> str:
        return ", ".join(f"{name} {value}" for name, value in columns.items())

    mine = words(one.person.columns())
    other = one.relative_to
    if other is None:
        return mine
    against = []
    if other.person is not None:
        against.append(words(other.person.columns()) or "the reference patient")
    if other.doses is not None:
        against.append("+".join(course.drug for course in other.doses) or "no drug")
    return f"{mine} against {' on '.join(against) or 'the same'}".strip()


def count_agreement(table: pl.DataFrame) -> dict[str, dict[str, int]]:
    """Return by role how many observations agree, of how many.

    Examples
    --------
    >>> count_agreement(observation_table([]))["independent"]
    {'agrees': 0, 'misses': 0}
    """
    counts = {}
    for tag in TAGS:
        agrees = table.filter(pl.col("tag") == tag)["agrees"]
        n_agreeing = int(agrees.sum())
        counts[tag] = {"agrees": n_agreeing, "misses": len(agrees) - n_agreeing}
    return counts


def observation_markdown(table: pl.DataFrame) -> str:
    """Return the page that people read.

    Examples
    --------
    >>> observation_markdown(observation_table([])).splitlines()[0]
    '# Drugs against published observations'
    """
    lines = [_HEAD.format(notice=NOTICE), "| role | agree | miss |", "| --- | --- | --- |"]
    lines += [
        f"| {tag} | {row['agrees']} | {row['misses']} |"
        for tag, row in count_agreement(table).items()
    ]
    for theme in sorted(set(table["theme"])):
        lines += [
            "",
            f"## {Path(theme).stem.replace('_', ' ').capitalize()}",
            "",
            "| what | taken | who | published | model | | role | source |",
            "| --- | --- | --- | --- | --- | --- | --- | --- |",
        ]
        mine = table.filter(pl.col("theme") == theme)
        lines += [_line(row) for row in mine.iter_rows(named=True)]
    return "\n".join(lines) + "\n"


def _line(row: dict[str, Any]) -> str:
    unit = "" if row["unit"] == "1" else f" {row['unit']}"
    low = "" if row["low"] is None else f"{row['low']:.3g}"
    high = "" if row["high"] is None else f"{row['high']:.3g}"
    if not low or not high:
        published = f"{'at most ' + high if high else 'at least ' + low}{unit}"
    else:
        published = f"{low} to {high}{unit}"
    model = "none" if row["simulated"] is None else f"{row['simulated']:.3g}{unit}"
    verdict = "agrees" if row["agrees"] else f"**{row['miss']:+.0%}**"
    source = f"{row['source']} ({row['interval']}){_DAGGERS[row['mark']]}"
    note = f" {row['note']}" if row["note"] else ""
    return (
        f"| {row['what']} | {row['doses']} | {row['person']} | {published} | {model} | {verdict} "
        f"| {row['tag']} | {source}{note} |"
    )


def write_observations(out: Path, verdicts: Iterable[Verdict]) -> pl.DataFrame:
    """Write page, table and JSON into a folder, and return the table.

    Parameters
    ----------
    out
        Folder; made if it is not there.
    verdicts
        From `cohort.observations.run_observations`.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = write_observations(Path(folder), [])
    ...     sorted(path.name for path in Path(folder).iterdir())
    ['DRUGS.md', 'observations.json', 'observations.parquet']
    """
    table = observation_table(verdicts)
    out.mkdir(parents=True, exist_ok=True)
    write_text(out / "DRUGS.md", observation_markdown(table))
    write: Callable[[Path], None] = table.write_parquet
    write_atomically(out / "observations.parquet", write)
    write_json(
        out / "observations.json",
        {"counts": count_agreement(table), "observations": table.to_dicts()},
    )
    return table


def main_validate_drugs(
    out: Path, names: Iterable[str] | None = None, *, as_json: bool = False
) -> None:
    """Run observations, write them and print the counts.

    Parameters
    ----------
    out
        Folder for page and tables.
    names
        Packaged files or paths; None for all packaged ones.
    as_json
        Print one JSON object instead of text.

    Raises
    ------
    UnknownNameError, DrugError
        As in `cohort.observations.load_observations`.

    Examples
    --------
    >>> main_validate_drugs.__name__  # run by tests/pipelines/test_drug_cli.py: it takes a while
    'main_validate_drugs'
    """
    table = write_observations(out, run_observations(load_observations(names)))
    counts = count_agreement(table)
    if as_json:
        typer.echo(json.dumps({"counts": counts, "folder": str(out)}))
        return
    typer.echo(f"{'role':12} {'agree':>5} {'miss':>5}")
    for tag, row in counts.items():
        typer.echo(f"{tag:12} {row['agrees']:5d} {row['misses']:5d}")
    for row in table.filter(~pl.col("agrees")).iter_rows(named=True):
        typer.echo(f"  misses by {row['miss']:+.0%}: {row['observation']} [{row['tag']}]")
    typer.echo(f"\nWritten to {out}: DRUGS.md, observations.parquet, observations.json")
    typer.echo(NOTICE)
