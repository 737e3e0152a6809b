"""How a run is solved: method, tolerances, limits."""

import math
from dataclasses import dataclass

from kernels.errors import RangeError, UnknownNameError
from kernels.tableaus import tableau

__all__ = ["Solver"]

LEAST_RTOL_FLOAT32 = 1e-6
"""Below it float32 lanes only reject steps: thousands of roundings of 6e-8 are as large."""

PRECISIONS = ("float64", "float32", "mixed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Solver:
    """Choose the method and its tolerances.

    Parameters
    ----------
    method
        ``rodas5p`` (order 5) or ``rodas4`` (order 4).
    rtol
        Relative tolerance of one step [1], greater than zero.
    atol
        Absolute tolerance of one step relative to `OdeSystem.scales` [1], greater than zero.
    max_steps
        Most steps, accepted and rejected, of one lane in one call.
    precision
        ``float64``; ``float32`` for all lanes, with an error floor of about 1e-5; or ``mixed``,
        where states and right-hand sides are float64 and stage increments and LU factors float32.
    fixed_step
        Step size [time unit of the system] without any control, for measuring the order of
        convergence; None controls the error.

    Raises
    ------
    RangeError
        If a tolerance or limit is not greater than zero.
    UnknownNameError
        If there is no such method or precision.

    Examples
    --------
    >>> Solver(rtol=1e-8).method
    'rodas5p'
    """

    method: str = "rodas5p"
    rtol: float = 1e-5
    atol: float = 1e-6
    max_steps: int = 100_000
    precision: str = "float64"
    fixed_step: float | None = None

    def __post_init__(self) -> None:
        tableau(str(self.method))
        if self.precision not in PRECISIONS:
            raise UnknownNameError(
                "solver.precision", "precision", str(self.precision), PRECISIONS, "Solver"
            )
        for name in ("rtol", "atol", "max_steps", "fixed_step"):
            value = getattr(self, name)
            if value is None and name == "fixed_step":
                continue
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise RangeError(f"solver.{name}", repr(value), "a number is allowed", "Give one")
            if name == "max_steps" and not isinstance(value, int):
                raise RangeError(f"solver.{name}", repr(value), "a whole number", "Round it")
            if name == "rtol" and value >= 1:
                raise RangeError(f"solver.{name}", repr(value), "below 1", "Use 1e-5")
            if name == "rtol" and self.precision == "float32" and value < LEAST_RTOL_FLOAT32:
                raise RangeError(
                    "solver.rtol",
                    repr(value),
                    f"{LEAST_RTOL_FLOAT32} or more in float32, whose round-off ends there",
                    "Use precision='float64' or 'mixed'",
                )
            if not (value > 0 and _is_finite(value)):
                raise RangeError(
                    f"solver.{name}", repr(value), "greater than zero and finite", "Change it"
                )


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number that no float can hold
        return False
