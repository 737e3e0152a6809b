"""What a backend is: the seam where another device is added in one file."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kernels.lanes import Lanes
    from kernels.program import Program
    from kernels.schedule import Schedule
    from kernels.solution import Solution
    from kernels.solver import Solver
    from kernels.system import OdeSystem

__all__ = ["AbstractBackend"]


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
    >>> AbstractBackend.__abstractmethods__ == {"run", "block_lanes"}
    True
    """

    name: str

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
