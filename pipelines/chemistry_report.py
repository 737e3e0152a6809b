"""Results of published experiments -> a table, a page to read, JSON and a picture.

Counts stand apart by use: numbers that shaped the model say how well it was shaped, the others how
well it does. `cohort.experiments` runs them; the command line enters at `main_validate`.
"""

import functools
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import typer

from cohort.experiments import (
    Comparison,
    ExperimentResult,
    experiment_topics,
    load_experiments,
    run_experiments,
    topic_title,
)
from cohort.trial.quantities import DAY_S, HOUR_S, write_span
from pipelines.chemistry_picture import draw_experiments, save_picture
from pipelines.files import write_atomically, write_json, write_text

__all__ = [
    "USES",
    "VERDICTS",
    "count_verdicts",
    "main_validate",
    "moment_text",
    "validation_markdown",
    "validation_results",
    "validation_table",
    "write_validation",
]

USES = ("calibrated", "checked", "held_out")
"""In the order of tables: shaped the model, known meanwhile, looked up afterwards."""
VERDICTS = ("agrees", "near", "fails")

_NOTICE = "A research tool, not medical advice."
_N_DIGITS = 6  # the solver's tolerance; further digits would change without meaning
_SHOWN = 3
_MANY_DAYS = 3
_DAGGERS = {"read": "", "assumed": "\N{DAGGER}", "computed": "\N{DOUBLE DAGGER}"}

_SCHEMA = {
    "topic": pl.String,
    "experiment": pl.String,
    "title": pl.String,
    "species": pl.String,
    "quantity": pl.String,
    "moment": pl.String,
    "measure": pl.String,
    "unit": pl.String,
    "direction": pl.String,
    "published": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "interval": pl.String,
    "simulated": pl.Float64,
    "verdict": pl.String,
    "use": pl.String,
    "mark": pl.String,
    "source": pl.String,
    "note": pl.String,
    "input_note": pl.String,
}

_HEAD = """\
# Chemistry against published experiments

Each line is a published number beside that of the reference patient of this model. `agrees`:
inside the interval; `near`: outside by at most half of half its width or 15 % of the number;
`fails`: further. Of directions, a change of 5 % counts, and 10 % is still none. Intervals are those
of the paper (confidence, standard error, spread or range) or, where it says "ours", a judgement of
this project.

Use: *calibrated* numbers shaped the model, so they only say how well it could be shaped; *checked*
ones were known while it was built; *held out* ones were first looked up afterwards. A dagger marks
numbers recalled, not read, a double dagger those computed from a published model. Inputs, such as
an occupancy that stands for a dose, were chosen and are listed under each table.
`cohort model validate` runs them all.

{notice}

![Every comparison, simulated over published](experiments.svg)
"""


def moment_text(comparison: Comparison) -> str:
    """Return when a quantity is looked at, in words.

    Parameters
    ----------
    comparison
        What was measured.

    Returns
    -------
    Short text, such as ``at 3 h`` or ``max``.

    Examples
    --------
    >>> rise = Comparison(quantity="tnf", at="3 h", direction="up", mark="read", use="checked")
    >>> moment_text(rise)
    'at 3 h'
    """
    if comparison.take == "value":
        when = "at end" if comparison.at is None else f"at {_span(comparison.at)}"
    else:
        when = comparison.take.replace("_", " ")
        if comparison.begin or comparison.end is not None:
            until = "end" if comparison.end is None else _span(comparison.end)
            when += f", {_span(comparison.begin)} to {until}"
    reference = comparison.relative_to
    if not reference:
        return when
    return f"{when}, over {reference if isinstance(reference, str) else _span(reference)}"


def _span(seconds: int) -> str:
    """Write a time as people do: '90 min', '14 h', '56 day 8 h'."""
    days, rest = divmod(seconds, DAY_S)
    if not seconds:
        return "0 h"
    if not rest or days < _MANY_DAYS or rest % HOUR_S:
        return write_span(seconds)
    return f"{days} day {rest // HOUR_S} h"


def validation_results(topic: str | None = None) -> tuple[ExperimentResult, ...]:
    """Run the packaged experiments of one topic, or of all.

    Parameters
    ----------
    topic
        Packaged topic or path of a YAML file; None for every packaged one.

    Raises
    ------
    UnknownNameError, FileContentError
        If there is no such topic, or its file has mistakes.

    Examples
    --------
    >>> {result.experiment.topic for result in validation_results("acetylcholine")}
    {'acetylcholine'}
    """
    topics = experiment_topics() if topic is None else (topic,)
    return run_experiments(one for name in topics for one in load_experiments(name))


