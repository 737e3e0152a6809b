"""The schema of a compound file, and its reader.

A file that breaks a rule is refused with every mistake at once. Between-patient spread is written
as a coefficient of variation and used as ``sd_log = sqrt(ln(1 + cv^2))``.
"""

import math
from typing import Annotated, Literal, Self, get_args

from pydantic import ConfigDict, Field, field_validator, model_validator

from cohort.compounds.covariates import CovariateEffect
from cohort.compounds.quantity import (
    Clearance,
    Concentration,
    Efficacy,
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
from cohort.compounds.targets import TARGETS
from cohort.errors import DrugError
from cohort.facts import Declaration
from cohort.yaml_files import load_named, nearest_hint, packaged_names

__all__ = [
    "Binding",
    "Compound",
    "Correlation",
    "CovariateRule",
    "Disposition",
    "Enzyme",
    "Formation",
    "Induction",
    "Inhibition",
    "Route",
    "Transit",
    "compound_names",
    "covariate_effects",
    "load_compound",
]

Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
DispositionName = Literal[
    "k_a", "t_lag", "mean_time", "bioavailability", "cl", "v_c", "v_p", "q", "hepatic_flow"
]
Phenotype = Literal["PM", "IM", "NM", "RM", "UM"]
CovariateName = Literal["weight_kg", "age_y", "sex", "smoker", "crcl_ml_min"]
Enzyme = Literal[
    "cyp1a2",
    "cyp2b6",
    "cyp2c8",
    "cyp2c9",
    "cyp2c19",
    "cyp2d6",
    "cyp3a4",
    "ugt",
    "ugt2b15",
    "ces1",
    "fmo",
    "sult",
    "mao",
    "comt",
    "aadc",
    "renal",
    "other",
]
"""Ways out of the body. MAO, COMT and AADC are those outside the brain; ``renal`` follows
creatinine clearance, ``other`` nothing."""

_COVARIATE_UNITS = {"weight_kg": "kg", "age_y": "year", "crcl_ml_min": "mL/min"}
_COVARIATE_LEVELS = {"sex": {"F", "M"}, "smoker": {"yes", "no"}}
_SUM_TOLERANCE = 1e-9  # round-off of written decimal shares
_MOST_TRANSITS = 10  # more is a lag, and each costs a state


class Transit(Declaration):
    """A chain of compartments between stomach and absorption, each left at the same rate.

    Examples
    --------
    >>> Transit(compartments=3, mean_time=dict(
    ...     value="0.5 h", mark="read", tag="input", source="Lyauk 2016")).compartments
    3
    """

    compartments: Annotated[int, Field(ge=1, le=_MOST_TRANSITS)]
    mean_time: Time


class Disposition(Declaration):
    """Absorption, distribution and clearance.

    Apparent after a dose by mouth (over F), unless ``bioavailability`` is given: then clearances
    and volumes are those after a dose into a vein.

    Examples
    --------
    >>> load_compound("sertraline").disposition.cl.number("L/h")
    95.0
    """

    k_a: RateConstant | None = None
    t_lag: Time | None = None
    transit: Transit | None = None
    bioavailability: Fraction | None = None
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
        swallowed = (self.t_lag, self.transit, self.bioavailability, self.hepatic_flow)
        if self.k_a is None and any(item is not None for item in swallowed):
            raise ValueError(
                "t_lag, transit, bioavailability or hepatic_flow without k_a; they belong to a "
                "swallowed dose. Add k_a."
            )
        return self

    def quantity(self, name: DispositionName) -> Quantity | None:
        """Return a number of the disposition, or None where the file has none.

        Examples
        --------
        >>> load_compound("sertraline").disposition.quantity("q") is None
        True
        """
        if name == "mean_time":
            return None if self.transit is None else self.transit.mean_time
        found: Quantity | None = getattr(self, name)
        return found


class Route(Declaration):
    """One way of elimination: its enzyme and its share of the reference clearance.

    Parameters
    ----------
    enzyme
        What does it.
    share
        Share of the reference clearance at low concentration [1].
    activity
        Own ladder of a CYP2C19 or CYP2D6 route by phenotype; without it the enzyme's.
    k_m
        Total plasma concentration that halves the clearance by this route; linear without it.

    Examples
    --------
    >>> [route.enzyme for route in load_compound("fluoxetine").elimination]
    ['cyp2d6', 'other']
    """

    enzyme: Enzyme
    share: Fraction
    activity: dict[Phenotype, Share] = Field(default_factory=dict)
    k_m: Concentration | None = None

    @model_validator(mode="after")
    def _check_activity(self) -> Self:
        if self.activity and self.enzyme not in ("cyp2c19", "cyp2d6"):
            raise ValueError(
                f"route {self.enzyme!r} has activities by phenotype; 'cyp2c19' and 'cyp2d6' may "
                "have them. Drop them."
            )
        if self.activity and self.activity.keys() != set(get_args(Phenotype)):
            raise ValueError(
                f"activities of {', '.join(self.activity)}; each of PM, IM, NM, RM, UM is needed. "
                "Add the missing ones."
            )
        return self


class CovariateRule(Declaration):
    """A factor on a disposition parameter: a power of a number, or one a level.

    Examples
    --------
    >>> load_compound("sertraline").covariates[0].covariate
    'weight_kg'
    """

    parameters: tuple[Literal["cl", "v_c", "v_p", "q", "k_a", "bioavailability"], ...]
    covariate: CovariateName
    reference: Quantity | None = None
    exponent: Number | None = None
    levels: dict[str, Share] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _check_kind(self) -> Self:
        is_power = self.reference is not None and self.exponent is not None
        wanted = _COVARIATE_LEVELS.get(self.covariate)
        if wanted is not None and (is_power or self.levels.keys() != wanted):
            names = " and ".join(sorted(wanted))
            raise ValueError(
                f"{self.covariate} needs levels {names} and no exponent. Write both levels."
            )
        if wanted is None and (not is_power or self.levels):
            raise ValueError(
                f"{self.covariate} needs a reference and an exponent and no levels. Write both."
            )
        if self.reference is not None:
            self.reference.number(_COVARIATE_UNITS[self.covariate])
        return self


class Correlation(Declaration):
    """How the spread of one number follows that of another, by the logarithms.

    Examples
    --------
    >>> Correlation(parameter="v_c", other="cl", value=dict(
    ...     value=0.47, mark="read", tag="input", source="Akil 2016")).value.number("1")
    0.47
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    parameter: DispositionName
    other: DispositionName = Field(alias="with")
    value: Number

    @model_validator(mode="after")
    def _check_value(self) -> Self:
        value = self.value.number("1")
        if not -1 <= value <= 1:
            raise ValueError(f"correlation {value:g}; from -1 to 1 is allowed. Change it.")
        return self


class Inhibition(Declaration):
    """Inhibition of an enzyme by unbound drug: reversible, mechanism-based, or both.

    Examples
    --------
    >>> load_compound("paroxetine").inhibits[0].k_inact.number("1/min")
    0.17
    """

    enzyme: Enzyme
    k_i: MolarConcentration | None = None
    k_inact: RateConstant | None = None
    k_inact_half: MolarConcentration | None = None

    @model_validator(mode="after")
    def _check_pair(self) -> Self:
        if (self.k_inact is None) != (self.k_inact_half is None):
            raise ValueError(
                "one of k_inact and k_inact_half is missing; inactivation has both. Add or drop."
            )
        if self.k_i is None and self.k_inact is None:
            raise ValueError(
                "neither k_i nor k_inact; an inhibitor has one of them or both. Add one, or drop "
                "the entry."
            )
        if self.enzyme in ("renal", "other"):
            raise ValueError(
                f"{self.enzyme!r} cannot be inhibited: it stands for no one enzyme. Name an enzyme."
            )
        return self


class Induction(Declaration):
    """More of an enzyme under unbound drug: production x (1 + e_max u / (ec50 + u)).

    Examples
    --------
    >>> Induction(
    ...     enzyme="cyp3a4",
    ...     e_max=dict(value=2, mark="assumed", tag="input", source="example"),
    ...     ec50=dict(value="1 uM", mark="assumed", tag="input", source="example"),
    ... ).ec50.number("nM")
    1000.0
    """

    enzyme: Enzyme
    e_max: Spread
    ec50: MolarConcentration


class Formation(Declaration):
    """Where a metabolite comes from: a parent, all of its elimination or one route of it.

    Examples
    --------
    >>> load_compound("norfluoxetine").formation[0].parent
    'fluoxetine'
    """

    parent: Identifier
    route: Enzyme | None = None
    mass_yield: Fraction


class Binding(Declaration):
    """How a compound meets a target: by its total concentration in plasma.

    Parameters
    ----------
    target
        Name in `cohort.compounds.targets.TARGETS`.
    ec50
        Concentration of half occupancy.
    efficacy
        Intrinsic activity at a receptor [1]: 0 an antagonist, 1 a full agonist.
    onset
        Half-life of equilibration between plasma and target; at once without it.
    k_inact, k_inact_half
        Irreversible inhibition instead: largest rate, and concentration of half of it.

    Examples
    --------
    >>> load_compound("s_citalopram").binds[0].ec50.number("ng/mL")
    2.5
    """

    target: str
    ec50: Concentration | None = None
    efficacy: Efficacy | None = None
    onset: Time | None = None
    k_inact: RateConstant | None = None
    k_inact_half: Concentration | None = None

    @field_validator("target")
    @classmethod
    def _check_target(cls, name: str) -> str:
        if name not in TARGETS:
            raise ValueError(
                f"unknown target {name!r}; {len(TARGETS)} are known. {nearest_hint(name, TARGETS)}"
            )
        return name

    @model_validator(mode="after")
    def _check_kind(self) -> Self:
        target = TARGETS[self.target]
        kills = self.k_inact is not None
        if kills != (self.k_inact_half is not None) or kills == (self.ec50 is not None):
            raise ValueError(
                f"{self.target}: give ec50 (reversible) or both of k_inact and k_inact_half "
                "(irreversible), not a mixture."
            )
        if kills and not target.can_be_destroyed:
            able = ", ".join(name for name, item in TARGETS.items() if item.can_be_destroyed)
            raise ValueError(
                f"{self.target} cannot be inactivated; {able} can. Write ec50 instead."
            )
        if target.kind == "destroyed" and not kills:
            raise ValueError(f"{self.target} is inhibited irreversibly only. Write k_inact.")
        if self.efficacy is not None and target.kind != "receptor":
            raise ValueError(f"{self.target} is no receptor and has no efficacy. Drop 'efficacy'.")
        return self


class Compound(Declaration):
    """One substance in the body.

    Parameters
    ----------
    name, title
        Identifier, and words for people.
    molar_mass, f_u
        Molar mass of what ``concentration`` counts, and unbound fraction in plasma.
    disposition, cv, correlations, elimination, covariates
        Its way through the body, the spread of that between patients, how the spread of one number
        goes with that of another, and what moves it.
    formation
        Parents of a metabolite.
    inhibits, induces, binds
        What it does to enzymes and to targets.
    supplies
        Ports of the chemistry that read its molar concentration in plasma.

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
    correlations: tuple[Correlation, ...] = ()
    elimination: Annotated[tuple[Route, ...], Field(min_length=1)]
    covariates: tuple[CovariateRule, ...] = ()
    formation: tuple[Formation, ...] = ()
    inhibits: tuple[Inhibition, ...] = ()
    induces: tuple[Induction, ...] = ()
    binds: tuple[Binding, ...] = ()
    supplies: tuple[Literal["levodopa_plasma"], ...] = ()

    @model_validator(mode="after")
    def _check_whole(self) -> Self:
        if not self.formation and self.disposition.k_a is None:
            raise ValueError(
                "neither k_a nor formation; a compound is swallowed (k_a), formed in the body "
                "(formation), or both. Add one of them."
            )
        total = sum(route.share.number("1") for route in self.elimination)
        if abs(total - 1) > _SUM_TOLERANCE:
            raise ValueError(f"elimination: shares add up to {total:g}; 1 is allowed. Change them.")
        for key, names in (
            ("elimination: an enzyme", [route.enzyme for route in self.elimination]),
            ("formation: a parent", [f"{item.parent} {item.route}" for item in self.formation]),
            ("inhibits: an enzyme", [item.enzyme for item in self.inhibits]),
            ("induces: an enzyme", [item.enzyme for item in self.induces]),
            ("binds: a target", [item.target for item in self.binds]),
        ):
            if len(names) != len(set(names)):
                raise ValueError(f"{key} is given twice; once is allowed. Join the two entries.")
        self._check_correlations()
        named = set(self.cv) | {name for rule in self.covariates for name in rule.parameters}
        missing = sorted(name for name in named if self.disposition.quantity(name) is None)
        if missing:
            raise ValueError(
                f"cv or covariates name {missing[0]!r}, which disposition does not have. "
                f"Add {missing[0]!r} there or drop it here."
            )
        return self

    def _check_correlations(self) -> None:
        following = [item.parameter for item in self.correlations]
        for item in self.correlations:
            for name in (item.parameter, item.other):
                if name not in self.cv:
                    raise ValueError(
                        f"correlations name {name!r}, which has no spread; names in cv are "
                        f"allowed. Add {name!r} there or drop it here."
                    )
            if item.other in following or following.count(item.parameter) > 1:
                raise ValueError(
                    f"correlations: {item.parameter!r} and {item.other!r} are in a chain; each "
                    "number follows one that follows none. Name the first one instead."
                )

    def follows(self, name: DispositionName) -> tuple[str, float] | None:
        """Return the parameter that another follows between patients, with the correlation.

        Examples
        --------
        >>> load_compound("sertraline").follows("v_c") is None
        True
        """
        for item in self.correlations:
            if item.parameter == name:
                return f"{item.other}_{self.name}", item.value.number("1")
        return None

    def half_life_h(self, clearance_share: float = 1.0) -> float:
        """Return the half-life by typical volume and clearance; a second compartment adds volume.

        Parameters
        ----------
        clearance_share
            Share of the clearance that is left [1], greater than zero.

        Returns
        -------
        Half-life [h].

        Examples
        --------
        >>> round(load_compound("sertraline").half_life_h(), 1)
        25.5
        """
        body = self.disposition
        volume = body.v_c.number("L") + (0.0 if body.v_p is None else body.v_p.number("L"))
        clearance = body.cl.number("L/h") * clearance_share
        if body.hepatic_flow is not None:
            flow = body.hepatic_flow.number("L/h")
            clearance *= flow / (flow + clearance)
        return math.log(2) * volume / clearance

    @property
    def entry(self) -> str:
        """State that a swallowed dose goes into.

        Examples
        --------
        >>> load_compound("sertraline").entry
        'depot_sertraline'
        """
        return f"depot_{self.name}"

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
    >>> "norfluoxetine" in compound_names()
    True
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

    Enzymes that compounds share are in `cohort.physiology.enzymes.enzyme_effects`.

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
            source=next(iter(rule.levels.values())).source,
            levels={level: factor.number("1") for level, factor in rule.levels.items()},
        )
    return CovariateEffect(
        parameter=parameter,
        covariate=rule.covariate,
        source=rule.exponent.source,
        exponent=rule.exponent.number("1"),
        reference=rule.reference.number(_COVARIATE_UNITS[rule.covariate]),
    )
