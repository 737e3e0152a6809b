"""The schema of a condition file, and its reader."""

import math
from collections.abc import Iterator
from importlib import resources
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, Field, model_validator

from cohort.calibration import FittedLink, load_fitted
from cohort.chemistry import find_system, with_needs
from cohort.conditions.design import DesignEffects
from cohort.conditions.shift import (
    Shift,
    read_number,
    shift_contradictions,
    signal_contradictions,
)
from cohort.errors import CohortError, ConditionError, UnknownNameError
from cohort.facts import Declaration, Fact, PureNumber, quantity_in
from cohort.population.draws import normals
from cohort.population.history import PatientHistory
from cohort.scales import load_scale, scale_names, scales_of
from cohort.yaml_files import (
    Contradiction,
    is_read,
    load_named,
    nearest_hint,
    packaged_names,
    refuse_contradictions,
)

__all__ = [
    "Condition",
    "DiseaseModification",
    "DropoutModel",
    "EntryCriterion",
    "LinkModel",
    "PlaceboModel",
    "PopulationDefaults",
    "SeverityModel",
    "condition_names",
    "condition_text",
    "load_condition",
]

Floats = NDArray[np.float64]

_ANCESTRIES = ("white", "black", "asian", "hispanic", "other")  # as `cohort.population.people`
_SHARES_ROUND_OFF = 1e-6
_NEEDED = "serotonin"

_SHORTEST_D = 1e-3  # it divides, as does the next
_SMALLEST_UNIT = 1e-3

NotNegative = Annotated[Fact, quantity_in("1", minimum=0.0)]
Share = Annotated[Fact, quantity_in("1", minimum=0.0, maximum=1.0)]
Rate = Annotated[Fact, quantity_in("1/day", minimum=0.0)]
Settling = Annotated[Fact, quantity_in("day", minimum=1.0)]


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
    age_min: Age | None = None
    age_max: Age | None = None
    female_fraction: Share
    ancestry: dict[str, Share]
    history: PatientHistory = PatientHistory()


class DiseaseModification(Declaration):
    """By how much drugs slow the untreated drift, where a protocol assumes that they do.

    Parameters
    ----------
    slowing
        Share of the drift that is held back [1] where drugs improve severity by ``at_improvement``,
        in proportion to their benefit otherwise, until patients stay as they are.
    at_improvement
        Benefit over the mean untreated severity [1], greater than zero.

    Examples
    --------
    >>> load_condition("parkinsons_disease_early").severity.disease_modification.slowing.number("1")
    0.64
    """

    slowing: Share
    at_improvement: Annotated[Fact, quantity_in("1", minimum=_SMALLEST_UNIT, maximum=1.0)]


