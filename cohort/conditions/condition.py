"""The schema of a condition file, and its reader."""

from typing import Annotated

from pydantic import AfterValidator

from cohort.chemistry import find_system
from cohort.errors import ConditionError, UnknownNameError
from cohort.facts import Declaration, Fact, PureNumber, quantity_in
from cohort.population.history import PatientHistory
from cohort.yaml_files import load_named, packaged_names

__all__ = [
    "Condition",
    "DropoutModel",
    "EntryCriterion",
    "LinkModel",
    "PlaceboModel",
    "PopulationDefaults",
    "SeverityModel",
    "condition_names",
    "load_condition",
]

Rate = Annotated[Fact, quantity_in("1/day", minimum=0.0)]
Duration = Annotated[Fact, quantity_in("day", minimum=0.0)]


def _known(name: str) -> str:
    try:
        return find_system(name).name
    except UnknownNameError as error:
        raise ValueError(str(error)) from error


SystemName = Annotated[str, AfterValidator(_known)]
Age = Annotated[Fact, quantity_in("year", minimum=0.0)]


class PopulationDefaults(Declaration):
    """Who the patients are, where a protocol does not say.

    Examples
    --------
    >>> load_condition("major_depression").population.female_fraction.number("1")
    0.62
    """

    age_mean: Age
    age_sd: Age
    female_fraction: PureNumber
    ancestry: dict[str, PureNumber]
    history: PatientHistory = PatientHistory()


class SeverityModel(Declaration):
    """Latent severity at entry and its untreated drift.

    Examples
    --------
    >>> load_condition("major_depression").severity.progression.number("1/week")
    0.0
    """

    baseline_mean: PureNumber
    baseline_sd: PureNumber
    progression: Annotated[Fact, quantity_in("1/day")]


class EntryCriterion(Declaration):
    """Smallest screening score on one scale that lets a patient in.

    Examples
    --------
    >>> load_condition("major_depression").entry.scale
    'MADRS'
    """

    scale: str
    at_least: PureNumber


class PlaceboModel(Declaration):
    """Improvement without a drug: Weibull rise with a linear loss, twelve weeks at most.

    Examples
    --------
    >>> load_condition("major_depression").placebo.shape.number("1")
    0.75
    """

    gain: PureNumber
    time: Duration
    shape: PureNumber
    relapse: Rate
    patient_sd: PureNumber
    trial_sd: PureNumber


class LinkModel(Declaration):
    """How log ratios of transmitter states become severity; shared by every drug.

    Examples
    --------
    >>> tuple(load_condition("major_depression").link.signals)
    ('serotonin_extracellular',)
    """

    signals: dict[str, PureNumber]
    signal_relative_error: PureNumber
    rate: Rate
    fast_share: PureNumber
    ceiling: PureNumber
    sensitivity_sd_log: PureNumber


class DropoutModel(Declaration):
    """Three competing hazards of leaving the trial.

    Examples
    --------
    >>> load_condition("major_depression").dropout.severity_unit.number("1")
    6.0
    """

    other: Rate
    efficacy: Rate
    efficacy_slope: PureNumber
    severity_unit: PureNumber
    adverse_event: Rate
    adverse_event_burden: Rate


class Condition(Declaration):
    """One patient group: population, severity, placebo course, link and drop-out.

    Examples
    --------
    >>> load_condition("major_depression").title
    'Major depressive disorder, adult outpatients'
    """

    name: str
    title: str
    systems: tuple[SystemName, ...]
    population: PopulationDefaults
    severity: SeverityModel
    entry: EntryCriterion
    placebo: PlaceboModel
    link: LinkModel
    dropout: DropoutModel


def condition_names() -> tuple[str, ...]:
    """Return the packaged conditions, sorted.

    Examples
    --------
    >>> condition_names()
    ('major_depression',)
    """
    return packaged_names("cohort.conditions")


def load_condition(name_or_path: str) -> Condition:
    """Return a packaged condition by name, or one from a file.

    Parameters
    ----------
    name_or_path
        Packaged name, or path of a YAML file.

    Returns
    -------
    The validated condition.

    Raises
    ------
    UnknownNameError
        If no packaged condition has that name and no such file exists.
    ConditionError
        If the file has mistakes; all of them are listed.

    Examples
    --------
    >>> load_condition("major_depression").entry.at_least.number("1")
    22.0
    """
    return load_named(
        name_or_path, "cohort.conditions", Condition, kind="condition", error=ConditionError
    )
