"""How the design of a trial moves improvement on placebo and leaving.

Effects are log multiples, each from the usual trial of the pooled data, added up over the features
that are known; a feature that nothing says adds nothing. The walk enters at `designed_condition`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp
from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import Field

from cohort.facts import Declaration, Fact, PureNumber, quantity_in

if TYPE_CHECKING:
    from cohort.conditions.condition import Condition

__all__ = ["DesignEffects", "TrialDesign", "designed_condition"]

_ONCE = Fact(value=1.0, mark="design", source="as the adverse events declare")
Year = Annotated[int, Field(ge=1900, le=2100)]
Share = Annotated[Fact, quantity_in("1", minimum=0.0, maximum=1.0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialDesign:
    """What is known of a trial before its first patient; None is unknown.

    Parameters
    ----------
    year
        Of publication.
    placebo_run_in
        Whether everybody took placebo before randomisation, early improvers left out.
    setting, blinding
        As in the features of a protocol.
    active_share
        Share of the patients on active treatment [1].
    entry
        Entry criterion, over the scale's loading [points of the condition's scale].

    Examples
    --------
    >>> TrialDesign(year=2002).setting is None
    True
    """

    year: int | None = None
    placebo_run_in: bool | None = None
    setting: str | None = None
    blinding: str | None = None
    active_share: float | None = None
    entry: float | None = None


class DesignEffects(Declaration):
    """Log multiples of an improvement or a hazard, by feature of the design [1].

    Parameters
    ----------
    year
        By year: linear between years, constant before the first and after the last.
    placebo_run_in
        Where there was one, over trials without.
    setting, blinding
        By word.
    active_share, usual_active_share
        For each 1 of the share of patients on active treatment above the usual share.
    entry, usual_entry
        For each point of the entry criterion above the usual one.

    Examples
    --------
    >>> half = {"value": -0.5, "mark": "assumed", "source": "a guess"}
    >>> effects = DesignEffects(blinding={"open": half})
    >>> effects.log_multiple(TrialDesign(blinding="open")), effects.log_multiple(TrialDesign())
    (-0.5, 0.0)
    """

    year: Mapping[Year, PureNumber] = {}
    placebo_run_in: PureNumber | None = None
    setting: Mapping[str, PureNumber] = {}
    blinding: Mapping[str, PureNumber] = {}
    active_share: PureNumber | None = None
    usual_active_share: Share | None = None
    entry: PureNumber | None = None
    usual_entry: PureNumber | None = None

    def log_multiple(self, design: TrialDesign) -> float:
        """Return the sum of the effects of the features that are known.

        Parameters
        ----------
        design
            What is known of the trial.

        Returns
        -------
        Log multiple [1].

        Examples
        --------
        >>> said = {"mark": "assumed", "source": "a guess"}
        >>> years = {1990: {"value": 0.0, **said}, 2000: {"value": 0.4, **said}}
        >>> effects = DesignEffects(year=years)
        >>> [effects.log_multiple(TrialDesign(year=year)) for year in (1980, 1995, 2020)]
        [0.0, 0.2, 0.4]
        """
        total = _slope(self.active_share, self.usual_active_share, design.active_share)
        total += _slope(self.entry, self.usual_entry, design.entry)
        if design.year is not None and self.year:
            years = sorted(self.year)
            effects = [self.year[year].number("1") for year in years]
            total += float(np.interp(design.year, years, effects))
        if design.placebo_run_in and self.placebo_run_in is not None:
            total += self.placebo_run_in.number("1")
        for effects_of, word in ((self.setting, design.setting), (self.blinding, design.blinding)):
            if word is not None and word in effects_of:
                total += effects_of[word].number("1")
        return total


def _slope(effect: Fact | None, usual: Fact | None, value: float | None) -> float:
    if effect is None or value is None:
        return 0.0
    return effect.number("1") * (value - (0.0 if usual is None else usual.number("1")))


def designed_condition(condition: "Condition", design: TrialDesign) -> "Condition":
    """Return a condition whose placebo course and drop-out are those of a trial's design.

    Parameters
    ----------
    condition
        As it is in the usual trial.
    design
        What is known of the trial.

    Returns
    -------
    Condition with other numbers; the same where it declares no effects.

    Examples
    --------
    >>> from cohort.conditions import load_condition
    >>> usual = load_condition("healthy")
    >>> designed_condition(usual, TrialDesign(year=2002)) == usual
    True
    """
    placebo, dropout = condition.placebo, condition.dropout
    if placebo.design is not None:
        log_multiple = placebo.design.log_multiple(design)
        placebo = placebo.model_copy(
            update={
                "gain": _multiplied(placebo.gain, "1", log_multiple),
                "relapse": _multiplied(placebo.relapse, "1/day", log_multiple),
            }
        )
    if dropout.design is not None:
        log_multiple = dropout.design.log_multiple(design)
        dropout = dropout.model_copy(
            update={
                name: _multiplied(getattr(dropout, name), "1/day", log_multiple)
                for name in ("other", "efficacy")
            }
        )
    if dropout.adverse_design is not None:
        log_multiple = dropout.adverse_design.log_multiple(design)
        dropout = dropout.model_copy(
            update={
                name: _multiplied(getattr(dropout, name), "1/day", log_multiple)
                for name in ("adverse_event", "adverse_event_burden")
            }
            | {"withdrawal": _multiplied(dropout.withdrawal or _ONCE, "1", log_multiple)}
        )
    return condition.model_copy(update={"placebo": placebo, "dropout": dropout})


def _multiplied(fact: Fact, unit: str, log_multiple: float) -> Fact:
    if not log_multiple:
        return fact
    number = fact.number(unit) * exp(log_multiple)
    value: str | float = number if unit == "1" else f"{number!r} {unit}"
    source = f"{fact.source}; times {exp(log_multiple):.3g} by the design of the trial"
    return fact.model_copy(update={"value": value, "source": source})
