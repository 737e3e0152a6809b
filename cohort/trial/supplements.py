"""From supplements of an arm, and special food, to streams of boluses, statuses and systems.

Doses are taken or missed like those of drugs. A status holds from visit to visit at its mean of the
time between, so that it costs no state. Enters from `cohort.simulate`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from cohort.nutrition import MIXED, load_supplement
from cohort.trial.adherence import doses_taken
from cohort.trial.arms import dose_times
from cohort.trial.diets import load_diet
from cohort.trial.meals import protocol_meals, variant_diet
from cohort.trial.visits import schedule_time, visit_times
from kernels import Stream

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cohort.trial.protocol import Protocol

__all__ = ["nutrition_names", "nutrition_systems", "status_factors", "supplement_streams"]


def nutrition_names(protocol: Protocol) -> frozenset[str]:
    """Return every name or path of food, supplements and eating patterns in a protocol.

    Parameters
    ----------
    protocol
        The protocol.

    Returns
    -------
    Names, those of the food of a named pattern among them.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> sorted(nutrition_names(load_protocol("sct-md-01")))
    ['mixed']
    """
    found = {meal.source for meal in protocol_meals(protocol)}
    found |= {one.supplement for arm in protocol.arms for one in arm.supplements}
    if isinstance(protocol.meals, str):
        found.add(protocol.meals)
    for variant in protocol.variants:
        diet = variant_diet(variant)
        eaten = variant.meals or (() if diet is None else diet.meals)
        found |= {meal.source for meal in eaten} | (set() if diet is None else {variant.nutrition})
    return frozenset(found)


def nutrition_systems(protocol: Protocol) -> tuple[str, ...]:
    """Return the systems that the food and the supplements of a protocol need.

    Parameters
    ----------
    protocol
        The protocol.

    Returns
    -------
    Names in `cohort.chemistry`; none for ordinary meals without supplements.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> nutrition_systems(load_protocol("sct-md-01"))
    ()
    """
    found = []
    diets = [diet for diet in map(variant_diet, protocol.variants) if diet is not None]
    if isinstance(protocol.meals, str):
        diets.append(load_diet(protocol.meals))
    eaten = [meal for variant in protocol.variants for meal in variant.meals or ()]
    eaten += [meal for diet in diets for meal in diet.meals]
    if any(meal.source != MIXED for meal in (*protocol_meals(protocol), *eaten)):
        found.append("amino_acids")
    # what else a pattern needs, only a supplement of it would ask for
    if any(set(diet.inputs) - {"choline_supply"} for diet in diets):
        found.append("cofactors")
    for arm in protocol.arms:
        for taken in arm.supplements:
            found += load_supplement(taken.supplement).systems
    return tuple(dict.fromkeys(found))


def supplement_streams(
    protocol: Protocol,
    arm_name: str,
    patient_ids: NDArray[np.int64],
    stop_times: NDArray[np.int64] | None = None,
) -> tuple[Stream, ...]:
    """Return the doses of supplements of some patients of an arm as streams.

    Parameters
    ----------
    protocol, arm_name, patient_ids, stop_times
        As in `cohort.trial.dose_streams`.

    Returns
    -------
    One stream for each regimen and state of the gut, times in schedule time.

    Raises
    ------
    UnknownNameError
        If no arm has that name.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> supplement_streams(load_protocol("sct-md-01"), "placebo", np.array([1]))
    ()
    """
    arm = protocol.arm(arm_name)
    adherence = protocol.adherence if arm.adherence is None else arm.adherence
    streams = []
    for taken in arm.supplements:
        times = np.array(dose_times(taken.regimen, protocol.duration), dtype=np.int64)
        bits = doses_taken(adherence, protocol.seed, patient_ids, times, visit_times(protocol))
        if stop_times is not None:
            bits &= times[:, None] < stop_times
        streams += [
            Stream(
                name=f"{taken.supplement}: {state}",
                target=state,
                times=times + schedule_time(protocol, 0),
                amounts=np.full(len(times), amount),
                taken=bits,
            )
            for state, amount in load_supplement(taken.supplement).amounts(taken.dose).items()
        ]
    return tuple(streams)


def status_factors(protocol: Protocol, arm_name: str, begin_s: int, end_s: int) -> dict[str, float]:
    """Return what supplements of an arm do to inputs of the model between two times.

    Parameters
    ----------
    protocol, arm_name
        As in `supplement_streams`.
    begin_s, end_s
        Trial times [s].

    Returns
    -------
    Factor on each input [1], that of the middle of the time; an input that two supplements change
    has both factors. A regimen that has stopped changes nothing more.

    Raises
    ------
    UnknownNameError
        If no arm has that name.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> status_factors(load_protocol("sct-md-01"), "placebo", 0, 86400)
    {}
    """
    middle = (begin_s + end_s) / 2
    found: dict[str, list[float]] = {}
    for taken in protocol.arm(arm_name).supplements:
        if taken.stop is not None and middle >= taken.stop:
            continue
        supplement = load_supplement(taken.supplement)
        for name, factor in supplement.factors(taken.daily_mg, middle - taken.start).items():
            found.setdefault(name, []).append(factor)
    return {name: math.prod(factors) for name, factors in found.items()}