class SeverityModel(Declaration):
    """Latent severity at entry and its untreated drift.

    Parameters
    ----------
    scale
        Scale in whose points it is, counted from the minimum of that scale.
    further_scales
        Scales on request that measure it too, such as off-time where motor symptoms fluctuate.
    baseline_mean, baseline_sd
        Before the entry criterion is applied [points].
    background_relief
        Where the severity is declared without any treatment: share of it that what patients take
        before the trial has relieved at the baseline [1], at most; those whose drugs bring less
        have less. If left out, the severity is that of patients as they come, treated or not.
    progression, progression_sd
        Untreated drift [points/d], greater than zero where patients get worse, and its spread
        between patients; none if left out.
    disease_modification
        How much of it drugs hold back where a protocol assumes so; no protocol may if left out.

    Examples
    --------
    >>> load_condition("major_depression").severity.progression.number("1/week")
    0.0
    """

    scale: str
    further_scales: tuple[str, ...] = ()
    baseline_mean: PureNumber
    baseline_sd: NotNegative
    background_relief: Share | None = None
    progression: Annotated[Fact, quantity_in("1/day")]
    progression_sd: Rate | None = None
    disease_modification: DiseaseModification | None = None


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

    Parameters
    ----------
    gain, time, shape, relapse
        Of the curve [points, d, 1, points/d].
    patient_sd
        SD between patients of the improvement over its mean [1].
    trial_sd
        SD between trials of the improvement at week 8, beyond sampling and design [points].
    design
        How features of the trial multiply the improvement; not at all if left out.

    Examples
    --------
    >>> load_condition("major_depression").placebo.shape.number("1")
    0.75
    """

    gain: PureNumber
    time: Annotated[Fact, quantity_in("day", minimum=_SHORTEST_D)]
    shape: NotNegative
    relapse: Rate
    patient_sd: NotNegative
    trial_sd: NotNegative
    design: DesignEffects | None = None


class LinkModel(Declaration):
    """How log ratios of transmitter states become severity; shared by every drug.

    Parameters
    ----------
    fitted
        Name or path of a fit of ``cohort calibrate`` that gives the weights of ``signals``, their
        errors and correlations; none if left out.
    calibrated
        Whether the weights were fitted to trials, true with ``fitted``. If not, effects of drugs on
        scores are not to be believed, and the command line says so.
    signals
        Weight of each reading of the model [1]: ln of its daily mean over the untreated level, or
        the occupancy of a target. None: no drug moves a score. With ``fitted``, a weight that is
        written stands in place of the fitted one.
    signal_relative_error
        Standard error of the weights over the weights [1], where there is no fit.
    rate, fast_share, ceiling, sensitivity_sd_log
        Of the slow clinical process, the part that does not wait for it, the largest mean benefit
        [points], and the spread of the benefit between patients.
    trial_sd
        SD between trials of the benefit over its mean [1]; with ``fitted`` what the fit found where
        none is written, otherwise none if left out.
    drug_sd
        SD between drugs of the benefit over that of the link [1]: what the mechanisms do not say of
        a drug. With ``fitted`` likewise.
    spreads_as_in
        Fit of another condition whose two SDs stand in for those of this one, which has no fit.

    Examples
    --------
    >>> "serotonin_extracellular" in load_condition("major_depression").link.signals
    True
    """

    fitted: str | None = None
    calibrated: bool = False
    signals: dict[str, PureNumber] = Field(default_factory=dict)
    signal_relative_error: NotNegative | None = None
    rate: Rate
    fast_share: Share
    ceiling: NotNegative
    sensitivity_sd_log: NotNegative
    trial_sd: NotNegative | None = None
    drug_sd: NotNegative | None = None
    spreads_as_in: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _take_fitted(cls, record: Any) -> Any:  # noqa: ANN401 -- whatever a file holds
        """Take weights and spreads of the fit where none are written."""
        if not isinstance(record, dict):
            return record
        own, other = record.get("fitted"), record.get("spreads_as_in")
        if isinstance(own, str):
            return _with_fit(record, _fit_of(own))
        return _with_spreads_of(record, _fit_of(other)) if isinstance(other, str) else record

    def draws(self, n: int, seed: int) -> dict[str, Floats]:
        """Return draws of the weights, as uncertain as they are.

        Parameters
        ----------
        n
            How many.
        seed
            The same seed gives the same draws.

        Returns
        -------
        By name of the reading, shape ``(n,)``. With a fit, normal with its covariance; without one,
        all weights times one normal number of mean 1 and SD ``signal_relative_error``, since they
        were guessed together. A draw that would change the sign of a weight is held at 0.

        Examples
        --------
        >>> drawn = load_condition("major_depression").link.draws(1000, 7)
        >>> drawn["serotonin_extracellular"].shape
        (1000,)
        """
        if self.fitted is not None:
            found = load_fitted(self.fitted)
            drawn = found.draws(n, seed)
            return {
                name: np.maximum(drawn[name] / found.weights[name], 0.0) * weight.number("1")
                if found.weights.get(name)
                else np.full(n, weight.number("1"))
                for name, weight in self.signals.items()
            }
        relative = self.signal_relative_error
        spread = 0.0 if relative is None else relative.number("1")
        factor = 1.0 + spread * normals(seed, np.arange(n, dtype=np.int64), "weights of the link")
        return {
            name: np.maximum(factor, 0.0) * weight.number("1")
            for name, weight in self.signals.items()
        }


def _fit_of(name: str) -> FittedLink:
    try:
        return load_fitted(name)
    except CohortError as error:
        raise ValueError(str(error)) from error


def _fact(value: float, mark: str, source: str) -> dict[str, object]:
    return {"value": value, "mark": mark, "source": source}


def _with_fit(record: dict[str, Any], found: FittedLink) -> dict[str, Any]:
    """Return the record of a link with what a fit found where nothing is written."""
    fit = f"cohort calibrate {found.name}: {found.n_row} contrasts"
    errors = found.standard_errors
    signals = {
        name: _fact(weight, "computed", f"{fit}, standard error {errors[name]:.2g}")
        for name, weight in found.weights.items()
    }
    if found.drug_sd_from:
        drug = _fact(found.drug_sd, "assumed", f"{found.n_drug} drugs; as in {found.drug_sd_from}")
    else:
        drug = _fact(found.drug_sd, "computed", f"{fit} of {found.n_drug} drugs")
    trial = _fact(found.trial_sd, "computed", f"{fit}, beyond sampling error and drug")
    return {
        **record,
        "calibrated": True,
        "signals": signals | (record.get("signals") or {}),
        "trial_sd": record.get("trial_sd") or trial,
        "drug_sd": record.get("drug_sd") or drug,
    }


def _with_spreads_of(record: dict[str, Any], found: FittedLink) -> dict[str, Any]:
    """Return the record of a link with the spreads of another condition's fit."""
    source = f"as in {found.name}"
    return {
        **record,
        "trial_sd": record.get("trial_sd") or _fact(found.trial_sd, "assumed", source),
        "drug_sd": record.get("drug_sd") or _fact(found.drug_sd, "assumed", source),
    }


