"""Best, Nijhout and Reed 2009: synthesis, release and uptake of dopamine in one terminal.

Nine states, µM and hours. The equations are those of the file that BioModels keeps
(MODEL1502230000), put right where the file does not rest where the paper rests; `best2009` lists
where, and ``benchmarks/compare_with_sbml.py`` edits the file alike and compares both.
"""

import sympy

from cohort.model import (
    NOT_NEGATIVE,
    Model,
    Parameter,
    Reaction,
    Rule,
    Source,
    Species,
    Submodel,
    assemble,
)
from cohort.model.rate_laws import michaelis_menten
from kernels import symbol

__all__ = ["best2009"]

_FILE = Source("Best, Nijhout, Reed 2009, Theor Biol Med Model 6:21, as MODEL1502230000", "read")
_NADP = Source("Best, Nijhout, Reed 2010, Theor Biol Med Model 7:34, re-implemented code", "read")


def best2009() -> Model:
    r"""Return the dopamine terminal of Best, Nijhout and Reed 2009.

    Returns
    -------
    Model with the states ``bh2, bh4, tyr, ldopa, cda`` (cytosolic), ``vda`` (vesicular), ``eda``
    (extracellular dopamine), ``hva`` (homovanillic acid) and ``tyrpool`` (tyrosine pool) [uM],
    started at the steady state of its constants.

    Notes
    -----
    .. math::

        V_{TH} = \frac{0.56}{1 + tyr/160}
        \left[\frac{4.5}{8\,(eda/e_0)^4 + 1} + 0.5\right]
        \frac{125\,tyr\,bh4}{tyr\,bh4 + 46\,bh4 + 46 \cdot 60\,(1 + cda/110)}

    where :math:`e_0` is 2.024 nM, the level at which the autoreceptor's factor is 1 and, to 0.02 %,
    the level at rest. Where the file differs:

    - packing is a saturation minus a leak, :math:`7082\,cda/(3 + cda) - 40\,vda`, as in the same
      authors' serotonin terminals. The file multiplies two saturations; at its own start that packs
      2223 µM/h where firing releases 81, and the leak constant becomes a Michaelis constant;
    - tyrosine is imported by the saturation whose constants the file declares, 400 and 64, and does
      not use. The file multiplies the resulting flux, 244 µM/h, by blood tyrosine, 97 µM, again;
    - NADP is 26 and NADPH 330 µM and both are constant. The file starts both at 0 and consumes
      NADPH, so that BH4 is never restored;
    - the tyrosine pool rests at 943 µM and homovanillic acid at 7.7 µM. The file starts them at
      1260 and 0.

    Left out: meals and bursts of the paper's figures; set ``blood_tyr`` or ``fire`` instead.

    References
    ----------
    Best JA, Nijhout HF, Reed MC 2009, Theor Biol Med Model 6:21, doi:10.1186/1742-4682-6-21.

    Examples
    --------
    >>> best2009().parameters["dat_v_max"].value
    8000.0
    """
    part = Submodel(
        name="terminal",
        species=_species(),
        parameters=(*_enzymes(), *_transport()),
        reactions=_reactions(),
        rules=_rules(),
    )
    return assemble("best2009", [part])


def _species() -> tuple[Species, ...]:
    return tuple(
        Species(name, sympy.Float(value), "uM", meaning, value)
        for name, value, meaning in (
            ("bh2", 40.86, "dihydrobiopterin"),
            ("bh4", 319.14, "tetrahydrobiopterin"),
            ("tyr", 125.70, "tyrosine in cytosol"),
            ("ldopa", 0.3559, "L-DOPA"),
            ("cda", 2.647, "dopamine in cytosol"),
            ("vda", 80.97, "dopamine in vesicles"),
            ("eda", 0.0020237, "dopamine outside"),
            ("hva", 7.678, "homovanillic acid"),
            ("tyrpool", 942.8, "tyrosine pool"),
        )
    )


