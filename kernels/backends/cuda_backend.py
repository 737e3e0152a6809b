"""The CUDA backend: the kernel text compiled for a GPU, one lane a thread, launched through CuPy.

As many threads are started as the card can hold at once, and each takes one lane after another, so
that a thread whose lane is done works on. Two blocks of lanes run in two streams: while one
computes, the other is copied.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import hashlib
import importlib
import importlib.util
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from kernels.backends.arguments import pack_arguments, unpack_solution
from kernels.backends.cuda_build import (
    REMEDY,
    Resources,
    compile_cubin,
    nearest_architecture,
    nvrtc_version,
    supported_architectures,
)
from kernels.backends.interface import AbstractBackend, DeviceReport
from kernels.backends.kernel_text import ENTRY, kernel_text
from kernels.blocks import join_blocks, take_block
from kernels.errors import DeviceError, KernelError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

    from numpy.typing import NDArray

    from kernels.lanes import Lanes
    from kernels.program import Program
    from kernels.schedule import Schedule
    from kernels.solution import Solution
    from kernels.solver import Solver
    from kernels.system import OdeSystem

__all__ = ["CudaBackend", "cuda_devices", "is_out_of_memory", "launch_grid", "solve_halving"]

BLOCK_THREADS: Final = 128
_REGISTERS: Final = 65_536  # of one multiprocessor, from compute capability 3.5 to 12
_THREADS: Final = 2_048  # likewise; 1,536 on some cards, where the rest waits its turn
_SHARE_OF_MEMORY: Final = 0.4  # two blocks are there at once, and the driver keeps the stacks
_SAVED_ROWS: Final = 512  # what a lane may save before its block has to be halved
_MOST_LANES: Final = 1 << 19
_WARP: Final = 32
_RESULTS: Final = (
    "rows",
    "sizes",
    "codes",
    "failure_times",
    "accepted",
    "rejected",
    "observed",
    "restart_sizes",
    "event_memory",  # where the system has events
)
_DRIVER_REMEDY: Final = "Install the NVIDIA driver, and look at nvidia-smi and CUDA_VISIBLE_DEVICES"


@functools.cache
def _cupy() -> ModuleType | None:
    """Import CuPy where it and a driver are there: the import alone takes a second."""
    if importlib.util.find_spec("cupy") is None or not _has_driver():
        return None
    try:
        return importlib.import_module("cupy")
    except ImportError:
        return None


@functools.cache
def _has_driver() -> bool:
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    return True


@functools.cache
def _count() -> tuple[int, str, str]:
    """Return how many devices there are and, where there is none, the reason and the remedy."""
    cupy = _cupy()
    if cupy is None:
        if importlib.util.find_spec("cupy") is None:
            return 0, "CuPy is not installed", REMEDY
        if not _has_driver():
            return 0, "CuPy is installed, but no NVIDIA driver (libcuda)", _DRIVER_REMEDY
        return 0, "CuPy is installed, but cannot be imported", REMEDY
    try:
        count = int(cupy.cuda.runtime.getDeviceCount())
    except RuntimeError as error:  # a driver older than CuPy's CUDA, or no card
        return 0, f"CuPy found no device ({error})", f"{_DRIVER_REMEDY}. {REMEDY}"
    return count, "" if count else "the driver found no device", "" if count else _DRIVER_REMEDY


def cuda_devices() -> int:
    """Return how many CUDA devices there are.

    Examples
    --------
    >>> cuda_devices() >= 0
    True
    """
    return _count()[0]


def launch_grid(n_lane: int, resources: Resources, n_multiprocessor: int) -> tuple[int, int]:
    """Return how many thread blocks to start, and of how many threads.

    As many as the card holds at once, or fewer; few lanes are spread over all multiprocessors.

    Parameters
    ----------
    n_lane
        Lanes to integrate.
    resources
        What one thread takes.
    n_multiprocessor
        Of the card.

    Examples
    --------
    >>> taken = Resources(
    ...     registers=168, stack_bytes=0, spill_store_bytes=0, spill_load_bytes=0
    ... )
    >>> launch_grid(1_000_000, taken, 132), launch_grid(5_000, taken, 132)
    ((396, 128), (79, 64))
    """
    warps = -(-n_lane // (n_multiprocessor * _WARP))
    threads = min(BLOCK_THREADS, _WARP * max(warps, 1))
    registers = threads * 8 * -(-max(resources.registers, 1) // 8)  # given out by eights
    resident = max(1, min(_REGISTERS // registers, _THREADS // threads))
    return max(1, min(-(-n_lane // threads), n_multiprocessor * resident)), threads


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether memory did not suffice, on the card or on the host.

    Parameters
    ----------
    error
        What a launch raised. CuPy raises a `MemoryError` for its own arrays; the driver's refusal
        of the threads' stacks is a `RuntimeError` of CuPy.

    Examples
    --------
    >>> is_out_of_memory(RuntimeError("CUDA_ERROR_OUT_OF_MEMORY: out of memory"))
    True
    """
    if isinstance(error, MemoryError):
        return True
    words = ("CUDA_ERROR_OUT_OF_MEMORY", "cudaErrorMemoryAllocation")
    return isinstance(error, RuntimeError) and any(word in str(error) for word in words)


