"""Codes and names of parameters as ADaM wants them.

The simulation reports a compound as ``C_`` and its name and a target as ``O_`` and its name, as
protocols write them. A PARAMCD has at most eight characters, letters, digits and underscores; so
these are shortened to six letters behind the prefix, and numbered where two would be the same; so
are names of scales that are longer. The list of a trial decides, never that of an arm or a unit:
a code means the same in the whole run.
"""

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from cohort.imported import trial_model
from cohort.outcomes import load_measure, measure_names
from cohort.scales import scale_names
from cohort.trial import biomarker_codes
from pipelines.reference_ranges import NOTABLE, RANGES

if TYPE_CHECKING:
    from cohort.trial import Protocol

__all__ = ["MARKER_NAMES", "parameter_codes", "parameter_names", "trial_codes", "trial_names"]

_N_CHARACTERS = 8
_COMPOUND, _TARGET, _PARAMETER = "C_", "O_", "P_"
_OF_A_FILE = "M_"  # ids of a file that are codes of ours, or no codes

MARKER_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "SERTOCC": "Occupancy of SERT",
        "EC5HT": "Extracellular serotonin",
        "C5HIAA": "5-HIAA in cerebrospinal fluid",
        "TRPPL": "Tryptophan in plasma",
        "ECDA": "Extracellular dopamine",
        "CHVA": "HVA in cerebrospinal fluid",
        "ECNA": "Extracellular noradrenaline",
        "CMHPG": "MHPG in cerebrospinal fluid",
        "ECACH": "Extracellular acetylcholine",
        "GABA": "GABA",
        "EIRATIO": "Ratio of excitation to inhibition",
        "CORT": "Cortisol",
        "IL6": "Interleukin 6, relative",
        "KYNPL": "Kynurenine in plasma",
        "PLT5HT": "Serotonin in platelets, relative",
        "U5HIAA": "5-HIAA in urine",
        "UHVA": "HVA in urine",
        "UMHPG": "MHPG in urine",
        "TYR30": "Tyramine that raises blood pressure by 30 mmHg",
    }
)
"""Names for people of the biomarkers of `cohort.chemistry`, without their units."""


def parameter_codes(names: Iterable[str]) -> dict[str, str]:
    """Return the PARAMCD of every parameter of a trial that has another name in the simulation.

    Parameters
    ----------
    names
        Names of all parameters of the trial.

    Returns
    -------
    Codes by name; names that are codes already are left out.

    Examples
    --------
    >>> parameter_codes(["C_desmethyldiazepam", "C_desmethylselegiline", "O_d2", "EC5HT"])
    {'C_desmethyldiazepam': 'C_DESMET', 'C_desmethylselegiline': 'C_DESME2', 'O_d2': 'O_D2'}
    """
    every = sorted(set(names))
    taken = {name for name in every if _is_code(name)}
    codes = {}
    for name in every:
        if name in taken:
            continue
        code = _short(name)
        number = 1
        while code in taken:
            number += 1
            code = f"{_short(name)[: _N_CHARACTERS - len(str(number))]}{number}"
        taken.add(code)
        codes[name] = code
    return codes


def trial_codes(protocol: "Protocol") -> dict[str, str]:
    """Return the codes of all scales and biomarkers of a trial that have another name in it.

    Parameters
    ----------
    protocol
        The trial.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> trial_codes(load_protocol("sct-md-01"))["C_s_citalopram"]
    'C_SCITAL'
    """
    if protocol.model is not None:
        return _codes_of_a_file(biomarker_codes(protocol))
    return parameter_codes((*protocol.endpoints, *biomarker_codes(protocol)))


def _codes_of_a_file(names: Iterable[str]) -> dict[str, str]:
    """Return the codes of ids of a file: none of them means what a code of ours means."""
    ours = {*MARKER_NAMES, *measure_names(), *scale_names(), *RANGES, *NOTABLE}
    reserved = (_COMPOUND, _TARGET, _OF_A_FILE)

    def own(name: str) -> str:
        is_ours = name in ours or name.startswith(reserved)
        return f"{_OF_A_FILE}{name}" if is_ours or not name[:1].isalpha() else name

    shown = {name: own(name) for name in names}
    codes = parameter_codes(shown.values())
    found = {name: codes.get(one, one) for name, one in shown.items()}
    return {name: code for name, code in found.items() if code != name}


def _is_code(name: str) -> bool:
    return re.fullmatch(rf"[A-Z][A-Z0-9_]{{0,{_N_CHARACTERS - 1}}}", name) is not None


def _short(name: str) -> str:
    prefix = name[:2] if name[:2] in (_COMPOUND, _TARGET, _PARAMETER, _OF_A_FILE) else ""
    letters = re.sub(r"[^A-Z0-9]", "", name.removeprefix(prefix).upper())
    return f"{prefix}{letters}"[:_N_CHARACTERS]


def trial_names(protocol: "Protocol") -> dict[str, str]:
    """Return what the biomarkers of a trial are called, by name in the simulation.

    Parameters
    ----------
    protocol
        The trial.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> trial_names(load_protocol("sct-md-01"))["EC5HT"]
    'Extracellular serotonin'
    """
    if protocol.model is not None:
        return trial_model(protocol.model).titles
    return parameter_names(biomarker_codes(protocol))


def parameter_names(names: Iterable[str]) -> dict[str, str]:
    """Return what parameters of a trial are called, without their units.

    Parameters
    ----------
    names
        Names of the parameters in the simulation.

    Returns
    -------
    Names for people, by name in the simulation.

    Examples
    --------
    >>> parameter_names(["C_s_citalopram", "O_herg", "QTCF", "EC5HT"])["C_s_citalopram"]
    'Concentration of s_citalopram'
    """
    measured = {name: load_measure(name).title for name in measure_names()}
    found = {}
    for name in names:
        if name.startswith(_COMPOUND):
            found[name] = f"Concentration of {name.removeprefix(_COMPOUND)}"
        elif name.startswith(_TARGET):
            found[name] = f"Occupancy of {name.removeprefix(_TARGET)}"
        else:
            found[name] = MARKER_NAMES.get(name) or measured.get(name) or name
    return found
