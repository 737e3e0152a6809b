"""Who a trial recruits: the margins of its candidates, and the conditions that let them in.

Joins what a protocol says of its population with what its condition says. `cohort.simulate` draws
patients by it, `cohort.trial.content` checks it. Imports `cohort.population` and `cohort.outcomes`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cohort.conditions import Condition, designed_condition, load_condition
from cohort.outcomes import PlaceboLeadIn, scale_names
from cohort.population import PatientHistory, PopulationSpec, column_kinds, load_people_file
from cohort.trial.design import trial_design
from cohort.trial.eligibility import CriterionText, parse_criterion
from cohort.trial.quantities import DAY_S

if TYPE_CHECKING:
    from cohort.trial.protocol import Protocol, TrialPopulation

__all__ = [
    "eligibility_criteria",
    "patient_history",
    "placebo_lead_in",
    "population_spec",
    "trial_condition",
]

_ADULTS = "healthy"  # whose shares of ancestry stand where no condition says any
_YOUNGEST_Y, _OLDEST_Y = 18.0, 65.0  # adult outpatients, where neither file says otherwise


def patient_history(condition: Condition | None) -> PatientHistory:
    """Return what patients of a condition have been through; nothing without a condition.

    Examples
    --------
    >>> patient_history(None).names
    ()
    """
    return PatientHistory() if condition is None else condition.population.history


def population_spec(wanted: TrialPopulation, condition: Condition | None) -> PopulationSpec:
    """Return the margins of a trial's candidates.

    Parameters
    ----------
    wanted
        What the protocol says.
    condition
        Its condition; its range of age holds where the protocol has none, and 18 to 65 y where it
        has none either. None for people as they are, of that age, whose ancestries are those of
        healthy adults.

    Returns
    -------
    Margins of the protocol where it has them, else those of the condition. Records of one's own are
    taken as they are: of the condition they get only the shares of ancestry, if they do not tell
    it.

    Raises
    ------
    RangeError, UnknownNameError
        If numbers contradict one another or a class is not known.
    FileContentError
        If a file of records has mistakes.

    Examples
    --------
    >>> from cohort.conditions import load_condition
    >>> from cohort.trial import load_protocol
    >>> protocol = load_protocol("sct-md-01")
    >>> population_spec(protocol.population, load_condition(protocol.condition)).age_mean_y
    41.0
    """
    usual = (load_condition(_ADULTS) if condition is None else condition).population
    ancestry = {name: share.number("1") for name, share in usual.ancestry.items()}
    own = wanted.records is not None
    is_told = wanted.records is not None and (
        "ancestry" not in load_people_file(wanted.records).untold
    )
    if condition is None:
        return PopulationSpec(
            age_min_y=_YOUNGEST_Y if wanted.age_min is None else wanted.age_min,
            age_max_y=_OLDEST_Y if wanted.age_max is None else wanted.age_max,
            female_fraction=wanted.female_fraction,
            ancestry_shares=None if is_told else ancestry,
            smoker_fraction=wanted.smoker_fraction,
            weight_mean_kg=wanted.weight_mean,
            bmi_shares=wanted.bmi_shares,
            records=wanted.records,
        )
    women = wanted.female_fraction
    if women is None and not own:
        women = usual.female_fraction.number("1")
    low, high = (
        default if fact is None else fact.number("year")
        for fact, default in ((usual.age_min, _YOUNGEST_Y), (usual.age_max, _OLDEST_Y))
    )
    return PopulationSpec(
        age_min_y=low if wanted.age_min is None else wanted.age_min,
        age_max_y=high if wanted.age_max is None else wanted.age_max,
        age_mean_y=None if own else usual.age_mean.number("year"),
        age_sd_y=None if own else usual.age_sd.number("year"),
        female_fraction=women,
        ancestry_shares=None if is_told else ancestry,
        smoker_fraction=wanted.smoker_fraction,
        weight_mean_kg=wanted.weight_mean,
        bmi_shares=wanted.bmi_shares,
        records=wanted.records,
    )


def eligibility_criteria(
    protocol: Protocol, condition: Condition | None
) -> tuple[CriterionText, ...]:
    """Return the conditions that let a candidate into a trial.

    Parameters
    ----------
    protocol
        The trial.
    condition
        Its condition, None if it has none.

    Returns
    -------
    Conditions in the order of the protocol.

    Raises
    ------
    ExpressionError
        If one cannot be read.

    Examples
    --------
    >>> from cohort.conditions import load_condition
    >>> from cohort.trial import load_protocol
    >>> protocol = load_protocol("sct-md-01")
    >>> eligibility_criteria(protocol, load_condition(protocol.condition))
    ()
    """
    kinds = column_kinds(patient_history(condition))
    scores = scale_names()
    return tuple(parse_criterion(text, kinds, scores) for text in protocol.population.eligibility)


def trial_condition(protocol: Protocol) -> Condition:
    """Return the condition of a protocol, with what the protocol says otherwise.

    Parameters
    ----------
    protocol
        The trial.

    Returns
    -------
    Condition with the protocol's entry criterion and share of women, where it has them, and with
    the placebo course and drop-out of a trial of that design.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> trial_condition(load_protocol("sct-md-01")).entry.at_least.number("1")
    22.0
    """
    condition = load_condition(protocol.condition)
    wanted = protocol.population
    said = {"mark": "design", "source": f"protocol {protocol.name}"}
    record = condition.model_dump()
    if wanted.entry is not None:
        at_least = {"value": wanted.entry.at_least, **said}
        record["entry"] = {"scale": wanted.entry.scale, "at_least": at_least}
    if wanted.female_fraction is not None:
        record["population"]["female_fraction"] = {"value": wanted.female_fraction, **said}
    entered = Condition.model_validate(record)
    return designed_condition(entered, trial_design(protocol, entered))


def placebo_lead_in(protocol: Protocol) -> PlaceboLeadIn | None:
    """Return the lead-in of a trial as outcomes know it; None if it has none.

    Parameters
    ----------
    protocol
        The trial.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> placebo_lead_in(load_protocol("sct-md-01")) is None
    True
    """
    wanted = protocol.lead_in
    if wanted is None:
        return None
    return PlaceboLeadIn(
        days=wanted.placebo / DAY_S,
        drop_fall=wanted.drop_if_improved,
        entry_again=wanted.entry_again,
    )
