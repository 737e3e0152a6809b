"""Best et al. 2020: serotonin dynamics with slow autoreceptors and a histamine heteroreceptor.

Sixteen states, µM and hours. Sixty percent of the serotonin made is lost outside the cell at rest,
so blocking uptake can never raise it above 1.66 times rest: right for fast voltammetry, not for
months of an uptake inhibitor.
"""

import sympy

from cohort.model import (
    ANY,
    NOT_NEGATIVE,
    Bounds,
    Model,
    Parameter,
    Reaction,
    Rule,
    Source,
    Species,
    Submodel,
    assemble,
)
from cohort.model.rate_laws import (
    mass_action,
    michaelis_menten,
    positive_part,
    substrate_inhibition,
)
from kernels import symbol

__all__ = ["best2020"]

_CODE = Source("Best et al. 2020, BMC Neurosci 21:40, authors' code", "read")
_NADP = Source("Best, Nijhout, Reed 2010, Theor Biol Med Model 7:34, re-implemented code", "read")


def best2020() -> Model:
    r"""Return the serotonin terminal of Best et al. 2020.

    Returns
    -------
    Model with the states ``bh2, bh4, trp, htp, cht, vht, eht, hia, pool, glia`` as in the 2010
    model plus glial serotonin, and ``bound, g_protein, t_regulator, bound_h, g_protein_h,
    t_regulator_h`` of the two receptors [uM], started at the steady state of the authors' output.

    Notes
    -----
    .. math::

        R = [1.89 - 12.5 (g - 0.8639)]_+ \; [1 - s_H (g_H - 0.6947)]_+ \; fire \; v

    Uptake into glia starts above 60.5 nM. ``histamine_coupling`` is :math:`s_H`; the run behind the
    authors' output had 0, and both rest at the same place.

    References
    ----------
    Best J, Duncan W, Sadre-Marandi F, Hashemi P, Nijhout HF, Reed M 2020, BMC Neurosci 21:40,
    doi:10.1186/s12868-020-00590-z.

    Examples
    --------
    >>> len(best2020().system.states)
    16
    """
    part = Submodel(
        name="terminal",
        species=_species(),
        parameters=(*_enzymes(), *_transport(), *_receptors()),
        reactions=(*_synthesis(), *_turnover(), *_signals()),
        rules=_rules(),
    )
    return assemble("best2020", [part])


def _species() -> tuple[Species, ...]:
    return tuple(
        Species(name, sympy.Float(value), "uM", meaning, scale)
        for name, value, scale, meaning in (
            ("bh2", 0.0995, 0.1, "dihydrobiopterin"),
            ("bh4", 0.9005, 1.0, "tetrahydrobiopterin"),
            ("trp", 20.165, 20.0, "tryptophan in cytosol"),
            ("htp", 1.611, 1.6, "5-hydroxytryptophan"),
            ("cht", 0.0376, 0.04, "serotonin in cytosol"),
            ("vht", 67.43, 70.0, "serotonin in vesicles"),
            ("eht", 0.060067, 0.06, "serotonin outside"),
            ("hia", 1.5846, 1.6, "5-HIAA"),
            ("pool", 113.43, 110.0, "tryptophan pool"),
            ("glia", 0.0, 0.04, "serotonin in glia"),
            ("g_protein", 0.8639, 1.0, "active G protein of the autoreceptor"),
            ("t_regulator", 1.0068, 1.0, "its active regulator"),
            ("bound", 0.9757, 1.0, "autoreceptor with serotonin"),
            ("g_protein_h", 0.6947, 1.0, "active G protein of the H3 receptor"),
            ("t_regulator_h", 12.68, 10.0, "its active regulator"),
            ("bound_h", 2.94, 3.0, "H3 receptor with histamine"),
        )
    )


