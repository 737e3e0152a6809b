"""Dopamine: terminals with synthesis from tyrosine, D2 control, reuptake and three metabolites.

After Best, Nijhout and Reed 2009, with fluxes solved from set points, so each patient starts at
rest. One declaration serves two regions: nigrostriatal terminals, and mesolimbic ones under other
names. States of the cell stand for a surviving terminal; release, uptake and metabolites scale with
the share of terminals that survive. Units are µM and hours.

Every between-patient spread (``sd_log``) in this file is assumed; those of cytosolic dopamine and
its oxidation are small enough for the ratio of HVA to 5-HIAA in spinal fluid (CV 0.25).
"""

from typing import Literal

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
    with_numbers,
    with_suffix,
)
from cohort.model.rate_laws import (
    activation,
    autoreceptor_view,
    half_inhibition,
    inhibition,
    michaelis_menten,
    receptor_view,
    relaxation,
)
from kernels import symbol

__all__ = ["SHARED_PORTS", "Metabolites", "dopamine", "mesolimbic_dopamine"]

Metabolites = Literal["separate", "lumped", "none"]
"""``separate``: DOPAC, 3-MT and HVA are states; ``lumped``: HVA alone; ``none``: no metabolite."""

SHARED_PORTS = (
    "tyr_brain",
    "tyr_brain_baseline",
    "bh4",
    "tnf",
    "mao_a_activity",
    "mao_b_activity",
    "hydroxylase_cofactor",
    "aadc_cofactor",
    "comt_cofactor",
    "dopamine_drive",
    "afferent_firing_dopamine",
    "th_capacity",
    "dat_capacity",
    "th_inhibition",
    "aadc_inhibition",
    "vmat_inhibition",
    "comt_inhibition",
    "dat_occupancy",
    "antagonist_d2",
    "antagonist_dopamine",
    "receptor_loss_dopamine",
    "agonist_d2",
    "agonist_dopamine",
    "levodopa_influx",
    "dopamine_reverse_transport",
)
"""What all dopamine terminals read alike."""

_BEST_2009 = Source("Best, Nijhout, Reed 2009, Theor Biol Med Model 6:21, model file", "read")
_REST_2009 = Source("steady state of Best 2009, re-computed", "computed")
_BLENNOW = Source("Blennow 1993, lumbar CSF of 114 healthy adults, 253 (109) nM", "read")
_BOUNDED = Source(
    "Best 2009 would let it reach 5 x; D2 blockers raise HVA to 2 x, recalled", "assumed"
)
_TISSUE = Source("20 x lumbar CSF, by choice", "design")
_POOL = Source("a few uM at most in human putamen, recalled; to be verified", "assumed")
_ROUTE = Source("nearly all DOPAC ends as HVA in man, recalled; to be verified", "assumed")
_DOPAC = Source("COMT blocked in rat brain: DOPAC 1.5 x, HVA 0.3 x, Tornwall 1994", "computed")
_MAO = Source("MAO-A in terminals, B in glia; 0.8 and 0.2 by choice", "design")
_GLIAL = Source("MAO-B is the larger part in human striatum, recalled", "assumed")
_FLOW = Source("time constants of 2 and 5 h, as 5-HIAA", "design")
_FIRING = Source("activity of TH follows firing through calcium; size by choice", "design")
_SHAPE = Source("chosen by hand on the response to DAT inhibitors and D2 antagonists", "design")
_SLOW = Source("days to weeks, by choice", "design")
_COUPLING = Source("weak guess without data behind it", "design")
_EXTRACELLULAR = Source("Best 2009: 2.02 nM, also the set point of its autoreceptor", "computed")
_YIELD = Source("10 * 2.65 + 30 * 0.002 / 3.002 + 400 * 0.002 uM/h of the reference", "computed")
_ACCUMBENS = Source(
    "DAT capacity of ventral over dorsal striatum 1.55 : 4.25 uM/s, Ejdrup 2025", "read"
)
_SURVIVING = Bounds(0.0, 1.0, True)


