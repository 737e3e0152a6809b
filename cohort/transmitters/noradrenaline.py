"""Noradrenaline: terminals of locus coeruleus, from tyrosine through dopamine to MHPG.

No complete published terminal model with code exists; this one is built from the shapes of the
dopamine and serotonin terminals, with concentrations and fluxes at rest as parameters. Dopamine
exists inside these terminals only between AADC and the vesicle. Units are µM and hours.

Every between-patient spread (``sd_log``) in this file is assumed; that of synthesis is small enough
for MHPG in spinal fluid (CV 0.21).
"""

import sympy

from cohort.model import (
    FRACTION,
    NOT_NEGATIVE,
    POSITIVE,
    Bounds,
    Constant,
    Derived,
    Feasibility,
    Parameter,
    Port,
    Reaction,
    Rule,
    Source,
    Species,
    Submodel,
)
from cohort.model.rate_laws import (
    activation,
    autoreceptor_view,
    half_inhibition,
    inhibition,
    michaelis_menten,
    relaxation,
)
from kernels import symbol

__all__ = ["noradrenaline"]

_BEST_2009 = Source("Best, Nijhout, Reed 2009, Theor Biol Med Model 6:21, model file", "read")
_BH4 = Source("Best 2009: 46 * 60 uM^2 over 319 uM of BH4 at rest", "computed")
_BLENNOW = Source("Blennow 1993, lumbar CSF of 114 healthy adults, HMPG 47 (10) nM", "read")
_TISSUE = Source("cortex holds 0.2 to 1 nmol/g, recalled; scaled to terminals", "assumed")
_TURNOVER = Source("turnover of 0.15 to 0.2 /h of the store, recalled", "assumed")
_EXTRACELLULAR = Source("cortex 0.5 to 3 nM, recalled; to be verified", "assumed")
_NET = Source("Michaelis constant 0.3 to 0.5 uM, recalled; to be verified", "assumed")
_VESICLE = Source("VMAT2 and dopamine beta-hydroxylase in one step, by choice", "design")
_LOSS = Source("5 % of synthesis each, as for serotonin, by choice", "design")
_FLOW = Source("time constants of 1.4 and 5 h, by choice", "design")
_BRAIN = Source("13 x lumbar CSF, by choice", "design")
_ROUTE = Source("share of escaping noradrenaline that needs MAO; guess", "assumed")
_YIELD = Source("10 - 0.5 - 0.5 + 0.5 uM/h of the reference", "computed")
_ALPHA2 = Source(
    "low tone at rest, steep above: idazoxan alone does nothing, but lifts a NET inhibitor from "
    "3.4 to 16.8 x (Sacchetti 1999)",
    "computed",
)
_SHAPE = Source(
    "chosen by hand on the response to NET inhibitors and alpha-2 antagonists", "design"
)
_SLOW = Source("days to weeks, by choice", "design")
_CHRONIC = Source("263 % at 2 d and 599 % at 14 d of steady NET block, Invernizzi 2001", "computed")
_FIRING = Source("TH of locus coeruleus follows firing: MHPG under SSRIs, Sheline 1997", "design")
_SURVIVING = Bounds(0.0, 1.0, True)


