"""Compile a kernel text for this machine's processor, once, and keep the result.

The cache is addressed by text, compiler with its version, flags and instruction set.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import importlib.util
import os
import platform
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kernels.backends.build_cache import built_file
from kernels.errors import BuildError, DeviceError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Compiler", "InstructionSet", "find_compiler", "instruction_set", "load_library"]

INSTRUCTION_SET_VARIABLE: Final = "NEUROCOHORT_INSTRUCTION_SET"
_TIMEOUT: Final = 900.0
_FLAGS: Final = (
    "-O3",
    "-std=c++17",
    "-ffp-contract=off",  # a * b + c rounds twice, as in NumPy
    "-fno-math-errno",
    "-fno-trapping-math",
    "-fno-exceptions",
    "-fno-rtti",
    "-fvisibility=hidden",
    "-fPIC",
    "-shared",
    "-w",
)
_ABSENT_REMEDY: Final = "Install g++ or clang++, or run in the repository: pip install '.[native]'"


@dataclass(frozen=True, slots=True, kw_only=True)
class InstructionSet:
    """Name a family of processors and how its registers are filled.

    Parameters
    ----------
    name
        What compilers call it.
    features
        Flags that the operating system must list.
    n_double
        Doubles in one register of the integrator.

    Examples
    --------
    >>> InstructionSet(name="x86-64-v3", features=("avx2",), n_double=4).n_double
    4
    """

    name: str
    features: tuple[str, ...]
    n_double: int


_V2: Final = ("cx16", "popcnt", "sse4_1", "sse4_2", "ssse3")
_V3: Final = (*_V2, "abm", "avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "movbe")
_V4: Final = (*_V3, "avx512bw", "avx512cd", "avx512dq", "avx512f", "avx512vl")
_X86: Final = (
    InstructionSet(name="x86-64-v4", features=_V4, n_double=8),
    InstructionSet(name="x86-64-v3", features=_V3, n_double=4),
    InstructionSet(name="x86-64-v2", features=_V2, n_double=2),
    InstructionSet(name="x86-64", features=(), n_double=2),
)
_ARM: Final = (InstructionSet(name="armv8-a", features=(), n_double=2),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiler:
    """Say how a compiler is called.

    Parameters
    ----------
    command
        Program and leading arguments.
    version
        First line of what it says of itself.
    is_zig
        Whether it is the compiler of the ``ziglang`` package.

    Examples
    --------
    >>> Compiler(command=("c++",), version="12", is_zig=False).command
    ('c++',)
    """

    command: tuple[str, ...]
    version: str
    is_zig: bool


def instruction_set() -> InstructionSet:
    """Return the widest instruction set of this machine, or the one the environment names.

    Raises
    ------
    DeviceError
        If ``NEUROCOHORT_INSTRUCTION_SET`` names one that is unknown or that this processor lacks.

    Examples
    --------
    >>> instruction_set().n_double >= 2
    True
    """
    known = _ARM if platform.machine().lower() in ("aarch64", "arm64") else _X86
    features = _processor_features()
    there = [s for s in known if set(s.features) <= features]
    asked = os.environ.get(INSTRUCTION_SET_VARIABLE)
    if asked is None:
        return there[0]
    for candidate in there:
        if candidate.name == asked:
            return candidate
    raise DeviceError(
        INSTRUCTION_SET_VARIABLE,
        f"'{asked}' is not what this processor has",
        "it has " + ", ".join(f"'{s.name}'" for s in there),
        "Name one of them, or unset it",
    )


@functools.cache
def _processor_features() -> frozenset[str]:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:  # macOS: only the baseline is sure
        return frozenset()
    for line in text.splitlines():
        if line.startswith("flags"):
            return frozenset(line.partition(":")[2].split())
    return frozenset()


def find_compiler() -> Compiler:
    """Return the first C++ compiler that answers: ``$CXX``, c++, g++, clang++, ziglang.

    Raises
    ------
    DeviceError
        If there is none; it says what was tried.

    Examples
    --------
    >>> find_compiler.__name__
    'find_compiler'
    """
    return _find_compiler(os.environ.get("CXX", ""), os.environ.get("PATH", ""))


@functools.cache
def _find_compiler(cxx: str, path: str) -> Compiler:
    del path  # part of the key: another PATH finds another compiler
    tried = []
    try:
        named = [tuple(shlex.split(cxx))] if cxx.strip() else []
    except ValueError as error:
        raise DeviceError(
            "CXX", f"'{cxx}' cannot be read ({error})", "a command is allowed", "Mend its quotes"
        ) from error
    for command in [*named, ("c++",), ("g++",), ("clang++",)]:
        version = _version(command)
        if version is not None:
            return Compiler(command=command, version=version, is_zig=False)
        tried.append("$CXX = " + cxx if command in named else command[0])
    if importlib.util.find_spec("ziglang") is not None:
        command = (sys.executable, "-m", "ziglang", "c++")
        version = _version(command)
        if version is not None:
            return Compiler(command=command, version=f"zig {version}", is_zig=True)
    tried.append("ziglang")
    raise DeviceError(
        "device 'native'",
        f"no C++ compiler was found (tried {', '.join(tried)})",
        "one that understands C++17 is needed",
        _ABSENT_REMEDY,
    )


def _version(command: tuple[str, ...]) -> str | None:
    if shutil.which(command[0]) is None:
        return None
    try:
        answer = subprocess.run(
            [*command, "--version"], capture_output=True, text=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    lines = answer.stdout.splitlines()
    return lines[0] if answer.returncode == 0 and lines else None


def load_library(text: str, compiler: Compiler, target: InstructionSet) -> ctypes.CDLL:
    """Return the compiled text, from memory, from the cache, or built now.

    Parameters
    ----------
    text
        What `kernel_text` gave.
    compiler, target
        Who builds it, and for what.

    Returns
    -------
    The loaded library.

    Raises
    ------
    BuildError
        If the compiler fails or is killed; with its last words.

    Examples
    --------
    >>> load_library.__name__
    'load_library'
    """
    command = _command(compiler, target)
    content = "\0".join((text, compiler.version, *command))
    key = hashlib.sha256(content.encode()).hexdigest()
    if key not in _LOADED:
        _LOADED[key] = _cached_library(key, text, command)
    return _LOADED[key]


_LOADED: dict[str, ctypes.CDLL] = {}


def _command(compiler: Compiler, target: InstructionSet) -> tuple[str, ...]:
    if compiler.is_zig:  # its own names, and no C++ library: building that takes minutes
        march = target.name.replace("-", "_")
        zig = (*compiler.command[:-1], "cc", "-x", "c++", "-nostdinc++")
        return (*zig, *_FLAGS, f"-mcpu={'baseline' if target.name == 'x86-64' else march}")
    flags = [*_FLAGS, f"-march={target.name}", "-nostdinc++"]
    if target.name == "x86-64-v4":
        flags.append("-mprefer-vector-width=512")
    return (*compiler.command, *flags)


def _cached_library(key: str, text: str, command: tuple[str, ...]) -> ctypes.CDLL:
    return built_file(key, ".so", lambda library: _build(library, text, command), _load)


def _build(library: Path, text: str, command: tuple[str, ...]) -> None:
    source = library.with_suffix(".cpp")
    source.write_text(text, encoding="utf-8")
    # beside the libraries, not in the folder of this build: it serves the next one too
    environment = os.environ | {"ZIG_GLOBAL_CACHE_DIR": str(library.parents[1] / "zig")}
    try:
        answer = subprocess.run(
            [*command, "-o", str(library), str(source)],
            capture_output=True,
            text=True,
            timeout=_TIMEOUT,
            check=False,
            env=environment,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _build_error(command, str(error)) from error
    if answer.returncode != 0 or not library.exists():
        last = answer.stderr.strip().splitlines()[-3:]
        raise _build_error(command, f"exit status {answer.returncode}: {' | '.join(last)}")


def _build_error(command: tuple[str, ...], what: str) -> BuildError:
    return BuildError(
        "device 'native'",
        f"'{command[0]}' did not build the kernel ({what})",
        "a compiler that understands C++17 and vector extensions is needed",
        "Set CXX to another one, or use --device numpy",
    )


def _load(library: Path) -> ctypes.CDLL:
    try:
        return ctypes.CDLL(str(library))
    except OSError as error:
        raise BuildError(
            "device 'native'",
            f"the compiled kernel cannot be loaded ({error})",
            "the cache folder must allow programs to run",
            "Set XDG_CACHE_HOME to a folder that is not mounted noexec",
        ) from error


def entry(library: ctypes.CDLL, name: str) -> Callable[[int], None]:
    """Return a function of the library that takes one pointer and returns nothing.

    Examples
    --------
    >>> entry.__name__
    'entry'
    """
    function = getattr(library, name)
    function.argtypes = [ctypes.c_void_p]
    function.restype = None

    def call(address: int) -> None:
        function(address)

    return call
