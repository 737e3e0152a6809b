"""Best 2009: the file as it is, the file put right, and our system beside both.

MODEL1502230000 is an encoding that BioModels has not curated; its notes name the levels it lacks
and say that the encoder bent packing to match the article. Three edits put it right. Each says what
the file has and why that cannot be meant; none touches another constant or equation, and the start
stays the file's own.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cohort.reference import best2009
from kernels import Lanes, Schedule, Solver, integrate
from sbml.files import course, load, prepare

FILE = "MODEL1502230000"
STATES = {
    "bh2": "bh2",
    "bh4": "bh4",
    "tyr": "tyr",
    "ldopa": "l_dopa",
    "cda": "cda",
    "vda": "vda",
    "eda": "eda",
    "hva": "hva",
    "tyrpool": "tyrpool",
}
"""The file's name of each of our states."""
CONSTANTS = {
    "th_v_max": "VmaxVTH",
    "th_k_tyr": "KtyrVTH",
    "th_k_bh4": "Kbh4VTH",
    "th_k_i_tyr": "ki_tyr_VTH",
    "th_k_i_cda": "Ki_cda_VTH",
    "aadc_v_max": "VmaxVAADC",
    "aadc_k_m": "KmVAADC",
    "drr_v_forward": "VfmaxVDRR",
    "drr_k_bh2": "Kbh2VDRR",
    "drr_k_nadph": "KnadphVDRR",
    "drr_v_reverse": "VbmaxVDRR",
    "drr_k_bh4": "Kbh4VDRR",
    "drr_k_nadp": "KnadpVDRR",
    "cda_loss": "kcatabcda",
    "catabolism_v_max": "Vcatab_eda_max",
    "catabolism_k_m": "Kcatab_eda_m",
    "hva_loss": "Kcatabhva",
    "blood_tyr": "[btyr]",
    "tyr_v_max": "VmaxVTYRin",
    "tyr_k_m": "KmVTYRin",
    "pool_in": "k1tyr",
    "pool_out": "k_1tyr",
    "tyr_loss": "kcatabtyr",
    "pool_loss": "kcatabtyrpool",
    "vmat_v_max": "VmaxVMAT",
    "vmat_k_m": "KmVMAT",
    "vesicle_leak": "koutVMAT",
    "dat_v_max": "VmaxVDAT",
    "dat_k_m": "KmVDAT",
    "eda_loss": "Krem",
    "fire": "fire",
}
"""The file's name of each of our constants that it holds as a number of its own."""


def _import_once(model):
    model.removeRules("tyr")
    model.addRateRule(
        "tyr",
        "VmaxVTYRin*btyr/(KmVTYRin + btyr) - VTH - k1tyr*tyr + k_1tyr*tyrpool - kcatabtyr*tyr",
        False,
    )


def _hold_cofactors(model):
    for name in ("NADP", "NADPH"):
        model.setBoundary(name, True, False)


def _supply_cofactors(model):
    model.setInitConcentration("NADP", 26.0)
    model.setInitConcentration("NADPH", 330.0)


def _nothing(model):
    del model


def _pack_against_a_leak(model):
    model.setKineticLaw("VMAT", "VmaxVMAT*cda/(KmVMAT + cda) - koutVMAT*vda", False)


@dataclass(frozen=True)
class Correction:
    """One edit: to the equations, then, once the model is built anew, to its start."""

    name: str
    has: str
    becomes: str
    because: str
    edit: Callable
    then: Callable = _nothing