def noradrenaline() -> Submodel:
    r"""Return the submodel of noradrenaline.

    Returns
    -------
    Submodel with the states ``dopa_noradrenaline``, ``dopamine_noradrenaline`` (dopamine inside
    these terminals), ``noradrenaline_cytosol``, ``noradrenaline_vesicle``,
    ``noradrenaline_extracellular``, ``mhpg_brain``, ``mhpg_csf`` [uM] and
    ``sensitivity_alpha2``, ``sensitivity_noradrenaline`` [1, relative to rest].

    Notes
    -----
    With *x* the extracellular level relative to rest, :math:`I(x,c,n) = (1+c)/(1+c x^n)`, *e* what
    the alpha-2 autoreceptor reads, *w* brain tyrosine, *f* the surviving share of terminals:

    .. math::

        TH &\propto (1 + g (F-1)) \frac{w/(1 + w/160)}{w + 46 + K/BH4}\,I(e,c_T,1)\,
              I(N_c/N_{c0},0.3,1) \\
        F &= d\,I(e, c_F, n), \qquad R = k_R F\,I(e, c_R, n)\,N_v \\
        N_e' &= f R - f U - k_X N_e, \qquad U = V (1-u)\,N_e/(0.3 + N_e)

    Little alpha-2 tone at rest and a steep rise above it (small *c*, large *n*) let an antagonist
    alone do almost nothing while it multiplies the effect of an uptake inhibitor. Under an
    antagonist *o* and an agonist *g*, :math:`e = (1-o)(1+s(x-1)) + s\,c_F^{-1/n} g` at sensitivity
    *s*, which transmitter and agonist alike wear down. Postsynaptic occupancy is in quasi-steady
    state; sensitivities of receptors are states. Left out: COMT on noradrenaline itself, regions.

    References
    ----------
    Best, Nijhout, Reed 2009 (tyrosine hydroxylase); Sacchetti 1999, PMC1571760 and Invernizzi 2001,
    Br J Pharmacol 132:183 (alpha-2 control). The rest is this package's own.

    Examples
    --------
    >>> from cohort.model import assemble
    >>> model = assemble("brain", [noradrenaline()])
    >>> float(model.solved({}, n_lane=1)["net_v_max"][0].round(1))
    5964.5
    """
    return Submodel(
        name="noradrenaline",
        species=_species(),
        parameters=(*_rest(), *_kinetics(), *_regulation()),
        constants=_exponents(),
        derived=_capacities(),
        ports=_ports(),
        reactions=_reactions(),
        rates=_slow_states(),
        rules=_rules(),
        provides=(
            "noradrenaline_relative",
            "noradrenaline_tone",
            "noradrenaline_firing",
            "alpha2_view",
            "mhpg_brain_level",
            "mhpg_brain_level_rest",
        ),
        feasibility=_feasibility(),
    )


def _species() -> tuple[Species, ...]:
    one = sympy.Integer(1)
    slowed = sympy.sqrt(symbol("csf_factor"))
    resting_csf = symbol("mhpg_csf_per_brain") * symbol("mhpg_brain_rest") * slowed
    levels = (
        ("dopa_noradrenaline", "levodopa in terminals", 0.2),
        ("dopamine_noradrenaline", "dopamine in cytosol", 0.3),
        ("noradrenaline_cytosol", "in cytosol", 0.3),
        ("noradrenaline_vesicle", "in vesicles", 80.0),
        ("noradrenaline_extracellular", "outside the cell", 0.002),
    )
    return (
        *(
            Species(name, symbol(f"{name}_baseline"), "uM", meaning, scale)
            for name, meaning, scale in levels
        ),
        Species("mhpg_brain", symbol("mhpg_brain_rest"), "uM", "MHPG in brain tissue", 0.6),
        Species("mhpg_csf", resting_csf, "uM", "MHPG in lumbar CSF", 0.047),
        Species("sensitivity_alpha2", one, "1", "alpha-2 autoreceptor, relative to rest"),
        Species("sensitivity_noradrenaline", one, "1", "postsynaptic, relative to rest"),
    )


def _rest() -> tuple[Parameter, ...]:
    def level(name: str, value: float, source: Source, spread: float = 0.0) -> Parameter:
        return Parameter(f"{name}_baseline", value, "uM", "level at rest", source, spread)

    def flux(name: str, value: float, source: Source, spread: float) -> Parameter:
        meaning = f"{name} at rest"
        return Parameter(f"noradrenaline_{name}_flux", value, "uM/h", meaning, source, spread)

    return (
        level("dopa_noradrenaline", 0.2, _VESICLE),
        level("dopamine_noradrenaline", 0.3, _VESICLE),
        level("noradrenaline_cytosol", 0.3, _TISSUE, 0.25),
        level("noradrenaline_vesicle", 80.0, _TISSUE, 0.25),
        level("noradrenaline_extracellular", 0.002, _EXTRACELLULAR, 0.25),
        flux("synthesis", 10.0, _TURNOVER, 0.1),
        flux("release", 40.0, _TURNOVER, 0.2),
        flux("loss", 0.5, _LOSS, 0.3),
        flux("spill", 0.5, _LOSS, 0.3),
    )


