"""The way of a dose in an imported model: what milligrams become, where, when and for how long."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from kernels import Stream

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

__all__ = ["Route", "amount_per_mg", "route_streams"]

_AMOUNT: Final = re.compile(r"\(?(?:([0-9.]+(?:e[-+]?[0-9]+)?) )?(gram|kilogram|mole)\)?")
_MG_PER: Final = {"gram": 1e3, "kilogram": 1e6}
_MG_PER_G: Final = 1e3


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Say how doses of a drug act on a model.

    Parameters
    ----------
    drug
        Name of the drug.
    target
        State that a dose is added to, or input that an infusion holds.
    per_mg
        What 1 mg becomes, bioavailability included [unit of the state's amount].
    divisor
        Parameter by which an amount is divided where the state is no amount; empty where it is.
    duration_s
        How long an infusion takes [s]; None if a dose is there at once.
    seconds_per_time_unit
        Of the model [s].
    lag_s
        Between dose and arrival [s].

    Examples
    --------
    >>> Route(
    ...     drug="a", target="gut", per_mg=0.9, divisor="", duration_s=None,
    ...     seconds_per_time_unit=3600, lag_s=0,
    ... ).fractions
    {'a': 1.0}
    """

    drug: str
    target: str
    per_mg: float
    divisor: str
    duration_s: int | None
    seconds_per_time_unit: int
    lag_s: int

    @property
    def fractions(self) -> dict[str, float]:
        """The share of a dose that each of its contents is: there is one."""
        return {self.drug: 1.0}


def amount_per_mg(unit: str, molar_mass: float | None) -> float | None:
    """Return what 1 mg is in a unit of amount, None if that cannot be told.

    Parameters
    ----------
    unit
        As `cohort.sbml` writes it, such as ``(0.001 mole)``.
    molar_mass
        [g/mol], None if it is not known.

    Examples
    --------
    >>> amount_per_mg("gram", None), amount_per_mg("(1e-06 mole)", 500.0)
    (0.001, 2.0)
    >>> amount_per_mg("mole", None) is None, amount_per_mg("item", 500.0) is None
    (True, True)
    """
    match = _AMOUNT.fullmatch(unit)
    if match is None:
        return None
    number, kind = match.groups()
    size = float(number or 1.0)
    if kind != "mole":
        return 1.0 / (size * _MG_PER[kind])
    return None if molar_mass is None else 1.0 / (molar_mass * _MG_PER_G) / size


def route_streams(
    route: Route,
    times: NDArray[np.int64],
    amounts_mg: NDArray[np.float64],
    *,
    lags: Mapping[str, NDArray[np.int64]] | None = None,
    scales: Mapping[str, NDArray[np.float64] | None] | None = None,
    segments: NDArray[np.int64] | None = None,
    taken: NDArray[np.bool_] | None = None,
) -> tuple[Stream, ...]:
    """Return the streams of some doses, as `cohort.drugs.drug_streams` does of our drugs.

    Parameters
    ----------
    route
        Of the drug.
    times, amounts_mg, lags, scales, segments, taken
        As there.

    Examples
    --------
    >>> route = Route(
    ...     drug="a", target="gut", per_mg=0.9, divisor="", duration_s=None,
    ...     seconds_per_time_unit=3600, lag_s=600,
    ... )
    >>> (stream,) = route_streams(route, np.array([0]), np.array([100.0]))
    >>> stream.times.tolist(), stream.amounts.tolist()
    ([600], [90.0])
    """
    amounts = amounts_mg * route.per_mg
    durations = None
    if route.duration_s is not None:
        amounts = amounts * route.seconds_per_time_unit / route.duration_s
        durations = np.full(len(times), route.duration_s, np.int64)
    return (
        Stream(
            name=route.drug,
            target=route.target,
            times=times + route.lag_s,
            amounts=amounts,
            durations=durations,
            lag=(lags or {}).get(route.drug),
            scale=(scales or {}).get(route.drug),
            segments=segments,
            taken=taken,
        ),
    )