def validation_table(results: Iterable[ExperimentResult]) -> pl.DataFrame:
    """Return the results as a table, one row a comparison.

    Parameters
    ----------
    results
        Results of `cohort.experiments.run_experiments`.

    Returns
    -------
    Columns of names, the published number with its interval, the simulated one (to six digits),
    verdict, use, mark, source and notes. Open ends of intervals are null.

    Examples
    --------
    >>> validation_table([]).columns[:3]
    ['topic', 'experiment', 'title']
    """
    return pl.DataFrame([_row(result) for result in results], schema=_SCHEMA, orient="row")


def _row(result: ExperimentResult) -> dict[str, Any]:
    experiment, comparison = result.experiment, result.comparison
    over = f" / {comparison.over}" if comparison.over else ""
    return {
        "topic": experiment.topic,
        "experiment": experiment.name,
        "title": experiment.title,
        "species": experiment.species,
        "quantity": f"{comparison.quantity}{over}",
        "moment": moment_text(comparison),
        "measure": comparison.measure,
        "unit": comparison.shown_unit,
        "direction": comparison.direction,
        "published": comparison.published,
        "low": comparison.low,
        "high": comparison.high,
        "interval": comparison.interval,
        "simulated": float(f"{result.simulated:.{_N_DIGITS}g}"),
        "verdict": result.verdict,
        "use": comparison.use,
        "mark": comparison.mark,
        "source": result.source,
        "note": comparison.note,
        "input_note": experiment.note,
    }


def count_verdicts(table: pl.DataFrame) -> dict[str, dict[str, int]]:
    """Return how many comparisons of each use agree, are near, and fail.

    Parameters
    ----------
    table
        As `validation_table` returns it.

    Returns
    -------
    Counts by use, then by verdict; every one of both is there.

    Examples
    --------
    >>> count_verdicts(validation_table([]))["checked"]
    {'agrees': 0, 'near': 0, 'fails': 0}
    """
    counted = table.group_by("use", "verdict").len().rows()
    found = {(use, verdict): count for use, verdict, count in counted}
    return {use: {verdict: found.get((use, verdict), 0) for verdict in VERDICTS} for use in USES}


# -- the page ------------------------------------------------------------------------------------


def validation_markdown(table: pl.DataFrame) -> str:
    """Return the table as a page of Markdown, grouped by topic, with counts on top.

    Parameters
    ----------
    table
        As `validation_table` returns it.

    Returns
    -------
    The page; what does not agree and has a note is explained under its group.

    Examples
    --------
    >>> validation_markdown(validation_table([])).splitlines()[0]
    '# Chemistry against published experiments'
    """
    n_experiments = table.select("topic", "experiment").unique().height
    parts = [
        _HEAD.format(notice=_NOTICE),
        f"{table.height} comparisons from {n_experiments} experiments:\n",
        _count_lines(table),
    ]
    groups = table.with_row_index("row").group_by("topic", maintain_order=True)
    for (topic,), group in groups:
        parts.append(f"\n## {topic_title(str(topic))}\n\n{_topic_lines(group)}")
    return "\n".join(parts).rstrip() + "\n"


def _count_lines(table: pl.DataFrame) -> str:
    counts = count_verdicts(table)
    lines = ["| use | agrees | near | fails | all |", "| --- | --: | --: | --: | --: |"]
    for use, row in counts.items():
        numbers = [*row.values(), sum(row.values())]
        lines.append(f"| {use.replace('_', ' ')} | {' | '.join(map(str, numbers))} |")
    return "\n".join(lines)


def _topic_lines(group: pl.DataFrame) -> str:
    lines = [
        "| experiment | species | quantity | published | simulated | verdict | use | source |",
        "| --- | --- | --- | --- | --: | --- | --- | --- |",
    ]
    before, notes = None, []
    for row in group.to_dicts():
        is_new = row["experiment"] != before
        before = row["experiment"]
        verdict = f"**{row['verdict']}**" if row["verdict"] == "fails" else row["verdict"]
        cells = (
            row["title"] if is_new else "",
            row["species"] if is_new else "",
            f"`{row['quantity']}` {row['moment']}",
            _published_text(row),
            _number_text(row["simulated"], row["unit"]),
            verdict,
            row["use"].replace("_", " "),
            row["source"] if is_new else "",
        )
        lines.append("| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |")
        if row["verdict"] != "agrees" and row["note"]:
            notes.append(f"- {row['title']}, `{row['quantity']}` {row['moment']}: {row['note']}")
    inputs = group.filter(pl.col("input_note").is_not_null()).unique("experiment", keep="first")
    chosen = [f"- {row['title']}: {row['input_note']}" for row in inputs.sort("row").to_dicts()]
    if notes:
        lines += [
            "",
            "Why some do not agree, where it is known, and what else to know of them:",
            "",
        ]
    if chosen:
        chosen = ["", "<details><summary>Inputs</summary>", "", *chosen, "", "</details>"]
    return "\n".join([*lines, *notes, *chosen])


