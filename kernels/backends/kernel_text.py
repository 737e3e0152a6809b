"""The whole text that a compiler gets: lanes, arithmetic, arguments, model, integrator."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

from kernels.backends.arguments import arguments_source
from kernels.backends.cpp_source import cpp_source
from kernels.instructions import FURTHER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kernels.program import Program
    from kernels.solver import Solver

__all__ = ["ENTRY", "kernel_text"]

ENTRY = "neurocohort_run"
"""Name of the function that a caller looks up."""


def kernel_text(
    program: Program, solver: Solver, lanes: int, block_threads: int | None = None
) -> str:
    """Return one self-contained C++ text.

    Parameters
    ----------
    program
        The operations.
    solver
        Its method and precision enter the text, its tolerances do not.
    lanes
        Numbers in a register; 1 on a GPU, where every thread is a lane.
    block_threads
        Threads of a block on a GPU.

    Returns
    -------
    C++17 text without includes.

    Examples
    --------
    >>> from kernels import OdeSystem, Solver, lower
    >>> rest = lower(OdeSystem(name="rest", states=("x",), parameters=(), rhs={"x": 0}))
    >>> kernel_text(rest, Solver(), 4).splitlines()[0]
    '#define LANES 4'
    """
    key = (id(program), solver.method, solver.precision, lanes, block_threads)
    if key not in _TEXTS:  # a trial asks once for every block and segment
        _TEXTS[key] = (program, _text(program, solver, lanes, block_threads))
    return _TEXTS[key][1]


_TEXTS: dict[tuple[object, ...], tuple[Program, str]] = {}
"""Texts by the identity of the program, which is held so that its number stays its own."""


def _text(program: Program, solver: Solver, lanes: int, block_threads: int | None) -> str:
    defines = [f"#define LANES {lanes}"]
    if solver.precision != "float64":
        defines.append(f"#define NEUROCOHORT_{_DEFINE[solver.precision]}")
    if block_threads is not None:
        defines.append(f"#define BLOCK_THREADS {block_threads}")
    parts = (
        "\n".join([*defines, ""]),
        _source("lanes.hpp"),
        _source("arithmetic.hpp"),
        *([_source("functions.hpp")] if _uses_functions(program) else []),
        arguments_source(has_events=program.events is not None),
        cpp_source(program, solver.method),
        _integrator(program),
    )
    return "\n".join(parts)


def _integrator(program: Program) -> str:
    """Return the integrator; what the program has no use for, not a letter of it is in it."""
    there = {
        "#ifdef NEUROCOHORT_EVENTS": program.events is not None,
        "#ifdef NEUROCOHORT_MOMENTS": program.moments is not None,
        "#ifdef NEUROCOHORT_LIMITS": not (program.events is None and program.moments is None),
    }
    lines, keeps = [], [True]
    for line in _with_parts(_source("rosenbrock.hpp")):
        if line in there:
            keeps.append(keeps[-1] and there[line])
        elif line == "#else" and len(keeps) > 1:
            keeps[-1] = not keeps[-1] and keeps[-2]
        elif line == "#endif" and len(keeps) > 1:
            keeps.pop()
        elif keeps[-1]:
            lines.append(line)
    return "\n".join(lines)


def _with_parts(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        if line in ('#include "events.hpp"', '#include "moments.hpp"'):
            yield from _source(line.split('"')[1]).split("\n")
        else:
            yield line


def _uses_functions(program: Program) -> bool:
    more = () if program.events is None else program.events.sections
    sections = (*program.sections, *more, *(() if program.moments is None else (program.moments,)))
    return any(i.op in FURTHER for section in sections for i in section.instructions)


_DEFINE = {"float32": "FLOAT", "mixed": "MIXED"}


def _source(name: str) -> str:
    return resources.files("kernels").joinpath("source", name).read_text(encoding="utf-8")
