"""Large neutral amino acids in plasma, their meals, and the blood-brain barrier they share.

Large neutral amino acids compete for one carrier (LAT1), so what reaches the brain follows the
ratio of tryptophan to its rivals. Protein brings more rivals than tryptophan and lowers that ratio;
carbohydrate raises insulin, which clears the rivals from plasma, and raises it. Units are µM and
hours; meals are boluses of grams into ``protein_gut`` and ``carbohydrate_gut``.

Every between-patient spread (``sd_log``) in this file is assumed.
"""

import sympy

from cohort.model import (
    FRACTION,
    Derived,
    Parameter,
    Port,
    Reaction,
    Rule,
    Source,
    Species,
    Submodel,
)
from cohort.model.rate_laws import relaxation
from kernels import symbol

__all__ = ["precursors"]

_PLASMA = Source("fasting plasma levels, recalled; Fernstrom 2013 reads 50 uM Trp", "assumed")
_BRAIN = Source("Best et al. 2020, BMC Neurosci 21:40, re-computed: 20.2 uM", "computed")
_TURNOVER = Source("chosen so that plasma settles in 2.5 h", "design")
_BRAIN_LOSS = Source("chosen so that brain tryptophan settles in 0.8 h", "design")
_CORTISOL = Source("induction of tryptophan dioxygenase by cortisol; guess", "design")
_LAT1_TRP = Source("Smith 1987, rat in situ perfusion, recalled; to be verified", "assumed")
_LAT1_TYR = Source("Smith 1987 in the table of PMC5859092", "read")
_LAT1_PHE = Source("Smith 1987 in the table of PMC5859092", "read")
_RIVALS = Source("sum of C/K over Leu, Ile, Val, Met, His, Thr, Gln, recalled", "assumed")
_BCAA = Source("Leu 130, Ile 65, Val 230 uM in fasting plasma, recalled", "assumed")
_PAH = Source("share of tyrosine supply that phenylalanine gives, recalled", "assumed")
_ALBUMIN = Source("albumin 650 uM, one site of 100 uM: 87 % bound; recalled 80 to 90 %", "assumed")
_DIET = Source("ordinary diet of 75 g protein and 250 g carbohydrate a day", "assumed")
_GUT = Source("half of a meal is absorbed in 1 to 2 h; guess", "assumed")
_MEAL = Source("fitted by hand to Wurtman 2003, Trp:LNAA 54 % (36-88) between meals", "assumed")
_NO_MEAL = Source("meals are switched off", "design")