def _enzymes() -> tuple[Parameter, ...]:
    return (
        Parameter("th_v_max", 125.0, "uM/h", "tyrosine hydroxylase", _FILE, 0.0, NOT_NEGATIVE),
        Parameter("th_k_tyr", 46.0, "uM", "of TH for tyrosine", _FILE),
        Parameter("th_k_bh4", 60.0, "uM", "of TH for BH4", _FILE),
        Parameter("th_k_i_tyr", 160.0, "uM", "substrate inhibition of TH", _FILE),
        Parameter("th_k_i_cda", 110.0, "uM", "cytosolic dopamine on TH", _FILE),
        Parameter("th_scale", 0.56, "1", "factor on TH beside substrate inhibition", _FILE),
        Parameter("eda_0", 0.002024, "uM", "resting level that the autoreceptor reads", _FILE),
        Parameter("auto_floor", 0.5, "1", "TH under much dopamine", _FILE),
        Parameter(
            "auto_rise", 4.5, "1", "what TH gains without dopamine", _FILE, 0.0, NOT_NEGATIVE
        ),
        Parameter("auto_strength", 8.0, "1", "autoreceptor at the resting level", _FILE),
        Parameter("aadc_v_max", 10000.0, "uM/h", "decarboxylase", _FILE),
        Parameter("aadc_k_m", 130.0, "uM", "decarboxylase", _FILE),
        Parameter("drr_v_forward", 200.0, "uM/h", "reductase, BH2 to BH4", _FILE),
        Parameter("drr_k_bh2", 100.0, "uM", "reductase", _FILE),
        Parameter("drr_k_nadph", 75.0, "uM", "reductase", _FILE),
        Parameter("drr_v_reverse", 80.0, "uM/h", "reductase, BH4 to BH2", _FILE),
        Parameter("drr_k_bh4", 10.0, "uM", "reductase", _FILE),
        Parameter("drr_k_nadp", 75.0, "uM", "reductase", _FILE),
        Parameter("nadp", 26.0, "uM", "NADP", _NADP),
        Parameter("nadph", 330.0, "uM", "NADPH", _NADP),
        Parameter("cda_loss", 10.0, "1/h", "oxidation in cytosol", _FILE),
        Parameter("catabolism_v_max", 30.0, "uM/h", "catabolism outside", _FILE),
        Parameter("catabolism_k_m", 3.0, "uM", "catabolism outside", _FILE),
        Parameter("hva_loss", 3.45, "1/h", "loss of homovanillic acid", _FILE),
    )


def _transport() -> tuple[Parameter, ...]:
    return (
        Parameter("blood_tyr", 97.0, "uM", "blood tyrosine, fasting", _FILE),
        Parameter("tyr_v_max", 400.0, "uM/h", "tyrosine import", _FILE),
        Parameter("tyr_k_m", 64.0, "uM", "tyrosine import", _FILE),
        Parameter("pool_in", 6.0, "1/h", "tyrosine into the pool", _FILE),
        Parameter("pool_out", 0.6, "1/h", "tyrosine out of the pool", _FILE),
        Parameter("tyr_loss", 0.2, "1/h", "tyrosine catabolism", _FILE),
        Parameter("pool_loss", 0.2, "1/h", "loss of the pool", _FILE),
        Parameter("vmat_v_max", 7082.0, "uM/h", "vesicular transporter", _FILE),
        Parameter("vmat_k_m", 3.0, "uM", "vesicular transporter", _FILE),
        Parameter("vesicle_leak", 40.0, "1/h", "vesicle to cytosol", _FILE),
        Parameter("dat_v_max", 8000.0, "uM/h", "transporter", _FILE, 0.0, NOT_NEGATIVE),
        Parameter("dat_k_m", 0.2, "uM", "transporter", _FILE),
        Parameter("eda_loss", 400.0, "1/h", "removal from outside", _FILE),
        Parameter("fire", 1.0, "1/h", "firing, as release per vesicular dopamine", _FILE),
    )


