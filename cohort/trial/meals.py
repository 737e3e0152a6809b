"""From the meals of a protocol to the streams that the engine applies.

Everybody eats the same meals every day, from the start of the run-in to the end. Enters from
`cohort.simulate`, and without a protocol at `daily_meals`; leaves as `kernels.Stream`.
"""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from cohort.trial.protocol import AS_PLANNED, Meal, Protocol, Variant
from cohort.trial.quantities import DAY_S, HOUR_S
from cohort.trial.visits import schedule_time
from kernels import Stream

__all__ = ["daily_meals", "intake_means", "meal_streams", "mean_intake"]

_NUTRIENTS = ("protein", "carbohydrate")
_HOURS_A_DAY = DAY_S // HOUR_S


def meal_streams(protocol: Protocol, variant: Variant = AS_PLANNED) -> tuple[Stream, ...]:
    """Return the streams of protein and carbohydrate.

    Parameters
    ----------
    protocol
        The protocol.
    variant
        Its meals, where it has any, take the place of the protocol's from week 0 on. Supply stays
        relative to the protocol's daily mean, at which patients are at rest: more is more.

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
    end, start = schedule_time(protocol, protocol.duration), schedule_time(protocol, 0)
    if variant.meals is None:  # a named eating pattern, `variant.nutrition`, gives its meals here
        return daily_meals(protocol.meals, end)
    new = daily_meals(variant.meals, end)
    return (*daily_meals(protocol.meals, start), *(_from(stream, start) for stream in new))


def _from(stream: Stream, start_s: int) -> Stream:
    kept = stream.times >= start_s
    return replace(stream, times=stream.times[kept], amounts=stream.amounts[kept])


def daily_meals(meals: Iterable[Meal], end_s: int) -> tuple[Stream, ...]:
    """Return meals that are eaten every day as streams.

    Parameters
    ----------
    meals
        Meals of a day, in any order.
    end_s
        End of the schedule, which starts at midnight [s].

    Returns
    -------
    Boluses [g] into ``protein_gut`` and ``carbohydrate_gut``; none without meals.

    Examples
    --------
    >>> from cohort.trial.protocol import DEFAULT_MEALS
    >>> protein, carbohydrate = daily_meals(DEFAULT_MEALS, 2 * 86_400)
    >>> protein.target, protein.amounts.tolist()
    ('protein_gut', [20.0, 25.0, 30.0, 20.0, 25.0, 30.0])
    """
    eaten = sorted(meals, key=lambda meal: meal.at)
    if not eaten:
        return ()
    midnights = np.arange(0, end_s, DAY_S, dtype=np.int64)
    times = (midnights[:, None] + np.array([meal.at for meal in eaten])).ravel()
    return tuple(
        Stream(
            name=f"meals: {nutrient}",
            target=f"{nutrient}_gut",
            times=times,
            amounts=np.tile([getattr(meal, nutrient) for meal in eaten], len(midnights)),
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
    return mean_intake(protocol.meals)


def mean_intake(meals: Iterable[Meal]) -> dict[str, float]:
    """Return the mean intake of meals that are eaten every day, as parameters of the model.

    Parameters
    ----------
    meals
        Meals of a day.

    Returns
    -------
    ``protein_intake_mean`` and ``carbohydrate_intake_mean`` [g/h].

    Examples
    --------
    >>> from cohort.trial.protocol import DEFAULT_MEALS
    >>> mean_intake(DEFAULT_MEALS)["protein_intake_mean"]
    3.125
    """
    eaten = tuple(meals)
    return {
        f"{nutrient}_intake_mean": sum(getattr(meal, nutrient) for meal in eaten) / _HOURS_A_DAY
        for nutrient in _NUTRIENTS
    }