class DropoutModel(Declaration):
    """Three competing hazards of leaving the trial.

    Parameters
    ----------
    other, efficacy, adverse_event
        Hazards at their base [1/d].
    efficacy_slope, severity_unit, expected_fall
        The efficacy hazard multiplies by e to the slope for every ``severity_unit`` points that
        severity stands above ``expected_fall`` points below baseline; 3 points if left out.
    adverse_event_burden
        Hazard added by each ongoing adverse event [1/d].
    trial_sd_log, adverse_trial_sd_log
        SD between trials of the log hazards of leaving for lack of efficacy and other reasons, and
        for adverse events, beyond sampling and design [1]; none if left out.
    withdrawal
        Multiple of the share of adverse events for which the drug is withdrawn [1]; 1 if left out.
    design, adverse_design
        How features of the trial multiply the two; not at all if left out.

    Examples
    --------
    >>> load_condition("major_depression").dropout.severity_unit.number("1")
    6.0
    """

    other: Rate
    efficacy: Rate
    efficacy_slope: PureNumber
    severity_unit: Annotated[Fact, quantity_in("1", minimum=_SMALLEST_UNIT)]
    expected_fall: PureNumber | None = None
    adverse_event: Rate
    adverse_event_burden: Rate
    trial_sd_log: NotNegative | None = None
    adverse_trial_sd_log: NotNegative | None = None
    withdrawal: NotNegative | None = None
    design: DesignEffects | None = None
    adverse_design: DesignEffects | None = None


