"""Files about transmitters, their precursors and cofactors."""

import numpy as np

from cohort.reference import best2009 as our_terminal
from sbml import best2009
from sbml.files import course, half_time, load, local, run_on
from sbml.ours import capacities, number
from sbml.rows import (
    ELASTICITY,
    SAME_CONSTANT,
    SAME_TIME,
    SAME_TRAJECTORY,
    Comparison,
    Row,
    elasticity,
)

HOURS = 24
LN2 = float(np.log(2))


def best2009_dopamine():
    worst = max(max(states.values()) for states in best2009.differences(HOURS).values())
    numbers, model = capacities("dopamine"), load(best2009.FILE)
    pairs = {  # ours leaves the file's factor 0.56 to the capacity
        "tyrosine hydroxylase": (numbers["th_v_max"] / 0.56, "VmaxVTH"),
        "decarboxylase": (numbers["dopa_v_max"], "VmaxVAADC"),
        "vesicular transporter": (numbers["dopamine_vmat_v_max"], "VmaxVMAT"),
        "transporter": (numbers["dat_v_max"], "VmaxVDAT"),
    }
    return Row(
        file=best2009.FILE,
        model="Best 2009, dopamine terminal",
        ran=f"{HOURS} h; corrected, see below",
        shares=f"all nine states and {len(best2009.CONSTANTS)} constants of "
        "`cohort.reference.best2009`; what `dopamine` solves its capacities to",
        reason="once the file is corrected",
        comparisons=(
            Comparison(
                what=f"nine states, {len(best2009.scenarios())} starts and changes, {HOURS} h, "
                "worst relative difference",
                gap=worst,
                within=SAME_TRAJECTORY,
            ),
            Comparison(
                what="constants equal",
                ours=len(best2009.CONSTANTS) - len(best2009.unequal_constants()),
                theirs=len(best2009.CONSTANTS),
                within=0.0,
            ),
            *(
                Comparison(
                    what=f"capacity of the {name} in `dopamine` [uM/h]",
                    ours=value,
                    theirs=float(model[theirs]),
                    within=SAME_CONSTANT,
                )
                for name, (value, theirs) in pairs.items()
            ),
        ),
    )


def stavrum2013_tryptophan():
    model = load("BIOMD0000000602")
    _, ran = run_on(model, 1e5, ["[M_trp_DASH_L_c]", "[M_Lkynr_c]", "[M_srtn_c]"], "time units")
    in_mm = {
        "tph": local("BIOMD0000000602", "R01814_Tph2", "Ka"),
        "tdo": local("BIOMD0000000602", "R00678_Tdo", "Ka"),
        "aadc": float(model["DDC_Km_5htrp"]),
        "mao": float(model["MAO_Km_srtn"]),
        "lat1": float(model["Transporter_Km_Trp_Slc7a5"]),
        "ido": float(model["IDO_Km_trp_DASH_L"]),
    }
    k = {name: 1000 * value for name, value in in_mm.items()}
    trp, plasma = (
        number("precursors", "trp_brain_baseline"),
        number("precursors", "trp_plasma_baseline"),
    )
    htp, cytosol = (
        number("serotonin", "htp_baseline"),
        number("serotonin", "serotonin_cytosol_baseline"),
    )
    k_tph, k_i = number("serotonin", "tph_k_m_trp"), number("serotonin", "tph_k_i_trp")
    k_aadc, k_lat1 = number("serotonin", "aadc_k_m"), number("precursors", "lat1_k_trp")
    tyr = number("precursors", "tyr_plasma_baseline") / number("precursors", "lat1_k_tyr")
    free = 0.2 * plasma  # at most, as recalled
    rivals = 1 + tyr + number("precursors", "lat1_rivals")

    def compare(what, ours, theirs):
        return Comparison(what=what, ours=ours, theirs=theirs, within=ELASTICITY)

    return Row(
        file="BIOMD0000000602",
        model="Stavrum 2013, tryptophan in liver",
        ran=ran,
        shares="Michaelis constants of TPH2, AADC, MAO, LAT1, TDO and IDO; its enzyme levels are "
        "relative, so no flux",
        reason="ours loses total plasma tryptophan first order, by TDO and IDO alike. Enzymes see "
        f"what albumin does not hold, 20 % or less: at {free:g} uM theirs come to "
        f"{elasticity(k['tdo'], free):.2f} and {elasticity(k['ido'], free):.2f}",
        comparisons=(
            Comparison(
                what=f"TPH2 saturation at {trp:g} uM of tryptophan (K {k_tph:g} and {k['tph']:g})",
                ours=trp / (k_tph + trp + trp**2 / k_i),
                theirs=trp / (k["tph"] + trp),
                within=SAME_CONSTANT,
            ),
            compare(
                f"AADC elasticity at {htp:g} uM of 5-HTP (K {k_aadc:g} and {k['aadc']:g})",
                elasticity(k_aadc, htp),
                elasticity(k["aadc"], htp),
            ),
            compare(
                f"MAO elasticity at {cytosol:g} uM of serotonin (first order and K {k['mao']:g})",
                1.0,
                elasticity(k["mao"], cytosol),
            ),
            compare(
                f"LAT1 elasticity at {plasma:g} uM of tryptophan, our rivals "
                f"(K {k_lat1:g} and {k['lat1']:g})",
                rivals / (rivals + plasma / k_lat1),
                rivals / (rivals + plasma / k["lat1"]),
            ),
            compare(
                f"TDO elasticity at {plasma:g} uM of tryptophan (first order and K {k['tdo']:g})",
                1.0,
                elasticity(k["tdo"], plasma),
            ),
            compare(
                f"IDO elasticity at {plasma:g} uM of tryptophan (first order and K {k['ido']:g})",
                1.0,
                elasticity(k["ido"], plasma),
            ),
        ),
    )