def _enzymes() -> tuple[Parameter, ...]:
    return (
        Parameter("blood_trp", 96.0, "uM", "blood tryptophan", _CODE),
        Parameter("trp_v_max", 700.0, "uM/h", "tryptophan import", _CODE),
        Parameter("trp_k_m", 330.0, "uM", "tryptophan import", _CODE),
        Parameter("tph_v_max", 278.0, "uM/h", "tryptophan hydroxylase", _CODE),
        Parameter("tph_k_trp", 40.0, "uM", "of TPH for tryptophan", _CODE),
        Parameter("tph_k_i", 1000.0, "uM", "substrate inhibition of TPH", _CODE),
        Parameter("tph_k_bh4", 20.0, "uM", "of TPH for BH4", _CODE),
        Parameter("aadc_v_max", 400.0, "uM/h", "decarboxylase", _CODE),
        Parameter("aadc_k_m", 160.0, "uM", "decarboxylase", _CODE),
        Parameter("mao_v_max", 4000.0, "uM/h", "monoamine oxidase", _CODE),
        Parameter("mao_k_m", 95.0, "uM", "monoamine oxidase", _CODE),
        Parameter("drr_v_forward", 5000.0, "uM/h", "reductase, BH2 to BH4", _NADP),
        Parameter("drr_k_bh2", 100.0, "uM", "reductase", _NADP),
        Parameter("drr_k_nadph", 75.0, "uM", "reductase", _NADP),
        Parameter("drr_v_reverse", 3.0, "uM/h", "reductase, BH4 to BH2", _NADP),
        Parameter("drr_k_bh4", 10.0, "uM", "reductase", _NADP),
        Parameter("drr_k_nadp", 75.0, "uM", "reductase", _NADP),
        Parameter("nadp", 26.0, "uM", "NADP", _NADP),
        Parameter("nadph", 330.0, "uM", "NADPH", _NADP),
    )


def _transport() -> tuple[Parameter, ...]:
    return (
        Parameter("pool_in", 9.0, "1/h", "tryptophan into the pool", _CODE),
        Parameter("pool_out", 0.6, "1/h", "tryptophan out of the pool", _CODE),
        Parameter("trp_loss", 2.0, "1/h", "tryptophan catabolism", _CODE),
        Parameter("pool_loss", 1.0, "1/h", "loss of the pool", _CODE),
        Parameter("vmat_v_max", 1230.0, "uM/h", "vesicular transporter", _CODE),
        Parameter("vmat_k_m", 0.2, "uM", "vesicular transporter", _CODE),
        Parameter("vesicle_leak", 1.0, "1/h", "vesicle to cytosol", _CODE),
        Parameter("sert_v_max", 250.0, "uM/h", "transporter", _CODE),
        Parameter("sert_k_m", 0.06, "uM", "transporter", _CODE),
        Parameter("glia_share", 0.001, "1", "share of glial uptake in use", _CODE),
        Parameter("glia_v_max", 1400.0, "uM/h", "glial uptake", _CODE),
        Parameter("glia_k_m", 0.17, "uM", "glial uptake", _CODE),
        Parameter("glia_edge", 0.0605, "uM", "where glial uptake starts", _CODE),
        Parameter("glia_slope", 50.0, "1/uM", "how it rises, up to 1", _CODE),
        Parameter("leak_out", 1.0, "1/h", "out of cytosol and out of glia", _CODE),
        Parameter("eht_loss", 40.0, "1/h", "removal from outside", _CODE),
        Parameter("hia_loss", 1.0, "1/h", "loss of 5-HIAA", _CODE),
        Parameter("fire", 1.0, "1", "firing", _CODE, 0.0, NOT_NEGATIVE),
    )


