"""Hazards of adverse events, from drivers and what patients have become used to."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from cohort.outcomes.adverse_events.event import AdverseEvent, Driver
from kernels.arithmetic import exp

__all__ = ["effective_driver", "hazard_multiple", "hazard_per_day"]

Floats = NDArray[np.float64]


def effective_driver(driver: Driver, reading: Floats, adaptation: Floats) -> Floats:
    """Return what acts, of a reading and of what a patient has become used to.

    Parameters
    ----------
    driver
        Its declaration.
    reading
        Log ratio, or level of an occupancy [1], any shape.
    adaptation
        What the patient has become used to or has built up [1], same shape.

    Returns
    -------
    u [1], same shape, with its sign.

    Examples
    --------
    >>> from cohort.outcomes import load_adverse_event
    >>> nausea = load_adverse_event("nausea").drivers[0]
    >>> effective_driver(nausea, np.array([0.5]), np.array([0.2])).tolist()
    [0.3]
    """
    if driver.sensitisation is not None:
        acts = adaptation
    elif driver.withdrawal:
        acts = adaptation - reading
    else:
        acts = reading - adaptation
    return acts if driver.sign == 1 else -acts


def hazard_multiple(
    event: AdverseEvent,
    readings: Mapping[str, Floats],
    adaptations: Sequence[Floats],
    ascertainment: str,
) -> Floats:
    r"""Return the multiple of the background hazard that the drivers make.

    Parameters
    ----------
    event
        Its declaration.
    readings
        By name, those of ``event.reads`` [1], all of one shape.
    adaptations
        Of each driver, same shape [1].
    ascertainment
        How events are asked for.

    Returns
    -------
    Multiple [1], not below 0; 1 without treatment.

    Notes
    -----
    .. math:: \max\left(0,\; 1 + \sum_k \gamma_k (g_k(u_k) - g_k(0))\right)

    Examples
    --------
    >>> from cohort.outcomes import load_adverse_event
    >>> vertigo, zeros = load_adverse_event("vertigo"), [np.zeros(2)]
    >>> readings = {"occupancy_alpha2delta": np.array([0.0, 0.5])}
    >>> (hazard_multiple(vertigo, readings, zeros, "spontaneous") > 1.0).tolist()
    [False, True]
    """
    scale = event.background_for(ascertainment).gain_factor
    factor = 1.0 if scale is None else scale.number("1")
    multiple = np.ones_like(next(iter(readings.values()))) if readings else np.ones(())
    for driver, adaptation in zip(event.drivers, adaptations, strict=True):
        acts = effective_driver(driver, readings[driver.reads], adaptation)
        excess = driver.shape.excess(acts, is_level=driver.is_level)
        multiple = multiple + factor * driver.gain.number("1") * excess
    return np.maximum(multiple, 0.0)


def hazard_per_day(
    event: AdverseEvent,
    readings: Mapping[str, Floats],
    adaptations: Sequence[Floats],
    frailty: Floats,
    dropout_per_day: float,
    ascertainment: str = "spontaneous",
) -> Floats:
    r"""Return the hazard of one day of patients without factors.

    Parameters
    ----------
    event
        Its declaration.
    readings, adaptations
        As in `hazard_multiple`, shape ``(n_lane,)``.
    frailty
        Standard normal number of each patient, shape ``(n_lane,)``.
    dropout_per_day
        Rate of leaving the trial, for the background [1/d].
    ascertainment
        How events are asked for.

    Returns
    -------
    Hazard [1/d], shape ``(n_lane,)``.

    Notes
    -----
    .. math:: h = \lambda\, e^{s\eta - s^2/2}\,[1 + \sum_k \gamma_k\,(g_k(u_k) - g_k(0))]

    The frailty has mean 1.

    Examples
    --------
    >>> from cohort.outcomes import load_adverse_event
    >>> vertigo, zero = load_adverse_event("vertigo"), np.zeros(1)
    >>> rest = hazard_per_day(vertigo, {"occupancy_alpha2delta": zero}, [zero], zero, 0.0)
    >>> raised = hazard_per_day(vertigo, {"occupancy_alpha2delta": zero + 0.5}, [zero], zero, 0.0)
    >>> bool(raised[0] > rest[0])
    True
    """
    spread = 0.0 if event.frailty_sd is None else event.frailty_sd.number("1")
    rate = event.background_for(ascertainment).rate_per_day(dropout_per_day)
    multiple = hazard_multiple(event, readings, adaptations, ascertainment)
    return rate * exp(spread * frailty - 0.5 * spread * spread) * multiple
