"""The schema of a compound file, and its reader.

A file that breaks a rule is refused with every mistake at once. Between-patient spread is written
as a coefficient of variation and used as ``sd_log = sqrt(ln(1 + cv^2))``.
"""

import math
from typing import Annotated, Literal, Self, get_args

from pydantic import Field, model_validator

from cohort.compounds.covariates import CovariateEffect
from cohort.compounds.quantity import (
    Clearance,
    Concentration,
    Fraction,
    MolarConcentration,
    MolarMass,
    Number,
    Quantity,
    RateConstant,
    Share,
    Spread,
    Time,
    Volume,
)
from cohort.errors import DrugError
from cohort.facts import Declaration
from cohort.yaml_files import load_named, packaged_names

__all__ = [
    "Compound",
    "CovariateRule",
    "Cyp2d6Inhibition",
    "Disposition",
    "Formation",
    "Route",
    "SertBinding",
    "compound_names",
    "covariate_effects",
    "load_compound",
]

Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
DispositionName = Literal["k_a", "t_lag", "cl", "v_c", "v_p", "q"]
Phenotype = Literal["PM", "IM", "NM", "RM", "UM"]
CovariateName = Literal["weight_kg", "age_y", "sex"]

_COVARIATE_UNITS = {"weight_kg": "kg", "age_y": "year"}
_SUM_TOLERANCE = 1e-9  # round-off of written decimal shares


class Disposition(Declaration):
    """Absorption, distribution and clearance, apparent after a dose by mouth (over F).

    Examples
    --------
    >>> load_compound("sertraline").disposition.cl.number("L/h")
    95.0
    """

    k_a: RateConstant | None = None
    t_lag: Time | None = None
    cl: Clearance
    v_c: Volume
    v_p: Volume | None = None
    q: Clearance | None = None
    hepatic_flow: Clearance | None = None

    @model_validator(mode="after")
    def _check_pairs(self) -> Self:
        if (self.v_p is None) != (self.q is None):
            given = "v_p without q" if self.q is None else "q without v_p"
            raise ValueError(
                f"{given}; a second compartment has both, one compartment neither. Add or drop one."
            )
        if self.k_a is None and (self.t_lag is not None or self.hepatic_flow is not None):
            raise ValueError(
                "t_lag or hepatic_flow without k_a; they belong to a swallowed dose. Add k_a."
            )
        return self


class Route(Declaration):
    """One way of elimination: its enzyme and its share of the reference clearance.

    Examples
    --------
    >>> [route.enzyme for route in load_compound("fluoxetine").elimination]
    ['cyp2d6', 'other']
    """

    enzyme: Literal["cyp2c19", "cyp2d6", "other"]
    share: Fraction
    activity: dict[Phenotype, Share] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _check_activity(self) -> Self:
        if (self.enzyme == "cyp2c19") != bool(self.activity):
            raise ValueError(
                f"route {self.enzyme!r} has {len(self.activity)} activities; 'cyp2c19' has one a "
                "phenotype (PM, IM, NM, RM, UM), other routes none. Add or drop them."
            )
        if self.activity and self.activity.keys() != set(get_args(Phenotype)):
            raise ValueError(
                f"activities of {', '.join(self.activity)}; each of PM, IM, NM, RM, UM is needed. "
                "Add the missing ones."
            )
        return self


class CovariateRule(Declaration):
    """A factor on a disposition parameter: a power of a number, or one a sex.

    Examples
    --------
    >>> load_compound("sertraline").covariates[0].covariate
    'weight_kg'
    """

    parameters: tuple[Literal["cl", "v_c", "v_p", "q"], ...]
    covariate: CovariateName
    reference: Quantity | None = None
    exponent: Number | None = None
    levels: dict[Literal["F", "M"], Share] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _check_kind(self) -> Self:
        is_power = self.reference is not None and self.exponent is not None
        if self.covariate == "sex" and (is_power or self.levels.keys() != {"F", "M"}):
            raise ValueError("sex needs levels F and M and no exponent. Write both levels.")
        if self.covariate != "sex" and (not is_power or self.levels):
            raise ValueError(
                f"{self.covariate} needs a reference and an exponent and no levels. Write both."
            )
        if self.reference is not None:
            self.reference.number(_COVARIATE_UNITS[self.covariate])
        return self


class Cyp2d6Inhibition(Declaration):
    """Inhibition of CYP2D6 by unbound drug: reversible, and of the mechanism-based kind.

    Examples
    --------
    >>> load_compound("paroxetine").inhibits_cyp2d6.k_inact.number("1/min")
    0.17
    """

    k_i: MolarConcentration
    k_inact: RateConstant | None = None
    k_inact_half: MolarConcentration | None = None

    @model_validator(mode="after")
    def _check_pair(self) -> Self:
        if (self.k_inact is None) != (self.k_inact_half is None):
            raise ValueError(
                "one of k_inact and k_inact_half is missing; inactivation has both. Add or drop."
            )
        return self


class Formation(Declaration):
    """Where a metabolite comes from.

    Examples
    --------
    >>> load_compound("norfluoxetine").formation.parent
    'fluoxetine'
    """

    parent: Identifier
    mass_yield: Fraction