def _kinetics() -> tuple[Parameter, ...]:
    return (
        Parameter("th_na_k_m_tyr", 46.0, "uM", "Michaelis constant of TH for Tyr", _BEST_2009),
        Parameter("th_na_k_i_tyr", 160.0, "uM", "substrate inhibition of TH", _BEST_2009),
        Parameter("th_na_k_bh4", 2760.0 / 319.0, "uM", "of TH for BH4, times 46", _BH4),
        Parameter("dopa_na_k_m", 130.0, "uM", "Michaelis constant of AADC", _BEST_2009),
        Parameter("dbh_k_m", 0.3, "uM", "of VMAT2 and DBH together", _VESICLE),
        Parameter("noradrenaline_vmat_k_m", 0.3, "uM", "of VMAT2", _VESICLE),
        Parameter("noradrenaline_vesicle_leak", 1.0, "1/h", "vesicle to cytosol", _VESICLE),
        Parameter("net_k_m", 0.3, "uM", "of the transporter", _NET),
        Parameter(
            "noradrenaline_loss_spared",
            0.3,
            "1",
            "share of the loss that makes MHPG without MAO",
            _ROUTE,
            0.0,
            FRACTION,
        ),
        Parameter("mhpg_brain_baseline", 0.6, "uM", "brain MHPG of the reference", _BRAIN),
        Parameter("mhpg_csf_baseline", 0.047, "uM", "CSF MHPG of the reference", _BLENNOW),
        Parameter("mhpg_yield_reference", 9.5, "uM/h", "its MHPG production", _YIELD),
        Parameter("mhpg_brain_clearance", 0.7, "1/h", "brain MHPG into CSF and blood", _FLOW),
        Parameter("mhpg_csf_clearance", 0.2, "1/h", "MHPG out of lumbar CSF", _FLOW),
    )


def _regulation() -> tuple[Parameter, ...]:
    return (
        Parameter("th_na_feedback", 0.2, "1", "alpha-2 autoreceptor on TH", _ALPHA2),
        Parameter("th_na_firing_gain", 0.9, "1", "firing on TH", _FIRING, 0.0, FRACTION),
        Parameter("th_na_product_inhibition", 0.3, "1", "cytosolic level on TH", _SHAPE),
        Parameter("firing_feedback_alpha2", 0.06, "1", "alpha-2 on firing", _ALPHA2),
        Parameter("release_feedback_alpha2", 0.06, "1", "alpha-2 on release", _ALPHA2),
        Parameter("adaptation_alpha2", 1.0, "1", "loss of alpha-2 sensitivity", _CHRONIC),
        Parameter("adaptation_noradrenaline", 0.3, "1", "loss of postsynaptic one", _SHAPE),
        Parameter("noradrenaline_half_saturation", 2.0, "1", "postsynaptic", _SHAPE),
        Parameter("adaptation_time_alpha2", 120.0, "h", "time constant", _CHRONIC, 0.3),
        Parameter("adaptation_time_noradrenaline", 240.0, "h", "time constant", _SLOW, 0.3),
    )


def _exponents() -> tuple[Constant, ...]:
    return (
        Constant("alpha2_steepness", 2.5, "1", "of alpha-2 on firing and release", _ALPHA2),
        Constant("adaptation_steepness_alpha2", 2.0, "1", "of adaptation", _CHRONIC),
    )


