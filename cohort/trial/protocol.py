"""The schema of a trial protocol, as people write it in YAML.

Text becomes a frozen `Protocol` once and is never read again. Every field that has a unit in the
file is a plain number here: times in seconds since midnight before the first dose, doses in mg.
May import `cohort.facts`, `cohort.nutrition`, `cohort.yaml_files` and the field types of this room.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    StrictBool,
    StrictStr,
    model_validator,
)
from pydantic_core import CoreSchema

from cohort.errors import UnknownNameError
from cohort.nutrition import MIXED
from cohort.trial.analysis import Analysis
from cohort.trial.arms import Adherence, Arm, ProtocolRecord, Regimen, ShorthandRecord
from cohort.trial.assumptions import Assumptions
from cohort.trial.conduct import (
    Background,
    FollowUp,
    LeadIn,
    MissedVisits,
    Period,
    PreviousDrug,
    Randomisation,
    Rescue,
)
from cohort.trial.contradictions import protocol_contradictions
from cohort.trial.features import TrialFeatures
from cohort.trial.model_choice import ImportedModel
from cohort.trial.published import PublishedResult
from cohort.trial.quantities import (
    DAY_S,
    Age,
    Clock,
    Days,
    Dose,
    Fraction,
    Grams,
    Identifier,
    Interval,
    Kilograms,
    Label,
    Moment,
    Number,
    RunIn,
    Seed,
    Span,
    Words,
)
from cohort.trial.ratings import Ratings
from cohort.yaml_files import Contradiction, refuse_contradictions

__all__ = [
    "AS_PLANNED",
    "EntryCriterion",
    "LifestyleChoice",
    "Meal",
    "OwnAddition",
    "Protocol",
    "TrialPopulation",
    "Variant",
    "Visit",
    "protocol_schema",
]

_NO_LABEL = re.compile(r"[^A-Za-z0-9 _.+/%-]")
_SHORTHAND_LENGTH = 40  # far longer than any time


def _all_as_list(given: object) -> object:
    return ("all",) if given == "all" else given


EventNames = Annotated[
    tuple[StrictStr, ...],
    BeforeValidator(_all_as_list, json_schema_input_type=tuple[str, ...] | Literal["all"]),
]


class Visit(ShorthandRecord):
    """A day on which patients are seen; a plain 'week 4' is its name and its time.

    The visit is at midnight, so before the dose of its day.

    Examples
    --------
    >>> Visit.model_validate("week 4") == Visit(name="week 4", time="4 week")
    True
    """

    name: Label = Field(examples=["week 4"])
    time: Moment = Field(examples=["week 4"])

    @classmethod
    def expand_shorthand(cls, given: object) -> dict[str, object]:
        """Return the record that a plain text stands for.

        Parameters
        ----------
        given
            Name and time in one.

        Returns
        -------
        Keys of a visit.

        Examples
        --------
        >>> Visit.expand_shorthand("week 4")
        {'name': 'week 4', 'time': 'week 4'}
        """
        name = " ".join(_NO_LABEL.sub(" ", str(given)).split())[:_SHORTHAND_LENGTH]
        # the name is always a good one: what is wrong with a shorthand is its time
        return {"name": name if name[:1].isalnum() else f"visit {name}".strip(), "time": given}

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"anyOf": [{"type": "string", "examples": ["week 4"]}, handler(schema)]}


class Meal(ProtocolRecord):
    """A meal that everybody eats every day; ``source`` is what its protein is of.

    Examples
    --------
    >>> Meal(at="12:30", protein="30 g", carbohydrate="85 g").protein
    30.0
    """

    at: Clock = Field(examples=["12:30"])
    protein: Grams = Field(examples=["25 g"])
    carbohydrate: Grams = Field(default=0.0, examples=["80 g"])
    source: Words = Field(default=MIXED, examples=["casein"])


DEFAULT_MEALS = tuple(
    Meal.model_validate(meal)
    for meal in (
        {"at": "08:00", "protein": "20 g", "carbohydrate": "80 g"},
        {"at": "12:30", "protein": "25 g", "carbohydrate": "85 g"},
        {"at": "18:30", "protein": "30 g", "carbohydrate": "85 g"},
    )
)
"""An ordinary day, 75 g protein and 250 g carbohydrate; assumed, as the model's daily means are."""