def precursors(*, meals: bool = False) -> Submodel:
    r"""Return the submodel of plasma precursors and their way into the brain.

    Parameters
    ----------
    meals
        Whether supply follows meals. False sets the four shares to 0: supply is even all day and
        boluses do nothing. True starts the gut with its daily mean, and expects a schedule
        whose meals add up to ``protein_intake_mean`` and ``carbohydrate_intake_mean``.

    Returns
    -------
    Submodel with the states ``trp_plasma`` (total), ``tyr_plasma``, ``phe_plasma``, ``trp_brain``
    [uM], ``bcaa`` (branched-chain amino acids), ``insulin`` [1, relative to rest],
    ``protein_gut``, ``carbohydrate_gut`` [g]; the rules ``trp_free`` (not bound to albumin) [uM]
    and ``lat1_share``, the free carrier relative to rest [1].

    Notes
    -----
    With *p* and *c* the absorption of protein and carbohydrate over their daily means, :math:`L`
    the branched-chain amino acids and :math:`i` insulin relative to rest, *Y* tyrosine and *P*
    phenylalanine:

    .. math::

        T' &= T_0 k\,s_T\,(1 - s + s p)(1-\sigma) + a_T
        - (k_p + k_x + k_{TDO}(1+0.3(CORT-1)) + k_{IDO} IDO)\,T,
        \qquad k = k_p + k_{TDO} + k_{IDO} \\
        Y' &= k_Y Y_0\,\big((1 - r)\,s_Y (1 - s_y + s_y p)(1-\sigma) + r P/P_0\big) + a_Y
        - k_Y Y, \\
        P' &= k_P (P_0\,s_P\,(1 - s_h + s_h p)(1-\sigma) - P) + a_P \\
        L' &= k_L\,(1 - s_l + s_l p + a_L - L\,(1 + g(i-1))), \qquad
        i' = k_i(1 - s_i + s_i c - i) \\
        B' &= k_B B_0 \frac{T}{T_0}\rho - k_B B, \qquad
        \rho = \frac{1 + T_0/K_T + Y_0/K_Y + P_0/K_P + L_0}
                    {1 + T/K_T + Y/K_Y + (P/K_P + L_0 L)\,m}

    The ports ``trp_appearance`` and so on (:math:`a`) and ``anabolic_drive`` (:math:`\sigma`) are 0
    unless single proteins or amino acids are eaten (`cohort.physiology.amino_acid_gut`), *m* is the
    port ``lnaa_multiplier``, :math:`s_T, s_Y, s_P` the supplies, *r* the share of tyrosine that
    phenylalanine gives; the gut empties at first order. With all shares 0, *L* and *i* stay 1.
    :math:`L_0` holds the branched-chain amino acids and the smaller rivals (Met, His, Thr, Gln),
    which follow them.
    Albumin-bound tryptophan passes the barrier (Pardridge 1998), so *T* is total and the free level
    is only reported. Left out: extraction by gut and liver of mixed meals.

    References
    ----------
    Smith et al. 1987 (carrier constants); Wurtman et al. 2003, Am J Clin Nutr 77:128 (meals).

    Examples
    --------
    >>> from cohort.model import assemble
    >>> model = assemble("plasma", [precursors(meals=True)])
    >>> model.parameters["bcaa_meal_share"].value > model.parameters["trp_meal_share"].value
    True
    """
    return Submodel(
        name="precursors",
        species=_species(meals=meals),
        parameters=(*_plasma(), *_barrier(), *_meals(on=meals)),
        derived=_solved(),
        ports=_ports(),
        reactions=_reactions(),
        rates=_levels(),
        rules=_rules(),
        provides=(
            "trp_plasma",
            "trp_plasma_baseline",
            "tyr_plasma",
            "tyr_plasma_baseline",
            "trp_brain",
            "trp_brain_baseline",
            "lat1_share",
            "trp_tdo_flux",
            "trp_ido_flux",
            "trp_tdo_flux_rest",
            "trp_ido_flux_rest",
        ),
    )


def _species(*, meals: bool) -> tuple[Species, ...]:
    one, zero = sympy.Integer(1), sympy.Integer(0)
    gut = {
        kind: symbol(f"{kind}_intake_mean") / symbol(f"{kind}_absorption") if meals else zero
        for kind in ("protein", "carbohydrate")
    }
    return (
        Species("trp_plasma", symbol("trp_plasma_baseline"), "uM", "total Trp, plasma", 60.0),
        Species("tyr_plasma", symbol("tyr_plasma_baseline"), "uM", "tyrosine, plasma", 60.0),
        Species("phe_plasma", symbol("phe_plasma_baseline"), "uM", "phenylalanine, plasma", 60.0),
        Species("trp_brain", symbol("trp_brain_baseline"), "uM", "tryptophan in brain", 20.0),
        Species("bcaa", one, "1", "branched-chain amino acids in plasma, relative to rest"),
        Species("insulin", one, "1", "insulin action, relative to the daily mean"),
        Species("protein_gut", gut["protein"], "g", "protein that is still to be absorbed", 10.0),
        Species("carbohydrate_gut", gut["carbohydrate"], "g", "carbohydrate, likewise", 10.0),
    )


