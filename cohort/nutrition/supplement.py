"""The schema of a supplement, and its reader.

A supplement changes inputs of the model: a bolus into a state of the gut at each dose, or a status
that drifts to a new level while it is taken. What it is only known to do to a score is declared
``empirical`` and takes no part in any simulation.
"""

from typing import Annotated, Final, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from cohort.errors import FileContentError
from cohort.facts import Declaration, Fact, PureNumber, quantity_in
from cohort.yaml_files import load_named, packaged_names
from kernels.arithmetic import exp

__all__ = [
    "Bolus",
    "Dosing",
    "Empirical",
    "StatusChange",
    "Supplement",
    "load_supplement",
    "supplement_names",
]

_PACKAGE = "cohort.nutrition.supplements"
_MG_PER_G = 1000.0
_GUTS: Final = {
    "trp_gut": ("amino_acids", _MG_PER_G),
    "tyr_gut": ("amino_acids", _MG_PER_G),
    "phe_gut": ("amino_acids", _MG_PER_G),
    "bcaa_gut": ("amino_acids", _MG_PER_G),
    "htp_gut": ("hydroxytryptophan", 1.0),
}
"""System of each state, and milligrams in one of its units."""
_STATUSES: Final = {
    "plp_status": "cofactors",
    "same_status": "cofactors",
    "iron_status": "cofactors",
    "choline_supply": "acetylcholine",
}
Gut = Literal["trp_gut", "tyr_gut", "phe_gut", "bcaa_gut", "htp_gut"]
Status = Literal["plp_status", "same_status", "iron_status", "choline_supply"]
_Mass = Annotated[Fact, quantity_in("mg", minimum=0.0)]
_Time = Annotated[Fact, quantity_in("h", minimum=0.0)]
_HOUR_S = 3600.0


class Dosing(Declaration):
    """Usual daily dose, and the range that a protocol may ask for.

    Examples
    --------
    >>> load_supplement("l_tryptophan").dosing.highest.number("g")
    12.0
    """

    lowest: _Mass
    usual: _Mass
    highest: _Mass

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        low, usual, high = (item.number("mg") for item in (self.lowest, self.usual, self.highest))
        if not 0 < low <= usual <= high:
            raise ValueError(
                f"lowest {low:g} mg, usual {usual:g} mg, highest {high:g} mg; rising values above "
                "0 mg are allowed. Order them."
            )
        return self


class Bolus(Declaration):
    """A state of the gut that each dose is added to, and the share of the dose that it gets.

    Examples
    --------
    >>> load_supplement("l_tyrosine").boluses[0].into
    'tyr_gut'
    """

    into: Gut = Field(examples=["trp_gut"])
    share: PureNumber

    @model_validator(mode="after")
    def _check_share(self) -> Self:
        share = self.share.number("1")
        if not 0 < share <= 1:
            raise ValueError(
                f"share: {share:g}; greater than 0 and at most 1 is allowed. Change it."
            )
        return self


class StatusChange(Declaration):
    r"""A status that a supplement raises while it is taken.

    Parameters
    ----------
    parameter
        Input of the model, relative to replete.
    largest
        Relative rise at the highest doses [1].
    half_dose
        Daily dose of half that rise.
    time_constant
        Of the way there.

    Notes
    -----
    .. math:: f(D, t) = 1 + r \frac{D}{D + D_{1/2}} (1 - e^{-t/\tau})

    multiplies the patient's own value.

    Examples
    --------
    >>> change = load_supplement("vitamin_b6").changes[0]
    >>> change.factor(10.0, 0.0), round(change.factor(10.0, 1e9), 3)
    (1.0, 1.5)
    """

    parameter: Status = Field(examples=["plp_status"])
    largest: PureNumber
    half_dose: _Mass
    time_constant: _Time

    @model_validator(mode="after")
    def _check_numbers(self) -> Self:
        if self.largest.number("1") <= -1:
            raise ValueError(
                f"largest: {self.largest.number('1'):g}; greater than -1 is allowed, since a "
                "status is positive. Change it."
            )
        for name in ("half_dose", "time_constant"):
            if getattr(self, name).number("mg" if name == "half_dose" else "h") == 0:
                raise ValueError(f"{name}: 0; greater than 0 is allowed. Change it.")
        return self

    def factor(self, daily_mg: float, after_s: float) -> float:
        """Return the factor on the status [1].

        Parameters
        ----------
        daily_mg
            Daily dose [mg], not negative.
        after_s
            Time since the first dose [s]; before it the factor is 1.

        Examples
        --------
        >>> load_supplement("vitamin_b6").changes[0].factor(0.0, 1e9)
        1.0
        """
        hours = max(after_s, 0.0) / _HOUR_S
        arrived = 1 - float(exp(np.array([-hours / self.time_constant.number("h")]))[0])
        share = daily_mg / (daily_mg + self.half_dose.number("mg"))
        return 1 + self.largest.number("1") * share * arrived


