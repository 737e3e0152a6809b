"""What is asked of an imported model: which file, which parameters, how long, how many draws."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

from cohort.errors import RangeError
from cohort.sbml import SbmlModel, read_sbml
from cohort.sbml.course import even_times
from pipelines.errors import InputError

__all__ = ["CourseRequest", "read_course_request", "read_model"]

_MOST_DRAWS: Final = 1_000_000
_MOST_SPREAD: Final = 10.0


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
        Of the draws, and of the order of events of equal priority; None if none was given.
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
    seed: int | None
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

    Examples
    --------
    >>> read_course_request("10", 5, None, 0.3, None, "numpy")
    Traceback (most recent call last):
    ...
    pipelines.errors.InputError: --spread: given without --draws; together they make a ...
    """
    try:
        times = even_times(end, steps)
    except RangeError as error:  # it begins with the name of the argument, here an option's
        raise InputError(f"--{error}") from error
    if seed is not None and not 0 <= seed < 2**64:
        raise InputError(f"--seed: {seed}; 0 to 2^64 - 1 is allowed. Change it.")
    if draws is None:
        if spread is not None:
            raise InputError(
                "--spread: given without --draws; together they make a population. Add --draws "
                "100, or leave it out."
            )
        return CourseRequest(times=times, draws=0, spread=0.0, seed=seed, device=device)
    if not 1 <= draws <= _MOST_DRAWS:
        raise InputError(f"--draws: {draws}; 1 to {_MOST_DRAWS:,} are allowed. Change it.")
    spread = 0.3 if spread is None else spread
    if not (0.0 <= spread <= _MOST_SPREAD):
        raise InputError(
            f"--spread: {spread}; a coefficient of variation from 0 to {_MOST_SPREAD:g} is "
            "allowed. Write 0.3 for 30 %."
        )
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
