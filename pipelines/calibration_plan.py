"""The schema of a calibration plan, and its reader."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated, Literal

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

Measure = Literal["smd", "points", "percent"]
"""How arms are compared: over the SD of change, in points of the scale, in percent of baseline."""

_FEWEST_ROWS_PER_WEIGHT = 5
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
        Of the normal prior [1].
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
    sd: Spread
    sign: Literal[1, -1] = 1
    mechanism: str


class _Treatment(Declaration):
    drug: str
    dose: str
    every: str = "1 day"
    taken_as: str | None = None

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
    drug, dose, every, taken_as
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
    duration, visits
        How long people are followed, and when they are rated: the last rating is carried forward.
    scale
        Rating scale of the comparison.
    adherence
        As in a protocol.
    adverse_events
        Events that make people leave.
    weights
        By name of the reading.
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
    duration: Span
    visits: tuple[Moment, ...]
    scale: str
    adherence: dict[str, str | float] = {}
    adverse_events: tuple[str, ...] = ()
    weights: dict[str, WeightPrior]
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
        if is_read(self.scale) and self.scale not in scale_names():
            yield Contradiction(
                path=("scale",),
                message=f"unknown rating scale '{self.scale}'; {len(scale_names())} are known. "
                f"{nearest_hint(self.scale, scale_names())}",
            )
        if is_read(self.weights) and not self.weights:
            yield Contradiction(
                path=("weights",),
                message="no weight was given; one or more are allowed. Name a reading and its "
                "prior.",
            )
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

    _refuse = model_validator(mode="after")(refuse_contradictions)

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

    def most_weights(self, n_row: int) -> int:
        """Return how many weights so many contrasts may decide: a fifth.

        Examples
        --------
        >>> load_plan("major_depression").most_weights(23)
        4
        """
        return n_row // _FEWEST_ROWS_PER_WEIGHT


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
