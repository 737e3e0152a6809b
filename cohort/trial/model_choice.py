"""What a protocol says of a model that is not ours: its file, its doses, how patients differ.

Records only. `cohort.imported` reads the file and checks what is said against it. May import the
field types of this room.
"""

import re
from collections.abc import Iterator
from typing import Literal

from pydantic import Field, StrictStr, model_validator

from cohort.trial.arms import ProtocolRecord
from cohort.trial.quantities import (
    DAY_S,
    Fraction,
    Lasting,
    MolarMass,
    Number,
    RatePerHour,
    Spread,
    Words,
)
from cohort.yaml_files import Contradiction, is_read, refuse_contradictions

__all__ = [
    "Correlation",
    "CovariateRelation",
    "ImportedModel",
    "ModelDrug",
    "ParameterSpread",
    "Tolerance",
]

_A_PAIR = 2
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


class ModelDrug(ProtocolRecord):
    """Where the doses of a drug go in a model from a file.

    Parameters
    ----------
    name
        What regimens call it.
    into
        Id of the species, or of another quantity with a rate, that a dose is added to.
    amount_per_mg
        What 1 mg adds to it [unit of its amount in the file].
    molar_mass
        Of the drug [g/mol], in place of ``amount_per_mg`` where the file counts in moles.
    bioavailability
        Share of a dose that arrives [1].
    ka
        Rate of first-order absorption from a depot in front of it [1/h]; at once if left out. A
        parameter ``ka_<name>`` that can vary.
    lag
        Time between dose and arrival [s]; none if left out.
    infusion
        How long a dose flows in at a constant rate [s]; at once if left out.

    Examples
    --------
    >>> ModelDrug(name="warfarin", into="gut", bioavailability="90 %", lag="30 min").lag
    1800
    """

    name: Words = Field(examples=["warfarin"])
    into: Words = Field(examples=["gut"])
    amount_per_mg: Number | None = Field(default=None, examples=[1.0])
    molar_mass: MolarMass | None = Field(default=None, examples=["308.3 g/mol"])
    bioavailability: Fraction = Field(default=1.0, examples=["90 %"])
    ka: RatePerHour | None = Field(default=None, examples=["0.8 1/h"])
    lag: Lasting | None = Field(default=None, examples=["30 min"])
    infusion: Lasting | None = Field(default=None, examples=["1 h"])

    @property
    def ka_name(self) -> str:
        """Name of its absorption rate among the parameters of patients.

        Examples
        --------
        >>> ModelDrug(name="warfarin", into="gut").ka_name
        'ka_warfarin'
        """
        return f"ka_{self.name}"

    def contradictions(self) -> Iterator[Contradiction]:
        """List what cannot stand together.

        Examples
        --------
        >>> list(ModelDrug(name="warfarin", into="gut").contradictions())
        []
        """
        if is_read(self.name) and not _NAME.fullmatch(self.name):
            yield Contradiction(
                path=("name",),
                message=f"'{self.name}' was given; a letter, then letters, digits and '_' are "
                "allowed. Rename it, and the drug of its regimens.",
            )
        if self.amount_per_mg is not None and self.amount_per_mg <= 0:
            yield Contradiction(
                path=("amount_per_mg",),
                message=f"{self.amount_per_mg:g} was given; more than 0 is allowed. Write what 1 "
                "mg adds to the species.",
            )
        if self.bioavailability == 0:
            yield Contradiction(
                path=("bioavailability",),
                message="0 % of a dose arrives; more than 0 % is allowed. Change it, or give no "
                "doses.",
            )
        if self.amount_per_mg is not None and self.molar_mass is not None:
            yield Contradiction(
                path=("molar_mass",),
                message="it stands beside 'amount_per_mg'; one of the two is allowed. Delete one.",
            )
        if self.ka is not None and self.infusion is not None:
            yield Contradiction(
                path=("infusion",),
                message="it stands beside 'ka'; a dose is infused or absorbed. Delete one.",
            )

    _refuse = model_validator(mode="after")(refuse_contradictions)


class ParameterSpread(ProtocolRecord):
    """How one parameter differs between patients.

    Parameters
    ----------
    parameter
        Id of a constant of the file, or ``ka_<drug>``.
    cv
        Coefficient of variation [1].
    distribution
        ``lognormal``: the typical value is the median. ``normal``: it is the mean.

    Examples
    --------
    >>> ParameterSpread(parameter="CL", cv="30 %").distribution
    'lognormal'
    """

    parameter: Words = Field(examples=["CL"])
    cv: Spread = Field(examples=["30 %"])
    distribution: Literal["lognormal", "normal"] = "lognormal"


class Correlation(ProtocolRecord):
    """Correlation of two parameters that differ between patients, on the scale they are normal on.

    Examples
    --------
    >>> Correlation(between=["CL", "V"], r=0.5).between
    ('CL', 'V')
    """

    between: tuple[Words, ...] = Field(examples=["[CL, V]"])
    r: Number = Field(examples=[0.5])

    def contradictions(self) -> Iterator[Contradiction]:
        """List what cannot stand together.

        Examples
        --------
        >>> list(Correlation(between=["CL", "V"], r=0.5).contradictions())
        []
        """
        if is_read(self.between) and len(self.between) != _A_PAIR:
            yield Contradiction(
                path=("between",),
                message=f"{len(self.between)} names were given; two are wanted. Write "
                "'between: [CL, V]'.",
            )
        if self.r <= -1 or self.r >= 1:
            yield Contradiction(
                path=("r",),
                message=f"{self.r:g} was given; a correlation between -1 and 1 is allowed, the "
                "ends left out. Change the value.",
            )

    _refuse = model_validator(mode="after")(refuse_contradictions)


