"""The schema of a calibration plan, and its reader."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, Field, model_validator

from cohort.errors import ConditionError
from cohort.facts import Declaration, Fact, Mark, PureNumber, quantity_in
from cohort.scales import scale_names
from cohort.trial.quantities import DAY_S, Moment, Span, write_span
from cohort.yaml_files import (
    Contradiction,
    is_read,
    load_named,
    nearest_hint,
    packaged_names,
    refuse_contradictions,
)

__all__ = [
    "CalibrationPlan",
    "Measure",
    "PooledContrast",
    "TrialArm",
    "TrialTable",
    "WeightPrior",
    "load_plan",
    "plan_names",
]

Floats = NDArray[np.float64]
Measure = Literal["smd", "points", "percent"]
"""How arms are compared: over the SD of change, in points of the scale, in percent of baseline."""

_ROWS_PER_PARAMETER = 5
_FEWEST_VISITS = 2

Spread = Annotated[Fact, quantity_in("1", minimum=1e-6)]


def _positive(value: float) -> float:
    if not value > 0.0:
        raise ValueError(f"{value:g} was given; more than 0 is allowed. Correct it.")
    return value


Positive = Annotated[float, AfterValidator(_positive)]
Source = Annotated[str, Field(min_length=3)]


class WeightPrior(Declaration):
    """What is believed of one weight before the fit.

    Parameters
    ----------
    mean, sd
        Of the normal prior [1]; the SD is left out where a common factor is fitted.
    sign
        1: a rise of the reading helps. -1: a fall helps. The weight is kept on that side of 0.
    mechanism
        Why the reading acts on severity, said before the fit was seen.

    Examples
    --------
    >>> load_plan("major_depression").weights["serotonin_extracellular"].sign
    1
    """

    mean: PureNumber
    sd: Spread | None = None
    sign: Literal[1, -1] = 1
    mechanism: str


class _Treatment(Declaration):
    drug: str
    dose: str
    every: str = "1 day"
    taken_as: str | None = None
    stop: Moment | None = None

    @property
    def simulated_dose(self) -> str:
        """Dose that is simulated."""
        return self.dose if self.taken_as is None else self.taken_as


class PooledContrast(_Treatment):
    """A difference from placebo that was pooled over trials.

    Parameters
    ----------
    drug, dose, every
        What was given.
    taken_as
        Dose that stands for it in the simulation, where the product is not packaged.
    stop
        When tablets end; not before the trial if left out.
    at
        Time of the comparison.
    trials
        How many trials were pooled.
    contains
        Names of trials of the plan that were among them and are taken out.
    value, se
        Difference and its standard error, in the measure; lower is better.
    measure
        How arms were compared.
    mark, source
        Where it comes from.

    Examples
    --------
    >>> load_plan("major_depression").pools[0].drug
    'escitalopram'
    """

    at: Moment = 8 * 7 * DAY_S
    trials: Annotated[int, Field(ge=1)]
    contains: tuple[str, ...] = ()
    value: float
    se: Positive
    measure: Measure = "smd"
    mark: Mark
    source: Source


class TrialArm(Declaration):
    """One arm of a trial table.

    Parameters
    ----------
    drug, dose, every, taken_as, stop
        As in `PooledContrast`; no drug: placebo.
    n
        Patients analysed.
    mean, sd
        Of the change or of the score at the end [points].

    Examples
    --------
    >>> TrialArm(n=119, mean=-7.6, sd=8.73).drug is None
    True
    """

    drug: str | None = None
    dose: str | None = None
    every: str = "1 day"
    taken_as: str | None = None
    stop: Moment | None = None
    n: Annotated[int, Field(ge=2)]
    mean: float
    sd: Positive


class TrialTable(Declaration):
    """Arms of one trial: every arm against its placebo, which they share.

    Parameters
    ----------
    name, title
        Identifier, and words for people.
    at
        Time of the comparison.
    measure
        How arms are compared.
    held_out
        Whether the packaged fit leaves it out, for judging.
    arms
        One of them without a drug.
    mark, source
        Where the numbers come from.

    Examples
    --------
    >>> load_plan("major_depression").trials[0].name
    'burke_2002'
    """

    name: str
    title: str
    at: Moment = 8 * 7 * DAY_S
    measure: Measure = "smd"
    held_out: bool
    arms: tuple[TrialArm, ...]
    mark: Mark
    source: Source

    def contradictions(self) -> Iterator[Contradiction]:
        """List what cannot stand together.

        Examples
        --------
        >>> list(load_plan("major_depression").trials[0].contradictions())
        []
        """
        if not is_read(self.arms):
            return
        controls = sum(arm.drug is None for arm in self.arms if is_read(arm))
        if controls != 1 or len(self.arms) == 1:
            yield Contradiction(
                path=("arms",),
                message=f"{len(self.arms)} arms of which {controls} have no drug; exactly one arm "
                "without a drug and one or more with one are allowed. Correct the table.",
            )
        for index, arm in enumerate(self.arms):
            if is_read(arm) and (arm.drug is None) != (arm.dose is None):
                yield Contradiction(
                    path=("arms", str(index)),
                    message="a drug and its dose belong together. Give both, or neither: placebo.",
                )

    _refuse = model_validator(mode="after")(refuse_contradictions)


class CalibrationPlan(Declaration):
    """Declare a fit: which weights, with which priors, on which published contrasts.

    Parameters
    ----------
    name, title
        Identifier, and words for people.
    condition
        Whose link is fitted.
    seed, patients
        Of the simulated people, who are the same in every arm.
    copies
        People of one body: each has severity and luck of their own, which cost no chemistry.
    duration, visits
        How long people are followed, and when they are rated: the last rating is carried forward.
    scale
        Rating scale of the comparison.
    adherence
        As in a protocol.
    background
        What every arm takes from before the first day, as in a protocol; people are used to it.
    adverse_events
        Events that make people leave; ``[all]`` for every one that there is.
    weights
        By name of the reading.
    common_factor
        SD of the prior of one factor, of mean 1, that multiplies all prior means: it alone is
        fitted. Left out: every weight is fitted by itself.
    pools, trials
        Published contrasts.

    Examples
    --------
    >>> load_plan("major_depression").condition
    'major_depression'
    """

    name: str
    title: str
    condition: str
    seed: Annotated[int, Field(ge=0)]
    patients: Annotated[int, Field(ge=8)]
    copies: Annotated[int, Field(ge=1)] = 4
    duration: Span
    visits: tuple[Moment, ...]
    scale: str
    adherence: dict[str, str | float] = Field(default_factory=dict)
    background: tuple[dict[str, str], ...] = ()
    adverse_events: tuple[str, ...] = ()
    weights: dict[str, WeightPrior]
    common_factor: Spread | None = None
    pools: tuple[PooledContrast, ...] = ()
    trials: tuple[TrialTable, ...] = ()

    def contradictions(self) -> Iterator[Contradiction]:
        """List what cannot stand together.

        Examples
        --------
        >>> list(load_plan("major_depression").contradictions())
        []
        """
        yield from self._times()
        yield from self._priors()
        yield from self._pools()
        if is_read(self.scale) and self.scale not in scale_names():
            yield Contradiction(
                path=("scale",),
                message=f"unknown rating scale '{self.scale}'; {len(scale_names())} are known. "
                f"{nearest_hint(self.scale, scale_names())}",
            )

    _refuse = model_validator(mode="after")(refuse_contradictions)

    def _priors(self) -> Iterator[Contradiction]:
        """List priors that are missing or too many."""
        if not (is_read(self.weights) and is_read(self.common_factor)):
            return
        if not self.weights:
            yield Contradiction(
                path=("weights",),
                message="no weight was given; one or more are allowed. Name a reading and its "
                "prior.",
            )
        for name, prior in self.weights.items():
            if is_read(prior) and (prior.sd is None) != (self.common_factor is not None):
                yield Contradiction(
                    path=("weights", name),
                    message="a weight has an SD of its own, or a common factor is fitted; one of "
                    "the two. Give 'sd' to every weight, or 'common_factor' alone.",
                )

    def _pools(self) -> Iterator[Contradiction]:
        """List trials that are there twice, and pools of trials that are not there."""
        if not (is_read(self.pools) and is_read(self.trials)):
            return
        known = [trial.name for trial in self.trials if is_read(trial)]
        for name in {name for name in known if known.count(name) > 1}:
            yield Contradiction(
                path=("trials",),
                message=f"trial '{name}' is there twice; once is allowed. Drop one.",
            )
        for index, pool in enumerate(self.pools):
            if not is_read(pool) or not is_read(pool.contains):
                continue
            for name in pool.contains:
                if name not in known:
                    yield Contradiction(
                        path=("pools", str(index), "contains"),
                        message=f"unknown trial '{name}'; {len(known)} are known. "
                        f"{nearest_hint(name, known)}",
                    )

    def _times(self) -> Iterator[Contradiction]:
        """List times that are no visit, and visits out of order."""
        visits = self.visits
        if not (is_read(visits) and is_read(self.duration) and all(map(is_read, visits))):
            return
        rising = all(first < last for first, last in pairwise(visits))
        if len(visits) < _FEWEST_VISITS or visits[0] != 0 or not rising:
            yield Contradiction(
                path=("visits",),
                message="visits start at week 0 and each is later than the one before. Correct "
                "the list.",
            )
            return
        if visits[-1] != self.duration:
            yield Contradiction(
                path=("duration",),
                message=f"{write_span(self.duration)} was given and the last visit is after "
                f"{write_span(visits[-1])}; the last visit ends it. Change one of the two.",
            )
        for key in ("pools", "trials"):
            for index, one in enumerate(getattr(self, key)):
                if is_read(one) and is_read(one.at) and one.at not in visits[1:]:
                    yield Contradiction(
                        path=(key, str(index), "at"),
                        message=f"a comparison after {write_span(one.at)} is at no visit after "
                        "the first; people are rated at visits only. Add the visit.",
                    )

    @property
    def held_out(self) -> tuple[str, ...]:
        """Trials that the packaged fit leaves out.

        Examples
        --------
        >>> "burke_2002" in load_plan("major_depression").held_out
        True
        """
        return tuple(trial.name for trial in self.trials if trial.held_out)

    @property
    def n_parameter(self) -> int:
        """How many numbers are fitted.

        Examples
        --------
        >>> load_plan("major_depression").n_parameter
        4
        """
        return len(self.weights) if self.common_factor is None else 1

    @property
    def prior(self) -> tuple[Floats, Floats]:
        """Mean and SD of the prior of what is fitted.

        Examples
        --------
        >>> load_plan("major_depression").prior[0].tolist()
        [0.3, 0.3, 0.2, 0.2]
        """
        if self.common_factor is not None:
            return np.ones(1), np.array([self.common_factor.number("1")])
        spreads = [one.sd.number("1") for one in self.weights.values() if one.sd is not None]
        return self._means, np.array(spreads)

    @property
    def basis(self) -> Floats:
        """What each fitted number adds to each weight, shape ``(n_weight, n_parameter)``.

        Examples
        --------
        >>> load_plan("major_depression").basis.shape
        (4, 4)
        """
        return np.eye(len(self.weights)) if self.common_factor is None else self._means[:, None]

    @property
    def _means(self) -> Floats:
        return np.array([one.sign * one.mean.number("1") for one in self.weights.values()])

    @property
    def signs(self) -> Floats:
        """On which side of 0 each fitted number is kept.

        Examples
        --------
        >>> load_plan("major_depression").signs.tolist()
        [1.0, 1.0, 1.0, 1.0]
        """
        if self.common_factor is not None:
            return np.ones(1)
        return np.array([float(one.sign) for one in self.weights.values()])

    def most_parameters(self, n_row: int) -> int:
        """Return how many numbers so many contrasts may decide: a fifth.

        Examples
        --------
        >>> load_plan("major_depression").most_parameters(23)
        4
        """
        return n_row // _ROWS_PER_PARAMETER


def plan_names() -> tuple[str, ...]:
    """Return the packaged calibration plans, sorted.

    Examples
    --------
    >>> "major_depression" in plan_names()
    True
    """
    return packaged_names("cohort.calibration")


def load_plan(name_or_path: str) -> CalibrationPlan:
    """Return a packaged calibration plan by name, or one from a file.

    Parameters
    ----------
    name_or_path
        Packaged name, or path of a YAML file.

    Returns
    -------
    The validated plan.

    Raises
    ------
    UnknownNameError
        If no packaged plan has that name and no such file exists.
    ConditionError
        If the file has mistakes; all of them are listed.

    Examples
    --------
    >>> load_plan("major_depression").scale
    'HAMD17'
    """
    return load_named(
        name_or_path,
        "cohort.calibration",
        CalibrationPlan,
        kind="calibration plan",
        error=ConditionError,
    )
