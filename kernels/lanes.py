"""Lanes: many independent copies of one system, as columns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from kernels.errors import RangeError, ShapeError
from kernels.solution import ResultCode

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Lanes"]

_UNSET = np.empty((0, 0))
_NO_CODES = np.empty(0, np.uint8)
_NO_KEYS = np.empty(0, np.uint64)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lanes:
    """Hold the state of many copies of one system at one time.

    Parameters
    ----------
    parameters
        Shape ``(n_parameter, n_lane)``.
    states
        Shape ``(n_state, n_lane)``.
    quadratures
        Integrals so far, shape ``(n_quadrature, n_lane)``; left out, zeros.
    step_sizes
        Last good step size [time unit], shape ``(n_lane,)``; 0 chooses one.
    codes
        `ResultCode` of each lane, shape ``(n_lane,)``, uint8; a failed lane stays failed.
    restart_sizes
        Step size that served after the last event of each kind [time unit], shape
        ``(n_state + 2 n_input + n_triggered, n_lane)``: boluses by state, infusions by input, begun
        and ended, events of the system; 0 where there was none. Left out, zeros.
    event_memory
        What the events of the system have to remember (`kernels.event_program`), one column a lane.
        Left out, nothing has happened yet.
    keys
        What chance belongs to in each lane, from 0 to 2^64 - 1, shape ``(n_lane,)``, uint64: lanes
        of one key share their luck. Only events that go by chance read it. Left out, zeros.

    Raises
    ------
    ShapeError
        If an array is not numeric, or the lane axes differ.
    RangeError
        If a code or a key is none.

    Examples
    --------
    >>> Lanes(parameters=np.ones((1, 3)), states=np.zeros((2, 3))).n_lane
    3
    """

    parameters: NDArray[np.float64]
    states: NDArray[np.float64]
    quadratures: NDArray[np.float64] = field(default_factory=lambda: _UNSET)
    step_sizes: NDArray[np.float64] = field(default_factory=lambda: _UNSET)
    codes: NDArray[np.uint8] = field(default_factory=lambda: _NO_CODES)
    restart_sizes: NDArray[np.float64] = field(default_factory=lambda: _UNSET)
    event_memory: NDArray[np.float64] = field(default_factory=lambda: _UNSET)
    keys: NDArray[np.uint64] = field(default_factory=lambda: _NO_KEYS)

    def __post_init__(self) -> None:
        for name in ("parameters", "states"):
            object.__setattr__(self, name, _matrix(name, getattr(self, name)))
        n_lane = self.states.shape[1]
        for name in ("quadratures", "restart_sizes", "event_memory"):
            given = getattr(self, name)
            rows = np.zeros((0, n_lane)) if given is _UNSET else _matrix(name, given)
            object.__setattr__(self, name, rows)
        if self.step_sizes is _UNSET:
            object.__setattr__(self, "step_sizes", np.zeros(n_lane))
        if self.codes is _NO_CODES:
            object.__setattr__(self, "codes", np.zeros(n_lane, np.uint8))
        keys = np.zeros(n_lane, np.uint64) if self.keys is _NO_KEYS else self.keys
        object.__setattr__(self, "keys", _checked_keys(keys))
        _check_row("step_sizes", self.step_sizes, "f", "floats")
        _check_row("codes", self.codes, "u", "uint8 codes")
        if self.codes.max(initial=0) > max(ResultCode):
            raise RangeError(
                "lanes.codes",
                repr(int(self.codes.max())),
                f"0 to {max(ResultCode):d}, the codes of ResultCode",
                "Give 0 to integrate a lane",
            )
        object.__setattr__(self, "step_sizes", self.step_sizes.astype(np.float64, copy=False))
        object.__setattr__(self, "codes", self.codes.astype(np.uint8, copy=False))
        for name in (
            "parameters",
            "quadratures",
            "step_sizes",
            "codes",
            "restart_sizes",
            "event_memory",
            "keys",
        ):
            shape = getattr(self, name).shape
            if shape[-1] != n_lane or len(shape) not in (1, 2):
                raise ShapeError(
                    f"lanes.{name}",
                    f"shape {shape}",
                    f"the last axis has {n_lane} lanes, as states have",
                    "Give one column a lane",
                )

    @property
    def n_lane(self) -> int:
        """Number of lanes.

        Examples
        --------
        >>> Lanes(parameters=np.ones((0, 2)), states=np.zeros((1, 2))).n_lane
        2
        """
        return int(self.states.shape[1])

    def take(self, lanes: slice) -> Lanes:
        """Return some of the lanes, in contiguous arrays.

        Examples
        --------
        >>> Lanes(parameters=np.ones((0, 4)), states=np.zeros((1, 4))).take(slice(1, 3)).n_lane
        2
        """
        return Lanes(
            parameters=np.ascontiguousarray(self.parameters[:, lanes]),
            states=np.ascontiguousarray(self.states[:, lanes]),
            quadratures=np.ascontiguousarray(self.quadratures[:, lanes]),
            step_sizes=self.step_sizes[lanes].copy(),
            codes=self.codes[lanes].copy(),
            restart_sizes=np.ascontiguousarray(self.restart_sizes[:, lanes]),
            event_memory=np.ascontiguousarray(self.event_memory[:, lanes]),
            keys=self.keys[lanes].copy(),
        )


def _check_row(name: str, values: object, kind: str, allowed: str) -> None:
    if not (isinstance(values, np.ndarray) and values.ndim == 1 and values.dtype.kind == kind):
        raise ShapeError(
            f"lanes.{name}", repr(values), f"one axis of {allowed}", "Give one number a lane"
        )


def _checked_keys(keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    is_signed = isinstance(keys, np.ndarray) and keys.dtype.kind == "i"
    _check_row("keys", keys, "i" if is_signed else "u", "whole numbers")
    if is_signed and keys.min(initial=0) < 0:
        raise RangeError(
            "lanes.keys", repr(int(keys.min())), "0 to 2^64 - 1 is allowed", "Choose another key"
        )
    return keys.astype(np.uint64, copy=False)


def _matrix(name: str, values: ArrayLike) -> NDArray[np.float64]:
    try:
        array = np.ascontiguousarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ShapeError(
            f"lanes.{name}", type(values).__name__, "an array of numbers is allowed", "Give one"
        ) from error
    if array.ndim != 2:  # noqa: PLR2004
        raise ShapeError(
            f"lanes.{name}", f"shape {array.shape}", "two axes: row, lane", "Reshape it"
        )
    return array
