"""From doses of a drug to the events that the engine applies.

A swallowed dose is a bolus into ``depot_<compound>`` for each compound that it holds; what an
extended-release form keeps back, an infusion or a patch gives is an input held at an even rate.
Amounts in ug, rates in ug/h. Trials and published observations both enter here.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from cohort.drugs.drug import Drug
from kernels import Stream

__all__ = ["drug_streams"]

_UG_PER_MG = 1000.0
_S_PER_H = 3600.0


def drug_streams(
    drug: Drug,
    times: NDArray[np.int64],
    amounts_mg: NDArray[np.float64],
    *,
    lags: Mapping[str, NDArray[np.int64]] | None = None,
    scales: Mapping[str, NDArray[np.float64] | None] | None = None,
    segments: NDArray[np.int64] | None = None,
    taken: NDArray[np.bool_] | None = None,
) -> tuple[Stream, ...]:
    """Return the streams of some doses of a drug.

    Parameters
    ----------
    drug
        What is given.
    times
        Times [s, schedule time], shape ``(n_event,)``, rising.
    amounts_mg
        Doses [mg], shape ``(n_event,)``.
    lags
        Lag of absorption by compound [s], shape ``(n_lane,)``; none for compounds that are absent.
        Doses that are not swallowed have none.
    scales
        Factor on the dose by compound [1], shape ``(n_lane,)`` or ``(n_segment, n_lane)``.
    segments
        Row of a scale of two axes that each dose uses, shape ``(n_event,)``.
    taken
        Who takes which dose, shape ``(n_event, n_lane)``; everybody all of them without it.

    Returns
    -------
    One or two streams a compound.

    Examples
    --------
    >>> from cohort.drugs import load_drug
    >>> (tablet,) = drug_streams(
    ...     load_drug("sertraline"), np.array([0, 86400]), np.array([50.0, 50.0])
    ... )
    >>> tablet.target, tablet.amounts.tolist()
    ('depot_sertraline', [50000.0, 50000.0])
    """
    is_swallowed = drug.route == "oral"
    at_once, held_s = _split(drug)
    made = []
    for compound, fraction in drug.fractions.items():
        amounts = amounts_mg * (_UG_PER_MG * fraction)
        lag = (lags or {}).get(compound) if is_swallowed else None
        scale = (scales or {}).get(compound)
        if at_once > 0:
            made.append(
                Stream(
                    name=f"{drug.name}: {compound}",
                    target=f"depot_{compound}" if is_swallowed else f"central_{compound}",
                    times=times,
                    amounts=amounts if at_once == 1 else amounts * at_once,
                    lag=lag,
                    scale=scale,
                    segments=segments,
                    taken=taken,
                )
            )
        if held_s and at_once < 1:
            rate = amounts * ((1 - at_once) * _S_PER_H / held_s)
            made.append(
                Stream(
                    name=f"{drug.name}: {compound}, held",
                    target=f"release_{compound}" if is_swallowed else f"infusion_{compound}",
                    times=times,
                    amounts=rate,
                    durations=np.full(len(times), held_s, dtype=np.int64),
                    lag=lag,
                    scale=scale,
                    segments=segments,
                    taken=taken,
                )
            )
    return tuple(made)


def _split(drug: Drug) -> tuple[float, int]:
    """Return the share of a dose that goes in at once [1], and how long the rest takes [s]."""
    if drug.release is None:
        return 1.0, 0
    share = drug.release.immediate_share
    return (
        0.0 if share is None else share.number("1"),
        max(1, round(drug.release.duration.number("s"))),
    )