def _ports() -> tuple[Port, ...]:
    return (
        Port("tyr_brain", "uM", "tyrosine in brain", 126.0, POSITIVE),
        Port("tyr_brain_baseline", "uM", "the same at rest", 126.0, POSITIVE),
        Port("bh4", "1", "tetrahydrobiopterin relative to rest", 1.0, POSITIVE),
        Port("mao_a_activity", "1", "working MAO-A relative to rest", 1.0),
        Port("hydroxylase_cofactor", "1", "iron at its hydroxylase, relative to rest", 1.0),
        Port("aadc_cofactor", "1", "pyridoxal phosphate at AADC, relative to rest", 1.0),
        Port("csf_factor", "1", "divides CSF clearance of metabolites", 1.0, POSITIVE),
        Port("noradrenaline_drive", "1", "of other transmitters on firing", 1.0),
        Port("afferent_firing_noradrenaline", "1", "drive of locus coeruleus", 1.0),
        Port("noradrenaline_terminals", "1", "share that survives", 1.0, _SURVIVING),
        Port("th_capacity", "1", "tyrosine hydroxylase relative to rest", 1.0),
        Port("net_capacity", "1", "transporter relative to rest", 1.0),
        Port("th_inhibition", "1", "share of TH that is blocked", 0.0, FRACTION),
        Port("aadc_inhibition", "1", "share of AADC that is blocked", 0.0, FRACTION),
        Port("vmat_inhibition", "1", "share of VMAT2 that is blocked", 0.0, FRACTION),
        Port("net_occupancy", "1", "share of the transporter that is blocked", 0.0, FRACTION),
        Port("noradrenaline_reverse_transport", "1/h", "cytosol to outside", 0.0),
        Port("antagonist_alpha2", "1", "share of alpha-2 held by an antagonist", 0.0, FRACTION),
        Port("agonist_alpha2", "1", "agonist at alpha-2, in half saturations", 0.0, NOT_NEGATIVE),
    )


def _hydroxylation(tyr: sympy.Expr, bh4: sympy.Expr) -> sympy.Expr:
    saturation = tyr / (tyr + symbol("th_na_k_m_tyr") + symbol("th_na_k_bh4") / bh4)
    return saturation / (1 + tyr / symbol("th_na_k_i_tyr"))


def _capacities() -> tuple[Derived, ...]:
    synthesis, release, loss, spill = (
        symbol(f"noradrenaline_{flux}_flux") for flux in ("synthesis", "release", "loss", "spill")
    )
    cytosol, vesicle, outside = (
        symbol(f"noradrenaline_{place}_baseline")
        for place in ("cytosol", "vesicle", "extracellular")
    )
    dopamine = symbol("dopamine_noradrenaline_baseline")
    packed = synthesis - spill
    repacked = release - packed + symbol("noradrenaline_vesicle_leak") * vesicle
    per = symbol("mhpg_brain_baseline") / symbol("mhpg_yield_reference")
    th = _hydroxylation(symbol("tyr_brain_baseline"), sympy.Integer(1))
    aadc = michaelis_menten(symbol("dopa_noradrenaline_baseline"), symbol("dopa_na_k_m"))
    vmat = michaelis_menten(cytosol, symbol("noradrenaline_vmat_k_m"))
    net = michaelis_menten(outside, symbol("net_k_m"))
    csf = symbol("mhpg_csf_baseline") / symbol("mhpg_brain_baseline")
    return (
        Derived("th_na_v_max", synthesis / th, "uM/h", "capacity of TH at rest"),
        Derived("dopa_na_v_max", synthesis / aadc, "uM/h", "capacity of AADC"),
        Derived("dopamine_na_mao_rate", spill / dopamine, "1/h", "oxidation of dopamine"),
        Derived(
            "dbh_v_max", packed / michaelis_menten(dopamine, symbol("dbh_k_m")), "uM/h", "of DBH"
        ),
        Derived("noradrenaline_vmat_v_max", repacked / vmat, "uM/h", "capacity of VMAT2"),
        Derived("net_v_max", (release - loss) / net, "uM/h", "capacity of the transporter"),
        Derived("noradrenaline_loss_rate", loss / outside, "1/h", "diffusion and glial loss"),
        Derived("noradrenaline_mao_rate", (packed - loss) / cytosol, "1/h", "oxidation"),
        Derived("noradrenaline_release_rate", release / vesicle, "1/h", "release per store"),
        Derived("mhpg_time", per, "h", "brain MHPG per production"),
        Derived("mhpg_brain_rest", per * packed, "uM", "brain MHPG at rest"),
        Derived("mhpg_csf_per_brain", csf, "1", "CSF over brain in the reference"),
        Derived(
            "mhpg_brain_level_rest",
            symbol("mhpg_brain_rest") / symbol("mhpg_brain_baseline"),
            "1",
            "brain MHPG at rest over the reference",
        ),
        Derived(
            "half_saturation_alpha2",
            half_inhibition(symbol("firing_feedback_alpha2"), symbol("alpha2_steepness")),
            "1",
            "of alpha-2 autoreceptors, in resting levels",
        ),
    )