def dopamine(metabolites: Metabolites = "separate") -> Submodel:
    r"""Return the submodel of nigrostriatal dopamine terminals.

    Parameters
    ----------
    metabolites
        Which metabolites are states. Without DOPAC and 3-MT no inhibitor of COMT can be shown.

    Returns
    -------
    Submodel with the states ``dopa_dopamine`` (levodopa made in the terminal),
    ``dopamine_cytosol``, ``dopamine_vesicle``, ``dopamine_extracellular``, ``dopac_brain``,
    ``methoxytyramine_brain``, ``hva_brain``, ``hva_csf`` [uM], ``sensitivity_d2``,
    ``dat_density``, ``sensitivity_dopamine`` [1, relative to rest].

    Notes
    -----
    With *w* brain tyrosine, *b* BH4, *c* cytosolic dopamine, *x* the extracellular level relative
    to rest, *e* what the D2 autoreceptor reads, *q* the strength of its feedback, *f* the surviving
    share of terminals:

    .. math::

        TH &\propto (1 + g(F-1))\Big(0.5 + 0.5\frac{1 + q}{1 + q e^4}\Big)\frac{1}{1 + w/160}\,
              \frac{w b}{w b + 46 b + 46 \cdot 60\,(1 + c/110)} \\
        D_e' &= f R + R_{5HT} - f U - V_C\,\frac{D_e}{3 + D_e} - k_X D_e, \qquad R = k_R F D_v \\
        F &= d\,I(e, 0.5, 1), \qquad U = V\,D\,(1 - u)\,\frac{D_e}{0.2 + D_e}

    Cytosolic and glial oxidation (MAO) make DOPAC, methylation outside (COMT) makes 3-MT; DOPAC
    needs COMT and 3-MT needs MAO to become HVA, so HVA needs both enzymes. Extracellular dopamine
    barely moves with *f* (release and uptake vanish together); the motor drive is therefore

    .. math:: M = (1 - o)\,\frac{f R + R_{5HT}}{R_0} + a g

    innervated release, with what serotonin terminals release under levodopa, as far as an
    antagonist *o* lets it be received, and an agonist *g* in half saturations *a*, which needs no
    terminal. Postsynaptic tone reads *x* the same way, :math:`(1 - o)\,x + a g`, and saturates.
    The autoreceptor reads :math:`e = (1-o)(1+s(x-1)) + s a g` at sensitivity *s*; its half
    saturation is that of its law for firing. Postsynaptic occupancy is in quasi-steady state;
    sensitivities of receptors are states; transmitter and agonist alike wear them down, and no
    antagonist keeps them from it. Left out: D1 and D2 apart, phasic release, diffusion between
    regions.

    References
    ----------
    Best, Nijhout, Reed 2009, Theor Biol Med Model 6:21.

    Examples
    --------
    >>> from cohort.model import assemble
    >>> model = assemble("brain", [dopamine()])
    >>> float(model.solved({}, n_lane=1)["dat_v_max"][0].round(2))
    8098.18
    """
    has_hva = metabolites != "none"
    return Submodel(
        name="dopamine",
        species=_species(metabolites),
        parameters=(*_rest(), *_kinetics(), *_pools(metabolites), *_regulation()),
        constants=_exponents(),
        derived=(*_capacities(), *_metabolite_capacities(metabolites)),
        ports=_ports(has_hva=has_hva),
        reactions=(*_terminal(), *_oxidation(metabolites)),
        rates=_slow_states(),
        rules=_rules(has_hva=has_hva),
        provides=(
            "dopamine_relative",
            "dopamine_tone",
            "dopamine_firing",
            "motor_drive",
            *(("hva_brain_level", "hva_brain_level_rest") if has_hva else ()),
        ),
        feasibility=(
            Feasibility(
                symbol("dopamine_release_flux") - symbol("dopamine_escape_rest"),
                "release of dopamine exceeds its extracellular loss",
            ),
        ),
    )


def mesolimbic_dopamine() -> Submodel:
    """Return the submodel of mesolimbic dopamine terminals, beside the nigrostriatal ones.

    Returns
    -------
    The equations of `dopamine`, without metabolites, on names that end in ``_mesolimbic``.

    Notes
    -----
    Ventral terminals hold about a third of the transporter, so uptake inhibitors and release raise
    their dopamine more. Their metabolites are not added to lumbar CSF, which the far larger dorsal
    striatum feeds. The share of terminals that survive is their own: they outlive nigral ones.

    Examples
    --------
    >>> "dopamine_extracellular_mesolimbic" in [s.name for s in mesolimbic_dopamine().species]
    True
    """
    ventral = {"dopamine_release_flux": 81.0 * 1.55 / 4.25}
    return with_suffix(
        with_numbers(dopamine("none"), ventral, _ACCUMBENS), "mesolimbic", SHARED_PORTS
    )