def chedere2022_kynurenine():
    model = load("MODEL2205250001")
    _, ran = run_on(model, 1e7, ["[L_kyneurenine]", "[Quinolinate]"], "s")
    trp = float(model["[L_tryptophan]"])
    flux = [
        course(model, [0, 1], ["re1"], {"[L_tryptophan]": trp * factor})[0, 0]
        for factor in (0.99, 1.01)
    ]
    return Row(
        file="MODEL2205250001",
        model="Chedere 2022, NAD in liver",
        ran=ran,
        shares="kynurenine from tryptophan by TDO; tryptophan is a constant there",
        reason="kynurenine is made first order in ours; the way on to NAD is not ours",
        comparisons=(
            Comparison(
                what=f"elasticity of kynurenine production at {trp:g} uM of tryptophan",
                ours=1.0,
                theirs=float(np.log(flux[1] / flux[0]) / np.log(1.01 / 0.99)),
                within=ELASTICITY,
            ),
        ),
    )


def cloutier2009_brain_energy():
    model = load("BIOMD0000000554")
    neuronal = float(model["[GLUn]"])
    _, ran = run_on(model, 200, ["[ATPn]", "[GLCn]", "[GLUn]"], "s before its stimulation")
    level = number("gaba_glutamate", "glutamate_extracellular_baseline")
    k, flux = number("gaba_glutamate", "eaat_k_m"), number("gaba_glutamate", "glutamate_flux")
    theirs = 1000 * float(model["Km_GLU"])
    times = np.linspace(0, 20, 2001)
    falling = course(model, times, ["[GLUe]"], {"[GLUe]": level / 1000})[:, 0]
    peak = course(model, np.arange(100), ["[GLUe]"], {"to": 0.0}).max()  # stimulated at once
    return Row(
        file="BIOMD0000000554",
        model="Cloutier 2009, brain energy",
        ran=ran,
        shares="glutamate: release, uptake into glia, glutamine back; 0 outside at rest there",
        reason="our uptake is solved from the cycle flux of human cortex at 1 uM outside; theirs "
        "is sized for one stimulation, from 0 to hundreds of uM. Energy is not in ours",
        comparisons=(
            Comparison(
                what=f"uptake elasticity at {level:g} uM of glutamate (K {k:g} and {theirs:g})",
                ours=elasticity(k, level),
                theirs=elasticity(theirs, level),
                within=ELASTICITY,
            ),
            Comparison(
                what=f"half-time of glutamate outside, from {level:g} uM [s]",
                ours=LN2 * 3600 * level * elasticity(k, level) / flux,
                theirs=half_time(times, falling),
                within=SAME_TIME,
            ),
            Comparison(
                what="glutamate in neurons [mM]",
                ours=number("gaba_glutamate", "glutamate_neuron_baseline") / 1000,
                theirs=neuronal,
                within=SAME_CONSTANT,
            ),
            Comparison(what="highest glutamate outside when stimulated [mM]", theirs=float(peak)),
        ),
    )


