"""Where lanes on NumPy must end a step because the equations compare time.

The steps are those of ``source/moments.hpp``, in the same order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from kernels.backends.numpy_source import compile_section

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kernels.program import Section

__all__ = ["MomentFollower"]

Floats: TypeAlias = "NDArray[np.float64]"

_NEAR_ULPS: Final = 4.0  # moments nearer than this many ulps of time are one


class MomentFollower:
    """Say where lanes whose equations compare time must end a step.

    Parameters
    ----------
    section
        Gives the moments.

    Examples
    --------
    >>> from kernels.program import Operand, Section
    >>> follower = MomentFollower(Section("moments", (), (Operand("c", value=5.0),)))
    >>> start, local, length = np.array([[3.0, 5.0], [0.0, 0.0], [4.0, 4.0]])
    >>> none = []
    >>> follower.limits((none, none, none, none), start, local, length, length).tolist()
    [2.0, 4.0]
    """

    def __init__(self, section: Section) -> None:
        self._n_output = len(section.outputs)
        self._source = compile_section(section, n_copied=self._n_output)

    def limits(
        self,
        rows: tuple[list[Floats], ...],
        start: Floats,
        local: Floats,
        length: Floats,
        limit: Floats,
    ) -> Floats:
        """Return where in the interval each lane must end a step at the latest [time unit].

        Parameters
        ----------
        rows
            States, parameters, inputs and hoisted values, as sections read them.
        start, local, length
            Start of the interval, time within it, and its length [time unit].
        limit
            Where else it must end one.

        Examples
        --------
        >>> MomentFollower.limits.__name__  # shown by the example of the class
        'limits'
        """
        time, end = start + local, start + length
        moments = np.empty((self._n_output, len(time)))
        registers = list(np.empty((self._source.n_register, len(time))))
        none: list[Floats] = []
        self._source.function(time, None, *rows, none, none, none, list(moments), registers)
        now = time + _NEAR_ULPS * np.spacing(np.abs(time))
        most = length - _NEAR_ULPS * np.spacing(np.abs(end))
        for moment in moments:
            x = moment - start
            sooner = (moment > now) & (x > local) & (x < most) & (x < limit)
            limit = np.where(sooner, x, limit)
        return limit
