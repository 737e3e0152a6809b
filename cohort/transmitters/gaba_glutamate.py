"""Glutamate and GABA: one cycle through glia, two transmitters, and their balance.

Glutamine from glia makes glutamate, in GABA neurons further GABA; both are released, taken up and
broken down, and what glia take up becomes glutamine again. GABA transaminase is a pool of enzyme
that vigabatrin destroys. Capacities are solved from set points. Units are µM and hours.

Every between-patient spread (``sd_log``) in this file is assumed.
"""

import sympy

from cohort.model import (
    FRACTION,
    POSITIVE,
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
from cohort.model.rate_laws import activation, inhibition, michaelis_menten, relaxation
from kernels import symbol

__all__ = ["gaba_glutamate"]

_CYCLE = Source("glutamate-glutamine cycle of 0.32 umol/g/min (Shen 1999), rounded down", "read")
_ROTHMAN = Source("human brain GABA 1.1 mM (Rothman 1993), cytosol and vesicles together", "read")
_GLUTAMATE = Source("neurons 8 to 10 mM, GABA neurons 1 to 4 mM, recalled", "assumed")
_GLUTAMINE = Source("3 to 6 mM, recalled; to be verified", "assumed")
_STORE = Source("vesicular share by choice", "design")
_OUTSIDE_GLU = Source("1 to 3 uM by dialysis, recalled; to be verified", "assumed")
_OUTSIDE_GABA = Source("0.05 to 0.3 uM, recalled; to be verified", "assumed")
_SYNTHESIS = Source("7 % of the cycle, by choice", "design")
_GAT1 = Source("GAT-1 for GABA 2.5 uM, encyclopedia; literature 5 to 20 uM", "read")
_GAT3 = Source("Michaelis constant 5 uM, recalled; to be verified", "assumed")
_EAAT = Source("Michaelis constant 20 uM, recalled; Cloutier 2009 has 50 uM", "assumed")
_GLUTAMINASE = Source("Michaelis constant 2 mM, recalled; to be verified", "assumed")
_GAD = Source("GAD65 and 67 below saturation, by choice", "design")
_TURNOVER = Source("return by 8 d after vigabatrin, Petroff 1996: half-life 3 d", "computed")
_SHAPE = Source("chosen by hand on brain GABA under vigabatrin", "design")
_PETROFF = Source("chronic vigabatrin 2.0 to 2.4 x, Petroff 1996: less feedback on GAD", "design")
_QUIN = Source("weak NMDA agonist, direction only; guess", "assumed")
_FULL = Source(
    "glutaminase is inhibited by glutamate, vesicles have a size; recalled, shape by choice",
    "assumed",
)
_SLOW = Source("a week, by choice", "design")


def gaba_glutamate() -> Submodel:
    r"""Return the submodel of glutamate and GABA.

    Returns
    -------
    Submodel with the states ``glutamate_neuron``, ``glutamate_vesicle``,
    ``glutamate_extracellular``, ``glutamine``, ``glutamate_gaba_neuron``, ``gaba_cytosol``,
    ``gaba_vesicle``, ``gaba_extracellular`` [uM], ``gaba_transaminase`` and
    ``sensitivity_gaba`` [1, relative to rest].

    Notes
    -----
    .. math::

        G_n' &= V_g\,s(Gln)\,I(G_n/G_{n0}, 0.5, 2) - k\,G_n\,I(G_v/G_{v0}, 1, 2) \\
        GAD &= V\,p\,\frac{G_i}{500 + G_i}\,I\Big(\frac{B_c + B_v}{B_0}, c, 4\Big), \qquad
        E' = k (1 - E) - k_{vgb} E \\
        t_B &= r\,A(x_B, 2)\,m, \qquad t_G = A(x_G, 5)\,(1 + 0.1 (Q - 1)) (1 - o_{NMDA})

    so that full vesicles slow packing and a full cell slows glutaminase: less release then means a
    slower cycle, not a larger store. *p* is pyridoxal phosphate at GAD, *m* a modulator of GABA-A
    receptors, *Q* quinolinic acid. The index of excitation over inhibition is
    :math:`t_G / t_B`. Postsynaptic occupancy is in quasi-steady state. Left out: GABA-B apart,
    tricarboxylic-acid cycle, receptor subtypes.

    References
    ----------
    Shen et al. 1999, PNAS (cycle); Rothman 1993 (GABA); Petroff 1996 (vigabatrin). How they are
    combined is this package's own.

    Examples
    --------
    >>> from cohort.model import assemble
    >>> model = assemble("brain", [gaba_glutamate()])
    >>> float(model.solved({}, n_lane=1)["gat1_v_max"][0].round(3))
    75400.0
    """
    return Submodel(
        name="gaba_glutamate",
        species=_species(),
        parameters=(*_rest(), *_kinetics()),
        constants=(
            Constant("gad_steepness", 4.0, "1", "steepness of GABA on GAD", _SHAPE),
            Constant("glutamate_store_steepness", 2.0, "1", "of full stores on supply", _FULL),
        ),
        derived=_capacities(),
        ports=_ports(),
        rules=_rules(),
        reactions=_reactions(),
        rates={
            "gaba_transaminase": relaxation(
                sympy.Integer(1), symbol("gaba_transaminase"), symbol("gaba_transaminase_turnover")
            )
            - symbol("gaba_transaminase_inactivation") * symbol("gaba_transaminase"),
            "sensitivity_gaba": relaxation(
                inhibition(symbol("gaba_relative"), symbol("adaptation_gaba"), sympy.Integer(1)),
                symbol("sensitivity_gaba"),
                1 / symbol("adaptation_time_gaba"),
            ),
        },
        provides=(
            "glutamate_relative",
            "glutamate_tone",
            "gaba_relative",
            "gaba_tone",
            "excitation_inhibition",
        ),
        feasibility=(
            Feasibility(
                symbol("gaba_synthesis_flux") - symbol("gaba_glial_flux"),
                "synthesis of GABA exceeds its uptake by glia",
            ),
            Feasibility(
                symbol("gaba_release_flux") - symbol("gaba_glial_flux"),
                "release of GABA exceeds its uptake by glia",
            ),
        ),
    )


_LEVELS = (
    ("glutamate_neuron", 8000.0, "glutamate in neurons", _GLUTAMATE, 0.15),
    ("glutamate_vesicle", 1500.0, "glutamate in vesicles", _STORE, 0.15),
    ("glutamate_extracellular", 1.0, "glutamate outside cells", _OUTSIDE_GLU, 0.2),
    ("glutamine", 4000.0, "glutamine", _GLUTAMINE, 0.15),
    ("glutamate_gaba_neuron", 1000.0, "glutamate in GABA neurons", _GLUTAMATE, 0.15),
    ("gaba_cytosol", 900.0, "GABA in cytosol", _ROTHMAN, 0.15),
    ("gaba_vesicle", 200.0, "GABA in vesicles", _ROTHMAN, 0.15),
    ("gaba_extracellular", 0.1, "GABA outside cells", _OUTSIDE_GABA, 0.2),
)


def _species() -> tuple[Species, ...]:
    one = sympy.Integer(1)
    return (
        *(
            Species(name, symbol(f"{name}_baseline"), "uM", meaning, value)
            for name, value, meaning, _, _ in _LEVELS
        ),
        Species("gaba_transaminase", one, "1", "enzyme relative to rest"),
        Species("sensitivity_gaba", one, "1", "GABA-A receptors relative to rest"),
    )


def _rest() -> tuple[Parameter, ...]:
    return (
        *(
            Parameter(f"{name}_baseline", value, "uM", f"{meaning} at rest", source, spread)
            for name, value, meaning, source, spread in _LEVELS
        ),
        Parameter("glutamate_flux", 16_000.0, "uM/h", "cycle at rest", _CYCLE, 0.15),
        Parameter("gaba_synthesis_flux", 1200.0, "uM/h", "synthesis at rest", _SYNTHESIS, 0.2),
        Parameter("gaba_release_flux", 3000.0, "uM/h", "release at rest", _STORE, 0.2),
        Parameter("gaba_glial_flux", 100.0, "uM/h", "uptake by glia at rest", _STORE, 0.2),
    )


def _kinetics() -> tuple[Parameter, ...]:
    return (
        Parameter("glutaminase_k_m", 2000.0, "uM", "for glutamine", _GLUTAMINASE),
        Parameter("eaat_k_m", 20.0, "uM", "of glutamate uptake", _EAAT),
        Parameter("gad_k_m", 500.0, "uM", "of GAD for glutamate", _GAD),
        Parameter("gat1_k_m", 2.5, "uM", "of neuronal uptake", _GAT1),
        Parameter("gat3_k_m", 5.0, "uM", "of glial uptake", _GAT3),
        Parameter("glutamine_exchange", 1.0, "1/h", "with blood", _GLUTAMINE),
        Parameter("gaba_neuron_exchange", 1.0, "1/h", "with metabolism", _GLUTAMATE),
        Parameter("gaba_transaminase_turnover", 0.0096, "1/h", "of the enzyme", _TURNOVER, 0.2),
        Parameter("gad_feedback", 0.2, "1", "GABA on GAD", _PETROFF),
        Parameter("glutaminase_feedback", 0.5, "1", "glutamate on glutaminase", _FULL),
        Parameter("glutamate_store_feedback", 1.0, "1", "full vesicles on packing", _FULL),
        Parameter("glutamate_feedback", 0.3, "1", "autoreceptors on glutamate", _SHAPE),
        Parameter("gaba_feedback", 0.3, "1", "autoreceptors on GABA", _SHAPE),
        Parameter("glutamate_half_saturation", 5.0, "1", "postsynaptic", _SHAPE),
        Parameter("gaba_half_saturation", 2.0, "1", "postsynaptic", _SHAPE),
        Parameter("quinolinic_gain", 0.1, "1", "quinolinic acid on NMDA tone", _QUIN),
        Parameter("adaptation_gaba", 0.3, "1", "loss of GABA-A sensitivity", _SHAPE),
        Parameter("adaptation_time_gaba", 168.0, "h", "time constant", _SLOW, 0.3),
    )


def _ports() -> tuple[Port, ...]:
    return (
        Port("glutamate_drive", "1", "of other transmitters on release", 1.0),
        Port("gaba_drive", "1", "of other transmitters on release", 1.0),
        Port("afferent_firing_glutamate", "1", "drive of glutamate cells", 1.0),
        Port("afferent_firing_gaba", "1", "drive of GABA cells", 1.0),
        Port("quinolinic_relative", "1", "quinolinic acid in brain relative to rest", 1.0),
        Port("gad_cofactor", "1", "pyridoxal phosphate at GAD, relative to rest", 1.0),
        Port("gad_capacity", "1", "GAD relative to rest", 1.0),
        Port("glutamine_supply", "1", "glutamine of blood relative to rest", 1.0),
        Port("gat1_occupancy", "1", "share of GAT-1 that is blocked", 0.0, FRACTION),
        Port("gaba_transaminase_inactivation", "1/h", "irreversible, as by vigabatrin", 0.0),
        Port("gaba_a_modulation", "1", "of GABA-A receptors, 1 without", 1.0, POSITIVE),
        Port("gaba_a_potentiation", "1", "of its currents but by drugs, 1 without", 1.0, POSITIVE),
        Port("antagonist_nmda", "1", "share of NMDA receptors blocked", 0.0, FRACTION),
        Port("nmda_current_loss", "1", "share of their current lost but by drugs", 0.0, FRACTION),
        Port("glutamate_release_inhibition", "1", "as by gabapentinoids", 0.0, FRACTION),
    )


def _capacities() -> tuple[Derived, ...]:
    def level(name: str) -> sympy.Symbol:
        return symbol(f"{name}_baseline")

    cycle, made, released, glial = (
        symbol(f"{flux}_flux")
        for flux in ("glutamate", "gaba_synthesis", "gaba_release", "gaba_glial")
    )
    glutaminase = michaelis_menten(level("glutamine"), symbol("glutaminase_k_m"))
    eaat = michaelis_menten(level("glutamate_extracellular"), symbol("eaat_k_m"))
    gad = michaelis_menten(level("glutamate_gaba_neuron"), symbol("gad_k_m"))
    gat1 = michaelis_menten(level("gaba_extracellular"), symbol("gat1_k_m"))
    gat3 = michaelis_menten(level("gaba_extracellular"), symbol("gat3_k_m"))
    cytosol = level("gaba_cytosol")
    total = cytosol + level("gaba_vesicle")
    return (
        Derived("eaat_v_max", cycle / eaat, "uM/h", "capacity of glutamate uptake"),
        Derived("glutaminase_v_max", cycle / glutaminase, "uM/h", "capacity in neurons"),
        Derived("glutamate_packing", cycle / level("glutamate_neuron"), "1/h", "into vesicles"),
        Derived("glutamate_release_rate", cycle / level("glutamate_vesicle"), "1/h", "per store"),
        Derived("gaba_glutaminase_v_max", made / glutaminase, "uM/h", "in GABA neurons"),
        Derived("gad_v_max", made / gad, "uM/h", "capacity of GAD"),
        Derived("gaba_packing", released / cytosol, "1/h", "into vesicles"),
        Derived("gaba_release_rate", released / level("gaba_vesicle"), "1/h", "per store"),
        Derived("gat1_v_max", (released - glial) / gat1, "uM/h", "neuronal uptake"),
        Derived("gat3_v_max", glial / gat3, "uM/h", "glial uptake"),
        Derived("gaba_transaminase_rate", (made - glial) / cytosol, "1/h", "breakdown"),
        Derived("gaba_total_baseline", total, "uM", "GABA in cytosol and vesicles at rest"),
    )


def _rules() -> dict[str, Rule]:
    gaba, glutamate = symbol("gaba_relative"), symbol("glutamate_relative")
    one = sympy.Integer(1)
    quinolinic = 1 + symbol("quinolinic_gain") * (symbol("quinolinic_relative") - 1)
    total = symbol("gaba_cytosol") + symbol("gaba_vesicle")
    brake = inhibition(
        symbol("gaba_total") / symbol("gaba_total_baseline"),
        symbol("gad_feedback"),
        symbol("gad_steepness"),
    )
    return {
        "glutamate_relative": Rule(
            symbol("glutamate_extracellular") / symbol("glutamate_extracellular_baseline"),
            "1",
            "extracellular glutamate relative to rest",
        ),
        "gaba_relative": Rule(
            symbol("gaba_extracellular") / symbol("gaba_extracellular_baseline"),
            "1",
            "extracellular GABA relative to rest",
        ),
        "gaba_total": Rule(total, "uM", "GABA in cytosol and vesicles, as spectroscopy sees it"),
        "glutamate_tone": Rule(
            activation(glutamate, symbol("glutamate_half_saturation"))
            * quinolinic
            * (1 - symbol("antagonist_nmda"))
            * (1 - symbol("nmda_current_loss")),
            "1",
            "excitatory tone relative to rest",
        ),
        "gaba_tone": Rule(
            symbol("sensitivity_gaba")
            * activation(gaba, symbol("gaba_half_saturation"))
            * symbol("gaba_a_modulation")
            * symbol("gaba_a_potentiation"),
            "1",
            "inhibitory tone relative to rest",
        ),
        "excitation_inhibition": Rule(
            symbol("glutamate_tone") / symbol("gaba_tone"), "1", "excitation over inhibition"
        ),
        "glutamate_release": Rule(
            symbol("glutamate_release_rate")
            * symbol("afferent_firing_glutamate")
            * symbol("glutamate_drive")
            * (1 - symbol("glutamate_release_inhibition"))
            * inhibition(glutamate, symbol("glutamate_feedback"), one)
            * symbol("glutamate_vesicle"),
            "uM/h",
            "release of glutamate",
        ),
        "gaba_release": Rule(
            symbol("gaba_release_rate")
            * symbol("afferent_firing_gaba")
            * symbol("gaba_drive")
            * inhibition(gaba, symbol("gaba_feedback"), one)
            * symbol("gaba_vesicle"),
            "uM/h",
            "release of GABA",
        ),
        "glutamate_uptake": Rule(
            symbol("eaat_v_max")
            * michaelis_menten(symbol("glutamate_extracellular"), symbol("eaat_k_m")),
            "uM/h",
            "uptake by glia",
        ),
        "gaba_neuronal_uptake": Rule(
            symbol("gat1_v_max")
            * (1 - symbol("gat1_occupancy"))
            * michaelis_menten(symbol("gaba_extracellular"), symbol("gat1_k_m")),
            "uM/h",
            "uptake by neurons",
        ),
        "gaba_glial_uptake": Rule(
            symbol("gat3_v_max")
            * michaelis_menten(symbol("gaba_extracellular"), symbol("gat3_k_m")),
            "uM/h",
            "uptake by glia",
        ),
        "gaba_synthesis": Rule(
            symbol("gad_v_max")
            * symbol("gad_cofactor")
            * symbol("gad_capacity")
            * michaelis_menten(symbol("glutamate_gaba_neuron"), symbol("gad_k_m"))
            * brake,
            "uM/h",
            "decarboxylation of glutamate",
        ),
        "gaba_breakdown": Rule(
            symbol("gaba_transaminase_rate") * symbol("gaba_transaminase") * symbol("gaba_cytosol"),
            "uM/h",
            "transamination",
        ),
        "glutamine_saturation": Rule(
            michaelis_menten(symbol("glutamine"), symbol("glutaminase_k_m")), "1", "of glutaminase"
        ),
    }


def _reactions() -> tuple[Reaction, ...]:
    saturation, steepness = symbol("glutamine_saturation"), symbol("glutamate_store_steepness")
    full = {
        place: inhibition(
            symbol(f"glutamate_{place}") / symbol(f"glutamate_{place}_baseline"),
            symbol(strength),
            steepness,
        )
        for place, strength in (
            ("neuron", "glutaminase_feedback"),
            ("vesicle", "glutamate_store_feedback"),
        )
    }
    supply = symbol("glutamine_exchange") * (
        symbol("glutamine_baseline") * symbol("glutamine_supply") - symbol("glutamine")
    )
    exchange = symbol("gaba_neuron_exchange") * (
        symbol("glutamate_gaba_neuron_baseline") - symbol("glutamate_gaba_neuron")
    )
    return (
        Reaction(
            "glutaminase",
            symbol("glutaminase_v_max") * saturation * full["neuron"],
            {"glutamine": -1, "glutamate_neuron": 1},
        ),
        Reaction(
            "glutamate_packing_flux",
            symbol("glutamate_packing") * symbol("glutamate_neuron") * full["vesicle"],
            {"glutamate_neuron": -1, "glutamate_vesicle": 1},
        ),
        Reaction(
            "glutamate_release_flux",
            symbol("glutamate_release"),
            {"glutamate_vesicle": -1, "glutamate_extracellular": 1},
        ),
        Reaction(
            "glutamate_uptake_flux",
            symbol("glutamate_uptake"),
            {"glutamate_extracellular": -1, "glutamine": 1},
        ),
        Reaction("glutamine_supply_flux", supply, {"glutamine": 1}),
        Reaction(
            "gaba_neuron_glutaminase",
            symbol("gaba_glutaminase_v_max") * saturation,
            {"glutamine": -1, "glutamate_gaba_neuron": 1},
        ),
        Reaction("gaba_neuron_exchange_flux", exchange, {"glutamate_gaba_neuron": 1}),
        Reaction(
            "decarboxylation",
            symbol("gaba_synthesis"),
            {"glutamate_gaba_neuron": -1, "gaba_cytosol": 1},
        ),
        Reaction(
            "gaba_packing_flux",
            symbol("gaba_packing") * symbol("gaba_cytosol"),
            {"gaba_cytosol": -1, "gaba_vesicle": 1},
        ),
        Reaction(
            "gaba_release_step",
            symbol("gaba_release"),
            {"gaba_vesicle": -1, "gaba_extracellular": 1},
        ),
        Reaction(
            "gaba_reuptake",
            symbol("gaba_neuronal_uptake"),
            {"gaba_extracellular": -1, "gaba_cytosol": 1},
        ),
        Reaction(
            "gaba_glial_step",
            symbol("gaba_glial_uptake"),
            {"gaba_extracellular": -1, "glutamine": 1},
        ),
        Reaction("transamination", symbol("gaba_breakdown"), {"gaba_cytosol": -1, "glutamine": 1}),
    )