CORRECTIONS = (
    Correction(
        "import",
        "VTYRin*btyr with VTYRin = 244",
        "VmaxVTYRin*btyr/(KmVTYRin + btyr), 400 and 64 uM",
        "244 uM/h is already the flux that the declared, unused 400 and 64 give at 97 uM (241); "
        "multiplied by 97 uM again it fills the cell with tyrosine",
        _import_once,
    ),
    Correction(
        "cofactors",
        "NADP = NADPH = 0, consumed by the reductase",
        "NADP 26, NADPH 330 uM, constant",
        "without NADPH no BH4 is restored; the values are those of the same authors' 2010 model, "
        "and the notes of the file call them missing",
        _hold_cofactors,
        _supply_cofactors,
    ),
    Correction(
        "packing",
        "VmaxVMAT*cda*vda/((KmVMAT + cda)*(koutVMAT + vda))",
        "VmaxVMAT*cda/(KmVMAT + cda) - koutVMAT*vda",
        "at the file's own start the product packs 2,224 uM/h while firing releases 81; the "
        "difference packs 82, and is what the same authors write for serotonin",
        _pack_against_a_leak,
    ),
)
STARTS = {
    "the file's": {},
    "0.1 uM dopamine outside": {"eda": 0.1},
    "cell and vesicles emptied, BH4 half gone": {"cda": 0.5, "vda": 10.0, "bh4": 180.0},
}
"""Starts by name, as the states that differ from the file's."""
RESPONSES = (
    ("th_v_max", 0.1),
    ("th_v_max", 2.0),
    ("dat_v_max", 0.5),
    ("dat_v_max", 0.0),
    ("vmat_v_max", 0.5),
    ("fire", 2.0),
    ("blood_tyr", 0.25),
)
"""One constant times a factor, from the file's start."""
HOUR = 3600


def corrected(corrections=CORRECTIONS):
    """Return the file with these corrections made."""
    model = load(FILE)
    for correction in corrections:
        correction.edit(model)
    if corrections:
        model.regenerateModel()
        prepare(model)
    for correction in corrections:
        correction.then(model)
    return model


def theirs(model, seconds, changes=None):
    """Return the nine states at some times, by our names."""
    named = {CONSTANTS.get(k, f"[{STATES.get(k)}]"): v for k, v in (changes or {}).items()}
    levels = course(model, seconds / HOUR, [f"[{name}]" for name in STATES.values()], named)
    return dict(zip(STATES, levels.T, strict=True))


def ours(seconds, start, changes=None):
    """Return the same of our system from the start that the file has."""
    model = best2009()
    constants = {k: v for k, v in (changes or {}).items() if k in model.parameters}
    lanes = model.lanes(constants, 1)
    level = start | {k: v for k, v in (changes or {}).items() if k in STATES}
    states = np.array([[level[name]] for name in model.system.states])
    solution = integrate(
        model.system,
        Lanes(parameters=lanes.parameters, states=states),
        Schedule(t0=0, t1=int(seconds[-1])),
        seconds,
        Solver(rtol=1e-9, atol=1e-12),
    )
    return {name: solution[name][:, 0] for name in STATES}


def seconds_until(hours):
    """Return 0, then times from a second on, ten a decade, to some hours."""
    end = hours * HOUR
    later = np.geomspace(1, end, round(10 * np.log10(end)) + 1).round().astype(np.int64)
    return np.unique(np.concatenate([[0], later]))


def scenarios():
    """Return what is compared: changed states and constants by name of the scenario."""
    numbers = best2009().parameters
    changed = {f"{k} x {f:g}": {k: numbers[k].value * f} for k, f in RESPONSES}
    return {f"start: {name}": change for name, change in STARTS.items()} | changed


def differences(hours, names=None):
    """Return the worst relative difference by scenario and by state between the two."""
    model = corrected()
    seconds = seconds_until(hours)
    start = {name: float(levels[0]) for name, levels in theirs(model, np.array([0, 1])).items()}
    worst = {}
    for name, change in scenarios().items():
        if names is not None and name not in names:
            continue
        right, left = theirs(model, seconds, change), ours(seconds, start, change)
        worst[name] = {
            state: float(np.max(np.abs(left[state][1:] / right[state][1:] - 1))) for state in STATES
        }
    return worst


def unequal_constants():
    """Return our constants that the file holds with another value."""
    model = load(FILE)
    numbers = best2009().parameters
    return [name for name, theirs in CONSTANTS.items() if model[theirs] != numbers[name].value]


def after_each_correction(hours):
    """Return packing at the start and the states at the end, correction by correction."""
    rows = []
    for n in range(len(CORRECTIONS) + 1):
        model = corrected(CORRECTIONS[:n])
        end = theirs(model, np.array([0, hours * HOUR]))
        packing = float(course(model, [0, 1e-9], ["VMAT"])[0, 0])
        done = CORRECTIONS[n - 1].name if n else "as it is"
        rows.append({"after": done, "packing": packing} | {k: float(v[-1]) for k, v in end.items()})
    return rows
