"""What one simulated patient leaves behind: a table, two pictures, how it was made, a summary.

`pipelines.model_cli` brings the course of `pipelines.model_run` here; `pipelines.model_plot` draws.
"""

import importlib.metadata
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl

from pipelines.errors import ExecutionError, InputError
from pipelines.files import write_json
from pipelines.model_request import DAY_S, HOUR_S
from pipelines.model_run import SOLVER, Course, reported
from pipelines.model_text import grid
from pipelines.provenance import library_versions
from pipelines.report_text import NOTICE
from pipelines.schema import Column, Table, polars_schema
from pipelines.table_file import write_table

__all__ = ["render_course", "require_success", "summarise_course", "write_run"]

_TABLE: Final = Table(
    name="time_courses",
    label="Time Courses of One Patient",
    meaning="One row per quantity and time: every state and every rule of the systems simulated.",
    key=("system", "quantity", "time_h"),
    columns=(
        Column(
            name="time_h",
            kind="number",
            unit="h",
            label="Time",
            meaning="Time since the start, which is midnight.",
            nullable=False,
        ),
        Column(
            name="system",
            kind="text",
            label="System",
            meaning="System that the quantity belongs to.",
            nullable=False,
        ),
        Column(
            name="quantity",
            kind="text",
            label="Quantity",
            meaning="Name of the state or the rule, as in 'cohort model show'.",
            nullable=False,
        ),
        Column(
            name="unit",
            kind="text",
            label="Unit",
            meaning="Unit of value and baseline; 1 for pure numbers.",
            nullable=False,
        ),
        Column(
            name="value",
            kind="number",
            unit="unit",
            label="Value",
            meaning="Value at the time; at a change, that of just before it.",
            nullable=False,
        ),
        Column(
            name="baseline",
            kind="number",
            unit="unit",
            label="Baseline",
            meaning="Value of the same patient at rest, all controls neutral, without the clock.",
            nullable=False,
        ),
        Column(
            name="ratio",
            kind="number",
            unit="1",
            label="Ratio to baseline",
            meaning="Value over baseline; null where the baseline is 0.",
        ),
    ),
)


def write_run(course: Course) -> dict[str, Any]:
    """Fill the folder of a run.

    Parameters
    ----------
    course
        From `pipelines.model_run.simulate`.

    Returns
    -------
    What ``simulation.json`` holds: how the run was made and how it ended.

    Raises
    ------
    InputError
        If the folder cannot be written to.

    Examples
    --------
    >>> from pipelines.model_request import read_request
    >>> from pipelines.model_run import simulate
    >>> asked = read_request(out=Path("a"), systems="cortisol", days=0.5, device="numpy")
    >>> write_run(simulate(asked))["files"]
    ['time_courses.parquet', 'time_courses.png', 'time_courses.svg', 'simulation.json']
    """
    from pipelines.model_plot import draw, save_figure  # noqa: PLC0415  # matplotlib takes a second

    out = course.request.out
    try:
        out.mkdir(parents=True, exist_ok=True)
        _write_table(course, out / f"{_TABLE.name}.parquet")
        figure = draw(course)
        for kind in ("png", "svg"):
            save_figure(figure, out / f"{_TABLE.name}.{kind}")
        record = _record(course)
        write_json(out / "simulation.json", record)
    except OSError as error:
        raise InputError(
            f"--out: {out} cannot be written to ({error}); a folder with room is needed. Choose "
            "another one."
        ) from error
    return record


def require_success(course: Course) -> None:
    """Refuse a course that the solver could not finish.

    Raises
    ------
    ExecutionError
        If it failed; the message says when, under which parameters, and what was written.

    Examples
    --------
    >>> from pipelines.model_request import read_request
    >>> from pipelines.model_run import simulate
    >>> asked = read_request(out=Path("a"), systems="cortisol", days=0.5, device="numpy")
    >>> require_success(simulate(asked))
    """
    if course.failure_h is None:
        return
    request = course.request
    values = dict(request.values)
    for change in request.changes:
        if change.at_s <= course.failure_h * HOUR_S:
            values |= change.values
    given = request.assigned(values) or "nothing"
    raise ExecutionError(
        f"the patient could not be solved beyond {course.failure_h:.6g} h of "
        f"{request.duration_s / HOUR_S:g} h: {course.code.message}, with {given} set; a run to "
        f"the end is needed. Look at what was written up to there in {request.out}, and set milder "
        "values."
    )


def _write_table(course: Course, path: Path) -> None:
    n_time, n_quantity = course.values.shape
    baseline = np.array([item.baseline for item in course.quantities])
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(baseline == 0.0, np.nan, course.values / baseline)
    frame = pl.DataFrame(
        {
            "time_h": np.tile(course.times_s / HOUR_S, n_quantity),
            "system": np.repeat([item.system for item in course.quantities], n_time),
            "quantity": np.repeat([item.name for item in course.quantities], n_time),
            "unit": np.repeat([item.unit for item in course.quantities], n_time),
            "value": course.values.T.ravel(),
            "baseline": np.repeat(baseline, n_time),
            "ratio": ratio.T.ravel(),
        },
        schema=polars_schema(_TABLE),
        nan_to_null=False,
    ).with_columns(pl.col("ratio").fill_nan(None))
    write_table(path, _TABLE, frame, {"command": " ".join(course.request.command())})