class LifestyleChoice(ShorthandRecord):
    """A lifestyle of a variant; a plain name takes what its file says.

    Parameters
    ----------
    name
        Packaged lifestyle, or path of a file.
    since
        Written ``from``: ``week 0`` or ``always``, the run-in included; as its file says if absent.

    Examples
    --------
    >>> LifestyleChoice.model_validate("exercise").since is None
    True
    """

    shorthand = "name"

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    name: Words = Field(examples=["exercise"])
    since: Literal["week 0", "always"] | None = Field(
        default=None, alias="from", examples=["always"]
    )


class OwnAddition(ProtocolRecord):
    """A drug that some patients add to their treatment without a clinician.

    Parameters
    ----------
    drug, dose, every, start
        As in a regimen; taken from the start to the end of the trial.
    share
        Share of patients who do so [1].

    Examples
    --------
    >>> OwnAddition(drug="dextromethorphan", dose="30 mg", share="10 %").share
    0.1
    """

    drug: Words = Field(examples=["dextromethorphan"])
    dose: Dose = Field(examples=["30 mg"])
    every: Interval = Field(default=DAY_S, examples=["8 h"])
    start: Moment = Field(default=0, examples=["week 1"])
    share: Fraction = Field(examples=["10 %"])

    @property
    def regimen(self) -> Regimen:
        """What those who add it take.

        Examples
        --------
        >>> OwnAddition(drug="pindolol", dose="5 mg", share=0.5).regimen.dose
        5.0
        """
        return Regimen.model_construct(
            drug=self.drug, dose=self.dose, every=self.every, start=self.start
        )


class Variant(ProtocolRecord):
    """How patients live beside their treatment; every arm is simulated in every variant.

    Parameters
    ----------
    name
        What tables call it.
    lifestyle
        Lifestyles, each from its own start.
    nutrition
        Eating pattern; ``usual`` keeps the protocol's meals.
    meals
        Meals from week 0 on, in place of the protocol's.
    supervision
        ``supervised``: doses as written, but for adherence. ``self_directed``: changed and
        stopped without a clinician.
    adds
        Drugs that some add by themselves; of ``self_directed`` treatment only.

    Examples
    --------
    >>> Variant(name="training", lifestyle=["exercise"]).lifestyle[0].name
    'exercise'
    """

    name: Label = Field(examples=["usual"])
    lifestyle: tuple[LifestyleChoice, ...] = Field(default=(), examples=["[exercise]"])
    nutrition: Words = Field(default="usual", examples=["usual"])
    meals: tuple[Meal, ...] | None = None
    supervision: Literal["supervised", "self_directed"] = "supervised"
    adds: tuple[OwnAddition, ...] = Field(
        default=(), examples=["[{drug: pindolol, dose: 5 mg, share: 10 %}]"]
    )


AS_PLANNED = Variant(name="as planned")
"""The one variant of a protocol that names none."""


class EntryCriterion(ProtocolRecord):
    """Smallest screening score on one scale that lets a patient in.

    Examples
    --------
    >>> EntryCriterion(scale="MADRS", at_least=22).at_least
    22.0
    """

    scale: Words = Field(examples=["MADRS"])
    at_least: Number = Field(examples=[22])