def _species(metabolites: Metabolites) -> tuple[Species, ...]:
    one = sympy.Integer(1)
    resting_csf = symbol("hva_csf_per_brain") * symbol("hva_brain_rest") * symbol("csf_factor")
    intermediates = (
        Species("dopac_brain", symbol("dopac_baseline"), "uM", "DOPAC in brain", 1.5),
        Species(
            "methoxytyramine_brain",
            symbol("methoxytyramine_baseline"),
            "uM",
            "3-methoxytyramine in brain",
            0.05,
        ),
    )
    end = (
        Species("hva_brain", symbol("hva_brain_rest"), "uM", "HVA in brain tissue", 5.0),
        Species("hva_csf", resting_csf, "uM", "HVA in lumbar CSF", 0.253),
    )
    return (
        Species(
            "dopa_dopamine", symbol("dopa_dopamine_baseline"), "uM", "levodopa in terminals", 0.36
        ),
        Species("dopamine_cytosol", symbol("dopamine_cytosol_baseline"), "uM", "in cytosol", 2.65),
        Species("dopamine_vesicle", symbol("dopamine_vesicle_baseline"), "uM", "in vesicles", 81.0),
        Species(
            "dopamine_extracellular",
            symbol("dopamine_extracellular_baseline"),
            "uM",
            "outside the cell",
            0.002,
        ),
        *(intermediates if metabolites == "separate" else ()),
        *(end if metabolites != "none" else ()),
        Species("sensitivity_d2", one, "1", "D2 autoreceptor, relative to rest"),
        Species("dat_density", one, "1", "transporter at the surface, relative to rest"),
        Species("sensitivity_dopamine", one, "1", "postsynaptic receptors, relative to rest"),
    )


def _rest() -> tuple[Parameter, ...]:
    return (
        Parameter("dopa_dopamine_baseline", 0.36, "uM", "levodopa at rest", _REST_2009),
        Parameter("dopamine_cytosol_baseline", 2.65, "uM", "cytosolic at rest", _REST_2009, 0.15),
        Parameter("dopamine_vesicle_baseline", 81.0, "uM", "vesicular at rest", _REST_2009, 0.25),
        Parameter("dopamine_extracellular_baseline", 0.002, "uM", "at rest", _EXTRACELLULAR, 0.25),
        Parameter("dopamine_release_flux", 81.0, "uM/h", "release at rest", _REST_2009, 0.3),
    )


def _kinetics() -> tuple[Parameter, ...]:
    return (
        Parameter("th_k_m_tyr", 46.0, "uM", "Michaelis constant of TH for Tyr", _BEST_2009),
        Parameter("th_k_i_tyr", 160.0, "uM", "substrate inhibition of TH", _BEST_2009),
        Parameter("th_k_m_bh4", 60.0, "uM", "of TH for BH4", _BEST_2009),
        Parameter("bh4_terminal", 319.0, "uM", "BH4 in terminals at rest", _REST_2009),
        Parameter("th_k_i_dopamine", 110.0, "uM", "end-product inhibition of TH", _BEST_2009),
        Parameter("dopa_k_m", 130.0, "uM", "Michaelis constant of AADC for DOPA", _BEST_2009),
        Parameter("dopamine_vmat_k_m", 3.0, "uM", "of VMAT2 for dopamine", _BEST_2009),
        Parameter("dopamine_vesicle_leak", 40.0, "1/h", "vesicle to cytosol", _BEST_2009),
        Parameter("dat_k_m", 0.2, "uM", "of the transporter", _BEST_2009),
        Parameter("dopamine_mao_rate", 10.0, "1/h", "oxidation in cytosol", _BEST_2009, 0.1),
        Parameter("comt_v_max", 30.0, "uM/h", "methylation outside", _BEST_2009),
        Parameter("comt_k_m", 3.0, "uM", "of COMT; human membrane-bound 3.3", _BEST_2009),
        Parameter("dopamine_loss_rate", 400.0, "1/h", "diffusion and glial uptake", _BEST_2009),
        Parameter("mao_a_share", 0.8, "1", "of MAO-A in cytosolic oxidation", _MAO, 0.0, FRACTION),
    )