def _receptors() -> tuple[Parameter, ...]:
    return (
        Parameter("g_rest", 0.8639, "uM", "G protein at rest", _CODE),
        Parameter("release_top", 1.89, "1/h", "release at rest", _CODE),
        Parameter("release_slope", 12.5, "1/uM/h", "G protein on release", _CODE),
        Parameter("tph_slope", 2.5, "1/uM", "G protein on TPH", _CODE),
        Parameter("receptors", 10.0, "uM", "autoreceptors", _CODE),
        Parameter("binding", 36000.0, "1/uM/h", "serotonin to autoreceptor", _CODE),
        Parameter("unbinding", 20000.0, "1/h", "serotonin off autoreceptor", _CODE),
        Parameter("g_total", 10.0, "uM", "G protein", _CODE),
        Parameter("g_on", 20.0, "1/uM^2/h", "activation of G protein", _CODE),
        Parameter("g_off", 200.0, "1/uM/h", "its end by the regulator", _CODE),
        Parameter("t_total", 10.0, "uM", "regulator", _CODE),
        Parameter("t_on", 30.0, "1/uM^2/h", "activation of the regulator", _CODE),
        Parameter("t_off", 200.0, "1/h", "its end", _CODE),
        Parameter("histamine", 1.39, "uM", "histamine outside", _CODE),
        Parameter("histamine_coupling", 1.0, "1/uM", "H3 on release", _CODE, 0.0, Bounds(0.0)),
        Parameter("g_rest_h", 0.6947, "uM", "G protein of H3 at rest", _CODE, 0.0, ANY),
        Parameter("receptors_h", 10.0, "uM", "H3 receptors", _CODE),
        Parameter("binding_h", 432.0, "1/uM/h", "histamine to H3", _CODE),
        Parameter("unbinding_h", 1440.0, "1/h", "histamine off H3", _CODE),
        Parameter("g_total_h", 1.0, "uM", "G protein of H3", _CODE),
        Parameter("g_on_h", 4.32, "1/uM^2/h", "activation of G protein", _CODE),
        Parameter("g_off_h", 1.296, "1/uM/h", "its end by the regulator", _CODE),
        Parameter("t_total_h", 60.0, "uM", "regulator of H3", _CODE),
        Parameter("t_on_h", 14.4, "1/uM^2/h", "activation of the regulator", _CODE),
        Parameter("t_off_h", 25.92, "1/h", "its end", _CODE),
    )


def _rules() -> dict[str, Rule]:
    excess = symbol("g_protein") - symbol("g_rest")
    autoreceptor = positive_part(symbol("release_top") - symbol("release_slope") * excess)
    histamine = positive_part(
        1 - symbol("histamine_coupling") * (symbol("g_protein_h") - symbol("g_rest_h"))
    )
    rise = symbol("glia_slope") * (symbol("eht") - symbol("glia_edge"))
    return {
        "release": Rule(
            autoreceptor * histamine * symbol("fire") * symbol("vht"), "uM/h", "release"
        ),
        "tph_feedback": Rule(
            positive_part(1 - symbol("tph_slope") * excess), "1", "G protein on TPH"
        ),
        "glia_gate": Rule(
            positive_part(rise) - positive_part(rise - 1), "1", "gate of glial uptake, from 0 to 1"
        ),
    }


def _reduction() -> sympy.Expr:
    forward = symbol("drr_v_forward")
    forward *= michaelis_menten(symbol("bh2"), symbol("drr_k_bh2"))
    forward *= michaelis_menten(symbol("nadph"), symbol("drr_k_nadph"))
    reverse = symbol("drr_v_reverse")
    reverse *= michaelis_menten(symbol("bh4"), symbol("drr_k_bh4"))
    reverse *= michaelis_menten(symbol("nadp"), symbol("drr_k_nadp"))
    return forward - reverse


def _synthesis() -> tuple[Reaction, ...]:
    trp = symbol("trp")
    imported = symbol("trp_v_max") * michaelis_menten(symbol("blood_trp"), symbol("trp_k_m"))
    substrate = substrate_inhibition(trp, symbol("tph_k_trp"), symbol("tph_k_i"))
    cofactor = michaelis_menten(symbol("bh4"), symbol("tph_k_bh4"))
    hydroxylated = symbol("tph_v_max") * substrate * cofactor * symbol("tph_feedback")
    decarboxylated = symbol("aadc_v_max") * michaelis_menten(symbol("htp"), symbol("aadc_k_m"))
    pooled = symbol("pool_in") * trp - symbol("pool_out") * symbol("pool")
    return (
        Reaction("trp_import", imported, {"trp": 1}),
        Reaction("hydroxylation", hydroxylated, {"trp": -1, "bh4": -1, "bh2": 1, "htp": 1}),
        Reaction("reduction", _reduction(), {"bh2": -1, "bh4": 1}),
        Reaction("decarboxylation", decarboxylated, {"htp": -1, "cht": 1}),
        Reaction("catabolism", symbol("trp_loss") * trp, {"trp": -1}),
        Reaction("pooling", pooled, {"trp": -1, "pool": 1}),
        Reaction("pool_removal", symbol("pool_loss") * symbol("pool"), {"pool": -1}),
    )


