"""Compile a kernel text for a GPU with NVRTC; no device and no CuPy are needed.

NVRTC is found where its wheel or a CUDA toolkit put it. The result is machine code for one
architecture (a CUBIN): PTX of a newer NVRTC would not load on an older driver. The compiler's
report of registers, stack and spills is kept with it, since the launch is chosen from it.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import functools
import hashlib
import importlib.util
import json
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kernels.backends.build_cache import built_file
from kernels.errors import BuildError, DeviceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = [
    "CompiledKernel",
    "Resources",
    "compile_cubin",
    "find_nvrtc",
    "nearest_architecture",
    "supported_architectures",
]

REMEDY: Final = "Run in the repository: pip install '.[gpu-cuda13]', or '.[gpu-cuda12]' for CUDA 12"
_OPTIONS: Final = ("--std=c++17", "--ptxas-options=-v")
_UNCONTRACTED: Final = "--fmad=false"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """Say what one thread of a kernel takes, as the compiler reports it.

    Parameters
    ----------
    registers
        32-bit registers.
    stack_bytes
        Local memory: arrays, and what calls save [bytes].
    spill_store_bytes, spill_load_bytes
        Values that did not fit the registers, summed over functions [bytes].

    Examples
    --------
    >>> Resources(registers=80, stack_bytes=904, spill_store_bytes=0, spill_load_bytes=0).registers
    80
    """

    registers: int
    stack_bytes: int
    spill_store_bytes: int
    spill_load_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledKernel:
    """Hold machine code for a GPU.

    Parameters
    ----------
    cubin
        What the driver loads.
    resources
        What one thread takes.

    Examples
    --------
    >>> CompiledKernel.__slots__
    ('cubin', 'resources')
    """

    cubin: bytes
    resources: Resources


def find_nvrtc() -> str:
    """Return where the run-time compiler of CUDA is.

    Raises
    ------
    DeviceError
        If it is not installed.

    Examples
    --------
    >>> find_nvrtc.__name__
    'find_nvrtc'
    """
    for path in _nvrtc_places():
        return path
    raise DeviceError(
        "device 'cuda'",
        "the CUDA run-time compiler (libnvrtc) was not found",
        "its wheel or a CUDA toolkit of version 12 or 13 is needed",
        REMEDY,
    )


def _nvrtc_places() -> Iterator[str]:
    wheel = importlib.util.find_spec("nvidia")
    for root in (wheel.submodule_search_locations or ()) if wheel else ():
        for pattern in ("cu1*/lib/libnvrtc.so.1*", "cuda_nvrtc/lib/libnvrtc.so.1*"):
            yield from map(str, sorted(Path(root).glob(pattern), reverse=True))
    toolkit = os.environ.get("CUDA_PATH") or os.environ.get("CUDA_HOME") or "/usr/local/cuda"
    yield from map(str, sorted(Path(toolkit).glob("lib64/libnvrtc.so.1*"), reverse=True))
    found = ctypes.util.find_library("nvrtc")
    if found:
        yield found


@functools.cache
def _nvrtc(path: str) -> ctypes.CDLL:
    try:
        return ctypes.CDLL(path)
    except OSError as error:
        raise DeviceError(
            "device 'cuda'",
            f"the CUDA run-time compiler cannot be loaded ({error})",
            "version 12 or 13 for this platform is needed",
            REMEDY,
        ) from error


def nvrtc_version() -> str:
    """Return the version of the compiler.

    Raises
    ------
    DeviceError
        If it is not installed.

    Examples
    --------
    >>> nvrtc_version.__name__
    'nvrtc_version'
    """
    major, minor = ctypes.c_int(), ctypes.c_int()
    _nvrtc(find_nvrtc()).nvrtcVersion(ctypes.byref(major), ctypes.byref(minor))
    return f"{major.value}.{minor.value}"


def supported_architectures() -> tuple[int, ...]:
    """Return what the compiler can compile for, such as 90 for ``sm_90``.

    Raises
    ------
    DeviceError
        If it is not installed.

    Examples
    --------
    >>> supported_architectures.__name__
    'supported_architectures'
    """
    nvrtc, count = _nvrtc(find_nvrtc()), ctypes.c_int()
    _check(nvrtc, nvrtc.nvrtcGetNumSupportedArchs(ctypes.byref(count)))
    architectures = (ctypes.c_int * count.value)()
    _check(nvrtc, nvrtc.nvrtcGetSupportedArchs(architectures))
    return tuple(architectures)


def nearest_architecture(capability: int, supported: Iterable[int]) -> str:
    """Return the newest architecture whose machine code a card runs.

    Parameters
    ----------
    capability
        Compute capability of the card, such as 89.
    supported
        What the compiler can compile for.

    Raises
    ------
    BuildError
        If there is none: a card runs the code of its own major version, up to its minor version.

    Examples
    --------
    >>> nearest_architecture(89, (80, 86, 90))
    'sm_86'
    """
    known = sorted(supported)
    fitting = [other for other in known if other // 10 == capability // 10 and other <= capability]
    if not fitting:
        raise BuildError(
            "device 'cuda'",
            f"the card has compute capability {capability / 10} and NVRTC does not compile for it",
            "it compiles for " + ", ".join(str(other / 10) for other in known),
            "Install [gpu-cuda12] for an older card, a newer NVRTC for a newer one",
        )
    return f"sm_{fitting[-1]}"


def compile_cubin(text: str, architecture: str, *, is_checked: bool = False) -> CompiledKernel:
    """Return machine code of a kernel text, from the cache or compiled now.

    Parameters
    ----------
    text
        What `kernel_text` gave.
    architecture
        Such as ``sm_90``.
    is_checked
        Keep multiplications and additions apart, so that results have the bits of the CPU's.

    Returns
    -------
    Machine code and resources.

    Raises
    ------
    DeviceError
        If the compiler is not installed.
    BuildError
        If it refuses the text or the architecture; with its first words.

    Examples
    --------
    >>> compile_cubin.__name__
    'compile_cubin'
    """
    contraction = (_UNCONTRACTED,) if is_checked else ()
    options = (f"--gpu-architecture={architecture}", *_OPTIONS, *contraction)
    content = "\0".join((text, nvrtc_version(), *options))
    key = hashlib.sha256(content.encode()).hexdigest()

    def build(path: Path) -> None:
        kernel = _compile(text, options)
        head = json.dumps(asdict(kernel.resources), sort_keys=True)
        path.write_bytes(head.encode() + b"\n" + kernel.cubin)

    def use(path: Path) -> CompiledKernel:
        head, _, cubin = path.read_bytes().partition(b"\n")
        return CompiledKernel(cubin=cubin, resources=Resources(**json.loads(head)))

    return built_file(key, ".cubin", build, use)


def _compile(text: str, options: tuple[str, ...]) -> CompiledKernel:
    nvrtc = _nvrtc(find_nvrtc())
    program = ctypes.c_void_p()
    _check(
        nvrtc,
        nvrtc.nvrtcCreateProgram(
            ctypes.byref(program), text.encode(), b"neurocohort.cu", 0, None, None
        ),
    )
    try:
        given = (ctypes.c_char_p * len(options))(*(option.encode() for option in options))
        code = nvrtc.nvrtcCompileProgram(program, len(options), given)
        log = _text(nvrtc, program, "ProgramLog").decode(errors="replace").rstrip("\0")
        if code:
            lines = [line for line in log.splitlines() if "error" in line] or log.splitlines()
            raise _build_error(" | ".join(lines[:2]) or f"error {code}", options[0])
        return CompiledKernel(cubin=_text(nvrtc, program, "CUBIN"), resources=read_report(log))
    finally:
        nvrtc.nvrtcDestroyProgram(ctypes.byref(program))


def _text(nvrtc: ctypes.CDLL, program: ctypes.c_void_p, what: str) -> bytes:
    size = ctypes.c_size_t()
    _check(nvrtc, getattr(nvrtc, f"nvrtcGet{what}Size")(program, ctypes.byref(size)))
    buffer = ctypes.create_string_buffer(size.value)
    _check(nvrtc, getattr(nvrtc, f"nvrtcGet{what}")(program, buffer))
    return buffer.raw


def _check(nvrtc: ctypes.CDLL, code: int) -> None:
    if code:
        nvrtc.nvrtcGetErrorString.restype = ctypes.c_char_p
        raise _build_error(nvrtc.nvrtcGetErrorString(code).decode(), "")


def _build_error(what: str, option: str) -> BuildError:
    return BuildError(
        "device 'cuda'",
        f"NVRTC did not build the kernel ({what})",
        f"an architecture that it knows is needed {option}".strip(),
        "Install a newer NVRTC, or use --device native",
    )


def read_report(log: str) -> Resources:
    """Read the resources of a kernel from what ``ptxas -v`` says.

    Examples
    --------
    >>> read_report(
    ...     "96 bytes stack frame, 8 bytes spill stores, 4 bytes spill loads; "
    ...     "Used 80 registers, used 0 barriers, 904 bytes cumulative stack size"
    ... )
    Resources(registers=80, stack_bytes=904, spill_store_bytes=8, spill_load_bytes=4)
    """

    def numbers(pattern: str) -> list[int]:
        return [int(found) for found in re.findall(pattern, log)]

    return Resources(
        registers=max(numbers(r"Used (\d+) registers"), default=0),
        stack_bytes=max(numbers(r"(\d+) bytes (?:cumulative stack size|stack frame)"), default=0),
        spill_store_bytes=sum(numbers(r"(\d+) bytes spill stores")),
        spill_load_bytes=sum(numbers(r"(\d+) bytes spill loads")),
    )
