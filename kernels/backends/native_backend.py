"""The native backend: the kernel text compiled for this processor, many lanes in a register."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kernels.backends.arguments import pack_arguments, unpack_solution
from kernels.backends.interface import AbstractBackend, DeviceReport
from kernels.backends.kernel_text import ENTRY, kernel_text
from kernels.backends.native_build import entry, find_compiler, instruction_set, load_library
from kernels.cores import available_cores
from kernels.errors import DeviceError

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from kernels.lanes import Lanes
    from kernels.program import Program
    from kernels.schedule import Schedule
    from kernels.solution import Solution
    from kernels.solver import Solver
    from kernels.system import OdeSystem

__all__ = ["NativeBackend"]

_BLOCK_LANES: Final = 1024


class NativeBackend(AbstractBackend):
    """Run programs compiled by the system's C++ compiler.

    Parameters
    ----------
    n_double
        Doubles in a register; None takes what fits the processor. float32 has twice as many
        lanes, and the result depends on neither.

    Examples
    --------
    >>> NativeBackend().name
    'native'
    """

    name = "native"
    is_threaded = True

    def __init__(self, n_double: int | None = None) -> None:
        self._n_double = n_double

    @property
    def usual_threads(self) -> int:
        """Every core that this process may use.

        Examples
        --------
        >>> NativeBackend().usual_threads > 0
        True
        """
        return available_cores()

    def report(self) -> DeviceReport:
        """Say which compiler and instruction set there are.

        Examples
        --------
        >>> NativeBackend().report().name
        'native'
        """
        try:
            compiler, target = find_compiler(), instruction_set()
        except DeviceError as error:
            return DeviceReport(
                name=self.name, is_available=False, reason=error.given, remedy=error.remedy
            )
        return DeviceReport(
            name=self.name,
            is_available=True,
            reason=f"{target.name}, {compiler.version}",
            remedy="",
        )

    def prepare(self, program: Program, solver: Solver) -> None:
        """Compile the program.

        Raises
        ------
        DeviceError, BuildError
            If there is no compiler, or it fails.

        Examples
        --------
        >>> NativeBackend.prepare.__name__
        'prepare'
        """
        self._entry(program, solver)

    def _entry(self, program: Program, solver: Solver) -> Callable[[int], None]:
        target = instruction_set()
        n_double = self._n_double or target.n_double
        lanes = n_double * (2 if solver.precision == "float32" and n_double > 1 else 1)
        text = kernel_text(program, solver, lanes)
        return entry(load_library(text, find_compiler(), target), ENTRY)

    def block_lanes(self, program: Program) -> int:
        """Return how many lanes one call takes.

        Examples
        --------
        >>> from kernels import OdeSystem, lower
        >>> small = lower(OdeSystem(name="a", states=("x",), parameters=(), rhs={"x": 0}))
        >>> NativeBackend().block_lanes(small)
        1024
        """
        return _BLOCK_LANES

    def run(
        self,
        system: OdeSystem,
        program: Program,
        lanes: Lanes,
        schedule: Schedule,
        save_times: NDArray[np.int64],
        solver: Solver,
    ) -> Solution:
        """Integrate one block of lanes.

        Examples
        --------
        >>> NativeBackend.run.__name__
        'run'
        """
        run = self._entry(program, solver)
        packed = pack_arguments(system, program, lanes, schedule, save_times, solver)
        run(packed.problem.ctypes.data)
        return unpack_solution(packed.arrays, program, lanes, save_times, self.name)