def sass2009_dopamine():
    model = load("BIOMD0000000575")
    start = float(model["[V_DA]"])
    whole, ran = run_on(model, 5e4, ["[Dopamine]"], "time units, dopamine in cytosol")
    (stored,), _ = run_on(model, 5e4, ["[V_DA]"], "")
    halved, _ = run_on(model, 5e4, ["[Dopamine]"], "", {"[TH]": 0.5 * float(model["[TH]"])})
    rest = {name: float(level) for name, level in our_terminal().initial.items()}
    settled = best2009.ours(np.array([0, 1000 * best2009.HOUR]), rest, {"th_v_max": 62.5})
    return Row(
        file="BIOMD0000000575",
        model="Sass 2009, alpha-synuclein and dopamine",
        ran=ran,
        shares="tyrosine to levodopa to dopamine, vesicles, oxidation; in relative units",
        reason="power laws without the D2 autoreceptor, end-product inhibition, release and "
        "reuptake, which hold ours up; oxidative stress and alpha-synuclein are not in ours",
        comparisons=(
            Comparison(
                what="dopamine in cytosol once hydroxylase is halved, over rest (ours: `best2009`)",
                ours=float(settled["cda"][-1] / rest["cda"]),
                theirs=float(halved[0] / whole[0]),
                within=ELASTICITY,
            ),
            Comparison(
                what="dopamine in vesicles at the end, over its start: nothing is released",
                theirs=float(stored / start),
            ),
        ),
    )


def nair2015_d1():
    model = load("BIOMD0000000635")
    bound = [_D1_DOPAMINE_G, _D1_DOPAMINE]
    names = [f"[{name}]" for name in (*bound, _D1, _D1_G)]
    levels, ran = run_on(model, 1000, names, "s")
    basal = float(model["DAbasal"])
    doubled, _ = run_on(model, 1000, names, "", {"ModelValue_135": 2 * basal})
    share = levels[:2].sum() / levels.sum()
    rest = 1000 * number("dopamine", "dopamine_extracellular_baseline")
    half = number("dopamine", "dopamine_half_saturation")
    return Row(
        file="BIOMD0000000635",
        model="Nair 2015, D1 and M4 receptors of a striatal neuron",
        ran=ran,
        shares="dopamine and acetylcholine outside the cell, and the receptors that read them; "
        "cAMP and kinases behind them are not in ours",
        reason=f"their D1 is half occupied at 1 uM, so {100 * share:.2g} % at their rest of "
        f"{basal:g} nM; our one tone stands for D1 and D2 together, rests at {rest:g} nM and is "
        f"half saturated at {half:g} times that, near the 7 nM of D2 (Ejdrup 2025)",
        comparisons=(
            Comparison(
                what="receptor tone when dopamine doubles, over rest",
                ours=2 * (1 + half) / (2 + half),
                theirs=float(doubled[:2].sum() / levels[:2].sum()),
                within=ELASTICITY,
            ),
        ),
    )


# The file names species by random keys; these are its D1 receptor, alone and with G protein (Golf),
# dopamine, or both.
_D1 = "mwe2fc02e6_2684_4071_932a_f7a8bd13b2fe"
_D1_G = "mw0b46978f_b522_4cde_97f0_574cd7dbbae7"
_D1_DOPAMINE = "mwdb9dc389_2bf0_4039_9f09_282f5511958b"
_D1_DOPAMINE_G = "mw6b2f1c44_e0be_4406_bcef_ad5061d519e4"


def reed2004_methionine():
    model = load("BIOMD0000000698")
    _, ran = run_on(model, 48, ["[AdoMet]", "[Homocysteine]"], "h")
    levels = course(model, np.linspace(0, 24, 241), ["[AdoMet]"])[:, 0]
    saturation = 1 - elasticity(_COMT_K_SAM, levels)
    worst = saturation[np.argmax(np.abs(saturation / saturation[-1] - 1))] / saturation[-1]
    return Row(
        file="BIOMD0000000698",
        model="Reed 2004, methionine cycle",
        ran=ran,
        shares="S-adenosylmethionine (SAM), the methyl donor of COMT and HNMT",
        reason="SAM is constant in ours and COMT saturated with it; the cycle itself is not ours",
        comparisons=(
            Comparison(
                what=f"COMT over rest through their meal (SAM {levels.min():.3g} to "
                f"{levels.max():.3g} uM; human COMT K {_COMT_K_SAM:g})",
                ours=1.0,
                theirs=float(worst),
                within=SAME_CONSTANT,
            ),
        ),
    )


_COMT_K_SAM = 3.1
"""Of membrane-bound COMT of human brain for SAM [uM]."""