def _pools(metabolites: Metabolites) -> tuple[Parameter, ...]:
    if metabolites == "none":
        return ()
    end = (
        Parameter("hva_brain_baseline", 5.0, "uM", "brain HVA of the reference", _TISSUE),
        Parameter("hva_csf_baseline", 0.253, "uM", "CSF HVA of the reference", _BLENNOW),
        Parameter("hva_yield_reference", 27.31998667554963, "uM/h", "its HVA production", _YIELD),
        Parameter("hva_brain_clearance", 0.5, "1/h", "brain HVA into CSF and blood", _FLOW),
        Parameter("hva_csf_clearance", 0.2, "1/h", "HVA out of lumbar CSF", _FLOW),
    )
    if metabolites == "lumped":
        return (
            *end,
            Parameter(
                "hva_without_mao",
                0.5,
                "1",
                "share of what is lost outside that becomes HVA without MAO-A",
                _ROUTE,
                0.0,
                FRACTION,
            ),
        )
    return (
        *end,
        Parameter("dopac_baseline", 1.5, "uM", "brain DOPAC at rest", _POOL),
        Parameter("methoxytyramine_baseline", 0.05, "uM", "brain 3-MT at rest", _POOL),
        Parameter(
            "dopac_methylated",
            0.4,
            "1",
            "share of DOPAC that COMT turns to HVA",
            _DOPAC,
            0.0,
            FRACTION,
        ),
        Parameter(
            "methoxytyramine_oxidized",
            0.95,
            "1",
            "share of 3-MT that MAO turns to HVA",
            _ROUTE,
            0.0,
            FRACTION,
        ),
        Parameter(
            "glial_mao_a_share",
            0.3,
            "1",
            "of MAO-A in oxidation outside terminals",
            _GLIAL,
            0.0,
            FRACTION,
        ),
    )


def _regulation() -> tuple[Parameter, ...]:
    return (
        Parameter("th_floor", 0.5, "1", "TH under full autoreceptor brake", _BEST_2009),
        Parameter("th_feedback", 1.5, "1", "D2 autoreceptor on TH", _BOUNDED),
        Parameter("th_firing_gain", 0.8, "1", "firing on TH", _FIRING, 0.0, FRACTION),
        Parameter("firing_feedback_d2", 0.5, "1", "D2 autoreceptor on firing", _SHAPE),
        Parameter("adaptation_d2", 1.0, "1", "loss of D2 autoreceptor sensitivity", _SHAPE),
        Parameter("adaptation_dopamine", 0.3, "1", "loss of postsynaptic one", _SHAPE),
        Parameter("dopamine_half_saturation", 2.0, "1", "postsynaptic, resting levels", _SHAPE),
        Parameter("dat_tnf_gain", 0.05, "1", "density gained per level of TNF", _COUPLING),
        Parameter("adaptation_time_d2", 240.0, "h", "time constant", _SLOW, 0.3),
        Parameter("adaptation_time_dopamine", 240.0, "h", "time constant", _SLOW, 0.3),
        Parameter("dat_turnover_time", 72.0, "h", "time constant of trafficking", _SLOW, 0.2),
    )


def _exponents() -> tuple[Constant, ...]:
    return (
        Constant("th_steepness", 4.0, "1", "steepness of D2 on TH", _BEST_2009),
        Constant("firing_steepness_d2", 1.0, "1", "steepness of D2 on firing", _SHAPE),
        Constant("dat_density_power", 0.1, "1", "density follows its substrate", _COUPLING),
    )


