"""A model from a file: what was read, in words, and its course over time, as a table.

`pipelines.model_cli` enters at `read_model` and `run_course`; reading itself is `cohort.sbml`.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cohort.population.draws import normals
from cohort.sbml import SbmlModel, read_sbml
from cohort.sbml.course import Course, even_times, time_course
from pipelines.errors import ExecutionError, InputError
from pipelines.files import write_atomically
from pipelines.model_text import grid
from pipelines.schema import Column, Table, arrow_schema, polars_schema
from pipelines.shards import COMPRESSION_LEVEL

__all__ = [
    "CourseRequest",
    "describe",
    "draw_parameters",
    "read_course_request",
    "read_model",
    "render_course",
    "render_model",
    "require_success",
    "run_course",
    "summarise",
    "write_course",
]

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

_MOST_DRAWS: Final = 1_000_000
_MOST_VALUES: Final = 200_000_000
_MOST_SPREAD: Final = 10.0
_QUARTILES: Final = (5.0, 50.0, 95.0)
_DIGITS: Final = 6
_SHOWN_UNITS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseRequest:
    """What is asked of an imported model.

    Parameters
    ----------
    times
        When to look, in the model's unit of time.
    draws
        Number of parameter draws; 0 takes the file's values.
    spread
        Coefficient of variation of each parameter between draws [1].
    seed
        Of the draws.
    device
        As `kernels.integrate` takes it.

    Examples
    --------
    >>> read_course_request("10", 5, None, None, None, "numpy").n_lane
    1
    """

    times: tuple[Fraction, ...]
    draws: int
    spread: float
    seed: int
    device: str

    @property
    def n_lane(self) -> int:
        """Number of lanes.

        Examples
        --------
        >>> read_course_request("10", 5, 3, 0.3, None, "numpy").n_lane
        3
        """
        return max(self.draws, 1)


def read_course_request(
    end: str,
    steps: int,
    draws: int | None,
    spread: float | None,
    seed: int | None,
    device: str,
) -> CourseRequest:
    """Return a request, checked.

    Parameters
    ----------
    end, steps
        As given to `cohort.sbml.course.even_times`.
    draws, spread, seed
        None where the option was left out.
    device
        Name of a device.

    Raises
    ------
    InputError
        If an option is out of range, or goes with one that is not there.
    RangeError
        If the times are.

    Examples
    --------
    >>> read_course_request("10", 5, None, 0.3, None, "numpy")
    Traceback (most recent call last):
    ...
    pipelines.errors.InputError: --spread: given without --draws; together they make a ...
    """
    times = even_times(end, steps)
    if draws is None:
        for name, value in (("--spread", spread), ("--seed", seed)):
            if value is not None:
                raise InputError(
                    f"{name}: given without --draws; together they make a population. Add --draws "
                    "100, or leave it out."
                )
        return CourseRequest(times=times, draws=0, spread=0.0, seed=0, device=device)
    if not 1 <= draws <= _MOST_DRAWS:
        raise InputError(f"--draws: {draws}; 1 to {_MOST_DRAWS:,} are allowed. Change it.")
    spread = 0.3 if spread is None else spread
    if not (0.0 <= spread <= _MOST_SPREAD):
        raise InputError(
            f"--spread: {spread}; a coefficient of variation from 0 to {_MOST_SPREAD:g} is "
            "allowed. Write 0.3 for 30 %."
        )
    seed = 1 if seed is None else seed
    if not 0 <= seed < 2**64:
        raise InputError(f"--seed: {seed}; 0 to 2^64 - 1 is allowed. Change it.")
    return CourseRequest(times=times, draws=draws, spread=spread, seed=seed, device=device)


def read_model(path: Path, sets: Sequence[str]) -> tuple[SbmlModel, dict[str, float]]:
    """Return the model of a file, and the parameters that were set.

    Parameters
    ----------
    path
        The file.
    sets
        Texts such as ``k1=0.5``.

    Raises
    ------
    InputError
        If a text sets nothing, or no parameter of the model.
    SbmlError
        If the file cannot be read.

    Examples
    --------
    >>> read_model(Path("none.xml"), [])
    Traceback (most recent call last):
    ...
    cohort.sbml.errors.SbmlError: none.xml: No such file or directory. Give an SBML file.
    """
    model = read_sbml(path)
    values: dict[str, float] = {}
    for text in sets:
        name, equals, number = text.partition("=")
        name = name.strip()
        try:
            value = float(number)
        except ValueError:
            value = math.nan
        if not (equals and math.isfinite(value)):
            raise InputError(
                f"--set: '{text}'; a parameter, = and a finite number are allowed. Write "
                "--set k1=0.5."
            )
        model.table(1, {name: value})  # refuses an unknown name with the nearest ones
        values[name] = value
    return model, values


def draw_parameters(model: SbmlModel, request: CourseRequest) -> dict[str, NDArray[np.float64]]:
    """Return the parameters of each draw.

    Notes
    -----
    Log-normal around the value of the file, which is the median; the coefficient of variation is
    ``request.spread``. A value of 0 stays 0 and a sign stays. Draw ``i`` is the same however many
    are made.

    Examples
    --------
    >>> draw_parameters.__name__  # shown by the example of run_course
    'draw_parameters'
    """
    sigma = math.sqrt(math.log1p(request.spread**2))
    lanes = np.arange(request.n_lane)
    return {
        name: value * np.exp(sigma * normals(request.seed, lanes, f"sbml {name}"))
        for name, value in model.parameters.items()
    }


def run_course(model: SbmlModel, values: Mapping[str, float], request: CourseRequest) -> Course:
    """Integrate the model as asked.

    Parameters
    ----------
    model
        From `read_model`.
    values
        Parameters that were set; they are not drawn.
    request
        From `read_course_request`.

    Raises
    ------
    InputError
        If the result would not fit the memory.

    Examples
    --------
    >>> run_course.__name__  # shown by tests/pipelines/test_import_cli.py
    'run_course'
    """
    size = request.n_lane * len(request.times) * max(len(model.system.observables), 1)
    if size > _MOST_VALUES:
        raise InputError(
            f"--draws {request.draws} and --steps {len(request.times) - 1}: {size:,} values; "
            f"{_MOST_VALUES:,} are allowed. Lower one of them."
        )
    drawn: dict[str, Any] = draw_parameters(model, request) if request.draws else {}
    return time_course(
        model,
        request.times,
        n_lane=request.n_lane,
        values={**drawn, **values},
        device=request.device,
    )


def require_success(course: Course) -> None:
    """Refuse a course of which a lane could not be solved.

    Raises
    ------
    ExecutionError
        If one failed; the message says which, when and why.

    Examples
    --------
    >>> require_success.__name__  # shown by tests/pipelines/test_import_cli.py
    'require_success'
    """
    from kernels import ResultCode  # noqa: PLC0415

    codes = course.solution.codes
    failed = np.flatnonzero(codes)
    if not len(failed):
        return
    first = int(failed[0])
    raise ExecutionError(
        f"draw {first}: it could not be solved beyond time "
        f"{course.solution.failure_times[first]:.6g} ({ResultCode(int(codes[first])).message}), "
        f"{len(failed)} of {len(codes)} in all; a run to the end is needed. Lower --spread, or end "
        "earlier."
    )


def describe(model: SbmlModel) -> dict[str, Any]:
    """Return what was read, as plain data.

    Examples
    --------
    >>> describe.__name__  # shown by tests/pipelines/test_import_cli.py
    'describe'
    """
    system = model.system
    return {
        "name": system.name,
        "sbml": model.level,
        "time_unit": model.time_unit,
        "states": [
            {"name": name, "initial": str(model.initial[name]), "unit": model.unit(name)}
            for name in system.states
        ],
        "parameters": [
            {"name": name, "value": value, "unit": model.unit(name)}
            for name, value in model.parameters.items()
        ],
        "observables": list(system.observables),
        "events": list(model.events),
        "notes": list(model.notes),
        "unit_findings": list(model.unit_findings),
    }


def render_model(model: SbmlModel) -> str:
    """Return what was read, in words.

    Examples
    --------
    >>> render_model.__name__  # shown by tests/pipelines/test_import_cli.py
    'render_model'
    """
    system, events = model.system, model.events
    lines = [
        f"{system.name}: SBML {model.level}, {_count(len(system.states), 'state')}, "
        f"{_count(len(model.parameters), 'parameter')}, {_count(len(events), 'event')}; "
        f"time in {model.time_unit or 'a unit that the file does not give'}",
        "",
        "states at the start",
    ]
    start = model.start(model.table(1))[:, 0]
    rows = [
        [name, _number(value), model.unit(name)]
        for name, value in zip(system.states, start, strict=True)
    ]
    lines.append(grid(rows, right=[1], indent="  "))
    if model.parameters:
        rows = [[name, _number(v), model.unit(name)] for name, v in model.parameters.items()]
        lines += ["", "parameters", grid(rows, right=[1], indent="  ")]
    if events:
        lines += ["", "events", *(f"  {name}" for name in events)]
    if model.notes:
        lines += ["", "what was done to it", *(f"  {note}" for note in model.notes)]
    lines += ["", *_unit_lines(model)]
    return "\n".join(line.rstrip() for line in "\n".join(lines).splitlines())


def _unit_lines(model: SbmlModel) -> list[str]:
    found = model.unit_findings
    if not found:
        return ["units: libSBML finds them complete and consistent"]
    more = len(found) - _SHOWN_UNITS
    return [
        f"units: {_count(len(found), 'finding')} of libSBML; numbers are taken as they stand",
        *(f"  {text}" for text in found[:_SHOWN_UNITS]),
        *([f"  and {more} more (--json lists all)"] if more > 0 else []),
    ]


def render_course(model: SbmlModel, course: Course) -> str:
    """Return start and end of everything that changes; over draws 5 %, median and 95 %.

    Examples
    --------
    >>> render_course.__name__  # shown by tests/pipelines/test_import_cli.py
    'render_course'
    """
    last = f"at {course.times[-1]:g}"
    many = course.solution.end.n_lane > 1
    heads = ["5 %", "median", "95 %"] if many else [last]
    rows = [["quantity", "unit", "at 0", *(f"{last}, {h}" if many else h for h in heads)]]
    for name, values in course.values.items():
        final = values[-1][np.isfinite(values[-1])]
        levels = _QUARTILES if many else (50.0,)
        ends = [np.percentile(final, q) if len(final) else math.nan for q in levels]
        start = float(np.median(values[0]))
        rows.append([name, model.unit(name), _number(start), *map(_number, ends)])
    return grid(rows, right=range(2, len(rows[0])))


def summarise(course: Course) -> dict[str, Any]:
    """Return what `render_course` shows, as plain data; null where nothing could be solved.

    Examples
    --------
    >>> summarise.__name__  # shown by tests/pipelines/test_import_cli.py
    'summarise'
    """
    rows = {}
    for name, values in course.values.items():
        final = values[-1][np.isfinite(values[-1])]
        quartiles = [float(np.percentile(final, q)) if len(final) else None for q in _QUARTILES]
        rows[name] = dict(zip(("p5", "median", "p95"), quartiles, strict=True))
    return {
        "end": float(course.times[-1]),
        "draws": int(course.solution.end.n_lane),
        "failed": int(np.count_nonzero(course.solution.codes)),
        "device": course.solution.device,
        "quantities": rows,
    }


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

    def write(temporary: Path) -> None:
        frame.lazy().sink_parquet(
            temporary,
            compression="zstd",
            compression_level=COMPRESSION_LEVEL,
            maintain_order=True,
            metadata={
                "name": _TABLE.name,
                "label": _TABLE.label,
                "meaning": _TABLE.meaning,
                "model": model.system.name,
                "time_unit": model.time_unit,
            },
            arrow_schema=arrow_schema(_TABLE),
            engine="streaming",
        )

    try:
        write_atomically(path, write)
    except OSError as error:
        raise InputError(
            f"--parquet: {path} cannot be written ({error}); a file in a folder with room is "
            "needed. Choose another one."
        ) from error
    return frame.height


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def _number(value: float) -> str:
    return f"{value:.{_DIGITS}g}"
