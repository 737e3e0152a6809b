"""What a backend is: the seam where another device is added in one file."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kernels.lanes import Lanes
    from kernels.program import Program
    from kernels.schedule import Schedule
    from kernels.solution import Solution
    from kernels.solver import Solver
    from kernels.system import OdeSystem

__all__ = ["AbstractBackend", "DeviceReport"]

_FEWEST_LANES: Final = 64  # fewer leave registers half empty


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceReport:
    """Say whether a device can be used, and if not, why and what helps.

    Parameters
    ----------
    name
        What ``device`` is set to.
    is_available
        Whether it can be used now.
    reason
        What was found.
    remedy
        What to do to get it; empty where it is there.

    Examples
    --------
    >>> DeviceReport(name="numpy", is_available=True, reason="installed", remedy="").name
    'numpy'
    """

    name: str
    is_available: bool
    reason: str
    remedy: str


class AbstractBackend(ABC):
    """Run a program on lanes.

    Contract
    --------
    A backend does the operations of the program in their written order, in the arithmetic of
    `kernels.arithmetic`; gives each lane a result that does not depend on its neighbours; keeps a
    failed lane with its `ResultCode` and goes on; applies the semantics of `Schedule`. It must
    refuse, not ignore, what it cannot do.

    Examples
    --------
    >>> sorted(AbstractBackend.__abstractmethods__)
    ['block_lanes', 'prepare', 'report', 'run']
    """

    name: str
    is_threaded: bool = False
    """Whether several blocks may run at once in threads of one process."""

    @property
    def usual_threads(self) -> int:
        """Blocks that run at once unless the caller says how many.

        Examples
        --------
        >>> from kernels.backends.numpy_backend import NumpyBackend
        >>> NumpyBackend().usual_threads
        1
        """
        return 1

    @property
    def fewest_lanes(self) -> int:
        """Lanes below which a block is not cut to give every thread one.

        Examples
        --------
        >>> from kernels.backends.numpy_backend import NumpyBackend
        >>> NumpyBackend().fewest_lanes
        64
        """
        return _FEWEST_LANES

    @abstractmethod
    def report(self) -> DeviceReport:
        """Say whether it can be used, without building anything."""

    @abstractmethod
    def prepare(self, program: Program, solver: Solver) -> None:
        """Build what ``run`` needs; a `KernelError` says why it cannot run this program."""

    @abstractmethod
    def block_lanes(self, program: Program) -> int:
        """Return how many lanes one call of `run` does best."""

    @abstractmethod
    def run(
        self,
        system: OdeSystem,
        program: Program,
        lanes: Lanes,
        schedule: Schedule,
        save_times: NDArray[np.int64],
        solver: Solver,
    ) -> Solution:
        """Integrate one block of lanes; all arguments have been checked."""