def _ports(*, has_hva: bool) -> tuple[Port, ...]:
    end = (
        Port("csf_factor", "1", "divides CSF clearance of metabolites", 1.0, POSITIVE),
        Port("dopamine_foreign_oxidation", "uM/h", "in serotonin terminals", 0.0),
    )
    return (
        *(end if has_hva else ()),
        Port("tyr_brain", "uM", "tyrosine in brain", 126.0, POSITIVE),
        Port("tyr_brain_baseline", "uM", "the same at rest", 126.0, POSITIVE),
        Port("bh4", "1", "tetrahydrobiopterin relative to rest", 1.0, POSITIVE),
        Port("tnf", "1", "tumor necrosis factor relative to rest", 1.0),
        Port("mao_a_activity", "1", "working MAO-A relative to rest", 1.0),
        Port("mao_b_activity", "1", "working MAO-B relative to rest", 1.0),
        Port("hydroxylase_cofactor", "1", "iron at its hydroxylase, relative to rest", 1.0),
        Port("aadc_cofactor", "1", "pyridoxal phosphate at AADC, relative to rest", 1.0),
        Port("comt_cofactor", "1", "S-adenosylmethionine at COMT, relative to rest", 1.0),
        Port("dopamine_drive", "1", "of other transmitters on firing", 1.0),
        Port("afferent_firing_dopamine", "1", "drive of dopamine cells", 1.0),
        Port("dopamine_terminals", "1", "share that survives", 1.0, _SURVIVING),
        Port("th_capacity", "1", "tyrosine hydroxylase relative to rest", 1.0),
        Port("dat_capacity", "1", "transporter relative to rest", 1.0),
        Port("th_inhibition", "1", "share of TH that is blocked", 0.0, FRACTION),
        Port("aadc_inhibition", "1", "share of AADC that is blocked", 0.0, FRACTION),
        Port("vmat_inhibition", "1", "share of VMAT2 that is blocked", 0.0, FRACTION),
        Port("comt_inhibition", "1", "share of COMT that is blocked", 0.0, FRACTION),
        Port("dat_occupancy", "1", "share of the transporter that is blocked", 0.0, FRACTION),
        Port("antagonist_d2", "1", "share of D2 autoreceptors blocked", 0.0, FRACTION),
        Port("antagonist_dopamine", "1", "share of postsynaptic ones blocked", 0.0, FRACTION),
        Port("receptor_loss_dopamine", "1", "share of them gone from the membrane", 0.0, FRACTION),
        Port(
            "agonist_d2",
            "1",
            "agonist at D2 autoreceptors, in half saturations",
            0.0,
            NOT_NEGATIVE,
        ),
        Port(
            "agonist_dopamine",
            "1",
            "agonist at postsynaptic ones, in half saturations",
            0.0,
            NOT_NEGATIVE,
        ),
        Port("levodopa_influx", "uM/h", "levodopa from blood into terminals", 0.0),
        Port("dopamine_reverse_transport", "1/h", "cytosol to outside, as by amphetamine", 0.0),
        Port("dopamine_foreign_release", "uM/h", "from serotonin terminals", 0.0),
    )


def _outside(name: str) -> sympy.Expr:
    """Flux that leaves extracellular dopamine at its baseline, by COMT or by diffusion."""
    level = symbol("dopamine_extracellular_baseline")
    if name == "methylation":
        return symbol("comt_v_max") * michaelis_menten(level, symbol("comt_k_m"))
    return symbol("dopamine_loss_rate") * level


def _hydroxylation(tyr: sympy.Expr, bh4: sympy.Expr, product: sympy.Expr) -> sympy.Expr:
    """Saturation of tyrosine hydroxylase: substrate inhibition, BH4, end product [1]."""
    k_tyr, k_bh4 = symbol("th_k_m_tyr"), symbol("th_k_m_bh4")
    cofactor = k_tyr * k_bh4 * (1 + product / symbol("th_k_i_dopamine"))
    return tyr * bh4 / ((1 + tyr / symbol("th_k_i_tyr")) * (tyr * bh4 + k_tyr * bh4 + cofactor))


def _capacities() -> tuple[Derived, ...]:
    release = symbol("dopamine_release_flux")
    cytosol, vesicle = symbol("dopamine_cytosol_baseline"), symbol("dopamine_vesicle_baseline")
    escape = _outside("methylation") + _outside("diffusion")
    synthesis = symbol("dopamine_mao_rate") * cytosol + escape
    th = _hydroxylation(symbol("tyr_brain_baseline"), symbol("bh4_terminal"), cytosol)
    aadc = michaelis_menten(symbol("dopa_dopamine_baseline"), symbol("dopa_k_m"))
    vmat = michaelis_menten(cytosol, symbol("dopamine_vmat_k_m"))
    dat = michaelis_menten(symbol("dopamine_extracellular_baseline"), symbol("dat_k_m"))
    packed = release + symbol("dopamine_vesicle_leak") * vesicle
    return (
        Derived("dopamine_escape_rest", escape, "uM/h", "extracellular loss at rest"),
        Derived("dopamine_synthesis_flux", synthesis, "uM/h", "synthesis at rest"),
        Derived("th_v_max", synthesis / th, "uM/h", "capacity of TH at rest"),
        Derived("dopa_v_max", synthesis / aadc, "uM/h", "capacity of AADC"),
        Derived("dopamine_vmat_v_max", packed / vmat, "uM/h", "capacity of VMAT2"),
        Derived("dat_v_max", (release - escape) / dat, "uM/h", "capacity of the transporter"),
        Derived("dopamine_release_rate", release / vesicle, "1/h", "release per store"),
        Derived(
            "half_saturation_d2",
            half_inhibition(symbol("firing_feedback_d2"), symbol("firing_steepness_d2")),
            "1",
            "of D2 autoreceptors, in resting levels",
        ),
    )


