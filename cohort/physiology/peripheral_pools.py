"""Gut, platelets, sympathetic nerves, plasma and urine: what the laboratory sees of the brain.

Most serotonin of the body is made in the gut, most noradrenaline in sympathetic nerves, and neither
passes the blood-brain barrier. Urine and plasma therefore mix a small share from brain with a large
peripheral one, which differs between people for reasons of its own. Hours.

Every between-patient spread (``sd_log``) in this file is assumed.
"""

import sympy

from cohort.model import FRACTION, POSITIVE, Parameter, Port, Rule, Source, Species, Submodel
from cohort.model.rate_laws import positive_part, relaxation
from kernels import symbol

__all__ = ["peripheral_pools"]

_GUT = Source("some 95 % of serotonin is made in the gut by TPH1, recalled", "assumed")
_PLATELET = Source("platelets live 8 to 10 d and take serotonin up by SERT only", "assumed")
_SYMPATHETIC = Source(
    "store renewed in a day: plasma MHPG -53 % at 25 h of AMPT, Verhoeff 2001", "computed"
)
_KIDNEY = Source("plasma HVA -71 % at 25 h of AMPT, Verhoeff 2001: faster than brain", "computed")
_SHARE = Source(
    "brain share of urine: 5-HIAA < 5 %, HVA 20-40 %, MHPG 20-30 %, recalled", "assumed"
)
_URINE = Source(
    "urine of a day: 5-HIAA 2-8, HVA to 15, VMA 2-7, MHPG 1-2 mg, free cortisol 10-50 ug, recalled",
    "assumed",
)
_PLASMA = Source("plasma half-life about an hour; by choice", "design")
_ENZYME = Source("share that peripheral MAO-A carries, recalled; to be verified", "assumed")
_CBG = Source(
    "binding globulin is full at about 20 ug/dL, 3.2 x the daily mean; recalled", "assumed"
)
_SPREAD = 0.35


def peripheral_pools() -> Submodel:
    r"""Return the submodel of peripheral pools and of urine.

    Returns
    -------
    Submodel with the states ``serotonin_gut``, ``serotonin_platelet``,
    ``noradrenaline_sympathetic``, ``dopamine_peripheral``, ``hva_plasma``, ``mhpg_plasma`` [1,
    relative to the reference person] and the rules ``urine_hiaa``, ``urine_hva``, ``urine_vma``,
    ``urine_mhpg`` [mg/day], ``urine_cortisol`` [ug/day].

    Notes
    -----
    With :math:`\beta` the share of brain, *P* a peripheral pool and *b* brain over the reference:

    .. math:: U = U_0\,((1 - \beta) P\,a + \beta\,b)

    *a* is peripheral MAO-A where the metabolite needs it. Platelets lose serotonin under an uptake
    inhibitor; brain does not. Left out: food rich in serotonin, the kidney, time of collection.

    Examples
    --------
    >>> peripheral_pools().parameters[0].name
    'gut_production'
    """
    return Submodel(
        name="peripheral_pools",
        species=_species(),
        parameters=(*_production(), *_excretion()),
        ports=_ports(),
        rules=_rules(),
        rates=_rates(),
        provides=("urine_hiaa", "urine_hva", "urine_vma", "urine_mhpg", "urine_cortisol"),
    )


def _species() -> tuple[Species, ...]:
    gut, nerves, other = (
        symbol(name) for name in ("gut_production", "sympathetic_production", "kidney_production")
    )
    hva, mhpg = symbol("hva_brain_share"), symbol("mhpg_brain_share")
    return (
        Species("serotonin_gut", gut, "1", "serotonin of the gut"),
        Species("serotonin_platelet", gut, "1", "serotonin of platelets"),
        Species("noradrenaline_sympathetic", nerves, "1", "store of sympathetic nerves"),
        Species("dopamine_peripheral", other, "1", "dopamine of kidney and nerves"),
        Species(
            "hva_plasma",
            (1 - hva) * other + hva * symbol("hva_brain_level_rest"),
            "1",
            "HVA in plasma",
        ),
        Species(
            "mhpg_plasma",
            (1 - mhpg) * nerves + mhpg * symbol("mhpg_brain_level_rest"),
            "1",
            "MHPG in plasma",
        ),
    )


def _production() -> tuple[Parameter, ...]:
    return (
        Parameter("gut_production", 1.0, "1", "serotonin of the gut", _GUT, _SPREAD),
        Parameter("sympathetic_production", 1.0, "1", "of noradrenaline", _SYMPATHETIC, _SPREAD),
        Parameter("kidney_production", 1.0, "1", "of peripheral dopamine", _KIDNEY, _SPREAD),
        Parameter("gut_turnover", 0.02, "1/h", "of gut serotonin", _GUT, 0.2),
        Parameter("platelet_turnover", 1.0 / 216.0, "1/h", "platelets live 9 d", _PLATELET, 0.1),
        Parameter("platelet_other_uptake", 0.05, "1", "not by SERT", _PLATELET, 0.0, FRACTION),
        Parameter("sympathetic_turnover", 0.04, "1/h", "of the store", _SYMPATHETIC, 0.2),
        Parameter("kidney_turnover", 0.3, "1/h", "of peripheral dopamine", _KIDNEY, 0.2),
        Parameter("plasma_turnover", 0.7, "1/h", "of HVA and MHPG in plasma", _PLASMA, 0.2),
    )


