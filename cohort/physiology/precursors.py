"""Tryptophan and tyrosine in plasma, their meals, and the blood-brain barrier they share.

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
_RIVALS = Source("sum of C/K over Phe, Leu, Met, Ile, His, Val, Thr, Gln, recalled", "assumed")
_LNAA = Source("Phe 60, Leu 130, Ile 65, Val 230 uM, recalled; with Tyr 0.11 as read", "assumed")
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
    Submodel with the states ``trp_plasma``, ``tyr_plasma``, ``trp_brain`` [uM], ``lnaa``,
    ``insulin`` [1, relative to rest], ``protein_gut``, ``carbohydrate_gut`` [g].

    Notes
    -----
    With *p* and *c* the absorption of protein and carbohydrate over their daily means, :math:`L`
    the rivals and :math:`i` insulin relative to rest:

    .. math::

        T' &= T_0 k\,s_T\,(1 - s + s p) - (k_p + k_x + k_{TDO}(1+0.3(CORT-1)) + k_{IDO} IDO)\,T \\
        L' &= k_L\,(1 - s_l + s_l p - L\,(1 + g(i-1))), \qquad i' = k_i(1 - s_i + s_i c - i) \\
        B' &= k_B B_0 \frac{T}{T_0}\rho - k_B B, \qquad
        \rho = \frac{1 + T_0/K_T + Y_0/K_Y + L_0}{1 + T/K_T + Y/K_Y + L_0 L m}

    *m* is the port ``lnaa_multiplier``. With all shares 0, *L* and *i* stay 1. Left out: free
    against bound tryptophan, extraction by gut and liver, the other amino acids one by one.

    References
    ----------
    Smith et al. 1987 (carrier constants); Wurtman et al. 2003, Am J Clin Nutr 77:128 (meals).

    Examples
    --------
    >>> from cohort.model import assemble
    >>> model = assemble("plasma", [precursors(meals=True)])
    >>> model.parameters["lnaa_meal_share"].value > model.parameters["trp_meal_share"].value
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
        provides=("trp_plasma", "tyr_plasma", "trp_brain", "trp_brain_baseline", "lat1_share"),
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
        Species("trp_brain", symbol("trp_brain_baseline"), "uM", "tryptophan in brain", 20.0),
        Species("lnaa", one, "1", "rival amino acids in plasma, relative to rest"),
        Species("insulin", one, "1", "insulin action, relative to the daily mean"),
        Species("protein_gut", gut["protein"], "g", "protein that is still to be absorbed", 10.0),
        Species("carbohydrate_gut", gut["carbohydrate"], "g", "carbohydrate, likewise", 10.0),
    )


def _plasma() -> tuple[Parameter, ...]:
    return (
        Parameter("trp_plasma_baseline", 60.0, "uM", "total Trp at rest", _PLASMA, 0.15),
        Parameter("tyr_plasma_baseline", 60.0, "uM", "tyrosine at rest", _PLASMA, 0.15),
        Parameter("trp_protein_rate", 0.30, "1/h", "Trp into protein", _TURNOVER, 0.2),
        Parameter("trp_tdo_rate", 0.08, "1/h", "Trp lost by liver dioxygenase", _TURNOVER, 0.2),
        Parameter("tdo_cortisol_gain", 0.3, "1", "of that rate on cortisol", _CORTISOL),
        Parameter("trp_ido_rate", 0.02, "1/h", "Trp lost by IDO at rest", _TURNOVER, 0.2),
        Parameter("tyr_loss_rate", 0.40, "1/h", "tyrosine lost from plasma", _TURNOVER, 0.2),
    )


def _barrier() -> tuple[Parameter, ...]:
    return (
        Parameter("trp_brain_baseline", 20.0, "uM", "brain Trp at rest", _BRAIN, 0.15),
        Parameter("trp_brain_loss_rate", 1.2, "1/h", "Trp out of brain", _BRAIN_LOSS),
        Parameter("lat1_k_trp", 15.0, "uM", "carrier constant of Trp", _LAT1_TRP),
        Parameter("lat1_k_tyr", 64.0, "uM", "carrier constant of tyrosine", _LAT1_TYR),
        Parameter("lat1_rivals", 15.0, "1", "rivals at rest, each over its constant", _RIVALS),
        Parameter("lnaa_plasma_baseline", 485.0, "uM", "rivals at rest but for Tyr", _LNAA),
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
        Parameter("lnaa_turnover", 0.45, "1/h", "of rivals in plasma", _MEAL),
        Parameter("insulin_turnover", 2.0, "1/h", "of insulin action", _MEAL),
        Parameter("insulin_lnaa_gain", 0.33, "1", "insulin on that turnover", _MEAL),
        share("trp_meal_share", 0.05, "share of Trp supply that follows meals"),
        share("tyr_meal_share", 0.12, "share of tyrosine supply that follows meals"),
        share("lnaa_meal_share", 0.19, "share of the supply of rivals that follows meals"),
        share("insulin_meal_share", 0.6, "share of insulin that follows carbohydrate"),
    )


def _ports() -> tuple[Port, ...]:
    return (
        Port("cortisol", "1", "cortisol relative to rest", 1.0),
        Port("ido_activity", "1", "indoleamine dioxygenase relative to rest", 1.0),
        Port("tryptophan_supply", "1", "tryptophan supply relative to rest", 1.0),
        Port("tyrosine_supply", "1", "tyrosine supply relative to rest", 1.0),
        Port("tryptophan_loss", "1/h", "extra tryptophan loss, as into new protein", 0.0),
        Port("lnaa_multiplier", "1", "factor on the rivals, as after a depletion drink", 1.0),
    )


def _solved() -> tuple[Derived, ...]:
    trp, tyr = symbol("trp_plasma_baseline"), symbol("tyr_plasma_baseline")
    lost = symbol("trp_protein_rate") + symbol("trp_tdo_rate") + symbol("trp_ido_rate")
    load = 1 + trp / symbol("lat1_k_trp") + tyr / symbol("lat1_k_tyr") + symbol("lat1_rivals")
    brain = symbol("trp_brain_loss_rate") * symbol("trp_brain_baseline")
    return (
        Derived("trp_supply_flux", trp * lost, "uM/h", "tryptophan supply at rest"),
        Derived("tyr_supply_flux", tyr * symbol("tyr_loss_rate"), "uM/h", "tyrosine supply"),
        Derived("trp_brain_flux", brain, "uM/h", "tryptophan into brain at rest"),
        Derived("lat1_load", load, "1", "load of the carrier at rest"),
    )


def _rules() -> dict[str, Rule]:
    trp, tyr, rivals = symbol("trp_plasma"), symbol("tyr_plasma"), symbol("lnaa")
    load = (
        1
        + trp / symbol("lat1_k_trp")
        + tyr / symbol("lat1_k_tyr")
        + symbol("lat1_rivals") * rivals * symbol("lnaa_multiplier")
    )
    eaten = {
        kind: symbol(f"{kind}_absorption") * symbol(f"{kind}_gut") / symbol(f"{kind}_intake_mean")
        for kind in ("protein", "carbohydrate")
    }
    molar = symbol("lnaa_plasma_baseline") * rivals * symbol("lnaa_multiplier")
    return {
        "protein_absorbed": Rule(eaten["protein"], "1", "protein absorption over its daily mean"),
        "carbohydrate_absorbed": Rule(eaten["carbohydrate"], "1", "carbohydrate, likewise"),
        "lat1_share": Rule(symbol("lat1_load") / load, "1", "free carrier relative to rest"),
        "trp_lnaa_ratio": Rule(trp / (tyr + molar), "1", "plasma Trp over its rivals, molar"),
    }


def _following(share: str, absorbed: str) -> sympy.Expr:
    """Supply relative to rest when a share of it follows meals and the rest is even."""
    return 1 - symbol(share) + symbol(share) * symbol(absorbed)


def _reactions() -> tuple[Reaction, ...]:
    cortisol = 1 + symbol("tdo_cortisol_gain") * (symbol("cortisol") - 1)
    trp_rate = (
        symbol("trp_protein_rate")
        + symbol("tryptophan_loss")
        + symbol("trp_tdo_rate") * cortisol
        + symbol("trp_ido_rate") * symbol("ido_activity")
    )
    supply = {
        name: symbol(f"{name}_supply_flux")
        * symbol(f"{control}_supply")
        * _following(f"{name}_meal_share", "protein_absorbed")
        for name, control in (("trp", "tryptophan"), ("tyr", "tyrosine"))
    }
    plasma = symbol("trp_plasma") / symbol("trp_plasma_baseline")
    into_brain = symbol("trp_brain_flux") * plasma * symbol("lat1_share")
    return (
        Reaction("trp_supply", supply["trp"], {"trp_plasma": 1}),
        Reaction("trp_loss", trp_rate * symbol("trp_plasma"), {"trp_plasma": -1}),
        Reaction("tyr_supply", supply["tyr"], {"tyr_plasma": 1}),
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
    cleared = symbol("lnaa") * (1 + symbol("insulin_lnaa_gain") * (insulin - 1))
    supplied = _following("lnaa_meal_share", "protein_absorbed")
    eaten = _following("insulin_meal_share", "carbohydrate_absorbed")
    return {
        "lnaa": relaxation(supplied, cleared, symbol("lnaa_turnover")),
        "insulin": relaxation(eaten, insulin, symbol("insulin_turnover")),
    }
