"""Best, Nijhout and Reed 2010: synthesis, release and uptake of serotonin in one terminal.

Nine states, µM and hours. The values printed in the re-implemented code (transporter 8000,
vesicular transporter 3500, tryptophan import 400/64) do not rest where the paper rests; the values
in its comments and the import of the 2020 model do, and stand here.
"""

import sympy

from cohort.model import Model, Parameter, Reaction, Rule, Source, Species, Submodel, assemble
from cohort.model.rate_laws import michaelis_menten, substrate_inhibition
from kernels import symbol

__all__ = ["best2010"]

_CODE = Source("Best, Nijhout, Reed 2010, Theor Biol Med Model 7:34, re-implemented code", "read")
_REST = Source("the same, comment in the code; gives the paper's steady state", "computed")
_IMPORT = Source("Best et al. 2020, BMC Neurosci 21:40; gives the paper's steady state", "computed")


def best2010() -> Model:
    r"""Return the serotonin terminal of Best, Nijhout and Reed 2010.

    Returns
    -------
    Model with the states ``bh2, bh4, trp, htp, cht`` (cytosolic), ``vht`` (vesicular), ``eht``
    (extracellular serotonin), ``hia`` (5-HIAA) and ``pool`` (tryptophan pool) [uM], started at the
    steady state that the paper gives.

    Notes
    -----
    Release is ``auto(eht) fire vht``, with the autoreceptor

    .. math::

        auto(e) = 1.5 - 0.5\,e/e_0 \;(e \le e_0), \qquad
        \max(0.4,\; 1 - 391.3\,(e - e_0)) \;\text{above}

    where :math:`e_0` is 0.768 nM. The code prints the first slope rounded (651.04 for
    :math:`0.5/e_0`) and the end of the second piece as 2.3 nM; both leave a step, the first
    exactly at rest, where no solver comes to rest. The pieces meet here. Left out: the meal and
    fluoxetine inputs of the authors' code; set ``blood_trp`` or ``sert_v_max`` instead.

    References
    ----------
    Best J, Nijhout HF, Reed M 2010, Theor Biol Med Model 7:34, doi:10.1186/1742-4682-7-34.

    Examples
    --------
    >>> best2010().parameters["sert_v_max"].value
    4700.0
    """
    part = Submodel(
        name="terminal",
        species=_species(),
        parameters=_parameters(),
        reactions=_reactions(),
        rules=_rules(),
    )
    return assemble("best2010", [part])


def _species() -> tuple[Species, ...]:
    return tuple(
        Species(name, sympy.Float(value), "uM", meaning, value)
        for name, value, meaning in (
            ("bh2", 0.14, "dihydrobiopterin"),
            ("bh4", 0.86, "tetrahydrobiopterin"),
            ("trp", 20.6, "tryptophan in cytosol"),
            ("htp", 2.26, "5-hydroxytryptophan"),
            ("cht", 0.5, "serotonin in cytosol"),
            ("vht", 21.45, "serotonin in vesicles"),
            ("eht", 0.000768, "serotonin outside"),
            ("hia", 5.26, "5-HIAA"),
            ("pool", 144.9, "tryptophan pool"),
        )
    )


def _parameters() -> tuple[Parameter, ...]:
    return (
        Parameter("blood_trp", 96.0, "uM", "blood tryptophan, fasting", _CODE),
        Parameter("trp_v_max", 700.0, "uM/h", "tryptophan import", _IMPORT),
        Parameter("trp_k_m", 330.0, "uM", "tryptophan import", _IMPORT),
        Parameter("tph_v_max", 400.0, "uM/h", "tryptophan hydroxylase", _CODE),
        Parameter("tph_k_trp", 40.0, "uM", "of TPH for tryptophan", _CODE),
        Parameter("tph_k_i", 1000.0, "uM", "substrate inhibition of TPH", _CODE),
        Parameter("tph_k_bh4", 20.0, "uM", "of TPH for BH4", _CODE),
        Parameter("eht_0", 0.000768, "uM", "resting level that feedback on TPH reads", _CODE),
        Parameter("tph_feedback_top", 1.5, "1", "TPH without serotonin", _CODE),
        Parameter("aadc_v_max", 400.0, "uM/h", "decarboxylase", _CODE),
        Parameter("aadc_k_m", 160.0, "uM", "decarboxylase", _CODE),
        Parameter("vmat_v_max", 1230.0, "uM/h", "vesicular transporter", _REST),
        Parameter("vmat_k_m", 0.198, "uM", "vesicular transporter", _CODE),
        Parameter("vesicle_leak", 40.0, "1/h", "vesicle to cytosol", _CODE),
        Parameter("sert_v_max", 4700.0, "uM/h", "transporter", _REST),
        Parameter("sert_k_m", 0.17, "uM", "transporter", _CODE),
        Parameter("mao_v_max", 1000.0, "uM/h", "monoamine oxidase", _CODE),
        Parameter("mao_k_m", 95.0, "uM", "monoamine oxidase", _CODE),
        Parameter("drr_v_forward", 5000.0, "uM/h", "reductase, BH2 to BH4", _CODE),
        Parameter("drr_k_bh2", 100.0, "uM", "reductase", _CODE),
        Parameter("drr_k_nadph", 75.0, "uM", "reductase", _CODE),
        Parameter("drr_v_reverse", 3.0, "uM/h", "reductase, BH4 to BH2", _CODE),
        Parameter("drr_k_bh4", 10.0, "uM", "reductase", _CODE),
        Parameter("drr_k_nadp", 75.0, "uM", "reductase", _CODE),
        Parameter("nadp", 26.0, "uM", "NADP", _CODE),
        Parameter("nadph", 330.0, "uM", "NADPH", _CODE),
        Parameter("pool_in", 9.0, "1/h", "tryptophan into the pool", _IMPORT),
        Parameter("pool_out", 0.6, "1/h", "tryptophan out of the pool", _CODE),
        Parameter("trp_loss", 2.0, "1/h", "tryptophan catabolism", _IMPORT),
        Parameter("pool_loss", 1.0, "1/h", "loss of the pool", _IMPORT),
        Parameter("hia_loss", 1.0, "1/h", "loss of 5-HIAA", _CODE),
        Parameter("eht_loss", 400.0, "1/h", "removal from outside", _CODE),
        Parameter("fire", 1.0, "1/h", "firing, as release per vesicular serotonin", _CODE),
        Parameter("auto_top", 1.5, "1", "autoreceptor, no serotonin", _CODE),
        Parameter("auto_slope", 391.3, "1/uM", "autoreceptor, above rest", _CODE),
        Parameter("auto_floor", 0.4, "1", "autoreceptor, beyond its range", _CODE),
    )