def _turnover() -> tuple[Reaction, ...]:
    cht, vht, eht, glia = (symbol(name) for name in ("cht", "vht", "eht", "glia"))
    packed = symbol("vmat_v_max") * michaelis_menten(cht, symbol("vmat_k_m"))
    taken_up = symbol("sert_v_max") * michaelis_menten(eht, symbol("sert_k_m"))
    into_glia = symbol("glia_share") * symbol("glia_v_max") * symbol("glia_gate")
    into_glia *= michaelis_menten(eht, symbol("glia_k_m"))

    def oxidized(level: sympy.Expr) -> sympy.Expr:
        return symbol("mao_v_max") * michaelis_menten(level, symbol("mao_k_m"))

    free = symbol("receptors") - symbol("bound")
    binding = mass_action(symbol("binding"), eht, free) - symbol("unbinding") * symbol("bound")
    return (
        Reaction("packing", packed - symbol("vesicle_leak") * vht, {"cht": -1, "vht": 1}),
        Reaction("release", symbol("release"), {"vht": -1, "eht": 1}),
        Reaction("uptake", taken_up, {"eht": -1, "cht": 1}),
        Reaction("glial_uptake", into_glia, {"eht": -1, "glia": 1}),
        Reaction("leak_cytosol", symbol("leak_out") * cht, {"cht": -1, "eht": 1}),
        Reaction("leak_glia", symbol("leak_out") * glia, {"glia": -1, "eht": 1}),
        Reaction("oxidation_cytosol", oxidized(cht), {"cht": -1, "hia": 1}),
        Reaction("oxidation_glia", oxidized(glia), {"glia": -1, "hia": 1}),
        Reaction("removal", symbol("eht_loss") * eht, {"eht": -1}),
        Reaction("hia_removal", symbol("hia_loss") * symbol("hia"), {"hia": -1}),
        Reaction("autoreceptor_binding", binding, {"eht": -1, "bound": 1}),
    )


def _signals() -> tuple[Reaction, ...]:
    g, t, bound = symbol("g_protein"), symbol("t_regulator"), symbol("bound")
    g_h, t_h, bound_h = symbol("g_protein_h"), symbol("t_regulator_h"), symbol("bound_h")
    free_g, free_t = symbol("g_total") - g, symbol("t_total") - t
    free_h = symbol("receptors_h") - bound_h
    free_g_h, free_t_h = symbol("g_total_h") - g_h, symbol("t_total_h") - t_h
    return (
        Reaction("g_on", mass_action(symbol("g_on"), bound, bound, free_g), {"g_protein": 1}),
        Reaction("g_off", mass_action(symbol("g_off"), t, g), {"g_protein": -1}),
        Reaction("t_on", mass_action(symbol("t_on"), g, g, free_t), {"t_regulator": 1}),
        Reaction("t_off", symbol("t_off") * t, {"t_regulator": -1}),
        Reaction(
            "h3_binding",
            mass_action(symbol("binding_h"), symbol("histamine"), free_h)
            - symbol("unbinding_h") * bound_h,
            {"bound_h": 1},
        ),
        Reaction(
            "g_on_h", mass_action(symbol("g_on_h"), bound_h, bound_h, free_g_h), {"g_protein_h": 1}
        ),
        Reaction("g_off_h", mass_action(symbol("g_off_h"), t_h, g_h), {"g_protein_h": -1}),
        Reaction("t_on_h", mass_action(symbol("t_on_h"), g_h, g_h, free_t_h), {"t_regulator_h": 1}),
        Reaction("t_off_h", symbol("t_off_h") * t_h, {"t_regulator_h": -1}),
    )