def _metabolite_capacities(metabolites: Metabolites) -> tuple[Derived, ...]:
    if metabolites == "none":
        return ()
    oxidized = symbol("dopamine_mao_rate") * symbol("dopamine_cytosol_baseline")
    per = symbol("hva_brain_baseline") / symbol("hva_yield_reference")
    csf = symbol("hva_csf_baseline") / symbol("hva_brain_baseline")
    common = (
        Derived("hva_time", per, "h", "brain HVA per production"),
        Derived(
            "hva_brain_rest",
            per * (oxidized + _outside("methylation") + _outside("diffusion")),
            "uM",
            "brain HVA at rest",
        ),
        Derived("hva_csf_per_brain", csf, "1", "CSF over brain in the reference"),
        Derived(
            "hva_brain_level_rest",
            symbol("hva_brain_rest") / symbol("hva_brain_baseline"),
            "1",
            "brain HVA at rest over the reference",
        ),
    )
    if metabolites == "lumped":
        return common
    dopac = (oxidized + _outside("diffusion")) / symbol("dopac_baseline")
    methoxytyramine = _outside("methylation") / symbol("methoxytyramine_baseline")
    return (
        *common,
        Derived("dopac_rate", dopac, "1/h", "loss of DOPAC at rest"),
        Derived("methoxytyramine_rate", methoxytyramine, "1/h", "loss of 3-MT at rest"),
    )


def _agonist_tone(kind: str) -> sympy.Expr:
    """Tone that agonists stand for at autoreceptors (``d2``) or behind them (``dopamine``) [1]."""
    half = {"d2": "half_saturation_d2", "dopamine": "dopamine_half_saturation"}[kind]
    return symbol(half) * symbol(f"agonist_{kind}")


def _received(level: sympy.Expr) -> sympy.Expr:
    """Dopamine relative to rest as postsynaptic receptors read it under drugs [1]."""
    blocked, lost = symbol("antagonist_dopamine"), symbol("receptor_loss_dopamine")
    return receptor_view(
        level,
        symbol("dopamine_half_saturation"),
        blocked + lost * (1 - blocked),  # of those that are left, drugs block their share
        symbol("agonist_dopamine"),
    )


