"""The course of an imported model as a table."""

from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from cohort.sbml import SbmlModel
from cohort.sbml.course import Course
from pipelines.errors import InputError
from pipelines.schema import Column, Table, polars_schema
from pipelines.table_file import write_table

__all__ = ["write_course"]

_TABLE: Final = Table(
    name="time_courses",
    label="Time Courses of an Imported Model",
    meaning="One row per quantity, draw and time: everything that changes, under its SBML id.",
    key=("quantity", "draw", "time"),
    columns=(
        Column(
            name="quantity",
            kind="text",
            label="Quantity",
            meaning="Id in the SBML file; its value is what the id means there.",
            nullable=False,
        ),
        Column(
            name="unit",
            kind="text",
            label="Unit",
            meaning="Unit of the value as the file writes it; empty where it gives none.",
            nullable=False,
        ),
        Column(
            name="draw",
            kind="integer",
            label="Draw",
            meaning="Number of the parameter draw; 0 alone where none were made.",
            nullable=False,
        ),
        Column(
            name="time",
            kind="number",
            unit="time unit of the model",
            label="Time",
            meaning="Time since the start, in the unit of time of the file.",
            nullable=False,
        ),
        Column(
            name="value",
            kind="number",
            unit="unit",
            label="Value",
            meaning="Value at the time; null after a draw could not be solved further.",
        ),
    ),
)


def write_course(model: SbmlModel, course: Course, path: Path) -> int:
    """Write the course as Parquet, and return its number of rows.

    Raises
    ------
    InputError
        If the file cannot be written.

    Examples
    --------
    >>> write_course.__name__  # shown by tests/pipelines/test_import_cli.py
    'write_course'
    """
    n_time, n_lane = len(course.times), course.solution.end.n_lane
    names = list(course.values)
    n = n_time * n_lane
    frame = pl.DataFrame(
        {
            "quantity": np.repeat(names, n),
            "unit": np.repeat([model.unit(name) for name in names], n),
            "draw": np.tile(np.repeat(np.arange(n_lane), n_time), len(names)),
            "time": np.tile(course.times, n_lane * len(names)),
            "value": np.concatenate(
                [np.empty(0), *(course.values[name].T.ravel() for name in names)]
            ),
        },
        schema=polars_schema(_TABLE),
        nan_to_null=False,
    ).with_columns(pl.col("value").fill_nan(None))

    facts = {"model": model.system.name, "time_unit": model.time_unit}
    try:
        write_table(path, _TABLE, frame, facts)
    except OSError as error:
        raise InputError(
            f"--parquet: {path} cannot be written ({error}); a file in a folder with room is "
            "needed. Choose another one."
        ) from error
    return frame.height
