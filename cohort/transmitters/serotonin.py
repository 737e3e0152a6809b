"""Serotonin: one region-free terminal with autoreceptors, transporter trafficking and metabolites.

Closed-form and cheap: concentrations and fluxes at rest are the parameters, every capacity is
solved from them, so each patient starts at their own rest. Units are µM and hours; all compartments
of the terminal share one reference volume, so fluxes subtract. Reads tryptophan, MAO-A, BH4, TNF
and the tones of other transmitters through ports; drugs arrive through ports too.

Every between-patient spread (``sd_log``) in this file is assumed: 0.2 to 0.35 for a capacity
reproduces the spread of metabolites in spinal fluid.
"""

import sympy

from cohort.model import (
    FRACTION,
    NOT_NEGATIVE,
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
from cohort.model.rate_laws import (
    activation,
    autoreceptor_view,
    half_inhibition,
    inhibition,
    michaelis_menten,
    relaxation,
    substrate_inhibition,
)
from kernels import symbol

__all__ = ["serotonin"]

_BEST_2010 = Source("Best, Nijhout, Reed 2010, Theor Biol Med Model 7:34, model code", "read")
_BEST_2020 = Source("Best et al. 2020, BMC Neurosci 21:40, authors' code", "read")
_FLUX_2020 = Source("Best et al. 2020, synthesis 3.99 uM/h re-computed from their code", "computed")
_BH4 = Source("Best et al. 2020: K 20 uM over 0.90 uM of BH4 at rest", "computed")
_BLENNOW = Source("Blennow 1993, lumbar CSF of 114 healthy adults, 125 (54) nM", "read")
_LEVEL = Source("microdialysis levels of a few nM, recalled; to be verified", "assumed")
_STORE = Source("vesicular store of one hour of release, by choice", "design")
_CYTOSOL = Source("of the size of the Michaelis constant of VMAT2, by choice", "design")
_TISSUE = Source("between 1.6 (Best 2020) and 5.2 uM (Best 2010), by choice", "design")
_FLOW = Source("2 and 5 h: 5-HIAA after depletion of tryptophan, Carpenter and Williams", "design")
_YIELD = Source("4 - 0.2 + 0.8 * 0.2 uM/h of the reference patient", "computed")
_LOSS = Source("5 % of synthesis, as in Best 2010 (5.5 %); keeps SSRIs effective", "design")
_SHAPE = Source("chosen by hand on the response to SSRIs and 1A/1B antagonists", "design")
_FADING = Source("tone stays up for weeks: MHPG falls for weeks, Sheline 1997", "design")
_SLOW = Source("days to weeks, chosen by hand on the course under a chronic SSRI", "design")
_COUPLING = Source("weak guess without data behind it", "design")
_OXIDIZED = Source("share of escaping serotonin that ends as 5-HIAA; guess", "assumed")


def serotonin() -> Submodel:
    r"""Return the submodel of serotonin.

    Returns
    -------
    Submodel with the states ``htp``, ``serotonin_cytosol``, ``serotonin_vesicle``,
    ``serotonin_extracellular``, ``hiaa_brain``, ``hiaa_csf`` [uM] and ``sensitivity_1a``,
    ``sensitivity_1b``, ``sert_density``, ``sensitivity_postsynaptic`` [1, relative to rest].

    Notes
    -----
    With :math:`x` the extracellular level relative to rest, :math:`I(x,c,n)=(1+c)/(1+c x^n)` and
    :math:`e(x,s,o,g)` what an autoreceptor of sensitivity *s* reads under an antagonist *o* and an
    agonist *g*, :math:`(1-o)(1+s(x-1)) + s\,c^{-1/n}\,g`:

    .. math::

        TPH &\propto \phi(Trp)\,\frac{BH4}{BH4+K}\,I(x,c_1,1)\,I(S_c/S_{c0},c_2,1) \\
        F &= f\,I(e(x,s_{1A},o_{1A},g_{1A}),1,2) \\
        R &= k_R\,F\,h\,I(e(x,s_{1B},o_{1B},g_{1B}),0.6,1.5)\,S_v \\
        U &= V\,D\,(1-u)\,S_e/(K+S_e), \qquad X = k_X\,S_e\,(1-w+w\,a_{MAO})

    Extracellular loss *X* depends on MAO-A by the share *w* that ends as 5-HIAA, so that an uptake
    inhibitor added to an MAO inhibitor raises serotonin further than either. While MAO-A is
    uninhibited, *X* is plain :math:`k_X S_e`; *w* counts only if ``loss_without_mao`` is 0. The
    drives *f* (firing) and *h* (heteroreceptors on terminals) are those of afferents and of
    `cohort.physiology.crosstalk`.

    Levodopa that enters these terminals competes with 5-HTP for AADC and, as dopamine, with
    serotonin for VMAT2, through the ports ``aadc_rival_load`` and ``vmat_rival_load``. Swallowed
    5-HTP enters them through the port ``htp_influx``.

    ``tph_capacity`` and ``sert_capacity`` multiply solved capacities: 1 at one's own rest; another
    value (genotype) needs a run-in.

    Postsynaptic occupancy is in quasi-steady state (half saturation in resting levels); the
    sensitivities of receptors are states. Autoreceptors lose theirs to transmitter and agonist
    alike; an antagonist does not keep them from it. Left out: regions, glial pools, vesicle
    reserve, postsynaptic receptors apart (an agonist at postsynaptic 5-HT1A moves nothing).

    References
    ----------
    Best, Nijhout, Reed 2010, Theor Biol Med Model 7:34 (uptake, loss); Best et al. 2020, BMC
    Neurosci 21:40 (synthesis, vesicles). How they are combined, and every number marked design, is
    this package's own.

    Examples
    --------
    >>> from cohort.model import assemble
    >>> model = assemble("brain", [serotonin()])
    >>> model.system.states[:3]
    ('htp', 'serotonin_cytosol', 'serotonin_vesicle')
    """
    return Submodel(
        name="serotonin",
        species=_species(),
        parameters=(*_rest(), *_kinetics(), *_regulation()),
        constants=_exponents(),
        derived=_capacities(),
        ports=_ports(),
        reactions=_reactions(),
        rates=_slow_states(),
        rules=_rules(),
        provides=(
            "serotonin_relative",
            "serotonin_tone",
            "serotonin_firing",
            "serotonin_release",
            "serotonin_cytosol",
            "htp",
            "hiaa_brain_level",
        ),
        feasibility=_feasibility(),
    )


def _species() -> tuple[Species, ...]:
    def at(name: str) -> sympy.Expr:
        return symbol(name)

    one = sympy.Integer(1)
    resting_csf = at("hiaa_csf_per_brain") * at("hiaa_brain_rest") * at("csf_factor")
    return (
        Species("htp", at("htp_baseline"), "uM", "5-hydroxytryptophan", 1.6),
        Species("serotonin_cytosol", at("serotonin_cytosol_baseline"), "uM", "in cytosol", 0.2),
        Species("serotonin_vesicle", at("serotonin_vesicle_baseline"), "uM", "in vesicles", 20.0),
        Species(
            "serotonin_extracellular",
            at("serotonin_extracellular_baseline"),
            "uM",
            "outside the cell",
            0.005,
        ),
        Species("hiaa_brain", at("hiaa_brain_rest"), "uM", "5-HIAA in brain tissue", 2.0),
        Species("hiaa_csf", resting_csf, "uM", "5-HIAA in lumbar CSF", 0.125),
        Species("sensitivity_1a", one, "1", "5-HT1A autoreceptor, relative to rest"),
        Species("sensitivity_1b", one, "1", "5-HT1B autoreceptor, relative to rest"),
        Species("sert_density", one, "1", "transporter at the surface, relative to rest"),
        Species("sensitivity_postsynaptic", one, "1", "postsynaptic receptors, relative to rest"),
    )


def _rest() -> tuple[Parameter, ...]:
    return (
        Parameter("htp_baseline", 1.6, "uM", "5-HTP at rest", _BEST_2020),
        Parameter(
            "serotonin_cytosol_baseline", 0.2, "uM", "cytosolic level at rest", _CYTOSOL, 0.25
        ),
        Parameter("serotonin_vesicle_baseline", 20.0, "uM", "vesicular level", _STORE, 0.25),
        Parameter(
            "serotonin_extracellular_baseline", 0.005, "uM", "extracellular at rest", _LEVEL, 0.25
        ),
        Parameter("serotonin_synthesis_flux", 4.0, "uM/h", "synthesis at rest", _FLUX_2020, 0.2),
        Parameter("serotonin_release_flux", 20.0, "uM/h", "release at rest", _STORE, 0.3),
        Parameter("serotonin_loss_flux", 0.2, "uM/h", "extracellular loss at rest", _LOSS, 0.3),
        Parameter("hiaa_brain_baseline", 2.0, "uM", "brain 5-HIAA of the reference", _TISSUE),
        Parameter("hiaa_csf_baseline", 0.125, "uM", "CSF 5-HIAA of the reference", _BLENNOW),
        Parameter("hiaa_yield_reference", 3.96, "uM/h", "its 5-HIAA production", _YIELD),
    )


def _kinetics() -> tuple[Parameter, ...]:
    return (
        Parameter("tph_k_m_trp", 40.0, "uM", "Michaelis constant of TPH2 for Trp", _BEST_2020),
        Parameter("tph_k_i_trp", 1000.0, "uM", "substrate inhibition of TPH2", _BEST_2020),
        Parameter("tph_k_m_bh4", 22.0, "1", "of TPH2 for BH4, in BH4 levels at rest", _BH4),
        Parameter("aadc_k_m", 160.0, "uM", "Michaelis constant of AADC for 5-HTP", _BEST_2010),
        Parameter("vmat_k_m", 0.2, "uM", "Michaelis constant of VMAT2", _BEST_2020),
        Parameter("vesicle_leak", 1.0, "1/h", "vesicle to cytosol", _BEST_2020),
        Parameter("sert_k_m", 0.17, "uM", "Michaelis constant of the transporter", _BEST_2010),
        Parameter(
            "loss_oxidized_share", 0.8, "1", "loss that MAO-A oxidizes", _OXIDIZED, 0.0, FRACTION
        ),
        Parameter(
            "loss_without_mao",
            0.0,
            "1",
            "oxidized share that leaves otherwise where MAO-A is blocked",
            _OXIDIZED,
            0.0,
            FRACTION,
        ),
        Parameter("hiaa_brain_clearance", 0.5, "1/h", "brain 5-HIAA into CSF and blood", _FLOW),
        Parameter("hiaa_csf_clearance", 0.2, "1/h", "5-HIAA out of lumbar CSF", _FLOW),
    )


def _regulation() -> tuple[Parameter, ...]:
    return (
        Parameter("tph_feedback", 1.0, "1", "extracellular serotonin on TPH", _SHAPE),
        Parameter("tph_product_inhibition", 0.15, "1", "cytosolic serotonin on TPH", _SHAPE),
        Parameter("firing_feedback_1a", 1.0, "1", "5-HT1A autoreceptor on firing", _SHAPE),
        Parameter("release_feedback_1b", 0.6, "1", "5-HT1B autoreceptor on release", _SHAPE),
        Parameter("adaptation_1a", 1.0, "1", "loss of 5-HT1A sensitivity to tone", _SHAPE),
        Parameter("adaptation_1b", 1.0, "1", "loss of 5-HT1B sensitivity to tone", _SHAPE),
        Parameter("adaptation_postsynaptic", 0.15, "1", "loss of postsynaptic one", _FADING),
        Parameter("tone_half_saturation", 2.0, "1", "postsynaptic, in resting levels", _SHAPE),
        Parameter("adaptation_time_1a", 168.0, "h", "time constant, 5-HT1A", _SLOW, 0.3),
        Parameter("adaptation_time_1b", 168.0, "h", "time constant, 5-HT1B", _SLOW, 0.3),
        Parameter("adaptation_time_postsynaptic", 240.0, "h", "time constant", _SLOW, 0.3),
        Parameter("sert_turnover_time", 48.0, "h", "time constant of trafficking", _SLOW, 0.2),
        Parameter("sert_blocked_loss", 0.15, "1", "density lost at full occupancy", _SHAPE),
        Parameter("sert_tnf_gain", 0.1, "1", "density gained per resting level of TNF", _COUPLING),
    )


def _exponents() -> tuple[Constant, ...]:
    return (
        Constant("firing_steepness_1a", 2.0, "1", "steepness of 1A on firing", _SHAPE),
        Constant("release_steepness_1b", 1.5, "1", "steepness of 1B on release", _SHAPE),
        Constant("adaptation_steepness_1a", 2.5, "1", "steepness of 1A adaptation", _SHAPE),
        Constant("adaptation_steepness_1b", 2.0, "1", "steepness of 1B adaptation", _SHAPE),
    )


def _ports() -> tuple[Port, ...]:
    return (
        Port("trp_brain", "uM", "tryptophan in brain", 20.0, POSITIVE),
        Port("trp_brain_baseline", "uM", "the same at rest", 20.0, POSITIVE),
        Port("mao_a_activity", "1", "working MAO-A relative to rest", 1.0),
        Port("bh4", "1", "tetrahydrobiopterin relative to rest", 1.0, POSITIVE),
        Port("tnf", "1", "tumor necrosis factor relative to rest", 1.0),
        Port("csf_factor", "1", "divides CSF clearance of metabolites", 1.0, POSITIVE),
        Port("serotonin_drive", "1", "of other transmitters on firing", 1.0),
        Port("serotonin_release_drive", "1", "of heteroreceptors on terminals", 1.0),
        Port("tph_drive", "1", "of hormones on tryptophan hydroxylase", 1.0),
        Port("hydroxylase_cofactor", "1", "iron at its hydroxylase, relative to rest", 1.0),
        Port("aadc_cofactor", "1", "pyridoxal phosphate at AADC, relative to rest", 1.0),
        Port("aadc_rival_load", "1", "levodopa in the cell over its constant of AADC", 0.0),
        Port("htp_influx", "uM/h", "5-HTP from blood into terminals", 0.0),
        Port("vmat_rival_load", "1", "dopamine in the cell over its constant of VMAT2", 0.0),
        Port("afferent_firing_5ht", "1", "drive of serotonin cells relative to rest", 1.0),
        Port("tph_capacity", "1", "tryptophan hydroxylase relative to rest", 1.0),
        Port("sert_capacity", "1", "transporter relative to rest", 1.0),
        Port("sert_occupancy", "1", "share of the transporter that is blocked", 0.0, FRACTION),
        Port("tph_inhibition", "1", "share of TPH that is blocked", 0.0, FRACTION),
        Port("aadc_inhibition", "1", "share of AADC that is blocked", 0.0, FRACTION),
        Port("vmat_inhibition", "1", "share of VMAT2 that is blocked", 0.0, FRACTION),
        Port("antagonist_1a", "1", "share of 5-HT1A held by an antagonist", 0.0, FRACTION),
        Port("antagonist_1b", "1", "share of 5-HT1B held by an antagonist", 0.0, FRACTION),
        Port("agonist_1a", "1", "agonist at 5-HT1A, in half saturations", 0.0, NOT_NEGATIVE),
        Port("agonist_1b", "1", "agonist at 5-HT1B, in half saturations", 0.0, NOT_NEGATIVE),
    )


def _capacities() -> tuple[Derived, ...]:
    synthesis, release, loss = (
        symbol(f"serotonin_{flux}_flux") for flux in ("synthesis", "release", "loss")
    )
    cytosol, vesicle, outside = (
        symbol(f"serotonin_{place}_baseline") for place in ("cytosol", "vesicle", "extracellular")
    )
    tph = substrate_inhibition(
        symbol("trp_brain_baseline"), symbol("tph_k_m_trp"), symbol("tph_k_i_trp")
    )
    aadc = michaelis_menten(symbol("htp_baseline"), symbol("aadc_k_m"))
    vmat = michaelis_menten(cytosol, symbol("vmat_k_m"))
    sert = michaelis_menten(outside, symbol("sert_k_m"))
    produced = synthesis - loss + symbol("loss_oxidized_share") * loss
    brain, csf = symbol("hiaa_brain_baseline"), symbol("hiaa_csf_baseline")
    hiaa_time = brain / symbol("hiaa_yield_reference")
    return (
        Derived("tph_v_max", synthesis / tph, "uM/h", "capacity of TPH at rest"),
        Derived("aadc_v_max", synthesis / aadc, "uM/h", "capacity of AADC"),
        Derived(
            "vmat_v_max",
            (release + symbol("vesicle_leak") * vesicle) / vmat,
            "uM/h",
            "capacity of VMAT2",
        ),
        Derived("sert_v_max", (release - loss) / sert, "uM/h", "capacity of the transporter"),
        Derived("mao_rate", (synthesis - loss) / cytosol, "1/h", "oxidation of cytosolic 5-HT"),
        Derived("loss_rate", loss / outside, "1/h", "diffusion and glial loss"),
        Derived("release_rate", release / vesicle, "1/h", "release per vesicular serotonin"),
        Derived("hiaa_time", hiaa_time, "h", "brain 5-HIAA per production"),
        Derived("hiaa_brain_rest", hiaa_time * produced, "uM", "brain 5-HIAA at rest"),
        Derived("hiaa_csf_per_brain", csf / brain, "1", "CSF over brain in the reference"),
        Derived(
            "half_saturation_1a",
            half_inhibition(symbol("firing_feedback_1a"), symbol("firing_steepness_1a")),
            "1",
            "of 5-HT1A autoreceptors, in resting levels",
        ),
        Derived(
            "half_saturation_1b",
            half_inhibition(symbol("release_feedback_1b"), symbol("release_steepness_1b")),
            "1",
            "of 5-HT1B autoreceptors, in resting levels",
        ),
    )


def _rules() -> dict[str, Rule]:
    x = symbol("serotonin_relative")
    tone = symbol("sensitivity_postsynaptic") * activation(x, symbol("tone_half_saturation"))
    working = symbol("loss_oxidized_share") * symbol("mao_a_activity")
    escaping = symbol("loss_rate") * symbol("serotonin_extracellular")
    share, spared = symbol("loss_oxidized_share"), symbol("loss_without_mao")
    otherwise = 1 - share + spared * share * (1 - symbol("mao_a_activity"))
    return {
        "serotonin_relative": Rule(
            symbol("serotonin_extracellular") / symbol("serotonin_extracellular_baseline"),
            "1",
            "extracellular serotonin relative to rest",
        ),
        "hiaa_brain_level": Rule(
            symbol("hiaa_brain") / symbol("hiaa_brain_baseline"),
            "1",
            "brain 5-HIAA over the reference",
        ),
        "serotonin_tone": Rule(tone, "1", "postsynaptic tone relative to rest"),
        "serotonin_firing": Rule(_firing(), "1", "firing of serotonin cells relative to rest"),
        "serotonin_synthesis": Rule(_synthesis(), "uM/h", "hydroxylation of tryptophan"),
        "serotonin_release": Rule(_release(), "uM/h", "release"),
        "serotonin_uptake": Rule(_uptake(), "uM/h", "uptake by the transporter"),
        "serotonin_oxidation": Rule(
            symbol("mao_rate") * symbol("mao_a_activity") * symbol("serotonin_cytosol"),
            "uM/h",
            "oxidation in the cytosol",
        ),
        "serotonin_escape_oxidized": Rule(escaping * working, "uM/h", "loss that ends as 5-HIAA"),
        "serotonin_escape_other": Rule(escaping * otherwise, "uM/h", "loss by other ways"),
    }


def _agonist_tone(kind: str) -> sympy.Expr:
    """Tone that agonists of an autoreceptor stand for [1]."""
    return symbol(f"half_saturation_{kind}") * symbol(f"agonist_{kind}")


def _view(kind: str) -> sympy.Expr:
    """Serotonin that an autoreceptor reads, drugs included [1]."""
    sensitivity, antagonist = symbol(f"sensitivity_{kind}"), symbol(f"antagonist_{kind}")
    x = symbol("serotonin_relative")
    return autoreceptor_view(x, sensitivity, antagonist, _agonist_tone(kind))


def _firing() -> sympy.Expr:
    view = _view("1a")
    drive = symbol("afferent_firing_5ht") * symbol("serotonin_drive")
    return drive * inhibition(view, symbol("firing_feedback_1a"), symbol("firing_steepness_1a"))


def _synthesis() -> sympy.Expr:
    one = sympy.Integer(1)
    k_bh4, bh4 = symbol("tph_k_m_bh4"), symbol("bh4")
    product = symbol("serotonin_cytosol") / symbol("serotonin_cytosol_baseline")
    enzyme = symbol("tph_v_max") * symbol("tph_capacity") * symbol("hydroxylase_cofactor")
    capacity = enzyme * symbol("tph_drive") * (1 - symbol("tph_inhibition"))
    saturation = substrate_inhibition(
        symbol("trp_brain"), symbol("tph_k_m_trp"), symbol("tph_k_i_trp")
    )
    feedback = inhibition(symbol("serotonin_relative"), symbol("tph_feedback"), one)
    end_product = inhibition(product, symbol("tph_product_inhibition"), one)
    return capacity * saturation * ((1 + k_bh4) * bh4 / (bh4 + k_bh4)) * feedback * end_product


def _release() -> sympy.Expr:
    brake = inhibition(_view("1b"), symbol("release_feedback_1b"), symbol("release_steepness_1b"))
    store = symbol("release_rate") * symbol("serotonin_vesicle")
    return symbol("serotonin_firing") * symbol("serotonin_release_drive") * brake * store


def _uptake() -> sympy.Expr:
    capacity = symbol("sert_v_max") * symbol("sert_capacity") * symbol("sert_density")
    free = 1 - symbol("sert_occupancy")
    return capacity * free * michaelis_menten(symbol("serotonin_extracellular"), symbol("sert_k_m"))


def _reactions() -> tuple[Reaction, ...]:
    flux = {name: symbol(f"serotonin_{name}") for name in ("synthesis", "release", "uptake")}
    oxidation, oxidized = symbol("serotonin_oxidation"), symbol("serotonin_escape_oxidized")
    decarboxylation = (
        symbol("aadc_v_max")
        * symbol("aadc_cofactor")
        * (1 - symbol("aadc_inhibition"))
        * michaelis_menten(symbol("htp"), symbol("aadc_k_m") * (1 + symbol("aadc_rival_load")))
    )
    packing = (
        symbol("vmat_v_max")
        * (1 - symbol("vmat_inhibition"))
        * michaelis_menten(
            symbol("serotonin_cytosol"), symbol("vmat_k_m") * (1 + symbol("vmat_rival_load"))
        )
    )
    inside, store, outside = (
        f"serotonin_{place}" for place in ("cytosol", "vesicle", "extracellular")
    )
    yielded = symbol("hiaa_time") * (oxidation + oxidized)
    return (
        Reaction("hydroxylation", flux["synthesis"], {"htp": 1}),
        Reaction("htp_entry", symbol("htp_influx"), {"htp": 1}),
        Reaction("decarboxylation", decarboxylation, {"htp": -1, inside: 1}),
        Reaction("packing", packing, {inside: -1, store: 1}),
        Reaction("leak", symbol("vesicle_leak") * symbol(store), {store: -1, inside: 1}),
        Reaction("release", flux["release"], {store: -1, outside: 1}),
        Reaction("uptake", flux["uptake"], {outside: -1, inside: 1}),
        Reaction("oxidation", oxidation, {inside: -1}),
        Reaction("escape_oxidized", oxidized, {outside: -1}),
        Reaction("escape_other", symbol("serotonin_escape_other"), {outside: -1}),
        Reaction("hiaa_formation", symbol("hiaa_brain_clearance") * yielded, {"hiaa_brain": 1}),
        Reaction(
            "hiaa_clearance",
            symbol("hiaa_brain_clearance") * symbol("hiaa_brain"),
            {"hiaa_brain": -1},
        ),
        Reaction(
            "hiaa_into_csf",
            symbol("hiaa_csf_clearance") * symbol("hiaa_csf_per_brain") * symbol("hiaa_brain"),
            {"hiaa_csf": 1},
        ),
        Reaction(
            "hiaa_out_of_csf",
            symbol("hiaa_csf_clearance") / symbol("csf_factor") * symbol("hiaa_csf"),
            {"hiaa_csf": -1},
        ),
    )


def _slow_states() -> dict[str, sympy.Expr]:
    x = symbol("serotonin_relative")

    def adapting(state: str, kind: str, steepness: sympy.Expr, tone: sympy.Expr) -> sympy.Expr:
        target = inhibition(tone, symbol(f"adaptation_{kind}"), steepness)
        return relaxation(target, symbol(state), 1 / symbol(f"adaptation_time_{kind}"))

    density = (1 + symbol("sert_tnf_gain") * (symbol("tnf") - 1)) * (
        1 - symbol("sert_blocked_loss") * symbol("sert_occupancy")
    )
    return {
        **{
            f"sensitivity_{kind}": adapting(
                f"sensitivity_{kind}",
                kind,
                symbol(f"adaptation_steepness_{kind}"),
                x + _agonist_tone(kind),
            )
            for kind in ("1a", "1b")
        },
        "sensitivity_postsynaptic": adapting(
            "sensitivity_postsynaptic", "postsynaptic", sympy.Integer(1), x
        ),
        "sert_density": relaxation(
            density, symbol("sert_density"), 1 / symbol("sert_turnover_time")
        ),
    }


def _feasibility() -> tuple[Feasibility, ...]:
    loss = symbol("serotonin_loss_flux")
    return (
        Feasibility(
            symbol("serotonin_synthesis_flux") - loss, "synthesis exceeds extracellular loss"
        ),
        Feasibility(symbol("serotonin_release_flux") - loss, "release exceeds extracellular loss"),
    )