def _rules(*, has_hva: bool) -> dict[str, Rule]:
    x, share = symbol("dopamine_relative"), symbol("mao_a_share")
    view = autoreceptor_view(
        x, symbol("sensitivity_d2"), symbol("antagonist_d2"), _agonist_tone("d2")
    )
    firing = symbol("afferent_firing_dopamine") * symbol("dopamine_drive")
    brake = inhibition(
        symbol("d2_view"), symbol("firing_feedback_d2"), symbol("firing_steepness_d2")
    )
    floor, feedback = symbol("th_floor"), symbol("th_feedback")
    autoreceptor = floor + (1 - floor) * (1 + feedback) / (
        1 + feedback * symbol("d2_view") ** symbol("th_steepness")
    )
    saturation = _hydroxylation(
        symbol("tyr_brain"), symbol("bh4_terminal") * symbol("bh4"), symbol("dopamine_cytosol")
    )
    enzyme = symbol("th_v_max") * symbol("th_capacity") * symbol("hydroxylase_cofactor")
    enzyme *= 1 + symbol("th_firing_gain") * (symbol("dopamine_firing") - 1)
    level = symbol("dopamine_extracellular")
    methylation = (
        symbol("comt_v_max") * symbol("comt_cofactor") * (1 - symbol("comt_inhibition"))
    ) * michaelis_menten(level, symbol("comt_k_m"))
    oxidation = share * symbol("mao_a_activity") + (1 - share) * symbol("mao_b_activity")
    motor = symbol("dopamine_terminals") * symbol("dopamine_release")
    brain = Rule(
        symbol("hva_brain") / symbol("hva_brain_baseline"), "1", "brain HVA over the reference"
    )
    return {
        **({"hva_brain_level": brain} if has_hva else {}),
        "dopamine_relative": Rule(
            level / symbol("dopamine_extracellular_baseline"), "1", "extracellular, of rest"
        ),
        "d2_view": Rule(view, "1", "dopamine that the D2 autoreceptor reads"),
        "dopamine_tone": Rule(
            symbol("sensitivity_dopamine")
            * activation(_received(x), symbol("dopamine_half_saturation")),
            "1",
            "postsynaptic tone relative to rest",
        ),
        "dopamine_firing": Rule(firing * brake, "1", "firing of dopamine cells, of rest"),
        "dopamine_synthesis": Rule(
            enzyme * (1 - symbol("th_inhibition")) * autoreceptor * saturation,
            "uM/h",
            "hydroxylation of tyrosine in terminals",
        ),
        "dopamine_release": Rule(
            symbol("dopamine_release_rate")
            * symbol("dopamine_firing")
            * symbol("dopamine_vesicle"),
            "uM/h",
            "release of a surviving terminal",
        ),
        "dopamine_uptake": Rule(
            symbol("dat_v_max")
            * symbol("dat_capacity")
            * symbol("dat_density")
            * (1 - symbol("dat_occupancy"))
            * michaelis_menten(level, symbol("dat_k_m")),
            "uM/h",
            "uptake by a surviving terminal",
        ),
        "dopamine_oxidation": Rule(
            symbol("dopamine_mao_rate") * oxidation * symbol("dopamine_cytosol"),
            "uM/h",
            "oxidation in the cytosol of a surviving terminal",
        ),
        "dopamine_methylation": Rule(methylation, "uM/h", "methylation outside"),
        "dopamine_diffusion": Rule(
            symbol("dopamine_loss_rate") * level, "uM/h", "diffusion and glial uptake"
        ),
        "motor_drive": Rule(
            _received(
                (motor + symbol("dopamine_foreign_release")) / symbol("dopamine_release_flux")
            ),
            "1",
            "innervated release and agonist as received, relative to a healthy striatum at rest",
        ),
    }


def _terminal() -> tuple[Reaction, ...]:
    flux = {name: symbol(f"dopamine_{name}") for name in ("synthesis", "release", "uptake")}
    survive = symbol("dopamine_terminals")
    decarboxylation = (
        symbol("dopa_v_max")
        * symbol("aadc_cofactor")
        * (1 - symbol("aadc_inhibition"))
        * michaelis_menten(symbol("dopa_dopamine"), symbol("dopa_k_m"))
    )
    packing = (
        symbol("dopamine_vmat_v_max")
        * (1 - symbol("vmat_inhibition"))
        * michaelis_menten(symbol("dopamine_cytosol"), symbol("dopamine_vmat_k_m"))
    )
    inside, store, outside = (
        f"dopamine_{place}" for place in ("cytosol", "vesicle", "extracellular")
    )
    reversed_ = symbol("dopamine_reverse_transport") * symbol(inside)
    return (
        Reaction("hydroxylation", flux["synthesis"], {"dopa_dopamine": 1}),
        Reaction("levodopa_entry", symbol("levodopa_influx"), {"dopa_dopamine": 1}),
        Reaction("decarboxylation", decarboxylation, {"dopa_dopamine": -1, inside: 1}),
        Reaction("packing", packing, {inside: -1, store: 1}),
        Reaction("leak", symbol("dopamine_vesicle_leak") * symbol(store), {store: -1, inside: 1}),
        Reaction("release", flux["release"], {store: -1}),
        Reaction("arrival", survive * flux["release"], {outside: 1}),
        Reaction("foreign_arrival", symbol("dopamine_foreign_release"), {outside: 1}),
        Reaction("uptake", flux["uptake"], {inside: 1}),
        Reaction("clearance", survive * flux["uptake"], {outside: -1}),
        Reaction("reverse_exit", reversed_, {inside: -1}),
        Reaction("reverse_arrival", survive * reversed_, {outside: 1}),
        Reaction("oxidation", symbol("dopamine_oxidation"), {inside: -1}),
        Reaction("methylation", symbol("dopamine_methylation"), {outside: -1}),
        Reaction("diffusion", symbol("dopamine_diffusion"), {outside: -1}),
    )