def _plasma() -> tuple[Parameter, ...]:
    return (
        Parameter("trp_plasma_baseline", 60.0, "uM", "total Trp at rest", _PLASMA, 0.15),
        Parameter("tyr_plasma_baseline", 60.0, "uM", "tyrosine at rest", _PLASMA, 0.15),
        Parameter("phe_plasma_baseline", 60.0, "uM", "phenylalanine at rest", _PLASMA, 0.15),
        Parameter("trp_protein_rate", 0.30, "1/h", "Trp into protein", _TURNOVER, 0.2),
        Parameter("trp_tdo_rate", 0.08, "1/h", "Trp lost by liver dioxygenase", _TURNOVER, 0.2),
        Parameter("tdo_cortisol_gain", 0.3, "1", "of that rate on cortisol", _CORTISOL),
        Parameter("trp_ido_rate", 0.02, "1/h", "Trp lost by IDO at rest", _TURNOVER, 0.2),
        Parameter("tyr_loss_rate", 0.40, "1/h", "tyrosine lost from plasma", _TURNOVER, 0.2),
        Parameter("phe_loss_rate", 0.40, "1/h", "phenylalanine lost from plasma", _TURNOVER, 0.2),
        Parameter("tyr_from_phe_share", 0.3, "1", "made of phenylalanine", _PAH, 0.0, FRACTION),
        Parameter("albumin_sites", 650.0, "uM", "binding sites for tryptophan", _ALBUMIN),
        Parameter("albumin_k_trp", 100.0, "uM", "dissociation constant", _ALBUMIN),
    )


def _barrier() -> tuple[Parameter, ...]:
    return (
        Parameter("trp_brain_baseline", 20.0, "uM", "brain Trp at rest", _BRAIN, 0.15),
        Parameter("trp_brain_loss_rate", 1.2, "1/h", "Trp out of brain", _BRAIN_LOSS),
        Parameter("lat1_k_trp", 15.0, "uM", "carrier constant of Trp", _LAT1_TRP),
        Parameter("lat1_k_tyr", 64.0, "uM", "carrier constant of tyrosine", _LAT1_TYR),
        Parameter("lat1_k_phe", 11.0, "uM", "carrier constant of phenylalanine", _LAT1_PHE),
        Parameter("lat1_rivals", 15.0 - 60.0 / 11.0, "1", "at rest, over constants", _RIVALS),
        Parameter("bcaa_plasma_baseline", 425.0, "uM", "branched-chain, at rest", _BCAA),
    )


def _meals(*, on: bool) -> tuple[Parameter, ...]:
    def share(name: str, value: float, meaning: str) -> Parameter:
        if on:
            return Parameter(name, value, "1", meaning, _MEAL, 0.0, FRACTION)
        return Parameter(name, 0.0, "1", meaning, _NO_MEAL, 0.0, FRACTION)

    return (
        Parameter("protein_intake_mean", 75.0 / 24.0, "g/h", "75 g a day", _DIET),
        Parameter("carbohydrate_intake_mean", 250.0 / 24.0, "g/h", "250 g a day", _DIET),
        Parameter("protein_absorption", 0.5, "1/h", "of protein from the gut", _GUT, 0.2),
        Parameter("carbohydrate_absorption", 1.0, "1/h", "likewise", _GUT, 0.2),
        Parameter("bcaa_turnover", 0.45, "1/h", "of branched-chain ones in plasma", _MEAL),
        Parameter("insulin_turnover", 2.0, "1/h", "of insulin action", _MEAL),
        Parameter("insulin_bcaa_gain", 0.33, "1", "insulin on that turnover", _MEAL),
        share("trp_meal_share", 0.05, "share of Trp supply that follows meals"),
        share("tyr_meal_share", 0.12, "share of tyrosine supply that follows meals"),
        share("phe_meal_share", 0.12, "share of phenylalanine supply that follows meals"),
        share("bcaa_meal_share", 0.19, "share of branched-chain supply that follows meals"),
        share("insulin_meal_share", 0.6, "share of insulin that follows carbohydrate"),
    )


