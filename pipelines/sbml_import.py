"""A model from a file, and its course over time.

1. `sbml_request`: what is asked, and the model
2. here: draw parameters, integrate
3. `sbml_text`: in words; `sbml_output`: as a table

`pipelines.model_cli` enters here; reading itself is `cohort.sbml`.
"""

import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from cohort.errors import RangeError
from cohort.population.draws import normals
from cohort.sbml import SbmlModel
from cohort.sbml.course import Course, time_course, whole_seconds
from kernels import ResultCode
from pipelines.errors import ExecutionError, InputError
from pipelines.sbml_output import write_course
from pipelines.sbml_request import CourseRequest, read_course_request, read_model
from pipelines.sbml_text import describe, render_course, render_model, summarise

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

_MOST_VALUES: Final = 200_000_000


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
    seed = _seed(request)
    sigma = math.sqrt(math.log1p(request.spread**2))
    lanes = np.arange(request.n_lane)
    return {
        name: value * np.exp(sigma * normals(seed, lanes, f"sbml {name}"))
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
        If the result would not fit the memory, the times fall on no whole parts of the model's
        unit, or a seed was given and nothing is drawn.

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
    has_chance = any(event.by_chance for event in model.system.events)
    if request.seed is not None and not (request.draws or has_chance):
        raise InputError(
            "--seed: given without --draws, and no events of the model draw lots; something that "
            "is drawn is needed. Add --draws 100, or leave it out."
        )
    drawn: dict[str, Any] = draw_parameters(model, request) if request.draws else {}
    try:
        whole_seconds(request.times)
    except RangeError as error:
        raise InputError(f"--end and --steps: {error}") from error
    return time_course(
        model,
        request.times,
        n_lane=request.n_lane,
        values={**drawn, **values},
        seed=_seed(request),
        device=request.device,
    )


def _seed(request: CourseRequest) -> int:
    return 1 if request.seed is None else request.seed


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
