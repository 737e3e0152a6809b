"""From the lifestyles of a variant to shifts of parameters, and to the streams that apply them.

An input of a lifestyle says what a parameter is while it acts. Here it becomes a shift, the
difference to the reference, so that two lifestyles that act on one parameter add up and a patient
keeps what is their own. A shift of all day moves the parameter; one of a window of the day is an
infusion into the input ``shift_<parameter>``. Enters from `cohort.simulate`; leaves as numbers and
`kernels.Stream`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cohort.conditions import load_condition
from cohort.lifestyle import Lifestyle, load_lifestyle
from cohort.model import shift_of
from cohort.trial.protocol import AS_PLANNED
from cohort.trial.quantities import DAY_S
from cohort.trial.supplements import nutrition_systems
from cohort.trial.visits import schedule_time
from kernels import Stream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cohort.model import Model
    from cohort.trial.protocol import Protocol, Variant

__all__ = [
    "Shift",
    "is_expected_to_help",
    "lasting_shifts",
    "shift_streams",
    "shifted_parameters",
    "trial_systems",
    "variant_covariates",
    "variant_shifts",
]

_DAYS_A_WEEK = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """By how much one input of a lifestyle moves a parameter, and when.

    Parameters
    ----------
    lifestyle, parameter
        Which input of which lifestyle.
    amount
        Value while it acts less the reference [unit of the parameter].
    is_habit
        Whether it acts in the run-in as well.
    window
        Begin and length of the window of the day [s]; None for all day.
    days
        Days of the week, 1 the weekday of the first dose; all if empty.

    Examples
    --------
    >>> Shift(
    ...     lifestyle="a", parameter="stress", amount=0.5, is_habit=False, window=None, days=()
    ... ).amount
    0.5
    """

    lifestyle: str
    parameter: str
    amount: float
    is_habit: bool
    window: tuple[int, int] | None
    days: tuple[int, ...]


def variant_shifts(variant: Variant, model: Model) -> tuple[Shift, ...]:
    """Return the shifts of all lifestyles of a variant.

    Parameters
    ----------
    variant
        The variant.
    model
        Model of the trial, with all parameters that the lifestyles name.

    Returns
    -------
    One shift an input, in the order of the files.

    Examples
    --------
    >>> from cohort.chemistry import chemistry_model
    >>> from cohort.trial import Variant
    >>> model = chemistry_model(("cortisol", "inflammation", "noradrenaline", "peripheral_pools"))
    >>> shifts = variant_shifts(Variant(name="hard", lifestyle=["chronic_stress"]), model)
    >>> [(shift.parameter, round(shift.amount, 9)) for shift in shifts]
    [('stress', 0.4), ('inflammatory_drive', 0.2), ('sympathetic_drive', 0.2)]
    """
    shifts = []
    for lifestyle, is_habit in _lifestyles(variant):
        for one in lifestyle.inputs:
            reference = model.parameters[one.parameter]
            shifts.append(
                Shift(
                    lifestyle=lifestyle.name,
                    parameter=one.parameter,
                    amount=one.number(reference.unit) - reference.value,
                    is_habit=is_habit,
                    window=one.window,
                    days=one.days,
                )
            )
    return tuple(shifts)


def lasting_shifts(shifts: tuple[Shift, ...], *, is_habit: bool) -> dict[str, float]:
    """Return the shifts of all day, added up by parameter.

    Parameters
    ----------
    shifts
        All shifts of a variant.
    is_habit
        Those that the run-in has as well, or those that begin at week 0.

    Returns
    -------
    Amounts by parameter [unit of the parameter].

    Examples
    --------
    >>> half = Shift(
    ...     lifestyle="a", parameter="stress", amount=0.5, is_habit=False, window=None, days=()
    ... )
    >>> lasting_shifts((half, half), is_habit=False)
    {'stress': 1.0}
    """
    amounts: dict[str, float] = {}
    for shift in shifts:
        if shift.window is None and shift.is_habit == is_habit:
            amounts[shift.parameter] = amounts.get(shift.parameter, 0.0) + shift.amount
    return amounts


def shift_streams(shifts: tuple[Shift, ...], protocol: Protocol) -> tuple[Stream, ...]:
    """Return the windows of the day as infusions into the inputs of the model.

    Parameters
    ----------
    shifts
        All shifts of a variant.
    protocol
        The trial.

    Returns
    -------
    One stream a shift that has a window, times in schedule time. Who leaves the trial goes on
    living like that.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> hour = Shift(
    ...     lifestyle="a", parameter="stress", amount=0.5, is_habit=False, window=(3600, 60),
    ...     days=(1,),
    ... )
    >>> (stream,) = shift_streams((hour,), load_protocol("sct-md-01"))
    >>> stream.target, len(stream.times), (stream.times[0] - 7 * 86_400) / 3600
    ('shift_stress', 8, np.float64(1.0))
    """
    streams = []
    end = schedule_time(protocol, protocol.duration)
    start = schedule_time(protocol, 0)
    for shift in shifts:
        if shift.window is None:
            continue
        begin, length = shift.window
        midnights = np.arange(0 if shift.is_habit else start, end, DAY_S, dtype=np.int64)
        if shift.days:
            weekday = (midnights - start) // DAY_S % _DAYS_A_WEEK + 1
            midnights = midnights[np.isin(weekday, shift.days)]
        streams.append(
            Stream(
                name=f"{shift.lifestyle}: {shift.parameter}",
                target=shift_of(shift.parameter),
                times=midnights + begin,
                amounts=np.full(len(midnights), shift.amount),
                durations=np.full(len(midnights), length, dtype=np.int64),
            )
        )
    return tuple(streams)


def shifted_parameters(protocol: Protocol) -> tuple[str, ...]:
    """Return the parameters that some variant shifts in a window of the day, sorted.

    Parameters
    ----------
    protocol
        The trial; one model serves all its arms and variants.

    Returns
    -------
    Names.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> shifted_parameters(load_protocol("sct-md-01"))
    ()
    """
    return tuple(
        sorted(
            {
                one.parameter
                for variant in protocol.variants
                for lifestyle, _ in _lifestyles(variant)
                for one in lifestyle.inputs
                if one.window is not None
            }
        )
    )


def trial_systems(protocol: Protocol) -> tuple[str, ...]:
    """Return the systems of a trial: of its condition, its own, of its lifestyles and food.

    Parameters
    ----------
    protocol
        The trial.

    Returns
    -------
    Names in `cohort.chemistry`, each once, without what they need.

    Examples
    --------
    >>> from cohort.trial import Variant, load_protocol
    >>> tired = (Variant(name="tired", lifestyle=["shift_work"]),)
    >>> trial_systems(load_protocol("sct-md-01").model_copy(update={"variants": tired}))
    ('serotonin', 'noradrenaline', 'cortisol', 'inflammation')
    """
    of_lifestyles = [
        system
        for variant in protocol.variants
        for lifestyle, _ in _lifestyles(variant)
        for system in lifestyle.systems
    ]
    if protocol.model is not None:
        return ()
    needed = load_condition(protocol.condition).systems
    of_food = nutrition_systems(protocol)
    return tuple(dict.fromkeys((*needed, *protocol.systems, *of_lifestyles, *of_food)))


def variant_covariates(variant: Variant) -> dict[str, str]:
    """Return what a variant makes its patients, whoever they are otherwise.

    Parameters
    ----------
    variant
        The variant.

    Returns
    -------
    Levels by covariate; the last lifestyle that names one wins.

    Examples
    --------
    >>> from cohort.trial import Variant
    >>> variant_covariates(Variant(name="smokers", lifestyle=["smoking"]))
    {'smoker': 'yes'}
    """
    found: dict[str, str] = {}
    for lifestyle, _ in _lifestyles(variant):
        found |= lifestyle.covariates
    return found


def is_expected_to_help(variant: Variant = AS_PLANNED) -> bool:
    """Return whether patients know that they get a treatment beside their tablets.

    Parameters
    ----------
    variant
        The variant.

    Returns
    -------
    True if a lifestyle of it has the shared expectation; two have no more than one.

    Examples
    --------
    >>> from cohort.trial import Variant
    >>> is_expected_to_help(), is_expected_to_help(Variant(name="a", lifestyle=["exercise"]))
    (False, True)
    """
    return any(lifestyle.expectation == "shared" for lifestyle, _ in _lifestyles(variant))


def _lifestyles(variant: Variant) -> Iterator[tuple[Lifestyle, bool]]:
    """Yield the lifestyles of a variant, and whether each is a habit that the run-in has too."""
    for choice in variant.lifestyle:
        lifestyle = load_lifestyle(choice.name)
        yield lifestyle, (choice.since or lifestyle.since) == "always"
