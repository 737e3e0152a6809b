"""From the meals of a protocol to the streams that the engine applies.

Everybody eats the same meals every day, from the start of the run-in to the end. Enters from
`cohort.simulate`; leaves as `kernels.Stream`.
"""

import numpy as np

from cohort.trial.protocol import Protocol
from cohort.trial.quantities import DAY_S, HOUR_S
from cohort.trial.visits import schedule_time
from kernels import Stream

__all__ = ["intake_means", "meal_streams"]

_NUTRIENTS = ("protein", "carbohydrate")
_HOURS_A_DAY = DAY_S // HOUR_S


def meal_streams(protocol: Protocol) -> tuple[Stream, ...]:
    """Return the streams of protein and carbohydrate.

    Parameters
    ----------
    protocol
        The protocol.

    Returns
    -------
    Boluses [g] into ``protein_gut`` and ``carbohydrate_gut``, times in schedule time; none if
    the protocol has no meals.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> protein, carbohydrate = meal_streams(load_protocol("sct-md-01"))
    >>> protein.target, protein.amounts[:3].tolist(), (protein.times[:3] / 3600).tolist()
    ('protein_gut', [20.0, 25.0, 30.0], [8.0, 12.5, 18.5])
    """
    if not protocol.meals:
        return ()
    meals = sorted(protocol.meals, key=lambda meal: meal.at)
    midnights = np.arange(0, schedule_time(protocol, protocol.duration), DAY_S, dtype=np.int64)
    times = (midnights[:, None] + np.array([meal.at for meal in meals])).ravel()
    return tuple(
        Stream(
            name=f"meals: {nutrient}",
            target=f"{nutrient}_gut",
            times=times,
            amounts=np.tile([getattr(meal, nutrient) for meal in meals], len(midnights)),
        )
        for nutrient in _NUTRIENTS
    )


def intake_means(protocol: Protocol) -> dict[str, float]:
    """Return the daily mean intake that the meals add up to, as parameters of the model.

    Parameters
    ----------
    protocol
        The protocol.

    Returns
    -------
    ``protein_intake_mean`` and ``carbohydrate_intake_mean`` [g/h].

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> intake_means(load_protocol("sct-md-01"))["protein_intake_mean"]
    3.125
    """
    return {
        f"{nutrient}_intake_mean": sum(getattr(meal, nutrient) for meal in protocol.meals)
        / _HOURS_A_DAY
        for nutrient in _NUTRIENTS
    }