def solve_halving(
    lanes: Lanes,
    schedule: Schedule,
    attempt: Callable[[Lanes, Schedule], Solution],
    is_out_of_memory: Callable[[BaseException], bool],
) -> Solution:
    """Solve a block, and where memory does not suffice its two halves one after the other.

    Parameters
    ----------
    lanes, schedule
        The block.
    attempt
        Solves lanes or raises.
    is_out_of_memory
        Tells whether an exception means that memory did not suffice.

    Raises
    ------
    DeviceError
        If even one lane does not fit.

    Examples
    --------
    >>> solve_halving.__name__
    'solve_halving'
    """
    try:
        return attempt(lanes, schedule)
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        if lanes.n_lane <= 1:
            raise DeviceError(
                "device 'cuda'",
                f"one lane does not fit the memory of the card ({error})",
                "its states, parameters and saved observables must fit",
                "Save less often, or use --device native",
            ) from error
    middle = lanes.n_lane // 2
    halves = (slice(0, middle), slice(middle, lanes.n_lane))
    parts = [
        solve_halving(*take_block(lanes, schedule, half), attempt, is_out_of_memory)
        for half in halves
    ]
    return join_blocks(parts, {})


class CudaBackend(AbstractBackend):
    """Run programs on one CUDA device.

    Parameters
    ----------
    ordinal
        Number of the device.
    is_checked
        Compile without contraction of multiplications and additions, for the bits of the CPU.

    Examples
    --------
    >>> CudaBackend(1).name
    'cuda:1'
    """

    is_threaded = True

    def __init__(self, ordinal: int = 0, *, is_checked: bool = False) -> None:
        self.name = f"cuda:{ordinal}"
        self._ordinal = ordinal
        self._is_checked = is_checked

    @property
    def usual_threads(self) -> int:
        """Two: while one block computes, the other is copied.

        Examples
        --------
        >>> CudaBackend().usual_threads
        2
        """
        return 2

    def report(self) -> DeviceReport:
        """Say what was found: CuPy, driver, device, compiler.

        Examples
        --------
        >>> CudaBackend().report().name
        'cuda:0'
        """
        count, reason, remedy = _count()
        if self._ordinal >= count:
            reason = reason or f"CuPy finds {count} devices, cuda:0 to cuda:{count - 1}"
            return self._absent(reason, remedy or "Look at CUDA_VISIBLE_DEVICES")
        try:
            compiler = nvrtc_version()
        except DeviceError as error:
            return self._absent(error.given, error.remedy)
        about = _properties(self._ordinal)
        return DeviceReport(
            name=self.name,
            is_available=True,
            reason=f"{about['name'].decode()}, sm_{about['major']}{about['minor']}, "
            f"{about['totalGlobalMem'] / 2**30:.0f} GiB, NVRTC {compiler}",
            remedy="",
        )

    def _absent(self, reason: str, remedy: str) -> DeviceReport:
        return DeviceReport(name=self.name, is_available=False, reason=reason, remedy=remedy)

    def prepare(self, program: Program, solver: Solver) -> None:
        """Compile the program and load it into the device.

        Raises
        ------
        DeviceError, BuildError
            If there is no device or compiler, or the compiler refuses the text.

        Examples
        --------
        >>> CudaBackend.prepare.__name__
        'prepare'
        """
        report = self.report()
        if not report.is_available:
            raise DeviceError(
                f"device '{self.name}'", report.reason, "CuPy and a device", report.remedy
            )
        self._kernel(program, solver)

    def _kernel(self, program: Program, solver: Solver) -> tuple[Any, Resources]:
        text = kernel_text(program, solver, 1, BLOCK_THREADS)
        return _built(self._ordinal, text, self._is_checked)

    @property
    def fewest_lanes(self) -> int:
        """Return how many lanes the card works on at once: a smaller block leaves part of it idle.

        Examples
        --------
        >>> isinstance(CudaBackend.fewest_lanes, property)
        True
        """
        return int(_properties(self._ordinal)["multiProcessorCount"]) * 2 * BLOCK_THREADS

    def block_lanes(self, program: Program) -> int:
        """Return how many lanes fit the free memory of the device, twice.

        Examples
        --------
        >>> CudaBackend.block_lanes.__name__
        'block_lanes'
        """
        cupy = _cupy()
        assert cupy is not None
        with cupy.cuda.Device(self._ordinal):
            free, _ = cupy.cuda.runtime.memGetInfo()
            free += cupy.get_default_memory_pool().free_bytes()  # CuPy's, kept for the next block
        rows = len(program.parameters) + 2 * program.n_row + 2 * len(program.inputs)
        rows += 0 if program.events is None else program.events.n_memory
        fitting = int(_SHARE_OF_MEMORY * free) // (8 * (rows + _SAVED_ROWS))
        return int(np.clip(fitting, BLOCK_THREADS, _MOST_LANES))

    def run(
        self,
        system: OdeSystem,
        program: Program,
        lanes: Lanes,
        schedule: Schedule,
        save_times: NDArray[np.int64],
        solver: Solver,
    ) -> Solution:
        """Integrate one block of lanes, in halves if memory does not suffice.

        Examples
        --------
        >>> CudaBackend.run.__name__
        'run'
        """
        cupy = _cupy()
        assert cupy is not None
        kernel, resources = self._kernel(program, solver)

        def attempt(some: Lanes, part: Schedule) -> Solution:
            packed = pack_arguments(
                system,
                program,
                some,
                part,
                save_times,
                solver,
                place=lambda array: cupy.asarray(np.ascontiguousarray(array)),
                address=lambda array: int(array.data.ptr),
            )
            problem = cupy.asarray(packed.problem.view(np.uint8))
            n_multiprocessor = _properties(self._ordinal)["multiProcessorCount"]
            grid, threads = launch_grid(some.n_lane, resources, n_multiprocessor)
            kernel((grid,), (threads,), (problem,))
            results: list[str] = [name for name in _RESULTS if name in packed.arrays]
            arrays = {name: cupy.asnumpy(packed.arrays[name]) for name in results}
            return unpack_solution(arrays, program, some, save_times, self.name)

        with _stream(self._ordinal), _cuda_errors(self.name, "the kernel failed"):
            return solve_halving(lanes, schedule, attempt, is_out_of_memory)


