"""The chemistry with the numbers of its first printing, and the names that printing used.

What stands here is all that the package has changed since, as data: the couplings were powers, HVA
was one pool, alpha-2 tone was high, all loss of serotonin went on without MAO.
"""

from cohort.chemistry import Setting, chemistry
from cohort.model import Source, assemble, with_numbers
from cohort.physiology import Coupling
from cohort.transmitters import dopamine
from kernels import symbol

PRINTING = Source("first printing of the chemistry", "design")


def _power(source, target, strength):
    name = f"{source}_on_{target}"
    return Coupling(name, source, f"{target}_drive", strength, "as printed", PRINTING, "power")


COUPLINGS = (
    _power("noradrenaline_tone", "serotonin", 0.1),
    _power("glutamate_tone", "serotonin", 0.1),
    _power("gaba_tone", "serotonin", -0.1),
    _power("serotonin_tone", "dopamine", -0.1),
    _power("glutamate_tone", "dopamine", 0.1),
    _power("gaba_tone", "dopamine", -0.1),
    _power("serotonin_tone", "noradrenaline", -0.15),
    _power("glutamate_tone", "noradrenaline", 0.1),
    _power("crh", "noradrenaline", 0.1),
    _power("dopamine_tone", "acetylcholine", 0.05),
    _power("noradrenaline_tone", "acetylcholine", 0.05),
    _power("gaba_tone", "glutamate", -0.2),
    _power("glutamate_tone", "gaba", 0.2),
)
NUMBERS = {
    "serotonin": {
        "loss_without_mao": 1.0,
        "adaptation_postsynaptic": 0.3,
        "hiaa_csf_clearance": 0.15,
    },
    "dopamine": {"th_firing_gain": 0.0, "th_feedback": 3.0, "hva_csf_clearance": 0.15},
    "noradrenaline": {
        "th_na_feedback": 0.5,
        "th_na_firing_gain": 0.0,
        "firing_feedback_alpha2": 1.0,
        "release_feedback_alpha2": 0.8,
        "alpha2_steepness": 1.0,
        "adaptation_alpha2": 0.5,
        "adaptation_steepness_alpha2": 1.0,
        "adaptation_time_alpha2": 240.0,
    },
    "acetylcholine": {
        "cht_firing_power": 0.3,
        "choline_reuse": 0.5,
        "release_feedback_m2": 1 / 3,
        "m2_half_saturation": 1e12,
    },
    "gaba_glutamate": {
        "gad_feedback": 0.5,
        "glutaminase_feedback": 1e-12,
        "glutamate_store_feedback": 1e-12,
    },
    "inflammation": {
        "il6_drive_gain": 1.5,
        "il6_tnf_power": 0.5,
        "il6_surge": 0.0,
        "tnf_bend": 1e-9,
    },
    "cortisol": {"crh_il6_gain": 0.15, "crh_il6_saturation": 1e12, "receptor_tnf_bend": 1e-9},
    "precursors": {"tyr_from_phe_share": 0.0},
}
SYSTEMS = (
    "serotonin",
    "dopamine",
    "noradrenaline",
    "acetylcholine",
    "gaba_glutamate",
    "cortisol",
    "kynurenine",
)
STATES = {
    "TrpP": "trp_plasma",
    "TyrP": "tyr_plasma",
    "ChoP": "choline_plasma",
    "TrpB": "trp_brain",
    "TyrB": "tyr_brain",
    "ChoE": "choline_extracellular",
    "TNF": "tnf",
    "IL6": "il6",
    "IDO": "ido_activity",
    "BH4": "bh4",
    "KynP": "kynurenine_plasma",
    "KynB": "kynurenine_brain",
    "Quin": "quinolinate_brain",
    "CRH": "crh",
    "ACTH": "acth",
    "CORT": "cortisol",
    "GR": "glucocorticoid_receptor",
    "MAOA": "mao_a",
    "MAOB": "mao_b",
    "GABAT": "gaba_transaminase",
    "HTP": "htp",
    "Sc": "serotonin_cytosol",
    "Sv": "serotonin_vesicle",
    "Se": "serotonin_extracellular",
    "HIAAb": "hiaa_brain",
    "HIAAc": "hiaa_csf",
    "s1A": "sensitivity_1a",
    "s1B": "sensitivity_1b",
    "SERT": "sert_density",
    "DOPAd": "dopa_dopamine",
    "Dc": "dopamine_cytosol",
    "Dv": "dopamine_vesicle",
    "De": "dopamine_extracellular",
    "HVAb": "hva_brain",
    "HVAc": "hva_csf",
    "sD2": "sensitivity_d2",
    "DAT": "dat_density",
    "DOPAn": "dopa_noradrenaline",
    "Nd": "dopamine_noradrenaline",
    "Nc": "noradrenaline_cytosol",
    "Nv": "noradrenaline_vesicle",
    "Ne": "noradrenaline_extracellular",
    "MHPGb": "mhpg_brain",
    "MHPGc": "mhpg_csf",
    "sA2": "sensitivity_alpha2",
    "Choc": "choline_cytosol",
    "Ac": "acetylcholine_cytosol",
    "Av": "acetylcholine_vesicle",
    "Ae": "acetylcholine_extracellular",
    "Gn": "glutamate_neuron",
    "Gv": "glutamate_vesicle",
    "Ge": "glutamate_extracellular",
    "Gln": "glutamine",
    "Gi": "glutamate_gaba_neuron",
    "Bc": "gaba_cytosol",
    "Bv": "gaba_vesicle",
    "Be": "gaba_extracellular",
    "r5": "sensitivity_postsynaptic",
    "rD": "sensitivity_dopamine",
    "rB": "sensitivity_noradrenaline",
    "rG": "sensitivity_gaba",
}
CONTROLS = {
    "uSERT": "sert_occupancy",
    "uDAT": "dat_occupancy",
    "uNET": "net_occupancy",
    "uTPH": "tph_inhibition",
    "uTH": "th_inhibition",
    "uAADC": "aadc_inhibition",
    "uVMAT": "vmat_inhibition",
    "uMAOA": "mao_a_inhibition",
    "uMAOB": "mao_b_inhibition",
    "uCOMT": "comt_inhibition",
    "uAChE": "ache_inhibition",
    "uGAT1": "gat1_occupancy",
    "kirrA": "mao_a_inactivation",
    "kirrB": "mao_b_inactivation",
    "kvgb": "gaba_transaminase_inactivation",
    "a1A": "antagonist_1a",
    "a1B": "antagonist_1b",
    "aA2": "antagonist_alpha2",
    "aD2": "antagonist_d2",
    "LAA": "lnaa_multiplier",
    "ftrp": "tryptophan_supply",
    "ftyr": "tyrosine_supply",
    "cho": "choline_supply",
    "ftrploss": "tryptophan_loss",
    "ldopaB": "levodopa_influx",
    "infl": "inflammatory_drive",
    "ifn": "interferon_drive",
    "stress": "stress",
    "fire5": "afferent_firing_5ht",
    "fireD": "afferent_firing_dopamine",
    "fireN": "afferent_firing_noradrenaline",
    "fireA": "afferent_firing_acetylcholine",
    "fireG": "afferent_firing_glutamate",
    "fireB": "afferent_firing_gaba",
}


def printed_model(rhythm="none"):
    """The package's own assembly with the printed numbers: the 61 printed states and Phe, meals."""
    setting = Setting(rhythm=rhythm, couplings=COUPLINGS)
    parts = [
        dopamine("lumped") if part.name == "dopamine" else part
        for part in chemistry(SYSTEMS, setting)
    ]
    parts = [with_numbers(part, NUMBERS.get(part.name, {}), PRINTING) for part in parts]
    observed = [item.name for part in parts for item in part.species]
    observed += [name for part in parts for name in part.rules]
    return assemble("first_printing", parts, {name: symbol(name) for name in observed})