def _rules() -> dict[str, Rule]:
    eht, rest = symbol("eht"), symbol("eht_0")
    steep = symbol("auto_top") - (symbol("auto_top") - 1) * eht / rest
    flat = sympy.Max(symbol("auto_floor"), 1 - symbol("auto_slope") * (eht - rest))
    autoreceptor = sympy.Piecewise((steep, eht <= rest), (flat, True))
    return {"autoreceptor": Rule(autoreceptor, "1", "factor on release")}


def _oxidation(level: sympy.Expr) -> sympy.Expr:
    return symbol("mao_v_max") * michaelis_menten(level, symbol("mao_k_m"))


def _hydroxylation() -> sympy.Expr:
    eht, rest = symbol("eht"), symbol("eht_0")
    substrate = substrate_inhibition(symbol("trp"), symbol("tph_k_trp"), symbol("tph_k_i"))
    cofactor = michaelis_menten(symbol("bh4"), symbol("tph_k_bh4"))
    feedback = symbol("tph_feedback_top") - eht**2 / (rest**2 + eht**2)
    return symbol("tph_v_max") * substrate * cofactor * feedback


def _reduction() -> sympy.Expr:
    forward = symbol("drr_v_forward")
    forward *= michaelis_menten(symbol("bh2"), symbol("drr_k_bh2"))
    forward *= michaelis_menten(symbol("nadph"), symbol("drr_k_nadph"))
    reverse = symbol("drr_v_reverse")
    reverse *= michaelis_menten(symbol("bh4"), symbol("drr_k_bh4"))
    reverse *= michaelis_menten(symbol("nadp"), symbol("drr_k_nadp"))
    return forward - reverse


def _reactions() -> tuple[Reaction, ...]:
    trp, cht, vht, eht = (symbol(name) for name in ("trp", "cht", "vht", "eht"))
    imported = symbol("trp_v_max") * michaelis_menten(symbol("blood_trp"), symbol("trp_k_m"))
    packed = symbol("vmat_v_max") * michaelis_menten(cht, symbol("vmat_k_m"))
    taken_up = symbol("sert_v_max") * michaelis_menten(eht, symbol("sert_k_m"))
    decarboxylated = symbol("aadc_v_max") * michaelis_menten(symbol("htp"), symbol("aadc_k_m"))
    released = symbol("autoreceptor") * symbol("fire") * vht
    return (
        Reaction("trp_import", imported, {"trp": 1}),
        Reaction("hydroxylation", _hydroxylation(), {"trp": -1, "bh4": -1, "bh2": 1, "htp": 1}),
        Reaction("reduction", _reduction(), {"bh2": -1, "bh4": 1}),
        Reaction("decarboxylation", decarboxylated, {"htp": -1, "cht": 1}),
        Reaction("packing", packed - symbol("vesicle_leak") * vht, {"cht": -1, "vht": 1}),
        Reaction("release", released, {"vht": -1, "eht": 1}),
        Reaction("uptake", taken_up, {"eht": -1, "cht": 1}),
        Reaction("oxidation_inside", _oxidation(cht), {"cht": -1, "hia": 1}),
        Reaction("oxidation_outside", _oxidation(eht), {"eht": -1, "hia": 1}),
        Reaction("removal", symbol("eht_loss") * eht, {"eht": -1}),
        Reaction("hia_removal", symbol("hia_loss") * symbol("hia"), {"hia": -1}),
        Reaction("catabolism", symbol("trp_loss") * trp, {"trp": -1}),
        Reaction(
            "pooling",
            symbol("pool_in") * trp - symbol("pool_out") * symbol("pool"),
            {"trp": -1, "pool": 1},
        ),
        Reaction("pool_removal", symbol("pool_loss") * symbol("pool"), {"pool": -1}),
    )
