"""From the meals of a protocol to the streams that the engine applies.

Everybody eats the same meals every day, from the start of the run-in to the end. Protein of mixed
meals goes to one state of the gut, any other source to a state an amino acid. Enters from
`cohort.simulate`, and without a protocol at `daily_meals`; leaves as `kernels.Stream`.
"""

import typing
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from cohort.nutrition import MIXED, load_food
from cohort.trial.diets import Diet, load_diet
from cohort.trial.protocol import AS_PLANNED, Meal, Protocol, Variant
from cohort.trial.quantities import DAY_S, HOUR_S
from cohort.trial.visits import schedule_time
from kernels import Stream

__all__ = [
    "Eaten",
    "daily_meals",
    "food_streams",
    "intake_means",
    "meal_streams",
    "mean_intake",
    "protocol_meals",
]

_HOURS_A_DAY = DAY_S // HOUR_S


class Eaten(typing.Protocol):
    """What a meal says of its food, whenever it is eaten.

    Examples
    --------
    >>> from cohort.trial import Meal
    >>> meal: Eaten = Meal(at="08:00", protein="20 g")
    >>> meal.source
    'mixed'
    """

    @property
    def protein(self) -> float:
        """Protein, or amino acids [g]."""

    @property
    def carbohydrate(self) -> float:
        """Carbohydrate [g]."""

    @property
    def source(self) -> str:
        """Name or path of the protein source."""


def protocol_meals(protocol: Protocol) -> tuple[Meal, ...]:
    """Return the meals of a day in a protocol, written out if it names an eating pattern.

    Parameters
    ----------
    protocol
        The protocol.

    Returns
    -------
    Meals in the order in which they are written.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> [meal.protein for meal in protocol_meals(load_protocol("sct-md-01"))]
    [20.0, 25.0, 30.0]
    """
    meals = protocol.meals
    return load_diet(meals).meals if isinstance(meals, str) else meals


def variant_diet(variant: Variant) -> Diet | None:
    """Return the eating pattern of a variant; None where people eat as they are used to.

    Parameters
    ----------
    variant
        The variant.

    Examples
    --------
    >>> variant_diet(AS_PLANNED) is None
    True
    >>> variant_diet(Variant(name="south", nutrition="mediterranean")).name
    'mediterranean'
    """
    return None if variant.nutrition == AS_PLANNED.nutrition else load_diet(variant.nutrition)


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
    As those of `daily_meals`, times in schedule time; none if the protocol has no meals.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> protein, carbohydrate = meal_streams(load_protocol("sct-md-01"))
    >>> protein.target, protein.amounts[:3].tolist(), (protein.times[:3] / 3600).tolist()
    ('protein_gut', [20.0, 25.0, 30.0], [8.0, 12.5, 18.5])
    """
    end, start = schedule_time(protocol, protocol.duration), schedule_time(protocol, 0)
    diet, meals = variant_diet(variant), variant.meals
    if meals is None and diet is not None:
        meals = diet.meals
    if meals is None:
        return daily_meals(protocol_meals(protocol), end)
    before = daily_meals(protocol_meals(protocol), start)
    return (*before, *(_from(stream, start) for stream in daily_meals(meals, end)))


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
    Boluses [g] into ``protein_gut`` and ``carbohydrate_gut``, and into a state an amino acid where
    protein is not of mixed meals; none without meals.

    Examples
    --------
    >>> from cohort.trial.protocol import DEFAULT_MEALS
    >>> protein, carbohydrate = daily_meals(DEFAULT_MEALS, 2 * 86_400)
    >>> protein.target, protein.amounts.tolist()
    ('protein_gut', [20.0, 25.0, 30.0, 20.0, 25.0, 30.0])
    """
    eaten = sorted(meals, key=lambda meal: meal.at)
    midnights = range(0, end_s, DAY_S)
    return food_streams((midnight + meal.at, meal) for midnight in midnights for meal in eaten)


def food_streams(eaten: Iterable[tuple[int, Eaten]]) -> tuple[Stream, ...]:
    """Return meals at given times as streams.

    Parameters
    ----------
    eaten
        Times [s], not decreasing, and what is eaten then.

    Returns
    -------
    As in `daily_meals`.

    Examples
    --------
    >>> from cohort.trial import Meal
    >>> bar = Meal(at="10:00", protein="10 g", source="gelatin")
    >>> [stream.target for stream in food_streams([(36000, bar)])]
    ['protein_gut', 'carbohydrate_gut', 'trp_gut', 'tyr_gut', 'phe_gut', 'bcaa_gut']
    """
    boluses: dict[str, list[tuple[int, float]]] = {"protein_gut": [], "carbohydrate_gut": []}
    for time, meal in eaten:
        found = {"protein_gut": 0.0, "carbohydrate_gut": meal.carbohydrate}
        found |= load_food(meal.source).boluses(meal.protein)
        for state, amount in found.items():
            boluses.setdefault(state, []).append((time, amount))
    return tuple(
        Stream(
            name=f"meals: {state.removesuffix('_gut')}",
            target=state,
            times=np.array([time for time, _ in given], np.int64),
            amounts=np.array([amount for _, amount in given]),
        )
        for state, given in boluses.items()
        if given
    )


def intake_means(protocol: Protocol) -> dict[str, float]:
    """Return the daily mean intake that a protocol's patients are at rest on, for the model.

    Parameters
    ----------
    protocol
        The protocol.

    Returns
    -------
    ``protein_intake_mean`` and ``carbohydrate_intake_mean`` [g/h] of a list of meals. Of an eating
    pattern by name none: it departs from the usual diet, which is that of the model.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> intake_means(load_protocol("sct-md-01"))["protein_intake_mean"]
    3.125
    """
    return {} if isinstance(protocol.meals, str) else mean_intake(protocol.meals)


def mean_intake(meals: Iterable[Meal]) -> dict[str, float]:
    """Return the mean intake of meals that are eaten every day, as parameters of the model.

    Parameters
    ----------
    meals
        Meals of a day.

    Returns
    -------
    ``protein_intake_mean`` and ``carbohydrate_intake_mean`` [g/h], of mixed protein alone: other
    sources come on top of what people are at rest on. What is not eaten at all is left out.

    Examples
    --------
    >>> from cohort.trial.protocol import DEFAULT_MEALS
    >>> mean_intake(DEFAULT_MEALS)["protein_intake_mean"]
    3.125
    """
    eaten = tuple(meals)
    protein = sum(meal.protein for meal in eaten if meal.source == MIXED)
    carbohydrate = sum(meal.carbohydrate for meal in eaten)
    means = {"protein_intake_mean": protein, "carbohydrate_intake_mean": carbohydrate}
    return {name: total / _HOURS_A_DAY for name, total in means.items() if total > 0}