def _ports() -> tuple[Port, ...]:
    return (
        Port("cortisol", "1", "cortisol relative to rest", 1.0),
        Port("ido_activity", "1", "indoleamine dioxygenase relative to rest", 1.0),
        Port("tryptophan_supply", "1", "tryptophan supply relative to rest", 1.0),
        Port("tyrosine_supply", "1", "tyrosine supply relative to rest", 1.0),
        Port("phenylalanine_supply", "1", "phenylalanine supply relative to rest", 1.0),
        Port("tryptophan_loss", "1/h", "extra tryptophan loss, as into new protein", 0.0),
        Port("lnaa_multiplier", "1", "factor on the rivals, as after a depletion drink", 1.0),
        Port(
            "anabolic_drive", "1", "supply from body protein that new protein takes", 0.0, FRACTION
        ),
        Port("trp_appearance", "uM/h", "single tryptophan from the gut", 0.0),
        Port("tyr_appearance", "uM/h", "single tyrosine from the gut", 0.0),
        Port("phe_appearance", "uM/h", "single phenylalanine from the gut", 0.0),
        Port("bcaa_appearance", "1", "single branched-chain ones, of their turnover", 0.0),
    )


def _solved() -> tuple[Derived, ...]:
    trp, tyr, phe = (symbol(f"{name}_plasma_baseline") for name in ("trp", "tyr", "phe"))
    tdo, ido = symbol("trp_tdo_rate") * trp, symbol("trp_ido_rate") * trp
    load = (
        1
        + trp / symbol("lat1_k_trp")
        + tyr / symbol("lat1_k_tyr")
        + phe / symbol("lat1_k_phe")
        + symbol("lat1_rivals")
    )
    brain = symbol("trp_brain_loss_rate") * symbol("trp_brain_baseline")
    return (
        Derived(
            "trp_supply_flux",
            symbol("trp_protein_rate") * trp + tdo + ido,
            "uM/h",
            "tryptophan supply at rest",
        ),
        Derived("trp_tdo_flux_rest", tdo, "uM/h", "tryptophan that TDO takes at rest"),
        Derived("trp_ido_flux_rest", ido, "uM/h", "tryptophan that IDO takes at rest"),
        Derived("tyr_supply_flux", tyr * symbol("tyr_loss_rate"), "uM/h", "tyrosine supply"),
        Derived("phe_supply_flux", phe * symbol("phe_loss_rate"), "uM/h", "phenylalanine supply"),
        Derived("trp_brain_flux", brain, "uM/h", "tryptophan into brain at rest"),
        Derived("lat1_load", load, "1", "load of the carrier at rest"),
    )


def _rules() -> dict[str, Rule]:
    trp, tyr, phe, bcaa = (
        symbol(name) for name in ("trp_plasma", "tyr_plasma", "phe_plasma", "bcaa")
    )
    rivals = phe / symbol("lat1_k_phe") + symbol("lat1_rivals") * bcaa
    load = (
        1
        + trp / symbol("lat1_k_trp")
        + tyr / symbol("lat1_k_tyr")
        + rivals * symbol("lnaa_multiplier")
    )
    eaten = {
        kind: symbol(f"{kind}_absorption") * symbol(f"{kind}_gut") / symbol(f"{kind}_intake_mean")
        for kind in ("protein", "carbohydrate")
    }
    molar = (phe + symbol("bcaa_plasma_baseline") * bcaa) * symbol("lnaa_multiplier")
    cortisol = 1 + symbol("tdo_cortisol_gain") * (symbol("cortisol") - 1)
    sites, k_bound = symbol("albumin_sites"), symbol("albumin_k_trp")
    unbound = trp - sites - k_bound
    free = (unbound + sympy.sqrt(unbound**2 + 4 * k_bound * trp)) / 2
    return {
        "protein_absorbed": Rule(eaten["protein"], "1", "protein absorption over its daily mean"),
        "carbohydrate_absorbed": Rule(eaten["carbohydrate"], "1", "carbohydrate, likewise"),
        "lat1_share": Rule(symbol("lat1_load") / load, "1", "free carrier relative to rest"),
        "trp_lnaa_ratio": Rule(trp / (tyr + molar), "1", "plasma Trp over its rivals, molar"),
        "tyr_lnaa_ratio": Rule(tyr / (trp + molar), "1", "plasma tyrosine over its rivals, molar"),
        "trp_free": Rule(free, "uM", "tryptophan that albumin does not bind"),
        "trp_tdo_flux": Rule(
            symbol("trp_tdo_rate") * cortisol * trp, "uM/h", "tryptophan that TDO takes"
        ),
        "trp_ido_flux": Rule(
            symbol("trp_ido_rate") * symbol("ido_activity") * trp,
            "uM/h",
            "tryptophan that IDO takes",
        ),
    }