def _rules() -> dict[str, Rule]:
    level = symbol("eda") / symbol("eda_0")
    bound = symbol("auto_strength") * level**4  # the power is the file's
    autoreceptor = symbol("auto_floor") + symbol("auto_rise") / (1 + bound)
    return {"autoreceptor": Rule(autoreceptor, "1", "factor on tyrosine hydroxylase")}


def _hydroxylation() -> sympy.Expr:
    tyr, bh4, k_tyr = symbol("tyr"), symbol("bh4"), symbol("th_k_tyr")
    product = 1 + symbol("cda") / symbol("th_k_i_cda")
    saturation = tyr * bh4 / (tyr * bh4 + k_tyr * bh4 + k_tyr * symbol("th_k_bh4") * product)
    substrate = symbol("th_scale") / (1 + tyr / symbol("th_k_i_tyr"))
    return symbol("th_v_max") * substrate * symbol("autoreceptor") * saturation


def _reduction() -> sympy.Expr:
    forward = symbol("drr_v_forward")
    forward *= michaelis_menten(symbol("bh2"), symbol("drr_k_bh2"))
    forward *= michaelis_menten(symbol("nadph"), symbol("drr_k_nadph"))
    reverse = symbol("drr_v_reverse")
    reverse *= michaelis_menten(symbol("bh4"), symbol("drr_k_bh4"))
    reverse *= michaelis_menten(symbol("nadp"), symbol("drr_k_nadp"))
    return forward - reverse


def _reactions() -> tuple[Reaction, ...]:
    tyr, cda, vda, eda = (symbol(name) for name in ("tyr", "cda", "vda", "eda"))
    imported = symbol("tyr_v_max") * michaelis_menten(symbol("blood_tyr"), symbol("tyr_k_m"))
    decarboxylated = symbol("aadc_v_max") * michaelis_menten(symbol("ldopa"), symbol("aadc_k_m"))
    packed = symbol("vmat_v_max") * michaelis_menten(cda, symbol("vmat_k_m"))
    taken_up = symbol("dat_v_max") * michaelis_menten(eda, symbol("dat_k_m"))
    catabolized = symbol("catabolism_v_max") * michaelis_menten(eda, symbol("catabolism_k_m"))
    pooled = symbol("pool_in") * tyr - symbol("pool_out") * symbol("tyrpool")
    return (
        Reaction("tyr_import", imported, {"tyr": 1}),
        Reaction("hydroxylation", _hydroxylation(), {"tyr": -1, "bh4": -1, "bh2": 1, "ldopa": 1}),
        Reaction("reduction", _reduction(), {"bh2": -1, "bh4": 1}),
        Reaction("decarboxylation", decarboxylated, {"ldopa": -1, "cda": 1}),
        Reaction("packing", packed - symbol("vesicle_leak") * vda, {"cda": -1, "vda": 1}),
        Reaction("release", symbol("fire") * vda, {"vda": -1, "eda": 1}),
        Reaction("uptake", taken_up, {"eda": -1, "cda": 1}),
        Reaction("oxidation", symbol("cda_loss") * cda, {"cda": -1, "hva": 1}),
        Reaction("catabolism", catabolized, {"eda": -1, "hva": 1}),
        Reaction("removal", symbol("eda_loss") * eda, {"eda": -1}),
        Reaction("hva_removal", symbol("hva_loss") * symbol("hva"), {"hva": -1}),
        Reaction("tyr_catabolism", symbol("tyr_loss") * tyr, {"tyr": -1}),
        Reaction("pooling", pooled, {"tyr": -1, "tyrpool": 1}),
        Reaction("pool_removal", symbol("pool_loss") * symbol("tyrpool"), {"tyrpool": -1}),
    )