def _record(course: Course) -> dict[str, Any]:
    request, model = course.request, course.request.model

    def with_units(values: Mapping[str, float]) -> dict[str, dict[str, Any]]:
        return {
            name: {"value": value, "unit": model.parameters[name].unit}
            for name, value in values.items()
        }

    days = (request.duration_s if course.failure_h is None else course.failure_h * HOUR_S) / DAY_S
    return {
        "research_tool": "not medical advice",
        "command": request.command(),
        "systems": list(request.systems),
        "simulated": list(request.parts),
        "meals": request.setting.meals,
        "rhythm": request.setting.rhythm,
        "couplings_left_out": list(request.left_out),
        "patient": {
            "number": request.patient,
            "seed": request.seed,
            "parameters": with_units(course.drawn),
        },
        "parameters_set": with_units(request.values),
        "changes": [
            {"time_h": change.at_s / HOUR_S, "parameters": with_units(change.values)}
            for change in request.changes
        ],
        "days": request.duration_s / DAY_S,
        "save_every_s": request.save_every_s,
        "device": course.device,
        "devices_passed_over": dict(course.passed_over),
        "solver": {
            "method": SOLVER.method,
            "rtol": SOLVER.rtol,
            "atol": SOLVER.atol,
            "steps_accepted": course.accepted,
            "steps_rejected": course.rejected,
            "steps_accepted_per_day": course.accepted / days if days else None,
        },
        "result": {
            "code": int(course.code),
            "name": course.code.name.lower(),
            "message": course.code.message,
            "failure_time_h": course.failure_h,
        },
        "versions": {
            **library_versions(),
            "matplotlib": importlib.metadata.version("matplotlib"),
        },
        "files": [
            *(f"{_TABLE.name}.{kind}" for kind in ("parquet", "png", "svg")),
            "simulation.json",
        ],
    }


def summarise_course(course: Course) -> list[dict[str, Any]]:
    """Return start, end and extremes of what people look at first.

    Parameters
    ----------
    course
        From `pipelines.model_run.simulate`.

    Returns
    -------
    One record a reported quantity; none if nothing was reached.

    Examples
    --------
    >>> from pipelines.model_request import read_request
    >>> from pipelines.model_run import simulate
    >>> asked = read_request(out=Path("a"), systems="cortisol", days=0.5, device="numpy")
    >>> [row["quantity"] for row in summarise_course(simulate(asked))]
    ['cortisol', 'acth']
    """
    rows = []
    for item in reported(course):
        series = course.series(item.name)
        if len(series):
            rows.append(
                {
                    "system": item.system,
                    "quantity": item.name,
                    "unit": item.unit,
                    "rest": item.baseline,
                    "start": float(series[0]),
                    "end": float(series[-1]),
                    "ratio": float(series[-1] / item.baseline) if item.baseline else None,
                    "min": float(series.min()),
                    "max": float(series.max()),
                }
            )
    return rows


def render_course(course: Course) -> str:
    """Return the summary as text.

    Parameters
    ----------
    course
        From `pipelines.model_run.simulate`.

    Returns
    -------
    A table of what people look at first, then steps, device and files.

    Examples
    --------
    >>> from pipelines.model_request import read_request
    >>> from pipelines.model_run import simulate
    >>> asked = read_request(out=Path("a"), systems="cortisol", days=0.5, device="numpy")
    >>> print(render_course(simulate(asked)).splitlines()[0].split())
    ['quantity', 'unit', 'at', 'start', 'at', 'end', 'end/rest', 'min', 'max']
    """
    rows = [["quantity", "unit", "at start", "at end", "end/rest", "min", "max"]]
    rows += [
        [
            row["quantity"],
            row["unit"],
            *(f"{row[key]:.4g}" for key in ("start", "end")),
            "-" if row["ratio"] is None else f"{row['ratio']:.3f}",
            *(f"{row[key]:.4g}" for key in ("min", "max")),
        ]
        for row in summarise_course(course)
    ]
    request = course.request
    who = "reference patient"
    if request.patient is not None:
        who = f"patient {request.patient} of seed {request.seed}"
    days = request.duration_s / DAY_S
    return (
        f"{grid(rows, right=range(2, 7))}\n\n"
        f"{who}, {days:g} d on {course.device}: {course.accepted:,} steps accepted "
        f"({course.accepted / days:.0f} a day), {course.rejected:,} rejected\n"
        f"{len(course.quantities)} quantities at {len(course.times_s):,} times: {request.out}/"
        f"{_TABLE.name}.parquet, .png, .svg; simulation.json\n{NOTICE}"
    )