@functools.cache
def _properties(ordinal: int) -> dict[str, Any]:
    cupy = _cupy()
    assert cupy is not None
    properties: dict[str, Any] = cupy.cuda.runtime.getDeviceProperties(ordinal)
    return properties


@functools.cache
def _free_streams(ordinal: int) -> list[Any]:
    del ordinal  # a list for each device
    return []


@contextlib.contextmanager
def _stream(ordinal: int) -> Iterator[None]:
    """Lend a stream to this thread; the next block takes it again, with the memory it has freed."""
    cupy = _cupy()
    assert cupy is not None
    free = _free_streams(ordinal)
    with cupy.cuda.Device(ordinal):
        try:
            stream = free.pop()
        except IndexError:
            stream = cupy.cuda.Stream(non_blocking=True)
        try:
            with stream:
                yield
        finally:
            free.append(stream)


@contextlib.contextmanager
def _cuda_errors(name: str, what: str) -> Iterator[None]:
    try:
        yield
    except KernelError:
        raise
    except RuntimeError as error:  # CuPy's errors of the runtime and of the driver
        raise DeviceError(
            f"device '{name}'",
            f"{what} ({error})",
            "a driver at least as new as NVRTC, and a card that works, are needed",
            "Look at nvidia-smi, or use --device native",
        ) from error


@functools.cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="neurocohort-")  # gone when the process ends


@functools.lru_cache(maxsize=64)
def _built(ordinal: int, text: str, is_checked: bool) -> tuple[Any, Resources]:  # noqa: FBT001
    about = _properties(ordinal)
    capability = 10 * about["major"] + about["minor"]
    architecture = nearest_architecture(capability, supported_architectures())
    compiled = compile_cubin(text, architecture, is_checked=is_checked)
    cupy = _cupy()
    assert cupy is not None
    path = Path(_folder().name) / f"{ordinal}-{hashlib.sha256(compiled.cubin).hexdigest()}.cubin"
    path.write_bytes(compiled.cubin)
    with (
        cupy.cuda.Device(ordinal),
        _cuda_errors(f"cuda:{ordinal}", "the driver refused the kernel"),
    ):
        kernel = cupy.RawModule(path=str(path)).get_function(ENTRY)
        # no shared memory is used: all of it is cache for the stage vectors. Also loads the kernel
        # now, so that 'auto' can still pass the device over
        kernel.preferred_shared_memory_carveout = 0
    return kernel, compiled.resources