class Condition(Declaration):
    """One patient group: population, severity, placebo course, link and drop-out.

    Parameters
    ----------
    name, title
        Identifier, and words for people.
    systems
        Systems of the chemistry that a trial simulates; serotonin is among them, since adverse
        events read it.
    shifts
        What the disease moves away from the healthy reference; none if left out.
    settling
        How long the untreated patient is simulated before the run-in, so that what was shifted
        comes to its own rest; needed where there are shifts.
    population, severity, entry, placebo, link, dropout
        As described there.

    Examples
    --------
    >>> load_condition("major_depression").title
    'Major depressive disorder, adult outpatients'
    """

    name: str
    title: str
    systems: tuple[SystemName, ...]
    shifts: tuple[Shift, ...] = ()
    settling: Settling | None = None
    population: PopulationDefaults
    severity: SeverityModel
    entry: EntryCriterion
    placebo: PlaceboModel
    link: LinkModel
    dropout: DropoutModel

    def contradictions(self) -> Iterator[Contradiction]:
        """List what cannot stand together.

        Examples
        --------
        >>> list(load_condition("major_depression").contradictions())
        []
        """
        yield from _systems(self)
        yield from _ages(self.population)
        yield from _ancestry(self.population)
        yield from _scales(self)
        yield from _needs(self.severity)

    _refuse = model_validator(mode="after")(refuse_contradictions)

    @property
    def scales(self) -> tuple[str, ...]:
        """Rating scales that measure it.

        Examples
        --------
        >>> load_condition("major_depression").scales
        ('HAMD17', 'HAMD21', 'HAMD24', 'MADRS', 'PHQ9', 'QIDSSR', 'ISI', 'CGIS')
        """
        return (*scales_of(self.severity.scale), *self.severity.further_scales)

    @property
    def warning(self) -> str:
        """What people who read its scores must know; empty if its link was calibrated.

        Examples
        --------
        >>> load_condition("major_depression").warning
        ''
        """
        if not self.link.signals:
            return (
                f"condition {self.name}: no state of the model acts on its scores; drugs change "
                "chemistry and adverse events only."
            )
        if not self.link.calibrated:
            return (
                f"condition {self.name}: the link of this condition has not been calibrated: drug "
                "effects on its scores are not to be believed yet."
            )
        return ""


def _systems(condition: Condition) -> Iterator[Contradiction]:
    """Check what names the chemistry: nothing can be said if the systems could not be read."""
    systems = condition.systems
    if not is_read(systems):
        return
    if _NEEDED not in with_needs(systems):
        yield Contradiction(
            path=("systems",),
            message=f"{_NEEDED} is not among the systems; adverse events read it. Add it to the "
            "list.",
        )
    yield from shift_contradictions(condition.shifts, systems)
    yield from signal_contradictions(condition.link.signals, systems)
    if condition.shifts and condition.settling is None:
        yield Contradiction(
            path=("shifts",),
            message="there are shifts and no 'settling'; shifted patients need time to come to "
            "their own rest. Add the line 'settling: {value: 180 day, mark: design, source: ...}'.",
        )


def _ages(population: PopulationDefaults) -> Iterator[Contradiction]:
    mean = read_number(population.age_mean, "year")
    for key, fact, sign in (
        ("age_min", population.age_min, 1.0),
        ("age_max", population.age_max, -1.0),
    ):
        end = read_number(fact, "year")
        if mean is not None and end is not None and sign * (mean - end) < 0.0:
            yield Contradiction(
                path=("population", "age_mean"),
                message=f"{mean:g} year was given, and {key} is {end:g} year; the mean lies within "
                "the range. Change one of the two.",
            )


def _ancestry(population: PopulationDefaults) -> Iterator[Contradiction]:
    shares = population.ancestry
    if not is_read(shares):
        return
    unknown = [name for name in shares if name not in _ANCESTRIES]
    for name in unknown:
        yield Contradiction(
            path=("population", "ancestry", name),
            message=f"unknown ancestry '{name}'; {len(_ANCESTRIES)} are known. "
            f"{nearest_hint(name, _ANCESTRIES)}",
        )
    numbers = [read_number(share, "1") for share in shares.values()]
    total = math.fsum(number for number in numbers if number is not None)
    if not unknown and None not in numbers and abs(total - 1.0) > _SHARES_ROUND_OFF:
        yield Contradiction(
            path=("population", "ancestry"),
            message=f"the shares add up to {total:g} [1]; exactly 1 is allowed. Change one share.",
        )