def _agonist_tone() -> sympy.Expr:
    """Tone that agonists of alpha-2 autoreceptors stand for [1]."""
    return symbol("half_saturation_alpha2") * symbol("agonist_alpha2")


def _rules() -> dict[str, Rule]:
    x = symbol("noradrenaline_relative")
    view = autoreceptor_view(
        x, symbol("sensitivity_alpha2"), symbol("antagonist_alpha2"), _agonist_tone()
    )
    steepness, level = symbol("alpha2_steepness"), symbol("noradrenaline_extracellular")
    firing = symbol("afferent_firing_noradrenaline") * symbol("noradrenaline_drive")
    enzyme = symbol("th_na_v_max") * symbol("th_capacity") * symbol("hydroxylase_cofactor")
    enzyme *= 1 + symbol("th_na_firing_gain") * (symbol("noradrenaline_firing") - 1)
    product = symbol("noradrenaline_cytosol") / symbol("noradrenaline_cytosol_baseline")
    one = sympy.Integer(1)
    brakes = inhibition(symbol("alpha2_view"), symbol("th_na_feedback"), one) * inhibition(
        product, symbol("th_na_product_inhibition"), one
    )
    return {
        "noradrenaline_relative": Rule(
            level / symbol("noradrenaline_extracellular_baseline"), "1", "extracellular, of rest"
        ),
        "mhpg_brain_level": Rule(
            symbol("mhpg_brain") / symbol("mhpg_brain_baseline"),
            "1",
            "brain MHPG over the reference",
        ),
        "alpha2_view": Rule(view, "1", "noradrenaline that the alpha-2 autoreceptor reads"),
        "noradrenaline_tone": Rule(
            symbol("sensitivity_noradrenaline")
            * activation(x, symbol("noradrenaline_half_saturation")),
            "1",
            "postsynaptic tone relative to rest",
        ),
        "noradrenaline_firing": Rule(
            firing * inhibition(symbol("alpha2_view"), symbol("firing_feedback_alpha2"), steepness),
            "1",
            "firing of locus coeruleus relative to rest",
        ),
        "noradrenaline_synthesis": Rule(
            enzyme
            * (1 - symbol("th_inhibition"))
            * _hydroxylation(symbol("tyr_brain"), symbol("bh4"))
            * brakes,
            "uM/h",
            "hydroxylation of tyrosine in terminals",
        ),
        "noradrenaline_release": Rule(
            symbol("noradrenaline_release_rate")
            * symbol("noradrenaline_firing")
            * inhibition(symbol("alpha2_view"), symbol("release_feedback_alpha2"), steepness)
            * symbol("noradrenaline_vesicle"),
            "uM/h",
            "release of a surviving terminal",
        ),
        "noradrenaline_uptake": Rule(
            symbol("net_v_max")
            * symbol("net_capacity")
            * (1 - symbol("net_occupancy"))
            * michaelis_menten(level, symbol("net_k_m")),
            "uM/h",
            "uptake by a surviving terminal",
        ),
        "noradrenaline_escape": Rule(
            symbol("noradrenaline_loss_rate") * level, "uM/h", "diffusion and glial loss"
        ),
        "noradrenaline_oxidation": Rule(
            symbol("noradrenaline_mao_rate")
            * symbol("mao_a_activity")
            * symbol("noradrenaline_cytosol"),
            "uM/h",
            "oxidation in the cytosol",
        ),
    }


