"""What an integration gives back, and the code each lane ended with."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from kernels.errors import IntegrationError, UnknownNameError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kernels.lanes import Lanes

__all__ = ["ResultCode", "Solution"]


class ResultCode(IntEnum):
    """How one lane ended.

    Examples
    --------
    >>> ResultCode.STEP_TOO_SMALL.message
    'the step size fell below the resolution of time'
    """

    SUCCESS = 0
    STEP_TOO_SMALL = 1
    TOO_MANY_STEPS = 2
    NON_FINITE = 3
    TOO_MANY_PENDING = 4
    ENDLESS_EVENTS = 5
    BAD_DELAY = 6

    @property
    def message(self) -> str:
        """One line for people.

        Examples
        --------
        >>> ResultCode(0).message
        'integrated to the end'
        """
        return _MESSAGES[self]


_MESSAGES = {
    ResultCode.SUCCESS: "integrated to the end",
    ResultCode.STEP_TOO_SMALL: "the step size fell below the resolution of time",
    ResultCode.TOO_MANY_STEPS: "the limit on steps was reached",
    ResultCode.NON_FINITE: "a state or its derivative is not finite",
    ResultCode.TOO_MANY_PENDING: "more executions of one event were pending than a lane can hold",
    ResultCode.ENDLESS_EVENTS: "events at one moment, or ever nearer to it, did not come to an end",
    ResultCode.BAD_DELAY: "the delay of an event is negative or no number",
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Solution:
    """Hold observables at save times and the state of every lane at the end.

    Parameters
    ----------
    times
        Save times [s], shape ``(n_time,)``, int64.
    names
        Names of the observables.
    observables
        Shape ``(n_time, n_observable, n_lane)``; NaN after a lane failed.
    end
        Lanes at the end of the schedule, to go on from.
    codes
        `ResultCode` of each lane, shape ``(n_lane,)``, uint8.
    failure_times
        Time of failure [time unit], shape ``(n_lane,)``; NaN where none.
    accepted, rejected
        Steps of each lane, shape ``(n_lane,)``, int64.
    device
        Where it ran.
    reasons
        Why other devices were passed over, by name.

    Examples
    --------
    >>> from kernels import Lanes, OdeSystem, Schedule, integrate, symbol
    >>> import numpy as np
    >>> x = symbol("x")
    >>> decay = OdeSystem(
    ...     name="decay", states=("x",), parameters=(), rhs={"x": -x}, observables={"seen": x}
    ... )
    >>> lanes = Lanes(parameters=np.ones((0, 2)), states=np.ones((1, 2)))
    >>> solution = integrate(decay, lanes, Schedule(t0=0, t1=3600), np.array([3600]))
    >>> solution["seen"].round(4).tolist()
    [[0.3679, 0.3679]]
    """

    times: NDArray[np.int64]
    names: tuple[str, ...]
    observables: NDArray[np.float64]
    end: Lanes
    codes: NDArray[np.uint8]
    failure_times: NDArray[np.float64]
    accepted: NDArray[np.int64]
    rejected: NDArray[np.int64]
    device: str
    reasons: dict[str, str]

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        if name not in self.names:
            raise UnknownNameError(
                "solution", "observable", name, self.names, "the observables of the system"
            )
        return self.observables[:, self.names.index(name), :]

    def require_success(self) -> Solution:
        """Return the solution if no lane failed.

        Raises
        ------
        IntegrationError
            If lanes failed; it names the first and counts them by code.

        Examples
        --------
        >>> from kernels import Lanes, OdeSystem, Schedule, integrate
        >>> import numpy as np
        >>> rest = OdeSystem(name="rest", states=("x",), parameters=(), rhs={"x": 0})
        >>> lanes = Lanes(parameters=np.ones((0, 2)), states=np.array([[1.0, np.nan]]))
        >>> integrate(rest, lanes, Schedule(t0=0, t1=60), np.zeros(0, int)).require_success()
        Traceback (most recent call last):
        ...
        kernels.errors.IntegrationError: lane 1: it failed at 0 [time unit], ...
        """
        failed = self.codes.nonzero()[0]
        if not len(failed):
            return self
        counts = ", ".join(
            f"{int((self.codes == code).sum())} x {code.message}"
            for code in ResultCode
            if code and (self.codes == code).any()
        )
        raise IntegrationError(
            f"lane {failed[0]}",
            f"it failed at {self.failure_times[failed[0]]:g} [time unit], "
            f"{len(failed)} of {len(self.codes)} lanes in all ({counts})",
            "every lane must reach the end here",
            "Look at it alone with kernels.replay",
        )
