"""What a drug does at its dose: occupancies, wash-out, and exposure when another holds its enzymes.

Occupancies come from the model itself, the reference patient at steady state. The ratio of exposure
is the static formula of Rowland and Matin: a forecast for a warning, not what is simulated.
"""

import functools
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cohort.chemistry import Setting, chemistry, with_needs
from cohort.compounds import TARGETS, Compound
from cohort.drugs import Drug
from cohort.observations import dose_response, settling_days
from cohort.physiology.enzymes import ENZYMES

__all__ = [
    "ANTAGONIST_BELOW",
    "DrugProfile",
    "drug_profile",
    "exposure_ratio",
    "share_gone",
]

_DAY_S: Final = 86_400
_WASHOUT_HALF_LIVES: Final = 5.0
_IRREVERSIBLE_D: Final = 14.0  # labels of MAO inhibitors: until enzyme has been made anew

ANTAGONIST_BELOW: Final = 0.35
"""Intrinsic activity [1] below which a drug counts as an antagonist.

Aripiprazole at D2, 0.25, takes more from dopamine or a full agonist than it gives: with levodopa or
pramipexole it stands on the side of those that block.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrugProfile:
    """What a drug does at a daily dose.

    Parameters
    ----------
    name
        The drug.
    occupancy
        Mean occupancy at steady state by target [1]; of a target that it destroys, the share gone
        against the turnover of the target.
    efficacy
        Largest intrinsic activity by receptor [1].
    supplies
        Ports that it feeds.
    washout_s
        Time after the last dose until it is gone [s].
    unbound_um
        Mean unbound concentration by compound [uM].

    Examples
    --------
    >>> from cohort.drugs import load_drug
    >>> profile = drug_profile(load_drug("sertraline"), 50)
    >>> round(profile.occupancy["sert"], 1)
    0.8
    """

    name: str
    occupancy: dict[str, float]
    efficacy: dict[str, float]
    supplies: frozenset[str]
    washout_s: int
    unbound_um: dict[str, float]


def drug_profile(drug: Drug, daily_mg: float) -> DrugProfile:
    """Return what a drug does at a daily dose.

    Parameters
    ----------
    drug
        The drug.
    daily_mg
        Daily dose [mg], taken as often a day as the drug is (its ``dosing``).

    Examples
    --------
    >>> from cohort.drugs import load_drug
    >>> profile = drug_profile(load_drug("fluoxetine"), 20)
    >>> 28 < profile.washout_s / 86400 < 60
    True
    """
    return _profile(drug.model_dump_json(), daily_mg)


@functools.lru_cache(maxsize=512)
def _profile(text: str, daily_mg: float) -> DrugProfile:
    drug = Drug.model_validate_json(text)
    means = dose_response(
        drug, [daily_mg], days=settling_days(drug), per_day=drug.dosing.doses_a_day
    ).means
    occupancy: dict[str, float] = {}
    efficacy: dict[str, float] = {}
    for compound in drug.compounds:
        for binding in compound.binds:
            name = binding.target
            if binding.ec50 is not None:
                occupancy[name] = float(means[TARGETS[name].occupancy][0])
            if binding.efficacy is not None:
                value = binding.efficacy.number("1")
                efficacy[name] = max(value, efficacy.get(name, 0.0))
    gone = share_gone(drug, means)
    for name, shares in gone.items():
        occupancy[name] = 1 - (1 - occupancy.get(name, 0.0)) * (1 - float(shares[0]))
    half_life_h = max(compound.half_life_h() for compound in drug.compounds)
    days = _WASHOUT_HALF_LIVES * half_life_h / 24
    return DrugProfile(
        name=drug.name,
        occupancy=occupancy,
        efficacy=efficacy,
        supplies=frozenset(port for item in drug.compounds for port in item.supplies),
        washout_s=round(max(days, _IRREVERSIBLE_D if gone else 0.0) * _DAY_S),
        unbound_um={
            item.name: float(means[f"concentration_{item.name}"][0])
            * item.f_u.number("1")
            / item.molar_mass.number("g/mol")
            for item in drug.compounds
        },
    )


def share_gone(
    drug: Drug, means: Mapping[str, NDArray[np.float64]]
) -> dict[str, NDArray[np.float64]]:
    r"""Return how much of each target a drug has destroyed at steady state.

    Parameters
    ----------
    drug
        The drug.
    means
        Mean levels of its compounds, as ``concentration_<compound>`` [ng/mL], shape ``(n_dose,)``.

    Returns
    -------
    By target: share gone [1], shape ``(n_dose,)``; empty for a drug that destroys none.

    Notes
    -----
    .. math:: k / (k + k_{deg}), \qquad k = \sum_i k_{inact,i}\,C_i / (K_i + C_i)

    of the mean level: a short peak that saturates the reaction counts for too much.

    Examples
    --------
    >>> from cohort.drugs import load_drug
    >>> gone = share_gone(
    ...     load_drug("tranylcypromine"), {"concentration_tranylcypromine": np.array([0.0, 20.0])}
    ... )
    >>> gone["mao_a"].round(1).tolist()
    [0.0, 0.9]
    """
    rates: dict[str, NDArray[np.float64]] = {}
    for compound in drug.compounds:
        level = means[f"concentration_{compound.name}"]
        for binding in compound.binds:
            if binding.k_inact is not None and binding.k_inact_half is not None:
                half = binding.k_inact_half.number("ng/mL")
                rate = binding.k_inact.number("1/h") * level / (half + level)
                rates[binding.target] = rates.get(binding.target, 0.0) + rate
    return {name: rate / (rate + _turnover(name)) for name, rate in rates.items()}


@functools.cache
def _turnover(target: str) -> float:
    """Return the loss at rest of a target that can be destroyed [1/h]."""
    facts = TARGETS[target]
    wanted = f"{facts.inactivation_door.removesuffix('_inactivation')}_turnover"
    parts = chemistry(with_needs((facts.system,)), Setting())
    return next(item.value for part in parts for item in part.parameters if item.name == wanted)


def exposure_ratio(
    victim: Compound,
    inhibitor: tuple[Drug, DrugProfile],
    own: tuple[Drug, DrugProfile] | None = None,
) -> float:
    r"""Return the forecast ratio of exposure of a compound with an inhibitor to that without.

    Parameters
    ----------
    victim
        Compound whose enzymes are held.
    inhibitor
        Drug that holds them, with its profile at its dose.
    own
        The victim's own drug, which may hold them already.

    Returns
    -------
    Ratio of AUC [1], at least 0.

    Notes
    -----
    Rowland and Matin (1973), with mechanism-based inhibition and induction in the enzyme's amount:

    .. math:: \frac{\sum_r f_r a_r^{own}}{\sum_r f_r a_r}, \qquad
        a_r = \frac{E_r}{1 + \sum_i u_i/K_i}

    References
    ----------
    Rowland and Matin 1973, J Pharmacokinet Biopharm 1:553.

    Examples
    --------
    >>> from cohort.compounds import load_compound
    >>> from cohort.drugs import load_drug
    >>> drug = load_drug("paroxetine")
    >>> exposure_ratio(load_compound("fluoxetine"), (drug, drug_profile(drug, 20))) > 2
    True
    """
    before = [] if own is None else [own]
    alone = _clearance(victim, before)
    together = _clearance(victim, [*before, inhibitor])
    return alone / together if together > 0 else math.inf


def _clearance(victim: Compound, drugs: Iterable[tuple[Drug, DrugProfile]]) -> float:
    """Return the clearance of a compound relative to that without any drug [1]."""
    present = tuple(drugs)
    return sum(
        route.share.number("1") * _activity(route.enzyme, present) for route in victim.elimination
    )


def _activity(enzyme: str, drugs: Iterable[tuple[Drug, DrugProfile]]) -> float:
    """Return what drugs leave of an enzyme [1]."""
    facts = ENZYMES.get(enzyme)
    load, destroyed, made = 0.0, 0.0, 1.0
    for drug, profile in drugs:
        for compound in drug.compounds:
            unbound = profile.unbound_um[compound.name]
            for entry in compound.inhibits:
                if entry.enzyme != enzyme:
                    continue
                if entry.k_i is not None:
                    load += unbound / entry.k_i.number("uM")
                if entry.k_inact is not None and entry.k_inact_half is not None:
                    half = entry.k_inact_half.number("uM")
                    destroyed += entry.k_inact.number("1/h") * unbound / (half + unbound)
            for induction in compound.induces:
                if induction.enzyme == enzyme:
                    half = induction.ec50.number("uM")
                    made += induction.e_max.number("1") * unbound / (half + unbound)
    turnover = 0.0 if facts is None or facts.turnover is None else facts.turnover
    pool = made * turnover / (turnover + destroyed) if turnover else 1.0
    return pool / (1.0 + load)