def _reactions() -> tuple[Reaction, ...]:
    names = ("synthesis", "release", "uptake", "escape", "oxidation")
    flux = {name: symbol(f"noradrenaline_{name}") for name in names}
    survive, oxidase = symbol("noradrenaline_terminals"), symbol("mao_a_activity")
    decarboxylation = (
        symbol("dopa_na_v_max")
        * symbol("aadc_cofactor")
        * (1 - symbol("aadc_inhibition"))
        * michaelis_menten(symbol("dopa_noradrenaline"), symbol("dopa_na_k_m"))
    )
    free = 1 - symbol("vmat_inhibition")
    dopamine = "dopamine_noradrenaline"
    hydroxylation = (
        symbol("dbh_v_max") * free * michaelis_menten(symbol(dopamine), symbol("dbh_k_m"))
    )
    inside, store, outside = (
        f"noradrenaline_{place}" for place in ("cytosol", "vesicle", "extracellular")
    )
    packing = (
        symbol("noradrenaline_vmat_v_max")
        * free
        * michaelis_menten(symbol(inside), symbol("noradrenaline_vmat_k_m"))
    )
    spared = symbol("noradrenaline_loss_spared")
    yielded = survive * flux["oxidation"] + flux["escape"] * (spared + (1 - spared) * oxidase)
    out = symbol("mhpg_csf_clearance")
    reversed_ = symbol("noradrenaline_reverse_transport") * symbol(inside)
    return (
        Reaction("hydroxylation", flux["synthesis"], {"dopa_noradrenaline": 1}),
        Reaction("decarboxylation", decarboxylation, {"dopa_noradrenaline": -1, dopamine: 1}),
        Reaction(
            "spill", symbol("dopamine_na_mao_rate") * oxidase * symbol(dopamine), {dopamine: -1}
        ),
        Reaction("beta_hydroxylation", hydroxylation, {dopamine: -1, store: 1}),
        Reaction("packing", packing, {inside: -1, store: 1}),
        Reaction(
            "leak",
            symbol("noradrenaline_vesicle_leak") * symbol(store),
            {store: -1, inside: 1},
        ),
        Reaction("release", flux["release"], {store: -1}),
        Reaction("arrival", survive * flux["release"], {outside: 1}),
        Reaction("uptake", flux["uptake"], {inside: 1}),
        Reaction("clearance", survive * flux["uptake"], {outside: -1}),
        Reaction("reverse_exit", reversed_, {inside: -1}),
        Reaction("reverse_arrival", survive * reversed_, {outside: 1}),
        Reaction("escape", flux["escape"], {outside: -1}),
        Reaction("oxidation", flux["oxidation"], {inside: -1}),
        Reaction(
            "mhpg_formation",
            symbol("mhpg_brain_clearance") * symbol("mhpg_time") * yielded,
            {"mhpg_brain": 1},
        ),
        Reaction(
            "mhpg_clearance",
            symbol("mhpg_brain_clearance") * symbol("mhpg_brain"),
            {"mhpg_brain": -1},
        ),
        Reaction(
            "mhpg_into_csf",
            out * symbol("mhpg_csf_per_brain") * symbol("mhpg_brain"),
            {"mhpg_csf": 1},
        ),
        Reaction(
            "mhpg_out_of_csf",
            out / sympy.sqrt(symbol("csf_factor")) * symbol("mhpg_csf"),
            {"mhpg_csf": -1},
        ),
    )


def _slow_states() -> dict[str, sympy.Expr]:
    x = symbol("noradrenaline_relative")
    alpha2 = inhibition(
        x + _agonist_tone(), symbol("adaptation_alpha2"), symbol("adaptation_steepness_alpha2")
    )
    postsynaptic = inhibition(x, symbol("adaptation_noradrenaline"), sympy.Integer(1))
    return {
        "sensitivity_alpha2": relaxation(
            alpha2, symbol("sensitivity_alpha2"), 1 / symbol("adaptation_time_alpha2")
        ),
        "sensitivity_noradrenaline": relaxation(
            postsynaptic,
            symbol("sensitivity_noradrenaline"),
            1 / symbol("adaptation_time_noradrenaline"),
        ),
    }


def _feasibility() -> tuple[Feasibility, ...]:
    synthesis, release, loss, spill = (
        symbol(f"noradrenaline_{flux}_flux") for flux in ("synthesis", "release", "loss", "spill")
    )
    store = symbol("noradrenaline_vesicle_leak") * symbol("noradrenaline_vesicle_baseline")
    return (
        Feasibility(synthesis - loss - spill, "synthesis of noradrenaline exceeds its losses"),
        Feasibility(
            release + store - (synthesis - spill), "what is taken up again refills the vesicles"
        ),
        Feasibility(release - loss, "release of noradrenaline exceeds extracellular loss"),
    )