def _scales(condition: Condition) -> Iterator[Contradiction]:
    own, entry = condition.severity.scale, condition.entry
    if not is_read(own):
        return
    if own not in scale_names():
        yield _unknown_scale(("severity", "scale"), own)
        return
    latent = load_scale(own).latent
    if latent != own:
        yield Contradiction(
            path=("severity", "scale"),
            message=f"'{own}' reads the severity of '{latent}'; a scale that reads its own is "
            f"allowed. Write 'scale: {latent}'.",
        )
        return
    yield from _further_scales(condition.severity)
    name = entry.scale
    if not is_read(name):
        return
    if name not in scale_names():
        yield _unknown_scale(("entry", "scale"), name)
    elif name not in condition.scales:
        yield Contradiction(
            path=("entry", "scale"),
            message=f"'{name}' does not measure a severity in points of '{own}'; "
            f"{', '.join(condition.scales)} do. Use one of them.",
        )
    else:
        yield from _criterion(entry)


def _needs(severity: SeverityModel) -> Iterator[Contradiction]:
    for needs, key, unit, what in (
        ("disease_modification", "progression", "1/week", "slow"),
        ("disease_modification", "baseline_mean", "1", "slow"),
        ("background_relief", "baseline_mean", "1", "relieve"),
    ):
        given = getattr(severity, needs)
        number = read_number(getattr(severity, key), unit)
        if given is not None and is_read(given) and number is not None and number <= 0.0:
            yield Contradiction(
                path=("severity", needs),
                message=f"there is nothing to {what} where {key} is {number:g} {unit}; greater "
                f"than 0 is allowed beside it. Change {key}, or delete this key.",
            )


def _further_scales(severity: SeverityModel) -> Iterator[Contradiction]:
    if not is_read(severity.further_scales):
        return
    known = scales_of(severity.scale)
    for position, name in enumerate(severity.further_scales):
        path = ("severity", "further_scales", position)
        if not is_read(name):
            continue
        if name not in scale_names():
            yield _unknown_scale(path, name)
        elif severity.scale not in load_scale(name).latents:
            read = " or ".join(f"'{one}'" for one in load_scale(name).latents)
            yield Contradiction(
                path=path,
                message=f"'{name}' reads a severity in points of {read}; this one is in points of "
                f"'{severity.scale}'. Delete it.",
            )
        elif name in known or name in severity.further_scales[:position]:
            yield Contradiction(
                path=path,
                message=f"'{name}' measures this condition already; once is enough. Delete it.",
            )


def _criterion(entry: EntryCriterion) -> Iterator[Contradiction]:
    scale, lowest = load_scale(entry.scale), read_number(entry.at_least, "1")
    if lowest is not None and not scale.minimum <= lowest <= scale.maximum:
        yield Contradiction(
            path=("entry", "at_least"),
            message=f"{lowest:g} points was given; {scale.name} goes from {scale.minimum:g} to "
            f"{scale.maximum:g}. Change the criterion.",
        )


def _unknown_scale(path: tuple[str | int, ...], name: str) -> Contradiction:
    return Contradiction(
        path=path,
        message=f"unknown rating scale '{name}'; {len(scale_names())} are known. "
        f"{nearest_hint(name, scale_names())}",
    )


def condition_names() -> tuple[str, ...]:
    """Return the packaged conditions, sorted.

    Examples
    --------
    >>> "major_depression" in condition_names()
    True
    """
    return packaged_names("cohort.conditions")


def condition_text(name: str) -> str:
    """Return the text of a packaged condition with its comments, a start for one's own.

    Parameters
    ----------
    name
        One of `condition_names`.

    Returns
    -------
    YAML text.

    Raises
    ------
    UnknownNameError
        If no packaged condition has that name.

    Examples
    --------
    >>> "name: major_depression" in condition_text("major_depression").splitlines()
    True
    """
    if name not in condition_names():
        raise UnknownNameError("condition", name, condition_names(), "condition")
    return (resources.files("cohort.conditions") / f"{name}.yaml").read_text(encoding="utf-8")


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