class SertBinding(Declaration):
    """Concentration of total drug in plasma that holds half of the reachable transporter.

    Examples
    --------
    >>> load_compound("s_citalopram").sert.ec50.number("ng/mL")
    2.5
    """

    ec50: Concentration


class Compound(Declaration):
    """One substance in the body.

    Examples
    --------
    >>> compound = load_compound("s_citalopram")
    >>> compound.molar_mass.number("g/mol"), round(compound.sd_log("cl"), 3)
    (324.4, 0.331)
    """

    name: Identifier
    title: str
    molar_mass: MolarMass
    f_u: Fraction
    disposition: Disposition
    cv: dict[DispositionName, Spread] = Field(default_factory=dict)
    elimination: Annotated[tuple[Route, ...], Field(min_length=1)]
    covariates: tuple[CovariateRule, ...] = ()
    formation: Formation | None = None
    sert: SertBinding | None = None
    inhibits_cyp2d6: Cyp2d6Inhibition | None = None

    @model_validator(mode="after")
    def _check_whole(self) -> Self:
        if (self.formation is None) == (self.disposition.k_a is None):
            given = "neither k_a nor formation" if self.formation is None else "k_a and formation"
            raise ValueError(
                f"{given}; a compound is swallowed (k_a) or formed (formation). Keep one of them."
            )
        total = sum(route.share.number("1") for route in self.elimination)
        if abs(total - 1) > _SUM_TOLERANCE:
            raise ValueError(f"elimination: shares add up to {total:g}; 1 is allowed. Change them.")
        enzymes = [route.enzyme for route in self.elimination]
        if len(enzymes) != len(set(enzymes)):
            raise ValueError("elimination: an enzyme is given twice; once is allowed. Add shares.")
        named = set(self.cv) | {name for rule in self.covariates for name in rule.parameters}
        missing = sorted(name for name in named if getattr(self.disposition, name) is None)
        if missing:
            raise ValueError(
                f"cv or covariates name {missing[0]!r}, which disposition does not have. "
                f"Add {missing[0]!r} there or drop it here."
            )
        return self

    def sd_log(self, name: DispositionName) -> float:
        """Return the standard deviation of the logarithm of a parameter between patients.

        Parameters
        ----------
        name
            Disposition parameter, for example ``cl``.

        Returns
        -------
        Standard deviation [1]; 0 where the file gives no spread.

        Examples
        --------
        >>> load_compound("norfluoxetine").sd_log("q")
        0.0
        """
        if name not in self.cv:
            return 0.0
        return math.sqrt(math.log1p(self.cv[name].number("1") ** 2))


def compound_names() -> tuple[str, ...]:
    """Return the packaged compounds, sorted.

    Examples
    --------
    >>> compound_names()[:2]
    ('fluoxetine', 'norfluoxetine')
    """
    return packaged_names("cohort.compounds")


def load_compound(name_or_path: str) -> Compound:
    """Return a packaged compound by name, or one from a file.

    Parameters
    ----------
    name_or_path
        Packaged name, or path of a YAML file.

    Returns
    -------
    The validated compound.

    Raises
    ------
    UnknownNameError
        If no packaged compound has that name and no such file exists.
    DrugError
        If the file has mistakes; all of them are listed.

    Examples
    --------
    >>> load_compound("paroxetine").disposition.v_c.number("L")
    750.0
    """
    return load_named(name_or_path, "cohort.compounds", Compound, kind="compound", error=DrugError)


def covariate_effects(compound: Compound) -> tuple[CovariateEffect, ...]:
    """Return how body, age, sex and CYP2C19 move the parameters of a compound.

    CYP2D6 is one enzyme for all compounds: see `cohort.physiology.cyp2d6.cyp2d6_effects`.

    Parameters
    ----------
    compound
        What the file declares.

    Returns
    -------
    Effects on parameters such as ``cl_sertraline`` and ``cyp2c19_activity_sertraline``.

    Examples
    --------
    >>> effects = covariate_effects(load_compound("sertraline"))
    >>> [(effect.parameter, effect.covariate) for effect in effects][0]
    ('cl_sertraline', 'weight_kg')
    >>> effects[-1].levels["PM"]
    0.0
    """
    effects = [
        _effect(compound.name, name, rule)
        for rule in compound.covariates
        for name in rule.parameters
    ]
    effects += [
        CovariateEffect(
            parameter=f"{route.enzyme}_activity_{compound.name}",
            covariate=route.enzyme,
            source=route.activity["PM"].source,
            levels={level: factor.number("1") for level, factor in route.activity.items()},
        )
        for route in compound.elimination
        if route.activity
    ]
    return tuple(effects)


def _effect(compound: str, name: str, rule: CovariateRule) -> CovariateEffect:
    parameter = f"{name}_{compound}"
    if rule.reference is None or rule.exponent is None:
        return CovariateEffect(
            parameter=parameter,
            covariate=rule.covariate,
            source=rule.levels["F"].source,
            levels={level: factor.number("1") for level, factor in rule.levels.items()},
        )
    return CovariateEffect(
        parameter=parameter,
        covariate=rule.covariate,
        source=rule.exponent.source,
        exponent=rule.exponent.number("1"),
        reference=rule.reference.number(_COVARIATE_UNITS[rule.covariate]),
    )
