"""The CUDA backend: the kernel text compiled for a GPU, one lane a thread, launched through CuPy.

As many threads are started as the card can hold at once, and each takes one lane after another, so
that a thread whose lane is done works on. Two blocks of lanes run in two streams: while one
computes, the other is copied.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import importlib.util
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from kernels.backends.arguments import pack_arguments, unpack_solution
from kernels.backends.cuda_build import REMEDY, Resources, compile_cubin, nvrtc_version
from kernels.backends.interface import AbstractBackend, DeviceReport
from kernels.backends.kernel_text import ENTRY, kernel_text
from kernels.blocks import join_blocks, take_block
from kernels.errors import DeviceError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from numpy.typing import NDArray

    from kernels.lanes import Lanes
    from kernels.program import Program
    from kernels.schedule import Schedule
    from kernels.solution import Solution
    from kernels.solver import Solver
    from kernels.system import OdeSystem

__all__ = ["CudaBackend", "cuda_devices", "launch_grid", "solve_halving"]

BLOCK_THREADS: Final = 128
_REGISTERS: Final = 65_536  # of one multiprocessor, from compute capability 3.5 to 12
_THREADS: Final = 2_048  # likewise; 1,536 on some cards, where the rest waits its turn
_SHARE_OF_MEMORY: Final = 0.4  # two blocks are there at once, and the driver keeps the stacks
_SAVED_ROWS: Final = 512  # what a lane may save before its block has to be halved
_MOST_LANES: Final = 1 << 19


@functools.cache
def _cupy() -> ModuleType | None:
    if importlib.util.find_spec("cupy") is None:
        return None
    try:
        return importlib.import_module("cupy")
    except ImportError:
        return None


def cuda_devices() -> int:
    """Return how many CUDA devices there are.

    Examples
    --------
    >>> cuda_devices() >= 0
    True
    """
    cupy = _cupy()
    if cupy is None or not cupy.cuda.is_available():
        return 0
    return int(cupy.cuda.runtime.getDeviceCount())


def launch_grid(n_lane: int, resources: Resources, n_multiprocessor: int) -> int:
    """Return how many thread blocks to start: those that the card holds at once, or fewer.

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
    >>> launch_grid(1_000_000, taken, 132), launch_grid(1_000, taken, 132)
    (396, 8)
    """
    registers = BLOCK_THREADS * 8 * -(-max(resources.registers, 1) // 8)  # given out by eights
    resident = max(1, min(_REGISTERS // registers, _THREADS // BLOCK_THREADS))
    return max(1, min(-(-n_lane // BLOCK_THREADS), n_multiprocessor * resident))


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
        cupy = _cupy()
        if cupy is None:
            return self._absent("CuPy is not installed", REMEDY)
        if self._ordinal >= cuda_devices():
            return self._absent(
                "CuPy is installed and finds no such device or no CUDA driver",
                "Install the NVIDIA driver, and look at nvidia-smi and CUDA_VISIBLE_DEVICES",
            )
        try:
            compiler = nvrtc_version()
        except DeviceError as error:
            return self._absent(error.given, error.remedy)
        about = cupy.cuda.runtime.getDeviceProperties(self._ordinal)
        return DeviceReport(
            name=self.name,
            is_available=True,
            reason=f"{about['name'].decode()}, {self._architecture()}, "
            f"{about['totalGlobalMem'] / 2**30:.0f} GiB, NVRTC {compiler}",
            remedy="",
        )

    def _absent(self, reason: str, remedy: str) -> DeviceReport:
        return DeviceReport(name=self.name, is_available=False, reason=reason, remedy=remedy)

    def _architecture(self) -> str:
        cupy = _cupy()
        assert cupy is not None
        return f"sm_{cupy.cuda.Device(self._ordinal).compute_capability}"

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
        compiled = compile_cubin(text, self._architecture(), is_checked=self._is_checked)
        return _loaded(self._ordinal, compiled.cubin), compiled.resources

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
        rows = len(program.parameters) + 2 * program.n_row + 2 * len(program.inputs)
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
            about = cupy.cuda.runtime.getDeviceProperties(self._ordinal)
            grid = launch_grid(some.n_lane, resources, about["multiProcessorCount"])
            kernel((grid,), (BLOCK_THREADS,), (problem,))
            arrays = {name: cupy.asnumpy(array) for name, array in packed.arrays.items()}
            return unpack_solution(arrays, program, some, save_times, self.name)

        def is_out_of_memory(error: BaseException) -> bool:
            return isinstance(error, cupy.cuda.memory.OutOfMemoryError)

        with cupy.cuda.Device(self._ordinal), cupy.cuda.Stream(non_blocking=True) as stream:
            solution = solve_halving(lanes, schedule, attempt, is_out_of_memory)
            stream.synchronize()
        return solution


@functools.cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="neurocohort-")  # gone when the process ends


@functools.lru_cache(maxsize=64)
def _loaded(ordinal: int, cubin: bytes) -> Any:  # noqa: ANN401 - a CuPy kernel, which has no types
    cupy = _cupy()
    assert cupy is not None
    # CuPy reads the file when the kernel is first launched, so it has to stay
    path = Path(_folder().name) / f"{ordinal}-{hashlib.sha256(cubin).hexdigest()}.cubin"
    path.write_bytes(cubin)
    with cupy.cuda.Device(ordinal):
        return cupy.RawModule(path=str(path)).get_function(ENTRY)