class Empirical(Declaration):
    """A published effect on the score of a condition; shown, never simulated.

    Parameters
    ----------
    condition
        Condition that was treated.
    effect, low, high
        Standardised mean difference against placebo and its 95 % interval [1]; negative is better.
    note
        How much it is worth.

    Examples
    --------
    >>> load_supplement("omega_3").empirical.effect.number("1")
    -0.32
    """

    condition: str = Field(examples=["major_depression"])
    effect: PureNumber
    low: PureNumber
    high: PureNumber
    note: str = Field(examples=["Small trials."])

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        low, effect, high = (item.number("1") for item in (self.low, self.effect, self.high))
        if not low <= effect <= high:
            raise ValueError(
                f"effect {effect:g} lies outside its interval from {low:g} to {high:g}; inside is "
                "allowed. Correct one of them."
            )
        return self


class Supplement(Declaration):
    """What is taken beside drugs, by mouth.

    Parameters
    ----------
    name, title
        Identifier, and words for people.
    route
        By mouth; nothing else is allowed.
    dosing
        Daily dose and its range.
    boluses
        States of the gut that each dose is added to.
    changes
        Statuses that it raises while it is taken.
    empirical
        Published effect that has no mechanism here.

    Examples
    --------
    >>> load_supplement("l_tryptophan").amounts(1000.0)
    {'trp_gut': 1.0}
    >>> load_supplement("omega_3").is_simulated
    False
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", examples=["l_tryptophan"])]
    title: str = Field(examples=["L-tryptophan"])
    route: Literal["oral"] = "oral"
    dosing: Dosing = Field(examples=["{lowest: ..., usual: ..., highest: ...}"])
    boluses: tuple[Bolus, ...] = ()
    changes: tuple[StatusChange, ...] = ()
    empirical: Empirical | None = None

    @model_validator(mode="after")
    def _check_whole(self) -> Self:
        if not self.is_simulated and self.empirical is None:
            raise ValueError(
                "it changes nothing; boluses, changes or a published effect are needed. Add "
                "'boluses:', 'changes:' or 'empirical:'."
            )
        total = sum(bolus.share.number("1") for bolus in self.boluses)
        if total > 1:
            raise ValueError(f"boluses: shares add up to {total:g}; 1 at most is allowed.")
        for kind, names in (
            ("boluses", [bolus.into for bolus in self.boluses]),
            ("changes", [change.parameter for change in self.changes]),
        ):
            if len(set(names)) < len(names):
                raise ValueError(f"{kind}: one is there twice; once is allowed. Drop one.")
        return self

    @property
    def is_simulated(self) -> bool:
        """Whether any input of the model changes.

        Examples
        --------
        >>> load_supplement("choline").is_simulated
        True
        """
        return bool(self.boluses or self.changes)

    @property
    def systems(self) -> tuple[str, ...]:
        """Systems of the chemistry without which it would do nothing.

        Examples
        --------
        >>> load_supplement("hydroxytryptophan").systems
        ('hydroxytryptophan',)
        """
        found = [_GUTS[bolus.into][0] for bolus in self.boluses]
        found += [_STATUSES[change.parameter] for change in self.changes]
        return tuple(dict.fromkeys(found))

    def amounts(self, dose_mg: float) -> dict[str, float]:
        """Return what one dose adds to the states of the gut, in their units.

        Parameters
        ----------
        dose_mg
            One dose [mg].

        Examples
        --------
        >>> load_supplement("hydroxytryptophan").amounts(200.0)
        {'htp_gut': 200.0}
        """
        return {
            bolus.into: dose_mg * bolus.share.number("1") / _GUTS[bolus.into][1]
            for bolus in self.boluses
        }

    def factors(self, daily_mg: float, after_s: float) -> dict[str, float]:
        """Return the factors on inputs of the model that follow from a daily dose.

        Parameters
        ----------
        daily_mg
            Daily dose [mg].
        after_s
            Time since the first dose [s].

        Examples
        --------
        >>> load_supplement("l_tryptophan").factors(1000.0, 1e6)
        {}
        """
        return {change.parameter: change.factor(daily_mg, after_s) for change in self.changes}


def supplement_names() -> tuple[str, ...]:
    """Return the packaged supplements, sorted.

    Examples
    --------
    >>> supplement_names()[:2]
    ('branched_chain_amino_acids', 'choline')
    """
    return packaged_names(_PACKAGE)


def load_supplement(name_or_path: str) -> Supplement:
    """Return a packaged supplement by name, or one from a file.

    Parameters
    ----------
    name_or_path
        Packaged name, or path of a YAML file.

    Returns
    -------
    The validated supplement.

    Raises
    ------
    UnknownNameError
        If no packaged supplement has that name and no such file exists.
    FileContentError
        If the file has mistakes; all of them are listed.

    Examples
    --------
    >>> load_supplement("l_tyrosine").title
    'L-tyrosine'
    """
    return load_named(name_or_path, _PACKAGE, Supplement, kind="supplement", error=FileContentError)