def _following(share: str, absorbed: str) -> sympy.Expr:
    """Supply relative to rest when a share of it follows meals and the rest is even."""
    return 1 - symbol(share) + symbol(share) * symbol(absorbed)


def _reactions() -> tuple[Reaction, ...]:
    used = symbol("trp_protein_rate") + symbol("tryptophan_loss")
    supply = {
        name: symbol(f"{name}_supply_flux")
        * symbol(f"{control}_supply")
        * _following(f"{name}_meal_share", "protein_absorbed")
        * (1 - symbol("anabolic_drive"))
        for name, control in (("trp", "tryptophan"), ("tyr", "tyrosine"), ("phe", "phenylalanine"))
    }
    made = symbol("tyr_from_phe_share")
    phenylalanine = symbol("phe_plasma") / symbol("phe_plasma_baseline")
    hydroxylated = symbol("tyr_supply_flux") * made * phenylalanine
    plasma = symbol("trp_plasma") / symbol("trp_plasma_baseline")
    into_brain = symbol("trp_brain_flux") * plasma * symbol("lat1_share")
    return (
        Reaction("trp_supply", supply["trp"], {"trp_plasma": 1}),
        Reaction("trp_use", used * symbol("trp_plasma"), {"trp_plasma": -1}),
        Reaction("trp_tdo", symbol("trp_tdo_flux"), {"trp_plasma": -1}),
        Reaction("trp_ido", symbol("trp_ido_flux"), {"trp_plasma": -1}),
        Reaction("tyr_supply", (1 - made) * supply["tyr"], {"tyr_plasma": 1}),
        Reaction("trp_entry", symbol("trp_appearance"), {"trp_plasma": 1}),
        Reaction("tyr_entry", symbol("tyr_appearance"), {"tyr_plasma": 1}),
        Reaction("phe_entry", symbol("phe_appearance"), {"phe_plasma": 1}),
        Reaction("tyr_from_phe", hydroxylated, {"tyr_plasma": 1}),
        Reaction("phe_supply", supply["phe"], {"phe_plasma": 1}),
        Reaction("phe_loss", symbol("phe_loss_rate") * symbol("phe_plasma"), {"phe_plasma": -1}),
        Reaction("tyr_loss", symbol("tyr_loss_rate") * symbol("tyr_plasma"), {"tyr_plasma": -1}),
        Reaction("trp_into_brain", into_brain, {"trp_brain": 1}),
        Reaction(
            "trp_out_of_brain",
            symbol("trp_brain_loss_rate") * symbol("trp_brain"),
            {"trp_brain": -1},
        ),
        Reaction(
            "protein_absorption_flux",
            symbol("protein_absorption") * symbol("protein_gut"),
            {"protein_gut": -1},
        ),
        Reaction(
            "carbohydrate_absorption_flux",
            symbol("carbohydrate_absorption") * symbol("carbohydrate_gut"),
            {"carbohydrate_gut": -1},
        ),
    )


def _levels() -> dict[str, sympy.Expr]:
    insulin = symbol("insulin")
    cleared = symbol("bcaa") * (1 + symbol("insulin_bcaa_gain") * (insulin - 1))
    supplied = _following("bcaa_meal_share", "protein_absorbed") + symbol("bcaa_appearance")
    eaten = _following("insulin_meal_share", "carbohydrate_absorbed")
    return {
        "bcaa": relaxation(supplied, cleared, symbol("bcaa_turnover")),
        "insulin": relaxation(eaten, insulin, symbol("insulin_turnover")),
    }
