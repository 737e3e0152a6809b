"""Lowered programs, kept in memory and on disk.

Lowering takes seconds and every worker process needs the same program. The key is the content of
the system, the version of SymPy and the version of the lowering. A folder that cannot be written
or a file that cannot be read costs time, never the result.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import sympy

from kernels.program import Program

if TYPE_CHECKING:
    from collections.abc import Callable

    from kernels.system import OdeSystem

__all__ = ["cache_folder", "cached_program"]

LOWERING = "3"
"""Grows whenever the lowering writes another program for the same system."""

_MEMORY: dict[str, Program] = {}


def cache_folder() -> Path:
    """Return the folder of cached programs; it may not exist yet.

    Raises
    ------
    RuntimeError
        If the user has no home folder and no environment variable names another.

    Examples
    --------
    >>> cache_folder().name
    'neurocohort'
    """
    if sys.platform == "win32":
        root = os.environ.get("LOCALAPPDATA") or str(Path.home() / "AppData" / "Local")
    else:
        root = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(root) / "neurocohort"


def cached_program(system: OdeSystem, build: Callable[[OdeSystem], Program]) -> Program:
    """Return the program of ``system``, built only if no cache has it.

    Parameters
    ----------
    system
        The equations.
    build
        Function that lowers it.

    Returns
    -------
    The program.

    Examples
    --------
    >>> from kernels import OdeSystem, lower
    >>> rest = OdeSystem(name="rest", states=("x",), parameters=(), rhs={"x": 0})
    >>> cached_program(rest, lower) is cached_program(rest, lower)
    True
    """
    content = f"{system.content_hash()} sympy {sympy.__version__} lowering {LOWERING}"
    key = hashlib.sha256(content.encode()).hexdigest()
    if key not in _MEMORY:
        program = _read(key)
        if program is None:
            program = build(system)
            _write(key, program.to_text())
        _MEMORY[key] = program
    return _MEMORY[key]


def _read(key: str) -> Program | None:
    try:
        content = (cache_folder() / f"{key}.program").read_text(encoding="utf-8")
        checksum, _, text = content.partition("\n")
        return Program.from_text(text) if checksum == _checksum(text) else None
    except (OSError, RuntimeError, UnicodeDecodeError):  # BuildError is a RuntimeError
        return None


def _checksum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _write(key: str, text: str) -> None:
    try:
        path = cache_folder() / f"{key}.program"
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=path.parent, suffix=".part", delete=False
        ) as file:
            file.write(f"{_checksum(text)}\n{text}")
        Path(file.name).replace(path)
    except (OSError, RuntimeError):
        return