def _published_text(row: dict[str, Any]) -> str:
    dagger = _DAGGERS[row["mark"]]
    if row["direction"]:
        return f"{row['direction']}{dagger}"
    low, high = (None if row[end] is None else _digits(row[end]) for end in ("low", "high"))
    if low is None or high is None:
        span = f"at most {high}" if low is None else f"at least {low}"
    else:
        span = f"{low} to {high}"
    ours = ", ours" if row["interval"] == "ours" else ""
    return f"{_number_text(row['published'], row['unit'])}{dagger} [{span}{ours}]"


def _digits(number: float) -> str:
    text = f"{number:.{_SHOWN}g}"
    return f"{number:.0f}" if "e+" in text else text


def _number_text(number: float, unit: str) -> str:
    return _digits(number) if unit in ("x", "1") else f"{_digits(number)} {unit}"


# -- files ---------------------------------------------------------------------------------------


def write_validation(
    folder: Path, results: Sequence[ExperimentResult] | None = None
) -> pl.DataFrame:
    """Write page, tables and picture of the published experiments into a folder.

    Parameters
    ----------
    folder
        Folder; made if it is not there.
    results
        Results to write; None runs every packaged experiment.

    Returns
    -------
    The table. ``CHEMISTRY.md``, ``experiments.parquet``, ``experiments.json``,
    ``experiments.svg`` and ``experiments.png`` have the same bytes for the same results.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     table = write_validation(Path(folder), validation_results("acetylcholine")[:2])
    ...     sorted(path.name for path in Path(folder).iterdir())[:2]
    ['CHEMISTRY.md', 'experiments.json']
    """
    table = validation_table(validation_results() if results is None else results)
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / "CHEMISTRY.md", validation_markdown(table))
    write_json(folder / "experiments.json", _as_json(table))
    write_atomically(folder / "experiments.parquet", table.write_parquet)
    titles = {topic: topic_title(topic) for topic in table["topic"].unique()}
    figure = draw_experiments(table, titles)
    for kind in ("svg", "png"):
        write = functools.partial(save_picture, figure, kind=kind)
        write_atomically(folder / f"experiments.{kind}", write)
    return table


def _as_json(table: pl.DataFrame) -> dict[str, Any]:
    rows = [
        {key: value for key, value in row.items() if value is not None} for row in table.to_dicts()
    ]
    for row in rows:
        if row["simulated"] != row["simulated"]:  # JSON has no NaN
            del row["simulated"]
    return {"notice": _NOTICE, "counts": count_verdicts(table), "comparisons": rows}


def main_validate(out: Path, topic: str | None = None, *, as_json: bool = False) -> None:
    """Run published experiments, write what came out, and print the counts.

    Parameters
    ----------
    out
        Folder for page, tables and picture.
    topic
        Packaged topic or path of a YAML file; None for every packaged one.
    as_json
        Print one JSON object instead of text.

    Raises
    ------
    UnknownNameError, FileContentError
        If there is no such topic, or its file has mistakes.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     main_validate(Path(folder), "acetylcholine")
    use          agrees  near  fails
    ...
    """
    table = write_validation(out, validation_results(topic))
    if as_json:
        typer.echo(json.dumps({**_as_json(table), "folder": str(out)}, ensure_ascii=False))
        return
    typer.echo(f"{'use':12} {'agrees':>6} {'near':>5} {'fails':>6}")
    for use, row in count_verdicts(table).items():
        typer.echo(
            f"{use.replace('_', ' '):12} {row['agrees']:6d} {row['near']:5d} {row['fails']:6d}"
        )
    typer.echo(f"\nWritten to {out}: CHEMISTRY.md, experiments.parquet, .json, .svg, .png")
    typer.echo(_NOTICE)