class TrialPopulation(ProtocolRecord):
    """Who is let in; what is absent is taken from the condition.

    Margins describe the candidates, whose records are the packaged ones or those of a file of one's
    own; a file is taken as it is, and only margins that are written here change it. Eligibility
    lists conditions on covariates (`cohort.trial.eligibility`): a place goes to its first candidate
    who meets all of them.

    Examples
    --------
    >>> TrialPopulation(age_min="18 y", age_max="65 y").age_max
    65.0
    """

    age_min: Age | None = Field(default=None, examples=["18 y"])
    age_max: Age | None = Field(default=None, examples=["65 y"])
    female_fraction: Fraction | None = Field(default=None, examples=[0.6])
    smoker_fraction: Fraction | None = Field(default=None, examples=[0.2])
    weight_mean: Kilograms | None = Field(default=None, examples=["80 kg"])
    bmi_shares: dict[StrictStr, Fraction] | None = Field(
        default=None, examples=["{normal: 0.4, overweight: 0.35, obese: 0.25}"]
    )
    records: Words | None = Field(default=None, examples=["my-patients.csv"])
    entry: EntryCriterion | None = None
    eligibility: tuple[Words, ...] = Field(default=(), examples=["[crcl_ml_min >= 60 mL/min]"])

    def contradictions(self) -> Iterator[Contradiction]:
        """List what cannot stand together.

        Examples
        --------
        >>> list(TrialPopulation().contradictions())
        []
        """
        if self.age_min is not None and self.age_max is not None and self.age_max <= self.age_min:
            yield Contradiction(
                path=("age_max",),
                message=f"ages from {self.age_min:g} y to {self.age_max:g} y leave nobody; "
                "age_max is greater than age_min. Swap them.",
            )

    _refuse = model_validator(mode="after")(refuse_contradictions)