class CovariateRelation(ProtocolRecord):
    """How a parameter depends on who the patient is.

    Parameters
    ----------
    parameter
        As in `ParameterSpread`.
    covariate
        Column of the population, such as ``weight_kg``, ``sex`` or ``cyp2d6``.
    exponent, reference
        Of a number: the factor is (value / reference) ^ exponent; the reference with its unit.
    levels
        Of a text: the factor at each level.

    Examples
    --------
    >>> CovariateRelation(
    ...     parameter="CL", covariate="weight_kg", exponent=0.75, reference="70 kg"
    ... ).exponent
    0.75
    """

    parameter: Words = Field(examples=["CL"])
    covariate: Words = Field(examples=["weight_kg"])
    exponent: Number | None = Field(default=None, examples=[0.75])
    reference: Words | None = Field(default=None, examples=["70 kg"])
    levels: dict[StrictStr, Number] | None = Field(default=None, examples=["{F: 0.8, M: 1}"])

    def contradictions(self) -> Iterator[Contradiction]:
        """List what cannot stand together.

        Examples
        --------
        >>> relation = CovariateRelation(parameter="CL", covariate="sex", levels={"F": 1, "M": 1})
        >>> list(relation.contradictions())
        []
        """
        is_power = self.exponent is not None and self.reference is not None
        is_half = (self.exponent is None) != (self.reference is None)
        if is_half or is_power == (self.levels is not None):
            yield Contradiction(
                path=(),
                message="either 'exponent' and 'reference' or 'levels' is wanted. Write "
                "'{exponent: 0.75, reference: 70 kg}' for a number, '{levels: {F: 0.8, M: 1}}' for "
                "a text.",
            )

    _refuse = model_validator(mode="after")(refuse_contradictions)


class Tolerance(ProtocolRecord):
    """Local error that the integration of a model allows.

    Parameters
    ----------
    relative
        Of each state [1].
    absolute
        In the unit of each state; below it a state counts as zero.

    Notes
    -----
    Both defaults are those of simulators of SBML (our own choice among them).

    Examples
    --------
    >>> Tolerance().relative
    1e-06
    """

    relative: Number = Field(default=1e-6, examples=[1e-8])
    absolute: Number = Field(default=1e-12, examples=[1e-15])

    def contradictions(self) -> Iterator[Contradiction]:
        """List what cannot stand together.

        Examples
        --------
        >>> list(Tolerance().contradictions())
        []
        """
        for key, highest in (("relative", 0.1), ("absolute", 1e6)):
            value = getattr(self, key)
            if value <= 0 or value > highest:
                yield Contradiction(
                    path=(key,),
                    message=f"{value:g} was given; more than 0 and at most {highest:g} is allowed. "
                    "Change the value.",
                )

    _refuse = model_validator(mode="after")(refuse_contradictions)


class ImportedModel(ProtocolRecord):
    """A model from a file in the place of ours, and how a trial uses it.

    Parameters
    ----------
    file
        SBML file; relative to the folder where the command runs.
    time_unit
        What the file counts time in, where it does not say or does not mean what it says.
    parameters
        Typical values in place of those of the file [unit in the file], by id.
    drugs
        What the regimens of arms can name.
    variability
        Parameters that differ between patients; others are alike.
    correlations
        Between two of them; none is 0.
    covariates
        Parameters that depend on who the patient is; several on one multiply.
    observe
        Ids that tables report; everything that changes if left out.
    units
        Unit of an id in tables, in place of that of the file: ``{C: nmol/L}``.
    courses_every
        Time between the points of the courses of single patients [s].
    tolerance
        Of the integration.

    Examples
    --------
    >>> ImportedModel(file="warfarin.xml", drugs=[{"name": "warfarin", "into": "gut"}]).drugs[0].ka
    """

    file: Words = Field(examples=["warfarin.xml"])
    time_unit: Literal["second", "minute", "hour", "day", "week"] | None = Field(
        default=None, examples=["hour"]
    )
    parameters: dict[StrictStr, Number] = Field(default={}, examples=["{CL: 0.134}"])
    drugs: tuple[ModelDrug, ...] = Field(default=(), examples=["[{name: warfarin, into: gut}]"])
    variability: tuple[ParameterSpread, ...] = Field(
        default=(), examples=["[{parameter: CL, cv: 30 %}]"]
    )
    correlations: tuple[Correlation, ...] = Field(
        default=(), examples=["[{between: [CL, V], r: 0.5}]"]
    )
    covariates: tuple[CovariateRelation, ...] = Field(
        default=(),
        examples=["[{parameter: CL, covariate: weight_kg, exponent: 0.75, reference: 70 kg}]"],
    )
    observe: tuple[StrictStr, ...] = Field(default=(), examples=["[PCA]"])
    units: dict[StrictStr, Words] = Field(default={}, examples=["{C: ng/mL}"])
    courses_every: Lasting = Field(default=DAY_S, examples=["1 h"])
    tolerance: Tolerance = Tolerance()