def _excretion() -> tuple[Parameter, ...]:
    def share(name: str, value: float) -> Parameter:
        meaning = "share that comes from brain"
        return Parameter(f"{name}_brain_share", value, "1", meaning, _SHARE, 0.0, FRACTION)

    def daily(name: str, value: float, unit: str = "mg/day") -> Parameter:
        return Parameter(f"urine_{name}_reference", value, unit, "of a day", _URINE, 0.2)

    return (
        share("hiaa", 0.05),
        share("hva", 0.3),
        share("mhpg", 0.25),
        daily("hiaa", 5.0),
        daily("hva", 5.0),
        daily("vma", 4.0),
        daily("mhpg", 1.5),
        daily("cortisol", 30.0, "ug/day"),
        Parameter(
            "peripheral_mao_share", 0.6, "1", "of MAO-A in the periphery", _ENZYME, 0.0, FRACTION
        ),
        Parameter("cbg_capacity", 3.2, "1", "cortisol at which globulin is full", _CBG),
        Parameter("cbg_excess_gain", 5.0, "1", "excretion of what is not bound", _CBG),
    )


def _ports() -> tuple[Port, ...]:
    return (
        Port("trp_plasma", "uM", "tryptophan in plasma", 60.0),
        Port("trp_plasma_baseline", "uM", "the same at rest", 60.0, POSITIVE),
        Port("mao_a_activity", "1", "working MAO-A relative to rest", 1.0),
        Port("hiaa_brain_level", "1", "brain 5-HIAA over the reference", 1.0),
        Port("hva_brain_level", "1", "brain HVA over the reference", 1.0),
        Port("mhpg_brain_level", "1", "brain MHPG over the reference", 1.0),
        Port("hva_brain_level_rest", "1", "the same at rest", 1.0),
        Port("mhpg_brain_level_rest", "1", "the same at rest", 1.0),
        Port("cortisol", "1", "cortisol relative to rest", 1.0),
        Port("sert_occupancy", "1", "share of the transporter that is blocked", 0.0, FRACTION),
        Port("th_inhibition", "1", "share of TH that is blocked", 0.0, FRACTION),
        Port("sympathetic_drive", "1", "firing of sympathetic nerves", 1.0),
    )


def _rules() -> dict[str, Rule]:
    share = symbol("peripheral_mao_share")
    enzyme = 1 - share + share * symbol("mao_a_activity")
    excess = positive_part(symbol("cortisol") - symbol("cbg_capacity"))
    gut = symbol("hiaa_brain_share")
    hiaa = (1 - gut) * symbol("serotonin_gut") * enzyme + gut * symbol("hiaa_brain_level")
    return {
        "peripheral_oxidation": Rule(enzyme, "1", "oxidation outside the brain, of rest"),
        "noradrenaline_plasma": Rule(
            symbol("noradrenaline_sympathetic") * symbol("sympathetic_drive"),
            "1",
            "noradrenaline in plasma relative to the reference",
        ),
        "urine_hiaa": Rule(symbol("urine_hiaa_reference") * hiaa, "mg/day", "5-HIAA in urine"),
        "urine_hva": Rule(
            symbol("urine_hva_reference") * symbol("hva_plasma"), "mg/day", "HVA in urine"
        ),
        "urine_vma": Rule(
            symbol("urine_vma_reference") * symbol("noradrenaline_plasma") * enzyme,
            "mg/day",
            "VMA in urine",
        ),
        "urine_mhpg": Rule(
            symbol("urine_mhpg_reference") * symbol("mhpg_plasma"), "mg/day", "MHPG in urine"
        ),
        "urine_cortisol": Rule(
            symbol("urine_cortisol_reference")
            * (symbol("cortisol") + symbol("cbg_excess_gain") * excess),
            "ug/day",
            "free cortisol in urine",
        ),
    }


def _rates() -> dict[str, sympy.Expr]:
    tryptophan = symbol("trp_plasma") / symbol("trp_plasma_baseline")
    other = symbol("platelet_other_uptake")
    uptake = other + (1 - other) * (1 - symbol("sert_occupancy"))
    working, drive = 1 - symbol("th_inhibition"), symbol("sympathetic_drive")
    enzyme = symbol("peripheral_oxidation")
    hva, mhpg = symbol("hva_brain_share"), symbol("mhpg_brain_share")
    nerves, other_dopamine = symbol("noradrenaline_sympathetic"), symbol("dopamine_peripheral")
    plasma = symbol("plasma_turnover")
    return {
        "serotonin_gut": relaxation(
            symbol("gut_production") * tryptophan, symbol("serotonin_gut"), symbol("gut_turnover")
        ),
        "serotonin_platelet": relaxation(
            symbol("serotonin_gut") * uptake,
            symbol("serotonin_platelet"),
            symbol("platelet_turnover"),
        ),
        "noradrenaline_sympathetic": relaxation(
            symbol("sympathetic_production") * working, nerves, symbol("sympathetic_turnover")
        ),
        "dopamine_peripheral": relaxation(
            symbol("kidney_production") * working, other_dopamine, symbol("kidney_turnover")
        ),
        "hva_plasma": relaxation(
            (1 - hva) * other_dopamine * enzyme + hva * symbol("hva_brain_level"),
            symbol("hva_plasma"),
            plasma,
        ),
        "mhpg_plasma": relaxation(
            (1 - mhpg) * nerves * drive * enzyme + mhpg * symbol("mhpg_brain_level"),
            symbol("mhpg_plasma"),
            plasma,
        ),
    }