def _oxidation(metabolites: Metabolites) -> tuple[Reaction, ...]:
    """From oxidized and methylated dopamine to brain HVA, by way of DOPAC and 3-MT or not."""
    if metabolites == "none":
        return ()
    unit = symbol("hva_brain_clearance") * symbol("hva_time")
    inside = symbol("dopamine_terminals") * symbol("dopamine_oxidation")
    inside += symbol("dopamine_foreign_oxidation")
    lost, methylated = symbol("dopamine_diffusion"), symbol("dopamine_methylation")
    if metabolites == "lumped":
        spared = symbol("hva_without_mao")
        outside = (methylated + lost) * (spared + (1 - spared) * symbol("mao_a_activity"))
        return (
            Reaction("hva_formation", unit * (inside + outside), {"hva_brain": 1}),
            *_spinal_fluid(),
        )
    share = symbol("glial_mao_a_share")
    glial_mao = share * symbol("mao_a_activity") + (1 - share) * symbol("mao_b_activity")
    comt = symbol("comt_cofactor") * (1 - symbol("comt_inhibition"))
    dopac = symbol("dopac_rate") * symbol("dopac_brain")
    methoxytyramine = symbol("methoxytyramine_rate") * symbol("methoxytyramine_brain")
    to_hva = symbol("dopac_methylated") * comt * dopac
    also_to_hva = symbol("methoxytyramine_oxidized") * glial_mao * methoxytyramine
    # normalized to 1 at rest: what leaves otherwise is no part of the yield of the reference
    at_rest = (to_hva / symbol("dopac_methylated")) + (
        also_to_hva / symbol("methoxytyramine_oxidized")
    )
    return (
        Reaction("dopac_formation", inside + lost * glial_mao, {"dopac_brain": 1}),
        Reaction("dopac_to_hva", to_hva, {"dopac_brain": -1}),
        Reaction("dopac_loss", (1 - symbol("dopac_methylated")) * dopac, {"dopac_brain": -1}),
        Reaction("methoxytyramine_formation", methylated, {"methoxytyramine_brain": 1}),
        Reaction("methoxytyramine_to_hva", also_to_hva, {"methoxytyramine_brain": -1}),
        Reaction(
            "methoxytyramine_loss",
            (1 - symbol("methoxytyramine_oxidized")) * methoxytyramine,
            {"methoxytyramine_brain": -1},
        ),
        Reaction("hva_formation", unit * at_rest, {"hva_brain": 1}),
        *_spinal_fluid(),
    )


def _spinal_fluid() -> tuple[Reaction, ...]:
    out = symbol("hva_csf_clearance")
    return (
        Reaction(
            "hva_clearance", symbol("hva_brain_clearance") * symbol("hva_brain"), {"hva_brain": -1}
        ),
        Reaction(
            "hva_into_csf", out * symbol("hva_csf_per_brain") * symbol("hva_brain"), {"hva_csf": 1}
        ),
        Reaction("hva_out_of_csf", out / symbol("csf_factor") * symbol("hva_csf"), {"hva_csf": -1}),
    )


def _slow_states() -> dict[str, sympy.Expr]:
    x, one = symbol("dopamine_relative"), sympy.Integer(1)

    def adapting(state: str, kind: str) -> sympy.Expr:
        tone = x + _agonist_tone(kind)
        target = inhibition(tone, symbol(f"adaptation_{kind}"), one)
        return relaxation(target, symbol(state), 1 / symbol(f"adaptation_time_{kind}"))

    density = (1 + symbol("dat_tnf_gain") * (symbol("tnf") - 1)) * x ** symbol("dat_density_power")
    return {
        "sensitivity_d2": adapting("sensitivity_d2", "d2"),
        "sensitivity_dopamine": adapting("sensitivity_dopamine", "dopamine"),
        "dat_density": relaxation(density, symbol("dat_density"), 1 / symbol("dat_turnover_time")),
    }