class Protocol(ProtocolRecord):
    """A trial: who, for how long, on what, measured when and how.

    Examples
    --------
    >>> protocol = Protocol(
    ...     schema_version=1, name="tiny", title="A tiny trial", seed=1,
    ...     condition="major_depression", duration="4 week", visits=["week 0", "week 4"],
    ...     arms=[
    ...         {"name": "placebo", "control": True, "patients": 5},
    ...         {"name": "active", "patients": 5,
    ...          "regimens": [{"drug": "escitalopram", "dose": "10 mg"}]},
    ...     ],
    ...     endpoints=["MADRS"], primary_endpoint="MADRS",
    ... )
    >>> protocol.arm("active").regimens[0].dose
    10.0
    >>> protocol.duration // 86400
    28
    """

    schema_version: Annotated[Literal[1], Field(examples=[1])]
    name: Identifier = Field(examples=["my-trial"])
    title: Words = Field(examples=["Drug against placebo"])
    source: Words | None = None
    seed: Seed = Field(examples=[20020601])
    design: Literal["parallel", "counterfactual"] = "parallel"
    # one of the two: our patient with a condition, or a model from a file
    condition: Words = Field(
        default="", examples=["major_depression"], exclude_if=lambda condition: not condition
    )
    model: ImportedModel | None = Field(
        default=None,
        examples=["{file: warfarin.xml, drugs: [{name: warfarin, into: gut}]}"],
        exclude_if=lambda model: model is None,
    )
    systems: tuple[StrictStr, ...] = Field(default=(), examples=["[noradrenaline]"])
    population: TrialPopulation = TrialPopulation()
    duration: Span = Field(examples=["8 week"])
    run_in: RunIn = Field(default=7 * DAY_S, examples=["7 day"])
    visits: tuple[Visit, ...] = Field(examples=["[week 0, week 4, week 8]"])
    periods: tuple[Period, ...] = Field(
        default=(),
        examples=["[{name: first, start: week 0, stop: week 4}]"],
        exclude_if=lambda periods: not periods,
    )
    visit_window: Days | None = Field(
        default=None, examples=["3 day"], exclude_if=lambda window: window is None
    )
    meals: tuple[Meal, ...] | Words = Field(default=DEFAULT_MEALS, examples=["mediterranean"])
    adherence: Adherence = Adherence()
    background: tuple[Background, ...] = Field(
        default=(),
        examples=["[{drug: levodopa_carbidopa, dose: 100 mg, every: 8 h}]"],
        exclude_if=lambda taken: not taken,
    )
    previous: tuple[PreviousDrug, ...] = Field(
        default=(),
        examples=["[{drug: haloperidol, dose: 10 mg, stop: week -1}]"],
        exclude_if=lambda taken: not taken,
    )
    randomisation: Randomisation | None = Field(
        default=None,
        examples=["{strata: [sex == 'M', baseline >= 25], block: 6}"],
        exclude_if=lambda randomisation: randomisation is None,
    )
    # whether a dose is lowered or paused for an adverse event; where doses are fixed it is not
    dose_modification: StrictBool = Field(
        default=False, examples=[True], exclude_if=lambda is_allowed: not is_allowed
    )
    lead_in: LeadIn | None = Field(
        default=None,
        examples=["{placebo: 1 week, drop_if_improved: 20 %}"],
        exclude_if=lambda lead_in: lead_in is None,
    )
    rescue: Rescue | None = Field(
        default=None,
        examples=["{drug: lorazepam, dose: 1 mg, if: score >= 30, from: week 2}"],
        exclude_if=lambda rescue: rescue is None,
    )
    follow_up: FollowUp | None = Field(
        default=None, examples=["60 %"], exclude_if=lambda follow_up: follow_up is None
    )
    missed_visits: MissedVisits | None = Field(
        default=None, examples=["5 %"], exclude_if=lambda missed: missed is None
    )
    arms: tuple[Arm, ...] = Field(examples=["[{name: placebo, control: true, patients: 120}]"])
    # left out of what is written and hashed where there are none: the same trial, the same hash
    variants: tuple[Variant, ...] = Field(
        default=(),
        examples=["[{name: usual}, {name: training, lifestyle: [exercise]}]"],
        exclude_if=lambda variants: not variants,
    )
    endpoints: tuple[StrictStr, ...] = Field(examples=["[MADRS]"])
    primary_endpoint: Words = Field(examples=["MADRS"])
    adverse_events: EventNames = ()
    measures: tuple[StrictStr, ...] = Field(default=(), exclude_if=lambda measures: not measures)
    ascertainment: Literal["spontaneous", "checklist"] = "spontaneous"
    ratings: Ratings = Field(default=Ratings(), exclude_if=lambda ratings: ratings == Ratings())
    missing_data: Literal["LOCF"] = "LOCF"
    # left out of what is hashed where it is not written: the same trial, the same hash
    analysis: Analysis | None = Field(
        default=None, examples=["{missing_data: J2R}"], exclude_if=lambda one: one is None
    )
    assumptions: Assumptions = Field(
        default=Assumptions(), exclude_if=lambda assumed: assumed == Assumptions()
    )
    features: TrialFeatures = Field(
        default=TrialFeatures(), exclude_if=lambda features: features == TrialFeatures()
    )
    published: tuple[PublishedResult, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _of_a_file(cls, given: object) -> object:
        """Let a model from a file start as its file says: no run-in, and nothing eaten."""
        if isinstance(given, dict) and given.get("model") is not None:
            return {"run_in": "0 day", "meals": [], **given}
        return given

    def contradictions(self) -> Iterator[Contradiction]:
        """List what cannot stand together; see `cohort.trial.contradictions`.

        Examples
        --------
        >>> from cohort.trial import load_protocol
        >>> list(load_protocol("sct-md-01").contradictions())
        []
        """
        return protocol_contradictions(self)

    _refuse = model_validator(mode="after")(refuse_contradictions)

    def arm(self, name: str) -> Arm:
        """Return an arm by its name.

        Parameters
        ----------
        name
            Name of the arm.

        Returns
        -------
        The arm.

        Raises
        ------
        UnknownNameError
            If no arm has that name.

        Examples
        --------
        >>> from cohort.trial import load_protocol
        >>> load_protocol("sct-md-01").arm("placebo").patients
        127
        """
        for arm in self.arms:
            if arm.name == name:
                return arm
        names = [arm.name for arm in self.arms]
        raise UnknownNameError(f"protocol '{self.name}'", name, names, "arm")

    @property
    def control(self) -> Arm:
        """The arm that others are compared with.

        Examples
        --------
        >>> from cohort.trial import load_protocol
        >>> load_protocol("sct-md-01").control.name
        'placebo'
        """
        return next(arm for arm in self.arms if arm.control)

    @property
    def drugs(self) -> tuple[str, ...]:
        """Every drug that somebody may take, arms first, then what is taken beside, each once.

        Examples
        --------
        >>> from cohort.trial import load_protocol
        >>> load_protocol("sct-md-01").drugs
        ('escitalopram', 'citalopram')
        """
        prescribed = [regimen.drug for arm in self.arms for regimen in arm.regimens]
        added = [one.drug for variant in self.variants for one in variant.adds]
        beside = [one.drug for one in self.beside]
        rescue = () if self.rescue is None else (self.rescue.drug,)
        return tuple(dict.fromkeys((*prescribed, *added, *beside, *rescue)))

    @property
    def beside(self) -> tuple[Regimen, ...]:
        """What everybody takes before or beside the treatment of the arm, as regimens.

        Examples
        --------
        >>> from cohort.trial import load_protocol
        >>> load_protocol("sct-md-01").beside
        ()
        """
        taken: tuple[Background | PreviousDrug, ...] = (*self.background, *self.previous)
        return tuple(one.regimen for one in taken)

    @property
    def prior(self) -> int:
        """Time before week 0 in which patients already take something [s], whole days.

        Examples
        --------
        >>> from cohort.trial import load_protocol
        >>> load_protocol("sct-md-01").prior
        0
        """
        first = min((regimen.start for regimen in self.beside), default=0)
        return -(first // DAY_S) * DAY_S

    def variant(self, name: str = AS_PLANNED.name) -> Variant:
        """Return a variant by its name; without variants there is one, ``as planned``.

        Parameters
        ----------
        name
            Name of the variant.

        Returns
        -------
        The variant.

        Raises
        ------
        UnknownNameError
            If no variant has that name.

        Examples
        --------
        >>> from cohort.trial import load_protocol
        >>> load_protocol("sct-md-01").variant().lifestyle
        ()
        """
        variants = self.variants or (AS_PLANNED,)
        for variant in variants:
            if variant.name == name:
                return variant
        names = [variant.name for variant in variants]
        raise UnknownNameError(f"protocol '{self.name}'", name, names, "variant")

    def canonical_json(self) -> str:
        """Return the protocol as one line of JSON that equal protocols share.

        Returns
        -------
        JSON with sorted keys, every default written out, every quantity in its canonical unit.

        Examples
        --------
        >>> from cohort.trial import load_protocol
        >>> load_protocol("sct-md-01").canonical_json()[:41]
        '{"adherence":{"probability":0.9,"sd_logit'
        """
        data = self.model_dump(mode="json")
        return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    def content_hash(self) -> str:
        """Return the SHA-256 of the canonical JSON, in hexadecimal.

        Returns
        -------
        64 digits, the same for files that differ in comments, order of keys or units only.

        Examples
        --------
        >>> from cohort.trial import load_protocol
        >>> len(load_protocol("sct-md-01").content_hash())
        64
        """
        return hashlib.sha256(self.canonical_json().encode()).hexdigest()


def protocol_schema() -> dict[str, Any]:
    """Return the JSON schema of protocol files, for editors.

    Returns
    -------
    Schema of draft 2020-12.

    Examples
    --------
    >>> sorted(protocol_schema()["properties"])[:3]
    ['adherence', 'adverse_events', 'analysis']
    """
    # the mode "serialization" writes defaults as a file has them, '1 week', not as seconds
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Protocol.model_json_schema(mode="serialization"),
    }
